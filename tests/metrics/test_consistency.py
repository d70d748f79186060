from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvebench.errors import DataError
from rvebench.metrics.consistency import Features, consistency, frame_consistency


def plain(features_TD: Features) -> float:
    """A second implementation: VBench's loop, with lists of Python numbers."""

    def cosine(a: list[float], b: list[float]) -> float:
        lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
        return math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0

    rows = features_TD.astype(float).tolist()
    total = 0.0
    for index in range(1, len(rows)):
        total += (max(0.0, cosine(rows[index - 1], rows[index])) + max(0.0, cosine(rows[0], rows[index]))) / 2
    return total / (len(rows) - 1)


def features(*rows: list[float]) -> Features:
    return np.array(rows, dtype=np.float32)


finite = st.floats(-(2.0**99), 2.0**99, width=32)


@given(hnp.arrays(np.float32, st.tuples(st.integers(2, 9), st.integers(1, 12)), elements=finite))
def test_it_equals_the_plain_loop_and_stays_within_its_bounds(found: Features) -> None:
    value = consistency(found)
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(plain(found), abs=1e-12)


def test_frames_that_are_alike_give_one_and_opposites_give_zero() -> None:
    assert consistency(features([1, 2, 3], [2, 4, 6], [0.5, 1, 1.5])) == pytest.approx(1.0, abs=1e-15)
    assert consistency(features([1, 0], [-1, 0])) == 0.0
    assert consistency(features([1, 0], [0, 1])) == 0.0


def test_each_frame_is_compared_with_the_one_before_and_with_the_first() -> None:
    # 0, 90 and 0 degrees: the second is unlike both, the third like the first but not like the second.
    assert frame_consistency(features([1, 0], [0, 1], [1, 0])).tolist() == [0.0, 0.5]
    # 0, 60 and 120 degrees: cosines 0.5 with the one before; 0.5 and -0.5 (cut off) with the first.
    half, high = 0.5, math.sqrt(0.75)
    scores = frame_consistency(features([1, 0], [half, high], [-half, high]))
    np.testing.assert_allclose(scores, [0.5, 0.25], atol=1e-7)


def test_the_length_of_the_features_does_not_matter() -> None:
    found = np.random.default_rng(1).normal(size=(6, 32)).astype(np.float32)
    scales = np.float32([[1e-30], [1e30], [3], [1], [1e-3], [1e8]])
    assert consistency(found * scales) == pytest.approx(consistency(found), abs=1e-7)


def test_no_features_at_all_are_like_nothing() -> None:
    assert frame_consistency(features([1, 1], [0, 0], [1, 1])).tolist() == pytest.approx([0.0, 0.5])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_feature_that_is_no_number_is_an_error_that_names_the_frame(value: float) -> None:
    with pytest.raises(DataError, match="features of frame 2 are not finite"):
        consistency(features([1, 2], [3, 4], [5, value], [value, 1]))


def test_one_frame_has_no_consistency() -> None:
    with pytest.raises(ValueError, match="at least two frames"):
        consistency(features([1, 2]))
    with pytest.raises(ValueError, match="at least two frames"):
        consistency(np.zeros((0, 4), np.float32))
