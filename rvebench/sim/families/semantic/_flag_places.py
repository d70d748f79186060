"""Where a flag flies: the square before a town hall, a ship in harbour, a castle on a hill."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.semantic._parts import soft_spot
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear

__all__ = ["castle", "gull", "hall", "harbour", "quay", "ship", "water"]

_GROUND_Y, _SEA_Y = 198.0, 176.0


def hall(stage: Stage, x: float, side: float, wall: Rgb) -> None:
    """Draws a paved square and a town hall; inside a static layer."""
    base = _GROUND_Y
    ground = stage.rect(-64, base - 4, WIDTH + 128, HEIGHT)
    stone = mix(Rgb.of("#b9ad9c"), wall, 0.3)
    stage.paint(ground, linear((0, base), (0, HEIGHT), shade(stone, 0.82), shade(stone, 1.08)))
    stage.textured(ground, "stone", strength=0.16, seed=3)
    for row in range(6):
        y = base + 4 + 3 * row + 2.2 * row * row
        stage.effect(stage.rect(-64, y, WIDTH + 128, 1), flat(Rgb(70, 60, 50), alpha=0.2))
    for column in range(-9, 10):
        line = stage.polygon([(240 + column * 34, base), (240 + column * 92, HEIGHT + 64)], closed=False)
        stage.effect(line, flat(Rgb(70, 60, 50), alpha=0.16), line=1)
    ends_x = (x - 146, x + 146)
    shadow = stage.polygon(
        [
            (ends_x[0], base + 4),
            (ends_x[1], base + 4),
            (ends_x[1] + side * 40, base + 17),
            (ends_x[0] + side * 40, base + 17),
        ]
    )
    stage.shadow(shadow, alpha=0.36, blur=2.5)
    body = stage.rect(x - 132, 92, 264, base - 92)
    ends = ((x - 132, 0), (x + 132, 0)) if side > 0 else ((x + 132, 0), (x - 132, 0))
    stage.paint(body, linear(*ends, shade(wall, 1.02), shade(wall, 0.72)), part="place")
    stage.textured(body, "plaster", strength=0.14, seed=5)
    for index in range(7):
        left = x - 116 + index * 33.4
        opening = stage.rect(left + 4, 112, 24, base - 118 if index == 3 else 58, radius=3)
        glass = Rgb.of("#5a3d28") if index == 3 else Rgb.of("#3f5468")
        stage.paint(opening, linear((0, 112), (0, base), shade(glass, 1.5), shade(glass, 0.75)), part="place")
        stage.effect(
            stage.polygon([(left + 6, 150), (left + 14, 114), (left + 19, 114), (left + 11, 150)]),
            flat(Rgb(255, 255, 255), alpha=0.18),
        )
    for index in range(8):
        left = x - 130 + index * 34.6
        stage.shadow(stage.rect(left + side * 6, 102, 16, base - 104), alpha=0.28, blur=3)
        column = stage.rect(left, 100, 15, base - 104, radius=2)
        stage.paint(
            column,
            linear((left, 0), (left + 15, 0), shade(wall, 1.2), shade(wall, 1.1), shade(wall, 0.74)),
            part="place",
        )
        for y in (97, base - 8):
            stage.paint(stage.rect(left - 2, y, 19, 6, radius=1), flat(shade(wall, 1.1)), part="place")
    stage.paint(
        stage.rect(x - 140, 86, 280, 12, radius=1),
        linear((0, 86), (0, 98), shade(wall, 1.2), shade(wall, 0.8)),
        part="place",
    )
    gable = stage.polygon([(x - 140, 87), (x, 42), (x + 140, 87)])
    stage.paint(gable, linear(*ends, shade(wall, 1.18), shade(wall, 0.86)), part="place")
    stage.effect(stage.polygon([(x - 118, 83), (x, 49), (x + 118, 83)]), flat(shade(wall, 0.62), alpha=0.5))
    stage.effect(gable, flat(shade(wall, 1.25)), line=2.5)
    stage.paint(stage.oval(x, 70, 12), flat(Rgb.of("#f6efe0")), part="place")
    stage.paint(stage.oval(x, 70, 12), flat(Rgb.of("#8a6a3a")), part="place", line=2)
    stage.paint(
        stage.polygon([(x, 63), (x, 70), (x + 5, 73)], closed=False), flat(Rgb(40, 34, 30)), part="place", line=1.5
    )
    for step in range(3):
        tread = stage.rect(x - 138 - 4 * step, base - 6 + 4 * step, 276 + 8 * step, 4.6)
        stage.paint(tread, flat(shade(wall, 1.12 - 0.12 * step)), part="place")


def castle(stage: Stage, x: float, side: float, wall: Rgb, leaf: Rgb) -> None:
    """Draws hills and a castle whose tower, topped at y = 150, stands at `x`; inside a static layer."""
    stone = mix(wall, Rgb.of("#8d8a86"), 0.55)
    for level, tone, phase in ((166.0, 0.55, 0.4), (184.0, 0.85, 2.1)):
        ridge = [(-80 + k * 54, level + 13 * math.sin(k * 1.3 + phase)) for k in range(13)]
        hill = stage.curve([*ridge, (600, 320), (-80, 320)], closed=True)
        green = mix(shade(leaf, tone), Rgb.of("#a9c0cc"), 0.5 - 0.4 * (tone - 0.55) / 0.3)
        stage.paint(hill, linear((0, level - 12), (0, HEIGHT), shade(green, 1.15), shade(green, 0.7)))
        stage.textured(hill, "grass", strength=0.16, seed=int(level))
    mound = stage.curve([(x - side * 200, 300), (x - side * 110, 236), (x, 214), (x + side * 170, 212),
                         (x + side * 300, 238), (x + side * 420, 300)], closed=True)  # fmt: skip
    stage.paint(mound, linear((0, 205), (0, HEIGHT), shade(leaf, 1.12), shade(leaf, 0.62)))
    stage.textured(mound, "grass", strength=0.3, seed=6)
    path = [(x + side * 152, 226), (x + side * 130, 236), (x + side * 150, 248), (x + side * 96, 300)]
    stage.effect(stage.curve([*path, (x + side * 150, 300), (x + side * 176, 248), (x + side * 168, 226)]),
                 flat(Rgb.of("#cdb58c"), alpha=0.85, blur=1.5))  # fmt: skip
    stage.shadow(stage.oval(x + side * 120, 228, 190, 9), alpha=0.4, blur=5)
    _wall(stage, x + side * 28, x + side * 232, 176, 226, stone, side)
    _wall(stage, x + side * 104, x + side * 196, 132, 226, shade(stone, 1.04), side)
    for dx in (122.0, 150.0, 178.0):
        _slit(stage, x + side * dx, 152)
    arch = stage.rect(x + side * 150 - 14, 190, 28, 42, radius=14)
    with stage.clipped(stage.rect(x + side * 150 - 20, 180, 40, 46)):
        stage.paint(arch, linear((0, 190), (0, 226), Rgb.of("#2a1d16"), Rgb.of("#5a4030")), part="place")
        stage.effect(arch, flat(shade(stone, 0.5)), line=2.5)
        for bar in range(5):
            stage.effect(stage.rect(x + side * 150 - 11 + bar * 5, 190, 1.4, 36), flat(Rgb.of("#8f7a5e"), alpha=0.8))
    _wall(stage, x + side * 216, x + side * 262, 152, 228, stone, side)
    _slit(stage, x + side * 239, 176)
    stage.shadow(stage.rect(x + side * 56 - 22, 180, 44, 46), alpha=0.3, blur=6)
    _wall(stage, x - 38, x + 38, 150, 230, shade(stone, 1.1), side)
    for dx, y in ((-14.0, 174.0), (16.0, 190.0), (-10.0, 206.0)):
        _slit(stage, x + dx, y)


def _wall(stage: Stage, left: float, right: float, top: float, low: float, stone: Rgb, side: float) -> None:
    left, right = min(left, right), max(left, right)
    body = stage.rect(left, top, right - left, low - top)
    ends = ((left, 0.0), (right, 0.0)) if side > 0 else ((right, 0.0), (left, 0.0))
    stage.paint(body, linear(*ends, shade(stone, 1.1), shade(stone, 0.98), shade(stone, 0.6)), part="place")
    for row in range(int((low - top) // 9)):
        y = top + 6 + row * 9
        stage.effect(stage.rect(left, y, right - left, 0.9), flat(shade(stone, 0.45), alpha=0.45))
        for joint in range(int((right - left) // 17) + 1):
            px = left + (joint + 0.5 * (row % 2)) * 17
            if px < right - 2:
                stage.effect(stage.rect(px, y, 0.9, 9), flat(shade(stone, 0.45), alpha=0.4))
    stage.textured(body, "stone", strength=0.22, seed=int(top))
    ledge = stage.rect(left - 4, top - 5, right - left + 8, 7, radius=1)
    stage.paint(ledge, linear(*ends, shade(stone, 1.15), shade(stone, 0.66)), part="place")
    stage.shadow(stage.rect(left, top + 2, right - left, 4), alpha=0.4, blur=1.5)
    count = max(3, round((right - left + 8) / 15)) // 2 * 2 + 1
    step = (right - left + 8) / count
    for tooth in range(0, count, 2):
        merlon = stage.rect(left - 4 + tooth * step, top - 14, step, 10)
        stage.paint(merlon, linear(*ends, shade(stone, 1.18), shade(stone, 0.7)), part="place")


def _slit(stage: Stage, x: float, y: float) -> None:
    stage.paint(stage.rect(x - 2.6, y, 5.2, 15, radius=2.4), flat(Rgb.of("#2c2622")), part="place")
    stage.effect(stage.rect(x - 5.4, y + 14, 10.8, 2), flat(Rgb(255, 250, 235), alpha=0.35))


def harbour(stage: Stage, side: float, low: Rgb) -> None:
    """Draws the sea, a far shore with a lighthouse, and the quay in front; inside a static layer."""
    far = mix(Rgb.of("#5f7d78"), low, 0.35)
    ridge = [(-80 + k * 60, _SEA_Y - 12 - 11 * math.sin(k * 0.9 + 1 + side)) for k in range(12)]
    stage.paint(
        stage.curve([*ridge, (620, 200), (-80, 200)], closed=True), linear((0, 150), (0, 182), far, shade(far, 0.8))
    )
    tower_x = 240 + side * 190
    tower = stage.polygon([(tower_x - 8, _SEA_Y), (tower_x + 8, _SEA_Y), (tower_x + 5, 112), (tower_x - 5, 112)])
    ends = ((tower_x - side * 8, 0.0), (tower_x + side * 8, 0.0))
    stage.paint(tower, linear(*ends, Rgb.of("#fbf6ec"), Rgb.of("#a9a29c")), part="place")
    with stage.clipped(tower):
        for row in range(3):
            stage.paint(stage.rect(tower_x - 9, 122 + row * 20, 18, 9), flat(Rgb.of("#c2453c")), part="place")
    stage.paint(stage.rect(tower_x - 8, 108, 16, 4, radius=1), flat(Rgb.of("#4a4644")), part="place")
    stage.paint(stage.rect(tower_x - 4.5, 98, 9, 11), flat(Rgb.of("#ffe9a8")), part="place")
    stage.paint(
        stage.polygon([(tower_x - 7, 99), (tower_x + 7, 99), (tower_x, 90)]), flat(Rgb.of("#b03a34")), part="place"
    )
    sea = stage.rect(-64, _SEA_Y, WIDTH + 128, 160)
    stage.paint(
        sea, linear((0, _SEA_Y), (0, 252), mix(Rgb.of("#7fb2c4"), low, 0.4), Rgb.of("#3f7f9c"), Rgb.of("#22546f"))
    )
    stage.textured(sea, "noise", strength=0.1, seed=3)


def water(stage: Stage, time_s: float, phase: float) -> None:
    """Draws glints that slide over the sea."""
    for index in range(34):
        depth = (index * 0.618) % 1
        y = _SEA_Y + 3 + 74 * depth * depth
        drift = (4 + 9 * depth) * math.sin(1.3 * time_s + index * 2.1 + phase)
        x = (index * 149 + 40 * phase) % 560 - 40 + drift
        size = 5 + 20 * depth
        alpha = 0.16 + 0.16 * math.sin(2.3 * time_s + index * 1.7)
        stage.effect(stage.oval(x, y, size, 0.8 + 1.0 * depth), flat(Rgb(235, 248, 255), alpha=max(0.03, alpha)))


def quay(stage: Stage, side: float) -> None:
    """Draws the stone edge at which a ship lies, with two bollards; inside a static layer."""
    front = stage.rect(-64, 256, WIDTH + 128, 90)
    stage.paint(front, linear((0, 252), (0, HEIGHT), Rgb.of("#b5aa9a"), Rgb.of("#8d8376")))
    stage.textured(front, "stone", strength=0.22, seed=8)
    stage.effect(stage.rect(-64, 254.5, WIDTH + 128, 3), flat(Rgb.of("#ddd4c4")))
    for dx in (-176.0, 130.0):
        x = 240 + side * dx
        stage.shadow(stage.oval(x + side * 9, 265, 15, 3.6), alpha=0.45, blur=2)
        iron = linear((x - 8, 0), (x + 8, 0), Rgb.of("#6a6d72"), Rgb.of("#2a2c30"))
        stage.paint(stage.rect(x - 6, 248, 12, 17, radius=2), iron, part="place")
        stage.paint(stage.oval(x, 248, 9.5, 3.8), iron, part="place")


def ship(stage: Stage, side: float, paint: Rgb, time_s: float, phase: float) -> None:
    """Draws a steamer about the middle of its waterline, bow toward `side`; its mast stands at x = -30 side."""
    s = side
    white = linear((0, -82), (0, -30), Rgb(255, 255, 255), Rgb(206, 212, 218))
    for puff in range(6):  # smoke, blown the way the bow points
        rise = (time_s * 0.28 + puff / 6 + phase) % 1
        x, y = s * (76 + 92 * rise), -118 - 34 * rise + 3 * math.sin(6 * rise + puff)
        haze = flat(Rgb(236, 236, 238), alpha=0.42 * (1 - rise) * min(1.0, 6 * rise), blur=3)
        stage.effect(stage.oval(x, y, 7 + 15 * rise, 5 + 10 * rise), haze)
    funnel = stage.polygon([(s * 60, -70), (s * 86, -70), (s * 83, -112), (s * 63, -112)])
    ends = ((s * 60, 0.0), (s * 86, 0.0))
    stage.paint(funnel, linear(*ends, shade(paint, 1.25), shade(paint, 0.6)), part="place")
    with stage.clipped(funnel):
        stage.paint(stage.rect(min(s * 60, s * 86), -113, 26, 9), flat(Rgb.of("#25262a")), part="place")
        stage.effect(stage.rect(min(s * 60, s * 86), -98, 26, 6), flat(Rgb(255, 255, 255), alpha=0.85))
    upper = [(s * 34, -52), (s * 34, -76), (s * 98, -76), (s * 104, -52)]
    stage.paint(stage.polygon(upper), white, part="place")
    stage.paint(
        stage.polygon([(s * 30, -76), (s * 104, -76), (s * 102, -80), (s * 32, -80)]),
        flat(shade(paint, 0.9)),
        part="place",
    )
    for index in range(4):
        pane = stage.rect(s * (44 + 15 * index) - 4.5, -70, 9, 10, radius=1)
        stage.paint(pane, linear((0, -70), (0, -60), Rgb.of("#8fc0d8"), Rgb.of("#3c5c74")), part="place")
    lower = [(s * -8, -34), (s * -6, -52), (s * 112, -52), (s * 118, -36)]
    stage.paint(stage.polygon(lower), white, part="place")
    stage.shadow(stage.polygon([(s * -6, -52), (s * 112, -52), (s * 112, -49), (s * -6, -49)]), alpha=0.3, blur=1)
    for index in range(6):
        pane = stage.oval(s * (8 + 18 * index), -42, 4)
        stage.paint(pane, linear((0, -46), (0, -38), Rgb.of("#8fc0d8"), Rgb.of("#3c5c74")), part="place")
    hull = stage.curve([(s * -150, -32), (s * -152, -20), (s * -140, 8), (s * 118, 8), (s * 150, -26), (s * 164, -46),
                        (s * 120, -37), (s * 0, -31), (s * -90, -30)], closed=True)  # fmt: skip
    stage.paint(hull, linear((0, -44), (0, 8), Rgb.of("#4a5666"), Rgb.of("#2d3644"), Rgb.of("#1b222c")), part="place")
    with stage.clipped(hull):
        stage.paint(stage.rect(-180, -4, 360, 16), flat(shade(paint, 0.62)), part="place")
        stage.effect(stage.rect(-180, -6, 360, 2.2), flat(Rgb(255, 255, 255), alpha=0.8))
    rail = [(s * -150, -33), (s * -90, -31), (s * 0, -32), (s * 120, -38), (s * 164, -47)]
    stage.effect(stage.curve(rail), flat(Rgb(250, 250, 250)), line=2.2)
    for index in range(9):
        stage.paint(stage.oval(s * (-118 + 28 * index), -18, 3.2), flat(Rgb.of("#c9d4dc")), part="place")
        stage.paint(stage.oval(s * (-118 + 28 * index), -18, 2), flat(Rgb.of("#26303c")), part="place")
    for index in range(15):  # posts of the railing aft
        stage.effect(stage.rect(s * (-146 + 9.5 * index), -43, 1, 12), flat(Rgb(240, 240, 240), alpha=0.9))
    bar = stage.polygon([(s * -147, -43), (s * -10, -43)], closed=False)
    stage.effect(bar, flat(Rgb(250, 250, 250)), line=1.4)
    soft_spot(stage, 0, 12, 150, 5, Rgb(20, 40, 54), 0.5)
    for index in range(12):  # foam along the waterline
        lap = 1.2 * math.sin(3.1 * time_s + index * 1.4)
        stage.effect(stage.oval(-140 + 24.0 * index + s * 4, 8 + lap, 13, 1.5), flat(Rgb(240, 250, 255), alpha=0.5))


def gull(stage: Stage, place: Point, beat: float, size: float, tone: Rgb) -> None:
    """Draws a bird on the wing; `beat` -1..1 is how its wings stand."""
    x, y = place
    for way in (-1, 1):
        wing = [(x, y), (x + way * size * 0.5, y - size * (0.25 + 0.3 * beat)), (x + way * size, y - size * 0.3 * beat)]
        stage.paint(stage.curve(wing), flat(tone), part="birds", line=size * 0.16)
    stage.paint(stage.oval(x, y + size * 0.06, size * 0.13, size * 0.1), flat(tone), part="birds")
