"""The model that a training from scratch begins with: trained autoencoder and VLM, and random weights for the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from rvebench.errors import DataError
from rvebench.revise.assembly import Parts, load_parts, null_context, random_parts
from rvebench.revise.config import ReviseConfig
from rvebench.revise.folder import read_folder
from rvebench.revise.model.dit import cast_dit
from rvebench.revise.pretrained import freeze
from rvebench.revise.training.vae_stage import load_vae_folder
from rvebench.revise.vlm.loading import load_vlm

__all__ = ["assemble", "in_half", "with_generator"]

_GENERATOR = ("dit", "vae", "vlm", "visual_context_adapter", "connector", "refiner", "conditioning")
"""Tables of a configuration that say whether a generator fits."""


def assemble(model: ReviseConfig, vae: Path, critic: Path, *, seed: int) -> Parts:
    """Returns a model with trained autoencoder and VLM, and random weights for all else.

    Args:
        model: the sizes; its latents' statistics are replaced by the autoencoder's.
        vae: a folder that `train-vae` wrote, or a whole model.
        critic: a folder that `train-critic` wrote, or a whole model: its `vlm/` is taken.
        seed: of the random weights.

    Raises:
        UsageError: a folder is not there, or holds something else.
        DataError: a file is damaged, or of other sizes.
    """
    told, trained = load_vae_folder(vae)
    mean, std = told.vae.latents_mean, told.vae.latents_std
    if model.vae.z_dim != told.vae.z_dim or replace(model.vae, latents_mean=mean, latents_std=std) != told.vae:
        raise DataError("the autoencoder has other sizes than the model's", where=vae, hint="train one for it")
    model = replace(model, vae=told.vae)
    vlm = load_vlm(critic / "vlm", model.vlm, model.compat)
    parts = random_parts(model, seed=seed)
    return replace(parts, vae=freeze(trained.model), vlm=vlm, null=null_context(vlm, parts.text))


def with_generator(parts: Parts, folder: Path) -> Parts:
    """Returns a model with generator, connector and tags of another of the same sizes.

    Raises:
        UsageError: the folder is not there.
        DataError: it is damaged, or of other sizes.
    """
    other = load_parts(read_folder(folder))
    for name in _GENERATOR:
        if getattr(other.config, name) != getattr(parts.config, name):
            raise DataError(f"the generator's model is of another kind: `{name}` differs", where=folder)
    return replace(parts, dit=other.dit, connector=other.connector, tags=other.tags)


def in_half(parts: Parts) -> Parts:
    """Returns a model whose generator and connector are bf16, but for what diffusers keeps in fp32."""
    return replace(parts, dit=cast_dit(parts.dit, torch.bfloat16), connector=parts.connector.to(torch.bfloat16))
