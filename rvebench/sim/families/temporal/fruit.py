"""Temporal: a bowl of fruit on a kitchen counter ripens, or goes off."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._parts import leaf, mug, smooth, steam
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["FruitRipen"]

_COUNTER_Y = 186.0
_RIM_Y = 184.0
_WHITE = Rgb(255, 255, 255)
_TILES = (Rgb.of("#d9e4e2"), Rgb.of("#9fc0c6"), Rgb.of("#e8d9bd"), Rgb.of("#b9c8a8"))
_COUNTERS = (Rgb.of("#a9774a"), Rgb.of("#6f5a4c"), Rgb.of("#c49a68"))
_BOWLS = (Rgb.of("#f2efe8"), Rgb.of("#3d6f94"), Rgb.of("#c4694a"), Rgb.of("#4f8277"))
_MUGS = (Rgb.of("#d8574a"), Rgb.of("#e8b84a"), Rgb.of("#5f8fb8"))
Kind = Literal["banana", "pear", "tomato", "apple"]
_AGES: dict[Kind, tuple[Rgb, Rgb, Rgb]] = {
    "banana": (Rgb.of("#7fb03c"), Rgb.of("#f8d03c"), Rgb.of("#5e3d20")),
    "pear": (Rgb.of("#72a63c"), Rgb.of("#ecc64a"), Rgb.of("#7d5430")),
    "tomato": (Rgb.of("#94bb4c"), Rgb.of("#e5352a"), Rgb.of("#6f2f25")),
    "apple": (Rgb.of("#86b84a"), Rgb.of("#d63a3a"), Rgb.of("#70452d")),
}
"""Colours unripe, ripe and gone off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fruit:
    kind: Kind
    dx: float
    y: float
    size: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    unripe: bool
    """Whether the clip begins with unripe fruit; otherwise with ripe fruit."""
    side: int
    """Where the mug stands; light comes from the other side."""
    x: float
    fruits: tuple[_Fruit, ...]
    tiles: Rgb
    counter: Rgb
    bowl: Rgb
    mug: Rgb
    hour: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    age: float
    """0 unripe, 1 ripe, 2 gone off."""
    left: int = 9
    """Fruits in the bowl; fewer when somebody has eaten some: the wrong law."""


class FruitRipen(Family[_Setup, _State]):
    """Green fruit turns yellow and red, or ripe fruit turns brown, spotted and slack."""

    name = "fruit-ripen"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "ripen"
    parts = ("fruit", "bowl", "mug", "clock", "jars", "herbs")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the fruit, the stage it is at and the colours of the kitchen."""
        side = 1 if rng.random() < 0.5 else -1
        round_kinds: tuple[Kind, ...] = ("pear", "tomato", "apple")
        first = int(rng.integers(3))
        spots = ((-54, 162, 26), (52, 160, 27), (0, 158, 28), (-30, 178, 26), (30, 179, 25))
        fruits = [
            _Fruit(
                kind=round_kinds[(first + index) % 3],
                dx=dx + float(rng.uniform(-3, 3)),
                y=float(y),
                size=size * float(rng.uniform(0.94, 1.06)),
                seed=int(rng.integers(1 << 20)),
            )
            for index, (dx, y, size) in enumerate(spots)
        ]
        bunch = _Fruit(kind="banana", dx=0, y=0, size=float(rng.uniform(0.95, 1.05)), seed=int(rng.integers(1 << 20)))
        return _Setup(
            unripe=bool(rng.integers(2)),
            side=side,
            x=240 - side * float(rng.uniform(0, 22)),
            fruits=(bunch, *fruits),
            tiles=_TILES[rng.integers(len(_TILES))],
            counter=_COUNTERS[rng.integers(len(_COUNTERS))],
            bowl=_BOWLS[rng.integers(len(_BOWLS))],
            mug=_MUGS[rng.integers(len(_MUGS))],
            hour=float(rng.uniform(0, 12)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """One stage further."""
        start = 0.0 if setup.unripe else 1.0
        return States(
            source=_State(age=start),
            target=_State(age=start + 1),
            half=_State(age=start + 0.45),
            wrong=_State(age=start, left=3),
        )

    def objects(self, setup: _Setup) -> str:
        """Green or ripe fruit."""
        return "green-fruit" if setup.unripe else "ripe-fruit"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a colour, ripeness or rot."""
        preserve = (
            "the bowl and the number of fruits",
            "the mug",
            "the clock",
            "the jars and the herbs",
            "the kitchen",
        )
        if setup.unripe:
            return Words(
                instructions=(
                    "It was all picked too early. Show the bowl on the day it finally tastes sweet.",
                    "Let a warm week pass in this kitchen while everyone waits to have some.",
                    "The note beside it says: be patient, not before next Sunday. It is next Sunday.",
                    "Imagine the moment when the cook at last says that everything in the bowl is ready.",
                ),
                train_instructions=(
                    "Picture this counter after as many warm days as these need to get soft and fragrant.",
                    "Nobody has touched the bowl since the greengrocer said to wait eight days; they are over.",
                ),
                literal="Turn the green bananas yellow and the other green fruit yellow and red.",
                expected="The same fruits lie in the bowl, ripe: the bananas are yellow, the others yellow or red; "
                "none is missing.",
                preserve=preserve,
            )
        return Words(
            instructions=(
                "The family left for a three-week holiday right after this and forgot about the bowl.",
                "Show what greets them on this counter when they come back a month later.",
                "Nobody in this house has an appetite, and the bowl has waited far too long.",
                "Imagine the day when even the compost heap would be a kind end for what is in the bowl.",
            ),
            train_instructions=(
                "Let most of a hot month go by without anyone reaching into the bowl.",
                "Picture the same bowl on the day somebody finally wrinkles their nose at it.",
            ),
            literal="Turn the bananas brown with dark spots and the other fruit brown, slack and wrinkled.",
            expected="The same fruits lie in the bowl, gone off: brown, blotched and sunken; none is missing.",
            preserve=preserve,
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A window on the side away from the mug."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Kitchen with the bowl, the clock's pendulum, the steam, the herbs."""
        stage.static("kitchen", lambda: self._still(stage, setup, state))
        self._clock(stage, setup, clock)
        self._herbs(stage, setup, clock)
        x = setup.x + setup.side * 142
        steam(stage, x, 184, clock.time_s, alpha=0.4, phase=setup.phase)

    def _still(self, stage: Stage, setup: _Setup, state: _State) -> None:
        self._kitchen(stage, setup)
        self._jars(stage, setup)
        x, side = setup.x + setup.side * 142, setup.side
        stage.shadow(stage.oval(x + side * 12, 228, 32, 7), alpha=0.45, blur=4)
        mug(stage, x, 228, setup.mug, side=side, part="mug", size=1.1)
        self._bowl(stage, setup, lambda: self._fruits(stage, setup, state))

    # ---- the kitchen

    def _kitchen(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 64)
        lit, dim = mix(setup.tiles, _WHITE, 0.3), shade(setup.tiles, 0.66)
        near, far = (240 - setup.side * 240, 240 + setup.side * 280)
        stage.paint(wall, linear((near, 0), (far, 60), lit, setup.tiles, dim))
        rng = np.random.default_rng(int(setup.phase * 1e6))
        for row in range(-1, 7):
            for column in range(-2, 15):
                px, py = column * 40 + (row % 2) * 20, row * 30 + 6
                tile = stage.rect(px + 1, py + 1, 38, 28, radius=1.5)
                tint = float(rng.uniform(-1, 1))
                stage.effect(tile, flat(_WHITE if tint > 0 else Rgb(0, 0, 0), alpha=abs(tint) * 0.06))
                stage.effect(stage.rect(px + 2, py + 2, 36, 1.2), flat(_WHITE, alpha=0.4))
                stage.effect(tile, flat(shade(setup.tiles, 0.55), alpha=0.45), line=1)
        beam = 240 - setup.side * 120
        for shift in (0, 62):
            patch = [
                (beam + dx * setup.side + shift * setup.side, y)
                for dx, y in ((-64, -20), (-14, -20), (60, 186), (4, 186))
            ]
            stage.effect(stage.polygon(patch), flat(Rgb(255, 244, 206), alpha=0.3, blur=4))
        top = stage.rect(-64, _COUNTER_Y, WIDTH + 128, 160)
        stage.shadow(stage.rect(-64, _COUNTER_Y - 6, WIDTH + 128, 8), alpha=0.4, blur=4)
        stage.paint(
            top, linear((0, _COUNTER_Y), (0, HEIGHT), mix(setup.counter, _WHITE, 0.16), shade(setup.counter, 0.72))
        )
        stage.textured(top, "wood", strength=0.15, seed=2)
        stage.effect(stage.rect(-64, _COUNTER_Y - 1, WIDTH + 128, 2.5), flat(Rgb(255, 240, 214), alpha=0.5, blur=0.8))

    def _jars(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        x0, y = 240 + side * 150, 92.0
        shelf = stage.rect(x0 - 88, y, 176, 8, radius=1)
        stage.shadow(stage.rect(x0 - 84, y + 10, 172, 10), alpha=0.35, blur=5)
        contents = (Rgb.of("#c9853f"), Rgb.of("#efe6d0"), Rgb.of("#7a3f2c"), Rgb.of("#c8b04a"))
        for k, tone in enumerate(contents):
            x, high = x0 + (k - 1.5) * 38, 40.0 + 6 * (k % 2)
            stage.shadow(stage.rect(x - 11 + side * 6, y - high + 4, 26, high - 2, radius=4), alpha=0.2, blur=3)
            glass = stage.rect(x - 14, y - high, 28, high, radius=4)
            stage.paint(glass, flat(Rgb.of("#e6f0f0"), alpha=0.65), part="jars")
            fill = stage.rect(x - 12.5, y - high * 0.7, 25, high * 0.7 - 1.5, radius=3)
            stage.paint(fill, linear((x - 12, 0), (x + 12, 0), shade(tone, 1.15), shade(tone, 0.7)), part="jars")
            stage.textured(fill, "grass", strength=0.25, seed=k)
            lid = stage.rect(x - 13, y - high - 6, 26, 8, radius=2)
            stage.paint(lid, linear((x - 13, 0), (x + 13, 0), Rgb.of("#c9a06a"), Rgb.of("#7d5a34")), part="jars")
            stage.effect(stage.rect(x - 10, y - high + 3, 3, high - 8, radius=1.5), flat(_WHITE, alpha=0.55, blur=0.8))
        stage.paint(shelf, linear((0, y), (0, y + 8), mix(setup.counter, _WHITE, 0.2), shade(setup.counter, 0.6)))

    def _clock(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = 240 - setup.side * 50, 40.0
        swing = 13 * math.sin(clock.time_s * 2 * math.pi)
        with stage.moved(x, y + 14, turn_deg=swing):
            stage.paint(stage.rect(-1.2, 0, 2.4, 32), flat(Rgb.of("#b58a3c")), part="clock")
            bob = stage.oval(0, 35, 7)
            stage.paint(
                bob, radial((-2, 33), 10, Rgb.of("#fff0b4"), Rgb.of("#d9a63a"), Rgb.of("#8a6420")), part="clock"
            )
        stage.shadow(stage.oval(x + setup.side * 5, y + 5, 31), alpha=0.35, blur=4)
        stage.paint(
            stage.oval(x, y, 31),
            linear((x - 30, y - 30), (x + 30, y + 30), Rgb.of("#a8713f"), Rgb.of("#5d3a20")),
            part="clock",
        )
        stage.paint(
            stage.oval(x, y, 25.5), radial((x - 6, y - 8), 40, Rgb.of("#fffdf4"), Rgb.of("#e4dac4")), part="clock"
        )
        for k in range(12):
            with stage.moved(x, y, turn_deg=30 * k):
                stage.paint(stage.rect(-0.8, -23.5, 1.6, 5 if k % 3 == 0 else 3), flat(Rgb.of("#4a3a2c")), part="clock")
        for turn, length, wide in (
            (setup.hour * 30, 12, 3.0),
            (setup.hour * 360 % 360, 18, 2.2),
            (clock.time_s * 6 + setup.phase * 57, 20, 0.9),
        ):
            with stage.moved(x, y, turn_deg=turn):
                tone = Rgb.of("#b5322a") if wide < 1 else Rgb.of("#2c2622")
                stage.paint(stage.rect(-wide / 2, -length, wide, length + 3, radius=wide / 2), flat(tone), part="clock")
        stage.paint(stage.oval(x, y, 2), flat(Rgb.of("#2c2622")), part="clock")

    def _herbs(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, foot = setup.x - setup.side * 152, 226.0
        clay = Rgb.of("#bf6b45")
        stage.shadow(stage.oval(x + setup.side * 8, foot, 30, 7), alpha=0.42, blur=4)
        for k in range(9):
            lean = (k - 4) * 13.0
            sway = 2.5 * math.sin(clock.time_s * 2.4 + k * 0.9 + setup.phase)
            high = 34 - abs(k - 4) * 2.4 + (k * 5 % 4) * 4.5
            angle = -90 + lean + sway
            tip = (
                x + lean * 0.22 + high * math.cos(math.radians(angle)),
                foot - 34 + high * math.sin(math.radians(angle)),
            )
            half = ((x + lean * 0.22 + tip[0]) / 2, (foot - 34 + tip[1]) / 2)
            stalk = stage.curve([(x + lean * 0.22, foot - 32), half, tip])
            stage.paint(stalk, flat(Rgb.of("#4f7d38")), part="herbs", line=1.4)
            tone = mix(Rgb.of("#3f7f3a"), Rgb.of("#7fb54f"), (k * 3 % 5) / 5)
            for turn in (-58, 0, 58):
                leaf(stage, *tip, 17, angle + turn, tone, part="herbs", wide=0.62)
            leaf(stage, *half, 14, angle + (48 if k % 2 else -48), shade(tone, 0.85), part="herbs", wide=0.62)
        pot = stage.polygon([(x - 24, foot - 34), (x + 24, foot - 34), (x + 18, foot + 1), (x - 18, foot + 1)])
        stage.paint(pot, linear((x - 24, 0), (x + 24, 0), shade(clay, 1.15), clay, shade(clay, 0.6)), part="herbs")
        lip = stage.rect(x - 27, foot - 39, 54, 10, radius=2)
        stage.paint(lip, linear((x - 27, 0), (x + 27, 0), shade(clay, 1.25), clay, shade(clay, 0.66)), part="herbs")

    # ---- the bowl

    def _bowl(self, stage: Stage, setup: _Setup, fruits: Callable[[], None]) -> None:
        x, y = setup.x, _RIM_Y
        stage.shadow(stage.oval(x + setup.side * 18, 238, 84, 13), alpha=0.5, blur=6)
        stage.paint(stage.oval(x, 237, 38, 7), flat(shade(setup.bowl, 0.5)), part="bowl")
        stage.paint(
            stage.oval(x, y, 96, 18),
            linear((0, y - 18), (0, y + 18), shade(setup.bowl, 0.45), shade(setup.bowl, 0.75)),
            part="bowl",
        )
        fruits()
        arc = [(x + 96 * math.cos(a), y + 18 * math.sin(a)) for a in np.linspace(0, math.pi, 15)]
        body = stage.polygon(
            [
                *arc,
                *[(x - 96 * math.cos(a), y + 54 * math.sin(a) ** 0.8) for a in np.linspace(0.02, math.pi - 0.02, 25)],
            ]
        )
        left, right = (x - 96, x + 96) if setup.side > 0 else (x + 96, x - 96)
        stage.paint(
            body,
            linear((left, 0), (right, 40), mix(setup.bowl, _WHITE, 0.35), setup.bowl, shade(setup.bowl, 0.5)),
            part="bowl",
        )
        with stage.clipped(body):
            stage.shadow(stage.oval(x, 244, 80, 14), alpha=0.35, blur=6)
            band = [(x + 92 * math.cos(a), y + 12 + 18 * math.sin(a)) for a in np.linspace(0, math.pi, 15)]
            trim = Rgb.of("#2f5f86") if setup.bowl.r > 230 else mix(setup.bowl, _WHITE, 0.65)
            stage.effect(stage.curve(band), flat(trim, alpha=0.75), line=3)
            stage.effect(stage.oval(x - setup.side * 54, y + 28, 9, 15), flat(_WHITE, alpha=0.4, blur=4))
        stage.paint(stage.curve(arc), flat(mix(setup.bowl, _WHITE, 0.5)), part="bowl", line=2.6)

    def _fruits(self, stage: Stage, setup: _Setup, state: _State) -> None:
        shown = setup.fruits if state.left >= len(setup.fruits) else setup.fruits[len(setup.fruits) - state.left :]
        balls = [fruit for fruit in shown if fruit.kind != "banana"]
        for fruit in balls[:-2] if len(shown) > 3 else []:
            self._round(stage, setup, state, fruit)
        if shown[0].kind == "banana":
            self._bananas(stage, setup, state, shown[0])
        for fruit in balls[-2:] if len(shown) > 3 else balls:
            self._round(stage, setup, state, fruit)

    def _tone(self, kind: Kind, age: float, seed: int) -> Rgb:
        young, ripe, old = _AGES[kind]
        age = age + ((seed % 11) / 11 - 0.5) * 0.16
        turning = mix(mix(young, ripe, 0.5), Rgb.of("#f2c23c"), 0.75)
        if age < 0.5:
            return mix(young, turning, smooth(2 * age))
        return mix(turning, ripe, smooth(2 * age - 1)) if age < 1 else mix(ripe, old, 0.88 * smooth(age - 1))

    def _round(self, stage: Stage, setup: _Setup, state: _State, fruit: _Fruit) -> None:
        x, slack = setup.x + fruit.dx, max(0.0, state.age - 1)
        rx, ry = fruit.size * (1 + 0.04 * slack), fruit.size * 0.96 * (1 - 0.2 * slack)
        y = fruit.y + fruit.size * 0.96 - ry
        tone = self._tone(fruit.kind, state.age, fruit.seed)
        side = setup.side
        stage.shadow(stage.oval(x + side * 5, y + 5, rx, ry), alpha=0.3, blur=4)
        dent = 0.14 * slack
        ring: list[Point] = []
        for k in range(14):
            a = k / 14 * 2 * math.pi
            far = 1 - dent * (0.5 + 0.5 * math.sin(3 * a + fruit.seed)) * (1 if math.sin(a) < 0 else 0.3)
            neck = 0.0
            if fruit.kind == "pear" and math.sin(a) < 0:
                neck = -math.sin(a)
            ring.append(
                (x + rx * far * math.cos(a) * (1 - 0.3 * neck), y + ry * far * math.sin(a) * (1 + 0.5 * neck**2))
            )
        body = stage.curve(ring, closed=True)
        bright = (x - side * rx * 0.35, y - ry * 0.4)
        tones = (mix(tone, _WHITE, 0.42 - 0.3 * slack), tone, shade(tone, 0.52))
        stage.paint(body, radial(bright, fruit.size * 1.65, *tones), part="fruit")
        with stage.clipped(body):
            if fruit.kind == "pear":
                stage.textured(body, "grass", strength=0.12, seed=fruit.seed % 97)
            self._blotches(stage, fruit.seed, slack, x, y, rx, ry)
            stage.effect(
                stage.oval(bright[0], bright[1], rx * 0.24, ry * 0.15),
                flat(_WHITE, alpha=0.7 * (1 - 0.85 * slack), blur=2),
            )
        top = y - ry * (1.42 if fruit.kind == "pear" else 0.9 if fruit.kind == "tomato" else 0.86)
        stem = stage.curve([(x, top + 4), (x + side, top - 3), (x + side * 4, top - 9)])
        if fruit.kind == "tomato":
            green = mix(Rgb.of("#4f8a35"), Rgb.of("#5f4a2c"), slack)
            for k in range(5):
                leaf(stage, x, top, 12, -170 + 40 * k, green, part="fruit", wide=0.32)
        stage.paint(stem, flat(Rgb.of("#5a4028")), part="fruit", line=2.4)

    def _blotches(self, stage: Stage, seed: int, slack: float, x: float, y: float, rx: float, ry: float) -> None:
        if slack <= 0.1:
            return
        rng = np.random.default_rng(seed)
        for _ in range(9):
            px, py = x + float(rng.uniform(-0.85, 0.85)) * rx, y + float(rng.uniform(-0.8, 0.8)) * ry
            size = float(rng.uniform(2, 7)) * slack
            stage.effect(stage.oval(px, py, size, size * 0.75), flat(Rgb.of("#2c1a10"), alpha=0.6 * slack, blur=1.2))
        for k in range(4):
            a = x + (k - 1.5) * rx * 0.42
            crease = stage.curve([(a, y - ry * 0.6), (a + 3, y - ry * 0.2), (a - 1, y + ry * 0.25)])
            stage.effect(crease, flat(Rgb.of("#24140c"), alpha=0.4 * slack, blur=0.7), line=1.3)
        px, py = x + float(rng.uniform(-0.4, 0.4)) * rx, y - 0.25 * ry
        stage.effect(stage.oval(px, py, 7 * slack, 5 * slack), flat(Rgb.of("#c9d3c0"), alpha=0.75 * slack, blur=1.8))

    def _bananas(self, stage: Stage, setup: _Setup, state: _State, fruit: _Fruit) -> None:
        x, side, slack = setup.x, setup.side, max(0.0, state.age - 1)
        tone = self._tone("banana", state.age, fruit.seed)
        root = (x + side * 34, 112 + 5 * slack)
        ends = ((-100, 176, -66, 104), (-78, 186, -44, 122), (-44, 190, -14, 138))
        for index, (tx, ty, cx, cy) in enumerate(ends):
            tip, bend = (x + side * tx, ty + 2 * slack), (x + side * cx, cy + 6 * slack)
            upper: list[Point] = []
            lower: list[Point] = []
            middle: list[Point] = []
            for k in range(11):
                t = k / 10
                px = (1 - t) ** 2 * root[0] + 2 * t * (1 - t) * bend[0] + t * t * tip[0]
                py = (1 - t) ** 2 * root[1] + 2 * t * (1 - t) * bend[1] + t * t * tip[1]
                vx = 2 * (1 - t) * (bend[0] - root[0]) + 2 * t * (tip[0] - bend[0])
                vy = 2 * (1 - t) * (bend[1] - root[1]) + 2 * t * (tip[1] - bend[1])
                norm = math.hypot(vx, vy) or 1.0
                half = (
                    fruit.size * (3 + 10.5 * math.sin(math.pi * min(1.0, 0.04 + t * 0.95)) ** 0.7) * (1 - 0.14 * slack)
                )
                nx, ny = vy / norm * half * side, -vx / norm * half * side
                middle.append((px, py))
                upper.append((px + nx, py + ny))
                lower.append((px - nx, py - ny))
            body = stage.curve([*upper, *lower[::-1]], closed=True)
            stage.shadow(body, alpha=0.35, blur=3)
            stage.paint(
                body, linear((x, 116), (x, 196), mix(tone, _WHITE, 0.22), tone, shade(tone, 0.66)), part="fruit"
            )
            with stage.clipped(body):
                ridge = [((a[0] * 2 + b[0]) / 3, (a[1] * 2 + b[1]) / 3) for a, b in zip(lower, middle, strict=True)]
                stage.effect(stage.curve(ridge), flat(shade(tone, 0.62), alpha=0.55, blur=1), line=2.5)
                shine = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(upper, middle, strict=True)]
                stage.effect(stage.curve(shine[2:8]), flat(_WHITE, alpha=0.4 * (1 - slack), blur=1.5), line=3)
                rng = np.random.default_rng(fruit.seed + index)
                for _ in range(26 if slack > 0.05 else 0):
                    mx, my = middle[int(rng.integers(11))]
                    spot = (mx + float(rng.uniform(-9, 9)), my + float(rng.uniform(-9, 9)))
                    size = float(rng.uniform(1, 4.4)) * (0.4 + 0.6 * slack)
                    stage.effect(
                        stage.oval(*spot, size, size * 0.7),
                        flat(Rgb.of("#2a180d"), alpha=0.75 * min(1.0, 1.6 * slack), blur=0.6),
                    )
                stage.paint(stage.oval(*tip, 5), flat(Rgb.of("#3a2a1a")), part="fruit")
        knot = stage.curve([(root[0] - side * 5, root[1] + 4), root, (root[0] + side * 8, root[1] - 7)])
        stage.paint(
            knot,
            flat(mix(mix(Rgb.of("#7a8a3c"), Rgb.of("#8a6a34"), smooth(state.age)), Rgb.of("#35241a"), slack)),
            part="fruit",
            line=8,
        )
