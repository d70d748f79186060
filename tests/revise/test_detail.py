"""Detail that is given back to edits."""

from __future__ import annotations

import numpy as np
import pytest

from rvebench.errors import UsageError
from rvebench.revise.detail import restore_detail
from rvebench.revise.sampling.sizing import Fit, plan_size
from rvebench.revise.shapes import Size
from rvebench.video import Frames, resize_frames

FITS: tuple[Fit, ...] = ("pad", "crop", "stretch")


def _source() -> Frames:
    return np.random.default_rng(0).integers(0, 256, (3, 90, 160, 3), dtype=np.uint8)


def _coded(source: Frames) -> Frames:
    """A codec that is far from exact."""
    return (source // 32 * 32).astype(np.uint8)


@pytest.mark.parametrize("fit", FITS)
def test_an_edit_that_changes_nothing_is_the_source_bit_for_bit(fit: Fit) -> None:
    source = _source()
    size = plan_size(160, 90, size=Size(width=64, height=64), fit=fit)
    coded = _coded(size.to_model(source))
    assert np.array_equal(restore_detail(coded, coded, source, size), source)
    small = restore_detail(coded, coded, source, size, keep_size=False)
    assert np.array_equal(small, size.to_model(source))


def test_nothing_of_the_source_shines_through_a_change() -> None:
    source = _source()
    size = plan_size(160, 90, size=Size(width=64, height=64), fit="stretch")
    coded = np.full((3, 64, 64, 3), 120, np.uint8)
    edit = coded.copy()
    edit[:, 16:48, 16:48] = 250
    made = restore_detail(edit, coded, source, size)
    inside = made[:, 30:60, 50:110]
    assert np.array_equal(inside, resize_frames(edit, 160, 90)[:, 30:60, 50:110])
    assert np.array_equal(made[:, :10], source[:, :10])


def test_a_small_change_of_light_is_kept_beside_the_detail() -> None:
    ramp = np.linspace(40, 200, 160).astype(np.uint8)
    source: Frames = np.broadcast_to(ramp[None, None, :, None], (3, 90, 160, 3)).copy()
    size = plan_size(160, 90, size=Size(width=64, height=64), fit="stretch")
    coded = _coded(size.to_model(source))
    brighter = (coded + 5).astype(np.uint8)
    made = restore_detail(brighter, coded, source, size)
    assert np.abs(made.astype(int) - source - 5).max() <= 1


def test_clips_of_different_lengths_are_refused() -> None:
    source = _source()
    size = plan_size(160, 90, size=Size(width=64, height=64), fit="stretch")
    coded = size.to_model(source)
    with pytest.raises(UsageError, match="one length"):
        restore_detail(coded[:2], coded[:2], source, size)
