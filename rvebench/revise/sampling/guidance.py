"""Classifier-free guidance: two answers of one network, with and without the instruction, become one velocity.

With `c` the conditional and `u` the unconditional velocity, the standard formula is `u + w (c - u)` (Ho and Salimans,
arXiv 2207.12598). The released ReViSE code has `c + w (c - u)`, which is the standard formula at `w + 1`: its default
3.0 is what others call 4.0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from rvebench.errors import UsageError
from rvebench.revise.conditions import Conditions, GuidedConditions

__all__ = ["Denoiser", "Guidance", "GuidedDenoiser"]

Formula = Literal["standard", "official"]

Denoiser = Callable[[Any, Any, Conditions], Any]
"""`denoiser(latents_BCTHW, t_B, conditions) -> velocity_BCTHW`: one forward pass; `t` in 0..1000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """How strongly the instruction pulls, and how the two passes are made."""

    scale: float
    """The w of the formula, 0 or more."""
    formula: Formula = "standard"
    batched: bool = True
    """Both branches in one pass of twice the batch; False makes two passes, with half the activations at a time."""

    def __post_init__(self) -> None:
        if self.formula not in get_args(Formula):
            raise UsageError(f"no guidance is called {self.formula!r}", hint="use standard or official")
        if not (math.isfinite(self.scale) and self.scale >= 0):
            raise UsageError(f"the guidance scale must be 0 or more, not {self.scale}")

    @property
    def standard_scale(self) -> float:
        """The w of the standard formula that gives the same velocity."""
        return self.scale + 1 if self.formula == "official" else self.scale

    @property
    def needs_null(self) -> bool:
        """Whether the unconditional branch has any part in the result: not at a standard scale of 1."""
        return self.standard_scale != 1

    def combine(self, conditional: Any, null: Any) -> Any:
        """Returns the guided velocity in float32, of two velocities of one shape."""
        c = conditional.to(torch.float32)
        if not self.needs_null:
            return c
        u = null.to(torch.float32)
        return c + self.scale * (c - u) if self.formula == "official" else u + self.scale * (c - u)


class GuidedDenoiser:
    """A denoiser with its conditions and guidance: latents and timesteps in, one velocity out.

    The two branches are stacked once, when this is made, not at each step.

    Args:
        denoiser: one forward pass of the network.
        conditions: both branches for the batch; its null branch may be missing where guidance has no use for it.
        guidance: scale and formula.

    Raises:
        UsageError: guidance needs the null branch and there is none.
    """

    def __init__(self, denoiser: Denoiser, conditions: GuidedConditions, guidance: Guidance) -> None:
        if guidance.needs_null and conditions.null is None:
            raise UsageError(
                f"guidance {guidance.formula} at {guidance.scale:g} needs an unconditional branch, and there is none",
                hint="give a null context, or use the standard scale 1",
            )
        self._denoiser = denoiser
        self._conditions = conditions
        self._guidance = guidance
        self._stacked = conditions.stack() if guidance.needs_null and guidance.batched else None

    def __call__(self, latents_BCTHW: Any, t_B: Any) -> Any:
        """Returns the guided velocity, float32, shaped as the latents."""
        if not self._guidance.needs_null:
            return self._denoiser(latents_BCTHW, t_B, self._conditions.conditional).to(torch.float32)
        if self._stacked is not None:
            both = self._denoiser(torch.cat([latents_BCTHW] * 2), torch.cat([t_B] * 2), self._stacked)
            conditional, null = both.chunk(2)
        else:
            assert self._conditions.null is not None
            conditional = self._denoiser(latents_BCTHW, t_B, self._conditions.conditional)
            null = self._denoiser(latents_BCTHW, t_B, self._conditions.null)
        return self._guidance.combine(conditional, null)
