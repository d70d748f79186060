"""What lies in the middle of a table, seen at any tilt: a plate of fruit, a chessboard, a birthday cake."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE, lathe
from rvebench.sim.stage import Point, Stage, flat, radial

__all__ = ["CENTRES", "Centre", "floor_shadow", "paint_centre"]

Centre = Literal["cake", "chessboard", "fruit-plate"]
CENTRES: tuple[Centre, ...] = ("cake", "chessboard", "fruit-plate")

_PIECES = (
    (0, 0, "rook", 1), (4, 0, "king", 1), (3, 1, "pawn", 1), (6, 1, "pawn", 1), (2, 2, "bishop", 1), (5, 3, "pawn", 1),
    (4, 4, "pawn", 0), (1, 5, "queen", 0), (5, 6, "pawn", 0), (7, 6, "pawn", 0), (6, 7, "king", 0), (2, 7, "rook", 0),
)  # fmt: skip
"""Column, row from the near edge, kind, and whether it is white."""
_SHAPES: dict[str, list[tuple[float, float]]] = {
    "pawn": [(0, 5), (2, 4.6), (4, 2.2), (9, 1.8), (10, 3.6), (13, 3.4), (15, 1.4)],
    "rook": [(0, 5.4), (3, 5), (5, 3), (12, 3), (13, 4.6), (18, 4.6)],
    "bishop": [(0, 5.4), (3, 5), (5, 2.4), (14, 2), (15, 3.6), (19, 3.2), (24, 0.8)],
    "queen": [(0, 5.8), (3, 5.4), (6, 2.6), (17, 2.2), (19, 3.4), (25, 5.2), (27, 2), (29, 1)],
    "king": [(0, 5.8), (3, 5.4), (6, 2.8), (18, 2.4), (20, 4.4), (26, 5), (28, 1.4), (33, 1.2)],
}
_WAXES = (Rgb.of("#3f8fc8"), Rgb.of("#e07aa0"), Rgb.of("#5fae6a"))
_BOARD, _SQUARE, _THICK = 60.0, 13.5, 6.0


def floor_shadow(stage: Stage, tilt: float, radius: float, length: float) -> None:
    """Throws the shadow of something round to the right and toward the viewer; it starts under its foot."""
    with stage.moved(0, 0, scale=1, scale_y=math.sin(tilt)):
        tip_x, tip_y = length * 0.9, length * 0.35
        side_x, side_y = -0.36 * radius, 0.93 * radius
        strip = stage.polygon(
            [(side_x, side_y), (-side_x, -side_y), (tip_x - side_x, tip_y - side_y), (tip_x + side_x, tip_y + side_y)]
        )
        stage.shadow(strip, alpha=0.26, blur=3)
        stage.shadow(stage.oval(tip_x, tip_y, radius), alpha=0.24, blur=3)
        stage.shadow(stage.oval(1, 1, radius * 1.08), alpha=0.4, blur=3)


def paint_centre(
    stage: Stage, centre: Centre, tilt: float, time_s: float, *, colour: Rgb, wood: Rgb, count: int
) -> None:
    """Draws one of them with its middle at (0, 0).

    Args:
        stage: what to draw on.
        centre: which.
        tilt: of the viewer in radians.
        time_s: of the clip.
        colour: of its decoration.
        wood: of the chessboard.
        count: of fruits; the cake has more candles than that.
    """
    if centre == "fruit-plate":
        _fruit_plate(stage, tilt, colour, count)
    elif centre == "cake":
        _cake(stage, tilt, time_s, colour, count + 3)
    else:
        _chessboard(stage, tilt, wood)


def _plate(stage: Stage, tilt: float, colour: Rgb) -> None:
    flatness, rise = math.sin(tilt), math.cos(tilt)
    white = Rgb.of("#f3efe6")
    floor_shadow(stage, tilt, 60, 10)
    lathe(stage, [(0, 44), (2, 48), (9, 66)], tilt, white, part="plate")
    with stage.moved(0, -8 * rise):
        inner = stage.oval(0, 0, 62, 62 * flatness)
        stage.paint(inner, radial((-10, -8), 70, WHITE, white, shade(white, 0.82)), part="plate")
        stage.paint(stage.oval(0, 0, 56, 56 * flatness), flat(colour), part="plate", line=1.8)
        stage.effect(stage.oval(0, 2 * flatness, 45, 45 * flatness), flat(shade(white, 0.62), alpha=0.3), line=2.5)


def _fruit_plate(stage: Stage, tilt: float, colour: Rgb, count: int) -> None:
    flatness, rise = math.sin(tilt), math.cos(tilt)
    _plate(stage, tilt, colour)
    colours = (Rgb.of("#e8862e"), Rgb.of("#8ab33f"), Rgb.of("#b83a44"), Rgb.of("#edc53f"))
    places = ((-17, 14, 19), (20, 12, 17), (3, -18, 18), (-3, 36, 14))
    for (x, z, radius), tone in sorted(zip(places[:count], colours, strict=False), key=lambda pair: -pair[0][1]):
        y = -z * flatness - (3 + radius) * rise
        with stage.moved(x, -z * flatness - 3 * rise, scale=1, scale_y=max(0.25, flatness)):
            stage.shadow(stage.oval(5, 3, radius), alpha=0.4, blur=3)
        ball = stage.oval(x, y, radius)
        stage.paint(ball, radial((x - 6, y - 7), radius * 1.7, shade(tone, 1.25), tone, shade(tone, 0.5)), part="fruit")
        stage.effect(stage.oval(x - 6, y - 7, 4, 3), flat(WHITE, alpha=0.6, blur=1.5))
        stem = stage.oval(x + 1, y - radius * rise * 0.92, 2, 2 * max(0.5, flatness))
        stage.paint(stem, flat(Rgb.of("#4a3a20")), part="fruit")


def _cake(stage: Stage, tilt: float, time_s: float, colour: Rgb, candles: int) -> None:
    """A round cake with icing that runs down, a ring of berries and burning candles."""
    flatness, rise = math.sin(tilt), math.cos(tilt)
    _plate(stage, tilt, colour)
    sponge, icing = Rgb.of("#c98f55"), Rgb.of("#fbeff0")
    with stage.moved(0, -9 * rise):
        with stage.moved(0, 0, scale=1, scale_y=flatness):
            stage.shadow(stage.oval(6, 4, 48), alpha=0.4, blur=3)
        lathe(stage, [(0, 46), (15, 46)], tilt, sponge, part="cake")
        lathe(stage, [(15, 46.4), (18, 46.4)], tilt, Rgb.of("#b8404c"), part="cake")
        lathe(stage, [(18, 46), (30, 46)], tilt, sponge, part="cake")
        for drip in range(14):
            turn = math.pi * (drip + 0.5) / 14
            x, z = 46 * math.cos(turn), -46 * math.sin(turn)
            low = 30 - (6 + 4 * ((drip * 5) % 3))
            run = stage.polygon([(x, -z * flatness - 31 * rise), (x, -z * flatness - low * rise)], closed=False)
            stage.paint(run, flat(shade(icing, 0.95 - 0.2 * (x + 46) / 92)), part="cake", line=6)
        top = -31 * rise
        stage.paint(
            stage.oval(0, top, 47.5, 47.5 * flatness), radial((-12, top - 8), 64, WHITE, icing, shade(icing, 0.86)),
            part="cake",
        )  # fmt: skip
        stage.effect(stage.oval(0, top, 34, 34 * flatness), flat(colour, alpha=0.8), line=1.6)
        around = [2 * math.pi * (step + 0.5) / 16 for step in range(16)]
        berries = [(41 * math.sin(turn), 41 * math.cos(turn)) for turn in around]
        lights = [2 * math.pi * step / candles + 0.3 for step in range(candles)]
        things = [(z, x, True) for x, z in berries]
        things += [(22 * math.cos(turn), 22 * math.sin(turn), False) for turn in lights]
        for z, x, berry in sorted(things, reverse=True):
            with stage.moved(x, top - z * flatness):
                if berry:
                    _berry(stage, tilt)
                else:
                    _candle(stage, tilt, time_s, x + z, _WAXES[round(x + 99) % len(_WAXES)])


def _berry(stage: Stage, tilt: float) -> None:
    flatness, rise = math.sin(tilt), math.cos(tilt)
    stage.shadow(stage.oval(2, 1, 5, 5 * flatness), alpha=0.3, blur=1.2)
    red = Rgb.of("#c8283c")
    ball = stage.oval(0, -4 * rise, 5)
    stage.paint(ball, radial((-1.6, -4 * rise - 2), 8, shade(red, 1.4), red, shade(red, 0.6)), part="cake")
    stage.effect(stage.oval(-1.6, -4 * rise - 2, 1.2), flat(WHITE, alpha=0.7))


def _candle(stage: Stage, tilt: float, time_s: float, phase: float, colour: Rgb) -> None:
    flatness, rise = math.sin(tilt), math.cos(tilt)
    with stage.moved(0, 0, scale=1, scale_y=max(0.1, flatness)):
        stage.shadow(stage.polygon([(-1, 2), (1, -2), (17, 4), (15, 8)]), alpha=0.25, blur=1.2)
    lathe(stage, [(0, 2.8), (18, 2.8)], tilt, colour, part="cake")
    sway = 0.9 * math.sin(time_s * 9 + phase)
    size = 1 + 0.12 * math.sin(time_s * 13 + phase * 2)
    wick, tip = -19 * rise, -31 * rise * size
    stage.glow(sway, (wick + tip) / 2, 15, Rgb(255, 170, 60), alpha=0.14 + 0.36 * rise)
    for wide, tall, tone in ((3.4, 1.0, Rgb.of("#ff9d2e")), (1.9, 0.7, Rgb.of("#fff2b8"))):
        # From above only the round foot of the flame is left, moved by its sway.
        high = wick + (tip - wick) * tall
        flame = stage.curve(
            [(sway * 1.6, high - wide * flatness), (wide, wick + (high - wick) * 0.25), (0, wick + wide * 0.9),
             (-wide, wick + (high - wick) * 0.25)],
            closed=True,
        )  # fmt: skip
        stage.paint(flame, flat(tone), part="cake")


def _chessboard(stage: Stage, tilt: float, wood: Rgb) -> None:
    """A board in the middle of a game, with pieces of two colours."""
    flatness, rise = math.sin(tilt), math.cos(tilt)
    dark, pale = mix(wood, Rgb.of("#3a2416"), 0.7), Rgb.of("#ecd9b0")

    def at(x: float, z: float, height: float) -> Point:
        return x, -z * flatness - height * rise

    outer = [(-_BOARD, _BOARD), (_BOARD, _BOARD), (_BOARD, -_BOARD), (-_BOARD, -_BOARD)]
    with stage.moved(5, 4 * flatness + 1):
        stage.shadow(stage.polygon([at(x, z, 0) for x, z in outer]), alpha=0.5, blur=3)
    front = [at(-_BOARD, -_BOARD, _THICK), at(_BOARD, -_BOARD, _THICK), at(_BOARD, -_BOARD, 0), at(-_BOARD, -_BOARD, 0)]
    stage.paint(stage.polygon(front), flat(shade(dark, 0.7)), part="chessboard")
    stage.paint(stage.polygon([at(x, z, _THICK) for x, z in outer]), flat(dark), part="chessboard")
    for column in range(8):
        for row in range(8):
            x, z = (column - 4) * _SQUARE, (row - 4) * _SQUARE
            corners = ((x, z), (x + _SQUARE, z), (x + _SQUARE, z + _SQUARE), (x, z + _SQUARE))
            tone = pale if (column + row) % 2 else shade(dark, 1.3)
            square = stage.polygon([at(a, b, _THICK) for a, b in corners])
            stage.paint(square, flat(shade(tone, 1.04 - 0.012 * (column - row + 7))), part="chessboard")
    for column, row, kind, white in sorted(_PIECES, key=lambda piece: -piece[1]):
        with stage.moved(*at((column - 3.5) * _SQUARE, (row - 3.5) * _SQUARE, _THICK)):
            tall = _SHAPES[kind][-1][0]
            with stage.moved(0, 0, scale=1, scale_y=max(0.1, flatness)):
                shadow = stage.polygon(
                    [(-1.8, 4.6), (1.8, -4.6), (tall * 0.8 + 2, tall * 0.3), (tall * 0.8, tall * 0.4)]
                )
                stage.shadow(shadow, alpha=0.35, blur=1.4)
            tone = Rgb.of("#f0dfbd") if white else Rgb.of("#4a2d22")
            lathe(stage, _SHAPES[kind], tilt, tone, part="chessboard")
            stage.effect(stage.oval(-1.2, -tall * 0.8 * rise - 1.2, 1.3), flat(WHITE, alpha=0.6, blur=0.5))
            if kind in ("king", "queen"):
                _finial(stage, tilt, tall, tone, cross=kind == "king")


def _finial(stage: Stage, tilt: float, tall: float, tone: Rgb, *, cross: bool) -> None:
    flatness, rise = math.sin(tilt), math.cos(tilt)
    y = -tall * rise
    if cross:
        stage.paint(stage.polygon([(-3, y), (3, y)], closed=False), flat(shade(tone, 1.2)), part="chessboard", line=1.6)
        ends = [(0, y - 3 * rise), (0, y + 2 * rise + 1.0 * flatness)]
        stage.paint(stage.polygon(ends, closed=False), flat(shade(tone, 1.2)), part="chessboard", line=1.6)
    else:
        for point in range(6):
            turn = 2 * math.pi * point / 6
            spot = stage.oval(4.6 * math.cos(turn), -26 * rise + 4.6 * math.sin(turn) * flatness, 1.3)
            stage.paint(spot, flat(shade(tone, 1.15)), part="chessboard")
