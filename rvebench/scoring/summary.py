"""From rows to the numbers of a run, under the coverage law.

* A failed, refused, timed-out or missing edit counts 0: in the headline, in each criterion, in its category.
* An unjudged edit is no number. Whatever would average over it is withheld, unless the caller excludes unjudged edits,
  which are then left out and stay visible in the coverage.

So deleting an output (ok becomes missing) can only lower the headline, whatever the formula.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rvebench.errors import DataError
from rvebench.scoring.bootstrap import (
    DEFAULT_METHOD,
    DEFAULT_RESAMPLES,
    IntervalMethod,
    Point,
    estimate_mean,
    named_stream,
)
from rvebench.scoring.formulas import Formula, check_scores
from rvebench.scoring.shapes import (
    CategorySummary,
    Coverage,
    Estimate,
    MetricRow,
    MetricSummary,
    ScoreRow,
    Summary,
    count_coverage,
)
from rvebench.taxonomy import CRITERIA, Criterion, ReasoningType, Status, criteria_for

__all__ = ["category_order", "criterion_value", "require_unique", "score_sample", "summarise"]


def score_sample(row: ScoreRow, formula: Formula) -> float | None:
    """Returns the sample's score, 0..10: 0 for a failed, refused, timed-out or missing edit, None for an unjudged one.

    Raises:
        DataError: the edit is judged and a criterion is missing, does not apply, or is not in 0..10.
    """
    if row.status is Status.UNJUDGED:
        return None
    if row.status is not Status.OK:
        return 0.0
    return formula.score(row.subset, row.scores, where=row.sample_id)


def criterion_value(row: ScoreRow, which: Criterion) -> float | None:
    """Returns one criterion of a row under the same law as :func:`score_sample`; it must apply to the row."""
    if row.status is Status.UNJUDGED:
        return None
    if row.status is not Status.OK:
        return 0.0
    return check_scores(row.subset, row.scores, where=row.sample_id)[which]


def summarise(
    rows: Sequence[ScoreRow],
    metrics: Sequence[MetricRow],
    formula: Formula,
    *,
    seed: int,
    resamples: int = DEFAULT_RESAMPLES,
    exclude_unjudged: bool = False,
    method: IntervalMethod = DEFAULT_METHOD,
) -> Summary:
    """Returns a run's numbers; the order of the rows changes nothing, to the last bit.

    Args:
        rows: one per sample of the split, whatever became of it.
        metrics: one per sample and metric that was measured.
        formula: criteria to score; applied per sample, then averaged.
        seed: of the bootstrap.
        resamples: of the bootstrap, for each quantity.
        exclude_unjudged: leave unjudged edits out instead of withholding the numbers they belong to.
        method: the kind of interval.

    Raises:
        DataError: a sample stands twice, or a score or metric value is not what it must be.
    """
    require_unique((row.sample_id for row in rows), "sample")
    require_unique((f"{row.metric} of {row.sample_id}" for row in metrics), "metric value")
    run = _Run(formula, seed, resamples, method, exclude_unjudged)
    categories = {
        name: run.category(name, [row for row in rows if row.category == name])
        for name in category_order(row.category for row in rows)
    }
    coverage = count_coverage(row.status for row in rows)
    return Summary(
        coverage=coverage,
        overall=run.overall("overall", rows),
        answered_only=run.overall("answered_only", [row for row in rows if row.status is Status.OK]),
        macro=run.macro(rows, categories),
        withheld=_why_withheld(coverage, exclude_unjudged),
        criteria=run.criteria("", rows),
        metrics={name: run.metric(name, metrics) for name in sorted({row.metric for row in metrics})},
        by_category=categories,
    )


def category_order(names: Iterable[str]) -> list[str]:
    """Returns the distinct names: reasoning types in the taxonomy's order, then any others by name."""
    known = [kind.value for kind in ReasoningType]
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else len(known), name))


def require_unique(names: Iterable[str], what: str) -> None:
    """Checks that no name stands twice.

    Raises:
        DataError: one does.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"the same {what} stands twice", where=name, hint="each must be there once")
        seen.add(name)


@dataclass(frozen=True, slots=True)
class _Run:
    """The settings that every estimate of a run shares."""

    formula: Formula
    seed: int
    resamples: int
    method: IntervalMethod
    exclude_unjudged: bool

    def mean(self, name: str, points: Sequence[Point], *, unjudged: int = 0) -> Estimate:
        if unjudged and not self.exclude_unjudged:
            return Estimate(mean=None, n=len(points))
        return estimate_mean(points, named_stream(self.seed, name), resamples=self.resamples, method=self.method)

    def overall(self, name: str, rows: Sequence[ScoreRow]) -> Estimate:
        return self._over(name, rows, {row.sample_id: score_sample(row, self.formula) for row in rows})

    def criteria(self, prefix: str, rows: Sequence[ScoreRow]) -> Mapping[str, Estimate]:
        found: dict[str, Estimate] = {}
        for which in CRITERIA:
            members = [row for row in rows if which in criteria_for(row.subset)]
            if members:
                values = {row.sample_id: criterion_value(row, which) for row in members}
                found[which.value] = self._over(f"{prefix}criterion/{which.value}", members, values)
        return found

    def category(self, name: str, rows: Sequence[ScoreRow]) -> CategorySummary:
        return CategorySummary(
            coverage=count_coverage(row.status for row in rows),
            overall=self.overall(f"category/{name}/overall", rows),
            criteria=self.criteria(f"category/{name}/", rows),
        )

    def macro(self, rows: Sequence[ScoreRow], categories: Mapping[str, CategorySummary]) -> Estimate:
        values = {row.sample_id: score_sample(row, self.formula) for row in rows}
        if any(category.overall.mean is None for category in categories.values()):
            # A mean over the categories that are left would be another quantity under the same name.
            return Estimate(mean=None, n=sum(value is not None for value in values.values()))
        return self._over("macro", rows, values, by_category=True)

    def metric(self, name: str, rows: Sequence[MetricRow]) -> MetricSummary:
        own = [row for row in rows if row.metric == name]
        edits: list[Point] = []
        sources: list[Point] = []
        deltas: list[Point] = []
        for row in own:
            if row.value is None:
                continue
            edits.append(Point(row.sample_id, row.cluster, row.value))
            if row.source_value is not None:
                sources.append(Point(row.sample_id, row.cluster, row.source_value))
                deltas.append(Point(row.sample_id, row.cluster, row.value - row.source_value))
        return MetricSummary(
            edit=self.mean(f"metric/{name}/edit", edits),
            source=self.mean(f"metric/{name}/source", sources) if sources else None,
            delta=self.mean(f"metric/{name}/delta", deltas) if deltas else None,
            pooled=_pooled(own),
            failed=sum(row.value is None for row in own),
            reasons=dict(Counter(row.reason or "not measured" for row in own if row.value is None).most_common()),
        )

    def _over(
        self,
        name: str,
        rows: Sequence[ScoreRow],
        values: Mapping[str, float | None],
        *,
        by_category: bool = False,
    ) -> Estimate:
        points = [
            Point(row.sample_id, row.cluster, value, row.category if by_category else "")
            for row in rows
            if (value := values[row.sample_id]) is not None
        ]
        return self.mean(name, points, unjudged=len(rows) - len(points))


def _pooled(rows: Sequence[MetricRow]) -> float | None:
    """Returns the mean over terms instead of samples; None without any."""
    pairs = [(row.value, row.weight) for row in rows if row.value is not None]
    total = math.fsum(weight for _, weight in pairs)
    return math.fsum(value * weight for value, weight in pairs) / total if total > 0 else None


def _why_withheld(coverage: Coverage, exclude_unjudged: bool) -> str:
    if coverage.n == 0:
        return "there are no samples to score"
    if coverage.unjudged == coverage.n:
        return f"none of the {coverage.n} edits has a verdict: judge the run first"
    if coverage.unjudged and not exclude_unjudged:
        has = "has" if coverage.unjudged == 1 else "have"
        return (
            f"{coverage.unjudged} of {coverage.n} edits {has} no verdict: judge again with --retry-failed, "
            "or leave them out with --exclude-unjudged and say how many"
        )
    return ""
