"""What gives a reader in bed a fright besides the storm: a mouse, and a shelf that comes down with its books."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.emotional._bedroom import MIDDLE, SHELF_Y, Bedroom, blanket_hem, blanket_y, shelf_x
from rvebench.sim.families.emotional._people import ease
from rvebench.sim.libraries import load_pymunk
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["draw_falling_books", "draw_mouse", "draw_shelf", "fallen_books"]

_SPINES = tuple(Rgb.of(text) for text in ("#b04a40", "#3f6f8a", "#c89a3a", "#5a7a4a", "#7a4a7a"))
_HEIGHTS = (25.0, 30.0, 27.0, 32.0, 26.0)
_THICK = 9.0
_LENGTH = 104.0
_TILT_DEG = 30.0
_READER_X = -38.0
"""Where the reader's side is: the books come to rest against it."""
_SAMPLES_PER_S = 120
_SECONDS = 3


class _Place(NamedTuple):
    x: float
    """From the middle of the bed, toward the window."""
    y: float
    turn_rad: float


def _along(index: int) -> float:
    """Returns where a book's middle is on the shelf, from the end that holds."""
    return 50.0 + 10.2 * index


@lru_cache(maxsize=32)
def fallen_books(lifted: float) -> tuple[tuple[_Place, ...], ...]:
    """Returns where each book is at each sample after the shelf gave way at one end; the blanket catches them.

    Args:
        lifted: how far the blanket is drawn up, 0..1.

    Raises:
        UsageError: the physics engine is not installed.
    """
    pymunk = load_pymunk()
    space = pymunk.Space(threaded=False)
    space.gravity = (0, 620)
    space.iterations = 30
    turn = math.radians(_TILT_DEG)
    foot = (-104.0 - _LENGTH / 2, SHELF_Y)
    along, out = (math.cos(turn), math.sin(turn)), (math.sin(turn), -math.cos(turn))
    ground = [(-400.0, 262.0), (-150.0, 246.0), *((x, y + 9) for x, y in blanket_hem(lifted)), (400.0, 262.0)]
    end = (foot[0] + along[0] * _LENGTH, foot[1] + along[1] * _LENGTH)
    lines = [(foot, end), *pairwise(ground), ((_READER_X, 60.0), (_READER_X, 400.0))]
    for number, (a, b) in enumerate(lines):
        line = pymunk.Segment(space.static_body, a, b, 1)
        line.friction = 0.2 if number == 0 else 0.9
        space.add(line)
    books = []
    for index, tall in enumerate(_HEIGHTS):
        body = pymunk.Body(1.0, pymunk.moment_for_box(1.0, (_THICK, tall)))
        up, far = tall / 2 + 1.2, _along(index)
        body.position = (foot[0] + along[0] * far + out[0] * up, foot[1] + along[1] * far + out[1] * up)
        body.angle = turn
        shape = pymunk.Poly.create_box(body, (_THICK, tall), 0.3)
        shape.friction, shape.elasticity = 0.5, 0.1
        space.add(body, shape)
        books.append(body)
    samples: list[tuple[_Place, ...]] = []
    for _ in range(_SECONDS * _SAMPLES_PER_S):
        samples.append(tuple(_Place(b.position.x, b.position.y, b.angle) for b in books))
        for _ in range(4):
            space.step(1 / (4 * _SAMPLES_PER_S))
    return tuple(samples)


def draw_shelf(stage: Stage, room: Bedroom, *, tilted: bool) -> None:
    """Draws the shelf with its toy, and with its books unless it is tilted."""
    side = room.side
    foot = shelf_x(room) - side * _LENGTH / 2
    with stage.moved(foot, SHELF_Y, turn_deg=side * _TILT_DEG if tilted else 0.0):
        stage.shadow(stage.rect(min(0, side * _LENGTH) + 4, 8, _LENGTH, 10), alpha=0.45, blur=4)
        if not tilted:
            for index in range(len(_HEIGHTS)):
                with stage.moved(side * _along(index), -_HEIGHTS[index] / 2):
                    _book(stage, index)
        board = stage.rect(min(0, side * _LENGTH), 0, _LENGTH, 7, radius=1)
        stage.paint(board, linear((0, 0), (0, 7), Rgb.of("#a87a4c"), Rgb.of("#6a4628")))
        for far in (14.0, _LENGTH - 14):
            if far < _LENGTH / 2 or not tilted:
                bracket = stage.polygon([(side * far - 2, 7), (side * far + 2, 7), (side * far, 19)])
                stage.paint(bracket, flat(Rgb.of("#4a4a50")))
        fur = Rgb.of("#9a6c3e")
        for dx, dy, size in ((-7, -31, 4.0), (7, -31, 4.0), (0, -9, 10.0), (0, -23, 9.5)):
            spot = stage.oval(side * 22 + dx, dy, size)
            stage.paint(spot, radial((side * 22 - 4, -28), 30, shade(fur, 1.15), shade(fur, 0.75)), part="toy")
        stage.paint(stage.oval(side * 22, -20, 4.5, 3.6), flat(Rgb.of("#d8b07a")), part="toy")
        for eye in (-3.5, 3.5):
            stage.paint(stage.oval(side * 22 + eye, -25, 1.2), flat(Rgb.of("#1a120c")), part="toy")


def _book(stage: Stage, index: int) -> None:
    tall, tone = _HEIGHTS[index], _SPINES[index]
    spine = stage.rect(-_THICK / 2, -tall / 2, _THICK, tall, radius=1)
    stage.paint(spine, linear((-_THICK / 2, 0), (_THICK / 2, 0), tone, shade(tone, 0.6)), part="shelf")
    for band in (-0.32, 0.3):
        stripe = stage.rect(-_THICK / 2, tall * band, _THICK, 2)
        stage.effect(stripe, flat(Rgb(250, 226, 160), alpha=0.55))


def draw_falling_books(stage: Stage, room: Bedroom, lifted: float, time_s: float) -> None:
    """Draws the books on their way down and on the blanket, with their shadows."""
    samples = fallen_books(round(lifted, 2))
    # The clap of the screw came just before the cut, so that the books are already slipping.
    places = samples[min(len(samples) - 1, round((time_s + 0.22) * _SAMPLES_PER_S))]
    for place in places:
        ground = blanket_y(place.x, lifted) + 9
        above = max(0.0, ground - place.y)
        if above < 90:
            spot = stage.oval(MIDDLE + room.side * place.x + 4, ground + 1, 15 + 0.06 * above, 4)
            stage.shadow(spot, alpha=0.42 * (1 - above / 90), blur=2.5)
    for index, place in enumerate(places):
        turn = math.degrees(place.turn_rad) * room.side
        with stage.moved(MIDDLE + room.side * place.x, place.y, turn_deg=turn):
            _book(stage, index)


def draw_mouse(stage: Stage, room: Bedroom, lifted: float, time_s: float) -> None:
    """Draws a mouse that runs over the blanket toward the reader and stops."""
    side = room.side
    run = ease(time_s / 0.8)
    dx = 112 - 32 * run
    slope = 0.7 * math.degrees(math.atan2(blanket_y(dx + 8, lifted) - blanket_y(dx - 8, lifted), 16.0))
    hop = 2.5 * abs(math.sin(time_s * 22)) * (1 - run)
    fur = Rgb.of("#8d8791")
    x, y = MIDDLE + side * dx, blanket_y(dx, lifted) + 5
    stage.shadow(stage.oval(x + 3, y + 2, 17, 4), alpha=0.45, blur=2)
    with stage.moved(x, y - hop, turn_deg=side * slope, scale=1.4):
        whip = 3 * math.sin(time_s * 9)
        tail = stage.curve([(side * 11, -3), (side * 20, -1 + whip * 0.4), (side * 27, -7 + whip), (side * 33, -4)])
        stage.paint(tail, flat(Rgb.of("#d89a9c")), part="mouse", line=1.8)
        body = stage.curve(
            [(side * 13, -1), (side * 12, -9), (side * 2, -13), (-side * 8, -9), (-side * 11, -2), (0, 0)], closed=True
        )
        stage.paint(body, radial((-2, -10), 18, shade(fur, 1.2), fur, shade(fur, 0.65)), part="mouse")
        nod = 0.8 * math.sin(time_s * 7)
        with stage.moved(-side * 11, -8 + nod):
            for ear in (4.5, -1.5):
                stage.paint(stage.oval(side * ear, -6, 4.4), flat(shade(fur, 0.85)), part="mouse")
                stage.paint(stage.oval(side * ear, -5.8, 2.7), flat(Rgb.of("#e4a6ac")), part="mouse")
            head = stage.curve(
                [(side * 6, -5), (-side * 3, -5), (-side * 9, 2), (-side * 3, 5), (side * 6, 4)], closed=True
            )
            stage.paint(head, radial((-2, -3), 12, shade(fur, 1.15), shade(fur, 0.82)), part="mouse")
            stage.paint(stage.oval(-side * 9, 1.6, 1.5), flat(Rgb.of("#e08a94")), part="mouse")
            stage.paint(stage.oval(-side * 3.2, -1.2, 1.5), flat(Rgb.of("#15100f")), part="mouse")
            stage.effect(stage.oval(-side * 3.6, -1.7, 0.5), flat(Rgb(255, 255, 255)))
            for row in (-1, 1):
                hair = stage.polygon([(-side * 7, 2), (-side * 13, 2 + 2.6 * row)], closed=False)
                stage.effect(hair, flat(Rgb(240, 236, 236), alpha=0.8), line=0.5)
        for leg in (-7, 7):
            paw = stage.oval(side * leg, 0.4, 2.8, 1.4)
            stage.paint(paw, flat(Rgb.of("#d89a9c")), part="mouse")
