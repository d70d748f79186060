"""What tells walkers at a crossing when to go: lights, a barrier before a railway, a warden with a sign."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["barrier", "post", "train", "warden"]

_RED, _AMBER, _GREEN = Rgb.of("#ff3b2f"), Rgb.of("#ffb020"), Rgb.of("#2fe07a")


def post(stage: Stage, side: float, drivers: int, walk: bool) -> None:
    """Draws the signals of a crossing; `drivers` 0 red, 1 amber, 2 green, -1 dark with the walkers' own."""
    x, foot = 240 - side * 152, 262.0
    dx, dy = stage.light.shadow_of(190)
    line = stage.polygon([(x, foot), (x + dx, foot + dy)], closed=False)
    stage.effect(line, flat(Rgb(18, 14, 12), alpha=0.35, blur=1.5), line=6)
    stage.paint(stage.oval(x, foot, 12, 3.5), flat(Rgb.of("#4a5058")), part="drivers-signal")
    pole = stage.rect(x - 4, 40, 8, foot - 40, radius=2)
    stage.paint(
        pole,
        linear((x - 4, 0), (x + 4, 0), Rgb.of("#aab2ba"), Rgb.of("#6c747c"), Rgb.of("#3c4248")),
        part="drivers-signal",
    )
    stage.paint(
        stage.rect(x - 8, 196, 16, 24, radius=2),
        linear((0, 196), (0, 220), Rgb.of("#f0c23c"), Rgb.of("#b0861e")),
        part="walkers-signal",
    )
    stage.paint(stage.oval(x, 210, 4), flat(Rgb.of("#34383c")), part="walkers-signal")
    bx, by = x + side * 48, 60.0
    stage.paint(stage.rect(min(x, bx), by + 34, 48, 5), flat(Rgb.of("#4a5058")), part="walkers-signal")
    _case(stage, x, 16, 40, 106, "drivers-signal")
    for index, colour in enumerate((_RED, _AMBER, _GREEN)):
        _lamp(stage, (x, 34 + index * 34), 14, colour, drivers == index)
    _case(stage, bx, by, 42, 82, "walkers-signal")
    dark = drivers < 0
    _figure(stage, (bx, by + 22), _RED, not walk and not dark, walking=False)
    _figure(stage, (bx, by + 60), _GREEN, walk and not dark, walking=True)


def _case(stage: Stage, x: float, y: float, width: float, height: float, part: str) -> None:
    box = stage.rect(x - width / 2, y, width, height, radius=8)
    stage.paint(box, linear((x - width / 2, 0), (x + width / 2, 0), Rgb.of("#454b52"), Rgb.of("#1b1e22")), part=part)
    stage.effect(box, flat(Rgb(255, 255, 255), alpha=0.22), line=1.2)


def _lamp(stage: Stage, place: Point, radius: float, colour: Rgb, on: bool) -> None:
    x, y = place
    stage.paint(stage.oval(x, y, radius + 1.5), flat(Rgb(8, 9, 10)), part="drivers-signal")
    glass = (
        radial((x - 3, y - 4), radius * 1.5, mix(colour, Rgb(255, 255, 255), 0.65), colour, shade(colour, 0.8))
        if on
        else radial((x - 3, y - 4), radius * 1.5, shade(colour, 0.3), shade(colour, 0.14))
    )
    stage.paint(stage.oval(x, y, radius), glass, part="drivers-signal")
    visor = [(x + radius * 1.15 * math.cos(a), y + radius * 1.15 * math.sin(a)) for a in (3.3, 3.9, 4.71, 5.5, 6.1)]
    stage.effect(stage.curve(visor), flat(Rgb(12, 13, 15)), line=3.4)
    if on:
        stage.glow(x, y, radius * 2.5, colour, alpha=0.5)


def _figure(stage: Stage, place: Point, colour: Rgb, on: bool, *, walking: bool) -> None:
    x, y = place
    stage.paint(stage.oval(x, y, 17), flat(Rgb(10, 11, 12)), part="walkers-signal")
    tone = flat(mix(colour, Rgb(255, 255, 255), 0.12) if on else shade(colour, 0.17))
    stage.paint(stage.oval(x + 0.5, y - 10.5, 3.3), tone, part="walkers-signal")
    limbs: tuple[tuple[Point, ...], ...]
    if walking:
        limbs = (
            ((0, -5), (0, 3)), ((0, 3), (5, 7), (7, 13)), ((0, 3), (-3, 8), (-8, 12)),
            ((0, -4), (6, 0), (8, 3)), ((0, -4), (-5, -1), (-7, 3)),
        )  # fmt: skip
    else:
        limbs = (
            ((0, -4), (0, 4)),
            ((-2, 3), (-2.4, 13)),
            ((2, 3), (2.4, 13)),
            ((-4, -4), (-5, 4)),
            ((4, -4), (5, 4)),
        )
    for limb in limbs:
        path = stage.polygon([(x + dx, y + dy) for dx, dy in limb], closed=False)
        stage.paint(path, tone, part="walkers-signal", line=4.2 if limb[0][0] == 0 else 3.4)
    if on:
        stage.glow(x, y, 30, colour, alpha=0.4)


def barrier(stage: Stage, side: float, raised: float, flashing: bool, time_s: float) -> None:
    """Draws the barrier of a railway crossing (`raised` 0 down, 1 up) and its warning lamps."""
    x, foot, way = 240 - side * 164, 256.0, side
    dx, dy = stage.light.shadow_of(150)
    line = stage.polygon([(x, foot), (x + dx, foot + dy)], closed=False)
    stage.effect(line, flat(Rgb(18, 14, 12), alpha=0.35, blur=1.5), line=6)
    rest = x + way * 222
    stage.shadow(stage.oval(rest + way * 4, 246, 9, 2.5), alpha=0.4, blur=1.5)
    for fork in (-3.0, 3.0):
        stage.paint(stage.rect(rest + fork - 1.5, 206, 3, 14), flat(Rgb.of("#6c747c")), part="drivers-signal")
    stage.paint(stage.rect(rest - 4, 218, 8, 28, radius=1), flat(Rgb.of("#5a626a")), part="drivers-signal")
    hinge = (x + way * 24, 214.0)
    if raised < 0.2:
        stage.shadow(stage.rect(min(hinge[0], rest), 243, abs(rest - hinge[0]), 4), alpha=0.3, blur=2)
    with stage.moved(*hinge, turn_deg=-way * 80 * raised):
        for index in range(9):
            left = way * (-14 + 24.0 * index)
            bar = stage.polygon([(left, -5), (left + way * 24, -5 + 0.2 * index), (left + way * 24, 5), (left, 5)])
            tone = Rgb.of("#f4f2ec") if index % 2 else Rgb.of("#d6322c")
            stage.paint(bar, linear((0, -5), (0, 5), shade(tone, 1.1), shade(tone, 0.68)), part="drivers-signal")
        weight = stage.rect(min(-way * 34, -way * 14), -10, 20, 20, radius=3)
        stage.paint(weight, linear((0, -10), (0, 10), Rgb.of("#6a727a"), Rgb.of("#33393f")), part="drivers-signal")
    box = stage.rect(hinge[0] - 13, 206, 26, foot - 208, radius=3)
    grey = linear((hinge[0] - 13, 0), (hinge[0] + 13, 0), Rgb.of("#c9ced2"), Rgb.of("#6a7178"))
    stage.paint(box, grey, part="drivers-signal")
    stage.paint(stage.oval(*hinge, 5), flat(Rgb.of("#3a4046")), part="drivers-signal")
    pole = stage.rect(x - 4, 40, 8, foot - 40, radius=2)
    steel = (Rgb.of("#aab2ba"), Rgb.of("#6c747c"), Rgb.of("#3c4248"))
    stage.paint(pole, linear((x - 4, 0), (x + 4, 0), *steel), part="drivers-signal")
    for turn in (-32.0, 32.0):
        with stage.moved(x, 46, turn_deg=turn):
            stage.paint(stage.rect(-38, -6, 76, 12, radius=1), flat(Rgb.of("#c8302a")), part="walkers-signal")
            stage.paint(
                stage.rect(-36, -4, 72, 8),
                linear((0, -4), (0, 4), Rgb.of("#fdfdf8"), Rgb.of("#d9d8d0")),
                part="walkers-signal",
            )
    plate = stage.rect(x - 40, 84, 80, 38, radius=8)
    stage.paint(plate, linear((0, 84), (0, 122), Rgb.of("#3a4046"), Rgb.of("#15181b")), part="drivers-signal")
    stage.effect(plate, flat(Rgb(255, 255, 255), alpha=0.5), line=1.4)
    for way_lamp in (-1, 1):
        beat = max(0.0, min(1.0, 0.5 + 1.6 * way_lamp * math.sin(7.5 * time_s + 0.6))) if flashing else 0.0
        _lamp(stage, (x + way_lamp * 20, 103), 14, _RED, beat > 0.5)


def train(stage: Stage, side: float, tone: Rgb, stands: bool, time_s: float) -> None:
    """Draws a railcar that comes from `side` and passes, or that has broken down before the path."""
    way = -side
    x = 240 + side * 156 - side * (0 if stands else 92 * time_s)
    y = 219.0 + (0 if stands else 0.5 * math.sin(21 * time_s))
    stage.shadow(stage.rect(x - 124, 214, 248, 12, radius=5), alpha=0.6, blur=4)
    with stage.moved(x, y):
        for dx in (-92.0, -64.0, 64.0, 92.0):
            stage.paint(stage.oval(dx, -9, 10), flat(Rgb.of("#26282c")), part="car")
            stage.paint(stage.oval(dx, -9, 5.5), flat(Rgb.of("#8d949b")), part="car")
            turn = 0.0 if stands else way * 92 * time_s / 10
            spoke = stage.polygon([(dx, -9), (dx + 8 * math.cos(turn), -9 + 8 * math.sin(turn))], closed=False)
            stage.paint(spoke, flat(Rgb.of("#c4cad0")), part="car", line=1.8)
        stage.paint(stage.rect(-108, -20, 216, 9, radius=2), flat(Rgb.of("#33373c")), part="car")
        hull = [
            (-way * 122, -16),
            (-way * 122, -88),
            (-way * 114, -97),
            (way * 96, -97),
            (way * 112, -88),
            (way * 124, -50),
            (way * 125, -16),
        ]
        body = stage.polygon(hull)
        paint = linear((0, -97), (0, -16), shade(tone, 1.25), tone, shade(tone, 0.62))
        stage.paint(body, paint, part="car")
        with stage.clipped(body):
            stage.paint(
                stage.rect(-130, -98, 260, 12),
                linear((0, -98), (0, -86), Rgb.of("#e6e8ea"), Rgb.of("#a2a8ae")),
                part="car",
            )
            stage.paint(stage.rect(-130, -42, 260, 8), flat(Rgb.of("#f4ecd8")), part="car")
            stage.effect(stage.rect(-130, -34, 260, 3), flat(Rgb(0, 0, 0), alpha=0.2))
        glass = (Rgb.of("#cfe8f2"), Rgb.of("#56788e"))
        for index in range(6):
            left = -104 + 31.0 * index if way > 0 else 104 - 31.0 * index - 24
            stage.paint(stage.rect(left, -78, 24, 28, radius=3), linear((0, -78), (0, -50), *glass), part="car")
            head = stage.oval(left + 8 + index * 5 % 9, -55, 4.4, 5.4)
            if index % 2 == 0:
                stage.paint(head, flat(Rgb.of("#5a4238")), part="car")
                stage.paint(stage.rect(left + 1 + index * 5 % 9, -51, 14, 2), flat(Rgb.of("#3d4d63")), part="car")
            stage.effect(
                stage.polygon([(left + 4, -52), (left + 14, -76), (left + 19, -76), (left + 9, -52)]),
                flat(Rgb(255, 255, 255), alpha=0.2),
            )
        front = stage.polygon([(way * 90, -80), (way * 106, -80), (way * 117, -52), (way * 90, -52)])
        stage.paint(front, linear((0, -80), (0, -52), *glass), part="car")
        stage.paint(
            stage.oval(way * 119, -32, 4.5), flat(Rgb.of("#fff6d0") if not stands else Rgb.of("#8f8a78")), part="car"
        )
        if not stands:
            stage.glow(way * 121, -32, 22, Rgb(255, 240, 180), alpha=0.6)
        stage.effect(stage.rect(-112, -95, 206, 2.4, radius=1), flat(Rgb(255, 255, 255), alpha=0.5, blur=0.8))


def warden(stage: Stage, place: Point, side: float, raised: float, time_s: float, phase: float) -> None:
    """Draws a crossing warden; `raised` 0..1 is how high sign and arm are held against the traffic."""
    x, y = place
    coat, skin = Rgb.of("#d8e53a"), Rgb.of("#c98f6a")
    sway = math.sin(1.8 * time_s + phase)
    dx, dy = stage.light.shadow_of(74)
    stage.shadow(
        stage.polygon([(x - 11, y), (x + 11, y), (x + dx + 10, y + dy), (x + dx - 8, y + dy)]), alpha=0.4, blur=2.5
    )
    if raised < 0.1:  # the sign's edge rests on the pavement
        stage.shadow(stage.oval(x - side * 82, y + 2, 17, 3), alpha=0.45, blur=2)
    for leg in (-5.5, 5.5):
        limb = stage.polygon([(x + leg, y - 3), (x + leg * 0.9, y - 24)], closed=False)
        stage.paint(limb, flat(Rgb.of("#2c3448")), part="walkers-signal", line=8)
        stage.paint(stage.oval(x + leg + 1.5 * side, y - 1.5, 6.5, 3), flat(Rgb.of("#1d1d22")), part="walkers-signal")
    with stage.moved(x, y, turn_deg=0.7 * sway * min(1.0, raised + 0.1)):
        grip = (-side * 17, -46 - 14 * raised)
        turn = -side * 112 * (1 - raised) + (1.5 * sway if raised else 0.0)
        with stage.moved(*grip, turn_deg=turn):
            stage.paint(
                stage.rect(-1.8, -58, 3.6, 96 if raised > 0.8 else 72, radius=1),
                linear((-2, 0), (2, 0), Rgb.of("#f4f2ea"), Rgb.of("#9a958a")),
                part="drivers-signal",
            )
            stage.paint(stage.oval(0, -72, 20), flat(Rgb.of("#f8f8f4")), part="drivers-signal")
            disc = radial((-side * 6, -78), 30, Rgb.of("#ff5a4a"), Rgb.of("#c81e22"))
            stage.paint(stage.oval(0, -72, 17.5), disc, part="drivers-signal")
            stage.paint(stage.rect(-12, -75.5, 24, 7, radius=1), flat(Rgb.of("#fafaf6")), part="drivers-signal")
        body = stage.curve([(-13, -16), (-12, -42), (-9, -58), (9, -58), (12, -42), (13, -16)], closed=True)
        stage.paint(
            body, linear((-side * 12, 0), (side * 12, 0), shade(coat, 1.12), shade(coat, 0.68)), part="walkers-signal"
        )
        with stage.clipped(body):
            for band in (-26.0, -40.0):
                stage.effect(stage.rect(-14, band, 28, 4.5), flat(Rgb.of("#eef0f2"), alpha=0.95))
            stage.effect(stage.rect(-0.6, -58, 1.2, 44), flat(shade(coat, 0.55), alpha=0.8))
        arm = [(-side * 10, -54), (-side * 17, -50), grip]
        stage.paint(stage.curve(arm), flat(shade(coat, 1.0)), part="walkers-signal", line=6.5)
        stage.paint(stage.oval(*grip, 3.6), flat(skin), part="walkers-signal")
        elbow = (side * (15 + 5 * raised), -42 - 11 * raised)
        hand = (side * (13 + 20 * raised), -30 - 26 * raised)
        stage.paint(
            stage.curve([(side * 10, -54), elbow, hand]), flat(shade(coat, 0.78)), part="walkers-signal", line=6.5
        )
        stage.paint(stage.oval(*hand, 3.4 + 1.2 * raised, 3.6 + 1.8 * raised), flat(skin), part="walkers-signal")
        stage.paint(stage.rect(-3, -63, 6, 8), flat(shade(skin, 0.75)), part="walkers-signal")
        face = radial((-side * 4, -73), 18, shade(skin, 1.2), shade(skin, 0.78))
        stage.paint(stage.oval(0, -69, 9.5, 10.5), face, part="walkers-signal")
        look = 3.2 * side
        for eye in (-3.4, 3.4):
            stage.effect(stage.oval(look + eye, -69.5, 1.2, 1.5), flat(Rgb.of("#2a1c14")))
        smile = stage.curve([(look - 3, -64.5), (look, -63.3), (look + 3, -64.5)])
        stage.effect(smile, flat(Rgb.of("#8a4438")), line=1.2)
        cap = stage.curve([(-10, -72), (-9, -80), (0, -83.5), (9, -80), (10, -72)])
        stage.paint(cap, linear((0, -83), (0, -72), Rgb.of("#3a4668"), Rgb.of("#1f2740")), part="walkers-signal")
        brim = stage.oval(side * 5, -72.5, 9.5, 2.2)
        stage.paint(brim, flat(Rgb.of("#161c30")), part="walkers-signal")
