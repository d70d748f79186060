"""What can be pulled over the neck of a flask and filled with air: a balloon, a rubber glove, a bag."""

from __future__ import annotations

from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._parts import gloss
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["INFLATABLES", "Inflatable", "draw_limp", "draw_swollen"]

Inflatable = Literal["bag", "balloon", "rubber-glove"]
INFLATABLES: tuple[Inflatable, ...] = ("bag", "balloon", "rubber-glove")

_WHITE = Rgb(255, 255, 255)
_PART = "balloon"
_FINGERS = ((-0.5, -16.0, 0.8), (-0.17, -5.0, 0.98), (0.17, 6.0, 0.94), (0.5, 17.0, 0.72))
"""Of each finger: where on the palm it begins, as a share of its width; its slant; its length."""


def draw_limp(stage: Stage, kind: Inflatable, colour: Rgb, side: int, neck: float, sway: float) -> None:
    """Draws it empty, about the middle of the neck's rim, hanging over to `side`; part `balloon`."""
    if kind == "rubber-glove":
        _limp_glove(stage, colour, side, neck, sway)
    elif kind == "bag":
        _limp_bag(stage, colour, side, neck, sway)
    else:
        _limp_balloon(stage, colour, side, neck, sway)


def draw_swollen(
    stage: Stage, kind: Inflatable, colour: Rgb, filled: float, full: float, foot: float, side: int
) -> None:
    """Draws it with air in it, about the middle of its mouth, upright; part `balloon`.

    Args:
        stage: what is drawn on.
        kind: what is filled.
        colour: its colour.
        filled: how far, above 0 and up to 1.
        full: half its width when it is full.
        foot: half the width of its mouth.
        side: where a half full one leans, -1 or 1.
    """
    if kind == "rubber-glove":
        _glove(stage, colour, filled, full, foot, side)
    elif kind == "bag":
        _bag(stage, colour, filled, full, foot, side)
    else:
        _balloon(stage, colour, full * (0.38 + 0.62 * filled), foot)


def _limp_balloon(stage: Stage, colour: Rgb, side: int, neck: float, sway: float) -> None:
    skin: list[Point] = [
        (-neck - 1, 4), (-neck, -6), (-side * 4 - 3, -17), (side * 14, -19), (side * 27, -4),
        (side * 33 + sway, 16), (side * 30 + sway, 37), (side * 22 + sway, 40), (side * 17 + sway, 24),
        (side * 15, 8), (neck, 4),
    ]  # fmt: skip
    if side == -1:
        skin = [(neck + 1, 4), (neck, -6), (1, -17), *skin[3:10], (-neck, 4)]
    body = stage.curve(skin, closed=True)
    tones = (mix(colour, _WHITE, 0.15), shade(colour, 0.85), shade(colour, 0.5))
    stage.paint(body, linear((0, -18), (0, 42), *tones), part=_PART)
    for k in range(3):
        fold = stage.curve(
            [
                (side * (4 + 5 * k), -12 + 2 * k),
                (side * (17 + 3 * k), -6 + 5 * k),
                (side * (21 + 3 * k) + sway, 20 + 3 * k),
            ]
        )
        stage.effect(fold, flat(shade(colour, 0.45 if k % 2 else 1.5), alpha=0.5, blur=0.8), line=1.6)


def _balloon(stage: Stage, colour: Rgb, radius: float, half: float) -> None:
    middle = -radius * 1.2
    skin = [
        (-half, 4), (-half, -4), (-radius * 0.62, middle + radius * 0.72), (-radius, middle),
        (-radius * 0.7, middle - radius * 0.74), (0, middle - radius * 1.04),
        (radius * 0.7, middle - radius * 0.74), (radius, middle),
        (radius * 0.62, middle + radius * 0.72), (half, -4), (half, 4),
    ]  # fmt: skip
    body = stage.curve(skin, closed=True)
    tones = (mix(colour, _WHITE, 0.5), colour, shade(colour, 0.5))
    stage.paint(body, radial((-radius * 0.35, middle - radius * 0.4), radius * 1.7, *tones), part=_PART)
    gloss(stage, body, -radius * 0.42, middle - radius * 0.45, radius * 0.16, radius * 0.26, alpha=0.75)
    if stage.is_picture:
        with stage.clipped(body):
            rim = stage.curve(
                [
                    (radius * 0.5, middle + radius * 0.7),
                    (radius * 0.86, middle + radius * 0.1),
                    (radius * 0.72, middle - radius * 0.5),
                ]
            )
            stage.effect(rim, flat(mix(colour, Rgb(255, 240, 220), 0.6), alpha=0.35, blur=2.5), line=3)


def _tube(stage: Stage, colour: Rgb, length: float, width: float) -> None:
    """Draws one finger that points up from the origin."""
    path = stage.rect(-width / 2, -length, width, length + width / 2, radius=width / 2)
    tones = (shade(colour, 1.05), mix(colour, _WHITE, 0.22), shade(colour, 0.62))
    stage.paint(path, linear((-width / 2, 0), (width / 2, 0), *tones), part=_PART)
    stage.effect(path, flat(shade(colour, 0.45), alpha=0.45), line=0.8)


def _limp_glove(stage: Stage, colour: Rgb, side: int, neck: float, sway: float) -> None:
    for k, (x, length) in enumerate(((19, 30), (25, 36), (31, 33), (36, 24))):
        with stage.moved(side * x, 6 - k, turn_deg=180 - side * (2 + 4 * k) + sway):
            _tube(stage, shade(colour, 0.8), length, 6.5)
    with stage.moved(side * 17, -4, turn_deg=180 + side * 22 + sway):
        _tube(stage, shade(colour, 0.7), 21, 6.5)
    skin: list[Point] = [
        (-side * (neck + 1), 4), (-side * neck, -6), (-side * 4, -15), (side * 14, -17), (side * 33, -8),
        (side * 40, 8), (side * 28, 13), (side * 16, 12), (side * (neck + 1), 4),
    ]  # fmt: skip
    body = stage.curve(skin, closed=True)
    tones = (mix(colour, _WHITE, 0.2), shade(colour, 0.9), shade(colour, 0.62))
    stage.paint(body, linear((0, -18), (0, 16), *tones), part=_PART)
    for k in range(3):
        fold = stage.curve([(side * (2 + 6 * k), -12), (side * (12 + 6 * k), -8 + 2 * k), (side * (18 + 6 * k), 8)])
        stage.effect(fold, flat(shade(colour, 0.45 if k % 2 else 1.5), alpha=0.45, blur=0.8), line=1.5)


def _glove(stage: Stage, colour: Rgb, filled: float, full: float, foot: float, side: int) -> None:
    width, high = full * (0.36 + 0.44 * filled), full * (0.72 + 0.56 * filled)
    thick, reach = full * (0.18 + 0.19 * filled), full * (0.55 + 0.47 * filled)
    droop = 62 * (1 - filled)
    with stage.moved(side * width * 0.8, -high * 0.48, turn_deg=side * (52 + droop)):
        _tube(stage, shade(colour, 0.9), reach * 0.78, thick * 1.1)
    for place, slant, length in _FINGERS:
        with stage.moved(place * 2.3 * width * 0.68, -high * 0.9, turn_deg=slant + side * droop):
            _tube(stage, colour, reach * length, thick)
    palm = stage.curve(
        [(-foot, 4), (-foot, -4), (-width * 0.9, -high * 0.4), (-width, -high * 0.75), (-width * 0.82, -high * 0.98),
         (0, -high * 1.04), (width * 0.82, -high * 0.98), (width, -high * 0.75), (width * 0.9, -high * 0.4),
         (foot, -4), (foot, 4)],
        closed=True,
    )  # fmt: skip
    tones = (mix(colour, _WHITE, 0.45), colour, shade(colour, 0.55))
    stage.paint(palm, radial((-width * 0.4, -high * 0.7), high * 1.1, *tones), part=_PART)
    gloss(stage, palm, -width * 0.45, -high * 0.7, width * 0.16, high * 0.16, alpha=0.7)


def _limp_bag(stage: Stage, colour: Rgb, side: int, neck: float, sway: float) -> None:
    skin: list[Point] = [
        (-side * (neck + 1), 4), (-side * neck, -7), (-side * 2, -14), (side * 18, -18), (side * 36, -9),
        (side * 45 + sway, 14), (side * 50 + sway, 38), (side * 36 + sway, 34), (side * 27 + sway, 44),
        (side * 19 + sway, 36), (side * 16, 14), (side * (neck + 1), 4),
    ]  # fmt: skip
    body = stage.polygon(skin)
    paper = mix(colour, _WHITE, 0.55)
    stage.paint(body, linear((0, -18), (side * 20, 44), shade(paper, 1.05), shade(paper, 0.66)), part=_PART)
    if stage.is_picture:
        with stage.clipped(body):
            for y in (14, 25):
                band = stage.polygon([(side * 8, y - 4), (side * 60, y + 4), (side * 60, y + 10), (side * 8, y + 2)])
                stage.effect(band, flat(colour, alpha=0.85))
    for k in range(4):
        fold = stage.polygon(
            [(side * (4 + 7 * k), -11), (side * (20 + 5 * k), 6 + 4 * (k % 2)), (side * (20 + 7 * k), 36)], closed=False
        )
        stage.effect(fold, flat(shade(paper, 0.5 if k % 2 else 1.4), alpha=0.5, blur=0.6), line=1.3)


def _bag(stage: Stage, colour: Rgb, filled: float, full: float, foot: float, side: int) -> None:
    width, high = full * (0.46 + 0.54 * filled), full * (1.15 + 1.0 * filled)
    # What air does not fill yet hangs over at the top.
    lean = side * full * 0.55 * (1 - filled)
    paper = mix(colour, _WHITE, 0.55)
    ear = width * 0.16
    body = stage.curve(
        [(-foot, 4), (-foot, -5), (-width * 0.86, -high * 0.24), (-width, -high * 0.56),
         (-width * 0.92 + lean * 0.6, -high * 0.9), (-width * 0.86 - ear + lean, -high * 1.03),
         (-width * 0.5 + lean, -high * 0.98), (width * 0.5 + lean, -high * 0.98),
         (width * 0.86 + ear + lean, -high * 1.03), (width * 0.92 + lean * 0.6, -high * 0.9), (width, -high * 0.56),
         (width * 0.86, -high * 0.24), (foot, -5), (foot, 4)],
        closed=True,
    )  # fmt: skip
    tones = (mix(paper, _WHITE, 0.6), paper, shade(paper, 0.58))
    stage.paint(body, radial((-width * 0.35, -high * 0.62), high * 0.95, *tones), part=_PART)
    if not stage.is_picture:
        return
    with stage.clipped(body):
        for share in (0.42, 0.62):
            y = -high * share
            band = stage.curve([(-width - 6, y - 4), (0, y + high * 0.05), (width + 6, y - 4)])
            stage.effect(band, flat(colour, alpha=0.85), line=high * 0.07)
        stage.effect(
            stage.oval(width * 0.85, -high * 0.5, width * 0.34, high * 0.5), flat(Rgb(40, 24, 20), alpha=0.28, blur=6)
        )
        for k in range(5):
            x = width * (k - 2) * 0.36
            crease = stage.polygon([(x * 0.4, -4), (x, -high * (0.16 + 0.04 * (k % 2)))], closed=False)
            stage.effect(crease, flat(shade(paper, 0.5), alpha=0.5, blur=0.6), line=1.2)
        seam = stage.polygon([(-width * 1.2 + lean, -high * 0.95), (width * 1.2 + lean, -high * 0.95)], closed=False)
        stage.effect(seam, flat(shade(paper, 0.6), alpha=0.6), line=1.2)
        shine = stage.oval(-width * 0.5, -high * 0.66, width * 0.12, high * 0.16)
        stage.effect(shine, flat(_WHITE, alpha=0.75, blur=2))
