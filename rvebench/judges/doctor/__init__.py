"""Whether a judge can be trusted: traps that a good judge does not fall for, and the card that says so.

`run` asks the judge, `traps` evaluates its answers, `card` writes them down; only the first does anything.
"""

from __future__ import annotations

from rvebench.judges.doctor.card import JudgeCard, SplitFacts, card_as_json, card_as_markdown, make_card
from rvebench.judges.doctor.findings import evaluate
from rvebench.judges.doctor.run import question_judge
from rvebench.judges.doctor.standing import Standing, read_standing
from rvebench.judges.doctor.traps import TRAPS, Answer, Case, Examination, Finding, Limits, Trap

__all__ = [
    "TRAPS",
    "Answer",
    "Case",
    "Examination",
    "Finding",
    "JudgeCard",
    "Limits",
    "SplitFacts",
    "Standing",
    "Trap",
    "card_as_json",
    "card_as_markdown",
    "evaluate",
    "make_card",
    "question_judge",
    "read_standing",
]
