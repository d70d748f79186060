"""Emotional: a child skips along with an ice cream; in the next shot the scoop lies on the path."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._people import Look, Mood, Pose, blend_moods, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["DroppedCone"]

_ICES = tuple(Rgb.of(text) for text in ("#f2a0b4", "#a8dcb4", "#f6e2a8", "#8fc8ec", "#b9a4e0"))
_PATH_Y = 196.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    child: Look
    ice: Rgb
    evening: float
    trees: tuple[float, ...]
    kite: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    fallen: bool = False
    """The scoop lies on the ground; this is the following shot."""
    sadness: float = 0.0
    joy: float = 0.7


class DroppedCone(Family[_Setup, _State]):
    """A scoop falls off its cone, and with it the child's face."""

    name = "dropped-cone"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "loss"
    parts = ("child", "cone", "scoop", "kite", "dog")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws child, flavour, park and hour."""
        return _Setup(
            child=replace(look_of(rng), stripes=Rgb.of("#f6f0e2") if rng.random() < 0.5 else None, glasses=False),
            ice=_ICES[rng.integers(len(_ICES))],
            evening=float(rng.random()),
            trees=tuple(float(x) for x in np.sort(rng.uniform(-40, 520, 5))),
            kite=mix(Rgb.of("#d8433a"), Rgb.of("#3a6fd8"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a smile to tears; the other law laughs about it."""
        return States(
            source=_State(),
            target=_State(fallen=True, sadness=1.0, joy=0.0),
            half=_State(fallen=True, sadness=0.45, joy=0.0),
            wrong=_State(fallen=True, joy=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What is held."""
        return "cone"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """The mishap is hinted at, the face is not told."""
        return Words(
            instructions=(
                "One stumble, and the treat of the whole week is on the path. Continue with a nearer shot.",
                "The scoop did not survive the next step, and the van has driven off. Show the following shot.",
                "There was no coin left for a second one when the first slipped. What do we see next?",
                "Gravity wins against the best part of the afternoon. Cut closer to the child.",
            ),
            train_instructions=(
                "Only the wafer is left in the hand. Follow with the next shot of the child.",
                "The dog is about to be luckier than the child. Show the shot that follows.",
            ),
            literal="Show the same child nearer, crying, with an empty cone and the scoop melting on the path.",
            expected="A nearer shot: the same child holds an empty cone and looks down in tears, mouth turned down and "
            "shoulders hanging; the scoop lies on the path.",
            preserve=("the child's hair and clothes", "the flavour's colour", "the park", "the dog", "the kite"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The sun, lower in the evening."""
        return Light(azimuth=-0.7, elevation=0.75 - 0.3 * setup.evening)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Wide, then near enough for face and scoop."""
        if not state.fallen:
            return Camera(x=-6 + 12 * clock.share)
        return framed(WIDTH / 2 + 10, 167, 1.4 + 0.04 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, park, kite, dog, child."""
        with stage.at_depth(0.6):
            stage.static("park", lambda: self._park(stage, setup))
            self._kite(stage, setup, clock)
        with stage.at_depth(1):
            stage.static("path", lambda: self._path(stage))
            self._dog(stage, setup, state, clock)
            if state.fallen:
                self._splat(stage, setup, clock)
            self._child(stage, setup, state, clock)

    def _park(self, stage: Stage, setup: _Setup) -> None:
        low = mix(Rgb.of("#e6f2f6"), Rgb.of("#ffd2a0"), setup.evening)
        high = mix(Rgb.of("#6fb0e4"), Rgb.of("#7a8cc8"), setup.evening)
        stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, -40), (0, 170), high, low))
        for puff in range(5):
            for ball in range(4):
                cloud = stage.oval(
                    -20 + puff * 120 + ball * 17, 30 + 22 * math.sin(puff * 2.2) - 6 * (ball % 2), 18, 10
                )
                stage.effect(cloud, flat(Rgb(255, 255, 255), alpha=0.5, blur=4))
        leaf = mix(Rgb.of("#5f9a54"), Rgb.of("#8a8a44"), 0.5 * setup.evening)
        hill = stage.curve(
            [(-64, 300), (-64, 150), (60, 132), (190, 148), (330, 126), (544, 150), (544, 300)], closed=True
        )
        stage.paint(hill, linear((0, 120), (0, 220), mix(leaf, low, 0.4), leaf))
        for index, x in enumerate(setup.trees):
            size = 30 + 9 * ((index * 3) % 4)
            stage.shadow(stage.oval(x + 24, 182, size * 1.1, 6), alpha=0.3, blur=4)
            stage.paint(
                stage.rect(x - 4, 120, 8, 62, radius=2),
                linear((x - 4, 0), (x + 4, 0), Rgb.of("#8a6446"), Rgb.of("#523824")),
            )
            for bx, by, r in ((0, 0, 1.0), (-0.6, 0.35, 0.7), (0.6, 0.3, 0.72), (0.1, -0.5, 0.7)):
                place = (x + bx * size, 112 + by * size)
                tone = shade(leaf, 0.78 + 0.07 * (index % 3))
                crown = radial((place[0] - 8, place[1] - 10), size * r * 1.5, shade(tone, 1.3), tone, shade(tone, 0.68))
                stage.paint(stage.oval(*place, size * r, size * r * 0.86), crown)

    def _path(self, stage: Stage) -> None:
        lawn = stage.rect(-64, 176, WIDTH + 128, 200)
        stage.paint(lawn, linear((0, 176), (0, 272), Rgb.of("#5f9a4e"), Rgb.of("#4a8040")))
        stage.textured(lawn, "grass", strength=0.26, seed=2)
        path = stage.polygon([(-64, _PATH_Y), (544, _PATH_Y), (544, 262), (-64, 262)])
        stage.paint(path, linear((0, _PATH_Y), (0, 262), Rgb.of("#cdb894"), Rgb.of("#e0cda8"), Rgb.of("#bfa984")))
        stage.textured(path, "stone", strength=0.14, seed=3)
        for x in range(-60, 545, 9):
            for y in (_PATH_Y, 263):
                blade = stage.polygon([(x, y + 3), (x + 2 + (x % 5), y - 5 - (x * 7) % 4), (x + 5, y + 3)])
                stage.paint(blade, flat(shade(Rgb.of("#5a9448"), 0.85 + 0.05 * (x % 6))))

    def _kite(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = 372 + 8 * math.sin(clock.time_s * 1.4 + setup.phase)
        y = 52 + 5 * math.sin(clock.time_s * 2.1)
        stage.paint(
            stage.curve([(x, y), (x + 22, y + 50), (x + 60, 120)]),
            flat(Rgb.of("#f2ede2"), alpha=0.8),
            part="kite",
            line=0.7,
        )
        stage.paint(stage.polygon([(x, y - 24), (x + 17, y), (x, y + 26), (x - 17, y)]), flat(setup.kite), part="kite")
        stage.paint(stage.polygon([(x, y - 24), (x + 17, y), (x, y + 26)]), flat(shade(setup.kite, 0.75)), part="kite")
        tail = [(x + 5 * math.sin(clock.time_s * 5 + k), y + 26 + 9 * k) for k in range(5)]
        stage.paint(stage.curve(tail), flat(Rgb.of("#f4d35e")), part="kite", line=2)

    def _dog(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, y = 350.0 - (34 if state.fallen else 0), 222.0
        wag = 8 * math.sin(clock.time_s * 11)
        fur = mix(Rgb.of("#a8743e"), Rgb.of("#e6dccb"), (setup.phase % 1))
        stage.shadow(stage.oval(x + 10, y + 1, 34, 5), alpha=0.4, blur=3)
        stage.paint(
            stage.curve([(x + 22, y - 26), (x + 32, y - 36), (x + 36 + wag * 0.6, y - 48)]),
            flat(fur),
            part="dog",
            line=5,
        )
        for leg in (-16, -9, 14, 21):
            stage.paint(
                stage.polygon([(x + leg, y - 20), (x + leg, y - 2)], closed=False),
                flat(shade(fur, 0.8)),
                part="dog",
                line=6,
            )
        stage.paint(
            stage.oval(x + 2, y - 24, 27, 12),
            linear((0, y - 36), (0, y - 12), shade(fur, 1.1), shade(fur, 0.75)),
            part="dog",
        )
        nod = 2 * math.sin(clock.time_s * 3)
        head = (x - 26, y - 36 + nod)
        stage.paint(
            stage.oval(*head, 13, 12),
            radial((head[0] - 4, head[1] - 5), 18, shade(fur, 1.15), shade(fur, 0.8)),
            part="dog",
        )
        stage.paint(stage.oval(head[0] - 11, head[1] + 4, 8, 5.5), flat(shade(fur, 1.08)), part="dog")
        stage.paint(stage.oval(head[0] - 17, head[1] + 1.5, 2.8, 2.2), flat(Rgb.of("#231814")), part="dog")
        stage.paint(stage.oval(head[0] - 5, head[1] - 3, 1.8), flat(Rgb.of("#231814")), part="dog")
        stage.paint(stage.oval(head[0] + 7, head[1] + 1, 4.5, 9), flat(shade(fur, 0.62)), part="dog")
        stage.paint(
            stage.polygon([(x - 18, y - 31), (x - 12, y - 22)], closed=False),
            flat(Rgb.of("#c83a3a")),
            part="dog",
            line=4,
        )

    def _splat(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = WIDTH / 2 + 50, 240.0
        spread = 1 + 0.1 * clock.share
        stage.shadow(stage.oval(x + 5, y + 2, 25, 5), alpha=0.35, blur=2.5)
        pool = stage.curve(
            [
                (x - 23 * spread, y),
                (x - 10, y - 4),
                (x + 11, y - 4),
                (x + 24 * spread, y + 1),
                (x + 9, y + 6),
                (x - 12, y + 5),
            ],
            closed=True,
        )
        stage.paint(pool, flat(shade(setup.ice, 0.96)), part="scoop")
        ball = stage.curve(
            [(x - 15, y + 1), (x - 13, y - 10), (x, y - 16), (x + 13, y - 10), (x + 15, y + 1), (x, y + 4)], closed=True
        )
        stage.paint(
            ball, radial((x - 5, y - 11), 24, shade(setup.ice, 1.15), setup.ice, shade(setup.ice, 0.72)), part="scoop"
        )
        stage.effect(stage.oval(x - 5, y - 10, 4, 2.4), flat(Rgb(255, 255, 255), alpha=0.5, blur=1))

    def _child(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, y, scale = WIDTH / 2 - 20, 244.0, 1.5
        skip = 0.0 if state.fallen else 4 * abs(math.sin(clock.time_s * 5))
        sob = state.sadness * math.sin(clock.time_s * 8) * 0.5
        strong = max(state.joy, state.sadness)
        mood = blend_moods(Mood(), Mood(joy=state.joy, sadness=state.sadness), strong)
        swing = 0.0 if state.fallen else math.sin(clock.time_s * 5)
        hand = (18.0, -56.0 + 9 * state.sadness + sob)
        free = (-16.0 - 4 * swing, -35.0 - 7 * abs(swing) - 24 * max(0.0, state.sadness - 0.7))
        pose = Pose(
            left=free, right=hand, slump=1.15 * state.sadness + 0.1 * sob, tilt_deg=7 * state.sadness,
            turn=0.35 if state.fallen else 0.2, gaze=(0.7 * state.sadness, 0.9 * state.sadness), stride=0.4 * swing,
        )  # fmt: skip
        stage.cast(x, y, 26, 62, alpha=0.28)
        stage.shadow(stage.oval(x, y + 1, 26, 5), alpha=0.4, blur=3)
        with stage.moved(x, y - skip, scale=scale):
            draw_person(stage, setup.child, pose, mood, part="child", time_s=clock.time_s, phase=setup.phase)
            with stage.moved(hand[0] + 2, hand[1] - 1, turn_deg=14 + 24 * state.sadness, scale=1.1):
                self._cone(stage, setup, full=not state.fallen)

    def _cone(self, stage: Stage, setup: _Setup, *, full: bool) -> None:
        if full:
            ball = radial((-3, -20), 15, shade(setup.ice, 1.15), setup.ice, shade(setup.ice, 0.75))
            stage.paint(stage.oval(0, -16, 8.6, 8.4), ball, part="scoop")
        wafer = stage.polygon([(-7.4, -12), (7.4, -12), (0, 9)])
        stage.paint(wafer, linear((-7, 0), (7, 0), Rgb.of("#e6b468"), Rgb.of("#a8702c")), part="cone")
        with stage.clipped(wafer):
            for line in range(-4, 5):
                for lean in (-1, 1):
                    bar = stage.polygon([(line * 4, -14), (line * 4 + lean * 12, 10)], closed=False)
                    stage.effect(bar, flat(Rgb.of("#8a5a20"), alpha=0.5), line=0.6)
        stage.paint(stage.rect(-8.2, -13.5, 16.4, 3.4, radius=1.4), flat(Rgb.of("#dca654")), part="cone")
        if not full:
            stage.paint(stage.oval(0, -13.4, 6.6, 1.5), flat(Rgb.of("#6a4418")), part="cone")
