"""Things on a shelf with an animal in each: a goldfish bowl, a birdcage, a glass dome. They stand on (0, 0)."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["THINGS", "Thing", "paint_thing"]

Thing = Literal["bowl", "cage", "dome"]
THINGS: tuple[Thing, ...] = ("bowl", "cage", "dome")


def paint_thing(stage: Stage, thing: Thing, colour: Rgb, time_s: float, phase: float) -> None:
    """Draws one of them; `colour` is that of its animal."""
    {"bowl": _bowl, "cage": _cage, "dome": _dome}[thing](stage, colour, time_s, phase)


def _dome(stage: Stage, colour: Rgb, now: float, phase: float) -> None:
    """A glass dome over a plant, with a butterfly that flutters about its flowers."""
    stage.shadow(stage.oval(16, 2, 46, 7), alpha=0.45, blur=4)
    stage.effect(stage.oval(24, 3, 24, 3), flat(Rgb(255, 244, 214), alpha=0.4, blur=2))
    wood = Rgb.of("#7a5236")
    for y, wide, tone in ((-1.0, 44.0, 0.8), (-6.0, 41.0, 1.1)):
        base = stage.rect(-wide, y - 5, 2 * wide, 8, radius=3)
        stage.paint(base, linear((-wide, 0), (wide, 0), shade(wood, 1.25 * tone), shade(wood, 0.6 * tone)), part="dome")
    glass = stage.curve(
        [(-36, -11), (-37, -50), (-34, -72), (-21, -90), (0, -97), (21, -90), (34, -72), (37, -50), (36, -11)]
    )
    stage.effect(glass, linear((-36, 0), (36, 0), WHITE, Rgb.of("#dcecf0"), WHITE, alpha=0.2))
    moss = stage.curve([(-31, -10), (-24, -17), (-8, -20), (10, -18), (25, -16), (32, -10)], closed=True)
    stage.paint(moss, linear((0, -20), (0, -9), Rgb.of("#7fa04a"), Rgb.of("#48662f")), part="dome")
    stage.textured(moss, "grass", strength=0.3, seed=7)
    stage.paint(
        stage.oval(-20, -14, 6, 4.4), linear((0, -18), (0, -9), Rgb.of("#b9b2a8"), Rgb.of("#7f786f")), part="dome"
    )
    blooms = ((-15.0, -47.0), (3.0, -61.0), (19.0, -43.0))
    for index, (x, y) in enumerate(blooms):
        sway = 1.2 * math.sin(now * 1.7 + index * 2)
        stalk = stage.curve([(x * 0.5, -16), (x * 0.7 - 2, (y - 16) / 2), (x + sway, y)])
        stage.paint(stalk, flat(Rgb.of("#4f7f3a")), part="dome", line=2)
        for side in (-1, 1):
            with stage.moved(x * 0.66, (y - 16) / 2 + 3 * side, turn_deg=side * 38 - 90 * (side < 0)):
                leaf = stage.curve([(0, 0), (6, -3), (13, 0), (6, 3)], closed=True)
                stage.paint(leaf, linear((0, -3), (0, 3), Rgb.of("#83b456"), Rgb.of("#477034")), part="dome")
        for petal in range(6):
            turn = petal * math.pi / 3 + index
            spot = stage.oval(x + sway + 4.6 * math.cos(turn), y + 4.6 * math.sin(turn), 4)
            stage.paint(spot, flat(shade(Rgb.of("#f4eef6"), 0.84 + 0.03 * petal)), part="dome")
        stage.paint(stage.oval(x + sway, y, 2.8), flat(Rgb.of("#f2c23a")), part="dome")
    turn = now * 1.3 + phase
    x, y = 12 * math.sin(turn), -70 + 8 * math.sin(2 * turn) + 1.6 * math.sin(now * 9)
    with stage.moved(x, y, turn_deg=14 * math.cos(turn)):
        _butterfly(stage, colour, now)
    stage.effect(glass, flat(Rgb.of("#f2fbfd"), alpha=0.8), line=1.5)
    stage.paint(stage.oval(0, -101, 4.6), linear((0, -105), (0, -96), WHITE, Rgb.of("#b4ccd4")), part="dome")
    stage.effect(stage.curve([(-28, -76), (-32, -56), (-31, -24)]), flat(WHITE, alpha=0.7, blur=0.8), line=3)
    stage.effect(stage.curve([(27, -70), (30, -52), (29, -34)]), flat(WHITE, alpha=0.35, blur=0.8), line=2)


def _butterfly(stage: Stage, colour: Rgb, now: float) -> None:
    beat = 0.5 + 0.42 * math.sin(now * 8)
    for side in (-1, 1):
        with stage.moved(0, 0, scale=side * (1 - 0.72 * beat), scale_y=1):
            low = stage.curve([(0, 0), (8, 1), (13, 7), (9, 13), (3, 8)], closed=True)
            stage.paint(low, linear((0, 0), (12, 12), shade(colour, 0.95), shade(colour, 0.6)), part="butterfly")
            high = stage.curve([(0, 0), (3, -10), (13, -16), (18, -11), (14, -2), (6, 1)], closed=True)
            stage.paint(high, linear((0, 0), (16, -12), mix(colour, WHITE, 0.35), colour), part="butterfly")
            stage.effect(high, flat(Rgb.of("#2a1d18")), line=1.5)
            stage.effect(low, flat(Rgb.of("#2a1d18")), line=1.1)
            stage.paint(stage.oval(12, -9.6, 2.3), flat(Rgb.of("#2a1d18")), part="butterfly")
            stage.effect(stage.oval(12.6, -10.2, 0.8), flat(WHITE))
            stage.paint(stage.oval(8.6, 7, 1.6), flat(mix(colour, WHITE, 0.7)), part="butterfly")
    stage.paint(stage.rect(-1.3, -6, 2.6, 15, radius=1.3), flat(Rgb.of("#2a1d18")), part="butterfly")
    stage.paint(stage.oval(0, -7, 1.9), flat(Rgb.of("#2a1d18")), part="butterfly")
    for side in (-1, 1):
        feeler = stage.curve([(0, -8), (side * 2.4, -12), (side * 4.6, -14)])
        stage.paint(feeler, flat(Rgb.of("#2a1d18")), part="butterfly", line=0.7)


def _bowl(stage: Stage, colour: Rgb, now: float, phase: float) -> None:
    time = now + phase
    stage.shadow(stage.oval(14, 2, 46, 7), alpha=0.5, blur=4)
    stage.effect(stage.oval(20, 3, 22, 3), flat(Rgb(255, 240, 200), alpha=0.5, blur=2))
    globe = stage.curve(
        [
            (-26, -80),
            (-42, -62),
            (-50, -38),
            (-42, -10),
            (-22, 2),
            (22, 2),
            (42, -10),
            (50, -38),
            (42, -62),
            (26, -80),
        ]
    )
    stage.paint(globe, linear((0, -80), (0, 2), Rgb.of("#e6f4f8"), Rgb.of("#c6e2ea"), alpha=0.45), part="bowl")
    with stage.clipped(globe):
        water = stage.rect(-60, -62, 120, 70)
        stage.paint(water, linear((0, -62), (0, 4), Rgb.of("#a9dcec"), Rgb.of("#4f9cb8"), alpha=0.8), part="bowl")
        for stone in range(26):
            x, y = -42 + 3.4 * stone, -3 - 5 * ((stone * 7) % 3) / 2
            tone = (Rgb.of("#d8c9a8"), Rgb.of("#a58f74"), Rgb.of("#c4886a"), Rgb.of("#8f9aa0"))[(stone * 5) % 4]
            pebble = stage.oval(x, y, 4, 3)
            stage.paint(pebble, linear((x, y - 3), (x, y + 3), shade(tone, 1.15), shade(tone, 0.7)), part="bowl")
        for stalk in range(4):
            sway = 3 * math.sin(time * 1.5 + stalk)
            x = 20 + 5 * stalk
            weed = [(x, -4), (x + 3 - sway * 0.3, -22), (x - 2 + sway * 0.7, -38), (x + 2 + sway, -50 + 4 * stalk)]
            stage.paint(stage.curve(weed), flat(Rgb.of("#3f8a4a")), part="bowl", line=2.6)
            stage.effect(stage.curve(weed), flat(Rgb.of("#8fd08a"), alpha=0.6), line=0.8)
        _fish(stage, colour, time, now)
        for bubble in range(4):
            age = (now * 0.5 + bubble / 4) % 1
            at = (-24 + 4 * math.sin(age * 8 + bubble) + 5 * bubble, -10 - 50 * age)
            stage.effect(stage.oval(*at, 1.2 + bubble * 0.3), flat(WHITE, alpha=0.8), line=0.6)
    surface = stage.oval(0, -62, 41.5, 5)
    stage.paint(surface, linear((-40, 0), (40, 0), Rgb.of("#dff4fa"), Rgb.of("#8cc8da"), alpha=0.85), part="bowl")
    stage.effect(stage.oval(0, -62, 41.5, 5), flat(WHITE, alpha=0.7), line=0.8)
    stage.effect(globe, flat(Rgb.of("#eefaff"), alpha=0.75), line=1.6)
    stage.paint(stage.oval(0, -80, 26, 4.4), flat(Rgb.of("#e8f6fa")), part="bowl", line=1.8)
    stage.effect(stage.curve([(-40, -54), (-45, -38), (-40, -20)]), flat(WHITE, alpha=0.75, blur=0.9), line=3.4)
    stage.effect(stage.rect(-34, -58, 9, 13, radius=3), flat(WHITE, alpha=0.4, blur=0.8))


def _fish(stage: Stage, colour: Rgb, time: float, now: float) -> None:
    x, facing = -6 + 17 * math.sin(time * 0.9), 1 if math.cos(time * 0.9) > 0 else -1
    # It turns by narrowing, so that it never flips from one frame to the next.
    turn = max(0.12, min(1.0, abs(math.cos(time * 0.9)) * 2.5)) * facing
    with stage.moved(x, -34 + 5 * math.sin(time * 1.7), scale=turn, scale_y=1):
        beat = 5 * math.sin(now * 9)
        tail = stage.curve(
            [
                (-9, 0),
                (-18, -9 + beat * 0.5),
                (-24, -8 + beat),
                (-20, beat * 0.6),
                (-24, 9 + beat),
                (-17, 7 + beat * 0.5),
            ],
            closed=True,
        )
        stage.paint(tail, linear((-8, 0), (-24, 0), colour, mix(colour, Rgb(255, 240, 200), 0.55)), part="fish")
        fin = stage.curve([(-5, -7), (-3, -15), (6, -13), (8, -7)], closed=True)
        stage.paint(fin, flat(shade(colour, 0.85)), part="fish")
        body = stage.curve([(-11, 0), (-4, -8), (6, -9), (15, -3), (16, 1), (10, 7), (0, 8.5)], closed=True)
        stage.paint(
            body,
            linear((0, -9), (0, 9), shade(colour, 1.2), colour, mix(colour, Rgb(255, 244, 220), 0.5)),
            part="fish",
        )
        for row in range(3):
            for scale in range(3):
                arc = stage.oval(-6 + 5 * scale, -4 + 4 * row, 2.4, 2.4)
                stage.effect(arc, flat(shade(colour, 0.66), alpha=0.35), line=0.6)
        flap = stage.curve([(1, 2), (-6, 5 + beat * 0.4), (-4, 9 + beat * 0.3), (3, 5)], closed=True)
        stage.paint(flap, flat(shade(colour, 0.8)), part="fish")
        stage.paint(stage.oval(10.5, -2.6, 2.6), flat(WHITE), part="fish")
        stage.paint(stage.oval(11, -2.6, 1.5), flat(Rgb.of("#14110f")), part="fish")
        stage.effect(stage.curve([(16, 1.5), (14, 2.8), (12.5, 2.4)]), flat(shade(colour, 0.45)), line=0.8)


def _cage(stage: Stage, colour: Rgb, now: float, phase: float) -> None:
    brass = Rgb.of("#d8b25a")
    stage.shadow(stage.oval(14, 2, 46, 7), alpha=0.5, blur=4)
    base = stage.rect(-42, -9, 84, 11, radius=3)
    dome = stage.curve([(-38, -8), (-38, -62), (-26, -88), (0, -98), (26, -88), (38, -62), (38, -8)])
    stage.effect(dome, flat(Rgb(255, 250, 230), alpha=0.12))
    for x in (-26, -13, 0, 13, 26):
        back = stage.curve([(x * 0.9, -8), (x * 0.9, -62), (x * 0.6, -86), (0, -98)])
        stage.paint(back, flat(shade(brass, 0.5)), part="cage", line=0.9)
    swing = 7 * math.sin(now * 2.1 + phase)
    with stage.moved(0, -92, turn_deg=swing):
        for x in (-13, 13):
            stage.paint(stage.rect(x - 0.5, 2, 1, 56), flat(shade(brass, 0.7)), part="cage")
        stage.paint(stage.rect(-16, 56, 32, 3.4, radius=1.6), flat(Rgb.of("#8a5a36")), part="cage")
        with stage.moved(0, 56, scale=0.92):
            _bird(stage, colour, now, phase)
    for index, x in enumerate((-38, -25, -8, 8, 25, 38)):
        bar = stage.curve([(x, -8), (x, -62), (x * 0.68, -88), (0, -98)])
        stage.paint(bar, flat(brass if index < 4 else shade(brass, 0.75)), part="cage", line=1.5)
        stage.effect(stage.rect(x - 0.5, -62, 0.7, 54), flat(WHITE, alpha=0.6))
    stage.paint(stage.oval(0, -62, 38, 3), flat(shade(brass, 0.85)), part="cage", line=1.2)
    stage.paint(base, linear((0, -9), (0, 2), shade(brass, 1.15), shade(brass, 0.6)), part="cage")
    stage.paint(stage.oval(0, -104, 6), flat(brass), part="cage", line=2)
    stage.paint(stage.rect(22, -24, 13, 10, radius=2), flat(Rgb.of("#e6eef2")), part="cage")


def _bird(stage: Stage, colour: Rgb, now: float, phase: float) -> None:
    look = math.sin(now * 2.7 + phase)
    stage.paint(stage.polygon([(-5, -8), (-17, 10), (-11, 12), (0, -4)]), flat(shade(colour, 0.6)), part="bird")
    for leg in (-2, 3):
        stage.paint(stage.polygon([(leg, -3), (leg, 0)], closed=False), flat(Rgb.of("#c98a5a")), part="bird", line=1.4)
    body = stage.curve([(-9, -6), (-8, -18), (0, -25), (8, -20), (9, -9), (3, -2), (-4, -2)], closed=True)
    stage.paint(body, radial((2, -18), 20, shade(colour, 1.2), colour, shade(colour, 0.62)), part="bird")
    flick = 2 * max(0.0, math.sin(now * 7)) ** 4
    wing = stage.curve([(-3, -19), (-9 - flick, -10), (-9 - flick, -1), (-2, -8)], closed=True)
    stage.paint(wing, linear((-3, -19), (-8, 0), shade(colour, 0.85), shade(colour, 0.5)), part="bird")
    with stage.moved(3 + look, -26):
        stage.paint(stage.oval(0, 0, 7.2), radial((-1, -2), 11, shade(colour, 1.22), colour), part="bird")
        stage.paint(stage.polygon([(6, -1.6), (11.5, 0.6), (6, 2.6)]), flat(Rgb.of("#e8893a")), part="bird")
        stage.paint(stage.oval(2.8, -1.4, 1.4), flat(Rgb.of("#14110f")), part="bird")
        stage.effect(stage.oval(2.4, -1.9, 0.5), flat(WHITE))
        stage.effect(stage.oval(2.2, 2.4, 2), flat(Rgb.of("#e8806a"), alpha=0.5, blur=0.6))
