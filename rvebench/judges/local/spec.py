"""`hf:MODEL?option=value&…` as a value: which model, on what, asked how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints
from urllib.parse import unquote

from rvebench.errors import UsageError
from rvebench.judges.llm.spec import LlmSpec
from rvebench.registry import nearest_names

__all__ = ["PREFIX", "LocalSpec", "parse_local_spec"]

PREFIX = "hf:"

Reading = Literal["hard", "soft", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpec:
    """A local judge as the user named it.

    Raises:
        UsageError: a field is out of range.
    """

    model: str
    """A folder, or `owner/name` on the hub."""
    revision: str = ""
    """Branch, tag or commit on the hub; empty: its default branch."""
    device: str = "auto"
    """`auto` (cuda where there is one, else cpu), `cpu`, `cuda`, `cuda:1`, `mps`."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """`auto`: bfloat16 on an accelerator, float32 on the CPU."""
    k: int = 8
    """Frames of each video."""
    max_side: int = 512
    """Longest side of a frame in pixels."""
    layout: Literal["interleaved", "runs"] = "interleaved"
    """Each edit frame after its source frame, or one video after the other."""
    told: Literal["yes", "no"] = "yes"
    """Whether the judge reads the expected outcome and what must stay, where a sample has them."""
    calls: Literal["joint", "separate"] = "joint"
    """All criteria in one question, or one question each."""
    wording: Literal["plain", "neutral"] = "plain"
    """The shipped prompts, or their neutral variant."""
    reading: Reading = "hard"
    """`hard`: scores from the written reply; `soft`: 10 P(yes); `both`: written scores, P(yes) beside them."""
    constrain: Literal["never", "repair", "always"] = "repair"
    """When the reply is held to the verdict's JSON while it is written: `repair`, if the free one was malformed."""
    max_new_tokens: int = 1024
    """Of one written reply."""

    def __post_init__(self) -> None:
        where = f"{PREFIX}{self.model}"
        if not self.model:
            raise UsageError("hf: needs a model", hint="write hf:Qwen/Qwen2.5-VL-7B-Instruct or hf:/path/to/folder")
        for name, low in (("k", 2), ("max_side", 16), ("max_new_tokens", 16)):
            if getattr(self, name) < low:
                raise UsageError(f"{name}={getattr(self, name)} is below {low}", where=where)
        kind, _, number = self.device.partition(":")
        if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdecimal())):
            raise UsageError(f"device={self.device} is unknown", where=where, hint="use auto, cpu, cuda, cuda:1 or mps")

    def asking(self, name: str) -> LlmSpec:
        """Returns what the model is shown and how it is asked, as the judges behind services have it.

        Args:
            name: of the model.
        """
        return LlmSpec(
            name=f"{PREFIX}{name}",
            model=name,
            calls=self.calls,
            layout=self.layout,
            told=self.told,
            wording=self.wording,
            schema="json_schema",
            k=self.k,
            max_side=self.max_side,
            seed=None,
            max_tokens=self.max_new_tokens,
        )

    @property
    def settings(self) -> Mapping[str, str]:
        """Every option that decides a verdict, as text; weights, device and dtype are known only to the judge."""
        told = ("k", "max_side", "layout", "told", "calls", "wording", "reading", "constrain", "max_new_tokens")
        return {name: str(getattr(self, name)) for name in told} | {"images": "pil, not split"}


def parse_local_spec(text: str) -> LocalSpec:
    """Returns the specification behind `hf:MODEL` or `hf:MODEL?option=value&option=value`.

    Raises:
        UsageError: an option is unknown, given twice, or not of its kind.
    """
    model, mark, query = text.strip().removeprefix(PREFIX).partition("?")
    hints = {name: hint for name, hint in get_type_hints(LocalSpec).items() if name != "model"}
    given: dict[str, object] = {}
    for part in query.split("&") if mark else ():
        name, equals, value = part.partition("=")
        name = unquote(name).strip().replace("-", "_")
        if not equals or not name:
            raise UsageError(f"option {part!r} is not of the form name=value", where=text)
        if name not in hints:
            near = nearest_names(name, hints, most=1)
            offer = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"unknown option {name!r}", where=text, hint=f"{offer}options are {_listed()}")
        if name in given:
            raise UsageError(f"option {name!r} is given twice", where=text)
        given[name] = _converted(name, unquote(value), hints[name], text)
    return LocalSpec(model=model, **given)  # type: ignore[arg-type]


def _converted(name: str, value: str, hint: object, where: str) -> object:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise UsageError(f"{name}={value} is not one of {', '.join(get_args(hint))}", where=where)
        return value
    if hint is int:
        if not value.isdecimal():
            raise UsageError(f"{name}={value} is not a whole number", where=where)
        return int(value)
    return value


def _listed() -> str:
    known = (field for field in fields(LocalSpec) if field.default is not MISSING)
    return ", ".join(f"{field.name} ({field.default or 'empty'})" for field in known)
