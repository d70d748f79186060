"""What the cat of cat-hideout may hide behind: a vase, a basket or a pile of suitcases, with dry grasses on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.spatial._parts import merged, projected, strip
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["Cover", "CoverKind", "draw_cover", "draw_plumes"]

CoverKind = Literal["vase", "basket", "suitcases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Which cover it is, where it stands and what it looks like."""

    kind: CoverKind
    x: float
    side: int
    """Side on the screen away from the light."""
    tone: Rgb
    slant: Point
    """Of shadows on the floor."""
    phase: float


def draw_cover(stage: Stage, cover: Cover) -> None:
    """Draws the cover with its shadow, but for what grows in it."""
    if cover.kind == "suitcases":
        _suitcases(stage, cover)
        return
    x, y, tone = cover.x, 246.0, cover.tone
    if cover.kind == "vase":
        half = ((0, 20), (20, 30), (46, 34), (72, 27), (88, 16), (98, 15), (104, 20))
    else:
        half = ((0, 28), (24, 31), (60, 34), (92, 36), (100, 36), (104, 37), (108, 37))
    right: list[tuple[float, float]] = [(x + w, y - h) for h, w in half]
    left: list[tuple[float, float]] = [(x - w, y - h) for h, w in reversed(half)]
    outline = [(float(w), float(h)) for h, w in half] + [(-float(w), float(h)) for h, w in reversed(half)]
    stage.shadow(
        merged([projected(stage, (x, y), outline, cover.slant), stage.oval(x, y, half[0][1] + 4, 5)]),
        alpha=0.45,
        blur=2.5,
    )
    body = stage.curve([*right, *left], closed=True)
    colours = (shade(tone, 1.45), shade(tone, 1.1), shade(tone, 0.8), shade(tone, 0.42))
    if cover.kind == "basket":
        cane = Rgb.of("#c99a5e")
        colours = (shade(cane, 1.2), cane, shade(cane, 0.8), shade(cane, 0.5))
    stage.paint(body, linear((x - 34 * cover.side, 0), (x + 34 * cover.side, 0), *colours), part="cover")
    with stage.clipped(body):
        if cover.kind == "vase":
            for k, h in enumerate((26, 33, 62, 69)):
                ringed = stage.curve([(x - 40, y - h), (x, y - h + 6), (x + 40, y - h)])
                stage.effect(ringed, flat(Rgb.of("#f2e3b6"), alpha=0.8), line=3 if k % 3 else 1.6)
            for k in range(-3, 4):
                leaf = stage.polygon([(x + 12 * k, y - 38 + abs(k)), (x + 12 * k + 5, y - 47), (x + 12 * k, y - 56),
                                      (x + 12 * k - 5, y - 47)])  # fmt: skip
                stage.effect(leaf, flat(Rgb.of("#f2e3b6"), alpha=0.75))
            stage.effect(stage.oval(x - 17 * cover.side, y - 56, 5, 30), flat(Rgb(255, 255, 255), alpha=0.5, blur=3))
        else:
            for row in range(16):
                for column in range(-5, 6):
                    cx, cy = x + column * 8 + 4 * (row % 2), y - 4 - row * 7
                    dark = shade(Rgb.of("#c99a5e"), 0.55 if (row + column) % 2 else 1.25)
                    stage.effect(stage.rect(cx - 4, cy - 3, 7, 5, radius=2), flat(dark, alpha=0.45))
            band = stage.rect(x - 40, y - 62, 80, 12)
            stage.effect(
                band, linear((x - 34 * cover.side, 0), (x + 34 * cover.side, 0), shade(tone, 1.2), shade(tone, 0.5))
            )
    top, wide = y - half[-1][0], half[-1][1]
    stage.paint(stage.oval(x, top, wide, wide * 0.22), flat(colours[1]), part="cover")
    stage.paint(stage.oval(x, top, wide - 3, wide * 0.16), flat(Rgb.of("#2c2018")), part="cover")


def draw_plumes(stage: Stage, cover: Cover, time_s: float) -> None:
    """Draws the dry grasses that sway in the cover or on it."""
    x, y = cover.x, 246.0 - {"vase": 104, "basket": 108, "suitcases": 119}[cover.kind]
    for k in range(9):
        lean = (k - 4) * 7.0 + 2.2 * math.sin(time_s * 1.8 + cover.phase + k)
        tall = 44 + 18 * math.sin(k * 2.1 + cover.phase)
        foot = x + (k - 4) * (2.2 if cover.kind == "vase" else 4.5)
        tip = (foot + lean, y - tall)
        stem = stage.curve([(foot, y + 1), (foot + lean * 0.25, y - tall * 0.5), tip])
        stage.paint(stem, flat(Rgb.of("#5d7a3c")), part="cover", line=1.8)
        plume = (Rgb.of("#e8d4a8"), Rgb.of("#d9b98a"), Rgb.of("#f0e3c4"))[k % 3]
        with stage.moved(tip[0], tip[1], turn_deg=lean * 1.1):
            stage.paint(stage.oval(0, -9, 4.4, 15), radial((-1, -14), 20, shade(plume, 1.1), shade(plume, 0.66)),
                        part="cover")  # fmt: skip


def _suitcases(stage: Stage, cover: Cover) -> None:
    x, foot = cover.x, 246.0
    leathers = (Rgb.of("#8a5a3a"), cover.tone, Rgb.of("#c79a5c"))
    sizes = ((42.0, 40.0, 0.0), (36.0, 34.0, -2.0), (31.0, 26.0, 3.0))
    outlines, height = [], 0.0
    for half, tall, dx in sizes:
        outlines.append([(dx + s, height + h) for s, h in strip(half, tall)])
        height += tall
    shapes = [projected(stage, (x, foot), outline, cover.slant) for outline in outlines]
    stage.shadow(merged([*shapes, stage.oval(x, foot, 46, 5)]), alpha=0.45, blur=2.5)
    level = foot
    for (half, tall, dx), tone in zip(sizes, leathers, strict=True):
        left, top, lit = x + dx - half, level - tall, -cover.side
        box = stage.rect(left, top, 2 * half, tall, radius=5)
        sides = (shade(tone, 1.3), tone, shade(tone, 0.55))
        stage.paint(box, linear((x + lit * half, top), (x - lit * half, level), *sides), part="cover")
        stage.textured(box, "stone", strength=0.1, seed=int(tall))
        seam = stage.rect(left, top + tall * 0.42, 2 * half, 1.6)
        stage.effect(seam, flat(shade(tone, 0.35), alpha=0.8))
        for corner in (left, left + 2 * half - 10):
            for edge in (top, level - 9):
                stage.paint(stage.rect(corner, edge, 10, 9, radius=3), flat(shade(tone, 0.5)), part="cover")
        for clasp in (-0.5, 0.5):
            lock = stage.rect(x + dx + clasp * half - 3, top + tall * 0.42 - 4, 6, 9, radius=1)
            brass = linear((0, top), (0, level), Rgb.of("#fbe6a8"), Rgb.of("#b08434"))
            stage.paint(lock, brass, part="cover")
        handle = [(x + dx - 9, top + tall * 0.5), (x + dx - 8, top + tall * 0.72), (x + dx + 8, top + tall * 0.72),
                  (x + dx + 9, top + tall * 0.5)]  # fmt: skip
        stage.paint(stage.curve(handle), flat(shade(tone, 0.4)), part="cover", line=3.4)
        stage.effect(
            stage.rect(left + 4, top + 1.5, 2 * half - 8, 1.8, radius=0.9), flat(Rgb(255, 250, 235), alpha=0.5)
        )
        level -= tall
        stage.shadow(stage.rect(left + 4, level - 1.5, 2 * half - 8, 3), alpha=0.3, blur=1.5)
    label = stage.oval(x - 20, foot - 14, 9, 7)
    stage.effect(label, flat(Rgb.of("#f2e3b6"), alpha=0.9))
    stage.effect(stage.polygon([(x - 25, foot - 12), (x - 20, foot - 18), (x - 15, foot - 12)]), flat(cover.tone))
    pot = stage.polygon([(x - 16, level - 20), (x + 16, level - 20), (x + 12, level + 1), (x - 12, level + 1)])
    clay = Rgb.of("#c9c2b4")
    stage.paint(
        pot,
        linear((x - 16 * cover.side, 0), (x + 16 * cover.side, 0), shade(clay, 1.15), shade(clay, 0.55)),
        part="cover",
    )
    stage.paint(stage.oval(x, level - 20, 16, 4), flat(Rgb.of("#4a3628")), part="cover")
