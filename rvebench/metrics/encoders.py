"""Networks shared by the metrics of a run: each is loaded once, and embeds each video once however many ask.

Embeddings are small (17 frames of DINO are 52 kB) and cost seconds, so they are also kept on disk under what decides
them: frames, weights, preprocessing, precision, kind of device, version of torch. A second model's run on the same
split embeds no source again. `RVEBENCH_FEATURE_CACHE=off` leaves the disk alone.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from rvebench.assets import cache_dir
from rvebench.errors import StorageError
from rvebench.metrics.device import Portions, exact_arithmetic, pick_device, torch_dtype
from rvebench.metrics.material import frame_id, frames_id
from rvebench.metrics.options import MetricOptions
from rvebench.records import digest_of
from rvebench.storage import atomic_write_bytes
from rvebench.video import Frames
from rvebench.weights import WeightStore, load_weights

if TYPE_CHECKING:
    from rvebench.metrics.backbones.tokenizer import Tokenizer, Tokens

__all__ = ["WEIGHTS", "Backbone", "Encoders", "Features", "Network", "TextFeatures", "shared_encoders"]

Features = npt.NDArray[np.float32]
"""Embeddings, (T, D) or (D,), not normalised."""

Backbone = Literal["dino", "clip", "viclip", "amt"]
"""A file of weights."""
Network = Literal["dino", "clip", "clip-text", "viclip", "amt"]
"""What is loaded of them: CLIP's file holds two networks."""

WEIGHTS: dict[Backbone, str] = {
    "dino": "dino-vitb16",
    "clip": "clip-vit-b32",
    "viclip": "viclip-l14",
    "amt": "amt-s",
}
"""Names in :data:`rvebench.weights.CATALOGUE`."""

_VOCABULARY = "clip-bpe"
_CONTEXT = {"clip": 77, "viclip": 32}
_PREPROCESSING = "2"
"""Raised when the same frames would give other features."""
_MEMO = 256
"""Feature arrays kept in memory."""
_BATCH_CPU = {"dino": 2, "clip": 8, "viclip": 1, "amt": 1}
_BATCH_CUDA = {"dino": 64, "clip": 128, "viclip": 8, "amt": 4}


class TextFeatures(NamedTuple):
    """A text as a network reads it."""

    vector: Features
    """(D,), not normalised."""
    tokens: int
    """How many the whole text has, with the two that mark its ends."""
    truncated: bool
    """The end was not read."""
    context: int
    """Tokens that are read at most."""


class Encoders:
    """The networks behind the metrics, with what they were set to.

    Methods may be called from several threads; forward passes take turns. All raise MissingWeightsError when a file is
    not there (the text says which and where to put it), DataError when it is not what it should be, and MemoryError
    when one item does not fit into memory.
    """

    def __init__(self, options: MetricOptions, store: WeightStore | None = None) -> None:
        self.options = options
        self.store = store or WeightStore()
        self._networks: dict[Network, Any] = {}
        self._tokenizer: Tokenizer | None = None
        self._portions: dict[Backbone, Portions] = {}
        self._memo: OrderedDict[str, Features] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def device(self) -> str:
        """`cpu` or `cuda:N`."""
        return pick_device(self.options.device)

    def details(self) -> dict[str, str]:
        """Returns what stands beside every value: kind of device and version of torch."""
        import torch

        return {"device": self.device.partition(":")[0], "torch": str(torch.__version__)}

    def batch(self, backbone: Backbone) -> int:
        """Returns how many frames (clips, pairs) go through a network at once."""
        return self._portion(backbone).size

    def frame_features(self, backbone: Literal["dino", "clip"], videos: Sequence[Frames]) -> list[Features]:
        """Returns the embedding of every frame, (T, D) for each of the videos; batches run across videos.

        Args:
            backbone: `dino` sees whole frames, short side 224; `clip` the middle square.
            videos: uint8 (T, H, W, 3) each.
        """
        return self._kept(backbone, "frames", videos, lambda fresh: self._embed_frames(backbone, fresh))

    def video_features(self, videos: Sequence[Frames]) -> list[Features]:
        """Returns ViCLIP's embedding (D,) of each video, from eight frames spread over it."""
        return self._kept("viclip", "middle8", videos, self._embed_videos)

    def text_features(self, backbone: Literal["clip", "viclip"], text: str) -> TextFeatures:
        """Returns the embedding of a text, and how much of it was read."""
        tokens = self._tokens(backbone, text)
        with self._lock:
            key = f"text:{backbone}:{text}"
            vector = self._memo.get(key)
            if vector is None:
                vector = self._embed_text(backbone, tokens)
                self._remember(key, vector)
        return TextFeatures(vector, tokens.count, tokens.truncated, _CONTEXT[backbone])

    def interpolation_errors(self, videos: Sequence[Frames]) -> list[npt.NDArray[np.int64]]:
        """Returns, for each video and each odd frame between two even ones, how far AMT's frame is from the real one.

        Returns:
            (P,) sums of absolute 8-bit differences over the values of a frame, exact; P = (T - 1) // 2.
        """
        return self._kept("amt", "odd frames", videos, self._interpolate)

    def forget(self) -> None:
        """Drops the embeddings that are kept in memory; networks and the disk's cache stay."""
        with self._lock:
            self._memo.clear()

    def _kept(
        self, backbone: Backbone, what: str, videos: Sequence[Frames], compute: Callable[[list[Frames]], list[Any]]
    ) -> list[Any]:
        """Returns what was computed before, from memory or disk, and computes the rest in one go."""
        with self._lock:
            keys = [self._key(backbone, what, frames) for frames in videos]
            found: dict[str, Any] = {}
            fresh: dict[str, Frames] = {}
            for key, frames in zip(keys, videos, strict=True):
                known = found.get(key, self._recall(key))
                if known is None:
                    fresh[key] = frames
                else:
                    found[key] = known
            if fresh:
                with exact_arithmetic():
                    for key, features in zip(fresh, compute(list(fresh.values())), strict=True):
                        found[key] = features
                        self._remember(key, features)
                        self._write(key, features)
            return [found[key] for key in keys]

    def _key(self, backbone: Backbone, what: str, frames: Frames) -> str:
        return digest_of(
            {
                "backbone": backbone,
                "what": what,
                "weights": self.store.find(WEIGHTS[backbone]).sha256,
                "preprocessing": _PREPROCESSING,
                "precision": self.options.precision,
                "frames": frames_id(frames),
                **self.details(),
            }
        )

    def _remember(self, key: str, features: Any) -> None:
        features.flags.writeable = False
        self._memo[key] = features
        while len(self._memo) > _MEMO:
            self._memo.popitem(last=False)

    def _recall(self, key: str) -> Any:
        """Returns what is in memory or on disk under a key, else None."""
        if key in self._memo:
            self._memo.move_to_end(key)
            return self._memo[key]
        path = _file(key)
        if path is None or not path.is_file():
            return None
        try:
            features = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None  # a damaged file of a cache is as good as none
        self._remember(key, features)
        return features

    def _write(self, key: str, features: Any) -> None:
        path = _file(key)
        if path is not None:
            memory = io.BytesIO()
            np.save(memory, features, allow_pickle=False)
            # A cache that cannot be written (a full disk, a folder of somebody else) costs time and no number.
            with contextlib.suppress(OSError, StorageError):
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic_write_bytes(path, memory.getvalue())

    def _portion(self, backbone: Backbone) -> Portions:
        if backbone not in self._portions:
            sizes = _BATCH_CPU if self.device == "cpu" else _BATCH_CUDA
            self._portions[backbone] = Portions(self.options.batch or sizes[backbone])
        return self._portions[backbone]

    def network(self, network: Network) -> Any:
        """Returns the loaded network, on its device and in its precision."""
        with self._lock:
            if network not in self._networks:
                from rvebench.metrics.backbones.linear import packed

                loaded = _load(network, self.store)
                loaded = loaded.to(device=self.device, dtype=torch_dtype(self.options.precision))
                self._networks[network] = packed(loaded)
            return self._networks[network]

    def _input(self, pixels: Any) -> Any:
        return pixels.to(device=self.device, dtype=torch_dtype(self.options.precision))

    def _embed_frames(self, backbone: Literal["dino", "clip"], videos: list[Frames]) -> list[Any]:
        from rvebench.metrics.preprocess import clip_input, dino_input

        prepare = dino_input if backbone == "dino" else clip_input
        network, portions = self.network(backbone), self._portion(backbone)
        # Frames of the same content have the same features: a held frame, or an edit that leaves some as they were.
        contents = [[frame_id(frame) for frame in frames] for frames in videos]
        by_size: dict[tuple[int, ...], dict[str, tuple[int, int]]] = {}
        for number, frames in enumerate(videos):
            for index, content in enumerate(contents[number]):
                by_size.setdefault(frames.shape[1:], {}).setdefault(content, (number, index))

        def forward(places: Sequence[tuple[int, int]]) -> Sequence[Features]:
            stacked = np.stack([videos[number][index] for number, index in places])
            return list(network(self._input(prepare(stacked, device=self.device))).float().cpu().numpy())

        vectors: dict[str, Features] = {}
        for different in by_size.values():
            vectors.update(zip(different, portions.run(list(different.values()), forward), strict=True))
        return [np.stack([vectors[content] for content in frames]) for frames in contents]

    def _embed_videos(self, videos: list[Frames]) -> list[Any]:
        from rvebench.metrics.preprocess import middle_indices, viclip_input

        network = self.network("viclip")

        def forward(portion: Sequence[Frames]) -> Sequence[Features]:
            import torch

            pixels = [viclip_input(frames[middle_indices(len(frames), 8)], device=self.device) for frames in portion]
            return list(network.encode_video(self._input(torch.stack(pixels))).float().cpu().numpy())

        return list(self._portion("viclip").run(videos, forward))

    def _tokens(self, backbone: Literal["clip", "viclip"], text: str) -> Tokens:
        with self._lock:
            if self._tokenizer is None:
                from rvebench.metrics.backbones.tokenizer import Tokenizer

                self._tokenizer = Tokenizer(self.store.find(_VOCABULARY).path)
            return self._tokenizer.tokenize(text, context=_CONTEXT[backbone])

    def _embed_text(self, backbone: Literal["clip", "viclip"], tokens: Tokens) -> Features:
        import torch

        with exact_arithmetic():
            ids = torch.tensor([tokens.ids], device=self.device)
            network = self.network("clip-text") if backbone == "clip" else self.network("viclip").encode_text
            vector: Features = network(ids)[0].float().cpu().numpy()
        return vector

    def _interpolate(self, videos: list[Frames]) -> list[Any]:
        from rvebench.metrics.interpolation import odd_frame_errors

        network, portions = self.network("amt"), self._portion("amt")
        return [odd_frame_errors(network, frames, portions, device=self.device) for frames in videos]


def _load(network: Network, store: WeightStore) -> Any:
    """Returns a network on the CPU in fp32."""
    module, function = {
        "dino": ("dino", "load"),
        "clip": ("clip", "load_vision"),
        "clip-text": ("clip", "load_text"),
        "viclip": ("viclip", "load"),
        "amt": ("amt", "load"),
    }[network]
    load = getattr(importlib.import_module(f"rvebench.metrics.backbones.{module}"), function)
    return load(load_weights(WEIGHTS["clip" if network == "clip-text" else network], store))


def _file(key: str) -> Path | None:
    if os.environ.get("RVEBENCH_FEATURE_CACHE", "").lower() == "off":
        return None
    return cache_dir() / "features" / key[:2] / f"{key}.npy"


@lru_cache(maxsize=8)
def shared_encoders(precision: str, device: str, batch: int | None, root: Path | None = None) -> Encoders:
    """Returns the one :class:`Encoders` of this process for these settings."""
    options = MetricOptions(precision=precision, device=device, batch=batch)  # type: ignore[arg-type]
    return Encoders(options, WeightStore(root) if root else None)
