"""From frames to what a vision tower reads, in tensors all the way, so that a gradient can go back to the pixels.

The processors of transformers go through PIL and numbers of eight bits, where gradients end. At the tower's own size
the values here are theirs. With a resize they differ by PIL's rounding to whole levels after each of its two passes,
at most 1.6 levels of 255 and .3 on average; the filter is the same (bicubic with a = -0.5, antialiased).
Arithmetic is float32 whatever the model's dtype or an autocast around it, float64 for float64 frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch.nn.functional import interpolate, pad

from rvebench.errors import UsageError

__all__ = [
    "AspectPolicy",
    "QwenPixels",
    "QwenSpec",
    "SiglipSpec",
    "patchify",
    "resize",
    "siglip_pixels",
    "smart_size",
    "unit_frames",
]

AspectPolicy = Literal["resize", "pad"]
"""What becomes of frames that are not square: squeezed, or set on a square of the mean colour."""

_LONGEST_ASPECT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SiglipSpec:
    """How a SigLIP tower wants its pixels."""

    height: int = 384
    width: int = 384
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    aspect: AspectPolicy = "resize"


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenSpec:
    """How the tower of Qwen2-VL and Qwen2.5-VL wants its pixels."""

    patch: int = 14
    temporal_patch: int = 2
    merge: int = 2
    min_pixels: int = 56 * 56
    max_pixels: int = 28 * 28 * 1280
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)

    @classmethod
    def from_processor(cls, settings: Mapping[str, Any], *, max_pixels: int | None = None) -> QwenSpec:
        """Returns what a preprocessor_config.json says, with the class's values for what it leaves out.

        Args:
            settings: the file's object.
            max_pixels: instead of its own limit of a frame's area.
        """
        size = settings.get("size") or {}
        default = cls()
        return cls(
            patch=settings.get("patch_size") or default.patch,
            temporal_patch=settings.get("temporal_patch_size") or default.temporal_patch,
            merge=settings.get("merge_size") or default.merge,
            min_pixels=settings.get("min_pixels") or size.get("shortest_edge") or default.min_pixels,
            max_pixels=max_pixels or settings.get("max_pixels") or size.get("longest_edge") or default.max_pixels,
            mean=tuple(settings.get("image_mean") or default.mean),
            std=tuple(settings.get("image_std") or default.std),
        )


class QwenPixels(NamedTuple):
    """One segment of frames, as the tower takes it."""

    patches_ND: torch.Tensor
    """Flat patches, [t*h*w, 3*temporal_patch*patch*patch], those that are merged next to each other."""
    grid: tuple[int, int, int]
    """Patches in time, height and width, before merging."""

    def tokens(self, merge: int) -> int:
        """How many tokens the language model is given."""
        return math.prod(self.grid) // merge**2


def unit_frames(frames_THWC: torch.Tensor) -> torch.Tensor:
    """Returns frames as [T, 3, H, W] in 0..1, float32, or float64 if they were.

    Args:
        frames_THWC: RGB, uint8, or floating point in 0..1.

    Raises:
        UsageError: they have another shape or kind, or values that are out of range or not numbers.
    """
    if frames_THWC.ndim != 4 or frames_THWC.shape[-1] != 3 or 0 in frames_THWC.shape:
        raise UsageError(f"frames are [T, H, W, 3], T, H and W at least 1, not {list(frames_THWC.shape)}")
    frames_TCHW = frames_THWC.permute(0, 3, 1, 2)
    if frames_TCHW.dtype == torch.uint8:
        return frames_TCHW.float() / 255
    if not frames_TCHW.is_floating_point():
        raise UsageError(f"frames are uint8, or floating point in 0..1, not {frames_TCHW.dtype}")
    low, high = (float(edge) for edge in frames_TCHW.detach().aminmax())
    if not (low >= 0 and high <= 1):
        raise UsageError(f"frames of floating point lie in 0..1, not in {low:.4g}..{high:.4g}", hint="clamp them")
    return frames_TCHW if frames_TCHW.dtype == torch.float64 else frames_TCHW.float()


def resize(frames_TCHW: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Returns frames at another size, still in 0..1; at their own size the very same.

    Width first, then height, and what overshoots is cut off after each, as PIL does (from Pillow 13 on PIL begins with
    the height where that is much less work; beside hard edges it then differs by up to 20 levels of 255).
    """
    with torch.autocast(frames_TCHW.device.type, enabled=False):
        for size in ((frames_TCHW.shape[2], width), (height, width)):
            if tuple(frames_TCHW.shape[2:]) != size:
                frames_TCHW = interpolate(frames_TCHW, size=size, mode="bicubic", antialias=True).clamp(0, 1)
    return frames_TCHW


def siglip_pixels(frames_THWC: torch.Tensor, spec: SiglipSpec) -> torch.Tensor:
    """Returns [T, 3, height, width], normalised.

    Args:
        frames_THWC: RGB, uint8, or floating point in 0..1.
        spec: the tower's wishes.

    Raises:
        UsageError: frames of a wrong shape or range.
    """
    frames_TCHW = unit_frames(frames_THWC)
    if spec.aspect == "pad":
        frames_TCHW = _squared(frames_TCHW, spec.mean)
    return _normalised(resize(frames_TCHW, spec.height, spec.width), spec.mean, spec.std)


def smart_size(height: int, width: int, spec: QwenSpec) -> tuple[int, int]:
    """Returns the height and width at which Qwen's tower sees a frame.

    Both are multiples of patch times merge, their product lies within the limits, the aspect is kept as nearly as that
    allows (transformers' `smart_resize`).

    Raises:
        UsageError: one side is more than 200 times the other.
    """
    if max(height, width) > _LONGEST_ASPECT * min(height, width):
        raise UsageError(
            f"frames of {width}x{height} are too narrow: one side is over {_LONGEST_ASPECT} times the other"
        )
    factor = spec.patch * spec.merge
    sides = (height, width)
    near = [round(side / factor) * factor for side in sides]
    if math.prod(near) > spec.max_pixels:
        shrink = math.sqrt(height * width / spec.max_pixels)
        near = [max(factor, math.floor(side / shrink / factor) * factor) for side in sides]
    elif math.prod(near) < spec.min_pixels:
        grow = math.sqrt(spec.min_pixels / (height * width))
        near = [math.ceil(side * grow / factor) * factor for side in sides]
    return near[0], near[1]


def patchify(frames_THWC: torch.Tensor, spec: QwenSpec) -> QwenPixels:
    """Returns one segment for Qwen's tower: resized, normalised, cut in patches.

    The last frame is repeated until the count is a multiple of the temporal patch; a single frame is thus what the
    processor makes of a picture.

    Args:
        frames_THWC: RGB, uint8, or floating point in 0..1.
        spec: the tower's wishes.

    Raises:
        UsageError: frames of a wrong shape, range or aspect.
    """
    frames_TCHW = unit_frames(frames_THWC)
    height, width = smart_size(frames_TCHW.shape[2], frames_TCHW.shape[3], spec)
    frames_TCHW = _normalised(resize(frames_TCHW, height, width), spec.mean, spec.std)
    if short := -len(frames_TCHW) % spec.temporal_patch:
        frames_TCHW = torch.cat([frames_TCHW, frames_TCHW[-1:].expand(short, -1, -1, -1)])
    grid = (len(frames_TCHW) // spec.temporal_patch, height // spec.patch, width // spec.patch)
    blocks = frames_TCHW.reshape(
        grid[0],
        spec.temporal_patch,
        3,
        grid[1] // spec.merge,
        spec.merge,
        spec.patch,
        grid[2] // spec.merge,
        spec.merge,
        spec.patch,
    )
    # time, rows and columns of merged cells, rows and columns within a cell; then what lies within one patch
    ordered = blocks.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return QwenPixels(ordered.reshape(math.prod(grid), -1), grid)


def _normalised(frames_TCHW: torch.Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
    middle, spread = (
        torch.tensor(values, dtype=frames_TCHW.dtype, device=frames_TCHW.device).view(3, 1, 1) for values in (mean, std)
    )
    return (frames_TCHW - middle) / spread


def _squared(frames_TCHW: torch.Tensor, mean: tuple[float, ...]) -> torch.Tensor:
    height, width = frames_TCHW.shape[-2:]
    side = max(height, width)
    above, left = (side - height) // 2, (side - width) // 2
    edges = (left, side - width - left, above, side - height - above)
    # VILA fills with whole levels
    planes = [pad(frames_TCHW[:, c : c + 1], edges, value=int(mean[c] * 255) / 255) for c in range(3)]
    return torch.cat(planes, dim=1)
