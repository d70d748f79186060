"""What three shops sell: a bakery, a bookshop and a florist, in the window, on the sign and before the door."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import Stage, flat, linear

__all__ = ["Shop", "draw_counter", "draw_hat", "draw_outside", "draw_shelf", "draw_sign"]

Shop = Literal["bakery", "bookshop", "florist"]
_GOLD = Rgb.of("#f0c878")
_SPINES = tuple(Rgb.of(text) for text in ("#a83a34", "#2f5a8a", "#d0a03c", "#4a7a4c", "#7a4a80", "#d8ccb4", "#c8703a"))
_BLOOMS = tuple(Rgb.of(text) for text in ("#e0455a", "#f2c23c", "#f4f0f4", "#b05ac0", "#f08a4a"))
_LEAF = Rgb.of("#4f8a4c")
_BLACK = Rgb.of("#241a12")


def draw_sign(stage: Stage, shop: Shop, x: float, y: float) -> None:
    """Draws the sign about a point: pictures, so that it needs no letters."""
    for side in (-1, 1):
        for place in range(3):
            spot = x + side * (42 + 32 * place)
            if shop == "bakery":
                stage.paint(stage.oval(spot, y, 12, 5.5), flat(shade(_GOLD, 0.85)))
            elif shop == "bookshop":
                stage.paint(stage.rect(spot - 9, y - 7, 18, 14, radius=1), flat(shade(_GOLD, 0.8)))
                stage.paint(stage.rect(spot - 9, y - 7, 4, 14, radius=1), flat(shade(_GOLD, 0.55)))
            else:
                for petal in range(5):
                    angle = 2 * math.pi * petal / 5 - 1.57
                    stage.paint(stage.oval(spot + 5 * math.cos(angle), y + 5 * math.sin(angle), 3.6), flat(_GOLD))
                stage.paint(stage.oval(spot, y, 2.8), flat(shade(_GOLD, 0.6)))
    if shop == "bakery":
        for side in (-1, 1):
            stage.paint(stage.oval(x + side * 7, y - 2, 7, 6), flat(_GOLD), line=2.8)
        stage.paint(stage.curve([(x - 9, y + 6), (x, y), (x + 9, y + 6)]), flat(_GOLD), line=2.6)
    elif shop == "bookshop":
        for side in (-1, 1):
            page = stage.curve([(x, y - 5), (x + side * 9, y - 8.5), (x + side * 19, y - 6)])
            page.lineTo(x + side * 19, y + 6)
            page.lineTo(x, y + 8)
            page.close()
            stage.paint(page, flat(_GOLD if side < 0 else shade(_GOLD, 0.86)))
    else:
        bulb = stage.curve([(x - 8, y - 8), (x - 4, y - 4), (x, y - 9), (x + 4, y - 4), (x + 8, y - 8), (x + 6, y + 2),
                            (x, y + 4), (x - 6, y + 2)], closed=True)  # fmt: skip
        stage.paint(bulb, flat(_GOLD))
        stage.paint(stage.curve([(x, y + 3), (x, y + 9)]), flat(_GOLD), line=2)


def draw_shelf(stage: Stage, shop: Shop, left: float, y: float, wide: float, *, row: int, dark: float) -> None:
    """Draws what stands on one shelf, whose top is at y; `dark` 1 is with the lights off."""
    if shop == "bakery":
        for loaf in range(9):
            tone = mix(Rgb.of("#b8742c"), Rgb.of("#e8b060"), ((loaf * 5 + row) % 4) / 4)
            stage.paint(stage.oval(left + 11 + 20 * loaf, y - 5, 9, 5.5), flat(mix(tone, _BLACK, dark)))
    elif shop == "bookshop":
        x = left + 3
        index = row * 3
        while x < left + wide - 8:
            thick, tall = 5.0 + (index * 7) % 4, 15.0 + (index * 5) % 6
            tone = mix(_SPINES[(index * 3 + row) % len(_SPINES)], _BLACK, dark)
            spine = stage.rect(x, y - tall, thick, tall, radius=0.6)
            stage.paint(spine, linear((x, 0), (x + thick, 0), shade(tone, 1.15), shade(tone, 0.75)))
            stage.effect(stage.rect(x + 1, y - tall + 3, thick - 2, 1.2), flat(_GOLD, alpha=0.7 * (1 - dark)))
            x += thick + (4 if index % 7 == 6 else 0.6)
            index += 1
    else:
        for pot in range(8):
            x, sort = left + 13 + 22 * pot, (pot * 3 + row) % len(_BLOOMS)
            for leaf in range(5):
                lean = (leaf - 2) * 3.2
                stage.paint(stage.oval(x + lean, y - 11 - 2 * (leaf % 2), 3, 3.6), flat(mix(_LEAF, _BLACK, dark)))
            for bloom in range(3):
                spot = stage.oval(x + (bloom - 1) * 4.6, y - 15 - 2 * (bloom % 2), 2.8)
                stage.paint(spot, flat(mix(_BLOOMS[sort], _BLACK, dark)))
            clay = mix(Rgb.of("#b8683c"), _BLACK, dark)
            vase = stage.polygon([(x - 6, y - 9), (x + 6, y - 9), (x + 4.4, y), (x - 4.4, y)])
            stage.paint(vase, linear((x - 6, 0), (x + 6, 0), shade(clay, 1.15), shade(clay, 0.75)))


def draw_counter(stage: Stage, shop: Shop, left: float, y: float, *, dark: float) -> None:
    """Draws what lies in the window in front, on a board whose top is at y."""
    for index in range(7):
        x = left + 18 + 25 * index
        if shop == "bakery":
            cake = mix(Rgb.of("#f2d8c0"), _BLACK, dark)
            stage.paint(stage.rect(x - 9, y - 9, 18, 9, radius=2), flat(cake))
            stage.paint(stage.oval(x, y - 11, 3), flat(mix(Rgb.of("#d0303c"), _BLACK, dark)))
        elif shop == "bookshop":
            for layer in range(1 + index % 3):
                tone = mix(_SPINES[(index * 2 + layer) % len(_SPINES)], _BLACK, dark)
                stage.paint(stage.rect(x - 10 + layer, y - 5 - 5 * layer, 19, 4.6, radius=0.8), flat(tone))
                stage.effect(
                    stage.rect(x + 6 + layer, y - 4 - 5 * layer, 3, 2.6), flat(Rgb(248, 242, 226), alpha=1 - dark)
                )
        else:
            tone = mix(_BLOOMS[index % len(_BLOOMS)], _BLACK, dark)
            for bloom in range(5):
                angle = math.pi * (0.1 + 0.2 * bloom)
                spot = stage.oval(x + 8 * math.cos(angle), y - 7 - 6 * math.sin(angle), 3.6)
                stage.paint(spot, flat(shade(tone, 0.86 + 0.06 * bloom)))
            wrap = stage.polygon([(x - 9, y - 7), (x + 9, y - 7), (x + 2, y + 3), (x - 2, y + 3)])
            stage.paint(wrap, flat(mix(Rgb.of("#e6dcc4"), _BLACK, dark)))


def draw_hat(stage: Stage, shop: Shop) -> None:
    """Draws what the shopkeeper wears on the head, in the person's frame."""
    if shop == "bakery":
        cap = stage.curve([(-12, -97), (-15, -110), (-6, -117), (6, -117), (15, -110), (12, -97)], closed=True)
        stage.paint(cap, linear((-15, 0), (15, 0), Rgb.of("#ffffff"), Rgb.of("#c8c8cc")), part="keeper")
    elif shop == "florist":
        straw = Rgb.of("#e6c274")
        stage.paint(stage.oval(0, -97, 21, 4.5), flat(shade(straw, 0.8)), part="keeper")
        dome = stage.curve([(-12.5, -97), (-11, -107), (0, -111), (11, -107), (12.5, -97)], closed=True)
        stage.paint(dome, linear((-12, 0), (12, 0), shade(straw, 1.1), shade(straw, 0.8)), part="keeper")
        stage.paint(stage.rect(-12.6, -101, 25.2, 4, radius=1.5), flat(Rgb.of("#4a7a4c")), part="keeper")


def draw_outside(stage: Stage, shop: Shop, x: float, y: float, *, count: int, sway: float) -> None:
    """Draws up to three crates or buckets of goods side by side about x, with the foot at y."""
    for index in range(count):
        at = x + (0, -34, 34)[index]
        stage.shadow(stage.oval(at + 5, y, 19, 4), alpha=0.4, blur=2.5)
        if shop == "florist":
            tone = _BLOOMS[(index * 2) % len(_BLOOMS)]
            for bloom in range(9):
                lean = (bloom - 4) * 3.6
                spot = (at + lean + sway * (1 + 0.1 * bloom), y - 34 - 5 * math.cos(lean * 0.14) - 4 * (bloom % 2))
                stage.paint(stage.polygon([(at + lean * 0.4, y - 18), spot], closed=False), flat(_LEAF), part="goods",
                            line=1.8)  # fmt: skip
                stage.paint(stage.oval(*spot, 4.6), flat(shade(tone, 0.84 + 0.05 * (bloom % 4))), part="goods")
                stage.paint(stage.oval(*spot, 1.6), flat(Rgb.of("#f6e6a0")), part="goods")
            pail = stage.polygon([(at - 13, y - 22), (at + 13, y - 22), (at + 10, y), (at - 10, y)])
            stage.paint(pail, linear((at - 13, 0), (at + 13, 0), Rgb.of("#b4c2c8"), Rgb.of("#5a6a72")), part="goods")
            continue
        for item in range(4):
            place = at - 11 + 7.4 * item
            if shop == "bakery":
                stick = stage.polygon([(place, y - 12), (place + 3, y - 38 - 3 * (item % 2))], closed=False)
                stage.paint(stick, flat(mix(Rgb.of("#c8873a"), Rgb.of("#e4b060"), item / 3)), part="goods", line=6.4)
                for cut in range(3):
                    slash = (place + 0.6 + 0.7 * cut, y - 20 - 6 * cut)
                    stage.effect(stage.polygon([(slash[0] - 2, slash[1]), (slash[0] + 2, slash[1] - 2)], closed=False),
                                 flat(Rgb.of("#f6dca4")), line=1.1)  # fmt: skip
            else:
                tone = _SPINES[(item * 2 + index) % len(_SPINES)]
                spine = stage.rect(place - 3, y - 30 - 3 * ((item + index) % 3), 6.8, 24, radius=0.8)
                stage.paint(
                    spine, linear((place - 3, 0), (place + 4, 0), shade(tone, 1.15), shade(tone, 0.75)), part="goods"
                )
        wood = Rgb.of("#9a6c40")
        crate = stage.rect(at - 16, y - 18, 32, 18, radius=1.5)
        stage.paint(crate, linear((0, y - 18), (0, y), shade(wood, 1.15), shade(wood, 0.75)), part="goods")
        for slat in (-12.4, -6.4):
            stage.effect(stage.rect(at - 16, y + slat, 32, 1.2), flat(Rgb(40, 22, 10), alpha=0.5))
