"""A park with a chessboard of slabs in the lawn: hedge, trees, bench, flowers."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.semantic._parts import cloud, pigeon, sky, tree
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["garden", "park_life"]

_LAWN_Y = 112.0


def garden(stage: Stage, side: float, tone: Rgb, seed: int) -> None:
    """Draws sky, hedge, lawn, bench and flowers; inside a static layer."""
    sky(stage, Rgb.of("#5f9fd8"), mix(Rgb.of("#a9cfe8"), tone, 0.15), Rgb.of("#e6f1ee"))
    rng = np.random.default_rng(seed)
    for index in range(26):  # far trees
        x, radius = -70 + index * 25.0, float(rng.uniform(17, 30))
        green = mix(Rgb.of("#6f9a6a"), Rgb.of("#8fae78"), float(rng.random()))
        ball = radial((x + side * -6, 84 - radius * 0.5), radius * 1.7, shade(green, 1.15), shade(green, 0.72))
        stage.paint(stage.oval(x, 88, radius * 1.1, radius), ball)
    hedge = stage.rect(-64, 88, WIDTH + 128, 30, radius=5)
    stage.paint(hedge, linear((0, 88), (0, 118), Rgb.of("#5d8f4e"), Rgb.of("#2f5a36")))
    stage.textured(hedge, "grass", strength=0.4, seed=11)
    lawn = stage.rect(-64, _LAWN_Y, WIDTH + 128, 240)
    stage.paint(lawn, linear((0, _LAWN_Y), (0, HEIGHT), Rgb.of("#7da85a"), Rgb.of("#5a8a42")))
    stage.textured(lawn, "grass", strength=0.3, seed=12)
    stage.shadow(stage.rect(-64, _LAWN_Y + 2, WIDTH + 128, 7), alpha=0.4, blur=3)
    _bench(stage, 240 - side * 168, 142, side)
    for index in range(34):
        x = 240 + side * (96 + 5.2 * index) + float(rng.uniform(-3, 3))
        y = 124 + float(rng.uniform(-5, 5))
        petal = (Rgb.of("#e8556a"), Rgb.of("#f4c04a"), Rgb.of("#f6eef4"))[index % 3]
        stage.paint(stage.oval(x, y + 3, 5, 3), flat(Rgb.of("#3f7238")), part="bench")
        stage.paint(
            stage.oval(x, y, 2.6), radial((x - 1, y - 1), 4, shade(petal, 1.2), shade(petal, 0.8)), part="bench"
        )


def _bench(stage: Stage, x: float, y: float, side: float) -> None:
    stage.shadow(stage.oval(x + side * 14, y + 1, 54, 6), alpha=0.4, blur=3)
    wood = linear((0, y - 40), (0, y), Rgb.of("#c08a54"), Rgb.of("#7d5330"))
    for dx in (-38.0, 34.0):
        stage.paint(stage.rect(x + dx, y - 36, 4, 38), flat(Rgb.of("#3a3c40")), part="bench")
        stage.paint(stage.rect(x + dx - 3, y - 14, 4, 17), flat(Rgb.of("#2c2e32")), part="bench")
    for row, top in enumerate((-38, -30, -22, -13)):
        plank = stage.rect(x - 46, y + top, 92, 6 if row < 3 else 5, radius=1)
        stage.paint(plank, wood, part="bench")
        stage.effect(stage.rect(x - 45, y + top, 90, 1.2), flat(Rgb(255, 236, 206), alpha=0.5))


def park_life(stage: Stage, side: float, time_s: float, phase: float) -> None:
    """Draws what moves behind the board: clouds, a swaying tree, two pigeons."""
    for index, x in enumerate((70.0, 330.0)):
        cloud(stage, x + 6 * time_s, 22 + 17 * index, 20, Rgb(255, 255, 255))
    sway = 4 * math.sin(1.9 * time_s + phase)
    tree(stage, 240 + side * 196, 146, 112, Rgb.of("#5f9148"), sway, part="trees")
    for index in range(2):
        x = 240 - side * (218 - 32 * index - 4 * math.sin(1.1 * time_s + index))
        peck = max(0.0, math.sin(4.2 * time_s + 2.1 * index + phase)) ** 2
        pigeon(stage, x, 160 + 8.0 * (1 - index), side if index else -side, peck, part="pigeons")
