"""Semantic inference: what the pumpkins of a porch look like on the last night of October."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._parts import sky, soft_spot
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PorchPumpkins"]

_WALLS = (Rgb.of("#7d8ba0"), Rgb.of("#94806f"), Rgb.of("#76917f"))
_DOORS = (Rgb.of("#8c2f2f"), Rgb.of("#2f5a6c"), Rgb.of("#c08a2c"))
_GOURD = Rgb.of("#dd7a22")
_DECK_Y = 204.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: float
    x: float
    wall: Rgb
    door: Rgb
    dusk: float
    sizes: tuple[float, ...]
    faces: tuple[int, ...]
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    carved: float
    """Share of the pumpkins that have become lanterns."""
    garland: bool = False
    """Whether the porch is dressed for midwinter instead: the wrong law."""


class PorchPumpkins(Family[_Setup, _State]):
    """Pumpkins become glowing faces for Halloween."""

    name = "porch-pumpkins"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "celebrate"
    parts = ("pumpkins", "garland", "house", "cat", "tree", "leaves")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the house, the hour and the pumpkins."""
        return _Setup(
            side=1.0 if rng.random() < 0.5 else -1.0,
            x=float(rng.uniform(225, 255)),
            wall=_WALLS[rng.integers(len(_WALLS))],
            door=_DOORS[rng.integers(len(_DOORS))],
            dusk=float(rng.random()),
            sizes=tuple(float(size) for size in rng.uniform(0.86, 1.18, 4)),
            faces=tuple(int(face) for face in rng.integers(0, 3, 4)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From whole fruit to lanterns."""
        return States(
            source=_State(carved=0.0),
            target=_State(carved=1.0),
            half=_State(carved=0.5),
            wrong=_State(carved=0.0, garland=True),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The pumpkins."""
        return "pumpkin"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """None of the paraphrases names faces, lanterns or light."""
        return Words(
            instructions=(
                "It is the last evening of October, and this family keeps every tradition.",
                "In an hour, children in costumes will climb these steps and ask for sweets. Get the porch ready.",
                "Make the porch say 'trick or treat' without a single written word.",
                "The street celebrates All Hallows' Eve tonight; let the harvest on the steps play its part.",
            ),
            train_instructions=(
                "The calendar reads 31 October. What have the pumpkins become?",
                "The spookiest night of the year has come to this house.",
            ),
            literal="Carve a face into each of the four pumpkins and light a candle inside, so that the faces glow.",
            expected="All four pumpkins are jack-o'-lanterns with carved faces that glow from inside, in the same "
            "places; the house, the cat and the tree are unchanged.",
            preserve=(
                "the house and its door",
                "the cat",
                "the bare tree and the moon",
                "the falling leaves",
                "the camera",
            ),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The moon, beside the house."""
        return Light(azimuth=0.7 * setup.side, elevation=0.6, colour=Rgb(190, 200, 235))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Comes a little nearer."""
        return Camera(zoom=1 + 0.025 * clock.share, focus=(setup.x, 190))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, house, cat, pumpkins, leaves."""
        high = mix(Rgb.of("#26305c"), Rgb.of("#3a2f5e"), setup.dusk)
        low = mix(Rgb.of("#d98a5a"), Rgb.of("#b8627a"), setup.dusk)
        with stage.at_depth(0.2):
            stage.static("sky", lambda: self._far(stage, setup, high, low))
        with stage.at_depth(1.0):
            stage.static("house", lambda: self._house(stage, setup))
            if state.garland:
                self._garland(stage, setup, clock)
            self._cat(stage, setup.x - setup.side * 112, _DECK_Y + 6, setup, clock)
            spots = ((-70.0, 232.0), (72.0, 230.0), (-128.0, 252.0), (132.0, 256.0))
            for index, (dx, y) in enumerate(spots):
                lantern = index < round(4 * state.carved)
                self._pumpkin(stage, (setup.x + dx, y), setup, index, clock if lantern else None)
            for index in range(9):
                self._leaf(stage, setup, clock, index)

    def _far(self, stage: Stage, setup: _Setup, high: Rgb, low: Rgb) -> None:
        sky(stage, high, mix(high, low, 0.5), low)
        for index in range(26):
            star = stage.oval(index * 83 % 520 - 20, index * 37 % 90 - 20, 0.6 + index % 3 * 0.25)
            stage.effect(star, flat(Rgb(255, 250, 235), alpha=0.7))
        x = 240 + setup.side * 196
        stage.glow(x, 48, 60, Rgb(255, 236, 190), alpha=0.4)
        stage.paint(stage.oval(x, 48, 20), radial((x - 5, 43), 30, Rgb.of("#fff8e2"), Rgb.of("#e6d3a4")))
        stage.effect(stage.oval(x + 6, 52, 4), flat(Rgb.of("#cdb98a"), alpha=0.5, blur=1))
        stage.effect(stage.oval(x - 6, 42, 3), flat(Rgb.of("#cdb98a"), alpha=0.4, blur=1))
        ridge = [(-80 + k * 54, 168 + 14 * math.sin(k * 1.7 + setup.phase)) for k in range(13)]
        hill = stage.curve([*ridge, (600, 300), (-80, 300)], closed=True)
        stage.paint(hill, linear((0, 150), (0, 230), mix(high, low, 0.25), shade(high, 0.5)))

    def _house(self, stage: Stage, setup: _Setup) -> None:
        x, wall = setup.x, setup.wall
        lawn = stage.rect(-64, 200, WIDTH + 128, 200)
        stage.paint(lawn, linear((0, 200), (0, HEIGHT), Rgb.of("#2f3a30"), Rgb.of("#46502f")))
        stage.textured(lawn, "grass", strength=0.3, seed=3)
        self._bare_tree(stage, setup.x + setup.side * 204, 214, setup)
        front = stage.rect(x - 158, 30, 316, 176)
        ends = ((x + setup.side * 158, 0.0), (x - setup.side * 158, 0.0))
        stage.paint(front, linear(*ends, shade(wall, 0.86), shade(wall, 0.5)), part="house")
        for row in range(20):
            stage.effect(stage.rect(x - 158, 34 + row * 9, 316, 1.6), flat(Rgb(10, 10, 25), alpha=0.28))
            stage.effect(stage.rect(x - 158, 35.6 + row * 9, 316, 1), flat(Rgb(255, 255, 255), alpha=0.06))
        roof = stage.polygon([(x - 182, 40), (x + 182, 40), (x + 150, -16), (x - 150, -16)])
        stage.paint(roof, linear((0, -16), (0, 40), Rgb.of("#3b3442"), Rgb.of("#584a50")), part="house")
        stage.textured(roof, "stone", strength=0.2, seed=4)
        stage.shadow(stage.rect(x - 158, 40, 316, 12), alpha=0.5, blur=4)
        stage.paint(stage.rect(x - 184, 36, 368, 7), flat(Rgb.of("#b9b2a6")), part="house")
        for dx in (-98.0, 98.0):
            self._window(stage, x + dx, 72)
        self._door(stage, x, setup.door)
        deck = stage.polygon([(x - 168, _DECK_Y), (x + 168, _DECK_Y), (x + 176, _DECK_Y + 14), (x - 176, _DECK_Y + 14)])
        stage.paint(deck, linear((0, _DECK_Y), (0, _DECK_Y + 14), Rgb.of("#5d4a3e"), Rgb.of("#77614f")), part="house")
        stage.paint(stage.rect(x - 176, _DECK_Y + 14, 352, 8), flat(Rgb.of("#3b2e27")), part="house")
        for step, (half, y) in enumerate(((100, 222), (118, 238), (138, 256))):
            tread = stage.polygon([(x - half + 8, y - 6), (x + half - 8, y - 6), (x + half, y + 6), (x - half, y + 6)])
            tone = Rgb.of("#6d584a")
            stage.paint(tread, linear((0, y - 6), (0, y + 6), shade(tone, 0.8), shade(tone, 1.1)), part="house")
            stage.textured(tread, "wood", strength=0.2, seed=6 + step)
            stage.paint(stage.rect(x - half, y + 6, 2 * half, 7), flat(shade(tone, 0.5)), part="house")
        soft_spot(stage, x, _DECK_Y + 8, 90, 12, Rgb(255, 190, 110), 0.3)

    def _window(self, stage: Stage, x: float, y: float) -> None:
        stage.paint(stage.rect(x - 34, y - 5, 68, 86, radius=2), flat(Rgb.of("#cfc6b6")), part="house")
        pane = stage.rect(x - 28, y, 56, 74)
        stage.paint(
            pane, radial((x, y + 44), 60, Rgb.of("#ffdf9a"), Rgb.of("#e59a4a"), Rgb.of("#8f5230")), part="house"
        )
        for way in (-1, 1):
            drape = stage.curve(
                [(x + way * 28, y), (x + way * 8, y), (x + way * 20, y + 40), (x + way * 28, y + 50)], closed=True
            )
            stage.paint(drape, flat(Rgb.of("#a8553c"), alpha=0.75), part="house")
        stage.paint(stage.rect(x - 1.5, y, 3, 74), flat(Rgb.of("#cfc6b6")), part="house")
        stage.paint(stage.rect(x - 28, y + 34, 56, 3), flat(Rgb.of("#cfc6b6")), part="house")
        stage.paint(stage.rect(x - 38, y + 78, 76, 6, radius=1), flat(Rgb.of("#e3dacb")), part="house")
        stage.glow(x, y + 40, 66, Rgb(255, 170, 80), alpha=0.22)

    def _door(self, stage: Stage, x: float, colour: Rgb) -> None:
        stage.paint(stage.rect(x - 35, 78, 70, _DECK_Y - 76, radius=2), flat(Rgb.of("#cfc6b6")), part="house")
        leaf = stage.rect(x - 28, 86, 56, _DECK_Y - 86)
        stage.paint(
            leaf, linear((x - 28, 86), (x + 28, _DECK_Y), shade(colour, 1.15), shade(colour, 0.7)), part="house"
        )
        stage.textured(leaf, "wood", strength=0.12, seed=8)
        for dx in (-22.0, 3.0):
            for top, high in ((128.0, 32.0), (166.0, 30.0)):
                panel = stage.rect(x + dx, top, 19, high, radius=1)
                stage.effect(panel, flat(shade(colour, 0.5), alpha=0.7))
                stage.effect(stage.rect(x + dx + 2, top + 2, 15, high - 4, radius=1), flat(shade(colour, 0.95)))
        stage.paint(
            stage.rect(x - 22, 92, 44, 26, radius=12),
            radial((x, 108), 30, Rgb.of("#ffe2a0"), Rgb.of("#d98f48")),
            part="house",
        )
        stage.paint(stage.oval(x + 21, 152, 3), flat(Rgb.of("#f0d080")), part="house")

    def _bare_tree(self, stage: Stage, x: float, y: float, setup: _Setup) -> None:
        bark = Rgb.of("#2a2028")

        def grow(start: Point, angle: float, length: float, width: float, depth: int) -> None:
            end = (start[0] + length * math.cos(angle), start[1] - length * math.sin(angle))
            stage.paint(stage.polygon([start, end], closed=False), flat(bark), part="tree", line=width)
            if depth:
                for way, turn in ((1, 0.5), (-1, 0.38), (1, 0.08)):
                    bend = turn * way + 0.12 * math.sin(setup.phase + depth * 3 + way)
                    grow(end, angle + bend, length * (0.72 - 0.1 * turn), width * 0.62, depth - 1)

        stage.shadow(stage.oval(x, y + 2, 30, 6), alpha=0.5, blur=4)
        grow((x, y + 2), 1.57 + 0.1 * setup.side, 48, 10, 4)

    def _garland(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = setup.x
        line = [(x - 176 + k * 22, 46 + 9 * (1 - ((k % 4) / 2 - 1) ** 2)) for k in range(17)]
        stage.paint(stage.curve(line), flat(Rgb.of("#245a34")), part="garland", line=4)
        for index, (px, py) in enumerate(line):
            colour = (Rgb(255, 80, 70), Rgb(90, 220, 110), Rgb(255, 210, 90), Rgb(90, 150, 255))[index % 4]
            power = 0.7 + 0.3 * math.sin(4 * clock.time_s + index * 1.6)
            stage.paint(stage.oval(px, py + 5, 3.4, 4.4), flat(colour), part="garland")
            stage.glow(px, py + 5, 13, colour, alpha=0.6 * power)
        for index in range(22):
            angle = index * math.tau / 22
            stage.paint(
                stage.oval(x + 17 * math.cos(angle), 136 + 17 * math.sin(angle), 6),
                flat(shade(Rgb.of("#2f7a42"), 0.8 + index % 3 * 0.2)),
                part="garland",
            )
        for way in (-1, 1):
            bow = stage.polygon([(x, 153), (x + way * 13, 146), (x + way * 12, 161)])
            stage.paint(bow, flat(Rgb.of("#d8333a")), part="garland")

    def _cat(self, stage: Stage, x: float, y: float, setup: _Setup, clock: Clock) -> None:
        fur, way = Rgb.of("#1c1a22"), setup.side
        stage.shadow(stage.oval(x, y + 1, 22, 4), alpha=0.5, blur=2.5)
        swing = 7 * math.sin(2.6 * clock.time_s + setup.phase)
        tail = [(x - way * 8, y - 3), (x - way * 22, y - 2), (x - way * 27, y - 14), (x - way * 22 + swing, y - 27)]
        stage.paint(stage.curve(tail), flat(fur), part="cat", line=4.5)
        coat = linear((x + way * 14, 0), (x - way * 14, 0), Rgb.of("#4c4a62"), fur)
        body = [
            (x - way * 12, y),
            (x - way * 13, y - 14),
            (x - way * 2, y - 32),
            (x + way * 10, y - 28),
            (x + way * 11, y - 10),
            (x + way * 13, y),
        ]
        stage.paint(stage.curve(body, closed=True), coat, part="cat")
        stage.paint(stage.oval(x + way * 6, y - 37, 10, 9), coat, part="cat")
        for dx in (-1.0, 12.0):
            ear = stage.polygon(
                [(x + way * (dx - 3), y - 42), (x + way * (dx + 5), y - 42), (x + way * (dx + 0.5), y - 52)]
            )
            stage.paint(ear, flat(shade(fur, 1.4)), part="cat")
        blink = 0.25 if math.sin(1.7 * clock.time_s + setup.phase) > 0.94 else 1.0
        for dx in (2.5, 10.0):
            stage.paint(stage.oval(x + way * dx, y - 38, 2.2, 2.6 * blink), flat(Rgb.of("#d8e05a")), part="cat")

    def _pumpkin(self, stage: Stage, place: Point, setup: _Setup, index: int, clock: Clock | None) -> None:
        size = setup.sizes[index]
        with stage.moved(place[0], place[1], scale=size):
            stage.shadow(stage.oval(-setup.side * 8, 1, 36, 7), alpha=0.55, blur=3)
            moon = setup.side
            for offset, half, tone in ((-19, 13, 0.62), (19, 13, 0.62), (-11, 15, 0.8), (11, 15, 0.8), (0, 14, 0.95)):
                bright = tone * (1.0 + 0.16 * moon * (1 if offset > 0 else -1 if offset else 0))
                rind = radial((offset + moon * 3, -27), 36, shade(_GOURD, bright * 1.1), shade(_GOURD, bright * 0.56))
                stage.paint(stage.oval(offset, -20, half, 20 - abs(offset) * 0.12), rind, part="pumpkins")
            stalk = stage.curve([(-4, -38), (-2, -47), (5, -51), (8, -48), (3, -44), (4, -38)], closed=True)
            stage.paint(stalk, linear((-4, 0), (8, 0), Rgb.of("#7d8a4a"), Rgb.of("#3f4a26")), part="pumpkins")
            stage.effect(stage.oval(moon * 12, -32, 5, 3), flat(Rgb(210, 215, 255), alpha=0.3, blur=1.5))
            if clock:
                flicker = 1 + 0.1 * math.sin(11 * clock.time_s + 2 * index) + 0.06 * math.sin(19 * clock.time_s + index)
                self._face(stage, setup.faces[index], flicker)
                soft_spot(stage, 0, 5, 30, 6, Rgb(255, 160, 50), 0.42 * flicker)
                stage.glow(0, -20, 50, Rgb(255, 150, 40), alpha=0.42 * flicker)

    def _face(self, stage: Stage, kind: int, flicker: float) -> None:
        fire = radial((0, -12), 26, Rgb(255, 252, 190), Rgb(255, 214, 70), shade(Rgb(255, 150, 20), flicker))
        tilt = (3, -3, 0)[kind]
        shapes = [stage.polygon([(w * 5, -23), (w * 17, -23 - tilt), (w * 11, -33 + tilt * 0.5)]) for w in (-1, 1)]
        shapes.append(stage.polygon([(-3, -18), (3, -18), (0, -23)]))
        if kind == 2:
            shapes.append(stage.oval(0, -10, 9, 6))
        else:
            shapes.append(
                stage.polygon(
                    [
                        (-19, -15),
                        (-12, -12),
                        (-9, -15),
                        (-5, -11),
                        (0, -14),
                        (5, -11),
                        (9, -15),
                        (12, -12),
                        (19, -15),
                        (12, -5),
                        (7, -8),
                        (3, -3),
                        (-3, -6),
                        (-7, -2),
                        (-12, -5),
                    ]
                )
            )
        for path in shapes:
            stage.effect(path, flat(Rgb.of("#5a2608")), line=3)
            stage.paint(path, fire, part="pumpkins")

    def _leaf(self, stage: Stage, setup: _Setup, clock: Clock, index: int) -> None:
        # Far above the frame to far below it within the cycle, so that no leaf appears or vanishes in sight.
        fall = (index * 0.137 + setup.phase + clock.time_s * 0.13) % 1
        x = (index * 61 + 20 + 50 * setup.phase) % 480 + 22 * math.sin(3 * fall * math.pi + index)
        colour = (Rgb.of("#b5652a"), Rgb.of("#c99a34"), Rgb.of("#8f3f2a"))[index % 3]
        with stage.moved(x, -14 + 310 * fall, turn_deg=130 * math.sin(2.2 * clock.time_s + index)):
            blade = stage.curve([(-7, 0), (0, -3.5), (7, 0), (0, 3.5)], closed=True)
            stage.paint(blade, linear((-6, 0), (6, 0), shade(colour, 1.1), shade(colour, 0.7)), part="leaves")
