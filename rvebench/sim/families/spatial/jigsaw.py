"""Spatial: of the loose pieces beside a jigsaw, the one that fits goes into the gap, turned right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import everywhere
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["JigsawGap"]

_CELL = 54.0
_COLUMNS, _ROWS = 5, 3
_SLOTS = ((-36.0, 138.0), (38.0, 166.0), (-30.0, 222.0))
"""Places of the loose pieces, from the middle of the free side of the table."""
_SKIES = (
    (Rgb.of("#5aa0d8"), Rgb.of("#d9edf2")),
    (Rgb.of("#e0785a"), Rgb.of("#fbe0a0")),
    (Rgb.of("#5c5fa8"), Rgb.of("#eeb0b8")),
)
_CUPS = (Rgb.of("#e9e4da"), Rgb.of("#c75b4a"), Rgb.of("#4f7f9a"), Rgb.of("#dcae4e"))
_TABLES = (Rgb.of("#b07d50"), Rgb.of("#8a5f42"), Rgb.of("#c79c6c"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    flip: bool
    """Whether the free side of the table is the left."""
    column: int
    row: int
    slot: int
    """Where the right piece lies."""
    turn_deg: float
    """How it is turned."""
    key: int
    """Decides the tabs of all pieces."""
    sky: int
    cup: Rgb
    table: Rgb
    boat: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    placed: float
    """Share of its way that the right piece has made."""
    turned: float = 0.0
    """Share of its turn that it has made."""
    other: float = 0.0
    """The same for a piece that does not fit."""


class JigsawGap(Family[_Setup, _State]):
    """One piece alone has the outline of the gap and continues the picture around it."""

    name = "jigsaw-gap"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "fit"
    parts = ("board", "piece", "others", "cup", "pencil")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the picture, the gap, the tabs, where and how the pieces lie."""
        return _Setup(
            flip=bool(rng.integers(2)),
            column=int(rng.integers(1, _COLUMNS - 1)),
            row=int(rng.integers(_ROWS)),
            slot=int(rng.integers(3)),
            turn_deg=float(rng.choice([-1, 1]) * rng.uniform(55, 150)),
            key=int(rng.integers(1, 99)),
            sky=int(rng.integers(len(_SKIES))),
            cup=_CUPS[rng.integers(len(_CUPS))],
            table=_TABLES[rng.integers(len(_TABLES))],
            boat=float(rng.uniform(70, 190)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """Into the gap, half-way not yet turned enough; in the wrong world another piece is put on it."""
        return States(
            source=_State(placed=0),
            target=_State(placed=1, turned=1),
            half=_State(placed=0.97, turned=0.6),
            wrong=_State(placed=0, other=1),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The jigsaw."""
        return "jigsaw"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """The paraphrases speak of the whole picture, not of which piece goes where."""
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
            preserve=("the two other loose pieces", "the cup", "the pencil", "the rest of the jigsaw", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the upper left, through leaves."""
        return Light(azimuth=-0.5, elevation=0.75)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Table and board, cup, loose pieces, the shade of leaves."""
        stage.static("table", lambda: self._table(stage, setup))
        self._cup(stage, setup, clock)
        gap = self._cell(setup, setup.column, setup.row)
        strangers = [slot for slot in range(3) if slot != setup.slot]
        for number, slot in enumerate(strangers):
            share = state.other if number == 0 else 0.0
            start, turn = self._slot(setup, slot), 40.0 + 75 * number + setup.key * 7 % 60
            place = (start[0] + (gap[0] + 3 - start[0]) * share, start[1] + (gap[1] - 3 - start[1]) * share)
            self._piece(stage, setup, place, turn * (1 - share) + 9 * share, stranger=number + 1, lift=1.0)
        start = self._slot(setup, setup.slot)
        put = (start[0] + (gap[0] - start[0]) * state.placed, start[1] + (gap[1] - start[1]) * state.placed)
        turn = setup.turn_deg * (1 - state.turned)
        self._piece(stage, setup, put, turn, stranger=0, lift=1 - state.turned)
        self._leaves(stage, setup, clock)

    # ---- geometry

    def _origin(self, setup: _Setup) -> Point:
        return (WIDTH - 26 - _CELL * _COLUMNS if setup.flip else 26.0, 42.0)

    def _cell(self, setup: _Setup, column: int, row: int) -> Point:
        left, top = self._origin(setup)
        return left + _CELL * (column + 0.5), top + _CELL * (row + 0.5)

    def _slot(self, setup: _Setup, slot: int) -> Point:
        middle = 86.0 if setup.flip else WIDTH - 86.0
        return middle + _SLOTS[slot][0], _SLOTS[slot][1]

    def _tab(self, setup: _Setup, column: int, row: int, down: bool) -> int:
        """Returns the sign of the tab on a cell's right edge, or its lower one."""
        return 1 if (setup.key * (7 * column + 13 * row + (29 if down else 3)) // 5) % 2 else -1

    def _outline(self, setup: _Setup, column: int, row: int, flipped: int) -> list[Point]:
        """Returns a piece's outline about its centre; a stranger has some tabs the other way."""
        signs = [
            0 if row == 0 else -self._tab(setup, column, row - 1, True),
            0 if column == _COLUMNS - 1 else self._tab(setup, column, row, False),
            0 if row == _ROWS - 1 else self._tab(setup, column, row, True),
            0 if column == 0 else -self._tab(setup, column - 1, row, False),
        ]
        if flipped:
            signs = [(-1 if (k + flipped) % 2 else 1) * (sign or 1) for k, sign in enumerate(signs)]
        half, points = _CELL / 2, list[Point]()
        for k, sign in enumerate(signs):
            angle = k * math.pi / 2
            local = [(-half, -half)]
            if sign:
                local.append((-0.075 * _CELL, -half))
                for step in range(13):
                    a = math.radians(234 - step * 288 / 12)
                    along, out = 0.125 * _CELL * math.cos(a), _CELL * (0.105 + 0.125 * math.sin(a))
                    local.append((along, -half - sign * out))
                local.append((0.075 * _CELL, -half))
            cos, sin = math.cos(angle), math.sin(angle)
            points += [(x * cos - y * sin, x * sin + y * cos) for x, y in local]
        return points

    def _path(self, stage: Stage, setup: _Setup, column: int, row: int, *, flipped: int = 0) -> Any:
        return stage.polygon(self._outline(setup, column, row, flipped))

    # ---- what is drawn

    def _landscape(self, stage: Stage, setup: _Setup, part: str, *, other: int = 0) -> None:
        """Draws the jigsaw's picture with its corner at the origin, or that of another jigsaw."""
        wide, tall = _CELL * _COLUMNS, _CELL * _ROWS
        top, low = _SKIES[(setup.sky + other) % len(_SKIES)]
        if other:
            green = (Rgb.of("#7a9b3f"), Rgb.of("#c47f9a"))[other % 2]
            field = linear((0, 0), (0, tall), shade(green, 1.25), shade(green, 0.75))
            stage.paint(stage.rect(0, 0, wide, tall), field, part=part)
            for k in range(90):
                x, y = (k * 0.618 % 1) * wide, (k * 0.4142 % 1) * tall
                if abs(x - _CELL * (other + 1.5)) > 44 or abs(y - _CELL * 1.5) > 44:
                    continue
                tone = (Rgb.of("#f6e7b0"), Rgb.of("#e0554e"), Rgb.of("#ffffff"))[(k + other) % 3]
                for petal in range(5):
                    a = petal * math.tau / 5 + k
                    stage.effect(stage.oval(x + 3.6 * math.cos(a), y + 3.6 * math.sin(a), 2.7), flat(tone))
                stage.effect(stage.oval(x, y, 2.2), flat(Rgb.of("#d79a2a")))
            return
        stage.paint(stage.rect(0, 0, wide, tall), linear((0, 0), (0, 92), top, low), part=part)
        sun = (wide * 0.7, 34.0)
        stage.effect(stage.oval(*sun, 26), flat(Rgb(255, 250, 220), alpha=0.35, blur=5))
        stage.effect(stage.oval(*sun, 14), flat(Rgb(255, 250, 222)))
        for x, y in ((46.0, 26.0), (126.0, 40.0), (232.0, 22.0)):
            for dx, r in ((-13, 7), (0, 10), (13, 7)):
                stage.effect(stage.oval(x + dx, y, r * 1.4, r * 0.7), flat(Rgb(255, 255, 255), alpha=0.85))
        for k, (base, steep, rock) in enumerate(((92, 46, "#7d88b0"), (96, 30, "#5f7f88"))):
            ridge = [
                (x, base - steep * abs(math.sin(x * (0.017 + 0.009 * k) + setup.key + k))) for x in range(-10, 300, 12)
            ]
            stage.effect(stage.polygon([(-10, 110), *ridge, (300, 110)]), flat(mix(Rgb.of(rock), low, 0.2)))
        lake = linear((0, 96), (0, 140), mix(low, Rgb.of("#4f93b0"), 0.5), Rgb.of("#2f6f90"))
        stage.effect(stage.rect(0, 96, wide, 50), lake)
        for k in range(22):
            glint = stage.rect((k * 53.7) % wide, 99 + (k * 7.3) % 34, 9 + k % 3 * 5, 1.3, radius=0.6)
            stage.effect(glint, flat(Rgb(255, 255, 255), alpha=0.55))
        x, y = setup.boat, 114.0
        stage.effect(stage.polygon([(x, y - 4), (x, y - 40), (x + 22, y - 8)]), flat(Rgb.of("#fff6ea")))
        stage.effect(stage.polygon([(x - 2, y - 6), (x - 2, y - 34), (x - 15, y - 8)]), flat(Rgb.of("#e2574c")))
        stage.effect(stage.polygon([(x - 19, y - 3), (x + 24, y - 3), (x + 16, y + 6), (x - 13, y + 6)]),
                     flat(Rgb.of("#7a3e2a")))  # fmt: skip
        shore = stage.curve([(-8, 170), (-8, 134), (60, 140), (140, 130), (215, 138), (290, 126), (290, 170)])
        stage.effect(shore, linear((0, 128), (0, 162), Rgb.of("#86ad4e"), Rgb.of("#4d7a35")))
        for k, px in enumerate((16.0, 38.0, 232.0, 254.0)):
            foot, high = 148.0 - 5 * (k % 2), 62.0 - 14 * (k % 2)
            stage.effect(stage.rect(px - 2, foot - 10, 4, 12), flat(Rgb.of("#5b3c28")))
            for layer in range(3):
                level = foot - 6 - layer * high * 0.27
                fir = stage.polygon(
                    [(px - 15 + 3.4 * layer, level), (px + 15 - 3.4 * layer, level), (px, level - high * 0.42)]
                )
                stage.effect(fir, linear((px - 14, 0), (px + 14, 0), Rgb.of("#3f7d55"), Rgb.of("#255040")))
        for k in range(26):
            tone = (Rgb.of("#f4d35e"), Rgb.of("#ee6c4d"), Rgb.of("#ffffff"))[k % 3]
            stage.effect(stage.oval((k * 41.7) % wide, 146 + (k * 5.3) % 15, 1.7), flat(tone))

    def _table(self, stage: Stage, setup: _Setup) -> None:
        whole, wood = everywhere(stage), setup.table
        stage.paint(whole, radial((150, 60), 480, shade(wood, 1.15), wood, shade(wood, 0.6)))
        stage.textured(whole, "wood", strength=0.2, seed=1)
        for k in range(4):
            seam = stage.rect(-64, 22 + 74 * k, WIDTH + 128, 1.2)
            stage.effect(seam, flat(shade(wood, 0.4), alpha=0.55))
        left, top = self._origin(setup)
        wide, tall = _CELL * _COLUMNS, _CELL * _ROWS
        tray = stage.rect(left - 11, top - 11, wide + 22, tall + 22, radius=5)
        stage.shadow(stage.rect(left - 7, top - 6, wide + 22, tall + 22, radius=6), alpha=0.5, blur=4.5)
        rim = Rgb.of("#5d4636")
        stage.paint(
            tray, linear((0, top - 11), (0, top + tall + 11), shade(rim, 1.35), rim, shade(rim, 0.7)), part="board"
        )
        stage.effect(stage.rect(left - 1, top - 1, wide + 2, tall + 2), flat(Rgb.of("#241a14")), line=2)
        with stage.clipped(stage.rect(left, top, wide, tall)):
            with stage.moved(left, top):
                self._landscape(stage, setup, "board")
            for row in range(_ROWS):
                for column in range(_COLUMNS):
                    with stage.moved(*self._cell(setup, column, row)):
                        self._seams(stage, self._path(stage, setup, column, row))
        with stage.moved(*self._cell(setup, setup.column, setup.row)):
            gap = self._path(stage, setup, setup.column, setup.row)
            stage.paint(gap, flat(Rgb.of("#3a2b21")), part="board")
            with stage.clipped(gap):
                stage.effect(
                    stage.rect(-50, -50, 100, 100), linear((0, -30), (0, 30), Rgb.of("#33251c"), Rgb.of("#54402f"))
                )
                with stage.moved(2, 3):
                    stage.effect(gap, flat(Rgb.of("#0c0806"), alpha=0.75, blur=2.5), line=7)
            stage.effect(gap, flat(Rgb(255, 246, 230), alpha=0.5), line=0.8)
        self._pencil(stage, setup)

    def _seams(self, stage: Stage, path: Any) -> None:
        with stage.moved(0.6, 0.7):
            stage.effect(path, flat(Rgb(255, 255, 255), alpha=0.3), line=0.9)
        stage.effect(path, flat(Rgb(20, 16, 14), alpha=0.55), line=1.0)

    def _pencil(self, stage: Stage, setup: _Setup) -> None:
        left, _ = self._origin(setup)
        with stage.moved(left + 70, 243, turn_deg=-3):
            stage.shadow(stage.rect(3, 4, 130, 6, radius=2), alpha=0.45, blur=2)
            paint = linear((0, -4), (0, 4), Rgb.of("#f5c84b"), Rgb.of("#b8801e"))
            stage.paint(stage.rect(0, -4, 116, 8), paint, part="pencil")
            stage.paint(stage.rect(-14, -4, 9, 8, radius=3), flat(Rgb.of("#dd7f86")), part="pencil")
            stage.paint(stage.rect(-6, -4, 7, 8), flat(Rgb.of("#c9ced2")), part="pencil")
            stage.paint(stage.polygon([(116, -4), (131, 0), (116, 4)]), flat(Rgb.of("#ecd0a4")), part="pencil")
            stage.paint(stage.polygon([(126, -1.3), (131, 0), (126, 1.3)]), flat(Rgb.of("#2b2b2f")), part="pencil")

    def _piece(self, stage: Stage, setup: _Setup, place: Point, turn_deg: float, *, stranger: int, lift: float) -> None:
        column, row = (setup.column, setup.row) if not stranger else (stranger + 1, 1)
        path, part = self._path(stage, setup, column, row, flipped=stranger), "others" if stranger else "piece"
        with stage.moved(place[0] + 3 * lift, place[1] + 4 * lift, turn_deg=turn_deg):
            stage.shadow(path, alpha=0.55 * lift, blur=2.2)
        with stage.moved(*place, turn_deg=turn_deg):
            with stage.clipped(path), stage.moved(-_CELL * (column + 0.5), -_CELL * (row + 0.5)):
                self._landscape(stage, setup, part, other=stranger)
            self._seams(stage, path)

    def _cup(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
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

    def _leaves(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        """Draws the shade of a branch outside the window, swaying over the table's lower corner."""
        side = 1 if setup.flip else -1
        base = WIDTH / 2 + side * 250
        for k in range(9):
            sway = 6 * math.sin(clock.time_s * 2.2 + setup.phase + k * 0.4)
            x, y = base - side * (k * 19 + sway), 262 - 3.2 * k + 5 * math.sin(k * 1.7) + sway * 0.5
            with stage.moved(x, y, turn_deg=side * (-40 + 68 * (k % 2)) + 2.5 * sway):
                leaf = stage.curve([(0, 0), (13, -7), (29, 0), (13, 7)], closed=True)
                stage.shadow(leaf, alpha=0.34, blur=2.2)
