"""Causal: a load hangs from a rope that runs through a candle's flame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._parts import ease
from rvebench.sim.families.causal._rope_loads import FRUITS, Fruit, draw_load
from rvebench.sim.families.causal._rope_physics import (
    BURST_S,
    END_S,
    FLOOR,
    HANG,
    KINDS,
    STEP_S,
    Body,
    Kind,
    simulate_fall,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["RopeBucket"]

_BEAM = 34.0
_WALLS = (Rgb.of("#7a6a58"), Rgb.of("#6b7466"), Rgb.of("#80705f"))
_PAILS = (Rgb.of("#8d9aa6"), Rgb.of("#5f8fa8"), Rgb.of("#b0563f"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    kind: Kind
    load: Fruit
    wall: Rgb
    pail: Rgb
    side: int
    """The candle stands on this side of the bucket."""
    x: float
    push: float
    count: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    fall: tuple[float, float] | None = None
    """Seconds since the rope parted, at the first and the last frame; none while it holds."""
    hauled: float = 0.0
    """How far the load was pulled up instead, 0..1: the wrong event."""


class RopeBucket(Family[_Setup, _State]):
    """The flame eats through the rope and the load comes down."""

    name = "rope-bucket"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "fall"
    parts = ("bucket", "load", "mess", "rope", "candle", "mouse", "barrel", "lantern")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws load, side and colours."""
        return _Setup(
            kind=KINDS[rng.integers(len(KINDS))],
            load=FRUITS[rng.integers(len(FRUITS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            pail=_PAILS[rng.integers(len(_PAILS))],
            side=1 if rng.random() < 0.5 else -1,
            x=float(rng.uniform(-22, 22)),
            push=float(rng.choice([-1.0, 1.0]) * rng.uniform(2.5, 3.3)),
            count=int(rng.integers(5, 8)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the hanging load to the mess on the floor."""
        return States(
            source=_State(),
            target=_State(fall=(0.02, END_S)),
            half=_State(fall=(0.35, 0.65)),
            wrong=_State(hauled=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """What hangs from the rope."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the load's way."""
        thing = {"bucket": "bucket", "flour-sack": "sack of flour", "pumpkin": "pumpkin"}[setup.kind]
        end, after = {
            "bucket": (f"the {setup.load} rolling out", f"tips over and the {setup.load} roll out"),
            "flour-sack": ("bursting in a white cloud", "bursts, and flour pours out in a heap and a white cloud"),
            "pumpkin": ("breaking to pieces", "breaks into pieces that are scattered about"),
        }[setup.kind]
        return Words(
            instructions=(
                "Nobody has blown out the candle. Show the next event in this barn.",
                "The mouse should have moved. Continue with what it is about to hear and see.",
                "Follow with the shot a few seconds later, when the flame has finished its work.",
                "What will the farmer have to clean up? Film the moment it happens.",
            ),
            train_instructions=(
                "Hemp does not stand heat for long. Show the following shot.",
                "Think about what the candle is doing, then film the consequence.",
            ),
            literal=f"Show the rope burning through and the {thing} falling to the floor, {end}.",
            expected=f"The rope has parted at the candle and hangs loose; the {thing} drops to the floor and {after}. "
            "Candle, barrel, lantern and barn are the same.",
            preserve=("the barn and its light", "the candle", "the barrel", "the lantern", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Barn, rope, candle and what hangs from it."""
        x = WIDTH / 2 + setup.x - 40 * setup.side
        candle_x = x + 132 * setup.side
        with stage.at_depth(1):
            stage.static("barn", lambda: self._barn(stage, setup, x, candle_x))
            self._lantern(stage, setup, clock, x)
            self._mouse(stage, setup, state, clock, x)
            bodies = self._bodies(setup, state, clock)
            self._rope(stage, setup, state, clock, x, candle_x, bodies[0])
            self._candle(stage, setup, clock, candle_x)
            since = None
            if state.fall is not None:
                since = state.fall[0] + (state.fall[1] - state.fall[0]) * clock.share
            with stage.moved(x, 0):
                draw_load(stage, setup.kind, setup.pail, setup.load, bodies, since)

    def _bodies(self, setup: _Setup, state: _State, clock: Clock) -> tuple[Body, ...]:
        path = simulate_fall(setup.kind, setup.count, setup.push, setup.phase)
        if state.fall is not None:
            first, last = state.fall
            return path[min(len(path) - 1, round((first + (last - first) * clock.share) / STEP_S / 2))]
        rest = path[0]
        rise = 46 * state.hauled * ease(0.35 + 0.65 * clock.share)
        swing = 0.05 * math.sin(clock.time_s * 2.6 + setup.phase)
        turned: list[Body] = []
        for body in rest:
            dx, dy = body.x, body.y - rise - _BEAM
            turned.append(
                Body(
                    dx * math.cos(swing) - dy * math.sin(swing),
                    _BEAM + dx * math.sin(swing) + dy * math.cos(swing),
                    swing,
                )
            )
        return tuple(turned)

    def _barn(self, stage: Stage, setup: _Setup, x: float, candle_x: float) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, FLOOR + 64)
        stage.paint(
            wall,
            radial(
                (candle_x, 150),
                330,
                mix(setup.wall, Rgb(255, 190, 110), 0.28),
                shade(setup.wall, 0.7),
                shade(setup.wall, 0.34),
            ),
        )
        stage.textured(wall, "wood", strength=0.16, seed=1)
        for plank in range(-1, 11):
            stage.effect(stage.rect(plank * 52 + 12, -64, 1.8, FLOOR + 64), flat(Rgb(16, 10, 6), alpha=0.6, blur=0.5))
            stage.effect(stage.rect(plank * 52 + 14, -64, 1, FLOOR + 64), flat(Rgb(255, 220, 170), alpha=0.12))
        floor = stage.rect(-64, FLOOR - 12, WIDTH + 128, 130)
        stage.paint(floor, linear((0, FLOOR - 12), (0, HEIGHT), shade(setup.wall, 0.62), shade(setup.wall, 0.4)))
        stage.textured(floor, "stone", strength=0.2, seed=2)
        stage.shadow(stage.rect(-64, FLOOR - 14, WIDTH + 128, 6), alpha=0.5, blur=3)
        rng = np.random.default_rng(7)
        for _ in range(90):
            at = (float(rng.uniform(-60, 540)), float(rng.uniform(FLOOR - 6, HEIGHT + 8)))
            angle = float(rng.uniform(-0.6, 0.6))
            straw = [at, (at[0] + 15 * math.cos(angle), at[1] + 6 * math.sin(angle))]
            stage.effect(stage.polygon(straw, closed=False), flat(Rgb.of("#d9b45f"), alpha=0.55), line=1.1)
        beam = stage.rect(-64, _BEAM - 26, WIDTH + 128, 22)
        stage.shadow(stage.rect(-64, _BEAM - 6, WIDTH + 128, 12), alpha=0.5, blur=4)
        stage.paint(beam, linear((0, _BEAM - 26), (0, _BEAM - 4), Rgb.of("#7a5432"), Rgb.of("#442c18")))
        stage.textured(beam, "wood", strength=0.24, seed=4)
        for place in (x, candle_x):
            stage.paint(stage.rect(place - 3, _BEAM - 12, 6, 12), flat(Rgb.of("#3a3a3e")))
            stage.paint(
                stage.oval(place, _BEAM, 9), radial((place - 3, _BEAM - 3), 13, Rgb.of("#b98a50"), Rgb.of("#5f4022"))
            )
            stage.paint(stage.oval(place, _BEAM, 2.6), flat(Rgb.of("#2c2c30")))
        far = 240.0 - 185 * setup.side
        stage.shadow(stage.oval(far - 6 * setup.side, FLOOR + 2, 46, 8), alpha=0.5, blur=4)
        barrel = stage.curve(
            [
                (far - 29, 152),
                (far - 37, 192),
                (far - 29, FLOOR),
                (far + 29, FLOOR),
                (far + 37, 192),
                (far + 29, 152),
            ],
            closed=True,
        )
        stage.paint(
            barrel,
            linear((far - 36, 0), (far + 36, 0), Rgb.of("#9a6a3e"), Rgb.of("#7a4f2c"), Rgb.of("#3f2815")),
            part="barrel",
        )
        with stage.clipped(barrel):
            stage.textured(stage.rect(far - 40, 146, 80, 92), "wood", strength=0.25, seed=5)
            for hoop in (162, 186, 212):
                stage.paint(
                    stage.rect(far - 40, hoop, 80, 6),
                    linear((far - 36, 0), (far + 36, 0), Rgb.of("#8a8f94"), Rgb.of("#3c4044")),
                    part="barrel",
                )
        stage.paint(stage.oval(far, 153, 28, 5), flat(Rgb.of("#4a3018")), part="barrel")
        stage.shadow(stage.oval(candle_x, FLOOR + 3, 34, 6), alpha=0.5, blur=3)
        for leg in (-20, 14):
            stage.paint(stage.rect(candle_x + leg, 186, 6, FLOOR - 184), flat(Rgb.of("#5a3a20")))
        stool = stage.rect(candle_x - 30, 178, 60, 10, radius=3)
        stage.paint(stool, linear((0, 178), (0, 188), Rgb.of("#b0784a"), Rgb.of("#6a4426")))
        stage.textured(stool, "wood", strength=0.2, seed=6)

    def _lantern(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        place = x - 96 * setup.side
        with stage.moved(place, _BEAM - 4, turn_deg=3.5 * math.sin(clock.time_s * 1.9 + setup.phase)):
            stage.paint(stage.rect(-0.8, 0, 1.6, 24), flat(Rgb.of("#2a2624")), part="lantern")
            stage.glow(0, 42, 70, Rgb(255, 190, 100), alpha=0.22)
            stage.paint(
                stage.rect(-9, 29, 18, 26, radius=4),
                linear((0, 28), (0, 56), Rgb.of("#ffe2a0"), Rgb.of("#e0903a")),
                part="lantern",
            )
            stage.paint(
                stage.polygon([(-11, 30), (-6, 22), (6, 22), (11, 30)]), flat(Rgb.of("#33302e")), part="lantern"
            )
            stage.paint(stage.rect(-11, 53, 22, 5, radius=1), flat(Rgb.of("#33302e")), part="lantern")
            for bar in (-9.0, -0.7, 7.6):
                stage.paint(stage.rect(bar, 29, 1.4, 25), flat(Rgb.of("#33302e")), part="lantern")

    def _mouse(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        """Sits below, nibbling; runs when something comes down."""
        run = 0.0 if state.fall is None else ease((state.fall[0] + (state.fall[1] - state.fall[0]) * clock.share) / 0.5)
        at = x - setup.side * (26 + 74 * run)
        bob = 0.8 * math.sin(clock.time_s * 13)
        with stage.moved(at, FLOOR + 10, scale=setup.side, scale_y=1):
            fur = Rgb.of("#a59a92")
            stage.shadow(stage.oval(0, 1, 13, 2.6), alpha=0.5, blur=1.5)
            tail = [(9, -2), (17, -1), (23, -4 + 2 * math.sin(clock.time_s * 5)), (28, -2)]
            stage.paint(stage.curve(tail), flat(Rgb.of("#c99a94")), part="mouse", line=1.5)
            stage.paint(
                stage.oval(0, -6, 11, 6.5), radial((-2, -9), 15, shade(fur, 1.2), fur, shade(fur, 0.6)), part="mouse"
            )
            stage.paint(stage.oval(-10, -7 + bob, 6, 4.4), flat(shade(fur, 1.05)), part="mouse")
            stage.paint(stage.oval(-6, -12 + bob, 3.8), flat(Rgb.of("#d8aaa2")), part="mouse")
            stage.paint(stage.oval(-12, -8 + bob, 1), flat(Rgb.of("#17120f")), part="mouse")
            stage.paint(stage.oval(-16, -6 + bob, 1.2), flat(Rgb.of("#e08a8a")), part="mouse")

    def _cord(self, stage: Stage, points: list[tuple[float, float]]) -> None:
        line = stage.curve(points)
        stage.paint(line, flat(Rgb.of("#6a4d28")), part="rope", line=4.2)
        stage.paint(line, flat(Rgb.of("#c9a266")), part="rope", line=2.6)

    def _rope(
        self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float, candle_x: float, bucket: Body
    ) -> None:
        burn_y = 126.0
        handle = (x + bucket.x + 33 * math.sin(bucket.turn), bucket.y - 33 * math.cos(bucket.turn))
        if setup.kind == "pumpkin" and state.fall is not None:
            # Its net has nothing left to hold and sinks to the floor.
            late = ease((state.fall[0] + (state.fall[1] - state.fall[0]) * clock.share - BURST_S) / 0.25)
            handle = (handle[0] + 6 * late, handle[1] + (FLOOR - 2 - handle[1]) * late)
        outer = candle_x + 9 * setup.side
        down = outer - 3 * setup.side
        if state.fall is None:
            self._cord(stage, [(x, _BEAM - 8), handle])
            self._cord(stage, [(x, _BEAM - 9), ((x + candle_x) / 2, _BEAM - 8.6), (candle_x, _BEAM - 9)])
            self._cord(
                stage,
                [
                    (outer, _BEAM),
                    (down, burn_y),
                    (candle_x + 34 * setup.side, 200),
                    (candle_x + 34 * setup.side, FLOOR - 3),
                ],
            )
            stage.paint(
                stage.oval(candle_x + 34 * setup.side, FLOOR - 2, 5), flat(Rgb.of("#4a4a50")), part="rope", line=2.4
            )
            char = 0.4 + 0.6 * clock.share
            singe = stage.polygon([(down, burn_y - 7), (down, burn_y + 6)], closed=False)
            stage.paint(singe, flat(Rgb.of("#2a1a10"), alpha=char), part="rope", line=3.6)
            stage.glow(down, burn_y, 9, Rgb(255, 120, 30), alpha=0.5 + 0.3 * math.sin(clock.time_s * 11))
            for wisp in range(3):
                age = (clock.time_s * 0.6 + wisp / 3) % 1
                puff = stage.oval(down + 4 * math.sin(age * 7 + wisp), burn_y - 10 - 44 * age, 3 + 6 * age)
                stage.effect(puff, flat(Rgb.of("#d0c8c0"), alpha=0.3 * (1 - age), blur=2.5))
            return
        first, last = state.fall
        time = first + (last - first) * clock.share
        # The end below falls beside its ring; the end above runs over the pulleys after the bucket.
        ring_x, limp = candle_x + 34 * setup.side, ease(time / 0.4)
        end = (down + (ring_x + 22 * setup.side - down) * limp, burn_y + 5 + (FLOOR + 4 - burn_y) * limp)
        self._cord(stage, [(ring_x, FLOOR - 3), ((ring_x + end[0]) / 2 + 3, 200 + 26 * limp), end])
        stage.paint(stage.oval(ring_x, FLOOR - 2, 5), flat(Rgb.of("#4a4a50")), part="rope", line=2.4)
        drop = max(0.0, bucket.y - HANG)
        free = burn_y - 6 - drop
        slack = ease((time - 0.45) / 0.5)
        if free > _BEAM + 8:
            self._cord(stage, [(outer, _BEAM), (down, free)])
            stage.paint(stage.oval(down, free, 2.2), flat(Rgb.of("#2a1a10")), part="rope")
            self._cord(stage, [(x, _BEAM - 9), (candle_x, _BEAM - 9)])
        else:
            # It is held by the second pulley: a short end dangles there.
            sway = 5 * math.sin(time * 9) * (1 - slack)
            self._cord(stage, [(x, _BEAM - 9), (candle_x, _BEAM - 9)])
            self._cord(stage, [(outer, _BEAM - 2), (outer + sway * 0.4, _BEAM + 12), (outer + sway, _BEAM + 22)])
            stage.paint(stage.oval(outer + sway, _BEAM + 22, 2.2), flat(Rgb.of("#2a1a10")), part="rope")
        middle = ((x + handle[0]) / 2 + 16 * slack * setup.side, (_BEAM + handle[1]) / 2)
        self._cord(stage, [(x, _BEAM - 8), middle, handle])

    def _candle(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        foot = 179.0
        stage.paint(stage.oval(x, foot, 15, 4), flat(Rgb.of("#a8873f")), part="candle")
        body = stage.rect(x - 7, foot - 32, 14, 32, radius=2)
        stage.paint(body, linear((x - 7, 0), (x + 7, 0), Rgb.of("#fff2d4"), Rgb.of("#c9b48c")), part="candle")
        sway = 1.6 * math.sin(clock.time_s * 8 + setup.phase) + 1.5 * setup.side
        flick = 1 + 0.08 * math.sin(clock.time_s * 19)
        stage.glow(x, 134, 110 * flick, Rgb(255, 176, 84), alpha=0.3)
        tip = (x + sway + 3 * setup.side, foot - 32 - 25 * flick)
        flame = stage.curve([(x, foot - 33), (x - 5, foot - 41), tip, (x + 5, foot - 41)], closed=True)
        stage.paint(
            flame, linear((x, foot - 33), tip, Rgb(110, 140, 236), Rgb(255, 176, 60), Rgb(255, 242, 190)), part="candle"
        )
        stage.effect(stage.oval(x, foot - 41, 2, 5), flat(Rgb(255, 255, 236), alpha=0.9, blur=1))
