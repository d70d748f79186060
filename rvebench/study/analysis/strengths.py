"""Bradley-Terry and Plackett-Luce strengths of methods, with intervals from the same resamples as the win rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.agreement import Measured
from rvebench.scoring.bradley_terry import (
    ELO_CENTRE,
    ELO_POINTS,
    Groups,
    Strengths,
    TieModel,
    beats,
    comparison_groups,
    fit_strengths,
    influence,
    strata,
)
from rvebench.scoring.crossed import Pigeonhole, crossed_variance, symmetric_interval
from rvebench.scoring.plackett_luce import plackett_luce
from rvebench.study.analysis.evidence import Comparisons, Scored

__all__ = ["FittedStrengths", "as_elo", "fit_study", "orders_of_three"]

Floats = NDArray[np.float64]


class FittedStrengths(NamedTuple):
    """Strengths of all methods on one criterion."""

    log_strengths: tuple[Measured, ...]
    beats: tuple[Measured, ...]
    """For each pair of the comparisons: the chance that its first is preferred, a tie for half."""
    groups: Groups
    """Places of methods that comparisons link."""
    parts: Groups
    """The groups, cut where only the prior keeps a lead finite."""
    tie_strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    comparisons: Comparisons
    at: Strengths
    draws: Strengths
    moved_KRM: Floats
    """How far each cell moves each of M log-strengths."""
    cells_KR: Floats

    def interval(self, value: float, weights_M: Floats, draws: Floats) -> tuple[float, float] | None:
        """Returns the interval of a quantity that moves with the log-strengths as `weights_M` say."""
        moved = self.moved_KRM @ weights_M
        return symmetric_interval(
            value, draws, crossed_variance(moved, self.cells_KR), scale=float(self.cells_KR.sum())
        )


def fit_study(comparisons: Comparisons, pigeonhole: Pigeonhole, *, ties: TieModel, no_interval: str) -> FittedStrengths:
    """Returns the strengths that the comparisons give.

    Args:
        comparisons: all of one criterion; without any, nothing has a strength.
        pigeonhole: the resamples of clusters and raters.
        ties: how ties count.
        no_interval: why there is no interval, where crossed resamples cannot give one; else empty.
    """
    alone = "compared with nothing"
    if not comparisons.played_PKR.any():
        singles = tuple((place,) for place in range(len(comparisons.methods)))
        nothing = Measured(reason=alone)
        return FittedStrengths((nothing,) * len(singles), (nothing,) * len(comparisons.pairs), singles, singles, 0.0)
    fit = _fit(comparisons, pigeonhole, ties)
    points, _ = comparisons.matrices(
        comparisons.points_PKR.sum(axis=(1, 2)),
        (comparisons.played_PKR - comparisons.points_PKR).sum(axis=(1, 2)),
        np.zeros(len(comparisons.pairs)),
    )
    groups = comparison_groups(points + points.T)
    parts = tuple(part for group in groups for part in strata(points, group))
    part_of = {method: part for part in parts for method in part}
    group_of = {method: group for group in groups for method in group}
    played = (points + points.T).sum(axis=1)
    held = "only the prior keeps a lead finite: one side never took a point"
    found = []
    for place, value in enumerate(fit.at.log_K.tolist()):
        n = int(played[place])
        if n == 0:
            found.append(Measured(reason=alone))
            continue
        reason = no_interval or ("" if part_of[place] == group_of[place] else held)
        ends = None if reason else fit.interval(value, np.eye(len(played))[place], fit.draws.log_K[:, place])
        found.append(Measured(value=value, ci95=ends, n=n, reason=reason))
    chances = []
    chance, drawn = beats(fit.at), beats(fit.draws)
    for place, (i, j) in enumerate(comparisons.pairs):
        n = int(comparisons.played_PKR[place].sum())
        if group_of[i] != group_of[j] or played[i] == 0:
            chances.append(Measured(reason="no chain of comparisons links the two"))
            continue
        reason = no_interval or ("" if part_of[i] == part_of[j] else held)
        ends = None
        if not reason:
            weights = np.eye(len(played))[i] - np.eye(len(played))[j]
            logit = fit.interval(_logit(chance[i, j]), weights, _logits(drawn[:, i, j]))
            ends = None if logit is None else (_from_logit(logit[0]), _from_logit(logit[1]))
        chances.append(Measured(value=float(chance[i, j]), ci95=ends, n=n, reason=reason))
    return FittedStrengths(tuple(found), tuple(chances), groups, parts, float(fit.at.tie))


def _fit(comparisons: Comparisons, pigeonhole: Pigeonhole, ties: TieModel) -> _Fit:
    tables = (comparisons.wins_PKR, comparisons.losses_PKR, comparisons.ties_PKR)
    wins, tied = comparisons.matrices(*(table.sum(axis=(1, 2)) for table in tables))
    groups = comparison_groups(wins + wins.T + tied)
    at = fit_strengths(wins, tied, ties=ties, groups=groups)
    drawn = [np.stack([pigeonhole.sums(table_KR) for table_KR in table], axis=-1) for table in tables]
    drawn_wins, drawn_ties = comparisons.matrices(*drawn)
    draws = fit_strengths(drawn_wins, drawn_ties, ties=ties, groups=groups, tolerance=1e-6)
    there = comparisons.played_PKR.sum(axis=0) > 0
    cell_wins, cell_ties = comparisons.matrices(*(table[:, there].T for table in tables))
    moved = np.zeros((*there.shape, len(comparisons.methods)))
    moved[there] = influence(cell_wins, cell_ties, at)
    return _Fit(comparisons=comparisons, at=at, draws=draws, moved_KRM=moved, cells_KR=there.astype(np.float64))


def as_elo(log_strength: Measured) -> Measured:
    """Returns a log-strength on the Elo scale: 400 points are odds of 10 to 1, and the mean stands at 1000."""
    if log_strength.value is None:
        return log_strength
    ends = log_strength.ci95
    return Measured(
        value=ELO_CENTRE + ELO_POINTS * log_strength.value,
        ci95=None if ends is None else (ELO_CENTRE + ELO_POINTS * ends[0], ELO_CENTRE + ELO_POINTS * ends[1]),
        n=log_strength.n,
        reason=log_strength.reason,
    )


def orders_of_three(scored: Sequence[Scored], methods: Sequence[str]) -> Floats | None:
    """Returns Plackett-Luce log-strengths (M,) of all answers; None where nobody ordered three methods at once."""
    if not any(len(each.merits) >= 3 for each in scored):
        return None
    places = np.full((len(scored), len(methods)), np.nan)
    for row, each in enumerate(scored):
        for column, method in enumerate(methods):
            if method in each.merits:
                places[row, column] = -each.merits[method]
    return plackett_luce(places)


def _logits(chances: Floats) -> Floats:
    held = np.clip(chances, 1e-12, 1.0 - 1e-12)
    found: Floats = np.log(held / (1.0 - held))
    return found


def _logit(chance: float) -> float:
    return float(_logits(np.array(chance)))


def _from_logit(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -700.0, 700.0))))
