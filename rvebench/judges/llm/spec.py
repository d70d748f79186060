"""`gpt-4o` and `openai:MODEL?option=value&…` as values: which model, shown what, asked how, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import unquote

from rvebench.errors import UsageError
from rvebench.judges.llm.messages import Layout
from rvebench.judges.llm.questions import Calls, Preset
from rvebench.llm import Sampling
from rvebench.records import Evidence
from rvebench.registry import nearest_names
from rvebench.video import FramePlan

__all__ = ["NAMED_MODELS", "PREFIX", "LlmSpec", "WireOptions", "parse_llm_spec"]

PREFIX = "openai:"

NAMED_MODELS: Mapping[str, str] = {"gpt-4o": "gpt-4o"}
"""Judges known by a name of their own, and the model each asks. `gpt-4o` is the paper's judge; which snapshot answered
stands in each verdict."""

_UNSET = ("none", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOptions:
    """What a spec says of the way to the service; None leaves it to the run's own settings. Decides no verdict."""

    base_url: str | None = None
    """Of an OpenAI-compatible service. Its host is part of the judge's identity."""
    key_env: str | None = None
    """The environment variable that holds the key, or `none` for a service that wants no key."""
    concurrency: int | None = None
    """Most calls at once."""
    rpm: float | None = None
    """Most calls a minute."""
    tpm: float | None = None
    """Most tokens a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmSpec:
    """A judge behind a chat service, as the user named it. All fields but `wire` decide a verdict.

    Raises:
        UsageError: a field is out of range, or two do not go together.
    """

    name: str
    """As shown: `gpt-4o`, or `openai:MODEL`."""
    model: str
    preset: Preset = "rve"
    calls: Calls = "joint"
    layout: Layout = "interleaved"
    """Following shots are always shown in runs."""
    told: Literal["yes", "no"] = "yes"
    """Whether the judge is told the expected outcome and what must stay, where a sample has them."""
    reference: Literal["yes", "no"] = "no"
    """Whether the target video is shown; only with the preset `viebench`."""
    wording: Literal["plain", "neutral", "plain+neutral"] = "plain"
    """`plain+neutral` asks once more in neutral words what was refused in plain ones."""
    schema: Literal["auto", "json_schema", "json_object", "none"] = "auto"
    """How the service is held to the answer's form."""
    k: int = 8
    """Frames of each video."""
    max_side: int = 512
    """Longest side of a frame in pixels."""
    quality: int = 90
    """Of the JPEG."""
    temperature: float | None = 0.0
    top_p: float | None = None
    seed: int | None = 0
    max_tokens: int = 1024
    """Of one reply."""
    wire: WireOptions = field(default_factory=WireOptions)

    def __post_init__(self) -> None:
        if not self.model:
            raise UsageError(f"{PREFIX} needs a model", hint=f"write {PREFIX}gpt-4o-2024-11-20, for example")
        for name, low, high in (("k", 2, 256), ("max_side", 16, 4096), ("quality", 1, 100), ("max_tokens", 16, 131072)):
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name}={getattr(self, name)} is not from {low} to {high}", where=self.name)
        for name, most in (("temperature", 2.0), ("top_p", 1.0)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise UsageError(f"{name}={value:g} is not from 0 to {most:g}", where=self.name)
        if self.reference == "yes" and self.preset != "viebench":
            raise UsageError(
                "reference=yes shows the target, which only the preset viebench asks about",
                where=self.name,
                hint="add preset=viebench, or leave reference out",
            )

    @property
    def frame_plan(self) -> FramePlan:
        """Which frames are shown, and how."""
        return FramePlan(k=self.k, max_side=self.max_side, encoding="jpeg", quality=self.quality, chroma="420")

    @property
    def sampling(self) -> Sampling:
        """How the model samples."""
        return Sampling(
            temperature=self.temperature, top_p=self.top_p, seed=self.seed, max_output_tokens=self.max_tokens
        )

    @property
    def reads(self) -> tuple[Evidence, ...]:
        """What the model is shown."""
        told: tuple[Evidence, ...] = ("expected_outcome",) if self.told == "yes" else ()
        target: tuple[Evidence, ...] = ("target",) if self.reference == "yes" else ()
        return ("instruction", *told, "frames", *target)

    @property
    def settings(self) -> Mapping[str, str]:
        """Every option that decides a verdict, as text; hashes of prompts and frame plan stand beside them."""
        kept = (item.name for item in fields(self) if item.name not in ("name", "model", "wire"))
        return {name: _as_text(getattr(self, name)) for name in kept}


def parse_llm_spec(text: str) -> LlmSpec:
    """Returns the specification behind `gpt-4o` or `openai:MODEL`, each with `?option=value&option=value` or without.

    `%XX` in a value stands for a byte, `+` for itself.

    Raises:
        UsageError: an option is unknown, given twice, not of its kind, or out of range; the valid ones are listed.
    """
    name, mark, query = text.strip().partition("?")
    model = NAMED_MODELS.get(name) or name.removeprefix(PREFIX)
    shown = next((short for short, known in NAMED_MODELS.items() if known == model), f"{PREFIX}{model}")
    options, wire = _fields(LlmSpec, skip=("name", "model", "wire")), _fields(WireOptions)
    known = {**options, **wire}
    given: dict[str, Any] = {}
    for part in query.split("&") if mark else ():
        option, equals, value = part.partition("=")
        option = unquote(option).strip().replace("-", "_")
        if not equals or not option:
            raise UsageError(f"option {part!r} is not of the form name=value", where=name)
        if option not in known:
            near = nearest_names(option, known, most=1)
            offer = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"unknown option {option!r}", where=name, hint=f"{offer}options are {_listed(known)}")
        if option in given:
            raise UsageError(f"option {option!r} is given twice", where=name)
        given[option] = _converted(option, unquote(value), known[option][0], name)
    return LlmSpec(
        name=shown,
        model=model,
        wire=WireOptions(**{option: value for option, value in given.items() if option in wire}),
        **{option: value for option, value in given.items() if option in options},
    )


def _fields(kind: type, skip: tuple[str, ...] = ()) -> dict[str, tuple[object, Field[Any]]]:
    hints = get_type_hints(kind)
    return {item.name: (hints[item.name], item) for item in fields(kind) if item.name not in skip}


def _converted(name: str, value: str, hint: object, where: str) -> object:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise UsageError(f"{name}={value} is not one of {', '.join(get_args(hint))}", where=where)
        return value
    kinds = [kind for kind in get_args(hint) if kind is not type(None)] or [hint]
    if kinds[0] is str:
        return value
    if len(kinds) < len(get_args(hint)) and value.lower() in _UNSET:
        return None
    word = "a whole number" if kinds[0] is int else "a number"
    try:
        number = int(value) if kinds[0] is int else float(value)
    except ValueError:
        raise UsageError(f"{name}={value} is not {word}", where=where) from None
    if not math.isfinite(number):
        raise UsageError(f"{name}={value} is not {word}", where=where)
    return number


def _listed(known: Mapping[str, tuple[object, Field[Any]]]) -> str:
    def shown(name: str, hint: object, item: Field[Any]) -> str:
        if get_origin(hint) is Literal:
            return f"{name} ({'|'.join(get_args(hint))})"
        return name if item.default in (None, MISSING) else f"{name} ({_as_text(item.default)})"

    return ", ".join(shown(name, hint, item) for name, (hint, item) in known.items())


def _as_text(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
