"""Emotional: someone reads in bed; the next shot is the moment of a thunderclap, a crash or a small visitor."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._bedroom import (
    MIDDLE,
    Bedroom,
    draw_blanket,
    draw_open_book,
    draw_room,
    draw_window,
)
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, person_of, veil
from rvebench.sim.families.emotional._scares import draw_falling_books, draw_mouse, draw_shelf
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["ThunderFright"]

_BLANKETS = tuple(Rgb.of(text) for text in ("#a8475a", "#4a6fa8", "#5a8a6a", "#b0803c", "#7a5a9a"))
_WALLS = tuple(Rgb.of(text) for text in ("#5f6a8c", "#6a6478", "#5a7478"))

Scare = Literal["bookshelf", "mouse", "thunder"]
_SCARES: tuple[Scare, ...] = ("bookshelf", "mouse", "thunder")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    reader: Look
    scare: Scare
    room: Bedroom
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: bool = False
    """The following, nearer shot."""
    struck: bool = False
    """It has happened."""
    bolt: bool = False
    """Lightning is seen, in a storm."""
    fear: float = 0.0
    joy: float = 0.3


class ThunderFright(Family[_Setup, _State]):
    """Something sudden frightens a reader in bed."""

    name = "thunder-fright"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "fright"
    parts = ("reader", "blanket", "book", "window", "lamp", "toy", "shelf", "mouse")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws reader, bedding, room and what will happen."""
        scare = _SCARES[int(rng.integers(len(_SCARES)))]
        return _Setup(
            reader=replace(person_of(rng, "child", "child", "adult", "elder"), glasses=False),
            scare=scare,
            room=Bedroom(
                wall=_WALLS[rng.integers(len(_WALLS))],
                blanket=_BLANKETS[rng.integers(len(_BLANKETS))],
                cover=mix(Rgb.of("#c86a3a"), Rgb.of("#3a8a8a"), float(rng.random())),
                side=int(rng.integers(2)) * 2 - 1,
                is_stormy=scare == "thunder",
            ),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From calm to fright; the other law is amused, and the storm is over."""
        return States(
            source=_State(),
            target=_State(near=True, struck=True, bolt=True, fear=1.0, joy=0.0),
            half=_State(near=True, struck=True, bolt=True, fear=0.45, joy=0.0),
            wrong=_State(near=True, struck=True, joy=1.0),
            still=_State(near=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What frightens."""
        return setup.scare

    def words(self, setup: _Setup) -> Words:
        """The event is told, the reaction is not."""
        return _WORDS[setup.scare]

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the bedside lamp."""
        return Light(azimuth=-0.6 * setup.room.side, elevation=0.6, colour=Rgb(255, 226, 184))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Calm, then near and shaken a little."""
        if not state.near:
            return Camera(zoom=1 + 0.03 * clock.share)
        shake = 1.3 * math.exp(-2 * clock.time_s) * math.sin(clock.time_s * 30)
        toward = {"bookshelf": -34, "mouse": 16, "thunder": 34}[setup.scare]
        middle = 139 if setup.scare == "bookshelf" else 144
        return framed(WIDTH / 2 + setup.room.side * toward, middle + shake, 1.36 + 0.06 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, night, reader, blanket, what frightens."""
        room, is_down = setup.room, state.struck and setup.scare == "bookshelf"
        flash = 0.0
        if state.bolt and setup.scare == "thunder":
            flash = 0.55 + 0.45 * math.sin(clock.time_s * 8 + 1) ** 2
        with stage.at_depth(1):
            stage.static("room", lambda: self._still(stage, setup, state, is_down=is_down))
            draw_window(stage, room, clock.time_s, flash)
            if flash:
                everything = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
                stage.effect(everything, flat(Rgb(168, 184, 255), alpha=0.22 * flash))
            self._reader(stage, setup, state, clock)
            if state.struck and setup.scare == "mouse":
                draw_mouse(stage, room, state.fear, clock.time_s)
            if is_down:
                draw_falling_books(stage, room, state.fear, clock.time_s)

    def _still(self, stage: Stage, setup: _Setup, state: _State, *, is_down: bool) -> None:
        draw_room(stage, setup.room)
        draw_shelf(stage, setup.room, tilted=is_down)
        if state.struck:
            veil(stage, Mood(fear=state.fear, joy=state.joy))

    def _reader(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side, fear = setup.room.side, state.fear
        tremble = fear * 0.9 * math.sin(clock.time_s * 38)
        mood = Mood(joy=state.joy, fear=fear, surprise=0.55 * fear)
        toward = -side if setup.scare == "bookshelf" else side
        down = {"bookshelf": 0.0, "mouse": 0.6, "thunder": -0.1}[setup.scare]
        if state.struck:
            left, right = (-19 + 9 * fear, -36 - 27 * fear), (19 - 9 * fear, -36 - 27 * fear)
        else:
            left, right = (-13.0, -46.0), (13.0, -46.0)
        pose = Pose(
            left=left, right=right, turn=0.3 * toward if state.struck else 0.0, slump=0.15 - 0.6 * fear,
            gaze=(0.75 * toward, down) if state.struck else (0.0, 0.95),
        )  # fmt: skip
        x, scale = WIDTH / 2 + tremble, 1.78
        with stage.moved(x, 306, scale=scale):
            draw_person(
                stage, setup.reader, pose, mood, part="reader", time_s=clock.time_s, phase=setup.phase, warmth=0.94
            )
        draw_blanket(stage, setup.room, x, fear, clock.time_s)
        if fear > 0.2:
            self._fingers(stage, setup, x, pose, fear, scale)
        if not state.struck:
            draw_open_book(stage, setup.room, x, 226 + 0.8 * math.sin(clock.time_s * 2.6), clock.time_s)
        else:
            self._dropped(stage, setup)

    def _fingers(self, stage: Stage, setup: _Setup, x: float, pose: Pose, fear: float, scale: float) -> None:
        top = 226 - 44 * fear
        for side, hand in ((-1, pose.left), (1, pose.right)):
            for finger in range(3):
                knuckle = stage.oval(x + hand[0] * scale + side * 2 - 4 + 4 * finger, top + 4, 2.6, 4.6)
                stage.paint(knuckle, flat(shade(setup.reader.skin, 0.96 - 0.06 * finger)), part="reader")

    def _dropped(self, stage: Stage, setup: _Setup) -> None:
        side = setup.room.side if setup.scare == "bookshelf" else -setup.room.side
        with stage.moved(MIDDLE + side * 64, 242, turn_deg=12 * side):
            stage.shadow(stage.rect(-22, 4, 48, 8), alpha=0.4, blur=3)
            cover = linear((0, -6), (0, 7), shade(setup.room.cover, 1.15), shade(setup.room.cover, 0.6))
            stage.paint(stage.rect(-23, -6, 46, 13, radius=2), cover, part="book")
            stage.paint(stage.rect(-21, -2, 42, 6), flat(Rgb.of("#e8dfc8")), part="book")


_KEEP = ("the reader's hair", "the blanket's colour", "the lamp", "the toy on the shelf", "the room")
_WORDS: dict[Scare, Words] = {
    "thunder": Words(
        instructions=(
            "Without any warning the storm breaks right above the roof. Show the next shot, nearer.",
            "A bolt lands in the neighbour's garden. How does the evening continue in this bed?",
            "Outside, the sky cracks open with a bang. Cut to the reader.",
            "The loudest crash of the night falls in the quietest chapter. What does the following shot show?",
        ),
        train_instructions=(
            "The window rattles and everything turns white for a blink. Continue with the reader.",
            "Show the shot right after the sky explodes behind the curtain.",
        ),
        literal="Show the same reader nearer, terrified, eyes wide and hands drawing the blanket up, with lightning "
        "in the window.",
        expected="A nearer shot: lightning in the window; the same reader is frightened, with wide eyes, raised "
        "inner brows and an open mouth, and clutches the blanket up to the chin; the book has dropped.",
        preserve=_KEEP,
    ),
    "mouse": Words(
        instructions=(
            "Someone with whiskers and a long tail has come up onto the covers. Show the next shot, nearer.",
            "Since childhood this reader has been unable to stand rodents, and one has just climbed into bed. Cut in.",
            "Something small and grey runs out of the wall, straight over the bed. Continue with the reader.",
            "The hole behind the bed is inhabited, and its owner comes for a visit. What does the following shot show?",
        ),
        train_instructions=(
            "Tiny feet patter over the blanket in the middle of a sentence. Continue with the reader.",
            "Show the shot right after the cheese thief appears beside the pillow.",
        ),
        literal="Show the same reader nearer, terrified, eyes wide and hands drawing the blanket up, with a mouse on "
        "the bed.",
        expected="A nearer shot: a mouse on the blanket; the same reader is frightened, with wide eyes, raised inner "
        "brows and an open mouth, and clutches the blanket up to the chin; the book has dropped.",
        preserve=_KEEP,
    ),
    "bookshelf": Words(
        instructions=(
            "The screw that held one end of the shelf has had enough. Show the next shot, nearer.",
            "Without a sound before it, half a library comes down beside the pillow. Cut to the reader.",
            "The shelf on the wall gives way in the quietest chapter. What does the following shot show?",
            "Five heavy volumes leave the wall at once. How does the evening continue in this bed?",
        ),
        train_instructions=(
            "A bracket snaps right next to the reader's head. Continue with the reader.",
            "Show the shot in which gravity empties the shelf above the lamp.",
        ),
        literal="Show the same reader nearer, terrified, eyes wide and hands drawing the blanket up, while the books "
        "fall from the tilted shelf onto the bed.",
        expected="A nearer shot: the shelf hangs from one end and its books fall onto the bed; the same reader is "
        "frightened, with wide eyes, raised inner brows and an open mouth, and clutches the blanket up to the chin.",
        preserve=_KEEP,
    ),
}
