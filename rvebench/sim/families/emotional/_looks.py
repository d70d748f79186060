"""What people of the emotional scenes are: looks, ages, moods and postures, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point

__all__ = ["Age", "HairStyle", "Look", "Mood", "Pose", "blend_moods", "ease", "framed", "look_of", "person_of"]

_SKINS = tuple(Rgb.of(text) for text in ("#f3cfb3", "#e8b48e", "#c98a5e", "#9a6442", "#6f4630"))
_HAIRS = tuple(Rgb.of(text) for text in ("#2a1d18", "#5a3820", "#8c5a2c", "#c99a4e", "#a14a2a", "#3a3a44"))
_GREYS = tuple(Rgb.of(text) for text in ("#c9c6c2", "#9a9694", "#e6e2da"))
_TOPS = tuple(Rgb.of(text) for text in ("#3f7f9c", "#c8553d", "#588b5c", "#d9a441", "#7a5c94", "#c76f8a", "#e5dccb"))
_LEGS = tuple(Rgb.of(text) for text in ("#2f3e58", "#4b4038", "#5d6470", "#3b4a3f"))
_STYLES: tuple[HairStyle, ...] = ("short", "bob", "long", "bun", "curly")
_STYLES_BY_AGE: dict[Age, tuple[HairStyle, ...]] = {
    "child": ("short", "bob", "pigtails", "curly", "long"),
    "adult": _STYLES,
    "elder": ("bald", "bun", "short", "bob", "curly"),
}

Age = Literal["child", "adult", "elder"]
HairStyle = Literal["short", "bob", "long", "bun", "curly", "pigtails", "bald"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a person looks like."""

    skin: Rgb
    hair: Rgb
    style: HairStyle
    top: Rgb
    legs: Rgb
    glasses: bool = False
    stripes: Rgb | None = None
    """Stripes across the top."""
    coat: Rgb | None = None
    """A long coat over the top, with mittens."""
    scarf: Rgb | None = None
    cap: Rgb | None = None
    """A knitted cap."""
    age: Age = "adult"
    beard: bool = False
    freckles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """What a face shows, each 0..1."""

    joy: float = 0.0
    sadness: float = 0.0
    fear: float = 0.0
    surprise: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a person stands; hands are points in the person's frame."""

    left: Point = (-16.5, -33.0)
    """The hand on the viewer's left."""
    right: Point = (16.5, -33.0)
    slump: float = 0.0
    """0 upright, 1 shoulders and head hang; below 0 shoulders pulled up."""
    tilt_deg: float = 0.0
    """Of the head."""
    lean_deg: float = 0.0
    """Of the whole upper body."""
    turn: float = 0.0
    """Where the face points: -1 left, 0 the viewer, 1 right."""
    gaze: Point = (0.0, 0.0)
    """Where the eyes look, -1..1 each."""
    stride: float = 0.0
    """Legs apart, -1..1, for walking."""
    seated: bool = False
    away: bool = False
    """Seen from behind."""
    arms_behind: bool = field(default=False)
    """Draw the arms before the body."""


def ease(share: float) -> float:
    """Returns 0..1 smoothly from 0..1, clipped."""
    share = max(0.0, min(1.0, share))
    return share * share * (3 - 2 * share)


def blend_moods(first: Mood, second: Mood, share: float) -> Mood:
    """Returns the mood `share` of the way from the first to the second."""
    a, b = first, second
    return Mood(
        joy=a.joy + (b.joy - a.joy) * share,
        sadness=a.sadness + (b.sadness - a.sadness) * share,
        fear=a.fear + (b.fear - a.fear) * share,
        surprise=a.surprise + (b.surprise - a.surprise) * share,
    )


def framed(x: float, y: float, zoom: float) -> Camera:
    """Returns the camera that has a point of the nearest layer in the middle of the frame."""
    return Camera(x=x - WIDTH / 2, y=y - HEIGHT / 2, zoom=zoom)


def look_of(rng: np.random.Generator) -> Look:
    """Returns a person drawn by chance."""
    return Look(
        skin=_SKINS[rng.integers(len(_SKINS))],
        hair=_HAIRS[rng.integers(len(_HAIRS))],
        style=_STYLES[rng.integers(len(_STYLES))],
        top=_TOPS[rng.integers(len(_TOPS))],
        legs=_LEGS[rng.integers(len(_LEGS))],
        glasses=bool(rng.random() < 0.2),
    )


def person_of(rng: np.random.Generator, *ages: Age) -> Look:
    """Returns a person of one of some ages, drawn by chance: skin, hair, beard and freckles go with the age."""
    age = ages[int(rng.integers(len(ages)))]
    look = look_of(rng)
    skin = mix(look.skin, _SKINS[int(rng.integers(len(_SKINS)))], 0.3 * float(rng.random()))
    is_dark = 0.3 * skin.r + 0.6 * skin.g + 0.1 * skin.b < 125
    hair = _HAIRS[0] if is_dark and look.hair.r > 150 else look.hair
    styles = _STYLES_BY_AGE[age]
    style = styles[int(rng.integers(len(styles)))]
    grey = _GREYS[int(rng.integers(len(_GREYS)))]
    chance = float(rng.random())
    return replace(
        look,
        skin=skin,
        style=style,
        hair=grey if age == "elder" else hair,
        age=age,
        beard=age != "child" and style in ("short", "bald") and chance < 0.5,
        freckles=age == "child" and chance < 0.4 and skin.r > 200,
        glasses=look.glasses or (age == "elder" and chance > 0.6),
    )
