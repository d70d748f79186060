"""Asking again: when, how often and for how long, as rules for tenacity."""

from __future__ import annotations

import random
from dataclasses import dataclass

import tenacity

from rvebench.llm.faults import RateLimitedError, TransportError
from rvebench.llm.limits import Limits

__all__ = ["Tally", "pause_s", "retrying"]


@dataclass(slots=True)
class Tally:
    """What one question has cost in tries and time so far."""

    failures: int = 0
    """Faults other than being told to slow down."""
    refusals: int = 0
    """Times it was told to slow down."""
    busy_s: float = 0.0
    """Calls and pauses; waiting for its turn is not counted."""


def pause_s(error: BaseException | None, tally: Tally, limits: Limits, rng: random.Random) -> float:
    """Returns how long to wait before the next call.

    What the service asks for (Retry-After), up to a cap, with a little jitter so that questions do not come back in one
    rush; else exponential back-off with full jitter: uniform between 0 and a bound that doubles (AWS Architecture
    Blog, "Exponential Backoff And Jitter").
    """
    if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
        wait = min(error.retry_after_s, limits.retry_after_most_s)
        return wait + rng.uniform(0, min(1.0, 0.1 * wait + 0.05))
    times = tally.refusals if isinstance(error, RateLimitedError) else tally.failures
    return rng.uniform(0, min(limits.backoff_most_s, limits.backoff_s * 2 ** min(20, max(0, times - 1))))


def retrying(tally: Tally, limits: Limits, rng: random.Random) -> tenacity.AsyncRetrying:
    """Returns the rules for one question.

    Args:
        tally: kept by the caller, call by call; the pauses are added here.
        limits: attempts and times.
        rng: draws the jitter.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        return pause_s(state.outcome.exception() if state.outcome else None, tally, limits, rng)

    def stop(state: tenacity.RetryCallState) -> bool:
        return tally.failures >= limits.attempts or tally.busy_s + state.upcoming_sleep > limits.question_s

    def note(state: tenacity.RetryCallState) -> None:
        tally.busy_s += state.upcoming_sleep

    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(TransportError),
        wait=wait,
        stop=stop,
        before_sleep=note,
        reraise=True,
    )
