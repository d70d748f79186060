"""Batches out of shards: random access, one clip shape a batch, nothing replaced, and one number resumes them.

Samples whose latents differ in shape, whose clips differ in rate (to a tenth of a frame a second), or of which only
some tell where the edit is, never share a batch: such a group is a bucket. With one bucket the order is that of
:func:`rvebench.revise.training.source.places_of_step`, as of every other source. With several, an epoch is all steps of
all buckets in a shuffled order; the last step of a bucket may be short, and every sample comes exactly once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch

from rvebench.errors import DataError, RveError, UsageError
from rvebench.records import digest_of
from rvebench.revise.config_io import to_plain
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.clips import TrainingSample
from rvebench.revise.training.shards.baselines import BaselineCritic
from rvebench.revise.training.shards.encode import SampleEncoder
from rvebench.revise.training.shards.files import Entry, Record, open_shard, read_entry
from rvebench.revise.training.shards.precompute import PrecomputeReport, precompute
from rvebench.revise.training.shards.spec import EncoderPrints, differences
from rvebench.revise.training.shards.store import ShardStore, iter_entries
from rvebench.revise.training.source import Drawn, SampleFailure, places_of_step

__all__ = ["Bucket", "Prepared", "ShardSource", "prepare_source"]

_OPEN_FILES = 32
_NAMED = 3


class Bucket(NamedTuple):
    """What samples of one batch have in common."""

    latents: tuple[int, ...]
    """Shape (C, T, H, W)."""
    fps: float
    """Frames a second of the clips, to a tenth."""
    change: bool
    """Whether it is known where the edit is."""


class _Item(NamedTuple):
    folder: int
    record: Record
    place: int
    entry: Entry


class ShardSource:
    """Batches of the samples in folders of shards; a :class:`rvebench.revise.training.source.BatchSource`.

    Args:
        folders: what `rvebench revise precompute` filled; each has one clip shape, and all have the same encoders.
        batch_size: samples of a step, over all ranks.
        seed: of the order.
        encoders: those of the model that is trained; None takes any, for looking at batches alone.
        critic: whose baselines the batches carry; None for none.
        frames: whether the batches carry the source's frames, which critics and rewards need.
        ids: only these samples, in the folders' order; None for all.

    Raises:
        UsageError: a folder holds no shards, is not finished, or was made with other encoders; frames or baselines
            that are asked for are not kept; or no sample is left.
        DataError: a file of a folder is damaged, or two folders have samples of one id.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        batch_size: int,
        seed: int = 0,
        encoders: EncoderPrints | None = None,
        critic: BaselineCritic | None = None,
        frames: bool = True,
        ids: Collection[str] | None = None,
    ) -> None:
        if batch_size < 1:
            raise UsageError(f"a step has at least 1 sample, not {batch_size}")
        self._batch_size, self._seed, self._frames = batch_size, seed, frames
        self._stores = [ShardStore.open(folder) for folder in folders]
        self._items: list[_Item] = []
        self._logits: dict[str, float] = {}
        self._critic_keys: list[str] = []
        wanted = None if ids is None else set(ids)
        for number, store in enumerate(self._stores):
            _check_encoders(store, encoders or self._stores[0].spec.encoders)
            if frames and not store.spec.kept.source_frames:
                raise UsageError(
                    "the source's frames are not kept here, and the training reads them",
                    where=store.path,
                    hint="precompute into another folder without --no-source-frames, or train with sft",
                )
            records, _ = store.index()
            for record in records:
                store.check_size(record)
            found = [
                _Item(number, record, place, entry)
                for record, place, entry in iter_entries(records)
                if wanted is None or entry.id in wanted
            ]
            self._items += found
            if critic is not None:
                self._take_baselines(store, critic, found)
        self._check_ids(wanted)
        self._open: OrderedDict[Path, Any] = OrderedDict()
        self._mutex = threading.Lock()

    def _take_baselines(self, store: ShardStore, critic: BaselineCritic, items: Sequence[_Item]) -> None:
        key = critic.key(store.spec.clip.frames)
        logits = store.baselines(key)
        missing = [item.entry.id for item in items if item.entry.id not in logits]
        if missing:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            raise UsageError(
                f"there is no baseline of the critic {key[:12]}… for {', '.join(missing[:_NAMED])}{more}",
                where=store.path,
                hint="run `rvebench revise precompute` again with --critic and --update",
            )
        self._critic_keys.append(key)
        self._logits |= {item.entry.id: logits[item.entry.id] for item in items}

    def _check_ids(self, wanted: set[str] | None) -> None:
        ids = [item.entry.id for item in self._items]
        if len(set(ids)) != len(ids):
            twice = next(id for place, id in enumerate(ids) if id in ids[:place])
            raise DataError("the sample lies in two folders", where=twice, hint="leave one of them out")
        if wanted is not None and (absent := sorted(wanted - set(ids))):
            more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
            raise UsageError(f"the shards do not hold {', '.join(absent[:_NAMED])}{more}")
        if not ids:
            raise UsageError("the shards hold no sample to train on", hint="did every sample fail? see `shards list`")

    @property
    def size(self) -> int:
        return len(self._items)

    @property
    def batch_size(self) -> int:
        return self._batch_size

    @property
    def ids(self) -> tuple[str, ...]:
        """Every sample, in the folders' order."""
        return tuple(item.entry.id for item in self._items)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of every sample: what shares a source is held out together."""
        return tuple(item.entry.group for item in self._items)

    @property
    def declared(self) -> bool:
        """Whether some folder's encoders are only said to be the model's, and were not there when it was filled."""
        return any(store.spec.encoders.declared for store in self._stores)

    @cached_property
    def fingerprint(self) -> str:
        return digest_of(
            {
                "samples": [[item.entry.id, item.entry.key] for item in self._items],
                "shards": [store.spec.as_json() for store in self._stores],
                "critics": self._critic_keys,
                "batch_size": self._batch_size,
                "seed": self._seed,
            }
        )

    @cached_property
    def buckets(self) -> dict[Bucket, tuple[int, ...]]:
        """Places of the samples of each bucket, in the order of the buckets' first samples."""
        found: dict[Bucket, list[int]] = {}
        for place, item in enumerate(self._items):
            found.setdefault(_bucket_of(item.entry), []).append(place)
        return {bucket: tuple(places) for bucket, places in found.items()}

    @property
    def has_masks(self) -> bool:
        """Whether some sample says where its edit is."""
        return any(bucket.change for bucket in self.buckets)

    @cached_property
    def steps_per_epoch(self) -> int:
        """Steps after which every sample has come once; with one bucket the last of them may begin the next epoch."""
        return sum(-(-len(places) // self._batch_size) for places in self.buckets.values())

    def places(self, step: int, rank: int, world: int) -> list[int]:
        """Returns which samples a rank takes in a step; see :meth:`batch`.

        Raises:
            ValueError: a number is out of range.
        """
        if len(self.buckets) == 1:
            return places_of_step(self.size, self._batch_size, self._seed, step, rank=rank, world=world)
        if step < 0 or not 0 <= rank < world:
            raise ValueError(f"no such step: {step=} {rank=} {world=}")
        epoch, turn = divmod(step, self.steps_per_epoch)
        plan = [
            (number, first)
            for number, places in enumerate(self.buckets.values())
            for first in range(0, len(places), self._batch_size)
        ]
        number, first = plan[_order(len(plan), self._seed, epoch)[turn]]
        places = tuple(self.buckets.values())[number]
        order = _order(len(places), self._seed + 1 + number, epoch)[first : first + self._batch_size]
        low, high = (len(order) * part // world for part in (rank, rank + 1))
        return [places[each] for each in order[low:high]]

    def batch(self, step: int, rank: int, world: int) -> Drawn:
        return self.take(self.places(step, rank, world))

    def take(self, places: Sequence[int]) -> Drawn:
        """Returns samples by their places in :attr:`ids`; all of one bucket.

        Raises:
            UsageError: they are of several buckets.
        """
        items = [self._items[place] for place in places]
        if len({_bucket_of(item.entry) for item in items}) > 1:
            raise UsageError("samples of several buckets cannot be one batch")
        read: list[tuple[_Item, dict[str, torch.Tensor]]] = []
        failures = []
        for item in items:
            try:
                read.append((item, self._read(item)))
            except RveError as error:
                failures.append(SampleFailure(item.entry.id, str(error)))
        return Drawn(self._batch(read) if read else None, tuple(failures))

    def _read(self, item: _Item) -> dict[str, torch.Tensor]:
        path = self._stores[item.folder].path / str(item.record.shard)
        skipped = {"vision"} if self._frames else {"vision", "frames"}
        with self._mutex:
            file = self._open.get(path)
            if file is None:
                file = self._open[path] = open_shard(path)
            self._open.move_to_end(path)
            while len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)
        return read_entry(file, item.place, item.entry, path, skip=skipped)

    def _batch(self, read: Sequence[tuple[_Item, dict[str, torch.Tensor]]]) -> Batch:
        entries = [item.entry for item, _ in read]
        tensors = [each for _, each in read]
        bucket = _bucket_of(entries[0])
        logits = [self._logits[entry.id] for entry in entries] if self._logits else None
        return Batch(
            ids=tuple(entry.id for entry in entries),
            instructions=tuple(entry.instruction for entry in entries),
            source_BCTHW=torch.stack([each["source"].float() for each in tensors]),
            target_BCTHW=torch.stack([each["target"].float() for each in tensors]),
            vlm=tuple(each["vlm"] for each in tensors),
            text=tuple(each["text"] for each in tensors) if "text" in tensors[0] else None,
            change_BTHW=torch.stack([each["change"] for each in tensors]) if bucket.change else None,
            source_frames_BTHWC=torch.stack([each["frames"] for each in tensors]) if self._frames else None,
            baseline_B=None if logits is None else torch.tensor(logits, dtype=torch.float32),
            fps=bucket.fps,
        )


def _bucket_of(entry: Entry) -> Bucket:
    return Bucket(entry.latent_shape, round(entry.fps, 1), "change" in entry.shapes)


def _order(count: int, seed: int, epoch: int) -> list[int]:
    """Returns a permutation of 0 to count - 1."""
    return places_of_step(count, count, seed, epoch)


def _check_encoders(store: ShardStore, wanted: EncoderPrints) -> None:
    """Refuses shards of other encoders; whether their fingerprints are declared makes no difference here."""
    same = replace(wanted, declared=store.spec.encoders.declared)
    if changed := list(differences(to_plain(store.spec.encoders), to_plain(same))):
        raise UsageError(
            f"the shards are stale, for the model has other encoders: {'; '.join(changed)}",
            where=store.path,
            hint="precompute with the model that is trained, into another folder",
        )


class Prepared(NamedTuple):
    """A source, and what filling its shards came to."""

    source: ShardSource
    report: PrecomputeReport


def prepare_source(
    samples: Sequence[TrainingSample],
    encoder: SampleEncoder,
    folder: Path,
    *,
    batch_size: int,
    seed: int = 0,
    critic: BaselineCritic | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Returns batches straight from videos: fills a folder of shards with what it lacks, then reads them.

    Every epoch after the first reads what the first would have encoded, so that nothing is gained by encoding in the
    loop; the numbers are those of :meth:`SampleEncoder.encode` bit for bit. A run that was stopped goes on.

    Args:
        samples: of the training.
        encoder: frozen encoders.
        folder: of the shards; a training uses a folder of its own, or one that others filled.
        batch_size: samples of a step, over all ranks.
        seed: of the order.
        critic: whose baselines the batches carry.
        progress: called with samples that are done, and all of them.

    Raises:
        UsageError: as :func:`precompute`, or every sample failed.
        DataError: a file of the folder is damaged.
        StorageError: a file cannot be written.
    """
    report = precompute(samples, encoder, folder, critic=critic, update=True, progress=progress)
    failed = {failure.id for failure in report.failures}
    ids = [sample.id for sample in samples if sample.id not in failed]
    if not ids:
        first = report.failures[0]
        raise UsageError(f"none of the {len(samples)} samples can be used; {first.id}: {first.reason}")
    source = ShardSource(
        [folder],
        batch_size=batch_size,
        seed=seed,
        encoders=encoder.spec.encoders,
        critic=critic,
        frames=encoder.spec.kept.source_frames,
        ids=ids,
    )
    return Prepared(source, report)
