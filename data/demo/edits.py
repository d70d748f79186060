"""The target videos of the demo split, as functions of the source's frames.

Frames are float32 RGB 0..1, shape (T, H, W, 3), 480x272. `drift` is where the far background stands in each frame
relative to the last frame of the shot, (T, 2) as (dy, dx) in pixels: the camera settles during the first three
seconds. Each function returns the edited frames and the changed region as (T, H, W) or (1, H, W) in 0..1, or None when
the whole picture changes. Nothing here is random except through a seeded generator.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


class Edit(NamedTuple):
    frames: np.ndarray
    mask: np.ndarray | None


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def between(base: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return base + (other - base) * weight


def mix(base: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Like `between`, one weight a pixel."""
    return between(base, other, weight[..., None])


def luma(frames: np.ndarray) -> np.ndarray:
    return frames @ LUMA


def hue_saturation(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue in degrees, saturation and value in 0..1."""
    red, green, blue = np.moveaxis(frames, -1, 0)
    high, low = frames.max(-1), frames.min(-1)
    span = np.maximum(high - low, 1e-4)
    hue = np.where(
        high == red, (green - blue) / span % 6, np.where(high == green, (blue - red) / span + 2, (red - green) / span + 4)
    )
    return hue * 60, (high - low) / np.maximum(high, 1e-4), high


def soften(weight: np.ndarray, space: float, time: float = 0.0) -> np.ndarray:
    return ndimage.gaussian_filter(weight, (time, space, space)).astype(np.float32)


def grass(frames: np.ndarray) -> np.ndarray:
    """Weight of green plants: grass, moss and leaves, not the blue-green trees."""
    hue, saturation, value = hue_saturation(ndimage.gaussian_filter(frames, (0, 0.7, 0.7, 0)))
    band = smoothstep(42, 56, hue) * (1 - smoothstep(135, 165, hue))
    return soften(band * smoothstep(0.30, 0.45, saturation) * smoothstep(0.05, 0.14, value), 0.8, 0.6)


def sky(frames: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Weight of the sky: bright, right of the trees, above the far hills."""
    hue, saturation, value = hue_saturation(frames)
    height, width = frames.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bright = smoothstep(0.62, 0.80, value) * (1 - smoothstep(60, 90, hue) * (1 - smoothstep(150, 190, hue)))
    place = smoothstep(370, 385, x[None] - drift[:, 1, None, None]) * (
        1 - smoothstep(110, 122, y[None] - drift[:, 0, None, None])
    )
    return soften(bright * place, 0.6, 0.5)


def masked(weight: np.ndarray, *, threshold: float = 0.04, grow: int = 2) -> np.ndarray:
    """The region an edit with this weight may change, with a margin for what a codec spreads."""
    shape = np.ones((1, 2 * grow + 1, 2 * grow + 1), bool)
    return ndimage.binary_dilation(weight > threshold, shape).astype(np.float32)


def dusk(frames: np.ndarray, drift: np.ndarray) -> Edit:
    height, width = frames.shape[1:3]
    grey = luma(frames)[..., None]
    ground = (0.55 * frames + 0.45 * grey) ** 1.2 * np.array([0.46, 0.48, 0.68], np.float32)
    y = np.arange(height, dtype=np.float32)[None, :] - drift[:, :1]
    down = np.clip(y / 118, 0, 1)[..., None]
    stops = np.array([[0.10, 0.13, 0.33], [0.30, 0.24, 0.45], [0.86, 0.45, 0.30]], np.float32)
    glow = np.where(down < 0.55, between(stops[0], stops[1], down / 0.55), between(stops[1], stops[2], (down - 0.55) / 0.45))
    glow = np.repeat(glow[:, :, None, :], width, axis=2).astype(np.float32)
    glow *= 0.8 + 0.25 * grey
    return Edit(mix(ground, glow, sky(frames, drift)), None)


def autumn(frames: np.ndarray, drift: np.ndarray) -> Edit:
    weight = grass(frames)
    light = luma(frames)
    patches = patchwork(frames.shape, drift, size=26, seed=5)[..., None]
    rust = np.array([1.25, 0.62, 0.16], np.float32)
    straw = np.array([1.22, 0.88, 0.30], np.float32)
    colour = (rust * patches + straw * (1 - patches)) * light[..., None]
    return Edit(mix(frames, np.clip(colour, 0, 1), weight * 0.92), masked(weight))


def patchwork(shape: tuple[int, ...], drift: np.ndarray, *, size: float, seed: int) -> np.ndarray:
    """Soft blotches in 0..1 that move with the camera."""
    count, height, width = shape[:3]
    noise = np.random.default_rng(seed).standard_normal((height + 80, width + 80))
    noise = ndimage.gaussian_filter(noise, size / 2, mode="wrap")
    noise = smoothstep(-1.2, 1.2, noise / noise.std())
    return np.stack([ndimage.shift(noise, (dy, dx), order=1, mode="wrap")[40:-40, 40:-40] for dy, dx in drift]).astype(
        np.float32
    )[:count]


def snow(frames: np.ndarray, drift: np.ndarray) -> Edit:
    plants = grass(frames)
    stone = top_of_wall(frames.shape, drift)
    light = luma(frames)
    blanket = np.clip(0.50 + 0.75 * light, 0, 1)[..., None] * np.array([0.92, 0.96, 1.0], np.float32)
    lying = np.clip(plants * smoothstep(0.06, 0.34, light) * 0.93, 0, 1)
    white = np.broadcast_to(np.array([0.93, 0.95, 0.98], np.float32), frames.shape)
    out = mix(mix(frames, blanket, lying), white, stone)
    return Edit(out, masked(np.maximum(lying, stone)))


def top_of_wall(shape: tuple[int, ...], drift: np.ndarray) -> np.ndarray:
    """A rounded cushion on the upper edges of the old wall."""
    cushions = (
        [(332, 119), (340, 115), (362, 113.5), (392, 113.5), (418, 115), (428, 119), (436, 125), (441, 137), (434, 133),
         (424, 124), (400, 122.5), (370, 123), (340, 122)],
        [(441, 143), (446, 140), (482, 140), (482, 146), (448, 146.5)],
        [(398, 166), (404, 162.5), (434, 162), (462, 164), (467, 168), (440, 167), (410, 168.5)],
    )  # fmt: skip
    return draw_shapes(shape, drift, [(points, 1.0) for points in cushions], blur=0.6)


def draw_shapes(
    shape: tuple[int, ...], drift: np.ndarray, polygons: list[tuple[list[tuple[float, float]], float]], *, blur: float
) -> np.ndarray:
    """Polygons (points in the last frame's pixels, brightness) that follow the camera, anti-aliased."""
    height, width = shape[1:3]
    scale = 6
    layers = []
    for dy, dx in drift:
        layer = Image.new("L", (width * scale, height * scale))
        pen = ImageDraw.Draw(layer)
        for points, value in polygons:
            pen.polygon([((x + dx) * scale, (y + dy) * scale) for x, y in points], fill=round(255 * value))
        layer = layer.filter(ImageFilter.GaussianBlur(blur * scale)).resize((width, height), Image.Resampling.BOX)
        layers.append(np.asarray(layer, np.float32) / 255)
    return np.stack(layers)


def fog(frames: np.ndarray, drift: np.ndarray) -> Edit:
    height, width = frames.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y = y[None] - drift[:, 0, None, None]
    x = x[None] - drift[:, 1, None, None]
    ridge = np.interp(y, (0, 80, 120, 135, 173, 272), (133, 215, 262, 296, 330, 400))
    far = smoothstep(-3, 9, x - ridge)
    distance = far * (1 - smoothstep(150, 262, y))
    bank = 0.55 + 0.45 * np.exp(-(((y - 140) / 34) ** 2))
    wisps = drifting_noise(frames.shape, size=38, speed=0.5, seed=11)
    foreground = 0.10 + 0.16 * smoothstep(190, 262, y) * smoothstep(60, 330, x)
    near = foreground * (0.6 + 0.8 * wisps) * (1 - distance)
    alpha = np.clip(0.96 * distance * bank * (0.82 + 0.30 * wisps) + near, 0, 0.95)
    air = np.broadcast_to(np.array([0.80, 0.83, 0.86], np.float32), frames.shape)
    cool = 0.72 * frames + 0.28 * luma(frames)[..., None]
    return Edit(mix(cool * np.array([0.93, 0.96, 1.0], np.float32), air, alpha), None)


def drifting_noise(shape: tuple[int, ...], *, size: float, speed: float, seed: int) -> np.ndarray:
    """Wide soft clouds in 0..1 that move right by `speed` pixels a frame."""
    count, height, width = shape[:3]
    noise = np.random.default_rng(seed).standard_normal((height, width + 200))
    noise = ndimage.gaussian_filter(noise, (size * 0.35, size), mode="wrap")
    noise = smoothstep(-1.6, 1.6, noise / noise.std())
    moved = [ndimage.shift(noise, (0, speed * t), order=1, mode="grid-wrap")[:, 100 : 100 + width] for t in range(count)]
    return np.stack(moved).astype(np.float32)


def early_cinema(frames: np.ndarray, drift: np.ndarray) -> Edit:
    count, height, width = frames.shape[:3]
    grey = frames @ np.array([0.12, 0.50, 0.38], np.float32)
    grey = ndimage.gaussian_filter(grey, (0, 0.6, 0.6))
    grey = smoothstep(-0.08, 1.02, grey)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2))
    grey = grey * (1 - 0.62 * smoothstep(0.62, 1.42, radius))
    grain = np.random.default_rng(20).standard_normal((count, height, width)).astype(np.float32)
    grey = np.clip(grey + 0.022 * ndimage.gaussian_filter(grain, (0, 0.8, 0.8)), 0, 1)
    return Edit(grey[..., None] * np.array([1.0, 0.975, 0.93], np.float32), None)


def ball(frames: np.ndarray, drift: np.ndarray) -> Edit:
    centre_x, foot_y, radius = 382.0, 121.5, 10.5
    scale = 6
    height, width = frames.shape[1:3]
    side = int(radius * 2 + 2) * scale
    yy, xx = np.mgrid[:side, :side].astype(np.float32)
    u, v = (xx - side / 2 + 0.5) / (radius * scale), (yy - side / 2 + 0.5) / (radius * scale)
    inside = u**2 + v**2 <= 1
    w = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    lit = np.clip(0.45 * u - 0.62 * v + 0.64 * w, 0, 1)
    red = np.array([0.86, 0.10, 0.08], np.float32)
    shade = red * (0.30 + 0.80 * lit)[..., None] + 0.55 * np.clip(0.45 * u - 0.55 * v + 0.70 * w, 0, 1)[..., None] ** 26
    shade += np.array([0.02, 0.05, 0.12], np.float32) * np.clip(-v, 0, 1)[..., None]
    premultiplied = np.dstack([np.clip(shade, 0, 1) * inside[..., None], inside]).astype(np.float32)
    out, changed = frames.copy(), np.zeros(frames.shape[:3], np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for t, (dy, dx) in enumerate(drift):
        contact = np.exp(-(((x - centre_x - dx + 2.5) / 11) ** 2) - ((y - foot_y - dy - 1.2) / 2.6) ** 2)
        below = smoothstep(-4.5, -1.0, y - foot_y - dy)
        shadow = 0.62 * contact * below
        canvas = np.zeros((height * scale, width * scale, 4), np.float32)
        top = round((foot_y + dy - radius) * scale - side / 2)
        left = round((centre_x + dx) * scale - side / 2)
        canvas[top : top + side, left : left + side] = premultiplied
        small = canvas.reshape(height, scale, width, scale, 4).mean((1, 3))
        out[t] = out[t] * (1 - shadow)[..., None] * (1 - small[..., 3:]) + small[..., :3]
        changed[t] = np.maximum(shadow, small[..., 3])
    return Edit(out, masked(changed.max(0, keepdims=True), grow=3))


def flag(frames: np.ndarray, drift: np.ndarray) -> Edit:
    """A blue-white-red tricolour on a pole that stands on the old wall, waving to the right."""
    pole_x, foot_y, head_y = 414.0, 121.0, 26.0
    wide, high = 52.0, 34.0
    scale = 4
    height, width = frames.shape[1:3]
    colours = np.array([[0.06, 0.16, 0.50], [0.95, 0.95, 0.95], [0.82, 0.09, 0.13]], np.float32)
    yy, xx = np.mgrid[: height * scale, : width * scale].astype(np.float32)
    yy, xx = (yy + 0.5) / scale, (xx + 0.5) / scale
    out, changed = frames.copy(), np.zeros(frames.shape[:3], np.float32)
    for t, (dy, dx) in enumerate(drift):
        u = (xx - pole_x - dx - 1.2) / wide
        phase = 2 * np.pi * (1.35 * u - t / 25 * 1.3)
        sway = 3.6 * np.clip(u, 0, 1) ** 0.8 * np.sin(phase)
        v = (yy - head_y - dy - 3 - sway - 2.0 * np.clip(u, 0, 1)) / high
        cloth = (u >= 0) & (u <= 1 - 0.015 * np.sin(phase)) & (v >= 0) & (v <= 1)
        fold = 0.86 + 0.20 * np.cos(phase) * np.clip(u * 3, 0, 1)
        paint = colours[np.clip((u * 3).astype(int), 0, 2)] * fold[..., None]
        pole = (np.abs(xx - pole_x - dx) < 1.3) & (yy > head_y + dy) & (yy < foot_y + dy)
        knob = np.hypot(xx - pole_x - dx, yy - head_y - dy) < 2.4
        wood = np.array([0.46, 0.36, 0.27], np.float32) * (1.05 - 0.25 * (xx - pole_x - dx))[..., None]
        paint = np.where(pole[..., None], wood, paint)
        paint = np.where(knob[..., None], np.array([0.80, 0.66, 0.30], np.float32), paint)
        solid = (cloth | pole | knob).astype(np.float32)
        layers = np.dstack([paint * solid[..., None], solid])
        small = layers.reshape(height, scale, width, scale, 4).mean((1, 3))
        out[t] = out[t] * (1 - small[..., 3:]) + np.clip(small[..., :3], 0, 1)
        changed[t] = small[..., 3]
    return Edit(out, masked(changed.max(0, keepdims=True), grow=3))


def without_pebble(frames: np.ndarray, drift: np.ndarray) -> Edit:
    """The small grey stone on the slope goes; grass from up the slope takes its place, frame by frame."""
    height, width = frames.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    out, weights = frames.copy(), []
    for t, (dy, dx) in enumerate(drift):
        spot = ((x - 246.5 - dx) / 15.5) ** 2 + ((y - 176.5 - dy) / 13.5) ** 2
        weight = (1 - smoothstep(0.62, 1.15, spot)) * smoothstep(226, 231, x - dx)
        # Light and colour come from around the hole, blades of grass from up the slope.
        known = (1 - weight)[..., None] + 1e-4
        around = ndimage.gaussian_filter(frames[t] * known, (7, 7, 0)) / ndimage.gaussian_filter(known, (7, 7, 0))
        slope = np.roll(frames[t], (-14, -29), axis=(0, 1))
        blades = slope - ndimage.gaussian_filter(slope, (5, 5, 0))
        out[t] = mix(frames[t], np.clip(around + blades, 0, 1), weight)
        weights.append(weight)
    return Edit(out, masked(np.stack(weights).max(0, keepdims=True)))
