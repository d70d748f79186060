"""The things that literal edits are done to: each is known at a glance and comes in any colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Fill, Stage, flat, linear, radial

__all__ = ["COLOURS", "KINDS", "THINGS", "WHITE", "Kind", "Thing", "lit_across", "stir"]

Kind = Literal["ball", "bucket", "lantern", "teapot", "teddy-bear", "vase"]
KINDS: tuple[Kind, ...] = get_args(Kind)

WHITE = Rgb(255, 255, 255)
COLOURS: Mapping[str, Rgb] = MappingProxyType(
    {
        "red": Rgb.of("#d83a2c"),
        "yellow": Rgb.of("#f4c430"),
        "green": Rgb.of("#3c9c4e"),
        "blue": Rgb.of("#2f6fd0"),
        "white": Rgb.of("#f2f0ea"),
        "black": Rgb.of("#3a3b44"),
    }
)
"""Colours that nobody takes for one another."""

_STEEL = Rgb.of("#8d949c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """How one kind of thing is drawn and named."""

    name: str
    plural: str
    width: float
    """Of what stands on the ground, in logical pixels at size 1."""
    height: float
    draw: Callable[[Stage, Rgb, int], None]
    """Draws it standing on the origin; the light comes from side -1 or 1."""


def lit_across(tone: Rgb, half: float, side: int) -> Fill:
    """Returns the shading of an upright round surface, bright towards the light."""
    pale, dark = mix(shade(tone, 1.08), WHITE, 0.22), shade(tone, 0.56)
    return linear((side * half, 0), (-side * half, 0), tone, pale, tone, dark)


def _ball(stage: Stage, tone: Rgb, side: int) -> None:
    body = stage.oval(0, -27, 27)
    bright = (side * 9, -37)
    stage.paint(
        body, radial(bright, 46, mix(tone, WHITE, 0.4), tone, shade(tone, 0.82), shade(tone, 0.45)), part="ball"
    )
    with stage.clipped(body):
        seam = mix(tone, Rgb(0, 0, 0) if tone.g > 150 else WHITE, 0.4)
        for points in (
            [(-30, -34), (-8, -25), (12, -27), (30, -38)],
            [(-6, -56), (-13, -38), (-6, -14), (4, 2)],
            [(18, -52), (10, -34), (14, -14), (20, -4)],
        ):
            stage.effect(stage.curve(points), flat(seam, alpha=0.7), line=1.5)
        stage.effect(stage.oval(-side * 10, -3, 24, 9), flat(WHITE, alpha=0.12, blur=4))
    stage.effect(stage.oval(side * 10, -39, 7, 4.5), flat(WHITE, alpha=0.75, blur=2))


def _bucket(stage: Stage, tone: Rgb, side: int) -> None:
    handle = stage.curve([(-24, -44), (-17, -64), (0, -71), (17, -64), (24, -44)])
    stage.paint(handle, flat(shade(_STEEL, 0.8)), part="bucket", line=3)
    stage.effect(handle, flat(WHITE, alpha=0.5), line=1)
    grip = stage.polygon([(-7, -70.4), (7, -70.4)], closed=False)
    stage.paint(grip, flat(Rgb.of("#8a5c34")), part="bucket", line=5)
    body = stage.curve(
        [(-25, -45), (-22, -22), (-18, -2), (0, 3), (18, -2), (22, -22), (25, -45), (0, -41)], closed=True
    )
    stage.paint(body, lit_across(tone, 24, side), part="bucket")
    with stage.clipped(body):
        for y in (-33.0, -10.0):
            hoop = stage.curve([(-26, y - 3), (0, y + 3), (26, y - 3)])
            stage.effect(hoop, flat(shade(tone, 0.5), alpha=0.6), line=1.6)
            stage.effect(stage.curve([(-26, y - 1), (0, y + 5), (26, y - 1)]), flat(WHITE, alpha=0.3), line=1)
        stage.effect(stage.rect(side * 12 - 2.5, -40, 5, 36, radius=2.5), flat(WHITE, alpha=0.5, blur=1.8))
    rim = stage.oval(0, -45, 25, 6)
    stage.paint(rim, linear((0, -51), (0, -39), shade(tone, 0.3), shade(tone, 0.62)), part="bucket")
    stage.paint(rim, flat(mix(tone, WHITE, 0.35)), part="bucket", line=2.2)
    for rivet in (-24, 24):
        stage.paint(stage.oval(rivet, -43, 2.6), flat(_STEEL), part="bucket")


def _lantern(stage: Stage, tone: Rgb, side: int) -> None:
    ring = stage.oval(0, -72, 8, 7)
    stage.paint(ring, flat(shade(_STEEL, 0.75)), part="lantern", line=2.4)
    glass = stage.rect(-15, -50, 30, 38, radius=6)
    stage.paint(glass, radial((0, -29), 26, Rgb(255, 250, 216), Rgb(255, 214, 122), Rgb(214, 140, 60)), part="lantern")
    flame = stage.curve([(0, -17), (-5, -25), (-2, -33), (0, -41), (2.6, -33), (5, -25)], closed=True)
    stage.paint(flame, linear((0, -17), (0, -41), Rgb(255, 150, 40), Rgb(255, 244, 190)), part="lantern")
    stage.effect(stage.rect(side * 9 - 1.5, -46, 3, 30, radius=1.5), flat(WHITE, alpha=0.7, blur=0.8))
    for x in (-16.0, 0.0, 16.0):
        bar = stage.rect(x - (2.4 if x else 0.9), -52, 4.8 if x else 1.8, 43, radius=1)
        stage.paint(bar, flat(shade(tone, 0.9 if x * side >= 0 else 0.6)), part="lantern")
    foot = stage.curve([(-23, 0), (-22, -9), (-18, -14), (18, -14), (22, -9), (23, 0), (0, 3)], closed=True)
    stage.paint(foot, lit_across(tone, 22, side), part="lantern")
    stage.effect(stage.curve([(-22, -6), (0, -3), (22, -6)]), flat(shade(tone, 0.5), alpha=0.6), line=1.4)
    roof = stage.curve(
        [(-22, -49), (-16, -57), (-9, -62), (-7, -67), (7, -67), (9, -62), (16, -57), (22, -49), (0, -46)], closed=True
    )
    stage.paint(roof, lit_across(tone, 21, side), part="lantern")
    stage.effect(stage.curve([(-21, -50), (0, -47), (21, -50)]), flat(shade(tone, 0.45), alpha=0.7), line=1.6)
    stage.effect(stage.oval(side * 9, -58, 4, 2.2), flat(WHITE, alpha=0.6, blur=1.2))


def _teapot(stage: Stage, tone: Rgb, side: int) -> None:
    handle = stage.curve([(-20, -40), (-36, -43), (-38, -24), (-22, -13)])
    stage.paint(handle, flat(shade(tone, 0.62)), part="teapot", line=6)
    stage.effect(handle, flat(mix(tone, WHITE, 0.3), alpha=0.7), line=1.8)
    spout = stage.curve(
        [(18, -12), (29, -19), (32, -36), (38, -45), (44, -43), (41, -32), (34, -14), (20, -4)], closed=True
    )
    stage.paint(spout, linear((20, -30), (44, -24), tone, shade(tone, 0.66)), part="teapot")
    stage.paint(stage.oval(41, -44, 4, 1.8), flat(shade(tone, 0.35)), part="teapot")
    body = stage.curve(
        [(-14, 1), (-25, -9), (-28, -25), (-20, -41), (0, -47), (20, -41), (28, -25), (25, -9), (14, 1), (0, 3)],
        closed=True,
    )
    stage.paint(
        body,
        radial((side * 9, -34), 48, mix(tone, WHITE, 0.42), tone, shade(tone, 0.78), shade(tone, 0.45)),
        part="teapot",
    )
    with stage.clipped(body):
        band = mix(tone, Rgb(0, 0, 0) if tone.g > 150 else WHITE, 0.45)
        stage.effect(stage.curve([(-30, -22), (0, -15), (30, -22)]), flat(band, alpha=0.8), line=2.2)
        for k in range(-3, 4):
            stage.effect(stage.oval(k * 8, -11.5 - abs(k) ** 1.5 * 0.7, 1.7), flat(band, alpha=0.8))
    lid = stage.curve([(-15, -44), (-11, -51), (0, -54), (11, -51), (15, -44), (0, -41)], closed=True)
    stage.paint(lid, lit_across(tone, 15, side), part="teapot")
    stage.effect(stage.curve([(-15, -43.5), (0, -40.5), (15, -43.5)]), flat(shade(tone, 0.45), alpha=0.7), line=1.4)
    stage.paint(
        stage.oval(0, -57, 4.6), radial((side * 1.5, -58.5), 7, mix(tone, WHITE, 0.4), shade(tone, 0.6)), part="teapot"
    )
    stage.effect(stage.oval(side * 11, -34, 5.5, 4), flat(WHITE, alpha=0.75, blur=1.8))


def _bear(stage: Stage, tone: Rgb, side: int) -> None:
    part, pale, dark = "teddy-bear", mix(tone, WHITE, 0.5), shade(tone, 0.5)

    def limb(x: float, y: float, rx: float, ry: float) -> None:
        fill = radial((x + side * rx * 0.35, y - ry * 0.4), max(rx, ry) * 1.5, mix(tone, WHITE, 0.18), tone, dark)
        stage.paint(stage.oval(x, y, rx, ry), fill, part=part)

    for x in (-15, 15):
        limb(x, -62, 7.5, 7.5)
        stage.paint(stage.oval(x, -61.5, 4.2), flat(pale), part=part)
    limb(0, -21, 21, 21)
    stage.paint(stage.oval(0, -18, 12, 13), flat(mix(tone, pale, 0.75)), part=part)
    for x in (-19, 19):
        with stage.moved(x, -27, turn_deg=-x * 1.5):
            limb(0, 2, 7, 13.5)
    for x in (-17, 17):
        limb(x, -6, 11.5, 9.5)
        stage.paint(stage.oval(x, -5.5, 6, 5.4), flat(pale), part=part)
    limb(0, -50, 19, 17)
    stage.paint(stage.oval(0, -45, 9.5, 7.5), flat(pale), part=part)
    ink = Rgb.of("#15120f")
    for eye in (-7.5, 7.5):
        stage.paint(stage.oval(eye, -54, 2.8), flat(ink), part=part)
        stage.effect(stage.oval(eye - 0.8, -55, 0.9), flat(WHITE, alpha=0.95))
    stage.paint(stage.oval(0, -48, 3.4, 2.4), flat(ink), part=part)
    mouth = stage.curve([(-4, -42.5), (-1.8, -40.8), (0, -43.2), (1.8, -40.8), (4, -42.5)])
    stage.effect(stage.polygon([(0, -46), (0, -43)], closed=False), flat(ink), line=1.1)
    stage.effect(mouth, flat(ink), line=1.2)
    bow = Rgb.of("#c9a45a")
    for wing in (-1, 1):
        loop = stage.polygon([(0, -33), (wing * 10, -38.5), (wing * 10, -28)])
        stage.paint(loop, linear((0, -39), (0, -28), shade(bow, 1.2), shade(bow, 0.7)), part=part)
    stage.paint(stage.oval(0, -33.2, 2.8), flat(shade(bow, 0.8)), part=part)


def _vase(stage: Stage, tone: Rgb, side: int) -> None:
    green = Rgb.of("#4c8a44")
    heads = ((-12, -61, 7.5), (12, -63, 8.0), (-1, -72, 8.5))
    for x, y, _ in heads:
        stage.paint(stage.curve([(x * 0.12, -46), (x * 0.4, -53), (x, y)]), flat(green), part="vase", line=2)
    for wing in (-1, 1):
        leaf = stage.curve([(wing * 2, -47), (wing * 10, -58), (wing * 23, -56), (wing * 15, -48)], closed=True)
        stage.paint(leaf, linear((0, -62), (0, -46), shade(green, 1.2), shade(green, 0.7)), part="vase")
    for x, y, radius in heads:
        for k in range(8):
            with stage.moved(x, y, turn_deg=45 * k):
                petal = stage.oval(radius * 0.78, 0, radius * 0.56, radius * 0.32)
                stage.paint(petal, flat(Rgb.of("#f7b7c6") if k % 2 else Rgb.of("#fbd3dc")), part="vase")
        stage.paint(stage.oval(x, y, radius * 0.42), flat(Rgb.of("#eab63e")), part="vase")
    body = stage.curve(
        [(-12, 1), (-19, -11), (-20, -24), (-12, -38), (-9, -45), (-13, -50), (13, -50), (9, -45), (12, -38), (20, -24),
         (19, -11), (12, 1), (0, 3)],
        closed=True,
    )  # fmt: skip
    stage.paint(body, lit_across(tone, 20, side), part="vase")
    with stage.clipped(body):
        band = mix(tone, Rgb(0, 0, 0) if tone.g > 150 else WHITE, 0.5)
        for low in (-28.0, -12.0):
            ring = stage.curve([(-22, low - 2.5), (0, low + 2), (22, low - 2.5)])
            stage.effect(ring, flat(band, alpha=0.75), line=1.8)
        wave = [(-22 + 4 * k, -19.5 + (2.2 if k % 2 else -2.2)) for k in range(12)]
        stage.effect(stage.curve(wave), flat(band, alpha=0.75), line=1.4)
        stage.effect(stage.oval(side * 9, -24, 3, 11), flat(WHITE, alpha=0.6, blur=1.8))
    stage.paint(stage.oval(0, -50, 13, 3.2), flat(shade(tone, 0.4)), part="vase")
    stage.paint(stage.oval(0, -50, 13, 3.2), flat(mix(tone, WHITE, 0.3)), part="vase", line=1.6)


THINGS: Mapping[Kind, Thing] = MappingProxyType(
    {
        "ball": Thing(name="ball", plural="balls", width=40, height=52, draw=_ball),
        "bucket": Thing(name="bucket", plural="buckets", width=42, height=48, draw=_bucket),
        "lantern": Thing(name="lantern", plural="lanterns", width=44, height=68, draw=_lantern),
        "teapot": Thing(name="teapot", plural="teapots", width=50, height=50, draw=_teapot),
        "teddy-bear": Thing(name="teddy bear", plural="teddy bears", width=54, height=64, draw=_bear),
        "vase": Thing(name="vase", plural="vases", width=38, height=62, draw=_vase),
    }
)


def stir(stage: Stage, kind: Kind, time_s: float, phase: float) -> None:
    """Draws what lives about a thing that stands on the origin: a lantern's glow, a teapot's steam."""
    if kind == "lantern":
        flicker = 1 + 0.07 * math.sin(time_s * 9 + phase) + 0.05 * math.sin(time_s * 17 + 2 * phase)
        stage.glow(0, -29, 27 * flicker, Rgb(255, 206, 120), alpha=0.5)
    elif kind == "teapot":
        for wisp in range(2):
            rise = (time_s * 0.5 + wisp / 2 + phase) % 1
            line = [(42 + 3 * k * rise + 4 * math.sin(rise * 7 + k + wisp), -48 - 26 * rise - 6 * k) for k in range(4)]
            puff = flat(WHITE, alpha=0.4 * math.sin(math.pi * rise), blur=2.2)
            stage.effect(stage.curve(line), puff, line=4)
