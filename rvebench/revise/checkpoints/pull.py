"""Fetches a public repository of weights: listed first, then file by file, each whole, going on after a cut."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.revise.checkpoints.hub import HubFile, HubListing, endpoint_of, list_repository
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME, FileSum, Manifest
from rvebench.storage import exclusive_lock
from rvebench.weights import OfflineError, Patience, RemoteFile, fetch_to, sha256_of
from rvebench.weights.download import is_offline

__all__ = ["REPOSITORIES", "Known", "PullPlan", "Pulled", "known_repository", "plan_pull", "pull"]

_SPARE_BYTES = 64 * 2**20
_LOCK_NAME = ".rvebench.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A public repository that has something to do with ReViSE."""

    name: str
    what: str
    terms: str
    """What must be read before use."""
    patterns: tuple[str, ...] = ()
    """What is fetched by default; all when empty."""


_NO_LICENCE = (
    "the repository of the code states no licence, and the weights' licence is unknown: ask the authors before any "
    "use that is not private study; the VLM in it builds on Llama 3, whose own terms hold too"
)
_APACHE = "Wan-AI publishes the Wan2.1 weights under Apache-2.0"

REPOSITORIES: Mapping[str, Known] = MappingProxyType(
    {
        known.name: known
        for known in (
            Known(name="sophiaa/revise", what="ReViSE, as released (revise_ckpt/)", terms=_NO_LICENCE),
            Known(
                name="howellyoung1/OmniVideo11B", what="Omni-Video, which ReViSE was trained from", terms=_NO_LICENCE
            ),
            Known(name="Wan-AI/Wan2.1-T2V-1.3B", what="the base model in Wan's layout", terms=_APACHE),
            Known(name="Wan-AI/Wan2.1-T2V-1.3B-Diffusers", what="the base model in diffusers' layout", terms=_APACHE),
        )
    }
)
"""By `OWNER/NAME`; others can be pulled too."""

State = Literal["here", "part", "absent"]


class Row(NamedTuple):
    """One file of a plan."""

    file: HubFile
    state: State
    here_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPlan:
    """What a pull would do."""

    listing: HubListing
    folder: Path
    rows: tuple[Row, ...]

    @property
    def total_bytes(self) -> int:
        """Of all its files."""
        return sum(row.file.size_bytes for row in self.rows)

    @property
    def to_fetch_bytes(self) -> int:
        """Of what is not here."""
        return sum(row.file.size_bytes - row.here_bytes for row in self.rows)


class Pulled(NamedTuple):
    """What is in the folder after a pull."""

    folder: Path
    commit: str
    fetched: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that were there before and are the right ones."""


def known_repository(name: str) -> Known:
    """Returns what is known of a repository; its terms say so when nothing is.

    Raises:
        UsageError: the name is not of the form OWNER/NAME.
    """
    owner, _, rest = name.partition("/")
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    plain = all(part and part.strip(".") and len(part) <= 96 and set(part) <= letters for part in (owner, rest))
    if not plain:
        raise UsageError(f"{name!r} is not of the form OWNER/NAME", hint=f"known: {', '.join(REPOSITORIES)}")
    return REPOSITORIES.get(name) or Known(name=name, what="not known here", terms="read its terms before use")


def plan_pull(
    repository: str,
    folder: Path,
    *,
    revision: str = "main",
    include: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
    patience: Patience | None = None,
) -> PullPlan:
    """Asks the hub what a repository holds, and looks what of it is in the folder; nothing is fetched.

    Args:
        repository: `OWNER/NAME`.
        folder: where the files are to be, under their paths in the repository.
        revision: a branch, a tag or a commit.
        include: shell patterns of paths; all files when empty.
        environ: for `$HF_ENDPOINT`, `$HF_HUB_OFFLINE`, `$RVEBENCH_OFFLINE`.
        patience: how long and often is tried.

    Raises:
        OfflineError: a variable forbids the network.
        UsageError: there is no such repository, or no file of it fits the patterns.
        DownloadError: the hub does not answer.
        DataError: its answer cannot be used.
    """
    known = known_repository(repository)
    forbids = is_offline(environ)
    if forbids is not None:
        raise OfflineError(f"{forbids} forbids to ask for {repository}", hint=f"unset {forbids}")
    listing = list_repository(repository, revision, endpoint_of(environ), patience)
    patterns = tuple(include) or known.patterns
    chosen = [
        file
        for file in listing.files
        if not patterns or any(fnmatch.fnmatchcase(file.path, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise UsageError(f"no file of {repository} fits {', '.join(patterns)}", hint="see all with --dry-run")
    return PullPlan(listing=listing, folder=folder, rows=tuple(_row(file, folder) for file in chosen))


def _row(file: HubFile, folder: Path) -> Row:
    path = folder / file.path
    if path.is_file():
        return Row(file, "here", file.size_bytes)
    with contextlib.suppress(OSError):
        partial = _target(file, path).with_name(f"{_target(file, path).name}.part").stat().st_size
        if 0 < partial <= file.size_bytes:
            return Row(file, "part", partial)
    return Row(file, "absent", 0)


def _target(file: HubFile, path: Path) -> Path:
    """Returns where a file is fetched to: what has no SHA-256 gets its name only after git's sum was compared."""
    return path if file.sha256 is not None else path.with_name(f"{path.name}.new")


def pull(
    plan: PullPlan,
    *,
    progress: Callable[[str, int, int | None], None] | None = None,
    notice: Callable[[str], None] | None = None,
    patience: Patience | None = None,
) -> Pulled:
    """Fetches what the plan lists and the folder lacks, and writes a manifest of sums.

    A file that is there is compared with the hub's sum, and kept when it is the right one. A pull that was cut is
    called again and goes on in the middle of the file.

    Args:
        plan: what :func:`plan_pull` returned.
        progress: called with a file's path, its bytes that are here, and its size.
        notice: called with sentences: which file is checked.
        patience: how long and often is tried.

    Raises:
        LockedError: another process pulls into this folder.
        DownloadError: a file could not be fetched; those before it are kept.
        DataError: what came, or what is in the folder, is another file.
        StorageError: the disk is full, or the folder cannot be written.
    """
    folder = plan.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=folder, hint="choose another folder") from None
    if free < plan.to_fetch_bytes + _SPARE_BYTES:
        raise StorageError(
            f"the disk is too full: {plan.to_fetch_bytes / 1e9:.1f} GB are to come, {free / 1e9:.1f} GB are free",
            where=folder,
            hint="free some space, choose another folder, or fetch less with --include",
        )
    with exclusive_lock(folder / _LOCK_NAME):
        try:
            return _Pull(plan, progress, notice or (lambda _text: None), patience).run()
        finally:
            with contextlib.suppress(OSError):
                (folder / _LOCK_NAME).unlink()


class _Pull:
    def __init__(
        self,
        plan: PullPlan,
        progress: Callable[[str, int, int | None], None] | None,
        notice: Callable[[str], None],
        patience: Patience | None,
    ) -> None:
        self.plan, self.notice, self.patience = plan, notice, patience
        self.show = progress or (lambda _path, _done, _total: None)
        listing = plan.listing
        self.source = {"repository": listing.repository, "commit": listing.commit}
        self.known: dict[str, FileSum] = {}
        if (plan.folder / MANIFEST_NAME).is_file():
            self.known.update(Manifest.read(plan.folder).files)

    def run(self) -> Pulled:
        fetched: list[str] = []
        kept: list[str] = []
        for row in self.plan.rows:
            name = row.file.path
            path = self.plan.folder / name
            if path.is_file():
                entry = self._kept(row.file, path)
                kept.append(name)
            else:
                entry = self._fetched(row.file, path)
                fetched.append(name)
            if self.known.get(name) != entry:
                self.known[name] = entry
                Manifest(files=self.known, source=self.source).write(self.plan.folder)
        Manifest(files=self.known, source=self.source).write(self.plan.folder)
        return Pulled(self.plan.folder, self.plan.listing.commit, tuple(fetched), tuple(kept))

    def _kept(self, file: HubFile, path: Path) -> FileSum:
        """Returns the sum of a file that is there; the manifest's word is taken for large files."""
        size = path.stat().st_size
        entry = self.known.get(file.path)
        if entry is None or entry.size_bytes != size or entry.sha256 != (file.sha256 or entry.sha256):
            self.notice(f"{file.path} is there already: comparing its sum")
            entry = FileSum(sha256_of(path), size)
        right = size == file.size_bytes and (
            entry.sha256 == file.sha256 if file.sha256 is not None else _git_oid(path) == file.git_oid
        )
        if not right:
            raise DataError(
                "another file is there than the repository has, and nothing is written over",
                where=path,
                hint="move it away, or pull into another folder",
            )
        return entry

    def _fetched(self, file: HubFile, path: Path) -> FileSum:
        if file.size_bytes == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            return FileSum(hashlib.sha256(b"").hexdigest(), 0)
        wanted = RemoteFile(name=file.path, url=file.url, sha256=file.sha256, size_bytes=file.size_bytes)
        target = _target(file, path)
        try:
            sha256 = fetch_to(
                wanted, target, lambda done, total: self.show(file.path, done, total), patience=self.patience
            )
        except StorageError as error:  # the transfer speaks of the cache of weights, which this is not
            raise StorageError(error.what, where=error.where, hint="free some space, then pull again") from None
        if target != path:
            found = _git_oid(target)
            if found != file.git_oid:
                target.unlink()
                raise DataError(f"what came for {file.path} is another file (git's sum is {found})", hint="pull again")
            target.replace(path)
        return FileSum(sha256, file.size_bytes)


def _git_oid(path: Path) -> str:
    """Returns git's name of a content: SHA-1 over `blob SIZE`, a zero byte and the bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()
