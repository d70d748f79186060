"""Causal: a kettle, a saucepan or a coffee pot stands on the flame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._boilers import BOILERS, KINDS, Kind, draw_boiler
from rvebench.sim.families.causal._parts import WHITE
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["KettleBoil"]

_HOB = 196.0
_TILES = (Rgb.of("#7fa69a"), Rgb.of("#b89878"), Rgb.of("#8a93b8"))
_ENAMELS = (Rgb.of("#c8412f"), Rgb.of("#2f6f8f"), Rgb.of("#e0b53c"), Rgb.of("#4f7f55"))
_STEELS = (Rgb.of("#b3bac0"), Rgb.of("#c0895a"), Rgb.of("#8f99a3"))
_TOWELS = (Rgb.of("#5f86b0"), Rgb.of("#b0604f"), Rgb.of("#7f9a5c"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    pot: Kind
    tile: Rgb
    tone: Rgb
    towel: Rgb
    side: int
    """The spout points to this side."""
    x: float
    jars: int
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    steam: float
    """0 a wisp, 1 thick jets."""
    rattle: float = 0.0
    """How far the lid dances, 0..1."""
    burning: float = 0.0
    """How far the towel burns instead: the wrong event."""


class KettleBoil(Family[_Setup, _State]):
    """Water on a flame comes to the boil."""

    name = "kettle-boil"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "boil"
    parts = ("pot", "lid", "flame", "towel", "jars", "spoons", "stove")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws kitchen and what stands on the stove."""
        pot = KINDS[rng.integers(len(KINDS))]
        tones = _STEELS if pot == "coffee-pot" else _ENAMELS
        side = 1 if rng.random() < 0.5 else -1
        return _Setup(
            pot=pot,
            tile=_TILES[rng.integers(len(_TILES))],
            tone=tones[rng.integers(len(tones))],
            towel=_TOWELS[rng.integers(len(_TOWELS))],
            side=side,
            x=float(240 - 22 * side + rng.uniform(-14, 14)),
            jars=int(rng.integers(3, 6)),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a wisp to a jet."""
        return States(
            source=_State(steam=0.04),
            target=_State(steam=1.0, rattle=1.0),
            half=_State(steam=0.5, rattle=0.2),
            wrong=_State(steam=0.04, burning=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """What stands on the flame."""
        return setup.pot

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the steam."""
        thing = setup.pot.replace("-", " ")
        ready = {
            "kettle": "it is time to pour the tea",
            "saucepan": "the noodles may go in",
            "coffee-pot": "the coffee is done",
        }[setup.pot]
        patient = {
            "kettle": "Water, a flame and some patience: film what comes next.",
            "saucepan": "A closed pan, a flame and some patience: film what comes next.",
            "coffee-pot": "Ground beans, water, a flame and some patience: film what comes next.",
        }[setup.pot]
        where = {
            "kettle": "shoots from the spout and steam escapes under the rattling lid",
            "saucepan": "pours out under the lid on both sides and the lid dances",
            "coffee-pot": "shoots from the beak and the lid rattles",
        }[setup.pot]
        return Words(
            instructions=(
                "Nobody has touched the stove for five minutes. Show what calls the cook back to the kitchen.",
                f"The next shot tells us, even without sound, that {ready}.",
                "Continue with the moment at which the cook in the next room lifts her head and listens.",
                f"The gas does its work on the {thing}. What is the following shot?",
            ),
            train_instructions=(
                patient,
                f"Show the moment at which somebody should take the {thing} off the gas.",
            ),
            literal=f"Show the {thing} boiling: a thick cloud of steam {where}.",
            expected=f"The same stove and {thing}: a thick cloud of white steam {where}; flame, towel, jars and "
            "spoons are as they were.",
            preserve=("the stove and the flame", "the towel", "the jars", "the spoons", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Kitchen, flame, pot, steam."""
        with stage.at_depth(1):
            stage.static("kitchen", lambda: self._kitchen(stage, setup))
            self._spoons(stage, setup, clock)
            self._towel(stage, setup, state, clock)
            self._flame(stage, setup, clock)
            shake = 0.7 * state.rattle * math.sin(clock.time_s * 41)
            with stage.moved(setup.x + shake, _HOB - 13, scale=setup.side, scale_y=1):
                hop = state.rattle * (2.2 + 2.2 * math.sin(clock.time_s * 37))
                tilt = BOILERS[setup.pot].tilt_deg * state.rattle * math.sin(clock.time_s * 29 + 1)
                draw_boiler(stage, setup.pot, setup.tone, hop, tilt, lit=setup.side)
                self._steam(stage, setup, state, clock)

    def _kitchen(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, _HOB + 64)
        stage.paint(wall, flat(shade(setup.tile, 0.72)))
        rng = np.random.default_rng(setup.seed)
        for row in range(-2, 8):
            for column in range(-2, 18):
                tone = shade(setup.tile, 0.93 + 0.09 * float(rng.random()))
                x, y = column * 32.0, row * 28.0 - 6
                tile = stage.rect(x + 0.8, y + 0.8, 30.4, 26.4, radius=1.5)
                stage.paint(tile, linear((x, y), (x + 30, y + 26), shade(tone, 1.07), shade(tone, 0.92)))
                stage.effect(stage.rect(x + 3, y + 2.6, 12, 1.3), flat(WHITE, alpha=0.4, blur=0.7))
        light = linear((0, 0), (WIDTH, _HOB), Rgb(255, 240, 205), Rgb(70, 60, 90), alpha=0.24)
        stage.effect(wall, light)
        far = 240 - 150 * setup.side
        stage.shadow(stage.rect(far - 66, 96, 140, 12), alpha=0.4, blur=4)
        shelf = stage.rect(far - 70, 88, 140, 8, radius=1)
        stage.paint(shelf, linear((0, 88), (0, 96), Rgb.of("#b58454"), Rgb.of("#74502f")))
        for index in range(setup.jars):
            x = far - 52 + 26 * index
            tall = 30 + 8 * (index % 2)
            fill = (Rgb.of("#c8502f"), Rgb.of("#d9a83c"), Rgb.of("#6f8f3f"), Rgb.of("#8a5a36"), Rgb.of("#e3d5b5"))[
                index % 5
            ]
            stage.shadow(stage.rect(x - 7, 88 - tall + 6, 22, tall - 6), alpha=0.25, blur=3)
            glass = stage.rect(x - 10, 88 - tall, 20, tall, radius=3)
            stage.paint(glass, linear((x - 10, 0), (x + 10, 0), Rgb.of("#eef6f8"), Rgb.of("#bccdd2")), part="jars")
            content = stage.rect(x - 8, 88 - tall + 9, 16, tall - 11, radius=2)
            stage.paint(content, linear((x - 8, 0), (x + 8, 0), shade(fill, 1.2), shade(fill, 0.75)), part="jars")
            stage.paint(stage.rect(x - 9, 84 - tall, 18, 6, radius=1.5), flat(Rgb.of("#8a6a48")), part="jars")
            stage.effect(stage.rect(x - 6, 92 - tall, 3, tall - 8), flat(WHITE, alpha=0.55, blur=0.8))
        counter = stage.rect(-64, _HOB + 8, WIDTH + 128, 140)
        stage.shadow(stage.rect(-64, _HOB, WIDTH + 128, 14), alpha=0.4, blur=5)
        stage.paint(counter, linear((0, _HOB + 8), (0, HEIGHT), Rgb.of("#a97a4e"), Rgb.of("#5f3f26")))
        stage.textured(counter, "wood", strength=0.2, seed=2)
        wide, high = BOILERS[setup.pot].lid[0] + 18, -BOILERS[setup.pot].lid[1]
        stage.shadow(stage.oval(setup.x + 18, _HOB - 4 - high * 0.45, wide, high * 0.62), alpha=0.24, blur=8)
        stove = stage.rect(setup.x - 128, _HOB + 10, 256, 100, radius=5)
        stage.shadow(stage.rect(setup.x - 126, _HOB + 8, 264, 100), alpha=0.4, blur=5)
        stage.paint(stove, linear((0, _HOB + 10), (0, HEIGHT), Rgb.of("#e3e6e8"), Rgb.of("#9aa2a8")), part="stove")
        hob = stage.rect(setup.x - 122, _HOB + 10, 244, 22, radius=3)
        stage.paint(hob, linear((0, _HOB + 10), (0, _HOB + 32), Rgb.of("#4a4e54"), Rgb.of("#25282c")), part="stove")
        for knob in range(4):
            at = (setup.x - 78 + 52 * knob, _HOB + 52)
            stage.shadow(stage.oval(at[0] + 2, at[1] + 3, 10), alpha=0.4, blur=2)
            stage.paint(
                stage.oval(*at, 9.5),
                radial((at[0] - 3, at[1] - 3), 14, Rgb.of("#5a5f66"), Rgb.of("#202326")),
                part="stove",
            )
            turn = 0.9 if knob == 1 else 0.0
            mark = [(at[0], at[1]), (at[0] + 8 * math.sin(turn), at[1] - 8 * math.cos(turn))]
            stage.paint(stage.polygon(mark, closed=False), flat(Rgb.of("#f2f2f0")), part="stove", line=1.8)
        stage.paint(stage.rect(setup.x - 30, _HOB + 8, 60, 8, radius=2), flat(Rgb.of("#6a6f76")), part="stove")
        stage.paint(
            stage.oval(setup.x + 88 * setup.side, _HOB + 15, 26, 5), flat(Rgb.of("#15171a")), part="stove", line=3
        )

    def _spoons(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        near = 240 + 112 * setup.side
        stage.paint(stage.rect(near - 66, 34, 132, 3.4, radius=1.6), flat(Rgb.of("#8a8f94")), part="spoons")
        for index in range(4):
            swing = 2.6 * math.sin(clock.time_s * 2.1 + index * 1.3 + setup.phase)
            with stage.moved(near - 48 + 32 * index, 36, turn_deg=swing):
                with stage.moved(6, 5):
                    stage.shadow(stage.oval(0, 52, 8, 11), alpha=0.25, blur=3)
                wood = index % 2 == 0
                tone = Rgb.of("#b98a58") if wood else Rgb.of("#c3c9cf")
                stage.paint(
                    stage.rect(-1.8, 0, 3.6, 44, radius=1.6),
                    linear((-2, 0), (2, 0), shade(tone, 1.15), shade(tone, 0.7)),
                    part="spoons",
                )
                bowl = stage.oval(0, 51, 7.5, 10.5)
                stage.paint(bowl, radial((-2, 48), 13, shade(tone, 1.25), tone, shade(tone, 0.6)), part="spoons")

    def _towel(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x = setup.x + 92 * setup.side
        stage.paint(stage.rect(x - 34, _HOB + 37, 68, 3, radius=1.5), flat(Rgb.of("#7d848a")), part="towel")
        sway = 1.2 * math.sin(clock.time_s * 1.6 + setup.phase)
        cloth = stage.curve(
            [(x - 24, _HOB + 36), (x + 24, _HOB + 36), (x + 25 + sway, HEIGHT + 12), (x - 25 + sway, HEIGHT + 12)]
        )
        tone = mix(setup.towel, Rgb.of("#2a1c14"), 0.5 * state.burning)
        stage.paint(cloth, linear((x - 24, 0), (x + 24, 0), shade(tone, 1.15), tone, shade(tone, 0.7)), part="towel")
        for stripe in (56, 62):
            stage.paint(
                stage.rect(x - 24 + sway * 0.5, _HOB + stripe - 4, 48, 2.6), flat(Rgb.of("#f3ead8")), part="towel"
            )
        for tongue in range(round(9 * state.burning)):
            base = x - 24 + 6 * tongue
            tall = 26 + 16 * math.sin(clock.time_s * 11 + tongue * 2.2) + 12 * (tongue % 3)
            lean = 4 * math.sin(clock.time_s * 8 + tongue)
            foot = _HOB + 66 - 9 * (tongue % 3)
            fire = stage.curve(
                [
                    (base - 8, foot),
                    (base - 6, foot - tall * 0.5),
                    (base + lean, foot - tall),
                    (base + 6, foot - tall * 0.5),
                    (base + 8, foot),
                ],
                closed=True,
            )
            stage.paint(
                fire,
                linear((0, foot), (0, foot - tall), Rgb(224, 70, 24), Rgb(255, 168, 40), Rgb(255, 240, 170)),
                part="towel",
            )
        if state.burning:
            stage.glow(x, _HOB + 34, 90, Rgb(255, 130, 40), alpha=0.45)

    def _flame(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        stage.glow(setup.x, _HOB + 4, 66, Rgb(70, 120, 255), alpha=0.4)
        for index in range(13):
            x = setup.x - 42 + 7 * index
            tall = 13 + 3.5 * math.sin(clock.time_s * 15 + index * 1.7 + setup.phase)
            lean = (index - 6) * 0.7
            tip = (x + lean, _HOB + 8 - tall)
            fire = stage.curve(
                [(x - 3, _HOB + 9), (x - 3.2, _HOB + 3), tip, (x + 3.2, _HOB + 3), (x + 3, _HOB + 9)], closed=True
            )
            stage.paint(
                fire,
                linear((0, _HOB + 9), (0, tip[1]), Rgb(40, 70, 220), Rgb(90, 160, 255), Rgb(226, 240, 255)),
                part="flame",
            )
        for bar in (-46, -16, 16, 46):
            stage.paint(
                stage.rect(setup.x + bar - 2.5, _HOB - 9, 5, 20, radius=1), flat(Rgb.of("#1c1e21")), part="stove"
            )
        stage.paint(stage.rect(setup.x - 60, _HOB - 12, 120, 4, radius=1.5), flat(Rgb.of("#2a2d31")), part="stove")

    def _steam(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Jets out of the openings and clouds from under the lid."""
        boiler = BOILERS[setup.pot]
        for index, (x, y, aside) in enumerate(boiler.mouths):
            self._jet(stage, (x, y), aside, state.steam, clock.time_s + 0.31 * index, setup.phase + index)
        half, rim = boiler.lid
        for puff in range(round(12 * state.rattle)):
            age = (clock.time_s * 0.9 + puff / 12) % 1
            side = -1 if puff % 2 else 1
            at = (side * (0.84 * half + 16 * age) + 3 * math.sin(puff), rim - 2 - 46 * age)
            cloud = stage.oval(*at, 4 + 14 * age, 3 + 10 * age)
            stage.effect(cloud, flat(WHITE, alpha=0.5 * (1 - age), blur=3))
        for drop in range(round(6 * state.rattle)):
            age = (clock.time_s * 1.3 + drop / 6) % 1
            side = -1 if drop % 2 else 1
            at = (side * (half + 30 * age), rim - 34 * age + 78 * age**2)
            stage.effect(stage.oval(*at, 1.3, 1.7), flat(Rgb.of("#dff2fa"), alpha=0.9))

    def _jet(
        self, stage: Stage, mouth: tuple[float, float], aside: float, amount: float, time_s: float, phase: float
    ) -> None:
        count = 4 + round(22 * amount)
        for puff in range(count):
            age = (time_s * (0.45 + 0.55 * amount) + puff / count + 0.1 * math.sin(puff * 3.7 + phase)) % 1
            reach = (26 + 90 * amount) * age
            x = mouth[0] + reach * aside + 5 * math.sin(puff * 2.3 + age * 6)
            y = mouth[1] - reach * (1.3 - 0.65 * abs(aside)) - 42 * age**2 * (0.4 + amount)
            size = 3 + (6 + 27 * amount) * age
            alpha = (0.24 + 0.4 * amount) * math.sin(math.pi * min(1.0, 0.12 + age)) ** 0.8
            stage.effect(stage.oval(x, y, size, size * 0.86), flat(WHITE, alpha=max(0.0, alpha), blur=1.5 + 4.5 * age))
        if amount > 0.8:
            x, y = mouth
            lean = 40 * aside
            jet = stage.polygon([(x - 2, y + 1), (x + 3, y + 3), (x + lean + 6, y - 24), (x + lean - 8, y - 32)])
            stage.effect(jet, flat(WHITE, alpha=0.8, blur=2.5))
