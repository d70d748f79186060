"""Formulas as data: how a sample's criteria become one score, 0..10.

A formula is a small tree over criteria, evaluated by one function. A criterion that does not apply to the sample's
subset (PC for ICVG) is left out of the node it stands in, and a node with nothing left is left out of its parent; so
`sqrt(EA * PC)` becomes `EA`, and a geometric mean of four becomes one of three. A criterion that applies and is not
there is an error: nothing is dropped because it is missing.

The paper says "the geometric mean of the SC and PQ sub-metrics" (ReViSE, arXiv 2512.09924, section 3.2), which fits
more than one formula. Each is named here, and every number says which one made it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.records import digest_of
from rvebench.registry import nearest_names
from rvebench.taxonomy import Criterion, Subset, criteria_for

__all__ = [
    "DEFAULT_FORMULA",
    "FORMULAS",
    "SCORE_MAX",
    "Formula",
    "Node",
    "all_pass",
    "check_scores",
    "criterion",
    "geometric_mean",
    "get_formula",
    "minimum",
]

SCORE_MAX = 10.0
"""The top of every criterion and of every formula; the bottom is 0."""

NodeKind = Literal["criterion", "geometric_mean", "minimum", "all_pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a formula: a criterion, or an operation on the nodes below it."""

    kind: NodeKind
    criterion: Criterion | None = None
    parts: tuple[Node, ...] = ()

    def as_json(self) -> object:
        """Returns the tree as nested JSON: `"EA"`, or `["minimum", "EA", "PC"]`."""
        if self.criterion is not None:
            return self.criterion.value
        return [self.kind, *(part.as_json() for part in self.parts)]


def criterion(which: Criterion) -> Node:
    """Returns the node that is one criterion's score."""
    return Node(kind="criterion", criterion=which)


def geometric_mean(*parts: Node) -> Node:
    """Returns the node for the n-th root of the product of its n parts."""
    return Node(kind="geometric_mean", parts=parts)


def minimum(*parts: Node) -> Node:
    """Returns the node for the smallest of its parts."""
    return Node(kind="minimum", parts=parts)


def all_pass(*parts: Node) -> Node:
    """Returns the node that is 10 when every part reaches the formula's pass mark, else 0."""
    return Node(kind="all_pass", parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A named, versioned way from criteria to one score."""

    name: str
    version: str
    description: str
    """What it computes, one line."""
    source: str
    """Where it comes from."""
    tree: Node
    pass_mark: float | None = None
    """What every criterion must reach; only for trees with an `all_pass` node."""

    def __post_init__(self) -> None:
        needs_mark = "all_pass" in str(self.tree.as_json())
        if needs_mark != (self.pass_mark is not None):
            raise UsageError(
                f"formula {self.name!r} {'needs' if needs_mark else 'has no use for'} a pass mark",
                hint="give pass_mark exactly when the tree has an all_pass node",
            )
        if self.pass_mark is not None and not 0.0 < self.pass_mark <= SCORE_MAX:
            raise UsageError(f"pass mark {self.pass_mark!r} of formula {self.name!r} is not in (0, 10]")

    @property
    def digest(self) -> str:
        """sha256 of all that decides a score; the words about it are not part of it."""
        return digest_of(
            {"name": self.name, "version": self.version, "tree": self.tree.as_json(), "pass_mark": self.pass_mark}
        )

    def score(self, subset: Subset, scores: Mapping[Criterion, float], *, where: object | None = None) -> float:
        """Returns the formula's value, 0..10, never falling when a criterion rises.

        Args:
            subset: decides which criteria apply.
            scores: 0..10 for exactly the criteria that apply.
            where: the sample id, for errors.

        Raises:
            DataError: a criterion is missing, does not apply, or is not a number in 0..10.
        """
        value = _evaluate(self.tree, check_scores(subset, scores, where=where), self.pass_mark)
        if value is None:
            raise DataError(f"no criterion of formula {self.name!r} applies to {subset.value}", where=where)
        return value


def check_scores(
    subset: Subset, scores: Mapping[Criterion, float], *, where: object | None = None
) -> dict[Criterion, float]:
    """Returns the scores as floats, in the criteria's order.

    Raises:
        DataError: the criteria are not exactly those that apply, or a score is not a number in 0..10.
    """
    applies = criteria_for(subset)
    missing = [c.value for c in applies if c not in scores]
    extra = sorted(str(getattr(c, "value", c)) for c in scores if c not in applies)
    hint = f"{subset.value} is scored on {', '.join(c.value for c in applies)}, all of them and no other"
    if missing:
        raise DataError(f"no score for {', '.join(missing)}", where=where, hint=hint)
    if extra:
        raise DataError(f"a score for {', '.join(extra)}, which does not apply", where=where, hint=hint)
    checked: dict[Criterion, float] = {}
    for which in applies:
        # Scores come from judges, which are not type-checked. The comparison is false for NaN, so NaN is refused too.
        value: object = scores[which]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= SCORE_MAX:
            raise DataError(f"score {value!r} of {which.value} is not a number in 0..10", where=where)
        checked[which] = float(value)
    return checked


def _evaluate(node: Node, scores: Mapping[Criterion, float], pass_mark: float | None) -> float | None:
    """Returns the node's value, or None when nothing in it applies."""
    if node.criterion is not None:
        return scores.get(node.criterion)
    found = (_evaluate(part, scores, pass_mark) for part in node.parts)
    values = [value for value in found if value is not None]
    if not values:
        return None
    if node.kind == "minimum":
        return min(values)
    if node.kind == "all_pass":
        assert pass_mark is not None
        return SCORE_MAX if min(values) >= pass_mark else 0.0
    # A root rounds (1000 ** (1 / 3) is below 10): held between its parts, equal parts give themselves back exactly.
    root = math.prod(values) ** (1.0 / len(values))
    return min(max(root, min(values)), max(values))


_EA, _PC, _GN, _GR = (criterion(which) for which in (Criterion.EA, Criterion.PC, Criterion.GN, Criterion.GR))

DEFAULT_FORMULA = "geometric"

FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        formula.name: formula
        for formula in (
            Formula(
                name="geometric",
                version="1",
                description="geometric mean of the criteria that apply: (EA*PC*GN*GR)^(1/4); ICVG (EA*GN*GR)^(1/3)",
                source="ReViSE (arXiv 2512.09924) section 3.2, read as one mean over all sub-metrics",
                tree=geometric_mean(_EA, _PC, _GN, _GR),
            ),
            Formula(
                name="sc-pq",
                version="1",
                description="sqrt(SC*PQ), SC = sqrt(EA*PC) or EA where PC does not apply, PQ = sqrt(GN*GR)",
                source="ReViSE (arXiv 2512.09924) section 3.2, read as the mean of two aspects; equal to geometric "
                "where PC applies, while for ICVG EA weighs 1/2 instead of 1/3",
                tree=geometric_mean(geometric_mean(_EA, _PC), geometric_mean(_GN, _GR)),
            ),
            Formula(
                name="viescore",
                version="1",
                description="sqrt(min(EA,PC)*min(GN,GR)); min(EA,PC) is EA where PC does not apply",
                source="VIEScore (ACL 2024, pages 12268-12290), which ReViSE section 3.2 names as its model",
                tree=geometric_mean(minimum(_EA, _PC), minimum(_GN, _GR)),
            ),
            Formula(
                name="strict",
                version="1",
                description="10 when every criterion that applies reaches 8, else 0: the share of edits right in full",
                source="strict accuracy as in RISEBench and CoVEBench; the mark of 8 on a 0..10 scale is ours",
                tree=all_pass(_EA, _PC, _GN, _GR),
                pass_mark=8.0,
            ),
        )
    }
)


def get_formula(name: str) -> Formula:
    """Returns the formula called `name`.

    Raises:
        UnknownNameError: there is none; the hint lists the nearest names.
    """
    if name in FORMULAS:
        return FORMULAS[name]
    near = nearest_names(name, FORMULAS)
    offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(FORMULAS)}"
    raise UnknownNameError(f"unknown formula {name!r}", hint=offer)
