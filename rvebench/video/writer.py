"""Writes frames as H.264 in mp4, so that the same frames give the same file.

x264 with its default rate control gives other pictures each time it runs, even on one thread; without macroblock-tree
rate control and on one thread it does not. Encoder, colours and container are fixed here, and nobody may choose:
yuv420p, BT.709 limited range and tagged so, index in front, times to 1/90000 s.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rvebench.errors import StorageError, UsageError
from rvebench.storage import promote
from rvebench.video.clip import Frames, Seconds
from rvebench.video.colour import BT709, LIMITED_RANGE, to_yuv420

__all__ = ["DEFAULT_CRF", "temporary_beside", "write_video"]

DEFAULT_CRF = 16
_DEFAULT_FPS = 25.0
_TICKS_A_SECOND = 90_000
_KEYFRAME_EVERY = 48


def write_video(
    path: Path,
    frames_THWC: Frames,
    *,
    fps: float | None = None,
    pts_s: Seconds | None = None,
    crf: int = DEFAULT_CRF,
    sample_aspect: Fraction = Fraction(1),
) -> None:
    """Writes an mp4; the same frames, times and quality give the same bytes.

    H.264 4:2:0 has even sides only: an odd side is padded by repeating its last line, so that the video read back is
    one pixel larger there (see :func:`match_size`).

    Args:
        path: the file to write or replace; its folder exists. Readers never see a half one.
        frames_THWC: uint8 RGB, (T > 0, H, W, 3).
        fps: constant frames a second; 25 when neither it nor `pts_s` is given.
        pts_s: the time of each frame, strictly increasing, first 0, for a varying rate; not together with `fps`.
        crf: constant quality of x264, 0 (largest) to 51; 16 is hard to tell from the original.
        sample_aspect: width by height of one pixel.

    Raises:
        UsageError: frames, times or quality are not as above.
        StorageError: the file cannot be written; an old one is untouched.
    """
    frames = _checked_frames(path, frames_THWC)
    if not 0 <= crf <= 51:
        raise UsageError(f"a crf of {crf} is not within 0..51", where=path)
    rate, ticks, time_base = _clock(path, len(frames), fps, pts_s)
    with temporary_beside(path) as temporary:
        try:
            _encode(temporary, frames, rate=rate, ticks=ticks, time_base=time_base, crf=crf, aspect=sample_aspect)
        except (av.error.FFmpegError, OSError) as error:
            raise StorageError(
                f"cannot write the video: {error.strerror or error}",
                where=path,
                hint="free some space or choose another folder",
            ) from error
        temporary.chmod(0o644)
        promote(temporary, path)


@contextlib.contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """Yields an empty file in the folder of `path`; removes it in the end, unless it was moved away.

    Raises:
        StorageError: the folder takes no file.
    """
    try:
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed at once: only the name is wanted
            prefix=f".{path.name}.", suffix=".tmp.mp4", dir=path.parent, delete=False
        )
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror or error}", where=path) from error
    handle.close()
    temporary = Path(handle.name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _checked_frames(path: Path, frames_THWC: Frames) -> Frames:
    shape = frames_THWC.shape
    if frames_THWC.dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or 0 in shape:
        raise UsageError(f"frames must be uint8 (T, H, W, 3), got {frames_THWC.dtype} {shape}", where=path)
    return frames_THWC


def _clock(
    path: Path, count: int, fps: float | None, pts_s: Seconds | None
) -> tuple[Fraction, npt.NDArray[np.int64], Fraction]:
    """Returns the nominal rate, each frame's time in ticks, and the length of a tick."""
    if pts_s is None:
        exact = _DEFAULT_FPS if fps is None else fps
        if not 0.001 <= exact <= 1000:
            raise UsageError(f"{exact} frames a second cannot be written", where=path)
        rate = Fraction(exact).limit_denominator(1001)
        return rate, np.arange(count, dtype=np.int64), 1 / rate
    if fps is not None:
        raise UsageError("a video has either a rate (fps) or times (pts_s)", where=path)
    times = np.asarray(pts_s, np.float64)
    if times.shape != (count,) or not np.isfinite(times).all() or bool((np.diff(times) <= 0).any()):
        raise UsageError(f"{count} frames need as many strictly increasing times", where=path)
    if count == 1:
        return _clock(path, count, None, None)
    rate = Fraction((count - 1) / float(times[-1] - times[0])).limit_denominator(1001)
    even = np.arange(count) / float(rate)
    if rate > 0 and bool(np.abs(times - times[0] - even).max() < 0.5e-4):
        return rate, np.arange(count, dtype=np.int64), 1 / rate
    ticks = np.rint((times - times[0]) * _TICKS_A_SECOND).astype(np.int64)
    # Two times within one tick: keep them apart by the least there is.
    ticks = np.maximum.accumulate(ticks - np.arange(count)) + np.arange(count)
    return max(rate, Fraction(1, 1000)), ticks, Fraction(1, _TICKS_A_SECOND)


def _encode(
    path: Path,
    frames: Frames,
    *,
    rate: Fraction,
    ticks: npt.NDArray[np.int64],
    time_base: Fraction,
    crf: int,
    aspect: Fraction,
) -> None:
    height, width = frames.shape[1:3]
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream: VideoStream = container.add_stream(
            "libx264",
            rate=rate,
            options={
                "preset": "medium",
                "crf": str(crf),
                "g": str(_KEYFRAME_EVERY),
                "x264-params": "threads=1:mbtree=0",
            },
        )
        context = stream.codec_context
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuv420p"
        context.time_base = time_base
        context.thread_count = 1
        context.sample_aspect_ratio = aspect
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        scaler = VideoReformatter()
        for picture, tick in zip(frames, ticks.tolist(), strict=True):
            padded = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            frame = to_yuv420(np.ascontiguousarray(padded), scaler)
            frame.pts, frame.time_base = tick, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
