"""Camera: a table with fruit, a chessboard or a cake, then the same table from straight above."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE, lathe
from rvebench.sim.families.camera._table import CENTRES, Centre, floor_shadow, paint_centre
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["TableAbove"]

_WOODS = (Rgb.of("#b07a48"), Rgb.of("#8c5f3c"), Rgb.of("#c29a6a"))
_CLOTHS = (Rgb.of("#c8d5cf"), Rgb.of("#d8a48f"), Rgb.of("#8fa9c4"), Rgb.of("#e0cf9b"))
_CUPS = (Rgb.of("#d9644a"), Rgb.of("#3f7f9c"), Rgb.of("#e9e4d8"), Rgb.of("#5f8f5f"))
_BOOKS = (Rgb.of("#7a2f3b"), Rgb.of("#2f5d62"), Rgb.of("#3b3f73"))
_SCENES: dict[Centre, tuple[str, str, str, str]] = {
    "fruit-plate": (
        "breakfast",
        "Cut to the picture a cook would take for a recipe book with a phone held flat over the meal.",
        "fruit",
        "Follow with the view of a moth that circles the lamp over this table.",
    ),
    "chessboard": (
        "game",
        "Cut to the diagram that a newspaper would print of this position, but filmed, not drawn.",
        "board",
        "Follow with the shot in which a viewer could write down which square every piece stands on.",
    ),
    "cake": (
        "birthday table",
        "Cut to the shot in which one can count the candles like the numbers of a clock.",
        "cake",
        "Follow with the view of the balloon that has escaped to the ceiling.",
    ),
}
"""What the table is set for, a cut, what the drone is over, and words for training."""
_FAR = 158.0
_FRONT, _ABOVE = math.radians(29), math.pi / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    centre: Centre
    """What lies in the middle."""
    wood: Rgb
    cloth: Rgb
    cup: Rgb
    book: Rgb
    wall: Rgb
    side: int
    """The cup stands on this side of the plate."""
    fruits: int
    cup_z: float
    book_turn: float
    pace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    tilt: float
    """Of the camera in radians: 0 level with the table, pi/2 straight above it."""


class TableAbove(Family[_Setup, _State]):
    """The camera goes up to the lamp and looks down."""

    name = "table-above"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "overhead"
    parts = ("plate", "fruit", "cake", "chessboard", "cup", "book", "vase", "beetle", "fork", "pencil")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws layout and colours."""
        return _Setup(
            centre=CENTRES[rng.integers(len(CENTRES))],
            wood=_WOODS[rng.integers(len(_WOODS))],
            cloth=_CLOTHS[rng.integers(len(_CLOTHS))],
            cup=_CUPS[rng.integers(len(_CUPS))],
            book=_BOOKS[rng.integers(len(_BOOKS))],
            wall=mix(Rgb.of("#9aa88e"), Rgb.of("#c7a98a"), float(rng.random())),
            side=1 if rng.random() < 0.5 else -1,
            fruits=int(rng.integers(2, 5)),
            cup_z=float(rng.uniform(-10, 30)),
            book_turn=float(rng.uniform(-14, 14)),
            pace=float(rng.uniform(16, 26)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the seat of a guest to the lamp above the table."""
        return States(
            source=_State(tilt=_FRONT),
            target=_State(tilt=_ABOVE),
            half=_State(tilt=(_FRONT + _ABOVE) / 2),
            wrong=_State(tilt=math.radians(7)),
        )

    def objects(self, setup: _Setup) -> str:
        """What lies in the middle of the table."""
        return setup.centre

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the angle."""
        scene, cut, over, train = _SCENES[setup.centre]
        thing = "fruit" if setup.centre == "fruit-plate" else setup.centre
        tool = "pencil" if setup.centre == "chessboard" else "fork"
        seen = "" if setup.centre == "chessboard" else "the plate and "
        return Words(
            instructions=(
                f"Next shot: what a spider hanging from the ceiling lamp sees of this {scene}.",
                cut,
                f"The following shot is filmed by a small drone that hovers exactly over the {over}.",
                "Continue with the frame that shows all the rims as perfect circles.",
                "Where is everything on this table? Answer with a shot that could serve as its floor plan.",
            ),
            train_instructions=(
                train,
                f"Show the same {scene} as an architect would draw its plan.",
            ),
            literal=f"Cut to a top-down shot of the same table, the camera straight above the {thing}.",
            expected=f"The same table seen vertically from above: {thing}, cup, book, vase and {tool} keep their "
            f"places and colours, {seen}the rims are full circles and no wall is visible.",
            preserve=("the things on the table and their places", "their colours", "the light", "the cloth"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A slow push in."""
        del setup, state
        return Camera(zoom=1.0 + 0.035 * clock.share, y=-1.5 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, table top, shadows, things from far to near."""
        tilt = state.tilt
        flatness = math.sin(tilt)
        middle = 136 + 52 * (1 - flatness) / (1 - math.sin(_FRONT))
        middle = min(middle, 200.0)
        far = middle - _FAR * flatness
        with stage.at_depth(1):
            self._room(stage, setup, far, flatness)
            with stage.moved(0, far, scale=1, scale_y=flatness):
                stage.static("top", lambda: self._top(stage, setup))
            near = far + 335 * flatness
            apron = stage.rect(-64, near, WIDTH + 128, HEIGHT)
            stage.paint(apron, linear((0, near), (0, near + 60), shade(setup.wood, 0.6), shade(setup.wood, 0.22)))
            edge = stage.rect(-64, far - 1.5, WIDTH + 128, 3)
            stage.effect(edge, flat(mix(setup.wood, WHITE, 0.5), alpha=0.6, blur=1))
            things = [
                (72.0, -118.0 * setup.side, self._vase),
                (62.0, 26.0 * setup.side, self._book),
                (setup.cup_z, 132.0 * setup.side, self._cup),
                (-34.0, -12.0 * setup.side, self._middle),
                (-56.0, -128.0 * setup.side, self._pencil if setup.centre == "chessboard" else self._fork),
                (-104.0, 20.0 * setup.side, self._beetle),
            ]
            for z, x, draw in things:
                with stage.moved(WIDTH / 2 + x, middle - z * flatness):
                    draw(stage, setup, tilt, clock)

    def _room(self, stage: Stage, setup: _Setup, far: float, flatness: float) -> None:
        wall = stage.rect(-64, -90, WIDTH + 128, far + 100)
        low = mix(shade(setup.wall, 0.55), Rgb.of("#5a4a3c"), flatness * 0.6)
        stage.paint(wall, linear((0, -40), (0, far), setup.wall, mix(setup.wall, low, 0.35), low))
        if flatness < 0.75:
            pane = stage.polygon([(150, -70), (236, -70), (286, far), (196, far)])
            stage.effect(pane, flat(Rgb(255, 240, 205), alpha=0.22 * (1 - flatness), blur=5))
            pane = stage.polygon([(258, -70), (336, -70), (392, far), (308, far)])
            stage.effect(pane, flat(Rgb(255, 240, 205), alpha=0.22 * (1 - flatness), blur=5))

    def _top(self, stage: Stage, setup: _Setup) -> None:
        top = stage.rect(-64, 0, WIDTH + 128, 400)
        stage.paint(top, linear((-64, 0), (WIDTH, 330), shade(setup.wood, 1.16), setup.wood, shade(setup.wood, 0.72)))
        stage.textured(stage.rect(-64, 0, WIDTH + 128, 336), "wood", strength=0.2, seed=1)
        for seam in (86, 172, 258):
            stage.effect(stage.rect(-64, seam, WIDTH + 128, 1.4), flat(shade(setup.wood, 0.45), alpha=0.55, blur=0.4))
        centre = WIDTH / 2 - 12 * setup.side
        cloth = stage.rect(centre - 96, 92, 192, 168, radius=3)
        stage.shadow(stage.rect(centre - 94, 95, 194, 169, radius=4), alpha=0.45, blur=3)
        stage.paint(cloth, linear((centre - 96, 92), (centre + 96, 260), shade(setup.cloth, 1.06), setup.cloth))
        stage.textured(cloth, "cloth", strength=0.1, seed=2)
        for inset in (8, 13):
            band = stage.rect(centre - 96 + inset, 92 + inset, 192 - 2 * inset, 168 - 2 * inset)
            stage.paint(band, flat(shade(setup.cloth, 0.68)), line=1.6)

    def _middle(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        paint_centre(stage, setup.centre, tilt, clock.time_s, colour=setup.cup, wood=setup.wood, count=setup.fruits)

    def _pencil(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        """A pencil on a sheet for writing the moves down."""
        del clock
        x = 8.0 * setup.side
        with stage.moved(0, 0, scale=1, scale_y=math.sin(tilt)):
            sheet = stage.polygon([(x - 20, -46), (x + 18, -50), (x + 22, 48), (x - 17, 52)])
            with stage.moved(2, 2):
                stage.shadow(sheet, alpha=0.35, blur=2)
            stage.paint(sheet, flat(Rgb.of("#f4eedd")), part="pencil")
            for row in range(7):
                line = [(x - 14, -34 + 9 * row), (x - 14 + 14 + 6 * ((row * 3) % 3), -35 + 9 * row)]
                stage.effect(stage.polygon(line, closed=False), flat(Rgb.of("#5a5660"), alpha=0.7), line=1.2)
            ends = [(x - 6, 44), (x + 15, -22)]
            with stage.moved(2.5, 2.5):
                stage.effect(stage.polygon(ends, closed=False), flat(Rgb(20, 12, 8), alpha=0.45, blur=1.2), line=4)
            stage.paint(stage.polygon(ends, closed=False), flat(Rgb.of("#e3a52e")), part="pencil", line=4.4)
            stage.effect(stage.polygon(ends, closed=False), flat(Rgb.of("#fbe09a"), alpha=0.8), line=1.2)
            point = stage.polygon([(x + 13, -21.4), (x + 17, -20.2), (x + 17.6, -30)])
            stage.paint(point, flat(Rgb.of("#ecd2a2")), part="pencil")
            stage.paint(stage.oval(x + 17.4, -29, 1), flat(Rgb.of("#2a2624")), part="pencil")

    def _cup(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        flatness, rise = math.sin(tilt), math.cos(tilt)
        floor_shadow(stage, tilt, 34, 46)
        lathe(stage, [(0, 30), (3, 38)], tilt, shade(setup.cup, 1.05), part="cup")
        handle = [(setup.side * r, -h * rise) for r, h in ((25, 42), (40, 40), (42, 24), (24, 14))]
        stage.paint(stage.curve(handle), flat(shade(setup.cup, 0.78)), part="cup", line=6)
        lathe(stage, [(3, 17), (12, 25), (48, 28)], tilt, setup.cup, part="cup")
        rim = stage.oval(0, -48 * rise, 26, 26 * flatness)
        stage.paint(rim, flat(shade(setup.cup, 0.5)), part="cup")
        with stage.clipped(rim):
            coffee = stage.oval(0, -41 * rise, 25.5, 25.5 * flatness)
            stage.paint(coffee, radial((-5, -41 * rise), 28, Rgb.of("#7a4d2c"), Rgb.of("#3a2114")), part="cup")
            ring = 6 + 12 * ((clock.time_s * 0.6) % 1)
            foam = flat(Rgb.of("#c99b6a"), alpha=0.45 * (1 - ring / 20))
            stage.effect(stage.oval(0, -41 * rise, ring, ring * flatness), foam, line=1.5)
        for wisp in range(3):
            age = (clock.time_s * 0.5 + wisp / 3) % 1
            height, drift = 50 + 60 * age, 7 * math.sin(age * 6 + wisp * 2)
            size = 8 + 12 * age
            puff = stage.oval(drift, -height * rise - 5 * wisp * flatness + 6, size, size * 0.9)
            stage.effect(puff, flat(WHITE, alpha=0.16 * math.sin(math.pi * age), blur=5))

    def _vase(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        flatness, rise = math.sin(tilt), math.cos(tilt)
        glass = mix(setup.cloth, Rgb.of("#41607a"), 0.55)
        floor_shadow(stage, tilt, 22, 80)
        lathe(stage, [(0, 17), (14, 25), (34, 22), (50, 12), (58, 15)], tilt, glass, part="vase")
        stage.paint(stage.oval(0, -58 * rise, 13, 13 * flatness), flat(shade(glass, 0.3)), part="vase")
        sway = 1.6 * math.sin(clock.time_s * 2.2)
        blooms = ((-20, 12, 78), (18, 14, 84), (0, -16, 74), (-2, 4, 96))
        for index, (x, z, height) in enumerate(blooms):
            top = (x + sway, -z * flatness - height * rise)
            stalk = stage.curve([(0, -54 * rise), (x * 0.4, -(z * flatness) * 0.4 - 66 * rise), top])
            stage.paint(stalk, flat(Rgb.of("#4f7a3c")), part="vase", line=2.2)
            colour = (Rgb.of("#f2c14e"), Rgb.of("#f4f0e6"), Rgb.of("#e58a9a"), Rgb.of("#f2c14e"))[index]
            lean = max(0.62, flatness)
            stage.shadow(stage.oval(top[0] + 2, top[1] + 3, 11, 11 * lean), alpha=0.25, blur=2)
            for petal in range(8):
                angle = petal * math.pi / 4 + index
                at = (top[0] + 8 * math.cos(angle), top[1] + 8 * lean * math.sin(angle))
                stage.paint(stage.oval(*at, 5, 5 * lean), flat(shade(colour, 0.86 + 0.03 * petal)), part="vase")
            stage.paint(stage.oval(*top, 4.6, 4.6 * lean), flat(Rgb.of("#9a5a1e")), part="vase")

    def _book(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        del clock
        flatness, rise = math.sin(tilt), math.cos(tilt)
        turn = math.radians(setup.book_turn)

        def at(u: float, v: float, h: float) -> tuple[float, float]:
            x, z = u * math.cos(turn) - v * math.sin(turn), u * math.sin(turn) + v * math.cos(turn)
            return x, -z * flatness - h * rise

        corners = [(-46, -30), (46, -30), (46, 30), (-46, 30)]
        shadow = [(x + 8, y + 5 * flatness + 1) for x, y in (at(u, v, 0) for u, v in corners)]
        stage.shadow(stage.polygon(shadow), alpha=0.5, blur=3)
        stage.paint(stage.polygon([at(u, v, 0) for u, v in corners]), flat(shade(setup.book, 0.6)), part="book")
        for a, b in ((0, 1), (1, 2), (3, 0)):
            face = [at(*corners[a], 0), at(*corners[b], 0), at(*corners[b], 12), at(*corners[a], 12)]
            stage.paint(stage.polygon(face), flat(shade(Rgb.of("#e6dcc4"), 0.95 if a == 0 else 0.75)), part="book")
        cover = [at(u, v, 13) for u, v in corners]
        tone = linear(cover[0], cover[2], shade(setup.book, 0.95), shade(setup.book, 1.3))
        stage.paint(stage.polygon(cover), tone, part="book")
        gold = Rgb.of("#d9b45a")
        stage.paint(stage.polygon([at(u * 0.86, v * 0.8, 13) for u, v in corners]), flat(gold), part="book", line=1.3)
        badge = stage.polygon([at(12 * math.cos(k), 9 * math.sin(k), 13) for k in (0, 1.571, 3.142, 4.712)])
        stage.paint(badge, flat(gold), part="book")

    def _fork(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        del clock
        steel = Rgb.of("#c9ced4")
        x = 16.0 * setup.side
        with stage.moved(0, 0, scale=1, scale_y=math.sin(tilt)):
            shaft = stage.polygon([(x, -18), (x, 62)], closed=False)
            bowl = stage.curve([(x - 7, -44), (x - 6, -26), (x, -17), (x + 6, -26), (x + 7, -44)])
            with stage.moved(2.5, 2.5):
                stage.effect(shaft, flat(Rgb(20, 12, 8), alpha=0.4, blur=1.5), line=4)
                stage.shadow(bowl, alpha=0.4, blur=1.5)
            stage.paint(shaft, flat(steel), part="fork", line=4)
            stage.paint(bowl, flat(shade(steel, 0.94)), part="fork")
            for tine in range(4):
                stage.paint(stage.rect(x - 7.5 + 4.2 * tine, -56, 2.4, 30, radius=1), flat(steel), part="fork")
            stage.effect(stage.rect(x - 1, -10, 1.4, 66), flat(WHITE, alpha=0.7, blur=0.6))

    def _beetle(self, stage: Stage, setup: _Setup, tilt: float, clock: Clock) -> None:
        """A ladybird that walks along the near edge: what moves besides the steam."""
        flatness, rise = math.sin(tilt), math.cos(tilt)
        walk = setup.side * (-30 + setup.pace * clock.time_s)
        with stage.moved(walk, 1.5 * math.sin(clock.time_s * 3)):
            tall = 8 * flatness + 5.5 * rise
            stage.shadow(stage.oval(2, 1.5, 11, max(2.5, 8 * flatness)), alpha=0.45, blur=1.5)
            for leg in (-1, 0, 1):
                kick = 2 * math.sin(clock.time_s * 22 + leg * 2)
                line = [(leg * 5 + kick, 9 * flatness), (leg * 4, 0), (leg * 5 - kick, -9 * flatness)]
                stage.paint(stage.polygon(line, closed=False), flat(Rgb.of("#1d1a18")), part="beetle", line=1.4)
            stage.paint(stage.oval(setup.side * 9, -3 * rise, 4.5, 4), flat(Rgb.of("#1d1a18")), part="beetle")
            shell = stage.oval(0, -4 * rise, 10, tall)
            stage.paint(shell, radial((-3, -7), 14, Rgb.of("#f06a4a"), Rgb.of("#b52318")), part="beetle")
            with stage.clipped(shell):
                stage.paint(stage.rect(-10, -4.5 * rise - 0.5, 20, 1), flat(Rgb.of("#1d1a18")), part="beetle")
                for dot in ((-4, -4), (4, -4), (-3, 4), (5, 3.5)):
                    spot = stage.oval(dot[0], -4 * rise + dot[1] * (flatness + 0.3), 2)
                    stage.paint(spot, flat(Rgb.of("#1d1a18")), part="beetle")
