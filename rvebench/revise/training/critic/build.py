"""The critic that a configuration asks for, on a model's own VLM."""

from __future__ import annotations

from rvebench.errors import UsageError
from rvebench.revise.training.config_parts import CriticConfig
from rvebench.revise.training.critic.prompt import load_critic_prompt
from rvebench.revise.training.critic.protocol import Critic
from rvebench.revise.training.critic.qwen import QwenCritic
from rvebench.revise.training.critic.vila import VilaCritic
from rvebench.revise.vlm.protocol import VlmBackend
from rvebench.revise.vlm.qwen25 import QwenVlm
from rvebench.revise.vlm.vila import VilaVlm

__all__ = ["build_critic"]


def build_critic(config: CriticConfig, vlm: VlmBackend) -> Critic:
    """Returns the critic.

    Args:
        config: how it is asked.
        vlm: its network, which it shares.

    Raises:
        UsageError: the prompt is unknown, the vocabulary has no yes or no, or the backend cannot be asked.
        DataError: a prompt's file is missing or damaged.
    """
    prompt = load_critic_prompt(config.prompt, thought=config.thought)
    critic: QwenCritic | VilaCritic
    if isinstance(vlm, QwenVlm):
        critic = QwenCritic(vlm=vlm, prompt=prompt, config=config)
    elif isinstance(vlm, VilaVlm):
        if prompt.paired:
            raise UsageError(
                f"the critic prompt {prompt.name} shows frames in pairs, and VILA reads them one by one", hint="use v1"
            )
        critic = VilaCritic(vlm=vlm, prompt=prompt, config=config)
    else:
        raise UsageError(f"a {type(vlm).__name__} cannot be a critic", hint="use a backend qwen2.5 or vila")
    assert critic.tokens.yes  # the vocabulary is looked at before a training begins, not at its first verdict
    return critic
