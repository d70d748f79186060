"""Caps on money, tokens and time that hold: a call reserves its upper bound before it is sent.

How it holds, so that nobody has to work it out again:

* Spent and reserved amounts together never exceed the cap; so what is spent never does, as long as no call uses more
  than its bound (:mod:`rvebench.llm.tokens`). Should a service count more, the overrun is that of the calls in flight,
  one for each worker, and later bounds of that model grow.
* A call for which there is no room *now* waits for the calls in flight, whose real cost is mostly far below their
  bound. :class:`BudgetError` is raised only when no settling can make room.
* Reservations are in the cost log before their calls are sent (:mod:`rvebench.llm.ledger`): however often a run is
  killed, the cap holds over all its processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from rvebench.errors import UsageError
from rvebench.llm.faults import BudgetError, CallError, FatalCallError, LostReplyError, RefusedError
from rvebench.llm.ledger import Amount, Ending, Ledger, Promise, Spent
from rvebench.llm.messages import ChatRequest, TokenUsage
from rvebench.llm.prices import PRICES_VARIABLE, PriceTable
from rvebench.llm.tokens import TokenEstimate, estimate_tokens

__all__ = ["Budget", "Hold"]

_Wake = Callable[[], None]


class Hold:
    """Room reserved for one call, or for one batch of calls. Ends once: settled, released or lost.

    As a context manager it ends what the block has left open: an error that carries usage settles it, any other
    :class:`CallError` but a lost reply releases it (no answer came), anything else, a cancellation above all, counts as
    lost.
    """

    __slots__ = ("_budget", "_promise", "_stretch", "ended")

    def __init__(self, budget: Budget, promise: Promise, stretch: float) -> None:
        self._budget = budget
        self._promise = promise
        self._stretch = stretch
        self.ended = False

    @property
    def bound_usd(self) -> float:
        """The most it may cost; 0 where the price is not known."""
        return self._promise.bound.usd

    @property
    def bound_tokens(self) -> int:
        """The most it may count."""
        return self._promise.bound.tokens

    def settle(self, usage: TokenUsage, *, batch: bool = False, calls: int | None = None) -> float | None:
        """Replaces the reservation by what the service counted.

        Args:
            usage: tokens of the answer, or of all answers of a batch.
            batch: it went through the Batch API.
            calls: how many answers there were; by default all that were reserved for.

        Returns:
            The cost in USD, or None when the model's price is not known.
        """
        return self._budget._settle(self, usage, batch=batch, calls=calls)

    def release(self) -> None:
        """Gives the room back: the call cost nothing (429, 5xx, refused connection, refusal before the model)."""
        self._budget._end(self, "free", Amount(0, 0), calls=0)

    def lose(self) -> None:
        """Counts the reservation as spent: the answer was lost (time-out, dropped socket) and may be billed."""
        self._budget._end(self, "lost", self._promise.bound, calls=self._promise.calls)

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.ended:
            return
        billed = error.usage if isinstance(error, (LostReplyError, RefusedError)) else None
        if billed is not None:
            self.settle(billed)
        elif isinstance(error, CallError) and not isinstance(error, LostReplyError):
            self.release()
        else:
            self.lose()


class Budget:
    """Caps of one run. Safe for threads and for tasks of several event loops; one process at a time for a log.

    Args:
        max_usd: most money, in US dollars; needs a known price for each model that is asked.
        max_tokens: most tokens, input and output together.
        max_hours: most time at work, in hours, over all processes of the run. Calls in flight are not cut off.
        spent_file: the run's cost log (`COST_LOG_NAME` in its directory); None forgets with the process.
        prices: the price table; without one no cost is known.
        clock: seconds of a monotonic clock.

    Raises:
        UsageError: a cap is not a number above 0.
        DataError: the cost log is damaged.
    """

    def __init__(
        self,
        *,
        max_usd: float | None = None,
        max_tokens: int | None = None,
        max_hours: float | None = None,
        spent_file: Path | None = None,
        prices: PriceTable | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for option, cap in (("--max-usd", max_usd), ("--max-tokens", max_tokens), ("--max-hours", max_hours)):
            if cap is not None and not (cap > 0 and math.isfinite(cap)):
                raise UsageError(f"{option} must be a number above 0, not {cap}")
        self.max_usd = max_usd
        self.max_tokens = max_tokens
        self.max_hours = max_hours
        self.planned_calls: int | None = None
        """How many calls the run needs in all, if its owner knows: a stop then says how many are left."""
        # Amounts are rounded up to whole picodollars; the cap is rounded to the nearest, as 0.1 has no exact double.
        self._cap_pico = None if max_usd is None else round(max_usd * 10**12)
        self._prices = prices
        self._stretch: dict[str, float] = {}
        self._mutex = threading.Lock()
        self._waiting: set[_Wake] = set()
        self._ledger = Ledger(spent_file, clock=clock)

    def spent(self) -> Spent:
        """Returns what was used so far; reservations that earlier processes left open count at their bound."""
        with self._mutex:
            return self._ledger.spent()

    def check_model(self, model: str) -> None:
        """Refuses a model whose cost could not be kept under the cap; ask before the run starts.

        Raises:
            FatalCallError: there is a cap in USD and no price for the model.
        """
        if self.max_usd is not None and (self._prices is None or self._prices.find(model) is None):
            raise FatalCallError(
                f"the price of {model!r} is not known, so that --max-usd could not be kept",
                hint=f"name its price in a file (--prices FILE or ${PRICES_VARIABLE}), or cap with --max-tokens",
            )

    async def reserve(self, request: ChatRequest) -> Hold:
        """Returns room for one call, after waiting for calls in flight where they hold what it needs.

        Raises:
            BudgetError: no room is left that a call in flight could give back.
            FatalCallError: see :meth:`check_model`.
        """
        estimate = estimate_tokens(request)
        loop = asyncio.get_running_loop()
        while True:
            changed = asyncio.Event()

            def wake(event: asyncio.Event = changed) -> None:
                # The loop of a waiter that was cancelled may be closed by now.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

            hold = self._try(request.model, estimate, key=None, calls=1, batch=False, wake=wake)
            if hold is not None:
                return hold
            try:
                await changed.wait()
            finally:
                with self._mutex:
                    self._waiting.discard(wake)

    def try_reserve(
        self, model: str, estimate: TokenEstimate, *, key: str | None = None, calls: int = 1, batch: bool = False
    ) -> Hold | None:
        """Returns room for one call or one batch without waiting; None when calls in flight hold what it needs.

        Args:
            model: as the service names it.
            estimate: tokens of all the calls together.
            key: names the reservation over restarts: asking again for a key that is still open, in this process or
                left by an earlier one, returns that reservation and reserves nothing.
            calls: how many calls it is for.
            batch: priced by the Batch API.

        Raises:
            BudgetError: there is no room, and no call in flight could give it back.
            FatalCallError: see :meth:`check_model`.
        """
        return self._try(model, estimate, key=key, calls=calls, batch=batch, wake=None)

    def fits(self, model: str, estimate: TokenEstimate, *, batch: bool = False) -> bool:
        """Tells whether :meth:`try_reserve` would find room now; reserves nothing."""
        with self._mutex:
            if self.max_hours is not None and self._ledger.hours >= self.max_hours:
                return False
            bound = self._bound(model, estimate, batch=batch)
            return self._broken(self._ledger.gone.plus(self._ledger.held).plus(bound)) is None

    def charge(self, key: str, model: str, usage: TokenUsage, *, calls: int, batch: bool = False) -> float | None:
        """Counts what was used under a key, whatever the caps say: it is spent. A second time for a key does nothing.

        Ends the reservation of that key, also one that an earlier process left.

        Returns:
            The cost in USD, or None when the model's price is not known.
        """
        cost = self._cost(model, usage, batch=batch)
        with self._mutex:
            if not self._ledger.ended(key):
                promise = self._ledger.find(key, model)
                if promise is None:
                    promise = self._ledger.promise(model, Amount(0, 0), calls=calls, key=key)
                hold = Hold(self, promise, 1.0)
                amount = Amount.of(cost, usage.input_tokens + usage.output_tokens)
                self._end_locked(hold, "paid", amount, calls=calls, unpriced=calls if cost is None else 0)
        return cost

    def release(self, key: str, model: str) -> None:
        """Gives back the room reserved under a key, if it is open: nothing was asked. It may be reserved again."""
        with self._mutex:
            promise = self._ledger.find(key, model)
            if promise is not None:
                self._end_locked(Hold(self, promise, 1.0), "free", Amount(0, 0), calls=0)

    def close(self) -> None:
        """Writes the time spent and closes the cost log; calls still in flight stay open in it."""
        with self._mutex:
            self._ledger.close()

    def __enter__(self) -> Budget:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _try(
        self, model: str, estimate: TokenEstimate, *, key: str | None, calls: int, batch: bool, wake: _Wake | None
    ) -> Hold | None:
        self.check_model(model)
        with self._mutex:
            ledger = self._ledger
            if key is not None and (promise := ledger.find(key, model)) is not None:
                return Hold(self, promise, 1.0)
            bound = self._bound(model, estimate, batch=batch)
            if self.max_hours is not None and ledger.hours >= self.max_hours:
                raise self._exhausted(f"--max-hours {self.max_hours:g}", bound, calls)
            gone = ledger.gone
            if (cap := self._broken(gone.plus(bound))) is not None:
                raise self._exhausted(cap, bound, calls)
            if self._broken(gone.plus(ledger.held).plus(bound)) is not None:
                if wake is not None:
                    self._waiting.add(wake)
                return None
            return Hold(self, ledger.promise(model, bound, calls=calls, key=key), self._stretch.get(model, 1.0))

    def _bound(self, model: str, estimate: TokenEstimate, *, batch: bool) -> Amount:
        stretch = self._stretch.get(model, 1.0)
        usage = TokenUsage(
            input_tokens=math.ceil(estimate.input_most * stretch),
            output_tokens=math.ceil(estimate.output_most * stretch),
        )
        return Amount.of(self._cost(model, usage, batch=batch), usage.input_tokens + usage.output_tokens)

    def _cost(self, model: str, usage: TokenUsage, *, batch: bool) -> float | None:
        return None if self._prices is None else self._prices.cost_usd(model, usage, batch=batch)

    def _broken(self, amount: Amount) -> str | None:
        if self._cap_pico is not None and amount.pico_usd > self._cap_pico:
            return f"--max-usd {self.max_usd:g}"
        if self.max_tokens is not None and amount.tokens > self.max_tokens:
            return f"--max-tokens {self.max_tokens}"
        return None

    def _exhausted(self, cap: str, bound: Amount, calls: int) -> BudgetError:
        spent = self._ledger.spent()
        used = f"{spent.calls} call{'' if spent.calls == 1 else 's'} used {spent.tokens:,} tokens"
        need = f"{'the next one' if calls == 1 else f'the next {calls}'} may take up to {bound.tokens:,} tokens"
        if spent.usd or bound.pico_usd:
            used += f" and {_dollars(spent.usd)}"
            need += f" and {_dollars(bound.usd)}"
        left = "" if self.planned_calls is None else f", and {max(0, self.planned_calls - spent.calls)} are left to do"
        return BudgetError(
            f"{cap} leaves no room: {used} in {spent.hours:.2f} h, {need}{left}",
            hint=f"every answer so far is kept: run the same command with a larger {cap.split()[0]} to go on",
        )

    def _settle(self, hold: Hold, usage: TokenUsage, *, batch: bool, calls: int | None) -> float | None:
        promise = hold._promise
        cost = self._cost(promise.model, usage, batch=batch)
        amount = Amount.of(cost, usage.input_tokens + usage.output_tokens)
        answers = promise.calls if calls is None else calls
        self._end(hold, "paid", amount, calls=answers, unpriced=answers if cost is None else 0)
        return cost

    def _end(self, hold: Hold, ending: Ending, amount: Amount, *, calls: int, unpriced: int = 0) -> None:
        with self._mutex:
            self._end_locked(hold, ending, amount, calls=calls, unpriced=unpriced)

    def _end_locked(self, hold: Hold, ending: Ending, amount: Amount, *, calls: int, unpriced: int = 0) -> None:
        promise = hold._promise
        try:
            self._ledger.end(promise, ending, amount, calls=calls, unpriced=unpriced)
        finally:
            hold.ended = True
            if amount.tokens > promise.bound.tokens > 0:
                ratio = hold._stretch * amount.tokens / promise.bound.tokens
                self._stretch[promise.model] = max(ratio, self._stretch.get(promise.model, 1.0))
            waiting, self._waiting = self._waiting, set()
            for wake in waiting:
                wake()


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}"
