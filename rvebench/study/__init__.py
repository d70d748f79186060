"""Human preference studies: design, web server, answers."""

from __future__ import annotations

from rvebench.study.folder import Answers, read_answers, read_study, write_study
from rvebench.study.records import (
    CONTROLS,
    COPY,
    NOISE,
    TARGET,
    Answer,
    Check,
    Consent,
    Design,
    Media,
    Method,
    Question,
    Remark,
    Rules,
    Study,
    StudySample,
    Trial,
    TrialKind,
)

__all__ = [
    "CONTROLS",
    "COPY",
    "NOISE",
    "TARGET",
    "Answer",
    "Answers",
    "Check",
    "Consent",
    "Design",
    "Media",
    "Method",
    "Question",
    "Remark",
    "Rules",
    "Study",
    "StudySample",
    "Trial",
    "TrialKind",
    "read_answers",
    "read_study",
    "write_study",
]
