"""Where the edit should be, and where nothing should have changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rvebench.judges.reference.constants import Constants
from rvebench.judges.reference.views import Floats, Masks, Views, peak, smooth

__all__ = ["Region", "find_region"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """The places an edit is measured in, frame by frame."""

    inside: Masks
    """Where base and target differ, or the mask; shape (N, h, w). The whole frame for a global edit."""
    outside: Masks
    """Where base and target agree, away from the region; empty for a global edit."""
    weight: Floats
    """How much there is to change in each frame, 0..1 of the frame with most; 0: nothing. Shape (N,)."""
    is_global: bool
    from_mask: bool
    reframed: bool = False
    """A following shot that is compared as a whole: another camera, so that nothing need be in its place."""

    @property
    def share(self) -> float:
        """Share of the frame that is inside, over the frames that count."""
        return float(np.average(self.inside.mean(axis=(1, 2)), weights=self.weight)) if self.weight.any() else 0.0


def _grown(mask: Masks, by: int) -> Masks:
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(mask, (1, 2 * by + 1, 2 * by + 1)), bool)


def find_region(views: Views, constants: Constants, *, whole_frame: bool) -> Region | None:
    """Returns where the sample's edit is, from its mask or from where base and target differ.

    The base is what the target would be had nothing happened: the source, or the sample's counterfactual. Places
    outside the mask where base and target differ too (a shadow the mask forgot) belong to neither side: an
    edit is not blamed there. A mask in which nothing changes is not used.

    Args:
        views: the frames.
        constants: thresholds.
        whole_frame: treat the edit as global whatever differs (a following shot without a mask).

    Returns:
        The region, or None when target and base are equal: there is nothing to change.
    """
    change = peak(np.abs(views.target.calm - views.base.calm))
    changed = smooth(change, constants.change_window) > constants.change_level
    if whole_frame:
        whole = np.ones_like(changed)
        return _region(whole, ~whole, change, constants, is_global=True, reframed=True)
    if views.mask is not None:
        outside = ~_grown(changed | views.mask, constants.margin)
        region = _region(views.mask, outside, change, constants, from_mask=True)
        if region is not None:
            return region if _has_outside(region, constants) else _all(changed, change, constants, from_mask=True)
    region = _region(changed, ~_grown(changed, constants.margin), change, constants)
    if region is None or _has_outside(region, constants):
        return region
    return _all(changed, change, constants, from_mask=False)


def _has_outside(region: Region, constants: Constants) -> bool:
    share = region.outside.mean(axis=(1, 2))
    return float(np.average(share, weights=region.weight)) >= constants.min_outside_share


def _all(changed: Masks, change: Floats, constants: Constants, *, from_mask: bool) -> Region | None:
    whole = np.ones_like(changed)
    return _region(whole, np.zeros_like(whole), change, constants, is_global=True, from_mask=from_mask)


def _region(
    inside: Masks,
    outside: Masks,
    change: Floats,
    constants: Constants,
    *,
    is_global: bool = False,
    from_mask: bool = False,
    reframed: bool = False,
) -> Region | None:
    pixels = inside.sum(axis=(1, 2))
    total = np.where(inside, change, 0).sum(axis=(1, 2), dtype=np.float64)
    enough = pixels >= np.maximum(1, constants.min_changed_share * inside[0].size)
    enough &= total / np.maximum(pixels, 1) >= constants.min_mask_change
    total = np.where(enough, total, 0)
    if not total.any():
        return None
    return Region(
        inside=inside,
        outside=outside,
        weight=(total / total.max()).astype(np.float32),
        is_global=is_global,
        from_mask=from_mask,
        reframed=reframed,
    )
