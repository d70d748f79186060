"""Bradley-Terry strengths of things compared two by two, with ties, by minorise-maximise steps.

With strengths p, the chance that i beats j is ``p_i / (p_i + p_j)`` (Bradley and Terry, Biometrika 39, 1952). Two ways
with ties:

* `half`: a tie is half a win for each side.
* `davidson`: a tie has a chance of its own (Davidson, JASA 65, 1970)::

    win : tie : loss  =  p_i : nu sqrt(p_i p_j) : p_j

Each step raises the likelihood (Hunter, Annals of Statistics 32(1), 2004; its section 2 gives the step without ties,
and the step here bounds ``sqrt(p_i p_j)`` by the arithmetic mean in the same manner). Such steps are safe, and slow
where one side nearly always wins: each is followed by a Newton step, which is kept where the likelihood rises by it.
They work on any number of win matrices at once, as a bootstrap has them.

Who never lost has no finite strength. A small prior (:data:`DEFAULT_PRIOR` wins each way for each pair that was
compared at all) gives one, and moves the others by less than one answer would. It joins nothing that nobody compared:
things that no chain of comparisons links form groups, and strengths mean something only within a group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import DataError

__all__ = [
    "DEFAULT_PRIOR",
    "ELO_CENTRE",
    "ELO_POINTS",
    "Strengths",
    "TieModel",
    "beats",
    "comparison_groups",
    "fit_strengths",
    "influence",
    "strata",
    "ties_chance",
]

Floats = NDArray[np.float64]
TieModel = Literal["half", "davidson"]
Groups = tuple[tuple[int, ...], ...]

DEFAULT_PRIOR = 0.1
ELO_CENTRE = 1000.0
"""Where the mean of a group stands on the Elo scale."""
ELO_POINTS = 400.0 / float(np.log(10.0))
"""Elo points for 1 of log-strength: 400 points are odds of 10 to 1."""

_MOST_STEPS = 500


class Strengths(NamedTuple):
    """Fitted strengths; leading axes as those of the matrices they were fitted to."""

    log_K: Floats
    """Log-strengths (..., K); their mean over each group is 0."""
    tie: Floats
    """Davidson's nu (...); 0 where ties are halves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    wins_KK: Floats
    """With the prior."""
    ties_KK: Floats

    @property
    def played_KK(self) -> Floats:  # noqa: N802 - axes in capitals
        played: Floats = self.wins_KK + np.swapaxes(self.wins_KK, -1, -2) + self.ties_KK
        return played


def comparison_groups(played_KK: Floats) -> Groups:
    """Returns the sets of things that chains of comparisons link, each in order, by their first members.

    Args:
        played_KK: how often i and j were compared, either way round.
    """
    left = list(range(len(played_KK)))
    groups = []
    while left:
        group, fresh = {left[0]}, {left[0]}
        while fresh:
            fresh = {j for i in fresh for j in left if played_KK[i, j] + played_KK[j, i] > 0} - group
            group |= fresh
        groups.append(tuple(sorted(group)))
        left = [each for each in left if each not in group]
    return tuple(groups)


def strata(points_KK: Floats, group: tuple[int, ...]) -> Groups:
    """Returns the parts of a group within which chains of points lead both ways, those that gave no point up first.

    Between two parts only the prior keeps a strength finite: one of them never took a point from the other. With one
    part alone, every strength is finite without a prior (Ford, American Mathematical Monthly 64(8), 1957).

    Args:
        points_KK: what i took from j, a tie for half.
        group: things that comparisons link.
    """
    reaches = (points_KK > 0) | np.eye(len(points_KK), dtype=bool)
    for via in group:
        reaches |= reaches[:, via : via + 1] & reaches[via : via + 1, :]
    parts = {tuple(j for j in group if reaches[i, j] and reaches[j, i]) for i in group}
    return tuple(sorted(parts, key=lambda part: (-int(reaches[part[0], list(group)].sum()), part)))


def fit_strengths(
    wins_KK: Floats,
    ties_KK: Floats,
    *,
    ties: TieModel = "half",
    prior: float = DEFAULT_PRIOR,
    groups: Groups | None = None,
    tolerance: float = 1e-10,
) -> Strengths:
    """Returns the strengths that make the comparisons most likely.

    Args:
        wins_KK: (..., K, K), how often i beat j.
        ties_KK: (..., K, K), how often neither did; symmetric.
        ties: what a tie is.
        prior: wins added each way for each pair that `groups` links and anything compared, 0 or more.
        groups: of :func:`comparison_groups`; by default those of the sum of all matrices.
        tolerance: the step of a log-strength at which the fit ends.

    Raises:
        DataError: without a prior, a strength has no finite value: a side never won, or never lost.
    """
    played = wins_KK + np.swapaxes(wins_KK, -1, -2) + ties_KK
    ever = played.reshape(-1, *played.shape[-2:]).sum(axis=0) > 0
    if groups is None:
        groups = comparison_groups(ever.astype(np.float64))
    counts = _Counts(wins_KK=wins_KK + prior * ever, ties_KK=ties_KK)
    # Ties at one in three to begin with; the steps move it.
    tie = np.full(played.shape[:-2], 1.0 if ties == "davidson" and np.any(ties_KK) else 0.0)
    found = Strengths(np.zeros(played.shape[:-1]), tie)
    for _ in range(_MOST_STEPS):
        fresh = _newton(counts, _step(counts, found), groups)
        moved = np.abs(fresh.log_K - found.log_K).max(initial=0.0) + np.abs(fresh.tie - found.tie).max(initial=0.0)
        found = fresh
        if not np.isfinite(moved):
            break
        if moved < tolerance:
            return Strengths(_centred(found.log_K, groups), found.tie)
    raise DataError(
        "the strengths have no finite value: one side of some comparison never won", hint="fit with a prior above 0"
    )


def _step(counts: _Counts, at: Strengths) -> Strengths:
    """Returns the strengths after one minorise-maximise step."""
    share, back = _shares(at)
    tie = at.tie[..., None, None]
    played = counts.played_KK
    with np.errstate(divide="ignore", invalid="ignore"):
        wins = (counts.wins_KK + counts.ties_KK / 2.0).sum(axis=-1)
        # played / (p_i + p_j + nu sqrt(p_i p_j)) * p_i, with half of the tie's term.
        expected = (played * share * (back + tie / 2.0)).sum(axis=-1)
        log_K = np.where(expected > 0, at.log_K + np.log(wins) - np.log(expected), at.log_K)
        if not np.any(at.tie):
            return Strengths(log_K, at.tie)
        return Strengths(log_K, counts.ties_KK.sum(axis=(-2, -1)) / (played * share).sum(axis=(-2, -1)))


def _newton(counts: _Counts, at: Strengths, groups: Groups) -> Strengths:
    """Returns the strengths after one Newton step in logarithms, where that is better than none."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if not np.all(np.isfinite(at.log_K)):
            return at
        score = _score(counts.wins_KK, counts.ties_KK, at)
        move = np.linalg.solve(_information(counts.played_KK, at, groups), score[..., None])[..., 0]
        count = at.log_K.shape[-1]
        tie = at.tie * np.exp(move[..., count]) if move.shape[-1] > count else at.tie
        fresh = Strengths(at.log_K + move[..., :count], tie)
        better = _likelihood(counts, fresh) >= _likelihood(counts, at)
    return Strengths(np.where(better[..., None], fresh.log_K, at.log_K), np.where(better, fresh.tie, at.tie))


def _shares(at: Strengths) -> tuple[Floats, Floats]:
    """Returns sqrt(p_i p_j) over what a pair's outcomes sum to, and sqrt(p_i / p_j): no strength overflows a float."""
    back = np.exp(np.clip(at.log_K[..., :, None] - at.log_K[..., None, :], -700.0, 700.0) / 2.0)
    return 1.0 / (back + 1.0 / back + at.tie[..., None, None]), back


def _likelihood(counts: _Counts, at: Strengths) -> Floats:
    share, back = _shares(at)
    found = counts.wins_KK * np.log(back * share)
    ties = counts.ties_KK / 2.0
    if np.any(at.tie):
        # A matrix without ties has nu of 0, and no tie to take the logarithm for.
        found = found + ties * np.where(ties > 0, np.log(at.tie[..., None, None] * share), 0.0)
    else:
        found = found + ties * np.log(back * share)
    total: Floats = found.sum(axis=(-2, -1))
    return total


def _score(wins_KK: Floats, ties_KK: Floats, at: Strengths) -> Floats:
    """Returns the derivative of the likelihood by log-strengths and, with ties of their own, by log nu."""
    played = wins_KK + np.swapaxes(wins_KK, -1, -2) + ties_KK
    score: Floats = (wins_KK + ties_KK / 2.0 - played * beats(at)).sum(axis=-1)
    if np.any(at.tie):
        of_tie = ((ties_KK - played * ties_chance(at)) / 2.0).sum(axis=(-2, -1))
        score = np.concatenate([score, of_tie[..., None]], axis=-1)
    return score


def _information(played_KK: Floats, at: Strengths, groups: Groups) -> Floats:
    """Returns minus the second derivative, made invertible: what it has no say in, a group's mean, is held."""
    chance, tied = beats(at), ties_chance(at)
    # What a strength collects from a pair is 1, 1/2 or 0; this is its variance.
    spread = played_KK * (chance - tied / 4.0 - chance**2)
    count = spread.shape[-1]
    held = np.zeros((count, count))
    for group in groups:
        held[np.ix_(group, group)] = 1.0
    found: Floats = np.eye(count) * spread.sum(axis=-1)[..., None] - spread + held
    if np.any(at.tie):
        mixed = (played_KK * tied * (0.5 - chance)).sum(axis=-1)
        own = (played_KK * tied * (1.0 - tied)).sum(axis=(-2, -1)) / 2.0 + (at.tie == 0)
        found = np.concatenate([found, mixed[..., None, :]], axis=-2)
        last = np.concatenate([mixed, own[..., None]], axis=-1)
        found = np.concatenate([found, last[..., None]], axis=-1)
    return found


def _centred(log_K: Floats, groups: Groups) -> Floats:
    centred = log_K.copy()
    for group in groups:
        members = list(group)
        centred[..., members] -= log_K[..., members].mean(axis=-1, keepdims=True)
    return centred


def beats(strengths: Strengths) -> Floats:
    """Returns the chance (..., K, K) that i is preferred to j, a tie for half; 1/2 on the diagonal."""
    difference = strengths.log_K[..., :, None] - strengths.log_K[..., None, :]
    ratio = np.exp(np.clip(difference, -700.0, 700.0) / 2.0)
    tie = strengths.tie[..., None, None]
    chance: Floats = (ratio + tie / 2.0) / (ratio + 1.0 / ratio + tie)
    return chance


def ties_chance(strengths: Strengths) -> Floats:
    """Returns the chance (..., K, K) of a tie; 0 where ties are halves."""
    difference = strengths.log_K[..., :, None] - strengths.log_K[..., None, :]
    ratio = np.exp(np.clip(difference, -700.0, 700.0) / 2.0)
    tie = strengths.tie[..., None, None]
    chance: Floats = tie / (ratio + 1.0 / ratio + tie)
    return chance


def influence(wins_CKK: Floats, ties_CKK: Floats, strengths: Strengths, *, prior: float = DEFAULT_PRIOR) -> Floats:
    """Returns how much each of C parts of the data moves each log-strength (C, K): their sum is the first-order error.

    Args:
        wins_CKK: wins of each part; the strengths are those of all parts together.
        ties_CKK: ties of each part; symmetric.
        strengths: the fit.
        prior: as it was fitted with.
    """
    played = (wins_CKK + np.swapaxes(wins_CKK, -1, -2) + ties_CKK).sum(axis=0)
    groups = comparison_groups(played)
    information = _information(played + 2.0 * prior * (played > 0), strengths, groups)
    score = _score(wins_CKK, ties_CKK, Strengths(strengths.log_K[None], strengths.tie[None]))
    moved: Floats = np.asarray(np.linalg.solve(information, score.T).T, dtype=np.float64)
    return moved[:, : len(strengths.log_K)]
