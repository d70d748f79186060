"""Edits by a policy in training, of samples whose latents are at hand: for contact sheets and held-out measurements.

Noise depends on a sample's place and the seed alone, so that sheets of different steps, and of different trainings,
show the same draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

from rvebench.errors import StorageError
from rvebench.revise.conditions import Conditions, GuidedConditions
from rvebench.revise.model.vae import VideoVae, signal_to_frames
from rvebench.revise.sampling.sampler import Sampler
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.world import World
from rvebench.video import Frames

__all__ = ["EditGrid", "EditedSample", "contact_sheet", "edited_samples"]

_SHOWN = 4
_GAP, _LINE = 4, 14


class EditedSample(NamedTuple):
    """One sample as the VAE shows it, uint8 RGB (T, H, W, 3) each."""

    id: str
    instruction: str
    source_THWC: Frames
    target_THWC: Frames
    edit_THWC: Frames
    change_THW: Frames | None
    """255 where the right answer differs from the source, 0 elsewhere, to a latent's precision; None if unknown."""


@torch.no_grad()  # type: ignore[untyped-decorator]
def edited_samples(
    policy: Policy, vae: nn.Module, batch: Batch, *, seed: int = 0, world: World | None = None, at_once: int = 8
) -> list[EditedSample]:
    """Returns a policy's edits, sampled as the model's configuration says.

    All ranks take part, since a sharded transformer is gathered by all; the first alone decodes and returns any.

    Args:
        policy: the model.
        vae: the autoencoder, on any device.
        batch: the samples.
        seed: of the noise; sample n has `seed + n`.
        world: the ranks.
        at_once: samples that are computed together.

    Raises:
        NotFiniteError: the transformer answered with NaN or an infinity.
    """
    config, device = policy.config, policy.device
    sampler = Sampler.of(config.sampling, config.compat)
    shape = tuple(batch.source_BCTHW.shape[1:])
    found: list[EditedSample] = []
    for first in range(0, len(batch), at_once):
        part = batch.take(range(first, min(first + at_once, len(batch))))
        moved = part.to(device)
        guided = (
            policy.guided(moved)
            if sampler.guidance.needs_null
            else GuidedConditions(conditional=policy.conditions(moved), null=None)
        )

        def velocity(latents: torch.Tensor, t_B: torch.Tensor, conditions: Conditions) -> torch.Tensor:
            return policy.velocity(latents, t_B / 1000, conditions)

        seeds = [seed + first + place for place in range(len(part))]
        latents = sampler.sample(velocity, guided, shape, seeds, device=device)
        if world is None or world.first:
            found += _decoded(vae, part, latents)
    return found


def _decoded(vae: nn.Module, batch: Batch, latents: torch.Tensor) -> list[EditedSample]:
    place = next(vae.parameters()).device
    made = []
    for index in range(len(batch)):
        rows = torch.stack([batch.source_BCTHW[index], batch.target_BCTHW[index], latents[index].cpu()])
        source, target, edit = (
            signal_to_frames(VideoVae(vae).decode(row[None].to(place)))[0].cpu().numpy() for row in rows
        )
        change = None if batch.change_BTHW is None else _pixels(batch.change_BTHW[index], source.shape[:3])
        made.append(EditedSample(batch.ids[index], batch.instructions[index], source, target, edit, change))
    return made


def _pixels(change_THW: torch.Tensor, shape: Sequence[int]) -> Frames:
    """Returns shares of change on latents as a mask of the frames that they stand for."""
    marked = (change_THW > 0).float()
    frames = shape[0]
    # A Wan latent is one frame, then each time four.
    times = [0] + [1 + (frame - 1) * (len(marked) - 1) // max(1, frames - 1) for frame in range(1, frames)]
    wide = torch.nn.functional.interpolate(marked[times][:, None], size=tuple(shape[1:]), mode="nearest")[:, 0]
    mask: Frames = (wide * 255).byte().numpy()
    return mask


def contact_sheet(samples: Sequence[EditedSample], *, shown: int = _SHOWN) -> Image.Image:
    """Returns a picture: a row a sample, source, target and edit side by side, frames evenly spread, the words above.

    Raises:
        ValueError: there is no sample.
    """
    if not samples:
        raise ValueError("there is no sample to show")
    _, height, width, _ = samples[0].source_THWC.shape
    count = min(shown, len(samples[0].source_THWC))
    strip = count * width
    sheet = Image.new("RGB", (3 * strip + 2 * _GAP, len(samples) * (height + _LINE + _GAP)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, sample in enumerate(samples):
        top = row * (height + _LINE + _GAP)
        words = f"{sample.instruction}   [source | target | edit]".encode("latin-1", "replace").decode("latin-1")
        pen.text((2, top), words[: max(8, sheet.width // 6)], fill="black")
        for column, clip in enumerate((sample.source_THWC, sample.target_THWC, sample.edit_THWC)):
            places = np.linspace(0, len(clip) - 1, count).round().astype(int)
            picture = Image.fromarray(np.concatenate([clip[place] for place in places], axis=1))
            sheet.paste(picture, (column * (strip + _GAP), top + _LINE))
    return sheet


class EditGrid:
    """Writes contact sheets; the hook `grid` of a training.

    Args:
        vae: the autoencoder.
        batch: the samples that are shown.
        seed: of the noise.
        world: the ranks.
    """

    def __init__(self, vae: nn.Module, batch: Batch, *, seed: int = 0, world: World | None = None) -> None:
        self._vae, self._batch, self._seed, self._world = vae, batch, seed, world

    def __call__(self, policy: Policy, path: Path) -> None:
        """Writes a PNG file.

        Raises:
            StorageError: it cannot be written.
            NotFiniteError: see :func:`edited_samples`.
        """
        samples = edited_samples(policy, self._vae, self._batch, seed=self._seed, world=self._world)
        if not samples:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            contact_sheet(samples).save(path)
        except OSError as error:
            raise StorageError(f"cannot write the sheet: {error.strerror or error}", where=path) from error
