"""What is measured of one edit at the model's own size, against the exact target; pure functions of frames.

All compare clips of one shape, frame by frame, in levels of 255 over three channels. They need the target and, where
the sample has one, the mask of what the right edit changes. They are no judge's opinion, and no judge's formula: the
judge `reference` looks at the same edits beside them, by rules of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.errors import DataError
from rvebench.video import Frames

__all__ = [
    "MEASURES",
    "SUCCESS_ABOVE",
    "EditMeasures",
    "Measure",
    "ea_progress",
    "gradient_energy",
    "measure_edit",
    "measure_named",
    "outside_error",
    "temporal_error",
]

Floats = NDArray[np.float64]

SUCCESS_ABOVE = 0.5
"""Progress above which an edit counts as done."""

_INSIDE = 128
"""Mask levels from which a pixel counts as one that the edit changes."""
_LEAST_CHANGE = 1.0
"""Mean absolute difference of source and target inside the mask, in levels, below which there is nothing to measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure, for tables."""

    name: str
    title: str
    better: Literal["higher", "lower", "none"]
    criterion: str
    """The paper's criterion that it stands beside: EA, PC, GN, GR, Overall; empty for none."""
    summary: str


MEASURES: tuple[Measure, ...] = (
    Measure(
        name="ea_progress",
        title="EA progress",
        better="higher",
        criterion="EA",
        summary="share of the source-to-target error inside the mask that the edit removes, -1..1",
    ),
    Measure(
        name="ea_success",
        title="EA success",
        better="higher",
        criterion="EA",
        summary=f"share of edits whose progress is above {SUCCESS_ABOVE:g}",
    ),
    Measure(
        name="pc_error",
        title="PC error",
        better="lower",
        criterion="PC",
        summary="mean absolute difference to the target outside the mask, as a share of 255",
    ),
    Measure(
        name="gn_error",
        title="GN error",
        better="lower",
        criterion="GN",
        summary="mean absolute difference of frame-to-frame changes to the target's, as a share of 255",
    ),
    Measure(
        name="gr_sharpness",
        title="GR sharpness",
        better="none",
        criterion="GR",
        summary="gradient energy over the target's; 1 is as sharp, less is blurred, more is noisy",
    ),
    Measure(name="judge_ea", title="judge EA", better="higher", criterion="EA", summary="judge `reference`, 0..10"),
    Measure(name="judge_pc", title="judge PC", better="higher", criterion="PC", summary="judge `reference`, 0..10"),
    Measure(name="judge_gn", title="judge GN", better="higher", criterion="GN", summary="judge `reference`, 0..10"),
    Measure(name="judge_gr", title="judge GR", better="higher", criterion="GR", summary="judge `reference`, 0..10"),
    Measure(
        name="judge_overall",
        title="judge Overall",
        better="higher",
        criterion="Overall",
        summary="judge `reference`, geometric mean of its criteria, 0..10",
    ),
    Measure(
        name="p_yes",
        title="critic P(yes)",
        better="none",
        criterion="",
        summary="what the training critic says of the finished edit: a rise without EA is a gamed critic",
    ),
)
"""In the order of tables."""


def measure_named(name: str) -> Measure:
    """Returns the measure of a name.

    Raises:
        KeyError: there is none.
    """
    return {measure.name: measure for measure in MEASURES}[name]


class EditMeasures(NamedTuple):
    """The measures of one edit at the model's size; None where one does not apply to the sample."""

    ea_progress: float | None
    ea_success: float | None
    pc_error: float | None
    gn_error: float
    gr_sharpness: float | None


def measure_edit(source_THWC: Frames, target_THWC: Frames, edit_THWC: Frames, mask_THW: Frames | None) -> EditMeasures:
    """Returns the measures of one edit.

    Args:
        source_THWC: what was edited.
        target_THWC: the right answer.
        edit_THWC: the edit.
        mask_THW: 0..255, high where the right answer differs; None where it differs everywhere (another camera).

    Raises:
        DataError: the clips differ in shape.
    """
    if not source_THWC.shape == target_THWC.shape == edit_THWC.shape:
        raise DataError(f"clips differ in shape: {source_THWC.shape}, {target_THWC.shape} and {edit_THWC.shape}")
    if mask_THW is not None and mask_THW.shape != source_THWC.shape[:3]:
        raise DataError(f"the mask's shape is {mask_THW.shape}, the clips' {source_THWC.shape}")
    progress = ea_progress(source_THWC, target_THWC, edit_THWC, mask_THW)
    energy = gradient_energy(target_THWC)
    return EditMeasures(
        ea_progress=progress,
        ea_success=None if progress is None else float(progress > SUCCESS_ABOVE),
        pc_error=outside_error(target_THWC, edit_THWC, mask_THW),
        gn_error=temporal_error(target_THWC, edit_THWC),
        gr_sharpness=gradient_energy(edit_THWC) / energy if energy > 0 else None,
    )


def ea_progress(source_THWC: Frames, target_THWC: Frames, edit_THWC: Frames, mask_THW: Frames | None) -> float | None:
    """Returns 1 - |edit - target| / |source - target| over what the mask covers, clipped to -1..1.

    0 is the source untouched, 1 the target, below 0 farther from the target than the source was. None where source and
    target hardly differ there: any edit would be a failure or a success by a hair.
    """
    inside = _inside(mask_THW, source_THWC)
    if not inside.any():
        return None
    begun = _distance(source_THWC, target_THWC)[inside].mean()
    if begun < _LEAST_CHANGE:
        return None
    left = _distance(edit_THWC, target_THWC)[inside].mean()
    return float(np.clip(1.0 - left / begun, -1.0, 1.0))


def outside_error(target_THWC: Frames, edit_THWC: Frames, mask_THW: Frames | None) -> float | None:
    """Returns the mean of |edit - target| / 255 where nothing was to change; None where the mask leaves nothing.

    The target there is the source but for its own coding: both were rendered with one grain.
    """
    outside = ~_inside(mask_THW, target_THWC)
    return float(_distance(edit_THWC, target_THWC)[outside].mean() / 255) if outside.any() else None


def temporal_error(target_THWC: Frames, edit_THWC: Frames) -> float:
    """Returns the mean of |d edit - d target| / 255, d being the difference to the frame before; 0 for one frame.

    Flicker raises it, and so does an edit that stands still where the target moves.
    """
    if len(target_THWC) < 2:
        return 0.0
    moves = [np.diff(clip.astype(np.float64), axis=0) for clip in (edit_THWC, target_THWC)]
    return float(np.abs(moves[0] - moves[1]).mean() / 255)


def gradient_energy(frames_THWC: Frames) -> float:
    """Returns the mean square of differences between neighbours in x and y, of the luma (BT.601), in levels squared."""
    luma = frames_THWC.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return float(np.square(np.diff(luma, axis=1)).mean() + np.square(np.diff(luma, axis=2)).mean())


def _inside(mask_THW: Frames | None, like_THWC: Frames) -> NDArray[np.bool_]:
    if mask_THW is None:
        return np.ones(like_THWC.shape[:3], bool)
    return np.asarray(mask_THW >= _INSIDE)


def _distance(first_THWC: Frames, second_THWC: Frames) -> Floats:
    """Returns the absolute difference, a mean over channels, (T, H, W)."""
    return np.asarray(np.abs(first_THWC.astype(np.float64) - second_THWC).mean(axis=-1))
