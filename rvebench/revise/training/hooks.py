"""What goes into a training loop beside the training, and the counters that come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rvebench.revise.training.heldout import HeldOut
from rvebench.revise.training.policy import Policy

__all__ = ["Counters", "Hooks", "Speed"]


@dataclass(slots=True)
class Counters:
    """What has been done; all of it is in a checkpoint."""

    step: int = 0
    """Batches done: the position in the data, and in the learning rate's schedule."""
    updates: int = 0
    """Optimiser steps done."""
    samples: int = 0
    """Learned from."""
    failures: int = 0
    """Samples that could not be read when they came."""
    skipped: int = 0
    """Steps of which nothing could be read on any rank."""
    skipped_running: int = 0
    """Of these, the last in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What a step costs and the hardware can, so that logs can say how well it is used."""

    flops_per_sample: float
    """Forward and backward, without what checkpointing computes again."""
    peak_flops: float | None = None
    """Of all GPUs together, FLOPs a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a training may be told to do beside learning; all ranks call each hook."""

    held_out: HeldOut | None = None
    grid: Callable[[Policy, Path], object] | None = None
    """Writes a PNG file of edits at fixed seeds (:mod:`rvebench.revise.training.grids`) on the first rank."""
    progress: Callable[[int, int], object] | None = None
    """Is given steps done, and steps in all."""
    warn: Callable[[str], object] = lambda _text: None
    """Is told, on the first rank, what a person should know."""
