"""Configurations to and from plain values: every unknown key, wrong type and dead key is an error with its path.

A configuration is a tree of frozen dataclasses. Reading walks the annotations of that tree, so that a key no field
answers to cannot pass, and the error names the nearest one that exists.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rvebench.errors import DataError, UsageError
from rvebench.registry import nearest_names

__all__ = ["DEAD_KEYS", "from_plain", "merged", "read_plain", "to_plain", "with_changes"]

T = TypeVar("T")

DEAD_KEYS = frozenset(
    {
        "max_prompt_len",
        "max_ref_len",
        "max_ar_vision_len",
        "weighting_scheme",
        "logit_mean",
        "logit_std",
        "mode_scale",
        "max_sequence_length",
    }
)
"""Keys that stand in the released configurations and that no released code reads."""


def to_plain(value: Any) -> Any:
    """Returns the JSON value of a configuration or a part of it; tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return [to_plain(item) for item in value] if isinstance(value, tuple) else value


def from_plain(kind: type[T], plain: object, *, where: str = "") -> T:
    """Builds a configuration of `kind` from plain values; keys left out keep their defaults.

    Args:
        kind: the dataclass.
        plain: a mapping from its field names.
        where: the dotted path of `plain`, for errors.

    Raises:
        UsageError: a key that no field has, a value of another type, a missing key without default, or a value that
            the dataclass itself refuses.
    """
    if not isinstance(plain, Mapping):
        raise UsageError(f"{where or 'the configuration'} must be a table of keys, not {type(plain).__name__}")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for key, value in plain.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in hints:
            raise _unknown_key(str(key), path, hints)
        values[key] = _read(hints[key], value, path)
    fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(kind)  # type: ignore[arg-type]
    missing = [
        field.name
        for field in fields
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise UsageError(f"{where or 'the configuration'} lacks {', '.join(missing)}")
    return kind(**values)


def read_plain(path: Path) -> dict[str, Any]:
    """Returns the table in a `.json` or `.toml` file.

    Raises:
        UsageError: the file is not there, or is neither kind; on Python 3.10, a TOML file without `tomli` installed.
        DataError: the file is not valid JSON or TOML, or holds no table.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the configuration cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError:
        raise DataError("the configuration is not UTF-8 text", where=path) from None
    if path.suffix not in {".json", ".toml"}:
        raise UsageError("a configuration is a .json or a .toml file", where=path)
    try:
        plain = json.loads(text) if path.suffix == ".json" else _toml().loads(text)
    except ValueError as error:  # both decoders' errors derive from it
        raise DataError(f"the configuration is not valid {path.suffix[1:].upper()}: {error}", where=path) from None
    if not isinstance(plain, dict):
        raise DataError("the configuration must be a table of keys", where=path)
    return plain


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a table with changes laid over it: tables change only the keys that they hold, all else is replaced."""
    found = dict(base)
    for key, value in changes.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def with_changes(config: T, changes: Sequence[str], *, example: str) -> T:
    """Returns a configuration with changes of the form `a.b=value`, as options `--set` take them.

    Args:
        config: a dataclass that :func:`from_plain` reads.
        changes: one each; a value is read as JSON, and as plain text where it is none.
        example: a change that could be made, for errors.

    Raises:
        UsageError: a change of another form, an unknown key, or a value that does not fit.
    """
    plain = to_plain(config)
    for change in changes:
        path, equals, text = change.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise UsageError(f"{change!r} is not of the form KEY.KEY=VALUE", hint=f"write for example {example}")
        place: dict[str, Any] = plain
        for depth, key in enumerate(keys[:-1]):
            if not isinstance(place.get(key), dict):
                raise UsageError(f"no such table of keys: {'.'.join(keys[: depth + 1])}")
            place = place[key]
        if keys[-1] not in place:
            near = nearest_names(keys[-1], place, most=1)
            raise UsageError(f"no such key: {path}", hint=f"did you mean {near[0]}?" if near else None)
        try:
            place[keys[-1]] = json.loads(text)
        except ValueError:
            place[keys[-1]] = text
    return from_plain(type(config), plain)


def _toml() -> Any:
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise UsageError("this Python reads no TOML", hint="install tomli, or write the configuration as JSON")


def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _unknown_key(key: str, path: str, known: Mapping[str, Any]) -> UsageError:
    if key in DEAD_KEYS:
        return UsageError(
            f"the key {path} has no effect: it stands in the released configurations, but no released code reads it",
            hint="remove it",
        )
    near = nearest_names(key, known, most=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return UsageError(f"no such key: {path}", hint=hint)


def _read(hint: Any, value: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        return None if value is None else _read(kinds[0], value, path)
    if origin is Literal:
        if value not in get_args(hint):
            raise UsageError(f"{path} is {value!r}", hint=f"use one of {', '.join(map(str, get_args(hint)))}")
        return value
    if origin is tuple:
        return _read_tuple(get_args(hint), value, path)
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        return from_plain(hint, value, where=path)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise UsageError(f"{path} must be of type {hint.__name__}, not {value!r}")
    return value


def _read_tuple(kinds: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise UsageError(f"{path} must be a list, not {value!r}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise UsageError(f"{path} has {len(kinds)} entries, not {len(value)}")
    return tuple(
        _read(kind, item, f"{path}[{index}]") for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )
