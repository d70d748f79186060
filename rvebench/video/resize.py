"""Changes the size of frames, the same way each time."""

from __future__ import annotations

import numpy as np
from PIL import Image

from rvebench.video.clip import Frames

__all__ = ["fit_within", "match_size", "resize_frames"]


def resize_frames(frames_THWC: Frames, width: int, height: int) -> Frames:
    """Returns the frames at another size: Pillow's bicubic filter, widened when shrinking so that nothing aliases.

    Raises:
        ValueError: a side is below 1.
    """
    if width < 1 or height < 1:
        raise ValueError(f"cannot resize to {width}x{height}")
    count, old_height, old_width, _ = frames_THWC.shape
    if (old_width, old_height) == (width, height):
        return frames_THWC
    out = np.empty((count, height, width, 3), np.uint8)
    for index, frame in enumerate(frames_THWC):
        image = Image.fromarray(np.ascontiguousarray(frame))
        out[index] = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return out


def match_size(frames_THWC: Frames, width: int, height: int) -> Frames:
    """Returns the frames at the size of what they are compared with.

    The writer pads odd sides by one repeated line (H.264 4:2:0 has even sides only): frames that are larger by
    nothing but that line are cropped, all others are resized.
    """
    _, old_height, old_width, _ = frames_THWC.shape
    if (old_width, old_height) == (width + width % 2, height + height % 2):
        return frames_THWC[:, :height, :width]
    return resize_frames(frames_THWC, width, height)


def fit_within(width: int, height: int, max_width: int, max_height: int) -> tuple[int, int]:
    """Returns the largest size of the same shape inside a box, never larger than the picture itself."""
    scale = min(1.0, max_width / width, max_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
