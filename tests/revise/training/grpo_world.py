"""A tiny world for Edit-GRPO: the tiny-random policy with a batch, and a policy with a velocity in closed form."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from rvebench.revise.assembly import Parts, random_parts
from rvebench.revise.conditions import Conditions
from rvebench.revise.config import preset
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.config import GrpoConfig
from rvebench.revise.training.logs import LOG_NAME
from rvebench.revise.training.objectives.edit_grpo import EditGrpo
from rvebench.revise.training.policy import Policy, PolicyNet, set_trainable
from rvebench.revise.training.reference import ReferenceWeights
from rvebench.revise.training.rewards import RewardSet
from rvebench.storage import LogLine, read_lines

SHAPE = (16, 2, 4, 4)
"""Latents of 5 frames of 32x32."""


def tiny_parts() -> Parts:
    return random_parts(preset("tiny-random"), seed=3)


def tiny_policy(parts: Parts, *, bf16: bool = False) -> Policy:
    """A policy of its own weights, so that a test may change them."""
    fresh = random_parts(parts.config, seed=3)
    policy = Policy(
        parts.config,
        PolicyNet(fresh.dit, fresh.connector),
        tags=parts.tags,
        null=parts.null,
        compute_dtype=torch.bfloat16 if bf16 else torch.float32,
    )
    set_trainable(policy.net, ("transformer", "visual_context_adapter"))
    return policy


def tiny_batch(parts: Parts, count: int = 2, *, seed: int = 0) -> Batch:
    """Samples with contexts of different lengths, so that masks are in play."""
    made = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=made)

    assert parts.null.text_LD is not None
    return Batch(
        ids=tuple(f"sample-{index}" for index in range(count)),
        instructions=tuple(f"melt it {index} times" for index in range(count)),
        source_BCTHW=drawn(count, *SHAPE),
        target_BCTHW=drawn(count, *SHAPE),
        vlm=tuple(drawn(9 + 2 * index, parts.config.vlm.dim) for index in range(count)),
        text=tuple(drawn(5 + index, parts.config.text.dim) for index in range(count)) if parts.config.text else None,
        change_BTHW=torch.rand(count, *SHAPE[1:], generator=made),
        source_frames_BTHWC=torch.randint(0, 256, (count, 5, 32, 32, 3), generator=made, dtype=torch.uint8),
    )


class GaussianPolicy:
    """A policy whose clean latents are normal, with a mean that can be learnt and a fixed spread.

    Data N(m, d^2) and noise N(0, 1) give x_t ~ N((1 - s) m, S^2), S^2 = (1 - s)^2 d^2 + s^2, and the exact velocity
    E[noise - data | x_t] = -m + (s - (1 - s) d^2) / S^2 (x_t - (1 - s) m).
    """

    def __init__(self, shape: tuple[int, ...], *, mean: float = 0.0, spread: float = 0.5) -> None:
        self.net: Any = nn.Module()
        self.net.mean = nn.Parameter(torch.full(shape, mean))
        self.spread = spread
        self.device = torch.device("cpu")

    def conditions(self, batch: Batch, dropped: object = None) -> Conditions:
        return Conditions(context_BLD=torch.zeros(len(batch), 1, 1))

    def velocity(self, noisy: torch.Tensor, sigma_B: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        return exact_velocity(noisy, sigma_B, self.net.mean, self.spread)


def exact_velocity(noisy: torch.Tensor, sigma_B: torch.Tensor, mean: Any, spread: float) -> torch.Tensor:
    sigma = sigma_B.to(noisy).view(-1, *[1] * (noisy.ndim - 1))
    variance = (1 - sigma) ** 2 * spread**2 + sigma**2
    return -mean + (sigma - (1 - sigma) * spread**2) / variance * (noisy - (1 - sigma) * mean)


class IdentityVae:
    """Latents of three channels are the signal: one frame a latent, one pixel a cell."""

    def __init__(self) -> None:
        self.model = nn.Identity()

    def decode(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        return latents_BCTHW.clamp(-1, 1)


def plain_batch(count: int, *, target: float = 0.5, shape: tuple[int, int, int, int] = (3, 1, 2, 2)) -> Batch:
    """Samples for :class:`GaussianPolicy` whose target is one colour."""
    return Batch(
        ids=tuple(f"plain-{index}" for index in range(count)),
        instructions=("brighten it",) * count,
        source_BCTHW=torch.zeros(count, *shape),
        target_BCTHW=torch.full((count, *shape), target),
        vlm=tuple(torch.zeros(1, 1) for _ in range(count)),
        change_BTHW=torch.ones(count, *shape[1:]),
    )


def reward_of(score: Any, needs: frozenset[str] = frozenset()) -> Any:
    """A reward made of a function of edits."""
    return SimpleNamespace(needs=needs, modules={}, score=score)


class FirstChannels(IdentityVae):
    """The first three channels of latents are the signal."""

    def decode(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        return super().decode(latents_BCTHW[:, :3])


def shade_grpo(policy: Policy) -> EditGrpo:
    """Edit-GRPO towards light edits, small enough for the loop's tests; its reference is the policy as it is now."""
    rewards = reward_of(lambda edits: edits.edit_BTHWC.float().flatten(1).mean(1).tolist())
    return EditGrpo(
        GrpoConfig(group=2, steps=3, window=1),
        rewards=RewardSet(rewards={"shade": rewards}, weights={"shade": 1.0}),
        vae=FirstChannels(),  # type: ignore[arg-type]
        reference=ReferenceWeights(policy.net),
    )


def logged(out: Path) -> list[dict[str, Any]]:
    """The numbers of a training's log, step by step."""
    lines = [line.value for line in read_lines(out / LOG_NAME) if isinstance(line, LogLine)]
    return [line for line in lines if line.get("kind", "train") == "train" and "loss" in line]
