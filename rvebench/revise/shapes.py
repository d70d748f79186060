"""Clip shapes that the model takes: sizes with the width first, and 4n + 1 frames."""

from __future__ import annotations

from dataclasses import dataclass

from rvebench.errors import UsageError

__all__ = ["SIZE_MULTIPLE", "Size", "check_frames"]

SIZE_MULTIPLE = 32
"""Width and height are multiples of this: 8 pixels a latent, 4 latents a source token."""


def check_frames(frames: int) -> int:
    """Returns `frames` when it is 4n + 1, the clip lengths that the causal VAE takes.

    Raises:
        UsageError: it is not; the hint names the two nearest lengths.
    """
    if frames < 1 or frames % 4 != 1:
        lower = max(1, (frames - 1) // 4 * 4 + 1)
        raise UsageError(
            f"{frames} frames cannot be encoded: a clip has 4n + 1 frames",
            hint=f"use {lower} or {lower + 4}" if frames >= 1 else "use 1, 5, 9, 13 or 17",
        )
    return frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A frame size in pixels: width first, always by name, both multiples of 32."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise UsageError(f"the size {self.width}x{self.height} (width x height) is empty")
        if self.width % SIZE_MULTIPLE or self.height % SIZE_MULTIPLE:
            near = Size.nearest(width=self.width, height=self.height)
            raise UsageError(
                f"the size {self.width}x{self.height} (width x height) is not a multiple of {SIZE_MULTIPLE}",
                hint=f"the nearest that works is {near}",
            )

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def nearest(cls, *, width: int, height: int) -> Size:
        """Returns the size whose sides are the nearest multiples of 32 (32 at least)."""
        width, height = (max(SIZE_MULTIPLE, round(side / SIZE_MULTIPLE) * SIZE_MULTIPLE) for side in (width, height))
        return cls(width=width, height=height)

    @classmethod
    def parse(cls, text: str) -> Size:
        """Reads `"640x352"`: width, an x, height.

        Raises:
            UsageError: the text is of another form, or a side is not a multiple of 32.
        """
        width, _, height = text.lower().partition("x")
        if not (width.strip().isdecimal() and height.strip().isdecimal()):
            raise UsageError(f"the size {text!r} is not of the form WIDTHxHEIGHT", hint="write for example 640x352")
        return cls(width=int(width), height=int(height))
