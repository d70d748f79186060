"""Physical causality: a marble waits behind a latch at the top of a slope; below stands a row of things to push."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._blocks import Ball, Block, Rest, draw_ball, draw_block, settle, shadows
from rvebench.sim.families.physical._parts import room, window
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["DominoRun"]

_TABLE_Y = 168.0
_FLOOR = 240.0
_FOOT_X = 136.0
"""Where the slope meets the table, before flipping."""
_RISE = 118.0
_HELD_X = 24.0
_GRIP = 2.4
_SPAN = 210.0
"""From the first of the row to the last."""
Kind = Literal["books", "cereal-boxes", "dominoes"]
_KINDS: tuple[Kind, ...] = ("books", "cereal-boxes", "dominoes")
_CALLED: dict[Kind, str] = {"books": "books", "cereal-boxes": "cereal boxes", "dominoes": "dominoes"}
_WEIGHTS: dict[Kind, float] = {"books": 1 / 220, "cereal-boxes": 1 / 160, "dominoes": 1 / 500}
"""Mass of the marble for each square logical pixel: what is broader takes more to push over."""
_WALLS = (Rgb.of("#6f8a94"), Rgb.of("#a38b86"), Rgb.of("#8b93ae"), Rgb.of("#a39b78"))
_MARBLES = (Rgb.of("#2f6fb8"), Rgb.of("#b8342f"), Rgb.of("#2f8f62"), Rgb.of("#7a3fa0"))
_STYLES = (
    (Rgb.of("#f2ead8"), Rgb.of("#e3d6bb")),
    (Rgb.of("#d9634f"), Rgb.of("#f0b24a")),
    (Rgb.of("#3f8fae"), Rgb.of("#7cc0a8")),
    (Rgb.of("#4a4650"), Rgb.of("#6a6472")),
)
_CLOTHS = (Rgb.of("#8a3b3a"), Rgb.of("#2f5f7a"), Rgb.of("#4a6b45"), Rgb.of("#a8772f"), Rgb.of("#5a4272"))
_BOXES = (Rgb.of("#e9b93a"), Rgb.of("#d9533f"), Rgb.of("#3f8fb8"), Rgb.of("#6fa84f"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    kind: Kind
    side: Literal[-1, 1]
    """1: the slope is on the left and the row runs to the right."""
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    """One for each of the row, from the slope on."""
    radius: float
    style: int
    marble: Rgb
    wall: Rgb
    wood: Rgb
    mug: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    released: bool
    glued: int = 0
    """Of the row's far end, how many do not give way: half of the change."""
    backward: bool = False
    """The row falls toward the slope although the marble is still held: the wrong law."""


class DominoRun(Family[_Setup, _State]):
    """A marble rolls down and the push travels through the whole row."""

    name = "domino-run"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "topple"
    parts = ("dominoes", "marble", "slope", "latch", "metronome", "mug", "lamp")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws what stands there, side, row, colours and room."""
        kind = _KINDS[rng.integers(len(_KINDS))]
        if kind == "dominoes":
            count, first, growth = int(rng.integers(7, 10)), float(rng.uniform(46, 52)), float(rng.uniform(1.5, 3.5))
            widths, heights = (11.0,) * count, tuple(first + growth * k for k in range(count))
        elif kind == "books":
            count = int(rng.integers(6, 8))
            widths = tuple(float(value) for value in rng.uniform(14, 19, count))
            heights = tuple(float(value) for value in rng.uniform(56, 72, count))
        else:
            count, tall = int(rng.integers(5, 7)), float(rng.uniform(64, 74))
            widths, heights = (20.0,) * count, (tall,) * count
        return _Setup(
            kind=kind,
            side=1 if rng.random() < 0.5 else -1,
            widths=widths,
            heights=heights,
            radius=float(rng.uniform(14, 16)),
            style=int(rng.integers(len(_STYLES))),
            marble=_MARBLES[rng.integers(len(_MARBLES))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#a8784a"), Rgb.of("#7d5640"), float(rng.random())),
            mug=mix(Rgb.of("#e8e4da"), Rgb.of("#c8694f"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From all standing to all down; half way the far ones still stand."""
        return States(
            source=_State(released=False),
            target=_State(released=True),
            half=_State(released=True, glued=len(setup.heights) // 3),
            wrong=_State(released=False, backward=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What stands in the row."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the fall."""
        called = _CALLED[setup.kind]
        return Words(
            instructions=(
                "Somebody has lifted the little latch in front of the marble; how does the scene end?",
                "The marble is free to go. Show the table once nothing moves there any more.",
                "Let one small push at the start of the line run its whole course.",
                f"What has become of these {called} a few seconds after the latch was opened?",
                "The waiting is over for the glass ball on the slope, with all that follows from it.",
            ),
            train_instructions=(
                "Imagine the latch slipped while the builder fetched another coffee.",
                "Open the gate at the top and look again when all is quiet.",
            ),
            literal=f"Move the marble from the top of the slope down to the table, and let all the {called} lie "
            "toppled toward the far end.",
            expected=f"The latch is open, the marble is at the foot of the slope behind the first of the {called}, and "
            f"all the {called} have fallen in one direction, away from the slope, each leaning on the next.",
            preserve=("the slope", "the metronome", "the mug", "the hanging lamp", "the window, wall and table"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bystanders, slope, dominoes, marble."""
        stage.static("room", lambda: self._room(stage, setup))
        self._lamp(stage, setup, clock)
        self._metronome(stage, setup, clock)
        self._steam(stage, setup, clock)
        stage.static("run", lambda: self._run(stage, setup, state))

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, 240)
        window(stage, _x(setup, 352) - 52, 24, 104, 92, Rgb.of("#9cc4de"), Rgb.of("#efe6d6"))
        self._mug(stage, setup)

    def _mug(self, stage: Stage, setup: _Setup) -> None:
        x, y, paint = _x(setup, 420), 198.0, setup.mug
        stage.shadow(stage.oval(x + 8, y, 30, 6), alpha=0.45, blur=3)
        stage.paint(stage.oval(x + setup.side * 21, y - 19, 9, 10), flat(shade(paint, 0.8)), part="mug", line=4)
        body = stage.rect(x - 19, y - 38, 38, 39, radius=5)
        stage.paint(body, linear((x - 19, 0), (x + 19, 0), shade(paint, 1.15), paint, shade(paint, 0.6)), part="mug")
        stage.paint(stage.oval(x, y - 37, 19, 5), flat(mix(paint, Rgb(255, 255, 255), 0.3)), part="mug")
        stage.paint(stage.oval(x, y - 36.4, 16, 3.8), flat(Rgb.of("#4a2d1c")), part="mug")

    def _steam(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = _x(setup, 420), 158.0
        for k in range(3):
            rise = (clock.time_s * 0.45 + k / 3) % 1
            wisp = [(x - 7 + 7 * k + 5 * math.sin(rise * 7 + j + k), y - 34 * rise - 8 * j) for j in range(4)]
            haze = flat(Rgb(255, 255, 255), alpha=0.3 * math.sin(math.pi * rise), blur=2)
            stage.effect(stage.curve(wisp), haze, line=4)

    def _lamp(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        sway = 2.4 * math.sin(clock.time_s * 2 + setup.phase)
        with stage.moved(_x(setup, 214), -30, turn_deg=sway):
            stage.paint(stage.rect(-0.8, 0, 1.6, 68), flat(Rgb.of("#2e2a28")), part="lamp")
            shade_shape = stage.curve([(-30, 92), (-24, 76), (-7, 67), (7, 67), (24, 76), (30, 92)])
            tone = Rgb.of("#2f4f55")
            stage.paint(shade_shape, linear((-30, 0), (30, 0), shade(tone, 1.7), shade(tone, 0.7)), part="lamp")
            stage.paint(stage.oval(0, 92, 30, 5), flat(Rgb.of("#ffe9b0")), part="lamp")
            stage.glow(0, 104, 84, Rgb(255, 214, 140), alpha=0.3)

    def _metronome(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y, wood = _x(setup, 272), 196.0, Rgb.of("#7a4328")
        stage.shadow(stage.oval(x + 9, y, 36, 6), alpha=0.45, blur=3.5)
        body = stage.polygon([(x - 26, y), (x + 26, y), (x + 10, y - 78), (x - 10, y - 78)])
        stage.paint(body, linear((x - 26, 0), (x + 26, 0), shade(wood, 1.35), shade(wood, 0.7)), part="metronome")
        face = stage.polygon([(x - 17, y - 14), (x + 17, y - 14), (x + 7, y - 72), (x - 7, y - 72)])
        stage.paint(face, flat(Rgb.of("#efe2c4")), part="metronome")
        for k in range(6):
            stage.effect(stage.rect(x - 4, y - 66 + 8 * k, 8, 1), flat(Rgb.of("#8a6a48")))
        stage.paint(stage.rect(x - 28, y - 7, 56, 8, radius=2), flat(shade(wood, 0.75)), part="metronome")
        with stage.moved(x, y - 14, turn_deg=24 * math.sin(clock.time_s * 5.2 + setup.phase)):
            stage.paint(stage.rect(-1, -66, 2, 66), flat(Rgb.of("#4a4a50")), part="metronome")
            bob = stage.polygon([(-6, -48), (6, -48), (4, -38), (-4, -38)])
            stage.paint(bob, linear((-6, 0), (6, 0), Rgb.of("#f0cf74"), Rgb.of("#9a7426")), part="metronome")

    def _run(self, stage: Stage, setup: _Setup, state: _State) -> None:
        self._slope(stage, setup)
        rest = _rest(setup, state)
        blocks = tuple(_flipped(setup, block) for block in rest.blocks)
        ball = replace(rest.ball, x=_x(setup, rest.ball.x), turn_deg=rest.ball.turn_deg * setup.side)
        shadows(stage, blocks, _FLOOR, 1.0)
        if ball.y > _FLOOR - ball.radius - 8:
            stage.shadow(stage.oval(ball.x + 5, _FLOOR + 1, ball.radius + 4, 4), alpha=0.45, blur=2)
        for index, block in enumerate(blocks):
            paint = _paint(setup, index)
            draw_block(stage, block, paint, part="dominoes")
            with stage.moved(block.x, block.y, turn_deg=block.turn_deg):
                if setup.kind == "dominoes":
                    self._pips(stage, block, index, dark=paint.r + paint.g + paint.b > 480)
                elif setup.kind == "books":
                    self._spine(stage, block, index)
                else:
                    self._carton(stage, block, paint)
        draw_ball(stage, ball, setup.marble, part="marble")
        self._latch(stage, setup, state)

    def _pips(self, stage: Stage, block: Block, index: int, *, dark: bool) -> None:
        ink = flat(Rgb.of("#3a3436") if dark else Rgb.of("#fff6e4"), alpha=0.85)
        stage.effect(stage.rect(-block.width * 0.32, -0.6, block.width * 0.64, 1.2), ink)
        for half in (-1, 1):
            for k in range(1 + (index * (2 if half > 0 else 3) + 1) % 3):
                y = half * block.height * (0.12 + 0.12 * k)
                stage.effect(stage.oval(0, y, 1.7), ink)

    def _spine(self, stage: Stage, block: Block, index: int) -> None:
        gold, half = flat(Rgb.of("#ecd08a"), alpha=0.9), block.width / 2
        for share in (-0.42, -0.36, 0.34, 0.4):
            stage.effect(stage.rect(-half + 0.6, block.height * share, block.width - 1.2, 1.4), gold)
        label = stage.rect(-half + 2, -block.height * 0.28, block.width - 4, block.height * (0.2 + 0.06 * (index % 3)))
        stage.effect(label, flat(Rgb.of("#f3e7c8"), alpha=0.85))
        for k in range(3):
            line = stage.rect(-half + 4, -block.height * 0.25 + 3.6 * k, block.width - 8 - 2 * (k % 2), 1.1)
            stage.effect(line, flat(Rgb.of("#5a4636"), alpha=0.8))

    def _carton(self, stage: Stage, block: Block, paint: Rgb) -> None:
        w, h = block.width, block.height
        cream = flat(Rgb.of("#fff6e0"), alpha=0.95)
        stage.effect(stage.rect(-w / 2 + 1, -h / 2 + 1, w - 2, h * 0.1), flat(shade(paint, 0.62), alpha=0.8))
        stage.effect(stage.oval(0, -h * 0.22, w * 0.36, h * 0.12), cream)
        stage.effect(stage.rect(-w * 0.24, -h * 0.235, w * 0.48, 2.2), flat(shade(paint, 0.55)))
        bowl = stage.curve([(-w * 0.36, h * 0.14), (w * 0.36, h * 0.14), (w * 0.2, h * 0.3), (-w * 0.2, h * 0.3)])
        for k in range(4):
            stage.effect(stage.oval(-w * 0.24 + w * 0.16 * k, h * 0.12 - k % 2, 2.4), flat(Rgb.of("#d99a3c")))
        stage.effect(bowl, cream)
        stage.effect(stage.rect(-w / 2 + 3, h * 0.39, w - 6, 2), flat(Rgb.of("#fff6e0"), alpha=0.6))

    def _slope(self, stage: Stage, setup: _Setup) -> None:
        wood = Rgb.of("#c58f55")
        track: list[Point] = [(_x(setup, x), y) for x, y in _track()]
        stage.shadow(stage.oval(_x(setup, 66) + 8, _FLOOR + 2, 84, 7), alpha=0.42, blur=4)
        side = stage.polygon([*track, (track[0][0], _FLOOR)])
        stage.paint(side, linear((0, _FLOOR - _RISE), (0, _FLOOR), shade(wood, 1.1), shade(wood, 0.62)), part="slope")
        stage.textured(side, "wood", strength=0.14, seed=5)
        with stage.clipped(side):
            edge = [(x, y + 6) for x, y in track]
            stage.effect(stage.polygon(edge, closed=False), flat(shade(wood, 0.4), alpha=0.5, blur=2), line=5)
        for k, (x, reach) in enumerate(((38.0, 16.0), (70.0, 9.0))):
            hole = stage.oval(_x(setup, x), _FLOOR - 28 + 7 * k, reach)
            stage.effect(hole, flat(shade(wood, 0.36)))
            stage.effect(stage.oval(_x(setup, x) + 1.5, _FLOOR - 26 + 7 * k, reach - 1), flat(shade(setup.wood, 0.5)))
        stage.paint(stage.polygon(track, closed=False), flat(shade(wood, 1.28)), part="slope", line=3.4)

    def _latch(self, stage: Stage, setup: _Setup, state: _State) -> None:
        iron = Rgb.of("#b8322c")
        # A flap that stands across the slope and touches the marble; open, it lies on the slope.
        angle = _slope_angle(_HELD_X)
        foot = _HELD_X + (setup.radius + 3) * math.cos(angle)
        base = _height_at(foot)
        turn = math.degrees(angle) + (84 if state.released else 0)
        with stage.moved(_x(setup, foot), base - 1, turn_deg=setup.side * turn):
            stage.paint(
                stage.rect(-2.2, -27, 4.4, 28, radius=2),
                linear((-2, 0), (3, 0), shade(iron, 1.3), shade(iron, 0.7)),
                part="latch",
            )
            stage.paint(stage.oval(0, -27, 4), radial((-1, -28), 6, shade(iron, 1.6), iron), part="latch")
        stage.paint(stage.oval(_x(setup, foot), base, 3.6), flat(Rgb.of("#3c3a3e")), part="latch")


def _x(setup: _Setup, x: float) -> float:
    return x if setup.side == 1 else WIDTH - x


def _flipped(setup: _Setup, block: Block) -> Block:
    return replace(block, x=_x(setup, block.x), turn_deg=block.turn_deg * setup.side)


def _height_at(x: float) -> float:
    """Returns where the slope's surface is at `x`, before flipping."""
    return float(_FLOOR - _RISE * max(0.0, (_FOOT_X - x) / (_FOOT_X - 8)) ** 1.7)


def _track() -> tuple[Point, ...]:
    return tuple((8 + (_FOOT_X - 8) * k / 24, _height_at(8 + (_FOOT_X - 8) * k / 24)) for k in range(25))


def _held(setup: _Setup) -> Ball:
    """Returns the marble on the slope, touching it."""
    angle, reach = _slope_angle(_HELD_X), setup.radius + 1.4
    return Ball(
        x=_HELD_X + reach * math.sin(angle),
        y=_height_at(_HELD_X) - reach * math.cos(angle),
        radius=setup.radius,
        weight=_WEIGHTS[setup.kind],
    )


def _slope_angle(x: float) -> float:
    return math.atan((_height_at(x + 1) - _height_at(x - 1)) / 2)


def _paint(setup: _Setup, index: int) -> Rgb:
    """Returns the colour of one of the row: dominoes shade into each other, books differ, boxes are alike."""
    if setup.kind == "books":
        return _CLOTHS[(setup.style + index * 2) % len(_CLOTHS)]
    if setup.kind == "cereal-boxes":
        return _BOXES[setup.style]
    first, second = _STYLES[setup.style]
    return mix(first, second, index / (len(setup.heights) - 1))


def _row(setup: _Setup, glued: int = 0) -> tuple[Block, ...]:
    count = len(setup.heights)
    return tuple(
        Block(
            x=178 + _SPAN / (count - 1) * index,
            y=_FLOOR - height / 2,
            width=width,
            height=height,
            fixed=index >= count - glued,
        )
        for index, (width, height) in enumerate(zip(setup.widths, setup.heights, strict=True))
    )


def _rest(setup: _Setup, state: _State) -> Rest:
    """Returns where everything ends, before flipping."""
    held, row = _held(setup), _row(setup, state.glued)
    if state.released:
        return settle(row, held, _FLOOR, _track(), _GRIP)
    if not state.backward:
        return Rest(row, held)
    # The same run seen in a mirror, where the slope stands at the other end.
    mirror = row[0].x + row[-1].x
    turned = tuple(replace(block, x=mirror - block.x) for block in reversed(row))
    low = _FLOOR + 2
    hollow = ((_FOOT_X + 1, low), (mirror - _FOOT_X - 1, low), *((mirror - x, y) for x, y in reversed(_track())))
    fallen = settle(turned, held, _FLOOR, (*_track(), *hollow), _GRIP).blocks
    return Rest(tuple(replace(b, x=mirror - b.x, turn_deg=-b.turn_deg) for b in reversed(fallen)), held)
