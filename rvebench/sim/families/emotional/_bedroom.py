"""A bedroom at night: lamp, shelf, window, bed and blanket, for someone who reads in bed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial

__all__ = [
    "MIDDLE",
    "SHELF_Y",
    "Bedroom",
    "blanket_hem",
    "blanket_y",
    "draw_blanket",
    "draw_open_book",
    "draw_room",
    "draw_window",
    "shelf_x",
]

MIDDLE = WIDTH / 2
SHELF_Y = 62.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedroom:
    """What a seed decides about the room."""

    wall: Rgb
    blanket: Rgb
    cover: Rgb
    """Of the book that is read."""
    side: int
    """Where the window is: -1 left, 1 right. The lamp stands on the other side."""
    is_stormy: bool


def shelf_x(room: Bedroom) -> float:
    """Returns the middle of the shelf, which is 104 long."""
    return MIDDLE - room.side * 104


def draw_room(stage: Stage, room: Bedroom) -> None:
    """Draws wall, bedside table, lamp, headboard and pillow."""
    wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
    lamp_x = MIDDLE - room.side * 150
    tones = (shade(mix(room.wall, Rgb.of("#c89a60"), 0.45), 1.15), shade(room.wall, 0.6), shade(room.wall, 0.34))
    stage.paint(wall, radial((lamp_x, 120), 360, *tones))
    for column in range(-2, 16):
        for row in range(-1, 7):
            dot = stage.oval(column * 40 + (row % 2) * 20, row * 36, 2.4)
            stage.effect(dot, flat(Rgb(255, 244, 214), alpha=0.1))
    stage.textured(wall, "plaster", strength=0.1)
    table = stage.rect(lamp_x - 34, 184, 68, 100, radius=2)
    stage.shadow(stage.rect(lamp_x - 30, 188, 72, 90), alpha=0.4, blur=5)
    stage.paint(table, linear((lamp_x - 34, 0), (lamp_x + 34, 0), Rgb.of("#9a6c42"), Rgb.of("#5a3a22")))
    stage.textured(table, "wood", strength=0.2, seed=4)
    stage.paint(stage.rect(lamp_x - 28, 204, 56, 26, radius=2), flat(Rgb.of("#6e4a2c")))
    stage.paint(stage.oval(lamp_x, 217, 3), flat(Rgb.of("#d8b060")))
    stage.paint(stage.rect(lamp_x - 3, 150, 6, 34), flat(Rgb.of("#c8ccd0")), part="lamp")
    stage.paint(stage.oval(lamp_x, 183, 15, 4), flat(Rgb.of("#9aa0a6")), part="lamp")
    hood = stage.polygon([(lamp_x - 14, 116), (lamp_x + 14, 116), (lamp_x + 25, 153), (lamp_x - 25, 153)])
    stage.paint(hood, linear((0, 116), (0, 153), Rgb.of("#ffe6ac"), Rgb.of("#f2ae58")), part="lamp")
    stage.glow(lamp_x, 138, 110, Rgb(190, 120, 50), alpha=0.5)
    _frame(stage, room)
    _bed(stage)


def _bed(stage: Stage) -> None:
    x = MIDDLE
    head = stage.curve(
        [(x - 98, 290), (x - 98, 134), (x - 62, 118), (x, 110), (x + 62, 118), (x + 98, 134), (x + 98, 290)],
        closed=True,
    )
    stage.shadow(stage.rect(x - 92, 124, 198, 160, radius=20), alpha=0.45, blur=6)
    stage.paint(head, linear((0, 108), (0, 272), Rgb.of("#a87448"), Rgb.of("#5c3a20")))
    stage.textured(head, "wood", strength=0.2, seed=5)
    pillow = stage.curve(
        [(x - 76, 212), (x - 82, 168), (x - 38, 154), (x, 158), (x + 38, 154), (x + 82, 168), (x + 76, 212)],
        closed=True,
    )
    stage.shadow(stage.oval(x, 196, 86, 30), alpha=0.35, blur=5)
    stage.paint(pillow, linear((0, 152), (0, 212), Rgb.of("#f2ecdf"), Rgb.of("#b4aca2")))


def _window_x(room: Bedroom) -> float:
    return MIDDLE + room.side * 158


def _frame(stage: Stage, room: Bedroom) -> None:
    x = _window_x(room)
    stage.shadow(stage.rect(x - 50, 24, 112, 136), alpha=0.4, blur=5)
    stage.paint(stage.rect(x - 52, 18, 104, 134, radius=3), flat(Rgb.of("#b8b4b0")), part="window")


def draw_window(stage: Stage, room: Bedroom, time_s: float, flash: float) -> None:
    """Draws the night behind the pane, and the curtains.

    Args:
        stage: what to draw on.
        room: the room.
        time_s: for rain, clouds, tree and curtains.
        flash: brightness of the lightning, 0..1.
    """
    x = _window_x(room)
    pane = stage.rect(x - 45, 25, 90, 120)
    tones = (
        mix(Rgb.of("#141a30"), Rgb.of("#8a92c8"), 0.8 * flash),
        mix(Rgb.of("#2c3858"), Rgb.of("#d4daf4"), 0.8 * flash),
    )
    stage.paint(pane, linear((0, 25), (0, 145), *tones), part="window")
    with stage.clipped(pane):
        if not room.is_stormy:
            stage.effect(stage.oval(x - 14, 52, 13), flat(Rgb.of("#f6eccc")))
            stage.effect(stage.oval(x - 18, 49, 3), flat(Rgb.of("#d8cca4")))
            for star in range(8):
                stage.effect(
                    stage.oval(x - 40 + (star * 37) % 84, 32 + (star * 23) % 50, 0.9), flat(Rgb(250, 246, 230))
                )
        cloud = mix(Rgb.of("#1c2238"), Rgb.of("#9aa2d0"), 0.7 * flash)
        drift = 5 * time_s
        for puff in range(6 if room.is_stormy else 3):
            place = (x - 56 + 22 * puff + drift, (32 if room.is_stormy else 62) + 7 * (puff % 2))
            stage.effect(stage.oval(*place, 22, 12 if room.is_stormy else 6), flat(cloud, alpha=0.8, blur=2))
        if flash:
            bolt = [(x + 10, 30), (x - 6, 62), (x + 5, 66), (x - 16, 100), (x - 4, 102), (x - 22, 142)]
            halo = flat(Rgb(190, 200, 255), alpha=0.8 * flash, blur=3)
            stage.effect(stage.polygon(bolt, closed=False), halo, line=7)
            stage.effect(stage.polygon(bolt, closed=False), flat(Rgb(255, 255, 250)), line=2.6)
            fork = [(x - 6, 62), (x - 22, 78), (x - 18, 84), (x - 34, 108)]
            stage.effect(stage.polygon(fork, closed=False), flat(Rgb(240, 244, 255)), line=1.4)
        tree = mix(Rgb.of("#0c121c"), Rgb.of("#2a3048"), flash)
        bend = (5 if room.is_stormy else 1.5) * math.sin(time_s * 3.2)
        stem = stage.curve([(x + 34, 150), (x + 33, 120), (x + 30 + bend * 0.5, 96)])
        stage.paint(stem, flat(tree), part="window", line=5)
        crown = _joined([stage.oval(x + 22 + 7 * ball + bend, 94 + 8 * (ball % 2), 12, 10) for ball in range(5)])
        stage.paint(crown, flat(tree), part="window")
        if room.is_stormy:
            drops = []
            for drop in range(30):
                y, dx = 20 + (drop * 37 + 170 * time_s) % 130, x - 48 + (drop * 31) % 100
                drops.append(stage.polygon([(dx, y), (dx - 3, y + 11)], closed=False))
            stage.effect(_joined(drops), flat(Rgb(196, 210, 232), alpha=0.5), line=0.9)
    for bar in (stage.rect(x - 2.5, 22, 5, 126), stage.rect(x - 48, 80, 96, 5)):
        stage.paint(bar, flat(Rgb.of("#b8b4b0")), part="window")
    tone = mix(room.blanket, Rgb.of("#3a3a50"), 0.4)
    for edge in (-1, 1):
        sway = 2 * math.sin(time_s * 2 + edge)
        cloth = stage.curve(
            [(x + edge * 58, 10), (x + edge * 33, 10), (x + edge * (41 + sway), 80), (x + edge * (46 + sway), 164),
             (x + edge * 60, 166)],
            closed=True,
        )  # fmt: skip
        stage.paint(cloth, linear((x + edge * 33, 0), (x + edge * 60, 0), shade(tone, 0.7), tone, shade(tone, 0.6)))


def _joined(paths: list[Any]) -> Any:
    """Returns one path of many: it is drawn in one go."""
    whole = paths[0]
    for path in paths[1:]:
        whole.addPath(path)
    return whole


def blanket_hem(lifted: float) -> list[Point]:
    """Returns the upper edge of the blanket, x from its middle, when it is drawn up by a share of 0..1."""
    top, edge = 226.0 - 44 * lifted, 228.0
    shoulder = top + 12 * (1 - lifted) + 8
    half = [(18.0, top), (46.0, shoulder), (90.0, edge - 4), (150.0, edge + 4)]
    return [(-x, y) for x, y in reversed(half)] + half


def blanket_y(dx: float, lifted: float) -> float:
    """Returns how high the blanket's upper edge is at a distance from its middle."""
    hem = blanket_hem(lifted)
    return float(np.interp(dx, [x for x, _ in hem], [y for _, y in hem]))


def draw_blanket(stage: Stage, room: Bedroom, x: float, lifted: float, time_s: float) -> None:
    """Draws the blanket with its middle at `x`, drawn up by a share of 0..1."""
    top, edge = 226.0 - 44 * lifted, 228.0
    points = [(x + dx, y) for dx, y in blanket_hem(lifted)] + [(x + 160, 320.0), (x - 160, 320.0)]
    cloth, hem = stage.curve(points, closed=True), stage.curve(points[:8])
    stage.effect(hem, flat(Rgb(18, 14, 12), alpha=0.4, blur=3), line=9)
    tone = room.blanket
    fall = linear((x - 120, top), (x + 120, 290), shade(tone, 1.12), tone, shade(tone, 0.55))
    stage.paint(cloth, fall, part="blanket")
    with stage.clipped(cloth):
        spots = [
            stage.oval(x + column * 24 + (row % 2) * 12, top + 16 + 18 * row, 2.2)
            for row in range(7)
            for column in range(-7, 8)
        ]
        stage.effect(_joined(spots), flat(Rgb(255, 244, 210), alpha=0.4))
        folds = [
            stage.curve([(x + fold * 16, top + 2), (x + fold * 30, top + 34), (x + fold * 52, 290)])
            for fold in range(-3, 4)
        ]
        stage.effect(_joined(folds), flat(shade(tone, 0.4), alpha=0.35, blur=2), line=3)
        breath = 0.5 * math.sin(time_s * 2.6)
        stage.effect(stage.oval(x - 60, edge + 24, 50, 11 + breath), flat(Rgb(255, 255, 255), alpha=0.09, blur=5))
    stage.paint(hem, flat(mix(tone, Rgb(255, 250, 240), 0.72)), part="blanket", line=5)


def draw_open_book(stage: Stage, room: Bedroom, x: float, y: float, time_s: float) -> None:
    """Draws the book that is read, from its back, about its middle; a page turns."""
    stage.shadow(stage.oval(x, y + 16, 46, 7), alpha=0.4, blur=4)
    for side in (-1, 1):
        half = stage.polygon([(x, y - 16), (x + side * 40, y - 23), (x + side * 40, y + 13), (x, y + 19)])
        back = linear((x, 0), (x + side * 40, 0), shade(room.cover, 0.7), shade(room.cover, 1.1))
        stage.paint(half, back, part="book")
        paper = stage.polygon([(x, y - 18), (x + side * 36, y - 25), (x + side * 37, y - 21), (x, y - 14)])
        stage.paint(paper, flat(Rgb.of("#f2ead6")), part="book")
    stage.paint(stage.oval(x + 20, y - 3, 8, 8.5), flat(Rgb.of("#f4d88a")), part="book")
    leaf = 0.5 + 0.5 * math.sin(time_s * 1.8)
    page = stage.curve([(x, y - 17), (x + 8 - 16 * leaf, y - 31), (x + 22 - 44 * leaf, y - 29)])
    stage.paint(page, flat(Rgb.of("#f2ead6")), part="book", line=1.6)
