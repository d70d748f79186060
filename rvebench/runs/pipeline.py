"""Does what a plan leaves to do: edits are made in worker processes while those finished are already scored."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TimeoutError_
from dataclasses import dataclass, field, replace
from pathlib import Path

from rvebench.errors import EXIT_INTERRUPTED, InterruptError
from rvebench.llm import BudgetError, FatalCallError, calm_collector
from rvebench.records import EditRequest, Sample
from rvebench.runs.asking import at_once, close_judge, paying
from rvebench.runs.journal import RunJournal
from rvebench.runs.lane import MetricLane
from rvebench.runs.plan import Plan, RunOptions, Scorers, scratch_request
from rvebench.runs.pool import EditPool
from rvebench.runs.scorer import Scored, Todo, preview_path, preview_plan, read_hashed, score_edit
from rvebench.runs.units import SETTLED, EditRecord, metric_key, metric_to_json, verdict_key, verdict_to_json
from rvebench.storage import promote
from rvebench.taxonomy import Status

__all__ = ["Progress", "Remaining", "Tally", "open_verdicts", "remaining", "work"]


@dataclass(slots=True)
class Tally:
    """How far the work is, for progress bars and closing words."""

    edits_total: int = 0
    edits_done: int = 0
    edits_bad: int = 0
    scored_total: int = 0
    scored_done: int = 0
    unjudged: int = 0
    stopping: bool = False
    """The user asked to stop; what is in flight is being finished."""


Progress = Callable[[Tally], None]


def _local_concurrency() -> int:
    return max(2, min(8, os.cpu_count() or 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What a resume would still do."""

    edits: tuple[Sample, ...]
    """Samples to edit."""
    scores: tuple[Sample, ...]
    """Samples whose edit is there and not fully scored."""
    recorded: int
    """Edits recorded earlier that stay as they are."""
    verdicts: int
    """Calls of the judge, were every edit to succeed."""


def remaining(plan: Plan, journal: RunJournal, directory: Path, options: RunOptions, *, generate: bool) -> Remaining:
    """Returns what is left to do; reads the journal and writes nothing."""
    edits: list[Sample] = []
    scores: list[Sample] = []
    recorded = verdicts = 0
    judged = plan.scorers.judge is not None
    for sample in plan.own:
        status = journal.status(plan.keys[sample.id])
        if generate and _to_edit(status, options):
            edits.append(sample)
            verdicts += judged
            continue
        recorded += status is not None
        if status is not Status.OK:
            continue
        record = _edit_record(journal, plan, sample)
        todo = _todo(plan.scorers, sample, record, plan, journal, directory, options)
        if todo and not record.path_in(directory).is_file():
            # The journal says ok and the video is gone: it cannot be scored, so it is made again.
            (edits if generate else scores).append(sample)
            verdicts += judged if generate else todo.verdict
        elif todo:
            scores.append(sample)
            verdicts += todo.verdict
    return Remaining(edits=tuple(edits), scores=tuple(scores), recorded=recorded, verdicts=verdicts)


def open_verdicts(
    plan: Plan, journal: RunJournal, directory: Path, options: RunOptions
) -> Iterator[tuple[Sample, EditRecord]]:
    """Yields the edits that are there and have no verdict of the plan's judge yet."""
    for sample in plan.own:
        if journal.status(plan.keys[sample.id]) is Status.OK:
            record = _edit_record(journal, plan, sample)
            if _todo(plan.scorers, sample, record, plan, journal, directory, options).verdict:
                yield sample, record


def _to_edit(status: Status | None, options: RunOptions) -> bool:
    if status is None or status not in SETTLED:
        return True
    return options.retry_failed and status is not Status.OK


def _edit_record(journal: RunJournal, plan: Plan, sample: Sample) -> EditRecord:
    line = journal.get(plan.keys[sample.id])
    assert line is not None
    return EditRecord.from_json(line)


def _todo(
    scorers: Scorers,
    sample: Sample,
    record: EditRecord,
    plan: Plan,
    journal: RunJournal,
    directory: Path,
    options: RunOptions,
) -> Todo:
    edit = plan.keys[sample.id]

    def open_unit(key: str) -> bool:
        status = journal.status(key)
        return status is None or (options.retry_failed and status is not Status.OK)

    judge = scorers.scoring.judge
    verdict = judge is not None and open_unit(
        verdict_key(edit=edit, frames_sha256=record.frames_sha256, judge_digest=judge.digest)
    )
    metrics = tuple(
        entry.name
        for entry in scorers.scoring.metrics
        if open_unit(metric_key(edit=edit, frames_sha256=record.frames_sha256, metric_digest=entry.digest))
    )
    preview = not preview_path(directory, sample, preview_plan(plan.manifest.generation.n_samples)).is_file()
    return Todo(verdict=verdict, metrics=metrics, preview=preview)


@dataclass(slots=True)
class _Work:
    """One process's work on one run."""

    plan: Plan
    directory: Path
    journal: RunJournal
    options: RunOptions
    progress: Progress
    left: Remaining
    tally: Tally = field(default_factory=Tally)
    stop: bool = False
    halted: FatalCallError | BudgetError | None = None
    """Why nothing more is asked; verdicts under way are finished, since they are paid for."""
    lanes: list[MetricLane] = field(default_factory=list)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_local_concurrency()))
    """For edits that are held decoded."""
    pool: EditPool | None = None

    @property
    def scratch(self) -> Path:
        # Absolute, for editors that change their working directory.
        return self.directory.absolute() / "scratch"

    async def run(self) -> None:
        self._watch_signals(on=True)
        self.lanes = [MetricLane(metric) for metric in self.plan.scorers.metrics]
        many = at_once(self.plan.scorers.judge, _local_concurrency())
        inbox: asyncio.Queue[tuple[Sample, EditRecord] | None] = asyncio.Queue(maxsize=many)
        consumers = [asyncio.create_task(self._consume(inbox)) for _ in range(many)]
        feeders = [asyncio.create_task(self._feed_recorded(inbox)), asyncio.create_task(self._generate(inbox))]
        try:
            await self._until_fed(feeders, consumers)
            for _ in consumers:
                await self._put(inbox, None, consumers)
            await asyncio.gather(*consumers)
        finally:
            self.stop = True
            if self.pool is not None:
                self.pool.abandon()
            for task in (*feeders, *consumers):
                task.cancel()
            await asyncio.gather(*feeders, *consumers, return_exceptions=True)
            for lane in self.lanes:
                lane.close()
            await close_judge(self.plan.scorers.judge)
            self._watch_signals(on=False)

    def _watch_signals(self, *, on: bool) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            if on:
                loop.add_signal_handler(number, self._on_signal)
            else:
                loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        if self.stop:
            # The second request does not wait for what is in flight. Every recorded line is whole, workers die with us.
            os._exit(EXIT_INTERRUPTED)
        self.stop = self.tally.stopping = True
        self.progress(self.tally)

    @staticmethod
    async def _until_fed(feeders: list[asyncio.Task[None]], consumers: list[asyncio.Task[None]]) -> None:
        """Waits for the feeders, and raises at once what any task raises."""
        pending: set[asyncio.Task[None]] = {*feeders}
        while pending:
            done, _ = await asyncio.wait({*pending, *consumers}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            pending -= done

    @staticmethod
    async def _put(
        inbox: asyncio.Queue[tuple[Sample, EditRecord] | None], item: None, consumers: list[asyncio.Task[None]]
    ) -> None:
        putting = asyncio.create_task(inbox.put(item))
        done, _ = await asyncio.wait({putting, *consumers}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {putting}:
            task.result()
        await putting

    async def _feed_recorded(self, inbox: asyncio.Queue[tuple[Sample, EditRecord] | None]) -> None:
        for sample in self.left.scores:
            if self.stop:
                return
            await inbox.put((sample, _edit_record(self.journal, self.plan, sample)))

    async def _generate(self, inbox: asyncio.Queue[tuple[Sample, EditRecord] | None]) -> None:
        if not self.left.edits:
            return
        loop = asyncio.get_running_loop()
        by_id = {sample.id: sample for sample in self.left.edits}

        def run_pool() -> None:
            # Closed here and not when it is collected: an error on its way up would keep it, and its workers, alive.
            with contextlib.closing(self._edit(self._requests())) as outcomes:
                for outcome in outcomes:
                    sample = by_id[outcome.sample_id]
                    record = self._record_edit(sample, outcome)
                    if record.status is Status.OK:
                        self._hand_over(asyncio.run_coroutine_threadsafe(inbox.put((sample, record)), loop))

        await asyncio.to_thread(run_pool)

    def _hand_over(self, putting: Future[None]) -> None:
        """Waits until scoring takes the edit; gives up when the run stops, the edit being recorded already."""
        while not self.stop:
            try:
                return putting.result(timeout=0.2)
            except TimeoutError_:
                continue
        putting.cancel()
        return None

    def _requests(self) -> Iterator[EditRequest]:
        for sample in self.left.edits:
            yield scratch_request(self.plan, sample, self.scratch)

    def _edit(self, requests: Iterator[EditRequest]) -> Generator[EditRecord, None, None]:
        self.pool = EditPool(
            self.plan.manifest.generation.editor.spec,
            workers=max(1, min(self.options.workers, len(self.left.edits))),
            timeout_s=self.plan.edit_limit_s(self.options),
            decode_limit_s=self.options.decode_limit_s,
            paid=self.plan.editor.paid,
            logs=self.directory / "logs",
            stopping=lambda: self.stop,
        )
        return self.pool.run(requests)

    def _record_edit(self, sample: Sample, outcome: EditRecord) -> EditRecord:
        """Moves the video to its final place, then writes the line that says it is there."""
        record = outcome
        if outcome.status in {Status.FAILED, Status.TIMEOUT}:
            self._require_sound_source(sample)
        if outcome.status is Status.OK:
            record = replace(outcome, video=f"videos/{sample.id}.mp4")
            promote(Path(outcome.video), record.path_in(self.directory))
            self._preview_path(sample).unlink(missing_ok=True)
        self.journal.record(self.plan.keys[sample.id], record.as_json(), paid=self.plan.editor.paid)
        self.tally.edits_done += 1
        self.tally.edits_bad += record.status is not Status.OK
        self.tally.scored_total += record.status is Status.OK
        self.progress(self.tally)
        return record

    def _require_sound_source(self, sample: Sample) -> None:
        """Raises DataError when an edit failed because its source is damaged: the editor is not to blame."""
        read_hashed(
            sample,
            "source",
            decode_limit_s=self.options.decode_limit_s,
            allow_truncated=self.options.allow_truncated,
        )

    def _preview_path(self, sample: Sample) -> Path:
        return preview_path(self.directory, sample, preview_plan(self.plan.manifest.generation.n_samples))

    async def _consume(self, inbox: asyncio.Queue[tuple[Sample, EditRecord] | None]) -> None:
        while (item := await inbox.get()) is not None:
            if self.stop:
                continue
            await self._score(*item)

    async def _score(self, sample: Sample, record: EditRecord) -> None:
        scorers = self.plan.scorers
        todo = _todo(scorers, sample, record, self.plan, self.journal, self.directory, self.options)
        try:
            scored = await score_edit(
                sample,
                record,
                todo,
                room=self.room,
                directory=self.directory,
                judge=scorers.judge,
                lanes=self.lanes,
                preview=preview_plan(self.plan.manifest.generation.n_samples),
                decode_limit_s=self.options.decode_limit_s,
                # A judge that asks a service has deadlines of its own, and waits for its turn besides.
                judge_timeout_s=None if paying(scorers.judge) else self.options.judge_timeout_s,
                allow_truncated=self.options.allow_truncated,
            )
        except (FatalCallError, BudgetError) as error:
            self.halted = self.halted or error
            self.stop = True
            return
        await asyncio.to_thread(self._record_scores, scorers, sample, record, scored)
        self.tally.unjudged += scored.verdict is not None and scored.verdict.status is not Status.OK
        self.tally.scored_done += 1
        self.progress(self.tally)

    def _record_scores(self, scorers: Scorers, sample: Sample, record: EditRecord, scored: Scored) -> None:
        edit, frames = self.plan.keys[sample.id], record.frames_sha256
        digests = {entry.name: entry.digest for entry in scorers.scoring.metrics}
        if scored.verdict is not None and scorers.scoring.judge is not None and scorers.judge is not None:
            key = verdict_key(edit=edit, frames_sha256=frames, judge_digest=scorers.scoring.judge.digest)
            self.journal.record(key, verdict_to_json(scored.verdict), paid=scorers.judge.info.paid)
        for value in scored.values:
            key = metric_key(edit=edit, frames_sha256=frames, metric_digest=digests[value.metric])
            self.journal.record(key, metric_to_json(value))


def work(
    plan: Plan, directory: Path, journal: RunJournal, options: RunOptions, *, generate: bool, progress: Progress
) -> Tally:
    """Does all that is left of a plan and returns the tally.

    Ctrl-C once finishes what is in flight and stops; twice stops at once.

    Raises:
        InterruptError: the user stopped it; everything finished is recorded.
        BudgetError: the next call could cost more than is left; everything finished is recorded.
        FatalCallError: no question can be answered like this, or the service is down.
        RveError: a file could not be written, a hashed video changed, or the editor could not be started.
    """
    left = remaining(plan, journal, directory, options, generate=generate)
    state = _Work(plan, directory, journal, options, progress, left)
    state.tally.edits_total = len(left.edits)
    state.tally.scored_total = len(left.scores)
    for folder in ("scratch", "videos", "previews", "logs"):
        (directory / folder).mkdir(exist_ok=True)
    _clear(state.scratch)
    try:
        with calm_collector():
            asyncio.run(state.run())
    finally:
        _clear(state.scratch)
        with contextlib.suppress(OSError):
            state.scratch.rmdir()
    if state.halted is not None:
        raise state.halted
    if state.stop and _is_unfinished(state):
        raise InterruptError(
            "stopped on request; everything finished is recorded", hint="run the same command again to go on"
        )
    return state.tally


def _clear(scratch: Path) -> None:
    """Empties the scratch folder but for notes of jobs a service was paid for: a retry asks for their results."""
    for path in scratch.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.endswith(".job.json"):
            path.unlink()


def _is_unfinished(state: _Work) -> bool:
    tally = state.tally
    return tally.edits_done < tally.edits_total or tally.scored_done < tally.scored_total
