"""The room with the tap: tiles, a window, a shelf, a towel, a pair of slippers."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._parts import WHITE, cloud
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["FLOOR", "draw_room", "draw_slippers", "draw_towel", "draw_view"]

FLOOR = 208.0
"""Where the wall meets the floor."""

_SKIES = (
    (Rgb.of("#8cc4ea"), Rgb.of("#dff0f6"), Rgb(255, 246, 222)),
    (Rgb.of("#7f86b8"), Rgb.of("#f6b98a"), Rgb(255, 196, 150)),
    (Rgb.of("#8d9aa6"), Rgb.of("#ccd4d6"), Rgb(206, 222, 236)),
)


def draw_room(stage: Stage, side: int, tile: Rgb, hour: int, seed: int) -> None:
    """Draws what stands still: walls, floor, the window's frame, the shelf; costly, for static layers."""
    tint = _SKIES[hour][2]
    wall = stage.rect(-64, -64, WIDTH + 128, FLOOR + 64)
    stage.paint(wall, linear((0, 0), (0, FLOOR), Rgb.of("#efe9dc"), Rgb.of("#d6cebd")))
    stage.textured(wall, "plaster", strength=0.07)
    rng = np.random.default_rng(seed)
    stage.paint(stage.rect(-64, 112, WIDTH + 128, FLOOR - 112), flat(shade(tile, 0.74)))
    for row in range(4):
        for column in range(-2, 20):
            x, y = column * 28.0 + (14 if row % 2 else 0), 113 + row * 24.0
            tone = shade(tile, 0.94 + 0.1 * float(rng.random()))
            face = stage.rect(x + 0.7, y + 0.7, 26.6, 22.6, radius=1.5)
            stage.paint(face, linear((x, y), (x + 27, y + 23), shade(tone, 1.08), shade(tone, 0.93)))
            stage.effect(stage.rect(x + 3, y + 2.4, 11, 1.2), flat(WHITE, alpha=0.45, blur=0.6))
    stage.paint(stage.rect(-64, 106, WIDTH + 128, 7), linear((0, 106), (0, 113), WHITE, shade(tile, 0.8)))
    glow = 240.0 - 160 * side
    stage.effect(wall, radial((glow, 70), 420, tint, shade(tint, 0.75), shade(tint, 0.3), alpha=0.26))
    for row in range(5):
        top, low = FLOOR + 2.2 * row * (1 + row), FLOOR + 2.2 * (row + 1) * (2 + row)
        for column in range(-13, 14):
            tone = Rgb.of("#e4ddcf") if (row + column) % 2 else mix(shade(tile, 0.62), Rgb.of("#5f5a54"), 0.35)
            corners = [(240 + (column + dx) * (y - 40) * 0.21, y) for dx, y in ((0, top), (1, top), (1, low), (0, low))]
            stage.paint(stage.polygon(corners), flat(tone))
    floor = stage.rect(-64, FLOOR, WIDTH + 128, HEIGHT)
    stage.textured(floor, "stone", strength=0.1, seed=4)
    stage.effect(floor, radial((glow + 60 * side, 250), 380, tint, shade(tint, 0.8), shade(tint, 0.25), alpha=0.22))
    stage.shadow(stage.rect(-64, FLOOR - 3, WIDTH + 128, 8), alpha=0.4, blur=4)
    _shelf(stage, side)
    stage.shadow(stage.rect(glow - 45 + 5 * side, 20, 94, 90), alpha=0.35, blur=5)
    stage.paint(stage.rect(glow - 47, 12, 94, 92), flat(Rgb.of("#f7f2e8")), part="window")


def _shelf(stage: Stage, side: int) -> None:
    x = 240.0 + 165 * side
    stage.shadow(stage.rect(x - 36 + 8 * side, 72, 76, 10), alpha=0.35, blur=4)
    things = ((-22, 34, Rgb.of("#7fb08a")), (-4, 26, Rgb.of("#d98a6a")), (14, 30, Rgb.of("#8fa8d0")))
    for dx, tall, colour in things:
        with stage.moved(7 * side, 4):
            stage.shadow(stage.rect(x + dx - 6, 66 - tall, 12, tall), alpha=0.22, blur=3)
        body = stage.rect(x + dx - 7, 66 - tall, 14, tall, radius=3)
        paint = linear((x + dx - 7, 0), (x + dx + 7, 0), shade(colour, 1.25), colour, shade(colour, 0.6))
        stage.paint(body, paint, part="shelf")
        stage.paint(stage.rect(x + dx - 4, 61 - tall, 8, 6, radius=1.5), flat(shade(colour, 0.45)), part="shelf")
        stage.effect(stage.rect(x + dx - 4, 70 - tall, 2, tall - 9, radius=1), flat(WHITE, alpha=0.55, blur=0.6))
    board = stage.rect(x - 38, 66, 76, 6, radius=1)
    stage.paint(board, linear((0, 66), (0, 72), Rgb.of("#c9976a"), Rgb.of("#80552f")), part="shelf")


def draw_view(stage: Stage, side: int, hour: int, time_s: float, phase: float) -> None:
    """Draws what is behind the panes: sky, a cloud, a bird; and the plant on the sill."""
    x = 240.0 - 160 * side
    top, low, _ = _SKIES[hour]
    pane = stage.rect(x - 41, 18, 82, 80)
    with stage.clipped(pane):
        stage.paint(pane, linear((0, 18), (0, 98), top, low), part="window")
        for index in range(2):
            drift = (time_s * 6 + 70 * index + 11 * phase) % 130 - 65
            cloud(stage, x + drift, 44 + 22 * index, 17, colour=mix(WHITE, low, 0.35), alpha=0.8)
        hill = stage.curve([(x - 50, 92), (x - 20, 82), (x + 12, 90), (x + 50, 80), (x + 50, 110), (x - 50, 110)])
        stage.paint(hill, flat(mix(Rgb.of("#5f8a54"), low, 0.3)), part="window")
        flight = (time_s * 17 + 20 * phase) % 150 - 75
        flap = 4 * math.sin(time_s * 11)
        bird = stage.curve(
            [(x + flight - 7, 40 - flap), (x + flight - 2, 41), (x + flight, 42), (x + flight + 2, 41),
             (x + flight + 7, 40 - flap)]
        )  # fmt: skip
        stage.paint(bird, flat(Rgb.of("#33383e")), part="window", line=1.5)
        stage.effect(stage.polygon([(x - 30, 18), (x - 12, 18), (x - 40, 98), (x - 58, 98)]), flat(WHITE, alpha=0.18))
    wood = Rgb.of("#f7f2e8")
    stage.paint(stage.rect(x - 2, 16, 4, 84), flat(wood), part="window")
    stage.paint(stage.rect(x - 43, 55, 86, 3), flat(wood), part="window")
    sill = stage.rect(x - 54, 100, 108, 6, radius=1)
    stage.paint(sill, linear((0, 100), (0, 106), WHITE, Rgb.of("#b9b2a4")), part="window")
    for leaf in range(7):
        sway = 1.2 * math.sin(time_s * 1.9 + leaf + phase)
        lean = (leaf - 3) * 5.0
        tip = (x + 20 + lean + sway, 74 + abs(lean) * 0.6)
        blade = stage.curve([(x + 20, 88), (x + 18 + lean * 0.6, 80), tip, (x + 22 + lean * 0.6, 82)], closed=True)
        stage.paint(blade, flat(mix(Rgb.of("#4f8a48"), Rgb.of("#86b45c"), leaf / 7)), part="window")
    pot = stage.polygon([(x + 11, 87), (x + 29, 87), (x + 26, 100), (x + 14, 100)])
    stage.paint(pot, linear((x + 11, 0), (x + 29, 0), Rgb.of("#d88a5c"), Rgb.of("#8f4c2a")), part="window")


def draw_towel(stage: Stage, side: int, colour: Rgb, time_s: float, phase: float) -> None:
    """Draws a towel on its rail, stirred by the air from the window."""
    x = 240.0 + 168 * side
    sway = 2.4 * math.sin(time_s * 1.7 + phase)
    cloth = stage.curve([(x - 25, 98), (x - 26, 130), (x - 26 + sway, 176)])
    cloth.lineTo(x + 26 + sway, 176)
    cloth.lineTo(x + 25, 98)
    cloth.close()
    with stage.moved(8 * side, 5):
        stage.shadow(cloth, alpha=0.28, blur=4)
    stage.paint(cloth, linear((x - 26, 0), (x + 26, 0), shade(colour, 1.12), colour, shade(colour, 0.68)), part="towel")
    for low in (158, 165):
        shift = sway * (low - 98) / 78
        stage.effect(stage.rect(x - 26 + shift, low, 52, 3.2), flat(Rgb.of("#fbf4e4"), alpha=0.85))
    for fold in (-10, 9):
        crease = stage.curve([(x + fold, 100), (x + fold, 140), (x + fold + sway, 175)])
        stage.effect(crease, flat(shade(colour, 0.5), alpha=0.4, blur=1), line=2.2)
    rail = stage.rect(x - 36, 95, 72, 4.6, radius=2.3)
    stage.paint(rail, linear((0, 95), (0, 100), WHITE, Rgb.of("#6f7a82")), part="towel")


def draw_slippers(stage: Stage, side: int) -> None:
    """Draws a pair of slippers on the floor below the towel."""
    felt = Rgb.of("#7a4a6a")
    for index in range(2):
        with stage.moved(240.0 + (176 + 24 * index) * side, 233.0 + 13 * index, scale=side, scale_y=1):
            stage.shadow(stage.oval(4, 5, 25, 4.5), alpha=0.45, blur=2.5)
            stage.paint(stage.oval(0, 2.5, 24, 5), flat(Rgb.of("#9a7a58")), part="slippers")
            stage.paint(stage.oval(0, 0.5, 23, 4.6), flat(Rgb.of("#e6d3b4")), part="slippers")
            upper = stage.curve([(-23, 3), (-22, -5), (-13, -11), (-1, -9), (4, -3), (3, 5)])
            upper.quadTo(-12, 8.5, -23, 3)
            upper.close()
            paint = radial((-14, -8), 26, shade(felt, 1.55), felt, shade(felt, 0.55))
            stage.paint(upper, paint, part="slippers")
            cuff = stage.curve([(-1, -8.6), (4, -3), (3, 4.6)])
            stage.effect(cuff, flat(Rgb.of("#f3e6dc"), alpha=0.9), line=2.2)
            stage.effect(stage.oval(-14, -7, 4, 1.8), flat(WHITE, alpha=0.35, blur=1))
