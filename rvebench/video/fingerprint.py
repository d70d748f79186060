"""The identity of a video: a hash of its decoded frames, which re-muxing does not change."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rvebench.video.clip import Clip, Frames

__all__ = ["fingerprint", "frames_fingerprint"]


def fingerprint(clip: Clip) -> str:
    """Returns :func:`frames_fingerprint` of a clip's frames, worked out once for the clip; times are not part."""
    return clip.frames_sha256


def frames_fingerprint(frames_THWC: Frames) -> str:
    """Returns the sha256 (64 hex digits) over the shape and the bytes of the frames, in order."""
    seen = hashlib.sha256(",".join(str(axis) for axis in frames_THWC.shape).encode() + b"\n")
    for frame in frames_THWC:
        seen.update(np.ascontiguousarray(frame).data)
    return seen.hexdigest()
