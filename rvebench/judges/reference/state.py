"""Edit accuracy: how far the edit went from base to target inside the region, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants, ramp
from rvebench.judges.reference.gain import normalise
from rvebench.judges.reference.nearness import Distances, distances_in_view, distances_to, nearest_moments, off_path
from rvebench.judges.reference.palette import foreign_colour
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.structure import Gradients, common_structure
from rvebench.judges.reference.views import Floats, Views, smooth

__all__ = ["State", "measure_state"]

Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """How the edit's state runs over time."""

    progress: Series
    """For each frame, 0 at the base's state or farther from the target, 1 at the target's. Shape (N,)."""
    weight: Series
    accuracy: float
    """Weighted mean of the progress over the frames, 0..1: the frames before a late change count as missed."""
    scene: float
    """Structure in common with the nearer of base and target, -1..1."""
    scene_trust: float
    """What of the progress counts, 0..1: nothing in another scene."""
    same_scene: Series
    """Structural part of that trust, frame by frame."""
    foreign_colour: Series
    """Levels by which the colours of each frame lie outside those of base and target."""
    extra: float
    """Share of the frame outside the region that shows what neither base nor target has."""


def measure_state(
    views: Views, region: Region, shapes: tuple[Gradients, Gradients, Gradients], constants: Constants
) -> State | None:
    """Returns the edit's progress from base to target, or None where every frame of the base is a moment of the target.

    In each frame, progress is 1 - d(edit, target) / d(base, target), the mean over several scales, where d compares
    with the nearest moment of the target and counts what was put in a wrong place (:mod:`.nearness`). Exposure and
    colour cast are taken out where that brings the region nearer to the way from base to target.
    A following shot by another camera is compared tile by tile, wherever in reach a tile is found. What a codec leaves
    is taken off both ends: nearer than that to the target is the target, and no farther than that from the base is
    the base, so that a copy encoded anew has gone nowhere. Overshooting the target is as far from it as falling
    short.

    Args:
        views: the frames.
        region: where to look.
        shapes: gradients of base, edit and target.
        constants: thresholds.
    """
    base, target = views.base.calm, views.target.calm
    edit = _as_simplest(views, region, constants)
    way, _ = _gaps(base, base, target, region, constants)
    weight = np.where(region.weight > 0, way[0], 0.0)
    if not weight.any():
        return None
    missing, extra = _gaps(edit, base, target, region, constants)
    slack = np.minimum(constants.distance_slack * region.inside.mean(axis=(1, 2)), constants.slack_share * way)
    left = np.maximum(0, missing - slack) / np.maximum(way - 2 * slack, 1e-6)
    telling = way >= constants.min_scale_share * way[0]
    progress = np.where(telling, np.clip(1 - left, 0, 1), 0).sum(axis=0) / telling.sum(axis=0)
    near, there = constants.arrival
    progress = np.interp(progress, (0, near, there), (0, near, 1))
    foreign = foreign_colour(views)
    common, same = _same_scene(region, shapes, constants)
    trust = same
    if region.reframed:
        trust = np.maximum(same, [ramp(float(levels), constants.scene_palette) for levels in foreign])
    progress = progress * trust
    return State(
        progress=progress,
        weight=weight,
        accuracy=float(np.average(progress, weights=weight)),
        scene=float(np.average(common, weights=weight)),
        scene_trust=float(np.average(trust, weights=weight)),
        same_scene=same,
        foreign_colour=foreign,
        extra=float(np.average(extra, weights=weight)),
    )


def _gaps(frames: Floats, base: Floats, target: Floats, region: Region, constants: Constants) -> Distances:
    """Returns how far each frame is from the moment of the target that it resembles most."""
    toward = target[nearest_moments(frames, target, region.inside, constants)]
    if region.reframed:
        return Distances(distances_in_view(toward, frames, constants), np.zeros(len(frames)))
    return distances_to(toward, frames, base, region, constants)


def _as_simplest(views: Views, region: Region, constants: Constants) -> Floats:
    """Returns the edit with its cast taken out; inside the region only where that explains what is seen there.

    A tint laid over the whole frame is taken out of the region too. One that spares the region must not be: of the
    two readings the one that lies nearer to the way from base to target is believed.
    """
    freed = normalise(views, region, constants)
    everywhere = smooth(freed, 3)
    if region.is_global and not region.reframed:
        return everywhere
    # Put together before smoothing, so that no cast leaks over the region's edge.
    outside_only = smooth(np.where(region.inside[..., None], views.edit.raw, freed), 3)
    ends = (views.base.calm, views.target.calm, region.inside)
    spared = off_path(outside_only, *ends) <= off_path(everywhere, *ends)
    return np.asarray(np.where(spared[:, None, None, None], outside_only, everywhere), np.float32)


def _same_scene(
    region: Region, shapes: tuple[Gradients, Gradients, Gradients], constants: Constants
) -> tuple[Series, Series]:
    """Returns the structure in common with the nearer of base and target, and how far that is the same scene."""
    # Where there is hardly anything outside the region, the whole frame tells whether it is the same scene.
    little = region.outside.mean(axis=(1, 2)) < constants.min_outside_share / 3
    where = region.outside | little[:, None, None]
    base_shape, edit_shape, target_shape = shapes
    common = np.maximum(
        common_structure(edit_shape, base_shape, where), common_structure(edit_shape, target_shape, where)
    )
    return common, np.array([ramp(float(value), constants.scene) for value in common])
