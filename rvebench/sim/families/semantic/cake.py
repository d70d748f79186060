"""Semantic inference: how many candles a birthday cake bears."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._cakes import GAY, Cake, CakeKind, candle_place, draw_cake
from rvebench.sim.families.semantic._parts import soft_spot
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CakeCandles"]

_NAMES = ("Mia", "Noah", "Amara", "Kenji", "Lina", "Tariq")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ICINGS = (Rgb.of("#f6b7c6"), Rgb.of("#a9d8d0"), Rgb.of("#f5e3b0"), Rgb.of("#c9b6ea"))
_SPONGES = (Rgb.of("#7a4a2c"), Rgb.of("#f2e6d2"), Rgb.of("#b0583e"))
_WALLS = (Rgb.of("#5f7f95"), Rgb.of("#8d6f8a"), Rgb.of("#6f8a72"))
_KINDS: tuple[CakeKind, ...] = ("cake", "ice-cream-cake", "tart")
_TABLE_Y = 188.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    side: float
    age: int
    before: int
    name: str
    icing: Rgb
    sponge: Rgb
    wall: Rgb
    shift: int
    phase: float
    kind: CakeKind

    @property
    def cake(self) -> Cake:
        """The cake and where it stands."""
        return Cake(
            kind=self.kind, x=self.x, side=self.side, icing=self.icing, sponge=self.sponge, seed=self.shift + 11
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    candles: int
    lit: bool = True
    """Whether they burn; blown out is the wrong law."""


class CakeCandles(Family[_Setup, _State]):
    """A birthday cake bears one candle for each year of life."""

    name = "cake-candles"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "count"
    parts = ("candles", "cake", "stand", "balloons", "bunting", "presents")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the child, the cake and the room."""
        age = int(rng.integers(6, 10))
        return _Setup(
            x=float(rng.uniform(222, 258)),
            side=1.0 if rng.random() < 0.5 else -1.0,
            age=age,
            before=int(rng.integers(2, age - 2)),
            name=_NAMES[rng.integers(len(_NAMES))],
            icing=_ICINGS[rng.integers(len(_ICINGS))],
            sponge=_SPONGES[rng.integers(len(_SPONGES))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            shift=int(rng.integers(len(GAY))),
            phase=float(rng.uniform(0, 6.28)),
            kind=_KINDS[rng.integers(len(_KINDS))],
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From too few to one for each year."""
        return States(
            source=_State(candles=setup.before),
            target=_State(candles=setup.age),
            half=_State(candles=(setup.before + setup.age + 1) // 2),
            wrong=_State(candles=setup.before, lit=False),
        )

    def objects(self, setup: _Setup) -> str:
        """What the candles stand on."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """The paraphrases give the year or a sum, and never the candles."""
        name, age, thing = setup.name, setup.age, setup.kind.replace("ice-cream-cake", "ice-cream cake")
        return Words(
            instructions=(
                f"{name} was born in {2024 - age}, and this birthday is in 2024. Make the {thing} tell the right age.",
                f"Two years ago today {name} turned {_NUMBERS[age - 2]}; make the {thing} right for this year's party.",
                f"{name}'s birthday {thing} should agree with a child who started life exactly {age * 12} months ago.",
                f"Two years from now {name} will turn {age + 2}; finish decorating the {thing} for today's party.",
            ),
            train_instructions=(
                f"{name} turned {_NUMBERS[age - 1]} a year ago today. Correct the {thing} by custom.",
                f"{name} is three years younger than a cousin of {age + 3}; today is the party. Set the cake right.",
            ),
            literal=f"Put candles on the {thing} so that there are exactly {_NUMBERS[age]} burning candles.",
            expected=f"The {thing} bears exactly {_NUMBERS[age]} ({age}) burning candles instead of {setup.before}; "
            f"{thing} and room are as they were.",
            preserve=(f"the {thing} and its stand", "the balloons", "the bunting", "the presents", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A lamp at one side of the room."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.65)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bunting, balloons, cake, candles."""
        stage.static("room", lambda: self._room(stage, setup))
        self._bunting(stage, setup, clock)
        self._balloons(stage, setup, clock)
        stage.static("cake", lambda: draw_cake(stage, setup.cake))
        order = sorted(range(setup.age), key=lambda index: index * 0.618 % 1)[: state.candles]
        places: list[tuple[float, float, int]] = []
        for index in order:
            x, y = candle_place(setup.cake, index, setup.age)
            places.append((x, y, index))
        for x, y, index in sorted(places, key=lambda place: place[1]):
            self._candle(stage, setup, state, clock, (x, y), index)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        middle = (setup.x, 110.0)
        stage.paint(wall, radial(middle, 330, shade(setup.wall, 1.3), shade(setup.wall, 0.82), shade(setup.wall, 0.5)))
        for column in range(-2, 16):
            stage.effect(stage.rect(column * 34, -64, 15, 320), flat(shade(setup.wall, 1.5), alpha=0.08))
        stage.textured(wall, "plaster", strength=0.09)
        cloth = stage.rect(-64, _TABLE_Y - 8, WIDTH + 128, 160)
        stage.paint(cloth, linear((0, _TABLE_Y - 8), (0, HEIGHT), Rgb.of("#efe6da"), Rgb.of("#c9b7a6")))
        tone = GAY[(setup.shift + 2) % len(GAY)]
        for column in range(-14, 15):  # gingham in perspective
            band = [(240 + column * 30.0, _TABLE_Y - 8), (240 + column * 30 + 15.0, _TABLE_Y - 8)]
            band += [(240 + (column * 30 + 15) * 1.9, 300.0), (240 + column * 30 * 1.9, 300.0)]
            stage.effect(stage.polygon(band), flat(tone, alpha=0.16))
        for row in range(5):
            top = _TABLE_Y - 4 + row * 10 + row * row * 2.2
            stage.effect(stage.rect(-64, top, WIDTH + 128, 6 + 1.7 * row), flat(tone, alpha=0.16))
        stage.textured(cloth, "cloth", strength=0.1, seed=2)
        stage.effect(stage.rect(-64, _TABLE_Y - 9, WIDTH + 128, 3), flat(Rgb(255, 255, 255), alpha=0.5, blur=0.8))
        self._present(stage, setup.x - setup.side * 158, _TABLE_Y + 44, 62, 48, setup.shift, setup.side)
        self._present(stage, setup.x - setup.side * 112, _TABLE_Y + 62, 42, 30, setup.shift + 3, setup.side)

    def _present(self, stage: Stage, x: float, y: float, width: float, height: float, tone: int, side: float) -> None:
        paper, band = GAY[tone % len(GAY)], GAY[(tone + 1) % len(GAY)]
        left, top = x - width / 2, y - height
        foot = [(left, y), (left + width, y), (left + width + side * 22, y + 9), (left + side * 26, y + 9)]
        stage.shadow(stage.polygon(foot), alpha=0.42, blur=3)
        box = stage.rect(left, top, width, height, radius=2)
        ends = ((left, 0), (left + width, 0)) if side > 0 else ((left + width, 0), (left, 0))
        stage.paint(box, linear(*ends, shade(paper, 1.12), shade(paper, 0.68)), part="presents")
        for dot in range(12):
            spot = stage.oval(left + 6 + dot * 37 % (width - 10), top + 16 + dot * 23 % max(4, height - 20), 2)
            stage.effect(spot, flat(Rgb(255, 255, 255), alpha=0.4))
        lid = stage.rect(left - 3, top - 3, width + 6, 11, radius=2)
        stage.paint(lid, linear(*ends, shade(paper, 1.3), shade(paper, 0.8)), part="presents")
        stage.effect(stage.rect(left, top + 8, width, 3), flat(Rgb(20, 10, 20), alpha=0.25, blur=1))
        ribbon = stage.rect(x - 5, top - 3, 10, height + 3)
        stage.paint(ribbon, linear((x - 5, 0), (x + 5, 0), shade(band, 1.25), shade(band, 0.8)), part="presents")
        for way in (-1, 1):
            loop = stage.curve(
                [(x, top - 3), (x + way * 8, top - 15), (x + way * 19, top - 12), (x + way * 15, top - 4)], closed=True
            )
            stage.paint(loop, linear((x, top - 16), (x, top), shade(band, 1.25), shade(band, 0.7)), part="presents")
        stage.paint(stage.oval(x, top - 5, 4.5, 4), flat(shade(band, 1.1)), part="presents")

    def _bunting(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        points: list[Point] = []
        for index in range(13):
            x = -12 + index * 42.0
            hang = 30 * (1 - ((index % 6) / 3 - 1) ** 2)
            points.append((x, 12 + hang + 1.4 * math.sin(1.6 * clock.time_s + index)))
        stage.effect(stage.curve([(x + 3, y + 5) for x, y in points]), flat(Rgb(0, 0, 0), alpha=0.2, blur=2), line=2)
        stage.paint(stage.curve(points), flat(Rgb.of("#f4ead8")), part="bunting", line=1.8)
        for index, (x, y) in enumerate(points):
            swing = 9 * math.sin(2.4 * clock.time_s + 1.3 * index + setup.phase)
            with stage.moved(x, y, turn_deg=swing):
                stage.shadow(stage.polygon([(-9, 5), (15, 5), (5, 33)]), alpha=0.2, blur=2.5)
                colour = GAY[(index + setup.shift) % len(GAY)]
                cloth = linear((0, 0), (0, 28), shade(colour, 1.1), shade(colour, 0.82))
                stage.paint(stage.polygon([(-12, 0), (12, 0), (0, 28)]), cloth, part="bunting")

    def _balloons(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        knot = (setup.x + setup.side * 168, _TABLE_Y + 36)
        stage.shadow(stage.oval(knot[0] + setup.side * 8, knot[1] + 3, 18, 5), alpha=0.4, blur=3)
        for index, (dx, dy) in enumerate(((-26, 92), (28, 106), (2, 132))):
            sway = 4 * math.sin(1.5 * clock.time_s + setup.phase + index * 1.4)
            x, y = knot[0] + dx + sway, knot[1] - dy + 2 * math.sin(2.1 * clock.time_s + index)
            colour = GAY[(setup.shift + index * 2) % len(GAY)]
            string = stage.curve([knot, (knot[0] + dx * 0.2, knot[1] - 30), (x - sway * 0.4, y + 40), (x, y + 29)])
            stage.paint(string, flat(Rgb.of("#efe7da")), part="balloons", line=1.1)
            stage.paint(
                stage.polygon([(x - 4, y + 31), (x + 4, y + 31), (x, y + 25)]),
                flat(shade(colour, 0.8)),
                part="balloons",
            )
            skin = radial((x - setup.side * 8, y - 10), 46, shade(colour, 1.4), colour, shade(colour, 0.62))
            body = stage.curve(
                [(x, y - 27), (x + 23, y - 6), (x + 13, y + 19), (x, y + 27), (x - 13, y + 19), (x - 23, y - 6)],
                closed=True,
            )
            stage.paint(body, skin, part="balloons")
            shine = stage.oval(x - setup.side * 9, y - 12, 4, 7)
            stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.65, blur=1.2))
        weight = stage.polygon(
            [
                (knot[0] - 11, knot[1] + 4),
                (knot[0] + 11, knot[1] + 4),
                (knot[0] + 6, knot[1] - 8),
                (knot[0] - 6, knot[1] - 8),
            ]
        )
        stage.paint(
            weight, linear((knot[0] - 10, 0), (knot[0] + 10, 0), Rgb.of("#f3d98a"), Rgb.of("#a67c2a")), part="balloons"
        )

    def _candle(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, place: Point, index: int) -> None:
        x, y = place
        stage.shadow(stage.oval(x + setup.side * 7, y + 1.5, 10, 2.4), alpha=0.32, blur=1.2)
        colour = GAY[(index + setup.shift) % len(GAY)]
        body = stage.rect(x - 3.2, y - 36, 6.4, 36.5, radius=1.5)
        stage.paint(body, linear((x - 3, 0), (x + 3, 0), shade(colour, 1.3), shade(colour, 0.75)), part="candles")
        with stage.clipped(body):
            for turn in range(4):
                stripe = stage.polygon([(x - 4, y - 2 - turn * 10), (x + 4, y - 7 - turn * 10)], closed=False)
                stage.effect(stripe, flat(Rgb(255, 255, 255), alpha=0.75), line=2.2)
        stage.paint(
            stage.polygon([(x, y - 36), (x, y - 41)], closed=False), flat(Rgb.of("#3a2a20")), part="candles", line=1.3
        )
        if not state.lit:
            for wisp in range(2):
                rise = (clock.time_s * 0.6 + wisp / 2 + index * 0.17) % 1
                smoke = [(x + 4 * math.sin(5 * rise + k), y - 42 - 22 * rise - 6 * k) for k in range(4)]
                stage.effect(
                    stage.curve(smoke),
                    flat(Rgb(240, 240, 240), alpha=0.3 * math.sin(math.pi * rise), blur=1.5),
                    line=2.5,
                )
            return
        flicker = 1 + 0.1 * math.sin(10 * clock.time_s + 2 * index) + 0.05 * math.sin(23 * clock.time_s + index)
        sway = 1.4 * math.sin(5 * clock.time_s + index + setup.phase)
        soft_spot(stage, x, y + 1, 11, 3, Rgb(255, 220, 140), 0.35)
        tip = (x + sway, y - 39 - 17 * flicker)
        flame = stage.curve(
            [
                (x, y - 38),
                (x - 4, y - 43),
                (x - 1.5 + sway * 0.6, y - 50),
                tip,
                (x + 1.5 + sway * 0.6, y - 50),
                (x + 4, y - 43),
            ],
            closed=True,
        )
        stage.paint(
            flame,
            linear(
                (x, y - 38), tip, mix(Rgb(255, 150, 40), Rgb(90, 120, 230), 0.3), Rgb(255, 190, 60), Rgb(255, 244, 200)
            ),
            part="candles",
        )
        stage.glow(x, y - 46, 21, Rgb(255, 190, 100), alpha=0.42)
