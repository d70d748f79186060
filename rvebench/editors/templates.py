"""Placeholders in command lines, request bodies and file patterns, filled in one pass.

`{name}` is a value of the request, `${NAME}` a variable of the environment, `{{` and `}}` are braces. What is put in
is never read again: an instruction that holds `{out}` or `${HOME}` stays as it is. Braces that hold no name
(`{1,2}`, JSON) stay as they are too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from rvebench.errors import EditorError
from rvebench.registry import nearest_names

__all__ = ["check_placeholders", "env_names", "fill_text", "fill_value", "placeholders", "texts_of"]

_TOKEN = re.compile(
    r"\$\{(?P<env>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<open>\{\{)|(?P<close>\}\})|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}"
)


def placeholders(text: str) -> frozenset[str]:
    """Returns the names of the request's values that `text` uses."""
    return frozenset(m["name"] for m in _TOKEN.finditer(text) if m["name"])


def env_names(text: str) -> frozenset[str]:
    """Returns the environment variables that `text` uses."""
    return frozenset(m["env"] for m in _TOKEN.finditer(text) if m["env"])


def texts_of(value: object) -> Iterable[str]:
    """Yields every string inside a JSON-like value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_of(key)
            yield from texts_of(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts_of(inner)


def check_placeholders(texts: Iterable[str], known: Iterable[str], *, where: object) -> None:
    """Checks that every placeholder has a value.

    Raises:
        EditorError: a name is unknown; the hint offers the nearest one and the list.
    """
    names = sorted(known)
    for text in texts:
        for name in sorted(placeholders(text)):
            if name not in names:
                near = nearest_names(name, names, most=1)
                offer = f"did you mean {{{near[0]}}}? " if near else ""
                raise EditorError(
                    f"unknown placeholder {{{name}}}",
                    where=where,
                    hint=f"{offer}known: {', '.join(names)}; write {{{{{name}}}}} for the text itself",
                )


def fill_text(
    text: str,
    values: Mapping[str, object],
    environ: Mapping[str, str],
    *,
    escape: Callable[[str], str] = str,
) -> str:
    """Returns `text` with placeholders and variables filled in.

    Args:
        text: the template.
        values: by placeholder name.
        environ: by variable name; an absent one is filled with nothing (it was asked for up front).
        escape: applied to every value put in.
    """

    def put(match: re.Match[str]) -> str:
        if match["open"] or match["close"]:
            return "{" if match["open"] else "}"
        if match["env"]:
            return escape(environ.get(match["env"], ""))
        value = values[match["name"]]
        return escape("" if value is None else str(value))

    return _TOKEN.sub(put, text)


def fill_value(value: object, values: Mapping[str, object], environ: Mapping[str, str]) -> object:
    """Returns a JSON-like template filled in; a string that is one placeholder keeps the value's type."""
    if isinstance(value, str):
        whole = re.fullmatch(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", value)
        return values[whole[1]] if whole else fill_text(value, values, environ)
    if isinstance(value, Mapping):
        return {key: fill_value(inner, values, environ) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill_value(inner, values, environ) for inner in value]
    return value
