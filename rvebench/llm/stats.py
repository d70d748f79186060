"""What a client did so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from rvebench.llm.messages import TokenUsage

__all__ = ["CallStats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStats:
    """Counts of one client since it was made."""

    asked: int = 0
    """Questions put to it."""
    from_cache: int = 0
    """Answered without a call."""
    joined: int = 0
    """Answered by the call of an equal question that was under way."""
    calls: int = 0
    """HTTP calls sent."""
    answered: int = 0
    """Calls with a whole answer."""
    over_rate: int = 0
    """Calls answered by 429."""
    failed: int = 0
    """Calls without a whole answer for any other reason that a retry may cure."""
    lost: int = 0
    """Those of them whose answer was lost on the way, and may be billed."""
    declined: int = 0
    """Calls that the service or the model declined: refusals and questions it does not take."""
    retried: int = 0
    """Calls that repeat an earlier one."""
    unanswered: int = 0
    """Questions given up after every retry."""
    cut_short: int = 0
    """Answers that ended at their token limit."""
    usage: TokenUsage = field(default_factory=TokenUsage)
    """Tokens of every answer that was counted."""
    cost_usd: float = 0.0
    """Of the calls whose price is known."""
    unpriced: int = 0
    """Answers whose price is not known."""
    wall_s: float = 0.0
    """From the first call to the last answer."""
    most_at_once: int = 0
    """Most calls under way at one time."""
    limit: float = 1.0
    """Calls at once that are allowed now."""
    pace_per_s: float | None = None
    """Calls a second at which they are spread now, because the service refused faster ones; None: it did not."""
    baseline: float = 0.0
    """Share of calls that the service refuses at any pace, as far as it is known."""

    @property
    def wasted(self) -> int:
        """Calls that brought no answer and were sent again."""
        return self.over_rate + self.failed
