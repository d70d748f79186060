"""A critic's verdict on latents: decode the frames it sees, show it source and edit, read its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.config_parts import CriticConfig, DecodeMode
from rvebench.revise.training.critic.answers import CriticReading
from rvebench.revise.training.critic.protocol import Critic, baseline_logits
from rvebench.revise.training.decode import FramePicks, decode_frames, pick_frames

__all__ = ["Verdict", "Verdicts", "relative_logit"]


class Verdict(NamedTuple):
    """What the critic says of one sample."""

    reading: CriticReading
    """Of one edit, B = 1."""
    clamped_share: float
    """Share of the frames' values beyond black or white."""


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """A critic with the eyes it needs: the VAE that turns latents into its frames."""

    critic: Critic
    config: CriticConfig
    vae: nn.Module
    decode: DecodeMode = "prefix"
    context: int = 2

    def networks(self) -> Mapping[str, nn.Module]:
        """Returns what must stay frozen, by name."""
        return {"vae": self.vae, **self.critic.modules}

    def picks(self, batch: Batch) -> FramePicks:
        """Returns which frames the critic is shown.

        Raises:
            UsageError: the batch holds no frames of its sources.
        """
        return pick_frames(self._source(batch).shape[1], self.config.frames)

    def of(self, latents_CTHW: torch.Tensor, batch: Batch, index: int) -> Verdict:
        """Returns the verdict on one edit, given as latents, with their gradient.

        Args:
            latents_CTHW: of the edit, normalised.
            batch: with the frames of the sources.
            index: whose edit it is.

        Raises:
            UsageError: the batch holds no frames of its sources, or they do not fit the latents.
        """
        picks = self.picks(batch)
        shown = decode_frames(self.vae, latents_CTHW, picks, mode=self.decode, context=self.context)
        source = self._source(batch)[index, list(picks.frames)]
        reading = self.critic.read([source], [shown.frames_KHWC], [batch.instructions[index]], picks.fps(batch.fps))
        return Verdict(reading=reading, clamped_share=shown.clamped_share)

    def baseline(self, batch: Batch, index: int) -> torch.Tensor:
        """Returns the log-odds that the verdict counts against, a scalar without gradient.

        It is 0 where there is no baseline, the batch's own where that is stored, and else it is asked for.

        Raises:
            UsageError: it is to be asked for, and the batch holds no frames of its sources.
        """
        device = batch.source_BCTHW.device
        if self.config.baseline == "none":
            return torch.zeros((), device=device)
        if batch.baseline_B is not None:
            return batch.baseline_B[index].detach()
        picks = self.picks(batch)
        source = self._source(batch)[index, list(picks.frames)]
        return baseline_logits(self.critic, [source], [batch.instructions[index]], picks.fps(batch.fps))[0]

    @staticmethod
    def _source(batch: Batch) -> torch.Tensor:
        if batch.source_frames_BTHWC is None:
            raise UsageError(
                "the critic compares with the source, and the batch holds no frames of it",
                hint="precompute with frames, or train with objective sft",
            )
        return batch.source_frames_BTHWC


def relative_logit(delta: torch.Tensor, baseline: torch.Tensor, config: CriticConfig) -> torch.Tensor:
    """Returns (delta - baseline - margin) / temperature, of any shape.

    The paper's is margin 0, temperature 1 (arXiv 2512.09924, section 4.2.3).
    """
    return (delta - baseline.detach().to(delta) - config.margin) / config.temperature
