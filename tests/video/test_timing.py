from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.video.timing import mean_fps, presentation_times


@given(st.lists(st.one_of(st.none(), st.floats(-10, 1e4)), min_size=1, max_size=60), st.floats(1, 120))
def test_times_always_rise_from_zero(stamps: list[float | None], rate: float) -> None:
    times = presentation_times(stamps, rate=rate)
    assert len(times) == len(stamps)
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert mean_fps(times, rate=rate) > 0


def test_good_stamps_are_kept() -> None:
    assert presentation_times([2.0, 2.1, 2.5], rate=25) == pytest.approx([0, 0.1, 0.5])


def test_a_stamp_that_runs_backwards_is_put_between_its_neighbours() -> None:
    assert presentation_times([0.0, 0.1, 0.05, 0.3], rate=10) == pytest.approx([0, 0.1, 0.2, 0.3])
    assert presentation_times([0.0, 0.1, 0.2, 0.2], rate=10) == pytest.approx([0, 0.1, 0.2, 0.3])


def test_missing_stamps_and_nonsense_fall_back_on_the_rate() -> None:
    for stamps in ([0.0, None, 0.3], [None, None, None], [9.0, 0.1, 0.2], [0.0, float("nan"), 1.0]):
        assert presentation_times(stamps, rate=10) == pytest.approx([0, 0.1, 0.2])
    assert mean_fps(np.zeros(1), rate=12.5) == 12.5
