"""Which noise levels a step trains on, and the gate that opens the reason loss at low noise.

A law draws `u` in 0..1 and shifts it, `sigma = shift u / (1 + (shift - 1) u)`. Both laws are drawn through their
quantiles, so that one number in 0..1 decides a level. This allows two things that change no law: a rank's samples are
spread evenly over the quantiles (each sample alone still follows the law), and the gate can be decided once a step.

Drawn for each sample on its own, as the paper's text has it, the gate is open somewhere on nearly every step: with 8
ranks and a rate of 25 % on 1 - .75^8 = 90 % of them, and every rank waits for the one with the critic. `gate="step"`
draws one number that all ranks share: with the chance P(sigma <= tau) all samples of the step lie at or below tau, else
all lie above. Mixed over steps this is the same law, and the critic is paid for in 25 % of the steps.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch

from rvebench.errors import UsageError
from rvebench.revise.sampling.schedule import shift_sigma, trigger_rate, unshift_sigma
from rvebench.revise.training.batch import Draws
from rvebench.revise.training.config_parts import TimestepConfig

__all__ = ["Gate", "SigmaDraw", "draw_sigmas", "gate_rate", "sigma_quantile"]


class Gate(NamedTuple):
    """Where the reason loss counts."""

    tau: float
    """At noise levels of at most this, 0..1."""
    mode: Literal["step", "sample"] = "step"
    """step: all samples of a step on one side of tau, by a draw that all ranks share. sample: each by its own level."""


class SigmaDraw(NamedTuple):
    """The noise levels of a rank's samples."""

    sigma_B: torch.Tensor
    """fp64, on the CPU, 0..1."""
    below_B: torch.Tensor
    """Bool: whether the gate is open for the sample."""


def gate_rate(config: TimestepConfig, tau: float) -> float:
    """Returns how often the gate is open, P(sigma <= tau), in 0..1, in closed form.

    Uniform: `tau / (shift - (shift - 1) tau)`, 25 % at tau .5 and shift 3. Logit-normal: `Phi((logit u - mean) / std)`
    at the `u` that the shift takes to tau; 13.6 % at the same tau and shift.

    Args:
        config: the law.
        tau: the threshold, 0..1.

    Raises:
        UsageError: tau is outside 0..1.
    """
    if config.law == "uniform":
        return trigger_rate(tau, config.shift)
    if not 0 <= tau <= 1:
        raise UsageError(f"the gate's threshold must be a noise level from 0 to 1, not {tau}")
    if tau in (0.0, 1.0):
        return float(tau)
    u = float(unshift_sigma(float(tau), config.shift))
    score = (math.log(u / (1 - u)) - config.logit_mean) / config.logit_std
    return 0.5 * math.erfc(-score / math.sqrt(2))


def sigma_quantile(config: TimestepConfig, share: torch.Tensor) -> torch.Tensor:
    """Returns the noise levels that a share of the law lies below, fp64 in 0..1; the inverse of :func:`gate_rate`.

    Args:
        config: the law.
        share: numbers in 0..1, of any shape.
    """
    u = share.double()
    if config.law == "logit-normal":
        u = torch.sigmoid(config.logit_mean + config.logit_std * torch.special.ndtri(u))
    sigma: torch.Tensor = shift_sigma(u, config.shift)
    return sigma.clamp(0.0, 1.0)


def draw_sigmas(count: int, config: TimestepConfig, draws: Draws, *, gate: Gate | None = None) -> SigmaDraw:
    """Draws noise levels for one rank's samples of one step.

    Without a gate, and with `gate.mode == "step"`, the samples are spread: in random order, one in each of `count`
    equal parts of the quantiles that are open to the step. With `gate.mode == "sample"` they are independent.

    Call it once a step and rank, also where `count` is 0: with `gate.mode == "step"` the shared generator moves on by
    one number, and must do so on all ranks.

    Args:
        count: samples of this rank.
        config: the law.
        draws: the shared generator decides the side of a step, the rank's own the levels.
        gate: where the reason loss counts; None for an objective without.
    """
    if gate is not None and gate.mode == "sample":
        sigma_B = sigma_quantile(config, draws.uniform(count))
        return SigmaDraw(sigma_B=sigma_B, below_B=sigma_B <= gate.tau)
    low, high, below = 0.0, 1.0, False
    if gate is not None:
        rate = gate_rate(config, gate.tau)
        below = draws.shared_uniform() < rate
        low, high = (0.0, rate) if below else (rate, 1.0)
    order = torch.randperm(count, generator=draws.noise)
    shares = low + (high - low) * (order + draws.uniform(count)) / max(count, 1)
    sigma_B = sigma_quantile(config, shares)
    if gate is not None:
        # Rounding must not carry a level over the threshold.
        sigma_B = sigma_B.clamp(max=gate.tau) if below else sigma_B.clamp(min=gate.tau)
    return SigmaDraw(sigma_B=sigma_B, below_B=torch.full((count,), below))
