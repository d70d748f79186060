"""The kitchen of fruit-ripen: what varies, and everything but the bowl."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.temporal._parts import leaf
from rvebench.sim.family import Clock
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = [
    "AGES",
    "BOWLS",
    "COUNTERS",
    "MUGS",
    "RIM_Y",
    "TILES",
    "WHITE",
    "Content",
    "Fruit",
    "Kind",
    "Setup",
    "draw_clock",
    "draw_herbs",
    "draw_jars",
    "draw_kitchen",
]

COUNTER_Y = 186.0
RIM_Y = 184.0
WHITE = Rgb(255, 255, 255)
TILES = (Rgb.of("#d9e4e2"), Rgb.of("#9fc0c6"), Rgb.of("#e8d9bd"), Rgb.of("#b9c8a8"))
COUNTERS = (Rgb.of("#a9774a"), Rgb.of("#6f5a4c"), Rgb.of("#c49a68"))
BOWLS = (Rgb.of("#f2efe8"), Rgb.of("#3d6f94"), Rgb.of("#c4694a"), Rgb.of("#4f8277"))
MUGS = (Rgb.of("#d8574a"), Rgb.of("#e8b84a"), Rgb.of("#5f8fb8"))
Kind = Literal["banana", "pear", "tomato", "apple"]
Content = Literal["mixed-fruit", "pears", "tomatoes"]
AGES: dict[Kind, tuple[Rgb, Rgb, Rgb]] = {
    "banana": (Rgb.of("#7fb03c"), Rgb.of("#f8d03c"), Rgb.of("#5e3d20")),
    "pear": (Rgb.of("#72a63c"), Rgb.of("#ecc64a"), Rgb.of("#7d5430")),
    "tomato": (Rgb.of("#94bb4c"), Rgb.of("#e5352a"), Rgb.of("#6f2f25")),
    "apple": (Rgb.of("#86b84a"), Rgb.of("#d63a3a"), Rgb.of("#70452d")),
}
"""Colours unripe, ripe and gone off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fruit:
    """One fruit, or one bunch."""

    kind: Kind
    dx: float
    y: float
    size: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    content: Content
    unripe: bool
    """Whether the clip begins with unripe fruit; otherwise with ripe fruit."""
    side: int
    """Where the mug stands; light comes from the other side."""
    x: float
    fruits: tuple[Fruit, ...]
    tiles: Rgb
    counter: Rgb
    bowl: Rgb
    mug: Rgb
    hour: float
    phase: float


def draw_kitchen(stage: Stage, setup: Setup) -> None:
    """Draws the tiled wall and the counter."""
    wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 64)
    lit, dim = mix(setup.tiles, WHITE, 0.3), shade(setup.tiles, 0.66)
    near, far = (240 - setup.side * 240, 240 + setup.side * 280)
    stage.paint(wall, linear((near, 0), (far, 60), lit, setup.tiles, dim))
    rng = np.random.default_rng(int(setup.phase * 1e6))
    for row in range(-1, 7):
        for column in range(-2, 15):
            px, py = column * 40 + (row % 2) * 20, row * 30 + 6
            tile = stage.rect(px + 1, py + 1, 38, 28, radius=1.5)
            tint = float(rng.uniform(-1, 1))
            stage.effect(tile, flat(WHITE if tint > 0 else Rgb(0, 0, 0), alpha=abs(tint) * 0.06))
            stage.effect(stage.rect(px + 2, py + 2, 36, 1.2), flat(WHITE, alpha=0.4))
            stage.effect(tile, flat(shade(setup.tiles, 0.55), alpha=0.45), line=1)
    beam = 240 - setup.side * 120
    for shift in (0, 62):
        patch = [
            (beam + dx * setup.side + shift * setup.side, y) for dx, y in ((-64, -20), (-14, -20), (60, 186), (4, 186))
        ]
        stage.effect(stage.polygon(patch), flat(Rgb(255, 244, 206), alpha=0.3, blur=4))
    top = stage.rect(-64, COUNTER_Y, WIDTH + 128, 160)
    stage.shadow(stage.rect(-64, COUNTER_Y - 6, WIDTH + 128, 8), alpha=0.4, blur=4)
    stage.paint(top, linear((0, COUNTER_Y), (0, HEIGHT), mix(setup.counter, WHITE, 0.16), shade(setup.counter, 0.72)))
    stage.textured(top, "wood", strength=0.15, seed=2)
    stage.effect(stage.rect(-64, COUNTER_Y - 1, WIDTH + 128, 2.5), flat(Rgb(255, 240, 214), alpha=0.5, blur=0.8))


def draw_jars(stage: Stage, setup: Setup) -> None:
    """Draws the shelf with its jars."""
    side = setup.side
    x0, y = 240 + side * 150, 92.0
    shelf = stage.rect(x0 - 88, y, 176, 8, radius=1)
    stage.shadow(stage.rect(x0 - 84, y + 10, 172, 10), alpha=0.35, blur=5)
    contents = (Rgb.of("#c9853f"), Rgb.of("#efe6d0"), Rgb.of("#7a3f2c"), Rgb.of("#c8b04a"))
    for k, tone in enumerate(contents):
        x, high = x0 + (k - 1.5) * 38, 40.0 + 6 * (k % 2)
        stage.shadow(stage.rect(x - 11 + side * 6, y - high + 4, 26, high - 2, radius=4), alpha=0.2, blur=3)
        glass = stage.rect(x - 14, y - high, 28, high, radius=4)
        stage.paint(glass, flat(Rgb.of("#e6f0f0"), alpha=0.65), part="jars")
        fill = stage.rect(x - 12.5, y - high * 0.7, 25, high * 0.7 - 1.5, radius=3)
        stage.paint(fill, linear((x - 12, 0), (x + 12, 0), shade(tone, 1.15), shade(tone, 0.7)), part="jars")
        stage.textured(fill, "grass", strength=0.25, seed=k)
        lid = stage.rect(x - 13, y - high - 6, 26, 8, radius=2)
        stage.paint(lid, linear((x - 13, 0), (x + 13, 0), Rgb.of("#c9a06a"), Rgb.of("#7d5a34")), part="jars")
        stage.effect(stage.rect(x - 10, y - high + 3, 3, high - 8, radius=1.5), flat(WHITE, alpha=0.55, blur=0.8))
    stage.paint(shelf, linear((0, y), (0, y + 8), mix(setup.counter, WHITE, 0.2), shade(setup.counter, 0.6)))


def draw_clock(stage: Stage, setup: Setup, clock: Clock) -> None:
    """Draws the clock with its pendulum."""
    x, y = 240 - setup.side * 50, 40.0
    swing = 13 * math.sin(clock.time_s * 2 * math.pi)
    with stage.moved(x, y + 14, turn_deg=swing):
        stage.paint(stage.rect(-1.2, 0, 2.4, 32), flat(Rgb.of("#b58a3c")), part="clock")
        bob = stage.oval(0, 35, 7)
        stage.paint(bob, radial((-2, 33), 10, Rgb.of("#fff0b4"), Rgb.of("#d9a63a"), Rgb.of("#8a6420")), part="clock")
    stage.shadow(stage.oval(x + setup.side * 5, y + 5, 31), alpha=0.35, blur=4)
    stage.paint(
        stage.oval(x, y, 31),
        linear((x - 30, y - 30), (x + 30, y + 30), Rgb.of("#a8713f"), Rgb.of("#5d3a20")),
        part="clock",
    )
    stage.paint(stage.oval(x, y, 25.5), radial((x - 6, y - 8), 40, Rgb.of("#fffdf4"), Rgb.of("#e4dac4")), part="clock")
    for k in range(12):
        with stage.moved(x, y, turn_deg=30 * k):
            stage.paint(stage.rect(-0.8, -23.5, 1.6, 5 if k % 3 == 0 else 3), flat(Rgb.of("#4a3a2c")), part="clock")
    for turn, length, wide in (
        (setup.hour * 30, 12, 3.0),
        (setup.hour * 360 % 360, 18, 2.2),
        (clock.time_s * 6 + setup.phase * 57, 20, 0.9),
    ):
        with stage.moved(x, y, turn_deg=turn):
            tone = Rgb.of("#b5322a") if wide < 1 else Rgb.of("#2c2622")
            stage.paint(stage.rect(-wide / 2, -length, wide, length + 3, radius=wide / 2), flat(tone), part="clock")
    stage.paint(stage.oval(x, y, 2), flat(Rgb.of("#2c2622")), part="clock")


def draw_herbs(stage: Stage, setup: Setup, clock: Clock) -> None:
    """Draws the pot of herbs."""
    x, foot = setup.x - setup.side * 152, 226.0
    clay = Rgb.of("#bf6b45")
    stage.shadow(stage.oval(x + setup.side * 8, foot, 30, 7), alpha=0.42, blur=4)
    for k in range(9):
        lean = (k - 4) * 13.0
        sway = 2.5 * math.sin(clock.time_s * 2.4 + k * 0.9 + setup.phase)
        high = 34 - abs(k - 4) * 2.4 + (k * 5 % 4) * 4.5
        angle = -90 + lean + sway
        tip = (
            x + lean * 0.22 + high * math.cos(math.radians(angle)),
            foot - 34 + high * math.sin(math.radians(angle)),
        )
        half = ((x + lean * 0.22 + tip[0]) / 2, (foot - 34 + tip[1]) / 2)
        stalk = stage.curve([(x + lean * 0.22, foot - 32), half, tip])
        stage.paint(stalk, flat(Rgb.of("#4f7d38")), part="herbs", line=1.4)
        tone = mix(Rgb.of("#3f7f3a"), Rgb.of("#7fb54f"), (k * 3 % 5) / 5)
        for turn in (-58, 0, 58):
            leaf(stage, *tip, 17, angle + turn, tone, part="herbs", wide=0.62)
        leaf(stage, *half, 14, angle + (48 if k % 2 else -48), shade(tone, 0.85), part="herbs", wide=0.62)
    pot = stage.polygon([(x - 24, foot - 34), (x + 24, foot - 34), (x + 18, foot + 1), (x - 18, foot + 1)])
    stage.paint(pot, linear((x - 24, 0), (x + 24, 0), shade(clay, 1.15), clay, shade(clay, 0.6)), part="herbs")
    lip = stage.rect(x - 27, foot - 39, 54, 10, radius=2)
    stage.paint(lip, linear((x - 27, 0), (x + 27, 0), shade(clay, 1.25), clay, shade(clay, 0.66)), part="herbs")
