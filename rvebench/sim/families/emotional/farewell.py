"""Emotional: two say goodbye on a platform; in the next shot the train has left with one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PlatformFarewell"]

_TRAINS = tuple(Rgb.of(text) for text in ("#2f5f4a", "#7a2f38", "#2f4a78", "#a8772c"))
_SCARFS = tuple(Rgb.of(text) for text in ("#c8402f", "#2f6f9c", "#e0b040"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    stays: Look
    leaves: Look
    train: Rgb
    evening: float
    side: int
    """Which way the train goes: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    gone: bool = False
    """The train moves off; the following shot."""
    sadness: float = 0.15
    joy: float = 0.3


class PlatformFarewell(Family[_Setup, _State]):
    """Whoever stays behind on the platform looks after the train."""

    name = "platform-farewell"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "parting"
    parts = ("stays", "leaves", "train", "suitcase", "clock")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the two, train and hour."""
        stays = look_of(rng)
        scarfs = [tone for tone in _SCARFS if abs(tone.r - stays.top.r) + abs(tone.b - stays.top.b) > 70]
        return _Setup(
            stays=replace(stays, scarf=scarfs[rng.integers(len(scarfs))], glasses=False),
            leaves=look_of(rng),
            train=_TRAINS[rng.integers(len(_TRAINS))],
            evening=float(rng.random()),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a goodbye to tears; the other law is glad to be alone."""
        return States(
            source=_State(),
            target=_State(gone=True, sadness=1.0, joy=0.0),
            half=_State(gone=True, sadness=0.45, joy=0.0),
            wrong=_State(gone=True, sadness=0.0, joy=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What carries one of them off."""
        return "train"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """The parting is told, the face is not."""
        return Words(
            instructions=(
                "The whistle blows, and it will be a year before these two meet again. Cut to the one who stays.",
                "The doors close between two people who cannot bear to be apart. Show the next shot on the platform.",
                "One ticket, two friends. Continue with the person in the scarf as the wheels begin to turn.",
                "It was their last day together for a long time. What does the camera find once the carriage moves?",
            ),
            train_instructions=(
                "The signal turns green and only one of them is on board. Follow with a nearer shot.",
                "A hand at the window grows smaller. Show the person on the platform.",
            ),
            literal="Show the person in the scarf nearer, alone and in tears, waving weakly while the train leaves.",
            expected="A nearer shot: the same person in the scarf stands alone, sad and in tears with hanging "
            "shoulders, one hand raised to wave, while the train moves off with the other behind a window.",
            preserve=("hair, scarf and clothes of the one who stays", "the train's colour", "the station", "the clock"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Low from the far end."""
        return Light(azimuth=0.6 * setup.side, elevation=0.55)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Wide, then near."""
        if not state.gone:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2 - setup.side * 2, 140, 1.48 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Hall, train, platform, people."""
        with stage.at_depth(0.6):
            stage.static("hall", lambda: self._hall(stage, setup))
        with stage.at_depth(0.85):
            run = 18 * clock.time_s + 12 * clock.time_s**2 + 6 if state.gone else 0.0
            self._train(stage, setup, state, clock, setup.side * run)
        with stage.at_depth(1):
            stage.static("platform", lambda: self._platform(stage, setup))
            self._clock(stage, setup, clock)
            self._steam(stage, setup, clock)
            self._people(stage, setup, state, clock)

    def _hall(self, stage: Stage, setup: _Setup) -> None:
        low = mix(Rgb.of("#dfe8ea"), Rgb.of("#f6c890"), setup.evening)
        high = mix(Rgb.of("#8fb4cc"), Rgb.of("#8a7fa8"), setup.evening)
        stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, -30), (0, 150), high, low))
        for block in range(9):
            x, tall = -50.0 + 66 * block, 26 + 17 * ((block * 5) % 4)
            tone = mix(mix(Rgb.of("#7a8494"), Rgb.of("#94706c"), setup.evening), low, 0.4)
            stage.paint(stage.rect(x, 128 - tall, 62, 120), flat(tone))
            for pane in range(8):
                spot = stage.rect(x + 8 + 13 * (pane % 4), 136 - tall + 15 * (pane // 4), 6, 8)
                stage.effect(spot, flat(shade(tone, 0.8)))
        iron = Rgb.of("#4a5058")
        roof = stage.polygon([(-64, -64), (544, -64), (544, 14), (240, 2), (-64, 14)])
        stage.paint(roof, linear((0, -64), (0, 14), Rgb.of("#2c3238"), iron))
        for rib in range(-1, 10):
            x = rib * 56.0
            stage.paint(
                stage.polygon([(x, 14), (x + 28, -30), (x + 56, 14)], closed=False), flat(shade(iron, 0.6)), line=2.4
            )

    def _train(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, shift: float) -> None:
        rattle = 0.7 * math.sin(clock.time_s * 21) if state.gone else 0.0
        top, foot = 54 + rattle, 202.0
        for car in (-1, 0, 1):
            x = WIDTH / 2 - 208 + 426 * car + shift
            if x > WIDTH + 70 or x < -490:
                continue
            stage.paint(stage.rect(x + 404, foot - 34, 26, 10), flat(Rgb.of("#22262a")), part="train")
            body = stage.rect(x, top, 416, foot - top, radius=9)
            stage.paint(
                body,
                linear((0, top), (0, foot), shade(setup.train, 1.25), setup.train, shade(setup.train, 0.55)),
                part="train",
            )
            stage.paint(stage.rect(x, top - 5, 416, 14, radius=6), flat(Rgb.of("#c9c6bc")), part="train")
            stage.paint(stage.rect(x, top + 84, 416, 5), flat(Rgb.of("#e6c878")), part="train")
            for pane in range(5):
                wx = x + 20 + 64 * pane + (56 if pane > 2 else 0)
                stage.paint(stage.rect(wx - 3, top + 25, 58, 52, radius=5), flat(shade(setup.train, 0.5)), part="train")
                glass = stage.rect(wx, top + 28, 52, 46, radius=4)
                stage.paint(
                    glass, linear((wx, top), (wx + 52, top + 80), Rgb.of("#f2dca4"), Rgb.of("#b08c58")), part="train"
                )
                with stage.clipped(glass):
                    if state.gone and car == 0 and pane == (3 if setup.side > 0 else 1):
                        wave = 5 * math.sin(clock.time_s * 8)
                        pose = Pose(left=(-20 + wave, -88), turn=-0.3 * setup.side, slump=0.4)
                        with stage.moved(wx + 28, top + 136, scale=0.95):
                            mood = Mood(sadness=0.5 * state.sadness, joy=0.5 * state.joy)
                            draw_person(stage, setup.leaves, pose, mood, part="leaves", time_s=clock.time_s, phase=1.0)
                    else:
                        stage.paint(
                            stage.rect(wx + 12, top + 54, 28, 30, radius=6), flat(Rgb.of("#7a4038")), part="train"
                        )
                    gloss = stage.polygon(
                        [(wx, top + 70), (wx + 28, top + 26), (wx + 38, top + 26), (wx + 6, top + 78)]
                    )
                    stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.16))
            door = stage.rect(x + 206, top + 20, 44, foot - top - 24, radius=3)
            if state.gone:
                stage.paint(
                    door,
                    linear((x + 206, 0), (x + 250, 0), shade(setup.train, 1.1), shade(setup.train, 0.7)),
                    part="train",
                )
                stage.paint(door, flat(shade(setup.train, 0.45)), part="train", line=1.6)
                stage.paint(stage.rect(x + 214, top + 28, 28, 42, radius=3), flat(Rgb.of("#b8a070")), part="train")
            else:
                stage.paint(door, linear((0, top), (0, foot), Rgb.of("#f6e2ae"), Rgb.of("#9a7a48")), part="train")
                stage.paint(stage.rect(x + 240, top + 50, 3, foot - top - 60), flat(Rgb.of("#d8c070")), part="train")

    def _platform(self, stage: Stage, setup: _Setup) -> None:
        stage.shadow(stage.rect(-64, 190, WIDTH + 128, 14), alpha=0.5, blur=5)
        floor = stage.rect(-64, 198, WIDTH + 128, 160)
        stage.paint(floor, linear((0, 198), (0, 272), Rgb.of("#a39a90"), Rgb.of("#7a736c")))
        stage.textured(floor, "stone", strength=0.16, seed=6)
        stage.paint(stage.rect(-64, 198, WIDTH + 128, 4), flat(Rgb.of("#d8d2c4")))
        stage.paint(stage.rect(-64, 207, WIDTH + 128, 5), flat(Rgb.of("#e4c24a")))
        for slab in range(-3, 24):
            x = slab * 34.0
            joint = stage.polygon([(x, 214), (x + (x - 240) * 0.3, 290)], closed=False)
            stage.effect(joint, flat(Rgb(0, 0, 0), alpha=0.14), line=1)
        post = WIDTH / 2 + setup.side * 176
        stage.shadow(stage.oval(post + 6, 226, 22, 5), alpha=0.4, blur=3)
        column = stage.rect(post - 7, -64, 14, 290)
        stage.paint(column, linear((post - 7, 0), (post + 7, 0), Rgb.of("#6a747c"), Rgb.of("#30363c")))
        stage.paint(stage.rect(post - 12, 212, 24, 14, radius=2), flat(Rgb.of("#3a4046")))

    def _clock(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = WIDTH / 2 + setup.side * 142, 46.0
        stage.paint(stage.rect(min(x, x + setup.side * 30), y - 2, 30, 4), flat(Rgb.of("#30363c")), part="clock")
        stage.paint(stage.oval(x, y, 21), flat(Rgb.of("#2a2f34")), part="clock")
        stage.paint(stage.oval(x, y, 17.5), flat(Rgb.of("#f6f2e6")), part="clock")
        for hour in range(12):
            turn = hour * math.pi / 6
            stage.paint(
                stage.oval(x + 14.5 * math.sin(turn), y - 14.5 * math.cos(turn), 1),
                flat(Rgb.of("#2a2f34")),
                part="clock",
            )
        for length, turn, wide in (
            (8.5, setup.phase, 2.2),
            (12.5, setup.phase * 12, 1.5),
            (13.5, clock.time_s * 1.6, 0.7),
        ):
            hand = stage.polygon([(x, y), (x + length * math.sin(turn), y - length * math.cos(turn))], closed=False)
            stage.paint(hand, flat(Rgb.of("#1a1c20") if wide > 1 else Rgb.of("#c8342c")), part="clock", line=wide)

    def _people(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        side = setup.side
        x, y, scale = WIDTH / 2 - side * 52, 258.0, 1.5
        if not state.gone:
            case_x = WIDTH / 2 + side * 76
            stage.shadow(stage.oval(case_x + 6, 259, 30, 5), alpha=0.4, blur=3)
            case = stage.rect(case_x - 22, 224, 44, 34, radius=4)
            stage.paint(
                stage.rect(case_x - 8, 217, 16, 10, radius=3), flat(Rgb.of("#4a2e1c")), part="suitcase", line=2.6
            )
            stage.paint(case, linear((0, 224), (0, 258), Rgb.of("#b0743c"), Rgb.of("#6e421e")), part="suitcase")
            for strap in (-13, 9):
                stage.paint(stage.rect(case_x + strap, 224, 4, 34), flat(Rgb.of("#5a3418")), part="suitcase")
            other = x + side * 78
            pat = 1.4 * math.sin(clock.time_s * 5)
            pose = Pose(
                left=(-23 - pat, -54) if side > 0 else (-14, -36), right=(23 + pat, -54) if side < 0 else (14, -36),
                turn=-0.6 * side, tilt_deg=-3 * side,
            )  # fmt: skip
            stage.shadow(stage.oval(other + 5, y + 1, 28, 5), alpha=0.4, blur=3)
            with stage.moved(other, y, scale=scale):
                draw_person(stage, setup.leaves, pose, Mood(joy=0.35, sadness=0.2), part="leaves", time_s=clock.time_s,
                            phase=setup.phase + 2)  # fmt: skip
        wave = 4 * math.sin(clock.time_s * (5 + 4 * state.joy)) if state.gone else 0.0
        high = -84 - 14 * state.joy + 8 * state.sadness
        near = (25.0 + wave, high) if state.gone else (23.0, -52.0)
        rest = (-7.0, -46.0) if state.gone and state.sadness > 0.4 else (-15.0, -36.0)
        left, right = (rest, near) if side > 0 else ((-near[0], near[1]), (-rest[0], rest[1]))
        pose = Pose(
            left=left, right=right, turn=0.5 * side if not state.gone else 0.3 * side,
            slump=1.1 * (state.sadness - 0.15),
            tilt_deg=-6 * side * state.sadness if state.gone else 2 * side, gaze=(0.6 * side, 0.1),
        )  # fmt: skip
        stage.shadow(stage.oval(x + 5, y + 1, 28, 5), alpha=0.4, blur=3)
        with stage.moved(x, y, scale=scale):
            draw_person(stage, setup.stays, pose, Mood(sadness=state.sadness, joy=state.joy), part="stays",
                        time_s=clock.time_s, phase=setup.phase)  # fmt: skip

    def _steam(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for puff in range(7):
            age = (clock.time_s * 0.4 + puff / 7) % 1
            x = WIDTH / 2 + setup.side * (60 - 46 * puff + 30 * age)
            cloud = stage.oval(x, 210 - 34 * age, 20 + 30 * age, 9 + 10 * age)
            stage.effect(cloud, flat(Rgb(246, 246, 248), alpha=0.2 * math.sin(math.pi * age), blur=7))
