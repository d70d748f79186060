"""How hard and how long a service may be asked. None of it decides an answer, so none of it is in a request."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from rvebench.errors import UsageError

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a client. Times are in seconds."""

    concurrency: int = 32
    """Most calls at once; how many really are adapts to what the service bears."""
    rpm: float | None = None
    """Most calls a minute."""
    tpm: float | None = None
    """Most tokens a minute, input and output together."""
    connect_s: float = 10.0
    """To open a connection, and to get one from the pool."""
    read_s: float = 180.0
    """Between two pieces of an answer; the first one is waited for while the model thinks."""
    attempt_s: float = 300.0
    """For one call in all, so that a body that dribbles for ever is cut off."""
    body_bytes: int = 8 * 2**20
    """Largest answer, so that an endless one is cut off."""
    attempts: int = 6
    """Calls for one question until its transport counts as failed; being told to slow down is no failure."""
    question_s: float = 900.0
    """For one question in all: calls and pauses between them; waiting for its turn does not count."""
    backoff_s: float = 0.5
    """Mean pause after the first fault is half of this; it doubles with each."""
    backoff_most_s: float = 30.0
    retry_after_most_s: float = 120.0
    """A service that asks for a longer pause gets this one."""
    breaker_after: int = 12
    """Calls in a row without an answer until the service counts as down, and is left in peace for a while."""
    breaker_open_s: float = 2.0
    """First pause before one call probes a service that is down; doubles up to `backoff_most_s`."""
    outage_s: float = 600.0
    """A service that is down for this long ends the run."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise UsageError(f"{item.name} must be a number above 0, not {value}")
        for name in ("concurrency", "attempts", "breaker_after", "body_bytes"):
            if getattr(self, name) != int(getattr(self, name)):
                raise UsageError(f"{name} must be a whole number, not {getattr(self, name)}")
