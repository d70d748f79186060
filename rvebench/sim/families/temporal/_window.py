"""The window of plant-grow: what varies, and everything but the plant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.family import Clock
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear

__all__ = [
    "CATS",
    "CURTAINS",
    "DRY",
    "NEARER",
    "POTS",
    "SILL_Y",
    "SKIES",
    "SOIL_Y",
    "WALLS",
    "WHITE",
    "Setup",
    "draw_curtains",
    "draw_land",
    "draw_pot",
    "draw_room",
    "draw_things",
]

SILL_Y = 214.0
SOIL_Y = 172.0
NEARER = (-0.16 * WIDTH / 2, -0.16 * 206)
"""Moves the scene so that, enlarged by this much, the sill stays in the frame."""
WHITE = Rgb(255, 255, 255)
DRY = Rgb.of("#8a6a3a")
WALLS = (Rgb.of("#e3c9a4"), Rgb.of("#a9bfae"), Rgb.of("#c7a5a0"), Rgb.of("#9fb2c6"))
POTS = (Rgb.of("#c56f47"), Rgb.of("#3f7f93"), Rgb.of("#d9d2c4"), Rgb.of("#7a5a8f"))
CATS = (Rgb.of("#d9893f"), Rgb.of("#8d8a88"), Rgb.of("#55453b"))
CURTAINS = (Rgb.of("#f3e7d3"), Rgb.of("#d98c7a"), Rgb.of("#7fa3b8"), Rgb.of("#e0c46a"))
SKIES = ((Rgb.of("#5fa6dc"), Rgb.of("#d8eef8")), (Rgb.of("#6d8fc9"), Rgb.of("#f7d9b8")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    kind: Literal["sunflower", "tomato", "geranium"]
    x: float
    side: int
    """Where the cat sits: -1 left or 1 right of the pot."""
    wall: Rgb
    pot: Rgb
    cat: Rgb
    curtain: Rgb
    can: Rgb
    sky: int
    bloom: Rgb
    phase: float


def draw_land(stage: Stage, setup: Setup) -> None:
    """Draws the view outside."""
    top, low = SKIES[setup.sky]
    window = stage.rect(80, -64, 320, 270)
    stage.paint(window, linear((0, 0), (0, 170), top, low))
    stage.glow(240 - setup.side * 100, 24, 150, Rgb(255, 246, 214), alpha=0.34)
    for k, (tone, base) in enumerate(
        ((Rgb.of("#9fc0c4"), 138.0), (Rgb.of("#7fae7c"), 156.0), (Rgb.of("#5f9455"), 174.0))
    ):
        hills = [(80 + 32 * i, base + 9 * math.sin(i * 0.8 + k * 2 + setup.phase)) for i in range(11)]
        stage.paint(
            stage.polygon([*hills, (400, 220), (80, 220)]), linear((0, base - 8), (0, 206), tone, shade(tone, 0.8))
        )
    rng = np.random.default_rng(int(setup.phase * 1e6))
    for _ in range(26):
        x, r = float(rng.uniform(84, 396)), float(rng.uniform(6, 12))
        stage.paint(
            stage.oval(x, 184 - r * 0.4, r, r * 0.9),
            flat(mix(Rgb.of("#3f7a40"), Rgb.of("#79a850"), float(rng.random()))),
        )
    for dx in (-96, 128):
        x = 240 + setup.side * dx
        stage.paint(stage.rect(x - 16, 152, 32, 26), flat(Rgb.of("#efe2cc")))
        stage.paint(stage.polygon([(x - 21, 154), (x, 136), (x + 21, 154)]), flat(Rgb.of("#b85a43")))
        stage.paint(stage.rect(x - 4, 162, 8, 9), flat(Rgb.of("#5a7086")))


def draw_room(stage: Stage, setup: Setup) -> None:
    """Draws wall, window frame and sill."""
    lit = mix(setup.wall, WHITE, 0.12)
    for x, width in ((-64.0, 148.0), (396.0, 148.0)):
        strip = stage.rect(x, -64, width, 400)
        inner, outer = (84.0, -10.0) if x < 0 else (396.0, 490.0)
        stage.paint(strip, linear((inner, 0), (outer, 0), lit, shade(setup.wall, 0.66)))
        stage.textured(strip, "plaster", strength=0.1, seed=5)
    below = stage.rect(-64, 200, WIDTH + 128, 140)
    stage.paint(below, linear((0, 225), (0, HEIGHT), shade(setup.wall, 0.6), shade(setup.wall, 0.78)))
    stage.textured(below, "plaster", strength=0.1, seed=6)
    wood = Rgb.of("#f4f0e6")
    for bar in (
        stage.rect(80, -20, 9, 220), stage.rect(391, -20, 9, 220), stage.rect(236.5, -20, 7, 220),
        stage.rect(80, 72, 320, 6), stage.rect(80, 192, 320, 9),
    ):  # fmt: skip
        stage.shadow(bar, alpha=0.3, blur=2.5)
        stage.paint(bar, linear((80, 0), (400, 0), wood, shade(wood, 0.86), wood), part="window")
    stage.effect(stage.polygon([(110, 0), (150, 0), (96, 190), (90, 190)]), flat(WHITE, alpha=0.13))
    stage.effect(stage.polygon([(270, 0), (330, 0), (270, 190), (250, 190)]), flat(WHITE, alpha=0.1))
    top = stage.polygon([(62, 200), (418, 200), (446, 229), (34, 229)])
    stage.shadow(stage.rect(34, 236, 412, 12), alpha=0.5, blur=6)
    stage.paint(top, linear((0, 200), (0, 229), Rgb.of("#fffaf0"), Rgb.of("#e2d6c0")))
    stage.textured(top, "wood", strength=0.06, seed=4)
    front = stage.rect(34, 229, 412, 11, radius=1)
    stage.paint(front, linear((0, 229), (0, 240), Rgb.of("#cbbda3"), Rgb.of("#9a8b72")))


def draw_curtains(stage: Stage, setup: Setup, clock: Clock) -> None:
    """Draws the two curtains."""
    tone = setup.curtain
    for side in (-1, 1):
        outer, inner = 240 + side * 218.0, 240 + side * 132.0
        hem = 246.0
        sway = [1.6 * math.sin(clock.time_s * 2.2 + setup.phase + k * 0.9) * k / 5 for k in range(6)]
        edge = [(inner + side * (4 + 7 * k) + side * sway[k], -20 + k * (hem + 20) / 5) for k in range(6)]
        body = stage.polygon([(outer, -30), *edge, (outer + side * 4, hem + 4)])
        stage.shadow(body, alpha=0.2, blur=4)
        stage.paint(body, linear((inner, 0), (outer, 0), mix(tone, WHITE, 0.35), shade(tone, 0.82)), part="curtain")
        with stage.clipped(body):
            for fold in range(6):
                line = [(x + side * (8 + fold * 13) * (1 - k * 0.05), y) for k, (x, y) in enumerate(edge)]
                stage.effect(stage.curve(line), flat(shade(tone, 0.55), alpha=0.14), line=5)
                light = [(x + side * 5, y) for x, y in line]
                stage.effect(stage.curve(light), flat(WHITE, alpha=0.15), line=4)


def draw_things(stage: Stage, setup: Setup) -> None:
    """Draws the watering can and the shadows on the sill."""
    side = setup.side
    stage.cast(setup.x, SILL_Y + 2, 42, 40, alpha=0.35, blur=4)
    x = setup.x - side * 88
    stage.shadow(stage.oval(x + side * 6, SILL_Y + 1, 32, 6), alpha=0.4, blur=3)
    stage.shadow(stage.oval(setup.x + side * 116, SILL_Y + 4, 34, 7), alpha=0.42, blur=3)
    dark, pale = shade(setup.can, 0.62), mix(setup.can, WHITE, 0.3)
    spout = stage.polygon(
        [
            (x + side * 16, SILL_Y - 8),
            (x + side * 46, SILL_Y - 41),
            (x + side * 41, SILL_Y - 45),
            (x + side * 14, SILL_Y - 24),
        ]
    )
    stage.paint(spout, linear((0, SILL_Y - 45), (0, SILL_Y - 8), pale, dark), part="can")
    rose = stage.polygon(
        [
            (x + side * 38, SILL_Y - 50),
            (x + side * 52, SILL_Y - 39),
            (x + side * 46, SILL_Y - 36),
            (x + side * 37, SILL_Y - 44),
        ]
    )
    stage.paint(rose, flat(dark), part="can")
    handle = stage.curve(
        [
            (x - side * 16, SILL_Y - 34),
            (x - side * 34, SILL_Y - 36),
            (x - side * 32, SILL_Y - 14),
            (x - side * 17, SILL_Y - 8),
        ]
    )
    stage.paint(handle, flat(dark), part="can", line=4)
    over = stage.curve([(x - 15, SILL_Y - 36), (x, SILL_Y - 54), (x + 15, SILL_Y - 36)])
    stage.paint(over, flat(dark), part="can", line=3.5)
    body = stage.polygon([(x - 18, SILL_Y - 37), (x + 18, SILL_Y - 37), (x + 22, SILL_Y - 2), (x - 22, SILL_Y - 2)])
    stage.paint(body, linear((x - 22, 0), (x + 22, 0), pale, setup.can, dark), part="can")
    stage.paint(stage.oval(x, SILL_Y - 2, 22, 4.5), linear((x - 22, 0), (x + 22, 0), pale, setup.can, dark), part="can")
    stage.paint(stage.oval(x, SILL_Y - 37, 18, 4), flat(shade(setup.can, 0.4)), part="can")
    stage.effect(stage.rect(x - 12, SILL_Y - 32, 4, 26, radius=2), flat(WHITE, alpha=0.4, blur=1.2))


def draw_pot(stage: Stage, setup: Setup) -> None:
    """Draws the pot with its soil."""
    x = setup.x
    dark, pale = shade(setup.pot, 0.6), mix(setup.pot, WHITE, 0.25)
    body = stage.curve(
        [
            (x - 27, SOIL_Y + 4),
            (x - 23, SILL_Y - 8),
            (x - 17, SILL_Y + 1),
            (x, SILL_Y + 4),
            (x + 17, SILL_Y + 1),
            (x + 23, SILL_Y - 8),
            (x + 27, SOIL_Y + 4),
        ]
    )
    stage.paint(body, linear((x - 27, 0), (x + 27, 0), pale, setup.pot, dark), part="pot")
    stage.textured(body, "stone", strength=0.1, seed=8)
    lip = stage.rect(x - 31, SOIL_Y - 1, 62, 12, radius=3)
    stage.shadow(stage.rect(x - 27, SOIL_Y + 9, 54, 5), alpha=0.4, blur=2)
    stage.paint(lip, linear((x - 31, 0), (x + 31, 0), mix(pale, WHITE, 0.2), setup.pot, dark), part="pot")
    stage.paint(stage.oval(x, SOIL_Y, 31, 6), flat(mix(pale, WHITE, 0.2)), part="pot")
    stage.paint(stage.oval(x, SOIL_Y + 0.6, 28, 4.8), flat(Rgb.of("#4a3223")), part="pot")
    stage.effect(stage.oval(x - 6, SOIL_Y + 1.6, 18, 2), flat(Rgb.of("#7a5a40"), alpha=0.7, blur=1))
    stage.effect(stage.rect(x - 22, SOIL_Y + 14, 4, 22, radius=2), flat(WHITE, alpha=0.3, blur=1.4))
