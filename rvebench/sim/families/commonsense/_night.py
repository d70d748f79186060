"""Two places where lights go on in the evening, besides the street: a harbour mouth and a meadow with tents."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._street import draw_halo
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear

__all__ = ["SHORE_Y", "draw_camp", "draw_camp_lights", "draw_harbour", "draw_harbour_lights", "toned"]

SHORE_Y = 226.0
"""Where the near ground begins, in both places."""
_HORIZON_Y = 150.0
_POLES = (-20.0, 153.0, 326.0, 499.0)
"""Where the poles of the camp's string of bulbs stand."""
_WARM = Rgb.of("#ffd98a")
_NIGHT = Rgb.of("#1c2448")


def toned(colour: Rgb, dusk: float) -> Rgb:
    """Returns a colour as it looks at an hour; 0 day, 1 night."""
    return mix(colour, mix(shade(colour, 0.34), _NIGHT, 0.42), dusk)


def _white(colour: Rgb, snow: float) -> Rgb:
    return mix(colour, Rgb(236, 241, 247), 0.88 * snow)


def _sky(stage: Stage, dusk: float) -> None:
    day = (Rgb.of("#6fa8dc"), Rgb.of("#cfe3ee"), Rgb.of("#f6ecd8"))
    night = (Rgb.of("#111a38"), Rgb.of("#343a68"), Rgb.of("#9a5f78"))
    stops = [mix(a, b, dusk) for a, b in zip(day, night, strict=True)]
    stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, -40), (0, _HORIZON_Y), *stops))
    rng = np.random.default_rng(11)
    if dusk > 0.5:
        for _ in range(46):
            place = (float(rng.uniform(-60, 540)), float(rng.uniform(-60, 104)))
            stage.effect(stage.oval(*place, 0.9), flat(Rgb(255, 255, 240), alpha=(dusk - 0.5) * 1.7))
    tone = mix(Rgb(255, 255, 255), stops[0], 0.7 * dusk)
    for puff in range(12):
        x, y = -50 + 52 * puff, 30 + 16 * math.sin(puff * 2.1) + 12 * math.cos(puff * 5)
        stage.effect(stage.oval(x, y, 40, 9), flat(tone, alpha=0.3, blur=6))


def draw_harbour(stage: Stage, *, paint: Rgb, side: int, dusk: float, lit: float, snow: float) -> None:
    """Draws sea, lighthouse rock and near quay; meant for a static layer.

    Args:
        stage: what to draw on.
        paint: of the lighthouse's bands.
        side: where the lighthouse stands, -1 left, 1 right.
        dusk: 0 day, 1 night.
        lit: whether lamps are on, 0..1.
        snow: how much of it lies.
    """
    _sky(stage, dusk)
    sea = stage.rect(-64, _HORIZON_Y, WIDTH + 128, 130)
    deep, pale = toned(Rgb.of("#2c6486"), dusk), toned(Rgb.of("#8fbfd0"), 0.85 * dusk)
    stage.paint(sea, linear((0, _HORIZON_Y), (0, SHORE_Y), pale, deep))
    stage.textured(sea, "noise", strength=0.12, seed=5)
    far = stage.curve(
        [(-70, 152), (-40, 138), (20, 132), (90, 140), (150, 134), (210, 146), (260, 151), (330, 148), (400, 138),
         (470, 143), (560, 152)],
        closed=True,
    )  # fmt: skip
    stage.paint(far, linear((0, 130), (0, 152), toned(_white(Rgb.of("#7d9a8a"), snow), dusk),
                            toned(Rgb.of("#6a8a8e"), dusk)))  # fmt: skip
    for house in range(9):
        x, y = 26 + 47.0 * house + 9 * math.sin(house * 3), 137 + 5 * math.sin(house * 1.9)
        stage.paint(stage.rect(x, y, 11, 10), flat(toned(Rgb.of("#e8dcc8"), dusk)))
        roof = stage.polygon([(x - 2, y), (x + 5.5, y - 6), (x + 13, y)])
        stage.paint(roof, flat(toned(_white(Rgb.of("#9a5240"), snow), dusk)))
        stage.paint(stage.rect(x + 3.5, y + 3, 4, 4), flat(mix(toned(Rgb.of("#4a6074"), dusk), _WARM, lit)))
    x = WIDTH / 2 + side * 112
    rock = stage.curve(
        [(x - 66, 186), (x - 52, 170), (x - 30, 160), (x - 10, 152), (x + 14, 152), (x + 34, 162), (x + 58, 171),
         (x + 68, 186), (x, 190)],
        closed=True,
    )  # fmt: skip
    stage.shadow(stage.oval(x, 188, 70, 5), alpha=0.4, blur=3, colour=Rgb(10, 28, 40))
    stone = toned(_white(Rgb.of("#8a8378"), 0.7 * snow), dusk)
    stage.paint(rock, linear((x, 150), (x, 190), shade(stone, 1.12), shade(stone, 0.6)))
    stage.textured(rock, "stone", strength=0.3, seed=6)
    _lighthouse(stage, x, 158, paint, dusk, lit, snow)
    _quay(stage, side, dusk, lit, snow)


def _lighthouse(stage: Stage, x: float, foot: float, paint: Rgb, dusk: float, lit: float, snow: float) -> None:
    white, band = toned(Rgb.of("#f6f1e6"), 0.86 * dusk), toned(paint, 0.86 * dusk)
    tower = stage.polygon([(x - 17, foot), (x - 11, foot - 96), (x + 11, foot - 96), (x + 17, foot)])
    stage.paint(tower, linear((x - 17, 0), (x + 17, 0), shade(white, 1.05), white, shade(white, 0.66)),
                part="lights")  # fmt: skip
    with stage.clipped(tower):
        for row in range(3):
            strip = stage.rect(x - 20, foot - 26 - 32 * row, 40, 15)
            stage.paint(strip, linear((x - 17, 0), (x + 17, 0), shade(band, 1.15), shade(band, 0.62)), part="lights")
    for row in range(2):
        pane = stage.rect(x - 3, foot - 40 - 32 * row + 4, 6, 9, radius=3)
        stage.paint(pane, flat(mix(toned(Rgb.of("#3a4c5c"), dusk), _WARM, lit)), part="lights")
    iron = toned(Rgb.of("#3a4046"), dusk)
    stage.paint(stage.rect(x - 16, foot - 100, 32, 5, radius=1), flat(iron), part="lights")
    for post in range(-2, 3):
        bar = stage.polygon([(x + 7 * post, foot - 100), (x + 7 * post, foot - 108)], closed=False)
        stage.paint(bar, flat(iron), part="lights", line=0.9)
    glass = stage.rect(x - 8, foot - 117, 16, 18)
    stage.paint(glass, flat(mix(toned(Rgb.of("#a9c2cc"), dusk), Rgb(255, 247, 210), lit)), part="lights")
    stage.paint(stage.rect(x - 0.8, foot - 117, 1.6, 18), flat(iron), part="lights")
    cap = stage.polygon([(x - 12, foot - 117), (x, foot - 131), (x + 12, foot - 117)])
    stage.paint(cap, flat(toned(_white(paint, snow), 0.86 * dusk)), part="lights")


def _quay(stage: Stage, side: int, dusk: float, lit: float, snow: float) -> None:
    quay = stage.rect(-64, SHORE_Y, WIDTH + 128, 130)
    stone = toned(_white(Rgb.of("#a49c90"), snow), dusk)
    stage.paint(quay, linear((0, SHORE_Y), (0, HEIGHT), shade(stone, 1.08), shade(stone, 0.72)))
    stage.textured(quay, "stone", strength=0.2, seed=7)
    stage.paint(stage.rect(-64, SHORE_Y - 3, WIDTH + 128, 6), flat(shade(stone, 1.2)))
    for block in range(-2, 15):
        joint = stage.polygon([(40.0 * block, SHORE_Y + 3), (40.0 * block + (block - 6) * 5, 290)], closed=False)
        stage.effect(joint, flat(Rgb(0, 0, 0), alpha=0.16), line=1)
    x = WIDTH / 2 + side * 196
    stage.shadow(stage.oval(x + 6, SHORE_Y + 14, 13, 3.5), alpha=0.4, blur=2)
    iron = toned(Rgb.of("#41474c"), dusk)
    post = stage.rect(x - 6, SHORE_Y - 8, 12, 22, radius=2)
    stage.paint(post, linear((x - 6, 0), (x + 6, 0), shade(iron, 1.5), iron), part="bollard")
    stage.paint(stage.oval(x, SHORE_Y - 9, 9, 4.5), flat(shade(iron, 1.2)), part="bollard")
    for lamp in (-108, 30):
        x = WIDTH / 2 + side * lamp
        stage.shadow(stage.oval(x + 4, SHORE_Y + 10, 9, 2.5), alpha=0.4, blur=2)
        stage.paint(stage.rect(x - 1.6, SHORE_Y - 84, 3.2, 94), flat(iron), part="lights")
        stage.paint(stage.oval(x, SHORE_Y - 88, 6.5), flat(mix(toned(Rgb.of("#d0d6d8"), dusk), Rgb(255, 242, 200),
                                                                  lit)), part="lights")  # fmt: skip
        if lit:
            stage.effect(stage.oval(x, SHORE_Y + 14, 60, 12), flat(Rgb(84, 62, 28), alpha=lit, blur=7), add=True)
            draw_halo(stage, x, SHORE_Y - 88, 54, Rgb(150, 112, 56), amount=lit)


def draw_harbour_lights(stage: Stage, *, boat: Rgb, side: int, dusk: float, lit: float, time_s: float) -> None:
    """Draws what moves: glints, a fishing boat with its lantern, and the beam that goes round."""
    for index in range(26):
        x = (index * 53.0 + 8 * math.sin(time_s * 0.8 + index)) % 600 - 60
        y = _HORIZON_Y + 8 + (index * 23) % 66
        shine = 0.5 + 0.5 * math.sin(time_s * 2.7 + index * 2.1)
        tone = mix(Rgb(232, 244, 248), Rgb(150, 150, 190), dusk)
        stage.effect(stage.oval(x, y, 3 + 7 * (y - _HORIZON_Y) / 76, 0.9), flat(tone, alpha=0.12 + 0.34 * shine))
    x, y = WIDTH / 2 - side * (196 - 12 * time_s), 200 + 1.3 * math.sin(time_s * 2.1)
    hull_tone, wood = toned(boat, 0.86 * dusk), toned(Rgb.of("#7a5636"), dusk)
    stage.effect(stage.oval(x, y + 9, 48, 4), flat(Rgb(8, 26, 40), alpha=0.4, blur=3))
    with stage.moved(x, y, turn_deg=1.2 * math.sin(time_s * 1.7)):
        stage.paint(stage.polygon([(-4 * side, 0), (-4 * side, -62)], closed=False), flat(wood), part="boat", line=2.4)
        cabin = stage.rect(-10 - 14 * side, -24, 24, 22, radius=2)
        stage.paint(cabin, flat(toned(Rgb.of("#f0e8d8"), dusk)), part="boat")
        pane = mix(toned(Rgb.of("#4a6478"), dusk), _WARM, lit)
        stage.paint(stage.rect(-5 - 14 * side, -20, 13, 9, radius=1), flat(pane), part="boat")
        hull = stage.curve([(-44, -8), (-36, 6), (-20, 10), (20, 10), (36, 6), (46, -10)])
        hull.close()
        stage.paint(hull, linear((0, -8), (0, 10), shade(hull_tone, 1.2), shade(hull_tone, 0.65)), part="boat")
        stage.paint(stage.rect(-36, -4, 74, 2.4), flat(toned(Rgb.of("#f4efe2"), dusk)), part="boat")
        stage.paint(stage.oval(-4 * side, -58, 3), flat(mix(toned(Rgb.of("#b8c0c4"), dusk), Rgb(255, 240, 200), lit)),
                    part="boat")  # fmt: skip
        if lit:
            draw_halo(stage, -4.0 * side, -58, 30, Rgb(150, 110, 50), amount=lit)
    if lit:
        stage.effect(
            stage.oval(x - 8 * side, y + 14, 20, 5), flat(Rgb(150, 110, 50), alpha=0.5 * lit, blur=3), add=True
        )
        _beam(stage, WIDTH / 2 + side * 112, 158 - 108.0, side, lit, time_s)


def _beam(stage: Stage, x: float, y: float, side: int, lit: float, time_s: float) -> None:
    # A light that goes round is seen from the side as a cone that shrinks to the lamp and grows on its other side.
    turn = 1.1 * time_s + 0.5
    for half in (0.0, math.pi):
        reach = -side * math.cos(turn + half)
        nearness = 0.5 + 0.5 * math.sin(turn + half)
        end, wide = x + 430 * reach, 10 + 30 * nearness
        cone = stage.polygon([(x, y - 3), (end, y - wide), (end, y + wide), (x, y + 3)])
        if abs(reach) > 0.03:
            fall = linear((x, y), (end, y), Rgb(128, 118, 84), Rgb(50, 46, 32), Rgb(0, 0, 0), alpha=lit)
            stage.effect(cone, fall, add=True)
    draw_halo(stage, x, y, 74, Rgb(190, 168, 112), amount=lit)


def draw_camp(stage: Stage, *, tents: tuple[Rgb, ...], side: int, dusk: float, snow: float) -> None:
    """Draws hills, wood and meadow, and the fireplace; meant for a static layer."""
    _sky(stage, dusk)
    for base, height, tone in ((142.0, 44.0, "#8fa8b0"), (158.0, 34.0, "#6f9078")):
        ridge = [(-70.0, 200.0)]
        ridge += [(x, base - height * (0.5 + 0.5 * math.sin(x * 0.013 + base))) for x in range(-70, 560, 30)]
        ridge += [(560.0, 200.0)]
        hill = toned(_white(Rgb.of(tone), 0.8 * snow), dusk)
        stage.paint(stage.curve(ridge, closed=True), linear((0, base - height), (0, 200), shade(hill, 1.1), hill))
    for tree in range(19):
        x, tall = -50 + 32.0 * tree + 9 * math.sin(tree * 3.1), 46 + 18 * math.sin(tree * 1.7)
        needles = toned(_white(Rgb.of("#3f6a4a"), 0.75 * snow), dusk)
        for layer in range(3):
            y, half = 178 - tall * 0.3 * layer, 14 - 3.5 * layer
            crown = stage.polygon([(x - half, y), (x, y - tall * 0.5), (x + half, y)])
            stage.paint(crown, linear((x - half, 0), (x + half, 0), shade(needles, 1.2), shade(needles, 0.7)))
    meadow = stage.rect(-64, 174, WIDTH + 128, 170)
    grass = toned(_white(Rgb.of("#86a858"), snow), dusk)
    stage.paint(meadow, linear((0, 174), (0, HEIGHT), shade(grass, 0.86), shade(grass, 1.1)))
    stage.textured(meadow, "grass", strength=0.22 * (1 - 0.6 * snow), seed=9)
    for index, colour in enumerate(tents):
        _tent(stage, *_tent_place(index, side), colour, dusk, 0.0, snow)
    for pole in _POLES:
        stage.shadow(stage.oval(pole + 4, 206, 9, 2.5), alpha=0.35, blur=2)
        wood = toned(Rgb.of("#7a5c40"), dusk)
        stage.paint(stage.rect(pole - 1.8, 88, 3.6, 118), linear((pole - 2, 0), (pole + 2, 0), shade(wood, 1.2), wood))
    x, y = WIDTH / 2 + side * 150, 236.0
    stage.shadow(stage.oval(x + 4, y + 2, 30, 5), alpha=0.4, blur=3)
    bench = toned(Rgb.of("#8a6440"), dusk)
    for leg in (-20, 18):
        stage.paint(stage.rect(x + leg, y - 14, 4, 16), flat(shade(bench, 0.7)), part="table")
    board = stage.rect(x - 32, y - 20, 64, 6, radius=1.5)
    stage.paint(board, linear((0, y - 20), (0, y - 14), shade(bench, 1.2), bench), part="table")
    stage.paint(stage.rect(x - 22, y - 28, 9, 8, radius=2), flat(toned(Rgb.of("#c8503f"), dusk)), part="table")


def _tent_place(index: int, side: int) -> tuple[float, float, float]:
    """Returns foot and size of a tent."""
    return WIDTH / 2 + side * (-158, 24, -62)[index], (214.0, 208.0, 200.0)[index], (1.1, 1.0, 0.72)[index]


def _tent(
    stage: Stage, x: float, y: float, size: float, colour: Rgb, dusk: float, lit: float, snow: float
) -> None:  # fmt: skip
    cloth = toned(_white(colour, 0.3 * snow), dusk)
    warm = mix(shade(colour, 1.25), Rgb(255, 200, 100), 0.34)
    with stage.moved(x, y, scale=size):
        if not lit:
            stage.shadow(stage.oval(6, 1, 62, 7), alpha=0.4, blur=4)
        wall = stage.curve([(-54, 0), (-44, -30), (-22, -58), (0, -66), (22, -58), (44, -30), (54, 0)])
        wall.close()
        tone = mix(cloth, warm, lit)
        stage.paint(
            wall, linear((-54, 0), (54, 0), shade(tone, 1.16), tone, shade(tone, 0.7 + 0.2 * lit)), part="lights"
        )
        if lit:
            with stage.clipped(wall):
                draw_halo(stage, -4, -12, 70, Rgb(110, 84, 34), amount=lit)
        for pole in (-1, 1):
            seam = stage.curve([(0, -66), (pole * 22, -44), (pole * 30, 0)])
            stage.effect(seam, flat(shade(tone, 0.55)), line=1.4)
        flap = stage.curve([(-15, 0), (-10, -28), (0, -42), (10, -28), (15, 0)])
        flap.close()
        dark, glow = shade(cloth, 0.5), Rgb(255, 228, 150)
        stage.paint(flap, linear((0, -42), (0, 0), mix(dark, glow, 0.8 * lit), mix(dark, glow, lit)), part="lights")
        stage.effect(stage.polygon([(0, -42), (0, 0)], closed=False), flat(shade(tone, 0.45)), line=1.2)
        if snow:
            cap = stage.curve([(-30, -50), (-16, -64), (0, -69), (16, -64), (30, -50), (14, -56), (0, -59), (-14, -55)],
                              closed=True)  # fmt: skip
            stage.paint(cap, flat(Rgb.of("#f4f7fb"), alpha=snow))
        for peg in (-1, 1):
            rope = stage.polygon([(peg * 40, -34), (peg * 72, 1)], closed=False)
            stage.paint(rope, flat(toned(Rgb.of("#e8e2d0"), dusk)), line=0.8)


def draw_camp_lights(
    stage: Stage, *, tents: tuple[Rgb, ...], side: int, dusk: float, lit: float, snow: float, time_s: float
) -> None:
    """Draws what the evening brings, with the shadows that move in the tents; by day a string of dark bulbs."""
    if lit:
        for index, colour in enumerate(tents):
            place = _tent_place(index, side)
            flicker = 1 + 0.03 * math.sin(time_s * (5 + index) + 2 * index)
            _tent(stage, *place, colour, dusk, lit * flicker, snow)
            with stage.moved(place[0], place[1], scale=place[2]):
                spill = stage.oval(0, 4, 74, 9)
                stage.effect(spill, flat(Rgb(92, 66, 26), alpha=min(1.0, lit), blur=6), add=True)
    cord = []
    for step in range(25):
        hang = math.sin(math.pi * (step % 8) / 8)
        cord.append(
            (
                _POLES[0] + (_POLES[-1] - _POLES[0]) * step / 24,
                92 + hang * (26 + 2 * math.sin(time_s * 1.6 + step // 8)),
            )
        )
    stage.paint(stage.curve(cord), flat(toned(Rgb.of("#4a4640"), dusk)), line=1)
    for x, y in cord:
        bulb = mix(toned(Rgb.of("#d8d8d0"), dusk), Rgb(255, 240, 190), lit)
        stage.paint(stage.oval(x, y + 3.4, 2.7, 3.3), flat(bulb), part="lights")
        if lit:
            draw_halo(stage, x, y + 3, 17, Rgb(150, 108, 46), amount=lit)
