"""Operations and kept tensors of each network that a training step calls, at its real size, on the meta device.

Networks are built with one layer and with two, and counted with gradients on; the rest is arithmetic. Every function
remembers its answers for as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from rvebench.revise.conditions import Conditions
from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.connector import build_connector
from rvebench.revise.model.dit import Denoiser, build_dit, cast_dit
from rvebench.revise.model.vae import VideoVae, build_vae
from rvebench.revise.shapes import Size
from rvebench.revise.training.config_parts import LoraConfig, TrainablePart
from rvebench.revise.training.counting import Cost, cost_of_stack, count_cost

__all__ = [
    "DecodeCosts",
    "LoraSize",
    "TransformerCost",
    "connector_cost",
    "decode_costs",
    "encode_flops",
    "lora_size",
    "transformer_cost",
]

Memory = list[torch.Tensor | str | None]
"""What a decoder's convolutions remember of earlier latents."""

_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerCost:
    """One sample once through the transformer."""

    whole: Cost
    block: Cost
    """One of its blocks."""
    block_input_bytes: int
    """What checkpointing keeps of a block."""
    layers: int

    @property
    def recomputed(self) -> int:
        """Operations of a backward pass that runs every block's forward again."""
        return self.layers * self.block.forward

    def kept(self, *, checkpointing: bool) -> int:
        """Returns the bytes kept from forward to backward: everything, or block inputs and one block."""
        if not checkpointing:
            return self.whole.kept
        around = self.whole.kept - self.layers * self.block.kept
        return around + self.layers * self.block_input_bytes + self.block.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSize:
    """The factors beside a transformer's layers."""

    parameters: int
    flops: int
    """Forwards, for one sample; twice that on the way back."""


@lru_cache(maxsize=64)
def transformer_cost(
    config: ReviseConfig,
    *,
    frames: int,
    size: Size,
    context: int,
    precision: str,
    weights: bool = True,
    context_gradient: bool = True,
) -> TransformerCost:
    """Returns what one sample costs the transformer.

    Args:
        config: the model.
        frames: of the clip, 4n + 1.
        size: of its frames.
        context: rows of the context.
        precision: `bf16` or `fp32`, of the computation.
        weights: whether its weights get gradients; with LoRA only the activations do.
        context_gradient: whether the context gets one, because a part of the connector is trained.

    Raises:
        UsageError: `frames` is not 4n + 1.
    """
    shape = config.latent_shape(frames=frames, size=size)
    dtype = _DTYPES[precision]

    def count(layers: int) -> Cost:
        small = replace(config, dit=replace(config.dit, layers=layers))
        # Without weights that are trained, the first factors' inputs are where gradients start from.
        model = cast_dit(build_dit(small, "meta"), dtype).requires_grad_(weights)
        denoiser = Denoiser(model)

        def call() -> torch.Tensor:
            latents = torch.empty(1, *shape, device="meta", requires_grad=not weights)
            conditions = Conditions(
                context_BLD=torch.empty(1, context, config.dit.text_dim, device="meta", requires_grad=context_gradient),
                concat_latents_BCTHW=torch.empty(1, *shape, device="meta") if config.concat_channels else None,
            )
            return denoiser(latents, torch.empty(1, device="meta"), conditions)

        return count_cost(call, [model])

    whole, block = cost_of_stack(count, config.dit.layers)
    tokens = shape[1] * shape[2] * shape[3] // (config.dit.patch_size[1] * config.dit.patch_size[2])
    return TransformerCost(
        whole=whole,
        block=block,
        block_input_bytes=tokens * config.dit.dim * dtype.itemsize,
        layers=config.dit.layers,
    )


@lru_cache(maxsize=16)
def lora_size(config: ReviseConfig, lora: LoraConfig, *, tokens: int, context: int) -> LoraSize:
    """Returns the factors that LoRA adds to a transformer: rank x in and out x rank beside every layer it names.

    Args:
        config: the model.
        lora: rank and layers.
        tokens: of video, in one sample.
        context: rows of its context.
    """
    model = build_dit(replace(config, dit=replace(config.dit, layers=1)), "meta")
    parameters = flops = 0
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and any(name == t or name.endswith(f".{t}") for t in lora.targets):
            factors = lora.rank * (module.in_features + module.out_features)
            layers = config.dit.layers if name.startswith("blocks.") else 1
            over_context = "attn2.to_k" in name or "attn2.to_v" in name
            parameters += layers * factors
            flops += layers * 2 * factors * (context if over_context else tokens)
    return LoraSize(parameters=parameters, flops=flops)


@lru_cache(maxsize=64)
def connector_cost(
    config: ReviseConfig, *, frames: int, size: Size, vlm_tokens: int, trainable: Sequence[TrainablePart]
) -> Cost:
    """Returns what one sample costs the connector, in float32 tensors.

    Args:
        config: the model.
        frames: of the clip, 4n + 1.
        size: of its frames.
        vlm_tokens: states of the VLM.
        trainable: parts that get gradients.

    Raises:
        UsageError: `frames` is not 4n + 1.
    """
    shape = config.latent_shape(frames=frames, size=size)
    connector = build_connector(config, "meta").requires_grad_(False)
    for part, module in (
        ("visual_context_adapter", connector.visual_context_adapter),
        ("vision_head", connector.ar_vision_head),
        ("adapter", connector.adapter),
        ("refiner", connector.refiner),
    ):
        if module is not None and part in trainable:
            module.requires_grad_(True)

    def interpret() -> torch.Tensor:
        states = torch.empty(1, vlm_tokens, config.vlm.dim, device="meta")
        return connector.interpret(states, latent_frames=shape[1])

    cost = _cost_where_trained(interpret, connector)
    if connector.visual_context_adapter is not None:
        cost += _cost_where_trained(lambda: connector.source_tokens(torch.empty(1, *shape, device="meta")), connector)
    return cost


def _cost_where_trained(call: Callable[[], torch.Tensor], module: nn.Module) -> Cost:
    if any(parameter.requires_grad for parameter in module.parameters()):
        return count_cost(call, [module])
    with torch.no_grad():  # FlopCounterMode stumbles over views made without gradient in modules that ask for one
        return count_cost(call, [module])


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeCosts:
    """The autoencoder's decoder, latent by latent, float32, with the gradient of the latents."""

    first: Cost
    """The first latent of a clip, which is one frame, or a picture alone."""
    later: Cost
    """Each one after it, which is four frames."""
    cache: int
    """Bytes of earlier features that the decoder carries from latent to latent."""
    unseen: tuple[int, int]
    """Operations of a first and of a later step that a checkpoint does not repeat: those of the last layer."""

    def forward(self, latents: int) -> int:
        """Returns the operations of decoding so many latents in order."""
        return self.first.forward + (latents - 1) * self.later.forward if latents else 0

    def backward(self, latents: int) -> int:
        """Returns those of the way back through all of them."""
        return self.first.backward + (latents - 1) * self.later.backward if latents else 0


@lru_cache(maxsize=32)
def decode_costs(config: ReviseConfig, size: Size) -> DecodeCosts:
    """Returns the decoder's costs at a frame size; clips of any length are sums of them."""
    model: Any = build_vae(config, "meta")
    factor = config.vae.spatial_factor

    def enter() -> torch.Tensor:
        latent = torch.empty(
            1, config.vae.z_dim, 1, size.height // factor, size.width // factor, device="meta", requires_grad=True
        )
        return model.post_quant_conv(latent)

    def step(x_BCTHW: torch.Tensor, memory: Memory, *, first: bool) -> torch.Tensor:
        """Fills `memory` with what the next step is to be told."""
        return model.decoder(x_BCTHW, feat_cache=memory, feat_idx=[0], first_chunk=first)

    def costs(memory: Memory, *, first: bool) -> tuple[Cost, int]:
        plain = count_cost(lambda: step(enter(), list(memory), first=first), [model])
        again = count_cost(
            lambda: checkpoint(lambda x: step(x, list(memory), first=first), enter(), use_reentrant=False), [model]
        )
        return plain, plain.forward + plain.backward - again.backward

    memory: Memory = [None] * int(model._cached_conv_counts["decoder"])
    first, unseen_first = costs(memory, first=True)
    with torch.no_grad():
        step(enter(), memory, first=True)
        step(enter(), memory, first=False)  # only now has every layer been told of as much as it remembers
    memory = [each.requires_grad_() if isinstance(each, torch.Tensor) else each for each in memory]
    later, unseen_later = costs(memory, first=False)
    return DecodeCosts(
        first=first,
        later=later,
        cache=sum(each.numel() * each.element_size() for each in memory if isinstance(each, torch.Tensor)),
        unseen=(unseen_first, unseen_later),
    )


@lru_cache(maxsize=32)
def encode_flops(config: ReviseConfig, *, frames: int, size: Size) -> int:
    """Returns the operations of encoding one clip of 4n + 1 frames, from those of one frame and of five."""
    vae = VideoVae(build_vae(config, "meta"))

    def count(length: int) -> int:
        with torch.no_grad():
            return count_cost(
                lambda: vae.encode(torch.empty(1, 3, length, size.height, size.width, device="meta")), [vae.model]
            ).forward

    one = count(1)
    return one + (frames - 1) // 4 * (count(5) - one)
