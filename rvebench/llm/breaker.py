"""A service that is down is left in peace: one call probes it now and then, and after long enough the run stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rvebench.llm.faults import OutageError
from rvebench.llm.limits import Limits

__all__ = ["Breaker"]

_POLL_S = 0.25
_FIRST_ANSWER_S = 60.0
"""A service that never answered is more likely a wrong address than an outage."""


class Breaker:
    """Counts calls in a row without an answer from the service.

    Args:
        limits: after how many calls, for how long.
        where: the service, for the message.
        clock: seconds of a monotonic clock.
    """

    def __init__(self, limits: Limits, *, where: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._where = where
        self._clock = clock
        self._failures = 0
        self._first_failure_s = 0.0
        self._open_until_s: float | None = None
        self._pause_s = limits.breaker_open_s
        self._probing = False
        self._answered = False
        self._last = ""

    @property
    def is_open(self) -> bool:
        """Whether the service counts as down."""
        return self._open_until_s is not None

    async def admit(self) -> bool:
        """Waits until a call may be sent; returns whether it is the one that probes.

        Raises:
            OutageError: the service has been down for too long.
        """
        while self._open_until_s is not None:
            now = self._clock()
            down_s = now - self._first_failure_s
            most_s = self._limits.outage_s if self._answered else min(self._limits.outage_s, _FIRST_ANSWER_S)
            if down_s > most_s:
                raise OutageError(
                    f"{self._failures} calls in {down_s:.0f} s got no answer, the last: {self._last}",
                    where=self._where,
                    hint="what was answered is kept: run the same command again when the service is up",
                )
            if not self._probing and now >= self._open_until_s:
                self._probing = True
                return True
            await asyncio.sleep(min(_POLL_S, max(0.01, self._open_until_s - now)))
        return False

    def answered(self) -> None:
        """The service spoke: an answer, a refusal, or an objection."""
        self._answered = True
        self._failures = 0
        self._open_until_s = None
        self._pause_s = self._limits.breaker_open_s
        self._probing = False

    def failed(self, what: str, *, probe: bool) -> None:
        """A call got no answer.

        Args:
            what: what happened instead.
            probe: it was the one that probes.
        """
        if self._failures == 0:
            self._first_failure_s = self._clock()
        self._failures += 1
        self._last = what
        if probe:
            self._probing = False
            self._pause_s = min(self._limits.backoff_most_s, 2 * self._pause_s)
            self._open_until_s = self._clock() + self._pause_s
        elif self._open_until_s is None and self._failures >= self._limits.breaker_after:
            self._open_until_s = self._clock() + self._pause_s

    def abandoned(self, *, probe: bool) -> None:
        """A call was given up before it ended."""
        if probe:
            self._probing = False
