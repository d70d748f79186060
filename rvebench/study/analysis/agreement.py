"""How far raters agree: concordance of orders, Krippendorff's alpha, and equal answers on equal pairs.

Raters are not resampled: a rater drawn twice agrees with itself, which would lift every draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from rvebench.scoring.agreement import ALPHA_METRICS, Measured
from rvebench.scoring.agreement.krippendorff import prepare_alpha
from rvebench.scoring.agreement.resample import Floats, Resampler, Statistic
from rvebench.scoring.rankings import kendall_w
from rvebench.study.analysis.evidence import Scored
from rvebench.study.analysis.results import Agreement

__all__ = ["measure_rater_agreement"]


class _Units(NamedTuple):
    """What was answered by several raters, and the cluster of each."""

    clusters: list[str]
    values_NR: Floats


def measure_rater_agreement(
    scored: Sequence[Scored], *, seed: int, name: str, resamples: int, likert: bool
) -> Agreement:
    """Returns how far the raters agree on one criterion.

    Args:
        scored: the answers on the criterion.
        seed: of the draws.
        name: of what is measured.
        resamples: how many.
        likert: whether merits are scores that mean the same in every trial.
    """
    raters = {rater: place for place, rater in enumerate(sorted({each.rater for each in scored}))}
    preferences = _preferences(scored, raters)
    same_set = len({frozenset(each.merits) for each in scored}) == 1
    scores = _scores(scored, raters, likert) if likert or same_set else None
    orders = _orders(scored)

    def resampler(units: Sequence[str], what: str) -> Resampler:
        return Resampler(units, seed=seed, name=f"{name}/{what}", resamples=resamples)

    def alphas(units: _Units, what: str) -> dict[str, Measured]:
        drawn = resampler(units.clusters, what)
        several = int(((~np.isnan(units.values_NR)).sum(axis=1) >= 2).sum())
        reason = "no two raters answered the same" if several == 0 else "all answers are the same"
        return {
            metric: drawn.measure(drawn.draw(prepare_alpha(units.values_NR, metric)), n=several, reason=reason)
            for metric in ALPHA_METRICS
        }

    same, of = _equal_pairs(preferences.values_NR)
    pairs = resampler(preferences.clusters, "pairs")
    concordance = resampler([order.cluster for order in orders], "orders") if orders else None
    return Agreement(
        kendall_w=Measured(reason="no two raters ordered the same three edits")
        if concordance is None
        else concordance.measure(concordance.draw(_mean([order.w for order in orders])), n=len(orders)),
        kendall_w_chance=math.fsum(1 / order.raters for order in orders) / len(orders) if orders else None,
        pairwise=pairs.measure(
            pairs.draw(_ratio(same, of)), n=int(of.sum()), reason="no two raters compared the same two edits"
        ),
        alpha_preferences=alphas(preferences, "preferences"),
        alpha_scores={} if scores is None else alphas(scores, "scores"),
    )


def _preferences(scored: Sequence[Scored], raters: dict[str, int]) -> _Units:
    """Returns who preferred which of two edits: 1 the first, 0 neither, -1 the second."""
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    clusters = {}
    for each in scored:
        clusters[each.sample] = each.cluster
        for first, second in combinations(sorted(each.merits), 2):
            order = float(np.sign(each.merits[first] - each.merits[second]))
            own = found.setdefault((each.sample, first, second), {})
            own[raters[each.rater]] = own.get(raters[each.rater], 0.0) + order
    signs = {key: {place: float(np.sign(total)) for place, total in own.items()} for key, own in found.items()}
    return _table({key: (clusters[key[0]], own) for key, own in signs.items()}, len(raters))


def _scores(scored: Sequence[Scored], raters: dict[str, int], likert: bool) -> _Units:
    """Returns each edit's Likert score, or its rank from below: 1, 1, 3 and 1, 1, 2 say the same of places."""
    from scipy.stats import rankdata

    found: dict[tuple[str, ...], tuple[str, dict[int, float]]] = {}
    for each in scored:
        merits = np.array(list(each.merits.values()))
        for method, value in zip(each.merits, (merits if likert else rankdata(merits)).tolist(), strict=True):
            found.setdefault((each.sample, method), (each.cluster, {}))[1][raters[each.rater]] = value
    return _table(found, len(raters))


def _table(found: dict[tuple[str, ...], tuple[str, dict[int, float]]], raters: int) -> _Units:
    keys = sorted(found)
    values = np.full((len(keys), raters), np.nan)
    for row, key in enumerate(keys):
        for place, value in found[key][1].items():
            values[row, place] = value
    return _Units([found[key][0] for key in keys], values)


class _Order(NamedTuple):
    cluster: str
    w: float
    raters: int


def _orders(scored: Sequence[Scored]) -> list[_Order]:
    """Returns the concordance on each sample of those who ordered the same three edits or more."""
    found: dict[tuple[str, tuple[str, ...]], list[Scored]] = {}
    for each in scored:
        if len(each.merits) >= 3:
            found.setdefault((each.sample, tuple(sorted(each.merits))), []).append(each)
    orders = []
    for (_, methods), answers in sorted(found.items()):
        w = kendall_w(np.array([[answer.merits[method] for method in methods] for answer in answers]))
        if not math.isnan(w):
            orders.append(_Order(answers[0].cluster, w, len(answers)))
    return orders


def _equal_pairs(values_NR: Floats) -> tuple[Floats, Floats]:
    """Returns for each unit how many pairs of raters gave the same answer, and how many pairs there are."""
    counts = np.stack([(values_NR == value).sum(axis=1) for value in (-1.0, 0.0, 1.0)], axis=1).astype(np.float64)
    given = counts.sum(axis=1)
    return (counts * (counts - 1)).sum(axis=1) / 2, given * (given - 1) / 2


def _ratio(tops_N: Floats, bottoms_N: Floats) -> Statistic:
    def statistic(weights_RN: Floats) -> Floats:
        below = weights_RN @ bottoms_N
        ratio: Floats = np.divide(weights_RN @ tops_N, below, out=np.full(len(below), np.nan), where=below > 0)
        return ratio

    return statistic


def _mean(values: Sequence[float]) -> Statistic:
    return _ratio(np.array(values), np.ones(len(values)))
