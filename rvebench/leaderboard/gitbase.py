"""What a base revision has: published rows and tracks, read from git's own store without a checkout."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rvebench.errors import UsageError

__all__ = ["Base", "blob_id", "contains", "read_base", "resolve"]

_TIME_LIMIT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The leaderboard's folder at one revision. Contents stay in git until they are asked for."""

    root: Path
    commit: str
    blobs: Mapping[str, str]
    """Object id by path below the leaderboard's root, of everything in submissions/ and of tracks.toml."""

    def rows(self) -> Mapping[str, Mapping[str, str]]:
        """Returns the published rows: `TRACK/FOLDER` to the object ids of its files by name below that folder."""
        found: dict[str, dict[str, str]] = {}
        for path, blob in self.blobs.items():
            parts = path.split("/")
            if parts[0] == "submissions" and len(parts) >= 4:
                found.setdefault("/".join(parts[1:3]), {})["/".join(parts[3:])] = blob
        return found

    def content(self, path: str) -> bytes:
        """Returns a file's content; nothing when the revision has no such file."""
        return _git(self.root, "cat-file", "blob", self.blobs[path]) if path in self.blobs else b""


def blob_id(content: bytes, like: str) -> str:
    """Returns the id that git gives a content, in the format (SHA-1 or SHA-256) of another id."""
    header = f"blob {len(content)}\0".encode()
    if len(like) == 64:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _git(where: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(where), *arguments], capture_output=True, timeout=_TIME_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"git cannot be run: {error}", where=where) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git says: {said[-1] if said else 'nothing'}", where=where)
    return done.stdout


def resolve(root: Path, revision: str) -> str:
    """Returns the commit id of a revision of the repository that a folder is in.

    Raises:
        UsageError: the folder is in no repository, or the revision is not there.
    """
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is not a revision")
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except UsageError:
        raise UsageError(
            f"the revision {revision!r} is not in the repository",
            where=root,
            hint="fetch it first, as `git fetch origin main`, or name another",
        ) from None


def contains(root: Path, commit: str, path: str, content: bytes) -> bool:
    """Tells whether a file below `root` had this content at a commit."""
    try:
        return _git(root, "cat-file", "blob", f"{commit}:{_below_top(root)}{path}") == content
    except UsageError:
        return False


def _below_top(root: Path) -> str:
    return _git(root, "rev-parse", "--show-prefix").decode().strip()


def read_base(root: Path, revision: str) -> Base:
    """Returns the leaderboard's folder at a revision.

    Args:
        root: the folder that holds tracks.toml; it is in a git repository.
        revision: a commit, branch or tag.

    Raises:
        UsageError: there is no repository, no git, or no such revision.
    """
    commit = resolve(root, revision)
    # `ls-tree` in a folder names paths relative to it, and looks only there.
    listed = _git(root, "ls-tree", "-r", "-z", commit, "--", "submissions", "tracks.toml").split(b"\0")[:-1]
    blobs: dict[str, str] = {}
    for entry in listed:
        facts, _, path = entry.partition(b"\t")
        mode, kind, blob = facts.split()
        if kind == b"blob" and mode != b"120000":
            blobs[path.decode(errors="surrogateescape")] = blob.decode()
    return Base(root=root, commit=commit, blobs=blobs)
