from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rvebench.records import Window
from rvebench.video import FramePlan
from rvebench.video.picture import SHRINKING
from tests.video.samples import clip_of, textured


@given(n=st.integers(1, 400), k=st.integers(2, 64))
def test_first_and_last_are_always_shown_and_numbers_rise(n: int, k: int) -> None:
    for plan in (FramePlan(k=k), FramePlan(k=k, policy="all"), FramePlan(k=k, policy="first-last")):
        numbers = plan.indices(n)
        assert numbers[0] == 0
        assert numbers[-1] == n - 1
        assert list(numbers) == sorted(set(numbers))
    assert len(FramePlan(k=k).indices(n)) == min(k, n)
    steps = np.diff(FramePlan(k=k).indices(n))
    assert n == 1 or steps.max() - steps.min() <= 1
    assert FramePlan(k=k, policy="all").indices(n) == tuple(range(n))
    assert len(FramePlan(k=k, policy="first-last").indices(n)) == min(2, n)


def test_known_indices() -> None:
    assert FramePlan(k=5).indices(101) == (0, 25, 50, 75, 100)
    assert FramePlan(k=8).indices(3) == (0, 1, 2)
    assert FramePlan(k=2).indices(1) == (0,)
    assert FramePlan(k=4).indices(6) == (0, 2, 3, 5)


@given(source_n=st.integers(1, 60), edit_n=st.integers(1, 60), k=st.integers(2, 12), data=st.data())
def test_pairs_follow_the_plan_and_the_window(source_n: int, edit_n: int, k: int, data: st.DataObject) -> None:
    source = clip_of(np.zeros((source_n, 2, 2, 3), np.uint8), fps=30)
    gaps = data.draw(st.lists(st.floats(0.01, 0.5), min_size=edit_n - 1, max_size=edit_n - 1))
    edit = clip_of(np.zeros((edit_n, 2, 2, 3), np.uint8), times_s=np.concatenate(([0.0], np.cumsum(gaps))).tolist())
    start = data.draw(st.integers(0, source_n - 1))
    window = data.draw(
        st.one_of(
            st.none(), st.integers(1, source_n - start).map(lambda c: Window(start=start, stride=1, count=c, fps=9))
        )
    )
    plan = FramePlan(k=k)
    pairs = plan.pairs(source, edit, window)
    assert tuple(pair.edit for pair in pairs) == plan.indices(edit_n)
    assert [pair.time_s for pair in pairs] == [edit.pts_s[pair.edit] for pair in pairs]
    low, high = (0, source_n - 1) if window is None else (window.start, window.start + window.count - 1)
    assert all(low <= pair.source <= high for pair in pairs)
    assert pairs[0].source == low
    assert edit_n == 1 or pairs[-1].source == high


def test_the_digest_changes_with_every_field() -> None:
    plan = FramePlan()
    others = [
        replace(plan, k=9),
        replace(plan, policy="all"),
        replace(plan, max_side=512),
        replace(plan, max_side=None),
        replace(plan, encoding="png"),
        replace(plan, quality=91),
        replace(plan, pairing="time"),
        replace(plan, chroma="420"),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == len(others) + 1
    assert FramePlan().digest == plan.digest
    assert FramePlan().as_json()["shrinking"] == SHRINKING
    assert "shrinking" not in replace(plan, max_side=None).as_json()  # nothing is shrunk
    assert FramePlan().digest == "9930ea067d6a4fa7eaf508183419cdd2d662878b993b88eac10b85457438f7b6"


@pytest.mark.parametrize(
    "fields",
    [
        {"k": 1},
        {"quality": 0},
        {"max_side": 0},
        {"policy": "some"},
        {"encoding": "bmp"},
        {"pairing": "x"},
        {"version": 1},
    ],
)
def test_a_plan_out_of_range_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="frame"):
        FramePlan(**fields)  # type: ignore[arg-type]


def test_no_frames_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        FramePlan().indices(0)


@pytest.mark.parametrize("encoding", ["jpeg", "webp", "png"])
@pytest.mark.parametrize(
    ("width", "height", "shown"), [(200, 100, (128, 64)), (90, 180, (64, 128)), (60, 40, (60, 40))]
)
def test_frames_are_sized_encoded_and_always_the_same_bytes(
    encoding: str, width: int, height: int, shown: tuple[int, int]
) -> None:
    plan = FramePlan(max_side=128, encoding=encoding)  # type: ignore[arg-type]
    frame = textured(1, width, height)[0]
    data = plan.render(frame)
    assert data == plan.render(frame.copy())
    image = Image.open(io.BytesIO(data))
    assert image.size == shown
    assert image.format == encoding.upper()
    assert plan.media_type == f"image/{encoding}"


def test_png_without_a_size_is_the_frame_itself() -> None:
    frame = textured(1, 41, 27)[0]
    data = FramePlan(max_side=None, encoding="png").render(frame[:, ::-1])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), frame[:, ::-1])


def test_half_colour_resolution_makes_a_smaller_jpeg_of_the_same_size() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    full, half = FramePlan().render(frame), FramePlan(chroma="420").render(frame)
    assert len(half) < len(full)
    assert Image.open(io.BytesIO(half)).size == Image.open(io.BytesIO(full)).size
    assert FramePlan(encoding="png", chroma="420").render(frame) == FramePlan(encoding="png").render(frame)
