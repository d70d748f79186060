"""A model of the real classes, small enough to be differentiated in a second, and batches for it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from rvebench.revise.assembly import Parts, random_parts
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.config import TrainConfig, training_preset
from rvebench.revise.training.config_parts import CriticConfig, DropoutConfig, UsoConfig
from rvebench.revise.training.policy import Policy, set_trainable

FRAMES, SIDE = 5, 32


def small_model(name: str = "nano") -> ReviseConfig:
    """Returns the preset with fewer layers: Qwen2.5-VL and spatial factor 4 for nano, VILA and 8 for tiny-random."""
    model = preset(name)
    vlm = replace(model.vlm, layers=2, vision=replace(model.vlm.vision, layers=2))
    return replace(model, dit=replace(model.dit, layers=2), vae=replace(model.vae, base_dim=8), vlm=vlm)


@lru_cache(maxsize=2)
def _parts(name: str) -> Parts:
    parts = random_parts(small_model(name), seed=3)
    with torch.no_grad():
        # A fresh decoder gives grey, whatever the latents, and a fresh VLM hardly looks at pictures.
        parts.vae.decoder.conv_out.weight.mul_(3)
        for module in parts.vlm.modules.values():
            for weight in module.parameters():
                if weight.ndim >= 2:
                    weight.mul_(3)
    return parts


def small_parts(name: str = "nano") -> Parts:
    """Returns a model of its own for the caller, the same every time."""
    import copy

    return copy.deepcopy(_parts(name))


def small_config(name: str = "nano", **changes: Any) -> TrainConfig:
    """Returns the training of `small_model`, without dropout and caps."""
    base = replace(
        training_preset("tiny-random" if name == "tiny-random" else "nano"),
        model=small_model(name),
        dropout=DropoutConfig(text=0, vlm=0, source=0),
        critic=CriticConfig(frames=2, prompt="nano-v1" if name == "nano" else "v1"),
        uso=UsoConfig(weight=0.5, tau=0.5, decode="full", max_norm_ratio=None),
    )
    return replace(base, **changes)


def small_policy(parts: Parts, config: TrainConfig) -> tuple[Policy, list[tuple[str, torch.nn.Parameter]]]:
    """Returns the policy of a model, and what is trained of it."""
    policy = Policy.of(parts)
    return policy, set_trainable(policy.net, config.trainable)


def small_batch(parts: Parts, count: int = 2, *, dtype: torch.dtype = torch.float32) -> Batch:
    """Returns samples of 5 frames of 32x32."""
    generator = torch.Generator().manual_seed(7)
    model = parts.config
    side = SIDE // model.vae.spatial_factor
    shape = (count, model.vae.z_dim, 2, side, side)
    source, target = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2))
    text = None
    if model.text is not None:
        text = tuple(torch.randn(4 + n, model.text.dim, generator=generator).to(dtype) for n in range(count))
    return Batch(
        ids=tuple(f"s{n}" for n in range(count)),
        instructions=tuple(("Melt the ice.", "Let the candle burn down.", "Rain.")[n % 3] for n in range(count)),
        source_BCTHW=source.to(dtype),
        target_BCTHW=target.to(dtype),
        vlm=tuple(torch.randn(6 + n, model.vlm.dim, generator=generator).to(dtype) for n in range(count)),
        text=text,
        change_BTHW=torch.rand(count, 2, side, side, generator=generator, dtype=torch.float64).to(dtype),
        source_frames_BTHWC=torch.randint(
            0, 256, (count, FRAMES, SIDE, SIDE, 3), generator=generator, dtype=torch.uint8
        ),
        fps=4.0,
    )
