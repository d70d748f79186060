"""Operations and kept tensors of the VLM that judges an edit, at its real size, on the meta device.

A reading shows K frames of the source and K of the edit with some words, and gives the logits of one place. Its way
back is the gradient of the edit's pixels alone: weights are frozen. The language model's part of it covers the whole
prompt, because autograd does not know that what comes before the edit cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from transformers import Qwen2_5_VLConfig, SiglipVisionConfig, SiglipVisionModel
from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl as qwen

from rvebench.revise.config_parts import VlmConfig, VlmVisionConfig
from rvebench.revise.shapes import Size
from rvebench.revise.training.counting import Cost, cost_of_stack, count_cost
from rvebench.revise.vlm.preprocess import QwenSpec, smart_size
from rvebench.revise.vlm.vila import VilaSettings, build_projector

__all__ = ["QWEN25_VL_7B", "CriticCost", "CriticShape", "critic_cost", "language_flops"]

QWEN25_VL_7B = VlmConfig(
    backend="qwen2.5",
    dim=3584,
    layers=28,
    heads=28,
    kv_heads=4,
    ffn_dim=18944,
    vocab_size=152064,
    vision=VlmVisionConfig(dim=1280, layers=32, heads=16, ffn_dim=3420, patch_size=14),
)
"""The sizes of Qwen2.5-VL-7B-Instruct (its config.json)."""

_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_PIXEL_COPIES = 4.6
"""Copies of the edit's frames in float32 on the way to patches: resized, cut to range, normalised, put in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticShape:
    """What a critic is shown at once."""

    frames: int
    """Of source and edit each."""
    size: Size
    words: int
    """Tokens of the prompt that show no picture, of the instruction too."""
    max_pixels: int | None = None

    def grid(self, vlm: VlmConfig) -> tuple[int, int, int]:
        """Returns the patches of the edit's frames in time, height and width, as Qwen's tower cuts them."""
        spec = QwenSpec(patch=vlm.vision.patch_size)
        if self.max_pixels is not None:
            spec = replace(spec, max_pixels=self.max_pixels, min_pixels=min(spec.min_pixels, self.max_pixels))
        height, width = smart_size(self.size.height, self.size.width, spec)
        return -(-self.frames // spec.temporal_patch), height // spec.patch, width // spec.patch

    def visual_tokens(self, vlm: VlmConfig) -> int:
        """Returns the tokens that the language model is given of the edit's frames."""
        if vlm.backend == "vila":
            side = vlm.vision.image_size // vlm.vision.patch_size
            return self.frames * ((side + 1) // 2) ** 2
        time, height, width = self.grid(vlm)
        return time * height * width // 4

    def tokens(self, vlm: VlmConfig) -> int:
        """Returns the tokens of the whole prompt."""
        return self.words + 2 * self.visual_tokens(vlm)


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticCost:
    """One reading of one edit."""

    tower: Cost
    language: Cost
    tokens: int

    @property
    def whole(self) -> Cost:
        """Tower and language model."""
        return self.tower + self.language


@lru_cache(maxsize=32)
def critic_cost(vlm: VlmConfig, shape: CriticShape, precision: str) -> CriticCost:
    """Returns what a reading costs with the gradient of the edit's frames.

    Args:
        vlm: the network's sizes.
        shape: what it is shown.
        precision: `bf16` or `fp32`, of its weights.
    """
    tokens = shape.tokens(vlm)
    language, _ = cost_of_stack(lambda layers: _language(vlm, layers, tokens, precision), vlm.layers)
    head = 2 * vlm.dim * vlm.vocab_size
    return CriticCost(
        tower=_qwen_tower(vlm, shape, precision) if vlm.backend == "qwen2.5" else _vila_tower(vlm, shape, precision),
        language=language + Cost(forward=head, backward=head),
        tokens=tokens,
    )


@lru_cache(maxsize=32)
def language_flops(vlm: VlmConfig, tokens: int) -> int:
    """Returns the operations of a VLM's language model over a prompt, forwards."""
    return cost_of_stack(lambda layers: _language(vlm, layers, tokens, "bf16"), vlm.layers)[0].forward


def _language(vlm: VlmConfig, layers: int, tokens: int, precision: str) -> Cost:
    # Llama's layers cost what Qwen's do; its masks cannot be made on meta, so Qwen's stand for both.
    half = vlm.dim // vlm.heads // 2
    sections = [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8]
    sizes: dict[str, Any] = {
        "vocab_size": 8,  # the table is not read: prompts come in as vectors
        "hidden_size": vlm.dim,
        "intermediate_size": vlm.ffn_dim,
        "num_hidden_layers": layers,
        "num_attention_heads": vlm.heads,
        "num_key_value_heads": vlm.kv_heads,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections},
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
    }
    with torch.device("meta"):
        model = qwen.Qwen2_5_VLTextModel(Qwen2_5_VLConfig(text_config=sizes).text_config)
    model = model.to(_DTYPES[precision]).eval().requires_grad_(False)

    def call() -> torch.Tensor:
        prompt = torch.empty(1, tokens, vlm.dim, device="meta", dtype=_DTYPES[precision], requires_grad=True)
        states: torch.Tensor = model(inputs_embeds=prompt, use_cache=False).last_hidden_state
        return states

    return count_cost(call, [model])


def _qwen_tower(vlm: VlmConfig, shape: CriticShape, precision: str) -> Cost:
    """Both videos' patches in one pass; the tower cannot run on meta as a whole, its layers can."""
    vision, dtype = vlm.vision, _DTYPES[precision]
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": 1,
            "hidden_size": vision.dim,
            "intermediate_size": vision.ffn_dim,
            "num_heads": vision.heads,
            "patch_size": vision.patch_size,
            "out_hidden_size": vlm.dim,
            "fullatt_block_indexes": [],
            "window_size": 8 * vision.patch_size,
        }
    ).vision_config
    with torch.device("meta"):
        tower = qwen.Qwen2_5_VisionTransformerPretrainedModel._from_config(config)
    tower = tower.to(dtype).eval().requires_grad_(False)
    time, height, width = shape.grid(vlm)
    patches = 2 * time * height * width
    rotary = torch.empty(patches, vision.dim // vision.heads, device="meta")

    def block(lengths: list[int]) -> Cost:
        ends = torch.tensor([0, *lengths]).cumsum(0)

        def call() -> torch.Tensor:
            states = torch.empty(patches, vision.dim, device="meta", dtype=dtype, requires_grad=True)
            out = tower.blocks[0](states, cu_seqlens=ends, position_embeddings=(rotary, rotary))
            result: torch.Tensor = out
            return result

        return count_cost(call, [tower])

    everywhere = len({vision.layers - 1, *range(7, vision.layers, 8)})
    whole_frames = block([height * width] * (2 * time))
    windows = block(_windows(height // 2, width // 2) * (2 * time))
    raw = 3 * 2 * vision.patch_size**2
    ends = count_cost(
        lambda: tower.patch_embed(torch.empty(patches, raw, device="meta", dtype=dtype, requires_grad=True)), [tower]
    ) + count_cost(
        lambda: tower.merger(torch.empty(patches, vision.dim, device="meta", dtype=dtype, requires_grad=True)), [tower]
    )
    pixels = Cost(kept=round(_PIXEL_COPIES * patches // 2 * raw * 4))
    return whole_frames.times(everywhere) + windows.times(vision.layers - everywhere) + ends + pixels


def _windows(height: int, width: int, side: int = 4) -> list[int]:
    """Returns the patches of each window of a frame: `side` by `side` merged cells of four, fewer at the edges."""
    cut = [[min(side, length - start) for start in range(0, length, side)] for length in (height, width)]
    return [4 * rows * columns for rows in cut[0] for columns in cut[1]]


def _vila_tower(vlm: VlmConfig, shape: CriticShape, precision: str) -> Cost:
    """The edit's pictures with a gradient, the source's without; the layers after the one that is read give none."""
    vision, dtype = vlm.vision, _DTYPES[precision]

    def count(layers: int) -> Cost:
        config = SiglipVisionConfig(
            hidden_size=vision.dim,
            intermediate_size=vision.ffn_dim,
            num_hidden_layers=layers,
            num_attention_heads=vision.heads,
            image_size=vision.image_size,
            patch_size=vision.patch_size,
            hidden_act="gelu_pytorch_tanh",
            vision_use_head=False,
        )
        with torch.device("meta"):
            tower = SiglipVisionModel(config)
        tower = tower.to(dtype).eval().requires_grad_(False)

        def call() -> torch.Tensor:
            side = vision.image_size
            pixels = torch.empty(shape.frames, 3, side, side, device="meta", dtype=dtype, requires_grad=True)
            states: torch.Tensor = tower(pixels).last_hidden_state
            return states

        return count_cost(call, [tower])

    whole, layer = cost_of_stack(count, vision.layers)
    unread = layer.times(-1 - VilaSettings().select_layer)
    with torch.device("meta"):
        projector = build_projector(vision.dim, vlm.dim).to(dtype).requires_grad_(False)
    tokens = shape.visual_tokens(vlm)
    projected = count_cost(
        lambda: projector(torch.empty(tokens, 4 * vision.dim, device="meta", dtype=dtype, requires_grad=True)),
        [projector],
    )
    pixels = Cost(kept=round(_PIXEL_COPIES * shape.frames * 3 * vision.image_size**2 * 4))
    source = Cost(forward=whole.forward + projected.forward)
    seen = replace(whole, backward=whole.backward - unread.backward, kept=whole.kept - unread.kept)
    return source + seen + projected + pixels
