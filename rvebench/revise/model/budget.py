"""Parameters, tensors and floating point operations of a configuration, counted on the meta device.

Models of full size are built and run there without memory and in seconds. Operations are those that torch's
FlopCounterMode counts: matrix products, convolutions and attention, a multiplication and an addition as two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rvebench.revise.conditions import Conditions
from rvebench.revise.config import ReviseConfig, Size
from rvebench.revise.model.connector import build_connector
from rvebench.revise.model.dit import Denoiser, build_dit
from rvebench.revise.model.vae import VideoVae, build_vae

__all__ = ["Count", "EditFlops", "count_parts", "edit_flops"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The weights of one part."""

    parameters: int
    tensors: int
    buffers: int = 0
    """Numbers that are kept beside the weights and are in no checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditFlops:
    """Floating point operations of one edit by part; conditional and null branch both counted."""

    vae_encode: int
    source_tokens: int
    """The visual context adapter; 0 where the strategy has none."""
    interpret: int
    """Vision head and adapter, or refiner, for both branches."""
    denoise_step: int
    """One step: both branches through the transformer."""
    vae_decode: int
    steps: int

    @property
    def total(self) -> int:
        """One edit, connector passes once, without text encoder and VLM."""
        once = self.vae_encode + self.source_tokens + self.interpret + self.vae_decode
        return once + self.steps * self.denoise_step

    @property
    def total_recomputed(self) -> int:
        """The same edit when source tokens and connector run again at every step, as in the released code."""
        return self.total + (self.steps - 1) * (self.source_tokens + self.interpret)


def count_parts(config: ReviseConfig) -> dict[str, Count]:
    """Returns the weights of every part that this package builds, by its name in the released checkpoint."""
    connector = build_connector(config, "meta")
    parts: dict[str, nn.Module | None] = {
        "wan_model": build_dit(config, "meta"),
        "visual_context_adapter": connector.visual_context_adapter,
        "ar_vision_head": connector.ar_vision_head,
        "adapter": connector.adapter,
        "refiner": connector.refiner,
        "vae": build_vae(config, "meta"),
    }
    return {name: _count(module) for name, module in parts.items() if module is not None}


def edit_flops(
    config: ReviseConfig, *, frames: int, size: Size, vlm_tokens: int, context_len: int | None = None
) -> EditFlops:
    """Returns the operations of one edit with guidance.

    Args:
        config: the model; `config.sampling.steps` steps.
        frames: of the clip, 4n + 1.
        size: of its frames.
        vlm_tokens: states of the VLM in each branch.
        context_len: rows of the context; None for max_context_len, which padding `attend` always has.

    Raises:
        UsageError: `frames` is not 4n + 1.
    """
    shape = config.latent_shape(frames=frames, size=size)
    latents = torch.empty(1, *shape, device="meta")
    vae = VideoVae(build_vae(config, "meta"))
    # FlopCounterMode follows gradients where parameters ask for them, and stumbles over views made without.
    connector = build_connector(config, "meta").requires_grad_(False)
    states = torch.empty(1, vlm_tokens, config.vlm.dim, device="meta")
    denoiser = Denoiser(build_dit(config, "meta").requires_grad_(False))
    signal = torch.empty(1, 3, frames, size.height, size.width, device="meta")
    length = config.conditioning.max_context_len if context_len is None else context_len
    conditions = Conditions(
        context_BLD=torch.empty(2, length, config.dit.text_dim, device="meta"),
        concat_latents_BCTHW=torch.empty(2, *shape, device="meta") if config.concat_channels else None,
    )
    noisy = torch.empty(2, *shape, device="meta")
    has_source = connector.visual_context_adapter is not None
    return EditFlops(
        vae_encode=_flops(lambda: vae.encode(signal)),
        source_tokens=_flops(lambda: connector.source_tokens(latents)) if has_source else 0,
        interpret=2 * _flops(lambda: connector.interpret(states, latent_frames=shape[1])),
        denoise_step=_flops(lambda: denoiser(noisy, torch.empty(2, device="meta"), conditions)),
        vae_decode=_flops(lambda: vae.decode(latents)),
        steps=config.sampling.steps,
    )


def _count(module: nn.Module) -> Count:
    return Count(
        parameters=sum(int(parameter.numel()) for parameter in module.parameters()),
        tensors=len(module.state_dict()),
        buffers=sum(int(buffer.numel()) for buffer in module.buffers()),
    )


def _flops(call: Callable[[], Any]) -> int:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        call()
    return int(counter.get_total_flops())
