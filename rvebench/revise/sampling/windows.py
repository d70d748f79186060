"""Clips of any length through a model that takes 4n + 1 frames: which frames, in which windows, put together how.

All of it is arithmetic on indices; nothing here needs torch. A plan says everything that was decided, so that a run's
records can tell it: the source frames consumed, how often the last one was repeated, where each window starts, the
rate of the edit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from rvebench.errors import UsageError
from rvebench.records import Window
from rvebench.revise.shapes import check_frames

__all__ = ["Blend", "ClipPlan", "Short", "Tail", "WindowPolicy", "blend_weights", "cross_fade", "plan_clip"]

Short = Literal["repeat", "shrink", "refuse"]
"""A clip of fewer frames than a window: repeat its last frame to fill the window, or only to the next 4n + 1 (one frame
stays one), and cut the edit back; or refuse it."""

Tail = Literal["shift", "repeat", "drop"]
"""Frames left after the last whole window: move one more window back until it ends with the clip, fill it with the last
frame repeated, or leave them out of the edit."""

Blend = Literal["pixel", "latent"]
"""Where windows meet: each is edited and decoded alone and the frames cross-fade; or all are denoised as one long
latent whose velocities are blended at each step (:meth:`rvebench.revise.sampling.sampler.Sampler.sample_windows`)."""

_TEMPORAL_FACTOR = 4
"""Frames a latent after the first, as in every Wan2.1 autoencoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPolicy:
    """How a clip is cut into windows."""

    frames: int = 17
    """Frames of a window, 4n + 1."""
    overlap: int = 5
    """Frames that neighbours share, below `frames`; 4m + 1 where latents are blended."""
    stride: int = 1
    """Source frames per consumed frame, at least 1."""
    blend: Blend = "pixel"
    tail: Tail = "shift"
    short: Short = "repeat"
    max_frames: int | None = None
    """Most frames consumed; None: the whole clip."""
    fps: float | None = None
    """Declared rate of the edit; None keeps that of the consumed frames."""

    def __post_init__(self) -> None:
        check_frames(self.frames)
        for name, kind in (("blend", Blend), ("tail", Tail), ("short", Short)):
            if getattr(self, name) not in get_args(kind):
                raise UsageError(f"{name} is {getattr(self, name)!r}", hint=f"use one of {', '.join(get_args(kind))}")
        if not 0 <= self.overlap < self.frames:
            raise UsageError(f"windows of {self.frames} frames cannot share {self.overlap}")
        if self.blend == "latent" and self.overlap % _TEMPORAL_FACTOR != 1 and self.frames > 1:
            raise UsageError(
                f"an overlap of {self.overlap} frames does not fall on whole latents",
                hint="use 1, 5, 9, ... frames, or blend pixels",
            )
        if self.stride < 1:
            raise UsageError(f"the stride must be at least 1, not {self.stride}")
        if self.max_frames is not None and self.max_frames < 1:
            raise UsageError(f"max_frames must be at least 1, not {self.max_frames}")
        if self.fps is not None and not (self.fps > 0 and math.isfinite(self.fps)):
            raise UsageError(f"the rate of an edit must be above 0, not {self.fps}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlan:
    """How one clip is edited; positions count consumed frames, padding included, from 0."""

    policy: WindowPolicy
    window: Window
    """The source frames consumed, each once: what the run records."""
    padding: int
    """How often the last consumed frame is repeated after them; as many frames are cut off the edit."""
    frames: int
    """Frames of each window, 4n + 1; fewer than the policy's where a short clip shrinks it."""
    starts: tuple[int, ...]
    """Position of each window's first frame, rising from 0."""
    output_fps: float
    """Frames a second of the edit."""
    left_out: int = 0
    """Frames at the clip's end that fill no window and were dropped."""
    weights_WT: npt.NDArray[np.float64] = field(init=False, repr=False, compare=False)
    """Share of each window at each of its frames, shape (windows, frames)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights_WT", blend_weights(self.starts, self.frames))

    @property
    def length(self) -> int:
        """Frames the model sees in all, padding included, each counted once."""
        return self.window.count + self.padding

    @property
    def source_indices(self) -> list[int]:
        """Index in the source of each position; the last one repeats `padding` times more."""
        real = [self.window.start + step * self.window.stride for step in range(self.window.count)]
        return real + real[-1:] * self.padding

    def window_indices(self, index: int) -> list[int]:
        """Returns the source indices of one window's frames."""
        return self.source_indices[self.starts[index] : self.starts[index] + self.frames]

    @property
    def latent_frames(self) -> int:
        """Latents of one window along time."""
        return (self.frames - 1) // _TEMPORAL_FACTOR + 1

    @property
    def latent_length(self) -> int:
        """Latents of the whole clip along time, as if it were encoded at once."""
        return (self.length - 1) // _TEMPORAL_FACTOR + 1

    @property
    def latent_starts(self) -> tuple[int, ...]:
        """First latent of each window in the whole clip's latents; rounded down where windows start between two."""
        return tuple(start // _TEMPORAL_FACTOR for start in self.starts)

    def latent_weights(self) -> npt.NDArray[np.float64]:
        """Returns the share of each window at each of its latents, shape (windows, latents of a window).

        Raises:
            UsageError: the windows start between two latents: the policy blends pixels.
        """
        if any(start % _TEMPORAL_FACTOR for start in self.starts):
            raise UsageError("the windows start between two latents", hint="plan the clip with blend = latent")
        return blend_weights(self.latent_starts, self.latent_frames)

    def window_noise(self, noise_BCTHW: Any) -> list[Any]:
        """Returns each window's part of one long noise, so that windows agree on the noise of what they share.

        Args:
            noise_BCTHW: noise of the whole clip, `latent_length` along its third axis.
        """
        if noise_BCTHW.shape[2] != self.latent_length:
            raise UsageError(f"the clip has {self.latent_length} latents, its noise {noise_BCTHW.shape[2]}")
        return [noise_BCTHW[:, :, start : start + self.latent_frames] for start in self.latent_starts]

    def assemble(self, pieces: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Returns the edit: windows cross-faded where they overlap, padding cut off.

        Args:
            pieces: one edited window each, time first, `frames` long, of one shape and dtype.

        Returns:
            `window.count` frames of that dtype; where one window alone covers a frame it is that window's, bit for bit.

        Raises:
            UsageError: pieces are missing, or of another length.
        """
        return cross_fade(pieces, self.starts, self.weights_WT)[: self.window.count]

    def trim(self, frames_THWC: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Returns a whole decoded clip (blended as latents) without its padding.

        Raises:
            UsageError: it has not `length` frames.
        """
        if len(frames_THWC) != self.length:
            raise UsageError(f"the plan has {self.length} frames, the edit {len(frames_THWC)}")
        return frames_THWC[: self.window.count]

    def as_json(self) -> dict[str, Any]:
        """Returns everything decided, as JSON values for a run's records."""
        return {
            "window": self.window.as_json(),
            "padding": self.padding,
            "left_out": self.left_out,
            "frames": self.frames,
            "starts": list(self.starts),
            "blend": self.policy.blend,
            "tail": self.policy.tail,
            "short": self.policy.short,
            "output_fps": self.output_fps,
        }


def plan_clip(total: int, fps: float, policy: WindowPolicy, asked: Window | None = None) -> ClipPlan:
    """Returns how a clip of `total` frames at `fps` is edited.

    Args:
        total: frames of the source.
        fps: frames a second of the source.
        policy: windows, overlap, what to do with short clips and tails.
        asked: the source frames that the run fixes, if it does; its start, stride and count then rule.

    Raises:
        UsageError: no frame is there to read, or the clip is short and the policy refuses it.
    """
    if not (fps > 0 and math.isfinite(fps)):
        raise UsageError(f"the source's rate must be above 0 frames a second, not {fps}")
    start, stride = (asked.start, asked.stride) if asked else (0, policy.stride)
    count = max(0, -(-(total - start) // stride))
    count = min(count, asked.count if asked else count, policy.max_frames or count)
    if count < 1:
        raise UsageError(f"there is no frame to edit: the source has {total}, the window starts at {start}")
    frames, starts, padding, left_out = policy.frames, [0], 0, 0
    if count < frames:
        if policy.short == "refuse":
            raise UsageError(
                f"the clip has {count} frames to edit and a window needs {frames}",
                hint="allow short clips (short = repeat or shrink), or choose a smaller window",
            )
        if policy.short == "shrink":
            frames = -(-(count - 1) // _TEMPORAL_FACTOR) * _TEMPORAL_FACTOR + 1
        padding = frames - count
    else:
        step = frames - policy.overlap
        starts = list(range(0, count - frames + 1, step))
        left = count - (starts[-1] + frames)
        if left and policy.tail == "drop":
            count, left_out = count - left, left
        elif left and policy.tail == "repeat":
            starts.append(starts[-1] + step)
            padding = starts[-1] + frames - count
        elif left:
            # One long latent has 4n + 1 frames too: at most three repeats bring the last window onto whole latents.
            padding = -(count - 1) % _TEMPORAL_FACTOR if policy.blend == "latent" else 0
            starts.append(count + padding - frames)
    rate = asked.fps if asked else fps / stride
    return ClipPlan(
        policy=policy,
        window=Window(start=start, stride=stride, count=count, fps=rate),
        padding=padding,
        frames=frames,
        starts=tuple(starts),
        output_fps=policy.fps if policy.fps is not None else rate,
        left_out=left_out,
    )


def blend_weights(starts: Sequence[int], frames: int) -> npt.NDArray[np.float64]:
    """Returns each window's share at each of its positions, shape (windows, frames), above 0.

    A share rises over what a window has in common with the one before, and falls over what it has in common with the
    next; then the shares at each position are divided by their sum. Where one window is alone its share is exactly 1.

    Args:
        starts: first position of each window, strictly rising.
        frames: positions of each window, at least 1.

    Raises:
        UsageError: the windows do not rise from 0, or leave a gap.
    """
    if not starts or starts[0] != 0 or any(not 0 < b - a <= frames for a, b in pairwise(starts)):
        raise UsageError(f"windows of {frames} at {list(starts)} do not cover a clip from its start to its end")
    place = np.arange(frames, dtype=np.float64)
    shares = np.ones((len(starts), frames))
    for index, (before, after) in enumerate(pairwise(starts)):
        common = before + frames - after
        shares[index] = np.minimum(shares[index], (frames - place) / (common + 1))
        shares[index + 1] = np.minimum(shares[index + 1], (place + 1) / (common + 1))
    total = np.zeros(starts[-1] + frames)
    for start, share in zip(starts, shares, strict=True):
        total[start : start + frames] += share
    for start, share in zip(starts, shares, strict=True):
        share /= total[start : start + frames]
    return shares


def cross_fade(
    pieces: Sequence[npt.NDArray[Any]], starts: Sequence[int], weights_WT: npt.NDArray[np.float64]
) -> npt.NDArray[Any]:
    """Returns windows put together along their first axis, each position the weighted mean of those that cover it.

    Integers are rounded to nearest. Memory: the result, and one frame in float32.

    Raises:
        UsageError: a window is missing, or of another length, shape or dtype.
    """
    count, frames = weights_WT.shape
    if len(pieces) != count or len(starts) != count:
        raise UsageError(f"{count} windows were planned and {len(pieces)} were made")
    first = pieces[0]
    for index, piece in enumerate(pieces):
        if piece.shape != (frames, *first.shape[1:]) or piece.dtype != first.dtype:
            raise UsageError(
                f"window {index} came back as {piece.dtype} {piece.shape}, "
                f"not {first.dtype} {(frames, *first.shape[1:])}"
            )
    out = np.empty((starts[-1] + frames, *first.shape[1:]), first.dtype)
    for position in range(len(out)):
        covering = [index for index, start in enumerate(starts) if start <= position < start + frames]
        if len(covering) == 1:
            out[position] = pieces[covering[0]][position - starts[covering[0]]]
            continue
        mixed = np.zeros(first.shape[1:], np.float32)
        for index in covering:
            place = position - starts[index]
            mixed += np.float32(weights_WT[index, place]) * pieces[index][place].astype(np.float32)
        out[position] = np.rint(mixed) if np.issubdtype(first.dtype, np.integer) else mixed
    return out
