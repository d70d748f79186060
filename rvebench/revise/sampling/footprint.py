"""How many bytes each part of the model holds, and how many it works with on the way to one edit.

Weights are counted, not guessed: our own parts on the meta device, language models by their formula. Working memory is
the largest sum of tensors alive at once in a forward pass without gradient, with attention that keeps no score matrix
(flash or memory-efficient kernels). The formulas for transformer and autoencoder were fitted to a count of live tensors
over full-size passes on the meta device; the tests make that count again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Literal

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig
from rvebench.revise.config_parts import DitConfig, ResamplerConfig, TextConfig, VaeConfig, VlmConfig
from rvebench.revise.model.budget import count_parts
from rvebench.revise.shapes import Size

__all__ = [
    "STAGES",
    "EditShape",
    "Part",
    "Precision",
    "Stage",
    "decode_bytes",
    "denoise_bytes",
    "encode_bytes",
    "llm_parameters",
    "parts_of",
    "text_parameters",
    "tower_parameters",
    "working_bytes",
]

Precision = Literal["bfloat16", "float16", "float32"]
"""Number format of the bulk of the weights. The autoencoder is always in float32."""

Stage = Literal["text", "vlm", "vae encode", "connector", "denoise", "vae decode"]

STAGES: tuple[Stage, ...] = ("text", "vlm", "vae encode", "connector", "denoise", "vae decode")
"""In the order they run."""

_BYTES: dict[Precision, int] = {"bfloat16": 2, "float16": 2, "float32": 4}
_FLOAT32 = 4

# Tensors of one chunk (4 frames) at full size and base width that are alive at once, measured on the meta device for
# Wan's shape (two residual blocks a level); with one residual block there are about a seventh fewer.
_DECODE_TENSORS, _ENCODE_TENSORS = 12.7, 9.2
# A single frame is a chunk of its own, and no cache of earlier frames is kept.
_IMAGE_DECODE_TENSORS, _IMAGE_ENCODE_TENSORS = 18.0, 10.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Weights that are loaded and moved together."""

    name: str
    stages: tuple[Stage, ...]
    parameters: int
    bytes_each: int
    largest_block: int
    """Parameters of the largest piece that has to be on the device at once when blocks are moved one by one."""

    @property
    def weight_bytes(self) -> int:
        """Bytes of all its weights."""
        return self.parameters * self.bytes_each

    @property
    def block_bytes(self) -> int:
        """Bytes of its largest block."""
        return self.largest_block * self.bytes_each


@dataclass(frozen=True, slots=True, kw_only=True)
class EditShape:
    """What is edited at once: everything that working memory depends on."""

    frames: int
    """Of a clip or window, 4n + 1."""
    size: Size
    batch: int = 1
    batched_guidance: bool = True
    """Both branches in one pass; False halves what denoising works with."""
    precision: Precision = "bfloat16"
    vlm_frames: int = 1
    """Source frames shown to the VLM."""
    vlm_text_tokens: int = 128
    kept_blocks: int = 0
    """Transformer blocks whose input is kept for a backward pass with checkpointing; 0 to sample."""

    def __post_init__(self) -> None:
        if self.precision not in _BYTES:
            raise UsageError(f"no precision is called {self.precision!r}", hint=f"use one of {', '.join(_BYTES)}")
        if min(self.batch, self.vlm_frames) < 1 or min(self.vlm_text_tokens, self.kept_blocks) < 0:
            raise UsageError(f"not the shape of an edit: {self}")

    @property
    def bytes_each(self) -> int:
        """Bytes of one number in `precision`."""
        return _BYTES[self.precision]


def parts_of(config: ReviseConfig, precision: Precision = "bfloat16") -> tuple[Part, ...]:
    """Returns every part of a configuration, in the order of :data:`STAGES`."""
    each, counts = _BYTES[precision], dict(_counted(config))
    vae, dit = counts.pop("vae"), counts.pop("wan_model")
    connector = sum(counts.values())
    block = connector
    if config.connector is not None:
        block = max(_resampler_block(config.connector.adapter), counts.get("visual_context_adapter", 0))
    vlm = config.vlm

    def part(name: str, stages: tuple[Stage, ...], parameters: int, largest: int, bytes_each: int = each) -> Part:
        return Part(name=name, stages=stages, parameters=parameters, largest_block=largest, bytes_each=bytes_each)

    parts = [
        part("vlm", ("vlm",), llm_parameters(vlm) + tower_parameters(vlm), vlm.vocab_size * vlm.dim),
        part("vae", ("vae encode", "vae decode"), vae, vae, _FLOAT32),
        part("connector", ("connector",), connector, block),
        part("transformer", ("denoise",), dit, _dit_block(config.dit)),
    ]
    if config.text is not None:
        words = config.text.vocab_size * config.text.dim
        parts.insert(0, part("text encoder", ("text",), text_parameters(config.text), words))
    return tuple(parts)


def working_bytes(config: ReviseConfig, shape: EditShape) -> dict[Stage, int]:
    """Returns the most bytes that each stage works with, beside the weights.

    Raises:
        UsageError: the frames are not 4n + 1.
    """
    _, time, height, width = config.latent_shape(frames=shape.frames, size=shape.size)
    each, batch = shape.bytes_each, shape.batch
    passes = 2 * batch if shape.batched_guidance else batch
    patch = prod(config.dit.patch_size)
    latents = patch * (config.vae.z_dim + config.concat_channels)
    if config.concat_channels and each < _FLOAT32:
        latents *= 3  # joined in float32, then cast
    return {
        "text": 0 if config.text is None else batch * _text_bytes(config.text, each),
        "vlm": batch * _vlm_bytes(config.vlm, shape),
        "vae encode": batch * encode_bytes(config.vae, shape.frames, shape.size),
        "connector": batch * _connector_bytes(config, time * height * width, each),
        "denoise": denoise_bytes(
            config.dit,
            tokens=time * height * width // patch,
            context=config.conditioning.max_context_len,
            batch=passes,
            bytes_each=each,
            latents=latents,
            kept_blocks=shape.kept_blocks,
        ),
        "vae decode": batch * decode_bytes(config.vae, shape.frames, shape.size),
    }


def denoise_bytes(
    dit: DitConfig, *, tokens: int, context: int, batch: int, bytes_each: int, latents: int = 64, kept_blocks: int = 0
) -> int:
    """Returns what one pass of the transformer works with, attention's score matrix apart (there is none).

    The most of three moments in a block: the feed-forward layer's two wide tensors beside four of the model's width;
    self-attention, whose norms and rotations make float32 copies of 16-bit numbers; cross-attention, with the keys and
    values of the context. Besides: the context before its projection, the latents in the model's number format, rotary
    tables, and the input of every block that is kept.

    Args:
        dit: widths.
        tokens: video tokens of one sample.
        context: context rows of one sample.
        batch: samples times branches in the pass.
        bytes_each: of a number, 2 or 4.
        latents: numbers of latents behind one token, 64 for Wan (16 channels of 2 x 2).
        kept_blocks: block inputs kept for a backward pass.
    """
    width, half = dit.dim, bytes_each < _FLOAT32
    moments = (
        tokens * (2 * dit.ffn_dim + 4 * width) + context * width,
        tokens * round((11.2 if half else 7.5) * width) + context * width,
        tokens * round((9.9 if half else 5.1) * width) + context * (6 if half else 5) * width,
    )
    always = tokens * (latents + kept_blocks * width) + context * dit.text_dim
    rotary = tokens * 2 * dit.head_dim * _FLOAT32
    return batch * (max(moments) + always) * bytes_each + rotary


def decode_bytes(vae: VaeConfig, frames: int, size: Size) -> int:
    """Returns what decoding one clip works with: one chunk's tensors, and the whole clip in float32."""
    count = _IMAGE_DECODE_TENSORS if frames == 1 else 4 * _DECODE_TENSORS
    return round(count * _plane(vae, size)) + _clip_bytes(frames, size)


def encode_bytes(vae: VaeConfig, frames: int, size: Size) -> int:
    """Returns what encoding one clip works with: one chunk's tensors, and the whole clip in float32."""
    count = _IMAGE_ENCODE_TENSORS if frames == 1 else 4 * _ENCODE_TENSORS
    return round(count * _plane(vae, size)) + _clip_bytes(frames, size)


def text_parameters(text: TextConfig) -> int:
    """Returns the parameters of a umT5 encoder: embedding, and blocks with gated feed-forward and own position bias."""
    inner = text.heads * text.head_dim
    block = 4 * text.dim * inner + 3 * text.dim * text.ffn_dim + 2 * text.dim + text.relative_buckets * text.heads
    return text.vocab_size * text.dim + text.layers * block + text.dim


def llm_parameters(vlm: VlmConfig) -> int:
    """Returns the parameters of the language model, output layer included; Qwen's projections have biases."""
    d, kv = vlm.dim, vlm.dim // vlm.heads * vlm.kv_heads
    bias = d + 2 * kv if vlm.backend == "qwen2.5" else 0
    block = 2 * d * d + 2 * d * kv + bias + 3 * d * vlm.ffn_dim + 2 * d
    return 2 * vlm.vocab_size * d + vlm.layers * block + d


def tower_parameters(vlm: VlmConfig) -> int:
    """Returns the parameters of the vision tower with the projector that makes it the language model's width."""
    v, d, f = vlm.vision, vlm.vision.dim, vlm.vision.ffn_dim
    pixels, merged = 3 * v.patch_size**2, 4 * v.dim
    if vlm.backend == "qwen2.5":
        blocks = v.layers * (4 * d * d + 4 * d + 3 * d * f + 2 * f + d + 2 * d)
        merger = d + merged * merged + merged + merged * vlm.dim + vlm.dim
        return 2 * pixels * d + blocks + merger
    blocks = v.layers * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d)
    embedding = pixels * d + d + (v.image_size // v.patch_size) ** 2 * d
    projector = 2 * merged + merged * vlm.dim + vlm.dim + vlm.dim * vlm.dim + vlm.dim
    return embedding + blocks + 2 * d + projector


@lru_cache(maxsize=8)
def _counted(config: ReviseConfig) -> tuple[tuple[str, int], ...]:
    return tuple((name, count.parameters) for name, count in count_parts(config).items())


def _dit_block(dit: DitConfig) -> int:
    d, f = dit.dim, dit.ffn_dim
    attentions = 2 * (4 * (d * d + d) + 2 * d)
    return attentions + 2 * d * f + f + d + 2 * d + 6 * d


def _resampler_block(part: ResamplerConfig) -> int:
    d, f = part.dim, part.ffn_dim
    return 2 * (4 * d * d + 4 * d) + 2 * d * f + f + d + 6 * d


def _text_bytes(text: TextConfig, each: int) -> int:
    # umT5 adds a position bias to its scores, so that transformers keeps the score matrix: three of them at once.
    scores = 3 * text.heads * text.max_length**2
    return (text.max_length * (3 * text.ffn_dim + 4 * text.dim) + scores) * each


def _vlm_bytes(vlm: VlmConfig, shape: EditShape) -> int:
    vision, pixels = vlm.vision, 0
    if vlm.backend == "vila":
        patches = shape.vlm_frames * (vision.image_size // vision.patch_size) ** 2
        kept = vision.layers + 1  # every layer's states are returned, one is used
    else:
        area = -(-shape.size.width // vision.patch_size) * -(-shape.size.height // vision.patch_size)
        patches, kept = -(-shape.vlm_frames // 2) * area, 0  # two frames make one patch in depth
        pixels = round(4.6 * patches * 2 * 3 * vision.patch_size**2 * _FLOAT32)  # resized, normalised, cut: copies
    tower = patches * (2 * vision.ffn_dim + (4 + kept) * vision.dim)
    tokens = patches // 4 + shape.vlm_text_tokens
    return max(max(tower, tokens * (3 * vlm.ffn_dim + 6 * vlm.dim)) * shape.bytes_each, pixels)


def _connector_bytes(config: ReviseConfig, latents: int, each: int) -> int:
    needs = [0]
    if config.connector is not None:
        head, adapter = config.connector.vision_head, config.connector.adapter
        needs.append(head.queries * adapter.queries * (2 * adapter.ffn_dim + 6 * adapter.dim))
    if config.refiner is not None:
        needs.append(1024 * (2 * config.refiner.ffn_dim + 6 * config.refiner.dim))
    source = config.visual_context_adapter
    if source is not None:
        patch = prod(source.patch_size)
        needs.append(latents // patch * (2 * source.dim + 2 * config.dit.text_dim + patch * config.vae.z_dim))
    return max(needs) * each


def _plane(vae: VaeConfig, size: Size) -> int:
    return size.width * size.height * vae.base_dim * _FLOAT32


def _clip_bytes(frames: int, size: Size) -> int:
    return 3 * frames * size.width * size.height * _FLOAT32
