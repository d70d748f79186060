from __future__ import annotations

import pytest

from rvebench.errors import UsageError
from rvebench.judges.local.spec import LocalSpec, parse_local_spec


def test_a_bare_model_has_the_documented_defaults() -> None:
    assert parse_local_spec("hf:Qwen/Qwen2.5-VL-7B-Instruct") == LocalSpec(model="Qwen/Qwen2.5-VL-7B-Instruct")


def test_options_are_read_by_kind_and_percent_escapes_are_undone() -> None:
    spec = parse_local_spec("hf:/a b/c?k=4&max-side=256&calls=separate&reading=both&revision=v1%261&device=cuda:1")
    assert (spec.model, spec.k, spec.max_side, spec.calls) == ("/a b/c", 4, 256, "separate")
    assert (spec.reading, spec.revision, spec.device) == ("both", "v1&1", "cuda:1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hf:", "needs a model"),
        ("hf:m?readng=soft", "did you mean reading"),
        ("hf:m?reading=loud", "reading=loud is not one of hard, soft, both"),
        ("hf:m?k=1", "k=1 is below 2"),
        ("hf:m?k=many", "not a whole number"),
        ("hf:m?k=-4", "not a whole number"),
        ("hf:m?k=4&k=5", "given twice"),
        ("hf:m?k", "not of the form"),
        ("hf:m?", "not of the form"),
        ("hf:m?device=gpu", "use auto, cpu, cuda"),
        ("hf:m?device=cpu:1", "device=cpu:1 is unknown"),
        ("hf:m?model=x", "unknown option 'model'"),
    ],
)
def test_a_bad_specification_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_local_spec(text)
    assert "\n" not in str(caught.value)
