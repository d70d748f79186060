from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rvebench.scoring import ScoreRow, get_formula, summarise
from rvebench.scoring.all_pairs import Scoreboard, pairwise_p
from rvebench.scoring.bootstrap import named_stream
from rvebench.scoring.letters import compact_letters, letter_names
from rvebench.scoring.paired import sign_flip_p
from rvebench.scoring.standings import rank_intervals, rank_systems
from rvebench.taxonomy import Criterion, Status, Subset


def board_of(columns: Sequence[Sequence[float | None]], clusters: Sequence[str]) -> Scoreboard:
    values = [[0.0 if value is None else value for value in column] for column in columns]
    judged = [[value is not None for value in column] for column in columns]
    return Scoreboard(values_NM=np.array(values).T, judged_NM=np.array(judged).T, clusters=tuple(clusters))


def noisy(
    means: Sequence[float], *, samples: int, per_cluster: int = 1, seed: int = 0
) -> tuple[list[list[float]], list[str]]:
    rng = random.Random(seed)
    hard = [rng.gauss(0, 2) for _ in range(samples)]
    columns = [[min(10.0, max(0.0, mean + hard[i] + rng.gauss(0, 1))) for i in range(samples)] for mean in means]
    return columns, [f"source-{i // per_cluster}" for i in range(samples)]


def cluster_differences(a: Sequence[float], b: Sequence[float], clusters: Sequence[str]) -> list[float]:
    sums: dict[str, list[float]] = {}
    for cluster, one, other in zip(clusters, a, b, strict=True):
        sums.setdefault(cluster, []).append(one - other)
    return [math.fsum(parts) for parts in sums.values()]


def test_pairs_of_few_clusters_have_the_exact_p_value_of_the_paired_test() -> None:
    columns, clusters = noisy([4, 5, 5.5, 4], samples=24, per_cluster=2)
    found = pairwise_p(board_of(columns, clusters), seed=1)
    for i, j in itertools.combinations(range(4), 2):
        alone = sign_flip_p(cluster_differences(columns[i], columns[j], clusters), named_stream(0, "unused"))
        assert found[i, j] == found[j, i] == pytest.approx(alone, abs=1e-12)
    assert list(np.diag(found)) == [1.0] * 4


def test_pairs_of_many_clusters_agree_with_a_test_of_their_own() -> None:
    columns, clusters = noisy([5, 5.1, 5.25], samples=60)
    found = pairwise_p(board_of(columns, clusters), seed=1)
    for i, j in itertools.combinations(range(3), 2):
        alone = sign_flip_p(cluster_differences(columns[i], columns[j], clusters), named_stream(5, "other"))
        assert found[i, j] == pytest.approx(alone, abs=4 * math.sqrt(0.25 / 20_000) * 1.5)


def test_a_pair_that_differs_in_few_of_many_clusters_is_tested_exactly() -> None:
    columns, clusters = noisy([5], samples=40)
    other = list(columns[0])
    for place in range(5):
        other[place] += 0.5
    assert pairwise_p(board_of([columns[0], other], clusters), seed=0)[0, 1] == 2 / 2**5


def test_a_p_value_below_what_patterns_resolve_is_hoeffdings_bound_and_not_below_the_exact_one() -> None:
    differences = np.array([1.0] * 20 + [0.25, -0.25])
    board = board_of([list(5 + differences), [5.0] * 22], [str(i) for i in range(22)])
    found = pairwise_p(board, seed=0, permutations=1000)[0, 1]
    assert found == pytest.approx(2 * math.exp(-(20.0**2) / (2 * (20 + 2 * 0.0625))), rel=1e-9)
    exact = np.mean([abs(np.dot(signs, differences)) >= 20 - 1e-9 for signs in _patterns(22, 200_000)])
    assert exact <= found
    assert 2 / 2**20 <= found < 1 / 1001


def _patterns(count: int, draws: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).choice([-1.0, 1.0], size=(draws, count))


def test_identical_systems_have_p_one_share_a_rank_and_a_letter() -> None:
    columns, clusters = noisy([5, 2], samples=30)
    found = rank_systems(board_of([columns[0], columns[1], columns[0]], clusters), seed=0)
    assert [one.rank for one in found] == [1, 3, 1]
    assert found[0].rank95 == found[2].rank95 == (1, 1)
    assert found[0].groups == found[2].groups == (0,)
    assert found[1].groups == (1,)


def test_a_pair_with_gaps_is_compared_on_the_samples_that_both_have() -> None:
    columns, clusters = noisy([5, 5.2, 5.4], samples=50)
    gaps: list[list[float | None]] = [list(column) for column in columns]
    gaps[1][3] = gaps[1][17] = gaps[2][17] = gaps[2][40] = None
    found = pairwise_p(board_of(gaps, clusters), seed=3)
    for i, j in itertools.combinations(range(3), 2):
        kept = [n for n in range(50) if gaps[i][n] is not None and gaps[j][n] is not None]
        alone = pairwise_p(
            board_of([[columns[s][n] for n in kept] for s in (i, j)], [clusters[n] for n in kept]), seed=9
        )[0, 1]
        assert found[i, j] == pytest.approx(alone, abs=0.02)


def test_gaps_change_no_p_value_of_pairs_without_them() -> None:
    columns, clusters = noisy([5, 5.2, 5.4], samples=50)
    gaps: list[list[float | None]] = [list(column) for column in columns]
    gaps[2][17] = None
    assert pairwise_p(board_of(gaps, clusters), seed=3)[0, 1] == pairwise_p(board_of(columns, clusters), seed=3)[0, 1]


def test_intervals_are_those_of_a_summary_with_the_same_seed() -> None:
    columns, clusters = noisy([3, 6], samples=36, per_cluster=3)
    rows = [
        ScoreRow(
            sample_id=f"s{n:02d}",
            subset=Subset.RAVE,
            category="temporal",
            cluster=clusters[n],
            status=Status.OK,
            scores=dict.fromkeys(Criterion, columns[0][n]),
        )
        for n in range(36)
    ]
    alone = summarise(rows, [], get_formula("geometric"), seed=11).overall
    found = rank_systems(board_of(columns, clusters), seed=11)[0]
    assert alone.mean is not None and alone.ci95 is not None and found.ci95 is not None
    assert found.mean == pytest.approx(alone.mean, abs=1e-12)
    assert found.ci95 == pytest.approx(alone.ci95, abs=1e-12)


def test_rank_intervals_are_the_quantiles_of_ranks_counted_one_by_one() -> None:
    means = np.random.default_rng(4).normal([5.0, 5.2, 7.0, 5.0], 0.3, size=(500, 4))
    means[:100, 3] = means[:100, 0]
    counted = [[1 + sum(other > value + 1e-9 for other in row) for value in row] for row in means]
    for system, (low, high) in enumerate(rank_intervals(means, (0.025, 0.975))):
        ordered = sorted(ranks[system] for ranks in counted)
        assert low == ordered[math.floor(0.025 * 499)]
        assert high == ordered[math.ceil(0.975 * 499)]


def test_one_source_gives_no_interval_and_no_rank_range() -> None:
    found = rank_systems(board_of([[1.0, 2.0], [3.0, 4.0]], ["a", "a"]), seed=0)
    assert [one.ci95 for one in found] == [one.rank95 for one in found] == [None, None]
    assert [one.rank for one in found] == [2, 1]
    assert found[0].groups == found[1].groups, "one source tells nobody apart"


def test_a_wide_gap_is_told_apart_and_a_narrow_one_is_not() -> None:
    columns, clusters = noisy([2, 6, 6.02], samples=200)
    low, high, near = rank_systems(board_of(columns, clusters), seed=0)
    assert set(high.groups) & set(near.groups)
    assert not set(low.groups) & set(high.groups)
    assert low.rank95 == (3, 3) and high.rank95 == near.rank95 == (1, 2)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.randoms(use_true_random=False))
def test_two_share_a_letter_exactly_when_they_are_not_told_apart(count: int, rng: random.Random) -> None:
    different = np.zeros((count, count), dtype=bool)
    for i, j in itertools.combinations(range(count), 2):
        different[i, j] = different[j, i] = rng.random() < 0.5
    order = list(range(count))
    rng.shuffle(order)
    groups = compact_letters(order, different)
    for i, j in itertools.combinations(range(count), 2):
        assert bool(set(groups[i]) & set(groups[j])) != different[i, j]
    assert all(groups)
    assert 0 in groups[order[0]]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 12))
def test_where_differences_follow_the_ranks_no_display_has_fewer_letters(points: list[int], gap: int) -> None:
    points = sorted(points, reverse=True)
    different = np.array([[abs(a - b) > gap for b in points] for a in points])
    groups = compact_letters(list(range(len(points))), different)
    # Intervals on a line: the maximal groups are the distinct windows that no other window holds.
    windows = {frozenset(j for j, b in enumerate(points) if a - gap <= b <= a) for a in points}
    maximal = [window for window in windows if not any(window < other for other in windows)]
    assert len({letter for letters in groups for letter in letters}) == len(maximal)


@pytest.mark.parametrize(
    ("groups", "text"),
    [((0,), "a"), ((0, 1), "a b"), ((1, 2, 3), "b–d"), ((0, 2, 3, 4, 7), "a c–e h"), ((25, 26), "z a1"), ((), "")],
)
def test_letters_are_written_short(groups: tuple[int, ...], text: str) -> None:
    assert letter_names(groups) == text


@pytest.mark.parametrize(
    "columns", [[[1.0, math.nan]], [[1.0, math.inf]], [[None, None]]], ids=["nan", "infinite", "never judged"]
)
def test_what_is_no_number_is_refused(columns: list[list[float | None]]) -> None:
    with pytest.raises(ValueError, match="scoreboard"):
        board_of(columns, ["a", "b"])


def test_under_no_difference_any_false_letter_is_rare() -> None:
    """Four systems alike but for noise: the table's chance of telling any two apart is at most 5 %."""
    false = 0
    trials = 200
    for trial in range(trials):
        columns, clusters = noisy([5, 5, 5, 5], samples=40, per_cluster=2, seed=trial)
        found = rank_systems(board_of(columns, clusters), seed=trial, resamples=50, permutations=500)
        false += any(not set(a.groups) & set(b.groups) for a, b in itertools.combinations(found, 2))
    # 5 % of 200 is 10; 18 and more has a chance of 1 % at a true 5 %.
    assert false <= 18
