"""Questions and replies for the tests of the cache."""

from __future__ import annotations

import json
from typing import Any

from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, JsonSchema, Reply, Sampling, TextPart, TokenUsage


def a_request(number: int = 0, **changes: Any) -> ChatRequest:
    """Returns one of many different questions about two frames."""
    images = tuple(
        ImagePart(data=f"jpeg {number} {frame}".encode(), media_type="image/jpeg", width=512, height=288)
        for frame in range(2)
    )
    facts: dict[str, Any] = {
        "provider": "openai",
        "model": "gpt-4o",
        "messages": (
            ChatMessage("system", (TextPart("Judge the edit."),)),
            ChatMessage("user", (TextPart(f"question {number}"), *images)),
        ),
        "sampling": Sampling(),
        "schema": JsonSchema(name="verdict", schema={"type": "object", "required": ["EA"]}),
        "prompt_sha256": "ab" * 32,
        "tag": f"smoke-{number:03}",
    }
    return ChatRequest(**{**facts, **changes})


def a_reply(number: int = 0, **changes: Any) -> Reply:
    """Returns a whole answer."""
    facts: dict[str, Any] = {
        "text": json.dumps({"rationale": f"it is {number}", "EA": number % 11}),
        "returned_model": "gpt-4o-2024-11-20",
        "fingerprint": "fp_1",
        "usage": TokenUsage(input_tokens=2000 + number, output_tokens=50, cached_input_tokens=7),
        "request_id": f"req-{number}",
        "cost_usd": 0.0123,
        "wall_s": 1.5,
        "attempts": 2,
        "meta": {"region": "eu"},
    }
    return Reply(**{**facts, **changes})
