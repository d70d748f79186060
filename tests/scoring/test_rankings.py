from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from rvebench.scoring.rankings import kendall_w


def test_the_published_example_of_siegel_and_castellan_without_ties() -> None:
    # Siegel, Nonparametric Statistics (1956), table 9.6: three executives order six applicants; W = .16.
    ranks = np.array([[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1.0]])
    assert kendall_w(ranks) == pytest.approx(0.162, abs=5e-4)


def test_the_published_example_of_siegel_and_castellan_with_ties() -> None:
    # The same, table 9.7: three rankings of ten things, with ties; W = .828.
    ranks = np.array(
        [
            [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
            [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
            [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
        ]
    )
    assert kendall_w(ranks) == pytest.approx(0.828, abs=5e-4)


def test_it_is_the_mean_spearman_of_pairs_on_another_scale() -> None:
    ranks = np.array([np.random.default_rng(seed).permutation(7) for seed in range(4)])
    pairs = [spearmanr(ranks[i], ranks[j]).statistic for i in range(4) for j in range(i)]
    assert (4 * kendall_w(ranks) - 1) / 3 == pytest.approx(np.mean(pairs))


def test_places_and_scores_and_other_spellings_of_ties_give_the_same() -> None:
    dense, sparse = np.array([[1, 1, 2], [1, 2, 2]]), np.array([[1, 1, 3], [1, 2, 2]])
    assert kendall_w(dense) == pytest.approx(kendall_w(sparse)) == pytest.approx(kendall_w(-dense))
    assert kendall_w(np.array([[1, 2, 3], [1, 2, 3.0]])) == pytest.approx(1.0)


@pytest.mark.parametrize("scores", [[[1, 2, 3]], [[1], [1]], [[2, 2, 2], [1, 1, 1]]])
def test_where_nobody_gives_an_order_there_is_no_value(scores: list[list[float]]) -> None:
    assert np.isnan(kendall_w(np.array(scores, dtype=float)))
