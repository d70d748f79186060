"""Where weights lie on this machine: the project's own folder, then the folders other tools keep the same files in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from rvebench.assets import cache_dir
from rvebench.errors import EXIT_USAGE, DataError, RveError, StorageError
from rvebench.storage import atomic_write_text
from rvebench.weights.catalogue import WeightFile, catalogue, known_file
from rvebench.weights.places import expand, is_file

__all__ = ["MissingWeightsError", "WeightPath", "WeightState", "WeightStore", "sha256_of"]

_CHUNK = 4 * 2**20


class MissingWeightsError(RveError):
    """Weights that are on none of the places looked at; the hint says how to get them."""

    exit_code = EXIT_USAGE


class WeightPath(NamedTuple):
    """A file whose content is known."""

    name: str
    path: Path
    sha256: str
    origin: str
    """`store`, `vbench`, `torch_hub`, `clip`, `package:NAME` or `hf:OWNER/NAME`."""


class WeightState(NamedTuple):
    """What can be said of a file without reading it."""

    file: WeightFile
    state: str
    """`here` (its sum was checked), `unchecked`, `damaged` or `absent`."""
    path: Path | None
    origin: str
    trust: str
    """`pinned`, `first use` (the sum of the first look is on record) or `none yet`."""
    reason: str


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    origin: str


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Returns the SHA-256 of a file; `progress` gets the bytes read so far.

    Raises:
        DataError: it cannot be read.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    return digest.hexdigest()


class WeightStore:
    """The weights of this machine.

    Args:
        root: the project's own folder; default `$RVEBENCH_WEIGHTS_DIR`, else `weights` in the cache folder.
        files: the records by name; default the shipped ones with `$RVEBENCH_WEIGHTS_CATALOGUE`.
        environ: where the variables of other tools are looked up.

    Files in other tools' folders are read, never written, moved or removed. Sums are kept under `root`, with the
    file's size, times and number, so that a large file is read for its sum once.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        files: Mapping[str, WeightFile] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        named = environ.get("RVEBENCH_WEIGHTS_DIR")
        self.root = root or (Path(named).expanduser() if named else cache_dir() / "weights")
        self.files = catalogue(environ) if files is None else files
        self.environ = environ

    def path_of(self, file: WeightFile) -> Path:
        """Returns where the file lies, or would lie, in the project's own folder."""
        return self.root / file.filename

    def find(self, name: str) -> WeightPath:
        """Returns a file whose content is the right one: by its pinned sum, else by the sum first seen here.

        A damaged file in another tool's folder is passed over when a sound one is elsewhere.

        Raises:
            UnknownNameError: no record has that name.
            MissingWeightsError: the file is in no known place.
            DataError: it is there, but its content is not the right one.
        """
        file = known_file(name, self.files)
        wrong: DataError | None = None
        for place in self._places(file):
            try:
                return self._checked(file, place, self._sum(place.path))
            except DataError as error:
                if place.origin == "store":
                    raise
                wrong = wrong or error
        if wrong is not None:
            raise wrong
        raise self.missing(file)

    def verify(self, name: str, progress: Callable[[int], None] | None = None) -> WeightPath:
        """Reads the file whole and compares its sum; sums on record are not believed.

        Raises:
            UnknownNameError: no record has that name.
            MissingWeightsError: the file is in no known place.
            DataError: its content is not the right one.
        """
        file = known_file(name, self.files)
        for place in self._places(file):
            return self._checked(file, place, self._sum(place.path, fresh=True, progress=progress))
        raise self.missing(file)

    def look(self, name: str) -> WeightState:
        """Says where a file is and whether its sum was checked, at the cost of a few `stat` calls."""
        file = known_file(name, self.files)
        wanted = file.sha256 or self._trusted(file)
        trust = "pinned" if file.sha256 else "first use" if wanted else "none yet"
        damaged: WeightState | None = None
        for place in self._places(file):
            known = self._known_sum(place.path)
            reason = ""
            if file.size_bytes not in (None, place.path.stat().st_size):
                reason = f"{place.path.stat().st_size} bytes, not {file.size_bytes}"
            elif known is not None and wanted not in (None, known):
                reason = f"its SHA-256 is {known}, not {wanted}"
            if not reason:
                return WeightState(file, "here" if known else "unchecked", place.path, place.origin, trust, "")
            damaged = damaged or WeightState(file, "damaged", place.path, place.origin, trust, reason)
        return damaged or WeightState(file, "absent", None, "", trust, "")

    def missing(self, file: WeightFile) -> MissingWeightsError:
        """Returns the error that says how to get a file."""
        size = f", {file.size_bytes / 1e6:.0f} MB" if file.size_bytes else ""
        by_hand = (
            f", or put {file.urls[0]} at {self.path_of(file)}" if file.urls else f", or put it at {self.path_of(file)}"
        )
        return MissingWeightsError(
            f"the weights {file.name} ({file.filename}{size}) are not on this machine",
            hint=f"run `rvebench weights fetch {file.name}`{by_hand}",
        )

    @contextlib.contextmanager
    def locked(self, name: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Holds the lock of one file of the folder against other processes and threads; waits for it.

        Raises:
            StorageError: the folder cannot be written.
        """
        folder = self.root / "locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f"{name}.lock", thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if on_wait is not None:
                    on_wait()
                lock.acquire()
        except OSError as error:
            raise StorageError(
                f"cannot write: {error.strerror}", where=self.root, hint="set RVEBENCH_WEIGHTS_DIR to another folder"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def remember(self, path: Path, sha256: str) -> None:
        """Keeps the sum of a file as it is now; without a writable folder the sum is made again next time."""
        sidecar = self._sidecar(path)
        with contextlib.suppress(OSError, StorageError):
            sidecar.parent.mkdir(parents=True, exist_ok=True)
            atomic_write_text(sidecar, json.dumps({"path": str(path), "sha256": sha256, **_stamp(path)}))

    def trust(self, file: WeightFile, sha256: str, origin: str) -> None:
        """Compares a sum with the pinned one, else with the one first seen, else makes it the one first seen.

        Raises:
            DataError: it is another.
            StorageError: the first sum cannot be kept.
        """
        wanted = file.sha256 or self._trusted(file)
        if wanted is None:
            with self.locked(f"{file.name}.trust"):
                wanted = self._trusted(file)
                if wanted is None:
                    record = self._trust_record(file)
                    record.parent.mkdir(parents=True, exist_ok=True)
                    atomic_write_text(record, json.dumps({"sha256": sha256, "origin": origin}))
                    return
        if wanted != sha256:
            why = "the pinned one" if file.sha256 else f"the one first seen here (kept in {self._trust_record(file)})"
            raise DataError(f"the SHA-256 of {file.name} is {sha256}, not {wanted}, {why}")

    def _checked(self, file: WeightFile, place: _Place, sha256: str) -> WeightPath:
        size = place.path.stat().st_size
        if file.size_bytes not in (None, size):
            raise DataError(
                f"{file.name} has {size} bytes there, not {file.size_bytes}: an interrupted download?",
                where=place.path,
                hint=f"remove it and run `rvebench weights fetch {file.name}`",
            )
        try:
            self.trust(file, sha256, place.origin)
        except DataError as error:
            raise DataError(
                error.what,
                where=place.path,
                hint=f"remove it and run `rvebench weights fetch {file.name}`",
            ) from None
        return WeightPath(file.name, place.path, sha256, place.origin)

    def _places(self, file: WeightFile) -> Iterator[_Place]:
        own = self.path_of(file)
        if is_file(own):
            yield _Place(own, "store")
        for template in file.known_places:
            for path, origin in expand(template, self.environ):
                if is_file(path):
                    yield _Place(path, origin)

    def _sum(self, path: Path, *, fresh: bool = False, progress: Callable[[int], None] | None = None) -> str:
        known = None if fresh else self._known_sum(path)
        if known is not None:
            return known
        before = _stamp(path)
        found = sha256_of(path, progress)
        if _stamp(path) == before:
            self.remember(path, found)
        return found

    def _known_sum(self, path: Path) -> str | None:
        try:
            kept = json.loads(self._sidecar(path).read_text(encoding="utf-8"))
            stamp = _stamp(path)
        except (OSError, ValueError, DataError):
            return None
        if not isinstance(kept, dict) or any(kept.get(key) != value for key, value in stamp.items()):
            return None
        found = kept.get("sha256")
        return found if isinstance(found, str) and kept.get("path") == str(path) else None

    def _trusted(self, file: WeightFile) -> str | None:
        record = self._trust_record(file)
        try:
            kept = json.loads(record.read_text(encoding="utf-8"))
            found = kept["sha256"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"the sum first seen of {file.name} cannot be read: {error}", where=record) from None
        if not isinstance(found, str) or not re.fullmatch(r"[0-9a-f]{64}", found):
            raise DataError(f"the sum first seen of {file.name} is no SHA-256", where=record)
        return found

    def _trust_record(self, file: WeightFile) -> Path:
        return self.root / "trusted" / f"{file.name}.json"

    def _sidecar(self, path: Path) -> Path:
        key = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:24]
        return self.root / "checked" / f"{key}.json"


def _stamp(path: Path) -> dict[str, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    return {
        "size_bytes": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "ctime_ns": found.st_ctime_ns,
        "inode": found.st_ino,
    }
