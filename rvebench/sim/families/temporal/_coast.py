"""The coast of tide-turn: what varies, and everything but the sea."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.temporal._boats import BoatKind
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear

__all__ = [
    "BOAT_Y",
    "HORIZON",
    "HULLS",
    "LOOKS",
    "LOW_Y",
    "SHADES",
    "WHITE",
    "Setup",
    "draw_back",
    "draw_gull",
    "draw_headland",
    "draw_post",
    "draw_rock",
    "draw_things",
    "draw_yacht",
]

HORIZON = 98.0
LOW_Y = 140.0
"""Where the sea ends at low water."""
BOAT_Y = 198.0
WHITE = Rgb(255, 255, 255)
LOOKS = (
    # sky above and below, sea far and near
    (Rgb.of("#4f9fd8"), Rgb.of("#dff1f8"), Rgb.of("#2f7fae"), Rgb.of("#63bcc4")),
    (Rgb.of("#6f82b8"), Rgb.of("#fbd3a4"), Rgb.of("#476d94"), Rgb.of("#8fb0b4")),
    (Rgb.of("#86a4b4"), Rgb.of("#e9ecea"), Rgb.of("#3f7580"), Rgb.of("#7fb3ae")),
)
HULLS = (Rgb.of("#c8473c"), Rgb.of("#2f6fa3"), Rgb.of("#3f8a6a"), Rgb.of("#e0a63a"))
SHADES = (Rgb.of("#e2574c"), Rgb.of("#3f8fc0"), Rgb.of("#f0b23c"), Rgb.of("#5aa878"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    rising: bool
    side: int
    """Where the lighthouse stands; the jetty comes in from the other side."""
    look: int
    boat: BoatKind
    hull: Rgb
    parasol: Rgb
    boat_x: float
    rocks: tuple[Point, ...]
    phase: float
    seed: int


def draw_back(stage: Stage, setup: Setup) -> None:
    """Draws sky and sand."""
    top, low, _, _ = LOOKS[setup.look]
    stage.paint(stage.rect(-64, -64, WIDTH + 128, 170), linear((0, -10), (0, HORIZON), top, low))
    stage.glow(240 - setup.side * 120, 40, 190, Rgb(255, 236, 196), alpha=0.3)
    sand = stage.rect(-64, HORIZON, WIDTH + 128, 260)
    stage.paint(sand, linear((0, HORIZON), (0, HEIGHT), Rgb.of("#b39b74"), Rgb.of("#d8bd8c"), Rgb.of("#efd9a8")))
    stage.textured(sand, "grass", strength=0.13)
    rng = np.random.default_rng(setup.seed)
    for k in range(26):
        y = 120 + k * 5.5
        x, wide = float(rng.uniform(-20, 460)), float(rng.uniform(50, 130))
        ripple = [(x + wide * i / 5, y + 2 * math.sin(i * 1.7 + k)) for i in range(6)]
        stage.effect(stage.curve(ripple), flat(Rgb.of("#8f7447"), alpha=0.28, blur=0.8), line=1.6)
    for _ in range(40):
        x, y = float(rng.uniform(-10, 490)), float(rng.uniform(140, 268))
        tone = (Rgb.of("#fff6e6"), Rgb.of("#8a6f5a"), Rgb.of("#d99a84"))[int(rng.integers(3))]
        stage.paint(stage.oval(x, y, 0.9 + (y - 120) * 0.012, 0.6 + (y - 120) * 0.008), flat(tone))
    for _ in range(5):
        x, y = float(rng.uniform(30, 450)), float(rng.uniform(160, 216))
        for k in range(5):
            blade = [(x, y), (x + (k - 2) * 6, y - 3 - k % 2 * 2), (x + (k - 2) * 11, y - 1 + k % 3)]
            stage.paint(stage.curve(blade), flat(Rgb.of("#566b34")), line=2)


def draw_headland(stage: Stage, setup: Setup) -> None:
    """Draws the headland with the lighthouse."""
    side, (_, low, _, _) = setup.side, LOOKS[setup.look]
    hill = [
        (240 + side * dx, y) for dx, y in ((64, 101), (92, 95), (116, 84), (150, 76), (196, 70), (250, 62), (310, 60))
    ]
    land = stage.polygon([*hill, (240 + side * 310, 108), (240 + side * 70, 104)])
    stage.paint(land, linear((0, 60), (0, 106), mix(Rgb.of("#6f9a58"), low, 0.15), mix(Rgb.of("#5f5a4c"), low, 0.12)))
    with stage.clipped(land):
        stage.textured(stage.rect(180 if side > 0 else -64, 56, 364, 54), "stone", strength=0.25, seed=3)
    foam = stage.polygon([(240 + side * 66, 104), (240 + side * 310, 108)], closed=False)
    stage.effect(foam, flat(WHITE, alpha=0.5, blur=1), line=2)
    x = 240 + side * 168
    tower = stage.polygon([(x - 9, 76), (x - 6, 22), (x + 6, 22), (x + 9, 76)])
    stage.paint(tower, linear((x - 9, 0), (x + 9, 0), Rgb.of("#ffffff"), Rgb.of("#b9bfc6")), part="lighthouse")
    with stage.clipped(tower):
        for y in (30.0, 52.0):
            band = stage.rect(x - 10, y, 20, 11)
            stage.paint(band, linear((x - 9, 0), (x + 9, 0), Rgb.of("#d8443a"), Rgb.of("#8f2a26")), part="lighthouse")
    stage.paint(stage.rect(x - 9, 19, 18, 3.5), flat(Rgb.of("#3a3f46")), part="lighthouse")
    stage.paint(stage.rect(x - 5, 9, 10, 10), flat(Rgb.of("#ffe9a0")), part="lighthouse")
    stage.paint(stage.polygon([(x - 7, 10), (x, 2), (x + 7, 10)]), flat(Rgb.of("#a8332c")), part="lighthouse")
    house = x + side * 26
    stage.paint(stage.rect(house - 11, 58, 22, 15), flat(Rgb.of("#f2ece0")), part="lighthouse")
    stage.paint(
        stage.polygon([(house - 14, 59), (house, 48), (house + 14, 59)]), flat(Rgb.of("#b5573f")), part="lighthouse"
    )


def draw_things(stage: Stage, setup: Setup) -> None:
    """Draws parasol, towel and bucket."""
    side = setup.side
    x, foot = 240 + side * 196, 262.0
    stage.shadow(stage.oval(x + side * 4, foot + 1, 64, 10), alpha=0.36, blur=4)
    stage.paint(
        stage.rect(x - 1.8, 166, 3.6, foot - 166),
        linear((x - 2, 0), (x + 2, 0), Rgb.of("#f3e6cc"), Rgb.of("#9a8462")),
        part="parasol",
    )
    for k in range(8):
        a, b = -1 + k / 4, -1 + (k + 1) / 4
        tone = setup.parasol if k % 2 else Rgb.of("#fff7e8")
        gore = stage.curve(
            [
                (x, 150),
                (x + a * 46, 162),
                (x + a * 66, 192),
                (x + (a + b) * 33, 188),
                (x + b * 66, 192),
                (x + b * 46, 162),
            ],
            closed=True,
        )
        lit = 1.08 - 0.3 * abs((a + b) / 2 + side * 0.4)
        stage.paint(gore, linear((0, 150), (0, 192), shade(tone, lit), shade(tone, lit * 0.84)), part="parasol")
    stage.paint(stage.oval(x, 150, 3, 3), flat(Rgb.of("#9a8462")), part="parasol")
    towel = stage.polygon([(x - side * 118, 258), (x - side * 60, 254), (x - side * 52, 268), (x - side * 116, 273)])
    stage.shadow(towel, alpha=0.35, blur=2.5)
    stage.paint(towel, flat(mix(setup.parasol, WHITE, 0.5)))
    bucket = 240 - side * 36
    stage.shadow(stage.oval(bucket + side * 6, 260, 18, 4), alpha=0.4, blur=2)
    red = Rgb.of("#d9483c")
    stage.paint(
        stage.curve([(bucket - 10, 240), (bucket, 226), (bucket + 10, 240)]), flat(WHITE), part="bucket", line=1.4
    )
    body = stage.polygon([(bucket - 12, 240), (bucket + 12, 240), (bucket + 9, 260), (bucket - 9, 260)])
    stage.paint(
        body, linear((bucket - 12, 0), (bucket + 12, 0), mix(red, WHITE, 0.3), red, shade(red, 0.6)), part="bucket"
    )
    stage.paint(stage.oval(bucket, 240, 12, 3.2), flat(Rgb.of("#e9cf98")), part="bucket")


def draw_rock(stage: Stage, x: float, y: float) -> None:
    """Draws a rock on the sand."""
    high = 15 + (x * 7) % 9
    stage.shadow(stage.oval(x + 3, y + 1, 24, 5), alpha=0.35, blur=2.5)
    body = stage.curve(
        [
            (x - 21, y + 1),
            (x - 17, y - high * 0.6),
            (x - 5, y - high),
            (x + 9, y - high * 0.85),
            (x + 19, y - high * 0.4),
            (x + 22, y + 2),
            (x, y + 4),
        ],
        closed=True,
    )
    stage.paint(
        body,
        linear((x - 20, y - high), (x + 16, y + 4), Rgb.of("#a59b8d"), Rgb.of("#6a6259"), Rgb.of("#443f3b")),
        part="rocks",
    )
    stage.effect(
        stage.curve([(x - 13, y - high * 0.55), (x - 4, y - high * 0.8), (x + 6, y - high * 0.7)]),
        flat(WHITE, alpha=0.3, blur=1),
        line=2,
    )
    weed = stage.curve([(x - 19, y), (x - 8, y - 4), (x + 4, y - 2), (x + 19, y - 1)])
    stage.paint(weed, flat(Rgb.of("#55682f")), part="rocks", line=4)


def draw_post(stage: Stage, setup: Setup, x: float, foot: float, row: int) -> None:
    """Draws a post of the jetty."""
    tone = shade(Rgb.of("#8f6c4a"), 0.62 + 0.3 * row)
    body = stage.rect(x - 4, 140, 8, foot - 140)
    stage.shadow(stage.oval(x + setup.side * 9, foot, 14, 3), alpha=0.4, blur=2)
    stage.paint(body, linear((x - 4, 0), (x + 4, 0), shade(tone, 1.25), shade(tone, 0.6)), part="jetty")
    slime = stage.rect(x - 4, foot - 36, 8, 36)
    wet = linear((0, foot - 36), (0, foot), tone, Rgb.of("#3f5233"), Rgb.of("#334029"))
    stage.paint(slime, wet, part="jetty")


def draw_yacht(stage: Stage, x: float, y: float, side: int, time_s: float) -> None:
    """Draws a yacht far out."""
    with stage.moved(x, y, turn_deg=2 * math.sin(time_s * 1.8)):
        stage.paint(stage.polygon([(-14, -5), (14, -5), (9, 1), (-10, 1)]), flat(Rgb.of("#41525f")), part="yacht")
        stage.paint(
            stage.polygon([(0, -38), (0, -7), (side * 15, -7)]),
            linear((0, 0), (side * 15, 0), WHITE, Rgb.of("#cfd6dc")),
            part="yacht",
        )
        stage.paint(
            stage.polygon([(-side * 2, -34), (-side * 2, -7), (-side * 12, -7)]),
            flat(Rgb.of("#e06a4f")),
            part="yacht",
        )


def draw_gull(stage: Stage, x: float, y: float, side: int, time_s: float) -> None:
    """Draws a flying gull."""
    flap = 7 * math.sin(time_s * 8)
    with stage.moved(x, y):
        stage.paint(stage.oval(0, 0, 9, 3), flat(WHITE), part="gull")
        stage.paint(stage.oval(-side * 8.5, -1.6, 3, 2.5), flat(WHITE), part="gull")
        stage.paint(
            stage.polygon([(-side * 11, -2), (-side * 15, -0.8), (-side * 11, 0)]),
            flat(Rgb.of("#e8a33a")),
            part="gull",
        )
        for wing, tone in ((-1, Rgb.of("#c3cbd3")), (1, Rgb.of("#e6ebef"))):
            tip = (wing * 17 + side * 6, -7 - flap)
            body = stage.polygon(
                [
                    (-side * 4, -1),
                    (wing * 9, -8 - flap * 0.6),
                    tip,
                    (wing * 8 + side * 4, -4 - flap * 0.4),
                    (side * 5, 0),
                ]
            )
            stage.paint(body, flat(tone), part="gull")
            stage.effect(stage.oval(*tip, 2, 1.2), flat(Rgb.of("#2c3238"), alpha=0.9))
