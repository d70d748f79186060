"""The things of robot-side that are to lie beside the figure: a ball, a toy car, a drum."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.spatial._parts import merged, projected, ring, strip
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["Thing", "draw_thing"]

Thing = Literal["ball", "car", "drum"]
_WHITE = Rgb(255, 255, 255)
_CREAM = Rgb.of("#fbf3e4")


def draw_thing(
    stage: Stage, thing: Thing, place: Point, radius: float, tone: Rgb, trim: Rgb, *, rolled: float, slant: Point
) -> None:
    """Draws the thing with its shadow.

    Args:
        stage: where to draw.
        thing: which it is.
        place: where it touches the floor.
        radius: half its width, about.
        tone: its colour.
        trim: its second colour.
        rolled: how far it has rolled, for what has wheels or is round.
        slant: of shadows on the floor.
    """
    x, y = place
    outlines = {
        "ball": [ring(0, radius, radius, radius)],
        "car": [strip(radius * 1.45, radius * 0.8, radius * 1.35), strip(radius * 0.9, radius * 1.45, radius * 0.6)],
        "drum": [strip(radius * 1.05, radius * 1.5)],
    }[thing]
    foot = stage.oval(x, y, radius * (0.7 if thing == "ball" else 1.2), 4)
    shapes = [projected(stage, place, outline, slant) for outline in outlines]
    stage.shadow(merged([*shapes, foot]), alpha=0.45, blur=2.2)
    with stage.moved(x, y, scale=radius / 20):
        if thing == "ball":
            _ball(stage, tone, trim, rolled / radius)
        elif thing == "car":
            _car(stage, tone, trim, rolled / radius)
        else:
            _drum(stage, tone, trim)


def _ball(stage: Stage, tone: Rgb, trim: Rgb, turn: float) -> None:
    ball = stage.oval(0, -20, 20)
    stage.paint(ball, flat(_CREAM), part="ball")
    with stage.clipped(ball), stage.moved(0, -20, turn_deg=math.degrees(turn)):
        for k in range(3):
            wedge = [(0.0, 0.0)]
            wedge += [
                (32 * math.cos(a), 32 * math.sin(a)) for a in (k * math.tau / 3 + step for step in (0, 0.55, 1.05))
            ]
            stage.paint(stage.polygon(wedge), flat(tone if k else mix(tone, trim, 0.75)), part="ball")
        stage.paint(stage.oval(0, 0, 4), flat(_CREAM), part="ball")
    with stage.clipped(ball):
        stage.shadow(stage.oval(11, -7, 18), alpha=0.45, blur=7)
    stage.effect(stage.oval(-8, -29, 5.2, 4), flat(_WHITE, alpha=0.85, blur=1.2))


def _car(stage: Stage, tone: Rgb, trim: Rgb, turn: float) -> None:
    cabin = stage.curve([(-17, -18), (-12, -33), (8, -33), (17, -18)], closed=True)
    stage.paint(cabin, linear((0, -34), (0, -16), mix(trim, _WHITE, 0.35), trim), part="ball")
    for pane in ([(-13, -20), (-9.5, -30), (-2, -30), (-2, -20)], [(1.5, -20), (1.5, -30), (6.5, -30), (12, -20)]):
        stage.paint(stage.polygon(pane), linear((0, -30), (0, -20), _WHITE, Rgb.of("#a9c9da")), part="ball")
    body = stage.curve([(-28, -7), (-29, -15), (-22, -20), (18, -20), (27, -16), (30, -8), (26, -5), (-25, -5)],
                       closed=True)  # fmt: skip
    stage.paint(body, linear((0, -21), (0, -5), mix(tone, _WHITE, 0.35), tone, shade(tone, 0.55)), part="ball")
    stage.effect(stage.curve([(-24, -16), (0, -18), (24, -15)]), flat(_WHITE, alpha=0.55, blur=0.8), line=1.8)
    stage.paint(stage.oval(27, -12, 2.6), flat(Rgb.of("#fff0b0")), part="ball")
    for wx in (-16.0, 16.0):
        stage.paint(stage.oval(wx, -7, 7.5), flat(Rgb.of("#2c2a2c")), part="ball")
        stage.paint(stage.oval(wx, -7, 4), radial((wx - 1, -8), 5, _WHITE, Rgb.of("#c9a24a")), part="ball")
        for k in range(3):
            a = turn * 2.6 + k * math.tau / 3
            spoke = stage.polygon([(wx, -7), (wx + 4 * math.cos(a), -7 + 4 * math.sin(a))], closed=False)
            stage.effect(spoke, flat(Rgb.of("#5c4420")), line=1.1)


def _drum(stage: Stage, tone: Rgb, trim: Rgb) -> None:
    side = stage.curve([(-22, -28), (-22, -3), (-12, 1.5), (0, 2.5), (12, 1.5), (22, -3), (22, -28)])
    stage.paint(side, linear((-22, 0), (22, 0), shade(tone, 1.25), tone, shade(tone, 0.52)), part="ball")
    for k in range(5):
        a, b = -20 + 8 * k, -16 + 8 * k
        sag = 4.5 * (1 - ((a + 4) / 22) ** 2)
        cord = stage.polygon([(a, -26 + sag), (b, -4 + sag), (a + 8, -26 + sag)], closed=False)
        stage.effect(cord, flat(_CREAM, alpha=0.95), line=1.4)
    for y in (-27.0, -3.0):
        hoop = stage.curve([(-22, y), (-12, y + 4.4), (0, y + 5.6), (12, y + 4.4), (22, y)])
        stage.paint(hoop, flat(mix(trim, Rgb.of("#e0b24a"), 0.4)), part="ball", line=4)
    stage.paint(stage.oval(0, -28, 22, 6), flat(shade(trim, 0.7)), part="ball")
    stage.paint(stage.oval(0, -28.6, 20, 5), linear((-20, 0), (20, 0), _WHITE, Rgb.of("#e2d6bf")), part="ball")
    for turn, dx in ((-14.0, -2.0), (20.0, 3.0)):
        with stage.moved(dx, -30, turn_deg=turn):
            stage.paint(stage.rect(-17, -1.4, 34, 2.8, radius=1.4), flat(Rgb.of("#c08a4c")), part="ball")
            stage.paint(stage.oval(17 if turn > 0 else -17, 0, 3), flat(Rgb.of("#e6c48c")), part="ball")
    stage.effect(stage.rect(-16, -19, 4, 17, radius=2), flat(_WHITE, alpha=0.4, blur=1.4))
