"""Emotional: someone waits for somebody beside a seat that stays empty; the next shot is hours later."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb
from rvebench.sim.families.emotional._dinner import TABLE_Y, Place, draw_candle, draw_clock, draw_dinner
from rvebench.sim.families.emotional._outdoors import (
    GROUND_Y,
    ROPE_TOP_Y,
    clock_spot,
    draw_bench,
    draw_bouquet,
    draw_evening,
    draw_leaves,
    draw_pigeons,
    draw_swing_frame,
    draw_swing_seat,
)
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, person_of, veil
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Point, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["EmptySeat"]

_WALLS = tuple(Rgb.of(text) for text in ("#6a4a4a", "#4a5a62", "#5a5a48", "#5a4a66"))
_CLOTHS = tuple(Rgb.of(text) for text in ("#f0e8da", "#d8e2e8", "#f0dcd4"))
_ROPE = 20.0
"""Half the width of a swing, in a person's own units."""
_SWING_SCALE = 1.42

Seat = Literal["bench", "chair", "swing"]
_SEATS: tuple[Seat, ...] = ("bench", "chair", "swing")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    waits: Look
    seat: Seat
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    later: float = 0.0
    """Share of the wait that is over: clock, daylight. Above 0 it is the following, nearer shot."""
    spent: float = 0.0
    """How far the candle has burnt down, or the flowers hang."""
    sadness: float = 0.0
    joy: float = 0.55


class EmptySeat(Family[_Setup, _State]):
    """Someone waits beside an empty seat for a person who does not come."""

    name = "empty-seat"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "loneliness"
    parts = ("waits", "seat", "table", "candle", "clock", "rose", "lamp")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the seat, who waits, and the place."""
        seat = _SEATS[int(rng.integers(len(_SEATS)))]
        look = person_of(rng, "child") if seat == "swing" else person_of(rng, "adult", "elder")
        return _Setup(
            waits=replace(look, glasses=False),
            seat=seat,
            place=Place(
                wall=_WALLS[rng.integers(len(_WALLS))],
                cloth=_CLOTHS[rng.integers(len(_CLOTHS))],
                rose=Rgb.of(("#c8283c", "#e8a0b0", "#f0d060")[rng.integers(3)]),
                side=int(rng.integers(2)) * 2 - 1,
                phase=float(rng.uniform(0, 6.28)),
            ),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From hope to loneliness; the other law hails someone after all, as fresh as at first."""
        return States(
            source=_State(),
            target=_State(later=1.0, spent=1.0, sadness=1.0, joy=0.0),
            half=_State(later=1.0, spent=0.5, sadness=0.45, joy=0.0),
            wrong=_State(later=1.0, joy=1.0),
            still=_State(later=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """What stays empty."""
        return setup.seat

    def words(self, setup: _Setup) -> Words:
        """That nobody comes is told, the face is not."""
        return _WORDS[setup.seat]

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Candle light, or the sun until it is gone."""
        side = setup.place.side
        if setup.seat == "chair":
            return Light(azimuth=0.2 * side, elevation=0.4, colour=Rgb(255, 220, 170))
        return Light(azimuth=-0.5, elevation=0.7 - 0.3 * state.later)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Wide, then near enough for face and seat."""
        side = setup.place.side
        if not state.later:
            return Camera(zoom=1 + 0.03 * clock.share)
        if setup.seat == "chair":
            return framed(WIDTH / 2 - side * 22, 146, 1.32 + 0.05 * clock.share)
        return framed(WIDTH / 2 - side * 8, 158 if setup.seat == "bench" else 150, 1.34 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """The place, who waits, and what moves around."""
        with stage.at_depth(1):
            stage.static("place", lambda: self._still(stage, setup, state))
            if setup.seat == "chair":
                self._dinner(stage, setup, state, clock)
            elif setup.seat == "bench":
                self._bench(stage, setup, state, clock)
            else:
                self._swings(stage, setup, state, clock)

    def _still(self, stage: Stage, setup: _Setup, state: _State) -> None:
        if setup.seat == "chair":
            draw_dinner(stage, setup.place)
            veil(stage, Mood(sadness=0.6 * state.sadness))
            return
        draw_evening(stage, setup.place, state.later, is_playground=setup.seat == "swing")
        if setup.seat == "bench":
            draw_bench(stage, setup.place, state.later)
        else:
            draw_swing_frame(stage, state.later)

    def _person(
        self, stage: Stage, setup: _Setup, state: _State, clock: Clock, near: Point, rest: Point, *, seated: bool
    ) -> None:
        """Draws who waits: `rest` is the hand toward the empty seat, `near` the other one, both as if on the right."""
        side, sad, time_s = setup.place.side, state.sadness, clock.time_s
        hail = 0.0 if setup.seat == "swing" else max(0.0, state.joy - 0.55) / 0.45
        near = (near[0] + hail * (31 - near[0] + 3 * math.sin(time_s * 8)), near[1] - hail * (80 + near[1]))
        sob = sad * math.sin(time_s * 7)
        sway = math.sin(time_s * 1.8 + setup.place.phase)
        away, toward = (-side * near[0], near[1] + 0.8 * sob), (side * rest[0], rest[1] + 0.6 * sway)
        left, right = (away, toward) if side > 0 else (toward, away)
        pose = Pose(
            left=left, right=right, slump=1.1 * sad + 0.06 * sob, tilt_deg=-side * 8 * sad + sway,
            turn=0.45 * side * (1 - 0.4 * state.joy) * (1 - 0.5 * sad), gaze=(0.5 * side, 0.85 * sad - 0.1),
            seated=seated,
        )  # fmt: skip
        dusk = 1.0 if setup.seat == "chair" else 1 - 0.1 * state.later
        draw_person(stage, setup.waits, pose, Mood(joy=state.joy, sadness=sad), part="waits",
                    time_s=time_s, phase=setup.place.phase, warmth=0.95 * dusk)  # fmt: skip

    def _dinner(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side = setup.place.side
        draw_clock(stage, WIDTH / 2 + side * 24, 58, 27, 8 + 3.75 * state.later, clock.time_s)
        wipes = max(0.0, state.sadness - 0.6) / 0.4
        near = (13.0 - 3.5 * wipes, -38.0 - 35 * wipes)
        with (
            stage.clipped(stage.rect(-64, -64, WIDTH + 128, TABLE_Y + 64)),
            stage.moved(WIDTH / 2 - side * 66, 296, scale=1.86),
        ):
            self._person(stage, setup, state, clock, near, (13.0, -38.0), seated=False)
        draw_candle(stage, setup.place, state.spent, clock.time_s)

    def _bench(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side = setup.place.side
        draw_clock(stage, *clock_spot(side), 19, 3 + 5.75 * state.later, clock.time_s)
        x = WIDTH / 2 - side * 44
        hand = (12.0, -44.0 + 4 * state.sadness)
        wipes = max(0.0, state.sadness - 0.6) / 0.4
        near = (8.0 + 1.5 * wipes, -37.0 - 36 * wipes)
        stage.shadow(stage.oval(x + 4, GROUND_Y + 1, 26, 5), alpha=0.42, blur=3)
        with stage.moved(x, GROUND_Y, scale=1.5):
            self._person(stage, setup, state, clock, near, hand, seated=True)
            with stage.moved(side * (hand[0] + 1), hand[1] + 13, turn_deg=side * (10 + 55 * state.spent), scale=0.92):
                draw_bouquet(stage, setup.place.rose, state.spent)
        draw_pigeons(stage, setup.place, clock.time_s)
        draw_leaves(stage, setup.place, clock.time_s)

    def _swings(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, time_s = setup.place.side, clock.time_s
        wind = 2.2 * math.sin(time_s * 1.9 + setup.place.phase)
        swing = (0.8 + 3.6 * state.joy) * math.sin(time_s * 2.3)
        half = _ROPE * _SWING_SCALE
        for x, turn, taken in ((WIDTH / 2 + side * 66, wind, False), (WIDTH / 2 - side * 66, swing, True)):
            drift = -math.sin(math.radians(turn)) * 170
            stage.shadow(stage.oval(x + drift + 6, GROUND_Y + 6, 30, 5), alpha=0.36, blur=3.5)
            with stage.moved(x, ROPE_TOP_Y, turn_deg=turn):
                draw_swing_seat(stage, state.later, half)
                if taken:
                    with stage.moved(0, 193, scale=_SWING_SCALE):
                        # Upright the ropes are held high; who hangs the head lets the hands sink to the seat.
                        hand = (_ROPE, -79.0) if state.sadness < 0.3 else (_ROPE - 1, -36.0)
                        self._person(stage, setup, state, clock, hand, hand, seated=True)
        draw_leaves(stage, setup.place, time_s)


_WORDS: dict[Seat, Words] = {
    "chair": Words(
        instructions=(
            "It is almost midnight and nobody has rung the bell. Continue with a nearer shot.",
            "The second plate was never touched. What does the following shot of this dinner show?",
            "Three hours on, the message still says: on my way. Cut closer to the one who laid the table.",
            "The guest of honour has forgotten the date. Follow with the next shot.",
        ),
        train_instructions=(
            "The candle has had more company than anyone at this table. Show the next shot.",
            "Every footstep on the stairs went past the door. Continue, much later the same evening.",
        ),
        literal="Show the same person nearer, alone, in tears with hanging head, beside the empty chair and a "
        "burnt-down candle.",
        expected="A nearer shot, hours later: the candle is a stub, the chair opposite is still empty, and the "
        "same person looks down sadly with hanging shoulders, mouth turned down and a tear.",
        preserve=("the person's hair and clothes", "the empty chair", "the table and the rose", "the room"),
    ),
    "bench": Words(
        instructions=(
            "They had said three o'clock, by the lamp. It is nearly nine now. Continue with a nearer shot.",
            "The flowers were for someone who took another way home. What does the following shot of the bench show?",
            "The lamps come on, the pigeons have stayed, and nobody else has. Cut closer to the one with the bouquet.",
            "The first date in years was for one person only. Follow with the next shot, when the stars are out.",
        ),
        train_instructions=(
            "Every couple has gone home, and one half of this bench is still free. Show the next shot.",
            "The bouquet has seen the sun go down and no visitor. Continue, much later the same day.",
        ),
        literal="Show the same person nearer, at night, alone on the bench, in tears with hanging head and drooping "
        "flowers.",
        expected="A nearer shot, hours later in the dark: the other half of the bench is still empty, the flowers "
        "hang, and the same person looks down sadly with hanging shoulders, mouth turned down and a tear.",
        preserve=("the person's hair and clothes", "the bench", "the bouquet's colour", "the lamp", "the park"),
    ),
    "swing": Words(
        instructions=(
            "The best friend had promised to come after school. Now it is dark. Continue with a nearer shot.",
            "All the others were called in for supper hours ago. What does the following shot of the swings show?",
            "The second swing was kept free the whole afternoon. Cut closer to the child, after sunset.",
            "Nobody asked who was still out on the playground. Follow with the next shot, late in the evening.",
        ),
        train_instructions=(
            "Only the wind has used the other seat today. Show the next shot of the child.",
            "The street lamp is the only one that turned up. Continue, much later the same day.",
        ),
        literal="Show the same child nearer, at night, alone on the swing, in tears with hanging head beside the "
        "empty swing.",
        expected="A nearer shot, hours later in the dark: the other swing is still empty, and the same child sits "
        "almost still and looks down sadly with hanging shoulders, mouth turned down and a tear.",
        preserve=("the child's hair and clothes", "the swings and their frame", "the lamp", "the playground"),
    ),
}
