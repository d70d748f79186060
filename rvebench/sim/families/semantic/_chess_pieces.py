"""A chessboard in perspective and the pieces on it: turned ones, and carved figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, Point, Stage, flat, linear
from rvebench.sim.texture import TextureName

__all__ = ["ChessSet", "Kind", "Piece", "board", "piece", "square"]

Kind = Literal["pawn", "rook", "bishop", "queen", "king"]
_PROFILES: dict[Kind, tuple[Point, ...]] = {
    "pawn": ((15, 0), (15, 4), (11, 8), (7, 14), (5, 25), (9, 28), (5, 30), (8, 35), (8, 41), (4, 46), (0, 47)),
    "rook": ((16, 0), (16, 5), (12, 9), (9, 16), (8, 36), (12, 40), (12, 50), (7, 50), (6, 47), (0, 47)),
    "bishop": ((16, 0), (16, 5), (12, 9), (7, 18), (5, 36), (10, 39), (6, 42), (9, 50), (6, 58), (2, 63), (0, 66)),
    "queen": ((17, 0), (17, 5), (13, 9), (8, 20), (6, 44), (11, 48), (7, 51), (12, 64), (6, 63), (4, 68), (0, 70)),
    "king": ((17, 0), (17, 5), (13, 9), (8, 22), (6.5, 50), (12, 54), (8, 57), (12, 69), (5, 72), (0, 73)),
}
_HEIGHTS: dict[Kind, float] = {"pawn": 47, "rook": 50, "bishop": 66, "queen": 70, "king": 84}
_CARVED_HEIGHTS: dict[Kind, float] = {"pawn": 42, "rook": 66, "bishop": 78, "queen": 74, "king": 82}
_SQUARE, _SIZE = 60.0, 1.24
"""Width of a square in the front row, and how much larger pieces are there than their outlines above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChessSet:
    """How the board and the pieces look."""

    carved: bool
    pale: Rgb
    dark: Rgb
    squares: tuple[Rgb, Rgb]
    framed: bool
    """Whether the board is a frame of wood on a table, or slabs set into the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece and the square it stands on: columns from the left, rows from the front."""

    kind: Kind
    column: float
    row: float
    loser: bool
    is_dark: bool


def square(column: float, row: float) -> tuple[float, float, float]:
    """Returns where a point of the board is seen, and how large things are there."""
    scale = 1 / (1 + 0.085 * row)
    return 240 + (column - 4) * _SQUARE * scale, 254 * scale + 2, _SIZE * scale


def board(stage: Stage, chess: ChessSet, side: float) -> None:
    """Draws the empty board; inside a static layer."""

    def quad(c0: float, r0: float, c1: float, r1: float) -> list[Point]:
        return [square(c, r)[:2] for c, r in ((c0, r0), (c1, r0), (c1, r1), (c0, r1))]

    texture: TextureName = "wood" if chess.framed else "stone"
    edge = quad(-0.35, -0.3, 8.35, 8.35)
    rim = (Rgb.of("#5a3a24"), Rgb.of("#7d5334")) if chess.framed else (Rgb.of("#8f8a80"), Rgb.of("#aaa498"))
    if chess.framed:
        stage.shadow(stage.polygon([(x + side * 10, y + 9) for x, y in edge]), alpha=0.5, blur=6)
        front = [edge[0], edge[1], (edge[1][0], edge[1][1] + 9), (edge[0][0], edge[0][1] + 9)]
        stage.paint(stage.polygon(front), flat(Rgb.of("#3a2416")), part="board")
    frame = stage.polygon(edge)
    stage.paint(frame, linear((0, 140), (0, HEIGHT), *rim), part="board")
    stage.textured(frame, texture, strength=0.2, seed=5)
    pale, dark = chess.squares
    for row in range(8):
        for column in range(8):
            tone = 0.84 + 0.03 * (8 - row) - 0.02 * (column if side > 0 else 7 - column)
            colour = shade(pale if (row + column) % 2 else dark, tone)
            tile = stage.polygon(quad(column, row, column + 1, row + 1))
            stage.paint(tile, flat(colour), part="board")
            if not chess.framed:
                stage.effect(tile, flat(Rgb(60, 56, 50), alpha=0.5), line=0.9)
    stage.textured(stage.polygon(quad(0, 0, 8, 8)), texture, strength=0.1 if chess.framed else 0.2, seed=6)
    x, y, _ = square(4 - side * 2.4, 5)
    stage.effect(stage.oval(x, y, 90, 24), flat(Rgb(255, 240, 210), alpha=0.2, blur=16))


def piece(stage: Stage, chess: ChessSet, one: Piece, side: float, tipped: float) -> None:
    """Draws a piece; `tipped` 0..1 is how far it has fallen toward `side`."""
    x, y, scale = square(one.column, one.row)
    part = "pieces"
    if one.kind == "king":
        part = "losing-king" if one.loser else "winning-king"
    half = 21.0 if chess.carved else 17.0
    angle = math.radians((92 if chess.carved else 98) * tipped) * side
    pivot = half * side if tipped else 0.0
    high = (_CARVED_HEIGHTS if chess.carved else _HEIGHTS)[one.kind]
    # The shadow runs from the foot, or from what touches the board, to where the light throws the tip.
    tip_x, tip_up = high * math.sin(angle), max(12.0, high * math.cos(angle))
    dx, dy = stage.light.shadow_of(tip_up)
    with stage.moved(x, y, scale=scale):
        foot = pivot * (0.5 + 0.65 * tipped)
        strip = [(foot - 13, -1), (foot + 13, 3), (pivot + tip_x + dx + 6, dy + 4), (pivot + tip_x + dx - 6, dy - 2)]
        stage.shadow(stage.polygon(strip), alpha=0.42, blur=2.5)
        stage.shadow(stage.oval(foot, 1, half + 1, 5), alpha=0.45, blur=2)
        if tipped >= 1:
            stage.shadow(stage.oval(pivot + tip_x * 0.5, 1, high * 0.52, 4.5), alpha=0.5, blur=2)
        with stage.moved(pivot, 0, turn_deg=math.degrees(angle)), stage.moved(-pivot, 0):
            colour = chess.dark if one.is_dark else chess.pale
            (_carved if chess.carved else _turned)(stage, one.kind, colour, one.is_dark, side, part)


def _turned(stage: Stage, kind: Kind, colour: Rgb, is_dark: bool, side: float, part: str) -> None:
    half = [(width, -height) for width, height in _PROFILES[kind]]
    outline = [(-width, y) for width, y in half] + [(width, y) for width, y in reversed(half)]
    wide = half[0][0]
    stops = (shade(colour, 1.28), shade(colour, 1.05), shade(colour, 0.62), shade(colour, 0.42))
    lathe = linear((-side * wide, 0), (side * wide, 0), *stops)
    if kind == "king":
        stage.paint(stage.rect(-2.2, -86, 4.4, 16, radius=1), lathe, part=part)
        stage.paint(stage.rect(-6, -82, 12, 4.2, radius=1), lathe, part=part)
    stage.paint(stage.oval(0, 0, wide, 4.5), lathe, part=part)
    body = stage.curve(outline)
    stage.paint(body, lathe, part=part)
    if kind == "queen":
        for index in range(5):
            stage.paint(stage.oval(-11 + index * 5.5, -65.5, 2.4), lathe, part=part)
        stage.paint(stage.oval(0, -70.5, 3.2), lathe, part=part)
    if kind == "rook":
        for index in range(3):
            stage.paint(stage.rect(-12 + index * 9, -54, 6, 6, radius=0.8), lathe, part=part)
    if kind == "bishop":
        stage.effect(stage.polygon([(1, -53), (6, -59)], closed=False), flat(shade(colour, 0.35)), line=1.6)
    with stage.clipped(body):
        shine = stage.rect(-side * wide * 0.42 - 1.5, -_HEIGHTS[kind], 3, _HEIGHTS[kind], radius=1.5)
        stage.effect(shine, flat(Rgb(255, 246, 228), alpha=0.4, blur=1.4))
    edge = flat(shade(colour, 1.5) if is_dark else Rgb(90, 66, 46), alpha=0.55)
    stage.effect(body, edge, line=0.8)


def _carved(stage: Stage, kind: Kind, colour: Rgb, is_dark: bool, side: float, part: str) -> None:
    lit = linear((-side * 21, 0), (side * 21, 0), shade(colour, 1.25), shade(colour, 1.0), shade(colour, 0.55))
    seam = flat(shade(colour, 1.7) if is_dark else shade(colour, 0.45), alpha=0.75)
    stage.paint(stage.oval(0, 0, 21 if kind != "pawn" else 15, 4.5), lit, part=part)
    if kind == "pawn":
        stone = stage.polygon([(-15, 0), (-12, -30), (-6, -42), (6, -42), (12, -30), (15, 0)])
        stage.paint(stone, lit, part=part)
        for line in (((-4, 0), (-3.5, -31), (-2, -42)), ((5, 0), (4.5, -31), (3, -42)), ((-13.5, -12), (13.5, -12))):
            stage.effect(stage.polygon(line, closed=False), seam, line=1)
        return
    throne = stage.curve([(-21, 0), (-20, -36), (-14, -52), (14, -52), (20, -36), (21, 0)])
    stage.paint(throne, lit, part=part)
    stage.effect(throne, seam, line=0.9)
    for way in (-1, 1):  # folds of the robe
        stage.effect(stage.curve([(way * 15, -2), (way * 14, -20), (way * 9, -34)]), seam, line=1)
        stage.effect(stage.curve([(way * 6, -2), (way * 6, -14), (way * 4, -24)]), seam, line=1)
    sleeve = shade(colour, 1.12 if is_dark else 0.9)
    for way in (-1, 1):
        arm = stage.curve([(way * 12, -46), (way * 18, -34), (way * 9, -26)])
        stage.paint(arm, flat(shade(sleeve, 0.85 if way == side else 1.05)), part=part, line=6.5)
    if kind == "rook":
        shield = stage.curve([(-9, -40), (0, -43), (9, -40), (8, -22), (0, -8), (-8, -22)], closed=True)
        stage.paint(shield, linear((-side * 9, 0), (side * 9, 0), shade(colour, 1.35), shade(colour, 0.8)), part=part)
        stage.effect(shield, seam, line=1.2)
        stage.effect(stage.polygon([(0, -42), (0, -9)], closed=False), seam, line=1.4)
    elif kind != "queen":
        long = ((-19, -20), (19, -30)) if kind == "king" else ((15, -4), (15, -72))
        stage.paint(stage.polygon(long, closed=False), flat(shade(colour, 1.3)), part=part, line=3.6)
        stage.effect(stage.polygon(long, closed=False), seam, line=0.8)
    face = mix(shade(colour, 1.2), Rgb(255, 240, 220), 0.0 if is_dark else 0.2)
    stage.paint(stage.oval(0, -57, 10, 11), linear((-side * 10, 0), (side * 10, 0), face, shade(face, 0.68)), part=part)
    if kind == "king":
        beard = stage.curve([(-9, -56), (-6, -46), (0, -42), (6, -46), (9, -56), (0, -52)], closed=True)
        stage.paint(beard, flat(shade(colour, 0.8 if not is_dark else 1.5)), part=part)
        stage.effect(beard, seam, line=0.8)
    for way in (-1, 1):
        stage.effect(stage.oval(way * 4, -59, 1.5, 1.9), flat(Rgb(30, 22, 18) if not is_dark else Rgb(240, 226, 204)))
    stage.effect(stage.polygon([(0, -60), (-side * 1.5, -54), (1, -54)], closed=False), seam, line=1)
    _headgear(stage, kind, colour, side, part)


def _headgear(stage: Stage, kind: Kind, colour: Rgb, side: float, part: str) -> None:
    gold = linear((-side * 12, 0), (side * 12, 0), shade(colour, 1.4), shade(colour, 1.05), shade(colour, 0.6))
    if kind == "king":
        spikes = [(-12, -64), (-14, -82), (-7.5, -73), (0, -84), (7.5, -73), (14, -82), (12, -64)]
        shape = stage.polygon(spikes)
    elif kind == "queen":
        shape = stage.polygon([(-11, -64), (-12, -74), (-6, -70), (0, -75), (6, -70), (12, -74), (11, -64)])
    elif kind == "bishop":
        shape = stage.curve([(-11, -64), (-9, -72), (0, -82), (9, -72), (11, -64)])
    else:
        shape = stage.curve([(-11, -60), (-8, -68), (0, -72), (8, -68), (11, -60)])
    stage.paint(shape, gold, part=part)
    stage.effect(shape, flat(shade(colour, 0.4), alpha=0.7), line=0.9)
