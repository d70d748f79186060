"""Times of frames: taken from the stream, repaired where the stream has none or runs backwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rvebench.video.clip import Seconds

__all__ = ["mean_fps", "presentation_times"]


def presentation_times(stamps_s: Sequence[float | None], *, rate: float) -> Seconds:
    """Returns strictly increasing times that start at 0.

    Stamps that do not come after all stamps before them are put evenly between their neighbours. When any stamp is
    missing, or when more than half would have to move, all times follow from the rate.

    Args:
        stamps_s: one stamp a frame in display order.
        rate: frames a second to fall back on, above 0.
    """
    count = len(stamps_s)
    even: Seconds = np.arange(count, dtype=np.float64) / rate
    known = [stamp for stamp in stamps_s if stamp is not None]
    if len(known) < count or count == 0:
        return even
    stamps = np.asarray(known, dtype=np.float64)
    if not np.isfinite(stamps).all():
        return even
    highest_before = np.concatenate(([-np.inf], np.maximum.accumulate(stamps)[:-1]))
    good = np.flatnonzero(stamps > highest_before)
    if 2 * len(good) < count:
        return even
    times = np.interp(np.arange(count), good, stamps[good])
    tail = np.arange(count) - good[-1]
    times = np.where(tail > 0, stamps[good[-1]] + tail / rate, times) - stamps[0]
    return times if bool((np.diff(times) > 0).all()) else even


def mean_fps(times_s: Seconds, *, rate: float) -> float:
    """Returns frames a second between the first and the last frame; `rate` for one frame."""
    return float((len(times_s) - 1) / (times_s[-1] - times_s[0])) if len(times_s) > 1 else rate
