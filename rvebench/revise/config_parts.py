"""The parts of a ReViSE configuration: frozen records that refuse values which cannot work.

Sizes in the defaults are those of the released model (Wan2.1-T2V-1.3B, umT5-xxl, a VILA-style VLM of width 4096).
Nothing here imports torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from rvebench.errors import UsageError
from rvebench.revise.shapes import Size, check_frames

__all__ = [
    "Compat",
    "ConditioningConfig",
    "ConnectorConfig",
    "DitConfig",
    "RefinerConfig",
    "ResamplerConfig",
    "SamplingConfig",
    "Strategy",
    "TagConfig",
    "TextConfig",
    "VaeConfig",
    "VisualContextAdapterConfig",
    "VlmConfig",
    "VlmVisionConfig",
]

Strategy = Literal["revise", "channel-concat", "viva"]
"""How the source video and the instruction reach the transformer; see :mod:`rvebench.revise.model.conditioning`."""

# Wan2.1's latent statistics; the same sixteen numbers as the defaults of diffusers' AutoencoderKLWan.
_WAN_MEAN = (
    *(-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508),
    *(0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921),
)
_WAN_STD = (
    *(2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743),
    *(3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160),
)


def _positive(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        parts = value if isinstance(value, tuple) else (value,)
        if not parts or not all(math.isfinite(part) and part > 0 for part in parts):
            raise UsageError(f"{type(owner).__name__}.{name} must be positive, not {value!r}")


def _one_of(owner: object, name: str, known: tuple[str, ...]) -> None:
    if getattr(owner, name) not in known:
        raise UsageError(
            f"{type(owner).__name__}.{name} is {getattr(owner, name)!r}", hint=f"use one of {', '.join(known)}"
        )


def _divides(owner: object, width: str, heads: str) -> None:
    if getattr(owner, width) % getattr(owner, heads):
        raise UsageError(
            f"{type(owner).__name__}.{width} {getattr(owner, width)} is not a multiple of {heads} "
            f"{getattr(owner, heads)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeConfig:
    """An AutoencoderKLWan: 4n + 1 frames to n + 1 latents, 2 pixels to 1 at each level but the last."""

    base_dim: int = 96
    z_dim: int = 16
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    temporal_downsample: tuple[bool, ...] = (False, True, True)
    latents_mean: tuple[float, ...] = _WAN_MEAN
    latents_std: tuple[float, ...] = _WAN_STD

    def __post_init__(self) -> None:
        _positive(self, "base_dim", "z_dim", "dim_mult", "num_res_blocks", "latents_std")
        if len(self.temporal_downsample) != len(self.dim_mult) - 1:
            raise UsageError("VaeConfig.temporal_downsample has one entry fewer than dim_mult")
        if sum(self.temporal_downsample) != 2:
            raise UsageError("VaeConfig.temporal_downsample has exactly two true entries: a latent is 4 frames")
        if not len(self.latents_mean) == len(self.latents_std) == self.z_dim:
            raise UsageError(f"VaeConfig.latents_mean and latents_std have z_dim = {self.z_dim} numbers each")

    @property
    def spatial_factor(self) -> int:
        """Pixels a latent on each side."""
        return int(2 ** (len(self.dim_mult) - 1))

    @property
    def temporal_factor(self) -> int:
        """Frames a latent, after the first."""
        return 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DitConfig:
    """A WanTransformer3DModel; `in_channels` counts the noise alone, a strategy adds what it concatenates."""

    patch_size: tuple[int, int, int] = (1, 2, 2)
    heads: int = 12
    head_dim: int = 128
    layers: int = 30
    ffn_dim: int = 8960
    freq_dim: int = 256
    text_dim: int = 4096
    """Width of a context token before the transformer's own projection."""
    eps: float = 1e-6
    rope_max_seq_len: int = 1024

    def __post_init__(self) -> None:
        _positive(self, "patch_size", "heads", "head_dim", "layers", "ffn_dim", "freq_dim", "text_dim", "eps")
        _positive(self, "rope_max_seq_len")
        if self.head_dim % 2 or self.head_dim < 6:
            raise UsageError("DitConfig.head_dim is even and at least 6: rotary positions share it in three pairs")

    @property
    def dim(self) -> int:
        """Width of a video token."""
        return self.heads * self.head_dim


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """A umT5 encoder."""

    vocab_size: int = 256384
    dim: int = 4096
    head_dim: int = 64
    ffn_dim: int = 10240
    layers: int = 24
    heads: int = 64
    relative_buckets: int = 32
    max_length: int = 512
    """Tokens an instruction may have; a longer one is an error, never cut."""

    def __post_init__(self) -> None:
        _positive(self, "vocab_size", "dim", "head_dim", "ffn_dim", "layers", "heads", "relative_buckets", "max_length")


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmVisionConfig:
    """The vision tower of a VLM."""

    dim: int = 1152
    layers: int = 27
    heads: int = 16
    ffn_dim: int = 4304
    patch_size: int = 14
    image_size: int = 384
    """Side of the square input (VILA); a Qwen2.5-VL tower takes any size and ignores it."""

    def __post_init__(self) -> None:
        _positive(self, "dim", "layers", "heads", "ffn_dim", "patch_size", "image_size")
        _divides(self, "dim", "heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmConfig:
    """A vision language model that reads the source frames and the instruction."""

    backend: Literal["vila", "qwen2.5"] = "vila"
    dim: int = 4096
    """Width of its hidden states."""
    layers: int = 32
    heads: int = 32
    kv_heads: int = 8
    ffn_dim: int = 14336
    vocab_size: int = 128256
    vision: VlmVisionConfig = field(default_factory=VlmVisionConfig)
    frames: int = 8
    """Source frames it is shown, where compat.vlm_frames is all."""

    def __post_init__(self) -> None:
        _one_of(self, "backend", ("vila", "qwen2.5"))
        _positive(self, "dim", "layers", "heads", "kv_heads", "ffn_dim", "vocab_size", "frames")
        _divides(self, "dim", "heads")
        _divides(self, "heads", "kv_heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisualContextAdapterConfig:
    """Source latents to context tokens: a strided convolution and a projection, no position embedding."""

    patch_size: tuple[int, int, int] = (1, 4, 4)
    dim: int = 1536

    def __post_init__(self) -> None:
        _positive(self, "patch_size", "dim")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResamplerConfig:
    """A perceptron into `dim`, then an encoder-decoder whose targets are `queries` learned vectors."""

    dim: int
    queries: int
    ffn_dim: int
    heads: int = 8
    encoder_layers: int = 4
    decoder_layers: int = 4

    def __post_init__(self) -> None:
        _positive(self, "dim", "queries", "ffn_dim", "heads", "encoder_layers", "decoder_layers")
        _divides(self, "dim", "heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorConfig:
    """From VLM states to context tokens: vision head (to 4 vectors), then context adapter (each to 256 tokens)."""

    vision_head: ResamplerConfig = field(default_factory=lambda: ResamplerConfig(dim=1152, queries=4, ffn_dim=4608))
    adapter: ResamplerConfig = field(default_factory=lambda: ResamplerConfig(dim=4096, queries=256, ffn_dim=16384))

    @property
    def tokens(self) -> int:
        """Context tokens for a video; an image has `adapter.queries`."""
        return self.vision_head.queries * self.adapter.queries


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinerConfig:
    """The token refiner of the viva strategy: bidirectional blocks over VLM states."""

    dim: int = 1536
    heads: int = 12
    layers: int = 2
    ffn_dim: int = 6144

    def __post_init__(self) -> None:
        _positive(self, "dim", "heads", "layers", "ffn_dim")
        _divides(self, "dim", "heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagConfig:
    """Lengths of the special-token sequences that open and close each part of the context; 0 for none."""

    visual: int = 6
    """`<img_st>`, `<img_ed>`: around source and reference tokens."""
    interpreted: int = 6
    """`<ipl_st>`, `<ipl_ed>`: around the connector's tokens."""
    prompt: int = 7
    """`<prp_st>`, `<prp_ed>`: around the text."""

    def __post_init__(self) -> None:
        for name in ("visual", "interpreted", "prompt"):
            if getattr(self, name) < 0:
                raise UsageError(f"TagConfig.{name} cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditioningConfig:
    """Which way source and instruction go in, and how long the context may be."""

    strategy: Strategy = "revise"
    max_context_len: int = 2560
    source_overflow: Literal["error", "pool"] = "error"
    """What to do when source tokens do not fit (strategy revise): stop, or average them on a coarser grid."""
    tags: TagConfig = field(default_factory=TagConfig)

    def __post_init__(self) -> None:
        _one_of(self, "strategy", get_args(Strategy))
        _one_of(self, "source_overflow", ("error", "pool"))
        _positive(self, "max_context_len")
        if self.strategy != "revise" and self.source_overflow != "error":
            raise UsageError(
                f"ConditioningConfig.source_overflow has no effect with strategy {self.strategy}: its context holds no "
                "source tokens",
                hint="leave the key out",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compat:
    """Where the released code departs from what one would write; each switch is named in every manifest."""

    guidance: Literal["official", "standard"] = "official"
    """official: c + w (c - u). standard: u + w (c - u). The official w equals a standard w + 1."""
    null_source: Literal["keep", "drop"] = "keep"
    """Whether the unconditional branch still sees the source."""
    vlm_frames: Literal["first", "all"] = "first"
    """Frames that the VLM sees: the released loader inserts the first of eight only."""
    padding: Literal["attend", "mask"] = "attend"
    """Whether cross-attention attends to the zero rows that fill the context up."""

    def __post_init__(self) -> None:
        _one_of(self, "guidance", ("official", "standard"))
        _one_of(self, "null_source", ("keep", "drop"))
        _one_of(self, "vlm_frames", ("first", "all"))
        _one_of(self, "padding", ("attend", "mask"))

    @property
    def name(self) -> str:
        """`official`, `fixed`, or `custom` for any other mixture."""
        return next((name for name in ("official", "fixed") if Compat.named(name) == self), "custom")

    @classmethod
    def named(cls, name: str) -> Compat:
        """Returns the preset `official` (the released weights as released) or `fixed`.

        `fixed` keeps the source in the null branch: in training it was never dropped, so that a branch without it is
        one the released weights have not seen.

        Raises:
            UsageError: another name.
        """
        if name == "official":
            return cls()
        if name == "fixed":
            return cls(guidance="standard", vlm_frames="all", padding="mask")
        raise UsageError(f"no compat preset is called {name!r}", hint="use official or fixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingConfig:
    """How an edit is sampled; defaults are those of the released scripts."""

    solver: Literal["euler", "unipc"] = "unipc"
    steps: int = 40
    shift: float = 5.0
    """Flow shift s: sigma = s u / (1 + (s - 1) u)."""
    guidance_scale: float = 3.0
    """The w of the formula that compat.guidance names."""
    seed: int = 1818
    frames: int = 17
    """Frames of a clip or window, 4n + 1."""
    fps: float | None = 8.0
    """Frame rate of the edit; null keeps the source's."""
    size: Size | None = field(default_factory=lambda: Size(width=640, height=352))
    """Frame size of the edit; null takes the source's, rounded to multiples of 32."""
    fit: Literal["pad", "crop", "stretch"] = "pad"
    """How sources of another shape are brought to that size."""
    detail: Literal["model", "source"] = "model"
    """source: what autoencoder and size cost is given back where the edit leaves the source as it was; see
    :mod:`rvebench.revise.detail`."""

    def __post_init__(self) -> None:
        _one_of(self, "solver", ("euler", "unipc"))
        _one_of(self, "fit", ("pad", "crop", "stretch"))
        _one_of(self, "detail", ("model", "source"))
        _positive(self, "steps", "shift")
        check_frames(self.frames)
        if self.fps is not None:
            _positive(self, "fps")
        if not (math.isfinite(self.guidance_scale) and self.guidance_scale >= 0):
            raise UsageError(f"SamplingConfig.guidance_scale must be 0 or more, not {self.guidance_scale!r}")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"SamplingConfig.seed must be in 0..2^63-1, not {self.seed}")
