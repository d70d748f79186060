"""Two runs on the same samples: intervals, permutation tests and power for paired, clustered differences.

Everything here works on clusters' sums of differences: samples of one source are flipped, drawn and left out together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import UsageError

__all__ = [
    "DEFAULT_PERMUTATIONS",
    "EXACT_UP_TO",
    "cluster_standard_error",
    "detectable_difference",
    "exact_p",
    "holm",
    "paired_power",
    "random_signs",
    "required_pairs",
    "sign_flip_p",
]

Floats = NDArray[np.float64]

DEFAULT_PERMUTATIONS = 20_000
EXACT_UP_TO = 16
"""Clusters with a difference up to which every one of the 2**k sign patterns is looked at."""

_TIE = 1e-9
"""Two sums nearer than this share of the largest possible sum are the same sum, whatever the order of addition."""
_CHUNK = 1 << 20


def sign_flip_p(
    cluster_sums: Sequence[float], rng: np.random.Generator, *, permutations: int = DEFAULT_PERMUTATIONS
) -> float:
    """Returns the two-sided p value of "A and B are interchangeable within each cluster".

    Under that hypothesis each cluster's sum of differences is as likely as its negative. Up to :data:`EXACT_UP_TO`
    clusters that differ at all, every sign pattern is counted and the p value is exact; beyond, it is
    `(b + 1) / (m + 1)` with `b` of `m` random patterns at least as extreme (Phipson and Smyth, 2010), never 0.

    Args:
        cluster_sums: the sum of B minus A over each cluster's samples; clusters without a difference change nothing.
        rng: draws the random patterns; not used when the test is exact.
        permutations: `m`.
    """
    sums = np.sort(np.array([value for value in cluster_sums if value != 0.0], dtype=np.float64))
    count = len(sums)
    if count == 0:
        return 1.0
    reach = abs(float(sums.sum())) - _TIE * float(np.abs(sums).sum())
    if count <= EXACT_UP_TO:
        return float(exact_p(sums[:, None])[0])
    extreme = 0
    for signs in random_signs(count, permutations, rng):
        extreme += int(np.count_nonzero(np.abs(signs @ sums) >= reach))
    return (extreme + 1) / (permutations + 1)


def exact_p(sums_KP: Floats) -> Floats:
    """Returns the p values (P) of P tests over K clusters each, every one of the `2**K` sign patterns counted."""
    count = len(sums_KP)
    # A pattern and its opposite are equally extreme: the first sign may stay. Pattern i has the signs of i's bits.
    patterns = np.arange(2 ** (count - 1))
    signs = 1.0 - 2.0 * (patterns[:, None] >> np.arange(count - 1) & 1)
    reach = np.abs(sums_KP.sum(axis=0)) - _TIE * np.abs(sums_KP).sum(axis=0)
    at_once = max(1, _CHUNK // len(signs))
    parts = []
    for start in range(0, sums_KP.shape[1], at_once):
        some_KP = sums_KP[:, start : start + at_once]
        parts.append(np.mean(np.abs(some_KP[0] + signs @ some_KP[1:]) >= reach[start : start + at_once], axis=0))
    return np.concatenate(parts)


def random_signs(count: int, permutations: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yields `permutations` sign patterns over `count` clusters, some rows at a time: 1.0 and -1.0, equally likely."""
    at_once = max(1, _CHUNK // count)
    for start in range(0, permutations, at_once):
        rows = min(at_once, permutations - start)
        words = rng.integers(0, np.iinfo(np.uint64).max, size=(rows, count), dtype=np.uint64, endpoint=True)
        yield 1.0 - 2.0 * (words >> np.uint64(63)).astype(np.float64)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Returns Holm's adjusted p values (Scandinavian Journal of Statistics 6, 1979) in the order given.

    Rejecting where the adjusted value is at most alpha keeps the chance of any false rejection in the family at alpha.
    """
    adjusted: dict[str, float] = {}
    worst = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda key: p_values[key])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = worst
    return {name: adjusted[name] for name in p_values}


def cluster_standard_error(sums: Sequence[float], sizes: Sequence[int]) -> float | None:
    """Returns the cluster-robust standard error of the mean over all samples; None below two clusters.

    It is `sqrt(k / (k - 1) * sum((S_c - n_c * mean)**2)) / n`; with one sample a cluster, the usual `sd / sqrt(n)`.
    """
    count = len(sums)
    if count < 2:
        return None
    n = math.fsum(sizes)
    mean = math.fsum(sums) / n
    spread = math.fsum((total - size * mean) ** 2 for total, size in zip(sums, sizes, strict=True))
    return math.sqrt(count / (count - 1) * spread) / n


def detectable_difference(standard_error: float, clusters: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Returns the smallest true difference that a paired test of this precision shows with the given power.

    The two-sided t form: `(t(1 - alpha / 2) + t(power)) * standard_error` on `clusters - 1` degrees of freedom.
    """
    from scipy.special import stdtrit

    freedom = clusters - 1
    return float(stdtrit(freedom, 1.0 - alpha / 2.0) + stdtrit(freedom, power)) * standard_error


def paired_power(effect: float, pairs: int, *, alpha: float = 0.05) -> float:
    """Returns the chance that a two-sided paired t test shows an effect, from the noncentral t distribution.

    Args:
        effect: the mean difference over the standard deviation of the differences (Cohen's d_z).
        pairs: independent pairs: clusters, or samples when each has a source of its own.
        alpha: the test's level.
    """
    from scipy.special import nctdtr, stdtrit

    if pairs < 2:
        return 0.0
    freedom = pairs - 1
    bound = float(stdtrit(freedom, 1.0 - alpha / 2.0))
    shift = abs(effect) * math.sqrt(pairs)
    # The far tail is below the smallest float long before the function that gives it stops converging.
    opposite = float(nctdtr(freedom, shift, -bound)) if shift < 5.0 else 0.0
    return 1.0 - float(nctdtr(freedom, shift, bound)) + opposite


def required_pairs(effect: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Returns how many independent pairs a paired comparison needs to show an effect.

    Raises:
        UsageError: the effect is 0 or not finite, or power and alpha are not chances with `alpha < power < 1`.
    """
    if not math.isfinite(effect) or effect == 0.0:
        raise UsageError(f"an effect of {effect!r} needs no finite number of samples", hint="give one other than 0")
    if not 0.0 < alpha < power < 1.0:
        raise UsageError(f"power {power!r} and alpha {alpha!r} do not fit", hint="0 < alpha < power < 1 must hold")
    high = 2
    while paired_power(effect, high, alpha=alpha) < power:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if paired_power(effect, middle, alpha=alpha) < power:
            low = middle
        else:
            high = middle
    return high
