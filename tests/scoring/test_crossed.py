"""Crossed random factors: against the balanced analysis of variance, against the draws, and by coverage."""

from __future__ import annotations

import numpy as np
import pytest

from rvebench.scoring.crossed import (
    Pigeonhole,
    crossed_variance,
    pigeonhole_means,
    share_interval,
    symmetric_interval,
)


def world(rng: np.random.Generator, rows: int, columns: int, per: int | None, sd: tuple[float, float, float]):
    sizes = np.ones((rows, columns))
    if per is not None:
        sizes[:] = 0.0
        for column in range(columns):
            sizes[rng.permutation(rows)[:per], column] = 1.0
    values = (
        rng.normal(0, sd[0], (rows, 1)) + rng.normal(0, sd[1], (1, columns)) + rng.normal(0, sd[2], (rows, columns))
    )
    return values * sizes, sizes


def test_in_a_full_table_the_parts_are_those_of_the_analysis_of_variance() -> None:
    values, sizes = world(np.random.default_rng(3), 7, 5, None, (1.0, 0.7, 0.5))
    middle = values.mean()
    rows, columns = values.mean(axis=1) - middle, values.mean(axis=0) - middle
    rest = values - middle - rows[:, None] - columns
    ms_row, ms_column, ms_rest = 5 * (rows**2).sum() / 6, 7 * (columns**2).sum() / 4, (rest**2).sum() / 24
    found = crossed_variance(values, sizes)
    assert found is not None
    assert found.of_rows == pytest.approx((ms_row - ms_rest) / 5 / 7)
    assert found.of_columns == pytest.approx((ms_column - ms_rest) / 7 / 5)
    assert found.of_cells == pytest.approx(ms_rest / 35)
    assert found.variance == pytest.approx((ms_row + ms_column - ms_rest) / 35)


def test_a_constant_added_changes_no_part_even_where_it_is_large() -> None:
    values, sizes = world(np.random.default_rng(4), 9, 6, 4, (1.0, 1.0, 1.0))
    one, other = crossed_variance(values, sizes), crossed_variance((values + 1e6) * sizes, sizes)
    assert one is not None and other is not None
    assert other.variance == pytest.approx(one.variance, rel=1e-6)


@pytest.mark.parametrize(("rows", "columns", "per"), [(40, 12, None), (30, 25, 5), (8, 4, None)])
def test_parts_are_unbiased_and_tell_the_spread_of_the_draws(rows: int, columns: int, per: int | None) -> None:
    rng = np.random.default_rng(0)
    found, means, ratios = [], [], []
    for trial in range(150):
        values, sizes = world(rng, rows, columns, per, (0.6, 0.5, 1.0))
        variance = crossed_variance(values, sizes)
        assert variance is not None
        draws = Pigeonhole(rows, columns, seed=trial, name="x", resamples=200)
        drawn = pigeonhole_means(values, sizes, draws.row_times, draws.column_times)
        ratios.append(drawn.var() / (variance.variance * variance.inflation))
        found.append(variance.variance)
        means.append(values.sum() / sizes.sum())
    assert np.mean(found) == pytest.approx(np.mean(np.square(means)), rel=0.3)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.08)


def test_where_no_row_is_seen_twice_only_columns_are_clusters() -> None:
    sizes = np.kron(np.eye(6), np.ones((4, 1)))
    values = np.random.default_rng(1).normal(size=(24, 6)) * sizes + np.arange(6.0) * sizes
    found = crossed_variance(values, sizes)
    assert found is not None and found.of_rows == 0.0
    group = values.sum(axis=0) / 4
    assert found.variance == pytest.approx(group.var(ddof=1) / 6)
    assert found.freedom < 6.5


def test_two_answers_in_a_cell_weigh_twice_and_count_once() -> None:
    values, sizes = world(np.random.default_rng(2), 6, 5, None, (1.0, 1.0, 1.0))
    single, double = crossed_variance(values, sizes), crossed_variance(2 * values, 2 * sizes)
    assert single is not None and double is not None
    assert double.variance == pytest.approx(single.variance)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_one_row_or_one_column_shows_no_spread(shape: tuple[int, int]) -> None:
    assert crossed_variance(np.ones(shape), np.ones(shape)) is None
    found = share_interval(np.ones(shape), np.ones(shape), Pigeonhole(*shape, seed=0, name="x", resamples=50))
    assert found == (1.0, None, None)


def test_nobody_ever_disagreeing_is_not_certainty() -> None:
    draws = Pigeonhole(50, 15, seed=0, name="x", resamples=50)
    _, won, p = share_interval(np.ones((50, 15)), np.ones((50, 15)), draws)
    _, lost, _ = share_interval(np.zeros((50, 15)), np.ones((50, 15)), draws)
    assert won is not None and lost is not None
    # What 15 of 15 say of a share: scipy.stats.binomtest(15, 15).proportion_ci().low
    assert won == pytest.approx((0.78198, 1.0), abs=1e-5)
    assert lost == pytest.approx((0.0, 0.21802), abs=1e-5)
    assert p == pytest.approx(2 * 0.5**15)


def test_a_shares_interval_stays_within_0_and_1_and_turns_round_with_the_side() -> None:
    wins = (np.random.default_rng(5).random((30, 8)) < 0.97).astype(float)
    draws = Pigeonhole(30, 8, seed=0, name="x", resamples=500)
    share, ends, p = share_interval(wins, np.ones((30, 8)), draws)
    other, turned, same_p = share_interval(1 - wins, np.ones((30, 8)), draws)
    assert ends is not None and turned is not None
    assert 0.0 < ends[0] < share < ends[1] < 1.0
    assert (1 - other, 1 - turned[1], 1 - turned[0]) == pytest.approx((share, *ends))
    assert same_p == pytest.approx(p)


def test_the_p_value_is_below_one_in_twenty_just_where_the_interval_leaves_out_a_half() -> None:
    rng = np.random.default_rng(7)
    sides = set()
    for chance in np.linspace(0.5, 0.62, 25):
        wins = (rng.random((40, 10)) < chance).astype(float)
        draws = Pigeonhole(40, 10, seed=0, name="x", resamples=200)
        _, ends, p = share_interval(wins, np.ones((40, 10)), draws)
        assert ends is not None and p is not None
        assert (p < 0.05) == (not ends[0] <= 0.5 <= ends[1])
        sides.add(p < 0.05)
    assert sides == {True, False}


def test_without_a_spread_of_draws_the_estimate_stands_in() -> None:
    values, sizes = world(np.random.default_rng(6), 9, 6, None, (1.0, 1.0, 1.0))
    spread = crossed_variance(values, sizes)
    ends = symmetric_interval(0.0, np.zeros(10), spread)
    assert spread is not None and ends is not None and ends[1] == -ends[0] > 2 * np.sqrt(spread.variance)
    assert symmetric_interval(0.0, np.zeros(10), None) is None
