"""Commonsense: someone walks with a folded umbrella under heavy clouds; the next shot is a minute later."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.families.commonsense._street import (
    GROUND_Y,
    ROAD_Y,
    Street,
    draw_rain,
    draw_street,
    draw_umbrella,
    street_of,
)
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["RainUmbrella"]

_UMBRELLAS = tuple(Rgb.of(text) for text in ("#c8353f", "#2f6fb0", "#e0a52a", "#3f9a78", "#7d4aa0"))
_HYDRANT = Rgb.of("#c23a2e")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    walker: Look
    umbrella: Rgb
    street: Street
    side: int
    """Where the walk goes: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    rain: float = 0.0
    opened: float = 0.0
    cloud: float = 0.75


class RainUmbrella(Family[_Setup, _State]):
    """Rain sets in, and whoever carries an umbrella opens it."""

    name = "rain-umbrella"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "shelter"
    parts = ("walker", "umbrella", "hydrant", "bench")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws walker, street and umbrella."""
        return _Setup(
            walker=replace(look_of(rng), coat=Rgb.of("#7a5c40") if rng.random() < 0.3 else None),
            umbrella=_UMBRELLAS[rng.integers(len(_UMBRELLAS))],
            street=street_of(rng),
            side=-1 if rng.random() < 0.5 else 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From dry to a downpour; the other law clears the sky."""
        return States(
            source=_State(),
            target=_State(after=True, rain=1.0, opened=1.0, cloud=1.0),
            half=_State(after=True, rain=0.4, opened=0.4, cloud=0.88),
            wrong=_State(after=True, cloud=0.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What is carried."""
        return "umbrella"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """The weather breaks; what people then do is not said."""
        return Words(
            instructions=(
                "The forecast on this morning's radio was right after all. Continue with the next shot of this walk.",
                "Thunder rolls and the clouds finally let go. What does the following shot show?",
                "Follow the same person one minute on, when the street has begun to shine.",
                "The first heavy drops have hit the pavement. Show the walker in the next shot, nearer.",
            ),
            train_instructions=(
                "The sky could hold it no longer. Continue with the person on the pavement.",
                "Show the next shot: the gutters are running and the walker came prepared.",
            ),
            literal="Show the same person nearer, walking in heavy rain under the opened umbrella.",
            expected="A nearer shot of the same person in pouring rain on a wet, shining street, holding the same "
            "umbrella open overhead.",
            preserve=("the walker's hair and clothes", "the colour of the umbrella", "the houses", "the hydrant"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """It goes along, slowly."""
        if not state.after:
            return Camera(x=setup.side * (-8 + 16 * clock.share))
        return framed(WIDTH / 2 + setup.side * (10 + 14 * clock.share), 138, 1.32)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Street, bystanders, walker, rain."""
        with stage.at_depth(0.8):
            stage.static("street", lambda: draw_street(stage, setup.street, cloud=state.cloud, wet=state.rain))
        with stage.at_depth(1):
            stage.static("things", lambda: self._things(stage, setup))
            start = WIDTH / 2 + setup.side * (10 if state.after else -34)
            x = start + setup.side * 26 * clock.share
            beat = clock.time_s * 6.5 + setup.phase
            mood = Mood(joy=0.25 - 0.15 * state.rain, surprise=0.15 * state.rain)
            grip = (setup.side * 15.0, -44.0 - 10 * state.opened)
            free = (-setup.side * (15 + 4 * math.sin(beat)), -36.0)
            left, right = (grip, free) if setup.side < 0 else (free, grip)
            pose = Pose(
                left=left, right=right, turn=0.55 * setup.side, stride=0.75 * math.sin(beat), lean_deg=3 * setup.side,
                gaze=(0.2 * setup.side, -0.4 * (1 - state.opened)),
            )  # fmt: skip
            foot = ROAD_Y - 10
            stage.shadow(stage.oval(x, foot + 1, 28, 5), alpha=0.4, blur=3)
            with stage.moved(x, foot + abs(math.sin(beat)) - 1, scale=1.34):
                if state.opened > 0.05:
                    self._umbrella(stage, setup, state, grip)
                draw_person(stage, setup.walker, pose, mood, part="walker", time_s=clock.time_s, phase=setup.phase,
                            warmth=1 - 0.12 * state.cloud)  # fmt: skip
                if state.opened <= 0.05:
                    self._umbrella(stage, setup, state, grip)
        draw_rain(stage, clock.time_s, state.rain)

    def _umbrella(self, stage: Stage, setup: _Setup, state: _State, grip: tuple[float, float]) -> None:
        # Folded it hangs from the hand, tip down; open it stands over the head.
        turn = 180 + 8 * setup.side if state.opened <= 0.05 else -setup.side * (16 + 30 * (1 - state.opened))
        with stage.moved(grip[0], grip[1], turn_deg=turn, scale=1.28 if state.opened > 0.05 else 0.8):
            draw_umbrella(stage, setup.umbrella, state.opened, part="umbrella")

    def _things(self, stage: Stage, setup: _Setup) -> None:
        x = WIDTH / 2 + setup.side * 118
        stage.shadow(stage.oval(x + 8, ROAD_Y - 16, 18, 4), alpha=0.4, blur=2.5)
        red = linear((x - 9, 0), (x + 9, 0), Rgb.of("#e8604e"), _HYDRANT, Rgb.of("#7a1f18"))
        stage.paint(stage.rect(x - 13, ROAD_Y - 38, 26, 7, radius=3), red, part="hydrant")
        stage.paint(stage.rect(x - 8, ROAD_Y - 46, 16, 30, radius=4), red, part="hydrant")
        stage.paint(stage.rect(x - 11, ROAD_Y - 20, 22, 5, radius=2), red, part="hydrant")
        bench_x = WIDTH / 2 - setup.side * 130
        stage.shadow(stage.oval(bench_x, GROUND_Y + 22, 50, 5), alpha=0.4, blur=3)
        for leg in (-34, 34):
            stage.paint(stage.rect(bench_x + leg - 2, GROUND_Y - 18, 4, 40), flat(Rgb.of("#2e3236")), part="bench")
        for row, y in enumerate((-18, -9, 5)):
            plank = stage.rect(bench_x - 44, GROUND_Y + y, 88, 6 + (row == 2) * 2, radius=1.5)
            stage.paint(
                plank,
                linear((0, GROUND_Y + y), (0, GROUND_Y + y + 8), Rgb.of("#b07c4c"), Rgb.of("#6e4a2a")),
                part="bench",
            )
