"""A hall with a door to the weather, and hooks on the wall."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear

__all__ = ["HOOKS", "Weather", "draw_flakes", "draw_hall", "draw_outlook"]

Weather = Literal["rain", "snow", "sun"]
HOOKS = (-48.0, 6.0, 50.0)
"""Where the hooks are, from the middle of their rail."""


def draw_flakes(stage: Stage, time_s: float, count: int, *, left: float, wide: float, tall: float) -> None:
    """Draws falling snow in a region that begins at y 0."""
    for flake in range(count):
        speed = 40 + 26 * ((flake * 7) % 5) / 5
        y = -8 + (flake * flake * 31.7 + speed * time_s) % (tall + 16)
        x = left + (flake * 89.7) % wide + 7 * math.sin(time_s * 1.6 + flake)
        stage.effect(stage.oval(x, y, 1.3 + 1.2 * (flake % 4) / 3), flat(Rgb(252, 253, 255), alpha=0.95))


def draw_hall(stage: Stage, *, wall_tone: Rgb, rug_tone: Rgb, side: int) -> None:
    """Draws a hall with its door on one side (-1 left, 1 right); meant for a static layer."""
    wall = stage.rect(-64, -64, WIDTH + 128, 290)
    stage.paint(wall, linear((0, -40), (0, 216), shade(wall_tone, 1.08), shade(wall_tone, 0.78)))
    for stripe in range(-3, 28):
        stage.effect(stage.rect(stripe * 22, -64, 9, 226), flat(Rgb(255, 255, 255), alpha=0.07))
    stage.textured(wall, "plaster", strength=0.08)
    panel = stage.rect(-64, 158, WIDTH + 128, 58)
    stage.paint(panel, linear((0, 158), (0, 216), Rgb.of("#f0e8d8"), Rgb.of("#c8bca6")))
    for box in range(-1, 11):
        stage.effect(stage.rect(box * 52 + 6, 168, 40, 38, radius=2), flat(Rgb.of("#9a8c74"), alpha=0.5), line=1.2)
    stage.paint(stage.rect(-64, 154, WIDTH + 128, 6), flat(Rgb.of("#f8f2e6")))
    floor = stage.rect(-64, 216, WIDTH + 128, 130)
    stage.paint(floor, linear((0, 216), (0, HEIGHT), Rgb.of("#94643c"), Rgb.of("#6a4426")))
    stage.textured(floor, "wood", strength=0.2, seed=7)
    stage.shadow(stage.rect(-64, 212, WIDTH + 128, 7), alpha=0.35, blur=3)
    rug = stage.oval(WIDTH / 2 + side * 40, 248, 130, 17)
    stage.paint(rug, flat(mix(rug_tone, Rgb.of("#6a5a50"), 0.6)))
    stage.paint(rug, flat(Rgb.of("#e0d2b4")), line=2)
    door_x = WIDTH / 2 + side * 138
    stage.shadow(stage.rect(door_x - 48, 28, 104, 188), alpha=0.35, blur=5)
    stage.paint(stage.rect(door_x - 52, 24, 104, 192, radius=2), flat(Rgb.of("#f4ecdc")), part="door")
    leaf = stage.rect(door_x - 44, 32, 88, 184)
    stage.paint(leaf, linear((door_x - 44, 0), (door_x + 44, 0), Rgb.of("#9a6a40"), Rgb.of("#6a4426")), part="door")
    stage.textured(leaf, "wood", strength=0.14, seed=8)
    stage.effect(stage.rect(door_x - 28, 140, 56, 62, radius=2), flat(Rgb.of("#3c2414"), alpha=0.5), line=2)
    stage.paint(stage.oval(door_x - side * 35, 132, 4.5), flat(Rgb.of("#e0bc60")), part="door")
    rail = WIDTH / 2 - side * 120
    stage.shadow(stage.rect(rail - 72, 48, 148, 10), alpha=0.3, blur=3)
    board = stage.rect(rail - 74, 42, 148, 12, radius=2)
    stage.paint(board, linear((0, 42), (0, 54), Rgb.of("#a8774a"), Rgb.of("#74492a")))
    for hook in HOOKS:
        stage.paint(stage.rect(rail + hook - 2, 50, 4, 12, radius=2), flat(Rgb.of("#d8b458")))
    _vase(stage, WIDTH / 2 - side * 36)


def _vase(stage: Stage, x: float) -> None:
    stage.shadow(stage.oval(x + 6, 226, 18, 4), alpha=0.4, blur=2.5)
    for lean in (-11, -4, 3, 10):
        twig = stage.curve([(x + lean * 0.3, 192), (x + lean * 0.8, 172), (x + lean * 1.5, 152 - abs(lean) * 0.4)])
        stage.paint(twig, flat(Rgb.of("#6a4c34")), part="vase", line=1.8)
        for bud in range(4):
            share = 0.35 + 0.2 * bud
            spot = stage.oval(x + lean * (0.3 + 1.2 * share) + 1.6 * (-1) ** bud, 192 - 40 * share, 2.1, 3)
            stage.paint(spot, flat(Rgb.of("#e8e0d4")), part="vase")
    pot = stage.curve([(x - 11, 186), (x - 15, 202), (x - 12, 220), (x - 9, 226)])
    for corner in ((x + 9, 226.0), (x + 12, 220.0), (x + 15, 202.0), (x + 11, 186.0)):
        pot.lineTo(*corner)
    pot.close()
    stage.paint(pot, linear((x - 15, 0), (x + 15, 0), Rgb.of("#8aa0a8"), Rgb.of("#46585f")), part="vase")
    stage.effect(stage.oval(x - 7, 202, 2, 9), flat(Rgb(255, 255, 255), alpha=0.35, blur=1.2))


def draw_outlook(stage: Stage, weather: Weather, front: Rgb, *, side: int, time_s: float) -> None:
    """Draws what is seen through the pane of the hall's door.

    Args:
        stage: what to draw on.
        weather: what it is like outside; sun is over a beach.
        front: of the house across the street.
        side: where the door is.
        time_s: for what falls or drifts.
    """
    x = WIDTH / 2 + side * 138
    skies = {
        "snow": (Rgb.of("#9fb2c6"), Rgb.of("#dde6ee")),
        "rain": (Rgb.of("#5f6a76"), Rgb.of("#98a2aa")),
        "sun": (Rgb.of("#5fb0ea"), Rgb.of("#d8eef4")),
    }
    pane = stage.rect(x - 27, 52, 54, 74, radius=2)
    stage.paint(pane, linear((0, 52), (0, 126), *skies[weather]), part="door")
    with stage.clipped(pane):
        if weather == "sun":
            stage.paint(stage.oval(x + 14, 66, 7), flat(Rgb.of("#fff2b0")), part="door")
            stage.paint(stage.rect(x - 30, 94, 60, 18), flat(Rgb.of("#2f8ab0")), part="door")
            sail = x - 16 + 2.5 * time_s
            stage.paint(stage.polygon([(sail, 94), (sail, 80), (sail + 8, 94)]), flat(Rgb(255, 255, 255)), part="door")
            stage.paint(stage.rect(x - 30, 110, 60, 18), flat(Rgb.of("#ecd6a0")), part="door")
            foam = 110 + 1.4 * math.sin(time_s * 2)
            stage.effect(stage.rect(x - 30, foam, 60, 1.6), flat(Rgb(255, 255, 255), alpha=0.8))
        else:
            snow = weather == "snow"
            white = Rgb.of("#f2f6fa")
            stage.paint(stage.rect(x - 34, 102, 58, 30), flat(shade(front, 1.0 if snow else 0.7)), part="door")
            roof = stage.polygon([(x - 40, 104), (x - 4, 78), (x + 30, 104)])
            stage.paint(roof, flat(white if snow else Rgb.of("#5a4444")), part="door")
            stage.paint(stage.oval(x, 130, 50, 12), flat(Rgb.of("#eef3f8") if snow else Rgb.of("#6a727a")), part="door")
            if snow:
                with stage.moved(0, 48):
                    draw_flakes(stage, time_s, 26, left=x - 30, wide=60, tall=78)
            else:
                for drop in range(22):
                    y = 46 + (drop * 37.3 + 150 * time_s) % 86
                    at = x - 28 + (drop * 23.7) % 60
                    streak = stage.polygon([(at, y), (at - 1.6, y + 8)], closed=False)
                    stage.effect(streak, flat(Rgb(226, 236, 244), alpha=0.7), line=1)
    for bar in (stage.rect(x - 1.5, 52, 3, 74), stage.rect(x - 27, 87, 54, 3)):
        stage.paint(bar, flat(Rgb.of("#5a3c26")), part="door")
