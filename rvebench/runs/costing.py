"""What a run's judge will ask and cost, before an edit is made or a call is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rvebench.runs.asking import at_once, paying
from rvebench.runs.pipeline import Remaining
from rvebench.runs.plan import Plan
from rvebench.splits import read_media
from rvebench.video import Comparison

if TYPE_CHECKING:
    from rvebench.llm import ChatRequest, Estimate

__all__ = ["estimate_run"]

_LATENCY_S = 5.0
"""Assumed for one call; a joint question with a dozen images takes a few seconds."""


def estimate_run(plan: Plan, left: Remaining) -> Estimate | None:
    """Returns the calls, tokens, price and time of the verdicts that are left; None where the judge asks no service.

    An edit that is not made yet is taken to be as long and large as its source. Answers that a cache has are counted as
    calls, since nothing is opened.

    Raises:
        VideoError: a source cannot be decoded.
        RveError: the price file cannot be read.
    """
    judging, judge = plan.scorers.judging, plan.scorers.judge
    ask = getattr(judge, "requests", None)
    if judging is None or not paying(judge) or ask is None:
        return None
    from rvebench.llm import Limits, calls_per_s, estimate_requests, load_prices, user_price_file

    def requests() -> Iterator[ChatRequest]:
        for sample in (*left.edits, *left.scores):
            source = read_media(sample.source)
            target = read_media(sample.target) if sample.target else None
            yield from ask(Comparison(sample=sample, source=source, edit=source, target=target))

    found = estimate_requests(
        requests(),
        prices=load_prices(user_price_file(judging.asking.prices)),
        batch=judging.asking.batch,
        rate_per_s=calls_per_s(concurrency=min(Limits().concurrency, at_once(judge, 1)), latency_s=_LATENCY_S),
    )
    # Even a single call takes as long as one.
    return replace(found, seconds=max(found.seconds, _LATENCY_S)) if found.seconds else found
