"""Turns a stored picture upright, as the display matrix of its container says."""

from __future__ import annotations

from typing import NamedTuple

import av
import numpy as np
from av.sidedata.sidedata import SideData

from rvebench.video.clip import Frames

__all__ = ["UPRIGHT", "Orientation", "orientation_of"]


class Orientation(NamedTuple):
    """Transpose first, then mirror."""

    transpose: bool
    flip_x: bool
    flip_y: bool

    def apply(self, picture_HWC: Frames) -> Frames:
        """Returns the upright picture, contiguous."""
        if self == UPRIGHT:
            return picture_HWC
        turned = picture_HWC.transpose(1, 0, 2) if self.transpose else picture_HWC
        turned = turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return np.ascontiguousarray(turned)

    @property
    def degrees(self) -> int:
        """Clockwise turn from the stored to the shown picture (0, 90, 180, 270), made before any left-right mirror."""
        if self.transpose:
            return 270 if self.flip_y else 90
        return 180 if self.flip_y else 0

    @property
    def mirrored(self) -> bool:
        """Left and right are swapped after the turn."""
        plain = self.flip_x != self.flip_y if self.transpose else self.flip_x == self.flip_y
        return not plain


UPRIGHT = Orientation(False, False, False)

_QUARTERS = (
    UPRIGHT,
    Orientation(True, False, True),
    Orientation(False, True, True),
    Orientation(True, True, False),
)
"""By quarter turns to the left."""


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Returns how to turn a decoded frame; an odd angle counts as the nearest quarter turn."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # PyAV lists side data only when it knows every kind in it; it does not know EXIF. A mirror is lost then.
        return _QUARTERS[round(frame.rotation / 90) % 4]
    if not isinstance(data, SideData):
        return UPRIGHT
    # The matrix (a b u; c d v; x y w) sends the stored point (p, q) to (a p + c q, b p + d q), y downwards.
    a, b, _, c, d = np.frombuffer(bytes(memoryview(data)), np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)
