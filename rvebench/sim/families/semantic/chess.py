"""Semantic inference: what a chess player does with the king to give a game up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix
from rvebench.sim.families.semantic._chess_garden import garden, park_life
from rvebench.sim.families.semantic._chess_pieces import ChessSet, Kind, Piece, board, piece
from rvebench.sim.families.semantic._chess_room import hands, room, steam
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Camera, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["ChessResign"]

_King = Literal["carved-king", "garden-king", "wooden-king"]
_KINGS: tuple[_King, ...] = ("carved-king", "garden-king", "wooden-king")
_SQUARES = (
    (Rgb.of("#e9d3a8"), Rgb.of("#8a5a38")),
    (Rgb.of("#e6dfd0"), Rgb.of("#5d7a62")),
    (Rgb.of("#dfd0c0"), Rgb.of("#7a4a4e")),
)
_SLABS = (Rgb.of("#d8d2c4"), Rgb.of("#7f8488"))
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
    king: _King

    @property
    def chess(self) -> ChessSet:
        """The board and its pieces."""
        outdoors, carved = self.king == "garden-king", self.king == "carved-king"
        pale, dark = Rgb.of("#efdfc0"), Rgb.of("#463a3c")
        if outdoors:
            pale, dark = Rgb.of("#ece8e0"), Rgb.of("#33343a")
        elif carved:
            pale, dark = Rgb.of("#e6d2a6"), Rgb.of("#4c3a34")
        squares = _SLABS if outdoors else _SQUARES[self.squares]
        return ChessSet(carved=carved, pale=pale, dark=dark, squares=squares, framed=not outdoors)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    tipped: float
    """How far the losing king has fallen: 0 upright, 1 on its side."""
    other_tipped: float = 0.0
    """The same of the winning king: the wrong law."""


class ChessResign(Family[_Setup, _State]):
    """A player who gives up lays the king on its side."""

    name = "chess-resign"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "resign"
    parts = ("losing-king", "winning-king", "pieces", "board", "cup", "clock", "bench", "trees", "pigeons")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the board, who loses, and the room."""
        return _Setup(
            side=1.0 if rng.random() < 0.5 else -1.0,
            dark_loses=bool(rng.random() < 0.5),
            squares=int(rng.integers(len(_SQUARES))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            row=float(rng.integers(1, 3)) + 0.5,
            cup=mix(Rgb.of("#c9584a"), Rgb.of("#4a7fa8"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
            king=_KINGS[rng.integers(len(_KINGS))],
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From standing to lying."""
        return States(
            source=_State(tipped=0.0),
            target=_State(tipped=1.0),
            half=_State(tipped=0.55),
            wrong=_State(tipped=0.0, other_tipped=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """The king, by the set it belongs to."""
        return setup.king

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the king or how it lies."""
        loser, winner = ("Black", "White") if setup.dark_loses else ("White", "Black")
        tone = "dark" if setup.dark_loses else "pale"
        place, keeps = "table", ("the cup and its steam", "the chess clock", "the lamp")
        if setup.king == "garden-king":
            place, keeps = "lawn", ("the bench and the flowers", "the pigeons", "the trees and the clouds")
        return Words(
            instructions=(
                f"{loser} sees that all is lost and gives up in the traditional way, without a word.",
                f"{winner} has just been handed the win before the mate; show the board as {loser} left it.",
                f"{loser} resigns; the players will shake hands in a moment.",
                f"Tell anyone who passes this {place} later that {loser} conceded the game.",
            ),
            train_instructions=(
                f"The game is over: {loser} would rather surrender than play on.",
                f"With the old gesture of defeat, {loser} ends this game.",
            ),
            literal=f"Lay the {tone} king on its side on the board.",
            expected=f"The {tone} king lies on its side on the board; every other piece stands where it stood.",
            preserve=("all other pieces", "the board", *keeps, "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A lamp beside the table, or the sun."""
        if setup.king == "garden-king":
            return Light(azimuth=-0.8 * setup.side, elevation=0.62)
        return Light(azimuth=-0.8 * setup.side, elevation=0.62, colour=Rgb(255, 232, 196))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Comes slowly nearer."""
        return Camera(zoom=1 + 0.02 * clock.share, focus=(240, 180))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room or park, board, then the pieces from far to near."""
        side, seed = setup.side, int(setup.phase * 1000)
        with stage.at_depth(1.0):
            pieces = self._pieces(setup)
            kings = [one for one in pieces if one.kind == "king"]
            near = min(king.row for king in kings)
            still = sorted((one for one in pieces if one.kind != "king"), key=lambda one: -one.row)
            # What lives in the background stands beside the far pieces, never behind them.
            stage.static("far", lambda: self._far(stage, setup, seed, [one for one in still if one.row > near]))
            if setup.king == "garden-king":
                park_life(stage, side, clock.time_s, setup.phase)
            else:
                steam(stage, side, clock.time_s)
                hands(stage, side, clock.time_s, setup.phase)
            for king in sorted(kings, key=lambda one: -one.row):
                piece(stage, setup.chess, king, side, state.tipped if king.loser else state.other_tipped)
            for one in still:
                if one.row <= near:
                    piece(stage, setup.chess, one, side, 0.0)

    def _far(self, stage: Stage, setup: _Setup, seed: int, pieces: list[Piece]) -> None:
        if setup.king == "garden-king":
            garden(stage, setup.side, setup.wall, seed)
        else:
            room(stage, setup.side, setup.wall, setup.cup, seed)
        board(stage, setup.chess, setup.side)
        for one in pieces:
            piece(stage, setup.chess, one, setup.side, 0.0)

    def _pieces(self, setup: _Setup) -> list[Piece]:
        rows: tuple[tuple[Kind, float, float, bool], ...] = (
            ("king", 4.3, setup.row, True), ("pawn", 1.5, 6.5, True), ("rook", 3.5, 7.5, True),
            ("bishop", 6.5, 6.5, True), ("pawn", 7.5, 5.5, True), ("queen", 2.5, 4.5, False),
            ("rook", 0.5, 4.5, False), ("king", 1.5, 2.5, False), ("pawn", 0.5, 0.8, False), ("pawn", 7.5, 3.5, False),
        )  # fmt: skip
        return [
            Piece(
                kind=kind,
                column=column if setup.side > 0 else 8 - column,
                row=row,
                loser=loser,
                is_dark=loser == setup.dark_loses,
            )
            for kind, column, row, loser in rows
        ]
