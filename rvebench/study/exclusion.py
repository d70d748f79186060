"""Whose answers are left out: a rule that stands in the study before anybody has answered.

Every share is of one rater's own answers. A rater is left out when any line of the rule is broken; the analysis shows
every number with and without the raters who break it, and never drops a single answer.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Exclusion"]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Exclusion(BaseModel):
    """The lines that a rater must not cross. The defaults catch who does not look, not who sees otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_failed_checks: Share = 0.5
    """Share of attention checks failed above which a rater is left out."""
    least_consistency: Share = 0.5
    """Share of pairs ordered as before, over duplicates, below which a rater is left out (a tie against an order
    counts half: 0.5 is what chance gives)."""
    fewest_duplicate_pairs: Annotated[int, Field(ge=1)] = 6
    """Pairs seen twice below which consistency decides nothing."""
    least_median_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    """Median seconds spent on a trial below which a rater is left out."""
    most_one_side: Share = 0.9
    """Share of decided trials whose best clip stood at one same end above which a rater is left out."""
    most_same_pattern: Share = 0.9
    """Share of trials answered with one same pattern of numbers, from left to right, above which a rater is left out:
    straight-lining."""
    fewest_trials: Annotated[int, Field(ge=1)] = 10
    """Main trials answered below which side, pattern and seconds decide nothing."""
