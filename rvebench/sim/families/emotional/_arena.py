"""A stand full of supporters beside a football pitch, a basketball court or an ice rink, with a scoreboard."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = ["RAIL_Y", "SPORTS", "Sport", "draw_ball", "draw_board", "draw_confetti", "draw_crowd", "draw_foam_hand",
           "draw_stand"]  # fmt: skip

Sport = Literal["basketball", "football", "ice-hockey"]
SPORTS: tuple[Sport, ...] = ("basketball", "football", "ice-hockey")
RAIL_Y = 224.0
_MIDDLE = WIDTH / 2
_WHITE = Rgb(250, 248, 242)
_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")


def draw_stand(stage: Stage, sport: Sport, ours: Rgb, side: int) -> None:
    """Draws roof or night sky, seats, rail and the strip of field in front."""
    everything = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    if sport == "football":
        sky = linear((0, -40), (0, 120), Rgb.of("#12203f"), Rgb.of("#33507e"), Rgb.of("#6d86a6"))
        stage.paint(everything, sky)
        roof = stage.polygon([(-64, 30), (WIDTH + 64, 14), (WIDTH + 64, 34), (-64, 52)])
        stage.paint(roof, linear((0, 14), (0, 52), Rgb.of("#56606e"), Rgb.of("#252c36")))
    else:
        warm = sport == "basketball"
        high, low = ("#1c1614", "#5a4436") if warm else ("#141c28", "#4a6478")
        stage.paint(everything, linear((0, -40), (0, 110), Rgb.of(high), Rgb.of(low)))
        for beam in range(-1, 9):
            x = beam * 68.0
            truss = stage.polygon([(x, -10), (x + 34, 30), (x + 68, -10)], closed=False)
            stage.effect(truss, flat(Rgb(10, 10, 14), alpha=0.6), line=3)
        stage.paint(stage.rect(-64, 28, WIDTH + 128, 6), flat(Rgb.of("#20242c")))
    for row in range(9):
        y = 84 + row * 24
        tone = mix(Rgb.of("#49566a"), shade(ours, 0.5), 0.35)
        step = stage.rect(-64, y, WIDTH + 128, 26)
        stage.paint(step, linear((0, y), (0, y + 26), shade(tone, 0.75 + 0.05 * row), shade(tone, 0.45)))
        for seat in range(-2, 19):
            stage.paint(stage.rect(seat * 32 + (row % 2) * 12, y + 3, 20, 17, radius=4), flat(shade(tone, 1.15)))
    stage.textured(stage.rect(-64, 60, WIDTH + 128, 260), "noise", strength=0.1)
    lamp_x = _MIDDLE - side * 165
    for lamp in range(4):
        stage.paint(stage.oval(lamp_x - 24 + 16 * lamp, 16, 5, 4), flat(Rgb(255, 250, 230)))
    stage.glow(lamp_x, 16, 120, Rgb(210, 220, 255), alpha=0.6)
    _front(stage, sport, ours, side)


def _front(stage: Stage, sport: Sport, ours: Rgb, side: int) -> None:
    wall = stage.rect(-64, RAIL_Y, WIDTH + 128, 36)
    stage.shadow(stage.rect(-64, RAIL_Y - 7, WIDTH + 128, 8), alpha=0.35, blur=4)
    cloth = Rgb.of("#eef2f4") if sport == "ice-hockey" else ours
    stage.paint(wall, linear((0, RAIL_Y), (0, RAIL_Y + 36), shade(cloth, 0.95), shade(cloth, 0.6)))
    stage.textured(wall, "plaster", strength=0.12)
    for emblem in range(-1, 6):
        draw_ball(stage, sport, emblem * 96 + 48.0, RAIL_Y + 18, 8.5)
    if sport == "ice-hockey":
        stage.paint(stage.rect(-64, RAIL_Y + 31, WIDTH + 128, 5), flat(Rgb.of("#e8c23c")))
    bar = stage.rect(-64, RAIL_Y - 8, WIDTH + 128, 9, radius=4)
    stage.paint(bar, linear((0, RAIL_Y - 8), (0, RAIL_Y + 1), Rgb.of("#e8ecf0"), Rgb.of("#8a939c"), Rgb.of("#535b64")))
    tones = {
        "football": ("#3f8a48", "#2c6a38"),
        "basketball": ("#d8a060", "#a8703a"),
        "ice-hockey": ("#e2eef4", "#b4cede"),
    }
    far, near = (Rgb.of(text) for text in tones[sport])
    field = stage.rect(-64, RAIL_Y + 34, WIDTH + 128, 120)
    stage.paint(field, linear((0, RAIL_Y + 34), (0, 300), far, near))
    stage.textured(field, "grass" if sport == "football" else "wood", strength=0.05 if sport == "ice-hockey" else 0.2)
    stage.effect(stage.rect(-64, RAIL_Y + 34, WIDTH + 128, 5), flat(Rgb(10, 12, 16), alpha=0.3, blur=2))
    x = _MIDDLE - side * 176
    stage.shadow(stage.oval(x + side * 6, 267, 16, 3.4), alpha=0.45, blur=2)
    if sport == "ice-hockey":
        stick = stage.polygon([(x - 34, 236), (x + 6, 266), (x + 24, 267)], closed=False)
        stage.paint(stick, flat(Rgb.of("#a8743c")), line=4)
    draw_ball(stage, sport, x + (34 if sport == "ice-hockey" else 0), 256, 11)


def draw_ball(stage: Stage, sport: Sport, x: float, y: float, radius: float) -> None:
    """Draws a football, a basketball or a puck."""
    if sport == "ice-hockey":
        low = stage.oval(x, y + radius * 0.35, radius, radius * 0.5)
        stage.paint(low, flat(Rgb.of("#101114")))
        top = stage.oval(x, y - radius * 0.1, radius, radius * 0.5)
        stage.paint(top, linear((x - radius, 0), (x + radius, 0), Rgb.of("#4a4c52"), Rgb.of("#1e2024")))
        return
    tone = _WHITE if sport == "football" else Rgb.of("#e07a2c")
    round_ = stage.oval(x, y, radius)
    light = radial((x - radius * 0.35, y - radius * 0.4), radius * 1.5, mix(tone, _WHITE, 0.5), tone, shade(tone, 0.55))
    stage.paint(round_, light)
    with stage.clipped(round_):
        if sport == "football":
            for far, count in ((0.0, 1), (0.86, 5)):
                for patch in range(count):
                    turn = patch * math.tau / 5 - math.pi / 2
                    middle = (x + far * radius * math.cos(turn), y + far * radius * math.sin(turn))
                    five = [
                        (middle[0] + radius * 0.34 * math.cos(turn + k * math.tau / 5),
                         middle[1] + radius * 0.34 * math.sin(turn + k * math.tau / 5))
                        for k in range(5)
                    ]  # fmt: skip
                    stage.paint(stage.polygon(five), flat(Rgb.of("#1c1e24")))
        else:
            seam = flat(Rgb.of("#3a1c10"))
            for line in (
                stage.polygon([(x - radius, y), (x + radius, y)], closed=False),
                stage.polygon([(x, y - radius), (x, y + radius)], closed=False),
                stage.oval(x - radius * 1.25, y, radius * 0.8, radius),
                stage.oval(x + radius * 1.25, y, radius * 0.8, radius),
            ):
                stage.paint(line, seam, line=max(0.9, radius * 0.11))


def draw_crowd(stage: Stage, ours: Rgb, phase: float, stir: float, time_s: float) -> None:
    """Draws the people in the stand; `stir` says how much they move."""
    rng = np.random.default_rng(int(phase * 1e6))
    for row in range(4):
        for seat in range(-1, 16):
            pick, hue, beat = rng.random(), rng.random(), rng.random() * 6.28
            if pick < 0.22:
                continue
            x = seat * 32 + (row % 2) * 12 + 10
            y = 94 + row * 24 + stir * math.sin(time_s * (3.5 + 2 * pick) + beat)
            top = shade(mix(ours, Rgb(235, 230, 220), 0.5 * float(hue > 0.7)), 0.42 + 0.08 * row)
            stage.paint(stage.rect(x - 9, y, 18, 22, radius=7), flat(top), part="crowd")
            skin = shade(mix(Rgb.of("#e8b48e"), Rgb.of("#6f4630"), hue), 0.6)
            stage.paint(stage.oval(x, y - 5, 6, 6.8), flat(skin), part="crowd")
            stage.paint(stage.oval(x, y - 8.5, 6.2, 4), flat(shade(skin, 0.35)), part="crowd")


def draw_board(stage: Stage, sport: Sport, side: int, teams: tuple[Rgb, Rgb], scores: tuple[int, int]) -> None:
    """Draws the scoreboard: our colour and score left, theirs right, the sport's ball between."""
    x = _MIDDLE + side * 132
    for post in (-38, 38):
        stage.paint(stage.rect(x + post - 2, -64, 4, 106), flat(Rgb.of("#2a2f38")))
    stage.shadow(stage.rect(x - 66, 42, 136, 62, radius=4), alpha=0.4, blur=4)
    stage.paint(stage.rect(x - 68, 38, 136, 60, radius=4), flat(Rgb.of("#20242c")), part="scoreboard")
    stage.paint(stage.rect(x - 63, 43, 126, 50, radius=2), flat(Rgb.of("#0b0e12")), part="scoreboard")
    for edge, colour, score in ((-1, teams[0], scores[0]), (1, teams[1], scores[1])):
        stage.paint(stage.rect(x + edge * 52 - 8, 49, 16, 38, radius=3), flat(colour), part="scoreboard")
        text = f"{score:02d}" if sport == "basketball" else str(score)
        width = 0.72 if len(text) == 2 else 1.0
        for index, digit in enumerate(text):
            left = x + edge * 26 + 15 * index - 7.5 * len(text) + (0.6 if len(text) == 2 else -0.5)
            with stage.moved(left, 52, scale=width, scale_y=1):
                _digit(stage, int(digit))
    for dot in (80, 88):
        stage.paint(stage.oval(x, dot, 1.8), flat(Rgb.of("#ffd76a")), part="scoreboard")
    if sport == "ice-hockey":
        stage.paint(stage.oval(x, 58, 9.5), flat(Rgb.of("#dcebf2")), part="scoreboard")
    draw_ball(stage, sport, x, 57, 7.5)


def _digit(stage: Stage, digit: int) -> None:
    spots = {
        "a": (1, 0, 14, 4), "b": (12, 2, 4, 14), "c": (12, 17, 4, 14), "d": (1, 29, 14, 4), "e": (0, 17, 4, 14),
        "f": (0, 2, 4, 14), "g": (1, 15, 14, 4),
    }  # fmt: skip
    for name, box in spots.items():
        tone = Rgb.of("#ffd76a") if name in _SEGMENTS[digit] else Rgb.of("#1c1f22")
        stage.paint(stage.rect(*box, radius=1.2), flat(tone), part="scoreboard")


def draw_confetti(stage: Stage, tone: Rgb, time_s: float) -> None:
    """Draws paper that falls over the stand in a team's colours."""
    for scrap in range(30):
        speed = 46 + 16 * ((scrap * 7) % 5)
        x = -10 + (scrap * 83) % 510 + 9 * math.sin(time_s * 2.6 + scrap)
        y = -20 + (scrap * 61 + speed * time_s) % 240
        with stage.moved(x, y, turn_deg=200 * time_s + 40 * scrap):
            paper = mix(tone, _WHITE, 0.9 if scrap % 3 == 0 else 0.15)
            stage.effect(stage.rect(-2.6, -1.6, 5.2, 3.2), flat(paper, alpha=0.95))


def draw_foam_hand(stage: Stage, tone: Rgb) -> None:
    """Draws a big hand of foam with its wrist at (0, 0), one finger up."""
    body = stage.curve([(-6, 2), (-9, -6), (-8, -14), (-4, -15), (-4.5, -27), (0, -30), (4, -27), (4, -15), (9, -13),
                        (9.5, -5), (6, 2)], closed=True)  # fmt: skip
    stage.paint(body, linear((-9, 0), (10, 0), shade(tone, 1.3), shade(tone, 0.75)), part="supporter")
    stage.effect(body, flat(_WHITE, alpha=0.95), line=1.2)
    for knuckle in (4.2, 6.8):
        fold = stage.polygon([(knuckle - 2, -11), (knuckle - 2, -5)], closed=False)
        stage.effect(fold, flat(shade(tone, 0.5), alpha=0.8), line=1)
