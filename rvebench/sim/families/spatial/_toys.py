"""The toys of mirror-bear, seen from before and from behind; each stands or sits on its foot point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["Kind", "Toy", "draw_toy"]

Kind = Literal["bear", "doll", "penguin"]
_WHITE = Rgb(255, 255, 255)
_INK = Rgb.of("#2b1c16")
_SKIN = Rgb.of("#f0c9a4")
_BEAK = Rgb.of("#eb9a34")


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    """Which toy it is, and its colours."""

    kind: Kind
    fur: Rgb
    """Fur of the bear, hair of the doll, feathers of the penguin."""
    scarf: Rgb
    """Scarf, or the doll's dress."""


def draw_toy(stage: Stage, toy: Toy, x: float, y: float, nod: float, *, blink: bool, back: bool) -> None:
    """Draws the toy with its shadow.

    Args:
        stage: where to draw.
        toy: kind and colours.
        x: of its foot.
        y: of its foot.
        nod: -1..1, how its head leans.
        blink: whether its eyes are shut.
        back: from behind, as the mirror shows it.
    """
    stage.shadow(stage.oval(x + 2, y - 1, 44, 7), alpha=0.48, blur=3)
    with stage.moved(x, y):
        draw = {"bear": _bear, "doll": _doll, "penguin": _penguin}[toy.kind]
        draw(stage, toy, 1.6 * nod, 0.2 if blink else 1.0, "image" if back else "bear")


def _ball(stage: Stage, cx: float, cy: float, rx: float, ry: float, tone: Rgb, part: str) -> None:
    reach = max(rx, ry) * 1.75
    fill = radial((cx - rx * 0.3, cy - ry * 0.45), reach, shade(tone, 1.28), tone, shade(tone, 0.5))
    stage.paint(stage.oval(cx, cy, rx, ry), fill, part=part)


def _eyes(stage: Stage, hx: float, y: float, apart: float, lid: float, part: str) -> None:
    for side in (-1, 1):
        stage.paint(stage.oval(hx + side * apart, y, 3.2, 3.4 * lid), flat(Rgb.of("#1f1612")), part=part)
        stage.effect(stage.oval(hx + side * apart - 1, y - 1.2, 1), flat(_WHITE, alpha=0.9 * lid))


def _knot(stage: Stage, y: float, tone: Rgb, part: str) -> None:
    stage.paint(stage.oval(0, y, 5.5, 4.5), flat(shade(tone, 0.8)), part=part)
    for side in (-1, 1):
        end = stage.polygon([(0, y), (side * 11, y + 14), (side * 4, y + 16)])
        stage.paint(end, flat(shade(tone, 0.9)), part=part)


def _bear(stage: Stage, toy: Toy, hx: float, lid: float, part: str) -> None:
    fur, muzzle, back = toy.fur, mix(toy.fur, Rgb.of("#fff3dc"), 0.6), part == "image"
    if not back:
        _ball(stage, 0, -28, 27, 28, fur, part)
        _ball(stage, 0, -24, 17, 18, muzzle, part)
    for side in (-1, 1):
        if not back:
            _ball(stage, side * 26, -9, 15, 12, fur, part)
            _ball(stage, side * 27, -8, 8, 7.5, muzzle, part)
        _ball(stage, side * 28, -36, 9, 16, fur, part)
    if back:
        _ball(stage, 0, -28, 28, 29, fur, part)
        _ball(stage, 0, -9, 7, 6.5, shade(fur, 1.15), part)
        seam = stage.curve([(0, -54), (1, -36), (0, -17)])
        stage.effect(seam, flat(shade(fur, 0.55), alpha=0.8), line=1.2)
    for side in (-1, 1):
        _ball(stage, hx + side * 20, -94, 10.5, 10.5, fur, part)
        if not back:
            _ball(stage, hx + side * 20, -93, 6, 6, muzzle, part)
    _ball(stage, hx, -74, 28, 25, fur, part)
    stage.paint(stage.curve([(-20, -55), (0, -48), (20, -55)]), flat(toy.scarf), part=part, line=7.5)
    if back:
        _knot(stage, -50, toy.scarf, part)
        return
    _ball(stage, hx, -67, 12, 9.5, muzzle, part)
    stage.paint(stage.oval(hx, -71, 4.4, 3.2), flat(_INK), part=part)
    stage.paint(stage.curve([(hx - 5, -64), (hx, -61.5), (hx + 5, -64)]), flat(_INK), part=part, line=1.5)
    _eyes(stage, hx, -79, 11, lid, part)


def _doll(stage: Stage, toy: Toy, hx: float, lid: float, part: str) -> None:
    dress, hair, back = toy.scarf, toy.fur, part == "image"
    for side in (-1, 1):
        stage.paint(stage.rect(side * 9 - 5, -18, 10, 14), flat(Rgb.of("#f4efe6")), part=part)
        _ball(stage, side * 11, -3, 9, 5.5, Rgb.of("#3a2c2a"), part)
    for side in (-1, 1):
        arm = stage.curve([(side * 15, -62), (side * 30, -48), (side * 33, -31)])
        stage.paint(arm, flat(shade(dress, 0.82 if side > 0 else 1.05)), part=part, line=11)
        _ball(stage, side * 33, -29, 6, 6, _SKIN, part)
    skirt = stage.curve([(-13, -66), (-20, -44), (-37, -13), (-18, -8), (0, -7), (18, -8), (37, -13), (20, -44),
                         (13, -66), (0, -68)], closed=True)  # fmt: skip
    stage.paint(skirt, linear((-34, 0), (34, 0), shade(dress, 1.2), dress, shade(dress, 0.6)), part=part)
    with stage.clipped(skirt):
        for k in range(-3, 4):
            fold = stage.curve([(4 * k, -50), (8 * k, -30), (11 * k, -6)])
            stage.effect(fold, flat(shade(dress, 0.62), alpha=0.4), line=2)
        stage.effect(stage.curve([(-36, -15), (0, -9), (36, -15)]), flat(Rgb.of("#fff6ea"), alpha=0.9), line=4)
    if back:
        stage.paint(stage.curve([(-17, -48), (0, -45), (17, -48)]), flat(Rgb.of("#fff6ea")), part=part, line=4)
        for side in (-1, 1):
            loop = stage.curve([(0, -46), (side * 13, -54), (side * 15, -42)], closed=True)
            stage.paint(loop, flat(Rgb.of("#fff6ea")), part=part)
            end = stage.polygon([(0, -46), (side * 10, -25), (side * 4, -24)])
            stage.paint(end, flat(Rgb.of("#efe4d2")), part=part)
    else:
        apron = stage.curve([(-14, -48), (-19, -20), (0, -14), (19, -20), (14, -48)], closed=True)
        stage.paint(apron, linear((0, -48), (0, -14), Rgb.of("#fffaf0"), Rgb.of("#e6dac6")), part=part)
        _ball(stage, 0, -29, 5, 5, dress, part)
    _ball(stage, hx, -84, 24, 22, hair if back else _SKIN, part)
    if back:
        for k in range(-4, 5):
            strand = stage.curve([(hx + 1.5 * k, -106), (hx + 5.5 * k, -88), (hx + 4.5 * k, -66)])
            stage.effect(strand, flat(shade(hair, 0.62 if k % 2 else 1.25), alpha=0.5), line=1.6)
        parting = stage.polygon([(hx, -106), (hx, -64)], closed=False)
        stage.effect(parting, flat(shade(hair, 0.45), alpha=0.7), line=1.2)
    else:
        fringe = stage.curve([(hx - 25, -80), (hx - 22, -101), (hx, -108), (hx + 22, -101), (hx + 25, -80),
                              (hx + 15, -92), (hx, -95), (hx - 15, -92)], closed=True)  # fmt: skip
        stage.paint(fringe, radial((hx - 8, -104), 36, shade(hair, 1.3), hair, shade(hair, 0.6)), part=part)
        for side in (-1, 1):
            stage.effect(stage.oval(hx + side * 14, -76, 5, 3.6), flat(Rgb.of("#e8796a"), alpha=0.5, blur=1.2))
        stage.paint(
            stage.curve([(hx - 6, -73), (hx, -69.5), (hx + 6, -73)]), flat(Rgb.of("#b2403c")), part=part, line=1.9
        )
        _eyes(stage, hx, -83, 9, lid, part)
    for side in (-1, 1):
        for k in range(4):
            _ball(stage, hx + side * (25 + 1.2 * k), -76 + 8.5 * k, 6.2, 5.8, hair, part)
        _ball(stage, hx + side * 29, -44, 5, 3.6, dress, part)


def _penguin(stage: Stage, toy: Toy, hx: float, lid: float, part: str) -> None:
    coat, back = mix(toy.fur, Rgb.of("#26324a"), 0.78), part == "image"
    pale = Rgb.of("#f6f3ea")
    for side in (-1, 1):
        foot = stage.oval(side * 13, -2 if not back else -3, 12, 5)
        stage.paint(foot, linear((0, -7), (0, 3), _BEAK, shade(_BEAK, 0.65)), part=part)
    if back:
        tail = stage.polygon([(-11, -12), (11, -12), (0, 2)])
        stage.paint(tail, flat(shade(coat, 0.7)), part=part)
    _ball(stage, 0, -38, 32, 38, coat, part)
    if not back:
        _ball(stage, 0, -33, 22, 30, pale, part)
    for side in (-1, 1):
        wing = stage.curve([(side * 26, -62), (side * 40, -40), (side * 41, -20), (side * 31, -26), (side * 25, -42)],
                           closed=True)  # fmt: skip
        stage.paint(wing, linear((0, -62), (0, -20), shade(coat, 1.2), shade(coat, 0.6)), part=part)
    _ball(stage, hx, -82, 25, 23, coat, part)
    band = stage.curve([(-24, -62), (0, -55), (24, -62)])
    if back:
        stage.effect(stage.oval(hx - 8, -92, 8, 6), flat(_WHITE, alpha=0.16, blur=3))
        stage.paint(band, flat(toy.scarf), part=part, line=8.5)
        _knot(stage, -56, toy.scarf, part)
        return
    for side in (-1, 1):
        _ball(stage, hx + side * 8.5, -82, 11, 14, pale, part)
    stage.paint(band, flat(toy.scarf), part=part, line=8.5)
    tuft = stage.polygon([(12, -58), (24, -56), (23, -34), (13, -36)])
    stage.paint(tuft, linear((0, -58), (0, -34), toy.scarf, shade(toy.scarf, 0.75)), part=part)
    beak = stage.polygon([(hx - 7, -79), (hx + 7, -79), (hx, -68)])
    stage.paint(beak, linear((0, -79), (0, -68), mix(_BEAK, _WHITE, 0.3), shade(_BEAK, 0.8)), part=part)
    _eyes(stage, hx, -86, 9, lid, part)
