"""Scenery that several families of this type share: sky, clouds, trees, birds, streaming cloth."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial

__all__ = ["cloud", "pigeon", "sky", "soft_spot", "tree", "wave_edge"]

_TRUNK = Rgb.of("#6b4a32")


def sky(stage: Stage, top: Rgb, middle: Rgb, low: Rgb) -> None:
    """Draws the sky behind everything; inside a static layer."""
    whole = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    stage.paint(whole, linear((0, -20), (0, 210), top, middle, low))
    stage.textured(whole, "noise", strength=0.05, seed=9)


def cloud(stage: Stage, x: float, y: float, size: float, colour: Rgb) -> None:
    """Draws one soft cloud about a point."""
    for dx, dy, radius in ((-1.1, 0.12, 0.5), (-0.45, -0.18, 0.72), (0.35, -0.08, 0.62), (1.05, 0.14, 0.44)):
        puff = stage.oval(x + dx * size, y + dy * size, radius * size * 1.25, radius * size * 0.72)
        stage.paint(puff, flat(colour, alpha=0.62, blur=size * 0.16))


def tree(stage: Stage, x: float, y: float, height: float, leaf: Rgb, sway: float, *, part: str = "") -> None:
    """Draws a round tree that stands at (x, y); its crown moves by `sway`."""
    stage.cast(x, y, height * 0.5, height * 0.8, alpha=0.3, blur=5)
    trunk = stage.polygon(
        [
            (x - height * 0.06, y),
            (x + height * 0.06, y),
            (x + height * 0.03, y - height * 0.5),
            (x - height * 0.03, y - height * 0.5),
        ]
    )
    stage.paint(trunk, linear((x - 4, 0), (x + 4, 0), shade(_TRUNK, 1.2), shade(_TRUNK, 0.6)), part=part)
    for dx, dy, radius, tone in (
        (0.2, 0.58, 0.27, 0.66), (-0.2, 0.6, 0.27, 0.78), (0.14, 0.78, 0.25, 0.9),
        (-0.12, 0.82, 0.25, 1.05), (0.0, 0.66, 0.26, 0.98),
    ):  # fmt: skip
        cx, cy, r = x + dx * height + sway * dy, y - dy * height, radius * height
        ball = radial((cx - r * 0.4, cy - r * 0.5), r * 1.6, shade(leaf, tone * 1.25), shade(leaf, tone * 0.72))
        stage.paint(stage.oval(cx, cy, r, r * 0.92), ball, part=part)


def pigeon(stage: Stage, x: float, y: float, facing: float, peck: float, *, part: str = "") -> None:
    """Draws a pigeon on the ground; `peck` 0..1 is how low its head is."""
    stage.shadow(stage.oval(x, y + 1, 9, 2.2), alpha=0.35, blur=1.5)
    grey = Rgb.of("#7f8a99")
    stage.paint(stage.polygon([(x, y), (x, y - 4)], closed=False), flat(Rgb.of("#c06a52")), part=part, line=1.2)
    tail = stage.polygon([(x - facing * 4, y - 9), (x - facing * 13, y - 5), (x - facing * 5, y - 4)])
    stage.paint(tail, flat(shade(grey, 0.7)), part=part)
    stage.paint(stage.oval(x, y - 7, 7.5, 4.4), linear((0, y - 12), (0, y - 2), shade(grey, 1.25), grey), part=part)
    head_x, head_y = x + facing * (7 + 2 * peck), y - 13 + 10 * peck
    neck = stage.polygon([(x + facing * 4, y - 8), (head_x, head_y)], closed=False)
    stage.paint(neck, flat(Rgb.of("#5e7d78")), part=part, line=4.4)
    stage.paint(stage.oval(head_x, head_y, 3), flat(shade(grey, 0.95)), part=part)
    beak = stage.polygon([(head_x + facing * 2, head_y), (head_x + facing * 5.5, head_y + 1)], closed=False)
    stage.paint(beak, flat(Rgb.of("#e0a050")), part=part, line=1.3)


def soft_spot(stage: Stage, x: float, y: float, width: float, height: float, colour: Rgb, alpha: float) -> None:
    """Draws coloured light that lies on a surface."""
    stage.effect(stage.oval(x, y, width, height), flat(colour, alpha=alpha, blur=min(width, height) * 0.45))


def wave_edge(
    start: Point, length: float, sag: float, facing: float, time_s: float, phase: float, steps: int = 12
) -> list[Point]:
    """Returns the upper edge of cloth that streams from a pole, from the pole outward."""
    points: list[Point] = []
    for index in range(steps + 1):
        u = index / steps
        lift = (2 + 7 * u) * math.sin(7.5 * u - 6.3 * time_s + phase) * min(1.0, 3 * u)
        points.append(
            (start[0] + facing * length * u * (0.97 + 0.03 * math.sin(3 * time_s)), start[1] + sag * u * u + lift)
        )
    return points
