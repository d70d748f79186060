"""Stochastic rollouts against the deterministic sampler, an analytic normal distribution, and torch's own density."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from rvebench.errors import UsageError
from rvebench.revise.conditions import GuidedConditions
from rvebench.revise.sampling.guidance import Guidance
from rvebench.revise.sampling.sampler import NotFiniteError, Sampler
from rvebench.revise.sampling.schedule import flow_schedule
from rvebench.revise.training.batch import Draws
from rvebench.revise.training.config import GrpoConfig
from rvebench.revise.training.rollouts import SdeStep, draw_window, roll_out, sde_steps
from tests.revise.training.grpo_world import SHAPE, exact_velocity, tiny_batch, tiny_parts, tiny_policy

TEN = flow_schedule(10, shift=3.0, sigma_max=1.0)


def test_noise_level_zero_is_the_ode_sampler_to_the_bit() -> None:
    parts = tiny_parts()
    policy, batch = tiny_policy(parts), tiny_batch(parts)
    schedule = flow_schedule(4, shift=3.0, sigma_max=1.0)
    with torch.no_grad():
        conditions = policy.conditions(batch)
    rollout = next(
        roll_out(
            lambda x, sigma_B: policy.velocity(x, sigma_B, conditions),
            sde_steps(schedule, 0.0, range(1, 3)),
            batch.source_BCTHW,
            Draws.of(5),
            group=1,
            same_noise=False,
        )
    )
    noise = torch.randn(2, *SHAPE, generator=Draws.of(5).noise)
    sampler = Sampler(schedule=schedule, guidance=Guidance(scale=1.0), solver="euler")
    expected = sampler.sample(
        policy._denoiser, GuidedConditions(conditional=conditions), SHAPE, [0, 1], noise_BCTHW=noise
    )
    assert torch.equal(rollout.latents_BCTHW, expected)
    assert rollout.transitions == ()


def test_steps_outside_the_window_add_no_noise() -> None:
    steps = sde_steps(TEN, 0.7, range(3, 5))
    assert [index for index, step in enumerate(steps) if step.std > 0] == [3, 4]
    assert [step.dt for step in steps] == pytest.approx([b - a for a, b in TEN.pairs()], abs=1e-7)


@pytest.mark.parametrize("index", [1, 5, 9])
def test_a_step_adds_what_the_published_formulas_say(index: int) -> None:
    step = sde_steps(TEN, 0.7, range(10))[index]
    x, v = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(index)).unbind(0)
    sigma, dt = TEN.sigmas[index], TEN.sigmas[index + 1] - TEN.sigmas[index]
    std = 0.7 * math.sqrt(sigma / (1 - sigma))
    published = x * (1 + std**2 / (2 * sigma) * dt) + v * (1 + std**2 * (1 - sigma) / (2 * sigma)) * dt
    assert torch.allclose(step.mean(x, v), published, atol=1e-5)
    assert step.std == pytest.approx(std * math.sqrt(-dt), rel=1e-6)


def test_the_first_step_takes_the_second_level_for_its_pole() -> None:
    first = sde_steps(TEN, 0.7, range(1))[0]
    assert first.sigma == 1.0
    assert first.diffusion == pytest.approx(0.7 * math.sqrt(1 / (1 - TEN.sigmas[1])))
    assert first.std == pytest.approx(0.7, rel=1e-5), "s^2 dt is a^2 at the pole: the noise of the step stays below 1"
    # Wan's grid begins a little below 1, where the formula as it stands would add ten times too much.
    below = sde_steps(flow_schedule(10, shift=3.0), 0.7, range(1))[0]
    assert below.std == pytest.approx(first.std, rel=0.02)


@pytest.mark.parametrize("noise_level", [0.3, 0.7, 1.0])
def test_the_marginals_of_the_stochastic_sampler_are_those_of_the_ode(noise_level: float) -> None:
    mean, spread, count = 0.8, 0.4, 20000
    schedule = flow_schedule(200, shift=3.0, sigma_max=1.0)

    def velocity(x: torch.Tensor, sigma_B: torch.Tensor) -> torch.Tensor:
        return exact_velocity(x, sigma_B, mean, spread)

    reached = {}
    for level in (0.0, noise_level):
        rollout = next(
            roll_out(
                velocity,
                sde_steps(schedule, level, range(200)),
                torch.zeros(count, 1),
                Draws.of(1),
                group=1,
                same_noise=False,
            )
        )
        reached[level] = [each.reached_BCTHW for each in rollout.transitions]
        final = rollout.latents_BCTHW
        # Monte Carlo: 5 standard errors; the steps' own error is the rest.
        assert float(final.mean()) == pytest.approx(mean, abs=5 * spread / math.sqrt(count) + 0.005)
        assert float(final.std()) == pytest.approx(spread, abs=5 * spread / math.sqrt(2 * count) + 0.008)
    for index in (60, 120, 180):
        sigma = schedule.sigmas[index + 1]
        there = reached[noise_level][index]
        exact = math.sqrt((1 - sigma) ** 2 * spread**2 + sigma**2)
        assert float(there.mean()) == pytest.approx((1 - sigma) * mean, abs=5 * exact / math.sqrt(count) + 0.01)
        assert float(there.std()) == pytest.approx(exact, abs=5 * exact / math.sqrt(2 * count) + 0.012)


def test_the_stochastic_samplers_error_falls_with_the_number_of_steps() -> None:
    """Exact, without drawing: every step is affine, so mean and variance can be carried along."""
    mean, spread = 0.8, 0.4
    errors = []
    for count in (25, 100, 400):
        schedule = flow_schedule(count, shift=3.0, sigma_max=1.0)
        middle, variance = 0.0, 1.0
        for step in sde_steps(schedule, 0.7, range(count)):
            points = torch.tensor([[0.0], [1.0]])
            sigma_B = torch.full((2,), step.sigma, dtype=torch.float64)
            low, high = step.mean(points, exact_velocity(points, sigma_B, mean, spread)).flatten().tolist()
            middle, variance = low + (high - low) * middle, (high - low) ** 2 * variance + step.std**2
        errors.append(abs(middle - mean) + abs(math.sqrt(variance) - spread))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.005


def test_log_densities_are_those_of_torchs_normal_distribution_averaged_over_dimensions() -> None:
    step = sde_steps(TEN, 0.7, range(10))[4]
    made = torch.Generator().manual_seed(0)
    mean, noise = torch.randn(2, 3, 16, 2, 4, 4, generator=made).unbind(0)
    reached = mean + step.std * noise
    expected = torch.distributions.Normal(mean.double(), step.std).log_prob(reached.double()).flatten(1).mean(1)
    found = step.log_prob(reached, mean)
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), expected, atol=1e-6)


def test_the_divergence_is_torchs_and_zero_between_equals() -> None:
    step = sde_steps(TEN, 0.7, range(10))[4]
    made = torch.Generator().manual_seed(0)
    mean, other = torch.randn(2, 3, 16, 2, 4, 4, generator=made).unbind(0)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mean, step.std), normal(other, step.std)).flatten(1).mean(1)
    assert torch.allclose(step.divergence(mean, other), expected, rtol=1e-5)
    assert step.divergence(mean, mean).tolist() == [0.0, 0.0, 0.0]


def test_log_densities_are_fp32_also_under_bf16_compute() -> None:
    parts = tiny_parts()
    policy, batch = tiny_policy(parts, bf16=True), tiny_batch(parts)
    with torch.no_grad():
        conditions = policy.conditions(batch)
    steps = sde_steps(flow_schedule(4, shift=3.0, sigma_max=1.0), 0.7, range(1, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rollout = next(
            roll_out(
                lambda x, sigma_B: policy.velocity(x, sigma_B, conditions),
                steps,
                batch.source_BCTHW,
                Draws.of(5),
                group=1,
                same_noise=True,
            )
        )
    (taken,) = rollout.transitions
    for tensor in (taken.latents_BCTHW, taken.reached_BCTHW, taken.mean_BCTHW, taken.log_prob_B):
        assert tensor.dtype == torch.float32
    normal = torch.distributions.Normal(taken.mean_BCTHW.double(), taken.step.std)
    assert torch.allclose(
        taken.log_prob_B.double(), normal.log_prob(taken.reached_BCTHW.double()).flatten(1).mean(1), atol=1e-6
    )


@pytest.mark.parametrize("same_noise", [True, False])
def test_a_group_with_one_noise_runs_the_steps_before_the_window_once(same_noise: bool) -> None:
    asked: list[float] = []

    def velocity(x: torch.Tensor, sigma_B: torch.Tensor) -> torch.Tensor:
        asked.append(float(sigma_B[0]))
        return 0.1 * x

    steps = sde_steps(TEN, 0.7, range(4, 6))
    rollouts = list(roll_out(velocity, steps, torch.zeros(2, 3), Draws.of(0), group=3, same_noise=same_noise))
    assert len(asked) == (4 + 3 * 6 if same_noise else 3 * 10)
    starts = [each.transitions[0].latents_BCTHW for each in rollouts]
    assert torch.equal(starts[0], starts[1]) is same_noise
    ends = [each.latents_BCTHW for each in rollouts]
    assert not torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0][0], ends[0][1]), "two samples have noise of their own"


def test_the_same_generators_give_the_same_rollouts() -> None:
    def once() -> list[torch.Tensor]:
        draws = Draws.of(7)
        window = draw_window(GrpoConfig(), draws)
        steps = sde_steps(TEN, 0.7, window)
        made = roll_out(lambda x, s: 0.1 * x, steps, torch.zeros(2, 3), draws, group=2, same_noise=True)
        return [each.latents_BCTHW for each in made]

    assert all(torch.equal(a, b) for a, b in zip(once(), once(), strict=True))


def test_windows_begin_in_the_first_half_and_are_the_same_on_all_ranks() -> None:
    config = GrpoConfig(steps=10, window=2)
    ranks = [Draws.of(3, rank=rank) for rank in range(2)]
    drawn = [[draw_window(config, draws) for _ in range(300)] for draws in ranks]
    assert drawn[0] == drawn[1]
    assert {window.start for window in drawn[0]} == {0, 1, 2, 3, 4}
    assert {len(window) for window in drawn[0]} == {2}
    assert draw_window(replace(config, window_place="first"), ranks[0]) == range(2)
    assert draw_window(replace(config, window=10), ranks[0]) == range(10)
    assert draw_window(GrpoConfig(steps=10, window=8), Draws.of(0)).stop <= 10


def test_a_window_beyond_the_schedule_is_refused() -> None:
    with pytest.raises(UsageError, match="steps 9 to 10 cannot be stochastic"):
        sde_steps(TEN, 0.7, range(9, 11))
    with pytest.raises(UsageError, match="one step"):
        sde_steps(flow_schedule(1, shift=3.0, sigma_max=1.0), 0.7, range(1))


def test_a_deterministic_step_has_no_density() -> None:
    step = SdeStep(sigma=0.5, dt=-0.1, diffusion=0.0)
    with pytest.raises(UsageError, match="no density"):
        step.log_prob(torch.zeros(1, 2), torch.zeros(1, 2))


def test_a_velocity_that_is_no_number_names_step_and_sample() -> None:
    def broken(x: torch.Tensor, sigma_B: torch.Tensor) -> torch.Tensor:
        velocity = torch.zeros_like(x)
        if float(sigma_B[0]) < 0.9:
            velocity[1] = math.nan
        return velocity

    steps = sde_steps(TEN, 0.7, range(2))
    with pytest.raises(NotFiniteError, match=r"sigma 0\.\d+ of a rollout, sample b"):
        list(roll_out(broken, steps, torch.zeros(2, 3), Draws.of(0), group=2, same_noise=True, ids=("a", "b")))
