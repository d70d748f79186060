"""Rewards of Edit-GRPO: plug-ins by name, each a number for an edit."""

from rvebench.revise.training.rewards.encoders import ClipEncoder, ImageTextEncoder
from rvebench.revise.training.rewards.protocol import (
    Captions,
    ClipJudge,
    Edits,
    Need,
    Reward,
    RewardError,
    RewardTools,
)
from rvebench.revise.training.rewards.registry import REWARDS, RewardSet, Scored, make_rewards

__all__ = [
    "REWARDS",
    "Captions",
    "ClipEncoder",
    "ClipJudge",
    "Edits",
    "ImageTextEncoder",
    "Need",
    "Reward",
    "RewardError",
    "RewardSet",
    "RewardTools",
    "Scored",
    "make_rewards",
]
