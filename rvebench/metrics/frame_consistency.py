"""Subject and background consistency (SC, BC): how alike a video's frames are to a network.

VBench (Huang et al., CVPR 2024, section 3.1; `vbench/subject_consistency.py`, `vbench/background_consistency.py`):
each frame is embedded, and frame i > 0 scores (max(0, cos(f_i-1, f_i)) + max(0, cos(f_0, f_i))) / 2; a video is the
mean over its frames but the first. SC asks DINO ViT-B/16, which sees the subject; BC asks CLIP ViT-B/32, which sees the
scene. A frozen video scores 1 in both: read the value beside the source's.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from rvebench.metrics.consistency import consistency
from rvebench.metrics.embedding_metric import EmbeddingMetric, Pair
from rvebench.metrics.material import measured
from rvebench.records import MetricInfo, MetricValue

__all__ = ["BackgroundConsistency", "SubjectConsistency"]


class _FrameConsistency(EmbeddingMetric):
    backbone: ClassVar[Literal["dino", "clip"]]
    min_frames = 2

    def prepare(self, pairs: list[Pair]) -> None:
        videos = [video for pair in pairs for video in (pair.edit, pair.source) if len(video) > 1]
        self.encoders.frame_features(self.backbone, videos)

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        (edit,) = self.encoders.frame_features(self.backbone, [pair.edit])
        source = None
        if len(pair.source) > 1:
            (features,) = self.encoders.frame_features(self.backbone, [pair.source])
            source = consistency(features)
        return measured(
            pair.item, info, consistency(edit), source, weight=len(edit) - 1, details=self.encoders.details()
        )


class SubjectConsistency(_FrameConsistency):
    """The metric `subject_consistency`, of the edit and of the source frames the editor consumed."""

    backbone = "dino"
    name = "subject_consistency"
    version = "1 (VBench 0.1.5 definition)"


class BackgroundConsistency(_FrameConsistency):
    """The metric `background_consistency`, of the edit and of the source frames the editor consumed."""

    backbone = "clip"
    name = "background_consistency"
    version = "1 (VBench 0.1.5 definition)"
