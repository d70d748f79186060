"""Spatial: someone walks, cycles or drives to the far end of an avenue and is as small as what stands there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import clouds, everywhere, merged, projected, ring, strip, tree, tree_outline
from rvebench.sim.families.spatial._traffic import Kind, Traveller, draw_traveller, outlines
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["AvenueWalk"]

_KINDS: tuple[Kind, ...] = ("walker", "cyclist", "van")
_COATS = (Rgb.of("#c8392f"), Rgb.of("#e0a526"), Rgb.of("#2f66b0"), Rgb.of("#7a3f98"), Rgb.of("#2f8f83"))
_LEAVES = (Rgb.of("#cf8a2c"), Rgb.of("#6f9a3c"), Rgb.of("#c05a34"), Rgb.of("#4f8f62"), Rgb.of("#d98fa4"))
_HORIZON = 112.0
_ROWS = (0.1, 0.16, 0.26, 0.42, 0.7)
"""Scales of the pairs of trees and lamps, far to near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    vanish_x: float
    who: Traveller
    leaf: Rgb
    lane: float
    """Where on the road, -1 left to 1 right."""
    bench_side: int
    dusk: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    scale: float
    """Size of what stands where the walker stands; 1 at the near edge, 0 at the horizon."""
    size: float
    """Size of the walker."""


class AvenueWalk(Family[_Setup, _State]):
    """Far away, people and vans are as small as the trees beside them."""

    name = "avenue-walk"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "perspective"
    parts = ("walker", "trees", "lamps", "bench", "dog", "bird")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the vanishing point, who goes there, season, side and hour."""
        return _Setup(
            vanish_x=float(rng.uniform(195, 285)),
            who=Traveller(
                kind=_KINDS[rng.integers(len(_KINDS))],
                coat=_COATS[rng.integers(len(_COATS))],
                hat=bool(rng.integers(2)),
                sun=-1 if rng.integers(2) else 1,
            ),
            leaf=_LEAVES[rng.integers(len(_LEAVES))],
            lane=float(rng.uniform(-0.3, 0.3)),
            bench_side=-1 if rng.integers(2) else 1,
            dusk=float(rng.random()),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From near to far; the wrong traveller gets there and stays far too large."""
        return States(
            source=_State(scale=0.84, size=0.84),
            target=_State(scale=0.2, size=0.2),
            half=_State(scale=0.52, size=0.52),
            wrong=_State(scale=0.2, size=0.62),
        )

    def objects(self, setup: _Setup) -> str:
        """Who goes down the road."""
        return setup.who.kind

    def words(self, setup: _Setup) -> Words:
        """The paraphrases say where the traveller has got to, not how that looks from here."""
        name = {"walker": "woman", "cyclist": "cyclist", "van": "van"}[setup.who.kind]
        if setup.who.kind == "walker":
            instructions = (
                "The woman on the road has kept walking and is now among the last of the lamps.",
                "Give the woman five more minutes of walking while the camera waits where it is.",
                "She has almost reached the point where the two rows of trees seem to meet.",
                "Let the person with the bag be level with the trees that are hardest to make out from the bench.",
            )
            train_instructions = (
                "By now the walker is most of the way to the other end of the avenue.",
                "Put the woman between the most remote lamps, at her true height compared with them.",
            )
        elif setup.who.kind == "cyclist":
            instructions = (
                "The cyclist has kept pedalling and is now among the last of the lamps.",
                "Give the cyclist one more minute of easy riding while the camera waits where it is.",
                "The rider has almost reached the point where the two rows of trees seem to meet.",
                "Let the bicycle be level with the trees that are hardest to make out from the bench.",
            )
            train_instructions = (
                "By now the bicycle is most of the way to the other end of the avenue.",
                "Put the rider between the most remote lamps, at true height compared with them.",
            )
        else:
            instructions = (
                "The van has driven on and is now between the last of the lamps.",
                "Let half a minute of slow driving go by while the camera waits where it is.",
                "The driver is just about to leave the avenue at its other end.",
                "Someone by the trees that are hardest to make out from the bench could now knock on the van's window.",
            )
            train_instructions = (
                "The van is close to the spot where the two edges of the road seem to touch.",
                "Let the delivery have nearly reached the house beyond the avenue; we have not moved.",
            )
        feet = "wheels" if setup.who.kind != "walker" else "feet"
        return Words(
            instructions=instructions,
            train_instructions=train_instructions,
            literal=f"Make the {name} tiny and place it far up the road, close to the vanishing point."
            if setup.who.kind == "van"
            else f"Make the {name} tiny and place her far up the road, close to the vanishing point.",
            expected=f"The {name} is a small figure far up the avenue near the vanishing point, {feet} on the road and "
            f"in the right size beside the lamps there; the place where the {name} was is empty road.",
            preserve=("the trees and lamps", "the dog and the bench", "the sky", f"the {name}'s colours", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From one side, rather low."""
        return Light(azimuth=0.7 * setup.who.sun, elevation=0.5)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Breathes a little, as if held by hand."""
        return Camera(x=5 * math.sin(clock.time_s * 0.9 + setup.phase), y=0.8 * math.sin(clock.time_s * 1.7))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """The avenue (nobody on the road is ever covered by its trees), clouds, the traveller, the bench."""
        with stage.at_depth(0.6):
            stage.static("avenue", lambda: self._avenue(stage, setup))
        with stage.at_depth(0.1):
            clouds(stage, setup.phase, clock.time_s, top=14)
            self._birds(stage, setup, clock)
        with stage.at_depth(0.6):
            self._traveller(stage, setup, state, clock)
            self._bench(stage, setup, clock)
            self._leaves(stage, setup, clock)

    def _avenue(self, stage: Stage, setup: _Setup) -> None:
        self._sky(stage, setup)
        self._ground(stage, setup)
        self._rows(stage, setup)

    def _place(self, setup: _Setup, lane: float, scale: float) -> tuple[float, float]:
        return setup.vanish_x + lane * 150 * scale, _HORIZON + 150 * scale

    def _slant(self, setup: _Setup) -> tuple[float, float]:
        return -1.05 * setup.who.sun, 0.14

    def _sky(self, stage: Stage, setup: _Setup) -> None:
        top = mix(Rgb.of("#6ea3d6"), Rgb.of("#6a78b8"), setup.dusk)
        low = mix(Rgb.of("#e6eef0"), Rgb.of("#ffd9a8"), setup.dusk)
        stage.paint(everywhere(stage), linear((0, 0), (0, _HORIZON), top, mix(top, low, 0.6), low))
        stage.glow(setup.vanish_x, _HORIZON - 4, 120, Rgb(255, 206, 140), alpha=0.16)

    def _ground(self, stage: Stage, setup: _Setup) -> None:
        x = setup.vanish_x
        haze = mix(Rgb.of("#a8b8a0"), Rgb.of("#c9ac8c"), setup.dusk)
        woods = [(k, _HORIZON - 6 - 5 * abs(math.sin(k * 0.05 + setup.phase))) for k in range(-70, 560, 14)]
        hedge = stage.curve([(-80, 140), *woods, (560, 140)])
        stage.paint(hedge, linear((0, 96), (0, _HORIZON), mix(haze, setup.leaf, 0.35), mix(haze, setup.leaf, 0.6)))
        lawn = stage.rect(-64, _HORIZON, WIDTH + 128, 240)
        green = mix(Rgb.of("#6f9a4a"), setup.leaf, 0.2)
        stage.paint(lawn, linear((0, _HORIZON), (0, HEIGHT), mix(green, haze, 0.6), green, shade(green, 0.7)))
        stage.textured(lawn, "grass", strength=0.2)
        road = stage.polygon([(x - 1, _HORIZON), (x + 1, _HORIZON), (x + 168, 312), (x - 168, 312)])
        sand = Rgb.of("#d9c6a4")
        stage.paint(road, linear((0, _HORIZON), (0, HEIGHT), mix(sand, haze, 0.3), sand, shade(sand, 0.8)))
        stage.textured(road, "stone", strength=0.14, seed=2)
        for side in (-1, 1):
            kerb = stage.polygon([(x, _HORIZON), (x + side * 168, 312), (x + side * 178, 312)])
            stage.paint(kerb, flat(Rgb.of("#b5ad9c")))
        with stage.clipped(stage.rect(-64, _HORIZON + 3, WIDTH + 128, 240)):
            shapes = []
            for scale in _ROWS:
                for side in (-1, 1):
                    foot = self._place(setup, side * 1.5, scale)
                    shapes += [projected(stage, foot, o, self._slant(setup)) for o in tree_outline(190 * scale)]
                    lamp = self._place(setup, side * 1.14, scale * 0.87)
                    poles = [strip(1.6 * scale, 98 * scale), ring(0, 104 * scale, 6 * scale, 9 * scale)]
                    shapes += [projected(stage, lamp, o, self._slant(setup)) for o in poles]
            stage.shadow(merged(shapes), alpha=0.34, blur=1.4, colour=Rgb(40, 34, 50))

    def _rows(self, stage: Stage, setup: _Setup) -> None:
        haze = mix(Rgb.of("#c3cfc6"), Rgb.of("#e4c29a"), setup.dusk)
        for scale in _ROWS:
            for side in (-1, 1):
                leaf = mix(setup.leaf, haze, max(0.0, 0.55 - scale))
                tree(
                    stage,
                    self._place(setup, side * 1.5, scale),
                    190 * scale,
                    leaf,
                    toward=0.7 * setup.who.sun,
                    part="trees",
                )
            for side in (-1, 1):
                self._lamp(stage, self._place(setup, side * 1.14, scale * 0.87), scale * 0.87)

    def _lamp(self, stage: Stage, foot: tuple[float, float], scale: float) -> None:
        iron = Rgb.of("#3b4148")
        with stage.moved(*foot, scale=scale):
            stage.paint(stage.rect(-5, -8, 10, 9, radius=1), flat(iron), part="lamps")
            stage.paint(
                stage.rect(-2.2, -112, 4.4, 112), linear((-2, 0), (2, 0), Rgb.of("#777f88"), iron), part="lamps"
            )
            glass = stage.polygon([(-6, -114), (6, -114), (9, -132), (-9, -132)])
            stage.paint(glass, linear((0, -132), (0, -114), Rgb.of("#fff4cf"), Rgb.of("#ffd98a")), part="lamps")
            stage.paint(stage.polygon([(-11, -132), (11, -132), (0, -142)]), flat(iron), part="lamps")

    def _traveller(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        # They go on through the clip; far away the same way covers less of the picture.
        go = 1 - 0.07 * clock.time_s
        x, y = self._place(setup, setup.lane, state.scale * go)
        size = state.size * go
        shapes = [projected(stage, (x, y), part, self._slant(setup)) for part in outlines(setup.who.kind, size)]
        stage.shadow(merged(shapes), alpha=0.42, blur=1.6 * size + 0.3, colour=Rgb(40, 34, 50))
        with stage.moved(x, y, scale=size):
            draw_traveller(stage, setup.who, clock.time_s * 7.5 + setup.phase)

    def _bench(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        side = setup.bench_side
        x, y = (58.0, 246.0) if side < 0 else (422.0, 246.0)
        wood, iron = Rgb.of("#b98455"), Rgb.of("#33383c")
        stage.shadow(stage.oval(x - 12 * setup.who.sun, y + 2, 50, 6), alpha=0.42, blur=2.5)
        for leg in (-34, 30):
            stage.paint(stage.rect(x + leg, y - 46, 4, 48, radius=1), flat(iron), part="bench")
        for k in range(3):
            slat = stage.rect(x - 42, y - 48 + 9 * k, 84, 6.4, radius=2)
            stage.paint(slat, linear((x - 42, 0), (x + 42, 0), shade(wood, 1.15), shade(wood, 0.75)), part="bench")
        seat = stage.rect(x - 44, y - 21, 88, 8, radius=2)
        stage.paint(seat, linear((0, y - 21), (0, y - 13), shade(wood, 1.2), shade(wood, 0.6)), part="bench")
        fur, dx = Rgb.of("#c9a06a"), x - side * 58
        wag = 7 * math.sin(clock.time_s * 11 + setup.phase)
        with stage.moved(dx, y + 12, scale=0.9):
            stage.shadow(stage.oval(3 - 9 * setup.who.sun, 0, 26, 4.5), alpha=0.42, blur=2)
            tail = stage.curve([(15, -6), (25, -12), (28 + wag * 0.4, -24 - abs(wag) * 0.3)])
            stage.paint(tail, flat(shade(fur, 0.8)), part="dog", line=5)
            body = stage.curve([(-10, 0), (-11, -22), (-4, -38), (6, -36), (16, -16), (17, 0)], closed=True)
            stage.paint(body, radial((-6, -26), 34, shade(fur, 1.25), fur, shade(fur, 0.6)), part="dog")
            for paw in (-9, -1):
                stage.paint(stage.rect(paw - 3, -22, 6, 22, radius=3), flat(shade(fur, 1.05)), part="dog")
            stage.paint(stage.oval(-3, -44, 11, 10), radial((-6, -48), 16, shade(fur, 1.25), fur), part="dog")
            stage.paint(stage.oval(-11, -41, 7, 5), flat(shade(fur, 1.2)), part="dog")
            stage.paint(stage.oval(-17, -42, 2.4, 2), flat(Rgb.of("#2a1c16")), part="dog")
            stage.paint(stage.oval(5, -43, 4, 9), flat(shade(fur, 0.6)), part="dog")
            stage.paint(stage.oval(-6, -47, 1.5), flat(Rgb.of("#2a1c16")), part="dog")
            stage.paint(stage.rect(-8, -36, 14, 3.4, radius=1.5), flat(Rgb.of("#3b79b8")), part="dog")

    def _birds(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for k in range(3):
            x = (setup.phase * 60 + clock.time_s * 26 + k * 19) % 420 + 20
            y = 44 + k * 7 + 3 * math.sin(clock.time_s * 2 + k)
            flap = 4 * math.sin(clock.time_s * 9 + k)
            wings = stage.curve([(x - 7, y - flap), (x, y), (x + 7, y - flap)])
            stage.paint(wings, flat(Rgb.of("#4a4658")), part="bird", line=1.5)

    def _leaves(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for k in range(9):
            fall = (clock.time_s * 0.16 + k * 0.37 + setup.phase) % 1
            x = (k * 131 + setup.phase * 40) % 500 - 10 + 14 * math.sin(fall * 9 + k)
            y = 60 + 190 * fall
            with stage.moved(x, y, turn_deg=360 * fall + 40 * k):
                fade = min(1.0, 6 * fall, 6 * (1 - fall))
                stage.effect(stage.oval(0, 0, 3.2, 1.7), flat(shade(setup.leaf, 1.15), alpha=0.9 * fade))
