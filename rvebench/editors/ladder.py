"""`ladder:RUNG`: a pseudo-edit of known quality, for samples of the rendered world."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from rvebench.editors.exchange import no_video
from rvebench.errors import RveError
from rvebench.records import EditorInfo, EditRequest, EditResult
from rvebench.taxonomy import Status

__all__ = ["LadderEditor"]


class LadderEditor:
    """Makes one rung of the oracle ladder for each sample.

    Args:
        rung: its name; see :data:`rvebench.sim.ladder.RUNGS`.

    Raises:
        UnknownNameError: no rung has that name.
    """

    def __init__(self, rung: str) -> None:
        from rvebench.sim.ladder import LABEL, rung_of

        self._rung = rung_of(rung)
        self._label = LABEL

    @property
    def info(self) -> EditorInfo:
        grades = ", ".join(f"{name.value} {grade:g}" for name, grade in self._rung.grades.items())
        return EditorInfo(
            name=f"ladder:{self._rung.name}",
            version="2",
            needs=("target", "other", "mask"),
            deterministic=True,
            seeded=False,
            notes=(f"oracle ladder: {self._rung.summary}; grades {grades} ({self._label})",),
        )

    def missing(self) -> tuple[str, ...]:
        """Returns what of the renderer cannot be loaded here."""
        from rvebench.sim.libraries import missing_libraries

        return missing_libraries()

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            started = time.monotonic()
            try:
                self._make(request)
            except RveError as error:
                yield no_video(request, str(error), started=started)
            else:
                yield EditResult(
                    sample_id=request.sample_id,
                    status=Status.OK,
                    video=request.out,
                    wall_s=time.monotonic() - started,
                )

    def _make(self, request: EditRequest) -> None:
        from rvebench.sim.ladder import ladder_clips, rung_frames
        from rvebench.video import read_video, write_video

        if request.target is None or request.other is None:
            raise RveError("the request has no target, or no other sample", where=request.sample_id)
        source, target, other = (read_video(path) for path in (request.source, request.target, request.other))
        clips = ladder_clips(
            request.sample_id,
            source=source.frames_THWC,
            target=target.frames_THWC,
            other=other.frames_THWC,
            mask=None if request.mask is None else read_video(request.mask).frames_THWC,
        )
        frames = rung_frames(self._rung, request.sample_id, clips)
        write_video(request.out, frames, pts_s=target.pts_s, crf=12)
