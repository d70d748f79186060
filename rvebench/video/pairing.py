"""Which source frame each edit frame is to be compared with.

Editors keep the length of the source, or take a window of it, or give other sizes, rates and lengths altogether.
An editor that read 17 consecutive frames of a 5 s source made an edit of 0.85 s: stretched over the whole source by
time, frames of different moments would be compared. Only the declared window tells; without one, time is the best
guess there is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.errors import VideoError
from rvebench.records import Window
from rvebench.video.clip import Clip

__all__ = ["Indices", "align_to_source", "spread"]

Indices = npt.NDArray[np.int64]
"""Frame numbers from 0, shape (T,)."""


def spread(count: int, last: int) -> Indices:
    """Returns `count` whole numbers evenly from 0 to `last`, halves rounded up; 0 alone for one."""
    if count == 1:
        return np.zeros(1, np.int64)
    steps = np.arange(count, dtype=np.int64)
    even: Indices = (2 * steps * last + (count - 1)) // (2 * (count - 1))
    return even


def align_to_source(source: Clip, edit: Clip, window: Window | None) -> Indices:
    """Returns for every edit frame the number of the source frame it answers to; never decreasing.

    With a window of `count` frames, frame j of m edit frames answers to source frame
    `start + round(j * (count - 1) / (m - 1)) * stride`. Without, both videos are laid over one another from first to
    last frame, and the source frame nearest in time is taken, the earlier one of two.

    Raises:
        VideoError: the window ends after the source does.
    """
    if window is None:
        return _by_time(source, edit)
    last = window.start + (window.count - 1) * window.stride
    if last >= len(source):
        raise VideoError(
            f"the editor's window ends at source frame {last}, but the source has {len(source)} frames",
            hint="declare the frames that were really consumed",
        )
    return window.start + spread(len(edit), window.count - 1) * window.stride


def _by_time(source: Clip, edit: Clip) -> Indices:
    if len(source) == 1 or len(edit) == 1:
        return np.zeros(len(edit), np.int64)
    if len(source) == len(edit) and _uniform(source) and _uniform(edit):
        return np.arange(len(edit), dtype=np.int64)
    wanted_s = edit.pts_s / edit.pts_s[-1] * source.pts_s[-1]
    after = np.clip(np.searchsorted(source.pts_s, wanted_s), 1, len(source) - 1)
    before = after - 1
    # A hair of tolerance: equal distances must not be decided by the last bit of a division.
    slack = 1e-6 * float(source.pts_s[-1])
    nearer = (source.pts_s[after] - wanted_s) < (wanted_s - source.pts_s[before]) - slack
    nearest: Indices = np.where(nearer, after, before).astype(np.int64)
    return nearest


def _uniform(clip: Clip) -> bool:
    steps = np.diff(clip.pts_s)
    return bool(np.allclose(steps, steps[0], rtol=0, atol=2e-3))
