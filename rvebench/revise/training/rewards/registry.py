"""Which rewards there are, and the weighted sum of some."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from rvebench.errors import UsageError
from rvebench.registry import Registration, Registry
from rvebench.revise.training.config import RewardConfig
from rvebench.revise.training.rewards.protocol import Edits, Need, Reward, RewardError, RewardTools

__all__ = ["REWARDS", "RewardSet", "Scored", "make_rewards"]

REWARDS: Registry[Callable[[RewardTools], Reward]] = Registry(
    "reward",
    [
        Registration(name=name, target=f"rvebench.revise.training.rewards.{target}.of", summary=summary)
        for name, target, summary in (
            (
                "instruction-following",
                "similarity:InstructionFollowing",
                "VIVA's R_IF: CLIP, edit and its caption, less edit and the source's caption",
            ),
            ("source-preservation", "similarity:SourcePreservation", "VIVA's R_SP: CLIP, source and edit"),
            ("preference", "similarity:Preference", "VIVA's R_PS: PickScore of the edit and its caption"),
            ("critic", "verdicts:CriticVerdict", "the VLM critic's P(yes), or its log-odds"),
            ("judge", "verdicts:JudgeVerdict", "a judge's score of each clip"),
            ("target-nearness", "pixels:TargetNearness", "an oracle: error against the target where it changes"),
            (
                "source-preservation-pixels",
                "pixels:SourcePreservationPixels",
                "error against the source where nothing is to change",
            ),
        )
    ],
    group="rvebench.rewards",
)


class Scored(NamedTuple):
    """Rewards of some edits, fp64; NaN, inside this room alone, marks an edit that a reward could not read."""

    total_B: torch.Tensor
    """The weighted sum; NaN where any of its parts is."""
    parts: Mapping[str, torch.Tensor]
    """Each reward before its weight, (B,), by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RewardSet:
    """Rewards and their weights, made by :func:`make_rewards`."""

    rewards: Mapping[str, Reward]
    weights: Mapping[str, float]

    @property
    def needs(self) -> frozenset[Need]:
        """What all of them together read."""
        return frozenset().union(*(reward.needs for reward in self.rewards.values()))

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """Their networks, named `reward.name.network`."""
        return {
            f"reward.{name}.{network}": module
            for name, reward in self.rewards.items()
            for network, module in reward.modules.items()
        }

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def score(self, edits: Edits) -> Scored:
        """Returns what each reward says of each edit, and the sum.

        Raises:
            RewardError: a reward is infinite or NaN, gives too few numbers, or has not what it needs.
        """
        total = torch.zeros(len(edits), dtype=torch.float64)
        parts = {}
        for name, reward in self.rewards.items():
            told = list(reward.score(edits))
            if len(told) != len(edits):
                raise RewardError(f"the reward {name} gave {len(told)} numbers for {len(edits)} edits")
            for sample, value in zip(edits.ids, told, strict=True):
                if value is not None and not math.isfinite(value):
                    raise RewardError(f"the reward {name} is {value}", where=sample, hint="a reward that fails is None")
            parts[name] = torch.tensor([math.nan if value is None else value for value in told], dtype=torch.float64)
            total = total + self.weights[name] * parts[name]
        return Scored(total, parts)


def make_rewards(configs: Sequence[RewardConfig], tools: RewardTools) -> RewardSet:
    """Returns the rewards that a configuration names.

    Raises:
        UnknownNameError: there is no such reward; the nearest names are given.
        UsageError: one is named twice, or needs something that `tools` does not hold.
    """
    made: dict[str, Reward] = {}
    for config in configs:
        if config.name in made:
            raise UsageError(f"the reward {config.name} is named twice", hint="add the weights up")
        made[config.name] = REWARDS.load(config.name)(tools)
    return RewardSet(rewards=made, weights={config.name: config.weight for config in configs})
