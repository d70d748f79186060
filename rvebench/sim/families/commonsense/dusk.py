"""Commonsense: a street, a harbour or a camp by day; in the next shot, after sunset, its lights are on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._crowd import walking
from rvebench.sim.families.commonsense._night import (
    SHORE_Y,
    draw_camp,
    draw_camp_lights,
    draw_harbour,
    draw_harbour_lights,
)
from rvebench.sim.families.commonsense._street import GROUND_Y, ROAD_Y, Street, draw_lamp, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, draw_person, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["DuskLights"]

_Lights = Literal["lighthouse", "street-lamps", "tents"]
_CARS = tuple(Rgb.of(text) for text in ("#b83a34", "#3a6aa8", "#d8d4c8", "#4a8a6a", "#d89a34"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    lights: _Lights
    walker: Look
    street: Street
    car: Rgb
    """Paint of the car, the boat or the first tent."""
    trim: Rgb
    """Paint of the lighthouse, or the second tent."""
    lamps: tuple[float, ...]
    side: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    dusk: float = 0.0
    lit: float = 0.0
    snow: float = 0.0


class DuskLights(Family[_Setup, _State]):
    """When it gets dark, people have their lights on."""

    name = "dusk-lights"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "lighting"
    parts = ("lights", "car", "walker", "postbox", "boat", "bollard", "table")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws place, lamps, paint and walker."""
        first = float(rng.uniform(50, 110))
        kinds = get_args(_Lights)
        car = int(rng.integers(len(_CARS)))
        return _Setup(
            lights=kinds[rng.integers(len(kinds))],
            walker=look_of(rng),
            street=street_of(rng),
            car=_CARS[car],
            trim=_CARS[(car + 1 + int(rng.integers(len(_CARS) - 1))) % len(_CARS)],
            lamps=(first, first + 176, first + 352),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From daylight to lamplight; the other law is winter."""
        return States(
            source=_State(),
            target=_State(after=True, dusk=0.92, lit=1.0),
            half=_State(after=True, dusk=0.46, lit=0.4),
            wrong=_State(after=True, snow=1.0),
            still=_State(after=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What is switched on."""
        return setup.lights

    def words(self, setup: _Setup) -> Words:
        """The hour is implied; what people then do is not said."""
        if setup.lights == "lighthouse":
            return _HARBOUR
        return _CAMP if setup.lights == "tents" else _STREET

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A slow pan; the next shot a bit nearer."""
        pan = setup.side * (-2 + 4 * clock.share)
        if not state.after:
            return Camera(x=pan)
        if setup.lights == "street-lamps":
            return Camera(x=pan + 16 * setup.side, zoom=1.12, focus=(WIDTH / 2, 206))
        return Camera(x=pan, zoom=1.08, focus=(WIDTH / 2, 190))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """The place with what stands still, what moves in it, and the walker."""
        with stage.at_depth(1):
            stage.static("place", lambda: self._place(stage, setup, state))
            if setup.lights == "lighthouse":
                draw_harbour_lights(
                    stage, boat=setup.trim, side=setup.side, dusk=state.dusk, lit=state.lit, time_s=clock.time_s
                )
                self._walker(stage, setup, state, clock, SHORE_Y + 32)
            elif setup.lights == "tents":
                draw_camp_lights(
                    stage, tents=self._tents(setup), side=setup.side, dusk=state.dusk, lit=state.lit,
                    snow=state.snow, time_s=clock.time_s,
                )  # fmt: skip
                self._walker(stage, setup, state, clock, 252)
            else:
                self._walker(stage, setup, state, clock, GROUND_Y + 30)
                self._car(stage, setup, state, clock)
        if state.snow:
            for flake in range(60):
                speed = 46 + 22 * ((flake * 7) % 5) / 5
                y = -10 + (flake * flake * 31.7 + speed * clock.time_s) % 290
                x = (flake * 89.7) % 480 + 8 * math.sin(clock.time_s * 1.6 + flake)
                stage.effect(stage.oval(x, y, 1.2 + 0.9 * (flake % 3) / 2), flat(Rgb(250, 252, 255), alpha=0.9))

    def _tents(self, setup: _Setup) -> tuple[Rgb, ...]:
        return setup.car, setup.trim, mix(setup.car, setup.trim, 0.5)

    def _place(self, stage: Stage, setup: _Setup, state: _State) -> None:
        if setup.lights == "lighthouse":
            draw_harbour(stage, paint=setup.car, side=setup.side, dusk=state.dusk, lit=state.lit, snow=state.snow)
        elif setup.lights == "tents":
            draw_camp(stage, tents=self._tents(setup), side=setup.side, dusk=state.dusk, snow=state.snow)
        else:
            draw_street(stage, setup.street, dusk=state.dusk, lit=state.lit, snow=state.snow)
            self._lamps(stage, setup, state)

    def _lamps(self, stage: Stage, setup: _Setup, state: _State) -> None:
        for x in setup.lamps:
            draw_lamp(stage, x, GROUND_Y + 22, lit=state.lit, part="lights")
        x = setup.lamps[1] + 60
        red = mix(Rgb.of("#c4342c"), Rgb.of("#5a2030"), 0.7 * state.dusk)
        foot = GROUND_Y + 22
        stage.shadow(stage.oval(x + 8, foot, 20, 4), alpha=0.4, blur=2.5)
        body = stage.rect(x - 12, foot - 46, 24, 46, radius=3)
        stage.paint(body, linear((x - 12, 0), (x + 12, 0), shade(red, 1.2), red, shade(red, 0.65)), part="postbox")
        stage.paint(stage.oval(x, foot - 46, 14, 6), flat(shade(red, 1.1)), part="postbox")
        stage.paint(stage.rect(x - 8, foot - 36, 16, 3), flat(Rgb.of("#1c1214")), part="postbox")
        stage.paint(
            stage.rect(x - 6, foot - 28, 12, 9),
            flat(mix(Rgb.of("#f0ead8"), Rgb.of("#6a6878"), state.dusk)),
            part="postbox",
        )

    def _walker(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, foot: float) -> None:
        x = WIDTH / 2 + setup.side * (-70 + 40 * clock.share + (50 if state.after else 0))
        stage.shadow(stage.oval(x + 4, foot + 1, 18, 3.6), alpha=0.4, blur=2.5)
        with stage.moved(x, foot, scale=0.94):
            pose = walking(clock.time_s * 6 + setup.phase, setup.side)
            draw_person(stage, setup.walker, pose, Mood(joy=0.3), part="walker", time_s=clock.time_s,
                        phase=setup.phase, warmth=1 - 0.36 * state.dusk)  # fmt: skip

    def _car(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        way = -setup.side
        x = WIDTH / 2 - way * (130 - 150 * clock.share)
        foot = ROAD_Y + 22 + 0.6 * math.sin(clock.time_s * 14)
        body = mix(setup.car, mix(shade(setup.car, 0.35), Rgb.of("#23284a"), 0.3), state.dusk)
        stage.shadow(stage.oval(x, ROAD_Y + 23, 72, 6), alpha=0.55, blur=3)
        with stage.moved(x, foot):
            if state.lit:
                beam = stage.polygon([(way * 62, -22), (way * 190, -34), (way * 190, 8), (way * 62, -14)])
                stage.effect(
                    beam,
                    linear((way * 60, 0), (way * 190, 0), Rgb(150, 130, 80), Rgb(0, 0, 0), blur=3, alpha=state.lit),
                    add=True,
                )
            roof = stage.curve([(-46, -26), (-30, -50), (-6, -55), (18, -54), (40, -28)])
            stage.paint(roof, linear((0, -56), (0, -24), shade(body, 1.25), body), part="car")
            glass = mix(Rgb.of("#9ec4d8"), Rgb.of("#2c3654"), state.dusk)
            for pane in ([(-36, -29), (-25, -47), (-5, -50), (-5, -29)], [(0, -29), (0, -50), (16, -49), (31, -29)]):
                stage.paint(
                    stage.polygon(pane), linear((0, -50), (0, -29), shade(glass, 1.15), shade(glass, 0.75)), part="car"
                )
            shell = stage.curve(
                [(-64, -8), (-65, -22), (-46, -29), (0, -30), (42, -29), (62, -24), (66, -9), (40, -5), (-40, -5)],
                closed=True,
            )
            stage.paint(shell, linear((0, -30), (0, -4), shade(body, 1.2), body, shade(body, 0.6)), part="car")
            stage.effect(
                stage.curve([(-58, -22), (0, -26), (58, -21)]),
                flat(Rgb(255, 255, 255), alpha=0.3 * (1 - state.dusk), blur=1),
                line=2,
            )
            stage.paint(stage.polygon([(-2, -29), (-2, -7)], closed=False), flat(shade(body, 0.5)), part="car", line=1)
            for wheel in (-38, 38):
                stage.paint(stage.oval(wheel, -6, 12.5), flat(Rgb.of("#18181a")), part="car")
                stage.paint(
                    stage.oval(wheel, -6, 6), flat(mix(Rgb.of("#c4c8cc"), Rgb.of("#4a4e5c"), state.dusk)), part="car"
                )
                for spoke in range(4):
                    turn = way * clock.time_s * 9 + spoke * 1.57
                    spot = stage.oval(wheel + 3.4 * math.cos(turn), -6 + 3.4 * math.sin(turn), 1)
                    stage.paint(spot, flat(Rgb.of("#3a3c40")), part="car")
            lamp = mix(Rgb.of("#d8dce0"), Rgb(255, 248, 214), state.lit)
            stage.paint(stage.oval(way * 61, -18, 4, 4.6), flat(lamp), part="car")
            stage.paint(
                stage.rect(-way * 62 - 3, -21, 6, 6, radius=2),
                flat(mix(Rgb.of("#8a2a26"), Rgb(255, 60, 44), state.lit)),
                part="car",
            )
            if state.lit:
                stage.glow(way * 63, -18, 34, Rgb(255, 236, 180), alpha=0.8 * state.lit)
                stage.glow(-way * 62, -18, 18, Rgb(255, 40, 30), alpha=0.6 * state.lit)


_STREET = Words(
    instructions=(
        "Supper is on the table in most of these houses by now, and the sun went under an hour ago. Continue.",
        "Nobody here likes to find the keyhole by touch. Show the same street a few hours on.",
        "The sun has slipped behind the roofs for good. What does the next shot of this street show?",
        "Follow with a shot of the same corner at the time when the first stars come out.",
    ),
    train_instructions=(
        "The day is over; the town carries on. Continue with the next shot.",
        "Skip ahead to the hour of the evening news and show the street again.",
    ),
    literal="Show the same street after sunset with the street lamps, the windows and the headlights on.",
    expected="The same street under a dark sky with stars: the street lamps throw pools of light, most windows "
    "glow warm and the car drives with its headlights on.",
    preserve=("the houses", "the places of the lamps", "the colour of the car", "the postbox", "the walker"),
)
_HARBOUR = Words(
    instructions=(
        "The sun has gone under behind the headland, and boats still have to find their way in. Continue.",
        "The keeper climbs the stairs once a day, and it is that time now. Show the next shot of this bay.",
        "Follow with the same view at the hour when the first stars stand over the water.",
        "No skipper likes to guess where the rocks are. What does this harbour mouth look like some hours on?",
    ),
    train_instructions=(
        "Evening falls on this coast, and the last boat is not yet home. Continue with the next shot.",
        "Skip ahead to the time when the gulls sleep and show the bay again.",
    ),
    literal="Show the same bay at night with the lighthouse lit and the lamps on the quay and the boat on.",
    expected="The same bay under a dark sky with stars: the lighthouse sends out its turning beam, the lamps on the "
    "quay and the boat's lantern are lit and windows glow on the far shore.",
    preserve=("the lighthouse and its bands", "the boat and its colour", "the quay", "the walker"),
)
_CAMP = Words(
    instructions=(
        "The sun went under an hour ago and nobody at this camp is asleep yet. Continue.",
        "Someone wants to read one more chapter before going to sleep. Show the same meadow a few hours on.",
        "The owls are up and the campers are looking for their toothbrushes. What does the next shot show?",
        "Follow with the same meadow at the time when the first stars come out.",
    ),
    train_instructions=(
        "The day's hike is done and the stars are out. Continue with the next shot of the camp.",
        "Skip ahead to the hour of the bedtime story and show these tents again.",
    ),
    literal="Show the same camp at night with the tents glowing from inside and the string of bulbs lit.",
    expected="The same meadow under a dark sky with stars: the tents glow warm from inside and the string of bulbs "
    "between the poles is lit.",
    preserve=("the colours and places of the tents", "the wood and the hills", "the table", "the walker"),
)
