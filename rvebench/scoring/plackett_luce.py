"""Plackett-Luce strengths straight from rankings: a second opinion on Bradley-Terry's, which sees pairs only.

A ranking is a row of choices: the best of all, then the best of the rest, and so on, each in proportion to strength
(Plackett, Applied Statistics 24, 1975). Things that share a place count as chosen from the same rest, each on its own
(Breslow, Biometrics 30, 1974, for tied failure times), which puts their shared place between the orders it may hide.
The steps are those of Hunter, Annals of Statistics 32(1), 2004, section 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import DataError
from rvebench.scoring.bradley_terry import DEFAULT_PRIOR, comparison_groups

__all__ = ["plackett_luce"]

Floats = NDArray[np.float64]
_MOST_STEPS = 20_000


def plackett_luce(places_NK: Floats, *, prior: float = DEFAULT_PRIOR, tolerance: float = 1e-10) -> Floats:
    """Returns log-strengths (K,) whose mean over each group of things that rankings link is 0.

    Args:
        places_NK: each ranking's places, lower is better, equal where tied; NaN for what it does not hold.
        prior: wins each way added for each pair that some ranking holds, as in :mod:`rvebench.scoring.bradley_terry`.
        tolerance: the step of a log-strength at which the fit ends.

    Raises:
        DataError: without a prior, a strength has no finite value.
    """
    given = ~np.isnan(places_NK)
    groups = comparison_groups(
        (given.T.astype(np.float64) @ given.astype(np.float64)) * ~np.eye(given.shape[1], dtype=bool)
    )
    chosen, rests = _choices(places_NK, given, prior)
    total = chosen.sum(axis=0)
    log_K = np.zeros(places_NK.shape[1])
    for _ in range(_MOST_STEPS):
        strength = np.exp(log_K)
        expected = ((chosen.sum(axis=1) / (rests @ strength)) @ rests) * strength
        with np.errstate(divide="ignore", invalid="ignore"):
            fresh = np.where(expected > 0, log_K + np.log(total) - np.log(expected), log_K)
        if not np.all(np.isfinite(fresh)):
            break
        for group in groups:
            fresh[list(group)] -= fresh[list(group)].mean()
        moved = float(np.abs(fresh - log_K).max(initial=0.0))
        log_K = fresh
        if moved < tolerance:
            return log_K
    raise DataError(
        "the strengths have no finite value: something was always ranked first, or last",
        hint="fit with a prior above 0",
    )


def _choices(places_NK: Floats, given_NK: NDArray[np.bool_], prior: float) -> tuple[Floats, Floats]:
    """Returns the choices (M, K), how often each thing was chosen, from which rest (M, K); the prior's pairs last."""
    chosen: list[Floats] = []
    rests: list[Floats] = []
    for places, given in zip(places_NK, given_NK, strict=True):
        for place in np.unique(places[given])[:-1]:
            chosen.append((given & (places == place)).astype(np.float64))
            rests.append((given & (places >= place)).astype(np.float64))
        last = given & (places == places[given].max(initial=0.0))
        if last.sum() > 1:
            chosen.append(last.astype(np.float64))
            rests.append(last.astype(np.float64))
    together = given_NK.T.astype(np.int64) @ given_NK.astype(np.int64)
    for i, j in zip(*np.nonzero(np.triu(together, 1)), strict=True):
        pair = np.zeros(places_NK.shape[1])
        pair[[i, j]] = 1.0
        chosen.append(pair * prior)
        rests.append(pair)
    width = places_NK.shape[1]
    return np.array(chosen).reshape(-1, width), np.array(rests).reshape(-1, width)
