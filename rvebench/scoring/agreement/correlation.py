"""Spearman, Pearson and Kendall's tau-b of two score columns, as functions of weights.

A weight of 2 is a unit that stands twice in the resample, so a coefficient is that of the multiset:

* `pearson`: the product-moment correlation.
* `spearman`: Pearson of midranks; ties share the mean of their ranks.
* `kendall`: tau-b (Kendall, Biometrika 33, 1945): (C - D) / sqrt((n0 - n1) (n0 - n2)), with n0 pairs in all, n1 tied in
  the first column and n2 in the second.

At the system level a unit's scores go into the means of its editor, and the coefficient is over editors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from rvebench.scoring.agreement.resample import Floats, Ints, Statistic

__all__ = ["COEFFICIENTS", "FEWEST", "editor_means", "prepare_systems", "prepare_units"]

COEFFICIENTS = ("spearman", "pearson", "kendall")
FEWEST = 3
"""Units or editors below which a coefficient says nothing: any two lie on a line."""

_DECIMALS = 10
"""Means that agree to this many decimals are tied: the order of an addition is no preference."""


def prepare_units(name: str, x_N: Floats, y_N: Floats) -> Statistic:
    """Returns a coefficient of :data:`COEFFICIENTS` over the units in which both columns have a number."""
    there = ~(np.isnan(x_N) | np.isnan(y_N))
    columns = np.round(np.stack([x_N[there], y_N[there]], axis=1), _DECIMALS)
    # Units with the same pair of scores count together, which makes hard scores small however many units there are.
    pairs, place = np.unique(columns, axis=0, return_inverse=True)
    place = place.reshape(-1)
    x_M, y_M = pairs.astype(np.float64).T
    coefficient = {"spearman": _spearman, "pearson": _pearson, "kendall": _kendall}[name](x_M, y_M)
    by_pair = _grouping(place)

    def statistic(weights_RN: Floats) -> Floats:
        if len(columns) < FEWEST:
            return np.full(len(weights_RN), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = np.clip(coefficient(by_pair(weights_RN[:, there])), -1.0, 1.0)
        return found

    return statistic


def prepare_systems(name: str, x_N: Floats, y_N: Floats, editor_N: Ints) -> Statistic:
    """Returns a coefficient over the editors' means; a resample that lacks an editor has no value."""
    there = ~(np.isnan(x_N) | np.isnan(y_N))
    _, editors = np.unique(editor_N[there], return_inverse=True)
    x, y = x_N[there], y_N[there]

    def statistic(weights_RN: Floats) -> Floats:
        weights = weights_RN[:, there]
        x_RE, y_RE = editor_means(x, editors, weights), editor_means(y, editors, weights)
        if x_RE.shape[1] < FEWEST:
            return np.full(len(weights), np.nan)
        if name == "kendall":
            first, second = np.triu_indices(x_RE.shape[1], 1)
            x_RE, y_RE = (np.sign(m[:, first] - m[:, second]) for m in (x_RE, y_RE))
            with np.errstate(divide="ignore", invalid="ignore"):
                tau: Floats = (x_RE * y_RE).sum(1) / np.sqrt((x_RE**2).sum(1) * (y_RE**2).sum(1))
            return tau
        if name == "spearman":
            x_RE, y_RE = _ranks(x_RE), _ranks(y_RE)
        return _rowwise(x_RE, y_RE)

    return statistic


def editor_means(values_N: Floats, editor_N: Ints, weights_RN: Floats) -> Floats:
    """Returns the editors' means (R, E) in each resample, rounded so that equal means are equal; NaN without units."""
    member_NE = np.zeros((len(values_N), int(editor_N.max(initial=-1)) + 1))
    member_NE[np.arange(len(values_N)), editor_N] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        means: Floats = (weights_RN @ (member_NE * values_N[:, None])) / (weights_RN @ member_NE)
    return np.round(means, _DECIMALS)


def _rowwise(x_RE: Floats, y_RE: Floats) -> Floats:
    """Returns Pearson's coefficient of each row."""
    x, y = (values - values.mean(axis=1, keepdims=True) for values in (x_RE, y_RE))
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Means are rounded to 1e-10: a spread below that is made by the subtraction of their mean.
        found: Floats = np.where(scale > 1e-22, (x * y).sum(axis=1) / scale, np.nan)
    return np.clip(found, -1.0, 1.0)


def _pearson(x_M: Floats, y_M: Floats) -> Statistic:
    # Centred once on the whole, so that the sums of a resample do not cancel.
    x, y = (values - values.mean() if len(values) else values for values in (x_M, y_M))

    def statistic(weights_RM: Floats) -> Floats:
        drawn = weights_RM > 0
        constant = [
            np.where(drawn, values, np.inf).min(axis=1) >= np.where(drawn, values, -np.inf).max(axis=1)
            for values in (x, y)
        ]
        n = weights_RM.sum(axis=1)
        x_mean, y_mean = weights_RM @ x / n, weights_RM @ y / n
        xx, yy, xy = weights_RM @ (x * x), weights_RM @ (y * y), weights_RM @ (x * y)
        spread = np.sqrt((xx - n * x_mean**2) * (yy - n * y_mean**2))
        return np.where(constant[0] | constant[1], np.nan, (xy - n * x_mean * y_mean) / spread)

    return statistic


def _spearman(x_M: Floats, y_M: Floats) -> Statistic:
    _, x_level = np.unique(x_M, return_inverse=True)
    _, y_level = np.unique(y_M, return_inverse=True)
    by_x, by_y = _grouping(x_level), _grouping(y_level)

    def statistic(weights_RM: Floats) -> Floats:
        # Midranks less their mean, by level: half a whole number each, so that all sums are exact.
        x_weight, y_weight = by_x(weights_RM), by_y(weights_RM)
        half = weights_RM.sum(axis=1, keepdims=True) / 2.0
        x, y = (np.cumsum(weight, axis=1) - weight / 2.0 - half for weight in (x_weight, y_weight))
        both = (weights_RM * x[:, x_level] * y[:, y_level]).sum(axis=1)
        rho: Floats = both / np.sqrt((x_weight * x * x).sum(axis=1) * (y_weight * y * y).sum(axis=1))
        return rho

    return statistic


def _ranks(values_RE: Floats) -> Floats:
    """Returns the midranks within each row; a row with a NaN is NaN."""
    from scipy.stats import rankdata

    ranks: Floats = rankdata(values_RE, axis=1, nan_policy="propagate")
    return ranks


def _kendall(x_M: Floats, y_M: Floats) -> Statistic:
    _, x_level = np.unique(x_M, return_inverse=True)
    _, y_level = np.unique(y_M, return_inverse=True)
    by_x, by_y = _grouping(x_level), _grouping(y_level)

    def statistic(weights_RM: Floats) -> Floats:
        n = weights_RM.sum(axis=1)
        groups = (by_x(weights_RM), by_y(weights_RM))
        # Pairs that one column does not tie: n squared less the groups' squares, by 2 (n itself cancels).
        x_apart, y_apart = ((n**2 - (weight**2).sum(axis=1)) / 2.0 for weight in groups)
        tau: Floats = _concordance(weights_RM, x_level, y_level) / np.sqrt(x_apart * y_apart)
        return tau

    return statistic


def _concordance(weight_RM: Floats, x_M: Ints, y_M: Ints) -> Floats:
    """Returns concordant minus discordant pairs; pairs of levels come sorted by x.

    A binary indexed tree over y's levels (Fenwick, 1994) with a resample in every cell: M log M steps for all resamples
    together, where comparing every two pairs takes M squared.
    """
    weight_MR = np.ascontiguousarray(weight_RM.T)
    levels = int(y_M.max(initial=-1)) + 1
    tree = np.zeros((levels + 1, weight_MR.shape[1]))
    seen = np.zeros(weight_MR.shape[1])
    found = np.zeros(weight_MR.shape[1])

    def up_to(level: int) -> Floats:
        total = np.zeros(weight_MR.shape[1])
        while level > 0:
            total += tree[level]
            level -= level & -level
        return total

    starts = np.flatnonzero(np.diff(x_M, prepend=-1, append=levels + len(x_M)))
    for start, stop in itertools.pairwise(starts.tolist()):
        for row in range(start, stop):
            level = int(y_M[row])
            found += weight_MR[row] * (up_to(level) + up_to(level + 1) - seen)
        for row in range(start, stop):
            seen += weight_MR[row]
            level = int(y_M[row]) + 1
            while level <= levels:
                tree[level] += weight_MR[row]
                level += level & -level
    return found


def _grouping(place_N: Ints) -> Callable[[Floats], Floats]:
    """Returns a function that sums weights (R, N) by place (R, V)."""
    from scipy.sparse import csr_array

    count, places = len(place_N), int(place_N.max(initial=-1)) + 1
    if places == count:
        order = np.argsort(place_N)
        return lambda weights_RN: weights_RN[:, order]
    member_VN = csr_array((np.ones(count), (place_N, np.arange(count))), shape=(places, count))

    def grouped(weights_RN: Floats) -> Floats:
        sums: Floats = np.asarray(member_VN @ weights_RN.T).T
        return sums

    return grouped
