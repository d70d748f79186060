"""Which frames are compared, and the same frames at the sizes they are measured at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rvebench.judges.reference.constants import Constants
from rvebench.taxonomy import Subset
from rvebench.video import Clip, Comparison, Frames, Indices, align_to_source, fit_within, match_size, resize_frames

__all__ = [
    "Details",
    "Floats",
    "Masks",
    "Pairing",
    "Take",
    "Views",
    "grid_size",
    "luma",
    "pair_frames",
    "peak",
    "smooth",
    "tiled",
    "view_comparison",
]

Floats = npt.NDArray[np.float32]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairing:
    """For each edit frame looked at, its number and that of the frames it is compared with."""

    edit: Indices
    source: Indices
    target: Indices
    base: Indices

    @property
    def follows(self) -> Masks:
        """Whether frame i + 1 looked at is the edit's very next frame after frame i, shape (N - 1,)."""
        return np.asarray(np.diff(self.edit) == 1)


class Details(NamedTuple):
    """The luma of a few frames at full size, shape (F, H, W), 0..255."""

    source: Floats
    edit: Floats
    target: Floats
    picks: Indices
    """Which of the frames looked at these are."""


class Take(NamedTuple):
    """One video on the grid, RGB, shape (N, h, w, 3), 0..255."""

    raw: Floats
    calm: Floats
    """Each pixel the mean of the nine around it: grain and coding noise are mostly gone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """All pixels that a score is computed from; source, edit, target and base have one shape."""

    pairing: Pairing
    source: Take
    edit: Take
    target: Take
    base: Take
    """What the target would be had nothing happened: the source, or the sample's counterfactual."""
    mask: Masks | None
    """Where the outcome shows, shape (N, h, w)."""
    details: Details


def pair_frames(comparison: Comparison, constants: Constants) -> Pairing:
    """Returns the frames to look at: all of a short edit, else runs of three neighbours spread over it.

    A source frame is found by the declared window, else by time; the target's frame is the source frame's own number
    where both have as many frames, else the nearest in time. A following shot (ICVG) runs on its own clock: it is
    laid over the target directly.

    Raises:
        VideoError: the declared window ends after the source does.
    """
    source, edit, target = comparison.source, comparison.edit, comparison.target
    assert target is not None
    to_source = align_to_source(source, edit, comparison.window)
    if comparison.sample.subset is Subset.ICVG:
        to_target = _same_clock(target, edit)
    else:
        to_target = _same_clock(target, source)[to_source]
    count = len(edit)
    if count <= constants.all_frames_up_to:
        picked = np.arange(count)
    else:
        middles = np.linspace(1, count - 2, constants.groups).round().astype(np.int64)
        picked = np.unique(middles[:, None] + np.array([-1, 0, 1]))
    counterfactual = comparison.counterfactual
    to_base = to_source if counterfactual is None else _same_clock(counterfactual, target)[to_target]
    return Pairing(edit=picked, source=to_source[picked], target=to_target[picked], base=to_base[picked])


def _same_clock(reference: Clip, clip: Clip) -> Indices:
    """Returns for every frame of `clip` the frame of `reference` of the same moment."""
    if len(reference) == len(clip):
        return np.arange(len(clip), dtype=np.int64)
    return align_to_source(reference, clip, None)


def grid_size(width: int, height: int, constants: Constants) -> tuple[int, int]:
    """Returns width and height of the grid for videos of this size."""
    factor = max(constants.grid_min_reduction, min(width, height) / constants.grid_side)
    return max(1, round(width / factor)), max(1, round(height / factor))


def _on_grid(frames_THWC: Frames, indices: Indices, size: tuple[int, int]) -> Floats:
    """Returns the chosen frames at grid size, averaged over the area each grid pixel covers."""
    out = np.empty((len(indices), size[1], size[0], 3), np.float32)
    known: dict[int, int] = {}
    for place, index in enumerate(indices.tolist()):
        if index in known:
            out[place] = out[known[index]]
            continue
        image = Image.fromarray(np.ascontiguousarray(frames_THWC[index]))
        out[place] = np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
        known[index] = place
    return out


def luma(frames: npt.NDArray[np.uint8] | Floats) -> Floats:
    """Returns the brightness of RGB frames with BT.601's weights, shape (T, H, W)."""
    return np.asarray(frames.astype(np.float32, copy=False) @ np.array([0.299, 0.587, 0.114], np.float32))


def peak(frames: Floats) -> Floats:
    """Returns the largest of the three channels, the last axis."""
    return np.maximum(np.maximum(frames[..., 0], frames[..., 1]), frames[..., 2])


def smooth(frames: Floats, side: int) -> Floats:
    """Returns the mean over a square around each pixel; frames and channels stay apart."""
    from scipy import ndimage

    sides = (1, side, side, 1)[: frames.ndim]
    return np.asarray(ndimage.uniform_filter(frames, sides, mode="nearest"), np.float32)


def tiled(frames: Floats, rows: int, columns: int) -> Floats:
    """Returns the mean of each tile of the frames, shape (N, rows, columns, C); tiles differ by a pixel at most.

    Args:
        frames: shape (N, h, w, C).
        rows: how many tiles downward, at most h.
        columns: how many across, at most w.
    """
    _, height, width, _ = frames.shape
    if (rows, columns) == (height, width):
        return frames
    if height % rows == 0 and width % columns == 0:
        split = frames.reshape(len(frames), rows, height // rows, columns, width // columns, frames.shape[3])
        return np.asarray(split.mean(axis=(2, 4)), np.float32)
    tops = np.linspace(0, height, min(rows, height) + 1).astype(int)
    lefts = np.linspace(0, width, min(columns, width) + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(frames, tops[:-1], axis=1), lefts[:-1], axis=2)
    return np.asarray(sums / (np.diff(tops)[:, None] * np.diff(lefts))[..., None], np.float32)


def _take(raw: Floats) -> Take:
    return Take(raw, smooth(raw, 3))


def _mask_on_grid(mask: Clip, masked: Clip, to_masked: Indices, size: tuple[int, int]) -> Masks:
    indices = np.zeros(len(to_masked), np.int64) if len(mask) == 1 else _same_clock(mask, masked)[to_masked]
    return np.asarray(_on_grid(mask.frames_THWC, indices, size).mean(axis=-1) >= 128)


def view_comparison(comparison: Comparison, constants: Constants) -> Views:
    """Returns the frames of source, edit and target that are compared, all at the target's size or on its grid.

    Raises:
        VideoError: the declared window ends after the source does.
    """
    assert comparison.target is not None
    pairing = pair_frames(comparison, constants)
    width, height = comparison.target.size
    size = grid_size(width, height, constants)
    clips = (comparison.source.frames_THWC, comparison.edit.frames_THWC, comparison.target.frames_THWC)

    def take(frames: Frames, indices: Indices) -> Take:
        return _take(_on_grid(_unpadded(frames, width, height), indices, size))

    picked = (pairing.source, pairing.edit, pairing.target)
    source, edit, target = (take(frames, indices) for frames, indices in zip(clips, picked, strict=True))
    known = comparison.counterfactual
    mask = None
    if comparison.mask is not None:
        # The mask of a following shot is drawn over the target, that of an edit over the source.
        follows = comparison.sample.subset is Subset.ICVG
        masked, to_masked = (comparison.target, pairing.target) if follows else (comparison.source, pairing.source)
        mask = _mask_on_grid(comparison.mask, masked, to_masked, size)
    return Views(
        pairing=pairing,
        source=source,
        edit=edit,
        target=target,
        base=source if known is None else take(known.frames_THWC, pairing.base),
        mask=mask,
        details=_details(clips, pairing, (width, height), constants),
    )


def _unpadded(frames_THWC: Frames, width: int, height: int) -> Frames:
    """Returns the frames without the line that the writer adds to odd sides; other sizes are left as they are."""
    if frames_THWC.shape[1:3] == (height + height % 2, width + width % 2):
        return frames_THWC[:, :height, :width]
    return frames_THWC


def _details(
    clips: tuple[Frames, Frames, Frames], pairing: Pairing, size: tuple[int, int], constants: Constants
) -> Details:
    chosen = np.unique(np.linspace(0, len(pairing.edit) - 1, constants.detail_frames).round().astype(np.int64))
    width, height = fit_within(*size, *constants.detail_box)

    def at_size(frames_THWC: Frames, indices: Indices) -> Floats:
        return luma(resize_frames(match_size(frames_THWC[indices[chosen]], *size), width, height))

    source, edit, target = clips
    return Details(
        source=at_size(source, pairing.source),
        edit=at_size(edit, pairing.edit),
        target=at_size(target, pairing.target),
        picks=chosen,
    )
