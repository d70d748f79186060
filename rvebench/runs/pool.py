"""The local pool: worker processes that each hold one editor, watched by the parent.

An edit that hangs is killed with its worker and recorded as a timeout; an edit that takes its worker down is tried
once more alone in a fresh worker (never when it is paid) and then quarantined as failed. A batch that dies is taken
apart first, so that one poison item does not fail its neighbours.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from rvebench.errors import EditorError
from rvebench.records import EditRequest
from rvebench.runs.units import EditRecord
from rvebench.runs.worker import Crashed, Job, Ready, Settled, discard, serve
from rvebench.taxonomy import Status

__all__ = ["EditPool"]

_TICK_S = 0.2
_MOST_ATTEMPTS = 2
_START_LIMIT_S = 900.0
_STOP_HEARD_S = 3.0


@dataclass(slots=True)
class _Worker:
    """One live worker as the parent sees it."""

    slot: int
    process: BaseProcess
    connection: Connection
    log: Path
    log_start: int
    """Size of the log when this process began: what it printed stands behind it."""
    in_flight: dict[str, Job] = field(default_factory=dict)
    last_event: float = 0.0
    asked: bool = False
    """Its editor was built and asked for work."""
    alone: bool = False
    """It works on a suspect: one request at a time."""
    dismissed: bool = False
    """It was told that there is no more work."""


class EditPool:
    """Runs edits in worker processes.

    Args:
        spec: the editor, as the user named it.
        workers: processes, each with its own editor.
        timeout_s: time for one edit; a batch of n has n times that between two results.
        decode_limit_s: time for decoding one output.
        paid: never repeat an edit on our own account.
        logs: folder for what the workers print.
        stopping: asked between requests; once true, no new request is handed out.
    """

    def __init__(
        self,
        spec: str,
        *,
        workers: int,
        timeout_s: float,
        decode_limit_s: float,
        paid: bool,
        logs: Path,
        stopping: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._n_workers = workers
        self._timeout_s = timeout_s
        self._decode_limit_s = decode_limit_s
        self._paid = paid
        self._logs = logs
        self._stopping = stopping
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._suspects: deque[Job] = deque()
        self._abandoned = False

    def run(self, requests: Iterable[EditRequest]) -> Generator[EditRecord, None, None]:
        """Yields the record of each request as it ends, in any order.

        When `stopping` turns true, the edits in flight are still finished and yielded; the rest are not started.
        """
        pending = (Job(request, 1) for request in requests)
        try:
            for slot in range(self._n_workers):
                self._workers.append(self._start(slot))
            while self._workers and not self._abandoned:
                yield from self._step(pending)
        finally:
            self.kill()

    def abandon(self) -> None:
        """Ends :meth:`run` within a moment, without its edits in flight; for other threads."""
        self._abandoned = True

    def kill(self) -> None:
        """Kills every worker at once; for the thread that runs the pool."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
        self._workers.clear()

    def _start(self, slot: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        log = self._logs / f"worker-{slot}.log"
        size = log.stat().st_size if log.exists() else 0
        process = self._context.Process(
            target=serve, args=(theirs, self._spec, log, self._decode_limit_s), name=f"rvebench-worker-{slot}"
        )
        # Ctrl-C goes to the whole group. A worker ignores it from its first line on; until then it inherits the block.
        resource_tracker.ensure_running()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        return _Worker(slot, process, ours, log, size, last_event=time.monotonic())

    def _step(self, pending: Iterator[Job]) -> Iterator[EditRecord]:
        """Waits a moment, handles what arrived, looks for the hung and the dead."""
        ready = wait([worker.connection for worker in self._workers], timeout=_TICK_S)
        for worker in list(self._workers):
            if worker.connection not in ready:
                # What the editor started may outlive the worker and hold its end of the pipe open.
                if not worker.process.is_alive() and not worker.connection.poll():
                    yield from self._bury(worker, self._death_of(worker))
                elif self._is_late(worker):
                    yield from self._bury(worker, f"no result within {self._timeout_s:g} s", hung=True)
                continue
            try:
                message = worker.connection.recv()
            except (EOFError, ConnectionResetError):
                yield from self._bury(worker, self._death_of(worker))
                continue
            worker.last_event = time.monotonic()
            if isinstance(message, Ready):
                worker.asked = True
                self._feed(worker, pending)
            elif isinstance(message, Settled):
                worker.in_flight.pop(message.record.sample_id, None)
                yield message.record
            elif isinstance(message, Crashed):
                yield from self._bury(worker, message.reason, raised=True)

    def _is_late(self, worker: _Worker) -> bool:
        waited_s = time.monotonic() - worker.last_event
        if not worker.asked:
            return waited_s > max(self._timeout_s, _START_LIMIT_S)
        return bool(worker.in_flight) and waited_s > self._timeout_s * len(worker.in_flight)

    def _feed(self, worker: _Worker, pending: Iterator[Job]) -> None:
        """Answers a Ready with a job, or with None.

        A worker that holds a suspect gets None until it is done with it: an editor that collects a batch then works
        on the suspect alone. Such a worker may end, and is replaced while work is left.
        """
        job = None
        if worker.alone and worker.in_flight:
            worker.connection.send(None)
            return
        worker.alone = False
        if not self._stopping():
            if self._suspects and not worker.in_flight:
                job, worker.alone = self._suspects.popleft(), True
            else:
                job = next(pending, None)
        worker.dismissed = job is None
        if job is not None:
            worker.in_flight[job.request.sample_id] = job
        worker.connection.send(job)

    def _stopped_too(self, worker: _Worker) -> bool:
        """Tells whether a worker died of the stop that we were asked for; to be asked once it is dead.

        A scheduler's SIGTERM goes to the whole group, and may end the worker before our own thread hears of it.
        """
        until = time.monotonic() + (_STOP_HEARD_S if worker.process.exitcode == -signal.SIGTERM else 0.0)
        while not self._stopping() and time.monotonic() < until:
            time.sleep(_TICK_S / 4)
        return self._stopping()

    def _death_of(self, worker: _Worker) -> str:
        worker.process.join(timeout=5)
        code = worker.process.exitcode
        if code == 0:
            return ""
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        tail = _tail(worker.log, worker.log_start)
        return f"the worker {how}" + (f"; it printed last: {tail}" if tail else "")

    def _bury(self, worker: _Worker, reason: str, *, hung: bool = False, raised: bool = False) -> Iterator[EditRecord]:
        """Removes a dead or hung worker, settles or re-queues its requests, and replaces it while work is left.

        Raises:
            EditorError: the worker never got as far as asking for work; another would fare no better.
        """
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        reason = reason or "the editor ended without a result"
        if not worker.asked:
            if self._stopped_too(worker):
                return
            raise EditorError(f"the editor could not be started: {reason}", where=self._spec)
        for job in worker.in_flight.values():
            discard(job.request.out)
            one_of_many = len(worker.in_flight) > 1
            if not self._paid and (one_of_many or (job.attempt < _MOST_ATTEMPTS and not hung and not raised)):
                if not self._stopping():
                    self._suspects.append(replace(job, attempt=job.attempt + (not one_of_many)))
                continue
            yield EditRecord(
                sample_id=job.request.sample_id,
                status=Status.TIMEOUT if hung else Status.FAILED,
                reason=f"{reason}; quarantined after {job.attempt} attempts" if job.attempt > 1 else reason,
                wall_s=time.monotonic() - worker.last_event,
                meta={},
                attempt=job.attempt,
            )
        if not self._stopping() and (self._suspects or not worker.dismissed):
            self._workers.append(self._start(worker.slot))


def _tail(log: Path, start: int, most: int = 300) -> str:
    """Returns the last words of a log, on one line."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - most))
        return " ".join(file.read().decode(errors="replace").split())[-most:]
