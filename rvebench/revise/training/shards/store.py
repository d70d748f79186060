"""A folder of shards on disk: what lies in it, and how it is written so that nothing half-written is ever read.

    store.json                      how the numbers were made (:class:`ShardSpec`), and samples a shard
    shards/00003-6f12ab34.safetensors   tensors of up to so many samples, `0007/vlm` being the eighth's states
    records/00003-6f12ab34.json     what that shard holds: ids, keys, shapes, sums; and the samples that failed
    baselines/CRITIC/00003-….json   a critic's logits of the untouched sources, by sample
    index.json                      all records, merged: what training reads

A shard is written beside its final name, flushed, renamed, and only then recorded. A process that is killed leaves at
most one file that no record names, which the next run writes again under the same name. Shards are numbered by the
place of their samples in the list, so that however many processes share the work, and however often they were
stopped, the same files come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.training.shards.encode import EncodedSample
from rvebench.revise.training.shards.files import (
    INDEX,
    Entry,
    Failure,
    Record,
    crc_of,
    damaged,
    lock,
    sealed,
    unsealed,
    write_shard,
)
from rvebench.revise.training.shards.spec import FORMAT, ShardSpec, differences
from rvebench.storage import atomic_write_text, read_json

__all__ = ["ShardStore", "iter_entries"]

_STORE = "store.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardStore:
    """A folder that belongs to one :class:`ShardSpec`."""

    path: Path
    spec: ShardSpec
    shard_samples: int

    @classmethod
    def claim(cls, path: Path, spec: ShardSpec, *, shard_samples: int) -> ShardStore:
        """Returns the folder, made for the spec where it is new.

        Args:
            path: of the folder.
            spec: what decides its numbers.
            shard_samples: most samples a shard, for a new folder; an old one keeps its own.

        Raises:
            UsageError: it was made by another spec; every difference is named.
            DataError: it is damaged, or of another version.
            StorageError: it cannot be made.
        """
        try:
            for folder in ("shards", "records", "baselines"):
                (path / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot be made: {error.strerror or error}", where=path) from error
        with lock(path / ".claim.lock"):
            if not (path / _STORE).is_file():
                told = {"format": FORMAT, "shard_samples": shard_samples, **spec.as_json()}
                atomic_write_text(path / _STORE, json.dumps(told, indent=2, sort_keys=True) + "\n")
        store = cls.open(path)
        store.require(spec)
        return store

    @classmethod
    def open(cls, path: Path) -> ShardStore:
        """Returns a folder that is there.

        Raises:
            UsageError: it holds no shards.
            DataError: it is damaged, or of another version.
        """
        file = path / _STORE
        if not file.is_file():
            raise UsageError(
                "the folder holds no shards: there is no store.json",
                where=path,
                hint="run `rvebench revise precompute`",
            )
        told = read_json(file)
        found = told.get("format") if isinstance(told, dict) else None
        if found != FORMAT:
            raise DataError(
                f"shards of the format {found!r}, and this version reads {FORMAT}",
                where=file,
                hint="precompute into a new folder",
            )
        count = told.get("shard_samples")
        if not isinstance(count, int) or count < 1:
            raise DataError("does not say how many samples a shard has", where=file)
        return cls(path=path, spec=ShardSpec.from_json(told, where=file), shard_samples=count)

    def require(self, spec: ShardSpec) -> None:
        """Refuses a folder whose numbers are not what `spec` would give.

        Raises:
            UsageError: it is stale; every difference is named.
        """
        if changed := list(differences(self.spec.as_json(), spec.as_json())):
            raise UsageError(
                f"the shards are stale: {'; '.join(changed)}",
                where=self.path,
                hint="precompute into another folder, or delete this one; nothing of it can be used",
            )

    def records(self) -> tuple[Record, ...]:
        """Returns all records in the order of their names.

        Raises:
            DataError: a record is damaged, or its shard is missing or has another size.
        """
        return tuple(self._record(path) for path in sorted((self.path / "records").glob("*.json")))

    def _record(self, path: Path) -> Record:
        try:
            record = Record.from_json(unsealed(path))
        except (KeyError, TypeError):
            raise damaged(path, "it is no record") from None
        if record.shard is not None:
            self.check_size(record)
        return record

    def check_size(self, record: Record) -> None:
        """Compares a shard's size with its record.

        Raises:
            DataError: the shard is not there or has another size.
        """
        file = self.path / str(record.shard)
        try:
            size = file.stat().st_size
        except OSError:
            raise damaged(file, "it is not there") from None
        if size != record.size_bytes:
            raise damaged(file, f"it has {size} bytes and should have {record.size_bytes}")

    def write(
        self,
        number: int,
        keys: Sequence[tuple[str, str]],
        samples: Sequence[EncodedSample],
        failures: Iterable[Failure],
    ) -> Record:
        """Writes one shard and its record, in that order, each whole or not at all.

        Args:
            number: of the run.
            keys: id and key of every sample that was tried.
            samples: those that could be read.
            failures: those that could not.

        Raises:
            StorageError: a file cannot be written.
        """
        name = f"{number:05d}-{digest_of([list(pair) for pair in keys])[:8]}"
        failed = tuple(failures)
        if not samples:
            return self._written(Record(name=name, shard=None, failures=failed))
        by_id = dict(keys)
        entries = tuple(
            Entry(
                id=sample.id,
                key=by_id[sample.id],
                instruction=sample.instruction,
                group=sample.group,
                fps=sample.fps,
                shapes={key: list(tensor.shape) for key, tensor in sorted(sample.tensors.items())},
                crc32={key: crc_of(tensor) for key, tensor in sorted(sample.tensors.items())},
            )
            for sample in samples
        )
        file = self.path / "shards" / f"{name}.safetensors"
        told = {
            "format": FORMAT,
            "spec": digest_of(self.spec.as_json()),
            "samples": [[entry.id, entry.key] for entry in entries],
        }
        sha256, size = write_shard(file, [sample.tensors for sample in samples], told)
        return self._written(
            Record(
                name=name,
                shard=file.relative_to(self.path).as_posix(),
                sha256=sha256,
                size_bytes=size,
                entries=entries,
                failures=failed,
            )
        )

    def _written(self, record: Record) -> Record:
        atomic_write_text(self.path / "records" / f"{record.name}.json", sealed(record.as_json()))
        return record

    def baselines(self, critic: str) -> dict[str, float]:
        """Returns the logits that are kept for a critic, by sample.

        Raises:
            DataError: a file of them is damaged.
        """
        found: dict[str, float] = {}
        for path in sorted((self.path / "baselines" / critic).glob("*.json")):
            told = unsealed(path)
            if told.get("critic") != critic or not isinstance(told.get("logits"), dict):
                raise damaged(path, "it holds no baselines of this critic")
            found |= told["logits"]
        return found

    def critics(self) -> tuple[str, ...]:
        """Returns the critics that baselines are kept for."""
        return tuple(sorted(path.name for path in (self.path / "baselines").glob("*") if path.is_dir()))

    def write_baselines(self, critic: str, number: int, logits: Mapping[str, float]) -> None:
        """Keeps logits of a critic, whole or not at all.

        Raises:
            StorageError: they cannot be written.
        """
        folder = self.path / "baselines" / critic
        name = f"{number:05d}-{digest_of(sorted(logits))[:8]}.json"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot be made: {error.strerror or error}", where=folder) from error
        atomic_write_text(folder / name, sealed({"critic": critic, "logits": dict(sorted(logits.items()))}))

    def merge(self) -> tuple[Record, ...]:
        """Writes the index over all records, those of other processes too, and returns them.

        Raises:
            DataError: a record is damaged, or one sample lies in two.
            StorageError: the index cannot be written.
        """
        with lock(self.path / ".merge.lock"):
            records = self.records()
            where: dict[str, str] = {}
            for record in records:
                for entry in record.entries:
                    if entry.id in where:
                        raise DataError(
                            f"the sample lies in two shards, {where[entry.id]} and {record.name}", where=entry.id
                        )
                    where[entry.id] = record.name
            failed: dict[str, str] = {}
            for record in records:
                failed |= {failure.id: failure.reason for failure in record.failures if failure.id not in where}
            told = {
                "format": FORMAT,
                "spec": self.spec.as_json(),
                "shards": [{**record.as_json(), "failures": []} for record in records if record.entries],
                "failures": [asdict(Failure(id=id, reason=reason)) for id, reason in sorted(failed.items())],
                "critics": {critic: len(self.baselines(critic)) for critic in self.critics()},
            }
            atomic_write_text(self.path / INDEX, sealed(told))
        return records

    def index(self) -> tuple[tuple[Record, ...], tuple[Failure, ...]]:
        """Returns the shards and failures that the index names; no record is read.

        Raises:
            UsageError: there is no index yet.
            DataError: it is damaged.
        """
        path = self.path / INDEX
        if not path.is_file():
            raise UsageError(
                "the shards are not finished: there is no index.json",
                where=self.path,
                hint="run the same `rvebench revise precompute` again; it goes on",
            )
        told = unsealed(path)
        try:
            records = tuple(Record.from_json(value) for value in told["shards"])
            failures = tuple(Failure(**value) for value in told["failures"])
            same = told["spec"] == self.spec.as_json()
        except (KeyError, TypeError):
            same, records, failures = False, (), ()
        if not same:
            raise DataError(
                "the index is not that of store.json", where=path, hint="delete it and precompute again: it is rebuilt"
            )
        return records, failures


def iter_entries(records: Iterable[Record]) -> Iterator[tuple[Record, int, Entry]]:
    """Yields every entry with its record and its place in it."""
    for record in records:
        for place, entry in enumerate(record.entries):
            yield record, place, entry
