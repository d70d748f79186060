"""The front of a house at nightfall in three seasons: autumn leaves, snow, or the night of the new moon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.semantic._parts import sky, soft_spot, tree
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial

__all__ = ["DECK_Y", "Feast", "Porch", "air", "cat", "far", "house"]

DECK_Y = 204.0
"""Where the porch meets the house."""

Feast = Literal["clay-lamps", "fir-tree", "pumpkins"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Porch:
    """The house and its evening."""

    side: float
    x: float
    wall: Rgb
    door: Rgb
    dusk: float
    phase: float
    feast: Feast
    """What stands on the steps; tells the season."""


def far(stage: Stage, porch: Porch) -> None:
    """Draws the evening sky and far hills; inside a static layer."""
    high = mix(Rgb.of("#26305c"), Rgb.of("#3a2f5e"), porch.dusk)
    low = mix(Rgb.of("#d98a5a"), Rgb.of("#b8627a"), porch.dusk)
    if porch.feast == "fir-tree":
        low = mix(Rgb.of("#8fa6cf"), Rgb.of("#c58fae"), porch.dusk)
    elif porch.feast == "clay-lamps":
        high, low = shade(high, 0.55), mix(Rgb.of("#5a3f6e"), Rgb.of("#2f4f78"), porch.dusk)
    sky(stage, high, mix(high, low, 0.5), low)
    for index in range(26):
        star = stage.oval(index * 83 % 520 - 20, index * 37 % 90 - 20, 0.6 + index % 3 * 0.25)
        stage.effect(star, flat(Rgb(255, 250, 235), alpha=0.7))
    if porch.feast != "clay-lamps":  # theirs is the night of the new moon
        _moon(stage, 240 + porch.side * 196)
    ridge = [(-80 + k * 54, 168 + 14 * math.sin(k * 1.7 + porch.phase)) for k in range(13)]
    hill = stage.curve([*ridge, (600, 300), (-80, 300)], closed=True)
    stage.paint(hill, linear((0, 150), (0, 230), mix(high, low, 0.25), shade(high, 0.5)))


def _moon(stage: Stage, x: float) -> None:
    stage.glow(x, 48, 60, Rgb(255, 236, 190), alpha=0.4)
    stage.paint(stage.oval(x, 48, 20), radial((x - 5, 43), 30, Rgb.of("#fff8e2"), Rgb.of("#e6d3a4")))
    stage.effect(stage.oval(x + 6, 52, 4), flat(Rgb.of("#cdb98a"), alpha=0.5, blur=1))
    stage.effect(stage.oval(x - 6, 42, 3), flat(Rgb.of("#cdb98a"), alpha=0.4, blur=1))


def house(stage: Stage, porch: Porch) -> None:
    """Draws lawn, tree, house and steps, dressed for the season; inside a static layer."""
    x, wall = porch.x, porch.wall
    lawn = stage.rect(-64, 200, WIDTH + 128, 200)
    grass = (Rgb.of("#2f3a30"), Rgb.of("#46502f"))
    if porch.feast == "fir-tree":
        grass = (Rgb.of("#8f9dbd"), Rgb.of("#c3cde2"))
    stage.paint(lawn, linear((0, 200), (0, HEIGHT), *grass))
    stage.textured(lawn, "grass", strength=0.3, seed=3)
    if porch.feast == "clay-lamps":
        tree(stage, porch.x + porch.side * 204, 214, 118, Rgb.of("#2c4636"), 0, part="tree")
    else:
        _bare_tree(stage, porch.x + porch.side * 204, 214, porch)
    front = stage.rect(x - 158, 30, 316, 176)
    ends = ((x + porch.side * 158, 0.0), (x - porch.side * 158, 0.0))
    stage.paint(front, linear(*ends, shade(wall, 0.86), shade(wall, 0.5)), part="house")
    for row in range(20):
        stage.effect(stage.rect(x - 158, 34 + row * 9, 316, 1.6), flat(Rgb(10, 10, 25), alpha=0.28))
        stage.effect(stage.rect(x - 158, 35.6 + row * 9, 316, 1), flat(Rgb(255, 255, 255), alpha=0.06))
    roof = stage.polygon([(x - 182, 40), (x + 182, 40), (x + 150, -16), (x - 150, -16)])
    stage.paint(roof, linear((0, -16), (0, 40), Rgb.of("#3b3442"), Rgb.of("#584a50")), part="house")
    stage.textured(roof, "stone", strength=0.2, seed=4)
    stage.shadow(stage.rect(x - 158, 40, 316, 12), alpha=0.5, blur=4)
    stage.paint(stage.rect(x - 184, 36, 368, 7), flat(Rgb.of("#b9b2a6")), part="house")
    for dx in (-98.0, 98.0):
        _window(stage, x + dx, 72)
    _door(stage, x, porch.door)
    deck = stage.polygon([(x - 168, DECK_Y), (x + 168, DECK_Y), (x + 176, DECK_Y + 14), (x - 176, DECK_Y + 14)])
    stage.paint(deck, linear((0, DECK_Y), (0, DECK_Y + 14), Rgb.of("#5d4a3e"), Rgb.of("#77614f")), part="house")
    stage.paint(stage.rect(x - 176, DECK_Y + 14, 352, 8), flat(Rgb.of("#3b2e27")), part="house")
    for step, (half, y) in enumerate(((100, 222), (118, 238), (138, 256))):
        tread = stage.polygon([(x - half + 8, y - 6), (x + half - 8, y - 6), (x + half, y + 6), (x - half, y + 6)])
        tone = Rgb.of("#6d584a")
        stage.paint(tread, linear((0, y - 6), (0, y + 6), shade(tone, 0.8), shade(tone, 1.1)), part="house")
        stage.textured(tread, "wood", strength=0.2, seed=6 + step)
        stage.paint(stage.rect(x - half, y + 6, 2 * half, 7), flat(shade(tone, 0.5)), part="house")
    soft_spot(stage, x, DECK_Y + 8, 90, 12, Rgb(255, 190, 110), 0.3)
    if porch.feast == "fir-tree":
        _snow(stage, x)
    elif porch.feast == "clay-lamps":
        _marigolds(stage, x)


def _window(stage: Stage, x: float, y: float) -> None:
    stage.paint(stage.rect(x - 34, y - 5, 68, 86, radius=2), flat(Rgb.of("#cfc6b6")), part="house")
    pane = stage.rect(x - 28, y, 56, 74)
    stage.paint(pane, radial((x, y + 44), 60, Rgb.of("#ffdf9a"), Rgb.of("#e59a4a"), Rgb.of("#8f5230")), part="house")
    for way in (-1, 1):
        drape = stage.curve(
            [(x + way * 28, y), (x + way * 8, y), (x + way * 20, y + 40), (x + way * 28, y + 50)], closed=True
        )
        stage.paint(drape, flat(Rgb.of("#a8553c"), alpha=0.75), part="house")
    stage.paint(stage.rect(x - 1.5, y, 3, 74), flat(Rgb.of("#cfc6b6")), part="house")
    stage.paint(stage.rect(x - 28, y + 34, 56, 3), flat(Rgb.of("#cfc6b6")), part="house")
    stage.paint(stage.rect(x - 38, y + 78, 76, 6, radius=1), flat(Rgb.of("#e3dacb")), part="house")
    stage.glow(x, y + 40, 66, Rgb(255, 170, 80), alpha=0.22)


def _door(stage: Stage, x: float, colour: Rgb) -> None:
    stage.paint(stage.rect(x - 35, 78, 70, DECK_Y - 76, radius=2), flat(Rgb.of("#cfc6b6")), part="house")
    leaf = stage.rect(x - 28, 86, 56, DECK_Y - 86)
    stage.paint(leaf, linear((x - 28, 86), (x + 28, DECK_Y), shade(colour, 1.15), shade(colour, 0.7)), part="house")
    stage.textured(leaf, "wood", strength=0.12, seed=8)
    for dx in (-22.0, 3.0):
        for top, high in ((128.0, 32.0), (166.0, 30.0)):
            panel = stage.rect(x + dx, top, 19, high, radius=1)
            stage.effect(panel, flat(shade(colour, 0.5), alpha=0.7))
            stage.effect(stage.rect(x + dx + 2, top + 2, 15, high - 4, radius=1), flat(shade(colour, 0.95)))
    stage.paint(
        stage.rect(x - 22, 92, 44, 26, radius=12),
        radial((x, 108), 30, Rgb.of("#ffe2a0"), Rgb.of("#d98f48")),
        part="house",
    )
    stage.paint(stage.oval(x + 21, 152, 3), flat(Rgb.of("#f0d080")), part="house")


def _bare_tree(stage: Stage, x: float, y: float, porch: Porch) -> None:
    bark = Rgb.of("#2a2028")

    def grow(start: Point, angle: float, length: float, width: float, depth: int) -> None:
        end = (start[0] + length * math.cos(angle), start[1] - length * math.sin(angle))
        stage.paint(stage.polygon([start, end], closed=False), flat(bark), part="tree", line=width)
        if depth:
            for way, turn in ((1, 0.5), (-1, 0.38), (1, 0.08)):
                bend = turn * way + 0.12 * math.sin(porch.phase + depth * 3 + way)
                grow(end, angle + bend, length * (0.72 - 0.1 * turn), width * 0.62, depth - 1)

    stage.shadow(stage.oval(x, y + 2, 30, 6), alpha=0.5, blur=4)
    grow((x, y + 2), 1.57 + 0.1 * porch.side, 48, 10, 4)


def cat(stage: Stage, x: float, y: float, porch: Porch, time_s: float) -> None:
    """Draws a cat that sits, waves its tail and blinks."""
    fur, way = Rgb.of("#1c1a22"), porch.side
    stage.shadow(stage.oval(x, y + 1, 22, 4), alpha=0.5, blur=2.5)
    swing = 7 * math.sin(2.6 * time_s + porch.phase)
    tail = [(x - way * 8, y - 3), (x - way * 22, y - 2), (x - way * 27, y - 14), (x - way * 22 + swing, y - 27)]
    stage.paint(stage.curve(tail), flat(fur), part="cat", line=4.5)
    coat = linear((x + way * 14, 0), (x - way * 14, 0), Rgb.of("#4c4a62"), fur)
    body = [
        (x - way * 12, y),
        (x - way * 13, y - 14),
        (x - way * 2, y - 32),
        (x + way * 10, y - 28),
        (x + way * 11, y - 10),
        (x + way * 13, y),
    ]
    stage.paint(stage.curve(body, closed=True), coat, part="cat")
    stage.paint(stage.oval(x + way * 6, y - 37, 10, 9), coat, part="cat")
    for dx in (-1.0, 12.0):
        ear = stage.polygon(
            [(x + way * (dx - 3), y - 42), (x + way * (dx + 5), y - 42), (x + way * (dx + 0.5), y - 52)]
        )
        stage.paint(ear, flat(shade(fur, 1.4)), part="cat")
    blink = 0.25 if math.sin(1.7 * time_s + porch.phase) > 0.94 else 1.0
    for dx in (2.5, 10.0):
        stage.paint(stage.oval(x + way * dx, y - 38, 2.2, 2.6 * blink), flat(Rgb.of("#d8e05a")), part="cat")


def air(stage: Stage, porch: Porch, time_s: float) -> None:
    """Draws what drifts through the air: leaves, snow, or fireflies."""
    if porch.feast == "pumpkins":
        for index in range(9):
            _leaf(stage, porch, time_s, index)
    elif porch.feast == "fir-tree":
        for index in range(44):
            depth = 0.4 + (index * 0.618) % 0.6
            fall = (index * 0.1372 + time_s * 0.16 * depth + porch.phase) % 1
            x = (index * 97 + 60 * porch.phase) % 500 - 10 + 12 * math.sin(4 * fall + index)
            flake = stage.oval(x, -14 + 310 * fall, 2.1 * depth, 2.1 * depth)
            stage.effect(flake, flat(Rgb(245, 248, 255), alpha=0.5 + 0.4 * depth))
    else:
        for index in range(9):
            turn = 0.8 * time_s + index * 2.3 + porch.phase
            place = (30 + index * 53 + 18 * math.sin(turn), 96 + index * 37 % 130 + 9 * math.cos(1.3 * turn))
            power = max(0.0, math.sin(2.1 * time_s + index * 1.9 + porch.phase))
            stage.glow(*place, 7, Rgb(200, 240, 110), alpha=0.75 * power)


def _snow(stage: Stage, x: float) -> None:
    white = linear((0, 20), (0, 250), Rgb.of("#9fabcc"), Rgb.of("#c9d3ea"))
    cap = [(x - 186 + k * 15.5, 39 + (4.5 if k % 2 else 1.5) + k * 7 % 4) for k in range(25)]
    stage.paint(stage.curve([*cap, (x + 150, 4), (x - 150, 4)], closed=True), white, part="house")
    for dx in (-98.0, 98.0):
        sill = stage.curve(
            [(x + dx - 37, 151), (x + dx - 30, 145), (x + dx, 147), (x + dx + 30, 144), (x + dx + 37, 151)]
        )
        stage.paint(sill, white, part="house")
    for half, y in ((168, DECK_Y + 1), (100, 217), (118, 233), (138, 251)):
        for way in (-1, 1):
            inner = 44 if half == 168 else half - 44
            drift = [
                (x + way * inner, y + 3),
                (x + way * (inner + 16), y - 3),
                (x + way * half, y - 2),
                (x + way * half, y + 4),
            ]
            stage.paint(stage.curve(drift, closed=True), white, part="house")


def _marigolds(stage: Stage, x: float) -> None:
    for index in range(15):  # a string of blossoms over the door
        u = index / 7 - 1
        px, py = x + 36 * u, 80 + 11 * (1 - abs((index % 5) / 2 - 1) ** 2)
        colour = (Rgb.of("#f0a020"), Rgb.of("#e0641e"))[index % 2]
        stage.paint(
            stage.oval(px, py, 3.6), radial((px - 1, py - 1), 5, shade(colour, 1.2), shade(colour, 0.6)), part="house"
        )
    for way in (-1, 1):
        for index in range(8):
            colour = (Rgb.of("#f0a020"), Rgb.of("#e0641e"))[index % 2]
            place = (x + way * 37, 88 + 8.0 * index)
            fill = radial((place[0] - 1, place[1] - 1), 5, shade(colour, 1.2), shade(colour, 0.6))
            stage.paint(stage.oval(*place, 3.6), fill, part="house")


def _leaf(stage: Stage, porch: Porch, time_s: float, index: int) -> None:
    # Far above the frame to far below it within the cycle, so that no leaf appears or vanishes in sight.
    fall = (index * 0.137 + porch.phase + time_s * 0.13) % 1
    x = (index * 61 + 20 + 50 * porch.phase) % 480 + 22 * math.sin(3 * fall * math.pi + index)
    colour = (Rgb.of("#b5652a"), Rgb.of("#c99a34"), Rgb.of("#8f3f2a"))[index % 3]
    with stage.moved(x, -14 + 310 * fall, turn_deg=130 * math.sin(2.2 * time_s + index)):
        blade = stage.curve([(-7, 0), (0, -3.5), (7, 0), (0, 3.5)], closed=True)
        stage.paint(blade, linear((-6, 0), (6, 0), shade(colour, 1.1), shade(colour, 0.7)), part="leaves")
