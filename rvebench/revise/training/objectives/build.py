"""The objective that a configuration asks for, on a model's parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rvebench.revise.assembly import Parts
from rvebench.revise.model.vae import VideoVae
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.config_parts import DecodeMode
from rvebench.revise.training.critic.build import build_critic
from rvebench.revise.training.objectives.protocol import Objective
from rvebench.revise.training.objectives.rwr import Rwr
from rvebench.revise.training.objectives.sft import Sft
from rvebench.revise.training.objectives.uso import Uso
from rvebench.revise.training.objectives.verdicts import Verdicts
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.rewards.protocol import Captions, RewardTools

__all__ = ["build_objective"]


def build_objective(
    config: TrainConfig,
    parts: Parts,
    policy: Policy,
    *,
    tools: RewardTools | None = None,
    captions: Mapping[str, Captions] | None = None,
    masks: bool = False,
) -> Objective:
    """Returns the objective. VAE and VLM are those of the parts, where they are: move them before.

    Args:
        config: the training.
        parts: the model; its VLM is the critic.
        policy: what is trained, with the weights that edit-grpo takes as its reference: build before a checkpoint is
            loaded.
        tools: for edit-grpo, networks and judges of its rewards; a critic is added where a reward asks for one.
        captions: for edit-grpo, by sample id.
        masks: for edit-grpo, whether the data has masks; see :class:`.edit_grpo.EditGrpo`.

    Raises:
        UsageError: the VLM cannot be a critic, a reward is unknown or lacks what it needs, or a setting cannot work.
        DataError: a prompt's file is missing or damaged.
    """
    if config.objective == "sft":
        return Sft(config=config.sft, timesteps=config.timesteps, dropout=config.dropout)
    if config.objective == "rwr":
        return Rwr(
            config=config.rwr,
            sft=config.sft,
            timesteps=config.timesteps,
            dropout=config.dropout,
            verdicts=_verdicts(config, parts, "prefix"),
        )
    if config.objective == "uso":
        return Uso(
            config=config.uso,
            sft=config.sft,
            timesteps=config.timesteps,
            dropout=config.dropout,
            verdicts=_verdicts(config, parts, config.uso.decode, config.uso.decode_context),
        )
    from rvebench.revise.training.objectives.edit_grpo import EditGrpo
    from rvebench.revise.training.reference import ReferenceWeights
    from rvebench.revise.training.rewards.registry import make_rewards

    tools = replace(tools or RewardTools(), frames=config.critic.frames)
    if config.needs_critic and tools.critic is None:
        tools = replace(tools, critic=build_critic(config.critic, parts.vlm))
    return EditGrpo(
        config.grpo,
        rewards=make_rewards(config.grpo.rewards, tools),
        vae=VideoVae(parts.vae),
        reference=ReferenceWeights(policy.net) if config.grpo.kl_weight > 0 else None,
        captions=captions,
        masks=masks,
    )


def _verdicts(config: TrainConfig, parts: Parts, decode: DecodeMode, context: int = 0) -> Verdicts:
    critic = build_critic(config.critic, parts.vlm)
    return Verdicts(critic=critic, config=config.critic, vae=parts.vae, decode=decode, context=context)
