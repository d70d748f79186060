"""One frame being drawn: the picture and the id mask come from the same calls.

Coordinates are logical, 480 wide and 272 high, whatever the output's size; y grows downward. A shape belongs to a
named part. In the picture pass it is drawn with its fill, anti-aliased; in the id pass it is drawn flat with its part's
number. Light effects (shadow, glow, gloss, texture) exist in the picture pass only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from rvebench.sim.colour import Light, Rgb
from rvebench.sim.libraries import load_skia
from rvebench.sim.texture import TextureName, grain, texture

if TYPE_CHECKING:
    from rvebench.video import Frames

__all__ = ["HEIGHT", "WIDTH", "Camera", "Fill", "Ids", "Point", "Stage", "flat", "linear", "load_skia", "radial"]

WIDTH, HEIGHT = 480, 272
_MARGIN = 64
"""Logical pixels drawn beyond the frame, for layers that a camera moves over."""

_SHADE = Rgb(18, 14, 12)

Point = tuple[float, float]
Ids = npt.NDArray[np.uint8]
"""Part numbers, shape (H, W); 0 is everything unnamed."""
Mode = Literal["picture", "ids"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Where the viewer looks. Layers farther away (smaller depth) move less."""

    x: float = 0.0
    """Logical pixels to the right."""
    y: float = 0.0
    zoom: float = 1.0
    focus: Point = (WIDTH / 2, HEIGHT / 2)
    """The point that stays when zooming."""
    roll_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """How a shape is painted."""

    colours: tuple[Rgb, ...]
    """One colour, or the stops of a gradient."""
    start: Point = (0, 0)
    """Start of a linear gradient, centre of a radial one."""
    end: Point | None = None
    radius: float | None = None
    stops: tuple[float, ...] | None = None
    alpha: float = 1.0
    blur: float = 0.0
    """Softness of the edge in logical pixels; 0 is sharp."""


def flat(colour: Rgb, *, alpha: float = 1.0, blur: float = 0.0) -> Fill:
    """Returns one colour."""
    return Fill(colours=(colour,), alpha=alpha, blur=blur)


def linear(start: Point, end: Point, *colours: Rgb, alpha: float = 1.0, blur: float = 0.0) -> Fill:
    """Returns a gradient along a line, evenly spaced."""
    return Fill(colours=colours, start=start, end=end, alpha=alpha, blur=blur)


def radial(
    centre: Point, radius: float, *colours: Rgb, alpha: float = 1.0, stops: tuple[float, ...] | None = None
) -> Fill:
    """Returns a gradient from a point outward."""
    return Fill(colours=colours, start=centre, radius=radius, alpha=alpha, stops=stops)


@dataclass(slots=True)
class Stage:
    """What a family draws on.

    Args:
        size: output width and height in pixels.
        parts: names of the parts that are told apart; numbered from 1.
        mode: picture or ids.
        camera: where the viewer looks.
        light: the light of the scene, for shadows and shading.
        seed: seeds textures and grain.
        layers: finished static layers of this clip, shared by its frames.
    """

    size: tuple[int, int]
    parts: tuple[str, ...]
    mode: Mode = "picture"
    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    seed: int = 0
    supersample: int = 2
    layers: dict[str, Any] = field(default_factory=dict)
    _canvas: Any = None
    _surface: Any = None
    _skia: Any = None
    _depth: float = 1.0

    def __post_init__(self) -> None:
        self._skia = load_skia()
        width, height = (side * self._factor for side in self.size)
        self._surface = self._new_surface(width, height)
        self._canvas = self._surface.getCanvas()
        self._canvas.translate(width / 2, height / 2)
        self._canvas.scale(self._scale, self._scale)
        self._canvas.translate(-WIDTH / 2, -HEIGHT / 2)

    @property
    def _factor(self) -> int:
        return self.supersample if self.mode == "picture" else 1

    @property
    def _scale(self) -> float:
        # The logical frame covers the output; what overhangs is cut on both sides.
        return max(self.size[0] / WIDTH, self.size[1] / HEIGHT) * self._factor

    @property
    def is_picture(self) -> bool:
        """Whether light effects are drawn."""
        return self.mode == "picture"

    def _new_surface(self, width: int, height: int) -> Any:
        skia = self._skia
        info = skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
        surface = skia.Surface.MakeRaster(info)
        surface.getCanvas().clear(skia.ColorBLACK if self.mode == "ids" else skia.ColorTRANSPARENT)
        return surface

    # ---- what is drawn where

    @contextmanager
    def at_depth(self, depth: float) -> Iterator[None]:
        """Draws what follows at a distance: 1 moves with the camera in full, 0 not at all (the sky)."""
        camera, canvas, before = self.camera, self._canvas, self._depth
        canvas.save()
        zoom = 1 + (camera.zoom - 1) * (0.35 + 0.65 * depth)
        canvas.translate(*camera.focus)
        canvas.rotate(camera.roll_deg)
        canvas.scale(zoom, zoom)
        canvas.translate(-camera.focus[0] - camera.x * depth, -camera.focus[1] - camera.y * depth)
        self._depth = depth
        try:
            yield
        finally:
            self._depth = before
            canvas.restore()

    @contextmanager
    def moved(
        self, x: float = 0, y: float = 0, *, turn_deg: float = 0, scale: float = 1, scale_y: float | None = None
    ) -> Iterator[None]:
        """Draws what follows in a frame of its own: moved, then turned, then scaled."""
        self._canvas.save()
        self._canvas.translate(x, y)
        self._canvas.rotate(turn_deg)
        self._canvas.scale(scale, scale if scale_y is None else scale_y)
        try:
            yield
        finally:
            self._canvas.restore()

    @contextmanager
    def clipped(self, path: Any) -> Iterator[None]:
        """Draws what follows only inside a path."""
        self._canvas.save()
        self._canvas.clipPath(path, doAntiAlias=self.is_picture)
        try:
            yield
        finally:
            self._canvas.restore()

    def static(self, name: str, draw: Callable[[], None]) -> None:
        """Draws a layer that is the same in every frame of the clip; it is rendered once and then pasted.

        The layer reaches 64 logical pixels beyond the frame, for the camera to move over.
        """
        skia = self._skia
        key = f"{self.mode}/{name}"
        image = self.layers.get(key)
        scale = self._scale
        if image is None:
            width, height = (round((side + 2 * _MARGIN) * scale) for side in (WIDTH, HEIGHT))
            surface, canvas = self._surface, self._canvas
            self._surface = self._new_surface(width, height)
            self._canvas = self._surface.getCanvas()
            if self.mode == "ids":
                self._canvas.clear(skia.ColorTRANSPARENT)
            self._canvas.scale(scale, scale)
            self._canvas.translate(_MARGIN, _MARGIN)
            try:
                draw()
                image = self._surface.makeImageSnapshot()
            finally:
                self._surface, self._canvas = surface, canvas
            self.layers[key] = image
        self._canvas.save()
        self._canvas.translate(-_MARGIN, -_MARGIN)
        self._canvas.scale(1 / scale, 1 / scale)
        sampling = skia.SamplingOptions(skia.FilterMode.kLinear if self.is_picture else skia.FilterMode.kNearest)
        self._canvas.drawImage(image, 0, 0, sampling, skia.Paint())
        self._canvas.restore()

    # ---- paths

    def rect(self, x: float, y: float, width: float, height: float, *, radius: float = 0) -> Any:
        """Returns a rectangle, with round corners if told so."""
        path = self._skia.Path()
        path.addRoundRect(self._skia.Rect.MakeXYWH(x, y, width, height), radius, radius)
        return path

    def oval(self, x: float, y: float, radius_x: float, radius_y: float | None = None) -> Any:
        """Returns an ellipse about its centre."""
        ry = radius_x if radius_y is None else radius_y
        path = self._skia.Path()
        path.addOval(self._skia.Rect.MakeLTRB(x - radius_x, y - ry, x + radius_x, y + ry))
        return path

    def polygon(self, points: Sequence[Point], *, closed: bool = True) -> Any:
        """Returns straight lines through points."""
        path = self._skia.Path()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        if closed:
            path.close()
        return path

    def curve(self, points: Sequence[Point], *, closed: bool = False) -> Any:
        """Returns a smooth curve through points (Catmull-Rom)."""
        path = self._skia.Path()
        count = len(points)
        path.moveTo(*points[0])

        def at(index: int) -> Point:
            return points[index % count] if closed else points[max(0, min(count - 1, index))]

        for index in range(count if closed else count - 1):
            before, a, b, after = (at(index + step) for step in (-1, 0, 1, 2))
            path.cubicTo(
                a[0] + (b[0] - before[0]) / 6, a[1] + (b[1] - before[1]) / 6,
                b[0] - (after[0] - a[0]) / 6, b[1] - (after[1] - a[1]) / 6,
                b[0], b[1],
            )  # fmt: skip
        if closed:
            path.close()
        return path

    # ---- shapes that belong to parts

    def paint(self, path: Any, fill: Fill, *, part: str = "", line: float = 0) -> None:
        """Draws a path as part of `part`; `line` above 0 draws its outline that wide instead of its inside."""
        self._canvas.drawPath(path, self._brush(fill, line) if self.is_picture else self._id_brush(part, line))

    def effect(self, path: Any, fill: Fill, *, line: float = 0, add: bool = False) -> None:
        """Draws light on what is there (gloss, reflection, haze): it belongs to no part. `add` brightens only."""
        if self.is_picture:
            brush = self._brush(fill, line)
            if add:
                brush.setBlendMode(self._skia.BlendMode.kPlus)
            self._canvas.drawPath(path, brush)

    def glow(self, x: float, y: float, radius: float, colour: Rgb, *, alpha: float = 0.6) -> None:
        """Draws light around a point, fading to nothing at `radius`."""
        if self.is_picture:
            skia = self._skia
            inner, outer = _argb(colour, alpha), _argb(colour, 0)
            brush = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kPlus)
            brush.setShader(skia.GradientShader.MakeRadial(skia.Point(x, y), radius, [inner, outer]))
            self._canvas.drawCircle(x, y, radius, brush)

    def shadow(self, path: Any, *, alpha: float = 0.4, blur: float = 3.0, colour: Rgb = _SHADE) -> None:
        """Draws a soft shadow in the shape of a path."""
        self.effect(path, flat(colour, alpha=alpha, blur=blur))

    def cast(self, x: float, y: float, width: float, height: float, *, alpha: float = 0.4, blur: float = 2.5) -> None:
        """Draws the shadow of something upright: a strip from its foot to where the light throws its top."""
        dx, dy = self.light.shadow_of(height)
        half, top = width / 2, width * 0.42
        strip = self.polygon([(x - half, y), (x + half, y), (x + dx + top, y + dy), (x + dx - top, y + dy)])
        self.shadow(strip, alpha=alpha, blur=blur)

    def textured(self, path: Any, name: TextureName, *, strength: float = 0.2, seed: int = 0) -> None:
        """Lays a texture over what is there inside a path: darkens where it is low, brightens where it is high."""
        if not self.is_picture:
            return
        skia = self._skia
        bounds = path.getBounds()
        width, height = max(2, math.ceil(bounds.width() * 1.5)), max(2, math.ceil(bounds.height() * 1.5))
        values = (texture(name, self.seed * 31 + seed, width, height) - 0.5) * 2
        rgba = np.zeros((height, width, 4), np.uint8)
        rgba[..., :3] = np.where(values > 0, 255, 0)[..., None]
        rgba[..., 3] = np.clip(np.abs(values) * strength * 255, 0, 255)
        rgba[..., :3] = rgba[..., :3].astype(np.uint16) * rgba[..., 3:] // 255
        image = skia.Image.fromarray(np.ascontiguousarray(rgba), colorType=skia.kRGBA_8888_ColorType)
        with self.clipped(path):
            sampling = skia.SamplingOptions(skia.FilterMode.kLinear)
            self._canvas.drawImageRect(image, bounds, sampling, skia.Paint(AntiAlias=True))

    def _brush(self, fill: Fill, line: float) -> Any:
        skia = self._skia
        brush = skia.Paint(AntiAlias=True, Color=_argb(fill.colours[0], fill.alpha))
        if len(fill.colours) > 1:
            colours = [_argb(colour, 1) for colour in fill.colours]
            stops = list(fill.stops) if fill.stops else None
            if fill.radius is not None:
                shader = skia.GradientShader.MakeRadial(skia.Point(*fill.start), fill.radius, colours, stops)
            else:
                ends = [skia.Point(*fill.start), skia.Point(*(fill.end or fill.start))]
                shader = skia.GradientShader.MakeLinear(ends, colours, stops)
            brush.setShader(shader)
            brush.setAlphaf(fill.alpha)
        if fill.blur:
            brush.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, fill.blur))
        if line:
            brush.setStyle(skia.Paint.kStroke_Style)
            brush.setStrokeWidth(line)
            brush.setStrokeCap(skia.Paint.kRound_Cap)
            brush.setStrokeJoin(skia.Paint.kRound_Join)
        return brush

    def _id_brush(self, part: str, line: float) -> Any:
        number = self.parts.index(part) + 1 if part else 0
        brush = self._skia.Paint(AntiAlias=False, Color=_argb(Rgb(number, number, number), 1))
        if line:
            brush.setStyle(self._skia.Paint.kStroke_Style)
            brush.setStrokeWidth(max(line, 1))
        return brush

    # ---- the result

    def _pixels(self) -> npt.NDArray[np.uint8]:
        array: npt.NDArray[np.uint8] = self._surface.makeImageSnapshot().toarray(
            colorType=self._skia.kRGBA_8888_ColorType
        )
        rgb: npt.NDArray[np.uint8] = array[..., :3]
        return rgb

    def picture(self, frame: int, *, noisy: bool = True) -> Frames:
        """Returns the frame, shape (H, W, 3), uint8 RGB.

        Args:
            frame: its number; seeds the grain.
            noisy: add sensor grain; without it equal parts of two renders are equal pixels.
        """
        width, height = self.size
        step = self.supersample
        wide = self._pixels().reshape(height, step, width, step, 3).sum(axis=(1, 3), dtype=np.uint32)
        small = ((wide + step * step // 2) // (step * step)).astype(np.int16)
        if noisy:
            small = small + grain(self.seed, frame, width, height)[..., None]
        result: npt.NDArray[np.uint8] = np.clip(small, 0, 255).astype(np.uint8)
        return result

    def ids(self) -> Ids:
        """Returns the part numbers of the frame."""
        return np.ascontiguousarray(self._pixels()[..., 0])


def _argb(colour: Rgb, alpha: float) -> int:
    red, green, blue = (round(max(0.0, min(255.0, channel))) for channel in colour)
    return round(max(0.0, min(1.0, alpha)) * 255) << 24 | red << 16 | green << 8 | blue
