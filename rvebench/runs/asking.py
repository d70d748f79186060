"""How a run reaches the services its judge asks: cache, budget, prices, batches. None of it decides a number."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvebench.judges import Judge
    from rvebench.judges.llm import Connection

__all__ = [
    "BATCH_FOLDER",
    "AskingOptions",
    "at_once",
    "close_judge",
    "connection_for",
    "first_connection",
    "models_of",
    "paying",
]

BATCH_FOLDER = "batch"
"""In a run directory: the state, requests and answers of batches."""

_AT_ONCE_PAID = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingOptions:
    """What a user settles about asking."""

    base_url: str | None = None
    cache: str | None = None
    """None: the user's cache; `off`; a cassette; or a cache file."""
    prices: Path | None = None
    max_usd: float | None = None
    max_tokens: int | None = None
    max_hours: float | None = None
    batch: bool = False
    """Ask through the Batch API."""
    poll_s: float = 30.0
    """Between two looks at a batch."""


def first_connection(options: AskingOptions, *, needs_key: bool) -> Connection:
    """Returns the connection a judge is described with, before there is a run directory; it opens nothing."""
    from rvebench.judges.llm import Connection

    return Connection(base_url=options.base_url, needs_key=needs_key and not _is_cassette(options))


def _is_cassette(options: AskingOptions) -> bool:
    from rvebench.llm.cassette import is_cassette_name

    return options.cache is not None and is_cassette_name(Path(options.cache))


@contextlib.contextmanager
def connection_for(options: AskingOptions, directory: Path) -> Iterator[Connection]:
    """Opens the cache and the budget of a run, and closes them.

    Raises:
        RveError: the cache, the cost log or the price file cannot be used.
    """
    from rvebench.llm import COST_LOG_NAME, Budget, load_prices, open_cache, user_price_file
    from rvebench.llm.cache_run import RunReplies, keeps_in_run
    from rvebench.llm.used import TrackedCache

    prices = load_prices(user_price_file(options.prices))
    with contextlib.ExitStack() as stack:
        cache = open_cache(options.cache)
        close = getattr(cache, "close", None)
        if close is not None:
            stack.callback(close)
        if keeps_in_run(cache, directory):
            cache = stack.enter_context(RunReplies(cache, directory))
        budget = Budget(
            max_usd=options.max_usd,
            max_tokens=options.max_tokens,
            max_hours=options.max_hours,
            spent_file=directory / COST_LOG_NAME,
            prices=prices,
        )
        stack.callback(budget.close)
        yield replace(
            first_connection(options, needs_key=True),
            cache=stack.enter_context(TrackedCache(cache, directory)),
            budget=budget,
            prices=prices,
        )


def models_of(judge: Judge | None) -> tuple[str, ...]:
    """Returns the models that a judge, or the members of a panel, will be asked of a service."""
    from rvebench.judges.panel import PanelJudge

    if judge is None:
        return ()
    if isinstance(judge, PanelJudge):
        return tuple(dict.fromkeys(model for member in judge.judges for model in models_of(member)))
    return (judge.info.model,) if judge.info.paid and judge.info.model else ()


def paying(judge: Judge | None) -> bool:
    """Returns whether a judge asks a service."""
    return judge is not None and judge.info.paid


async def close_judge(judge: Judge | None) -> None:
    """Closes a judge's connections, if it has any."""
    close = getattr(judge, "aclose", None)
    if close is not None:
        await close()


def at_once(judge: Judge | None, default: int) -> int:
    """Returns how many verdicts to work on at a time: a judge that waits for a service can have many under way."""
    if judge is None or not paying(judge):
        return default
    return max(default, int(getattr(judge, "at_once", _AT_ONCE_PAID)))
