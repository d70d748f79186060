"""Commonsense: people stand in line at an ice-cream van; in the next shot the first has been served."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._street import ROAD_Y, Street, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["QueueMoves"]

_VANS = tuple(Rgb.of(text) for text in ("#f0a8b8", "#9ad4c8", "#f2d48a", "#a8c4ec"))
_ICES = tuple(Rgb.of(text) for text in ("#f7c6d0", "#c8eac0", "#fff0c0", "#9a6844"))
_STEP = 56.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    seller: Look
    people: tuple[Look, ...]
    van: Rgb
    ice: Rgb
    street: Street
    side: int
    """Where the van stands: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    moved: float = 0.0
    """How far the line has moved up, in places."""
    served: float = 0.0
    """How far the first has walked off with a cone."""
    shut: bool = False
    """The hatch is shut and the line has gone: the wrong everyday event."""


class QueueMoves(Family[_Setup, _State]):
    """The first in line is served and leaves; all others move up one place."""

    name = "queue-moves"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "queue"
    parts = ("van", "seller", "line", "cone", "bunting")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws seller, line, van and street."""
        people: list[Look] = []
        while len(people) < 4:
            person = look_of(rng)
            if all(person.top != other.top for other in people):
                people.append(person)
        return _Setup(
            seller=look_of(rng),
            people=tuple(people),
            van=_VANS[rng.integers(len(_VANS))],
            ice=_ICES[rng.integers(len(_ICES))],
            street=street_of(rng),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """One place up; the other law shuts the van."""
        return States(
            source=_State(),
            target=_State(after=True, moved=1.0, served=1.0),
            half=_State(after=True, moved=0.4, served=0.35),
            wrong=_State(after=True, shut=True),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The line of people."""
        return "line"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """That one is done is implied, where each then stands is not told."""
        return Words(
            instructions=(
                "The coins have been counted and the seller says: who is next? Continue with the following shot.",
                "One scoop, one smile, thank you and goodbye. What does this pavement look like right after?",
                "Everyone here is patient and polite. Show the shot a minute from now.",
                "The person at the hatch has got what they came for. Follow with the next shot.",
            ),
            train_instructions=(
                "One order has just been filled. Continue with the shot that follows.",
                "The seller is quick today. Show the same van a little later.",
            ),
            literal="Show the first one walking away with an ice cream and the others one place nearer to the hatch.",
            expected="The person who was first walks away with a cone; the others keep their order and stand one place "
            "nearer, the second is now at the hatch.",
            preserve=("the order of those who wait", "their clothes", "the van and the seller", "the houses"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Level with the line; a little nearer afterwards."""
        drift = setup.side * (-4 + 8 * clock.share)
        return Camera(x=drift, zoom=1.1 if state.after else 1.0, focus=(WIDTH / 2, 200))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Street, van, seller, line."""
        with stage.at_depth(0.85):
            stage.static("street", lambda: draw_street(stage, setup.street))
            self._bunting(stage, setup, clock)
        with stage.at_depth(1):
            self._van(stage, setup, state, clock)
            self._line(stage, setup, state, clock)

    def _bunting(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        colours = tuple(Rgb.of(text) for text in ("#d8433a", "#f0c040", "#3a7ac0", "#4aa060"))
        cord = [(x, 34 + 16 * math.sin((x + 60) / 600 * math.pi)) for x in range(-60, 545, 24)]
        stage.paint(stage.curve([(float(x), y) for x, y in cord]), flat(Rgb.of("#f2ede2")), part="bunting", line=1)
        for index, (x, y) in enumerate(cord):
            flap = 2.5 * math.sin(clock.time_s * 5 + index * 0.9 + setup.phase)
            flag = stage.polygon([(x - 7, y), (x + 7, y), (x + flap, y + 15)])
            stage.paint(flag, flat(colours[index % 4]), part="bunting")

    def _van(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, foot = setup.side, ROAD_Y - 4
        middle = WIDTH / 2 + side * 146
        left, wide, top = middle - 84, 168.0, foot - 126
        tone, cream = setup.van, Rgb.of("#fbf5e6")
        stage.shadow(stage.rect(left + 2, foot - 4, wide + 6, 10, radius=4), alpha=0.5, blur=5)
        body = stage.rect(left, top, wide, 114, radius=12)
        stage.paint(body, linear((0, top), (0, foot), cream, shade(cream, 0.86)), part="van")
        with stage.clipped(body):
            stage.paint(
                stage.rect(left, top + 76, wide, 50),
                linear((0, top + 76), (0, foot), tone, shade(tone, 0.68)),
                part="van",
            )
            stage.effect(stage.rect(left, top + 4, wide, 8), flat(Rgb(255, 255, 255), alpha=0.5, blur=2))
        hatch = stage.rect(middle - 56, top + 22, 92, 50, radius=3)
        stage.paint(stage.rect(middle - 59, top + 19, 98, 56, radius=4), flat(shade(tone, 0.7)), part="van")
        stage.paint(hatch, linear((0, top + 22), (0, top + 72), Rgb.of("#6a5a4c"), Rgb.of("#3a302a")), part="van")
        with stage.clipped(hatch):
            for jar in range(5):
                stage.paint(
                    stage.rect(middle - 52 + 18 * jar, top + 26, 10, 12, radius=2),
                    flat(shade(_ICES[jar % 4], 0.75)),
                    part="van",
                )
            if not state.shut:
                busy = 3 * math.sin(clock.time_s * 5)
                pose = Pose(left=(-16 + busy, -56), right=(17, -60 + busy), turn=-0.5 * side)
                with stage.moved(middle - 10, top + 124, scale=0.98):
                    draw_person(stage, setup.seller, pose, Mood(joy=0.6), part="seller", time_s=clock.time_s, phase=2.0)
        if state.shut:
            stage.paint(hatch, linear((0, top + 22), (0, top + 72), Rgb.of("#c8ccd0"), Rgb.of("#8e949a")), part="van")
            for slat in range(8):
                stage.effect(stage.rect(middle - 56, top + 27 + 6 * slat, 92, 1.4), flat(Rgb(40, 44, 50), alpha=0.45))
        stage.paint(stage.rect(middle - 62, top + 71, 104, 6, radius=2), flat(Rgb.of("#e8e2d2")), part="van")
        for stripe in range(8):
            x = middle - 64 + 13.5 * stripe
            awning = stage.curve(
                [(x, top + 15), (x + 13.5, top + 15), (x + 14.5, top + 30), (x + 7, top + 34), (x - 1, top + 30)],
                closed=True,
            )
            stage.paint(awning, flat(mix(tone, Rgb.of("#d8434a"), 0.6) if stripe % 2 else cream), part="van")
        stage.shadow(stage.rect(middle - 56, top + 33, 92, 5), alpha=0.35, blur=2)
        cab = middle + 62
        stage.paint(
            stage.rect(cab - 12, top + 24, 28, 40, radius=5),
            linear((cab, top), (cab + 20, top + 70), Rgb.of("#cfe4ee"), Rgb.of("#7a9cb0")),
            part="van",
        )
        for wheel in (middle - 50, middle + 52):
            stage.paint(stage.oval(wheel, foot - 10, 15), flat(Rgb.of("#1e1e20")), part="van")
            stage.paint(stage.oval(wheel, foot - 10, 7), flat(cream), part="van")
        # The sign on the roof: a big cone.
        roof = (middle - 10, top - 4)
        wafer = stage.polygon([(roof[0] - 11, roof[1] - 18), (roof[0] + 11, roof[1] - 18), (roof[0], roof[1] + 6)])
        stage.paint(
            wafer, linear((roof[0] - 11, 0), (roof[0] + 11, 0), Rgb.of("#e8b868"), Rgb.of("#a8742e")), part="van"
        )
        for x, y, size in ((-6, -22, 9), (6, -22, 9), (0, -31, 9.5)):
            stage.paint(
                stage.oval(roof[0] + x, roof[1] + y, size), flat(shade(setup.ice, 0.94 + 0.02 * x / 6)), part="van"
            )

    def _line(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side = setup.side
        front = WIDTH / 2 + side * 104
        if state.shut:
            return
        for index in reversed(range(len(setup.people))):
            place = index - state.moved
            x = front - side * (4 + _STEP * place)
            y, turn, stride, away = ROAD_Y - 1 + 5.0 * (index % 2), 0.8 * side, 0.0, False
            shift = 1.6 * math.sin(clock.time_s * 2 + index * 1.9)
            has_cone = index == 0 and state.served > 0
            if index == 0:
                if state.served:
                    # Off along the kerb, in front of those who wait.
                    x = front - side * (30 + 196 * state.served + 22 * clock.share)
                    y, turn = ROAD_Y + 20.0, -0.7 * side
                    stride = 0.8 * math.sin(clock.time_s * 6)
            elif 0 < state.moved < 1:
                stride = 0.5
            hand = (
                (16.0, -60.0)
                if has_cone or (index == 1 and state.moved >= 1) or (index == 0 and not state.served)
                else (15.0, -36.0)
            )
            forward = -side if has_cone else side
            rest = (-15.0 + shift, -36.0)
            left, right = (rest, hand) if forward > 0 else ((-hand[0], hand[1]), (-rest[0], rest[1]))
            pose = Pose(left=left, right=right, turn=turn, stride=stride, away=away, tilt_deg=shift * 0.6)
            joy = 0.85 if has_cone else 0.3
            stage.shadow(stage.oval(x + 4, y + 1, 22, 4), alpha=0.4, blur=2.5)
            with stage.moved(x, y, scale=1.02):
                draw_person(stage, setup.people[index], pose, Mood(joy=joy), part="line", time_s=clock.time_s,
                            phase=setup.phase + 1.3 * index)  # fmt: skip
                if has_cone:
                    with stage.moved(forward * 18.0, -62):
                        wafer = stage.polygon([(-6, -9), (6, -9), (0, 9)])
                        stage.paint(wafer, linear((-6, 0), (6, 0), Rgb.of("#e6b468"), Rgb.of("#a8702c")), part="cone")
                        stage.paint(stage.oval(0, -13, 7.5), flat(setup.ice), part="cone")
                        stage.effect(stage.oval(-2.4, -15.5, 2.2), flat(Rgb(255, 255, 255), alpha=0.6, blur=0.8))
