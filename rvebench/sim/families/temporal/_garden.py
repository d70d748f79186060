"""The garden of snow-cover: what varies, and everything that stands in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.temporal._parts import smooth
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial

__all__ = [
    "BENCHES",
    "BLUE",
    "FENCES",
    "ROOFS",
    "SKIES",
    "SNOW",
    "WALLS",
    "Kind",
    "Setup",
    "State",
    "draw_cap",
    "draw_fence",
    "draw_fir",
    "draw_flood",
    "draw_ground",
    "draw_house",
    "draw_lamp",
    "draw_tree",
]

SNOW = Rgb.of("#f4f8ff")
BLUE = Rgb.of("#aebfdc")
FENCE_Y = 184.0
SKIES = (
    (Rgb.of("#8fa3bd"), Rgb.of("#e4e2e0")),
    (Rgb.of("#4d5a86"), Rgb.of("#e9b9a0")),
    (Rgb.of("#6f86a6"), Rgb.of("#cfdbe8")),
)
WALLS = (Rgb.of("#d9b48a"), Rgb.of("#b9786a"), Rgb.of("#9fb0a4"), Rgb.of("#e0d3b8"))
ROOFS = (Rgb.of("#8a4438"), Rgb.of("#4f5a68"), Rgb.of("#6d4f3c"))
BENCHES = (Rgb.of("#9a6238"), Rgb.of("#47705f"), Rgb.of("#7d3f3a"), Rgb.of("#49688c"))
FENCES = (Rgb.of("#c9a27a"), Rgb.of("#8d6f56"), Rgb.of("#7f929b"))


Kind = Literal["bench", "car", "wheelbarrow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    kind: Kind
    """What stands in the foreground."""
    side: int
    """Where it and the tree stand; the house is on the other side."""
    sky: int
    wall: Rgb
    roof: Rgb
    bench: Rgb
    """Colour of what stands in the foreground, and of the door."""
    fence: Rgb
    bench_x: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What differs between source and target."""

    depth: float = 0.0
    """Thickness of what lies there, 0..1."""
    flood: float = 0.0
    """How much water stands in the garden, 0..1, as if it had rained: the wrong law."""


def draw_fir(stage: Stage, x: float, y: float, high: float, tone: Rgb, depth: float) -> None:
    """Draws a fir with the snow it carries."""
    for tier in range(3):
        top, half = y - high + tier * high * 0.26, high * (0.16 + 0.1 * tier)
        low = top + high * 0.46
        stage.paint(stage.polygon([(x, top), (x + half, low), (x - half, low)]), flat(tone), part="tree")
        if depth > 0:
            white = mix(tone, SNOW, 0.85 * smooth(depth * 1.3))
            reach = 0.3 + 0.45 * depth
            cap = [
                (x, top - 1),
                (x + half * reach, top + (low - top) * reach),
                (x, top + (low - top) * reach * 0.7),
            ]
            stage.paint(stage.polygon([*cap, (x - half * reach, top + (low - top) * reach)]), flat(white), part="snow")


def draw_cap(stage: Stage, points: Sequence[Point], thick: float) -> None:
    """Lays snow along an edge that is given from end to end."""
    if thick < 0.8:
        return
    for lift, tone, width in ((0.22, BLUE, thick), (0.42, SNOW, thick * 0.86)):
        line = stage.curve([(x, y - thick * lift) for x, y in points])
        stage.paint(line, flat(tone), part="snow", line=width)


def draw_ground(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the lawn and what lies on it."""
    edge = [(-64 + 36 * i, 150 + 4 * math.sin(i * 0.9 + setup.seed % 5)) for i in range(18)]
    lawn = stage.polygon([*edge, (560, 340), (-64, 340)])
    stage.paint(lawn, linear((0, 146), (0, HEIGHT), Rgb.of("#8c9a66"), Rgb.of("#66803f"), Rgb.of("#435c2c")))
    stage.textured(lawn, "grass", strength=0.34)
    cover = smooth(state.depth * 1.5)
    if cover > 0:
        fill = linear((0, 146), (0, HEIGHT), Rgb.of("#dfe7f4"), SNOW, Rgb.of("#c9d7ee"), alpha=0.98 * cover)
        stage.paint(lawn, fill, part="snow")
        rng = np.random.default_rng(setup.seed + 5)
        with stage.clipped(lawn):
            for _ in range(26):
                x, y = float(rng.uniform(-60, 540)), float(rng.uniform(158, 300))
                wide = float(rng.uniform(40, 110)) * (0.5 + (y - 150) / 160)
                stage.effect(stage.oval(x, y + 5, wide, 5 + (y - 150) * 0.07), flat(BLUE, alpha=0.34 * cover, blur=5))
                stage.effect(
                    stage.oval(x, y - 2, wide * 0.9, 4 + (y - 150) * 0.05), flat(SNOW, alpha=0.7 * cover, blur=4)
                )
            for _ in range(60):
                x, y = float(rng.uniform(-60, 540)), float(rng.uniform(160, 290))
                stage.effect(stage.oval(x, y, 0.7), flat(Rgb(255, 255, 255), alpha=0.9 * cover))


def draw_house(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the cottage."""
    x, foot = 240 - setup.side * 78, 172.0
    stage.shadow(stage.oval(x, foot + 2, 92, 7), alpha=0.35, blur=5)
    chimney = stage.rect(x + setup.side * 34 - 8, 46, 16, 44)
    stage.paint(chimney, linear((x + 20, 0), (x + 48, 0), Rgb.of("#a8644f"), Rgb.of("#75402f")), part="house")
    draw_cap(stage, [(x + setup.side * 34 - 7, 46), (x + setup.side * 34 + 7, 46)], 8 * state.depth)
    wall = stage.rect(x - 72, 104, 144, foot - 104)
    stage.paint(wall, linear((0, 100), (0, foot), shade(setup.wall, 0.75), setup.wall), part="house")
    stage.textured(wall, "plaster", strength=0.14, seed=3)
    for dx in (-46, 0, 46):
        if dx:
            pane = stage.rect(x + dx - 14, 122, 28, 26)
            stage.glow(x + dx, 135, 44, Rgb(255, 190, 90), alpha=0.4)
            stage.paint(pane, radial((x + dx, 138), 22, Rgb(255, 240, 176), Rgb(250, 184, 84)), part="house")
            stage.paint(pane, flat(Rgb.of("#f0ebe0")), part="house", line=2.4)
            cross = stage.polygon([(x + dx, 122), (x + dx, 148)], closed=False)
            stage.paint(cross, flat(Rgb.of("#f0ebe0")), part="house", line=1.8)
            bar = stage.polygon([(x + dx - 14, 134), (x + dx + 14, 134)], closed=False)
            stage.paint(bar, flat(Rgb.of("#f0ebe0")), part="house", line=1.8)
            draw_cap(stage, [(x + dx - 14, 150), (x + dx + 14, 150)], 5 * state.depth)
    door = stage.rect(x - 11, 126, 22, foot - 126, radius=2)
    stage.paint(door, linear((0, 126), (0, foot), shade(setup.bench, 0.95), shade(setup.bench, 0.6)), part="house")
    stage.paint(stage.oval(x + 6, 150, 1.6), flat(Rgb.of("#e2c66a")), part="house")
    stage.shadow(stage.rect(x - 72, 104, 144, 8), alpha=0.4, blur=3)
    roof = stage.polygon([(x - 86, 108), (x - 58, 62), (x + 58, 62), (x + 86, 108)])
    stage.paint(roof, linear((0, 62), (0, 108), shade(setup.roof, 1.15), shade(setup.roof, 0.75)), part="house")
    with stage.clipped(roof):
        for row in range(8):
            line = stage.rect(x - 90, 62 + row * 6, 180, 1.2)
            stage.effect(line, flat(shade(setup.roof, 0.45), alpha=0.5))
        stage.textured(roof, "stone", strength=0.2, seed=4)
    if state.depth > 0:
        up = 9 * state.depth
        cover = smooth(state.depth * 1.5)
        white = stage.curve(
            [
                (x - 88, 107),
                (x - 75, 84 - up),
                (x - 59, 62 - up),
                (x, 60.5 - up),
                (x + 59, 62 - up),
                (x + 75, 84 - up),
                (x + 88, 107),
                (x + 62, 107 + 2 * up / 9),
                (x + 30, 105 + up * 0.5),
                (x, 107),
                (x - 34, 105 + up * 0.5),
                (x - 64, 107),
            ],
            closed=True,
        )
        stage.paint(white, linear((0, 54), (0, 110), SNOW, Rgb.of("#d3def0"), alpha=0.99 * cover), part="snow")
        draw_cap(stage, [(x - 85, 109), (x - 40, 110), (x, 109), (x + 40, 110), (x + 85, 109)], 7 * state.depth)


def draw_tree(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the bare tree."""
    x, foot = 240 + setup.side * 168, 198.0
    rng = np.random.default_rng(setup.seed + 9)
    bark = Rgb.of("#54412f")
    stage.shadow(stage.oval(x, foot, 34, 6), alpha=0.35, blur=4)

    def grow(px: float, py: float, angle: float, length: float, width: float) -> None:
        qx, qy = px + length * math.cos(angle), py + length * math.sin(angle)
        bend = ((px + qx) / 2 + float(rng.uniform(-0.08, 0.08)) * length, (py + qy) / 2)
        line = [(px, py), bend, (qx, qy)]
        stage.paint(
            stage.curve(line), flat(mix(bark, Rgb.of("#8a745c"), 0.3 if width < 3 else 0)), part="tree", line=width
        )
        if abs(math.cos(angle)) > 0.25:
            upper = [(a, b - width * 0.35) for a, b in line]
            draw_cap(stage, upper, state.depth * (1.4 + width * 0.62))
        if width > 1.1:
            for turn in (-0.55, 0.1, 0.6)[: 3 if width > 3 else 2]:
                spread = angle + turn * float(rng.uniform(0.7, 1.3))
                grow(qx, qy, spread, length * float(rng.uniform(0.62, 0.8)), width * 0.58)

    grow(x, foot, -math.pi / 2, 64, 12)
    if state.depth > 0:
        mound = stage.oval(x, foot + 1, 22, 7 * state.depth)
        stage.paint(mound, flat(SNOW, blur=2), part="snow")


def draw_fence(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the picket fence."""
    dark, pale = shade(setup.fence, 0.62), mix(setup.fence, SNOW, 0.22)
    stage.shadow(stage.rect(-64, FENCE_Y - 1, WIDTH + 128, 5), alpha=0.4, blur=2.5)
    for y in (FENCE_Y - 32, FENCE_Y - 13):
        stage.paint(stage.rect(-64, y, WIDTH + 128, 5), linear((0, y), (0, y + 5), pale, dark), part="fence")
        draw_cap(stage, [(-64, y), (WIDTH + 64, y)], 5 * state.depth)
    for k in range(31):
        x = -60 + 20 * k
        top = FENCE_Y - 43
        picket = stage.polygon([(x, FENCE_Y), (x, top + 6), (x + 5, top), (x + 10, top + 6), (x + 10, FENCE_Y)])
        stage.paint(picket, linear((x, 0), (x + 10, 0), pale, setup.fence, dark), part="fence")
        draw_cap(stage, [(x + 1.5, top + 4), (x + 5, top + 1.5), (x + 8.5, top + 4)], 7.5 * state.depth)
    if state.depth > 0:
        drift = [(-64 + 30 * i, FENCE_Y - state.depth * (5 + 3.5 * math.sin(i * 1.3))) for i in range(21)]
        heap = stage.polygon([*drift, (560, FENCE_Y + 8), (-64, FENCE_Y + 8)])
        stage.paint(heap, linear((0, FENCE_Y - 8), (0, FENCE_Y + 8), SNOW, Rgb.of("#eaf0fa")), part="snow")


def draw_lamp(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the lamp post."""
    x, foot, side = 240 - setup.side * 205, 252.0, setup.side
    iron = Rgb.of("#2b3036")
    stage.shadow(stage.oval(x, foot, 20, 5), alpha=0.45, blur=3)
    stage.paint(
        stage.rect(x - 2.6, 92, 5.2, foot - 92), linear((x - 3, 0), (x + 3, 0), shade(iron, 1.9), iron), part="lamp"
    )
    stage.paint(
        stage.polygon([(x - 8, foot), (x - 4, foot - 22), (x + 4, foot - 22), (x + 8, foot)]),
        flat(iron),
        part="lamp",
    )
    bracket = stage.polygon([(x, 102), (x + side * 46, 102)], closed=False)
    stage.paint(bracket, flat(iron), part="lamp", line=2.4)
    curl = stage.curve([(x, 118), (x + side * 9, 113), (x + side * 16, 103)])
    stage.paint(curl, flat(iron), part="lamp", line=1.8)
    stage.glow(x, 78, 66, Rgb(255, 205, 120), alpha=0.55)
    glass = stage.polygon([(x - 7, 92), (x - 11, 68), (x + 11, 68), (x + 7, 92)])
    stage.paint(glass, radial((x, 80), 15, Rgb(255, 250, 214), Rgb(255, 206, 112)), part="lamp")
    stage.paint(glass, flat(iron), part="lamp", line=1.8)
    stage.paint(stage.polygon([(x - 14, 69), (x, 57), (x + 14, 69)]), flat(iron), part="lamp")
    draw_cap(stage, [(x - 11, 67), (x, 58), (x + 11, 67)], 8 * state.depth)
    if state.depth > 0:
        mound = stage.oval(x, foot + 1, 18, 7 * state.depth)
        stage.paint(mound, flat(SNOW, blur=2), part="snow")


def draw_flood(stage: Stage, setup: Setup, state: State, *, front: bool) -> None:
    """Draws water that stands in the garden, or what of it is in front of everything."""
    top, low = SKIES[setup.sky]
    rise = 240.0 if front else 158.0
    edge = [(-64 + 30 * i, rise + 1.6 * math.sin(i * 1.7 + setup.seed % 5)) for i in range(21)]
    water = stage.polygon([*edge, (560, 340), (-64, 340)])
    tones = (mix(low, top, 0.25), mix(low, top, 0.75), shade(top, 0.72))
    stage.paint(
        water, linear((0, 156), (0, HEIGHT), *tones, alpha=(0.62 if front else 0.95) * state.flood), part="water"
    )
    rng = np.random.default_rng(setup.seed + 21 + front)
    with stage.clipped(water):
        if not front:
            for dx in (-46, 46):
                streak = stage.oval(240 - setup.side * 78 + dx, 204, 11, 34)
                stage.effect(streak, flat(Rgb(255, 205, 120), alpha=0.4, blur=5))
        for _ in range(24 if front else 80):
            y = rise + 4 + (HEIGHT - rise) * float(rng.random()) ** 1.3
            x, wide = float(rng.uniform(-60, 520)), (4 + (y - 150) * 0.16) * float(rng.uniform(0.7, 1.6))
            line = stage.curve([(x, y), (x + wide, y - 1 - (y - 150) * 0.012), (x + 2 * wide, y)])
            tone = SNOW if rng.random() < 0.6 else shade(top, 0.5)
            stage.effect(line, flat(tone, alpha=0.4), line=0.8 + (y - 150) * 0.008)
