from __future__ import annotations

import pytest

from rvebench.errors import DataError
from rvebench.taxonomy import (
    CRITERIA,
    Criterion,
    ReasoningType,
    Subset,
    criteria_for,
    parse_reasoning_type,
    parse_subset,
)


@pytest.mark.parametrize(
    ("text", "subset", "expected"),
    [
        ("Temporal Reasoning", Subset.RAVE, ReasoningType.TEMPORAL),
        ("Physical Causality", Subset.RAVE, ReasoningType.PHYSICAL_CAUSALITY),
        ("semantic-inference", Subset.RAVE, ReasoningType.SEMANTIC_INFERENCE),
        ("Existential Reasoning Edits", Subset.RAVE, ReasoningType.SEMANTIC_INFERENCE),
        ("causal", Subset.RAVE, ReasoningType.PHYSICAL_CAUSALITY),
        ("causal", Subset.ICVG, ReasoningType.CAUSAL),
        ("COMMONSENSE reasoning", Subset.ICVG, ReasoningType.COMMONSENSE),
        ("Commonsense", Subset.RAVE, ReasoningType.SEMANTIC_INFERENCE),
        ("literal", Subset.LITERAL, ReasoningType.LITERAL),
    ],
)
def test_names_of_every_paper_version_are_understood(text: str, subset: Subset, expected: ReasoningType) -> None:
    assert parse_reasoning_type(text, subset) is expected


def test_every_canonical_name_reads_as_itself() -> None:
    for subset in Subset:
        for kind in ReasoningType:
            try:
                read = parse_reasoning_type(kind.value, subset)
            except DataError:
                continue
            assert read is kind or subset is not Subset.LITERAL


def test_an_unknown_type_lists_the_valid_ones() -> None:
    with pytest.raises(DataError, match=r"unknown reasoning type 'magic'.*temporal, spatial"):
        parse_reasoning_type("magic", Subset.RAVE)


def test_an_unknown_subset_lists_the_valid_ones() -> None:
    with pytest.raises(DataError, match="rave, icvg, literal"):
        parse_subset("test")


def test_preservation_is_asked_of_rave_and_not_of_icvg() -> None:
    assert criteria_for(Subset.RAVE) == CRITERIA
    assert criteria_for(Subset.ICVG) == (Criterion.EA, Criterion.GN, Criterion.GR)
