"""How near one video comes to another: at the nearest moment, and at several scales.

An edit may run ahead or behind, and what it moved half of the way overlaps neither with where it was nor with where it
should be. So a frame is compared with the moment of the target that it resembles most, and differences are averaged
over tiles of several sizes: in a large tile a thing that is nearly in its place is nearly right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.views import Floats, Masks, luma, tiled

__all__ = ["Distances", "distances_in_view", "distances_to", "nearest_moments", "off_path"]

_MATCHED_TILE = 4
"""Side of the tiles, in pixels of the grid, by which moments and readings are chosen."""


class Distances(NamedTuple):
    """How far frames are from what they are compared with."""

    by_scale: npt.NDArray[np.float64]
    """Mean absolute difference of the tiles of each scale over the whole frame, shape (scales, N)."""
    extra: npt.NDArray[np.float64]
    """Share of each frame outside the region that shows what neither base nor target has, shape (N,)."""


def nearest_moments(frames: Floats, target: Floats, inside: Masks, constants: Constants) -> npt.NDArray[np.intp]:
    """Returns for each frame the target frame it resembles most inside the region, not farther off than a share of all.

    Args:
        frames: shape (N, h, w, 3).
        target: of the same shape.
        inside: the region of each of `frames`, shape (N, h, w).
        constants: how far off.
    """
    count = len(frames)
    reach = max(1, int(constants.moment_reach * count))
    seen, known = (_small(video) for video in (frames, target))
    where = tiled(inside[..., None].astype(np.float32), *_tiles_of(inside))
    best = np.empty(count, np.intp)
    for index in range(count):
        first, last = max(0, index - reach), min(count, index + reach + 1)
        gaps = (np.abs(known[first:last] - seen[index]) * where[index]).sum(axis=(1, 2, 3))
        # The frame's own moment wins a tie: nothing is gained by running ahead.
        near = gaps <= gaps.min() * (1 + 1e-6)
        own = index - first
        best[index] = index if near[own] else first + int(np.argmin(gaps))
    return best


def distances_to(target: Floats, frames: Floats, base: Floats, region: Region, constants: Constants) -> Distances:
    """Returns how far frames are from their moments of the target.

    Inside the region every difference counts. Outside, what differs clearly from both base and target counts where it
    is no more than an object's share of the frame: a thing put in a wrong place. More than that is damage, which
    belongs to preservation.

    Args:
        target: for each frame the moment it is compared with, shape (N, h, w, 3).
        frames: of the same shape, free of exposure and colour cast outside the region.
        base: what the target would be had nothing happened, frame by frame.
        region: where to look.
        constants: thresholds.
    """
    gap = frames - target
    apart = np.minimum(np.abs(gap).mean(axis=-1), np.abs(frames - base).mean(axis=-1))
    clipped = (frames.max(axis=-1) > _CLIPPED[1]) | (frames.min(axis=-1) < _CLIPPED[0])
    put = region.outside & ~clipped & (apart > constants.extra_level)
    share = put.mean(axis=(1, 2))
    put &= (share <= constants.extra_share)[:, None, None]
    counted = gap * (region.inside | put)[..., None]
    _, height, width, _ = frames.shape
    found = [
        np.abs(tiled(counted, -(-height // side), -(-width // side))).mean(axis=(1, 2, 3), dtype=np.float64)
        for side in constants.scales
    ]
    return Distances(np.stack(found), np.where(share <= constants.extra_share, share, 0.0))


def distances_in_view(target: Floats, frames: Floats, constants: Constants) -> npt.NDArray[np.float64]:
    """Returns how little of the target's view the frames show, shape (reaches, N).

    The target's frame is cut into tiles; each is looked for in the edit's frame, within a reach about its place, and
    the best match counts. With another camera half of the way round, what the target shows is in view, but elsewhere.
    Brightness alone is compared: a framing has no colour.

    Args:
        target: for each frame the moment it is compared with, shape (N, h, w, 3).
        frames: of the same shape.
        constants: how far tiles are looked for.
    """
    wanted, seen = (luma(_small(video)) for video in (target, frames))
    count, height, width = wanted.shape
    rows, columns = -(-height // _SOUGHT_TILE), -(-width // _SOUGHT_TILE)
    found = []
    for share_x, share_y in constants.search:
        reach_x, reach_y = round(share_x * width), round(share_y * height)
        around = np.pad(seen, ((0, 0), (reach_y, reach_y), (reach_x, reach_x)), mode="edge")
        best = np.full((count, rows, columns), np.inf, np.float32)
        for top in range(2 * reach_y + 1):
            for left in range(2 * reach_x + 1):
                moved = around[:, top : top + height, left : left + width]
                np.minimum(best, tiled(np.abs(moved - wanted)[..., None], rows, columns)[..., 0], out=best)
        found.append(best.mean(axis=(1, 2), dtype=np.float64))
    return np.stack(found)


_SOUGHT_TILE = 5
"""Side of the tiles that are looked for, in matched tiles."""
_CLIPPED = (2.0, 253.0)
"""Values beyond were cut off by the 8-bit range, so that a cast cannot be taken out of them."""


def off_path(frames: Floats, base: Floats, target: Floats, inside: Masks) -> npt.NDArray[np.float64]:
    """Returns how much of each frame lies on no straight way from base to target inside the region, shape (N,)."""
    where = tiled(inside[..., None].astype(np.float32), *_tiles_of(inside))
    start = _small(base)
    way = (_small(target) - start) * where
    gone = (_small(frames) - start) * where
    axes = (1, 2, 3)
    length = np.maximum(np.square(way).sum(axis=axes, dtype=np.float64), 1e-6)
    share = np.clip((way * gone).sum(axis=axes, dtype=np.float64) / length, 0, 1)
    rest = np.abs(gone - share[:, None, None, None].astype(np.float32) * way)
    return np.asarray(rest.sum(axis=axes, dtype=np.float64))


def _tiles_of(frames: Floats | Masks) -> tuple[int, int]:
    return -(-frames.shape[1] // _MATCHED_TILE), -(-frames.shape[2] // _MATCHED_TILE)


def _small(frames: Floats) -> Floats:
    return tiled(frames, *_tiles_of(frames))
