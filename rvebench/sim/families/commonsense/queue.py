"""Commonsense: people stand in line at a van, a stall or a cart; in the next shot the first has been served."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rvebench.sim.colour import Rgb
from rvebench.sim.families.commonsense._crowd import people_of, standing, walking
from rvebench.sim.families.commonsense._stands import Stand, draw_bought, draw_front, draw_stand
from rvebench.sim.families.commonsense._street import Street, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Point, Stage, flat
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["QueueMoves"]

_PAINTS = tuple(Rgb.of(text) for text in ("#f0a8b8", "#9ad4c8", "#f2d48a", "#a8c4ec"))
_GOODS = {
    "ice-cream-van": tuple(Rgb.of(text) for text in ("#f7c6d0", "#c8eac0", "#fff0c0", "#9a6844")),
    "flower-stall": tuple(Rgb.of(text) for text in ("#d8455a", "#3f7fc0", "#7a4a9a")),
    "balloon-cart": tuple(Rgb.of(text) for text in ("#e0342c", "#2f7fd8", "#3fa64c", "#f2a622")),
}
_STEP = 56.0
_FOOT_Y = 224.0
_UP: Point = (16.0, -58.0)
"""A hand that is held out, or holds something up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    stand: Stand
    seller: Look
    people: tuple[Look, ...]
    paint: Rgb
    goods: Rgb
    """Colour of what is bought."""
    street: Street
    side: int
    """Where the stand is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    served: bool = False
    """The first walks off with what was bought."""
    moved: int = 0
    """How many of the others have moved up a place."""
    shut: bool = False
    """The stand is shut and all walk off with nothing: the wrong everyday event."""


class QueueMoves(Family[_Setup, _State]):
    """The first in line is served and leaves; all others move up one place."""

    name = "queue-moves"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "queue"
    parts = ("stand", "seller", "line", "bought", "bunting")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws seller, line, stand and square."""
        kinds = get_args(Stand)
        stand = kinds[rng.integers(len(kinds))]
        goods = _GOODS[stand]
        return _Setup(
            stand=stand,
            seller=look_of(rng),
            people=people_of(rng, 4),
            paint=_PAINTS[rng.integers(len(_PAINTS))],
            goods=goods[rng.integers(len(goods))],
            street=street_of(rng),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """One place up; the other law shuts the stand."""
        return States(
            source=_State(),
            target=_State(after=True, served=True, moved=len(setup.people) - 1),
            half=_State(after=True, served=True, moved=1),
            wrong=_State(after=True, shut=True),
            still=_State(after=True),
        )

    def objects(self, setup: _Setup) -> str:
        """Where they queue."""
        return setup.stand

    def words(self, setup: _Setup) -> Words:
        """That one is done is implied, where each then stands is not told."""
        place, handed, work, goods = {
            "ice-cream-van": ("hatch", "One scoop", "scoops", "an ice cream"),
            "flower-stall": ("counter", "Paper, a ribbon", "wraps", "a bunch of flowers"),
            "balloon-cart": ("cart", "One knot in a string", "ties knots", "a balloon"),
        }[setup.stand]
        thing = {"ice-cream-van": "van", "flower-stall": "stall", "balloon-cart": "cart"}[setup.stand]
        return Words(
            instructions=(
                "The coins have been counted and the seller says: who is next? Continue with the following shot.",
                f"{handed}, one smile, thank you and goodbye. What does this square look like right after?",
                f"Everyone at this {thing} is patient and polite. Show the shot a minute from now.",
                f"The person at the {place} has got what they came for. Follow with the next shot.",
            ),
            train_instructions=(
                f"One order has just been filled at the {thing}. Continue with the shot that follows.",
                f"The seller {work} fast today. Show the same {thing} a little later.",
                "The change is in the purse and nobody pushes. Continue.",
            ),
            literal=f"Show the first one walking away with {goods} and the others one place nearer to the {place}.",
            expected=f"The person who was first walks away with {goods}; the others keep their order and stand one "
            f"place nearer, the second is now at the {place}.",
            preserve=("the order of those who wait", "their clothes", f"the {thing} and the seller", "the houses"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Level with the line; a little nearer afterwards."""
        drift = setup.side * (-4 + 8 * clock.share)
        return Camera(x=drift, zoom=1.1 if state.after else 1.0, focus=(WIDTH / 2, 200))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Square with the stand, seller, line."""
        middle = WIDTH / 2 + setup.side * 146
        with stage.at_depth(1):
            stage.static("square", lambda: self._square(stage, setup, state, middle))
            self._bunting(stage, setup, clock)

            def seller() -> None:
                busy = 3 * math.sin(clock.time_s * 5)
                pose = Pose(left=(-16 + busy, -56), right=(17, -60 + busy), turn=-0.5)
                draw_person(stage, setup.seller, pose, Mood(joy=0.6), part="seller", time_s=clock.time_s, phase=2.0)

            with stage.moved(middle, _FOOT_Y, scale=setup.side, scale_y=1):
                draw_front(stage, setup.stand, setup.paint, shut=state.shut, time_s=clock.time_s, seller=seller)
            if state.shut:
                self._turned_away(stage, setup, clock)
            else:
                self._line(stage, setup, state, clock)

    def _square(self, stage: Stage, setup: _Setup, state: _State, middle: float) -> None:
        draw_street(stage, setup.street, ground="square")
        with stage.moved(middle, _FOOT_Y, scale=setup.side, scale_y=1):
            draw_stand(stage, setup.stand, setup.paint, shut=state.shut)

    def _bunting(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        colours = tuple(Rgb.of(text) for text in ("#d8433a", "#f0c040", "#3a7ac0", "#4aa060"))
        cord = [(x, 34 + 16 * math.sin((x + 60) / 600 * math.pi)) for x in range(-60, 545, 24)]
        stage.paint(stage.curve([(float(x), y) for x, y in cord]), flat(Rgb.of("#f2ede2")), part="bunting", line=1)
        for index, (x, y) in enumerate(cord):
            flap = 2.5 * math.sin(clock.time_s * 5 + index * 0.9 + setup.phase)
            flag = stage.polygon([(x - 7, y), (x + 7, y), (x + flap, y + 15)])
            stage.paint(flag, flat(colours[index % 4]), part="bunting")

    def _line(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side = setup.side
        front = WIDTH / 2 + side * 104
        for index in reversed(range(1, len(setup.people))):
            place = index - (index <= state.moved)
            x, y = front - side * (4 + _STEP * place), _FOOT_Y + 4 + 5.0 * (index % 2)
            hand = _UP if place == 0 else None
            pose = standing(clock.time_s, 1.9 * index, turn=0.8 * side, hand=hand, side=side)
            self._person(stage, setup, index, pose, Mood(joy=0.3), (x, y), clock)
        if not state.served:
            pose = standing(clock.time_s, 0, turn=0.8 * side, hand=_UP, side=side)
            self._person(stage, setup, 0, pose, Mood(joy=0.4), (front - side * 4, _FOOT_Y + 4), clock)
            return
        # Off across the square, in front of those who wait.
        x, y = front - side * (216 + 38 * clock.share), _FOOT_Y + 28
        pose = walking(clock.time_s * 6, -side, hand=(_UP[0] + 1, _UP[1]), side=-side)
        self._person(stage, setup, 0, pose, Mood(joy=0.85), (x, y), clock)
        with stage.moved(x - side * 20.4, y - 62):
            draw_bought(stage, setup.stand, setup.goods, clock.time_s)

    def _turned_away(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        side = setup.side
        front = WIDTH / 2 + side * 104
        for index in reversed(range(len(setup.people))):
            x = front - side * (4 + _STEP * (index + 0.35) + 34 * clock.share)
            pose = walking(clock.time_s * 6 + 1.9 * index, -side)
            self._person(stage, setup, index, pose, Mood(sadness=0.4), (x, _FOOT_Y + 4 + 5.0 * (index % 2)), clock)

    def _person(
        self, stage: Stage, setup: _Setup, index: int, pose: Pose, mood: Mood, place: Point, clock: Clock
    ) -> None:
        stage.shadow(stage.oval(place[0] + 4, place[1] + 1, 22, 4), alpha=0.4, blur=2.5)
        with stage.moved(*place, scale=1.02):
            draw_person(stage, setup.people[index], pose, mood, part="line", time_s=clock.time_s,
                        phase=setup.phase + 1.3 * index)  # fmt: skip
