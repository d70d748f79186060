"""Small comparisons, and a client that answers from a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rvebench.judges.llm import EncodedFrames, LlmJudge, parse_llm_spec
from rvebench.llm import ChatRequest, ImagePart, Reply, TextPart, TokenUsage
from rvebench.records import Sample, Window
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import Clip, Comparison


def clip(frames: int = 9, *, size: tuple[int, int] = (32, 24), seed: int = 0, fps: float = 8.0) -> Clip:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (frames, size[1], size[0], 3), dtype=np.uint8)
    return Clip(frames_THWC=pixels, fps=fps, pts_s=np.arange(frames) / fps)


def comparison(
    *,
    subset: Subset = Subset.RAVE,
    source: Clip | None = None,
    edit: Clip | None = None,
    target: bool = False,
    window: Window | None = None,
    instruction: str = "Let an hour pass.",
    outcome: str | None = "The candle is shorter.",
    preserve: tuple[str, ...] = ("the table", "the cat"),
) -> Comparison:
    kind = ReasoningType.CAUSAL if subset is Subset.ICVG else ReasoningType.TEMPORAL
    sample = Sample(
        id="s1",
        subset=subset,
        reasoning_type=kind,
        source=Path("/nowhere/source.mp4"),
        instruction=instruction,
        expected_outcome=outcome,
        preserve=preserve,
    )
    return Comparison(
        sample=sample,
        source=source or clip(seed=1),
        edit=edit or clip(seed=2),
        window=window,
        target=clip(5, seed=3) if target else None,
    )


def joint(**scores: Any) -> str:
    return json.dumps({key: {"rationale": f"about {key}", "score": score} for key, score in scores.items()})


def single(score: Any) -> str:
    return json.dumps({"rationale": "why", "score": score})


GOOD = joint(EA=7, PC=8, GN=6.5, GR=9)

Step = str | Reply | BaseException | Callable[[ChatRequest], str]


@dataclass
class Script:
    """Answers each request with the next step; the last one over and over."""

    steps: Sequence[Step]
    asked: list[ChatRequest] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, request: ChatRequest) -> Reply:
        step = self.steps[min(len(self.asked), len(self.steps) - 1)]
        self.asked.append(request)
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, Reply):
            return step
        text = step if isinstance(step, str) else step(request)
        return Reply(
            text=text,
            returned_model="gpt-4o-2024-11-20",
            fingerprint="fp_1",
            usage=TokenUsage(input_tokens=100, output_tokens=10),
            cost_usd=0.25,
        )

    async def accept(self, request: ChatRequest, reply: Reply) -> None:
        self.accepted.append((request.digest, reply.text))


def scripted(*steps: Step, spec: str = "gpt-4o", **more: Any) -> tuple[LlmJudge, Script]:
    script = Script(steps or (GOOD,))
    return LlmJudge(parse_llm_spec(spec), script, store=EncodedFrames(), **more), script


def words(request: ChatRequest) -> str:
    """All text of a request; an image is `[image]`."""
    return "\n".join(
        part.text if isinstance(part, TextPart) else "[image]" for message in request.messages for part in message.parts
    )


def labels(request: ChatRequest) -> list[str]:
    """The text before each image."""
    parts = [part for message in request.messages for part in message.parts]
    found = []
    for before, part in pairwise(parts):
        if isinstance(part, ImagePart):
            assert isinstance(before, TextPart)
            found.append(before.text)
    return found
