"""A vision-language model that says whether an edit does what was asked, with a gradient to the edit's pixels."""

from __future__ import annotations

from rvebench.revise.training.critic.answers import AnswerTokens, CriticReading, find_answer_tokens, read_answers
from rvebench.revise.training.critic.build import build_critic
from rvebench.revise.training.critic.prompt import CriticPrompt, critic_prompt_names, load_critic_prompt
from rvebench.revise.training.critic.protocol import Critic, baseline_logits
from rvebench.revise.training.critic.qwen import QwenCritic
from rvebench.revise.training.critic.vila import VilaCritic

__all__ = [
    "AnswerTokens",
    "Critic",
    "CriticPrompt",
    "CriticReading",
    "QwenCritic",
    "VilaCritic",
    "baseline_logits",
    "build_critic",
    "critic_prompt_names",
    "find_answer_tokens",
    "load_critic_prompt",
    "read_answers",
]
