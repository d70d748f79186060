"""The sampling of one call: which windows go together, and what noise each starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from rvebench.errors import UsageError
from rvebench.revise.conditions import GuidedConditions
from rvebench.revise.edit import ConditionedEdit, EditSettings
from rvebench.revise.model.dit import Denoiser
from rvebench.revise.sampling.sampler import Cancelled, Progress, Sampler, seeded_noise
from rvebench.revise.stages import Stages

__all__ = ["Denoising"]


class _Row(NamedTuple):
    """One window of one edit."""

    edit: int
    window: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Denoising:
    """The sampling of one call."""

    stages: Stages
    sampler: Sampler
    settings: EditSettings
    recompute: bool = False
    """Run the connector at every step, as the released loop does; for measuring."""
    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def run(self, ready: Sequence[ConditionedEdit]) -> list[list[torch.Tensor]]:
        """Returns the clean latents (C, T, H, W) of each edit: one a window, or one in all where latents are blended.

        Raises:
            UsageError: conditions are to be recomputed where latents are blended.
            NotFiniteError: the network answered with NaN or an infinity.
            SamplingCancelledError: `cancelled` said so.
        """
        parts = self.stages.parts
        modules: list[Any] = [parts.dit, *([parts.connector] if self.recompute else [])]
        made: list[list[torch.Tensor]] = [[] for _ in ready]
        with self.stages.placement.at_work(*modules):
            for group in _same_shapes(ready):
                rows = [_Row(index, window) for index in group for window in range(len(ready[index].windows))]
                if ready[group[0]].encoded.plan.clip.policy.blend == "latent":
                    for index in group:
                        made[index] = [self._blended(ready[index])]
                    continue
                for start in range(0, len(rows), self.settings.batch):
                    batch = rows[start : start + self.settings.batch]
                    for row, latents in zip(batch, self._windows(ready, batch), strict=True):
                        made[row.edit].append(latents)
        return made

    def _windows(self, ready: Sequence[ConditionedEdit], batch: Sequence[_Row]) -> Any:
        """Samples windows by themselves, together in one batch."""
        noise = torch.cat([_noise(ready[row.edit])[row.window] for row in batch])
        channels, time, height, width = noise.shape[1:]
        return self.sampler.sample(
            Denoiser(self.stages.parts.dit),
            self._recomputed(ready, batch) if self.recompute else _joined(ready, batch),
            (channels, time, height, width),
            [ready[row.edit].encoded.request.seed for row in batch],
            device=self.stages.placement.device,
            noise_BCTHW=noise,
            recompute_conditions=self.recompute,
            progress=self.progress,
            cancelled=self.cancelled,
        )

    def _blended(self, ready: ConditionedEdit) -> torch.Tensor:
        """Samples a clip as one long latent whose windows are blended at each step."""
        if self.recompute:
            raise UsageError("conditions can be recomputed only where pixels are blended", hint="use blend=pixel")
        clip = ready.encoded.plan.clip
        latents: torch.Tensor = self.sampler.sample_windows(
            Denoiser(self.stages.parts.dit),
            ready.windows,
            _long_shape(ready),
            [ready.encoded.request.seed],
            starts=clip.latent_starts,
            weights_WT=clip.latent_weights(),
            device=self.stages.placement.device,
            progress=self.progress,
            cancelled=self.cancelled,
        )[0]
        return latents

    def _recomputed(self, ready: Sequence[ConditionedEdit], batch: Sequence[_Row]) -> Callable[[], GuidedConditions]:
        guided = self.sampler.guidance.needs_null

        def compute() -> GuidedConditions:
            rows = [self.stages.window(ready[row.edit].encoded, row.window, guided=guided) for row in batch]
            return GuidedConditions.join([row.conditions for row in rows])

        return compute


def _joined(ready: Sequence[ConditionedEdit], batch: Sequence[_Row]) -> GuidedConditions:
    return GuidedConditions.join([ready[row.edit].windows[row.window] for row in batch])


def _long_shape(ready: ConditionedEdit) -> tuple[int, int, int, int]:
    channels, _, height, width = ready.encoded.source_latents[0].shape
    return channels, ready.encoded.plan.clip.latent_length, height, width


def _noise(ready: ConditionedEdit) -> list[torch.Tensor]:
    """Returns each window's part of the clip's noise, so that windows agree where they overlap."""
    return ready.encoded.plan.clip.window_noise(seeded_noise([ready.encoded.request.seed], _long_shape(ready)))


def _same_shapes(ready: Sequence[ConditionedEdit]) -> list[list[int]]:
    """Returns the indices of edits whose windows can be sampled together, groups in the order of their first."""
    groups: dict[object, list[int]] = {}
    for index, each in enumerate(ready):
        plan = each.encoded.plan
        groups.setdefault((plan.clip.policy.blend, *plan.shape), []).append(index)
    return list(groups.values())
