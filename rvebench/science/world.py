"""The clips of a study: what is trained on, how its targets are spoilt, and what is held out.

Which sample is spoilt how is decided by its id and the study's seed alone, so that a longer list spoils the shorter
one's samples the same way.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from rvebench.errors import DataError, UsageError
from rvebench.records import Sample
from rvebench.revise.training.clips import TrainingSample, hold_out
from rvebench.science.study import NoisePlan
from rvebench.sim.recipes import family_and_seed
from rvebench.splits import Split

__all__ = [
    "HeldOut",
    "Spoilt",
    "family_of",
    "held_out_sets",
    "spoil",
    "spoilt_kind",
    "training_samples",
    "training_sets",
]

ItemT = TypeVar("ItemT")
Spoilt = Literal["clean", "unchanged", "wrong", "half"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """One held-out sample."""

    set: str
    """`held-out`, or the name of the test split."""
    sample: Sample
    family: str
    """What it is resampled with."""


def family_of(sample_id: str) -> str:
    """Returns the family of a rendered sample.

    Raises:
        DataError: the id is not that of one.
    """
    found = family_and_seed(sample_id)
    if found is None:
        raise DataError("is no rendered sample: its id tells no family", where=sample_id)
    return found[0]


def training_samples(split: Split, most: int) -> tuple[TrainingSample, ...]:
    """Returns the first `most` samples of a split as a training reads them.

    Raises:
        UsageError: the split has fewer.
        DataError: one has no target; it is named.
    """
    if len(split.samples) < most:
        raise UsageError(
            f"the study asks for {most} samples, and the split has {len(split.samples)}",
            where=split.path,
            hint=f"render as many: `rvebench data render sim-train --samples {most}`",
        )
    return tuple(
        TrainingSample.of(
            id=sample.id,
            source=sample.source,
            target=sample.target,
            mask=sample.mask,
            instruction=sample.instruction,
            group=sample.group,
            kind=family_of(sample.id),
            frames_sha256=sample.frames_sha256,
        )
        for sample in split.samples[:most]
    )


def training_sets(
    samples: Sequence[TrainingSample], share: float
) -> tuple[tuple[TrainingSample, ...], tuple[TrainingSample, ...]]:
    """Returns what is trained on and what is held out, by :func:`rvebench.revise.training.clips.hold_out`.

    That is what `train-vae` and `train-critic` hold out of the same list with the same share, so that nothing that is
    measured here was ever trained on.
    """
    return hold_out(samples, share)


def held_out_sets(
    train: Split,
    samples: Sequence[TrainingSample],
    share: float,
    test: Split,
    most: int | None,
    *,
    most_held_out: int | None = None,
) -> tuple[HeldOut, ...]:
    """Returns all held-out samples: those of the training split, then those of the test split.

    Args:
        train: the training split.
        samples: of it, as many as the study takes.
        share: of its groups that is held out.
        test: the test split.
        most: samples of it, evenly spread; None for all.
        most_held_out: the same of those that are held out of the training split.

    Raises:
        DataError: a sample is in both, or has no target.
    """
    held = _spread(training_sets(samples, share)[1], most_held_out)
    by_id = {sample.id: sample for sample in train.samples}
    chosen = _spread(test.samples, most)
    both = {sample.id for sample in chosen} & set(by_id)
    if both:
        raise DataError("the sample is in the training split and in the test split", where=min(both))
    rows = [("held-out", by_id[each.id]) for each in held] + [(test.name, sample) for sample in chosen]
    for _, sample in rows:
        if sample.target is None:
            raise DataError("the sample has no target to measure against", where=sample.id)
    return tuple(HeldOut(set=name, sample=sample, family=family_of(sample.id)) for name, sample in rows)


def _spread(items: Sequence[ItemT], most: int | None) -> tuple[ItemT, ...]:
    if most is None or most >= len(items):
        return tuple(items)
    return tuple(items[index * len(items) // most] for index in range(most))


def spoilt_kind(sample_id: str, plan: NoisePlan) -> Spoilt:
    """Returns how a sample's target is spoilt; by the id's place in 0..1 under sha256 with the seed."""
    digest = hashlib.sha256(f"{plan.seed}\n{sample_id}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < plan.unchanged:
        return "unchanged"
    if place < plan.unchanged + plan.wrong:
        return "wrong"
    return "half" if place < plan.unchanged + plan.wrong + plan.half else "clean"


def spoil(
    samples: Sequence[TrainingSample], plan: NoisePlan, drawn: Path
) -> tuple[tuple[TrainingSample, ...], dict[Spoilt, int]]:
    """Returns the samples with spoilt targets in the place of some, and how many there are of each kind.

    Args:
        samples: to train on.
        plan: how many are spoilt how.
        drawn: the folder of videos `ID.half.mp4` and `ID.wrong.mp4`, as
            :func:`rvebench.splits.graded.render_graded` draws them, for the samples that get one.

    Raises:
        DataError: a video is not there; names the sample.
    """
    made = []
    counts: Counter[Spoilt] = Counter()
    for sample in samples:
        kind = spoilt_kind(sample.id, plan)
        counts[kind] += 1
        made.append(_spoilt(sample, kind, drawn))
    return tuple(made), dict(counts)


def _spoilt(sample: TrainingSample, kind: Spoilt, drawn: Path) -> TrainingSample:
    if kind == "clean":
        return sample
    known = dict(sample.frames_sha256)
    if kind == "unchanged":
        known = {**known, "target": known["source"]} if "source" in known else known
        return replace(sample, target=sample.source, frames_sha256=known)
    video = drawn / f"{sample.id}.{kind}.mp4"
    if not video.is_file():
        raise DataError(f"the spoilt target is not there: {video}", where=sample.id)
    known.pop("target", None)
    return replace(sample, target=video, frames_sha256=known)
