"""Makes any readable video into what the rest of the house keeps: H.264 yuv420p in mp4.

A file that is that already keeps its bytes, sound included, so that nothing is lost to a second encoding: an untouched
copy stays equal to its source. Everything else is decoded and encoded again at high quality, without sound.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from rvebench.errors import StorageError
from rvebench.storage import promote
from rvebench.video.clip import Clip
from rvebench.video.probe import VideoInfo, probe_video
from rvebench.video.reader import read_video
from rvebench.video.writer import temporary_beside, write_video

__all__ = ["CONFORM_CRF", "CONFORM_VERSION", "conform_video", "conforms"]

CONFORM_CRF = 12

CONFORM_VERSION = f"1 (h264 yuv420p, crf {CONFORM_CRF})"
"""Part of a run's identity: raised when the same output would be normalised to other frames."""


def conforms(info: VideoInfo) -> bool:
    """Tells whether a video may keep its bytes.

    Pixels need not be square: frames are the stored pixels everywhere, and players follow the aspect in the file.
    """
    return (
        "mp4" in info.container.split(",")
        and info.codec == "h264"
        and info.pix_fmt == "yuv420p"
        and info.colour_range != "full"
        and (info.rotation, info.mirrored) == (0, False)
        and info.width % 2 == info.height % 2 == 0
    )


def conform_video(source: Path, out: Path, *, time_limit_s: float) -> Clip:
    """Writes `source` as H.264 yuv420p mp4 to `out`, and returns the frames of `out`.

    Args:
        source: any video, GIF or image that FFmpeg reads.
        out: the file to write or replace; its folder exists. It appears only when it was decoded to its end.
        time_limit_s: wall time for all decoding.

    Raises:
        VideoError: `source` is no whole video, or takes too long.
        StorageError: `out` cannot be written.
    """
    deadline = time.monotonic() + time_limit_s
    info = probe_video(source)
    with temporary_beside(out) as temporary:
        if conforms(info):
            try:
                shutil.copyfile(source, temporary)
                temporary.chmod(0o644)
            except OSError as error:
                raise StorageError(f"cannot copy the video: {error.strerror or error}", where=out) from error
        else:
            clip = read_video(source, time_limit_s=_left_s(deadline))
            write_video(
                temporary,
                clip.frames_THWC,
                pts_s=clip.pts_s,
                fps=None,
                crf=CONFORM_CRF,
                sample_aspect=1 / info.sample_aspect if info.rotation % 180 else info.sample_aspect,
            )
            del clip
        written = read_video(temporary, time_limit_s=_left_s(deadline))
        promote(temporary, out)
        return written


def _left_s(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)
