"""What a run will ask and cost, before a call is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rvebench.llm.messages import ChatRequest, TokenUsage
from rvebench.llm.prices import Price, PriceTable
from rvebench.llm.tokens import TokenEstimate, estimate_tokens, has_image_rule

__all__ = ["Estimate", "Workload", "calls_per_s", "estimate_requests", "estimate_workloads"]

_LEAST_TEXT = 0.5
"""Of the likely text tokens: prose of long words, and a schema that the service does not count."""
_LEAST_IMAGE = 0.2
"""Of the likely image tokens of a model whose rule is not known: open models spend 64 tokens on a frame and more."""
_LEAST_ANSWER, _LIKELY_ANSWER = 0.01, 0.35
"""Parts of the longest answer that the request allows: bare scores, and scores with a few sentences each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Calls that are alike, where the requests themselves are not made yet."""

    model: str
    calls: int
    each: TokenEstimate
    """Tokens of one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run will ask and cost. Repair re-asks and retries come on top."""

    calls: int
    answered_calls: int
    """Questions whose answers are in the cache: they cost nothing and are not in `calls`."""
    tokens: TokenEstimate
    usd_low: float | None
    """What it costs at least: little text, all input from the service's cache, bare scores. None when a model's price
    is not known."""
    usd_likely: float | None
    """Likely input, nothing from the service's cache, answers of a few sentences."""
    usd_high: float | None
    """The bound that a budget reserves, summed: with this much for --max-usd the run is not stopped by it."""
    seconds: float | None
    """At the given rate; None when no rate is given, as for a batch, whose window is 24 h."""
    unpriced_models: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    """The rows that were used, with their dates and sources."""


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    tokens: TokenEstimate = field(default_factory=TokenEstimate)

    def add(self, calls: int, tokens: TokenEstimate) -> None:
        self.calls += calls
        self.tokens += tokens


def calls_per_s(
    *,
    concurrency: int,
    latency_s: float,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    tokens_each: int = 0,
) -> float:
    """Returns the rate that concurrency, latency and the service's caps allow.

    Args:
        concurrency: calls in flight at once.
        latency_s: how long a call takes.
        requests_per_minute: the service's cap, if any.
        tokens_per_minute: the service's cap, if any.
        tokens_each: tokens of one call.
    """
    rates = [concurrency / latency_s]
    if requests_per_minute is not None:
        rates.append(requests_per_minute / 60)
    if tokens_per_minute is not None and tokens_each:
        rates.append(tokens_per_minute / 60 / tokens_each)
    return min(rates)


def estimate_requests(
    requests: Iterable[ChatRequest],
    *,
    prices: PriceTable,
    batch: bool = False,
    rate_per_s: float | None = None,
    answered: Callable[[str], bool] | None = None,
) -> Estimate:
    """Returns what requests will cost; equal requests are asked once.

    Args:
        requests: may be a generator; no request is kept.
        prices: the price table.
        batch: priced by the Batch API.
        rate_per_s: calls a second, see :func:`calls_per_s`.
        answered: says of a digest whether the cache has its answer.
    """
    sums: dict[str, _Sum] = {}
    seen: set[str] = set()
    cached = 0
    for request in requests:
        if request.digest in seen:
            continue
        seen.add(request.digest)
        if answered is not None and answered(request.digest):
            cached += 1
        else:
            sums.setdefault(request.model, _Sum()).add(1, estimate_tokens(request))
    return _estimate(sums, cached, prices, batch=batch, rate_per_s=rate_per_s)


def estimate_workloads(
    workloads: Iterable[Workload], *, prices: PriceTable, batch: bool = False, rate_per_s: float | None = None
) -> Estimate:
    """Returns what calls known by their number will cost; arguments as in :func:`estimate_requests`."""
    sums: dict[str, _Sum] = {}
    for load in workloads:
        sums.setdefault(load.model, _Sum()).add(load.calls, load.each * load.calls)
    return _estimate(sums, 0, prices, batch=batch, rate_per_s=rate_per_s)


def _estimate(
    sums: dict[str, _Sum], cached: int, prices: PriceTable, *, batch: bool, rate_per_s: float | None
) -> Estimate:
    low = likely = high = 0.0
    tokens = TokenEstimate()
    calls = 0
    rows: list[Price] = []
    unpriced: list[str] = []
    for model, total in sums.items():
        calls += total.calls
        tokens += total.tokens
        price = prices.find(model)
        if price is None:
            unpriced.append(model)
            continue
        rows.append(price)
        low += price.cost_usd(_least(model, total.tokens), batch=batch)
        likely += price.cost_usd(_likely(total.tokens), batch=batch)
        high += price.cost_usd(_most(total.tokens), batch=batch)
    return Estimate(
        calls=calls,
        answered_calls=cached,
        tokens=tokens,
        usd_low=None if unpriced else low,
        usd_likely=None if unpriced else likely,
        usd_high=None if unpriced else high,
        seconds=None if batch or rate_per_s is None else calls / rate_per_s,
        unpriced_models=tuple(sorted(unpriced)),
        prices=tuple(dict.fromkeys(rows)),
    )


def _least(model: str, tokens: TokenEstimate) -> TokenUsage:
    # The same frames are shown for each question and repeat: a service may have kept them too.
    text = math.floor(tokens.text.likely * _LEAST_TEXT)
    image = math.floor(tokens.image.likely * (1.0 if has_image_rule(model) else _LEAST_IMAGE))
    return TokenUsage(
        input_tokens=text + image,
        cached_input_tokens=text + image,
        output_tokens=math.floor(tokens.output_most * _LEAST_ANSWER),
    )


def _likely(tokens: TokenEstimate) -> TokenUsage:
    return TokenUsage(
        input_tokens=tokens.text.likely + tokens.image.likely,
        output_tokens=round(tokens.output_most * _LIKELY_ANSWER),
    )


def _most(tokens: TokenEstimate) -> TokenUsage:
    return TokenUsage(input_tokens=tokens.input_most, output_tokens=tokens.output_most)
