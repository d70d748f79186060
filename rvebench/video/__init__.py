"""Video in memory and on disk: read, write, pair frames, fingerprint."""

from __future__ import annotations

from rvebench.video.clip import Clip, Comparison, Frames, Seconds
from rvebench.video.conform import CONFORM_VERSION, conform_video, conforms
from rvebench.video.fingerprint import fingerprint, frames_fingerprint
from rvebench.video.frameplan import FramePair, FramePlan
from rvebench.video.pairing import Indices, align_to_source
from rvebench.video.preview import contact_sheet
from rvebench.video.probe import VideoInfo, probe_video
from rvebench.video.reader import read_video
from rvebench.video.resize import fit_within, match_size, resize_frames
from rvebench.video.writer import write_video

__all__ = [
    "CONFORM_VERSION",
    "Clip",
    "Comparison",
    "FramePair",
    "FramePlan",
    "Frames",
    "Indices",
    "Seconds",
    "VideoInfo",
    "align_to_source",
    "conform_video",
    "conforms",
    "contact_sheet",
    "fingerprint",
    "fit_within",
    "frames_fingerprint",
    "match_size",
    "probe_video",
    "read_video",
    "resize_frames",
    "write_video",
]
