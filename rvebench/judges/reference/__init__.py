"""The judge that compares an edit with the sample's target video: numpy only, pure functions on arrays."""

from __future__ import annotations

from rvebench.judges.reference.constants import CONSTANTS, Constants
from rvebench.judges.reference.judge import LABEL, ReferenceJudge, judge_comparison

__all__ = ["CONSTANTS", "LABEL", "Constants", "ReferenceJudge", "judge_comparison"]
