"""Spatial: the sun crosses the sky and every shadow swings to the other side of what casts it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.spatial._parts import (
    clouds,
    everywhere,
    merged,
    projected,
    ring,
    strip,
    tree,
    tree_outline,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["SunShadows"]

_LEAVES = (Rgb.of("#5f9a3e"), Rgb.of("#c98a2e"), Rgb.of("#3f8a5c"), Rgb.of("#b9592e"))
_SKIES = (
    (Rgb.of("#6fa9dc"), Rgb.of("#cfe3ee"), Rgb.of("#f6e7c6")),
    (Rgb.of("#7c9fd0"), Rgb.of("#e0cfd4"), Rgb.of("#fbd9b0")),
    (Rgb.of("#5fb0c9"), Rgb.of("#bfe3df"), Rgb.of("#f4f0cf")),
)
_HORIZON = 128.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    side: int
    """Where the sun stands in the source: -1 left, 1 right."""
    high: float
    tree_x: float
    tall: float
    leaf: Rgb
    sky: int
    kind: str
    """What stands beside the tree."""
    mark_x: float
    sheep_x: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    sun: float
    """Where the sun stands: -1 the side of the source, 0 noon, 1 the other side."""
    shadows: float
    """Where the sun stands that the shadows know of."""


class SunShadows(Family[_Setup, _State]):
    """Shadows lie opposite the sun; when it has crossed the sky they point the other way."""

    name = "sun-shadows"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SPATIAL
    law = "shadow"
    parts = ("sun", "tree", "mark", "sheep", "fence", "butterfly")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws side, place, season, the thing beside the tree."""
        flip = bool(rng.integers(2))
        tree_x = float(rng.uniform(150, 215))
        mark_x = tree_x + float(rng.uniform(110, 140))
        return _Setup(
            side=-1 if rng.integers(2) else 1,
            high=float(rng.uniform(64, 82)),
            tree_x=WIDTH - tree_x if flip else tree_x,
            tall=float(rng.uniform(104, 122)),
            leaf=_LEAVES[rng.integers(len(_LEAVES))],
            sky=int(rng.integers(len(_SKIES))),
            kind=("sundial", "haystack", "signpost")[rng.integers(3)],
            mark_x=WIDTH - mark_x if flip else mark_x,
            sheep_x=(WIDTH if flip else 0) + (-1 if flip else 1) * (tree_x + mark_x + float(rng.uniform(-20, 30))) / 2,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From one side through noon to the other; the wrong sun moves and leaves the shadows."""
        return States(
            source=_State(sun=-1, shadows=-1),
            target=_State(sun=1, shadows=1),
            half=_State(sun=0.05, shadows=0.05),
            wrong=_State(sun=1, shadows=-1),
        )

    def objects(self, setup: _Setup) -> str:
        """What stands beside the tree."""
        return setup.kind

    def words(self, setup: _Setup) -> Words:
        """The paraphrases give the hour or the compass, never the dark shapes on the grass."""
        now, later = ("left", "right") if setup.side < 0 else ("right", "left")
        return Words(
            instructions=(
                "It is as many hours before noon here as I would like it to be after noon. Show me that moment.",
                "The sun has crossed the whole sky and stands just as high on the opposite side. "
                "Let the meadow follow.",
                f"Take the light that now comes in from the {now} and let it come in from the {later}, equally low.",
                "Half a turn of the sky later, with the same clouds and the same sheep: what does one see?",
            ),
            train_instructions=(
                f"Suppose the {later} of this picture were east and the day had just begun at the same low angle.",
                "Swap this morning for the matching hour of the afternoon.",
            ),
            literal=f"Move the sun to the {later} of the sky and turn all shadows so that they fall to the {now}.",
            expected=f"The sun stands low on the {later}; the shadows of the tree, the {setup.kind}, the fence and the "
            f"sheep now fall to the {now}, still joined to the feet of what casts them, and the {later} sides are lit.",
            preserve=("the tree and its place", f"the {setup.kind}", "the sheep", "the clouds", "the camera"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Low at both ends, high at noon."""
        return Light(azimuth=setup.side * -state.sun, elevation=0.4 + 0.5 * (1 - state.sun**2))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, sun, meadow, shadows, then what stands on it."""
        stage.static("sky", lambda: self._sky(stage, setup))
        where = setup.side * -state.sun
        sun_x = WIDTH / 2 + 178 * where
        sun_y = setup.high - (setup.high - 30) * (1 - state.sun**2)
        stage.glow(sun_x, sun_y, 58, Rgb(255, 214, 120), alpha=0.3)
        disc = radial((sun_x, sun_y), 16, Rgb(255, 255, 240), Rgb(255, 240, 170))
        stage.paint(stage.oval(sun_x, sun_y, 13), disc, part="sun")
        clouds(stage, setup.phase, clock.time_s, top=16)
        stage.static("meadow", lambda: self._meadow(stage, setup))
        cast = setup.side * -state.shadows
        length = 0.4 + 1.05 * state.shadows**2
        slant = (-cast * length, 0.08 + 0.24 * length)
        sway = 3 * math.sin(clock.time_s * 1.7 + setup.phase)
        self._shadows(stage, setup, slant, sway)
        self._fence(stage, setup)
        tree(stage, (setup.tree_x, 186), setup.tall, setup.leaf, toward=where, sway=sway, part="tree")
        getattr(self, f"_{setup.kind}")(stage, setup.mark_x, 224.0, where)
        self._sheep(stage, setup, clock, where)
        self._butterfly(stage, setup, clock)

    def _sky(self, stage: Stage, setup: _Setup) -> None:
        stage.paint(everywhere(stage), linear((0, -10), (0, _HORIZON), *_SKIES[setup.sky]))

    def _meadow(self, stage: Stage, setup: _Setup) -> None:
        haze = _SKIES[setup.sky][2]
        base = mix(Rgb.of("#5e8f43"), setup.leaf, 0.22)
        for k, (y, tall) in enumerate(((118.0, 22.0), (126.0, 15.0))):
            points = [(x, y - tall * (0.5 + 0.5 * math.sin(x * (0.013 + 0.006 * k) + setup.phase + k)))
                      for x in range(-70, 560, 30)]  # fmt: skip
            hill = stage.curve([(-70, 300), *points, (550, 300)], closed=False)
            stage.paint(hill, linear((0, y - tall), (0, y + 30), mix(haze, base, 0.45 + 0.25 * k), base))
        field = stage.rect(-64, _HORIZON, WIDTH + 128, 220)
        stage.paint(field, linear((0, _HORIZON), (0, HEIGHT), mix(base, haze, 0.3), base, shade(base, 0.72)))
        stage.textured(field, "grass", strength=0.2)
        for k in range(60):
            x = (k * 83.7 + setup.phase * 50) % 500 - 10
            y = 150 + ((k * 0.618) % 1) ** 1.5 * 118
            size = 0.6 + (y - 140) / 110
            petal = (Rgb(250, 246, 240), Rgb(246, 206, 82), Rgb(224, 120, 140))[k % 3]
            stage.paint(stage.oval(x, y, size, size * 0.8), flat(petal))
        for k in range(40):
            x, y = (k * 61.3 + setup.phase * 31) % 500 - 10, 160 + ((k * 0.447) % 1) * 110
            blade = stage.polygon([(x, y), (x + 2, y - 6)], closed=False)
            stage.paint(blade, flat(shade(base, 0.62), alpha=0.7), line=0.9)

    def _fence_posts(self, setup: _Setup) -> list[float]:
        start = 8.0 if setup.tree_x > WIDTH / 2 else 330.0
        return [start + 34 * k for k in range(5)]

    def _shadows(self, stage: Stage, setup: _Setup, slant: Point, sway: float) -> None:
        with stage.clipped(stage.rect(-64, _HORIZON + 6, WIDTH + 128, 200)):
            top = setup.tall
            shapes = [
                projected(stage, (setup.tree_x, 186), [(s + sway * h / top, h) for s, h in outline], slant)
                for outline in tree_outline(top)
            ]
            shapes += [projected(stage, (x, 158), strip(2, 24), slant) for x in self._fence_posts(setup)]
            posts = self._fence_posts(setup)
            for height in (11.0, 20.0):
                rail = [(posts[0] - 8.0, height), (posts[-1] + 8.0, height), (posts[-1] + 8.0, height + 3),
                        (posts[0] - 8.0, height + 3)]  # fmt: skip
                shapes.append(projected(stage, (0, 158), rail, slant))
            marks: dict[str, list[list[Point]]] = {
                "sundial": [strip(9, 44, 6), ring(0, 47, 22, 4), [(0, 48), (16, 48), (0, 66)]],
                "haystack": [[(-34, 0), (34, 0), (31, 26), (16, 48), (0, 56), (-16, 48), (-31, 26)]],
                "signpost": [strip(3, 66), [(-30, 46), (22, 46), (30, 53), (22, 60), (-30, 60)]],
            }
            shapes += [projected(stage, (setup.mark_x, 224), outline, slant) for outline in marks[setup.kind]]
            sheep = [ring(0, 15, 17, 11), strip(10, 12)]
            shapes += [projected(stage, (setup.sheep_x, 252), outline, slant) for outline in sheep]
            stage.shadow(merged(shapes), alpha=0.5, blur=1.3, colour=Rgb(20, 30, 34))

    def _fence(self, stage: Stage, setup: _Setup) -> None:
        posts = self._fence_posts(setup)
        wood, dark = Rgb.of("#c2a67e"), Rgb.of("#8a6e4c")
        for height in (14.0, 23.0):
            rail = stage.rect(posts[0] - 8, 158 - height, posts[-1] - posts[0] + 16, 3.4, radius=1)
            stage.paint(rail, flat(mix(wood, dark, 0.3)), part="fence")
        for x in posts:
            post = stage.polygon([(x - 2.4, 159), (x - 2.4, 133), (x, 130), (x + 2.4, 133), (x + 2.4, 159)])
            stage.paint(post, linear((x - 2, 0), (x + 2, 0), wood, dark), part="fence")

    def _sheep(self, stage: Stage, setup: _Setup, clock: Clock, where: float) -> None:
        x, y = setup.sheep_x, 252.0
        nod = 2.5 * math.sin(clock.time_s * 2.4 + setup.phase)
        for dx in (-9, -5, 5, 9):
            stage.paint(stage.rect(x + dx - 1.3, y - 9, 2.6, 10), flat(Rgb.of("#3a322e")), part="sheep")
        for dx, dy, radius in ((-11, -15, 8), (-4, -20, 8), (5, -20, 8), (11, -15, 8), (0, -13, 10), (-7, -11, 7),
                               (7, -11, 7)):  # fmt: skip
            puff = radial((x + dx + where * 4, y + dy - 3), radius * 1.9, Rgb.of("#fffaf0"), Rgb.of("#b4aca4"))
            stage.paint(stage.oval(x + dx, y + dy, radius, radius * 0.9), puff, part="sheep")
        stage.paint(stage.oval(x - 21, y - 14 + nod, 6, 4.6), flat(Rgb.of("#453a34")), part="sheep")
        stage.paint(stage.oval(x - 17, y - 18 + nod, 4, 2), flat(Rgb.of("#332a26")), part="sheep")
        stage.effect(stage.oval(x - 22.5, y - 15 + nod, 0.9), flat(Rgb(255, 255, 255)))

    def _sundial(self, stage: Stage, x: float, y: float, where: float) -> None:
        lit, dim = Rgb.of("#e6dcc6"), Rgb.of("#8b8478")
        sides = (dim, mix(lit, dim, 0.5), lit) if where > 0 else (lit, mix(lit, dim, 0.5), dim)
        stage.paint(stage.rect(x - 14, y - 6, 28, 8, radius=2), linear((x - 14, 0), (x + 14, 0), *sides), part="mark")
        pillar = stage.polygon([(x - 9, y - 4), (x - 6, y - 44), (x + 6, y - 44), (x + 9, y - 4)])
        stage.paint(pillar, linear((x - 9, 0), (x + 9, 0), *sides), part="mark")
        stage.paint(stage.oval(x, y - 45, 22, 6), linear((x - 22, 0), (x + 22, 0), *sides), part="mark")
        stage.paint(stage.oval(x, y - 47, 22, 6), flat(Rgb.of("#efe7d4")), part="mark")
        needle = stage.polygon([(x, y - 47), (x + 15, y - 47), (x, y - 65)])
        stage.paint(needle, linear((x, 0), (x + 15, 0), Rgb.of("#d8b04c"), Rgb.of("#8a6a24")), part="mark")

    def _haystack(self, stage: Stage, x: float, y: float, where: float) -> None:
        lit, dim = Rgb.of("#f3cf72"), Rgb.of("#9a6f2c")
        body = stage.curve([(x - 36, y), (x - 32, y - 26), (x - 16, y - 48), (x, y - 56), (x + 16, y - 48),
                            (x + 32, y - 26), (x + 36, y), (x, y + 5)], closed=True)  # fmt: skip
        stage.paint(body, radial((x + where * 18, y - 40), 66, lit, mix(lit, dim, 0.5), dim), part="mark")
        with stage.clipped(body):
            for k in range(46):
                px, py = x - 36 + (k * 29.3) % 72, y - 54 + (k * 17.7) % 56
                tone = shade(lit, 1.1) if k % 2 else dim
                straw = stage.polygon([(px, py), (px + 4 * math.sin(k * 1.9), py + 8)], closed=False)
                stage.effect(straw, flat(tone, alpha=0.5), line=1)

    def _signpost(self, stage: Stage, x: float, y: float, where: float) -> None:
        lit, dim = Rgb.of("#c89a66"), Rgb.of("#6e4a2c")
        sides = (dim, lit) if where > 0 else (lit, dim)
        stage.paint(stage.rect(x - 3, y - 68, 6, 69, radius=1), linear((x - 3, 0), (x + 3, 0), *sides), part="mark")
        board = stage.polygon([(x - 30, y - 61), (x + 22, y - 61), (x + 31, y - 53.5), (x + 22, y - 46),
                               (x - 30, y - 46)])  # fmt: skip
        stage.paint(board, linear((x - 30, 0), (x + 30, 0), *sides), part="mark")
        for k, wide in enumerate((34, 22)):
            line = stage.rect(x - 24, y - 57.5 + 5 * k, wide, 2, radius=1)
            stage.effect(line, flat(Rgb.of("#f6ead2"), alpha=0.8))

    def _butterfly(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        t = clock.time_s
        x = setup.mark_x + 44 * math.sin(t * 1.1 + setup.phase)
        y = 150 + 14 * math.sin(t * 2.3 + setup.phase * 2)
        spread = 2.5 + 3.5 * abs(math.sin(t * 11))
        for side in (-1, 1):
            wing = stage.oval(x + side * spread * 0.7, y - 1, spread, 4.5)
            stage.paint(wing, flat(Rgb.of("#f2f0ff" if setup.sky == 1 else "#f4a83a")), part="butterfly")
        stage.paint(stage.rect(x - 0.7, y - 4, 1.4, 8, radius=0.7), flat(Rgb.of("#33261e")), part="butterfly")
