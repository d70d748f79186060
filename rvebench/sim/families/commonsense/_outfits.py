"""What one puts on for the weather, as it hangs in the hall and as it is worn."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._hall import HOOKS
from rvebench.sim.families.emotional._people import Look, Pose
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["Outfit", "draw_hanging", "draw_worn", "draw_worn_behind", "worn_by"]

Outfit = Literal["raincoat", "swimsuit", "winter-coat"]
_RING_Y = -43.0


def worn_by(look: Look, outfit: Outfit, main: Rgb, extra: Rgb, *, dressed: bool, extras: bool) -> Look:
    """Returns a person with the garment and its extras on, as far as clothes of a look go."""
    if dressed:
        bare = replace(look, top=look.skin, legs=look.skin)
        look = bare if outfit == "swimsuit" else replace(look, coat=main)
    if extras and outfit == "winter-coat":
        look = replace(look, scarf=extra, cap=extra)
    return look


def draw_worn_behind(stage: Stage, outfit: Outfit, extra: Rgb, *, extras: bool) -> None:
    """Draws what is behind the person who wears it, in the person's frame."""
    if outfit == "swimsuit" and extras:
        stage.paint(stage.oval(0, _RING_Y, 20, 6.5), flat(shade(extra, 0.7)), part="garments", line=9)


def draw_worn(stage: Stage, outfit: Outfit, main: Rgb, extra: Rgb, pose: Pose, *, dressed: bool, extras: bool) -> None:
    """Draws what a look does not know, before the person, in the person's frame."""
    if outfit == "swimsuit":
        if dressed:
            with stage.moved(0, -38, turn_deg=pose.lean_deg), stage.moved(0, 38):
                _suit(stage, main, extra)
        if extras:
            ring = stage.curve([(-20, _RING_Y), (-17, _RING_Y + 4), (-9, _RING_Y + 6.4), (0, _RING_Y + 7),
                                (9, _RING_Y + 6.4), (17, _RING_Y + 4), (20, _RING_Y)])  # fmt: skip
            stage.paint(ring, flat(extra), part="garments", line=9)
            for x in (-14.5, -5, 5, 14.5):
                y = _RING_Y + 7 * (1 - (x / 20) ** 2) ** 0.5
                stage.paint(stage.oval(x, y, 2.2), flat(Rgb(252, 248, 238)), part="garments")
            stage.effect(stage.curve([(-15, _RING_Y + 2), (0, _RING_Y + 4.6), (12, _RING_Y + 3)]),
                         flat(Rgb(255, 255, 255), alpha=0.35, blur=0.8), line=1.8)  # fmt: skip
    if outfit == "raincoat" and extras:
        for side in (-1, 1):
            _boot(stage, extra, pose, side)
    if extras and outfit != "winter-coat":
        with stage.moved(2.5 * pose.turn, -97, turn_deg=pose.lean_deg + pose.tilt_deg):
            _hat(stage, extra if outfit == "raincoat" else Rgb.of("#ecca84"), main, "garments")


def _suit(stage: Stage, main: Rgb, extra: Rgb) -> None:
    cloth = stage.curve(
        [(-8.6, -65.5), (-7.4, -56), (-10.4, -50), (-10.8, -40), (-11, -35), (-4.5, -31), (0, -30.2), (4.5, -31),
         (11, -35), (10.8, -40), (10.4, -50), (7.4, -56), (8.6, -65.5), (5.6, -65.5), (0, -57), (-5.6, -65.5)],
        closed=True,
    )  # fmt: skip
    stage.paint(cloth, linear((-11, 0), (11, 0), shade(main, 1.12), main, shade(main, 0.7)), part="garments")
    with stage.clipped(cloth):
        for row in range(3):
            stage.paint(stage.rect(-13, -54 + 8 * row, 26, 3.2), flat(mix(extra, Rgb(255, 255, 255), 0.5)),
                        part="garments")  # fmt: skip


def _boot(stage: Stage, colour: Rgb, pose: Pose, side: int) -> None:
    # The legs of `_people`: the foot swings with the stride and lifts a little when it is ahead.
    swing = side * pose.stride
    shin = (side * 5.5 + 6.5 * swing, -19.0)
    foot = (side * 5.5 + 11 * swing, -3.0 - 3.0 * max(0.0, swing) * abs(pose.stride))
    toe = pose.turn if abs(pose.turn) > 0.3 else side * 0.5
    tone = colour if side > 0 else shade(colour, 0.86)
    stage.paint(stage.oval(foot[0] + 2.8 * toe, foot[1] + 0.8, 6.8, 3.4), flat(shade(tone, 0.92)), part="garments")
    stage.paint(stage.curve([shin, foot]), flat(tone), part="garments", line=10)
    gloss = stage.polygon([(shin[0] - 2, shin[1] + 3), (foot[0] - 2, foot[1] - 5)], closed=False)
    stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.4, blur=0.6), line=1.4)


def _hat(stage: Stage, colour: Rgb, band: Rgb, part: str) -> None:
    """A hat with a brim, its brim's middle at (0, 0)."""
    stage.paint(stage.oval(0, 1, 22, 5), linear((-22, 0), (22, 0), shade(colour, 0.95), shade(colour, 0.66)), part=part)
    dome = stage.curve([(-13.4, 1), (-12, -9), (-5, -14.5), (5, -14.5), (12, -9), (13.4, 1)], closed=True)
    stage.paint(dome, linear((-13, 0), (13, 0), shade(colour, 1.14), shade(colour, 0.76)), part=part)
    stage.paint(stage.rect(-13.2, -4.5, 26.4, 4.4, radius=1.5), flat(band), part=part)
    stage.effect(stage.oval(-5, -9, 3.4, 2.2), flat(Rgb(255, 255, 255), alpha=0.35, blur=1))


def draw_hanging(stage: Stage, outfit: Outfit, main: Rgb, extra: Rgb, rail: float) -> None:
    """Draws what hangs on the hooks of a rail whose middle is at x `rail`; meant for a static layer."""
    if outfit == "swimsuit":
        _hanging_beach(stage, main, extra, rail)
        return
    _hanging_coat(stage, main, rail + HOOKS[0], hood=outfit == "raincoat")
    if outfit == "winter-coat":
        _hanging_knits(stage, extra, rail)
        return
    with stage.moved(rail + HOOKS[2], 82, scale=1.35):
        with stage.moved(3, 3):
            stage.shadow(stage.oval(0, -3, 20, 8), alpha=0.3, blur=3)
        _hat(stage, extra, main, "garments")
    x, y = rail + 20, 231.0
    stage.shadow(stage.oval(x + 4, y, 26, 5), alpha=0.4, blur=3)
    for boot in (0, 1):
        at, tone = x - 12 + 20 * boot, shade(extra, 1 - 0.1 * boot)
        shape = stage.polygon([(at - 7, y - 36), (at + 7, y - 36), (at + 7, y - 11), (at + 15, y - 7), (at + 16, y),
                               (at - 7, y)])  # fmt: skip
        stage.paint(
            shape, linear((at - 7, 0), (at + 15, 0), shade(tone, 1.15), tone, shade(tone, 0.7)), part="garments"
        )
        stage.paint(stage.rect(at - 8, y - 3, 25, 4, radius=1.5), flat(shade(tone, 0.5)), part="garments")
        stage.paint(stage.rect(at - 8, y - 38, 16, 5, radius=2), flat(shade(tone, 0.8)), part="garments")
        stage.effect(stage.rect(at - 4, y - 32, 2.4, 22, radius=1), flat(Rgb(255, 255, 255), alpha=0.5, blur=0.8))


def _hanging_coat(stage: Stage, tone: Rgb, x: float, *, hood: bool) -> None:
    coat = stage.curve(
        [(x - 4, 58), (x - 20, 68), (x - 25, 100), (x - 26, 160), (x, 163), (x + 26, 160), (x + 25, 100), (x + 20, 68),
         (x + 4, 58)],
        closed=True,
    )  # fmt: skip
    with stage.moved(5, 5):
        stage.shadow(coat, alpha=0.35, blur=4)
    fill = linear((x - 26, 0), (x + 26, 0), shade(tone, 1.15), tone, shade(tone, 0.65))
    stage.paint(coat, fill, part="garments")
    for arm in (-1, 1):
        sleeve = stage.curve([(x + arm * 18, 72), (x + arm * 25, 100), (x + arm * 25, 132)])
        stage.paint(sleeve, flat(shade(tone, 0.82)), part="garments", line=11)
    stage.effect(stage.polygon([(x, 62), (x, 161)], closed=False), flat(shade(tone, 0.5)), line=1.4)
    for button in range(4):
        stage.paint(stage.oval(x + 5, 82 + 19 * button, 2.2), flat(shade(tone, 0.42)), part="garments")
    if hood:
        shape = stage.curve([(x, 54), (x - 14, 64), (x - 11, 80), (x, 86), (x + 11, 80), (x + 14, 64)], closed=True)
        stage.paint(shape, linear((x - 14, 0), (x + 14, 0), shade(tone, 1.1), shade(tone, 0.7)), part="garments")
        stage.effect(shape, flat(shade(tone, 0.5)), line=1)
        for gleam in (-17, 12):
            shine = stage.curve([(x + gleam, 92), (x + gleam - 1, 120), (x + gleam, 150)])
            stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.4, blur=1.2), line=2.6)


def _hanging_knits(stage: Stage, knit: Rgb, rail: float) -> None:
    for tail, long in ((0, 132), (8, 114)):
        x = rail + tail
        strip = stage.rect(x, 54, 10, long - 54, radius=2)
        stage.paint(strip, linear((x, 0), (x + 10, 0), shade(knit, 1.1), shade(knit, 0.72)), part="garments")
        for row in range(3):
            stage.paint(stage.rect(x, long - 8 - 9 * row, 10, 3.4), flat(Rgb.of("#f6f0e2")), part="garments")
    x = rail + HOOKS[2]
    dome = stage.curve([(x - 17, 84), (x - 15, 68), (x, 58), (x + 15, 68), (x + 17, 84)], closed=True)
    stage.paint(dome, linear((x - 17, 0), (x + 17, 0), shade(knit, 1.12), shade(knit, 0.7)), part="garments")
    stage.paint(stage.rect(x - 19, 80, 38, 8, radius=4), flat(shade(knit, 0.82)), part="garments")
    stage.paint(stage.oval(x, 57, 6), flat(mix(knit, Rgb(255, 255, 255), 0.6)), part="garments")


def _hanging_beach(stage: Stage, main: Rgb, extra: Rgb, rail: float) -> None:
    x, y = rail + HOOKS[0], 92.0
    with stage.moved(4, 4):
        stage.shadow(stage.oval(x, y, 26), alpha=0.3, blur=4)
    stage.paint(stage.oval(x, y, 24), flat(shade(extra, 0.75)), part="garments", line=17)
    stage.paint(stage.oval(x - 0.6, y - 0.8, 24), flat(extra), part="garments", line=14)
    for index, (dx, dy) in enumerate(
        ((17, 17), (-17, 17), (-17, -17), (17, -17), (24, 0), (-24, 0), (0, 24), (0, -24))
    ):
        stage.paint(stage.oval(x + dx, y + dy, 3.4 - 0.6 * (index // 4)), flat(Rgb(252, 248, 238)), part="garments")
    stage.effect(stage.curve([(x - 25, y - 8), (x - 18, y - 20), (x - 6, y - 27)]),
                 flat(Rgb(255, 255, 255), alpha=0.45, blur=1.2), line=3)  # fmt: skip
    with stage.moved(rail + HOOKS[1], 168, scale=1.62):
        with stage.moved(2, 2):
            stage.shadow(stage.rect(-9, -60, 18, 30, radius=4), alpha=0.3, blur=2)
        for strap in (-1, 1):
            loop = stage.polygon([(strap * 6.8, -64), (0, -70)], closed=False)
            stage.paint(loop, flat(main), part="garments", line=1.6)
        _suit(stage, main, extra)
    with stage.moved(rail + HOOKS[2], 82, scale=1.35):
        with stage.moved(3, 3):
            stage.shadow(stage.oval(0, -3, 20, 8), alpha=0.3, blur=3)
        _hat(stage, Rgb.of("#ecca84"), main, "garments")
