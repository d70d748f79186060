"""A run's questions through the Batch API: all that are open are asked, waited for, and then read like cached ones.

Of a panel, every member that asks a chat service is batched, each repeat with questions of its own; the others judge
as usual, once the answers are here. Each service has a batch directory of its own in the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from rvebench.errors import InterruptError, UsageError
from rvebench.judges import Judge
from rvebench.llm import BudgetError, CallError, FatalCallError
from rvebench.records import Sample
from rvebench.runs.asking import BATCH_FOLDER
from rvebench.runs.journal import RunJournal
from rvebench.runs.pipeline import open_verdicts
from rvebench.runs.plan import Plan, RunOptions
from rvebench.runs.scorer import decode_edit

if TYPE_CHECKING:
    from rvebench.judges.llm import Connection, LlmJudge
    from rvebench.llm import BatchProgress, BatchReplies, BatchRunner, ChatRequest, OpenAIBatches
    from rvebench.llm.batch_rows import FailureKind
    from rvebench.video import Comparison

__all__ = ["Answered", "BatchWatch", "answered_by_batch", "batched_judges"]

BatchWatch = Callable[["BatchProgress"], None]


class Answered(NamedTuple):
    """What batches leave to do."""

    connection: Connection
    """Its cache knows the answers."""
    samples: tuple[Sample, ...]
    """To be judged with it."""


class _Service(NamedTuple):
    """One service, as its judges reach it."""

    connection: Connection
    judges: tuple[LlmJudge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """A service at work."""

    judges: tuple[LlmJudge, ...]
    runner: BatchRunner
    wire: OpenAIBatches


def batched_judges(judge: Judge | None) -> tuple[LlmJudge, ...]:
    """Returns the judges behind a chat service, of a panel each member's every repeat.

    Raises:
        UsageError: there is none.
    """
    from rvebench.judges.llm import LlmJudge
    from rvebench.judges.panel import PanelJudge

    asked = judge.asked if isinstance(judge, PanelJudge) else (judge,)
    found = tuple(one for one in asked if isinstance(one, LlmJudge))
    if not found:
        raise UsageError(
            f"--batch is for judges behind a chat service, and {judge.info.name if judge else 'none'!r} asks none",
            hint="give `gpt-4o` or `openai:MODEL`, alone or among others, or leave --batch out",
        )
    return found


@contextlib.contextmanager
def answered_by_batch(
    plan: Plan,
    directory: Path,
    journal: RunJournal,
    options: RunOptions,
    connection: Connection,
    *,
    poll_s: float,
    watch: BatchWatch,
) -> Iterator[Answered]:
    """Has every open question answered by batches, and yields a connection whose cache knows the answers.

    A question that failed for good in its batch is a failure there too, and leaves its sample unjudged with the reason:
    it is not asked again at the full price. With `options.retry_failed` all failures are forgotten first. Only what
    follows from an answer is asked directly: once more where it cannot be read, in neutral words where it was refused.

    Raises:
        BudgetError: the rest has no room in the budget; raised after the body, which judges what was answered.
        FatalCallError: a service takes no question like these; where it said so of some in a batch, after the body.
        CallError: a service cannot be used.
        InterruptError: stopped on request; the batches go on at the service.
    """
    from rvebench.llm import BatchReplies

    cache = connection.cache
    assert cache is not None

    def shown() -> Iterator[tuple[Sample, Comparison]]:
        for sample, record in open_verdicts(plan, journal, directory, options):
            yield sample, decode_edit(sample, record, directory, options.decode_limit_s, options.allow_truncated)

    with contextlib.ExitStack() as stack:
        services = _services(batched_judges(plan.scorers.judge), connection)
        desks = [stack.enter_context(_opened(one, directory / BATCH_FOLDER / name)) for name, one in services.items()]
        stopped: CallError | None = None
        try:
            asyncio.run(_run_all(desks, shown, _afresh(options), poll_s=poll_s, watch=watch))
        except BudgetError as error:
            stopped = error
        except KeyboardInterrupt:
            raise InterruptError(
                "stopped on request; batches that were submitted go on at the service",
                where=directory,
                hint="run the same command again to collect them",
            ) from None
        replies = BatchReplies([desk.runner for desk in desks], cache)
        whole = plan.own
        failures = (failure for desk in desks for failure in desk.runner.progress().failed.values())
        if stopped is not None or any(failure.kind == "fatal" for failure in failures):
            whole, fatal = _sorted_out(shown, desks, replies)
            stopped = stopped or fatal
        yield Answered(replace(connection, cache=replies), whole)
        if stopped is not None:
            raise stopped


def _services(judges: Sequence[LlmJudge], connection: Connection) -> dict[str, _Service]:
    """Returns the judges by service, under the name that its directory has."""
    from rvebench.judges.llm import provider_of, settle

    ways: dict[tuple[str | None, str], _Service] = {}
    for judge in judges:
        settled = settle(judge.spec, connection)
        way = (settled.base_url, settled.key_env)
        ways[way] = _Service(settled, (*(ways[way].judges if way in ways else ()), judge))
    providers = [provider_of(base_url) for base_url, _ in ways]
    named = {}
    for (base_url, key_env), provider, service in zip(ways, providers, ways.values(), strict=True):
        # Without the port where that suffices: a server that moves to another is the same.
        alone = providers.count(provider) == 1
        mark = "" if alone else f"-{hashlib.sha256(f'{base_url} {key_env}'.encode()).hexdigest()[:8]}"
        named[f"{provider}{mark}"] = service
    return named


@contextlib.contextmanager
def _opened(service: _Service, directory: Path) -> Iterator[_Desk]:
    from rvebench.llm import BatchRunner, OpenAIBatches

    connection, cache = service.connection, service.connection.cache
    assert cache is not None
    wire = OpenAIBatches(base_url=connection.base_url, api_key_env=connection.key_env)
    with BatchRunner(
        directory,
        wire,
        budget=connection.budget,
        prices=connection.prices,
        answered=lambda digest: cache.get(digest) is not None,
    ) as runner:
        yield _Desk(judges=service.judges, runner=runner, wire=wire)


def _afresh(options: RunOptions) -> tuple[FailureKind, ...]:
    """Returns which failures of earlier commands are forgotten: whoever comes again has put right what was fatal."""
    from rvebench.llm.batch_rows import FailureKind

    return get_args(FailureKind) if options.retry_failed else ("fatal",)


async def _run_all(
    desks: Sequence[_Desk],
    shown: Callable[[], Iterator[tuple[Sample, Comparison]]],
    afresh: Sequence[FailureKind],
    *,
    poll_s: float,
    watch: BatchWatch,
) -> None:
    """Has all services at work at the same time.

    Raises:
        BudgetError: the rest of one service's questions has no room, also after the others gave back what they held.
        CallError: one cannot be used; the batches of the others go on at the service.
    """

    async def one(desk: _Desk) -> BudgetError | None:
        def requests() -> Iterator[ChatRequest]:
            for _, comparison in shown():
                for judge in desk.judges:
                    yield from judge.requests(comparison)

        try:
            await desk.runner.run(requests, poll_s=poll_s, on_progress=lambda _: watch(_together(desks)), afresh=afresh)
        except BudgetError as error:
            return error
        return None

    try:
        left, answered = list(desks), -1
        while True:
            tasks = [asyncio.ensure_future(one(desk)) for desk in left]
            try:
                ends = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            stopped = [(desk, end) for desk, end in zip(left, ends, strict=True) if end is not None]
            if not stopped:
                return
            before, answered, afresh = answered, _together(desks).answered, ()
            if len(desks) == 1 or answered == before:
                raise stopped[0][1]
            left = [desk for desk, _ in stopped]
    finally:
        for desk in desks:
            await desk.wire.aclose()


def _together(desks: Sequence[_Desk]) -> BatchProgress:
    from rvebench.llm import BatchProgress

    each = [desk.runner.progress() for desk in desks]
    return BatchProgress(
        answered=sum(one.answered for one in each),
        waiting=sum(one.waiting for one in each),
        failed={digest: failure for one in each for digest, failure in one.failed.items()},
    )


def _sorted_out(
    shown: Callable[[], Iterator[tuple[Sample, Comparison]]], desks: Sequence[_Desk], replies: BatchReplies
) -> tuple[tuple[Sample, ...], FatalCallError | None]:
    """Returns the samples of which nothing is left to ask by batch, and what says that no question can be asked."""
    whole = []
    fatal: FatalCallError | None = None
    for sample, comparison in shown():
        digests = [one.digest for desk in desks for judge in desk.judges for one in judge.requests(comparison)]
        if all(replies.settled(digest) for digest in digests):
            whole.append(sample)
        failures = (replies.failure(digest) for digest in digests)
        bad = next((one for one in failures if one is not None and one.kind == "fatal"), None)
        if fatal is None and bad is not None:
            fatal = FatalCallError(bad.what, hint="put that right, then run the same command again")
    return tuple(whole), fatal
