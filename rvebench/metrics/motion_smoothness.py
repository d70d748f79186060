"""Motion smoothness (MS): how well an interpolating network foresees every second frame.

VBench (section 3.1; `vbench/motion_smoothness.py`): the odd frames are taken out, AMT-S (Li et al., CVPR 2023) makes
each anew from its two neighbours, and the mean absolute 8-bit difference m from the real one gives (255 - m) / 255,
averaged over a video's pairs. A still video scores near 1. The published weights of AMT-S are for non-commercial
use.
"""

from __future__ import annotations

from rvebench.metrics.embedding_metric import EmbeddingMetric, Pair
from rvebench.metrics.material import measured
from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Frames

__all__ = ["MotionSmoothness"]


class MotionSmoothness(EmbeddingMetric):
    """The metric `motion_smoothness`, of the edit and of the source frames the editor consumed."""

    backbone = "amt"
    name = "motion_smoothness"
    version = "1 (VBench 0.1.5 definition)"
    min_frames = 3

    def prepare(self, pairs: list[Pair]) -> None:
        self.encoders.interpolation_errors([v for pair in pairs for v in (pair.edit, pair.source) if len(v) > 2])

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        source = self._smoothness(pair.source) if len(pair.source) > 2 else None
        weight = (len(pair.edit) - 1) // 2
        value = self._smoothness(pair.edit)
        return measured(pair.item, info, value, source, weight=weight, details=self.encoders.details())

    def _smoothness(self, frames: Frames) -> float:
        (errors,) = self.encoders.interpolation_errors([frames])
        worst: int = 255 * frames[0].size * len(errors)
        return (worst - int(errors.sum())) / worst
