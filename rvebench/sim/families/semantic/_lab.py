"""A school laboratory: a tiled wall with a chart of colours, a table, and what stands about on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["TABLE_Y", "flame", "room"]

TABLE_Y = 190.0
"""Where the table meets the wall."""


def room(stage: Stage, x: float, side: float, wall_tone: Rgb, chart: Sequence[Rgb]) -> None:
    """Draws wall, table and all that stands still; `chart` tells the colours for sour, plain and soapy."""
    wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    lamp = (240 - side * 210, 30.0)
    stage.paint(wall, radial(lamp, 520, shade(wall_tone, 1.22), shade(wall_tone, 0.84), shade(wall_tone, 0.5)))
    tiles = shade(wall_tone, 0.72)
    for column in range(-1, 13):
        stage.effect(stage.rect(column * 42 + 6, -64, 1.2, 320), flat(tiles, alpha=0.5))
    for row in range(6):
        stage.effect(stage.rect(-64, row * 42 - 20, WIDTH + 128, 1.2), flat(tiles, alpha=0.5))
    stage.textured(wall, "plaster", strength=0.08)
    for pane in range(3):  # light from a window falls across the tiles
        left = 240 - side * 170 + side * pane * 44
        beam = stage.polygon([(left, -10), (left + side * 32, -10), (left + side * 112, 190), (left + side * 80, 190)])
        stage.effect(beam, flat(Rgb(255, 250, 225), alpha=0.14, blur=5))
    _chart(stage, x - side * 138, 22, chart)
    _shelf(stage, x + side * 146, 92)
    table = stage.rect(-64, TABLE_Y - 6, WIDTH + 128, 160)
    stage.paint(table, linear((0, TABLE_Y - 6), (0, HEIGHT), Rgb.of("#8c6a4a"), Rgb.of("#5d3f28")))
    stage.textured(table, "wood", strength=0.18, seed=1)
    stage.effect(stage.rect(-64, TABLE_Y - 7, WIDTH + 128, 3), flat(Rgb.of("#e0bd8c"), alpha=0.6, blur=0.8))
    _tubes(stage, x - side * 138, TABLE_Y + 22, side)
    _burner(stage, x + side * 112, TABLE_Y + 24, side)
    _lemon(stage, x + side * 168, TABLE_Y + 54, side)
    _soap(stage, x - side * 74, TABLE_Y + 58, side)


def _chart(stage: Stage, x: float, y: float, colours: Sequence[Rgb]) -> None:
    stage.shadow(stage.rect(x - 56, y + 4, 118, 96), alpha=0.35, blur=5)
    stage.paint(
        stage.rect(x - 59, y, 118, 94, radius=2),
        linear((0, y), (0, y + 94), Rgb.of("#fbf6e8"), Rgb.of("#e6dcc4")),
        part="chart",
    )
    stage.paint(stage.rect(x - 62, y - 4, 124, 6, radius=3), flat(Rgb.of("#6f4e33")), part="chart")
    for row, colour in enumerate(colours):
        cy = y + 18 + row * 29
        stage.paint(
            stage.rect(x + 2, cy - 9, 46, 19, radius=4),
            linear((x, 0), (x + 48, 0), shade(colour, 1.15), colour),
            part="chart",
        )
        cx = x - 30
        if row == 0:
            stage.paint(
                stage.oval(cx, cy, 14, 9),
                radial((cx - 4, cy - 4), 18, Rgb.of("#fff27a"), Rgb.of("#e3b51e")),
                part="chart",
            )
            stage.paint(stage.oval(cx + 14, cy, 3.5, 3), flat(Rgb.of("#dcae1c")), part="chart")
        elif row == 1:
            drop = stage.curve([(cx, cy - 11), (cx + 7, cy + 2), (cx, cy + 9), (cx - 7, cy + 2)], closed=True)
            stage.paint(drop, linear((cx, cy - 11), (cx, cy + 9), Rgb.of("#bfe3f5"), Rgb.of("#4f97c4")), part="chart")
        else:
            stage.paint(
                stage.rect(cx - 15, cy - 6, 30, 15, radius=5),
                linear((0, cy - 6), (0, cy + 9), Rgb.of("#f7c7d4"), Rgb.of("#d48ba0")),
                part="chart",
            )
            for dx, dy, radius in ((-8, -9, 4), (2, -11, 5), (10, -8, 3)):
                stage.paint(stage.oval(cx + dx, cy + dy, radius), flat(Rgb.of("#9ecbe0")), part="chart", line=1.2)


def _shelf(stage: Stage, x: float, y: float) -> None:
    for index, colour in enumerate((Rgb.of("#7d4a2a"), Rgb.of("#4f7f8f"), Rgb.of("#8f8a5a"))):
        left, high = x - 50 + 36 * index, 38 - 7 * (index % 2)
        stage.shadow(stage.rect(left + 4, y - high + 4, 26, high), alpha=0.3, blur=4)
        jar = stage.rect(left, y - high, 26, high, radius=4)
        stage.paint(jar, linear((left, 0), (left + 26, 0), shade(colour, 1.35), shade(colour, 0.7)), part="jars")
        stage.paint(stage.rect(left + 6, y - high - 8, 14, 9, radius=2), flat(Rgb.of("#c4a272")), part="jars")
        stage.paint(stage.rect(left + 4, y - high + 12, 18, 11, radius=1), flat(Rgb.of("#f2ead6")), part="jars")
        stage.effect(stage.rect(left + 3, y - high + 4, 2.4, high - 8, radius=1), flat(Rgb(255, 255, 255), alpha=0.5))
    stage.shadow(stage.rect(x - 62, y + 7, 128, 7), alpha=0.35, blur=4)
    board = stage.rect(x - 64, y, 128, 7, radius=1)
    stage.paint(board, linear((0, y), (0, y + 7), Rgb.of("#b98d5e"), Rgb.of("#7a5636")), part="jars")


def _tubes(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(
        stage.polygon([(x - 46, y + 2), (x + 46, y + 2), (x + 46 + side * 34, y + 13), (x - 40 + side * 34, y + 13)]),
        alpha=0.45,
        blur=3,
    )
    for index, colour in enumerate((Rgb.of("#d8a23a"), Rgb.of("#3a86c8"), Rgb.of("#c9d4d8"))):
        left = x - 33 + index * 25
        tube = stage.rect(left, y - 74, 15, 70, radius=7)
        stage.paint(tube, linear((left, 0), (left + 15, 0), Rgb(236, 244, 246), Rgb(190, 205, 212)), part="tubes")
        with stage.clipped(tube):
            stage.paint(
                stage.rect(left, y - 46 + 6 * index, 15, 50),
                linear((left, 0), (left + 15, 0), shade(colour, 1.25), shade(colour, 0.75)),
                part="tubes",
            )
        stage.effect(stage.rect(left + 3, y - 70, 2.6, 60, radius=1.3), flat(Rgb(255, 255, 255), alpha=0.65))
        stage.effect(tube, flat(Rgb(255, 255, 255), alpha=0.5), line=1)
    for top in (y - 52, y - 10):
        rail = stage.rect(x - 46, top, 92, 10, radius=2)
        stage.paint(rail, linear((0, top), (0, top + 10), Rgb.of("#c99a62"), Rgb.of("#8a5f36")), part="tubes")
    for post in (x - 46, x + 40):
        stage.paint(
            stage.rect(post, y - 56, 7, 58, radius=1),
            linear((post, 0), (post + 7, 0), Rgb.of("#cfa26a"), Rgb.of("#7d5530")),
            part="tubes",
        )


def _burner(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(
        stage.polygon([(x - 20, y), (x + 20, y), (x + side * 40 + 10, y + 10), (x + side * 40 - 10, y + 10)]),
        alpha=0.45,
        blur=3,
    )
    stage.paint(
        stage.oval(x, y, 24, 6),
        linear((x - 24, 0), (x + 24, 0), Rgb.of("#8f99a3"), Rgb.of("#3d454d")),
        part="burner",
    )
    stage.paint(
        stage.rect(x - 6, y - 50, 12, 50, radius=2),
        linear((x - 6, 0), (x + 6, 0), Rgb.of("#f0d590"), Rgb.of("#c09840"), Rgb.of("#7a5c20")),
        part="burner",
    )
    stage.paint(
        stage.rect(x - 9, y - 20, 18, 9, radius=2),
        linear((x - 9, 0), (x + 9, 0), Rgb.of("#b9c2ca"), Rgb.of("#5b646c")),
        part="burner",
    )


def _lemon(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(stage.oval(x + side * 9, y + 11, 28, 6), alpha=0.5, blur=3)
    stage.paint(stage.oval(x - 22, y, 6, 5), flat(Rgb.of("#d9a91c")), part="lemon")
    body = stage.oval(x, y, 24, 15)
    stage.paint(
        body,
        radial((x - side * 8, y - 7), 32, Rgb.of("#fff07a"), Rgb.of("#f0c42c"), Rgb.of("#b5821a")),
        part="lemon",
    )
    stage.textured(body, "stone", strength=0.12, seed=7)
    stage.effect(stage.oval(x - side * 9, y - 7, 6, 3), flat(Rgb(255, 255, 255), alpha=0.6, blur=1.5))


def _soap(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(stage.oval(x + side * 8, y + 8, 30, 6), alpha=0.5, blur=3)
    stage.paint(
        stage.rect(x - 25, y - 10, 50, 18, radius=8),
        linear((0, y - 10), (0, y + 8), Rgb.of("#e59fb2"), Rgb.of("#a8607a")),
        part="soap",
    )
    stage.paint(
        stage.rect(x - 23, y - 12, 46, 12, radius=6),
        linear((0, y - 12), (0, y), Rgb.of("#fbdbe3"), Rgb.of("#efb3c3")),
        part="soap",
    )


def flame(stage: Stage, x: float, side: float, time_s: float, phase: float) -> None:
    """Draws the burner's flame."""
    x, y = x + side * 112, TABLE_Y - 26
    size = 1 + 0.08 * math.sin(11 * time_s + phase)
    sway = 2.4 * math.sin(6 * time_s + phase)
    outer = stage.curve(
        [
            (x, y),
            (x - 7, y - 12),
            (x - 4 + sway, y - 27),
            (x + 1.4 * sway, y - 40 * size),
            (x + 4 + sway, y - 27),
            (x + 7, y - 12),
        ],
        closed=True,
    )
    stage.paint(
        outer,
        linear((x, y), (x, y - 40), Rgb(60, 110, 240), Rgb(120, 170, 255), Rgb(190, 215, 255), alpha=0.85),
        part="burner",
    )
    stage.effect(stage.oval(x, y - 10, 3, 9), flat(Rgb(230, 245, 255), alpha=0.9, blur=1))
    stage.glow(x, y - 16, 36, Rgb(110, 160, 255), alpha=0.5)
