"""Paths in a manifest: relative, with forward slashes, and never out of the manifest's folder."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from rvebench.errors import DataError

__all__ = ["confined_path", "relative_text"]

_INSIDE = "paths are relative to the manifest's folder and stay inside it"


def confined_path(text: str, root: Path) -> Path:
    """Returns the absolute path of `text` below `root`, whether or not a file is there.

    Raises:
        DataError: the text is empty or absolute, climbs out with `..`, or passes a symbolic link that leads out.
    """
    if not text.strip():
        raise DataError("the path is empty")
    if "\0" in text or "\\" in text:
        raise DataError(f"path {text!r} holds a character that is not allowed", hint="write folders with /")
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        raise DataError(f"path {text!r} is absolute", hint=_INSIDE)
    plain = posixpath.normpath(text)
    if plain == "." or plain == ".." or plain.startswith("../"):
        raise DataError(f"path {text!r} leads out of the manifest's folder", hint=_INSIDE)
    path = root / plain
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise DataError(f"path {text!r} cannot be followed: {error}") from None
    if not inside:
        raise DataError(f"path {text!r} passes a symbolic link that leads out of the manifest's folder", hint=_INSIDE)
    return path


def relative_text(path: Path, root: Path) -> str:
    """Returns `path` as a manifest in `root` writes it.

    Raises:
        DataError: the path is not inside `root`.
    """
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        raise DataError(f"{path} is not inside {root}", hint=_INSIDE) from None
