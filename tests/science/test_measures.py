from __future__ import annotations

import numpy as np
import pytest

from rvebench.errors import DataError
from rvebench.science.measures import MEASURES, measure_edit, measure_named

RNG = np.random.default_rng(3)
SOURCE = RNG.integers(40, 120, (5, 16, 16, 3)).astype(np.uint8)
TARGET = SOURCE.copy()
TARGET[:, 4:12, 4:12] += 80
MASK = np.zeros((5, 16, 16), np.uint8)
MASK[:, 4:12, 4:12] = 255


def mixed(share: float) -> np.ndarray:
    return np.rint(SOURCE + share * (TARGET.astype(float) - SOURCE)).astype(np.uint8)


@pytest.mark.parametrize(("share", "progress"), [(0.0, 0.0), (0.25, 0.25), (0.75, 0.75), (1.0, 1.0)])
def test_progress_is_the_share_of_the_way_to_the_target(share: float, progress: float) -> None:
    found = measure_edit(SOURCE, TARGET, mixed(share), MASK)
    assert found.ea_progress == pytest.approx(progress, abs=1e-9)
    assert found.ea_success == float(progress > 0.5)
    assert found.pc_error == 0.0


def test_progress_below_the_source_is_negative_and_clipped() -> None:
    away = SOURCE.copy()
    away[:, 4:12, 4:12] -= 40
    assert measure_edit(SOURCE, TARGET, away, MASK).ea_progress == pytest.approx(-0.5)
    far = np.where(MASK[..., None] > 0, 0, SOURCE).astype(np.uint8)
    assert measure_edit(np.full_like(SOURCE, 199), np.full_like(SOURCE, 201), far, MASK).ea_progress == -1.0


def test_damage_outside_the_mask_is_preservation_and_not_progress() -> None:
    damaged = TARGET.copy()
    damaged[:, :4] = damaged[:, :4] + 51
    found = measure_edit(SOURCE, TARGET, damaged, MASK)
    assert found.ea_progress == 1.0
    assert found.pc_error == pytest.approx(0.2 * 64 / 192, abs=1e-9)


def test_flicker_and_standing_still_both_raise_the_temporal_error() -> None:
    moving = np.stack([np.roll(SOURCE[0], 2 * t, axis=1) for t in range(5)])
    flicker = np.clip(moving.astype(int) + np.array([0, 30, 0, 30, 0])[:, None, None, None], 0, 255).astype(np.uint8)
    frozen = np.repeat(moving[:1], 5, axis=0)
    calm = measure_edit(moving, moving, moving, None).gn_error
    assert calm == 0 < min(measure_edit(moving, moving, clip, None).gn_error for clip in (flicker, frozen))


def test_blur_lowers_sharpness_and_noise_raises_it() -> None:
    blurred = ((TARGET.astype(int) + np.roll(TARGET, 1, 1) + np.roll(TARGET, 1, 2)) // 3).astype(np.uint8)
    noisy = np.clip(TARGET + RNG.normal(0, 40, TARGET.shape), 0, 255).astype(np.uint8)
    sharp = [measure_edit(SOURCE, TARGET, clip, MASK).gr_sharpness or 0 for clip in (blurred, TARGET, noisy)]
    assert sharp[0] < sharp[1] == 1.0 < sharp[2]


def test_without_a_mask_everything_is_the_edit_and_nothing_is_preserved() -> None:
    found = measure_edit(SOURCE, TARGET, TARGET, None)
    assert found.ea_progress == 1.0 and found.pc_error is None


@pytest.mark.parametrize("mask", [MASK, np.zeros_like(MASK)])
def test_where_the_target_is_the_source_there_is_no_progress_to_measure(mask: np.ndarray) -> None:
    found = measure_edit(SOURCE, SOURCE, SOURCE, mask)
    assert found.ea_progress is None and found.ea_success is None


def test_clips_that_differ_in_shape_are_refused() -> None:
    with pytest.raises(DataError, match="differ in shape"):
        measure_edit(SOURCE, TARGET, TARGET[:4], MASK)
    with pytest.raises(DataError, match="mask"):
        measure_edit(SOURCE, TARGET, TARGET, MASK[:4])


def test_every_measure_has_one_name() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    assert measure_named("pc_error").better == "lower"
