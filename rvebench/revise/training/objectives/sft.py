"""Supervised fine-tuning: flow matching to the target, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config_parts import DropoutConfig, SftConfig, TimestepConfig
from rvebench.revise.training.objectives.flow import (
    draw_flow,
    element_weights,
    flow_losses,
    flow_metrics,
    flow_state,
    split_flow,
)
from rvebench.revise.training.objectives.protocol import Step, WorkItem
from rvebench.revise.training.policy import Policy

__all__ = ["Sft"]


@dataclass(frozen=True, kw_only=True)
class Sft:
    """See :class:`rvebench.revise.training.objectives.protocol.Objective`."""

    config: SftConfig
    timesteps: TimestepConfig
    dropout: DropoutConfig

    @property
    def name(self) -> str:
        return "sft"

    def prepare(
        self,
        batch: Batch,
        policy: Policy,  # noqa: ARG002
        draws: Draws,
        *,
        parts: int,
    ) -> Sequence[Sequence[WorkItem]]:
        draw = draw_flow(batch, self.timesteps, self.dropout, draws)
        return [[WorkItem(batch=piece, extra=drawn) for piece, drawn in split_flow(batch, draw, parts)]]

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:  # noqa: ARG002
        state = flow_state(item.batch, item.extra, policy)
        losses_B = flow_losses(state, element_weights(item.batch, self.config.mask_weight))
        return Step(loss=losses_B.mean(), metrics=flow_metrics(losses_B, item.extra.sigma_B))

    def frozen(self) -> Mapping[str, torch.nn.Module]:
        return {}
