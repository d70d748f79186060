"""Solvers of the sampling equation `dx/dsigma = v(x, sigma)`, from noise at the first level to latents at 0.

Both are diffusers' schedulers, driven by our own noise levels. What the schedulers would decide by themselves and
should not is taken from them: their grids (each has its own), the search for the step by its rounded timestep (two
steps of a fine grid round to one number), and the rounding of the latents to the network's number format.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, get_args

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from rvebench.errors import UsageError
from rvebench.revise.sampling.schedule import TRAIN_STEPS, FlowSchedule

__all__ = ["UNIPC_SIGMA_MAX", "EulerSolver", "Solver", "SolverName", "UniPCSolver", "make_solver"]

SolverName = Literal["euler", "unipc"]

UNIPC_SIGMA_MAX = 1 - 1e-6
"""UniPC works with log((1 - sigma) / sigma), which is not finite at 1: higher levels are taken for this one."""


class Solver(Protocol):
    """Takes the latents from level to level. It serves one run: multistep solvers remember earlier answers."""

    def step(self, velocity: Any, latents: Any) -> Any:
        """Returns the latents at the next noise level.

        Args:
            velocity: the network's answer at `latents`, any float format.
            latents: float32, at the level this step starts from; what the last call returned.

        Returns:
            float32 latents, the same shape.

        Raises:
            UsageError: all steps of the schedule are done.
        """
        ...


class _Stepper:
    """Counts the steps and keeps the number format."""

    def __init__(self, scheduler: Any, steps: int) -> None:
        self._scheduler = scheduler
        self._steps = steps
        self._done = 0

    def step(self, velocity: Any, latents: Any) -> Any:
        if self._done == self._steps:
            raise UsageError(f"all {self._steps} steps are done", hint="make a new solver for another run")
        timestep = self._scheduler.timesteps[self._done]
        self._done += 1
        return self._scheduler.step(velocity.to(torch.float32), timestep, latents.to(torch.float32), return_dict=False)[
            0
        ]


class EulerSolver(_Stepper):
    """First order: `x + (sigma_next - sigma) v`, through diffusers' FlowMatchEulerDiscreteScheduler."""

    def __init__(self, schedule: FlowSchedule) -> None:
        scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=TRAIN_STEPS, shift=1.0)
        scheduler.set_timesteps(sigmas=list(schedule.sigmas[:-1]))
        scheduler.set_begin_index(0)
        super().__init__(scheduler, schedule.steps)


class UniPCSolver(_Stepper):
    """Second order predictor with corrector, the released inference's, through diffusers' UniPCMultistepScheduler.

    It sees `x0 = x - sigma v` and is exact where that does not change. Source: Zhao et al., "UniPC", arXiv 2302.04867,
    with B(h) = e^h - 1 ("bh2") and first order in the last step, as Wan2.1 sets it.
    """

    def __init__(self, schedule: FlowSchedule) -> None:
        scheduler = UniPCMultistepScheduler(
            num_train_timesteps=TRAIN_STEPS,
            solver_order=2,
            solver_type="bh2",
            prediction_type="flow_prediction",
            use_flow_sigmas=True,
            flow_shift=1.0,
            lower_order_final=True,
        )
        scheduler.set_timesteps(schedule.steps)
        # Ours in place of its own: diffusers 0.37 cannot be handed levels, and later versions round them to theirs.
        levels = np.minimum(np.asarray(schedule.sigmas), UNIPC_SIGMA_MAX).astype(np.float32)
        scheduler.sigmas = torch.from_numpy(levels)
        scheduler.timesteps = torch.tensor(schedule.timesteps, dtype=torch.float32)
        scheduler.set_begin_index(0)
        super().__init__(scheduler, schedule.steps)


def make_solver(name: SolverName, schedule: FlowSchedule) -> Solver:
    """Returns a new solver for one run over the schedule.

    Raises:
        UsageError: no solver has that name.
    """
    if name == "euler":
        return EulerSolver(schedule)
    if name == "unipc":
        return UniPCSolver(schedule)
    raise UsageError(f"no solver is called {name!r}", hint=f"choose one of {', '.join(get_args(SolverName))}")
