"""Who may call next: in order, never more at once than the service bears, never faster than the caps allow.

Waiting is first come, first served; a question that is asked again goes before new ones. Everything here may be
cancelled at any await without losing a place for others.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable
from typing import Literal

from aiolimiter import AsyncLimiter

from rvebench.llm.limits import Limits
from rvebench.llm.messages import ChatRequest
from rvebench.llm.pacing import Generation, Pacing
from rvebench.llm.statuses import Allowance

__all__ = ["Outcome", "Slot", "Throttle"]

Outcome = Literal["answered", "refused", "failed"]
"""How a call ended for the throttle: `refused` is a 429, `failed` says nothing about the rate."""

_RATE_WINDOW_S = 0.1
_TOKEN_WINDOW_S = 10.0
_BACKLOG_S = 0.02
"""How much of its delay a late timer may make up for at once."""
_NEARLY_USED = 0.25
"""Part of an allowance that may be left before calls are spread at the rate at which it fills."""
_IN_A_ROW = 3
_SILENT_CALLS = 3.0
"""So many refusals without an answer between them, for so many times as long as a call takes, and nothing is sent for a
while: by then the pace has been cut, and it did not help."""


class Slot:
    """The right to one call. Give it back exactly once, with how the call ended."""

    __slots__ = ("_throttle", "done", "generation", "start_s", "tokens")

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self.generation = Generation(-1, -1)
        self.start_s = 0.0
        self.tokens = 0
        self.done = False

    def leave(self, outcome: Outcome | None, *, retry_after_s: float | None = None, tokens: int | None = None) -> None:
        """Gives the slot back; `outcome` is None when nothing was sent, `tokens` is what the call really used."""
        if not self.done:
            self.done = True
            self._throttle._leave(self, outcome, retry_after_s, tokens)


class Throttle:
    """Gives out slots.

    Args:
        limits: concurrency, calls and tokens a minute, longest pauses.
        tokens_of: estimates the tokens of a request; needed for a cap on tokens a minute.
        rng: draws the jitter of pauses.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        tokens_of: Callable[[ChatRequest], int] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._limits = limits
        self._pacing = Pacing(limits.concurrency)
        self._tokens_of = tokens_of
        self._rng = rng or random.Random()  # noqa: S311 - spreads pauses, hides nothing
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._next_s = 0.0
        self._fill_per_s: float | None = None
        self._held_until_s = 0.0
        self._refused_in_row = 0
        self._row_since_s = 0.0
        self._debt = 0.0
        self.in_flight = 0
        self.most_in_flight = 0
        self._turn = asyncio.Lock()
        self._calls: AsyncLimiter | None = None
        self._tokens: AsyncLimiter | None = None
        if limits.rpm is not None:
            # A service enforces its cap in windows shorter than a minute: a minute's calls at once would be refused.
            burst = max(1.0, limits.rpm / 60 * _RATE_WINDOW_S)
            self._calls = AsyncLimiter(burst, burst * 60 / limits.rpm)
        if limits.tpm is not None:
            self._tokens = AsyncLimiter(limits.tpm / 60 * _TOKEN_WINDOW_S, _TOKEN_WINDOW_S)

    @property
    def limit(self) -> float:
        """How many calls may be under way now."""
        return self._pacing.limit

    @property
    def pace_per_s(self) -> float | None:
        """Calls a second that may be sent now; None where only their number at once is bounded."""
        return self._pacing.pace_per_s

    @property
    def baseline(self) -> float:
        """Share of calls that the service refuses at any pace, as far as it is known."""
        return self._pacing.baseline

    async def enter(self, request: ChatRequest, *, again: bool = False) -> Slot:
        """Returns a slot when it is this question's turn.

        Args:
            request: for its tokens.
            again: it was sent before and goes first.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if again:
            self._queue.appendleft(turn)
        else:
            self._queue.append(turn)
        slot = Slot(self)
        try:
            self._pump()
            await turn
            await self._keep_caps(request, slot)
        except BaseException:
            if turn.done() and not turn.cancelled():
                slot.leave(None)
            else:
                turn.cancel()
            raise
        slot.start_s = asyncio.get_running_loop().time()
        slot.generation = self._pacing.sent(slot.start_s)
        return slot

    def allow(self, allowance: Allowance) -> None:
        """Minds what the service says about the calls that it still takes."""
        # What it says is as old as the call: those under way now have used more of it.
        # A small allowance is gone before anyone hears of it, so that calls are always spread.
        small = allowance.most < 2 * self._limits.concurrency
        if not small and allowance.left > self.in_flight + _NEARLY_USED * allowance.most:
            self._fill_per_s = None
        elif self._fill_per_s is None:
            self._fill_per_s = allowance.rate_per_s
        else:
            self._fill_per_s = 0.9 * self._fill_per_s + 0.1 * allowance.rate_per_s

    async def _keep_caps(self, request: ChatRequest, slot: Slot) -> None:
        if self._calls is None and self._tokens is None:
            return
        # One at a time: the limiter itself lets small amounts overtake large ones.
        async with self._turn:
            if self._calls is not None:
                await self._calls.acquire()
            if self._tokens is not None and self._tokens_of is not None:
                slot.tokens = self._tokens_of(request)
                amount = max(0.0, slot.tokens + self._debt)
                self._debt = min(0.0, slot.tokens + self._debt)
                while amount > 0:  # more than one window's worth is taken in pieces
                    piece = min(amount, self._tokens.max_rate)
                    await self._tokens.acquire(piece)
                    amount -= piece

    def _leave(self, slot: Slot, outcome: Outcome | None, retry_after_s: float | None, tokens: int | None) -> None:
        self.in_flight -= 1
        if tokens is not None and slot.tokens:
            self._debt += tokens - slot.tokens
        now = asyncio.get_running_loop().time()
        if outcome == "answered":
            self._refused_in_row = 0
            self._pacing.answered(slot.generation, now - slot.start_s)
        elif outcome == "refused":
            if not self._refused_in_row:
                self._row_since_s = now
            self._refused_in_row += 1
            self._pacing.refused(slot.generation, now, told=retry_after_s is not None)
            if self._shut(now):
                self._hold(now, retry_after_s)
        self._pump()

    def _shut(self, now: float) -> bool:
        """Whether the service refuses everything, whatever the pace."""
        if not self._pacing.proven:
            return self._refused_in_row > 0
        silent_s = now - self._row_since_s
        return self._refused_in_row >= _IN_A_ROW and silent_s > _SILENT_CALLS * self._pacing.call_s

    def _hold(self, now: float, retry_after_s: float | None) -> None:
        """Sends nothing for a while: a service that refuses every call needs no more of them."""
        limits = self._limits
        if retry_after_s is None:
            most = min(limits.backoff_most_s, limits.backoff_s * 2 ** min(20, self._refused_in_row))
            pause = self._rng.uniform(most / 2, most)
        else:
            pause = min(retry_after_s, limits.retry_after_most_s)
        self._held_until_s = max(self._held_until_s, now + pause)

    def _room(self, now: float) -> bool:
        most = 1 if self._refused_in_row and self._shut(now) else math.floor(self._pacing.limit + 1e-9)
        return self.in_flight < most

    @property
    def _gap_s(self) -> float:
        """Time between two calls, 0 where they need not be spread."""
        gap_s = self._pacing.gap_s
        return gap_s if self._fill_per_s is None else max(gap_s, 1 / self._fill_per_s)

    def _pump(self) -> None:
        """Gives slots to those whose turn it is, and sets a timer for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._queue and self._room(now):
            if self._queue[0].done():
                self._queue.popleft()
                continue
            gap_s = self._gap_s
            due = max(self._held_until_s, self._next_s if gap_s else 0.0)
            if due > now:
                self._timer = loop.call_at(due, self._pump)
                return
            self._next_s = max(self._next_s, now - _BACKLOG_S) + gap_s
            self._queue.popleft().set_result(None)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
