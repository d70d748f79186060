"""What scoring takes and gives back: rows in, estimates with coverage and intervals out.

All are values: no file, clock or generator behind them. Floats are kept as computed; :meth:`Summary.as_json` rounds
once, at the edge (see :data:`JSON_DECIMALS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rvebench.taxonomy import Criterion, Status, Subset

__all__ = [
    "JSON_DECIMALS",
    "CategorySummary",
    "Coverage",
    "Estimate",
    "MetricRow",
    "MetricSummary",
    "ScoreRow",
    "Summary",
    "as_json_number",
    "count_coverage",
]

JSON_DECIMALS = 6
"""Decimals in :meth:`Summary.as_json`: far below any standard error here, far above last-bit differences of CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its interval, and over how many samples it is."""

    mean: float | None
    """None when there is nothing to average, or when the number is withheld."""
    ci95: tuple[float, float] | None = None
    """Low and high end; None with fewer than two clusters, where no spread between sources can be seen."""
    n: int = 0
    """Samples that have a number; the mean is over these, when it is given."""

    def as_json(self) -> dict[str, object]:
        """Returns `{mean, ci95, n}` in plain JSON values."""
        interval = None if self.ci95 is None else [as_json_number(self.ci95[0]), as_json_number(self.ci95[1])]
        return {"mean": None if self.mean is None else as_json_number(self.mean), "ci95": interval, "n": self.n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How the samples of a run ended; the five parts add up to `n`."""

    n: int
    ok: int
    failed: int
    """Edits that failed or timed out: they count 0."""
    refused: int
    """Edits the model or service declined to make: they count 0."""
    missing: int
    """Samples with no output at all: they count 0."""
    unjudged: int
    """Edits that are there and got no verdict: they are no number."""

    def as_json(self) -> dict[str, int]:
        """Returns the counts by name."""
        return {
            "n": self.n,
            "ok": self.ok,
            "failed": self.failed,
            "refused": self.refused,
            "missing": self.missing,
            "unjudged": self.unjudged,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One sample's verdict as scoring sees it."""

    sample_id: str
    subset: Subset
    category: str
    """The reasoning type's value."""
    cluster: str
    """What samples share when they are not independent: the source video."""
    status: Status
    scores: Mapping[Criterion, float] = field(default_factory=dict)
    """0..10 for each criterion that applies when the status is ok; not looked at otherwise."""
    digest: str = ""
    """Opaque: runs are compared only where it agrees. Empty: the caller answers for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One automatic measure of one sample's edit, and of its source where that has a meaning."""

    sample_id: str
    cluster: str
    metric: str
    value: float | None
    """None when the edit could not be measured; the row then counts in no mean."""
    source_value: float | None = None
    weight: float = 1.0
    """Terms (pairs of frames, say) the value is the mean of."""
    reason: str = ""
    """Why there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """One metric over a run. `source` and `delta` are None when no sample has a source value."""

    edit: Estimate
    source: Estimate | None = None
    """The same measure of the sources, over the samples that have both."""
    delta: Estimate | None = None
    """Edit minus source, sample by sample, over the samples that have both."""
    pooled: float | None = None
    """The edits' mean with every sample weighed by its terms: how VBench pools frames where lengths differ."""
    failed: int = 0
    """Edits that are there and could not be measured; they are in no mean."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why they could not, with how many times each; most frequent first."""

    def as_json(self) -> dict[str, object]:
        """Returns `{mean, ci95, n, pooled, failed, reasons, source, delta}`; all but the last two are the edit's."""
        return {
            **self.edit.as_json(),
            "pooled": None if self.pooled is None else as_json_number(self.pooled),
            "failed": self.failed,
            "reasons": dict(self.reasons),
            "source": None if self.source is None else self.source.as_json(),
            "delta": None if self.delta is None else self.delta.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySummary:
    """One reasoning type."""

    coverage: Coverage
    overall: Estimate
    criteria: Mapping[str, Estimate]

    def as_json(self) -> dict[str, object]:
        """Returns `{n, overall, criteria}`; `n` counts every sample of the type, judged or not."""
        return {
            "n": self.coverage.n,
            "overall": self.overall.as_json(),
            "criteria": {name: estimate.as_json() for name, estimate in self.criteria.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A whole run in numbers."""

    coverage: Coverage
    overall: Estimate
    """The headline: the mean over every sample, 0 for a failed, refused or missing edit."""
    answered_only: Estimate
    """The mean over judged edits only. Shown beside the headline, never instead of it."""
    macro: Estimate
    """The unweighted mean of the categories' means."""
    withheld: str
    """Empty, or why the headline is not given and what to do."""
    criteria: Mapping[str, Estimate]
    metrics: Mapping[str, MetricSummary]
    by_category: Mapping[str, CategorySummary]

    def as_json(self) -> dict[str, object]:
        """Returns coverage, overall, criteria, metrics and by_category in plain JSON values, rounded."""
        return {
            "coverage": self.coverage.as_json(),
            "overall": self.overall.as_json(),
            "criteria": {name: estimate.as_json() for name, estimate in self.criteria.items()},
            "metrics": {name: metric.as_json() for name, metric in self.metrics.items()},
            "by_category": {name: category.as_json() for name, category in self.by_category.items()},
        }


def count_coverage(statuses: Iterable[Status]) -> Coverage:
    """Returns how many of each status there are; a timeout counts as failed."""
    counts = dict.fromkeys(Status, 0)
    for status in statuses:
        counts[status] += 1
    return Coverage(
        n=sum(counts.values()),
        ok=counts[Status.OK],
        failed=counts[Status.FAILED] + counts[Status.TIMEOUT],
        refused=counts[Status.REFUSED],
        missing=counts[Status.MISSING],
        unjudged=counts[Status.UNJUDGED],
    )


def as_json_number(value: float) -> float:
    """Returns the value as it stands in JSON: rounded to :data:`JSON_DECIMALS`, 0.0 for -0.0."""
    # Adding 0.0 turns -0.0 into 0.0, so that one number has one spelling.
    return round(float(value), JSON_DECIMALS) + 0.0
