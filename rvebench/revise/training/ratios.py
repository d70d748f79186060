"""The clipped policy loss of Edit-GRPO, edit by edit."""

from __future__ import annotations

from typing import NamedTuple

import torch

from rvebench.revise.training.rollouts import Transition

__all__ = ["GrpoTerms", "clipped_loss"]


class GrpoTerms(NamedTuple):
    """One stochastic step's loss, each of shape (B,)."""

    policy_B: torch.Tensor
    """With gradient, fp32."""
    ratio_B: torch.Tensor
    """Density under the current weights over that of the rollout, with gradient."""
    clipped_B: torch.Tensor
    """Bool: the clip took the edit's gradient."""


def clipped_loss(
    log_prob_B: torch.Tensor,
    mean: torch.Tensor,
    transition: Transition,
    advantages_B: torch.Tensor,
    *,
    clip_range: float,
    ratio_norm: bool = False,
) -> GrpoTerms:
    """Returns the policy loss of each edit, fp32, (B,).

    With `ratio_norm` the log-ratio gets back the drift of the mean and is scaled by the step's deviation, so that it
    is centred at 0 at all noise levels, and the loss is divided by the step's length (GRPO-Guard, arXiv 2510.22319):
    r = exp(std (log p - log p_old + (mu - mu_old)^2 / (2 std^2))), L / -dt.

    Args:
        log_prob_B: under the current weights, with gradient.
        mean: of the step under the current weights, with gradient.
        transition: what the rollout did.
        advantages_B: of the edits.
        clip_range: c, the same above and below 1.
        ratio_norm: see above.
    """
    step = transition.step
    log_ratio_B = log_prob_B - transition.log_prob_B
    if ratio_norm:
        log_ratio_B = (log_ratio_B + step.divergence(mean, transition.mean_BCTHW)) * step.std
    ratio_B = log_ratio_B.exp()
    held_B = ratio_B.clamp(1 - clip_range, 1 + clip_range)
    policy_B = torch.maximum(-advantages_B * ratio_B, -advantages_B * held_B)
    if ratio_norm:
        policy_B = policy_B / -step.dt
    beyond_B = torch.where(advantages_B > 0, ratio_B > 1 + clip_range, ratio_B < 1 - clip_range)
    return GrpoTerms(policy_B, ratio_B, beyond_B & (advantages_B != 0))
