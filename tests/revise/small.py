"""One tiny pipeline for many tests, and clips and settings small enough for it to be quick."""

from __future__ import annotations

from typing import Any

import numpy as np

from rvebench.revise.config import Size
from rvebench.revise.edit import EditSettings, ReviseRequest
from rvebench.revise.pipeline import ReviseEditPipeline
from rvebench.video import Clip, Frames


def frames_of(count: int = 5, *, width: int = 64, height: int = 32, seed: int = 0) -> Frames:
    """Returns smooth moving colours: neighbouring pixels and frames differ little."""
    t, y, x = np.meshgrid(np.arange(count), np.arange(height), np.arange(width), indexing="ij")
    channels = [127 + 120 * np.sin((x * (c + 1) + 3 * y + 5 * t + 17 * seed) / 19.0 + c) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def clip_of(count: int = 5, *, fps: float = 8.0, **shape: int) -> Clip:
    frames = frames_of(count, **shape)
    return Clip(frames_THWC=frames, fps=fps, pts_s=np.arange(count) / fps)


def request_of(instruction: str = "make it rain", *, seed: int = 3, count: int = 5, **shape: int) -> ReviseRequest:
    return ReviseRequest(video=clip_of(count, **shape), instruction=instruction, seed=seed)


def quick(pipeline: ReviseEditPipeline, **changes: Any) -> EditSettings:
    """Two steps over windows of five frames, 64x32."""
    asked: dict[str, Any] = {"steps": 2, "frames": 5, "size": Size(width=64, height=32), "overlap": 1}
    return EditSettings.of(pipeline.config, **(asked | changes))
