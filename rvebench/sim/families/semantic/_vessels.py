"""What an indicator is kept in: a conical flask, a glass of tea, strips of paper that hang in a beaker.

Each stands with its foot at the origin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Fill, Stage, flat, linear

__all__ = ["Held", "flask", "strips", "tea_glass"]

_WHITE = Rgb(255, 255, 255)
_STEEL = (Rgb.of("#eef2f5"), Rgb.of("#a2abb3"), Rgb.of("#5d666e"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An indicator at one moment."""

    before: Rgb
    now: Rgb
    mixed: float
    """Share of it that the change has reached."""
    level: float
    """Height of a liquid in the flask."""
    side: float
    time_s: float
    phase: float


def _blend(held: Held, top: float, low: float) -> Fill:
    """Returns the colour of a liquid from its surface down."""
    now, before = held.now, held.before
    if held.mixed >= 1:
        return linear((0, top), (0, low), now, shade(now, 0.85), shade(now, 0.55))
    return linear((0, top), (0, low), now, now, mix(now, before, 0.5), before, shade(before, 0.6))


def flask(stage: Stage, held: Held) -> None:
    """Draws a conical flask whose foot stands at the origin, with a stirrer turning in it."""
    tinted, level_up = held.now, held.level
    outline = stage.curve(
        [
            (-15, -148),
            (-14, -128),
            (-15, -104),
            (-36, -58),
            (-56, -16),
            (-50, 0),
            (0, 3),
            (50, 0),
            (56, -16),
            (36, -58),
            (15, -104),
            (14, -128),
            (15, -148),
        ]
    )
    stage.paint(outline, linear((-56, 0), (56, 0), Rgb(236, 246, 250), Rgb(205, 222, 230), alpha=0.4), part="flask")
    level = -level_up
    half_width = 56 - 40 * (level_up - 16) / 90
    # A stirrer at the bottom draws the surface down a little and swirls light through the liquid.
    dip = 3 + 1.2 * math.sin(5 * held.time_s)
    with stage.clipped(outline):
        colours = _blend(held, level, 2)
        surface = [(half_width * u, level + dip * (1 - u * u)) for u in (-1.3, -0.6, 0, 0.6, 1.3)]
        stage.paint(stage.polygon([*surface, (80, 10), (-80, 10)]), colours, part="liquid")
        for index in range(5):
            wave = [
                (
                    52 * math.sin(3.4 * held.time_s + index * 1.3 + 0.5 * k) * (1 - 0.13 * k),
                    -6 - k * level_up / 6,
                )
                for k in range(6)
            ]
            stage.effect(stage.curve(wave), flat(Rgb(255, 255, 255), alpha=0.1, blur=2.5), line=4)
        for index in range(12):
            rise = (held.time_s * (0.35 + 0.05 * (index % 4)) + index * 0.083 + held.phase) % 1
            bx = (index * 37 % 80 - 40) * (1 - 0.5 * rise) + 2 * math.sin(9 * rise + index)
            radius = 1.2 + index % 3 * 0.7
            stage.effect(stage.oval(bx, -4 - (level_up - 8) * rise, radius), flat(Rgb(255, 255, 255), alpha=0.5))
        stage.shadow(
            stage.polygon([(held.side * 60, 8), (held.side * 66, -30), (held.side * 10, -120), (held.side * 30, 8)]),
            alpha=0.2,
            blur=7,
        )
    stage.effect(stage.oval(0, level + 2, half_width - 2, 5), flat(shade(tinted, 1.5), alpha=0.75))
    turned = 3.0 * math.cos(14 * held.time_s)
    stage.paint(
        stage.rect(-4 * abs(turned) - 3, -5, 8 * abs(turned) + 6, 5, radius=2.5),
        flat(Rgb(244, 244, 244)),
        part="flask",
    )
    stage.effect(outline, flat(Rgb(255, 255, 255), alpha=0.75), line=1.8)
    shine = stage.curve(
        [(-held.side * 11, -120), (-held.side * 14, -98), (-held.side * 34, -52), (-held.side * 46, -18)]
    )
    stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.55, blur=1), line=4)
    stage.paint(stage.oval(0, -148, 18, 4), flat(Rgb(226, 238, 244), alpha=0.8), part="flask")
    stage.effect(stage.oval(0, -148, 18, 4), flat(Rgb(255, 255, 255), alpha=0.9), line=1.6)
    for mark in range(3):
        stage.effect(stage.rect(8 + mark * 6, -34 - mark * 16, 12, 1.4), flat(Rgb(255, 255, 255), alpha=0.7))


def tea_glass(stage: Stage, held: Held) -> None:
    """Draws a glass of tea on a saucer, with steam and a spoon that stirs."""
    side, level = held.side, -held.level - 22
    saucer = linear((-side * 66, 0), (side * 66, 0), Rgb.of("#ffffff"), Rgb.of("#d5dbe0"), Rgb.of("#98a3ac"))
    stage.paint(stage.oval(0, 3, 66, 11), flat(Rgb.of("#a3adb5")), part="flask")
    stage.paint(stage.oval(0, 0, 66, 11), saucer, part="flask")
    stage.effect(stage.oval(0, -1, 50, 7), flat(Rgb.of("#8d98a2"), alpha=0.35, blur=2))
    handle = stage.curve([(side * 44, -92), (side * 74, -90), (side * 76, -50), (side * 41, -36)])
    stage.paint(handle, flat(Rgb.of("#dbe8ee"), alpha=0.75), part="flask", line=7)
    stage.effect(handle, flat(_WHITE, alpha=0.7), line=1.6)
    wall = stage.polygon([(-48, -124), (48, -124), (41, -6), (36, 0), (-36, 0), (-41, -6)])
    stage.paint(wall, linear((-48, 0), (48, 0), Rgb(236, 246, 250), Rgb(205, 222, 230), alpha=0.4), part="flask")
    turn = 1.9 * held.time_s + held.phase
    dip = (18 * math.cos(turn), -16 + 3 * math.sin(turn))
    rim = (30 + 5 * math.cos(turn), -128.0)
    half = 42 + 6 * held.level / 124
    inside = stage.polygon([(-46, -126), (46, -126), (39.5, -9), (35, -5), (-35, -5), (-39.5, -9)])
    with stage.clipped(inside):
        body = stage.polygon([(-60, level), (60, level), (60, 4), (-60, 4)])
        stage.paint(body, _blend(held, level, -4), part="liquid")
        spoon = stage.polygon([dip, (rim[0] * 0.8, level)], closed=False)
        stage.effect(spoon, flat(mix(held.now, _WHITE, 0.35), alpha=0.5), line=3.6)
        stage.effect(stage.oval(dip[0], dip[1], 8, 5), flat(mix(held.now, _WHITE, 0.35), alpha=0.5))
        for index in range(7):  # petals that the spoon drives round
            angle = turn + index * 0.9
            place = (32 * math.cos(angle), -12 - (held.level + 6) * ((index * 0.618) % 1) + 4 * math.sin(angle))
            petal = stage.oval(*place, 4 + 1.5 * math.sin(angle), 2.4)
            stage.effect(petal, flat(mix(held.before, Rgb.of("#20206a"), 0.5), alpha=0.5))
        dark = stage.polygon([(side * 60, 4), (side * 60, -130), (side * 34, -130), (side * 22, 4)])
        stage.shadow(dark, alpha=0.22, blur=7)
    stage.effect(stage.oval(0, level, half - 1, 7), flat(shade(held.now, 1.5), alpha=0.85))
    stage.effect(stage.oval(0, level, half - 1, 7), flat(_WHITE, alpha=0.4), line=1.2)
    out = stage.polygon([(rim[0] * 0.8, level), (rim[0] + 16, -164)], closed=False)
    stage.paint(out, linear((rim[0], 0), (rim[0] + 14, 0), *_STEEL), part="flask", line=3.6)
    stage.paint(stage.oval(rim[0] + 16, -166, 5, 6), linear((rim[0] + 12, 0), (rim[0] + 22, 0), *_STEEL), part="flask")
    stage.effect(wall, flat(_WHITE, alpha=0.7), line=1.8)
    stage.effect(stage.oval(0, -124, 48, 7.5), flat(_WHITE, alpha=0.9), line=1.8)
    shine = stage.polygon([(-side * 39, -112), (-side * 33, -14)], closed=False)
    stage.effect(shine, flat(_WHITE, alpha=0.55, blur=1), line=5)
    for wisp in range(4):
        rise = (held.time_s * 0.4 + wisp / 4) % 1
        points = [
            (-24 + wisp * 15 + 5 * math.sin(rise * 5 + 0.55 * k + wisp), -128 - 34 * rise - 6 * k) for k in range(6)
        ]
        stage.effect(stage.curve(points), flat(_WHITE, alpha=0.4 * math.sin(math.pi * rise), blur=3.5), line=5)


def strips(stage: Stage, held: Held) -> None:
    """Draws three strips of paper that hang from a stand into a beaker of clear liquid."""
    side = held.side
    ends = ((side * 62, 0.0), (side * 70, 0.0))
    stage.paint(
        stage.rect(min(side * 50, side * 80), -12, 30, 8, radius=3), linear((0, -12), (0, -4), *_STEEL), part="flask"
    )
    stage.paint(stage.rect(side * 66 - 4, -186, 8, 178, radius=3), linear(*ends, *_STEEL), part="flask")
    beam = stage.rect(min(-side * 62, side * 76), -178, 138, 8, radius=4)
    for index in range(3):
        x = -42 + 42.0 * index
        swing = 2.2 * math.sin(2.0 * held.time_s + 1.1 * index + held.phase)
        bottom, low = x + swing, -14.0 + index % 2 * 3
        front = low + (-166 - low) * held.mixed  # what has been soaked up has risen this far
        paper = stage.polygon([(x - 14, -168), (x + 14, -168), (bottom + 14, low), (bottom - 14, low)])
        stage.paint(paper, _sheet(held.before, x, side), part="liquid")
        if held.now != held.before:
            with stage.clipped(paper):
                stage.paint(stage.rect(x - 30, front, 60, 200), _sheet(held.now, x, side), part="liquid")
                edge = stage.rect(x - 30, front - 3, 60, 6)
                stage.effect(edge, flat(mix(held.before, held.now, 0.5), alpha=0.7, blur=2))
        stage.textured(paper, "plaster", strength=0.06, seed=index)
        stage.effect(paper, flat(_WHITE, alpha=0.35), line=0.9)
    stage.paint(beam, linear((0, -178), (0, -170), *_STEEL), part="flask")
    for index in range(3):
        peg = stage.rect(-48 + 42 * index, -183, 12, 24, radius=2)
        stage.paint(peg, linear((0, -183), (0, -159), Rgb.of("#e0b67c"), Rgb.of("#96683a")), part="flask")
        stage.effect(stage.rect(-48 + 42 * index, -172, 12, 1.6), flat(Rgb.of("#5a3c20"), alpha=0.7))
    _beaker(stage, held)


def _sheet(colour: Rgb, x: float, side: float) -> Fill:
    return linear((x - side * 14, 0), (x + side * 14, 0), shade(colour, 1.2), colour, shade(colour, 0.86))


def _beaker(stage: Stage, held: Held) -> None:
    side, level = held.side, -58.0
    glass = stage.curve(
        [(-70, -84), (-66, -78), (-66, -10), (-58, 2), (0, 4), (58, 2), (66, -10), (66, -78), (70, -84)]
    )
    water = stage.polygon([(-66, level), (66, level), (66, 0), (-66, 0)])
    with stage.clipped(glass):
        clear = linear((0, level), (0, 2), Rgb(226, 242, 250), Rgb(150, 186, 204), alpha=0.42)
        stage.paint(water, clear, part="flask")
        for index in range(10):
            rise = (held.time_s * (0.3 + 0.05 * (index % 3)) + index * 0.13 + held.phase) % 1
            bubble = stage.oval(-54 + index * 29 % 110, -2 - 54 * rise, 1.2 + index % 3 * 0.6)
            stage.effect(bubble, flat(_WHITE, alpha=0.55))
        dark = stage.polygon([(side * 70, 6), (side * 70, -84), (side * 50, -84), (side * 44, 6)])
        stage.shadow(dark, alpha=0.2, blur=6)
    ripple = 0.6 * math.sin(4 * held.time_s)
    stage.effect(stage.oval(0, level, 65, 7 + ripple), flat(Rgb(236, 248, 255), alpha=0.35))
    stage.effect(stage.oval(0, level, 65, 7 + ripple), flat(_WHITE, alpha=0.75), line=1.3)
    stage.effect(glass, flat(_WHITE, alpha=0.75), line=1.8)
    stage.effect(stage.oval(0, -84, 70, 8), flat(_WHITE, alpha=0.85), line=1.6)
    shine = stage.polygon([(-side * 56, -70), (-side * 56, -12)], closed=False)
    stage.effect(shine, flat(_WHITE, alpha=0.6, blur=1), line=4)
    for mark in range(3):
        stage.effect(stage.rect(28, -22 - mark * 14, 14, 1.4), flat(_WHITE, alpha=0.8))
