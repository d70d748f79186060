"""Temporal flickering (TF) as VBench defines it, in whole numbers.

VBench (Huang et al., CVPR 2024, section 3.1; `vbench/temporal_flickering.py`) takes the mean absolute difference m
of each pair of neighbouring 8-bit frames, averages over the pairs of a video and reports (255 - m) / 255. All pairs
have the same number of values, so the mean of the means is one fraction of two whole numbers: the sum is exact on
every machine and there is one rounding, in the last division.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from rvebench.errors import VideoError
from rvebench.metrics.material import consumed, failed, measured
from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Comparison, Frames

__all__ = ["TemporalFlickering", "temporal_flickering"]

_BLOCK = 1 << 16
"""Values compared at a time: three such blocks stay in a core's cache."""
_LANE = 256
"""Values added in 16 bits: 256 * 255 < 2**16."""


def _difference_sum(first: Frames, second: Frames) -> int:
    """Returns the sum of |first - second| over all values, exact."""
    a, b = first.reshape(-1), second.reshape(-1)
    total = 0
    for start in range(0, a.size, _BLOCK):
        left, right = a[start : start + _BLOCK], b[start : start + _BLOCK]
        gap = np.maximum(left, right)
        gap -= np.minimum(left, right)
        whole = gap.size - gap.size % _LANE
        total += int(gap[:whole].reshape(-1, _LANE).sum(axis=0, dtype=np.uint16).sum(dtype=np.int64)) if whole else 0
        total += int(gap[whole:].sum(dtype=np.int64))
    return total


def temporal_flickering(frames_THWC: Frames) -> float:
    """Returns VBench's TF of a video: 1 for a still picture, 0 for black and white in turn.

    Args:
        frames_THWC: at least two uint8 frames.

    Raises:
        ValueError: there are fewer than two frames.
    """
    pairs = len(frames_THWC) - 1
    if pairs < 1:
        raise ValueError("flicker needs at least two frames")
    total = sum(_difference_sum(frames_THWC[index], frames_THWC[index + 1]) for index in range(pairs))
    worst: int = 255 * frames_THWC[0].size * pairs
    return (worst - total) / worst


class TemporalFlickering:
    """The metric `temporal_flickering`: of the edit, and beside it of the source frames the editor consumed."""

    @property
    def info(self) -> MetricInfo:
        """The metric's description."""
        return MetricInfo(
            name="temporal_flickering",
            version="1 (VBench 0.1.5 definition)",
            higher_is_better=True,
            low=0.0,
            high=1.0,
            settings={"sums": "int64", "static_filter": "none"},
        )

    def measure(self, items: Iterable[Comparison]) -> Iterator[MetricValue]:
        """Yields one value for each item; an edit of one frame, or a window outside the source, is a failure."""
        for item in items:
            yield self._measure(item)

    def _measure(self, item: Comparison) -> MetricValue:
        try:
            source = consumed(item)
        except VideoError as error:
            return failed(item, self.info, str(error))
        pairs = len(item.edit) - 1
        if pairs < 1:
            return failed(item, self.info, "the edit has one frame; flicker is a difference of neighbouring frames")
        return measured(
            item,
            self.info,
            temporal_flickering(item.edit.frames_THWC),
            temporal_flickering(source) if len(source) > 1 else None,
            weight=pairs,
        )
