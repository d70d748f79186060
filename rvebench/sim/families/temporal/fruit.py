"""Temporal: a bowl of fruit on a kitchen counter ripens, or goes off."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._kitchen import (
    AGES,
    BOWLS,
    COUNTERS,
    MUGS,
    RIM_Y,
    TILES,
    WHITE,
    Content,
    Fruit,
    Kind,
    Setup,
    draw_clock,
    draw_herbs,
    draw_jars,
    draw_kitchen,
)
from rvebench.sim.families.temporal._parts import leaf, mug, smooth, steam
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["FruitRipen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    age: float
    """0 unripe, 1 ripe, 2 gone off."""
    left: int = 9
    """Fruits in the bowl; fewer when somebody has eaten some: the wrong law."""


class FruitRipen(Family[Setup, _State]):
    """Green fruit turns yellow and red, or ripe fruit turns brown, spotted and slack."""

    name = "fruit-ripen"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "ripen"
    parts = ("fruit", "bowl", "mug", "clock", "jars", "herbs")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the fruit, the stage it is at and the colours of the kitchen."""
        side = 1 if rng.random() < 0.5 else -1
        contents: tuple[Content, ...] = ("mixed-fruit", "pears", "tomatoes")
        content = contents[rng.integers(len(contents))]
        kinds: tuple[Kind, ...] = ("pear", "tomato", "apple")
        first = int(rng.integers(3))
        spots = [(-54, 162, 26), (52, 160, 27), (0, 158, 28), (-30, 178, 26), (30, 179, 25)]
        if content != "mixed-fruit":
            kinds = ("pear",) if content == "pears" else ("tomato",)
            spots = [(-27, 132, 27), (27, 131, 27), (0, 122, 25), *spots] if content == "tomatoes" else [
                (-30, 134, 25), (28, 132, 25), *spots
            ]  # fmt: skip
        fruits = [
            Fruit(
                kind=kinds[(first + index) % len(kinds)],
                dx=dx + float(rng.uniform(-3, 3)),
                y=float(y),
                size=size * float(rng.uniform(0.94, 1.06)),
                seed=int(rng.integers(1 << 20)),
            )
            for index, (dx, y, size) in enumerate(spots)
        ]
        if content == "mixed-fruit":
            size = float(rng.uniform(0.95, 1.05))
            fruits.insert(0, Fruit(kind="banana", dx=0, y=0, size=size, seed=int(rng.integers(1 << 20))))
        return Setup(
            unripe=bool(rng.integers(2)),
            side=side,
            x=240 - side * float(rng.uniform(0, 22)),
            fruits=tuple(fruits),
            content=content,
            tiles=TILES[rng.integers(len(TILES))],
            counter=COUNTERS[rng.integers(len(COUNTERS))],
            bowl=BOWLS[rng.integers(len(BOWLS))],
            mug=MUGS[rng.integers(len(MUGS))],
            hour=float(rng.uniform(0, 12)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: Setup) -> States[_State]:
        """One stage further."""
        start = 0.0 if setup.unripe else 1.0
        return States(
            source=_State(age=start),
            target=_State(age=start + 1),
            half=_State(age=start + 0.45),
            wrong=_State(age=start, left=3),
        )

    def objects(self, setup: Setup) -> str:
        """What lies in the bowl."""
        return setup.content

    def words(self, setup: Setup) -> Words:
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
                literal={
                    "mixed-fruit": "Turn the green bananas yellow and the other green fruit yellow and red.",
                    "pears": "Turn the green pears yellow.",
                    "tomatoes": "Turn the green tomatoes red.",
                }[setup.content],
                expected={
                    "mixed-fruit": "The same fruits lie in the bowl, ripe: the bananas are yellow, the others yellow "
                    "or red; none is missing.",
                    "pears": "The same pears lie in the bowl, ripe and golden yellow; none is missing.",
                    "tomatoes": "The same tomatoes lie in the bowl, ripe and red; none is missing.",
                }[setup.content],
                preserve=preserve,
            )
        things = "fruits" if setup.content == "mixed-fruit" else setup.content
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
            literal="Turn the bananas brown with dark spots and the other fruit brown, slack and wrinkled."
            if setup.content == "mixed-fruit"
            else f"Turn the {setup.content} brown, slack and wrinkled, with dark spots and some mould.",
            expected=f"The same {things} lie in the bowl, gone off: brown, blotched and sunken; none is missing.",
            preserve=preserve,
        )

    def light(self, setup: Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A window on the side away from the mug."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        """Kitchen with the bowl, the clock's pendulum, the steam, the herbs."""
        stage.static("kitchen", lambda: self._still(stage, setup, state))
        draw_clock(stage, setup, clock)
        draw_herbs(stage, setup, clock)
        x = setup.x + setup.side * 142
        steam(stage, x, 184, clock.time_s, alpha=0.4, phase=setup.phase)

    def _still(self, stage: Stage, setup: Setup, state: _State) -> None:
        draw_kitchen(stage, setup)
        draw_jars(stage, setup)
        x, side = setup.x + setup.side * 142, setup.side
        stage.shadow(stage.oval(x + side * 12, 228, 32, 7), alpha=0.45, blur=4)
        mug(stage, x, 228, setup.mug, side=side, part="mug", size=1.1)
        self._bowl(stage, setup, lambda: self._fruits(stage, setup, state))

    # ---- the kitchen

    # ---- the bowl

    def _bowl(self, stage: Stage, setup: Setup, fruits: Callable[[], None]) -> None:
        x, y = setup.x, RIM_Y
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
            linear((left, 0), (right, 40), mix(setup.bowl, WHITE, 0.35), setup.bowl, shade(setup.bowl, 0.5)),
            part="bowl",
        )
        with stage.clipped(body):
            stage.shadow(stage.oval(x, 244, 80, 14), alpha=0.35, blur=6)
            band = [(x + 92 * math.cos(a), y + 12 + 18 * math.sin(a)) for a in np.linspace(0, math.pi, 15)]
            trim = Rgb.of("#2f5f86") if setup.bowl.r > 230 else mix(setup.bowl, WHITE, 0.65)
            stage.effect(stage.curve(band), flat(trim, alpha=0.75), line=3)
            stage.effect(stage.oval(x - setup.side * 54, y + 28, 9, 15), flat(WHITE, alpha=0.4, blur=4))
        stage.paint(stage.curve(arc), flat(mix(setup.bowl, WHITE, 0.5)), part="bowl", line=2.6)

    def _fruits(self, stage: Stage, setup: Setup, state: _State) -> None:
        shown = setup.fruits if state.left >= len(setup.fruits) else setup.fruits[len(setup.fruits) - state.left :]
        balls = [fruit for fruit in shown if fruit.kind != "banana"]
        for fruit in balls[:-2] if len(shown) > 3 else []:
            self._round(stage, setup, state, fruit)
        if shown[0].kind == "banana":
            self._bananas(stage, setup, state, shown[0])
        for fruit in balls[-2:] if len(shown) > 3 else balls:
            self._round(stage, setup, state, fruit)

    def _tone(self, kind: Kind, age: float, seed: int) -> Rgb:
        young, ripe, old = AGES[kind]
        age = age + ((seed % 11) / 11 - 0.5) * 0.16
        # What becomes red is yellow on the way; what becomes yellow is half green.
        yellow = 0.75 if kind in ("tomato", "apple") else 0.1
        turning = mix(mix(young, ripe, 0.5), Rgb.of("#f2c23c"), yellow)
        if age < 0.5:
            return mix(young, turning, smooth(2 * age))
        return mix(turning, ripe, smooth(2 * age - 1)) if age < 1 else mix(ripe, old, 0.88 * smooth(age - 1))

    def _round(self, stage: Stage, setup: Setup, state: _State, fruit: Fruit) -> None:
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
        tones = (mix(tone, WHITE, 0.42 - 0.3 * slack), tone, shade(tone, 0.52))
        stage.paint(body, radial(bright, fruit.size * 1.65, *tones), part="fruit")
        with stage.clipped(body):
            if fruit.kind == "pear":
                stage.textured(body, "grass", strength=0.12, seed=fruit.seed % 97)
            self._blotches(stage, fruit.seed, slack, x, y, rx, ry)
            stage.effect(
                stage.oval(bright[0], bright[1], rx * 0.24, ry * 0.15),
                flat(WHITE, alpha=0.7 * (1 - 0.85 * slack), blur=2),
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

    def _bananas(self, stage: Stage, setup: Setup, state: _State, fruit: Fruit) -> None:
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
            stage.paint(body, linear((x, 116), (x, 196), mix(tone, WHITE, 0.22), tone, shade(tone, 0.66)), part="fruit")
            with stage.clipped(body):
                ridge = [((a[0] * 2 + b[0]) / 3, (a[1] * 2 + b[1]) / 3) for a, b in zip(lower, middle, strict=True)]
                stage.effect(stage.curve(ridge), flat(shade(tone, 0.62), alpha=0.55, blur=1), line=2.5)
                shine = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(upper, middle, strict=True)]
                stage.effect(stage.curve(shine[2:8]), flat(WHITE, alpha=0.4 * (1 - slack), blur=1.5), line=3)
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
