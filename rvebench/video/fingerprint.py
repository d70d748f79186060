"""The identity of a video: a hash of its decoded frames, which re-muxing does not change."""

from __future__ import annotations

import hashlib

import numpy as np

from rvebench.video.clip import Clip

__all__ = ["fingerprint"]


def fingerprint(clip: Clip) -> str:
    """Returns the sha256 (64 hex digits) over the shape and the bytes of the frames, in order; times are not part."""
    frames = clip.frames_THWC
    seen = hashlib.sha256(",".join(str(axis) for axis in frames.shape).encode() + b"\n")
    for frame in frames:
        seen.update(np.ascontiguousarray(frame).data)
    return seen.hexdigest()
