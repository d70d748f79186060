"""A study: a polished table before a window, a bookcase, a clock and a cat."""

from __future__ import annotations

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.literal._things import WHITE
from rvebench.sim.families.literal._world import LANDMARK, Look, World
from rvebench.sim.families.physical._parts import cat, plant, wall_clock, window
from rvebench.sim.family import Clock
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["STUDY"]

_TABLE_Y = 192.0
_WALLS = (Rgb.of("#8ea39a"), Rgb.of("#b59b86"), Rgb.of("#8c93ab"))
_WOODS = (Rgb.of("#a5683a"), Rgb.of("#7d523a"), Rgb.of("#b98650"))
_SKIES = (Rgb.of("#7fb8e2"), Rgb.of("#e8a878"), Rgb.of("#a9c0cc"))
_FURS = (Rgb.of("#d08a44"), Rgb.of("#8a8680"), Rgb.of("#b9a080"))


def _light(look: Look) -> Light:
    return Light(azimuth=0.8 * look.side, elevation=0.52, colour=mix(WHITE, _SKIES[look.hour], 0.12))


def _far(stage: Stage, look: Look) -> None:
    wall, side = _WALLS[look.palette], look.side
    back = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    lit_x = 240 + side * 110
    stage.paint(back, radial((lit_x, 70), 400, shade(wall, 1.16), shade(wall, 0.92), shade(wall, 0.62)))
    for k in range(-2, 32):
        stage.effect(stage.rect(k * 17.0, -64, 7, 240), flat(shade(wall, 0.8), alpha=0.22))
        stage.effect(stage.rect(k * 17.0 + 7.6, -64, 1, 240), flat(WHITE, alpha=0.16))
    stage.textured(back, "plaster", strength=0.07)
    rail = stage.rect(-64, 132, WIDTH + 128, 8)
    panel = stage.rect(-64, 140, WIDTH + 128, 60)
    stage.paint(panel, linear((0, 140), (0, 200), shade(Rgb.of("#e6ddca"), 0.94), shade(Rgb.of("#e6ddca"), 0.74)))
    for k in range(-1, 9):
        board = stage.rect(k * 64.0 + 8, 148, 48, 60, radius=2)
        stage.effect(board, flat(Rgb.of("#8f8470"), alpha=0.55), line=1.4)
        stage.effect(stage.rect(k * 64.0 + 9.4, 149.4, 48, 60, radius=2), flat(WHITE, alpha=0.45), line=0.9)
    stage.paint(rail, linear((0, 132), (0, 140), Rgb.of("#fbf5e8"), Rgb.of("#b9ad97")))
    stage.shadow(stage.rect(-64, 140, WIDTH + 128, 4), alpha=0.25, blur=2)
    window(stage, 240 + side * 116 - 57, 24, 114, 96, _SKIES[look.hour], Rgb.of("#f3ede0"))
    if look.hour == 1:
        stage.glow(240 + side * 116, 72, 80, Rgb(255, 190, 110), alpha=0.25)
    _bookcase(stage, look)
    _picture(stage, look)


def _bookcase(stage: Stage, look: Look) -> None:
    x0, wood = 240 - look.side * 166 - 60, shade(_WOODS[look.palette], 0.8)
    rng = np.random.default_rng(look.seed)
    stage.shadow(stage.rect(x0 - look.side * 9, 20, 120, 190), alpha=0.35, blur=6)
    case = stage.rect(x0, 10, 120, 200, radius=2)
    stage.paint(case, linear((x0, 0), (x0 + 120, 0), shade(wood, 1.1), shade(wood, 0.75)), part="bookcase")
    for row in range(4):
        top = 16 + 45 * row
        niche = stage.rect(x0 + 6, top, 108, 39)
        stage.paint(niche, linear((0, top), (0, top + 39), shade(wood, 0.34), shade(wood, 0.55)), part="bookcase")
        x = x0 + 8.0
        with stage.clipped(niche):
            while x < x0 + 108:
                wide, high = float(rng.uniform(5, 10)), float(rng.uniform(25, 35))
                tone = mix(
                    (Rgb.of("#7a4f48"), Rgb.of("#56706a"), Rgb.of("#8f7a54"), Rgb.of("#5c6480"), Rgb.of("#b5a684"))[
                        int(rng.integers(5))
                    ],
                    Rgb.of("#6a5a4a"),
                    float(rng.uniform(0, 0.4)),
                )
                spine = stage.rect(x, top + 39 - high, wide - 0.8, high)
                stage.paint(spine, linear((x, 0), (x + wide, 0), shade(tone, 1.2), shade(tone, 0.7)), part="bookcase")
                for y in (5.0, 8.0, high - 7):
                    stage.effect(
                        stage.rect(x + 1, top + 39 - high + y, wide - 2.8, 1), flat(Rgb.of("#e6cf92"), alpha=0.7)
                    )
                x += wide
            stage.shadow(stage.rect(x0, top - 4, 120, 9), alpha=0.5, blur=4)
        stage.effect(stage.rect(x0 + 4, top + 39, 112, 1.4), flat(shade(wood, 1.5), alpha=0.7))


def _picture(stage: Stage, look: Look) -> None:
    x, y = 240 - look.side * 64, 62.0
    stage.shadow(stage.rect(x - 26 - look.side * 4, y - 17, 54, 44), alpha=0.35, blur=4)
    frame = stage.rect(x - 28, y - 22, 56, 44, radius=1.5)
    stage.paint(frame, linear((x - 28, y - 22), (x + 28, y + 22), Rgb.of("#d9b468"), Rgb.of("#8a6630")))
    inner = stage.rect(x - 23, y - 17, 46, 34)
    stage.paint(inner, linear((0, y - 17), (0, y + 17), Rgb.of("#8fb2c8"), Rgb.of("#e9d4ae")))
    with stage.clipped(inner):
        stage.paint(stage.polygon([(x - 26, y + 18), (x - 8, y - 8), (x + 12, y + 18)]), flat(Rgb.of("#6f7f92")))
        stage.paint(stage.polygon([(x - 6, y + 18), (x + 11, y - 2), (x + 30, y + 18)]), flat(Rgb.of("#55707a")))
        stage.paint(stage.rect(x - 24, y + 9, 48, 10), flat(Rgb.of("#7d9160")))


def _moving(stage: Stage, look: Look, clock: Clock) -> None:
    side = look.side
    wall_clock(stage, 240 + side * 10, 52, clock.time_s, look.phase, _WOODS[look.palette])
    # On the panel's ledge behind the table: the table hides their feet.
    cat(stage, 240 + side * 62, 196, clock.time_s, look.phase, _FURS[look.palette], size=0.82, gaze=-0.6 * side)
    plant(stage, 240 + side * 176, 196, clock.time_s, look.phase, Rgb.of("#b5694a"), size=0.86)


def _near(stage: Stage, look: Look) -> None:
    wood, side = _WOODS[look.palette], look.side
    table = stage.rect(-64, _TABLE_Y, WIDTH + 128, 160)
    stage.shadow(stage.rect(-64, _TABLE_Y - 5, WIDTH + 128, 8), alpha=0.35, blur=3)
    stage.paint(table, linear((0, _TABLE_Y), (0, HEIGHT), mix(wood, WHITE, 0.12), shade(wood, 0.72)), part="table")
    stage.textured(table, "wood", strength=0.17, seed=1)
    for k in range(3):
        x = 240 + side * (60 + 46 * k)
        image = stage.polygon([(x, _TABLE_Y), (x + 30, _TABLE_Y), (x + 44 + side * 12, 280), (x - 4 + side * 12, 280)])
        stage.effect(image, flat(mix(_SKIES[look.hour], WHITE, 0.6), alpha=0.14, blur=6))
    stage.effect(stage.rect(-64, _TABLE_Y - 1, WIDTH + 128, 2.4), flat(mix(wood, WHITE, 0.6), alpha=0.8, blur=0.6))
    _books(stage, look)


def _books(stage: Stage, look: Look) -> None:
    (x, y), side = LANDMARK, look.side
    tones = (Rgb.of("#6b4a58"), Rgb.of("#a98c5c"), Rgb.of("#4f6a6c"), Rgb.of("#8a5f4a"))
    with stage.moved(x, y):
        stage.cast(0, 0, 86, 50, alpha=0.38, blur=3.5)
        stage.shadow(stage.oval(0, 1, 52, 6), alpha=0.5, blur=3)
        low = 3.0
        for k, (shift, half, high) in enumerate(
            ((0.0, 46.0, 14.0), (-3.0, 41.0, 12.0), (4.0, 42.0, 13.0), (-1.0, 35.0, 11.0))
        ):
            tone, top = tones[(k + look.palette) % 4], low - high
            cover = stage.rect(shift - half, top, 2 * half, high, radius=2.5)
            stage.paint(
                cover,
                linear((side * half, top), (-side * half, low), shade(tone, 1.3), tone, shade(tone, 0.6)),
                part="books",
            )
            if k % 2:
                leaves = stage.rect(shift - half + 5, top + 2.6, 2 * half - 5, high - 5.2)
                stage.paint(leaves, linear((0, top), (0, low), Rgb.of("#f4ead2"), Rgb.of("#cdbd9a")), part="books")
                for y in (4.4, 6.4):
                    sheet = stage.rect(shift - half + 5, top + y, 2 * half - 5, 0.6)
                    stage.effect(sheet, flat(Rgb.of("#a39270"), alpha=0.6))
            else:
                for dx in (-half + 9, -half + 14, half - 16, half - 11):
                    rib = stage.rect(shift + dx, top + 0.5, 2.2, high - 1)
                    stage.effect(rib, flat(Rgb.of("#e6cf92"), alpha=0.75))
                title = stage.rect(shift - 13, top + high / 2 - 1.4, 26, 2.8, radius=1)
                stage.effect(title, flat(Rgb.of("#e6cf92"), alpha=0.75))
            stage.shadow(stage.rect(shift - half + 2, low - 2, 2 * half - 4, 3), alpha=0.3, blur=1.5)
            low = top
        glasses = low - 1
        for dx in (-10, 10):
            stage.paint(stage.oval(dx, glasses - 3, 7.5, 4.2), flat(Rgb.of("#d9eef2"), alpha=0.5), part="books")
            stage.paint(stage.oval(dx, glasses - 3, 7.5, 4.2), flat(Rgb.of("#3a2c24")), part="books", line=1.6)
        stage.paint(
            stage.curve([(-3, -3 + glasses), (0, glasses - 5), (3, glasses - 3)]),
            flat(Rgb.of("#3a2c24")),
            part="books",
            line=1.5,
        )


def _shine(look: Look) -> Rgb:
    return shade(_WOODS[look.palette], 0.9)


STUDY = World(
    landmark="the pile of books",
    ground="the table",
    keep=("the pile of books and the table", "the cat, the plant and the clock", "the room and the camera"),
    light=_light,
    far=_far,
    moving=_moving,
    near=_near,
    shine=_shine,
)
