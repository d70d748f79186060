"""Questions asked through the Batch API: half the price, answers within a day, each paid for once.

The life of a chunk (one batch of the service), and what a restart does at each step:

========== ==================================================== ==========================================
step       what was done                                        a restart
========== ==================================================== ==========================================
written    requests are in a file, room is reserved next        reserves (the same room), goes on
uploading  the upload was about to be sent                      reserves, looks for the file by name and size
uploaded   the service's file id is known                       reserves, goes on
creating   the batch was about to be created                    looks for it by metadata and by its file
created    the batch id is known                                polls
ended      the service is done                                  downloads
fetched    answers and errors are here                          counts their cost, once by the chunk's name
counted    the cost is in the cost log                          nothing
========== ==================================================== ==========================================

A chunk's name is in the metadata of its batch and in the cost log, and nothing else ever has it. The one thing that
could be paid twice is a batch that the service created and does not list yet; therefore a lookup that finds nothing is
made once more after the runner's `settle_s` before it is created again. Should there be two all the same, the
first is kept and the others are cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rvebench.llm.batch_answers import Answers, Failure
from rvebench.llm.batch_rows import RETRYABLE, FailureKind, problem_kind
from rvebench.llm.batch_state import LIVE_STEPS, BatchFiles, Chunk
from rvebench.llm.batch_submit import Submitter
from rvebench.llm.batch_wire import ENDED_STATUSES, BatchView, BatchWire
from rvebench.llm.batch_writer import MOST_BYTES, MOST_REQUESTS, Draft, drafts_of
from rvebench.llm.budget import Budget
from rvebench.llm.dialect import Dialect
from rvebench.llm.faults import BudgetError, CallError
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.llm.prices import PriceTable
from rvebench.llm.tokens import TokenEstimate
from rvebench.storage import exclusive_lock

__all__ = ["BatchProgress", "BatchRunner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far the questions are."""

    answered: int
    waiting: int
    """In batches that the service works on, or whose answers are not downloaded yet."""
    failed: Mapping[str, Failure]
    """By digest; those answered later are not in it."""
    stopped: BudgetError | None = None
    """Set when the budget had no room for everything; what was submitted is unharmed."""


class BatchRunner:
    """Asks questions through the Batch API. One process at a time in a directory; a context manager.

    Args:
        directory: for the state, requests and answers; the same one resumes.
        wire: the service.
        budget: reserves each chunk's bound before it is created; None: no cap.
        prices: for the cost of replies.
        answered: says of a digest whether its answer is known from elsewhere, a cache; such questions are passed over.
        dialect: the words in which the service is asked; OpenAI's by default.
        most_requests: in one chunk.
        most_bytes: of one chunk's file.
        attempts: how often one question is put into a batch in all, when its failures say nothing about it.
        settle_s: how long the service may take until a batch that it created is in its list.

    Raises:
        LockedError: another process works in the directory.
        DataError: the state or an answer file is damaged.
    """

    def __init__(
        self,
        directory: Path,
        wire: BatchWire,
        *,
        budget: Budget | None = None,
        prices: PriceTable | None = None,
        answered: Callable[[str], bool] | None = None,
        dialect: Dialect | None = None,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
        attempts: int = 3,
        settle_s: float = 10.0,
    ) -> None:
        self._wire = wire
        self._budget = budget
        self._prices = prices
        self._answered = answered
        self._dialect = dialect or Dialect()
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._attempts = attempts
        with contextlib.ExitStack() as stack:
            directory.mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive_lock(directory / ".lock"))
            self._files = BatchFiles(directory)
            stack.callback(self._files.close)
            self._answers = Answers(self._files, prices)
            self._submitter = Submitter(self._files, wire, budget, settle_s=settle_s)
            self._closing = stack.pop_all()

    def close(self) -> None:
        """Closes the files and frees the directory; batches go on at the service."""
        self._closing.close()

    def __enter__(self) -> BatchRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What is known

    def progress(self, stopped: BudgetError | None = None) -> BatchProgress:
        """Returns how far the questions are, from the files alone."""
        waiting = sum(chunk.requests for chunk in self._unread())
        return BatchProgress(
            answered=len(self._answers), waiting=waiting, failed=dict(self._answers.failures()), stopped=stopped
        )

    def reply(self, digest: str) -> Reply | None:
        """Returns the answer to the request with that digest, if it is here. Read from the files at each call."""
        return self._answers.reply(digest)

    def failure(self, digest: str) -> Failure | None:
        """Returns why that question has no answer, if it will not be asked again."""
        failure = self._answers.failure(digest)
        return failure if failure is not None and not self._retried(failure, RETRYABLE) else None

    # What is done

    async def run(
        self,
        requests: Callable[[], Iterable[ChatRequest]],
        *,
        poll_s: float = 30.0,
        on_progress: Callable[[BatchProgress], None] | None = None,
        afresh: Collection[FailureKind] = (),
    ) -> BatchProgress:
        """Submits, waits and collects until every question is answered or will not be.

        Args:
            requests: gives all questions, each time it is called; those answered or waiting are passed over.
            poll_s: between two looks at the service.
            on_progress: called after each look.
            afresh: failures of these kinds, of earlier runs, are forgotten: their questions are as if never asked.

        Raises:
            BudgetError: nothing is waiting any more, and the rest has no room in the budget.
            CallError: the service cannot be used.
        """
        self._answers.forget(afresh)
        while True:
            progress = await self.submit(requests())
            if not self._unfinished():
                if progress.stopped is not None:
                    raise progress.stopped
                return progress
            while self._unfinished():
                await self.poll()
                await self.collect()
                if on_progress is not None:
                    on_progress(self.progress())
                if self._live() or self._again():
                    await asyncio.sleep(poll_s)

    async def submit(
        self, requests: Iterable[ChatRequest], *, retry: frozenset[FailureKind] = RETRYABLE
    ) -> BatchProgress:
        """Puts questions into batches; safe to repeat with the same ones.

        Questions that are answered, or in a batch whose answers are still to come, are passed over. So are failed ones,
        unless their kind is in `retry` and they had fewer than `attempts`.

        Args:
            requests: may be a generator; at most one chunk of them is on disk before it is uploaded.
            retry: which failures are asked again.

        Raises:
            CallError: the service cannot be used; what it has taken is recorded.
        """
        await self._resume_all()
        taken = {digest for chunk in self._unread() for digest in self._files.digests(chunk)}
        wanted = (request for request in requests if request.digest not in taken and self._open(request, retry))
        drafts = drafts_of(
            wanted,
            self._files,
            dialect=self._dialect,
            most_requests=self._most_requests,
            most_bytes=self._most_bytes,
            fits=self._fits,
        )
        with contextlib.closing(drafts):
            for draft in drafts:
                try:
                    await self._send(draft)
                except BudgetError as error:
                    return self.progress(error)
        return self.progress()

    async def poll(self) -> BatchProgress:
        """Looks at each batch that the service works on.

        Raises:
            CallError: the service cannot be used.
        """
        await self._resume_all()
        for chunk in self._live():
            self._note(chunk, await self._wire.view(chunk.batch_id))
        return self.progress()

    async def collect(self) -> BatchProgress:
        """Downloads what is done, counts its cost, and removes the requests here and at the service.

        Raises:
            CallError: the service cannot be used.
            StorageError: the disk is full; nothing is lost, collect again.
        """
        for chunk in self._files.chunks:
            if chunk.step == "ended":
                for file_id, path in (
                    (chunk.output_file_id, self._files.output(chunk)),
                    (chunk.error_file_id, self._files.errors(chunk)),
                ):
                    if file_id:
                        await self._wire.download(file_id, path)
                chunk = self._files.move(chunk, step="fetched")
                self._answers.read(chunk)
            if chunk.step == "fetched":
                self._count(chunk)
                chunk = self._files.move(chunk, step="counted")
                self._files.requests(chunk.number).unlink(missing_ok=True)
                # The requests hold the user's frames. That a file could not be removed is no reason to stop.
                with contextlib.suppress(CallError):
                    await self._wire.delete(chunk.file_id)
        return self.progress()

    # Submitting

    def _live(self) -> list[Chunk]:
        return [chunk for chunk in self._files.chunks if chunk.step in LIVE_STEPS]

    def _unread(self) -> list[Chunk]:
        """Returns the chunks whose answers are not here; at the service they may be ready."""
        return [chunk for chunk in self._files.chunks if chunk.step in LIVE_STEPS or chunk.step == "ended"]

    def _unfinished(self) -> list[Chunk]:
        return [chunk for chunk in self._files.chunks if chunk.step != "counted"]

    def _again(self) -> bool:
        return any(self._retried(failure, RETRYABLE) for failure in self._answers.failures().values())

    def _retried(self, failure: Failure, kinds: Collection[FailureKind]) -> bool:
        return failure.kind in kinds and failure.attempts < self._attempts

    def _open(self, request: ChatRequest, retry: frozenset[FailureKind]) -> bool:
        if request.digest in self._answers or (self._answered is not None and self._answered(request.digest)):
            return False
        failure = self._answers.failure(request.digest)
        return failure is None or self._retried(failure, retry)

    def _fits(self, model: str, tokens: TokenEstimate) -> bool:
        return self._budget is None or self._budget.fits(model, tokens, batch=True)

    async def _send(self, draft: Draft) -> None:
        await self._submitter.submit(self._files.add(draft.chunk, draft.digests))

    async def _resume_all(self) -> None:
        for chunk in self._live():
            # Without room it is dropped: nothing of it was asked, and its questions are open again.
            with contextlib.suppress(BudgetError):
                await self._submitter.submit(chunk)

    # Collecting

    def _note(self, chunk: Chunk, view: BatchView) -> None:
        if view.status not in ENDED_STATUSES:
            self._files.move(chunk, status=view.status)
            return
        kind, problem = "", ""
        if view.status == "failed":
            kind = problem_kind(view.problem_code, "fatal")
            problem = f"the service did not take the batch: {view.problem_code} {view.problem}".rstrip()
        elif view.status == "cancelled":
            kind, problem = "cancelled", "the batch was cancelled"
        self._files.move(
            chunk,
            step="ended",
            status=view.status,
            output_file_id=view.output_file_id,
            error_file_id=view.error_file_id,
            problem_kind=kind,
            problem=problem,
        )

    def _count(self, chunk: Chunk) -> None:
        if self._budget is None:
            return
        bill = self._answers.bill(chunk)
        self._budget.charge(self._files.key(chunk), chunk.model, bill.usage, calls=bill.answers, batch=True)
