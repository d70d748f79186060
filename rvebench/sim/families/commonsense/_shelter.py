"""What keeps rain off: a newspaper over the head and the roof of an open car. The umbrella is with the street."""

from __future__ import annotations

import math
from collections.abc import Callable

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["draw_convertible", "draw_newspaper"]

_INK = Rgb.of("#5a5650")


def draw_newspaper(stage: Stage, raised: float, wet: float) -> None:
    """Draws a newspaper: rolled up about (0, 0), or spread as a roof with its middle at (0, 0) when raised."""
    paper = mix(Rgb.of("#f2eee2"), Rgb.of("#b9b4a6"), 0.7 * wet)
    if not raised:
        with stage.moved(0, 0, turn_deg=14):
            roll = stage.rect(-3.6, -15, 7.2, 27, radius=3)
            stage.paint(roll, linear((-4, 0), (4, 0), paper, paper, shade(paper, 0.66)), part="cover")
            for row in range(6):
                stage.effect(stage.rect(-2.4, -11 + 3.6 * row, 4.8, 1), flat(_INK, alpha=0.6))
        return
    wide = 21 + 15 * raised
    sheet = stage.curve([(-wide, 9), (-wide * 0.55, 2), (0, 0), (wide * 0.55, 2), (wide, 9)])
    for corner in ((wide * 0.82, -7.0), (0.0, -14.0), (-wide * 0.82, -7.0)):
        sheet.lineTo(*corner)
    sheet.close()
    stage.paint(sheet, linear((0, -14), (0, 9), shade(paper, 1.04), shade(paper, 0.78)), part="cover")
    with stage.clipped(sheet):
        stage.effect(stage.polygon([(0, -13), (0, 0)], closed=False), flat(_INK, alpha=0.5), line=0.8)
        for column in (-0.62, -0.28, 0.1, 0.44):
            for row in range(5):
                text = stage.rect(wide * column, -10 + 2.6 * row + 6 * abs(column + 0.1), wide * 0.22, 1)
                stage.effect(text, flat(_INK, alpha=0.65))
        stage.effect(stage.rect(-wide * 0.26, -7, wide * 0.2, 5), flat(_INK, alpha=0.4))


def draw_convertible(
    stage: Stage, paint: Rgb, *, closed: float, rain: float, time_s: float, driver: Callable[[], None]
) -> None:
    """Draws an open car that points right, with its wheels on y 0.

    Args:
        stage: what to draw on.
        paint: of the body.
        closed: how far the roof is over the seats, 0..1.
        rain: for the wipers.
        time_s: turns the wheels.
        driver: draws who drives, with the feet at (0, 0).
    """
    dark, chrome = Rgb.of("#33343a"), Rgb.of("#d4d8dc")
    seat = stage.rect(-34, -66, 15, 36, radius=5)
    stage.paint(seat, linear((-34, 0), (-18, 0), Rgb.of("#8a5a3c"), Rgb.of("#5c3824")), part="cover")
    # Of the driver only what looks over the door: the legs would show below the body.
    with stage.clipped(stage.rect(-60, -140, 120, 100)), stage.moved(-6, 13, scale=0.95):
        driver()
    stage.paint(stage.polygon([(26, -44), (17, -56)], closed=False), flat(dark), part="car", line=3)
    stage.paint(stage.oval(14, -56, 3, 9), flat(dark), part="car", line=2.2)
    stage.effect(stage.polygon([(42, -43), (21, -86), (27, -86), (48, -43)]), flat(Rgb(214, 236, 246), alpha=0.5))
    if rain:
        angle = 24 * math.sin(time_s * 5)
        with stage.moved(44, -45, turn_deg=-27 + 0.5 * angle):
            stage.paint(stage.polygon([(0, 0), (0, -32)], closed=False), flat(dark), part="car", line=1.6)
    stage.paint(stage.polygon([(41, -43), (20, -87)], closed=False), flat(shade(paint, 0.8)), part="car", line=3)
    _roof(stage, closed)
    shell = stage.curve(
        [(-101, -14), (-102, -36), (-92, -46), (-60, -49), (-40, -46), (34, -45), (70, -42), (96, -34), (104, -22),
         (103, -10), (60, -7), (-60, -7), (-96, -8)],
        closed=True,
    )  # fmt: skip
    stage.paint(shell, linear((0, -50), (0, -6), shade(paint, 1.22), paint, shade(paint, 0.58)), part="car")
    gleam = stage.curve([(-92, -40), (-30, -40), (40, -39), (92, -30)])
    stage.effect(gleam, flat(Rgb(255, 255, 255), alpha=0.4, blur=1), line=2.2)
    door = stage.curve([(-36, -45), (-36, -16), (-28, -10), (24, -10), (31, -20), (32, -44)])
    stage.effect(door, flat(shade(paint, 0.45)), line=1.2)
    stage.paint(stage.rect(-30, -36, 11, 3, radius=1.5), flat(chrome), part="car")
    for end in (-98, 92):
        stage.paint(stage.rect(end, -15, 14, 5, radius=2.5), flat(chrome), part="car")
    stage.paint(stage.oval(97, -27, 4.5, 5.5), flat(Rgb(255, 250, 226)), part="car")
    stage.paint(stage.rect(-103, -33, 5, 9, radius=2), flat(Rgb.of("#d03a30")), part="car")
    for hub in (-62, 62):
        with stage.clipped(stage.rect(hub - 30, -60, 60, 53)):
            stage.paint(stage.oval(hub, -17, 21.5), flat(shade(paint, 0.35)), part="car")
        stage.paint(stage.oval(hub, -18, 18), flat(Rgb.of("#1a1a1c")), part="car")
        stage.paint(stage.oval(hub, -18, 11), flat(chrome), part="car")
        for spoke in range(6):
            turn = time_s * 9 + spoke * math.pi / 3
            bar = stage.polygon([(hub, -18), (hub + 10 * math.cos(turn), -18 + 10 * math.sin(turn))], closed=False)
            stage.effect(bar, flat(Rgb.of("#6a6e74")), line=1.8)
        stage.paint(stage.oval(hub, -18, 3), flat(Rgb.of("#50545a")), part="car")


def _roof(stage: Stage, closed: float) -> None:
    cloth = Rgb.of("#4a4038")
    shades = linear((-60, -92), (-20, -46), shade(cloth, 1.5), cloth, shade(cloth, 0.7))
    if closed < 0.05:
        stack = stage.curve([(-88, -46), (-86, -56), (-70, -60), (-52, -57), (-46, -46)])
        stack.close()
        stage.paint(stack, shades, part="cover")
        for fold in range(3):
            line = stage.curve([(-84 + 10 * fold, -48), (-78 + 10 * fold, -57), (-68 + 10 * fold, -55)])
            stage.effect(line, flat(shade(cloth, 0.5)), line=1)
        return
    with stage.moved(-66, -47, turn_deg=-62 * (1 - closed)), stage.moved(66, 47):
        glass = stage.polygon([(38, -46), (19, -83), (-36, -83), (-44, -46)])
        if closed > 0.9:
            stage.effect(glass, flat(Rgb(190, 214, 226), alpha=0.2))
        hood = stage.curve([(22, -87), (-8, -93), (-40, -90), (-62, -72), (-80, -47)])
        for corner in ((-46, -46), (-38, -80), (18, -82)):
            hood.lineTo(*corner)
        hood.close()
        stage.paint(hood, shades, part="cover")
        pane = stage.polygon([(-66, -58), (-54, -74), (-47, -74), (-52, -58)])
        stage.paint(pane, linear((-66, -74), (-47, -58), Rgb.of("#a8bcc8"), Rgb.of("#5c7080")), part="cover")
        for rib in ((-8, -92, -7, -82), (-40, -89, -38, -80)):
            seam = stage.polygon([rib[:2], rib[2:]], closed=False)
            stage.effect(seam, flat(shade(cloth, 0.5)), line=1.1)
        gleam = stage.curve([(14, -88), (-10, -91.5), (-38, -88.5)])
        stage.effect(gleam, flat(Rgb(255, 255, 255), alpha=0.2, blur=0.8), line=1.6)
