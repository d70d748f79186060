"""What several worlds of this type share: rooms, a cat, a clock with a pendulum, a potted plant, sea air."""

from __future__ import annotations

import math
from typing import Any

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial

__all__ = ["cat", "clouds", "drinking_bird", "gloss", "plant", "ring", "room", "wall_clock", "window"]

_WHITE = Rgb(255, 255, 255)


def room(stage: Stage, wall: Rgb, wood: Rgb, table_y: float, lit_x: float) -> None:
    """Draws a plastered wall with a lit place, and a wooden table from `table_y` down."""
    back = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    stage.paint(back, radial((lit_x, 70), 400, shade(wall, 1.12), shade(wall, 0.88), shade(wall, 0.6)))
    stage.textured(back, "plaster", strength=0.1)
    stage.shadow(stage.rect(-64, table_y - 12, WIDTH + 128, 12), alpha=0.28, blur=6)
    table = stage.rect(-64, table_y, WIDTH + 128, 200)
    stage.paint(table, linear((0, table_y), (0, HEIGHT), shade(wood, 1.08), shade(wood, 0.62)))
    stage.textured(table, "wood", strength=0.16, seed=1)
    stage.effect(stage.rect(-64, table_y - 1, WIDTH + 128, 2.5), flat(mix(wood, _WHITE, 0.45), alpha=0.7, blur=0.6))
    with stage.moved(lit_x, table_y + 40, scale=1, scale_y=0.2):
        stage.effect(stage.oval(0, 0, 215), radial((0, 0), 215, Rgb(56, 46, 30), Rgb(0, 0, 0)), add=True)


def window(stage: Stage, x: float, y: float, width: float, height: float, sky: Rgb, frame: Rgb) -> None:
    """Draws a window with hills outside; (x, y) is its top left."""
    stage.shadow(stage.rect(x - 3, y + 1, width + 12, height + 12), alpha=0.3, blur=5)
    stage.paint(stage.rect(x - 6, y - 6, width + 12, height + 12, radius=2), flat(frame))
    pane = stage.rect(x, y, width, height)
    stage.paint(pane, linear((0, y), (0, y + height), shade(sky, 0.92), mix(sky, _WHITE, 0.6)))
    with stage.clipped(pane):
        for step, (green, lift) in enumerate(((Rgb.of("#9bb48c"), 0.62), (Rgb.of("#6f9560"), 0.78))):
            ridge = [
                (x + width * (k - 1) / 6, y + height * (lift + 0.09 * math.sin(k * 1.7 + step * 2))) for k in range(9)
            ]
            hill = stage.curve(
                [*ridge, (x + width * 1.4, y + height * 2), (x - width * 0.4, y + height * 2)], closed=True
            )
            stage.paint(hill, flat(green))
        stage.effect(stage.rect(x, y, width, 5), flat(Rgb(0, 0, 0), alpha=0.25, blur=3))
    for bar in (stage.rect(x + width / 2 - 2, y, 4, height), stage.rect(x, y + height * 0.45, width, 4)):
        stage.paint(bar, flat(frame))
    sill = stage.rect(x - 12, y + height + 4, width + 24, 7, radius=1.5)
    stage.paint(sill, linear((0, y + height + 4), (0, y + height + 11), shade(frame, 1.1), shade(frame, 0.75)))


def ring(x: float, y: float, radius: float, count: int, wobble: float, phase: float, squash: float = 1) -> list[Point]:
    """Returns points of an uneven circle, for stones, leaves and clouds."""
    points: list[Point] = []
    for k in range(count):
        angle = math.tau * k / count
        reach = radius * (1 + wobble * math.sin(3 * angle + phase) + wobble * 0.6 * math.sin(5 * angle + 2 * phase))
        points.append((x + reach * math.cos(angle), y + squash * reach * math.sin(angle)))
    return points


def clouds(stage: Stage, phase: float, y: float, colour: Rgb) -> None:
    """Draws three clouds."""
    for index in range(3):
        x = (phase * 90 + index * 210) % 640 - 80
        top = y + 16 * math.sin(index * 2.3 + phase)
        for dx, dy, radius in ((-26, 4, 13), (-8, -3, 18), (14, 0, 16), (32, 5, 11)):
            stage.paint(stage.oval(x + dx, top + dy, radius * 1.25, radius * 0.8), flat(colour, alpha=0.85, blur=2.5))


def wall_clock(stage: Stage, x: float, y: float, time_s: float, phase: float, wood: Rgb) -> None:
    """Draws a wall clock, centred on its dial, with a swinging pendulum; part `clock`."""
    stage.shadow(stage.rect(x - 19, y - 26, 46, 104, radius=6), alpha=0.35, blur=5)
    case = stage.rect(x - 22, y - 30, 44, 104, radius=6)
    stage.paint(case, linear((x - 22, 0), (x + 22, 0), shade(wood, 1.2), shade(wood, 0.7)), part="clock")
    stage.paint(stage.rect(x - 15, y + 20, 30, 48, radius=3), flat(shade(wood, 0.32)), part="clock")
    swing = 16 * math.sin(time_s * math.tau * 0.9 + phase)
    with stage.moved(x, y + 18, turn_deg=swing):
        stage.paint(stage.rect(-0.9, 0, 1.8, 34), flat(Rgb.of("#caa550")), part="clock")
        stage.paint(stage.oval(0, 36, 6.5), radial((-2, 34), 9, Rgb.of("#fff0b0"), Rgb.of("#a87a26")), part="clock")
    stage.paint(stage.oval(x, y, 17.5), flat(Rgb.of("#b48a3c")), part="clock")
    stage.paint(stage.oval(x, y, 15.5), radial((x - 4, y - 5), 24, Rgb.of("#fffaf0"), Rgb.of("#d8cdb8")), part="clock")
    for k in range(12):
        angle = math.tau * k / 12
        dot = stage.oval(x + 12.6 * math.cos(angle), y + 12.6 * math.sin(angle), 1)
        stage.paint(dot, flat(Rgb.of("#5a4a3a")), part="clock")
    for length, angle in ((7.5, -0.5 + phase), (11, 1.9 + phase * 2)):
        hand = stage.polygon([(x, y), (x + length * math.cos(angle), y + length * math.sin(angle))], closed=False)
        stage.paint(hand, flat(Rgb.of("#2e2620")), part="clock", line=1.6)


def plant(stage: Stage, x: float, y: float, time_s: float, phase: float, pot: Rgb, *, size: float = 1.0) -> None:
    """Draws a potted plant standing at (x, y), its leaves in a light draught; part `plant`."""
    with stage.moved(x, y, scale=size):
        stage.shadow(stage.oval(12, 0, 34, 6), alpha=0.45, blur=4)
        for index in range(7):
            side = (index - 3) / 3
            sway = 2.2 * math.sin(time_s * 2.1 + phase + index)
            tip = (side * 40 + sway, -74 + 26 * abs(side) ** 1.5)
            bend = (side * 16, -64 + 8 * abs(side))
            leaf = stage.curve(
                [(side * 5, -26), (bend[0] - 5, bend[1] + 10), tip, (bend[0] + 6, bend[1] + 18)], closed=True
            )
            green = mix(Rgb.of("#3f7a4a"), Rgb.of("#7fb069"), (index * 3 % 7) / 6)
            stage.paint(leaf, linear((0, -26), tip, shade(green, 0.6), green), part="plant")
        body = stage.polygon([(-19, -30), (19, -30), (14, 0), (-14, 0)])
        stage.paint(body, linear((-19, 0), (19, 0), shade(pot, 1.15), shade(pot, 0.6)), part="plant")
        stage.paint(
            stage.rect(-21, -34, 42, 8, radius=2),
            linear((-21, 0), (21, 0), shade(pot, 1.3), shade(pot, 0.7)),
            part="plant",
        )


def cat(
    stage: Stage, x: float, y: float, time_s: float, phase: float, fur: Rgb, *, size: float = 1.0, gaze: float = 0.0
) -> None:
    """Draws a sitting cat seen from the front, tail swishing; `gaze` -1..1 is where it looks; part `cat`."""
    dark = shade(fur, 0.68)
    with stage.moved(x, y, scale=size):
        stage.shadow(stage.oval(8, 0, 42, 7), alpha=0.45, blur=4)
        swish = math.sin(time_s * 2.6 + phase)
        tail: list[Point] = [(18, -6), (38, -7), (50 + 3 * swish, -20), (46 + 9 * swish, -38 - 3 * swish)]
        stage.paint(stage.curve(tail), flat(dark), part="cat", line=8)
        body = stage.curve([(-14, -48), (-24, -18), (-25, -2), (0, 1), (25, -2), (24, -18), (14, -48)], closed=True)
        stage.paint(body, linear((-25, 0), (25, 0), shade(fur, 1.12), dark), part="cat")
        stage.paint(
            stage.curve([(-9, -40), (-10, -12), (0, -8), (10, -12), (9, -40)], closed=True),
            flat(mix(fur, _WHITE, 0.6)),
            part="cat",
        )
        for paw in (-8, 8):
            stage.paint(stage.oval(paw, -2, 7.5, 4.5), flat(mix(fur, _WHITE, 0.75)), part="cat")
        turn = 4 * gaze
        with stage.moved(turn * 0.6, -58 + 0.8 * math.sin(time_s * 2 + phase)):
            for side in (-1, 1):
                ear = stage.polygon([(side * 5, -12), (side * 17, -29), (side * 20, -4)])
                stage.paint(ear, flat(dark), part="cat")
                stage.paint(
                    stage.polygon([(side * 9, -13), (side * 16, -23), (side * 17, -8)]),
                    flat(Rgb.of("#d9a09a")),
                    part="cat",
                )
            stage.paint(stage.oval(0, 0, 22, 18), radial((-6, -6), 34, shade(fur, 1.2), fur, dark), part="cat")
            stage.paint(stage.oval(turn, 7, 10, 7), flat(mix(fur, _WHITE, 0.75)), part="cat")
            for side in (-1, 1):
                eye = stage.oval(side * 8 + turn, -2, 4.4, 4.8)
                stage.paint(eye, flat(Rgb.of("#c9d66a")), part="cat")
                stage.paint(stage.oval(side * 8 + turn * 1.4, -2, 2, 4), flat(Rgb.of("#1d1712")), part="cat")
                stage.effect(stage.oval(side * 8 + turn * 1.4 - 1, -4, 1), flat(_WHITE, alpha=0.9))
                for rise in (-2, 1.5):
                    whisker = stage.polygon([(turn + side * 7, 7), (turn + side * 25, 6 + rise * 2)], closed=False)
                    stage.effect(whisker, flat(_WHITE, alpha=0.6), line=0.7)
            stage.paint(
                stage.polygon([(turn - 2.5, 4), (turn + 2.5, 4), (turn, 7)]), flat(Rgb.of("#b5655f")), part="cat"
            )


def gloss(stage: Stage, path: Any, x: float, y: float, radius_x: float, radius_y: float, *, alpha: float = 0.4) -> None:
    """Draws a soft highlight inside a path."""
    if stage.is_picture:
        with stage.clipped(path):
            stage.effect(stage.oval(x, y, radius_x, radius_y), flat(_WHITE, alpha=alpha, blur=radius_y * 0.5))


def drinking_bird(stage: Stage, x: float, y: float, time_s: float, phase: float, paint: Rgb, *, side: int) -> None:
    """Draws a glass bird that nods over its glass; `side` -1 or 1 is where it looks away from; part `bird`."""
    glass_x = x - side * 47
    stage.shadow(stage.oval(x + 4, y + 1, 30, 5), alpha=0.5, blur=3)
    stage.shadow(stage.oval(glass_x + 5, y + 2, 15, 4), alpha=0.45, blur=2)
    cup = stage.polygon([(glass_x - 10, y - 30), (glass_x + 10, y - 30), (glass_x + 8, y + 2), (glass_x - 8, y + 2)])
    stage.paint(cup, flat(Rgb.of("#e6f6fa"), alpha=0.5), part="bird")
    stage.paint(
        stage.polygon([(glass_x - 9, y - 22), (glass_x + 9, y - 22), (glass_x + 8, y + 1), (glass_x - 8, y + 1)]),
        flat(Rgb.of("#7cc4e0"), alpha=0.75),
        part="bird",
    )
    for leg in (-13, 13):
        stage.paint(
            stage.polygon([(x, y - 44), (x + leg, y)], closed=False), flat(Rgb.of("#3a3c42")), part="bird", line=3
        )
    nod = 22 + 20 * math.sin(time_s * 2.6 + phase)
    with stage.moved(x, y - 44, turn_deg=-side * nod):
        stage.paint(
            stage.rect(-2.4, -40, 4.8, 66),
            linear((-3, 0), (3, 0), Rgb.of("#f4fbff"), Rgb.of("#a8c0cc")),
            part="bird",
        )
        stage.paint(stage.oval(0, 27, 11), radial((-3, 23), 16, shade(paint, 1.5), shade(paint, 0.6)), part="bird")
        stage.paint(
            stage.oval(0, -42, 9),
            radial((-3, -46), 13, shade(paint, 1.4), shade(paint, 0.65)),
            part="bird",
        )
        beak = stage.polygon([(-side * 7, -46), (-side * 20, -40), (-side * 7, -38)])
        stage.paint(beak, flat(Rgb.of("#f2b632")), part="bird")
        stage.paint(stage.oval(-side * 3.5, -45, 2.2), flat(Rgb(255, 255, 255)), part="bird")
        stage.paint(stage.oval(-side * 4.2, -45, 1.2), flat(Rgb(20, 20, 24)), part="bird")
        hat = stage.rect(-6, -59, 12, 9, radius=1)
        stage.paint(hat, flat(Rgb.of("#2a2c32")), part="bird")
        stage.paint(stage.rect(-9.5, -51, 19, 2.6, radius=1), flat(Rgb.of("#2a2c32")), part="bird")
