from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.editors.options import bind_options, options_of, split_options
from rvebench.errors import EditorError


class Model:
    def __init__(
        self,
        checkpoint: Path,
        *,
        steps: int = 30,
        scale: float = 5.0,
        fast: bool = False,
        seed: int | None = None,
        kind: Literal["a", "b"] = "a",
        note: str = "",
        factory: Callable[[], object] | None = None,
    ) -> None:
        self.steps = steps


def bind(text: str) -> dict[str, object]:
    return bind_options(Model, split_options(f"model?{text}")[1], where="model")


def test_options_are_converted_by_the_annotations_of_the_constructor() -> None:
    bound = bind("checkpoint=/a/b&steps=8&scale=1e-1&fast=yes&seed=none&kind=b&note=a%26b+c")
    assert bound == {
        "checkpoint": Path("/a/b"),
        "steps": 8,
        "scale": 0.1,
        "fast": True,
        "seed": None,
        "kind": "b",
        "note": "a&b+c",
    }


def test_what_text_cannot_give_is_no_option() -> None:
    assert [option.name for option in options_of(Model)] == [
        "checkpoint", "steps", "scale", "fast", "seed", "kind", "note",
    ]  # fmt: skip
    with pytest.raises(EditorError, match="unknown option 'factory'"):
        bind("checkpoint=a&factory=x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("checkpoint=a&stesp=3", "did you mean steps.*options are checkpoint"),
        ("steps=3", "option 'checkpoint' is required"),
        ("checkpoint=a&steps=many", "steps='many' is not int"),
        ("checkpoint=a&fast=perhaps", "fast='perhaps' is not bool"),
        ("checkpoint=a&kind=c", r"kind='c' is not a\|b"),
        ("checkpoint", "not of the form name=value"),
        ("checkpoint=a&checkpoint=b", "given twice"),
    ],
)
def test_a_wrong_option_is_an_error_that_says_what_is_valid(text: str, told: str) -> None:
    with pytest.raises(EditorError, match=told):
        bind(text)


def test_hyphens_in_option_names_are_underscores() -> None:
    def build(*, flow_shift: float = 3.0) -> None: ...

    assert bind_options(build, split_options("x?flow-shift=2")[1], where="x") == {"flow_shift": 2.0}


@given(st.text())
def test_any_text_is_split_or_refused_with_our_own_error(text: str) -> None:
    try:
        name, options = split_options(text)
    except EditorError:
        return
    assert text.startswith(name) and all(key for key in options)
