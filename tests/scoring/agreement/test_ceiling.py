from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from rvebench.scoring.agreement.ceiling import MOST_PAIRS, Kernel, leave_one_out, rater_pairs
from rvebench.scoring.agreement.correlation import prepare_units
from rvebench.scoring.agreement.resample import mean_over_raters

spearman: Kernel = lambda one, people: prepare_units("spearman", one, mean_over_raters(people))  # noqa: E731


def made(units: int = 40, raters: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    quality = rng.normal(size=units)
    human = np.clip(np.round(3 + quality[:, None] + rng.normal(scale=0.8, size=(units, raters))), 1, 5)
    human[rng.random((units, raters)) < 0.25] = np.nan
    judge = np.round(5 + 2 * quality + rng.normal(size=units))
    judge[:4] = np.nan
    return judge, human


def rho(x: list[float], y: list[float]) -> float:
    return float(stats.spearmanr(np.round(x, 10), np.round(y, 10)).statistic)


def test_each_rater_is_compared_with_the_mean_of_the_others_and_the_judge_takes_that_place() -> None:
    judge, human = made()
    people, ours = [], []
    for rater in range(4):
        rows = []
        for unit in range(40):
            others = [human[unit, r] for r in range(4) if r != rater and not np.isnan(human[unit, r])]
            if others and not np.isnan(human[unit, rater] + judge[unit]):
                rows.append((human[unit, rater], judge[unit], sum(others) / len(others)))
        own, judged, mean = (list(column) for column in zip(*rows, strict=True))
        people.append(rho(own, mean))
        ours.append(rho(judged, mean))
    found = leave_one_out(spearman, judge, human)
    once = np.ones((1, 40))
    assert found.members == 4
    assert found.people(once)[0] == pytest.approx(np.mean(people))
    assert found.judge(once)[0] == pytest.approx(np.mean(ours))


def test_two_raters_are_compared_on_what_both_scored_and_the_judge_with_either() -> None:
    judge, human = made()
    people, ours = [], []
    for a, b in itertools.combinations(range(4), 2):
        units = [u for u in range(40) if not np.isnan(human[u, a] + human[u, b] + judge[u])]
        first, second, judged = (scores[units].tolist() for scores in (human[:, a], human[:, b], judge))
        people.append(rho(first, second))
        ours.append((rho(judged, first) + rho(judged, second)) / 2)
    found = rater_pairs(spearman, judge, human)
    once = np.ones((1, 40))
    assert found.members == 6
    assert found.people(once)[0] == pytest.approx(np.mean(people))
    assert found.judge(once)[0] == pytest.approx(np.mean(ours))


def test_a_judge_that_is_a_copy_of_the_raters_reaches_what_they_reach() -> None:
    _, human = made(raters=1)
    twins = np.repeat(human, 3, axis=1)
    found = leave_one_out(spearman, human[:, 0].copy(), twins)
    once = np.ones((1, 40))
    assert found.people(once)[0] == pytest.approx(1.0)
    assert found.judge(once)[0] == pytest.approx(1.0)


def test_one_more_judge_of_the_raters_kind_is_as_good_as_they_are() -> None:
    """A fifth rater in the judge's place: the difference is 0 on average."""
    rng = np.random.default_rng(8)
    gaps = []
    for _ in range(60):
        quality = rng.normal(size=60)
        scores = np.round(3 + quality[:, None] + rng.normal(size=(60, 5)))
        found = leave_one_out(spearman, scores[:, 4].copy(), scores[:, :4])
        once = np.ones((1, 60))
        gaps.append(float(found.judge(once)[0] - found.people(once)[0]))
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps)) + 0.005


def test_a_rater_who_says_nothing_else_is_left_out_on_both_sides() -> None:
    judge, human = made()
    human[:, 3] = 3.0
    assert leave_one_out(spearman, judge, human).members == 3
    assert rater_pairs(spearman, judge, human).members == 3


def test_of_very_many_pairs_those_that_share_most_are_taken() -> None:
    rng = np.random.default_rng(9)
    human = np.round(3 + rng.normal(size=(6, 20)))
    human[:, 15:] = np.nan
    found = rater_pairs(spearman, np.arange(6.0), human)
    assert found.members <= MOST_PAIRS < 15 * 14 // 2


def test_one_rater_has_no_ceiling() -> None:
    judge, human = made(raters=1)
    assert leave_one_out(spearman, judge, human).members == 0
    assert np.isnan(leave_one_out(spearman, judge, human).people(np.ones((1, 40)))[0])
