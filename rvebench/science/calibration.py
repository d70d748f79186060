"""How well a critic's verdict tells good edits from bad ones: soft against hard reading, and at which noise.

The soft reading is P(yes); the hard one is 1 where P(yes) is above a half, as decoding the likelier word gives. Both
are correlated with a known quality, over the same resamples of families, so that their difference is a paired one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.agreement.correlation import prepare_units
from rvebench.scoring.agreement.resample import Drawn, Resampler, Statistic
from rvebench.scoring.agreement.shapes import Measured
from rvebench.scoring.shapes import as_json_number

__all__ = [
    "Bin",
    "CriticRow",
    "Reliability",
    "SoftHard",
    "correlation",
    "correlation_steps",
    "reliability",
    "soft_against_hard",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticRow:
    """One edit as a critic saw it."""

    sample_id: str
    cluster: str
    kind: str
    """Where the edit is from: a rung, or an arm."""
    p_yes: float
    quality: float
    """EA progress, -1..1."""
    success: float
    """1 where the progress is above a half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftHard:
    """Correlations of both readings with the quality."""

    soft_spearman: Measured
    hard_spearman: Measured
    difference_spearman: Measured
    """Soft minus hard, over the same resamples."""
    soft_pearson: Measured
    hard_pearson: Measured
    difference_pearson: Measured

    def as_json(self) -> dict[str, object]:
        """Returns the fields in plain JSON values."""
        return {name: getattr(self, name).as_json() for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Edits whose P(yes) lies in one interval."""

    low: float
    high: float
    n: int
    p_yes: float | None
    """Mean of P(yes)."""
    success: float | None
    """Share that succeeded."""

    def as_json(self) -> dict[str, object]:
        """Returns the fields in plain JSON values."""
        return {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "p_yes": None if self.p_yes is None else as_json_number(self.p_yes),
            "success": None if self.success is None else as_json_number(self.success),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Whether P(yes) is the chance of success."""

    bins: tuple[Bin, ...]
    ece: Measured
    """Expected calibration error: |success - P(yes)| by bin, weighted by edits (Naeini et al., AAAI 2015)."""
    brier: Measured
    """Mean square of P(yes) - success."""

    def as_json(self) -> dict[str, object]:
        """Returns the fields in plain JSON values."""
        return {
            "bins": [each.as_json() for each in self.bins],
            "ece": self.ece.as_json(),
            "brier": self.brier.as_json(),
        }


def soft_against_hard(rows: Sequence[CriticRow], *, name: str, seed: int, resamples: int) -> SoftHard:
    """Returns how either reading of P(yes) goes with the quality of the edits.

    Args:
        rows: edits of mixed quality.
        name: of the set of edits.
        seed: of the draws.
        resamples: how many.
    """
    resampler = _resampler(rows, name, seed, resamples)
    quality = np.array([row.quality for row in rows])
    soft = np.array([row.p_yes for row in rows])
    readings = {"soft": soft, "hard": (soft > 0.5).astype(np.float64)}
    found: dict[str, Measured] = {}
    for kind in ("spearman", "pearson"):
        drawn = {which: resampler.draw(prepare_units(kind, values, quality)) for which, values in readings.items()}
        for which, each in drawn.items():
            found[f"{which}_{kind}"] = resampler.measure(each, n=len(rows), reason="a column is constant")
        apart = Drawn(drawn["soft"].value - drawn["hard"].value, drawn["soft"].draws - drawn["hard"].draws)
        found[f"difference_{kind}"] = resampler.measure(apart, n=len(rows), reason="a column is constant")
    return SoftHard(**found)


def correlation(rows: Sequence[CriticRow], *, kind: str = "pearson", name: str, seed: int, resamples: int) -> Measured:
    """Returns the correlation of P(yes) with the quality, with its interval over families."""
    resampler = _resampler(rows, name, seed, resamples)
    statistic = prepare_units(kind, np.array([row.p_yes for row in rows]), np.array([row.quality for row in rows]))
    return resampler.measure(resampler.draw(statistic), n=len(rows), reason="a column is constant")


def reliability(rows: Sequence[CriticRow], *, bins: int, name: str, seed: int, resamples: int) -> Reliability:
    """Returns how often edits succeed, by the critic's P(yes), with two summaries and their intervals."""
    p_yes = np.array([row.p_yes for row in rows])
    success = np.array([row.success for row in rows])
    place = np.minimum((p_yes * bins).astype(np.int64), bins - 1)
    table = []
    for index in range(bins):
        inside = place == index
        there = bool(inside.any())
        table.append(
            Bin(
                low=index / bins,
                high=(index + 1) / bins,
                n=int(inside.sum()),
                p_yes=float(p_yes[inside].mean()) if there else None,
                success=float(success[inside].mean()) if there else None,
            )
        )
    resampler = _resampler(rows, name, seed, resamples)
    member_NB = (place[:, None] == np.arange(bins)).astype(np.float64)
    gap_NB = member_NB * (success - p_yes)[:, None]
    square_N = np.square(p_yes - success)

    def ece(weights_RN: Floats) -> Floats:
        return np.asarray(np.abs(weights_RN @ gap_NB).sum(axis=1) / weights_RN.sum(axis=1))

    def brier(weights_RN: Floats) -> Floats:
        return np.asarray(weights_RN @ square_N / weights_RN.sum(axis=1))

    measured = [_measured(resampler, statistic, len(rows)) for statistic in (ece, brier)]
    return Reliability(bins=tuple(table), ece=measured[0], brier=measured[1])


def _measured(resampler: Resampler, statistic: Statistic, n: int) -> Measured:
    return resampler.measure(resampler.draw(statistic), n=n)


def _resampler(rows: Sequence[CriticRow], name: str, seed: int, resamples: int) -> Resampler:
    return Resampler([row.cluster for row in rows], seed=seed, name=name, resamples=resamples)


def correlation_steps(
    columns: Sequence[Sequence[CriticRow]], *, kind: str = "pearson", name: str, seed: int, resamples: int
) -> list[Measured]:
    """Returns each column's correlation less that of the column before, over the same resamples of families.

    Args:
        columns: the same edits in the same order under other conditions, noise levels say.
        kind: of the coefficient.
        name: of the set of edits.
        seed: of the draws.
        resamples: how many.

    Raises:
        ValueError: the columns hold other edits.
    """
    ids = [[(row.sample_id, row.kind) for row in rows] for rows in columns]
    if any(each != ids[0] for each in ids):
        raise ValueError("the columns are not over the same edits")
    if len(columns) < 2:
        return []
    resampler = _resampler(columns[0], name, seed, resamples)
    drawn = [
        resampler.draw(
            prepare_units(kind, np.array([row.p_yes for row in rows]), np.array([row.quality for row in rows]))
        )
        for rows in columns
    ]
    return [
        resampler.measure(
            Drawn(later.value - before.value, later.draws - before.draws),
            n=len(columns[0]),
            reason="a column is constant",
        )
        for before, later in itertools.pairwise(drawn)
    ]
