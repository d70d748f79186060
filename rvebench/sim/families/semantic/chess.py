"""Semantic inference: what a chess player does with the king to give a game up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["ChessResign"]

_Kind = Literal["pawn", "rook", "bishop", "queen", "king"]
_PROFILES: dict[str, tuple[Point, ...]] = {
    "pawn": ((15, 0), (15, 4), (11, 8), (7, 14), (5, 25), (9, 28), (5, 30), (8, 35), (8, 41), (4, 46), (0, 47)),
    "rook": ((16, 0), (16, 5), (12, 9), (9, 16), (8, 36), (12, 40), (12, 50), (7, 50), (6, 47), (0, 47)),
    "bishop": ((16, 0), (16, 5), (12, 9), (7, 18), (5, 36), (10, 39), (6, 42), (9, 50), (6, 58), (2, 63), (0, 66)),
    "queen": ((17, 0), (17, 5), (13, 9), (8, 20), (6, 44), (11, 48), (7, 51), (12, 64), (6, 63), (4, 68), (0, 70)),
    "king": ((17, 0), (17, 5), (13, 9), (8, 22), (6.5, 50), (12, 54), (8, 57), (12, 69), (5, 72), (0, 73)),
}
_HEIGHTS = {"pawn": 47.0, "rook": 50.0, "bishop": 66.0, "queen": 70.0, "king": 84.0}
_SQUARES = (
    (Rgb.of("#e9d3a8"), Rgb.of("#8a5a38")),
    (Rgb.of("#e6dfd0"), Rgb.of("#5d7a62")),
    (Rgb.of("#dfd0c0"), Rgb.of("#7a4a4e")),
)
_PALE, _DARK = Rgb.of("#efdfc0"), Rgb.of("#463a3c")
_WALLS = (Rgb.of("#51464a"), Rgb.of("#44505a"), Rgb.of("#4f4a3c"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    dark_loses: bool
    squares: int
    wall: Rgb
    row: float
    cup: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    tipped: float
    """How far the losing king has fallen: 0 upright, 1 on its side."""
    other_tipped: float = 0.0
    """The same of the winning king: the wrong law."""


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: _Kind
    column: float
    row: float
    loser: bool


class ChessResign(Family[_Setup, _State]):
    """A player who gives up lays the king on its side."""

    name = "chess-resign"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "resign"
    parts = ("losing-king", "winning-king", "pieces", "board", "cup", "clock")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the board, who loses, and the room."""
        return _Setup(
            side=1.0 if rng.random() < 0.5 else -1.0,
            dark_loses=bool(rng.random() < 0.5),
            squares=int(rng.integers(len(_SQUARES))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            row=float(rng.integers(3, 5)) - 0.5,
            cup=mix(Rgb.of("#c9584a"), Rgb.of("#4a7fa8"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From standing to lying."""
        return States(
            source=_State(tipped=0.0),
            target=_State(tipped=1.0),
            half=_State(tipped=0.42),
            wrong=_State(tipped=0.0, other_tipped=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The king."""
        return "king"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the king or how it lies."""
        loser, winner = ("Black", "White") if setup.dark_loses else ("White", "Black")
        tone = "dark" if setup.dark_loses else "pale"
        return Words(
            instructions=(
                f"{loser} sees that all is lost and gives up in the traditional way, without a word.",
                f"{winner} has just been handed the win before the mate; show the board as {loser} left it.",
                f"{loser} resigns; the players will shake hands in a moment.",
                f"Tell anyone who passes this table later that {loser} conceded the game.",
            ),
            train_instructions=(
                f"The game is over: {loser} would rather surrender than play on.",
                f"With the old gesture of defeat, {loser} ends this game.",
            ),
            literal=f"Lay the {tone} king on its side on the board.",
            expected=f"The {tone} king lies on its side on the board; every other piece stands where it stood.",
            preserve=("all other pieces", "the board", "the cup and its steam", "the chess clock", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A lamp beside the table."""
        return Light(azimuth=-0.8 * setup.side, elevation=0.62, colour=Rgb(255, 232, 196))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Comes slowly nearer."""
        return Camera(zoom=1 + 0.02 * clock.share, focus=(240, 180))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, board, cup, clock, then the pieces from far to near."""
        with stage.at_depth(1.0):
            stage.static("room", lambda: self._room(stage, setup))
            self._steam(stage, setup, clock)
            self._hands(stage, setup, clock)
            pieces = self._pieces(setup)
            kings = [piece for piece in pieces if piece.kind == "king"]
            near = min(king.row for king in kings)
            still = [piece for piece in pieces if piece.kind != "king"]
            stage.static("far", lambda: self._stand(stage, setup, [piece for piece in still if piece.row > near]))
            for king in sorted(kings, key=lambda piece: -piece.row):
                tipped = state.tipped if king.loser else state.other_tipped
                self._piece(stage, setup, king, tipped)
            stage.static("near", lambda: self._stand(stage, setup, [piece for piece in still if piece.row <= near]))

    def _stand(self, stage: Stage, setup: _Setup, pieces: list[_Piece]) -> None:
        for piece in sorted(pieces, key=lambda one: -one.row):
            self._piece(stage, setup, piece, 0.0)

    def _pieces(self, setup: _Setup) -> list[_Piece]:
        rows: tuple[tuple[_Kind, float, float, bool], ...] = (
            ("king", 4.5, setup.row, True), ("pawn", 1.5, 6.5, True), ("rook", 3.5, 7.5, True),
            ("bishop", 6.5, 6.5, True), ("pawn", 7.5, 5.5, True), ("queen", 2.5, setup.row + 1, False),
            ("rook", 0.5, 4.5, False), ("king", 1.5, 1.5, False), ("pawn", 0.5, 0.5, False), ("pawn", 7.5, 1.5, False),
        )  # fmt: skip
        return [_Piece(kind, column if setup.side > 0 else 8 - column, row, loser) for kind, column, row, loser in rows]

    def _at(self, column: float, row: float) -> tuple[float, float, float]:
        scale = 1 / (1 + 0.085 * row)
        return 240 + (column - 4) * 49 * scale, 254 * scale + 2, scale

    def _room(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        lamp = (240 - side * 190, 46.0)
        stage.paint(wall, radial(lamp, 480, shade(setup.wall, 1.9), setup.wall, shade(setup.wall, 0.45)))
        stage.textured(wall, "plaster", strength=0.1)
        rng = np.random.default_rng(int(setup.phase * 1000))
        for shelf in range(2):
            floor = 46.0 + 62 * shelf
            left = 240 - 130.0
            while left < 396:
                width, high = float(rng.uniform(9, 18)), float(rng.uniform(32, 50))
                colour = mix(Rgb.of("#7a3b33"), Rgb.of("#35606a"), float(rng.random()))
                colour = mix(colour, Rgb.of("#b08a4a"), float(rng.random()) * 0.6)
                book = stage.rect(left, floor - high, width - 1, high, radius=1)
                stage.paint(book, linear((left, 0), (left + width, 0), shade(colour, 0.95), shade(colour, 0.5)))
                stage.effect(stage.rect(left + 2, floor - high + 7, width - 5, 2), flat(Rgb.of("#e0c48a"), alpha=0.5))
                left += width
            board = stage.rect(98, floor, 306, 6, radius=1)
            stage.paint(board, linear((0, floor), (0, floor + 6), Rgb.of("#8a6240"), Rgb.of("#4a3220")))
            stage.shadow(stage.rect(100, floor + 6, 302, 7), alpha=0.4, blur=3)
        stage.effect(stage.rect(-64, -64, WIDTH + 128, 200), flat(shade(setup.wall, 0.9), alpha=0.3))
        table = stage.rect(-64, 128, WIDTH + 128, 240)
        stage.paint(table, linear((0, 128), (0, HEIGHT), Rgb.of("#5c3c28"), Rgb.of("#8a6244")))
        stage.textured(table, "wood", strength=0.2, seed=1)
        stage.effect(stage.rect(-64, 127, WIDTH + 128, 2.5), flat(Rgb.of("#c09468"), alpha=0.6, blur=0.8))
        self._lamp(stage, 240 - side * 190, side)
        self._board(stage, setup)
        self._cup(stage, 240 + side * 190, 182, setup)
        self._clock(stage, 240 - side * 186, 196, side)
        stage.glow(240 - side * 190, 70, 250, Rgb(255, 190, 110), alpha=0.13)

    def _lamp(self, stage: Stage, x: float, side: float) -> None:
        stage.shadow(stage.oval(x + side * 10, 139, 34, 6), alpha=0.4, blur=3)
        stage.paint(stage.oval(x, 136, 26, 7), linear((x - 26, 0), (x + 26, 0), Rgb.of("#d8b46a"), Rgb.of("#7a5a26")))
        stage.paint(stage.rect(x - 3, 84, 6, 52), linear((x - 3, 0), (x + 3, 0), Rgb.of("#ecd08a"), Rgb.of("#8a6a30")))
        cover = stage.polygon([(x - 20, 34), (x + 20, 34), (x + 40, 88), (x - 40, 88)])
        stage.paint(cover, linear((0, 34), (0, 88), Rgb.of("#c98f4e"), Rgb.of("#f6d999")))
        stage.effect(stage.oval(x, 88, 40, 4), flat(Rgb(255, 250, 225), alpha=0.9))
        stage.glow(x, 84, 110, Rgb(255, 190, 110), alpha=0.2)

    def _board(self, stage: Stage, setup: _Setup) -> None:
        def quad(c0: float, r0: float, c1: float, r1: float) -> list[Point]:
            return [self._at(c, r)[:2] for c, r in ((c0, r0), (c1, r0), (c1, r1), (c0, r1))]

        edge = quad(-0.35, -0.3, 8.35, 8.35)
        stage.shadow(stage.polygon([(x + setup.side * 10, y + 9) for x, y in edge]), alpha=0.5, blur=6)
        front = [edge[0], edge[1], (edge[1][0], edge[1][1] + 9), (edge[0][0], edge[0][1] + 9)]
        stage.paint(stage.polygon(front), flat(Rgb.of("#3a2416")), part="board")
        frame = stage.polygon(edge)
        stage.paint(frame, linear((0, 140), (0, HEIGHT), Rgb.of("#5a3a24"), Rgb.of("#7d5334")), part="board")
        stage.textured(frame, "wood", strength=0.2, seed=5)
        pale, dark = _SQUARES[setup.squares]
        for row in range(8):
            for column in range(8):
                tone = 0.84 + 0.03 * (8 - row) - 0.02 * (column if setup.side > 0 else 7 - column)
                colour = shade(pale if (row + column) % 2 else dark, tone)
                stage.paint(stage.polygon(quad(column, row, column + 1, row + 1)), flat(colour), part="board")
        whole = stage.polygon(quad(0, 0, 8, 8))
        stage.textured(whole, "wood", strength=0.1, seed=6)
        x, y, _ = self._at(4 - setup.side * 2.4, 5)
        stage.effect(stage.oval(x, y, 90, 24), flat(Rgb(255, 240, 210), alpha=0.2, blur=16))

    def _cup(self, stage: Stage, x: float, y: float, setup: _Setup) -> None:
        side = setup.side
        stage.shadow(stage.oval(x + side * 14, y + 4, 42, 9), alpha=0.45, blur=4)
        stage.paint(
            stage.oval(x, y, 38, 9), linear((x - 38, 0), (x + 38, 0), Rgb.of("#f4efe6"), Rgb.of("#b4aca0")), part="cup"
        )
        stage.paint(stage.oval(x + side * 25, y - 18, 9, 9), flat(shade(setup.cup, 0.75)), part="cup", line=4)
        body = stage.curve(
            [(x - 25, y - 34), (x - 22, y - 12), (x - 12, y), (x + 12, y), (x + 22, y - 12), (x + 25, y - 34)]
        )
        ends = ((x - side * 25, 0.0), (x + side * 25, 0.0))
        stage.paint(body, linear(*ends, shade(setup.cup, 1.3), setup.cup, shade(setup.cup, 0.55)), part="cup")
        stage.paint(stage.oval(x, y - 34, 25, 6.5), flat(shade(setup.cup, 1.35)), part="cup")
        stage.paint(stage.oval(x, y - 33, 21, 4.8), flat(Rgb.of("#6b3f1e")), part="cup")

    def _steam(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = 240 + setup.side * 190, 146.0
        for wisp in range(4):
            rise = (clock.time_s * 0.4 + wisp / 4) % 1
            points = [
                (x - 12 + wisp * 8 + 5 * math.sin(rise * 5 + 0.55 * k + wisp), y - 46 * rise - 7 * k) for k in range(7)
            ]
            haze = flat(Rgb(255, 255, 255), alpha=0.28 * math.sin(math.pi * rise), blur=3.5)
            stage.effect(stage.curve(points), haze, line=5)

    def _clock(self, stage: Stage, x: float, y: float, side: float) -> None:
        stage.shadow(
            stage.polygon([(x - 40, y), (x + 40, y), (x + side * 30 + 36, y + 12), (x + side * 30 - 30, y + 12)]),
            alpha=0.5,
            blur=4,
        )
        case = stage.rect(x - 42, y - 46, 84, 48, radius=6)
        stage.paint(case, linear((0, y - 46), (0, y + 2), Rgb.of("#a06a3c"), Rgb.of("#5a3519")), part="clock")
        stage.textured(case, "wood", strength=0.18, seed=7)
        stage.effect(stage.rect(x - 40, y - 45, 80, 3, radius=1), flat(Rgb(255, 230, 190), alpha=0.5))
        for way in (-1, 1):
            stage.paint(
                stage.rect(x + way * 20 - 6, y - 51 - (2 if way == 1 else 0), 12, 7, radius=2),
                flat(Rgb.of("#d8b66a")),
                part="clock",
            )
            stage.paint(stage.oval(x + way * 20, y - 22, 17), flat(Rgb.of("#cfa860")), part="clock")
            stage.paint(
                stage.oval(x + way * 20, y - 22, 15),
                radial((x + way * 20 - 4, y - 28), 24, Rgb.of("#fffaf0"), Rgb.of("#ddd2bc")),
                part="clock",
            )
            for hour in range(12):
                angle = hour * math.tau / 12
                dot = stage.oval(x + way * 20 + 12 * math.cos(angle), y - 22 + 12 * math.sin(angle), 0.9)
                stage.paint(dot, flat(Rgb(60, 50, 44)), part="clock")
            stage.paint(
                stage.polygon([(x + way * 20, y - 22), (x + way * 20 + 5, y - 29)], closed=False),
                flat(Rgb(40, 34, 30)),
                part="clock",
                line=2,
            )

    def _hands(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = 240 - setup.side * 186 + 20, 174.0
        angle = setup.phase + clock.time_s * 1.6
        stage.paint(
            stage.polygon([(x, y), (x + 12 * math.cos(angle), y + 12 * math.sin(angle))], closed=False),
            flat(Rgb.of("#c0392b")),
            part="clock",
            line=1.6,
        )
        stage.paint(stage.oval(x, y, 1.8), flat(Rgb(40, 34, 30)), part="clock")

    def _piece(self, stage: Stage, setup: _Setup, piece: _Piece, tipped: float) -> None:
        x, y, scale = self._at(piece.column, piece.row)
        colour = _DARK if piece.loser == setup.dark_loses else _PALE
        part = "pieces"
        if piece.kind == "king":
            part = "losing-king" if piece.loser else "winning-king"
        angle = math.radians(98 * tipped) * setup.side
        pivot = 17.0 * setup.side if tipped else 0.0
        high = _HEIGHTS[piece.kind]
        # The shadow runs from the foot, or from what touches the board, to where the light throws the tip.
        tip_x, tip_up = high * math.sin(angle), max(12.0, high * math.cos(angle))
        dx, dy = stage.light.shadow_of(tip_up)
        with stage.moved(x, y, scale=scale):
            foot = pivot * (0.5 + 0.65 * tipped)
            strip = [
                (foot - 13, -1),
                (foot + 13, 3),
                (pivot + tip_x + dx + 6, dy + 4),
                (pivot + tip_x + dx - 6, dy - 2),
            ]
            stage.shadow(stage.polygon(strip), alpha=0.42, blur=2.5)
            stage.shadow(stage.oval(foot, 1, 18, 5), alpha=0.45, blur=2)
            if tipped >= 1:
                stage.shadow(stage.oval(pivot + tip_x * 0.5, 1, high * 0.52, 4.5), alpha=0.5, blur=2)
            with stage.moved(pivot, 0, turn_deg=math.degrees(angle)):
                self._turned(stage, piece.kind, colour, setup.side, -pivot, part)

    def _turned(self, stage: Stage, kind: _Kind, colour: Rgb, side: float, x: float, part: str) -> None:
        half = [(width, -height) for width, height in _PROFILES[kind]]
        outline = [(x - width, y) for width, y in half] + [(x + width, y) for width, y in reversed(half)]
        wide = half[0][0]
        stops = (shade(colour, 1.28), shade(colour, 1.05), shade(colour, 0.62), shade(colour, 0.42))
        lathe = linear((x - side * wide, 0), (x + side * wide, 0), *stops)
        if kind == "king":
            stage.paint(stage.rect(x - 2.2, -86, 4.4, 16, radius=1), lathe, part=part)
            stage.paint(stage.rect(x - 6, -82, 12, 4.2, radius=1), lathe, part=part)
        stage.paint(stage.oval(x, 0, wide, 4.5), lathe, part=part)
        body = stage.curve(outline)
        stage.paint(body, lathe, part=part)
        if kind == "queen":
            for index in range(5):
                stage.paint(stage.oval(x - 11 + index * 5.5, -65.5, 2.4), lathe, part=part)
            stage.paint(stage.oval(x, -70.5, 3.2), lathe, part=part)
        if kind == "rook":
            for index in range(3):
                stage.paint(stage.rect(x - 12 + index * 9, -54, 6, 6, radius=0.8), lathe, part=part)
        if kind == "bishop":
            stage.effect(stage.polygon([(x + 1, -53), (x + 6, -59)], closed=False), flat(shade(colour, 0.35)), line=1.6)
        with stage.clipped(body):
            shine = stage.rect(x - side * wide * 0.42 - 1.5, -_HEIGHTS[kind], 3, _HEIGHTS[kind], radius=1.5)
            stage.effect(shine, flat(Rgb(255, 246, 228), alpha=0.4, blur=1.4))
        edge = flat(shade(colour, 1.5) if colour is _DARK else Rgb(90, 66, 46), alpha=0.55)
        stage.effect(body, edge, line=0.8)
