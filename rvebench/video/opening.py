"""Opens a file as a video, or says in one sentence why it is none."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from rvebench.errors import VideoError

__all__ = ["OpenVideo", "open_video"]

# A file is read by its content alone, and only as one of these: a playlist or a concat script would make FFmpeg open
# other files and addresses. The audio formats are here so that they are called what they are.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,webp,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,nut,ivf,h264,hevc,"
    "av1,obu,m4v,mjpeg,yuv4mpegpipe,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,wav,mp3,flac,aac,ac3,aiff"
)
_DECODER_THREADS = 4

# PyAV hands FFmpeg's own messages to `logging`; none of them is meant for our users.
logging.getLogger("libav").addHandler(logging.NullHandler())


class OpenVideo(NamedTuple):
    """An open container and the stream in it that is the video."""

    container: InputContainer
    stream: VideoStream
    finished: bool | None
    """The file has its outermost end (AVI's chunk, GIF's end mark); None for formats that are not asked."""


class _ByContent:
    """A file without a name, so that FFmpeg can judge it by nothing but its bytes."""

    name = ""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_video(path: Path) -> Iterator[OpenVideo]:
    """Opens the video stream of a file.

    Raises:
        VideoError: the file is not there, is a folder, is empty, is no video, has no picture, or is cut short so that
            it cannot be opened.
    """
    _check_regular(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise VideoError(f"the file cannot be read: {error.strerror}", where=path) from error
    with file:
        finished = _is_finished(file)
        try:
            container = av.open(_ByContent(file), mode="r", options={"format_whitelist": _FORMATS})
        except (av.error.FFmpegError, ValueError) as error:
            raise _why_not(path, file) from error
        with container:
            stream = _picture_stream(path, container)
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = _DECODER_THREADS
            yield OpenVideo(container, stream, finished)


def _check_regular(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise VideoError("the file is not there", where=path) from None
    except OSError as error:
        raise VideoError(f"the file cannot be read: {error.strerror}", where=path) from error
    if stat.S_ISDIR(status.st_mode):
        raise VideoError("this is a folder, not a video", where=path)
    if not stat.S_ISREG(status.st_mode):
        raise VideoError("this is not a regular file", where=path)
    if status.st_size == 0:
        raise VideoError("the file is empty", where=path)


def _is_finished(file: BinaryIO) -> bool | None:
    head = file.read(8)
    size = file.seek(0, os.SEEK_END)
    finished = None
    if head[:4] == b"RIFF":
        finished = 0 < int.from_bytes(head[4:], "little") <= size - 8
    elif head[:4] == b"GIF8":
        file.seek(max(0, size - 64))
        finished = file.read().rstrip(b"\0\r\n ").endswith(b";")
    file.seek(0)
    return finished


def _why_not(path: Path, file: BinaryIO) -> VideoError:
    """Returns the error for a file that FFmpeg does not open."""
    boxes = _mp4_boxes(file)
    if boxes[:1] == ["ftyp"] and "moov" not in boxes:
        return VideoError(
            "the mp4 has no index (moov): it was cut short or never finished",
            where=path,
            hint="get or encode the file again",
        )
    file.seek(0)
    head = file.read(4096)
    if head and not set(head) - _TEXT:
        return VideoError("this is text, not a video", where=path)
    return VideoError("this is not a video that can be read", where=path, hint="play it to see whether it is whole")


_TEXT = frozenset(range(32, 127)) | {9, 10, 13}


def _mp4_boxes(file: BinaryIO) -> list[str]:
    """Returns the names of the top-level boxes, as far as they can be followed."""
    names: list[str] = []
    offset = 0
    while len(names) < 64:
        file.seek(offset)
        head = file.read(16)
        if len(head) < 8:
            break
        size = int.from_bytes(head[:4], "big")
        names.append(head[4:8].decode("latin-1"))
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:
            break
        offset += size
    return names


def _picture_stream(path: Path, container: InputContainer) -> VideoStream:
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not pictures:
        if container.streams.audio or container.streams.video:
            raise VideoError("there is only sound in this file, no video", where=path)
        raise VideoError("there is no video in this file", where=path)
    stream = pictures[0]
    if stream.codec_context is None:
        raise VideoError("the video's codec is unknown to this FFmpeg", where=path)
    return stream
