"""A decoded video in memory, and what judges and metrics are shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rvebench.records import Sample, Window
from rvebench.video.fingerprint import frames_fingerprint

__all__ = ["Clip", "Comparison", "Frames", "Seconds"]

Frames = npt.NDArray[np.uint8]
"""RGB frames, shape (T, H, W, 3), 0..255."""

Seconds = npt.NDArray[np.float64]
"""Presentation times in seconds, shape (T,), strictly increasing, first 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """One decode of a video, shared by every judge and metric; the arrays are read-only."""

    frames_THWC: Frames
    fps: float
    """Mean frames a second: (T - 1) / (last time - first time), or the container's rate for one frame."""
    pts_s: Seconds
    frames_expected: int | None = None
    """The container's own frame count when it says one and it was not met (`allow_truncated`)."""
    _frames_sha256: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        frames, times = self.frames_THWC, self.pts_s
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or len(frames) == 0:
            raise ValueError(f"frames must be uint8 (T>0, H, W, 3), got {frames.dtype} {frames.shape}")
        if times.shape != (len(frames),):
            raise ValueError(f"{len(frames)} frames but {times.shape} times")
        frames.flags.writeable = False
        times.flags.writeable = False

    def __len__(self) -> int:
        return len(self.frames_THWC)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.frames_THWC.shape[2]), int(self.frames_THWC.shape[1])

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return float(self.pts_s[-1]) + 1.0 / self.fps

    @property
    def frames_sha256(self) -> str:
        """:func:`rvebench.video.frames_fingerprint` of the frames, worked out once for the clip."""
        # No cached_property: before Python 3.12 it has one lock for all clips, and threads would hash in turn.
        if not self._frames_sha256:
            object.__setattr__(self, "_frames_sha256", frames_fingerprint(self.frames_THWC))
        return self._frames_sha256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What a judge or metric is shown of one sample: each video decoded once."""

    sample: Sample
    source: Clip
    edit: Clip
    window: Window | None = None
    """The source frames the editor consumed, when it said."""
    target: Clip | None = None
    mask: Clip | None = None
    """White where the edit should change the source, or where a following shot shows the outcome; one frame serves for
    all."""
    counterfactual: Clip | None = None
    """The target's shot had nothing happened; None where the source shows that."""
