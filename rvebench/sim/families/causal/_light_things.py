"""What a gust takes with it: a stack of papers, a house of cards, a basket of feathers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.causal._parts import WHITE, ease
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["DESK", "KINDS", "Kind", "draw_flying", "draw_resting"]

Kind = Literal["papers", "playing-cards", "feathers"]
KINDS: tuple[Kind, ...] = ("papers", "playing-cards", "feathers")

DESK = 204.0
"""The middle of the desk top."""
_X = 222.0
_DOWN = (Rgb.of("#fbfaf4"), Rgb.of("#d9dde0"), Rgb.of("#e8cfa8"), Rgb.of("#a9c3d6"))
_CARD_TALL, _CARD_DEPTH = 33.0, (15.0, -9.0)


class _Thing(NamedTuple):
    """One thing that flies: where from, and how late it leaves."""

    x: float
    y: float
    delay: float


class _Card(NamedTuple):
    """One card of the house: its near edge, and how late it leaves."""

    start: Point
    end: Point
    delay: float


def _house() -> list[_Card]:
    """Returns the cards as they are drawn, the lowest and farthest first."""
    cards: list[_Card] = []
    lean, floor = 11.5, DESK + 12
    # Lower rows leave later; a pair leaves together, or the one that is left would stand on nothing.
    for level, delays in enumerate(((0.26, 0.33, 0.4), (0.08, 0.12), (0.0,))):
        count = len(delays)
        foot = floor - level * (_CARD_TALL - 2)
        apex = foot - _CARD_TALL + 3
        middles = [_X - 6 + (j - (count - 1) / 2) * 2 * lean for j in range(count)]
        for middle, delay in reversed(list(zip(middles, delays, strict=True))):
            cards.append(_Card((middle + lean - 1, foot), (middle + 1, apex), delay))
            cards.append(_Card((middle - lean + 1, foot), (middle - 1, apex), delay))
        for left, right in reversed(list(pairwise(middles))):
            cards.append(_Card((left - 5, apex - 0.5), (right + 5, apex - 0.5), 0.18 if level == 0 else 0.04))
    return cards


def _nest(seed: int) -> list[tuple[float, float, float]]:
    """Returns place and turn of each feather in the basket, the rearmost first."""
    rng = np.random.default_rng(seed)
    found = []
    for index in range(30):
        row = index / 30
        across, height, turn = (float(v) for v in rng.uniform((-1, 0, -75), (1, 1, 75)))
        up = 20 * (1 - across**2) * height
        found.append((_X + 40 * across, DESK - 4 + 6 * row - up, turn + 40 * across))
    return found


def _things(kind: Kind, count: int, seed: int) -> list[_Thing]:
    if kind == "papers":
        return [_Thing(_X, DESK, 0.03 * sheet) for sheet in range(count - 1)]
    if kind == "playing-cards":
        return [_Thing((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, delay) for a, b, delay in _house()]
    nest = sorted(_nest(seed), key=lambda feather: feather[1])
    return [_Thing(x, y, 0.016 * index) for index, (x, y, _) in enumerate(nest[:25])]


def draw_resting(
    stage: Stage, kind: Kind, *, count: int, seed: int, back: Rgb, wind: float, lifted: float, few: float, time_s: float
) -> None:
    """Draws what still lies or stands on the desk.

    Args:
        stage: what is drawn on.
        kind: the things.
        count: how many sheets the stack has.
        seed: of their disorder.
        back: the colour of the cards' backs.
        wind: 0 still air, 1 a gust.
        lifted: how far the things are on their way, 0..1.
        few: what would leave later than that stays.
        time_s: the moment.
    """
    if kind == "papers":
        _stack(stage, count, seed, wind, lifted, few, time_s)
    elif kind == "playing-cards":
        _cards(stage, back, wind, lifted, few, time_s)
    else:
        _basket(stage, seed, wind, lifted, few, time_s)


def draw_flying(
    stage: Stage, kind: Kind, *, count: int, seed: int, back: Rgb, lifted: float, few: float, time_s: float
) -> None:
    """Draws the things in the air: each leaves in its turn and tumbles away from the window."""
    rng = np.random.default_rng(seed + 1)
    for index, thing in enumerate(_things(kind, count, seed)):
        height, far, spin, size, bend = (float(v) for v in rng.random(5))
        age = (lifted - thing.delay) * 1.35
        if age <= 0 or lifted <= 0 or thing.delay > few:
            continue
        out = 1 - math.exp(-1.9 * age)
        x = thing.x + (40 + 250 * far - 60 * (index % 3 == 0)) * out + 7 * math.sin(time_s * 3 + index) * ease(9 * age)
        y = (
            thing.y
            - (40 + 150 * height) * math.sin(min(1.5, 1.7 * out))
            + 6 * math.sin(time_s * 4 + 2 * index) * ease(9 * age)
        )
        y = max(y, 14.0 + 8 * height)
        turn = 200 * (spin - 0.5) * age + 9 * math.sin(time_s * 5 + index)
        tilt = 0.4 + 0.6 * abs(math.cos(2.6 * age + 3 * spin + 0.6 * time_s))
        # What stood edge on turns its face only as it rises.
        grow = (0.8 + 0.45 * size) * (1.0 if kind == "papers" else 0.6 + 0.4 * ease(8 * age))
        with stage.moved(x, y, turn_deg=turn, scale=grow, scale_y=grow * tilt):
            if kind == "feathers":
                with stage.moved(turn_deg=150 * (bend - 0.5)):
                    _feather(stage, index, shadow=True)
                continue
            skew = 10 * (bend - 0.5)
            wide, tall = (20.0, 26.0) if kind == "papers" else (12.0, 17.0)
            skew *= wide / 20
            corners: list[Point] = [
                (-wide + skew, -tall),
                (wide + skew, -tall * 0.94),
                (wide - skew, tall * 0.96),
                (-wide - skew, tall),
            ]
            with stage.moved(6, 9):
                stage.shadow(stage.polygon(corners), alpha=0.2, blur=3)
            if kind == "papers":
                _page(stage, corners, 0.78 + 0.24 * tilt)
            else:
                _card(
                    stage,
                    corners,
                    back,
                    index,
                    0.82 + 0.2 * tilt,
                    face=math.cos(2.6 * age + 3 * spin + 0.6 * time_s) > 0,
                )


# ---- papers


def _page(stage: Stage, corners: list[Point], light: float, *, written: bool = True) -> None:
    page = stage.polygon(corners)
    paper = linear(corners[0], corners[2], shade(Rgb.of("#fbf7ea"), light), shade(Rgb.of("#e2d9c2"), light))
    stage.paint(page, paper, part="papers")
    if not written:
        return
    a, b, c, d = corners
    for row in range(1, 7):
        v, end = row / 7.5, 0.88 if row % 3 else 0.55
        left = (a[0] + (d[0] - a[0]) * v, a[1] + (d[1] - a[1]) * v)
        right = (b[0] + (c[0] - b[0]) * v, b[1] + (c[1] - b[1]) * v)
        line = [(left[0] + (right[0] - left[0]) * u, left[1] + (right[1] - left[1]) * u) for u in (0.12, end)]
        stage.effect(stage.polygon(line, closed=False), flat(Rgb.of("#4a4f66"), alpha=0.6), line=0.8)


def _stack(stage: Stage, count: int, seed: int, wind: float, lifted: float, few: float, time_s: float) -> None:
    """What is left of the stack, its top sheet fluttering."""
    stays = sum(sheet.delay > few for sheet in _things("papers", count, seed))
    left = max(1 + stays, round(count * (1 - ease(lifted * 1.6))))
    x, y = _X, DESK + 10
    stage.shadow(
        stage.polygon([(x - 44, y + 4), (x - 30, y - 16), (x + 52, y - 16), (x + 50, y + 9)]), alpha=0.4, blur=3
    )
    rng = np.random.default_rng(seed)
    for sheet in range(left):
        dx, turn = float(rng.uniform(-4, 4)), float(rng.uniform(-2, 2))
        up = -1.1 * sheet
        corners: list[Point] = [
            (x - 28 + dx, y - 14 + up + turn),
            (x + 38 + dx, y - 14 + up - turn),
            (x + 44 + dx, y + 8 + up - turn),
            (x - 40 + dx, y + 8 + up + turn),
        ]
        if sheet == left - 1:
            curl = (2.0 + 10 * wind) * (0.6 + 0.4 * math.sin(time_s * (5 + 6 * wind)))
            corners[3] = (corners[3][0] + curl * 0.5, corners[3][1] - curl)
            corners[0] = (corners[0][0] + curl * 0.5, corners[0][1] - curl)
        _page(stage, corners, 0.9 + 0.1 * sheet / left, written=sheet == left - 1)


# ---- cards


def _card(stage: Stage, corners: list[Point], back: Rgb, index: int, light: float, *, face: bool) -> None:
    """Draws a card: its face with pips, or its back."""
    card = stage.polygon(corners)
    stage.paint(card, linear(corners[0], corners[2], shade(WHITE, light), shade(WHITE, light * 0.86)), part="papers")
    stage.effect(card, flat(Rgb.of("#5a5048"), alpha=0.55), line=0.7)
    cx, cy = sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4

    def within(u: float, v: float) -> Point:
        a, b, c, d = corners
        top = (a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u)
        low = (d[0] + (c[0] - d[0]) * u, d[1] + (c[1] - d[1]) * u)
        return top[0] + (low[0] - top[0]) * v, top[1] + (low[1] - top[1]) * v

    if not face:
        inner = stage.polygon([(cx + (x - cx) * 0.74, cy + (y - cy) * 0.8) for x, y in corners])
        stage.paint(inner, flat(shade(back, light)), part="papers")
        for a, b in (((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8)), ((0.5, 0.15), (0.5, 0.85))):
            line = stage.polygon([within(*a), within(*b)], closed=False)
            stage.effect(line, flat(WHITE, alpha=0.45), line=0.9)
        return
    ink = Rgb.of("#c22f2a") if index % 2 else Rgb.of("#23252b")
    spots = ((0.5, 0.5), (0.26, 0.2), (0.74, 0.8), (0.74, 0.2), (0.26, 0.8))
    for u, v in spots[: (1, 3, 5)[index % 3]]:
        reach = 0.15 if index % 3 == 0 else 0.1
        pip = stage.polygon(
            [within(u, v - reach), within(u + reach * 1.1, v), within(u, v + reach), within(u - reach * 1.1, v)]
        )
        stage.paint(pip, flat(ink), part="papers")


def _cards(stage: Stage, back: Rgb, wind: float, lifted: float, few: float, time_s: float) -> None:
    """The house, as far as it stands; it trembles in the draught."""
    left = [card for card in _house() if lifted <= 0 or lifted <= card.delay or card.delay > few]
    floor = DESK + 12
    if left:
        stage.shadow(
            stage.polygon([(_X - 38, floor + 1), (_X - 20, floor - 9), (_X + 56, floor - 9), (_X + 40, floor + 3)]),
            alpha=0.4,
            blur=3,
        )
    for index, card in enumerate(left):
        quiver = 0.5 * math.sin(time_s * (7 + 3 * wind) + 0.4 * index) * (0.4 + 2 * wind)
        high = (floor - card.end[1]) / 90

        def moved(point: Point, *, sway: float = quiver * high) -> Point:
            return point[0] + sway * (floor - point[1]) / 90, point[1]

        a, b = moved(card.start), moved(card.end)
        dx, dy = _CARD_DEPTH
        level = abs(a[1] - b[1]) < 1
        inner = not level and a[0] > b[0]
        corners = [a, (a[0] + dx, a[1] + dy), (b[0] + dx, b[1] + dy), b]
        _card(stage, corners, back, index, 1.0 if level else 0.7 if inner else 0.95, face=index % 3 != 0 or level)


# ---- feathers


def _feather(stage: Stage, index: int, *, shadow: bool = False) -> None:
    """Draws a feather about its middle, tip up."""
    colour = _DOWN[index % len(_DOWN)]
    vane = stage.curve([(0, 14), (-6, 6), (-7, -5), (-3, -15), (2, -19), (5, -12), (6, -2), (4, 8)], closed=True)
    if shadow:
        with stage.moved(5, 8):
            stage.shadow(vane, alpha=0.2, blur=3)
    stage.paint(vane, linear((-7, 0), (6, 0), shade(colour, 1.06), shade(colour, 0.8)), part="papers")
    for y in (-9.0, -2.0, 5.0):
        for side in (-1, 1):
            barb = stage.polygon([(0, y + 3), (side * 5.2, y - 2.5)], closed=False)
            stage.effect(barb, flat(shade(colour, 0.5), alpha=0.4), line=0.7)
    quill = stage.curve([(1, -16), (0, 0), (-1, 14), (-3, 21)])
    stage.paint(quill, flat(shade(colour, 0.62)), part="papers", line=1.1)


def _basket(stage: Stage, seed: int, wind: float, lifted: float, few: float, time_s: float) -> None:
    """A shallow basket and the feathers that are still in it."""
    x, rim, low = _X, DESK - 4, DESK + 17
    stage.shadow(stage.oval(x + 12, low - 1, 54, 6), alpha=0.5, blur=3.5)
    straw = Rgb.of("#b98850")
    hollow = stage.oval(x, rim, 52, 8.5)
    stage.paint(hollow, linear((0, rim - 8), (0, rim + 8), shade(straw, 0.35), shade(straw, 0.6)), part="basket")
    nest = _nest(seed)
    order = sorted(range(len(nest)), key=lambda k: nest[k][1])
    for index, (at_x, at_y, turn) in enumerate(nest):
        rank = order.index(index)
        if rank < 25 and lifted > 0 and 0.016 * rank <= few and lifted > 0.016 * rank:
            continue
        flutter = (2 + 12 * wind) * math.sin(time_s * (4 + 5 * wind) + index)
        if at_y > rim + 2 or (lifted > 0.2 and at_y < rim - 4):
            at_y = rim
        with stage.moved(at_x, at_y, turn_deg=turn + flutter, scale=0.85):
            _feather(stage, rank)
    body = stage.curve([(x - 52, rim), (x - 26, rim + 7), (x, rim + 8.5), (x + 26, rim + 7), (x + 52, rim)])
    for point in ((x + 42, low - 1), (x + 20, low + 3), (x - 20, low + 3), (x - 42, low - 1)):
        body.lineTo(*point)
    body.close()
    stage.paint(body, linear((x - 52, 0), (x + 52, 0), shade(straw, 1.2), straw, shade(straw, 0.55)), part="basket")
    with stage.clipped(body):
        for row in range(4):
            for column in range(14):
                at = x - 52 + 8 * column + 4 * (row % 2)
                weave = stage.oval(at, rim + 4 + 6 * row, 3.6, 2.1)
                stage.effect(weave, radial((at - 1, rim + 3 + 6 * row), 5, shade(straw, 1.35), shade(straw, 0.6)))
    rope = stage.curve([(x - 52, rim), (x - 26, rim + 7), (x, rim + 8.5), (x + 26, rim + 7), (x + 52, rim)])
    stage.paint(rope, flat(shade(straw, 0.6)), part="basket", line=4.4)
    stage.effect(rope, flat(shade(straw, 1.35)), line=2)
