"""Preservation consistency: is everything outside the region as it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants, ramp
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.structure import Gradients, common_structure
from rvebench.judges.reference.views import Floats, Masks, Views

__all__ = ["Preservation", "measure_preservation"]

_LOSSLESS_DB = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preservation:
    """How well an edit kept what it should keep."""

    fidelity: float
    """0..1, mean over the frames of the worse of both parts."""
    psnr_db: float | None
    """Mean over the frames, each at most 100; None for a global edit: there is no outside."""
    structure: float
    """Correlation of gradients, outside or (global edit) in the whole frame."""


def measure_preservation(
    views: Views, region: Region, shapes: tuple[Gradients, Gradients, Gradients], constants: Constants
) -> Preservation:
    """Returns the fidelity of an edit to what should not change.

    Outside the region source and target agree but for coding loss, so the nearer of the two is the reference: neither
    a copy of the source nor of the target is blamed. A frame is as good as the worse of its PSNR and its structure.
    Each frame is mapped to 0..1 before the mean, so that good frames cannot pay for bad ones beyond their own.

    A global edit has no outside. What is asked of it is that the scene stays: its structure in the whole frame is
    compared with source and target, which no exposure, tint or season changes much.
    """
    source_shape, edit_shape, target_shape = shapes
    shares = region.outside.mean(axis=(1, 2))
    if region.is_global or not (shares >= constants.min_outside_share / 3).any():
        whole = np.ones_like(region.outside)
        common = _common(edit_shape, source_shape, target_shape, whole)
        scores = [ramp(float(value), constants.global_structure) for value in common]
        return Preservation(fidelity=float(np.mean(scores)), psnr_db=None, structure=float(common.mean()))
    frames = np.flatnonzero(shares >= constants.min_outside_share / 3)
    outside = region.outside[frames]
    error = np.minimum(
        _squared_error(views.edit.raw[frames], views.source.raw[frames], outside),
        _squared_error(views.edit.raw[frames], views.target.raw[frames], outside),
    )
    psnr_db = np.minimum(_LOSSLESS_DB, 10 * np.log10(255.0**2 / np.maximum(error, 1e-9)))
    common = _common(_of(edit_shape, frames), _of(source_shape, frames), _of(target_shape, frames), outside)
    scores = [
        min(ramp(float(db), constants.psnr_db), ramp(float(value), constants.structure))
        for db, value in zip(psnr_db, common, strict=True)
    ]
    return Preservation(fidelity=float(np.mean(scores)), psnr_db=float(psnr_db.mean()), structure=float(common.mean()))


def _of(shape: Gradients, frames: npt.NDArray[np.intp]) -> Gradients:
    return shape[0][frames], shape[1][frames]


def _common(edit: Gradients, source: Gradients, target: Gradients, where: Masks) -> npt.NDArray[np.float64]:
    return np.maximum(common_structure(edit, source, where), common_structure(edit, target, where))


def _squared_error(first: Floats, second: Floats, where: Masks) -> npt.NDArray[np.float64]:
    gap = np.square(first - second) @ np.full(3, 1 / 3, np.float32)
    return np.asarray(np.where(where, gap, 0).sum(axis=(1, 2), dtype=np.float64) / where.sum(axis=(1, 2)))
