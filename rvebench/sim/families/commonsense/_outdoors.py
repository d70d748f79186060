"""What is outside the door in each weather: a snowman, a beach, a duck in a puddle."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["draw_beach", "draw_duck", "draw_snowman", "draw_surf"]

_SAND_Y = 176.0


def draw_beach(stage: Stage, *, parasol: Rgb, side: int) -> None:
    """Draws sky, sea, sand and what lies on it, the castle to `side` (-1 left, 1 right); meant for a static layer."""
    sky = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    stage.paint(sky, linear((0, -40), (0, 120), Rgb.of("#4f9fe0"), Rgb.of("#a8d6ee"), Rgb.of("#e4f2f2")))
    for puff in range(7):
        x, y = -30.0 + 86 * puff, 44 + 22 * math.sin(puff * 2.3)
        stage.effect(stage.oval(x, y, 34, 8), flat(Rgb(255, 255, 255), alpha=0.55, blur=5))
        stage.effect(stage.oval(x + 10, y - 6, 18, 8), flat(Rgb(255, 255, 255), alpha=0.5, blur=5))
    sea = stage.rect(-64, 118, WIDTH + 128, 66)
    stage.paint(sea, linear((0, 118), (0, 180), Rgb.of("#2a7fae"), Rgb.of("#4fb4c4"), Rgb.of("#a8dcd4")))
    stage.textured(sea, "noise", strength=0.1, seed=12)
    sand = stage.curve([(-80, _SAND_Y + 3), (60, _SAND_Y - 2), (200, _SAND_Y + 4), (340, _SAND_Y), (480, _SAND_Y + 5),
                        (560, _SAND_Y)])  # fmt: skip
    for corner in ((560.0, 350.0), (-80.0, 350.0)):
        sand.lineTo(*corner)
    sand.close()
    stage.paint(sand, linear((0, _SAND_Y), (0, HEIGHT), Rgb.of("#d8bd86"), Rgb.of("#f0dcac")))
    stage.textured(sand, "noise", strength=0.12, seed=13)
    stage.textured(sand, "stone", strength=0.06, seed=14)
    _castle(stage, WIDTH / 2 + side * 118, 214)
    x, foot = WIDTH / 2 - side * 142, 218.0
    stage.shadow(stage.oval(x + 16, foot + 4, 62, 9), alpha=0.34, blur=4, colour=Rgb(90, 60, 30))
    towel = stage.polygon([(x - 30, foot - 4), (x + 44, foot - 4), (x + 56, foot + 8), (x - 26, foot + 8)])
    stage.paint(towel, linear((x - 30, 0), (x + 56, 0), Rgb.of("#f4efe2"), Rgb.of("#d8d0be")), part="landmark")
    with stage.clipped(towel):
        for stripe in range(4):
            stage.paint(stage.rect(x - 22 + 20 * stripe, foot - 6, 8, 16), flat(parasol, alpha=0.8), part="landmark")
    stage.paint(stage.polygon([(x, foot), (x - 6, foot - 106)], closed=False), flat(Rgb.of("#f0e8d8")), part="landmark",
                line=3)  # fmt: skip
    with stage.moved(x - 6, foot - 104, turn_deg=-5):
        for panel in range(6):
            a, b = math.pi * (1 - panel / 6), math.pi * (1 - (panel + 1) / 6)
            cloth = stage.curve([(66 * math.cos(a), 26 - 3 * math.sin(a)), (46 * math.cos(a), 4), (0, -14)])
            for point in ((46 * math.cos(b), 4.0), (66 * math.cos(b), 26 - 3 * math.sin(b))):
                cloth.lineTo(*point)
            cloth.close()
            tone = parasol if panel % 2 else Rgb.of("#f8f2e4")
            stage.paint(cloth, flat(shade(tone, 1.08 - 0.07 * panel)), part="landmark")
        stage.paint(stage.oval(0, -15, 2.6), flat(parasol), part="landmark")


def _castle(stage: Stage, x: float, foot: float) -> None:
    sand = Rgb.of("#d4ae6c")
    stage.shadow(stage.oval(x + 8, foot + 1, 42, 6), alpha=0.34, blur=3, colour=Rgb(90, 60, 30))
    heap = stage.curve([(x - 40, foot), (x - 30, foot - 12), (x, foot - 16), (x + 30, foot - 12), (x + 40, foot)])
    heap.close()
    stage.paint(heap, linear((x - 40, 0), (x + 40, 0), shade(sand, 1.1), shade(sand, 0.8)), part="landmark")
    for at, tall, half in ((-22.0, 40.0, 9.0), (22.0, 36.0, 9.0), (0.0, 56.0, 11.0)):
        left, right, head = x + at - half, x + at + half, foot - tall
        tower = stage.polygon([(left - 2, foot - 8), (left, head), (right, head), (right + 2, foot - 8)])
        fill = linear((x + at - half, 0), (x + at + half, 0), shade(sand, 1.18), sand, shade(sand, 0.68))
        stage.paint(tower, fill, part="landmark")
        for tooth in (-1, 0, 1):
            block = stage.rect(x + at + tooth * (half - 2.4) - 2.2, foot - tall - 4, 4.4, 5)
            stage.paint(block, flat(shade(sand, 1.05 - 0.12 * tooth)), part="landmark")
        stage.paint(stage.rect(x + at - 2, foot - tall + 9, 4, 7, radius=2), flat(shade(sand, 0.45)), part="landmark")
    pole = stage.polygon([(x, foot - 58), (x, foot - 78)], closed=False)
    stage.paint(pole, flat(Rgb.of("#6a4c30")), part="landmark", line=1.4)
    stage.paint(stage.polygon([(x, foot - 78), (x + 14, foot - 73), (x, foot - 68)]), flat(Rgb.of("#d8433a")),
                part="landmark")  # fmt: skip


def draw_surf(stage: Stage, time_s: float) -> None:
    """Draws what moves on a beach: surf, a sail far out, gulls."""
    sail = 150 + 7 * time_s
    stage.paint(stage.polygon([(sail, 122), (sail, 98), (sail + 15, 121)]), flat(Rgb.of("#fbf8f0")))
    stage.paint(stage.polygon([(sail - 2, 121), (sail - 2, 102), (sail - 10, 121)]), flat(Rgb.of("#e8dcc8")))
    stage.paint(stage.polygon([(sail - 12, 122), (sail + 15, 122), (sail + 10, 127), (sail - 8, 127)]),
                flat(Rgb.of("#8a4a38")))  # fmt: skip
    for row in range(4):
        y = 134 + 11 * row + 2.2 * math.sin(time_s * 1.6 + row * 1.3)
        for crest in range(8):
            x = (crest * 83.0 + row * 37 + 8 * math.sin(time_s * 0.9 + crest)) % 620 - 70
            line = stage.curve([(x - 16 - 3 * row, y), (x, y - 1.6), (x + 16 + 3 * row, y)])
            stage.effect(line, flat(Rgb(246, 252, 252), alpha=0.55), line=1.2 + 0.3 * row)
    wash = 4 * math.sin(time_s * 1.5)
    edge = [(-80 + 40.0 * step, _SAND_Y + 1 + wash + 2 * math.sin(step * 1.1)) for step in range(17)]
    stage.effect(stage.curve(edge), flat(Rgb(252, 254, 252), alpha=0.85), line=3.4)
    for gull in range(3):
        x, y = 90 + 120 * gull + 16 * time_s, 34 + 20 * (gull % 2) + 3 * math.sin(time_s * 1.4 + gull)
        flap = 4 * math.sin(time_s * 6 + 2 * gull)
        wings = stage.curve([(x - 9, y - flap), (x - 4, y - 2), (x, y), (x + 4, y - 2), (x + 9, y - flap)])
        stage.paint(wings, flat(Rgb.of("#f8f8f6")), line=2)


def draw_duck(stage: Stage, x: float, y: float, *, side: int, time_s: float) -> None:
    """Draws a duck that swims in a puddle with its keel at (x, y), looking to `side`."""
    pool = stage.oval(x, y + 1, 58, 9)
    stage.effect(pool, radial((x, y), 58, Rgb(190, 206, 218), Rgb(120, 136, 150), alpha=0.75))
    for ring in range(3):
        age = (time_s * 0.7 + ring / 3) % 1
        wave = stage.oval(x, y + 1, 14 + 38 * age, 2.6 + 5.4 * age)
        stage.effect(wave, flat(Rgb(236, 244, 250), alpha=0.6 * (1 - age)), line=1)
    with stage.moved(x + 3 * math.sin(time_s * 0.9), y + 0.8 * math.sin(time_s * 3), scale=side, scale_y=1):
        white = Rgb.of("#f6f2e8")
        body = stage.curve(
            [(-24, -14), (-16, -8), (-14, 0), (10, 1), (18, -6), (16, -15), (2, -17), (-12, -13)], closed=True
        )
        stage.paint(body, linear((0, -18), (0, 2), white, shade(white, 0.76)), part="landmark")
        wing = stage.curve([(-12, -12), (2, -14), (9, -8), (0, -3), (-10, -6)], closed=True)
        stage.paint(wing, flat(shade(white, 0.88)), part="landmark")
        stage.paint(stage.curve([(12, -10), (15, -18), (14, -26)]), flat(white), part="landmark", line=8)
        dip = 1.5 * math.sin(time_s * 2.2)
        stage.paint(stage.polygon([(20, -29 + dip), (30, -25 + dip), (20, -24 + dip)]), flat(Rgb.of("#f0a02c")),
                    part="landmark")  # fmt: skip
        stage.paint(stage.oval(15, -28 + dip, 7, 6.4), flat(white), part="landmark")
        stage.paint(stage.oval(17.5, -30 + dip, 1.4), flat(Rgb.of("#1c1c20")), part="landmark")


def draw_snowman(stage: Stage, x: float, y: float, *, side: int) -> None:
    """Draws a snowman with its foot at (x, y) that looks away from `side`."""
    stage.shadow(stage.oval(x + 8, y, 34, 6), alpha=0.3, blur=4, colour=Rgb(50, 70, 100))
    white = Rgb.of("#f4f8fc")
    for height, size in ((-17, 23.0), (-48, 16.0), (-72, 11.5)):
        ball = stage.oval(x, y + height, size)
        stage.paint(
            ball,
            linear((x - size, y + height - size), (x + size, y + height + size), white, white, shade(white, 0.74)),
            part="landmark",
        )
    for eye in (-4, 4):
        stage.paint(stage.oval(x + eye, y - 75, 1.5), flat(Rgb.of("#20242a")), part="landmark")
    nose = stage.polygon([(x, y - 73), (x, y - 69), (x - side * 15, y - 70)])
    stage.paint(nose, flat(Rgb.of("#e8822e")), part="landmark")
    for button in range(3):
        stage.paint(stage.oval(x, y - 56 + 9 * button, 1.7), flat(Rgb.of("#20242a")), part="landmark")
    for arm in (-1, 1):
        twig = stage.polygon([(x + arm * 14, y - 50), (x + arm * 34, y - 66)], closed=False)
        stage.paint(twig, flat(Rgb.of("#5a4030")), part="landmark", line=2.4)
    stage.paint(stage.rect(x - 11, y - 100, 22, 18, radius=2), flat(Rgb.of("#2e3238")), part="landmark")
    stage.paint(stage.rect(x - 17, y - 84, 34, 4, radius=2), flat(Rgb.of("#2e3238")), part="landmark")
