"""Physical causality: something limp sits on a flask above a burner; warm air takes more room and fills it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._inflatables import INFLATABLES, Inflatable, draw_limp, draw_swollen
from rvebench.sim.families.physical._parts import drinking_bird, gloss, plant, room
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BalloonFills"]

_TABLE_Y = 192.0
_FOOT = 244.0
_RING_Y = 192.0
"""Where the flask stands on its tripod."""
_NECK_Y = 112.0
_NECK = 11.0
_RUBBER = (Rgb.of("#e0413f"), Rgb.of("#2f8fd0"), Rgb.of("#f0a62c"), Rgb.of("#8a4fc0"), Rgb.of("#e0599a"))
_WALLS = (Rgb.of("#8fa0a0"), Rgb.of("#a99a86"), Rgb.of("#8f95b0"))
_CALLED: dict[Inflatable, tuple[str, str]] = {
    "bag": ("bag", "large, smooth and bulging"),
    "balloon": ("balloon", "large, round and taut"),
    "rubber-glove": ("rubber glove", "plump and taut, all its fingers stretched out"),
}
"""What it is called, and how it is when full of air."""
_BIRDS = (Rgb.of("#d9403a"), Rgb.of("#2f6fc0"), Rgb.of("#2f9a6a"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    kind: Inflatable
    x: float
    side: Literal[-1, 1]
    """Where what is limp hangs, and where the bird stands."""
    rubber: Rgb
    full: float
    liquid: Rgb
    wall: Rgb
    wood: Rgb
    bird: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    filled: float
    """0 limp, 1 full."""
    lifted: float = 0.0
    """1 where it floats free of the flask: the wrong law."""


class BalloonFills(Family[_Setup, _State]):
    """Air in a heated flask expands into what is pulled over its neck."""

    name = "balloon-fills"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "expand"
    parts = ("balloon", "flask", "tripod", "burner", "bird", "plant", "board")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws what sits on the flask, side, sizes and colours."""
        side: Literal[-1, 1] = 1 if rng.random() < 0.5 else -1
        return _Setup(
            kind=INFLATABLES[rng.integers(len(INFLATABLES))],
            x=240 - side * float(rng.uniform(0, 24)),
            side=side,
            rubber=_RUBBER[rng.integers(len(_RUBBER))],
            full=float(rng.uniform(36, 41)),
            liquid=mix(Rgb.of("#4fb8c8"), Rgb.of("#a8d060"), float(rng.random())),
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#9a7048"), Rgb.of("#6f5444"), float(rng.random())),
            bird=_BIRDS[rng.integers(len(_BIRDS))],
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From limp to full."""
        return States(
            source=_State(filled=0),
            target=_State(filled=1),
            half=_State(filled=0.45),
            wrong=_State(filled=0.68, lifted=1),
        )

    def objects(self, setup: _Setup) -> str:
        """What sits on the flask."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names size or shape."""
        called, full = _CALLED[setup.kind]
        return Words(
            instructions=(
                "The flame has been warming the glass for a good ten minutes.",
                "The trapped air has become much hotter. Show what the class sees now.",
                "What would this experiment look like when the liquid is close to boiling?",
                "Gas needs more room when it is heated, and the teacher has been patient.",
            ),
            train_instructions=(
                "Leave the burner on until the flask is too hot to touch.",
                "Skip ahead to the moment when the demonstration has worked.",
            ),
            literal=f"Blow up the limp {called} on the flask's neck, so that it stands upright, {full}.",
            expected=f"The {called} on the neck of the flask stands upright, {full}; it is still fixed to the neck, "
            "and the burner still burns.",
            preserve=(
                "the flask and its tripod",
                "the burner",
                "the nodding bird",
                "the blackboard",
                "the potted plant",
            ),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bystanders, burner, flask, balloon."""
        stage.static("room", lambda: self._room(stage, setup))
        plant(stage, setup.x - setup.side * 168, 228, clock.time_s, setup.phase, Rgb.of("#b5683f"), size=1.05)
        bird_x = setup.x + setup.side * 142
        drinking_bird(stage, bird_x, 236, clock.time_s, setup.phase, setup.bird, side=setup.side)
        self._flame(stage, setup, clock)
        self._flask(stage, setup, clock)
        self._balloon(stage, setup, state, clock)
        stage.paint(
            stage.rect(setup.x - _NECK - 2, _NECK_Y - 2, 2 * _NECK + 4, 6, radius=3),
            flat(Rgb.of("#dfeef0")),
            part="flask",
        )

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, setup.x)
        stage.shadow(stage.rect(44, 18, 400, 142, radius=4), alpha=0.35, blur=6)
        stage.paint(
            stage.rect(38, 10, 404, 146, radius=4),
            linear((0, 10), (0, 156), Rgb.of("#b98a55"), Rgb.of("#7f5a34")),
            part="board",
        )
        slate = stage.rect(46, 18, 388, 130)
        stage.paint(slate, radial((240, 60), 300, Rgb.of("#44685a"), Rgb.of("#2a463c")), part="board")
        stage.textured(slate, "plaster", strength=0.1, seed=3)
        chalk = flat(Rgb.of("#eef2ea"), alpha=0.6)
        left = 240 + setup.side * 126
        for k in range(4):
            wave = [
                (left - 48 + 12 * j, 46 + 22 * k + 3 * math.sin(j * 1.9 + k * 2 + setup.phase))
                for j in range(8 - k % 2 * 3)
            ]
            stage.effect(stage.curve(wave), chalk, line=1.6)
        other = 240 - setup.side * 134
        stage.effect(stage.polygon([(other - 44, 122), (other - 44, 44)], closed=False), chalk, line=1.6)
        stage.effect(stage.polygon([(other - 44, 122), (other + 46, 122)], closed=False), chalk, line=1.6)
        graph = stage.curve([(other - 44, 116), (other - 14, 102), (other + 12, 88), (other + 42, 58)])
        stage.effect(graph, flat(Rgb.of("#f4c8a0"), alpha=0.8), line=2)
        for k in range(4):
            stage.effect(stage.oval(other - 32 + 22 * k, 110 - 13 * k + 5 * (k % 2), 2.4), chalk)
        stage.paint(stage.rect(60, 152, 360, 6, radius=2), flat(Rgb.of("#9a6e42")), part="board")
        stage.paint(stage.rect(left - 20, 148, 18, 4, radius=1.5), flat(Rgb.of("#f6f4ec")), part="board")
        self._tripod(stage, setup)

    def _tripod(self, stage: Stage, setup: _Setup) -> None:
        x, iron = setup.x, Rgb.of("#4a4e56")
        stage.shadow(stage.oval(x + 8, _FOOT + 2, 62, 8), alpha=0.5, blur=5)
        for end in (-46, 46):
            leg = stage.polygon([(x + end * 0.78, _RING_Y + 2), (x + end, _FOOT + 2)], closed=False)
            stage.paint(leg, flat(iron), part="tripod", line=4)
            stage.effect(leg, flat(shade(iron, 1.7), alpha=0.6), line=1.2)
        stage.paint(
            stage.polygon([(x, _RING_Y), (x + 3, _FOOT - 12)], closed=False),
            flat(shade(iron, 0.7)),
            part="tripod",
            line=3,
        )
        plate = stage.rect(x - 48, _RING_Y, 96, 5, radius=2)
        stage.paint(plate, linear((x - 48, 0), (x + 48, 0), shade(iron, 1.5), shade(iron, 0.8)), part="tripod")
        glass = stage.curve(
            [(x - 9, 222), (x - 22, 232), (x - 22, 244), (x, 247), (x + 22, 244), (x + 22, 232), (x + 9, 222)],
            closed=True,
        )
        stage.paint(glass, linear((x - 22, 0), (x + 22, 0), Rgb.of("#cfe2f0"), Rgb.of("#6f86b8")), part="burner")
        gloss(stage, glass, x - 10, 233, 5, 6, alpha=0.8)
        stage.paint(
            stage.rect(x - 9, 217, 18, 6, radius=1.5),
            linear((x - 9, 0), (x + 9, 0), Rgb.of("#e8c878"), Rgb.of("#8f6a2c")),
            part="burner",
        )
        stage.paint(stage.rect(x - 2.5, 212, 5, 6), flat(Rgb.of("#f2ead8")), part="burner")

    def _flame(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        size = 1 + 0.1 * math.sin(clock.time_s * 11 + setup.phase)
        sway = 1.6 * math.sin(clock.time_s * 7 + setup.phase)
        with stage.moved(setup.x, 214):
            body = stage.curve(
                [(0, 1), (-5, -5), (-3 + sway * 0.5, -12), (sway, -19 * size), (3 + sway * 0.5, -12), (5, -5)],
                closed=True,
            )
            stage.paint(
                body, linear((0, 0), (0, -20), Rgb(90, 130, 240), Rgb(255, 186, 70), Rgb(255, 240, 180)), part="burner"
            )
            stage.glow(0, -10, 32, Rgb(255, 180, 90), alpha=0.5)

    def _flask(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = setup.x
        outline: list[Point] = [
            (x - _NECK, _NECK_Y), (x - _NECK, _NECK_Y + 26), (x - 42, _RING_Y - 8), (x - 38, _RING_Y),
            (x + 38, _RING_Y), (x + 42, _RING_Y - 8), (x + _NECK, _NECK_Y + 26), (x + _NECK, _NECK_Y),
        ]  # fmt: skip
        body = stage.polygon(outline)
        stage.paint(
            body, linear((x - 42, 0), (x + 42, 0), Rgb.of("#eaf8fa"), Rgb.of("#b8d8de"), alpha=0.32), part="flask"
        )
        with stage.clipped(body):
            level = stage.curve([(x - 44 + 11 * k, 170 + 0.8 * math.sin(clock.time_s * 5 + k)) for k in range(9)])
            pool = stage.rect(x - 44, 170, 88, 30)
            stage.paint(
                pool,
                linear(
                    (0, 170),
                    (0, _RING_Y),
                    mix(setup.liquid, Rgb(255, 255, 255), 0.2),
                    shade(setup.liquid, 0.7),
                    alpha=0.85,
                ),
                part="flask",
            )
            stage.effect(level, flat(Rgb(255, 255, 255), alpha=0.7), line=1.4)
            for k in range(6):
                rise = (clock.time_s * 0.7 + k / 6) % 1
                bubble = stage.oval(x - 24 + 10 * k + 2 * math.sin(rise * 8 + k), 190 - 19 * rise, 1 + 1.2 * rise)
                stage.effect(bubble, flat(Rgb(255, 255, 255), alpha=0.7), line=0.9)
            stage.effect(
                stage.polygon([(x - 8, 118), (x - 5, 118), (x - 24, 186), (x - 32, 186)]),
                flat(Rgb(255, 255, 255), alpha=0.4, blur=1.5),
            )
        stage.paint(stage.polygon(outline), flat(Rgb.of("#e4f3f5"), alpha=0.8), part="flask", line=1.8)

    def _balloon(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        sway = math.sin(clock.time_s * 1.9 + setup.phase)
        if state.filled == 0:
            with stage.moved(setup.x, _NECK_Y):
                draw_limp(stage, setup.kind, setup.rubber, setup.side, _NECK, sway)
            return
        x = setup.x + setup.side * 74 * state.lifted
        foot = 4.0 if state.lifted else _NECK + 1
        with stage.moved(x, _NECK_Y - 16 * state.lifted, turn_deg=2.2 * sway):
            draw_swollen(stage, setup.kind, setup.rubber, state.filled, setup.full, foot, setup.side)
