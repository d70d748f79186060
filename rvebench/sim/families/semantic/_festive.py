"""What a house is dressed with for a feast: pumpkins, a fir, clay lamps, and a garland of lights."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.semantic._parts import soft_spot
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["LAMPS", "fir", "fir_lights", "garland", "lamp", "pumpkin"]

_GOURD = Rgb.of("#dd7a22")
_BULBS = (Rgb(255, 80, 70), Rgb(90, 220, 110), Rgb(255, 210, 90), Rgb(90, 150, 255))
_CLAY = Rgb.of("#b0623a")
_TIERS = tuple((-46.0 - 22 * k, 64.0 - 7.6 * k) for k in range(7))
"""Lower edge and half width of each tier of a fir, above its foot."""
LAMPS: tuple[tuple[float, float, float], ...] = (
    (-154, 211, 0.95), (-68, 211, 0.95), (68, 211, 0.95), (154, 211, 0.95),
    (-80, 225, 1.05), (80, 225, 1.05), (-98, 241, 1.15), (-40, 241, 1.15), (40, 241, 1.15), (98, 241, 1.15),
    (-118, 259, 1.3), (-59, 259, 1.3), (0, 259, 1.3), (59, 259, 1.3), (118, 259, 1.3),
)  # fmt: skip
"""Where lamps stand beside the middle of the porch, and their size."""


def garland(stage: Stage, x: float, time_s: float) -> None:
    """Draws coloured lights along the eaves and a wreath on the door."""
    line = [(x - 176 + k * 22, 46 + 9 * (1 - ((k % 4) / 2 - 1) ** 2)) for k in range(17)]
    stage.paint(stage.curve(line), flat(Rgb.of("#245a34")), part="garland", line=4)
    for index, (px, py) in enumerate(line):
        colour = (Rgb(255, 80, 70), Rgb(90, 220, 110), Rgb(255, 210, 90), Rgb(90, 150, 255))[index % 4]
        power = 0.7 + 0.3 * math.sin(4 * time_s + index * 1.6)
        stage.paint(stage.oval(px, py + 5, 3.4, 4.4), flat(colour), part="garland")
        stage.glow(px, py + 5, 13, colour, alpha=0.6 * power)
    for index in range(22):
        angle = index * math.tau / 22
        stage.paint(
            stage.oval(x + 17 * math.cos(angle), 136 + 17 * math.sin(angle), 6),
            flat(shade(Rgb.of("#2f7a42"), 0.8 + index % 3 * 0.2)),
            part="garland",
        )
    for way in (-1, 1):
        bow = stage.polygon([(x, 153), (x + way * 13, 146), (x + way * 12, 161)])
        stage.paint(bow, flat(Rgb.of("#d8333a")), part="garland")


def pumpkin(
    stage: Stage, place: Point, size: float, side: float, *, face: int, time_s: float, lit: bool, turn: int
) -> None:
    """Draws a pumpkin, or the lantern with a face that is made of it."""
    with stage.moved(place[0], place[1], scale=size):
        stage.shadow(stage.oval(-side * 8, 1, 36, 7), alpha=0.55, blur=3)
        moon = side
        for offset, half, tone in ((-19, 13, 0.62), (19, 13, 0.62), (-11, 15, 0.8), (11, 15, 0.8), (0, 14, 0.95)):
            bright = tone * (1.0 + 0.16 * moon * (1 if offset > 0 else -1 if offset else 0))
            rind = radial((offset + moon * 3, -27), 36, shade(_GOURD, bright * 1.1), shade(_GOURD, bright * 0.56))
            stage.paint(stage.oval(offset, -20, half, 20 - abs(offset) * 0.12), rind, part="pumpkins")
        stalk = stage.curve([(-4, -38), (-2, -47), (5, -51), (8, -48), (3, -44), (4, -38)], closed=True)
        stage.paint(stalk, linear((-4, 0), (8, 0), Rgb.of("#7d8a4a"), Rgb.of("#3f4a26")), part="pumpkins")
        stage.effect(stage.oval(moon * 12, -32, 5, 3), flat(Rgb(210, 215, 255), alpha=0.3, blur=1.5))
        if lit:
            flicker = 1 + 0.1 * math.sin(11 * time_s + 2 * turn) + 0.06 * math.sin(19 * time_s + turn)
            _face(stage, face, flicker)
            soft_spot(stage, 0, 5, 30, 6, Rgb(255, 160, 50), 0.42 * flicker)
            stage.glow(0, -20, 50, Rgb(255, 150, 40), alpha=0.42 * flicker)


def _face(stage: Stage, kind: int, flicker: float) -> None:
    fire = radial((0, -12), 26, Rgb(255, 252, 190), Rgb(255, 214, 70), shade(Rgb(255, 150, 20), flicker))
    tilt = (3, -3, 0)[kind]
    shapes = [stage.polygon([(w * 5, -23), (w * 17, -23 - tilt), (w * 11, -33 + tilt * 0.5)]) for w in (-1, 1)]
    shapes.append(stage.polygon([(-3, -18), (3, -18), (0, -23)]))
    if kind == 2:
        shapes.append(stage.oval(0, -10, 9, 6))
    else:
        shapes.append(
            stage.polygon(
                [
                    (-19, -15),
                    (-12, -12),
                    (-9, -15),
                    (-5, -11),
                    (0, -14),
                    (5, -11),
                    (9, -15),
                    (12, -12),
                    (19, -15),
                    (12, -5),
                    (7, -8),
                    (3, -3),
                    (-3, -6),
                    (-7, -2),
                    (-12, -5),
                ]
            )
        )
    for path in shapes:
        stage.effect(path, flat(Rgb.of("#5a2608")), line=3)
        stage.paint(path, fire, part="pumpkins")


def fir(stage: Stage, x: float, y: float, side: float) -> None:
    """Draws a fir in a pot, with a little snow on it; inside a static layer."""
    stage.shadow(stage.oval(x - side * 22, y + 1, 62, 9), alpha=0.45, blur=4)
    ends = ((x + side * 22, 0.0), (x - side * 22, 0.0))
    pot = stage.polygon([(x - 22, y - 28), (x + 22, y - 28), (x + 17, y), (x - 17, y)])
    stage.paint(pot, linear(*ends, Rgb.of("#a5583a"), Rgb.of("#4f2a22")), part="fir")
    stage.paint(
        stage.rect(x - 24, y - 32, 48, 8, radius=2), linear(*ends, Rgb.of("#b8694a"), Rgb.of("#5c3228")), part="fir"
    )
    stage.paint(stage.rect(x - 5, y - 54, 10, 26), flat(Rgb.of("#4a3226")), part="fir")
    for level, (low, half) in enumerate(_TIERS):
        top = low - 40
        jags = [
            (x - half + 2 * half * k / 14, y + low + (4.0 if k % 2 else -4.0) - 7 * (k / 7 - 1) ** 2) for k in range(15)
        ]
        tier = stage.polygon([(x, y + top), *reversed(jags)])
        dark, light = shade(Rgb.of("#1f4a36"), 0.8 + 0.05 * level), shade(Rgb.of("#3a7a52"), 0.9 + 0.04 * level)
        needles = linear((x + side * half, 0), (x - side * half, 0), light, mix(light, dark, 0.6), shade(dark, 0.7))
        stage.shadow(stage.polygon([(px, py + 5) for px, py in ((x, y + top), *reversed(jags))]), alpha=0.4, blur=2.5)
        stage.paint(tier, needles, part="fir")
        stage.textured(tier, "grass", strength=0.25, seed=level)
        for k in range(1, 14, 2):  # snow on the tips
            px, py = jags[k]
            snow = stage.oval(px, py - 4.5, 4.2, 1.5)
            stage.paint(snow, flat(Rgb(236, 242, 255), alpha=0.85), part="fir")


def fir_lights(stage: Stage, x: float, y: float, dressed: float, time_s: float) -> None:
    """Draws lights and baubles on the fir's lowest tiers, up to the share `dressed`; a star tops the whole."""
    for level, (low, half) in enumerate(_TIERS[: round(len(_TIERS) * dressed)]):
        count = max(2, 7 - level)
        chain = []
        for k in range(count):
            u = (2 * k + 1) / count - 1
            px, py = x + u * half * 0.86, y + low - 7 - 6 * u * u
            chain.append((px, py))
        stage.effect(
            stage.curve([(x - half * 0.9, y + low - 12), *chain]), flat(Rgb.of("#d8b45a"), alpha=0.8), line=1.5
        )
        for k, (px, py) in enumerate(chain):
            colour, gay = _BULBS[(k + level) % 4], _BULBS[(k // 2 + 2 * level) % 4]
            if (k + level) % 2:
                ball = radial((px - 1.5, py + 0.5), 7, mix(gay, Rgb(255, 255, 255), 0.4), gay, shade(gay, 0.5))
                stage.paint(stage.oval(px, py + 3, 5.2), ball, part="fir")
            power = 0.7 + 0.3 * math.sin(4 * time_s + k * 1.6 + level)
            stage.paint(stage.oval(px + 5, py - 3, 3), flat(mix(colour, Rgb(255, 255, 255), 0.55)), part="fir")
            stage.glow(px + 5, py - 3, 17, colour, alpha=0.75 * power)
    if dressed >= 1:
        top = y + _TIERS[-1][0] - 42
        points = [
            (
                x + (13 if k % 2 == 0 else 5.5) * math.sin(k * math.pi / 5),
                top - (13 if k % 2 == 0 else 5.5) * math.cos(k * math.pi / 5),
            )
            for k in range(10)
        ]
        stage.glow(x, top, 40, Rgb(255, 200, 90), alpha=0.38)
        stage.paint(stage.polygon(points), radial((x, top), 13, Rgb.of("#fffbe0"), Rgb.of("#ffd04a")), part="fir")


def lamp(stage: Stage, place: Point, size: float, *, lit: bool, time_s: float, turn: int) -> None:
    """Draws a small lamp of clay with oil and a wick."""
    with stage.moved(*place, scale=size):
        stage.shadow(stage.oval(0, 1.5, 15, 3.6), alpha=0.5, blur=1.6)
        bowl = stage.curve([(-14, -7.5), (-10, 0), (0, 2.4), (10, 0), (14, -7.5)])
        stage.paint(bowl, linear((-14, 0), (14, 0), shade(_CLAY, 1.15), _CLAY, shade(_CLAY, 0.55)), part="lamps")
        stage.paint(stage.oval(0, -7.5, 14, 3.6), flat(shade(_CLAY, 1.3)), part="lamps")
        stage.paint(stage.oval(0, -7.2, 11, 2.4), flat(Rgb.of("#5e3a1c")), part="lamps")
        stage.paint(stage.polygon([(0, -7), (2, -10.5)], closed=False), flat(Rgb.of("#f0e6d0")), part="lamps", line=1.6)
        if not lit:
            return
        flicker = 1 + 0.1 * math.sin(11 * time_s + 2 * turn) + 0.06 * math.sin(19 * time_s + turn)
        sway = 1.2 * math.sin(6 * time_s + turn)
        soft_spot(stage, 0, 3, 24, 5, Rgb(255, 180, 70), 0.36 * flicker)
        stage.effect(stage.oval(0, -7.2, 11, 2.4), flat(Rgb(255, 200, 90), alpha=0.9))
        tip = (2 + sway, -28 * flicker)
        flame = stage.curve(
            [(2, -9), (-2.6, -13), (-0.4 + sway * 0.5, -20), tip, (4.4 + sway * 0.5, -20), (6.6, -13)], closed=True
        )
        stage.paint(flame, linear((2, -9), tip, Rgb(255, 140, 30), Rgb(255, 214, 80), Rgb(255, 250, 215)), part="lamps")
        stage.glow(2, -16, 27, Rgb(255, 160, 50), alpha=0.36 * flicker)
