"""Asking a judge without trusting it: what comes back is a verdict that can be recorded, whatever the judge did."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

from rvebench.judges.protocol import Judge
from rvebench.llm.faults import BudgetError, FatalCallError
from rvebench.records import Verdict
from rvebench.scoring import check_scores
from rvebench.taxonomy import Status
from rvebench.video import Comparison

__all__ = ["Repeatable", "repeat_of", "sound_verdict"]


@runtime_checkable
class Repeatable(Protocol):
    """A judge with independent verdicts: without this, asking again may find the first reply in a cache."""

    def repeated(self, repeat: int) -> Judge:
        """Returns the judge that gives the verdict number `repeat`, from 0; it shares connections and weights."""
        ...


def repeat_of(judge: Judge, repeat: int) -> Judge:
    """Returns the judge that gives the verdict number `repeat`; the judge itself where it makes no difference."""
    return judge.repeated(repeat) if repeat and isinstance(judge, Repeatable) else judge


async def sound_verdict(judge: Judge, comparison: Comparison) -> Verdict:
    """Returns the verdict, unjudged with a reason where the judge raised or answered with something else.

    Raises:
        FatalCallError: no question can be answered like this.
        BudgetError: the next call could cost more than is left.
    """
    sample = comparison.sample
    try:
        judging = judge.judge(comparison)
        del comparison  # a judge that is done with the frames before it is done with the verdict lets them go
        verdict = await judging
        if verdict.sample_id != sample.id:
            raise ValueError(f"a verdict on {verdict.sample_id!r}, which it was not shown")
        if verdict.status is Status.OK:
            return replace(verdict, scores=check_scores(sample.subset, verdict.scores))
        reason = verdict.reason or "the judge gave no reason"
        return replace(verdict, status=Status.UNJUDGED, scores={}, reason=reason)
    except (FatalCallError, BudgetError):
        raise
    except Exception as error:  # the per-unit boundary: judges are other people's programs
        reason = f"the judge raised {type(error).__name__}: {error}"
    return Verdict(sample_id=sample.id, status=Status.UNJUDGED, reason=reason)
