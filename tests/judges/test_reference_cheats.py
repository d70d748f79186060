"""Bad edits that would score well if the reference judge looked at less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rvebench.taxonomy import CRITERIA
from rvebench.video import Frames
from tests.judges.ladder import Scene, bytes_of, drawn_scene, real_scene, recompressed, verdict_on

EA, PC, GN, GR = CRITERIA


@pytest.fixture(scope="module")
def scene() -> Scene:
    return drawn_scene()


def mosaic(frames: Frames, side: int) -> Frames:
    _, height, width, _ = frames.shape
    return np.repeat(np.repeat(frames[:, ::side, ::side], side, 1), side, 2)[:, :height, :width]


@pytest.mark.parametrize("crf", [12, 23, 28])
def test_a_copy_that_was_encoded_anew_has_gone_nowhere(
    real_clips: dict[str, Path], scene: Scene, crf: int, tmp_path: Path
) -> None:
    for case in (scene, real_scene(real_clips), real_scene(real_clips, "carphone_pristine")):
        assert verdict_on(case, recompressed(case.source, tmp_path, crf=crf)).scores[EA] == 0


def test_a_cross_fade_is_half_way(scene: Scene) -> None:
    between = bytes_of((scene.source.astype(np.float32) + scene.target) / 2)
    assert verdict_on(scene, between).scores[EA] == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("side", [4, 6, 8, 10, 16])
def test_a_mosaic_is_not_real_whatever_the_side_of_its_tiles(scene: Scene, side: int) -> None:
    assert verdict_on(scene, mosaic(scene.target, side)).scores[GR] <= 2


def test_a_poster_of_few_colours_is_not_real(scene: Scene) -> None:
    assert verdict_on(scene, scene.target // 64 * 64 + 32).scores[GR] <= 5


def test_a_region_painted_over_in_one_colour_is_not_real(scene: Scene) -> None:
    # A ragged mask: its many sharp edges keep the measure of blur low.
    random = np.random.default_rng(0)
    assert scene.mask is not None
    ragged = (scene.mask[0, ..., 0] > 0) & np.kron(random.random((20, 30)) < 0.6, np.ones((8, 8), bool))
    mask = np.repeat(ragged[None, ..., None], 3, axis=-1).astype(np.uint8) * 255
    case = Scene(name="ragged", source=scene.source, half=scene.half, target=scene.target, other=scene.other, mask=mask)
    painted = scene.source.copy()
    painted[:, ragged] = scene.target[:, ragged].mean(axis=(0, 1)).astype(np.uint8)
    verdict = verdict_on(case, painted)
    assert verdict.scores[GR] <= 4
    assert "lost all texture" in verdict.rationale[GR]
