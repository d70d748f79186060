"""A run's questions through the Batch API: all that are open are asked, waited for, and then read like cached ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rvebench.errors import InterruptError, UsageError
from rvebench.llm import BudgetError
from rvebench.records import Sample
from rvebench.runs.asking import BATCH_FOLDER
from rvebench.runs.journal import RunJournal
from rvebench.runs.pipeline import open_verdicts
from rvebench.runs.plan import Plan, RunOptions
from rvebench.runs.scorer import decode_edit

if TYPE_CHECKING:
    from rvebench.judges.llm import Connection, LlmJudge
    from rvebench.llm import BatchProgress, ChatRequest

__all__ = ["Answered", "BatchWatch", "answered_by_batch", "batching_judge"]

BatchWatch = Callable[["BatchProgress"], None]


class Answered(NamedTuple):
    """What batches leave to do."""

    connection: Connection
    """Its cache knows the answers."""
    samples: tuple[Sample, ...]
    """To be judged with it."""


def batching_judge(plan: Plan) -> LlmJudge:
    """Returns the plan's judge, which asks a service that has batches.

    Raises:
        UsageError: it does not.
    """
    from rvebench.judges.llm import LlmJudge

    judge = plan.scorers.judge
    if not isinstance(judge, LlmJudge):
        name = judge.info.name if judge is not None else "none"
        raise UsageError(
            f"--batch is for one judge behind a chat service, not for {name!r}",
            hint="give one `openai:MODEL` or `gpt-4o`; several judges can be batched one after the other",
        )
    return judge


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

    Raises:
        BudgetError: the rest has no room in the budget; raised after the body, which judges what was answered.
        CallError: the service cannot be used.
        InterruptError: stopped on request; the batches go on at the service.
    """
    from rvebench.judges.llm import settle
    from rvebench.llm import BatchReplies, BatchRunner, OpenAIBatches

    judge = batching_judge(plan)
    settled = settle(judge.spec, connection)
    cache = connection.cache
    assert cache is not None

    def asked() -> Iterator[tuple[Sample, tuple[ChatRequest, ...]]]:
        for sample, record in open_verdicts(plan, journal, directory, options):
            yield (
                sample,
                judge.requests(decode_edit(sample, record, directory, options.decode_limit_s, options.allow_truncated)),
            )

    def requests() -> Iterator[ChatRequest]:
        for _, questions in asked():
            yield from questions

    wire = OpenAIBatches(base_url=settled.base_url, api_key_env=settled.key_env)

    async def run() -> None:
        try:
            await runner.run(requests, poll_s=poll_s, on_progress=watch)
        finally:
            await wire.aclose()

    runner = BatchRunner(
        directory / BATCH_FOLDER,
        wire,
        budget=connection.budget,
        prices=connection.prices,
        answered=lambda digest: cache.get(digest) is not None,
    )
    with runner:
        stopped: BudgetError | None = None
        try:
            asyncio.run(run())
        except BudgetError as error:
            stopped = error
        except KeyboardInterrupt:
            raise InterruptError(
                "stopped on request; batches that were submitted go on at the service",
                where=directory,
                hint="run the same command again to collect them",
            ) from None
        replies = BatchReplies(runner, cache)
        whole = plan.own
        if stopped is not None:
            # The others would be asked one by one, at the full price.
            whole = tuple(sample for sample, questions in asked() if all(replies.get(one.digest) for one in questions))
        yield Answered(replace(connection, cache=replies), whole)
        if stopped is not None:
            raise stopped
