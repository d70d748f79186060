"""Overall consistency (OC) and ViCLIP_T: the cosine between ViCLIP's embeddings of a video and of a text.

VBench (section 3.2; `vbench/overall_consistency.py`) takes eight frames from the middles of eight equal stretches. The
paper reports OC and ViCLIP_T side by side and does not say how they differ; being the same cosine, they can only differ
in the text. Here OC compares with the instruction, as VBench does with a video's prompt, and ViCLIP_T with the outcome
that a correct edit shows; `?text=` chooses otherwise. The text encoder reads 32 tokens: how many a text has, and
whether its end was cut, stands beside every value.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rvebench.errors import DataError
from rvebench.metrics.cosines import cosine, unit
from rvebench.metrics.embedding_metric import EmbeddingMetric, Pair
from rvebench.metrics.encoders import TextFeatures
from rvebench.metrics.material import measured, sample_text
from rvebench.metrics.options import TextField
from rvebench.records import MetricInfo, MetricValue

__all__ = ["OverallConsistency", "ViClipDirection", "ViClipText"]


class _TextMetric(EmbeddingMetric):
    backbone = "viclip"
    range = (-1.0, 1.0)
    takes = EmbeddingMetric.takes | {"text"}
    default_text: ClassVar[TextField]

    @property
    def text(self) -> TextField:
        """Which text of a sample is compared with."""
        return self.options.text or self.default_text

    @property
    def settings(self) -> dict[str, str]:
        return {**super().settings, "text": self.text}

    def prepare(self, pairs: list[Pair]) -> None:
        self.encoders.video_features([video for pair in pairs for video in (pair.edit, pair.source)])

    def read(self, pair: Pair) -> TextFeatures:
        """Returns the embedded text.

        Raises:
            DataError: the sample has no such text.
        """
        text = sample_text(pair.item, self.text)
        if not text:
            raise DataError(f"the sample has no {self.text}; choose another with {self.name}?text=")
        return self.encoders.text_features("viclip", text)

    def text_details(self, pair: Pair, read: TextFeatures) -> dict[str, str]:
        """Returns the exact text, its length and whether all of it was read."""
        return {
            "text": sample_text(pair.item, self.text),
            "tokens": str(read.tokens),
            "truncated": "yes" if read.truncated else "no",
            **self.encoders.details(),
        }

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        read = self.read(pair)
        edit, source = self.encoders.video_features([pair.edit, pair.source])
        return measured(
            pair.item,
            info,
            cosine(edit, read.vector),
            cosine(source, read.vector),
            details=self.text_details(pair, read),
        )


class OverallConsistency(_TextMetric):
    """The metric `overall_consistency`: VBench's OC, the video against the instruction."""

    name = "overall_consistency"
    version = "1 (VBench 0.1.5 definition)"
    default_text = "instruction"


class ViClipText(_TextMetric):
    """The metric `viclip_t`: the video against the outcome that a correct edit shows."""

    name = "viclip_t"
    version = "1"
    default_text = "expected_outcome"


class ViClipDirection(_TextMetric):
    """The metric `viclip_direction`: whether the video moved the way the text did.

    The cosine between edit − source in ViCLIP's video space and outcome − instruction in its text space, as
    StyleGAN-NADA (Gal et al., 2022, equation 2) has it for images. An edit that is its source has no direction and is
    not measured.
    """

    name = "viclip_direction"
    version = "1"
    compares_with_source = True
    default_text = "expected_outcome"

    @property
    def settings(self) -> dict[str, str]:
        return {**super().settings, "from": "instruction"}

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        read = self.read(pair)
        origin = self.encoders.text_features("viclip", sample_text(pair.item, "instruction"))
        edit, source = (unit(video) for video in self.encoders.video_features([pair.edit, pair.source]))
        video, text = edit - source, unit(read.vector) - unit(origin.vector)
        if not np.linalg.norm(video) > _STILL:
            raise DataError("the edit is its source to ViCLIP, so that it moved in no direction")
        if not np.linalg.norm(text) > _STILL:
            raise DataError(f"the sample's {self.text} is its instruction, so that it says no direction")
        return measured(pair.item, info, cosine(video, text), details=self.text_details(pair, read))


_STILL = 1e-5
"""Length of a difference of unit vectors below which its direction is rounding."""
