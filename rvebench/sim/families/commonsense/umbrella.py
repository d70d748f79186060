"""Commonsense: someone is on the way under heavy clouds; the next shot is a minute later, in the rain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.families.commonsense._crowd import AT_REST, walking
from rvebench.sim.families.commonsense._shelter import draw_convertible, draw_newspaper
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
from rvebench.sim.stage import WIDTH, Camera, Point, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["RainUmbrella"]

_Cover = Literal["convertible", "newspaper", "umbrella"]
_PAINTS = tuple(Rgb.of(text) for text in ("#c8353f", "#2f6fb0", "#e0a52a", "#3f9a78", "#7d4aa0"))
_HYDRANT = Rgb.of("#c23a2e")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    cover: _Cover
    walker: Look
    """Who walks, or drives."""
    paint: Rgb
    """Of the umbrella or the car."""
    street: Street
    side: int
    """Where the way goes: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    rain: float = 0.0
    opened: float = 0.0
    """How far the umbrella is open, the newspaper spread overhead, or the roof shut."""
    cloud: float = 0.75


class RainUmbrella(Family[_Setup, _State]):
    """Rain sets in, and people shelter under what they have with them."""

    name = "rain-umbrella"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "shelter"
    parts = ("walker", "cover", "hydrant", "bench", "car")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws walker, street and what is at hand."""
        kinds = get_args(_Cover)
        return _Setup(
            cover=kinds[rng.integers(len(kinds))],
            walker=replace(look_of(rng), coat=Rgb.of("#7a5c40") if rng.random() < 0.3 else None),
            paint=_PAINTS[rng.integers(len(_PAINTS))],
            street=street_of(rng),
            side=-1 if rng.random() < 0.5 else 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From dry to a downpour; the other law clears the sky."""
        return States(
            source=_State(),
            target=_State(after=True, rain=1.0, opened=1.0, cloud=1.0),
            half=_State(after=True, rain=0.4, opened=0.38, cloud=0.88),
            wrong=_State(after=True, cloud=0.0),
            still=_State(after=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What is at hand."""
        return setup.cover

    def words(self, setup: _Setup) -> Words:
        """The weather breaks; what people then do is not said."""
        return {"convertible": _DRIVE, "newspaper": _PAPER, "umbrella": _WALK}[setup.cover]

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """It goes along, slowly."""
        if not state.after:
            return Camera(x=setup.side * (-8 + 16 * clock.share))
        if setup.cover == "convertible":
            return framed(WIDTH / 2 + setup.side * (-6 + 14 * clock.share), 166, 1.24)
        return framed(WIDTH / 2 + setup.side * (10 + 14 * clock.share), 131, 1.3)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Street and its things, who is on the way, rain."""
        with stage.at_depth(1):
            stage.static("street", lambda: self._street(stage, setup, state))
            if setup.cover == "convertible":
                self._car(stage, setup, state, clock)
            else:
                self._walker(stage, setup, state, clock)
        draw_rain(stage, clock.time_s, state.rain)

    def _street(self, stage: Stage, setup: _Setup, state: _State) -> None:
        draw_street(stage, setup.street, cloud=state.cloud, wet=state.rain)
        self._things(stage, setup)

    def _car(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x = WIDTH / 2 + setup.side * (-34 + 56 * clock.share)
        y = ROAD_Y + 22 + 0.5 * math.sin(clock.time_s * 13)
        stage.shadow(stage.oval(x, ROAD_Y + 22, 108, 7), alpha=0.55, blur=4)

        def driver() -> None:
            pose = Pose(left=(8, -40), right=(20, -46), turn=0.6, gaze=(0.4, 0.0))
            draw_person(stage, setup.walker, pose, self._mood(state), part="walker", time_s=clock.time_s,
                        phase=setup.phase)  # fmt: skip

        with stage.moved(x, y, scale=setup.side, scale_y=1):
            draw_convertible(
                stage, setup.paint, closed=state.opened, rain=state.rain, time_s=clock.time_s, driver=driver
            )
        for drop in range(round(9 * state.rain)):
            age = (clock.time_s * 2.6 + drop * 0.41) % 1
            wheel = x + setup.side * (-62 if drop % 2 else 62)
            spray = stage.oval(
                wheel - setup.side * (16 + 20 * age), ROAD_Y + 20 - 12 * age + 9 * age * age, 1.6 + 2 * age
            )
            stage.effect(spray, flat(Rgb(222, 232, 240), alpha=0.5 * (1 - age), blur=0.6))

    def _mood(self, state: _State) -> Mood:
        return Mood(joy=0.25 - 0.15 * state.rain, surprise=0.15 * state.rain)

    def _walker(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, paper = setup.side, setup.cover == "newspaper"
        x = WIDTH / 2 + side * ((10 if state.after else -34) + 26 * clock.share)
        beat = clock.time_s * (8 if paper and state.rain else 6.5) + setup.phase
        grip: Point = (AT_REST[0] + 1, AT_REST[1])
        if state.opened and not paper:
            grip = (15.0, -44.0 - 12 * state.opened)
        pose = replace(walking(beat, side, hand=grip, side=side), gaze=(0.2 * side, -0.4 * (1 - state.opened)))
        if paper and state.opened:
            # Both hands go up to hold it; half way they are before the chest.
            hand = (19.0 - 2 * state.opened, -36.0 - 57 * state.opened)
            pose = replace(pose, left=(-hand[0], hand[1]), right=hand, slump=0.1 * state.rain)
        foot = ROAD_Y - 10
        stage.shadow(stage.oval(x, foot + 1, 28, 5), alpha=0.4, blur=3)
        with stage.moved(x, foot + abs(math.sin(beat)) - 1, scale=1.34):
            over = not paper and state.opened > 0.05
            if over:
                with stage.moved(side * grip[0], grip[1], turn_deg=-side * 11, scale=1.46):
                    draw_umbrella(stage, setup.paint, state.opened, part="cover")
            draw_person(stage, setup.walker, pose, self._mood(state), part="walker", time_s=clock.time_s,
                        phase=setup.phase, warmth=1 - 0.12 * state.cloud)  # fmt: skip
            if paper:
                middle = (
                    (1.5 * side, -34 - 67.5 * state.opened) if state.opened else (side * (grip[0] + 1), grip[1] + 3)
                )
                with stage.moved(*middle):
                    draw_newspaper(stage, state.opened, state.rain)
            elif not over:
                # Folded it hangs from the hand, tip down.
                with stage.moved(side * grip[0], grip[1], turn_deg=180 + 8 * side, scale=0.7):
                    draw_umbrella(stage, setup.paint, 0, part="cover")

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


_WALK = Words(
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
_PAPER = Words(
    instructions=(
        "The forecast on page two was right, and the umbrella is at home. Continue with the next shot of this walk.",
        "The clouds let go, and a fresh haircut is worth more than the news. What does the following shot show?",
        "Follow the same person one minute on, when the gutters have begun to run; there is no doorway near.",
        "The first heavy drops hit the pavement. Show this reader in the next shot, nearer and in a hurry.",
    ),
    train_instructions=(
        "The sky could hold it no longer, and this person has nothing else at hand. Continue.",
        "Show the next shot: the street has begun to shine, and today's paper is about to be of use.",
    ),
    literal="Show the same person nearer, hurrying through heavy rain with the newspaper held over the head.",
    expected="A nearer shot of the same person hurrying in pouring rain on a wet, shining street, both hands holding "
    "the spread newspaper over the head.",
    preserve=("the walker's hair and clothes", "the newspaper", "the houses", "the hydrant"),
)
_DRIVE = Words(
    instructions=(
        "The forecast on the car radio was right after all. Continue with the next shot of this drive.",
        "Thunder rolls and the clouds finally let go; the seats are of good leather. What does the next shot show?",
        "Follow the same car one minute on, when the street has begun to shine.",
        "The first heavy drops hit the windscreen. Show this driver in the next shot, nearer.",
    ),
    train_instructions=(
        "The sky could hold it no longer. Continue with the car on the road.",
        "Show the next shot: the gutters are running, and the driver likes dry shoulders.",
    ),
    literal="Show the same car nearer, driving in heavy rain with its roof closed and the wiper going.",
    expected="A nearer shot of the same car in pouring rain on a wet, shining street with its cloth roof closed over "
    "the driver and the wiper at work.",
    preserve=("the driver's hair and clothes", "the colour of the car", "the houses", "the hydrant"),
)
