"""Heads: hair, and a face of scalars that reads from afar."""

from __future__ import annotations

import math
from typing import Any

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.emotional._looks import Look, Mood, Pose
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["draw_hair_behind", "draw_head"]

_TEMPLES = {"short": -5.0, "bob": 1.0, "long": 2.0, "bun": -4.0, "curly": -3.0, "pigtails": -2.0}
"""How far down the front hair comes at the temples."""
_DARK_SKIN = 125.0
"""Below this brightness lips and brows need a stronger contrast to be seen from afar."""


def _brightness(colour: Rgb) -> float:
    return 0.3 * colour.r + 0.6 * colour.g + 0.1 * colour.b


def draw_hair_behind(stage: Stage, look: Look, pose: Pose, part: str) -> None:
    """Draws the hair that falls behind the shoulders; the origin is the middle of the head."""
    dark = shade(look.hair, 0.8)
    if look.style == "long":
        back = stage.curve([(-13, -6), (-15, 12), (-12.5, 26), (0, 28), (12.5, 26), (15, 12), (13, -6)], closed=True)
        stage.paint(back, linear((0, -10), (0, 28), look.hair, shade(look.hair, 0.6)), part=part)
    elif look.style == "bob":
        back = stage.curve([(-14, -6), (-16, 6), (-13, 14), (0, 13), (13, 14), (16, 6), (14, -6)], closed=True)
        stage.paint(back, flat(dark), part=part)
    elif look.style == "bun" and not look.cap:
        stage.paint(stage.oval(-pose.turn * 6, -17, 6.5, 6), flat(dark), part=part)
    elif look.style == "pigtails":
        for side in (-1, 1):
            tail = stage.curve([(side * 11, -5), (side * 20, -6), (side * 22, 4), (side * 18, 15), (side * 13, 4)],
                               closed=True)  # fmt: skip
            stage.paint(tail, linear((0, -8), (0, 15), look.hair, shade(look.hair, 0.65)), part=part)
            stage.paint(stage.oval(side * 13, -3, 2.6, 3.2), flat(Rgb.of("#e0584e")), part=part)
    elif look.style == "bald":
        for side in (-1, 1):
            stage.paint(stage.oval(side * 12, -2, 4.2, 6), flat(dark), part=part)
    elif look.style == "curly":
        for index in range(9):
            angle = math.pi * (0.9 + 1.2 * index / 8)
            stage.paint(stage.oval(13 * math.cos(angle), -3 + 13 * math.sin(angle), 6), flat(dark), part=part)


def draw_head(stage: Stage, look: Look, pose: Pose, mood: Mood, part: str, time_s: float, phase: float) -> None:
    """Draws ears, face, hair and cap; the origin is the middle of the head."""
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
        pale = mix(skin, mix(skin, Rgb(205, 214, 226), 0.5), 0.24 * mood.fear)
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
    if look.style == "bald":
        shine = stage.curve([(-7, -9.5), (-2, -12.4), (4, -12.2)])
        stage.effect(shine, flat(Rgb(255, 248, 236), alpha=0.3, blur=0.9), line=2)
        return
    part_x = -4 + 5 * turn
    low = _TEMPLES[look.style]
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
    _age_marks(stage, look, shift, sink, part)
    nose = stage.curve([(shift * 1.25 - 0.4, 1.6), (shift * 1.25 + 1.6, 4.2), (shift * 1.25 - 0.6, 4.8)])
    stage.effect(nose, flat(shade(look.skin, 0.58), alpha=0.75), line=0.9)
    with stage.moved(shift, 8.3):
        _mouth(stage, look, mood, part)
    if look.glasses:
        for side in (-1, 1):
            stage.paint(stage.oval(side * 5.1 + shift, -0.4, 4.4, 4.0), flat(Rgb.of("#2b2a30")), part=part, line=0.8)
    if mood.sadness > 0.55:
        for side in (-1, 1):
            slide = (time_s * 0.55 + phase + 0.25 * side) % 1
            place = (side * 6.2 + shift, 3.0 + 7.5 * slide)
            shown = math.sin(math.pi * slide) * min(1.0, 3 * (mood.sadness - 0.55))
            trail = stage.polygon([(place[0], 2.6), place], closed=False)
            stage.effect(trail, flat(Rgb(190, 232, 255), alpha=0.4 * shown), line=1.3)
            with stage.moved(*place):
                drop = stage.curve([(0, -2.6), (1.5, 0.5), (0, 1.9), (-1.5, 0.5)], closed=True)
                stage.paint(drop, flat(Rgb.of("#8fd0f2"), alpha=0.95 * shown), part=part)
            brim = stage.oval(side * 5.3 + shift, 2.4, 2.6, 0.9)
            stage.effect(brim, flat(Rgb(190, 232, 255), alpha=0.75 * mood.sadness))


def _age_marks(stage: Stage, look: Look, shift: float, sink: float, part: str) -> None:
    if look.age == "elder":
        crease = flat(shade(look.skin, 0.62), alpha=0.6)
        for row in range(2):
            y = -10.2 + 2.2 * row + 0.4 * sink
            stage.effect(stage.curve([(-5 + shift, y), (shift, y - 0.7), (5 + shift, y)]), crease, line=0.7)
        for side in (-1, 1):
            fold = stage.curve([(side * 3.6 + shift, 4.6), (side * 5.8 + shift, 7.0), (side * 6.2 + shift, 9.8)])
            stage.effect(fold, crease, line=0.8)
            stage.effect(stage.curve([(side * 8.4 + shift, 2.6), (side * 5.2 + shift, 3.6)]), crease, line=0.6)
    if look.beard:
        jaw = stage.curve(
            [(-13, 1), (-12.5, 9), (-7, 15), (0, 16.5), (7, 15), (12.5, 9), (13, 1), (10.6, 5), (7.6, 11),
             (0, 12.6), (-7.6, 11), (-10.6, 5)],
            closed=True,
        )  # fmt: skip
        stage.paint(jaw, linear((0, 0), (0, 16), shade(look.hair, 1.05), shade(look.hair, 0.8)), part=part)
    if look.freckles:
        for spot in range(8):
            side = -1 if spot < 4 else 1
            place = (side * (5.0 + 1.5 * (spot % 4)) + shift, 3.6 + 1.1 * (spot % 2))
            stage.effect(stage.oval(*place, 0.5), flat(shade(look.skin, 0.68), alpha=0.7))


def _eye(stage: Stage, look: Look, pose: Pose, mood: Mood, part: str, time_s: float, phase: float) -> None:
    blink_at = (time_s + phase * 0.37) % 2.1
    # Nobody blinks in fright, and a lid that falls over a strong feeling would be read as another one.
    calm = 1 - min(1.0, 1.4 * max(mood.fear, mood.surprise) + 1.7 * max(mood.joy - 0.4, mood.sadness - 0.4, 0.0))
    blink = calm * max(0.0, 1 - abs(blink_at - 1.0) / 0.11)
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
    dark = mix(look.hair, Rgb.of("#2a1a14"), 0.45)
    if _brightness(look.skin) < _DARK_SKIN:
        dark = mix(dark, Rgb.of("#160c08"), 0.7)
    stage.paint(line, flat(shade(dark, 0.9)), part=part, line=1.7)


def _mouth(stage: Stage, look: Look, mood: Mood, part: str) -> None:
    curl = 3.6 * mood.joy - 3.0 * mood.sadness - 1.0 * mood.fear
    gape = max(0.0, 3.4 * max(0.0, mood.joy - 0.35) + 3.6 * mood.surprise + 2.4 * mood.fear)
    half = 4.0 + 1.9 * mood.joy - 1.3 * mood.surprise * (1 - mood.joy) + 0.6 * mood.fear
    corner, top, low = -curl * 0.5, curl * 0.18 - gape * 0.45, curl * 0.5 + gape
    lip = mix(shade(look.skin, 0.5), Rgb.of("#7a2a2a"), 0.5)
    if _brightness(look.skin) < _DARK_SKIN:
        lip = Rgb.of("#2a0e0c")
        below = stage.curve([(-half * 0.8, corner + 1.6), (0, low + 1.5), (half * 0.8, corner + 1.6)])
        stage.effect(below, flat(mix(look.skin, Rgb.of("#d88a78"), 0.55), alpha=0.8), line=1.3)
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
