"""Kendall's coefficient of concordance: how far raters order the same things the same way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["kendall_w"]

Floats = NDArray[np.float64]


def kendall_w(scores_RK: Floats) -> float:
    """Returns W of R raters over K things, 0 (no common order) to 1 (one order), corrected for ties.

    With rank sums R_k, and t the sizes of each rater's groups of ties (Kendall, Rank Correlation Methods, 1948,
    chapter 6)::

        W = 12 sum_k (R_k - mean)^2 / (R^2 (K^3 - K) - R sum_raters sum (t^3 - t))

    Args:
        scores_RK: every rater's places or scores of all things; equal where tied; no NaN.

    Returns:
        NaN below two raters or two things, or where every rater tied everything: nobody gave an order.
    """
    from scipy.stats import rankdata

    raters, things = scores_RK.shape
    if raters < 2 or things < 2:
        return float("nan")
    ranks = rankdata(scores_RK, axis=1)
    sums = ranks.sum(axis=0)
    spread = float(((sums - sums.mean()) ** 2).sum())
    ties = 0.0
    for row in ranks:
        sizes = np.unique(row, return_counts=True)[1].astype(np.float64)
        ties += float((sizes**3 - sizes).sum())
    most = raters**2 * (things**3 - things) - raters * ties
    return 12.0 * spread / most if most > 0 else float("nan")
