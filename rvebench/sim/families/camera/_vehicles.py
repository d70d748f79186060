"""What runs along a line through the country: a steam train, a tram, a bus. The front is at x; the rail at y = 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["VEHICLES", "WIRE", "Livery", "Vehicle", "paint_vehicle"]

Vehicle = Literal["bus", "train", "tram"]
VEHICLES: tuple[Vehicle, ...] = ("bus", "train", "tram")
WIRE = -82.0
"""Height of the wire over the rail of a tram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Livery:
    """How a vehicle is painted, and how late it is."""

    main: Rgb
    wagons: tuple[Rgb, Rgb]
    dusk: float

    def pane(self) -> Rgb:
        """Returns the colour of a window, lit from inside in the evening."""
        return mix(Rgb.of("#cfe6f2"), Rgb.of("#ffdf94"), 0.15 + 0.85 * self.dusk)


def paint_vehicle(stage: Stage, vehicle: Vehicle, livery: Livery, front: float, time_s: float) -> None:
    """Draws one of them with its shadow and its smoke."""
    bob = 0.5 * math.sin(time_s * 17)
    if vehicle == "train":
        _smoke(stage, livery, front - 22, -66, time_s, puffs=12, size=1.0)
        stage.shadow(stage.rect(front - 250, 1, 258, 8), alpha=0.5, blur=3)
        for index, tone in enumerate(livery.wagons):
            with stage.moved(front - 170 - 82 * index, bob * (1 - index)):
                _wagon(stage, livery, tone, front)
        with stage.moved(front - 84, bob):
            _engine(stage, livery, front)
    elif vehicle == "tram":
        stage.shadow(stage.rect(front - 190, 1, 198, 8), alpha=0.5, blur=3)
        with stage.moved(front, 0.4 * bob):
            _tram(stage, livery, time_s, front)
    else:
        _smoke(stage, livery, front - 128, -6, time_s, puffs=6, size=0.35)
        stage.shadow(stage.rect(front - 126, 1, 136, 9), alpha=0.5, blur=3)
        with stage.moved(front, 0.8 * bob):
            _bus(stage, livery, front)


def _smoke(stage: Stage, livery: Livery, x: float, y: float, time_s: float, *, puffs: int, size: float) -> None:
    tone = mix(Rgb.of("#f6f4f0"), Rgb.of("#b9aeb0"), livery.dusk)
    for puff in range(puffs):
        age = (time_s * 0.9 + puff / puffs) % 1
        at = (x - 130 * age * size, y - (34 * age - 4 * math.sin(puff * 2.1 + age * 4)) * size)
        cloud = stage.oval(*at, (6 + 17 * age) * size, (5 + 13 * age) * size)
        stage.effect(cloud, flat(tone, alpha=0.9 * (1 - age), blur=2))


def _heads(stage: Stage, places: tuple[float, ...], y: float) -> None:
    for index, x in enumerate(places):
        skin = (Rgb.of("#c98f6a"), Rgb.of("#7a5140"), Rgb.of("#e0b08a"))[index % 3]
        stage.paint(stage.oval(x, y, 3.2, 3.6), flat(skin), part="vehicle")


def _tram(stage: Stage, livery: Livery, time_s: float, front: float) -> None:
    """Two joined cars under a wire; (0, 0) is the foot of its front."""
    tone, cream = livery.wagons[0], Rgb.of("#f3ead2")
    for lean in (-1, 1):
        arm = [(-128 + 9 * lean, -58), (-128 - 5 * lean, -69), (-128, WIRE + 1)]
        stage.paint(stage.polygon(arm, closed=False), flat(Rgb.of("#3a3d42")), part="vehicle", line=1.6)
    stage.paint(stage.rect(-139, WIRE, 22, 1.8), flat(Rgb.of("#3a3d42")), part="vehicle")
    spark = max(0.0, math.sin(time_s * 9)) ** 8
    stage.glow(-128, WIRE, 12, Rgb(190, 225, 255), alpha=0.75 * spark)
    stage.paint(stage.rect(-100, -50, 12, 44), flat(Rgb.of("#33343a")), part="vehicle")
    for left, wide in ((-188.0, 90.0), (-90.0, 90.0)):
        nose = left > -100
        corners = [(left, -4), (left, -50), (left + 4, -54), (left + wide - (14 if nose else 4), -54)]
        corners += [(left + wide, -26 if nose else -50), (left + wide, -4)]
        body = stage.polygon(corners)
        stage.paint(body, linear((0, -54), (0, -4), shade(cream, 1.06), cream, shade(cream, 0.8)), part="vehicle")
        with stage.clipped(body):
            band = stage.rect(left, -24, wide, 20)
            stage.paint(band, linear((0, -24), (0, -4), shade(tone, 1.15), shade(tone, 0.7)), part="vehicle")
            stage.paint(stage.rect(left, -54, wide, 5), flat(tone), part="vehicle")
            pane = livery.pane()
            stage.paint(stage.rect(left + 5, -45, wide - 10, 18, radius=3), flat(shade(pane, 0.95)), part="vehicle")
            _heads(stage, tuple(left + 14 + 17 * k for k in range(4 if nose else 5)), -31)
            for post in range(1, 5):
                stage.paint(stage.rect(left + 2 + 17.4 * post, -46, 2, 20), flat(cream), part="vehicle")
            stage.effect(stage.rect(left + 6, -44, wide - 12, 3), flat(WHITE, alpha=0.5))
        door = stage.rect(left + 38, -46, 15, 41, radius=1.5)
        stage.paint(door, flat(mix(tone, WHITE, 0.25)), part="vehicle")
        stage.paint(stage.rect(left + 40, -43, 5, 26, radius=1), flat(shade(livery.pane(), 0.85)), part="vehicle")
        stage.paint(stage.rect(left + 46, -43, 5, 26, radius=1), flat(shade(livery.pane(), 0.85)), part="vehicle")
        for hub in (left + 18, left + 72):
            with stage.moved(hub, -2):
                _wheels(stage, (-7, 7), 5.0, front)
            stage.paint(stage.rect(hub - 15, -11, 30, 6, radius=2), flat(Rgb.of("#2b2b30")), part="vehicle")
    stage.paint(stage.oval(-3, -13, 2.8), flat(Rgb.of("#fff0b8")), part="vehicle")
    stage.glow(-1, -13, 16, Rgb(255, 226, 150), alpha=0.3 + 0.35 * livery.dusk)


def _bus(stage: Stage, livery: Livery, front: float) -> None:
    """A bus with two floors; (0, 0) is the foot of its front."""
    tone = mix(livery.main, Rgb.of("#d0342c"), 0.55)
    body = stage.curve(
        [(-124, -6), (-125, -40), (-124, -74), (-118, -79), (-60, -80), (-8, -79), (-2, -74), (0, -40), (0, -6)],
        closed=True,
    )
    stage.paint(body, linear((0, -80), (0, -4), shade(tone, 1.3), tone, shade(tone, 0.62)), part="vehicle")
    with stage.clipped(body):
        stage.paint(stage.rect(-126, -46, 130, 5), flat(Rgb.of("#f3ead2")), part="vehicle")
        stage.paint(stage.rect(-126, -14, 130, 2), flat(mix(tone, WHITE, 0.6)), part="vehicle")
        stage.effect(stage.rect(-120, -77, 112, 2.4), flat(WHITE, alpha=0.5, blur=0.6))
    pane = livery.pane()
    for y in (-70.0, -38.0):
        for window in range(6):
            x = -117 + 19 * window
            if y < -40 or window < 5:
                stage.paint(stage.rect(x, y, 16, 17, radius=2), flat(pane), part="vehicle")
                stage.effect(stage.rect(x + 2, y + 2, 12, 2.4), flat(WHITE, alpha=0.5))
                if window not in (1, 4):
                    _heads(stage, (x + 8,), y + 13)
    stage.paint(stage.rect(-21, -39, 13, 31, radius=1.5), flat(shade(pane, 0.8)), part="vehicle")
    stage.paint(stage.rect(-15, -39, 1.4, 31), flat(tone), part="vehicle")
    stage.paint(stage.rect(-5.5, -38, 5, 19, radius=1), flat(shade(pane, 0.9)), part="vehicle")
    stage.paint(stage.rect(-90, -57, 56, 8, radius=1), flat(Rgb.of("#f2c440")), part="vehicle")
    for letter in range(7):
        stage.effect(stage.rect(-85 + 7 * letter, -55, 4, 4), flat(Rgb.of("#3a2f22"), alpha=0.8))
    stage.paint(stage.oval(-1, -14, 2.6), flat(Rgb.of("#fff0b8")), part="vehicle")
    stage.glow(1, -14, 16, Rgb(255, 226, 150), alpha=0.3 + 0.35 * livery.dusk)
    for x in (-96, -26):
        arch = stage.oval(x, -5, 12)
        with stage.clipped(stage.rect(-130, -24, 140, 20)):
            stage.paint(arch, flat(shade(tone, 0.35)), part="vehicle")
        with stage.moved(x, -5, turn_deg=math.degrees(front / 9)):
            stage.paint(stage.oval(0, 0, 9), flat(Rgb.of("#1f1f23")), part="vehicle")
            stage.paint(stage.oval(0, 0, 5), flat(Rgb.of("#b9bec4")), part="vehicle")
            for bolt in range(5):
                turn = 2 * math.pi * bolt / 5
                spot = stage.oval(3 * math.cos(turn), 3 * math.sin(turn), 0.9)
                stage.paint(spot, flat(Rgb.of("#4a4d52")), part="vehicle")


def _wagon(stage: Stage, livery: Livery, tone: Rgb, front: float) -> None:
    stage.paint(stage.rect(74, -12, 14, 3), flat(Rgb.of("#2b2826")), part="vehicle")
    body = stage.rect(0, -42, 76, 34, radius=4)
    stage.paint(body, linear((0, -42), (0, -8), shade(tone, 1.2), tone, shade(tone, 0.62)), part="vehicle")
    stage.paint(stage.rect(-2, -46, 80, 6, radius=3), flat(shade(tone, 0.45)), part="vehicle")
    stage.paint(stage.rect(0, -19, 76, 2.4), flat(mix(tone, WHITE, 0.6)), part="vehicle")
    pane = livery.pane()
    for window in range(4):
        stage.paint(stage.rect(6 + 17 * window, -36, 13, 13, radius=1.5), flat(pane), part="vehicle")
        if window != 1:
            head = stage.oval(13 + 17 * window, -26, 3.2, 3.6)
            stage.paint(head, flat(Rgb.of("#7a5140")), part="vehicle")
    _wheels(stage, (13, 27, 49, 63), 6.0, front)


def _engine(stage: Stage, livery: Livery, front: float) -> None:
    tone, dark = livery.main, Rgb.of("#26262a")
    boiler = stage.rect(26, -38, 54, 24, radius=6)
    stage.paint(boiler, linear((0, -38), (0, -14), shade(tone, 1.5), tone, shade(tone, 0.5)), part="vehicle")
    for band in (40, 56):
        stage.paint(stage.rect(band, -38, 2, 24), flat(Rgb.of("#d9b45a")), part="vehicle")
    stage.paint(stage.polygon([(60, -37), (58, -58), (70, -58), (67, -37)]), flat(dark), part="vehicle")
    stage.paint(stage.rect(56, -61, 16, 5, radius=1), flat(Rgb.of("#d9b45a")), part="vehicle")
    stage.paint(stage.oval(46, -39, 6, 6), flat(Rgb.of("#d9b45a")), part="vehicle")
    cab = stage.rect(0, -54, 30, 42, radius=2)
    stage.paint(cab, linear((0, -54), (0, -12), shade(tone, 1.2), shade(tone, 0.75)), part="vehicle")
    stage.paint(stage.rect(-4, -58, 38, 5, radius=2), flat(dark), part="vehicle")
    stage.paint(
        stage.rect(7, -47, 15, 14, radius=1),
        flat(mix(Rgb.of("#cfe6f2"), Rgb.of("#ffdf94"), livery.dusk)),
        part="vehicle",
    )
    stage.paint(stage.rect(0, -14, 84, 6), flat(shade(Rgb.of("#9a2f2a"), 0.9)), part="vehicle")
    stage.paint(stage.polygon([(80, -10), (90, 3), (76, 3), (76, -10)]), flat(dark), part="vehicle")
    stage.paint(stage.oval(80, -32, 3.6), flat(Rgb.of("#ffe9a8")), part="vehicle")
    stage.glow(82, -32, 16, Rgb(255, 226, 150), alpha=0.35 + 0.3 * livery.dusk)
    _wheels(stage, (14, 36, 56), 8.5, front)
    _wheels(stage, (72,), 5.5, front)
    turn = front / 8.5
    rod = [(14 + 4 * math.cos(turn), -5 + 4 * math.sin(turn)), (56 + 4 * math.cos(turn), -5 + 4 * math.sin(turn))]
    stage.paint(stage.polygon(rod, closed=False), flat(Rgb.of("#c9ced4")), part="vehicle", line=2)


def _wheels(stage: Stage, places: tuple[int, ...], radius: float, front: float) -> None:
    for x in places:
        with stage.moved(x, 4 - radius, turn_deg=math.degrees(front / radius)):
            stage.paint(stage.oval(0, 0, radius), flat(Rgb.of("#1f1f23")), part="vehicle")
            stage.paint(stage.oval(0, 0, radius * 0.68), flat(Rgb.of("#8f3a32")), part="vehicle")
            for spoke in range(3):
                angle = spoke * math.pi / 3
                ends = [
                    (-radius * math.cos(angle) * 0.7, -radius * math.sin(angle) * 0.7),
                    (radius * math.cos(angle) * 0.7, radius * math.sin(angle) * 0.7),
                ]
                stage.paint(stage.polygon(ends, closed=False), flat(Rgb.of("#1f1f23")), part="vehicle", line=1.2)
