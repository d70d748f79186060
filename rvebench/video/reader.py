"""Reads a whole video into a :class:`Clip`, or says what is wrong with it.

A video that ends before its container says so is an error that names both numbers: FFmpeg itself would hand out
the frames there are and call it done, and every score of a half video would look like a score of the whole one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
import numpy as np

from rvebench.errors import UsageError, VideoError
from rvebench.video.clip import Clip, Frames
from rvebench.video.colour import Matrix, RgbConverter
from rvebench.video.completeness import TRUNCATED_HINT, packet_end_s, shortfall
from rvebench.video.opening import OpenVideo, open_video
from rvebench.video.orientation import UPRIGHT, Orientation, orientation_of
from rvebench.video.probe import declared_frames, nominal_rate
from rvebench.video.timing import mean_fps, presentation_times

__all__ = ["MAX_DECODED_BYTES", "Backend", "read_video"]

Backend = Literal["pyav", "decord"]

MAX_DECODED_BYTES = 8 << 30
"""Frames of one clip that are held at most: 8 GiB, which is 22,000 frames of 480x270."""


def read_video(
    path: Path,
    *,
    backend: Backend = "pyav",
    allow_truncated: bool = False,
    time_limit_s: float = 120.0,
    max_frames: int | None = None,
    max_bytes: int = MAX_DECODED_BYTES,
    matrix: Matrix = "tagged",
) -> Clip:
    """Returns every frame of a video (or the one of an image), upright, as RGB.

    Pixels are the stored ones, also where they are not square (see :attr:`VideoInfo.sample_aspect`); transparency is
    laid over black; a picture that changes its size midway is scaled to the first size.

    Args:
        path: any video, GIF or image that FFmpeg reads; judged by content, not by name.
        backend: `decord` decodes in a process of its own, needs the extra `decord`, and gives the same frames.
        allow_truncated: take what can be decoded, and put the promised count into :attr:`Clip.frames_expected`.
        time_limit_s: wall time after which decoding is given up, looked at between frames.
        max_frames: stop after that many frames; what follows is neither read nor checked.
        max_bytes: size of the decoded frames above which the video is refused.
        matrix: `bt601` ignores the stream's colour tags as OpenCV does; only for comparing with tools that use it.

    Raises:
        VideoError: the file is not there, is no video, holds no frame, is cut short or damaged, is too large, or
            takes too long.
        UsageError: the backend is not installed, or an argument is out of range.
    """
    if not time_limit_s > 0 or (max_frames is not None and max_frames < 1):
        raise UsageError(f"a time limit of {time_limit_s} s and {max_frames} frames cannot be read", where=path)
    path = Path(path)
    deadline = time.monotonic() + time_limit_s
    if matrix != "tagged" and backend != "pyav":
        raise UsageError(f"the backend {backend} believes a stream's colour tags", where=path, hint="use pyav")
    if backend == "decord":
        from rvebench.video.decord_backend import read_with_decord

        return read_with_decord(
            path,
            allow_truncated=allow_truncated,
            time_limit_s=time_limit_s,
            max_frames=max_frames,
            max_bytes=max_bytes,
        )
    if backend != "pyav":
        raise UsageError(f"unknown video backend {backend!r}", hint="use pyav or decord")
    with open_video(path) as opened:
        promised = declared_frames(opened)
        store = _Store(path, max_bytes=max_bytes, expected=_sooner(promised, max_frames))
        decode = _Decode(
            path, opened, store, deadline=deadline, time_limit_s=time_limit_s, max_frames=max_frames, matrix=matrix
        )
        decode.run()
        short = None
        if not decode.stopped_early:
            tally = decode.tally
            short = shortfall(
                opened, decoded=len(store), packets=tally.packets, damaged=tally.damaged, end_s=tally.end_s
            )
        if len(store) == 0:
            raise _no_frame(path, promised)
        if short is not None and not allow_truncated:
            raise VideoError(short.text, where=path, hint=TRUNCATED_HINT)
        times = presentation_times(decode.tally.stamps_s, rate=nominal_rate(opened))
        return Clip(
            frames_THWC=store.take(),
            fps=mean_fps(times, rate=nominal_rate(opened)),
            pts_s=times,
            frames_expected=None if short is None else short.expected,
        )


def _sooner(promised: int | None, wanted: int | None) -> int | None:
    known = [count for count in (promised, wanted) if count is not None]
    return min(known) if promised is not None else None


def _no_frame(path: Path, promised: int | None) -> VideoError:
    said = "" if promised is None else f", although the container promises {promised}"
    return VideoError(f"no frame can be decoded{said}", where=path, hint="get or encode the file again")


class _Store:
    """Frames in one array, which grows in place while the count is not known."""

    def __init__(self, path: Path, *, max_bytes: int, expected: int | None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._expected = expected
        self._frames: Frames | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def check_size(self, width: int, height: int) -> None:
        """Refuses a video that could not be held, before its first frame is decoded."""
        size = width * height * 3 * (self._expected or 1)
        if size > self._max_bytes:
            many = "a frame" if self._expected is None else f"{self._expected} frames"
            raise self._too_large(f"{many} of {width}x{height}", size)

    def _too_large(self, what: str, size: int) -> VideoError:
        return VideoError(
            f"the decoded video is too large: {what} take {size / 2**30:.1f} GiB of at most "
            f"{self._max_bytes / 2**30:.1f} GiB",
            where=self._path,
            hint="cut it or scale it down first",
        )

    def append(self, picture_HWC: Frames) -> None:
        """Adds one picture; all have one size."""
        if self._frames is None:
            self._frames = np.empty((min(self._expected or 32, 1 << 16), *picture_HWC.shape), np.uint8)
        size = (self._count + 1) * picture_HWC.nbytes
        if size > self._max_bytes:
            raise self._too_large(f"more than {self._count} frames", size)
        if self._count == len(self._frames):
            more = self._count + max(self._count // 2, 32)
            self._frames.resize((more, *picture_HWC.shape), refcheck=False)
        self._frames[self._count] = picture_HWC
        self._count += 1

    def take(self) -> Frames:
        """Returns the frames; the store is empty afterwards."""
        frames, self._frames = self._frames, None
        assert frames is not None
        if len(frames) != self._count:
            frames.resize((self._count, *frames.shape[1:]), refcheck=False)
        return frames


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What was met on the way."""

    packets: int = 0
    """Packets of the video, the empty ones not counted."""
    damaged: int = 0
    """Packets that could not be decoded, and frames that the decoder marked as corrupt."""
    end_s: float = 0.0
    """Latest end of anything in the file, sound included."""
    stamps_s: list[float | None] = field(default_factory=list)


class _Decode:
    """One pass over the packets of a file."""

    def __init__(
        self,
        path: Path,
        opened: OpenVideo,
        store: _Store,
        *,
        deadline: float,
        time_limit_s: float,
        max_frames: int | None,
        matrix: Matrix,
    ) -> None:
        self._path = path
        self._opened = opened
        self._store = store
        self._deadline = deadline
        self._time_limit_s = time_limit_s
        self._max_frames = max_frames
        self._convert = RgbConverter(matrix)
        self._size: tuple[int, int] | None = None
        self._turn: Orientation = UPRIGHT
        self.tally = _Tally()
        self.stopped_early = False

    def run(self) -> None:
        """Decodes until the end of the file, the wanted count, or the time limit."""
        container, stream, _ = self._opened
        self._store.check_size(stream.codec_context.width, stream.codec_context.height)
        packets = container.demux()
        while True:
            self._check_time()
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.tally.damaged += 1
                return
            self.tally.end_s = max(self.tally.end_s, packet_end_s(packet))
            if packet.stream.index != stream.index:
                continue
            self.tally.packets += packet.size > 0
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:
                self.tally.damaged += 1
                continue
            for picture in pictures:
                if isinstance(picture, av.VideoFrame):
                    self._keep(picture)
                if self._max_frames is not None and len(self._store) >= self._max_frames:
                    self.stopped_early = True
                    return

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise VideoError(
                f"decoding took longer than {self._time_limit_s:g} s: {len(self._store)} frames were done",
                where=self._path,
                hint="raise the time limit, or cut the video",
            )

    def _keep(self, picture: av.VideoFrame) -> None:
        self._check_time()
        if self._size is None:
            self._size = (picture.width, picture.height)
            self._turn = orientation_of(picture)
            self._store.check_size(*self._size)
        self.tally.damaged += picture.is_corrupt
        stamp = None if picture.pts is None or picture.time_base is None else float(picture.pts * picture.time_base)
        self.tally.stamps_s.append(stamp)
        try:
            rgb = self._convert(picture, *self._size)
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoError(
                f"pictures of the kind {picture.format.name} cannot be converted to RGB", where=self._path
            ) from error
        self._store.append(self._turn.apply(rgb))
