"""Frames of any size into a model that takes multiples of 32, and its edit back to the source's size.

A plan is arithmetic alone and is recorded with the edit; the two pixel functions follow it. `pad` keeps the whole
picture and its shape; `crop` is what the released script does (it edits the middle of the picture); `stretch` keeps the
whole picture and bends its shape a little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from rvebench.errors import UsageError
from rvebench.revise.shapes import SIZE_MULTIPLE, Size
from rvebench.video import Frames, resize_frames

__all__ = ["Box", "Fit", "SizePlan", "plan_size"]

Fit = Literal["pad", "crop", "stretch"]


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    def cut(self, frames_THWC: Frames) -> Frames:
        """Returns what lies inside, as a view."""
        return frames_THWC[:, self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePlan:
    """How frames of one size become frames of another, and the way back."""

    fit: Fit
    source_width: int
    source_height: int
    model: Size
    """What the model is given."""
    taken: Box
    """The part of the source that is edited, in source pixels: all of it unless the fit is `crop`."""
    placed: Box
    """Where that part lies in the model's frame, in its pixels: all of it unless the fit is `pad`."""

    @property
    def scaled(self) -> bool:
        """Whether pixels are resampled at all; a plan that only pads or crops gives them back bit for bit."""
        return self.taken[2:] != self.placed[2:]

    def to_model(self, frames_THWC: Frames) -> Frames:
        """Returns the frames at the model's size; padding repeats the picture's edge.

        Raises:
            UsageError: the frames are not of the size that was planned for.
        """
        _check(frames_THWC, self.source_width, self.source_height, "source")
        inner = resize_frames(self.taken.cut(frames_THWC), self.placed.width, self.placed.height)
        left, top = self.placed.left, self.placed.top
        right = self.model.width - left - self.placed.width
        bottom = self.model.height - top - self.placed.height
        return np.pad(inner, ((0, 0), (top, bottom), (left, right), (0, 0)), mode="edge")

    def from_model(self, frames_THWC: Frames, source_THWC: Frames | None = None) -> Frames:
        """Returns an edit at the source's scale: padding cut off, size restored.

        With the fit `crop` that is the size of `taken`; given as many source frames, the edit is laid upon them, so
        that the source's size is kept and its border is unedited.

        Raises:
            UsageError: the edit is not of the model's size, or the source frames do not fit it.
        """
        _check(frames_THWC, self.model.width, self.model.height, "edit")
        inner = resize_frames(self.placed.cut(frames_THWC), self.taken.width, self.taken.height)
        if source_THWC is None or self.fit != "crop":
            return inner
        _check(source_THWC, self.source_width, self.source_height, "source")
        if len(source_THWC) != len(inner):
            raise UsageError(f"the edit has {len(inner)} frames and the source beside it {len(source_THWC)}")
        whole = source_THWC.copy()
        self.taken.cut(whole)[:] = inner
        return whole

    def as_json(self) -> dict[str, Any]:
        """Returns the plan as JSON values for a run's records."""
        return {
            "fit": self.fit,
            "source": [self.source_width, self.source_height],
            "model": [self.model.width, self.model.height],
            "taken": list(self.taken),
            "placed": list(self.placed),
        }


def plan_size(
    width: int,
    height: int,
    *,
    size: Size | None = None,
    fit: Fit = "pad",
    turn: bool = True,
    max_pixels: int | None = None,
) -> SizePlan:
    """Returns how frames of `width` x `height` pixels are given to the model.

    Args:
        width: of the source, at least 1.
        height: of the source, at least 1.
        size: the model's; None takes the source's own, rounded to multiples of 32 (up to pad, down to crop, to the
            nearest to stretch), so that nothing is resampled unless `stretch` or `max_pixels` asks for it.
        fit: see the module.
        turn: give a portrait source a portrait size (and a landscape source a landscape one), `size` with its sides
            exchanged.
        max_pixels: shrink the source's own size to at most as many; only where `size` is None.

    Raises:
        UsageError: an unknown fit, an empty picture, or fewer than 32 x 32 pixels allowed.
    """
    if fit not in get_args(Fit):
        raise UsageError(f"no fit is called {fit!r}", hint=f"use one of {', '.join(get_args(Fit))}")
    if width < 1 or height < 1:
        raise UsageError(f"a picture of {width}x{height} (width x height) cannot be edited")
    own = size is None
    shrink = 1.0 if max_pixels is None else min(1.0, math.sqrt(max_pixels / (width * height)))
    if size is None:
        size = _own_size(width * shrink, height * shrink, fit, max_pixels)
    elif turn and width != height and (width > height) != (size.width > size.height):
        size = Size(width=size.height, height=size.width)
    taken, placed = Box(0, 0, width, height), Box(0, 0, size.width, size.height)
    if fit == "pad":
        scale = min(size.width / width, size.height / height)
        scale = min(scale, 1.0) if own else scale
        placed = _centred(size.width, size.height, width * scale, height * scale)
    elif fit == "crop":
        scale = min(width / size.width, height / size.height)
        scale = 1.0 if own and shrink == 1 and scale > 1 else scale
        taken = _centred(width, height, size.width * scale, size.height * scale)
    return SizePlan(fit=fit, source_width=width, source_height=height, model=size, taken=taken, placed=placed)


def _own_size(width: float, height: float, fit: Fit, max_pixels: int | None) -> Size:
    """Returns the size in multiples of 32 for a picture that brings its own, within `max_pixels`."""
    if max_pixels is not None and max_pixels < SIZE_MULTIPLE**2:
        raise UsageError(f"{max_pixels} pixels are too few: a frame has at least {SIZE_MULTIPLE}x{SIZE_MULTIPLE}")
    near = [side / SIZE_MULTIPLE for side in (width, height)]
    whole = [math.ceil(n) if fit == "pad" else math.floor(n) if fit == "crop" else round(n) for n in near]
    sides = [max(1, n) for n in whole]
    while max_pixels is not None and sides[0] * sides[1] * SIZE_MULTIPLE**2 > max_pixels:
        sides[sides.index(max(sides))] -= 1
    return Size(width=sides[0] * SIZE_MULTIPLE, height=sides[1] * SIZE_MULTIPLE)


def _centred(width: int, height: int, inner_width: float, inner_height: float) -> Box:
    wide, high = (min(max(1, round(inner)), outer) for inner, outer in ((inner_width, width), (inner_height, height)))
    return Box((width - wide) // 2, (height - high) // 2, wide, high)


def _check(frames_THWC: Frames, width: int, height: int, role: str) -> None:
    if frames_THWC.shape[1:3] != (height, width):
        raise UsageError(
            f"the {role}'s frames are {frames_THWC.shape[2]}x{frames_THWC.shape[1]} (width x height), "
            f"the plan is for {width}x{height}"
        )
