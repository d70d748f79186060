"""What is put to a language model and what comes back: values with hashes, no transport.

A request names everything that decides its answer, so that its digest can be the key of a cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from rvebench.records import digest_of

__all__ = [
    "ChatMessage",
    "ChatRequest",
    "ImagePart",
    "JsonSchema",
    "Part",
    "Reply",
    "Sampling",
    "TextPart",
    "TokenUsage",
]

Speaker = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A run of text."""

    text: str

    def identity(self) -> Mapping[str, Any]:
        """Returns what is hashed."""
        return {"text": self.text}


@dataclass(frozen=True)
class ImagePart:
    """An encoded image."""

    data: bytes
    media_type: str
    """`image/jpeg`, `image/webp` or `image/png`."""
    width: int
    """Pixels, for estimating tokens."""
    height: int
    frames_sha256: str = ""
    """Hash of the decoded video, with frame number and plan, which stands for the image in the request's identity;
    empty: the encoded bytes do."""
    detail: Literal["high", "low", "auto"] = "high"
    """How finely the service is to look, in OpenAI's words."""

    @cached_property
    def sha256(self) -> str:
        """Hash of the encoded bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def identity(self) -> Mapping[str, Any]:
        """Returns what is hashed: the pixels where they are known, since encoders may change and pixels do not."""
        identity = {
            "image": self.frames_sha256 or self.sha256,
            "type": self.media_type,
            "size": [self.width, self.height],
        }
        return identity if self.detail == "high" else {**identity, "detail": self.detail}


Part = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn."""

    role: Speaker
    parts: tuple[Part, ...]

    def identity(self) -> Mapping[str, Any]:
        """Returns what is hashed."""
        return {"role": self.role, "parts": [part.identity() for part in self.parts]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the model samples; None leaves a setting to the service."""

    temperature: float | None = 0.0
    top_p: float | None = None
    seed: int | None = 0
    max_output_tokens: int = 1024

    def identity(self) -> Mapping[str, Any]:
        """Returns what is hashed."""
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "max_output_tokens": self.max_output_tokens,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema:
    """The shape an answer must have, as JSON Schema in OpenAI's strict subset."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One question. Equal requests have equal digests, and only they."""

    provider: str
    """Who is asked: `openai`, or the host of another base URL; never a key."""
    model: str
    messages: tuple[ChatMessage, ...]
    sampling: Sampling = field(default_factory=Sampling)
    schema: JsonSchema | None = None
    prompt_sha256: str = ""
    """Of the prompt files that the messages were made from."""
    repeat: int = 0
    """Which of several independent answers; repeats never share a cache entry."""

    tag: str = field(default="", compare=False)
    """What it is about, such as the sample's id, for messages to people; it decides nothing."""

    def identity(self) -> dict[str, Any]:
        """Returns what is hashed: everything that decides the answer, images as hashes."""
        return {
            "provider": self.provider,
            "model": self.model,
            "prompt": self.prompt_sha256,
            "messages": [message.identity() for message in self.messages],
            "sampling": self.sampling.identity(),
            "schema": None if self.schema is None else {"name": self.schema.name, "schema": self.schema.schema},
            "repeat": self.repeat,
        }

    @cached_property
    def digest(self) -> str:
        """sha256 of provider, model, prompt, messages with image hashes, sampling, schema and repeat."""
        return digest_of(self.identity())

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """All images, in order."""
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, ImagePart))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens as the service counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    """Part of the input that the service had cached, billed for less."""

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer."""

    text: str
    returned_model: str = ""
    """The model that answered, as the service names it."""
    fingerprint: str = ""
    """The service's own mark of its configuration, when it gives one."""
    finish_reason: str = "stop"
    usage: TokenUsage = TokenUsage()
    request_id: str = ""
    cost_usd: float = 0.0
    """By the price table, at the time of the call; 0 from the cache."""
    wall_s: float = 0.0
    attempts: int = 1
    from_cache: bool = False
    meta: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_priced(self) -> bool:
        """Whether `cost_usd` is what the reply cost; without a price it is 0, and `meta` says so."""
        return self.from_cache or self.meta.get("cost") != "not known"
