"""Grounds that get wet: a road with its pavement, the cobbles of a square, the asphalt of a schoolyard."""

from __future__ import annotations

import itertools
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._street import BASE
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear

__all__ = ["KERB", "PLACES", "Place", "draw_dry", "draw_marks"]

KERB = 200.0
"""Edge of the pavement."""
Place = Literal["schoolyard", "square", "street"]
PLACES: tuple[Place, ...] = ("schoolyard", "square", "street")

_JOINT = Rgb(60, 54, 50)
_SPAN = WIDTH + 128
_ROWS = (0.0, 7.0, 15.0, 24.0, 34.0, 46.0, 60.0, 76.0, 94.0, 160.0)
"""Where rows of cobbles begin below the houses."""


def draw_dry(stage: Stage, place: Place) -> None:
    """Draws a ground from the houses down; part `ground`."""
    if place == "street":
        slab, road = Rgb.of("#b3aca2"), Rgb.of("#77757a")
        walk = stage.rect(-64, BASE, _SPAN, KERB - BASE)
        stage.paint(walk, linear((0, BASE), (0, KERB), shade(slab, 0.82), shade(slab, 1.05)), part="ground")
        stage.textured(walk, "stone", strength=0.12, seed=1)
        for y in (BASE + 6, BASE + 14):
            stage.effect(stage.rect(-64, y, _SPAN, 0.9), flat(_JOINT, alpha=0.4))
        for k in range(26):
            x = 240 + (k - 13) * 30
            joint = stage.polygon([(x, BASE), (240 + (x - 240) * 1.12, KERB)], closed=False)
            stage.effect(joint, flat(_JOINT, alpha=0.35), line=0.9)
        lane = stage.rect(-64, KERB, _SPAN, 140)
        stage.paint(lane, linear((0, KERB), (0, HEIGHT), shade(road, 0.82), shade(road, 1.04)), part="ground")
        stage.textured(lane, "grass", strength=0.2, seed=2)
    elif place == "square":
        _cobbles(stage)
    else:
        asphalt = Rgb.of("#8d8a86")
        yard = stage.rect(-64, BASE, _SPAN, 180)
        stage.paint(yard, linear((0, BASE), (0, HEIGHT), shade(asphalt, 0.82), shade(asphalt, 1.06)), part="ground")
        stage.textured(yard, "grass", strength=0.2, seed=2)
    draw_marks(stage, place, 0.9)
    stage.shadow(stage.rect(-64, BASE - 1, _SPAN, 5), alpha=0.4, blur=2)


def _cobbles(stage: Stage) -> None:
    stone = Rgb.of("#a59a8c")
    ground = stage.rect(-64, BASE, _SPAN, 180)
    stage.paint(ground, linear((0, BASE), (0, HEIGHT), shade(stone, 0.55), shade(stone, 0.7)), part="ground")
    for row, (top, low) in enumerate(itertools.pairwise(_ROWS)):
        wide = 15 + 0.17 * top
        for k in range(int(_SPAN / wide) + 2):
            x = -70 + wide * (k + 0.5 * (row % 2))
            tone = mix(shade(stone, 0.86), mix(stone, Rgb.of("#c8bda8"), 0.5), (k * 7 + row * 5) % 9 / 8)
            slab = stage.rect(x + 0.7, BASE + top + 0.7, wide - 1.4, low - top - 1.4, radius=2.2)
            stage.paint(
                slab, linear((0, BASE + top), (0, BASE + low), shade(tone, 1.06), shade(tone, 0.84)), part="ground"
            )
    stage.textured(ground, "stone", strength=0.14, seed=1)


def draw_marks(stage: Stage, place: Place, alpha: float) -> None:
    """Draws kerb and lanes, the joints of the cobbles, or what is painted on the yard; seen through water too."""
    white = Rgb.of("#e6e2d6")
    if place == "street":
        stage.effect(stage.rect(-64, KERB - 3, _SPAN, 4), flat(Rgb.of("#e0d7ca"), alpha=alpha))
        stage.shadow(stage.rect(-64, KERB + 1, _SPAN, 4), alpha=0.5 * alpha, blur=1)
        for k in range(9):
            x = -60.0 + 78 * k
            dash = stage.polygon([(x, 243), (x + 36, 243), (x + 35, 247), (x - 2, 247)])
            stage.effect(dash, flat(white, alpha=alpha * 0.9))
    elif place == "square":
        if alpha > 0.8:
            return
        for row, (top, low) in enumerate(itertools.pairwise(_ROWS)):
            wide = 15 + 0.17 * top
            stage.effect(stage.rect(-64, BASE + top - 0.5, _SPAN, 1.2), flat(Rgb(12, 12, 16), alpha=alpha))
            for k in range(int(_SPAN / wide) + 2):
                x = -70 + wide * (k + 0.5 * (row % 2))
                stage.effect(stage.rect(x - 0.5, BASE + top, 1.2, low - top), flat(Rgb(12, 12, 16), alpha=alpha))
    else:
        _painted(stage, alpha)


def _painted(stage: Stage, alpha: float) -> None:
    """Draws a hopscotch and the lines of a ball court."""
    white = flat(Rgb.of("#f2eee0"), alpha=alpha * 0.85)
    yellow = flat(Rgb.of("#f0c53e"), alpha=alpha * 0.85)
    for k in range(6):
        left, wide = 150 + 30 * k, 30
        pair = k % 3 == 2
        for half in range(2 if pair else 1):
            y = 228 + (13 * half if pair else 6.5)
            box = stage.polygon([(left, y), (left + wide, y), (left + wide - 3, y + 13), (left - 3, y + 13)])
            stage.effect(box, white, line=2)
            if (k + half) % 2 == 0:
                stage.effect(stage.oval(left + wide / 2 - 2, y + 6.5, 4, 2.6), yellow)
    court = stage.polygon([(-64, 208), (WIDTH + 64, 208)], closed=False)
    stage.effect(court, yellow, line=2.4)
    stage.effect(stage.oval(WIDTH / 2, 208, 76, 9), yellow, line=2.2)
