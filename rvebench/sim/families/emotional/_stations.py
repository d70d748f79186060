"""Where people part: a railway platform, a bus stop and a quay, with a clock each; the way out is on the right."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.emotional._vehicles import Vehicle
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["EDGE_Y", "draw_air", "draw_clock_post", "draw_station", "draw_suitcase", "draw_water"]

EDGE_Y: dict[Vehicle, float] = {"bus": 206.0, "ship": 204.0, "train": 198.0}
"""Where the ground of the people begins; what is beyond lies lower."""
_MIDDLE = WIDTH / 2
_ALL = (-64, -64, WIDTH + 128, HEIGHT + 128)


def draw_station(stage: Stage, vehicle: Vehicle, evening: float) -> None:
    """Draws all that stands still, without the clock and the suitcase."""
    low = mix(Rgb.of("#dfe8ea"), Rgb.of("#f6c890"), evening)
    high = mix(Rgb.of("#8fb4cc"), Rgb.of("#8a7fa8"), evening)
    stage.paint(stage.rect(*_ALL), linear((0, -30), (0, 150), high, low))
    if vehicle == "train":
        _hall(stage, low, evening)
    elif vehicle == "bus":
        _street(stage, low, evening)
    else:
        _harbour(stage, low, evening)
    edge = EDGE_Y[vehicle]
    stage.shadow(stage.rect(-64, edge - 8, WIDTH + 128, 14), alpha=0.5, blur=5)
    floor = stage.rect(-64, edge, WIDTH + 128, 160)
    near, far = {
        "train": (Rgb.of("#7a736c"), Rgb.of("#a39a90")),
        "bus": (Rgb.of("#8a857e"), Rgb.of("#b0a89c")),
        "ship": (Rgb.of("#7c5e42"), Rgb.of("#a88258")),
    }[vehicle]
    stage.paint(floor, linear((0, edge), (0, 272), far, near))
    stage.textured(floor, "wood" if vehicle == "ship" else "stone", strength=0.16, seed=6)
    stage.paint(stage.rect(-64, edge, WIDTH + 128, 4), flat(Rgb.of("#d8d2c4")))
    if vehicle == "train":
        stage.paint(stage.rect(-64, edge + 9, WIDTH + 128, 5), flat(Rgb.of("#e4c24a")))
    for slab in range(-3, 24):
        x = slab * 34.0
        joint = stage.polygon([(x, edge + 16), (x + (x - 240) * 0.3, 290)], closed=False)
        stage.effect(joint, flat(Rgb(0, 0, 0), alpha=0.14), line=1)
    if vehicle == "ship":
        for x in (44.0, 452.0):
            stage.shadow(stage.oval(x + 5, 227, 18, 4), alpha=0.4, blur=3)
            iron = linear((x - 10, 0), (x + 10, 0), Rgb.of("#5a6064"), Rgb.of("#22262a"))
            stage.paint(stage.rect(x - 9, 204, 18, 23, radius=4), iron)
            stage.paint(stage.oval(x, 204, 13, 5), iron)


def _hall(stage: Stage, low: Rgb, evening: float) -> None:
    _houses(stage, low, evening, foot=170.0)
    iron = Rgb.of("#4a5058")
    roof = stage.polygon([(-64, -64), (544, -64), (544, 14), (240, 2), (-64, 14)])
    stage.paint(roof, linear((0, -64), (0, 14), Rgb.of("#2c3238"), iron))
    for rib in range(-1, 10):
        x = rib * 56.0
        beam = stage.polygon([(x, 14), (x + 28, -30), (x + 56, 14)], closed=False)
        stage.paint(beam, flat(shade(iron, 0.6)), line=2.4)
    gravel = stage.rect(-64, 168, WIDTH + 128, 40)
    stage.paint(gravel, linear((0, 168), (0, 200), Rgb.of("#6a645e"), Rgb.of("#3c3834")))
    stage.textured(gravel, "stone", strength=0.25, seed=4)


def _houses(stage: Stage, low: Rgb, evening: float, *, foot: float) -> None:
    for block in range(9):
        x, tall = -50.0 + 66 * block, 68 + 17 * ((block * 5) % 4)
        tone = mix(mix(Rgb.of("#7a8494"), Rgb.of("#94706c"), evening), low, 0.4)
        stage.paint(stage.rect(x, foot - tall, 62, tall), flat(tone))
        for pane in range(8):
            spot = stage.rect(x + 8 + 13 * (pane % 4), foot + 8 - tall + 15 * (pane // 4), 6, 8)
            stage.effect(spot, flat(shade(tone, 0.8)))


def _street(stage: Stage, low: Rgb, evening: float) -> None:
    tones = ("#b86a50", "#d8b478", "#7f9a8a", "#a8808e", "#c89a68", "#8494a8")
    for house in range(6):
        x, tall = -56.0 + 100 * house, 132 + 22 * ((house * 2) % 3)
        tone = mix(mix(Rgb.of(tones[house]), low, 0.3), Rgb.of("#8a5a50"), 0.3 * evening)
        wall = stage.rect(x, 176 - tall, 99, tall)
        stage.paint(wall, linear((0, 176 - tall), (0, 176), tone, shade(tone, 0.8)))
        for pane in range(6):
            spot = stage.rect(x + 12 + 30 * (pane % 3), 186 - tall + 36 * (pane // 3), 16, 22, radius=1)
            stage.paint(spot, flat(mix(shade(tone, 0.55), Rgb.of("#ffdc90"), 0.7 * evening * ((pane + house) % 2))))
        stage.paint(stage.rect(x + 8, 134, 83, 34, radius=2), flat(shade(tone, 0.5)))
        awning = linear((0, 126), (0, 140), Rgb.of(tones[(house + 2) % 6]), shade(Rgb.of(tones[(house + 2) % 6]), 0.7))
        stage.paint(stage.polygon([(x + 4, 128), (x + 95, 128), (x + 99, 142), (x, 142)]), awning)
    stage.paint(stage.rect(-64, 166, WIDTH + 128, 12), flat(Rgb.of("#a8a298")))
    road = stage.rect(-64, 176, WIDTH + 128, 34)
    stage.paint(road, linear((0, 176), (0, 208), Rgb.of("#5a5c62"), Rgb.of("#484a50")))
    stage.textured(road, "noise", strength=0.14, seed=8)
    for dash in range(-1, 12):
        stage.paint(stage.rect(dash * 48, 183, 24, 2.4), flat(Rgb.of("#e6e2d4"), alpha=0.8))


def _harbour(stage: Stage, low: Rgb, evening: float) -> None:
    hill = mix(mix(Rgb.of("#6f8a86"), Rgb.of("#8a6a7a"), evening), low, 0.35)
    coast = stage.curve([(-64, 150), (-64, 120), (60, 108), (170, 128), (300, 114), (420, 130), (544, 112), (544, 150)],
                        closed=True)  # fmt: skip
    stage.paint(coast, linear((0, 104), (0, 146), hill, mix(hill, low, 0.3)))
    tower = stage.polygon([(446, 128), (449, 84), (459, 84), (462, 128)])
    stage.paint(tower, linear((446, 0), (462, 0), Rgb.of("#f4efe4"), Rgb.of("#b4aca0")))
    for band in (94.0, 112.0):
        stage.paint(stage.rect(448, band, 12, 8), flat(Rgb.of("#c8483c")))
    stage.paint(stage.rect(449, 74, 10, 10), flat(Rgb.of("#ffe6a0")))
    stage.paint(stage.polygon([(446, 75), (462, 75), (454, 66)]), flat(Rgb.of("#7a2c28")))
    sea = stage.rect(-64, 140, WIDTH + 128, 80)
    deep = mix(Rgb.of("#3f7488"), Rgb.of("#6a5f7c"), 0.6 * evening)
    stage.paint(sea, linear((0, 140), (0, 206), mix(deep, low, 0.45), deep, shade(deep, 0.75)))


def draw_water(stage: Stage, time_s: float, *, near: bool, wake: float = 0.0) -> None:
    """Draws waves beyond the ship, or near ones before it with the foam of a ship that sails, `wake` 0..1."""
    for row in range(2):
        y = (192.0 if near else 150.0) + 7 * row * (1 if near else 2)
        sway = 9 * math.sin(time_s * 1.4 + row)
        crest = [(x + sway, y + 1.6 * math.sin(0.09 * x + 2.1 * time_s + row)) for x in range(-64, WIDTH + 65, 32)]
        stage.effect(stage.curve(crest), flat(Rgb(226, 240, 244), alpha=0.3), line=1.2)
    if wake:
        for foam in range(9):
            age = (time_s * 0.8 + foam / 9) % 1
            spot = stage.oval(30 + 42 * foam + 14 * math.sin(foam * 2.3), 193 + 7 * age, 15 + 14 * age, 2.2 + 1.6 * age)
            stage.effect(spot, flat(Rgb(244, 250, 252), alpha=0.6 * wake * math.sin(math.pi * age), blur=1.2))


def draw_clock_post(stage: Stage, phase: float, time_s: float) -> None:
    """Draws a post with a clock."""
    post = _MIDDLE + 176
    stage.shadow(stage.oval(post + 6, 226, 22, 5), alpha=0.4, blur=3)
    column = stage.rect(post - 6, -64, 12, 290)
    stage.paint(column, linear((post - 6, 0), (post + 6, 0), Rgb.of("#6a747c"), Rgb.of("#30363c")))
    stage.paint(stage.rect(post - 12, 212, 24, 14, radius=2), flat(Rgb.of("#3a4046")))
    x, y = _MIDDLE + 142, 46.0
    stage.paint(stage.rect(x, y - 2, 30, 4), flat(Rgb.of("#30363c")), part="clock")
    stage.paint(stage.oval(x, y, 21), flat(Rgb.of("#2a2f34")), part="clock")
    stage.paint(stage.oval(x, y, 17.5), radial((x - 5, y - 6), 28, Rgb.of("#fcf9ee"), Rgb.of("#dcd6c4")), part="clock")
    for hour in range(12):
        turn = hour * math.pi / 6
        dot = stage.oval(x + 14.5 * math.sin(turn), y - 14.5 * math.cos(turn), 1)
        stage.paint(dot, flat(Rgb.of("#2a2f34")), part="clock")
    for length, turn, wide in ((8.5, phase, 2.2), (12.5, phase * 12, 1.5), (13.5, time_s * 1.6, 0.7)):
        hand = stage.polygon([(x, y), (x + length * math.sin(turn), y - length * math.cos(turn))], closed=False)
        stage.paint(hand, flat(Rgb.of("#1a1c20") if wide > 1 else Rgb.of("#c8342c")), part="clock", line=wide)


def draw_suitcase(stage: Stage, x: float) -> None:
    """Draws a packed suitcase on the ground."""
    stage.shadow(stage.oval(x + 6, 259, 30, 5), alpha=0.4, blur=3)
    handle = stage.rect(x - 8, 217, 16, 10, radius=3)
    stage.paint(handle, flat(Rgb.of("#4a2e1c")), part="suitcase", line=2.6)
    case = stage.rect(x - 22, 224, 44, 34, radius=4)
    stage.paint(case, linear((0, 224), (0, 258), Rgb.of("#b0743c"), Rgb.of("#6e421e")), part="suitcase")
    for strap in (-13, 9):
        stage.paint(stage.rect(x + strap, 224, 4, 34), flat(Rgb.of("#5a3418")), part="suitcase")


def draw_air(stage: Stage, vehicle: Vehicle, time_s: float) -> None:
    """Draws what drifts in the air: steam, exhaust or gulls."""
    if vehicle == "ship":
        for bird in range(3):
            x = (90 + 150 * bird + 26 * time_s) % 560 - 40
            y = 26 + 16 * bird + 7 * math.sin(time_s * 1.8 + 2 * bird)
            flap = 7 * math.sin(time_s * 8 + 1.6 * bird)
            wings = stage.curve([(x - 15, y - flap), (x - 6, y - 3), (x, y), (x + 6, y - 3), (x + 15, y - flap)])
            stage.effect(wings, flat(Rgb.of("#fbfaf4")), line=2.6)
            stage.effect(stage.oval(x, y, 5.5, 2.3), flat(Rgb.of("#f2f0ea")))
        return
    count, low = (7, 210.0) if vehicle == "train" else (4, 196.0)
    for puff in range(count):
        age = (time_s * 0.4 + puff / count) % 1
        x = _MIDDLE + (60 - 46 * puff + 30 * age if vehicle == "train" else -190 - 26 * age + 9 * puff)
        size = 1.0 if vehicle == "train" else 0.55
        cloud = stage.oval(x, low - 34 * age * size, (20 + 30 * age) * size, (9 + 10 * age) * size)
        tone = Rgb(246, 246, 248) if vehicle == "train" else Rgb(120, 120, 126)
        stage.effect(cloud, flat(tone, alpha=0.22 * math.sin(math.pi * age), blur=6))
