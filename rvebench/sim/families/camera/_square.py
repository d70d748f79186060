"""A market square in space: six rows of houses about a pavement, a sky, and what stands on the stones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._figures import box
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.families.camera._space import Blob, Plane, Sheet, Solid, Sun, Vec, View
from rvebench.sim.stage import HEIGHT, WIDTH, Point, Stage, flat, linear, load_skia

__all__ = ["Square", "bench", "lamp", "pigeon", "stall", "tree"]

_RING, _HALF = 485.0, 280.0
"""Distance of the houses from the middle, and half the length of a row."""
_UNIT = 2.0
"""Units of space for one unit of a row's layer."""
_FLOOR = 2.8
_FOOT = 200.0
_WALLS = ("#e8d9b8", "#d99a78", "#b9c8b0", "#e3b96a", "#c98a8a", "#a9bccb", "#efe6d6", "#cf8f5f", "#b7a9c4")
_ROOFS = ("#a2503c", "#7a4438", "#5f6470", "#8f5a3a")
_AWNINGS = ("#c8443c", "#3f7f6a", "#d9a23a", "#4a6f9c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """The place, without what stands in its middle."""

    sun: Sun
    dusk: float
    seed: int
    tower: float
    """Direction of the church tower, as an angle about the middle."""
    dome: float
    """Direction of the town hall."""

    def draw_far(self, stage: Stage, view: View, time_s: float) -> None:
        """Draws the sky with its clouds, and what rises behind the houses."""
        stage.static("sky", lambda: self._sky(stage, view))
        tone = mix(WHITE, Rgb(255, 206, 176), self.dusk)
        for index in range(9):
            away = (2 * math.pi * index / 9 + 0.006 * time_s - view.angle + math.pi) % (2 * math.pi) - math.pi
            if abs(away) < 1.0:
                x, y = WIDTH / 2 - view.focal * math.tan(away), 22 + (index * 37) % 52
                for dx, dy, radius in ((-19, 3, 14), (0, -4, 20), (21, 2, 15)):
                    stage.effect(stage.oval(x + dx, y + dy, radius * 1.4, radius * 0.55), flat(tone, alpha=0.6, blur=3))
        for away, drawn in ((self.tower, self._tower), (self.dome, self._dome)):
            foot = Vec(760 * math.sin(away), 0, 760 * math.cos(away))
            if view.toward(foot) < 0:
                at = view.see(foot)
                with stage.moved(at.x, at.y, scale=at.scale):
                    drawn(stage, view)

    def _sky(self, stage: Stage, view: View) -> None:
        top = mix(Rgb.of("#5f9fd8"), Rgb.of("#5a5590"), self.dusk)
        low = mix(Rgb.of("#e0eff6"), Rgb.of("#f7bd8c"), self.dusk)
        sky = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 64)
        stage.paint(sky, linear((0, -20), (0, view.horizon + 10), top, mix(top, low, 0.6), low))

    def _tower(self, stage: Stage, view: View) -> None:
        stone = mix(Rgb.of("#c9b596"), Rgb.of("#a88a86"), self.dusk)
        lit = [self.sun.lit(stone, self._toward(view, turn)) for turn in (-0.6, 0.6)]
        body = stage.rect(-44, -440, 88, 440)
        stage.paint(body, linear((-44, 0), (44, 0), *lit), part="tower")
        for y in (-432, -330):
            stage.paint(stage.rect(-49, y, 98, 9), flat(shade(lit[0], 0.86)), part="tower")
        for x in (-20, 20):
            stage.paint(stage.rect(x - 8, -420, 16, 36, radius=8), flat(Rgb.of("#4a3f3c")), part="tower")
        spire = stage.polygon([(-52, -436), (0, -560), (52, -436)])
        slate = Rgb.of("#5a6a74")
        tones = [self.sun.lit(slate, self._toward(view, turn)) for turn in (-0.6, 0.6)]
        stage.paint(spire, linear((-30, 0), (30, 0), *tones), part="tower")
        stage.paint(stage.oval(0, -354, 19), flat(Rgb.of("#f4ecd8")), part="tower")
        for hand in ((0, -369), (11, -350)):
            line = stage.polygon([(0, -354), hand], closed=False)
            stage.paint(line, flat(Rgb.of("#3a302a")), part="tower", line=3)

    def _dome(self, stage: Stage, view: View) -> None:
        copper, stone = Rgb.of("#6fa08a"), Rgb.of("#d8cbb4")
        lit = [[self.sun.lit(tone, self._toward(view, turn)) for turn in (-0.8, 0.8)] for tone in (copper, stone)]
        stage.paint(stage.rect(-70, -330, 140, 330), linear((-70, 0), (70, 0), *lit[1]), part="houses")
        for x in range(-56, 57, 28):
            stage.paint(stage.rect(x - 6, -318, 12, 44, radius=6), flat(shade(lit[1][1], 0.5)), part="houses")
        cup = stage.curve([(-78, -328), (-70, -372), (-40, -410), (0, -424), (40, -410), (70, -372), (78, -328)])
        stage.paint(cup, linear((-70, 0), (70, 0), *lit[0]), part="houses")
        stage.paint(stage.rect(-8, -452, 16, 32, radius=4), flat(lit[1][0]), part="houses")
        stage.paint(stage.polygon([(-10, -450), (0, -480), (10, -450)]), flat(lit[0][0]), part="houses")

    def _toward(self, view: View, turn: float) -> Vec:
        return Vec(math.sin(view.angle + turn), 0.2, math.cos(view.angle + turn))

    # ---- pavement and houses

    def draw_ground(self, stage: Stage, view: View) -> None:
        """Draws the stones, with the shadow of the houses on them."""
        floor = Plane(Vec(-_FLOOR * WIDTH / 2, 0, -_FLOOR * HEIGHT / 2), Vec(_FLOOR, 0, 0), Vec(0, 0, _FLOOR))
        corners = [self._on_floor(_polar(1.16 * _RING, math.pi / 3 * (k + 0.5))) for k in range(6)]
        view.paste(stage, "ground", lambda: self._ground(stage), floor, corners)
        if stage.is_picture:
            self._seams(stage, view)

    def _seams(self, stage: Stage, view: View) -> None:
        """Draws the joints of the pavement, in rings about the middle; the nearer, the wider."""
        x, z = np.moveaxis(_joints(), -1, 0)
        sine, cosine = math.sin(view.angle), math.cos(view.angle)
        scale = view.focal / np.maximum(60.0, view.distance - x * sine - z * cosine)
        across, down = WIDTH / 2 + (x * cosine - z * sine) * scale, view.horizon + view.height * scale
        shown = (scale.max(axis=1) < 3.4) & (np.abs(across - WIDTH / 2).min(axis=1) < WIDTH / 2 + 40)
        widths = np.array((0.8, 1.2, 1.8, 3.0))
        paths = [load_skia().Path() for _ in widths]
        nearest = np.abs(widths - 1.7 * scale[:, :1]).argmin(axis=1)
        ends = np.stack([across[:, 0], down[:, 0], across[:, 1], down[:, 1]], axis=1)
        for which, (x0, y0, x1, y1) in zip(nearest[shown].tolist(), ends[shown].tolist(), strict=True):
            paths[which].moveTo(x0, y0)
            paths[which].lineTo(x1, y1)
        for wide, path in zip(widths.tolist(), paths, strict=True):
            stage.effect(path, flat(shade(self._stone(), 0.55), alpha=0.35), line=wide)

    def _stone(self) -> Rgb:
        return self.sun.lit(mix(Rgb.of("#c6b79c"), Rgb.of("#b49a8e"), self.dusk), Vec(0, 1, 0))

    def _ground(self, stage: Stage) -> None:
        floor = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(floor, flat(self._stone()))
        stage.textured(floor, "stone", strength=0.12, seed=1)
        stage.textured(floor, "plaster", strength=0.16, seed=2)
        for row in range(6):
            centre, along = self._row(row)
            ends = [centre.plus(along, side * _HALF) for side in (-1, 1)]
            if centre.x * math.sin(self.sun.angle) + centre.z * math.cos(self.sun.angle) > 60:
                far = [self.sun.shadow(end._replace(y=170)) for end in reversed(ends)]
                stage.shadow(stage.polygon([self._on_floor(place) for place in (*ends, *far)]), alpha=0.3, blur=1.5)
            base = stage.polygon([self._on_floor(place) for place in ends], closed=False)
            stage.effect(base, flat(Rgb(30, 22, 18), alpha=0.5, blur=3), line=5)

    def _on_floor(self, place: Vec) -> Point:
        """Returns where a place of the ground lies in its layer."""
        return WIDTH / 2 + place.x / _FLOOR, HEIGHT / 2 + place.z / _FLOOR

    def _row(self, row: int) -> tuple[Vec, Vec]:
        """Returns the middle of a row's foot, and the direction along it as seen from inside."""
        turn = math.pi / 3 * row
        return Vec(_RING * math.sin(turn), 0, _RING * math.cos(turn)), Vec(-math.cos(turn), 0, math.sin(turn))

    def draw_houses(self, stage: Stage, view: View) -> None:
        """Draws the rows that face the camera, from far to near."""
        rows = [row for row in range(6) if view.toward(self._row(row)[0]) < 0.25 * _RING]
        for row in sorted(rows, key=lambda row: view.toward(self._row(row)[0])):
            centre, along = self._row(row)
            origin = centre.plus(along, -_UNIT * WIDTH / 2)._replace(y=_UNIT * _FOOT)
            wall = Plane(origin, Vec(along.x * _UNIT, 0, along.z * _UNIT), Vec(0, -_UNIT, 0))
            left, right = WIDTH / 2 - _HALF / _UNIT - 2, WIDTH / 2 + _HALF / _UNIT + 2
            area = [(left, 40.0), (right, 40.0), (right, _FOOT), (left, _FOOT)]
            view.paste(stage, f"row {row}", lambda row=row: self._houses(stage, row), wall, area)  # type: ignore[misc]

    def _houses(self, stage: Stage, row: int) -> None:
        rng = np.random.default_rng([self.seed, row])
        centre, _ = self._row(row)
        normal = Vec(-centre.x / _RING, 0.1, -centre.z / _RING)
        shares = rng.uniform(0.8, 1.25, 3)
        x = WIDTH / 2 - _HALF / _UNIT
        for index, share in enumerate(shares / shares.sum()):
            wide = float(share) * 2 * _HALF / _UNIT
            wall = self.sun.lit(Rgb.of(_WALLS[(self.seed + 3 * row + index * 2) % len(_WALLS)]), normal)
            roof = self.sun.lit(Rgb.of(_ROOFS[(self.seed + row + index) % len(_ROOFS)]), normal)
            self._house(stage, rng, x, wide, wall, roof)
            x += wide

    def _house(self, stage: Stage, rng: np.random.Generator, x: float, wide: float, wall: Rgb, roof: Rgb) -> None:
        tall = float(rng.uniform(84, 108))
        top, gable = _FOOT - tall, ("steep", "steps", "flat")[rng.integers(3)]
        middle = x + wide / 2
        if gable == "flat":
            crown = stage.polygon(
                [(x - 1, top + 1), (x + 7, top - 20), (x + wide - 7, top - 20), (x + wide + 1, top + 1)]
            )
            stage.paint(crown, linear((0, top - 20), (0, top), shade(roof, 1.15), shade(roof, 0.85)), part="houses")
            for step in (0.3, 0.7):
                dormer = stage.rect(x + wide * step - 6, top - 14, 12, 12, radius=2)
                stage.paint(dormer, flat(shade(wall, 1.02)), part="houses")
                stage.paint(stage.rect(x + wide * step - 3.4, top - 11, 6.8, 8), flat(Rgb.of("#3f4a56")), part="houses")
        elif gable == "steep":
            stage.paint(
                stage.polygon([(x - 2, top + 2), (middle, top - 36), (x + wide + 2, top + 2)]),
                flat(roof),
                part="houses",
            )
            inner = stage.polygon([(x + 5, top + 2), (middle, top - 29), (x + wide - 5, top + 2)])
            stage.paint(inner, flat(wall), part="houses")
            stage.paint(stage.oval(middle, top - 10, 5, 6), flat(Rgb.of("#3f4a56")), part="houses")
        else:
            points = [(x, top + 2)]
            for step in range(4):
                left, y = x + step * wide * 0.11, top - 9 * (step + 1)
                points += [(left, y), (left + wide * 0.11, y)]
            points += [(2 * middle - px, py) for px, py in reversed(points)]
            stage.paint(stage.polygon(points), flat(shade(wall, 0.97)), part="houses")
            stage.effect(stage.polygon(points[:-1], closed=False), flat(shade(roof, 1.1)), line=2)
            stage.paint(stage.rect(middle - 5, top - 22, 10, 13, radius=5), flat(Rgb.of("#3f4a56")), part="houses")
        body = stage.rect(x, top, wide, tall)
        stage.paint(body, linear((0, top), (0, _FOOT), shade(wall, 1.05), wall, shade(wall, 0.86)), part="houses")
        stage.textured(body, "plaster", strength=0.12, seed=int(rng.integers(99)))
        stage.effect(stage.rect(x, top, 1.2, tall), flat(shade(wall, 0.5), alpha=0.5))
        stage.paint(stage.rect(x, _FOOT - 32, wide, 2.2), flat(shade(wall, 1.14)), part="houses")
        count = 3 if wide > 92 else 2
        shutters = shade(Rgb.of(_AWNINGS[rng.integers(len(_AWNINGS))]), 0.6)
        glass = mix(Rgb.of("#52687a"), Rgb.of("#ffd98c"), 0.75 * self.dusk)
        for floor in range(2):
            for column in range(count):
                at, y = x + wide * (column + 0.5) / count, top + 10 + floor * (tall - 42) / 2
                stage.paint(stage.rect(at - 7.4, y - 1.4, 14.8, 22), flat(shade(wall, 1.16)), part="houses")
                stage.paint(
                    stage.rect(at - 6, y, 12, 19),
                    linear((at - 6, y), (at + 6, y + 19), glass, shade(glass, 0.7)),
                    part="houses",
                )
                for bar in (stage.rect(at - 0.5, y, 1, 19), stage.rect(at - 6, y + 8, 12, 1)):
                    stage.paint(bar, flat(shade(wall, 1.12)), part="houses")
                for side in (-1, 1):
                    stage.paint(stage.rect(at + side * 10 - 2.6, y - 1, 5.2, 21), flat(shutters), part="houses")
                stage.shadow(stage.rect(at - 8, y + 21, 16, 2), alpha=0.35, blur=1)
        door = x + wide * float(rng.choice([0.22, 0.78]))
        stage.paint(stage.rect(door - 7.5, _FOOT - 27, 15, 27, radius=2), flat(shade(shutters, 0.8)), part="houses")
        stage.effect(stage.oval(door + 4, _FOOT - 13, 1), flat(Rgb.of("#e8c870")))
        left = x + 5 if door > middle else door + 12
        shop = wide - 24 - 7
        stage.paint(
            stage.rect(left, _FOOT - 23, shop, 17),
            linear((left, 0), (left + shop, 0), glass, shade(glass, 0.6)),
            part="houses",
        )
        tone = Rgb.of(_AWNINGS[rng.integers(len(_AWNINGS))])
        stripes = max(4, int(shop / 7))
        stage.shadow(stage.rect(left, _FOOT - 21, shop, 7), alpha=0.5, blur=2)
        for stripe in range(stripes):
            a, b = left + shop * stripe / stripes, left + shop * (stripe + 1) / stripes
            cloth = stage.polygon([(a, _FOOT - 30), (b, _FOOT - 30), (b + 0.5, _FOOT - 20), (a - 0.5, _FOOT - 20)])
            stage.paint(cloth, flat(tone if stripe % 2 else Rgb.of("#f2ead8")), part="houses")


def _polar(radius: float, turn: float) -> Vec:
    return Vec(radius * math.sin(turn), 0.0, radius * math.cos(turn))


@cache
def _joints() -> npt.NDArray[np.float64]:
    """Returns the joints of the pavement, shape (lines, 2 ends, x and z)."""
    rings = [92.0 + 34 * ring + 3 * ring * (ring % 2) for ring in range(9)]
    lines: list[tuple[Vec, Vec]] = []
    for index, radius in enumerate(rings):
        lines += pairwise(_polar(radius, 2 * math.pi * step / 36) for step in range(37))
        count = 18 + 4 * index
        for spoke in range(count if index < 8 else 0):
            turn = 2 * math.pi * (spoke + 0.5 * (index % 2)) / count
            lines.append((_polar(radius, turn), _polar(rings[index + 1], turn)))
    return np.array(lines)[..., [0, 2]]


# ---- what stands on the stones


def lamp() -> list[Solid]:
    """Returns a street lamp."""
    iron = Rgb.of("#3a4540")
    return [
        Blob(Vec(0, 2, 0), Vec(0, 9, 0), 7, 4, 1.0, iron),
        Blob(Vec(0, 6, 0), Vec(0, 96, 0), 2.6, 1.8, 1.1, iron),
        Blob(Vec(-9, 90, 0), Vec(9, 90, 0), 1.3, 1.3, 1.0, iron),
        Blob(Vec(0, 98, 0), Vec(0, 112, 0), 4.5, 7.5, 1.3, Rgb.of("#ffe3a0"), 0.5),
        Blob(Vec(0, 113, 0), Vec(0, 124, 0), 8.5, 1.2, 1.0, iron),
    ]


def tree() -> list[Solid]:
    """Returns a round tree in a tub."""
    green = Rgb.of("#6f9a4a")
    crown = ((0, 84, 0, 24), (-15, 72, 8, 17), (15, 74, -6, 17), (3, 72, 15, 16), (-6, 76, -14, 17), (8, 96, 4, 15))
    return [
        Blob(Vec(0, 3, 0), Vec(0, 16, 0), 14, 16, 0.9, Rgb.of("#b0653f")),
        Blob(Vec(0, 18, 0), Vec(0, 62, 0), 3.4, 2.8, 0.9, Rgb.of("#6a4a34")),
        *(Blob(Vec(x, y, z), Vec(x, y, z), r, r, 0.84 + 0.05 * k, green, 0.12) for k, (x, y, z, r) in enumerate(crown)),
    ]


def bench() -> list[Solid]:
    """Returns a bench with its back to the negative z axis."""
    wood, iron = Rgb.of("#a8713f"), Rgb.of("#3a3a3e")
    legs = [solid for x in (-28, 24) for solid in box(Vec(x, 0, -8), Vec(x + 4, 18, 8), 1.0, iron)]
    seat = box(Vec(-34, 18, -9), Vec(34, 21, 10), 1.0, wood)
    backs = [solid for y in (28, 36) for solid in box(Vec(-34, y, -11), Vec(34, y + 5, -9), 0.94, wood)]
    posts = [solid for x in (-28, 24) for solid in box(Vec(x, 18, -12), Vec(x + 4, 42, -10), 1.0, iron)]
    return [*legs, *seat, *posts, *backs]


def stall(cloth: Rgb) -> list[Solid]:
    """Returns a fruit stall with a striped awning."""
    wood, pale = Rgb.of("#9a6a42"), Rgb.of("#f4ecdc")
    solids: list[Solid] = []
    for x in (-42, 42):
        for z in (-20, 20):
            solids.append(Blob(Vec(x, 0, z), Vec(x, 82, z), 1.8, 1.8, 1.0, wood))
    solids += box(Vec(-42, 0, -16), Vec(42, 30, 16), 1.0, wood)
    fruits = (Rgb.of("#e8862e"), Rgb.of("#c83a3a"), Rgb.of("#8ab33f"), Rgb.of("#edc53f"))
    for index, colour in enumerate(fruits):
        for dx, dy, z in ((-5, 0, 9), (4, 0, 9), (-1, 6, 6), (-5, 0, -9), (4, 0, -9), (0, 6, -6)):
            place = Vec(-31 + 20.5 * index + dx, 34 + dy, z)
            solids.append(Blob(place, place, 4.8, 4.8, 1.0, colour, 0.2))
    for side in (-1, 1):
        for stripe in range(8):
            a, b = -46 + 11.5 * stripe, -34.5 + 11.5 * stripe
            tone = cloth if stripe % 2 else pale
            roof = (Vec(a, 96, 0), Vec(b, 96, 0), Vec(b, 80, side * 26), Vec(a, 80, side * 26))
            solids.append(Sheet(roof, Vec(0, 0.85, side * 0.5), 1.0, tone))
            flap = (Vec(a, 80, side * 26), Vec(b, 80, side * 26), Vec(b, 72, side * 26.5), Vec(a, 72, side * 26.5))
            solids.append(Sheet(flap, Vec(0, 0, side), 0.9, tone))
    return solids


def pigeon(peck: float) -> list[Solid]:
    """Returns a pigeon; `peck` is 1 with its beak on the stones."""
    grey = Rgb.of("#7f8794")
    head = Vec(0, 13 - 9 * peck, 8 + 3 * peck)
    return [
        Blob(Vec(-1.6, 0, 0), Vec(-1.6, 4, 0), 0.8, 0.8, 1.0, Rgb.of("#c8685a")),
        Blob(Vec(1.6, 0, 0), Vec(1.6, 4, 0), 0.8, 0.8, 1.0, Rgb.of("#c8685a")),
        Blob(Vec(0, 7, -4), Vec(0, 7.5, 4), 4, 4.8, 1.0, grey),
        Blob(Vec(0, 7, -6), Vec(0, 6, -14), 3, 1.4, 0.7, grey),
        Blob(Vec(0, 8, 5), head, 3.2, 2.6, 0.9, Rgb.of("#5f7f78")),
        Blob(head.plus(Vec(0, 0, 2)), head.plus(Vec(0, -1.5, 4.5)), 1, 0.5, 1.0, Rgb.of("#d8b08a")),
    ]
