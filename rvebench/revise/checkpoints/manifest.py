"""The list of a checkpoint's files with their SHA-256, written beside them by `convert` and `pull`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from rvebench.errors import DataError
from rvebench.storage import atomic_write_text, read_json
from rvebench.weights import sha256_of

__all__ = ["MANIFEST_NAME", "FileSum", "Manifest", "ManifestCheck", "check_manifest", "find_manifest", "safe_path"]

MANIFEST_NAME = "rvebench.manifest.json"
_FORMAT = "rvebench-files"
_VERSION = 1


class FileSum(NamedTuple):
    """What is known of one file's content."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A folder's files by their relative paths, with forward slashes."""

    files: Mapping[str, FileSum]
    source: Mapping[str, str] = field(default_factory=dict)
    """Where they came from: repository and commit, or the layout they were made from."""

    def write(self, folder: Path) -> None:
        """Replaces the folder's manifest.

        Raises:
            StorageError: it cannot be written.
        """
        value = {
            "format": _FORMAT,
            "version": _VERSION,
            "source": dict(self.source),
            "files": {name: self.files[name]._asdict() for name in sorted(self.files)},
        }
        atomic_write_text(folder / MANIFEST_NAME, json.dumps(value, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads a folder's manifest.

        Raises:
            DataError: there is none, or it is none of ours.
        """
        path = folder / MANIFEST_NAME
        value = read_json(path)
        if not isinstance(value, dict) or value.get("format") != _FORMAT or value.get("version") != _VERSION:
            raise DataError("this is no manifest of this version", where=path)
        rows, source = value.get("files"), value.get("source", {})
        if not isinstance(rows, dict) or not isinstance(source, dict):
            raise DataError("the manifest lists no files", where=path)
        files: dict[str, FileSum] = {}
        for name, row in rows.items():
            sha256, size = (row.get("sha256"), row.get("size_bytes")) if isinstance(row, dict) else (None, None)
            if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256) or type(size) is not int:
                raise DataError(f"the manifest's row of {name[:80]!r} is damaged", where=path)
            files[safe_path(name, path)] = FileSum(sha256, size)
        return cls(files=files, source={str(key): str(text) for key, text in source.items()})


def safe_path(name: str, where: object) -> str:
    """Returns a relative path as it is, when it stays inside its folder.

    Raises:
        DataError: it is absolute, climbs out, or holds what file systems read otherwise.
    """
    parts = PurePosixPath(name).parts
    plain = "/".join(parts) == name and name.isprintable() and not set(name) & set('\\:*?"<>|')
    if not parts or not plain or name.startswith("/") or ".." in parts or len(name) > 1000:
        raise DataError(f"{name[:80]!r} is no path inside the folder", where=where, hint="nothing was written there")
    return name


def find_manifest(root: Path) -> Path | None:
    """Returns the folder whose manifest covers `root`: itself, or the one above, into which it was pulled."""
    return next((folder for folder in (root, root.parent) if (folder / MANIFEST_NAME).is_file()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestCheck:
    """How a folder compares with a manifest."""

    checked: int
    """Files whose sum was made and is right."""
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Other sizes or sums."""
    unlisted: tuple[str, ...] = ()
    """Files under the root that the manifest does not know."""

    @property
    def sound(self) -> bool:
        """Nothing is missing or changed; files more than listed do no harm."""
        return not self.missing and not self.changed


def check_manifest(folder: Path, root: Path, progress: Callable[[int], None] | None = None) -> ManifestCheck:
    """Compares the files under `root` with the manifest of `folder`, which is `root` or the folder above.

    Args:
        folder: where the manifest is.
        root: the checkpoint.
        progress: called with the bytes of each chunk that was read.

    Raises:
        DataError: the manifest or a file cannot be read.
    """
    listed = Manifest.read(folder).files
    inside = "" if root == folder else f"{root.name}/"
    wanted = {name: entry for name, entry in listed.items() if name.startswith(inside)}
    missing: list[str] = []
    changed: list[str] = []
    for name, entry in wanted.items():
        path = folder / name
        if not path.is_file():
            missing.append(name)
        elif path.stat().st_size != entry.size_bytes or _sum(path, progress) != entry.sha256:
            changed.append(name)
    here = {path.relative_to(folder).as_posix() for path in root.rglob("*") if path.is_file()}
    unlisted = tuple(sorted(name for name in here - set(wanted) if name != MANIFEST_NAME))
    return ManifestCheck(
        checked=len(wanted) - len(missing) - len(changed),
        missing=tuple(missing),
        changed=tuple(changed),
        unlisted=unlisted,
    )


def _sum(path: Path, progress: Callable[[int], None] | None) -> str:
    before = 0

    def show(done: int) -> None:
        nonlocal before
        if progress is not None:
            progress(done - before)
        before = done

    return sha256_of(path, show)
