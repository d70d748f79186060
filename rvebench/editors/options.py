"""Options of an editor as text: `?steps=30&device=cuda`, checked against what the constructor takes."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Union, get_args, get_origin
from urllib.parse import unquote

from rvebench.errors import EditorError
from rvebench.registry import nearest_names

__all__ = ["Option", "bind_options", "options_of", "parse_options", "split_options"]

_TEXTUAL = (str, int, float, bool, Path)
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class Option(NamedTuple):
    """One constructor argument that text can give."""

    name: str
    annotation: object
    required: bool
    default: object

    def __str__(self) -> str:
        kind = _kind_name(self.annotation)
        return f"{self.name} ({kind})" if self.required else f"{self.name} ({kind}, default {self.default})"


def split_options(text: str) -> tuple[str, dict[str, str]]:
    """Splits `NAME?k=v&k=v` at the first `?`.

    Raises:
        EditorError: an option has no `=`, an empty name, or is given twice.
    """
    name, mark, query = text.partition("?")
    return name, parse_options(query, where=text) if mark else {}


def parse_options(query: str, *, where: str) -> dict[str, str]:
    """Returns the options of `k=v&k=v`; `%XX` stands for a byte of UTF-8, `+` for itself.

    Raises:
        EditorError: an option has no `=`, an empty name, or is given twice.
    """
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        name = unquote(name).strip().replace("-", "_")
        if not equals or not name:
            raise EditorError(f"option {part!r} is not of the form name=value", where=where)
        if name in found:
            raise EditorError(f"option {name!r} is given twice", where=where)
        found[name] = unquote(value)
    return found


def _kind_name(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return "|".join(str(choice) for choice in get_args(annotation))
    inner = _without_none(annotation)
    return getattr(inner, "__name__", str(inner)).lower()


def _without_none(annotation: object) -> object:
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [kind for kind in get_args(annotation) if kind is not type(None)]
        return rest[0] if len(rest) == 1 else annotation
    return annotation


def _takes_text(annotation: object) -> bool:
    inner = _without_none(annotation)
    return inner in _TEXTUAL or get_origin(inner) is Literal


def options_of(target: Callable[..., object]) -> tuple[Option, ...]:
    """Returns the arguments of a constructor that text can give, in order.

    An argument without annotation is taken as text; one of another kind (a callable, say) is not an option.
    """
    try:
        hints = typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except (NameError, TypeError, AttributeError):
        hints = {}
    try:
        parameters = inspect.signature(target).parameters.values()
    except (ValueError, TypeError):
        return ()
    found = []
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            continue
        required = parameter.default is parameter.empty
        annotation = hints.get(parameter.name, str if required else type(parameter.default))
        if annotation is type(None):
            annotation = str
        if _takes_text(annotation):
            default = None if required else parameter.default
            found.append(Option(parameter.name, annotation, required, default))
    return tuple(found)


def _convert(text: str, option: Option, where: str) -> object:
    kind = _without_none(option.annotation)
    if kind is not option.annotation and text.lower() in ("", "none"):
        return None
    wrong = EditorError(f"option {option.name}={text!r} is not {_kind_name(kind)}", where=where)
    if get_origin(kind) is Literal:
        for choice in get_args(kind):
            if str(choice) == text:
                return typing.cast(object, choice)
        raise wrong
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise wrong
    try:
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
    except ValueError:
        raise wrong from None
    return Path(text).expanduser() if kind is Path else text


def bind_options(target: Callable[..., object], given: Mapping[str, str], *, where: str) -> dict[str, object]:
    """Returns the constructor's arguments, converted by its annotations.

    Args:
        target: a class or function.
        given: option texts by name.
        where: the editor as the user named it, for errors.

    Raises:
        EditorError: an option is unknown, cannot be converted, or a required one is absent; the valid ones are listed.
    """
    known = {option.name: option for option in options_of(target)}
    listed = f"options are {', '.join(str(option) for option in known.values())}" if known else "it takes no options"
    for name in given:
        if name not in known:
            near = nearest_names(name, known, most=1)
            offer = f"did you mean {near[0]}? {listed}" if near else listed
            raise EditorError(f"unknown option {name!r}", where=where, hint=offer)
    absent = [option.name for option in known.values() if option.required and option.name not in given]
    if absent:
        raise EditorError(f"option {absent[0]!r} is required", where=where, hint=listed)
    return {name: _convert(text, known[name], where) for name, text in given.items()}
