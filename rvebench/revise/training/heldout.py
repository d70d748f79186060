"""Measurements on samples that are not trained on, and a watch over what they say of the reward.

A critic that trains cannot also be the judge: a policy learns its blind spots. The loop therefore takes an independent
measure, and warns where the critic's approval rises while that measure falls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from rvebench.revise.training.policy import Policy

__all__ = ["HeldOut", "HeldOutPoint", "hacking_since"]


class HeldOut(Protocol):
    """An independent measurement."""

    @property
    def metric(self) -> str:
        """The name among the results that says how good edits are; more is better."""

    def __call__(self, policy: Policy, step: int) -> Mapping[str, float]:
        """Returns results by name. All ranks call it, with the averaged weights in place; the first one's count.

        Args:
            policy: the model; no gradient is wanted.
            step: steps done.
        """


HeldOutPoint = Sequence[float]
"""Step, held-out metric, and the critic's mean approval since the point before."""


def hacking_since(history: Sequence[HeldOutPoint], *, most: int = 3) -> int | None:
    """Returns the step since which the critic's approval rose and the held-out metric fell at each measurement.

    Args:
        history: measurements in order.
        most: changes of that kind in a row that count as a trend.

    Returns:
        None where the last `most` changes are not all of that kind.
    """
    recent = history[-(most + 1) :]
    if len(recent) <= most:
        return None
    for before, after in pairwise(recent):
        if not (after[1] < before[1] and after[2] > before[2]):
            return None
    return int(recent[0][0])
