"""Which rows a path means, and which leaderboard it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import UsageError
from rvebench.leaderboard.findings import Finding
from rvebench.leaderboard.submission import SUBMISSION_NAME
from rvebench.leaderboard.tracks import TRACKS_NAME

__all__ = ["Place", "Places", "find_places", "find_root"]

_BESIDE = frozenset({".gitkeep", "README.md"})
"""Files that may lie between rows."""


class Place(NamedTuple):
    """Where a row is."""

    folder: Path
    shown: str
    """The folder below the leaderboard's root, as findings name it."""


class Places(NamedTuple):
    """The rows that some paths mean."""

    root: Path
    """The folder that holds tracks.toml; of rows in no leaderboard, the one that holds their track's folder."""
    inside: bool
    """The root has a tracks.toml of its own."""
    scope: tuple[Path, ...]
    """The paths, absolute."""
    rows: tuple[Place, ...]
    strays: tuple[Finding, ...]
    """What lies where only rows should."""


def find_root(path: Path) -> Path | None:
    """Returns the leaderboard's folder that a path is in: the nearest one above it that holds tracks.toml."""
    return next((folder for folder in (path, *path.parents) if (folder / TRACKS_NAME).is_file()), None)


def find_places(paths: Sequence[Path]) -> Places:
    """Returns the rows at some paths: a row's folder, a track's, submissions/, or a whole leaderboard.

    Raises:
        UsageError: a path is not there or holds no rows, or the paths are of several leaderboards.
    """
    if not paths:
        raise UsageError("there is nothing to validate", hint="name a submission, or the folder leaderboards")
    scope = tuple(path.absolute() for path in paths)
    for path in scope:
        if not path.is_dir() or path.is_symlink():
            raise UsageError("no such folder", where=path, hint="give a submission's folder, or leaderboards")
    roots = {find_root(path) or _outer_root(path) for path in scope}
    if len(roots) > 1:
        raise UsageError("the paths are of different leaderboards", where=scope[0], hint="validate them one by one")
    root = roots.pop()
    strays: list[Finding] = []
    rows = [Place(folder, _shown(folder, root)) for path in scope for folder in _rows_at(path, root, strays)]
    inside = (root / TRACKS_NAME).is_file()
    return Places(root, inside, scope, tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(strays)))


def _outer_root(path: Path) -> Path:
    """Returns the folder above the tracks' folders, for rows that are in no leaderboard."""
    if (path / SUBMISSION_NAME).exists():
        return path.parent.parent
    return path.parent if _holds_rows(path) else path


def _rows_at(path: Path, root: Path, strays: list[Finding]) -> Iterator[Path]:
    above = root / "submissions" if (root / TRACKS_NAME).is_file() else root
    if path == root and above != root:
        if above.is_symlink() or not above.is_dir():
            return
        path = above
    depth = len(path.relative_to(above).parts) if path.is_relative_to(above) else -1
    if depth == 0:
        for track in _folders(path, root, strays):
            yield from _folders(track, root, strays)
    elif depth == 1:
        yield from _folders(path, root, strays)
    elif depth == 2:
        yield path
    else:
        raise UsageError("the folder is no submission", where=path, hint=f"submissions are in {above}")


def _holds_rows(path: Path) -> bool:
    return any((inner / SUBMISSION_NAME).is_file() for inner in path.iterdir() if inner.is_dir())


def _folders(path: Path, root: Path, strays: list[Finding]) -> Iterator[Path]:
    for inner in sorted(path.iterdir()):
        if inner.is_symlink():
            strays.append(Finding(code="layout.link", where=_shown(inner, root), what="it is a symbolic link"))
        elif inner.is_dir():
            yield inner
        elif inner.name not in _BESIDE:
            strays.append(Finding(code="layout.extra", where=_shown(inner, root), what="it is no submission"))


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
