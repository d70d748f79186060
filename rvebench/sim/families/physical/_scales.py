"""Scales of three kinds: a brass balance, a coat hanger with two baskets, a seesaw of wood."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, radial

__all__ = ["FOOT", "SCALES", "Scales", "draw_beam", "draw_support", "draw_vessel", "place_of"]

FOOT = 234.0
"""Where things stand on the table."""
Scales = Literal["balance", "coat-hanger", "seesaw"]
SCALES: tuple[Scales, ...] = ("balance", "coat-hanger", "seesaw")

_PIVOTS: dict[Scales, float] = {"balance": 62.0, "coat-hanger": 30.0, "seesaw": 198.0}
_ARM, _CHAIN, _DISH = 92.0, 86.0, 43.0
_SHOULDER = 44.0
"""How far the ends of the coat hanger are below its hook."""
_PLANK = 122.0
_WOOD = Rgb.of("#b27c46")


def place_of(kind: Scales, x: float, side: int, angle: float) -> tuple[Point, float]:
    """Returns where a vessel is fixed to the beam and how it is turned in degrees.

    Args:
        kind: of scales.
        x: the middle.
        side: -1 left, 1 right.
        angle: of the beam in radians, clockwise.
    """
    pivot = _PIVOTS[kind]
    if kind == "seesaw":
        # The tray stands on the plank and tips with it.
        reach, up = side * 84.0, -4.0
        spot = (
            x + reach * math.cos(angle) - up * math.sin(angle),
            pivot + reach * math.sin(angle) + up * math.cos(angle),
        )
        return spot, math.degrees(angle)
    drop = _SHOULDER if kind == "coat-hanger" else 0.0
    reach = side * _ARM
    spot = (
        x + reach * math.cos(angle) - drop * math.sin(angle),
        pivot + reach * math.sin(angle) + drop * math.cos(angle),
    )
    return spot, 0.0


def draw_support(stage: Stage, kind: Scales, x: float, metal: Rgb, down_deg: float) -> None:
    """Draws what holds the beam, and the shadows on the table; part `stand`.

    Args:
        stage: what is drawn on.
        kind: of scales.
        x: the middle.
        metal: its colour.
        down_deg: by how much the right side is lower.
    """
    if kind == "seesaw":
        stage.shadow(stage.rect(x - _PLANK + 6, FOOT - 5, 2 * _PLANK + 4, 9, radius=4), alpha=0.38, blur=5)
        low = 1 if down_deg > 0 else -1
        if abs(down_deg) > 8:
            stage.shadow(stage.oval(x + low * (_PLANK - 14), FOOT, 24, 5), alpha=0.5, blur=2.5)
        block = stage.polygon([(x - 30, FOOT), (x + 30, FOOT), (x + 5, _PIVOTS[kind] + 2), (x - 5, _PIVOTS[kind] + 2)])
        stage.paint(block, linear((x - 30, 0), (x + 30, 0), shade(_WOOD, 0.95), shade(_WOOD, 0.5)), part="stand")
        stage.textured(block, "wood", strength=0.18, seed=6)
        return
    for side in (-1, 1):
        # Softer and wider for the one that hangs higher.
        height = 12 - side * down_deg * 0.5
        below = stage.oval(x + side * 88 + 6, FOOT - 12, _DISH + 2 + height * 0.4, 6)
        stage.shadow(below, alpha=0.42 - height * 0.009, blur=3 + height * 0.12)
    if kind == "coat-hanger":
        rail = stage.rect(-64, 4, WIDTH + 128, 11, radius=3)
        stage.shadow(stage.rect(-64, 15, WIDTH + 128, 7), alpha=0.3, blur=4)
        stage.paint(rail, linear((0, 4), (0, 15), shade(_WOOD, 1.1), shade(_WOOD, 0.55)), part="stand")
        stage.textured(rail, "wood", strength=0.16, seed=6)
        ring = stage.curve([(x, 13), (x - 5, 21), (x, 27), (x + 5, 23)])
        stage.paint(ring, flat(Rgb.of("#3b3e44")), part="stand", line=3)
        return
    _column(stage, x, metal)


def _column(stage: Stage, x: float, metal: Rgb) -> None:
    pivot = _PIVOTS["balance"]
    stage.shadow(stage.oval(x + 6, FOOT + 4, 52, 8), alpha=0.5, blur=4)
    wood = Rgb.of("#6b3f26")
    base = stage.rect(x - 44, FOOT - 12, 88, 14, radius=5)
    stage.paint(base, linear((0, FOOT - 12), (0, FOOT + 2), shade(wood, 1.5), shade(wood, 0.7)), part="stand")
    foot = stage.curve(
        [(x - 24, FOOT - 11), (x - 10, FOOT - 18), (x - 6, FOOT - 34), (x + 6, FOOT - 34), (x + 10, FOOT - 18),
         (x + 24, FOOT - 11)],
        closed=True,
    )  # fmt: skip
    tones = (shade(metal, 0.7), shade(metal, 1.35), shade(metal, 0.5))
    stage.paint(foot, linear((x - 18, 0), (x + 18, 0), *tones), part="stand")
    column = stage.rect(x - 5, pivot, 10, FOOT - 24 - pivot, radius=3)
    stage.paint(column, linear((x - 5, 0), (x + 5, 0), *tones), part="stand")
    for y in (pivot + 40, pivot + 90, FOOT - 36):
        stage.paint(stage.oval(x, y, 9, 5), linear((x - 9, 0), (x + 9, 0), *tones), part="stand")


def draw_vessel(stage: Stage, kind: Scales, metal: Rgb, fill: Callable[[float], None]) -> None:
    """Draws a dish, basket or tray about where it is fixed; `fill` draws what lies in it, on the height it gets."""
    if kind == "seesaw":
        fill(-6.0)
        lip = stage.polygon([(-41, -13), (41, -13), (37, 0), (-37, 0)])
        stage.paint(lip, linear((0, -13), (0, 0), shade(_WOOD, 1.3), shade(_WOOD, 0.8)), part="dishes")
        stage.effect(stage.rect(-40, -13, 80, 1.6), flat(Rgb(255, 240, 210), alpha=0.6))
        for x in (-30.0, 30.0):
            stage.effect(stage.oval(x, -6.5, 1.5), flat(shade(_WOOD, 0.4)))
        return
    chain = _CHAIN if kind == "balance" else _CHAIN - 12
    tint = metal if kind == "balance" else Rgb.of("#c39a5e")
    cord = flat(shade(metal, 0.6) if kind == "balance" else Rgb.of("#e6d8b4"))
    stage.paint(stage.oval(0, 3, 3.2), cord, part="dishes", line=1.6)
    stage.paint(stage.polygon([(0, 6), (3, chain - 5)], closed=False), cord, part="dishes", line=1.1)
    back = stage.oval(0, chain, _DISH, 7)
    stage.paint(back, linear((-_DISH, 0), (_DISH, 0), shade(tint, 0.85), shade(tint, 0.45)), part="dishes")
    fill(chain)
    front: list[Point] = [
        (-_DISH, chain),
        (-_DISH / 2, chain + 6),
        (0, chain + 7),
        (_DISH / 2, chain + 6),
        (_DISH, chain),
    ]
    tones = (shade(tint, 0.8), shade(tint, 1.4 if kind == "balance" else 1.15), shade(tint, 0.5))
    if kind == "balance":
        body = stage.curve(
            [*front, (_DISH * 0.72, chain + 11), (0, chain + 17), (-_DISH * 0.72, chain + 11)], closed=True
        )
        stage.paint(body, linear((-_DISH, 0), (_DISH, 0), *tones), part="dishes")
    else:
        body = stage.curve(
            [*front, (_DISH * 0.9, chain + 18), (_DISH * 0.6, chain + 24), (0, chain + 26), (-_DISH * 0.6, chain + 24),
             (-_DISH * 0.9, chain + 18)],
            closed=True,
        )  # fmt: skip
        stage.paint(body, linear((-_DISH, 0), (_DISH, 0), *tones), part="dishes")
        if stage.is_picture:
            with stage.clipped(body):
                for row in range(4):
                    for k in range(12):
                        reed = stage.oval(-_DISH + 8 * k + 4 * (row % 2), chain + 7 + 5.5 * row, 3.6, 2.2)
                        stage.effect(reed, flat(shade(tint, 0.55), alpha=0.6), line=1)
    stage.paint(stage.curve(front), flat(shade(tint, 1.4)), part="dishes", line=1.6 if kind == "balance" else 3)
    for x in (-_DISH + 1, _DISH - 1):
        stage.paint(stage.polygon([(0, 6), (x, chain)], closed=False), cord, part="dishes", line=1.8)


def draw_beam(stage: Stage, kind: Scales, x: float, metal: Rgb, turn_deg: float) -> None:
    """Draws what tips, about its pivot; part `beam`."""
    with stage.moved(x, _PIVOTS[kind], turn_deg=turn_deg):
        if kind == "coat-hanger":
            _hanger(stage)
        elif kind == "seesaw":
            plank = stage.rect(-_PLANK, -4, 2 * _PLANK, 7, radius=2.5)
            stage.paint(plank, linear((0, -4), (0, 3), shade(_WOOD, 1.35), shade(_WOOD, 0.6)), part="beam")
            for k in range(9):
                grain = stage.rect(-112 + 26 * k, -1.5 + k % 2, 17, 0.9)
                stage.effect(grain, flat(shade(_WOOD, 0.5), alpha=0.6))
        else:
            _beam(stage, metal)
    if kind == "balance":
        for up, radius in ((0, 9), (16, 5)):
            y = _PIVOTS[kind] - up
            tones = (shade(metal, 1.6), shade(metal, 0.5))
            stage.paint(stage.oval(x, y, radius), radial((x - 3, y - 3), radius * 1.45, *tones), part="stand")
    elif kind == "seesaw":
        y = _PIVOTS[kind]
        tones = (Rgb.of("#f0e2b8"), Rgb.of("#8a7446"))
        stage.paint(stage.oval(x, y + 3, 4.5), radial((x - 1, y + 1), 7, *tones), part="stand")


def _beam(stage: Stage, metal: Rgb) -> None:
    beam = stage.polygon(
        [(-_ARM - 5, -2), (-40, -5), (0, -9), (40, -5), (_ARM + 5, -2), (_ARM + 5, 3), (40, 4), (0, 6), (-40, 4),
         (-_ARM - 5, 3)]
    )  # fmt: skip
    stage.paint(beam, linear((0, -8), (0, 6), shade(metal, 1.45), metal, shade(metal, 0.5)), part="beam")
    for side in (-1, 1):
        knob = stage.oval(side * (_ARM + 2), 0, 4.5)
        stage.paint(knob, radial((side * _ARM, -2), 7, shade(metal, 1.5), shade(metal, 0.6)), part="beam")
    stage.paint(stage.polygon([(-2.6, 4), (2.6, 4), (0, 46)]), flat(Rgb.of("#3a2c22")), part="beam")


def _hanger(stage: Stage) -> None:
    wire = Rgb.of("#8f969e")
    hook = stage.curve([(-8, -1), (-5, -8), (3, -8), (7, -1), (3, 6), (0, 11), (0, 20)])
    stage.paint(hook, flat(wire), part="beam", line=2.6)
    wood = mix(_WOOD, Rgb.of("#8a4a2c"), 0.4)
    shoulders = stage.curve(
        [(-_ARM - 7, _SHOULDER - 3), (-54, 27), (-16, 17), (0, 15), (16, 17), (54, 27), (_ARM + 7, _SHOULDER - 3),
         (_ARM + 6, _SHOULDER + 5), (52, 37), (16, 27), (0, 25), (-16, 27), (-52, 37), (-_ARM - 6, _SHOULDER + 5)],
        closed=True,
    )  # fmt: skip
    stage.paint(shoulders, linear((0, 14), (0, _SHOULDER + 5), shade(wood, 1.4), shade(wood, 0.7)), part="beam")
    ridge = stage.curve(
        [(-_ARM, _SHOULDER - 2), (-54, 29), (-16, 19), (0, 17), (16, 19), (54, 29), (_ARM, _SHOULDER - 2)]
    )
    stage.effect(ridge, flat(Rgb(255, 236, 200), alpha=0.4), line=1.4)
    bar = stage.rect(-_ARM + 8, _SHOULDER - 1, 2 * _ARM - 16, 5, radius=2.5)
    stage.paint(bar, linear((0, _SHOULDER - 1), (0, _SHOULDER + 4), shade(wood, 1.3), shade(wood, 0.7)), part="beam")
