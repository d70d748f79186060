"""The pace under two kinds of refusals: those that say how long to wait, and those that do not.

A service that counts calls says when it takes the next (Retry-After); one that is overloaded, or a gateway that drops
calls at random, mostly does not. Each kind has its own controller, which sees the other's calls as not refused, and the
slower pace holds. So refusals by chance hide nothing of a rate limit. Where a service mixes them, each is still found,
with more waste.
"""

from __future__ import annotations

from typing import NamedTuple

from rvebench.llm.adaptive import AdaptiveLimit

__all__ = ["Generation", "Pacing"]


class Generation(NamedTuple):
    """When a call was sent, in cuts of the pace."""

    told: int
    untold: int


class Pacing:
    """Report each call when it is sent, and its outcome with what :meth:`sent` returned.

    Args:
        cap: most calls at once.
    """

    __slots__ = ("_both", "_told", "_untold")

    def __init__(self, cap: int) -> None:
        self._told, self._untold = self._both = (AdaptiveLimit(cap), AdaptiveLimit(cap))

    def sent(self, now_s: float) -> Generation:
        """A call is sent; times are seconds of one monotonic clock."""
        return Generation(self._told.sent(now_s), self._untold.sent(now_s))

    def answered(self, generation: Generation, took_s: float) -> None:
        """A call was answered."""
        self._told.answered(generation.told, took_s)
        self._untold.answered(generation.untold, took_s)

    def refused(self, generation: Generation, now_s: float, *, told: bool) -> None:
        """A call was refused for its rate; `told`: with a time to wait."""
        if told:
            self._told.refused(generation.told, now_s)
        else:
            self._untold.refused(generation.untold, now_s)

    @property
    def proven(self) -> bool:
        """Whether a call was ever answered."""
        return self._told.proven

    @property
    def call_s(self) -> float:
        """How long a call takes; 0 until one was answered."""
        return self._told.call_s

    @property
    def limit(self) -> float:
        """Most calls at once."""
        return self._told.limit

    @property
    def gap_s(self) -> float:
        """Time between two calls; 0 where they need not be spread."""
        return max(one.gap_s for one in self._both)

    @property
    def pace_per_s(self) -> float | None:
        """Calls a second at which they are spread; None: only their number at once is bounded."""
        return min((one.pace_per_s for one in self._both if one.pace_per_s is not None), default=None)

    @property
    def baseline(self) -> float:
        """Share of calls that the service refuses whatever their pace, as far as it is known."""
        return self._told.baseline + self._untold.baseline
