"""The video autoencoder: diffusers' AutoencoderKLWan, deterministic, in fp32, with normalised latents.

Frames go in and out in -1..1. Latents are the posterior's mean, (mean - m) / s per channel with the constants of the
configuration; Wan's sixteen are its defaults. The first frame is coded alone, then four at a time, causally.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from diffusers import AutoencoderKLWan
from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig, check_frames

__all__ = ["VideoVae", "build_vae", "frames_to_signal", "signal_to_frames"]


def build_vae(config: ReviseConfig, device: torch.device | str = "cpu") -> nn.Module:
    """Returns an AutoencoderKLWan with fresh weights (194 tensors, 126.9 M parameters at wan1.3b)."""
    vae = config.vae
    with torch.device(device):
        model: nn.Module = AutoencoderKLWan(
            base_dim=vae.base_dim,
            z_dim=vae.z_dim,
            dim_mult=list(vae.dim_mult),
            num_res_blocks=vae.num_res_blocks,
            temperal_downsample=list(vae.temporal_downsample),
            latents_mean=list(vae.latents_mean),
            latents_std=list(vae.latents_std),
            scale_factor_temporal=vae.temporal_factor,
            scale_factor_spatial=vae.spatial_factor,
        )
    return model.eval().requires_grad_(False)


def frames_to_signal(frames_THWC: torch.Tensor) -> torch.Tensor:
    """Turns uint8 RGB frames (T, H, W, 3) into a signal (1, 3, T, H, W), fp32 in -1..1."""
    if frames_THWC.dtype != torch.uint8:
        raise TypeError(f"frames are uint8, not {frames_THWC.dtype}")
    return (frames_THWC.movedim(-1, 0).unsqueeze(0).float() / 127.5) - 1.0


def signal_to_frames(signal_BCTHW: torch.Tensor) -> torch.Tensor:
    """Turns a signal in -1..1 into uint8 RGB frames (B, T, H, W, 3), rounded to nearest."""
    scaled = (signal_BCTHW.float().clamp(-1.0, 1.0) + 1.0) * 127.5
    return scaled.round().to(torch.uint8).movedim(1, -1)


class VideoVae:
    """Encodes clips to normalised latents and back.

    Args:
        model: what :func:`build_vae` returns, loaded; in fp32.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self._shape = (1, -1, 1, 1, 1)

    def encode(self, signal_BCTHW: torch.Tensor) -> torch.Tensor:
        """Returns latents (B, z, (T - 1) / 4 + 1, H / f, W / f), fp32, f being the spatial factor.

        They are the same for the same clip: nothing is drawn.

        Raises:
            UsageError: T is not 4n + 1, or a side is not a multiple of the spatial factor.
        """
        check_frames(signal_BCTHW.shape[2])
        factor = self.model.spatial_compression_ratio
        height, width = signal_BCTHW.shape[3:]
        if height % factor or width % factor:
            raise UsageError(
                f"frames of {width}x{height} (width x height) cannot be coded: sides are multiples of {factor}"
            )
        with self._exact(signal_BCTHW):
            mean = self.model.encode(signal_BCTHW.float()).latent_dist.mode()
        center, scale = self._constants(mean)
        latents: torch.Tensor = (mean - center) / scale
        return latents

    def decode(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        """Returns the signal (B, 3, 4 (T - 1) + 1, H * f, W * f), fp32, clamped to -1..1."""
        center, scale = self._constants(latents_BCTHW)
        with self._exact(latents_BCTHW):
            signal: torch.Tensor = self.model.decode(latents_BCTHW.float() * scale + center).sample
        return signal

    def _constants(self, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        config = self.model.config
        center = torch.tensor(config.latents_mean, dtype=torch.float32, device=like.device)
        scale = torch.tensor(config.latents_std, dtype=torch.float32, device=like.device)
        return center.view(self._shape), scale.view(self._shape)

    @staticmethod
    def _exact(like: torch.Tensor) -> contextlib.AbstractContextManager[Any]:
        kind = like.device.type
        return contextlib.nullcontext() if kind == "meta" else torch.autocast(kind, enabled=False)
