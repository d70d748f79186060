"""Analysis of a preference study: win rates, strengths, agreement, raters, tables and a page."""

from __future__ import annotations

from rvebench.study.analysis.measure import analyze_study
from rvebench.study.analysis.raters import RaterReport
from rvebench.study.analysis.results import (
    Agreement,
    CriterionResult,
    Findings,
    MethodResult,
    PairResult,
    StudyAnalysis,
)

__all__ = [
    "Agreement",
    "CriterionResult",
    "Findings",
    "MethodResult",
    "PairResult",
    "RaterReport",
    "StudyAnalysis",
    "analyze_study",
]
