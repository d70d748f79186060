"""Lamps that are switched by a cord: on a table, on the floor, under the ceiling."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._parts import WHITE
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["CORD_END", "KINDS", "LIGHT_Y", "Kind", "draw_cord", "draw_lamp", "draw_stand"]

Kind = Literal["table-lamp", "floor-lamp", "pendant-lamp"]
KINDS: tuple[Kind, ...] = ("table-lamp", "floor-lamp", "pendant-lamp")

LIGHT_Y: MappingProxyType[Kind, float] = MappingProxyType({"table-lamp": 92, "floor-lamp": 74, "pendant-lamp": 70})
"""How high the bulb is."""
CORD_END = 126.0
"""Where the cord ends while nobody pulls it; it hangs 18 beside the lamp's middle."""

_GLARE = Rgb(255, 250, 224)


def draw_stand(stage: Stage, kind: Kind, brass: Rgb, x: float, foot: float) -> None:
    """Draws what holds the lamp, about x; a floor lamp stands at `foot`. It does not move: for static layers."""
    pole = linear((x - 3, 0), (x + 3, 0), shade(brass, 1.25), shade(brass, 0.6))
    if kind == "table-lamp":
        stage.shadow(stage.oval(x + 5, 154, 17, 3), alpha=0.35, blur=2)
        stage.paint(stage.oval(x, 152, 14, 4), flat(shade(brass, 0.85)), part="lamp")
        stage.paint(stage.rect(x - 2.5, 104, 5, 48), pole, part="lamp")
        belly = stage.curve([(x - 3, 120), (x - 11, 132), (x - 9, 146), (x - 3, 151), (x + 3, 151)])
        for point in ((x + 9, 146), (x + 11, 132), (x + 3, 120)):
            belly.lineTo(*point)
        belly.close()
        paint = radial((x - 4, 132), 18, shade(brass, 1.3), brass, shade(brass, 0.55))
        stage.paint(belly, paint, part="lamp")
    elif kind == "floor-lamp":
        stage.shadow(stage.oval(x + 10, foot + 3, 34, 7), alpha=0.5, blur=3)
        base = stage.oval(x, foot, 27, 6.5)
        stage.paint(stage.oval(x, foot + 2, 27, 6.5), flat(shade(brass, 0.5)), part="lamp")
        stage.paint(base, linear((x - 27, 0), (x + 27, 0), shade(brass, 1.2), shade(brass, 0.6)), part="lamp")
        stage.paint(stage.rect(x - 2.5, 80, 5, foot - 80), pole, part="lamp")
        for y in (118.0, 176.0):
            stage.paint(stage.oval(x, y, 4.6, 3.4), flat(shade(brass, 1.1)), part="lamp")
        stage.paint(stage.oval(x, foot - 4, 9, 4), flat(shade(brass, 0.9)), part="lamp")
    else:
        stage.paint(stage.rect(x - 1, -64, 2, 96), flat(shade(brass, 0.5)), part="lamp")


def draw_lamp(stage: Stage, kind: Kind, brass: Rgb, off: Rgb, hood: Rgb, lit: float, x: float) -> None:
    """Draws the shade, which glows; `off` is its colour in the present light, `hood` the one it has itself."""
    on = mix(hood, Rgb(255, 246, 214), 0.6)
    rim = flat(shade(off, 0.7), alpha=0.7)
    if kind == "pendant-lamp":
        dome = stage.curve([(x - 40, 80), (x - 35, 58), (x - 20, 42), (x - 7, 36), (x + 7, 36), (x + 20, 42)])
        for point in ((x + 29, 50), (x + 36, 60), (x + 40, 80)):
            dome.lineTo(*point)
        dome.close()
        outside = mix(off, mix(off, hood, 0.7), lit)
        paint = linear((x - 40, 0), (x + 40, 0), shade(outside, 0.9), shade(outside, 1.3), shade(outside, 0.6))
        stage.paint(dome, paint, part="lamp")
        stage.paint(stage.rect(x - 7, 27, 14, 11, radius=2), flat(shade(brass, 0.8)), part="lamp")
        stage.effect(stage.oval(x - 20, 56, 4, 9), flat(WHITE, alpha=0.1 + 0.3 * lit, blur=2))
        mouth = stage.oval(x, 80, 40, 6.5)
        stage.paint(mouth, flat(mix(shade(off, 0.5), _GLARE, lit)), part="lamp")
        bulb = stage.oval(x, 83, 9, 9.5)
        stage.paint(bulb, radial((x, 82), 11, mix(shade(off, 1.3), WHITE, lit), mix(off, _GLARE, lit)), part="lamp")
        stage.effect(stage.curve([(x - 40, 80), (x, 86.5), (x + 40, 80)]), rim, line=1.4)
        return
    if kind == "table-lamp":
        top, low, narrow, broad = 62.0, 106.0, 20.0, 38.0
    else:
        top, low, narrow, broad = 44.0, 92.0, 30.0, 36.0
    cloth = stage.polygon([(x - narrow, top), (x + narrow, top), (x + broad, low), (x - broad, low)])
    paint = linear((0, top), (0, low), mix(off, mix(on, hood, 0.5), lit), mix(shade(off, 0.8), on, lit))
    stage.paint(cloth, paint, part="lamp")
    if kind == "floor-lamp":
        for pleat in range(1, 9):
            share = pleat / 4.5 - 1
            fold = stage.polygon([(x + narrow * share, top), (x + broad * share, low)], closed=False)
            stage.effect(fold, flat(shade(off, 0.6), alpha=0.35), line=1.1)
        for thread in range(19):
            at = x - broad + thread * broad / 9
            fringe = stage.polygon([(at, low), (at, low + 6)], closed=False)
            stage.paint(fringe, flat(mix(off, on, 0.7 * lit)), part="lamp", line=1.5)
    for y, half in ((top, narrow), (low, broad)):
        stage.effect(stage.polygon([(x - half, y), (x + half, y)], closed=False), rim, line=1.6)
    stage.effect(stage.oval(x, low + 1, broad - 2, 4), flat(_GLARE, alpha=0.95 * lit, blur=1.5))


def draw_cord(stage: Stage, kind: Kind, brass: Rgb, down: float, x: float) -> None:
    """Draws the cord, pulled `down` so far, with its knob."""
    top, end, at = LIGHT_Y[kind] + 8, CORD_END + down, x + 18
    stage.paint(stage.rect(at - 0.7, top, 1.4, end - top), flat(shade(brass, 1.1)), part="cord")
    stage.paint(stage.oval(at, end + 2, 2.6, 3.4), flat(shade(brass, 1.25)), part="cord")
