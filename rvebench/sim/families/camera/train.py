"""Camera: a train, a tram or a bus leaves the frame, and the camera follows it along the line."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.families.camera._vehicles import VEHICLES, WIRE, Livery, Vehicle, paint_vehicle
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TrainPan"]

_ENGINES = (Rgb.of("#2f6b4f"), Rgb.of("#8a2f2a"), Rgb.of("#2f4f86"), Rgb.of("#33343a"))
_WAGONS = (Rgb.of("#b8503a"), Rgb.of("#d0a040"), Rgb.of("#4f7f8f"), Rgb.of("#7f5a8a"))
_HORIZON, _RAIL = 172.0, 222.0
_PAN = 420.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    vehicle: Vehicle
    livery: Livery
    dusk: float
    side: int
    """The vehicle goes to this side."""
    roof: Rgb
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    pan: float
    """Of the camera along the line: 0 where the train was first seen, 1 at the station, -1 at the mill."""
    first: float
    """Where the engine's front is at the first frame, and at the last."""
    last: float


class TrainPan(Family[_Setup, _State]):
    """What leaves the frame is found again in the direction in which it left."""

    name = "train-pan"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "follow"
    parts = ("vehicle", "station", "farm", "mill", "cow", "track")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws train, direction and time of day."""
        order = rng.permutation(len(_WAGONS))
        dusk = float(rng.choice([0.0, 0.35, 0.9]))
        return _Setup(
            vehicle=VEHICLES[rng.integers(len(VEHICLES))],
            livery=Livery(
                main=_ENGINES[rng.integers(len(_ENGINES))],
                wagons=(_WAGONS[order[0]], _WAGONS[order[1]]),
                dusk=dusk,
            ),
            dusk=dusk,
            side=1 if rng.random() < 0.5 else -1,
            roof=mix(Rgb.of("#a8483a"), Rgb.of("#5c5f74"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the farm to the station."""
        return States(
            source=_State(pan=0.0, first=230, last=560),
            target=_State(pan=1.0, first=640, last=850),
            half=_State(pan=0.5, first=435, last=705),
            wrong=_State(pan=-1.0, first=640, last=850),
        )

    def objects(self, setup: _Setup) -> str:
        """What runs along the line."""
        return setup.vehicle

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the direction or the place."""
        way = "right" if setup.side > 0 else "left"
        name, line = setup.vehicle, "road" if setup.vehicle == "bus" else "line"
        driver = "engine driver" if name == "train" else "driver"
        own = "its wagons and its smoke" if name == "train" else "all its passengers"
        return Words(
            instructions=(
                f"The cameraman does not want to lose the {name}. What does he film next?",
                f"Someone on the {name} will soon get off. Show the next shot from beside the {line}.",
                f"Keep the {name} in sight for the following shot.",
                f"Cut to the stretch of the {line} that the {driver} can already see ahead of him.",
            ),
            train_instructions=(
                "The audience wants to know where these passengers are going. Give them the next shot.",
                "Stay with the thing that moves through this landscape.",
            ),
            literal=f"Pan {way} along the {line}, following the {name}, until it is in the middle of the frame again.",
            expected=f"The camera has moved {way} along the {line}: the same {name} with {own} runs into a "
            "station with a platform and a clock; the farm of the first shot is out of frame.",
            preserve=(f"the {name} and its colours", "its direction", "the mountains and the light", f"the {line}"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Drifts a little with the train."""
        del setup
        return Camera(x=_PAN * state.pan + 16 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky to foreground; one to the left is the mirror image."""
        mirrored = setup.side < 0
        with stage.moved(WIDTH if mirrored else 0, 0, scale=setup.side, scale_y=1):
            self._far(stage, setup, clock)
            with stage.at_depth(1):
                left = state.pan * _PAN - 40
                for tile in range(math.floor(left / WIDTH), math.floor((left + WIDTH + 80) / WIDTH) + 1):
                    with stage.moved(tile * WIDTH, 0):
                        stage.static("ground", lambda: self._ground(stage, setup))
                self._mill(stage, setup, clock)
                self._farm(stage, setup, clock)
                self._station(stage, setup)
                if setup.vehicle == "tram":
                    self._wire(stage)
                self._vehicle(stage, setup, state, clock)
            with stage.at_depth(1.35):
                self._bushes(stage, setup, clock)

    def _far(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        stage.static("sky", lambda: self._sky(stage, setup))
        tint = mix(Rgb.of("#8fa9c2"), Rgb.of("#a07f96"), setup.dusk)
        with stage.at_depth(0.1):
            for index in range(5):
                at = -120 + 170 * index + 9 * clock.time_s
                for dx, dy, radius in ((-20, 3, 15), (0, -5, 21), (20, 2, 16)):
                    puff = stage.oval(at + dx, 34 + 17 * ((index * 3) % 4) + dy, radius * 1.3, radius * 0.6)
                    stage.effect(puff, flat(mix(WHITE, Rgb(255, 196, 168), setup.dusk), alpha=0.6, blur=4))
        with stage.at_depth(0.22):
            peaks = [
                (float(x), 110 + 26 * math.sin(x * 0.021 + setup.phase) + 16 * math.sin(x * 0.047))
                for x in range(-260, 800, 22)
            ]
            ridge = stage.polygon([(-260, 200), *peaks, (800, 200)])
            stage.paint(ridge, linear((0, 70), (0, 180), tint, mix(tint, WHITE, 0.35)))
            for x, y in peaks:
                if y < 88:
                    cap = stage.polygon([(x, y), (x - 11, y + 11), (x - 3, y + 9), (x + 3, y + 13), (x + 11, y + 10)])
                    stage.effect(cap, flat(WHITE, alpha=0.75))
        with stage.at_depth(0.5):
            green = mix(Rgb.of("#7fa262"), Rgb.of("#6a6a58"), setup.dusk * 0.7)
            line = [
                (x, 152 + 9 * math.sin(x * 0.017 + setup.phase * 2) + 4 * math.sin(x * 0.05))
                for x in range(-340, 900, 30)
            ]
            hill = stage.polygon([(-340, 230), *line, (900, 230)])
            stage.paint(hill, linear((0, 140), (0, 190), green, shade(green, 0.8)))
            rng = np.random.default_rng(setup.seed)
            for _ in range(34):
                x, size = float(rng.uniform(-320, 860)), float(rng.uniform(5, 10))
                y = 152 + 9 * math.sin(x * 0.017 + setup.phase * 2) + 4 * math.sin(x * 0.05) + float(rng.uniform(3, 10))
                stage.shadow(stage.oval(x + size * 0.8, y + size, size * 1.3, size * 0.35), alpha=0.25, blur=1)
                crown = stage.oval(x, y, size, size * 1.15)
                stage.paint(
                    crown, linear((x - size, y - size), (x + size, y + size), shade(green, 0.95), shade(green, 0.5))
                )

    def _sky(self, stage: Stage, setup: _Setup) -> None:
        day = (Rgb.of("#6fb0e0"), Rgb.of("#dceefa"))
        evening = (Rgb.of("#4a4f86"), Rgb.of("#f6b48a"))
        top, low = (mix(a, b, setup.dusk) for a, b in zip(day, evening, strict=True))
        sky = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(sky, linear((0, -20), (0, _HORIZON), top, low))
        sun = 110 * setup.dusk + 30
        stage.glow(110, sun, 85, Rgb(255, 214, 150), alpha=0.3)
        stage.effect(stage.oval(110, sun, 13), flat(Rgb(255, 246, 214), blur=1.5))

    def _ground(self, stage: Stage, setup: _Setup) -> None:
        green = mix(Rgb.of("#86a84f"), Rgb.of("#6f7048"), setup.dusk * 0.7)
        field = stage.rect(-0.5, _HORIZON, WIDTH + 1, 170)
        stage.paint(field, linear((0, _HORIZON), (0, HEIGHT), green, shade(green, 0.66)))
        stage.textured(field, "grass", strength=0.24, seed=2)
        {"bus": self._road, "train": self._rails, "tram": self._tramway}[setup.vehicle](stage)

    def _road(self, stage: Stage) -> None:
        stage.paint(stage.rect(-0.5, _RAIL - 12, WIDTH + 1, 28), flat(Rgb.of("#b5ab8e")), part="track")
        road = stage.rect(-0.5, _RAIL - 9, WIDTH + 1, 22)
        stage.paint(road, linear((0, _RAIL - 9), (0, _RAIL + 13), Rgb.of("#6a6a6e"), Rgb.of("#55555a")), part="track")
        stage.textured(road, "stone", strength=0.12, seed=3)
        for dash in range(12):
            stage.paint(stage.rect(6 + 40 * dash, _RAIL + 0.5, 20, 1.8), flat(Rgb.of("#e9e4d6")), part="track")

    def _tramway(self, stage: Stage) -> None:
        bed = stage.rect(-0.5, _RAIL - 6, WIDTH + 1, 17)
        stage.paint(bed, linear((0, _RAIL - 6), (0, _RAIL + 11), Rgb.of("#b3a58f"), Rgb.of("#8d8172")), part="track")
        for row in range(3):
            for stone in range(24):
                block = stage.rect(20 * stone + 10 * (row % 2) - 9, _RAIL - 5.4 + 5.4 * row, 18, 4.6, radius=1)
                stage.effect(block, flat(shade(Rgb.of("#a4967f"), 0.9 + 0.08 * ((stone * 7 + row) % 4)), alpha=0.8))
        for y, line in ((_RAIL - 1, 1.6), (_RAIL + 6, 2.2)):
            stage.paint(stage.rect(-0.5, y, WIDTH + 1, line), flat(Rgb.of("#dfe2e6")), part="track")

    def _rails(self, stage: Stage) -> None:
        bed = stage.polygon(
            [(-0.5, _RAIL - 5), (WIDTH + 0.5, _RAIL - 5), (WIDTH + 0.5, _RAIL + 12), (-0.5, _RAIL + 12)]
        )
        stage.paint(bed, linear((0, _RAIL - 5), (0, _RAIL + 12), Rgb.of("#8f8678"), Rgb.of("#6a6258")), part="track")
        stage.textured(bed, "stone", strength=0.35, seed=3)
        for sleeper in range(24):
            wood = stage.rect(4 + 20 * sleeper, _RAIL - 3, 9, 11, radius=1)
            stage.paint(wood, flat(Rgb.of("#57422f")), part="track")
        for y, line in ((_RAIL - 1, 1.6), (_RAIL + 6, 2.2)):
            stage.paint(stage.rect(-0.5, y, WIDTH + 1, line), flat(Rgb.of("#c3c6cc")), part="track")

    def _house(
        self, stage: Stage, x: float, y: float, width: float, height: float, wall: Rgb, roof: Rgb, part: str
    ) -> None:
        shadow = stage.polygon([(x, y), (x + width, y), (x + width + 24, y + 9), (x + 26, y + 9)])
        stage.shadow(shadow, alpha=0.35, blur=3)
        body = stage.rect(x, y - height, width, height)
        stage.paint(body, linear((x, 0), (x + width, 0), shade(wall, 1.08), shade(wall, 0.8)), part=part)
        top = stage.polygon(
            [
                (x - 7, y - height + 2),
                (x + 8, y - height - 24),
                (x + width - 8, y - height - 24),
                (x + width + 7, y - height + 2),
            ]
        )
        stage.paint(top, linear((0, y - height - 24), (0, y - height), shade(roof, 1.15), shade(roof, 0.78)), part=part)
        for row in range(1, 4):
            tile = y - height - 24 + row * 6.5
            stage.effect(
                stage.rect(x - 7 + 15 * (1 - row / 4), tile, width + 14 - 30 * (1 - row / 4), 0.9),
                flat(shade(roof, 0.5), alpha=0.5),
            )

    def _farm(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        self._house(stage, 70, 192, 76, 34, Rgb.of("#e9dcc2"), setup.roof, "farm")
        for x in (82.0, 120.0):
            stage.paint(stage.rect(x, 168, 13, 12), flat(Rgb.of("#4b5d6b")), part="farm")
        stage.paint(stage.rect(102, 170, 12, 22), flat(Rgb.of("#6a4a30")), part="farm")
        for index, place in enumerate((236.0, 292.0, 356.0)):
            with stage.moved(place, 200 - 3 * (index % 2)):
                stage.shadow(stage.oval(5, 1, 17, 3), alpha=0.4, blur=1.5)
                hide = (Rgb.of("#f1ece2"), Rgb.of("#9a6440"), Rgb.of("#f1ece2"))[index]
                for leg in (-9, -5, 6, 10):
                    stage.paint(stage.rect(leg, -8, 2.6, 9), flat(shade(hide, 0.7)), part="cow")
                body = stage.rect(-13, -19, 27, 13, radius=5)
                stage.paint(body, linear((0, -19), (0, -6), hide, shade(hide, 0.75)), part="cow")
                with stage.clipped(body):
                    for spot in ((-6, -15, 5), (6, -12, 6)):
                        stage.paint(stage.oval(*spot), flat(shade(hide, 0.3 if index != 1 else 0.7)), part="cow")
                nod = 1.6 * math.sin(clock.time_s * 2.4 + index * 2)
                stage.paint(stage.oval(17, -17 + nod, 6, 4.4), flat(shade(hide, 0.94)), part="cow")
                stage.paint(stage.oval(21, -15.5 + nod, 2.6, 2.4), flat(Rgb.of("#d8a8a0")), part="cow")
                tail = [(-13, -16), (-17, -11), (-16 + 2.5 * math.sin(clock.time_s * 4 + index), -4)]
                stage.paint(stage.curve(tail), flat(shade(hide, 0.6)), part="cow", line=1.3)

    def _mill(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        pond = stage.oval(-120, 200, 66, 9)
        sky = mix(Rgb.of("#9fd0ee"), Rgb.of("#e0a890"), setup.dusk)
        stage.paint(pond, linear((0, 192), (0, 210), mix(sky, Rgb.of("#3f6f8f"), 0.5), sky))
        for wave in range(3):
            ripple = stage.rect(-160 + 30 * wave + 4 * math.sin(clock.time_s * 2 + wave), 196 + 4 * wave, 24, 1)
            stage.effect(ripple, flat(WHITE, alpha=0.5, blur=0.5))
        with stage.moved(-270, 196):
            stage.shadow(stage.polygon([(-20, 0), (22, 0), (60, 12), (20, 12)]), alpha=0.35, blur=3)
            tower = stage.polygon([(-21, 0), (-13, -74), (13, -74), (21, 0)])
            stage.paint(tower, linear((-20, 0), (20, 0), Rgb.of("#f2eadb"), Rgb.of("#b3a894")), part="mill")
            stage.paint(stage.curve([(-15, -74), (-9, -88), (9, -88), (15, -74)]), flat(setup.roof), part="mill")
            stage.paint(stage.rect(-5, -18, 10, 18), flat(Rgb.of("#5a4030")), part="mill")
            with stage.moved(0, -76, turn_deg=55 * clock.time_s + 20):
                for arm in range(4):
                    with stage.moved(0, 0, turn_deg=90 * arm):
                        stage.paint(stage.rect(-1, -46, 2, 46), flat(Rgb.of("#5a4030")), part="mill")
                        stage.paint(stage.rect(1, -45, 9, 34), flat(Rgb.of("#efe4cc"), alpha=0.92), part="mill")

    def _station(self, stage: Stage, setup: _Setup) -> None:
        self._house(stage, 640, 196, 150, 46, Rgb.of("#c98f6a"), shade(setup.roof, 0.8), "station")
        for x in (652.0, 682.0, 724.0, 758.0):
            stage.paint(stage.rect(x, 161, 18, 22, radius=1), flat(Rgb.of("#f3ead6")), part="station")
            glow = mix(Rgb.of("#54707f"), Rgb.of("#ffd98a"), 0.2 + 0.8 * setup.dusk)
            stage.paint(stage.rect(x + 2, 163, 14, 18), flat(glow), part="station")
        stage.paint(stage.polygon([(694, 126), (715, 100), (736, 126)]), flat(setup.roof), part="station")
        stage.paint(stage.rect(700, 120, 30, 34), flat(Rgb.of("#d79f78")), part="station")
        stage.paint(stage.oval(715, 130, 10), flat(Rgb.of("#3a2f2a")), part="station")
        stage.paint(stage.oval(715, 130, 8.6), flat(Rgb.of("#faf6ea")), part="station")
        for hand in ((715, 124), (719.5, 132)):
            stage.paint(
                stage.polygon([(715, 130), hand], closed=False), flat(Rgb.of("#2a211d")), part="station", line=1.3
            )
        slab = stage.rect(600, 200, 262, 9, radius=1)
        stage.paint(slab, linear((0, 200), (0, 209), Rgb.of("#d5cdbf"), Rgb.of("#8f877a")), part="station")
        stage.effect(stage.rect(600, 204, 262, 1.4), flat(Rgb.of("#f2d24a"), alpha=0.9))
        canopy = stage.polygon([(618, 152), (626, 143), (806, 143), (814, 152)])
        stage.paint(canopy, linear((0, 143), (0, 152), shade(setup.roof, 1.2), shade(setup.roof, 0.7)), part="station")
        for x in (622.0, 668.0, 764.0, 808.0):
            stage.paint(stage.rect(x, 152, 2.6, 48), flat(Rgb.of("#4a5548")), part="station")
        for x, coat in ((838.0, Rgb.of("#c8503f")), (848, Rgb.of("#3f5f8f")), (610, Rgb.of("#e0b040"))):
            stage.shadow(stage.oval(x + 3, 201, 6, 1.6), alpha=0.4, blur=1)
            stage.paint(stage.rect(x - 3.6, 182, 7.2, 19, radius=3), flat(coat), part="station")
            stage.paint(stage.oval(x, 178, 3.6), flat(Rgb.of("#e2b48e")), part="station")

    def _vehicle(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        run = clock.share if state.last < 600 else 1 - (1 - clock.share) ** 1.6
        front = state.first + (state.last - state.first) * run
        with stage.moved(0, _RAIL):
            paint_vehicle(stage, setup.vehicle, setup.livery, front, clock.time_s)

    def _wire(self, stage: Stage) -> None:
        """Draws the poles and the wire of a tram."""
        iron = Rgb.of("#4a5450")
        for x in range(-620, 1100, 130):
            stage.shadow(stage.polygon([(x, 214), (x + 3, 214), (x + 30, 222), (x + 26, 222)]), alpha=0.3, blur=1.5)
            pole = stage.rect(x, _RAIL + WIRE - 10, 3, 92)
            stage.paint(pole, linear((x, 0), (x + 3, 0), shade(iron, 1.3), shade(iron, 0.7)), part="track")
            stage.paint(stage.rect(x, _RAIL + WIRE - 6, 16, 1.8), flat(iron), part="track")
            stage.paint(stage.rect(x + 13, _RAIL + WIRE - 6, 1.4, 6), flat(iron), part="track")
        stage.paint(stage.rect(-640, _RAIL + WIRE - 0.6, 1760, 1), flat(Rgb.of("#33383a")), part="track")

    def _bushes(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        rng = np.random.default_rng(setup.seed + 1)
        for index in range(26):
            x, size = -640 + 70 * index + float(rng.uniform(-25, 25)), float(rng.uniform(12, 22))
            sway = 1.2 * math.sin(clock.time_s * 2 + index)
            green = mix(Rgb.of("#4f7a36"), Rgb.of("#3f4a34"), setup.dusk)
            for dx, dy in ((-0.7, 0.3), (0.6, 0.25), (0.0, 0.0)):
                blob = stage.oval(x + dx * size + sway, 266 + dy * size, size * 0.75, size * 0.8)
                stage.paint(blob, linear((0, 270 - size), (0, 272), shade(green, 1.2), shade(green, 0.55)))
