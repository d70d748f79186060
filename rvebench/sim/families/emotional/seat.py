"""Emotional: a table is laid for two and one chair stays empty; the next shot is hours later."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, framed, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["EmptySeat"]

_WALLS = tuple(Rgb.of(text) for text in ("#6a4a4a", "#4a5a62", "#5a5a48", "#5a4a66"))
_CLOTHS = tuple(Rgb.of(text) for text in ("#f0e8da", "#d8e2e8", "#f0dcd4"))
_TABLE_Y = 204.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    waits: Look
    wall: Rgb
    cloth: Rgb
    rose: Rgb
    side: int
    """Where the empty chair is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    later: float = 0.0
    """Share of the evening that is over: candle and clock. Above 0 it is the following shot."""
    sadness: float = 0.0
    joy: float = 0.55


class EmptySeat(Family[_Setup, _State]):
    """Someone waits at a table for a guest who does not come."""

    name = "empty-seat"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "loneliness"
    parts = ("waits", "chair", "table", "candle", "clock", "rose")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws who waits, room and flower."""
        return _Setup(
            waits=replace(look_of(rng), glasses=False),
            wall=_WALLS[rng.integers(len(_WALLS))],
            cloth=_CLOTHS[rng.integers(len(_CLOTHS))],
            rose=Rgb.of(("#c8283c", "#e8a0b0", "#f0d060")[rng.integers(3)]),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From hope to loneliness; the other law enjoys the evening alone."""
        return States(
            source=_State(),
            target=_State(later=1.0, sadness=1.0, joy=0.0),
            half=_State(later=0.5, sadness=0.4, joy=0.05),
            wrong=_State(later=1.0, joy=1.0),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """What stays empty."""
        return "chair"

    def words(self, setup: _Setup) -> Words:  # noqa: ARG002
        """That nobody comes is told, the face is not."""
        return Words(
            instructions=(
                "It is almost midnight and nobody has rung the bell. Continue with a nearer shot.",
                "The second plate was never touched. What does the following shot of this dinner show?",
                "Three hours on, the message still says: on my way. Cut closer to the one who laid the table.",
                "The guest of honour has forgotten the date. Follow with the next shot.",
            ),
            train_instructions=(
                "The candle has had more company than anyone at this table. Show the next shot.",
                "Every footstep on the stairs went past the door. Continue, much later the same evening.",
            ),
            literal="Show the same person nearer, alone, in tears with hanging head, beside the empty chair and a "
            "burnt-down candle.",
            expected="A nearer shot, hours later: the candle is a stub, the chair opposite is still empty, and the "
            "same person looks down sadly with hanging shoulders, mouth turned down and a tear.",
            preserve=("the person's hair and clothes", "the empty chair", "the table and the rose", "the room"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Candle light."""
        return Light(azimuth=0.2 * setup.side, elevation=0.4, colour=Rgb(255, 220, 170))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Wide, then near enough for face and chair."""
        if not state.later:
            return Camera(zoom=1 + 0.03 * clock.share)
        return framed(WIDTH / 2 - setup.side * 22, 146, 1.32 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, clock, chair, person, table, candle."""
        side = setup.side
        with stage.at_depth(0.75):
            stage.static("room", lambda: self._room(stage, setup))
            self._clock(stage, setup, state, clock)
        with stage.at_depth(1):
            stage.static("chair", lambda: self._chair(stage, setup))
            sob = state.sadness * 0.8 * math.sin(clock.time_s * 7)
            sway = math.sin(clock.time_s * 1.8 + setup.phase)
            prop = state.sadness > 0.7
            cheek = (-side * 11.0, -63.0) if prop else (-side * 15.0, -45.0)
            rest = (side * 15.0, -45.0 + 0.8 * sway)
            left, right = (cheek, rest) if side > 0 else (rest, cheek)
            pose = Pose(
                left=left, right=right, slump=1.1 * state.sadness + 0.06 * sob,
                tilt_deg=-side * 9 * state.sadness + sway,
                turn=0.45 * side * (1 - state.joy * 0.4), gaze=(0.5 * side, 0.85 * state.sadness - 0.1),
            )  # fmt: skip
            x = WIDTH / 2 - side * 66
            with stage.moved(x, 296, scale=1.86):
                draw_person(stage, setup.waits, pose, Mood(joy=state.joy, sadness=state.sadness), part="waits",
                            time_s=clock.time_s, phase=setup.phase, warmth=0.95)  # fmt: skip
            stage.static("table", lambda: self._table(stage, setup))
            self._candle(stage, setup, state, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        tones = (shade(mix(setup.wall, Rgb.of("#d89a58"), 0.35), 1.2), shade(setup.wall, 0.72), shade(setup.wall, 0.4))
        stage.paint(wall, radial((WIDTH / 2, 150), 320, *tones))
        for column in range(-3, 19):
            for row in range(-2, 8):
                place = (column * 32 + (row % 2) * 16, row * 28)
                stage.effect(stage.oval(*place, 5, 8), flat(Rgb(255, 226, 180), alpha=0.045))
        stage.textured(wall, "plaster", strength=0.1)
        x = WIDTH / 2 + setup.side * 136
        stage.shadow(stage.rect(x - 46, 24, 104, 112), alpha=0.4, blur=5)
        stage.paint(stage.rect(x - 50, 18, 100, 112, radius=2), flat(Rgb.of("#a89c8c")))
        pane = stage.rect(x - 44, 24, 88, 100)
        stage.paint(pane, linear((0, 24), (0, 124), Rgb.of("#141c38"), Rgb.of("#39476e")))
        with stage.clipped(pane):
            stage.paint(stage.oval(x + 18, 46, 11), flat(Rgb.of("#f6eccc")))
            stage.glow(x + 18, 46, 34, Rgb(190, 190, 160), alpha=0.5)
            for house in range(5):
                tall = 20 + 9 * ((house * 3) % 4)
                stage.paint(stage.rect(x - 46 + 19 * house, 126 - tall, 17, 60), flat(Rgb.of("#161c30")))
                stage.paint(stage.rect(x - 41 + 19 * house, 132 - tall, 4, 5), flat(Rgb.of("#f0c878")))
        for bar in (stage.rect(x - 2, 22, 4, 104), stage.rect(x - 46, 70, 92, 4)):
            stage.paint(bar, flat(Rgb.of("#a89c8c")))
        picture = WIDTH / 2 - setup.side * 172
        stage.shadow(stage.rect(picture - 28, 50, 62, 78), alpha=0.4, blur=4)
        stage.paint(stage.rect(picture - 31, 46, 62, 76, radius=1), flat(Rgb.of("#9a7438")))
        scene = stage.rect(picture - 25, 52, 50, 64)
        stage.paint(scene, linear((0, 52), (0, 116), Rgb.of("#7aa0b4"), Rgb.of("#d0b888"), Rgb.of("#54683e")))

    def _clock(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, y = WIDTH / 2 + setup.side * 24, 58.0
        stage.shadow(stage.oval(x + 4, y + 5, 27), alpha=0.4, blur=4)
        stage.paint(
            stage.oval(x, y, 27), radial((x - 8, y - 8), 40, Rgb.of("#c89a5a"), Rgb.of("#6a4626")), part="clock"
        )
        stage.paint(stage.oval(x, y, 22), flat(Rgb.of("#f6f0de")), part="clock")
        for hour in range(12):
            turn = hour * math.pi / 6
            dot = stage.oval(x + 18.5 * math.sin(turn), y - 18.5 * math.cos(turn), 1.7 if hour % 3 == 0 else 1.0)
            stage.paint(dot, flat(Rgb.of("#33261c")), part="clock")
        now = 8.0 + 3.75 * state.later
        hands = ((11.0, now * math.pi / 6, 2.8), (16.0, now * math.tau, 1.8), (17.5, clock.time_s * 1.6, 0.8))
        for length, turn, wide in hands:
            hand = stage.polygon([(x, y), (x + length * math.sin(turn), y - length * math.cos(turn))], closed=False)
            stage.paint(hand, flat(Rgb.of("#1c1612") if wide > 1 else Rgb.of("#b83028")), part="clock", line=wide)

    def _chair(self, stage: Stage, setup: _Setup) -> None:
        x = WIDTH / 2 + setup.side * 112
        wood = Rgb.of("#7a4a2a")
        stage.shadow(stage.rect(x - 36, 124, 88, 100, radius=14), alpha=0.4, blur=6)
        for post in (-38, 32):
            stage.paint(
                stage.rect(x + post, 112, 7, 120, radius=3),
                linear((x + post, 0), (x + post + 7, 0), shade(wood, 1.35), shade(wood, 0.7)),
                part="chair",
            )
        top = stage.curve([(x - 40, 128), (x - 36, 112), (x, 104), (x + 36, 112), (x + 40, 128), (x, 122)], closed=True)
        stage.paint(top, linear((0, 104), (0, 128), shade(wood, 1.4), shade(wood, 0.8)), part="chair")
        for slat in range(4):
            rail = stage.rect(x - 26 + 14.5 * slat, 122, 6.5, 90, radius=2)
            stage.paint(rail, linear((0, 122), (0, 212), shade(wood, 1.15), shade(wood, 0.75)), part="chair")
        stage.paint(stage.rect(x - 36, 168, 72, 6, radius=2), flat(shade(wood, 1.05)), part="chair")

    def _table(self, stage: Stage, setup: _Setup) -> None:
        cloth = stage.curve(
            [(-64, _TABLE_Y + 6), (100, _TABLE_Y), (380, _TABLE_Y), (544, _TABLE_Y + 6), (544, 360), (-64, 360)],
            closed=True,
        )
        stage.shadow(stage.rect(-64, _TABLE_Y - 6, WIDTH + 128, 12), alpha=0.35, blur=5)
        tones = (setup.cloth, shade(mix(setup.cloth, Rgb.of("#e0b070"), 0.25), 0.82), shade(setup.cloth, 0.42))
        stage.paint(cloth, radial((WIDTH / 2, _TABLE_Y + 20), 330, *tones), part="table")
        stage.textured(cloth, "cloth", strength=0.07, seed=9)
        for place in (-1, 1):
            x, y = WIDTH / 2 + place * 100, 240.0
            stage.shadow(stage.oval(x + place * 7, y + 3, 47, 10), alpha=0.3, blur=3)
            stage.paint(
                stage.oval(x, y, 44, 10),
                linear((0, y - 10), (0, y + 10), Rgb.of("#fbf8f0"), Rgb.of("#c4bcae")),
                part="table",
            )
            stage.paint(stage.oval(x, y, 29, 6.2), flat(Rgb.of("#e6dfd0")), part="table")
            for knife in (-58, 57):
                blade = stage.polygon(
                    [(x + knife, y - 10), (x + knife + 3 * (1 if knife > 0 else -1), y + 12)], closed=False
                )
                stage.paint(blade, flat(Rgb.of("#aab0b4")), part="table", line=2.4)
            glass_x = x - place * 54
            bowl = stage.curve(
                [(glass_x - 9, 196), (glass_x - 8, 210), (glass_x, 217), (glass_x + 8, 210), (glass_x + 9, 196)]
            )
            stage.paint(stage.oval(glass_x, 234, 8, 2.2), flat(Rgb.of("#98a4a8"), alpha=0.8), part="table")
            stage.paint(
                stage.polygon([(glass_x, 217), (glass_x, 233)], closed=False),
                flat(Rgb.of("#98a4a8"), alpha=0.8),
                part="table",
                line=1.6,
            )
            stage.paint(bowl, flat(Rgb.of("#dfe8ea"), alpha=0.42), part="table")
            wine = stage.curve([(glass_x - 8, 206), (glass_x, 216), (glass_x + 8, 206)], closed=True)
            stage.paint(wine, flat(Rgb.of("#7a1c30"), alpha=0.9), part="table")
        x = WIDTH / 2 + setup.side * 30
        stage.shadow(stage.oval(x + 4, 236, 13, 3), alpha=0.35, blur=2)
        stage.paint(stage.curve([(x, 222), (x + 2, 196), (x + 5, 178)]), flat(Rgb.of("#4a7a44")), part="rose", line=2.2)
        stage.paint(stage.oval(x + 8, 197, 6, 2.6), flat(Rgb.of("#5a8a4c")), part="rose")
        for petal, (dx, dy) in enumerate(((-4, 0), (4, 0), (0, -4), (0, 2))):
            stage.paint(
                stage.oval(x + 5 + dx, 173 + dy, 6.5, 6), flat(shade(setup.rose, 0.8 + 0.1 * petal)), part="rose"
            )
        vase = stage.curve(
            [(x - 4, 206), (x - 8, 224), (x - 6, 236), (x + 6, 236), (x + 8, 224), (x + 4, 206)], closed=True
        )
        stage.paint(vase, linear((x - 8, 0), (x + 8, 0), Rgb.of("#9ac0d0"), Rgb.of("#3c6478")), part="rose")

    def _candle(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, foot = WIDTH / 2 - setup.side * 2, 240.0
        tall = 54 * (1 - 0.76 * state.later)
        top = foot - 8 - tall
        flicker = 1 + 0.07 * math.sin(clock.time_s * 9 + setup.phase) + 0.04 * math.sin(clock.time_s * 23)
        stage.shadow(stage.oval(x, foot + 2, 20, 4), alpha=0.4, blur=2.5)
        stage.paint(
            stage.oval(x, foot, 17, 4.5),
            linear((x - 17, 0), (x + 17, 0), Rgb.of("#e0bc6c"), Rgb.of("#8a682c")),
            part="candle",
        )
        stage.paint(stage.rect(x - 7, foot - 9, 14, 9, radius=2), flat(Rgb.of("#b08c44")), part="candle")
        wax = stage.rect(x - 5, top, 10, tall + 1, radius=2)
        stage.paint(wax, linear((0, top), (0, foot), Rgb.of("#fff0cc"), Rgb.of("#d8c8a4")), part="candle")
        for drip in range(4):
            long = (4 + 3 * (drip % 3)) * (0.6 + state.later)
            run = stage.rect(x - 6 + 3.4 * drip, top + 1, 2.6, min(long, tall), radius=1.3)
            stage.paint(run, flat(Rgb.of("#f6e4bc")), part="candle")
        sway = 1.6 * math.sin(clock.time_s * 5)
        flame = stage.curve([(x, top), (x - 4, top - 6), (x + sway, top - 19 * flicker), (x + 4, top - 6)], closed=True)
        stage.paint(
            flame,
            linear((0, top), (0, top - 18), Rgb(120, 140, 230), Rgb(255, 190, 70), Rgb(255, 244, 200)),
            part="candle",
        )
        stage.glow(x, top - 8, 62 * flicker, Rgb(200, 120, 50), alpha=0.4)
