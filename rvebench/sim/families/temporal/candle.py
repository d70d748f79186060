"""Temporal: a candle burns down on a table while the room stays as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CandleBurn"]

_WAX = (Rgb.of("#f4ead2"), Rgb.of("#d96a5a"), Rgb.of("#7fa6c9"), Rgb.of("#8fb58a"))
_WALLS = (Rgb.of("#5c5470"), Rgb.of("#4e6272"), Rgb.of("#6b5a4a"))
_TABLE_Y = 196.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    height: float
    width: float
    wax: Rgb
    wall: Rgb
    cup_x: float
    book: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    burnt: float
    """Share of the candle that is gone, 0..1."""
    wilted: float = 0.0
    """Share by which the candle leans over, as it would in heat: the wrong law."""


class CandleBurn(Family[_Setup, _State]):
    """A candle is shorter after it has burnt, with wax run down and pooled at its foot."""

    name = "candle-burn"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "burn"
    parts = ("candle", "flame", "holder", "cup", "book")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws place, size and colours."""
        x = float(rng.uniform(150, 330))
        return _Setup(
            x=x,
            height=float(rng.uniform(92, 116)),
            width=float(rng.uniform(24, 34)),
            wax=_WAX[rng.integers(len(_WAX))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            cup_x=float(x - 105 if x > 240 else x + 105),
            book=mix(Rgb.of("#7a3b3b"), Rgb.of("#2f5d62"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From tall to a stub."""
        return States(
            source=_State(burnt=0.04),
            target=_State(burnt=0.7),
            half=_State(burnt=0.37),
            wrong=_State(burnt=0.04, wilted=0.8),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The candle."""
        return "candle"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """None of the paraphrases names the height or the wax."""
        return Words(
            instructions=(
                "Imagine this table near the end of a long evening.",
                "Show the same scene after the light has been left alone for several hours.",
                "What does this corner look like when the dinner guests finally leave?",
                "The power has been out since sunset and it is now past midnight.",
            ),
            train_instructions=(
                "Move the clock forward by most of a night.",
                "Picture this place after four more hours like this one.",
            ),
            literal="Make the candle much shorter, with melted wax run down its sides and pooled at its foot.",
            expected="The candle is a short stub, about a third of its height, with wax drips and a pool at its foot; "
            "the flame still burns, lower down.",
            preserve=("the table and the wall", "the cup", "the book", "the candle holder", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The flame itself, flickering a little."""
        flicker = 0.02 * math.sin(clock.time_s * 9 + setup.phase) + 0.015 * math.sin(clock.time_s * 23)
        return Light(azimuth=0.0, elevation=0.5 + flicker, colour=Rgb(255, 226, 180), ambient=0.5 + flicker)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall, table, bystanders, candle, flame."""
        stage.static("room", lambda: self._room(stage, setup))
        top = _TABLE_Y + 8 - setup.height * (1 - state.burnt)
        flicker = 1 + 0.06 * math.sin(clock.time_s * 9 + setup.phase) + 0.04 * math.sin(clock.time_s * 23)
        # The room's glow stays where it is, so that the edit's region is the candle and not the room.
        stage.glow(setup.x, _TABLE_Y - 70, 160 * flicker, Rgb(255, 186, 96), alpha=0.34)
        self._bystanders(stage, setup, clock)
        self._candle(stage, setup, state, top)
        sway = 3 * math.sin(clock.time_s * 5 + setup.phase) + 1.5 * math.sin(clock.time_s * 13)
        with stage.moved(setup.x + 46 * state.wilted, top + 26 * state.wilted):
            self._flame(stage, sway, flicker)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        centre = (setup.x, 110.0)
        stage.paint(wall, radial(centre, 330, shade(setup.wall, 1.15), shade(setup.wall, 0.62), shade(setup.wall, 0.4)))
        stage.textured(wall, "plaster", strength=0.1)
        frame_x = WIDTH - setup.x - 40
        stage.shadow(stage.rect(frame_x + 4, 38, 92, 70), alpha=0.4, blur=5)
        stage.paint(stage.rect(frame_x, 32, 92, 70, radius=2), flat(Rgb.of("#7d5a38")))
        inner = stage.rect(frame_x + 7, 39, 78, 56)
        stage.paint(inner, linear((0, 39), (0, 95), Rgb.of("#6f8fa8"), Rgb.of("#c9b58e"), Rgb.of("#5d7050")))
        table = stage.rect(-64, _TABLE_Y - 8, WIDTH + 128, 160)
        stage.paint(table, linear((0, _TABLE_Y - 8), (0, HEIGHT), Rgb.of("#8a5a36"), Rgb.of("#4c2e1a")))
        stage.textured(table, "wood", strength=0.2, seed=1)
        stage.effect(stage.rect(-64, _TABLE_Y - 9, WIDTH + 128, 3), flat(Rgb.of("#c08a58"), alpha=0.5, blur=0.8))
        pool = stage.oval(setup.x, _TABLE_Y + 26, 150, 32)
        stage.effect(pool, radial((setup.x, _TABLE_Y + 26), 150, Rgb(120, 70, 20), Rgb(0, 0, 0)), add=True)

    def _bystanders(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        side = 1 if setup.cup_x > setup.x else -1
        x, y = setup.cup_x, _TABLE_Y + 34
        stage.shadow(stage.oval(x + side * 26, y + 3, 44, 8), alpha=0.45, blur=4)
        body = stage.curve(
            [(x - 22, y - 42), (x - 20, y - 12), (x - 12, y), (x + 12, y), (x + 20, y - 12), (x + 22, y - 42)]
        )
        stage.paint(stage.oval(x + side * 24, y - 24, 12, 13), flat(Rgb.of("#cfd6dc")), part="cup", line=5)
        stage.paint(body, linear((x - 22, 0), (x + 22, 0), Rgb.of("#eef2f4"), Rgb.of("#aab6bf")), part="cup")
        stage.paint(stage.oval(x, y - 42, 22, 6), flat(Rgb.of("#dfe6ea")), part="cup")
        stage.paint(stage.oval(x, y - 41, 18, 4.5), flat(Rgb.of("#5b3a22")), part="cup")
        for wisp in range(3):
            rise = (clock.time_s * 0.45 + wisp / 3) % 1
            steam = [
                (x - 8 + wisp * 8 + 6 * math.sin(rise * 7 + k + wisp), y - 46 - 46 * rise - 8 * k) for k in range(4)
            ]
            stage.effect(
                stage.curve(steam), flat(Rgb(255, 255, 255), alpha=0.22 * math.sin(math.pi * rise), blur=2.5), line=4
            )
        book_x = setup.x - side * 150
        stage.shadow(stage.rect(book_x - 42 - side * 8, _TABLE_Y + 40, 88, 10), alpha=0.5, blur=4)
        cover = stage.rect(book_x - 42, _TABLE_Y + 24, 84, 20, radius=2)
        stage.paint(
            cover,
            linear((0, _TABLE_Y + 24), (0, _TABLE_Y + 44), shade(setup.book, 1.25), shade(setup.book, 0.7)),
            part="book",
        )
        stage.paint(stage.rect(book_x - 40, _TABLE_Y + 29, 80, 9), flat(Rgb.of("#e9dfc8")), part="book")

    def _candle(self, stage: Stage, setup: _Setup, state: _State, top: float) -> None:
        x, half, foot = setup.x, setup.width / 2, _TABLE_Y + 10
        stage.shadow(stage.oval(x, foot + 12, half + 34, 9), alpha=0.5, blur=4)
        dish = stage.oval(x, foot + 6, half + 24, 9)
        stage.paint(dish, linear((x - 40, 0), (x + 40, 0), Rgb.of("#d8b56a"), Rgb.of("#8a6a2e")), part="holder")
        stage.effect(stage.oval(x - 8, foot + 4, half + 10, 4), flat(Rgb(255, 244, 210), alpha=0.35, blur=1.5))
        pooled = 6 + 16 * state.burnt
        stage.paint(
            stage.oval(x, foot + 3, half + pooled * 0.8, 3 + pooled * 0.22), flat(shade(setup.wax, 0.95)), part="candle"
        )
        lean = 46 * state.wilted
        drop = 26 * state.wilted
        side = [(x - half, foot + 2), (x - half + lean * 0.3, (foot + top) / 2), (x - half + lean, top + drop)]
        other = [(x + half + lean, top + drop), (x + half + lean * 0.3, (foot + top) / 2), (x + half, foot + 2)]
        body = (
            stage.curve([*side, *other])
            if state.wilted
            else stage.rect(x - half, top, setup.width, foot + 2 - top, radius=3)
        )
        glow = mix(setup.wax, Rgb(255, 220, 150), 0.55)
        stage.paint(body, linear((0, top), (0, foot), glow, setup.wax, shade(setup.wax, 0.62)), part="candle")
        with stage.clipped(body):
            stage.effect(stage.rect(x - half, top, half * 0.5, 200), flat(Rgb(255, 255, 255), alpha=0.2, blur=3))
            stage.shadow(stage.rect(x + half * 0.5, top, half, 200), alpha=0.28, blur=4)
        if not state.wilted:
            stage.paint(stage.oval(x, top, half, 4.5), flat(mix(glow, Rgb(255, 246, 220), 0.5)), part="candle")
            for index, place in enumerate((-0.75, -0.2, 0.45, 0.85)):
                length = (8 + 26 * state.burnt) * (0.6 + 0.4 * ((index * 7) % 3) / 2)
                drip = stage.rect(x + place * half - 2.4, top + 1, 4.8, min(length, foot - top), radius=2.4)
                stage.paint(drip, flat(mix(glow, setup.wax, 0.4)), part="candle")

    def _flame(self, stage: Stage, sway: float, size: float) -> None:
        stage.paint(
            stage.polygon([(0, 0), (sway * 0.2, -7)], closed=False), flat(Rgb.of("#2b1d14")), part="candle", line=1.6
        )
        tip = (sway, -30 * size)
        outer = stage.curve(
            [(0, -3), (-6.5, -11), (sway * 0.5 - 3.5, -20 * size), tip, (sway * 0.5 + 3.5, -20 * size), (6.5, -11)],
            closed=True,
        )
        stage.paint(outer, linear((0, 0), tip, Rgb(92, 128, 232), Rgb(255, 188, 66), Rgb(255, 240, 190)), part="flame")
        stage.effect(stage.oval(sway * 0.3, -12, 2.6, 7), flat(Rgb(255, 255, 240), alpha=0.9, blur=1.2))
        stage.glow(0, -14, 34, Rgb(255, 206, 120), alpha=0.6)
