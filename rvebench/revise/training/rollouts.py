"""Rollouts with a density: the flow ODE made stochastic in a window of its steps, after Flow-GRPO (arXiv 2505.05470).

The stochastic equation has the ODE's marginals at every noise level. One step from sigma to sigma + dt, dt < 0, draws

    x' = x + dt (v + s^2 / (2 sigma) (x + (1 - sigma) v)) + s sqrt(-dt) z,      s = a sqrt(sigma / (1 - sigma)),

z standard normal and a the noise level. x + (1 - sigma) v is the noise that the velocity points to. At a = 0 the step
is Euler's, to the bit.

Everything here is fp32, whatever the network computes in: a log-density divides squares by a small variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rvebench.errors import UsageError
from rvebench.revise.sampling.sampler import NotFiniteError
from rvebench.revise.sampling.schedule import FlowSchedule, noise_of
from rvebench.revise.training.batch import Draws
from rvebench.revise.training.config import GrpoConfig

__all__ = ["Rollout", "SdeStep", "Transition", "draw_window", "roll_out", "sde_steps"]

Velocity = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""`velocity(latents_BCTHW, sigma_B)`, fp32; sigma in fp64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SdeStep:
    """One step from a noise level to the next, and the normal distribution that it draws from."""

    sigma: float
    """Where it starts, as the network is told; above 0."""
    dt: float
    """The next level minus this one, below 0; differences of fp32 numbers, as diffusers' Euler has them."""
    diffusion: float
    """s of the equation; 0 for a deterministic step."""

    @property
    def std(self) -> float:
        """Standard deviation of what the step adds, s sqrt(-dt)."""
        return self.diffusion * math.sqrt(-self.dt)

    def mean(self, latents: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        """Returns where the step leads on average, fp32, of the latents' shape; gradients pass through both."""
        latents, velocity = latents.float(), velocity.float()
        drift = velocity
        if self.diffusion > 0:
            pull = self.diffusion**2 / (2 * self.sigma)
            drift = velocity + pull * noise_of(latents, velocity, self.sigma)
        moved: torch.Tensor = latents + self.dt * drift
        return moved

    def log_prob(self, reached: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
        """Returns the log-density of what was reached, the mean over dimensions instead of their sum, fp32, (B,).

        The mean is what the published code takes: the log-ratio of a whole clip, its dimensions summed, would be
        thousands of times as large. Clip ranges are as small as they are (1e-4 to 1e-3) because of it.

        Raises:
            UsageError: the step is deterministic and has no density.
        """
        std = self._spread()
        error = (reached.detach().float() - mean.float()) / std
        density = -0.5 * error.square() - math.log(std) - 0.5 * math.log(2 * math.pi)
        return density.flatten(1).mean(1)

    def divergence(self, mean: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Returns KL(N(mean, std^2) || N(other, std^2)), mean over dimensions, fp32, (B,): (mu - mu')^2 / (2 std^2).

        Raises:
            UsageError: the step is deterministic.
        """
        return (mean.float() - other.float()).square().flatten(1).mean(1) / (2 * self._spread() ** 2)

    def _spread(self) -> float:
        if self.std <= 0:
            raise UsageError("a deterministic step has no density", hint="set grpo.noise_level above 0")
        return self.std


def sde_steps(schedule: FlowSchedule, noise_level: float, window: range) -> tuple[SdeStep, ...]:
    """Returns the steps of a schedule, those of the window stochastic.

    s has a pole at sigma = 1, and a step that begins closer to it than it is long would add far too much noise: levels
    above the schedule's second count as the second in 1 - sigma. At sigma = 1 that is the published code's rule.

    Args:
        schedule: the noise levels; at least two steps where the window holds the first and the noise level is not 0.
        noise_level: a, 0 or more.
        window: indices of the stochastic steps.

    Raises:
        UsageError: the window leaves the schedule, or is its only step.
    """
    if window and not 0 <= window[0] <= window[-1] < schedule.steps:
        raise UsageError(f"steps {window[0]} to {window[-1]} cannot be stochastic: there are {schedule.steps}")
    if schedule.steps == 1 and window and noise_level > 0:
        raise UsageError("a rollout of one step cannot be stochastic", hint="set grpo.steps to 2 or more")
    levels = np.asarray(schedule.sigmas, dtype=np.float32)
    most = schedule.sigmas[1]
    steps = []
    for index, sigma in enumerate(schedule.sigmas[:-1]):
        diffusion = noise_level * math.sqrt(sigma / (1 - min(sigma, most))) if index in window else 0.0
        steps.append(SdeStep(sigma=sigma, dt=float(levels[index + 1] - levels[index]), diffusion=diffusion))
    return tuple(steps)


def draw_window(config: GrpoConfig, draws: Draws) -> range:
    """Returns which steps of the next rollouts are stochastic; the same on all ranks, one shared number drawn.

    A window that is placed at random begins in the first half of the steps, where an edit's content is decided, and
    ends with the schedule at the latest.
    """
    drawn = draws.shared_uniform()
    starts = min(config.steps - config.window + 1, max(1, config.steps // 2))
    start = int(drawn * starts) if config.window_place == "random" else 0
    return range(start, start + config.window)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transition:
    """A stochastic step that was taken, all tensors fp32 and without gradient."""

    step: SdeStep
    latents_BCTHW: torch.Tensor
    reached_BCTHW: torch.Tensor
    mean_BCTHW: torch.Tensor
    """Under the weights of the rollout."""
    log_prob_B: torch.Tensor
    """Of what was reached, under the weights of the rollout."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollout:
    """One edit of each of some samples."""

    latents_BCTHW: torch.Tensor
    """Clean."""
    transitions: tuple[Transition, ...]
    """Of the stochastic steps, in order; none at noise level 0."""


@torch.no_grad()  # type: ignore[untyped-decorator]
def roll_out(
    velocity: Velocity,
    steps: Sequence[SdeStep],
    like_BCTHW: torch.Tensor,
    draws: Draws,
    *,
    group: int,
    same_noise: bool,
    ids: Sequence[str] = (),
) -> Iterator[Rollout]:
    """Yields `group` rollouts of the same samples, one after the other.

    Every call of `velocity` has the batch size of the samples: what a loss computes later with the same size is the
    same to the bit.

    Args:
        velocity: of the samples, guidance included.
        steps: what :func:`sde_steps` returns.
        like_BCTHW: latents of the samples' shape and device.
        draws: noise comes from the rank's own generator.
        group: rollouts of each sample.
        same_noise: whether all begin at one noise; the deterministic steps before the window are then run once.
        ids: of the samples, for errors.

    Raises:
        NotFiniteError: the network answered with NaN or an infinity; names step and sample.
    """
    like = like_BCTHW.float()
    branch = next((index for index, step in enumerate(steps) if step.diffusion > 0), len(steps)) if same_noise else 0
    trunk = draws.normal_like(like) if same_noise else None
    for step in steps[:branch]:
        assert trunk is not None
        trunk = step.mean(trunk, _asked(velocity, trunk, step, ids))
    for _ in range(group):
        latents = draws.normal_like(like) if trunk is None else trunk
        transitions = []
        for step in steps[branch:]:
            mean = step.mean(latents, _asked(velocity, latents, step, ids))
            reached = mean
            if step.diffusion > 0:
                reached = mean + step.std * draws.normal_like(mean)
                transitions.append(
                    Transition(
                        step=step,
                        latents_BCTHW=latents,
                        reached_BCTHW=reached,
                        mean_BCTHW=mean,
                        log_prob_B=step.log_prob(reached, mean),
                    )
                )
            latents = reached
        yield Rollout(latents_BCTHW=latents, transitions=tuple(transitions))


def _asked(velocity: Velocity, latents: torch.Tensor, step: SdeStep, ids: Sequence[str]) -> torch.Tensor:
    sigma_B = torch.full((len(latents),), step.sigma, dtype=torch.float64, device=latents.device)
    answer = velocity(latents, sigma_B)
    finite = torch.isfinite(answer).flatten(1).all(1).tolist()
    if not all(finite):
        broken = [ids[index] if ids else str(index) for index, fine in enumerate(finite) if not fine]
        raise NotFiniteError(
            f"the network's velocity is not finite at sigma {step.sigma:.4f} of a rollout, sample {', '.join(broken)}",
            hint="lower the learning rate, raise grpo.kl_weight, or go back to an earlier checkpoint",
        )
    return answer
