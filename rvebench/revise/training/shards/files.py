"""The files of a shard folder: records, sealed JSON, tensors with their sums."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rvebench.errors import DataError, LockedError, RveError, StorageError
from rvebench.records import canonical_json, digest_of
from rvebench.revise.training.shards.encode import TENSORS
from rvebench.storage import promote, read_json
from rvebench.weights import sha256_of

__all__ = [
    "INDEX",
    "Entry",
    "Failure",
    "Record",
    "Written",
    "crc_of",
    "damaged",
    "failure_of",
    "lock",
    "open_shard",
    "read_entry",
    "sealed",
    "unsealed",
    "write_shard",
]

INDEX = "index.json"
_METADATA = "rvebench"
_WAIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sample in a shard."""

    id: str
    key: str
    """64 hexadecimal digits over what the sample is: frames and instruction."""
    instruction: str
    group: str
    """Samples of one group share a source: they are held out together."""
    fps: float
    shapes: Mapping[str, list[int]]
    """Of its tensors, by name."""
    crc32: Mapping[str, str]
    """Of its tensors' bytes, by name."""

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Channels, frames, height and width of the latents."""
        return tuple(self.shapes["target"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A sample that is in no shard."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one run of samples came to."""

    name: str
    """Number of the run and digest of its samples, `00003-6f12ab34`."""
    shard: str | None
    """Its file within the folder; None where no sample of it could be read."""
    sha256: str = ""
    size_bytes: int = 0
    entries: tuple[Entry, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def number(self) -> int:
        """Of the run."""
        return int(self.name.partition("-")[0])

    def as_json(self) -> dict[str, Any]:
        """Returns the record as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Record:
        """Reads what :meth:`as_json` wrote; raises KeyError or TypeError for anything else."""
        return cls(
            name=value["name"],
            shard=value["shard"],
            sha256=value["sha256"],
            size_bytes=value["size_bytes"],
            entries=tuple(Entry(**entry) for entry in value["entries"]),
            failures=tuple(Failure(**failure) for failure in value["failures"]),
        )


def failure_of(id: str, error: RveError) -> Failure:
    """Returns why a sample is in no shard; the reason does not say the id again."""
    where = "" if error.where in (None, id) else f"{error.where}: "
    return Failure(id=id, reason=f"{where}{error.what}")


def damaged(path: Path, why: str) -> DataError:
    """Returns the error for a file of the folder that is not what was written."""
    return DataError(
        f"the shard's file is damaged: {why}",
        where=path,
        hint=f"delete it, the files of the same name in records/ and shards/, and {INDEX}; then precompute again",
    )


class Written(NamedTuple):
    """A file that was written."""

    sha256: str
    size_bytes: int


def write_shard(path: Path, samples: Sequence[Mapping[str, torch.Tensor]], told: object) -> Written:
    """Writes the tensors of some samples beside `path`, flushes, and renames.

    Args:
        path: of the shard; what a killed process left beside it is written over.
        samples: tensors by name.
        told: a JSON value for the file's header.

    Raises:
        StorageError: the file cannot be written.
    """
    fresh = path.with_name(f".{path.name}.tmp")
    tensors = {f"{place:04d}/{name}": tensor for place, one in enumerate(samples) for name, tensor in one.items()}
    try:
        # one key alone: safetensors fixes no order of several, and the same samples shall give the same file
        save_file(tensors, fresh, metadata={_METADATA: canonical_json(told)})
        fresh.chmod(0o644)
    except (OSError, SafetensorError) as error:
        fresh.unlink(missing_ok=True)
        why = getattr(error, "strerror", None) or error
        hint = "free some space, then run the same command again: what was recorded is kept"
        raise StorageError(f"cannot write: {why}", where=path, hint=hint) from error
    written = Written(sha256_of(fresh), fresh.stat().st_size)
    promote(fresh, path)
    return written


def crc_of(tensor: torch.Tensor) -> str:
    """Returns the CRC-32 of a tensor's bytes, 8 hexadecimal digits."""
    return f"{zlib.crc32(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data):08x}"


def open_shard(path: Path) -> Any:
    """Returns a shard, open and mapped.

    Raises:
        DataError: it is not there, cut or damaged.
    """
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error)) from None


def read_entry(file: Any, place: int, entry: Entry, path: Path, *, skip: Iterable[str] = ()) -> dict[str, torch.Tensor]:
    """Returns the tensors of one sample, after comparing their sums.

    Args:
        file: an open shard.
        place: of the sample in it.
        entry: what it must be.
        path: of the shard, for errors.
        skip: tensors that are not wanted, and not read.

    Raises:
        DataError: the shard does not hold the sample as it was written.
    """
    left_out = set(skip)
    tensors: dict[str, torch.Tensor] = {}
    for name in TENSORS:
        if name not in entry.shapes or name in left_out:
            continue
        try:
            tensor = file.get_tensor(f"{place:04d}/{name}")
        except (SafetensorError, OSError) as error:
            raise damaged(path, f"{entry.id}: {error}") from None
        if list(tensor.shape) != entry.shapes[name] or crc_of(tensor) != entry.crc32.get(name):
            raise damaged(path, f"{name} of {entry.id} is not what was written")
        tensors[name] = tensor
    return tensors


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds a lock for the body, after waiting for its turn; what it guards takes moments.

    Raises:
        LockedError: another process holds it for longer than a minute.
    """
    try:
        with FileLock(path, timeout=_WAIT_S):
            yield
    except Timeout:
        hint = "is it stopped? end it, or choose another folder"
        raise LockedError("another process holds the folder", where=path.parent, hint=hint) from None


def sealed(value: Mapping[str, Any]) -> str:
    """Returns the text of a JSON file that carries a digest of itself."""
    return canonical_json({**value, "digest": digest_of(dict(value))}) + "\n"


def unsealed(path: Path) -> dict[str, Any]:
    """Returns what :func:`sealed` made a file of.

    Raises:
        DataError: it is something else, or has changed since.
    """
    value = read_json(path)
    if not isinstance(value, dict) or value.pop("digest", None) != digest_of(value):
        raise damaged(path, "it is not what was written")
    return value
