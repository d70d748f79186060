"""The clips that raters see: every one written anew by the same encoder with the same settings.

Even a file that browsers play is not passed on as it is: encoder, bit rate, rounding of colours and tags in the
container differ from method to method, and would tell them apart. What stays different is what the method made:
pixels, size (unless above the limit) and length.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from rvebench.errors import VideoError
from rvebench.records import digest_of
from rvebench.study.records import Media
from rvebench.video import Clip, Frames, fit_within, probe_video, read_video, resize_frames, write_video

__all__ = ["CRF", "noise_frames", "write_clip", "write_noise"]

CRF = 16
"""Constant quality of x264: hard to tell from what was read."""

_TIME_LIMIT_S = 600.0
_BLOCK = 16
"""Side of the squares of noise, in pixels: finer noise would make files larger than all others together."""


def write_clip(source: Path, folder: Path, *, label: str, max_side: int) -> Media:
    """Writes a blinded copy of a video: H.264 in mp4, no sound, no tags, at most `max_side` pixels a side.

    Args:
        source: any video that FFmpeg reads.
        folder: where the copy goes; its name there is a digest of `label`.
        label: what the copy is, unique in the study.
        max_side: longer sides are scaled down to this.

    Raises:
        VideoError: the source is no whole video.
        StorageError: the copy cannot be written.
    """
    if not source.is_file():
        raise VideoError("the video is not there", where=source, hint="restore the run's files, or run it again")
    clip = read_video(source, time_limit_s=_TIME_LIMIT_S)
    return _write(clip, _limited(clip.frames_THWC, max_side), folder, label, source)


def write_noise(source: Path, folder: Path, *, label: str, max_side: int, seed: int) -> Media:
    """Writes the source drowned in noise; see :func:`write_clip`."""
    clip = read_video(source, time_limit_s=_TIME_LIMIT_S)
    frames = noise_frames(_limited(clip.frames_THWC, max_side), np.random.default_rng(seed))
    return _write(clip, frames, folder, label, source)


def noise_frames(frames_THWC: Frames, rng: np.random.Generator) -> Frames:
    """Returns the frames under four fifths of coloured noise in squares, new in every frame."""
    count, height, width, _ = frames_THWC.shape
    out = np.empty_like(frames_THWC)
    for index in range(count):
        coarse = rng.integers(0, 256, (-(-height // _BLOCK), -(-width // _BLOCK), 3), dtype=np.uint8)
        noise = coarse.repeat(_BLOCK, 0).repeat(_BLOCK, 1)[:height, :width]
        out[index] = (frames_THWC[index].astype(np.uint16) + 4 * noise.astype(np.uint16)) // 5
    return out


def _limited(frames: Frames, max_side: int) -> Frames:
    height, width = frames.shape[1:3]
    return resize_frames(frames, *fit_within(width, height, max_side, max_side))


def _write(clip: Clip, frames: Frames, folder: Path, label: str, source: Path) -> Media:
    info = probe_video(source)
    aspect = 1 / info.sample_aspect if info.rotation % 180 else info.sample_aspect
    path = folder / f"{digest_of(label)[:24]}.mp4"
    write_video(path, frames, pts_s=clip.pts_s, crf=CRF, sample_aspect=aspect)
    data = path.read_bytes()
    return Media(
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        frames=len(frames),
        fps=clip.fps,
        # As players show it: the writer pads odd sides, and pixels need not be square.
        width=max(1, round((frames.shape[2] + frames.shape[2] % 2) * float(aspect))),
        height=int(frames.shape[1] + frames.shape[1] % 2),
    )
