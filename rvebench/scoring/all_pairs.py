"""Every pair of many systems on the same samples: paired sign-flip tests that share their patterns.

One sign pattern over the clusters is used for all pairs. A pair's flipped sum is then the difference of two systems'
flipped sums, so that M systems cost one product of matrices instead of M * (M - 1) / 2 tests of their own.

Holm's correction over P pairs asks for p values near `alpha / P`, which is below what m random patterns resolve. There
the p value is Hoeffding's bound for sums of independent signs (Journal of the American Statistical Association 58,
1963): `P(|sum s_k d_k| >= t) <= 2 exp(-t**2 / (2 sum d_k**2))`. It is never below the test's own p value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.bootstrap import named_stream
from rvebench.scoring.paired import DEFAULT_PERMUTATIONS, EXACT_UP_TO, exact_p, random_signs

__all__ = ["Scoreboard", "pairwise_p"]

Floats = NDArray[np.float64]

_TIE = 1e-9
"""Two sums nearer than this share of the largest possible sum are the same sum, as in `rvebench.scoring.paired`."""
_ROUNDING = 1e-12
"""Clusters' sums nearer than this are equal: scores are 0..10 and summed in another order for each system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """What N samples, gathered in K clusters, gave M systems.

    Raises:
        ValueError: shapes differ, a value is not finite or stands without a verdict, or a system has none at all.
    """

    values_NM: Floats
    """0 where there is no verdict."""
    judged_NM: NDArray[np.bool_]
    """False: no verdict, no number. Failed, refused and missing edits are judged: they are zeros."""
    clusters: tuple[str, ...]
    """The sources of the N samples."""

    def __post_init__(self) -> None:
        if self.values_NM.shape != self.judged_NM.shape or self.values_NM.shape[:1] != (len(self.clusters),):
            raise ValueError("values, verdicts and clusters of a scoreboard differ in length")
        if not np.isfinite(self.values_NM).all() or self.values_NM[~self.judged_NM].any():
            raise ValueError("a scoreboard holds finite numbers, and 0 where there is no verdict")
        if not self.judged_NM.any(axis=0).all():
            raise ValueError("a system without any verdict has no place on a scoreboard")

    @property
    def cluster_names(self) -> list[str]:
        """The K distinct clusters, by name."""
        return sorted(set(self.clusters))

    def by_cluster(self, values_NM: Floats) -> Floats:
        """Returns the sums over each cluster's samples (K, columns)."""
        names = np.array(self.clusters)
        order = np.argsort(names, kind="stable")
        _, starts = np.unique(names[order], return_index=True)
        return np.add.reduceat(values_NM[order], starts, axis=0)


def pairwise_p(board: Scoreboard, *, seed: int, permutations: int = DEFAULT_PERMUTATIONS) -> Floats:
    """Returns the two-sided sign-flip p value of every pair (M, M), symmetric, 1 on the diagonal.

    A pair is compared on the samples that both have a verdict on. Where up to :data:`EXACT_UP_TO` clusters differ, its
    p value is exact, and that of :func:`rvebench.scoring.paired.sign_flip_p`; beyond, it comes from `permutations`
    random patterns, or is Hoeffding's bound where that is below what they resolve.
    """
    sums_KM = board.by_cluster(board.values_NM)
    count, systems = sums_KM.shape
    complete_M: NDArray[np.bool_] = np.asarray(board.judged_NM.all(axis=0))
    firsts, seconds = np.triu_indices(systems, 1)
    plain = complete_M[firsts] & complete_M[seconds]
    gapped = ~plain
    # A pair with gaps is compared on fewer samples: no difference of two systems' sums gives its sums.
    odd_KP = board.by_cluster(_shared_differences(board, firsts[gapped], seconds[gapped]))

    p = np.ones(len(firsts))
    todo: list[NDArray[np.intp]] = []
    reach = np.zeros(len(firsts))
    for members, differences_KP in _batches(plain, sums_KM, firsts, seconds, odd_KP):
        totals = differences_KP.sum(axis=0)
        differing = np.count_nonzero(differences_KP, axis=0)
        bound = _hoeffding(totals, (differences_KP**2).sum(axis=0))
        for few in range(1, EXACT_UP_TO + 1):
            alike = differing == few
            if alike.any():
                p[members[alike]] = exact_p(_nonzero(differences_KP[:, alike], few))
        clear = (differing > EXACT_UP_TO) & (bound * (permutations + 1) < 1.0)
        p[members[clear]] = bound[clear]
        reach[members] = np.abs(totals) - _TIE * np.abs(differences_KP).sum(axis=0)
        todo.append(members[(differing > EXACT_UP_TO) & ~clear])
    open_P = np.concatenate(todo) if todo else np.zeros(0, dtype=np.intp)
    if open_P.size == 0:
        return _square(p, firsts, seconds, systems)

    extreme = np.zeros(len(firsts), dtype=np.int64)
    open_plain, open_odd = open_P[plain[open_P]], open_P[gapped[open_P]]
    place_odd = np.cumsum(gapped) - 1
    for signs in random_signs(count, permutations, named_stream(seed, "all pairs/permute")):
        flipped_RM = signs @ sums_KM
        for first in np.unique(firsts[open_plain]):
            own = open_plain[firsts[open_plain] == first]
            apart = np.abs(flipped_RM[:, [first]] - flipped_RM[:, seconds[own]])
            extreme[own] += np.count_nonzero(apart >= reach[own], axis=0)
        for start in range(0, len(open_odd), 256):
            own = open_odd[start : start + 256]
            extreme[own] += np.count_nonzero(np.abs(signs @ odd_KP[:, place_odd[own]]) >= reach[own], axis=0)
    p[open_P] = (extreme[open_P] + 1) / (permutations + 1)
    return _square(p, firsts, seconds, systems)


def _shared_differences(board: Scoreboard, firsts: NDArray[np.intp], seconds: NDArray[np.intp]) -> Floats:
    both = board.judged_NM[:, firsts] & board.judged_NM[:, seconds]
    return np.where(both, board.values_NM[:, firsts] - board.values_NM[:, seconds], 0.0)


def _batches(
    plain: NDArray[np.bool_], sums_KM: Floats, firsts: NDArray[np.intp], seconds: NDArray[np.intp], odd_KP: Floats
) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Yields pairs with their clusters' differences, some hundred pairs at a time."""
    straight, odd = np.flatnonzero(plain), np.flatnonzero(~plain)
    for start in range(0, len(straight), 512):
        members = straight[start : start + 512]
        yield members, _settled(sums_KM[:, firsts[members]] - sums_KM[:, seconds[members]])
    for start in range(0, len(odd), 512):
        yield odd[start : start + 512], _settled(odd_KP[:, start : start + 512])


def _settled(differences_KP: Floats) -> Floats:
    return np.where(np.abs(differences_KP) < _ROUNDING, 0.0, differences_KP)


def _nonzero(differences_KP: Floats, count: int) -> Floats:
    """Returns the differences of pairs that have `count` each, without their zeros (count, P)."""
    columns_PK = differences_KP.T
    return np.ascontiguousarray(columns_PK[columns_PK != 0.0].reshape(-1, count).T)


def _hoeffding(totals: Floats, squares: Floats) -> Floats:
    exponent = np.divide(totals**2, 2.0 * squares, out=np.zeros_like(totals), where=squares > 0)
    return np.minimum(1.0, 2.0 * np.exp(-exponent))


def _square(p: Floats, firsts: NDArray[np.intp], seconds: NDArray[np.intp], systems: int) -> Floats:
    found = np.ones((systems, systems))
    found[firsts, seconds] = found[seconds, firsts] = p
    return found
