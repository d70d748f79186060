"""Semantic inference: what the flag in front of a town hall does on a day of mourning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._parts import cloud, pigeon, sky, tree, wave_edge
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["FlagMourning"]

_STRIPES = (
    (Rgb.of("#8a2f6a"), Rgb.of("#f2ead8"), Rgb.of("#1f8a8a")),
    (Rgb.of("#17807a"), Rgb.of("#f4d25a"), Rgb.of("#33408f")),
    (Rgb.of("#c2354a"), Rgb.of("#f0c9a8"), Rgb.of("#2f4858")),
)
_WALLS = (Rgb.of("#d9c7a4"), Rgb.of("#c9b2a0"), Rgb.of("#cfcabd"))
_OCCASIONS = ("president", "queen", "king", "prime minister")
_FOOT_Y, _TOP_Y, _GROUND_Y = 238.0, 26.0, 198.0
_FLAG = (82.0, 50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    pole_x: float
    hall_x: float
    stripes: int
    wall: Rgb
    warm: float
    leaf: Rgb
    occasion: str
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    lowered: float
    """Share of the pole between the flag and the top: 0 at the top, 1 at the foot."""
    upside_down: bool = False
    """Whether it flies with its colours reversed, a sign of distress: the wrong law."""


class FlagMourning(Family[_Setup, _State]):
    """A flag flies at half-mast on a day of mourning."""

    name = "flag-mourning"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "mourn"
    parts = ("flag", "pole", "hall", "trees", "pigeons")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws side, colours, hour."""
        side = 1.0 if rng.random() < 0.5 else -1.0
        return _Setup(
            side=side,
            pole_x=float(240 - side * rng.uniform(128, 150)),
            hall_x=float(240 + side * rng.uniform(52, 72)),
            stripes=int(rng.integers(len(_STRIPES))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            warm=float(rng.random()),
            leaf=mix(Rgb.of("#5f8f4a"), Rgb.of("#b8923e"), float(rng.random())),
            occasion=_OCCASIONS[rng.integers(len(_OCCASIONS))],
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the top of the pole to its middle."""
        return States(
            source=_State(lowered=0.0),
            target=_State(lowered=0.42),
            half=_State(lowered=0.2),
            wrong=_State(lowered=0.0, upside_down=True),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The flag."""
        return "flag"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the flag or the pole."""
        who = setup.occasion
        return Words(
            instructions=(
                f"Word has just come that the country's beloved {who} died in the night.",
                "Today is the first of three days of national mourning; the town hall honours the custom.",
                f"Show the same square on the morning of the {who}'s state funeral.",
                "After yesterday's mining disaster, the mayor asks the town to grieve in the official manner.",
            ),
            train_instructions=(
                "It is Remembrance Day, and the square pays its respects to the fallen.",
                "The whole nation is in mourning this week; how does the square show it?",
            ),
            literal="Lower the flag so that it flies at about half the height of its pole.",
            expected="The flag flies at half-mast, about half-way down the pole, upright and still waving; "
            "nothing else differs.",
            preserve=("the town hall and its clock", "the trees", "the pigeons", "the flag's colours", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Sun from the pole's side, low on warm days."""
        return Light(azimuth=-0.7 * setup.side, elevation=0.62 - 0.12 * setup.warm)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Drifts gently past the pole."""
        return Camera(x=setup.side * (8 * clock.share - 4))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, clouds, hall, trees, pole, flag, pigeons."""
        top = mix(Rgb.of("#4f8fd0"), Rgb.of("#6a7fb8"), setup.warm)
        low = mix(Rgb.of("#d8ecf6"), Rgb.of("#f6d6ae"), setup.warm)
        with stage.at_depth(0.0):
            stage.static("sky", lambda: sky(stage, top, mix(top, low, 0.55), low))
        with stage.at_depth(0.3):
            for index, (x, y, size) in enumerate(((60.0, 52, 20), (250.0, 34, 27), (420.0, 66, 18))):
                cloud(stage, x + 5 * clock.time_s + 9 * index, y, size, mix(Rgb(255, 255, 255), low, 0.3))
        with stage.at_depth(0.7):
            stage.static("hall", lambda: self._hall(stage, setup))
        with stage.at_depth(0.85):
            for index, place in enumerate((-206.0, -176.0, 168.0)):
                sway = 5 * math.sin(1.9 * clock.time_s + setup.phase + index)
                tree(
                    stage,
                    setup.hall_x + setup.side * place,
                    207 + index % 2 * 4,
                    66 + 10 * (index % 2),
                    setup.leaf,
                    sway,
                    part="trees",
                )
        self._pole(stage, setup, state, clock)
        for index in range(3):
            x = setup.pole_x + setup.side * (88 + 62 * index + 5 * math.sin(1.1 * clock.time_s + index))
            peck = max(0.0, math.sin(4.2 * clock.time_s + 2.1 * index + setup.phase)) ** 2
            pigeon(stage, x, 244 + 9 * (index % 2), setup.side if index != 1 else -setup.side, peck, part="pigeons")

    def _hall(self, stage: Stage, setup: _Setup) -> None:
        x, wall, base = setup.hall_x, setup.wall, _GROUND_Y
        ground = stage.rect(-64, base - 4, WIDTH + 128, HEIGHT)
        stone = mix(Rgb.of("#b9ad9c"), setup.wall, 0.3)
        stage.paint(ground, linear((0, base), (0, HEIGHT), shade(stone, 0.82), shade(stone, 1.08)))
        stage.textured(ground, "stone", strength=0.16, seed=3)
        for row in range(6):
            y = base + 4 + 3 * row + 2.2 * row * row
            stage.effect(stage.rect(-64, y, WIDTH + 128, 1), flat(Rgb(70, 60, 50), alpha=0.2))
        for column in range(-9, 10):
            line = stage.polygon([(240 + column * 34, base), (240 + column * 92, HEIGHT + 64)], closed=False)
            stage.effect(line, flat(Rgb(70, 60, 50), alpha=0.16), line=1)
        ends_x = (x - 146, x + 146)
        shadow = stage.polygon(
            [
                (ends_x[0], base + 4),
                (ends_x[1], base + 4),
                (ends_x[1] + setup.side * 40, base + 17),
                (ends_x[0] + setup.side * 40, base + 17),
            ]
        )
        stage.shadow(shadow, alpha=0.36, blur=2.5)
        body = stage.rect(x - 132, 92, 264, base - 92)
        ends = ((x - 132, 0), (x + 132, 0)) if setup.side > 0 else ((x + 132, 0), (x - 132, 0))
        stage.paint(body, linear(*ends, shade(wall, 1.02), shade(wall, 0.72)), part="hall")
        stage.textured(body, "plaster", strength=0.14, seed=5)
        for index in range(7):
            left = x - 116 + index * 33.4
            opening = stage.rect(left + 4, 112, 24, base - 118 if index == 3 else 58, radius=3)
            glass = Rgb.of("#5a3d28") if index == 3 else Rgb.of("#3f5468")
            stage.paint(opening, linear((0, 112), (0, base), shade(glass, 1.5), shade(glass, 0.75)), part="hall")
            stage.effect(
                stage.polygon([(left + 6, 150), (left + 14, 114), (left + 19, 114), (left + 11, 150)]),
                flat(Rgb(255, 255, 255), alpha=0.18),
            )
        for index in range(8):
            left = x - 130 + index * 34.6
            stage.shadow(stage.rect(left + setup.side * 6, 102, 16, base - 104), alpha=0.28, blur=3)
            column = stage.rect(left, 100, 15, base - 104, radius=2)
            stage.paint(
                column,
                linear((left, 0), (left + 15, 0), shade(wall, 1.2), shade(wall, 1.1), shade(wall, 0.74)),
                part="hall",
            )
            for y in (97, base - 8):
                stage.paint(stage.rect(left - 2, y, 19, 6, radius=1), flat(shade(wall, 1.1)), part="hall")
        stage.paint(
            stage.rect(x - 140, 86, 280, 12, radius=1),
            linear((0, 86), (0, 98), shade(wall, 1.2), shade(wall, 0.8)),
            part="hall",
        )
        gable = stage.polygon([(x - 140, 87), (x, 42), (x + 140, 87)])
        stage.paint(gable, linear(*ends, shade(wall, 1.18), shade(wall, 0.86)), part="hall")
        stage.effect(stage.polygon([(x - 118, 83), (x, 49), (x + 118, 83)]), flat(shade(wall, 0.62), alpha=0.5))
        stage.effect(gable, flat(shade(wall, 1.25)), line=2.5)
        stage.paint(stage.oval(x, 70, 12), flat(Rgb.of("#f6efe0")), part="hall")
        stage.paint(stage.oval(x, 70, 12), flat(Rgb.of("#8a6a3a")), part="hall", line=2)
        stage.paint(
            stage.polygon([(x, 63), (x, 70), (x + 5, 73)], closed=False), flat(Rgb(40, 34, 30)), part="hall", line=1.5
        )
        for step in range(3):
            tread = stage.rect(x - 138 - 4 * step, base - 6 + 4 * step, 276 + 8 * step, 4.6)
            stage.paint(tread, flat(shade(wall, 1.12 - 0.12 * step)), part="hall")

    def _pole(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x = setup.pole_x
        dx, dy = stage.light.shadow_of(1.0)
        line = stage.polygon([(x, _FOOT_Y), (x + dx * 205, _FOOT_Y + dy * 205)], closed=False)
        stage.effect(line, flat(Rgb(18, 14, 12), alpha=0.3, blur=1.5), line=4)
        stage.shadow(stage.oval(x + setup.side * 6, _FOOT_Y + 4, 26, 6), alpha=0.4, blur=3)
        for half, y in ((20, 0), (13, -7)):
            block = stage.rect(x - half, _FOOT_Y - 4 + y, half * 2, 9, radius=2)
            stage.paint(
                block, linear((0, _FOOT_Y - 12), (0, _FOOT_Y + 8), Rgb.of("#ded7c8"), Rgb.of("#8d8578")), part="pole"
            )
        shaft = stage.polygon([(x - 3, _FOOT_Y - 8), (x + 3, _FOOT_Y - 8), (x + 2, _TOP_Y), (x - 2, _TOP_Y)])
        stage.paint(
            shaft,
            linear((x - 3, 0), (x + 3, 0), Rgb(255, 255, 255), Rgb(206, 210, 214), Rgb(120, 126, 132)),
            part="pole",
        )
        stage.paint(
            stage.oval(x, _TOP_Y - 3, 4.4),
            linear((x - 4, 0), (x + 4, 0), Rgb.of("#ffe9a0"), Rgb.of("#a8781e")),
            part="pole",
        )
        flag_y = _TOP_Y + 5 + (_FOOT_Y - _TOP_Y - 8) * state.lowered
        self._flag(stage, setup, state, clock, flag_y)

    def _flag(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, top: float) -> None:
        edge = wave_edge((setup.pole_x + setup.side * 2, top), _FLAG[0], 4, setup.side, clock.time_s, setup.phase)
        stripes = _STRIPES[setup.stripes]
        colours = stripes[::-1] if state.upside_down else stripes
        third = _FLAG[1] / 3
        for index, colour in enumerate(colours):
            # Lower stripes are drawn from the top one's edge down, so that no seam shows between them.
            low = [(px, py + _FLAG[1]) for px, py in reversed(edge)]
            stage.paint(
                stage.polygon([*((px, py + third * index) for px, py in edge), *low]), flat(colour), part="flag"
            )
        for (ax, ay), (bx, by) in pairwise(edge):
            slope = (by - ay) / _FLAG[0] * 12
            fold = stage.polygon([(ax, ay), (bx, by), (bx, by + _FLAG[1]), (ax, ay + _FLAG[1])])
            tone = Rgb(255, 255, 255) if slope < 0 else Rgb(10, 10, 30)
            stage.effect(fold, flat(tone, alpha=min(0.34, abs(slope) * 0.3)))
        for y in (top + 2, top + _FLAG[1] - 2):
            stage.paint(stage.oval(setup.pole_x + setup.side, y, 2), flat(Rgb.of("#c9a24a")), part="flag")
