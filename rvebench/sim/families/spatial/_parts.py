"""What the spatial families share: projected shadows, trees, clouds, walkers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["clouds", "everywhere", "merged", "projected", "ring", "strip", "tree", "tree_outline"]

_CROWN = ((0.0, 0.62, 0.34), (-0.24, 0.55, 0.24), (0.25, 0.57, 0.25), (-0.13, 0.79, 0.24), (0.15, 0.8, 0.22))
"""Blobs of a tree's crown: side, height and radius as shares of the tree's height."""


def everywhere(stage: Stage) -> Any:
    """Returns the whole layer, with its margin."""
    return stage.rect(-64, -64, 608, 400)


def ring(side: float, height: float, radius_x: float, radius_y: float) -> list[Point]:
    """Returns the outline of an ellipse in the plane of something upright: (sideways, height above the foot)."""
    return [
        (side + radius_x * math.cos(k * math.tau / 16), height + radius_y * math.sin(k * math.tau / 16))
        for k in range(16)
    ]


def strip(half: float, top: float, top_half: float | None = None) -> list[Point]:
    """Returns the outline of something upright, from its foot to its top."""
    end = half if top_half is None else top_half
    return [(-half, 0), (half, 0), (end, top), (-end, top)]


def projected(stage: Stage, foot: Point, outline: Sequence[Point], slant: Point) -> Any:
    """Returns the shadow of an outline on the ground.

    Args:
        stage: where it is drawn.
        foot: the point on the ground it stands on.
        outline: (sideways, height) points; those of height 0 stay where they are, so that the shadow is attached.
        slant: how far a point one high is thrown, across and down.
    """
    return stage.polygon([(foot[0] + s + h * slant[0], foot[1] + h * slant[1]) for s, h in outline])


def merged(paths: Sequence[Any]) -> Any:
    """Returns several paths as one, so that overlapping shadows do not darken twice."""
    whole = paths[0]
    for path in paths[1:]:
        whole = _union(whole, path)
    return whole


def _union(first: Any, second: Any) -> Any:
    from rvebench.sim.stage import load_skia

    skia = load_skia()
    made = skia.Op(first, second, skia.PathOp.kUnion_PathOp)
    return first if made is None else made


def tree_outline(height: float) -> list[list[Point]]:
    """Returns the outlines of a tree, for its shadow."""
    crown = [ring(s * height, h * height, r * height, r * height * 0.9) for s, h, r in _CROWN]
    return [strip(height * 0.055, height * 0.6, height * 0.035), *crown]


def tree(
    stage: Stage, foot: Point, height: float, leaf: Rgb, *, toward: float, sway: float = 0.0, part: str = ""
) -> None:
    """Draws a round tree.

    Args:
        stage: where to draw.
        foot: where it stands.
        height: from foot to top.
        leaf: colour of its crown.
        toward: side of the light, -1 left to 1 right.
        sway: how far the top is moved by wind.
        part: its part.
    """
    x, y = foot
    bark, dark = Rgb.of("#8a5d3b"), Rgb.of("#4a2f1e")
    sides = (bark, dark) if toward < 0 else (dark, bark)
    wide = height * 0.055
    trunk = stage.polygon(
        [(x - wide * 1.5, y + 1), (x - wide * 0.7, y - height * 0.6), (x + wide * 0.7, y - height * 0.6),
         (x + wide * 1.5, y + 1)]
    )  # fmt: skip
    stage.paint(trunk, linear((x - wide, 0), (x + wide, 0), *sides), part=part)
    for side, up, size in _CROWN:
        radius = size * height
        cx, cy = x + side * height + sway * up, y - up * height
        light = (cx + toward * radius * 0.5, cy - radius * 0.5)
        fill = radial(light, radius * 1.7, mix(leaf, Rgb(255, 250, 190), 0.42), leaf, shade(leaf, 0.5))
        stage.paint(stage.oval(cx, cy, radius, radius * 0.9), fill, part=part)
    for k in range(44):
        side, up, size = _CROWN[k % len(_CROWN)]
        angle, out = k * 2.4, 0.25 + 0.7 * ((k * 0.618) % 1)
        px = x + (side + size * out * math.cos(angle)) * height + sway * up
        py = y - (up + size * out * 0.9 * math.sin(angle)) * height
        tone = shade(leaf, 1.3 if (px - x) * toward > 0 else 0.66)
        stage.effect(stage.oval(px, py, height * 0.034, height * 0.022), flat(tone, alpha=0.55))


def clouds(stage: Stage, seed: float, time_s: float, *, alpha: float = 0.75, top: float = 20.0) -> None:
    """Draws three clouds that drift to the right."""
    for k in range(3):
        x = (seed * 97 + k * 190 + time_s * 9) % 620 - 70
        y = top + 26 * ((k * 0.61 + seed) % 1)
        for dx, dy, rx, ry in ((0, 0, 30, 9), (-15, -5, 15, 9), (8, -9, 18, 11), (24, -2, 15, 7)):
            stage.effect(stage.oval(x + dx, y + dy, rx, ry), flat(Rgb(255, 252, 246), alpha=alpha * 0.6, blur=2.0))
