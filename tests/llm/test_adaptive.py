"""The limit follows what a service bears: a simulated service, no clock."""

from __future__ import annotations

import heapq
import random
from typing import NamedTuple

import pytest

from rvebench.llm.adaptive import AdaptiveLimit

CAP = 32
LATENCY_S = 0.05
REFUSAL_S = 0.003


class Ran(NamedTuple):
    rate: float
    """Of the permitted one."""
    over_rate: float
    """Share of calls refused for their rate."""
    last_limit: float


def simulate(  # noqa: PLR0912 - one loop is one simulation
    *,
    rate: float = 0.0,
    burst: float = 10.0,
    refuse: float = 0.0,
    fail: float = 0.0,
    answers: int = 6000,
    seed: int = 0,
) -> Ran:
    """A service with a token bucket and random faults, asked by calls that are spread as the throttle spreads them."""
    draw = random.Random(seed)
    adaptive = AdaptiveLimit(CAP)
    events: list[tuple[float, int, str, int]] = []
    now = last = due = 0.0
    tokens, call_s = burst, LATENCY_S
    flying = sent = over = answered = order = 0
    while answered < answers:
        spread = adaptive.refusing and adaptive.limit < CAP
        while flying < (min(CAP, adaptive.limit + 2) if spread else int(adaptive.limit)):
            if spread:
                if now < due:
                    if not (events and events[0][2] == "tick"):
                        heapq.heappush(events, (due, order := order + 1, "tick", 0))
                    break
                due = max(due, now - 0.02) + call_s * (1 - adaptive.baseline) / adaptive.limit
            sent, flying, order = sent + 1, flying + 1, order + 1
            generation = adaptive.sent()
            if rate:
                tokens, last = min(burst, tokens + (now - last) * rate), now
            throw = draw.random()
            if rate and tokens < 1:
                over += 1
                kind, after = "refused", REFUSAL_S
            elif throw < refuse + fail:
                kind, after = ("refused" if throw < refuse else "failed"), REFUSAL_S
            else:
                kind, after = "answered", LATENCY_S * draw.uniform(0.95, 1.05)
            tokens -= not (rate and tokens < 1)
            heapq.heappush(events, (now + after, order, kind, generation))
        now, _, kind, generation = heapq.heappop(events)
        if kind == "tick":
            continue
        flying -= 1
        if kind == "answered":
            answered += 1
            adaptive.answered(generation)
        elif kind == "refused":
            adaptive.refused(generation)
    good = 1 - refuse - fail
    permitted = CAP / (LATENCY_S * good + REFUSAL_S * (1 - good)) * good
    if rate:
        permitted = min(permitted, rate * good)
    return Ran(answered / now / permitted, over / sent, adaptive.limit)


def test_there_is_one_call_until_the_first_answer_and_soon_all_of_them() -> None:
    adaptive = AdaptiveLimit(CAP)
    assert adaptive.limit == 1
    adaptive.refused(adaptive.sent())
    assert adaptive.limit == 1
    for _ in range(100):
        adaptive.answered(adaptive.sent())
    assert adaptive.limit == CAP


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("rate", "burst"), [(200, 20), (200, 5), (50, 10), (400, 20)])
def test_a_rate_that_nobody_told_is_found_and_kept(rate: float, burst: float, seed: int) -> None:
    ran = simulate(rate=rate, burst=burst, seed=seed)
    assert ran.rate > 0.95 and ran.over_rate < 0.02


def test_a_healthy_service_is_used_fully() -> None:
    assert simulate().rate > 0.97


@pytest.mark.parametrize("seed", range(4))
def test_refusals_that_slowing_down_cannot_cure_do_not_stall_the_run(seed: int) -> None:
    ran = simulate(refuse=0.1, fail=0.05, answers=12_000, seed=seed)
    assert ran.rate > 0.85 and ran.last_limit > 0.8 * CAP


def test_one_refusal_cuts_once_however_many_calls_were_under_way() -> None:
    adaptive = AdaptiveLimit(CAP)
    for _ in range(200):
        adaptive.answered(adaptive.sent())
    generation = adaptive.sent()
    for _ in range(19):
        adaptive.sent()
    adaptive.answered(generation)
    adaptive.refused(generation)
    assert adaptive.limit == pytest.approx(0.9 * CAP)
    adaptive.refused(generation)
    assert adaptive.limit == pytest.approx(0.9 * CAP)


def test_the_limit_is_never_below_one_nor_above_the_cap() -> None:
    draw = random.Random(5)
    adaptive = AdaptiveLimit(4)
    for _ in range(5000):
        (adaptive.answered if draw.random() < draw.choice([0.1, 0.9]) else adaptive.refused)(adaptive.sent())
        assert 1 <= adaptive.limit <= 4 and 0 <= adaptive.baseline <= 0.45
