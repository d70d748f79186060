"""What stands under the tap: a basin, a bathtub, a bucket; and the tap that belongs to each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.causal._parts import WHITE
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["KINDS", "VESSELS", "Kind", "Vessel", "draw_body", "draw_inside", "draw_lip", "draw_tap"]

Kind = Literal["basin", "bathtub", "bucket"]
KINDS: tuple[Kind, ...] = ("basin", "bathtub", "bucket")

_CHROME = (Rgb.of("#f4f8fa"), Rgb.of("#9aa6ae"), Rgb.of("#4c565e"))
_BRASS = (Rgb.of("#f6dc98"), Rgb.of("#b98c3c"), Rgb.of("#6a4a1a"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """A vessel's shape about its middle line, in logical pixels."""

    rim: float
    """The middle of its opening, downward."""
    wide: float
    """Half the width of the opening."""
    deep: float
    """Half the opening's height as it is seen."""
    wall: tuple[Point, ...]
    """Half widths and heights from the rim down."""
    cling: int
    """The point of the wall at which water leaves it."""
    foot: float
    """Where it stands on the floor."""
    spout: float
    """Where the tap ends."""

    def half_at(self, y: float) -> float:
        """Returns half the width at a height."""
        for (above, high), (below, low) in zip(self.wall, self.wall[1:], strict=False):
            if y <= low:
                return above + (below - above) * max(0.0, y - high) / (low - high)
        return self.wall[-1][0]


VESSELS: MappingProxyType[Kind, Vessel] = MappingProxyType(
    {
        "basin": Vessel(
            rim=128, wide=80, deep=13, foot=236, spout=101,
            wall=((80, 128), (79, 138), (70, 152), (50, 165), (30, 171)), cling=2,
        ),
        "bathtub": Vessel(
            rim=156, wide=126, deep=14, foot=234, spout=124,
            wall=((126, 156), (124, 172), (116, 192), (102, 208), (88, 215)), cling=2,
        ),
        "bucket": Vessel(
            rim=160, wide=58, deep=11, foot=236, spout=122,
            wall=((58, 160), (50, 197), (42, 234)), cling=2,
        ),
    }
)  # fmt: skip


def _outline(vessel: Vessel) -> list[Point]:
    left = [(-half, y) for half, y in vessel.wall]
    return [*left, *((-x, y) for x, y in reversed(left))]


def draw_body(stage: Stage, kind: Kind, colour: Rgb) -> None:
    """Draws the outside of the vessel, about its middle line."""
    vessel = VESSELS[kind]
    white = Rgb.of("#f3f1ea")
    paint = linear((-vessel.wide, 0), (vessel.wide, 0), shade(colour, 1.18), colour, shade(colour, 0.55))
    if kind == "basin":
        column = stage.curve([(-22, 164), (-15, 180), (-14, 214), (-24, 236)])
        for point in ((24, 236), (14, 214), (15, 180), (22, 164)):
            column.lineTo(*point)
        column.close()
        stage.paint(column, linear((-22, 0), (22, 0), WHITE, shade(white, 0.93), shade(white, 0.55)), part="vessel")
        stage.shadow(stage.oval(2, 172, 19, 6), alpha=0.35, blur=3)
        paint = linear((-80, 0), (80, 0), WHITE, shade(white, 0.95), shade(white, 0.6))
    if kind == "bathtub":
        for side in (-1, 1):
            claw = stage.curve([(side * 92, 204), (side * 98, 218), (side * 88, 226), (side * 92, 234)])
            stage.paint(claw, flat(Rgb.of("#7d5f2a")), part="vessel", line=9)
            stage.paint(claw, flat(Rgb.of("#d0a850")), part="vessel", line=6)
            stage.paint(stage.oval(side * 91, 232, 8, 3.5), flat(Rgb.of("#b08a3c")), part="vessel")
    if kind == "bucket":
        body = stage.polygon(_outline(vessel))
        body.addPath(stage.oval(0, 234, 42, 6))
    else:
        body = stage.curve(_outline(vessel))
        body.close()
    stage.paint(body, paint, part="vessel")
    with stage.clipped(body):
        if kind == "bucket":
            for y in (182.0, 218.0):
                half = vessel.half_at(y)
                band = stage.curve([(-half, y), (0, y + 7), (half, y)])
                stage.effect(band, flat(shade(colour, 0.5), alpha=0.8), line=2)
                stage.effect(stage.curve([(-half, y - 2), (0, y + 5), (half, y - 2)]), flat(WHITE, alpha=0.4), line=1)
        low = vessel.wall[-1][1]
        floor = stage.rect(-vessel.wide, low - 22, 2 * vessel.wide, 40)
        stage.effect(floor, linear((0, low - 22), (0, low + 6), shade(colour, 0.5), shade(colour, 0.3), alpha=0.16))
        shine = vessel.wide * 0.62
        stage.effect(
            stage.rect(-shine, vessel.rim + 14, 7, (low - vessel.rim) * 0.5, radius=3.5),
            flat(WHITE, alpha=0.5, blur=2.5),
        )


def draw_inside(stage: Stage, kind: Kind, colour: Rgb) -> None:
    """Draws the opening: the far lip and the hollow, still without water."""
    vessel = VESSELS[kind]
    lip = colour if kind == "bucket" else Rgb.of("#f6f4ee")
    stage.paint(
        stage.oval(0, vessel.rim, vessel.wide, vessel.deep),
        linear((-vessel.wide, 0), (vessel.wide, 0), shade(lip, 1.1), shade(lip, 0.82)),
        part="vessel",
    )
    hollow = stage.oval(0, vessel.rim + 0.6, vessel.wide - 4, vessel.deep - 2.6)
    stage.paint(
        hollow,
        linear((0, vessel.rim - vessel.deep), (0, vessel.rim + vessel.deep), shade(lip, 0.5), shade(lip, 0.85)),
        part="vessel",
    )


def draw_lip(stage: Stage, kind: Kind, colour: Rgb) -> None:
    """Draws what is nearer than the water: the near half of the lip, and the bucket's handle."""
    vessel = VESSELS[kind]
    lip = colour if kind == "bucket" else Rgb.of("#f6f4ee")
    near = [
        (vessel.wide * 0.985 * math.cos(a), vessel.rim + (vessel.deep - 1.2) * math.sin(a))
        for a in (math.pi * step / 16 for step in range(17))
    ]
    stage.paint(stage.curve(near), flat(shade(lip, 0.78)), part="vessel", line=3.4)
    stage.effect(stage.curve([(x, y - 0.9) for x, y in near]), flat(shade(lip, 1.2), alpha=0.9), line=1.3)
    if kind == "bucket":
        bail = stage.curve([(-57, 163), (-47, 188), (0, 204), (47, 188), (57, 163)])
        stage.paint(bail, flat(Rgb.of("#3f454b")), part="vessel", line=2.4)
        stage.paint(stage.rect(-12, 200, 24, 8, radius=3), flat(Rgb.of("#8a5a34")), part="vessel")
        for side in (-1, 1):
            stage.paint(stage.oval(side * 57, 163, 3.4), flat(Rgb.of("#5a6066")), part="vessel")


def draw_tap(stage: Stage, kind: Kind) -> None:
    """Draws the tap over the vessel: a mixer over basin and tub, a brass cock over the bucket."""
    y = VESSELS[kind].spout
    metal = _BRASS if kind == "bucket" else _CHROME
    stage.shadow(stage.rect(-22, y - 22, 52, 14, radius=6), alpha=0.35, blur=3)
    if kind == "bucket":
        stage.paint(stage.oval(0, y - 18, 12, 12), radial((-3, y - 22), 18, *metal), part="tap")
        stage.paint(stage.rect(-4, y - 38, 8, 16, radius=2), linear((-4, 0), (4, 0), *metal), part="tap")
        for turn in (-24, 24):
            with stage.moved(0, y - 40, turn_deg=turn):
                stage.paint(stage.rect(-13, -2.6, 26, 5.2, radius=2.6), linear((0, -3), (0, 3), *metal), part="tap")
    else:
        bar = stage.rect(-34, y - 23, 68, 10, radius=5)
        stage.paint(bar, linear((0, y - 23), (0, y - 13), *metal), part="tap")
        for side, dot in ((-1, Rgb.of("#d0402f")), (1, Rgb.of("#2f6fd0"))):
            for turn in (38, 128):
                with stage.moved(side * 36, y - 19, turn_deg=turn):
                    stage.paint(stage.rect(-11, -2.4, 22, 4.8, radius=2.4), linear((0, -3), (0, 3), *metal), part="tap")
            stage.paint(stage.oval(side * 36, y - 19, 4.6), radial((side * 36 - 1, y - 20), 6, *metal), part="tap")
            stage.paint(stage.oval(side * 36, y - 19, 2), flat(dot), part="tap")
    pipe = stage.curve([(-7, y - 20), (-6.5, y - 8), (-5, y), (5, y), (6.5, y - 8), (7, y - 20)], closed=True)
    stage.paint(pipe, linear((-7, 0), (7, 0), *metal), part="tap")
    stage.effect(stage.oval(0, y, 5, 1.6), flat(Rgb.of("#2c3438"), alpha=0.8))
    stage.effect(stage.rect(-4, y - 17, 2, 13, radius=1), flat(WHITE, alpha=0.7, blur=0.6))
