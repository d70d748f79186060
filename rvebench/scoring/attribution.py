"""Where the change of a mean between two runs comes from: parts that add up to it exactly.

From run A's number to run B's in steps, each of which changes one thing::

    A's samples, A's values
      -> the samples both have          "only in A"
      -> A's values by B's formula      "formula"
      -> B's values, class by class     one part for each class of pairs
      -> B's samples                    "only in B"

The middle needs no order: over the shared samples the mean difference is the sum of the classes' shares. What belongs
to which class is the caller's knowledge (same video judged anew, another video, another source).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Attribution", "Part", "attribute_change"]

Values = Mapping[str, float | None]

ONLY_A, ONLY_B, FORMULA = "only in A", "only in B", "formula"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step on the way from A's mean to B's."""

    name: str
    """`only in A`, `formula`, `only in B`, or a class of pairs."""
    amount: float
    """What it adds to B minus A."""
    n: int
    """Samples it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The change of one mean, taken apart."""

    mean_a: float
    mean_b: float
    change: float
    """B minus A; the parts' sum."""
    n_shared: int
    """Samples with a number in both runs."""
    parts: tuple[Part, ...]
    """In the order of the steps; a step that concerns no sample is left out."""


def attribute_change(
    values_a: Values, values_b: Values, classes: Mapping[str, str], *, rescored_a: Values | None = None
) -> Attribution | None:
    """Returns what the change of the mean is made of; None when no sample has a number in both runs.

    Args:
        values_a: A's values by sample; None where there is no number, which is then in no mean.
        values_b: B's values.
        classes: the class of each sample that both have.
        rescored_a: A's values by B's formula, where the formula differs.
    """
    a = {name: value for name, value in values_a.items() if value is not None}
    b = {name: value for name, value in values_b.items() if value is not None}
    shared = sorted(a.keys() & b.keys())
    if not shared:
        return None
    again = {name: a[name] for name in shared}
    if rescored_a is not None:
        for name in shared:
            value = rescored_a[name]
            assert value is not None, "a formula gives every judged sample a number"
            again[name] = value
    mean_a, mean_b = _mean(a.values()), _mean(b.values())
    start, end = _mean(a[name] for name in shared), _mean(b[name] for name in shared)
    parts = [Part(name=ONLY_A, amount=start - mean_a, n=len(a) - len(shared))]
    if rescored_a is not None:
        moved = [again[name] - a[name] for name in shared]
        parts.append(Part(name=FORMULA, amount=math.fsum(moved) / len(shared), n=len(shared)))
    by_class: dict[str, list[float]] = {}
    for name in shared:
        by_class.setdefault(classes[name], []).append(b[name] - again[name])
    for kind in sorted(by_class):
        amount = math.fsum(by_class[kind]) / len(shared)
        parts.append(Part(name=kind, amount=amount, n=len(by_class[kind])))
    parts.append(Part(name=ONLY_B, amount=mean_b - end, n=len(b) - len(shared)))
    return Attribution(
        mean_a=mean_a,
        mean_b=mean_b,
        change=mean_b - mean_a,
        n_shared=len(shared),
        parts=tuple(part for part in parts if part.n),
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
