"""A picnic on a meadow by a lake."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.literal._things import WHITE
from rvebench.sim.families.literal._world import LANDMARK, Look, World
from rvebench.sim.family import Clock
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["MEADOW"]

_LAKE_Y = 92.0
_SHORE_Y = 136.0
_SKIES = (
    # above, at the horizon, lake far and near, tint of the air
    (Rgb.of("#4a97d8"), Rgb.of("#d9eef6"), Rgb.of("#a9d3e4"), Rgb.of("#3f86ae"), Rgb.of("#fff6e0")),
    (Rgb.of("#6a86c4"), Rgb.of("#ffd9ac"), Rgb.of("#e8c3a4"), Rgb.of("#5a7fa0"), Rgb.of("#ffdca8")),
    (Rgb.of("#7fa9c6"), Rgb.of("#f3efdc"), Rgb.of("#c9dcd8"), Rgb.of("#5d93a2"), Rgb.of("#fff0d0")),
)
_STRIPES = (Rgb.of("#7d8fae"), Rgb.of("#b08a76"), Rgb.of("#8fa38a"))


def _light(look: Look) -> Light:
    return Light(azimuth=0.85 * look.side, elevation=(0.56, 0.44, 0.5)[look.hour], colour=_SKIES[look.hour][4])


def _far(stage: Stage, look: Look) -> None:
    top, low, far, near, air = _SKIES[look.hour]
    stage.paint(stage.rect(-64, -64, WIDTH + 128, 170), linear((0, -20), (0, _LAKE_Y), top, low))
    stage.glow(240 + look.side * 190, 30, 170, air, alpha=0.3)
    rng = np.random.default_rng(look.seed)
    for k in range(4):
        x, y, size = float(rng.uniform(-10, 490)), 16 + 13.0 * k, float(rng.uniform(16, 28))
        for dx, dy, radius in ((-0.9, 0.12, 0.42), (-0.35, -0.16, 0.6), (0.3, -0.08, 0.64), (0.95, 0.14, 0.4)):
            puff = stage.oval(x + dx * size, y + dy * size, radius * size, radius * size * 0.5)
            stage.effect(puff, flat(mix(WHITE, air, 0.3), alpha=0.75, blur=size * 0.1))
    for step, (tone, lift, rise) in enumerate(
        ((Rgb.of("#8ba4bd"), 70.0, 26.0), (Rgb.of("#6f94a0"), 80.0, 18.0), (Rgb.of("#5f8a6c"), 88.0, 10.0))
    ):
        ridge = [
            (-70 + 31 * k, lift - rise * abs(math.sin(k * (0.9 + 0.23 * step) + look.phase + step))) for k in range(21)
        ]
        hill = stage.curve([*ridge, (600, 140), (-120, 140)], closed=True)
        stage.paint(hill, linear((0, lift - rise), (0, _LAKE_Y), mix(tone, low, 0.25), mix(tone, low, 0.55)))
    for k in range(64):
        x, size = -40 + 9 * k + float(rng.uniform(-4, 4)), float(rng.uniform(4, 8))
        tone = mix(Rgb.of("#3f6f45"), Rgb.of("#79a05a"), float(rng.random()))
        stage.paint(stage.oval(x, _LAKE_Y - size * 0.6, size * 0.9, size), flat(mix(tone, low, 0.22)))
    lake = stage.rect(-64, _LAKE_Y, WIDTH + 128, 70)
    stage.paint(lake, linear((0, _LAKE_Y), (0, _SHORE_Y + 6), far, near))
    for k in range(40):
        x, deep = -50 + 15 * k + float(rng.uniform(-5, 5)), float(rng.uniform(8, 20))
        tone = mix(Rgb.of("#4c7a5a"), near, 0.35)
        stage.effect(stage.oval(x, _LAKE_Y + deep * 0.4, 9, deep * 0.6), flat(tone, alpha=0.3, blur=2.5))
    stage.effect(stage.rect(-64, _LAKE_Y - 0.5, WIDTH + 128, 1.6), flat(mix(far, WHITE, 0.6), alpha=0.8, blur=0.5))


def _moving(stage: Stage, look: Look, clock: Clock) -> None:
    _, _, far, _, air = _SKIES[look.hour]
    gleam = mix(mix(far, WHITE, 0.6), air, 0.3)
    for k in range(30):
        y = _LAKE_Y + 5 + (k * 7.9) % 36
        near = (y - _LAKE_Y) / 40
        x = (k * 137 + clock.time_s * (6 + 8 * near)) % 580 - 50
        wide = 4 + 12 * near
        wave = stage.curve([(x - wide, y), (x, y - 0.9), (x + wide, y)])
        flash = 0.2 + 0.55 * math.sin(clock.time_s * 2.4 + k * 1.9) ** 2
        stage.effect(wave, flat(gleam, alpha=flash), line=0.9 + 0.7 * near)
    _boat(stage, 240 - look.side * (70 - 9 * clock.time_s), 111, look, clock)
    for k in range(4):
        x = (look.phase * 60 + 88 * k + clock.time_s * 30) % 560 - 40
        y = 24 + 13 * (k % 3) + 3 * math.sin(clock.time_s * 1.5 + k)
        flap = 3.6 * math.sin(clock.time_s * 9 + 2 * k)
        wings = stage.curve([(x - 8, y - flap), (x - 3.5, y - 2.2), (x, y), (x + 3.5, y - 2.2), (x + 8, y - flap)])
        stage.paint(wings, flat(Rgb.of("#39434c")), part="birds", line=1.7)


def _boat(stage: Stage, x: float, y: float, look: Look, clock: Clock) -> None:
    """Draws a sailing boat with its image in the water."""
    sail, hull = Rgb.of("#fbf6ea"), Rgb.of("#8a4f36")
    stage.effect(stage.polygon([(x - 9, y + 2), (x + 11, y + 2), (x + 1, y + 22)]), flat(sail, alpha=0.4, blur=2))
    with stage.moved(x, y, turn_deg=2.4 * math.sin(clock.time_s * 1.9 + look.phase)):
        stage.paint(stage.polygon([(0, -35), (0, -5), (14, -5)]), flat(sail), part="boat")
        stage.paint(stage.polygon([(-2, -31), (-2, -5), (-12, -5)]), flat(shade(sail, 0.82)), part="boat")
        stage.paint(stage.rect(-1.4, -37, 1.6, 34), flat(shade(hull, 0.6)), part="boat")
        body = stage.curve([(-16, -4), (-11, 2), (10, 2), (18, -5), (0, -3)], closed=True)
        stage.paint(body, linear((0, -5), (0, 2), hull, shade(hull, 0.6)), part="boat")


def _near(stage: Stage, look: Look) -> None:
    _, low, _, _, air = _SKIES[look.hour]
    rng = np.random.default_rng(look.seed + 7)
    edge = [(-70 + 34 * k, _SHORE_Y + 4 * math.sin(k * 0.8 + look.phase)) for k in range(19)]
    bank = stage.curve([(x, y - 2.5) for x, y in edge])
    stage.paint(bank, flat(Rgb.of("#cbb98c")), line=6)
    meadow = stage.polygon([*edge, (560, 340), (-70, 340)])
    greens = (Rgb.of("#a9c46a"), Rgb.of("#7fae4c"), Rgb.of("#4f8636"))
    stage.paint(meadow, linear((0, _SHORE_Y), (0, HEIGHT), *(mix(green, air, 0.12) for green in greens)), part="meadow")
    stage.textured(meadow, "grass", strength=0.24, seed=2)
    for _ in range(70):
        x, y = float(rng.uniform(-30, 510)), float(rng.uniform(_SHORE_Y + 6, 190))
        tone = (Rgb.of("#ffffff"), Rgb.of("#ffd95a"), Rgb.of("#e79ac0"))[int(rng.integers(3))]
        stage.paint(stage.oval(x, y, 0.8 + (y - 130) * 0.016, 0.6 + (y - 130) * 0.012), flat(tone))
    for k in range(26):
        x = (240 - look.side * 236) + look.side * k * 3.4
        high = 17 + 9 * math.sin(k * 2.3)
        reed = stage.curve([(x, _SHORE_Y + 6), (x + 1.5, _SHORE_Y + 6 - high * 0.6), (x + 4, _SHORE_Y + 6 - high)])
        stage.paint(reed, flat(mix(Rgb.of("#5d7f3a"), Rgb.of("#93a85a"), k % 4 / 3)), line=1.5)
        if k % 4 == 1:
            stage.paint(stage.oval(x + 3.4, _SHORE_Y + 4 - high, 1.7, 4.4), flat(Rgb.of("#6a4528")))
    _tree(stage, look, rng)
    _blanket(stage, look)
    _basket(stage, look)
    stage.effect(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), flat(mix(air, low, 0.3), alpha=0.03))


def _tree(stage: Stage, look: Look, rng: np.random.Generator) -> None:
    x, foot, side = 240 + look.side * 196, 178.0, look.side
    stage.shadow(stage.oval(x - side * 52, foot + 3, 78, 8), alpha=0.32, blur=5)
    bark = Rgb.of("#6f5038")
    trunk = stage.curve(
        [(x - 17, foot + 4), (x - 10, foot - 28), (x - 9, foot - 78), (x - 20, foot - 110), (x - 6, foot - 100),
         (x, foot - 84), (x + 12, foot - 112), (x + 22, foot - 106), (x + 11, foot - 74), (x + 11, foot - 28),
         (x + 20, foot + 4), (x, foot + 1)],
        closed=True,
    )  # fmt: skip
    stage.paint(
        trunk, linear((x + side * 14, 0), (x - side * 14, 0), shade(bark, 1.3), bark, shade(bark, 0.5)), part="tree"
    )
    with stage.clipped(trunk):
        for k in range(9):
            groove = [(x - 14 + 3.6 * k, foot + 4), (x - 9 + 2.5 * k, foot - 40), (x - 12 + 3 * k, foot - 112)]
            stage.effect(stage.curve(groove), flat(shade(bark, 0.45), alpha=0.5), line=0.9)
    for k in range(58):
        angle, reach = float(rng.uniform(0, math.tau)), math.sqrt(float(rng.random()))
        px, py = x + 82 * reach * math.cos(angle), 42 + 46 * reach * math.sin(angle)
        lit = 0.5 + 0.5 * (side * (px - x) / 82 * 0.6 - (py - 42) / 46 * 0.7)
        tone = mix(Rgb.of("#2c5e2f"), Rgb.of("#8fbf52"), max(0.0, min(1.0, lit * (k / 58) ** 0.4)))
        stage.paint(stage.oval(px, py, 15, 12), flat(tone), part="tree")
        for _ in range(5):
            leaf = stage.oval(px + float(rng.uniform(-13, 13)), py + float(rng.uniform(-10, 10)), 2.6, 1.7)
            stage.effect(leaf, flat(shade(tone, float(rng.uniform(0.8, 1.3))), alpha=0.8))


def _blanket(stage: Stage, look: Look) -> None:
    stripe, cream = _STRIPES[look.palette], Rgb.of("#efe6d2")
    top, low = 196.0, 267.0
    cloth = stage.polygon([(58, top), (422, top), (474, low), (6, low)])
    stage.shadow(stage.polygon([(56, top), (424, top), (478, low + 3), (2, low + 3)]), alpha=0.42, blur=3)
    stage.paint(cloth, linear((0, top), (0, low), shade(cream, 0.94), cream), part="blanket")
    with stage.clipped(cloth):
        for k in range(-9, 10):
            upper, lower = 240 + 20.2 * k, 240 + 26 * k
            band = stage.polygon([(upper - 4, top), (upper + 4, top), (lower + 5.2, low), (lower - 5.2, low)])
            stage.effect(band, flat(stripe, alpha=0.32))
        y, step = top + 3, 6.6
        while y < low:
            stage.effect(stage.rect(0, y, WIDTH, step * 0.42), flat(stripe, alpha=0.32))
            y, step = y + step * 1.35, step * 1.14
        stage.textured(stage.rect(0, top, WIDTH, low - top), "cloth", strength=0.1, seed=3)
        for fold, dark in ((130.0, 0.1), (330.0, 0.08)):
            crease = stage.polygon([(fold, top), (fold + 16, top), (fold + 4, low), (fold - 22, low)])
            stage.shadow(crease, alpha=dark, blur=6)
    for k in range(78):
        x = 8 + 6 * k
        stage.paint(
            stage.polygon([(x, low - 0.5), (x + (k % 3 - 1), low + 4.5)], closed=False),
            flat(cream),
            part="blanket",
            line=1.3,
        )


def _basket(stage: Stage, look: Look) -> None:
    (x, y), side, straw = LANDMARK, look.side, Rgb.of("#b98645")
    with stage.moved(x, y):
        stage.cast(0, 0, 84, 46, alpha=0.36, blur=3.5)
        stage.shadow(stage.oval(0, 0, 48, 6), alpha=0.5, blur=3)
        handle = stage.curve([(-34, -42), (-29, -68), (0, -80), (29, -68), (34, -42)])
        stage.paint(handle, flat(shade(straw, 0.62)), part="basket", line=6)
        for k in range(13):
            turn = math.pi * (k + 0.5) / 13
            px, py = -33 * math.cos(turn), -43 - 36 * math.sin(turn) ** 0.85
            stage.effect(stage.oval(px, py, 1.8, 2.4), flat(shade(straw, 1.15), alpha=0.8))
        body = stage.curve(
            [(-44, -42), (-41, -18), (-36, 0), (0, 4), (36, 0), (41, -18), (44, -42), (0, -38)], closed=True
        )
        stage.paint(
            body,
            linear((side * 44, 0), (-side * 44, 0), shade(straw, 1.2), straw, shade(straw, 0.58)),
            part="basket",
        )
        with stage.clipped(body):
            for row in range(8):
                for k in range(19):
                    px, py = -45 + 5 * k + 2.5 * (row % 2), -38 + 5.4 * row + 3 * (1 - (k / 9 - 1) ** 2)
                    stage.effect(stage.oval(px, py, 2.7, 2), flat(shade(straw, 1.28), alpha=0.45))
                    stage.effect(stage.oval(px + 1, py + 2, 2.4, 1), flat(shade(straw, 0.4), alpha=0.45))
        cloth = stage.curve(
            [(-30, -44), (-20, -53), (2, -51), (22, -55), (33, -44), (18, -33), (2, -40), (-16, -34)], closed=True
        )
        stage.paint(cloth, radial((side * 8, -50), 40, WHITE, Rgb.of("#d8d2c6")), part="basket")
        with stage.clipped(cloth):
            for k in range(-6, 7):
                stage.effect(
                    stage.polygon([(k * 6, -58), (k * 6 + 5, -30)], closed=False),
                    flat(_STRIPES[look.palette], alpha=0.5),
                    line=1.5,
                )
        rim = stage.curve([(-44, -42), (0, -37), (44, -42)])
        stage.paint(rim, flat(shade(straw, 0.9)), part="basket", line=5)
        stage.effect(rim, flat(shade(straw, 1.4), alpha=0.7), line=1.6)


def _before(stage: Stage, look: Look, clock: Clock) -> None:
    for k in range(22):
        x = (k % 11) * 13 - 8.0 if k < 11 else 488 - (k % 11) * 13.0
        reach = abs(x - 240) - 150
        if reach <= 0:
            continue
        high = 5 + reach * 0.19 + 5 * math.sin(k * 2.1)
        sway = (1.5 + high * 0.1) * math.sin(clock.time_s * 2.6 + look.phase + k * 0.7)
        blade = stage.curve([(x, 280), (x + sway * 0.4, 276 - high * 0.6), (x + sway + 2, 275 - high)])
        stage.paint(blade, flat(mix(Rgb.of("#3f7a30"), Rgb.of("#8ab84e"), k % 5 / 4)), part="meadow", line=2.2)
    t = clock.time_s
    x = 240 - look.side * (128 + 16 * math.sin(t * 1.3 + look.phase))
    y = 166 + 8 * math.sin(t * 2.3 + look.phase * 2)
    flap = 0.35 + 0.65 * abs(math.sin(t * 7 + look.phase))
    with stage.moved(x, y):
        for wing in (-1, 1):
            for dx, dy, size in ((4.0, -2.5, 5.0), (3.2, 2.5, 3.6)):
                shape = stage.oval(wing * dx * flap, dy, size * flap, size * 0.9)
                stage.paint(shape, flat(Rgb.of("#f0943a"), alpha=0.95), part="butterfly")
                stage.effect(shape, flat(Rgb.of("#5a2e14"), alpha=0.8), line=0.9)
        stage.paint(stage.rect(-0.9, -5, 1.8, 10, radius=0.9), flat(Rgb.of("#2e211a")), part="butterfly")


MEADOW = World(
    landmark="the picnic basket",
    ground="the blanket",
    keep=("the picnic basket and the blanket", "the meadow, the lake and the boat", "the camera"),
    light=_light,
    far=_far,
    moving=_moving,
    near=_near,
    before=_before,
)
