"""Requests and clients for tests against the fault server."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from rvebench.llm.client import LlmClient
from rvebench.llm.limits import Limits
from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, JsonSchema, Part, Sampling, TextPart

KEY = "sk-test-0123456789-do-not-show"
SCHEMA = JsonSchema(
    name="verdict",
    schema={
        "type": "object",
        "properties": {"rationale": {"type": "string"}, "score": {"type": "integer", "minimum": 0, "maximum": 10}},
        "required": ["rationale", "score"],
        "additionalProperties": False,
    },
)
QUICK = Limits(backoff_s=0.01, backoff_most_s=0.1, connect_s=2, read_s=2, attempt_s=5, breaker_after=50)


def image() -> ImagePart:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(data, "PNG")
    return ImagePart(data.getvalue(), "image/png", 64, 48)


def question(
    number: int = 0, *, images: int = 0, schema: JsonSchema | None = None, model: str = "gpt-4o"
) -> ChatRequest:
    parts: tuple[Part, ...] = (TextPart(f"How well is edit {number} done?"), *(image() for _ in range(images)))
    return ChatRequest(
        provider="test",
        model=model,
        messages=(ChatMessage("system", (TextPart("You judge edits. Answer in JSON."),)), ChatMessage("user", parts)),
        sampling=Sampling(max_output_tokens=200),
        schema=schema,
    )


def client(url: str, limits: Limits = QUICK, **options: Any) -> LlmClient:
    return LlmClient(base_url=url, limits=limits, seed=0, **options)
