"""The puzzles of jigsaw-gap: what varies, and the outlines of their pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.stage import WIDTH, Point, Stage

__all__ = [
    "CELL",
    "CUPS",
    "SHAPES",
    "SKIES",
    "TABLES",
    "TALL",
    "WIDE",
    "Kind",
    "Setup",
    "cell",
    "grid",
    "origin",
    "piece_path",
    "shape_number",
    "shape_path",
    "slot",
]

CELL = 54.0
WIDE, TALL = 5 * CELL, 3 * CELL
"""Size of the whole puzzle."""
_SLOTS = ((-36.0, 138.0), (38.0, 166.0), (-30.0, 222.0))
"""Places of the loose pieces, from the middle of the free side of the table."""
SKIES = (
    (Rgb.of("#5aa0d8"), Rgb.of("#d9edf2")),
    (Rgb.of("#e0785a"), Rgb.of("#fbe0a0")),
    (Rgb.of("#5c5fa8"), Rgb.of("#eeb0b8")),
)
CUPS = (Rgb.of("#e9e4da"), Rgb.of("#c75b4a"), Rgb.of("#4f7f9a"), Rgb.of("#dcae4e"))
TABLES = (Rgb.of("#b07d50"), Rgb.of("#8a5f42"), Rgb.of("#c79c6c"))
SHAPES = ("star", "moon", "heart", "house", "cross", "drop", "tree", "mushroom")
Kind = Literal["jigsaw", "tile-picture", "shape-board"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples."""

    kind: Kind
    flip: bool
    """Whether the free side of the table is the left."""
    column: int
    row: int
    slot: int
    """Where the right piece lies."""
    turn_deg: float
    """How it is turned."""
    key: int
    """Decides the tabs of all pieces, or which shapes there are."""
    sky: int
    cup: Rgb
    table: Rgb
    boat: float
    phase: float


def grid(kind: Kind) -> tuple[int, int]:
    """Returns how many columns and rows a puzzle has."""
    return (3, 2) if kind == "shape-board" else (5, 3)


def origin(setup: Setup) -> Point:
    """Returns the puzzle's upper left corner."""
    return (WIDTH - 26 - WIDE if setup.flip else 26.0, 42.0)


def cell(setup: Setup, column: int, row: int) -> Point:
    """Returns the centre of a cell."""
    left, top = origin(setup)
    columns, rows = grid(setup.kind)
    return left + WIDE / columns * (column + 0.5), top + TALL / rows * (row + 0.5)


def slot(setup: Setup, number: int) -> Point:
    """Returns where a loose piece lies."""
    middle = 86.0 if setup.flip else WIDTH - 86.0
    return middle + _SLOTS[number][0], _SLOTS[number][1]


def shape_number(setup: Setup, column: int, row: int, *, stranger: int = 0) -> int:
    """Returns which shape a hollow of the board has, or which a piece that has no hollow."""
    order = np.random.default_rng(setup.key).permutation(len(SHAPES))
    return int(order[5 + stranger] if stranger else order[3 * row + column])


def piece_path(stage: Stage, setup: Setup, column: int, row: int, *, stranger: int = 0) -> Any:
    """Returns the outline of a cell's piece about its centre, or that of a piece which does not fit."""
    if setup.kind == "tile-picture":
        return stage.rect(-26, -26, 52, 52, radius=1.5)
    if setup.kind == "shape-board":
        return shape_path(stage, shape_number(setup, column, row, stranger=stranger))
    return stage.polygon(_outline(setup, column, row, stranger))


def shape_path(stage: Stage, number: int) -> Any:
    """Returns the outline of a wooden shape about its centre."""
    name = SHAPES[number]
    if name == "star":
        spikes = [(34 if k % 2 == 0 else 15, k * math.pi / 5) for k in range(10)]
        return stage.polygon([(r * math.sin(a), 2 - r * math.cos(a)) for r, a in spikes])
    if name == "moon":
        outer = [math.radians(48 + k * 264 / 20) for k in range(21)]
        inner = [math.radians(292 - k * 224 / 14) for k in range(15)]
        points = [(31 * math.cos(a) - 1, 31 * math.sin(a)) for a in outer]
        return stage.polygon(points + [(13 + 23 * math.cos(a), 22.5 * math.sin(a)) for a in inner])
    if name == "heart":
        turns = [k * math.tau / 40 for k in range(40)]
        return stage.polygon(
            [
                (2 * 16 * math.sin(a) ** 3,
                 -2 * (13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)) - 3)
                for a in turns
            ]
        )  # fmt: skip
    if name == "drop":
        round_part = [math.radians(-28 + k * 236 / 18) for k in range(19)]
        return stage.polygon([(0, -35), *((23 * math.cos(a), 11 + 22 * math.sin(a)) for a in round_part)])
    if name == "mushroom":
        cap = [math.radians(180 + k * 180 / 16) for k in range(17)]
        dome: list[Point] = [(33 * math.cos(a), 2 + 33 * math.sin(a)) for a in cap]
        return stage.polygon([*dome, (13, 2), (10, 32), (-10, 32), (-13, 2)])
    outlines: dict[str, list[Point]] = {
        "house": [(-32, -3), (0, -33), (32, -3), (23, -3), (23, 30), (-23, 30), (-23, -3)],
        "cross": [(-11, -33), (11, -33), (11, -11), (33, -11), (33, 11), (11, 11), (11, 33), (-11, 33), (-11, 11),
                  (-33, 11), (-33, -11), (-11, -11)],
        "tree": [(0, -36), (19, -11), (11, -11), (28, 16), (7, 16), (7, 33), (-7, 33), (-7, 16), (-28, 16),
                 (-11, -11), (-19, -11)],
    }  # fmt: skip
    return stage.polygon(outlines[name])


def _tab(setup: Setup, column: int, row: int, down: bool) -> int:
    """Returns the sign of the tab on a cell's right edge, or its lower one."""
    return 1 if (setup.key * (7 * column + 13 * row + (29 if down else 3)) // 5) % 2 else -1


def _outline(setup: Setup, column: int, row: int, flipped: int) -> list[Point]:
    """Returns a piece's outline about its centre; a stranger has some tabs the other way."""
    signs = [
        0 if row == 0 else -_tab(setup, column, row - 1, True),
        0 if column == 4 else _tab(setup, column, row, False),
        0 if row == 2 else _tab(setup, column, row, True),
        0 if column == 0 else -_tab(setup, column - 1, row, False),
    ]
    if flipped:
        signs = [(-1 if (k + flipped) % 2 else 1) * (sign or 1) for k, sign in enumerate(signs)]
    half, points = CELL / 2, list[Point]()
    for k, sign in enumerate(signs):
        angle = k * math.pi / 2
        local = [(-half, -half)]
        if sign:
            local.append((-0.075 * CELL, -half))
            for step in range(13):
                a = math.radians(234 - step * 288 / 12)
                along, out = 0.125 * CELL * math.cos(a), CELL * (0.105 + 0.125 * math.sin(a))
                local.append((along, -half - sign * out))
            local.append((0.075 * CELL, -half))
        cos, sin = math.cos(angle), math.sin(angle)
        points += [(x * cos - y * sin, x * sin + y * cos) for x, y in local]
    return points
