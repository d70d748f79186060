"""Spatial: a ball lies on the side that a toy facing us would call its right (or its left)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import everywhere, merged, projected, ring, strip
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["RobotSide"]

_METALS = (Rgb.of("#6fb3bf"), Rgb.of("#d9803f"), Rgb.of("#8e8fc4"), Rgb.of("#7fb069"))
_BALLS = (Rgb.of("#d8423a"), Rgb.of("#f0b429"), Rgb.of("#3f78c9"), Rgb.of("#c2478f"))
_WALLS = (Rgb.of("#f0d9b5"), Rgb.of("#bcd4de"), Rgb.of("#e3c1c4"), Rgb.of("#c5d8bd"))
_FLOOR_Y = 168.0
_SLANT = (0.55, 0.16)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    metal: Rgb
    ball: Rgb
    wall: Rgb
    toward: int
    """Side on the screen where the ball belongs: -1 is the robot's right."""
    stack_left: bool
    """Whether the building blocks are piled at the left."""
    antennae: int
    radius: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    place: float
    """Where the ball lies: 0 before the robot, 1 at the side it is told, -1 at the other."""


class RobotSide(Family[_Setup, _State]):
    """Who faces us has left and right the other way round."""

    name = "robot-side"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "viewpoint"
    parts = ("robot", "ball", "blocks", "train", "rug")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws place, colours, the side and the size of the ball."""
        return _Setup(
            x=float(rng.uniform(222, 258)),
            metal=_METALS[rng.integers(len(_METALS))],
            ball=_BALLS[rng.integers(len(_BALLS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            toward=-1 if rng.integers(2) else 1,
            stack_left=bool(rng.integers(2)),
            antennae=int(rng.integers(1, 3)),
            radius=float(rng.uniform(19, 24)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From between its feet to its own right or left; the wrong ball takes ours."""
        return States(
            source=_State(place=0),
            target=_State(place=1),
            half=_State(place=0.62),
            wrong=_State(place=-1),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The ball."""
        return "ball"

    def words(self, setup: _Setup) -> Words:
        """The paraphrases give the side as the robot has it, or by the hand or a turn."""
        own, ours = ("right", "left") if setup.toward < 0 else ("left", "right")
        return Words(
            instructions=(
                f"The robot looks at us. Roll the ball to where the robot itself would say it is on its {own}.",
                f"The robot would say 'just past my {own} hand', and rightly so, if asked where the ball is.",
                f"If the robot stuck out its {own} arm, the ball on the floor would be right under that hand.",
                f"Seen from behind the robot, the ball should lie beside it on the {own}. We still film from the "
                "front.",
            ),
            train_instructions=(
                f"Let the toy have its ball by its own {own} foot, out to the side.",
                f"Somebody peeking over the robot's shoulder must find the ball at their {own}.",
            ),
            literal=f"Move the ball from before the robot to the {ours} side of the picture, next to the robot.",
            expected=f"The ball lies on the floor at the {ours} of the robot as we see it (the robot's own {own}), "
            "with its shadow; the place before the robot is free.",
            preserve=("the robot", "the building blocks", "the train", "the wall and the rug", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From a window at the left."""
        return Light(azimuth=-0.6, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, train, blocks, robot, ball."""
        stage.static("room", lambda: self._room(stage, setup))
        self._train(stage, setup, clock)
        self._blocks(stage, setup)
        self._robot(stage, setup, clock)
        self._ball(stage, setup, state, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        whole = everywhere(stage)
        stage.paint(whole, radial((120, 70), 460, shade(setup.wall, 1.1), setup.wall, shade(setup.wall, 0.62)))
        for k in range(-2, 18):
            stage.effect(stage.rect(k * 32, -64, 14, 300), flat(shade(setup.wall, 0.9), alpha=0.35))
        stage.textured(whole, "plaster", strength=0.07)
        # Light of a window on the wall.
        for k in (0, 1):
            pane = stage.polygon([(300 + 46 * k, 20), (340 + 46 * k, 14), (352 + 46 * k, 108), (312 + 46 * k, 116)])
            stage.effect(pane, flat(Rgb(255, 240, 200), alpha=0.32, blur=2.5))
        for k, tone in enumerate((Rgb.of("#e8b04a"), Rgb.of("#c85a54"), Rgb.of("#5a92b8"))):
            x, y = 70.0 + 52 * k, 44.0 + 8 * (k % 2)
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
        oak = Rgb.of("#c89560")
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
        for k, tone in enumerate((shade(rug, 0.8), rug, mix(setup.metal, rug, 0.5), rug)):
            stage.paint(stage.oval(x, 229, 174 - 22 * k, 32 - 4.5 * k), flat(tone), part="rug")
        stage.textured(stage.oval(x, 229, 174, 32), "cloth", strength=0.16, seed=4)

    def _train(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        rail = stage.rect(-64, 184, WIDTH + 128, 2.4)
        stage.shadow(stage.rect(-64, 187, WIDTH + 128, 2), alpha=0.3, blur=1)
        for k in range(-2, 34):
            stage.paint(stage.rect(k * 16, 183, 7, 5, radius=1), flat(Rgb.of("#7d5a3c")))
        stage.paint(rail, flat(Rgb.of("#b9bec4")))
        head = 70 + (setup.phase * 90) % 330 + clock.time_s * 46
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
            tone = tones[(k + setup.antennae) % 4]
            if k != 2:
                path = projected(stage, (x, y), strip(15, 30), _SLANT)
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

    def _robot(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y = setup.x, 216.0
        metal, dark = setup.metal, Rgb.of("#3a4048")
        t = clock.time_s
        shapes = [strip(26, 74, 30), ring(0, 104, 27, 22)]
        shapes += [[(s * 28, 30), (s * 44, 26), (s * 42, 70), (s * 28, 72)] for s in (-1, 1)]
        stage.shadow(merged([projected(stage, (x, y), o, _SLANT) for o in shapes]), alpha=0.42, blur=2.4)
        grade = (shade(metal, 1.35), metal, shade(metal, 0.55))
        for side in (-1, 1):
            leg = stage.rect(x + side * 15 - 7, y - 30, 14, 27)
            stage.paint(
                leg, linear((x + side * 15 - 7, 0), (x + side * 15 + 7, 0), Rgb.of("#aab2ba"), dark), part="robot"
            )
            foot = stage.rect(x + side * 16 - 13, y - 9, 26, 11, radius=5)
            stage.paint(foot, linear((0, y - 9), (0, y + 2), *grade), part="robot")
        for side in (-1, 1):
            swing = 3 * math.sin(t * 3.1 + setup.phase + side)
            arm: list[Point] = [(x + side * 31, y - 72), (x + side * 43, y - 54), (x + side * 43, y - 34 + swing)]
            stage.paint(stage.curve(arm), flat(Rgb.of("#7d868f")), part="robot", line=8)
            stage.effect(stage.curve([(px - 1.5, py) for px, py in arm]), flat(Rgb(255, 255, 255), alpha=0.35), line=2)
            hx, hy = x + side * 43, y - 35 + swing
            grip = stage.curve([(hx - 6, hy + 15), (hx - 7, hy + 4), (hx, hy), (hx + 7, hy + 4), (hx + 6, hy + 15)])
            stage.paint(grip, flat(shade(metal, 0.7)), part="robot", line=5)
        body = stage.rect(x - 31, y - 82, 62, 56, radius=9)
        stage.paint(body, linear((x - 31, 0), (x + 31, 0), *grade), part="robot")
        stage.effect(stage.rect(x - 25, y - 79, 9, 50, radius=4), flat(Rgb(255, 255, 255), alpha=0.28, blur=2))
        panel = stage.rect(x - 18, y - 70, 36, 28, radius=4)
        stage.paint(panel, linear((0, y - 70), (0, y - 42), Rgb.of("#f2ead6"), Rgb.of("#c9bfa6")), part="robot")
        for k, tone in enumerate((Rgb.of("#e0483c"), Rgb.of("#eab73a"), Rgb.of("#4caf6d"))):
            lit = 0.75 + 0.5 * max(0.0, math.sin(t * 4 + k * 2.1))
            stage.paint(stage.oval(x - 10 + 10 * k, y - 62, 3.4), flat(shade(tone, lit)), part="robot")
        needle = 0.8 * math.sin(t * 1.9 + setup.phase)
        gauge = stage.curve([(x - 11, y - 46), (x - 7, y - 54), (x, y - 56), (x + 7, y - 54), (x + 11, y - 46)])
        stage.paint(gauge, flat(dark), part="robot", line=1.3)
        tip = (x + 8 * math.sin(needle), y - 46 - 8 * math.cos(needle))
        stage.paint(stage.polygon([(x, y - 46), tip], closed=False), flat(Rgb.of("#c0392b")), part="robot", line=1.5)
        self._head(stage, setup, clock, y - 82)

    def _head(self, stage: Stage, setup: _Setup, clock: Clock, y: float) -> None:
        x, t, metal = setup.x + 1.5 * math.sin(clock.time_s * 1.3), clock.time_s, setup.metal
        stage.paint(stage.rect(x - 8, y - 7, 16, 8), flat(Rgb.of("#7d868f")), part="robot")
        rods = (0.0,) if setup.antennae == 1 else (-14.0, 14.0)
        for dx in rods:
            wave = 2.5 * math.sin(t * 5 + dx)
            rod = stage.curve([(x + dx, y - 44), (x + dx * 1.2, y - 54), (x + dx * 1.3 + wave, y - 61)])
            stage.paint(rod, flat(Rgb.of("#5c646c")), part="robot", line=2.2)
            stage.paint(stage.oval(x + dx * 1.3 + wave, y - 62, 3.8), flat(Rgb.of("#e85c4a")), part="robot")
        for side in (-1, 1):
            stage.paint(stage.rect(x + side * 29 - 4, y - 32, 8, 16, radius=2), flat(shade(metal, 0.55)), part="robot")
        head = stage.rect(x - 28, y - 46, 56, 41, radius=11)
        stage.paint(head, linear((x - 28, 0), (x + 28, 0), shade(metal, 1.4), metal, shade(metal, 0.58)), part="robot")
        stage.effect(stage.rect(x - 22, y - 43, 40, 5, radius=2.5), flat(Rgb(255, 255, 255), alpha=0.4, blur=1.5))
        blink = 0.15 if math.sin(t * 2.2 + setup.phase) > 0.94 else 1.0
        look = 1.8 * math.sin(t * 1.6 + setup.phase)
        for side in (-1, 1):
            stage.paint(stage.oval(x + side * 12, y - 29, 8.4), flat(Rgb.of("#2c333a")), part="robot")
            stage.paint(stage.oval(x + side * 12, y - 29, 6.6, 6.6 * blink), flat(Rgb.of("#fdf3c8")), part="robot")
            stage.paint(stage.oval(x + side * 12 + look, y - 28.5, 3, 3 * blink), flat(Rgb.of("#1d2227")), part="robot")
        smile = stage.curve([(x - 11, y - 16), (x, y - 11.5), (x + 11, y - 16)])
        stage.paint(smile, flat(Rgb.of("#2c333a")), part="robot", line=2.2)

    def _ball(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        radius = setup.radius
        rock = 2.2 * math.sin(clock.time_s * 2.6 + setup.phase)
        path = state.place * setup.toward
        x = setup.x + 86 * path + rock
        y = 248.0 - 13 * min(1.0, abs(path))
        turn = math.degrees((86 * path + rock) / radius)
        shapes = [projected(stage, (x, y), ring(0, radius, radius, radius), _SLANT), stage.oval(x, y, radius * 0.7, 4)]
        stage.shadow(merged(shapes), alpha=0.45, blur=2.2)
        tone = setup.ball
        ball = stage.oval(x, y - radius, radius)
        stage.paint(ball, flat(Rgb.of("#fbf3e4")), part="ball")
        with stage.clipped(ball), stage.moved(x, y - radius, turn_deg=turn):
            for k in range(3):
                wedge = [(0.0, 0.0)]
                wedge += [(1.6 * radius * math.cos(a), 1.6 * radius * math.sin(a))
                          for a in (k * math.tau / 3, k * math.tau / 3 + 0.55, k * math.tau / 3 + 1.05)]  # fmt: skip
                stage.paint(stage.polygon(wedge), flat(tone if k else mix(tone, setup.metal, 0.75)), part="ball")
            stage.paint(stage.oval(0, 0, radius * 0.2), flat(Rgb.of("#fbf3e4")), part="ball")
        with stage.clipped(ball):
            stage.shadow(stage.oval(x + radius * 0.55, y - radius * 0.35, radius * 0.9), alpha=0.45, blur=radius * 0.35)
        shine = stage.oval(x - radius * 0.4, y - radius * 1.45, radius * 0.26, radius * 0.2)
        stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.85, blur=1.2))
