"""Stylised people: a face of scalars, a posture of scalars, and clothes and hair drawn from a seed.

A person stands with the feet at (0, 0) of its own frame and is about 104 units tall; x grows to the viewer's right and
y downward, so that heights are negative. `draw_person` is pure: breath and blink follow from the time and the phase.
"""

from __future__ import annotations

import math
from dataclasses import replace

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.emotional._faces import draw_hair_behind, draw_head
from rvebench.sim.families.emotional._looks import (
    Look,
    Mood,
    Pose,
    blend_moods,
    ease,
    framed,
    look_of,
    person_of,
)
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear

__all__ = [
    "SHOULDER_Y",
    "Look",
    "Mood",
    "Pose",
    "blend_moods",
    "draw_person",
    "ease",
    "framed",
    "look_of",
    "person_of",
    "veil",
]

SHOULDER_Y = -66.0
_HEAD_Y = -85.0
_UPPER, _FORE = 16.0, 16.0
_CHILD_HEAD = 1.1


def veil(stage: Stage, mood: Mood) -> None:
    """Tones what is behind the people as the mood does: cooler in sorrow, darker in fear, warmer in joy."""
    everything = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    for share, tone, alpha in (
        (mood.sadness, Rgb(58, 74, 118), 0.22),
        (mood.fear, Rgb(28, 30, 70), 0.22),
        (mood.joy, Rgb(255, 190, 90), 0.1),
    ):
        if share > 0.02:
            stage.effect(everything, flat(tone, alpha=alpha * share))


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
        size = _CHILD_HEAD if look.age == "child" else 1.0
        with stage.moved(*head, turn_deg=pose.tilt_deg, scale=size):
            draw_hair_behind(stage, look, pose, part)
        _torso(stage, look, shoulder, breath, part)
        with stage.moved(*head, turn_deg=pose.tilt_deg, scale=size):
            draw_head(stage, look, pose, mood, part, time_s, phase)
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
    # The elbow goes outward: of the two normals, towards the one that points away from the body, or down. Between the
    # two it passes through the straight arm, as one that turns towards the viewer is seen: else it would jump across.
    nx, ny = -uy, ux
    bend *= max(-1.0, min(1.0, (nx * side + 0.7 * ny) / 0.4))
    elbow = (start[0] + ux * along + nx * bend, start[1] + uy * along + ny * bend)
    return elbow, (start[0] + ux * near, start[1] + uy * near)


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
