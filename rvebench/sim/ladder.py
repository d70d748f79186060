"""The oracle ladder: edits of known quality, made from what the world knows. Grades are constructed, not human.

A rung takes a sample's own renders (source, target, half-way, another law) and spoils or keeps them in one known way.
Its grades say, for each criterion, what a perfect judge would answer. They rank judges; they are no ratings of people.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFilter

from rvebench.errors import UnknownNameError, UsageError
from rvebench.registry import nearest_names
from rvebench.sim.families import load_family
from rvebench.sim.recipes import family_and_seed
from rvebench.sim.render import Role, render_pictures
from rvebench.taxonomy import Criterion
from rvebench.video import Frames, resize_frames

__all__ = ["HELD_OUT", "LABEL", "RUNGS", "LadderClips", "Rung", "ladder_clips", "rung_frames", "rung_of"]

LABEL = "constructed, not human"

HELD_OUT = frozenset(
    {
        *("fruit-ripen", "plant-grow", "tide-turn"),
        *("cat-hideout", "mirror-bear", "sun-shadows"),
        *("balloon-fills", "domino-run", "street-wet"),
        *("chess-resign", "flag-mourning", "porch-pumpkins"),
        *("harbour-focus", "statue-behind", "table-above"),
        *("lamp-switch", "rope-bucket", "tap-overflow"),
        *("empty-seat", "match-score", "thunder-fright"),
        *("dusk-lights", "rain-umbrella", "snow-coat"),
    }
)
"""Families that nobody looked at while the judge `reference` was designed: three of each reasoning type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderClips:
    """What the rungs are made from: clips of one size and length, shape (T, H, W, 3)."""

    source: Frames
    target: Frames
    draw: Callable[[Role], Frames]
    """Renders another state of the same world; each once."""
    other: Frames
    """Another sample's target."""
    mask: Frames | None
    """White where the outcome shows; None where it shows everywhere (another camera)."""


Make = Callable[[LadderClips, np.random.Generator], Frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One pseudo-edit."""

    name: str
    grades: Mapping[Criterion, float]
    """What it deserves, 0..10, by construction."""
    summary: str
    make: Make


def _clip(values: np.ndarray) -> Frames:
    result: Frames = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


def _blurred(clips: LadderClips, _rng: np.random.Generator) -> Frames:
    radius = 1.6 * clips.target.shape[2] / 480
    blur = ImageFilter.GaussianBlur(max(0.8, radius))
    return np.stack([np.asarray(Image.fromarray(frame).filter(blur)) for frame in clips.target])


def _flicker(clips: LadderClips, _rng: np.random.Generator) -> Frames:
    signs = np.where(np.arange(len(clips.target)) % 2, 25, -25)[:, None, None, None]
    return _clip(clips.target.astype(np.int16) + signs)


def _elsewhere(clips: LadderClips, changed: Frames) -> Frames:
    """Returns the target inside the mask and `changed` outside: the right outcome, and damage to all else."""
    if clips.mask is None:
        return changed
    return np.where(clips.mask >= 128, clips.target, changed)


def _tint(clips: LadderClips, _rng: np.random.Generator) -> Frames:
    return _elsewhere(clips, _clip(clips.target * np.array([1.15, 1.0, 0.8])))


def _over_edit(clips: LadderClips, _rng: np.random.Generator) -> Frames:
    return _elsewhere(clips, np.ascontiguousarray(np.roll(clips.target, 1, axis=-1)))


def _late(clips: LadderClips, _rng: np.random.Generator) -> Frames:
    switch = len(clips.target) * 3 // 4
    return np.concatenate([clips.source[:switch], clips.target[switch:]])


def _grades(ea: float, pc: float, gn: float, gr: float) -> Mapping[Criterion, float]:
    return MappingProxyType(dict(zip(Criterion, (ea, pc, gn, gr), strict=True)))


RUNGS: tuple[Rung, ...] = (
    Rung(name="target", grades=_grades(10, 10, 10, 10), summary="the right answer", make=lambda c, _: c.target),
    Rung(name="blurred", grades=_grades(10, 9, 10, 5), summary="the right answer, out of focus", make=_blurred),
    Rung(
        name="half", grades=_grades(5, 10, 10, 10), summary="half of the right change", make=lambda c, _: c.draw("half")
    ),
    Rung(name="no-op", grades=_grades(0, 10, 10, 10), summary="the source, untouched", make=lambda c, _: c.source),
    Rung(
        name="over-edit",
        grades=_grades(9, 1, 9, 6),
        summary="the right change, and every colour elsewhere changed with it",
        make=_over_edit,
    ),
    Rung(name="tint", grades=_grades(10, 4, 10, 8), summary="the right change, all else tinted", make=_tint),
    Rung(name="flicker", grades=_grades(10, 4, 1, 6), summary="the right answer, flickering", make=_flicker),
    Rung(
        name="noise",
        grades=_grades(10, 5, 7, 2),
        summary="the right answer under heavy noise",
        make=lambda c, rng: _clip(c.target + rng.normal(0, 28, c.target.shape)),
    ),
    Rung(name="late", grades=_grades(2.5, 10, 5, 10), summary="a jump to the right answer near the end", make=_late),
    Rung(
        name="wrong-sample",
        grades=_grades(0, 0, 9, 10),
        summary="another sample's right answer",
        make=lambda c, _: c.other,
    ),
    Rung(
        name="frozen",
        grades=_grades(10, 8, 1, 10),
        summary="the right answer standing still",
        make=lambda c, _: np.repeat(c.target[len(c.target) // 2][None], len(c.target), axis=0),
    ),
    Rung(
        name="wrong-law",
        grades=_grades(0, 8, 10, 10),
        summary="a change of comparable size by another law",
        make=lambda c, _: c.draw("wrong"),
    ),
)


def ladder_clips(sample_id: str, *, source: Frames, target: Frames, other: Frames, mask: Frames | None) -> LadderClips:
    """Returns what the rungs of one rendered sample are made from.

    Args:
        sample_id: tells family and seed.
        source: the sample's decoded source, shape (T, H, W, 3).
        target: its decoded target, of the same shape.
        other: another sample's target, of any shape.
        mask: its decoded mask, of the target's shape, if it has one.

    Raises:
        UsageError: the sample is not one of the rendered world.
    """
    recipe = family_and_seed(sample_id)
    if recipe is None:
        raise UsageError(
            "not a rendered sample: the ladder needs to draw its half-way and wrong states",
            where=sample_id,
            hint="use the ladder on a split made by `rvebench data render`",
        )
    family, seed = load_family(recipe[0]), recipe[1]
    frames, (height, width) = len(target), target.shape[1:3]
    stretched = np.linspace(0, len(other) - 1, frames).round().astype(int)
    return LadderClips(
        source=source,
        target=target,
        draw=cache(lambda role: render_pictures(family, seed, role, size=(width, height), frames=frames)),
        other=resize_frames(other[stretched], width, height),
        mask=mask,
    )


def rung_frames(rung: Rung, sample_id: str, clips: LadderClips) -> Frames:
    """Returns one rung's edit of one sample; the same frames every time."""
    rng = np.random.default_rng([zlib.crc32(sample_id.encode()), zlib.crc32(rung.name.encode())])
    return rung.make(clips, rng)


def rung_of(name: str) -> Rung:
    """Returns the rung called `name`.

    Raises:
        UnknownNameError: there is none; the hint lists the nearest names.
    """
    for rung in RUNGS:
        if rung.name == name:
            return rung
    names = [rung.name for rung in RUNGS]
    near = nearest_names(name, names)
    offer = f"did you mean {' or '.join(near)}?" if near else f"rungs are {', '.join(names)}"
    raise UnknownNameError(f"unknown rung {name!r}", hint=offer)
