"""Writes a synthetic checkpoint in the official layout: every file and every tensor name, at tiny sizes.

`python -m tests.revise.official DIR` writes DIR/revise_ckpt.
"""

from __future__ import annotations

import collections
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from rvebench.revise.checkpoints.keys import MIXED_PREFIXES, Key, part_keys
from rvebench.revise.config import (
    ConditioningConfig,
    ConnectorConfig,
    DitConfig,
    ResamplerConfig,
    ReviseConfig,
    TagConfig,
    TextConfig,
    VaeConfig,
    VisualContextAdapterConfig,
    VlmConfig,
    VlmVisionConfig,
)

TINY = ReviseConfig(
    name="inferred",
    vae=VaeConfig(base_dim=8),
    dit=DitConfig(heads=2, head_dim=24, layers=2, ffn_dim=96, freq_dim=32, text_dim=32),
    text=TextConfig(vocab_size=64, dim=32, head_dim=8, ffn_dim=64, layers=2, heads=4, relative_buckets=8),
    vlm=VlmConfig(
        dim=48,
        layers=2,
        heads=4,
        kv_heads=2,
        ffn_dim=96,
        vocab_size=512,
        vision=VlmVisionConfig(dim=32, layers=2, heads=2, ffn_dim=64, image_size=56),
    ),
    visual_context_adapter=VisualContextAdapterConfig(dim=40),
    connector=ConnectorConfig(
        vision_head=ResamplerConfig(dim=16, queries=4, ffn_dim=64, encoder_layers=2, decoder_layers=1),
        adapter=ResamplerConfig(dim=32, queries=8, ffn_dim=128, encoder_layers=1, decoder_layers=2),
    ),
    conditioning=ConditioningConfig(tags=TagConfig(visual=3, interpreted=4, prompt=5)),
)
"""Sizes that can be told from the tensors: what `infer_config` finds in the folder is equal to it."""


def random_state(keys: tuple[Key, ...], generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Returns tensors under their official names."""
    return {key.official: torch.randn(key.shape, generator=generator) * 0.05 for key in keys}


def make_states(config: ReviseConfig = TINY, seed: int = 0) -> dict[str, dict[str, torch.Tensor]]:
    """Returns the tensors of every part under their official names."""
    generator = torch.Generator().manual_seed(seed)
    return {part: random_state(keys, generator) for part, keys in part_keys(config).items()}


def mixed_state(states: dict[str, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Returns what the official `transformer/model.pt` holds: four parts behind prefixes."""
    return collections.OrderedDict(
        (prefix + name, tensor) for part, prefix in MIXED_PREFIXES.items() for name, tensor in states[part].items()
    )


def save(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(value, path)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_wan(root: Path, config: ReviseConfig, states: dict[str, dict[str, torch.Tensor]]) -> None:
    """Writes the base model as Wan publishes it."""
    root.mkdir(parents=True, exist_ok=True)
    dit = config.dit
    write_json(
        root / "config.json",
        {
            "_class_name": "WanModel",
            "model_type": "t2v",
            "dim": dit.dim,
            "ffn_dim": dit.ffn_dim,
            "freq_dim": dit.freq_dim,
            "in_dim": config.vae.z_dim,
            "out_dim": config.vae.z_dim,
            "num_heads": dit.heads,
            "num_layers": dit.layers,
            "text_len": 512,
            "eps": 1e-6,
        },
    )
    save_file(states["transformer"], root / "diffusion_pytorch_model.safetensors")
    save(root / "Wan2.1_VAE.pth", states["vae"])
    save(root / "models_t5_umt5-xxl-enc-bf16.pth", {k: v.bfloat16() for k, v in states["text_encoder"].items()})
    write_json(root / "google/umt5-xxl/tokenizer.json", {"version": "1.0"})
    (root / "google/umt5-xxl/spiece.model").write_bytes(b"not a real model")


def write_vlm(root: Path, config: ReviseConfig) -> None:
    """Writes the files of a VILA checkpoint; their tensors are few, for its loader checks them and is tested apart."""
    generator = torch.Generator().manual_seed(9)
    vlm = config.vlm
    write_json(root / "config.json", {"model_type": "llava_llama"})
    write_json(
        root / "llm/config.json",
        {
            "hidden_size": vlm.dim,
            "num_hidden_layers": vlm.layers,
            "num_attention_heads": vlm.heads,
            "num_key_value_heads": vlm.kv_heads,
            "intermediate_size": vlm.ffn_dim,
            "vocab_size": vlm.vocab_size,
        },
    )
    write_json(
        root / "vision_tower/config.json",
        {
            "hidden_size": vlm.vision.dim,
            "num_hidden_layers": vlm.vision.layers,
            "num_attention_heads": vlm.vision.heads,
            "intermediate_size": vlm.vision.ffn_dim,
            "patch_size": vlm.vision.patch_size,
            "image_size": vlm.vision.image_size,
        },
    )
    write_json(root / "mm_projector/config.json", {"mm_projector_type": "mlp_downsample"})
    shards = {}
    for number, name in enumerate(("model.embed_tokens.weight", "model.norm.weight"), start=1):
        shard = f"pytorch_model-0000{number}-of-00002.bin"
        save(root / "llm" / shard, {name: torch.randn(8, 4, generator=generator).half()})
        shards[name] = shard
    write_json(root / "llm/pytorch_model.bin.index.json", {"metadata": {"total_size": 128}, "weight_map": shards})
    save_file({"vision_model.norm.weight": torch.ones(4)}, root / "vision_tower/model.safetensors")
    save_file({"layers.1.weight": torch.ones(4)}, root / "mm_projector/model.safetensors")
    save(root / "training_args.bin", {"lr": 1.0})
    (root / "llm/tokenizer.json").write_text("{}")


def write_official(
    root: Path, *, config: ReviseConfig = TINY, seed: int = 0, nesting: str = "module", prefix: str = "module."
) -> dict[str, dict[str, torch.Tensor]]:
    """Writes the folder and returns the tensors of every part under their official names.

    Args:
        root: the folder, `revise_ckpt` in the released repository.
        config: its sizes.
        seed: of the numbers.
        nesting: the key around the mixed state dict, as DeepSpeed writes it; empty for none.
        prefix: before each name in adapter/model.pt.
    """
    states = make_states(config, seed)
    # The base's transformer is another one than the trained: which one counts can be seen.
    base = {**states, "transformer": make_states(config, seed + 100)["transformer"]}
    write_wan(root / "wan/wanxiang1_3b", config, base)
    named = {prefix + name: tensor for name, tensor in states["adapter"].items()}
    save(root / "adapter/model.pt", {"model_state_dict": named, "epoch": 3, "step": 1500})
    save(root / "vision_head/vision_head/pytorch_model.bin", states["vision_head"])
    mixed = mixed_state(states)
    save(root / "transformer/model.pt", {nesting: mixed, "ds_version": "0.16"} if nesting else mixed)
    write_vlm(root / "ar_model/checkpoint", config)
    generator = torch.Generator().manual_seed(seed + 1)
    tags, width = config.conditioning.tags, config.dit.text_dim
    lengths = {"img": tags.visual, "ipl": tags.interpreted, "prp": tags.prompt}
    tokens = {
        f"<{name}_{side}>": torch.randn(length, width, generator=generator).bfloat16()
        for name, length in lengths.items()
        for side in ("st", "ed")
    }
    null = {
        "text_emb": [torch.randn(7, width, generator=generator).bfloat16()],
        "vlm_last_hidden_states": torch.randn(1, 9, config.vlm.dim, generator=generator).half(),
        "text_emb_siglip2": torch.randn(1, 5, 1152, generator=generator),
    }
    for path, value in (("special_tokens/tokens.pkl", tokens), ("unconditioned_context/context.pkl", null)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(pickle.dumps(value))
    return {**states, "special_tokens": tokens, "null_context": _flat(null)}


def _flat(value: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {name: item[0] if isinstance(item, list) else item for name, item in value.items()}


if __name__ == "__main__":
    target = Path(sys.argv[1]) / "revise_ckpt"
    write_official(target)
    print(f"wrote a synthetic checkpoint in the official layout to {target}")
