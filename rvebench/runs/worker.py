"""A worker process: builds one editor, feeds it requests, normalises what it makes.

The parent sends :class:`Job` messages and `None` for "no more"; the worker answers with :class:`Ready`,
:class:`Settled` and :class:`Crashed`. A worker never writes to the journal or to `videos/`: it leaves its file in
the scratch folder and the parent promotes it, so that a worker that outlives its parent can harm nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rvebench.errors import RveError, VideoError
from rvebench.records import EditRequest, EditResult, Window, canonical_json
from rvebench.runs.units import EditRecord
from rvebench.taxonomy import Status

__all__ = ["Crashed", "Job", "Ready", "Settled", "discard", "serve"]

_ENDS = (Status.OK, Status.FAILED, Status.REFUSED, Status.TIMEOUT, Status.MISSING)
_LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """One edit to make."""

    request: EditRequest
    attempt: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The editor asks for a request."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One request ended; `record.video` is the absolute scratch file when it is ok."""

    record: EditRecord


@dataclass(frozen=True, slots=True)
class Crashed:
    """The editor raised; every request pulled and not settled failed with this reason."""

    reason: str


def serve(connection: Connection, spec: str, log: Path, decode_limit_s: float) -> None:
    """Runs the worker until the parent has no more requests or goes away.

    Args:
        connection: the pipe to the parent.
        spec: the editor, as the user named it.
        log: file that takes everything the editor prints.
        decode_limit_s: time limit for decoding one output.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent()
    _print_to(log)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            _serve(connection, spec, decode_limit_s)
        except Exception as error:  # the per-unit boundary: the parent records it for each request in flight
            traceback.print_exc()
            connection.send(Crashed(_sentence(error)))


def _serve(connection: Connection, spec: str, decode_limit_s: float) -> None:
    from rvebench.editors import build_editor

    editor = build_editor(spec)
    pulled: dict[str, Job] = {}
    pulled_at: dict[str, float] = {}

    def requests() -> Iterator[EditRequest]:
        while True:
            connection.send(Ready())
            job: Job | None = connection.recv()
            if job is None:
                return
            pulled[job.request.sample_id] = job
            pulled_at[job.request.sample_id] = time.perf_counter()
            yield job.request

    for result in editor.edit(requests()):
        if not isinstance(result, EditResult):
            raise TypeError(f"the editor yielded {type(result).__name__}, not EditResult")
        job = pulled.pop(result.sample_id, None)
        if job is None:
            raise RuntimeError(f"the editor returned a result for {result.sample_id!r}, which it was not asked for")
        wall_s = result.wall_s or time.perf_counter() - pulled_at.pop(result.sample_id)
        connection.send(Settled(_settle(job, result, wall_s, decode_limit_s)))
    if pulled:
        raise RuntimeError(f"the editor ended without a result for {', '.join(sorted(pulled))}")


def _settle(job: Job, result: EditResult, wall_s: float, decode_limit_s: float) -> EditRecord:
    """Returns the record of one result; an ok one has been normalised, decoded to its end and fingerprinted."""
    record = EditRecord(
        sample_id=result.sample_id,
        status=result.status,
        reason=result.reason[:_LONGEST_REASON],
        window=result.window,
        wall_s=wall_s,
        cost_usd=result.cost_usd,
        model_id=result.model_id,
        meta=dict(result.meta),
        attempt=job.attempt,
    )
    fault = _fault(result, record)
    if fault:
        return EditRecord(sample_id=result.sample_id, status=Status.FAILED, reason=fault, meta={}, attempt=job.attempt)
    if result.status is not Status.OK:
        return record if record.reason else _replace(record, reason="the editor gave no reason")
    if result.video is None:
        return _replace(record, status=Status.FAILED, reason="the editor reported success and named no video")
    from rvebench.video import conform_video, fingerprint

    past = _past_the_end(job.request.source, result.window)
    if past:
        return _replace(record, status=Status.FAILED, window=None, reason=past)
    # No sample id holds a tilde: another sample's file cannot have this name.
    normalised = job.request.out.with_name(f"{job.request.out.stem}~conformed.mp4")
    try:
        clip = conform_video(result.video, normalised, time_limit_s=decode_limit_s)
    except VideoError as error:
        return _replace(record, status=Status.FAILED, reason=f"the editor's output cannot be used: {error.what}")
    finally:
        if result.video == job.request.out:
            discard(result.video)
    width, height = clip.size
    return _replace(
        record,
        video=str(normalised),
        frames_sha256=fingerprint(clip),
        frames=len(clip),
        width=width,
        height=height,
        fps=round(clip.fps, 6),
    )


def _fault(result: EditResult, record: EditRecord) -> str:
    """Returns what keeps a result from being recorded, or nothing: editors are other people's programs."""
    if not any(result.status is end for end in _ENDS):
        ends = ", ".join(status.value for status in _ENDS)
        return f"the editor returned the status {result.status!r}, which is none of {ends}"
    video: object = result.video
    if video is not None and not isinstance(video, Path):
        return f"the editor named its video with a {type(video).__name__}, not a Path"
    try:
        canonical_json(record.as_json())
    except (TypeError, ValueError) as error:
        return f"the editor's result cannot be recorded: {error}"
    return ""


def discard(path: Path) -> None:
    """Removes what an editor left at `path`, be it a file or, against the protocol, a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _past_the_end(source: Path, window: Window | None) -> str:
    """Returns what is wrong with a declared window, or nothing."""
    if window is None:
        return ""
    from rvebench.video import probe_video, read_video

    frames = probe_video(source).frames or len(read_video(source))
    last = window.start + (window.count - 1) * window.stride
    return f"the editor says it used source frame {last}; the source has {frames}" if last >= frames else ""


def _replace(record: EditRecord, **changes: str | int | float | Status | None) -> EditRecord:
    from dataclasses import replace

    return replace(record, **changes)  # type: ignore[arg-type]


def _sentence(error: BaseException) -> str:
    text = str(error) if isinstance(error, RveError) else f"the editor raised {type(error).__name__}: {error}"
    return text[:_LONGEST_REASON]


def _die_with_parent() -> None:
    """Asks Linux to kill this process when its parent dies, so that SIGKILL leaves no orphan at work."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == 1:
            os._exit(1)


def _print_to(log: Path) -> None:
    """Sends stdout and stderr of this process, and of what it starts, to the worker's log."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
