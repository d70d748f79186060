"""Many systems on the same samples: who stands where, how sure that is, and who cannot be told apart.

Everything is paired, because every system answered the same samples: one set of resampled clusters serves all of them,
so that a draw of hard sources lowers everybody.

* **Rank range**: the range of a system's rank over the shared resamples, at the quantile levels that the `expanded`
  interval of a mean uses. It reads like an interval of a mean, one system at a time: among near-equals it is wide.
* **Letters**: two systems share a letter unless a paired sign-flip test tells them apart. Holm's correction is over
  every pair, so that the chance of any false difference in the whole table is at most alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.all_pairs import Scoreboard, pairwise_p
from rvebench.scoring.bootstrap import DEFAULT_RESAMPLES, draw_clusters, expanded_levels, named_stream
from rvebench.scoring.letters import compact_letters
from rvebench.scoring.paired import DEFAULT_PERMUTATIONS, holm

__all__ = ["Standing", "rank_intervals", "rank_systems"]

Floats = NDArray[np.float64]

_TIE = 1e-9
"""Two means nearer than this are the same mean, whatever the order of addition."""
_CHUNK = 1 << 20
"""Indices held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One system among the others."""

    mean: float
    ci95: tuple[float, float] | None
    """Of the mean, from the shared resamples; None below two clusters."""
    rank: int
    """1 is the highest mean; equal means share the better rank."""
    rank95: tuple[int, int] | None
    """Best and worst rank that the shared resamples leave likely; None below two clusters."""
    groups: tuple[int, ...]
    """Letters, from 0 for `a`: systems with one in common are not told apart."""


def rank_systems(
    board: Scoreboard,
    *,
    seed: int,
    resamples: int = DEFAULT_RESAMPLES,
    permutations: int = DEFAULT_PERMUTATIONS,
    alpha: float = 0.05,
) -> tuple[Standing, ...]:
    """Returns each system's standing, in the board's order.

    Where every sample is judged the intervals are those of :func:`rvebench.scoring.summarise` with the same seed: the
    same stream draws the same clusters.
    """
    sums_KM = board.by_cluster(board.values_NM)
    sizes_KM = board.by_cluster(board.judged_NM.astype(np.float64))
    means_M = sums_KM.sum(axis=0) / sizes_KM.sum(axis=0)
    ranks_M = _ranks(means_M[None, :])[0]
    order = sorted(range(len(means_M)), key=lambda column: (int(ranks_M[column]), column))
    groups = compact_letters(order, _told_apart(pairwise_p(board, seed=seed, permutations=permutations), alpha))
    intervals: list[tuple[float, float] | None] = [None] * len(means_M)
    ranges: list[tuple[int, int] | None] = [None] * len(means_M)
    if len(sums_KM) > 1:
        draws_RM = _joint_means(sums_KM, sizes_KM, named_stream(seed, "overall"), resamples)
        levels = expanded_levels(len(sums_KM))
        intervals = [(float(low), float(high)) for low, high in np.quantile(draws_RM, levels, axis=0).T]
        ranges = list(rank_intervals(draws_RM, levels))
    return tuple(
        Standing(
            mean=float(means_M[column]),
            ci95=intervals[column],
            rank=int(ranks_M[column]),
            rank95=ranges[column],
            groups=groups[column],
        )
        for column in range(len(means_M))
    )


def rank_intervals(means_RM: Floats, levels: tuple[float, float]) -> list[tuple[int, int]]:
    """Returns two quantiles of each system's rank over resampled means (resamples, systems).

    The ends are ranks that occurred: the lower one is rounded down to one, the upper one up. Equal means share the
    better rank.
    """
    ranks_RM = _ranks(means_RM)
    low = np.quantile(ranks_RM, levels[0], axis=0, method="lower")
    high = np.quantile(ranks_RM, levels[1], axis=0, method="higher")
    return [(int(best), int(worst)) for best, worst in zip(low, high, strict=True)]


def _joint_means(sums_KM: Floats, sizes_KM: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    count = len(sums_KM)
    whole_M = sums_KM.sum(axis=0) / sizes_KM.sum(axis=0)
    at_once = max(1, _CHUNK // count)
    parts = []
    for start in range(0, resamples, at_once):
        picks = draw_clusters(count, rng, min(at_once, resamples - start))
        flat = picks + np.arange(len(picks))[:, None] * count
        times_RK = np.bincount(flat.ravel(), minlength=flat.size).reshape(flat.shape).astype(np.float64)
        sizes_RM = times_RK @ sizes_KM
        # A draw of nothing but a system's gaps says nothing of it: its mean over all samples stands in.
        parts.append(np.where(sizes_RM > 0, (times_RK @ sums_KM) / np.maximum(sizes_RM, 1.0), whole_M))
    return np.concatenate(parts)


def _ranks(means_RM: Floats) -> NDArray[np.int64]:
    """Returns 1 plus the number of systems above, for each row."""
    ordered_RM = np.sort(means_RM, axis=1)
    above = [
        len(row) - np.searchsorted(row, values + _TIE, side="right")
        for row, values in zip(ordered_RM, means_RM, strict=True)
    ]
    return np.array(above, dtype=np.int64) + 1


def _told_apart(p_MM: Floats, alpha: float) -> NDArray[np.bool_]:
    pairs = [(int(row), int(column)) for row, column in zip(*np.triu_indices(len(p_MM), 1), strict=True)]
    adjusted = holm({f"{row} {column}": float(p_MM[row, column]) for row, column in pairs})
    different = np.zeros(p_MM.shape, dtype=np.bool_)
    for (row, column), p in zip(pairs, adjusted.values(), strict=True):
        different[row, column] = different[column, row] = p <= alpha
    return different
