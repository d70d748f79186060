"""The backend that a configuration names."""

from __future__ import annotations

from pathlib import Path

import torch

from rvebench.errors import DataError
from rvebench.revise.config import Compat, VlmConfig
from rvebench.revise.vlm.preprocess import QwenSpec
from rvebench.revise.vlm.protocol import VlmBackend
from rvebench.revise.vlm.qwen25 import QwenSettings, QwenVlm, load_qwen25
from rvebench.revise.vlm.tiny import random_qwen25, random_vila
from rvebench.revise.vlm.vila import VilaSettings, VilaVlm, load_vila

__all__ = ["load_vlm", "random_vlm"]


def load_vlm(
    folder: Path, config: VlmConfig, compat: Compat, *, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> VlmBackend:
    """Returns the backend of a checkpoint folder under a model's configuration.

    Raises:
        UsageError: a folder or file is not there, or the checkpoint asks for what is not built here.
        DataError: a file is damaged or incomplete, or the states have another width than the configuration says.
    """
    vlm: VilaVlm | QwenVlm
    if config.backend == "vila":
        vlm = load_vila(folder, frames=compat.vlm_frames, max_frames=config.frames, dtype=dtype, device=device)
    else:
        vlm = load_qwen25(folder, frames=compat.vlm_frames, max_frames=config.frames, dtype=dtype, device=device)
    if vlm.hidden_size != config.dim:
        raise DataError(
            f"the VLM's states are {vlm.hidden_size} wide, and the configuration says {config.dim}", where=folder
        )
    return vlm


def random_vlm(
    config: VlmConfig,
    compat: Compat,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> VlmBackend:
    """Returns a backend of a configuration's sizes with random weights."""
    if config.backend == "vila":
        vila = VilaSettings(frames=compat.vlm_frames, max_frames=config.frames)
        return random_vila(config, seed=seed, settings=vila, dtype=dtype, device=device)
    pixels = QwenSpec(patch=config.vision.patch_size)
    qwen = QwenSettings(frames=compat.vlm_frames, max_frames=config.frames, pixels=pixels)
    return random_qwen25(config, seed=seed, settings=qwen, dtype=dtype, device=device)
