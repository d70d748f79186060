"""Editors that are Python classes, ours or anybody's: found, built with options from text, and checked."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Mapping
from typing import Any, cast

from rvebench.editors.options import bind_options
from rvebench.editors.protocol import Editor
from rvebench.errors import EditorError, RveError, UsageError
from rvebench.records import EditorInfo
from rvebench.registry import load_target

__all__ = ["build_class", "load_class", "missing_modules"]


def load_class(target: str) -> object:
    """Returns what `package.module:Class` names.

    Raises:
        EditorError: it cannot be imported, or the module has no such name.
    """
    try:
        return load_target(target, kind="editor")
    except UsageError as error:
        hint = error.hint or "write python:package.module:Class"
        raise EditorError(error.what, where=error.where, hint=hint) from error
    except Exception as error:  # importing runs foreign code: whatever it raises is the user's news
        raise EditorError(
            f"editor {target!r} fails on import: {type(error).__name__}: {error}", hint="import the module by hand"
        ) from error


def build_class(target: Any, options: Mapping[str, str], *, where: str) -> Editor:
    """Returns an editor built from a class (or a function that returns one) and options in text.

    Args:
        target: what the name stands for.
        options: by name, as text.
        where: the editor as the user named it.

    Raises:
        EditorError: it takes no such option, fails while it is built, or lacks a part of the protocol.
    """
    if not callable(target):
        raise EditorError(f"not a class or function but {type(target).__name__}", where=where)
    if inspect.isclass(target):
        _check_parts(target, where, instance=False)
    arguments = bind_options(target, options, where=where)
    try:
        editor: object = target(**arguments)
    except RveError:
        raise
    except Exception as error:  # the constructor is foreign code
        raise EditorError(f"cannot be built: {type(error).__name__}: {error}", where=where) from error
    _check_parts(editor, where, instance=True)
    return cast(Editor, editor)


def _check_parts(candidate: object, where: str, *, instance: bool) -> None:
    lacks = []
    if not callable(getattr(candidate, "edit", None)):
        lacks.append("edit(requests) -> iterator of EditResult")
    if instance:
        try:
            info = getattr(candidate, "info", None)
        except Exception as error:  # foreign code behind a property
            raise EditorError(f"its info fails: {type(error).__name__}: {error}", where=where) from error
        if callable(info):
            lacks.append("info as an attribute or property (it is a method: add @property)")
        elif not isinstance(info, EditorInfo):
            lacks.append("info: EditorInfo" if info is None else f"info: EditorInfo (it is {type(info).__name__})")
    if lacks:
        raise EditorError(
            f"{'the object' if instance else 'the class'} is no editor: it lacks {' and '.join(lacks)}",
            where=where,
            hint="see rvebench.editors.Editor and docs/editors.md",
        )


def missing_modules(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns which of these top-level modules are not installed, without importing them."""
    return tuple(name for name in names if importlib.util.find_spec(name) is None)
