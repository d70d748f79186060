"""What a judge must offer: a description of itself, and a verdict on one comparison."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from rvebench.records import JudgeInfo, Verdict
from rvebench.video import Comparison

__all__ = ["Judge"]


@runtime_checkable
class Judge(Protocol):
    """A judge of edits.

    A judge that cannot answer (transport fault, refusal, reply that does not parse, no target to compare with)
    returns a verdict with status unjudged and a reason. It never invents a number.
    """

    @property
    def info(self) -> JudgeInfo:
        """The judge's description; reading it makes no call."""
        ...

    async def judge(self, comparison: Comparison) -> Verdict:
        """Returns the verdict on one edit. CPU-bound judges hand the work to a thread."""
        ...
