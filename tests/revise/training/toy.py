"""A tiny model, a few random samples, and plain flow matching: what the loop's tests train, in any process."""

from __future__ import annotations

import copy
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from rvebench.revise.assembly import Parts, random_parts
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config import TrainConfig, training_preset
from rvebench.revise.training.hooks import Hooks
from rvebench.revise.training.loop import Trainer
from rvebench.revise.training.objectives.protocol import Step, WorkItem
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.source import MemorySource
from rvebench.revise.training.world import World

LOOP = ("loop.steps=6", "loop.log_every=1", "loop.save_every=100", "loop.batch_size=4")


class Toy:
    """Flow matching. By ids, a sample's noise does not depend on the rank it is on; else it comes from the draws."""

    name = "toy"

    def __init__(self, *, by_id: bool = False, bad: str = "", pause_s: float = 0.0) -> None:
        self.by_id = by_id
        self.bad = bad
        self.pause_s = pause_s
        self.gates: list[bool] = []
        self.seen: list[str] = []
        self.watched: Mapping[str, torch.nn.Module] = {}

    def prepare(self, batch: Batch, policy: Policy, draws: Draws, *, parts: int) -> Sequence[Sequence[WorkItem]]:
        return [[WorkItem(batch=part) for part in batch.split(parts)]]

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:
        batch = item.batch
        self.gates.append(draws.shared_uniform() < 0.4)
        self.seen.extend(batch.ids)
        if self.by_id:
            seeds = [torch.Generator().manual_seed(zlib.crc32(f"{each} {step}".encode())) for each in batch.ids]
            sigma = torch.stack([torch.rand((), generator=seed) for seed in seeds])
            noise = torch.stack([torch.randn(batch.target_BCTHW.shape[1:], generator=seed) for seed in seeds])
        else:
            sigma = draws.uniform(len(batch)).float()
            noise = draws.normal_like(batch.target_BCTHW)
        noisy = batch.target_BCTHW.lerp(noise, sigma.view(-1, 1, 1, 1, 1))
        velocity = policy.velocity(noisy, sigma, policy.conditions(batch))
        loss = (velocity - (noise - batch.target_BCTHW)).square().mean()
        if self.bad in batch.ids:
            loss = loss * float("nan")
        return Step(loss, {"sigma": float(sigma.mean())})

    def frozen(self) -> Mapping[str, torch.nn.Module]:
        return self.watched


def samples(count: int = 10, *, seed: int = 0) -> Batch:
    """Returns random samples of two latents of 4x8, and VLM states of unequal lengths."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randn(count, 16, 2, 4, 8, generator=generator)
    target = source + 0.3 * torch.randn(count, 16, 2, 4, 8, generator=generator)
    states = tuple(torch.randn(5 + index % 3, 48, generator=generator) for index in range(count))
    texts = tuple(torch.randn(4 + index % 2, 32, generator=generator) for index in range(count))
    return Batch(
        ids=tuple(f"s{index}" for index in range(count)),
        instructions=("do it",) * count,
        source_BCTHW=source,
        target_BCTHW=target,
        vlm=states,
        text=texts,
    )


def config(*changes: str) -> TrainConfig:
    return training_preset("tiny-random").with_changes((*LOOP, *changes))


@cache
def _parts() -> Parts:
    return random_parts(training_preset("tiny-random").model, seed=3)


def parts() -> Parts:
    """Returns a model whose transformer and connector are the caller's own."""
    made = _parts()
    return replace(made, dit=copy.deepcopy(made.dit), connector=copy.deepcopy(made.connector))


def trainer(
    out: Path,
    *changes: str,
    objective: Toy | None = None,
    world: World | None = None,
    data: Batch | None = None,
    source: Any = None,
    **hooks: Any,
) -> Trainer:
    settings = config(*changes)
    source = source or MemorySource(data or samples(), batch_size=settings.loop.batch_size, seed=settings.loop.seed)
    policy = Policy.of(parts())
    return Trainer(settings, policy, objective or Toy(), source, out=out, world=world, hooks=replace(Hooks(), **hooks))


def state_of(trained: Trainer) -> dict[str, torch.Tensor]:
    """Returns weights, averages and moments, whole."""
    whole = {}
    for name, tensor in trained._tensors().items():
        whole[name] = (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).clone()
    return whole


def equal(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def distance(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> float:
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def quiet_threads() -> None:
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
