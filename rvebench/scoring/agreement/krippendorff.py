"""Krippendorff's alpha among raters, with missing ratings, as a function of weights.

alpha = 1 - D_o / D_e, with the observed and the expected disagreement of Krippendorff, "Computing Krippendorff's
Alpha-Reliability" (2011), section D. In terms of a unit's ratings (m of them, pairable when m >= 2) and the n pairable
values of all units:

    D_o = 1/n sum_units 1/(m - 1) sum_{i != j} delta(v_i, v_j)      D_e = 1/(n (n - 1)) sum_{c, k} n_c n_k delta(c, k)

`nominal`: delta is 1 for different values. `interval`: the squared difference. `ordinal`: the squared difference of
midpoints of cumulated frequencies; (sum_{g=c..k} n_g - (n_c + n_k) / 2)**2 of the paper is just that.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from rvebench.errors import UsageError
from rvebench.scoring.agreement.resample import Floats, Statistic

__all__ = ["ALPHA_METRICS", "AlphaMetric", "krippendorff_alpha", "prepare_alpha"]

AlphaMetric = Literal["nominal", "ordinal", "interval"]
ALPHA_METRICS: tuple[AlphaMetric, ...] = ("nominal", "ordinal", "interval")


def krippendorff_alpha(ratings_NR: Floats, metric: AlphaMetric = "ordinal") -> float:
    """Returns alpha of ratings of N units by R raters, NaN where a rater gave none.

    The result is at most 1; NaN when no two raters share a unit, or all pairable ratings are the same: agreement by
    chance is then certain and alpha has no value.

    Raises:
        UsageError: the metric is none of the three.
    """
    return float(prepare_alpha(ratings_NR, metric)(np.ones((1, len(ratings_NR))))[0])


def prepare_alpha(ratings_NR: Floats, metric: AlphaMetric) -> Statistic:
    """Returns alpha as a function of the units' weights.

    Raises:
        UsageError: the metric is none of the three.
    """
    if metric not in ALPHA_METRICS:
        raise UsageError(f"unknown metric {metric!r} of alpha", hint=f"use one of {', '.join(ALPHA_METRICS)}")
    pairable = (~np.isnan(ratings_NR)).sum(axis=1) >= 2
    ratings = ratings_NR[pairable]
    values_V = np.unique(ratings[~np.isnan(ratings)])
    counts_UV = (ratings[:, :, None] == values_V).sum(axis=1).astype(np.float64)
    given_U = counts_UV.sum(axis=1)
    share_U = 1.0 / (given_U - 1.0)
    differing_U = (counts_UV * (given_U[:, None] - counts_UV)).sum(axis=1) * share_U
    # Shifted: squares of the values are then as small as the spread allows.
    shifted_V = values_V - values_V.mean() if len(values_V) else values_V

    def statistic(weights_RN: Floats) -> Floats:
        weights_RU = weights_RN[:, pairable]
        counts_RV = weights_RU @ counts_UV
        n = counts_RV.sum(axis=1)
        if metric == "nominal":
            observed = weights_RU @ differing_U
            expected = n**2 - (counts_RV**2).sum(axis=1)
        else:
            place_RV = (
                np.broadcast_to(shifted_V, counts_RV.shape)
                if metric == "interval"
                else np.cumsum(counts_RV, axis=1) - counts_RV / 2.0 - n[:, None] / 2.0
            )
            sums_RU, squares_RU = place_RV @ counts_UV.T, place_RV**2 @ counts_UV.T
            observed = (weights_RU * share_U * 2.0 * (given_U * squares_RU - sums_RU**2)).sum(axis=1)
            expected = 2.0 * (n * (counts_RV * place_RV**2).sum(axis=1) - (counts_RV * place_RV).sum(axis=1) ** 2)
        alike = (counts_RV > 0).sum(axis=1) < 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(alike, np.nan, 1.0 - (n - 1.0) * observed / expected)

    return statistic
