"""That the reward's gradient is right: from the critic's answer through its eyes, the VAE and the estimate."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.revise.training.batch import Draws  # noqa: E402
from rvebench.revise.training.config_parts import UsoConfig  # noqa: E402
from rvebench.revise.training.objectives.build import build_objective  # noqa: E402
from rvebench.revise.training.objectives.uso import Uso  # noqa: E402
from tests.revise.training.double import double_precision  # noqa: E402
from tests.revise.training.small_training import small_batch, small_config, small_parts, small_policy  # noqa: E402

KINDS = ("nano", "tiny-random")


def doubled(parts):
    for module in parts.modules.values():
        module.double()
    null = parts.null
    changes = {
        field.name: getattr(null, field.name).double()
        for field in fields(null)
        if isinstance(getattr(null, field.name), torch.Tensor)
    }
    return replace(parts, null=replace(null, **changes))


def open_item(objective: Uso, batch, policy):
    """Returns a part of a step on which the gate is open."""
    for seed in range(50):
        ((item,),) = objective.prepare(batch, policy, Draws.of(seed), parts=1)
        if item.extra.below_B.all():
            return item
    raise AssertionError("the gate never opened")


@pytest.mark.parametrize("name", KINDS)
def test_finite_differences_confirm_the_gradient_of_the_reason_loss(name):
    """DiT -> x0 -> VAE -> patches -> VLM -> cross-entropy, in fp64, along a random direction of all trained weights."""
    config = small_config(name, objective="uso")
    parts = doubled(small_parts(name))
    with double_precision():
        policy, trained = small_policy(parts, config)
        batch = small_batch(parts, 1, dtype=torch.float64)
        objective = build_objective(config, parts, policy)
        silent = replace(objective, config=replace(config.uso, weight=0.0))
        item, draws = open_item(objective, batch, policy), Draws.of(0)

        def reason() -> torch.Tensor:
            """The whole loss less its flow part."""
            return objective.loss(item, policy, draws, step=0).loss - silent.loss(item, policy, draws, step=0).loss

        reason().backward()
        generator = torch.Generator().manual_seed(5)
        directions = [
            torch.randn(weight.shape, generator=generator) * weight.detach().abs().mean() for _, weight in trained
        ]
        analytic = sum(
            float((weight.grad * direction).sum())
            for (_, weight), direction in zip(trained, directions, strict=True)
            if weight.grad is not None
        )
        values, step = [], 1e-5
        with torch.no_grad():
            for sign in (1, -2):
                for (_, weight), direction in zip(trained, directions, strict=True):
                    weight.add_(direction, alpha=sign * step)
                values.append(float(reason()))
        numeric = (values[0] - values[1]) / (2 * step)
    assert abs(numeric) > 1e-7
    assert abs(analytic - numeric) / abs(numeric) < 1e-6


@pytest.mark.parametrize("name", KINDS)
def test_every_trained_tensor_gets_a_gradient_and_no_frozen_one_does(name):
    config = small_config(name, objective="uso", uso=UsoConfig(weight=1.0, decode="full"))
    parts = small_parts(name)
    policy, trained = small_policy(parts, config)
    objective = build_objective(config, parts, policy)
    silent = replace(objective, config=replace(config.uso, weight=0.0))
    item = open_item(objective, small_batch(parts, 1), policy)
    step, flow = (each.loss(item, policy, Draws.of(0), step=0) for each in (objective, silent))
    reason = torch.autograd.grad(
        step.loss - flow.loss, [weight for _, weight in trained], retain_graph=True, allow_unused=True
    )
    assert [name for (name, _), each in zip(trained, reason, strict=True) if each is None or not each.any()] == []
    step.loss.backward()
    assert [name for name, weight in trained if weight.grad is None or not weight.grad.any()] == []
    names = {name for name, _ in trained}
    assert [
        name for name, weight in policy.net.named_parameters() if name not in names and weight.grad is not None
    ] == []
    frozen = objective.frozen()
    assert {"vae", *parts.vlm.modules} == set(frozen)
    for module in frozen.values():
        assert all(weight.grad is None and not weight.requires_grad for weight in module.parameters())


@pytest.mark.parametrize("name", KINDS)
def test_the_surrogate_gives_the_gradient_that_one_backward_through_everything_gives(name):
    """In fp64, because the two differ by the order in which sums are taken."""
    config = small_config(name, objective="uso")
    parts = doubled(small_parts(name))
    with double_precision():
        policy, trained = small_policy(parts, config)
        objective = build_objective(config, parts, policy)
        batch = small_batch(parts, 2, dtype=torch.float64)
        item = open_item(objective, batch, policy)
        weights = [weight for _, weight in trained]
        step = objective.loss(item, policy, Draws.of(0), step=0)
        ours = torch.autograd.grad(step.loss, weights)

        draw = item.extra
        sigma = draw.sigma_B.view(-1, 1, 1, 1, 1)
        noisy = (1 - sigma) * batch.target_BCTHW + sigma * draw.noise_BCTHW
        velocity = policy.velocity(noisy, draw.sigma_B, policy.conditions(batch, draw.dropped))
        direct = (velocity - (draw.noise_BCTHW - batch.target_BCTHW)).square().mean()
        for index in range(2):
            x0 = (noisy - sigma * velocity)[index : index + 1]
            relative = (
                objective.verdicts.of(x0, batch, [index]).reading.delta_B[0]
                - objective.verdicts.baselines(batch, [index])[0]
            )
            direct = direct - 0.5 * torch.nn.functional.logsigmoid(relative) / 2
        theirs = torch.autograd.grad(direct, weights)
    assert float(step.loss) == pytest.approx(float(direct), rel=1e-12)
    scale = max(float(each.abs().max()) for each in theirs)
    assert max(float((one - other).abs().max()) for one, other in zip(ours, theirs, strict=True)) < 1e-12 * scale


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("half", "least"), [("vlm", 0.99), ("vae", 0.97)])
def test_in_bf16_the_reward_gradient_points_where_it_points_in_fp32(name, half, least):
    """The VLM is run in bf16; the VAE stays in fp32, and this is what it would lose."""
    config = small_config(name, objective="uso")
    exact, rounded = small_parts(name), small_parts(name)
    for key, module in rounded.modules.items():
        if (key == "vae") == (half == "vae") and key in ("vae", *rounded.vlm.modules):
            module.to(torch.bfloat16)
    gradients = []
    for parts in (exact, rounded):
        policy, _ = small_policy(exact, config)
        objective = build_objective(config, parts, policy)
        batch = small_batch(exact, 1)
        reason = objective.reasons(batch.target_BCTHW[:1], batch, [0])[0]
        gradients.append(reason.gradient_CTHW.double().flatten())
    cosine = float(torch.nn.functional.cosine_similarity(*gradients, dim=0))
    assert cosine > least
    assert not torch.equal(*gradients)
