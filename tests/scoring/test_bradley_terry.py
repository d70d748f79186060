"""Strengths against `choix`, a second implementation, against a general minimiser, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from rvebench.errors import DataError
from rvebench.scoring.bradley_terry import (
    Strengths,
    beats,
    comparison_groups,
    fit_strengths,
    influence,
    strata,
    ties_chance,
)
from rvebench.scoring.plackett_luce import plackett_luce

TRUE = np.array([1.2, 0.5, 0.2, -0.3, -1.6])
NONE = np.zeros((5, 5))


def games(count: int = 2000) -> tuple[list[tuple[int, int]], np.ndarray]:
    rng = np.random.default_rng(8)
    won, wins = [], np.zeros((5, 5))
    for _ in range(count):
        i, j = (int(each) for each in rng.choice(5, 2, replace=False))
        pair = (i, j) if rng.random() < 1 / (1 + np.exp(TRUE[j] - TRUE[i])) else (j, i)
        won.append(pair)
        wins[pair] += 1
    return won, wins


def some_ties() -> np.ndarray:
    half = np.triu(np.random.default_rng(9).poisson(30, (5, 5)), 1).astype(float)
    return half + half.T


def test_strengths_are_those_of_choix() -> None:
    choix = pytest.importorskip("choix")
    won, wins = games()
    found = fit_strengths(wins, NONE, prior=0.0).log_K
    assert found == pytest.approx(choix.ilsr_pairwise(5, won), abs=1e-6)
    assert found == pytest.approx(choix.opt_pairwise(5, won), abs=1e-5)


def test_rankings_strengths_are_those_of_choix() -> None:
    choix = pytest.importorskip("choix")
    rng = np.random.default_rng(1)
    orders = [tuple(int(i) for i in np.argsort(-(TRUE + rng.gumbel(size=5)))) for _ in range(300)]
    places = np.array([np.argsort(order) + 1.0 for order in orders])
    assert plackett_luce(places, prior=0.0) == pytest.approx(choix.ilsr_rankings(5, orders), abs=1e-6)


def test_half_of_a_tie_is_half_a_win_each() -> None:
    _, wins = games()
    ties = some_ties()
    as_halves = fit_strengths(wins + ties / 2, NONE).log_K
    assert fit_strengths(wins, ties).log_K == pytest.approx(as_halves, abs=1e-8)


def test_davidsons_model_is_the_most_likely_one() -> None:
    _, wins = games()
    ties = some_ties()
    found = fit_strengths(wins, ties, ties="davidson", prior=0.0)

    def cost(at: np.ndarray) -> float:
        p, nu = np.exp(at[:5]), np.exp(at[5])
        root = np.sqrt(np.outer(p, p))
        total = p[:, None] + p + nu * root
        return float(
            -(wins * np.log(p[:, None] / total)).sum()
            - (ties * np.log(nu * root / total)).sum() / 2
            + at[:5].sum() ** 2
        )

    best = minimize(cost, np.zeros(6), method="BFGS").x
    assert found.log_K == pytest.approx(best[:5], abs=1e-4)
    assert float(found.tie) == pytest.approx(np.exp(best[5]), abs=1e-4)
    # A fitted model says of the whole what was seen: so many wins, so many ties.
    played = wins + wins.T + ties
    assert (played * beats(found)).sum(axis=1) == pytest.approx((wins + ties / 2).sum(axis=1))
    assert (played * ties_chance(found)).sum() == pytest.approx(ties.sum())


def test_davidson_without_a_tie_is_bradley_terry() -> None:
    _, wins = games()
    found = fit_strengths(wins, NONE, ties="davidson")
    assert float(found.tie) == 0.0
    assert found.log_K == pytest.approx(fit_strengths(wins, NONE).log_K)


def test_who_never_lost_is_finite_with_the_prior_and_refused_without() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1] = wins[0, 2] = wins[1, 2] = 750.0
    found = fit_strengths(wins, np.zeros((3, 3)))
    assert found.log_K[0] > 5 and found.log_K == pytest.approx(-found.log_K[::-1])
    with pytest.raises(DataError, match=r"no finite value.*prior above 0"):
        fit_strengths(wins, np.zeros((3, 3)), prior=0.0)


@pytest.mark.parametrize(
    ("points", "parts"),
    [
        ({(0, 1): 5, (1, 2): 3, (2, 0): 1}, ((0, 1, 2),)),
        ({(0, 1): 5, (1, 2): 3, (2, 1): 1, (0, 2): 2}, ((0,), (1, 2))),
        ({(2, 1): 5, (1, 0): 1}, ((2,), (1,), (0,))),
        ({(1, 0): 1, (2, 0): 1}, ((1,), (2,), (0,))),
    ],
)
def test_who_gave_no_point_stands_apart(
    points: dict[tuple[int, int], float], parts: tuple[tuple[int, ...], ...]
) -> None:
    taken = np.zeros((3, 3))
    for pair, count in points.items():
        taken[pair] = count
    assert strata(taken, (0, 1, 2)) == parts


def test_the_prior_moves_strengths_by_less_than_an_answer() -> None:
    _, wins = games()
    bare = fit_strengths(wins, NONE, prior=0.0).log_K
    more = wins.copy()
    more[0, 4] += 1
    less = wins.copy()
    less[4, 0] += 1
    one_answer = np.abs(fit_strengths(more, NONE, prior=0.0).log_K - fit_strengths(less, NONE, prior=0.0).log_K).max()
    assert 0 < np.abs(fit_strengths(wins, NONE).log_K - bare).max() < one_answer


def test_what_no_comparison_links_is_named_and_never_compared() -> None:
    wins = np.zeros((5, 5))
    wins[0, 2], wins[2, 0], wins[1, 4], wins[4, 1] = 9, 3, 5, 10
    assert comparison_groups(wins) == ((0, 2), (1, 4), (3,))
    found = fit_strengths(wins, NONE, prior=0.0).log_K
    assert found[0] - found[2] == pytest.approx(np.log(3)) and found[4] - found[1] == pytest.approx(np.log(2))
    assert found[0] + found[2] == pytest.approx(0) and found[1] + found[4] == pytest.approx(0) and found[3] == 0


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_many_matrices_at_once_are_fitted_as_one_by_one(ties: str) -> None:
    _, wins = games(300)
    drawn = np.random.default_rng(2).poisson(wins, (6, 5, 5)).astype(float)
    tied = np.stack([some_ties() * (1 + index % 2) for index in range(6)])
    together = fit_strengths(drawn, tied, ties=ties)
    for index in range(6):
        alone = fit_strengths(drawn[index], tied[index], ties=ties)
        assert together.log_K[index] == pytest.approx(alone.log_K, abs=1e-7)
        assert together.tie[index] == pytest.approx(alone.tie, abs=1e-7)


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_influence_is_the_derivative_by_an_answers_weight(ties: str) -> None:
    _, wins = games()
    tied = some_ties()
    at = fit_strengths(wins, tied, ties=ties, prior=0.1, tolerance=1e-12)
    answer, neither = np.zeros((5, 5)), np.zeros((5, 5))
    answer[0, 3], neither[1, 2], neither[2, 1] = 1, 1, 1
    parts = influence(np.stack([answer, wins - answer]), np.stack([neither, tied - neither]), at, prior=0.1)
    step = 1e-4
    more = fit_strengths(wins + step * answer, tied + step * neither, ties=ties, prior=0.1, tolerance=1e-12)
    assert parts[0] == pytest.approx((more.log_K - at.log_K) / step, rel=1e-3, abs=1e-7)


def test_chances_of_huge_strengths_are_numbers() -> None:
    chance = beats(Strengths(np.array([800.0, -800.0]), np.array(0.0)))
    assert chance == pytest.approx(np.array([[0.5, 1.0], [0.0, 0.5]]))


def test_a_shared_place_lies_between_the_orders_it_may_hide() -> None:
    rng = np.random.default_rng(3)
    rest = np.array([np.argsort(rng.permutation(3)) + 1.0 for _ in range(40)])
    first, second, shared = ([*rest, np.array(row)] for row in ([1.0, 2, 3], [2.0, 1, 3], [1.0, 1, 3]))
    a, b, tied = (plackett_luce(np.array(rows)) for rows in (first, second, shared))
    gaps = sorted([a[0] - a[1], b[0] - b[1]])
    assert gaps[0] < tied[0] - tied[1] < gaps[1]


def test_rankings_of_parts_are_linked_and_missing_things_have_no_say() -> None:
    nan = np.nan
    places = np.array([[1, 2, nan, nan], [2, 1, nan, nan], [1, 2, nan, nan], [nan, nan, 1, 1]])
    found = plackett_luce(places, prior=0.0)
    assert found == pytest.approx([np.log(2) / 2, -np.log(2) / 2, 0, 0])
    with pytest.raises(DataError, match="always ranked first"):
        plackett_luce(places[[0, 3]], prior=0.0)
    assert np.isfinite(plackett_luce(places[[0, 3]])).all()
