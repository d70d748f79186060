"""Pure functions from records to numbers: formulas, summaries with intervals, paired comparison."""

from __future__ import annotations

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

__all__ = [
    "CategorySummary",
    "Coverage",
    "Estimate",
    "MetricRow",
    "MetricSummary",
    "ScoreRow",
    "Summary",
    "count_coverage",
]
