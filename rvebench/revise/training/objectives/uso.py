"""Unified semantic optimisation: flow matching, and a frozen critic's verdict on the one-step estimate (eq. 3-5).

The estimate x0 = x_t - sigma v is decoded and shown to the critic, and L_reason = -log sigmoid of its relative log-odds
goes back through the critic, the VAE and the estimate into the transformer. Here this is done in two halves. On a
detached estimate, the graph of VAE and critic gives g = dL_reason/dx0 and is freed; the loss then holds the term
<x0, g>, whose gradient at the weights is the chain rule's other half, so that both graphs never are in memory at once
and the transformer goes backward once. The loss that is reported is L_FM + lambda L_reason itself.

A sample whose words or source were dropped for guidance gets no reason loss: the critic would blame an edit for not
following what the model was not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn.functional import cosine_similarity, softplus

from rvebench.revise.sampling.schedule import x0_of
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config_parts import DropoutConfig, SftConfig, TimestepConfig, UsoConfig
from rvebench.revise.training.objectives.flow import (
    FlowDraw,
    draw_flow,
    element_weights,
    flow_losses,
    flow_metrics,
    flow_state,
    split_flow,
    velocity_gradient,
)
from rvebench.revise.training.objectives.protocol import Step, WorkItem
from rvebench.revise.training.objectives.verdicts import Verdict, Verdicts, relative_logit
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.timesteps import Gate

__all__ = ["Reason", "Uso", "capped_scale", "judged_samples", "reason_weight"]

_TAUGHT = 0.95
"""Sigmoid of the relative log-odds above which a sample teaches little: a twentieth of the gradient is left."""
_CERTAIN = 0.99


class Reason(NamedTuple):
    """The reason loss of one sample, with its gradient at the estimate."""

    loss: float
    gradient_CTHW: torch.Tensor
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Uso:
    """See :class:`rvebench.revise.training.objectives.protocol.Objective`."""

    config: UsoConfig
    sft: SftConfig
    timesteps: TimestepConfig
    dropout: DropoutConfig
    verdicts: Verdicts

    @property
    def name(self) -> str:
        return "uso"

    def prepare(
        self,
        batch: Batch,
        policy: Policy,  # noqa: ARG002
        draws: Draws,
        *,
        parts: int,
    ) -> Sequence[Sequence[WorkItem]]:
        gate = Gate(tau=self.config.tau, mode=self.config.gate)
        draw = draw_flow(batch, self.timesteps, self.dropout, draws, gate)
        return [[WorkItem(batch=piece, extra=drawn) for piece, drawn in split_flow(batch, draw, parts)]]

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:  # noqa: ARG002
        batch, draw = item.batch, item.extra
        state = flow_state(batch, draw, policy)
        weights = element_weights(batch, self.sft.mask_weight)
        losses_B = flow_losses(state, weights)
        metrics = flow_metrics(losses_B, draw.sigma_B)
        weight = reason_weight(self.config, step)
        judged = judged_samples(draw, reads_text=batch.text is not None) if weight > 0 else []
        metrics |= {"gate": float(draw.below_B.double().mean()), "active": len(judged) / len(batch), "lambda": weight}
        loss = losses_B.mean()
        if not judged:
            return Step(loss=loss, metrics=metrics)
        x0_BCTHW = x0_of(state.noisy_BCTHW, state.velocity_BCTHW, state.sigma_B)
        flow_gradients = velocity_gradient(state, weights)
        told: list[Mapping[str, float]] = []
        for group in self.verdicts.chunks(judged):
            reasons = self.reasons(x0_BCTHW[list(group)], batch, group)
            for index, reason in zip(group, reasons, strict=True):
                # dx0/dv = -sigma
                at_velocity = -state.sigma_B[index] * weight * reason.gradient_CTHW
                scale, beside = capped_scale(flow_gradients[index], at_velocity, self.config.max_norm_ratio)
                term = (x0_BCTHW[index] * reason.gradient_CTHW).sum() * (scale * weight / len(batch))
                loss = loss + term + (weight * reason.loss / len(batch) - term.detach())
                told.append({**reason.metrics, **beside})
        metrics |= {name: sum(each[name] for each in told) / len(told) for name in told[0]}
        return Step(loss=loss, metrics=metrics)

    def reasons(self, x0_BCTHW: torch.Tensor, batch: Batch, indices: Sequence[int]) -> list[Reason]:
        """Returns L_reason of some estimates and its gradient there; the graph of VAE and critic is gone by then.

        Args:
            x0_BCTHW: the estimates that are judged together.
            batch: with the frames of the sources.
            indices: whose estimate each is.
        """
        baseline_B = self.verdicts.baselines(batch, indices)
        with torch.enable_grad():
            estimates = x0_BCTHW.detach().requires_grad_()
            verdict = self.verdicts.of(estimates, batch, indices)
            relative_B = relative_logit(verdict.reading.delta_B, baseline_B, self.verdicts.config)
            losses_B = softplus(-relative_B)
            (gradients,) = torch.autograd.grad(losses_B.sum(), estimates)
        told = _told(verdict, relative_B.detach(), baseline_B, losses_B.detach())
        return [
            Reason(loss=each["reason_loss"], gradient_CTHW=gradient, metrics=each)
            for each, gradient in zip(told, gradients, strict=True)
        ]

    def frozen(self) -> Mapping[str, torch.nn.Module]:
        return self.verdicts.networks()


def _told(
    verdict: Verdict, relative_B: torch.Tensor, baseline_B: torch.Tensor, losses_B: torch.Tensor
) -> list[dict[str, float]]:
    """Returns what is logged of each judged sample."""
    reading = verdict.reading
    p_yes_B = reading.p_yes_B.detach()
    columns = {
        "reason_loss": losses_B,
        "p_yes": p_yes_B,
        "delta": reading.delta_B.detach(),
        "baseline": baseline_B,
        "relative": relative_B,
        "mass": reading.mass_B.detach(),
        "saturated": (relative_B.sigmoid() > _TAUGHT) & (p_yes_B < 0.5),
        "saturated_certain": p_yes_B > _CERTAIN,
        "clamped": verdict.clamped_B,
    }
    rows = zip(*(column.double().tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def reason_weight(config: UsoConfig, step: int) -> float:
    """Returns lambda after `step` steps: 0 at the first of a warm-up, the whole from its end on."""
    if step >= config.warmup_steps:
        return config.weight
    return config.weight * step / config.warmup_steps


def judged_samples(draw: FlowDraw, *, reads_text: bool) -> list[int]:
    """Returns which samples get a reason loss: the gate is open, and the model was told of instruction and source.

    Args:
        draw: what chance decided.
        reads_text: whether the model reads the words by a text encoder too; they are then only lost with both.
    """
    words_lost_B = draw.dropped.vlm_B & draw.dropped.text_B if reads_text else draw.dropped.vlm_B
    judged_B = draw.below_B & ~words_lost_B & ~draw.dropped.source_B
    return [int(index) for index in judged_B.nonzero()]


def capped_scale(
    flow_CTHW: torch.Tensor, reason_CTHW: torch.Tensor, max_ratio: float | None
) -> tuple[float, dict[str, float]]:
    """Returns what one sample's reason gradient is scaled by, at most 1, and how the two gradients lie.

    The cap is a sample's own, so that it does not depend on how a batch is split.

    Args:
        flow_CTHW: gradient of the flow loss at the velocity.
        reason_CTHW: that of lambda times the reason loss.
        max_ratio: most that the second may weigh beside the first, by norms; None for no cap.
    """
    flow, reason = flow_CTHW.flatten().double(), reason_CTHW.flatten().double()
    flow_norm, reason_norm = float(flow.norm()), float(reason.norm())
    scale = 1.0
    if max_ratio is not None and reason_norm > max_ratio * flow_norm:
        scale = max_ratio * flow_norm / reason_norm
    found = {"capped": float(scale < 1), "grad_cos": float(cosine_similarity(flow, reason, dim=0))}
    if flow_norm > 0:
        found["norm_ratio"] = reason_norm / flow_norm
    return scale, found
