"""Against plain loops, and against the figures in the tests of Google's mt-metrics-eval (tau_optimization_test.py)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rvebench.scoring.agreement.pairwise import (
    calibrated_threshold,
    gather_pairs,
    held_out_accuracy,
    prepare_calibrated,
    prepare_half,
    prepare_system_half,
    prepare_ties,
)


def once(n: int) -> np.ndarray:
    return np.ones((1, n))


def one_sample(metric: list[float], human: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(metric)
    return np.array(metric), np.array(human)[:, None], np.zeros(n, dtype=np.int64)


def test_wmt_example_where_no_new_tie_is_best() -> None:
    pairs = gather_pairs(*one_sample([0, 2, 6, 8], [1, 2, 3, 4]))
    assert prepare_calibrated(pairs)(once(4))[0] == 1.0
    assert calibrated_threshold(pairs) == 0.0


def test_wmt_example_where_ties_help() -> None:
    pairs = gather_pairs(*one_sample([0, 2, 6, 8], [1, 1, 1, 4]))
    assert prepare_ties(pairs)(once(4))[0] == pytest.approx(3 / 6)
    assert prepare_calibrated(pairs)(once(4))[0] == pytest.approx(4 / 6)
    assert calibrated_threshold(pairs) == 4.0


def test_wmt_example_with_several_samples_and_missing_scores() -> None:
    nan = np.nan
    metric = np.array([[0, 5, 2, 3, 2], [nan, 2, 1, 5, 3], [9, 1, 5, 3, 8], [9, 3, 4, 4, 1]], dtype=float).ravel()
    human = np.array([[1, 5, 2, 1, 1], [4, 2, 2, 1, 4], [5, 9, 2, 8, 7], [7, 6, nan, 3, 2]], dtype=float).ravel()
    pairs = gather_pairs(metric, human[:, None], np.repeat(np.arange(4), 5))
    assert prepare_ties(pairs)(once(20))[0] == pytest.approx(0.4666666666666667)
    assert prepare_calibrated(pairs)(once(20))[0] == pytest.approx(0.4916666666666668)
    assert calibrated_threshold(pairs) == 1.0


def made(samples: int = 12, editors: int = 4, raters: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    n = samples * editors
    judge = rng.integers(0, 6, n).astype(float)
    human = rng.integers(1, 6, (n, raters)).astype(float)
    human[rng.random((n, raters)) < 0.3] = np.nan
    judge[rng.random(n) < 0.1] = np.nan
    return judge, human, np.repeat(np.arange(samples), editors), np.tile(np.arange(editors), samples)


def pairs_by_loop(judge: np.ndarray, human: np.ndarray, sample: np.ndarray) -> list[tuple[int, float, float]]:
    """Sample, sign of people's preference, judge's difference."""
    found = []
    for i, j in itertools.combinations(range(len(judge)), 2):
        both = [r for r in range(human.shape[1]) if not np.isnan(human[i, r]) and not np.isnan(human[j, r])]
        if sample[i] == sample[j] and both and not np.isnan(judge[i] + judge[j]):
            preference = sum(human[i, r] - human[j, r] for r in both)
            found.append((int(sample[i]), float(np.sign(round(preference, 9))), float(judge[i] - judge[j])))
    return found


def test_ties_count_half_over_the_pairs_that_people_decide() -> None:
    judge, human, sample, _ = made()
    credits = [
        {1.0: 1.0, 0.0: 0.5, -1.0: 0.0}[float(np.sign(difference)) * preference]
        for _, preference, difference in pairs_by_loop(judge, human, sample)
        if preference
    ]
    pairs = gather_pairs(judge, human, sample)
    assert pairs.decided == len(credits)
    assert prepare_half(pairs)(once(len(judge)))[0] == pytest.approx(np.mean(credits))


def test_accuracy_with_ties_and_its_calibration_are_what_a_loop_gives() -> None:
    judge, human, sample, _ = made()
    found = pairs_by_loop(judge, human, sample)

    def accuracy(threshold: float, leave_out: int | None = None, only: int | None = None) -> float:
        shares: dict[int, list[bool]] = {}
        for which, preference, difference in found:
            if which != leave_out and only in (None, which):
                said = 0.0 if abs(difference) <= threshold else np.sign(difference)
                shares.setdefault(which, []).append(bool(said == preference))
        return float(np.mean([np.mean(right) for right in shares.values()]))

    thresholds = sorted({0.0, *(abs(difference) for *_, difference in found)})
    pairs = gather_pairs(judge, human, sample)
    assert prepare_ties(pairs)(once(len(judge)))[0] == pytest.approx(accuracy(0.0))
    best = max(thresholds, key=accuracy)
    assert calibrated_threshold(pairs) == best
    assert prepare_calibrated(pairs)(once(len(judge)))[0] == pytest.approx(accuracy(best))
    samples = sorted({which for which, *_ in found})
    chosen = [max(thresholds, key=lambda t, out=which: round(accuracy(t, leave_out=out), 9)) for which in samples]
    held_out = np.mean([accuracy(t, only=which) for which, t in zip(samples, chosen, strict=True)])
    assert held_out_accuracy(pairs, sample) == pytest.approx(held_out)


def test_a_sample_that_counts_twice_is_two_samples() -> None:
    judge, human, sample, _ = made()
    times = np.where(sample == 3, 2.0, 1.0)
    double = np.concatenate([np.arange(len(judge)), np.flatnonzero(sample == 3)])
    again = sample[double].copy()
    again[len(judge) :] = 99
    one, other = gather_pairs(judge, human, sample), gather_pairs(judge[double], human[double], again)
    for prepare in (prepare_half, prepare_ties, prepare_calibrated):
        assert prepare(one)(times[None]) == pytest.approx(prepare(other)(once(len(double))))


def test_a_strict_and_a_lenient_rater_make_no_preference_between_edits_they_do_not_share() -> None:
    human = np.array([[5.0, np.nan], [np.nan, 1.0]])
    pairs = gather_pairs(np.array([9.0, 2.0]), human, np.zeros(2, dtype=np.int64))
    assert len(pairs.first_P) == 0
    assert np.isnan(prepare_half(pairs)(once(2))[0])
    assert calibrated_threshold(pairs) is None
    assert held_out_accuracy(pairs, np.arange(2)) is None


def test_a_judge_without_scores_has_no_pairs() -> None:
    _, human, sample, _ = made()
    assert len(gather_pairs(np.full(len(sample), np.nan), human, sample).first_P) == 0


def test_over_editors_the_order_of_means_counts() -> None:
    judge, human, _, editor = made()
    there = ~np.isnan(judge) & ~np.isnan(human).all(axis=1)
    people = np.array([np.mean(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.nan for row in human])
    means = [[np.mean(scores[there & (editor == which)]) for which in range(4)] for scores in (judge, people)]
    credits = [
        (1 + np.sign(means[0][a] - means[0][b]) * np.sign(means[1][a] - means[1][b])) / 2
        for a, b in itertools.combinations(range(4), 2)
    ]
    assert prepare_system_half(judge, human, editor)(once(len(judge)))[0] == pytest.approx(np.mean(credits))
