"""Run B against run A on the samples they share: what differs, by how much, and whether that could be chance.

The coverage law holds here too: a failed, refused or missing edit is a 0 in its pair, a pair with an unjudged side is
no pair and is counted. A difference is always B minus A.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from rvebench.errors import CoverageError, UsageError
from rvebench.scoring.bootstrap import (
    DEFAULT_METHOD,
    DEFAULT_RESAMPLES,
    IntervalMethod,
    Point,
    estimate_mean,
    named_stream,
)
from rvebench.scoring.formulas import Formula
from rvebench.scoring.paired import (
    DEFAULT_PERMUTATIONS,
    cluster_standard_error,
    detectable_difference,
    holm,
    sign_flip_p,
)
from rvebench.scoring.shapes import ScoreRow, as_json_number
from rvebench.scoring.summary import category_order, criterion_value, require_unique, score_sample
from rvebench.taxonomy import CRITERIA, criteria_for

__all__ = ["PairedEstimate", "Reading", "RunComparison", "compare_runs"]


class Reading(str, Enum):
    """What a comparison lets one say."""

    BETTER = "better"
    """B is above A, and chance is an unlikely reason (Holm-adjusted p at most alpha)."""
    WORSE = "worse"
    """B is below A, and chance is an unlikely reason."""
    NO_DIFFERENCE = "no difference shown"
    """Not "equal": `detectable` says how large a difference could have hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEstimate:
    """One quantity of two runs over the same samples."""

    mean_a: float
    mean_b: float
    difference: float
    """Mean of B minus A."""
    ci95: tuple[float, float] | None
    """Of the difference, from a bootstrap of clusters; not adjusted for the family. None below two clusters."""
    p: float
    """Two-sided sign-flip permutation p value."""
    p_holm: float
    """Holm's adjustment of `p` within its family."""
    reading: Reading
    n: int
    """Pairs."""
    clusters: int
    """Sources; the number of independent observations."""
    wins: int
    """Samples on which B is above A."""
    losses: int
    """Samples on which B is below A."""
    effect: float | None
    """Mean over standard deviation of the samples' differences (Cohen's d_z); None when they do not vary."""
    detectable: float | None
    """True difference that a design like this shows 8 times in 10 at the 5 % level; None below two clusters."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "mean_a": as_json_number(self.mean_a),
            "mean_b": as_json_number(self.mean_b),
            "difference": as_json_number(self.difference),
            "ci95": None if self.ci95 is None else [as_json_number(end) for end in self.ci95],
            "p": as_json_number(self.p),
            "p_holm": as_json_number(self.p_holm),
            "reading": self.reading.value,
            "n": self.n,
            "clusters": self.clusters,
            "wins": self.wins,
            "losses": self.losses,
            "effect": None if self.effect is None else as_json_number(self.effect),
            "detectable": None if self.detectable is None else as_json_number(self.detectable),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Run B against run A."""

    formula: str
    alpha: float
    n_shared: int
    """Samples in both runs."""
    n_only_a: int
    n_only_b: int
    n_unjudged: int
    """Shared samples left out because one side has no verdict."""
    overall: PairedEstimate
    criteria: Mapping[str, PairedEstimate]
    """In one Holm family with `overall`."""
    by_category: Mapping[str, PairedEstimate]
    """The formula's score by reasoning type: a Holm family of their own."""

    def as_json(self) -> dict[str, object]:
        """Returns the comparison in plain JSON values, rounded as :meth:`Summary.as_json` does."""
        return {
            "formula": self.formula,
            "alpha": self.alpha,
            "samples": {
                "shared": self.n_shared,
                "only_a": self.n_only_a,
                "only_b": self.n_only_b,
                "unjudged": self.n_unjudged,
            },
            "overall": self.overall.as_json(),
            "criteria": {name: estimate.as_json() for name, estimate in self.criteria.items()},
            "by_category": {name: estimate.as_json() for name, estimate in self.by_category.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    a: ScoreRow
    b: ScoreRow


def compare_runs(
    rows_a: Sequence[ScoreRow],
    rows_b: Sequence[ScoreRow],
    formula: Formula,
    *,
    seed: int,
    resamples: int = DEFAULT_RESAMPLES,
    permutations: int = DEFAULT_PERMUTATIONS,
    alpha: float = 0.05,
    method: IntervalMethod = DEFAULT_METHOD,
    allow_mixed: bool = False,
) -> RunComparison:
    """Returns how run B differs from run A on the samples they share; the order of rows changes nothing.

    Args:
        rows_a: the baseline, one row per sample.
        rows_b: the candidate, one row per sample.
        formula: applied to both.
        seed: of bootstrap and permutations.
        resamples: of the bootstrap, for each quantity.
        permutations: random sign patterns, where there are too many to count all.
        alpha: the chance of any false "better" or "worse" in a family.
        method: the kind of interval.
        allow_mixed: compare samples of one id although their digests, types or sources differ; A's type and source
            then decide. A different subset is refused all the same: its criteria are others.

    Raises:
        UsageError: the runs share no sample, or a shared sample is not the same in both.
        CoverageError: no shared sample has a number on both sides.
        DataError: a sample stands twice in a run, or a score is not what it must be.
    """
    require_unique((row.sample_id for row in rows_a), "sample of run A")
    require_unique((row.sample_id for row in rows_b), "sample of run B")
    in_a = {row.sample_id: row for row in rows_a}
    in_b = {row.sample_id: row for row in rows_b}
    shared = [_Pair(a=in_a[name], b=in_b[name]) for name in sorted(in_a.keys() & in_b.keys())]
    if not shared:
        raise UsageError("the two runs share no sample", hint="compare runs on one split")
    _require_same_samples(shared, allow_mixed)
    score = partial(score_sample, formula=formula)
    pairs = [pair for pair in shared if score(pair.a) is not None and score(pair.b) is not None]
    if not pairs:
        raise CoverageError(
            f"none of the {len(shared)} shared samples is judged in both runs", hint="judge the runs first"
        )

    def paired(name: str, members: Sequence[_Pair], value: Callable[[ScoreRow], float | None]) -> PairedEstimate:
        values = [(pair, value(pair.a), value(pair.b)) for pair in members]
        differences = [(pair.a, a, b) for pair, a, b in values if a is not None and b is not None]
        return _paired_estimate(name, differences, seed, resamples, permutations, method)

    head = {"overall": paired("overall", pairs, score)}
    for which in CRITERIA:
        members = [pair for pair in pairs if which in criteria_for(pair.a.subset)]
        if members:
            head[which.value] = paired(f"criterion/{which.value}", members, partial(criterion_value, which=which))
    categories = {
        name: paired(f"category/{name}", [pair for pair in pairs if pair.a.category == name], score)
        for name in category_order(pair.a.category for pair in pairs)
    }
    head = _read_family(head, alpha)
    return RunComparison(
        formula=formula.name,
        alpha=alpha,
        n_shared=len(shared),
        n_only_a=len(in_a) - len(shared),
        n_only_b=len(in_b) - len(shared),
        n_unjudged=len(shared) - len(pairs),
        overall=head.pop("overall"),
        criteria=head,
        by_category=_read_family(categories, alpha),
    )


def _require_same_samples(shared: Sequence[_Pair], allow_mixed: bool) -> None:
    def refuse(what: str, differing: list[str], hint: str) -> None:
        if differing:
            raise UsageError(f"{len(differing)} of {len(shared)} shared samples {what}", where=differing[0], hint=hint)

    refuse(
        "belong to another subset in run B",
        [pair.a.sample_id for pair in shared if pair.a.subset is not pair.b.subset],
        "subsets have criteria of their own: compare runs on one split",
    )
    if allow_mixed:
        return
    hint = "compare runs on one version of the split, or allow mixed runs and say so beside the numbers"
    refuse(
        "have another digest in run B (text, hashes or type changed)",
        [p.a.sample_id for p in shared if p.a.digest and p.b.digest and p.a.digest != p.b.digest],
        hint,
    )
    refuse(
        "have another reasoning type or source in run B",
        [p.a.sample_id for p in shared if (p.a.category, p.a.cluster) != (p.b.category, p.b.cluster)],
        hint,
    )


def _paired_estimate(
    name: str,
    values: Sequence[tuple[ScoreRow, float, float]],
    seed: int,
    resamples: int,
    permutations: int,
    method: IntervalMethod,
) -> PairedEstimate:
    points = [Point(row.sample_id, row.cluster, b - a) for row, a, b in values]
    differences = [point.value for point in points]
    members: dict[str, list[float]] = {}
    for point in points:
        members.setdefault(point.cluster, []).append(point.value)
    sums = [math.fsum(members[cluster]) for cluster in sorted(members)]
    sizes = [len(members[cluster]) for cluster in sorted(members)]
    estimate = estimate_mean(points, named_stream(seed, f"compare/{name}"), resamples=resamples, method=method)
    assert estimate.mean is not None
    p = sign_flip_p(sums, named_stream(seed, f"permute/{name}"), permutations=permutations)
    error = cluster_standard_error(sums, sizes)
    n = len(points)
    return PairedEstimate(
        mean_a=math.fsum(a for _, a, _ in values) / n,
        mean_b=math.fsum(b for _, _, b in values) / n,
        difference=estimate.mean,
        ci95=estimate.ci95,
        p=p,
        p_holm=p,
        reading=Reading.NO_DIFFERENCE,
        n=n,
        clusters=len(members),
        wins=sum(value > 0 for value in differences),
        losses=sum(value < 0 for value in differences),
        effect=_effect_size(differences, estimate.mean),
        detectable=None if error is None else detectable_difference(error, len(members)),
    )


def _effect_size(differences: Sequence[float], mean: float) -> float | None:
    if len(differences) < 2:
        return None
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (len(differences) - 1))
    return mean / spread if spread > 0.0 else None


def _read_family(family: Mapping[str, PairedEstimate], alpha: float) -> dict[str, PairedEstimate]:
    adjusted = holm({name: estimate.p for name, estimate in family.items()})
    return {
        name: replace(estimate, p_holm=adjusted[name], reading=_read(estimate.difference, adjusted[name], alpha))
        for name, estimate in family.items()
    }


def _read(difference: float, p_holm: float, alpha: float) -> Reading:
    if p_holm > alpha or difference == 0.0:
        return Reading.NO_DIFFERENCE
    return Reading.BETTER if difference > 0.0 else Reading.WORSE
