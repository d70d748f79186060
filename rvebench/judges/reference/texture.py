"""Generation realism: is the edit as sharp, as clean and as free of coding blocks as source and target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants, ramp
from rvebench.judges.reference.views import Details, Floats, Masks

__all__ = ["Texture", "blocking", "blur", "measure_texture", "noise"]

Measure = Callable[[Floats, "Masks | None"], float]

_FLAT = 0.05
"""Mean neighbour difference, in levels, below which a picture is flat rather than sharp."""
_PERIODS = (4, 5, 6, 7, 8, 10, 12, 16)
"""Sides of the blocks looked for: 8 is the codecs', others come from resized video and mosaics."""
_EVEN = 0.5
"""Range of nine neighbouring pixels, in levels, up to which a place is without texture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """What is unreal in the picture: how much worse the edit is than the worse of source and target."""

    blur: float
    noise: float
    """In levels."""
    blocking: float
    region_blur: float | None
    """The same inside the region alone; None when it is too small, or the whole frame."""
    region_noise: float | None
    flat: float
    """Share of the pixels that lost all texture."""
    region_flat: float | None
    foreign_colour: float
    """Levels by which the colours of the same scene lie outside those of base and target."""
    realism: float
    """0..1, the lower of whole frame and region."""


def measure_texture(details: Details, inside: Masks | None, *, foreign_colour: float, constants: Constants) -> Texture:
    """Returns sharpness, noise, blocking, lost texture and colour of the edit against source and target.

    Args:
        details: full-size frames.
        inside: the region at full size, shape (F, H, W); None to measure whole frames only.
        foreign_colour: mean over the frames that show the same scene; in another scene nothing tells which colours
            are right.
        constants: thresholds.
    """
    references = (details.source, details.target)
    everywhere: list[Masks | None] = [None] * len(details.edit)
    blur_gap = _mean_excess(details.edit, references, everywhere, blur)
    noise_gap = _mean_excess(details.edit, references, everywhere, noise)
    flat_gap = _mean_excess(details.edit, references, everywhere, flatness)
    blocks, *known = (blocking(frames) for frames in (details.edit, *references))
    block_gap = max(0.0, float((blocks - np.maximum(*known)).max()))
    whole = ramp(blur_gap, constants.blur) * ramp(noise_gap, constants.noise)
    whole *= ramp(block_gap, constants.blocking) * ramp(flat_gap, constants.flat)
    realism = whole
    region_blur: float | None = None
    region_noise: float | None = None
    region_flat: float | None = None
    if inside is not None:
        large = np.flatnonzero(inside.sum(axis=(1, 2)) >= constants.min_region_pixels)
        if len(large):
            parts = [inside[index] for index in large]
            chosen = (details.source[large], details.target[large])
            region_blur = _mean_excess(details.edit[large], chosen, parts, blur)
            region_noise = _mean_excess(details.edit[large], chosen, parts, noise)
            region_flat = _mean_excess(details.edit[large], chosen, parts, flatness)
            part = ramp(region_blur, constants.region_blur) * ramp(region_noise, constants.region_noise)
            part *= ramp(region_flat, constants.region_flat)
            realism = min(whole, part)
    realism *= 1 - constants.colour_cost * (1 - ramp(foreign_colour, constants.colour))
    return Texture(
        blur=blur_gap,
        noise=noise_gap,
        blocking=block_gap,
        region_blur=region_blur,
        region_noise=region_noise,
        flat=flat_gap,
        region_flat=region_flat,
        foreign_colour=foreign_colour,
        realism=realism,
    )


def _mean_excess(
    edit: Floats, references: tuple[Floats, Floats], parts: Sequence[Masks | None], measure: Measure
) -> float:
    """Returns the mean over frames of how much more the edit has of something than the worse reference; not below 0."""
    gaps = [
        measure(frame, part) - max(measure(frames[index], part) for frames in references)
        for index, (frame, part) in enumerate(zip(edit, parts, strict=True))
    ]
    return max(0.0, float(np.mean(gaps)))


def blur(luma: Floats, where: Masks | None = None) -> float:
    """Returns how blurred a picture is, 0..1: the share of its fine variation that survives blurring it once more.

    After Crete et al., "The blur effect" (SPIE 2007): a sharp picture loses most of its neighbour differences under a
    box of nine pixels, a blurred one keeps them. A flat picture is 1. It depends little on what is shown.

    Args:
        luma: shape (H, W), 0..255.
        where: pixels that count; None: all.
    """
    from scipy import ndimage

    found = 0.0
    for axis in (0, 1):
        fine = np.abs(np.diff(luma, axis=axis))
        coarse = np.abs(np.diff(ndimage.uniform_filter1d(luma, 9, axis=axis, mode="nearest"), axis=axis))
        lost = np.maximum(0, fine - coarse)
        if where is not None:
            part = where[1:] if axis == 0 else where[:, 1:]
            fine, lost = fine[part], lost[part]
        if fine.size:
            found = max(found, 1 - float(lost.sum()) / (float(fine.sum()) + _FLAT * fine.size))
    return found


def noise(luma: Floats, where: Masks | None = None) -> float:
    """Returns the deviation of the noise in a picture, in levels: the median diagonal detail (Donoho, 1994).

    Args:
        luma: shape (H, W), 0..255.
        where: pixels that count; None: all.
    """
    detail = np.abs(luma[:-1, :-1] - luma[1:, :-1] - luma[:-1, 1:] + luma[1:, 1:]) / 2
    if where is not None:
        detail = detail[where[1:, 1:]]
    return float(np.median(detail)) / 0.6745 if detail.size else 0.0


def flatness(luma: Floats, where: Masks | None = None) -> float:
    """Returns the share of the pixels around which nothing varies, 0..1: each like its eight neighbours.

    Sharp edges between even areas hide lost texture from :func:`blur`; this counts the areas.

    Args:
        luma: shape (H, W), 0..255.
        where: pixels that count; None: all.
    """
    from scipy import ndimage

    even = ndimage.maximum_filter(luma, 3) - ndimage.minimum_filter(luma, 3) <= _EVEN
    counted = even if where is None else even[where]
    return float(counted.mean()) if counted.size else 0.0


def blocking(frames: Floats) -> npt.NDArray[np.float64]:
    """Returns for each period how far the strongest column or row of that grid stands out, in parts of the mean step.

    The median over the grid's repeats is taken, so that a border in the picture is no block.

    Args:
        frames: luma, shape (F, H, W); a period of which a side holds less than four gives 0.

    Returns:
        Shape (len(_PERIODS),).
    """
    found = np.zeros(len(_PERIODS))
    for axis in (1, 2):
        steps = np.abs(np.diff(frames, axis=axis)).mean(axis=(0, 3 - axis), dtype=np.float64)
        for index, period in enumerate(_PERIODS):
            whole = len(steps) // period * period
            if whole >= 3 * period:
                phases = np.sort(np.median(steps[:whole].reshape(-1, period), axis=0))
                stands_out = float((phases[-1] - np.median(phases)) / (phases.mean() + _FLAT))
                found[index] = max(found[index], stands_out)
    return found
