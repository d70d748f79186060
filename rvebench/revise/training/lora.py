"""Low-rank factors beside the transformer's linear layers (peft), and their way out: merged, or as an adapter file.

Source: arXiv 2106.09685; a layer computes W x + (alpha / rank) B A x, and B starts at zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peft
import torch

from rvebench.errors import UsageError
from rvebench.revise.training.config_parts import LoraConfig

__all__ = ["adapter_tensors", "add_lora", "merged_tensors"]

_A, _B = ".lora_A.default.weight", ".lora_B.default.weight"


def add_lora(transformer: Any, config: LoraConfig) -> None:
    """Puts trainable factors beside the layers that the configuration names, in place, and freezes all else there.

    Raises:
        UsageError: no layer, or one that is not linear, has such a name.
    """
    found = {
        target: [name for name, _ in transformer.named_modules() if name == target or name.endswith(f".{target}")]
        for target in config.targets
    }
    if missing := [target for target, names in found.items() if not names]:
        raise UsageError(
            f"no layer of the transformer is called {', '.join(missing)}", hint="see lora.targets in the configuration"
        )
    transformer.requires_grad_(False)
    try:
        transformer.add_adapter(
            peft.LoraConfig(
                r=config.rank,
                lora_alpha=config.alpha,
                lora_dropout=config.dropout,
                target_modules=list(config.targets),
                init_lora_weights=True,
            )
        )
    except ValueError as error:
        raise UsageError(f"these layers cannot have factors: {error}", hint="name linear layers") from None
    for name, parameter in transformer.named_parameters():
        trained = name.endswith((_A, _B))
        parameter.requires_grad_(trained)
        if trained:
            parameter.data = parameter.data.float()
    if config.dropout:
        transformer.train()  # the transformer has no other dropout


def adapter_tensors(tensors: Mapping[str, torch.Tensor], config: LoraConfig) -> dict[str, torch.Tensor]:
    """Returns the factors alone, by the names that diffusers' `load_lora_adapter` reads.

    Alpha over rank is multiplied into B, so that the factors are whole without their configuration.

    Args:
        tensors: a state dict with factors, whole tensors.
        config: which factors they are.
    """
    found = {}
    for name, tensor in tensors.items():
        if name.endswith((_A, _B)):
            scaled = tensor * (config.alpha / config.rank) if name.endswith(_B) else tensor
            found["transformer." + name.replace(".default.weight", ".weight")] = scaled
    return found


def merged_tensors(tensors: Mapping[str, torch.Tensor], config: LoraConfig) -> dict[str, torch.Tensor]:
    """Returns a plain transformer's tensors, each factored layer's weight being W + (alpha / rank) B A.

    Args:
        tensors: a state dict with factors, whole tensors.
        config: which factors they are.
    """
    merged = {}
    for name, tensor in tensors.items():
        if name.endswith((_A, _B)):
            continue
        plain = name.replace(".base_layer.", ".")
        if name.endswith(".base_layer.weight"):
            layer = name.removesuffix(".base_layer.weight")
            a, b = tensors[layer + _A], tensors[layer + _B]
            scale = config.alpha / config.rank
            tensor = (tensor.float() + scale * (b.float() @ a.float())).to(tensor.dtype)
        merged[plain] = tensor
    return merged
