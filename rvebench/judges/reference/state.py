"""Edit accuracy: how far the edit went from source to target inside the region, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants, ramp
from rvebench.judges.reference.gain import normalise
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.structure import Gradients, common_structure
from rvebench.judges.reference.views import Floats, Masks, Views, smooth

__all__ = ["State", "measure_state"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """How the edit's state runs over time."""

    progress: npt.NDArray[np.float64]
    """For each frame, 0 at the source's state or farther from the target, 1 at the target's. Shape (N,)."""
    weight: npt.NDArray[np.float64]
    accuracy: float
    """Weighted mean of the progress over the frames, 0..1: the frames before a late change count as missed."""
    scene: float
    """Structure in common with the nearer of source and target, -1..1."""
    scene_trust: float
    """What of the progress counts, 0..1: nothing in another scene."""


def measure_state(
    views: Views, region: Region, shapes: tuple[Gradients, Gradients, Gradients], constants: Constants
) -> State:
    """Returns the edit's progress from source to target.

    In each frame, progress is 1 - d(edit, target) / d(source, target), where d is the mean absolute difference of
    the smoothed frames inside the region, and the edit is freed of exposure and colour cast first. What a codec leaves
    is taken off both ends: nearer than that to the target is the target, and no farther than that from the source is
    the source, so that a copy encoded anew has gone nowhere. Overshooting the target is as far from it as falling
    short.

    Args:
        views: the frames.
        region: where to look.
        shapes: gradients of source, edit and target.
        constants: thresholds.
    """
    edit = smooth(normalise(views, region, constants), 3)
    source, target = views.source.calm, views.target.calm
    way = _distance(source, target, region.inside)
    missing = _distance(edit, target, region.inside)
    slack = np.minimum(constants.distance_slack, constants.slack_share * way)
    left = np.maximum(0, missing - slack) / np.maximum(way - 2 * slack, 1e-6)
    weight = region.weight.astype(np.float64)
    # Where there is hardly anything outside the region, the whole frame tells whether it is the same scene.
    little = region.outside.mean(axis=(1, 2)) < constants.min_outside_share / 3
    where = region.outside | little[:, None, None]
    source_shape, edit_shape, target_shape = shapes
    common = np.maximum(
        common_structure(edit_shape, source_shape, where), common_structure(edit_shape, target_shape, where)
    )
    trust = np.array([ramp(float(value), constants.scene) for value in common])
    progress = np.clip(1 - left, 0, 1) * trust
    return State(
        progress=progress,
        weight=weight,
        accuracy=float(np.average(progress, weights=weight)),
        scene=float(np.average(common, weights=weight)),
        scene_trust=float(np.average(trust, weights=weight)),
    )


def _distance(first: Floats, second: Floats, where: Masks) -> npt.NDArray[np.float64]:
    gap = np.abs(first - second) @ np.full(3, 1 / 3, np.float32)
    pixels = np.maximum(where.sum(axis=(1, 2)), 1)
    return np.asarray(np.where(where, gap, 0).sum(axis=(1, 2), dtype=np.float64) / pixels)
