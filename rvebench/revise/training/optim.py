"""The optimiser's side of a step: learning rate, gradient norm and clip, AdamW and Muon, averaged weights.

All of it works on what a rank holds of each tensor, so that sharded and whole tensors may stand side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from rvebench.revise.training.config_parts import OptimConfig
from rvebench.revise.training.muon import Muon, is_for_muon
from rvebench.revise.training.sharding import is_sharded, local
from rvebench.revise.training.world import World

__all__ = ["Ema", "Optimizers", "clip_gradients", "ema_decay", "gradient_norm", "learning_rate"]

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


class Optimizers:
    """AdamW, and Muon for hidden matrices where the configuration asks for it, as one optimiser.

    Args:
        parameters: what is trained, by name; sharded and whole ones may stand side by side.
        config: rates, moments, decay. Muon takes no part in `beta1`, `beta2` and `eps`.
        decay_vectors: whether biases and gains decay towards 0 as well.
    """

    def __init__(self, parameters: NamedParameters, config: OptimConfig, *, decay_vectors: bool = True) -> None:
        chosen = {name for name, weight in parameters if config.muon_lr is not None and is_for_muon(name, weight)}
        others = [weight for name, weight in parameters if name not in chosen]
        groups = [
            {"params": group, "weight_decay": config.weight_decay if decays else 0.0}
            for decays, group in _groups(others, decay_vectors)
        ]
        self._config = config
        self._parts: list[tuple[torch.optim.Optimizer, float]] = []
        """With the rate at the schedule's height."""
        if groups:
            adam = torch.optim.AdamW(groups, lr=config.lr, betas=(config.beta1, config.beta2), eps=config.eps)
            self._parts.append((adam, config.lr))
        if chosen and config.muon_lr is not None:
            hidden = [weight for name, weight in parameters if name in chosen]
            muon = Muon(hidden, lr=config.muon_lr, weight_decay=config.weight_decay)
            self._parts.append((muon, config.muon_lr))
        self._owners = {
            weight: optimizer
            for optimizer, _ in self._parts
            for group in optimizer.param_groups
            for weight in group["params"]
        }

    def set_rate(self, rate: float) -> None:
        """Sets AdamW's rate, and Muon's in proportion."""
        for optimizer, height in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = height * rate / self._config.lr

    def step(self) -> None:
        """Takes one step with the gradients that there are."""
        for optimizer, _ in self._parts:
            optimizer.step()

    def zero_grad(self) -> None:
        """Drops all gradients."""
        for optimizer, _ in self._parts:
            optimizer.zero_grad(set_to_none=True)

    def state_of(self, weight: nn.Parameter) -> dict[str, Any]:
        """Returns the moments of a weight by name, and AdamW's count of steps as `step`; empty before its first."""
        held: dict[str, Any] = self._owners[weight].state.get(weight, {})
        return held

    def restore(self, weight: nn.Parameter, state: Mapping[str, torch.Tensor]) -> None:
        """Puts the moments of a weight in place."""
        self._owners[weight].state[weight] = dict(state)

    def blank(self, weight: nn.Parameter, steps: float) -> None:
        """Gives a weight moments of zero, to be filled with saved ones.

        Args:
            weight: whose.
            steps: that it has taken.
        """
        if isinstance(self._owners[weight], Muon):
            self.restore(weight, {"momentum": torch.zeros_like(weight)})
        else:
            moments = {name: torch.zeros_like(weight) for name in ("exp_avg", "exp_avg_sq")}
            self.restore(weight, {"step": torch.tensor(steps), **moments})


def _groups(weights: Sequence[nn.Parameter], decay_vectors: bool) -> Iterator[tuple[bool, list[nn.Parameter]]]:
    """Yields the weights by kind, with whether they decay: fused steps want sharded and whole ones apart."""
    for sharded in (True, False):
        for decays in (True, False):
            group = [
                weight
                for weight in weights
                if is_sharded(weight) is sharded and (decay_vectors or weight.ndim >= 2) is decays
            ]
            if group:
                yield decays, group


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
