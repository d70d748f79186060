"""What two pictures have in common whatever their exposure: the correlation of their gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.views import Floats, Masks, luma

__all__ = ["Gradients", "common_structure", "gradients"]

Gradients = tuple[Floats, Floats]

_FLAT = 1.0
"""Squared gradient, in levels, below which a picture counts as flat: two flat pictures agree."""


def gradients(frames: Floats) -> Gradients:
    """Returns the horizontal and vertical slope of the luma of (smoothed) frames, each of shape (N, h, w)."""
    light = luma(frames)
    across, down = np.zeros_like(light), np.zeros_like(light)
    across[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    down[:, 1:-1] = light[:, 2:] - light[:, :-2]
    return across, down


def common_structure(first: Gradients, second: Gradients, where: Masks) -> npt.NDArray[np.float64]:
    """Returns for each frame the correlation of two videos' gradients in `where`, -1..1; 1 where it is empty."""
    pixels = where.sum(axis=(1, 2)).astype(np.float64)

    def total(a: Gradients, b: Gradients) -> npt.NDArray[np.float64]:
        product = a[0] * b[0] + a[1] * b[1]
        return np.asarray(np.where(where, product, 0).sum(axis=(1, 2), dtype=np.float64))

    floor = _FLAT * np.maximum(pixels, 1)
    both = np.sqrt((total(first, first) + floor) * (total(second, second) + floor))
    return np.asarray((total(first, second) + floor) / both)
