"""Spatial: of the loose pieces beside a puzzle, the one that fits goes into the gap, turned right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rvebench.sim.colour import Light, Rgb, shade
from rvebench.sim.families.spatial._parts import everywhere
from rvebench.sim.families.spatial._puzzle import (
    CUPS,
    SHAPES,
    SKIES,
    TABLES,
    TALL,
    WIDE,
    Kind,
    Setup,
    cell,
    grid,
    origin,
    piece_path,
    shape_number,
    slot,
)
from rvebench.sim.families.spatial._puzzle_pictures import draw_fish, draw_landscape, draw_shape
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["JigsawGap"]

_KINDS: tuple[Kind, ...] = ("jigsaw", "tile-picture", "shape-board")


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    placed: float
    """Share of its way that the right piece has made."""
    turned: float = 0.0
    """Share of its turn that it has made."""
    other: float = 0.0
    """The same for a piece that does not fit."""


class JigsawGap(Family[Setup, _State]):
    """One piece alone has the outline of the gap and continues the picture around it."""

    name = "jigsaw-gap"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "fit"
    parts = ("board", "piece", "others", "cup", "pencil")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the picture, the gap, the tabs, where and how the pieces lie."""
        kind = _KINDS[rng.integers(len(_KINDS))]
        columns, rows = grid(kind)
        return Setup(
            kind=kind,
            flip=bool(rng.integers(2)),
            column=int(rng.integers(3)) if kind == "shape-board" else int(rng.integers(1, columns - 1)),
            row=int(rng.integers(rows)),
            slot=int(rng.integers(3)),
            turn_deg=float(rng.choice([-1, 1]) * rng.uniform(55, 150)),
            key=int(rng.integers(1, 99)),
            sky=int(rng.integers(len(SKIES))),
            cup=CUPS[rng.integers(len(CUPS))],
            table=TABLES[rng.integers(len(TABLES))],
            boat=float(rng.uniform(70, 190)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: Setup) -> States[_State]:  # noqa: ARG002
        """Into the gap, half-way not yet turned enough; in the wrong world another piece is put on it."""
        return States(
            source=_State(placed=0),
            target=_State(placed=1, turned=1),
            half=_State(placed=0.86, turned=0.5),
            wrong=_State(placed=0, other=1),
        )

    def objects(self, setup: Setup) -> str:
        """The kind of puzzle."""
        return setup.kind

    def words(self, setup: Setup) -> Words:
        """The paraphrases speak of the whole, not of which piece goes where."""
        things = ("the two other loose pieces", "the cup", "the pencil")
        if setup.kind == "tile-picture":
            return Words(
                instructions=(
                    "The tiler went home one move too early. Make that move.",
                    "Complete the fish with what lies on the table, and cut nothing to size.",
                    "Leave exactly as many tiles beside the frame as were painted for some other wall.",
                    "Of the three candidates only one lets every painted line run on. The mortar is still wet.",
                ),
                train_instructions=(
                    "Show the table after the last step of this job, done with care.",
                    "No mortar should be seen any more, and nothing painted should break off at a joint.",
                ),
                literal="Turn the loose tile that matches and put it into the empty square of the picture.",
                expected="The tile picture has no empty square: the tile that continues the fish lies in it, upright "
                "and flush; its place on the table is empty and the two other loose tiles lie where they were.",
                preserve=("the two other loose tiles", *things[1:], "the rest of the tiles", "the camera"),
            )
        if setup.kind == "shape-board":
            shape = SHAPES[shape_number(setup, setup.column, setup.row)]
            return Words(
                instructions=(
                    "The toddler has one thing left to do before everyone claps. Show the board when they clap.",
                    "Complete the board with what lies on the table, and force nothing.",
                    "Leave exactly as many loose pieces as have no home in this board.",
                    "Every hollow wants its own kind. Show the table when none of them has to wait any longer.",
                ),
                train_instructions=(
                    "Show the table after the child's last move, done right.",
                    "No hollow of the board should be left, and nothing in it should wobble.",
                ),
                literal=f"Turn the loose {shape} upright and put it into the {shape}-shaped hollow of the board.",
                expected=f"The board has no empty hollow: the {shape} lies in it, upright and flush; its place on the "
                "table is empty and the two other loose pieces lie where they were.",
                preserve=(*things, "the five other pieces in the board", "the camera"),
            )
        return Words(
            instructions=(
                "Whoever worked at this table left one move too early. Make that move.",
                "Make the landscape whole with what lies on the table, and force nothing.",
                "Leave exactly as many things beside the board as belong to some other box.",
                "The last word of the picture has not been said yet; only one of the three candidates can say it.",
            ),
            train_instructions=(
                "Show the table after the final step of this pastime, done right.",
                "Nothing of the dark backing should be seen any more, and every line should run on unbroken.",
            ),
            literal="Turn the loose piece that matches and put it into the hole of the jigsaw.",
            expected="The jigsaw has no hole: the piece that continues the landscape lies in it, upright and flush; "
            "its place on the table is empty and the two other loose pieces lie where they were.",
            preserve=(*things, "the rest of the jigsaw", "the camera"),
        )

    def light(self, setup: Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the upper left, through leaves."""
        return Light(azimuth=-0.5, elevation=0.75)

    def draw(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        """Table, board and loose pieces, cup, the shade of leaves."""
        stage.static("table", lambda: self._still(stage, setup, state))
        self._cup(stage, setup, clock)
        self._leaves(stage, setup, clock)

    def _still(self, stage: Stage, setup: Setup, state: _State) -> None:
        self._table(stage, setup)
        gap = cell(setup, setup.column, setup.row)
        strangers = [number for number in range(3) if number != setup.slot]
        for number, place in enumerate(strangers):
            share = state.other if number == 0 else 0.0
            start, turn = slot(setup, place), 40.0 + 75 * number + setup.key * 7 % 60
            put = (start[0] + (gap[0] + 3 - start[0]) * share, start[1] + (gap[1] - 3 - start[1]) * share)
            self._piece(stage, setup, put, turn * (1 - share) + 9 * share, stranger=number + 1, lift=1.0)
        start = slot(setup, setup.slot)
        put = (start[0] + (gap[0] - start[0]) * state.placed, start[1] + (gap[1] - start[1]) * state.placed)
        turn = setup.turn_deg * (1 - state.turned)
        self._piece(stage, setup, put, turn, stranger=0, lift=1 - state.turned)

    # ---- what is drawn

    def _table(self, stage: Stage, setup: Setup) -> None:
        whole, wood = everywhere(stage), setup.table
        stage.paint(whole, radial((150, 60), 480, shade(wood, 1.15), wood, shade(wood, 0.6)))
        stage.textured(whole, "wood", strength=0.2, seed=1)
        for k in range(4):
            seam = stage.rect(-64, 22 + 74 * k, WIDTH + 128, 1.2)
            stage.effect(seam, flat(shade(wood, 0.4), alpha=0.55))
        left, top = origin(setup)
        tray = stage.rect(left - 11, top - 11, WIDE + 22, TALL + 22, radius=5)
        stage.shadow(stage.rect(left - 7, top - 6, WIDE + 22, TALL + 22, radius=6), alpha=0.5, blur=4.5)
        rim = {"jigsaw": "#5d4636", "tile-picture": "#3f5a66", "shape-board": "#e3c493"}[setup.kind]
        tone = Rgb.of(rim)
        fill = linear((0, top - 11), (0, top + TALL + 11), shade(tone, 1.35), tone, shade(tone, 0.7))
        stage.paint(tray, fill, part="board")
        inner = stage.rect(left, top, WIDE, TALL)
        if setup.kind == "shape-board":
            stage.textured(tray, "wood", strength=0.14, seed=6)
            stage.effect(
                stage.rect(left - 8, top - 8, WIDE + 16, TALL + 16, radius=4), flat(shade(tone, 1.2)), line=1.5
            )
        else:
            stage.effect(stage.rect(left - 1, top - 1, WIDE + 2, TALL + 2), flat(Rgb.of("#241a14")), line=2)
            with stage.clipped(inner), stage.moved(left, top):
                picture = draw_landscape if setup.kind == "jigsaw" else draw_fish
                picture(stage, setup, "board")
        columns, rows = grid(setup.kind)
        for row in range(rows):
            for column in range(columns):
                path = piece_path(stage, setup, column, row)
                with stage.clipped(inner), stage.moved(*cell(setup, column, row)):
                    if setup.kind == "shape-board":
                        draw_shape(stage, setup, shape_number(setup, column, row), "board")
                        stage.effect(path, flat(Rgb.of("#3a2814"), alpha=0.75), line=1.6)
                    else:
                        self._seams(stage, setup, path)
        with stage.moved(*cell(setup, setup.column, setup.row)):
            gap = piece_path(stage, setup, setup.column, setup.row)
            deep, low = {
                "jigsaw": ("#33251c", "#54402f"),
                "tile-picture": ("#7d786e", "#989287"),
                "shape-board": ("#5c4023", "#8a6238"),
            }[setup.kind]
            stage.paint(gap, flat(Rgb.of(deep)), part="board")
            with stage.clipped(gap):
                backing = stage.rect(-50, -50, 100, 100)
                stage.effect(backing, linear((0, -30), (0, 30), Rgb.of(deep), Rgb.of(low)))
                if setup.kind == "tile-picture":
                    stage.textured(stage.rect(-27, -27, 54, 54), "stone", strength=0.25, seed=8)
                with stage.moved(2, 3):
                    stage.effect(gap, flat(Rgb.of("#0c0806"), alpha=0.75, blur=2.5), line=7)
            stage.effect(gap, flat(Rgb(255, 246, 230), alpha=0.5), line=0.8)
        self._pencil(stage, setup)

    def _seams(self, stage: Stage, setup: Setup, path: Any) -> None:
        if setup.kind == "tile-picture":
            stage.effect(stage.rect(-26.5, -26.5, 53, 53), flat(Rgb.of("#8f897d"), alpha=0.9), line=1.6)
            stage.effect(stage.polygon([(-24, 22), (-24, -24), (22, -24)], closed=False),
                         flat(Rgb(255, 255, 255), alpha=0.65, blur=0.7), line=1.6)  # fmt: skip
            stage.effect(stage.rect(-18, -20, 14, 4, radius=2), flat(Rgb(255, 255, 255), alpha=0.4, blur=1.4))
            return
        with stage.moved(0.6, 0.7):
            stage.effect(path, flat(Rgb(255, 255, 255), alpha=0.3), line=0.9)
        stage.effect(path, flat(Rgb(20, 16, 14), alpha=0.55), line=1.0)

    def _pencil(self, stage: Stage, setup: Setup) -> None:
        left, _ = origin(setup)
        with stage.moved(left + 70, 243, turn_deg=-3):
            stage.shadow(stage.rect(3, 4, 130, 6, radius=2), alpha=0.45, blur=2)
            paint = linear((0, -4), (0, 4), Rgb.of("#f5c84b"), Rgb.of("#b8801e"))
            stage.paint(stage.rect(0, -4, 116, 8), paint, part="pencil")
            stage.paint(stage.rect(-14, -4, 9, 8, radius=3), flat(Rgb.of("#dd7f86")), part="pencil")
            stage.paint(stage.rect(-6, -4, 7, 8), flat(Rgb.of("#c9ced2")), part="pencil")
            stage.paint(stage.polygon([(116, -4), (131, 0), (116, 4)]), flat(Rgb.of("#ecd0a4")), part="pencil")
            stage.paint(stage.polygon([(126, -1.3), (131, 0), (126, 1.3)]), flat(Rgb.of("#2b2b2f")), part="pencil")

    def _piece(self, stage: Stage, setup: Setup, place: Point, turn_deg: float, *, stranger: int, lift: float) -> None:
        column, row = (setup.column, setup.row) if not stranger else (stranger + 1, 1)
        path, part = piece_path(stage, setup, column, row, stranger=stranger), "others" if stranger else "piece"
        with stage.moved(place[0] + 3 * lift, place[1] + 4 * lift, turn_deg=turn_deg):
            stage.shadow(path, alpha=0.55 * lift, blur=2.2)
        with stage.moved(*place, turn_deg=turn_deg):
            if setup.kind == "shape-board":
                draw_shape(stage, setup, shape_number(setup, column, row, stranger=stranger), part)
                if not lift:
                    stage.effect(path, flat(Rgb.of("#3a2814"), alpha=0.75), line=1.6)
                return
            left, top = origin(setup)
            middle = cell(setup, column, row)
            with stage.clipped(path), stage.moved(left - middle[0], top - middle[1]):
                picture = draw_landscape if setup.kind == "jigsaw" else draw_fish
                picture(stage, setup, part, other=stranger)
            self._seams(stage, setup, path)

    def _cup(self, stage: Stage, setup: Setup, clock: Clock) -> None:
        x, y = (68.0 if setup.flip else WIDTH - 68.0), 52.0
        t, tone = clock.time_s, setup.cup
        stage.shadow(stage.oval(x + 7, y + 9, 44, 42), alpha=0.4, blur=5)
        stage.paint(
            stage.oval(x, y, 44), radial((x - 14, y - 16), 78, shade(tone, 1.2), tone, shade(tone, 0.6)), part="cup"
        )
        stage.effect(stage.oval(x, y, 34), flat(shade(tone, 0.75), alpha=0.6), line=1.5)
        stage.shadow(stage.oval(x + 4, y + 5, 29), alpha=0.4, blur=3)
        ear = 1 if setup.flip else -1
        stage.paint(stage.oval(x + ear * 30, y + 10, 9, 7), flat(shade(tone, 0.85)), part="cup", line=5)
        stage.paint(
            stage.oval(x, y, 28), linear((x - 28, y), (x + 28, y), shade(tone, 1.2), shade(tone, 0.8)), part="cup"
        )
        tea = radial((x - 6, y - 8), 36, Rgb.of("#c9803a"), Rgb.of("#8a4a1c"), Rgb.of("#4f260e"))
        stage.paint(stage.oval(x, y, 24), tea, part="cup")
        with stage.clipped(stage.oval(x, y, 24)):
            for k in range(3):
                a = t * 1.6 + setup.phase + k * 2.1
                swirl = [
                    (x + (5 + 5 * n) * math.cos(a + 0.55 * n), y + (5 + 5 * n) * math.sin(a + 0.55 * n))
                    for n in range(4)
                ]
                stage.effect(stage.curve(swirl), flat(Rgb(255, 226, 180), alpha=0.4, blur=1), line=2)
        for k in range(3):
            rise = (t * 0.4 + k / 3) % 1
            puff = stage.oval(x + 12 * rise + 6 * math.sin(t + k * 2), y - 26 * rise, 8 + 10 * rise)
            stage.effect(puff, flat(Rgb(255, 255, 255), alpha=0.18 * math.sin(math.pi * rise), blur=5))

    def _leaves(self, stage: Stage, setup: Setup, clock: Clock) -> None:
        """Draws the shade of a branch outside the window, swaying over the table's lower corner."""
        side = 1 if setup.flip else -1
        base = WIDTH / 2 + side * 250
        for k in range(9):
            sway = 6 * math.sin(clock.time_s * 2.2 + setup.phase + k * 0.4)
            x, y = base - side * (k * 19 + sway), 262 - 3.2 * k + 5 * math.sin(k * 1.7) + sway * 0.5
            with stage.moved(x, y, turn_deg=side * (-40 + 68 * (k % 2)) + 2.5 * sway):
                leaf = stage.curve([(0, 0), (13, -7), (29, 0), (13, 7)], closed=True)
                stage.shadow(leaf, alpha=0.34, blur=2.2)
