"""Is a drop shown, ruled out, or neither? One paired difference against two margins.

A candidate run is held against a baseline on the samples both have; a difference is candidate minus baseline. Two
margins make three answers (the confidence interval form is that of Piaggio et al., JAMA 308(24), 2012, figure 1):

* `tolerated`: a drop is *shown* when chance hardly explains how far the difference lies below `-tolerated`.
* `worst`: a drop is *ruled out* when chance hardly explains how far the difference lies above `-worst`.
* Neither: the runs are too few or too noisy to tell, and :func:`sources_needed` says how many would do.

Both p values are two-sided, so that at level alpha each answer is wrong at most alpha / 2 of the time: the same bar as
the 1 - alpha interval lying wholly on one side of the margin, and as the reading of
:func:`~rvebench.scoring.compare.compare_runs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rvebench.errors import UsageError
from rvebench.scoring.bootstrap import (
    DEFAULT_RESAMPLES,
    Point,
    draw_means,
    gather_clusters,
    interval95,
    interval_p,
    named_stream,
)
from rvebench.scoring.paired import (
    DEFAULT_PERMUTATIONS,
    cluster_standard_error,
    required_pairs,
    sign_flip_p,
)

__all__ = [
    "BOOTSTRAP_FEWEST",
    "Answer",
    "DropTest",
    "PairedTest",
    "fewest_sources",
    "measure_drop",
    "read_drop",
    "sources_needed",
    "sources_to_decide",
]

BOOTSTRAP_FEWEST = 10
"""Sources below which the bootstrap's interval misses too often to decide anything (docs/design/statistics.md)."""


class PairedTest(str, Enum):
    """How chance is told from a drop."""

    SIGN_FLIP = "sign-flip"
    """Flips the sign of each source's differences: exact with few sources, given that they scatter symmetrically."""
    BOOTSTRAP = "paired-bootstrap"
    """Draws sources with replacement: asks nothing of the scatter, and wants ten sources."""


class Answer(str, Enum):
    """What a test against two margins lets one say."""

    SHOWN = "shown"
    """The candidate is more than `tolerated` below the baseline."""
    RULED_OUT = "ruled out"
    """The candidate is not `worst` below the baseline."""
    OPEN = "open"
    """Neither is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTest:
    """One quantity of two runs over the same samples, against two margins."""

    mean_baseline: float
    mean_candidate: float
    difference: float
    """Mean of candidate minus baseline."""
    ci95: tuple[float, float] | None
    """Of the difference, from a bootstrap of sources. None below two sources."""
    p_drop: float
    """Of "the candidate is `tolerated` below the baseline": small when it is shown to be lower still. 1 otherwise."""
    p_safe: float
    """Of "the candidate is `worst` below the baseline": small when so large a drop is ruled out. 1 otherwise."""
    n: int
    """Pairs."""
    sources: int
    spread: float | None
    """Standard deviation of a source's contribution to the mean difference: the standard error times the root of
    `sources`. None below two sources."""


def measure_drop(
    name: str,
    pairs: Sequence[tuple[str, str, float, float]],
    *,
    tolerated: float,
    worst: float,
    test: PairedTest,
    seed: int,
    draws: int = DEFAULT_PERMUTATIONS,
    resamples: int = DEFAULT_RESAMPLES,
) -> DropTest:
    """Returns how the candidate differs, and whether a drop beyond either margin is shown or ruled out.

    Args:
        name: of the quantity; its random stream belongs to it.
        pairs: of each sample its id, its source, its baseline value and its candidate value.
        tolerated: a drop up to this is none, at least 0.
        worst: a drop that must be ruled out, at least `tolerated`.
        test: how.
        seed: of resamples and sign patterns.
        draws: random sign patterns, or resamples for a p value.
        resamples: for the interval of a sign-flip test; the bootstrap's comes from its draws.

    Raises:
        UsageError: the margins do not fit.
        DataError: a value is not a finite number.
        ValueError: there are no pairs.
    """
    if not 0.0 <= tolerated <= worst < math.inf:
        raise UsageError(f"margins {tolerated!r} and {worst!r} do not fit", hint="0 <= tolerated <= worst must hold")
    points = [Point(sample, source, after - before) for sample, source, before, after in pairs]
    clusters = gather_clusters(points)
    sums, sizes = clusters.sums_KS[:, 0], clusters.sizes_KS[:, 0]
    count, n = len(sums), clusters.n
    error = cluster_standard_error(sums.tolist(), sizes.astype(int).tolist())
    rows = draws if test is PairedTest.BOOTSTRAP else resamples
    means = None if count < 2 else draw_means(clusters, named_stream(seed, f"drop/{name}"), rows)

    def p_of(margin: float, *, lower: bool) -> float:
        beyond = clusters.mean < -margin if lower else clusters.mean > -margin
        if not beyond:
            return 1.0
        if test is PairedTest.SIGN_FLIP:
            # A sum of differences that are all -margin must be no difference, to the last bit.
            shifted = [math.fsum((total, size * margin)) for total, size in zip(sums, sizes, strict=True)]
            return sign_flip_p(shifted, named_stream(seed, f"flip/{name}/{lower}"), permutations=draws)
        if means is None or count < BOOTSTRAP_FEWEST:
            return 1.0
        return interval_p(means, count, -margin)

    return DropTest(
        mean_baseline=math.fsum(before for _, _, before, _ in pairs) / n,
        mean_candidate=math.fsum(after for _, _, _, after in pairs) / n,
        difference=clusters.mean,
        ci95=None if means is None else interval95(clusters, means),
        p_drop=p_of(tolerated, lower=True),
        p_safe=p_of(worst, lower=False),
        n=n,
        sources=count,
        spread=None if error is None else error * math.sqrt(count),
    )


def read_drop(found: DropTest, p_drop: float, alpha: float) -> Answer:
    """Returns the answer of a test; a drop that is shown is shown, though a larger one may be ruled out too.

    Args:
        found: the test.
        p_drop: its own, or adjusted for the family it belongs to.
        alpha: level of both answers.
    """
    if p_drop <= alpha:
        return Answer.SHOWN
    return Answer.RULED_OUT if found.p_safe <= alpha else Answer.OPEN


def fewest_sources(test: PairedTest, alpha: float) -> int:
    """Returns the sources below which no data, however clear, can be significant at `alpha`.

    Of k sources the smallest sign-flip p value is 2 / 2**k.
    """
    return BOOTSTRAP_FEWEST if test is PairedTest.BOOTSTRAP else 1 + math.ceil(math.log2(1.0 / alpha))


def sources_needed(
    spread: float,
    *,
    tolerated: float,
    worst: float,
    alpha: float,
    alpha_drop: float,
    power: float,
    test: PairedTest,
) -> int:
    """Returns how many sources, each like those seen, decide at the given power.

    Enough to rule out a drop of `worst` where nothing changed, and, where `worst` is above `tolerated`, to show a drop
    of `worst` where there is one.

    Args:
        spread: as :attr:`DropTest.spread`; 0 where no difference was seen at all.
        tolerated: as in :func:`measure_drop`.
        worst: above 0.
        alpha: level of ruling out.
        alpha_drop: level of showing a drop: alpha over the number of tests, Holm's first step.
        power: chance to decide.
        test: its own least number of sources holds too.

    Raises:
        UsageError: `worst` is not above 0, or power and levels do not fit.
    """
    if not worst > 0.0:
        raise UsageError("a drop of 0 can never be ruled out", hint="give a largest drop above 0")
    found = [fewest_sources(test, alpha_drop)]
    if spread > 0.0:
        found.append(required_pairs(worst / spread, power=power, alpha=alpha))
        if worst > tolerated:
            found.append(required_pairs((worst - tolerated) / spread, power=power, alpha=alpha_drop))
    return max(found)


def sources_to_decide(
    found: DropTest,
    *,
    tolerated: float,
    worst: float,
    alpha: float,
    alpha_drop: float,
    power: float,
    test: PairedTest,
) -> int:
    """Returns how many sources, more than there were, would decide what this test left open.

    That of :func:`sources_needed`; where there were as many already, the difference lies between the margins, and the
    answer is for the nearer of the two with the difference as it was found.

    Args:
        found: a test that neither showed a drop nor ruled one out.
        tolerated: as for that test.
        worst: as for that test.
        alpha: level of ruling out.
        alpha_drop: level of showing a drop.
        power: chance to decide.
        test: as for that test.
    """
    spread = found.spread or 0.0
    planned = sources_needed(
        spread, tolerated=tolerated, worst=worst, alpha=alpha, alpha_drop=alpha_drop, power=power, test=test
    )
    if planned > found.sources or not spread:
        return max(planned, found.sources + 1)
    gaps = ((worst + found.difference, alpha), (-found.difference - tolerated, alpha_drop))
    ways = [required_pairs(gap / spread, power=power, alpha=level) for gap, level in gaps if gap > 0.0]
    return max(min(ways, default=planned), found.sources + 1)
