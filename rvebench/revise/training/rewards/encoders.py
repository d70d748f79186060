"""Encoders of pictures and texts into one space, for rewards: CLIP and what was trained from it.

The weights come from a folder as transformers writes it (`config.json`, `model.safetensors`, tokenizer files,
`preprocessor_config.json`). PickScore's own folder holds no tokenizer: give that of CLIP-ViT-H-14, which it was made
from. Nothing is fetched, and code in a file of weights is not run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import nn

from rvebench.errors import DataError
from rvebench.revise.pretrained import build_model, read_json, read_tensors, read_tokenizer
from rvebench.revise.vlm.preprocess import resize, unit_frames

__all__ = ["ClipEncoder", "ClipPixels", "ImageTextEncoder"]

_POSITIONS = ("text_model.embeddings.position_ids", "vision_model.embeddings.position_ids")
"""Counted numbers that older files hold among their weights."""


@runtime_checkable
class ImageTextEncoder(Protocol):
    """Pictures and texts as directions; their cosine says how well they fit."""

    @property
    def logit_scale(self) -> float:
        """What the model was trained to multiply cosines by; about 100 for CLIP."""

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The networks by name, to be kept frozen."""

    def encode_images(self, frames_NHWC: torch.Tensor) -> torch.Tensor:
        """Returns unit vectors (N, D), fp32, of uint8 RGB pictures (N, H, W, 3)."""

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Returns unit vectors (N, D), fp32. Longer texts than the model reads are cut, as its own code does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPixels:
    """How a CLIP wants its pictures: shorter side to `side`, the middle square of it, normalised."""

    side: int = 224
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)

    @classmethod
    def from_processor(cls, settings: Mapping[str, Any], *, side: int) -> ClipPixels:
        """Returns what a preprocessor_config.json says; CLIP's values for what it leaves out.

        Args:
            settings: the file's object.
            side: of the square that the network takes.
        """
        default = cls()
        return cls(
            side=side,
            mean=tuple(settings.get("image_mean") or default.mean),
            std=tuple(settings.get("image_std") or default.std),
        )

    def __call__(self, frames_NHWC: torch.Tensor) -> torch.Tensor:
        """Returns (N, 3, side, side), fp32. The resize is bicubic; see :mod:`rvebench.revise.vlm.preprocess`."""
        pixels = unit_frames(frames_NHWC)
        height, width = pixels.shape[2:]
        short = min(height, width)
        # As torchvision and transformers round the longer side: down.
        tall, wide = (self.side * height // short, self.side * width // short)
        pixels = resize(pixels, tall, wide)
        top, left = (tall - self.side) // 2, (wide - self.side) // 2
        pixels = pixels[..., top : top + self.side, left : left + self.side]
        middle, spread = (pixels.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return (pixels - middle) / spread


class ClipEncoder:
    """A CLIP of transformers, frozen, in fp32.

    Args:
        model: a CLIPModel.
        tokenizer: its tokenizer.
        pixels: how it wants its pictures.
        batch: most pictures at once.
    """

    def __init__(self, model: Any, tokenizer: Any, pixels: ClipPixels, *, batch: int = 64) -> None:
        self._model = model.float().eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._pixels = pixels
        self._batch = batch

    @classmethod
    def load(cls, folder: Path, *, tokenizer: Path | None = None, device: torch.device | str = "cpu") -> ClipEncoder:
        """Returns the encoder of a local folder.

        Args:
            folder: with config.json and model.safetensors.
            tokenizer: a folder with tokenizer files; None for the same one.
            device: where it computes.

        Raises:
            UsageError: a folder is not there, or holds no weights or no tokenizer.
            DataError: it holds no CLIP, its weights are not all there, or the tokenizer is another model's.
        """
        from transformers import CLIPConfig, CLIPModel

        words = tokenizer or folder
        told = read_json(folder / "config.json")
        if told.get("model_type") != "clip":
            raise DataError("the folder holds no CLIP", where=folder / "config.json")
        config = CLIPConfig.from_dict(told)
        model = build_model(
            CLIPModel, config, read_tensors(folder), where=folder, dtype=torch.float32, ignored=_POSITIONS
        )
        read = read_tokenizer(words)
        known = config.text_config.vocab_size
        if len(read) > known:
            raise DataError(
                f"the tokenizer has {len(read)} tokens and the CLIP {known}",
                where=words,
                hint="PickScore takes the tokenizer of laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
            )
        settings = [place / "preprocessor_config.json" for place in (folder, words)]
        pixels = ClipPixels.from_processor(
            next((read_json(path) for path in settings if path.is_file()), {}),
            side=config.vision_config.image_size,
        )
        return cls(model.to(device), read, pixels)

    @property
    def logit_scale(self) -> float:
        """The exponential of what was trained."""
        return float(self._model.logit_scale.exp())

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The CLIP."""
        return {"clip": self._model}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def encode_images(self, frames_NHWC: torch.Tensor) -> torch.Tensor:
        """As the protocol says; on the encoder's device."""
        device = self._model.logit_scale.device
        with torch.autocast(device.type, enabled=False):
            parts = [
                _features(self._model.get_image_features(pixel_values=self._pixels(part.to(device))))
                for part in frames_NHWC.split(self._batch)
            ]
        return F.normalize(torch.cat(parts), dim=-1)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """As the protocol says; CLIP reads 77 tokens."""
        device = self._model.logit_scale.device
        tokens = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self._model.config.text_config.max_position_embeddings,
            return_tensors="pt",
        ).to(device)
        with torch.autocast(device.type, enabled=False):
            found = self._model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            )
        return F.normalize(_features(found), dim=-1)


def _features(found: Any) -> torch.Tensor:
    """Returns the projected tensor: what transformers 4 gives, or what the output of version 5 holds."""
    tensor: torch.Tensor = found if isinstance(found, torch.Tensor) else found.pooler_output
    return tensor.float()
