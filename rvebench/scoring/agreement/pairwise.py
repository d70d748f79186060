"""How often a judge prefers the same edit as people do, over pairs of edits of one sample.

People's preference in a pair is the sign of the mean difference over the raters who scored both edits, so that a
strict and a lenient rater do not make a preference between them. Two figures, after two papers on WMT's metrics:

* ties as half (Kocmi et al., "To Ship or Not to Ship", WMT 2021, whose pairs are of systems and have no ties): over the
  pairs in which people prefer one edit, 1 for the same preference, 1/2 for a judge's tie, 0 for the opposite; chance
  is 1/2.
* with ties, acc_eq (Deutsch, Foster and Freitag, "Ties Matter", EMNLP 2023, section 4): (concordant + tied in both)
  over all pairs, averaged over samples; a judge that ties where people do is right. Tie calibration (section 5) takes
  judge scores that differ by at most a threshold for ties, and picks the threshold that is best on the data.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from rvebench.scoring.agreement.correlation import editor_means
from rvebench.scoring.agreement.resample import Floats, Ints, Statistic, mean_over_raters

__all__ = ["Pairs", "calibrated_threshold", "gather_pairs", "held_out_accuracy", "prepare_calibrated", "prepare_half"]
__all__ += ["prepare_system_half", "prepare_ties"]

_DECIMALS = 10
_MOST_THRESHOLDS = 512
"""Candidate thresholds; beyond, that many quantiles of the differences are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Every two edits of one sample that the judge and at least one rater scored both."""

    first_P: Ints
    """A unit of the pair; it says which sample, and so which weight, the pair has."""
    sample_P: Ints
    human_P: Floats
    """-1, 0 or 1: which edit people prefer."""
    judge_P: Floats
    """The difference of the judge's scores in the same direction."""

    @property
    def decided(self) -> int:
        """Pairs in which people prefer one edit."""
        return int(np.count_nonzero(self.human_P))


def gather_pairs(judge_N: Floats, human_NR: Floats, sample_N: Ints) -> Pairs:
    """Returns the pairs of units of one sample, in the order of units."""
    order = np.argsort(sample_N, kind="stable")
    order = order[~np.isnan(judge_N[order])]
    firsts: list[int] = []
    seconds: list[int] = []
    starts = np.flatnonzero(np.diff(sample_N[order], prepend=-1)).tolist()
    for start, stop in itertools.pairwise([*starts, len(order)]):
        units = order[start:stop].tolist()
        for place, unit in enumerate(units):
            firsts += [unit] * (len(units) - place - 1)
            seconds += units[place + 1 :]
    first, second = np.array(firsts, dtype=np.int64), np.array(seconds, dtype=np.int64)
    # NaN, and dropped, where nobody rated both.
    preference: Floats = np.round(mean_over_raters(human_NR[first] - human_NR[second]), _DECIMALS)
    there = ~np.isnan(preference)
    first, second = first[there], second[there]
    return Pairs(
        first_P=first,
        sample_P=sample_N[first],
        human_P=np.sign(preference[there]),
        judge_P=np.round(judge_N[first] - judge_N[second], _DECIMALS),
    )


def prepare_half(pairs: Pairs) -> Statistic:
    """Returns the accuracy over decided pairs with a judge's ties as half; every pair counts the same."""
    decided = pairs.human_P != 0
    first = pairs.first_P[decided]
    credit = (1.0 + np.sign(pairs.judge_P[decided]) * pairs.human_P[decided]) / 2.0

    def statistic(weights_RN: Floats) -> Floats:
        weights = weights_RN[:, first]
        with np.errstate(divide="ignore", invalid="ignore"):
            accuracy: Floats = (weights @ credit) / weights.sum(axis=1)
        return accuracy

    return statistic


def prepare_ties(pairs: Pairs) -> Statistic:
    """Returns acc_eq without calibration: only equal judge scores are ties."""
    return _prepare_at(pairs, np.zeros(1))


def prepare_calibrated(pairs: Pairs) -> Statistic:
    """Returns acc_eq at the threshold that is best on each resample itself."""
    return _prepare_at(pairs, _thresholds(pairs))


def calibrated_threshold(pairs: Pairs) -> float | None:
    """Returns the lowest threshold with the best acc_eq; None without pairs."""
    if not len(pairs.first_P):
        return None
    thresholds = _thresholds(pairs)
    return float(thresholds[int(np.argmax(np.round(_by_sample(pairs, thresholds).mean(axis=0), _DECIMALS)))])


def held_out_accuracy(pairs: Pairs, cluster_N: Ints) -> float | None:
    """Returns acc_eq with each cluster's threshold chosen on the other clusters; None below two clusters."""
    by_sample_ST = _by_sample(pairs, _thresholds(pairs)) if len(pairs.first_P) else np.empty((0, 1))
    samples, place = np.unique(pairs.sample_P, return_index=True)
    clusters = cluster_N[pairs.first_P[place]]
    if len(np.unique(clusters)) < 2:
        return None
    total_T = by_sample_ST.sum(axis=0)
    right = 0.0
    for cluster in np.unique(clusters):
        own_T = by_sample_ST[clusters == cluster].sum(axis=0)
        right += float(own_T[int(np.argmax(np.round(total_T - own_T, _DECIMALS)))])
    return right / len(samples)


def prepare_system_half(judge_N: Floats, human_NR: Floats, editor_N: Ints) -> Statistic:
    """Returns Kocmi's accuracy over pairs of editors: their mean scores in the same order, a judge's tie as half."""
    human_N = mean_over_raters(human_NR)
    there = ~(np.isnan(judge_N) | np.isnan(human_N))
    names, editors = np.unique(editor_N[there], return_inverse=True)
    first, second = np.triu_indices(len(names), 1)

    def statistic(weights_RN: Floats) -> Floats:
        weights = weights_RN[:, there]
        judge, human = (editor_means(x[there], editors, weights) for x in (judge_N, human_N))
        judge, human = (np.sign(means[:, first] - means[:, second]) for means in (judge, human))
        with np.errstate(divide="ignore", invalid="ignore"):
            # A resample that lacks an editor has NaN for its pairs, and no value.
            decided = np.where(np.isnan(human), np.nan, np.abs(human))
            accuracy: Floats = ((1.0 + judge * human) / 2.0 * decided).sum(axis=1) / decided.sum(axis=1)
        return accuracy

    return statistic


def _thresholds(pairs: Pairs) -> Floats:
    """Returns the candidates, ascending: 0, and every difference of judge scores that there is."""
    differences = np.unique(np.append(np.abs(pairs.judge_P), 0.0))
    if len(differences) <= _MOST_THRESHOLDS:
        return differences
    return differences[np.linspace(0, len(differences) - 1, _MOST_THRESHOLDS).astype(np.int64)]


def _by_sample(pairs: Pairs, thresholds_T: Floats) -> Floats:
    """Returns each sample's share of right pairs at each threshold (S, T)."""
    samples, place = np.unique(pairs.sample_P, return_inverse=True)
    right_ST = np.zeros((len(samples), len(thresholds_T)))
    for column, threshold in enumerate(thresholds_T):
        judged = np.where(np.abs(pairs.judge_P) <= threshold, 0.0, np.sign(pairs.judge_P))
        right_ST[:, column] = np.bincount(place, weights=judged == pairs.human_P, minlength=len(samples))
    shares: Floats = right_ST / np.bincount(place, minlength=len(samples))[:, None]
    return shares


def _prepare_at(pairs: Pairs, thresholds_T: Floats) -> Statistic:
    by_sample_ST = _by_sample(pairs, thresholds_T)
    _, place = np.unique(pairs.sample_P, return_index=True)
    first_S = pairs.first_P[place]

    def statistic(weights_RN: Floats) -> Floats:
        weights_RS = weights_RN[:, first_S]
        with np.errstate(divide="ignore", invalid="ignore"):
            accuracy: Floats = (weights_RS @ by_sample_ST).max(axis=1) / weights_RS.sum(axis=1)
        return accuracy

    return statistic
