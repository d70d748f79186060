"""Frames of any size into the model's size and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import UsageError
from rvebench.revise.sampling.sizing import Box, plan_size
from rvebench.revise.shapes import Size

WIDE = Size(width=640, height=352)
sides = st.integers(1, 300)
fits = st.sampled_from(["pad", "crop", "stretch"])
sizes = st.sampled_from([None, Size(width=64, height=32), Size(width=32, height=96), Size(width=64, height=64)])


def picture(width: int, height: int, count: int = 1) -> Any:
    return np.random.default_rng(width * 1000 + height).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@given(sides, sides, fits, sizes)
def test_every_picture_goes_in_and_comes_back_at_its_size(width: int, height: int, fit: Any, size: Any) -> None:
    plan, frames = plan_size(width, height, size=size, fit=fit), picture(width, height)
    given_to_model = plan.to_model(frames)
    assert given_to_model.shape == (1, plan.model.height, plan.model.width, 3)
    edit = plan.from_model(given_to_model)
    assert edit.shape == (1, plan.taken.height, plan.taken.width, 3)
    if fit != "crop":
        assert edit.shape == frames.shape
    if not plan.scaled:
        assert np.array_equal(edit, plan.taken.cut(frames))
    assert plan.from_model(given_to_model, frames).shape == frames.shape


@given(st.integers(32, 300), st.integers(32, 300), st.sampled_from(["pad", "crop"]))
def test_own_size_resamples_nothing(width: int, height: int, fit: Any) -> None:
    plan, frames = plan_size(width, height, fit=fit), picture(width, height)
    assert not plan.scaled
    assert np.array_equal(plan.from_model(plan.to_model(frames), frames), frames)


@given(sides, sides, fits, st.integers(1024, 30000))
def test_pixel_limit_is_kept(width: int, height: int, fit: Any, max_pixels: int) -> None:
    plan = plan_size(width, height, fit=fit, max_pixels=max_pixels)
    assert plan.model.width * plan.model.height <= max_pixels


def test_exact_size_passes_through_untouched() -> None:
    frames = picture(640, 352)
    for fit in ("pad", "crop", "stretch"):
        plan = plan_size(640, 352, size=WIDE, fit=fit)
        assert np.array_equal(plan.to_model(frames), frames)
        assert np.array_equal(plan.from_model(frames), frames)


def test_portrait_gets_the_size_turned() -> None:
    assert plan_size(1080, 1920, size=WIDE).model == Size(width=352, height=640)
    assert plan_size(1080, 1920, size=WIDE, turn=False).model == WIDE
    assert plan_size(1920, 1080, size=Size(width=352, height=640)).model == WIDE
    assert plan_size(500, 500, size=WIDE).model == WIDE


def test_pad_keeps_the_whole_picture_and_its_shape() -> None:
    plan = plan_size(480, 480, size=WIDE)
    assert plan.taken == Box(0, 0, 480, 480)
    assert plan.placed == Box(144, 0, 352, 352)


def test_padding_repeats_the_edge() -> None:
    frames = picture(33, 32)
    given_to_model = plan_size(33, 32).to_model(frames)
    assert given_to_model.shape == (1, 32, 64, 3)
    assert (given_to_model[:, :, :15] == frames[:, :, :1]).all()
    assert (given_to_model[:, :, 48:] == frames[:, :, -1:]).all()


def test_crop_edits_the_middle_as_the_released_script_does() -> None:
    plan = plan_size(1280, 720, size=WIDE, fit="crop")
    assert plan.taken == Box(0, 8, 1280, 704)
    frames = picture(1280, 720)
    edit = plan.from_model(np.zeros((1, 352, 640, 3), np.uint8), frames)
    assert np.array_equal(edit[:, :8], frames[:, :8])
    assert (edit[:, 8:712] == 0).all()
    assert np.array_equal(edit[:, 712:], frames[:, 712:])
    assert plan.from_model(np.zeros((1, 352, 640, 3), np.uint8)).shape == (1, 704, 1280, 3)


def test_source_frames_are_not_changed() -> None:
    plan, frames = plan_size(100, 80, size=Size(width=64, height=32), fit="crop"), picture(100, 80)
    frames.flags.writeable = False
    plan.from_model(plan.to_model(frames), frames)


def test_stretch_bends_the_shape_and_undoes_it() -> None:
    smooth = np.tile(np.linspace(0, 255, 96).astype(np.uint8)[None, None, :, None], (1, 50, 1, 3))
    plan = plan_size(96, 50, size=Size(width=96, height=64), fit="stretch")
    assert np.abs(plan.from_model(plan.to_model(smooth)).astype(int) - smooth).max() <= 2


def test_record_is_json() -> None:
    record = json.loads(json.dumps(plan_size(1280, 720, size=WIDE, fit="crop").as_json()))
    assert record == {
        "fit": "crop",
        "source": [1280, 720],
        "model": [640, 352],
        "taken": [0, 8, 1280, 704],
        "placed": [0, 0, 640, 352],
    }


def test_bad_sizes_are_refused_in_one_sentence() -> None:
    plan = plan_size(64, 64)
    for call, text in [
        (lambda: plan_size(64, 64, fit="zoom"), "pad, crop, stretch"),  # type: ignore[arg-type]
        (lambda: plan_size(0, 64), "0x64"),
        (lambda: plan_size(64, 64, max_pixels=1000), "too few"),
        (lambda: plan.to_model(picture(32, 64)), "source's frames are 32x64"),
        (lambda: plan.from_model(picture(32, 64)), "edit's frames are 32x64"),
        (
            lambda: plan_size(100, 80, size=Size(width=64, height=32), fit="crop").from_model(
                picture(64, 32, 2), picture(100, 80, 3)
            ),
            "edit has 2 frames and the source beside it 3",
        ),
    ]:
        with pytest.raises(UsageError, match=text):
            call()
