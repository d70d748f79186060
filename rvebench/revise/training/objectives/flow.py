"""Flow matching, the part that all objectives but edit-grpo share: what is drawn, the loss, its gradient, its metrics.

A step's random numbers are all drawn for the whole batch of a rank before it is split, so that splitting it into more
parts changes neither a number nor the sum of the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rvebench.errors import UsageError
from rvebench.revise.sampling.schedule import noise_latents, velocity_target
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config_parts import DropoutConfig, TimestepConfig
from rvebench.revise.training.policy import Dropped, Policy, draw_dropped
from rvebench.revise.training.timesteps import Gate, draw_sigmas

__all__ = [
    "SIGMA_BINS",
    "FlowDraw",
    "FlowState",
    "draw_flow",
    "element_weights",
    "flow_losses",
    "flow_metrics",
    "flow_state",
    "split_flow",
    "velocity_gradient",
]

SIGMA_BINS = 5
"""Equal bins of the noise level that the flow loss is reported in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowDraw:
    """What chance decides for the samples of a part."""

    sigma_B: torch.Tensor
    """fp64, on the CPU."""
    below_B: torch.Tensor
    """Bool: whether the gate of the reason loss is open."""
    noise_BCTHW: torch.Tensor
    dropped: Dropped

    def take(self, low: int, high: int) -> FlowDraw:
        """Returns the draws of the samples low..high - 1."""
        dropped = self.dropped
        return FlowDraw(
            sigma_B=self.sigma_B[low:high],
            below_B=self.below_B[low:high],
            noise_BCTHW=self.noise_BCTHW[low:high],
            dropped=Dropped(
                text_B=dropped.text_B[low:high],
                vlm_B=dropped.vlm_B[low:high],
                source_B=dropped.source_B[low:high],
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowState:
    """The policy's answer on noisy targets."""

    noisy_BCTHW: torch.Tensor
    velocity_BCTHW: torch.Tensor
    """With gradient."""
    wanted_BCTHW: torch.Tensor
    """noise - target."""
    sigma_B: torch.Tensor
    """In the latents' dtype, on their device."""


def draw_flow(
    batch: Batch, timesteps: TimestepConfig, dropout: DropoutConfig, draws: Draws, gate: Gate | None = None
) -> FlowDraw:
    """Draws noise levels, noise and dropped conditions of a rank's batch, which may be empty."""
    levels = draw_sigmas(len(batch), timesteps, draws, gate=gate)
    return FlowDraw(
        sigma_B=levels.sigma_B,
        below_B=levels.below_B,
        noise_BCTHW=draws.normal_like(batch.target_BCTHW),
        dropped=draw_dropped(len(batch), dropout, draws),
    )


def split_flow(batch: Batch, draw: FlowDraw, parts: int) -> list[tuple[Batch, FlowDraw]]:
    """Returns the batch in up to `parts` parts with the draws of each; no part is empty."""
    pieces, low = [], 0
    for piece in batch.split(parts):
        pieces.append((piece, draw.take(low, low + len(piece))))
        low += len(piece)
    return pieces


def flow_state(batch: Batch, draw: FlowDraw, policy: Policy) -> FlowState:
    """Asks the policy for the velocity at the drawn noise levels."""
    sigma_B = draw.sigma_B.to(batch.target_BCTHW)
    noisy = noise_latents(batch.target_BCTHW, draw.noise_BCTHW, sigma_B)
    # The level is told in fp64, so that it is rounded once, as samplers do.
    told_B = draw.sigma_B.to(batch.target_BCTHW.device)
    velocity = policy.velocity(noisy, told_B, policy.conditions(batch, draw.dropped))
    return FlowState(
        noisy_BCTHW=noisy,
        velocity_BCTHW=velocity,
        wanted_BCTHW=velocity_target(batch.target_BCTHW, draw.noise_BCTHW),
        sigma_B=sigma_B,
    )


def element_weights(batch: Batch, mask_weight: float) -> torch.Tensor | None:
    """Returns 1 + w M of each latent, (B, 1, T, H, W), or None where all are 1.

    Source: VIVA, arXiv 2512.16906: M is what the edit changes. It raises the loss; it is not normalised away.

    Raises:
        UsageError: there is a weight, and the batch does not say what its edits change.
    """
    if mask_weight == 0:
        return None
    if batch.change_BTHW is None:
        raise UsageError(
            "sft.mask_weight needs to know what the edits change, and the data does not say",
            hint="use data with masks, or mask_weight 0",
        )
    return 1 + mask_weight * batch.change_BTHW[:, None]


def flow_losses(state: FlowState, weights: torch.Tensor | None) -> torch.Tensor:
    """Returns the loss of each sample (B,): the weighted mean square of velocity - wanted (arXiv 2512.09924, eq. 2)."""
    squares = (state.velocity_BCTHW - state.wanted_BCTHW).square()
    if weights is not None:
        squares = squares * weights
    return squares.flatten(1).mean(dim=1)


def velocity_gradient(state: FlowState, weights: torch.Tensor | None) -> torch.Tensor:
    """Returns the gradient of each sample's own loss at its velocity, detached, of the velocity's shape."""
    apart = state.velocity_BCTHW.detach() - state.wanted_BCTHW
    if weights is not None:
        apart = apart * weights
    return 2 * apart / apart[0].numel()


def flow_metrics(losses_B: torch.Tensor, sigma_B: torch.Tensor) -> dict[str, float]:
    """Returns the mean loss, and that of each bin of noise levels that has samples (`flow_loss/0.2-0.4`)."""
    found = {"flow_loss": float(losses_B.detach().mean())}
    bins = (sigma_B * SIGMA_BINS).long().clamp(0, SIGMA_BINS - 1).tolist()
    by_bin: dict[int, list[float]] = {}
    for place, loss in zip(bins, losses_B.detach().tolist(), strict=True):
        by_bin.setdefault(place, []).append(loss)
    for place in sorted(by_bin):
        name = f"flow_loss/{place / SIGMA_BINS:.1f}-{(place + 1) / SIGMA_BINS:.1f}"
        found[name] = _mean(by_bin[place])
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
