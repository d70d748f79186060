"""What the verbs that examine a judge share: its options, and the judge over a cache and a budget."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rvebench.judges import Judge
    from rvebench.runs import Judging

__all__ = [
    "BaseUrl",
    "Cache",
    "JudgeName",
    "MaxTokens",
    "MaxUsd",
    "Prices",
    "Quorum",
    "Reduce",
    "Repeats",
    "ask_and_close",
    "built_judge",
    "judging_of",
]

JudgeName = Annotated[str, typer.Option("--judge", "-j", help="The judge to examine; several with commas are a panel.")]
Repeats = Annotated[int, typer.Option("--repeats", min=1, help="Verdicts of each judge, reduced to one.")]
Reduce = Annotated[str, typer.Option("--reduce", help="mean, median or worst, for a panel.")]
Quorum = Annotated[int | None, typer.Option("--quorum", min=1, help="Judges or repeats of a panel that must answer.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Of an OpenAI-compatible service; default: OpenAI's.")]
Cache = Annotated[
    str | None, typer.Option("--cache", help="Reply cache: a file, a cassette (.jsonl), or off; default: yours.")
]
MaxUsd = Annotated[float | None, typer.Option("--max-usd", help="Stop before the calls cost more.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="Stop before the calls use more tokens.")]
Prices = Annotated[Path | None, typer.Option("--prices", help="A price table of your own.")]

T = TypeVar("T")


def judging_of(
    spec: str,
    *,
    repeats: int,
    reduce: str,
    quorum: int | None,
    base_url: str | None,
    cache: str | None,
    max_usd: float | None,
    max_tokens: int | None,
    prices: Path | None,
) -> Judging:
    """Returns the judge that the options name."""
    from rvebench.runs import AskingOptions, Judging

    asking = AskingOptions(base_url=base_url, cache=cache, prices=prices, max_usd=max_usd, max_tokens=max_tokens)
    return Judging(spec=spec, repeats=repeats, reduce=reduce, quorum=quorum, asking=asking)


@contextlib.contextmanager
def built_judge(judging: Judging) -> Iterator[Judge]:
    """Yields the judge; one that asks a service has the user's cache, and a budget for this examination."""
    from rvebench.runs.asking import connection_for, first_connection, models_of

    judge = judging.build(first_connection(judging.asking, needs_key=True))
    if not judge.info.paid:
        yield judge
        return
    with tempfile.TemporaryDirectory() as folder, connection_for(judging.asking, Path(folder)) as connection:
        assert connection.budget is not None
        for model in models_of(judge):
            connection.budget.check_model(model)
        yield judging.build(connection)


def ask_and_close(judge: Judge, work: Coroutine[Any, Any, T]) -> T:
    """Returns what the work with a judge gives, and closes the judge's connections whatever becomes of it."""
    from rvebench.runs.asking import close_judge

    async def closing() -> T:
        try:
            return await work
        finally:
            await close_judge(judge)

    return asyncio.run(closing())
