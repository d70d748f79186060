"""Which sizes a checkpoint must have: declared in its files, else those of the released model, else told by tensors.

A file cut by whole layers would pass a comparison with sizes read off itself. So what is declared counts first; a
transformer of the released size makes every part be of the released sizes; and only for what neither settles (small
models of tests) are sizes read off single tensors, against which all the others are compared.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvebench.errors import DataError, UsageError
from rvebench.revise.config import ReviseConfig, preset, preset_names
from rvebench.storage import read_json
from rvebench.weights import TensorInfo

__all__ = ["infer_config", "load_sizes", "with_tags"]

Parts = Mapping[str, Mapping[str, TensorInfo]]
_RELEASED = {"dim": 1536, "layers": 30}


def load_sizes(text: str) -> ReviseConfig:
    """Returns the configuration that a preset's name or a .json or .toml file gives.

    Raises:
        UsageError: it is neither.
        DataError: the file cannot be read.
    """
    if text in preset_names():
        return preset(text)
    path = Path(text)
    if not path.is_file():
        raise UsageError(f"{text!r} is neither a preset nor a file", hint=f"presets: {', '.join(preset_names())}")
    return ReviseConfig.load(path)


def infer_config(parts: Parts, settings: Mapping[str, Path], tags: Mapping[str, int] | None = None) -> ReviseConfig:
    """Returns the configuration of a checkpoint that brings none of ours.

    Args:
        parts: tensors by their names in the official files or in ours, by part; parts may be absent.
        settings: `config.json` files by part, see :class:`rvebench.revise.checkpoints.layout.Layout`.
        tags: lengths of the special tokens, by the fields of `TagConfig`.

    Raises:
        DataError: the sizes do not fit together, or a config.json is none.
    """
    look = _Look(parts, {part: _json(path) for part, path in settings.items()})
    released = ReviseConfig()
    try:
        dit = _dit(look, released)
        is_released = {"dim": dit.dim, "layers": dit.layers} == _RELEASED
        config = released if is_released else _small(look, released, dit)
    except UsageError as error:
        raise DataError(
            f"the sizes of its parts do not fit together: {error.what}", hint="give the sizes with --sizes"
        ) from None
    return with_tags(config, tags)


def with_tags(config: ReviseConfig, tags: Mapping[str, int] | None) -> ReviseConfig:
    """Returns the configuration with the lengths that the special tokens of a checkpoint have."""
    if not tags:
        return config
    known = dataclasses.replace(config.conditioning.tags, **tags)
    return dataclasses.replace(config, conditioning=dataclasses.replace(config.conditioning, tags=known))


def _json(path: Path) -> Mapping[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise DataError("this is no configuration", where=path)
    return value


@dataclasses.dataclass(frozen=True)
class _Look:
    """Finds sizes in shapes and settings."""

    parts: Parts
    settings: Mapping[str, Mapping[str, Any]]

    def shape(self, part: str, *names: str) -> tuple[int, ...]:
        """The shape of the first name that is there, or none at all."""
        found = self.parts.get(part, {})
        return next((found[name].shape for name in names if name in found), ())

    def axis(self, part: str, axis: int, default: int, *names: str) -> int:
        shape = self.shape(part, *names)
        return shape[axis] if len(shape) > axis and shape[axis] > 0 else default

    def declared(self, part: str, default: int, *keys: str) -> int:
        known = self.settings.get(part, {})
        found = next((known[key] for key in keys if key in known), default)
        return found if type(found) is int and found > 0 else default

    def layers(self, part: str, pattern: str, default: int) -> int:
        found = [int(match[1]) for name in self.parts.get(part, {}) if (match := re.match(pattern, name))]
        return max(found) + 1 if found else default


def _dit(look: _Look, released: ReviseConfig) -> Any:
    base, part = released.dit, "transformer"
    embed = look.shape(part, "patch_embedding.weight")
    patch = (embed[2], embed[3], embed[4]) if len(embed) == 5 else base.patch_size
    embedder = "condition_embedder"
    heads = look.declared(part, 0, "num_heads", "num_attention_heads")
    dim = look.axis(part, 0, base.dim, "patch_embedding.weight")
    if head_dim := look.declared(part, 0, "attention_head_dim"):
        dim = heads * head_dim or dim
    dim = look.declared(part, dim, "dim")
    heads = heads or max(1, dim // base.head_dim)
    ffn = look.axis(part, 0, base.ffn_dim, "blocks.0.ffn.0.weight", "blocks.0.ffn.net.0.proj.weight")
    time = ("time_embedding.0.weight", f"{embedder}.time_embedder.linear_1.weight")
    text = ("text_embedding.0.weight", f"{embedder}.text_embedder.linear_1.weight")
    return dataclasses.replace(
        base,
        patch_size=patch,
        heads=heads,
        head_dim=dim // heads,
        layers=look.declared(part, look.layers(part, r"blocks\.(\d+)\.", base.layers), "num_layers"),
        ffn_dim=look.declared(part, ffn, "ffn_dim"),
        freq_dim=look.declared(part, look.axis(part, 1, base.freq_dim, *time), "freq_dim"),
        text_dim=look.declared(part, look.axis(part, 1, base.text_dim, *text), "text_dim"),
        rope_max_seq_len=look.declared(part, base.rope_max_seq_len, "rope_max_seq_len"),
    )


def _small(look: _Look, released: ReviseConfig, dit: Any) -> ReviseConfig:
    assert released.connector is not None and released.visual_context_adapter is not None
    part = "visual_context_adapter"
    adapter = released.visual_context_adapter
    embed = look.shape(part, "patch_embedding.weight")
    patch = (embed[2], embed[3], embed[4]) if len(embed) == 5 else adapter.patch_size
    head = _resampler(look, "vision_head", "visionHeadAdapter", released.connector.vision_head, None)
    context = _resampler(look, "adapter", "adapter", released.connector.adapter, dit.text_dim)
    return dataclasses.replace(
        released,
        name="inferred",
        vae=_vae(look, released),
        dit=dit,
        text=_text(look, released, dit.text_dim),
        vlm=_vlm(look, released),
        visual_context_adapter=dataclasses.replace(
            adapter, dim=look.axis(part, 0, adapter.dim, "patch_embedding.weight"), patch_size=patch
        ),
        connector=dataclasses.replace(released.connector, vision_head=head, adapter=context),
    )


def _vae(look: _Look, released: ReviseConfig) -> Any:
    known = look.settings.get("vae", {})
    base = look.axis("vae", 0, released.vae.base_dim, "encoder.conv1.weight", "encoder.conv_in.weight")
    latent = look.axis("vae", 0, released.vae.z_dim, "conv2.weight", "post_quant_conv.weight")
    latent = look.declared("vae", latent, "z_dim")
    plain = {"latents_mean": (0.0,) * latent, "latents_std": (1.0,) * latent} if latent != released.vae.z_dim else {}
    spelled = {
        "dim_mult": "dim_mult",
        "temporal_downsample": "temperal_downsample",
        "latents_mean": "latents_mean",
        "latents_std": "latents_std",
    }
    given = {ours: tuple(known[theirs]) for ours, theirs in spelled.items() if isinstance(known.get(theirs), list)}
    return dataclasses.replace(
        released.vae,
        base_dim=look.declared("vae", base, "base_dim"),
        z_dim=latent,
        num_res_blocks=look.declared("vae", released.vae.num_res_blocks, "num_res_blocks"),
        **{**plain, **given},
    )


def _text(look: _Look, released: ReviseConfig, dim: int) -> Any:
    assert released.text is not None
    part, base = "text_encoder", released.text
    first = "encoder.block.0.layer"
    biases = (
        "blocks.0.pos_embedding.embedding.weight",
        f"{first}.0.SelfAttention.relative_attention_bias.weight",
    )
    queries = ("blocks.0.attn.q.weight", f"{first}.0.SelfAttention.q.weight")
    wide = ("blocks.0.ffn.fc1.weight", f"{first}.1.DenseReluDense.wi_1.weight")
    layers = look.layers(part, r"(?:encoder\.block|blocks)\.(\d+)\.", base.layers)
    heads = look.declared(part, look.axis(part, 1, base.heads, *biases), "num_heads")
    inner = look.axis(part, 0, base.heads * base.head_dim, *queries)
    return dataclasses.replace(
        base,
        dim=dim,
        vocab_size=look.declared(
            part, look.axis(part, 0, base.vocab_size, "token_embedding.weight", "shared.weight"), "vocab_size"
        ),
        heads=heads,
        head_dim=look.declared(part, max(1, inner // heads), "d_kv"),
        ffn_dim=look.declared(part, look.axis(part, 0, base.ffn_dim, *wide), "d_ff"),
        layers=look.declared(part, layers, "num_layers"),
        relative_buckets=look.declared(
            part, look.axis(part, 0, base.relative_buckets, *biases), "relative_attention_num_buckets"
        ),
    )


def _resampler(look: _Look, part: str, module: str, base: Any, dim: int | None) -> Any:
    """The released connectors have 8 heads at any width; shapes do not tell."""
    width = dim or look.axis(part, 2, base.dim, "decoder_query")
    return dataclasses.replace(
        base,
        dim=width,
        queries=look.axis(part, 1, base.queries, "decoder_query"),
        ffn_dim=look.axis(part, 0, base.ffn_dim, f"{module}.encoder.layers.0.linear1.weight"),
        heads=math.gcd(width, base.heads),
        encoder_layers=look.layers(part, rf"{module}\.encoder\.layers\.(\d+)\.", base.encoder_layers),
        decoder_layers=look.layers(part, rf"{module}\.decoder\.layers\.(\d+)\.", base.decoder_layers),
    )


def _vlm(look: _Look, released: ReviseConfig) -> Any:
    base, vision = released.vlm, released.vlm.vision
    tower = {
        "dim": look.declared("vision_tower", vision.dim, "hidden_size"),
        "layers": look.declared("vision_tower", vision.layers, "num_hidden_layers"),
        "ffn_dim": look.declared("vision_tower", vision.ffn_dim, "intermediate_size"),
        "patch_size": look.declared("vision_tower", vision.patch_size, "patch_size"),
        "image_size": look.declared("vision_tower", vision.image_size, "image_size"),
    }
    tower["heads"] = look.declared("vision_tower", math.gcd(tower["dim"], vision.heads), "num_attention_heads")
    dim = look.declared("llm", look.axis("vision_head", 1, base.dim, "fc.0.weight"), "hidden_size")
    heads = look.declared("llm", math.gcd(dim, base.heads), "num_attention_heads")
    return dataclasses.replace(
        base,
        dim=dim,
        layers=look.declared("llm", base.layers, "num_hidden_layers"),
        heads=heads,
        kv_heads=look.declared("llm", math.gcd(heads, base.kv_heads), "num_key_value_heads"),
        ffn_dim=look.declared("llm", base.ffn_dim, "intermediate_size"),
        vocab_size=look.declared("llm", base.vocab_size, "vocab_size"),
        vision=dataclasses.replace(vision, **tower),
    )
