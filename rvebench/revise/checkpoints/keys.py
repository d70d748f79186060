"""Every tensor of the model: its name in the official files, its name in ours, its shape, as functions of sizes.

One table a part is all there is: renaming both ways, the strict comparison and the synthetic checkpoints of the tests
are look-ups in it. Names in ours are those of the classes that are built: diffusers' WanTransformer3DModel and
AutoencoderKLWan, transformers' UMT5EncoderModel, and our own connector, whose names are the official ones. For the
transformer and the VAE the tables equal diffusers' own converters (tests/revise/test_keys.py).

At the released sizes: 825, 4, 129, 129, 194 and 242 tensors. No torch is needed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from rvebench.revise.config import (
    DitConfig,
    RefinerConfig,
    ResamplerConfig,
    ReviseConfig,
    TextConfig,
    VaeConfig,
    VisualContextAdapterConfig,
)

__all__ = [
    "MIXED_PREFIXES",
    "Key",
    "part_keys",
    "refiner_keys",
    "resampler_keys",
    "text_keys",
    "transformer_keys",
    "vae_keys",
    "visual_context_adapter_keys",
]

MIXED_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "transformer": "wan_model.",
        "visual_context_adapter": "visual_context_adapter.",
        "vision_head": "ar_vision_head.",
        "adapter": "adapter.",
    }
)
"""Which part a name in the official `transformer/model.pt` belongs to."""


class Key(NamedTuple):
    """One tensor."""

    official: str
    """In the part's own official file, without the prefix of the mixed one."""
    ours: str
    shape: tuple[int, ...]


def _linear(official: str, ours: str, wide: int, width: int) -> Iterator[Key]:
    """Weight and bias of a matrix from `width` to `wide` numbers."""
    yield Key(f"{official}.weight", f"{ours}.weight", (wide, width))
    yield Key(f"{official}.bias", f"{ours}.bias", (wide,))


def _conv(official: str, ours: str, wide: int, width: int, kernel: tuple[int, ...]) -> Iterator[Key]:
    yield Key(f"{official}.weight", f"{ours}.weight", (wide, width, *kernel))
    yield Key(f"{official}.bias", f"{ours}.bias", (wide,))


def transformer_keys(dit: DitConfig, *, in_channels: int, out_channels: int) -> tuple[Key, ...]:
    """Returns the tensors of the Wan transformer: 15 and 27 a block."""
    return tuple(_transformer(dit, in_channels, out_channels))


def _transformer(dit: DitConfig, in_channels: int, out_channels: int) -> Iterator[Key]:
    dim, embedder = dit.dim, "condition_embedder"
    time, height, width = dit.patch_size
    yield from _conv("patch_embedding", "patch_embedding", dim, in_channels, dit.patch_size)
    yield from _linear("text_embedding.0", f"{embedder}.text_embedder.linear_1", dim, dit.text_dim)
    yield from _linear("text_embedding.2", f"{embedder}.text_embedder.linear_2", dim, dim)
    yield from _linear("time_embedding.0", f"{embedder}.time_embedder.linear_1", dim, dit.freq_dim)
    yield from _linear("time_embedding.2", f"{embedder}.time_embedder.linear_2", dim, dim)
    yield from _linear("time_projection.1", f"{embedder}.time_proj", 6 * dim, dim)
    for index in range(dit.layers):
        at = f"blocks.{index}"
        yield Key(f"{at}.modulation", f"{at}.scale_shift_table", (1, 6, dim))
        for official, ours in (("self_attn", "attn1"), ("cross_attn", "attn2")):
            for letter in "qkv":
                yield from _linear(f"{at}.{official}.{letter}", f"{at}.{ours}.to_{letter}", dim, dim)
            yield from _linear(f"{at}.{official}.o", f"{at}.{ours}.to_out.0", dim, dim)
            for norm in ("norm_q", "norm_k"):
                yield Key(f"{at}.{official}.{norm}.weight", f"{at}.{ours}.{norm}.weight", (dim,))
        yield Key(f"{at}.norm3.weight", f"{at}.norm2.weight", (dim,))
        yield Key(f"{at}.norm3.bias", f"{at}.norm2.bias", (dim,))
        yield from _linear(f"{at}.ffn.0", f"{at}.ffn.net.0.proj", dit.ffn_dim, dim)
        yield from _linear(f"{at}.ffn.2", f"{at}.ffn.net.2", dim, dit.ffn_dim)
    yield from _linear("head.head", "proj_out", out_channels * time * height * width, dim)
    yield Key("head.modulation", "scale_shift_table", (1, 2, dim))


def vae_keys(vae: VaeConfig) -> tuple[Key, ...]:
    """Returns the tensors of the Wan VAE (of Wan 2.1: not the residual kind of 2.2)."""
    return tuple(_vae(vae))


def _vae(vae: VaeConfig) -> Iterator[Key]:
    latent = vae.z_dim
    last = len(vae.dim_mult) - 1
    dims = [vae.base_dim * factor for factor in (1, *vae.dim_mult)]
    yield from _conv("encoder.conv1", "encoder.conv_in", dims[0], 3, (3, 3, 3))
    place = 0
    for level, (width, wide) in enumerate(pairwise(dims)):
        for index in range(vae.num_res_blocks):
            at = f"{place + index}"
            official, ours = f"encoder.downsamples.{at}", f"encoder.down_blocks.{at}"
            yield from _residual(official, ours, wide, wide if index else width)
        place += vae.num_res_blocks
        if level < last:
            official, ours = f"encoder.downsamples.{place}", f"encoder.down_blocks.{place}"
            yield from _conv(f"{official}.resample.1", f"{ours}.resample.1", wide, wide, (3, 3))
            if vae.temporal_downsample[level]:
                yield from _conv(f"{official}.time_conv", f"{ours}.time_conv", wide, wide, (3, 1, 1))
            place += 1
    yield from _middle("encoder", dims[-1])
    yield from _head("encoder", dims[-1], 2 * latent)
    yield from _conv("conv1", "quant_conv", 2 * latent, 2 * latent, (1, 1, 1))
    yield from _conv("conv2", "post_quant_conv", latent, latent, (1, 1, 1))

    dims = [vae.base_dim * factor for factor in (vae.dim_mult[-1], *reversed(vae.dim_mult))]
    yield from _conv("decoder.conv1", "decoder.conv_in", dims[0], latent, (3, 3, 3))
    yield from _middle("decoder", dims[0])
    place = 0
    for level, (width, wide) in enumerate(pairwise(dims)):
        for index in range(vae.num_res_blocks + 1):
            enters = wide if index else width // 2 if level else width  # an upsampler before it halved the width
            official, ours = f"decoder.upsamples.{place + index}", f"decoder.up_blocks.{level}.resnets.{index}"
            yield from _residual(official, ours, wide, enters)
        place += vae.num_res_blocks + 1
        if level < last:
            official, ours = f"decoder.upsamples.{place}", f"decoder.up_blocks.{level}.upsamplers.0"
            yield from _conv(f"{official}.resample.1", f"{ours}.resample.1", wide // 2, wide, (3, 3))
            if vae.temporal_downsample[last - 1 - level]:
                yield from _conv(f"{official}.time_conv", f"{ours}.time_conv", 2 * wide, wide, (3, 1, 1))
            place += 1
    yield from _head("decoder", dims[-1], 3)


def _residual(official: str, ours: str, wide: int, width: int) -> Iterator[Key]:
    yield Key(f"{official}.residual.0.gamma", f"{ours}.norm1.gamma", (width, 1, 1, 1))
    yield from _conv(f"{official}.residual.2", f"{ours}.conv1", wide, width, (3, 3, 3))
    yield Key(f"{official}.residual.3.gamma", f"{ours}.norm2.gamma", (wide, 1, 1, 1))
    yield from _conv(f"{official}.residual.6", f"{ours}.conv2", wide, wide, (3, 3, 3))
    if wide != width:
        yield from _conv(f"{official}.shortcut", f"{ours}.conv_shortcut", wide, width, (1, 1, 1))


def _middle(side: str, dim: int) -> Iterator[Key]:
    yield from _residual(f"{side}.middle.0", f"{side}.mid_block.resnets.0", dim, dim)
    official, ours = f"{side}.middle.1", f"{side}.mid_block.attentions.0"
    yield Key(f"{official}.norm.gamma", f"{ours}.norm.gamma", (dim, 1, 1))
    yield from _conv(f"{official}.to_qkv", f"{ours}.to_qkv", 3 * dim, dim, (1, 1))
    yield from _conv(f"{official}.proj", f"{ours}.proj", dim, dim, (1, 1))
    yield from _residual(f"{side}.middle.2", f"{side}.mid_block.resnets.1", dim, dim)


def _head(side: str, dim: int, wide: int) -> Iterator[Key]:
    yield Key(f"{side}.head.0.gamma", f"{side}.norm_out.gamma", (dim, 1, 1, 1))
    yield from _conv(f"{side}.head.2", f"{side}.conv_out", wide, dim, (3, 3, 3))


def text_keys(text: TextConfig) -> tuple[Key, ...]:
    """Returns the tensors of the umT5 encoder as Wan stores it, each layer with its own position biases."""
    return tuple(_text(text))


def _text(text: TextConfig) -> Iterator[Key]:
    inner = text.heads * text.head_dim
    yield Key("token_embedding.weight", "shared.weight", (text.vocab_size, text.dim))
    for index in range(text.layers):
        official, ours = f"blocks.{index}", f"encoder.block.{index}.layer"
        yield Key(f"{official}.norm1.weight", f"{ours}.0.layer_norm.weight", (text.dim,))
        for letter in "qkv":
            name = f"{ours}.0.SelfAttention.{letter}.weight"
            yield Key(f"{official}.attn.{letter}.weight", name, (inner, text.dim))
        yield Key(f"{official}.attn.o.weight", f"{ours}.0.SelfAttention.o.weight", (text.dim, inner))
        biases = f"{ours}.0.SelfAttention.relative_attention_bias.weight"
        yield Key(f"{official}.pos_embedding.embedding.weight", biases, (text.relative_buckets, text.heads))
        yield Key(f"{official}.norm2.weight", f"{ours}.1.layer_norm.weight", (text.dim,))
        dense = f"{ours}.1.DenseReluDense"
        yield Key(f"{official}.ffn.gate.0.weight", f"{dense}.wi_0.weight", (text.ffn_dim, text.dim))
        yield Key(f"{official}.ffn.fc1.weight", f"{dense}.wi_1.weight", (text.ffn_dim, text.dim))
        yield Key(f"{official}.ffn.fc2.weight", f"{dense}.wo.weight", (text.dim, text.ffn_dim))
    yield Key("norm.weight", "encoder.final_layer_norm.weight", (text.dim,))


def visual_context_adapter_keys(
    config: VisualContextAdapterConfig, *, latent_channels: int, text_dim: int
) -> tuple[Key, ...]:
    """Returns the four tensors from source latents to context tokens."""
    rows = (
        *_conv("patch_embedding", "patch_embedding", config.dim, latent_channels, config.patch_size),
        *_linear("projection", "projection", text_dim, config.dim),
    )
    return tuple(rows)


def resampler_keys(config: ResamplerConfig, *, input_dim: int, module: str) -> tuple[Key, ...]:
    """Returns the tensors of vision head or adapter: 9, 12 an encoder layer, 18 a decoder layer.

    Args:
        config: its sizes.
        input_dim: width of what it reads.
        module: the name of the encoder-decoder in it: `visionHeadAdapter` or `adapter`.
    """
    return tuple(Key(name, name, shape) for name, shape in _resampler(config, input_dim, module))


def _resampler(config: ResamplerConfig, input_dim: int, module: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    dim, wide = config.dim, config.ffn_dim
    yield "decoder_query", (1, config.queries, dim)
    for layer, width in ((0, input_dim), (2, dim)):
        yield f"fc.{layer}.weight", (dim, width)
        yield f"fc.{layer}.bias", (dim,)
    stacks = (
        ("encoder", config.encoder_layers, ("self_attn",)),
        ("decoder", config.decoder_layers, ("self_attn", "multihead_attn")),
    )
    for stack, layers, attentions in stacks:
        for index in range(layers):
            at = f"{module}.{stack}.layers.{index}"
            for attention in attentions:
                yield f"{at}.{attention}.in_proj_weight", (3 * dim, dim)
                yield f"{at}.{attention}.in_proj_bias", (3 * dim,)
                yield f"{at}.{attention}.out_proj.weight", (dim, dim)
                yield f"{at}.{attention}.out_proj.bias", (dim,)
            for name, rows, columns in (("linear1", wide, dim), ("linear2", dim, wide)):
                yield f"{at}.{name}.weight", (rows, columns)
                yield f"{at}.{name}.bias", (rows,)
            for norm in range(1, len(attentions) + 2):
                yield f"{at}.norm{norm}.weight", (dim,)
                yield f"{at}.norm{norm}.bias", (dim,)
        yield f"{module}.{stack}.norm.weight", (dim,)
        yield f"{module}.{stack}.norm.bias", (dim,)


def refiner_keys(config: RefinerConfig, *, vlm_dim: int, text_dim: int) -> tuple[Key, ...]:
    """Returns the tensors of the viva strategy's token refiner; nobody publishes one, so that both names are ours."""
    return tuple(_refiner(config, vlm_dim, text_dim))


def _refiner(config: RefinerConfig, vlm_dim: int, text_dim: int) -> Iterator[Key]:
    def linear(name: str, wide: int, width: int) -> Iterator[Key]:
        return _linear(name, name, wide, width)

    def norm(name: str) -> Iterator[Key]:
        yield Key(f"{name}.weight", f"{name}.weight", (config.dim,))
        yield Key(f"{name}.bias", f"{name}.bias", (config.dim,))

    yield from linear("proj_in", config.dim, vlm_dim)
    for index in range(config.layers):
        at = f"blocks.{index}"
        yield from norm(f"{at}.norm1")
        yield from linear(f"{at}.qkv", 3 * config.dim, config.dim)
        yield from linear(f"{at}.out", config.dim, config.dim)
        yield from norm(f"{at}.norm2")
        yield from linear(f"{at}.ffn.0", config.ffn_dim, config.dim)
        yield from linear(f"{at}.ffn.2", config.dim, config.ffn_dim)
    yield from norm("norm")
    yield from linear("proj_out", text_dim, config.dim)


def part_keys(config: ReviseConfig) -> dict[str, tuple[Key, ...]]:
    """Returns the tensors of every part that the configuration has, by the part's name.

    The VLM is not among them: it is kept as transformers' folders.
    """
    latent = config.vae.z_dim
    parts = {
        "transformer": transformer_keys(config.dit, in_channels=latent + config.concat_channels, out_channels=latent),
        "vae": vae_keys(config.vae),
    }
    if config.visual_context_adapter is not None:
        parts["visual_context_adapter"] = visual_context_adapter_keys(
            config.visual_context_adapter, latent_channels=latent, text_dim=config.dit.text_dim
        )
    if config.connector is not None:
        head = config.connector.vision_head
        parts["vision_head"] = resampler_keys(head, input_dim=config.vlm.dim, module="visionHeadAdapter")
        parts["adapter"] = resampler_keys(config.connector.adapter, input_dim=head.dim, module="adapter")
    if config.refiner is not None:
        parts["refiner"] = refiner_keys(config.refiner, vlm_dim=config.vlm.dim, text_dim=config.dit.text_dim)
    if config.text is not None:
        parts["text_encoder"] = text_keys(config.text)
    return parts
