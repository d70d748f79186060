"""Qwen2.5-VL through transformers: the states of a chat that shows the frames as one video, or each as a picture.

The ids, the segments' types and the pixels are made here, because transformers' own video processor needs torchvision
and lets no gradient through; that they are the processor's is held by tests. So are the positions
(:mod:`rvebench.revise.vlm.mrope`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from rvebench.errors import DataError, UsageError
from rvebench.revise.pretrained import (
    build_model,
    fingerprint_of,
    quiet,
    read_json,
    read_tensors,
    read_tokenizer,
    sizes_of,
    softened,
)
from rvebench.revise.vlm.mrope import mrope_positions
from rvebench.revise.vlm.preprocess import QwenPixels, QwenSpec, patchify
from rvebench.revise.vlm.protocol import FramePolicy, VlmRequest, VlmStates, chosen_frames

__all__ = ["DEFAULT_SYSTEM", "QwenBatch", "QwenSettings", "QwenVlm", "SegmentKind", "load_qwen25"]

SegmentKind = Literal["video", "image"]
"""How several frames are shown: as one video, two frames a step in time, or as pictures one after the other."""

DEFAULT_SYSTEM = "You are a helpful assistant."
"""What Qwen's chat template writes where no system prompt is given."""

_CONTROLS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenSettings:
    """What decides the states beside the weights."""

    frames: FramePolicy = "all"
    max_frames: int = 8
    segments: SegmentKind = "video"
    """A single frame is always a picture."""
    pixels: QwenSpec = field(default_factory=QwenSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenBatch:
    """Prompts as the model takes them, padded on the right."""

    ids_BL: torch.Tensor
    mask_BL: torch.Tensor
    """Bool."""
    types_BL: torch.Tensor
    """0 for words, 1 for the tokens of a picture, 2 for those of a video."""
    positions_3BL: torch.Tensor
    """Time, height and width of each token; 0 where there is none."""
    images: tuple[QwenPixels, ...]
    videos: tuple[QwenPixels, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class QwenVlm:
    """A loaded model; see :class:`rvebench.revise.vlm.protocol.VlmBackend`."""

    tokenizer: Any
    model: Any
    """`Qwen2_5_VLForConditionalGeneration`."""
    settings: QwenSettings

    @property
    def hidden_size(self) -> int:
        return int(self.model.config.text_config.hidden_size)

    @property
    def dtype(self) -> torch.dtype:
        return self.model.dtype

    @property
    def device(self) -> torch.device:
        return self.model.device

    @property
    def modules(self) -> dict[str, Any]:
        """The network, by a name for it."""
        return {"vlm": self.model}

    @cached_property
    def fingerprint(self) -> str:
        settings = {
            "kind": "qwen2.5",
            "settings": asdict(self.settings),
            "model": sizes_of(self.model.config),
            "vocabulary": self.tokenizer.get_vocab(),
        }
        return fingerprint_of(settings, self.modules)

    def vision_features(self, frames_THWC: torch.Tensor) -> torch.Tensor:
        """Returns [segments, tokens, D]: a segment is two frames of a video, or one frame shown as a picture."""
        segments = self._segments(frames_THWC.to(self.device))
        flat_ND = self._tower(segments)
        steps = sum(pixels.grid[0] for pixels, _ in segments)
        return flat_ND.reshape(steps, -1, flat_ND.shape[-1])

    def encode(self, requests: Sequence[VlmRequest]) -> VlmStates:
        batch = self.prepare(requests)
        pixels: dict[str, Any] = {}
        for name, grid, segments in (
            ("pixel_values", "image_grid_thw", batch.images),
            ("pixel_values_videos", "video_grid_thw", batch.videos),
        ):
            if segments:
                pixels[name] = torch.cat([segment.patches_ND for segment in segments])
                pixels[grid] = torch.tensor([segment.grid for segment in segments], device=self.device)
        hidden_BLD = self.model.model(
            input_ids=batch.ids_BL,
            attention_mask=batch.mask_BL.long(),
            position_ids=batch.positions_3BL,
            use_cache=False,
            **pixels,
        ).last_hidden_state
        return VlmStates(
            hidden_BLD=hidden_BLD.masked_fill(~batch.mask_BL[..., None], 0),
            mask_BL=batch.mask_BL,
            visual_BL=batch.types_BL > 0,
        )

    def prepare(self, requests: Sequence[VlmRequest]) -> QwenBatch:
        """Returns the prompts' ids, types and pixels.

        Raises:
            UsageError: there is no request, frames of a wrong shape or range, or a prompt longer than the model reads.
        """
        if not requests:
            raise UsageError("there is no prompt to encode")
        shown = [self._shown(request) for request in requests]
        ids = [self._ids(request, segments) for request, segments in zip(requests, shown, strict=True)]
        types = [[self._type(token) for token in tokens] for tokens in ids]
        positions = [
            mrope_positions(
                kinds,
                [pixels.grid for pixels, _ in segments],
                [self._step(request)] * len(segments),
                merge=self.settings.pixels.merge,
                tokens_per_second=self.model.config.vision_config.tokens_per_second,
            )
            for request, kinds, segments in zip(requests, types, shown, strict=True)
        ]
        return QwenBatch(
            ids_BL=self._padded(ids, self.tokenizer.pad_token_id),
            mask_BL=self._padded([[1] * len(tokens) for tokens in ids], 0).bool(),
            types_BL=self._padded(types, 0),
            positions_3BL=torch.stack(
                [self._padded([row[axis].tolist() for row in positions], 0) for axis in range(3)]
            ),
            images=tuple(pixels for segments in shown for pixels, kind in segments if kind == "image"),
            videos=tuple(pixels for segments in shown for pixels, kind in segments if kind == "video"),
        )

    def _type(self, token: int) -> int:
        config = self.model.config
        return 1 if token == config.image_token_id else 2 if token == config.video_token_id else 0

    def _padded(self, rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
        longest = max(len(row) for row in rows)
        return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], device=self.device)

    def _shown(self, request: VlmRequest) -> list[tuple[QwenPixels, SegmentKind]]:
        picked = chosen_frames(len(request.frames_THWC), self.settings.frames, self.settings.max_frames)
        segments = self._segments(request.frames_THWC[list(picked)].to(self.device)) if picked else []
        if request.reference_HWC is not None:
            segments += self._segments(request.reference_HWC[None].to(self.device))
        return segments

    def _segments(self, frames_THWC: torch.Tensor) -> list[tuple[QwenPixels, SegmentKind]]:
        if self.settings.segments == "video" and len(frames_THWC) > 1:
            return [(patchify(frames_THWC, self.settings.pixels), "video")]
        return [(patchify(frame[None], self.settings.pixels), "image") for frame in frames_THWC]

    def _tower(self, segments: list[tuple[QwenPixels, SegmentKind]]) -> torch.Tensor:
        patches = torch.cat([pixels.patches_ND for pixels, _ in segments])
        grids = torch.tensor([pixels.grid for pixels, _ in segments], device=self.device)
        # pictures and videos go through the same tower
        return torch.cat(self.model.model.get_image_features(patches, grids, return_dict=True).pooler_output)

    def _step(self, request: VlmRequest) -> float:
        if not request.fps > 0:
            raise UsageError(f"frames a second are above 0, not {request.fps}")
        count = len(request.frames_THWC)
        shown = len(chosen_frames(count, self.settings.frames, self.settings.max_frames))
        apart = (count - 1) / (shown - 1) if shown > 1 else 1.0
        return self.settings.pixels.temporal_patch * apart / request.fps

    def _ids(self, request: VlmRequest, segments: list[tuple[QwenPixels, SegmentKind]]) -> list[int]:
        controls = tuple(self.tokenizer.get_added_vocab())
        system = softened(DEFAULT_SYSTEM if request.system is None else request.system, controls)
        merge = self.settings.pixels.merge
        shown = "".join(
            f"<|vision_start|>{f'<|{kind}_pad|>' * pixels.tokens(merge)}<|vision_end|>" for pixels, kind in segments
        )
        text = (
            f"<|im_start|>system\n{system}<|im_end|>\n"
            f"<|im_start|>user\n{shown}{softened(request.instruction, controls)}<|im_end|>\n"
            "<|im_start|>assistant\n"
        )
        ids = list(self.tokenizer(text, add_special_tokens=False).input_ids)
        most = self.model.config.text_config.max_position_embeddings
        if len(ids) > most:
            raise UsageError(
                f"the VLM's prompt has {len(ids)} tokens and the model reads {most}",
                hint="show fewer or smaller frames, or shorten the instruction",
            )
        return ids

    def to(self, device: str | torch.device) -> QwenVlm:
        """Moves the network, in place."""
        self.model.to(device)
        return self

    def with_frames(self, frames: FramePolicy, max_frames: int) -> QwenVlm:
        """Returns the same network under another frame policy."""
        return replace(self, settings=replace(self.settings, frames=frames, max_frames=max_frames))

    def save(self, folder: Path) -> None:
        """Writes a folder as :func:`load_qwen25` reads it."""
        with quiet():
            self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        spec = self.settings.pixels
        processor = {
            "image_processor_type": "Qwen2VLImageProcessor",
            "patch_size": spec.patch,
            "temporal_patch_size": spec.temporal_patch,
            "merge_size": spec.merge,
            "min_pixels": spec.min_pixels,
            "max_pixels": spec.max_pixels,
            "image_mean": spec.mean,
            "image_std": spec.std,
        }
        text = json.dumps(processor, indent=2, sort_keys=True) + "\n"
        (folder / "preprocessor_config.json").write_text(text, "utf-8")


def load_qwen25(
    folder: Path,
    *,
    frames: FramePolicy = "all",
    max_frames: int = 8,
    segments: SegmentKind = "video",
    max_pixels: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> QwenVlm:
    """Returns the model of a folder as the hub lays it out (Qwen/Qwen2.5-VL-7B-Instruct).

    Args:
        folder: config.json, weights, tokenizer, preprocessor_config.json.
        frames: which frames are shown.
        max_frames: most frames under `all`.
        segments: how several frames are shown.
        max_pixels: largest area of a frame, instead of the folder's own limit; 28x28 pixels are one token.
        dtype: of the weights.
        device: where they are to be.

    Raises:
        UsageError: a folder or file is not there.
        DataError: a file is damaged or incomplete, or holds another model.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=folder)
    if segments not in ("video", "image"):
        raise UsageError(f"unknown kind of segments {segments!r}", hint="use video or image")
    raw = read_json(folder / "config.json")
    if raw.get("model_type") != "qwen2_5_vl":
        raise DataError(f"holds a {raw.get('model_type')!r}, not a qwen2_5_vl", where=folder / "config.json")
    config = Qwen2_5_VLConfig.from_dict(raw)
    processor = read_json(folder / "preprocessor_config.json")
    spec = QwenSpec.from_processor(processor, max_pixels=max_pixels)
    vision = config.vision_config
    asked = (vision.patch_size, vision.temporal_patch_size, vision.spatial_merge_size)
    if asked != (spec.patch, spec.temporal_patch, spec.merge):
        raise DataError(
            f"cuts patches of {(spec.patch, spec.temporal_patch, spec.merge)}, and the model takes {asked}",
            where=folder / "preprocessor_config.json",
        )
    tokenizer = read_tokenizer(folder)
    vocabulary = tokenizer.get_vocab()
    if missing := [name for name in _CONTROLS if name not in vocabulary]:
        raise DataError(f"the tokenizer has no token {missing[0]}", where=folder)
    pads = (config.image_token_id, config.video_token_id)
    if pads != (vocabulary["<|image_pad|>"], vocabulary["<|video_pad|>"]):
        raise DataError(f"config.json and the tokenizer differ over the tokens of pictures, {pads}", where=folder)
    model = build_model(Qwen2_5_VLForConditionalGeneration, config, read_tensors(folder), where=folder, dtype=dtype)
    settings = QwenSettings(frames=frames, max_frames=max_frames, segments=segments, pixels=spec)
    return QwenVlm(tokenizer=tokenizer, model=model.to(device), settings=settings)
