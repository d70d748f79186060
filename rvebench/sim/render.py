"""Families to frames: pictures, id masks, and the region in which source and target differ."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rvebench.sim.family import Clock, Family, rng_of
from rvebench.sim.stage import HEIGHT, WIDTH, Ids, Stage
from rvebench.video import Frames

__all__ = ["FPS", "FRAMES", "SIZE", "Role", "change_masks", "render_ids", "render_pictures"]

SIZE = (WIDTH, HEIGHT)
FRAMES = 33
FPS = 16.0

Role = Literal["source", "target", "half", "wrong", "still"]

_SAME_LEVELS = 6
"""Clean renders whose channels differ by no more than this show the same thing (soft shadows fade out)."""


def render_pictures(
    family: Family[Any, Any],
    seed: int,
    role: Role,
    *,
    size: tuple[int, int] = SIZE,
    frames: int = FRAMES,
    noisy: bool = True,
    every: int = 1,
) -> Frames:
    """Returns the clip of one state, shape (T, H, W, 3), uint8 RGB; the same bytes in every process.

    Args:
        family: the scenario family.
        seed: of the sample.
        role: which of its states.
        size: width and height, even, at least 64.
        frames: length.
        noisy: add sensor grain. Source and target have the same grain, so that what is not edited stays equal.
        every: draw only every so many-th frame, as it is in the whole clip.
    """
    setup = family.setup(rng_of(family.name, seed))
    state = getattr(family.states(setup), role)
    layers: dict[str, Any] = {}
    indices = range(0, frames, every)
    out = np.empty((len(indices), size[1], size[0], 3), np.uint8)
    for place, index in enumerate(indices):
        clock = Clock(index, frames, index / FPS)
        stage = _stage(family, seed, setup, state, clock, size, "picture", layers)
        out[place] = stage.picture(index, noisy=noisy)
    return out


def render_ids(
    family: Family[Any, Any], seed: int, role: Role, *, size: tuple[int, int] = SIZE, frames: int = FRAMES
) -> Ids:
    """Returns the part numbers of one state, shape (T, H, W)."""
    setup = family.setup(rng_of(family.name, seed))
    state = getattr(family.states(setup), role)
    layers: dict[str, Any] = {}
    out = np.empty((frames, size[1], size[0]), np.uint8)
    for index in range(frames):
        clock = Clock(index, frames, index / FPS)
        out[index] = _stage(family, seed, setup, state, clock, size, "ids", layers).ids()
    return out


def _stage(
    family: Family[Any, Any],
    seed: int,
    setup: Any,
    state: Any,
    clock: Clock,
    size: tuple[int, int],
    mode: Literal["picture", "ids"],
    layers: dict[str, Any],
) -> Stage:
    stage = Stage(
        size=size,
        parts=family.parts,
        mode=mode,
        camera=family.camera(setup, state, clock),
        light=family.light(setup, state, clock),
        seed=seed,
        layers=layers,
    )
    family.draw(stage, setup, state, clock)
    return stage


def change_masks(source: Frames, target: Frames) -> Ids:
    """Returns 255 where two clean renders differ, grown by two pixels, shape (T, H, W).

    Both are renders of one world, so that the region holds the changed objects with their shadows and reflections, and
    nothing else.
    """
    from scipy import ndimage

    differs = (np.abs(source.astype(np.int16) - target) > _SAME_LEVELS).any(axis=-1)
    block = np.ones((1, 5, 5), bool)
    grown: Ids = np.where(ndimage.binary_dilation(differs, block), 255, 0).astype(np.uint8)
    return grown
