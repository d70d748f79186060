from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rvebench.errors import CoverageError, DataError, UsageError
from rvebench.scoring import FORMULAS, Reading, RunComparison, ScoreRow, compare_runs, get_formula
from rvebench.taxonomy import Criterion, Status, Subset
from tests.scoring.rows import row, score_rows

GEOMETRIC = get_formula("geometric")


def quick(rows_a: list[ScoreRow], rows_b: list[ScoreRow], **options) -> RunComparison:
    formula = options.pop("formula", GEOMETRIC)
    return compare_runs(rows_a, rows_b, formula, seed=3, resamples=200, permutations=999, **options)


def shifted(rows: list[ScoreRow], by: float, only: Criterion | None = None) -> list[ScoreRow]:
    def moved(which: Criterion, value: float) -> float:
        return min(10.0, max(0.0, value + by)) if only in (None, which) else value

    return [replace(r, scores={c: moved(c, v) for c, v in r.scores.items()}) for r in rows]


def many(count: int, seed: int = 0) -> list[ScoreRow]:
    rng = np.random.default_rng(seed)
    return [
        row(
            f"s{i:03}",
            *rng.uniform(3.0, 7.0, size=4).tolist(),
            category=["temporal", "spatial"][i % 2],
            cluster=f"c{i // 2:03}",
        )
        for i in range(count)
    ]


def test_a_comparison_worked_by_hand() -> None:
    a = [row("p", 2, 2, 2, 2), row("q", 5, 5, 5, 5), row("r", 4, 4, 4, 4, category="spatial"), row("only", 1, 1, 1, 1)]
    b = [row("p", 6, 6, 6, 6), row("q", 5, 5, 5, 5), row("r", status=Status.FAILED, category="spatial")]
    found = quick(a, b)
    assert (found.n_shared, found.n_only_a, found.n_only_b, found.n_unjudged) == (3, 1, 0, 0)
    overall = found.overall
    assert overall.mean_a == pytest.approx(11 / 3)
    assert overall.mean_b == pytest.approx(11 / 3)
    assert overall.difference == pytest.approx(0.0)
    assert (overall.n, overall.clusters, overall.wins, overall.losses) == (3, 3, 1, 1)
    assert (overall.p, overall.p_holm, overall.reading) == (1.0, 1.0, Reading.NO_DIFFERENCE)
    assert list(found.criteria) == ["EA", "PC", "GN", "GR"]
    assert found.by_category["temporal"].difference == pytest.approx(2.0)
    assert found.by_category["temporal"].p == 1.0, "with one differing cluster both signs are as extreme"
    assert found.by_category["spatial"].difference == pytest.approx(-4.0)
    assert found.by_category["spatial"].ci95 is None
    assert found.by_category["spatial"].detectable is None


def test_a_clear_gain_reads_better_and_turned_around_worse_with_the_numbers_mirrored() -> None:
    a = many(60)
    b = shifted(a, 1.0)
    up, down = quick(a, b), quick(b, a)
    assert up.overall.reading is Reading.BETTER
    assert down.overall.reading is Reading.WORSE
    assert up.overall.difference == pytest.approx(-down.overall.difference)
    assert (up.overall.p, up.overall.wins) == (down.overall.p, down.overall.losses)
    assert up.overall.effect == pytest.approx(-down.overall.effect)
    assert all(estimate.reading is Reading.BETTER for estimate in (*up.criteria.values(), *up.by_category.values()))


def test_a_run_against_itself_shows_no_difference() -> None:
    found = quick(many(40), many(40)).overall
    assert (found.difference, found.ci95, found.p, found.effect) == (0.0, (0.0, 0.0), 1.0, None)
    assert found.reading is Reading.NO_DIFFERENCE


def test_five_sources_can_never_show_a_difference_at_five_percent() -> None:
    # The smallest two-sided p of five sign flips is 2 / 32; all the same, the numbers say how far apart the runs are.
    a = [row(f"s{i}", 1, 1, 1, 1) for i in range(5)]
    found = quick(a, shifted(a, 8.0)).overall
    assert found.p == 2 / 32
    assert found.reading is Reading.NO_DIFFERENCE


@pytest.mark.parametrize(("sources", "reading"), [(7, Reading.NO_DIFFERENCE), (8, Reading.BETTER)])
def test_with_four_criteria_beside_the_overall_it_takes_eight_sources(sources: int, reading: Reading) -> None:
    # Five hypotheses: 5 * 2 / 2**7 = 0.078 and 5 * 2 / 2**8 = 0.039.
    a = [row(f"s{i}", 1, 1, 1, 1) for i in range(sources)]
    assert quick(a, shifted(a, 3.0)).overall.reading is reading


def test_holm_is_over_overall_with_criteria_and_over_categories_apart() -> None:
    a = many(80)
    b = shifted(a, 0.6, only=Criterion.EA)
    found = quick(a, b)
    family = {"overall": found.overall, **found.criteria}
    assert found.criteria["PC"].p == 1.0
    assert found.criteria["EA"].p_holm == pytest.approx(len(family) * found.criteria["EA"].p)
    low = min(found.by_category.values(), key=lambda estimate: estimate.p)
    assert low.p_holm == pytest.approx(2 * low.p)


def test_the_permutation_p_value_agrees_with_scipys_on_unclustered_pairs() -> None:
    rng = np.random.default_rng(1)
    a = [row(f"s{i}", *([v] * 4)) for i, v in enumerate(rng.uniform(3, 7, 12))]
    b = [row(f"s{i}", *([v] * 4)) for i, v in enumerate(rng.uniform(4, 8, 12))]
    theirs = stats.permutation_test(
        (np.array([r.scores[Criterion.EA] for r in b]), np.array([r.scores[Criterion.EA] for r in a])),
        lambda x, y: np.abs(np.mean(x - y)),
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
        alternative="greater",
    ).pvalue
    assert quick(a, b).overall.p == pytest.approx(theirs, abs=1e-12)


def test_copies_of_a_sample_in_one_cluster_are_no_new_evidence() -> None:
    rng = np.random.default_rng(2)
    base = [(f"c{i}", float(x), float(y)) for i, (x, y) in enumerate(rng.uniform(2, 8, (10, 2)))]

    def copies(times: int, side: int) -> list[ScoreRow]:
        return [row(f"{c[0]}-{t}", *([c[side]] * 4), cluster=c[0]) for c in base for t in range(times)]

    once, thrice = (quick(copies(times, 1), copies(times, 2)).overall for times in (1, 3))
    assert thrice.p == once.p
    assert thrice.difference == pytest.approx(once.difference)
    assert thrice.ci95 == pytest.approx(once.ci95)
    assert thrice.detectable == pytest.approx(once.detectable)


def test_the_effect_size_is_the_mean_over_the_standard_deviation_of_the_differences() -> None:
    a = [row(f"s{i}", *([2.0] * 4)) for i in range(4)]
    b = [row(f"s{i}", *([v] * 4)) for i, v in enumerate([3.0, 4.0, 2.0, 7.0])]
    differences = np.array([1.0, 2.0, 0.0, 5.0])
    assert quick(a, b).overall.effect == pytest.approx(differences.mean() / differences.std(ddof=1))


def test_unjudged_pairs_are_dropped_with_their_count_and_missing_ones_are_zeros() -> None:
    a = [row("p", 4, 4, 4, 4), row("q", 4, 4, 4, 4), row("r", status=Status.UNJUDGED)]
    b = [row("p", status=Status.MISSING), row("q", status=Status.UNJUDGED), row("r", 9, 9, 9, 9)]
    found = quick(a, b)
    assert (found.n_shared, found.n_unjudged, found.overall.n) == (3, 2, 1)
    assert found.overall.difference == pytest.approx(-4.0)


def test_runs_without_a_judged_pair_have_no_comparison() -> None:
    with pytest.raises(CoverageError, match="none of the 1 shared samples is judged in both runs"):
        quick([row("p", 4, 4, 4, 4)], [row("p", status=Status.UNJUDGED)])


def test_runs_that_share_no_sample_are_refused() -> None:
    with pytest.raises(UsageError, match="the two runs share no sample"):
        quick([row("p", 4, 4, 4, 4)], [row("q", 4, 4, 4, 4)])


def test_a_sample_that_stands_twice_is_an_error_that_names_the_run() -> None:
    with pytest.raises(DataError, match="p: the same sample of run B stands twice"):
        quick([row("p", 4, 4, 4, 4)], [row("p", 4, 4, 4, 4)] * 2)


def test_samples_that_changed_between_the_runs_are_refused_unless_mixing_is_allowed() -> None:
    a = [row("p", 4, 4, 4, 4, digest="1"), row("q", 4, 4, 4, 4, digest="2")]
    b = [row("p", 5, 5, 5, 5, digest="1"), row("q", 5, 5, 5, 5, digest="9")]
    with pytest.raises(UsageError, match="q: 1 of 2 shared samples have another digest in run B"):
        quick(a, b)
    assert quick(a, b, allow_mixed=True).overall.difference == pytest.approx(1.0)


def test_a_sample_under_another_type_or_source_is_refused() -> None:
    a = [row("p", 4, 4, 4, 4)]
    with pytest.raises(UsageError, match="p: 1 of 1 shared samples have another reasoning type or source"):
        quick(a, [row("p", 4, 4, 4, 4, category="spatial")])
    with pytest.raises(UsageError, match="another reasoning type or source"):
        quick(a, [row("p", 4, 4, 4, 4, cluster="x")])


def test_a_sample_of_another_subset_is_refused_whatever_is_allowed() -> None:
    with pytest.raises(UsageError, match="belong to another subset"):
        quick([row("p", 4, 4, 4, 4)], [row("p", 4, 4, 4, subset=Subset.ICVG)], allow_mixed=True)


def test_json_has_plain_values_under_fixed_names() -> None:
    found = quick(many(20), shifted(many(20), 0.5)).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == ["formula", "alpha", "samples", "overall", "criteria", "by_category"]
    assert list(found["overall"]) == [
        *("mean_a", "mean_b", "difference", "ci95", "p", "p_holm", "reading"),
        *("n", "clusters", "wins", "losses", "effect", "detectable"),
    ]
    assert found["samples"] == {"shared": 20, "only_a": 0, "only_b": 0, "unjudged": 0}


@settings(max_examples=30, deadline=None)
@given(score_rows(), score_rows(), st.sampled_from(sorted(FORMULAS)), st.integers(0, 2**32))
def test_reordering_either_run_changes_nothing_to_the_last_bit(
    rows_a: list[ScoreRow], rows_b: list[ScoreRow], name: str, shuffle_seed: int
) -> None:
    def comparison(a: list[ScoreRow], b: list[ScoreRow]) -> str:
        try:
            return repr(compare_runs(a, b, FORMULAS[name], seed=1, resamples=40, permutations=99, allow_mixed=True))
        except (UsageError, CoverageError) as error:
            return str(error)

    mixed_a, mixed_b = list(rows_a), list(rows_b)
    random.Random(shuffle_seed).shuffle(mixed_a)
    random.Random(shuffle_seed + 1).shuffle(mixed_b)
    assert comparison(rows_a, rows_b) == comparison(mixed_a, mixed_b)


@settings(max_examples=30, deadline=None)
@given(score_rows(statuses=st.just(Status.OK)), st.sampled_from(sorted(FORMULAS)), st.data())
def test_deleting_an_output_of_b_never_helps_b(rows: list[ScoreRow], name: str, data: st.DataObject) -> None:
    victim = data.draw(st.integers(0, len(rows) - 1))
    deleted = [replace(r, status=Status.MISSING, scores={}) if i == victim else r for i, r in enumerate(rows)]
    found = compare_runs(rows, deleted, FORMULAS[name], seed=1, resamples=40, permutations=99)
    assert found.overall.difference <= 0.0
    assert all(estimate.difference <= 0.0 for estimate in found.criteria.values())


def test_a_thousand_pairs_are_compared_within_seconds() -> None:
    import time

    a = many(1000)
    start = time.process_time()
    compare_runs(a, shifted(a, 0.1), GEOMETRIC, seed=0)
    assert time.process_time() - start < 6.0
