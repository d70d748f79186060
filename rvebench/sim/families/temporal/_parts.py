"""What several temporal families draw: leaves, clouds, a cup, a cat."""

from __future__ import annotations

import math

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["cat", "cloud", "leaf", "mug", "smooth", "steam"]

_WHITE = Rgb(255, 255, 255)


def smooth(value: float) -> float:
    """Returns 0 below 0, 1 above 1 and an even passage between."""
    x = max(0.0, min(1.0, value))
    return x * x * (3 - 2 * x)


def leaf(
    stage: Stage, x: float, y: float, length: float, angle_deg: float, colour: Rgb, *, part: str = "", wide: float = 0.5
) -> None:
    """Draws a leaf from its stalk at (x, y); an angle of 0 points right, -90 up."""
    if length < 0.6:
        return
    with stage.moved(x, y, turn_deg=angle_deg):
        half = length * wide / 2
        body = stage.curve(
            [
                (0, 0), (length * 0.22, -half * 0.8), (length * 0.5, -half), (length * 0.8, -half * 0.55), (length, 0),
                (length * 0.8, half * 0.5), (length * 0.5, half * 0.9), (length * 0.22, half * 0.75),
            ],
            closed=True,
        )  # fmt: skip
        stage.paint(body, linear((0, -half), (0, half), shade(colour, 1.18), shade(colour, 0.72)), part=part)
        rib = stage.curve([(0, 0), (length * 0.5, -0.5), (length * 0.92, 0)])
        stage.effect(rib, flat(mix(colour, _WHITE, 0.45), alpha=0.6), line=max(0.5, length * 0.025))


def cloud(stage: Stage, x: float, y: float, size: float, *, colour: Rgb = _WHITE, alpha: float = 0.85) -> None:
    """Draws a soft fair-weather cloud about (x, y)."""
    for dx, dy, radius in ((-0.9, 0.12, 0.42), (-0.35, -0.18, 0.6), (0.3, -0.08, 0.66), (0.9, 0.14, 0.4)):
        puff = stage.oval(x + dx * size, y + dy * size, radius * size, radius * size * 0.62)
        stage.effect(puff, flat(colour, alpha=alpha, blur=size * 0.09))


def mug(stage: Stage, x: float, y: float, colour: Rgb, *, side: int, part: str, size: float = 1.0) -> None:
    """Draws a mug that stands on (x, y), its handle on `side` (-1 or 1)."""
    with stage.moved(x, y, scale=size):
        stage.paint(stage.oval(side * 22, -22, 10, 11), flat(shade(colour, 0.8)), part=part, line=4.5)
        body = stage.curve([(-20, -40), (-19.5, -12), (-14, -1), (0, 2), (14, -1), (19.5, -12), (20, -40)])
        stage.paint(body, linear((-20, 0), (20, 0), shade(colour, 1.1), colour, shade(colour, 0.62)), part=part)
        stage.paint(stage.oval(0, -40, 20, 5.4), flat(mix(colour, _WHITE, 0.3)), part=part)
        stage.paint(stage.oval(0, -39.4, 16.6, 4), flat(Rgb.of("#4a2c1a")), part=part)
        stage.effect(stage.rect(-15, -32, 4, 24, radius=2), flat(_WHITE, alpha=0.35, blur=1.2))


def steam(stage: Stage, x: float, y: float, time_s: float, *, alpha: float = 0.3, phase: float = 0.0) -> None:
    """Draws vapour that rises from (x, y)."""
    for wisp in range(3):
        rise = (time_s * 0.45 + wisp / 3 + phase) % 1
        line = [(x - 7 + wisp * 7 + 5 * math.sin(rise * 7 + k + wisp), y - 40 * rise - 8 * k) for k in range(4)]
        puff = flat(_WHITE, alpha=alpha * math.sin(math.pi * rise), blur=2.5)
        stage.effect(stage.curve(line), puff, line=4)


def cat(stage: Stage, x: float, y: float, colour: Rgb, time_s: float, *, side: int, part: str) -> None:
    """Draws a cat that sits on (x, y) and looks to `side`; its tail hangs and swings, an ear twitches."""
    dark, pale = shade(colour, 0.68), mix(colour, _WHITE, 0.55)
    with stage.moved(x, y):
        swing = math.sin(time_s * 3.1)
        tail = [
            (-side * 20, -6), (-side * 34, 2), (-side * (36 + 2 * swing), 18),
            (-side * (33 + 8 * swing), 34), (-side * (27 + 15 * swing), 42),
        ]  # fmt: skip
        stage.paint(stage.curve(tail), flat(dark), part=part, line=8)
        stage.paint(stage.curve(tail[3:]), flat(pale), part=part, line=6.5)
        breath = 1 + 0.012 * math.sin(time_s * 4)
        body = stage.curve(
            [
                (-25, -2),
                (-27, -20),
                (-18, -43 * breath),
                (0, -52 * breath),
                (18, -42 * breath),
                (23, -20),
                (22, -2),
                (0, 2),
            ],
            closed=True,
        )
        stage.paint(body, linear((-25, -40), (25, 0), shade(colour, 1.12), colour, dark), part=part)
        chest = stage.oval(side * 11, -24, 9, 17)
        with stage.clipped(body):
            stage.effect(chest, flat(pale, alpha=0.8, blur=2.5))
            for k in range(4):
                stripe = stage.curve([(-side * 27, -34 + 9 * k), (-side * 17, -31 + 9 * k), (-side * 9, -33 + 9 * k)])
                stage.effect(stripe, flat(dark, alpha=0.75), line=2.6)
        for dx in (4, 15):
            stage.paint(stage.oval(side * dx, -1, 6, 4), flat(pale), part=part)
        hx, hy = side * 7.0, -60.0
        twitch = 4 * max(0.0, math.sin(time_s * 5 + 1)) ** 6
        for ear in (-1, 1):
            tip = (hx + ear * (14 + (twitch if ear == side else 0)), hy - 24)
            stage.paint(stage.polygon([(hx + ear * 17, hy - 4), tip, (hx + ear * 3, hy - 14)]), flat(colour), part=part)
            inner = stage.polygon([(hx + ear * 14, hy - 7), (tip[0] - ear, tip[1] + 5), (hx + ear * 6, hy - 13)])
            stage.paint(inner, flat(Rgb.of("#d99a90")), part=part)
        head = stage.oval(hx, hy, 19, 16.5)
        stage.paint(head, radial((hx - 5, hy - 7), 27, shade(colour, 1.16), colour, dark), part=part)
        with stage.clipped(head):
            stage.effect(stage.oval(hx + side * 3, hy + 9, 11, 8), flat(pale, alpha=0.9, blur=1.5))
            for k in (-1, 0, 1):
                stage.effect(stage.curve([(hx + 5 * k, hy - 17), (hx + 4 * k, hy - 9)]), flat(dark, alpha=0.8), line=2)
        for eye in (-1, 1):
            ex = hx + side * 3 + eye * 7.5
            stage.paint(stage.oval(ex, hy - 1.5, 3.6, 3.9), flat(Rgb.of("#c9d264")), part=part)
            stage.paint(stage.oval(ex + side * 0.6, hy - 1.5, 1.5, 3.2), flat(Rgb.of("#1c1712")), part=part)
            stage.effect(stage.oval(ex - 1, hy - 3, 0.9), flat(_WHITE, alpha=0.9))
        nose = hx + side * 3
        stage.paint(
            stage.polygon([(nose - 2.2, hy + 4), (nose + 2.2, hy + 4), (nose, hy + 6.4)]),
            flat(Rgb.of("#b5605c")),
            part=part,
        )
        stage.effect(
            stage.curve(
                [
                    (nose - 5, hy + 7.5),
                    (nose - 2.5, hy + 9.5),
                    (nose, hy + 7.5),
                    (nose + 2.5, hy + 9.5),
                    (nose + 5, hy + 7.5),
                ]
            ),
            flat(dark),
            line=1,
        )
