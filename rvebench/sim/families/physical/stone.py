"""Physical causality: a heavy thing hangs over a fish tank; when its thread gives way, the water has to make room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._parts import cat, plant, ring, room, window
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["StoneDisplaces"]

_TABLE_Y = 178.0
_FLOOR = 240.0
"""Inner floor of the tank."""
_RIM = 98.0
_STILL = 158.0
"""Where the water stands with nothing in it."""
_ARM_Y = 24.0
_GRAVEL = 9.0
_WALLS = (Rgb.of("#7f9aa0"), Rgb.of("#a08a78"), Rgb.of("#8a86a6"), Rgb.of("#8fa184"))
Kind = Literal["gold-bar", "kettlebell", "stone"]
_KINDS: tuple[Kind, ...] = ("gold-bar", "kettlebell", "stone")
_CALLED: dict[Kind, str] = {"gold-bar": "gold bar", "kettlebell": "kettlebell", "stone": "stone"}
_BRONZES = (Rgb.of("#e2b13c"), Rgb.of("#d9a24a"), Rgb.of("#e8c050"))
_IRONS = (Rgb.of("#5a616e"), Rgb.of("#8a4038"), Rgb.of("#3f6474"))
_STONES = (Rgb.of("#8d8a86"), Rgb.of("#9a7560"), Rgb.of("#6f7a86"))
_FURS = (Rgb.of("#d08a48"), Rgb.of("#6a6468"), Rgb.of("#b9a48a"))
_FISH = (Rgb.of("#f08a2c"), Rgb.of("#e2574c"), Rgb.of("#f2c14a"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    kind: Kind
    """What hangs on the thread."""
    x: float
    width: float
    stone_x: float
    stone_y: float
    """Half height of what hangs there; `stone_x` is half its width."""
    stone: Rgb
    wall: Rgb
    wood: Rgb
    fur: Rgb
    fish: Rgb
    side: Literal[-1, 1]
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    centre: float
    """Height of the stone's middle on the screen."""
    level: float
    """Height of the surface on the screen."""
    hangs: bool


def _reach(setup: _Setup, height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns half the width of what hangs there, as a share of `stone_x`, from its foot (-1) to its top (1)."""
    if setup.kind == "gold-bar":
        return 0.9 - 0.1 * height
    if setup.kind == "kettlebell":
        # A ball with a flat foot below, a handle with a hole above; the handle's two arms count as one.
        ball = np.sqrt(np.maximum(0.0, 1 - ((height + 0.26) / 0.76) ** 2))
        handle: npt.NDArray[np.float64] = np.where(height < 0.46, ball, 0.26)
        return handle
    oval: npt.NDArray[np.float64] = np.sqrt(1 - height**2)
    return oval


def _level(setup: _Setup, centre: float) -> float:
    """Returns where the water stands with its load at `centre`: what is under water is what is displaced."""
    height = np.linspace(-1, 1, 101)
    reach = 2 * setup.stone_x * _reach(setup, height)
    level = _STILL
    for _ in range(24):
        under = reach[centre - height * setup.stone_y > level].sum() * setup.stone_y * 2 / len(height)
        level = 0.5 * level + 0.5 * float(_STILL - under / setup.width)
    return level


class StoneDisplaces(Family[_Setup, _State]):
    """What lies in the water lifts its surface by what it displaces (Archimedes, in two dimensions)."""

    name = "stone-displaces"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "displace"
    parts = ("stone", "thread", "water", "tank", "fish", "cat", "plant", "stand")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws what hangs there, sides, sizes and colours."""
        kind = _KINDS[rng.integers(len(_KINDS))]
        size_x, size_y = {"gold-bar": (46, 21), "kettlebell": (30, 32), "stone": (40, 27.5)}[kind]
        paints = {"gold-bar": _BRONZES, "kettlebell": _IRONS, "stone": _STONES}[kind]
        side: Literal[-1, 1] = 1 if rng.random() < 0.5 else -1
        return _Setup(
            kind=kind,
            x=240 - side * float(rng.uniform(8, 30)),
            width=float(rng.uniform(148, 166)),
            stone_x=size_x * float(rng.uniform(0.93, 1.07)),
            stone_y=size_y * float(rng.uniform(0.93, 1.07)),
            stone=paints[rng.integers(len(paints))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#9a6a40"), Rgb.of("#6d4a36"), float(rng.random())),
            fur=_FURS[rng.integers(len(_FURS))],
            fish=_FISH[rng.integers(len(_FISH))],
            side=side,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From hanging in the air to lying on the gravel."""
        high = _RIM - setup.stone_y - 4
        low = _FLOOR - _GRAVEL - setup.stone_y + 3
        middle = _STILL - 7
        floats = _STILL - 0.8 * setup.stone_y
        return States(
            source=_State(centre=high, level=_STILL, hangs=True),
            target=_State(centre=low, level=_level(setup, low), hangs=False),
            half=_State(centre=middle, level=_level(setup, middle), hangs=True),
            wrong=_State(centre=floats, level=_level(setup, floats), hangs=False),
        )

    def objects(self, setup: _Setup) -> str:
        """What hangs on the thread."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the water or where the load ends."""
        called = _CALLED[setup.kind]
        return Words(
            instructions=(
                "The thread was never meant to hold that much weight, and it has just given way.",
                "Snip the string and let everything come to rest.",
                "What would this room look like if the knot on the wooden arm had come undone?",
                f"Nothing holds the {called} any more; show the scene a few seconds later.",
                "Let gravity have its way with what is dangling here.",
            ),
            train_instructions=(
                "Imagine the cat had bitten through the cord a moment ago.",
                "Cut the line above the tank and wait until all is calm again.",
            ),
            literal=f"Put the {called} on the gravel at the bottom of the tank and raise the water surface well above "
            "the red mark; leave a short loose end of thread on the arm.",
            expected=f"The {called} lies on the bottom of the tank, the water stands clearly higher than the red mark, "
            "and only a loose end of thread hangs from the arm.",
            preserve=("the cat", "the fish", "the potted plant", "the wooden stand", "the room and the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bystanders, stand, tank with what is in it."""
        stage.static("room", lambda: self._room(stage, setup))
        side = setup.side
        cat(
            stage,
            setup.x + side * (setup.width / 2 + 74),
            232,
            clock.time_s,
            setup.phase,
            setup.fur,
            size=1.05,
            gaze=-side,
        )
        plant(stage, setup.x - side * 178, 226, clock.time_s, setup.phase, Rgb.of("#b8643f"), size=1.0)
        stage.static("stand", lambda: self._stand(stage, setup, state))
        left, right = setup.x - setup.width / 2, setup.x + setup.width / 2
        water = stage.rect(left, state.level, setup.width, _FLOOR - state.level, radius=2)
        stage.paint(
            water, linear((0, state.level), (0, _FLOOR), Rgb.of("#8fd6e0"), Rgb.of("#2f7f9c"), alpha=0.72), part="water"
        )
        with stage.clipped(water):
            self._life(stage, setup, clock)
        self._stone(stage, setup, state, clock)
        with stage.clipped(water):
            stage.effect(water, flat(Rgb.of("#4fb0c8"), alpha=0.2))
            for k in range(3):
                x = left + (k + 0.6) * setup.width / 3.2 + 5 * math.sin(clock.time_s * 1.3 + k)
                ray = stage.polygon([(x, 90), (x + 12, 90), (x - 8, _FLOOR), (x - 34, _FLOOR)])
                stage.effect(ray, flat(Rgb(255, 255, 255), alpha=0.1, blur=3))
        surface = [
            (left + setup.width * k / 8, state.level + 1.1 * math.sin(clock.time_s * 4 + k * 1.4 + setup.phase))
            for k in range(9)
        ]
        stage.paint(stage.curve(surface), flat(Rgb.of("#d9f6fa"), alpha=0.95), part="water", line=2.2)
        stage.static("glass", lambda: self._glass(stage, left, right))

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, setup.x)
        window(stage, setup.x + setup.side * 152 - 44, 26, 88, 84, Rgb.of("#9cc7e0"), Rgb.of("#efe8da"))
        left = setup.x - setup.width / 2
        stage.shadow(stage.rect(left - 6, _FLOOR - 10, setup.width + 40, 22, radius=8), alpha=0.45, blur=6)
        back = stage.rect(left, _RIM, setup.width, _FLOOR - _RIM)
        stage.paint(back, flat(Rgb(230, 246, 248), alpha=0.22), part="tank")

    def _stand(self, stage: Stage, setup: _Setup, state: _State) -> None:
        post = setup.x - setup.side * (setup.width / 2 + 26)
        wood = Rgb.of("#a9763f")
        stage.shadow(stage.oval(post + 8, 240, 30, 6), alpha=0.5, blur=3)
        base = stage.rect(post - 22, 230, 44, 11, radius=3)
        stage.paint(base, linear((0, 230), (0, 241), shade(wood, 1.1), shade(wood, 0.6)), part="stand")
        pole = stage.rect(post - 4.5, _ARM_Y, 9, 208, radius=2)
        stage.paint(pole, linear((post - 5, 0), (post + 5, 0), shade(wood, 1.25), shade(wood, 0.65)), part="stand")
        start, end = sorted((post - setup.side * 8, setup.x + setup.side * 12))
        arm = stage.rect(start, _ARM_Y - 4, end - start, 8, radius=3)
        stage.paint(arm, linear((0, _ARM_Y - 4), (0, _ARM_Y + 4), shade(wood, 1.25), shade(wood, 0.7)), part="stand")
        brace = stage.polygon([(post, _ARM_Y + 34), (post + setup.side * 30, _ARM_Y + 2)], closed=False)
        stage.paint(brace, flat(shade(wood, 0.8)), part="stand", line=5)
        stage.paint(stage.oval(setup.x, _ARM_Y + 5, 3.4), flat(Rgb.of("#c8b080")), part="stand", line=1.8)
        if not state.hangs:
            loose = stage.curve([(setup.x, _ARM_Y + 8), (setup.x + 2, _ARM_Y + 15), (setup.x - 3, _ARM_Y + 23)])
            stage.paint(loose, flat(Rgb.of("#f3ead6")), part="thread", line=1.6)

    def _life(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        left, width = setup.x - setup.width / 2, setup.width
        gravel = stage.rect(left, _FLOOR - _GRAVEL, width, _GRAVEL)
        stage.paint(gravel, linear((0, _FLOOR - _GRAVEL), (0, _FLOOR), Rgb.of("#d9c79a"), Rgb.of("#a88f63")))
        for k in range(14):
            pebble = stage.oval(left + width * (k + 0.5) / 14, _FLOOR - 6 + k * 5 % 4, 4.6, 2.8)
            stage.paint(pebble, flat(mix(Rgb.of("#b59c74"), Rgb.of("#efe6cc"), (k * 7 % 10) / 9)))
        for k in range(5):
            root = left + width * (0.06 + 0.035 * k if k < 3 else 0.86 + 0.05 * (k - 3))
            sway = 5 * math.sin(clock.time_s * 1.6 + k + setup.phase)
            weed = stage.curve(
                [(root, _FLOOR - 7), (root + sway * 0.3, _FLOOR - 28), (root + sway, _FLOOR - 50 - 5 * (k % 3))]
            )
            stage.paint(weed, flat(mix(Rgb.of("#2f7d4f"), Rgb.of("#79b85c"), k / 4)), line=4)
        for k, (height, size, speed) in enumerate(((178, 1.0, 0.55), (196, 0.72, 0.8))):
            turn = clock.time_s * speed + setup.phase + k * 2.4
            x = setup.x + (width / 2 - 24) * math.sin(turn)
            # A fish that turns is seen from the front for a while: narrow, never a line.
            along = math.tanh(6 * math.cos(turn))
            facing = math.copysign(max(0.3, abs(along)), along)
            with stage.moved(x, height + 4 * math.sin(clock.time_s * 1.7 + k), scale=size * facing, scale_y=size):
                flick = 4 * math.sin(clock.time_s * 11 + k)
                tail = stage.curve([(-10, 0), (-22, -8 + flick), (-19, flick * 0.5), (-22, 8 + flick)], closed=True)
                stage.paint(tail, flat(shade(setup.fish, 0.85)), part="fish")
                body = stage.oval(0, 0, 14, 7.5)
                stage.paint(
                    body,
                    linear((0, -8), (0, 8), shade(setup.fish, 1.2), mix(setup.fish, Rgb(255, 240, 210), 0.4)),
                    part="fish",
                )
                stage.paint(stage.polygon([(-4, -6), (4, -12), (6, -5)]), flat(shade(setup.fish, 0.85)), part="fish")
                stage.paint(stage.oval(8, -2, 2), flat(Rgb(30, 24, 22)), part="fish")
        for k in range(4):
            rise = (clock.time_s * 0.4 + k / 4) % 1
            x = left + width * 0.84 + 3 * math.sin(rise * 9 + k)
            stage.effect(
                stage.oval(x, _FLOOR - 12 - 60 * rise, 1.3 + 1.2 * rise), flat(Rgb(255, 255, 255), alpha=0.7), line=0.8
            )

    def _stone(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        swing = 1.6 * math.sin(clock.time_s * 2.2 + setup.phase) if state.hangs else 0.0
        if state.centre > _STILL and not state.hangs:
            stage.shadow(stage.oval(setup.x, _FLOOR - _GRAVEL + 2, setup.stone_x + 6, 4), alpha=0.5, blur=2.5)
        bob = 1.1 * math.sin(clock.time_s * 4 + setup.phase) if state.centre < _STILL and not state.hangs else 0.0
        with stage.moved(setup.x, _ARM_Y + 8, turn_deg=swing):
            y = state.centre - _ARM_Y - 8 + bob
            tip = y - setup.stone_y
            if state.hangs:
                stage.paint(stage.rect(-0.9, 0, 1.8, tip + 4), flat(Rgb.of("#f3ead6")), part="thread")
            self._load(stage, setup, y)
            if not state.hangs:
                stub = stage.curve([(0, tip), (8, tip - 6), (13, tip - 2)])
                stage.paint(stub, flat(Rgb.of("#efe3c6")), part="thread", line=1.5)

    def _load(self, stage: Stage, setup: _Setup, y: float) -> None:
        x, high, paint = setup.stone_x, setup.stone_y, setup.stone
        tones = (mix(paint, Rgb(255, 255, 255), 0.38), paint, shade(paint, 0.5))
        cord = flat(Rgb.of("#efe3c6"))
        if setup.kind == "kettlebell":
            self._kettlebell(stage, setup, y)
        elif setup.kind == "gold-bar":
            top = high * 0.5
            front = stage.polygon(
                [(-x * 0.84, y - high + top), (x * 0.84, y - high + top), (x, y + high), (-x, y + high)]
            )
            lid = stage.polygon(
                [(-x * 0.68, y - high), (x * 0.68, y - high), (x * 0.84, y - high + top), (-x * 0.84, y - high + top)]
            )
            stage.paint(lid, linear((-x, 0), (x, 0), mix(paint, Rgb(255, 255, 255), 0.6), paint), part="stone")
            stage.paint(front, linear((-x, y - high), (x, y + high), *tones), part="stone")
            stamp = stage.rect(-x * 0.5, y - high * 0.12, x, high * 0.72, radius=2)
            stage.effect(stamp, flat(shade(paint, 0.6), alpha=0.7), line=1.4)
            stage.effect(stage.rect(-x * 0.34, y + high * 0.18, x * 0.68, 2.4), flat(shade(paint, 0.55), alpha=0.8))
            ridge = stage.polygon([(-x * 0.84, y - high + top), (x * 0.84, y - high + top)], closed=False)
            stage.effect(ridge, flat(Rgb(255, 250, 220), alpha=0.85), line=1.4)
            for side in (-1, 1):
                sling = stage.polygon(
                    [(0, y - high + 1), (side * x * 0.3, y - high + top), (side * x * 0.34, y + high)], closed=False
                )
                stage.paint(sling, cord, part="thread", line=1.5)
        else:
            stone = stage.curve(ring(0, y, x, 18, 0.028, setup.phase, high / x), closed=True)
            stage.paint(stone, radial((-x * 0.35, y - high * 0.5), x * 1.5, *tones), part="stone")
            stage.textured(stone, "stone", strength=0.3, seed=4)
            for line in (
                [(-5.0, y - high + 2), (-9.0, y), (-5.0, y + high - 2)],
                [(5.0, y - high + 2), (10.0, y), (6.0, y + high - 2)],
            ):
                stage.paint(stage.curve(line), cord, part="thread", line=1.5)
        stage.paint(stage.oval(0, y - high + 1, 2.6), cord, part="thread")

    def _kettlebell(self, stage: Stage, setup: _Setup, y: float) -> None:
        x, high, paint = setup.stone_x, setup.stone_y, setup.stone
        bow = stage.curve(
            [(-x * 0.52, y - high * 0.3), (-x * 0.5, y - high * 0.74), (0, y - high * 0.9), (x * 0.5, y - high * 0.74),
             (x * 0.52, y - high * 0.3)]
        )  # fmt: skip
        stage.paint(bow, flat(shade(paint, 0.62)), part="stone", line=high * 0.2)
        stage.effect(bow, flat(mix(paint, Rgb(255, 255, 255), 0.35), alpha=0.7), line=high * 0.06)
        middle, radius = y + high * 0.26, high * 0.76
        ball = stage.oval(0, middle, x, radius)
        with stage.clipped(stage.rect(-x - 2, y - high, 2 * x + 4, 2 * high)):
            tones = (mix(paint, Rgb(255, 255, 255), 0.5), paint, shade(paint, 0.36))
            stage.paint(ball, radial((-x * 0.36, middle - radius * 0.4), x * 1.5, *tones), part="stone")
            band = stage.curve(
                [(-x + 2.6, middle + radius * 0.1), (0, middle + radius * 0.26), (x - 2.6, middle + radius * 0.1)]
            )
            stage.effect(band, flat(Rgb.of("#e8e4d8"), alpha=0.75), line=radius * 0.2)
        shine = stage.oval(-x * 0.42, middle - radius * 0.5, x * 0.2, radius * 0.13)
        stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.6, blur=1.5))

    def _glass(self, stage: Stage, left: float, right: float) -> None:
        edge = Rgb.of("#e6f6f8")
        wall = stage.polygon([(left, _RIM), (left, _FLOOR), (right, _FLOOR), (right, _RIM)], closed=False)
        stage.paint(wall, flat(edge, alpha=0.85), part="tank", line=3)
        stage.paint(stage.rect(left - 3, _RIM - 3, right - left + 6, 4, radius=2), flat(edge, alpha=0.7), part="tank")
        stage.paint(stage.rect(left - 4, _FLOOR, right - left + 8, 5, radius=2), flat(Rgb.of("#39464c")), part="tank")
        gleam = stage.polygon(
            [(left + 10, _RIM + 8), (left + 22, _RIM + 8), (left + 14, _FLOOR - 16), (left + 8, _FLOOR - 16)]
        )
        stage.effect(gleam, flat(Rgb(255, 255, 255), alpha=0.22, blur=1.5))
        for k in range(5):
            y = _STILL + (k - 2) * 16
            mark = stage.rect(right - (16 if k == 2 else 10), y - 1, 16 if k == 2 else 10, 2.4 if k == 2 else 1.4)
            stage.paint(mark, flat(Rgb.of("#d8342c") if k == 2 else Rgb.of("#f4fbfc")), part="tank")
