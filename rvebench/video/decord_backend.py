"""The optional second decoder: decord, held at arm's length.

decord is what many published metrics read video with. It is unmaintained and can loop for ever on a container that
over-reports its frames, so it runs in a process that is killed at the time limit. What it hands out is checked and
turned upright exactly as PyAV's frames are. Times come from PyAV: decord rounds them to 32 bits.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from rvebench.errors import UsageError, VideoError
from rvebench.video.clip import Clip, Frames
from rvebench.video.completeness import TRUNCATED_HINT, packet_end_s, shortfall
from rvebench.video.opening import OpenVideo, open_video
from rvebench.video.probe import probe_video
from rvebench.video.timing import mean_fps, presentation_times

__all__ = ["read_with_decord"]


def read_with_decord(
    path: Path, *, allow_truncated: bool, time_limit_s: float, max_frames: int | None, max_bytes: int
) -> Clip:
    """Returns every frame of a video; arguments and errors are those of :func:`rvebench.video.read_video`."""
    if importlib.util.find_spec("decord") is None:
        raise UsageError("the decord backend is not installed", hint="pip install rvebench[decord], or read with pyav")
    info = probe_video(path)
    with open_video(path) as opened, tempfile.TemporaryDirectory(prefix="rvebench-decord-") as name:
        scan = _scan(opened)
        folder = Path(name)
        _run_worker(path, folder, time_limit_s=time_limit_s, max_frames=max_frames, max_bytes=max_bytes)
        frames: Frames = np.load(folder / "frames.npy")
        if frames.shape[1:] != (info.height, info.width, 3):
            raise VideoError(
                f"decord gives {frames.shape[2]}x{frames.shape[1]} pixels, the container says "
                f"{info.width}x{info.height}",
                where=path,
                hint="read it with the pyav backend",
            )
        short = None
        if max_frames is None or len(frames) < max_frames:
            short = shortfall(opened, decoded=len(frames), packets=len(scan.stamps_s), damaged=0, end_s=scan.end_s)
        if short is not None and not allow_truncated:
            raise VideoError(short.text, where=path, hint=TRUNCATED_HINT)
        whole = len(scan.stamps_s) == len(frames) or max_frames is not None
        stamps = scan.stamps_s[: len(frames)] if whole else np.load(folder / "times.npy").tolist()
        times = presentation_times(stamps, rate=info.fps)
        return Clip(
            frames_THWC=frames,
            fps=mean_fps(times, rate=info.fps),
            pts_s=times,
            frames_expected=None if short is None else short.expected,
        )


class _Scan(NamedTuple):
    """What the packets say, without decoding them."""

    stamps_s: list[float]
    """Times of the frames that are shown, in display order."""
    end_s: float


def _scan(opened: OpenVideo) -> _Scan:
    stamps: list[float] = []
    end_s = 0.0
    with contextlib.suppress(av.error.FFmpegError):  # the rest is missing, as the count will tell
        for packet in opened.container.demux():
            end_s = max(end_s, packet_end_s(packet))
            if packet.stream.index == opened.stream.index and packet.size and not packet.is_discard:
                stamps.append(float("nan") if packet.pts is None else float(packet.pts * packet.time_base))
    return _Scan(sorted(stamps), end_s)


def _run_worker(path: Path, folder: Path, *, time_limit_s: float, max_frames: int | None, max_bytes: int) -> None:
    arguments = [str(path.resolve()), str(folder), str(max_frames or 0), str(max_bytes)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "rvebench.video.decord_worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=time_limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise VideoError(
            f"decord took longer than {time_limit_s:g} s and was stopped",
            where=path,
            hint="read it with the pyav backend, or raise the time limit",
        ) from None
    answer: dict[str, str] = {"error": f"its process ended with {done.returncode}"}
    with contextlib.suppress(ValueError):
        answer = json.loads(done.stdout)
    if "error" in answer:
        raise VideoError(
            f"decord cannot decode this: {answer['error']}", where=path, hint="read it with the pyav backend"
        )
