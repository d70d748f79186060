"""The pictures of jigsaw-gap: a landscape, a fish on tiles, wooden shapes, and those of pieces that do not fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.spatial._puzzle import CELL, SHAPES, SKIES, TALL, WIDE, Setup, shape_path
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["draw_fish", "draw_landscape", "draw_shape"]

_WHITE = Rgb(255, 255, 255)
_GLAZES = (Rgb.of("#2f5fa8"), Rgb.of("#2f7f78"), Rgb.of("#a8502f"))
_PAINTS = (
    Rgb.of("#e0503f"), Rgb.of("#f0b02e"), Rgb.of("#3f8fcf"), Rgb.of("#5aa64f"), Rgb.of("#9a62b8"), Rgb.of("#e88a3a"),
    Rgb.of("#2fa39a"), Rgb.of("#d9608f"),
)  # fmt: skip


def draw_landscape(stage: Stage, setup: Setup, part: str, *, other: int = 0) -> None:
    """Draws the jigsaw's picture with its corner at the origin, or that of another jigsaw."""
    wide, tall = WIDE, TALL
    top, low = SKIES[(setup.sky + other) % len(SKIES)]
    if other:
        green = (Rgb.of("#7a9b3f"), Rgb.of("#c47f9a"))[other % 2]
        field = linear((0, 0), (0, tall), shade(green, 1.25), shade(green, 0.75))
        stage.paint(stage.rect(0, 0, wide, tall), field, part=part)
        for k in range(90):
            x, y = (k * 0.618 % 1) * wide, (k * 0.4142 % 1) * tall
            if abs(x - CELL * (other + 1.5)) > 44 or abs(y - CELL * 1.5) > 44:
                continue
            tone = (Rgb.of("#f6e7b0"), Rgb.of("#e0554e"), Rgb.of("#ffffff"))[(k + other) % 3]
            for petal in range(5):
                a = petal * math.tau / 5 + k
                stage.effect(stage.oval(x + 3.6 * math.cos(a), y + 3.6 * math.sin(a), 2.7), flat(tone))
            stage.effect(stage.oval(x, y, 2.2), flat(Rgb.of("#d79a2a")))
        return
    stage.paint(stage.rect(0, 0, wide, tall), linear((0, 0), (0, 92), top, low), part=part)
    sun = (wide * 0.7, 34.0)
    stage.effect(stage.oval(*sun, 26), flat(Rgb(255, 250, 220), alpha=0.35, blur=5))
    stage.effect(stage.oval(*sun, 14), flat(Rgb(255, 250, 222)))
    for x, y in ((46.0, 26.0), (126.0, 40.0), (232.0, 22.0)):
        for dx, r in ((-13, 7), (0, 10), (13, 7)):
            stage.effect(stage.oval(x + dx, y, r * 1.4, r * 0.7), flat(Rgb(255, 255, 255), alpha=0.85))
    for k, (base, steep, rock) in enumerate(((92, 46, "#7d88b0"), (96, 30, "#5f7f88"))):
        ridge = [
            (x, base - steep * abs(math.sin(x * (0.017 + 0.009 * k) + setup.key + k))) for x in range(-10, 300, 12)
        ]
        stage.effect(stage.polygon([(-10, 110), *ridge, (300, 110)]), flat(mix(Rgb.of(rock), low, 0.2)))
    lake = linear((0, 96), (0, 140), mix(low, Rgb.of("#4f93b0"), 0.5), Rgb.of("#2f6f90"))
    stage.effect(stage.rect(0, 96, wide, 50), lake)
    for k in range(22):
        glint = stage.rect((k * 53.7) % wide, 99 + (k * 7.3) % 34, 9 + k % 3 * 5, 1.3, radius=0.6)
        stage.effect(glint, flat(Rgb(255, 255, 255), alpha=0.55))
    x, y = setup.boat, 114.0
    stage.effect(stage.polygon([(x, y - 4), (x, y - 40), (x + 22, y - 8)]), flat(Rgb.of("#fff6ea")))
    stage.effect(stage.polygon([(x - 2, y - 6), (x - 2, y - 34), (x - 15, y - 8)]), flat(Rgb.of("#e2574c")))
    stage.effect(stage.polygon([(x - 19, y - 3), (x + 24, y - 3), (x + 16, y + 6), (x - 13, y + 6)]),
                 flat(Rgb.of("#7a3e2a")))  # fmt: skip
    shore = stage.curve([(-8, 170), (-8, 134), (60, 140), (140, 130), (215, 138), (290, 126), (290, 170)])
    stage.effect(shore, linear((0, 128), (0, 162), Rgb.of("#86ad4e"), Rgb.of("#4d7a35")))
    for k, px in enumerate((16.0, 38.0, 232.0, 254.0)):
        foot, high = 148.0 - 5 * (k % 2), 62.0 - 14 * (k % 2)
        stage.effect(stage.rect(px - 2, foot - 10, 4, 12), flat(Rgb.of("#5b3c28")))
        for layer in range(3):
            level = foot - 6 - layer * high * 0.27
            fir = stage.polygon(
                [(px - 15 + 3.4 * layer, level), (px + 15 - 3.4 * layer, level), (px, level - high * 0.42)]
            )
            stage.effect(fir, linear((px - 14, 0), (px + 14, 0), Rgb.of("#3f7d55"), Rgb.of("#255040")))
    for k in range(26):
        tone = (Rgb.of("#f4d35e"), Rgb.of("#ee6c4d"), Rgb.of("#ffffff"))[k % 3]
        stage.effect(stage.oval((k * 41.7) % wide, 146 + (k * 5.3) % 15, 1.7), flat(tone))


def draw_fish(stage: Stage, setup: Setup, part: str, *, other: int = 0) -> None:
    """Draws the picture on the tiles with its corner at the origin, or that of other tiles in the same colours."""
    glaze = _GLAZES[setup.sky]
    clay, pale, deep = mix(Rgb.of("#f6f1e2"), glaze, 0.04), mix(glaze, _WHITE, 0.55), shade(glaze, 0.7)
    stage.paint(stage.rect(0, 0, WIDE, TALL), flat(clay), part=part)
    if other:
        _strange_tiles(stage, glaze, pale, other)
        return
    for row in range(8):
        y = 20 + 18 * row
        wave = [(x, y + 4.5 * math.sin(x * 0.055 + row * 1.4 + setup.key)) for x in range(-10, 290, 10)]
        stage.effect(stage.curve(wave), flat(pale, alpha=0.9), line=2.2)
    for edge, wide in ((4.0, 4.0), (11.0, 1.8)):
        stage.effect(stage.rect(edge, edge, WIDE - 2 * edge, TALL - 2 * edge), flat(glaze), line=wide)
    x, mid = 112 + setup.boat * 0.16, 80.0
    tail = stage.curve([(x + 62, mid), (x + 112, mid - 40), (x + 98, mid), (x + 112, mid + 40)], closed=True)
    fin = stage.curve([(x - 22, mid - 34), (x + 10, mid - 66), (x + 50, mid - 24)], closed=True)
    belly = stage.curve([(x - 10, mid + 36), (x + 12, mid + 62), (x + 36, mid + 28)], closed=True)
    for piece in (tail, fin, belly):
        stage.effect(piece, flat(mix(glaze, _WHITE, 0.3)))
        stage.effect(piece, flat(deep), line=2.4)
    body = stage.curve([(x - 84, mid + 2), (x - 44, mid - 36), (x + 10, mid - 42), (x + 72, mid - 4), (x + 72, mid + 6),
                        (x + 10, mid + 44), (x - 46, mid + 38)], closed=True)  # fmt: skip
    stage.effect(body, linear((0, mid - 42), (0, mid + 44), glaze, mix(glaze, _WHITE, 0.45), clay))
    with stage.clipped(body):
        for row in range(-4, 5):
            for column in range(8):
                cx, cy = x - 30 + 14 * column + 7 * (row % 2), mid + 10 * row
                stage.effect(stage.oval(cx - 7, cy, 9, 8), flat(deep, alpha=0.75), line=1.5)
        head = stage.oval(x - 72, mid + 2, 42, 48)
        stage.effect(head, flat(mix(glaze, _WHITE, 0.2)))
        stage.effect(head, flat(deep), line=2.4)
    stage.effect(body, flat(deep), line=2.8)
    stage.effect(stage.oval(x - 58, mid - 8, 9), flat(clay))
    stage.effect(stage.oval(x - 58, mid - 8, 9), flat(deep), line=2)
    stage.effect(stage.oval(x - 60, mid - 8, 4.2), flat(deep))
    for k, (dx, dy) in enumerate(((-92, -22), (-98, -42), (-88, -58))):
        stage.effect(stage.oval(x + dx * 0.9, mid + dy, 6 - k, 6 - k), flat(glaze), line=1.8)
    for k, wx in enumerate((26.0, 48.0, WIDE - 44.0, WIDE - 24.0)):
        weed = [(wx + 5 * math.sin(n * 1.5 + k), TALL - 14 - n * (9 + 3 * (k % 2))) for n in range(6)]
        stage.effect(stage.curve(weed), flat(deep), line=4)
        stage.effect(stage.curve(weed), flat(mix(glaze, _WHITE, 0.25)), line=1.6)


def _strange_tiles(stage: Stage, glaze: Rgb, pale: Rgb, other: int) -> None:
    x, y = CELL * (other + 1.5), CELL * 1.5
    for k in range(4):
        corner = (x + 27 * (1 if k % 2 else -1), y + 27 * (1 if k // 2 else -1))
        stage.effect(stage.oval(*corner, 13), flat(pale))
        stage.effect(stage.oval(*corner, 13), flat(glaze), line=2)
    petals = 8 if other == 1 else 4
    for k in range(petals):
        with stage.moved(x, y, turn_deg=360 / petals * k):
            leaf = stage.curve([(0, 0), (6 + 9 / petals * 4, -8), (0, -19), (-6 - 9 / petals * 4, -8)], closed=True)
            stage.effect(leaf, flat(pale if k % 2 else glaze))
            stage.effect(leaf, flat(shade(glaze, 0.7)), line=1.2)
    stage.effect(stage.oval(x, y, 5), flat(Rgb.of("#e2b548")))


def draw_shape(stage: Stage, setup: Setup, number: int, part: str) -> None:
    """Draws one wooden piece about the origin, with its knob.

    Args:
        stage: where to draw.
        setup: of the sample; decides the paint.
        number: of its shape.
        part: its part.
    """
    path, tone = shape_path(stage, number), _PAINTS[(number * 3 + setup.key) % len(_PAINTS)]
    stage.paint(path, linear((-26, -30), (26, 30), mix(tone, _WHITE, 0.28), tone, shade(tone, 0.78)), part=part)
    with stage.clipped(path):
        _grain(stage, number)
        with stage.moved(1.6, 1.8):
            stage.effect(path, flat(_WHITE, alpha=0.5, blur=0.8), line=2.6)
        with stage.moved(-1.6, -1.8):
            stage.effect(path, flat(shade(tone, 0.35), alpha=0.45, blur=0.8), line=2.6)
    stage.effect(path, flat(shade(tone, 0.4), alpha=0.8), line=1.0)
    x = -19.0 if SHAPES[number] == "moon" else 0.0
    stage.shadow(stage.oval(x + 2.5, 5, 6.5), alpha=0.4, blur=1.6)
    knob = radial((x - 2, 0), 9, Rgb.of("#fff3d6"), Rgb.of("#d9b27a"), Rgb.of("#8f6436"))
    stage.paint(stage.oval(x, 2, 6), knob, part=part)


def _grain(stage: Stage, number: int) -> None:
    rng: Any = np.random.default_rng(number)
    for k in range(7):
        y = -30 + 10 * k + float(rng.uniform(-2, 2))
        line = stage.curve(
            [(-36, y), (-10, y + float(rng.uniform(-3, 3))), (12, y), (36, y + float(rng.uniform(-3, 3)))]
        )
        stage.effect(line, flat(Rgb(40, 20, 8), alpha=0.1), line=1.4)
