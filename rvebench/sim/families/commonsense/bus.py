"""Commonsense: people wait at a stop while a bus comes; the next shot is when it stands there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._street import ROAD_Y, Street, draw_rain, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BusBoarding"]

_BUSES = tuple(Rgb.of(text) for text in ("#c8392f", "#2f74b8", "#e0a32c", "#3c9668"))
_LONG = 300.0
_NEAR_Y = ROAD_Y + 34
"""The pavement on the viewer's side, where people wait: its things stand a little above this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    people: tuple[Look, ...]
    bus: Rgb
    street: Street
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    bus: float = 0.0
    """0 coming, 1 at the stop, -1 away."""
    boarded: int = 0
    """How many of those who waited are inside."""
    rain: float = 0.0


class BusBoarding(Family[_Setup, _State]):
    """The bus halts, its door opens, and those who waited get in."""

    name = "bus-boarding"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "board"
    parts = ("bus", "passengers", "stop", "bin")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws people, bus and street."""
        return _Setup(
            people=tuple(look_of(rng) for _ in range(int(rng.integers(3, 5)))),
            bus=_BUSES[rng.integers(len(_BUSES))],
            street=street_of(rng),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From the pavement to the seats; the other law brings rain and no bus."""
        count = len(setup.people)
        return States(
            source=_State(),
            target=_State(bus=1.0, boarded=count - 1),
            half=_State(bus=1.0, boarded=count // 2),
            wrong=_State(bus=-1.0, rain=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The bus."""
        return "bus"

    def words(self, setup: _Setup) -> Words:
        """The stop and the timetable are told, the rest follows."""
        count = {3: "three", 4: "four"}[len(setup.people)]
        return Words(
            instructions=(
                f"These {count} have had their tickets ready for a while. Continue with the next shot.",
                "According to the timetable it is due right now. Show what happens at the kerb a minute later.",
                "Nobody in this picture means to stay on the pavement. What does the following shot show?",
                "The brakes hiss. Follow with the next shot from the same side of the road.",
            ),
            train_instructions=(
                "Go on to the moment that everybody here was waiting for.",
                "The driver has seen the people at the sign. Show the following shot.",
            ),
            literal="Show the bus standing at the stop with its door open, the people inside at the windows and the "
            "last one stepping in.",
            expected="The same bus stands at the stop with the door open; those who waited are seen behind its windows "
            "and the last one is at the door; the pavement by the sign is empty.",
            preserve=("the colour of the bus", "the faces and clothes of the people", "the houses", "the stop sign"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """A still one that breathes, from a little nearer afterwards."""
        near = 1.0 if not state.bus else 1.1
        return Camera(zoom=near + 0.03 * clock.share, focus=(WIDTH / 2 - 20, 258))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Street, those who wait, bus, those in front of it."""
        with stage.at_depth(0.85):
            stage.static("street", lambda: draw_street(stage, setup.street, cloud=0.9 * state.rain, wet=state.rain))
        with stage.at_depth(1):
            # The bus halts between the camera's pavement and the far one: those who wait stand in front of it.
            if state.bus >= 0:
                x = 108 + 0.6 * math.sin(clock.time_s * 24) if state.bus else 398 - 34 * clock.share
                with stage.moved(0, -17):
                    self._bus(stage, setup, state, clock, x)
            stage.static("things", lambda: self._things(stage))
            self._waiting(stage, setup, state, clock)
        draw_rain(stage, clock.time_s, state.rain)

    def _things(self, stage: Stage) -> None:
        walk = stage.rect(-64, ROAD_Y + 16, WIDTH + 128, 120)
        stage.paint(walk, linear((0, ROAD_Y + 16), (0, ROAD_Y + 44), Rgb.of("#b4afa6"), Rgb.of("#948f88")))
        stage.textured(walk, "stone", strength=0.14, seed=33)
        stage.paint(stage.rect(-64, ROAD_Y + 14, WIDTH + 128, 5), flat(Rgb.of("#cfcac0")))
        x = 62.0
        stage.shadow(stage.oval(x + 8, _NEAR_Y - 14, 16, 3.5), alpha=0.4, blur=2)
        stage.paint(
            stage.rect(x - 2, _NEAR_Y - 120, 4, 106),
            linear((x - 2, 0), (x + 2, 0), Rgb.of("#aab2b8"), Rgb.of("#586068")),
            part="stop",
        )
        stage.paint(stage.rect(x - 17, _NEAR_Y - 134, 34, 30, radius=4), flat(Rgb.of("#f4f2ea")), part="stop")
        stage.paint(stage.rect(x - 14, _NEAR_Y - 131, 28, 24, radius=3), flat(Rgb.of("#2f6a4a")), part="stop")
        stage.paint(stage.rect(x - 9, _NEAR_Y - 126, 18, 11, radius=2), flat(Rgb.of("#f4f2ea")), part="stop")
        for wheel in (-5, 5):
            stage.paint(stage.oval(x + wheel, _NEAR_Y - 113.5, 2.2), flat(Rgb.of("#f4f2ea")), part="stop")
        bin_x = 26.0
        stage.shadow(stage.oval(bin_x + 7, _NEAR_Y - 13, 18, 4), alpha=0.4, blur=2.5)
        basket = stage.polygon(
            [
                (bin_x - 12, _NEAR_Y - 44),
                (bin_x + 12, _NEAR_Y - 44),
                (bin_x + 9, _NEAR_Y - 14),
                (bin_x - 9, _NEAR_Y - 14),
            ]
        )
        stage.paint(basket, linear((bin_x - 12, 0), (bin_x + 12, 0), Rgb.of("#4f8a66"), Rgb.of("#274a36")), part="bin")
        stage.paint(stage.rect(bin_x - 14, _NEAR_Y - 48, 28, 6, radius=2), flat(Rgb.of("#2e3a34")), part="bin")

    def _waiting(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        count = len(setup.people)
        for index in range(state.boarded, count):
            look = setup.people[index]
            x = 106.0 + 50 * index
            shift = 2 * math.sin(clock.time_s * 1.8 + index * 1.7)
            y = _NEAR_Y - 11 + 3 * (index % 2)
            turn, mood = 0.75, Mood(joy=0.3)
            if state.bus > 0:
                x = 138.0 + 46 * (index - state.boarded) if count - state.boarded > 1 else 146.0
                turn, y = -0.25 if index == state.boarded else -0.8, _NEAR_Y - (18 if index == state.boarded else 6)
            if state.rain:
                turn, mood = 0.2, Mood(sadness=0.35)
            stride = 0.5 * math.sin(clock.time_s * 5) if state.bus > 0 and index == state.boarded else 0.0
            pose = Pose(
                left=(-16 + shift, -34), right=(16 + shift * 0.5, -36 - (18 if index % 2 else 0)), turn=turn,
                stride=stride,
                slump=0.5 * state.rain, gaze=(0.8 * turn, 0.2 * state.rain),
                away=state.bus > 0 and index == state.boarded,
            )  # fmt: skip
            stage.shadow(stage.oval(x + 6, y + 1, 22, 4), alpha=0.4, blur=2.5)
            with stage.moved(x, y, scale=0.98):
                draw_person(stage, look, pose, mood, part="passengers", time_s=clock.time_s, phase=setup.phase + index)

    def _bus(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        top, foot = ROAD_Y - 112, ROAD_Y + 16
        halted = state.bus > 0
        bob = 0.5 * math.sin(clock.time_s * (9 if halted else 17))
        stage.shadow(stage.rect(x + 6, foot + 4, _LONG, 12, radius=5), alpha=0.55, blur=5)
        body = stage.rect(x, top + bob, _LONG, foot - top - 2, radius=12)
        paint = linear((0, top), (0, foot), shade(setup.bus, 1.2), setup.bus, shade(setup.bus, 0.62))
        stage.paint(body, paint, part="bus")
        with stage.clipped(body):
            stage.paint(stage.rect(x, top + 70 + bob, _LONG, 7), flat(Rgb.of("#f4efe2")), part="bus")
            stage.effect(stage.rect(x, top + 3 + bob, _LONG, 6), flat(Rgb(255, 255, 255), alpha=0.35, blur=2))
        glass = (Rgb.of("#3c5870"), Rgb.of("#8fb0c4"))
        front = stage.rect(x + 4, top + 16 + bob, 24, 50, radius=5)
        stage.paint(front, linear((x, top), (x + 24, top + 60), *glass), part="bus")
        self._door(stage, x + 34, top + 16 + bob, foot - 6, halted=halted)
        for window in range(4):
            wx = x + 82 + 53 * window
            pane = stage.rect(wx, top + 16 + bob, 46, 44, radius=5)
            stage.paint(pane, linear((wx, top), (wx + 46, top + 60), *glass), part="bus")
            with stage.clipped(pane):
                stage.paint(stage.rect(wx + 8, top + 46 + bob, 30, 24, radius=5), flat(Rgb.of("#2c3c4c")), part="bus")
                if halted and window < state.boarded:
                    pose = Pose(turn=0.15 if window % 2 else -0.2, gaze=(0.2, 0.2), seated=False)
                    with stage.moved(wx + 23, top + 120 + bob, scale=0.95):
                        draw_person(stage, setup.people[window], pose, Mood(joy=0.45), part="passengers",
                                    time_s=clock.time_s, phase=setup.phase + window, warmth=0.9)  # fmt: skip
                gloss = stage.polygon([(wx, top + 50), (wx + 26, top + 14), (wx + 34, top + 14), (wx + 4, top + 62)])
                stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.16))
        for wheel_x in (x + 106, x + 240):
            self._wheel(stage, wheel_x, foot, 0.0 if halted else -x / 15)
        stage.paint(stage.rect(x + 1, foot - 28 + bob, 9, 9, radius=3), flat(Rgb(255, 240, 190)), part="bus")
        stage.glow(x + 3, foot - 24, 22, Rgb(255, 226, 150), alpha=0.5)
        board = stage.rect(x + 84, top + 4 + bob, 92, 9, radius=2)
        stage.paint(board, flat(Rgb.of("#16181c")), part="bus")
        for dot in range(7):
            stage.paint(
                stage.rect(x + 90 + 12 * dot, top + 6.5 + bob, 7 - (dot % 3), 4), flat(Rgb.of("#ffb43c")), part="bus"
            )

    def _door(self, stage: Stage, x: float, top: float, foot: float, *, halted: bool) -> None:
        frame = stage.rect(x, top, 42, foot - top, radius=3)
        if halted:
            inside = linear((x, top), (x, foot), Rgb.of("#f2dfae"), Rgb.of("#a88a58"))
            stage.paint(frame, inside, part="bus")
            stage.paint(stage.rect(x, foot - 12, 42, 12), flat(Rgb.of("#5a4a38")), part="bus")
            stage.paint(stage.rect(x + 33, top + 16, 2.5, foot - top - 26), flat(Rgb.of("#e8c84a")), part="bus")
            for leaf in (x - 4, x + 39):
                stage.paint(stage.rect(leaf, top, 7, foot - top, radius=2), flat(Rgb.of("#6c8496")), part="bus")
        else:
            for leaf in (x + 1, x + 21.5):
                pane = stage.rect(leaf, top, 19.5, foot - top, radius=3)
                stage.paint(
                    pane, linear((leaf, top), (leaf + 19, foot), Rgb.of("#8fb0c4"), Rgb.of("#3c5870")), part="bus"
                )
                stage.paint(pane, flat(Rgb.of("#20262c")), part="bus", line=1.4)

    def _wheel(self, stage: Stage, x: float, y: float, angle: float) -> None:
        stage.paint(stage.oval(x, y - 4, 21), flat(Rgb.of("#1c1c1e")), part="bus")
        stage.paint(stage.oval(x, y - 3, 16.5), flat(Rgb.of("#2b2b2e")), part="bus")
        stage.paint(stage.oval(x, y - 3, 9), flat(mix(Rgb.of("#c8ccd0"), Rgb.of("#8a9098"), 0.3)), part="bus")
        for spoke in range(5):
            turn = angle + spoke * 1.2566
            stage.paint(
                stage.oval(x + 5.5 * math.cos(turn), y - 3 + 5.5 * math.sin(turn), 1.5),
                flat(Rgb.of("#3a3e44")),
                part="bus",
            )
