"""Which colours a video shows, wherever they are: what a tint, a flicker or swapped channels cannot hide."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.views import Floats, Views, tiled

__all__ = ["foreign_colour"]

_LEVELS = 33
"""Points of each channel's distribution that are compared."""
_TILE = 4


def foreign_colour(views: Views) -> npt.NDArray[np.float64]:
    """Returns how far each frame's colours lie outside those that base and target show at any time, in levels.

    The distributions of the three channels, and those of the differences of red and blue from green, are compared
    point by point with the range of the same point over all frames of base and target. It does not matter where a
    colour is, so that it says nothing of another camera or of a state between the two. A flash pushes the channels out
    of the range, a tint or swapped channels the differences, which no change of light widens much; the larger counts.

    Returns:
        Mean over the channels, or over the differences, and points, shape (N,).
    """
    known = np.concatenate([_distribution(views.base.calm), _distribution(views.target.calm)])
    lowest, highest = known.min(axis=0), known.max(axis=0)
    seen = _distribution(views.edit.calm)
    beyond = np.maximum(0, np.maximum(seen - highest, lowest - seen))
    parts = [beyond[..., part].mean(axis=(1, 2), dtype=np.float64) for part in (slice(3), slice(3, 5))]
    return np.asarray(np.maximum(*parts))


def _distribution(frames: Floats) -> Floats:
    """Returns evenly spaced quantiles of red, green, blue, red - green and blue - green, shape (N, points, 5)."""
    count, height, width, _ = frames.shape
    small = tiled(frames, -(-height // _TILE), -(-width // _TILE)).reshape(count, -1, 3)
    differences = small[..., (0, 2)] - small[..., 1:2]
    order = np.sort(np.concatenate([small, differences], axis=2), axis=1)
    picks = np.linspace(0, order.shape[1] - 1, _LEVELS).round().astype(int)
    return np.asarray(order[:, picks])
