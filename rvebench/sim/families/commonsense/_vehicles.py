"""What takes people along: a bus, a tram and a ferry with a door on the viewer's side and four windows.

All are drawn with the front at x, pointing left, and `FOOT` as the lowest line of the body, so that whoever gets in
finds door and windows at the same places.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["DOOR_X", "FOOT", "LONG", "WIRE_Y", "Vehicle", "draw_vehicle"]

Vehicle = Literal["bus", "ferry", "tram"]
LONG = 300.0
FOOT, WIRE_Y = 0.0, -152.0
DOOR_X = 55.0
"""The middle of the door, from the front."""
_TOP = -128.0
_GLASS = (Rgb.of("#3c5870"), Rgb.of("#8fb0c4"))
_CREAM, _DARK = Rgb.of("#f4efe2"), Rgb.of("#20262c")


def draw_vehicle(
    stage: Stage, kind: Vehicle, colour: Rgb, *, x: float, halted: bool, time_s: float, rider: Callable[[int], None]
) -> None:
    """Draws one.

    Args:
        stage: what to draw on; y 0 of its frame is `FOOT`.
        kind: which.
        colour: of its body.
        x: where its front is.
        halted: it stands with the door open.
        time_s: for wheels, springs and waves.
        rider: draws who sits at window 0..3 with the feet at (0, 0), or nothing.
    """
    bob = 1.3 * math.sin(time_s * 2.3) if kind == "ferry" else 0.5 * math.sin(time_s * (9 if halted else 17))
    if kind == "ferry":
        stage.effect(stage.rect(x - 10, -2, LONG + 4, 9, radius=4), flat(Rgb(10, 30, 44), alpha=0.4, blur=4))
    else:
        stage.shadow(stage.rect(x + 6, -2, LONG, 10, radius=5), alpha=0.55, blur=5)
    with stage.moved(x, bob):
        if kind == "bus":
            _bus(stage, colour)
        elif kind == "tram":
            _tram(stage, colour, -bob)
        else:
            _ferry(stage, colour, time_s)
        _door(stage, halted=halted, low=-30.0 if kind == "ferry" else -6.0, colour=colour)
        for window in range(4):
            _window(stage, window, rider)
    if kind == "bus":
        for wheel_x in (x + 106, x + 240):
            _wheel(stage, wheel_x, 0.0 if halted else -x / 15)
    elif kind == "ferry":
        _wash(stage, x, time_s, halted=halted)
        if halted:
            plank = stage.polygon([(x + 36, -30 + bob), (x + 74, -30 + bob), (x + 84, 22), (x + 28, 22)])
            wood = linear((0, -30), (0, 22), Rgb.of("#8a6238"), Rgb.of("#b98a54"))
            stage.paint(plank, wood, part="vehicle")
            for row in range(6):
                y = -24 + 8 * row
                half = 19 + 9 * (y + 30) / 52
                slat = stage.polygon([(x + 55 - half, y), (x + 55 + half, y)], closed=False)
                stage.effect(slat, flat(Rgb(50, 30, 14), alpha=0.45), line=1.1)


def _body(stage: Stage, body: Any, colour: Rgb) -> None:
    paint = linear((0, _TOP), (0, FOOT), shade(colour, 1.2), colour, shade(colour, 0.62))
    stage.paint(body, paint, part="vehicle")


def _bus(stage: Stage, colour: Rgb) -> None:
    body = stage.rect(0, _TOP, LONG, -_TOP - 2, radius=12)
    _body(stage, body, colour)
    with stage.clipped(body):
        stage.paint(stage.rect(0, _TOP + 70, LONG, 7), flat(_CREAM), part="vehicle")
        stage.effect(stage.rect(0, _TOP + 3, LONG, 6), flat(Rgb(255, 255, 255), alpha=0.35, blur=2))
    front = stage.rect(4, _TOP + 16, 24, 50, radius=5)
    stage.paint(front, linear((0, _TOP), (24, _TOP + 60), *_GLASS), part="vehicle")
    _headlight(stage, 1, -28)
    _board(stage, 84, _TOP + 4)


def _tram(stage: Stage, colour: Rgb, wire: float) -> None:
    arm = stage.polygon([(150, _TOP + 2), (172, -139), (156, WIRE_Y + wire)], closed=False)
    stage.paint(arm, flat(Rgb.of("#40484e")), part="vehicle", line=2)
    stage.paint(stage.rect(142, WIRE_Y + wire, 28, 2, radius=1), flat(Rgb.of("#2c3236")), part="vehicle")
    stage.paint(stage.rect(118, _TOP - 5, 76, 8, radius=3), flat(Rgb.of("#7c858c")), part="vehicle")
    for bogie in (84, 216):
        stage.paint(stage.rect(bogie, -14, 52, 14, radius=3), flat(Rgb.of("#1c1e20")), part="vehicle")
    body = stage.curve([(20, _TOP), (7, _TOP + 22), (-4, _TOP + 66), (-6, -18), (-4, -7)])
    for corner in ((LONG, -7), (LONG + 4, -14), (LONG + 4, _TOP + 8), (LONG - 4, _TOP)):
        body.lineTo(*corner)
    body.close()
    stage.paint(body, linear((0, _TOP), (0, _TOP + 70), Rgb(255, 253, 246), shade(_CREAM, 0.86)), part="vehicle")
    with stage.clipped(body):
        skirt = stage.rect(-12, _TOP + 72, LONG + 24, 70)
        stage.paint(skirt, linear((0, _TOP + 72), (0, -6), shade(colour, 1.1), shade(colour, 0.62)), part="vehicle")
        stage.paint(stage.rect(-12, _TOP - 2, LONG + 24, 10), flat(shade(colour, 0.92)), part="vehicle")
        band = stage.rect(-12, _TOP + 12, LONG + 24, 54)
        stage.paint(band, flat(Rgb.of("#26323c")), part="vehicle")
        front = stage.polygon([(8, _TOP + 16), (29, _TOP + 16), (29, _TOP + 64), (-8, _TOP + 64)])
        stage.paint(front, linear((0, _TOP), (24, _TOP + 60), *_GLASS), part="vehicle")
        stage.effect(stage.rect(-12, _TOP + 76, LONG + 24, 3), flat(Rgb(255, 255, 255), alpha=0.3, blur=1))
    _headlight(stage, -5, -34)
    _board(stage, 84, _TOP - 1)


def _ferry(stage: Stage, colour: Rgb, time_s: float) -> None:
    funnel = stage.polygon([(206, _TOP + 2), (212, _TOP - 36), (236, _TOP - 36), (240, _TOP + 2)])
    stage.paint(funnel, linear((206, 0), (240, 0), shade(colour, 1.15), shade(colour, 0.6)), part="vehicle")
    stage.paint(stage.rect(210, _TOP - 38, 28, 9, radius=2), flat(_DARK), part="vehicle")
    for puff in range(4):
        age = (time_s * 0.5 + puff / 4) % 1
        smoke = stage.oval(226 + 34 * age, _TOP - 42 - 26 * age, 4 + 11 * age, 3 + 8 * age)
        stage.effect(smoke, flat(Rgb(228, 230, 232), alpha=0.4 * (1 - age) * min(1.0, 6 * age), blur=3))
    bridge = stage.polygon([(96, _TOP + 2), (88, _TOP - 30), (168, _TOP - 30), (172, _TOP + 2)])
    stage.paint(bridge, linear((0, _TOP - 30), (0, _TOP), Rgb(255, 254, 250), shade(_CREAM, 0.84)), part="vehicle")
    pane = stage.polygon([(92, _TOP - 8), (89, _TOP - 25), (164, _TOP - 25), (166, _TOP - 8)])
    stage.paint(pane, linear((90, 0), (166, 0), *_GLASS), part="vehicle")
    for post in (114, 140):
        stage.paint(stage.rect(post, _TOP - 25, 3, 18), flat(_CREAM), part="vehicle")
    stage.paint(stage.polygon([(128, _TOP - 30), (128, _TOP - 46)], closed=False), flat(_DARK), part="vehicle", line=2)
    cabin = stage.rect(26, _TOP + 2, LONG - 38, 76, radius=4)
    stage.paint(cabin, linear((0, _TOP), (0, _TOP + 78), Rgb(255, 254, 250), shade(_CREAM, 0.82)), part="vehicle")
    stage.paint(stage.rect(20, _TOP, LONG - 26, 6, radius=2), flat(shade(colour, 0.9)), part="vehicle")
    pole = LONG + 6
    stage.paint(stage.polygon([(pole - 6, -58), (pole + 2, -92)], closed=False), flat(_DARK), part="vehicle", line=1.8)
    flap = [(pole + 2 + 9 * step, -91 + 2.2 * math.sin(time_s * 7 - 1.1 * step)) for step in range(4)]
    flag = stage.polygon([*flap, *((x - 2, y + 16) for x, y in reversed(flap))])
    stage.paint(flag, linear((pole, 0), (pole + 30, 0), colour, shade(colour, 0.7)), part="vehicle")
    hull = stage.curve(
        [(-34, -66), (-22, -24), (4, 4), (120, 7), (LONG - 22, 4), (LONG + 6, -20), (LONG + 8, -56)], closed=False
    )
    hull.lineTo(LONG + 8, -60)
    hull.lineTo(20, -56)
    hull.close()
    stage.paint(hull, linear((0, -66), (0, 6), shade(colour, 1.15), colour, shade(colour, 0.6)), part="vehicle")
    with stage.clipped(hull):
        stage.paint(stage.rect(-40, -50, LONG + 60, 5), flat(_CREAM), part="vehicle")
        stage.paint(stage.rect(-40, -8, LONG + 60, 20), flat(Rgb.of("#4a2622")), part="vehicle")
    for ring in (124, 230):
        stage.paint(stage.oval(ring, -28, 8), flat(Rgb.of("#f4f0e6")), part="vehicle", line=4.5)
        for part in range(4):
            turn = 0.785 + 1.571 * part
            spot = stage.oval(ring + 8 * math.cos(turn), -28 + 8 * math.sin(turn), 2.4)
            stage.paint(spot, flat(Rgb.of("#d8402f")), part="vehicle")


def _door(stage: Stage, *, halted: bool, low: float, colour: Rgb) -> None:
    x, top = DOOR_X - 21, _TOP + 16
    frame = stage.rect(x, top, 42, low - top, radius=3)
    if halted:
        inside = linear((x, top), (x, low), Rgb.of("#f2dfae"), Rgb.of("#a88a58"))
        stage.paint(frame, inside, part="vehicle")
        stage.paint(stage.rect(x, low - 12, 42, 12), flat(Rgb.of("#5a4a38")), part="vehicle")
        stage.paint(stage.rect(x + 33, top + 16, 2.5, low - top - 26), flat(Rgb.of("#e8c84a")), part="vehicle")
        for leaf in (x - 4, x + 39):
            stage.paint(stage.rect(leaf, top, 7, low - top, radius=2), flat(Rgb.of("#6c8496")), part="vehicle")
        return
    for leaf in (x + 1, x + 21.5):
        pane = stage.rect(leaf, top, 19.5, low - top, radius=3)
        stage.paint(pane, flat(shade(colour, 0.8)), part="vehicle")
        glass = stage.rect(leaf + 2.5, top + 4, 14.5, 0.66 * (low - top), radius=2)
        stage.paint(glass, linear((leaf, top), (leaf + 19, low), *reversed(_GLASS)), part="vehicle")
        stage.paint(pane, flat(_DARK), part="vehicle", line=1.4)


def _window(stage: Stage, index: int, rider: Callable[[int], None]) -> None:
    x = 82.0 + 53 * index
    pane = stage.rect(x, _TOP + 16, 46, 44, radius=5)
    stage.paint(pane, linear((x, _TOP), (x + 46, _TOP + 60), *_GLASS), part="vehicle")
    with stage.clipped(pane):
        stage.paint(stage.rect(x + 8, _TOP + 46, 30, 24, radius=5), flat(Rgb.of("#2c3c4c")), part="vehicle")
        with stage.moved(x + 23, _TOP + 120, scale=0.95):
            rider(index)
        gloss = stage.polygon([(x, _TOP + 50), (x + 26, _TOP + 14), (x + 34, _TOP + 14), (x + 4, _TOP + 62)])
        stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.16))


def _headlight(stage: Stage, x: float, y: float) -> None:
    stage.paint(stage.rect(x, y, 9, 9, radius=3), flat(Rgb(255, 240, 190)), part="vehicle")
    stage.glow(x + 2, y + 4, 20, Rgb(255, 226, 150), alpha=0.45)


def _board(stage: Stage, x: float, y: float) -> None:
    stage.paint(stage.rect(x, y, 92, 9, radius=2), flat(Rgb.of("#16181c")), part="vehicle")
    for dot in range(7):
        letter = stage.rect(x + 6 + 12 * dot, y + 2.5, 7 - (dot % 3), 4)
        stage.paint(letter, flat(Rgb.of("#ffb43c")), part="vehicle")


def _wheel(stage: Stage, x: float, angle: float) -> None:
    stage.paint(stage.oval(x, -4, 21), flat(Rgb.of("#1c1c1e")), part="vehicle")
    stage.paint(stage.oval(x, -3, 16.5), flat(Rgb.of("#2b2b2e")), part="vehicle")
    stage.paint(stage.oval(x, -3, 9), flat(mix(Rgb.of("#c8ccd0"), Rgb.of("#8a9098"), 0.3)), part="vehicle")
    for spoke in range(5):
        turn = angle + spoke * 1.2566
        hole = stage.oval(x + 5.5 * math.cos(turn), -3 + 5.5 * math.sin(turn), 1.5)
        stage.paint(hole, flat(Rgb.of("#3a3e44")), part="vehicle")


def _wash(stage: Stage, x: float, time_s: float, *, halted: bool) -> None:
    """Foam along the waterline; more of it while the ferry moves."""
    for crest in range(14):
        drift = (crest * 0.37 + time_s * (0.25 if halted else 0.9)) % 1
        at = x - 8 + (crest + drift) * (LONG + 20) / 14
        size = (5 + 3 * math.sin(crest * 2.1 + time_s * 3)) * (0.6 if halted else 1.1)
        foam = stage.oval(at, 5 + 1.5 * math.sin(crest * 1.7 + time_s * 2), max(1.0, size), 1.7)
        stage.effect(foam, flat(Rgb(240, 248, 250), alpha=0.5 * math.sin(math.pi * drift)))
