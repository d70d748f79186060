from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvebench.metrics import build_metric
from rvebench.metrics.temporal_flickering import temporal_flickering
from rvebench.records import MetricValue, Sample, Window
from rvebench.taxonomy import ReasoningType, Status, Subset
from rvebench.video import Clip, Comparison, Frames, read_video


def plain(frames_THWC: Frames) -> float:
    """A second implementation, as the definition reads: mean of per-pair means in float64."""
    video = frames_THWC.astype(np.float64)
    return float((255.0 - np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(video)])) / 255.0)


def clip_of(frames_THWC: Frames) -> Clip:
    return Clip(frames_THWC=frames_THWC.copy(), fps=10.0, pts_s=np.arange(len(frames_THWC)) / 10.0)


def measure(source: Frames, edit: Frames, window: Window | None = None) -> MetricValue:
    sample = Sample(
        id="s1", subset=Subset.RAVE, reasoning_type=ReasoningType.TEMPORAL, source=Path("s.mp4"), instruction="later"
    )
    items = [Comparison(sample=sample, source=clip_of(source), edit=clip_of(edit), window=window)]
    (value,) = build_metric("temporal_flickering").measure(items)
    assert value.sample_id == "s1"
    assert value.metric == "temporal_flickering"
    return value


def noise(*shape: int, seed: int = 0) -> Frames:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(2, 5), st.integers(1, 40), st.integers(1, 40), st.just(3)),
        elements=st.integers(0, 255),
    )
)
def test_it_equals_the_plain_definition_on_any_video(video: Frames) -> None:
    value = temporal_flickering(video)
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(plain(video), abs=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (85, 257), (150, 200)])
def test_block_edges_lose_no_value(size: tuple[int, int]) -> None:
    video = noise(3, *size, 3)
    assert temporal_flickering(video) == pytest.approx(plain(video), abs=1e-12)


def test_black_and_white_in_turn_is_zero_and_a_still_is_one() -> None:
    turn = np.zeros((4, 300, 200, 3), np.uint8)
    turn[1::2] = 255
    assert temporal_flickering(turn) == 0.0
    assert temporal_flickering(np.repeat(noise(1, 20, 20, 3), 5, axis=0)) == 1.0


def test_one_level_in_one_value_is_seen_exactly() -> None:
    video = np.full((2, 10, 10, 3), 100, np.uint8)
    video[1, 3, 4, 1] = 101
    assert temporal_flickering(video) == (255 * 300 - 1) / (255 * 300)


def test_it_is_the_same_on_a_real_clip_and_on_strided_views(real_clips: dict[str, Path]) -> None:
    video = read_video(real_clips["carphone_pristine"], max_frames=30).frames_THWC
    assert temporal_flickering(video) == pytest.approx(plain(video), abs=1e-12)
    assert temporal_flickering(video[2:20:3]) == pytest.approx(plain(video[2:20:3]), abs=1e-12)


def test_the_source_stands_beside_the_edit_over_the_consumed_frames_only() -> None:
    source, edit = noise(12, 8, 8, 3, seed=1), noise(4, 16, 16, 3, seed=2)
    value = measure(source, edit, Window(start=2, stride=3, count=4, fps=10.0))
    assert value.status is Status.OK
    assert value.value == pytest.approx(plain(edit), abs=1e-12)
    assert value.source_value == pytest.approx(plain(source[2:12:3]), abs=1e-12)
    assert measure(source, edit).source_value == pytest.approx(plain(source), abs=1e-12)


def test_one_frame_is_a_failure_with_a_reason_and_no_number() -> None:
    value = measure(noise(3, 8, 8, 3), noise(1, 8, 8, 3))
    assert value.status is Status.FAILED
    assert value.value is None
    assert "one frame" in value.reason


def test_a_source_of_one_frame_leaves_the_edits_value_alone() -> None:
    value = measure(noise(1, 8, 8, 3), noise(3, 8, 8, 3))
    assert value.status is Status.OK
    assert value.value is not None
    assert value.source_value is None


def test_a_window_past_the_end_is_a_failure_that_names_both_lengths() -> None:
    value = measure(noise(5, 8, 8, 3), noise(5, 8, 8, 3), Window(start=2, stride=2, count=3, fps=5.0))
    assert value.status is Status.FAILED
    assert "source frame 6" in value.reason
    assert "5 frames" in value.reason


def test_values_come_in_order_one_for_each_item() -> None:
    sample = Sample(
        id="a", subset=Subset.RAVE, reasoning_type=ReasoningType.TEMPORAL, source=Path("s"), instruction="i"
    )
    videos = [noise(2 + index, 6, 6, 3, seed=index) for index in range(4)]
    items = (Comparison(sample=sample, source=clip_of(v), edit=clip_of(v)) for v in videos)
    found = [value.value for value in build_metric("temporal_flickering").measure(items)]
    assert found == [temporal_flickering(v) for v in videos]


def test_memory_does_not_grow_with_the_length_of_the_video() -> None:
    video = noise(60, 96, 128, 3)
    tracemalloc.start()
    temporal_flickering(video)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * video[0].nbytes + 200_000


def test_the_description_carries_a_version_and_changes_with_nothing_else() -> None:
    info = build_metric("temporal_flickering").info
    assert info.version.startswith("1")
    assert info.digest == build_metric("temporal_flickering").info.digest
    assert (info.low, info.high, info.higher_is_better) == (0.0, 1.0, True)
