"""What lies on scales: metal weights of four sizes, fruit, a sack."""

from __future__ import annotations

from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["GOODS", "MASSES", "Goods", "draw_goods", "draw_weight"]

Goods = Literal["apples", "pears", "sack"]
GOODS: tuple[Goods, ...] = ("apples", "pears", "sack")
MASSES = (15.0, 12.5, 10.5, 8.5)
"""Half widths of the four weights."""


def draw_weight(stage: Stage, x: float, y: float, half: float, metal: Rgb, *, shadow: bool = False) -> None:
    """Draws a metal weight standing on (x, y), `half` as wide on each side; part `weights`."""
    if shadow:
        stage.shadow(stage.oval(x + half * 0.5, y, half * 1.5, 4), alpha=0.5, blur=2.5)
    dark = mix(metal, Rgb.of("#7a5a2e"), 0.35)
    tones = (shade(dark, 0.6), shade(dark, 1.3), shade(dark, 0.5))
    height = half * 2.1
    stage.paint(
        stage.oval(x, y - height - half * 0.5, half * 0.45, half * 0.42),
        linear((x - half, 0), (x + half, 0), *tones),
        part="weights",
    )
    neck = stage.rect(x - half * 0.22, y - height - half * 0.35, half * 0.44, half * 0.5)
    stage.paint(neck, flat(shade(dark, 0.8)), part="weights")
    body = stage.rect(x - half, y - height, half * 2, height, radius=half * 0.26)
    stage.paint(body, linear((x - half, 0), (x + half, 0), *tones), part="weights")
    stage.effect(stage.rect(x - half, y - height + 3, half * 2, 1.2), flat(shade(dark, 0.4), alpha=0.6))
    stage.effect(
        stage.rect(x - half * 0.55, y - height * 0.75, half * 1.1, height * 0.42, radius=1.5),
        flat(shade(dark, 1.45), alpha=0.55),
    )


def draw_goods(stage: Stage, kind: Goods, y: float) -> None:
    """Draws what is weighed, lying on the height `y`; part `goods`."""
    if kind == "sack":
        cloth = Rgb.of("#c9a878")
        body = stage.curve(
            [(-9, y - 36), (-24, y - 22), (-27, y - 4), (0, y + 2), (27, y - 4), (24, y - 22), (9, y - 36)],
            closed=True,
        )
        stage.paint(body, radial((-8, y - 24), 46, shade(cloth, 1.15), cloth, shade(cloth, 0.6)), part="goods")
        stage.textured(body, "cloth", strength=0.14, seed=7)
        frill = stage.polygon(
            [(-9, y - 36), (-15, y - 47), (-4, y - 43), (3, y - 49), (7, y - 43), (15, y - 46), (9, y - 36)]
        )
        stage.paint(frill, linear((-15, 0), (15, 0), shade(cloth, 1.1), shade(cloth, 0.7)), part="goods")
        stage.paint(stage.rect(-10, y - 39, 20, 4, radius=2), flat(Rgb.of("#8a4a32")), part="goods")
        return
    skin = Rgb.of("#c8372f") if kind == "apples" else Rgb.of("#b9bf45")
    for index, (x, up) in enumerate(((-21, 8), (0, 9), (21, 8), (-10, 24), (11, 24), (0, 39))):
        tone = mix(skin, Rgb.of("#e8b23a"), (index * 5 % 6) / 14)
        tall = 10.5 if kind == "apples" else 11.5
        fruit = stage.oval(x, y - up, 11, tall)
        stage.paint(
            fruit,
            radial((x - 4, y - up - 4), 17, mix(tone, Rgb(255, 255, 255), 0.3), tone, shade(tone, 0.5)),
            part="goods",
        )
        stem = stage.curve([(x, y - up - tall + 1), (x + 1, y - up - tall - 2), (x + 3, y - up - tall - 4)])
        stage.paint(stem, flat(Rgb.of("#5a3c22")), part="goods", line=1.5)
        stage.effect(stage.oval(x - 4, y - up - 4, 2.6, 2), flat(Rgb(255, 255, 255), alpha=0.6, blur=0.8))
