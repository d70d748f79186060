"""Spatial: a plaything lies on the side that a figure facing us would call its right (or its left)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._figures import SLANT, Figure, FigureKind, draw_figure
from rvebench.sim.families.spatial._parts import everywhere, projected, strip
from rvebench.sim.families.spatial._playthings import Thing, draw_thing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["RobotSide"]

_FIGURES: tuple[FigureKind, ...] = ("robot", "soldier")
_THINGS: tuple[Thing, ...] = ("ball", "car", "drum")
_METALS = (Rgb.of("#6fb3bf"), Rgb.of("#d9803f"), Rgb.of("#8e8fc4"), Rgb.of("#7fb069"))
_BALLS = (Rgb.of("#d8423a"), Rgb.of("#f0b429"), Rgb.of("#3f78c9"), Rgb.of("#c2478f"))
_WALLS = (Rgb.of("#f0d9b5"), Rgb.of("#bcd4de"), Rgb.of("#e3c1c4"), Rgb.of("#c5d8bd"))
_FLOORS = (Rgb.of("#c89560"), Rgb.of("#a8774f"), Rgb.of("#d9b98c"))
_FLOOR_Y = 168.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    figure: Figure
    thing: Thing
    ball: Rgb
    wall: Rgb
    paper: int
    """Pattern of the wallpaper."""
    floor: Rgb
    hung: int
    """Order of the pictures on the wall."""
    toward: int
    """Side on the screen where the plaything belongs: -1 is the figure's right."""
    stack_left: bool
    """Whether the building blocks are piled at the left."""
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    place: float
    """Where the plaything is: 0 before the figure, 1 at the side it is told, -1 at the other."""


class RobotSide(Family[_Setup, _State]):
    """Who faces us has left and right the other way round."""

    name = "robot-side"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "viewpoint"
    parts = ("robot", "ball", "blocks", "train", "rug")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws place, figure, plaything, colours and the side."""
        return _Setup(
            x=float(rng.uniform(222, 258)),
            figure=Figure(
                kind=_FIGURES[rng.integers(len(_FIGURES))],
                metal=_METALS[rng.integers(len(_METALS))],
                antennae=int(rng.integers(1, 3)),
                phase=float(rng.uniform(0, 6.28)),
            ),
            thing=_THINGS[rng.integers(len(_THINGS))],
            ball=_BALLS[rng.integers(len(_BALLS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            toward=-1 if rng.integers(2) else 1,
            stack_left=bool(rng.integers(2)),
            radius=float(rng.uniform(19, 24)),
            paper=int(rng.integers(3)),
            floor=_FLOORS[rng.integers(len(_FLOORS))],
            hung=int(rng.integers(3)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From between its feet to its own right or left; the wrong one takes ours."""
        return States(
            source=_State(place=0),
            target=_State(place=1),
            half=_State(place=0.62),
            wrong=_State(place=-1),
        )

    def objects(self, setup: _Setup) -> str:
        """What is to lie beside the figure."""
        return setup.thing

    def words(self, setup: _Setup) -> Words:
        """The paraphrases give the side as the figure has it, or by the hand or a turn."""
        own, ours = ("right", "left") if setup.toward < 0 else ("left", "right")
        who, thing = setup.figure.kind, setup.thing
        move = {"ball": "Roll the ball", "car": "Drive the car", "drum": "Carry the drum"}[thing]
        return Words(
            instructions=(
                f"The {who} looks at us. {move} to where the {who} itself would say it is on its {own}.",
                f"The {who} would say 'just past my {own} hand', and rightly so, if asked where the {thing} is.",
                f"If the {who} stuck out its {own} arm, the {thing} on the floor would be right under that hand.",
                f"Seen from behind the {who}, the {thing} should be beside it on the {own}. We still film from the "
                "front.",
            ),
            train_instructions=(
                f"Let the {who} have its {thing} by its own {own} foot, out to the side.",
                f"Somebody peeking over the {who}'s shoulder must find the {thing} at their {own}.",
            ),
            literal=f"Move the {thing} from before the {who} to the {ours} side of the picture, next to the {who}.",
            expected=f"The {thing} is on the floor at the {ours} of the {who} as we see it (the {who}'s own {own}), "
            f"with its shadow; the place before the {who} is free.",
            preserve=(f"the {who}", "the building blocks", "the train", "the wall and the rug", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From a window at the left."""
        return Light(azimuth=-0.6, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, train, blocks, figure, plaything."""
        stage.static("room", lambda: self._room(stage, setup))
        self._train(stage, setup, clock)
        self._blocks(stage, setup)
        draw_figure(stage, setup.figure, setup.x, clock.time_s)
        self._thing(stage, setup, state, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        whole = everywhere(stage)
        stage.paint(whole, radial((120, 70), 460, shade(setup.wall, 1.1), setup.wall, shade(setup.wall, 0.62)))
        self._wallpaper(stage, setup)
        stage.textured(whole, "plaster", strength=0.07)
        # Light of a window on the wall.
        for k in (0, 1):
            pane = stage.polygon([(300 + 46 * k, 20), (340 + 46 * k, 14), (352 + 46 * k, 108), (312 + 46 * k, 116)])
            stage.effect(pane, flat(Rgb(255, 240, 200), alpha=0.32, blur=2.5))
        for k, tone in enumerate((Rgb.of("#e8b04a"), Rgb.of("#c85a54"), Rgb.of("#5a92b8"))):
            place = (k + setup.hung) % 3
            x, y = 70.0 + 52 * place, 44.0 + 8 * (place % 2)
            stage.shadow(stage.rect(x - 15, y - 13, 38, 44), alpha=0.3, blur=3)
            stage.paint(stage.rect(x - 19, y - 17, 38, 44, radius=2), flat(Rgb.of("#fdf6e8")))
            stage.paint(stage.rect(x - 15, y - 13, 30, 36), linear((0, y - 13), (0, y + 23), tone, shade(tone, 0.7)))
            if k == 0:
                stage.paint(stage.oval(x, y + 5, 9), flat(Rgb.of("#fff3c4")))
            elif k == 1:
                stage.paint(stage.polygon([(x - 12, y + 20), (x, y - 6), (x + 12, y + 20)]), flat(Rgb.of("#f6dcae")))
            else:
                stage.paint(stage.curve([(x - 11, y + 8), (x, y - 4), (x + 11, y + 8), (x, y + 14)], closed=True),
                            flat(Rgb.of("#dcefe6")))  # fmt: skip
        floor = stage.rect(-64, _FLOOR_Y, WIDTH + 128, 180)
        oak = setup.floor
        stage.paint(floor, linear((0, _FLOOR_Y), (0, HEIGHT), shade(oak, 0.92), shade(oak, 0.72)))
        stage.textured(floor, "wood", strength=0.16, seed=3)
        for k in range(1, 5):
            y = _FLOOR_Y + 4 * k * k + 6
            stage.effect(stage.rect(-64, y, WIDTH + 128, 1), flat(Rgb.of("#5f3d22"), alpha=0.4))
        stage.paint(stage.rect(-64, _FLOOR_Y - 10, WIDTH + 128, 11), flat(Rgb.of("#f7f0e2")))
        stage.shadow(stage.rect(-64, _FLOOR_Y, WIDTH + 128, 3), alpha=0.35, blur=1.5)
        x = setup.x
        rug = mix(setup.ball, Rgb.of("#e9e0cf"), 0.72)
        stage.shadow(stage.oval(x + 3, 232, 176, 33), alpha=0.35, blur=2)
        for k, tone in enumerate((shade(rug, 0.8), rug, mix(setup.figure.metal, rug, 0.5), rug)):
            stage.paint(stage.oval(x, 229, 174 - 22 * k, 32 - 4.5 * k), flat(tone), part="rug")
        stage.textured(stage.oval(x, 229, 174, 32), "cloth", strength=0.16, seed=4)

    def _wallpaper(self, stage: Stage, setup: _Setup) -> None:
        for k in range(-2, 18):
            if setup.paper == 0:
                stage.effect(stage.rect(k * 32, -64, 14, 300), flat(shade(setup.wall, 0.9), alpha=0.35))
                continue
            for row in range(-1, 6):
                x, y = k * 32 + 16 * (row % 2), row * 30.0
                if setup.paper == 1:
                    stage.effect(stage.oval(x, y, 4), flat(shade(setup.wall, 0.88), alpha=0.5))
                else:
                    star = [(x + (6 if n % 2 else 2.6) * math.sin(n * math.pi / 5),
                             y + (6 if n % 2 else 2.6) * math.cos(n * math.pi / 5)) for n in range(10)]  # fmt: skip
                    stage.effect(stage.polygon(star), flat(shade(setup.wall, 1.2), alpha=0.6))

    def _train(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        rail = stage.rect(-64, 184, WIDTH + 128, 2.4)
        stage.shadow(stage.rect(-64, 187, WIDTH + 128, 2), alpha=0.3, blur=1)
        for k in range(-2, 34):
            stage.paint(stage.rect(k * 16, 183, 7, 5, radius=1), flat(Rgb.of("#7d5a3c")))
        stage.paint(rail, flat(Rgb.of("#b9bec4")))
        head = 70 + (setup.figure.phase * 90) % 330 + clock.time_s * 46
        tones = (Rgb.of("#3d6ea5"), Rgb.of("#e2b13c"), Rgb.of("#a8413a"))
        for k, tone in enumerate(tones):
            x = head - 44 * k
            stage.shadow(stage.rect(x - 16, 183, 46, 5, radius=2), alpha=0.4, blur=1.5)
            if k < 2:
                stage.paint(stage.rect(x - 26, 176, 12, 3), flat(Rgb.of("#3a3a3a")), part="train")
            body = stage.rect(x - 19, 163, 38, 17, radius=4)
            stage.paint(body, linear((0, 163), (0, 180), shade(tone, 1.3), shade(tone, 0.72)), part="train")
            if k == 0:
                stage.paint(stage.rect(x - 19, 151, 17, 16, radius=2), flat(shade(tone, 0.85)), part="train")
                stage.paint(stage.rect(x - 15, 154, 9, 7, radius=1), flat(Rgb.of("#e4f1f6")), part="train")
                stage.paint(stage.rect(x + 7, 152, 6, 12, radius=1), flat(Rgb.of("#3a3f46")), part="train")
                for puff in range(3):
                    rise = (clock.time_s * 0.9 + puff / 3) % 1
                    smoke = stage.oval(x + 10 - 26 * rise, 150 - 22 * rise, 3 + 5 * rise)
                    stage.effect(smoke, flat(Rgb(255, 255, 255), alpha=0.5 * (1 - rise), blur=1.5))
            for dx in (-11, 11):
                stage.paint(stage.oval(x + dx, 181, 4.6), flat(Rgb.of("#2c2c30")), part="train")
                turn = clock.time_s * 11
                hub = stage.oval(x + dx + 2 * math.cos(turn), 181 + 2 * math.sin(turn), 1.1)
                stage.effect(hub, flat(Rgb.of("#e8e8e8")))

    def _blocks(self, stage: Stage, setup: _Setup) -> None:
        places = ((44.0, 236.0, 0), (76.0, 242.0, 1), (58.0, 210.0, 2), (430.0, 238.0, 3))
        tones = (Rgb.of("#d65745"), Rgb.of("#4f9a6b"), Rgb.of("#e8b84c"), Rgb.of("#5585c4"))
        for place, y, k in places:
            x = place if setup.stack_left else WIDTH - place
            tone = tones[(k + setup.figure.antennae) % 4]
            if k != 2:
                path = projected(stage, (x, y), strip(15, 30), SLANT)
                stage.shadow(path, alpha=0.4, blur=2)
            front = stage.rect(x - 15, y - 28, 30, 29, radius=2)
            stage.paint(
                front, linear((x - 15, y - 28), (x + 15, y), shade(tone, 1.15), shade(tone, 0.8)), part="blocks"
            )
            top = stage.polygon([(x - 14, y - 27), (x - 8, y - 34), (x + 20, y - 34), (x + 14, y - 27)])
            stage.paint(top, flat(shade(tone, 1.35)), part="blocks")
            side = stage.polygon([(x + 14, y - 27), (x + 20, y - 34), (x + 20, y - 6), (x + 14, y)])
            stage.paint(side, flat(shade(tone, 0.6)), part="blocks")
            mark = Rgb.of("#fff6e0")
            if k % 2:
                stage.effect(stage.oval(x, y - 13, 7), flat(mark, alpha=0.9), line=3)
            else:
                stage.effect(
                    stage.polygon([(x - 7, y - 7), (x, y - 20), (x + 7, y - 7)]), flat(mark, alpha=0.9), line=3
                )

    def _thing(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        rock = 0.0 if setup.thing == "drum" else 2.2 * math.sin(clock.time_s * 2.6 + setup.figure.phase)
        path = state.place * setup.toward
        way = 86 * path + rock
        place = (setup.x + way, 248.0 - 13 * min(1.0, abs(path)))
        tone, trim = setup.ball, setup.figure.metal
        draw_thing(stage, setup.thing, place, setup.radius, tone, trim, rolled=way, slant=SLANT)
