from __future__ import annotations

import math
import time
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from rvebench.errors import UsageError
from rvebench.scoring.bootstrap import (
    DEFAULT_RESAMPLES,
    Clusters,
    IntervalMethod,
    Point,
    draw_means,
    estimate_mean,
    gather_clusters,
    interval95,
    named_stream,
)
from tests.scoring.coverage_study import measure


def single(values: np.ndarray) -> list[Point]:
    return [Point(f"s{i:04}", f"c{i:04}", float(value)) for i, value in enumerate(values)]


def skewed(count: int) -> np.ndarray:
    return np.random.default_rng(5).exponential(size=count)


def test_points_are_summed_by_cluster_in_the_order_of_names() -> None:
    found = gather_clusters([Point("x", "b", 1.0), Point("y", "a", 2.0), Point("z", "b", 5.0)])
    assert found.sums_KS.tolist() == [[2.0], [6.0]]
    assert found.sizes_KS.tolist() == [[1.0], [2.0]]
    assert found.mean == pytest.approx(8 / 3)


def test_strata_weigh_the_same_whatever_their_size() -> None:
    points = [Point("x", "a", 1.0, "p"), Point("y", "b", 3.0, "p"), Point("z", "c", 8.0, "q")]
    assert gather_clusters(points).mean == pytest.approx((2.0 + 8.0) / 2)


def test_a_resample_takes_whole_clusters_and_divides_by_what_it_took() -> None:
    # Two clusters: a holds 1 sample of 0, b holds 3 of 8. Both a: 0. One of each: 24 / 4 = 6. Both b: 8.
    clusters = gather_clusters([Point("1", "a", 0.0), *(Point(str(i), "b", 8.0) for i in range(2, 5))])
    means = draw_means(clusters, named_stream(0, "x"), 20_000)
    values, counts = np.unique(means, return_counts=True)
    assert values.tolist() == [0.0, 6.0, 8.0]
    assert counts / 20_000 == pytest.approx([0.25, 0.5, 0.25], abs=0.012)


def test_a_stratum_that_no_drawn_cluster_has_is_left_out_of_that_resample() -> None:
    clusters = gather_clusters([Point("1", "a", 2.0, "p"), Point("2", "b", 6.0, "q")])
    assert set(np.unique(draw_means(clusters, named_stream(0, "x"), 200)).tolist()) == {2.0, 4.0, 6.0}


def test_every_cluster_is_drawn_equally_often() -> None:
    count = 7
    clusters = Clusters(sums_KS=np.arange(count, dtype=float)[:, None], sizes_KS=np.ones((count, 1)), mean=3.0, n=count)
    means = draw_means(clusters, named_stream(1, "uniform"), 100_000)
    # A uniform draw of 0..6 has mean 3 and variance 4; a mean of seven has variance 4/7.
    assert means.mean() == pytest.approx(3.0, abs=0.012)
    assert means.var() == pytest.approx(4.0 / 7.0, rel=0.02)


def test_chunks_do_not_change_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = gather_clusters(single(skewed(40)))
    whole = draw_means(clusters, named_stream(2, "x"), 100)
    monkeypatch.setattr("rvebench.scoring.bootstrap._CHUNK_DRAWS", 120)
    assert draw_means(clusters, named_stream(2, "x"), 100).tolist() == whole.tolist()


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("count", [8, 60])
def test_intervals_agree_with_scipy_on_the_same_resamples(method: IntervalMethod, count: int) -> None:
    # Whole numbers: sums are exact, so that resamples equal to the mean are ties for both hands.
    values = np.round(100 * skewed(count))
    clusters = gather_clusters(single(values))
    means = draw_means(clusters, named_stream(3, "x"), 3000)
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=0,
        method=method,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=means),
    ).confidence_interval
    assert interval95(clusters, means, method) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_agree_with_scipys_own_resamples(method: IntervalMethod) -> None:
    values = skewed(200)
    ours = estimate_mean(single(values), named_stream(4, "x"), resamples=40_000, method=method).ci95
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=40_000, method=method, random_state=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


def test_the_cluster_bootstrap_agrees_with_a_plain_loop_of_another_hand() -> None:
    rng = np.random.default_rng(9)
    groups = [rng.normal(loc=rng.normal(), size=rng.integers(1, 6)) for _ in range(25)]
    points = [Point(f"{g}-{i}", f"g{g:02}", float(v)) for g, group in enumerate(groups) for i, v in enumerate(group)]
    loop = [
        np.concatenate([groups[k] for k in rng.integers(0, len(groups), size=len(groups))]).mean() for _ in range(8000)
    ]
    low, high = np.percentile(loop, [2.5, 97.5])
    ours = estimate_mean(points, named_stream(0, "x"), resamples=40_000, method="percentile")
    assert ours.mean == pytest.approx(np.concatenate(groups).mean())
    assert ours.ci95 == pytest.approx((low, high), abs=0.04 * (high - low))
    unclustered = estimate_mean([p._replace(cluster=p.sample_id) for p in points], named_stream(0, "x"))
    assert ours.ci95 is not None and unclustered.ci95 is not None
    assert unclustered.ci95[1] - unclustered.ci95[0] < 0.9 * (ours.ci95[1] - ours.ci95[0])


def test_the_expanded_interval_of_normal_means_is_a_student_t_interval() -> None:
    count = 10
    values = np.array(NormalDist(50, 10).samples(count, seed=1))
    clusters = gather_clusters(single(values))
    spread = values.std(ddof=0) / math.sqrt(count)
    means = np.array(NormalDist(values.mean(), spread).samples(200_000, seed=2))
    expected = stats.t.interval(0.95, count - 1, loc=values.mean(), scale=values.std(ddof=1) / math.sqrt(count))
    assert interval95(clusters, means, "expanded") == pytest.approx(expected, abs=0.2)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown interval method 'basic'; use percentile, expanded or bca"):
        estimate_mean(single(skewed(5)), named_stream(0, "x"), method="basic")  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["percentile", "expanded", "bca"])
def test_values_that_are_all_the_same_have_an_interval_of_no_width(method: IntervalMethod) -> None:
    found = estimate_mean(single(np.full(12, 0.1)), named_stream(0, "x"), method=method)
    assert found.ci95 == pytest.approx((0.1, 0.1), abs=1e-15)


@pytest.mark.parametrize("method", ["percentile", "expanded", "bca"])
@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0] * 30 + [10.0], [0.0, 0.0, 0.0, 10.0, 10.0]])
def test_awkward_values_give_an_interval_inside_their_range(method: IntervalMethod, values: list[float]) -> None:
    found = estimate_mean(single(np.array(values)), named_stream(0, "x"), method=method)
    assert found.ci95 is not None
    assert min(values) <= found.ci95[0] <= found.ci95[1] <= max(values)


def test_a_thousand_samples_and_two_thousand_resamples_take_well_under_a_second() -> None:
    points = single(skewed(1000))
    start = time.process_time()
    estimate_mean(points, named_stream(0, "x"), resamples=DEFAULT_RESAMPLES)
    assert time.process_time() - start < 0.5


def test_intervals_of_clustered_scores_hold_the_truth_93_to_97_times_in_100() -> None:
    found = measure("scores", 40, trials=2000, resamples=300, methods=("percentile", "expanded"))
    assert 0.93 <= found["expanded"].coverage <= 0.97
    assert 0.92 <= found["percentile"].coverage <= 0.97


def test_with_ten_sources_percentile_is_too_narrow_and_expanded_is_not() -> None:
    found = measure("scores", 10, trials=2000, resamples=300, methods=("percentile", "expanded"))
    assert 0.87 <= found["percentile"].coverage <= 0.93
    assert 0.93 <= found["expanded"].coverage <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("world", ["normal", "scores"])
@pytest.mark.parametrize("count", [30, 100])
def test_every_method_holds_its_level_from_thirty_sources_on(world, count: int) -> None:
    for method, tally in measure(world, count, trials=2000, resamples=2000).items():
        assert 0.925 <= tally.coverage <= 0.97, method
