"""Figures of a study's page: intervals, lines and a reliability curve as SVG, and a sheet of edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rvebench.video import Frames, resize_frames

__all__ = ["Interval", "Line", "SheetRow", "edit_sheet", "forest_svg", "line_svg"]

_INK, _GREY, _BLUE, _ORANGE = "#1a1a1a", "#9a9a9a", "#1f5fa8", "#b4561c"
_COLOURS = (_BLUE, _ORANGE, "#3f7f3f", "#7a4b9a")
_FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One row of a forest plot."""

    label: str
    value: float
    low: float | None
    high: float | None
    strong: bool
    """Whether the interval excludes zero and may be read as a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart."""

    label: str
    points: tuple[tuple[float, float], ...]
    """x and y, in order of x."""
    intervals: tuple[tuple[float, float] | None, ...] = ()
    """Of each point; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One sample of a contact sheet."""

    instruction: str
    clips: tuple[Frames, ...]
    """One a column, each of one shape."""


def forest_svg(title: str, rows: Sequence[Interval], *, note: str) -> str:
    """Returns an SVG of differences with intervals around zero; an empty list gives a picture that says so.

    Args:
        title: above the plot.
        rows: from top to bottom.
        note: below the axis, what the sign means.
    """
    left, width, row_px = 300, 420, 22
    height = 64 + row_px * max(1, len(rows))
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    reach = max([abs(end) for end in ends], default=1.0) * 1.1 or 1.0
    parts = [_text(12, 20, title, size=14, weight="bold")]
    if not rows:
        parts.append(_text(12, 48, "nothing to compare yet", colour=_GREY))

    def x(value: float) -> float:
        return left + width * (value + reach) / (2 * reach)

    bottom = height - 30
    parts.append(_line(x(0), 32, x(0), bottom, _GREY))
    for index, row in enumerate(rows):
        y = 44 + row_px * index
        colour = _BLUE if row.strong else _GREY
        parts.append(_text(left - 10, y + 4, row.label, anchor="end"))
        if row.low is not None and row.high is not None:
            parts.append(_line(x(row.low), y, x(row.high), y, colour, width=2))
        parts.append(f"<circle cx='{x(row.value):.1f}' cy='{y}' r='4' fill='{colour}'/>")
    for value in (-reach / 1.1, 0.0, reach / 1.1):
        parts.append(_text(x(value), bottom + 14, _number(value), anchor="middle", size=11, colour=_GREY))
    parts.append(_text(left + width / 2, height - 4, note, anchor="middle", size=11, colour=_GREY))
    return _svg(left + width + 30, height, parts)


def line_svg(title: str, lines: Sequence[Line], *, x_label: str, y_label: str, diagonal: bool = False) -> str:
    """Returns an SVG of lines with the intervals of their points.

    Args:
        title: above the plot.
        lines: at least one point in all, else the picture says that there is nothing.
        x_label: of the axis.
        y_label: of the axis.
        diagonal: draw y = x, for reliability.
    """
    left, top, width, height = 64, 40, 430, 240
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    ys += [end for line in lines for pair in line.intervals if pair is not None for end in pair]
    parts = [_text(12, 20, title, size=14, weight="bold")]
    if not xs:
        return _svg(left + width + 150, 80, [*parts, _text(12, 48, "nothing was measured", colour=_GREY)])
    if diagonal:
        xs, ys = [*xs, 0.0, 1.0], [*ys, 0.0, 1.0]
    x_low, x_high = _range(xs)
    y_low, y_high = _range(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            left + width * (x - x_low) / (x_high - x_low),
            top + height * (1 - (y - y_low) / (y_high - y_low)),
        )

    parts.append(_line(left, top + height, left + width, top + height, _GREY))
    parts.append(_line(left, top, left, top + height, _GREY))
    for value in np.linspace(y_low, y_high, 5).tolist():
        parts.append(_text(left - 6, at(x_low, value)[1] + 4, _number(value), anchor="end", size=11, colour=_GREY))
    for value in sorted({x for line in lines for x, _ in line.points}):
        parts.append(
            _text(at(value, y_low)[0], top + height + 16, _number(value), anchor="middle", size=11, colour=_GREY)
        )
    if diagonal:
        parts.append(_line(*at(0.0, 0.0), *at(1.0, 1.0), _GREY, dashed=True))
    for index, line in enumerate(lines):
        colour = _COLOURS[index % len(_COLOURS)]
        places = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='1.6'/>")
        for (x, y), pair in zip(places, line.intervals or (None,) * len(places), strict=True):
            if pair is not None:
                parts.append(_line(x, at(x_low, pair[0])[1], x, at(x_low, pair[1])[1], colour))
            parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{colour}'/>")
        parts.append(_text(left + width + 12, top + 12 + 18 * index, line.label, colour=colour, size=12))
    parts.append(_text(left + width / 2, top + height + 36, x_label, anchor="middle"))
    parts.append(_text(left, top - 8, y_label, size=11, colour=_GREY))
    return _svg(left + width + 170, top + height + 46, parts)


def edit_sheet(columns: Sequence[str], rows: Sequence[SheetRow], *, cell: int = 96, frames: int = 3) -> Image.Image:
    """Returns a picture: a row a sample with its instruction above, a column a clip, frames of each side by side.

    Args:
        columns: their titles.
        rows: the samples.
        cell: width of a frame in pixels.
        frames: of each clip, evenly spread, first and last among them.

    Raises:
        ValueError: there is no row, or a row has another number of clips.
    """
    if not rows or any(len(row.clips) != len(columns) for row in rows):
        raise ValueError(f"a sheet of {len(columns)} columns needs as many clips in every row")
    gap, head, words = 6, 20, 16
    shape = rows[0].clips[0].shape
    tall = max(1, round(cell * shape[1] / shape[2]))
    wide = frames * cell
    size = (gap + len(columns) * (wide + gap), head + len(rows) * (words + tall + gap))
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for place, title in enumerate(columns):
        draw.text((gap + place * (wide + gap), 4), title, fill=_INK, font=font)
    for index, row in enumerate(rows):
        top = head + index * (words + tall + gap)
        draw.text((gap, top + 2), row.instruction, fill=_INK, font=font)
        for place, clip in enumerate(row.clips):
            picks = np.linspace(0, len(clip) - 1, frames).round().astype(int)
            for shown, frame in enumerate(resize_frames(clip[picks], cell, tall)):
                sheet.paste(
                    Image.fromarray(np.ascontiguousarray(frame)),
                    (gap + place * (wide + gap) + shown * cell, top + words),
                )
    return sheet


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = 0.06 * (high - low) or 0.5
    return low - pad, high + pad


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212")


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    colour: str = _INK,
    weight: str = "normal",
) -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT} font-size='{size}' font-weight='{weight}' fill='{colour}'>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1, dashed: bool = False) -> str:
    dashes = " stroke-dasharray='4 4'" if dashed else ""
    style = f"stroke='{colour}' stroke-width='{width:g}'{dashes}"
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' {style}/>"


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    body = "\n".join(parts)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img'>\n"
        f"<rect width='100%' height='100%' fill='white'/>\n{body}\n</svg>\n"
    )
