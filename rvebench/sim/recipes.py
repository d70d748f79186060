"""Which samples a rendered split holds: a family, a seed and a choice of words each.

Seeds of different splits never meet, so that no scene is in two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rvebench.errors import UnknownNameError
from rvebench.registry import nearest_names
from rvebench.sim.families import FAMILIES, load_family
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of

__all__ = ["RENDERED", "Recipe", "RenderedSplit", "family_and_seed", "recipes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSplit:
    """How many samples a split holds, and where its seeds begin."""

    name: str
    per_type: int
    """Samples of each of the eight reasoning types."""
    first_seed: int
    summary: str


RENDERED = {
    split.name: split
    for split in (
        RenderedSplit(name="smoke", per_type=2, first_seed=0, summary="16 rendered triplets, two of each type"),
        RenderedSplit(name="mini", per_type=12, first_seed=1_000, summary="96 rendered triplets, twelve of each type"),
        RenderedSplit(name="sim-1k", per_type=150, first_seed=10_000, summary="1,200 rendered triplets"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One sample to render."""

    family: str
    seed: int
    words: int
    """Which paraphrase of the instruction."""

    @property
    def id(self) -> str:
        """The sample's id; tells family and seed (:func:`family_and_seed`)."""
        return f"{self.family}-{self.seed}"


def family_and_seed(sample_id: str) -> tuple[str, int] | None:
    """Returns what a rendered sample's id tells, or None when it is not the id of one."""
    name, _, seed = sample_id.rpartition("-")
    return (name, int(seed)) if name in FAMILIES and seed.isdigit() else None


def recipes_of(name: str) -> tuple[Recipe, ...]:
    """Returns the samples of a rendered split, by reasoning type, each type's families taking turns.

    Raises:
        UnknownNameError: no rendered split has that name.
    """
    if name not in RENDERED:
        near = nearest_names(name, RENDERED)
        offer = f"did you mean {' or '.join(near)}?" if near else f"rendered splits are {', '.join(RENDERED)}"
        raise UnknownNameError(f"unknown rendered split {name!r}", hint=offer)
    split = RENDERED[name]
    found: list[Recipe] = []
    for subset in (Subset.RAVE, Subset.ICVG):
        for kind in reasoning_types_of(subset):
            families = _families_of(subset, kind)
            for index in range(split.per_type if families else 0):
                family, round_ = families[index % len(families)], index // len(families)
                found.append(Recipe(family=family, seed=split.first_seed + round_, words=round_ + index % 7))
    return tuple(found)


def _families_of(subset: Subset, kind: ReasoningType) -> Sequence[str]:
    every = ((entry.name, load_family(entry.name)) for entry in FAMILIES)
    return [name for name, family in every if family.subset is subset and family.reasoning_type is kind]
