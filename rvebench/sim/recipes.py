"""Which samples a rendered split holds: a family, a seed and a choice of words each.

Test and training never share a scene, a wording, or a composition of object and law: of a family's objects every second
one is kept for training, so that a model that learnt how candles burn is asked what becomes of a match. A family with
one object only is never trained on.

Test splits of reasoning hold the eight reasoning types and no literal edits; these have a split of their own, and a
turn in training.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rvebench.errors import UnknownNameError, UsageError
from rvebench.registry import nearest_names
from rvebench.sim.families import FAMILIES, load_family
from rvebench.sim.family import rng_of
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of

__all__ = ["RENDERED", "Recipe", "RenderedSplit", "composition_of", "family_and_seed", "objects_of", "recipes_of"]

_PROBES = range(3_000_000, 3_000_064)
"""Seeds that tell which objects a family has; no split uses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSplit:
    """How many samples a split holds, and where its seeds begin."""

    name: str
    samples: int
    first_seed: int
    summary: str
    training: bool = False
    subsets: tuple[Subset, ...] = (Subset.RAVE, Subset.ICVG)
    """Whose types take turns."""


RENDERED = {
    split.name: split
    for split in (
        RenderedSplit(name="smoke", samples=16, first_seed=0, summary="two rendered triplets of each type"),
        RenderedSplit(name="mini", samples=96, first_seed=1_000, summary="twelve rendered triplets of each type"),
        RenderedSplit(name="sim-1k", samples=1_200, first_seed=10_000, summary="150 rendered triplets of each type"),
        RenderedSplit(
            name="literal",
            samples=30,
            first_seed=5_000,
            summary="basic edits said outright: what a model scores without having to reason",
            subsets=(Subset.LITERAL,),
        ),
        RenderedSplit(
            name="sim-train",
            samples=4_000,
            first_seed=1_000_000,
            summary="rendered triplets for training, of other objects and words; any number",
            training=True,
            subsets=(Subset.RAVE, Subset.ICVG, Subset.LITERAL),
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One sample to render."""

    family: str
    seed: int
    words: int
    """Which paraphrase of the instruction, counted round."""
    training: bool = False
    """Take the paraphrases that are kept for training."""

    @property
    def id(self) -> str:
        """The sample's id; tells family and seed (:func:`family_and_seed`)."""
        return f"{self.family}-{self.seed}"

    @property
    def instruction(self) -> str:
        """The words it stands for."""
        words = load_family(self.family).words(load_family(self.family).setup(rng_of(self.family, self.seed)))
        choice = words.train_instructions if self.training else words.instructions
        return choice[self.words % len(choice)]


def family_and_seed(sample_id: str) -> tuple[str, int] | None:
    """Returns what a rendered sample's id tells, or None when it is not the id of one."""
    name, _, seed = sample_id.rpartition("-")
    return (name, int(seed)) if name in FAMILIES and seed.isdigit() else None


def composition_of(family_name: str, seed: int) -> tuple[str, str]:
    """Returns the law and the object of one sample."""
    family = load_family(family_name)
    return family.law, family.objects(family.setup(rng_of(family_name, seed)))


@cache
def objects_of(family_name: str) -> tuple[str, ...]:
    """Returns the objects a family is seen with, sorted."""
    return tuple(sorted({composition_of(family_name, seed)[1] for seed in _PROBES}))


def _is_for(training: bool, family_name: str, seed: int) -> bool:
    known = objects_of(family_name)
    thing = composition_of(family_name, seed)[1]
    kept_for_training = thing in known and known.index(thing) % 2 == 1
    return kept_for_training is training


def recipes_of(name: str, *, samples: int | None = None) -> tuple[Recipe, ...]:
    """Returns the samples of a rendered split: the types take turns, and within a type its families.

    A longer list of one split begins with the shorter one.

    Args:
        name: of the split.
        samples: another number than the split's own; for training only.

    Raises:
        UnknownNameError: no rendered split has that name.
        UsageError: a number for a test split, which is what it is.
    """
    if name not in RENDERED:
        near = nearest_names(name, RENDERED)
        offer = f"did you mean {' or '.join(near)}?" if near else f"rendered splits are {', '.join(RENDERED)}"
        raise UnknownNameError(f"unknown rendered split {name!r}", hint=offer)
    split = RENDERED[name]
    if samples is not None and not split.training:
        raise UsageError(f"the split {name} has {split.samples} samples, no other number", hint="only sim-train varies")
    kinds = [found for found in (_families_of(kind, split.training) for kind in _kinds(split)) if found]
    streams = {family: _seeds(family, split) for families in kinds for family in families}
    found: list[Recipe] = []
    for index in range(samples or split.samples if kinds else 0):
        families, turn = kinds[index % len(kinds)], index // len(kinds)
        family = families[turn % len(families)]
        seed = next(streams[family])
        found.append(Recipe(family=family, seed=seed, words=turn // len(families) + turn, training=split.training))
    return tuple(found)


def _kinds(split: RenderedSplit) -> Iterator[ReasoningType]:
    for subset in split.subsets:
        yield from reasoning_types_of(subset)


def _families_of(kind: ReasoningType, training: bool) -> list[str]:
    names = [entry.name for entry in FAMILIES if load_family(entry.name).reasoning_type is kind]
    return [name for name in names if not training or len(objects_of(name)) > 1]


def _seeds(family_name: str, split: RenderedSplit) -> Iterator[int]:
    """Yields the split's seeds that show the family with an object of the right side."""
    seeds = itertools.count(split.first_seed)
    return (seed for seed in seeds if _is_for(split.training, family_name, seed))
