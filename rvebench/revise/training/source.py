"""Where a training's batches come from: an endless seeded order over samples, read by step.

The order is epochs of permutations, one after the other, and a step takes the next `batch_size` places of it. A rank
takes its share of those places, in order; the shares of all ranks together are the step, without overlap, however many
ranks there are. The whole state of a source is therefore one number, the steps that were done.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, runtime_checkable

import torch

from rvebench.errors import DataError
from rvebench.records import digest_of
from rvebench.revise.training.batch import Batch

__all__ = ["BatchSource", "Drawn", "MemorySource", "SampleFailure", "places_of_step"]


class SampleFailure(NamedTuple):
    """A sample that could not be read."""

    id: str
    reason: str
    """One clause."""


class Drawn(NamedTuple):
    """A rank's share of a step."""

    batch: Batch | None
    """On the CPU; None where the share is empty, or nothing of it could be read."""
    failures: tuple[SampleFailure, ...] = ()
    """Samples of the share that are left out of the batch. Nothing takes their place."""


@runtime_checkable
class BatchSource(Protocol):
    """An endless sequence of batches."""

    @property
    def size(self) -> int:
        """Samples of an epoch, at least 1."""

    @property
    def batch_size(self) -> int:
        """Samples of a step, over all ranks."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over what decides the batches: samples, order and seed. A resume compares it."""

    def batch(self, step: int, rank: int, world: int) -> Drawn:
        """Returns a rank's share of a step; the same for the same arguments, whenever asked.

        Args:
            step: steps done before, from 0.
            rank: 0 to world - 1.
            world: ranks in all.
        """


@lru_cache(maxsize=4)
def _permutation(size: int, seed: int, epoch: int) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed((seed * 2_654_435_761 + epoch * 40_503 + 12_345) % 2**63)
    return tuple(torch.randperm(size, generator=generator).tolist())


def places_of_step(size: int, batch_size: int, seed: int, step: int, *, rank: int = 0, world: int = 1) -> list[int]:
    """Returns which samples, 0 to size - 1, a rank takes in a step; empty where there are more ranks than samples.

    Args:
        size: samples of an epoch.
        batch_size: samples of a step, over all ranks; may be larger than an epoch.
        seed: of the order.
        step: steps done before.
        rank: 0 to world - 1.
        world: ranks in all.

    Raises:
        ValueError: a number is out of range.
    """
    if size < 1 or batch_size < 1 or step < 0 or not 0 <= rank < world:
        raise ValueError(f"no such step: {size=} {batch_size=} {step=} {rank=} {world=}")
    low, high = (batch_size * part // world for part in (rank, rank + 1))
    places = range(step * batch_size + low, step * batch_size + high)
    return [_permutation(size, seed, place // size)[place % size] for place in places]


class MemorySource:
    """Samples that are in memory already.

    Args:
        samples: all of them.
        batch_size: samples of a step, over all ranks.
        seed: of the order.
        unreadable: ids that fail whenever they come, with the reason; for rehearsals of what a bad disk does.

    Raises:
        DataError: there is no sample.
    """

    def __init__(
        self, samples: Batch, *, batch_size: int, seed: int = 0, unreadable: Sequence[SampleFailure] = ()
    ) -> None:
        if not len(samples):
            raise DataError("there is no sample to learn from", hint="give a split that has some")
        self._samples = samples
        self._batch_size = batch_size
        self._seed = seed
        self._unreadable = {failure.id: failure for failure in unreadable}

    @property
    def size(self) -> int:
        return len(self._samples)

    @property
    def batch_size(self) -> int:
        return self._batch_size

    @property
    def fingerprint(self) -> str:
        return digest_of({"ids": list(self._samples.ids), "batch_size": self._batch_size, "seed": self._seed})

    def batch(self, step: int, rank: int, world: int) -> Drawn:
        places = places_of_step(self.size, self._batch_size, self._seed, step, rank=rank, world=world)
        ids = self._samples.ids
        failures = tuple(self._unreadable[ids[place]] for place in places if ids[place] in self._unreadable)
        kept = [place for place in places if ids[place] not in self._unreadable]
        return Drawn(self._samples.take(kept) if kept else None, failures)
