"""A critic's verdict on latents: decode the frames it sees, show it source and edit, read its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """What the critic says of some samples."""

    reading: CriticReading
    clamped_B: torch.Tensor
    """Share of each edit's values beyond black or white."""


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

    def of(self, latents_BCTHW: torch.Tensor, batch: Batch, indices: Sequence[int]) -> Verdict:
        """Returns the verdicts on some edits, given as latents, with their gradient.

        Args:
            latents_BCTHW: of the edits, normalised.
            batch: with the frames of the sources.
            indices: whose edit each is.

        Raises:
            UsageError: the batch holds no frames of its sources, or they do not fit the latents.
        """
        picks = self.picks(batch)
        shown = decode_frames(self.vae, latents_BCTHW, picks, mode=self.decode, context=self.context)
        sources = [self._source(batch)[index, list(picks.frames)] for index in indices]
        instructions = [batch.instructions[index] for index in indices]
        reading = self.critic.read(sources, list(shown.frames_BKHWC), instructions, picks.fps(batch.fps))
        return Verdict(reading=reading, clamped_B=shown.clamped_B)

    def chunks(self, indices: Sequence[int]) -> list[Sequence[int]]:
        """Returns samples in the groups that are judged at once."""
        size = self.config.at_once
        return [indices[low : low + size] for low in range(0, len(indices), size)]

    def baselines(self, batch: Batch, indices: Sequence[int]) -> torch.Tensor:
        """Returns the log-odds that verdicts count against, one a sample, without gradient.

        It is 0 where there is no baseline, the batch's own where that is stored, and else it is asked for.

        Raises:
            UsageError: it is to be asked for, and the batch holds no frames of its sources.
        """
        device = batch.source_BCTHW.device
        if self.config.baseline == "none":
            return torch.zeros(len(indices), device=device)
        if batch.baseline_B is not None:
            return batch.baseline_B[list(indices)].detach()
        picks = self.picks(batch)
        sources = [self._source(batch)[index, list(picks.frames)] for index in indices]
        instructions = [batch.instructions[index] for index in indices]
        return baseline_logits(self.critic, sources, instructions, picks.fps(batch.fps))

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
