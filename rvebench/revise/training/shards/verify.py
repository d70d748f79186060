"""What lies in a folder of shards, and whether all of it is as it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.errors import DataError, RveError
from rvebench.revise.training.shards.files import INDEX, Failure, Record, open_shard, read_entry
from rvebench.revise.training.shards.store import ShardStore, iter_entries
from rvebench.weights import sha256_of

__all__ = ["ShardListing", "ShardReport", "list_store", "verify_store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardListing:
    """What the index of a folder says."""

    store: ShardStore
    records: tuple[Record, ...]
    failures: tuple[Failure, ...]
    shapes: tuple[tuple[tuple[int, ...], int], ...]
    """Shapes of latents, with how many samples have each; samples of different shapes never share a batch."""
    critics: tuple[tuple[str, int], ...]
    """Critics with how many baselines are kept of each."""

    @property
    def samples(self) -> int:
        """Samples in all shards."""
        return sum(len(record.entries) for record in self.records)

    @property
    def size_bytes(self) -> int:
        """Of all shards."""
        return sum(record.size_bytes for record in self.records)

    def as_json(self) -> dict[str, Any]:
        """Returns the listing as JSON values."""
        return {
            "path": str(self.store.path),
            **self.store.spec.as_json(),
            "samples": self.samples,
            "shard_samples": self.store.shard_samples,
            "size_bytes": self.size_bytes,
            "shards": [
                {
                    "file": record.shard,
                    "samples": len(record.entries),
                    "size_bytes": record.size_bytes,
                    "sha256": record.sha256,
                }
                for record in self.records
            ],
            "latents": [{"shape": list(shape), "samples": count} for shape, count in self.shapes],
            "critics": [{"key": critic, "baselines": count} for critic, count in self.critics],
            "failures": [{"id": failure.id, "reason": failure.reason} for failure in self.failures],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReport:
    """What reading every byte came to."""

    listing: ShardListing
    problems: tuple[str, ...]
    """One sentence each; none for a sound folder."""
    strays: tuple[str, ...]
    """Files that no record names: left by processes that were killed, and harmless."""

    @property
    def sound(self) -> bool:
        """Whether every file is as it was written."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return {
            **self.listing.as_json(),
            "sound": self.sound,
            "problems": list(self.problems),
            "strays": list(self.strays),
        }


def list_store(path: Path) -> ShardListing:
    """Returns what a folder holds, from its index; no shard is opened.

    Raises:
        UsageError: it holds no shards, or is not finished.
        DataError: its index is damaged.
    """
    store = ShardStore.open(path)
    records, failures = store.index()
    shapes = Counter(entry.latent_shape for _, _, entry in iter_entries(records))
    return ShardListing(
        store=store,
        records=records,
        failures=failures,
        shapes=tuple(sorted(shapes.items())),
        critics=tuple((critic, len(store.baselines(critic))) for critic in store.critics()),
    )


def verify_store(path: Path, *, progress: Callable[[int, int], None] | None = None) -> ShardReport:
    """Reads every shard: size, sha256, and the sum of every tensor.

    Args:
        path: of the folder.
        progress: called with the shards read, and all of them.

    Raises:
        UsageError: it holds no shards, or is not finished.
        DataError: its index is damaged.
    """
    listing = list_store(path)
    store = listing.store
    problems = []
    for done, record in enumerate(listing.records, start=1):
        try:
            _check(store, record)
        except RveError as error:
            problems.append(str(error))
        if progress is not None:
            progress(done, len(listing.records))
    try:
        recorded = [record.name for record in store.records() if record.entries]
        if recorded != [record.name for record in listing.records]:
            problems.append(f"{path / INDEX} does not name all records; precompute again: it is rebuilt")
    except DataError as error:
        if str(error) not in problems:
            problems.append(str(error))
    named = {record.shard for record in listing.records}
    files = sorted(file.relative_to(path).as_posix() for file in (path / "shards").iterdir())
    return ShardReport(
        listing=listing, problems=tuple(problems), strays=tuple(file for file in files if file not in named)
    )


def _check(store: ShardStore, record: Record) -> None:
    store.check_size(record)
    file = store.path / str(record.shard)
    opened = open_shard(file)
    for place, entry in enumerate(record.entries):
        read_entry(opened, place, entry, file)
    if sha256_of(file) != record.sha256:
        raise DataError("the shard's header has changed: its sha256 is not the recorded one", where=file)
