"""A small space with depth, seen by a pinhole camera: points, planes and solid bodies for families that walk round."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, load_skia

__all__ = [
    "Blob",
    "Mark",
    "Plane",
    "Seen",
    "Sheet",
    "Solid",
    "Sun",
    "Vec",
    "View",
    "far_to_near",
    "paint_solids",
    "path_of",
    "shadows",
    "turned",
]

_ARC = 10
"""Points along each round end of a body."""
_MARGIN = 64.0
"""How far a static layer reaches beyond the frame (:meth:`Stage.static`)."""
_NEAREST = 50.0
"""Layers are cut this far before the camera."""


class Vec(NamedTuple):
    """A place or a direction: x to the right of the first view, y up, z toward its viewer."""

    x: float
    y: float
    z: float

    def plus(self, other: Vec, share: float = 1.0) -> Vec:
        """Returns this place moved by `share` of another."""
        return Vec(self.x + other.x * share, self.y + other.y * share, self.z + other.z * share)

    def turned(self, angle: float) -> Vec:
        """Returns this direction turned about the vertical axis, from z toward x."""
        cosine, sine = math.cos(angle), math.sin(angle)
        return Vec(self.x * cosine + self.z * sine, self.y, self.z * cosine - self.x * sine)


class Seen(NamedTuple):
    """Where a place appears, and how large one unit is there."""

    x: float
    y: float
    scale: float
    depth: float


class Plane(NamedTuple):
    """A plane in space: (a, b) of it lies at origin + a * across + b * down."""

    origin: Vec
    across: Vec
    down: Vec

    def at(self, point: Point) -> Vec:
        """Returns where one of its points lies."""
        return self.origin.plus(self.across, point[0]).plus(self.down, point[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A camera on a circle about the middle of the world, which it looks at."""

    angle: float
    """On the circle, in radians; 0 looks from the side of the positive z axis."""
    distance: float
    height: float
    horizon: float
    """Where the height of the camera lies in the picture."""
    focal: float = 420.0

    def depth(self, place: Vec) -> float:
        """Returns how far before the camera a place is."""
        return self.distance - self.toward(place)

    def toward(self, v: Vec) -> float:
        """Returns how far a place lies from the middle toward the camera; of a direction, how much it points there."""
        return v.x * math.sin(self.angle) + v.z * math.cos(self.angle)

    def right(self, place: Vec) -> float:
        """Returns how far to the right of the middle a place is."""
        return place.x * math.cos(self.angle) - place.z * math.sin(self.angle)

    def see(self, place: Vec) -> Seen:
        """Returns where a place appears; one behind the camera is drawn far outside."""
        depth = max(20.0, self.depth(place))
        scale = self.focal / depth
        return Seen(WIDTH / 2 + self.right(place) * scale, self.horizon - (place.y - self.height) * scale, scale, depth)

    def points(self, places: Iterable[Vec]) -> list[Point]:
        """Returns where places appear."""
        sine, cosine, found = math.sin(self.angle), math.cos(self.angle), []
        for x, y, z in places:
            scale = self.focal / max(20.0, self.distance - x * sine - z * cosine)
            found.append((WIDTH / 2 + (x * cosine - z * sine) * scale, self.horizon - (y - self.height) * scale))
        return found

    @contextmanager
    def on(self, stage: Stage, plane: Plane) -> Iterator[None]:
        """Draws what follows on a plane; all of it must lie before the camera."""
        columns = [
            (
                WIDTH / 2 * -self.toward(v) + self.focal * self.right(v),
                -self.horizon * self.toward(v) - self.focal * v.y,
                -self.toward(v),
            )
            for v in (plane.across, plane.down, plane.origin)
        ]
        # The camera's own place is no direction: it moves the origin alone.
        x, y, depth = columns[2]
        columns[2] = (
            x + WIDTH / 2 * self.distance,
            y + self.horizon * self.distance + self.focal * self.height,
            depth + self.distance,
        )
        canvas = stage._canvas
        canvas.save()
        canvas.concat(load_skia().Matrix.MakeAll(*(column[row] for row in range(3) for column in columns)))
        try:
            yield
        finally:
            canvas.restore()

    def paste(self, stage: Stage, name: str, draw: Callable[[], None], plane: Plane, area: Sequence[Point]) -> None:
        """Lays a static layer on a plane, as far as it is before the camera.

        Args:
            stage: what to draw on.
            name: of the layer.
            draw: draws it in logical coordinates, which are those of the plane.
            plane: where it lies.
            area: corners of what is shown of it.
        """
        skia = load_skia()
        with stage.clipped(stage.rect(0, 0, 0, 0)):
            stage.static(name, draw)
        image = stage.layers[f"{stage.mode}/{name}"]
        scale = 1 / stage._scale
        place = skia.Matrix.Translate(-_MARGIN, -_MARGIN).preScale(scale, scale)
        filtering = skia.FilterMode.kLinear if stage.is_picture else skia.FilterMode.kNearest
        clamp = skia.TileMode.kClamp
        brush = skia.Paint(
            AntiAlias=stage.is_picture, Shader=image.makeShader(clamp, clamp, skia.SamplingOptions(filtering), place)
        )
        shown = self._before(plane, area)
        if len(shown) > 2:
            with self.on(stage, plane):
                stage._canvas.drawPath(stage.polygon(shown), brush)

    def _before(self, plane: Plane, area: Sequence[Point]) -> list[Point]:
        """Returns what of an area on a plane lies before the camera."""
        depths = [self.depth(plane.at(corner)) - _NEAREST for corner in area]
        shown: list[Point] = []
        for index, (corner, depth) in enumerate(zip(area, depths, strict=True)):
            before, depth_before = area[index - 1], depths[index - 1]
            if (depth > 0) != (depth_before > 0):
                share = depth_before / (depth_before - depth)
                shown.append(tuple(a + (b - a) * share for a, b in zip(before, corner, strict=True)))  # type: ignore[arg-type]
            if depth > 0:
                shown.append(corner)
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """The far light of the space."""

    angle: float
    """Of the direction it comes from, on the same circle as the camera."""
    slope: float
    """Length of a shadow for one unit of height."""
    colour: Rgb
    ambient: float = 0.64

    def shadow(self, place: Vec) -> Vec:
        """Returns where a place throws its shadow on the ground."""
        reach = self.slope * place.y
        return Vec(place.x - math.sin(self.angle) * reach, 0.0, place.z - math.cos(self.angle) * reach)

    def lit(self, colour: Rgb, normal: Vec) -> Rgb:
        """Returns the colour of a surface that looks to `normal`."""
        across = normal.x * math.sin(self.angle) + normal.z * math.cos(self.angle)
        amount = (across + normal.y / max(0.3, self.slope)) / math.hypot(1, 1 / max(0.3, self.slope))
        factor = self.ambient + (1.12 - self.ambient) * max(0.0, amount)
        return Rgb(*(channel * factor * tint / 255 for channel, tint in zip(colour, self.colour, strict=True)))


@dataclass(frozen=True, slots=True)
class Blob:
    """A round body from one place to another, as thick as told at each end."""

    start: Vec
    end: Vec
    first: float
    last: float
    tone: float = 1.0
    """Brightness among the bodies of one thing."""
    colour: Rgb | None = None
    """Another colour than the thing's own."""
    gloss: float = 0.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A thin flat piece, seen from both sides."""

    corners: tuple[Vec, ...]
    normal: Vec
    tone: float = 1.0
    colour: Rgb | None = None
    line: float = 0.0
    """Above 0 only its outline is drawn, that wide."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A spot on a surface, seen only from the side it looks to."""

    place: Vec
    normal: Vec
    radius: float
    tone: float = 0.3
    tall: float = 1.0
    """Height of the spot for one unit of width."""
    colour: Rgb | None = None


Solid = Blob | Sheet | Mark


def turned(solids: Iterable[Solid], angle: float, foot: Vec, scale: float = 1.0) -> tuple[Solid, ...]:
    """Returns bodies turned about the vertical axis, scaled, and moved to a place."""

    def at(v: Vec) -> Vec:
        return foot.plus(v.turned(angle), scale)

    found: list[Solid] = []
    for body in solids:
        match body:
            case Blob():
                ends = at(body.start), at(body.end), body.first * scale, body.last * scale
                found.append(Blob(*ends, body.tone, body.colour, body.gloss))
            case Sheet():
                corners = tuple(at(corner) for corner in body.corners)
                found.append(Sheet(corners, body.normal.turned(angle), body.tone, body.colour, body.line * scale))
            case Mark():
                spot = at(body.place), body.normal.turned(angle), body.radius * scale
                found.append(Mark(*spot, body.tone, body.tall, body.colour))
    return tuple(found)


def _outline(a: Point, b: Point, first: float, last: float, arc: int) -> list[Point]:
    """Returns the outline of two discs and what lies between them, always the same way round."""
    gap = math.hypot(b[0] - a[0], b[1] - a[1])
    if gap <= abs(first - last) + 1e-6:
        (x, y), radius = (a, first) if first >= last else (b, last)
        turns = [2 * math.pi * step / (2 * arc) for step in range(2 * arc)]
        return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    way, open_ = math.atan2(b[1] - a[1], b[0] - a[0]), math.acos((first - last) / gap)
    points = []
    for (x, y), radius, begin, sweep in (
        (b, last, way - open_, 2 * open_),
        (a, first, way + open_, 6.2832 - 2 * open_),
    ):
        for step in range(arc + 1):
            turn = begin + sweep * step / arc
            points.append((x + radius * math.cos(turn), y + radius * math.sin(turn)))
    return points


def _depth(view: View, body: Solid) -> float:
    match body:
        case Blob():
            return (view.depth(body.start) + view.depth(body.end)) / 2
        case Sheet():
            return sum(view.depth(corner) for corner in body.corners) / len(body.corners)
        case Mark():
            return view.depth(body.place) - 1.5


def far_to_near(view: View, solids: Sequence[Solid]) -> tuple[int, ...]:
    """Returns the numbers of bodies in the order in which to draw them."""
    return tuple(sorted(range(len(solids)), key=lambda index: -_depth(view, solids[index])))


def paint_solids(stage: Stage, view: View, sun: Sun, solids: Iterable[Solid], colour: Rgb, *, part: str) -> None:
    """Draws bodies one over the other (:func:`far_to_near`), shaded by the sun."""
    side = math.sin(sun.angle - view.angle)
    front = math.cos(sun.angle - view.angle)
    toward = Vec(math.sin(view.angle), 0.0, math.cos(view.angle))
    warm = sun.lit(Rgb(255, 255, 255), toward._replace(y=0.7))
    bright = [(0.97 + 0.1 * front) * step / 255 for step in _STEPS]
    for body in solids:
        own = body.colour or colour
        match body:
            case Blob():
                a, b = view.see(body.start), view.see(body.end)
                first, last = body.first * a.scale, body.last * b.scale
                path = stage.polygon(_outline(a[:2], b[:2], first, last, 5 if max(first, last) < 4 else _ARC))
                reach = max(first, last)
                x, y = (a.x + b.x) / 2, (a.y + b.y) / 2
                red, green, blue = own.r * warm.r * body.tone, own.g * warm.g * body.tone, own.b * warm.b * body.tone
                tone = [Rgb(red * step, green * step, blue * step) for step in bright]
                paint = linear((x + side * reach, y - 0.6 * reach), (x - side * reach, y + 0.6 * reach), *tone)
                stage.paint(path, paint, part=part)
                if body.gloss:
                    spot = stage.oval(x + 0.42 * side * reach, y - 0.4 * reach, 0.3 * reach, 0.36 * reach)
                    stage.effect(spot, flat(Rgb(255, 255, 250), alpha=body.gloss, blur=0.22 * reach))
            case Sheet():
                sign = 1.0 if view.toward(body.normal) >= 0 else -1.0
                normal = Vec(body.normal.x * sign, body.normal.y * sign, body.normal.z * sign)
                tint = sun.lit(shade(own, body.tone), normal)
                path = stage.polygon(view.points(body.corners))
                scale = view.see(body.corners[0]).scale
                stage.paint(path, flat(tint), part=part, line=body.line * scale)
            case Mark():
                facing = view.toward(body.normal)
                if facing > 0.08:
                    at = view.see(body.place)
                    wide = body.radius * at.scale
                    spot = stage.oval(at.x, at.y, wide * facing, wide * body.tall)
                    stage.paint(spot, flat(sun.lit(shade(own, body.tone), body.normal)), part=part)


_STEPS = (1.14, 0.97, 0.6)


def shadows(sun: Sun, solids: Iterable[Solid]) -> tuple[tuple[Vec, ...], ...]:
    """Returns the outlines of what bodies throw on the ground, all the same way round so that none cancels another."""
    outlines: list[tuple[Vec, ...]] = []
    for body in solids:
        match body:
            case Blob():
                a, b = sun.shadow(body.start), sun.shadow(body.end)
                ground = _outline((a.x, a.z), (b.x, b.z), body.first, body.last, 5)
                outlines.append(tuple(Vec(x, 0.0, z) for x, z in ground))
            case Sheet() if not body.line:
                corners = tuple(sun.shadow(corner) for corner in body.corners)
                area = sum(p.x * q.z - q.x * p.z for p, q in zip(corners, corners[1:] + corners[:1], strict=True))
                outlines.append(corners if area > 0 else corners[::-1])
            case _:
                pass
    return tuple(outlines)


def path_of(stage: Stage, view: View, outlines: Iterable[Sequence[Vec]]) -> Any:
    """Returns outlines in space as one path in the picture."""
    path = load_skia().Path()
    for outline in outlines:
        path.addPath(stage.polygon(view.points(outline)))
    return path
