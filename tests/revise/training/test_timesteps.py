from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scipy import stats  # noqa: E402

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.sampling.schedule import official_trigger_rate, unshift_sigma  # noqa: E402
from rvebench.revise.training.batch import Draws  # noqa: E402
from rvebench.revise.training.config_parts import TimestepConfig  # noqa: E402
from rvebench.revise.training.timesteps import Gate, draw_sigmas, gate_rate, sigma_quantile  # noqa: E402

PAPER = {0.1: 3.5, 0.3: 12.5, 0.5: 25.0, 0.7: 43.7, 0.9: 75.0}
UNIFORM, NORMAL = TimestepConfig(), TimestepConfig(law="logit-normal")
LAWS = (UNIFORM, NORMAL, TimestepConfig(law="logit-normal", shift=1, logit_mean=-0.5, logit_std=0.8))


def law(config: TimestepConfig):
    """Returns the law's cumulative distribution, as scipy asks for it."""
    return lambda levels: np.array([gate_rate(config, float(each)) for each in levels])


def share_open(config: TimestepConfig, gate: Gate, steps: int, count: int = 1) -> float:
    draws = Draws.of(11)
    return float(
        torch.cat([draw_sigmas(count, config, draws, gate=gate).below_B for _ in range(steps)]).double().mean()
    )


@pytest.mark.parametrize(("tau", "percent"), PAPER.items())
def test_the_gates_rates_are_the_papers_in_closed_form_and_as_drawn(tau, percent):
    rate = gate_rate(UNIFORM, tau)
    assert rate == pytest.approx(tau / (3 - 2 * tau), rel=1e-15)
    assert math.floor(1000 * official_trigger_rate(tau)) / 10 == percent
    assert 100 * rate == pytest.approx(percent, abs=0.08)
    four_sigma = 4 * math.sqrt(rate * (1 - rate) / 5000)
    assert share_open(UNIFORM, Gate(tau, "step"), 5000) == pytest.approx(rate, abs=four_sigma)
    assert share_open(UNIFORM, Gate(tau, "sample"), 50, 100) == pytest.approx(rate, abs=four_sigma)


def test_the_released_files_other_law_would_open_the_gate_half_as_often():
    assert gate_rate(NORMAL, 0.5) == pytest.approx(0.136, abs=5e-4)
    assert share_open(NORMAL, Gate(0.5, "step"), 5000) == pytest.approx(0.136, abs=0.02)


@pytest.mark.parametrize("config", LAWS)
def test_the_rate_is_the_inverse_of_the_quantile(config):
    shares = torch.linspace(0.001, 0.999, 33, dtype=torch.float64)
    levels = sigma_quantile(config, shares).tolist()
    assert [gate_rate(config, level) for level in levels] == pytest.approx(shares.tolist(), abs=1e-12)
    assert sigma_quantile(config, torch.tensor([0.0, 1.0])).tolist() == [0, 1]
    assert gate_rate(config, 0) == 0
    assert gate_rate(config, 1) == 1


@pytest.mark.parametrize("config", LAWS[:2])
def test_levels_follow_their_law_as_scipy_knows_it(config):
    known = stats.uniform() if config.law == "uniform" else stats.norm()
    drawn = draw_sigmas(4000, config, Draws.of(2), gate=Gate(0.5, "sample")).sigma_B
    u = unshift_sigma(drawn, config.shift)
    values = u if config.law == "uniform" else torch.logit(u)
    assert stats.kstest(values.numpy(), known.cdf).pvalue > 0.01


@pytest.mark.parametrize("config", LAWS)
@pytest.mark.parametrize("place", [0, 3])
def test_a_gate_by_step_leaves_each_samples_law_as_it_was(config, place):
    draws = Draws.of(5)
    levels = [float(draw_sigmas(4, config, draws, gate=Gate(0.5)).sigma_B[place]) for _ in range(2000)]
    assert stats.kstest(levels, law(config)).pvalue > 0.01


def test_the_law_test_would_see_a_gate_that_is_open_too_often():
    draws = Draws.of(5)
    wrong = [float(draw_sigmas(1, TimestepConfig(shift=2), draws, gate=Gate(0.5)).sigma_B[0]) for _ in range(2000)]
    assert stats.kstest(wrong, law(UNIFORM)).pvalue < 1e-4


def test_two_ranks_are_on_one_side_of_the_gate_for_200_steps_whatever_their_samples():
    ranks = [Draws.of(9, rank) for rank in range(2)]
    sides = []
    for step in range(200):
        counts = (step % 5, 3)  # a rank may be out of samples
        first, second = (
            draw_sigmas(count, UNIFORM, draws, gate=Gate(0.5)) for count, draws in zip(counts, ranks, strict=True)
        )
        both = torch.cat([first.below_B, second.below_B])
        assert both.unique().numel() == 1
        assert not torch.equal(first.sigma_B[:1], second.sigma_B[:1])
        sides.append(bool(both[0]))
    assert 30 <= sum(sides) <= 70


@pytest.mark.parametrize("tau", [0.1, 0.3, 1 / 3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("config", LAWS)
def test_no_level_of_a_step_crosses_the_threshold(config, tau):
    draws = Draws.of(1)
    for _ in range(100):
        drawn = draw_sigmas(6, config, draws, gate=Gate(tau))
        below = drawn.sigma_B <= tau if drawn.below_B[0] else drawn.sigma_B >= tau
        assert below.all()


@pytest.mark.parametrize("gate", [None, Gate(0.5)])
def test_the_samples_of_a_step_are_spread_over_the_open_quantiles(gate):
    draws = Draws.of(3)
    orders = set()
    for _ in range(40):
        drawn = draw_sigmas(8, UNIFORM, draws, gate=gate)
        low, high = (0.0, 1.0) if gate is None else (0.0, 0.25) if drawn.below_B[0] else (0.25, 1.0)
        cells = ((unshift_sigma(drawn.sigma_B, 3.0) - low) / (high - low) * 8).long()
        assert sorted(cells.tolist()) == list(range(8))
        orders.add(tuple(cells.tolist()))
    assert len(orders) > 35


@pytest.mark.parametrize(("tau", "side"), [(0.0, False), (1.0, True)])
def test_a_gate_at_an_end_is_always_shut_or_always_open(tau, side):
    assert share_open(UNIFORM, Gate(tau), 200, 2) == float(side)


@pytest.mark.parametrize("config", LAWS)
@pytest.mark.parametrize("tau", [-0.1, 1.1, math.nan])
def test_a_threshold_that_is_no_noise_level_is_refused(config, tau):
    with pytest.raises(UsageError, match="from 0 to 1"):
        gate_rate(config, tau)
