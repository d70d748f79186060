"""Gives an edit the source's detail back where it left the source as it was.

A small model at a small size loses much of a picture that it was never asked to change. The loss is known: it is the
source less what the autoencoder and the way to its size and back make of the source. It is added to the edit, with a
weight that falls from 1 to 0 as the edit departs from the coded source, so that nothing of what was there shines
through a change. An edit that changes nothing is then the source, bit for bit.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from rvebench.errors import UsageError
from rvebench.revise.sampling.sizing import SizePlan
from rvebench.video import Frames

__all__ = ["Detail", "restore_detail"]

Detail = Literal["model", "source"]

_SAME, _OTHER = 8, 32
"""Levels of 255: a difference up to the first is no change, one from the second on is nothing but change."""
_REACH = 3
"""Side, in the model's pixels, of the block whose largest difference counts at its middle."""


def restore_detail(
    edit_THWC: Frames, coded_THWC: Frames, source_THWC: Frames, size: SizePlan, *, keep_size: bool = True
) -> Frames:
    """Returns the edit with the source's detail where it does not differ from the coded source.

    Args:
        edit_THWC: at the model's size, uint8.
        coded_THWC: the source through the autoencoder, of the same shape.
        source_THWC: the source's frames at its own size, as many.
        size: how the source was brought to the model's size.
        keep_size: return frames of the source's size; otherwise of the model's.

    Raises:
        UsageError: the clips differ in length or size.
    """
    if not len(edit_THWC) == len(coded_THWC) == len(source_THWC) or edit_THWC.shape != coded_THWC.shape:
        raise UsageError(
            f"detail needs clips of one length: edit {edit_THWC.shape}, coded {coded_THWC.shape}, "
            f"source {source_THWC.shape}"
        )
    change = np.abs(edit_THWC.astype(np.int16) - coded_THWC).max(axis=-1)
    change = ndimage.maximum_filter(change, size=(1, _REACH, _REACH))
    share = np.clip((change.astype(np.float32) - _SAME) / (_OTHER - _SAME), 0, 1)
    kept_THW1 = (255 - (share * 255).round()).astype(np.uint8)[..., None]
    kept = np.repeat(kept_THW1, 3, axis=-1)
    if keep_size:
        whole = source_THWC
        edit, coded, kept = (size.from_model(clip, source_THWC) for clip in (edit_THWC, coded_THWC, kept))
        if size.fit == "crop":
            kept[:] = _outside(size, kept, 255)
    else:
        whole, edit, coded = size.to_model(source_THWC), edit_THWC, coded_THWC
    lost = whole.astype(np.float32) - coded
    restored: Frames = np.clip(edit + lost * (kept.astype(np.float32) / 255), 0, 255).round().astype(np.uint8)
    return restored


def _outside(size: SizePlan, kept_THWC: Frames, value: int) -> Frames:
    """Returns the weights with `value` outside the part that was edited, where edit and coded are the source anyway."""
    whole = np.full_like(kept_THWC, value)
    size.taken.cut(whole)[:] = size.taken.cut(kept_THWC)
    return whole
