"""Solvers against flows whose end is known in closed form, and against loops written out naively."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.sampling.schedule import FlowSchedule, flow_schedule, official_schedule  # noqa: E402
from rvebench.revise.sampling.solvers import SolverName, make_solver  # noqa: E402

Velocity = Callable[[Any, float], Any]
BOTH: list[SolverName] = ["euler", "unipc"]


def solve(name: SolverName, schedule: FlowSchedule, velocity: Velocity, start: Any) -> Any:
    solver, latents = make_solver(name, schedule), start
    for sigma in schedule.sigmas[:-1]:
        latents = solver.step(velocity(latents, sigma), latents)
    return latents


def gaussian_flow(mean: float, std: float) -> tuple[Velocity, Callable[[Any, float], Any]]:
    """The exact velocity for latents ~ N(mean, std^2), and where the flow brings a state at level sigma.

    x_t ~ N((1-s) mean, (1-s)^2 std^2 + s^2); the flow keeps every state's distance to the mean in standard deviations.
    """

    def velocity(x: Any, sigma: float) -> Any:
        variance = (1 - sigma) ** 2 * std**2 + sigma**2
        centred = x - (1 - sigma) * mean
        clean = mean + (1 - sigma) * std**2 / variance * centred
        noise = sigma / variance * centred
        return noise - clean

    def end(x: Any, sigma: float) -> Any:
        deviation = math.sqrt((1 - sigma) ** 2 * std**2 + sigma**2)
        return mean + std * (x - (1 - sigma) * mean) / deviation

    return velocity, end


START = torch.tensor([-2.0, -0.5, 0.1, 1.7]).reshape(1, 1, 1, 2, 2)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 40])
def test_straight_paths_are_exact(name: SolverName, steps: int) -> None:
    # One clean clip: every path is a straight line to it, from any state.
    clean = torch.linspace(-1, 1, 4).reshape(1, 1, 1, 2, 2)
    got = solve(name, flow_schedule(steps), lambda x, sigma: (x - clean) / sigma, START)
    assert torch.allclose(got, clean, atol=2e-6)


def test_euler_is_exact_where_the_velocity_is_constant() -> None:
    got = solve("euler", flow_schedule(7, sigma_max=1.0), lambda x, _: torch.full_like(x, 0.75), START)
    assert torch.allclose(got, START - 0.75, atol=1e-6)


def test_euler_of_a_linear_equation_is_its_product() -> None:
    schedule = flow_schedule(9, shift=3.0)
    got = solve("euler", schedule, lambda x, _: 1.5 * x, START)
    factor = math.prod(1 + 1.5 * (after - before) for before, after in schedule.pairs())
    assert torch.allclose(got, factor * START, rtol=1e-5)


@pytest.mark.parametrize("name", BOTH)
def test_more_steps_come_nearer_at_the_solvers_order(name: SolverName) -> None:
    velocity, end = gaussian_flow(0.4, 0.6)
    errors = []
    for steps in (40, 80, 160):
        schedule = flow_schedule(steps, shift=1.0)
        wanted = end(START, schedule.sigmas[0])
        errors.append(float((solve(name, schedule, velocity, START) - wanted).abs().max()))
    orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    low, high = {"euler": (0.9, 1.1), "unipc": (1.9, 2.4)}[name]
    assert all(low < order < high for order in orders), (errors, orders)


def test_unipc_is_far_nearer_than_euler_at_forty_steps() -> None:
    velocity, end = gaussian_flow(0.4, 0.6)
    schedule = official_schedule()
    wanted = end(START, schedule.sigmas[0])
    euler, unipc = (float((solve(name, schedule, velocity, START) - wanted).abs().max()) for name in BOTH)
    assert unipc < euler / 20


def naive_euler(schedule: FlowSchedule, velocity: Velocity, x: Any) -> Any:
    for before, after in schedule.pairs():
        x = x + (after - before) * velocity(x, before)
    return x


def naive_unipc(schedule: FlowSchedule, velocity: Velocity, x: Any) -> Any:
    """UniPC-2 with B(h) = e^h - 1 on data predictions, from the paper's equations, one state at a time.

    With lam = log((1-s)/s), h its increase and phi = e^-h - 1: predictor
    x' = s'/s x - (1-s') phi (m0 + D/2), where D = (m1 - m0) / r of the answer before; corrector with weights that
    solve [[1, 1], [r, 1]] w = b, b1 = (phi/-h - 1)/phi, b2 = 2 ((phi/-h - 1)/-h - 1/2)/phi.
    """

    def lam(sigma: float) -> float:
        return math.inf if sigma == 0 else math.log(1 - sigma) - math.log(sigma)

    answers: list[Any] = []  # data predictions, newest last
    last, order = x, 0
    for index, (sigma, after) in enumerate(schedule.pairs()):
        clean = x - sigma * velocity(x, sigma)
        if index > 0:  # correct the state with what the network says there
            before = schedule.sigmas[index - 1]
            h = lam(sigma) - lam(before)
            phi = math.expm1(-h)
            base = sigma / before * last - (1 - sigma) * phi * answers[-1]
            if order == 1:
                x = base - (1 - sigma) * phi * 0.5 * (clean - answers[-1])
            else:
                r = (lam(schedule.sigmas[index - 2]) - lam(before)) / h
                b1 = (phi / -h - 1) / phi
                b2 = 2 * ((phi / -h - 1) / -h - 0.5) / phi
                new = (b2 - r * b1) / (1 - r)
                x = base - (1 - sigma) * phi * (
                    (b1 - new) * (answers[-2] - answers[-1]) / r + new * (clean - answers[-1])
                )
        answers.append(clean)
        order = min(2, len(answers), schedule.steps - index)
        last = x
        h = lam(after) - lam(sigma)
        phi = math.expm1(-h)
        slope = (
            0.0 if order == 1 else 0.5 * (answers[-2] - clean) / ((lam(schedule.sigmas[index - 1]) - lam(sigma)) / h)
        )
        x = after / sigma * x - (1 - after) * phi * (clean + slope)
    return x


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 16, 40])
@pytest.mark.parametrize(("name", "naive"), [("euler", naive_euler), ("unipc", naive_unipc)])
def test_solver_equals_the_loop_written_out(name: SolverName, naive: Callable[..., Any], steps: int) -> None:
    def velocity(x: Any, sigma: float) -> Any:
        return torch.sin(3 * x) + sigma * x - 0.3

    schedule = official_schedule(steps)
    wanted = naive(schedule, velocity, START.double())
    assert torch.allclose(solve(name, schedule, velocity, START).double(), wanted, atol=2e-5)


@pytest.mark.parametrize("name", BOTH)
def test_start_at_pure_noise_is_finite(name: SolverName) -> None:
    velocity, end = gaussian_flow(0.4, 0.6)
    got = solve(name, flow_schedule(200, sigma_max=1.0), velocity, START)
    assert torch.allclose(got, end(START, 1.0), atol=0.05)


@pytest.mark.parametrize("name", BOTH)
def test_latents_stay_float32_when_the_network_answers_in_bfloat16(name: SolverName) -> None:
    solver = make_solver(name, flow_schedule(4))
    latents = solver.step(START.to(torch.bfloat16), START)
    assert latents.dtype == torch.float32
    assert not torch.equal(latents, latents.to(torch.bfloat16).float())


@pytest.mark.parametrize("name", BOTH)
def test_fine_grids_do_not_confuse_steps_that_round_to_one_timestep(name: SolverName) -> None:
    # 3000 levels floor to 1000 timesteps: a search by timestep would jump.
    schedule = flow_schedule(3000, shift=1.0, timesteps="floor")
    velocity, end = gaussian_flow(0.4, 0.6)
    assert torch.allclose(solve(name, schedule, velocity, START), end(START, schedule.sigmas[0]), atol=2e-3)


@pytest.mark.parametrize("name", BOTH)
def test_used_up_solver_says_so(name: SolverName) -> None:
    solver = make_solver(name, flow_schedule(1))
    latents = solver.step(START, START)
    with pytest.raises(UsageError, match="all 1 steps are done"):
        solver.step(START, latents)


def test_unknown_solver_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="euler, unipc"):
        make_solver("heun", flow_schedule(1))  # type: ignore[arg-type]
