"""A baseline of refusals, and what counts as more than it."""

from __future__ import annotations

import random

import pytest

from rvebench.llm.refusals import Refusals


def known(share: float, calls: int = 1000) -> Refusals:
    refusals = Refusals()
    refusals.know(round(share * calls), calls, anew=True)
    return refusals


def calls_until_excess(refusals: Refusals, share: float, *, most: int, seed: int) -> int:
    draw = random.Random(seed)
    for n in range(most):
        refusals.sent()
        if draw.random() < share:
            refusals.refused()
        if refusals.excess:
            return n + 1
    return most


def test_where_none_is_expected_a_few_in_a_row_are_an_excess() -> None:
    refusals = Refusals()
    for _ in range(3):
        refusals.sent()
        refusals.refused()
    assert refusals.excess and (refusals.n, refusals.k) == (3, 3)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.25])
def test_what_is_expected_is_seldom_an_excess(share: float) -> None:
    lengths = [calls_until_excess(known(share), share, most=2000, seed=seed) for seed in range(20)]
    assert sum(length < 2000 for length in lengths) <= 5


@pytest.mark.parametrize(("share", "now", "within"), [(0.1, 0.9, 20), (0.1, 0.4, 80), (0.1, 0.2, 400), (0.0, 0.5, 15)])
def test_more_than_expected_is_seen_the_sooner_the_more_it_is(share: float, now: float, within: int) -> None:
    lengths = [calls_until_excess(known(share), now, most=5000, seed=seed) for seed in range(20)]
    assert sorted(lengths)[10] < within


def test_the_baseline_follows_a_service_that_changes_but_not_where_the_pace_explains_more() -> None:
    for spread, expected in ((False, 0.2), (True, 0.1)):
        refusals = known(0.1)
        for n in range(20_000):
            refusals.learn(refused=n % 5 == 0, spread=spread)
        assert refusals.baseline == pytest.approx(expected, abs=0.02)
    falling = known(0.1)
    for n in range(20_000):
        falling.learn(refused=n % 25 == 0, spread=True)
    assert falling.baseline == pytest.approx(0.04, abs=0.01)


def test_no_baseline_is_learnt_where_none_was_found_and_none_is_above_its_bound() -> None:
    refusals = Refusals()
    for _ in range(1000):
        refusals.learn(refused=True, spread=False)
    assert refusals.baseline == 0
    refusals.know(90, 100)
    assert refusals.baseline == 0.3


def test_the_probability_is_that_of_the_binomial_distribution() -> None:
    from scipy.stats import binom

    refusals = known(0.1)
    for n, k in ((10, 0), (10, 3), (60, 12), (200, 40)):
        assert refusals.chance(n, k) == pytest.approx(binom.sf(k - 1, n, 0.1), rel=1e-9)


def test_the_part_that_would_have_been_let_through() -> None:
    refusals = known(0.1)
    assert refusals.over(0.1) == 0
    assert refusals.over(0.55) == pytest.approx(0.5)
