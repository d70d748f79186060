"""Temporal: a seedling on a windowsill, beside a cat, becomes a grown plant."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._parts import cat, cloud, leaf, smooth
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PlantGrow"]

_SILL_Y = 214.0
_SOIL_Y = 172.0
_NEARER = (-0.16 * WIDTH / 2, -0.16 * 206)
"""Moves the scene so that, enlarged by this much, the sill stays in the frame."""
_WHITE = Rgb(255, 255, 255)
_DRY = Rgb.of("#8a6a3a")
_WALLS = (Rgb.of("#e3c9a4"), Rgb.of("#a9bfae"), Rgb.of("#c7a5a0"), Rgb.of("#9fb2c6"))
_POTS = (Rgb.of("#c56f47"), Rgb.of("#3f7f93"), Rgb.of("#d9d2c4"), Rgb.of("#7a5a8f"))
_CATS = (Rgb.of("#d9893f"), Rgb.of("#8d8a88"), Rgb.of("#55453b"))
_CURTAINS = (Rgb.of("#f3e7d3"), Rgb.of("#d98c7a"), Rgb.of("#7fa3b8"), Rgb.of("#e0c46a"))
_SKIES = ((Rgb.of("#5fa6dc"), Rgb.of("#d8eef8")), (Rgb.of("#6d8fc9"), Rgb.of("#f7d9b8")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    kind: Literal["sunflower", "tomato", "geranium"]
    x: float
    side: int
    """Where the cat sits: -1 left or 1 right of the pot."""
    wall: Rgb
    pot: Rgb
    cat: Rgb
    curtain: Rgb
    can: Rgb
    sky: int
    bloom: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    grown: float
    """From a seedling (0.1) to the whole plant (1)."""
    dried: float = 0.0
    """Share by which it has dried up and hangs: the wrong law."""


class PlantGrow(Family[_Setup, _State]):
    """A seedling with two leaves becomes a tall plant in flower or fruit."""

    name = "plant-grow"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "grow"
    parts = ("plant", "pot", "cat", "can", "window", "curtain")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the plant, the cat, the colours and the side."""
        side = 1 if rng.random() < 0.5 else -1
        kinds: tuple[Literal["sunflower", "tomato", "geranium"], ...] = ("sunflower", "tomato", "geranium")
        return _Setup(
            kind=kinds[rng.integers(3)],
            x=240.0 - side * float(rng.uniform(14, 32)),
            side=side,
            wall=_WALLS[rng.integers(len(_WALLS))],
            pot=_POTS[rng.integers(len(_POTS))],
            cat=_CATS[rng.integers(len(_CATS))],
            curtain=_CURTAINS[rng.integers(len(_CURTAINS))],
            can=mix(Rgb.of("#4f8a6a"), Rgb.of("#b5523f"), float(rng.integers(2))),
            sky=int(rng.integers(len(_SKIES))),
            bloom=mix(Rgb.of("#e2356a"), Rgb.of("#f08a4a"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From seedling to full height."""
        return States(
            source=_State(grown=0.12),
            target=_State(grown=1.0),
            half=_State(grown=0.52),
            wrong=_State(grown=0.8, dried=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """The kind of plant."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names growth, leaves or flowers."""
        crown = {
            "sunflower": "an open sunflower at its top",
            "tomato": "clusters of ripe red tomatoes",
            "geranium": "round heads of blossom",
        }[setup.kind]
        return Words(
            instructions=(
                "The can beside it was used every morning, and spring has turned into summer.",
                "Imagine this windowsill at the end of the season, if someone took good care of it.",
                f"It is a {setup.kind}. Show the same corner ten weeks later.",
                "The cat still naps here in August. What does the pot hold by then?",
            ),
            train_instructions=(
                "Let a couple of warm, well-watered months go by at this window.",
                "Show this sill on the day the gardener's patience is rewarded.",
            ),
            literal=f"Turn the small seedling in the pot into a tall, leafy {setup.kind} with {crown}.",
            expected=f"A tall plant with many leaves and {crown} stands where the seedling was, several times "
            "as high; it is green and healthy.",
            preserve=("the pot", "the cat", "the watering can", "the window and its curtains", "the view outside"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Daylight from the window, behind the sill."""
        return Light(azimuth=-0.35 * setup.side, elevation=0.66)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """View, wall, curtains, sill, then what stands on it."""
        stage.static("view", lambda: self._view(stage, setup))
        with stage.moved(*_NEARER, scale=1.16):
            opening = stage.rect(84, -10, 312, 206)
            with stage.clipped(opening):
                for index in range(2):
                    drift = (setup.phase * 60 + index * 210 + clock.time_s * 9) % 440
                    cloud(stage, 40 + drift, 34 + index * 38, 34 - index * 6, alpha=0.75)
        stage.static("room", lambda: self._still(stage, setup))
        with stage.moved(*_NEARER, scale=1.16):
            self._curtains(stage, setup, clock)
            self._plant(stage, setup, state, clock)
            place = (setup.x + setup.side * 112, _SILL_Y + 4)
            cat(stage, *place, setup.cat, clock.time_s, side=-setup.side, part="cat")

    def _still(self, stage: Stage, setup: _Setup) -> None:
        with stage.moved(*_NEARER, scale=1.16):
            self._room(stage, setup)
            self._things(stage, setup)
            self._pot(stage, setup)

    def _view(self, stage: Stage, setup: _Setup) -> None:
        with stage.moved(*_NEARER, scale=1.16):
            self._land(stage, setup)

    def _land(self, stage: Stage, setup: _Setup) -> None:
        top, low = _SKIES[setup.sky]
        window = stage.rect(80, -64, 320, 270)
        stage.paint(window, linear((0, 0), (0, 170), top, low))
        stage.glow(240 - setup.side * 100, 24, 150, Rgb(255, 246, 214), alpha=0.34)
        for k, (tone, base) in enumerate(
            ((Rgb.of("#9fc0c4"), 138.0), (Rgb.of("#7fae7c"), 156.0), (Rgb.of("#5f9455"), 174.0))
        ):
            hills = [(80 + 32 * i, base + 9 * math.sin(i * 0.8 + k * 2 + setup.phase)) for i in range(11)]
            stage.paint(
                stage.polygon([*hills, (400, 220), (80, 220)]), linear((0, base - 8), (0, 206), tone, shade(tone, 0.8))
            )
        rng = np.random.default_rng(int(setup.phase * 1e6))
        for _ in range(26):
            x, r = float(rng.uniform(84, 396)), float(rng.uniform(6, 12))
            stage.paint(
                stage.oval(x, 184 - r * 0.4, r, r * 0.9),
                flat(mix(Rgb.of("#3f7a40"), Rgb.of("#79a850"), float(rng.random()))),
            )
        for dx in (-96, 128):
            x = 240 + setup.side * dx
            stage.paint(stage.rect(x - 16, 152, 32, 26), flat(Rgb.of("#efe2cc")))
            stage.paint(stage.polygon([(x - 21, 154), (x, 136), (x + 21, 154)]), flat(Rgb.of("#b85a43")))
            stage.paint(stage.rect(x - 4, 162, 8, 9), flat(Rgb.of("#5a7086")))

    def _room(self, stage: Stage, setup: _Setup) -> None:
        lit = mix(setup.wall, _WHITE, 0.12)
        for x, width in ((-64.0, 148.0), (396.0, 148.0)):
            strip = stage.rect(x, -64, width, 400)
            inner, outer = (84.0, -10.0) if x < 0 else (396.0, 490.0)
            stage.paint(strip, linear((inner, 0), (outer, 0), lit, shade(setup.wall, 0.66)))
            stage.textured(strip, "plaster", strength=0.1, seed=5)
        below = stage.rect(-64, 200, WIDTH + 128, 140)
        stage.paint(below, linear((0, 225), (0, HEIGHT), shade(setup.wall, 0.6), shade(setup.wall, 0.78)))
        stage.textured(below, "plaster", strength=0.1, seed=6)
        wood = Rgb.of("#f4f0e6")
        for bar in (
            stage.rect(80, -20, 9, 220), stage.rect(391, -20, 9, 220), stage.rect(236.5, -20, 7, 220),
            stage.rect(80, 72, 320, 6), stage.rect(80, 192, 320, 9),
        ):  # fmt: skip
            stage.shadow(bar, alpha=0.3, blur=2.5)
            stage.paint(bar, linear((80, 0), (400, 0), wood, shade(wood, 0.86), wood), part="window")
        stage.effect(stage.polygon([(110, 0), (150, 0), (96, 190), (90, 190)]), flat(_WHITE, alpha=0.13))
        stage.effect(stage.polygon([(270, 0), (330, 0), (270, 190), (250, 190)]), flat(_WHITE, alpha=0.1))
        top = stage.polygon([(62, 200), (418, 200), (446, 229), (34, 229)])
        stage.shadow(stage.rect(34, 236, 412, 12), alpha=0.5, blur=6)
        stage.paint(top, linear((0, 200), (0, 229), Rgb.of("#fffaf0"), Rgb.of("#e2d6c0")))
        stage.textured(top, "wood", strength=0.06, seed=4)
        front = stage.rect(34, 229, 412, 11, radius=1)
        stage.paint(front, linear((0, 229), (0, 240), Rgb.of("#cbbda3"), Rgb.of("#9a8b72")))

    def _curtains(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        tone = setup.curtain
        for side in (-1, 1):
            outer, inner = 240 + side * 218.0, 240 + side * 132.0
            hem = 246.0
            sway = [1.6 * math.sin(clock.time_s * 2.2 + setup.phase + k * 0.9) * k / 5 for k in range(6)]
            edge = [(inner + side * (4 + 7 * k) + side * sway[k], -20 + k * (hem + 20) / 5) for k in range(6)]
            body = stage.polygon([(outer, -30), *edge, (outer + side * 4, hem + 4)])
            stage.shadow(body, alpha=0.2, blur=4)
            stage.paint(
                body, linear((inner, 0), (outer, 0), mix(tone, _WHITE, 0.35), shade(tone, 0.82)), part="curtain"
            )
            with stage.clipped(body):
                for fold in range(6):
                    line = [(x + side * (8 + fold * 13) * (1 - k * 0.05), y) for k, (x, y) in enumerate(edge)]
                    stage.effect(stage.curve(line), flat(shade(tone, 0.55), alpha=0.14), line=5)
                    light = [(x + side * 5, y) for x, y in line]
                    stage.effect(stage.curve(light), flat(_WHITE, alpha=0.15), line=4)

    def _things(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        stage.cast(setup.x, _SILL_Y + 2, 42, 40, alpha=0.35, blur=4)
        x = setup.x - side * 88
        stage.shadow(stage.oval(x + side * 6, _SILL_Y + 1, 32, 6), alpha=0.4, blur=3)
        stage.shadow(stage.oval(setup.x + side * 116, _SILL_Y + 4, 34, 7), alpha=0.42, blur=3)
        dark, pale = shade(setup.can, 0.62), mix(setup.can, _WHITE, 0.3)
        spout = stage.polygon(
            [
                (x + side * 16, _SILL_Y - 8),
                (x + side * 46, _SILL_Y - 41),
                (x + side * 41, _SILL_Y - 45),
                (x + side * 14, _SILL_Y - 24),
            ]
        )
        stage.paint(spout, linear((0, _SILL_Y - 45), (0, _SILL_Y - 8), pale, dark), part="can")
        rose = stage.polygon(
            [
                (x + side * 38, _SILL_Y - 50),
                (x + side * 52, _SILL_Y - 39),
                (x + side * 46, _SILL_Y - 36),
                (x + side * 37, _SILL_Y - 44),
            ]
        )
        stage.paint(rose, flat(dark), part="can")
        handle = stage.curve(
            [
                (x - side * 16, _SILL_Y - 34),
                (x - side * 34, _SILL_Y - 36),
                (x - side * 32, _SILL_Y - 14),
                (x - side * 17, _SILL_Y - 8),
            ]
        )
        stage.paint(handle, flat(dark), part="can", line=4)
        over = stage.curve([(x - 15, _SILL_Y - 36), (x, _SILL_Y - 54), (x + 15, _SILL_Y - 36)])
        stage.paint(over, flat(dark), part="can", line=3.5)
        body = stage.polygon(
            [(x - 18, _SILL_Y - 37), (x + 18, _SILL_Y - 37), (x + 22, _SILL_Y - 2), (x - 22, _SILL_Y - 2)]
        )
        stage.paint(body, linear((x - 22, 0), (x + 22, 0), pale, setup.can, dark), part="can")
        stage.paint(
            stage.oval(x, _SILL_Y - 2, 22, 4.5), linear((x - 22, 0), (x + 22, 0), pale, setup.can, dark), part="can"
        )
        stage.paint(stage.oval(x, _SILL_Y - 37, 18, 4), flat(shade(setup.can, 0.4)), part="can")
        stage.effect(stage.rect(x - 12, _SILL_Y - 32, 4, 26, radius=2), flat(_WHITE, alpha=0.4, blur=1.2))

    def _pot(self, stage: Stage, setup: _Setup) -> None:
        x = setup.x
        dark, pale = shade(setup.pot, 0.6), mix(setup.pot, _WHITE, 0.25)
        body = stage.curve(
            [
                (x - 27, _SOIL_Y + 4),
                (x - 23, _SILL_Y - 8),
                (x - 17, _SILL_Y + 1),
                (x, _SILL_Y + 4),
                (x + 17, _SILL_Y + 1),
                (x + 23, _SILL_Y - 8),
                (x + 27, _SOIL_Y + 4),
            ]
        )
        stage.paint(body, linear((x - 27, 0), (x + 27, 0), pale, setup.pot, dark), part="pot")
        stage.textured(body, "stone", strength=0.1, seed=8)
        lip = stage.rect(x - 31, _SOIL_Y - 1, 62, 12, radius=3)
        stage.shadow(stage.rect(x - 27, _SOIL_Y + 9, 54, 5), alpha=0.4, blur=2)
        stage.paint(lip, linear((x - 31, 0), (x + 31, 0), mix(pale, _WHITE, 0.2), setup.pot, dark), part="pot")
        stage.paint(stage.oval(x, _SOIL_Y, 31, 6), flat(mix(pale, _WHITE, 0.2)), part="pot")
        stage.paint(stage.oval(x, _SOIL_Y + 0.6, 28, 4.8), flat(Rgb.of("#4a3223")), part="pot")
        stage.effect(stage.oval(x - 6, _SOIL_Y + 1.6, 18, 2), flat(Rgb.of("#7a5a40"), alpha=0.7, blur=1))
        stage.effect(stage.rect(x - 22, _SOIL_Y + 14, 4, 22, radius=2), flat(_WHITE, alpha=0.3, blur=1.4))

    def _plant(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, grown, dried = setup.x, state.grown, state.dried
        green = mix(Rgb.of("#4f9a3f"), _DRY, dried)
        pale = mix(Rgb.of("#8cc45a"), shade(_DRY, 1.2), dried)
        stems = {"sunflower": (0.0,), "tomato": (-15.0, 14.0), "geranium": (-24.0, 22.0, 0.0)}[setup.kind]
        height = {"sunflower": 110.0, "tomato": 118.0, "geranium": 96.0}[setup.kind] * grown
        if setup.kind == "tomato" and grown > 0.3:
            stake = stage.rect(x - 1.5, _SOIL_Y - height * 1.02, 3.5, height * 1.02, radius=1.5)
            stage.paint(stake, flat(Rgb.of("#a98455")), part="plant")
        for index, spread in enumerate(stems if grown > 0.3 else (0.0,)):
            tall = height * (1 - 0.12 * index) if setup.kind != "geranium" else height * (0.86 + 0.07 * index)
            sway = 2.6 * grown * math.sin(clock.time_s * 2.6 + setup.phase + index * 1.1)
            bend = setup.side * -8 * grown + spread * grown

            def at(share: float, tall: float = tall, bend: float = bend, sway: float = sway) -> tuple[float, float]:
                hang = dried * 26 * share**3
                return (
                    x + bend * share + sway * share**2 + setup.side * -1.3 * hang,
                    _SOIL_Y + 2 - tall * share + 1.5 * hang,
                )

            line = [at(k / 6) for k in range(7)]
            stage.paint(stage.curve(line), flat(shade(green, 0.75)), part="plant", line=1.8 + 3.2 * grown)
            stage.effect(stage.curve(line), flat(pale, alpha=0.6), line=0.8 + grown)
            self._leaves(stage, setup, state, (green, pale), at, clock, index)
            self._crown(stage, setup, state, at, clock, index)

    def _leaves(
        self,
        stage: Stage,
        setup: _Setup,
        state: _State,
        tones: tuple[Rgb, Rgb],
        at: Callable[[float], Point],
        clock: Clock,
        stem: int,
    ) -> None:
        grown, dried = state.grown, state.dried
        green, pale = tones
        count = 9 if setup.kind == "sunflower" else 8
        if grown < 0.3:
            tip = at(1.0)
            flutter = 3 * math.sin(clock.time_s * 3 + setup.phase)
            leaf(stage, *tip, 17, -28 + flutter, pale, part="plant", wide=0.55)
            leaf(stage, *tip, 17, -152 - flutter, green, part="plant", wide=0.55)
            leaf(stage, *tip, 8, -90 + flutter, pale, part="plant")
            return
        for k in range(count):
            share = 0.1 + 0.78 * k / (count - 1)
            size = (58 - 32 * share if setup.kind == "sunflower" else 38 - 12 * share) * (0.35 + 0.65 * grown)
            px, py = at(share)
            right = (k + stem) % 2
            flutter = 3.5 * math.sin(clock.time_s * 3 + setup.phase + k * 1.7)
            angle = (-24 if right else -156) + flutter + (70 if right else -70) * dried
            tone = mix(green, pale, 0.25 + 0.5 * ((k * 5 + stem * 3) % 7) / 7)
            leaf(stage, px, py, size * (1 - 0.25 * dried), angle, tone, part="plant", wide=0.62 - 0.3 * dried)

    def _crown(
        self, stage: Stage, setup: _Setup, state: _State, at: Callable[[float], Point], clock: Clock, stem: int
    ) -> None:
        open_share = smooth((state.grown - 0.45) / 0.5)
        if open_share <= 0:
            return
        dried = state.dried
        if setup.kind == "tomato":
            for k, share in enumerate((0.3, 0.48, 0.66, 0.82)):
                px, py = at(share)
                px += (13 if (k + stem) % 2 else -13) * open_share
                r = (10 - 3.2 * share) * open_share
                red = mix(mix(Rgb.of("#7fae3f"), Rgb.of("#e0372b"), open_share), _DRY, dried)
                fruit = stage.oval(px, py + 8, r, r * 0.94)
                stage.paint(
                    fruit, radial((px - 2, py + 5), r * 1.6, mix(red, _WHITE, 0.3), red, shade(red, 0.6)), part="plant"
                )
                leaf(stage, px, py + 8 - r, r * 0.8, 30, Rgb.of("#3f7a36"), part="plant")
                leaf(stage, px, py + 8 - r, r * 0.8, 150, Rgb.of("#3f7a36"), part="plant")
                stage.effect(stage.oval(px - r * 0.35, py + 8 - r * 0.4, r * 0.22), flat(_WHITE, alpha=0.8))
            return
        px, py = at(1.0)
        if setup.kind == "geranium":
            tone = mix(setup.bloom, _DRY, dried)
            for k in range(19):
                angle, far = k * 2.4, 18 * open_share * math.sqrt(k / 19)
                bx, by = px + far * math.cos(angle), py + far * 0.85 * math.sin(angle)
                petal = mix(shade(tone, 0.72), mix(tone, _WHITE, 0.3), ((k * 7) % 10) / 10)
                stage.paint(stage.oval(bx, by, 5 * open_share), flat(petal), part="plant")
                stage.effect(stage.oval(bx, by, 1.2 * open_share), flat(Rgb.of("#fff2b0"), alpha=0.9))
            return
        turn = 2 * math.sin(clock.time_s * 2.6 + setup.phase) + 70 * dried * -setup.side
        size = open_share
        yellow = mix(Rgb.of("#f9c31f"), _DRY, dried)
        with stage.moved(px, py, turn_deg=turn):
            for ring, length in ((0, 33.0), (1, 28.0)):
                for k in range(15):
                    tone = mix(yellow, Rgb.of("#ffdf6a") if ring else shade(yellow, 0.85), 0.6)
                    leaf(
                        stage, 0, 0, length * size * (1 - 0.3 * dried), 24 * k + 12 * ring, tone, part="plant", wide=0.3
                    )
            disc = stage.oval(0, 0, 12.5 * size)
            stage.paint(disc, radial((-2, -2), 14 * size, Rgb.of("#8a5a26"), Rgb.of("#4a2c14")), part="plant")
            for k in range(22):
                far = 11 * size * math.sqrt(k / 22)
                stage.effect(
                    stage.oval(far * math.cos(k * 2.4), far * math.sin(k * 2.4), 0.9),
                    flat(Rgb.of("#d9a04a"), alpha=0.8),
                )
