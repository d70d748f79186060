"""Fills a folder of shards: resumable, shared by any number of processes, every failure named and none replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from rvebench.errors import DataError, InterruptError, RveError, StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.config import ReviseConfig
from rvebench.revise.training.clips import TrainingSample
from rvebench.revise.training.shards.baselines import BaselineCritic, add_baselines
from rvebench.revise.training.shards.encode import EncodedSample, SampleEncoder
from rvebench.revise.training.shards.files import Failure, failure_of, lock
from rvebench.revise.training.shards.job import claim_job
from rvebench.revise.training.shards.spec import ShardSpec, torch_dtype
from rvebench.revise.training.shards.store import ShardStore, iter_entries
from rvebench.storage import exclusive_lock
from rvebench.weights import sha256_of

__all__ = [
    "SHARD_BYTES",
    "Part",
    "PrecomputeReport",
    "UnusableSample",
    "fill_store",
    "precompute",
    "sample_key",
    "samples_a_shard",
]

SHARD_BYTES = 256 * 2**20
"""About how large a shard may become. One shard is held in memory, and is what a killed process loses."""

_MOST_SAMPLES = 256
_STATES = 1024

ItemT = TypeVar("ItemT")
MadeT = TypeVar("MadeT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process's share of the work: of `of` processes that fill one folder, the `index`-th, from 0."""

    index: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.of:
            raise UsageError(
                f"there is no part {self.index} of {self.of}", hint=f"parts are 0 to {max(1, self.of) - 1}"
            )

    @classmethod
    def parse(cls, text: str) -> Part:
        """Reads `"2/8"`: the third of eight parts.

        Raises:
            UsageError: the text is of another form, or there is no such part.
        """
        index, slash, of = text.partition("/")
        if not slash or not index.isdecimal() or not of.isdecimal():
            raise UsageError(f"the part {text!r} is not of the form I/N", hint="write for example 0/8 to 7/8")
        return cls(index=int(index), of=int(of))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecomputeReport:
    """What a run did, over its own part, and what the folder holds."""

    path: Path
    asked: int
    """Samples of the whole list."""
    computed: int
    kept: int
    """Samples of the part that were there already."""
    baselines: int
    """Logits that were computed."""
    failures: tuple[Failure, ...]
    """Of the part."""
    samples: int
    """In the folder, of all parts."""
    shards: int
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return {
            "path": str(self.path),
            "asked": self.asked,
            "computed": self.computed,
            "kept": self.kept,
            "baselines": self.baselines,
            "failures": [{"id": failure.id, "reason": failure.reason} for failure in self.failures],
            "samples": self.samples,
            "shards": self.shards,
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableSample:
    """A sample of the list that is known to be of no use before anything of it is read."""

    id: str
    error: RveError


def sample_key(sample: TrainingSample | UnusableSample) -> str:
    """Returns 64 hexadecimal digits over what a sample is: its frames and its instruction, wherever its files lie.

    A video whose frame hash the split does not tell is known by the sha256 of its file.

    Raises:
        DataError: a file cannot be read; names the sample.
        RveError: the sample is of no use.
    """
    if isinstance(sample, UnusableSample):
        raise sample.error
    files = {"source": sample.source, "target": sample.target, "mask": sample.mask}
    told: dict[str, str | None] = {"instruction": sample.instruction}
    for role, path in files.items():
        if path is None:
            told[role] = None
        elif known := sample.frames_sha256.get(role):
            told[role] = known
        else:
            try:
                told[role] = f"file {sha256_of(path)}"
            except DataError as error:
                raise DataError(f"the {role} {path.name} {error.what}", where=sample.id) from None
    return digest_of(told)


def samples_a_shard(spec: ShardSpec, config: ReviseConfig, shard_bytes: int = SHARD_BYTES) -> int:
    """Returns how many samples keep a shard near a size, 1 to 256; prompts are taken to have 1,024 states."""
    shape = spec.clip
    channels, time, height, width = config.latent_shape(frames=shape.frames, size=shape.size)
    size = 2 * channels * time * height * width * torch_dtype(spec.kept.latents).itemsize
    size += 2 * _STATES * (config.vlm.dim + (config.text.dim if config.text is not None else 0))
    if spec.kept.source_frames:
        size += 3 * shape.frames * shape.size.width * shape.size.height
    return int(max(1, min(_MOST_SAMPLES, shard_bytes // size)))


def precompute(
    samples: Sequence[TrainingSample | UnusableSample],
    encoder: SampleEncoder,
    path: Path,
    *,
    part: Part | None = None,
    critic: BaselineCritic | None = None,
    update: bool = False,
    shard_samples: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PrecomputeReport:
    """Computes what a folder does not hold yet of the samples, and merges its index.

    Samples that failed before are tried again; all else that is recorded is left as it is.

    Args:
        samples: the whole list, the same for every part.
        encoder: frozen encoders.
        path: of the folder; made where it is new.
        part: this process's share; None for all.
        critic: also keep its baselines.
        update: the folder may be given samples or baselines that it was not begun for.
        shard_samples: most samples a shard in a new folder; None for what :func:`samples_a_shard` says.
        progress: called with samples of the part that are done, and all of them.

    Raises:
        UsageError: there is no sample, two have one id, the folder is stale or was begun for others, or a recorded
            sample has changed.
        DataError: a file of the folder is damaged.
        LockedError: another process works on the same part.
        StorageError: a file cannot be written; what was recorded is kept.
    """

    def made(sample: TrainingSample, place: int) -> Callable[[], EncodedSample]:
        del place
        read = encoder.read(sample)
        return lambda: encoder.encode(read)

    _check_list([sample.id for sample in samples])
    if critic is not None and not encoder.spec.kept.source_frames:
        raise UsageError("baselines need the source's frames, which are not kept", hint="leave out --no-source-frames")
    count = shard_samples or samples_a_shard(encoder.spec, encoder.parts.config)
    store = ShardStore.claim(path, encoder.spec, shard_samples=count)
    return fill_store(
        store,
        samples,
        key=sample_key,
        made=made,
        part=part or Part(),
        critic=critic,
        update=update,
        progress=progress,
    )


def _check_list(ids: Sequence[str]) -> None:
    if not ids:
        raise UsageError("there is no sample to precompute", hint="is the split empty, or all of it left out?")
    if len(set(ids)) != len(ids):
        twice = next(id for place, id in enumerate(ids) if id in ids[:place])
        raise UsageError("two samples have the same id", where=twice)


def fill_store(
    store: ShardStore,
    samples: Sequence[Any],
    *,
    key: Callable[[Any], str],
    made: Callable[[Any, int], Callable[[], EncodedSample]],
    part: Part,
    critic: BaselineCritic | None = None,
    update: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PrecomputeReport:
    """Does the work of :func:`precompute` for samples of any kind that have an `id`.

    Args:
        store: the folder.
        samples: the whole list.
        key: what a sample is, 64 hexadecimal digits.
        made: reads a sample, in another thread, and returns what gives its tensors; its place in the list is told.
        part: this process's share.
        critic: also keep its baselines.
        update: as there.
        progress: as there.
    """
    claim_job(
        store, [sample.id for sample in samples], None if critic is None else critic.key(store.spec.clip.frames), update
    )
    with _claimed_part(store.path, part):
        work = _Work(store, key, made, progress)
        total = len(samples)
        runs = [
            (number, samples[first : first + store.shard_samples])
            for number, first in enumerate(range(0, total, store.shard_samples))
            if number % part.of == part.index
        ]
        work.total = sum(len(run) for _, run in runs)
        for number, run in runs:
            work.run(number, number * store.shard_samples, run)
        baselines = 0
        if critic is not None:
            baselines = add_baselines(store, critic, {sample.id for _, run in runs for sample in run}, work.failures)
    records = store.merge()
    shards = [record for record in records if record.entries]
    return PrecomputeReport(
        path=store.path,
        asked=total,
        computed=work.computed,
        kept=work.kept,
        baselines=baselines,
        failures=tuple(work.failures),
        samples=sum(len(record.entries) for record in shards),
        shards=len(shards),
        size_bytes=sum(record.size_bytes for record in shards),
    )


@contextmanager
def _claimed_part(path: Path, part: Part) -> Iterator[None]:
    """Holds a part of the work; nobody else may do the same part, nor fill the folder in another number of parts.

    Raises:
        LockedError: somebody does.
    """
    with ExitStack() as held:
        with lock(path / ".claim.lock"):
            for other in path.glob(".part-*-of-*.lock"):
                if not other.name.endswith(f"-of-{part.of}.lock"):
                    with exclusive_lock(other):
                        pass
            held.enter_context(exclusive_lock(path / f".part-{part.index}-of-{part.of}.lock"))
        yield


class _Work:
    """The shards of one part."""

    def __init__(
        self,
        store: ShardStore,
        key: Callable[[Any], str],
        made: Callable[[Any, int], Callable[[], EncodedSample]],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.store, self._key, self._made, self._progress = store, key, made, progress
        self._known = {entry.id: entry for _, _, entry in iter_entries(store.records())}
        self.computed = self.kept = self.total = 0
        self.failures: list[Failure] = []

    def run(self, number: int, first: int, samples: Sequence[Any]) -> None:
        tried: list[tuple[str, str]] = []
        failed: list[Failure] = []
        wanted: list[tuple[int, Any]] = []
        for place, sample in enumerate(samples, start=first):
            try:
                key = self._key(sample)
            except RveError as error:
                failed.append(failure_of(sample.id, error))
                tried.append((sample.id, ""))
                continue
            known = self._known.get(sample.id)
            if known is None:
                tried.append((sample.id, key))
                wanted.append((place, sample))
            elif known.key != key:
                raise UsageError(
                    "the sample has other frames or words than when it was recorded",
                    where=sample.id,
                    hint=f"precompute into another folder than {self.store.path}, or delete it",
                )
            else:
                self.kept += 1
        if tried:
            encoded = list(self._encoded(wanted, failed))
            order = {id: place for place, (id, _) in enumerate(tried)}
            failed.sort(key=lambda failure: order[failure.id])
            self.store.write(number, tried, encoded, failed)
            self.computed += len(encoded)
            self.failures += failed
        self._show()

    def _encoded(self, wanted: list[tuple[int, Any]], failed: list[Failure]) -> Iterator[EncodedSample]:
        done = self.computed + self.kept + len(self.failures)
        for (_, sample), ready in _ahead(lambda item: self._made(item[1], item[0]), wanted):
            try:
                yield ready()()
            except (StorageError, InterruptError):
                raise
            except RveError as error:
                failed.append(failure_of(sample.id, error))
            done += 1
            if self._progress is not None:
                self._progress(done, self.total)

    def _show(self) -> None:
        if self._progress is not None:
            self._progress(self.computed + self.kept + len(self.failures), self.total)


def _ahead(read: Callable[[ItemT], MadeT], items: Iterable[ItemT]) -> Iterator[tuple[ItemT, Callable[[], MadeT]]]:
    """Yields each item with what waits for its reading; the next one is read meanwhile, and no more than that."""
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for item in chain(items, [None]):
            following = None if item is None else (item, pool.submit(read, item))
            if waiting is not None:
                yield waiting[0], waiting[1].result
            waiting = following
