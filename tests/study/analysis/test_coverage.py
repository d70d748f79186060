"""Intervals hold a known population's preferences as often as they say; the table is in docs/results."""

from __future__ import annotations

import numpy as np
import pytest

from rvebench.scoring.crossed import Pigeonhole
from rvebench.study.analysis.strengths import fit_study
from tests.study.analysis.coverage_study import WORLDS, measure, world_of
from tests.study.analysis.population import compared


@pytest.mark.parametrize("name", ["paper", "pairs"])
def test_a_small_simulation_holds_the_truth_about_nineteen_times_in_twenty(name: str) -> None:
    found = measure(world_of(name), trials=60, resamples=100, strengths=False)
    assert 0.90 <= found["win rate", "corrected"].coverage <= 0.99
    if name == "pairs":
        # What the correction is for: plain points of the draws nearly never miss.
        assert found["win rate", "percentile"].coverage > 0.98
        assert found["win rate", "corrected"].width < 0.8 * found["win rate", "percentile"].width


def test_strengths_of_many_answers_are_those_of_the_population() -> None:
    world = world_of("alike")
    shown = np.ones((10, 200, 60))
    found = compared(world.population.look(200, 60, np.random.default_rng(1)), shown)
    pigeonhole = Pigeonhole(200, 60, seed=0, name="x", resamples=20)
    fitted = fit_study(found, pigeonhole, ties="half", no_interval="")
    truth = world.population.win_rates()
    for place, (i, j) in enumerate(found.pairs):
        assert fitted.beats[place].value == pytest.approx(truth[i, j], abs=0.02)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", WORLDS)
def test_two_thousand_trials_hold_the_truth_in_95_plus_or_minus_2_percent(name: str) -> None:
    found = measure(world_of(name), trials=2000, resamples=300)
    for what in ("win rate", "P(A beats B)", "log-strength"):
        assert found[what, "corrected"].coverage == pytest.approx(0.95, abs=0.02), what
