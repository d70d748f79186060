"""What one step learns from, and where its randomness comes from.

Everything frozen networks say of a sample is in the batch already: latents, VLM and text states, the critic's logit of
the untouched source. Objectives run the transformer, and what their reward needs, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import torch

__all__ = ["Batch", "Draws"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Samples of one clip shape. Latents are normalised and fp32; states are as their encoder gave them."""

    ids: tuple[str, ...]
    instructions: tuple[str, ...]
    source_BCTHW: torch.Tensor
    """Latents of the source."""
    target_BCTHW: torch.Tensor
    """Latents of the target: what flow matching leads to."""
    vlm: tuple[torch.Tensor, ...]
    """States (L, D) of each sample's prompt, without padding."""
    text: tuple[torch.Tensor, ...] | None = None
    """Text states (L, D) of each sample; None where the model reads no text."""
    change_BTHW: torch.Tensor | None = None
    """Share 0..1 of each latent's pixels that the edit changes; None where it is not known."""
    source_frames_BTHWC: torch.Tensor | None = None
    """The source as the model was shown it, uint8 RGB; for critics and rewards."""
    baseline_B: torch.Tensor | None = None
    """The critic's yes-no logit of (source, source), under its own fingerprint."""
    fps: float = 8.0
    """Frames a second of the clips."""
    borrowed: bool = False
    """Another rank's samples, computed with so as to keep step with the ranks; they count for nothing."""

    def __post_init__(self) -> None:
        count = len(self.ids)
        if self.source_BCTHW.shape != self.target_BCTHW.shape:
            raise ValueError(
                f"source {tuple(self.source_BCTHW.shape)} and target {tuple(self.target_BCTHW.shape)} differ in shape"
            )
        for name in ("instructions", "vlm", "text", "change_BTHW", "source_frames_BTHWC", "baseline_B", "source_BCTHW"):
            value = getattr(self, name)
            if value is not None and len(value) != count:
                raise ValueError(f"the batch has {count} samples and {len(value)} of {name}")

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device | str) -> Batch:
        """Returns the same batch with its tensors on another device."""
        return replace(self, **{field.name: _moved(getattr(self, field.name), device) for field in fields(self)})

    def split(self, parts: int) -> list[Batch]:
        """Returns up to `parts` batches of as nearly equal size as can be, in order; none is empty."""
        bounds = [len(self) * index // parts for index in range(parts + 1)]
        return [self.take(range(low, high)) for low, high in pairwise(bounds) if high > low]

    def take(self, indices: Sequence[int]) -> Batch:
        """Returns the samples at these places; a place may come more than once."""
        chosen = list(indices)
        changes: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                changes[field.name] = tuple(value[index] for index in chosen)
            elif isinstance(value, torch.Tensor):
                changes[field.name] = value[chosen]
        return replace(self, **changes)


def _moved(value: Any, device: torch.device | str) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(_moved(each, device) for each in value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """Where a step's random numbers come from. Both live on the CPU and are part of a checkpoint.

    Numbers are drawn on the CPU and moved, so that a GPU changes no draw.
    """

    noise: torch.Generator
    """This rank's own: noise, noise levels within their stratum, dropout."""
    shared: torch.Generator
    """In the same state on every rank: what all ranks must agree about, such as which side of the gate a step is on."""

    @classmethod
    def of(cls, seed: int, rank: int = 0) -> Draws:
        """Returns fresh generators for a rank."""
        noise = torch.Generator().manual_seed((seed * 1_000_003 + 7919 * rank + 1) % 2**63)
        return cls(noise=noise, shared=torch.Generator().manual_seed(seed % 2**63))

    def state(self) -> dict[str, torch.Tensor]:
        """Returns the generators' states, uint8 tensors."""
        return {"noise": self.noise.get_state(), "shared": self.shared.get_state()}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Sets the generators to what :meth:`state` gave."""
        self.noise.set_state(state["noise"])
        self.shared.set_state(state["shared"])

    def normal_like(self, tensor: torch.Tensor) -> torch.Tensor:
        """Returns standard normal noise of the shape, dtype and device of a tensor, from this rank's generator."""
        drawn = torch.randn(tensor.shape, generator=self.noise, dtype=tensor.dtype)
        return drawn.to(tensor.device)

    def uniform(self, count: int) -> torch.Tensor:
        """Returns `count` numbers in [0, 1), fp64, from this rank's generator."""
        return torch.rand(count, generator=self.noise, dtype=torch.float64)

    def shared_uniform(self) -> float:
        """Returns a number in [0, 1) that every rank draws alike."""
        return float(torch.rand((), generator=self.shared, dtype=torch.float64))
