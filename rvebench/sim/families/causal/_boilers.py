"""What stands on the flame: a kettle, a saucepan, a coffee pot; about the middle of the foot, spout to the right."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.causal._parts import WHITE
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["BOILERS", "KINDS", "Boiler", "Kind", "draw_boiler"]

Kind = Literal["kettle", "saucepan", "coffee-pot"]
KINDS: tuple[Kind, ...] = ("kettle", "saucepan", "coffee-pot")

_BLACK = Rgb.of("#3a2a20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Boiler:
    """Where steam leaves a vessel."""

    mouths: tuple[tuple[float, float, float], ...]
    """Places of the openings, with how far the steam is thrown aside: 1 to the right, -1 to the left."""
    lid: tuple[float, float]
    """Half the lid's width, and the height of its rim."""
    tilt_deg: float
    """How far the lid rocks."""


BOILERS: MappingProxyType[Kind, Boiler] = MappingProxyType(
    {
        "kettle": Boiler(mouths=((77, -78, 0.92),), lid=(24, -60), tilt_deg=3.4),
        "saucepan": Boiler(mouths=((52, -56, 0.5), (-52, -56, -0.5)), lid=(55, -54), tilt_deg=3.0),
        "coffee-pot": Boiler(mouths=((52, -98, 0.8),), lid=(36, -94), tilt_deg=4.5),
    }
)


def draw_boiler(stage: Stage, kind: Kind, tone: Rgb, hop: float, tilt_deg: float, *, lit: int) -> None:
    """Draws a vessel with its lid, which the steam lifts by `hop` and tilts.

    Args:
        stage: what is drawn on.
        kind: which vessel.
        tone: its colour.
        hop: how high the lid is, in logical pixels.
        tilt_deg: how far the lid is turned.
        lit: 1 for light from the left, -1 from the right.
    """
    {"kettle": _kettle, "saucepan": _saucepan, "coffee-pot": _coffee_pot}[kind](stage, tone, lit)
    with stage.moved(0, BOILERS[kind].lid[1] - hop, turn_deg=tilt_deg):
        {"kettle": _kettle_lid, "saucepan": _saucepan_lid, "coffee-pot": _coffee_lid}[kind](stage, tone, lit)


def _warm_foot(stage: Stage, body: Any, half: float) -> None:
    with stage.clipped(body):
        stage.effect(stage.rect(-half, -8, 2 * half, 10), flat(Rgb(60, 90, 200), alpha=0.35, blur=4))


def _kettle(stage: Stage, tone: Rgb, lit: int) -> None:
    handle = stage.curve([(-34, -58), (-30, -92), (0, -106), (30, -92), (34, -58)])
    stage.paint(handle, flat(_BLACK), part="pot", line=7)
    stage.effect(stage.curve([(-28, -88), (0, -103), (24, -94)]), flat(WHITE, alpha=0.3, blur=1), line=1.6)
    spout = stage.polygon([(36, -22), (40, -44), (70, -76), (82, -72), (62, -34), (46, -12)])
    stage.paint(spout, linear((40, -60), (72, -30), shade(tone, 1.15), shade(tone, 0.62)), part="pot")
    stage.paint(stage.polygon([(68, -79), (84, -74), (82, -69), (67, -74)]), flat(shade(tone, 0.5)), part="pot")
    body = stage.curve(
        [(-44, 0), (-54, -14), (-50, -38), (-32, -58), (0, -63), (32, -58), (50, -38), (54, -14), (44, 0)]
    )
    stage.paint(body, radial((-16 * lit, -42), 84, shade(tone, 1.35), tone, shade(tone, 0.5)), part="pot")
    _warm_foot(stage, body, 60)
    with stage.clipped(body):
        stage.effect(stage.oval(-26 * lit, -38, 7, 13), flat(WHITE, alpha=0.6, blur=2.5))
        band = stage.curve([(-54, -20), (0, -14), (54, -20)])
        stage.effect(band, flat(Rgb.of("#f6ecd6"), alpha=0.85), line=2.4)


def _kettle_lid(stage: Stage, tone: Rgb, lit: int) -> None:
    lid = stage.curve([(-24, 2), (-20, -5), (0, -10), (20, -5), (24, 2)])
    stage.paint(lid, linear((-24 * lit, 0), (24 * lit, 0), shade(tone, 1.2), shade(tone, 0.6)), part="lid")
    stage.paint(stage.oval(0, 1.6, 24, 3), flat(shade(tone, 0.66)), part="lid")
    _knob(stage, (0, -13), 6)


def _knob(stage: Stage, at: Point, size: float) -> None:
    paint = radial((at[0] - 2, at[1] - 2), size + 2, Rgb.of("#6a4a34"), Rgb.of("#2a1c14"))
    stage.paint(stage.oval(*at, size, size * 0.85), paint, part="lid")


def _saucepan(stage: Stage, tone: Rgb, lit: int) -> None:
    grip = stage.polygon([(-50, -47), (-116, -54), (-120, -50), (-119, -44), (-50, -36)])
    stage.paint(grip, linear((0, -54), (0, -38), Rgb.of("#6a5140"), Rgb.of("#251a13")), part="pot")
    stage.effect(stage.polygon([(-58, -46), (-114, -52)], closed=False), flat(WHITE, alpha=0.35, blur=0.8), line=1.6)
    stage.paint(stage.oval(-113, -48.5, 2.4), flat(Rgb.of("#b9a58e")), part="pot")
    ear = stage.curve([(50, -44), (62, -45), (62, -35), (50, -34)])
    stage.paint(ear, flat(_BLACK), part="pot", line=5)
    body = stage.rect(-53, -53, 106, 53, radius=9)
    body.addRect(stage.rect(-53, -53, 106, 20).getBounds())
    paint = linear((-53 * lit, 0), (53 * lit, 0), shade(tone, 0.8), shade(tone, 1.35), tone, shade(tone, 0.5))
    stage.paint(body, paint, part="pot")
    stage.paint(stage.rect(-55, -55, 110, 5, radius=2.5), flat(shade(tone, 0.62)), part="pot")
    _warm_foot(stage, body, 54)
    with stage.clipped(body):
        stage.effect(stage.rect(-30 * lit - 4, -46, 8, 38, radius=4), flat(WHITE, alpha=0.5, blur=2.5))
        stage.effect(stage.rect(-53, -17, 106, 2.4), flat(Rgb.of("#f6ecd6"), alpha=0.85))


def _saucepan_lid(stage: Stage, tone: Rgb, lit: int) -> None:
    lid = stage.curve([(-54, 0), (-46, -9), (-20, -15), (0, -16.5), (20, -15), (46, -9), (54, 0)])
    paint = linear((-54 * lit, 0), (54 * lit, 0), shade(tone, 0.95), shade(tone, 1.4), tone, shade(tone, 0.6))
    stage.paint(lid, paint, part="lid")
    stage.paint(stage.rect(-56, -1.5, 112, 4.4, radius=2), flat(shade(tone, 0.72)), part="lid")
    stage.effect(
        stage.curve([(-40 * lit, -8), (-20 * lit, -12.5), (0, -13.6)]), flat(WHITE, alpha=0.6, blur=0.8), line=1.8
    )
    stage.paint(stage.rect(-2.5, -20, 5, 5), flat(Rgb.of("#5a5f66")), part="lid")
    _knob(stage, (0, -23), 7)


def _coffee_pot(stage: Stage, tone: Rgb, lit: int) -> None:
    handle = stage.curve([(-33, -86), (-54, -90), (-64, -78), (-60, -44), (-54, -36)])
    stage.paint(handle, flat(Rgb.of("#1f1a18")), part="pot", line=8)
    stage.effect(stage.curve([(-52, -88), (-62, -77), (-59, -48)]), flat(WHITE, alpha=0.3, blur=0.8), line=1.6)
    metal = _metal(tone)
    boiler = stage.polygon([(-38, 0), (-40, -4), (-31, -40), (31, -40), (40, -4), (38, 0)])
    stage.paint(boiler, linear((-40 * lit, 0), (40 * lit, 0), *metal), part="pot")
    _facets(stage, ((-38, 0, -30, -40), (-13, 0, -10, -40), (15, 0, 12, -40)))
    _warm_foot(stage, boiler, 44)
    stage.paint(stage.rect(-29, -49, 58, 10, radius=2), linear((-29 * lit, 0), (29 * lit, 0), *metal), part="pot")
    stage.effect(stage.rect(-29, -45, 58, 1.4), flat(Rgb(20, 20, 24), alpha=0.6))
    stage.paint(stage.oval(20, -22, 4), radial((19, -23), 5, Rgb.of("#f0d28a"), Rgb.of("#8a6426")), part="pot")
    upper = stage.polygon([(-25, -49), (-35, -94), (36, -94), (55, -99), (41, -78), (25, -49)])
    stage.paint(upper, linear((-36 * lit, 0), (44 * lit, 0), *metal), part="pot")
    _facets(stage, ((-9, -49, -12, -94), (11, -49, 15, -94)))
    stage.effect(
        stage.polygon([(-24 * lit, -58), (-31 * lit, -90), (-26 * lit, -90), (-20 * lit, -58)]),
        flat(WHITE, alpha=0.5, blur=1.2),
    )


def _metal(tone: Rgb) -> tuple[Rgb, Rgb, Rgb, Rgb]:
    return shade(tone, 0.85), shade(tone, 1.3), tone, shade(tone, 0.5)


def _facets(stage: Stage, edges: tuple[tuple[float, float, float, float], ...]) -> None:
    for x0, y0, x1, y1 in edges:
        stage.effect(stage.polygon([(x0, y0), (x1, y1)], closed=False), flat(Rgb(20, 20, 26), alpha=0.35), line=1.2)
        stage.effect(stage.polygon([(x0 + 1.4, y0), (x1 + 1.4, y1)], closed=False), flat(WHITE, alpha=0.3), line=1)


def _coffee_lid(stage: Stage, tone: Rgb, lit: int) -> None:
    lid = stage.polygon([(-36, 1), (-34, -4), (-6, -12), (8, -12), (37, -4), (38, 1)])
    stage.paint(lid, linear((-36 * lit, 0), (38 * lit, 0), *_metal(tone)), part="lid")
    stage.effect(stage.polygon([(-30 * lit, -4), (-6 * lit, -10.5)], closed=False), flat(WHITE, alpha=0.5), line=1.2)
    _knob(stage, (1, -18), 6.5)
