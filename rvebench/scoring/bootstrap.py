"""Means with intervals from a bootstrap that resamples sources, not samples.

Samples of one source video rise and fall together, so a resample draws whole clusters with replacement; the statistic
is the mean over all samples drawn (a ratio: clusters differ in size). Three ways from the resampled means to an
interval, all at 95 %:

* `percentile`: the 2.5 % and 97.5 % points. Too narrow with few clusters (docs/design/statistics.md has the figures).
* `expanded`: percentile points moved outwards by the factor that makes the interval for a normal mean a Student t
  interval (Hesterberg, The American Statistician 69(4), 2015, section 3.3).
* `bca`: bias-corrected and accelerated (Efron, JASA 82, 1987), the acceleration from a jackknife over clusters.

The result depends on the seed, the quantity's name and the set of points, never on their order: cluster sums are
exactly rounded (`math.fsum`), clusters are taken in the order of their names, and indices come from the raw words of a
PCG64 stream, which numpy promises to keep (its `integers` and `choice` may change between versions).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import DataError, UsageError
from rvebench.scoring.shapes import Estimate

__all__ = [
    "DEFAULT_METHOD",
    "DEFAULT_RESAMPLES",
    "Clusters",
    "IntervalMethod",
    "Point",
    "draw_clusters",
    "draw_means",
    "estimate_mean",
    "expanded_levels",
    "gather_clusters",
    "interval95",
    "interval_p",
    "named_stream",
]

Floats = NDArray[np.float64]
IntervalMethod = Literal["percentile", "expanded", "bca"]

DEFAULT_METHOD: IntervalMethod = "expanded"

DEFAULT_RESAMPLES = 2000
_LEVEL = 0.95
_CHUNK_DRAWS = 1 << 20
"""Indices held at once: bounds memory to some tens of MiB whatever the number of samples."""


class Point(NamedTuple):
    """One value that goes into a mean."""

    sample_id: str
    cluster: str
    value: float
    stratum: str = ""
    """With more than one stratum the statistic is the unweighted mean of the strata's means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Points summed by cluster (rows, by name) and stratum (columns, by name)."""

    sums_KS: Floats
    sizes_KS: Floats
    mean: float
    """The statistic on the points themselves, from exactly rounded sums."""
    n: int


def named_stream(seed: int, name: str) -> np.random.Generator:
    """Returns the generator that belongs to one quantity, so that adding another changes nothing here."""
    entropy = hashlib.sha256(f"{seed}\n{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(entropy, "big")))


def gather_clusters(points: Iterable[Point]) -> Clusters:
    """Returns the points summed by cluster and stratum.

    Raises:
        DataError: a value is not finite.
        ValueError: there are no points.
    """
    cells: dict[tuple[str, str], list[float]] = {}
    for point in points:
        if not math.isfinite(point.value):
            raise DataError(f"value {point.value!r} is not a finite number", where=point.sample_id)
        cells.setdefault((point.cluster, point.stratum), []).append(point.value)
    if not cells:
        raise ValueError("no points to average")
    clusters = {name: row for row, name in enumerate(sorted({cluster for cluster, _ in cells}))}
    strata = {name: column for column, name in enumerate(sorted({stratum for _, stratum in cells}))}
    sums = np.zeros((len(clusters), len(strata)))
    sizes = np.zeros_like(sums)
    by_stratum: dict[str, list[float]] = {}
    for (cluster, stratum), values in cells.items():
        sums[clusters[cluster], strata[stratum]] = math.fsum(values)
        sizes[clusters[cluster], strata[stratum]] = len(values)
        by_stratum.setdefault(stratum, []).extend(values)
    means = [math.fsum(values) / len(values) for values in by_stratum.values()]
    return Clusters(
        sums_KS=sums,
        sizes_KS=sizes,
        mean=math.fsum(means) / len(means),
        n=sum(len(values) for values in by_stratum.values()),
    )


def draw_clusters(count: int, rng: np.random.Generator, rows: int) -> NDArray[np.intp]:
    """Returns `rows` resamples of `count` clusters (rows, count): their indices, drawn with replacement."""
    words = rng.integers(0, np.iinfo(np.uint64).max, size=(rows, count), dtype=np.uint64, endpoint=True)
    # The high half of each word times the count: an index whose bias is below count / 2**32.
    return ((words >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.intp)


def draw_means(clusters: Clusters, rng: np.random.Generator, resamples: int) -> Floats:
    """Returns the statistic of `resamples` resamples of whole clusters, in the order drawn.

    A stratum that no drawn cluster has is left out of that resample's mean of strata.
    """
    count = len(clusters.sums_KS)
    rows_at_once = max(1, _CHUNK_DRAWS // count)
    means = np.empty(resamples)
    for start in range(0, resamples, rows_at_once):
        stop = min(start + rows_at_once, resamples)
        picks = draw_clusters(count, rng, stop - start)
        means[start:stop] = _mean_of_strata(
            [column[picks].sum(axis=1) for column in clusters.sums_KS.T],
            [column[picks].sum(axis=1) for column in clusters.sizes_KS.T],
        )
    return means


def interval95(clusters: Clusters, means: Floats, method: IntervalMethod = DEFAULT_METHOD) -> tuple[float, float]:
    """Returns the low and high end of the 95 % interval from resampled means.

    Raises:
        UsageError: the method is none of the three.
    """
    if not means.min() < means.max():
        return float(means[0]), float(means[0])
    tail = (1.0 - _LEVEL) / 2.0
    if method == "percentile":
        levels = (tail, 1.0 - tail)
    elif method == "expanded":
        levels = expanded_levels(len(clusters.sums_KS))
    elif method == "bca":
        levels = _bca_levels(clusters, means, tail)
    else:
        raise UsageError(f"unknown interval method {method!r}", hint="use percentile, expanded or bca")
    low_end, high_end = np.quantile(means, levels)
    return float(low_end), float(high_end)


def estimate_mean(
    points: Sequence[Point],
    rng: np.random.Generator,
    *,
    resamples: int = DEFAULT_RESAMPLES,
    method: IntervalMethod = DEFAULT_METHOD,
) -> Estimate:
    """Returns the mean of the points with its 95 % interval; no mean without points, no interval below two clusters."""
    if not points:
        return Estimate(mean=None)
    clusters = gather_clusters(points)
    if len(clusters.sums_KS) < 2:
        return Estimate(mean=clusters.mean, n=clusters.n)
    means = draw_means(clusters, rng, resamples)
    return Estimate(mean=clusters.mean, ci95=interval95(clusters, means, method), n=clusters.n)


def _mean_of_strata(sums: Sequence[Floats], sizes: Sequence[Floats]) -> Floats:
    if len(sums) == 1:
        return sums[0] / sizes[0]
    total = np.zeros_like(sums[0])
    present = np.zeros_like(sums[0])
    for part, size in zip(sums, sizes, strict=True):
        there = size > 0
        total += np.divide(part, size, out=np.zeros_like(part), where=there)
        present += there
    return total / present


def expanded_levels(count: int) -> tuple[float, float]:
    """Returns the two quantile levels of the `expanded` interval over `count` clusters, two at least."""
    from scipy.special import stdtrit

    # A resampled mean spreads by sqrt((k - 1) / k) less than a mean, and its spread is itself estimated (Student t).
    tail = (1.0 - _LEVEL) / 2.0
    low = NormalDist().cdf(math.sqrt(count / (count - 1)) * float(stdtrit(count - 1, tail)))
    return low, 1.0 - low


def interval_p(means: Floats, clusters: int, bound: float) -> float:
    """Returns the two-sided p value of "the true mean is `bound`": the `expanded` interval turned round.

    It is the smallest alpha whose interval of level 1 - alpha leaves `bound` out. With `b` of `m` resampled means on
    the far side of it the tail is `(b + 1) / (m + 1)`, so that p is never 0; few resamples cannot give a small one.

    Args:
        means: resampled means, in any order.
        clusters: how many clusters they were drawn from, two at least.
        bound: a value of the mean.
    """
    from scipy.special import stdtr

    beyond = min(int(np.count_nonzero(means <= bound)), int(np.count_nonzero(means >= bound)))
    z = NormalDist().inv_cdf(min((beyond + 1) / (len(means) + 1), 0.5))
    return min(1.0, 2.0 * float(stdtr(clusters - 1, math.sqrt((clusters - 1) / clusters) * z)))


def _bca_levels(clusters: Clusters, means: Floats, tail: float) -> tuple[float, float]:
    normal = NormalDist()
    below = (np.count_nonzero(means < clusters.mean) + np.count_nonzero(means <= clusters.mean)) / (2 * len(means))
    # A mean outside every resample has an infinite correction; half a resample is the most that can be told.
    bias = normal.inv_cdf(min(max(float(below), 0.5 / len(means)), 1.0 - 0.5 / len(means)))
    columns = range(clusters.sums_KS.shape[1])
    left_out = _mean_of_strata(
        [clusters.sums_KS[:, s].sum() - clusters.sums_KS[:, s] for s in columns],
        [clusters.sizes_KS[:, s].sum() - clusters.sizes_KS[:, s] for s in columns],
    )
    pull = left_out.mean() - left_out
    spread = float((pull**2).sum()) ** 1.5
    acceleration = float((pull**3).sum()) / (6.0 * spread) if spread > 0 else 0.0

    def moved(level: float) -> float:
        z = bias + normal.inv_cdf(level)
        return normal.cdf(bias + z / (1.0 - acceleration * z))

    return moved(tail), moved(1.0 - tail)
