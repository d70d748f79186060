"""Emotional: a child reads in bed while a storm draws near; the next shot is the moment of the clap."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["ThunderFright"]

_BLANKETS = tuple(Rgb.of(text) for text in ("#a8475a", "#4a6fa8", "#5a8a6a", "#b0803c", "#7a5a9a"))
_WALLS = tuple(Rgb.of(text) for text in ("#5f6a8c", "#6a6478", "#5a7478"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    child: Look
    blanket: Rgb
    wall: Rgb
    cover: Rgb
    side: int
    """Where the window is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    struck: bool = False
    """Lightning outside; the following shot."""
    fear: float = 0.0
    joy: float = 0.3


class ThunderFright(Family[_Setup, _State]):
    """A clap of thunder frightens a child that was reading in bed."""

    name = "thunder-fright"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "fright"
    parts = ("child", "blanket", "book", "window", "lamp", "toy")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws child, bedding and room."""
        return _Setup(
            child=replace(look_of(rng), glasses=False),
            blanket=_BLANKETS[rng.integers(len(_BLANKETS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            cover=mix(Rgb.of("#c86a3a"), Rgb.of("#3a8a8a"), float(rng.random())),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From calm to fright; the other law is amused."""
        return States(
            source=_State(),
            target=_State(struck=True, fear=1.0, joy=0.0),
            half=_State(struck=True, fear=0.4, joy=0.1),
            wrong=_State(struck=True, joy=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What covers the child."""
        return "blanket"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """The storm is told, the reaction is not."""
        return Words(
            instructions=(
                "Without any warning the storm breaks right above the roof. Show the next shot, nearer.",
                "A bolt lands in the neighbour's garden. How does the evening continue in this bed?",
                "Outside, the sky cracks open with a bang. Cut to the reader.",
                "The loudest crash of the night falls in the quietest chapter. What does the following shot show?",
            ),
            train_instructions=(
                "The window rattles and everything turns white for a blink. Continue with the child.",
                "Show the shot right after the sky explodes behind the curtain.",
            ),
            literal="Show the same child nearer, terrified, eyes wide and hands drawing the blanket up, with lightning "
            "in the window.",
            expected="A nearer shot: lightning in the window; the same child is frightened, with wide eyes, raised "
            "inner brows and an open mouth, and clutches the blanket up to the chin; the book has dropped.",
            preserve=("the child's hair", "the blanket's colour", "the lamp", "the toy on the shelf", "the room"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the bedside lamp."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.6, colour=Rgb(255, 226, 184))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Calm, then near and shaken a little."""
        if not state.struck:
            return Camera(zoom=1 + 0.03 * clock.share)
        shake = 1.3 * math.exp(-2 * clock.time_s) * math.sin(clock.time_s * 30)
        return framed(WIDTH / 2 + setup.side * 26, 134 + shake, 1.36 + 0.06 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, storm, bed, child, blanket."""
        flash = 0.0
        if state.struck:
            flash = 0.55 + 0.45 * math.sin(clock.time_s * 8 + 1) ** 2
        with stage.at_depth(0.75):
            stage.static("room", lambda: self._room(stage, setup))
            self._window(stage, setup, clock, flash)
        with stage.at_depth(1):
            stage.static("bed", lambda: self._bed(stage))
            self._child(stage, setup, state, clock)
            if flash:
                x = WIDTH / 2 + setup.side * 150
                stage.glow(x, 90, 260, Rgb(110, 124, 170), alpha=0.42 * flash)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        lamp_x = WIDTH / 2 - setup.side * 150
        tones = (shade(mix(setup.wall, Rgb.of("#c89a60"), 0.45), 1.15), shade(setup.wall, 0.6), shade(setup.wall, 0.34))
        stage.paint(wall, radial((lamp_x, 120), 360, *tones))
        for column in range(-2, 16):
            for row in range(-1, 7):
                place = (column * 40 + (row % 2) * 20, row * 36)
                stage.effect(stage.oval(*place, 2.4), flat(Rgb(255, 244, 214), alpha=0.1))
        stage.textured(wall, "plaster", strength=0.1)
        # A shelf with a toy and books above the lamp, then the bedside table.
        stage.shadow(stage.rect(lamp_x - 50, 66, 104, 10), alpha=0.45, blur=4)
        stage.paint(
            stage.rect(lamp_x - 52, 58, 104, 7, radius=1),
            linear((0, 58), (0, 65), Rgb.of("#a87a4c"), Rgb.of("#6a4628")),
        )
        spines = tuple(Rgb.of(text) for text in ("#b04a40", "#3f6f8a", "#c89a3a", "#5a7a4a", "#7a4a7a"))
        for index, tone in enumerate(spines):
            tall = 24 + 5 * ((index * 2) % 3)
            book = stage.rect(lamp_x - 46 + 10 * index, 58 - tall, 9, tall, radius=1)
            stage.paint(
                book,
                linear(
                    (lamp_x - 46 + 10 * index, 0), (lamp_x - 37 + 10 * index, 0), shade(tone, 0.95), shade(tone, 0.55)
                ),
            )
        fur = Rgb.of("#9a6c3e")
        for part_x, part_y, size in ((-7, -31, 4.0), (7, -31, 4.0), (0, -8, 10.0), (0, -23, 9.5)):
            stage.paint(
                stage.oval(lamp_x + 30 + part_x, 58 + part_y, size),
                radial((lamp_x + 26, 30), 30, shade(fur, 1.15), shade(fur, 0.75)),
                part="toy",
            )
        stage.paint(stage.oval(lamp_x + 30, 38, 4.5, 3.6), flat(Rgb.of("#d8b07a")), part="toy")
        for eye in (-3.5, 3.5):
            stage.paint(stage.oval(lamp_x + 30 + eye, 33, 1.2), flat(Rgb.of("#1a120c")), part="toy")
        table = stage.rect(lamp_x - 34, 184, 68, 100, radius=2)
        stage.shadow(stage.rect(lamp_x - 30, 188, 72, 90), alpha=0.4, blur=5)
        stage.paint(table, linear((lamp_x - 34, 0), (lamp_x + 34, 0), Rgb.of("#9a6c42"), Rgb.of("#5a3a22")))
        stage.textured(table, "wood", strength=0.2, seed=4)
        stage.paint(stage.rect(lamp_x - 28, 204, 56, 26, radius=2), flat(Rgb.of("#6e4a2c")))
        stage.paint(stage.oval(lamp_x, 217, 3), flat(Rgb.of("#d8b060")))
        stage.paint(stage.rect(lamp_x - 3, 150, 6, 34), flat(Rgb.of("#c8ccd0")), part="lamp")
        stage.paint(stage.oval(lamp_x, 183, 15, 4), flat(Rgb.of("#9aa0a6")), part="lamp")
        hood = stage.polygon([(lamp_x - 14, 116), (lamp_x + 14, 116), (lamp_x + 25, 153), (lamp_x - 25, 153)])
        stage.paint(hood, linear((0, 116), (0, 153), Rgb.of("#ffe6ac"), Rgb.of("#f2ae58")), part="lamp")
        stage.glow(lamp_x, 138, 110, Rgb(190, 120, 50), alpha=0.5)

    def _window(self, stage: Stage, setup: _Setup, clock: Clock, flash: float) -> None:
        x = WIDTH / 2 + setup.side * 142
        stage.shadow(stage.rect(x - 54, 24, 116, 136), alpha=0.4, blur=5)
        stage.paint(stage.rect(x - 56, 18, 112, 134, radius=3), flat(Rgb.of("#b8b4b0")), part="window")
        pane = stage.rect(x - 49, 25, 98, 120)
        night = (
            mix(Rgb.of("#141a30"), Rgb.of("#8a92c8"), 0.8 * flash),
            mix(Rgb.of("#2c3858"), Rgb.of("#d4daf4"), 0.8 * flash),
        )
        stage.paint(pane, linear((0, 25), (0, 145), *night), part="window")
        with stage.clipped(pane):
            for puff in range(6):
                tone = mix(Rgb.of("#1c2238"), Rgb.of("#9aa2d0"), 0.7 * flash)
                stage.effect(stage.oval(x - 50 + 22 * puff, 32 + 7 * (puff % 2), 22, 12), flat(tone, alpha=0.8, blur=3))
            if flash:
                bolt = [(x + 10, 30), (x - 6, 62), (x + 5, 66), (x - 16, 100), (x - 4, 102), (x - 22, 142)]
                stage.effect(
                    stage.polygon(bolt, closed=False), flat(Rgb(190, 200, 255), alpha=0.8 * flash, blur=3), line=7
                )
                stage.effect(stage.polygon(bolt, closed=False), flat(Rgb(255, 255, 250)), line=2.6)
                fork = [(x - 6, 62), (x - 22, 78), (x - 18, 84), (x - 34, 108)]
                stage.effect(stage.polygon(fork, closed=False), flat(Rgb(240, 244, 255)), line=1.4)
            tree = mix(Rgb.of("#0c121c"), Rgb.of("#2a3048"), flash)
            bend = 5 * math.sin(clock.time_s * 3.2)
            stage.paint(
                stage.curve([(x + 34, 150), (x + 33, 120), (x + 30 + bend * 0.5, 96)]),
                flat(tree),
                part="window",
                line=5,
            )
            for ball in range(5):
                crown = stage.oval(x + 22 + 7 * ball + bend, 94 + 8 * (ball % 2), 12, 10)
                stage.paint(crown, flat(tree), part="window")
            for drop in range(30):
                y = 20 + (drop * 37 + 170 * clock.time_s) % 130
                dx = x - 52 + (drop * 31) % 108
                stage.effect(
                    stage.polygon([(dx, y), (dx - 3, y + 11)], closed=False),
                    flat(Rgb(196, 210, 232), alpha=0.5),
                    line=0.9,
                )
        for bar in (stage.rect(x - 2.5, 22, 5, 126), stage.rect(x - 52, 80, 104, 5)):
            stage.paint(bar, flat(Rgb.of("#b8b4b0")), part="window")
        for edge in (-1, 1):
            sway = 2 * math.sin(clock.time_s * 2 + edge)
            cloth = stage.curve(
                [
                    (x + edge * 64, 10),
                    (x + edge * 36, 10),
                    (x + edge * (45 + sway), 80),
                    (x + edge * (50 + sway), 164),
                    (x + edge * 70, 166),
                ],
                closed=True,
            )
            tone = mix(setup.blanket, Rgb.of("#3a3a50"), 0.4)
            stage.paint(cloth, linear((x + edge * 36, 0), (x + edge * 68, 0), shade(tone, 0.7), tone, shade(tone, 0.6)))

    def _bed(self, stage: Stage) -> None:
        x = WIDTH / 2
        head = stage.curve(
            [(x - 116, 290), (x - 116, 132), (x - 70, 116), (x, 108), (x + 70, 116), (x + 116, 132), (x + 116, 290)],
            closed=True,
        )
        stage.shadow(stage.rect(x - 110, 122, 232, 160, radius=20), alpha=0.45, blur=6)
        stage.paint(head, linear((0, 108), (0, 272), Rgb.of("#a87448"), Rgb.of("#5c3a20")))
        stage.textured(head, "wood", strength=0.2, seed=5)
        pillow = stage.curve(
            [(x - 82, 212), (x - 88, 168), (x - 40, 154), (x, 158), (x + 40, 154), (x + 88, 168), (x + 82, 212)],
            closed=True,
        )
        stage.shadow(stage.oval(x, 196, 92, 30), alpha=0.35, blur=5)
        stage.paint(pillow, linear((0, 152), (0, 212), Rgb.of("#f2ecdf"), Rgb.of("#b4aca2")))

    def _child(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        tremble = state.fear * 0.9 * math.sin(clock.time_s * 38)
        turn = 0.25 * setup.side * (1 if state.struck else 0)
        mood = Mood(joy=state.joy, fear=state.fear, surprise=0.55 * state.fear)
        lifted = state.fear
        pose = Pose(
            left=(-13 + 3 * lifted, -46 - 17 * lifted), right=(13 - 3 * lifted, -46 - 17 * lifted), turn=turn,
            slump=0.15 - 0.6 * lifted,
            gaze=(0.5 * setup.side if state.struck else 0.0, 0.95 if not state.struck else -0.1),
        )  # fmt: skip
        x, y, scale = WIDTH / 2 + tremble, 306.0, 1.78
        with stage.moved(x, y, scale=scale):
            draw_person(
                stage, setup.child, pose, mood, part="child", time_s=clock.time_s, phase=setup.phase, warmth=0.94
            )
        top = 226 - 44 * lifted
        self._blanket(stage, setup, x, top, lifted, clock)
        for side, hand in ((-1, pose.left), (1, pose.right)):
            # The fingers come over the hem.
            if lifted > 0.2:
                place = (x + hand[0] * scale + side * 2, top + 4)
                for finger in range(3):
                    knuckle = stage.oval(place[0] - 4 + 4 * finger, place[1], 2.6, 4.6)
                    stage.paint(knuckle, flat(shade(setup.child.skin, 0.96 - 0.06 * finger)), part="child")
        if not state.struck:
            self._book(stage, setup, x, 226 + 0.8 * math.sin(clock.time_s * 2.6), clock)
        else:
            with stage.moved(WIDTH / 2 - setup.side * 62, 244, turn_deg=-12 * setup.side):
                stage.shadow(stage.rect(-22, 4, 48, 10), alpha=0.4, blur=3)
                stage.paint(
                    stage.rect(-23, -6, 46, 13, radius=2),
                    linear((0, -6), (0, 7), shade(setup.cover, 1.15), shade(setup.cover, 0.6)),
                    part="book",
                )
                stage.paint(stage.rect(-21, -2, 42, 6), flat(Rgb.of("#e8dfc8")), part="book")

    def _blanket(self, stage: Stage, setup: _Setup, x: float, top: float, lifted: float, clock: Clock) -> None:
        edge = 228.0
        points = [
            (x - 150, edge + 4), (x - 90, edge - 4), (x - 46, top + 12 * (1 - lifted) + 8), (x - 18, top),
            (x + 18, top),
            (x + 46, top + 12 * (1 - lifted) + 8), (x + 90, edge - 4), (x + 150, edge + 4),
            (x + 160, 320), (x - 160, 320),
        ]  # fmt: skip
        cloth = stage.curve(points, closed=True)
        stage.shadow(cloth, alpha=0.3, blur=4)
        tone = setup.blanket
        stage.paint(
            cloth, linear((x - 120, top), (x + 120, 290), shade(tone, 1.12), tone, shade(tone, 0.55)), part="blanket"
        )
        with stage.clipped(cloth):
            for row in range(7):
                for column in range(-7, 8):
                    star = stage.oval(x + column * 24 + (row % 2) * 12, top + 16 + 18 * row, 2.2)
                    stage.effect(star, flat(Rgb(255, 244, 210), alpha=0.4))
            for fold in range(-3, 4):
                line = stage.curve([(x + fold * 16, top + 2), (x + fold * 30, top + 34), (x + fold * 52, 290)])
                stage.effect(line, flat(shade(tone, 0.4), alpha=0.35, blur=2), line=3)
            breath = 1.0 + 0.5 * math.sin(clock.time_s * 2.6)
            stage.effect(stage.oval(x - 60, edge + 24, 50, 10 + breath), flat(Rgb(255, 255, 255), alpha=0.09, blur=5))
        hem = stage.curve(points[:8])
        stage.paint(hem, flat(mix(tone, Rgb(255, 250, 240), 0.72)), part="blanket", line=5)

    def _book(self, stage: Stage, setup: _Setup, x: float, y: float, clock: Clock) -> None:
        stage.shadow(stage.oval(x, y + 16, 46, 7), alpha=0.4, blur=4)
        for side in (-1, 1):
            half = stage.polygon([(x, y - 16), (x + side * 40, y - 23), (x + side * 40, y + 13), (x, y + 19)])
            stage.paint(
                half, linear((x, 0), (x + side * 40, 0), shade(setup.cover, 0.7), shade(setup.cover, 1.1)), part="book"
            )
            paper = stage.polygon([(x, y - 18), (x + side * 36, y - 25), (x + side * 37, y - 21), (x, y - 14)])
            stage.paint(paper, flat(Rgb.of("#f2ead6")), part="book")
        moon = stage.oval(x + 20, y - 3, 8, 8.5)
        stage.paint(moon, flat(Rgb.of("#f4d88a")), part="book")
        leaf = 0.5 + 0.5 * math.sin(clock.time_s * 1.8)
        page = stage.curve([(x, y - 17), (x + 8 - 16 * leaf, y - 31), (x + 22 - 44 * leaf, y - 29)])
        stage.paint(page, flat(Rgb.of("#f2ead6")), part="book", line=1.6)
