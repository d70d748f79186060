"""Spatial: a toy bear moves along a dressing table and its mirror image, seen from behind, goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import everywhere
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["MirrorBear"]

_FURS = (Rgb.of("#b07a45"), Rgb.of("#d9b98c"), Rgb.of("#8d8f9c"), Rgb.of("#7a5238"))
_SCARVES = (Rgb.of("#c8413b"), Rgb.of("#3d76b5"), Rgb.of("#e3ab2f"), Rgb.of("#4d9a68"))
_WALLS = (Rgb.of("#7d9a93"), Rgb.of("#b98f8a"), Rgb.of("#8a86ab"), Rgb.of("#b5a376"))
_TABLE_Y = 204.0
_GLASS = (112.0, 22.0, 256.0, 164.0)
"""The mirror's opening: left, top, width, height."""
_FAR = 0.74
"""Scale of what is seen in the mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: int
    """Side of the bear in the source."""
    fur: Rgb
    scarf: Rgb
    wall: Rgb
    gold: bool
    reach: float
    """How far from the middle the bear sits."""
    window_x: float
    oak: Rgb
    evening: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    bear: float
    """Place of the bear along the table: 1 its side in the source, -1 the other."""
    image: float
    """Place that the mirror shows."""


class MirrorBear(Family[_Setup, _State]):
    """A mirror shows the far side of what stands before it, straight behind it."""

    name = "mirror-bear"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "reflection"
    parts = ("bear", "image", "mirror", "candle", "bottles", "clock")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws side, colours, frame and hour."""
        return _Setup(
            side=-1 if rng.integers(2) else 1,
            fur=_FURS[rng.integers(len(_FURS))],
            scarf=_SCARVES[rng.integers(len(_SCARVES))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            gold=bool(rng.integers(2)),
            reach=float(rng.uniform(56, 70)),
            window_x=float(rng.uniform(186, 222)),
            oak=mix(Rgb.of("#a5683a"), Rgb.of("#6f4a3c"), float(rng.random())),
            evening=float(rng.random()),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """Bear and image cross over together; in the wrong world the image stays."""
        return States(
            source=_State(bear=1, image=1),
            target=_State(bear=-1, image=-1),
            half=_State(bear=-0.42, image=-0.42),
            wrong=_State(bear=-1, image=1),
        )

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The bear."""
        return "bear"

    def words(self, setup: _Setup) -> Words:
        """The paraphrases say where the bear sits and leave the glass to reason."""
        near, far = ("candle", "perfume bottles") if setup.side > 0 else ("perfume bottles", "candle")
        here, there = ("right", "left") if setup.side > 0 else ("left", "right")
        return Words(
            instructions=(
                f"The bear has had enough of its place and now keeps the {near} company. Everything else obeys.",
                f"Seat the bear as far from the {far} as it is now from the {near}.",
                f"Someone who tidies up has put the bear by the {near}; show what the camera sees, glass included.",
                "Exchange near and far for the bear: whichever end of the table it avoids now is where it sits.",
            ),
            train_instructions=(
                f"Let the bear guard the {near} instead of the {far}, with all that follows on this wall.",
                "The bear belongs at the opposite end of this dressing table.",
            ),
            literal=f"Move the bear from the {here} to the {there} of the table and move its mirror image to the "
            f"{there} too.",
            expected=f"The bear sits at the {there}, beside the {near}; the mirror shows its back straight behind it "
            f"at the {there} and no bear at the {here}.",
            preserve=("the mirror and its frame", "the candle", "the perfume bottles", "the room in the glass",
                      "the camera"),
        )  # fmt: skip

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Of the room, from above and before."""
        return Light(azimuth=0.0, elevation=0.8)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall, what the glass shows, the frame, the table and what stands on it."""
        stage.static("wall", lambda: self._wall(stage, setup))
        left, top, width, height = _GLASS
        with stage.clipped(stage.rect(left, top, width, height, radius=26)):
            stage.static("behind", lambda: self._room(stage, setup))
            self._clock(stage, setup, clock)
            with stage.moved(WIDTH / 2, 170, scale=_FAR):
                self._bottles(stage, setup, setup.side * 146, -6, "mirror")
                self._candle(stage, setup, clock, -setup.side * 146, -6, "mirror")
                self._bear(stage, setup, clock, state.image * setup.side * setup.reach, -2, back=True)
            self._gloss(stage)
        stage.static("table", lambda: self._table(stage, setup))
        self._bottles(stage, setup, WIDTH / 2 + setup.side * 146, 232, "bottles")
        self._candle(stage, setup, clock, WIDTH / 2 - setup.side * 146, 232, "candle")
        self._bear(stage, setup, clock, WIDTH / 2 + state.bear * setup.side * (setup.reach + 8), 246, back=False)

    def _wall(self, stage: Stage, setup: _Setup) -> None:
        whole = everywhere(stage)
        stage.paint(whole, radial((240, 90), 340, shade(setup.wall, 1.12), setup.wall, shade(setup.wall, 0.55)))
        for row in range(-1, 8):
            for column in range(-1, 14):
                x, y = column * 40 + 20 * (row % 2), row * 34.0
                leaf = stage.curve([(x, y + 8), (x - 5, y), (x, y - 9), (x + 5, y)], closed=True)
                stage.effect(leaf, flat(shade(setup.wall, 1.22), alpha=0.28))
        stage.textured(whole, "plaster", strength=0.08)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        # The wall behind the viewer, with a window and a floor far away.
        far = mix(shade(setup.wall, 1.15), Rgb.of("#efe6d6"), 0.5)
        stage.paint(everywhere(stage), linear((0, 10), (0, 190), shade(far, 1.02), shade(far, 0.74)))
        stage.textured(stage.rect(100, 10, 280, 180), "plaster", strength=0.07, seed=3)
        sky = mix(Rgb.of("#9fcdea"), Rgb.of("#f0a878"), setup.evening)
        x = setup.window_x
        stage.shadow(stage.rect(x - 8, 34, 76, 76), alpha=0.25, blur=4)
        stage.paint(stage.rect(x - 6, 34, 72, 74, radius=2), flat(Rgb.of("#fbf7ee")))
        stage.paint(stage.rect(x, 40, 60, 62), linear((0, 40), (0, 102), sky, mix(sky, Rgb.of("#fff4dc"), 0.7)))
        hill = stage.curve([(x, 102), (x, 92), (x + 18, 84), (x + 38, 93), (x + 60, 86), (x + 60, 102)])
        stage.paint(hill, flat(mix(Rgb.of("#6f9a62"), sky, 0.3)))
        stage.paint(stage.rect(x + 28, 40, 4, 62), flat(Rgb.of("#fbf7ee")))
        stage.paint(stage.rect(x, 68, 60, 3.4), flat(Rgb.of("#fbf7ee")))
        for side in (-1, 1):
            cx = x + 30 + side * 44
            cloth = stage.curve([(cx - 10, 28), (cx + 10, 28), (cx + 11 + side * 3, 118), (cx - 11 + side * 3, 118)],
                                closed=True)  # fmt: skip
            stage.paint(cloth, linear((cx - 10, 0), (cx + 10, 0), setup.scarf, shade(setup.scarf, 0.62), setup.scarf))
        # The reflected half of the table.
        desk = stage.polygon([(90, 158), (390, 158), (420, 200), (60, 200)])
        stage.paint(desk, linear((0, 156), (0, 200), shade(setup.oak, 0.74), shade(setup.oak, 0.94)))
        stage.textured(desk, "wood", strength=0.16, seed=5)

    def _clock(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = 326.0 if setup.phase > 3.14 else 148.0
        swing = 17 * math.sin(clock.time_s * 3.6 + setup.phase)
        with stage.moved(x, 88, turn_deg=swing):
            stage.paint(stage.rect(-1, 0, 2, 26), flat(Rgb.of("#b88a3c")), part="clock")
            stage.paint(stage.oval(0, 28, 6), radial((-2, 26), 8, Rgb.of("#ffe9a8"), Rgb.of("#b07c28")), part="clock")
        stage.paint(stage.rect(x - 17, 48, 34, 42, radius=5), flat(Rgb.of("#6b4226")), part="clock")
        stage.paint(stage.oval(x, 68, 13), flat(Rgb.of("#fbf5e4")), part="clock")
        for angle, length in ((setup.phase, 7.0), (setup.phase * 2 + clock.time_s * 0.2, 10.0)):
            tip = (x + length * math.sin(angle), 68 - length * math.cos(angle))
            stage.paint(stage.polygon([(x, 68), tip], closed=False), flat(Rgb.of("#2c2622")), part="clock", line=1.4)

    def _gloss(self, stage: Stage) -> None:
        tint = stage.rect(100, 10, 290, 190)
        stage.effect(tint, flat(Rgb.of("#a9c7cf"), alpha=0.16))
        for x, wide in ((150.0, 26.0), (188.0, 9.0)):
            streak = stage.polygon([(x + 70, 10), (x + 70 + wide, 10), (x - 50 + wide, 200), (x - 50, 200)])
            stage.effect(streak, flat(Rgb(255, 255, 255), alpha=0.11, blur=1.5))

    def _table(self, stage: Stage, setup: _Setup) -> None:
        left, top, width, height = _GLASS
        rim = Rgb.of("#d3a548") if setup.gold else Rgb.of("#c9ccd1")
        frame = stage.rect(left, top, width, height + 14, radius=26)
        grade = linear((left, top), (left + width, top + height), shade(rim, 1.3), shade(rim, 0.6), shade(rim, 1.1))
        for wide, tint, blur in ((20, shade(rim, 0.3), 3.0),):
            stage.effect(frame, flat(tint, alpha=0.35, blur=blur), line=wide)
        stage.paint(frame, grade, part="mirror", line=13)
        stage.effect(stage.rect(left - 3, top - 3, width + 6, height + 20, radius=28),
                     flat(shade(rim, 1.5), alpha=0.7, blur=0.6), line=1.6)  # fmt: skip
        stage.effect(stage.rect(left + 5, top + 5, width - 10, height + 4, radius=22),
                     flat(shade(rim, 0.35), alpha=0.7, blur=0.6), line=1.6)  # fmt: skip
        for k in range(-3, 4):
            bead = stage.oval(240 + 13 * k, top - 6 - 6 * math.cos(k / 2.4), 6.5 - abs(k) * 0.8)
            stage.paint(bead, radial((238 + 13 * k, top - 16), 15, shade(rim, 1.4), shade(rim, 0.6)), part="mirror")
        board = stage.rect(-64, _TABLE_Y - 18, WIDTH + 128, 160)
        oak = setup.oak
        stage.paint(board, linear((0, _TABLE_Y - 18), (0, HEIGHT), shade(oak, 0.72), oak, shade(oak, 0.8)))
        stage.textured(board, "wood", strength=0.2, seed=1)
        stage.shadow(stage.rect(left - 8, _TABLE_Y - 19, width + 16, 5), alpha=0.5, blur=2.5)
        cloth = stage.oval(240, 238, 150, 24)
        stage.paint(cloth, radial((240, 232), 150, Rgb.of("#fbf4e6"), Rgb.of("#e6d6bd")))
        for k in range(46):
            a = k * math.tau / 46
            lace = stage.oval(240 + 150 * math.cos(a), 238 + 24 * math.sin(a), 5, 3)
            stage.paint(lace, flat(Rgb.of("#efe3cd")))
        stage.textured(cloth, "cloth", strength=0.1, seed=7)

    def _bottles(self, stage: Stage, setup: _Setup, x: float, y: float, part: str) -> None:
        tones = (Rgb.of("#d98fae"), Rgb.of("#8fc3c9"), Rgb.of("#d9bd74"))
        sizes = ((-26, -5, 13, 34), (20, -3, 11, 46), (-2, 5, 15, 26))
        for (dx, dy, half, tall), tone in zip(sizes, tones, strict=True):
            cx, foot = x + dx, y + dy
            stage.shadow(stage.oval(cx + 3, foot, half + 6, 4), alpha=0.4, blur=2)
            glass = stage.rect(cx - half, foot - tall, half * 2, tall + 2, radius=5)
            fill = linear((cx - half, 0), (cx + half, 0), shade(tone, 1.25), tone, shade(tone, 0.6))
            stage.paint(glass, fill, part=part)
            stage.paint(stage.rect(cx - 4, foot - tall - 8, 8, 9), flat(Rgb.of("#d9b45a")), part=part)
            stage.paint(stage.oval(cx, foot - tall - 12, 6.5), radial((cx - 2, foot - tall - 15), 9, Rgb(255, 255, 250),
                        mix(tone, setup.wall, 0.4)), part=part)  # fmt: skip
            shine = stage.rect(cx - half * 0.7, foot - tall + 4, half * 0.35, tall - 9, radius=2)
            stage.effect(shine, flat(Rgb(255, 255, 255), alpha=0.55, blur=0.8))

    def _candle(self, stage: Stage, setup: _Setup, clock: Clock, x: float, y: float, part: str) -> None:
        t = clock.time_s
        stage.shadow(stage.oval(x + 3, y + 3, 32, 5), alpha=0.42, blur=2.5)
        brass = (Rgb.of("#f3d489"), Rgb.of("#c8963a"), Rgb.of("#7f5a1e"))
        stage.paint(stage.oval(x, y, 27, 6.5), linear((x - 27, 0), (x + 27, 0), *brass), part=part)
        stage.paint(stage.rect(x - 4, y - 18, 8, 18), linear((x - 4, 0), (x + 4, 0), *brass), part=part)
        stage.paint(stage.oval(x, y - 18, 13, 4), linear((x - 13, 0), (x + 13, 0), *brass), part=part)
        wax = stage.rect(x - 8, y - 62, 16, 44, radius=3)
        stage.paint(wax, linear((0, y - 62), (0, y - 18), Rgb.of("#fff1cc"), Rgb.of("#e6cfa6")), part=part)
        sway = 2.4 * math.sin(t * 6 + setup.phase) + math.sin(t * 15)
        flame = stage.curve([(x, y - 62), (x - 5, y - 70), (x + sway, y - 87), (x + 5, y - 70)], closed=True)
        stage.paint(flame, linear((0, y - 62), (0, y - 86), Rgb(255, 160, 50), Rgb(255, 244, 190)), part=part)
        stage.glow(x, y - 74, 40 + sway, Rgb(255, 200, 110), alpha=0.45)

    def _bear(self, stage: Stage, setup: _Setup, clock: Clock, x: float, y: float, *, back: bool) -> None:
        part = "image" if back else "bear"
        fur, muzzle = setup.fur, mix(setup.fur, Rgb.of("#fff3dc"), 0.6)
        nod = math.sin(clock.time_s * 2.3 + setup.phase)
        stage.shadow(stage.oval(x + 2, y - 1, 44, 7), alpha=0.48, blur=3)

        def ball(cx: float, cy: float, rx: float, ry: float, tone: Rgb) -> None:
            fill = radial(
                (cx - rx * 0.3, cy - ry * 0.45), max(rx, ry) * 1.75, shade(tone, 1.28), tone, shade(tone, 0.5)
            )
            stage.paint(stage.oval(cx, cy, rx, ry), fill, part=part)

        if not back:
            ball(x, y - 28, 27, 28, fur)
            ball(x, y - 24, 17, 18, muzzle)
        for side in (-1, 1):
            if not back:
                ball(x + side * 26, y - 9, 15, 12, fur)
                ball(x + side * 27, y - 8, 8, 7.5, muzzle)
            ball(x + side * 28, y - 36, 9, 16, fur)
        if back:
            ball(x, y - 28, 28, 29, fur)
            ball(x, y - 9, 7, 6.5, shade(fur, 1.15))
            seam = stage.curve([(x, y - 54), (x + 1, y - 36), (x, y - 17)])
            stage.effect(seam, flat(shade(fur, 0.55), alpha=0.8), line=1.2)
        hx = x + (1.6 * nod)
        for side in (-1, 1):
            ball(hx + side * 20, y - 94, 10.5, 10.5, fur)
            if not back:
                ball(hx + side * 20, y - 93, 6, 6, muzzle)
        ball(hx, y - 74, 28, 25, fur)
        band = stage.curve([(x - 20, y - 55), (x, y - 48), (x + 20, y - 55)])
        stage.paint(band, flat(setup.scarf), part=part, line=7.5)
        if back:
            stage.paint(stage.oval(x, y - 50, 5.5, 4.5), flat(shade(setup.scarf, 0.8)), part=part)
            for side in (-1, 1):
                end = stage.polygon([(x, y - 50), (x + side * 11, y - 36), (x + side * 4, y - 34)])
                stage.paint(end, flat(shade(setup.scarf, 0.9)), part=part)
            return
        ball(hx, y - 67, 12, 9.5, muzzle)
        stage.paint(stage.oval(hx, y - 71, 4.4, 3.2), flat(Rgb.of("#2b1c16")), part=part)
        smile = stage.curve([(hx - 5, y - 64), (hx, y - 61.5), (hx + 5, y - 64)])
        stage.paint(smile, flat(Rgb.of("#2b1c16")), part=part, line=1.5)
        lid = 0.2 if math.sin(clock.time_s * 2.7 + setup.phase) > 0.95 else 1.0
        for side in (-1, 1):
            stage.paint(stage.oval(hx + side * 11, y - 79, 3.2, 3.4 * lid), flat(Rgb.of("#1f1612")), part=part)
            stage.effect(stage.oval(hx + side * 11 - 1, y - 80.2, 1), flat(Rgb(255, 255, 255), alpha=0.9 * lid))
