"""A street of small houses, with weather and lamps, that the everyday families share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial

__all__ = [
    "GROUND_Y",
    "ROAD_Y",
    "Ground",
    "House",
    "Street",
    "draw_halo",
    "draw_lamp",
    "draw_rain",
    "draw_street",
    "draw_umbrella",
    "street_of",
]

GROUND_Y, ROAD_Y = 188.0, 236.0
Ground = Literal["road", "square", "water"]
"""What lies before the houses: pavement and road, pavement alone, or a harbour."""
_FRONTS = tuple(Rgb.of(text) for text in ("#c98f6a", "#d9c48f", "#9fb3a5", "#b48a8a", "#8fa3bd", "#cbb8a4", "#a9795a"))
_ROOFS = tuple(Rgb.of(text) for text in ("#7a4034", "#5a4a48", "#48566a", "#6a3c30"))
_DOORS = tuple(Rgb.of(text) for text in ("#3f5f4a", "#7a3030", "#2f4a6a", "#5a4020"))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One front in the row."""

    x: float
    width: float
    height: float
    front: Rgb
    roof: Rgb
    door: Rgb
    peaked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """What varies between streets."""

    houses: tuple[House, ...]
    wall: Rgb
    """Tint of the pavement."""


def street_of(rng: np.random.Generator) -> Street:
    """Returns a street drawn by chance."""
    houses, x, last = [], -70.0, -1
    while x < WIDTH + 64:
        width = float(rng.uniform(78, 112))
        pick = int(rng.integers(len(_FRONTS)))
        pick = pick if pick != last else (pick + 1) % len(_FRONTS)
        last = pick
        houses.append(
            House(
                x=x, width=width, height=float(rng.uniform(104, 142)), front=_FRONTS[pick],
                roof=_ROOFS[rng.integers(len(_ROOFS))], door=_DOORS[rng.integers(len(_DOORS))],
                peaked=bool(rng.random() < 0.5),
            )
        )  # fmt: skip
        x += width
    return Street(houses=tuple(houses), wall=mix(Rgb.of("#b9b2a6"), Rgb.of("#a4a8ae"), float(rng.random())))


def draw_street(
    stage: Stage, street: Street, *, cloud: float = 0.0, dusk: float = 0.0, lit: float = 0.0, wet: float = 0.0,
    snow: float = 0.0, ground: Ground = "road",
) -> None:  # fmt: skip
    """Draws sky, houses and what lies before them; meant for a static layer. All amounts are 0..1."""
    day = (Rgb.of("#7fb2df"), Rgb.of("#cfe3ee"), Rgb.of("#f4efe0"))
    night = (Rgb.of("#141d3c"), Rgb.of("#3b3f6c"), Rgb.of("#a8647a"))
    grey = (Rgb.of("#59636f"), Rgb.of("#8a949e"), Rgb.of("#b4bbc0"))
    stops = [mix(mix(a, c, cloud), b, dusk) for a, b, c in zip(day, night, grey, strict=True)]
    stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, -40), (0, 130), *stops))
    rng = np.random.default_rng(len(street.houses))
    if dusk > 0.5:
        for _ in range(34):
            place = (float(rng.uniform(-60, 540)), float(rng.uniform(-60, 70)))
            stage.effect(stage.oval(*place, 0.9), flat(Rgb(255, 255, 240), alpha=(dusk - 0.5) * 1.6))
    tone = mix(mix(Rgb(255, 255, 255), Rgb(120, 128, 140), cloud), stops[0], 0.55 * dusk)
    for puff in range(14):
        x, y = -50 + 44 * puff, 6 + 16 * math.sin(puff * 2.1) + 10 * math.cos(puff * 5)
        rise = 0.35 + 0.65 * cloud
        stage.effect(stage.oval(x, y, 44, 16 * rise), flat(tone, alpha=(0.28 + 0.4 * cloud) * rise, blur=7))
    dim = 1 - 0.24 * cloud
    for index, house in enumerate(street.houses):
        _house(stage, house, index, dim, dusk, lit, snow)
    if ground == "water":
        _water(stage, street, dim, dusk)
    else:
        _ground(stage, street, dim, dusk, wet, snow, paved_to=ROAD_Y if ground == "road" else HEIGHT + 64.0)


def _tinted(colour: Rgb, dim: float, dusk: float) -> Rgb:
    return mix(shade(colour, dim), mix(shade(colour, 0.32), Rgb.of("#232a4e"), 0.45), dusk)


def _house(stage: Stage, house: House, index: int, dim: float, dusk: float, lit: float, snow: float) -> None:
    top, x, width = GROUND_Y - house.height, house.x, house.width
    front, roof = _tinted(house.front, dim, dusk), _tinted(house.roof, dim, dusk)
    body = stage.rect(x, top, width, house.height)
    stage.paint(body, linear((x, top), (x + width, GROUND_Y), shade(front, 1.1), shade(front, 0.82)))
    stage.textured(body, "plaster", strength=0.12, seed=index)
    if house.peaked:
        cap = stage.polygon([(x - 4, top + 2), (x + width / 2, top - 36), (x + width + 4, top + 2)])
    else:
        cap = stage.polygon([(x - 3, top + 4), (x + 5, top - 20), (x + width - 5, top - 20), (x + width + 3, top + 4)])
    stage.paint(cap, linear((0, top - 30), (0, top + 4), shade(roof, 1.2), shade(roof, 0.75)))
    with stage.clipped(cap):
        for row in range(8):
            stage.effect(stage.rect(x - 6, top - 34 + 5 * row, width + 12, 1), flat(Rgb(0, 0, 0), alpha=0.2))
        if snow:
            stage.paint(
                stage.rect(x - 6, top - 40, width + 12, 14 + 30 * snow),
                flat(_tinted(Rgb(238, 243, 248), dim, dusk * 0.7), alpha=snow),
            )
    stage.shadow(stage.rect(x, top + 3, width, 4), alpha=0.3, blur=2)
    frame, glass = _tinted(Rgb.of("#f0eadd"), dim, dusk), _tinted(Rgb.of("#56718a"), dim, dusk)
    warm = Rgb.of("#ffd98a")
    rows = 2 if house.height > 118 else 1
    for row in range(rows):
        for column in range(2):
            wx, wy = x + width * (0.28 + 0.44 * column) - 11, top + 16 + 40 * row
            on = lit * (1.0 if (index + row + column) % 4 else 0.25)
            pane = mix(glass, shade(warm, 1 - 0.1 * ((index + column) % 3)), on)
            stage.paint(stage.rect(wx - 2.5, wy - 2.5, 27, 31, radius=1), flat(frame))
            stage.paint(
                stage.rect(wx, wy, 22, 26), linear((wx, wy), (wx + 22, wy + 26), shade(pane, 1.12), shade(pane, 0.84))
            )
            stage.paint(stage.rect(wx + 10, wy, 2, 26), flat(frame))
            stage.paint(stage.rect(wx, wy + 11, 22, 2), flat(frame))
            stage.effect(
                stage.polygon([(wx, wy + 12), (wx + 10, wy), (wx + 15, wy), (wx, wy + 18)]),
                flat(Rgb(255, 255, 255), alpha=0.14),
            )
            if on > 0.3 and dusk > 0.2:
                stage.glow(wx + 11, wy + 13, 26, Rgb(255, 170, 70), alpha=0.2 * on)
            if snow:
                stage.paint(
                    stage.rect(wx - 4, wy + 25, 30, 4, radius=2),
                    flat(_tinted(Rgb(238, 243, 248), dim, dusk * 0.7), alpha=snow),
                )
    door_x = x + width / 2 - 12 if rows == 1 else x + (10 if index % 2 else width - 34)
    door = _tinted(house.door, dim, dusk)
    stage.paint(stage.rect(door_x - 3, GROUND_Y - 47, 30, 47), flat(frame))
    stage.paint(
        stage.rect(door_x, GROUND_Y - 44, 24, 44),
        linear((door_x, 0), (door_x + 24, 0), shade(door, 1.2), shade(door, 0.8)),
    )
    stage.paint(stage.rect(door_x + 4, GROUND_Y - 40, 16, 12), flat(mix(glass, warm, lit)))
    stage.paint(stage.oval(door_x + 20, GROUND_Y - 20, 1.5), flat(Rgb.of("#d8b860")))


def _water(stage: Stage, street: Street, dim: float, dusk: float) -> None:
    top = GROUND_Y + 12
    wall = stage.rect(-64, GROUND_Y, WIDTH + 128, 14)
    stone = _tinted(shade(street.wall, 0.9), dim, dusk)
    stage.paint(wall, linear((0, GROUND_Y), (0, top), stone, shade(stone, 0.6)))
    stage.textured(wall, "stone", strength=0.2, seed=34)
    deep, pale = _tinted(Rgb.of("#2f6784"), dim, dusk), _tinted(Rgb.of("#5f9db4"), dim, dusk)
    sea = stage.rect(-64, top, WIDTH + 128, HEIGHT + 64 - top)
    stage.paint(sea, linear((0, top), (0, ROAD_Y + 20), pale, deep))
    with stage.clipped(sea):
        for house in street.houses:
            mirror = stage.rect(house.x + 6, top - 6, house.width - 12, 34)
            stage.effect(mirror, flat(_tinted(house.front, dim, dusk), alpha=0.3, blur=6))
    stage.textured(sea, "noise", strength=0.1, seed=35)
    stage.shadow(stage.rect(-64, top - 1, WIDTH + 128, 4), alpha=0.4, blur=2)


def _ground(stage: Stage, street: Street, dim: float, dusk: float, wet: float, snow: float, *, paved_to: float) -> None:
    pave = mix(
        _tinted(shade(street.wall, 1 - 0.22 * wet), dim, dusk), _tinted(Rgb(232, 238, 244), dim, dusk * 0.7), snow
    )
    walk = stage.rect(-64, GROUND_Y, WIDTH + 128, paved_to - GROUND_Y)
    stage.paint(walk, linear((0, GROUND_Y), (0, ROAD_Y), shade(pave, 0.82), pave))
    stage.textured(walk, "stone", strength=0.14 * (1 - 0.6 * snow), seed=31)
    for slab in range(-3, 24):
        x = slab * 28.0
        lean = (x - 240) * 0.16 * (paved_to - 6 - GROUND_Y) / (ROAD_Y - 6 - GROUND_Y)
        stage.effect(
            stage.polygon([(x, GROUND_Y), (x + lean, paved_to - 6)], closed=False),
            flat(Rgb(0, 0, 0), alpha=0.12 * (1 - snow)),
            line=1,
        )
    stage.shadow(stage.rect(-64, GROUND_Y - 2, WIDTH + 128, 6), alpha=0.35, blur=3)
    if paved_to <= ROAD_Y:
        _road(stage, street, pave, dim, dusk, wet, snow)
    if wet:
        for index, house in enumerate(street.houses):
            puddle = stage.oval(house.x + 40 + 9 * (index % 3), GROUND_Y + 16 + 13 * (index % 2), 30, 4)
            stage.effect(puddle, flat(Rgb(196, 210, 222), alpha=0.34 * wet * (1 - 0.6 * dusk), blur=1.2))


def _road(stage: Stage, street: Street, pave: Rgb, dim: float, dusk: float, wet: float, snow: float) -> None:
    kerb = stage.rect(-64, ROAD_Y - 6, WIDTH + 128, 7)
    stage.paint(kerb, linear((0, ROAD_Y - 6), (0, ROAD_Y + 1), shade(pave, 1.12), shade(pave, 0.7)))
    tar = mix(
        _tinted(mix(Rgb.of("#5c6068"), Rgb.of("#3a4048"), wet), dim, dusk),
        _tinted(Rgb(206, 214, 222), dim, dusk * 0.7),
        snow * 0.8,
    )
    road = stage.rect(-64, ROAD_Y + 1, WIDTH + 128, 120)
    stage.paint(road, linear((0, ROAD_Y), (0, HEIGHT), shade(tar, 0.85), shade(tar, 1.1)))
    stage.textured(road, "noise", strength=0.1, seed=32)
    if wet:
        for house in street.houses:
            mirror = stage.rect(house.x + 8, ROAD_Y + 3, house.width - 16, 60)
            stage.effect(mirror, flat(_tinted(house.front, 1, dusk), alpha=0.18 * wet, blur=6))


def draw_lamp(stage: Stage, x: float, y: float, *, lit: float, part: str) -> None:
    """Draws a street lamp with its foot at (x, y), and its light when lit (0..1)."""
    iron = Rgb.of("#2c343a")
    stage.shadow(stage.oval(x, y, 12, 3), alpha=0.35, blur=2)
    if lit:
        cone = stage.polygon([(x - 6, y - 128), (x + 6, y - 128), (x + 66, y + 6), (x - 66, y + 6)])
        stage.effect(
            cone, linear((0, y - 128), (0, y + 6), Rgb(84, 64, 32), Rgb(28, 21, 9), blur=7, alpha=lit), add=True
        )
        stage.effect(stage.oval(x, y + 4, 72, 13), flat(Rgb(80, 60, 28), alpha=lit, blur=7), add=True)
    stage.paint(
        stage.rect(x - 2.2, y - 120, 4.4, 120), linear((x - 2, 0), (x + 2, 0), shade(iron, 1.7), iron), part=part
    )
    stage.paint(stage.rect(x - 5, y - 12, 10, 12, radius=2), flat(iron), part=part)
    glass = mix(Rgb.of("#a9b4b8"), Rgb(255, 242, 196), lit)
    stage.paint(
        stage.polygon([(x - 8, y - 138), (x + 8, y - 138), (x + 5, y - 120), (x - 5, y - 120)]), flat(glass), part=part
    )
    stage.paint(stage.polygon([(x - 11, y - 138), (x + 11, y - 138), (x, y - 148)]), flat(iron), part=part)
    if lit:
        draw_halo(stage, x, y - 129, 64, Rgb(150, 112, 56), amount=lit)


def draw_halo(stage: Stage, x: float, y: float, radius: float, colour: Rgb, *, amount: float = 1.0) -> None:
    """Draws light around a point that falls off like a lamp's in haze: no edge shows against a dark sky."""
    fall = tuple(shade(colour, share) for share in (1.0, 0.42, 0.15, 0.04, 0.0))
    ring = radial((x, y), radius, *fall, alpha=amount, stops=(0.0, 0.2, 0.45, 0.75, 1.0))
    stage.effect(stage.oval(x, y, radius), ring, add=True)


def draw_rain(stage: Stage, time_s: float, amount: float) -> None:
    """Draws falling rain and its splashes on pavement and road; `amount` 0..1."""
    for drop in range(round(120 * amount)):
        speed = 420 + 160 * ((drop * 13) % 7) / 7
        y = -40 + (drop * 71.3 + speed * time_s) % 330
        x = -30 + (drop * 97.7) % 550 - 0.12 * y
        stage.effect(
            stage.polygon([(x, y), (x - 2.2, y + 15)], closed=False), flat(Rgb(222, 232, 242), alpha=0.62), line=1.2
        )
    for splash in range(round(26 * amount)):
        age = (time_s * 2.3 + splash * 0.37) % 1
        x, y = (
            (splash * 83.0 + 47 * math.floor(time_s * 2.3 + splash * 0.37)) % 520 - 20,
            GROUND_Y + 8 + (splash * 29) % 76,
        )
        ring = stage.oval(x, y, 1 + 6 * age, 0.5 + 2 * age)
        stage.effect(ring, flat(Rgb(226, 236, 244), alpha=0.55 * (1 - age)), line=0.9)


def draw_umbrella(stage: Stage, colour: Rgb, opened: float, *, part: str) -> None:
    """Draws an umbrella whose handle is at (0, 0) and whose stick goes up; 0 folded, 1 open."""
    stick, tip = Rgb.of("#4a3626"), -52.0
    stage.paint(stage.polygon([(0, 4), (0, tip)], closed=False), flat(stick), part=part, line=1.6)
    stage.paint(stage.curve([(0, 3), (0.5, 7), (3.5, 8), (5.5, 5)]), flat(stick), part=part, line=2.4)
    half, low = 4 + 36 * opened, tip + 34 - 10 * opened
    angles = [math.pi * step / 10 for step in range(11)]
    dome = [(-half * math.cos(angle), low - (low - tip) * math.sin(angle) ** 0.9) for angle in angles]
    dips = (0.88, 0.75, 0.62, 0.5, 0.37, 0.25, 0.12, 0.0, -0.12, -0.25, -0.37, -0.5, -0.62, -0.75, -0.88)
    scallops = [(half * dip, low - (4.0 * opened if index % 4 == 0 or index % 4 == 2 else 2.6 * opened)
                 * (0.0 if index % 4 == 3 else 1.0)) for index, dip in enumerate(dips)]  # fmt: skip
    cover = stage.curve([*dome, *scallops], closed=True)
    stage.paint(cover, linear((-half, tip), (half, low), shade(colour, 1.25), colour, shade(colour, 0.62)), part=part)
    with stage.clipped(cover):
        for rib in (-0.5, 0.0, 0.5):
            line = stage.curve([(0, tip - 3), (half * rib * 0.7, (tip + low) / 2 - 4), (half * rib, low)])
            stage.effect(line, flat(Rgb(0, 0, 0), alpha=0.25), line=0.9)
        stage.effect(
            stage.oval(-half * 0.4, tip + 8, half * 0.3, 4), flat(Rgb(255, 255, 255), alpha=0.25 * opened, blur=2)
        )
    stage.paint(stage.polygon([(0, tip - 3), (0, tip - 8)], closed=False), flat(stick), part=part, line=1.6)
