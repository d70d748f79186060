"""What a container says of its video, without decoding more than one frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from rvebench.errors import VideoError
from rvebench.video.colour import colour_space_name
from rvebench.video.opening import OpenVideo, open_video
from rvebench.video.orientation import orientation_of

__all__ = ["VideoInfo", "declared_frames", "nominal_rate", "probe_video"]

_RANGES = {1: "limited", 2: "full"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """One video as its container describes it."""

    width: int
    """Pixels across, upright."""
    height: int
    """Pixels down, upright."""
    fps: float
    """Mean frames a second as the container says."""
    frames: int | None
    """The container's own count; None when it keeps none."""
    duration_s: float | None
    container: str
    """FFmpeg's name of the format, `mov,mp4,...` for mp4."""
    codec: str
    pix_fmt: str
    rotation: int
    """Degrees clockwise from the stored to the shown picture."""
    mirrored: bool
    """The shown picture is also mirrored."""
    sample_aspect: Fraction
    """Width by height of one pixel; frames keep the stored pixels, whatever it is."""
    colour_space: str
    """bt709, bt601, bt2020, smpte240m, fcc, rgb or unspecified."""
    colour_range: str
    """limited, full or unspecified."""
    has_audio: bool


def probe_video(path: Path) -> VideoInfo:
    """Returns what the container says; decodes the first frame, and no more.

    Raises:
        VideoError: the file cannot be opened as a video, or holds no frame.
    """
    with open_video(path) as opened:
        frame = _first_frame(path, opened)
        container, stream, _ = opened
        orientation = orientation_of(frame)
        width, height = (frame.height, frame.width) if orientation.transpose else (frame.width, frame.height)
        return VideoInfo(
            width=width,
            height=height,
            fps=nominal_rate(opened),
            frames=declared_frames(opened),
            duration_s=_duration_s(opened),
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            pix_fmt=frame.format.name,
            rotation=orientation.degrees,
            mirrored=orientation.mirrored,
            sample_aspect=Fraction(stream.sample_aspect_ratio or 1),
            colour_space=colour_space_name(int(frame.colorspace)),
            colour_range=_RANGES.get(int(frame.color_range), "unspecified"),
            has_audio=bool(container.streams.audio),
        )


def _first_frame(path: Path, opened: OpenVideo) -> av.VideoFrame:
    try:
        for frame in opened.container.decode(opened.stream):
            return frame
    except av.error.FFmpegError as error:
        raise VideoError(
            "no frame can be decoded", where=path, hint="the file is cut short or damaged: get it again"
        ) from error
    raise VideoError("there is no frame in this video", where=path)


def nominal_rate(opened: OpenVideo) -> float:
    """Returns the container's frames a second, 25 when it says none."""
    for rate in (opened.stream.average_rate, opened.stream.guessed_rate):
        if rate is not None and 0 < rate < 100_000:
            return float(rate)
    return 25.0


def _duration_s(opened: OpenVideo) -> float | None:
    container, stream, _ = opened
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000


def declared_frames(opened: OpenVideo) -> int | None:
    """Returns how many frames the container promises to show; None when it keeps no count.

    In mp4 that is the sample table less what the edit list hides. In AVI it is the index less the empty chunks that
    mean "show the last picture again"; the header's count, which muxers write as a duration, speaks only for a file
    that was cut short.
    """
    container, stream, finished = opened
    kinds = container.format.name.split(",")
    if "mp4" in kinds:
        return sum(not entry.is_discard for entry in stream.index_entries) or stream.frames or None
    if "avi" in kinds and finished:
        return sum(entry.size > 0 for entry in stream.index_entries) or stream.frames or None
    return stream.frames or None
