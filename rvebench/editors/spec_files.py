"""YAML files that describe an editor: what all of them say, where the shipped ones are, how mistakes are reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rvebench.errors import EditorError, UnknownNameError
from rvebench.records import EditorInfo, Need, PromptKind, Track, Window, digest_of
from rvebench.registry import nearest_names

__all__ = ["CommonSpec", "SpecFile", "Strict", "WindowSpec", "load_spec", "shipped_names", "shipped_spec"]

_SHIPPED = Path(__file__).with_name("specs")
_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

PromptSource = Literal["instruction", "literal", "expected_outcome"]


class Strict(BaseModel):
    """A part of a specification; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class WindowSpec(Strict):
    """Which source frames the model reads, said once for all requests."""

    start: int = Field(default=0, ge=0)
    stride: int = Field(default=1, ge=1)
    count: int | None = Field(default=None, ge=1)
    """At most this many; a shorter source gives fewer. Absent: all from `start`."""
    factor: int = Field(default=1, ge=1)
    """Only `factor * k + 1` frames are read: what is over at the end is left out."""
    lower_stride: bool = False
    """The stride is lowered until `count` frames fit into the source, as some scripts do without a word."""
    fps: float | None = Field(default=None, gt=0)
    """Frames a second of the consumed sequence; absent: the source's, divided by `stride`."""

    def on(self, *, frames: int, fps: float) -> Window:
        """Returns the window on a source of `frames` frames at `fps`.

        Raises:
            ValueError: the source ends before the window starts.
        """
        stride = self.stride
        if self.lower_stride and self.count is not None:
            while stride > 1 and frames < self.start + self.count * stride:
                stride -= 1
        there = max(0, -(-(frames - self.start) // stride))
        if there == 0:
            raise ValueError(f"the source has {frames} frames, and the window starts at frame {self.start}")
        count = there if self.count is None else min(self.count, there)
        count = (count - 1) // self.factor * self.factor + 1
        return Window(start=self.start, stride=stride, count=count, fps=self.fps or fps / stride)


class CommonSpec(Strict):
    """What every editor specification says."""

    name: str = Field(min_length=1, max_length=80)
    version: str = Field(min_length=1)
    """Version of this file; raise it when a change may change outputs."""
    revision: str = ""
    """What is run: a commit, a checkpoint's revision. The digest of this file is added."""
    summary: str = ""
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Further placeholders with their defaults; `NAME?key=value` overrides them."""
    prompt_kind: PromptKind = "instruction"
    prompt_source: PromptSource = "instruction"
    track: Track = "direct"
    needs: tuple[Need, ...] = ()
    max_frames: int | None = Field(default=None, ge=1)
    sizes: tuple[tuple[int, int], ...] = ()
    window: WindowSpec | None = None
    seeded: bool = False
    """The template passes {seed} and the model honours it."""
    deterministic: bool = False
    paid: bool = False
    notes: tuple[str, ...] = ()

    @field_validator("settings")
    @classmethod
    def _names(cls, settings: dict[str, object]) -> dict[str, object]:
        for name in settings:
            if not _TEXT.fullmatch(name):
                raise ValueError(f"setting {name!r} is not a name of letters, digits and _")
        return settings

    def with_settings(self: _Spec, given: Mapping[str, str], *, where: object) -> _Spec:
        """Returns the specification with settings overridden by `?key=value`.

        Raises:
            EditorError: a key is no setting of this file, or its value is not of the default's kind.
        """
        if not given:
            return self
        changed = dict(self.settings)
        for name, text in given.items():
            if name not in changed:
                known = ", ".join(f"{key}={value}" for key, value in self.settings.items())
                near = nearest_names(name, changed, most=1)
                offer = f"did you mean {near[0]}? " if near else ""
                raise EditorError(f"unknown option {name!r}", where=where, hint=f"{offer}options: {known or 'none'}")
            changed[name] = _like(changed[name], text, name, where)
        return self.model_copy(update={"settings": changed})

    @property
    def digest(self) -> str:
        """sha256 of everything the specification says."""
        return digest_of(self.model_dump(mode="json"))

    def info(self, *, model: str = "") -> EditorInfo:
        """Returns the editor's description."""
        parts = (model, self.revision, f"spec-{self.digest[:16]}")
        return EditorInfo(
            name=self.name,
            version=self.version,
            revision=" ".join(part for part in parts if part),
            prompt_kind=self.prompt_kind,
            prompt_source=self.prompt_source,
            needs=self.needs,
            max_frames=self.max_frames,
            sizes=self.sizes,
            deterministic=self.deterministic,
            seeded=self.seeded,
            track=self.track,
            paid=self.paid,
            notes=self.notes,
        )


_Spec = TypeVar("_Spec", bound=CommonSpec)
_Model = TypeVar("_Model", bound=CommonSpec)


def _like(default: str | int | float | bool, text: str, name: str, where: object) -> str | int | float | bool:
    if isinstance(default, str):
        return text
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        return type(default)(text)
    except (ValueError, KeyError):
        kind = type(default).__name__
        raise EditorError(f"option {name}={text!r} is not {kind}", where=where) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFile:
    """An editor that is a YAML file. An entry point of the group `rvebench.editors` may name one.

    Nothing is read until the editor is built.
    """

    path: Path


def shipped_names() -> list[str]:
    """Returns the names of the specifications that ship with the package."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))


def shipped_spec(name: str) -> SpecFile:
    """Returns the shipped specification called `name`.

    Raises:
        UnknownNameError: none has that name; the hint lists the nearest ones.
    """
    names = shipped_names()
    if name not in names:
        near = nearest_names(name, names)
        offer = f"did you mean {' or '.join(near)}?" if near else f"shipped: {', '.join(names)}"
        raise UnknownNameError(f"unknown editor specification {name!r}", hint=offer)
    return SpecFile(path=_SHIPPED / f"{name}.yaml")


def load_spec(path: Path, model: type[_Model]) -> _Model:
    """Returns a YAML file as a checked specification.

    Raises:
        EditorError: the file is not there, not YAML, or says something that the specification does not allow; every
            problem is named at once.
    """
    value = read_yaml(path)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = "; ".join(_problem(item, model) for item in error.errors())
        raise EditorError(problems, where=path, hint="see docs/editors.md for what each key means") from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Returns the mapping of a YAML file.

    Raises:
        EditorError: the file is not there, not UTF-8, not YAML, or not a mapping.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EditorError("the file is not there", where=path) from None
    except OSError as error:
        raise EditorError(f"cannot be read: {error.strerror}", where=path) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise EditorError(f"not a YAML file: {' '.join(str(error).split())}", where=path) from None
    if not isinstance(value, dict):
        raise EditorError("not a mapping of keys to values", where=path)
    return value


def _problem(item: Any, model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        near = nearest_names(str(item["loc"][-1]), model.model_fields, most=1) if len(item["loc"]) == 1 else []
        return f"unknown key {place!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
    return f"{place}: {item['msg']}" if place else str(item["msg"])
