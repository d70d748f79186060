"""The files of an analysis: numbers for programs, a page for people, ratings for `rvebench correlate`."""

from __future__ import annotations

import json
from pathlib import Path

from rvebench.errors import UsageError
from rvebench.storage import atomic_write_text
from rvebench.study.analysis.page import render_analysis
from rvebench.study.analysis.ratings import ratings_csv
from rvebench.study.analysis.results import StudyAnalysis
from rvebench.study.folder import Answers
from rvebench.study.records import Study

__all__ = ["ANALYSIS_NAME", "EVERYONE_NAME", "PAGE_NAME", "RATINGS_NAME", "write_analysis"]

ANALYSIS_NAME = "analysis.json"
PAGE_NAME = "analysis.html"
RATINGS_NAME = "ratings.csv"
EVERYONE_NAME = "ratings-everyone.csv"
"""With the raters whom the rule leaves out; only where there are any."""


def write_analysis(out: Path, study: Study, answers: Answers, found: StudyAnalysis, *, focus: str) -> tuple[Path, ...]:
    """Writes all files of an analysis into a folder, made if absent, and returns their paths.

    The same study, answers and seed give the same bytes.

    Raises:
        UsageError: `out` is a file.
        StorageError: a file cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise UsageError("--out is a file, not a folder", where=out, hint="name a folder")
    texts = {
        ANALYSIS_NAME: json.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        PAGE_NAME: render_analysis(found, focus=focus),
        RATINGS_NAME: ratings_csv(study, answers, frozenset(found.main.raters)),
    }
    left_out = found.main is not found.everyone
    if left_out:
        texts[EVERYONE_NAME] = ratings_csv(study, answers, frozenset(found.everyone.raters))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        atomic_write_text(out / name, text)
    if not left_out:
        # Of an earlier analysis, when somebody was left out.
        (out / EVERYONE_NAME).unlink(missing_ok=True)
    return tuple(out / name for name in texts)
