"""A frame as an image to encode, shrunk where it is too large; FFmpeg's scaler does the work, outside the GIL.

Shrinking is bicubic, widened so that nothing aliases, in bit-exact mode, on the red, green and blue planes themselves:
no detour over YUV, no halved colour. It differs from Pillow's bicubic by about one level of 256 in places (55 dB), and
costs a quarter of it (docs/results/cost.md).
"""

from __future__ import annotations

import threading

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.lib.array_utils import byte_bounds
from PIL import Image

from rvebench.video.clip import Frames

__all__ = ["SHRINKING", "picture_of"]

SHRINKING = "swscale bicubic rgb exact"
"""How :func:`picture_of` shrinks: part of what decides which pixels are shown."""

_BICUBIC_EXACT = 0x4 | 0x2000 | 0x4000 | 0x40000 | 0x80000
"""SWS_BICUBIC | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND | SWS_BITEXACT."""

_READ_BEYOND = 64
"""Bytes after a picture that FFmpeg's vector code may read."""


class _Scalers(threading.local):
    """A scaler keeps what it worked out for the last sizes and is not safe for threads: two for each thread."""

    def __init__(self) -> None:
        self.shrink = VideoReformatter()
        self.interleave = VideoReformatter()


_SCALERS = _Scalers()


def picture_of(frame_HWC: Frames, size: tuple[int, int]) -> Image.Image:
    """Returns the frame as an image of mode RGBX, whose fourth byte says nothing: Pillow encodes it without a copy.

    Args:
        frame_HWC: RGB.
        size: width and height, no larger than the frame's.
    """
    height, width = frame_HWC.shape[:2]
    picture = _video_frame(frame_HWC)
    if size != (width, height):
        picture = _SCALERS.shrink.reformat(
            picture, width=size[0], height=size[1], format="gbrp", interpolation=_BICUBIC_EXACT, threads=1
        )
    done = _SCALERS.interleave.reformat(picture, format="rgb0", threads=1)  # no flags: they bring a slow way
    plane = done.planes[0]
    # The image looks at the picture's own memory, which the array keeps alive.
    pixels = np.frombuffer(memoryview(plane), np.uint8)
    return Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", plane.line_size, 1)


def _video_frame(frame_HWC: Frames) -> av.VideoFrame:
    """Returns the frame without a copy where something readable lies behind it, else in memory of FFmpeg's own."""
    owner = frame_HWC.base
    if frame_HWC.flags.c_contiguous and isinstance(owner, np.ndarray):
        beyond = byte_bounds(owner)[1] - byte_bounds(frame_HWC)[1]
        if beyond >= _READ_BEYOND:
            return av.VideoFrame.from_numpy_buffer(frame_HWC, format="rgb24")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24")
