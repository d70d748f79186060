"""The optimiser's side of a step: learning rate, gradient norm and clip, AdamW, averaged weights.

All of it works on what a rank holds of each tensor, so that sharded and whole tensors may stand side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from rvebench.revise.training.config_parts import OptimConfig
from rvebench.revise.training.sharding import is_sharded, local
from rvebench.revise.training.world import World

__all__ = ["Ema", "clip_gradients", "ema_decay", "gradient_norm", "learning_rate", "make_optimizer"]

NamedParameters = Sequence[tuple[str, nn.Parameter]]


def learning_rate(config: OptimConfig, step: int, steps: int) -> float:
    """Returns the rate of a step: up from 0 linearly, then constant, or down to `final_share` by cosine or a line.

    Args:
        config: rate, warm-up and schedule.
        step: steps done before, 0 to steps - 1. The first step of a warm-up has 1/warmup_steps of the rate.
        steps: steps in all; the last of them has `final_share` of the rate.
    """
    if step < config.warmup_steps:
        return config.lr * (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return config.lr
    span = max(1, steps - 1 - config.warmup_steps)
    done = min(1.0, (step - config.warmup_steps) / span)
    share = (1 + math.cos(math.pi * done)) / 2 if config.schedule == "cosine" else 1 - done
    return config.lr * (config.final_share + (1 - config.final_share) * share)


def make_optimizer(parameters: NamedParameters, config: OptimConfig) -> torch.optim.AdamW:
    """Returns AdamW over the parameters, sharded and whole ones in groups of their own; the loop sets the rate."""
    sharded = [parameter for _, parameter in parameters if is_sharded(parameter)]
    whole = [parameter for _, parameter in parameters if not is_sharded(parameter)]
    return torch.optim.AdamW(
        [{"params": group} for group in (sharded, whole) if group],
        lr=config.lr,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        weight_decay=config.weight_decay,
    )


def gradient_norm(parameters: NamedParameters, world: World) -> float:
    """Returns the norm of the whole gradient over all ranks; the same number on each. Not finite if any value is not.

    Whole tensors count once: their gradients are the same on every rank.
    """
    squares = {True: 0.0, False: 0.0}
    for sharded in squares:
        gradients = [
            local(parameter.grad)
            for _, parameter in parameters
            if parameter.grad is not None and is_sharded(parameter) is sharded and local(parameter.grad).numel()
        ]
        if gradients:
            norms = torch.stack(torch._foreach_norm(gradients))
            squares[sharded] = float(norms.double().square().sum())
    return math.sqrt(world.sum([squares[True]])[0] + squares[False])


def clip_gradients(parameters: NamedParameters, norm: float, most: float) -> None:
    """Scales all gradients so that their norm, which is `norm`, is at most `most`."""
    if norm <= most:
        return
    gradients = [local(parameter.grad) for _, parameter in parameters if parameter.grad is not None]
    torch._foreach_mul_(gradients, most / (norm + 1e-6))


def ema_decay(decay: float, updates: int) -> float:
    """Returns the decay after an update: min(decay, (1 + n) / (10 + n)), so that the weights at the start soon fade.

    Source: the moving averages of TensorFlow (`num_updates`).
    """
    return min(decay, (1 + updates) / (10 + updates))


class Ema:
    """Averages of the trained weights, fp32, sharded as they are.

    Args:
        parameters: what is trained; the averages start as copies.
        decay: the largest share of the old average that is kept, 0..1.
    """

    def __init__(self, parameters: NamedParameters, decay: float) -> None:
        self.decay = decay
        self._parameters = [parameter for _, parameter in parameters]
        self.tensors = {name: parameter.detach().clone() for name, parameter in parameters}
        """By name."""

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def update(self, updates: int) -> None:
        """Takes the weights in.

        Args:
            updates: optimiser steps done, this one included.
        """
        averages = [local(tensor) for tensor in self.tensors.values()]
        weights = [local(parameter) for parameter in self._parameters]
        torch._foreach_lerp_(averages, weights, 1 - ema_decay(self.decay, updates))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Puts the averages where the weights are while its body runs."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _swap(self) -> None:
        for average, parameter in zip(self.tensors.values(), self._parameters, strict=True):
            held, mean = local(parameter), local(average)
            kept = held.clone()
            held.copy_(mean)
            mean.copy_(kept)
