"""Analysis of a preference study: win rates, strengths, agreement, raters, tables and a page."""

from __future__ import annotations

from rvebench.study.analysis.files import write_analysis
from rvebench.study.analysis.measure import analyze_study
from rvebench.study.analysis.page import render_analysis
from rvebench.study.analysis.raters import RaterReport
from rvebench.study.analysis.ratings import ratings_csv
from rvebench.study.analysis.results import (
    Agreement,
    CriterionResult,
    Findings,
    MethodResult,
    PairResult,
    StudyAnalysis,
)
from rvebench.study.analysis.views import choose_method, facing

__all__ = [
    "Agreement",
    "CriterionResult",
    "Findings",
    "MethodResult",
    "PairResult",
    "RaterReport",
    "StudyAnalysis",
    "analyze_study",
    "choose_method",
    "facing",
    "ratings_csv",
    "render_analysis",
    "write_analysis",
]
