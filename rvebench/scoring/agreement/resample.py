"""Statistics as functions of weights, and their cluster-bootstrap intervals.

A resample of sources is told by how often each unit counts in it: a statistic takes a matrix of weights (one resample a
row, one unit a column) and returns one value a row; the value of the data itself is the row of ones. Every statistic
over one set of units sees the same resamples, so that the difference of two of them is a paired one.

A value that does not exist (a constant column, nothing to compare) is NaN inside this room and never leaves it: see
:meth:`Resampler.measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.agreement.shapes import Measured
from rvebench.scoring.bootstrap import DEFAULT_RESAMPLES, expanded_levels, named_stream

__all__ = ["FEWEST_CLUSTERS", "Drawn", "Floats", "Ints", "Resampler", "Statistic", "mean_of", "mean_over_raters"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]
"""Weights (R, N) of N units in R resamples, to R values; NaN where there is none."""

_CHUNK_ROWS = 256
"""Resamples held at least: Kendall's coefficient takes its steps for all of them together."""

_CHUNK_CELLS = 1 << 16
"""Weights held at once: they and what is made of them stay in the processor's cache."""

FEWEST_CLUSTERS = 5
"""Sources below which a resample has so few faces that the spread of resamples says nothing."""

_MOST_UNDEFINED = 0.05
"""Share of resamples without a value up to which an interval over the others is given."""


class Drawn(NamedTuple):
    """One statistic on the data and on every resample."""

    value: float
    draws: Floats


class Resampler:
    """Draws whole clusters of units with replacement.

    Args:
        clusters: the cluster of each unit; the result does not depend on the order of units.
        seed: of the draws.
        name: of what is measured, so that measuring more changes nothing here.
        resamples: how many.
    """

    def __init__(self, clusters: Sequence[str], *, seed: int, name: str, resamples: int = DEFAULT_RESAMPLES) -> None:
        names, owner = np.unique(np.array(clusters, dtype=np.str_), return_inverse=True)
        self.count = len(names)
        self._owner: Ints = owner.astype(np.int64)
        self._times = self._draw(named_stream(seed, name), resamples)

    def _draw(self, rng: np.random.Generator, resamples: int) -> NDArray[np.uint16]:
        """Returns how often each cluster counts in each resample (R, K)."""
        times = np.empty((resamples, self.count), dtype=np.uint16)
        for row in times:
            words = rng.integers(0, np.iinfo(np.uint64).max, size=self.count, dtype=np.uint64, endpoint=True)
            # As in `bootstrap.draw_means`: raw words, which numpy promises to keep, and an index without visible bias.
            picks = ((words >> np.uint64(32)) * np.uint64(self.count) >> np.uint64(32)).astype(np.int64)
            row[:] = np.bincount(picks, minlength=self.count)
        return times

    def _weights(self) -> Iterator[Floats]:
        at_once = max(_CHUNK_ROWS, _CHUNK_CELLS // max(1, len(self._owner)))
        for start in range(0, len(self._times), at_once):
            yield self._times[start : start + at_once].astype(np.float64)[:, self._owner]

    def draw(self, statistic: Statistic) -> Drawn:
        """Returns the statistic of the data and of each resample."""
        value = float(statistic(np.ones((1, len(self._owner))))[0])
        if np.isnan(value) or self.count < FEWEST_CLUSTERS:
            return Drawn(value, np.full(len(self._times), np.nan))
        return Drawn(value, np.concatenate([statistic(weights) for weights in self._weights()]))

    def measure(self, drawn: Drawn, *, n: int, reason: str = "") -> Measured:
        """Returns the value with its 95 % interval, or why there is none.

        Args:
            drawn: from :meth:`draw`, or the difference of two.
            n: how many units or pairs the value is over.
            reason: why there is no value, where there is none.
        """
        if np.isnan(drawn.value):
            return Measured(n=n, reason=reason or "not defined here")
        if self.count < FEWEST_CLUSTERS:
            said = "one source" if self.count == 1 else f"{self.count} sources"
            return Measured(value=drawn.value, n=n, reason=f"no interval from {said}: it takes {FEWEST_CLUSTERS}")
        found = drawn.draws[~np.isnan(drawn.draws)]
        if len(found) < (1.0 - _MOST_UNDEFINED) * len(drawn.draws):
            share = 1.0 - len(found) / len(drawn.draws)
            return Measured(value=drawn.value, n=n, reason=f"no interval: {share:.0%} of the resamples have no value")
        low, high = np.quantile(found, expanded_levels(self.count))
        return Measured(value=drawn.value, ci95=(float(low), float(high)), n=n)


def mean_over_raters(ratings_NR: Floats) -> Floats:
    """Returns each row's mean over the numbers it has; NaN where it has none."""
    given = ~np.isnan(ratings_NR)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = np.where(given, ratings_NR, 0.0).sum(axis=1) / given.sum(axis=1)
    return mean


def mean_of(statistics: Sequence[Statistic]) -> Statistic:
    """Returns the statistic that is the mean of others, over those that have a value."""

    def statistic(weights_RN: Floats) -> Floats:
        if not statistics:
            return np.full(len(weights_RN), np.nan)
        return mean_over_raters(np.stack([each(weights_RN) for each in statistics], axis=1))

    return statistic
