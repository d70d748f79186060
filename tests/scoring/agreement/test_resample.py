from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rvebench.scoring.agreement.correlation import prepare_units
from rvebench.scoring.agreement.resample import Drawn, Resampler, mean_of
from rvebench.scoring.bootstrap import expanded_levels
from tests.scoring.agreement.coverage_study import draw_scores, measure


def weighted_mean(values: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda weights: (weights @ values) / weights.sum(axis=1)


def test_a_resample_takes_whole_sources() -> None:
    seen = []

    def spy(weights: np.ndarray) -> np.ndarray:
        seen.append(weights.copy())
        return weights.sum(axis=1)

    clusters = ["a", "b", "a", "c", "d", "e", "b"]
    Resampler(clusters, seed=0, name="x", resamples=500).draw(spy)
    weights = np.concatenate(seen[1:])
    assert weights.shape == (500, 7)
    assert (weights[:, 0] == weights[:, 2]).all() and (weights[:, 1] == weights[:, 6]).all()
    # Five sources drawn each time; each is drawn once on average.
    per_source = weights[:, [0, 1, 3, 4, 5]]
    assert (per_source.sum(axis=1) == 5).all()
    assert per_source.mean(axis=0) == pytest.approx(np.ones(5), abs=0.15)
    assert per_source.var(axis=0) == pytest.approx(np.full(5, 0.8), abs=0.2)


def test_the_interval_is_that_of_a_plain_loop_over_sources() -> None:
    rng = np.random.default_rng(1)
    judge, raters = draw_scores("strong", 30, rng)
    people = np.round(raters.mean(axis=1), 10)
    clusters = [f"c{unit // 4:02}" for unit in range(120)]
    resampler = Resampler(clusters, seed=0, name="x", resamples=4000)
    found = resampler.measure(resampler.draw(prepare_units("spearman", judge, people)), n=120)
    loop = []
    for _ in range(1500):
        units = (rng.integers(0, 30, 30)[:, None] * 4 + np.arange(4)).ravel()
        loop.append(stats.spearmanr(judge[units], people[units]).statistic)
    assert found.ci95 == pytest.approx(np.quantile(loop, expanded_levels(30)).tolist(), abs=0.02)


def test_the_order_of_units_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    values, clusters = rng.normal(size=40), np.array([f"c{i // 2:02}" for i in range(40)])
    shuffled = rng.permutation(40)
    one = Resampler(clusters.tolist(), seed=3, name="x")
    other = Resampler(clusters[shuffled].tolist(), seed=3, name="x")
    ours, theirs = one.draw(weighted_mean(values)), other.draw(weighted_mean(values[shuffled]))
    assert ours.draws == pytest.approx(theirs.draws)
    assert not np.allclose(ours.draws, Resampler(clusters.tolist(), seed=4, name="x").draw(weighted_mean(values)).draws)


def test_below_five_sources_there_is_a_value_and_no_interval() -> None:
    for count, said in ((1, "one source"), (4, "4 sources")):
        resampler = Resampler([f"c{i % count}" for i in range(8)], seed=0, name="x")
        found = resampler.measure(resampler.draw(weighted_mean(np.arange(8.0))), n=8)
        assert (found.value, found.ci95) == (3.5, None)
        assert said in found.reason


def test_no_value_is_none_with_its_reason_and_never_nan() -> None:
    resampler = Resampler([f"c{i}" for i in range(8)], seed=0, name="x")
    drawn = resampler.draw(lambda weights: np.full(len(weights), np.nan))
    found = resampler.measure(drawn, n=8, reason="nothing to see")
    assert (found.value, found.ci95, found.reason) == (None, None, "nothing to see")


def test_many_resamples_without_a_value_leave_no_interval() -> None:
    resampler = Resampler([f"c{i}" for i in range(8)], seed=0, name="x", resamples=100)
    few = Drawn(0.5, np.where(np.arange(100) < 4, np.nan, np.linspace(0, 1, 100)))
    assert resampler.measure(few, n=8).ci95 is not None
    many = Drawn(0.5, np.where(np.arange(100) < 6, np.nan, np.linspace(0, 1, 100)))
    found = resampler.measure(many, n=8)
    assert found.value == 0.5 and found.ci95 is None and "6%" in found.reason


def test_a_mean_of_statistics_is_over_those_that_have_a_value() -> None:
    nothing = mean_of([])(np.ones((2, 3)))
    assert np.isnan(nothing).all()
    half = mean_of([lambda w: np.array([1.0, np.nan]), lambda w: np.array([2.0, 5.0])])
    assert half(np.ones((2, 3))).tolist() == [1.5, 5.0]


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """A glance: 150 trials can tell 95 % from 88 %. The slow test and the docs' table look closer."""
    coverage = measure("weak", 20, trials=150, resamples=300)["expanded"][0]
    assert coverage >= 0.89


@pytest.mark.slow
@pytest.mark.parametrize("world", ["weak", "strong"])
@pytest.mark.parametrize("sources", [10, 50])
@pytest.mark.parametrize("quantity", ["spearman", "gap", "pairs"])
def test_the_interval_holds_the_truth_in_at_least_9_of_10(quantity: str, world: str, sources: int) -> None:
    found = measure(world, sources, trials=500, resamples=500, quantity=quantity)  # type: ignore[arg-type]
    assert found["expanded"][0] >= 0.90
