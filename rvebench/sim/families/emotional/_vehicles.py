"""What carries someone off: a train, a bus and a ship, each bound for the right, with a passenger who looks out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import WIDTH, Stage, flat, linear, radial

__all__ = ["VEHICLES", "Passenger", "Vehicle", "draw_bus", "draw_ship", "draw_train"]

Vehicle = Literal["bus", "ship", "train"]
VEHICLES: tuple[Vehicle, ...] = ("bus", "ship", "train")
Passenger = Callable[[float, float, float], None] | None
"""Draws the passenger with the feet at (x, y), at a scale; None while nobody is aboard."""

_GLASS = (Rgb.of("#f2dca4"), Rgb.of("#b08c58"))
_PART = "vehicle"


def _window(stage: Stage, x: float, y: float, width: float, height: float, frame: Rgb, passenger: Passenger) -> None:
    stage.paint(stage.rect(x - 3, y - 3, width + 6, height + 6, radius=5), flat(frame), part=_PART)
    glass = stage.rect(x, y, width, height, radius=4)
    stage.paint(glass, linear((x, y), (x + width, y + height), *_GLASS), part=_PART)
    with stage.clipped(glass):
        if passenger:
            passenger(x + width / 2 + 2, y + 108, 0.95)
        else:
            back = stage.rect(x + 12, y + height * 0.55, width - 24, 30, radius=6)
            stage.paint(back, flat(Rgb.of("#7a4038")), part=_PART)
        gloss = [(x, y + height), (x + width * 0.54, y - 2), (x + width * 0.72, y - 2), (x + 6, y + height + 6)]
        stage.effect(stage.polygon(gloss), flat(Rgb(255, 255, 255), alpha=0.16))


def draw_train(stage: Stage, tone: Rgb, shift: float, time_s: float, passenger: Passenger) -> None:
    """Draws the cars of a train; the passenger looks out right of the middle."""
    rattle = 0.7 * math.sin(time_s * 21) if passenger else 0.0
    top, foot = 54 + rattle, 202.0
    # What the camera cannot see would take half of the time.
    reach = WIDTH / 2 / stage.camera.zoom + 16
    left, right = WIDTH / 2 - reach, WIDTH / 2 + reach
    for car in (-1, 0, 1):
        x = 22.0 + 426 * car + shift
        if not left - 430 < x < right:
            continue
        stage.paint(stage.rect(x + 404, foot - 34, 26, 10), flat(Rgb.of("#22262a")), part=_PART)
        body = stage.rect(x, top, 416, foot - top, radius=9)
        stage.paint(body, linear((0, top), (0, foot), shade(tone, 1.25), tone, shade(tone, 0.55)), part=_PART)
        stage.paint(stage.rect(x, top - 5, 416, 14, radius=6), flat(Rgb.of("#c9c6bc")), part=_PART)
        stage.paint(stage.rect(x, top + 84, 416, 5), flat(Rgb.of("#e6c878")), part=_PART)
        for pane, at in enumerate((20.0, 84.0, 148.0, 268.0, 332.0)):
            rider = passenger if car == 0 and pane == 3 else None
            if left - 56 < x + at < right:
                _window(stage, x + at, top + 28, 52, 46, shade(tone, 0.5), rider)
        door = stage.rect(x + 206, top + 20, 44, foot - top - 24, radius=3)
        if passenger:
            leaf = linear((x + 206, 0), (x + 250, 0), shade(tone, 1.1), shade(tone, 0.7))
            stage.paint(door, leaf, part=_PART)
            stage.paint(door, flat(shade(tone, 0.45)), part=_PART, line=1.6)
            stage.paint(stage.rect(x + 214, top + 28, 28, 42, radius=3), flat(Rgb.of("#b8a070")), part=_PART)
        else:
            stage.paint(door, linear((0, top), (0, foot), Rgb.of("#f6e2ae"), Rgb.of("#9a7a48")), part=_PART)
            stage.paint(stage.rect(x + 240, top + 50, 3, foot - top - 60), flat(Rgb.of("#d8c070")), part=_PART)


def draw_bus(stage: Stage, tone: Rgb, shift: float, time_s: float, passenger: Passenger) -> None:
    """Draws a bus on the road, its door in front."""
    x, hum = 54.0 + shift, 0.5 * math.sin(time_s * 26)
    top, foot = 58 + hum, 188.0 + hum
    stage.shadow(stage.rect(x + 6, 190, 356, 15, radius=7), alpha=0.55, blur=4)
    body = stage.curve(
        [(x, top + 16), (x + 10, top + 2), (x + 60, top), (x + 322, top), (x + 352, top + 6), (x + 362, top + 50),
         (x + 364, foot - 8), (x + 356, foot), (x + 8, foot), (x, foot - 8)],
        closed=True,
    )  # fmt: skip
    stage.paint(body, linear((0, top), (0, foot), shade(tone, 1.3), tone, shade(tone, 0.6)), part=_PART)
    with stage.clipped(body):
        stage.paint(stage.rect(x - 4, top + 82, 380, 10), flat(Rgb.of("#f2ead8")), part=_PART)
        stage.paint(stage.rect(x - 4, foot - 10, 380, 12), flat(Rgb.of("#2a2e34")), part=_PART)
        stage.effect(stage.rect(x - 4, top + 5, 380, 5), flat(Rgb(255, 255, 255), alpha=0.22, blur=1.5))
    for pane in range(5):
        _window(stage, x + 14 + 56 * pane, top + 24, 48, 46, shade(tone, 0.45), passenger if pane == 4 else None)
    door = stage.rect(x + 298, top + 22, 34, foot - top - 28, radius=3)
    if passenger:
        stage.paint(door, linear((x + 298, 0), (x + 332, 0), Rgb.of("#cfd8da"), Rgb.of("#8a989c")), part=_PART)
        stage.paint(door, flat(Rgb.of("#2c3236")), part=_PART, line=2)
        middle = stage.polygon([(x + 315, top + 22), (x + 315, foot - 6)], closed=False)
        stage.paint(middle, flat(Rgb.of("#2c3236")), part=_PART, line=2)
    else:
        stage.paint(door, linear((0, top), (0, foot), Rgb.of("#f6e2ae"), Rgb.of("#8a6a40")), part=_PART)
        stage.paint(stage.rect(x + 322, top + 48, 3, foot - top - 60), flat(Rgb.of("#d8c070")), part=_PART)
    screen = stage.polygon([(x + 340, top + 20), (x + 352, top + 22), (x + 359, top + 66), (x + 340, top + 68)])
    stage.paint(screen, linear((x + 340, 0), (x + 360, 0), Rgb.of("#d8e6ea"), Rgb.of("#8aa4b0")), part=_PART)
    stage.paint(stage.oval(x + 357, foot - 22, 4, 5), flat(Rgb.of("#fff2c4")), part=_PART)
    stage.paint(stage.rect(x + 1, foot - 28, 4, 10, radius=1), flat(Rgb.of("#d8342c")), part=_PART)
    for wheel in (72.0, 268.0):
        place = (x + wheel, 187.0)
        stage.paint(stage.oval(place[0], place[1] - 2, 23, 21), flat(shade(tone, 0.3)), part=_PART)
        stage.paint(stage.oval(*place, 18), flat(Rgb.of("#1c1e22")), part=_PART)
        stage.paint(stage.oval(*place, 10), flat(Rgb.of("#a8aeb2")), part=_PART)
        for bolt in range(5):
            turn = shift / 18 + bolt * math.tau / 5
            spot = stage.oval(place[0] + 6.4 * math.cos(turn), place[1] + 6.4 * math.sin(turn), 1.6)
            stage.paint(spot, flat(Rgb.of("#50565a")), part=_PART)


def draw_ship(stage: Stage, tone: Rgb, shift: float, time_s: float, passenger: Passenger) -> None:
    """Draws a steamer at the quay or just off it; the passenger stands at the railing."""
    roll = 1.2 * math.sin(time_s * 1.5)
    white, x = Rgb.of("#f2efe6"), shift
    off = min(1.0, shift / 60)
    with stage.moved(0, roll - 9 * off, turn_deg=0.12 * roll):
        _funnel(stage, tone, x, time_s)
        cabin = stage.rect(x - 60, 66, 300, 64, radius=4)
        stage.paint(cabin, linear((0, 66), (0, 130), shade(white, 1.0), shade(white, 0.78)), part=_PART)
        for pane in range(7):
            glass = stage.rect(x - 6 + 34 * pane, 78, 20, 18, radius=3)
            stage.paint(glass, linear((0, 78), (0, 96), Rgb.of("#6f97ac"), Rgb.of("#34566c")), part=_PART)
        stage.paint(stage.rect(x - 66, 60, 312, 8, radius=3), flat(shade(tone, 0.9)), part=_PART)
        if passenger:
            passenger(x + 300, 148, 0.92)
        rail = flat(Rgb.of("#dfe3e2"))
        stage.paint(stage.polygon([(x - 64, 112), (x + 372, 112)], closed=False), rail, part=_PART, line=2.6)
        stage.paint(stage.polygon([(x - 64, 122), (x + 376, 122)], closed=False), rail, part=_PART, line=1.4)
        for post in range(-2, 16):
            pole = stage.polygon([(x + 24 * post, 112), (x + 24 * post, 134)], closed=False)
            stage.paint(pole, rail, part=_PART, line=1.4)
        hull = stage.curve(
            [(x - 90, 131), (x + 120, 132), (x + 330, 128), (x + 404, 118), (x + 386, 156), (x + 356, 206),
             (x + 120, 210), (x - 90, 210)],
            closed=True,
        )  # fmt: skip
        stage.paint(hull, linear((0, 126), (0, 206), shade(tone, 1.25), tone, shade(tone, 0.55)), part=_PART)
        with stage.clipped(hull):
            stage.paint(stage.rect(x - 94, 186, 520, 30), flat(Rgb.of("#6a2c28")), part=_PART)
            stage.paint(stage.rect(x - 94, 138, 520, 4), flat(Rgb.of("#f2ead8")), part=_PART)
        for hole in range(9):
            place = (x - 20 + 42 * hole, 160.0)
            stage.paint(stage.oval(*place, 7), flat(Rgb.of("#d8b868")), part=_PART)
            stage.paint(stage.oval(*place, 5), radial((place[0] - 2, 158), 8, *_GLASS), part=_PART)


def _funnel(stage: Stage, tone: Rgb, x: float, time_s: float) -> None:
    for puff in range(5):
        age = (time_s * 0.32 + puff / 5) % 1
        cloud = stage.oval(x + 96 - 90 * age, 10 - 18 * age, 12 + 20 * age, 8 + 10 * age)
        stage.effect(cloud, flat(Rgb(92, 92, 98), alpha=0.4 * math.sin(math.pi * age), blur=5))
    pipe = stage.polygon([(x + 78, 62), (x + 82, 14), (x + 114, 14), (x + 118, 62)])
    stage.paint(pipe, linear((x + 78, 0), (x + 118, 0), shade(tone, 1.2), tone, shade(tone, 0.6)), part=_PART)
    band = stage.polygon([(x + 81, 28), (x + 81.6, 20), (x + 114.4, 20), (x + 115, 28)])
    stage.paint(band, flat(mix(tone, Rgb(255, 250, 236), 0.85)), part=_PART)
    stage.paint(stage.rect(x + 80, 10, 36, 6, radius=2), flat(Rgb.of("#26282c")), part=_PART)
