"""Semantic inference: what a flag does on a day of mourning: at a town hall, on a ship, on a castle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix
from rvebench.sim.families.semantic._flag_places import castle, gull, hall, harbour, quay, ship, water
from rvebench.sim.families.semantic._parts import cloud, pigeon, sky, tree, wave_edge
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Point, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["FlagMourning"]

_Place = Literal["castle-flag", "hall-flag", "ship-flag"]
_PLACES: tuple[_Place, ...] = ("castle-flag", "hall-flag", "ship-flag")
_STRIPES = (
    (Rgb.of("#8a2f6a"), Rgb.of("#f2ead8"), Rgb.of("#1f8a8a")),
    (Rgb.of("#17807a"), Rgb.of("#f4d25a"), Rgb.of("#33408f")),
    (Rgb.of("#c2354a"), Rgb.of("#f0c9a8"), Rgb.of("#2f4858")),
)
_WALLS = (Rgb.of("#d9c7a4"), Rgb.of("#c9b2a0"), Rgb.of("#cfcabd"))
_OCCASIONS = ("president", "queen", "king", "prime minister")
_SEA_LEVEL = 240.0


class _Mount(NamedTuple):
    """A pole and the flag on it."""

    foot: float
    """Where the pole stands, y downward."""
    top: float
    width: float
    height: float
    tails: float
    """How deep the flag's outer edge is cut in, as a share of its width."""


_MOUNTS: dict[_Place, _Mount] = {
    "castle-flag": _Mount(148, 22, 74, 44, 0.34),
    "hall-flag": _Mount(238, 26, 82, 50, 0.0),
    "ship-flag": _Mount(-31, -214, 74, 48, 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    pole_x: float
    hall_x: float
    stripes: int
    wall: Rgb
    warm: float
    leaf: Rgb
    occasion: str
    phase: float
    place: _Place


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    lowered: float
    """Share of the pole between the flag and the top: 0 at the top, 1 at the foot."""
    taken_in: bool = False
    """Whether no flag flies, as at night: the wrong law."""


class FlagMourning(Family[_Setup, _State]):
    """A flag flies at half-mast on a day of mourning."""

    name = "flag-mourning"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "mourn"
    parts = ("flag", "pole", "place", "trees", "pigeons", "birds")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws side, colours, hour and place."""
        side = 1.0 if rng.random() < 0.5 else -1.0
        return _Setup(
            side=side,
            pole_x=float(240 - side * rng.uniform(128, 150)),
            hall_x=float(240 + side * rng.uniform(52, 72)),
            stripes=int(rng.integers(len(_STRIPES))),
            wall=_WALLS[rng.integers(len(_WALLS))],
            warm=float(rng.random()),
            leaf=mix(Rgb.of("#5f8f4a"), Rgb.of("#b8923e"), float(rng.random())),
            occasion=_OCCASIONS[rng.integers(len(_OCCASIONS))],
            phase=float(rng.uniform(0, 6.28)),
            place=_PLACES[rng.integers(len(_PLACES))],
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the top of the pole to its middle."""
        return States(
            source=_State(lowered=0.0),
            target=_State(lowered=0.42),
            half=_State(lowered=0.26),
            wrong=_State(lowered=0.0, taken_in=True),
        )

    def objects(self, setup: _Setup) -> str:
        """The flag, by the place where it flies."""
        return setup.place

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the flag or the pole."""
        who = setup.occasion
        here, mourners, keeps, disaster = {
            "castle-flag": (
                "castle",
                "the castle's keeper",
                ("the castle and its hill", "the trees", "the birds in the sky"),
                "After yesterday's avalanche in the valley, the duke's household grieves in the official manner.",
            ),
            "hall-flag": (
                "square",
                "the town hall",
                ("the town hall and its clock", "the trees", "the pigeons"),
                "After yesterday's mining disaster, the mayor asks the town to grieve in the official manner.",
            ),
            "ship-flag": (
                "harbour",
                "the ship's crew",
                ("the ship and its smoke", "the lighthouse and the quay", "the gulls"),
                "After yesterday's disaster at sea, the captain asks the crew to grieve in the official manner.",
            ),
        }[setup.place]
        return Words(
            instructions=(
                f"Word has just reached the {here} that the country's beloved {who} died in the night.",
                f"Today is the first of three days of national mourning; {mourners} honours the custom.",
                f"Show the same {here} on the morning of the {who}'s state funeral.",
                disaster,
            ),
            train_instructions=(
                f"It is Remembrance Day, and the {here} pays its respects to the fallen.",
                f"The whole nation is in mourning this week; how does the {here} show it?",
                f"Bells toll all over the country for the dead {who}, and {mourners} joins in the grief.",
            ),
            literal="Lower the flag so that it flies at about half the height of its pole.",
            expected="The flag flies at half-mast, about half-way down the pole, upright and still waving; "
            "nothing else differs.",
            preserve=(*keeps, "the flag's colours", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Sun from the pole's side, low on warm days."""
        return Light(azimuth=-0.7 * setup.side, elevation=0.62 - 0.12 * setup.warm)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Drifts gently past the pole."""
        return Camera(x=setup.side * (8 * clock.share - 4))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, clouds, the place with its flag, birds."""
        top = mix(Rgb.of("#4f8fd0"), Rgb.of("#6a7fb8"), setup.warm)
        low = mix(Rgb.of("#d8ecf6"), Rgb.of("#f6d6ae"), setup.warm)
        with stage.at_depth(0.0):
            stage.static("sky", lambda: sky(stage, top, mix(top, low, 0.55), low))
        with stage.at_depth(0.3):
            for index, (x, y, size) in enumerate(((60.0, 52, 20), (250.0, 34, 27), (420.0, 66, 18))):
                cloud(stage, x + 5 * clock.time_s + 9 * index, y, size, mix(Rgb(255, 255, 255), low, 0.3))
        if setup.place == "hall-flag":
            self._square(stage, setup, state, clock)
        elif setup.place == "ship-flag":
            self._harbour(stage, setup, state, clock, low)
        else:
            self._hill(stage, setup, state, clock)

    def _square(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        with stage.at_depth(0.7):
            stage.static("hall", lambda: hall(stage, setup.hall_x, setup.side, setup.wall))
        with stage.at_depth(0.85):
            for index, place in enumerate((-206.0, -176.0, 168.0)):
                sway = 5 * math.sin(1.9 * clock.time_s + setup.phase + index)
                x, y = setup.hall_x + setup.side * place, 207.0 + index % 2 * 4
                tree(stage, x, y, 66 + 10 * (index % 2), setup.leaf, sway, part="trees")
        x, foot = setup.pole_x, _MOUNTS["hall-flag"].foot
        dx, dy = stage.light.shadow_of(1.0)
        line = stage.polygon([(x, foot), (x + dx * 205, foot + dy * 205)], closed=False)
        stage.effect(line, flat(Rgb(18, 14, 12), alpha=0.3, blur=1.5), line=4)
        stage.shadow(stage.oval(x + setup.side * 6, foot + 4, 26, 6), alpha=0.4, blur=3)
        for half, y in ((20, 0), (13, -7)):
            block = stage.rect(x - half, foot - 4 + y, half * 2, 9, radius=2)
            stone = linear((0, foot - 12), (0, foot + 8), Rgb.of("#ded7c8"), Rgb.of("#8d8578"))
            stage.paint(block, stone, part="pole")
        self._pole(stage, setup, state, clock, x)
        for index in range(3):
            x = setup.pole_x + setup.side * (88 + 62 * index + 5 * math.sin(1.1 * clock.time_s + index))
            peck = max(0.0, math.sin(4.2 * clock.time_s + 2.1 * index + setup.phase)) ** 2
            pigeon(stage, x, 244 + 9 * (index % 2), setup.side if index != 1 else -setup.side, peck, part="pigeons")

    def _hill(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x = setup.pole_x + setup.side * 50
        with stage.at_depth(0.5):
            for index in range(4):
                turn = 0.9 * clock.time_s + index * 1.7 + setup.phase
                place = (x + setup.side * (200 + 50 * math.cos(turn)), 62 + 16 * math.sin(turn) + 9 * index)
                beat = math.sin(7 * clock.time_s + 2 * index)
                gull(stage, place, beat, 9, Rgb.of("#3a3d46"))
        with stage.at_depth(1.0):
            # The pole is set into the tower's roof, behind its battlements.
            self._pole(stage, setup, state, clock, x, flying=False)
            stage.static("castle", lambda: castle(stage, x, setup.side, setup.wall, setup.leaf))
            for index, (dx, y) in enumerate(((-96.0, 240.0), (-66.0, 234.0), (84.0, 238.0), (262.0, 246.0))):
                sway = 4 * math.sin(1.9 * clock.time_s + setup.phase + index)
                tree(stage, x + setup.side * dx, y, 44 + 9 * (index % 2), setup.leaf, sway, part="trees")
            self._flag(stage, setup, state, clock, x)

    def _harbour(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, low: Rgb) -> None:
        x = setup.pole_x + setup.side * 104
        with stage.at_depth(0.6):
            with stage.clipped(stage.rect(-64, 84, WIDTH + 128, 240)):
                stage.static("sea", lambda: harbour(stage, setup.side, low))
            water(stage, clock.time_s, setup.phase)
        with stage.at_depth(1.0):
            bob, roll = 1.6 * math.sin(1.5 * clock.time_s + setup.phase), 0.5 * math.sin(1.1 * clock.time_s)
            funnel = _STRIPES[setup.stripes][0]
            with stage.moved(x, _SEA_LEVEL + bob, turn_deg=roll):
                self._pole(stage, setup, state, clock, -30 * setup.side, flying=False)
                ship(stage, setup.side, funnel, clock.time_s, setup.phase)
                self._flag(stage, setup, state, clock, -30 * setup.side)
            with stage.clipped(stage.rect(-64, 240, WIDTH + 128, 120)):
                stage.static("quay", lambda: quay(stage, setup.side))
            for index in range(3):
                glide = (16.0 if index != 1 else -14.0) * clock.time_s
                place = (240 + setup.side * (62 + 52 * index + glide), 66.0 + 20 * index - 4 * clock.time_s)
                beat = math.sin(5.5 * clock.time_s + 2 * index)
                gull(stage, place, beat, 12, Rgb.of("#fbfbf6"))

    def _pole(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float, *, flying: bool = True) -> None:
        foot, top = _MOUNTS[setup.place].foot, _MOUNTS[setup.place].top
        shaft = stage.polygon([(x - 3, foot - 8), (x + 3, foot - 8), (x + 2, top), (x - 2, top)])
        steel = (Rgb(255, 255, 255), Rgb(206, 210, 214), Rgb(120, 126, 132))
        stage.paint(shaft, linear((x - 3, 0), (x + 3, 0), *steel), part="pole")
        knob = linear((x - 4, 0), (x + 4, 0), Rgb.of("#ffe9a0"), Rgb.of("#a8781e"))
        stage.paint(stage.oval(x, top - 3, 4.4), knob, part="pole")
        if flying:
            self._flag(stage, setup, state, clock, x)

    def _flag(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        if state.taken_in:
            return
        mount = _MOUNTS[setup.place]
        top = mount.top + 5 + (mount.foot - mount.top - 8) * state.lowered
        start = (x + setup.side * 2, top)
        edge = wave_edge(start, mount.width, 4, setup.side, clock.time_s, setup.phase)
        third = mount.height / 3
        with stage.clipped(self._outline(stage, edge, mount)):
            for index, colour in enumerate(_STRIPES[setup.stripes]):
                # Lower stripes are drawn from the top one's edge down, so that no seam shows between them.
                low = [(px, py + mount.height) for px, py in reversed(edge)]
                stripe = stage.polygon([*((px, py + third * index) for px, py in edge), *low])
                stage.paint(stripe, flat(colour), part="flag")
            for (ax, ay), (bx, by) in pairwise(edge):
                slope = (by - ay) / mount.width * 12
                fold = stage.polygon([(ax, ay), (bx, by), (bx, by + mount.height), (ax, ay + mount.height)])
                tone = Rgb(255, 255, 255) if slope < 0 else Rgb(10, 10, 30)
                stage.effect(fold, flat(tone, alpha=min(0.34, abs(slope) * 0.3)))
        for y in (top + 2, top + mount.height - 2):
            stage.paint(stage.oval(x + setup.side, y, 2), flat(Rgb.of("#c9a24a")), part="flag")

    def _outline(self, stage: Stage, edge: list[Point], mount: _Mount) -> Any:
        count = len(edge) - 1
        inner = edge[round(count * (1 - mount.tails))]
        low = [(px, py + mount.height) for px, py in reversed(edge)]
        notch = [(inner[0], inner[1] + mount.height / 2)] if mount.tails else []
        return stage.polygon([*edge, *notch, *low])
