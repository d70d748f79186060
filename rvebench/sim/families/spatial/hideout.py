"""Spatial: a cat goes where something tall stands between it and us, and is partly covered by it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._cover import Cover, CoverKind, draw_cover, draw_plumes
from rvebench.sim.families.spatial._parts import everywhere, merged, projected, ring, strip
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CatHideout"]

_KINDS: tuple[CoverKind, ...] = ("vase", "basket", "suitcases")
_CATS = (
    (Rgb.of("#e08a3c"), Rgb.of("#b5602a")),
    (Rgb.of("#55535c"), Rgb.of("#3a3840")),
    (Rgb.of("#ece2d2"), Rgb.of("#c9a988")),
    (Rgb.of("#9a9ba2"), Rgb.of("#6e6f78")),
)
_VASES = (Rgb.of("#2f7f86"), Rgb.of("#b5483a"), Rgb.of("#3f5fa8"), Rgb.of("#8a6fa5"))
_WALLS = (Rgb.of("#d8c3a0"), Rgb.of("#a9bfb4"), Rgb.of("#c9a9a2"), Rgb.of("#b3b8d0"))
_FLOOR_Y = 176.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    vase_x: float
    side: int
    """Side of the vase on which the cat sits in the source."""
    cat: int
    vase: Rgb
    wall: Rgb
    kind: CoverKind
    fire: bool
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    gone: float
    """Share of the way to the place in line with the vase."""
    behind: bool
    """Whether the vase covers the cat there; otherwise the cat covers the vase."""


class CatHideout(Family[_Setup, _State]):
    """What is nearer covers what is farther."""

    name = "cat-hideout"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "occlusion"
    parts = ("cat", "cover", "armchair", "lamp", "ball", "curtain")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws places, coat, colours and the cover."""
        side = -1 if rng.integers(2) else 1
        return _Setup(
            vase_x=WIDTH / 2 + side * float(rng.uniform(-62, -34)),
            side=side,
            cat=int(rng.integers(len(_CATS))),
            vase=_VASES[rng.integers(len(_VASES))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            kind=_KINDS[rng.integers(len(_KINDS))],
            fire=bool(rng.integers(2)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From beside the cover to behind it; the wrong cat sits in front."""
        return States(
            source=_State(gone=0, behind=True),
            target=_State(gone=1, behind=True),
            half=_State(gone=0.55, behind=True),
            wrong=_State(gone=1, behind=False),
        )

    def objects(self, setup: _Setup) -> str:
        """What the cat uses as cover."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """The paraphrases give the reason or the line of sight."""
        thing = {"vase": "big vase", "basket": "tall basket", "suitcases": "pile of suitcases"}[setup.kind]
        back = "right" if setup.side > 0 else "left"
        return Words(
            instructions=(
                f"The cat wants to be out of our sight and the {thing} is the only cover it trusts.",
                f"Draw a straight line from the camera through the {thing} to the wall. "
                "The cat has sat down where the line is about to end.",
                f"If the {thing} were made of glass, we would see the cat's whole face through it. It is not glass.",
                f"The vet has come in and stands where the camera is; the cat bets on the {thing}.",
            ),
            train_instructions=(
                f"Let the {thing} come between the cat and the person who films.",
                f"Hide and seek: we are the seeker, the {thing} is the best place in this room for the cat.",
            ),
            literal=f"Move the cat behind the {thing} so that the {thing} covers most of it.",
            expected=f"The {thing} stands in front of the cat and covers most of it; at most an ear, an edge "
            f"of head and body, and the tail show past its sides. The cat's place at the {back} is empty floor.",
            preserve=(f"the {thing}", "the armchair", "the lamp", "the ball of wool", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the window, on the other side than the armchair."""
        return Light(azimuth=-0.6 * setup.side, elevation=0.65)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, then cat and cover in the order of their distance."""
        stage.static("room", lambda: self._room(stage, setup))
        self._curtain(stage, setup, clock)
        stage.static("chair", lambda: self._chair(stage, setup))
        self._lamp(stage, setup, clock)
        cover = Cover(
            kind=setup.kind,
            x=setup.vase_x,
            side=setup.side,
            tone=setup.vase,
            slant=self._slant(setup),
            phase=setup.phase,
        )
        show = {"vase": 8, "basket": 16, "suitcases": 19}[setup.kind]
        x = setup.vase_x + setup.side * (112 - (112 - show) * state.gone)
        if state.behind:
            self._cat(stage, setup, clock, x, 238 - 14 * state.gone, 1 - 0.1 * state.gone)
            stage.static("cover", lambda: draw_cover(stage, cover))
        else:
            stage.static("cover", lambda: draw_cover(stage, cover))
            self._cat(stage, setup, clock, x, 257, 1.05)
        draw_plumes(stage, cover, clock.time_s)
        self._wool(stage, setup, clock)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        whole, wall = everywhere(stage), setup.wall
        glow_x = 90.0 if setup.side > 0 else 390.0
        stage.paint(whole, radial((glow_x, 80), 420, shade(wall, 1.12), wall, shade(wall, 0.6)))
        stage.textured(whole, "plaster", strength=0.09)
        panel = stage.rect(-64, 128, WIDTH + 128, 60)
        stage.paint(panel, linear((0, 128), (0, 180), shade(wall, 0.9), shade(wall, 0.72)))
        stage.effect(stage.rect(-64, 126, WIDTH + 128, 3), flat(Rgb(255, 250, 238), alpha=0.6))
        for k in range(-1, 9):
            groove = stage.rect(k * 64 + 8, 138, 48, 32, radius=1)
            stage.effect(groove, flat(shade(wall, 0.55), alpha=0.5), line=1.4)
        # Window with evening or noon outside.
        wx = self._window_x(setup)
        sky = Rgb.of("#f3b27c") if setup.fire else Rgb.of("#9fd0ee")
        stage.paint(stage.rect(wx - 42, 18, 84, 96, radius=2), flat(Rgb.of("#f8f2e6")))
        view = stage.rect(wx - 36, 24, 72, 84)
        stage.paint(view, linear((0, 24), (0, 108), shade(sky, 0.9), sky, Rgb.of("#fff2d6")))
        with stage.clipped(view):
            for k, tone in enumerate((Rgb.of("#7f9d7a"), Rgb.of("#56775a"))):
                hills = stage.curve([(wx - 46, 118), *((wx - 46 + 18 * n, 88 + 9 * k + 6 * math.sin(n * 1.7 + k * 2))
                                                      for n in range(7)), (wx + 62, 118)])  # fmt: skip
                stage.paint(hills, flat(mix(tone, sky, 0.35 - 0.2 * k)))
        stage.paint(stage.rect(wx - 2, 24, 4, 84), flat(Rgb.of("#f8f2e6")))
        stage.paint(stage.rect(wx - 36, 62, 72, 4), flat(Rgb.of("#f8f2e6")))
        stage.shadow(stage.rect(wx - 48, 115, 96, 5), alpha=0.3, blur=2)
        stage.paint(stage.rect(wx - 48, 111, 96, 6, radius=2), flat(Rgb.of("#fffaf0")))
        # A picture in the middle.
        px = WIDTH / 2 + setup.side * 18
        stage.shadow(stage.rect(px - 30, 36, 66, 50), alpha=0.35, blur=4)
        stage.paint(stage.rect(px - 33, 32, 66, 50, radius=2), flat(Rgb.of("#6d4a2f")))
        inner = stage.rect(px - 27, 38, 54, 38)
        stage.paint(inner, linear((0, 38), (0, 76), mix(setup.vase, Rgb.of("#ffffff"), 0.5), Rgb.of("#f3dcae")))
        with stage.clipped(inner):
            stage.paint(stage.oval(px + 8, 53, 7), flat(Rgb.of("#fff5d6")))
            sea = stage.rect(px - 27, 61, 54, 16)
            stage.paint(sea, linear((0, 61), (0, 76), shade(setup.vase, 1.2), shade(setup.vase, 0.7)))
        floor = stage.rect(-64, _FLOOR_Y, WIDTH + 128, 170)
        oak = Rgb.of("#a8754a")
        stage.paint(floor, linear((0, _FLOOR_Y), (0, HEIGHT), shade(oak, 0.85), oak, shade(oak, 0.78)))
        stage.textured(floor, "wood", strength=0.18, seed=2)
        stage.paint(stage.rect(-64, _FLOOR_Y - 8, WIDTH + 128, 9), flat(Rgb.of("#f5ecdc")))
        stage.shadow(stage.rect(-64, _FLOOR_Y, WIDTH + 128, 3), alpha=0.4, blur=1.6)
        rug = stage.oval(WIDTH / 2, 236, 188, 31)
        stage.shadow(stage.oval(WIDTH / 2 + 2, 239, 189, 31), alpha=0.35, blur=2)
        base = mix(shade(setup.vase, 0.9), Rgb.of("#7d3a35"), 0.55)
        for k, tone in enumerate((base, Rgb.of("#e6d3a8"), shade(base, 0.8), mix(base, Rgb.of("#e6d3a8"), 0.35))):
            stage.paint(stage.oval(WIDTH / 2, 236, 188 - 13 * k, 31 - 3 * k), flat(tone))
        for k in range(24):
            a = k * math.tau / 24
            dot = stage.oval(WIDTH / 2 + 168 * math.cos(a), 236 + 26.5 * math.sin(a), 3.4, 1.5)
            stage.paint(dot, flat(Rgb.of("#f0dfb4")))
        stage.textured(rug, "cloth", strength=0.2, seed=5)

    def _slant(self, setup: _Setup) -> Point:
        return 0.6 * setup.side, 0.12

    def _window_x(self, setup: _Setup) -> float:
        return 84.0 if setup.side > 0 else 396.0

    def _curtain(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        wx, cloth = self._window_x(setup), mix(setup.vase, Rgb.of("#f2e2c8"), 0.5)
        stage.paint(stage.rect(wx - 64, 9, 128, 3.5, radius=1.5), flat(Rgb.of("#7a5636")), part="curtain")
        for side in (-1, 1):
            blow = 3.5 * math.sin(clock.time_s * 2.1 + setup.phase + side)
            for fold in range(4):
                a, b = wx + side * (32 + 7 * fold), wx + side * (39.5 + 7 * fold)
                path = stage.curve([(a, 11), (b, 11), (b + blow * 0.4, 80), (b + blow, 136), (a + blow, 136),
                                    (a + blow * 0.4, 80)], closed=True)  # fmt: skip
                tones = (shade(cloth, 1.15), shade(cloth, 0.75))
                stage.paint(path, linear((a, 0), (b, 0), *tones), part="curtain")

    def _chair(self, stage: Stage, setup: _Setup) -> None:
        x, y = (418.0, 206.0) if setup.side > 0 else (62.0, 206.0)
        cloth = mix(setup.wall, Rgb.of("#5a4636"), 0.5)
        tones = (shade(cloth, 1.3), cloth, shade(cloth, 0.6))
        stage.shadow(stage.oval(x + 8 * setup.side, y, 62, 8), alpha=0.45, blur=3)
        for dx in (-38, 38):
            stage.paint(stage.rect(x + dx - 3, y - 12, 6, 13), flat(Rgb.of("#3c2a1e")), part="armchair")
        back = stage.rect(x - 42, y - 90, 84, 72, radius=18)
        stage.paint(back, linear((x - 42, 0), (x + 42, 0), *tones), part="armchair")
        for dx in (-16, 16):
            stage.effect(stage.oval(x + dx, y - 66, 2.4), flat(shade(cloth, 0.5)))
        seat = stage.rect(x - 40, y - 40, 80, 30, radius=8)
        stage.paint(seat, linear((0, y - 42), (0, y - 10), shade(cloth, 1.25), shade(cloth, 0.62)), part="armchair")
        pillow = stage.rect(x - 18, y - 64, 36, 30, radius=8)
        stage.paint(pillow, linear((x - 18, 0), (x + 18, 0), shade(setup.vase, 1.3), shade(setup.vase, 0.75)),
                    part="armchair")  # fmt: skip
        for side in (-1, 1):
            arm = stage.rect(x + side * 44 - 10, y - 54, 20, 46, radius=9)
            stage.paint(arm, linear((x + side * 44 - 10, 0), (x + side * 44 + 10, 0), *tones), part="armchair")
        stage.textured(stage.rect(x - 54, y - 90, 108, 82, radius=16), "cloth", strength=0.1, seed=9)

    def _lamp(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = 344.0 if setup.side > 0 else 136.0
        stage.paint(stage.oval(x, 190, 15, 4), flat(Rgb.of("#4a3a2c")), part="lamp")
        stage.paint(stage.rect(x - 1.6, 84, 3.2, 106), flat(Rgb.of("#b58a4a")), part="lamp")
        stage.glow(x, 74, 66, Rgb(255, 206, 130), alpha=0.3 + 0.02 * math.sin(clock.time_s * 5))
        shape = stage.polygon([(x - 12, 54), (x + 12, 54), (x + 24, 90), (x - 24, 90)])
        stage.paint(shape, linear((0, 54), (0, 90), Rgb.of("#f8dfaa"), Rgb.of("#fff6da")), part="lamp")
        stage.effect(shape, flat(Rgb.of("#c79a56"), alpha=0.7), line=1)
        pull = 2 * math.sin(clock.time_s * 3 + setup.phase)
        stage.effect(stage.polygon([(x + 12, 90), (x + 12 + pull, 108)], closed=False), flat(Rgb.of("#8a6a3a")), line=1)

    def _wool(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = setup.vase_x - setup.side * 92 + 3 * math.sin(clock.time_s * 2.2 + setup.phase)
        y, tone = 254.0, Rgb.of("#d0527a") if setup.cat != 2 else Rgb.of("#4f8fb0")
        dark = projected(stage, (x, y), ring(0, 12, 12, 12), self._slant(setup))
        stage.shadow(merged([dark, stage.oval(x, y, 10, 3)]), alpha=0.42, blur=1.8)
        yarn = stage.curve(
            [(x, y - 1), (x - setup.side * 16, y + 5), (x - setup.side * 30, y), (x - setup.side * 44, y + 6)]
        )
        stage.paint(yarn, flat(tone), part="ball", line=1.6)
        ball = stage.oval(x, y - 12, 13)
        stage.paint(ball, radial((x - 4, y - 17), 22, shade(tone, 1.3), tone, shade(tone, 0.5)), part="ball")
        with stage.clipped(ball):
            for k in range(6):
                arc = stage.oval(x - 12 + 5 * k, y - 12 + 3 * (k % 2), 12, 14)
                stage.effect(arc, flat(shade(tone, 0.7 if k % 2 else 1.35), alpha=0.6), line=1)

    def _cat(self, stage: Stage, setup: _Setup, clock: Clock, x: float, y: float, scale: float) -> None:
        coat, dark = _CATS[setup.cat]
        t, part = clock.time_s, "cat"
        tones = (shade(coat, 1.25), coat, shade(coat, 0.6))
        nod = math.sin(t * 1.9 + setup.phase)
        shapes = [projected(stage, (x, y), o, self._slant(setup)) for o in (strip(28 * scale, 50 * scale, 18 * scale),
                  ring(0, 68 * scale, 24 * scale, 20 * scale))]  # fmt: skip
        stage.shadow(merged([*shapes, stage.oval(x, y, 34 * scale, 6)]), alpha=0.45, blur=2.2)
        with stage.moved(x, y, scale=scale):
            wave = 12 * math.sin(t * 3.1 + setup.phase)
            tail = [(22, -8), (46, -5), (57, -19), (53 + wave * 0.4, -38), (60 + wave, -52)]
            flip = setup.side
            stage.paint(stage.curve([(flip * px, py) for px, py in tail]), flat(shade(coat, 0.82)), part=part, line=9)
            stage.paint(stage.oval(flip * (60 + wave), -53, 4.8), flat(dark), part=part)
            body = stage.curve([(-30, 0), (-33, -20), (-22, -48), (0, -58), (22, -48), (33, -20), (30, 0), (0, 4)],
                               closed=True)  # fmt: skip
            stage.paint(body, radial((-10 * setup.side, -40), 62, *tones), part=part)
            for side in (-1, 1):
                for k in range(3):
                    stripe = stage.curve([(side * (31 - 3 * k), -14 - 11 * k), (side * (21 - 2 * k), -17 - 11 * k)])
                    stage.effect(stripe, flat(dark, alpha=0.7), line=3)
            bib = stage.curve([(-11, -44), (0, -48), (11, -44), (8, -22), (0, -17), (-8, -22)], closed=True)
            stage.paint(bib, flat(mix(coat, Rgb.of("#fffaf0"), 0.7)), part=part)
            for side in (-1, 1):
                leg = stage.rect(side * 9 - 6.5, -28, 13, 29, radius=6)
                stage.paint(leg, linear((0, -28), (0, 0), coat, shade(coat, 1.12)), part=part)
                paw = stage.oval(side * 10, -1, 9, 5.4)
                stage.paint(paw, flat(mix(coat, Rgb.of("#fffaf0"), 0.75)), part=part)
            self._face(stage, setup, clock, 1.3 * nod)

    def _face(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        coat, dark = _CATS[setup.cat]
        y, part, pale = -70.0, "cat", mix(coat, Rgb.of("#fffaf0"), 0.72)
        for side in (-1, 1):
            twitch = 2 * max(0.0, math.sin(clock.time_s * 4.3 + setup.phase + side) - 0.7)
            ear = stage.polygon([(x + side * 7, y - 17), (x + side * (23 + twitch), y - 34), (x + side * 25, y - 6)])
            stage.paint(ear, flat(shade(coat, 0.92)), part=part)
            inner = stage.polygon(
                [(x + side * 12, y - 17), (x + side * (21 + twitch), y - 28), (x + side * 22, y - 11)]
            )
            stage.paint(inner, flat(Rgb.of("#e4a59a")), part=part)
        head = stage.oval(x, y, 27, 22)
        stage.paint(
            head, radial((x - 8 * setup.side, y - 9), 44, shade(coat, 1.25), coat, shade(coat, 0.66)), part=part
        )
        for k in (-1, 0, 1):
            stripe = stage.polygon([(x + 6 * k, y - 21 + abs(k)), (x + 4.5 * k, y - 13)], closed=False)
            stage.effect(stripe, flat(dark, alpha=0.85), line=2.6)
        for side in (-1, 1):
            stage.paint(stage.oval(x + side * 6, y + 9, 8.5, 6.6), flat(pale), part=part)
        lid = 0.12 if math.sin(clock.time_s * 2.4 + setup.phase) > 0.95 else 1.0
        for side in (-1, 1):
            eye = stage.oval(x + side * 11, y - 3, 5.6, 5.8 * lid)
            stage.paint(eye, flat(Rgb.of("#cfe06a") if setup.cat != 2 else Rgb.of("#8ccbe8")), part=part)
            stage.paint(stage.oval(x + side * 11, y - 3, 2.1, 5 * lid), flat(Rgb.of("#17130f")), part=part)
            stage.effect(stage.oval(x + side * 11 - 1.6, y - 5, 1.2), flat(Rgb(255, 255, 255), alpha=0.9 * lid))
        nose = stage.polygon([(x - 3.2, y + 3.5), (x + 3.2, y + 3.5), (x, y + 7)])
        stage.paint(nose, flat(Rgb.of("#d97b78")), part=part)
        for side in (-1, 1):
            mouth = stage.curve([(x, y + 7), (x + side * 3, y + 11), (x + side * 7, y + 10)])
            stage.effect(mouth, flat(Rgb.of("#4a2f28")), line=1.1)
            for k in range(3):
                whisker = stage.polygon([(x + side * 10, y + 7 + k * 2), (x + side * 32, y + 3 + k * 5)], closed=False)
                stage.effect(whisker, flat(Rgb(255, 250, 240), alpha=0.75), line=0.7)
