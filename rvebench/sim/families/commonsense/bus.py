"""Commonsense: people wait at a stop while a bus, a tram or a ferry comes; the next shot is when it stands there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.families.commonsense._crowd import people_of, standing
from rvebench.sim.families.commonsense._street import ROAD_Y, Street, draw_rain, draw_street, street_of
from rvebench.sim.families.commonsense._vehicles import DOOR_X, WIRE_Y, Vehicle, draw_vehicle
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, ease
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BusBoarding"]

_BODIES = tuple(Rgb.of(text) for text in ("#c8392f", "#2f74b8", "#e0a32c", "#3c9668"))
_NEAR_Y = ROAD_Y + 34
"""The pavement on the viewer's side, where people wait: its things stand a little above this."""
_BASE_Y = ROAD_Y - 3
"""Where the vehicle stands."""
_HALT_X = 108.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    vehicle: Vehicle
    people: tuple[Look, ...]
    body: Rgb
    street: Street
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: bool = False
    """The following shot."""
    vehicle: float = 0.0
    """0 coming, 1 at the stop, -1 away."""
    boarded: int = 0
    """How many of those who waited are inside; while there is none, nobody goes to the door."""
    rain: float = 0.0


class BusBoarding(Family[_Setup, _State]):
    """What comes halts, its door opens, and those who waited get in."""

    name = "bus-boarding"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "board"
    parts = ("vehicle", "passengers", "stop", "bin")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws people, vehicle and street."""
        kinds = get_args(Vehicle)
        return _Setup(
            vehicle=kinds[rng.integers(len(kinds))],
            people=people_of(rng, int(rng.integers(3, 5))),
            body=_BODIES[rng.integers(len(_BODIES))],
            street=street_of(rng),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From the pavement to the seats; the other law brings rain and nothing to ride in."""
        count = len(setup.people)
        return States(
            source=_State(),
            target=_State(near=True, vehicle=1.0, boarded=count - 1),
            half=_State(near=True, vehicle=1.0, boarded=count // 2),
            wrong=_State(near=True, vehicle=-1.0, rain=1.0),
            still=_State(near=True, vehicle=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """What is waited for."""
        return setup.vehicle

    def words(self, setup: _Setup) -> Words:
        """The stop and the timetable are told, the rest follows."""
        count = {3: "three", 4: "four"}[len(setup.people)]
        thing = setup.vehicle
        quay = thing == "ferry"
        place, edge = ("quay", "landing") if quay else ("pavement", "kerb")
        sound = {
            "bus": "The brakes hiss.",
            "tram": "The bell rings twice and the wheels squeal on the rails.",
            "ferry": "The engine drops to a murmur and a rope flies ashore.",
        }[thing]
        crew = {"bus": "driver", "tram": "driver", "ferry": "skipper"}[thing]
        shore = "shore" if quay else "side of the road"
        return Words(
            instructions=(
                f"These {count} have had their tickets ready for a while. Continue with the next shot.",
                f"According to the timetable the {thing} is due right now. Show what happens at the {edge} a minute "
                "later.",
                f"Nobody in this picture means to stay on the {place}. What does the following shot show?",
                f"{sound} Follow with the next shot from the same {shore}.",
            ),
            train_instructions=(
                f"Go on to the moment that everybody on this {place} was waiting for.",
                f"The {crew} has seen the people at the sign. Show the following shot.",
                f"The {count} of them want to be across town within the hour. Continue.",
            ),
            literal=f"Show the {thing} standing at the stop with its door open, the people inside at the windows and "
            "the last one stepping in.",
            expected=f"The same {thing} stands at the stop with the door open; those who waited are seen behind its "
            f"windows and the last one is at the door; the {place} by the sign is empty.",
            preserve=(
                f"the colour of the {thing}", "the faces and clothes of the people", "the houses", "the stop sign",
            ),
        )  # fmt: skip

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """A still one that breathes, from a little nearer afterwards."""
        return Camera(zoom=(1.1 if state.near else 1.0) + 0.03 * clock.share, focus=(WIDTH / 2 - 20, 258))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Street, vehicle, those in front of it."""
        with stage.at_depth(1):
            # One static layer for all that stands still: pasting one under a moving camera costs as much as a crowd.
            stage.static("street", lambda: self._street(stage, setup, state))
            if setup.vehicle == "ferry":
                self._glints(stage, clock)
            if state.vehicle >= 0:
                self._vehicle(stage, setup, state, clock)
            self._waiting(stage, setup, state, clock)
        draw_rain(stage, clock.time_s, state.rain)

    def _street(self, stage: Stage, setup: _Setup, state: _State) -> None:
        ferry = setup.vehicle == "ferry"
        draw_street(stage, setup.street, cloud=0.9 * state.rain, wet=state.rain, ground="water" if ferry else "road")
        if setup.vehicle == "tram":
            for y in (ROAD_Y + 4, ROAD_Y + 11):
                rail = stage.rect(-64, y, WIDTH + 128, 2)
                stage.paint(rail, linear((0, y), (0, y + 2), Rgb.of("#c6ccd0"), Rgb.of("#6c747a")))
            wire = stage.rect(-64, _BASE_Y + WIRE_Y - 1, WIDTH + 128, 1.4)
            stage.paint(wire, flat(Rgb.of("#33393e")))
        self._near(stage, setup)

    def _near(self, stage: Stage, setup: _Setup) -> None:
        walk = stage.rect(-64, ROAD_Y + 16, WIDTH + 128, 120)
        stage.paint(walk, linear((0, ROAD_Y + 16), (0, ROAD_Y + 44), Rgb.of("#b4afa6"), Rgb.of("#948f88")))
        stage.textured(walk, "stone", strength=0.14, seed=33)
        stage.paint(stage.rect(-64, ROAD_Y + 14, WIDTH + 128, 5), flat(Rgb.of("#cfcac0")))
        x = 62.0
        stage.shadow(stage.oval(x + 8, _NEAR_Y - 14, 16, 3.5), alpha=0.4, blur=2)
        pole = stage.rect(x - 2, _NEAR_Y - 120, 4, 106)
        stage.paint(pole, linear((x - 2, 0), (x + 2, 0), Rgb.of("#aab2b8"), Rgb.of("#586068")), part="stop")
        ink = Rgb.of({"bus": "#2f6a4a", "tram": "#8a3a5a", "ferry": "#2a5a8a"}[setup.vehicle])
        stage.paint(stage.rect(x - 17, _NEAR_Y - 134, 34, 30, radius=4), flat(Rgb.of("#f4f2ea")), part="stop")
        stage.paint(stage.rect(x - 14, _NEAR_Y - 131, 28, 24, radius=3), flat(ink), part="stop")
        self._sign(stage, setup.vehicle, x, _NEAR_Y - 126)
        bin_x, foot = 26.0, _NEAR_Y - 14
        stage.shadow(stage.oval(bin_x + 7, foot + 1, 18, 4), alpha=0.4, blur=2.5)
        basket = stage.polygon([(bin_x - 12, foot - 30), (bin_x + 12, foot - 30), (bin_x + 9, foot), (bin_x - 9, foot)])
        stage.paint(basket, linear((bin_x - 12, 0), (bin_x + 12, 0), Rgb.of("#4f8a66"), Rgb.of("#274a36")), part="bin")
        stage.paint(stage.rect(bin_x - 14, foot - 34, 28, 6, radius=2), flat(Rgb.of("#2e3a34")), part="bin")

    def _sign(self, stage: Stage, kind: Vehicle, x: float, y: float) -> None:
        white = flat(Rgb.of("#f4f2ea"))
        if kind == "ferry":
            hull = stage.polygon([(x - 10, y + 6), (x + 10, y + 6), (x + 6, y + 12), (x - 7, y + 12)])
            stage.paint(hull, white, part="stop")
            stage.paint(stage.rect(x - 4, y, 8, 5), white, part="stop")
            wave = stage.curve([(x - 10 + 5 * step, y + 16 - 2 * (step % 2)) for step in range(5)])
            stage.paint(wave, white, part="stop", line=1.4)
            return
        stage.paint(stage.rect(x - 9, y, 18, 11, radius=2), white, part="stop")
        if kind == "tram":
            stage.paint(stage.polygon([(x - 4, y - 3), (x + 4, y - 3), (x, y)]), white, part="stop", line=1.2)
            stage.paint(stage.rect(x - 9, y + 13, 18, 1.6), white, part="stop")
        else:
            for wheel in (-5, 5):
                stage.paint(stage.oval(x + wheel, y + 12.5, 2.2), white, part="stop")

    def _glints(self, stage: Stage, clock: Clock) -> None:
        for index in range(22):
            x = (index * 61.0 + 7 * math.sin(clock.time_s * 0.9 + index)) % 600 - 60
            y = 206 + (index * 17) % 40
            shine = 0.5 + 0.5 * math.sin(clock.time_s * 3.1 + index * 2.3)
            wave = stage.oval(x, y, 5 + 6 * (y - 200) / 46, 0.9)
            stage.effect(wave, flat(Rgb(226, 240, 246), alpha=0.15 + 0.4 * shine))

    def _vehicle(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        halted = state.vehicle > 0
        x = 398 - 34 * clock.share
        if halted:
            x = _HALT_X + (0.5 * math.sin(clock.time_s * 24) if setup.vehicle == "bus" else 0)

        def rider(window: int) -> None:
            if halted and window < state.boarded:
                pose = Pose(turn=0.15 if window % 2 else -0.2, gaze=(0.2, 0.2))
                draw_person(stage, setup.people[window], pose, Mood(joy=0.45), part="passengers",
                            time_s=clock.time_s, phase=setup.phase + window, warmth=0.9)  # fmt: skip

        with stage.moved(0, _BASE_Y):
            draw_vehicle(stage, setup.vehicle, setup.body, x=x, halted=halted, time_s=clock.time_s, rider=rider)

    def _waiting(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        boarding = state.boarded > 0
        for index in range(len(setup.people)):
            if index < state.boarded:
                continue
            x, y = 106.0 + 50 * index, _NEAR_Y - 11 + 3.0 * (index % 2)
            mood = Mood(sadness=0.45) if state.rain else Mood(joy=0.3)
            hand = (17.0, -50.0) if index % 2 else None
            turn = 0.2 if state.rain else -0.8 if boarding else 0.75
            pose = standing(clock.time_s, setup.phase + 1.7 * index, turn=turn, hand=hand)
            if boarding and index > state.boarded:
                x = _HALT_X + DOOR_X + 4 + 48 * (index - state.boarded)
            if boarding and index == state.boarded:
                # The next one goes up into the open door.
                up = ease(clock.share * 1.2)
                climb = 30 if setup.vehicle == "ferry" else 22
                x, y = _HALT_X + DOOR_X + 8 * (1 - up), _NEAR_Y - 16 - climb * up
                stride = 0.5 * (1 - up) * math.sin(clock.time_s * 6)
                pose = Pose(left=(-14, -32), right=(12 + 3 * up, -40 - 18 * up), stride=stride, away=True)
            else:
                stage.shadow(stage.oval(x + 6, y + 1, 22, 4), alpha=0.4, blur=2.5)
            with stage.moved(x, y, scale=0.98):
                draw_person(stage, setup.people[index], pose, mood, part="passengers", time_s=clock.time_s,
                            phase=setup.phase + index)  # fmt: skip
                if hand and not pose.away:
                    ticket = stage.rect(pose.right[0] - 1, pose.right[1] - 11, 6, 9, radius=0.8)
                    stage.paint(ticket, flat(Rgb.of("#fbf3d8")), part="passengers")
                    stage.effect(stage.rect(pose.right[0], pose.right[1] - 9, 4, 1.2), flat(Rgb.of("#c8553d")))
