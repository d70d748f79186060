"""From noise to latents: the loop over noise levels, for a batch of samples that each have a seed of their own.

Everything that does not change with the noise level (text, VLM states, connector) comes in computed; the loop asks
nothing but the denoiser. Noise is drawn on the CPU, sample by sample, so that a sample's noise depends on its seed and
its shape and on nothing else: not on the batch it is in, nor on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rvebench.errors import InterruptError, RveError, UsageError
from rvebench.revise.conditions import GuidedConditions
from rvebench.revise.config_parts import Compat, SamplingConfig
from rvebench.revise.sampling.guidance import Denoiser, Guidance, GuidedDenoiser
from rvebench.revise.sampling.schedule import FlowSchedule, flow_schedule
from rvebench.revise.sampling.solvers import SolverName, make_solver

__all__ = [
    "Cancelled",
    "ConditionsSource",
    "NotFiniteError",
    "Progress",
    "Sampler",
    "SamplingCancelledError",
    "StepReport",
    "seeded_noise",
]

Shape = tuple[int, int, int, int]
Velocity = Callable[[Any, Any], Any]

ConditionsSource = GuidedConditions | Callable[[], GuidedConditions]
"""Conditions, or what computes them."""


class SamplingCancelledError(InterruptError):
    """The caller asked to stop between two steps; there are no latents."""


class NotFiniteError(RveError):
    """The network answered with NaN or an infinity: the edit failed, and its step and sample are named."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepReport:
    """What a progress callback is told after each step."""

    done: int
    """Steps done, from 1."""
    steps: int
    sigma: float
    """Noise level reached; 0 after the last step."""
    latents_BCTHW: Any
    """The latents at that level; not to be changed."""


Progress = Callable[[StepReport], None]
Cancelled = Callable[[], bool]
"""Asked before each step; true stops the run."""


def seeded_noise(seeds: Sequence[int], shape: Shape) -> Any:
    """Returns standard normal noise (B, C, T, H, W), float32, on the CPU: one generator a seed.

    Args:
        seeds: one a sample, each in 0..2^63-1; equal seeds give equal noise.
        shape: channels, time, height and width of one sample's latents.

    Raises:
        UsageError: no seed, a seed out of range, or an empty shape.
    """
    if not seeds:
        raise UsageError("there is no sample to draw noise for")
    if any(side < 1 for side in shape):
        raise UsageError(f"latents cannot have the shape {tuple(shape)}")
    drawn = []
    for seed in seeds:
        if not 0 <= seed < 2**63:
            raise UsageError(f"a seed is a whole number from 0 to 2^63-1, not {seed}")
        generator = torch.Generator("cpu").manual_seed(int(seed))
        drawn.append(torch.randn(shape, generator=generator, dtype=torch.float32))
    return torch.stack(drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Noise levels, solver and guidance of a run; holds no state, so one serves many runs."""

    schedule: FlowSchedule
    guidance: Guidance
    solver: SolverName = "unipc"

    @classmethod
    def of(cls, sampling: SamplingConfig, compat: Compat, *, batched: bool = True) -> Sampler:
        """Returns the sampler of a configuration.

        With UniPC the network is told whole timesteps, as Wan2.1's and diffusers' pipelines do; with Euler exact ones.

        Args:
            sampling: steps, shift, solver and guidance scale.
            compat: which guidance formula the scale belongs to.
            batched: see :class:`Guidance`.
        """
        return cls(
            schedule=flow_schedule(
                sampling.steps, shift=sampling.shift, timesteps="floor" if sampling.solver == "unipc" else "exact"
            ),
            guidance=Guidance(scale=sampling.guidance_scale, formula=compat.guidance, batched=batched),
            solver=sampling.solver,
        )

    def sample(
        self,
        denoiser: Denoiser,
        conditions: ConditionsSource,
        latents_shape: Shape,
        seeds: Sequence[int],
        *,
        device: Any = "cpu",
        noise_BCTHW: Any = None,
        recompute_conditions: bool = False,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> Any:
        """Returns clean latents (B, C, T, H, W), float32 on `device`, without gradient.

        Args:
            denoiser: one forward pass of the network.
            conditions: of the whole batch, or a function that computes them; it is called once.
            latents_shape: channels, time, height and width of one sample.
            seeds: one a sample.
            device: where the latents live; the conditions must be there.
            noise_BCTHW: to start from instead of the seeds' noise: windows of one long clip share theirs.
            recompute_conditions: call the function at every step, as the released loop does. For measuring only: the
                latents come out the same.
            progress: called after each step.
            cancelled: asked before each step.

        Raises:
            NotFiniteError: the network answered with NaN or an infinity.
            SamplingCancelledError: `cancelled` said so.
            UsageError: shapes, seeds and conditions do not fit together.
        """
        noise = self._start(seeds, latents_shape, noise_BCTHW, device)
        if not recompute_conditions:
            with torch.no_grad():
                ready = conditions if isinstance(conditions, GuidedConditions) else conditions()
            return self._run(self._guided(denoiser, ready, len(seeds)), noise, seeds, progress, cancelled)
        if isinstance(conditions, GuidedConditions):
            raise UsageError("conditions that are recomputed at every step come as a function")
        compute = conditions

        def velocity(latents: Any, t_B: Any) -> Any:
            return self._guided(denoiser, compute(), len(seeds))(latents, t_B)

        return self._run(velocity, noise, seeds, progress, cancelled)

    def sample_windows(
        self,
        denoiser: Denoiser,
        conditions: Sequence[GuidedConditions],
        latents_shape: Shape,
        seeds: Sequence[int],
        *,
        starts: Sequence[int],
        weights_WT: Any,
        device: Any = "cpu",
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> Any:
        """Returns the latents of a long clip, denoised through windows whose velocities are blended at each step.

        All windows see one state at each noise level, so that they cannot drift apart where they overlap (Bar-Tal et
        al., "MultiDiffusion", arXiv 2302.08113, over time). Cost: one guided pass a window and step.

        Args:
            denoiser: one forward pass over one window.
            conditions: one a window, each of the whole batch.
            latents_shape: channels, time, height and width of the long clip's latents.
            seeds: one a sample.
            starts: first latent of each window.
            weights_WT: each window's share at each of its latents, shape (windows, latents of a window); the shares at
                one latent of the clip sum to 1 (:meth:`rvebench.revise.sampling.windows.ClipPlan.latent_weights`).
            device: as in :meth:`sample`.
            progress: as in :meth:`sample`.
            cancelled: as in :meth:`sample`.

        Raises:
            NotFiniteError: as :meth:`sample`.
            SamplingCancelledError: as :meth:`sample`.
            UsageError: the windows do not fit the clip, or each other.
        """
        noise = self._start(seeds, latents_shape, None, device)
        weights = torch.as_tensor(weights_WT, dtype=torch.float32, device=device)
        length = weights.shape[1]
        if not len(starts) == len(conditions) == len(weights):
            raise UsageError(
                f"{len(starts)} windows need as many conditions and rows of weights, "
                f"not {len(conditions)} and {len(weights)}"
            )
        if any(start < 0 or start + length > latents_shape[1] for start in starts):
            raise UsageError(f"a window of {length} latents leaves the clip of {latents_shape[1]}")
        shares = torch.zeros(latents_shape[1], device=device)
        for start, weight_T in zip(starts, weights, strict=True):
            shares[start : start + length] += weight_T
        if not torch.allclose(shares, torch.ones_like(shares), atol=1e-4):
            raise UsageError("the windows' shares do not sum to 1 at every latent of the clip")
        guided = [self._guided(denoiser, each, len(seeds)) for each in conditions]

        def velocity(latents: Any, t_B: Any) -> Any:
            blended = torch.zeros_like(latents)
            for start, window, weight_T in zip(starts, guided, weights, strict=True):
                part = slice(start, start + length)
                blended[:, :, part] += weight_T[:, None, None] * window(latents[:, :, part], t_B)
            return blended

        return self._run(velocity, noise, seeds, progress, cancelled)

    def _start(self, seeds: Sequence[int], shape: Shape, noise: Any, device: Any) -> Any:
        if noise is None:
            return seeded_noise(seeds, shape).to(device)
        wanted = (len(seeds), *shape)
        if tuple(noise.shape) != wanted:
            raise UsageError(f"the noise has the shape {tuple(noise.shape)}, not {wanted}")
        return noise.to(device=device, dtype=torch.float32)

    def _guided(self, denoiser: Denoiser, conditions: GuidedConditions, batch: int) -> GuidedDenoiser:
        if conditions.batch_size != batch:
            raise UsageError(f"there are conditions for {conditions.batch_size} samples and seeds for {batch}")
        return GuidedDenoiser(denoiser, conditions, self.guidance)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _run(
        self,
        velocity: Velocity,
        latents: Any,
        seeds: Sequence[int],
        progress: Progress | None,
        cancelled: Cancelled | None,
    ) -> Any:
        schedule, solver = self.schedule, make_solver(self.solver, self.schedule)
        for index, timestep in enumerate(schedule.timesteps):
            if cancelled is not None and cancelled():
                raise SamplingCancelledError(f"sampling was stopped after {index} of {schedule.steps} steps")
            t_B = torch.full((len(latents),), timestep, dtype=torch.float32, device=latents.device)
            answer = velocity(latents, t_B)
            if answer.shape != latents.shape:
                raise UsageError(
                    f"the network answers in the shape {tuple(answer.shape)} to latents of {tuple(latents.shape)}"
                )
            _check_finite(answer, seeds, index, schedule)
            latents = solver.step(answer, latents)
            if progress is not None:
                progress(
                    StepReport(
                        done=index + 1, steps=schedule.steps, sigma=schedule.sigmas[index + 1], latents_BCTHW=latents
                    )
                )
        return latents


def _check_finite(velocity: Any, seeds: Sequence[int], step: int, schedule: FlowSchedule) -> None:
    # One number a sample comes back from the device; next to a forward pass that costs nothing.
    finite = torch.isfinite(velocity).flatten(1).all(1).tolist()
    if all(finite):
        return
    broken = ", ".join(
        f"{i} (seed {seed})" for i, (seed, fine) in enumerate(zip(seeds, finite, strict=True)) if not fine
    )
    raise NotFiniteError(
        f"the network's velocity is not finite at step {step + 1} of {schedule.steps} "
        f"(sigma {schedule.sigmas[step]:.4f}), sample {broken}",
        hint="look for overflow: use bfloat16 or float32 in place of float16, and check the weights",
    )
