"""Physical causality: a brass balance and a row of weights; once they lie in one dish, the beam tips."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._parts import plant, room, wall_clock, window
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BalanceTips"]

_TABLE_Y = 188.0
_FOOT = 234.0
_PIVOT_Y = 62.0
_ARM = 92.0
_CHAIN = 86.0
_DISH = 43.0
_GOODS = ("apples", "sack", "pears")
_WALLS = (Rgb.of("#6f8795"), Rgb.of("#94806c"), Rgb.of("#7d7696"), Rgb.of("#7c937f"))
_METALS = (Rgb.of("#d9a93f"), Rgb.of("#c98a55"), Rgb.of("#b9c0c6"))
_MASSES = (15.0, 12.5, 10.5, 8.5)
"""Half widths of the four weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    side: Literal[-1, 1]
    """Which dish the weights belong in; the goods lie in the other."""
    goods: int
    wall: Rgb
    wood: Rgb
    metal: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    loaded: int
    """Weights in their dish; the others stand on the table."""
    tilt_deg: float
    """How far the dish of the weights hangs down; below 0 the goods are lower."""


class BalanceTips(Family[_Setup, _State]):
    """The heavier side of a balance goes down and lifts the other."""

    name = "balance-tips"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "lever"
    parts = ("stand", "beam", "dishes", "weights", "goods", "clock", "plant")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws side, goods, metal and room."""
        side: Literal[-1, 1] = 1 if rng.random() < 0.5 else -1
        return _Setup(
            x=240 + side * float(rng.uniform(-24, -8)),
            side=side,
            goods=int(rng.integers(len(_GOODS))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#a06f45"), Rgb.of("#6b4634"), float(rng.random())),
            metal=_METALS[rng.integers(len(_METALS))],
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the goods being heavier to the weights being heavier; half way both are as heavy."""
        return States(
            source=_State(loaded=0, tilt_deg=-15),
            target=_State(loaded=4, tilt_deg=15),
            half=_State(loaded=2, tilt_deg=0),
            wrong=_State(loaded=4, tilt_deg=-21),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The balance."""
        return "balance"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a direction."""
        goods = _GOODS[setup.goods]
        goods = "sack" if goods == "sack" else f"{goods[:-1]} pile"
        return Words(
            instructions=(
                "Someone has put every one of the weights from the table into the empty dish.",
                f"The shopkeeper wanted to outweigh the {goods} and used all the metal she had.",
                "All four weights have found their place on the scale; show what it does in answer.",
                "Suppose nothing is left standing on the table top and the free dish has received it all.",
            ),
            train_instructions=(
                "Use the complete set of weights against what is already being weighed.",
                "Imagine the merchant has finished adding metal to the vacant side.",
            ),
            literal="Move all four weights from the table into the empty dish, tilt the beam so that it hangs low "
            "and the dish with the goods is lifted high.",
            expected="The four weights lie in the dish that was empty; it hangs low, the dish with the goods is "
            "lifted, the beam slants the opposite way, and no weight stands on the table.",
            preserve=("the goods in their dish", "the stand", "the wall clock", "the potted plant", "the room"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, clock and plant, balance, weights on the table."""
        stage.static("room", lambda: self._room(stage, setup))
        # Between the middle and the wall, away from the weights.
        wall_clock(stage, setup.x - setup.side * 176, 62, clock.time_s, setup.phase, Rgb.of("#8a5a34"))
        plant(stage, setup.x - setup.side * 178, 222, clock.time_s, setup.phase, Rgb.of("#4f7a8c"), size=0.95)
        stage.static("table", lambda: self._table(stage, setup, state))
        tremble = 0.8 * math.sin(clock.time_s * 2.6 + setup.phase)
        angle = math.radians(setup.side * (state.tilt_deg + tremble))
        for side in (-1, 1):
            end = (setup.x + side * _ARM * math.cos(angle), _PIVOT_Y + side * _ARM * math.sin(angle))
            sway = 1.5 * math.sin(clock.time_s * 2.2 + setup.phase + side)
            with stage.moved(*end, turn_deg=sway):
                self._dish(stage, setup, state, is_loaded_side=side == setup.side)
        self._beam(stage, setup, math.degrees(angle))

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, setup.x)
        window(stage, setup.x + setup.side * 196 - 36, 28, 72, 84, Rgb.of("#a3cbe2"), Rgb.of("#efe8da"))

    def _table(self, stage: Stage, setup: _Setup, state: _State) -> None:
        x, metal = setup.x, setup.metal
        for side in (-1, 1):
            # The dishes' shadows: softer and wider for the one that hangs higher.
            height = 12 - side * setup.side * state.tilt_deg * 0.5
            cloth = stage.oval(x + side * 88 + 6, _FOOT - 12, _DISH + 2 + height * 0.4, 6)
            stage.shadow(cloth, alpha=0.42 - height * 0.009, blur=3 + height * 0.12)
        stage.shadow(stage.oval(x + 6, _FOOT + 4, 52, 8), alpha=0.5, blur=4)
        wood = Rgb.of("#6b3f26")
        base = stage.rect(x - 44, _FOOT - 12, 88, 14, radius=5)
        stage.paint(base, linear((0, _FOOT - 12), (0, _FOOT + 2), shade(wood, 1.5), shade(wood, 0.7)), part="stand")
        foot = stage.curve(
            [
                (x - 24, _FOOT - 11),
                (x - 10, _FOOT - 18),
                (x - 6, _FOOT - 34),
                (x + 6, _FOOT - 34),
                (x + 10, _FOOT - 18),
                (x + 24, _FOOT - 11),
            ],
            closed=True,
        )
        shine = linear((x - 18, 0), (x + 18, 0), shade(metal, 0.7), shade(metal, 1.35), shade(metal, 0.5))
        stage.paint(foot, shine, part="stand")
        column = stage.rect(x - 5, _PIVOT_Y, 10, _FOOT - 24 - _PIVOT_Y, radius=3)
        stage.paint(
            column,
            linear((x - 5, 0), (x + 5, 0), shade(metal, 0.7), shade(metal, 1.35), shade(metal, 0.5)),
            part="stand",
        )
        for y in (_PIVOT_Y + 40, _PIVOT_Y + 90, _FOOT - 36):
            knob = stage.oval(x, y, 9, 5)
            stage.paint(
                knob,
                linear((x - 9, 0), (x + 9, 0), shade(metal, 0.75), shade(metal, 1.4), shade(metal, 0.5)),
                part="stand",
            )
        for index in range(state.loaded, 4):
            spot = setup.x + setup.side * (132 + 30 * index - 4 * index * index / 3)
            self._weight(stage, spot, _FOOT - 2 + 3 * (index % 2), _MASSES[index], setup.metal, shadow=True)

    def _weight(self, stage: Stage, x: float, y: float, half: float, metal: Rgb, *, shadow: bool = False) -> None:
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

    def _dish(self, stage: Stage, setup: _Setup, state: _State, *, is_loaded_side: bool) -> None:
        metal = setup.metal
        rim = _CHAIN
        hook = stage.oval(0, 3, 3.2)
        stage.paint(hook, flat(shade(metal, 0.7)), part="dishes", line=1.6)
        stage.paint(
            stage.polygon([(0, 6), (3, rim - 5)], closed=False), flat(shade(metal, 0.6)), part="dishes", line=1.1
        )
        back = stage.oval(0, rim, _DISH, 7)
        stage.paint(back, linear((-_DISH, 0), (_DISH, 0), shade(metal, 0.85), shade(metal, 0.45)), part="dishes")
        if is_loaded_side:
            for index, (x, y) in enumerate(((-15.0, 5.0), (14.0, 5.0), (-1.0, 7.0), (29.0, 3.0))[: state.loaded]):
                self._weight(stage, x, rim + y, _MASSES[index], metal)
        else:
            self._goods(stage, setup, rim + 4)
        front: list[Point] = [
            (-_DISH, rim),
            (-_DISH * 0.5, rim + 6),
            (0, rim + 7),
            (_DISH * 0.5, rim + 6),
            (_DISH, rim),
        ]
        body = stage.curve([*front, (_DISH * 0.72, rim + 11), (0, rim + 17), (-_DISH * 0.72, rim + 11)], closed=True)
        stage.paint(
            body,
            linear((-_DISH, 0), (_DISH, 0), shade(metal, 0.8), shade(metal, 1.4), shade(metal, 0.5)),
            part="dishes",
        )
        stage.paint(stage.curve(front), flat(shade(metal, 1.4)), part="dishes", line=1.6)
        for x in (-_DISH + 1, _DISH - 1):
            chain = stage.polygon([(0, 6), (x, rim)], closed=False)
            stage.paint(chain, flat(shade(metal, 0.6)), part="dishes", line=1.8)

    def _goods(self, stage: Stage, setup: _Setup, y: float) -> None:
        kind = _GOODS[setup.goods]
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

    def _beam(self, stage: Stage, setup: _Setup, turn_deg: float) -> None:
        metal = setup.metal
        with stage.moved(setup.x, _PIVOT_Y, turn_deg=turn_deg):
            outline = [
                (-_ARM - 5, -2),
                (-40, -5),
                (0, -9),
                (40, -5),
                (_ARM + 5, -2),
                (_ARM + 5, 3),
                (40, 4),
                (0, 6),
                (-40, 4),
                (-_ARM - 5, 3),
            ]
            beam = stage.polygon(outline)
            stage.paint(beam, linear((0, -8), (0, 6), shade(metal, 1.45), metal, shade(metal, 0.5)), part="beam")
            for side in (-1, 1):
                stage.paint(
                    stage.oval(side * (_ARM + 2), 0, 4.5),
                    radial((side * _ARM, -2), 7, shade(metal, 1.5), shade(metal, 0.6)),
                    part="beam",
                )
            needle = stage.polygon([(-2.6, 4), (2.6, 4), (0, 46)])
            stage.paint(needle, flat(Rgb.of("#3a2c22")), part="beam")
        stage.paint(
            stage.oval(setup.x, _PIVOT_Y, 9),
            radial((setup.x - 3, _PIVOT_Y - 3), 13, shade(metal, 1.6), shade(metal, 0.5)),
            part="stand",
        )
        stage.paint(
            stage.oval(setup.x, _PIVOT_Y - 16, 5),
            radial((setup.x - 2, _PIVOT_Y - 18), 7, shade(metal, 1.6), shade(metal, 0.55)),
            part="stand",
        )
