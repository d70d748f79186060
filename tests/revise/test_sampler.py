"""The sampling loop, with denoisers whose answer is known in closed form."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.errors import InterruptError, RveError, UsageError  # noqa: E402
from rvebench.revise.conditions import Conditions, GuidedConditions  # noqa: E402
from rvebench.revise.config_parts import Compat, SamplingConfig  # noqa: E402
from rvebench.revise.sampling.guidance import Guidance  # noqa: E402
from rvebench.revise.sampling.sampler import (  # noqa: E402
    NotFiniteError,
    Sampler,
    SamplingCancelledError,
    StepReport,
    seeded_noise,
)
from rvebench.revise.sampling.schedule import flow_schedule, official_schedule  # noqa: E402
from rvebench.revise.sampling.solvers import SolverName  # noqa: E402

SHAPE = (2, 3, 4, 4)
BOTH: list[SolverName] = ["euler", "unipc"]


def conditions(*values: float) -> GuidedConditions:
    """Contexts that name the clean clip of each sample; the null branch's clip is all zeros."""
    context = torch.tensor(values).reshape(-1, 1, 1)
    return GuidedConditions(
        conditional=Conditions(context_BLD=context), null=Conditions(context_BLD=torch.zeros_like(context))
    )


def to_clip(latents: Any, t_B: Any, given: Conditions) -> Any:
    """The exact flow to one constant clip: its value stands in the context."""
    clean, sigma = (part.reshape(-1, 1, 1, 1, 1) for part in (given.context_BLD.sum((1, 2)), t_B / 1000))
    return (latents - clean) / sigma


def sampler(steps: int = 4, scale: float = 1.0, solver: SolverName = "unipc", **more: Any) -> Sampler:
    return Sampler(schedule=flow_schedule(steps, **more), guidance=Guidance(scale=scale), solver=solver)


@pytest.mark.parametrize("solver", BOTH)
def test_samples_reach_the_clip_that_their_conditions_name(solver: SolverName) -> None:
    got = sampler(solver=solver).sample(to_clip, conditions(0.5, -2.0), SHAPE, [1, 2])
    wanted = torch.tensor([0.5, -2.0]).reshape(2, 1, 1, 1, 1).expand(2, *SHAPE)
    assert got.dtype == torch.float32
    assert torch.allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("solver", BOTH)
def test_guidance_moves_the_clip_away_from_the_null_branch(solver: SolverName) -> None:
    got = sampler(scale=3.0, solver=solver).sample(to_clip, conditions(0.5), SHAPE, [1])
    assert torch.allclose(got, torch.full_like(got, 1.5), atol=1e-5)


@pytest.mark.parametrize("solver", BOTH)
def test_loop_equals_one_written_out(solver: SolverName) -> None:
    def network(latents: Any, t_B: Any, given: Conditions) -> Any:
        return torch.sin(latents) * given.context_BLD.reshape(-1, 1, 1, 1, 1) + t_B.reshape(-1, 1, 1, 1, 1) / 1000

    schedule = flow_schedule(6, shift=3.0)
    given = conditions(0.5)
    if solver == "euler":
        latents = torch.randn(SHAPE, generator=torch.Generator().manual_seed(9))[None]
        for index in range(6):
            told = torch.tensor([1000 * schedule.sigmas[index]])
            cond, null = (network(latents, told, part) for part in (given.conditional, given.null))  # type: ignore[arg-type]
            latents = latents + (schedule.sigmas[index + 1] - schedule.sigmas[index]) * (null + 2.5 * (cond - null))
    else:  # the library's own loop
        from diffusers import UniPCMultistepScheduler

        scheduler = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True)
        scheduler.set_timesteps(6)
        scheduler.sigmas = torch.tensor(schedule.sigmas)
        latents = torch.randn(SHAPE, generator=torch.Generator().manual_seed(9))[None]
        for index, step in enumerate(scheduler.timesteps):
            told = torch.tensor([1000 * schedule.sigmas[index]])
            cond, null = (network(latents, told, part) for part in (given.conditional, given.null))  # type: ignore[arg-type]
            latents = scheduler.step(null + 2.5 * (cond - null), step, latents).prev_sample
    got = Sampler(schedule=schedule, guidance=Guidance(scale=2.5), solver=solver).sample(network, given, SHAPE, [9])
    assert torch.allclose(got, latents, atol=1e-5)


def test_sample_of_a_batch_has_the_noise_and_the_result_it_has_alone() -> None:
    noise = seeded_noise([7, 8, 9], SHAPE)
    assert torch.equal(noise[1], seeded_noise([8], SHAPE)[0])
    assert torch.equal(noise[1], torch.randn(SHAPE, generator=torch.Generator().manual_seed(8)))
    assert not torch.equal(noise[0], noise[1])

    def network(latents: Any, t_B: Any, given: Conditions) -> Any:
        return torch.sin(latents) * given.context_BLD.reshape(-1, 1, 1, 1, 1)

    batch = sampler(steps=8, scale=2.0).sample(network, conditions(0.3, 0.6, 0.9), SHAPE, [7, 8, 9])
    for index, (seed, value) in enumerate([(7, 0.3), (8, 0.6), (9, 0.9)]):
        alone = sampler(steps=8, scale=2.0).sample(network, conditions(value), SHAPE, [seed])
        assert torch.allclose(batch[index], alone[0], atol=1e-6)


def test_noise_ignores_the_global_generator_and_leaves_it_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = seeded_noise([3], SHAPE)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(1)
    assert torch.equal(first, seeded_noise([3], SHAPE))
    assert first.dtype == torch.float32
    assert first.device.type == "cpu"


def test_given_noise_takes_the_place_of_the_seeds() -> None:
    noise = torch.zeros(1, *SHAPE)
    constant = torch.ones_like(noise)
    euler = sampler(solver="euler", sigma_max=1.0)
    got = euler.sample(lambda latents, *_: constant, conditions(0.0), SHAPE, [1], noise_BCTHW=noise)
    assert torch.allclose(got, -constant, atol=1e-6)
    with pytest.raises(UsageError, match="noise has the shape"):
        euler.sample(to_clip, conditions(0.0), SHAPE, [1], noise_BCTHW=noise[:, :1])


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_conditions_are_computed_once_or_at_every_step_with_one_result(scale: float) -> None:
    computed, asked = [], []

    def compute() -> GuidedConditions:
        computed.append(torch.is_grad_enabled())
        return conditions(0.5)

    def network(*arguments: Any) -> Any:
        asked.append(1)
        return to_clip(*arguments)

    run = sampler(steps=5, scale=scale)
    once = run.sample(network, compute, SHAPE, [1])
    assert (len(computed), len(asked)) == (1, 5)
    computed.clear()
    again = run.sample(network, compute, SHAPE, [1], recompute_conditions=True)
    assert len(computed) == 5
    assert not any(computed)
    assert torch.equal(once, again)
    with pytest.raises(UsageError, match="come as a function"):
        run.sample(network, conditions(0.5), SHAPE, [1], recompute_conditions=True)


def test_progress_tells_of_every_step_and_cancelling_stops_between_two() -> None:
    told: list[StepReport] = []
    run = sampler(steps=5)
    got = run.sample(to_clip, conditions(0.5), SHAPE, [1], progress=told.append)
    assert [report.done for report in told] == [1, 2, 3, 4, 5]
    assert [report.sigma for report in told] == list(run.schedule.sigmas[1:])
    assert all(report.steps == 5 for report in told)
    assert torch.equal(told[-1].latents_BCTHW, got)
    told.clear()
    with pytest.raises(SamplingCancelledError, match="after 2 of 5 steps") as caught:
        run.sample(to_clip, conditions(0.5), SHAPE, [1], progress=told.append, cancelled=lambda: len(told) == 2)
    assert isinstance(caught.value, InterruptError)
    assert len(told) == 2


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_velocity_that_is_not_finite_stops_the_run_and_names_step_and_sample(poison: float) -> None:
    asked = []

    def network(latents: Any, t_B: Any, given: Conditions) -> Any:
        asked.append(1)
        velocity = to_clip(latents, t_B, given)
        if len(asked) == 3:
            velocity[1, 0, 0, 0, 0] = poison
        return velocity

    with pytest.raises(NotFiniteError, match=r"step 3 of 5 .*sample 1 \(seed 22\)") as caught:
        sampler(steps=5).sample(network, conditions(0.5, 0.5, 0.5), SHAPE, [11, 22, 33])
    assert isinstance(caught.value, RveError)
    assert len(asked) == 3
    assert "0 (seed 11)" not in str(caught.value)


def test_bad_calls_are_refused_in_one_sentence() -> None:
    run = sampler()
    for call, text in [
        (lambda: run.sample(to_clip, conditions(0.5), SHAPE, []), "no sample"),
        (lambda: run.sample(to_clip, conditions(0.5), SHAPE, [-1]), "from 0 to 2"),
        (lambda: run.sample(to_clip, conditions(0.5), SHAPE, [2**63]), "from 0 to 2"),
        (lambda: run.sample(to_clip, conditions(0.5), (2, 0, 4, 4), [1]), "cannot have the shape"),
        (lambda: run.sample(to_clip, conditions(0.5), SHAPE, [1, 2]), "conditions for 1 samples and seeds for 2"),
        (lambda: run.sample(lambda x, *_: x[:, :1], conditions(0.5), SHAPE, [1]), "answers in the shape"),
    ]:
        with pytest.raises(UsageError, match=text):
            call()


def test_configuration_gives_the_released_sampler() -> None:
    run = Sampler.of(SamplingConfig(), Compat())
    assert run.schedule == official_schedule()
    assert run.guidance == Guidance(scale=3.0, formula="official")
    assert run.guidance.standard_scale == 4.0
    assert run.solver == "unipc"
    exact = Sampler.of(SamplingConfig(solver="euler", steps=7, shift=3.0), Compat.named("fixed"), batched=False)
    assert exact.schedule == flow_schedule(7, shift=3.0)
    assert exact.guidance == Guidance(scale=3.0, formula="standard", batched=False)


def test_no_gradient_is_kept() -> None:
    weight = torch.ones((), requires_grad=True)
    got = sampler().sample(lambda *a: weight * to_clip(*a), conditions(0.5), SHAPE, [1])
    assert not got.requires_grad


# Windows of a long clip, denoised together.


def test_windows_that_agree_give_what_the_whole_clip_gives() -> None:
    def network(latents: Any, t_B: Any, given: Conditions) -> Any:
        return torch.sin(latents) * given.context_BLD.reshape(-1, 1, 1, 1, 1)

    shape = (2, 7, 4, 4)
    weights = torch.tensor([[1, 1, 0.75, 0.5, 0.25], [0.25, 0.5, 0.75, 1, 1]])
    run = sampler(steps=6, scale=2.0)
    whole = run.sample(network, conditions(0.7), shape, [4])
    windows = run.sample_windows(network, [conditions(0.7)] * 2, shape, [4], starts=[0, 2], weights_WT=weights)
    assert torch.allclose(whole, windows, atol=1e-5)


def test_windows_with_different_goals_cross_over_where_they_overlap() -> None:
    weights = torch.tensor([[1, 1, 0.75, 0.5, 0.25], [0.25, 0.5, 0.75, 1, 1]])
    got = sampler(steps=3).sample_windows(
        to_clip, [conditions(0.0), conditions(1.0)], (2, 7, 4, 4), [4], starts=[0, 2], weights_WT=weights
    )
    assert torch.allclose(got[0, 0, :, 0, 0], torch.tensor([0, 0, 0.25, 0.5, 0.75, 1, 1]), atol=1e-5)


def test_windows_that_do_not_fit_are_refused() -> None:
    weights = torch.tensor([[1, 1, 0.75, 0.5, 0.25], [0.25, 0.5, 0.75, 1, 1]])
    run = sampler()
    two = [conditions(0.0)] * 2
    for given, starts, shares, text in [
        (two, [0, 3], weights, "leaves the clip"),
        (two[:1], [0, 2], weights, "as many conditions"),
        (two, [0, 2], 2 * weights, "sum to 1"),
    ]:
        with pytest.raises(UsageError, match=text):
            run.sample_windows(to_clip, given, (2, 7, 4, 4), [4], starts=starts, weights_WT=shares)


def test_planned_windows_of_a_long_clip_are_sampled_as_planned() -> None:
    from rvebench.revise.sampling.windows import WindowPolicy, plan_clip

    plan = plan_clip(50, 24.0, WindowPolicy(frames=17, overlap=5, blend="latent"))
    goals = [conditions(float(index)) for index in range(len(plan.starts))]
    got = sampler(steps=3).sample_windows(
        to_clip,
        goals,
        (2, plan.latent_length, 4, 4),
        [4],
        starts=plan.latent_starts,
        weights_WT=plan.latent_weights(),
    )
    third = 1 / 3  # two latents in common: shares 1/3 and 2/3
    wanted = [0, 0, 0, third, 2 * third, 1, 1 + third, 1 + 2 * third, 2, 2 + third, 2 + 2 * third, 3, 3, 3]
    assert torch.allclose(got[0, 0, :, 0, 0], torch.tensor(wanted), atol=1e-5)
