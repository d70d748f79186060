"""Video in memory and on disk: read, write, pair frames, fingerprint."""

from __future__ import annotations

from rvebench.video.clip import Clip, Comparison, Frames, Seconds

__all__ = ["Clip", "Comparison", "Frames", "Seconds"]
