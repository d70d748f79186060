"""A street that walkers cross: houses, road or rails, a car, a waiting child."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["COATS", "HOUSES", "car", "child", "houses", "pavement", "rails", "road"]

HOUSES = (Rgb.of("#c98a6a"), Rgb.of("#d9c08a"), Rgb.of("#8fa6b8"), Rgb.of("#b59aa8"), Rgb.of("#a9b58a"))
COATS = (Rgb.of("#e8b23a"), Rgb.of("#c8485a"), Rgb.of("#3f8fa0"))
_KERB_Y, _ROAD_Y = 232.0, 158.0


def houses(stage: Stage, first: int, evening: float) -> None:
    """Draws a row of houses with shops; inside a static layer."""
    left, warm = -60.0, Rgb.of("#ffdf9a")
    for index in range(9):
        width, high = 62.0 + 13 * ((index * 5 + first) % 3), 96.0 + 17 * ((index * 7 + first) % 4)
        colour, top = HOUSES[(index + first) % len(HOUSES)], 148 - high
        wall = stage.rect(left, top, width, high + 6)
        stage.paint(wall, linear((0, top), (0, 150), shade(colour, 1.06), shade(colour, 0.8)), part="houses")
        stage.textured(wall, "plaster", strength=0.14, seed=index)
        stage.paint(stage.rect(left - 2, top - 6, width + 4, 8, radius=1), flat(shade(colour, 0.6)), part="houses")
        for row in range(int((high - 34) // 27)):
            for column in range(3):
                x, y = left + 7 + column * (width - 10) / 3, top + 10 + row * 27
                stage.paint(stage.rect(x - 1.5, y - 1.5, 14, 20), flat(shade(colour, 1.25)), part="houses")
                lit = (index * 3 + row * 5 + column * 7) % 5 == 0 and evening > 0.4
                glass = warm if lit else Rgb.of("#4a6072")
                pane = linear((x, y), (x + 11, y + 17), shade(glass, 1.3), shade(glass, 0.85))
                stage.paint(stage.rect(x, y, 11, 17), pane, part="houses")
                stage.effect(stage.rect(x + 5, y, 1, 17), flat(shade(colour, 1.25)))
        front = stage.rect(left + 6, 122, width - 12, 28, radius=1)
        stage.paint(front, linear((0, 122), (0, 150), Rgb.of("#5a6a74"), Rgb.of("#2f3a44")), part="houses")
        for stripe in range(6):
            tone = COATS[index % 3] if stripe % 2 else Rgb.of("#f4ecdc")
            bit = (width - 8) / 6
            awning = stage.polygon(
                [
                    (left + 4 + stripe * bit, 116),
                    (left + 4 + (stripe + 1) * bit, 116),
                    (left + 3 + (stripe + 1) * bit, 128),
                    (left + 3 + stripe * bit, 128),
                ]
            )
            stage.paint(awning, flat(tone), part="houses")
        stage.shadow(stage.rect(left + 5, 128, width - 10, 5), alpha=0.4, blur=2)
        left += width


def road(stage: Stage, side: float) -> None:
    """Draws the road with its stripes, and the pavement in front; inside a static layer."""
    far = stage.rect(-64, 148, WIDTH + 128, 12)
    stage.paint(far, linear((0, 148), (0, 160), Rgb.of("#b5ada2"), Rgb.of("#cbc4b8")))
    road = stage.rect(-64, _ROAD_Y, WIDTH + 128, _KERB_Y - _ROAD_Y)
    stage.paint(road, linear((0, _ROAD_Y), (0, _KERB_Y), Rgb.of("#565a62"), Rgb.of("#6c7078")))
    stage.textured(road, "stone", strength=0.16, seed=20)
    stage.effect(stage.rect(-64, _ROAD_Y - 1, WIDTH + 128, 3), flat(Rgb.of("#8d887f")))
    middle = 240 - side * 40
    for index in range(-3, 4):  # the stripes run with the road and narrow with distance
        x0, x1 = middle + index * 17.0, middle + index * 24.0
        bar = stage.polygon(
            [(x0 - 5, _ROAD_Y + 4), (x0 + 5, _ROAD_Y + 4), (x1 + 7.5, _KERB_Y - 3), (x1 - 7.5, _KERB_Y - 3)]
        )
        stage.paint(bar, linear((0, _ROAD_Y), (0, _KERB_Y), Rgb.of("#d4d2cb"), Rgb.of("#f2f0e8")))
    for index in range(9):
        x = -60 + index * 72.0
        if abs(x + 16 - middle) > 110:
            stage.paint(stage.rect(x, 192, 34, 3), flat(Rgb.of("#d8d4c8")))
    stop = middle + side * 104
    stage.paint(
        stage.polygon([(stop - 3, 196), (stop + 3, 196), (stop + 12, _KERB_Y - 3), (stop + 5, _KERB_Y - 3)]),
        flat(Rgb.of("#e8e5dc")),
    )
    pavement(stage)


def pavement(stage: Stage) -> None:
    """Draws the flags and the kerb in front; inside a static layer."""
    walk = stage.rect(-64, _KERB_Y, WIDTH + 128, 120)
    stage.paint(walk, linear((0, _KERB_Y), (0, HEIGHT), Rgb.of("#a39b90"), Rgb.of("#c4bcb0")))
    stage.textured(walk, "stone", strength=0.16, seed=21)
    for column in range(-6, 20):
        joint = stage.polygon([(240 + (column - 7) * 40.0, _KERB_Y), (240 + (column - 7) * 54.0, 300)], closed=False)
        stage.effect(joint, flat(Rgb(70, 62, 54), alpha=0.3), line=1)
    stage.paint(
        stage.rect(-64, _KERB_Y - 2, WIDTH + 128, 7),
        linear((0, _KERB_Y - 2), (0, _KERB_Y + 5), Rgb.of("#dcd6ca"), Rgb.of("#8f887c")),
    )


def rails(stage: Stage, side: float) -> None:
    """Draws a track on its ballast, with a path of planks across it; inside a static layer."""
    far = stage.rect(-64, 148, WIDTH + 128, 30)
    stage.paint(far, linear((0, 148), (0, 178), Rgb.of("#8fa06a"), Rgb.of("#6f8650")))
    stage.textured(far, "grass", strength=0.3, seed=22)
    bed = stage.rect(-64, 176, WIDTH + 128, _KERB_Y - 176)
    stage.paint(bed, linear((0, 176), (0, _KERB_Y), Rgb.of("#857a6e"), Rgb.of("#a0958a")))
    stage.textured(bed, "stone", strength=0.45, seed=20)
    for index in range(-20, 40):
        x = 240 + (index - 10) * 21.0
        sleeper = stage.polygon([(x - 4.5, 192), (x + 4.5, 192), (x + 6, 226), (x - 6, 226)])
        stage.paint(sleeper, linear((0, 192), (0, 226), Rgb.of("#5a4636"), Rgb.of("#6e5644")))
    middle = 240 - side * 40
    way = [(middle - 54, 148), (middle + 54, 148), (middle + 88, _KERB_Y), (middle - 88, _KERB_Y)]
    path = stage.polygon([(x, y) for x, y in way])
    stage.paint(path, linear((0, 148), (0, _KERB_Y), Rgb.of("#8f8a84"), Rgb.of("#a39d95")))
    stage.textured(path, "stone", strength=0.14, seed=23)
    for index in range(5):
        y, half = 188.0 + index * 8, 72 + index * 3.6
        plank = stage.polygon(
            [(middle - half, y), (middle + half, y), (middle + half + 3.6, y + 7), (middle - half - 3.6, y + 7)]
        )
        stage.paint(plank, linear((0, y), (0, y + 7), Rgb.of("#b08a5e"), Rgb.of("#8a6842")))
        stage.textured(plank, "wood", strength=0.2, seed=24 + index)
    for y in (196.0, 217.0):
        stage.shadow(stage.rect(-64, y + 3, WIDTH + 128, 3), alpha=0.5, blur=1)
        stage.paint(
            stage.rect(-64, y, WIDTH + 128, 4), linear((0, y), (0, y + 4), Rgb.of("#dfe3e6"), Rgb.of("#6b6460"))
        )
    pavement(stage)


def car(stage: Stage, side: float, tone: Rgb, stopped: bool, time_s: float) -> None:
    """Draws a car that comes from `side` and drives through, or stands before the stripes."""
    way = -side
    gone = 92.0 * time_s
    x = 240 + side * (150 if stopped else 120.0) - side * (0 if stopped else gone)
    y = 222.0
    hum = 0.6 * math.sin(17 * time_s)
    stage.shadow(stage.oval(x + side * 8, y + 1, 76, 8), alpha=0.55, blur=3)
    with stage.moved(x, y + (hum if stopped else 0.4 * hum)):
        paint = linear((0, -52), (0, -6), shade(tone, 1.3), tone, shade(tone, 0.6))
        cabin = stage.curve([(-way * 44, -28), (-way * 34, -50), (-way * 8, -56), (way * 16, -52), (way * 36, -30)])
        stage.paint(cabin, paint, part="car")
        glass = stage.curve([(-way * 37, -30), (-way * 30, -46), (-way * 6, -51), (way * 13, -48), (way * 28, -30)])
        stage.paint(glass, linear((0, -50), (0, -30), Rgb.of("#bfe0ee"), Rgb.of("#4f6f84")), part="car")
        stage.paint(stage.oval(way * 6, -36, 5, 6), flat(Rgb.of("#5a4034")), part="car")
        stage.paint(stage.rect(way * 6 - 8, -33, 16, 8, radius=4), flat(Rgb.of("#3a4a5a")), part="car")
        stage.paint(stage.rect(-4 - way * 6, -52, 4, 24), flat(shade(tone, 0.9)), part="car")
        body = stage.curve(
            [
                (-way * 66, -10),
                (-way * 66, -26),
                (-way * 46, -31),
                (way * 34, -31),
                (way * 62, -25),
                (way * 69, -12),
                (way * 64, -6),
                (-way * 62, -6),
            ],
            closed=True,
        )
        stage.paint(body, paint, part="car")
        stage.effect(stage.rect(-56, -27, 112, 2.4, radius=1), flat(Rgb(255, 255, 255), alpha=0.45, blur=0.8))
        stage.effect(stage.rect(-way * 8 - 0.6, -30, 1.2, 20), flat(Rgb(0, 0, 0), alpha=0.35))
        stage.paint(stage.rect(-way * 4 - 4, -23, 8, 2, radius=1), flat(Rgb(230, 230, 230)), part="car")
        stage.paint(stage.oval(way * 62, -20, 4, 4), flat(Rgb.of("#fff4c8")), part="car")
        stage.paint(
            stage.rect(-way * 66 - 2.5, -22, 5, 8, radius=1.5),
            flat(Rgb.of("#e02a22") if stopped else Rgb.of("#8a1c1c")),
            part="car",
        )
        if stopped:
            stage.glow(-way * 67, -18, 16, Rgb(255, 60, 40), alpha=0.6)
        turn = 0.0 if stopped else way * math.degrees(gone / 12)
        for dx in (-40.0, 40.0):
            _wheel(stage, dx, turn)


def _wheel(stage: Stage, x: float, turn_deg: float) -> None:
    stage.paint(stage.oval(x, -9, 13), flat(Rgb.of("#1d1f24")), part="car")
    stage.paint(stage.oval(x, -9, 8), radial((x - 2, -12), 12, Rgb.of("#f0f2f4"), Rgb.of("#7a828a")), part="car")
    with stage.moved(x, -9, turn_deg=turn_deg):
        for spoke in range(5):
            angle = spoke * math.tau / 5
            bar = stage.polygon([(0, 0), (7 * math.cos(angle), 7 * math.sin(angle))], closed=False)
            stage.paint(bar, flat(Rgb.of("#4a525a")), part="car", line=1.6)


def child(stage: Stage, side: float, coat: Rgb, time_s: float, phase: float) -> None:
    """Draws the child that waits at the kerb, seen from behind."""
    x, y, way = 240 - side * 66, 258.0, side
    sway = 1.6 * math.sin(2.1 * time_s + phase)
    dx, dy = stage.light.shadow_of(58)
    fall = [(x - 10, y), (x + 10, y), (x + dx + 9, y + dy), (x + dx - 7, y + dy)]
    stage.shadow(stage.polygon(fall), alpha=0.4, blur=2.5)
    skin, hair = Rgb.of("#d9a27c"), Rgb.of("#4a3024")
    for dx_leg in (-5.5, 5.5):
        leg = stage.polygon([(x + dx_leg, y - 3), (x + dx_leg * 0.9, y - 26)], closed=False)
        stage.paint(leg, flat(Rgb.of("#3f4f6e")), part="child", line=7.5)
        stage.paint(stage.oval(x + dx_leg + 1.5 * way, y - 1.5, 6, 3), flat(Rgb.of("#8a3a34")), part="child")
    with stage.moved(x + sway * 0.3, y, turn_deg=sway * 0.7):
        body = stage.curve([(-10, -22), (-11, -40), (-8, -52), (8, -52), (11, -40), (10, -22)], closed=True)
        stage.paint(body, linear((-way * 11, 0), (way * 11, 0), shade(coat, 1.15), shade(coat, 0.7)), part="child")
        pack = stage.rect(-8.5, -50, 17, 23, radius=5)
        stage.paint(pack, linear((-8, -50), (8, -27), Rgb.of("#5f86c4"), Rgb.of("#2f4f86")), part="child")
        stage.paint(stage.rect(-6, -38, 12, 9, radius=2), flat(Rgb.of("#e9c46a")), part="child")
        for arm in (-1, 1):
            sleeve = stage.polygon([(arm * 10, -49), (arm * 14, -38), (arm * 12.5, -30)], closed=False)
            stage.paint(sleeve, flat(shade(coat, 0.85 + 0.15 * (arm == -way))), part="child", line=6)
            stage.paint(stage.oval(arm * 12.5, -28, 3), flat(skin), part="child")
        stage.paint(stage.rect(-3, -57, 6, 8), flat(shade(skin, 0.8)), part="child")
        look = 2.6 * math.sin(1.3 * time_s + phase)
        stage.paint(
            stage.oval(look, -65, 10.5, 11.5),
            radial((look - 4 * way, -69), 18, shade(hair, 1.7), hair),
            part="child",
        )
        stage.paint(stage.oval(look + 9.5, -63, 2.2, 3), flat(skin), part="child")
        stage.paint(stage.oval(look - 9.5, -63, 2.2, 3), flat(skin), part="child")
        hat = stage.curve([(look - 11, -68), (look - 8, -77), (look, -80), (look + 8, -77), (look + 11, -68)])
        stage.paint(hat, linear((-10, 0), (10, 0), shade(coat, 1.1), shade(coat, 0.8)), part="child")
        stage.paint(stage.oval(look, -80, 3.6), flat(Rgb.of("#f4ece0")), part="child")
