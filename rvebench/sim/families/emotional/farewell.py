"""Emotional: two say goodbye; in the next shot a train, a bus or a ship has left with one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, person_of, veil
from rvebench.sim.families.emotional._stations import (
    EDGE_Y,
    draw_air,
    draw_clock_post,
    draw_station,
    draw_suitcase,
    draw_water,
)
from rvebench.sim.families.emotional._vehicles import VEHICLES, Vehicle, draw_bus, draw_ship, draw_train
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PlatformFarewell"]

_TONES = tuple(Rgb.of(text) for text in ("#2f5f4a", "#7a2f38", "#2f4a78", "#a8772c"))
_SCARFS = tuple(Rgb.of(text) for text in ("#c8402f", "#2f6f9c", "#e0b040"))
_STAYS_X, _FOOT_Y = WIDTH / 2 - 52, 258.0
_DRAW = {"bus": draw_bus, "ship": draw_ship, "train": draw_train}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    stays: Look
    leaves: Look
    heights: tuple[float, float]
    """Of the two, as shares of the tallest."""
    vehicle: Vehicle
    tone: Rgb
    evening: float
    side: int
    """Which way the vehicle goes: -1 left, 1 right; the whole scene is mirrored."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: bool = False
    """The following, nearer shot."""
    gone: bool = False
    """The vehicle moves off."""
    sadness: float = 0.15
    joy: float = 0.3


class PlatformFarewell(Family[_Setup, _State]):
    """Whoever stays behind looks after what carries the other off."""

    name = "platform-farewell"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "parting"
    parts = ("stays", "leaves", "vehicle", "suitcase", "clock")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the vehicle, the two and the hour."""
        vehicle = VEHICLES[int(rng.integers(len(VEHICLES)))]
        stays = person_of(rng, "adult", "elder")
        scarfs = [tone for tone in _SCARFS if abs(tone.r - stays.top.r) + abs(tone.b - stays.top.b) > 70]
        return _Setup(
            stays=replace(stays, scarf=scarfs[rng.integers(len(scarfs))], glasses=False),
            leaves=person_of(rng, "adult", "elder"),
            heights=(float(rng.uniform(0.92, 1.0)), float(rng.uniform(0.92, 1.0))),
            vehicle=vehicle,
            tone=_TONES[rng.integers(len(_TONES))],
            evening=float(rng.random()),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a goodbye to tears; by the other law nobody has to leave."""
        return States(
            source=_State(),
            target=_State(near=True, gone=True, sadness=1.0, joy=0.0),
            half=_State(near=True, gone=True, sadness=0.5, joy=0.0),
            wrong=_State(near=True, sadness=0.0, joy=1.0),
            still=_State(near=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What carries one of them off."""
        return setup.vehicle

    def words(self, setup: _Setup) -> Words:
        """The parting is told, the face is not."""
        return _WORDS[setup.vehicle]

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Low from the far end."""
        return Light(azimuth=0.6 * setup.side, elevation=0.55)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Wide, then near."""
        if not state.near:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2 + setup.side * 12, 133 if setup.vehicle == "ship" else 142, 1.46 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Station, vehicle, clock, people."""
        mirror = stage.moved(WIDTH if setup.side < 0 else 0, 0, scale=setup.side, scale_y=1)
        with stage.at_depth(1), mirror:
            stage.static("station", lambda: self._still(stage, setup, state))
            self._vehicle(stage, setup, state, clock)
            draw_clock_post(stage, setup.phase, clock.time_s)
            draw_air(stage, setup.vehicle, clock.time_s)
            self._people(stage, setup, state, clock)

    def _still(self, stage: Stage, setup: _Setup, state: _State) -> None:
        draw_station(stage, setup.vehicle, setup.evening)
        if state.gone:
            veil(stage, Mood(sadness=state.sadness, joy=state.joy))

    def _vehicle(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        def passenger(x: float, y: float, scale: float) -> None:
            wave = 5 * math.sin(clock.time_s * 8)
            pose = Pose(left=(-22 + wave, -88), turn=-0.5, slump=0.4 * state.sadness)
            mood = Mood(sadness=0.5 * state.sadness, joy=0.5 * state.joy)
            with stage.moved(x, y, scale=scale):
                draw_person(stage, setup.leaves, pose, mood, part="leaves", time_s=clock.time_s, phase=1.0)

        run = 8 + 11 * clock.time_s + 5 * clock.time_s**2 if state.gone else 0.0
        with stage.clipped(stage.rect(-128, -128, WIDTH + 256, EDGE_Y[setup.vehicle] + 128)):
            if setup.vehicle == "ship":
                draw_water(stage, clock.time_s, near=False)
            _DRAW[setup.vehicle](stage, setup.tone, run, clock.time_s, passenger if state.gone else None)
            if setup.vehicle == "ship":
                draw_water(stage, clock.time_s, near=True, wake=1.0 if state.gone else 0.0)

    def _people(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, y = _STAYS_X, _FOOT_Y
        cheer = 0.0 if state.gone else max(0.0, state.joy - 0.3) / 0.7
        mine, theirs = (1.5 * height for height in setup.heights)
        if not state.gone:
            draw_suitcase(stage, WIDTH / 2 + 76)
            other = x + 78
            pat = 1.4 * math.sin(clock.time_s * 5)
            raised = (14 + 13 * cheer, -36 - 62 * cheer + 4 * cheer * math.sin(clock.time_s * 8))
            pose = Pose(left=(-23 - pat, -54), right=raised, turn=-0.6, tilt_deg=-3)
            stage.shadow(stage.oval(other + 5, y + 1, 28, 5), alpha=0.4, blur=3)
            with stage.moved(other, y, scale=theirs):
                mood = Mood(joy=0.35 + 0.65 * cheer, sadness=0.2 * (1 - cheer))
                draw_person(stage, setup.leaves, pose, mood, part="leaves", time_s=clock.time_s,
                            phase=setup.phase + 2)  # fmt: skip
        sad = state.sadness
        wave = 4 * math.sin(clock.time_s * (4 + 5 * state.joy)) if state.gone else 0.0
        near = (27.0 + wave, -84 - 14 * state.joy + 10 * sad) if state.gone else (23.0, -52.0)
        pose = Pose(
            left=(-14.0 - 13 * cheer, -35.0 - 63 * cheer + (0.8 * sad + 4 * cheer) * math.sin(clock.time_s * 7)),
            right=near,
            turn=0.35 if state.gone else 0.5, slump=1.1 * (sad - 0.15), tilt_deg=-6 * sad if state.gone else 2.0,
            gaze=(0.6, 0.1),
        )  # fmt: skip
        stage.shadow(stage.oval(x + 5, y + 1, 28, 5), alpha=0.4, blur=3)
        with stage.moved(x, y, scale=mine):
            draw_person(stage, setup.stays, pose, Mood(sadness=sad, joy=state.joy), part="stays",
                        time_s=clock.time_s, phase=setup.phase)  # fmt: skip


_WORDS: dict[Vehicle, Words] = {
    "train": Words(
        instructions=(
            "The whistle blows, and it will be a year before these two meet again. Cut to the one who stays.",
            "The doors close between two people who cannot bear to be apart. Show the next shot on the platform.",
            "One ticket, two friends. Continue with the person in the scarf as the wheels begin to turn.",
            "It was their last day together for a long time. What does the camera find once the carriage moves?",
        ),
        train_instructions=(
            "The signal turns green and only one of them is on board. Follow with a nearer shot.",
            "A hand at the window grows smaller. Show the person on the platform.",
        ),
        literal="Show the person in the scarf nearer, alone and in tears, waving weakly while the train leaves.",
        expected="A nearer shot: the same person in the scarf stands alone, sad and in tears with hanging "
        "shoulders, one hand raised to wave, while the train moves off with the other behind a window.",
        preserve=("hair, scarf and clothes of the one who stays", "the train's colour", "the station"),
    ),
    "bus": Words(
        instructions=(
            "The driver shuts the door, and the new job is five hundred miles away. Cut to the one who stays.",
            "The indicator blinks, and these two have never been apart before. Show the next shot at the stop.",
            "One of them has a seat on the night line, the other has a long walk back. Continue with the scarf.",
            "It is the last bus before a very long winter. What does the camera find once it pulls out?",
        ),
        train_instructions=(
            "The engine starts with only one of the two inside. Follow with a nearer shot of the pavement.",
            "A palm is pressed to the pane, then the street is longer than the look. Show the one at the stop.",
        ),
        literal="Show the person in the scarf nearer, alone and in tears, waving weakly while the bus drives off.",
        expected="A nearer shot: the same person in the scarf stands alone on the pavement, sad and in tears with "
        "hanging shoulders, one hand raised to wave, while the bus drives off with the other behind a window.",
        preserve=("hair, scarf and clothes of the one who stays", "the bus's colour", "the street"),
    ),
    "ship": Words(
        instructions=(
            "The ropes are cast off, and there is an ocean to cross. Cut to the one who stays on the quay.",
            "The gangway is pulled in between two people who meant to grow old together. Show the next shot.",
            "One passage was all the savings allowed. Continue with the person in the scarf as the water widens.",
            "The horn sounds for those who emigrate. What does the camera find on the quay?",
        ),
        train_instructions=(
            "The anchor is up with only one of the two on deck. Follow with a nearer shot of the quay.",
            "Letters will take six weeks from where this steamer is bound. Show the one who is left on land.",
        ),
        literal="Show the person in the scarf nearer, alone and in tears, waving weakly while the ship leaves.",
        expected="A nearer shot: the same person in the scarf stands alone on the quay, sad and in tears with hanging "
        "shoulders, one hand raised to wave, while the ship sails off with the other at the railing.",
        preserve=("hair, scarf and clothes of the one who stays", "the ship's colour", "the harbour"),
    ),
}
