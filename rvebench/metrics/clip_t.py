"""CLIP_T: the mean cosine between each frame of an edit and a text.

What editing papers call CLIP text alignment (CLIPScore, Hessel et al., EMNLP 2021, without its factor 2.5 and its floor
at 0). CLIP ViT-B/32 comes from the embeddings that BC has already made; `?model=NAME/PRETRAINED` takes any other model
of open_clip, SigLIP among them. It sees frames, not motion, and reads 77 tokens.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rvebench.errors import DataError, UsageError
from rvebench.metrics.cosines import cosines
from rvebench.metrics.device import Portions, exact_arithmetic, torch_dtype
from rvebench.metrics.embedding_metric import EmbeddingMetric, Pair
from rvebench.metrics.encoders import Encoders, Features
from rvebench.metrics.material import frames_id, measured, sample_text
from rvebench.metrics.options import MetricOptions, TextField
from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Frames
from rvebench.weights import sha256_of

__all__ = ["ClipT", "OpenClip"]


_MEMO = 64
"""Videos whose embeddings are kept."""


class ClipT(EmbeddingMetric):
    """The metric `clip_t`, of the edit and of the source frames the editor consumed."""

    backbone = "clip"
    name = "clip_t"
    version = "1"
    range = (-1.0, 1.0)
    takes = EmbeddingMetric.takes | {"text", "model"}
    default_text: ClassVar[TextField] = "expected_outcome"

    def __init__(self, options: MetricOptions | None = None, encoders: Encoders | None = None) -> None:
        super().__init__(options, encoders)
        model = self.options.model
        self._other = None if model is None else OpenClip(model, self.options, self.encoders)

    @property
    def text(self) -> TextField:
        """Which text of a sample is compared with."""
        return self.options.text or self.default_text

    @property
    def settings(self) -> dict[str, str]:
        model = {"model": "ViT-B-32/openai"} if self._other is None else self._other.settings
        return {**super().settings, "text": self.text, **model}

    @property
    def info(self) -> MetricInfo:
        info = super().info
        if self._other is None:
            return info
        return MetricInfo(
            name=info.name,
            version=info.version,
            weights_sha256=self._other.weights_sha256,
            low=info.low,
            high=info.high,
            settings=info.settings,
        )

    def prepare(self, pairs: list[Pair]) -> None:
        self._frames([video for pair in pairs for video in (pair.edit, pair.source)])

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        text = sample_text(pair.item, self.text)
        if not text:
            raise DataError(f"the sample has no {self.text}; choose another with {self.name}?text=")
        details = {"text": text, **self.encoders.details()}
        if self._other is None:
            read = self.encoders.text_features("clip", text)
            vector = read.vector
            details |= {"tokens": str(read.tokens), "truncated": "yes" if read.truncated else "no"}
        else:
            vector = self._other.text_features(text)
        edit, source = (float(np.mean(cosines(f, vector))) for f in self._frames([pair.edit, pair.source]))
        return measured(pair.item, info, edit, source, weight=len(pair.edit), details=details)

    def _frames(self, videos: Sequence[Frames]) -> list[Features]:
        if self._other is not None:
            return [self._other.frame_features(video) for video in videos]
        return self.encoders.frame_features("clip", videos)


class OpenClip:
    """A model of open_clip_torch, loaded when it is first used.

    Args:
        model: `NAME/PRETRAINED`; what follows the first `/` is a tag of open_clip or the path of a checkpoint.
        options: precision and batch.
        encoders: says the device.

    Raises:
        UsageError: open_clip_torch is not installed.
    """

    def __init__(self, model: str, options: MetricOptions, encoders: Encoders) -> None:
        if find_spec("open_clip") is None:
            raise UsageError(
                "open_clip_torch is not installed",
                where=f"clip_t?model={model}",
                hint='pip install "rvebench[openclip]"',
            )
        self.name, _, self.pretrained = model.partition("/")
        self._options = options
        self._encoders = encoders
        self._portions = Portions(options.batch or encoders.batch("clip"))
        self._lock = threading.Lock()
        self._memo: dict[str, Features] = {}

    @property
    def settings(self) -> dict[str, str]:
        """What decides an embedding."""
        try:
            package = version("open_clip_torch")
        except PackageNotFoundError:
            package = "unknown"
        pretrained = Path(self.pretrained).name if self.weights_sha256 else self.pretrained
        return {"model": f"{self.name}/{pretrained}", "open_clip": package}

    @cached_property
    def weights_sha256(self) -> str:
        """Of the checkpoint, where a file was named; open_clip answers for its own tags."""
        path = Path(self.pretrained)
        return sha256_of(path) if path.is_file() else ""

    @cached_property
    def _loaded(self) -> tuple[Any, Any, Any]:
        """The model, its picture transform and its tokenizer.

        Raises:
            UsageError: open_clip does not know the model, or cannot load it here.
        """
        where = f"clip_t?model={self.name}/{self.pretrained}"
        try:
            import open_clip

            made = open_clip.create_model_from_pretrained(self.name, pretrained=self.pretrained, weights_only=True)
            tokenizer = open_clip.get_tokenizer(self.name)
        except Exception as error:
            # open_clip raises whatever torchvision, the hub and pickle raise: the model is not to be had
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UsageError(f"open_clip cannot load the model: {said}", where=where) from error
        model, transform = made
        model = model.to(device=self._encoders.device, dtype=torch_dtype(self._options.precision)).eval()
        return model, transform, tokenizer

    def frame_features(self, frames_THWC: Frames) -> Features:
        """Returns the embedding of every frame, (T, D)."""
        with self._lock:
            key = frames_id(frames_THWC)
            if key not in self._memo:
                if len(self._memo) >= _MEMO:
                    self._memo.clear()
                self._memo[key] = self._embed(frames_THWC)
            return self._memo[key]

    def _embed(self, frames_THWC: Frames) -> Features:
        import torch
        from PIL import Image

        model, transform, _ = self._loaded

        def forward(portion: Sequence[int]) -> Sequence[Features]:
            pixels = torch.stack([transform(Image.fromarray(frames_THWC[index])) for index in portion])
            pixels = pixels.to(device=self._encoders.device, dtype=torch_dtype(self._options.precision))
            return list(model.encode_image(pixels).float().cpu().numpy())

        with exact_arithmetic():
            return np.stack(list(self._portions.run(range(len(frames_THWC)), forward)))

    def text_features(self, text: str) -> Features:
        """Returns the embedding of a text, (D,)."""
        with self._lock, exact_arithmetic():
            model, _, tokenizer = self._loaded
            vector: Features = model.encode_text(tokenizer([text]).to(self._encoders.device))[0].float().cpu().numpy()
        return vector
