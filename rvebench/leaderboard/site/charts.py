"""Where the points of a chart lie, in percent across and pixels down: what a template draws, it does not compute.

Percent across lets a chart take any width without stretching its letters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["HEIGHT", "Chart", "Dot", "Point", "Tick", "cost_chart", "ratings_chart"]

HEIGHT = 320
"""Pixels from the highest to the lowest value."""

_LEFT, _RIGHT = 2.0, 98.0
_SCORE_MAX = 10.0


class Tick(NamedTuple):
    """A labelled place on an axis."""

    at: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One row, in the chart's own quantities."""

    name: str
    href: str
    """Of its page: no two rows share one."""
    x: float
    y: float
    y_low: float | None = None
    y_high: float | None = None
    control: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One row, as it is drawn."""

    name: str
    href: str
    words: str
    x: str
    y: str
    low: str | None
    high: str | None
    label: bool
    """Whether the name has room beside the dot."""
    anchor: str
    """`start` or `end`: on which side of the dot the name stands."""
    label_y: str
    control: bool
    front: bool
    """Nothing in the chart is both cheaper and better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A scatter of rows."""

    x_title: str
    y_title: str
    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    front: tuple[tuple[str, str, str, str], ...] = ()
    """Steps of the line of best rows for their cost: x1, y1, x2, y2."""
    without: tuple[str, ...] = ()
    """Names of rows that have no such number."""


def cost_chart(points: Sequence[Point], *, unit: str, without: Sequence[str]) -> Chart | None:
    """Returns the score against what an edit costs, on a logarithmic scale; None without any row that tells.

    Args:
        points: x is the cost, above 0; y the score, 0..10.
        unit: of the cost, for the axis.
        without: rows that tell no cost.
    """
    if not points:
        return None
    low, high = _decades([point.x for point in points])
    span = math.log10(high / low)

    def across(x: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * math.log10(x / low) / span

    best = _front(points)
    ticks = tuple(
        Tick(_percent(across(value)), _amount(value)) for value in _log_ticks(low, high) if low <= value <= high
    )
    return Chart(
        x_title=f"{unit} an edit, logarithmic",
        y_title="Score",
        dots=_dots(points, across, best, lambda point: f"{_amount(point.x)} {unit}"),
        x_ticks=ticks,
        y_ticks=_score_ticks(),
        front=_steps([point for point in sorted(points, key=_cheapest) if point.href in best], across),
        without=tuple(without),
    )


def ratings_chart(points: Sequence[Point], *, low: float, high: float, without: Sequence[str]) -> Chart | None:
    """Returns the judge's mean against people's mean, both over the same edits; None without any rated row.

    Args:
        points: x is people's mean on their own scale; y the judge's, 0..10.
        low: the lowest rating that can be given.
        high: the highest.
        without: rows that nobody rated.
    """
    if not points:
        return None

    def across(x: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (x - low) / (high - low)

    values = [low + (high - low) * part / 4 for part in range(5)]
    return Chart(
        x_title=f"People's mean rating, {low:g} to {high:g}",
        y_title="Judge",
        dots=_dots(points, across, frozenset(), lambda point: f"people {point.x:.2f}"),
        x_ticks=tuple(Tick(_percent(across(value)), f"{value:g}") for value in values),
        y_ticks=_score_ticks(),
        without=tuple(without),
    )


def _cheapest(point: Point) -> tuple[float, float, str]:
    return point.x, -point.y, point.href


def _front(points: Sequence[Point]) -> frozenset[str]:
    best, found = -1.0, []
    for point in sorted((point for point in points if not point.control), key=_cheapest):
        if point.y > best:
            best = point.y
            found.append(point.href)
    return frozenset(found)


def _steps(front: Sequence[Point], across: Callable[[float], float]) -> tuple[tuple[str, str, str, str], ...]:
    lines = []
    for first, second in itertools.pairwise(front):
        (x1, y1), (x2, y2) = (across(first.x), _down(first.y)), (across(second.x), _down(second.y))
        lines.append((_percent(x1), _pixels(y1), _percent(x2), _pixels(y1)))
        lines.append((_percent(x2), _pixels(y1), _percent(x2), _pixels(y2)))
    return tuple(lines)


def _dots(
    points: Sequence[Point],
    across: Callable[[float], float],
    front: frozenset[str],
    told: Callable[[Point], str],
) -> tuple[Dot, ...]:
    # A name covers no dot and no other name.
    taken = [_around(across(point.x), _down(point.y)) for point in points]
    labelled: dict[int, tuple[str, float]] = {}
    # The best for their cost are named first, then the higher scores, as long as no name covers another.
    order = sorted(range(len(points)), key=lambda i: (points[i].href not in front, -points[i].y, points[i].href))
    for index in order:
        x, y = across(points[index].x), _down(points[index].y)
        own = taken[index]
        place = _label_place(x, y, points[index].name, [box for box in taken if box is not own])
        if place is not None:
            labelled[index] = place.anchor, place.y + 4.0
            taken.append(place.box)
    found = []
    for index, point in enumerate(points):
        x, y = across(point.x), _down(point.y)
        anchor, label_y = labelled.get(index, ("start", y))
        found.append(
            Dot(
                name=point.name,
                href=point.href,
                words=f"{point.name}: {point.y:.2f}, {told(point)}",
                x=_percent(x),
                y=_pixels(y),
                low=None if point.y_low is None else _pixels(_down(point.y_low)),
                high=None if point.y_high is None else _pixels(_down(point.y_high)),
                label=index in labelled,
                anchor=anchor,
                label_y=_pixels(label_y),
                control=point.control,
                front=point.href in front,
            )
        )
    return tuple(found)


_LETTER, _BESIDE = 1.5, 3.0
"""Percent of the width that a letter, and the room between dot and name, take in a chart of half a page."""


class _Box(NamedTuple):
    """A rectangle, in percent across and pixels down."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        """Tells whether the two share a point."""
        apart = self.right < other.left or self.left > other.right
        return not (apart or self.bottom < other.top or self.top > other.bottom)


class _Label(NamedTuple):
    """A name's place."""

    anchor: str
    y: float
    box: _Box


def _around(x: float, y: float) -> _Box:
    """Returns the room of a dot."""
    return _Box(x - 1.2, y - 5.0, x + 1.2, y + 5.0)


def _label_place(x: float, y: float, name: str, taken: Sequence[_Box]) -> _Label | None:
    """Returns where a name has room beside its dot, or None."""
    width = min(len(name), 24) * _LETTER + _BESIDE
    for anchor, start in (("start", x), ("end", x - width)):
        for shift in (0.0, -12.0, 12.0):
            box = _Box(start, y + shift - 8.0, start + width, y + shift + 8.0)
            if box.left < 0.0 or box.right > 100.0 or box.top < -12.0:
                continue
            if not any(box.meets(other) for other in taken):
                return _Label(anchor, y + shift, box)
    return None


def _down(score: float) -> float:
    return HEIGHT * (1.0 - min(max(score / _SCORE_MAX, 0.0), 1.0))


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _pixels(value: float) -> str:
    return f"{value:.1f}"


def _score_ticks() -> tuple[Tick, ...]:
    return tuple(Tick(_pixels(_down(value)), f"{value:g}") for value in (0.0, 2.5, 5.0, 7.5, 10.0))


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Returns bounds on the ticks 1, 2, 5 of each decade, below and above every value."""
    low, high = min(values) / 1.15, max(values) * 1.15
    steps = _log_ticks(low / 10, high * 10)
    bottom = max(step for step in steps if step <= low)
    top = min(step for step in steps if step >= high)
    return bottom, top


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = (1, 2, 5) if math.log10(high / low) < 4 else (1,)
    return [mark * 10.0**decade for decade in decades for mark in marks]


def _amount(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if value >= 0.0001 else f"{value:.0e}"
