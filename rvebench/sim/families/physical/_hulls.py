"""Vessels that take crates aboard: a freighter, a raft on barrels, a sailing boat; and the crates."""

from __future__ import annotations

from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["CRATE", "HULLS", "Hull", "draw_crate", "draw_hull", "hull_colour"]

CRATE = 25.0
"""Side of a crate."""
Hull = Literal["freighter", "raft", "sailing-boat"]
HULLS: tuple[Hull, ...] = ("freighter", "raft", "sailing-boat")

_DECKS: dict[Hull, float] = {"freighter": -46.0, "raft": -35.0, "sailing-boat": -43.0}
"""Where the crates stand; the water is at 0 when nothing is aboard."""
_CRATES = (Rgb.of("#d9903a"), Rgb.of("#3f9aa8"), Rgb.of("#c24d3f"), Rgb.of("#d8b23c"), Rgb.of("#6f9a4a"))
_PAINTS: dict[Hull, tuple[Rgb, ...]] = {
    "freighter": (Rgb.of("#2f5f8a"), Rgb.of("#2e6e5c"), Rgb.of("#54586a"), Rgb.of("#7a3f6a")),
    "raft": (Rgb.of("#3a78b0"), Rgb.of("#c8573a"), Rgb.of("#d8a52e"), Rgb.of("#3f8a68")),
    "sailing-boat": (Rgb.of("#9a5f34"), Rgb.of("#7c4a2c"), Rgb.of("#b07a3e"), Rgb.of("#86503f")),
}
_WHITE = Rgb.of("#f4efe4")


def hull_colour(hull: Hull, paint: int) -> Rgb:
    """Returns the colour of a hull's side, or of a raft's barrels."""
    return _PAINTS[hull][paint]


def draw_hull(stage: Stage, hull: Hull, paint: int, tint: int, aboard: int) -> None:
    """Draws a vessel about its waterline when empty, stern left and bow right, with crates on it; part `boat`.

    Args:
        stage: what is drawn on.
        hull: which vessel.
        paint: chooses its colour, 0..3.
        tint: chooses the colours of the crates.
        aboard: how many crates.
    """
    colour = hull_colour(hull, paint)
    if hull == "freighter":
        _freighter(stage, colour)
    elif hull == "raft":
        _raft(stage, colour)
    else:
        _sailing_boat(stage, colour)
    for k in range(aboard):
        row, place = (0, k) if k < 4 else (1, k - 4)
        draw_crate(stage, -58 + 27.5 * place + 13.5 * row, _DECKS[hull] - 1 - CRATE * row, tint + 2 * k)


def draw_crate(stage: Stage, x: float, y: float, colour: int) -> None:
    """Draws a crate standing on (x, y); part `crates`."""
    paint = _CRATES[colour % len(_CRATES)]
    box = stage.rect(x - CRATE / 2, y - CRATE, CRATE, CRATE, radius=1.5)
    stage.paint(box, linear((x - 13, y - CRATE), (x + 13, y), shade(paint, 1.2), shade(paint, 0.66)), part="crates")
    dark = flat(shade(paint, 0.5), alpha=0.8)
    for k in (-0.3, 0, 0.3):
        stage.effect(stage.rect(x + k * CRATE - 0.7, y - CRATE + 4, 1.4, CRATE - 8), dark)
    frame = stage.rect(x - 11, y - CRATE + 1.5, 22, 21.5, radius=1)
    stage.effect(frame, flat(shade(paint, 1.35), alpha=0.8), line=1.6)


def _freighter(stage: Stage, paint: Rgb) -> None:
    deck, red = _DECKS["freighter"], Rgb.of("#b8352c")
    hull = stage.curve(
        [(-138, deck - 6), (-136, -10), (-126, 20), (-60, 30), (60, 30), (112, 22), (134, -12), (150, deck - 18),
         (120, deck - 4), (40, deck), (-60, deck), (-120, deck - 2)],
        closed=True,
    )  # fmt: skip
    stage.paint(hull, linear((0, deck - 10), (0, 4), shade(paint, 1.25), shade(paint, 0.72)), part="boat")
    with stage.clipped(hull):
        stage.paint(stage.rect(-160, -20, 330, 80), linear((0, -20), (0, 4), red, shade(red, 0.7)), part="boat")
        stage.paint(stage.rect(-160, -23, 330, 4.5), flat(_WHITE), part="boat")
        stage.shadow(stage.rect(-160, deck + 3, 330, 5), alpha=0.25, blur=2)
        for k in range(4):
            port = -88 + 46 * k
            stage.paint(stage.oval(port, deck + 13, 4.6), flat(Rgb.of("#d8c58a")), part="boat")
            stage.paint(stage.oval(port, deck + 13, 3.1), flat(Rgb.of("#22303c")), part="boat")
    rail = stage.curve([(-138, deck - 6), (-120, deck - 2), (-60, deck), (40, deck), (120, deck - 4), (150, deck - 18)])
    stage.paint(rail, flat(_WHITE), part="boat", line=3)
    _cabin(stage, deck, paint)


def _cabin(stage: Stage, deck: float, paint: Rgb) -> None:
    white = Rgb.of("#f3f0e8")
    house = stage.rect(-122, deck - 48, 46, 48, radius=3)
    stage.paint(house, linear((-122, 0), (-76, 0), white, shade(white, 0.72)), part="boat")
    bridge = stage.rect(-118, deck - 70, 36, 24, radius=3)
    stage.paint(bridge, linear((-118, 0), (-82, 0), white, shade(white, 0.75)), part="boat")
    stage.paint(stage.rect(-122, deck - 73, 44, 5, radius=2), flat(shade(paint, 1.1)), part="boat")
    for k in range(3):
        pane = stage.rect(-114 + 10.5 * k, deck - 64, 8, 9, radius=1.5)
        stage.paint(pane, linear((0, deck - 64), (0, deck - 55), Rgb.of("#b5dcea"), Rgb.of("#4f8098")), part="boat")
    for k in range(2):
        stage.paint(stage.oval(-110 + 20 * k, deck - 28, 5), flat(Rgb.of("#4f8098")), part="boat")
    funnel = stage.polygon([(-110, deck - 73), (-94, deck - 73), (-96, deck - 96), (-108, deck - 96)])
    stage.paint(funnel, linear((-110, 0), (-94, 0), Rgb.of("#d24a3c"), Rgb.of("#8a2c24")), part="boat")
    stage.paint(stage.rect(-108.6, deck - 89, 13.4, 5), flat(white), part="boat")
    stage.paint(stage.rect(84, deck - 58, 3, 58), flat(Rgb.of("#c9a45c")), part="boat")
    flag = stage.polygon([(87, deck - 58), (110, deck - 51), (87, deck - 44)])
    stage.paint(flag, flat(Rgb.of("#f0c242")), part="boat")


def _raft(stage: Stage, paint: Rgb) -> None:
    deck, wood = _DECKS["raft"], Rgb.of("#b98a56")
    for k in range(6):
        x = -105 + 42 * k
        end = stage.oval(x, 1, 20, 25)
        stage.paint(end, radial((x - 7, -9), 36, mix(paint, _WHITE, 0.45), paint, shade(paint, 0.45)), part="boat")
        stage.effect(stage.oval(x, 1, 16, 20.5), flat(shade(paint, 0.5), alpha=0.7), line=1.4)
        stage.effect(stage.oval(x, -13, 3.2, 2.4), flat(shade(paint, 0.4)))
        stage.effect(stage.oval(x - 8, -10, 3, 5), flat(Rgb(255, 255, 255), alpha=0.45, blur=1.5))
    stage.shadow(stage.rect(-134, deck + 10, 268, 7), alpha=0.45, blur=2.5)
    plank = stage.rect(-138, deck, 276, 11, radius=3)
    stage.paint(plank, linear((0, deck), (0, deck + 11), shade(wood, 1.25), shade(wood, 0.6)), part="boat")
    for k in range(14):
        stage.effect(stage.oval(-128 + 19.7 * k, deck + 5.5, 8.4, 4.6), flat(shade(wood, 0.55), alpha=0.75), line=1)
        stage.effect(stage.oval(-128 + 19.7 * k, deck + 5.5, 4, 2.2), flat(shade(wood, 0.55), alpha=0.5), line=0.8)
    roof, cloth = deck - 50, Rgb.of("#e6d9bc")
    for x in (-128, -84):
        stage.paint(stage.rect(x, roof, 4, 50), flat(Rgb.of("#8a6238")), part="boat")
    tent = stage.polygon([(-134, roof + 4), (-104, roof - 16), (-74, roof + 4)])
    stage.paint(tent, linear((-134, 0), (-74, 0), cloth, shade(cloth, 0.72)), part="boat")
    back = stage.polygon([(-123, roof + 4), (-85, roof + 4), (-85, deck - 4), (-123, deck - 4)])
    stage.paint(back, linear((0, roof), (0, deck), shade(cloth, 0.72), shade(cloth, 0.5)), part="boat")
    stage.paint(stage.rect(98, deck - 74, 4, 74), flat(Rgb.of("#8a6238")), part="boat")
    flag = stage.curve(
        [(102, deck - 73), (114, deck - 70), (128, deck - 72), (126, deck - 56), (114, deck - 55), (102, deck - 57)],
        closed=True,
    )
    stage.paint(flag, linear((102, 0), (128, 0), paint, shade(paint, 0.75)), part="boat")
    stage.paint(
        stage.polygon([(126, deck), (150, deck + 28)], closed=False), flat(Rgb.of("#d8c49a")), part="boat", line=1.6
    )


def _sailing_boat(stage: Stage, paint: Rgb) -> None:
    deck, green = _DECKS["sailing-boat"], Rgb.of("#2f7d63")
    hull = stage.curve(
        [(-140, deck - 14), (-132, -16), (-112, 12), (-60, 30), (50, 30), (104, 14), (132, -18), (148, deck - 22),
         (112, deck - 4), (50, deck), (-60, deck), (-112, deck - 3)],
        closed=True,
    )  # fmt: skip
    stage.paint(hull, linear((0, deck - 10), (0, 4), shade(paint, 1.3), shade(paint, 0.75)), part="boat")
    with stage.clipped(hull):
        for k in range(4):
            sag = deck + 5 + 6 * k
            seam = stage.curve(
                [(-150, sag - 12), (-100, sag - 1), (-30, sag + 1), (50, sag + 1), (110, sag - 2), (156, sag - 18)]
            )
            stage.effect(seam, flat(shade(paint, 0.5), alpha=0.65), line=1.2)
        stage.paint(stage.rect(-160, -18, 330, 80), linear((0, -18), (0, 4), green, shade(green, 0.6)), part="boat")
        stage.paint(stage.rect(-160, -21, 330, 4.5), flat(_WHITE), part="boat")
    rail = stage.curve(
        [(-140, deck - 14), (-112, deck - 3), (-60, deck), (50, deck), (112, deck - 4), (148, deck - 22)]
    )
    stage.paint(rail, flat(shade(paint, 0.55)), part="boat", line=3.4)
    # Forward of the crates, the sail furled along the boom above them.
    spar, top = Rgb.of("#c79a5c"), -168.0
    for end in ((-134, deck - 12), (144, deck - 20)):
        stage.paint(stage.polygon([(66, top + 4), end], closed=False), flat(Rgb.of("#5c5348")), part="boat", line=0.9)
    mast = stage.rect(63.5, top, 5, -top + deck)
    stage.paint(mast, linear((63, 0), (69, 0), shade(spar, 1.2), shade(spar, 0.6)), part="boat")
    boom = deck - 66
    cloth = stage.curve(
        [
            (62, boom - 13),
            (20, boom - 12),
            (-30, boom - 9),
            (-74, boom - 4),
            (-74, boom + 2),
            (-10, boom + 3),
            (62, boom + 3),
        ],
        closed=True,
    )
    stage.paint(cloth, linear((0, boom - 13), (0, boom + 3), _WHITE, shade(_WHITE, 0.66)), part="boat")
    for k in range(6):
        tie = stage.rect(50 - 22 * k, boom - 13 + 1.3 * k, 2, 16 - 1.5 * k)
        stage.effect(tie, flat(Rgb.of("#8a5a3c")))
    stage.paint(stage.rect(-84, boom + 1, 152, 3.6, radius=1.5), flat(shade(spar, 0.8)), part="boat")
    pennant = stage.polygon([(66, top), (66, top + 12), (40, top + 7)])
    stage.paint(pennant, flat(Rgb.of("#d8483c")), part="boat")
    house = stage.rect(-112, deck - 22, 36, 22, radius=4)
    stage.paint(house, linear((-112, 0), (-76, 0), _WHITE, shade(_WHITE, 0.7)), part="boat")
    for k in range(2):
        stage.paint(stage.oval(-102 + 16 * k, deck - 12, 4.4), flat(Rgb.of("#4f8098")), part="boat")
