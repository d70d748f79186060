"""Temporal: a beach with a moored boat, six hours of tide later."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._boats import BoatKind, draw_boat
from rvebench.sim.families.temporal._coast import (
    BOAT_Y,
    HORIZON,
    HULLS,
    LOOKS,
    LOW_Y,
    SHADES,
    WHITE,
    Setup,
    draw_back,
    draw_gull,
    draw_headland,
    draw_post,
    draw_rock,
    draw_things,
    draw_yacht,
)
from rvebench.sim.families.temporal._parts import cloud, smooth
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TideTurn"]

_BOATS: tuple[BoatKind, ...] = ("rowing-boat", "sailing-boat", "raft")


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    level: float
    """Height of the sea: 0 low water, 1 high water."""


class TideTurn(Family[Setup, _State]):
    """The sea comes up the beach and lifts a boat, or goes out and leaves it on the sand."""

    name = "tide-turn"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "tide"
    parts = ("sea", "boat", "jetty", "rocks", "lighthouse", "parasol", "bucket", "gull", "yacht")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the direction of the tide, the side, the weather and the colours."""
        side = 1 if rng.random() < 0.5 else -1
        return Setup(
            rising=bool(rng.random() < 0.45),
            side=side,
            look=int(rng.integers(len(LOOKS))),
            hull=HULLS[rng.integers(len(HULLS))],
            parasol=SHADES[rng.integers(len(SHADES))],
            boat_x=240 + side * float(rng.uniform(-6, 26)),
            rocks=tuple(
                (
                    240 + side * (110 + 44 * k + float(rng.uniform(-10, 10))),
                    164 + (12 * k) % 26 + float(rng.uniform(0, 8)),
                )
                for k in range(3)
            ),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 30)),
            boat=_BOATS[rng.integers(len(_BOATS))],
        )

    def states(self, setup: Setup) -> States[_State]:
        """Low to high water, or high to low; the wrong law goes on the other way."""
        low, high = _State(level=0.0), _State(level=1.0)
        if setup.rising:
            return States(source=low, target=high, half=_State(level=0.5), wrong=_State(level=-0.4))
        return States(source=high, target=low, half=_State(level=0.5), wrong=_State(level=1.32))

    def objects(self, setup: Setup) -> str:
        """What is moored at the jetty."""
        return setup.boat

    def words(self, setup: Setup) -> Words:
        """None of the paraphrases says where the sea is or whether the boat floats."""
        end, other = ("lowest", "highest") if setup.rising else ("highest", "lowest")
        boat = setup.boat.replace("-", " ")
        rests = "rests" if setup.boat == "raft" else "rests tilted"
        leave = {"rowing-boat": "row away", "sailing-boat": "sail away", "raft": "push off with the raft"}[setup.boat]
        if setup.rising:
            literal = f"Raise the sea so that it covers most of the sand and the rocks, and let the {boat} float."
            expected = (
                f"The sea reaches far up the beach and covers sand and rocks; the {boat} floats level by the jetty."
            )
            eager = f"The fisherman waited all morning until he could at last {leave}. Show that moment."
        else:
            literal = f"Lower the sea so that the sand and the rocks lie bare and the {boat} {rests} on the sand."
            expected = f"The sea has drawn far back; wet sand and rocks lie bare and the {boat} {rests} on the sand."
            eager = (
                f"The cockle pickers have waited all morning and can at last walk out past the {boat}. Show that "
                "moment."
            )
        return Words(
            instructions=(
                f"The harbour table marks this minute as the {end} point of the day. Show the bay six hours later.",
                f"The moon has pulled for a quarter of a day since this {end} point. What does the beach look like?",
                eager,
                f"Imagine the same view when the gauge on the jetty has gone from its {end} to its {other} mark.",
            ),
            train_instructions=(
                f"Half a tidal cycle goes by from this {end} point; show the bay at the end of it.",
                f"It is the {end} point now, at noon. Picture this beach shortly after six in the evening.",
            ),
            literal=literal,
            expected=expected,
            preserve=(
                "the jetty",
                "the lighthouse and the headland",
                "the parasol and the bucket",
                "the gull and the yacht",
                "the sky",
            ),
        )

    def light(self, setup: Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The sun stands over the sea, on the jetty's side."""
        return Light(azimuth=-0.5 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        """Sky, sand, sea, what stands in the sea, what lies above it."""
        time_s, side = clock.time_s, setup.side
        stage.static("back", lambda: draw_back(stage, setup))
        for index in range(2):
            drift = (setup.phase * 70 + index * 260 + time_s * 8) % 600 - 60
            cloud(stage, drift, 34 + 22 * index, 30 - 8 * index, alpha=0.7)
        self._sea(stage, setup, state, time_s)
        stage.static("headland", lambda: draw_headland(stage, setup))
        draw_yacht(stage, 240 + side * (10 - 7 * time_s), HORIZON + 6, side, time_s)
        for x, y in setup.rocks:
            self._in_sea(stage, setup, state, (x, y), 19, time_s, partial(draw_rock, stage, x, y))
        self._jetty(stage, setup, state, time_s)
        self._boat(stage, setup, state, time_s)
        stage.static("shore", lambda: draw_things(stage, setup))
        draw_gull(stage, 240 + side * (60 - 26 * time_s), 58 + 5 * math.sin(time_s * 1.6), side, time_s)

    # ---- the sea

    def _shore(self, state: _State, x: float, time_s: float, phase: float) -> float:
        reach = 0.35 + 0.65 * max(0.0, state.level)
        lap = 3.2 * math.sin(time_s * 2.3 + phase) + 2.2 * math.sin(x * 0.045 + time_s * 1.7)
        return LOW_Y + 82 * state.level + reach * (7 * math.sin(x * 0.014 + phase) + lap)

    def _depth(self, state: _State, y: float) -> float:
        """Returns how many pixels the sea stands above the ground at height y of the picture."""
        return max(0.0, (LOW_Y + 82 * state.level - y) * 0.62)

    def _sea(self, stage: Stage, setup: Setup, state: _State, time_s: float) -> None:
        _, low, far, near = LOOKS[setup.look]
        edge = [(-70 + 31 * i, self._shore(state, -70 + 31 * i, time_s, setup.phase)) for i in range(21)]
        wet = stage.curve([(x, y + 9) for x, y in edge])
        stage.effect(wet, flat(Rgb.of("#6b5233"), alpha=0.3, blur=4), line=20)
        shore = stage.curve(edge)
        body = stage.curve(edge)
        body.lineTo(560, HORIZON)
        body.lineTo(-70, HORIZON)
        body.close()
        stage.paint(
            body, linear((0, HORIZON), (0, 236), mix(far, low, 0.3), far, mix(far, near, 0.6), near), part="sea"
        )
        with stage.clipped(body):
            stage.effect(shore, flat(mix(near, Rgb.of("#f3e2b4"), 0.55), alpha=0.5, blur=7), line=30)
            for row in range(15):
                y = HORIZON + 3 + 0.62 * row**2
                size = 0.5 + row * 0.16
                for k in range(7):
                    x = (k * 83 + row * 47 + 11 * time_s * (1 if row % 2 else -0.6)) % 620 - 90
                    bob = size * math.sin(time_s * 3 + k * 2.1 + row)
                    wave = [(x, y + bob), (x + 9 * size, y - size + bob), (x + 20 * size, y + bob)]
                    tone = WHITE if (k + row) % 3 else shade(far, 0.6)
                    stage.effect(stage.curve(wave), flat(tone, alpha=0.34), line=0.7 + size * 0.45)
            glitter = 240 - setup.side * 120
            for k in range(22):
                y = HORIZON + 2 + 1.6 * k
                beat = math.sin(time_s * 6 + k * 2.7)
                stage.effect(
                    stage.oval(glitter + 16 * math.sin(k * 4.1), y, 3 + k * 0.35, 0.7),
                    flat(Rgb(255, 250, 225), alpha=0.5 + 0.4 * beat),
                )
            back = stage.curve([(x, y - 9 - 3 * math.sin(x * 0.03 + time_s * 2)) for x, y in edge])
            stage.effect(back, flat(WHITE, alpha=0.45, blur=0.8), line=2.2)
        stage.effect(shore, flat(WHITE, alpha=0.85, blur=0.7), line=3.6)

    def _in_sea(
        self,
        stage: Stage,
        setup: Setup,
        state: _State,
        place: Point,
        wide: float,
        time_s: float,
        draw: Callable[[], None],
    ) -> None:
        """Draws what stands on the ground at a place, as far as it rises out of the sea."""
        x, y = place
        depth = self._depth(state, y)
        if depth <= 1:
            draw()
            return
        line = y - depth + 0.8 * math.sin(time_s * 2.6 + x)
        # A rock that the sea covers leaves its ripple little by little, not between two frames.
        seen = smooth((line - (y - 25)) / 3) if wide == 19 else 1.0
        if seen <= 0:
            return
        shadow = flat(shade(LOOKS[setup.look][2], 0.55), alpha=0.4 * seen, blur=2.5)
        stage.effect(stage.oval(x, line + 5, wide * 0.9, 6), shadow)
        with stage.clipped(stage.rect(-64, -64, 608, line + 64)):
            draw()
        ring = stage.oval(x, line, wide, 2.4)
        stage.effect(ring, flat(WHITE, alpha=0.6 * seen, blur=0.6), line=1.4)

    def _jetty(self, stage: Stage, setup: Setup, state: _State, time_s: float) -> None:
        side, wood = setup.side, Rgb.of("#8f6c4a")
        end = 240 - side * 92
        for row, foot in ((0, 190.0), (1, 206.0)):
            for k in range(4):
                x = end - side * (6 + 50 * k + 10 * (1 - row))
                self._in_sea(stage, setup, state, (x, foot), 7, time_s, partial(draw_post, stage, setup, x, foot, row))
        outer = 240 - side * 310
        top = stage.polygon([(end - side * 10, 137), (outer, 137), (outer, 149), (end, 149)])
        stage.paint(top, linear((0, 137), (0, 149), mix(wood, WHITE, 0.35), mix(wood, WHITE, 0.15)), part="jetty")
        for k in range(16):
            x = end - side * 13 * k
            stage.effect(
                stage.polygon([(x, 149), (x - side * 7, 137)], closed=False),
                flat(Rgb.of("#4a3524"), alpha=0.6),
                line=0.9,
            )
        front = stage.rect(min(end, outer), 149, abs(end - outer), 8)
        stage.paint(front, linear((0, 149), (0, 157), wood, shade(wood, 0.6)), part="jetty")
        for k in range(2):
            x = end - side * (8 + 100 * k)
            stage.paint(
                stage.rect(x - 4, 124, 8, 25, radius=2),
                linear((x - 4, 0), (x + 4, 0), shade(wood, 1.2), shade(wood, 0.6)),
                part="jetty",
            )
            stage.paint(stage.oval(x, 124, 4, 1.6), flat(mix(wood, WHITE, 0.4)), part="jetty")

    def _boat(self, stage: Stage, setup: Setup, state: _State, time_s: float) -> None:
        side, x = setup.side, setup.boat_x
        depth = self._depth(state, BOAT_Y)
        afloat = smooth((depth - 4) / 8)
        line = BOAT_Y - depth
        bob = afloat * math.sin(time_s * 2.6 + setup.phase)
        y = BOAT_Y - max(0.0, depth - 8) + 1.4 * bob
        heel = 1.5 if setup.boat == "raft" else 6
        turn = side * heel * (1 - afloat) + 1.3 * afloat * math.sin(time_s * 2.1 + setup.phase)
        bow = (x - side * 56 * math.cos(math.radians(turn)), y - 28 - 56 * math.sin(math.radians(turn)) * side)
        if depth > 1:
            stage.effect(stage.oval(x, line + 9, 56, 10), flat(shade(LOOKS[setup.look][2], 0.45), alpha=0.45, blur=4))
        else:
            stage.shadow(stage.oval(x + side * 8, BOAT_Y + 1, 58, 8), alpha=0.5, blur=4)
        clip = stage.rect(-64, -64, 608, (line if depth > 1 else 400) + 64)
        with stage.clipped(clip), stage.moved(x, y, turn_deg=turn), stage.moved(scale=1 if side < 0 else -1, scale_y=1):
            draw_boat(stage, setup.boat, setup.hull, time_s)
        if depth > 1:
            foam = stage.oval(x, line, 52, 2.8)
            with stage.clipped(stage.rect(-64, line, 608, 40)):
                stage.effect(foam, flat(WHITE, alpha=0.7, blur=0.7), line=1.8)
        ring = (240 - side * 100, 140.0)
        slack = 0.5 * (ring[0] + bow[0]), max(ring[1], bow[1]) + 9
        stage.paint(stage.curve([ring, slack, bow]), flat(Rgb.of("#ead9b4")), part="boat", line=1.6)
