"""What burns down in candle-burn: what varies, and the candle, the oil lamp and the incense."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.family import Clock
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["TABLE_Y", "WHITE", "Kind", "Setup", "State", "draw_candle", "draw_incense", "draw_lamp"]

TABLE_Y = 196.0
WHITE = Rgb(255, 255, 255)
_BRASS = (Rgb.of("#f1d58c"), Rgb.of("#c0913c"), Rgb.of("#7d5a22"))
Kind = Literal["candle", "oil-lamp", "incense"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    kind: Kind
    x: float
    height: float
    width: float
    wax: Rgb
    """Colour of the wax; also tints the lamp's oil and the incense bowl."""
    oil: Rgb
    wall: Rgb
    cup: Rgb
    cup_x: float
    book: Rgb
    picture: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What differs between source and target."""

    burnt: float
    """Share of what feeds the fire that is gone, 0..1."""
    heated: float = 0.0
    """Share by which heat alone has changed it (wax and sticks sag, glass is sooted): the wrong law."""


def draw_candle(stage: Stage, setup: Setup, state: State, clock: Clock) -> None:
    """Draws the candle in its holder, and its flame."""
    x, half, foot = setup.x, setup.width / 2, TABLE_Y + 10
    top = TABLE_Y + 8 - setup.height * (1 - state.burnt)
    stage.shadow(stage.oval(x, foot + 12, half + 34, 9), alpha=0.5, blur=4)
    dish = stage.oval(x, foot + 6, half + 24, 9)
    stage.paint(dish, linear((x - 40, 0), (x + 40, 0), Rgb.of("#d8b56a"), Rgb.of("#8a6a2e")), part="holder")
    stage.effect(stage.oval(x - 8, foot + 4, half + 10, 4), flat(Rgb(255, 244, 210), alpha=0.35, blur=1.5))
    pooled = 6 + 16 * state.burnt
    pool = stage.oval(x, foot + 3, half + pooled * 0.8, 3 + pooled * 0.22)
    stage.paint(pool, flat(shade(setup.wax, 0.95)), part="candle")
    lean, drop = 46 * state.heated, 26 * state.heated
    side = [(x - half, foot + 2), (x - half + lean * 0.3, (foot + top) / 2), (x - half + lean, top + drop)]
    other = [(x + half + lean, top + drop), (x + half + lean * 0.3, (foot + top) / 2), (x + half, foot + 2)]
    body = (
        stage.curve([*side, *other])
        if state.heated
        else stage.rect(x - half, top, setup.width, foot + 2 - top, radius=3)
    )
    glow = mix(setup.wax, Rgb(255, 220, 150), 0.55)
    stage.paint(body, linear((0, top), (0, foot), glow, setup.wax, shade(setup.wax, 0.62)), part="candle")
    with stage.clipped(body):
        stage.effect(stage.rect(x - half, top, half * 0.5, 200), flat(WHITE, alpha=0.2, blur=3))
        stage.shadow(stage.rect(x + half * 0.5, top, half, 200), alpha=0.28, blur=4)
    if not state.heated:
        stage.paint(stage.oval(x, top, half, 4.5), flat(mix(glow, Rgb(255, 246, 220), 0.5)), part="candle")
        for index, place in enumerate((-0.75, -0.2, 0.45, 0.85)):
            length = (8 + 26 * state.burnt) * (0.6 + 0.4 * ((index * 7) % 3) / 2)
            drip = stage.rect(x + place * half - 2.4, top + 1, 4.8, min(length, foot - top), radius=2.4)
            stage.paint(drip, flat(mix(glow, setup.wax, 0.4)), part="candle")
    with stage.moved(x + lean, top + drop):
        _flame(stage, setup, clock)


def draw_lamp(stage: Stage, setup: Setup, state: State, clock: Clock) -> None:
    """Draws an oil lamp of clear glass, its oil as high as it stands, and the flame in its chimney."""
    x, foot = setup.x, TABLE_Y + 20
    low, high = foot - 14, foot - 74
    brass = linear((x - 34, 0), (x + 34, 0), *_BRASS)
    stage.shadow(stage.oval(x, foot + 3, 66, 10), alpha=0.5, blur=4)
    stage.paint(stage.oval(x, foot, 36, 8.5), brass, part="holder")
    stage.effect(stage.oval(x - 8, foot - 3, 22, 3), flat(Rgb(255, 244, 210), alpha=0.5, blur=1.2))
    stage.paint(
        stage.polygon([(x - 15, foot - 2), (x + 15, foot - 2), (x + 11, low), (x - 11, low)]), brass, part="holder"
    )
    font = stage.curve(
        [
            (x - 12, low + 1), (x - 40, low - 12), (x - 47, low - 32), (x - 35, high + 11), (x - 13, high),
            (x + 13, high), (x + 35, high + 11), (x + 47, low - 32), (x + 40, low - 12), (x + 12, low + 1),
        ],
        closed=True,
    )  # fmt: skip
    stage.paint(font, flat(Rgb.of("#dfeaf0"), alpha=0.3), part="holder")
    level = low - (low - high) * 0.9 * (1 - state.burnt)
    with stage.clipped(font):
        oil = stage.rect(x - 50, level, 100, low + 4 - level)
        tones = (mix(setup.oil, Rgb(255, 226, 150), 0.35), setup.oil, shade(setup.oil, 0.55))
        stage.paint(oil, linear((0, high), (0, low), *tones, alpha=0.93), part="candle")
        stage.paint(stage.oval(x, level, 47, 5), flat(mix(setup.oil, Rgb(255, 240, 200), 0.55)), part="candle")
        wick = stage.curve([(x, high), (x + 3, high + 22), (x - 4, low - 16), (x + 8, low - 4)])
        stage.effect(wick, flat(Rgb.of("#f4ead6"), alpha=0.6), line=3.2)
        stage.effect(stage.oval(x - 30, low - 34, 5, 17), flat(WHITE, alpha=0.6, blur=1.6))
        stage.effect(stage.oval(x + 35, low - 28, 2.4, 11), flat(WHITE, alpha=0.4, blur=1.4))
    stage.effect(font, flat(WHITE, alpha=0.35), line=1.3)
    stage.paint(stage.oval(x + 24, high - 4, 5), radial((x + 22, high - 6), 8, *_BRASS), part="holder")
    stage.paint(stage.rect(x - 16, high - 9, 40, 4), brass, part="holder")
    stage.paint(stage.rect(x - 15, high - 11, 30, 13, radius=2), brass, part="holder")
    chimney = stage.curve(
        [
            (x - 11, high - 9), (x - 19, high - 26), (x - 13, high - 46), (x - 9, high - 72),
            (x + 9, high - 72), (x + 13, high - 46), (x + 19, high - 26), (x + 11, high - 9),
        ],
        closed=True,
    )  # fmt: skip
    stage.paint(chimney, flat(Rgb.of("#e8f0f4"), alpha=0.16), part="holder")
    with stage.moved(x, high - 9, scale=0.86, scale_y=0.86 * (1 + 0.9 * state.heated)):
        _flame(stage, setup, clock)
    with stage.clipped(chimney):
        if state.heated:
            black = flat(Rgb.of("#0b0908"), alpha=0.95 * state.heated, blur=5)
            stage.effect(stage.rect(x - 24, high - 90, 48, 52), black)
        stage.effect(stage.rect(x - 12, high - 64, 3.4, 44, radius=1.7), flat(WHITE, alpha=0.5, blur=1))
    stage.effect(chimney, flat(WHITE, alpha=0.4), line=1.2)


def draw_incense(stage: Stage, setup: Setup, state: State, clock: Clock) -> None:
    """Draws three incense sticks in a bowl of sand, the ash they have left, and their smoke."""
    x, foot, rim = setup.x, TABLE_Y + 22, TABLE_Y - 4
    glaze = mix(setup.oil, setup.wax, 0.3)
    stage.shadow(stage.oval(x, foot, 52, 9), alpha=0.5, blur=4)
    bowl = stage.curve(
        [(x - 42, rim), (x - 38, rim + 15), (x - 20, foot), (x + 20, foot), (x + 38, rim + 15), (x + 42, rim)]
    )
    tones = (shade(glaze, 1.3), glaze, shade(glaze, 0.5))
    stage.paint(bowl, linear((x - 42, rim), (x + 42, foot), *tones), part="holder")
    stage.paint(stage.oval(x, rim, 42, 8), flat(shade(glaze, 0.7)), part="holder")
    stage.paint(stage.oval(x, rim + 1, 37, 6.2), flat(Rgb.of("#e2d3b4")), part="holder")
    stage.effect(stage.oval(x - 24, rim + 15, 4, 8), flat(WHITE, alpha=0.5, blur=1.8))
    rng = np.random.default_rng(int(setup.phase * 1e6))
    for _ in range(int(44 * state.burnt)):
        px, py = x + float(rng.uniform(-30, 30)), rim + 1 + float(rng.uniform(-4, 4))
        with stage.moved(px, py, turn_deg=float(rng.uniform(-30, 30))):
            ash = stage.rect(-4.5, -1.4, float(rng.uniform(5, 10)), 2.8, radius=1.4)
            stage.paint(ash, flat(mix(Rgb.of("#8f8a86"), Rgb.of("#d8d5d1"), float(rng.random()))), part="candle")
    for index, lean in enumerate((-0.24, 0.04, 0.31)):
        foot_x, length = x + 14 * (index - 1), (setup.height + 6 - 7 * index) * (1 - state.burnt)
        line: list[Point] = []
        for k in range(7):
            s = k / 6
            sag = state.heated * s * s
            line.append((foot_x + lean * length * s + 40 * sag, rim + 1 - length * s * (1 - 0.42 * sag)))
        stage.paint(stage.curve(line), flat(Rgb.of("#6b4630")), part="candle", line=5.4)
        stage.effect(stage.curve([(a - 1.2, b) for a, b in line]), flat(Rgb.of("#b98a62"), alpha=0.7), line=1.4)
        stage.paint(stage.curve(line[:2]), flat(Rgb.of("#b8434a")), part="candle", line=4)
        tip = line[-1]
        pulse = 0.75 + 0.25 * math.sin(clock.time_s * 5 + index + setup.phase)
        stage.paint(stage.oval(tip[0], tip[1] - 3, 2.6, 4.4), flat(Rgb.of("#c9c4be")), part="candle")
        stage.paint(stage.oval(tip[0], tip[1] + 1, 3, 3), flat(Rgb(255, 120 * pulse + 40, 48)), part="flame")
        stage.glow(tip[0], tip[1], 15, Rgb(255, 120, 50), alpha=0.6 * pulse)
        _smoke(stage, tip, clock.time_s, setup.phase + 1.7 * index)


def _smoke(stage: Stage, tip: Point, time_s: float, phase: float) -> None:
    for part in range(4):
        line = []
        for k in range(4):
            up = part * 3 + k
            wave = 0.55 * up * math.sin(0.62 * up - 3.4 * time_s + phase)
            line.append((tip[0] + wave + 0.5 * up, tip[1] - 5 - 8.0 * up))
        haze = flat(Rgb.of("#e9e6ee"), alpha=0.42 - 0.1 * part, blur=0.9 + 0.5 * part)
        stage.effect(stage.curve(line), haze, line=2.2 + 0.9 * part)


def _flame(stage: Stage, setup: Setup, clock: Clock) -> None:
    sway = 3 * math.sin(clock.time_s * 5 + setup.phase) + 1.5 * math.sin(clock.time_s * 13)
    size = 1 + 0.06 * math.sin(clock.time_s * 9 + setup.phase) + 0.04 * math.sin(clock.time_s * 23)
    wick = stage.polygon([(0, 0), (sway * 0.2, -7)], closed=False)
    stage.paint(wick, flat(Rgb.of("#2b1d14")), part="candle", line=1.6)
    tip = (sway, -30 * size)
    outer = stage.curve(
        [(0, -3), (-6.5, -11), (sway * 0.5 - 3.5, -20 * size), tip, (sway * 0.5 + 3.5, -20 * size), (6.5, -11)],
        closed=True,
    )
    stage.paint(outer, linear((0, 0), tip, Rgb(92, 128, 232), Rgb(255, 188, 66), Rgb(255, 240, 190)), part="flame")
    stage.effect(stage.oval(sway * 0.3, -12, 2.6, 7), flat(Rgb(255, 255, 240), alpha=0.9, blur=1.2))
    stage.glow(0, -14, 34, Rgb(255, 206, 120), alpha=0.6)
