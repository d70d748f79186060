"""The terrace of ice-melt: what varies, and everything but the plate."""

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
    "CLOTHS",
    "DRINKS",
    "FLAVOURS",
    "NEARER",
    "PLATE_Y",
    "WHITE",
    "WOODS",
    "Kind",
    "Piece",
    "Setup",
    "draw_garden",
    "draw_glass",
    "draw_leaves",
    "draw_lemon",
    "draw_table",
]

TABLE_Y = 138.0
PLATE_Y = 204.0
NEARER = (-0.2 * WIDTH / 2, -0.2 * 186)
"""Moves the scene so that, enlarged by a fifth, the table fills the frame."""
WHITE = Rgb(255, 255, 255)
FLAVOURS = (Rgb.of("#f29ab0"), Rgb.of("#fbe3a6"), Rgb.of("#9c6a4c"), Rgb.of("#a9d9ae"), Rgb.of("#b9a3dc"))
WOODS = (Rgb.of("#b9834f"), Rgb.of("#a89a86"), Rgb.of("#c9a876"))
CLOTHS = (Rgb.of("#c65349"), Rgb.of("#3f78a8"), Rgb.of("#4f9272"), Rgb.of("#d8a43c"))
DRINKS = (Rgb.of("#f2d24f"), Rgb.of("#f08a3c"), Rgb.of("#d8465a"), Rgb.of("#8fc46a"))


Kind = Literal["ice", "lollies", "sundae"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One cube, lolly or scoop."""

    dx: float
    dy: float
    lift: float
    """Height above the plate, in pieces: what lies below it."""
    size: float
    turn: float
    flavour: Rgb


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    kind: Kind
    x: float
    side: int
    """Where the glass stands, and the light comes from the other side: -1 or 1."""
    pieces: tuple[Piece, ...]
    wood: Rgb
    cloth: Rgb
    drink: Rgb
    plate: Rgb
    phase: float


def draw_garden(stage: Stage, setup: Setup) -> None:
    """Draws the garden beyond the table."""
    back = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    stage.paint(
        back, linear((0, -20), (0, 150), Rgb.of("#bfe3f2"), Rgb.of("#a9cf86"), Rgb.of("#5f9a4c"), Rgb.of("#3f7a3a"))
    )
    rng = np.random.default_rng(int(setup.phase * 1e6))
    for _ in range(46):
        x, y, r = rng.uniform(-40, 520), rng.uniform(10, 140), rng.uniform(12, 30)
        tone = mix(Rgb.of("#2f6a35"), Rgb.of("#a6cf62"), float(rng.random()))
        stage.effect(stage.oval(x, y, r), flat(tone, alpha=0.42, blur=5))
    for _ in range(12):
        x, y, r = rng.uniform(-20, 500), rng.uniform(40, 128), rng.uniform(5, 11)
        tone = (Rgb.of("#f7a8b8"), Rgb.of("#ffe08a"), Rgb.of("#ffffff"))[int(rng.integers(3))]
        stage.effect(stage.oval(x, y, r), flat(tone, alpha=0.5, blur=2.4))
    stage.glow(240 - setup.side * 190, -10, 280, Rgb(255, 244, 200), alpha=0.75)


def draw_leaves(stage: Stage, setup: Setup, clock: Clock) -> None:
    """Draws a branch that hangs into the picture."""
    x0 = 240 + setup.side * 222
    for index in range(13):
        reach = 30 + index * 11
        sway = math.sin(clock.time_s * 2.4 + setup.phase + index * 0.35)
        x, y = x0 - setup.side * reach, 42 + index * 1.6 + sway * (1 + index * 0.22)
        angle = (180 if setup.side > 0 else 0) + setup.side * (-52 if index % 2 else 38) + sway * 5
        leaf(stage, x, y, 34 - index * 0.9, angle, mix(Rgb.of("#3f7d36"), Rgb.of("#86b84a"), (index * 5 % 7) / 7))


def draw_table(stage: Stage, setup: Setup) -> None:
    """Draws the table and the cloth."""
    table = stage.rect(-64, TABLE_Y, WIDTH + 128, 220)
    near, far = shade(setup.wood, 0.78), mix(setup.wood, WHITE, 0.25)
    stage.paint(table, linear((0, TABLE_Y), (0, HEIGHT), far, setup.wood, near), part="table")
    stage.textured(table, "wood", strength=0.16, seed=2)
    for k in range(1, 5):
        y = TABLE_Y + 9 * k * (1 + 0.42 * k)
        stage.effect(stage.rect(-64, y, WIDTH + 128, 1.2 + 0.3 * k), flat(Rgb(40, 24, 14), alpha=0.4, blur=0.5))
    stage.effect(stage.rect(-64, TABLE_Y - 1, WIDTH + 128, 3), flat(Rgb(255, 240, 205), alpha=0.7, blur=0.8))
    centre = setup.x - setup.side * 60
    cloth = stage.polygon([(centre - 128, 171), (centre + 120, 171), (centre + 150, 330), (centre - 175, 330)])
    stage.shadow(cloth, alpha=0.35, blur=4)
    stage.paint(cloth, linear((0, 170), (0, HEIGHT), mix(setup.cloth, WHITE, 0.2), shade(setup.cloth, 0.85)))
    with stage.clipped(cloth):
        for k in range(-7, 9):
            band = stage.polygon(
                [
                    (centre + 20 * k, 171),
                    (centre + 20 * k + 8, 171),
                    (centre + 26 * k + 10, 330),
                    (centre + 26 * k, 330),
                ]
            )
            stage.effect(band, flat(WHITE, alpha=0.5))
        stage.textured(stage.rect(centre - 180, 171, 340, 110), "cloth", strength=0.12, seed=3)


def draw_lemon(stage: Stage, setup: Setup) -> None:
    """Draws two lemons."""
    x, y = setup.x - setup.side * 132, 182.0
    for dx, dy, size in ((0.0, 0.0, 1.0), (setup.side * -28.0, 16.0, 0.92)):
        with stage.moved(x + dx, y + dy, scale=size):
            stage.shadow(stage.oval(setup.side * 10, 14, 27, 6), alpha=0.45, blur=3)
            body = stage.curve(
                [(-25, 1), (-19, -10), (0, -16), (19, -10), (26, 0), (19, 11), (0, 16), (-19, 11)], closed=True
            )
            bright = (-setup.side * 8, -8)
            stage.paint(body, radial(bright, 34, Rgb.of("#fff1a0"), Rgb.of("#f2c72e"), Rgb.of("#b98413")), part="lemon")
            stage.effect(stage.oval(-setup.side * 9, -8, 6, 3), flat(WHITE, alpha=0.6, blur=1.6))


def draw_glass(stage: Stage, setup: Setup, clock: Clock) -> None:
    """Draws the glass with its straw."""
    x, y, side = setup.x + setup.side * 138, 218.0, setup.side
    stage.cast(x, y, 40, 74, alpha=0.32, blur=4)
    stage.effect(stage.oval(x + side * 30, y + 6, 16, 4), flat(mix(setup.drink, WHITE, 0.4), alpha=0.55, blur=3))
    stage.paint(
        stage.polygon([(x + side * 2, y - 8), (x + side * 20, y - 106)], closed=False),
        flat(setup.cloth),
        part="glass",
        line=4,
    )
    body = stage.polygon([(x - 25, y - 80), (x + 25, y - 80), (x + 19, y), (x - 19, y)])
    stage.paint(body, flat(Rgb.of("#e6f2f4"), alpha=0.32), part="glass")
    juice = stage.polygon([(x - 23.5, y - 62), (x + 23.5, y - 62), (x + 18, y - 4), (x - 18, y - 4)])
    stage.paint(
        juice,
        linear((x - 22, 0), (x + 22, 0), shade(setup.drink, 1.12), setup.drink, shade(setup.drink, 0.72), alpha=0.88),
        part="glass",
    )
    stage.paint(stage.oval(x, y - 3, 18.4, 4.5), flat(shade(setup.drink, 0.8)), part="glass")
    stage.paint(stage.oval(x, y - 62, 23.5, 5.5), flat(mix(setup.drink, WHITE, 0.4)), part="glass")
    for k in range(7):
        rise = (clock.time_s * (0.45 + 0.05 * k) + k * 0.31) % 1
        stage.effect(
            stage.oval(x - 14 + (k * 11) % 29, y - 8 - 50 * rise, 1.5),
            flat(WHITE, alpha=0.75 * math.sin(math.pi * rise)),
        )
    stage.effect(stage.oval(x, y - 80, 25, 6), flat(WHITE, alpha=0.8), line=1.4)
    stage.effect(
        stage.polygon(
            [(x - side * 20, y - 76), (x - side * 15, y - 76), (x - side * 13, y - 8), (x - side * 16, y - 8)]
        ),
        flat(WHITE, alpha=0.5, blur=1),
    )
