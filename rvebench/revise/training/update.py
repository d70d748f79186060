"""One optimiser update: the losses of its parts, their gradients over all ranks, and what must be checked of them.

Losses are means over a part's samples. Each is weighed by its samples over those of all parts of all ranks, and
gradients are added up, so that the update is that of the mean over the whole batch however it is spread.

A sharded transformer is gathered by all ranks together, so each rank must run as many passes as every other. A rank
that has fewer parts runs one of its own, or a borrowed one, again with weight zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import nn

from rvebench.revise.training.batch import Draws
from rvebench.revise.training.config_parts import OptimConfig
from rvebench.revise.training.guards import DivergedError, FrozenGuard, not_finite_inputs
from rvebench.revise.training.logs import Meter
from rvebench.revise.training.objectives.protocol import Objective, WorkItem
from rvebench.revise.training.optim import Ema, Optimizers, clip_gradients, gradient_norm
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.sharding import sum_whole_gradients
from rvebench.revise.training.world import World

__all__ = ["Counts", "Updater"]

_NAMED = 3


class Counts(NamedTuple):
    """What an update will be, the same on every rank."""

    samples: float
    """Over all parts of all ranks."""
    passes: int
    """Forward and backward passes of each rank."""


class Updater:
    """Runs updates.

    Args:
        objective: gives losses.
        policy: the model.
        parameters: what is trained, by name.
        optimizer: over them.
        config: clip and rate.
        world: the ranks.
        guard: watches frozen networks.
        draws: random numbers.
        ema: averages; None for none.
        meter: is given the metrics.
        warn: is told of trained tensors that get no gradient.
    """

    def __init__(
        self,
        objective: Objective,
        policy: Policy,
        *,
        parameters: Sequence[tuple[str, nn.Parameter]],
        optimizer: Optimizers,
        config: OptimConfig,
        world: World,
        guard: FrozenGuard,
        draws: Draws,
        ema: Ema | None,
        meter: Meter,
        warn: Callable[[str], object],
    ) -> None:
        self.objective = objective
        self.policy = policy
        self.parameters = parameters
        self.optimizer = optimizer
        self.config = config
        self.world = world
        self.guard = guard
        self.draws = draws
        self.ema = ema
        self.meter = meter
        self.warn = warn
        self._first = True

    def run(self, items: Sequence[WorkItem], spare: WorkItem, *, real: bool, updates: int, rate: float) -> bool:
        """Runs one update, and returns whether there was anything to learn from on any rank.

        Args:
            items: this rank's parts.
            spare: a part to run with weight zero where other ranks have more.
            real: whether the parts are this rank's own samples; borrowed ones weigh nothing.
            updates: updates done before.
            rate: the learning rate.

        Raises:
            DivergedError: a loss or the gradient is no number; nothing was changed.
            FrozenChangedError: a frozen network got a gradient or was written to.
        """
        counts = self._counts(items, real=real)
        if not counts.samples:
            return False
        bad: list[WorkItem] = []
        for index in range(counts.passes):
            item = items[index] if index < len(items) else spare
            weight = item.weight if real and index < len(items) else 0
            step = self.objective.loss(item, self.policy, self.draws, step=updates)
            if not bool(torch.isfinite(step.loss.detach())) and weight:
                bad.append(item)
            else:
                self.meter.add({"loss": float(step.loss.detach()), **step.metrics}, weight)
            if step.loss.requires_grad:
                (step.loss * (weight / counts.samples)).backward()
        sum_whole_gradients([parameter for _, parameter in self.parameters], self.world)
        norm = gradient_norm(self.parameters, self.world)
        self._require_finite(bad, items if real else (), norm, updates)
        self.guard.check()
        if self._first:
            self._tell_idle()
        clip_gradients(self.parameters, norm, self.config.clip_norm)
        self.optimizer.set_rate(rate)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.ema is not None:
            self.ema.update(updates + 1)
        if self.world.first:
            clipped = float(norm > self.config.clip_norm)
            self.meter.add({"gradient_norm": norm, "clipped_share": clipped, "lr": rate}, 1)
        return True

    def _tell_idle(self) -> None:
        """Tells, at the first update, which trained tensors no loss reads."""
        self._first = False
        idle = [name for name, parameter in self.parameters if parameter.grad is None]
        if idle:
            more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
            self.warn(f"trained tensors without a gradient, which stay as they are: {', '.join(idle[:_NAMED])}{more}")

    def _counts(self, items: Sequence[WorkItem], *, real: bool) -> Counts:
        own = sum(item.weight for item in items) if real else 0
        samples = self.world.sum([own])[0]
        return Counts(samples, int(self.world.most([len(items)])[0]))

    def _require_finite(self, bad: Sequence[WorkItem], items: Sequence[WorkItem], norm: float, updates: int) -> None:
        """Raises the same error on all ranks where one has a loss, or all have a gradient, that is no number."""
        finite = norm < float("inf")  # false for NaN
        named = [blame for item in bad for blame in _blame(item)]
        every = self.world.gather(named)
        blamed = [blame for rank in every for blame in rank]
        if not blamed and finite:
            return
        self.optimizer.zero_grad()
        what = "the loss" if blamed else "the gradient"
        if not blamed:
            # The loss is a number and its gradient is not: any part may be the cause.
            seen = [blame for item in items for blame in _blame(item)]
            blamed = [blame for rank in self.world.gather(seen) for blame in rank]
        raise DivergedError(
            f"{what} is not a finite number after {updates} updates",
            where=", ".join(dict.fromkeys(blamed)),
            hint="look at these samples, or lower optim.lr or optim.clip_norm",
        )


def _blame(item: WorkItem) -> list[str]:
    """Returns the samples of a part whose values are no numbers, with the field; all of the part where none is."""
    found = not_finite_inputs(item.batch)
    return [f"{each} ({field})" for each, field in found.items()] or list(item.batch.ids)
