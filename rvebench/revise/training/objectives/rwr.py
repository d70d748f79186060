"""Reward-weighted regression: flow matching, in which what the critic likes counts more.

The reward is a number here, without gradient: P(yes) of the one-step estimate, or of the training target. Rewards of a
step are read before its losses, with one more pass of the transformer, because a weight is a share of the mean over all
ranks: a running mean would couple steps, and a mean over one part would depend on how the batch is split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
import torch.distributed as dist

from rvebench.revise.sampling.schedule import x0_of
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config_parts import DropoutConfig, RwrConfig, SftConfig, TimestepConfig
from rvebench.revise.training.objectives.flow import (
    FlowDraw,
    draw_flow,
    element_weights,
    flow_losses,
    flow_metrics,
    flow_state,
    split_flow,
)
from rvebench.revise.training.objectives.protocol import Step, WorkItem
from rvebench.revise.training.objectives.uso import judged_samples
from rvebench.revise.training.objectives.verdicts import Verdicts
from rvebench.revise.training.policy import Policy

__all__ = ["Rwr", "RwrPart", "reward_weights"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RwrPart:
    """The draws of a part, with the rewards and weights of its samples."""

    draw: FlowDraw
    weight_B: torch.Tensor
    reward_B: torch.Tensor
    """NaN where none was read."""
    read: Mapping[str, float]
    """Means over the samples that a reward was read of; empty for none."""


@dataclass(frozen=True, kw_only=True)
class Rwr:
    """See :class:`rvebench.revise.training.objectives.protocol.Objective`."""

    config: RwrConfig
    sft: SftConfig
    timesteps: TimestepConfig
    dropout: DropoutConfig
    verdicts: Verdicts

    @property
    def name(self) -> str:
        return "rwr"

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def prepare(self, batch: Batch, policy: Policy, draws: Draws, *, parts: int) -> Sequence[Sequence[WorkItem]]:
        # The very draws of sft: there is no gate to agree about, only levels too high to read a reward at.
        draw = draw_flow(batch, self.timesteps, self.dropout, draws)
        draw = replace(draw, below_B=draw.sigma_B <= self.config.tau)
        pieces = split_flow(batch, draw, parts)
        read = [self._rewards(piece, drawn, policy) for piece, drawn in pieces]
        if self.config.estimate == "x0" and pieces and dist.is_available() and dist.is_initialized():
            # A sharded transformer is passed by all ranks together, also by one with fewer samples than parts.
            for _ in range(parts - len(pieces)):
                flow_state(*pieces[0], policy)
        none = torch.zeros(0, dtype=torch.float64, device=policy.device)
        weight_B = reward_weights(torch.cat([none, *(rewards for rewards, _ in read)]), self.config)
        items, low = [], 0
        for (piece, drawn), (reward_B, told) in zip(pieces, read, strict=True):
            high = low + len(piece)
            extra = RwrPart(draw=drawn, weight_B=weight_B[low:high], reward_B=reward_B, read=told)
            items.append(WorkItem(batch=piece, extra=extra))
            low = high
        return [items]

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:  # noqa: ARG002
        part: RwrPart = item.extra
        state = flow_state(item.batch, part.draw, policy)
        losses_B = flow_losses(state, element_weights(item.batch, self.sft.mask_weight))
        metrics = flow_metrics(losses_B, part.draw.sigma_B)
        rewarded = ~part.reward_B.isnan()
        metrics |= {"active": float(rewarded.double().mean()), "weight": float(part.weight_B.mean()), **part.read}
        return Step(loss=(part.weight_B.to(losses_B) * losses_B).mean(), metrics=metrics)

    def frozen(self) -> Mapping[str, torch.nn.Module]:
        return self.verdicts.networks()

    def _rewards(self, batch: Batch, draw: FlowDraw, policy: Policy) -> tuple[torch.Tensor, dict[str, float]]:
        """Returns the rewards of a part, NaN where none is read, and what was read."""
        reward_B = torch.full((len(batch),), float("nan"), dtype=torch.float64, device=policy.device)
        latents, judged = batch.target_BCTHW, list(range(len(batch)))
        if self.config.estimate == "x0":
            # Asked for whole parts, also where no level is low enough: sharded ranks must pass the network together.
            state = flow_state(batch, draw, policy)
            latents = x0_of(state.noisy_BCTHW, state.velocity_BCTHW, state.sigma_B)
            judged = judged_samples(draw, reads_text=batch.text is not None)
        told: list[dict[str, float]] = []
        for group in self.verdicts.chunks(judged):
            verdict = self.verdicts.of(latents[list(group)], batch, group)
            reading = verdict.reading
            rewards = reading.delta_B > 0 if self.config.reading == "hard" else reading.p_yes_B
            reward_B[list(group)] = rewards.double()
            columns = {
                "reward": rewards,
                "p_yes": reading.p_yes_B,
                "delta": reading.delta_B,
                "mass": reading.mass_B,
                "saturated_certain": reading.p_yes_B > 0.99,
                "clamped": verdict.clamped_B,
            }
            rows = zip(*(column.double().tolist() for column in columns.values()), strict=True)
            told += [dict(zip(columns, row, strict=True)) for row in rows]
        means = {name: sum(each[name] for each in told) / len(told) for name in told[0]} if told else {}
        return reward_B, means


def reward_weights(reward_B: torch.Tensor, config: RwrConfig) -> torch.Tensor:
    """Returns exp(reward / temperature) of each sample, over its mean on all ranks if that is asked for.

    A sample without a reward counts with that mean: 1 when normalised. All ranks must call it, also without samples.

    Args:
        reward_B: rewards of this rank's samples, NaN for none; any length.
        config: temperature and normalisation.
    """
    read_B = ~reward_B.isnan()
    weight_B = torch.exp(reward_B.double() / config.temperature)
    totals = torch.stack([weight_B[read_B].sum(), read_B.sum().double()])
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(totals)
    mean = totals[0] / totals[1] if totals[1] > 0 else torch.ones_like(totals[0])
    weight_B = torch.where(read_B, weight_B, mean)
    return weight_B / mean if config.normalise else weight_B
