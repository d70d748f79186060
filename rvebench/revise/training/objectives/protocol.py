"""What an objective is to the loop.

An objective prepares a batch (rollouts, verdicts; nothing for most) into updates, each of which is a list of parts
whose gradients add up; and it gives the loss of one part. Losses are means over the part's samples: the loop weighs
them by how many samples each part has, over all ranks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch

from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.policy import Policy

__all__ = ["Objective", "Step", "WorkItem"]


class Step(NamedTuple):
    """The loss of one part of a batch."""

    loss: torch.Tensor
    """Scalar with gradient, a mean over the part's samples."""
    metrics: Mapping[str, float]
    """Means over the part's samples, by name; a name is left out where it does not apply (a closed gate, say)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkItem:
    """One part of a batch, ready for its loss."""

    batch: Batch
    extra: Any = None
    """What the objective's `prepare` computed for it, such as a rollout with advantages."""
    samples: int = 0
    """How many samples it stands for; 0 for the size of its batch."""

    @property
    def weight(self) -> int:
        """Samples that the loss is a mean over."""
        return self.samples or len(self.batch)


@runtime_checkable
class Objective(Protocol):
    """A way of training."""

    @property
    def name(self) -> str:
        """As in the configuration."""

    def prepare(self, batch: Batch, policy: Policy, draws: Draws, *, parts: int) -> Sequence[Sequence[WorkItem]]:
        """Turns a rank's batch into optimiser updates, each a list of parts; runs without gradient.

        Args:
            batch: this rank's samples, on the policy's device; may be empty on some ranks when data ran short.
            policy: the model.
            draws: where random numbers come from.
            parts: parts to split a batch in, for memory's sake.
        """

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:
        """Returns the loss of one part, with gradient.

        Args:
            item: a part that :meth:`prepare` made.
            policy: the model.
            draws: where random numbers come from.
            step: optimiser steps done before, for what warms up.
        """

    def frozen(self) -> Mapping[str, torch.nn.Module]:
        """Returns the networks that must never get a gradient, by name; the loop asserts it at every step."""
