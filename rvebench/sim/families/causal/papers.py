"""Causal: a window stands open beside papers, cards or feathers, and a storm comes up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._light_things import DESK, KINDS, Kind, draw_flying, draw_resting
from rvebench.sim.families.causal._parts import WHITE, cloud, ease, facing, static_facing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PapersGust"]

_WALLS = (Rgb.of("#8a9a8e"), Rgb.of("#b29c80"), Rgb.of("#8f8ca3"))
_CURTAINS = (Rgb.of("#e8e0cc"), Rgb.of("#c9785f"), Rgb.of("#86a8bd"))
_VASES = (Rgb.of("#4f7f8f"), Rgb.of("#b8664a"), Rgb.of("#7a5c94"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    things: Kind
    wall: Rgb
    curtain: Rgb
    vase: Rgb
    wood: Rgb
    side: int
    """1: the window is on the left and the wind blows to the right; -1: the mirror image."""
    sheets: int
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    wind: float
    """0 still air, 1 a gust in the room."""
    lifted: tuple[float, float] = (0.0, 0.0)
    """How far the things are on their way at the first and the last frame."""
    few: float = math.inf
    """Only what would leave before that is taken; the rest stays on the desk."""
    toppled: float = 0.0
    """The vase falls and spills although the things lie still: the wrong event."""


class PapersGust(Family[_Setup, _State]):
    """The gust takes with it what is light."""

    name = "papers-gust"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "blow"
    parts = ("papers", "basket", "curtain", "window", "lamp", "vase", "inkpot")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws room and side."""
        return _Setup(
            things=KINDS[rng.integers(len(KINDS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            curtain=_CURTAINS[rng.integers(len(_CURTAINS))],
            vase=_VASES[rng.integers(len(_VASES))],
            wood=mix(Rgb.of("#8a5a36"), Rgb.of("#5f4636"), float(rng.random())),
            side=1 if rng.random() < 0.5 else -1,
            sheets=int(rng.integers(11, 15)),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the first breath to the gust."""
        return States(
            source=_State(wind=0.16),
            target=_State(wind=1.0, lifted=(0.42, 1.0)),
            half=_State(wind=0.55, lifted=(0.42, 1.0), few=0.2),
            wrong=_State(wind=0.16, toppled=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """What is light."""
        return setup.things

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the flight."""
        forgot, why = {
            "papers": ("The writer forgot the paperweight", "Why will the manuscript be out of order tonight?"),
            "playing-cards": (
                "The patient builder forgot the catch",
                "Why will somebody have to build again from one?",
            ),
            "feathers": ("The pillow maker forgot the lid", "Why will the pillow be thinner than it was to be?"),
        }[setup.things]
        missing, place, light = {
            "papers": ("the sheets of paper", "off the desk", "the sheets of the stack"),
            "playing-cards": ("the house of cards", "to pieces", "the cards of the house"),
            "feathers": ("the feathers", "out of the basket", "the feathers from the basket"),
        }[setup.things]
        train = {
            "papers": "A door bangs somewhere and the air rushes through the room. What happens on the desk?",
            "playing-cards": "Somebody opens the opposite door, and the air rushes through. What happens next?",
            "feathers": "A draught goes through the whole house. What does it do on the desk? Film it.",
        }[setup.things]
        return Words(
            instructions=(
                "Nobody has closed the window and the storm reaches the house. Show the next moment at this desk.",
                "Outside, the trees suddenly bend double. Continue inside.",
                f"{forgot} on the day of the storm. Film what follows.",
                f"{why} Answer with the following shot.",
            ),
            train_instructions=("The weather outside is about to come in. Show the next shot.", train),
            literal=f"Show a strong gust lifting the curtain and blowing {missing} {place}.",
            expected=f"The same desk: the curtain streams into the room and {light} fly through the air, away from the "
            "window; the vase, the inkpot and the lamp stand where they were.",
            preserve=("the desk", "the vase", "the inkpot", "the lamp", "the storm clouds", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall and window, curtain, desk, things."""
        first, last = state.lifted
        lifted = first + (last - first) * clock.share
        with stage.at_depth(1):
            static_facing(stage, setup.side, "wall", lambda: self._wall(stage, setup))
            with facing(stage, setup.side):
                self._view(stage, setup, clock)
            static_facing(stage, setup.side, "desk", lambda: self._desk(stage, setup))
            with facing(stage, setup.side):
                self._things(stage, setup, state, lifted, clock)

    def _things(self, stage: Stage, setup: _Setup, state: _State, lifted: float, clock: Clock) -> None:
        """What moves in the room."""
        self._lamp(stage, setup, clock, state)
        self._curtain(stage, setup, state, clock)
        self._vase(stage, setup, state, clock)
        self._inkpot(stage)
        draw_resting(
            stage,
            setup.things,
            count=setup.sheets,
            seed=setup.seed,
            back=setup.vase,
            wind=state.wind,
            lifted=lifted,
            few=state.few,
            time_s=clock.time_s,
        )
        draw_flying(
            stage,
            setup.things,
            count=setup.sheets,
            seed=setup.seed,
            back=setup.vase,
            lifted=lifted,
            few=state.few,
            time_s=clock.time_s,
        )

    def _wall(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(
            wall, radial((110, 100), 430, shade(setup.wall, 1.12), shade(setup.wall, 0.85), shade(setup.wall, 0.5))
        )
        stage.textured(wall, "plaster", strength=0.1)
        panel = stage.rect(-64, 168, WIDTH + 128, 120)
        stage.paint(panel, linear((0, 168), (0, HEIGHT), shade(setup.wall, 0.62), shade(setup.wall, 0.45)))
        stage.effect(
            stage.rect(-64, 166, WIDTH + 128, 4),
            linear((0, 166), (0, 170), shade(setup.wall, 1.2), shade(setup.wall, 0.5)),
        )
        stage.shadow(stage.rect(302, 40, 104, 76), alpha=0.4, blur=5)
        stage.paint(stage.rect(298, 34, 104, 76), flat(Rgb.of("#5f4630")))
        chart = stage.rect(304, 40, 92, 64)
        stage.paint(chart, linear((304, 40), (396, 104), Rgb.of("#e6d8b0"), Rgb.of("#c9b384")))
        for island in (
            ((318, 60), (330, 52), (346, 58), (342, 72), (326, 76)),
            ((360, 74), (374, 66), (386, 76), (378, 92), (364, 90)),
        ):
            land = stage.curve(list(island), closed=True)
            stage.paint(land, flat(Rgb.of("#9a9a5c")))
            stage.effect(land, flat(Rgb.of("#5a5230")), line=0.9)
        route = stage.curve([(322, 92), (340, 84), (352, 88), (366, 70)])
        stage.effect(route, flat(Rgb.of("#a8352a")), line=1.2)

    def _view(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        """The storm: dark clouds that race, a tree that bends, leaves that fly past."""
        frame = stage.rect(38, 26, 124, 132)
        with stage.clipped(frame):
            stage.paint(
                frame, linear((0, 26), (0, 158), Rgb.of("#4c5a6e"), Rgb.of("#8fa0a8"), Rgb.of("#c9c8b0")), part="window"
            )
            for index in range(5):
                x = 20 + (index * 53 + clock.time_s * 34) % 190
                grey = mix(Rgb.of("#39434f"), Rgb.of("#6d7a86"), (index * 2 % 5) / 5)
                cloud(stage, x - 10, 42 + 13 * ((index * 3) % 4), 26, colour=grey, alpha=0.75)
            hill = stage.curve([(30, 140), (70, 128), (120, 136), (170, 126), (170, 170), (30, 170)], closed=True)
            stage.paint(hill, flat(Rgb.of("#566b4a")), part="window")
            bend = 9 + 4 * math.sin(clock.time_s * 4.5 + setup.phase)
            trunk = stage.curve([(112, 150), (113 + bend * 0.2, 124), (114 + bend, 98)])
            stage.paint(trunk, flat(Rgb.of("#4a3626")), part="window", line=5)
            for dx, dy, radius in ((-12, 4, 14), (10, 2, 16), (0, -12, 15), (20, -8, 11)):
                crown = stage.oval(114 + dx + bend * (1.3 - dy * 0.03), 94 + dy, radius, radius * 0.85)
                stage.paint(crown, flat(mix(Rgb.of("#4b6a3c"), Rgb.of("#6f8a4a"), (dx + 12) / 40)), part="window")
            for leaf in range(7):
                run = (clock.time_s * 0.8 + leaf / 7) % 1
                with stage.moved(
                    30 + 150 * run, 60 + 12 * leaf + 8 * math.sin(run * 9 + leaf), turn_deg=500 * run + 50 * leaf
                ):
                    stage.paint(stage.oval(0, 0, 3.6, 1.5), flat(Rgb.of("#c9a24a")), part="window")
        wood = Rgb.of("#efe7d6")
        stage.paint(frame, flat(shade(wood, 0.8)), part="window", line=7)
        stage.paint(frame, flat(wood), part="window", line=4)
        # One casement stands open into the room.
        casement = stage.polygon([(162, 24), (188, 32), (188, 166), (162, 160)])
        stage.paint(casement, flat(Rgb.of("#b9cbd2"), alpha=0.5), part="window")
        stage.effect(stage.polygon([(166, 60), (184, 40), (184, 70), (166, 92)]), flat(WHITE, alpha=0.3))
        stage.paint(casement, flat(wood), part="window", line=4)
        stage.paint(
            stage.rect(28, 158, 144, 8, radius=1), linear((0, 158), (0, 166), wood, shade(wood, 0.7)), part="window"
        )

    def _desk(self, stage: Stage, setup: _Setup) -> None:
        top = stage.rect(-64, DESK - 18, WIDTH + 128, 46)
        stage.shadow(stage.rect(-64, DESK - 25, WIDTH + 128, 12), alpha=0.4, blur=5)
        stage.paint(top, linear((0, DESK - 18), (0, DESK + 28), shade(setup.wood, 1.2), shade(setup.wood, 0.92)))
        stage.textured(top, "wood", strength=0.2, seed=1)
        stage.effect(
            stage.polygon([(30, DESK - 18), (170, DESK - 18), (220, DESK + 28), (40, DESK + 28)]),
            flat(Rgb(220, 230, 235), alpha=0.12, blur=5),
        )
        front = stage.rect(-64, DESK + 28, WIDTH + 128, 110)
        stage.paint(front, linear((0, DESK + 28), (0, HEIGHT), shade(setup.wood, 0.7), shade(setup.wood, 0.5)))
        stage.textured(front, "wood", strength=0.2, seed=2)
        stage.effect(stage.rect(-64, DESK + 26, WIDTH + 128, 2), flat(mix(setup.wood, WHITE, 0.5), alpha=0.6, blur=0.5))

    def _lamp(self, stage: Stage, setup: _Setup, clock: Clock, state: _State) -> None:
        """A lamp on the far side of the desk; it stands, its cord swings."""
        x, foot = 432.0, DESK - 4
        brass = Rgb.of("#b8934a")
        stage.shadow(stage.oval(x + 10, foot + 2, 30, 5), alpha=0.5, blur=3)
        stage.glow(x, foot - 52, 120, Rgb(255, 206, 130), alpha=0.3)
        stage.paint(
            stage.oval(x, foot, 20, 5),
            linear((x - 20, 0), (x + 20, 0), shade(brass, 1.2), shade(brass, 0.6)),
            part="lamp",
        )
        stage.paint(
            stage.rect(x - 2.4, foot - 60, 4.8, 60),
            linear((x - 3, 0), (x + 3, 0), shade(brass, 1.2), shade(brass, 0.6)),
            part="lamp",
        )
        hood = stage.polygon([(x - 18, foot - 90), (x + 18, foot - 90), (x + 34, foot - 50), (x - 34, foot - 50)])
        stage.paint(
            hood, linear((x - 34, 0), (x + 34, 0), Rgb.of("#3f7f66"), Rgb.of("#5fae8a"), Rgb.of("#28543f")), part="lamp"
        )
        stage.effect(stage.rect(x - 34, foot - 52, 68, 3), flat(Rgb(255, 226, 160), alpha=0.9, blur=1))
        swing = (1.5 + 7 * state.wind) * math.sin(clock.time_s * 5 + setup.phase) + 6 * max(0.0, state.wind - 0.3)
        stage.paint(
            stage.curve([(x - 16, foot - 50), (x - 16 + swing * 0.4, foot - 40), (x - 16 + swing, foot - 32)]),
            flat(brass),
            part="lamp",
            line=1,
        )
        stage.paint(stage.oval(x - 16 + swing, foot - 31, 2), flat(brass), part="lamp")

    def _curtain(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Hangs from its rod on the inner side; the wind carries its lower end into the room."""
        stage.paint(
            stage.rect(18, 15, 180, 4, radius=2),
            linear((0, 15), (0, 19), Rgb.of("#c8a35a"), Rgb.of("#7a5c2a")),
            part="curtain",
        )
        wind = state.wind
        for base, wide, reach in ((20.0, 26.0, 0.28), (160.0, 34.0, 1.0)):
            left: list[Point] = []
            right: list[Point] = []
            for step in range(9):
                down = step / 8
                wave = math.sin(clock.time_s * (4 + 5 * wind) - down * 5 + setup.phase)
                swell = wind * reach * (92 * down**1.5) + (1.5 + 9 * wind * reach) * down * wave
                y = 18 + down * (162 - 58 * wind * reach * down)
                left.append((base + swell, y))
                right.append((base + wide + swell * 1.08 + 12 * wind * reach * down, y - 6 * wind * reach * down))
            cloth = stage.curve(left)
            for point in reversed(right):
                cloth.lineTo(*point)
            cloth.close()
            with stage.moved(7, 5):
                stage.shadow(cloth, alpha=0.25, blur=4)
            paint = linear(
                (base, 0),
                (base + wide + 40 * wind * reach, 0),
                shade(setup.curtain, 0.72),
                shade(setup.curtain, 1.08),
                shade(setup.curtain, 0.8),
            )
            stage.paint(cloth, paint, part="curtain")
            for fold in (0.25, 0.5, 0.75):
                line = stage.curve(
                    [
                        (a[0] + (b[0] - a[0]) * fold, a[1] + (b[1] - a[1]) * fold)
                        for a, b in zip(left, right, strict=True)
                    ]
                )
                stage.effect(line, flat(shade(setup.curtain, 0.5), alpha=0.4, blur=1), line=2.4)

    def _vase(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, foot = 352.0, DESK + 6
        tipped = state.toppled * ease(0.35 + clock.share)
        stage.shadow(stage.oval(x + 12 + 16 * tipped, foot + 2, 22 + 14 * tipped, 4.5), alpha=0.5, blur=3)
        if tipped:
            pool = stage.oval(x + 42, foot + 9, 46 * tipped, 7.5 * tipped)
            stage.paint(pool, flat(Rgb.of("#a8c8d8"), alpha=0.75), part="vase")
            stage.effect(stage.oval(x + 34, foot + 7, 20 * tipped, 2 * tipped), flat(WHITE, alpha=0.5, blur=1))
        with stage.moved(x + 10 * tipped, foot - 9 * tipped, turn_deg=86 * tipped):
            for index, (dx, tall) in enumerate(((-11, 62), (9, 66), (0, 74), (15, 54))):
                sway = (1 + 3 * state.wind) * math.sin(clock.time_s * 3 + index) * (1 - tipped) + 5 * state.wind
                stem = stage.curve([(0, -30), (dx * 0.5, -tall * 0.7), (dx + sway, -tall)])
                stage.paint(stem, flat(Rgb.of("#4a7a3f")), part="vase", line=1.8)
                colour = (Rgb.of("#e8617a"), Rgb.of("#f4e6c8"), Rgb.of("#f0b13f"), Rgb.of("#e8617a"))[index]
                for petal in range(6):
                    angle = petal * math.pi / 3
                    spot = stage.oval(dx + sway + 4.6 * math.cos(angle), -tall + 4.6 * math.sin(angle), 3.4)
                    stage.paint(spot, flat(shade(colour, 0.88 + 0.04 * petal)), part="vase")
                stage.paint(stage.oval(dx + sway, -tall, 2.6), flat(Rgb.of("#8a5a1e")), part="vase")
            body = stage.curve(
                [(-6, -38), (-7, -32), (-16, -20), (-14, -6), (-8, 0), (8, 0), (14, -6), (16, -20), (7, -32), (6, -38)]
            )
            stage.paint(
                body, linear((-16, 0), (16, 0), shade(setup.vase, 1.3), setup.vase, shade(setup.vase, 0.5)), part="vase"
            )
            stage.paint(stage.oval(0, -38, 6.4, 2), flat(shade(setup.vase, 0.4)), part="vase")
            stage.effect(stage.oval(-8, -19, 2.6, 8), flat(WHITE, alpha=0.5, blur=1.2))

    def _inkpot(self, stage: Stage) -> None:
        x, foot = 292.0, DESK + 14
        stage.shadow(stage.oval(x + 7, foot + 1, 17, 3.6), alpha=0.5, blur=2.5)
        pot = stage.rect(x - 12, foot - 18, 24, 19, radius=4)
        stage.paint(
            pot,
            linear((x - 12, 0), (x + 12, 0), Rgb.of("#5f6f8a"), Rgb.of("#26304a"), Rgb.of("#161c2e")),
            part="inkpot",
        )
        stage.paint(stage.rect(x - 6, foot - 23, 12, 6, radius=1), flat(Rgb.of("#8a94a6")), part="inkpot")
        quill = stage.curve([(x, foot - 20), (x + 8, foot - 44), (x + 22, foot - 66)])
        stage.paint(quill, flat(Rgb.of("#f2ead8")), part="inkpot", line=2)
        vane = stage.curve(
            [(x + 6, foot - 38), (x + 6, foot - 54), (x + 24, foot - 72), (x + 20, foot - 54), (x + 10, foot - 40)],
            closed=True,
        )
        stage.paint(vane, linear((x, foot - 70), (x + 24, foot - 40), WHITE, Rgb.of("#c9bfa8")), part="inkpot")
        stage.effect(stage.rect(x - 8, foot - 15, 3, 11, radius=1), flat(WHITE, alpha=0.45, blur=0.8))
