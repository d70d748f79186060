"""Judges that ask a vision-language model behind an OpenAI-compatible service (docs/judges/llm.md)."""

from __future__ import annotations

from rvebench.judges.llm.factory import Connection, build_llm_judge, client_of, provider_of, settle
from rvebench.judges.llm.frames import SHARED_FRAMES, EncodedFrames
from rvebench.judges.llm.judge import LlmJudge
from rvebench.judges.llm.messages import Exhibit, Layout, ShownFrame, Style, ask, ask_again, show
from rvebench.judges.llm.prompts import PROMPT_VERSION, PromptSet, load_prompts, prompt_digest
from rvebench.judges.llm.questions import Answer, Calls, Preset, Questionnaire, questionnaire
from rvebench.judges.llm.spec import NAMED_MODELS, PREFIX, LlmSpec, WireOptions, parse_llm_spec

__all__ = [
    "NAMED_MODELS",
    "PREFIX",
    "PROMPT_VERSION",
    "SHARED_FRAMES",
    "Answer",
    "Calls",
    "Connection",
    "EncodedFrames",
    "Exhibit",
    "Layout",
    "LlmJudge",
    "LlmSpec",
    "Preset",
    "PromptSet",
    "Questionnaire",
    "ShownFrame",
    "Style",
    "WireOptions",
    "ask",
    "ask_again",
    "build_llm_judge",
    "client_of",
    "load_prompts",
    "parse_llm_spec",
    "prompt_digest",
    "provider_of",
    "questionnaire",
    "settle",
    "show",
]
