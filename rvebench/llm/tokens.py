"""How many tokens a request will count: a likely number, and one that it will not exceed.

No tokenizer is loaded (they come from the network), so that text is bounded instead: a byte-level BPE never makes
more tokens than the text has UTF-8 bytes. Images follow the published rules:

* OpenAI tiles (gpt-4o, gpt-4.1, o-series): fit into 2048 px, bring the shortest side to 768 px, then a base plus a
  charge for each tile of 512 px (platform.openai.com/docs/guides/images-vision, read in 2025-06). The guide's words
  would enlarge a small image; bills that users published show that it is not enlarged (128x64 px cost one tile). The
  likely number does not enlarge, the bound does.
* OpenAI patches (gpt-4.1-mini, o4-mini, gpt-5-mini and later): patches of 32 px, scaled down to a most, times a
  multiplier of the model. Where the guide and published bills disagree, the smaller multiplier is likely and the
  larger one bounds.
* Qwen-VL: one token for each 28 px (Qwen2.5-VL) or 32 px (Qwen3-VL) square, as in their image processors.
* Any other model: the bound is the dearest of these rules (gpt-4o-mini's own aside) and of fixed budgets seen in open
  models (LLaVA-NeXT 2,880; InternVL 13 x 256).
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from rvebench.llm.messages import ChatRequest, TextPart
from rvebench.records import canonical_json

__all__ = ["Span", "TokenEstimate", "estimate_tokens", "has_image_rule", "image_tokens", "model_family", "text_tokens"]

_CHARS_PER_TOKEN = 4.0
_MESSAGE_OVERHEAD = 8
_REQUEST_OVERHEAD = 32
_SCHEMA_OVERHEAD = 64
_IMAGE_OVERHEAD = 4
_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Span(NamedTuple):
    """A number that is not known exactly."""

    likely: int
    most: int

    def __add__(self, other: object) -> Span:
        if not isinstance(other, Span):
            return NotImplemented
        return Span(self.likely + other.likely, self.most + other.most)


_NONE = Span(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """Tokens of one request, or of many."""

    text: Span = _NONE
    """Messages, schema and the service's own framing."""
    image: Span = _NONE
    output_most: int = 0
    """The cap on the answer that the request sets."""

    @property
    def input_most(self) -> int:
        """Bound of the input tokens."""
        return self.text.most + self.image.most

    @property
    def most(self) -> int:
        """Bound of all tokens."""
        return self.input_most + self.output_most

    def __add__(self, other: TokenEstimate) -> TokenEstimate:
        return TokenEstimate(
            text=self.text + other.text,
            image=self.image + other.image,
            output_most=self.output_most + other.output_most,
        )

    def __mul__(self, calls: int) -> TokenEstimate:
        return TokenEstimate(
            text=Span(self.text.likely * calls, self.text.most * calls),
            image=Span(self.image.likely * calls, self.image.most * calls),
            output_most=self.output_most * calls,
        )


class _Rule(Protocol):
    def span(self, width: int, height: int) -> Span: ...

    def low(self, width: int, height: int) -> Span: ...


class _NoLowDetail(ABC):
    """Models that take no notice of low detail, which published bills show of OpenAI's patch models too."""

    __slots__ = ()

    @abstractmethod
    def span(self, width: int, height: int) -> Span: ...

    def low(self, width: int, height: int) -> Span:
        return self.span(width, height)


@dataclass(frozen=True, slots=True)
class _Tiles:
    base: int
    tile: int

    def low(self, width: int, height: int) -> Span:  # noqa: ARG002
        return Span(self.base, self.base)

    def _tokens(self, width: float, height: float) -> int:
        return self.base + self.tile * math.ceil(width / 512) * math.ceil(height / 512)

    def span(self, width: int, height: int) -> Span:
        fit = min(1.0, 2048 / max(width, height))
        wide, high = width * fit, height * fit
        to_768 = 768 / min(wide, high)
        shrunk = min(1.0, to_768)
        # Enlarging stops at the square of 2048 px: whether the guide means that is open, and a thin strip would
        # otherwise cost without limit.
        enlarged = max(shrunk, min(to_768, 2048 / max(wide, high)))
        likely = self._tokens(_whole(wide * shrunk), _whole(high * shrunk))
        return Span(likely, max(likely, self._tokens(_whole(wide * enlarged), _whole(high * enlarged))))


@dataclass(frozen=True, slots=True)
class _Patches(_NoLowDetail):
    likely: float
    """Multiplier of the model."""
    most: float
    most_patches: int = 1536

    def span(self, width: int, height: int) -> Span:
        count = bound = math.ceil(width / 32) * math.ceil(height / 32)
        if count > self.most_patches:
            shrink = math.sqrt(32 * 32 * self.most_patches / (width * height))
            across, down = width * shrink / 32, height * shrink / 32
            shrink = min(max(1, math.floor(across)) / across, max(1, math.floor(down)) / down, 1.0)
            count = min(self.most_patches, _ceil(across * shrink) * _ceil(down * shrink))
            bound = self.most_patches
        return Span(math.ceil(count * self.likely), math.ceil(bound * self.most))


@dataclass(frozen=True, slots=True)
class _Squares(_NoLowDetail):
    side: int
    least: int = 4
    most_tokens: int = 16384

    def span(self, width: int, height: int) -> Span:
        likely = max(1, round(width / self.side)) * max(1, round(height / self.side))
        bound = math.ceil(width / self.side + 1) * math.ceil(height / self.side + 1)
        return Span(self._clip(likely), self._clip(max(likely, bound)))

    def _clip(self, tokens: int) -> int:
        return min(self.most_tokens, max(self.least, tokens))


@dataclass(frozen=True, slots=True)
class _Dearest(_NoLowDetail):
    rules: tuple[_Rule, ...]
    fixed: int

    def span(self, width: int, height: int) -> Span:
        spans = [rule.span(width, height) for rule in self.rules]
        return Span(spans[0].likely, max(self.fixed, *(span.most for span in spans)))


def _whole(pixels: float) -> int:
    return max(1, round(pixels))


def _ceil(patches: float) -> int:
    return math.ceil(patches - 1e-9)


_UNKNOWN: _Rule = _Dearest((_Tiles(85, 170), _Patches(2.46, 2.46), _Squares(28), _Squares(32, least=64)), fixed=3328)
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "gpt-4o": _Tiles(85, 170),
        "chatgpt-4o-latest": _Tiles(85, 170),
        "gpt-4-turbo": _Tiles(85, 170),
        "gpt-4.1": _Tiles(85, 170),
        "gpt-4o-mini": _Tiles(2833, 5667),
        "o1": _Tiles(75, 150),
        "o3": _Tiles(75, 150),
        "gpt-5": _Tiles(70, 140),
        "gpt-5.1": _Tiles(70, 140),
        "gpt-4.1-mini": _Patches(1.62, 1.62),
        "gpt-4.1-nano": _Patches(2.46, 2.46),
        "o4-mini": _Patches(1.72, 1.72),
        "gpt-5-mini": _Patches(1.2, 1.62),
        "gpt-5-nano": _Patches(1.5, 2.46),
        "gpt-5.4-mini": _Patches(1.2, 1.62, 2500),
        "gpt-5.4-nano": _Patches(1.2, 2.46, 2500),
        "gpt-5.4": _Patches(1.2, 1.2, 2500),
    }
)
_FAMILIES: tuple[tuple[str, _Rule], ...] = (("qwen2.5-vl", _Squares(28)), ("qwen3-vl", _Squares(32, least=64)))


def model_family(model: str) -> str:
    """Returns a model's name without its vendor's prefix and its date: `openai/gpt-4o-2024-11-20` is `gpt-4o`."""
    return _DATE.sub("", model.rsplit("/", 1)[-1].lower())


def has_image_rule(model: str) -> bool:
    """Returns whether it is known how a model counts images; if not, what is likely is a guess."""
    return _rule_of(model) is not _UNKNOWN


def _rule_of(model: str) -> _Rule:
    name = model_family(model)
    rule = _RULES.get(name)
    return rule or next((rule for mark, rule in _FAMILIES if mark in name), _UNKNOWN)


def image_tokens(model: str, width: int, height: int, *, detail: str = "high") -> Span:
    """Returns what one image counts.

    Args:
        model: as the service names it.
        width: pixels, at least 1.
        height: pixels, at least 1.
        detail: `low` asks OpenAI's tile models for a thumbnail at their base charge; `auto` counts as `high`.
    """
    rule = _rule_of(model)
    span = (rule.low if detail == "low" else rule.span)(max(1, width), max(1, height))
    return Span(span.likely, span.most + _IMAGE_OVERHEAD)


def text_tokens(text: str) -> Span:
    """Returns what a text counts: likely from its length, at most its UTF-8 bytes."""
    size_bytes = len(text.encode(errors="replace"))
    # Letters beyond ASCII take two bytes and more, and mostly a token each.
    wide = (size_bytes - len(text)) // 2
    likely = min(size_bytes, math.ceil((len(text) - min(wide, len(text))) / _CHARS_PER_TOKEN) + wide)
    return Span(likely, size_bytes)


def estimate_tokens(request: ChatRequest) -> TokenEstimate:
    """Returns the tokens of one request, answer included."""
    text = Span(3, _REQUEST_OVERHEAD)
    image = Span(0, 0)
    for message in request.messages:
        text += Span(4, _MESSAGE_OVERHEAD)
        for part in message.parts:
            if isinstance(part, TextPart):
                text += text_tokens(part.text)
            else:
                image += image_tokens(request.model, part.width, part.height, detail=part.detail)
    if request.schema is not None:
        text += text_tokens(canonical_json(request.schema.schema)) + Span(8, _SCHEMA_OVERHEAD)
    return TokenEstimate(text=text, image=image, output_most=request.sampling.max_output_tokens)
