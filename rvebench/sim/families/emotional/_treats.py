"""What a child may hold dear and lose: an ice cream, a balloon, a teddy bear. Each is drawn held and lost."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = [
    "TREATS",
    "Treat",
    "draw_balloon",
    "draw_bear",
    "draw_cone",
    "draw_puddle",
    "draw_ripple",
    "draw_splat",
    "mud_on_bear",
]

Treat = Literal["balloon", "ice-cream", "teddy"]
TREATS: tuple[Treat, ...] = ("balloon", "ice-cream", "teddy")
_FUR = Rgb.of("#b8834c")
_MUD = Rgb.of("#5a4026")


def draw_cone(stage: Stage, ice: Rgb, *, full: bool) -> None:
    """Draws a cone about where it is held, with or without its scoop."""
    if full:
        ball = radial((-3, -20), 15, shade(ice, 1.15), ice, shade(ice, 0.75))
        stage.paint(stage.oval(0, -16, 8.6, 8.4), ball, part="treat")
        stage.effect(stage.oval(-3, -20, 2.6, 1.8), flat(Rgb(255, 255, 255), alpha=0.55, blur=0.6))
    wafer = stage.polygon([(-7.4, -12), (7.4, -12), (0, 9)])
    stage.paint(wafer, linear((-7, 0), (7, 0), Rgb.of("#e6b468"), Rgb.of("#a8702c")), part="treat")
    with stage.clipped(wafer):
        for line in range(-4, 5):
            for lean in (-1, 1):
                bar = stage.polygon([(line * 4, -14), (line * 4 + lean * 12, 10)], closed=False)
                stage.effect(bar, flat(Rgb.of("#8a5a20"), alpha=0.5), line=0.6)
    stage.paint(stage.rect(-8.2, -13.5, 16.4, 3.4, radius=1.4), flat(Rgb.of("#dca654")), part="treat")
    if not full:
        stage.paint(stage.oval(0, -13.4, 6.6, 1.5), flat(Rgb.of("#6a4418")), part="treat")


def draw_splat(stage: Stage, ice: Rgb, share: float) -> None:
    """Draws the scoop on the ground about (0, 0); it melts with the share of the clip."""
    spread = 1 + 0.14 * share
    stage.shadow(stage.oval(5, 2, 25, 5), alpha=0.35, blur=2.5)
    pool = [(-23 * spread, 0), (-10, -4), (11, -4), (24 * spread, 1), (9, 6), (-12, 5)]
    stage.paint(stage.curve(pool, closed=True), flat(shade(ice, 0.96)), part="treat")
    ball = stage.curve([(-15, 1), (-13, -10), (0, -16), (13, -10), (15, 1), (0, 4)], closed=True)
    stage.paint(ball, radial((-5, -11), 24, shade(ice, 1.15), ice, shade(ice, 0.72)), part="treat")
    stage.effect(stage.oval(-5, -10, 4, 2.4), flat(Rgb(255, 255, 255), alpha=0.5, blur=1))


def draw_balloon(stage: Stage, tone: Rgb, tail: tuple[float, float], time_s: float) -> None:
    """Draws a balloon about its middle, 22 high; its string ends at `tail`."""
    bend = 3 * math.sin(time_s * 2.4)
    middle = ((tail[0]) * 0.45 + bend, 27 + (tail[1] - 27) * 0.5)
    string = stage.curve([(0, 25), middle, tail])
    stage.paint(string, flat(Rgb.of("#f6f2e8")), part="treat", line=1.1)
    skin = stage.curve(
        [(0, 24), (-13, 12), (-18, -4), (-11, -19), (0, -23), (11, -19), (18, -4), (13, 12)], closed=True
    )
    stage.paint(skin, radial((-6, -9), 34, mix(tone, Rgb(255, 255, 255), 0.4), tone, shade(tone, 0.62)), part="treat")
    stage.paint(stage.polygon([(0, 22), (-3.4, 27), (3.4, 27)]), flat(shade(tone, 0.75)), part="treat")
    shine = stage.curve([(-11, 0), (-11, -8), (-6, -15)])
    stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.65, blur=0.8), line=2.6)


def draw_bear(stage: Stage, bow: Rgb) -> None:
    """Draws a teddy bear from its lifted right paw at (0, 0) down; 46 high."""
    with stage.moved(-9, 10, turn_deg=14):
        stage.paint(stage.curve([(6, 2), (9, -8), (10, -12)]), flat(shade(_FUR, 0.86)), part="treat", line=7)
        for side in (-1, 1):
            leg = stage.oval(side * 7, 30, 5.4, 7)
            stage.paint(leg, flat(shade(_FUR, 0.8)), part="treat")
            stage.paint(stage.oval(side * 7.5, 34, 3.6, 2.6), flat(Rgb.of("#e6c08e")), part="treat")
            stage.paint(stage.oval(side * 9.4, -9, 4.6), flat(shade(_FUR, 0.82)), part="treat")
            stage.paint(stage.oval(side * 9.4, -9, 2.6), flat(Rgb.of("#e6c08e")), part="treat")
        stage.paint(stage.oval(-12, 15, 4, 8), flat(shade(_FUR, 0.82)), part="treat")
        stage.paint(stage.oval(0, 17, 11.5, 13), flat(shade(_FUR, 0.92)), part="treat")
        stage.paint(stage.oval(0, 19, 6.5, 8), flat(Rgb.of("#d8ae78")), part="treat")
        head = radial((-3, -6), 18, shade(_FUR, 1.2), _FUR, shade(_FUR, 0.75))
        stage.paint(stage.oval(0, -2, 12.4, 11), head, part="treat")
        stage.paint(stage.oval(0, 2, 5.6, 4.4), flat(Rgb.of("#ecd0a2")), part="treat")
        stage.paint(stage.oval(0, 0.2, 2, 1.5), flat(Rgb.of("#2a1a14")), part="treat")
        for side in (-1, 1):
            stage.paint(stage.oval(side * 5, -4, 1.5), flat(Rgb.of("#1c120e")), part="treat")
            stage.paint(stage.polygon([(0, 9), (side * 7, 5), (side * 7, 13)]), flat(bow), part="treat")


def mud_on_bear(stage: Stage) -> None:
    """Draws mud over the bear that was drawn just before in the same frame."""
    for x, y, size in ((-16, 2, 5), (-6, 14, 4.5), (-20, 24, 6), (-8, 34, 5), (-14, 40, 5.5), (-3, 4, 3)):
        blot = stage.curve(
            [(x - size, y), (x - 1, y - size * 0.7), (x + size * 0.9, y - 1), (x + 1, y + size * 0.8)], closed=True
        )
        stage.paint(blot, flat(_MUD, alpha=0.94), part="treat")


def draw_puddle(stage: Stage, x: float, y: float) -> None:
    """Draws a muddy puddle."""
    rim = [(-44, 0), (-26, -7), (6, -8), (36, -5), (46, 2), (26, 9), (-10, 9), (-34, 7)]
    shape = stage.curve([(x + dx * 1.08, y + dy * 1.15) for dx, dy in rim], closed=True)
    stage.paint(shape, flat(shade(_MUD, 1.3), alpha=0.9))
    water = stage.curve([(x + dx, y + dy) for dx, dy in rim], closed=True)
    stage.paint(water, linear((0, y - 8), (0, y + 9), shade(_MUD, 1.15), shade(_MUD, 0.7)))
    stage.effect(
        stage.curve([(x - 28, y - 2), (x - 8, y - 5), (x + 12, y - 5)]), flat(Rgb(214, 226, 236), alpha=0.5), line=2
    )


def draw_ripple(stage: Stage, x: float, y: float, time_s: float) -> None:
    """Draws the puddle's near water over what lies in it, with rings that run outward."""
    near = stage.curve([(x - 30, y + 5), (x - 8, y + 3), (x + 14, y + 3.5), (x + 34, y + 5), (x + 20, y + 9.5),
                        (x - 12, y + 9.5)], closed=True)  # fmt: skip
    stage.paint(near, flat(shade(_MUD, 0.85)), part="treat")
    for ring in range(2):
        age = (time_s * 0.5 + 0.5 * ring) % 1
        wave = stage.oval(x, y + 1, 24 + 20 * age, 5 + 4 * age)
        stage.effect(wave, flat(Rgb(214, 226, 236), alpha=0.4 * math.sin(math.pi * age)), line=1)
