"""What a birthday table bears: a layer cake, a block of ice cream, a fruit tart, and where candles stand on each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Fill, Point, Stage, flat, linear, radial

__all__ = ["GAY", "Cake", "CakeKind", "candle_place", "draw_cake"]

GAY = (Rgb.of("#e5554f"), Rgb.of("#f0b440"), Rgb.of("#4aa3a0"), Rgb.of("#6a78c9"), Rgb.of("#e588b0"))
"""Party colours."""
_CRUST = Rgb.of("#c98d4a")
_STRATA = (Rgb.of("#6b4028"), Rgb.of("#f6ead0"), Rgb.of("#f0a3b4"))
_BASE_Y = 186.0

CakeKind = Literal["cake", "ice-cream-cake", "tart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cake:
    """A cake and where it stands."""

    kind: CakeKind
    x: float
    side: float
    icing: Rgb
    sponge: Rgb
    seed: int


class _Top(NamedTuple):
    """The surface that candles stand on."""

    y: float
    half_width: float
    half_depth: float


_TOPS: dict[CakeKind, _Top] = {
    "cake": _Top(118, 71, 14),
    "ice-cream-cake": _Top(126, 72, 9),
    "tart": _Top(158, 80, 13),
}


def candle_place(cake: Cake, index: int, count: int) -> Point:
    """Returns where one of `count` candles stands: even steps across, in turn behind and in front."""
    top = _TOPS[cake.kind]
    u = 0.96 * (2 * index / max(1, count - 1) - 1)
    bow = 1.0 if cake.kind == "ice-cream-cake" else math.sqrt(1 - u * u)
    return cake.x + top.half_width * u, top.y + top.half_depth * (bow if index % 2 else -bow)


def draw_cake(stage: Stage, cake: Cake) -> None:
    """Draws the stand and the cake on it, without candles; inside a static layer."""
    _stand(stage, cake)
    if cake.kind == "tart":
        _tart(stage, cake)
    elif cake.kind == "ice-cream-cake":
        _ice_cream(stage, cake)
    else:
        _layers(stage, cake)


def _across(cake: Cake, half: float, *colours: Rgb) -> Fill:
    """Returns a gradient from the lit side of the cake to the dark one."""
    return linear((cake.x - cake.side * half, 0), (cake.x + cake.side * half, 0), *colours)


def _stand(stage: Stage, cake: Cake) -> None:
    x, base = cake.x, _BASE_Y
    stage.shadow(stage.oval(x + cake.side * 26, base + 44, 92, 14), alpha=0.45, blur=5)
    glass = linear((x - 100, 0), (x + 100, 0), Rgb(255, 255, 255), Rgb(214, 224, 232), Rgb(150, 164, 178))
    stage.paint(stage.oval(x, base + 42, 48, 10), glass, part="stand")
    stem = [(x - 12, base), (x + 12, base), (x + 20, base + 40), (x - 20, base + 40)]
    stage.paint(stage.polygon(stem), glass, part="stand")
    rim = linear((x - 110, 0), (x + 110, 0), Rgb(226, 232, 238), Rgb(130, 142, 156))
    stage.paint(stage.oval(x, base + 9, 110, 21), rim, part="stand")
    stage.paint(stage.oval(x, base + 5, 110, 21), glass, part="stand")


def _layers(stage: Stage, cake: Cake) -> None:
    x, top, base, rx, ry = cake.x, 118.0, _BASE_Y, 84.0, 19.0
    stage.shadow(stage.oval(x + cake.side * 8, base + 6, rx + 8, ry), alpha=0.4, blur=3)
    body = stage.rect(x - rx, top, 2 * rx, base - top)
    sponge = _across(cake, rx, shade(cake.sponge, 1.2), cake.sponge, shade(cake.sponge, 0.58))
    stage.paint(stage.oval(x, base, rx, ry), sponge, part="cake")
    stage.paint(body, sponge, part="cake")
    stage.textured(body, "stone", strength=0.14, seed=4)
    icing = _across(cake, rx, shade(cake.icing, 1.14), cake.icing, shade(cake.icing, 0.72))
    for index in range(11):  # a band of cream around the foot and another half-way up
        u = math.cos(math.pi * (index + 0.5) / 11)
        stage.paint(stage.oval(x + u * rx, base - 2 + ry * math.sqrt(1 - u * u), 10, 8), icing, part="cake")
    waist = [(x + rx * math.cos(math.pi * k / 12), 152 + ry * math.sin(math.pi * k / 12)) for k in range(13)]
    stage.paint(stage.curve(waist), icing, part="cake", line=6)
    drips = [(x - rx, top)]
    for index in range(19):
        angle = math.pi * (1 - index / 18)
        low = 22.0 if index % 2 else 9.0
        drips.append((x + rx * math.cos(angle), top + ry * math.sin(angle) + low + (index * 7 % 5) * 1.6))
    drips.append((x + rx, top))
    under = stage.curve([(px, py + 2.5) for px, py in drips])
    stage.effect(under, flat(Rgb(30, 10, 10), alpha=0.3, blur=1.5), line=2)
    stage.paint(stage.curve(drips), icing, part="cake")
    disc = stage.oval(x, top, rx, ry)
    cream = radial((x - cake.side * 26, top - 4), 120, shade(cake.icing, 1.18), shade(cake.icing, 0.9))
    stage.paint(disc, cream, part="cake")
    stage.effect(disc, flat(Rgb(255, 255, 255), alpha=0.4), line=1.4)
    rng = np.random.default_rng(cake.seed)
    for index in range(40):
        angle, far = rng.uniform(0, 6.28), math.sqrt(rng.random()) * 0.86
        px, py = x + rx * far * math.cos(angle), top + ry * far * math.sin(angle)
        grain = stage.polygon([(px, py), (px + rng.uniform(-4, 4), py + rng.uniform(-1.5, 1.5))], closed=False)
        stage.paint(grain, flat(shade(GAY[index % len(GAY)], 0.95)), part="cake", line=1.8)
    for index in range(7):
        u = math.cos(math.pi * (index + 0.5) / 7)
        px, py = x + u * rx * 0.99, 168 + ry * math.sqrt(1 - u * u) * 0.98
        _berry(stage, px, py, 5.5, Rgb.of("#d43c48"))


def _berry(stage: Stage, x: float, y: float, radius: float, colour: Rgb) -> None:
    skin = radial((x - radius * 0.35, y - radius * 0.4), radius * 1.6, shade(colour, 1.45), shade(colour, 0.62))
    stage.paint(stage.oval(x, y, radius), skin, part="cake")
    shine = stage.oval(x - radius * 0.35, y - radius * 0.45, radius * 0.28, radius * 0.2)
    stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.75))


def _ice_cream(stage: Stage, cake: Cake) -> None:
    x, side, front, low = cake.x, cake.side, 138.0, _BASE_Y + 10
    half, back_half, back = 90.0, 80.0, 112.0
    stage.shadow(stage.oval(x + side * 10, low - 3, half + 12, 13), alpha=0.42, blur=3)
    edge = [(x - half, front), (x + half, front), (x + half - 3, low), (x - half + 3, low)]
    face = stage.polygon(edge)
    stage.paint(face, _across(cake, half, shade(_STRATA[0], 1.3), _STRATA[0], shade(_STRATA[0], 0.6)), part="cake")
    with stage.clipped(face):
        for level, colour in ((176.0, _STRATA[1]), (157.0, _STRATA[2])):
            line = [(x - half - 4 + k * 11.5, level + 1.6 * math.sin(k * 1.9 + level)) for k in range(17)]
            band = stage.curve([*line, (x + half + 8, front - 10), (x - half - 8, front - 10)], closed=True)
            stage.paint(band, _across(cake, half, shade(colour, 1.06), colour, shade(colour, 0.68)), part="cake")
            stage.effect(stage.curve(line), flat(shade(colour, 1.2), alpha=0.5), line=1.2)
    stage.textured(face, "stone", strength=0.12, seed=4)
    for index in range(9):  # what has melted gathers at the foot
        puddle = stage.oval(x - 80 + index * 20, low - 0.5, 12 + index % 3 * 3, 2.4)
        stage.paint(puddle, flat(mix(_STRATA[0], _STRATA[1], 0.3 + 0.1 * (index % 2))), part="cake")
    lid = stage.polygon([(x - half, front), (x + half, front), (x + back_half, back), (x - back_half, back)])
    sauce = mix(_STRATA[2], cake.icing, 0.25)
    stage.paint(lid, _across(cake, half, shade(sauce, 1.12), shade(sauce, 0.92)), part="cake")
    stage.textured(lid, "noise", strength=0.1, seed=5)
    gloss = [(x - half, front), *((x - half + k * 12, front + (13.0 if k % 2 else 4) + k * 5 % 7) for k in range(16))]
    gloss += [(x + half, front), (x + half - 4, front - 5), (x - half + 4, front - 5)]
    with stage.clipped(stage.rect(x - half, front - 8, 2 * half, 40)):
        icing = _across(cake, half, shade(sauce, 1.2), shade(sauce, 0.72))
        stage.paint(stage.curve(gloss, closed=True), icing, part="cake")
    rim = stage.polygon([(x - half + 3, front - 3), (x + half - 3, front - 3)], closed=False)
    stage.effect(rim, flat(Rgb(255, 255, 255), alpha=0.5, blur=1), line=2)
    for way in (-1, 1):
        _wafer(stage, (x + way * 84, back + 4), way * 24.0, side)
        _wafer(stage, (x + way * 90, back + 11), way * 40.0, side)
        _cream(stage, x + way * 84, front - 4, side)


def _wafer(stage: Stage, foot: Point, turn_deg: float, side: float) -> None:
    with stage.moved(*foot, turn_deg=turn_deg):
        roll = stage.rect(-4.5, -34, 9, 38, radius=2)
        ends = ((-4.5 * side, 0.0), (4.5 * side, 0.0))
        stage.paint(roll, linear(*ends, shade(_CRUST, 1.35), shade(_CRUST, 0.7)), part="cake")
        for turn in range(5):
            seam = stage.polygon([(-4.5, 2 - turn * 8), (4.5, -3 - turn * 8)], closed=False)
            stage.effect(seam, flat(shade(_CRUST, 0.5), alpha=0.6), line=1.3)
        stage.paint(stage.oval(0, -34, 4.5, 1.8), flat(shade(_CRUST, 0.55)), part="cake")


def _cream(stage: Stage, x: float, y: float, side: float) -> None:
    white = Rgb.of("#fffaf0")
    for turn, (radius, dy) in enumerate(((12.0, 0.0), (9.0, -6.0), (5.5, -11.0))):
        puff = radial((x - side * radius * 0.4, y + dy - 3), radius * 2, white, shade(white, 0.72 + 0.04 * turn))
        stage.paint(stage.oval(x, y + dy, radius, radius * 0.62), puff, part="cake")
    _berry(stage, x, y - 17, 5, Rgb.of("#c9303e"))


def _tart(stage: Stage, cake: Cake) -> None:
    x, side, top, low, rx, ry = cake.x, cake.side, 158.0, _BASE_Y + 2, 98.0, 21.0
    stage.shadow(stage.oval(x + side * 9, low + 4, rx + 3, ry - 2), alpha=0.42, blur=3)
    count = 26
    for index in range(count):  # flutes of the crust, the outermost first
        k = index // 2 if index % 2 == 0 else count - 1 - index // 2
        angle = math.pi * (k + 0.5) / count
        u, depth = math.cos(angle), math.sin(angle)
        tone = 0.86 - 0.26 * side * u + 0.12 * depth
        flute = stage.rect(x + u * rx - 8, top + ry * depth - 4, 16, low - top + 2, radius=7)
        ends = ((x + u * rx - 8, 0.0), (x + u * rx + 8, 0.0))
        colours = (shade(_CRUST, tone * 0.72), shade(_CRUST, tone * 1.25), shade(_CRUST, tone * 0.72))
        stage.paint(flute, linear(*ends, *colours), part="cake")
    rim = [
        (x + (rx + 4 + 2 * (k % 2)) * math.cos(k * math.tau / 60), top + (ry + 2) * math.sin(k * math.tau / 60))
        for k in range(60)
    ]
    crust = stage.curve(rim, closed=True)
    stage.paint(crust, _across(cake, rx, shade(_CRUST, 1.4), _CRUST, shade(_CRUST, 0.74)), part="cake")
    stage.textured(crust, "stone", strength=0.16, seed=4)
    stage.shadow(stage.oval(x, top + 1, rx - 6, ry - 3.5), alpha=0.4, blur=1.5)
    custard = stage.oval(x, top + 2, rx - 8, ry - 4.5)
    gold = Rgb.of("#f2cf62")
    stage.paint(custard, radial((x - side * 30, top - 4), 130, shade(gold, 1.15), shade(gold, 0.85)), part="cake")
    berries: list[tuple[float, float, int]] = []
    for ring, (far, amount) in enumerate(((0.97, 34), (0.62, 20), (0.28, 9))):
        for index in range(amount):
            angle = math.tau * (index + 0.5 * ring) / amount
            berries.append((x + 85 * far * math.cos(angle), top + 2 + 14.5 * far * math.sin(angle), ring))
    colours = (Rgb.of("#d8364c"), Rgb.of("#4a5aa6"), Rgb.of("#e0527a"))
    for px, py, ring in sorted(berries, key=lambda one: one[1]):
        stage.shadow(stage.oval(px + side, py + 2, 5, 2), alpha=0.3, blur=1)
        _berry(stage, px, py - 1, 5.4 if ring != 1 else 4.6, colours[(ring + cake.seed) % 3])
    stage.effect(stage.oval(x - side * 40, top - 6, 34, 5), flat(Rgb(255, 255, 255), alpha=0.22, blur=4))
