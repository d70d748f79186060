"""Commonsense: someone indoors looks out at the snow; the next shot is outside."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._street import GROUND_Y, ROAD_Y, Street, draw_street, street_of
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["SnowCoat"]

_COATS = tuple(Rgb.of(text) for text in ("#8a3038", "#2f5478", "#3f6a4c", "#b07a34"))
_KNITS = tuple(Rgb.of(text) for text in ("#e8c44a", "#e07a4a", "#7ab8d8", "#d8607a"))
_WALLS = tuple(Rgb.of(text) for text in ("#c8b08c", "#a8b8ac", "#c0a8a8", "#a8b0c4"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    person: Look
    coat: Rgb
    knit: Rgb
    wall: Rgb
    street: Street
    side: int
    """Where the door is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    outside: bool = False
    coat: bool = False
    knits: bool = False
    """Scarf and cap."""
    summer: bool = False
    """No snow at all: the other season."""


class SnowCoat(Family[_Setup, _State]):
    """Whoever goes out into the snow wears the coat, scarf and cap from the hooks."""

    name = "snow-coat"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "dress"
    parts = ("person", "coat", "knits", "door", "snowman", "umbrella-stand")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws person, wardrobe, hall and street."""
        return _Setup(
            person=replace(look_of(rng), glasses=False),
            coat=_COATS[rng.integers(len(_COATS))],
            knit=_KNITS[rng.integers(len(_KNITS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            street=street_of(rng),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the hall to the snow, dressed for it; half dressed; in the wrong season."""
        return States(
            source=_State(),
            target=_State(outside=True, coat=True, knits=True),
            half=_State(outside=True, knits=True),
            wrong=_State(outside=True, summer=True),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What hangs on the hook."""
        return "coat"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """That one dresses for it is not said."""
        return Words(
            instructions=(
                "A snowman will not build itself, and it is ten below zero. Continue with the next shot, outdoors.",
                "The bakery is two streets away and the thermometer has not moved all morning. Show what follows.",
                "Follow this sensible person out through the door on a day like this.",
                "The key turns and the walk begins; nobody wants to catch a cold. What does the next shot show?",
            ),
            train_instructions=(
                "It is time to leave the warm hall. Continue on the other side of the door.",
                "Show the following shot in the street, with the same person and today's weather.",
            ),
            literal="Show the same person outside in the snow, wearing the coat, the scarf and the cap from the hooks.",
            expected="Outside in a snowy street the same person wears the coat, the scarf and the knitted cap that "
            "hung on the hooks; snow falls.",
            preserve=("the person's face and hair", "the colours of coat, scarf and cap", "the weather"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A still hall, then a slow walk along."""
        if not state.outside:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2 + setup.side * (4 + 16 * clock.share), 146, 1.3)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Hall or street."""
        if state.outside:
            self._outside(stage, setup, state, clock)
        else:
            with stage.at_depth(1):
                self._inside(stage, setup, clock)

    def _flakes(self, stage: Stage, clock: Clock, count: int, left: float, wide: float, tall: float) -> None:
        for flake in range(count):
            speed = 40 + 26 * ((flake * 7) % 5) / 5
            y = -8 + (flake * flake * 31.7 + speed * clock.time_s) % (tall + 16)
            x = left + (flake * 89.7) % wide + 7 * math.sin(clock.time_s * 1.6 + flake)
            stage.effect(stage.oval(x, y, 1.3 + 1.2 * (flake % 4) / 3), flat(Rgb(252, 253, 255), alpha=0.95))

    def _inside(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        stage.static("hall", lambda: self._hall(stage, setup))
        side = setup.side
        door_x = WIDTH / 2 + side * 138
        pane = stage.rect(door_x - 27, 52, 54, 74, radius=2)
        stage.paint(pane, linear((0, 52), (0, 126), Rgb.of("#9fb2c6"), Rgb.of("#dde6ee")), part="door")
        with stage.clipped(pane):
            roof = stage.polygon([(door_x - 40, 104), (door_x - 4, 78), (door_x + 30, 104)])
            stage.paint(stage.rect(door_x - 34, 102, 58, 30), flat(setup.street.houses[0].front), part="door")
            stage.paint(roof, flat(Rgb.of("#f2f6fa")), part="door")
            stage.paint(stage.oval(door_x, 130, 50, 12), flat(Rgb.of("#eef3f8")), part="door")
            with stage.moved(0, 48):
                self._flakes(stage, clock, 26, door_x - 30, 60, 78)
        for bar in (stage.rect(door_x - 1.5, 52, 3, 74), stage.rect(door_x - 27, 87, 54, 3)):
            stage.paint(bar, flat(Rgb.of("#5a3c26")), part="door")
        x = WIDTH / 2 + side * 22
        breath = 1.5 * math.sin(clock.time_s * 1.9 + setup.phase)
        near = (side * 17.0, -46.0 + breath)
        far = (-side * 16.0, -35.0)
        left, right = (near, far) if side < 0 else (far, near)
        pose = Pose(left=left, right=right, turn=0.7 * side, tilt_deg=breath, gaze=(0.7 * side, -0.2))
        stage.shadow(stage.oval(x - side * 8, 251, 36, 6), alpha=0.4, blur=3)
        with stage.moved(x, 250, scale=1.55):
            draw_person(stage, setup.person, pose, Mood(joy=0.35, surprise=0.15), part="person", time_s=clock.time_s,
                        phase=setup.phase)  # fmt: skip

    def _hall(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, 290)
        stage.paint(wall, linear((0, -40), (0, 216), shade(setup.wall, 1.08), shade(setup.wall, 0.78)))
        for stripe in range(-3, 28):
            stage.effect(stage.rect(stripe * 22, -64, 9, 226), flat(Rgb(255, 255, 255), alpha=0.07))
        stage.textured(wall, "plaster", strength=0.08)
        panel = stage.rect(-64, 158, WIDTH + 128, 58)
        stage.paint(panel, linear((0, 158), (0, 216), Rgb.of("#f0e8d8"), Rgb.of("#c8bca6")))
        for box in range(-1, 11):
            stage.effect(stage.rect(box * 52 + 6, 168, 40, 38, radius=2), flat(Rgb.of("#9a8c74"), alpha=0.5), line=1.2)
        stage.paint(stage.rect(-64, 154, WIDTH + 128, 6), flat(Rgb.of("#f8f2e6")))
        floor = stage.rect(-64, 216, WIDTH + 128, 130)
        stage.paint(floor, linear((0, 216), (0, HEIGHT), Rgb.of("#94643c"), Rgb.of("#6a4426")))
        stage.textured(floor, "wood", strength=0.2, seed=7)
        stage.shadow(stage.rect(-64, 212, WIDTH + 128, 7), alpha=0.35, blur=3)
        side = setup.side
        rug = stage.oval(WIDTH / 2 + side * 40, 248, 130, 17)
        stage.paint(rug, flat(mix(setup.coat, Rgb.of("#6a5a50"), 0.6)))
        stage.paint(rug, flat(Rgb.of("#e0d2b4")), line=2)
        door_x = WIDTH / 2 + side * 138
        stage.shadow(stage.rect(door_x - 48, 28, 104, 188), alpha=0.35, blur=5)
        stage.paint(stage.rect(door_x - 52, 24, 104, 192, radius=2), flat(Rgb.of("#f4ecdc")), part="door")
        leaf = stage.rect(door_x - 44, 32, 88, 184)
        stage.paint(leaf, linear((door_x - 44, 0), (door_x + 44, 0), Rgb.of("#9a6a40"), Rgb.of("#6a4426")), part="door")
        stage.textured(leaf, "wood", strength=0.14, seed=8)
        stage.effect(stage.rect(door_x - 28, 140, 56, 62, radius=2), flat(Rgb.of("#3c2414"), alpha=0.5), line=2)
        stage.paint(stage.oval(door_x - side * 35, 132, 4.5), flat(Rgb.of("#e0bc60")), part="door")
        self._hooks(stage, setup)

    def _hooks(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        hook_x = WIDTH / 2 - side * 120
        stage.shadow(stage.rect(hook_x - 72, 48, 148, 10), alpha=0.3, blur=3)
        stage.paint(
            stage.rect(hook_x - 74, 42, 148, 12, radius=2),
            linear((0, 42), (0, 54), Rgb.of("#a8774a"), Rgb.of("#74492a")),
        )
        for hook in (-48, 6, 50):
            stage.paint(stage.rect(hook_x + hook - 2, 50, 4, 12, radius=2), flat(Rgb.of("#d8b458")))
        coat_x, tone = hook_x - 48, setup.coat
        coat = stage.curve(
            [(coat_x - 4, 58), (coat_x - 20, 68), (coat_x - 25, 100), (coat_x - 26, 160), (coat_x, 163),
             (coat_x + 26, 160), (coat_x + 25, 100),
             (coat_x + 20, 68), (coat_x + 4, 58)],
            closed=True,
        )  # fmt: skip
        with stage.moved(5, 5):
            stage.shadow(coat, alpha=0.35, blur=4)
        stage.paint(
            coat, linear((coat_x - 26, 0), (coat_x + 26, 0), shade(tone, 1.15), tone, shade(tone, 0.65)), part="coat"
        )
        for arm in (-1, 1):
            sleeve = stage.curve([(coat_x + arm * 18, 72), (coat_x + arm * 25, 100), (coat_x + arm * 25, 132)])
            stage.paint(sleeve, flat(shade(tone, 0.82)), part="coat", line=11)
        stage.effect(stage.polygon([(coat_x, 62), (coat_x, 161)], closed=False), flat(shade(tone, 0.5)), line=1.4)
        for button in range(4):
            stage.paint(stage.oval(coat_x + 5, 82 + 19 * button, 2.2), flat(shade(tone, 0.42)), part="coat")
        knit = setup.knit
        for tail, long in ((0, 132), (8, 114)):
            strip = stage.rect(hook_x + tail, 54, 10, long - 54, radius=2)
            stage.paint(
                strip,
                linear((hook_x + tail, 0), (hook_x + tail + 10, 0), shade(knit, 1.1), shade(knit, 0.72)),
                part="knits",
            )
            for row in range(3):
                stage.paint(
                    stage.rect(hook_x + tail, long - 8 - 9 * row, 10, 3.4), flat(Rgb.of("#f6f0e2")), part="knits"
                )
        cap_x = hook_x + 50
        dome = stage.curve(
            [(cap_x - 17, 84), (cap_x - 15, 68), (cap_x, 58), (cap_x + 15, 68), (cap_x + 17, 84)], closed=True
        )
        stage.paint(dome, linear((cap_x - 17, 0), (cap_x + 17, 0), shade(knit, 1.12), shade(knit, 0.7)), part="knits")
        stage.paint(stage.rect(cap_x - 19, 80, 38, 8, radius=4), flat(shade(knit, 0.82)), part="knits")
        stage.paint(stage.oval(cap_x, 57, 6), flat(mix(knit, Rgb(255, 255, 255), 0.6)), part="knits")
        stand = WIDTH / 2 - side * 36
        stage.shadow(stage.oval(stand + 6, 226, 18, 4), alpha=0.4, blur=2.5)
        for lean, colour in ((-5, Rgb.of("#3a5a8a")), (4, Rgb.of("#a83a3a"))):
            stick = stage.polygon([(stand + lean * 0.4, 200), (stand + lean, 158)], closed=False)
            stage.paint(stick, flat(colour), part="umbrella-stand", line=4.5)
        pot = stage.polygon([(stand - 13, 186), (stand + 13, 186), (stand + 10, 226), (stand - 10, 226)])
        stage.paint(
            pot, linear((stand - 13, 0), (stand + 13, 0), Rgb.of("#8aa0a8"), Rgb.of("#46585f")), part="umbrella-stand"
        )

    def _outside(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        snow = 0.0 if state.summer else 1.0
        with stage.at_depth(0.8):
            stage.static("street", lambda: draw_street(stage, setup.street, cloud=0.35 * snow, snow=snow))
            self._flakes(stage, clock, round(40 * snow), -60, 600, 280)
        side = setup.side
        with stage.at_depth(1):
            if snow:
                self._snowman(stage, setup, WIDTH / 2 + side * 112, GROUND_Y + 34)
            look = setup.person
            if state.coat:
                look = replace(look, coat=setup.coat)
            if state.knits:
                look = replace(look, scarf=setup.knit, cap=setup.knit)
            beat = clock.time_s * 6 + setup.phase
            swing = 5 * math.sin(beat)
            x = WIDTH / 2 + side * (-22 + 26 * clock.share)
            pose = Pose(left=(-17 + swing, -37), right=(17 + swing, -37), turn=0.5 * side, stride=0.75 * math.sin(beat),
                        lean_deg=2 * side)  # fmt: skip
            if snow:
                for step in range(7):
                    print_x = WIDTH / 2 + side * (-34 - 17 * step)
                    stage.shadow(
                        stage.oval(print_x, ROAD_Y - 12 + 4 * (step % 2), 5, 1.8),
                        alpha=0.25,
                        blur=0.8,
                        colour=Rgb(70, 90, 120),
                    )
            stage.shadow(stage.oval(x + 5, ROAD_Y - 9, 28, 5), alpha=0.35, blur=3)
            with stage.moved(x, ROAD_Y - 10, scale=1.4):
                draw_person(stage, look, pose, Mood(joy=0.55), part="person", time_s=clock.time_s, phase=setup.phase)
                if snow:
                    puff = (clock.time_s * 0.9 + setup.phase) % 1
                    mist = stage.oval(side * (14 + 14 * puff), -78 - 6 * puff, 3 + 6 * puff, 2 + 4 * puff)
                    stage.effect(mist, flat(Rgb(255, 255, 255), alpha=0.5 * (1 - puff), blur=2))
        self._flakes(stage, clock, round(34 * snow), -20, 520, 280)

    def _snowman(self, stage: Stage, setup: _Setup, x: float, y: float) -> None:
        stage.shadow(stage.oval(x + 8, y, 34, 6), alpha=0.3, blur=4, colour=Rgb(50, 70, 100))
        white = Rgb.of("#f4f8fc")
        for height, size in ((-17, 23.0), (-48, 16.0), (-72, 11.5)):
            ball = stage.oval(x, y + height, size)
            stage.paint(
                ball,
                linear((x - size, y + height - size), (x + size, y + height + size), white, white, shade(white, 0.74)),
                part="snowman",
            )
        for eye in (-4, 4):
            stage.paint(stage.oval(x + eye, y - 75, 1.5), flat(Rgb.of("#20242a")), part="snowman")
        nose = stage.polygon([(x, y - 73), (x, y - 69), (x - setup.side * 15, y - 70)])
        stage.paint(nose, flat(Rgb.of("#e8822e")), part="snowman")
        for button in range(3):
            stage.paint(stage.oval(x, y - 56 + 9 * button, 1.7), flat(Rgb.of("#20242a")), part="snowman")
        for arm in (-1, 1):
            twig = stage.polygon([(x + arm * 14, y - 50), (x + arm * 34, y - 66)], closed=False)
            stage.paint(twig, flat(Rgb.of("#5a4030")), part="snowman", line=2.4)
        stage.paint(stage.rect(x - 11, y - 100, 22, 18, radius=2), flat(Rgb.of("#2e3238")), part="snowman")
        stage.paint(stage.rect(x - 17, y - 84, 34, 4, radius=2), flat(Rgb.of("#2e3238")), part="snowman")
