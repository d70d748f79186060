"""The flow-matching path between clean latents and noise, and the noise levels at which a sampler visits it.

Notation, everywhere: `x` clean latents, `e` standard normal noise, `sigma` in 0..1 the share of noise,
`x_t = (1 - sigma) x + sigma e`, and the velocity that a network learns `v = dx_t/dsigma = e - x` (Lipman et al.,
"Flow Matching for Generative Modeling", arXiv 2210.02747; Wan2.1 uses the same sign). A network is told the timestep
`t = 1000 sigma`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

import torch

from rvebench.errors import UsageError

__all__ = [
    "OFFICIAL_SHIFT",
    "OFFICIAL_STEPS",
    "TRAINING_SHIFT",
    "TRAIN_STEPS",
    "FlowSchedule",
    "TimestepRule",
    "flow_schedule",
    "noise_latents",
    "noise_of",
    "official_schedule",
    "official_trigger_rate",
    "shift_sigma",
    "trigger_rate",
    "unshift_sigma",
    "velocity_target",
    "x0_of",
]

TRAIN_STEPS = 1000
"""Timesteps the networks count to: `t = TRAIN_STEPS * sigma`."""

OFFICIAL_STEPS = 40
OFFICIAL_SHIFT = 5.0
"""Steps and shift of the released inference script."""

TRAINING_SHIFT = 3.0
"""Shift the released training configuration draws its noise levels with."""

TimestepRule = Literal["exact", "floor"]
"""How a network is told the noise level: `1000 sigma` as it is, or cut to a whole number as Wan's scheduler does."""


def shift_sigma(sigma: Any, shift: float) -> Any:
    """Returns `shift * sigma / (1 + (shift - 1) * sigma)`: the same ends, and more of the way spent at high noise.

    Args:
        sigma: noise levels in 0..1, a number or a tensor.
        shift: above 0; 1 changes nothing. Source: Esser et al., arXiv 2403.03206, section 5.3.2.

    Raises:
        UsageError: the shift is not a number above 0.
    """
    _check_shift(shift)
    return shift * sigma / (1 + (shift - 1) * sigma)


def unshift_sigma(sigma: Any, shift: float) -> Any:
    """Returns what :func:`shift_sigma` made `sigma` from: `sigma / (shift - (shift - 1) * sigma)`.

    Raises:
        UsageError: the shift is not a number above 0.
    """
    _check_shift(shift)
    return sigma / (shift - (shift - 1) * sigma)


def trigger_rate(tau: float, shift: float = TRAINING_SHIFT) -> float:
    """Returns how often a training step has little enough noise for the reason loss: P(sigma <= tau), in 0..1.

    With `u` uniform on 0..1 and `sigma = shift_sigma(u, shift)` this is `tau / (shift - (shift - 1) tau)`; at shift 3,
    `tau / (3 - 2 tau)`.

    Args:
        tau: the gate's threshold, in 0..1.
        shift: the training shift, above 0.

    Raises:
        UsageError: tau is outside 0..1, or the shift is not a number above 0.
    """
    if not 0 <= tau <= 1:
        raise UsageError(f"the gate's threshold must be a noise level from 0 to 1, not {tau}")
    return float(unshift_sigma(float(tau), shift))


def official_trigger_rate(tau: float, shift: float = TRAINING_SHIFT, train_steps: int = TRAIN_STEPS) -> float:
    """Returns :func:`trigger_rate` for the released trainer's grid, where `u` is one of 1/1000, 2/1000, ... 1.

    At shift 3 and tau .1, .3, .5, .7, .9 this gives the paper's 3.5, 12.5, 25.0, 43.7 and 75.0 % to the digit. Counted
    with whole numbers: at tau .3 the level 125/1000 lands on the threshold itself, and rounding would drop it.

    Raises:
        UsageError: as :func:`trigger_rate`, or fewer than one training step.
    """
    trigger_rate(tau, shift)
    if train_steps < 1:
        raise UsageError(f"a training grid has at least one step, not {train_steps}")
    exact_tau, exact_shift = Fraction(repr(float(tau))), Fraction(repr(float(shift)))
    below = math.floor(train_steps * exact_tau / (exact_shift - (exact_shift - 1) * exact_tau))
    return below / train_steps


def noise_latents(latents: Any, noise: Any, sigma_B: Any) -> Any:
    """Returns `(1 - sigma) * latents + sigma * noise`.

    Args:
        latents: clean latents, batch first, any number of further axes.
        noise: standard normal, the same shape.
        sigma_B: one noise level a sample, shape (B,), or one number for all.
    """
    sigma = _level_for(latents, sigma_B)
    return (1 - sigma) * latents + sigma * noise


def velocity_target(latents: Any, noise: Any) -> Any:
    """Returns what the network should say, `noise - latents`: it is the same all along the path."""
    return noise - latents


def x0_of(noisy: Any, velocity: Any, sigma_B: Any) -> Any:
    """Returns the clean latents that a velocity points back to, `x_t - sigma * v`.

    Gradients pass through both arguments: the reason loss is a loss on this estimate.

    Args:
        noisy: x_t, batch first.
        velocity: the network's answer at x_t, the same shape.
        sigma_B: noise level of each sample, shape (B,), or one number.
    """
    return noisy - _level_for(noisy, sigma_B) * velocity


def noise_of(noisy: Any, velocity: Any, sigma_B: Any) -> Any:
    """Returns the noise that a velocity points to, `x_t + (1 - sigma) * v`. Arguments as in :func:`x0_of`."""
    return noisy + (1 - _level_for(noisy, sigma_B)) * velocity


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSchedule:
    """The noise levels of one sampling run."""

    sigmas: tuple[float, ...]
    """Steps + 1 levels, strictly falling; the first is at most 1, the last is 0."""
    timesteps: tuple[float, ...]
    """What the network is told at each step, steps numbers in 0..1000."""

    def __post_init__(self) -> None:
        levels = self.sigmas
        if len(levels) < 2 or not levels[0] <= 1 or levels[-1] != 0 or any(not a > b for a, b in pairwise(levels)):
            raise UsageError("noise levels must fall from at most 1 to 0, one number more than there are steps")
        if len(self.timesteps) != len(levels) - 1:
            raise UsageError(f"{len(levels) - 1} steps need as many timesteps, not {len(self.timesteps)}")

    @property
    def steps(self) -> int:
        """How often the network is asked."""
        return len(self.sigmas) - 1

    def pairs(self) -> Sequence[tuple[float, float]]:
        """Returns each step's noise level with the one it leads to."""
        return list(pairwise(self.sigmas))


def flow_schedule(
    steps: int, *, shift: float = OFFICIAL_SHIFT, sigma_max: float = 0.999, timesteps: TimestepRule = "exact"
) -> FlowSchedule:
    """Returns evenly spaced noise levels from `sigma_max` down to 0, shifted.

    The default `sigma_max` is Wan2.1's (its scheduler starts one training step short of pure noise); the first state
    is pure noise all the same. With 1.0 the start is exact.

    Args:
        steps: how often the network is asked, at least 1.
        shift: see :func:`shift_sigma`.
        sigma_max: the first level before the shift, above 0 and at most 1.
        timesteps: how the network is told the level.

    Raises:
        UsageError: an argument is outside its range.
    """
    if steps < 1:
        raise UsageError(f"sampling needs at least one step, not {steps}")
    if not 0 < sigma_max <= 1:
        raise UsageError(f"the first noise level must be above 0 and at most 1, not {sigma_max}")
    # A shift of 1 rounds to a little above 1 for some shifts: no level is above pure noise.
    sigmas = (*(min(1.0, float(shift_sigma(sigma_max * left / steps, shift))) for left in range(steps, 0, -1)), 0.0)
    told = tuple(TRAIN_STEPS * sigma for sigma in sigmas[:-1])
    if timesteps == "floor":
        # 0.999 is a little more in Wan's float32: levels that are whole but for rounding stay whole there, and here.
        told = tuple(float(math.floor(value + 1e-6)) for value in told)
    elif timesteps != "exact":
        raise UsageError(f"timesteps are told exact or floor, not {timesteps!r}")
    return FlowSchedule(sigmas=sigmas, timesteps=told)


def official_schedule(steps: int = OFFICIAL_STEPS, shift: float = OFFICIAL_SHIFT) -> FlowSchedule:
    """Returns the levels of the released inference: 40 steps, shift 5, Wan2.1's grid, whole timesteps.

    diffusers' own flow grid differs: it runs from 1 to 1/1000 before the shift instead of from 999/1000 to 0, so its
    last step is longer. Source: Wan2.1 `FlowUniPCMultistepScheduler`.
    """
    return flow_schedule(steps, shift=shift, timesteps="floor")


def _level_for(latents: Any, sigma_B: Any) -> Any:
    if not isinstance(sigma_B, torch.Tensor) or sigma_B.ndim == 0:
        return sigma_B
    if sigma_B.ndim != 1 or len(sigma_B) != len(latents):
        raise UsageError(f"{len(latents)} samples need as many noise levels, not {tuple(sigma_B.shape)}")
    return sigma_B.reshape(-1, *[1] * (latents.ndim - 1))


def _check_shift(shift: float) -> None:
    if not (shift > 0 and math.isfinite(shift)):
        raise UsageError(f"the shift of a noise schedule must be a number above 0, not {shift}")
