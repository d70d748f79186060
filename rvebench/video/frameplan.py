"""Which frames of source and edit are shown, how large, and how encoded: a value with a hash."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from rvebench.records import Window, digest_of
from rvebench.video.clip import Clip, Frames
from rvebench.video.pairing import align_to_source, spread
from rvebench.video.picture import SHRINKING, picture_of
from rvebench.video.resize import fit_within

__all__ = ["Chroma", "Encoding", "FramePair", "FramePlan", "Pairing", "Policy"]

Policy = Literal["uniform", "all", "first-last"]
"""Frames evenly from first to last; every frame; the two ends."""

Encoding = Literal["jpeg", "webp", "png"]

Chroma = Literal["444", "420"]
"""Colour of a JPEG at full resolution, or at half of it like that of most videos: less to encode and to send."""

Pairing = Literal["window", "time"]
"""By the editor's declared window where there is one, else by time; or always by time."""

_VERSION = 2


class FramePair(NamedTuple):
    """One edit frame and the source frame it answers to."""

    source: int
    """Frame number in the source."""
    edit: int
    """Frame number in the edit."""
    time_s: float
    """Seconds from the start of the edit."""


@dataclass(frozen=True, kw_only=True)
class FramePlan:
    """A choice of frames; equal plans have equal digests, and show the same bytes of the same clip.

    Raises:
        ValueError: a field is out of range.
    """

    k: int = 8
    """Frames of each video, at least 2; a shorter video gives all of its frames. `all` and `first-last` ignore it."""
    policy: Policy = "uniform"
    max_side: int | None = 768
    """Longest side in pixels; larger frames are scaled down, smaller ones never up; None keeps the size."""
    encoding: Encoding = "jpeg"
    quality: int = 90
    """1..100; png ignores it."""
    chroma: Chroma = "444"
    """Of a jpeg; others ignore it."""
    pairing: Pairing = "window"
    version: int = _VERSION
    """Of the rules in this module: raised when the same fields would choose or draw other frames.

    2: frames are shrunk by FFmpeg's scaler; it was Pillow's bicubic filter before, 55 dB from this one.
    """

    def __post_init__(self) -> None:
        if self.k < 2 or not 1 <= self.quality <= 100 or (self.max_side is not None and self.max_side < 1):
            raise ValueError(f"not a frame plan: {self}")
        if self.policy not in ("uniform", "all", "first-last"):
            raise ValueError(f"unknown frame policy {self.policy!r}")
        if self.encoding not in ("jpeg", "webp", "png"):
            raise ValueError(f"unknown frame encoding {self.encoding!r}")
        if self.chroma not in ("444", "420"):
            raise ValueError(f"unknown chroma {self.chroma!r}")
        if self.pairing not in ("window", "time"):
            raise ValueError(f"unknown frame pairing {self.pairing!r}")
        if self.version != _VERSION:
            raise ValueError(f"frame plan version {self.version} is not {_VERSION}, the one this code draws")

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that decides which bytes are shown."""
        return digest_of(self.as_json())

    def as_json(self) -> dict[str, str | int | None]:
        """Returns the fields, for manifests."""
        # Named only where it is not the default: plans from before there was a choice keep their digest.
        chroma = {} if self.chroma == "444" else {"chroma": self.chroma}
        shrinking = {} if self.max_side is None else {"shrinking": SHRINKING}
        return {
            **chroma,
            **shrinking,
            "k": self.k,
            "policy": self.policy,
            "max_side": self.max_side,
            "encoding": self.encoding,
            "quality": self.quality,
            "pairing": self.pairing,
            "version": self.version,
        }

    def indices(self, n: int) -> tuple[int, ...]:
        """Returns the frame numbers shown of a video of `n` frames: rising, the first and the last among them.

        Raises:
            ValueError: `n` is below 1.
        """
        if n < 1:
            raise ValueError(f"a video of {n} frames has none to show")
        wanted = {"uniform": self.k, "all": n, "first-last": 2}[self.policy]
        return tuple(spread(min(wanted, n), n - 1).tolist())

    def pairs(self, source: Clip, edit: Clip, window: Window | None) -> tuple[FramePair, ...]:
        """Returns the edit frames shown, each with its source frame (see :func:`align_to_source`).

        Raises:
            VideoError: the window ends after the source does.
        """
        answers = align_to_source(source, edit, window if self.pairing == "window" else None)
        return tuple(
            FramePair(source=int(answers[index]), edit=index, time_s=float(edit.pts_s[index]))
            for index in self.indices(len(edit))
        )

    @property
    def media_type(self) -> str:
        """MIME type of what :meth:`render` returns."""
        return f"image/{self.encoding}"

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """Returns the width and height at which a frame of a given size is shown."""
        return (width, height) if self.max_side is None else fit_within(width, height, self.max_side, self.max_side)

    def render(self, frame_HWC: Frames) -> bytes:
        """Returns one frame, sized and encoded; the same bytes for the same pixels and versions of PyAV and Pillow."""
        height, width = frame_HWC.shape[:2]
        image = picture_of(frame_HWC, self.shown_size(width, height))
        out = io.BytesIO()
        if self.encoding == "png":
            image.convert("RGB").save(out, "PNG", compress_level=6)
        elif self.encoding == "webp":
            image.convert("RGB").save(out, "WEBP", quality=self.quality, method=4)
        else:
            image.save(out, "JPEG", quality=self.quality, subsampling=0 if self.chroma == "444" else 2)
        return out.getvalue()
