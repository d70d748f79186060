"""The libraries that the rendered world is drawn and moved with; both come with the extra `sim`.

They are loaded when needed: the rest of the package works without them.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from rvebench.errors import UsageError

__all__ = ["load_pymunk", "load_skia", "missing_libraries"]


class _Library(NamedTuple):
    module: str
    what: str
    hint: str


_SKIA = _Library(
    "skia",
    "renderer",
    '`pip install "rvebench[sim]"`; on Debian it also needs libgl1, libegl1 and libfontconfig1',
)
_PYMUNK = _Library("pymunk", "physics engine", '`pip install "rvebench[sim]"`')


def load_skia() -> Any:
    """Returns the skia module.

    Raises:
        UsageError: it is not installed, or a system library it needs is absent.
    """
    return _load(_SKIA)


def load_pymunk() -> Any:
    """Returns the pymunk module.

    Raises:
        UsageError: it is not installed, or cannot be loaded.
    """
    return _load(_PYMUNK)


def missing_libraries() -> tuple[str, ...]:
    """Returns what cannot be loaded, each with the reason and what to install; nothing when all is there."""
    found: list[str] = []
    for library in (_SKIA, _PYMUNK):
        try:
            importlib.import_module(library.module)
        except (ImportError, OSError) as error:
            found.append(f"{library.what} ({error}; {library.hint})")
    return tuple(found)


def _load(library: _Library) -> Any:
    try:
        return importlib.import_module(library.module)
    except (ImportError, OSError) as error:
        raise UsageError(f"the {library.what} cannot be loaded: {error}", hint=library.hint) from None
