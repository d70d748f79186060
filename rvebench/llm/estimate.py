"""What a run will ask and cost, before a call is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rvebench.llm.messages import ChatRequest, TokenUsage
from rvebench.llm.prices import Price, PriceTable
from rvebench.llm.tokens import TokenEstimate, estimate_tokens

__all__ = ["Estimate", "Workload", "calls_per_s", "estimate_requests", "estimate_workloads"]

_SHORT_ANSWER = 0.15
"""A short answer, as a part of the longest that the request allows."""


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
    """Likely input, text from the service's cache, short answers; None when a model's price is not known."""
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
    low = high = 0.0
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
        low += price.cost_usd(_least(total.tokens), batch=batch)
        high += price.cost_usd(_most(total.tokens), batch=batch)
    return Estimate(
        calls=calls,
        answered_calls=cached,
        tokens=tokens,
        usd_low=None if unpriced else low,
        usd_high=None if unpriced else high,
        seconds=None if batch or rate_per_s is None else calls / rate_per_s,
        unpriced_models=tuple(sorted(unpriced)),
        prices=tuple(dict.fromkeys(rows)),
    )


def _least(tokens: TokenEstimate) -> TokenUsage:
    # Images differ from call to call; what a service caches is the text in front of them.
    return TokenUsage(
        input_tokens=tokens.text.likely + tokens.image.likely,
        cached_input_tokens=tokens.text.likely,
        output_tokens=round(tokens.output_most * _SHORT_ANSWER),
    )


def _most(tokens: TokenEstimate) -> TokenUsage:
    return TokenUsage(input_tokens=tokens.input_most, output_tokens=tokens.output_most)
