"""Semantic inference: what guards a crossing when it is the walkers' turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix
from rvebench.sim.families.semantic._crossing_signals import barrier, post, train, warden
from rvebench.sim.families.semantic._crossing_street import COATS, HOUSES, car, child, houses, rails, road
from rvebench.sim.families.semantic._parts import cloud, sky, tree
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CrossingLights"]

_Signal = Literal["crossing-warden", "level-crossing", "traffic-light"]
_SIGNALS: tuple[_Signal, ...] = ("crossing-warden", "level-crossing", "traffic-light")
_CARS = (Rgb.of("#d24a3f"), Rgb.of("#3f7fc0"), Rgb.of("#e0a63a"), Rgb.of("#5a9a6a"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    car: Rgb
    coat: Rgb
    houses: int
    evening: float
    walker: str
    phase: float
    signal: _Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    turn: Literal["traffic", "changing", "walkers", "broken"]
    """Whose turn it is; broken is the wrong law: a power cut, or no warden on duty."""


class CrossingLights(Family[_Setup, _State]):
    """When walkers may cross, whatever guards the crossing says so, and the traffic waits or is gone."""

    name = "crossing-lights"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "signal"
    parts = ("drivers-signal", "walkers-signal", "car", "child", "houses", "tree")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the street, the car and the child."""
        return _Setup(
            side=1.0 if rng.random() < 0.5 else -1.0,
            car=_CARS[rng.integers(len(_CARS))],
            coat=COATS[rng.integers(len(COATS))],
            houses=int(rng.integers(len(HOUSES))),
            evening=float(rng.random()),
            walker=("child", "boy", "girl", "schoolchild")[rng.integers(4)],
            phase=float(rng.uniform(0, 6.28)),
            signal=_SIGNALS[rng.integers(len(_SIGNALS))],
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the traffic's turn to the walkers'."""
        return States(
            source=_State(turn="traffic"),
            target=_State(turn="walkers"),
            half=_State(turn="changing"),
            wrong=_State(turn="broken"),
        )

    def objects(self, setup: _Setup) -> str:
        """What guards the crossing."""
        return setup.signal

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a colour, a figure, a gesture or the halt."""
        who = setup.walker
        keeps = (f"the {who} at the kerb", "the houses", "the tree", "the clouds")
        if setup.signal == "level-crossing":
            return Words(
                instructions=(
                    f"Now it is perfectly safe and legal for the {who} to cross. Make the place agree.",
                    f"The last train of the hour has been and gone; the {who} need not wait any longer.",
                    "The right of way has just passed from the railway to the people on the path.",
                    f"In the next moment the {who} may step onto the planks without breaking any rule.",
                ),
                train_instructions=(
                    f"Everything at this crossing should tell the {who}: your turn.",
                    "The railway is done here for now, and those on foot go first.",
                    f"Nothing holds the {who} back from the other side any more.",
                ),
                literal="Raise the barrier, switch off its red lamps, and take the train away.",
                expected="The barrier stands upright, its red lamps are dark, and no train is on the track; "
                f"the {who} still waits at the kerb.",
                preserve=(*keeps, "the track and the planks", "the place of the barrier's post", "the camera"),
            )
        if setup.signal == "crossing-warden":
            return Words(
                instructions=(
                    f"Now it is perfectly safe and legal for the {who} to cross. Make the street agree.",
                    f"The warden has noticed the {who} and does what a warden is there for.",
                    "The right of way has just passed from the drivers to the people at the kerb.",
                    f"In the next moment the {who} may step onto the stripes without breaking any rule.",
                ),
                train_instructions=(
                    f"The warden sees to it that it is the {who}'s turn.",
                    "Those on foot go first now; what do the warden and the traffic do?",
                ),
                literal="Move the warden onto the road beside the stripes with the stop sign held up and one arm out, "
                "and make the car stand before the crossing.",
                expected="The warden stands on the road beside the stripes and holds the stop sign up toward the car, "
                f"which stands before the crossing; the {who} still waits at the kerb.",
                preserve=(*keeps, "the look of the warden", "the stripes", "the camera"),
            )
        return Words(
            instructions=(
                f"Now it is perfectly safe and legal for the {who} to cross. Make the street agree.",
                f"The {who} has pressed the button and waited long enough; the crossing now belongs to those on foot.",
                "The right of way has just passed from the drivers to the people at the kerb.",
                f"In the next moment the {who} may step onto the stripes without breaking any rule.",
            ),
            train_instructions=(
                f"Everything in this street should tell the {who}: your turn.",
                "Those on foot go first now; what do the lights and the traffic do?",
            ),
            literal="Turn the drivers' light red and the walkers' signal to the green walking figure, "
            "and make the car stand before the crossing.",
            expected="The drivers' signal is red, the other shows the green walking figure, and the car stands "
            f"before the stripes; the {who} still waits at the kerb.",
            preserve=(*keeps, "the signal post's place", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Sun over the houses."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.66 - 0.14 * setup.evening)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Drifts a little along the kerb."""
        return Camera(x=setup.side * (5 * clock.share - 2.5))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, houses, road, car, child, signal post."""
        top = mix(Rgb.of("#5f9fd8"), Rgb.of("#7a7fb4"), setup.evening)
        low = mix(Rgb.of("#dcedf4"), Rgb.of("#f7cfa2"), setup.evening)
        with stage.at_depth(0.0), stage.clipped(stage.rect(0, 0, WIDTH, 152)):
            stage.static("sky", lambda: sky(stage, top, mix(top, low, 0.6), low))
        with stage.at_depth(0.2):
            for index, x in enumerate((90.0, 300.0)):
                cloud(stage, x + 6 * clock.time_s, 24 + 16 * index, 20, mix(Rgb(255, 255, 255), low, 0.3))
        with stage.at_depth(0.7):
            with stage.clipped(stage.rect(-64, -64, WIDTH + 128, 224)):
                stage.static("houses", lambda: houses(stage, setup.houses, setup.evening))
            sway = 3 * math.sin(1.9 * clock.time_s + setup.phase)
            tree(stage, 240 + setup.side * 26, 150, 74, Rgb.of("#6f9a4a"), sway, part="tree")
        with stage.at_depth(1.0):
            if setup.signal == "level-crossing":
                self._railway(stage, setup, state, clock)
            else:
                self._road(stage, setup, state, clock)

    def _railway(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, time_s = setup.side, clock.time_s
        with stage.clipped(stage.rect(-64, 146, WIDTH + 128, 200)):
            stage.static("rails", lambda: rails(stage, side))
        broken = state.turn == "broken"
        if state.turn in ("traffic", "broken"):
            train(stage, side, setup.car, broken, time_s)
        raised = {"traffic": 0.0, "changing": 0.5, "walkers": 1.0, "broken": 0.0}[state.turn]
        barrier(stage, side, raised, state.turn in ("traffic", "changing"), time_s)
        child(stage, side, setup.coat, time_s, setup.phase)

    def _road(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, time_s = setup.side, clock.time_s
        with stage.clipped(stage.rect(-64, 146, WIDTH + 128, 200)):
            stage.static("road", lambda: road(stage, side))
        stopped = state.turn in ("changing", "walkers")
        if setup.signal == "traffic-light":
            car(stage, side, setup.car, stopped, time_s)
            child(stage, side, setup.coat, time_s, setup.phase)
            lamp = {"traffic": 2, "changing": 1, "walkers": 0, "broken": -1}[state.turn]
            post(stage, side, lamp, state.turn == "walkers")
            return
        car(stage, side, setup.car, stopped, time_s)
        if stopped:
            place = (240 + side * 34, 222.0) if state.turn == "walkers" else (240 + side * 26, 234.0)
            warden(stage, place, side, 1.0 if state.turn == "walkers" else 0.6, time_s, setup.phase)
        child(stage, side, setup.coat, time_s, setup.phase)
        if state.turn == "traffic":
            warden(stage, (240 - side * 126, 255.0), side, 0.0, time_s, setup.phase)
