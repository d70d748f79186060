from __future__ import annotations

from collections import Counter

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.sim import FAMILIES, load_family
from rvebench.sim.recipes import RENDERED, composition_of, objects_of, recipes_of
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of

TESTS = [name for name, split in RENDERED.items() if not split.training]
REASONED = [entry.name for entry in FAMILIES if load_family(entry.name).subset is not Subset.LITERAL]


def test_no_sample_is_in_two_splits() -> None:
    every = [recipe.id for name in RENDERED for recipe in recipes_of(name)]
    assert len(every) == len(set(every))


def test_training_shares_no_seed_wording_or_composition_with_any_test_split() -> None:
    tested = [recipe for name in TESTS for recipe in recipes_of(name)]
    trained = recipes_of("sim-train", samples=400)
    if not trained:
        assert all(len(objects_of(entry.name)) == 1 for entry in FAMILIES)
        pytest.skip("every family has one object only")
    assert not {recipe.seed for recipe in tested} & {recipe.seed for recipe in trained}
    compositions = {composition_of(recipe.family, recipe.seed) for recipe in tested}
    assert not compositions & {composition_of(recipe.family, recipe.seed) for recipe in trained}
    assert not {recipe.instruction for recipe in tested} & {recipe.instruction for recipe in trained}


def test_a_longer_training_split_begins_with_the_shorter_one() -> None:
    assert recipes_of("sim-train", samples=60)[:20] == recipes_of("sim-train", samples=20)


def test_every_type_that_has_families_gets_its_share_and_every_family_its_turn() -> None:
    found = Counter(load_family(recipe.family).reasoning_type for recipe in recipes_of("mini"))
    assert max(found.values()) - min(found.values()) <= 1
    assert sum(found.values()) == 96
    assert {recipe.family for recipe in recipes_of("sim-1k")} == set(REASONED)


def test_literal_edits_have_a_split_of_their_own_and_no_turn_in_the_tests_of_reasoning() -> None:
    for name in ("smoke", "mini", "sim-1k"):
        kinds = {load_family(recipe.family).reasoning_type for recipe in recipes_of(name)}
        assert kinds == {*reasoning_types_of(Subset.RAVE), *reasoning_types_of(Subset.ICVG)}
    found = Counter(recipe.family for recipe in recipes_of("literal"))
    assert set(found) == set(FAMILIES.names()) - set(REASONED) and set(found.values()) == {5}


def test_literal_edits_take_a_turn_in_training() -> None:
    kinds = Counter(load_family(recipe.family).reasoning_type for recipe in recipes_of("sim-train", samples=90))
    assert kinds[ReasoningType.LITERAL] == max(kinds.values())


def test_the_length_of_a_test_split_cannot_be_changed() -> None:
    with pytest.raises(UsageError, match="has 96 samples"):
        recipes_of("mini", samples=5)
    with pytest.raises(UnknownNameError, match="did you mean mini"):
        recipes_of("mnii")
