"""The path from noise to latents, and the law by which training draws noise levels."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.sampling.schedule import (  # noqa: E402
    FlowSchedule,
    flow_schedule,
    noise_latents,
    noise_of,
    official_schedule,
    official_trigger_rate,
    shift_sigma,
    trigger_rate,
    unshift_sigma,
    velocity_target,
    x0_of,
)

levels = st.floats(0, 1)
shifts = st.floats(0.2, 12)


@given(levels, shifts)
def test_shift_keeps_the_ends_and_can_be_undone(sigma: float, shift: float) -> None:
    assert shift_sigma(0.0, shift) == 0
    assert shift_sigma(1.0, shift) == pytest.approx(1, abs=1e-15)
    assert unshift_sigma(shift_sigma(sigma, shift), shift) == pytest.approx(sigma, abs=1e-12)
    assert (shift_sigma(sigma, shift) - sigma) * (shift - 1) >= -1e-15


def test_shift_takes_tensors() -> None:
    sigma = torch.tensor([0.0, 0.25, 1.0])
    assert torch.allclose(shift_sigma(sigma, 3.0), torch.tensor([0.0, 0.5, 1.0]))


@pytest.mark.parametrize(("tau", "rate"), [(0.1, 0.1 / 2.8), (0.3, 0.125), (0.5, 0.25), (0.7, 0.4375), (0.9, 0.75)])
def test_trigger_law_is_tau_over_three_minus_two_tau(tau: float, rate: float) -> None:
    assert trigger_rate(tau) == pytest.approx(rate, abs=1e-15)
    assert trigger_rate(tau) == pytest.approx(tau / (3 - 2 * tau), abs=1e-15)


@pytest.mark.parametrize(("tau", "percent"), [(0.1, 3.5), (0.3, 12.5), (0.5, 25.0), (0.7, 43.7), (0.9, 75.0)])
def test_trigger_rates_of_the_paper_come_out_to_the_digit(tau: float, percent: float) -> None:
    assert official_trigger_rate(tau) == pytest.approx(percent / 100, abs=1e-12)


@given(st.floats(0.02, 0.98), st.floats(0.5, 8))
def test_trigger_law_agrees_with_drawing(tau: float, shift: float) -> None:
    drawn = shift_sigma(torch.linspace(0, 1, 20001, dtype=torch.float64), shift)
    assert float((drawn <= tau).double().mean()) == pytest.approx(trigger_rate(tau, shift), abs=1e-4)


@pytest.mark.parametrize("tau", [-0.1, 1.1, float("nan")])
def test_threshold_outside_the_path_is_refused(tau: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        trigger_rate(tau)


def test_path_and_its_estimates_fit_together() -> None:
    generator = torch.Generator().manual_seed(3)
    latents, noise = torch.randn(2, 3, 4, 5, 2, 2, generator=generator, dtype=torch.float64)
    sigma_B = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    noisy, velocity = noise_latents(latents, noise, sigma_B), velocity_target(latents, noise)
    for index, sigma in enumerate([0.2, 0.5, 0.9]):
        assert torch.allclose(noisy[index], (1 - sigma) * latents[index] + sigma * noise[index])
    assert torch.allclose(x0_of(noisy, velocity, sigma_B), latents)
    assert torch.allclose(noise_of(noisy, velocity, sigma_B), noise)
    # velocity is the path's slope
    ahead = noise_latents(latents, noise, sigma_B + 1e-6)
    assert torch.allclose((ahead - noisy) / 1e-6, velocity, atol=1e-8)


def test_estimate_of_the_clean_latents_lets_gradient_through() -> None:
    velocity = torch.zeros(2, 3, requires_grad=True)
    x0_of(torch.ones(2, 3), velocity, torch.tensor([0.25, 0.5])).sum().backward()
    assert torch.equal(velocity.grad, torch.tensor([[-0.25] * 3, [-0.5] * 3]))


def test_wrong_number_of_levels_is_refused() -> None:
    with pytest.raises(UsageError, match="2 samples need as many noise levels"):
        noise_latents(torch.ones(2, 3), torch.ones(2, 3), torch.tensor([0.1, 0.2, 0.3]))


def test_official_levels_are_wans() -> None:
    schedule = official_schedule()
    # Worked out from Wan2.1's definition by hand: u_i = .999 (40 - i) / 40, sigma = 5u / (1 + 4u).
    assert schedule.steps == 40
    assert schedule.sigmas[0] == pytest.approx(4.995 / 4.996, abs=1e-12)
    assert schedule.sigmas[20] == pytest.approx(2.4975 / 2.998, abs=1e-12)
    assert schedule.sigmas[39] == pytest.approx(0.124875 / 1.0999, abs=1e-12)
    assert schedule.sigmas[40] == 0
    assert [schedule.timesteps[index] for index in (0, 20, 39)] == [999, 833, 113]
    assert len(schedule.pairs()) == 40


@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0, 12.0])
def test_official_timesteps_are_those_of_wans_arithmetic(shift: float) -> None:
    for steps in range(1, 101):
        levels = np.linspace(float(np.float32(0.999)), 0.0, steps + 1)[:-1]
        levels = shift * levels / (1 + (shift - 1) * levels)
        schedule = official_schedule(steps, shift)
        assert np.allclose(schedule.sigmas[:-1], levels, atol=1e-7)
        assert list(schedule.timesteps) == (1000 * levels).astype(np.int64).tolist()


def test_official_levels_are_not_diffusers_own() -> None:
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
    )
    scheduler.set_timesteps(40)
    theirs, ours = scheduler.sigmas.double(), torch.tensor(official_schedule().sigmas, dtype=torch.float64)
    assert float((theirs - ours).abs().max()) == pytest.approx(0.0042, abs=2e-4)


@given(st.integers(1, 200), shifts, st.sampled_from([0.999, 1.0]))
def test_levels_fall_to_zero_and_are_told_to_the_network(steps: int, shift: float, sigma_max: float) -> None:
    schedule = flow_schedule(steps, shift=shift, sigma_max=sigma_max)
    assert schedule.steps == steps == len(schedule.timesteps)
    assert schedule.sigmas[-1] == 0
    assert all(told == 1000 * sigma for told, sigma in zip(schedule.timesteps, schedule.sigmas, strict=False))


def test_bad_schedules_are_refused_in_one_sentence() -> None:
    for call, text in [
        (lambda: flow_schedule(0), "at least one step"),
        (lambda: flow_schedule(4, shift=0), "above 0"),
        (lambda: flow_schedule(4, shift=float("nan")), "above 0"),
        (lambda: flow_schedule(4, sigma_max=1.5), "at most 1"),
        (lambda: flow_schedule(4, timesteps="round"), "exact or floor"),  # type: ignore[arg-type]
        (lambda: FlowSchedule(sigmas=(0.5, 0.5, 0.0), timesteps=(500.0, 500.0)), "must fall"),
        (lambda: FlowSchedule(sigmas=(0.5, 0.1), timesteps=(500.0,)), "must fall"),
        (lambda: FlowSchedule(sigmas=(0.5, 0.0), timesteps=()), "as many timesteps"),
        (lambda: official_trigger_rate(0.5, train_steps=0), "at least one step"),
    ]:
        with pytest.raises(UsageError, match=text):
            call()
