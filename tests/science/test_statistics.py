from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rvebench.errors import DataError
from rvebench.science.statistics import SeedPoint, holm_adjusted, paired_difference, spread
from rvebench.scoring.bootstrap import Point, estimate_mean, expanded_levels, named_stream

RULE = {"seed": 7, "resamples": 2000, "fewest_clusters": 10}


def crossed(
    *, mean: float, families: int = 24, seeds: int = 3, per: int = 4, noise: float = 1.0, between: float = 0.0
) -> list[SeedPoint]:
    rng = np.random.default_rng(families * 1000 + seeds)
    shift = rng.normal(0, 1, families)
    luck = rng.normal(0, between, seeds)
    return [
        SeedPoint(
            f"f{family}-{index}", f"f{family}", seed, mean + 0.3 * shift[family] + luck[seed] + rng.normal(0, noise)
        )
        for family in range(families)
        for index in range(per)
        for seed in range(seeds)
    ]


def test_with_one_seed_it_is_the_cluster_bootstrap_of_scoring_draw_for_draw() -> None:
    points = crossed(mean=0.2, seeds=1, per=3)
    ours = spread(points, name="x", seed=5, resamples=1000)
    theirs = estimate_mean(
        [Point(p.sample_id, p.cluster, p.value) for p in points], named_stream(5, "x"), resamples=1000
    )
    assert ours.mean == pytest.approx(theirs.mean, abs=1e-12)
    assert ours.ci95 == pytest.approx(theirs.ci95, abs=1e-12)


def test_with_several_seeds_it_is_a_plain_loop_over_drawn_families_and_drawn_seeds() -> None:
    points = crossed(mean=0.1, families=6, seeds=3, per=2)
    points = points[:-1]  # one sample lacks a seed
    found = spread(points, name="loop", seed=3, resamples=400)
    rng = named_stream(3, "loop")
    clusters = sorted({p.cluster for p in points})
    words = [
        rng.integers(0, np.iinfo(np.uint64).max, size=(400, count), dtype=np.uint64, endpoint=True)
        for count in (len(clusters), 3)
    ]
    means = []
    for row in range(400):
        families = [clusters[(int(word) >> 32) * len(clusters) >> 32] for word in words[0][row]]
        seeds = [(int(word) >> 32) * 3 >> 32 for word in words[1][row]]
        drawn = [p.value for f in families for s in seeds for p in points if (p.cluster, p.seed) == (f, s)]
        means.append(np.mean(drawn))
    assert found.ci95 == pytest.approx(tuple(np.quantile(means, expanded_levels(6))), abs=1e-9)


def test_the_order_of_points_and_other_quantities_change_nothing() -> None:
    points = crossed(mean=0.4)
    turned = list(reversed(points))
    assert paired_difference(points, name="a", **RULE) == paired_difference(turned, name="a", **RULE)
    assert (
        paired_difference(points, name="a", **RULE).spread.ci95
        != paired_difference(points, name="b", **RULE).spread.ci95
    )


def test_seeds_that_scatter_widen_the_interval() -> None:
    calm = spread(crossed(mean=0.0, seeds=5), name="w", seed=1, resamples=2000)
    wild = spread(crossed(mean=0.0, seeds=5, between=1.0), name="w", seed=1, resamples=2000)
    assert calm.ci95 is not None and wild.ci95 is not None
    assert wild.ci95[1] - wild.ci95[0] > 2 * (calm.ci95[1] - calm.ci95[0])


@pytest.mark.parametrize(("mean", "verdict"), [(1.0, "higher"), (-1.0, "lower"), (0.0, "not shown")])
def test_an_ordering_is_shown_only_where_the_interval_excludes_zero(mean: float, verdict: str) -> None:
    found = paired_difference(crossed(mean=mean), name="v", **RULE)
    assert found.verdict == verdict
    low, high = found.spread.ci95 or (0.0, 0.0)
    assert (low > 0 or high < 0) == (verdict != "not shown")


def test_an_interval_that_ends_at_zero_includes_it() -> None:
    points = [SeedPoint(f"{f}", f"{f}", 0, float(f % 2 == 0 and f < 2)) for f in range(12)]
    found = paired_difference(points, name="edge", **RULE)
    assert found.spread.ci95 is not None and found.spread.ci95[0] == 0.0
    assert (found.verdict, found.why) == ("not shown", "the interval includes zero")


def test_a_seed_of_another_sign_forbids_the_claim_though_the_interval_excludes_zero() -> None:
    points = [
        SeedPoint(f"s{f}", f"f{f}", seed, {0: -0.001, 1: 5.0, 2: 5.0, 3: 5.0, 4: 5.0, 5: 5.0, 6: 5.0, 7: 5.0}[seed])
        for f in range(12)
        for seed in range(8)
    ]
    found = paired_difference(points, name="sign", **RULE)
    assert found.spread.ci95 is not None and found.spread.ci95[0] > 0
    assert found.verdict == "not shown" and "seed 0 has another sign" in found.why


def test_too_few_families_give_no_interval_and_no_claim() -> None:
    found = paired_difference(crossed(mean=9.0, families=4), name="few", **RULE)
    assert found.spread.ci95 is None and found.verdict == "not shown" and "4 families are fewer" in found.why


def test_nothing_measured_is_no_claim_and_no_number() -> None:
    found = paired_difference([], name="none", **RULE)
    assert (found.spread.mean, found.p, found.verdict) == (None, None, "not shown")


def test_the_p_value_is_that_of_flipped_families() -> None:
    points = crossed(mean=0.35, families=10, seeds=2, per=1)
    found = paired_difference(points, name="p", **RULE)
    sums = [np.mean([p.value for p in points if p.cluster == f"f{family}"]) for family in range(10)]
    exact = stats.permutation_test(
        (sums,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert found.p == pytest.approx(exact.pvalue, abs=1e-9)


def test_holm_takes_the_differences_that_have_a_p_value() -> None:
    strong = paired_difference(crossed(mean=2.0), name="s", **RULE)
    weak = paired_difference(crossed(mean=0.0), name="w", **RULE)
    adjusted = holm_adjusted({"strong": strong, "weak": weak, "none": paired_difference([], name="n", **RULE)})
    assert set(adjusted) == {"strong", "weak"} and adjusted["strong"] == pytest.approx(min(1.0, 2 * (strong.p or 0)))


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([SeedPoint("a", "f", 0, float("nan"))], "no finite number"),
        ([SeedPoint("a", "f", 0, 1.0), SeedPoint("a", "f", 0, 2.0)], "stands twice under seed 0"),
    ],
)
def test_values_that_cannot_be_are_refused(points: list[SeedPoint], text: str) -> None:
    with pytest.raises(DataError, match=text):
        spread(points, name="bad", seed=0, resamples=200)


@pytest.mark.slow
def test_nineteen_intervals_in_twenty_hold_a_difference_of_zero() -> None:
    held = 0
    for trial in range(400):
        rng = np.random.default_rng(trial)
        family, luck = rng.normal(0, 1, 30), rng.normal(0, 0.15, 3)
        points = [
            SeedPoint(f"{f}-{i}", f"{f}", s, family[f] * 0.3 + luck[s] + rng.normal())
            for f in range(30)
            for i in range(4)
            for s in range(3)
        ]
        low, high = spread(points, name=f"t{trial}", seed=0, resamples=600).ci95 or (0, 0)
        held += low <= 0 <= high
    assert 0.90 <= held / 400 <= 1.0
