"""A harbour on market day: a wet quay, a stall, a fishing boat and the houses across the water."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.literal._things import WHITE
from rvebench.sim.families.literal._world import LANDMARK, Look, World
from rvebench.sim.family import Clock
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear

__all__ = ["QUAY"]

_SEA_Y = 104.0
_QUAY_Y = 190.0
_SKIES = (
    # above, at the horizon, water far and near, tint of the air
    (Rgb.of("#5aa6dc"), Rgb.of("#e2f1f5"), Rgb.of("#8fc4cf"), Rgb.of("#2f7488"), Rgb.of("#fff5dc")),
    (Rgb.of("#7281bc"), Rgb.of("#ffd3a6"), Rgb.of("#d9b0a0"), Rgb.of("#4b6486"), Rgb.of("#ffd9a4")),
    (Rgb.of("#8ea7b8"), Rgb.of("#eceae2"), Rgb.of("#a9c0c2"), Rgb.of("#4a7480"), Rgb.of("#fdf3e0")),
)
_HULLS = (Rgb.of("#4f7f86"), Rgb.of("#a2604a"), Rgb.of("#5f6f98"))
_AWNINGS = (Rgb.of("#b5654a"), Rgb.of("#5d8a7a"), Rgb.of("#7f6a98"))
_STONE = Rgb.of("#9c948a")


def _light(look: Look) -> Light:
    return Light(azimuth=0.85 * look.side, elevation=(0.56, 0.44, 0.5)[look.hour], colour=_SKIES[look.hour][4])


def _far(stage: Stage, look: Look) -> None:
    top, low, far, near, air = _SKIES[look.hour]
    stage.paint(stage.rect(-64, -64, WIDTH + 128, 180), linear((0, -20), (0, _SEA_Y), top, low))
    stage.glow(240 + look.side * 200, 26, 170, air, alpha=0.3)
    rng = np.random.default_rng(look.seed)
    for k in range(4):
        x, y, size = float(rng.uniform(-10, 490)), 14 + 12.0 * k, float(rng.uniform(16, 28))
        for dx, dy, radius in ((-0.9, 0.12, 0.42), (-0.3, -0.16, 0.62), (0.35, -0.06, 0.62), (0.95, 0.14, 0.4)):
            puff = stage.oval(x + dx * size, y + dy * size, radius * size, radius * size * 0.5)
            stage.effect(puff, flat(mix(WHITE, air, 0.35), alpha=0.7, blur=size * 0.1))
    ridge = [(-70 + 40 * k, 74 - 16 * abs(math.sin(k * 0.8 + look.phase))) for k in range(17)]
    hills = stage.curve([*ridge, (600, 140), (-120, 140)], closed=True)
    stage.paint(
        hills, linear((0, 56), (0, _SEA_Y), mix(Rgb.of("#6f9a78"), low, 0.35), mix(Rgb.of("#8aa884"), low, 0.55))
    )
    sea = stage.rect(-64, _SEA_Y, WIDTH + 128, 100)
    stage.paint(sea, linear((0, _SEA_Y), (0, _QUAY_Y), far, near), part="water")
    x = -30.0
    paints = (Rgb.of("#e3c9a2"), Rgb.of("#cf9a86"), Rgb.of("#c3cdc8"), Rgb.of("#d9b27a"), Rgb.of("#a9b7c8"))
    k = 0
    while x < 510:
        wide, high = float(rng.uniform(24, 36)), float(rng.uniform(24, 42))
        _house(stage, x, wide, high, mix(paints[int(rng.integers(5))], low, 0.2), k)
        x += wide + float(rng.choice([0.5, 0.5, 7]))
        k += 1
    stage.paint(stage.rect(-64, _SEA_Y - 4, WIDTH + 128, 6), flat(mix(Rgb.of("#6a655e"), low, 0.2)))


def _house(stage: Stage, x: float, wide: float, high: float, paint: Rgb, k: int) -> None:
    foot, roof = _SEA_Y - 3, mix(Rgb.of("#9a5240"), Rgb.of("#6a5a5c"), k % 3 / 2)
    front = stage.rect(x, foot - high, wide, high)
    stage.paint(front, linear((x, 0), (x + wide, 0), shade(paint, 1.04), shade(paint, 0.82)), part="houses")
    gable = stage.polygon([(x - 2, foot - high), (x + wide / 2, foot - high - 12), (x + wide + 2, foot - high)])
    stage.paint(
        gable, linear((0, foot - high - 12), (0, foot - high), shade(roof, 1.15), shade(roof, 0.8)), part="houses"
    )
    image = stage.rect(x + 1, foot + 5, wide - 2, high * 0.55)
    stage.effect(image, linear((0, foot + 5), (0, foot + 5 + high * 0.55), paint, Rgb.of("#5f8794"), alpha=0.3, blur=2))
    for row in range(int((high - 8) // 11)):
        for column in range(2):
            pane = stage.rect(x + wide * (0.2 + 0.42 * column), foot - high + 5 + 11 * row, wide * 0.18, 6)
            stage.paint(
                pane, flat(Rgb.of("#ffe2a0") if (k + row + column) % 5 == 0 else Rgb.of("#55677a")), part="houses"
            )
    door = stage.rect(x + wide * 0.42, foot - 8, wide * 0.17, 8)
    stage.paint(door, flat(shade(roof, 0.7)), part="houses")


def _moving(stage: Stage, look: Look, clock: Clock) -> None:
    _, _, far, near, air = _SKIES[look.hour]
    for k in range(34):
        y = _SEA_Y + 6 + (k * 11.3) % (_QUAY_Y - _SEA_Y - 6)
        close = (y - _SEA_Y) / 86
        x = (k * 149 + clock.time_s * (7 + 12 * close)) % 600 - 60
        wide = 5 + 17 * close
        crest = stage.curve(
            [(x - wide, y + 0.8), (x, y - 1 + 0.9 * math.sin(clock.time_s * 3 + k)), (x + wide, y + 0.8)]
        )
        flash = 0.22 + 0.4 * math.sin(clock.time_s * 2.1 + k * 1.7) ** 2
        stage.effect(crest, flat(mix(mix(far, WHITE, 0.55), air, 0.25), alpha=flash), line=0.9 + 0.9 * close)
    _boat(stage, look, clock, near)
    for k in range(3):
        x = (look.phase * 70 + 150 * k + clock.time_s * 34) % 570 - 45
        y = 22 + 19 * k + 4 * math.sin(clock.time_s * 1.4 + k)
        flap = 5 * math.sin(clock.time_s * 8 + k * 2)
        wings = stage.curve([(x - 11, y - 3 - flap), (x - 5, y - 4), (x, y), (x + 5, y - 4), (x + 11, y - 3 - flap)])
        stage.paint(wings, flat(Rgb.of("#fbfbf6")), part="gulls", line=2.6)
        stage.effect(stage.oval(x + 1, y + 0.6, 3.2, 1.7), flat(Rgb.of("#727b84")))


def _boat(stage: Stage, look: Look, clock: Clock, deep: Rgb) -> None:
    x, y, hull = 240 + look.side * 96, 164.0, _HULLS[look.palette]
    bob = 1.8 * math.sin(clock.time_s * 2.2 + look.phase)
    image = stage.polygon([(x - 62, y - 2), (x + 62, y - 2), (x + 46, y + 26), (x - 48, y + 26)])
    stage.effect(image, linear((0, y), (0, y + 26), shade(hull, 0.6), deep, alpha=0.6, blur=3))
    air = stage.rect(-64, -64, WIDTH + 128, y + 66)
    with (
        stage.clipped(air),
        stage.moved(x, y + bob, turn_deg=1.1 * math.sin(clock.time_s * 1.7 + look.phase), scale=look.side, scale_y=1),
    ):
        mast = Rgb.of("#7d5a3c")
        stage.paint(
            stage.rect(-6, -96, 3.4, 80), linear((-6, 0), (-2, 0), shade(mast, 1.3), shade(mast, 0.7)), part="boat"
        )
        for end in ((-62, -26), (66, -28)):
            stage.paint(stage.polygon([(-4, -94), end], closed=False), flat(Rgb.of("#4a4038")), part="boat", line=0.9)
        sail = stage.curve([(-2, -88), (10, -62), (36, -34), (14, -32), (-2, -34)], closed=True)
        stage.paint(sail, linear((0, -88), (34, -34), Rgb.of("#d9a06a"), Rgb.of("#a8693f")), part="boat")
        cabin = stage.rect(-46, -44, 30, 28, radius=2)
        stage.paint(cabin, linear((-46, 0), (-16, 0), Rgb.of("#d9d3c4"), Rgb.of("#f6f1e4")), part="boat")
        stage.paint(stage.rect(-49, -47, 36, 5, radius=2), flat(shade(hull, 0.8)), part="boat")
        for k in range(2):
            stage.paint(stage.rect(-41 + 11 * k, -38, 8, 9, radius=1.5), flat(Rgb.of("#4f7288")), part="boat")
        body = stage.curve(
            [(-66, -22), (-62, -4), (-50, 12), (48, 12), (62, -6), (76, -30), (50, -19), (0, -16), (-44, -18)],
            closed=True,
        )
        stage.paint(body, linear((0, -26), (0, 4), shade(hull, 1.25), shade(hull, 0.65)), part="boat")
        with stage.clipped(body):
            stage.paint(stage.rect(-80, -5, 170, 20), flat(Rgb.of("#5a3f38")), part="boat")
            stage.effect(stage.curve([(-66, -15), (0, -10), (76, -22)]), flat(Rgb.of("#f3eee0"), alpha=0.9), line=2.4)
        rail = stage.curve([(-66, -22), (-44, -18), (0, -16), (50, -19), (76, -30)])
        stage.paint(rail, flat(Rgb.of("#f3eee0")), part="boat", line=2.6)
    foam = [(x - 64 + 10.7 * k, y + 0.8 * math.sin(clock.time_s * 4 + k)) for k in range(13)]
    stage.effect(stage.curve(foam), flat(WHITE, alpha=0.6), line=1.8)


def _near(stage: Stage, look: Look) -> None:
    air = _SKIES[look.hour][4]
    stone = mix(_STONE, air, 0.15)
    wall = stage.rect(-64, _QUAY_Y - 3, WIDTH + 128, 160)
    stage.shadow(stage.rect(-64, _QUAY_Y - 8, WIDTH + 128, 6), alpha=0.35, blur=3)
    stage.paint(wall, linear((0, _QUAY_Y), (0, HEIGHT), mix(stone, WHITE, 0.22), shade(stone, 0.7)), part="quay")
    stage.textured(wall, "stone", strength=0.2, seed=2)
    rng = np.random.default_rng(look.seed + 5)
    y, high, row = _QUAY_Y + 7.0, 11.0, 0
    while y < HEIGHT:
        joint = stage.rect(-64, y, WIDTH + 128, 1.3)
        stage.effect(joint, flat(shade(stone, 0.42), alpha=0.55, blur=0.4))
        stage.effect(stage.rect(-64, y + 1.5, WIDTH + 128, 1), flat(WHITE, alpha=0.16))
        for k in range(-6, 7):
            near = (y - 120) / 80
            x = 240 + (k + 0.5 * (row % 2)) * 62 * near + float(rng.uniform(-4, 4))
            seam = stage.polygon([(x, y), (x + (x - 240) * high / 118, y + high)], closed=False)
            stage.effect(seam, flat(shade(stone, 0.42), alpha=0.5), line=1.1)
        y, high, row = y + high, high * 1.32, row + 1
    for _ in range(4):
        x, y = float(rng.uniform(30, 450)), float(rng.uniform(206, 266))
        puddle = stage.oval(x, y, float(rng.uniform(26, 46)), float(rng.uniform(3, 5.5)))
        stage.effect(puddle, flat(mix(_SKIES[look.hour][1], WHITE, 0.3), alpha=0.3, blur=1.8))
    edge = stage.rect(-64, _QUAY_Y - 4, WIDTH + 128, 8)
    stage.paint(
        edge, linear((0, _QUAY_Y - 4), (0, _QUAY_Y + 4), mix(stone, WHITE, 0.4), shade(stone, 0.8)), part="quay"
    )
    _stall(stage, look)
    _barrel(stage, look)


def _stall(stage: Stage, look: Look) -> None:
    side = look.side
    x, foot, wood, cloth = 240 - side * 172, 206.0, Rgb.of("#8f6a46"), _AWNINGS[look.palette]
    stage.shadow(stage.rect(x - 66 - side * 14, foot - 6, 132, 12), alpha=0.42, blur=5)
    for dx in (-56, 56):
        post = stage.rect(x + dx - 3, 84, 6, foot - 84)
        stage.paint(post, linear((x + dx - 3, 0), (x + dx + 3, 0), shade(wood, 1.2), shade(wood, 0.6)), part="stall")
    back = stage.rect(x - 54, 118, 108, 44)
    stage.paint(back, linear((0, 118), (0, 162), shade(wood, 0.36), shade(wood, 0.55)), part="stall")
    fruits = (Rgb.of("#e09a3c"), Rgb.of("#a8b84a"), Rgb.of("#c9705a"))
    for k, tone in enumerate(fruits):
        left = x - 52 + 36 * k
        tray = stage.polygon([(left, 152), (left + 32, 152), (left + 30, 168), (left + 2, 168)])
        for row in range(3):
            for column in range(5 - row):
                fruit = stage.oval(left + 4.5 + 3 * row + 6 * column, 152 - 5 * row, 3.8)
                bright = (left + 4.5 + 3 * row + 6 * column + side * 1.2, 150.5 - 5 * row)
                stage.paint(
                    fruit,
                    linear(bright, (bright[0], bright[1] + 6), mix(tone, WHITE, 0.3), shade(tone, 0.7)),
                    part="stall",
                )
        stage.paint(tray, linear((0, 152), (0, 168), shade(wood, 1.3), shade(wood, 0.85)), part="stall")
        stage.effect(stage.rect(left + 1, 159, 30, 1.2), flat(shade(wood, 0.5), alpha=0.8))
    front = stage.rect(x - 62, 166, 124, foot - 166, radius=1)
    stage.paint(front, linear((0, 166), (0, foot), shade(wood, 1.15), shade(wood, 0.72)), part="stall")
    stage.textured(front, "wood", strength=0.2, seed=4)
    for k in range(1, 8):
        stage.effect(stage.rect(x - 62 + 15.5 * k, 168, 1.2, foot - 168), flat(shade(wood, 0.45), alpha=0.7))
    stage.paint(
        stage.rect(x - 66, 163, 132, 6, radius=1), linear((0, 163), (0, 169), shade(wood, 1.45), wood), part="stall"
    )
    for k in range(10):
        left = x - 70 + 14 * k
        tone = cloth if k % 2 else Rgb.of("#f1eadb")
        strip = stage.polygon(
            [(left + 6 - k * 0.6 - 3, 70), (left + 14 - k * 0.6 + 3, 70), (left + 14, 100), (left, 100)]
        )
        stage.paint(strip, linear((0, 70), (0, 100), mix(tone, WHITE, 0.15), shade(tone, 0.82)), part="stall")
        flap = stage.curve([(left, 99), (left, 105), (left + 7, 110), (left + 14, 105), (left + 14, 99)], closed=True)
        stage.paint(flap, flat(shade(tone, 0.78)), part="stall")
    stage.shadow(stage.rect(x - 58, 106, 116, 20), alpha=0.4, blur=5)


def _barrel(stage: Stage, look: Look) -> None:
    (x, y), side, wood, iron = LANDMARK, look.side, Rgb.of("#96693c"), Rgb.of("#4a4c52")
    with stage.moved(x, y):
        stage.cast(0, 0, 60, 72, alpha=0.38, blur=3.5)
        stage.shadow(stage.oval(0, 1, 36, 6), alpha=0.5, blur=3)
        image = stage.polygon([(-27, 3), (27, 3), (22, 34), (-22, 34)])
        stage.effect(image, linear((0, 3), (0, 34), shade(wood, 0.7), _STONE, alpha=0.22, blur=4))
        body = stage.curve(
            [(-28, -70), (-35, -36), (-28, 0), (0, 5), (28, 0), (35, -36), (28, -70), (0, -66)], closed=True
        )
        stage.paint(
            body, linear((side * 35, 0), (-side * 35, 0), shade(wood, 1.3), wood, shade(wood, 0.48)), part="barrel"
        )
        with stage.clipped(body):
            for k in range(-4, 5):
                stave = stage.curve([(k * 6.6, -72), (k * 8.3, -36), (k * 6.6, 6)])
                stage.effect(stave, flat(shade(wood, 0.38), alpha=0.75), line=1.2)
            stage.textured(stage.rect(-36, -72, 72, 80), "wood", strength=0.16, seed=6)
            for top in (-60.0, -46.0, -20.0, -6.0):
                hoop = stage.curve([(-38, top - 1), (0, top + 5), (38, top - 1)])
                stage.effect(
                    hoop, linear((side * 36, 0), (-side * 36, 0), shade(iron, 1.9), iron, shade(iron, 0.6)), line=4
                )
            stage.effect(stage.rect(side * 17 - 4, -66, 8, 66, radius=4), flat(WHITE, alpha=0.2, blur=3))
        lid = stage.oval(0, -70, 28, 6)
        stage.paint(lid, linear((0, -76), (0, -64), shade(wood, 1.25), shade(wood, 0.85)), part="barrel")
        stage.paint(lid, flat(shade(iron, 1.2)), part="barrel", line=2)
        for k in (-1, 0, 1):
            stage.effect(stage.rect(k * 14 - 0.5, -75, 1, 10), flat(shade(wood, 0.45), alpha=0.7))


def _before(stage: Stage, look: Look, clock: Clock) -> None:
    """Draws pennants on a line that swing in the wind."""
    ends = ((-20.0, 4.0), (500.0, 12.0))
    tones = (Rgb.of("#c98a5a"), Rgb.of("#efe4cc"), Rgb.of("#7fa09a"))

    def at(share: float) -> tuple[float, float]:
        sag = 28 * share * (1 - share) * 4 + 1.2 * math.sin(clock.time_s * 2 + look.phase)
        return ends[0][0] + (ends[1][0] - ends[0][0]) * share, ends[0][1] + (ends[1][1] - ends[0][1]) * share + sag

    rope = stage.curve([at(k / 12) for k in range(13)])
    stage.paint(rope, flat(Rgb.of("#5a4f44")), part="pennants", line=1.1)
    for k in range(15):
        x, y = at((k + 0.6) / 15.2)
        sway = 4.5 * math.sin(clock.time_s * 5 + k * 0.8 + look.phase)
        pennant = stage.curve(
            [(x - 8, y), (x + 8, y), (x + 3 + sway * 0.5, y + 10), (x + sway, y + 19), (x - 4 + sway * 0.5, y + 10)],
            closed=True,
        )
        tone = tones[k % 3]
        stage.paint(pennant, linear((x - 8, y), (x + 8, y), shade(tone, 1.08), shade(tone, 0.8)), part="pennants")


QUAY = World(
    landmark="the barrel",
    ground="the quay",
    keep=("the barrel and the market stall", "the boat, the water and the houses", "the camera"),
    light=_light,
    far=_far,
    moving=_moving,
    near=_near,
    before=_before,
    shine=lambda _: shade(_STONE, 0.95),
)
