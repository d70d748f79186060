"""How much of the source an edit keeps, as networks see it; from embeddings that SC and BC have already made.

Both are the mean cosine between each frame of the edit and the source frame of the same moment. An untouched copy
scores 1 and another video low: neither is a merit of its own, and a judge's PC says whether the right things were
kept.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from rvebench.metrics.cosines import cosines
from rvebench.metrics.embedding_metric import EmbeddingMetric, Pair
from rvebench.metrics.material import measured
from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Indices, align_to_source

__all__ = ["ClipSourceSimilarity", "DinoSourceSimilarity"]


class _SourceSimilarity(EmbeddingMetric):
    backbone: ClassVar[Literal["dino", "clip"]]
    range = (-1.0, 1.0)
    compares_with_source = True

    def prepare(self, pairs: list[Pair]) -> None:
        self.encoders.frame_features(self.backbone, [video for pair in pairs for video in (pair.edit, pair.source)])

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        edit, source = self.encoders.frame_features(self.backbone, [pair.edit, pair.source])
        moments = _moments(pair)
        value = float(np.mean(cosines(edit, source[moments])))
        return measured(pair.item, info, value, weight=len(edit), details=self.encoders.details())


def _moments(pair: Pair) -> Indices:
    """Returns for every edit frame the number of its source frame, among those the editor consumed."""
    window = pair.item.window
    frames = align_to_source(pair.item.source, pair.item.edit, window)
    return frames if window is None else (frames - window.start) // window.stride


class DinoSourceSimilarity(_SourceSimilarity):
    """The metric `dino_source_similarity`: structure and objects, DINO ViT-B/16."""

    backbone = "dino"
    name = "dino_source_similarity"
    version = "1"


class ClipSourceSimilarity(_SourceSimilarity):
    """The metric `clip_source_similarity`: scene and meaning, CLIP ViT-B/32."""

    backbone = "clip"
    name = "clip_source_similarity"
    version = "1"
