"""Group-relative advantages: how much better an edit is than the other edits of the same sample.

A = (r - mean of the group) / std, std that of the group or of all rewards of the step, over all ranks (GRPO, arXiv
2402.03300; Flow-GRPO, arXiv 2505.05470). A group whose rewards are all alike says nothing: its edits are left out, of
the policy loss and of the divergence, and the rest is weighed as if they had not been drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.distributed as dist

__all__ = ["Advantages", "group_advantages", "sum_over_ranks"]

EPS = 1e-4
"""Added to every standard deviation, as in the published code."""

_ALIKE = 1e-9
"""Rewards of a group that spread by no more than this share of their size are alike: rounding tells no edit apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Advantages:
    """Of a rank's groups; fp32 and bool, on the CPU."""

    values_BG: torch.Tensor
    """0 for what is left out."""
    kept_BG: torch.Tensor
    """Edits that count."""
    scale: float
    """All edits over those kept, over all ranks: times a mean over all edits it is a mean over the kept; 0 if none."""
    alike: int
    """Groups of this rank whose rewards are all alike."""
    unread: int
    """Edits of this rank without a reward."""
    within: float
    """Mean standard deviation of this rank's groups that count, in rewards; 0 without any."""
    clipped: float
    """Share of this rank's kept edits whose advantage was clipped, 0..1."""


def sum_over_ranks(values: torch.Tensor, device: torch.device | str = "cpu") -> torch.Tensor:
    """Returns the sum of a tensor over all ranks, on the CPU; the tensor itself where there is one process.

    Every rank must call it, with a tensor of the same shape: one that has nothing to add gives zeros.

    Args:
        values: to be summed.
        device: where the process group's backend wants its tensors.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return values.cpu()
    moved = values.detach().clone().to(device)
    dist.all_reduce(moved)
    return moved.cpu()


def group_advantages(
    rewards_BG: torch.Tensor,
    *,
    std: Literal["group", "global"] = "group",
    clip: float = 5.0,
    counts: bool = True,
    device: torch.device | str = "cpu",
) -> Advantages:
    """Returns the advantages of a rank's edits. A collective call: every rank makes it once, without samples too.

    Means and deviations are of the population, in fp64, over the edits that have a reward.

    Args:
        rewards_BG: one row a sample; NaN where an edit has no reward. No rows on a rank without samples.
        std: what to divide by; global is one number for all ranks.
        clip: largest absolute value.
        counts: whether this rank's edits are part of what is summed over ranks; borrowed ones are not.
        device: see :func:`sum_over_ranks`.
    """
    rewards = rewards_BG.detach().double().cpu()
    read = rewards.isfinite()
    count_B1 = read.sum(1, keepdim=True)
    zeroed = rewards.where(read, 0.0)
    mean_B1 = zeroed.sum(1, keepdim=True) / count_B1.clamp(min=1)
    centred = (zeroed - mean_B1).where(read, 0.0)
    deviation_B1 = (centred.square().sum(1, keepdim=True) / count_B1.clamp(min=1)).sqrt()

    size_B1 = zeroed.abs().amax(1, keepdim=True) if rewards.numel() else deviation_B1
    alike_B1 = (count_B1 > 0) & (deviation_B1 <= _ALIKE * size_B1)
    kept = read & ~alike_B1 & (count_B1 > 1)

    own = torch.tensor([read.sum(), zeroed.sum(), kept.sum(), read.numel()], dtype=torch.float64)
    totals = sum_over_ranks(own * counts, device)
    spread = deviation_B1
    if std == "global":
        # A second sum, about the mean: squares of large rewards would cancel.
        mean = totals[1] / totals[0].clamp(min=1)
        squares = sum_over_ranks((zeroed - mean).where(read, 0.0).square().sum()[None] * counts, device)
        spread = (squares / totals[0].clamp(min=1)).sqrt()
    raw = (centred / (spread + EPS)).where(kept, 0.0)
    values = raw.clamp(-clip, clip)
    held = int(kept.sum())
    counting = kept.any(1)
    return Advantages(
        values_BG=values.float(),
        kept_BG=kept,
        scale=float(totals[3] / totals[2]) if totals[2] > 0 else 0.0,
        alike=int(alike_B1.sum()),
        unread=int((~read).sum()),
        within=float(deviation_B1[counting].mean()) if counting.any() else 0.0,
        clipped=int((raw.abs() > clip).sum()) / held if held else 0.0,
    )
