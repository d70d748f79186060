from __future__ import annotations

import dataclasses

import pytest

from rvebench.errors import UsageError
from rvebench.judges.llm import LlmSpec, WireOptions, parse_llm_spec


def test_the_papers_judge_has_its_name_however_it_is_written() -> None:
    assert parse_llm_spec("gpt-4o") == parse_llm_spec("openai:gpt-4o") == LlmSpec(name="gpt-4o", model="gpt-4o")
    assert parse_llm_spec("openai:gpt-4o-2024-11-20").name == "openai:gpt-4o-2024-11-20"


def test_options_are_typed() -> None:
    spec = parse_llm_spec(
        "openai:Qwen/Qwen2.5-VL-72B?k=16&max-side=768&calls=separate&layout=runs&told=no&temperature=none&seed=none"
        "&wording=plain+neutral&schema=none&max_tokens=2048&base_url=http%3A%2F%2F127.0.0.1%3A8000%2Fv1&key_env=none"
        "&concurrency=4&rpm=60&tpm=1e5"
    )
    assert (spec.model, spec.k, spec.max_side, spec.calls, spec.layout) == (
        "Qwen/Qwen2.5-VL-72B",
        16,
        768,
        "separate",
        "runs",
    )
    assert (spec.told, spec.temperature, spec.seed, spec.wording) == ("no", None, None, "plain+neutral")
    assert spec.wire == WireOptions(
        base_url="http://127.0.0.1:8000/v1", key_env="none", concurrency=4, rpm=60.0, tpm=1e5
    )


def test_settings_name_every_option_but_those_of_the_way() -> None:
    spec = parse_llm_spec("gpt-4o?concurrency=3&rpm=10")
    assert spec.settings == parse_llm_spec("gpt-4o").settings
    own = {item.name for item in dataclasses.fields(LlmSpec)} - {"name", "model", "wire"}
    assert set(spec.settings) == own


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("openai:", "needs a model"),
        ("gpt-4o?frames=8", "unknown option 'frames'.*options are preset"),
        ("gpt-4o?layuot=runs", "did you mean layout"),
        ("gpt-4o?k=8&k=9", "given twice"),
        ("gpt-4o?k", "not of the form"),
        ("gpt-4o?k=eight", "not a whole number"),
        ("gpt-4o?k=8.5", "not a whole number"),
        ("gpt-4o?k=none", "not a whole number"),
        ("gpt-4o?k=1", "k=1 is not from 2 to 256"),
        ("gpt-4o?temperature=nan", "not a number"),
        ("gpt-4o?temperature=3", "not from 0 to 2"),
        ("gpt-4o?calls=both", "not one of joint, separate"),
        ("gpt-4o?reference=yes", "only the preset viebench"),
        ("gpt-4o?name=x", "unknown option 'name'"),
    ],
)
def test_a_spec_that_cannot_be_used_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_llm_spec(text)
    assert caught.value.exit_code == 2
