"""The figures of robot-side, which face us: a robot and a wooden soldier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.spatial._parts import merged, projected, ring, strip
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["FOOT_Y", "SLANT", "Figure", "FigureKind", "draw_figure"]

FOOT_Y = 216.0
SLANT = (0.55, 0.16)
"""How far a point one high throws its shadow on the floor, across and down."""
FigureKind = Literal["robot", "soldier"]
_WHITE = Rgb(255, 255, 255)
_INK = Rgb.of("#26262c")
_GOLD = Rgb.of("#e6b94a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Who faces us, and its colours."""

    kind: FigureKind
    metal: Rgb
    """The robot's sheet metal, or the soldier's coat."""
    antennae: int
    phase: float


def draw_figure(stage: Stage, figure: Figure, x: float, time_s: float) -> None:
    """Draws the figure with its shadow, standing at `x`."""
    if figure.kind == "robot":
        _robot(stage, figure, x, time_s)
    else:
        _soldier(stage, figure, x, time_s)


def _robot(stage: Stage, figure: Figure, x: float, time_s: float) -> None:
    y = FOOT_Y
    metal, dark = figure.metal, Rgb.of("#3a4048")
    t = time_s
    shapes = [strip(26, 74, 30), ring(0, 104, 27, 22)]
    shapes += [[(s * 28, 30), (s * 44, 26), (s * 42, 70), (s * 28, 72)] for s in (-1, 1)]
    stage.shadow(merged([projected(stage, (x, y), o, SLANT) for o in shapes]), alpha=0.42, blur=2.4)
    grade = (shade(metal, 1.35), metal, shade(metal, 0.55))
    for side in (-1, 1):
        leg = stage.rect(x + side * 15 - 7, y - 30, 14, 27)
        stage.paint(leg, linear((x + side * 15 - 7, 0), (x + side * 15 + 7, 0), Rgb.of("#aab2ba"), dark), part="robot")
        foot = stage.rect(x + side * 16 - 13, y - 9, 26, 11, radius=5)
        stage.paint(foot, linear((0, y - 9), (0, y + 2), *grade), part="robot")
    for side in (-1, 1):
        swing = 3 * math.sin(t * 3.1 + figure.phase + side)
        arm: list[Point] = [(x + side * 31, y - 72), (x + side * 43, y - 54), (x + side * 43, y - 34 + swing)]
        stage.paint(stage.curve(arm), flat(Rgb.of("#7d868f")), part="robot", line=8)
        stage.effect(stage.curve([(px - 1.5, py) for px, py in arm]), flat(Rgb(255, 255, 255), alpha=0.35), line=2)
        hx, hy = x + side * 43, y - 35 + swing
        grip = stage.curve([(hx - 6, hy + 15), (hx - 7, hy + 4), (hx, hy), (hx + 7, hy + 4), (hx + 6, hy + 15)])
        stage.paint(grip, flat(shade(metal, 0.7)), part="robot", line=5)
    body = stage.rect(x - 31, y - 82, 62, 56, radius=9)
    stage.paint(body, linear((x - 31, 0), (x + 31, 0), *grade), part="robot")
    stage.effect(stage.rect(x - 25, y - 79, 9, 50, radius=4), flat(Rgb(255, 255, 255), alpha=0.28, blur=2))
    panel = stage.rect(x - 18, y - 70, 36, 28, radius=4)
    stage.paint(panel, linear((0, y - 70), (0, y - 42), Rgb.of("#f2ead6"), Rgb.of("#c9bfa6")), part="robot")
    for k, tone in enumerate((Rgb.of("#e0483c"), Rgb.of("#eab73a"), Rgb.of("#4caf6d"))):
        lit = 0.75 + 0.5 * max(0.0, math.sin(t * 4 + k * 2.1))
        stage.paint(stage.oval(x - 10 + 10 * k, y - 62, 3.4), flat(shade(tone, lit)), part="robot")
    needle = 0.8 * math.sin(t * 1.9 + figure.phase)
    gauge = stage.curve([(x - 11, y - 46), (x - 7, y - 54), (x, y - 56), (x + 7, y - 54), (x + 11, y - 46)])
    stage.paint(gauge, flat(dark), part="robot", line=1.3)
    tip = (x + 8 * math.sin(needle), y - 46 - 8 * math.cos(needle))
    stage.paint(stage.polygon([(x, y - 46), tip], closed=False), flat(Rgb.of("#c0392b")), part="robot", line=1.5)
    _robot_head(stage, figure, x, y - 82, t)


def _robot_head(stage: Stage, figure: Figure, x: float, y: float, t: float) -> None:
    x, metal = x + 1.5 * math.sin(t * 1.3), figure.metal
    stage.paint(stage.rect(x - 8, y - 7, 16, 8), flat(Rgb.of("#7d868f")), part="robot")
    rods = (0.0,) if figure.antennae == 1 else (-14.0, 14.0)
    for dx in rods:
        wave = 2.5 * math.sin(t * 5 + dx)
        rod = stage.curve([(x + dx, y - 44), (x + dx * 1.2, y - 54), (x + dx * 1.3 + wave, y - 61)])
        stage.paint(rod, flat(Rgb.of("#5c646c")), part="robot", line=2.2)
        stage.paint(stage.oval(x + dx * 1.3 + wave, y - 62, 3.8), flat(Rgb.of("#e85c4a")), part="robot")
    for side in (-1, 1):
        stage.paint(stage.rect(x + side * 29 - 4, y - 32, 8, 16, radius=2), flat(shade(metal, 0.55)), part="robot")
    head = stage.rect(x - 28, y - 46, 56, 41, radius=11)
    stage.paint(head, linear((x - 28, 0), (x + 28, 0), shade(metal, 1.4), metal, shade(metal, 0.58)), part="robot")
    stage.effect(stage.rect(x - 22, y - 43, 40, 5, radius=2.5), flat(Rgb(255, 255, 255), alpha=0.4, blur=1.5))
    blink = 0.15 if math.sin(t * 2.2 + figure.phase) > 0.94 else 1.0
    look = 1.8 * math.sin(t * 1.6 + figure.phase)
    for side in (-1, 1):
        stage.paint(stage.oval(x + side * 12, y - 29, 8.4), flat(Rgb.of("#2c333a")), part="robot")
        stage.paint(stage.oval(x + side * 12, y - 29, 6.6, 6.6 * blink), flat(Rgb.of("#fdf3c8")), part="robot")
        stage.paint(stage.oval(x + side * 12 + look, y - 28.5, 3, 3 * blink), flat(Rgb.of("#1d2227")), part="robot")
    smile = stage.curve([(x - 11, y - 16), (x, y - 11.5), (x + 11, y - 16)])
    stage.paint(smile, flat(Rgb.of("#2c333a")), part="robot", line=2.2)


def _soldier(stage: Stage, figure: Figure, x: float, time_s: float) -> None:
    y, coat = FOOT_Y, figure.metal
    shapes = [strip(20, 66, 24), ring(0, 92, 17, 18), strip(15, 150, 17)]
    shapes += [[(s * 22, 34), (s * 36, 30), (s * 34, 72), (s * 22, 76)] for s in (-1, 1)]
    stage.shadow(merged([projected(stage, (x, y), o, SLANT) for o in shapes]), alpha=0.42, blur=2.4)
    for side in (-1, 1):
        trousers = stage.rect(x + side * 10 - 8, y - 36, 16, 24)
        pale = Rgb.of("#f4efe4")
        stage.paint(
            trousers, linear((x + side * 10 - 8, 0), (x + side * 10 + 8, 0), pale, shade(pale, 0.66)), part="robot"
        )
        boot = stage.rect(x + side * 10 - 9, y - 18, 18, 17, radius=3)
        stage.paint(boot, linear((x + side * 10 - 9, 0), (x + side * 10 + 9, 0), Rgb.of("#5a5a64"), _INK), part="robot")
        stage.paint(stage.oval(x + side * 12, y - 2, 12, 5), flat(_INK), part="robot")
    for side in (-1, 1):
        swing = 2.5 * math.sin(time_s * 2.7 + figure.phase + side)
        arm: list[Point] = [(x + side * 25, y - 76), (x + side * 35, y - 58), (x + side * 36, y - 40 + swing)]
        stage.paint(stage.curve(arm), flat(shade(coat, 0.95 if side < 0 else 0.66)), part="robot", line=12)
        stage.paint(stage.oval(x + side * 36, y - 44 + swing, 8, 4), flat(_GOLD), part="robot")
        hand = radial((x + side * 36 - 2, y - 38 + swing), 10, Rgb.of("#ffe6c8"), Rgb.of("#c98f62"))
        stage.paint(stage.oval(x + side * 36, y - 35 + swing, 6.5), hand, part="robot")
    body = stage.curve([(x - 25, y - 82), (x - 24, y - 54), (x - 27, y - 28), (x, y - 25), (x + 27, y - 28),
                        (x + 24, y - 54), (x + 25, y - 82), (x, y - 86)], closed=True)  # fmt: skip
    stage.paint(body, linear((x - 27, 0), (x + 27, 0), shade(coat, 1.3), coat, shade(coat, 0.55)), part="robot")
    for k in range(4):
        level = y - 76 + 9 * k
        stage.paint(stage.rect(x - 13, level, 26, 2.4, radius=1.2), flat(_GOLD), part="robot")
        for dx in (-13, 13):
            stage.paint(stage.oval(x + dx, level + 1.2, 2.4), flat(shade(_GOLD, 1.15)), part="robot")
    stage.paint(stage.rect(x - 26, y - 42, 52, 6), flat(Rgb.of("#f6f1e4")), part="robot")
    stage.paint(stage.rect(x - 5, y - 43.5, 10, 9, radius=1.5), flat(_GOLD), part="robot")
    for side in (-1, 1):
        stage.paint(stage.oval(x + side * 25, y - 80, 10, 5), flat(_GOLD), part="robot")
        for k in range(5):
            fringe = stage.rect(x + side * 25 - 9 + 4 * k, y - 79, 2.2, 8, radius=1)
            stage.paint(fringe, flat(shade(_GOLD, 0.85)), part="robot")
    with stage.moved(x, y - 84, turn_deg=1.5 * math.sin(time_s * 1.5 + figure.phase)):
        _soldier_head(stage, figure, time_s)


def _soldier_head(stage: Stage, figure: Figure, t: float) -> None:
    skin, hair = Rgb.of("#f2c9a0"), Rgb.of("#efe9dc")
    for side in (-1, 1):
        stage.paint(stage.oval(side * 17, -13, 6, 13), flat(shade(hair, 0.92 if side < 0 else 0.78)), part="robot")
    face = stage.rect(-17, -32, 34, 35, radius=9)
    stage.paint(face, linear((-17, 0), (17, 0), shade(skin, 1.06), skin, shade(skin, 0.72)), part="robot")
    blink = 0.15 if math.sin(t * 2.3 + figure.phase) > 0.94 else 1.0
    look = 1.2 * math.sin(t * 1.7 + figure.phase)
    for side in (-1, 1):
        stage.effect(stage.oval(side * 11, -14, 4.2, 3.2), flat(Rgb.of("#e0604c"), alpha=0.7, blur=1))
        stage.paint(stage.oval(side * 7.5, -22, 4.6, 4.8 * blink), flat(Rgb.of("#fffdf4")), part="robot")
        stage.paint(stage.oval(side * 7.5 + look, -21.6, 2.4, 2.6 * blink), flat(_INK), part="robot")
        brow = stage.curve([(side * 3.5, -29), (side * 8, -31), (side * 12.5, -28)])
        stage.paint(brow, flat(_INK), part="robot", line=1.8)
    stage.paint(stage.oval(0, -16, 3.2, 4), radial((-1, -18), 6, shade(skin, 1.1), shade(skin, 0.7)), part="robot")
    for side in (-1, 1):
        whisker = stage.curve([(0, -11), (side * 7, -12.5), (side * 13, -9)])
        stage.paint(whisker, flat(_INK), part="robot", line=3)
    gap = 2.2 + 2.2 * max(0.0, math.sin(t * 3.1 + figure.phase))
    stage.paint(stage.rect(-8, -8.5, 16, 4 + gap, radius=1), flat(Rgb.of("#5a2420")), part="robot")
    stage.paint(stage.rect(-7, -8.5, 14, 3.2), flat(_WHITE), part="robot")
    beard = stage.curve([(-9, -4.5 + gap), (9, -4.5 + gap), (8, 8 + gap), (0, 15 + gap), (-8, 8 + gap)], closed=True)
    stage.paint(beard, linear((-8, 0), (8, 0), hair, shade(hair, 0.78)), part="robot")
    hat = stage.curve([(-18, -30), (-21, -52), (-20, -70), (0, -74), (20, -70), (21, -52), (18, -30)])
    stage.paint(hat, linear((-21, 0), (21, 0), Rgb.of("#5c5c68"), _INK, Rgb.of("#15151a")), part="robot")
    stage.effect(stage.oval(-11, -55, 4, 13), flat(_WHITE, alpha=0.25, blur=2.5))
    stage.paint(stage.rect(-19, -35, 38, 5, radius=1.5), flat(_GOLD), part="robot")
    badge = stage.polygon([(0, -60), (7, -52), (0, -42), (-7, -52)])
    stage.paint(badge, linear((0, -60), (0, -42), shade(_GOLD, 1.2), shade(_GOLD, 0.75)), part="robot")
    for k in range(figure.antennae):
        wave = 2 * math.sin(t * 4 + k)
        plume = stage.curve([(-3 + 6 * k, -73), (-6 + 10 * k + wave, -84), (-2 + 8 * k + 2 * wave, -95)])
        stage.paint(plume, flat(mix(figure.metal, Rgb.of("#e84c3d"), 0.8)), part="robot", line=6)
