"""Answers as numbers: who preferred what to what, on which sample, by criterion.

Only main trials are evidence on methods. Every design becomes comparisons of two: a ranking or a row of scores orders
each two of its entries. Comparisons of one answer depend on one another; they are never taken for independent, but
summed in the cell of their source and rater (:mod:`rvebench.scoring.crossed`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.study.folder import Answers
from rvebench.study.records import Study

__all__ = ["Comparisons", "Scored", "compare", "gather", "method_names"]

Floats = NDArray[np.float64]


class Scored(NamedTuple):
    """One rater's answer to one main trial on one criterion."""

    sample: str
    cluster: str
    category: str
    rater: str
    criterion: str
    merits: Mapping[str, float]
    """By method; higher is better, equal where tied. Places are counted from below, so that only order has meaning."""
    both_bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """All comparisons on one criterion, summed by pair of methods (P), cluster (K) and rater (R)."""

    methods: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    """Places in `methods`, the first below the second; also those that nobody compared."""
    clusters: tuple[str, ...]
    raters: tuple[str, ...]
    wins_PKR: Floats
    """Of the pair's first method."""
    losses_PKR: Floats
    ties_PKR: Floats
    both_bad_PKR: Floats
    """Ties that the rater called bad on both sides."""

    @property
    def points_PKR(self) -> Floats:  # noqa: N802 - axes in capitals
        """What the first method won, a tie for half."""
        return self.wins_PKR + self.ties_PKR / 2.0

    @property
    def played_PKR(self) -> Floats:  # noqa: N802 - axes in capitals
        """Comparisons."""
        return self.wins_PKR + self.losses_PKR + self.ties_PKR

    def matrices(self, wins_P: Floats, losses_P: Floats, ties_P: Floats) -> tuple[Floats, Floats]:
        """Returns win and tie matrices (..., K, K) over methods from sums by pair (..., P)."""
        count = len(self.methods)
        wins, ties = (np.zeros((*wins_P.shape[:-1], count, count)) for _ in range(2))
        for place, (i, j) in enumerate(self.pairs):
            wins[..., i, j], wins[..., j, i] = wins_P[..., place], losses_P[..., place]
            ties[..., i, j] = ties[..., j, i] = ties_P[..., place]
        return wins, ties


def method_names(study: Study) -> dict[str, str]:
    """Returns each method's name by its id; methods of one name are told apart by their ids."""
    names = [method.name.strip() for method in study.methods]
    return {
        method.id: name if names.count(name) == 1 else f"{name} ({method.id})"
        for method, name in zip(study.methods, names, strict=True)
    }


def gather(study: Study, answers: Answers, raters: Collection[str]) -> list[Scored]:
    """Returns what the raters said of methods in main trials, in the order of the study's trials.

    A Likert score means the same on every screen, so a rater's scores of one sample are one row, and compare with one
    another wherever they were given. Places mean something on their screen alone.
    """
    given = {answer.trial: answer for answer in answers.answers if answer.rater in raters}
    methods = {method.id for method in study.methods}
    sign = -1.0 if study.lower_is_better else 1.0
    found: dict[tuple[str, ...], Scored] = {}
    for trial in study.trials:
        answer = given.get(trial.id)
        if answer is None or trial.kind != "main":
            continue
        sample = study.sample_of[trial.sample]
        for criterion in sample.criteria:
            merits = {entry: sign * value for entry, value in answer.values[criterion].items() if entry in methods}
            bad = criterion in answer.both_bad
            key = (trial.rater, sample.id, criterion, "" if study.design == "likert" else trial.id)
            if key in found:
                merits = {**found[key].merits, **merits}
            found[key] = Scored(sample.id, sample.cluster, sample.category, trial.rater, criterion, merits, bad)
    return list(found.values())


def compare(scored: Sequence[Scored], methods: Sequence[str]) -> Comparisons:
    """Returns the comparisons that answers on one criterion hold.

    Args:
        scored: the answers.
        methods: ids of all methods, in the order of the study.
    """
    clusters = sorted({each.cluster for each in scored})
    raters = sorted({each.rater for each in scored})
    cluster_of, rater_of = ({name: place for place, name in enumerate(names)} for names in (clusters, raters))
    pairs = tuple(combinations(range(len(methods)), 2))
    pair_of = {pair: place for place, pair in enumerate(pairs)}
    method_of = {name: place for place, name in enumerate(methods)}
    # Wins of the first, ties, losses, and ties that are bad on both sides.
    sums = np.zeros((4, len(pairs), len(clusters), len(raters)))
    for each in scored:
        cell = cluster_of[each.cluster], rater_of[each.rater]
        for place, order in _orders(each, method_of, pair_of):
            sums[(1 - order, place, *cell)] += 1
            if order == 0 and each.both_bad:
                sums[(3, place, *cell)] += 1
    return Comparisons(
        methods=tuple(methods),
        pairs=pairs,
        clusters=tuple(clusters),
        raters=tuple(raters),
        wins_PKR=sums[0],
        ties_PKR=sums[1],
        losses_PKR=sums[2],
        both_bad_PKR=sums[3],
    )


def _orders(
    scored: Scored, method_of: Mapping[str, int], pair_of: Mapping[tuple[int, int], int]
) -> Iterator[tuple[int, int]]:
    """Yields pairs, and 1 where the first is better, 0 where they are tied, -1 where the second is."""
    by_place = sorted((method_of[name], merit) for name, merit in scored.merits.items())
    for (i, first), (j, second) in combinations(by_place, 2):
        yield pair_of[i, j], int(np.sign(first - second))
