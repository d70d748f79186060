from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import VideoError
from rvebench.records import Window
from rvebench.video import Clip, FramePlan, align_to_source
from tests.video.samples import clip_of, number_of, numbered

# Frames a second and lengths of real source and edit pairs that disagree; the windows are what such editors consume.
_REAL_PAIRS = [
    (20.0, 101, 8.33, 17, Window(start=0, stride=1, count=17, fps=20.0)),
    (25.0, 122, 25.0, 121, Window(start=0, stride=1, count=121, fps=25.0)),
    (30.0, 100, 24.0, 129, Window(start=0, stride=1, count=100, fps=30.0)),
    (59.94, 303, 24.0, 117, Window(start=3, stride=2, count=150, fps=29.97)),
]


def _blank(count: int, fps: float = 25.0) -> Clip:
    return clip_of(np.zeros((count, 2, 2, 3), np.uint8), fps=fps)


def _edit_of(source: Clip, numbers: list[int], fps: float) -> Clip:
    """Returns an edit that shows the given source frames: each still says its number."""
    return clip_of(source.frames_THWC[numbers], fps=fps)


@pytest.mark.parametrize(("source_fps", "source_n", "edit_fps", "edit_n", "window"), _REAL_PAIRS)
def test_real_mismatched_pairs_meet_by_the_declared_window(
    source_fps: float, source_n: int, edit_fps: float, edit_n: int, window: Window
) -> None:
    source = clip_of(numbered(source_n, width=source_n + 2, height=4), fps=source_fps)
    consumed = [window.start + i * window.stride for i in range(window.count)]
    shown = [consumed[round(j * (window.count - 1) / (edit_n - 1))] for j in range(edit_n)]
    edit = _edit_of(source, shown, edit_fps)
    answers = align_to_source(source, edit, window)
    said = np.array([number_of(frame) for frame in edit.frames_THWC])
    assert np.abs(answers - said).max() <= window.stride  # only halves may be rounded the other way
    assert (answers == said).mean() > 0.95
    for pair in FramePlan(k=8).pairs(source, edit, window):
        assert abs(pair.source - number_of(edit.frames_THWC[pair.edit])) <= window.stride


def test_time_pairing_is_wrong_for_an_editor_that_read_a_window() -> None:
    source = clip_of(numbered(101, width=104, height=4), fps=20.0)
    edit = _edit_of(source, list(range(17)), 8.33)
    window = Window(start=0, stride=1, count=17, fps=20.0)
    assert align_to_source(source, edit, window).tolist() == list(range(17))
    assert align_to_source(source, edit, None)[-1] == 100
    assert FramePlan(k=4).pairs(source, edit, window)[-1].source == 16
    assert FramePlan(k=4, pairing="time").pairs(source, edit, window)[-1].source == 100


@pytest.mark.parametrize(("source_n", "edit_n"), [(100, 129), (303, 117), (122, 121), (33, 33)])
def test_without_a_window_frames_meet_by_normalised_time(source_n: int, edit_n: int) -> None:
    answers = align_to_source(_blank(source_n, 30.0), _blank(edit_n, 24.0), None)
    exact = np.arange(edit_n) * (source_n - 1) / (edit_n - 1)
    assert np.abs(answers - exact).max() <= 0.5 + 1e-3
    assert (answers[0], answers[-1]) == (0, source_n - 1)


def test_time_and_not_the_number_counts_where_the_rate_varies() -> None:
    frames = np.zeros((5, 2, 2, 3), np.uint8)
    source = clip_of(frames, times_s=[0, 0.1, 0.2, 0.3, 2.0])
    edit = clip_of(frames, times_s=[0, 0.5, 1.0, 1.5, 2.0])
    assert align_to_source(source, edit, None).tolist() == [0, 3, 3, 4, 4]
    assert align_to_source(source, source, None).tolist() == [0, 1, 2, 3, 4]


def test_single_frames_pair_with_the_first() -> None:
    assert align_to_source(_blank(9), _blank(1), None).tolist() == [0]
    assert align_to_source(_blank(1), _blank(4), None).tolist() == [0, 0, 0, 0]
    assert align_to_source(_blank(9), _blank(1), Window(start=4, stride=1, count=5, fps=5.0)).tolist() == [4]


def test_a_window_beyond_the_source_is_an_error_with_both_numbers() -> None:
    with pytest.raises(VideoError, match="source frame 10, but the source has 10 frames"):
        align_to_source(_blank(10), _blank(6), Window(start=0, stride=2, count=6, fps=10.0))


@given(
    source_n=st.integers(1, 90),
    edit_n=st.integers(1, 90),
    start=st.integers(0, 20),
    stride=st.integers(1, 4),
    count=st.integers(1, 40),
)
def test_answers_lie_in_the_window_and_never_go_back(
    source_n: int, edit_n: int, start: int, stride: int, count: int
) -> None:
    source, edit = _blank(source_n), _blank(edit_n)
    by_time = align_to_source(source, edit, None)
    assert len(by_time) == edit_n
    assert (np.diff(by_time) >= 0).all()
    assert 0 <= by_time.min() <= by_time.max() < source_n
    last = start + (count - 1) * stride
    if last >= source_n:
        return
    answers = align_to_source(source, edit, Window(start=start, stride=stride, count=count, fps=10.0))
    assert ((answers - start) % stride == 0).all()
    assert (np.diff(answers) >= 0).all()
    assert answers[0] == start
    assert answers[-1] == (last if edit_n > 1 else start)


@given(st.integers(2, 120), st.floats(5, 60))
def test_a_copy_pairs_with_itself(count: int, fps: float) -> None:
    clip = _blank(count, fps)
    assert align_to_source(clip, clip, None).tolist() == list(range(count))
    assert align_to_source(clip, clip, Window(start=0, stride=1, count=count, fps=fps)).tolist() == list(range(count))
