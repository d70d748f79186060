"""Spatial: a toy moves along a dressing table and its mirror image, seen from behind, goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import everywhere
from rvebench.sim.families.spatial._toys import Kind, Toy, draw_toy
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["MirrorBear"]

_KINDS: tuple[Kind, ...] = ("bear", "doll", "penguin")
_FURS = (Rgb.of("#b07a45"), Rgb.of("#d9b98c"), Rgb.of("#8d8f9c"), Rgb.of("#7a5238"))
_SCARVES = (Rgb.of("#c8413b"), Rgb.of("#3d76b5"), Rgb.of("#e3ab2f"), Rgb.of("#4d9a68"))
_WALLS = (Rgb.of("#7d9a93"), Rgb.of("#b98f8a"), Rgb.of("#8a86ab"), Rgb.of("#b5a376"), Rgb.of("#5f7f9f"))
_RIMS = (Rgb.of("#d3a548"), Rgb.of("#c9ccd1"), Rgb.of("#8a5a3a"), Rgb.of("#e9e2d2"))
_CLOTHS = (Rgb.of("#f3eadb"), Rgb.of("#d9a9a2"), Rgb.of("#a9c3c9"), Rgb.of("#c9bd8a"))
_TABLE_Y = 204.0
_GLASS = (112.0, 22.0, 256.0, 164.0)
"""The mirror's opening: left, top, width, height."""
_FAR = 0.74
"""Scale of what is seen in the mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: int
    """Side of the toy in the source."""
    toy: Toy
    wall: Rgb
    paper: int
    """Pattern of the wallpaper."""
    rim: Rgb
    """Colour of the mirror's frame."""
    arched: bool
    """Whether the mirror has a round top."""
    cloth: Rgb
    reach: float
    """How far from the middle the toy sits."""
    window_x: float
    oak: Rgb
    evening: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    toy: float
    """Place of the toy along the table: 1 its side in the source, -1 the other."""
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
            toy=Toy(
                kind=_KINDS[rng.integers(len(_KINDS))],
                fur=_FURS[rng.integers(len(_FURS))],
                scarf=_SCARVES[rng.integers(len(_SCARVES))],
            ),
            wall=_WALLS[rng.integers(len(_WALLS))],
            paper=int(rng.integers(3)),
            rim=_RIMS[rng.integers(len(_RIMS))],
            arched=bool(rng.integers(2)),
            cloth=_CLOTHS[rng.integers(len(_CLOTHS))],
            reach=float(rng.uniform(56, 70)),
            window_x=float(rng.uniform(186, 222)),
            oak=mix(Rgb.of("#a5683a"), Rgb.of("#6f4a3c"), float(rng.random())),
            evening=float(rng.random()),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """Toy and image cross over together; in the wrong world the image stays."""
        return States(
            source=_State(toy=1, image=1),
            target=_State(toy=-1, image=-1),
            half=_State(toy=-0.42, image=-0.42),
            wrong=_State(toy=-1, image=1),
        )

    def objects(self, setup: _Setup) -> str:
        """The toy."""
        return setup.toy.kind

    def words(self, setup: _Setup) -> Words:
        """The paraphrases say where the toy sits and leave the glass to reason."""
        near, far = "candle", "perfume bottles"  # the bottles stand on the toy's side in the source
        here, there = ("right", "left") if setup.side > 0 else ("left", "right")
        toy = setup.toy.kind
        return Words(
            instructions=(
                f"The {toy} has had enough of its place and now keeps the {near} company. Everything else obeys.",
                f"Put the {toy} as far from the {far} as it is now from the {near}.",
                f"Someone who tidies up has put the {toy} by the {near}; show what the camera sees, glass included.",
                f"Exchange near and far for the {toy}: whichever end of the table it avoids now is where it belongs.",
            ),
            train_instructions=(
                f"Let the {toy} guard the {near} instead of the {far}, with all that follows on this wall.",
                f"The {toy} belongs at the opposite end of this dressing table.",
            ),
            literal=f"Move the {toy} from the {here} to the {there} of the table and move its mirror image to the "
            f"{there} too.",
            expected=f"The {toy} sits at the {there}, beside the {near}; the mirror shows its back straight behind it "
            f"at the {there} and no {toy} at the {here}.",
            preserve=("the mirror and its frame", "the candle", "the perfume bottles", "the room in the glass",
                      "the camera"),
        )  # fmt: skip

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Of the room, from above and before."""
        return Light(azimuth=0.0, elevation=0.8)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall, what the glass shows, the frame, the table and what stands on it."""
        stage.static("wall", lambda: self._wall(stage, setup))
        with stage.clipped(self._outline(stage, setup, 0)):
            stage.static("behind", lambda: self._room(stage, setup))
            self._clock(stage, setup, clock)
            with stage.moved(WIDTH / 2, 170, scale=_FAR):
                self._bottles(stage, setup, setup.side * 146, -6, "mirror")
                self._candle(stage, setup, clock, -setup.side * 146, -6, "mirror")
                self._toy(stage, setup, clock, state.image * setup.side * setup.reach, -2, back=True)
            self._gloss(stage)
        stage.static("table", lambda: self._table(stage, setup))
        self._bottles(stage, setup, WIDTH / 2 + setup.side * 146, 232, "bottles")
        self._candle(stage, setup, clock, WIDTH / 2 - setup.side * 146, 232, "candle")
        self._toy(stage, setup, clock, WIDTH / 2 + state.toy * setup.side * (setup.reach + 8), 246, back=False)

    def _outline(self, stage: Stage, setup: _Setup, grow: float) -> Any:
        """Returns the mirror's edge, moved outward by `grow`; its lower end is hidden by the table."""
        left, top, width, height = _GLASS
        if not setup.arched:
            box = (left - grow, top - grow, width + 2 * grow, height + 14 + 2 * grow)
            return stage.rect(*box, radius=26 + grow * 0.7)
        half, rise, low = width / 2 + grow, 84.0, top + height + 14
        bow = [
            (240 + half * math.cos(a), top + rise - (rise + grow) * math.sin(a)) for a in np.linspace(0, math.pi, 41)
        ]
        return stage.polygon([*bow, (240 - half, low), (240 + half, low)])

    def _wall(self, stage: Stage, setup: _Setup) -> None:
        whole = everywhere(stage)
        stage.paint(whole, radial((240, 90), 340, shade(setup.wall, 1.12), setup.wall, shade(setup.wall, 0.55)))
        light = flat(shade(setup.wall, 1.22), alpha=0.28)
        for row in range(-1, 8):
            for column in range(-1, 14):
                x, y = column * 40 + 20 * (row % 2), row * 34.0
                if setup.paper == 0:
                    leaf = stage.curve([(x, y + 8), (x - 5, y), (x, y - 9), (x + 5, y)], closed=True)
                    stage.effect(leaf, light)
                elif setup.paper == 1:
                    stage.effect(stage.oval(x, y, 4.5), light)
                    stage.effect(stage.oval(x + 20, y + 10, 2), light)
                elif row == 0:
                    stage.effect(stage.rect(column * 40, -64, 18, 400), light)
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
            stage.paint(
                cloth,
                linear((cx - 10, 0), (cx + 10, 0), setup.toy.scarf, shade(setup.toy.scarf, 0.62), setup.toy.scarf),
            )
        # The reflected half of the table.
        desk = stage.polygon([(90, 158), (390, 158), (420, 200), (60, 200)])
        stage.paint(desk, linear((0, 156), (0, 200), shade(setup.oak, 0.74), shade(setup.oak, 0.94)))
        stage.textured(desk, "wood", strength=0.16, seed=5)

    def _clock(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = 318.0 if setup.phase > 3.14 else 158.0
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
        left, top, width, _ = _GLASS
        height, rim = _GLASS[3], setup.rim
        frame = self._outline(stage, setup, 0)
        grade = linear((left, top), (left + width, top + height), shade(rim, 1.3), shade(rim, 0.6), shade(rim, 1.1))
        stage.effect(frame, flat(shade(rim, 0.3), alpha=0.35, blur=3), line=20)
        stage.paint(frame, grade, part="mirror", line=13)
        for grow, tone in ((3, shade(rim, 1.5)), (-5, shade(rim, 0.35))):
            stage.effect(self._outline(stage, setup, grow), flat(tone, alpha=0.7, blur=0.6), line=1.6)
        for k in range(-3, 4):
            bead = stage.oval(240 + 13 * k, top - 6 - 6 * math.cos(k / 2.4), 6.5 - abs(k) * 0.8)
            stage.paint(bead, radial((238 + 13 * k, top - 16), 15, shade(rim, 1.4), shade(rim, 0.6)), part="mirror")
        board = stage.rect(-64, _TABLE_Y - 18, WIDTH + 128, 160)
        oak = setup.oak
        stage.paint(board, linear((0, _TABLE_Y - 18), (0, HEIGHT), shade(oak, 0.72), oak, shade(oak, 0.8)))
        stage.textured(board, "wood", strength=0.2, seed=1)
        stage.shadow(stage.rect(left - 8, _TABLE_Y - 19, width + 16, 5), alpha=0.5, blur=2.5)
        cloth = stage.oval(240, 238, 150, 24)
        stage.paint(cloth, radial((240, 232), 150, mix(setup.cloth, Rgb(255, 255, 255), 0.4), shade(setup.cloth, 0.92)))
        for k in range(46):
            a = k * math.tau / 46
            lace = stage.oval(240 + 150 * math.cos(a), 238 + 24 * math.sin(a), 5, 3)
            stage.paint(lace, flat(shade(setup.cloth, 0.97)))
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

    def _toy(self, stage: Stage, setup: _Setup, clock: Clock, x: float, y: float, *, back: bool) -> None:
        nod = math.sin(clock.time_s * 2.3 + setup.phase)
        blink = math.sin(clock.time_s * 2.7 + setup.phase) > 0.95
        draw_toy(stage, setup.toy, x, y, nod, blink=blink, back=back)
