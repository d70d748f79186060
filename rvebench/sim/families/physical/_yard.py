"""What stands and moves on a square or a schoolyard: a school, a cyclist, a swing."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._street import BASE
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["draw_cyclist", "draw_school", "draw_swing"]

_BRICKS = (Rgb.of("#b5654a"), Rgb.of("#c9a268"), Rgb.of("#9a6f68"))


def draw_school(stage: Stage, first: float, colour: int) -> None:
    """Draws a long school building standing at `BASE`; part `houses`."""
    brick, trim = _BRICKS[colour % len(_BRICKS)], Rgb.of("#f0e8d8")
    top = BASE - 118
    hedge = Rgb.of("#5f7f52")
    for k in range(9):
        bush = stage.oval(-60 + 76 * k, BASE - 8, 50, 26)
        stage.paint(bush, radial((-70 + 76 * k, BASE - 22), 56, shade(hedge, 1.1), shade(hedge, 0.6)), part="houses")
    left, wide = first + 56, 392.0
    roof = stage.polygon([(left - 8, top), (left + wide + 8, top), (left + wide - 22, top - 34), (left + 22, top - 34)])
    stage.paint(roof, linear((0, top - 34), (0, top), Rgb.of("#6c707c"), Rgb.of("#3f424c")), part="houses")
    front = stage.rect(left, top, wide, BASE - top)
    stage.paint(front, linear((0, top), (0, BASE), brick, shade(brick, 0.66)), part="houses")
    stage.textured(front, "plaster", strength=0.14, seed=4)
    for y in (top - 2, top + 56, BASE - 8):
        stage.paint(stage.rect(left - 3, y, wide + 6, 4.5), flat(shade(trim, 0.9)), part="houses")
    middle = left + wide / 2
    for storey in range(2):
        for k in range(9):
            if storey and k == 4:
                continue
            x = left + 14 + 42 * k
            lit = (k * 3 + storey * 2 + colour) % 4 == 0
            tones = (Rgb.of("#ffe2a0"), Rgb.of("#f0a850")) if lit else (Rgb.of("#5b7088"), Rgb.of("#26323f"))
            y = top + 10 + 58 * storey
            stage.paint(stage.rect(x - 2, y - 2, 30, 40), flat(trim), part="houses")
            stage.paint(stage.rect(x, y, 26, 36), linear((x, y), (x, y + 36), *tones), part="houses")
            stage.paint(stage.rect(x + 12, y, 2, 36), flat(trim), part="houses")
            stage.paint(stage.rect(x, y + 12, 26, 2), flat(trim), part="houses")
    door = stage.rect(middle - 17, BASE - 48, 34, 48)
    stage.paint(stage.rect(middle - 21, BASE - 52, 42, 52), flat(trim), part="houses")
    stage.paint(door, linear((middle - 17, 0), (middle + 17, 0), Rgb.of("#3f6d5c"), Rgb.of("#274437")), part="houses")
    stage.paint(stage.rect(middle - 0.8, BASE - 48, 1.6, 48), flat(Rgb.of("#1f362c")), part="houses")
    gable = stage.polygon([(middle - 40, top), (middle + 40, top), (middle, top - 42)])
    stage.paint(gable, linear((0, top - 42), (0, top), shade(brick, 1.1), shade(brick, 0.8)), part="houses")
    stage.paint(stage.oval(middle, top - 15, 11), flat(trim), part="houses")
    for x, y in ((0, -8), (5, 2)):
        hand = stage.polygon([(middle, top - 15), (middle + x, top - 15 + y)], closed=False)
        stage.paint(hand, flat(Rgb.of("#2c2a2a")), part="houses", line=1.6)


def draw_swing(stage: Stage, paint: Rgb, time_s: float, phase: float, *, alpha: float = 1.0) -> None:
    """Draws a swing that stands on the origin, its seat in the wind; part `mover`."""
    steel, part = Rgb.of("#8a929c"), "mover"
    for side in (-1, 1):
        for slant in (-12, 10):
            leg = stage.polygon(
                [(side * 44, -84), (side * 44 + side * abs(slant), 0 if slant < 0 else -6)], closed=False
            )
            stage.paint(leg, flat(shade(steel, 0.6 if slant < 0 else 1.0), alpha=alpha), part=part, line=3.4)
    stage.paint(stage.rect(-47, -87, 94, 5, radius=2.5), flat(steel, alpha=alpha), part=part)
    swing = 17 * math.sin(time_s * 2.5 + phase)
    with stage.moved(0, -84, scale=1, scale_y=1):
        reach = 60 * math.cos(math.radians(swing))
        drift = 60 * math.sin(math.radians(swing))
        for x in (-14, 14):
            rope = stage.polygon([(x, 0), (x + drift, reach)], closed=False)
            stage.paint(rope, flat(Rgb.of("#d8cfb8"), alpha=alpha), part=part, line=1.6)
        seat = stage.rect(-18 + drift, reach - 1, 36, 5, radius=2)
        stage.paint(
            seat, linear((0, reach), (0, reach + 5), shade(paint, 1.2), shade(paint, 0.7), alpha=alpha), part=part
        )


def draw_cyclist(stage: Stage, paint: Rgb, time_s: float, *, alpha: float = 1.0) -> None:
    """Draws a cyclist who stands on the origin and rides to the right; part `mover`."""
    part, dark = "mover", Rgb.of("#2a2c32")
    skin, cloth = Rgb.of("#e0b08c"), mix(paint, Rgb.of("#35506a"), 0.55)
    turn = time_s * 5.5
    for x in (-21.0, 21.0):
        stage.paint(stage.oval(x, -13, 12), flat(dark, alpha=alpha), part=part, line=2.2)
        with stage.moved(x, -13, turn_deg=math.degrees(turn)):
            for k in range(3):
                a = math.pi * k / 3
                spoke = stage.polygon(
                    [(-11 * math.cos(a), -11 * math.sin(a)), (11 * math.cos(a), 11 * math.sin(a))], closed=False
                )
                stage.paint(spoke, flat(Rgb.of("#9aa0a8"), alpha=alpha), part=part, line=0.8)
    hip, crank = (-9.0, -38.0), (-1.0, -14.0)
    for k, tone in ((1, 0.62), (0, 1.0)):
        a = turn * 0.5 + math.pi * k
        foot = (crank[0] + 6 * math.cos(a), crank[1] + 6 * math.sin(a))
        knee = ((hip[0] + foot[0]) / 2 + 9, (hip[1] + foot[1]) / 2 - 4)
        leg = stage.polygon([hip, knee, foot], closed=False)
        stage.paint(leg, flat(shade(Rgb.of("#3f4654"), tone), alpha=alpha), part=part, line=5)
        shoe = stage.polygon([(foot[0] - 2, foot[1] + 2), (foot[0] + 5, foot[1] + 2)], closed=False)
        stage.paint(shoe, flat(shade(dark, tone), alpha=alpha), part=part, line=3)
        if k:
            for line in (
                [(-21.0, -13.0), (-10.0, -32.0), (13.0, -33.0), (21.0, -13.0)],
                [(-21.0, -13.0), (-1.0, -14.0), (13.0, -31.0)],
                [(-1.0, -14.0), (-11.0, -36.0)],
                [(13.0, -32.0), (11.0, -41.0), (16.0, -43.0)],
            ):
                stage.paint(stage.polygon(line, closed=False), flat(paint, alpha=alpha), part=part, line=2.6)
    body = stage.curve([(-14, -36), (-12, -50), (-2, -60), (6, -57), (1, -46), (-5, -36)], closed=True)
    stage.paint(body, linear((-12, -60), (2, -36), shade(cloth, 1.3), shade(cloth, 0.75), alpha=alpha), part=part)
    arm = stage.polygon([(2, -55), (8, -46), (14, -42)], closed=False)
    stage.paint(arm, flat(shade(cloth, 0.9), alpha=alpha), part=part, line=4.2)
    stage.paint(stage.oval(15, -42, 2.4), flat(skin, alpha=alpha), part=part)
    head = stage.oval(8, -66, 7)
    stage.paint(head, radial((6, -68), 10, shade(skin, 1.1), shade(skin, 0.75), alpha=alpha), part=part)
    helmet = stage.curve([(0.5, -67), (3, -75), (10, -75.5), (15.5, -68.5)])
    stage.paint(helmet, flat(paint, alpha=alpha), part=part)
    stage.paint(stage.oval(12, -66, 0.9), flat(dark, alpha=alpha), part=part)
