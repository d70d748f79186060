"""A park with a path, a kite and a dog, where a child walks with something dear to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["GROUND_Y", "Park", "draw_dog", "draw_kite", "draw_park"]

GROUND_Y = 244.0
_PATH_Y = 196.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """What a seed decides about the park."""

    evening: float
    trees: tuple[float, ...]
    kite: Rgb
    kite_x: float
    fur: Rgb
    phase: float


def draw_park(stage: Stage, park: Park) -> None:
    """Draws sky, hill, trees, lawn and path."""
    low = mix(Rgb.of("#e6f2f6"), Rgb.of("#ffd2a0"), park.evening)
    high = mix(Rgb.of("#6fb0e4"), Rgb.of("#7a8cc8"), park.evening)
    stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, -40), (0, 170), high, low))
    for puff in range(5):
        for ball in range(4):
            cloud = stage.oval(-20 + puff * 120 + ball * 17, 30 + 22 * math.sin(puff * 2.2) - 6 * (ball % 2), 18, 10)
            stage.effect(cloud, flat(Rgb(255, 255, 255), alpha=0.5, blur=4))
    leaf = mix(Rgb.of("#5f9a54"), Rgb.of("#8a8a44"), 0.5 * park.evening)
    hill = stage.curve([(-64, 300), (-64, 150), (60, 132), (190, 148), (330, 126), (544, 150), (544, 300)], closed=True)
    stage.paint(hill, linear((0, 120), (0, 220), mix(leaf, low, 0.4), leaf))
    for index, x in enumerate(park.trees):
        size = 30 + 9 * ((index * 3) % 4)
        stage.shadow(stage.oval(x + 24, 182, size * 1.1, 6), alpha=0.3, blur=4)
        trunk = linear((x - 4, 0), (x + 4, 0), Rgb.of("#8a6446"), Rgb.of("#523824"))
        stage.paint(stage.rect(x - 4, 120, 8, 62, radius=2), trunk)
        for bx, by, r in ((0, 0, 1.0), (-0.6, 0.35, 0.7), (0.6, 0.3, 0.72), (0.1, -0.5, 0.7)):
            place = (x + bx * size, 112 + by * size)
            tone = shade(leaf, 0.78 + 0.07 * (index % 3))
            crown = radial((place[0] - 8, place[1] - 10), size * r * 1.5, shade(tone, 1.3), tone, shade(tone, 0.68))
            stage.paint(stage.oval(*place, size * r, size * r * 0.86), crown)
    lawn = stage.rect(-64, 176, WIDTH + 128, 200)
    stage.paint(lawn, linear((0, 176), (0, 272), Rgb.of("#5f9a4e"), Rgb.of("#4a8040")))
    stage.textured(lawn, "grass", strength=0.26, seed=2)
    path = stage.polygon([(-64, _PATH_Y), (544, _PATH_Y), (544, 262), (-64, 262)])
    stage.paint(path, linear((0, _PATH_Y), (0, 262), Rgb.of("#cdb894"), Rgb.of("#e0cda8"), Rgb.of("#bfa984")))
    stage.textured(path, "stone", strength=0.14, seed=3)
    for x in range(-60, 545, 9):
        for y in (_PATH_Y, 263):
            blade = stage.polygon([(x, y + 3), (x + 2 + (x % 5), y - 5 - (x * 7) % 4), (x + 5, y + 3)])
            stage.paint(blade, flat(shade(Rgb.of("#5a9448"), 0.85 + 0.05 * (x % 6))))


def draw_kite(stage: Stage, park: Park, time_s: float) -> None:
    """Draws a kite that someone beyond the frame flies."""
    x = park.kite_x + 8 * math.sin(time_s * 1.4 + park.phase)
    y = 52 + 5 * math.sin(time_s * 2.1)
    away = 1 if park.kite_x > WIDTH / 2 else -1
    string = stage.curve([(x, y), (x + 22 * away, y + 50), (x + 60 * away, 120)])
    stage.paint(string, flat(Rgb.of("#f2ede2"), alpha=0.8), part="kite", line=0.7)
    stage.paint(stage.polygon([(x, y - 24), (x + 17, y), (x, y + 26), (x - 17, y)]), flat(park.kite), part="kite")
    stage.paint(stage.polygon([(x, y - 24), (x + 17, y), (x, y + 26)]), flat(shade(park.kite, 0.75)), part="kite")
    tail = [(x + 5 * math.sin(time_s * 5 + k), y + 26 + 9 * k) for k in range(5)]
    stage.paint(stage.curve(tail), flat(Rgb.of("#f4d35e")), part="kite", line=2)


def draw_dog(stage: Stage, park: Park, x: float, time_s: float) -> None:
    """Draws a dog that looks to the left and wags its tail."""
    y, fur = 222.0, park.fur
    wag = 8 * math.sin(time_s * 11)
    stage.shadow(stage.oval(x + 10, y + 1, 34, 5), alpha=0.4, blur=3)
    tail = stage.curve([(x + 22, y - 26), (x + 32, y - 36), (x + 36 + wag * 0.6, y - 48)])
    stage.paint(tail, flat(fur), part="dog", line=5)
    for leg in (-16, -9, 14, 21):
        bone = stage.polygon([(x + leg, y - 20), (x + leg, y - 2)], closed=False)
        stage.paint(bone, flat(shade(fur, 0.8)), part="dog", line=6)
    body = linear((0, y - 36), (0, y - 12), shade(fur, 1.1), shade(fur, 0.75))
    stage.paint(stage.oval(x + 2, y - 24, 27, 12), body, part="dog")
    head = (x - 26, y - 36 + 2 * math.sin(time_s * 3))
    round_ = radial((head[0] - 4, head[1] - 5), 18, shade(fur, 1.15), shade(fur, 0.8))
    stage.paint(stage.oval(*head, 13, 12), round_, part="dog")
    stage.paint(stage.oval(head[0] - 11, head[1] + 4, 8, 5.5), flat(shade(fur, 1.08)), part="dog")
    stage.paint(stage.oval(head[0] - 17, head[1] + 1.5, 2.8, 2.2), flat(Rgb.of("#231814")), part="dog")
    stage.paint(stage.oval(head[0] - 5, head[1] - 3, 1.8), flat(Rgb.of("#231814")), part="dog")
    stage.paint(stage.oval(head[0] + 7, head[1] + 1, 4.5, 9), flat(shade(fur, 0.62)), part="dog")
    collar = stage.polygon([(x - 18, y - 31), (x - 12, y - 22)], closed=False)
    stage.paint(collar, flat(Rgb.of("#c83a3a")), part="dog", line=4)
