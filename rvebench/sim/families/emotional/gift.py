"""Emotional: a child has a parcel in front of it; the next shot is after the lid came off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._people import Look, Mood, Pose, blend_moods, draw_person, framed, person_of, veil
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["GiftOpened"]

_WRAPS = (Rgb.of("#c8403f"), Rgb.of("#3c7fb8"), Rgb.of("#3f9a6a"), Rgb.of("#8a55a8"))
_RIBBONS = (Rgb.of("#f4d35e"), Rgb.of("#f5f0e6"), Rgb.of("#f2a3b8"))
_WALLS = (Rgb.of("#d8c3a5"), Rgb.of("#a9c0b6"), Rgb.of("#c9b2c4"), Rgb.of("#b7c4d6"))
_TABLE_Y = 206.0

Toy = Literal["bear", "robot", "rocket"]
_TOYS: dict[Toy, str] = {"bear": "a teddy bear", "robot": "a toy robot", "rocket": "a toy rocket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    child: Look
    wrap: Rgb
    ribbon: Rgb
    wall: Rgb
    toy: Toy
    side: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: bool = False
    """The following, nearer shot."""
    opened: float = 0.0
    """How far the present is out of its box, 0..1."""
    joy: float = 0.0
    sadness: float = 0.0


class GiftOpened(Family[_Setup, _State]):
    """A child opens a parcel and finds the toy it wished for."""

    name = "gift-opened"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "delight"
    parts = ("child", "parcel", "toy", "lamp", "plant")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws child, paper, room and toy."""
        return _Setup(
            child=person_of(rng, "child"),
            wrap=_WRAPS[rng.integers(len(_WRAPS))],
            ribbon=_RIBBONS[rng.integers(len(_RIBBONS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            toy=tuple(_TOYS)[int(rng.integers(len(_TOYS)))],
            side=-1 if rng.random() < 0.5 else 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a closed box to a happy child."""
        return States(
            source=_State(),
            target=_State(near=True, opened=1.0, joy=1.0),
            half=_State(near=True, opened=0.45, joy=0.35),
            wrong=_State(near=True, opened=1.0, sadness=1.0),
            still=_State(near=True),
        )

    def objects(self, setup: _Setup) -> str:
        """The toy."""
        return setup.toy

    def words(self, setup: _Setup) -> Words:
        """The wish is told, the face is not."""
        toy = _TOYS[setup.toy]
        return Words(
            instructions=(
                f"For months this child has asked for {toy}, and someone has listened. Continue with the next shot.",
                f"The parcel holds exactly what was at the top of the wish list, {toy}. Follow with a nearer shot.",
                "The waiting is over and it is the very thing that was hoped for. What is the next shot?",
                f"A moment later the ribbon is undone, and {toy} looks back. Show the child.",
            ),
            train_instructions=(
                f"Show what follows once {toy}, long wished for, comes out of the paper.",
                f"Cut in as the child finds out that nobody forgot about {toy}.",
            ),
            literal=f"Show the same child nearer, beaming with raised hands, behind the open box with {toy} in it.",
            expected=f"A nearer shot: the box is open with {toy} rising out of it, the lid lies beside; the same child "
            "smiles broadly with wide eyes and raised hands.",
            preserve=("the child's hair and clothes", "the wrapping paper", "the room", "the window with snow"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The lamp's side."""
        return Light(azimuth=0.6 * setup.side, elevation=0.6)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Medium, then near."""
        if not state.near:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2, 158, 1.42 + 0.06 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, snow outside, child, table, parcel."""
        with stage.at_depth(1):
            stage.static("room", lambda: self._still(stage, setup))
            self._window(stage, setup, clock)
            if state.opened:
                veil(stage, Mood(joy=state.joy, sadness=state.sadness))
            sway = 1.2 * math.sin(clock.time_s * 2.2 + setup.phase)
            bounce = 3.0 * state.joy * abs(math.sin(clock.time_s * 5.5))
            curious = Mood(joy=0.25, surprise=0.12)
            strong = max(state.joy, state.sadness)
            felt = Mood(joy=state.joy, sadness=state.sadness, surprise=0.45 * state.joy)
            mood = blend_moods(curious, felt, strong) if strong else curious
            joy, sad = state.joy, state.sadness
            wave = 2.5 * joy * math.sin(clock.time_s * 8)
            pose = Pose(
                left=(-21 - 5 * joy + 9 * sad, -39 - 45 * joy + wave),
                right=(21 + 5 * joy - 9 * sad, -39 - 45 * joy - wave),
                slump=1.1 * sad, tilt_deg=5 * sad + sway, gaze=(0.0, 0.75 - 0.35 * joy),
            )  # fmt: skip
            above_table = stage.rect(-64, -64, WIDTH + 128, _TABLE_Y + 64)
            with stage.clipped(above_table), stage.moved(WIDTH / 2 + sway, 288 - bounce, scale=2.0):
                draw_person(stage, setup.child, pose, mood, part="child", time_s=clock.time_s, phase=setup.phase)
            self._parcel(stage, setup, state, clock)

    def _still(self, stage: Stage, setup: _Setup) -> None:
        self._room(stage, setup)
        self._table(stage, setup)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        lamp_x = WIDTH / 2 + setup.side * 178
        stage.paint(
            wall, radial((lamp_x, 92), 460, shade(setup.wall, 0.98), shade(setup.wall, 0.7), shade(setup.wall, 0.48))
        )
        for stripe in range(-2, 18):
            stage.effect(stage.rect(stripe * 36, -64, 14, 300), flat(Rgb(255, 255, 255), alpha=0.06))
        stage.textured(wall, "plaster", strength=0.09)
        x = WIDTH / 2 - setup.side * 148
        stage.shadow(stage.rect(x - 58, 26, 124, 118), alpha=0.3, blur=5)
        stage.paint(stage.rect(x - 60, 20, 120, 118, radius=3), flat(Rgb.of("#f1ece2")))
        stage.paint(stage.rect(lamp_x - 2.5, 118, 5, 120), flat(Rgb.of("#6b4f38")), part="lamp")
        shade_path = stage.polygon([(lamp_x - 20, 74), (lamp_x + 20, 74), (lamp_x + 34, 120), (lamp_x - 34, 120)])
        stage.paint(shade_path, linear((0, 74), (0, 120), Rgb.of("#ffe9b0"), Rgb.of("#f3b562")), part="lamp")
        stage.glow(lamp_x, 100, 120, Rgb(120, 84, 34), alpha=0.6)

    def _window(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = WIDTH / 2 - setup.side * 148
        pane = stage.rect(x - 53, 27, 106, 104)
        stage.paint(pane, linear((0, 27), (0, 131), Rgb.of("#31476e"), Rgb.of("#7d93b4")))
        with stage.clipped(pane):
            stage.paint(stage.oval(x - 20, 142, 70, 26), flat(Rgb.of("#e6edf5")))
            for flake in range(26):
                speed = 14 + 9 * ((flake * 7) % 5) / 5
                fy = 22 + (flake * 37 + speed * clock.time_s) % 112
                fx = x - 53 + (flake * 41) % 106 + 4 * math.sin(clock.time_s * 1.7 + flake)
                stage.paint(stage.oval(fx, fy, 1.2 + 0.8 * (flake % 3) / 2), flat(Rgb(246, 250, 255)))
        for bar in (stage.rect(x - 2.5, 25, 5, 108), stage.rect(x - 56, 76, 112, 5)):
            stage.paint(bar, flat(Rgb.of("#f1ece2")))
        stage.paint(stage.rect(x - 66, 136, 132, 8, radius=2), flat(Rgb.of("#e2dac8")))
        plant_x = x - setup.side * 34
        for leaf in range(5):
            bend = -0.9 + 0.45 * leaf + 0.03 * math.sin(clock.time_s * 1.5 + leaf)
            tip = (plant_x + 26 * math.sin(bend), 122 - 30 * math.cos(bend))
            stem = stage.curve([(plant_x, 122), ((plant_x + tip[0]) / 2, 106), tip])
            stage.paint(stem, flat(shade(Rgb.of("#4f8a4c"), 0.8 + 0.1 * leaf)), part="plant", line=5)
        pot = stage.polygon([(plant_x - 11, 119), (plant_x + 11, 119), (plant_x + 8, 137), (plant_x - 8, 137)])
        stage.paint(
            pot, linear((plant_x - 11, 0), (plant_x + 11, 0), Rgb.of("#d08a5a"), Rgb.of("#8e5432")), part="plant"
        )

    def _table(self, stage: Stage, setup: _Setup) -> None:
        top = stage.rect(-64, _TABLE_Y, WIDTH + 128, 160)
        stage.shadow(stage.rect(-64, _TABLE_Y - 6, WIDTH + 128, 10), alpha=0.3, blur=4)
        stage.paint(top, linear((0, _TABLE_Y), (0, HEIGHT), Rgb.of("#b98555"), Rgb.of("#6e4526")))
        stage.textured(top, "wood", strength=0.18, seed=1)
        stage.effect(stage.rect(-64, _TABLE_Y - 1, WIDTH + 128, 3), flat(Rgb.of("#f0c894"), alpha=0.5, blur=0.8))
        x = WIDTH / 2 + setup.side * 128
        stage.shadow(stage.oval(x - setup.side * 8, 243, 32, 6), alpha=0.4, blur=3)
        stage.paint(stage.oval(x, 240, 30, 7), flat(Rgb.of("#f4f1ea")))
        for biscuit in range(4):
            place = (x - 15 + 10 * biscuit, 235 - 3 * (biscuit % 2))
            stage.paint(
                stage.oval(*place, 8, 4), radial((place[0] - 2, place[1] - 2), 9, Rgb(226, 172, 104), Rgb(150, 92, 44))
            )

    def _parcel(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, foot, half, tall = WIDTH / 2, 250.0, 42.0, 46.0
        top = foot - tall
        side = setup.side
        stage.shadow(stage.oval(x - side * 14, foot + 2, half + 18, 8), alpha=0.45, blur=4)
        if state.opened:
            inside = stage.polygon([(x - half, top), (x + half, top), (x + half - 7, top - 9), (x - half + 7, top - 9)])
            stage.paint(inside, flat(shade(setup.wrap, 0.42)), part="parcel")
            out = stage.rect(x - 60, -64, 120, top + 64 + 2)
            with stage.clipped(out), stage.moved(x, top + 36 - 36 * state.opened + 1.2 * math.sin(clock.time_s * 6)):
                if setup.toy == "bear":
                    _bear(stage)
                elif setup.toy == "robot":
                    _robot(stage, clock)
                else:
                    _rocket(stage, setup.ribbon)
        body = stage.rect(x - half, top, 2 * half, tall, radius=2)
        stage.paint(
            body, linear((x - half, 0), (x + half, 0), shade(setup.wrap, 1.1), shade(setup.wrap, 0.7)), part="parcel"
        )
        with stage.clipped(body):
            for dot in range(15):
                place = (x - half + 8 + (dot * 29) % 76, top + 7 + (dot * 17) % 38)
                stage.paint(stage.oval(*place, 2.3), flat(mix(setup.wrap, Rgb(255, 255, 255), 0.5)), part="parcel")
        stage.paint(stage.rect(x - 6, top, 12, tall), flat(setup.ribbon), part="parcel")
        if state.opened:
            lid_x = x - side * 92
            stage.shadow(stage.oval(lid_x - side * 8, foot + 5, 50, 6), alpha=0.4, blur=3)
            with stage.moved(lid_x, foot - 6, turn_deg=-side * 5):
                self._lid(stage, setup, half)
        else:
            with stage.moved(x, top):
                self._lid(stage, setup, half)

    def _lid(self, stage: Stage, setup: _Setup, half: float) -> None:
        lid = stage.rect(-half - 4, -6, 2 * half + 8, 15, radius=2)
        stage.paint(lid, linear((-half, 0), (half, 0), shade(setup.wrap, 1.25), shade(setup.wrap, 0.8)), part="parcel")
        stage.paint(stage.rect(-6, -6, 12, 15), flat(shade(setup.ribbon, 0.95)), part="parcel")
        for side in (-1, 1):
            bow = stage.curve([(0, -6), (side * 9, -17), (side * 20, -14), (side * 17, -6)], closed=True)
            stage.paint(
                bow, linear((0, -18), (0, -5), shade(setup.ribbon, 1.05), shade(setup.ribbon, 0.75)), part="parcel"
            )
        stage.paint(stage.oval(0, -8, 5, 4), flat(shade(setup.ribbon, 0.88)), part="parcel")


def _bear(stage: Stage) -> None:
    fur = Rgb.of("#b8834c")
    for side in (-1, 1):
        stage.paint(stage.oval(side * 12, -34, 6), flat(shade(fur, 0.85)), part="toy")
        stage.paint(stage.oval(side * 12, -34, 3.4), flat(Rgb.of("#e6c08e")), part="toy")
        stage.paint(stage.oval(side * 17, -3, 6, 9), flat(shade(fur, 0.8)), part="toy")
    stage.paint(stage.oval(0, 2, 17, 16), flat(shade(fur, 0.9)), part="toy")
    stage.paint(stage.oval(0, -22, 16, 14.5), radial((-4, -27), 22, shade(fur, 1.2), fur, shade(fur, 0.75)), part="toy")
    stage.paint(stage.oval(0, -17, 7.5, 6), flat(Rgb.of("#ecd0a2")), part="toy")
    stage.paint(stage.oval(0, -19.5, 2.8, 2), flat(Rgb.of("#2a1a14")), part="toy")
    for side in (-1, 1):
        stage.paint(stage.oval(side * 6.5, -25, 1.8), flat(Rgb.of("#1c120e")), part="toy")
        bow = stage.polygon([(0, -6), (side * 9, -11), (side * 9, -2)])
        stage.paint(bow, flat(Rgb.of("#d8435a")), part="toy")


def _robot(stage: Stage, clock: Clock) -> None:
    tin = Rgb.of("#a9b8c4")
    for side in (-1, 1):
        stage.paint(stage.rect(side * 20 - 3.5, -10, 7, 22, radius=3), flat(shade(tin, 0.75)), part="toy")
    stage.paint(stage.rect(-16, -10, 32, 30, radius=3), linear((-16, 0), (16, 0), tin, shade(tin, 0.65)), part="toy")
    stage.paint(
        stage.rect(-14, -36, 28, 23, radius=4), linear((-14, 0), (14, 0), shade(tin, 1.2), shade(tin, 0.75)), part="toy"
    )
    stage.paint(stage.polygon([(0, -36), (0, -45)], closed=False), flat(shade(tin, 0.6)), part="toy", line=2)
    blink = 0.5 + 0.5 * math.sin(clock.time_s * 7)
    stage.paint(stage.oval(0, -46, 3), flat(mix(Rgb.of("#7a2020"), Rgb.of("#ff5a4a"), blink)), part="toy")
    for side in (-1, 1):
        stage.paint(stage.oval(side * 6, -27, 4), flat(Rgb.of("#20303a")), part="toy")
        stage.paint(stage.oval(side * 6, -27, 2.4), flat(Rgb.of("#7ff0d8")), part="toy")
    stage.paint(stage.rect(-7, -20, 14, 3, radius=1), flat(Rgb.of("#20303a")), part="toy")
    stage.paint(stage.oval(0, 0, 5), flat(Rgb.of("#f0b53c")), part="toy")


def _rocket(stage: Stage, tone: Rgb) -> None:
    bright = Rgb.of("#f08a24")
    for side in (-1, 1):
        fin = stage.curve([(side * 10, -10), (side * 22, 4), (side * 21, 18), (side * 9, 12)], closed=True)
        stage.paint(fin, linear((side * 8, 0), (side * 22, 0), bright, shade(bright, 0.65)), part="toy")
    outline = [(0, -50), (9, -38), (13, -18), (12, 4), (8, 18), (-8, 18), (-12, 4), (-13, -18), (-9, -38)]
    body = stage.curve(outline, closed=True)
    metal = Rgb.of("#eef0f2")
    stage.paint(body, linear((-13, 0), (13, 0), metal, shade(metal, 0.95), shade(metal, 0.62)), part="toy")
    with stage.clipped(body):
        stage.paint(stage.rect(-16, -56, 32, 20), linear((-10, 0), (10, 0), bright, shade(bright, 0.65)), part="toy")
        stage.paint(stage.rect(-16, 2, 32, 5), flat(shade(tone, 0.85)), part="toy")
    stage.effect(body, flat(Rgb.of("#5a3a2a"), alpha=0.6), line=1)
    stage.paint(stage.oval(0, -18, 7.5), flat(Rgb.of("#c8a24a")), part="toy")
    glass = radial((-2, -20), 8, Rgb.of("#bfe8fa"), Rgb.of("#3a7ca8"))
    stage.paint(stage.oval(0, -18, 5.4), glass, part="toy")
    stage.effect(stage.curve([(-8, 0), (-9, -18), (-6, -32)]), flat(Rgb(255, 255, 255), alpha=0.6, blur=0.8), line=2)
