"""What several camera families draw: bodies of revolution at any tilt, soft focus, easing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, load_skia

__all__ = ["WHITE", "ease", "lathe", "out_of_focus"]

WHITE = Rgb(255, 255, 255)


def ease(value: float) -> float:
    """Returns 0 below 0, 1 above 1 and an even passage between."""
    x = max(0.0, min(1.0, value))
    return x * x * (3 - 2 * x)


def lathe(stage: Stage, profile: Sequence[tuple[float, float]], tilt: float, colour: Rgb, *, part: str) -> None:
    """Draws a body of revolution that stands on (0, 0).

    Args:
        stage: what to draw on.
        profile: (height, radius) from foot to rim.
        tilt: of the viewer in radians: 0 at table height, pi/2 straight above.
        colour: of the body.
        part: its name.
    """
    flatness, rise = math.sin(tilt), math.cos(tilt)
    widest = max(radius for _, radius in profile)
    paint = linear((-widest, 0), (widest, 0), shade(colour, 1.12), colour, shade(colour, 0.58))
    for (low, first), (high, last) in pairwise(profile):
        steps = max(2, math.ceil((high - low) * rise / 1.9))
        for step in range(steps + 1):
            share = step / steps
            radius = first + (last - first) * share
            height = low + (high - low) * share
            stage.paint(stage.oval(0, -height * rise, radius, max(0.6, radius * flatness)), paint, part=part)
    height, radius = profile[-1]
    rim = stage.oval(0, -height * rise, radius, max(0.6, radius * flatness))
    stage.effect(rim, flat(mix(colour, WHITE, 0.45), alpha=0.8), line=1.2)


@contextmanager
def out_of_focus(
    stage: Stage, amount: float, *, bounds: tuple[float, float, float, float] | None = None
) -> Iterator[None]:
    """Draws what follows blurred by `amount` logical pixels; sharp at 0.

    Args:
        stage: what to draw on.
        amount: standard deviation of the blur.
        bounds: x, y, width and height within which it is drawn; smaller is faster.
    """
    if amount < 0.15 or not stage.is_picture:
        yield
        return
    skia, canvas = load_skia(), stage._canvas
    brush = skia.Paint(ImageFilter=skia.ImageFilters.Blur(amount, amount))
    canvas.saveLayer(skia.Rect.MakeXYWH(*bounds) if bounds else None, brush)
    try:
        yield
    finally:
        canvas.restore()
