"""Causal: a ball flies at a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._parts import WHITE, bricks, ease
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["WindowBall"]

_BRICKS = (Rgb.of("#a9624a"), Rgb.of("#8c7a6b"), Rgb.of("#b98a5e"))
_DOORS = (Rgb.of("#2f5d62"), Rgb.of("#7a3b3b"), Rgb.of("#3f4f7a"))
_GROUND = 226.0

Ball = Literal["football", "basketball", "baseball"]
_BALLS: tuple[Ball, ...] = ("football", "basketball", "baseball")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    ball: Ball
    brick: Rgb
    door: Rgb
    curtain: Rgb
    side: int
    hit_x: float
    hit_y: float
    phase: float
    shards: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    flight: tuple[float, float]
    """Share of the flight at the first and the last frame."""
    broken: float = 0.0
    """0 whole, 0.5 cracked, 1 a hole and flying glass."""
    bounced: bool = False
    """The ball springs back and the glass is whole: the wrong event."""


class WindowBall(Family[_Setup, _State]):
    """The pane does not survive the ball."""

    name = "window-ball"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "shatter"
    parts = ("ball", "window", "shards", "door", "flowers", "butterfly", "curtain")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws house, ball and side."""
        return _Setup(
            ball=_BALLS[rng.integers(len(_BALLS))],
            brick=_BRICKS[rng.integers(len(_BRICKS))],
            door=_DOORS[rng.integers(len(_DOORS))],
            curtain=mix(Rgb.of("#e6d3b3"), Rgb.of("#c97a6a"), float(rng.random())),
            side=1 if rng.random() < 0.5 else -1,
            hit_x=float(rng.uniform(-24, 24)),
            hit_y=float(rng.uniform(-26, 6)),
            phase=float(rng.uniform(0, 6.28)),
            shards=int(rng.integers(20, 27)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the flight to the broken pane."""
        return States(
            source=_State(flight=(0.0, 0.93)),
            target=_State(flight=(1.0, 1.0), broken=1.0),
            half=_State(flight=(1.0, 1.55), broken=0.5),
            wrong=_State(flight=(1.0, 2.0), bounced=True),
        )

    def objects(self, setup: _Setup) -> str:
        """The ball."""
        return setup.ball

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names glass or damage."""
        ball = setup.ball
        return Words(
            instructions=(
                f"The children threw that {ball} too hard. Show the very next second of the film.",
                "Continue the story: why will the neighbour come out of the door shouting?",
                f"Cut to the moment after the {ball} has reached the house.",
                "What does the insurance company hear about this afternoon? Show it as the following shot.",
            ),
            train_instructions=(
                f"Nobody caught the {ball}. What do we see next?",
                "Show the event that will cost the children their pocket money.",
            ),
            literal=f"Show the window pane shattering where the {ball} hit it, with pieces of glass falling down.",
            expected=f"The same house front: the {ball} has gone through the window, the pane has a large jagged hole "
            "with cracks around it, and shards fall past the sill and lie on the ground below.",
            preserve=("the house front", "the door", "the flower box", "the butterfly", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """House, window, ball, glass."""
        x = 240.0 + 74 * setup.side
        with stage.at_depth(1):
            stage.static("house", lambda: self._house(stage, setup, x))
            self._leaves(stage, setup, clock)
            self._inside(stage, setup, state, clock, x)
            self._pane(stage, setup, state, clock, x)
            stage.static("box", lambda: self._box(stage, setup, x))
            self._flowers(stage, setup, clock, x)
            if state.broken >= 1:
                self._shards(stage, setup, clock, x)
            self._butterfly(stage, setup, clock)
            self._ball(stage, setup, state, clock, x)

    def _house(self, stage: Stage, setup: _Setup, x: float) -> None:
        bricks(stage, -64, -64, WIDTH + 128, _GROUND + 64, setup.brick, seed=3)
        stage.effect(
            stage.rect(-64, -64, WIDTH + 128, _GROUND + 64),
            linear((0, 0), (WIDTH, _GROUND), Rgb(255, 236, 200), Rgb(60, 50, 80), alpha=0.2),
        )
        stage.shadow(stage.rect(-64, _GROUND - 8, WIDTH + 128, 14), alpha=0.5, blur=6)
        path = stage.rect(-64, _GROUND, WIDTH + 128, 120)
        stage.paint(path, linear((0, _GROUND), (0, HEIGHT), Rgb.of("#8f8a7c"), Rgb.of("#b3ab98")))
        stage.textured(path, "stone", strength=0.22, seed=5)
        grass = stage.rect(-64, _GROUND + 30, WIDTH + 128, 90)
        stage.paint(grass, linear((0, _GROUND + 30), (0, HEIGHT), Rgb.of("#6f9447"), Rgb.of("#4c7333")))
        stage.textured(grass, "grass", strength=0.3, seed=6)
        door_x = 240.0 - 140 * setup.side
        stage.shadow(stage.rect(door_x - 38, 84, 86, _GROUND - 82), alpha=0.5, blur=4)
        stage.paint(stage.rect(door_x - 42, 78, 84, _GROUND - 78), flat(Rgb.of("#e6dfd0")), part="door")
        leaf = stage.rect(door_x - 35, 86, 70, _GROUND - 86)
        stage.paint(leaf, linear((door_x - 35, 0), (door_x + 35, 0), shade(setup.door, 1.15), setup.door), part="door")
        stage.textured(leaf, "wood", strength=0.12, seed=8)
        for row, tall in ((96, 44), (150, 62)):
            for left in (-27, 4):
                panel = stage.rect(door_x + left, row, 23, tall, radius=1)
                stage.paint(panel, flat(shade(setup.door, 0.82)), part="door")
                stage.effect(panel, flat(shade(setup.door, 1.35), alpha=0.6), line=1)
        stage.paint(stage.oval(door_x + 28 * setup.side, 158, 3.4), flat(Rgb.of("#e0c065")), part="door")
        stage.paint(stage.rect(door_x - 52, _GROUND - 4, 104, 9, radius=1), flat(Rgb.of("#9d978c")))
        stage.shadow(stage.rect(x - 66, 42, 142, 140), alpha=0.5, blur=4)
        stage.paint(stage.rect(x - 72, 34, 144, 142, radius=1), flat(Rgb.of("#efe8da")), part="window")
        inner = stage.rect(x - 62, 44, 124, 122)
        stage.paint(inner, linear((0, 44), (0, 166), Rgb.of("#2a2622"), Rgb.of("#4a3c30")), part="window")
        stage.effect(stage.oval(x + 18, 92, 34, 26), radial((x + 18, 92), 34, Rgb.of("#8a6a42"), Rgb.of("#362c24")))
        stage.paint(stage.rect(x + 14, 84, 8, 44), flat(Rgb.of("#2a2018")), part="window")
        stage.paint(
            stage.polygon([(x + 6, 66), (x + 30, 66), (x + 37, 88), (x - 1, 88)]),
            flat(Rgb.of("#d9b77a")),
            part="window",
        )

    def _leaves(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        """Two twigs of a tree before the house, which sway, and their shadow on the wall."""
        rng = np.random.default_rng(setup.seed + 4)
        for twig, (root, reach, low) in enumerate(((-206.0, 96.0, 34.0), (-150.0, 86.0, 25.0))):
            sway = 2.4 * math.sin(clock.time_s * 1.7 + setup.phase + twig)
            line = [
                (240 + setup.side * (root + reach * part), -8 + (low + sway) * (1.6 * part - 0.6 * part**2))
                for part in (0.0, 0.25, 0.5, 0.75, 1.0)
            ]
            with stage.moved(12, 15):
                stage.shadow(stage.curve(line, closed=False), alpha=0.2, blur=2)
            stage.paint(stage.curve(line), flat(Rgb.of("#4f3a26")), line=2.2)
            for leaf in range(15):
                where, hang, tone = (float(v) for v in rng.random(3))
                at = line[min(3, int(4 * where))], line[min(3, int(4 * where)) + 1]
                part = 4 * where - min(3, int(4 * where))
                x, y = (a + (b - a) * part for a, b in zip(*at, strict=True))
                turn = (70 + 90 * (hang - 0.5)) + 7 * math.sin(clock.time_s * 2.6 + leaf)
                with stage.moved(x + 12, y + 17, turn_deg=turn):
                    stage.shadow(stage.oval(9, 0, 9, 4.6), alpha=0.26, blur=2)
                with stage.moved(x, y, turn_deg=turn):
                    blade = stage.curve([(0, 0), (7, -5.2), (18, 0), (7, 5.2)], closed=True)
                    green = mix(Rgb.of("#4c7a36"), Rgb.of("#8fb04e"), tone)
                    stage.paint(blade, linear((0, -5), (0, 5), shade(green, 1.15), shade(green, 0.75)))
                    rib = stage.polygon([(1, 0), (15, 0)], closed=False)
                    stage.effect(rib, flat(shade(green, 0.6), alpha=0.6), line=0.8)

    def _inside(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        pane = stage.rect(x - 62, 44, 124, 122)
        wind = 2.5 * math.sin(clock.time_s * 2.4 + setup.phase)
        stir = 7 * math.sin(clock.time_s * 7) * (1 - clock.share) if state.broken >= 1 else 0.0
        with stage.clipped(pane):
            for side in (-1, 1):
                low = x + side * (34 + wind + stir)
                cloth = stage.curve(
                    [(x + side * 64, 40), (x + side * 26, 40), (x + side * (34 + wind * 0.4), 96), (low, 170)]
                )
                drape = stage.polygon([(x + side * 64, 40), (x + side * 64, 170), (low, 170)])
                paint = linear((x + side * 64, 0), (x + side * 26, 0), shade(setup.curtain, 0.6), setup.curtain)
                stage.paint(cloth, paint, part="curtain")
                stage.paint(drape, paint, part="curtain")
                for fold in (0.3, 0.6):
                    at = x + side * (62 - 30 * fold)
                    line = stage.curve([(at, 42), (at + side * 1, 100), (at + side * wind, 168)])
                    stage.effect(line, flat(shade(setup.curtain, 0.45), alpha=0.4, blur=1), line=2.5)

    def _outline(self, setup: _Setup, radius: float) -> list[tuple[float, float]]:
        """Returns the jagged edge of the hole, about the point that was hit."""
        rng = np.random.default_rng(setup.seed)
        count = 18
        return [
            (
                radius * (0.62 + 0.55 * float(rng.random())) * math.cos(2 * math.pi * k / count),
                radius * (0.62 + 0.55 * float(rng.random())) * math.sin(2 * math.pi * k / count),
            )
            for k in range(count)
        ]

    def _pane(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        """The glass, with its reflection, its cracks and its hole; then the frame's cross bar."""
        area = stage.rect(x - 62, 44, 124, 122)
        hit = (x + setup.hit_x, 105 + setup.hit_y)
        glint = 6 * math.sin(clock.time_s * 0.9 + setup.phase)
        with stage.clipped(area):
            sky = linear((x - 62, 44), (x + 62, 166), Rgb.of("#bfe0f2"), Rgb.of("#5f86a0"), alpha=0.42)
            stage.paint(area, sky, part="window") if stage.is_picture else None
            for left, width in ((-40, 26), (2, 12)):
                at = x + left + glint
                band = stage.polygon([(at, 44), (at + width, 44), (at + width - 50, 166), (at - 50, 166)])
                stage.effect(band, flat(WHITE, alpha=0.2))
            if state.broken:
                with stage.moved(*hit):
                    self._damage(stage, setup, state)
        stage.paint(area, flat(Rgb.of("#efe8da")), part="window", line=3)

    def _damage(self, stage: Stage, setup: _Setup, state: _State) -> None:
        rng = np.random.default_rng(setup.seed + 1)
        whole = state.broken >= 1
        radius = 46.0 if whole else 5.0
        for ray in range(15):
            angle = 2 * math.pi * (ray + 0.5 * float(rng.random())) / 15
            length = (70 if whole else 42) * (0.6 + 0.7 * float(rng.random()))
            inner = 46.0 if whole else 0.0
            length += 18 if whole else 0
            middle = (inner + length) / 2
            bend = 0.25 * (float(rng.random()) - 0.5)
            line = [
                (inner * math.cos(angle), inner * math.sin(angle)),
                (middle * math.cos(angle + bend), middle * math.sin(angle + bend)),
                (length * math.cos(angle), length * math.sin(angle)),
            ]
            stage.effect(stage.polygon(line, closed=False), flat(Rgb(30, 40, 50), alpha=0.5), line=1.6)
            stage.effect(stage.polygon(line, closed=False), flat(WHITE, alpha=0.9), line=0.9)
        for ring in (14, 26) if not whole else (60, 74):
            web = [(p * ring / 44, q * ring / 44) for p, q in self._outline(setup, 44)]
            stage.effect(stage.polygon(web), flat(WHITE, alpha=0.6), line=0.7)
        hole = stage.polygon(self._outline(setup, radius))
        stage.paint(hole, radial((0, 0), radius, Rgb.of("#17120f"), Rgb.of("#2e2620"), alpha=0.72), part="window")
        stage.effect(hole, flat(Rgb.of("#e8f6ff"), alpha=0.95), line=1.5)

    def _shards(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        """Pieces that fly out of the hole, fall, and lie on the path; each falls at its own time."""
        rng = np.random.default_rng(setup.seed + 2)
        for _ in range(setup.shards):
            angle, speed, size, spin, delay, rest = (float(v) for v in rng.random(6))
            angle *= 2 * math.pi
            start_x = x + setup.hit_x + 26 * math.cos(angle)
            start_y = 105 + setup.hit_y + 26 * math.sin(angle)
            time = 0.1 + 0.95 * clock.share + 0.35 * delay - 0.2
            time = max(0.0, time)
            floor = _GROUND + 6 + 20 * rest
            velocity_x, velocity_y = 50 * math.cos(angle) * (0.4 + speed), -40 * speed
            fall = 330.0
            landing = (-velocity_y + math.sqrt(velocity_y**2 + 2 * fall * (floor - start_y))) / fall
            flown = min(time, landing)
            at = (start_x + velocity_x * flown, start_y + velocity_y * flown + fall * flown**2 / 2)
            down = time >= landing
            turn = 20 * (spin - 0.5) if down else 360 * spin + 420 * (spin - 0.4) * flown
            flatness = 0.4 if down else 1.0
            wide = 5 + 8 * size
            if down or floor - at[1] < 60:
                stage.shadow(stage.oval(at[0] + 2, floor + 1, wide * 0.8, 2.2), alpha=0.35, blur=1.5)
            with stage.moved(*at, scale=1, scale_y=flatness), stage.moved(0, 0, turn_deg=turn):
                piece = stage.polygon([(-wide * 0.6, wide * 0.3), (wide * 0.1, -wide * 0.7), (wide * 0.7, wide * 0.5)])
                glass = linear((-wide, -wide), (wide, wide), Rgb.of("#f4fbff"), Rgb.of("#86b4cc"), alpha=0.85)
                stage.paint(piece, glass, part="shards")
                stage.effect(piece, flat(WHITE, alpha=0.9), line=0.8)

    def _box(self, stage: Stage, setup: _Setup, x: float) -> None:
        del setup
        stage.shadow(stage.rect(x - 66, 186, 142, 20), alpha=0.5, blur=4)
        stage.paint(stage.rect(x - 80, 172, 160, 8, radius=1), flat(Rgb.of("#f6f0e4")), part="window")
        box = stage.rect(x - 70, 180, 140, 20, radius=2)
        stage.paint(box, linear((0, 180), (0, 200), Rgb.of("#9a6a42"), Rgb.of("#6a4426")), part="flowers")
        stage.textured(box, "wood", strength=0.2, seed=9)

    def _flowers(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        for index in range(9):
            lean = 1.5 * math.sin(clock.time_s * 2 + index + setup.phase)
            at, top = x - 60 + 15 * index, 166 + 3 * ((index * 5) % 3)
            stage.paint(stage.oval(at + 4, 179, 9, 5), flat(Rgb.of("#4f7f3a")), part="flowers")
            stem = stage.curve([(at, 181), (at + lean * 0.5, 174), (at + lean, top)])
            stage.paint(stem, flat(Rgb.of("#3f6b2f")), part="flowers", line=1.8)
            colour = (Rgb.of("#e8556a"), Rgb.of("#f2c14e"), Rgb.of("#f4f0e6"))[index % 3]
            for petal in range(5):
                angle = petal * 1.257
                spot = stage.oval(at + lean + 3.4 * math.cos(angle), top + 3.4 * math.sin(angle), 2.7)
                stage.paint(spot, flat(colour), part="flowers")
            stage.paint(stage.oval(at + lean, top, 2), flat(Rgb.of("#7a4a1e")), part="flowers")

    def _butterfly(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        time = clock.time_s + setup.phase
        at = (240 - 52 * setup.side + 26 * math.sin(time * 0.9), 128 + 14 * math.sin(time * 1.7))
        open_ = 0.35 + 0.65 * abs(math.sin(clock.time_s * 9))
        for wing in (-1, 1):
            for dy, size in ((-3.0, 6.5), (4.0, 4.6)):
                shape = stage.oval(at[0] + wing * size * open_ * 0.8, at[1] + dy, size * open_, size * 0.8)
                stage.paint(shape, flat(Rgb.of("#f4a63a") if dy < 0 else Rgb.of("#f7d27a")), part="butterfly")
        stage.paint(stage.oval(*at, 1.2, 6), flat(Rgb.of("#2a1d14")), part="butterfly")

    def _ball(self, stage: Stage, setup: _Setup, state: _State, clock: Clock, x: float) -> None:
        first, last = state.flight
        share = first + (last - first) * clock.share
        hit = (x + setup.hit_x, 105 + setup.hit_y)
        if state.broken >= 1:
            return
        big, small = (42.0, 17.0) if setup.ball != "baseball" else (34.0, 12.0)
        if share <= 1:
            start = (240 - 190 * setup.side, 300.0)
            lift = 90 * math.sin(math.pi * share)
            at = (start[0] + (hit[0] - start[0]) * share, start[1] + (hit[1] - start[1]) * share - lift)
            radius, floor = big + (small - big) * share, _GROUND + 44 - 40 * share
        else:
            back = share - 1
            at = (hit[0] - 120 * setup.side * back, hit[1] + 160 * back**1.8 - 40 * back * (1 - back))
            radius, floor = small + 10 * back, _GROUND + 6 + 30 * back
        near = max(0.0, 1 - (floor - at[1]) / 220)
        stage.shadow(
            stage.oval(at[0] + 10, max(floor, at[1] + radius), radius, radius * 0.25), alpha=0.3 * near, blur=4
        )
        if 0.75 < share < 1.25:
            closeness = ease(1 - abs(share - 1) / 0.25)
            stage.shadow(stage.oval(at[0] + 9, at[1] + 8, radius), alpha=0.35 * closeness, blur=4)
        with stage.moved(*at, turn_deg=400 * share * setup.side, scale=radius / 20):
            draw_ball(stage, setup.ball)
        with stage.moved(*at, scale=radius / 20):
            stage.shadow(
                stage.curve([(-18, 7), (0, 19), (18, 7), (10, 14), (0, 17), (-10, 14)], closed=True), alpha=0.3
            )
            stage.effect(stage.oval(-7, -8, 6, 4.5), flat(WHITE, alpha=0.5, blur=2.5))


def draw_ball(stage: Stage, kind: Ball) -> None:
    """Draws a ball of radius 20 about (0, 0)."""
    disc = stage.oval(0, 0, 20)
    if kind == "basketball":
        stage.paint(disc, radial((-5, -6), 32, Rgb.of("#f4934a"), Rgb.of("#c85f22"), Rgb.of("#7a3510")), part="ball")
        ink = flat(Rgb.of("#2c1a12"))
        with stage.clipped(disc):
            for line in ([(-20, 0), (20, 0)], [(0, -20), (0, 20)]):
                stage.paint(stage.polygon(line, closed=False), ink, part="ball", line=1.4)
            for side in (-1, 1):
                seam = stage.curve([(side * 15, -20), (side * 7, 0), (side * 15, 20)])
                stage.paint(seam, ink, part="ball", line=1.4)
        return
    stage.paint(disc, radial((-5, -6), 32, WHITE, Rgb.of("#e6e4dd"), Rgb.of("#8e8a86")), part="ball")
    with stage.clipped(disc):
        if kind == "football":
            for ring, count in ((0.0, 1), (17.5, 5)):
                for k in range(count):
                    middle = k * 2 * math.pi / 5 - math.pi / 2
                    cx, cy = ring * math.cos(middle), ring * math.sin(middle)
                    corners = [
                        (cx + 6.5 * math.cos(middle + j * 1.2566), cy + 6.5 * math.sin(middle + j * 1.2566))
                        for j in range(5)
                    ]
                    stage.paint(stage.polygon(corners), flat(Rgb.of("#26282e")), part="ball")
                    if count > 1:
                        edge = [(6 * math.cos(middle), 6 * math.sin(middle)), (cx * 0.7, cy * 0.7)]
                        stage.paint(stage.polygon(edge, closed=False), flat(Rgb.of("#55565c")), part="ball", line=1)
        else:
            for side in (-1, 1):
                seam = stage.curve([(side * 20, -16), (side * 8, 0), (side * 20, 16)])
                stage.paint(seam, flat(Rgb.of("#c23a3a")), part="ball", line=1.6)
