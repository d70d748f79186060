"""The boats of tide-turn, seen from their side: bow to the right, keel at the origin."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["BoatKind", "draw_boat"]

BoatKind = Literal["rowing-boat", "sailing-boat", "raft"]
_WHITE = Rgb(255, 255, 255)
_WOOD = Rgb.of("#c79f70")


def draw_boat(stage: Stage, kind: BoatKind, hull: Rgb, time_s: float) -> None:
    """Draws the boat; a pennant flutters on what has a mast."""
    if kind == "raft":
        _raft(stage, hull, time_s)
        return
    dark, pale = shade(hull, 0.55), mix(hull, _WHITE, 0.3)
    body = stage.curve(
        [(-55, -24), (-50, -8), (-36, 1), (0, 3), (34, 1), (50, -10), (62, -31), (40, -25), (0, -22), (-30, -22)],
        closed=True,
    )
    inside = stage.oval(0, -24, 54, 6.5)
    stage.paint(inside, linear((0, -31), (0, -18), Rgb.of("#5a3f2a"), Rgb.of("#8f6a48")), part="boat")
    if kind == "rowing-boat":
        for dx in (-24, 14):
            stage.paint(stage.rect(dx, -29, 9, 9), flat(_WOOD), part="boat")
    else:
        _rig(stage, hull, time_s)
    stage.paint(body, linear((0, -26), (0, 4), pale, hull, dark), part="boat")
    with stage.clipped(body):
        for k in (1, 2):
            plank = stage.curve([(-56, -24 + 8 * k), (0, -21 + 8.5 * k), (60, -28 + 8 * k)])
            stage.effect(plank, flat(dark, alpha=0.6), line=1)
    rim = stage.curve([(-55, -24), (-30, -21.5), (0, -21), (40, -24.5), (62, -31)])
    stage.paint(rim, flat(Rgb.of("#f5ead2")), part="boat", line=3)
    if kind == "rowing-boat":
        oar = stage.polygon([(-44, -30), (44, -25)], closed=False)
        stage.paint(oar, flat(Rgb.of("#e0c08c")), part="boat", line=2.6)


def _rig(stage: Stage, hull: Rgb, time_s: float) -> None:
    mast = stage.rect(8, -96, 4, 76, radius=1)
    stage.paint(mast, linear((8, 0), (12, 0), mix(_WOOD, _WHITE, 0.35), shade(_WOOD, 0.6)), part="boat")
    for end in ((60.0, -31.0), (-52.0, -25.0)):
        stage.paint(stage.polygon([(10, -94), end], closed=False), flat(Rgb.of("#e9e4d6")), part="boat", line=0.8)
    stage.paint(stage.polygon([(10, -40), (-46, -35)], closed=False), flat(shade(_WOOD, 0.75)), part="boat", line=3)
    furled = stage.curve([(9, -44), (-8, -43), (-26, -41), (-45, -39)])
    stage.paint(furled, flat(Rgb.of("#f7f0df")), part="boat", line=7)
    for k in range(4):
        x = 1 - 13 * k
        stage.effect(stage.polygon([(x, -47), (x - 1, -38)], closed=False), flat(hull), line=1.8)
    _pennant(stage, 10, -96, hull, time_s)


def _raft(stage: Stage, hull: Rgb, time_s: float) -> None:
    for x in (-40.0, -1.0, 38.0):
        barrel = stage.rect(x - 16, -15, 32, 17, radius=6)
        stage.paint(barrel, linear((0, -15), (0, 2), mix(hull, _WHITE, 0.3), hull, shade(hull, 0.5)), part="boat")
        for dx in (-9, 7):
            stage.effect(stage.rect(x + dx, -15, 2, 17), flat(shade(hull, 0.4), alpha=0.7))
    mast = stage.rect(-14, -86, 3.6, 62, radius=1)
    stage.paint(mast, linear((-14, 0), (-10, 0), mix(_WOOD, _WHITE, 0.3), shade(_WOOD, 0.6)), part="boat")
    _pennant(stage, -12, -86, hull, time_s)
    crate = stage.rect(14, -42, 24, 20, radius=1)
    stage.paint(crate, linear((14, -42), (38, -22), mix(_WOOD, _WHITE, 0.15), shade(_WOOD, 0.65)), part="boat")
    stage.effect(stage.polygon([(15, -41), (37, -23)], closed=False), flat(shade(_WOOD, 0.5)), line=1.6)
    stage.effect(crate, flat(shade(_WOOD, 0.5)), line=1.4)
    for k in range(5):
        x = -58 + 24 * k
        log = stage.rect(x, -24, 23.4, 9, radius=2)
        stage.paint(log, linear((0, -24), (0, -15), mix(_WOOD, _WHITE, 0.3), shade(_WOOD, 0.62)), part="boat")
    stage.paint(stage.rect(56, -34, 6, 14, radius=1.5), flat(shade(_WOOD, 0.7)), part="boat")
    for x in (-46.0, 2.0, 48.0):
        stage.effect(stage.rect(x, -25, 3, 11), flat(Rgb.of("#efe2c2"), alpha=0.9))


def _pennant(stage: Stage, x: float, y: float, tone: Rgb, time_s: float) -> None:
    wave = [1.6 * math.sin(time_s * 7 - k * 1.3) * k / 3 for k in range(5)]
    upper = [(x - 7 * k, y + 1 + wave[k] + 0.9 * k) for k in range(5)]
    lower = [(x - 7 * k, y + 12 + wave[k] - 1.6 * k) for k in range(4, -1, -1)]
    flag = stage.polygon([*upper, *lower])
    stage.paint(flag, linear((x - 28, 0), (x, 0), shade(tone, 0.8), mix(tone, _WHITE, 0.2)), part="boat")
