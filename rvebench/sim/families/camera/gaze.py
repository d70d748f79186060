"""Camera: a cat looks at something, and the next shot shows what it looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CatGaze"]

_SHELF = 212.0
_FURS = (Rgb.of("#d98a3d"), Rgb.of("#5e5a5c"), Rgb.of("#e8dccb"), Rgb.of("#8a6a4c"))
_WALLS = (Rgb.of("#7f9a92"), Rgb.of("#b79a86"), Rgb.of("#8088a8"), Rgb.of("#a3a077"))
_FISH = (Rgb.of("#f0742a"), Rgb.of("#d9423a"), Rgb.of("#f2b632"))
_BIRDS = (Rgb.of("#f2d13c"), Rgb.of("#6fb6d9"), Rgb.of("#8fbf5a"))

Thing = Literal["bowl", "cage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    seen: Thing
    """What the cat looks at; the other thing is behind its back."""
    side: int
    fur: Rgb
    wall: Rgb
    wood: Rgb
    fish: Rgb
    bird: Rgb
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
    parts = ("cat", "bowl", "fish", "cage", "bird", "books")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws cat, side and colours."""
        return _Setup(
            seen="bowl" if rng.random() < 0.5 else "cage",
            side=1 if rng.random() < 0.5 else -1,
            fur=_FURS[rng.integers(len(_FURS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#9a6238"), Rgb.of("#6b4a34"), float(rng.random())),
            fish=_FISH[rng.integers(len(_FISH))],
            bird=_BIRDS[rng.integers(len(_BIRDS))],
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
        seen = "goldfish bowl" if setup.seen == "bowl" else "birdcage"
        animal = "fish" if setup.seen == "bowl" else "bird"
        other = "birdcage" if setup.seen == "bowl" else "goldfish bowl"
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
            for thing, side in ((setup.seen, setup.side), ("bowl" if setup.seen == "cage" else "cage", -setup.side)):
                with stage.moved(240 + 132 * side, _SHELF):
                    if thing == "bowl":
                        self._bowl(stage, setup, clock)
                    else:
                        self._cage(stage, setup, clock)
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

    def _bowl(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        time = clock.time_s + setup.phase
        stage.shadow(stage.oval(14, 2, 46, 7), alpha=0.5, blur=4)
        stage.effect(stage.oval(20, 3, 22, 3), flat(Rgb(255, 240, 200), alpha=0.5, blur=2))
        globe = stage.curve(
            [
                (-26, -80),
                (-42, -62),
                (-50, -38),
                (-42, -10),
                (-22, 2),
                (22, 2),
                (42, -10),
                (50, -38),
                (42, -62),
                (26, -80),
            ]
        )
        stage.paint(globe, linear((0, -80), (0, 2), Rgb.of("#e6f4f8"), Rgb.of("#c6e2ea"), alpha=0.45), part="bowl")
        with stage.clipped(globe):
            water = stage.rect(-60, -62, 120, 70)
            stage.paint(water, linear((0, -62), (0, 4), Rgb.of("#a9dcec"), Rgb.of("#4f9cb8"), alpha=0.8), part="bowl")
            for stone in range(26):
                x, y = -42 + 3.4 * stone, -3 - 5 * ((stone * 7) % 3) / 2
                tone = (Rgb.of("#d8c9a8"), Rgb.of("#a58f74"), Rgb.of("#c4886a"), Rgb.of("#8f9aa0"))[(stone * 5) % 4]
                pebble = stage.oval(x, y, 4, 3)
                stage.paint(pebble, linear((x, y - 3), (x, y + 3), shade(tone, 1.15), shade(tone, 0.7)), part="bowl")
            for stalk in range(4):
                sway = 3 * math.sin(time * 1.5 + stalk)
                x = 20 + 5 * stalk
                weed = [(x, -4), (x + 3 - sway * 0.3, -22), (x - 2 + sway * 0.7, -38), (x + 2 + sway, -50 + 4 * stalk)]
                stage.paint(stage.curve(weed), flat(Rgb.of("#3f8a4a")), part="bowl", line=2.6)
                stage.effect(stage.curve(weed), flat(Rgb.of("#8fd08a"), alpha=0.6), line=0.8)
            self._fish(stage, setup.fish, time, clock)
            for bubble in range(4):
                age = (clock.time_s * 0.5 + bubble / 4) % 1
                at = (-24 + 4 * math.sin(age * 8 + bubble) + 5 * bubble, -10 - 50 * age)
                stage.effect(stage.oval(*at, 1.2 + bubble * 0.3), flat(WHITE, alpha=0.8), line=0.6)
        surface = stage.oval(0, -62, 41.5, 5)
        stage.paint(surface, linear((-40, 0), (40, 0), Rgb.of("#dff4fa"), Rgb.of("#8cc8da"), alpha=0.85), part="bowl")
        stage.effect(stage.oval(0, -62, 41.5, 5), flat(WHITE, alpha=0.7), line=0.8)
        stage.effect(globe, flat(Rgb.of("#eefaff"), alpha=0.75), line=1.6)
        stage.paint(stage.oval(0, -80, 26, 4.4), flat(Rgb.of("#e8f6fa")), part="bowl", line=1.8)
        stage.effect(stage.curve([(-40, -54), (-45, -38), (-40, -20)]), flat(WHITE, alpha=0.75, blur=0.9), line=3.4)
        stage.effect(stage.rect(-34, -58, 9, 13, radius=3), flat(WHITE, alpha=0.4, blur=0.8))

    def _fish(self, stage: Stage, colour: Rgb, time: float, clock: Clock) -> None:
        x, facing = -6 + 17 * math.sin(time * 0.9), 1 if math.cos(time * 0.9) > 0 else -1
        # It turns by narrowing, so that it never flips from one frame to the next.
        turn = max(0.12, min(1.0, abs(math.cos(time * 0.9)) * 2.5)) * facing
        with stage.moved(x, -34 + 5 * math.sin(time * 1.7), scale=turn, scale_y=1):
            beat = 5 * math.sin(clock.time_s * 9)
            tail = stage.curve(
                [
                    (-9, 0),
                    (-18, -9 + beat * 0.5),
                    (-24, -8 + beat),
                    (-20, beat * 0.6),
                    (-24, 9 + beat),
                    (-17, 7 + beat * 0.5),
                ],
                closed=True,
            )
            stage.paint(tail, linear((-8, 0), (-24, 0), colour, mix(colour, Rgb(255, 240, 200), 0.55)), part="fish")
            fin = stage.curve([(-5, -7), (-3, -15), (6, -13), (8, -7)], closed=True)
            stage.paint(fin, flat(shade(colour, 0.85)), part="fish")
            body = stage.curve([(-11, 0), (-4, -8), (6, -9), (15, -3), (16, 1), (10, 7), (0, 8.5)], closed=True)
            stage.paint(
                body,
                linear((0, -9), (0, 9), shade(colour, 1.2), colour, mix(colour, Rgb(255, 244, 220), 0.5)),
                part="fish",
            )
            for row in range(3):
                for scale in range(3):
                    arc = stage.oval(-6 + 5 * scale, -4 + 4 * row, 2.4, 2.4)
                    stage.effect(arc, flat(shade(colour, 0.66), alpha=0.35), line=0.6)
            flap = stage.curve([(1, 2), (-6, 5 + beat * 0.4), (-4, 9 + beat * 0.3), (3, 5)], closed=True)
            stage.paint(flap, flat(shade(colour, 0.8)), part="fish")
            stage.paint(stage.oval(10.5, -2.6, 2.6), flat(WHITE), part="fish")
            stage.paint(stage.oval(11, -2.6, 1.5), flat(Rgb.of("#14110f")), part="fish")
            stage.effect(stage.curve([(16, 1.5), (14, 2.8), (12.5, 2.4)]), flat(shade(colour, 0.45)), line=0.8)

    def _cage(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        brass = Rgb.of("#d8b25a")
        stage.shadow(stage.oval(14, 2, 46, 7), alpha=0.5, blur=4)
        base = stage.rect(-42, -9, 84, 11, radius=3)
        dome = stage.curve([(-38, -8), (-38, -62), (-26, -88), (0, -98), (26, -88), (38, -62), (38, -8)])
        stage.effect(dome, flat(Rgb(255, 250, 230), alpha=0.12))
        for x in (-26, -13, 0, 13, 26):
            back = stage.curve([(x * 0.9, -8), (x * 0.9, -62), (x * 0.6, -86), (0, -98)])
            stage.paint(back, flat(shade(brass, 0.5)), part="cage", line=0.9)
        swing = 7 * math.sin(clock.time_s * 2.1 + setup.phase)
        with stage.moved(0, -92, turn_deg=swing):
            for x in (-13, 13):
                stage.paint(stage.rect(x - 0.5, 2, 1, 56), flat(shade(brass, 0.7)), part="cage")
            stage.paint(stage.rect(-16, 56, 32, 3.4, radius=1.6), flat(Rgb.of("#8a5a36")), part="cage")
            with stage.moved(0, 56, scale=0.92):
                self._bird(stage, setup.bird, clock, setup.phase)
        for index, x in enumerate((-38, -25, -8, 8, 25, 38)):
            bar = stage.curve([(x, -8), (x, -62), (x * 0.68, -88), (0, -98)])
            stage.paint(bar, flat(brass if index < 4 else shade(brass, 0.75)), part="cage", line=1.5)
            stage.effect(stage.rect(x - 0.5, -62, 0.7, 54), flat(WHITE, alpha=0.6))
        stage.paint(stage.oval(0, -62, 38, 3), flat(shade(brass, 0.85)), part="cage", line=1.2)
        stage.paint(base, linear((0, -9), (0, 2), shade(brass, 1.15), shade(brass, 0.6)), part="cage")
        stage.paint(stage.oval(0, -104, 6), flat(brass), part="cage", line=2)
        stage.paint(stage.rect(22, -24, 13, 10, radius=2), flat(Rgb.of("#e6eef2")), part="cage")

    def _bird(self, stage: Stage, colour: Rgb, clock: Clock, phase: float) -> None:
        look = math.sin(clock.time_s * 2.7 + phase)
        stage.paint(stage.polygon([(-5, -8), (-17, 10), (-11, 12), (0, -4)]), flat(shade(colour, 0.6)), part="bird")
        for leg in (-2, 3):
            stage.paint(
                stage.polygon([(leg, -3), (leg, 0)], closed=False), flat(Rgb.of("#c98a5a")), part="bird", line=1.4
            )
        body = stage.curve([(-9, -6), (-8, -18), (0, -25), (8, -20), (9, -9), (3, -2), (-4, -2)], closed=True)
        stage.paint(body, radial((2, -18), 20, shade(colour, 1.2), colour, shade(colour, 0.62)), part="bird")
        flick = 2 * max(0.0, math.sin(clock.time_s * 7)) ** 4
        wing = stage.curve([(-3, -19), (-9 - flick, -10), (-9 - flick, -1), (-2, -8)], closed=True)
        stage.paint(wing, linear((-3, -19), (-8, 0), shade(colour, 0.85), shade(colour, 0.5)), part="bird")
        with stage.moved(3 + look, -26):
            stage.paint(stage.oval(0, 0, 7.2), radial((-1, -2), 11, shade(colour, 1.22), colour), part="bird")
            stage.paint(stage.polygon([(6, -1.6), (11.5, 0.6), (6, 2.6)]), flat(Rgb.of("#e8893a")), part="bird")
            stage.paint(stage.oval(2.8, -1.4, 1.4), flat(Rgb.of("#14110f")), part="bird")
            stage.effect(stage.oval(2.4, -1.9, 0.5), flat(WHITE))
            stage.effect(stage.oval(2.2, 2.4, 2), flat(Rgb.of("#e8806a"), alpha=0.5, blur=0.6))

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
