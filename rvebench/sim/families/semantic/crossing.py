"""Semantic inference: what the lights of a crossing show when it is the walkers' turn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._parts import cloud, sky, tree
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CrossingLights"]

_CARS = (Rgb.of("#d24a3f"), Rgb.of("#3f7fc0"), Rgb.of("#e0a63a"), Rgb.of("#5a9a6a"))
_HOUSES = (Rgb.of("#c98a6a"), Rgb.of("#d9c08a"), Rgb.of("#8fa6b8"), Rgb.of("#b59aa8"), Rgb.of("#a9b58a"))
_COATS = (Rgb.of("#e8b23a"), Rgb.of("#c8485a"), Rgb.of("#3f8fa0"))
_RED, _AMBER, _GREEN = Rgb.of("#ff3b2f"), Rgb.of("#ffb020"), Rgb.of("#2fe07a")
_KERB_Y, _ROAD_Y = 232.0, 158.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    car: Rgb
    coat: Rgb
    houses: int
    evening: float
    walker: str
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    drivers: int
    """Lamp of the drivers' signal: 0 red, 1 amber, 2 green, -1 dark."""
    walk: bool
    """Whether the walkers' signal shows the walking figure."""
    stopped: float
    """How far the car has braked before the crossing: 0 driving through, 1 standing."""


class CrossingLights(Family[_Setup, _State]):
    """When walkers may cross, their signal is green, the drivers' is red, and the car waits."""

    name = "crossing-lights"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "signal"
    parts = ("drivers-signal", "walkers-signal", "car", "child", "houses", "tree")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the street, the car and the child."""
        return _Setup(
            side=1.0 if rng.random() < 0.5 else -1.0,
            car=_CARS[rng.integers(len(_CARS))],
            coat=_COATS[rng.integers(len(_COATS))],
            houses=int(rng.integers(len(_HOUSES))),
            evening=float(rng.random()),
            walker=("child", "boy", "girl", "schoolchild")[rng.integers(4)],
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the drivers' turn to the walkers'; the wrong law is a power cut."""
        return States(
            source=_State(drivers=2, walk=False, stopped=0.0),
            target=_State(drivers=0, walk=True, stopped=1.0),
            half=_State(drivers=0, walk=False, stopped=1.0),
            wrong=_State(drivers=-1, walk=False, stopped=0.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The signal."""
        return "signal"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a colour, a figure or the halt."""
        who = setup.walker
        return Words(
            instructions=(
                f"Now it is perfectly safe and legal for the {who} to cross. Make the street agree.",
                f"The {who} has pressed the button and waited long enough; the crossing now belongs to those on foot.",
                "The right of way has just passed from the drivers to the people at the kerb.",
                f"In the next moment the {who} may step onto the stripes without breaking any rule.",
            ),
            train_instructions=(
                f"Everything in this street should tell the {who}: your turn.",
                "Those on foot go first now; what do the lights and the traffic do?",
            ),
            literal="Turn the drivers' light red and the walkers' signal to the green walking figure, "
            "and make the car stand before the crossing.",
            expected="The drivers' signal is red, the other shows the green walking figure, and the car stands "
            "before the stripes; the child still waits at the kerb.",
            preserve=("the child at the kerb", "the houses", "the tree", "the signal post's place", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Sun over the houses."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.66 - 0.14 * setup.evening)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Drifts a little along the kerb."""
        return Camera(x=setup.side * (5 * clock.share - 2.5))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, houses, road, car, child, signal post."""
        top = mix(Rgb.of("#5f9fd8"), Rgb.of("#7a7fb4"), setup.evening)
        low = mix(Rgb.of("#dcedf4"), Rgb.of("#f7cfa2"), setup.evening)
        with stage.at_depth(0.0):
            stage.static("sky", lambda: sky(stage, top, mix(top, low, 0.6), low))
        with stage.at_depth(0.2):
            for index, x in enumerate((90.0, 300.0)):
                cloud(stage, x + 6 * clock.time_s, 24 + 16 * index, 20, mix(Rgb(255, 255, 255), low, 0.3))
        with stage.at_depth(0.7):
            stage.static("houses", lambda: self._houses(stage, setup))
            sway = 3 * math.sin(1.9 * clock.time_s + setup.phase)
            tree(stage, 240 + setup.side * 26, 150, 74, Rgb.of("#6f9a4a"), sway, part="tree")
        with stage.at_depth(1.0):
            stage.static("road", lambda: self._road(stage, setup))
            self._car(stage, setup, state, clock)
            self._child(stage, setup, clock)
            self._post(stage, setup, state)

    def _houses(self, stage: Stage, setup: _Setup) -> None:
        left, warm = -60.0, Rgb.of("#ffdf9a")
        for index in range(9):
            width, high = 62.0 + 13 * ((index * 5 + setup.houses) % 3), 96.0 + 17 * ((index * 7 + setup.houses) % 4)
            colour, top = _HOUSES[(index + setup.houses) % len(_HOUSES)], 148 - high
            wall = stage.rect(left, top, width, high + 6)
            stage.paint(wall, linear((0, top), (0, 150), shade(colour, 1.06), shade(colour, 0.8)), part="houses")
            stage.textured(wall, "plaster", strength=0.14, seed=index)
            stage.paint(stage.rect(left - 2, top - 6, width + 4, 8, radius=1), flat(shade(colour, 0.6)), part="houses")
            for row in range(int((high - 34) // 27)):
                for column in range(3):
                    x, y = left + 7 + column * (width - 10) / 3, top + 10 + row * 27
                    stage.paint(stage.rect(x - 1.5, y - 1.5, 14, 20), flat(shade(colour, 1.25)), part="houses")
                    lit = (index * 3 + row * 5 + column * 7) % 5 == 0 and setup.evening > 0.4
                    glass = warm if lit else Rgb.of("#4a6072")
                    pane = linear((x, y), (x + 11, y + 17), shade(glass, 1.3), shade(glass, 0.85))
                    stage.paint(stage.rect(x, y, 11, 17), pane, part="houses")
                    stage.effect(stage.rect(x + 5, y, 1, 17), flat(shade(colour, 1.25)))
            front = stage.rect(left + 6, 122, width - 12, 28, radius=1)
            stage.paint(front, linear((0, 122), (0, 150), Rgb.of("#5a6a74"), Rgb.of("#2f3a44")), part="houses")
            for stripe in range(6):
                tone = _COATS[index % 3] if stripe % 2 else Rgb.of("#f4ecdc")
                bit = (width - 8) / 6
                awning = stage.polygon(
                    [
                        (left + 4 + stripe * bit, 116),
                        (left + 4 + (stripe + 1) * bit, 116),
                        (left + 3 + (stripe + 1) * bit, 128),
                        (left + 3 + stripe * bit, 128),
                    ]
                )
                stage.paint(awning, flat(tone), part="houses")
            stage.shadow(stage.rect(left + 5, 128, width - 10, 5), alpha=0.4, blur=2)
            left += width

    def _road(self, stage: Stage, setup: _Setup) -> None:
        far = stage.rect(-64, 148, WIDTH + 128, 12)
        stage.paint(far, linear((0, 148), (0, 160), Rgb.of("#b5ada2"), Rgb.of("#cbc4b8")))
        road = stage.rect(-64, _ROAD_Y, WIDTH + 128, _KERB_Y - _ROAD_Y)
        stage.paint(road, linear((0, _ROAD_Y), (0, _KERB_Y), Rgb.of("#565a62"), Rgb.of("#6c7078")))
        stage.textured(road, "stone", strength=0.16, seed=20)
        stage.effect(stage.rect(-64, _ROAD_Y - 1, WIDTH + 128, 3), flat(Rgb.of("#8d887f")))
        middle = 240 - setup.side * 40
        for index in range(-3, 4):  # the stripes run with the road and narrow with distance
            x0, x1 = middle + index * 17.0, middle + index * 24.0
            bar = stage.polygon(
                [(x0 - 5, _ROAD_Y + 4), (x0 + 5, _ROAD_Y + 4), (x1 + 7.5, _KERB_Y - 3), (x1 - 7.5, _KERB_Y - 3)]
            )
            stage.paint(bar, linear((0, _ROAD_Y), (0, _KERB_Y), Rgb.of("#d4d2cb"), Rgb.of("#f2f0e8")))
        for index in range(9):
            x = -60 + index * 72.0
            if abs(x + 16 - middle) > 110:
                stage.paint(stage.rect(x, 192, 34, 3), flat(Rgb.of("#d8d4c8")))
        stop = middle + setup.side * 104
        stage.paint(
            stage.polygon([(stop - 3, 196), (stop + 3, 196), (stop + 12, _KERB_Y - 3), (stop + 5, _KERB_Y - 3)]),
            flat(Rgb.of("#e8e5dc")),
        )
        walk = stage.rect(-64, _KERB_Y, WIDTH + 128, 120)
        stage.paint(walk, linear((0, _KERB_Y), (0, HEIGHT), Rgb.of("#a39b90"), Rgb.of("#c4bcb0")))
        stage.textured(walk, "stone", strength=0.16, seed=21)
        for column in range(-6, 20):
            joint = stage.polygon(
                [(240 + (column - 7) * 40.0, _KERB_Y), (240 + (column - 7) * 54.0, 300)], closed=False
            )
            stage.effect(joint, flat(Rgb(70, 62, 54), alpha=0.3), line=1)
        stage.paint(
            stage.rect(-64, _KERB_Y - 2, WIDTH + 128, 7),
            linear((0, _KERB_Y - 2), (0, _KERB_Y + 5), Rgb.of("#dcd6ca"), Rgb.of("#8f887c")),
        )

    def _car(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        # It comes from `side` and drives the other way; standing, it leans on its springs and hums.
        way = -setup.side
        gone = 92.0 * clock.time_s
        x = 240 + setup.side * (150 if state.stopped else 120.0) - setup.side * (0 if state.stopped else gone)
        y = 222.0
        hum = 0.6 * math.sin(17 * clock.time_s)
        stage.shadow(stage.oval(x + setup.side * 8, y + 1, 76, 8), alpha=0.55, blur=3)
        with stage.moved(x, y + (hum if state.stopped else 0.4 * hum)):
            paint = linear((0, -52), (0, -6), shade(setup.car, 1.3), setup.car, shade(setup.car, 0.6))
            cabin = stage.curve([(-way * 44, -28), (-way * 34, -50), (-way * 8, -56), (way * 16, -52), (way * 36, -30)])
            stage.paint(cabin, paint, part="car")
            glass = stage.curve([(-way * 37, -30), (-way * 30, -46), (-way * 6, -51), (way * 13, -48), (way * 28, -30)])
            stage.paint(glass, linear((0, -50), (0, -30), Rgb.of("#bfe0ee"), Rgb.of("#4f6f84")), part="car")
            stage.paint(stage.oval(way * 6, -36, 5, 6), flat(Rgb.of("#5a4034")), part="car")
            stage.paint(stage.rect(way * 6 - 8, -33, 16, 8, radius=4), flat(Rgb.of("#3a4a5a")), part="car")
            stage.paint(stage.rect(-4 - way * 6, -52, 4, 24), flat(shade(setup.car, 0.9)), part="car")
            body = stage.curve(
                [
                    (-way * 66, -10),
                    (-way * 66, -26),
                    (-way * 46, -31),
                    (way * 34, -31),
                    (way * 62, -25),
                    (way * 69, -12),
                    (way * 64, -6),
                    (-way * 62, -6),
                ],
                closed=True,
            )
            stage.paint(body, paint, part="car")
            stage.effect(stage.rect(-56, -27, 112, 2.4, radius=1), flat(Rgb(255, 255, 255), alpha=0.45, blur=0.8))
            stage.effect(stage.rect(-way * 8 - 0.6, -30, 1.2, 20), flat(Rgb(0, 0, 0), alpha=0.35))
            stage.paint(stage.rect(-way * 4 - 4, -23, 8, 2, radius=1), flat(Rgb(230, 230, 230)), part="car")
            stage.paint(stage.oval(way * 62, -20, 4, 4), flat(Rgb.of("#fff4c8")), part="car")
            stage.paint(
                stage.rect(-way * 66 - 2.5, -22, 5, 8, radius=1.5),
                flat(Rgb.of("#e02a22") if state.stopped else Rgb.of("#8a1c1c")),
                part="car",
            )
            if state.stopped:
                stage.glow(-way * 67, -18, 16, Rgb(255, 60, 40), alpha=0.6)
            turn = 0.0 if state.stopped else way * math.degrees(gone / 12)
            for dx in (-40.0, 40.0):
                self._wheel(stage, dx, turn)

    def _wheel(self, stage: Stage, x: float, turn_deg: float) -> None:
        stage.paint(stage.oval(x, -9, 13), flat(Rgb.of("#1d1f24")), part="car")
        stage.paint(stage.oval(x, -9, 8), radial((x - 2, -12), 12, Rgb.of("#f0f2f4"), Rgb.of("#7a828a")), part="car")
        with stage.moved(x, -9, turn_deg=turn_deg):
            for spoke in range(5):
                angle = spoke * math.tau / 5
                bar = stage.polygon([(0, 0), (7 * math.cos(angle), 7 * math.sin(angle))], closed=False)
                stage.paint(bar, flat(Rgb.of("#4a525a")), part="car", line=1.6)

    def _child(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x, y, coat, way = 240 - setup.side * 66, 258.0, setup.coat, setup.side
        sway = 1.6 * math.sin(2.1 * clock.time_s + setup.phase)
        dx, dy = stage.light.shadow_of(58)
        fall = [(x - 10, y), (x + 10, y), (x + dx + 9, y + dy), (x + dx - 7, y + dy)]
        stage.shadow(stage.polygon(fall), alpha=0.4, blur=2.5)
        skin, hair = Rgb.of("#d9a27c"), Rgb.of("#4a3024")
        for dx_leg in (-5.5, 5.5):
            leg = stage.polygon([(x + dx_leg, y - 3), (x + dx_leg * 0.9, y - 26)], closed=False)
            stage.paint(leg, flat(Rgb.of("#3f4f6e")), part="child", line=7.5)
            stage.paint(stage.oval(x + dx_leg + 1.5 * way, y - 1.5, 6, 3), flat(Rgb.of("#8a3a34")), part="child")
        with stage.moved(x + sway * 0.3, y, turn_deg=sway * 0.7):
            body = stage.curve([(-10, -22), (-11, -40), (-8, -52), (8, -52), (11, -40), (10, -22)], closed=True)
            stage.paint(body, linear((-way * 11, 0), (way * 11, 0), shade(coat, 1.15), shade(coat, 0.7)), part="child")
            pack = stage.rect(-8.5, -50, 17, 23, radius=5)
            stage.paint(pack, linear((-8, -50), (8, -27), Rgb.of("#5f86c4"), Rgb.of("#2f4f86")), part="child")
            stage.paint(stage.rect(-6, -38, 12, 9, radius=2), flat(Rgb.of("#e9c46a")), part="child")
            for arm in (-1, 1):
                sleeve = stage.polygon([(arm * 10, -49), (arm * 14, -38), (arm * 12.5, -30)], closed=False)
                stage.paint(sleeve, flat(shade(coat, 0.85 + 0.15 * (arm == -way))), part="child", line=6)
                stage.paint(stage.oval(arm * 12.5, -28, 3), flat(skin), part="child")
            stage.paint(stage.rect(-3, -57, 6, 8), flat(shade(skin, 0.8)), part="child")
            look = 2.6 * math.sin(1.3 * clock.time_s + setup.phase)
            stage.paint(
                stage.oval(look, -65, 10.5, 11.5),
                radial((look - 4 * way, -69), 18, shade(hair, 1.7), hair),
                part="child",
            )
            stage.paint(stage.oval(look + 9.5, -63, 2.2, 3), flat(skin), part="child")
            stage.paint(stage.oval(look - 9.5, -63, 2.2, 3), flat(skin), part="child")
            hat = stage.curve([(look - 11, -68), (look - 8, -77), (look, -80), (look + 8, -77), (look + 11, -68)])
            stage.paint(hat, linear((-10, 0), (10, 0), shade(coat, 1.1), shade(coat, 0.8)), part="child")
            stage.paint(stage.oval(look, -80, 3.6), flat(Rgb.of("#f4ece0")), part="child")

    def _post(self, stage: Stage, setup: _Setup, state: _State) -> None:
        x, foot = 240 - setup.side * 152, 262.0
        dx, dy = stage.light.shadow_of(190)
        line = stage.polygon([(x, foot), (x + dx, foot + dy)], closed=False)
        stage.effect(line, flat(Rgb(18, 14, 12), alpha=0.35, blur=1.5), line=6)
        stage.paint(stage.oval(x, foot, 12, 3.5), flat(Rgb.of("#4a5058")), part="drivers-signal")
        pole = stage.rect(x - 4, 40, 8, foot - 40, radius=2)
        stage.paint(
            pole,
            linear((x - 4, 0), (x + 4, 0), Rgb.of("#aab2ba"), Rgb.of("#6c747c"), Rgb.of("#3c4248")),
            part="drivers-signal",
        )
        stage.paint(
            stage.rect(x - 8, 196, 16, 24, radius=2),
            linear((0, 196), (0, 220), Rgb.of("#f0c23c"), Rgb.of("#b0861e")),
            part="walkers-signal",
        )
        stage.paint(stage.oval(x, 210, 4), flat(Rgb.of("#34383c")), part="walkers-signal")
        bx, by = x + setup.side * 48, 60.0
        stage.paint(stage.rect(min(x, bx), by + 34, 48, 5), flat(Rgb.of("#4a5058")), part="walkers-signal")
        self._case(stage, x, 16, 40, 106, "drivers-signal")
        for index, colour in enumerate((_RED, _AMBER, _GREEN)):
            self._lamp(stage, (x, 34 + index * 34), 14, colour, state.drivers == index)
        self._case(stage, bx, by, 42, 82, "walkers-signal")
        dark = state.drivers < 0
        self._figure(stage, (bx, by + 22), _RED, not state.walk and not dark, walking=False)
        self._figure(stage, (bx, by + 60), _GREEN, state.walk and not dark, walking=True)

    def _case(self, stage: Stage, x: float, y: float, width: float, height: float, part: str) -> None:
        box = stage.rect(x - width / 2, y, width, height, radius=8)
        stage.paint(
            box, linear((x - width / 2, 0), (x + width / 2, 0), Rgb.of("#454b52"), Rgb.of("#1b1e22")), part=part
        )
        stage.effect(box, flat(Rgb(255, 255, 255), alpha=0.22), line=1.2)

    def _lamp(self, stage: Stage, place: Point, radius: float, colour: Rgb, on: bool) -> None:
        x, y = place
        stage.paint(stage.oval(x, y, radius + 1.5), flat(Rgb(8, 9, 10)), part="drivers-signal")
        glass = (
            radial((x - 3, y - 4), radius * 1.5, mix(colour, Rgb(255, 255, 255), 0.65), colour, shade(colour, 0.8))
            if on
            else radial((x - 3, y - 4), radius * 1.5, shade(colour, 0.3), shade(colour, 0.14))
        )
        stage.paint(stage.oval(x, y, radius), glass, part="drivers-signal")
        visor = [(x + radius * 1.15 * math.cos(a), y + radius * 1.15 * math.sin(a)) for a in (3.3, 3.9, 4.71, 5.5, 6.1)]
        stage.effect(stage.curve(visor), flat(Rgb(12, 13, 15)), line=3.4)
        if on:
            stage.glow(x, y, radius * 2.5, colour, alpha=0.5)

    def _figure(self, stage: Stage, place: Point, colour: Rgb, on: bool, *, walking: bool) -> None:
        x, y = place
        stage.paint(stage.oval(x, y, 17), flat(Rgb(10, 11, 12)), part="walkers-signal")
        tone = flat(mix(colour, Rgb(255, 255, 255), 0.12) if on else shade(colour, 0.17))
        stage.paint(stage.oval(x + 0.5, y - 10.5, 3.3), tone, part="walkers-signal")
        limbs: tuple[tuple[Point, ...], ...]
        if walking:
            limbs = (
                ((0, -5), (0, 3)), ((0, 3), (5, 7), (7, 13)), ((0, 3), (-3, 8), (-8, 12)),
                ((0, -4), (6, 0), (8, 3)), ((0, -4), (-5, -1), (-7, 3)),
            )  # fmt: skip
        else:
            limbs = (
                ((0, -4), (0, 4)),
                ((-2, 3), (-2.4, 13)),
                ((2, 3), (2.4, 13)),
                ((-4, -4), (-5, 4)),
                ((4, -4), (5, 4)),
            )
        for limb in limbs:
            path = stage.polygon([(x + dx, y + dy) for dx, dy in limb], closed=False)
            stage.paint(path, tone, part="walkers-signal", line=4.2 if limb[0][0] == 0 else 3.4)
        if on:
            stage.glow(x, y, 30, colour, alpha=0.4)
