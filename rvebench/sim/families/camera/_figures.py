"""Figures made of round bodies, seen from any side: statues of a square and people who stand in it.

Each looks to the positive z axis, stands at the origin, and is about 110 units tall (people 70).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from rvebench.sim.colour import Rgb
from rvebench.sim.families.camera._space import Blob, Mark, Sheet, Solid, Vec

__all__ = ["STATUES", "box", "child", "photographer"]

_SKIN, _DARK = Rgb.of("#e6b38c"), Rgb.of("#2b2420")


def box(low: Vec, high: Vec, tone: float = 1.0, colour: Rgb | None = None) -> list[Solid]:
    """Returns the four sides and the top of a block."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    ring = [Vec(x0, 0, z1), Vec(x1, 0, z1), Vec(x1, 0, z0), Vec(x0, 0, z0)]
    normals = (Vec(0, 0, 1), Vec(1, 0, 0), Vec(0, 0, -1), Vec(-1, 0, 0))
    sides: list[Solid] = [
        Sheet((a._replace(y=y0), b._replace(y=y0), b._replace(y=y1), a._replace(y=y1)), normal, tone, colour)
        for (a, b), normal in zip(pairwise([*ring, ring[0]]), normals, strict=True)
    ]
    return [*sides, Sheet(tuple(corner._replace(y=y1) for corner in ring), Vec(0, 1, 0), tone, colour)]


def _bent(places: list[Vec], first: float, last: float, tone: float = 1.0) -> list[Solid]:
    """Returns bodies along a line, ever thinner."""
    count = len(places) - 1
    radii = [first + (last - first) * step / count for step in range(count + 1)]
    return [Blob(a, b, radii[k], radii[k + 1], tone) for k, (a, b) in enumerate(pairwise(places))]


def _eyes(apart: float, y: float, z: float, radius: float, tone: float = 0.3) -> list[Solid]:
    return [Mark(Vec(side * apart, y, z), Vec(side * 0.25, 0, 0.97), radius, tone) for side in (-1, 1)]


def _king() -> list[Solid]:
    solids: list[Solid] = []
    for side in (-1, 1):
        solids += [
            Blob(Vec(side * 7, 5, 0), Vec(side * 7, 36, 0), 6, 7, 0.95),
            Blob(Vec(side * 7.5, 4, 1), Vec(side * 9, 3.6, 11), 4.6, 3.8, 0.85),
        ]
    solids += [
        Blob(Vec(0, 34, 0), Vec(0, 52, 0), 16, 12.5),
        Blob(Vec(0, 54, 0), Vec(0, 70, 0), 12.5, 14, 1.04, None, 0.25),
        Blob(Vec(-14, 76, 0), Vec(14, 76, 0), 6, 6, 1.05),
        *_bent([Vec(17, 75, 0), Vec(23, 60, 3), Vec(12, 55, 13)], 5, 3.6),
        Blob(Vec(10, 57, 16), Vec(10, 57, 16), 5.4, 5.4, 1.15, None, 0.5),
        *_bent([Vec(-17, 75, 0), Vec(-25, 62, 5), Vec(-25, 74, 14)], 5, 3.6),
        Blob(Vec(-25, 26, 15), Vec(-25, 104, 15), 1.7, 1.7, 1.15),
        Blob(Vec(-25, 107, 15), Vec(-25, 107, 15), 4.6, 4.6, 1.2, None, 0.5),
        Blob(Vec(0, 80, 0), Vec(0, 88, 0), 5, 5, 0.8),
        Blob(Vec(0, 92, 1), Vec(0, 93, 1), 9.4, 9.4, 1.06, None, 0.25),
        Blob(Vec(0, 91, -3), Vec(0, 83, -6), 9, 7.5, 0.78),
        # A beard that lies on the chest, with a moustache over it: one that stands out is a muzzle.
        Blob(Vec(0, 86.5, 4), Vec(0, 72, 9), 7.6, 2.2, 0.62),
        *(Blob(Vec(side * 1.2, 88.6, 10.2), Vec(side * 6.4, 86.8, 8), 1.9, 0.9, 0.55) for side in (-1, 1)),
        Blob(Vec(0, 94, 10), Vec(0, 91, 11.4), 1.1, 1.7, 1.18),
        *(Blob(Vec(side * 2.2, 97.6, 9.6), Vec(side * 5.8, 97.2, 8), 0.9, 0.7, 0.55) for side in (-1, 1)),
        *_eyes(3.8, 94.8, 9.6, 1.4),
        Mark(Vec(0, 54, 14), Vec(0, 0, 1), 4, 0.6),
    ]
    for step in range(9):
        turns = [2 * math.pi * (step + share) / 9 for share in (0, 0.5, 1)]
        left, middle, right = (Vec(9.6 * math.sin(t), 0, 1 + 9.6 * math.cos(t)) for t in turns)
        normal = Vec(math.sin(turns[1]), 0, math.cos(turns[1]))
        heights = (98, 98, 105, 111, 105)
        rim = zip((left, right, right, middle, left), heights, strict=True)
        solids.append(Sheet(tuple(corner._replace(y=height) for corner, height in rim), normal, 1.15))
    # The cape falls from the shoulders, wide at the hem, and bears a cross.
    turns = [math.radians(88 + 184 * step / 8) for step in range(9)]
    for index, (one, two) in enumerate(pairwise(turns)):
        corners = []
        for turn, radius, height in ((one, 15, 80), (two, 15, 80), (two, 25, 4), (one, 25, 4)):
            fold = radius + (2.2 if index % 2 else 0) * (radius > 20)
            corners.append(Vec(fold * math.sin(turn), height, fold * 0.8 * math.cos(turn) - 1))
        middle_turn = (one + two) / 2 + (0.35 if index % 2 else -0.35)
        normal = Vec(math.sin(middle_turn), 0.1, math.cos(middle_turn))
        solids.append(Sheet(tuple(corners), normal, 0.8))
    for wide, tall, y in ((2.6, 4.6, 50.0), (9.0, 0.34, 53.0)):
        solids.append(Mark(Vec(0, y, -24), Vec(0, 0, -1), wide, 1.3, tall))
    return solids


def _lion() -> list[Solid]:
    solids: list[Solid] = [
        Blob(Vec(0, 18, -16), Vec(0, 48, 4), 17, 15, 0.96),
        Blob(Vec(0, 44, 9), Vec(0, 36, 11), 13, 9, 1.05, None, 0.15),
        Blob(Vec(0, 68, 4), Vec(0, 62, 1), 20, 19, 0.72),
        Blob(Vec(0, 52, -6), Vec(0, 46, -6), 16, 11, 0.72),
        Blob(Vec(0, 69, 16), Vec(0, 68, 16), 12.5, 12.5, 1.08, None, 0.2),
        Blob(Vec(-4, 63, 27), Vec(4, 63, 27), 5.2, 5.2, 1.12),
        Blob(Vec(0, 58, 25), Vec(0, 56, 24), 3.4, 2.6, 0.9),
        Blob(Vec(0, 71, 26), Vec(0, 67, 30), 3.4, 2.8, 1.1),
        Mark(Vec(0, 66.6, 33), Vec(0, 0, 1), 3.2, 0.28, 0.7),
        *_eyes(5.6, 72.5, 27.4, 2.0, 0.25),
        *_bent([Vec(0, 8, -30), Vec(14, 5, -33), Vec(26, 8, -26), Vec(31, 22, -22)], 3.4, 2.6),
        Blob(Vec(31, 24, -22), Vec(31, 34, -22), 5.6, 2.0, 0.7),
    ]
    for step in range(11):
        turn = math.radians(-60 + 300 * step / 10)
        x, y = 18 * math.cos(turn), 67 + 18 * math.sin(turn)
        solids.append(
            Blob(Vec(x, y, 8), Vec(x * 1.2, y * 1.0 + 3.2 * math.sin(turn), 3), 6.4, 4, 0.66 + 0.1 * (step % 2))
        )
    for side in (-1, 1):
        solids += [
            Blob(Vec(side * 12, 15, -16), Vec(side * 13, 17, -8), 14, 12, 1.0, None, 0.12),
            Blob(Vec(side * 18, 5, -2), Vec(side * 19, 5, 10), 6, 5, 0.95),
            Blob(Vec(side * 9, 6, 17), Vec(side * 10, 42, 11), 6, 7.4),
            Blob(Vec(side * 9, 4.6, 18), Vec(side * 9, 4.6, 25), 5.8, 5, 1.04),
            Blob(Vec(side * 12, 85, 9), Vec(side * 13, 88, 9), 4.6, 3.6, 0.95),
            *(Mark(Vec(side * 9 + toe, 4, 30), Vec(0, 0, 1), 0.7, 0.4, 3) for toe in (-2, 2)),
        ]
    # A ridge of the mane runs down the spine: what is seen from there only.
    solids += [
        Blob(Vec(0, 46 - 6 * k, -19 - 2.6 * k), Vec(0, 40 - 6 * k, -22 - 2.6 * k), 4.6, 2.4, 0.68) for k in range(4)
    ]
    return solids


def _owl() -> list[Solid]:
    solids: list[Solid] = [
        *box(Vec(-27, 0, -20), Vec(27, 9, 20), 0.8),
        *box(Vec(-24, 9, -18), Vec(22, 18, 18), 1.05),
        Blob(Vec(0, 38, 0), Vec(0, 62, 0), 19, 17),
        Blob(Vec(0, 40, 6), Vec(0, 58, 5), 15.4, 14, 1.16),
        Blob(Vec(0, 83, 1), Vec(0, 84, 1), 18, 18, 0.98, None, 0.15),
        Blob(Vec(0, 82, 17.5), Vec(0, 76, 20.5), 2.8, 1.2, 0.62),
        Blob(Vec(0, 28, -14), Vec(0, 15, -21), 9, 5.5, 0.74),
    ]
    for side in (-1, 1):
        solids += [
            Blob(Vec(side * 12, 96, 1), Vec(side * 17, 108, 2), 5, 1.2, 0.86),
            Blob(Vec(side * 18, 62, -3), Vec(side * 13, 27, -9), 8.5, 4.2, 0.78),
            Blob(Vec(side * 7, 19, 12), Vec(side * 7, 19.5, 19), 4, 3, 0.7),
            Mark(Vec(side * 7.6, 85, 17.2), Vec(side * 0.32, 0, 0.95), 7.4, 1.4),
            Mark(Vec(side * 7.8, 85, 19.6), Vec(side * 0.32, 0, 0.95), 4.2, 0.2),
            Mark(Vec(side * 6.6, 86.6, 21.6), Vec(side * 0.32, 0, 0.95), 1.3, 1.8),
        ]
    for row in range(4):
        for step in range(-2 + row % 2, 3):
            turn = 0.34 * (step - 0.5 * (row % 2))
            normal = Vec(math.sin(turn), 0, math.cos(turn))
            solids.append(Mark(Vec(20.5 * normal.x, 62 - 8 * row, 21 * normal.z), normal, 2.2, 0.72, 0.8))
    for row in range(5):
        for step in range(-3, 4):
            turn = math.pi + 0.36 * (step - 0.5 * (row % 2))
            normal = Vec(math.sin(turn), 0, math.cos(turn))
            solids.append(Mark(Vec(19.4 * normal.x, 66 - 8 * row, 20 * normal.z), normal, 3.1, 0.6, 1.2))
    return solids


def _angel() -> list[Solid]:
    solids: list[Solid] = [
        Blob(Vec(0, 12, 0), Vec(0, 50, 0), 20, 11),
        Blob(Vec(0, 52, 0), Vec(0, 68, 0), 10, 12, 1.03, None, 0.2),
        Blob(Vec(-11, 72, 0), Vec(11, 72, 0), 5.4, 5.4, 1.04),
        Blob(Vec(0, 76, 0), Vec(0, 84, 0), 4.2, 4.2, 0.82),
        Blob(Vec(0, 90, 1), Vec(0, 89, 2), 9, 8.6, 1.06, None, 0.25),
        Blob(Vec(0, 94, -1.5), Vec(0, 82, -5), 9.8, 7.4, 0.74),
        *(Blob(Vec(side * 6, 97, 4), Vec(side * 9.4, 86, 2), 4, 3, 0.7) for side in (-1, 1)),
        Blob(Vec(0, 90, 10), Vec(0, 88.6, 10.6), 1.1, 1.5, 1.1),
        *_eyes(3.5, 92, 9.8, 1.3),
        Mark(Vec(0, 84.8, 10.4), Vec(0, 0, 1), 1.8, 0.45, 0.4),
        *_bent([Vec(14, 70, 1), Vec(19, 56, 6), Vec(6, 52, 15)], 4.6, 3.2),
        *_bent([Vec(-14, 70, 1), Vec(-19, 56, 6), Vec(-6, 52, 15)], 4.6, 3.2),
        Blob(Vec(0, 54, 17), Vec(0, 60, 17), 5.4, 4.6, 1.18, None, 0.4),
        Blob(Vec(0, 66, 18), Vec(0, 66, 18), 3.6, 3.6, 1.18),
        Blob(Vec(0, 55, 12), Vec(0, 54, 4), 3.6, 2.2, 0.9),
    ]
    for fold in range(10):
        turn = 2 * math.pi * (fold + 0.5) / 10
        out = Vec(math.sin(turn), 0, math.cos(turn))
        solids.append(
            Blob(Vec(out.x * 17, 4, out.z * 17), Vec(out.x * 8, 48, out.z * 8), 5, 2.4, 0.9 + 0.12 * (fold % 2))
        )
    for side in (-1, 1):
        wing = [Vec(side * x, y, -12 - 0.1 * x) for x, y in ((5, 72), (12, 86), (21, 96), (31, 97), (38, 90))]
        solids += [Blob(a, b, 5.4, 5, 1.04) for a, b in pairwise(wing)]
        for feather in range(8):
            share = feather / 7
            root = wing[0].plus(wing[2].plus(wing[0], -1), 2 * share) if share < 0.5 else wing[2]
            if share >= 0.5:
                root = root.plus(wing[4].plus(wing[2], -1), 2 * share - 1)
            tip = Vec(side * (11 + 36 * share), 22 + 34 * share**1.6, -19)
            solids.append(Blob(root, tip, 6.4, 3.2, 0.82 + 0.1 * (feather % 2)))
            cover = root.plus(tip.plus(root, -1), 0.5)
            solids.append(Blob(root.plus(Vec(0, 0, -4)), cover.plus(Vec(side * 1.5, 0, -5)), 5.4, 3.6, 0.98))
    return solids


STATUES: dict[str, Callable[[], list[Solid]]] = {"angel": _angel, "king": _king, "lion": _lion, "owl": _owl}
"""Main objects by name."""


def _person(coat: Rgb, hair: Rgb) -> list[Solid]:
    solids: list[Solid] = []
    for side in (-1, 1):
        solids += [
            Blob(Vec(side * 4, 3, 0), Vec(side * 4, 24, 0), 3.4, 4.2, 1.0, Rgb.of("#39455c")),
            Blob(Vec(side * 4, 2.4, 0), Vec(side * 4.4, 2.2, 5), 3, 2.4, 1.0, _DARK),
        ]
    solids += [
        Blob(Vec(0, 24, 0), Vec(0, 47, 0), 9, 7.4, 1.0, coat),
        Blob(Vec(0, 60, 0), Vec(0, 61, 0.6), 7.4, 7.2, 1.0, _SKIN),
        Blob(Vec(0, 62.5, -1.6), Vec(0, 58, -3.4), 7.6, 5.8, 1.0, hair),
        *(Mark(Vec(side * 2.7, 61.6, 7), Vec(side * 0.2, 0, 0.97), 0.9, 1.0, 1.4, _DARK) for side in (-1, 1)),
    ]
    return solids


def photographer(coat: Rgb) -> list[Solid]:
    """Returns somebody who holds a camera before the face."""
    solids = _person(coat, Rgb.of("#5a3a22"))
    for side in (-1, 1):
        arm = [Vec(side * 8.6, 48, 0), Vec(side * 12, 41, 7), Vec(side * 5.6, 56, 11)]
        solids += [Blob(a, b, 3, 2.6, 0.86, coat) for a, b in pairwise(arm)]
        solids.append(Blob(Vec(side * 5.8, 57, 12), Vec(side * 5.8, 58, 12), 2.4, 2.4, 1.0, _SKIN))
    solids += box(Vec(-6, 56, 9), Vec(6, 64, 13), 1.0, Rgb.of("#34343a"))
    solids.append(Blob(Vec(0, 60, 13), Vec(0, 60, 18), 3.4, 3.6, 1.0, Rgb.of("#1c1c20")))
    solids.append(Mark(Vec(0, 60, 22), Vec(0, 0, 1), 2.2, 1.0, 1.0, Rgb.of("#9fd0ee")))
    return solids


def child(coat: Rgb, sway: float) -> list[Solid]:
    """Returns somebody who looks up with one arm raised; the hand is at (9, 62, 3)."""
    solids = _person(coat, Rgb.of("#b07a3a"))
    raised = [Vec(8, 47, 0), Vec(12, 53, 2), Vec(9 + sway, 62, 3)]
    hanging = [Vec(-8, 47, 0), Vec(-11, 38, 1), Vec(-10, 29, 2)]
    for arm in (raised, hanging):
        solids += [Blob(a, b, 3, 2.5, 0.86, coat) for a, b in pairwise(arm)]
        solids.append(Blob(arm[-1], arm[-1], 2.4, 2.4, 1.0, _SKIN))
    return solids
