"""Temporal: a beach with a moored boat, six hours of tide later."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._parts import cloud, smooth
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TideTurn"]

_HORIZON = 98.0
_LOW_Y = 140.0
"""Where the sea ends at low water."""
_BOAT_Y = 198.0
_WHITE = Rgb(255, 255, 255)
_LOOKS = (
    # sky above and below, sea far and near
    (Rgb.of("#4f9fd8"), Rgb.of("#dff1f8"), Rgb.of("#2f7fae"), Rgb.of("#63bcc4")),
    (Rgb.of("#6f82b8"), Rgb.of("#fbd3a4"), Rgb.of("#476d94"), Rgb.of("#8fb0b4")),
    (Rgb.of("#86a4b4"), Rgb.of("#e9ecea"), Rgb.of("#3f7580"), Rgb.of("#7fb3ae")),
)
_HULLS = (Rgb.of("#c8473c"), Rgb.of("#2f6fa3"), Rgb.of("#3f8a6a"), Rgb.of("#e0a63a"))
_SHADES = (Rgb.of("#e2574c"), Rgb.of("#3f8fc0"), Rgb.of("#f0b23c"), Rgb.of("#5aa878"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    rising: bool
    side: int
    """Where the lighthouse stands; the jetty comes in from the other side."""
    look: int
    hull: Rgb
    parasol: Rgb
    boat_x: float
    rocks: tuple[Point, ...]
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    level: float
    """Height of the sea: 0 low water, 1 high water."""


class TideTurn(Family[_Setup, _State]):
    """The sea comes up the beach and lifts a boat, or goes out and leaves it on the sand."""

    name = "tide-turn"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "tide"
    parts = ("sea", "boat", "jetty", "rocks", "lighthouse", "parasol", "bucket", "gull", "yacht")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the direction of the tide, the side, the weather and the colours."""
        side = 1 if rng.random() < 0.5 else -1
        return _Setup(
            rising=bool(rng.random() < 0.45),
            side=side,
            look=int(rng.integers(len(_LOOKS))),
            hull=_HULLS[rng.integers(len(_HULLS))],
            parasol=_SHADES[rng.integers(len(_SHADES))],
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
        )

    def states(self, setup: _Setup) -> States[_State]:
        """Low to high water, or high to low; the wrong law goes on the other way."""
        low, high = _State(level=0.0), _State(level=1.0)
        if setup.rising:
            return States(source=low, target=high, half=_State(level=0.5), wrong=_State(level=-0.28))
        return States(source=high, target=low, half=_State(level=0.5), wrong=_State(level=1.32))

    def objects(self, setup: _Setup) -> str:
        """The beach, at low or high water."""
        return "beach-low" if setup.rising else "beach-high"

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases says where the sea is or whether the boat floats."""
        end, other = ("lowest", "highest") if setup.rising else ("highest", "lowest")
        if setup.rising:
            literal = "Raise the sea so that it covers most of the sand and the rocks, and let the boat float."
            expected = "The sea reaches far up the beach and covers sand and rocks; the boat floats level by the jetty."
            eager = "The fisherman waited all morning until he could at last row away. Show that moment."
        else:
            literal = "Lower the sea so that the sand and the rocks lie bare and the boat rests tilted on the sand."
            expected = (
                "The sea has drawn far back; wet sand and rocks lie bare and the rowing boat rests tilted on the sand."
            )
            eager = (
                "The cockle pickers have waited all morning and can at last walk out past the boat. Show that moment."
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

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The sun stands over the sea, on the jetty's side."""
        return Light(azimuth=-0.5 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, sand, sea, what stands in the sea, what lies above it."""
        time_s, side = clock.time_s, setup.side
        stage.static("back", lambda: self._back(stage, setup))
        for index in range(2):
            drift = (setup.phase * 70 + index * 260 + time_s * 8) % 600 - 60
            cloud(stage, drift, 34 + 22 * index, 30 - 8 * index, alpha=0.7)
        self._sea(stage, setup, state, time_s)
        stage.static("headland", lambda: self._headland(stage, setup))
        self._yacht(stage, 240 + side * (10 - 7 * time_s), _HORIZON + 6, side, time_s)
        for x, y in setup.rocks:
            self._in_sea(stage, setup, state, (x, y), 19, time_s, partial(self._rock, stage, x, y))
        self._jetty(stage, setup, state, time_s)
        self._boat(stage, setup, state, time_s)
        stage.static("shore", lambda: self._things(stage, setup))
        self._gull(stage, 240 + side * (60 - 26 * time_s), 58 + 5 * math.sin(time_s * 1.6), side, time_s)

    # ---- land and sky

    def _back(self, stage: Stage, setup: _Setup) -> None:
        top, low, _, _ = _LOOKS[setup.look]
        stage.paint(stage.rect(-64, -64, WIDTH + 128, 170), linear((0, -10), (0, _HORIZON), top, low))
        stage.glow(240 - setup.side * 120, 40, 190, Rgb(255, 236, 196), alpha=0.3)
        sand = stage.rect(-64, _HORIZON, WIDTH + 128, 260)
        stage.paint(sand, linear((0, _HORIZON), (0, HEIGHT), Rgb.of("#b39b74"), Rgb.of("#d8bd8c"), Rgb.of("#efd9a8")))
        stage.textured(sand, "grass", strength=0.13)
        rng = np.random.default_rng(setup.seed)
        for k in range(26):
            y = 120 + k * 5.5
            x, wide = float(rng.uniform(-20, 460)), float(rng.uniform(50, 130))
            ripple = [(x + wide * i / 5, y + 2 * math.sin(i * 1.7 + k)) for i in range(6)]
            stage.effect(stage.curve(ripple), flat(Rgb.of("#8f7447"), alpha=0.28, blur=0.8), line=1.6)
        for _ in range(40):
            x, y = float(rng.uniform(-10, 490)), float(rng.uniform(140, 268))
            tone = (Rgb.of("#fff6e6"), Rgb.of("#8a6f5a"), Rgb.of("#d99a84"))[int(rng.integers(3))]
            stage.paint(stage.oval(x, y, 0.9 + (y - 120) * 0.012, 0.6 + (y - 120) * 0.008), flat(tone))
        for _ in range(5):
            x, y = float(rng.uniform(30, 450)), float(rng.uniform(160, 216))
            for k in range(5):
                blade = [(x, y), (x + (k - 2) * 6, y - 3 - k % 2 * 2), (x + (k - 2) * 11, y - 1 + k % 3)]
                stage.paint(stage.curve(blade), flat(Rgb.of("#566b34")), line=2)

    def _headland(self, stage: Stage, setup: _Setup) -> None:
        side, (_, low, _, _) = setup.side, _LOOKS[setup.look]
        hill = [
            (240 + side * dx, y)
            for dx, y in ((64, 101), (92, 95), (116, 84), (150, 76), (196, 70), (250, 62), (310, 60))
        ]
        land = stage.polygon([*hill, (240 + side * 310, 108), (240 + side * 70, 104)])
        stage.paint(
            land, linear((0, 60), (0, 106), mix(Rgb.of("#6f9a58"), low, 0.15), mix(Rgb.of("#5f5a4c"), low, 0.12))
        )
        with stage.clipped(land):
            stage.textured(stage.rect(180 if side > 0 else -64, 56, 364, 54), "stone", strength=0.25, seed=3)
        foam = stage.polygon([(240 + side * 66, 104), (240 + side * 310, 108)], closed=False)
        stage.effect(foam, flat(_WHITE, alpha=0.5, blur=1), line=2)
        x = 240 + side * 168
        tower = stage.polygon([(x - 9, 76), (x - 6, 22), (x + 6, 22), (x + 9, 76)])
        stage.paint(tower, linear((x - 9, 0), (x + 9, 0), Rgb.of("#ffffff"), Rgb.of("#b9bfc6")), part="lighthouse")
        with stage.clipped(tower):
            for y in (30.0, 52.0):
                band = stage.rect(x - 10, y, 20, 11)
                stage.paint(
                    band, linear((x - 9, 0), (x + 9, 0), Rgb.of("#d8443a"), Rgb.of("#8f2a26")), part="lighthouse"
                )
        stage.paint(stage.rect(x - 9, 19, 18, 3.5), flat(Rgb.of("#3a3f46")), part="lighthouse")
        stage.paint(stage.rect(x - 5, 9, 10, 10), flat(Rgb.of("#ffe9a0")), part="lighthouse")
        stage.paint(stage.polygon([(x - 7, 10), (x, 2), (x + 7, 10)]), flat(Rgb.of("#a8332c")), part="lighthouse")
        house = x + side * 26
        stage.paint(stage.rect(house - 11, 58, 22, 15), flat(Rgb.of("#f2ece0")), part="lighthouse")
        stage.paint(
            stage.polygon([(house - 14, 59), (house, 48), (house + 14, 59)]), flat(Rgb.of("#b5573f")), part="lighthouse"
        )

    def _things(self, stage: Stage, setup: _Setup) -> None:
        side = setup.side
        x, foot = 240 + side * 196, 262.0
        stage.shadow(stage.oval(x + side * 4, foot + 1, 64, 10), alpha=0.36, blur=4)
        stage.paint(
            stage.rect(x - 1.8, 166, 3.6, foot - 166),
            linear((x - 2, 0), (x + 2, 0), Rgb.of("#f3e6cc"), Rgb.of("#9a8462")),
            part="parasol",
        )
        for k in range(8):
            a, b = -1 + k / 4, -1 + (k + 1) / 4
            tone = setup.parasol if k % 2 else Rgb.of("#fff7e8")
            gore = stage.curve(
                [
                    (x, 150),
                    (x + a * 46, 162),
                    (x + a * 66, 192),
                    (x + (a + b) * 33, 188),
                    (x + b * 66, 192),
                    (x + b * 46, 162),
                ],
                closed=True,
            )
            lit = 1.08 - 0.3 * abs((a + b) / 2 + side * 0.4)
            stage.paint(gore, linear((0, 150), (0, 192), shade(tone, lit), shade(tone, lit * 0.84)), part="parasol")
        stage.paint(stage.oval(x, 150, 3, 3), flat(Rgb.of("#9a8462")), part="parasol")
        towel = stage.polygon(
            [(x - side * 118, 258), (x - side * 60, 254), (x - side * 52, 268), (x - side * 116, 273)]
        )
        stage.shadow(towel, alpha=0.35, blur=2.5)
        stage.paint(towel, flat(mix(setup.parasol, _WHITE, 0.5)))
        bucket = 240 - side * 36
        stage.shadow(stage.oval(bucket + side * 6, 260, 18, 4), alpha=0.4, blur=2)
        red = Rgb.of("#d9483c")
        stage.paint(
            stage.curve([(bucket - 10, 240), (bucket, 226), (bucket + 10, 240)]), flat(_WHITE), part="bucket", line=1.4
        )
        body = stage.polygon([(bucket - 12, 240), (bucket + 12, 240), (bucket + 9, 260), (bucket - 9, 260)])
        stage.paint(
            body, linear((bucket - 12, 0), (bucket + 12, 0), mix(red, _WHITE, 0.3), red, shade(red, 0.6)), part="bucket"
        )
        stage.paint(stage.oval(bucket, 240, 12, 3.2), flat(Rgb.of("#e9cf98")), part="bucket")

    # ---- the sea

    def _shore(self, state: _State, x: float, time_s: float, phase: float) -> float:
        reach = 0.35 + 0.65 * max(0.0, state.level)
        lap = 3.2 * math.sin(time_s * 2.3 + phase) + 2.2 * math.sin(x * 0.045 + time_s * 1.7)
        return _LOW_Y + 82 * state.level + reach * (7 * math.sin(x * 0.014 + phase) + lap)

    def _depth(self, state: _State, y: float) -> float:
        """Returns how many pixels the sea stands above the ground at height y of the picture."""
        return max(0.0, (_LOW_Y + 82 * state.level - y) * 0.62)

    def _sea(self, stage: Stage, setup: _Setup, state: _State, time_s: float) -> None:
        _, low, far, near = _LOOKS[setup.look]
        edge = [(-70 + 31 * i, self._shore(state, -70 + 31 * i, time_s, setup.phase)) for i in range(21)]
        wet = stage.curve([(x, y + 9) for x, y in edge])
        stage.effect(wet, flat(Rgb.of("#6b5233"), alpha=0.3, blur=4), line=20)
        shore = stage.curve(edge)
        body = stage.curve(edge)
        body.lineTo(560, _HORIZON)
        body.lineTo(-70, _HORIZON)
        body.close()
        stage.paint(
            body, linear((0, _HORIZON), (0, 236), mix(far, low, 0.3), far, mix(far, near, 0.6), near), part="sea"
        )
        with stage.clipped(body):
            stage.effect(shore, flat(mix(near, Rgb.of("#f3e2b4"), 0.55), alpha=0.5, blur=7), line=30)
            for row in range(15):
                y = _HORIZON + 3 + 0.62 * row**2
                size = 0.5 + row * 0.16
                for k in range(7):
                    x = (k * 83 + row * 47 + 11 * time_s * (1 if row % 2 else -0.6)) % 560 - 40
                    bob = size * math.sin(time_s * 3 + k * 2.1 + row)
                    wave = [(x, y + bob), (x + 9 * size, y - size + bob), (x + 20 * size, y + bob)]
                    tone = _WHITE if (k + row) % 3 else shade(far, 0.6)
                    stage.effect(stage.curve(wave), flat(tone, alpha=0.34), line=0.7 + size * 0.45)
            glitter = 240 - setup.side * 120
            for k in range(22):
                y = _HORIZON + 2 + 1.6 * k
                beat = math.sin(time_s * 6 + k * 2.7)
                stage.effect(
                    stage.oval(glitter + 16 * math.sin(k * 4.1), y, 3 + k * 0.35, 0.7),
                    flat(Rgb(255, 250, 225), alpha=0.5 + 0.4 * beat),
                )
            back = stage.curve([(x, y - 9 - 3 * math.sin(x * 0.03 + time_s * 2)) for x, y in edge])
            stage.effect(back, flat(_WHITE, alpha=0.45, blur=0.8), line=2.2)
        stage.effect(shore, flat(_WHITE, alpha=0.85, blur=0.7), line=3.6)

    def _in_sea(
        self,
        stage: Stage,
        setup: _Setup,
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
        if line < y - 24 and wide == 19:
            return
        stage.effect(
            stage.oval(x, line + 5, wide * 0.9, 6), flat(shade(_LOOKS[setup.look][2], 0.55), alpha=0.4, blur=2.5)
        )
        with stage.clipped(stage.rect(-64, -64, 608, line + 64)):
            draw()
        ring = stage.oval(x, line, wide, 2.4)
        stage.effect(ring, flat(_WHITE, alpha=0.6, blur=0.6), line=1.4)

    def _rock(self, stage: Stage, x: float, y: float) -> None:
        high = 15 + (x * 7) % 9
        stage.shadow(stage.oval(x + 3, y + 1, 24, 5), alpha=0.35, blur=2.5)
        body = stage.curve(
            [
                (x - 21, y + 1),
                (x - 17, y - high * 0.6),
                (x - 5, y - high),
                (x + 9, y - high * 0.85),
                (x + 19, y - high * 0.4),
                (x + 22, y + 2),
                (x, y + 4),
            ],
            closed=True,
        )
        stage.paint(
            body,
            linear((x - 20, y - high), (x + 16, y + 4), Rgb.of("#a59b8d"), Rgb.of("#6a6259"), Rgb.of("#443f3b")),
            part="rocks",
        )
        stage.effect(
            stage.curve([(x - 13, y - high * 0.55), (x - 4, y - high * 0.8), (x + 6, y - high * 0.7)]),
            flat(_WHITE, alpha=0.3, blur=1),
            line=2,
        )
        weed = stage.curve([(x - 19, y), (x - 8, y - 4), (x + 4, y - 2), (x + 19, y - 1)])
        stage.paint(weed, flat(Rgb.of("#55682f")), part="rocks", line=4)

    def _jetty(self, stage: Stage, setup: _Setup, state: _State, time_s: float) -> None:
        side, wood = setup.side, Rgb.of("#8f6c4a")
        end = 240 - side * 92
        for row, foot in ((0, 190.0), (1, 206.0)):
            for k in range(4):
                x = end - side * (6 + 50 * k + 10 * (1 - row))
                self._in_sea(stage, setup, state, (x, foot), 7, time_s, partial(self._post, stage, setup, x, foot, row))
        outer = 240 - side * 310
        top = stage.polygon([(end - side * 10, 137), (outer, 137), (outer, 149), (end, 149)])
        stage.paint(top, linear((0, 137), (0, 149), mix(wood, _WHITE, 0.35), mix(wood, _WHITE, 0.15)), part="jetty")
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
            stage.paint(stage.oval(x, 124, 4, 1.6), flat(mix(wood, _WHITE, 0.4)), part="jetty")

    def _post(self, stage: Stage, setup: _Setup, x: float, foot: float, row: int) -> None:
        tone = shade(Rgb.of("#8f6c4a"), 0.62 + 0.3 * row)
        body = stage.rect(x - 4, 140, 8, foot - 140)
        stage.shadow(stage.oval(x + setup.side * 9, foot, 14, 3), alpha=0.4, blur=2)
        stage.paint(body, linear((x - 4, 0), (x + 4, 0), shade(tone, 1.25), shade(tone, 0.6)), part="jetty")
        slime = stage.rect(x - 4, foot - 36, 8, 36)
        wet = linear((0, foot - 36), (0, foot), tone, Rgb.of("#3f5233"), Rgb.of("#334029"))
        stage.paint(slime, wet, part="jetty")

    def _boat(self, stage: Stage, setup: _Setup, state: _State, time_s: float) -> None:
        side, x = setup.side, setup.boat_x
        depth = self._depth(state, _BOAT_Y)
        afloat = smooth((depth - 4) / 8)
        line = _BOAT_Y - depth
        bob = afloat * math.sin(time_s * 2.6 + setup.phase)
        y = _BOAT_Y - max(0.0, depth - 8) + 1.4 * bob
        turn = side * 6 * (1 - afloat) + 1.3 * afloat * math.sin(time_s * 2.1 + setup.phase)
        bow = (x - side * 56 * math.cos(math.radians(turn)), y - 28 - 56 * math.sin(math.radians(turn)) * side)
        if depth > 1:
            stage.effect(stage.oval(x, line + 9, 56, 10), flat(shade(_LOOKS[setup.look][2], 0.45), alpha=0.45, blur=4))
        else:
            stage.shadow(stage.oval(x + side * 8, _BOAT_Y + 1, 58, 8), alpha=0.5, blur=4)
        clip = stage.rect(-64, -64, 608, (line if depth > 1 else 400) + 64)
        with stage.clipped(clip), stage.moved(x, y, turn_deg=turn), stage.moved(scale=1 if side < 0 else -1, scale_y=1):
            dark, pale = shade(setup.hull, 0.55), mix(setup.hull, _WHITE, 0.3)
            hull = stage.curve(
                [
                    (-55, -24),
                    (-50, -8),
                    (-36, 1),
                    (0, 3),
                    (34, 1),
                    (50, -10),
                    (62, -31),
                    (40, -25),
                    (0, -22),
                    (-30, -22),
                ],
                closed=True,
            )
            inside = stage.oval(0, -24, 54, 6.5)
            stage.paint(inside, linear((0, -31), (0, -18), Rgb.of("#5a3f2a"), Rgb.of("#8f6a48")), part="boat")
            for dx in (-24, 14):
                stage.paint(stage.rect(dx, -29, 9, 9), flat(Rgb.of("#c79f70")), part="boat")
            stage.paint(hull, linear((0, -26), (0, 4), pale, setup.hull, dark), part="boat")
            with stage.clipped(hull):
                for k in (1, 2):
                    plank = stage.curve([(-56, -24 + 8 * k), (0, -21 + 8.5 * k), (60, -28 + 8 * k)])
                    stage.effect(plank, flat(dark, alpha=0.6), line=1)
            rim = stage.curve([(-55, -24), (-30, -21.5), (0, -21), (40, -24.5), (62, -31)])
            stage.paint(rim, flat(Rgb.of("#f5ead2")), part="boat", line=3)
            oar = stage.polygon([(-44, -30), (44, -25)], closed=False)
            stage.paint(oar, flat(Rgb.of("#e0c08c")), part="boat", line=2.6)
        if depth > 1:
            foam = stage.oval(x, line, 52, 2.8)
            with stage.clipped(stage.rect(-64, line, 608, 40)):
                stage.effect(foam, flat(_WHITE, alpha=0.7, blur=0.7), line=1.8)
        ring = (240 - side * 100, 140.0)
        slack = 0.5 * (ring[0] + bow[0]), max(ring[1], bow[1]) + 9
        stage.paint(stage.curve([ring, slack, bow]), flat(Rgb.of("#ead9b4")), part="boat", line=1.6)

    # ---- what flies and sails

    def _yacht(self, stage: Stage, x: float, y: float, side: int, time_s: float) -> None:
        with stage.moved(x, y, turn_deg=2 * math.sin(time_s * 1.8)):
            stage.paint(stage.polygon([(-14, -5), (14, -5), (9, 1), (-10, 1)]), flat(Rgb.of("#41525f")), part="yacht")
            stage.paint(
                stage.polygon([(0, -38), (0, -7), (side * 15, -7)]),
                linear((0, 0), (side * 15, 0), _WHITE, Rgb.of("#cfd6dc")),
                part="yacht",
            )
            stage.paint(
                stage.polygon([(-side * 2, -34), (-side * 2, -7), (-side * 12, -7)]),
                flat(Rgb.of("#e06a4f")),
                part="yacht",
            )

    def _gull(self, stage: Stage, x: float, y: float, side: int, time_s: float) -> None:
        flap = 7 * math.sin(time_s * 8)
        with stage.moved(x, y):
            stage.paint(stage.oval(0, 0, 9, 3), flat(_WHITE), part="gull")
            stage.paint(stage.oval(-side * 8.5, -1.6, 3, 2.5), flat(_WHITE), part="gull")
            stage.paint(
                stage.polygon([(-side * 11, -2), (-side * 15, -0.8), (-side * 11, 0)]),
                flat(Rgb.of("#e8a33a")),
                part="gull",
            )
            for wing, tone in ((-1, Rgb.of("#c3cbd3")), (1, Rgb.of("#e6ebef"))):
                tip = (wing * 17 + side * 6, -7 - flap)
                body = stage.polygon(
                    [
                        (-side * 4, -1),
                        (wing * 9, -8 - flap * 0.6),
                        tip,
                        (wing * 8 + side * 4, -4 - flap * 0.4),
                        (side * 5, 0),
                    ]
                )
                stage.paint(body, flat(tone), part="gull")
                stage.effect(stage.oval(*tip, 2, 1.2), flat(Rgb.of("#2c3238"), alpha=0.9))
