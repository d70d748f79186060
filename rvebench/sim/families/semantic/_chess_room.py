"""A study with a table for a game of chess: shelves, a lamp, a cup that steams, a chess clock."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["hands", "room", "steam"]

_CUP, _CLOCK, _SCALE = (200.0, 168.0), (202.0, 174.0), 0.8


def room(stage: Stage, side: float, tone: Rgb, cup: Rgb, seed: int) -> None:
    """Draws wall, shelf, table, lamp, cup and clock; inside a static layer."""
    wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    lamp = (240 - side * 190, 46.0)
    stage.paint(wall, radial(lamp, 480, shade(tone, 1.9), tone, shade(tone, 0.45)))
    stage.textured(wall, "plaster", strength=0.1)
    rng = np.random.default_rng(seed)
    for shelf in range(2):
        floor = 46.0 + 62 * shelf
        left = 240 - 130.0
        while left < 396:
            width, high = float(rng.uniform(9, 18)), float(rng.uniform(32, 50))
            colour = mix(Rgb.of("#7a3b33"), Rgb.of("#35606a"), float(rng.random()))
            colour = mix(colour, Rgb.of("#b08a4a"), float(rng.random()) * 0.6)
            book = stage.rect(left, floor - high, width - 1, high, radius=1)
            stage.paint(book, linear((left, 0), (left + width, 0), shade(colour, 0.95), shade(colour, 0.5)))
            stage.effect(stage.rect(left + 2, floor - high + 7, width - 5, 2), flat(Rgb.of("#e0c48a"), alpha=0.5))
            left += width
        board = stage.rect(98, floor, 306, 6, radius=1)
        stage.paint(board, linear((0, floor), (0, floor + 6), Rgb.of("#8a6240"), Rgb.of("#4a3220")))
        stage.shadow(stage.rect(100, floor + 6, 302, 7), alpha=0.4, blur=3)
    stage.effect(stage.rect(-64, -64, WIDTH + 128, 200), flat(shade(tone, 0.9), alpha=0.3))
    table = stage.rect(-64, 128, WIDTH + 128, 240)
    stage.paint(table, linear((0, 128), (0, HEIGHT), Rgb.of("#5c3c28"), Rgb.of("#8a6244")))
    stage.textured(table, "wood", strength=0.2, seed=1)
    stage.effect(stage.rect(-64, 127, WIDTH + 128, 2.5), flat(Rgb.of("#c09468"), alpha=0.6, blur=0.8))
    _lamp(stage, 240 - side * 190, side)
    with stage.moved(240 + side * _CUP[0], _CUP[1], scale=_SCALE):
        _cup(stage, 0, 0, cup, side)
    with stage.moved(240 - side * _CLOCK[0], _CLOCK[1], scale=_SCALE):
        _clock(stage, 0, 0, side)
    stage.glow(240 - side * 190, 70, 250, Rgb(255, 190, 110), alpha=0.13)


def _lamp(stage: Stage, x: float, side: float) -> None:
    stage.shadow(stage.oval(x + side * 10, 139, 34, 6), alpha=0.4, blur=3)
    stage.paint(stage.oval(x, 136, 26, 7), linear((x - 26, 0), (x + 26, 0), Rgb.of("#d8b46a"), Rgb.of("#7a5a26")))
    stage.paint(stage.rect(x - 3, 84, 6, 52), linear((x - 3, 0), (x + 3, 0), Rgb.of("#ecd08a"), Rgb.of("#8a6a30")))
    cover = stage.polygon([(x - 20, 34), (x + 20, 34), (x + 40, 88), (x - 40, 88)])
    stage.paint(cover, linear((0, 34), (0, 88), Rgb.of("#c98f4e"), Rgb.of("#f6d999")))
    stage.effect(stage.oval(x, 88, 40, 4), flat(Rgb(255, 250, 225), alpha=0.9))
    stage.glow(x, 84, 110, Rgb(255, 190, 110), alpha=0.2)


def _cup(stage: Stage, x: float, y: float, tone: Rgb, side: float) -> None:
    stage.shadow(stage.oval(x + side * 14, y + 4, 42, 9), alpha=0.45, blur=4)
    stage.paint(
        stage.oval(x, y, 38, 9), linear((x - 38, 0), (x + 38, 0), Rgb.of("#f4efe6"), Rgb.of("#b4aca0")), part="cup"
    )
    stage.paint(stage.oval(x + side * 25, y - 18, 9, 9), flat(shade(tone, 0.75)), part="cup", line=4)
    body = stage.curve(
        [(x - 25, y - 34), (x - 22, y - 12), (x - 12, y), (x + 12, y), (x + 22, y - 12), (x + 25, y - 34)]
    )
    ends = ((x - side * 25, 0.0), (x + side * 25, 0.0))
    stage.paint(body, linear(*ends, shade(tone, 1.3), tone, shade(tone, 0.55)), part="cup")
    stage.paint(stage.oval(x, y - 34, 25, 6.5), flat(shade(tone, 1.35)), part="cup")
    stage.paint(stage.oval(x, y - 33, 21, 4.8), flat(Rgb.of("#6b3f1e")), part="cup")


def _clock(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(
        stage.polygon([(x - 40, y), (x + 40, y), (x + side * 30 + 36, y + 12), (x + side * 30 - 30, y + 12)]),
        alpha=0.5,
        blur=4,
    )
    case = stage.rect(x - 42, y - 46, 84, 48, radius=6)
    stage.paint(case, linear((0, y - 46), (0, y + 2), Rgb.of("#a06a3c"), Rgb.of("#5a3519")), part="clock")
    stage.textured(case, "wood", strength=0.18, seed=7)
    stage.effect(stage.rect(x - 40, y - 45, 80, 3, radius=1), flat(Rgb(255, 230, 190), alpha=0.5))
    for way in (-1, 1):
        stage.paint(
            stage.rect(x + way * 20 - 6, y - 51 - (2 if way == 1 else 0), 12, 7, radius=2),
            flat(Rgb.of("#d8b66a")),
            part="clock",
        )
        stage.paint(stage.oval(x + way * 20, y - 22, 17), flat(Rgb.of("#cfa860")), part="clock")
        stage.paint(
            stage.oval(x + way * 20, y - 22, 15),
            radial((x + way * 20 - 4, y - 28), 24, Rgb.of("#fffaf0"), Rgb.of("#ddd2bc")),
            part="clock",
        )
        for hour in range(12):
            angle = hour * math.tau / 12
            dot = stage.oval(x + way * 20 + 12 * math.cos(angle), y - 22 + 12 * math.sin(angle), 0.9)
            stage.paint(dot, flat(Rgb(60, 50, 44)), part="clock")
        stage.paint(
            stage.polygon([(x + way * 20, y - 22), (x + way * 20 + 5, y - 29)], closed=False),
            flat(Rgb(40, 34, 30)),
            part="clock",
            line=2,
        )


def steam(stage: Stage, side: float, time_s: float) -> None:
    """Draws what rises from the cup."""
    x, y = 240 + side * _CUP[0], _CUP[1] - 36 * _SCALE
    for wisp in range(4):
        rise = (time_s * 0.4 + wisp / 4) % 1
        points = [
            (x - 12 + wisp * 8 + 5 * math.sin(rise * 5 + 0.55 * k + wisp), y - 46 * rise - 7 * k) for k in range(7)
        ]
        haze = flat(Rgb(255, 255, 255), alpha=0.28 * math.sin(math.pi * rise), blur=3.5)
        stage.effect(stage.curve(points), haze, line=5)


def hands(stage: Stage, side: float, time_s: float, phase: float) -> None:
    """Draws the clock's running hand."""
    x, y = 240 - side * _CLOCK[0] + 20 * _SCALE, _CLOCK[1] - 22 * _SCALE
    angle = phase + time_s * 1.6
    stage.paint(
        stage.polygon([(x, y), (x + 10 * math.cos(angle), y + 10 * math.sin(angle))], closed=False),
        flat(Rgb.of("#c0392b")),
        part="clock",
        line=1.6,
    )
    stage.paint(stage.oval(x, y, 1.8), flat(Rgb(40, 34, 30)), part="clock")
