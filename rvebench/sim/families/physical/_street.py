"""A row of town houses with shops, and a car."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["BASE", "draw_car", "draw_houses"]

BASE = 176.0
"""Foot of the houses."""
_PAINTS = (
    Rgb.of("#c9785a"),
    Rgb.of("#d9b27a"),
    Rgb.of("#8fa3a0"),
    Rgb.of("#b9828a"),
    Rgb.of("#7f8fb0"),
    Rgb.of("#cfc3a8"),
)


def draw_houses(stage: Stage, first: float, widths: Sequence[float], heights: Sequence[float], colour: int) -> None:
    """Draws a row of houses standing at `BASE`; `colour` chooses their paints; part `houses`."""
    x = first
    for k, (width, height) in enumerate(zip(widths, heights, strict=True)):
        paint = _PAINTS[(colour + k * 2 + k // 3) % len(_PAINTS)]
        top = BASE - height
        front = stage.rect(x, top, width, height)
        roof = stage.polygon([(x - 4, top), (x + width + 4, top), (x + width - 9, top - 22), (x + 9, top - 22)])
        tiles = mix(Rgb.of("#6a3d36"), Rgb.of("#4c5260"), k % 3 / 2)
        stage.paint(stage.rect(x + width * 0.68, top - 38, 12, 26), flat(shade(paint, 0.6)), part="houses")
        stage.paint(roof, linear((0, top - 22), (0, top), shade(tiles, 1.2), shade(tiles, 0.7)), part="houses")
        stage.paint(front, linear((x, top), (x + width, BASE), shade(paint, 0.98), shade(paint, 0.62)), part="houses")
        stage.textured(front, "plaster", strength=0.12, seed=k)
        stage.paint(stage.rect(x - 3, top - 2, width + 6, 5), flat(mix(paint, Rgb(255, 255, 255), 0.35)), part="houses")
        for row in range(int((height - 58) // 36) + 1):
            for column in range(3):
                lit = (k * 5 + row * 3 + column * 2 + colour) % 4 == 0
                left = x + width * (column + 0.5) / 3 - 8
                _pane(stage, left, top + 12 + 36 * row, lit)
        _ground_floor(stage, x, width, k, paint)
        x += width


def _pane(stage: Stage, x: float, y: float, lit: bool) -> None:
    stage.paint(stage.rect(x - 2, y - 2, 20, 26), flat(Rgb.of("#efe6d6")), part="houses")
    tones = (Rgb.of("#ffe2a0"), Rgb.of("#f0a850")) if lit else (Rgb.of("#4c5f78"), Rgb.of("#222c3c"))
    stage.paint(stage.rect(x, y, 16, 22), linear((x, y), (x, y + 22), *tones), part="houses")
    stage.paint(stage.rect(x + 7.2, y, 1.6, 22), flat(Rgb.of("#efe6d6")), part="houses")


def _ground_floor(stage: Stage, x: float, width: float, k: int, paint: Rgb) -> None:
    door_x = x + 9
    stage.paint(stage.rect(door_x - 2, BASE - 37, 22, 37), flat(shade(paint, 0.45)), part="houses")
    door = mix(Rgb.of("#3f5d4a"), Rgb.of("#7a3b32"), k % 2)
    stage.paint(
        stage.rect(door_x, BASE - 35, 18, 35),
        linear((door_x, 0), (door_x + 18, 0), shade(door, 1.2), shade(door, 0.8)),
        part="houses",
    )
    stage.paint(stage.oval(door_x + 14, BASE - 16, 1.4), flat(Rgb.of("#e0c070")), part="houses")
    shop = stage.rect(x + 36, BASE - 36, width - 44, 28)
    stage.paint(shop, linear((0, BASE - 36), (0, BASE - 8), Rgb.of("#ffdc98"), Rgb.of("#c8803e")), part="houses")
    stage.effect(stage.rect(x + 36, BASE - 18, width - 44, 10), flat(Rgb(70, 40, 24), alpha=0.4, blur=2))
    if k % 2 == 0:
        stripe = (width - 38) / 6
        for index in range(6):
            left = x + 33 + stripe * index
            cloth = Rgb.of("#f4ede0") if index % 2 else mix(Rgb.of("#b8473c"), Rgb.of("#3f7f78"), k % 3 / 2)
            strip = stage.polygon(
                [
                    (left, BASE - 42),
                    (left + stripe, BASE - 42),
                    (left + stripe + 1, BASE - 31),
                    (left + 1, BASE - 31),
                ]
            )
            stage.paint(strip, linear((0, BASE - 42), (0, BASE - 31), cloth, shade(cloth, 0.75)), part="houses")


def draw_car(stage: Stage, paint: Rgb, time_s: float, *, alpha: float = 1.0) -> None:
    """Draws a car that stands on the origin and drives to the right; part `mover`."""
    part = "mover"
    cabin = stage.curve([(-30, -20), (-20, -37), (-6, -41), (12, -40), (28, -22)])
    stage.paint(cabin, flat(shade(paint, 0.85), alpha=alpha), part=part)
    glass = stage.curve([(-24, -22), (-16, -34), (-4, -37), (10, -36), (21, -23)])
    stage.paint(glass, linear((0, -38), (0, -20), Rgb.of("#c3d8e2"), Rgb.of("#4d6272"), alpha=alpha), part=part)
    stage.paint(stage.rect(-3, -38, 3, 17), flat(shade(paint, 0.85), alpha=alpha), part=part)
    body = stage.curve(
        [(-52, -8), (-51, -20), (-30, -23), (26, -23), (48, -18), (54, -8), (40, -5), (-40, -5)], closed=True
    )
    stage.paint(body, linear((0, -24), (0, -4), shade(paint, 1.2), shade(paint, 0.6), alpha=alpha), part=part)
    stage.paint(stage.oval(50, -14, 3.5, 3), flat(Rgb.of("#fff2c0"), alpha=alpha), part=part)
    stage.paint(stage.rect(-52, -18, 4, 5, radius=1), flat(Rgb.of("#d83028"), alpha=alpha), part=part)
    for x in (-30, 30):
        stage.paint(stage.oval(x, -7, 9.5), flat(Rgb.of("#1d1e22"), alpha=alpha), part=part)
        stage.paint(stage.oval(x, -7, 5.2), flat(Rgb.of("#b8bcc2"), alpha=alpha), part=part)
        with stage.moved(x, -7, turn_deg=time_s * 720):
            for turn in (0.0, 1.57):
                spoke = stage.polygon(
                    [(-4.6 * math.cos(turn), -4.6 * math.sin(turn)), (4.6 * math.cos(turn), 4.6 * math.sin(turn))],
                    closed=False,
                )
                stage.paint(spoke, flat(Rgb.of("#5a5e66"), alpha=alpha), part=part, line=1.4)
    if alpha == 1:
        stage.glow(56, -13, 20, Rgb(255, 236, 180), alpha=0.5)
