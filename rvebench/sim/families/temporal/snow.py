"""Temporal: the first flakes fall on a garden, and go on falling."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._garden import (
    BENCHES,
    FENCES,
    ROOFS,
    SKIES,
    SNOW,
    WALLS,
    Kind,
    Setup,
    State,
    draw_fence,
    draw_fir,
    draw_flood,
    draw_ground,
    draw_house,
    draw_lamp,
    draw_tree,
)
from rvebench.sim.families.temporal._parts import smooth
from rvebench.sim.families.temporal._yard import draw_barrow, draw_bench, draw_car
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["SnowCover"]

_KINDS: tuple[Kind, ...] = ("bench", "car", "wheelbarrow")


class SnowCover(Family[Setup, State]):
    """Lawn, roof, fence, branches and what stands in the garden come to lie under thick snow."""

    name = "snow-cover"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "accumulate"
    parts = ("snow", "bench", "fence", "house", "lamp", "robin", "tree", "water")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the side, the sky and the colours."""
        side = 1 if rng.random() < 0.5 else -1
        return Setup(
            side=side,
            sky=int(rng.integers(len(SKIES))),
            wall=WALLS[rng.integers(len(WALLS))],
            roof=ROOFS[rng.integers(len(ROOFS))],
            bench=BENCHES[rng.integers(len(BENCHES))],
            fence=FENCES[rng.integers(len(FENCES))],
            bench_x=240 + side * float(rng.uniform(28, 72)),
            seed=int(rng.integers(1 << 30)),
            kind=_KINDS[rng.integers(len(_KINDS))],
        )

    def states(self, setup: Setup) -> States[State]:  # noqa: ARG002
        """From bare ground to a thick blanket; in the wrong world it has rained."""
        return States(source=State(), target=State(depth=1.0), half=State(depth=0.3), wrong=State(flood=1.0))

    def objects(self, setup: Setup) -> str:
        """What stands in the foreground."""
        return setup.kind

    def words(self, setup: Setup) -> Words:
        """None of the paraphrases names snow or white."""
        thing = setup.kind
        instructions: tuple[str, ...] = (
            "It keeps coming down like this, in the frost, until breakfast.",
            "The first flakes have just begun, and the forecast says twelve hours without a break.",
            "Imagine what the children shout for joy about when they look out of the door tomorrow.",
            "Show this garden when someone would need a shovel to reach the gate.",
        )
        train_instructions: tuple[str, ...] = (
            "Let the weather carry on for the rest of this freezing day.",
            "Picture the same corner after a whole night of what is now just starting.",
        )
        if thing == "car":
            instructions = (
                "The driver has set the alarm half an hour early because of what is just beginning. It rings.",
                "What comes down here does not pause until the milkman is due, and it stays below freezing.",
                "Show the morning on which the driver looks out and decides to take the train instead.",
                "Imagine the car and the garden after ten more hours of this weather.",
            )
            train_instructions = (
                "The car is not moved until tomorrow noon, and the sky goes on exactly like this.",
                "Picture this place when somebody comes out with a broom to look for the windscreen.",
            )
        elif thing == "wheelbarrow":
            instructions = (
                "Nobody takes the barrow back to the shed tonight, and the sky goes on like this until dawn.",
                "Show the garden when the gardener needs high boots to get to the barrow.",
                "The forecast for this frosty night: more of the same, hour after hour. What is there at sunrise?",
                "Imagine the same view when the first sledge of the year is carried out of the house.",
            )
            train_instructions = (
                "Let these few flakes be followed by half a day of the same.",
                "Picture what the robin sees below its lamp tomorrow, when it has come down all night.",
            )
        return Words(
            instructions=instructions,
            train_instructions=train_instructions,
            literal=f"Cover the lawn, the roof, the fence, the {thing} and the branches with a thick layer of white "
            "snow.",
            expected=f"A thick white layer of snow lies on the lawn, the roof, the fence, the {thing}, the lamp "
            "and the branches; flakes still fall.",
            preserve=(
                "the house walls and lit windows",
                f"the {thing} and the fence below the snow",
                "the robin",
                "the falling flakes",
                "the sky",
                "the camera's slow drift",
            ),
        )

    def light(self, setup: Setup, state: State, clock: Clock) -> Light:  # noqa: ARG002
        """A veiled sky."""
        return Light(azimuth=0.4 * setup.side, elevation=0.7, colour=Rgb(232, 238, 250), ambient=0.7)

    def camera(self, setup: Setup, state: State, clock: Clock) -> Camera:  # noqa: ARG002
        """A slow drift to the side."""
        return Camera(x=setup.side * 14 * (clock.share - 0.5))

    def draw(self, stage: Stage, setup: Setup, state: State, clock: Clock) -> None:
        """Sky and hills, garden, smoke, robin, flakes."""
        with stage.at_depth(0.3):
            stage.static("far", lambda: self._far(stage, setup, state))
            self._flakes(stage, setup, clock, 0)
        with stage.at_depth(1.0):
            self._smoke(stage, setup, clock)
            stage.static("near", lambda: self._near(stage, setup, state))
            self._robin(stage, 240 - setup.side * 173, 101, setup.side, clock)
            self._flakes(stage, setup, clock, 1)
        with stage.at_depth(1.4):
            self._flakes(stage, setup, clock, 2)

    # ---- far away

    def _far(self, stage: Stage, setup: Setup, state: State) -> None:
        top, low = SKIES[setup.sky]
        sky = stage.rect(-64, -64, WIDTH + 128, 260)
        stage.paint(sky, linear((0, -10), (0, 150), top, low))
        stage.textured(sky, "noise", strength=0.1, seed=2)
        rng = np.random.default_rng(setup.seed)
        for k in range(2):
            base = 112.0 + 16 * k
            tone = mix(Rgb.of("#6f8a86") if k else Rgb.of("#8fa3ad"), low, 0.45 - 0.25 * k)
            tone = mix(tone, SNOW, 0.62 * smooth(state.depth * 1.4))
            hills = [(-64 + 34 * i, base + 11 * math.sin(i * 0.6 + k * 2.3 + setup.seed % 7)) for i in range(19)]
            stage.paint(
                stage.polygon([*hills, (560, 230), (-64, 230)]),
                linear((0, base - 10), (0, 180), tone, mix(tone, low, 0.4)),
            )
            for _ in range(26 + 10 * k):
                x, high = float(rng.uniform(-60, 540)), float(rng.uniform(12, 20)) * (1 + 0.5 * k)
                draw_fir(
                    stage,
                    x,
                    base + 20 + 6 * k + float(rng.uniform(-3, 5)),
                    high,
                    mix(Rgb.of("#2f4f47"), low, 0.42 - 0.2 * k),
                    state.depth,
                )
        stage.effect(stage.rect(-64, 118, WIDTH + 128, 60), flat(low, alpha=0.3, blur=12))

    # ---- the garden

    def _near(self, stage: Stage, setup: Setup, state: State) -> None:
        draw_ground(stage, setup, state)
        if state.flood:
            draw_flood(stage, setup, state, front=False)
        draw_house(stage, setup, state)
        draw_fence(stage, setup, state)
        draw_tree(stage, setup, state)
        if setup.kind == "bench":
            draw_bench(stage, setup, state)
        elif setup.kind == "car":
            draw_car(stage, setup, state)
        else:
            draw_barrow(stage, setup, state)
        draw_lamp(stage, setup, state)
        if state.flood:
            draw_flood(stage, setup, state, front=True)

    # ---- what moves

    def _smoke(self, stage: Stage, setup: Setup, clock: Clock) -> None:
        x = 240 - setup.side * 44
        for k in range(6):
            rise = (clock.time_s * 0.22 + k / 6) % 1
            puff = stage.oval(
                x + setup.side * 34 * rise**1.4 + 3 * math.sin(rise * 9 + k),
                44 - 58 * rise,
                5 + 14 * rise,
                4 + 10 * rise,
            )
            stage.effect(puff, flat(Rgb.of("#f2eee8"), alpha=0.42 * math.sin(math.pi * min(1.0, rise + 0.08)), blur=3))

    def _robin(self, stage: Stage, x: float, y: float, side: int, clock: Clock) -> None:
        bob = 1.2 * max(0.0, math.sin(clock.time_s * 7)) ** 2
        brown = Rgb.of("#76593f")
        with stage.moved(x, y - bob, scale=1.15):
            for dx in (-1.5, 2):
                stage.paint(
                    stage.polygon([(dx, -3), (dx, bob * 0.9)], closed=False),
                    flat(Rgb.of("#3a2a20")),
                    part="robin",
                    line=0.9,
                )
            tail = stage.polygon(
                [(-side * 5, -8), (-side * 17, -3 - 2 * bob), (-side * 16, 0 - 2 * bob), (-side * 3, -4)]
            )
            stage.paint(tail, flat(shade(brown, 0.7)), part="robin")
            stage.paint(stage.oval(0, -8, 8, 6.6), linear((0, -14), (0, -2), brown, Rgb.of("#e9e2d6")), part="robin")
            stage.paint(stage.oval(side * 4, -9, 5, 5.6), flat(Rgb.of("#e2622b")), part="robin")
            stage.paint(
                stage.oval(side * 4.6, -14.5, 4.8, 4.6),
                linear((0, -19), (0, -10), brown, Rgb.of("#e2622b")),
                part="robin",
            )
            beak = stage.polygon([(side * 9, -15.6), (side * 12.6, -14.2), (side * 9, -13.2)])
            stage.paint(beak, flat(Rgb.of("#3a2f28")), part="robin")
            stage.paint(stage.oval(side * 6, -15.4, 1), flat(Rgb.of("#14100e")), part="robin")

    def _flakes(self, stage: Stage, setup: Setup, clock: Clock, layer: int) -> None:
        rng = np.random.default_rng(setup.seed + 31 + layer)
        count, size, speed = ((60, 0.9, 22.0), (44, 1.5, 36.0), (16, 2.7, 58.0))[layer]
        places = rng.random((count, 3))
        for px, py, pz in places:
            y = (py * 300 + clock.time_s * speed * (0.8 + 0.4 * pz)) % 300 - 14
            x = -20 + px * 520 + 7 * math.sin(clock.time_s * 1.6 + pz * 30)
            stage.effect(stage.oval(x, y, size * (0.7 + 0.6 * pz)), flat(Rgb(255, 255, 255), alpha=0.62 + 0.3 * pz))
