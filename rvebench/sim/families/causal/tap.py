"""Causal: a tap runs into a vessel that is almost full."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rvebench.sim.colour import Light, Rgb, shade
from rvebench.sim.families.causal._parts import WHITE
from rvebench.sim.families.causal._vessels import (
    KINDS,
    VESSELS,
    Kind,
    Vessel,
    draw_body,
    draw_inside,
    draw_lip,
    draw_tap,
)
from rvebench.sim.families.causal._washroom import FLOOR, draw_room, draw_slippers, draw_towel, draw_view
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TapOverflow"]

_WATER, _PALE, _DEEP = Rgb.of("#a9d4e6"), Rgb.of("#e9f7fc"), Rgb.of("#5d93ad")
_TUBS = (Rgb.of("#7fa3b5"), Rgb.of("#c98f84"), Rgb.of("#86a386"))
_PAILS = (Rgb.of("#9aa5ad"), Rgb.of("#c8553a"), Rgb.of("#4f86a8"))
_TILES = (Rgb.of("#9fc4bd"), Rgb.of("#d9c39a"), Rgb.of("#b3b4d0"))
_TOWELS = (Rgb.of("#d8694f"), Rgb.of("#e0b24a"), Rgb.of("#5f8fb0"))
_STREAMS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    vessel: Kind
    colour: Rgb
    tile: Rgb
    towel: Rgb
    hour: int
    """Which of the skies is outside."""
    side: int
    """1: the window is on the left and shadows fall to the right; -1: the mirror image."""
    x: float
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    level: tuple[float, float]
    """How full the vessel is at the first and the last frame; 1 is the brim."""
    spill: float = 0.0
    """How much runs over, 0..1."""
    pool: tuple[float, float] = (0.0, 0.0)
    """How far the puddle has spread at the first and the last frame, 0..1."""
    foam: float = 0.0
    """A mountain of bubbles although there is no soap: the wrong event."""


class TapOverflow(Family[_Setup, _State]):
    """What runs in and cannot run out runs over."""

    name = "tap-overflow"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "overflow"
    parts = ("vessel", "water", "tap", "duck", "towel", "slippers", "window", "shelf", "foam")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws vessel, room and hour."""
        vessel = KINDS[rng.integers(len(KINDS))]
        colours = _PAILS if vessel == "bucket" else _TUBS
        return _Setup(
            vessel=vessel,
            colour=colours[rng.integers(len(colours))],
            tile=_TILES[rng.integers(len(_TILES))],
            towel=_TOWELS[rng.integers(len(_TOWELS))],
            hour=int(rng.integers(3)),
            side=1 if rng.random() < 0.5 else -1,
            x=float(240 + rng.uniform(-12, 12)),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From almost full to the flooded floor."""
        return States(
            source=_State(level=(0.42, 0.72)),
            target=_State(level=(1.0, 1.0), spill=1.0, pool=(0.5, 1.0)),
            half=_State(level=(1.0, 1.0), spill=0.34, pool=(0.12, 0.34)),
            wrong=_State(level=(0.72, 0.72), foam=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """The vessel."""
        return setup.vessel

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names what the water does."""
        thing = setup.vessel
        start = {
            "basin": "The plug is in, the tap is open, and the telephone rings in the hall.",
            "bathtub": "Somebody has let in a bath and fallen asleep on the sofa.",
            "bucket": "The cleaner has set down her bucket and gone off to chat with the neighbour.",
        }[thing]
        return Words(
            instructions=(
                f"{start} Show the next event in this room.",
                "A minute later the tap is still open. Continue with what there is to see.",
                "The family downstairs looks up at its ceiling. Show the shot that explains why.",
                f"Nobody keeps an eye on the {thing}. Film what follows.",
            ),
            train_instructions=(
                f"Think about where all that water is to go once the {thing} can take no more, and show the next shot.",
                "Somebody will be very cross about this room in a minute. Continue the film.",
            ),
            literal=f"Show water spilling over the rim of the {thing} and a large puddle spreading on the floor.",
            expected=f"The same room: the {thing} is full to the brim, water runs over its rim and down its side, and "
            "a puddle spreads on the floor; the tap runs on, the duck floats, towel and slippers are where they were.",
            preserve=(f"the {thing}", "the running tap", "the rubber duck", "the towel", "the slippers", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Through the window."""
        return Light(azimuth=-0.55 * setup.side, elevation=0.62)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, puddle, vessel, water, tap, duck."""
        vessel = VESSELS[setup.vessel]
        level = state.level[0] + (state.level[1] - state.level[0]) * clock.share
        pool = state.pool[0] + (state.pool[1] - state.pool[0]) * clock.share
        with stage.at_depth(1):
            stage.static("room", lambda: self._room(stage, setup, vessel))
            draw_view(stage, setup.side, setup.hour, clock.time_s, setup.phase)
            draw_towel(stage, setup.side, setup.towel, clock.time_s, setup.phase)
            with stage.moved(setup.x):
                if pool:
                    self._puddle(stage, setup, vessel, pool, clock)
            draw_slippers(stage, setup.side)
            stage.static("vessel", lambda: self._vessel(stage, setup))
            with stage.moved(setup.x):
                self._water(stage, setup, vessel, level, clock)
                if state.foam:
                    self._foam(stage, setup, vessel, state.foam, clock)
                self._duck(stage, setup, vessel, level, state.foam, clock)
                draw_lip(stage, setup.vessel, setup.colour)
                if state.foam:
                    self._suds(stage, setup, vessel)
                if state.spill:
                    self._spill(stage, setup, vessel, state.spill, clock)

    def _room(self, stage: Stage, setup: _Setup, vessel: Vessel) -> None:
        draw_room(stage, setup.side, setup.tile, setup.hour, setup.seed)
        away = 26 * setup.side
        with stage.moved(setup.x + away, 8):
            body = stage.polygon([*((-h, y) for h, y in vessel.wall), *((h, y) for h, y in reversed(vessel.wall))])
            with stage.clipped(stage.rect(-700, -100, 1400, FLOOR + 92)):
                stage.shadow(body, alpha=0.2, blur=7)
        wide = vessel.wall[-1][0] * (1.0 if setup.vessel != "basin" else 0.9)
        stage.shadow(stage.oval(setup.x + away * 0.5, vessel.foot, wide + 14, 6), alpha=0.5, blur=4)
        stage.shadow(stage.oval(setup.x + away, vessel.foot + 2, wide + 30, 9), alpha=0.25, blur=7)

    def _vessel(self, stage: Stage, setup: _Setup) -> None:
        with stage.moved(setup.x):
            draw_tap(stage, setup.vessel)
            draw_body(stage, setup.vessel, setup.colour)
            draw_inside(stage, setup.vessel, setup.colour)

    def _water(self, stage: Stage, setup: _Setup, vessel: Vessel, level: float, clock: Clock) -> None:
        """The surface, the rings on it, and what comes out of the tap."""
        down = 5.5 * (1 - level)
        y = vessel.rim + down - 0.6 * level
        wide, deep = vessel.wide - 4.5 + 3 * level - 1.4 * down, vessel.deep - 3 + 1.4 * level - 0.45 * down
        surface = stage.oval(0, y, wide, deep)
        hollow = stage.oval(0, vessel.rim, vessel.wide - 1.5, vessel.deep - 0.5)
        with stage.clipped(hollow):
            stage.paint(surface, linear((0, y - deep), (0, y + deep), _DEEP, _WATER, _PALE), part="water")
            stage.effect(surface, flat(WHITE, alpha=0.45), line=1)
            with stage.clipped(surface):
                for ring in range(4):
                    age = (clock.time_s * 0.9 + ring / 4) % 1
                    size = 4 + 0.85 * wide * age
                    hoop = stage.oval(0, y - 1, size, size * deep / wide)
                    stage.effect(hoop, flat(WHITE, alpha=0.75 * (1 - age)), line=1.4)
                glint = 0.2 * wide * math.sin(clock.time_s * 1.3 + setup.phase)
                stage.effect(stage.oval(-0.35 * wide + glint, y + 1, 0.3 * wide, 1.5), flat(WHITE, alpha=0.5, blur=1.2))
        top, foot = vessel.spout, y - 1
        wave = 0.5 * math.sin(clock.time_s * 17 + setup.phase)
        run = stage.curve(
            [(-3.6, top), (-2.8 + wave, (top + foot) / 2), (-3.4, foot), (3.4, foot), (2.8 + wave, (top + foot) / 2),
             (3.6, top)], closed=True,
        )  # fmt: skip
        stage.paint(run, linear((-4, 0), (4, 0), _PALE, _WATER, _DEEP), part="water")
        for bead in range(4):
            share = (clock.time_s * 2.4 + bead / 4) % 1
            spot = stage.oval(-1.2 + wave, top + (foot - top) * share, 0.9, 3)
            stage.effect(spot, flat(WHITE, alpha=0.8))
        for drop in range(6):
            age = (clock.time_s * 1.9 + drop / 6) % 1
            reach = (drop - 2.5) * 5.5
            at = (reach * age, foot - 9 * age * (1 - age) * 3)
            stage.effect(stage.oval(*at, 1.2), flat(WHITE, alpha=0.8 * (1 - age)))
        stage.effect(stage.oval(0, foot, 8, 2.4), flat(WHITE, alpha=0.7, blur=1.2))

    def _duck(self, stage: Stage, setup: _Setup, vessel: Vessel, level: float, foam: float, clock: Clock) -> None:
        """A rubber duck, rocking on the water."""
        rock = math.sin(clock.time_s * 2.3 + setup.phase)
        x = -setup.side * vessel.wide * 0.5 + 2.5 * math.sin(clock.time_s * 0.9)
        y = vessel.rim + 5.5 * (1 - level) + 0.8 * rock - 27 * foam
        size = 1.05 if setup.vessel != "bucket" else 0.85
        with stage.moved(x, y, turn_deg=4 * rock, scale=size * setup.side, scale_y=size):
            yellow = Rgb.of("#f7cf3f")
            stage.effect(stage.oval(0, 2, 13, 2.6), flat(Rgb(30, 70, 90), alpha=0.35, blur=1.2))
            body = stage.curve([(-14, -9), (-12, 0), (0, 3), (12, 0), (13, -6), (4, -8), (-6, -7)], closed=True)
            stage.paint(body, radial((-3, -6), 18, shade(yellow, 1.12), yellow, Rgb.of("#b9851e")), part="duck")
            stage.paint(
                stage.oval(8, -13, 7.2), radial((6, -16), 11, shade(yellow, 1.15), yellow, Rgb.of("#c08c22")),
                part="duck",
            )  # fmt: skip
            stage.paint(
                stage.curve([(14, -14), (20, -12.5), (14, -10)], closed=True), flat(Rgb.of("#e8702a")), part="duck"
            )
            stage.paint(stage.oval(10.2, -15, 1.2), flat(Rgb.of("#1d1713")), part="duck")
            wing = stage.curve([(-8, -5), (-1, -7), (4, -3), (-3, 0)], closed=True)
            stage.paint(wing, flat(Rgb.of("#dcae2c")), part="duck")

    def _paths(self, setup: _Setup, vessel: Vessel) -> list[tuple[list[Point], float]]:
        """Returns the way of each stream over the rim, down the side and to the floor, and its strength."""
        rng = np.random.default_rng(setup.seed)
        found = []
        for index in range(_STREAMS):
            angle = math.pi * (index + 0.5 + 0.6 * (float(rng.random()) - 0.5)) / _STREAMS
            strength = 0.35 + 0.65 * float(rng.random())
            share, near = math.cos(angle), math.sin(angle)
            way = [
                (half * share, y + vessel.deep * near * half / vessel.wide)
                for half, y in vessel.wall[: vessel.cling + 1]
            ]
            last = way[-1]
            landing = vessel.foot + 2 + 9 * near
            if landing - last[1] > 12:
                way += [(last[0] * 0.985, last[1] + (landing - last[1]) * part) for part in (0.35, 0.7, 1.0)]
            found.append((way, strength))
        return found

    def _spill(self, stage: Stage, setup: _Setup, vessel: Vessel, spill: float, clock: Clock) -> None:
        """Water over the near rim: a skin at the top, streams below, splashes where they land."""
        paths = self._paths(setup, vessel)
        # What spills first runs down in front, where the puddle begins.
        ranks = sorted(range(_STREAMS), key=lambda k: abs(paths[k][0][-1][0]))[: max(2, round(_STREAMS * spill))]
        hem: list[Point] = []
        for step in range(25):
            angle = math.pi * step / 24
            share, near = math.cos(angle), math.sin(angle)
            drop = (0.15 + 0.1 * math.sin(step * 1.9 + clock.time_s * 5)) * (vessel.wall[-1][1] - vessel.rim) * near
            y = vessel.rim + drop * spill + 2
            hem.append((vessel.half_at(y) * share, y + vessel.deep * near))
        edge = [
            (vessel.wide * math.cos(math.pi * k / 24), vessel.rim - 2 + vessel.deep * math.sin(math.pi * k / 24))
            for k in range(24, -1, -1)
        ]
        skin = stage.curve(hem)
        for point in edge:
            skin.lineTo(*point)
        skin.close()
        stage.paint(skin, linear((0, vessel.rim), (0, vessel.rim + 30), _PALE, _WATER, alpha=0.7), part="water")
        stage.effect(stage.curve(edge), flat(WHITE, alpha=0.85), line=2)
        for index in ranks:
            way, strength = paths[index]
            wave = [(x + 0.9 * math.sin(clock.time_s * 6 - k * 1.4 + index), y) for k, (x, y) in enumerate(way)]
            wide = (4 + 9 * strength * (0.4 + 0.6 * spill)) * (vessel.wide / 80) ** 0.4
            ribbon = _ribbon(stage, wave, wide, clock.time_s * 5 + index)
            with stage.moved(1.2 * setup.side, 1):
                stage.shadow(ribbon, alpha=0.2, blur=1.6, colour=Rgb(20, 50, 70))
            blue = linear((0, vessel.rim), (0, vessel.foot), _PALE, _WATER, _PALE, alpha=0.74)
            stage.paint(ribbon, blue, part="water")
            for offset, bright in ((-0.28, 0.75), (0.18, 0.4)):
                line = stage.curve([(x + offset * wide, y + 2) for x, y in wave])
                stage.effect(line, flat(WHITE, alpha=bright, blur=0.4), line=wide * 0.13)
            for bead in range(4):
                at = _along(wave, (clock.time_s * 1.5 + bead / 4 + 0.13 * index) % 1)
                stage.effect(stage.oval(at[0] + wide * 0.12, at[1], 1.1, 3.6), flat(WHITE, alpha=0.85))
            foot = wave[-1]
            for drop in range(4):
                age = (clock.time_s * 1.7 + drop / 4 + 0.21 * index) % 1
                at = (foot[0] + (drop - 1.5) * 8 * age, foot[1] - 34 * age * (1 - age) * strength)
                stage.effect(stage.oval(*at, 1.4), flat(_PALE, alpha=0.95 * (1 - age)))
            stage.effect(stage.oval(foot[0], foot[1], wide * 0.9, wide * 0.3), flat(WHITE, alpha=0.6, blur=1.5))

    def _puddle(self, stage: Stage, setup: _Setup, vessel: Vessel, pool: float, clock: Clock) -> None:
        """Water on the floor, which mirrors the vessel and the window."""
        rng = np.random.default_rng(setup.seed + 1)
        wide = 40 + (vessel.wall[-1][0] * 0.75 + 92) * pool
        deep = 7 + 20 * pool
        ground = vessel.foot + 4 + 3 * pool
        edge = []
        for k in range(22):
            angle, reach = 2 * math.pi * k / 22, 0.84 + 0.26 * float(rng.random())
            edge.append((wide * reach * math.cos(angle), max(FLOOR + 2, ground + deep * reach * math.sin(angle))))
        shape = stage.curve(edge, closed=True)
        with stage.moved(1.5 * setup.side, 2):
            stage.shadow(shape, alpha=0.3, blur=2)
        with stage.clipped(shape):
            with stage.moved(0, 2 * vessel.foot, scale=1, scale_y=-1):
                draw_body(stage, setup.vessel, shade(setup.colour, 0.85))
            sheen = linear((0, ground - deep), (0, ground + deep), _DEEP, _WATER, _DEEP, alpha=0.62)
            stage.paint(shape, sheen, part="water")
            pane = 240 - 160 * setup.side - setup.x
            stage.effect(stage.oval(pane * 0.5, ground + 2, wide * 0.34, deep * 0.8), flat(WHITE, alpha=0.32, blur=5))
            for index, (way, _) in enumerate(self._paths(setup, vessel)):
                age = (clock.time_s * 1.1 + index * 0.37) % 1
                hoop = stage.oval(way[-1][0], way[-1][1] + 1, 4 + 26 * age, 1.3 + 7 * age)
                stage.effect(hoop, flat(WHITE, alpha=0.6 * (1 - age)), line=1.1)
        stage.effect(shape, flat(WHITE, alpha=0.75), line=1.4)

    def _foam(self, stage: Stage, setup: _Setup, vessel: Vessel, foam: float, clock: Clock) -> None:
        """Bubbles heaped over the opening."""
        rng = np.random.default_rng(setup.seed + 2)
        tall = 34 * foam
        for index in range(70):
            u, v, size = (float(value) for value in rng.random(3))
            across = 2 * u - 1
            back = 1 - index / 70
            y = vessel.rim + vessel.deep * (0.7 - 1.2 * back) - tall * (1 - across**2) * v
            bob = 0.6 * math.sin(clock.time_s * 3 + index)
            self._bubble(stage, across * vessel.wide * 0.9, y + bob, 4.5 + 5.5 * size)
        for index in range(5):
            age = (clock.time_s * 0.35 + index / 5) % 1
            at = ((index - 2) * vessel.wide * 0.34 + 6 * math.sin(age * 8 + index), vessel.rim - tall - 55 * age)
            stage.effect(stage.oval(*at, 3 + index % 3), flat(WHITE, alpha=0.8 * (1 - age)), line=1)

    def _suds(self, stage: Stage, setup: _Setup, vessel: Vessel) -> None:
        rng = np.random.default_rng(setup.seed + 3)
        for index in range(16):
            angle = math.pi * (index + 0.5) / 16
            lower = 7 * float(rng.random())
            x, y = vessel.wide * 0.95 * math.cos(angle), vessel.rim + vessel.deep * math.sin(angle) + lower - 3
            self._bubble(stage, x, y, 4 + 4 * float(rng.random()))

    def _bubble(self, stage: Stage, x: float, y: float, size: float) -> None:
        ball = radial((x - size * 0.3, y - size * 0.4), size * 1.6, WHITE, Rgb.of("#eef6fb"), Rgb.of("#b4c8d8"))
        stage.paint(stage.oval(x, y, size), ball, part="foam")


def _ribbon(stage: Stage, way: list[Point], wide: float, phase: float) -> Any:
    """Returns the outline of a stream: broad where it leaves the rim, narrower as it falls."""
    halves = [
        wide * (0.85 if k == 0 else 0.5 - 0.16 * k / len(way)) * (1 + 0.12 * math.sin(phase - 1.7 * k))
        for k in range(len(way))
    ]
    outline = stage.curve([(x - half, y) for (x, y), half in zip(way, halves, strict=True)])
    right = [(x + half, y) for (x, y), half in zip(way, halves, strict=True)]
    for a, b in zip(reversed(right), reversed(right[:-1]), strict=False):
        outline.lineTo(*a)
        outline.quadTo(a[0], (a[1] + b[1]) / 2, *b)
    outline.close()
    return outline


def _along(way: list[Point], share: float) -> Point:
    """Returns the point a share of the way down a line."""
    spans = [math.dist(a, b) for a, b in pairwise(way)]
    left = share * sum(spans)
    for (a, b), span in zip(pairwise(way), spans, strict=True):
        if left <= span:
            part = left / max(span, 1e-6)
            return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
        left -= span
    return way[-1]
