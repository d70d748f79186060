"""A park bench and a pair of swings, from the afternoon into the night."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.emotional._dinner import Place
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = [
    "GROUND_Y",
    "ROPE_TOP_Y",
    "SWING_SEAT_Y",
    "clock_spot",
    "draw_bench",
    "draw_bouquet",
    "draw_evening",
    "draw_leaves",
    "draw_pigeons",
    "draw_swing_frame",
    "draw_swing_seat",
]

GROUND_Y = 240.0
ROPE_TOP_Y = 36.0
SWING_SEAT_Y = 194.0
_MIDDLE = WIDTH / 2
_HIGH = tuple(Rgb.of(text) for text in ("#79b6e6", "#7a78b0", "#1c2446"))
_LOW = tuple(Rgb.of(text) for text in ("#eef4ee", "#f6b27c", "#4a4a74"))


def _over_day(stops: tuple[Rgb, ...], later: float) -> Rgb:
    first = min(1, int(later * 2))
    return mix(stops[first], stops[first + 1], later * 2 - first)


def _dimmed(tone: Rgb, later: float) -> Rgb:
    return mix(tone, Rgb(tone.r * 0.3, tone.g * 0.34, tone.b * 0.5 + 10), 0.85 * later)


def draw_evening(stage: Stage, place: Place, later: float, *, is_playground: bool) -> None:
    """Draws sky, town, trees, ground and a lamp that is lit when it gets dark."""
    side = place.side
    sky = linear((0, -40), (0, 170), _over_day(_HIGH, later), _over_day(_LOW, later))
    stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), sky)
    if later > 0.75:
        for star in range(26):
            dot = stage.oval(-40 + (star * 97) % 560, -30 + (star * 53) % 130, 0.9 + 0.4 * (star % 2))
            stage.effect(dot, flat(Rgb(255, 250, 230), alpha=0.8))
    else:
        for puff in range(4):
            for ball in range(4):
                cloud = stage.oval(puff * 140 + ball * 17, 34 + 18 * math.sin(puff * 2.2) - 6 * (ball % 2), 18, 9)
                stage.effect(cloud, flat(_over_day((Rgb(255, 255, 255), Rgb(255, 214, 190), Rgb(60, 60, 90)), later),
                                         alpha=0.45, blur=4))  # fmt: skip
    for house in range(10):
        x, tall = -60.0 + 62 * house, 40 + 16 * ((house * 3) % 4)
        tone = _dimmed(mix(place.wall, Rgb.of("#c8c0b8"), 0.55), later)
        stage.paint(stage.rect(x, 168 - tall, 56, tall + 20), linear((0, 168 - tall), (0, 170), tone, shade(tone, 0.8)))
        roof = stage.polygon([(x - 3, 168 - tall), (x + 28, 152 - tall), (x + 59, 168 - tall)])
        stage.paint(roof, flat(_dimmed(Rgb.of("#9a5a48"), later)))
        for pane in range(4):
            is_lit = later > 0.3 and (house * 5 + pane * 3) % 4 < 2
            glass = Rgb.of("#ffd888") if is_lit else shade(tone, 0.7)
            stage.paint(stage.rect(x + 9 + 22 * (pane % 2), 178 - tall + 17 * (pane // 2), 12, 10), flat(glass))
    leaf = _dimmed(Rgb.of("#5f8f4e"), later)
    for tree, x in enumerate((-20.0, _MIDDLE - side * 196, _MIDDLE + side * 214, 500.0)):
        size = 34 + 6 * (tree % 3)
        stage.paint(stage.rect(x - 4, 120, 8, 66), flat(_dimmed(Rgb.of("#6e4a32"), later)))
        for bx, by, r in ((0, 0, 1.0), (-0.6, 0.35, 0.7), (0.6, 0.3, 0.72), (0.1, -0.5, 0.7)):
            spot = (x + bx * size, 112 + by * size)
            crown = radial((spot[0] - 8, spot[1] - 10), size * r * 1.5, shade(leaf, 1.25), leaf, shade(leaf, 0.68))
            stage.paint(stage.oval(*spot, size * r, size * r * 0.86), crown)
    hedge = stage.curve([(-64, 200), (-64, 168), (40, 162), (150, 169), (260, 162), (380, 169), (544, 163), (544, 200)],
                        closed=True)  # fmt: skip
    stage.paint(hedge, linear((0, 160), (0, 192), shade(leaf, 1.05), shade(leaf, 0.6)))
    ground = stage.rect(-64, 186, WIDTH + 128, 180)
    dirt = _dimmed(Rgb.of("#cdb48a") if is_playground else Rgb.of("#b8aa98"), later)
    stage.paint(ground, linear((0, 186), (0, 272), shade(dirt, 0.85), dirt))
    stage.textured(ground, "noise" if is_playground else "stone", strength=0.2, seed=5)
    grass = stage.rect(-64, 184, WIDTH + 128, 18)
    stage.paint(grass, linear((0, 184), (0, 202), shade(leaf, 1.1), shade(leaf, 0.85)))
    stage.textured(grass, "grass", strength=0.25, seed=6)
    _lamp(stage, _MIDDLE - side * 168, later)


def _lamp(stage: Stage, x: float, later: float) -> None:
    stage.shadow(stage.oval(x + 5, 229, 15, 3.5), alpha=0.4, blur=2.5)
    post = linear((x - 3, 0), (x + 3, 0), Rgb.of("#5a646a"), Rgb.of("#22282c"))
    stage.paint(stage.rect(x - 3, 74, 6, 156), post, part="lamp")
    stage.paint(stage.rect(x - 7, 220, 14, 9, radius=2), flat(Rgb.of("#2c3236")), part="lamp")
    glow = max(0.0, min(1.0, 2.5 * (later - 0.25)))
    bulb = stage.polygon([(x - 8, 50), (x + 8, 50), (x + 6, 76), (x - 6, 76)])
    stage.paint(bulb, flat(mix(Rgb.of("#dfe6e4"), Rgb.of("#fff0b8"), glow)), part="lamp")
    stage.paint(stage.polygon([(x - 12, 51), (x + 12, 51), (x, 40)]), flat(Rgb.of("#2c3236")), part="lamp")
    if glow:
        stage.glow(x, 64, 92, Rgb(230, 170, 80), alpha=0.55 * glow)
        stage.effect(stage.oval(x, 232, 74, 13), flat(Rgb(255, 210, 120), alpha=0.2 * glow, blur=6))


def clock_spot(side: int) -> tuple[float, float]:
    """Returns where the street clock beside the bench is."""
    return _MIDDLE + side * 142, 88.0


def draw_bench(stage: Stage, place: Place, later: float) -> None:
    """Draws a clock post, and a bench for two whose seat is at the height of a seated person's hips."""
    x, y = clock_spot(place.side)
    stage.shadow(stage.oval(x + 5, 221, 14, 3.5), alpha=0.4, blur=2.5)
    post = linear((x - 3, 0), (x + 3, 0), Rgb.of("#5a646a"), Rgb.of("#22282c"))
    stage.paint(stage.rect(x - 3, y, 6, 132), post, part="clock")
    stage.paint(stage.rect(x - 7, 213, 14, 8, radius=2), flat(Rgb.of("#2c3236")), part="clock")
    wood, iron = _dimmed(Rgb.of("#a8743e"), 0.6 * later), _dimmed(Rgb.of("#3c444a"), 0.5 * later)
    left, right = _MIDDLE - 96, _MIDDLE + 96
    stage.shadow(stage.rect(left - 4, GROUND_Y - 5, right - left + 26, 10, radius=5), alpha=0.42, blur=4)
    for x in (left + 8, right - 14):
        stage.paint(stage.rect(x, 142, 6, GROUND_Y - 142), flat(iron), part="seat")
        stage.paint(stage.rect(x - 3, 205, 12, GROUND_Y - 205, radius=2), flat(shade(iron, 0.8)), part="seat")
    for row in range(3):
        y = 144.0 + 15 * row
        slat = stage.rect(left, y, right - left, 11, radius=2)
        stage.paint(slat, linear((0, y), (0, y + 11), shade(wood, 1.2), shade(wood, 0.75)), part="seat")
        stage.textured(slat, "wood", strength=0.16, seed=20 + row)
    for row in range(2):
        y = 196.0 + 7 * row
        slat = stage.rect(left - 3, y, right - left + 6, 7.4, radius=2)
        stage.paint(slat, linear((0, y), (0, y + 7), shade(wood, 1.3 - 0.2 * row), shade(wood, 0.85)), part="seat")
    stage.effect(stage.rect(left - 3, 196, right - left + 6, 1.6), flat(Rgb(255, 246, 226), alpha=0.3))
    for x in (left, right):
        arm = stage.curve([(x, 206), (x, 180), (x, 176)])
        stage.paint(arm, flat(iron), part="seat", line=5)


def draw_bouquet(stage: Stage, rose: Rgb, later: float) -> None:
    """Draws a bunch of flowers about the hand that holds it; the blossoms hang when it is late."""
    for stalk in range(5):
        lean = -0.5 + 0.25 * stalk
        tip = (26 * math.sin(lean), -22 * math.cos(lean) + 9 * later * (1 + 0.4 * (stalk % 2)))
        stem = stage.curve([(0, 3), (tip[0] * 0.5, -13), tip])
        stage.paint(stem, flat(Rgb.of("#4a7a44")), part="rose", line=1.3)
        for dx, dy in ((-2, 0), (2, 0), (0, -2), (0, 1.6)):
            tone = shade(rose, 0.84 + 0.05 * (stalk % 3) + 0.03 * dx)
            stage.paint(stage.oval(tip[0] + dx, tip[1] + dy, 3, 2.8), flat(tone), part="rose")
    paper = stage.polygon([(-10, -9), (10, -9), (2.4, 11), (-2.4, 11)])
    stage.paint(paper, linear((-10, 0), (10, 0), Rgb.of("#f6f0e2"), Rgb.of("#c4b8a4")), part="rose")


def draw_pigeons(stage: Stage, place: Place, time_s: float) -> None:
    """Draws two pigeons that peck at the ground."""
    for bird in range(2):
        x = _MIDDLE + place.side * (78 + 44 * bird) + 3 * math.sin(time_s * 0.9 + 2 * bird)
        y = 250.0 + 6 * bird
        peck = max(0.0, math.sin(time_s * 4.2 + 2.4 * bird)) ** 2
        way = -1 if bird else 1
        stage.shadow(stage.oval(x + 2, y + 1, 12, 2.6), alpha=0.4, blur=1.6)
        for leg in (-2, 2):
            stage.paint(stage.polygon([(x + leg, y - 5), (x + leg, y)], closed=False), flat(Rgb.of("#c86a5a")), line=1)
        body = stage.curve([(x - way * 13, y - 5), (x - way * 3, y - 12), (x + way * 7, y - 10), (x + way * 6, y - 4)],
                           closed=True)  # fmt: skip
        stage.paint(body, linear((0, y - 12), (0, y - 3), Rgb.of("#a4aab4"), Rgb.of("#666c78")))
        head = (x + way * (8 + 3 * peck), y - 14 + 11 * peck)
        stage.paint(stage.polygon([(x + way * 5, y - 8), head], closed=False), flat(Rgb.of("#6a7a80")), line=4)
        stage.paint(stage.oval(*head, 3.4), flat(Rgb.of("#7a828e")))
        beak = stage.polygon([head, (head[0] + way * 6, head[1] + 1.5)], closed=False)
        stage.paint(beak, flat(Rgb.of("#e0b070")), line=1.2)


def draw_leaves(stage: Stage, place: Place, time_s: float) -> None:
    """Draws a few leaves on the wind."""
    for index in range(5):
        way = (0.13 * time_s + 0.2 * index + place.phase) % 1
        x = -20 + 520 * way
        y = 92 + 26 * index + 12 * math.sin(time_s * 2 + index * 1.7) + 30 * way
        turn = 130 * math.sin(time_s * 1.7 + index)
        with stage.moved(x, y, turn_deg=turn):
            tone = mix(Rgb.of("#d8963c"), Rgb.of("#a8542e"), index / 4)
            stage.effect(stage.oval(0, 0, 4.6, 2.1), flat(tone, alpha=0.95 * math.sin(math.pi * way)))


def draw_swing_frame(stage: Stage, later: float) -> None:
    """Draws the frame from which two swings hang, and a sandpit."""
    steel = _dimmed(Rgb.of("#c8503c"), 0.7 * later)
    pit = stage.oval(_MIDDLE, 250, 210, 16)
    stage.effect(pit, flat(shade(_dimmed(Rgb.of("#e4cc98"), later), 1.02), alpha=0.8, blur=3))
    for x, way in ((_MIDDLE - 132, -1), (_MIDDLE + 132, 1)):
        stage.shadow(stage.oval(x + way * 12 + 6, 232, 22, 4), alpha=0.35, blur=3)
        for foot in (-16, 18):
            leg = stage.polygon(
                [(x, ROPE_TOP_Y), (x + way * 14 + foot * 0.7, 226 + (6 if foot > 0 else 0))], closed=False
            )
            stage.paint(leg, flat(shade(steel, 0.8 if foot > 0 else 1.05)), line=6)
    bar = stage.rect(_MIDDLE - 140, ROPE_TOP_Y - 5, 280, 9, radius=4)
    stage.paint(bar, linear((0, ROPE_TOP_Y - 5), (0, ROPE_TOP_Y + 4), shade(steel, 1.35), shade(steel, 0.65)))


def draw_swing_seat(stage: Stage, later: float, half_width: float) -> None:
    """Draws ropes and seat of one swing from its pivot at (0, 0) down."""
    long = SWING_SEAT_Y - ROPE_TOP_Y
    for edge in (-1, 1):
        rope = stage.polygon([(edge * half_width, 0), (edge * half_width, long)], closed=False)
        stage.paint(rope, flat(_dimmed(Rgb.of("#4a4440"), 0.4 * later)), part="seat", line=2.4)
    board = stage.rect(-half_width - 5, long - 1, 2 * half_width + 10, 7, radius=2)
    wood = _dimmed(Rgb.of("#d8a050"), 0.5 * later)
    stage.paint(board, linear((0, long), (0, long + 6), shade(wood, 1.2), shade(wood, 0.7)), part="seat")
