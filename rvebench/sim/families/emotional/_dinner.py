"""A table laid for two by candle light, late in the evening, and what is known of any place where someone waits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["TABLE_Y", "Place", "draw_candle", "draw_clock", "draw_dinner"]

TABLE_Y = 204.0
_MIDDLE = WIDTH / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a seed decides about the place where someone waits."""

    wall: Rgb
    cloth: Rgb
    rose: Rgb
    side: int
    """Where the empty seat is: -1 left, 1 right."""
    phase: float


def draw_clock(stage: Stage, x: float, y: float, radius: float, hours: float, time_s: float) -> None:
    """Draws a round clock with its second hand running."""
    size = radius / 27
    stage.shadow(stage.oval(x + 4 * size, y + 5 * size, radius), alpha=0.4, blur=4 * size)
    rim = radial((x - 8 * size, y - 8 * size), 40 * size, Rgb.of("#c89a5a"), Rgb.of("#6a4626"))
    stage.paint(stage.oval(x, y, radius), rim, part="clock")
    stage.paint(stage.oval(x, y, 22 * size), flat(Rgb.of("#f6f0de")), part="clock")
    for hour in range(12):
        turn, far = hour * math.pi / 6, 18.5 * size
        dot = stage.oval(x + far * math.sin(turn), y - far * math.cos(turn), (1.7 if hour % 3 == 0 else 1.0) * size)
        stage.paint(dot, flat(Rgb.of("#33261c")), part="clock")
    hands = ((11.0, hours * math.pi / 6, 2.8), (16.0, hours * math.tau, 1.8), (17.5, time_s * 1.6, 0.8))
    for length, turn, wide in hands:
        tip = (x + length * size * math.sin(turn), y - length * size * math.cos(turn))
        tone = flat(Rgb.of("#1c1612") if wide > 1 else Rgb.of("#b83028"))
        stage.paint(stage.polygon([(x, y), tip], closed=False), tone, part="clock", line=wide * size)


def draw_dinner(stage: Stage, place: Place) -> None:
    """Draws room, empty chair and laid table."""
    wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    tones = (shade(mix(place.wall, Rgb.of("#d89a58"), 0.35), 1.2), shade(place.wall, 0.72), shade(place.wall, 0.4))
    stage.paint(wall, radial((_MIDDLE, 150), 320, *tones))
    for column in range(-3, 19):
        for row in range(-2, 8):
            motif = stage.oval(column * 32 + (row % 2) * 16, row * 28, 5, 8)
            stage.effect(motif, flat(Rgb(255, 226, 180), alpha=0.045))
    stage.textured(wall, "plaster", strength=0.1)
    x = _MIDDLE + place.side * 142
    stage.shadow(stage.rect(x - 46, 24, 104, 112), alpha=0.4, blur=5)
    stage.paint(stage.rect(x - 50, 18, 100, 112, radius=2), flat(Rgb.of("#a89c8c")))
    pane = stage.rect(x - 44, 24, 88, 100)
    stage.paint(pane, linear((0, 24), (0, 124), Rgb.of("#141c38"), Rgb.of("#39476e")))
    with stage.clipped(pane):
        stage.paint(stage.oval(x + 18, 46, 11), flat(Rgb.of("#f6eccc")))
        stage.glow(x + 18, 46, 34, Rgb(190, 190, 160), alpha=0.5)
        for house in range(5):
            tall = 20 + 9 * ((house * 3) % 4)
            stage.paint(stage.rect(x - 46 + 19 * house, 126 - tall, 17, 60), flat(Rgb.of("#161c30")))
            stage.paint(stage.rect(x - 41 + 19 * house, 132 - tall, 4, 5), flat(Rgb.of("#f0c878")))
    for bar in (stage.rect(x - 2, 22, 4, 104), stage.rect(x - 46, 70, 92, 4)):
        stage.paint(bar, flat(Rgb.of("#a89c8c")))
    picture = _MIDDLE - place.side * 172
    stage.shadow(stage.rect(picture - 28, 50, 62, 78), alpha=0.4, blur=4)
    stage.paint(stage.rect(picture - 31, 46, 62, 76, radius=1), flat(Rgb.of("#9a7438")))
    scene = linear((0, 52), (0, 116), Rgb.of("#7aa0b4"), Rgb.of("#d0b888"), Rgb.of("#54683e"))
    stage.paint(stage.rect(picture - 25, 52, 50, 64), scene)
    _chair(stage, place)
    _table(stage, place)


def _chair(stage: Stage, place: Place) -> None:
    x, wood = _MIDDLE + place.side * 112, Rgb.of("#7a4a2a")
    stage.shadow(stage.rect(x - 36, 124, 88, 100, radius=14), alpha=0.4, blur=6)
    for post in (-38, 32):
        tone = linear((x + post, 0), (x + post + 7, 0), shade(wood, 1.35), shade(wood, 0.7))
        stage.paint(stage.rect(x + post, 112, 7, 120, radius=3), tone, part="seat")
    top = stage.curve([(x - 40, 128), (x - 36, 112), (x, 104), (x + 36, 112), (x + 40, 128), (x, 122)], closed=True)
    stage.paint(top, linear((0, 104), (0, 128), shade(wood, 1.4), shade(wood, 0.8)), part="seat")
    for slat in range(4):
        rail = stage.rect(x - 26 + 14.5 * slat, 122, 6.5, 90, radius=2)
        stage.paint(rail, linear((0, 122), (0, 212), shade(wood, 1.15), shade(wood, 0.75)), part="seat")
    stage.paint(stage.rect(x - 36, 168, 72, 6, radius=2), flat(shade(wood, 1.05)), part="seat")


def _table(stage: Stage, place: Place) -> None:
    cloth = stage.rect(-64, TABLE_Y, WIDTH + 128, 160)
    stage.shadow(stage.rect(-64, TABLE_Y - 6, WIDTH + 128, 12), alpha=0.35, blur=5)
    tones = (place.cloth, shade(mix(place.cloth, Rgb.of("#e0b070"), 0.25), 0.82), shade(place.cloth, 0.42))
    stage.paint(cloth, radial((_MIDDLE, TABLE_Y + 20), 330, *tones), part="table")
    stage.textured(cloth, "cloth", strength=0.07, seed=9)
    stage.effect(stage.rect(-64, TABLE_Y, WIDTH + 128, 2), flat(Rgb(255, 250, 236), alpha=0.4))
    glass, steel = flat(Rgb.of("#98a4a8"), alpha=0.8), flat(Rgb.of("#aab0b4"))
    for where in (-1, 1):
        x, y = _MIDDLE + where * 100, 240.0
        stage.shadow(stage.oval(x + where * 7, y + 3, 47, 10), alpha=0.3, blur=3)
        china = linear((0, y - 10), (0, y + 10), Rgb.of("#fbf8f0"), Rgb.of("#c4bcae"))
        stage.paint(stage.oval(x, y, 44, 10), china, part="table")
        stage.paint(stage.oval(x, y, 29, 6.2), flat(Rgb.of("#e6dfd0")), part="table")
        for knife in (-58, 57):
            tip = (x + knife + 3 * (1 if knife > 0 else -1), y + 12)
            stage.paint(stage.polygon([(x + knife, y - 10), tip], closed=False), steel, part="table", line=2.4)
        gx = x - where * 54
        stage.shadow(stage.oval(gx + where * 3, 237, 10, 2.4), alpha=0.3, blur=1.5)
        stage.paint(stage.oval(gx, 236, 8, 2.2), glass, part="table")
        stage.paint(stage.polygon([(gx, 224), (gx, 235)], closed=False), glass, part="table", line=1.6)
        bowl = stage.curve([(gx - 8, 205), (gx - 8, 217), (gx, 224), (gx + 8, 217), (gx + 8, 205)])
        stage.paint(bowl, flat(Rgb.of("#dfe8ea"), alpha=0.42), part="table")
        wine = stage.curve([(gx - 8, 214), (gx, 223), (gx + 8, 214)], closed=True)
        stage.paint(wine, flat(Rgb.of("#7a1c30"), alpha=0.9), part="table")
        stage.effect(stage.curve([(gx - 5, 208), (gx - 5, 216)]), flat(Rgb(255, 255, 255), alpha=0.6), line=1.2)
    x = _MIDDLE + place.side * 30
    stage.shadow(stage.oval(x + 4, 236, 13, 3), alpha=0.35, blur=2)
    stem = stage.curve([(x, 222), (x + 2, 196), (x + 5, 178)])
    stage.paint(stem, flat(Rgb.of("#4a7a44")), part="rose", line=2.2)
    stage.paint(stage.oval(x + 8, 197, 6, 2.6), flat(Rgb.of("#5a8a4c")), part="rose")
    for petal, (dx, dy) in enumerate(((-4, 0), (4, 0), (0, -4), (0, 2))):
        blossom = stage.oval(x + 5 + dx, 173 + dy, 6.5, 6)
        stage.paint(blossom, flat(shade(place.rose, 0.8 + 0.1 * petal)), part="rose")
    outline = [(x - 4, 206), (x - 8, 224), (x - 6, 236), (x + 6, 236), (x + 8, 224), (x + 4, 206)]
    vase = stage.curve(outline, closed=True)
    stage.paint(vase, linear((x - 8, 0), (x + 8, 0), Rgb.of("#9ac0d0"), Rgb.of("#3c6478")), part="rose")


def draw_candle(stage: Stage, place: Place, later: float, time_s: float) -> None:
    """Draws the candle, shorter the later it is."""
    x, foot = _MIDDLE - place.side * 2, 240.0
    tall = 54 * (1 - 0.76 * later)
    top = foot - 8 - tall
    flicker = 1 + 0.07 * math.sin(time_s * 9 + place.phase) + 0.04 * math.sin(time_s * 23)
    stage.shadow(stage.oval(x, foot + 2, 20, 4), alpha=0.4, blur=2.5)
    brass = linear((x - 17, 0), (x + 17, 0), Rgb.of("#e0bc6c"), Rgb.of("#8a682c"))
    stage.paint(stage.oval(x, foot, 17, 4.5), brass, part="candle")
    stage.paint(stage.rect(x - 7, foot - 9, 14, 9, radius=2), flat(Rgb.of("#b08c44")), part="candle")
    wax = stage.rect(x - 5, top, 10, tall + 1, radius=2)
    stage.paint(wax, linear((0, top), (0, foot), Rgb.of("#fff0cc"), Rgb.of("#d8c8a4")), part="candle")
    for drip in range(4):
        long = (4 + 3 * (drip % 3)) * (0.6 + later)
        run = stage.rect(x - 6 + 3.4 * drip, top + 1, 2.6, min(long, tall), radius=1.3)
        stage.paint(run, flat(Rgb.of("#f6e4bc")), part="candle")
    sway = 1.6 * math.sin(time_s * 5)
    flame = stage.curve([(x, top), (x - 4, top - 6), (x + sway, top - 19 * flicker), (x + 4, top - 6)], closed=True)
    fire = linear((0, top), (0, top - 18), Rgb(120, 140, 230), Rgb(255, 190, 70), Rgb(255, 244, 200))
    stage.paint(flame, fire, part="candle")
    stage.glow(x, top - 8, 52 * flicker, Rgb(200, 120, 50), alpha=0.4)
