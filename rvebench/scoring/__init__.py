"""Pure functions from records to numbers: formulas, summaries with intervals, paired comparison."""

from __future__ import annotations

from rvebench.scoring.bootstrap import DEFAULT_RESAMPLES, IntervalMethod
from rvebench.scoring.formulas import DEFAULT_FORMULA, FORMULAS, Formula, get_formula
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
from rvebench.scoring.summary import score_sample, summarise

__all__ = [
    "DEFAULT_FORMULA",
    "DEFAULT_RESAMPLES",
    "FORMULAS",
    "CategorySummary",
    "Coverage",
    "Estimate",
    "Formula",
    "IntervalMethod",
    "MetricRow",
    "MetricSummary",
    "ScoreRow",
    "Summary",
    "count_coverage",
    "get_formula",
    "score_sample",
    "summarise",
]
