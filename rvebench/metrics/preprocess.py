"""From 8-bit frames to what the networks take, bit for bit as VBench does it with torchvision.

Each network has its own recipe, and they differ where one would not expect it: DINO's frames are resized bilinearly
and not cropped; CLIP's are resized bicubically in floating point and keep the overshoot beyond 0..255 that bicubic
interpolation makes; ViCLIP's are clamped and rounded back to whole levels after the same interpolation, because
VBench hands that resize 8-bit frames. None of them smooths before it shrinks (`antialias=False`).

Frames are converted a few at a time, so that memory does not grow with the length or the size of a video.
"""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rvebench.errors import VideoError
from rvebench.video import Frames

__all__ = ["SIDE", "clip_input", "dino_input", "middle_indices", "resized_size", "viclip_input"]

SIDE = 224
"""The short side of every network's frames, pixels."""
MAX_ASPECT = 32
"""Frames longer than so many times their short side are refused: resized, one of them could fill the memory."""
_CHUNK_BYTES = 1 << 26
"""Floating-point frames of full size that are held at a time."""

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
"""Mean and standard deviation of each channel, of values 0..1, that the networks were trained with."""


def dino_input(frames_THWC: Frames, *, device: torch.device | str = "cpu") -> Tensor:
    """Returns frames for DINO, (T, 3, h, w): short side 224, bilinear, the long side kept whole, ImageNet's statistics.

    Args:
        frames_THWC: RGB frames, uint8.
        device: where they are converted, and stay.

    Raises:
        VideoError: the frames are more than 32 times as long as their short side.
    """
    return _converted(frames_THWC, device, mode="bilinear", statistics=_IMAGENET, crop=False, levels=False)


def clip_input(frames_THWC: Frames, *, device: torch.device | str = "cpu") -> Tensor:
    """Returns frames for CLIP, (T, 3, 224, 224): bicubic in floating point, the centre, CLIP's statistics.

    Args:
        frames_THWC: RGB frames, uint8.
        device: where they are converted, and stay.

    Raises:
        VideoError: the frames are more than 32 times as long as their short side.
    """
    return _converted(frames_THWC, device, mode="bicubic", statistics=_CLIP, crop=True, levels=False)


def viclip_input(frames_THWC: Frames, *, device: torch.device | str = "cpu") -> Tensor:
    """Returns frames for ViCLIP, (T, 3, 224, 224): bicubic, whole levels 0..255, the centre, CLIP's statistics.

    Args:
        frames_THWC: RGB frames, uint8; :func:`middle_indices` says which of a video's.
        device: where they are converted, and stay.

    Raises:
        VideoError: the frames are more than 32 times as long as their short side.
    """
    return _converted(frames_THWC, device, mode="bicubic", statistics=_CLIP, crop=True, levels=True)


def middle_indices(n_frames: int, wanted: int) -> list[int]:
    """Returns the frame in the middle of each of `wanted` equal stretches of a video; its last frame fills up.

    This is VBench's sampling `middle`: stretch i runs from floor(i n / k) to floor((i + 1) n / k) - 1, and of two
    middle frames the earlier is taken. A video of n < `wanted` frames is cut in n stretches.

    Raises:
        ValueError: there is no frame, or none is wanted.
    """
    if n_frames < 1 or wanted < 1:
        raise ValueError(f"{wanted} frames cannot be taken from {n_frames}")
    stretches = min(n_frames, wanted)
    edges = np.linspace(0, n_frames, stretches + 1).astype(int).tolist()
    middles = [(start + stop - 1) // 2 for start, stop in itertools.pairwise(edges)]
    return middles + middles[-1:] * (wanted - stretches)


def resized_size(height: int, width: int) -> tuple[int, int]:
    """Returns the height and width of a frame whose short side is made 224; the long side is rounded down.

    Raises:
        VideoError: the long side is more than 32 times the short one.
    """
    short, long = min(height, width), max(height, width)
    if long > MAX_ASPECT * short:
        raise VideoError(f"frames of {width} x {height} are more than {MAX_ASPECT} times as long as wide")
    other = int(SIDE * long / short)
    return (SIDE, other) if height <= width else (other, SIDE)


def _converted(
    frames_THWC: Frames,
    device: torch.device | str,
    *,
    mode: Literal["bilinear", "bicubic"],
    statistics: tuple[tuple[float, ...], tuple[float, ...]],
    crop: bool,
    levels: bool,
) -> Tensor:
    count, height, width, _ = frames_THWC.shape
    size = resized_size(height, width)
    mean, deviation = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in statistics)
    out_TCHW = torch.empty((count, 3, *((SIDE, SIDE) if crop else size)), device=device)
    step = max(1, _CHUNK_BYTES // (height * width * 3 * 4))
    for start in range(0, count, step):
        # The copy is small, and torch takes no read-only array.
        chunk = torch.from_numpy(frames_THWC[start : start + step].copy()).to(device)
        x = F.interpolate(chunk.permute(0, 3, 1, 2).float(), size=size, mode=mode, align_corners=False)
        if levels:
            x.clamp_(0, 255).round_()
        if crop:
            x = _centre(x)
        torch.div(x.div_(255).sub_(mean), deviation, out=out_TCHW[start : start + step])
    return out_TCHW


def _centre(x_TCHW: Tensor) -> Tensor:
    """Returns the middle 224 x 224 pixels; half a pixel goes to the even side, as torchvision rounds."""
    height, width = x_TCHW.shape[-2:]
    top, left = round((height - SIDE) / 2), round((width - SIDE) / 2)
    return x_TCHW[..., top : top + SIDE, left : left + SIDE]
