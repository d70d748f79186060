"""Camera: a cat looks at something, and the next shot shows what it looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.families.camera._shelf import THINGS, Thing, paint_thing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CatGaze"]

_SHELF = 212.0
_FURS = (Rgb.of("#d98a3d"), Rgb.of("#5e5a5c"), Rgb.of("#e8dccb"), Rgb.of("#8a6a4c"))
_WALLS = (Rgb.of("#7f9a92"), Rgb.of("#b79a86"), Rgb.of("#8088a8"), Rgb.of("#a3a077"))
_ANIMALS: dict[Thing, tuple[Rgb, Rgb, Rgb]] = {
    "bowl": (Rgb.of("#f0742a"), Rgb.of("#d9423a"), Rgb.of("#f2b632")),
    "cage": (Rgb.of("#f2d13c"), Rgb.of("#6fb6d9"), Rgb.of("#8fbf5a")),
    "dome": (Rgb.of("#e8742a"), Rgb.of("#3f8fd8"), Rgb.of("#a95fc4")),
}
"""Colours of the animal in each thing."""
_NAMES: dict[Thing, tuple[str, str]] = {
    "bowl": ("goldfish bowl", "fish"),
    "cage": ("birdcage", "bird"),
    "dome": ("glass dome", "butterfly"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    seen: Thing
    """What the cat looks at."""
    other: Thing
    """What is behind its back."""
    side: int
    fur: Rgb
    wall: Rgb
    wood: Rgb
    animals: tuple[Rgb, Rgb]
    """Colours of the animal that is seen, and of the other."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    close: float
    """0 the whole shelf, 1 close on one thing."""
    toward: int = 1
    """1 where the cat looks, -1 behind its back."""


class CatGaze(Family[_Setup, _State]):
    """The shot after a look shows what the look is at."""

    name = "cat-gaze"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "close-up"
    parts = ("cat", "bowl", "fish", "cage", "bird", "dome", "butterfly", "books")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws cat, side and colours."""
        seen, other = (THINGS[index] for index in rng.permutation(len(THINGS))[:2])
        return _Setup(
            seen=seen,
            other=other,
            side=1 if rng.random() < 0.5 else -1,
            fur=_FURS[rng.integers(len(_FURS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#9a6238"), Rgb.of("#6b4a34"), float(rng.random())),
            animals=(_ANIMALS[seen][rng.integers(3)], _ANIMALS[other][rng.integers(3)]),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the shelf to a close shot."""
        return States(
            source=_State(close=0.0),
            target=_State(close=1.0),
            half=_State(close=0.45),
            wrong=_State(close=1.0, toward=-1),
        )

    def objects(self, setup: _Setup) -> str:
        """What the cat looks at."""
        return setup.seen

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names what is seen."""
        (seen, animal), (other, _) = _NAMES[setup.seen], _NAMES[setup.other]
        return Words(
            instructions=(
                "What has caught the cat's attention? Answer with the next shot.",
                "Cut from the hunter to its dream.",
                "The film goes on with the thing the cat cannot stop staring at, so near that we see every detail.",
                "Follow the animal's eyes and continue from there.",
                "An editor cuts on the look. Which picture comes next?",
            ),
            train_instructions=(
                "Let the audience share the interest of the cat in the following shot.",
                "Show from close by what would vanish first if nobody watched the cat.",
            ),
            literal=f"Cut to a close-up of the {seen} with the {animal} in it.",
            expected=f"A close-up of the same {seen}: it fills most of the frame, the {animal} in it has the same "
            f"colour and moves; the {other} is not in the frame.",
            preserve=("the colours of the animals", "the shelf and the wall", "the light"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Creeps in."""
        place = 240 + 132 * setup.side * state.toward
        drift = 0.05 * clock.share
        zoom = 1 + 1.2 * state.close + drift
        return Camera(x=(place - WIDTH / 2) * state.close, y=24 * state.close, zoom=zoom)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall, shelf, the two things, the cat."""
        del state
        with stage.at_depth(1):
            stage.static("room", lambda: self._room(stage, setup))
            self._dust(stage, clock)
            for thing, colour, side in (
                (setup.seen, setup.animals[0], setup.side),
                (setup.other, setup.animals[1], -setup.side),
            ):
                with stage.moved(240 + 132 * side, _SHELF):
                    paint_thing(stage, thing, colour, clock.time_s, setup.phase)
            with stage.moved(240, _SHELF + 6, scale=setup.side, scale_y=1):
                self._cat(stage, setup, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        self._wall(stage, setup)
        self._shelf(stage, setup)

    def _wall(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(
            wall, linear((-40, -20), (WIDTH, HEIGHT), shade(setup.wall, 1.2), setup.wall, shade(setup.wall, 0.66))
        )
        for stripe in range(-3, 28):
            stage.effect(stage.rect(stripe * 22, -64, 9, HEIGHT + 128), flat(WHITE, alpha=0.06))
            for row in range(-2, 10):
                at = (stripe * 22 + 15.5, row * 34 + (17 if stripe % 2 else 0))
                stage.effect(stage.oval(at[0], at[1], 2.2, 3.6), flat(shade(setup.wall, 0.6), alpha=0.35))
        stage.textured(wall, "plaster", strength=0.08)
        for x, wide, tall in ((240 - 78 * setup.side, 62, 46), (240 + 14 * setup.side, 46, 58)):
            left, top = x - wide / 2, 62 - tall / 2
            stage.shadow(stage.rect(left + 4, top + 6, wide, tall), alpha=0.4, blur=4)
            stage.paint(stage.rect(left, top, wide, tall, radius=1.5), flat(shade(setup.wood, 1.1)))
            picture = stage.rect(left + 5, top + 5, wide - 10, tall - 10)
            land = (Rgb.of("#b9d4e2"), Rgb.of("#e8d9b4"), Rgb.of("#7f9a62"), Rgb.of("#55703f"))
            stage.paint(picture, linear((0, top + 5), (0, top + tall - 5), *land))
            stage.effect(stage.oval(x + 6, 54, 5), flat(Rgb(255, 246, 210), alpha=0.9))
        for left in (150, 236):
            beam = stage.polygon([(left, -64), (left + 62, -64), (left - 60, 250), (left - 136, 250)])
            stage.effect(beam, flat(Rgb(255, 236, 190), alpha=0.2, blur=6))

    def _shelf(self, stage: Stage, setup: _Setup) -> None:
        top = stage.rect(-64, _SHELF - 14, WIDTH + 128, 30)
        stage.shadow(stage.rect(-64, _SHELF - 20, WIDTH + 128, 12), alpha=0.4, blur=5)
        stage.paint(top, linear((0, _SHELF - 14), (0, _SHELF + 16), shade(setup.wood, 1.15), shade(setup.wood, 0.9)))
        stage.textured(top, "wood", strength=0.2, seed=1)
        front = stage.rect(-64, _SHELF + 16, WIDTH + 128, 120)
        stage.paint(front, linear((0, _SHELF + 16), (0, HEIGHT), shade(setup.wood, 0.72), shade(setup.wood, 0.48)))
        stage.textured(front, "wood", strength=0.2, seed=2)
        stage.effect(
            stage.rect(-64, _SHELF + 14.5, WIDTH + 128, 2), flat(mix(setup.wood, WHITE, 0.5), alpha=0.6, blur=0.6)
        )
        stage.shadow(stage.rect(-64, _SHELF + 17, WIDTH + 128, 8), alpha=0.4, blur=3)
        for knob in (120, 360):
            drawer = stage.rect(knob - 100, _SHELF + 28, 200, 70, radius=3)
            stage.effect(drawer, flat(shade(setup.wood, 0.35), alpha=0.8), line=1.6)
            stage.paint(
                stage.oval(knob, _SHELF + 48, 6),
                radial((knob - 2, _SHELF + 46), 8, Rgb.of("#f0d890"), Rgb.of("#8a6a2e")),
            )
        x = 240 - 52 * setup.side
        for index, (tall, tone) in enumerate(((52, "#7a3b3b"), (60, "#2f5d62"), (46, "#c9a24e"), (56, "#4a4a72"))):
            left = x - 26 + 11 * index
            stage.shadow(stage.rect(left + 3, _SHELF - 8 - tall + 4, 11, tall), alpha=0.3, blur=3)
            cover = Rgb.of(tone)
            book = stage.rect(left, _SHELF - 6 - tall, 10.4, tall, radius=1)
            stage.paint(book, linear((left, 0), (left + 10, 0), shade(cover, 1.2), shade(cover, 0.66)), part="books")
            stage.paint(stage.rect(left + 1.5, _SHELF - tall + 4, 7.4, 2), flat(Rgb.of("#e3c983")), part="books")

    def _dust(self, stage: Stage, clock: Clock) -> None:
        """Specks of dust that drift in the sunlight."""
        for index in range(14):
            drift = clock.time_s * (3 + index % 3) + index * 37
            x = 60 + (drift * 1.7 + index * 29) % 260
            y = 20 + (index * 53 + 4 * drift + 5 * math.sin(clock.time_s + index)) % 165
            stage.effect(stage.oval(x, y, 0.9), flat(Rgb(255, 244, 214), alpha=0.45))

    def _cat(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        """Sits in profile and looks to the right of its own frame."""
        fur, dark, pale = setup.fur, shade(setup.fur, 0.66), mix(setup.fur, WHITE, 0.6)
        swing = math.sin(clock.time_s * 3.4 + setup.phase)
        stage.shadow(stage.oval(8, 0, 44, 7), alpha=0.5, blur=4)
        tail = [(-26, -6), (-44, -2), (-58, -10 - 4 * swing), (-64 - 3 * swing, -26 - 7 * swing)]
        stage.paint(stage.curve(tail), flat(dark), part="cat", line=9)
        stage.paint(stage.curve(tail), flat(fur), part="cat", line=7)
        breath = 0.8 * math.sin(clock.time_s * 3)
        body = stage.curve(
            [(-34, -2), (-38, -22), (-28, -48), (-8, -72 - breath), (12, -76 - breath), (24, -62),
             (25, -40), (21, -18), (22, -1), (0, 2)],
            closed=True,
        )  # fmt: skip
        stage.paint(body, linear((-36, -30), (28, -20), dark, fur, shade(fur, 1.12)), part="cat")
        with stage.clipped(body):
            for k in range(5):
                stripe = stage.curve(
                    [(-40 + 5 * k, -36 - 8 * k), (-26 + 5 * k, -30 - 8 * k), (-16 + 4 * k, -32 - 8 * k)]
                )
                stage.effect(stripe, flat(dark, alpha=0.7), line=3)
            stage.effect(stage.oval(22, -48, 9, 20), flat(pale, alpha=0.85, blur=3))
            haunch = stage.curve([(-4, 0), (-2, -18), (-14, -30), (-30, -24)])
            stage.effect(haunch, flat(dark, alpha=0.7, blur=0.8), line=1.8)
        for x in (14, 22):
            leg = stage.rect(x - 4, -34, 9, 35, radius=4)
            stage.paint(leg, linear((x - 4, 0), (x + 5, 0), fur, shade(fur, 1.1)), part="cat")
            stage.paint(stage.oval(x + 3, -1, 7, 4), flat(pale), part="cat")
        stage.paint(stage.oval(-10, -1, 13, 4.4), flat(shade(pale, 0.92)), part="cat")
        with stage.moved(20, -86 - breath, turn_deg=4 * math.sin(clock.time_s * 1.7 + setup.phase) + 5):
            for ear, lean in ((-9.0, -3.0), (5.0, 2.0)):
                outer = stage.polygon([(ear - 7, -9), (ear + lean, -31), (ear + 8, -11)])
                stage.paint(outer, flat(dark if ear > 0 else fur), part="cat")
                stage.paint(
                    stage.polygon([(ear - 3, -12), (ear + lean, -26), (ear + 5, -13)]),
                    flat(Rgb.of("#d99a90")),
                    part="cat",
                )
            head = stage.curve(
                [(-18, -2), (-12, -15), (2, -18), (15, -11), (21, 0), (25, 6), (20, 12), (6, 14), (-10, 12)],
                closed=True,
            )
            stage.paint(head, radial((-3, -8), 32, shade(fur, 1.18), fur, dark), part="cat")
            with stage.clipped(head):
                stage.effect(stage.oval(20, 10, 10, 7), flat(pale, alpha=0.95, blur=1.5))
                for k in (-1, 0, 1):
                    stage.effect(stage.curve([(1 + 6 * k, -19), (2 + 5 * k, -9)]), flat(dark, alpha=0.7), line=2)
                stage.effect(stage.curve([(-18, 4), (-8, 5), (-3, 8)]), flat(dark, alpha=0.6), line=2)
            stage.paint(stage.oval(11, -2.5, 4.8, 5), flat(Rgb.of("#cfe06a")), part="cat")
            stage.paint(stage.oval(13, -2.5, 2, 4.3), flat(Rgb.of("#15110e")), part="cat")
            stage.effect(stage.oval(11.6, -4.4, 1.1), flat(WHITE))
            stage.paint(stage.oval(24, 4.4, 2.4, 1.8), flat(Rgb.of("#c2675f")), part="cat")
            stage.effect(stage.curve([(23, 7), (20, 10), (15, 9)]), flat(shade(dark, 0.7)), line=1.1)
            for k in range(3):
                whisker = [(19, 7 + k), (28, 6 + 4 * k), (36, 4 + 6 * k)]
                stage.effect(stage.curve(whisker), flat(WHITE, alpha=0.75), line=0.7)
