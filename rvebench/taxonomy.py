"""The closed sets of the task: subsets, reasoning types, criteria, unit statuses.

Reasoning types follow version 3 of the ReViSE paper (arXiv 2512.09924, section 3.1). Version 1 of the paper and
the released example metadata use other names ("Existential Reasoning Edits"); :func:`parse_reasoning_type` takes
both and returns the canonical one.
"""

from __future__ import annotations

import re
from enum import Enum

from rvebench.errors import DataError

__all__ = [
    "CRITERIA",
    "Criterion",
    "ReasoningType",
    "Status",
    "Subset",
    "criteria_for",
    "parse_reasoning_type",
    "parse_subset",
    "reasoning_types_of",
]


class Subset(str, Enum):
    """The benchmark's two tasks, and the control set of literal edits."""

    RAVE = "rave"
    """Reasoning-aware video editing: change the source, keep the rest."""
    ICVG = "icvg"
    """In-context video generation: make the shot that follows the source."""
    LITERAL = "literal"
    """Basic operations said outright: separates "cannot edit" from "cannot reason"."""


class ReasoningType(str, Enum):
    """What kind of inference the instruction asks for."""

    TEMPORAL = "temporal"
    SPATIAL = "spatial"
    PHYSICAL_CAUSALITY = "physical_causality"
    SEMANTIC_INFERENCE = "semantic_inference"
    CAMERA = "camera"
    CAUSAL = "causal"
    EMOTIONAL = "emotional"
    COMMONSENSE = "commonsense"
    LITERAL = "literal"
    """No inference: the instruction names the outcome."""


class Criterion(str, Enum):
    """One of the judge's four questions, each answered 0..10 (ReViSE section 3.2)."""

    EA = "EA"
    """Edit accuracy: does the edit show the implied outcome."""
    PC = "PC"
    """Preservation consistency: is everything else as it was. Not asked of ICVG."""
    GN = "GN"
    """Generation naturalness: does it move and behave as the world does."""
    GR = "GR"
    """Generation realism: is it free of blur, noise and artefacts."""


class Status(str, Enum):
    """How a unit of work ended. Only `ok` carries a result; the others carry a reason."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    MISSING = "missing"
    UNJUDGED = "unjudged"


CRITERIA: tuple[Criterion, ...] = tuple(Criterion)

_RAVE = (
    ReasoningType.TEMPORAL,
    ReasoningType.SPATIAL,
    ReasoningType.PHYSICAL_CAUSALITY,
    ReasoningType.SEMANTIC_INFERENCE,
)
_ICVG = (ReasoningType.CAMERA, ReasoningType.CAUSAL, ReasoningType.EMOTIONAL, ReasoningType.COMMONSENSE)

# Paper v1 names RAVE's types causal, spatial, temporal and commonsense; inside RAVE the two that moved are read as
# their v3 successors. "Existential" is the one type name in the released example metadata; v3 has no such type and
# semantic inference is the nearest (the edit asks what must exist).
_RAVE_ALIASES = {
    "causal": ReasoningType.PHYSICAL_CAUSALITY,
    "physical": ReasoningType.PHYSICAL_CAUSALITY,
    "commonsense": ReasoningType.SEMANTIC_INFERENCE,
    "semantic": ReasoningType.SEMANTIC_INFERENCE,
    "existential": ReasoningType.SEMANTIC_INFERENCE,
}
_ICVG_ALIASES = {
    "common_sense": ReasoningType.COMMONSENSE,
    "emotion": ReasoningType.EMOTIONAL,
    "spatial": ReasoningType.CAMERA,
    "temporal": ReasoningType.CAUSAL,
    "physical_causality": ReasoningType.CAUSAL,
}


def criteria_for(subset: Subset) -> tuple[Criterion, ...]:
    """Returns the criteria that apply: ICVG has no preservation (ReViSE section 5.2)."""
    if subset is Subset.ICVG:
        return (Criterion.EA, Criterion.GN, Criterion.GR)
    return CRITERIA


def reasoning_types_of(subset: Subset) -> tuple[ReasoningType, ...]:
    """Returns the canonical reasoning types of one subset, in the paper's order."""
    return {Subset.RAVE: _RAVE, Subset.ICVG: _ICVG, Subset.LITERAL: (ReasoningType.LITERAL,)}[subset]


def parse_subset(text: str) -> Subset:
    """Returns the subset named by `text`, in any case.

    Raises:
        DataError: no subset has that name.
    """
    try:
        return Subset(text.strip().lower())
    except ValueError:
        raise DataError(f"unknown subset {text!r}", hint=f"use one of {', '.join(s.value for s in Subset)}") from None


def parse_reasoning_type(text: str, subset: Subset) -> ReasoningType:
    """Returns the canonical reasoning type for a name from any version of the paper.

    Case, hyphens, a trailing "edits" and a trailing "reasoning" do not matter: "Existential Reasoning Edits",
    "semantic-inference" and "Physical Causality" are all understood.

    Raises:
        DataError: the name is unknown, or belongs to the other subset.
    """
    name = re.sub(r"[\s\-_]+", "_", text.strip().lower())
    name = re.sub(r"_?(edits?|editing|generation)$", "", name)
    name = re.sub(r"_?reasoning$", "", name).strip("_")
    allowed = reasoning_types_of(subset)
    for kind in allowed:
        if kind.value == name:
            return kind
    aliases = {Subset.RAVE: _RAVE_ALIASES, Subset.ICVG: _ICVG_ALIASES, Subset.LITERAL: {}}[subset]
    if name in aliases:
        return aliases[name]
    raise DataError(
        f"unknown reasoning type {text!r} for subset {subset.value}",
        hint=f"use one of {', '.join(k.value for k in allowed)}",
    )
