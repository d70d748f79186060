"""Physical causality: a heavy ball is tied back beside a tower of blocks, or cans or skittles; untied, it swings."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._blocks import Ball, Block, Rest, draw_ball, settle, shadows
from rvebench.sim.families.physical._parts import room
from rvebench.sim.families.physical._targets import PAINTS, TARGETS, Target, draw_target, standing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TowerHit"]

_TABLE_Y = 186.0
_FLOOR = 232.0
_ROPES: dict[Target, float] = {"blocks": 150.0, "cans": 172.0, "skittles": 150.0}
_ANCHOR_Y = -6.0
_WALLS = (Rgb.of("#8fb0bf"), Rgb.of("#c2a98c"), Rgb.of("#a9a2c4"), Rgb.of("#9dba9c"))
_CALLED: dict[Target, tuple[str, str]] = {
    "blocks": ("blocks of the tower", "lie scattered on the table beyond; at most the lowest ones are still in place"),
    "cans": ("cans of the pyramid", "lie scattered on the table beyond; at most the lowest ones are still in place"),
    "skittles": ("skittles", "lie on the table, all knocked over away from the hook"),
}
"""What they are called, and where they end."""
_BALLS = (Rgb.of("#4a4f5c"), Rgb.of("#8a3232"), Rgb.of("#2f5a55"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    target: Target
    side: Literal[-1, 1]
    """Where the target stands: 1 right of the ball."""
    block: float
    rows: int
    """Of the target, from the bottom up; of skittles how many."""
    held_deg: float
    radius: float
    paint: int
    wall: Rgb
    wood: Rgb
    ball: Rgb
    train: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    released: bool
    glued: int = 0
    """Of what stands there, from the first, how many do not give way: half of the change."""
    backward: bool = False
    """All falls toward where the ball is still held: the wrong law."""


class TowerHit(Family[_Setup, _State]):
    """A pendulum that is let go knocks over what stands in its way, away from where it came from."""

    name = "tower-hit"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "collide"
    parts = ("blocks", "ball", "rope", "ribbon", "train", "pinwheel", "bear")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws target, side, ball and room."""
        target = TARGETS[rng.integers(len(TARGETS))]
        rows = int(rng.integers(5, 7)) if target == "blocks" else 4 if target == "cans" else int(rng.integers(4, 6))
        return _Setup(
            target=target,
            side=1 if rng.random() < 0.5 else -1,
            block=float(rng.uniform(25, 28)),
            rows=rows,
            held_deg=float(rng.uniform(44, 54)),
            radius=float(rng.uniform(19, 23)),
            paint=int(rng.integers(len(PAINTS))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#b98a58"), Rgb.of("#8a5f40"), float(rng.random())),
            ball=_BALLS[rng.integers(len(_BALLS))],
            train=float(rng.uniform(-0.5, 0.5)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From standing to scattered; half way the lower rows, or the far ones, still stand."""
        glued = {"blocks": setup.rows * 2 - 4 + (setup.rows - 2) // 2, "cans": 7, "skittles": 1}
        return States(
            source=_State(released=False),
            target=_State(released=True),
            half=_State(released=True, glued=glued[setup.target]),
            wrong=_State(released=False, backward=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What the ball strikes."""
        return setup.target

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the fall."""
        called, end = _CALLED[setup.target]
        return Words(
            instructions=(
                "The ribbon on the wall hook has come undone, and a few seconds have gone by.",
                "Nobody holds the heavy ball back any longer; show how this ends.",
                "A child could not resist pulling the bow on the hook.",
                "What would we see here shortly after the ribbon is cut?",
                "Let the pendulum go, and wait until it has calmed down.",
            ),
            train_instructions=(
                "The knot beside the window of this playroom slipped a moment ago.",
                "Set the iron ball free and look again once everything is quiet.",
            ),
            literal=f"Let the ball hang straight down, and scatter the {called} over the table, away from the hook.",
            expected="The ball hangs down on its rope, the loose ribbon dangles from the hook, and the "
            f"{called} {end}.",
            preserve=("the toy train on its shelf", "the pinwheel", "the teddy bear", "the wall and the table"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, toys, blocks, ball."""
        stage.static("room", lambda: self._room(stage, setup))
        self._train(stage, setup, clock)
        self._pinwheel(stage, setup, clock)
        rest = _rest(setup, state)
        stage.static("blocks", lambda: self._blocks(stage, setup, rest))
        anchor, rope = (_anchor(setup), _ANCHOR_Y), _ROPES[setup.target]
        stir = (0.9 if state.released else 0.35) * math.sin(clock.time_s * 3.4 + setup.phase)
        angle = math.atan2(rest.ball.x - anchor[0], rest.ball.y - anchor[1]) + math.radians(stir)
        ball = replace(
            rest.ball,
            x=anchor[0] + rope * math.sin(angle),
            y=anchor[1] + rope * math.cos(angle),
            turn_deg=-math.degrees(angle),
        )
        near = max(0.0, 1 - (_FLOOR - ball.y - ball.radius) / 130)
        stage.shadow(
            stage.oval(ball.x + 8, _FLOOR + 4, ball.radius * 1.1, 4.5), alpha=0.12 + 0.26 * near, blur=5 - 2 * near
        )
        self._ribbon(stage, setup, state, ball, clock)
        stage.paint(
            stage.polygon([anchor, (ball.x, ball.y)], closed=False), flat(Rgb.of("#e8d9b8")), part="rope", line=2.4
        )
        stage.effect(
            stage.polygon([anchor, (ball.x, ball.y)], closed=False), flat(Rgb.of("#8a7448"), alpha=0.5), line=0.8
        )
        cap = (ball.x - ball.radius * math.sin(angle), ball.y - ball.radius * math.cos(angle))
        draw_ball(stage, ball, setup.ball, part="ball")
        stage.paint(
            stage.oval(*cap, 4.6),
            radial((cap[0] - 1, cap[1] - 1), 6, Rgb.of("#f0d68a"), Rgb.of("#8f6a26")),
            part="ball",
        )

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, 240 + setup.side * 60)
        for k in range(12):
            x = -40 + 52 * k
            dot = stage.oval(x, 30 + 44 * (k % 3) + 10 * (k % 2), 4)
            stage.effect(dot, flat(mix(setup.wall, Rgb(255, 255, 255), 0.5), alpha=0.4))
        middle = 240 + setup.side * 118
        stage.shadow(stage.rect(middle - 98, 71, 200, 12), alpha=0.35, blur=5)
        for bracket in (-70, 70):
            foot = stage.polygon([(middle + bracket - 3, 68), (middle + bracket + 3, 68), (middle + bracket, 86)])
            stage.paint(foot, flat(Rgb.of("#7a5334")))
        shelf = stage.rect(middle - 100, 62, 200, 7, radius=2)
        stage.paint(shelf, linear((0, 62), (0, 69), Rgb.of("#d2a36c"), Rgb.of("#94663c")))
        self._bear(stage, 240 - setup.side * 120, 216)

    def _bear(self, stage: Stage, x: float, y: float) -> None:
        fur, pale = Rgb.of("#a8723f"), Rgb.of("#e3bd8a")
        stage.shadow(stage.oval(x + 8, y + 1, 34, 6), alpha=0.45, blur=3.5)
        for side in (-1, 1):
            foot = stage.oval(x + side * 18, y - 6, 11, 9)
            stage.paint(foot, radial((x + side * 16, y - 9), 16, shade(fur, 1.15), shade(fur, 0.65)), part="bear")
            stage.paint(stage.oval(x + side * 19, y - 5, 6, 5), flat(pale), part="bear")
            stage.paint(stage.oval(x + side * 21, y - 28, 6.5, 12), flat(shade(fur, 0.82)), part="bear")
            stage.paint(stage.oval(x + side * 14, y - 66, 7.5), flat(shade(fur, 0.85)), part="bear")
            stage.paint(stage.oval(x + side * 14, y - 66, 4), flat(pale), part="bear")
        stage.paint(
            stage.oval(x, y - 22, 20, 22),
            radial((x - 6, y - 30), 34, shade(fur, 1.2), fur, shade(fur, 0.6)),
            part="bear",
        )
        stage.paint(stage.oval(x, y - 19, 11, 14), flat(pale, alpha=0.9), part="bear")
        stage.paint(
            stage.oval(x, y - 54, 19, 17),
            radial((x - 6, y - 60), 30, shade(fur, 1.2), fur, shade(fur, 0.65)),
            part="bear",
        )
        stage.paint(stage.oval(x, y - 49, 9, 7), flat(pale), part="bear")
        stage.paint(stage.oval(x, y - 52, 3, 2.2), flat(Rgb(40, 26, 20)), part="bear")
        for side in (-1, 1):
            stage.paint(stage.oval(x + side * 7.5, y - 58, 2), flat(Rgb(30, 20, 16)), part="bear")
            bow = stage.polygon([(x, y - 38), (x + side * 10, y - 43), (x + side * 10, y - 33)])
            stage.paint(bow, flat(Rgb.of("#c8443c")), part="bear")

    def _train(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        middle = 240 + setup.side * 118 + 42 * math.sin(clock.time_s * 0.9 + setup.train)
        for k, paint in enumerate((Rgb.of("#c8453c"), Rgb.of("#3f8fa8"), Rgb.of("#e0b040"))):
            x = middle + 30 - 32 * k
            stage.paint(
                stage.rect(x - 13, 44, 26, 14, radius=2.5),
                linear((0, 44), (0, 58), shade(paint, 1.25), shade(paint, 0.7)),
                part="train",
            )
            if k == 0:
                stage.paint(stage.rect(x - 13, 33, 11, 12, radius=1.5), flat(shade(paint, 0.8)), part="train")
                stage.paint(stage.rect(x - 10.5, 36, 6, 6, radius=1), flat(Rgb.of("#fbe8b8")), part="train")
                stage.paint(stage.rect(x + 5, 36, 5, 9), flat(Rgb.of("#33363d")), part="train")
            else:
                stage.paint(stage.rect(x + 13, 53, 7, 2), flat(Rgb.of("#33363d")), part="train")
            for wheel in (-7, 7):
                stage.paint(stage.oval(x + wheel, 58, 4), flat(Rgb.of("#33363d")), part="train")
                stage.paint(stage.oval(x + wheel, 58, 1.6), flat(Rgb.of("#d8d2c4")), part="train")

    def _pinwheel(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = 240 - setup.side * 186, 164.0
        stage.shadow(stage.oval(x + 6, 226, 20, 4.5), alpha=0.45, blur=2.5)
        stage.paint(stage.rect(x - 1.5, y, 3, 56), flat(Rgb.of("#caa06a")), part="pinwheel")
        cup = stage.polygon([(x - 14, 204), (x + 14, 204), (x + 11, 226), (x - 11, 226)])
        stage.paint(cup, linear((x - 14, 0), (x + 14, 0), Rgb.of("#f1efe8"), Rgb.of("#a8aeb2")), part="pinwheel")
        with stage.moved(x, y, turn_deg=clock.time_s * 150 + setup.phase * 50):
            for k in range(4):
                with stage.moved(turn_deg=90 * k):
                    paint = PAINTS[(setup.paint + k) % len(PAINTS)]
                    vane = stage.curve([(0, 0), (6, -24), (24, -24), (14, -10)], closed=True)
                    stage.paint(vane, linear((0, 0), (24, -24), shade(paint, 0.75), shade(paint, 1.2)), part="pinwheel")
            stage.paint(stage.oval(0, 0, 3.4), flat(Rgb.of("#fff2d0")), part="pinwheel")

    def _blocks(self, stage: Stage, setup: _Setup, rest: Rest) -> None:
        shadows(stage, rest.blocks, _FLOOR, 1.0)
        for index, block in enumerate(rest.blocks):
            draw_target(stage, setup.target, block, index, setup.paint)

    def _ribbon(self, stage: Stage, setup: _Setup, state: _State, ball: Ball, clock: Clock) -> None:
        pink = Rgb.of("#d63f5e")
        x, y = _hook(setup)
        stage.shadow(stage.oval(x + 2, y + 2, 6), alpha=0.4, blur=2)
        stage.paint(stage.oval(x, y, 5), radial((x - 1, y - 2), 7, Rgb.of("#f2dc9a"), Rgb.of("#8a6a2c")), part="ribbon")
        if state.released:
            drift = 3 * math.sin(clock.time_s * 2.4 + setup.phase)
            for length, side in ((46, 1), (36, -1)):
                tail = stage.curve([(x, y), (x + side * 5, y + length * 0.4), (x + side * 3 + drift, y + length)])
                stage.paint(tail, flat(shade(pink, 1 - 0.12 * side)), part="ribbon", line=3.2)
        else:
            stage.paint(stage.polygon([(x, y), (ball.x, ball.y)], closed=False), flat(pink), part="ribbon", line=3)
            for side in (-1, 1):
                loop = stage.curve([(x, y), (x + side * 11, y - 8), (x + side * 12, y + 3)], closed=True)
                stage.paint(loop, flat(shade(pink, 1 + 0.1 * side)), part="ribbon", line=2.4)


def _anchor(setup: _Setup) -> float:
    return 240 - setup.side * 58.0


def _hook(setup: _Setup) -> tuple[float, float]:
    ball = _held(setup)
    return min(WIDTH - 18.0, max(18.0, ball.x - setup.side * 40)), ball.y - 6


def _held(setup: _Setup) -> Ball:
    angle = math.radians(-setup.side * setup.held_deg)
    anchor, rope = (_anchor(setup), _ANCHOR_Y), _ROPES[setup.target]
    return Ball(
        x=anchor[0] + rope * math.sin(angle), y=anchor[1] + rope * math.cos(angle), radius=setup.radius, anchor=anchor
    )


def _standing(setup: _Setup, glued: int = 0) -> tuple[Block, ...]:
    near = _anchor(setup) + setup.side * (setup.radius + 2)
    blocks = standing(setup.target, near, setup.side, setup.block, setup.rows, _FLOOR)
    return tuple(replace(block, fixed=index < glued) for index, block in enumerate(blocks))


def _rest(setup: _Setup, state: _State) -> Rest:
    """Returns where everything ends."""
    held, blocks, rope = _held(setup), _standing(setup, state.glued), _ROPES[setup.target]
    if state.released and state.glued and setup.target != "skittles":
        # A shorter rope, farther on, reaches only the rows that are loose; then the ball hangs as it does in the end.
        top = min(block.y - block.height / 2 for block in blocks if block.fixed)
        loose = [setup.side * block.x - block.width / 2 for block in blocks if not block.fixed]
        x, y = _anchor(setup), _ANCHOR_Y
        nearer = setup.side * (min(loose) - setup.radius - 2)
        share = (top - setup.radius - 1 - _ANCHOR_Y) / rope
        high = replace(held, x=nearer + share * (held.x - x), y=y + share * (held.y - y), anchor=(nearer, y))
        return Rest(settle(blocks, high, _FLOOR).blocks, replace(held, x=x, y=y + rope))
    if state.released:
        return settle(blocks, held, _FLOOR)
    if not state.backward:
        return Rest(blocks, held)
    # What the true fall looks like in a mirror that stands in their midst.
    fallen = settle(blocks, held, _FLOOR).blocks
    edges = [block.x for block in blocks]
    mirror = min(edges) + max(edges)
    turned = (replace(block, x=mirror - block.x, turn_deg=-block.turn_deg) for block in fallen)
    return Rest(tuple(turned), held)
