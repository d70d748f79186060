from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.scoring.attribution import attribute_change

VALUES = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.floats(0, 10), min_size=1)


@given(VALUES, VALUES, st.booleans())
def test_the_parts_add_up_to_the_change_exactly(
    a: dict[str, float | None], b: dict[str, float | None], other_formula: bool
) -> None:
    classes = {name: "even" if ord(name) % 2 else "odd" for name in "abcdefgh"}
    rescored = {name: None if value is None else value / 2 for name, value in a.items()} if other_formula else None
    found = attribute_change(a, b, classes, rescored_a=rescored)
    if found is None:
        assert not any(a.get(name) is not None and b.get(name) is not None for name in classes)
        return
    assert math.fsum(part.amount for part in found.parts) == pytest.approx(found.change, abs=1e-9)
    assert found.change == pytest.approx(found.mean_b - found.mean_a)


def test_each_part_is_the_step_it_is_named_for() -> None:
    a = {"x": 4.0, "y": 6.0, "only": 10.0, "silent": None}
    b = {"x": 5.0, "y": 9.0, "new": 1.0, "silent": 3.0}
    rescored = {"x": 3.0, "y": 5.0, "only": 9.0, "silent": None}
    found = attribute_change(a, b, {"x": "same", "y": "other", "silent": "same"}, rescored_a=rescored)
    assert found is not None
    amounts = {part.name: (pytest.approx(part.amount), part.n) for part in found.parts}
    assert amounts == {
        "only in A": (5.0 - 20 / 3, 1),
        "formula": (-1.0, 2),
        "same": (1.0, 1),
        "other": (2.0, 1),
        "only in B": (18 / 4 - 7.0, 2),
    }
    assert found.n_shared == 2


def test_a_step_without_samples_is_left_out_and_runs_that_share_none_have_no_attribution() -> None:
    found = attribute_change({"x": 1.0}, {"x": 2.0}, {"x": "same"})
    assert found is not None and [part.name for part in found.parts] == ["same"]
    assert attribute_change({"x": 1.0}, {"y": 2.0}, {}) is None
    assert attribute_change({"x": None}, {"x": 2.0}, {"x": "same"}) is None
