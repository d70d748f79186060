"""How well people agree with people: what a judge can be measured against.

A judge is compared with an imperfect measurement of the truth, so that even a perfect judge stays below 1. Two ways to
say how far below:

* leave one out: each rater against the mean of the others, averaged over raters. The mean of all raters is a better
  measurement than the mean of all but one, so the judge is put in the left-out rater's place for a fair comparison.
* pairs: two raters with each other, averaged over pairs; the judge with either of them on the same edits.

Every number is the mean of one kind of statistic over raters or pairs that have it, on the same resamples.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rvebench.scoring.agreement.resample import Floats, Statistic, mean_of, mean_over_raters

__all__ = ["FEWEST_SHARED", "MOST_PAIRS", "Ceiling", "Kernel", "leave_one_out", "rater_pairs"]

Kernel = Callable[[Floats, Floats], Statistic]
"""Scores of one side (N) and of raters (N, R), both NaN where missing, to the statistic of their agreement."""

FEWEST_SHARED = 3
"""Edits that a rater must share with others to say anything about agreement."""

MOST_PAIRS = 100
"""Pairs of raters that are looked at: those that share the most edits."""


class Ceiling(NamedTuple):
    """People among themselves, and the judge in their place."""

    people: Statistic
    judge: Statistic
    members: int
    """Raters, or pairs of raters, that have a value on both sides."""


def leave_one_out(kernel: Kernel, judge_N: Floats, human_NR: Floats) -> Ceiling:
    """Returns each rater against the others, and the judge against the same others on the same units."""
    found = []
    for rater in range(human_NR.shape[1]):
        others = np.delete(human_NR, rater, axis=1)
        own = human_NR[:, rater]
        shared = ~(np.isnan(own) | np.isnan(mean_over_raters(others)) | np.isnan(judge_N))
        if shared.sum() >= FEWEST_SHARED:
            others = np.where(shared[:, None], others, np.nan)
            found.append(
                (kernel(np.where(shared, own, np.nan), others), kernel(np.where(shared, judge_N, np.nan), others))
            )
    return _ceiling(found, len(judge_N))


def rater_pairs(kernel: Kernel, judge_N: Floats, human_NR: Floats) -> Ceiling:
    """Returns two raters with each other, and the judge with either of them, on the units that all three scored."""
    given = ~np.isnan(human_NR) & ~np.isnan(judge_N)[:, None]
    shared_RR = given.T.astype(np.int64) @ given.astype(np.int64)
    pairs = [pair for pair in itertools.combinations(range(human_NR.shape[1]), 2) if shared_RR[pair] >= FEWEST_SHARED]
    pairs.sort(key=lambda pair: -int(shared_RR[pair]))
    found = []
    for first, second in pairs[:MOST_PAIRS]:
        shared = given[:, first] & given[:, second]
        a, b, judge = (
            np.where(shared, scores, np.nan) for scores in (human_NR[:, first], human_NR[:, second], judge_N)
        )
        found.append((kernel(a, b[:, None]), mean_of([kernel(judge, a[:, None]), kernel(judge, b[:, None])])))
    return _ceiling(found, len(judge_N))


def _ceiling(found: list[tuple[Statistic, Statistic]], units: int) -> Ceiling:
    """Keeps the members that have a value on both sides, so that both means are over the same ones."""
    once = np.ones((1, units))
    kept = [(people, judge) for people, judge in found if not np.isnan(people(once)[0] + judge(once)[0])]
    return Ceiling(mean_of([people for people, _ in kept]), mean_of([judge for _, judge in kept]), len(kept))
