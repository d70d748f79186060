"""Paired differences over families and training seeds, and what may be claimed of them.

A difference of two arms is known for each held-out sample and each training seed. Samples of one family share a world,
a law and its words; edits of one training share its luck. Both are random, and crossed: every seed edits every family.
So a resample draws families with replacement and, on its own, seeds with replacement, and the statistic is the mean of
all differences that were drawn (the pigeonhole bootstrap of Owen, Annals of Applied Statistics 1(2), 2007, which errs
on the wide side). Points of the resampled means are moved outwards as in :mod:`rvebench.scoring.bootstrap`, by the
number of families. With a single seed it is the cluster bootstrap of that module, draw for draw.

Three seeds tell little of how trainings scatter. A claim therefore also asks every seed for the same sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import DataError
from rvebench.scoring.bootstrap import expanded_levels, named_stream
from rvebench.scoring.crossed import draw_times, pigeonhole_means
from rvebench.scoring.paired import holm, sign_flip_p
from rvebench.scoring.shapes import as_json_number

__all__ = ["Difference", "Direction", "SeedPoint", "Spread", "Verdict", "holm_adjusted", "paired_difference", "spread"]

Floats = NDArray[np.float64]
Direction = Literal["higher", "lower", "none"]
Verdict = Literal["higher", "lower", "not shown"]


class SeedPoint(NamedTuple):
    """One value of one sample under one training seed."""

    sample_id: str
    cluster: str
    seed: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A mean over samples and seeds, with its interval."""

    mean: float | None
    ci95: tuple[float, float] | None
    """None below the families that a claim asks for."""
    n: int
    """Samples."""
    clusters: int
    by_seed: Mapping[int, float]
    """The mean of each seed."""

    def as_json(self) -> dict[str, object]:
        """Returns the fields in plain JSON values."""
        return {
            "mean": None if self.mean is None else as_json_number(self.mean),
            "ci95": None if self.ci95 is None else [as_json_number(end) for end in self.ci95],
            "n": self.n,
            "clusters": self.clusters,
            "by_seed": {str(seed): as_json_number(value) for seed, value in self.by_seed.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A paired difference and what it lets one say."""

    spread: Spread
    p: float | None
    """Two-sided sign-flip p value over families, seeds averaged; None below two families."""
    verdict: Verdict
    """Which of the two is higher, by the rule of claims; never a matter of the point estimate alone."""
    why: str
    """The reason, in a clause."""

    def as_json(self) -> dict[str, object]:
        """Returns the fields in plain JSON values."""
        return {
            **self.spread.as_json(),
            "p": None if self.p is None else as_json_number(self.p),
            "verdict": self.verdict,
            "why": self.why,
        }


def spread(points: Iterable[SeedPoint], *, name: str, seed: int, resamples: int, fewest_clusters: int = 2) -> Spread:
    """Returns the mean of all points with its 95 % interval.

    Args:
        points: one a sample and training seed; a sample may lack a seed.
        name: of the quantity: its draws do not depend on what else is measured.
        seed: of the draws.
        resamples: how many.
        fewest_clusters: families below which there is no interval.

    Raises:
        DataError: a value is not finite, or a sample stands twice under one seed.
    """
    cells = _cells(points)
    if cells is None:
        return Spread(mean=None, ci95=None, n=0, clusters=0, by_seed={})
    mean = float(cells.sums_SK.sum() / cells.sizes_SK.sum())
    by_seed = {
        each: float(sums.sum() / sizes.sum())
        for each, sums, sizes in zip(cells.seeds, cells.sums_SK, cells.sizes_SK, strict=True)
    }
    ci95 = None
    if cells.clusters >= max(2, fewest_clusters):
        draws = _draws(cells, named_stream(seed, name), resamples)
        low, high = np.quantile(draws, expanded_levels(cells.clusters))
        ci95 = (float(low), float(high))
    return Spread(mean=mean, ci95=ci95, n=cells.samples, clusters=cells.clusters, by_seed=by_seed)


def paired_difference(
    points: Sequence[SeedPoint], *, name: str, seed: int, resamples: int, fewest_clusters: int
) -> Difference:
    """Returns a paired difference, given as one point for each sample and seed, and what may be said of it.

    An ordering is shown where the interval excludes zero and every seed has the sign of the mean. An interval that
    ends at zero includes it.

    Args:
        points: the differences.
        name: see :func:`spread`.
        seed: of the draws.
        resamples: how many.
        fewest_clusters: families below which nothing is shown.

    Raises:
        DataError: as :func:`spread`.
    """
    found = spread(points, name=name, seed=seed, resamples=resamples, fewest_clusters=fewest_clusters)
    verdict, why = _read(found, fewest_clusters)
    p = None
    if found.clusters >= 2:
        cells = _cells(points)
        assert cells is not None
        # The mean over seeds first: a flip turns a family round as a whole.
        sums = (cells.sums_SK / np.maximum(cells.sizes_SK, 1)).mean(axis=0) * cells.sizes_SK.mean(axis=0)
        p = sign_flip_p(sums.tolist(), named_stream(seed, f"flip/{name}"))
    return Difference(spread=found, p=p, verdict=verdict, why=why)


def _read(found: Spread, fewest: int) -> tuple[Verdict, str]:
    if found.mean is None:
        return "not shown", "nothing was measured on both sides"
    if found.ci95 is None:
        return "not shown", f"{found.clusters} families are fewer than the {fewest} that a claim asks for"
    low, high = found.ci95
    if low <= 0.0 <= high:
        return "not shown", "the interval includes zero"
    other = [seed for seed, value in found.by_seed.items() if value * found.mean <= 0]
    if other:
        return "not shown", f"seed {', '.join(map(str, other))} has another sign"
    every = "every seed agrees" if len(found.by_seed) > 1 else "one seed alone"
    return ("higher" if low > 0 else "lower"), f"the interval excludes zero, {every}"


def holm_adjusted(family: Mapping[str, Difference]) -> dict[str, float]:
    """Returns Holm's adjusted p values of the differences that have one, by name."""
    return holm({name: each.p for name, each in family.items() if each.p is not None})


class _Cells(NamedTuple):
    seeds: tuple[int, ...]
    sums_SK: Floats
    sizes_SK: Floats
    samples: int
    clusters: int


def _cells(points: Iterable[SeedPoint]) -> _Cells | None:
    """Returns sums and counts by seed and family; both in the order of their names."""
    found: dict[tuple[int, str], list[float]] = {}
    seen: set[tuple[str, int]] = set()
    for point in points:
        if not math.isfinite(point.value):
            raise DataError(f"the value {point.value!r} is no finite number", where=point.sample_id)
        if (point.sample_id, point.seed) in seen:
            raise DataError(f"the sample stands twice under seed {point.seed}", where=point.sample_id)
        seen.add((point.sample_id, point.seed))
        found.setdefault((point.seed, point.cluster), []).append(point.value)
    if not found:
        return None
    seeds = tuple(sorted({seed for seed, _ in found}))
    clusters = sorted({cluster for _, cluster in found})
    sums, sizes = np.zeros((len(seeds), len(clusters))), np.zeros((len(seeds), len(clusters)))
    for (seed, cluster), values in found.items():
        place = seeds.index(seed), clusters.index(cluster)
        sums[place], sizes[place] = math.fsum(values), len(values)
    return _Cells(seeds, sums, sizes, len({sample for sample, _ in seen}), len(clusters))


def _draws(cells: _Cells, rng: np.random.Generator, resamples: int) -> Floats:
    """Returns the mean of each resample that drew anything; families first, so that one seed is the plain bootstrap."""
    families = draw_times(rng, resamples, cells.clusters)
    seeds = draw_times(rng, resamples, len(cells.seeds)) if len(cells.seeds) > 1 else np.ones((resamples, 1))
    return pigeonhole_means(cells.sums_SK, cells.sizes_SK, seeds, families)
