"""Semantic inference: what an indicator in a flask says about what was stirred into it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._parts import soft_spot
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["LitmusFlask"]

_NEUTRAL, _ACID, _BASE = Rgb.of("#6a3fa6"), Rgb.of("#e0345a"), Rgb.of("#2fa862")
_WALLS = (Rgb.of("#a9c4c9"), Rgb.of("#d2c5ac"), Rgb.of("#b3b9cf"))
_ACIDS = ("lemon juice", "vinegar", "lime juice")
_BASES = ("baking soda", "soap", "washing soda")
_TABLE_Y = 190.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    side: float
    size: float
    acid: bool
    added: str
    wall: Rgb
    level: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    sourness: float
    """Of the liquid: 0 neutral, 1 sour, -1 soapy."""
    mixed: float = 1.0
    """Share of the liquid, from the top, that the change has reached."""


class LitmusFlask(Family[_Setup, _State]):
    """Cabbage juice turns red with an acid and green with a base."""

    name = "litmus-flask"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "indicate"
    parts = ("flask", "liquid", "chart", "tubes", "burner", "lemon", "soap", "jars")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws what is added, place and colours."""
        acid = bool(rng.random() < 0.5)
        names = _ACIDS if acid else _BASES
        return _Setup(
            x=float(rng.uniform(215, 265)),
            side=1.0 if rng.random() < 0.5 else -1.0,
            size=float(rng.uniform(0.95, 1.12)),
            acid=acid,
            added=names[rng.integers(len(names))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            level=float(rng.uniform(58, 74)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From neutral to what was added; the wrong law takes it for its opposite."""
        way = 1.0 if setup.acid else -1.0
        return States(
            source=_State(sourness=0.0),
            target=_State(sourness=way),
            half=_State(sourness=way, mixed=0.5),
            wrong=_State(sourness=-way),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The flask."""
        return "flask"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a colour."""
        kind = "something sour" if setup.acid else "something soapy"
        colour = "red" if setup.acid else "green"
        return Words(
            instructions=(
                f"The flask holds cabbage indicator; the pupil has just stirred in a good dose of {setup.added}.",
                f"A spoonful of {setup.added} was added to the indicator and is now fully mixed.",
                f"Read the chart on the wall: how should the flask look once {setup.added} has been poured in?",
                f"The teacher asks for proof that {setup.added} has been dissolved in the flask.",
            ),
            train_instructions=(
                f"The indicator in the flask has met {kind}.",
                f"Show the flask after the experiment with {setup.added}.",
            ),
            literal=f"Turn the purple liquid in the flask {colour}.",
            expected=f"All of the liquid in the flask is {colour} instead of purple, at the same level; "
            "the light it throws on the table has that colour too.",
            preserve=(
                "the chart on the wall",
                "the test tubes",
                "the burner and its flame",
                "the lemon",
                "the soap",
                "the camera",
            ),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A window at one side."""
        return Light(azimuth=-0.8 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bystanders, the flask and its bubbles."""
        stage.static("room", lambda: self._room(stage, setup))
        self._flame(stage, setup, clock)
        self._flask(stage, setup, state, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        lamp = (240 - side * 210, 30.0)
        stage.paint(wall, radial(lamp, 520, shade(setup.wall, 1.22), shade(setup.wall, 0.84), shade(setup.wall, 0.5)))
        tiles = shade(setup.wall, 0.72)
        for column in range(-1, 13):
            stage.effect(stage.rect(column * 42 + 6, -64, 1.2, 320), flat(tiles, alpha=0.5))
        for row in range(6):
            stage.effect(stage.rect(-64, row * 42 - 20, WIDTH + 128, 1.2), flat(tiles, alpha=0.5))
        stage.textured(wall, "plaster", strength=0.08)
        for pane in range(3):  # light from a window falls across the tiles
            left = 240 - side * 170 + side * pane * 44
            beam = stage.polygon(
                [(left, -10), (left + side * 32, -10), (left + side * 112, 190), (left + side * 80, 190)]
            )
            stage.effect(beam, flat(Rgb(255, 250, 225), alpha=0.14, blur=5))
        self._chart(stage, setup.x - side * 138, 22)
        self._shelf(stage, setup.x + side * 146, 92)
        table = stage.rect(-64, _TABLE_Y - 6, WIDTH + 128, 160)
        stage.paint(table, linear((0, _TABLE_Y - 6), (0, HEIGHT), Rgb.of("#8c6a4a"), Rgb.of("#5d3f28")))
        stage.textured(table, "wood", strength=0.18, seed=1)
        stage.effect(stage.rect(-64, _TABLE_Y - 7, WIDTH + 128, 3), flat(Rgb.of("#e0bd8c"), alpha=0.6, blur=0.8))
        self._tubes(stage, setup.x - side * 138, _TABLE_Y + 22, side)
        self._burner(stage, setup.x + side * 112, _TABLE_Y + 24, side)
        self._lemon(stage, setup.x + side * 168, _TABLE_Y + 54, side)
        self._soap(stage, setup.x - side * 74, _TABLE_Y + 58, side)

    def _chart(self, stage: Stage, x: float, y: float) -> None:
        stage.shadow(stage.rect(x - 56, y + 4, 118, 96), alpha=0.35, blur=5)
        stage.paint(
            stage.rect(x - 59, y, 118, 94, radius=2),
            linear((0, y), (0, y + 94), Rgb.of("#fbf6e8"), Rgb.of("#e6dcc4")),
            part="chart",
        )
        stage.paint(stage.rect(x - 62, y - 4, 124, 6, radius=3), flat(Rgb.of("#6f4e33")), part="chart")
        for row, colour in enumerate((_ACID, _NEUTRAL, _BASE)):
            cy = y + 18 + row * 29
            stage.paint(
                stage.rect(x + 2, cy - 9, 46, 19, radius=4),
                linear((x, 0), (x + 48, 0), shade(colour, 1.15), colour),
                part="chart",
            )
            cx = x - 30
            if row == 0:
                stage.paint(
                    stage.oval(cx, cy, 14, 9),
                    radial((cx - 4, cy - 4), 18, Rgb.of("#fff27a"), Rgb.of("#e3b51e")),
                    part="chart",
                )
                stage.paint(stage.oval(cx + 14, cy, 3.5, 3), flat(Rgb.of("#dcae1c")), part="chart")
            elif row == 1:
                drop = stage.curve([(cx, cy - 11), (cx + 7, cy + 2), (cx, cy + 9), (cx - 7, cy + 2)], closed=True)
                stage.paint(
                    drop, linear((cx, cy - 11), (cx, cy + 9), Rgb.of("#bfe3f5"), Rgb.of("#4f97c4")), part="chart"
                )
            else:
                stage.paint(
                    stage.rect(cx - 15, cy - 6, 30, 15, radius=5),
                    linear((0, cy - 6), (0, cy + 9), Rgb.of("#f7c7d4"), Rgb.of("#d48ba0")),
                    part="chart",
                )
                for dx, dy, radius in ((-8, -9, 4), (2, -11, 5), (10, -8, 3)):
                    stage.paint(stage.oval(cx + dx, cy + dy, radius), flat(Rgb.of("#9ecbe0")), part="chart", line=1.2)

    def _shelf(self, stage: Stage, x: float, y: float) -> None:
        for index, colour in enumerate((Rgb.of("#7d4a2a"), Rgb.of("#4f7f8f"), Rgb.of("#8f8a5a"))):
            left, high = x - 50 + 36 * index, 38 - 7 * (index % 2)
            stage.shadow(stage.rect(left + 4, y - high + 4, 26, high), alpha=0.3, blur=4)
            jar = stage.rect(left, y - high, 26, high, radius=4)
            stage.paint(jar, linear((left, 0), (left + 26, 0), shade(colour, 1.35), shade(colour, 0.7)), part="jars")
            stage.paint(stage.rect(left + 6, y - high - 8, 14, 9, radius=2), flat(Rgb.of("#c4a272")), part="jars")
            stage.paint(stage.rect(left + 4, y - high + 12, 18, 11, radius=1), flat(Rgb.of("#f2ead6")), part="jars")
            stage.effect(
                stage.rect(left + 3, y - high + 4, 2.4, high - 8, radius=1), flat(Rgb(255, 255, 255), alpha=0.5)
            )
        stage.shadow(stage.rect(x - 62, y + 7, 128, 7), alpha=0.35, blur=4)
        board = stage.rect(x - 64, y, 128, 7, radius=1)
        stage.paint(board, linear((0, y), (0, y + 7), Rgb.of("#b98d5e"), Rgb.of("#7a5636")), part="jars")

    def _tubes(self, stage: Stage, x: float, y: float, side: float) -> None:
        stage.shadow(
            stage.polygon(
                [(x - 46, y + 2), (x + 46, y + 2), (x + 46 + side * 34, y + 13), (x - 40 + side * 34, y + 13)]
            ),
            alpha=0.45,
            blur=3,
        )
        for index, colour in enumerate((Rgb.of("#d8a23a"), Rgb.of("#3a86c8"), Rgb.of("#c9d4d8"))):
            left = x - 33 + index * 25
            tube = stage.rect(left, y - 74, 15, 70, radius=7)
            stage.paint(tube, linear((left, 0), (left + 15, 0), Rgb(236, 244, 246), Rgb(190, 205, 212)), part="tubes")
            with stage.clipped(tube):
                stage.paint(
                    stage.rect(left, y - 46 + 6 * index, 15, 50),
                    linear((left, 0), (left + 15, 0), shade(colour, 1.25), shade(colour, 0.75)),
                    part="tubes",
                )
            stage.effect(stage.rect(left + 3, y - 70, 2.6, 60, radius=1.3), flat(Rgb(255, 255, 255), alpha=0.65))
            stage.effect(tube, flat(Rgb(255, 255, 255), alpha=0.5), line=1)
        for top in (y - 52, y - 10):
            rail = stage.rect(x - 46, top, 92, 10, radius=2)
            stage.paint(rail, linear((0, top), (0, top + 10), Rgb.of("#c99a62"), Rgb.of("#8a5f36")), part="tubes")
        for post in (x - 46, x + 40):
            stage.paint(
                stage.rect(post, y - 56, 7, 58, radius=1),
                linear((post, 0), (post + 7, 0), Rgb.of("#cfa26a"), Rgb.of("#7d5530")),
                part="tubes",
            )

    def _burner(self, stage: Stage, x: float, y: float, side: float) -> None:
        stage.shadow(
            stage.polygon([(x - 20, y), (x + 20, y), (x + side * 40 + 10, y + 10), (x + side * 40 - 10, y + 10)]),
            alpha=0.45,
            blur=3,
        )
        stage.paint(
            stage.oval(x, y, 24, 6),
            linear((x - 24, 0), (x + 24, 0), Rgb.of("#8f99a3"), Rgb.of("#3d454d")),
            part="burner",
        )
        stage.paint(
            stage.rect(x - 6, y - 50, 12, 50, radius=2),
            linear((x - 6, 0), (x + 6, 0), Rgb.of("#f0d590"), Rgb.of("#c09840"), Rgb.of("#7a5c20")),
            part="burner",
        )
        stage.paint(
            stage.rect(x - 9, y - 20, 18, 9, radius=2),
            linear((x - 9, 0), (x + 9, 0), Rgb.of("#b9c2ca"), Rgb.of("#5b646c")),
            part="burner",
        )

    def _lemon(self, stage: Stage, x: float, y: float, side: float) -> None:
        stage.shadow(stage.oval(x + side * 9, y + 11, 28, 6), alpha=0.5, blur=3)
        stage.paint(stage.oval(x - 22, y, 6, 5), flat(Rgb.of("#d9a91c")), part="lemon")
        body = stage.oval(x, y, 24, 15)
        stage.paint(
            body,
            radial((x - side * 8, y - 7), 32, Rgb.of("#fff07a"), Rgb.of("#f0c42c"), Rgb.of("#b5821a")),
            part="lemon",
        )
        stage.textured(body, "stone", strength=0.12, seed=7)
        stage.effect(stage.oval(x - side * 9, y - 7, 6, 3), flat(Rgb(255, 255, 255), alpha=0.6, blur=1.5))

    def _soap(self, stage: Stage, x: float, y: float, side: float) -> None:
        stage.shadow(stage.oval(x + side * 8, y + 8, 30, 6), alpha=0.5, blur=3)
        stage.paint(
            stage.rect(x - 25, y - 10, 50, 18, radius=8),
            linear((0, y - 10), (0, y + 8), Rgb.of("#e59fb2"), Rgb.of("#a8607a")),
            part="soap",
        )
        stage.paint(
            stage.rect(x - 23, y - 12, 46, 12, radius=6),
            linear((0, y - 12), (0, y), Rgb.of("#fbdbe3"), Rgb.of("#efb3c3")),
            part="soap",
        )

    def _flame(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = setup.x + setup.side * 112, _TABLE_Y - 26
        size = 1 + 0.08 * math.sin(11 * clock.time_s + setup.phase)
        sway = 2.4 * math.sin(6 * clock.time_s + setup.phase)
        outer = stage.curve(
            [
                (x, y),
                (x - 7, y - 12),
                (x - 4 + sway, y - 27),
                (x + 1.4 * sway, y - 40 * size),
                (x + 4 + sway, y - 27),
                (x + 7, y - 12),
            ],
            closed=True,
        )
        stage.paint(
            outer,
            linear((x, y), (x, y - 40), Rgb(60, 110, 240), Rgb(120, 170, 255), Rgb(190, 215, 255), alpha=0.85),
            part="burner",
        )
        stage.effect(stage.oval(x, y - 10, 3, 9), flat(Rgb(230, 245, 255), alpha=0.9, blur=1))
        stage.glow(x, y - 16, 36, Rgb(110, 160, 255), alpha=0.5)

    def _flask(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, foot, side = setup.x, _TABLE_Y + 36, setup.side
        tinted = mix(_NEUTRAL, _ACID if state.sourness > 0 else _BASE, abs(state.sourness))
        stage.shadow(
            stage.polygon(
                [(x - 50, foot), (x + 50, foot), (x + side * 92, foot + 14), (x + side * 46 - 20, foot + 16)]
            ),
            alpha=0.42,
            blur=4,
        )
        soft_spot(stage, x + side * 62, foot + 9, 44, 8, shade(tinted, 1.35), 0.5 * state.mixed)
        with stage.moved(x, foot, scale=setup.size):
            self._glass(stage, setup, state, clock, tinted)

    def _glass(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, tinted: Rgb) -> None:
        outline = stage.curve(
            [
                (-15, -148),
                (-14, -128),
                (-15, -104),
                (-36, -58),
                (-56, -16),
                (-50, 0),
                (0, 3),
                (50, 0),
                (56, -16),
                (36, -58),
                (15, -104),
                (14, -128),
                (15, -148),
            ]
        )
        stage.paint(outline, linear((-56, 0), (56, 0), Rgb(236, 246, 250), Rgb(205, 222, 230), alpha=0.4), part="flask")
        level = -setup.level
        half_width = 56 - 40 * (setup.level - 16) / 90
        # A stirrer at the bottom draws the surface down a little and swirls light through the liquid.
        dip = 3 + 1.2 * math.sin(5 * clock.time_s)
        with stage.clipped(outline):
            colours = (
                linear((0, level), (0, 2), tinted, shade(tinted, 0.85), shade(tinted, 0.55))
                if state.mixed >= 1
                else linear(
                    (0, level), (0, 2), tinted, tinted, mix(tinted, _NEUTRAL, 0.5), _NEUTRAL, shade(_NEUTRAL, 0.6)
                )
            )
            surface = [(half_width * u, level + dip * (1 - u * u)) for u in (-1.3, -0.6, 0, 0.6, 1.3)]
            stage.paint(stage.polygon([*surface, (80, 10), (-80, 10)]), colours, part="liquid")
            for index in range(5):
                wave = [
                    (
                        52 * math.sin(3.4 * clock.time_s + index * 1.3 + 0.5 * k) * (1 - 0.13 * k),
                        -6 - k * setup.level / 6,
                    )
                    for k in range(6)
                ]
                stage.effect(stage.curve(wave), flat(Rgb(255, 255, 255), alpha=0.1, blur=2.5), line=4)
            for index in range(12):
                rise = (clock.time_s * (0.35 + 0.05 * (index % 4)) + index * 0.083 + setup.phase) % 1
                bx = (index * 37 % 80 - 40) * (1 - 0.5 * rise) + 2 * math.sin(9 * rise + index)
                radius = 1.2 + index % 3 * 0.7
                stage.effect(stage.oval(bx, -4 - (setup.level - 8) * rise, radius), flat(Rgb(255, 255, 255), alpha=0.5))
            stage.shadow(
                stage.polygon(
                    [(setup.side * 60, 8), (setup.side * 66, -30), (setup.side * 10, -120), (setup.side * 30, 8)]
                ),
                alpha=0.2,
                blur=7,
            )
        stage.effect(stage.oval(0, level + 2, half_width - 2, 5), flat(shade(tinted, 1.5), alpha=0.75))
        turned = 3.0 * math.cos(14 * clock.time_s)
        stage.paint(
            stage.rect(-4 * abs(turned) - 3, -5, 8 * abs(turned) + 6, 5, radius=2.5),
            flat(Rgb(244, 244, 244)),
            part="flask",
        )
        stage.effect(outline, flat(Rgb(255, 255, 255), alpha=0.75), line=1.8)
        shine = stage.curve(
            [(-setup.side * 11, -120), (-setup.side * 14, -98), (-setup.side * 34, -52), (-setup.side * 46, -18)]
        )
        stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.55, blur=1), line=4)
        stage.paint(stage.oval(0, -148, 18, 4), flat(Rgb(226, 238, 244), alpha=0.8), part="flask")
        stage.effect(stage.oval(0, -148, 18, 4), flat(Rgb(255, 255, 255), alpha=0.9), line=1.6)
        for mark in range(3):
            stage.effect(stage.rect(8 + mark * 6, -34 - mark * 16, 12, 1.4), flat(Rgb(255, 255, 255), alpha=0.7))
