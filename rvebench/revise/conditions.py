"""What the transformer is conditioned on: constant over a whole sampling run, computed once.

The sampler needs nothing else of text, VLM and source. A null branch may have a shorter context than its conditional
one; :meth:`Conditions.stack` brings both to one length, with a mask where the rows that were added must not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

__all__ = ["Conditions", "GuidedConditions"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conditions:
    """A batch of contexts for one forward pass of the transformer."""

    context_BLD: torch.Tensor
    """Cross-attention context, before the transformer's own text projection."""
    context_mask: torch.Tensor | None = None
    """Bool (B, L), true at rows to attend to; None where every row counts, zero padding included."""
    concat_latents_BCTHW: torch.Tensor | None = None
    """Normalised source latents that join the noise along the channels; None with strategy revise."""

    def __post_init__(self) -> None:
        if self.context_BLD.ndim != 3:
            raise ValueError(f"a context has three axes, not the shape {tuple(self.context_BLD.shape)}")
        mask, latents = self.context_mask, self.concat_latents_BCTHW
        if mask is not None and (mask.dtype != torch.bool or mask.shape != self.context_BLD.shape[:2]):
            raise ValueError(f"a context mask is bool of shape {tuple(self.context_BLD.shape[:2])}")
        if latents is not None and (latents.ndim != 5 or latents.shape[0] != self.batch_size):
            raise ValueError(f"concatenated latents have five axes and batch {self.batch_size}")

    @property
    def batch_size(self) -> int:
        """Contexts in the batch."""
        return int(self.context_BLD.shape[0])

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Conditions:
        """Returns the same conditions on another device; `dtype` applies to the context alone, latents stay fp32."""
        mask, latents = self.context_mask, self.concat_latents_BCTHW
        return Conditions(
            context_BLD=self.context_BLD.to(device=device, dtype=dtype),
            context_mask=None if mask is None else mask.to(device=device),
            concat_latents_BCTHW=None if latents is None else latents.to(device=device),
        )

    @staticmethod
    def stack(parts: Sequence[Conditions]) -> Conditions:
        """Joins batches along the first axis, shorter contexts filled up with rows that are masked out.

        Contexts of equal length without masks stay without one, so that attention keeps its unmasked kernel.

        Raises:
            ValueError: nothing to join, or parts of which only some concatenate latents.
        """
        if not parts:
            raise ValueError("there are no conditions to stack")
        if len(parts) == 1:
            return parts[0]
        latents = [part.concat_latents_BCTHW for part in parts if part.concat_latents_BCTHW is not None]
        if len(latents) not in (0, len(parts)):
            raise ValueError("either all or none of the stacked conditions concatenate latents")
        lengths = [int(part.context_BLD.shape[1]) for part in parts]
        longest = max(lengths)
        masked = min(lengths) < longest or any(part.context_mask is not None for part in parts)
        return Conditions(
            context_BLD=torch.cat(
                [F.pad(part.context_BLD, (0, 0, 0, longest - n)) for part, n in zip(parts, lengths, strict=True)]
            ),
            context_mask=torch.cat([_mask(part, longest) for part in parts]) if masked else None,
            concat_latents_BCTHW=torch.cat(latents) if latents else None,
        )


def _mask(part: Conditions, length: int) -> torch.Tensor:
    own = part.context_mask
    if own is None:
        own = torch.ones(part.context_BLD.shape[:2], dtype=torch.bool, device=part.context_BLD.device)
    return F.pad(own, (0, length - own.shape[1]), value=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GuidedConditions:
    """The conditional and the null branch of a batch of samples."""

    conditional: Conditions
    null: Conditions | None = None
    """None where no guidance is used: one branch alone is then run."""

    def __post_init__(self) -> None:
        if self.null is not None and self.null.batch_size != self.conditional.batch_size:
            raise ValueError("the null branch has as many contexts as the conditional one")

    @property
    def batch_size(self) -> int:
        """Samples in the batch."""
        return self.conditional.batch_size

    def stack(self) -> Conditions:
        """Returns conditional then null contexts as one batch, for a single forward pass."""
        return Conditions.stack([self.conditional] if self.null is None else [self.conditional, self.null])

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> GuidedConditions:
        """Returns both branches on another device, the contexts in another dtype."""
        null = None if self.null is None else self.null.to(device, dtype)
        return GuidedConditions(conditional=self.conditional.to(device, dtype), null=null)

    @staticmethod
    def join(samples: Sequence[GuidedConditions]) -> GuidedConditions:
        """Joins the conditions of several samples into one batch.

        Raises:
            ValueError: nothing to join, or samples of which only some have a null branch.
        """
        nulls = [sample.null for sample in samples if sample.null is not None]
        if len(nulls) not in (0, len(samples)):
            raise ValueError("either all or none of the joined samples have a null branch")
        return GuidedConditions(
            conditional=Conditions.stack([sample.conditional for sample in samples]),
            null=Conditions.stack(nulls) if nulls else None,
        )
