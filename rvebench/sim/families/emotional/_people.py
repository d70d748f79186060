"""Stylised people: a face of scalars, a posture of scalars, and clothes and hair drawn from a seed.

A person stands with the feet at (0, 0) of its own frame and is about 104 units tall; x grows to the viewer's right and
y downward, so that heights are negative. `draw_person` is pure: breath and blink follow from the time and the phase.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point, Stage, flat, linear, radial

__all__ = ["SHOULDER_Y", "Look", "Mood", "Pose", "blend_moods", "draw_person", "ease", "framed", "look_of"]

SHOULDER_Y = -66.0
_HEAD_Y = -85.0
_UPPER, _FORE = 16.0, 16.0
_SKINS = tuple(Rgb.of(text) for text in ("#f3cfb3", "#e8b48e", "#c98a5e", "#9a6442", "#6f4630"))
_HAIRS = tuple(Rgb.of(text) for text in ("#2a1d18", "#5a3820", "#8c5a2c", "#c99a4e", "#a14a2a", "#3a3a44"))
_TOPS = tuple(Rgb.of(text) for text in ("#3f7f9c", "#c8553d", "#588b5c", "#d9a441", "#7a5c94", "#c76f8a", "#e5dccb"))
_LEGS = tuple(Rgb.of(text) for text in ("#2f3e58", "#4b4038", "#5d6470", "#3b4a3f"))
_STYLES: tuple[HairStyle, ...] = ("short", "bob", "long", "bun", "curly")

HairStyle = Literal["short", "bob", "long", "bun", "curly"]


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


def draw_person(
    stage: Stage,
    look: Look,
    pose: Pose,
    mood: Mood,
    *,
    part: str,
    time_s: float,
    phase: float = 0.0,
    warmth: float = 1.0,
) -> None:
    """Draws a person with the feet at (0, 0) of the present frame.

    Args:
        stage: what to draw on.
        look: hair, skin, clothes.
        pose: posture.
        mood: face.
        part: name of the part.
        time_s: for breath and blink.
        phase: keeps people from breathing together.
        warmth: brightness of the person, 1 in daylight.
    """
    look = replace(
        look, skin=shade(look.skin, warmth), hair=shade(look.hair, warmth),
        top=shade(look.top, warmth), legs=shade(look.legs, warmth),
        coat=shade(look.coat, warmth) if look.coat else None,
    )  # fmt: skip
    breath = 0.7 * math.sin(time_s * 2.6 + phase)
    drop = 13.0 if pose.seated else 0.0
    _legs(stage, look, pose, part)
    with stage.moved(0, drop), stage.moved(0, -38, turn_deg=pose.lean_deg), stage.moved(0, 38):
        shoulder = SHOULDER_Y + 3.5 * pose.slump - 0.5 * breath
        if pose.arms_behind:
            _arms(stage, look, pose, shoulder, part)
        head = (pose.turn * 2.5, _HEAD_Y + 5.5 * max(0.0, pose.slump) - 0.6 * breath)
        with stage.moved(*head, turn_deg=pose.tilt_deg):
            _hair_behind(stage, look, pose, part)
        _torso(stage, look, shoulder, breath, part)
        with stage.moved(*head, turn_deg=pose.tilt_deg):
            _head(stage, look, pose, mood, part, time_s, phase)
        if look.scarf:
            _scarf(stage, look.scarf, shoulder, part, time_s, phase)
        if not pose.arms_behind:
            _arms(stage, look, pose, shoulder, part)


def _legs(stage: Stage, look: Look, pose: Pose, part: str) -> None:
    shoe, cloth = Rgb.of("#33261f"), look.legs
    for side in (-1, 1):
        if pose.seated:
            points = [(side * 6.0, -24.0), (side * 8.0, -20.0), (side * 8.5, -3.0)]
        else:
            swing = side * pose.stride
            lift = 3.0 * max(0.0, swing) * abs(pose.stride)
            points = [(side * 5.0, -42.0), (side * 5.5 + 5 * swing, -21.0), (side * 5.5 + 11 * swing, -3.0 - lift)]
        tone = cloth if side > 0 else shade(cloth, 0.86)
        foot = points[-1]
        direction = pose.turn if abs(pose.turn) > 0.3 else side * 0.5
        stage.paint(stage.oval(foot[0] + 2.4 * direction, foot[1] + 1.2, 5.2, 2.7), flat(shoe), part=part)
        stage.paint(stage.curve(points), flat(tone), part=part, line=8.4)


def _torso(stage: Stage, look: Look, shoulder: float, breath: float, part: str) -> None:
    cloth = look.coat or look.top
    wide, hem = 12.5 + 0.25 * breath, -24.0 if look.coat else -36.0
    neck = stage.rect(-4, shoulder - 10, 8, 14, radius=3)
    stage.paint(neck, flat(shade(look.skin, 0.82)), part=part)
    flare = 13.0 if look.coat else 10.5
    body = stage.curve(
        [
            (-4.5, shoulder - 4), (-wide + 2.5, shoulder - 1.5), (-wide, shoulder + 5), (-10.5, -50), (-flare, hem - 2),
            (0, hem + 1), (flare, hem - 2), (10.5, -50), (wide, shoulder + 5), (wide - 2.5, shoulder - 1.5),
            (4.5, shoulder - 4), (0, shoulder - 1.5),
        ],
        closed=True,
    )  # fmt: skip
    stage.paint(body, linear((-14, 0), (14, 0), shade(cloth, 1.14), cloth, shade(cloth, 0.72)), part=part)
    with stage.clipped(body):
        if look.stripes and not look.coat:
            for row in range(3):
                stage.paint(stage.rect(-16, shoulder + 5 + 9 * row, 32, 4.2), flat(look.stripes, alpha=0.9), part=part)
        stage.effect(stage.oval(0, shoulder - 3, 9, 4.5), flat(Rgb(20, 10, 10), alpha=0.28, blur=2))
    if look.coat:
        stage.effect(stage.polygon([(0, shoulder), (0, hem)], closed=False), flat(shade(cloth, 0.55)), line=0.9)
        for row in range(3):
            stage.paint(stage.oval(2.6, shoulder + 9 + 9 * row, 1.2), flat(shade(cloth, 0.45)), part=part)


def _arms(stage: Stage, look: Look, pose: Pose, shoulder: float, part: str) -> None:
    cloth = look.coat or look.top
    for side, hand in ((-1, pose.left), (1, pose.right)):
        start = (side * 10.8, shoulder + 3.5)
        elbow, reach = _elbow(start, hand, side)
        tone = shade(cloth, 0.8 if side > 0 else 1.04)
        palm = shade(look.scarf or cloth, 0.6) if look.coat else look.skin
        ahead = (reach[0] + (reach[0] - elbow[0]) * 0.2, reach[1] + (reach[1] - elbow[1]) * 0.2)
        stage.paint(stage.oval(*ahead, 3.7), flat(palm), part=part)
        sleeve = stage.polygon([start, elbow, reach], closed=False)
        stage.paint(sleeve, flat(shade(tone, 0.72)), part=part, line=7.8)
        stage.paint(sleeve, flat(tone), part=part, line=6.8)


def _elbow(start: Point, hand: Point, side: int) -> tuple[Point, Point]:
    """Returns where the elbow bends and where the hand comes to be, within reach."""
    dx, dy = hand[0] - start[0], hand[1] - start[1]
    far = math.hypot(dx, dy) or 1e-6
    near = min(far, _UPPER + _FORE - 0.3)
    ux, uy = dx / far, dy / far
    along = near / 2
    bend = math.sqrt(max(0.0, _UPPER**2 - along**2))
    # The elbow goes outward: of the two normals, the one that points away from the body, or down.
    nx, ny = -uy, ux
    if nx * side + 0.7 * ny < 0:
        nx, ny = -nx, -ny
    elbow = (start[0] + ux * along + nx * bend, start[1] + uy * along + ny * bend)
    return elbow, (start[0] + ux * near, start[1] + uy * near)


def _hair_behind(stage: Stage, look: Look, pose: Pose, part: str) -> None:
    dark = shade(look.hair, 0.8)
    if look.style == "long":
        back = stage.curve([(-13, -6), (-15, 12), (-12.5, 26), (0, 28), (12.5, 26), (15, 12), (13, -6)], closed=True)
        stage.paint(back, linear((0, -10), (0, 28), look.hair, shade(look.hair, 0.6)), part=part)
    elif look.style == "bob":
        back = stage.curve([(-14, -6), (-16, 6), (-13, 14), (0, 13), (13, 14), (16, 6), (14, -6)], closed=True)
        stage.paint(back, flat(dark), part=part)
    elif look.style == "bun" and not look.cap:
        stage.paint(stage.oval(-pose.turn * 6, -17, 6.5, 6), flat(dark), part=part)
    elif look.style == "curly":
        for index in range(9):
            angle = math.pi * (0.9 + 1.2 * index / 8)
            stage.paint(stage.oval(13 * math.cos(angle), -3 + 13 * math.sin(angle), 6), flat(dark), part=part)


def _head(stage: Stage, look: Look, pose: Pose, mood: Mood, part: str, time_s: float, phase: float) -> None:
    skin, turn = look.skin, pose.turn
    for side in (-1, 1):
        stage.paint(stage.oval(side * 12.6 - turn * 3, 1.5, 2.6, 3.5), flat(shade(skin, 0.88)), part=part)
    face = stage.curve(
        [(0, -15), (9, -12.5), (12.8, -3), (12, 5), (7.5, 12), (0, 14.4), (-7.5, 12), (-12, 5), (-12.8, -3),
         (-9, -12.5)],
        closed=True,
    )  # fmt: skip
    if pose.away:
        stage.paint(face, radial((-3, -6), 24, shade(look.hair, 1.25), look.hair, shade(look.hair, 0.6)), part=part)
    else:
        pale = mix(skin, mix(skin, Rgb(205, 214, 226), 0.5), 0.5 * mood.fear)
        stage.paint(face, radial((-4, -4), 24, shade(pale, 1.08), pale, shade(pale, 0.7)), part=part)
        with stage.clipped(face):
            _features(stage, look, pose, mood, part, time_s, phase)
        _hair_front(stage, look, turn, part)
    if look.cap:
        dome = stage.curve([(-13.6, -4), (-13, -13), (-6, -19), (6, -19), (13, -13), (13.6, -4)], closed=True)
        stage.paint(dome, linear((-14, 0), (14, 0), shade(look.cap, 1.15), shade(look.cap, 0.7)), part=part)
        stage.paint(stage.rect(-14.4, -8.5, 28.8, 5.4, radius=2.6), flat(shade(look.cap, 0.82)), part=part)
        stage.paint(stage.oval(0, -20.5, 4.2), flat(mix(look.cap, Rgb(255, 255, 255), 0.6)), part=part)


def _hair_front(stage: Stage, look: Look, turn: float, part: str) -> None:
    part_x = -4 + 5 * turn
    low = {"short": -5.0, "bob": 1.0, "long": 2.0, "bun": -4.0, "curly": -3.0}[look.style]
    fringe = -6.5 if look.style in ("bob", "curly") else -8.0
    points = [
        (-13.2, low), (-13.6, -7), (-9, -14.5), (0, -17.4), (9, -14.5), (13.6, -7), (13.2, low), (11.2, low - 2.5),
        (9.5, fringe), (part_x + 4, fringe - 1.6), (part_x, fringe - 3.4), (part_x - 4, fringe - 0.4), (-10.6, low - 3),
    ]  # fmt: skip
    cut = stage.curve(points, closed=True)
    stage.paint(cut, linear((-12, -16), (12, 2), shade(look.hair, 1.35), look.hair, shade(look.hair, 0.7)), part=part)
    if look.style == "curly":
        for index in range(6):
            stage.paint(
                stage.oval(-11 + 4.4 * index, -11.5 - 3 * math.sin(0.6 * index), 4.2), flat(look.hair), part=part
            )
    stage.effect(
        stage.curve([(-8, -12), (-2, -14.6), (4, -14.4)]), flat(Rgb(255, 245, 230), alpha=0.2, blur=0.8), line=2
    )


def _features(stage: Stage, look: Look, pose: Pose, mood: Mood, part: str, time_s: float, phase: float) -> None:
    shift, sink = 4.6 * pose.turn, 1.0 * max(0.0, pose.slump)
    for side in (-1, 1):
        cheek = (side * 7.2 + shift, 5.0)
        blush = 0.14 + 0.34 * mood.joy + 0.15 * mood.sadness
        stage.effect(stage.oval(*cheek, 3.2, 2.3), flat(Rgb(226, 92, 84), alpha=blush, blur=1.4))
        with stage.moved(side * 5.1 + shift, -0.6 + sink):
            _eye(stage, look, pose, mood, part, time_s, phase)
        _brow(stage, look, mood, side, shift, sink, part)
    nose = stage.curve([(shift * 1.25 - 0.4, 1.6), (shift * 1.25 + 1.6, 4.2), (shift * 1.25 - 0.6, 4.8)])
    stage.effect(nose, flat(shade(look.skin, 0.58), alpha=0.75), line=0.9)
    with stage.moved(shift, 8.3):
        _mouth(stage, look, mood, part)
    if look.glasses:
        for side in (-1, 1):
            stage.paint(stage.oval(side * 5.1 + shift, -0.4, 4.4, 4.0), flat(Rgb.of("#2b2a30")), part=part, line=0.8)
    if mood.sadness > 0.55:
        slide = (time_s * 0.55 + phase) % 1
        drop = stage.oval(-6.0 + shift, 3.0 + 7.5 * slide, 1.2, 1.7)
        stage.paint(drop, flat(Rgb.of("#8fd0f2"), alpha=0.95 * math.sin(math.pi * slide)), part=part)
        stage.effect(stage.oval(-5.1 + shift, 2.4, 2.6, 0.8), flat(Rgb(190, 232, 255), alpha=0.7 * mood.sadness))


def _eye(stage: Stage, look: Look, pose: Pose, mood: Mood, part: str, time_s: float, phase: float) -> None:
    blink_at = (time_s + phase * 0.37) % 2.1
    blink = max(0.0, 1 - abs(blink_at - 1.0) / 0.11)
    # Joy is rounder below and sorrow heavier above, so the lids are drawn over a plain eye.
    tall = max(0.35, (2.75 + 0.9 * mood.surprise + 0.7 * mood.fear - 0.5 * mood.sadness) * (1 - 0.9 * blink))
    white = stage.oval(0, 0, 2.9 + 0.3 * mood.fear, tall)
    stage.paint(white, flat(Rgb(250, 249, 246)), part=part)
    with stage.clipped(white):
        iris = (1.1 * pose.gaze[0] + 0.8 * pose.turn, 1.2 * pose.gaze[1])
        small = 1.0 - 0.28 * mood.fear
        stage.paint(stage.oval(*iris, 1.95 * small), flat(Rgb.of("#4a3020")), part=part)
        stage.paint(stage.oval(*iris, 1.2 * small), flat(Rgb.of("#120c0a")), part=part)
        stage.paint(stage.oval(iris[0] - 0.6, iris[1] - 0.7, 0.55), flat(Rgb(255, 255, 255)), part=part)
        skin = shade(look.skin, 0.94)
        heavy, raised = 1.9 * mood.sadness, 2.4 * mood.joy
        stage.paint(stage.rect(-5, -6, 10, 3 + heavy), flat(skin), part=part)
        stage.paint(stage.oval(0, 6.4 - raised, 6, 3.2), flat(skin), part=part)
    upper = stage.curve(
        [(-3.2, 0.3), (-1.5, -tall + 0.4 + mood.sadness), (1.5, -tall + 0.4 + mood.sadness), (3.2, 0.3)]
    )
    stage.paint(upper, flat(Rgb.of("#2a1a14")), part=part, line=0.85)


def _brow(stage: Stage, look: Look, mood: Mood, side: int, shift: float, sink: float, part: str) -> None:
    base = -5.9 - 2.0 * mood.surprise - 0.7 * mood.joy - 0.6 * mood.fear + sink
    inner = base - 0.3 - 0.8 * mood.joy - 2.3 * mood.sadness - 1.9 * mood.fear
    outer = base + 0.5 + 0.4 * mood.joy + 1.6 * mood.sadness + 0.9 * mood.fear
    middle = (inner + outer) / 2 - 1.1 - 0.8 * mood.joy - 0.5 * mood.surprise
    line = stage.curve([(side * 2.5 + shift, inner), (side * 5.4 + shift, middle), (side * 8.4 + shift, outer)])
    stage.paint(line, flat(shade(mix(look.hair, Rgb.of("#2a1a14"), 0.45), 0.9)), part=part, line=1.5)


def _mouth(stage: Stage, look: Look, mood: Mood, part: str) -> None:
    curl = 3.6 * mood.joy - 3.0 * mood.sadness - 1.0 * mood.fear
    gape = max(0.0, 3.4 * max(0.0, mood.joy - 0.35) + 3.6 * mood.surprise + 2.4 * mood.fear)
    half = 4.0 + 1.9 * mood.joy - 1.3 * mood.surprise * (1 - mood.joy) + 0.6 * mood.fear
    corner, top, low = -curl * 0.5, curl * 0.18 - gape * 0.45, curl * 0.5 + gape
    lip = mix(shade(look.skin, 0.5), Rgb.of("#7a2a2a"), 0.5)
    if gape < 0.35:
        stage.paint(stage.curve([(-half, corner), (0, curl * 0.42), (half, corner)]), flat(lip), part=part, line=1.4)
        return
    shape: Any = stage.curve([(-half, corner), (0, top), (half, corner), (half * 0.55, low * 0.8), (0, low),
                              (-half * 0.55, low * 0.8)], closed=True)  # fmt: skip
    stage.paint(shape, flat(Rgb.of("#5a1c1e")), part=part)
    with stage.clipped(shape):
        stage.paint(stage.oval(0, low + 0.4, half * 0.6, 2.0), flat(Rgb.of("#d9716c")), part=part)
        stage.paint(stage.oval(0, top - 0.7, half, 2.2), flat(Rgb(252, 250, 244)), part=part)
    stage.paint(shape, flat(lip), part=part, line=0.8)


def _scarf(stage: Stage, colour: Rgb, shoulder: float, part: str, time_s: float, phase: float) -> None:
    sway = 0.8 * math.sin(time_s * 2.2 + phase)
    tail = stage.polygon(
        [(3, shoulder - 2), (9, shoulder - 2), (9.5 + sway, shoulder + 19), (3.5 + sway, shoulder + 19)]
    )
    stage.paint(tail, linear((2, 0), (10, 0), shade(colour, 1.05), shade(colour, 0.7)), part=part)
    for row in range(2):
        stage.paint(stage.rect(3 + sway * 0.7, shoulder + 10 + 5 * row, 6.5, 2), flat(Rgb(246, 240, 226)), part=part)
    wrap = stage.rect(-9.5, shoulder - 6.5, 19, 7.5, radius=3.6)
    stage.paint(wrap, linear((-10, 0), (10, 0), shade(colour, 1.15), shade(colour, 0.75)), part=part)
    stage.effect(
        stage.curve([(-8, shoulder - 3), (0, shoulder - 1.4), (8, shoulder - 3)]), flat(shade(colour, 0.55)), line=0.8
    )
