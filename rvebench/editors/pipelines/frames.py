"""Which source frames a pipeline reads, and at what size: pure arithmetic."""

from __future__ import annotations

import math
from typing import NamedTuple

from rvebench.records import Window

__all__ = ["FrameChoice", "choose_frames", "fit_size"]


class FrameChoice(NamedTuple):
    """The frames a pipeline is given."""

    window: Window
    """The real source frames, each once."""
    padding: int
    """How often the last frame is repeated after them; as many output frames are cut off again."""

    @property
    def indices(self) -> list[int]:
        """Source indices, padding included."""
        real = [self.window.start + step * self.window.stride for step in range(self.window.count)]
        return real + real[-1:] * self.padding


def choose_frames(
    total: int, fps: float, *, asked: Window | None, stride: int, max_frames: int, temporal_factor: int = 4
) -> FrameChoice:
    """Returns the source frames to read.

    Video autoencoders take `factor * k + 1` frames. A longer source is cut to the largest such number; one of fewer
    than `factor + 1` frames is padded by its last frame.

    Args:
        total: frames of the source.
        fps: its frames a second.
        asked: the window the run fixes, if it does.
        stride: source frames per frame read, when the run fixes none.
        max_frames: as many as the model takes.
        temporal_factor: frames per latent frame.

    Raises:
        ValueError: the window starts behind the source's end, or the model takes no frame.
    """
    start, step = (asked.start, asked.stride) if asked else (0, stride)
    there = max(0, -(-(total - start) // step))
    wanted = min(there, max_frames, asked.count if asked else there)
    if wanted < 1:
        raise ValueError(f"no frame to read: the source has {total}, the window starts at {start}")
    count = (wanted - 1) // temporal_factor * temporal_factor + 1 if wanted > temporal_factor else wanted
    padding = -(count - 1) % temporal_factor
    rate = asked.fps if asked else fps / step
    return FrameChoice(Window(start=start, stride=step, count=count, fps=rate), padding)


def fit_size(width: int, height: int, *, max_pixels: int, multiple: int) -> tuple[int, int]:
    """Returns the size nearest to the source's shape with sides of `multiple` and at most `max_pixels`.

    It is never larger than the source by more than rounding.
    """
    scale = min(1.0, math.sqrt(max_pixels / (width * height)))
    sides = [max(multiple, round(side * scale / multiple) * multiple) for side in (width, height)]
    while sides[0] * sides[1] > max_pixels and max(sides) > multiple:
        sides[sides.index(max(sides))] -= multiple
    return sides[0], sides[1]
