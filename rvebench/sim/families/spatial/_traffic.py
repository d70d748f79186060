"""Who goes down the road in avenue-walk, seen from behind, with the feet or wheels at the origin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.spatial._parts import ring, strip
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["Kind", "Traveller", "draw_traveller", "outlines"]

Kind = Literal["walker", "cyclist", "van"]
_WHITE = Rgb(255, 255, 255)
_DARK = Rgb.of("#2b2a30")
_SKIN = Rgb.of("#e3b48e")
_HAIR = Rgb.of("#4a2d1f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traveller:
    """Who it is, and how dressed or painted."""

    kind: Kind
    coat: Rgb
    hat: bool
    sun: int
    """Side from which the light comes, -1 or 1."""


def outlines(kind: Kind, size: float) -> list[list[Point]]:
    """Returns what stands upright, for its shadow: outlines of (sideways, height) points."""
    if kind == "van":
        return [strip(58 * size, 96 * size, 56 * size), [(-56 * size, 90 * size), (56 * size, 90 * size),
                (50 * size, 134 * size), (-50 * size, 134 * size)]]  # fmt: skip
    if kind == "cyclist":
        return [strip(3 * size, 62 * size), strip(11 * size, 66 * size, 14 * size), ring(0, 88 * size, 17 * size,
                27 * size), ring(0, 128 * size, 12 * size, 13 * size)]  # fmt: skip
    return [strip(9 * size, 60 * size, 15 * size), ring(0, 80 * size, 14 * size, 26 * size),
            ring(0, 114 * size, 9 * size, 11 * size)]  # fmt: skip


def draw_traveller(stage: Stage, who: Traveller, step: float) -> None:
    """Draws the traveller at full size.

    Args:
        stage: where to draw; moved and scaled to the place on the road.
        who: kind and colours.
        step: phase of the gait, the pedals or the engine in radians.
    """
    if who.kind == "walker":
        with stage.moved(0, -abs(math.sin(step)) * 2):
            _walker(stage, who, step)
    elif who.kind == "cyclist":
        _cyclist(stage, who, step)
    else:
        with stage.moved(0, 0.8 * math.sin(step * 2)):
            _van(stage, who, step)


def _walker(stage: Stage, who: Traveller, step: float) -> None:
    sun = who.sun
    for side in (-1, 1):
        lift = max(0.0, side * math.sin(step)) * 9
        leg = stage.rect(side * 7 - 5, -46, 10, 44 - lift, radius=4)
        stage.paint(leg, linear((12 * sun, 0), (-12 * sun, 0), Rgb.of("#5a566a"), _DARK), part="walker")
        stage.paint(stage.oval(side * 7, -2 - lift, 6.5, 4), flat(Rgb.of("#2a211c")), part="walker")
    for side in (-1, 1):
        swing = side * math.sin(step) * 5
        arm = stage.curve([(side * 14, -94), (side * 21, -74 + swing), (side * 20, -56 + swing)])
        stage.paint(arm, flat(shade(who.coat, 0.9 if side == sun else 0.66)), part="walker", line=8.5)
        stage.paint(stage.oval(side * 20, -52 + swing, 4), flat(_SKIN), part="walker")
    coat = stage.curve([(-13, -100), (-18, -76), (-22, -38), (0, -33), (22, -38), (18, -76), (13, -100),
                        (0, -104)], closed=True)  # fmt: skip
    lit = linear((20 * sun, 0), (-20 * sun, 0), shade(who.coat, 1.25), who.coat, shade(who.coat, 0.6))
    stage.paint(coat, lit, part="walker")
    stage.paint(stage.rect(-19, -66, 38, 4.5, radius=1), flat(shade(who.coat, 0.5)), part="walker")
    bag = stage.rect(-11, -95, 22, 27, radius=5)
    stage.paint(bag, linear((0, -95), (0, -68), Rgb.of("#9a7450"), Rgb.of("#5f4630")), part="walker")
    stage.effect(stage.rect(-8, -84, 16, 2), flat(Rgb.of("#e8cfa4"), alpha=0.8))
    stage.paint(stage.rect(-4, -108, 8, 8), flat(_SKIN), part="walker")
    head = radial((4 * sun, -120), 17, mix(_HAIR, Rgb(255, 220, 180), 0.3), _HAIR)
    stage.paint(stage.oval(0, -115, 11, 12.5), head, part="walker")
    if who.hat:
        stage.paint(stage.oval(0, -119, 18, 4.5), flat(Rgb.of("#e9d8b0")), part="walker")
        crown = stage.curve([(-11, -119), (-9, -131), (9, -131), (11, -119)], closed=True)
        straw = linear((11 * sun, 0), (-11 * sun, 0), Rgb.of("#f4e6c2"), Rgb.of("#b59f72"))
        stage.paint(crown, straw, part="walker")
        stage.paint(stage.rect(-11, -123, 22, 3.5), flat(who.coat), part="walker")
    else:
        tail = stage.curve([(-4, -112), (-5, -98), (2 * math.sin(step), -92), (5, -98), (4, -112)], closed=True)
        stage.paint(tail, flat(shade(_HAIR, 0.8)), part="walker")
        stage.paint(stage.oval(0, -110, 4, 2.4), flat(who.coat), part="walker")


def _cyclist(stage: Stage, who: Traveller, step: float) -> None:
    sun, iron = who.sun, Rgb.of("#4a525a")
    for side in (-1, 1):
        lift = 9 * side * math.sin(step)
        knee, shoe = (side * 15, -50 - lift), (side * 11, -20 - lift)
        leg = stage.curve([(side * 8, -68), knee, shoe])
        tone = Rgb.of("#565468") if side == sun else _DARK
        stage.paint(leg, flat(tone), part="walker", line=10.5)
        stage.paint(stage.oval(shoe[0], shoe[1] + 2, 6.5, 4.2), flat(Rgb.of("#e6e2da")), part="walker")
    stage.paint(stage.oval(0, -31, 5, 31), flat(_DARK), part="walker")
    stage.effect(stage.oval(0, -31, 1.2, 25), flat(Rgb.of("#8f979e"), alpha=0.8))
    stage.paint(stage.polygon([(0, -32), (0, -70)], closed=False), flat(iron), part="walker", line=4)
    for side in (-1, 1):
        bag = stage.rect(side * 15 - 9, -60, 18, 25, radius=4)
        tone = Rgb.of("#b9834f")
        stage.paint(bag, linear((0, -60), (0, -35), tone, shade(tone, 0.55)), part="walker")
        stage.effect(stage.rect(side * 15 - 8, -50, 16, 2), flat(Rgb.of("#f1dcb4"), alpha=0.8))
    stage.paint(stage.oval(0, -58, 4, 3.4), radial((0, -58), 5, Rgb(255, 150, 120), Rgb.of("#c8261e")), part="walker")
    stage.paint(stage.curve([(-13, -74), (0, -70), (13, -74)]), flat(Rgb.of("#3a2c24")), part="walker", line=7)
    bar = stage.curve([(-29, -88), (-20, -92), (20, -92), (29, -88)])
    stage.paint(bar, flat(iron), part="walker", line=4)
    sway = 1.6 * math.sin(step)
    for side in (-1, 1):
        arm = stage.curve([(sway + side * 14, -108), (side * 27, -101), (side * 27, -90)])
        stage.paint(arm, flat(shade(who.coat, 0.95 if side == sun else 0.66)), part="walker", line=9)
        stage.paint(stage.oval(side * 27, -88, 4), flat(_SKIN), part="walker")
    jacket = stage.curve([(sway - 13, -114), (sway - 19, -98), (-15, -76), (0, -71), (15, -76), (sway + 19, -98),
                          (sway + 13, -114), (sway, -117)], closed=True)  # fmt: skip
    lit = linear((20 * sun, 0), (-20 * sun, 0), shade(who.coat, 1.25), who.coat, shade(who.coat, 0.6))
    stage.paint(jacket, lit, part="walker")
    stage.effect(stage.rect(-14, -92, 28, 4.5, radius=1), flat(Rgb.of("#f4f1d8"), alpha=0.85))
    stage.paint(stage.rect(sway - 4, -121, 8, 8), flat(_SKIN), part="walker")
    stage.paint(stage.oval(sway, -126, 10, 11), flat(_HAIR), part="walker")
    shell = stage.curve([(sway - 13, -126), (sway - 11, -137), (sway, -142), (sway + 11, -137), (sway + 13, -126),
                         (sway, -128)], closed=True)  # fmt: skip
    helmet = Rgb.of("#f2efe6") if who.hat else mix(who.coat, Rgb.of("#e9c23c"), 0.8)
    stage.paint(
        shell, radial((sway + 5 * sun, -138), 20, mix(helmet, _WHITE, 0.4), helmet, shade(helmet, 0.6)), part="walker"
    )
    for dx in (-5, 0, 5):
        vent = stage.polygon([(sway + dx, -139 + abs(dx) * 0.3), (sway + dx * 1.2, -131)], closed=False)
        stage.effect(vent, flat(_DARK, alpha=0.55), line=1.8)


def _van(stage: Stage, who: Traveller, step: float) -> None:
    sun, tone = who.sun, who.coat
    for side in (-1, 1):
        stage.paint(stage.rect(side * 45 - 11, -24, 22, 24, radius=5), flat(_DARK), part="walker")
    sides = (shade(tone, 1.18), tone, shade(tone, 0.58))
    body = stage.curve([(-60, -14), (-60, -84), (-52, -128), (-40, -134), (40, -134), (52, -128), (60, -84),
                        (60, -14), (0, -12)], closed=True)  # fmt: skip
    stage.paint(body, linear((60 * sun, 0), (-60 * sun, 0), *sides), part="walker")
    roof = mix(tone, _WHITE, 0.75) if who.hat else tone
    with stage.clipped(body):
        top = linear((60 * sun, 0), (-60 * sun, 0), shade(roof, 1.1), shade(roof, 0.66))
        stage.paint(stage.rect(-64, -140, 128, 18), top, part="walker")
        stage.effect(stage.rect(-64, -123, 128, 3), flat(Rgb(20, 16, 18), alpha=0.35))
    for side in (-1, 1):
        pane = stage.polygon([(side * 4, -116), (side * 44, -114), (side * 48, -82), (side * 4, -82)])
        glass = linear((0, -116), (0, -82), Rgb.of("#8fa9bd"), Rgb.of("#3b4a58"))
        stage.paint(pane, glass, part="walker")
        with stage.clipped(pane):
            streak = stage.polygon(
                [(side * 14 - 6, -80), (side * 14 + 8, -118), (side * 14 + 14, -118), (side * 14, -80)]
            )
            stage.effect(streak, flat(_WHITE, alpha=0.35, blur=1))
        rear = stage.rect(side * 53 - 4, -66, 8, 22, radius=2.5)
        stage.paint(rear, linear((0, -66), (0, -44), Rgb.of("#ff6a55"), Rgb.of("#b3221c")), part="walker")
    stage.effect(stage.polygon([(0, -120), (0, -20)], closed=False), flat(shade(tone, 0.4), alpha=0.8), line=1.6)
    for side in (-1, 1):
        stage.effect(stage.rect(side * 6 - 2, -62, 4, 10, radius=2), flat(Rgb.of("#d9dde0")))
    label = mix(tone, Rgb.of("#fff6e2"), 0.85)
    stage.effect(stage.oval(-27, -54, 13, 10), flat(label, alpha=0.95))
    stage.effect(stage.polygon([(-35, -52), (-27, -60), (-19, -52), (-27, -48)]), flat(shade(tone, 0.7)))
    plate = stage.rect(12, -40, 30, 9, radius=1.5)
    stage.paint(plate, flat(Rgb.of("#f6f2e4")), part="walker")
    stage.effect(stage.rect(16, -37.5, 22, 3.4), flat(_DARK, alpha=0.75))
    stage.paint(
        stage.rect(-63, -24, 126, 9, radius=3), linear((0, -24), (0, -15), Rgb.of("#5a6067"), _DARK), part="walker"
    )
    puff = (step * 0.12) % 1
    stage.effect(
        stage.oval(-40 - 10 * puff, -9 - 8 * puff, 4 + 9 * puff),
        flat(Rgb.of("#d8d6d2"), alpha=0.4 * math.sin(math.pi * puff), blur=3),
    )
