"""A run's questions through the Batch API: all that are open are asked, waited for, and then read like cached ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rvebench.errors import InterruptError, UsageError
from rvebench.runs.asking import BATCH_FOLDER
from rvebench.runs.journal import RunJournal
from rvebench.runs.pipeline import open_verdicts
from rvebench.runs.plan import Plan, RunOptions
from rvebench.runs.scorer import decode_edit

if TYPE_CHECKING:
    from rvebench.judges.llm import Connection, LlmJudge
    from rvebench.llm import BatchProgress, ChatRequest

__all__ = ["BatchWatch", "answered_by_batch", "batching_judge"]

BatchWatch = Callable[["BatchProgress"], None]


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
) -> Iterator[Connection]:
    """Has every open question answered by batches, and yields a connection whose cache knows the answers.

    Raises:
        BudgetError: the rest has no room in the budget; what was answered is kept.
        CallError: the service cannot be used.
        InterruptError: stopped on request; the batches go on at the service.
    """
    from rvebench.judges.llm import settle
    from rvebench.llm import BatchReplies, BatchRunner, OpenAIBatches

    judge = batching_judge(plan)
    settled = settle(judge.spec, connection)
    cache = connection.cache
    assert cache is not None

    def requests() -> Iterator[ChatRequest]:
        for sample, record in open_verdicts(plan, journal, directory, options):
            yield from judge.requests(
                decode_edit(sample, record, directory, options.decode_limit_s, options.allow_truncated)
            )

    runner = BatchRunner(
        directory / BATCH_FOLDER,
        OpenAIBatches(base_url=settled.base_url, api_key_env=settled.key_env),
        budget=connection.budget,
        prices=connection.prices,
        answered=lambda digest: cache.get(digest) is not None,
    )
    with runner:
        try:
            asyncio.run(runner.run(requests, poll_s=poll_s, on_progress=watch))
        except KeyboardInterrupt:
            raise InterruptError(
                "stopped on request; batches that were submitted go on at the service",
                where=directory,
                hint="run the same command again to collect them",
            ) from None
        yield replace(connection, cache=BatchReplies(runner, cache))
