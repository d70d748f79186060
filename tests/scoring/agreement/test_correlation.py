from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rvebench.scoring.agreement.correlation import COEFFICIENTS, prepare_systems, prepare_units

SCIPY = {"spearman": stats.spearmanr, "pearson": stats.pearsonr, "kendall": stats.kendalltau}
levels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=3, max_size=25)


def draws(n: int, rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(rows)]).astype(float)


def tied_scores(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 11, n).astype(float)
    return x, np.round(x / 3 + rng.normal(size=n) * 2)


def tau_b_by_counting(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b by looking at every two units."""
    agree = x_apart = y_apart = 0
    for i, j in itertools.combinations(range(len(x)), 2):
        a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
        agree += int(a * b)
        x_apart += int(a != 0)
        y_apart += int(b != 0)
    return agree / math.sqrt(x_apart * y_apart)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_coefficient_is_scipys_on_the_data_and_on_every_resample(name: str) -> None:
    x, y = tied_scores()
    weights = np.vstack([np.ones((1, 60)), draws(60, 50)])
    wanted = [
        SCIPY[name](np.repeat(x, times.astype(int)), np.repeat(y, times.astype(int))).statistic for times in weights
    ]
    assert prepare_units(name, x, y)(weights) == pytest.approx(wanted, abs=1e-12)


def test_kendall_is_what_counting_every_two_units_gives() -> None:
    x, y = tied_scores(25)
    for times in draws(25, 20):
        copies = times.astype(int)
        wanted = tau_b_by_counting(np.repeat(x, copies), np.repeat(y, copies))
        assert prepare_units("kendall", x, y)(times[None])[0] == pytest.approx(wanted)


@pytest.mark.parametrize("name", COEFFICIENTS)
@given(rows=levels)
def test_weights_are_copies(name: str, rows: list[tuple[int, int, int]]) -> None:
    x, y, times = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    one = prepare_units(name, x, y)(times[None])[0]
    copies = times.astype(int)
    many_x, many_y = np.repeat(x, copies), np.repeat(y, copies)
    other = prepare_units(name, many_x, many_y)(np.ones((1, len(many_x))))[0] if len(many_x) >= 3 else one
    assert one == pytest.approx(other, nan_ok=True, abs=1e-12)
    constant = len(set(many_x.tolist())) < 2 or len(set(many_y.tolist())) < 2
    assert np.isnan(one) == constant
    assert constant or -1.0 <= one <= 1.0


def test_a_monotone_scale_changes_no_rank_coefficient() -> None:
    x, y = tied_scores()
    ones = np.ones((1, 60))
    for name in ("spearman", "kendall"):
        assert prepare_units(name, np.exp(x), y)(ones) == pytest.approx(prepare_units(name, x, y)(ones))
    assert prepare_units("pearson", 5 - 2 * x, y)(ones) == pytest.approx(-prepare_units("pearson", x, y)(ones))


def test_units_that_one_side_lacks_are_left_out() -> None:
    x, y = tied_scores()
    x[:10], y[50:] = np.nan, np.nan
    ones = np.ones((1, 60))
    for name in COEFFICIENTS:
        wanted = SCIPY[name](x[10:50], y[10:50]).statistic
        assert prepare_units(name, x, y)(ones)[0] == pytest.approx(wanted)


def test_means_that_differ_only_in_rounding_are_tied() -> None:
    x = np.array([0.1 + 0.2, 0.3, 1.0])
    assert x[0] != x[1]
    assert prepare_units("kendall", x, np.array([1.0, 2.0, 3.0]))(np.ones((1, 3)))[0] == pytest.approx(2 / math.sqrt(6))


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_two_units_say_nothing(name: str) -> None:
    assert np.isnan(prepare_units(name, np.array([1.0, 2.0]), np.array([1.0, 5.0]))(np.ones((1, 2)))[0])


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_at_system_level_the_coefficient_is_of_editors_means(name: str) -> None:
    x, y = tied_scores()
    editor = np.tile(np.arange(6), 10)
    for times in draws(60, 30):
        copies = times.astype(int)
        table = pd.DataFrame({"e": np.repeat(editor, copies), "x": np.repeat(x, copies), "y": np.repeat(y, copies)})
        means = table.groupby("e").mean()
        if len(means) == 6:
            wanted = SCIPY[name](means["x"].round(10), means["y"].round(10)).statistic
            assert prepare_systems(name, x, y, editor)(times[None])[0] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_resample_that_lacks_an_editor_has_no_value(name: str) -> None:
    x, y = tied_scores(12)
    editor = np.tile(np.arange(4), 3)
    times = np.where(editor == 2, 0.0, 1.0)
    assert np.isnan(prepare_systems(name, x, y, editor)(times[None])[0])
    assert np.isnan(prepare_systems(name, x, np.ones(12), editor)(np.ones((1, 12)))[0])
    assert np.isnan(prepare_systems(name, x, y, editor % 2)(np.ones((1, 12)))[0])
