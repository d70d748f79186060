"""Editors that edit nothing: the anchors every judge and metric is seen against.

`copy` gives back the source, `target` the sample's target video, `wrong-sample` another sample's video, `blank` grey
frames. A judge that cannot tell them apart cannot tell editors apart either.
"""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from rvebench.editors.exchange import no_video
from rvebench.errors import RveError
from rvebench.records import EditorInfo, EditRequest, EditResult
from rvebench.taxonomy import Status
from rvebench.video import read_video, write_video

__all__ = ["BlankControl", "CopyControl", "TargetControl", "WrongSampleControl"]

_GREY = 128


class _Control(ABC):
    """What the controls share: one request at a time, failures recorded."""

    INFO: EditorInfo

    @property
    def info(self) -> EditorInfo:
        return self.INFO

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            started = time.monotonic()
            try:
                video = self._make(request)
            except RveError as error:
                yield no_video(request, str(error), started=started)
            except OSError as error:
                yield no_video(request, f"{error.filename or request.out}: {error.strerror}", started=started)
            else:
                yield EditResult(
                    sample_id=request.sample_id,
                    status=Status.OK,
                    video=video,
                    wall_s=time.monotonic() - started,
                )

    @abstractmethod
    def _make(self, request: EditRequest) -> Path: ...


def _copy(video: Path | None, request: EditRequest, absent: str) -> Path:
    if video is None:
        raise RveError(absent)
    out = request.out.with_suffix(video.suffix)
    shutil.copyfile(video, out)
    return out


class CopyControl(_Control):
    """Gives back the source untouched: edit accuracy must be 0, preservation full."""

    INFO = EditorInfo(
        name="copy", version="1", deterministic=True, seeded=False, notes=("control: the source, untouched",)
    )

    def _make(self, request: EditRequest) -> Path:
        return _copy(request.source, request, "the request has no source")


class TargetControl(_Control):
    """Gives back the sample's target video: what a perfect editor would score."""

    INFO = EditorInfo(
        name="target",
        version="1",
        needs=("target",),
        deterministic=True,
        seeded=False,
        notes=("control: the sample's target video",),
    )

    def _make(self, request: EditRequest) -> Path:
        return _copy(request.target, request, "the sample has no target video")


class WrongSampleControl(_Control):
    """Gives back another sample's video: nothing of the source or the instruction is in it."""

    INFO = EditorInfo(
        name="wrong-sample",
        version="1",
        needs=("other",),
        deterministic=True,
        seeded=False,
        notes=("control: the video of another sample",),
    )

    def _make(self, request: EditRequest) -> Path:
        return _copy(request.other, request, "the split has no other sample to take a video from")


class BlankControl(_Control):
    """Gives mid-grey frames of the source's size, length and times."""

    INFO = EditorInfo(
        name="blank",
        version="1",
        deterministic=True,
        seeded=False,
        notes=("control: grey frames of the source's size and length",),
    )

    def _make(self, request: EditRequest) -> Path:
        clip = read_video(request.source)
        grey = np.full_like(clip.frames_THWC[:1], _GREY)
        out = request.out.with_suffix(".mp4")
        write_video(out, np.broadcast_to(grey, clip.frames_THWC.shape), pts_s=clip.pts_s)
        return out
