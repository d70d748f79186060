"""Where people queue: an ice-cream van, a flower stall and a balloon cart, and what one carries away from each.

A stand is about 168 wide; x 0 of its frame is its middle and y 0 the pavement. The seller is seen behind it, and the
line comes from the left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["Stand", "draw_bought", "draw_front", "draw_stand"]

Stand = Literal["balloon-cart", "flower-stall", "ice-cream-van"]
_CREAM = Rgb.of("#fbf5e6")
_WOOD = Rgb.of("#a87a4c")
_TARP = Rgb.of("#7c8a78")
_ICES = tuple(Rgb.of(text) for text in ("#f7c6d0", "#c8eac0", "#fff0c0", "#9a6844"))
_BLOOMS = tuple(Rgb.of(text) for text in ("#e0455a", "#f2c23c", "#f4f0f4", "#b05ac0", "#f08a4a"))
_BALLOONS = tuple(Rgb.of(text) for text in ("#e0443c", "#f2b632", "#3f8fd8", "#4fae5c", "#b45cc8", "#f07ab0"))


def draw_stand(stage: Stage, kind: Stand, paint: Rgb, *, shut: bool) -> None:
    """Draws what stands still, behind the seller; meant for a static layer.

    Args:
        stage: what to draw on.
        kind: which stand.
        paint: its colour.
        shut: nobody sells any more.
    """
    if kind == "ice-cream-van":
        _van(stage, paint, shut=shut)
    else:
        stage.shadow(stage.rect(-74, -5, 156, 10, radius=4), alpha=0.5, blur=5)
        if kind == "flower-stall":
            for post in (-78, 74):
                stage.paint(stage.rect(post, -128, 5, 128), linear((post, 0), (post + 5, 0), shade(_WOOD, 1.2), _WOOD),
                            part="stand")  # fmt: skip


def draw_front(stage: Stage, kind: Stand, paint: Rgb, *, shut: bool, time_s: float, seller: Callable[[], None]) -> None:
    """Draws the seller and what is before the seller: counter, awning, goods.

    Args:
        stage: what to draw on.
        kind: which stand.
        paint: its colour.
        shut: nobody sells any more.
        time_s: for what sways.
        seller: draws the seller with the feet at (0, 0).
    """
    if kind == "ice-cream-van":
        hatch = stage.rect(-56, -104, 92, 50, radius=3)
        if not shut:
            with stage.clipped(hatch), stage.moved(-10, -2, scale=0.98):
                seller()
        stage.paint(stage.rect(-62, -55, 104, 6, radius=2), flat(Rgb.of("#e8e2d2")), part="stand")
        _awning(stage, paint, -64, -111, 8, 13.5)
        return
    if not shut:
        with stage.moved(-10, -7 if kind == "flower-stall" else -4, scale=1.0):
            seller()
    if kind == "flower-stall":
        _stall(stage, paint, shut=shut, time_s=time_s)
    else:
        _cart(stage, paint, shut=shut, time_s=time_s)


def draw_bought(stage: Stage, kind: Stand, colour: Rgb, time_s: float) -> None:
    """Draws what has been bought, in a hand at (0, 0)."""
    if kind == "ice-cream-van":
        wafer = stage.polygon([(-6, -11), (6, -11), (0, 7)])
        stage.paint(wafer, linear((-6, 0), (6, 0), Rgb.of("#e6b468"), Rgb.of("#a8702c")), part="bought")
        stage.paint(stage.oval(0, -15, 7.5), flat(colour), part="bought")
        stage.effect(stage.oval(-2.4, -17.5, 2.2), flat(Rgb(255, 255, 255), alpha=0.6, blur=0.8))
    elif kind == "flower-stall":
        paper = stage.polygon([(-12, -14), (12, -14), (3, 12), (-3, 12)])
        for index in range(9):
            x, y = 4.6 * (index % 5) - 9.2, -17 - 6 * (index // 5) - 2 * math.sin(index * 2.0)
            stage.paint(stage.oval(x - 1, y + 4, 3, 4), flat(Rgb.of("#4a8a4c")), part="bought")
            stage.paint(stage.oval(x + 2.3 * (index // 5), y, 4.2), flat(_BLOOMS[index % 3]), part="bought")
            stage.paint(stage.oval(x + 2.3 * (index // 5), y, 1.4), flat(Rgb.of("#f6e08a")), part="bought")
        stage.paint(paper, linear((-12, 0), (12, 0), Rgb.of("#f6efe0"), Rgb.of("#cdbf9f")), part="bought")
        stage.paint(stage.rect(-4.6, 2, 9.2, 2.6, radius=1), flat(colour), part="bought")
    else:
        sway = 4 * math.sin(time_s * 2.2)
        string = stage.curve([(0, 4), (1 + 0.3 * sway, -30), (sway, -62)])
        stage.paint(string, flat(Rgb.of("#efe9dc")), part="bought", line=1)
        _balloon(stage, sway, -80, colour, 15.0, "bought")


def _awning(stage: Stage, paint: Rgb, left: float, top: float, stripes: int, wide: float) -> None:
    red = mix(paint, Rgb.of("#d8434a"), 0.6)
    for stripe in range(stripes):
        x = left + wide * stripe
        cloth = stage.curve(
            [(x, top), (x + wide, top), (x + wide + 1, top + 15), (x + wide / 2, top + 19), (x - 1, top + 15)],
            closed=True,
        )
        stage.paint(cloth, flat(red if stripe % 2 else _CREAM), part="stand")
    stage.shadow(stage.rect(left + 8, top + 18, stripes * wide - 16, 5), alpha=0.35, blur=2)


def _van(stage: Stage, paint: Rgb, *, shut: bool) -> None:
    left, wide, top = -84.0, 168.0, -126.0
    stage.shadow(stage.rect(left + 2, -4, wide + 6, 10, radius=4), alpha=0.5, blur=5)
    body = stage.rect(left, top, wide, 114, radius=12)
    stage.paint(body, linear((0, top), (0, 0), _CREAM, shade(_CREAM, 0.86)), part="stand")
    with stage.clipped(body):
        lower = stage.rect(left, top + 76, wide, 50)
        stage.paint(lower, linear((0, top + 76), (0, 0), paint, shade(paint, 0.68)), part="stand")
        stage.effect(stage.rect(left, top + 4, wide, 8), flat(Rgb(255, 255, 255), alpha=0.5, blur=2))
    stage.paint(stage.rect(-59, top + 19, 98, 56, radius=4), flat(shade(paint, 0.7)), part="stand")
    hatch = stage.rect(-56, top + 22, 92, 50, radius=3)
    dark = (Rgb.of("#6a5a4c"), Rgb.of("#3a302a"))
    blind = (Rgb.of("#c8ccd0"), Rgb.of("#8e949a"))
    stage.paint(hatch, linear((0, top + 22), (0, top + 72), *(blind if shut else dark)), part="stand")
    if shut:
        for slat in range(8):
            stage.effect(stage.rect(-56, top + 27 + 6 * slat, 92, 1.4), flat(Rgb(40, 44, 50), alpha=0.45))
    else:
        for jar in range(5):
            glass = stage.rect(-52 + 18 * jar, top + 38, 10, 12, radius=2)
            stage.paint(glass, flat(shade(_ICES[jar % 4], 0.75)), part="stand")
    cab = stage.rect(50, top + 24, 28, 40, radius=5)
    stage.paint(cab, linear((62, top), (82, top + 70), Rgb.of("#cfe4ee"), Rgb.of("#7a9cb0")), part="stand")
    for wheel in (-50, 52):
        stage.paint(stage.oval(wheel, -12, 15), flat(Rgb.of("#1e1e20")), part="stand")
        stage.paint(stage.oval(wheel, -12, 7), flat(_CREAM), part="stand")
    # The sign on the roof: a big cone.
    wafer = stage.polygon([(-21, top - 22), (1, top - 22), (-10, top + 2)])
    stage.paint(wafer, linear((-21, 0), (1, 0), Rgb.of("#e8b868"), Rgb.of("#a8742e")), part="stand")
    for x, y, size in ((-16, -26, 9.0), (-4, -26, 9.0), (-10, -35, 9.5)):
        ball = radial((x - 3, top + y - 3), 14, Rgb(255, 255, 255), _ICES[0], shade(_ICES[0], 0.8))
        stage.paint(stage.oval(x, top + y, size), ball, part="stand")


def _stall(stage: Stage, paint: Rgb, *, shut: bool, time_s: float) -> None:
    counter = stage.rect(-76, -52, 152, 52, radius=2)
    stage.paint(counter, linear((0, -52), (0, 0), shade(_WOOD, 1.1), shade(_WOOD, 0.66)), part="stand")
    for plank in range(1, 10):
        seam = stage.polygon([(-76 + 15.2 * plank, -48), (-76 + 15.2 * plank, 0)], closed=False)
        stage.effect(seam, flat(Rgb(40, 22, 10), alpha=0.4), line=1)
    stage.paint(stage.rect(-81, -56, 162, 7, radius=2), flat(shade(_WOOD, 1.25)), part="stand")
    if shut:
        cover = stage.curve([(-80, -50), (-70, -66), (-30, -72), (20, -66), (66, -70), (80, -50)], closed=True)
        stage.paint(cover, linear((0, -72), (0, -48), shade(_TARP, 1.15), shade(_TARP, 0.7)), part="stand")
        for fold in (-44, -6, 38):
            crease = stage.curve([(fold, -66), (fold + 5, -58), (fold + 2, -51)])
            stage.effect(crease, flat(Rgb(20, 26, 20), alpha=0.35), line=1.2)
    else:
        for bucket in range(4):
            x = (-66, 24, 44, 64)[bucket]
            sway = 0.9 * math.sin(time_s * 2 + bucket * 1.7)
            _bunch(stage, x, -58, bucket, sway)
        for bucket in range(4):
            x = -60 + 40 * bucket
            _bunch(stage, x, -12, bucket + 2, 0.7 * math.sin(time_s * 1.8 + bucket))
    _awning(stage, mix(paint, Rgb.of("#4f9a6a"), 0.55), -86, -134, 9, 19.2)


def _bunch(stage: Stage, x: float, y: float, pick: int, sway: float) -> None:
    """A bucket with its foot 12 below y, and what blooms in it."""
    tone = _BLOOMS[pick % len(_BLOOMS)]
    for index in range(7):
        lean = (index - 3) * 3.4
        place = (x + lean + sway * (1 + 0.2 * index), y - 14 - 5 * math.cos(lean * 0.2) - 3 * (index % 2))
        stem = stage.polygon([(x + lean * 0.4, y + 2), place], closed=False)
        stage.paint(stem, flat(Rgb.of("#4a8a4c")), part="stand", line=1.6)
        stage.paint(stage.oval(*place, 4.4), flat(shade(tone, 0.86 + 0.05 * (index % 4))), part="stand")
        stage.paint(stage.oval(*place, 1.5), flat(mix(tone, Rgb.of("#fff0a0"), 0.7)), part="stand")
    pot = stage.polygon([(x - 9, y - 4), (x + 9, y - 4), (x + 7, y + 12), (x - 7, y + 12)])
    stage.paint(pot, linear((x - 9, 0), (x + 9, 0), Rgb.of("#a8b8c0"), Rgb.of("#5c6c74")), part="stand")


def _cart(stage: Stage, paint: Rgb, *, shut: bool, time_s: float) -> None:
    stage.paint(stage.polygon([(62, -46), (88, -58)], closed=False), flat(shade(_WOOD, 0.8)), part="stand", line=4)
    stage.paint(stage.rect(-62, -26, 5, 26), flat(shade(_WOOD, 0.7)), part="stand")
    box = stage.polygon([(-70, -54), (66, -54), (60, -20), (-64, -20)])
    stage.paint(box, linear((0, -54), (0, -20), shade(paint, 1.1), shade(paint, 0.66)), part="stand")
    with stage.clipped(box):
        for stripe in range(5):
            band = stage.polygon([(-62 + 28 * stripe, -56), (-48 + 28 * stripe, -56), (-50 + 28 * stripe, -18),
                                  (-62 + 28 * stripe, -18)])  # fmt: skip
            stage.paint(band, flat(_CREAM, alpha=0.85), part="stand")
    stage.paint(stage.rect(-74, -59, 144, 7, radius=3), flat(shade(_WOOD, 1.2)), part="stand")
    stage.paint(stage.oval(34, -19, 19), flat(shade(_WOOD, 0.6)), part="stand", line=4)
    for spoke in range(4):
        angle = 0.4 + spoke * math.pi / 4
        dx, dy = 18 * math.cos(angle), 18 * math.sin(angle)
        bar = stage.polygon([(34 - dx, -19 - dy), (34 + dx, -19 + dy)], closed=False)
        stage.paint(bar, flat(shade(_WOOD, 0.75)), part="stand", line=2)
    if shut:
        cover = stage.curve([(-72, -54), (-62, -70), (-20, -76), (30, -70), (60, -72), (72, -54)], closed=True)
        stage.paint(cover, linear((0, -76), (0, -52), shade(_TARP, 1.15), shade(_TARP, 0.7)), part="stand")
        return
    knot = (44.0, -58.0)
    stage.paint(stage.rect(40, -66, 8, 12, radius=2), flat(Rgb.of("#c8ccd0")), part="stand")
    for index in range(9):
        row, column = divmod(index, 3)
        lean = 5 * math.sin(time_s * 1.5 + 0.3 * index)
        x = 44 + 25 * (column - 1) + 7 * (row % 2) + lean * (0.6 + 0.2 * row)
        y = -124 - 23 * row + 2 * math.sin(time_s * 2 + index)
        string = stage.curve([knot, (44 + (x - 44) * 0.35, (y - 58) / 2), (x, y + 14)])
        stage.paint(string, flat(Rgb.of("#efe9dc")), part="stand", line=0.9)
        _balloon(stage, x, y, _BALLOONS[(index * 5 + row) % len(_BALLOONS)], 13.5, "stand")


def _balloon(stage: Stage, x: float, y: float, colour: Rgb, size: float, part: str) -> None:
    skin = stage.curve(
        [(x, y - size * 1.1), (x + size * 0.92, y - size * 0.3), (x + size * 0.6, y + size * 0.75), (x, y + size * 1.2),
         (x - size * 0.6, y + size * 0.75), (x - size * 0.92, y - size * 0.3)],
        closed=True,
    )  # fmt: skip
    lit = radial((x - size * 0.35, y - size * 0.5), size * 1.9, shade(colour, 1.35), colour, shade(colour, 0.6))
    stage.paint(skin, lit, part=part)
    stage.paint(stage.polygon([(x - 2.4, y + size * 1.36), (x + 2.4, y + size * 1.36), (x, y + size * 1.1)]),
                flat(shade(colour, 0.7)), part=part)  # fmt: skip
    gloss = stage.oval(x - size * 0.34, y - size * 0.5, size * 0.18, size * 0.28)
    stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.7, blur=0.8))
