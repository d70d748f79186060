"""The one client: cache, single flight, turn, breaker, budget, call, and all of it again when the call fails.

What is guaranteed:

* Equal questions under way at the same time are one call.
* Money is reserved for each call when it is its turn, right before it is sent, and settled by what the service counts.
  An answer that was lost on the way counts as paid.
* A :class:`FatalCallError` stops everything at once: no question that waits is sent any more, calls under way may end.
  Until the first answer calls are sent one at a time, so that a wrong key costs one call.
* No branch makes up an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING

from rvebench.llm.breaker import Breaker
from rvebench.llm.dialect import Form
from rvebench.llm.faults import (
    CallError,
    FatalCallError,
    LostReplyError,
    RateLimitedError,
    RefusedError,
    TransportError,
)
from rvebench.llm.limits import Limits
from rvebench.llm.messages import ChatRequest, Reply, TokenUsage
from rvebench.llm.retry import Tally, retrying
from rvebench.llm.stats import CallStats
from rvebench.llm.throttle import Slot, Throttle
from rvebench.llm.tokens import estimate_tokens
from rvebench.llm.transport import Transport

if TYPE_CHECKING:
    from rvebench.llm.budget import Budget, Hold
    from rvebench.llm.cache import ReplyCache
    from rvebench.llm.prices import PriceTable

__all__ = ["LlmClient"]


def _again(error: FatalCallError) -> FatalCallError:
    """Returns the same error for one more asker: a shared one would collect the tracebacks of all."""
    return type(error)(error.what, where=error.where, hint=error.hint)


def _tokens_of(request: ChatRequest) -> int:
    # As OpenAI does for its caps: the longest answer counts until the real one is known.
    estimate = estimate_tokens(request)
    return estimate.text.likely + estimate.image.likely + estimate.output_most


class _Flight:
    """One question under way, for everyone who asked it."""

    __slots__ = ("booked", "calling", "task", "waiting")

    def __init__(self) -> None:
        self.task: asyncio.Task[Reply] | None = None
        self.waiting = 0
        self.calling = False
        self.booked = False
        """Somebody has the reply with its cost: for all others it is paid."""


def _already_paid(reply: Reply) -> Reply:
    """Returns the reply for one more asker of the same call."""
    meta = {name: value for name, value in reply.meta.items() if name != "cost"}
    return replace(reply, cost_usd=0.0, meta=MappingProxyType(meta))


class LlmClient:
    """Answers questions by one service. Belongs to one event loop.

    Args:
        base_url: of any OpenAI-compatible service; None: OpenAI's own.
        api_key_env: the environment variable that holds the key; it is read at the first call, so that answers from a
            cache need none.
        cache: where accepted replies are kept; None: nowhere.
        budget: caps on money, tokens and time; None: none.
        prices: what tokens cost, for replies when there is no budget.
        limits: how hard and how long the service is asked.
        form: how answers are shaped: `auto`, `json_schema`, `json_object` or `none`.
        seed: of the jitter of pauses; None: another one each time.

    Raises:
        UsageError: the base URL or the form cannot be used.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        cache: ReplyCache | None = None,
        budget: Budget | None = None,
        prices: PriceTable | None = None,
        limits: Limits | None = None,
        form: Form | str = "auto",
        seed: int | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._cache = cache
        self._budget = budget
        self._prices = prices
        self._rng = random.Random(seed)  # noqa: S311 - spreads pauses, hides nothing
        self._transport = Transport(base_url=base_url, api_key_env=api_key_env, form=form, limits=self._limits)
        self._throttle: Throttle | None = None
        self._breaker = Breaker(self._limits, where=self._transport.host)
        self._flights: dict[str, _Flight] = {}
        self._stopped: FatalCallError | None = None
        self._counts: Counter[str] = Counter()
        self._usage = TokenUsage()
        self._cost_usd = 0.0
        self._start_s: float | None = None
        self._end_s = 0.0

    @property
    def host(self) -> str:
        """The service, for messages."""
        return self._transport.host

    async def ask(self, request: ChatRequest) -> Reply:
        """Returns the answer, from the cache when it is there.

        Raises:
            TransportError: there is none, after every retry.
            RefusedError: the service or the model declined.
            RejectedError: the service does not take this question.
            FatalCallError: no question can be answered like this; so says every later call too.
            BudgetError: the call could cost more than is left.
        """
        self._counts["asked"] += 1
        if self._cache is not None:
            kept = self._cache.get(request.digest, request)
            if kept is not None:
                self._counts["from_cache"] += 1
                return kept
        if self._stopped is not None:
            raise _again(self._stopped)
        flight = self._flights.get(request.digest)
        if flight is None:
            flight = self._take_off(request)
        else:
            self._counts["joined"] += 1
        assert flight.task is not None
        flight.waiting += 1
        try:
            reply = await asyncio.shield(flight.task)
            first, flight.booked = not flight.booked, True
            return reply if first else _already_paid(reply)
        except asyncio.CancelledError:
            if flight.task.cancelled() and self._stopped is not None:
                raise _again(self._stopped) from None
            raise
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                # Equal questions from now on are asked anew.
                if self._flights.get(request.digest) is flight:
                    del self._flights[request.digest]

    async def accept(self, request: ChatRequest, reply: Reply) -> None:
        """Keeps a reply that was found valid, so that it is never paid for again."""
        if self._cache is not None:
            self._cache.put(request, reply, accepted=True)

    def stats(self) -> CallStats:
        """Returns what was done so far."""
        counts, throttle = self._counts, self._throttle
        names = (
            "asked", "from_cache", "joined", "answered", "over_rate", "failed", "lost", "declined", "retried",
            "unanswered", "cut_short", "unpriced",
        )  # fmt: skip
        return CallStats(
            **{name: counts[name] for name in names},
            calls=self._transport.calls,
            usage=self._usage,
            cost_usd=self._cost_usd,
            wall_s=0.0 if self._start_s is None else max(0.0, self._end_s - self._start_s),
            most_at_once=throttle.most_in_flight if throttle else 0,
            limit=throttle.limit if throttle else 1.0,
            pace_per_s=throttle.pace_per_s if throttle else None,
            baseline=throttle.baseline if throttle else 0.0,
        )

    async def aclose(self) -> None:
        """Ends what is under way and closes every connection. The cache and the budget stay their owner's."""
        tasks = [flight.task for flight in self._flights.values() if flight.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._transport.aclose()

    async def __aenter__(self) -> LlmClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _take_off(self, request: ChatRequest) -> _Flight:
        flight = self._flights[request.digest] = _Flight()

        def land(task: asyncio.Task[Reply]) -> None:
            if self._flights.get(request.digest) is flight:
                del self._flights[request.digest]
            if not task.cancelled():
                task.exception()  # somebody looked at it, even if every asker is gone

        flight.task = asyncio.create_task(self._answer(request, flight))
        flight.task.add_done_callback(land)
        return flight

    async def _answer(self, request: ChatRequest, flight: _Flight) -> Reply:
        tally = Tally()
        try:
            reply = await self._with_retries(request, flight, tally)
        except FatalCallError as error:
            self._stop(error)
            raise
        except TransportError:
            self._counts["unanswered"] += 1
            raise
        tries = tally.failures + tally.refusals
        return replace(reply, attempts=tries + 1) if tries else reply

    async def _with_retries(self, request: ChatRequest, flight: _Flight, tally: Tally) -> Reply:
        """Most calls go well at once: the machinery of retries is set up for those that do not."""
        try:
            return await self._attempt(request, flight, tally)
        except TransportError as error:
            failed: list[TransportError] = [error]

        async def attempt() -> Reply:
            if failed:
                raise failed.pop()
            return await self._attempt(request, flight, tally)

        reply: Reply = await retrying(tally, self._limits, self._rng)(attempt)
        return reply

    async def _attempt(self, request: ChatRequest, flight: _Flight, tally: Tally) -> Reply:
        """One call, in its turn."""
        if self._throttle is None:
            self._throttle = Throttle(self._limits, tokens_of=_tokens_of, rng=self._rng)
            self._transport.on_allowance = self._throttle.allow
        again = bool(tally.failures or tally.refusals)
        slot = await self._throttle.enter(request, again=again)
        probe = False
        try:
            probe = await self._breaker.admit()
            hold = None if self._budget is None else await self._budget.reserve(request)
            if self._stopped is not None:
                if hold is not None:
                    hold.release()
                raise _again(self._stopped)
            self._counts["retried"] += again
            flight.calling = True
            start_s = time.monotonic()
            try:
                with hold or contextlib.nullcontext():
                    return await self._call(request, slot, hold, probe=probe)
            finally:
                flight.calling = False
                self._end_s = time.monotonic()
                tally.busy_s += self._end_s - start_s
        except RateLimitedError:
            tally.refusals += 1
            raise
        except TransportError:
            tally.failures += 1
            raise
        finally:
            slot.leave(None)
            self._breaker.abandoned(probe=probe)

    async def _call(self, request: ChatRequest, slot: Slot, hold: Hold | None, *, probe: bool) -> Reply:
        """Sends, and tells throttle, breaker, budget and counters how it ended."""
        if self._start_s is None:
            self._start_s = time.monotonic()
        try:
            reply = await self._transport.send(request)
        except RateLimitedError as error:
            self._counts["over_rate"] += 1
            self._breaker.answered()
            slot.leave("refused", retry_after_s=error.retry_after_s)
            raise
        except TransportError as error:
            self._counts["failed"] += 1
            self._breaker.failed(error.what, probe=probe)
            slot.leave("failed")
            if isinstance(error, LostReplyError):
                self._counts["lost"] += 1
                self._book(request, hold, error.usage)
            raise
        except CallError as error:
            self._breaker.answered()
            slot.leave("answered" if not isinstance(error, FatalCallError) else "failed")
            self._counts["declined"] += not isinstance(error, FatalCallError)
            if isinstance(error, RefusedError) and error.usage is not None:
                self._book(request, hold, error.usage)
            raise
        self._breaker.answered()
        slot.leave("answered", tokens=reply.usage.input_tokens + reply.usage.output_tokens)
        self._counts["answered"] += 1
        self._counts["cut_short"] += reply.finish_reason == "length"
        cost = self._book(request, hold, reply.usage if "usage" not in reply.meta else None)
        if cost is None:
            return replace(reply, meta={**reply.meta, "cost": "not known"})
        return replace(reply, cost_usd=cost)

    def _book(self, request: ChatRequest, hold: Hold | None, usage: TokenUsage | None) -> float | None:
        """Counts what the service counted; returns the cost, None where it is not known.

        Without a count of the service's own, the budget keeps the whole reservation as spent.
        """
        if usage is None:
            if hold is not None:
                hold.lose()
            self._counts["unpriced"] += 1
            return None
        self._usage += usage
        if hold is not None:
            cost = hold.settle(usage)
        else:
            cost = None if self._prices is None else self._prices.cost_usd(request.model, usage)
        self._cost_usd += cost or 0.0
        self._counts["unpriced"] += cost is None
        return cost

    def _stop(self, error: FatalCallError) -> None:
        """No further call: ends every question that is not on the wire right now."""
        if self._stopped is not None:
            return
        self._stopped = error
        current = asyncio.current_task()
        for flight in list(self._flights.values()):
            if flight.task is not None and flight.task is not current and not flight.calling:
                flight.task.cancel()
