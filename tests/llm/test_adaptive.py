"""The pace follows what a service bears: a simulated service and a simulated clock."""

from __future__ import annotations

import heapq
import random
from typing import NamedTuple

import pytest

from rvebench.llm.adaptive import AdaptiveLimit
from rvebench.llm.pacing import Generation, Pacing

CAP = 32
LATENCY_S = 0.05
REFUSAL_S = 0.004
BACKLOG_S = 0.005
NO_CALL = Generation(0, 0)


class Part(NamedTuple):
    """One half of a run."""

    used: float
    """Answers, of those that the service permits."""
    wasted: float
    """Share of calls refused for their rate."""


class Ran(NamedTuple):
    whole: Part
    later: Part
    """The second half, when all is learnt that can be."""
    pacing: Pacing


class Service:
    """Lets a rate through (token bucket), or a number of calls at once, and fails at random whatever the pace."""

    def __init__(self, *, rate: float, burst: float, at_once: int, refuse: float, fail: float, seed: int) -> None:
        self.draw = random.Random(seed)
        self.rate, self.burst, self.at_once, self.refuse, self.fail = rate, burst, at_once, refuse, fail
        self.tokens, self.last_s = burst, 0.0
        self.answering = 0

    def call(self, now_s: float) -> str:
        self.tokens = min(self.burst, self.tokens + (now_s - self.last_s) * self.rate)
        self.last_s = now_s
        if (self.rate and self.tokens < 1) or (self.at_once and self.answering >= self.at_once):
            return "over rate"
        self.tokens -= 1
        throw = self.draw.random()
        if throw < self.refuse + self.fail:
            return "refused" if throw < self.refuse else "failed"
        self.answering += 1
        return "answered"

    def permits_per_s(self, latency_s: float) -> float:
        good = 1 - self.refuse - self.fail
        per_s = CAP / (latency_s * good + REFUSAL_S * (1 - good)) * good
        if self.rate:
            per_s = min(per_s, self.rate * good)
        return min(per_s, self.at_once / latency_s * good) if self.at_once else per_s


def simulate(
    *,
    rate: float = 0.0,
    burst: float = 10.0,
    at_once: int = 0,
    refuse: float = 0.0,
    fail: float = 0.0,
    latency_s: float = LATENCY_S,
    seconds: float = 20.0,
    tells: bool = True,
    seed: int = 0,
) -> Ran:
    """Asks without end for a while, as the throttle does; one loop is one simulation.

    `tells`: the service says how long to wait when it refuses a call for its rate.
    """
    service = Service(rate=rate, burst=burst, at_once=at_once, refuse=refuse, fail=fail, seed=seed)
    pacing = Pacing(CAP)
    events: list[tuple[float, int, str, Generation, float]] = []
    now = due = 0.0
    flying = order = 0
    ticking = False
    seen = {"answered": [0, 0], "over rate": [0, 0], "sent": [0, 0]}

    def happens(after_s: float, what: str, generation: Generation = NO_CALL) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (now + after_s, order, what, generation, now))

    while now < seconds:
        half = int(now > seconds / 2)
        while flying < int(pacing.limit):
            if pacing.gap_s:
                if now < due:
                    if not ticking:
                        ticking = True
                        happens(due - now, "tick")
                    break
                due = max(due, now - BACKLOG_S) + pacing.gap_s
            flying += 1
            seen["sent"][half] += 1
            generation = pacing.sent(now)
            what = service.call(now)
            happens(latency_s * service.draw.uniform(0.95, 1.05) if what == "answered" else REFUSAL_S, what, generation)
        now, _, what, generation, sent_s = heapq.heappop(events)
        if what == "tick":
            ticking = False
            continue
        flying -= 1
        if what in seen:
            seen[what][int(now > seconds / 2)] += 1
        if what == "answered":
            service.answering -= 1
            pacing.answered(generation, now - sent_s)
        elif what != "failed":
            pacing.refused(generation, now, told=tells and what == "over rate")
    permits = service.permits_per_s(latency_s)

    def part(halves: slice, length_s: float) -> Part:
        answered, over, sent = (sum(seen[name][halves]) for name in ("answered", "over rate", "sent"))
        return Part(answered / length_s / permits, over / sent)

    return Ran(part(slice(0, 2), seconds), part(slice(1, 2), seconds / 2), pacing)


def test_there_is_one_call_until_the_first_answer_and_soon_all_of_them() -> None:
    adaptive = AdaptiveLimit(CAP)
    assert adaptive.limit == 1
    adaptive.refused(adaptive.sent(0.0), 0.01)
    assert adaptive.limit == 1
    for n in range(100):
        adaptive.answered(adaptive.sent(0.1 * n), 0.05)
    assert adaptive.limit == CAP and adaptive.gap_s == 0


def test_calls_are_spread_while_their_number_doubles() -> None:
    adaptive = AdaptiveLimit(CAP)
    adaptive.answered(adaptive.sent(0.0), 0.08)
    assert adaptive.gap_s == pytest.approx(0.08 / adaptive.limit)


def mean(runs: list[Ran]) -> tuple[Part, Part]:
    """Returns the means of the whole runs and of their second halves."""
    wholes, laters = ([run.whole for run in runs], [run.later for run in runs])

    def of(parts: list[Part]) -> Part:
        return Part(sum(part.used for part in parts) / len(parts), sum(part.wasted for part in parts) / len(parts))

    return of(wholes), of(laters)


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(("rate", "burst"), [(80, 16), (200, 40), (200, 5), (50, 10), (400, 20), (600, 20)])
def test_a_rate_that_nobody_told_is_found_and_kept(rate: float, burst: float, tells: bool) -> None:
    runs = [simulate(rate=rate, burst=burst, tells=tells, seed=seed) for seed in range(3)]
    whole, later = mean(runs)
    assert whole.used > 0.9 and whole.wasted < 0.02
    assert later.used > 0.92 and later.wasted < 0.01


def test_a_rate_of_a_few_calls_a_minute_is_found_too() -> None:
    ran = simulate(rate=0.5, burst=2, latency_s=3.0, seconds=2000)
    assert ran.later.used > 0.9 and ran.whole.wasted < 0.06


def test_a_service_that_counts_calls_at_once_is_used_without_refusals() -> None:
    ran = simulate(at_once=10)
    assert ran.later.used > 0.88 and ran.later.wasted < 0.005


def test_a_healthy_service_is_used_fully() -> None:
    ran = simulate(seconds=10)
    assert ran.whole.used > 0.97 and ran.pacing.pace_per_s is None


@pytest.mark.parametrize(("refuse", "fail", "used"), [(0.1, 0.05, 0.93), (0.03, 0.0, 0.93), (0.25, 0.0, 0.85)])
def test_refusals_that_no_slower_pace_would_cure_do_not_stall_the_run(refuse: float, fail: float, used: float) -> None:
    runs = [simulate(refuse=refuse, fail=fail, seed=seed) for seed in range(6)]
    assert mean(runs)[1].used > used
    assert min(ran.later.used for ran in runs) > 0.6
    assert all(0.5 * refuse < ran.pacing.baseline < 1.7 * refuse for ran in runs)


@pytest.mark.parametrize(("tells", "wasted"), [(True, 0.02), (False, 0.12)])
def test_a_rate_and_refusals_by_chance_are_told_apart(tells: bool, wasted: float) -> None:
    runs = [simulate(rate=200, burst=40, refuse=0.1, fail=0.05, tells=tells, seed=seed) for seed in range(4)]
    whole, later = mean(runs)
    assert later.used > 0.9 and whole.wasted < wasted
    assert not tells or all(ran.pacing.baseline < 0.2 for ran in runs)


def test_a_rate_that_falls_is_followed() -> None:
    adaptive = AdaptiveLimit(CAP)
    now, tokens, over = 0.0, 20.0, 0
    for step in range(40_000):
        rate = 200.0 if step < 10_000 else 50.0
        gap_s = max(adaptive.gap_s, LATENCY_S / adaptive.limit)
        now += gap_s
        tokens = min(20.0, tokens + gap_s * rate)
        generation = adaptive.sent(now)
        if tokens < 1:
            over += step > 12_000
            adaptive.refused(generation, now)
        else:
            tokens -= 1
            adaptive.answered(generation, LATENCY_S)
    assert adaptive.pace_per_s == pytest.approx(50, rel=0.15)
    assert over < 0.02 * 28_000


def test_what_was_sent_before_a_cut_says_nothing_about_the_pace_after_it() -> None:
    adaptive = AdaptiveLimit(CAP)
    for n in range(200):
        adaptive.answered(adaptive.sent(0.002 * n), 0.05)
    early = [adaptive.sent(0.4 + 0.002 * n) for n in range(20)]
    for generation in early[:3]:
        adaptive.refused(generation, 0.45)
    pace = adaptive.pace_per_s
    assert pace is not None
    for generation in early[3:]:
        adaptive.refused(generation, 0.45)
    assert adaptive.pace_per_s == pace


def test_the_limit_is_never_below_one_nor_above_the_cap() -> None:
    draw = random.Random(5)
    adaptive = AdaptiveLimit(4)
    for n in range(5000):
        generation = adaptive.sent(0.01 * n)
        if draw.random() < draw.choice([0.1, 0.9]):
            adaptive.answered(generation, 0.05)
        else:
            adaptive.refused(generation, 0.01 * n)
        assert 1 <= adaptive.limit <= 4 and 0 <= adaptive.baseline <= 0.3
        assert adaptive.pace_per_s is None or adaptive.pace_per_s > 0
