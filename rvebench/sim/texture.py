"""Textures as functions of a seed: value noise, wood, cloth, grass. Arrays are float32 in 0..1."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Texture", "TextureName", "grain", "texture"]

Texture = npt.NDArray[np.float32]
TextureName = Literal["noise", "wood", "cloth", "grass", "plaster", "stone"]


def _value_noise(rng: np.random.Generator, width: int, height: int, cells_x: int, cells_y: int) -> Texture:
    """Returns one octave of smooth noise of the given cells across and down."""
    coarse = rng.random((cells_y + 1, cells_x + 1), dtype=np.float32)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32)


def _fractal(seed: int, width: int, height: int, cells_x: int, cells_y: int, octaves: int = 5) -> Texture:
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        total += 0.5**octave * _value_noise(rng, width, height, cells_x * 2**octave, cells_y * 2**octave)
    low, high = float(total.min()), float(total.max())
    return ((total - low) / max(high - low, 1e-6)).astype(np.float32)


@lru_cache(maxsize=64)
def texture(name: TextureName, seed: int, width: int, height: int) -> Texture:
    """Returns a texture, shape (height, width); cached, so do not write to it."""
    if name == "wood":
        rings = _fractal(seed, width, height, 2, 26, 4)
        made = 0.5 + 0.5 * np.sin(18 * rings + 3 * _fractal(seed + 1, width, height, 3, 3, 3))
        made = 0.65 * made + 0.35 * _fractal(seed + 2, width, height, 3, 90, 3)
    elif name == "cloth":
        y, x = np.mgrid[:height, :width]
        weave = 0.5 + 0.25 * (np.sin(x * 1.9) + np.sin(y * 1.9))
        made = 0.6 * weave + 0.4 * _fractal(seed, width, height, 8, 6)
    elif name == "grass":
        made = 0.55 * _fractal(seed, width, height, 60, 22, 3) + 0.45 * _fractal(seed + 1, width, height, 6, 4)
    elif name == "plaster":
        made = 0.35 + 0.3 * _fractal(seed, width, height, 40, 24, 3) + 0.35 * _fractal(seed + 1, width, height, 4, 3)
    elif name == "stone":
        made = _fractal(seed, width, height, 14, 9, 5) ** 1.3
    else:
        made = _fractal(seed, width, height, 6, 4)
    result = np.ascontiguousarray(made, dtype=np.float32)
    result.flags.writeable = False
    return result


def grain(seed: int, frame: int, width: int, height: int) -> npt.NDArray[np.int16]:
    """Returns sensor noise for one frame, shape (height, width), -3..3, in whole levels."""
    rng = np.random.default_rng([seed, frame])
    # Sum of two uniform bytes: integers only, so that no float rounding differs between machines.
    raw = rng.integers(0, 256, (2, height, width), dtype=np.uint8).astype(np.int16)
    levels: npt.NDArray[np.int16] = (raw[0] + raw[1] - 255) // 85
    return levels
