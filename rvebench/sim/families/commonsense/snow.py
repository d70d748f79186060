"""Commonsense: someone indoors looks out at snow, rain or a beach; the next shot is outside."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.families.commonsense._crowd import walking
from rvebench.sim.families.commonsense._hall import Weather, draw_flakes, draw_hall, draw_outlook
from rvebench.sim.families.commonsense._outdoors import draw_beach, draw_duck, draw_snowman, draw_surf
from rvebench.sim.families.commonsense._outfits import Outfit, draw_hanging, draw_worn, draw_worn_behind, worn_by
from rvebench.sim.families.commonsense._street import GROUND_Y, ROAD_Y, Street, draw_rain, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["SnowCoat"]

_COATS = tuple(Rgb.of(text) for text in ("#8a3038", "#2f5478", "#3f6a4c", "#b07a34"))
_OILSKINS = tuple(Rgb.of(text) for text in ("#f2c230", "#e8742e", "#3f8fb0", "#c83a4a"))
_KNITS = tuple(Rgb.of(text) for text in ("#e8c44a", "#e07a4a", "#7ab8d8", "#d8607a"))
_WALLS = tuple(Rgb.of(text) for text in ("#c8b08c", "#a8b8ac", "#c0a8a8", "#a8b0c4"))
_WEATHERS: dict[Outfit, Weather] = {"raincoat": "rain", "swimsuit": "sun", "winter-coat": "snow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    outfit: Outfit
    person: Look
    main: Rgb
    """Of the coat or the swimsuit."""
    extra: Rgb
    """Of scarf and cap, rain hat and boots, or swim ring."""
    wall: Rgb
    street: Street
    side: int
    """Where the door is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    outside: bool = False
    dressed: bool = False
    extras: bool = False
    other: bool = False
    """Other weather than the door showed, and nothing put on for it."""


class SnowCoat(Family[_Setup, _State]):
    """Whoever goes out wears what hangs on the hooks for such weather."""

    name = "snow-coat"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "dress"
    parts = ("person", "garments", "door", "landmark", "vase")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws person, wardrobe, hall and street."""
        kinds = get_args(Outfit)
        outfit = kinds[rng.integers(len(kinds))]
        person = replace(look_of(rng), glasses=False)
        # A garment of the colour of what is under it would not be seen to have been put on.
        tones = _COATS if outfit == "winter-coat" else _OILSKINS
        mains = [tone for tone in tones if math.dist(tone, person.top) > 90]
        main, knit = int(rng.integers(len(mains))), int(rng.integers(len(_KNITS)))
        other = mains[(main + 1) % len(mains)]
        return _Setup(
            outfit=outfit,
            person=person,
            main=mains[main],
            extra=_KNITS[knit] if outfit == "winter-coat" else other if outfit == "swimsuit" else mains[main],
            wall=_WALLS[rng.integers(len(_WALLS))],
            street=street_of(rng),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the hall to the open, dressed for it; half dressed; in the wrong weather."""
        return States(
            source=_State(),
            target=_State(outside=True, dressed=True, extras=True),
            half=_State(outside=True, extras=True),
            wrong=_State(outside=True, other=True),
            still=_State(outside=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What hangs on the hook."""
        return setup.outfit

    def words(self, setup: _Setup) -> Words:
        """That one dresses for it is not said."""
        return {"raincoat": _RAIN, "swimsuit": _BEACH, "winter-coat": _SNOW}[setup.outfit]

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A still hall, then a slow walk along."""
        if not state.outside:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2 + setup.side * (4 + 16 * clock.share), 146, 1.3)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Hall or open air."""
        with stage.at_depth(1):
            if state.outside:
                self._outside(stage, setup, state, clock)
            else:
                self._inside(stage, setup, clock)
        weather = self._weather(setup, state)
        if state.outside and weather == "snow":
            draw_flakes(stage, clock.time_s, 60, left=-20, wide=520, tall=280)
        elif state.outside and weather == "rain":
            draw_rain(stage, clock.time_s, 1.0)

    def _weather(self, setup: _Setup, state: _State) -> Weather:
        weather = _WEATHERS[setup.outfit]
        return weather if not state.other else "snow" if weather == "sun" else "sun"

    def _inside(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        side = setup.side

        def hall() -> None:
            draw_hall(stage, wall_tone=setup.wall, rug_tone=setup.main, side=side)
            draw_hanging(stage, setup.outfit, setup.main, setup.extra, WIDTH / 2 - side * 120)

        stage.static("hall", hall)
        front = setup.street.houses[0].front
        draw_outlook(stage, _WEATHERS[setup.outfit], front, side=side, time_s=clock.time_s)
        x = WIDTH / 2 + side * 22
        breath = 1.5 * math.sin(clock.time_s * 1.9 + setup.phase)
        near, far = (side * 17.0, -46.0 + breath), (-side * 14.0, -31.6)
        left, right = (near, far) if side < 0 else (far, near)
        pose = Pose(left=left, right=right, turn=0.7 * side, tilt_deg=breath, gaze=(0.7 * side, -0.2))
        stage.shadow(stage.oval(x - side * 8, 251, 36, 6), alpha=0.4, blur=3)
        with stage.moved(x, 250, scale=1.55):
            draw_person(stage, setup.person, pose, Mood(joy=0.35, surprise=0.15), part="person", time_s=clock.time_s,
                        phase=setup.phase)  # fmt: skip

    def _open_air(self, stage: Stage, setup: _Setup, weather: Weather) -> None:
        if weather == "sun" and setup.outfit == "swimsuit":
            draw_beach(stage, parasol=setup.extra, side=setup.side)
            return
        snow, rain = float(weather == "snow"), float(weather == "rain")
        draw_street(stage, setup.street, cloud=0.35 * snow + 0.95 * rain, snow=snow, wet=rain)
        if snow:
            draw_snowman(stage, WIDTH / 2 + setup.side * 112, GROUND_Y + 34, side=setup.side)
            for step in range(7):
                print_x = WIDTH / 2 + setup.side * (-34 - 17 * step)
                foot = stage.oval(print_x, ROAD_Y - 12 + 4 * (step % 2), 5, 1.8)
                stage.shadow(foot, alpha=0.25, blur=0.8, colour=Rgb(70, 90, 120))

    def _outside(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, weather = setup.side, self._weather(setup, state)
        stage.static("open", lambda: self._open_air(stage, setup, weather))
        if weather == "sun" and setup.outfit == "swimsuit":
            draw_surf(stage, clock.time_s)
        elif weather == "rain":
            draw_duck(stage, WIDTH / 2 + side * 112, GROUND_Y + 32, side=-side, time_s=clock.time_s)
        look = worn_by(setup.person, setup.outfit, setup.main, setup.extra, dressed=state.dressed, extras=state.extras)
        beat = clock.time_s * 6 + setup.phase
        pose = walking(beat, side)
        if setup.outfit == "swimsuit" and state.extras:
            # Both hands hold the ring.
            pose = replace(pose, left=(-21.0, -45.0), right=(21.0, -45.0))
        x = WIDTH / 2 + side * (-22 + 26 * clock.share)
        stage.shadow(stage.oval(x + 5, ROAD_Y - 9, 28, 5), alpha=0.35, blur=3)
        with stage.moved(x, ROAD_Y - 10, scale=1.4):
            draw_worn_behind(stage, setup.outfit, setup.extra, extras=state.extras)
            draw_person(stage, look, pose, Mood(joy=0.55), part="person", time_s=clock.time_s, phase=setup.phase)
            draw_worn(stage, setup.outfit, setup.main, setup.extra, pose, dressed=state.dressed, extras=state.extras)
            if weather == "snow":
                puff = (clock.time_s * 0.9 + setup.phase) % 1
                mist = stage.oval(side * (14 + 14 * puff), -78 - 6 * puff, 3 + 6 * puff, 2 + 4 * puff)
                stage.effect(mist, flat(Rgb(255, 255, 255), alpha=0.5 * (1 - puff), blur=2))


_SNOW = Words(
    instructions=(
        "A snowman will not build itself, and it is ten below zero. Continue with the next shot, outdoors.",
        "The bakery is two streets away and the thermometer has not moved all morning. Show what follows.",
        "Follow this sensible person out through the door on a day like this.",
        "The key turns and the walk begins; nobody wants to catch a cold. What does the next shot show?",
    ),
    train_instructions=(
        "It is time to leave the warm hall. Continue on the other side of the door.",
        "Show the following shot in the street, with the same person and today's weather.",
    ),
    literal="Show the same person outside in the snow, wearing the coat, the scarf and the cap from the hooks.",
    expected="Outside in a snowy street the same person wears the coat, the scarf and the knitted cap that "
    "hung on the hooks; snow falls.",
    preserve=("the person's face and hair", "the colours of coat, scarf and cap", "the weather"),
)
_RAIN = Words(
    instructions=(
        "The dog of the neighbours must be fed, and it is pouring. Continue with the next shot, outdoors.",
        "The bakery is two streets away and the gutters have run over since breakfast. Show what follows.",
        "Follow this sensible person out through the door on such a wet morning.",
        "The key turns and the walk begins; ducks alone like it this wet. What does the next shot show?",
    ),
    train_instructions=(
        "It is time to leave the dry hall. Continue on the other side of the door.",
        "Show the following shot on the pavement, with the same person and this morning's weather.",
    ),
    literal="Show the same person outside in the rain, wearing the raincoat, the rain hat and the boots from the hall.",
    expected="Outside in a wet street the same person wears the raincoat, the rain hat and the rubber boots that were "
    "in the hall; rain falls.",
    preserve=("the person's face and hair", "the colours of coat, hat and boots", "the weather"),
)
_BEACH = Words(
    instructions=(
        "The water is as warm as it gets and the sand is twenty steps away. Continue with the next shot, outdoors.",
        "School is out, the tide is in and the others are waiting by the waves. Show what follows.",
        "Follow this person out through the door on the first day of the holidays.",
        "The key turns, and the sea is calling. What does the next shot show?",
    ),
    train_instructions=(
        "It is time to leave the cool hall. Continue on the other side of the door.",
        "Show the following shot by the water, with the same person on the hottest day of the year.",
    ),
    literal="Show the same person on the beach, wearing the swimsuit and the straw hat and carrying the swim ring.",
    expected="On the beach the same person wears the swimsuit and the straw hat that hung on the hooks, with the swim "
    "ring around the waist; the sea is behind.",
    preserve=("the person's face and hair", "the colours of swimsuit and ring", "the weather"),
)
