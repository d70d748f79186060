"""What every scenario family must keep; each is rendered small, so that the whole house is checked in seconds."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skia")

from rvebench.sim import FAMILIES, Family, change_masks, load_family, render_ids, render_pictures
from rvebench.sim.family import rng_of
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of

SIZE = (160, 96)
FRAMES = 5
NAMES = FAMILIES.names()
ICVG = [name for name in NAMES if load_family(name).subset is Subset.ICVG]
STILL = [name for name in ICVG if load_family(name).states(load_family(name).setup(rng_of(name, 1))).still is not None]
LITERAL = [name for name in NAMES if load_family(name).subset is Subset.LITERAL]


@pytest.fixture(params=NAMES)
def family(request: pytest.FixtureRequest) -> Family[Any, Any]:
    return load_family(request.param)


def clip(family: Family[Any, Any], role: Any, seed: int = 1, *, noisy: bool = False) -> np.ndarray:
    return render_pictures(family, seed, role, size=SIZE, frames=FRAMES, noisy=noisy)


def test_it_is_named_and_placed_in_the_taxonomy(family: Family[Any, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", family.name)
    assert FAMILIES.entry(family.name).name == family.name
    assert family.reasoning_type in reasoning_types_of(family.subset)
    assert family.law and len(set(family.parts)) == len(family.parts) >= 2


def test_two_renders_are_the_same_bytes(family: Family[Any, Any]) -> None:
    assert (clip(family, "target", noisy=True) == clip(family, "target", noisy=True)).all()


def test_every_clip_moves_and_never_jumps(family: Family[Any, Any]) -> None:
    for role in ("source", "target"):
        frames = clip(family, role).astype(np.int16)
        steps = [float(np.abs(b - a).mean()) for a, b in pairwise(frames)]
        assert max(steps) > 0.02, f"{role} stands still"
        assert max(steps) < 12, f"{role} jumps"


def test_source_target_half_and_wrong_differ(family: Family[Any, Any]) -> None:
    clips = {role: clip(family, role).astype(np.int16) for role in ("source", "target", "half", "wrong")}
    for a, b in [("source", "target"), ("source", "half"), ("half", "target"), ("target", "wrong")]:
        assert np.abs(clips[a] - clips[b]).mean() > 0.05, f"{a} and {b} look the same"
    if family.subset is not Subset.ICVG:
        near, far = (np.abs(clips["target"] - clips[role]).mean() for role in ("half", "source"))
        assert near < far, "half way is no nearer to the target than the source"


@pytest.mark.parametrize("name", [n for n in ICVG if load_family(n).reasoning_type is not ReasoningType.CAMERA])
def test_half_way_is_nearer_to_the_following_shot_than_that_shot_with_nothing_happened(name: str) -> None:
    family = load_family(name)
    base = "still" if name in STILL else "source"
    for seed in (1, 2, 3, 4):
        target, before, half = (clip(family, role, seed) for role in ("target", base, "half"))
        region = change_masks(before, target) > 0
        near, far = (np.abs(frames.astype(np.int16) - target)[region].mean() for frames in (half, before))
        assert near < far, f"seed {seed}: half way is no nearer to the target than the {base}"


@pytest.mark.parametrize("name", STILL)
def test_still_is_the_following_shot_without_its_outcome(name: str) -> None:
    family = load_family(name)
    for seed in (1, 2, 3, 4):
        still, target, source, wrong = (
            clip(family, role, seed).astype(np.int16) for role in ("still", "target", "source", "wrong")
        )
        assert np.abs(still - target).mean() > 0.05, f"seed {seed}: nothing to see in the target"
        assert np.abs(still - source).mean() > 0.5, f"seed {seed}: the camera is the source's"
        region = change_masks(still.astype(np.uint8), target.astype(np.uint8)) > 0
        near, far = (np.abs(frames - target)[region].mean() for frames in (wrong, still))
        assert near > 0.75 * far, f"seed {seed}: another law brings the same outcome"


def test_an_edit_leaves_something_as_it_was(family: Family[Any, Any]) -> None:
    if family.subset is Subset.ICVG:
        pytest.skip("ICVG makes a shot of its own")
    masks = change_masks(clip(family, "source"), clip(family, "target"))
    share = masks.mean() / 255
    assert 0.002 < share < 0.97, share


def test_parts_are_where_the_ids_say(family: Family[Any, Any]) -> None:
    ids = render_ids(family, 1, "source", size=SIZE, frames=FRAMES)
    present = set(np.unique(ids)) - {0}
    assert present, "no part is visible"
    assert max(present) <= len(family.parts)


def test_seeds_vary_the_scene_and_setups_are_drawn_from_the_seed_alone(family: Family[Any, Any]) -> None:
    assert family.setup(rng_of(family.name, 3)) == family.setup(rng_of(family.name, 3))
    one, two = clip(family, "source", 1).astype(np.int16), clip(family, "source", 2).astype(np.int16)
    assert np.abs(one - two).mean() > 0.5


def test_the_words_imply_and_do_not_name(family: Family[Any, Any]) -> None:
    for seed in range(4):
        words = family.words(family.setup(rng_of(family.name, seed)))
        assert len(set(words.instructions)) >= 4 and len(set(words.train_instructions)) >= 2
        assert not set(words.instructions) & set(words.train_instructions)
        assert words.literal not in words.instructions
        assert len(words.expected) > 20
        if family.subset is not Subset.ICVG:
            assert len(words.preserve) >= 2
        for text in (*words.instructions, *words.train_instructions):
            assert 15 < len(text) < 220 and text[0].isupper() and text[-1] in ".?!"


@pytest.mark.parametrize("name", LITERAL)
def test_a_literal_edit_names_its_thing_in_all_its_words(name: str) -> None:
    family = load_family(name)
    for seed in range(8):
        setup = family.setup(rng_of(name, seed))
        words, thing = family.words(setup), family.objects(setup).replace("-", " ")
        for text in (*words.instructions, *words.train_instructions, words.literal, words.expected):
            assert thing in text


@pytest.mark.parametrize("name", LITERAL)
def test_a_literal_edit_is_seen_in_several_worlds_and_keeps_most_of_each(name: str) -> None:
    family = load_family(name)
    assert len({family.setup(rng_of(name, seed)).world for seed in range(16)}) >= 2
    for seed in range(4):
        masks = change_masks(clip(family, "source", seed), clip(family, "target", seed))
        assert 0.01 < masks.mean() / 255 < 0.35
