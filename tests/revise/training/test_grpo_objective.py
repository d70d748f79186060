"""Edit-GRPO as a whole: ratio 1 before the first update, gradients, divergence, groups without a say, learning."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rvebench.errors import UsageError
from rvebench.revise.assembly import Parts
from rvebench.revise.model.vae import VideoVae, signal_to_frames
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config import GrpoConfig, LoraConfig, RewardConfig, training_preset
from rvebench.revise.training.lora import add_lora
from rvebench.revise.training.objectives.build import build_objective
from rvebench.revise.training.objectives.edit_grpo import EditGrpo, StepWork
from rvebench.revise.training.objectives.protocol import Objective, WorkItem
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.ratios import clipped_loss
from rvebench.revise.training.reference import ReferenceWeights
from rvebench.revise.training.rewards import Captions, Edits, RewardError, RewardSet, RewardTools, make_rewards
from rvebench.revise.training.rollouts import SdeStep, Transition
from tests.revise.training.grpo_world import (
    GaussianPolicy,
    IdentityVae,
    logged,
    plain_batch,
    reward_of,
    shade_grpo,
    tiny_batch,
    tiny_parts,
    tiny_policy,
)
from tests.revise.training.toy import equal, state_of, trainer

PIXELS = (RewardConfig(name="target-nearness"), RewardConfig(name="source-preservation-pixels", weight=0.5))
CONFIG = GrpoConfig(group=3, steps=4, window=2, rewards=PIXELS)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return tiny_parts()


def _grpo(config: GrpoConfig, policy: Any, vae: Any, rewards: RewardSet | None = None) -> EditGrpo:
    rewards = rewards or make_rewards(config.rewards, RewardTools())
    reference = ReferenceWeights(policy.net) if config.kl_weight else None
    return EditGrpo(config, rewards=rewards, vae=vae, reference=reference)


def _constant(value: float = 0.5) -> RewardSet:
    return RewardSet(rewards={"constant": reward_of(lambda edits: [value] * len(edits))}, weights={"constant": 1.0})


def _change(policy: Any, by: float = 1e-3) -> None:
    with torch.no_grad():
        made = torch.Generator().manual_seed(9)
        for parameter in policy.net.parameters():
            if parameter.requires_grad:
                parameter.add_(by * torch.randn(parameter.shape, generator=made))


def _total(grpo: EditGrpo, items: list[WorkItem], policy: Any) -> torch.Tensor:
    """As the loop adds parts up: weighed by their samples."""
    weights = sum(item.weight for item in items)
    losses = [grpo.loss(item, policy, Draws.of(0), step=0).loss * (item.weight / weights) for item in items]
    return torch.stack(losses).sum()


@pytest.mark.parametrize(
    ("bf16", "guidance", "checkpointed", "parts_asked"),
    [(False, 1.0, False, 1), (False, 2.0, False, 2), (True, 1.0, False, 1), (False, 1.0, True, 2)],
)
def test_the_ratio_is_exactly_one_and_the_divergence_zero_before_the_first_update(
    parts: Parts, bf16: bool, guidance: float, checkpointed: bool, parts_asked: int
) -> None:
    policy = tiny_policy(parts, bf16=bf16)
    if checkpointed:
        policy.net.transformer.enable_gradient_checkpointing()  # type: ignore[operator]
    grpo = _grpo(replace(CONFIG, guidance_scale=guidance), policy, VideoVae(parts.vae))
    assert isinstance(grpo, Objective)
    (items,) = grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=parts_asked)
    assert len(items) == parts_asked * 3 * 2
    for item in items:
        step = grpo.loss(item, policy, Draws.of(1), step=0)
        assert step.loss.requires_grad
        assert (step.metrics["ratio"], step.metrics["ratio/min"], step.metrics["ratio/max"]) == (1.0, 1.0, 1.0)
        assert step.metrics["ratio/clipped"] == 0.0
        assert step.metrics["kl"] == 0.0


def test_the_log_density_is_recomputed_to_the_bit(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae))
    (items,) = grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=1)
    for item in items:
        work = item.extra
        assert isinstance(work, StepWork)
        taken = work.transition
        sigma_B = torch.full((2,), taken.step.sigma, dtype=torch.float64)
        velocity = policy.velocity(taken.latents_BCTHW, sigma_B, policy.conditions(item.batch))
        mean = taken.step.mean(taken.latents_BCTHW, velocity)
        assert mean.requires_grad
        assert torch.equal(mean, taken.mean_BCTHW)
        assert torch.equal(taken.step.log_prob(taken.reached_BCTHW, mean), taken.log_prob_B)


def test_after_an_update_ratio_and_divergence_move_and_a_second_pass_uses_the_same_rollouts(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(replace(CONFIG, updates=2), policy, VideoVae(parts.vae))
    first, second = grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=1)
    assert first is second
    _change(policy, 0.02)
    metrics = [grpo.loss(item, policy, Draws.of(1), step=1).metrics for item in second]
    assert all(each["kl"] > 0 for each in metrics)
    assert all(each["ratio"] != 1.0 for each in metrics)
    assert all(each["ratio/min"] < each["ratio"] < each["ratio/max"] for each in metrics)


def test_the_divergence_is_that_of_the_reference_weights(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae))
    _change(policy, 0.02)
    batch = tiny_batch(parts)
    (items,) = grpo.prepare(batch, policy, Draws.of(1), parts=1)
    untouched = tiny_policy(parts)
    for item in items:
        taken = item.extra.transition
        sigma_B = torch.full((2,), taken.step.sigma, dtype=torch.float64)
        means = []
        for each in (policy, untouched):
            with torch.no_grad():
                velocity = each.velocity(taken.latents_BCTHW, sigma_B, each.conditions(batch)).double()
            x, sigma, dt = taken.latents_BCTHW.double(), taken.step.sigma, taken.step.dt
            s2 = 0.7**2 * sigma / (1 - min(sigma, grpo._schedule.sigmas[1]))
            drift = x * (1 + s2 / (2 * sigma) * dt) + velocity * (1 + s2 * (1 - sigma) / (2 * sigma)) * dt
            means.append(drift)
        expected = ((means[0] - means[1]) ** 2).flatten(1).mean(1) / (2 * s2 * -dt)
        found = grpo.loss(item, policy, Draws.of(1), step=0).metrics["kl"]
        assert found == pytest.approx(float(expected.mean()), rel=1e-3)


def test_with_lora_the_reference_is_the_model_without_its_adapter(parts: Parts) -> None:
    policy = tiny_policy(parts)
    plain = tiny_policy(parts)
    policy.net.requires_grad_(False)
    add_lora(policy.net.transformer, LoraConfig(rank=2, alpha=2.0))
    reference = ReferenceWeights(policy.net)
    factors = sum(parameter.numel() for parameter in policy.net.parameters() if parameter.requires_grad)
    assert reference.size_bytes == 4 * factors
    _change(policy, 0.1)
    batch, sigma_B = tiny_batch(parts), torch.full((2,), 0.5, dtype=torch.float64)

    def asked(each: Policy) -> torch.Tensor:
        with torch.no_grad():
            return each.velocity(batch.source_BCTHW, sigma_B, each.conditions(batch))

    changed = asked(policy)
    with reference.applied():
        assert torch.equal(asked(policy), asked(plain))
    assert torch.equal(asked(policy), changed)
    assert not torch.equal(changed, asked(plain))


def _transition(seed: int = 0) -> tuple[Transition, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    step = SdeStep(sigma=0.8, dt=-0.1, diffusion=1.2)
    old, noise, drift = torch.randn(3, 5, 3, 2, 2, 2, generator=made).unbind(0)
    reached = old + step.std * noise
    mean = (old + 0.05 * drift).requires_grad_()
    taken = Transition(
        step=step, latents_BCTHW=old, reached_BCTHW=reached, mean_BCTHW=old, log_prob_B=step.log_prob(reached, old)
    )
    return taken, mean


@pytest.mark.parametrize("ratio_norm", [False, True])
def test_the_clipped_loss_is_that_of_an_oracle(ratio_norm: bool) -> None:
    taken, mean = _transition()
    advantages = torch.tensor([1.5, -2.0, 0.3, -0.1, 0.0])
    clip_range = 1e-3
    found = clipped_loss(
        taken.step.log_prob(taken.reached_BCTHW, mean),
        mean,
        taken,
        advantages,
        clip_range=clip_range,
        ratio_norm=ratio_norm,
    )
    new, old, reached = (each.detach().double().numpy() for each in (mean, taken.mean_BCTHW, taken.reached_BCTHW))
    std = 1.2 * math.sqrt(0.1)
    log_ratio = (((reached - old) ** 2 - (reached - new) ** 2) / (2 * std**2)).reshape(5, -1).mean(1)
    if ratio_norm:
        log_ratio = std * (log_ratio + ((new - old) ** 2).reshape(5, -1).mean(1) / (2 * std**2))
    ratio = np.exp(log_ratio)
    weights = advantages.numpy()
    losses = -np.minimum(weights * ratio, weights * np.clip(ratio, 1 - clip_range, 1 + clip_range))
    assert np.allclose(found.ratio_B.detach().numpy(), ratio, atol=1e-5)
    assert np.allclose(found.policy_B.detach().numpy(), losses / (0.1 if ratio_norm else 1), atol=1e-4)
    beyond = ((weights > 0) & (ratio > 1 + clip_range)) | ((weights < 0) & (ratio < 1 - clip_range))
    assert found.clipped_B.tolist() == beyond.tolist()
    (gradient,) = torch.autograd.grad(found.policy_B.sum(), mean)
    assert (gradient.flatten(1).abs().amax(1) > 0).tolist() == (~beyond & (weights != 0)).tolist()


def test_a_normalised_log_ratio_is_centred_at_all_steps() -> None:
    """Under the rollout's weights E[log ratio] = -KL; GRPO-Guard gives that back."""
    step = SdeStep(sigma=0.6, dt=-0.1, diffusion=0.9)
    made = torch.Generator().manual_seed(0)
    old = torch.zeros(4000, 8)
    new = old + 0.3
    reached = old + step.std * torch.randn(old.shape, generator=made)
    taken = Transition(
        step=step, latents_BCTHW=old, reached_BCTHW=reached, mean_BCTHW=old, log_prob_B=step.log_prob(reached, old)
    )
    log_prob = step.log_prob(reached, new)
    ones = torch.ones(4000)
    plain = clipped_loss(log_prob, new, taken, ones, clip_range=1e-3)
    normed = clipped_loss(log_prob, new, taken, ones, clip_range=1e-3, ratio_norm=True)
    assert float(plain.ratio_B.log().mean()) == pytest.approx(-float(step.divergence(new, old)[0]), rel=0.05)
    assert abs(float(normed.ratio_B.log().mean())) < 5 * 0.3 / math.sqrt(8 * 4000)


def test_the_gradient_of_the_first_update_is_the_policy_gradient() -> None:
    policy = GaussianPolicy((3, 1, 2, 2))
    grpo = _grpo(replace(CONFIG, kl_weight=0.0), policy, IdentityVae())
    (items,) = grpo.prepare(plain_batch(2), policy, Draws.of(1), parts=1)  # type: ignore[arg-type]
    (found,) = torch.autograd.grad(_total(grpo, items, policy), policy.net.mean)
    expected = torch.zeros_like(found)
    for item in items:
        work = item.extra
        taken = work.transition
        sigma_B = torch.full((2,), taken.step.sigma, dtype=torch.float64)
        velocity = policy.velocity(taken.latents_BCTHW, sigma_B, policy.conditions(item.batch))
        log_prob = taken.step.log_prob(taken.reached_BCTHW, taken.step.mean(taken.latents_BCTHW, velocity))
        surrogate = -(work.advantages_B * log_prob).mean() / len(items)
        expected += torch.autograd.grad(surrogate, policy.net.mean)[0]
    assert torch.allclose(found, expected, atol=1e-8)
    assert found.abs().max() > 0


def test_groups_that_are_all_alike_give_no_gradient_and_no_hang(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae), _constant())
    _change(policy)
    (items,) = grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=1)
    assert len(items) == 3 * 2, "all ranks make as many passes"
    loss = _total(grpo, items[:2], policy)
    assert float(loss.detach()) == 0.0
    loss.backward()
    gradients = [parameter.grad for parameter in policy.net.parameters() if parameter.grad is not None]
    assert gradients
    assert all(gradient.abs().max() == 0 for gradient in gradients)
    assert items[0].extra.report["groups/alike"] == 1.0


def test_what_is_left_out_weighs_nothing_and_the_rest_as_if_it_had_not_been_there() -> None:
    """A sample whose rewards are all alike, and one edit without a verdict."""

    def score(edits: Edits) -> list[float | None]:
        shades = edits.edit_BTHWC.float().flatten(1).mean(1).tolist()
        return [0.25 if sample == "plain-1" else shade for sample, shade in zip(edits.ids, shades, strict=True)]

    rewards = RewardSet(rewards={"shade": reward_of(score)}, weights={"shade": 1.0})
    policy = GaussianPolicy((3, 1, 2, 2), mean=0.1)
    grpo = _grpo(CONFIG, policy, IdentityVae(), rewards)
    with torch.no_grad():
        policy.net.mean.add_(0.05)  # away from the reference: the divergence counts too
    (items,) = grpo.prepare(plain_batch(2), policy, Draws.of(1), parts=2)  # type: ignore[arg-type]
    # The same noise: the first part's comes first.
    (lone,) = grpo.prepare(plain_batch(1), policy, Draws.of(1), parts=1)  # type: ignore[arg-type]
    assert len(lone) == len(items) // 2
    both, alone = (torch.autograd.grad(_total(grpo, each, policy), policy.net.mean)[0] for each in (items, lone))
    assert torch.allclose(both, alone, atol=1e-9)
    assert both.abs().max() > 1e-6
    assert {item.extra.scale for item in items} == {2.0}
    assert items[0].extra.report["groups/alike"] == 0.5


def test_an_edit_without_a_verdict_is_left_out_of_its_group() -> None:
    told = iter([[1.0], [None], [3.0]])
    rewards = RewardSet(rewards={"judge": reward_of(lambda edits: next(told))}, weights={"judge": 1.0})
    policy = GaussianPolicy((3, 1, 2, 2))
    grpo = _grpo(CONFIG, policy, IdentityVae(), rewards)
    (items,) = grpo.prepare(plain_batch(1), policy, Draws.of(1), parts=1)  # type: ignore[arg-type]
    advantages = [float(item.extra.advantages_B) for item in items[::2]]
    assert advantages == [pytest.approx(-1.0, abs=1e-3), 0.0, pytest.approx(1.0, abs=1e-3)]
    assert [bool(item.extra.kept_B) for item in items[::2]] == [True, False, True]
    report = items[0].extra.report
    assert (report["reward/judge"], report["reward/judge/std"]) == (2.0, 1.0)
    assert report["edits/unread"] == pytest.approx(1 / 3)


def test_a_rank_without_samples_gets_updates_without_parts(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(replace(CONFIG, updates=2), policy, VideoVae(parts.vae))
    draws, others = Draws.of(1, rank=1), Draws.of(1)
    assert grpo.prepare(tiny_batch(parts).take([]), policy, draws, parts=1) == [[], []]
    grpo.prepare(tiny_batch(parts), policy, others, parts=1)
    assert torch.equal(draws.shared.get_state(), others.shared.get_state()), "ranks draw the next window alike"


def test_a_few_steps_raise_the_reward() -> None:
    """Edits are normal around a mean that is learnt; the target is a lighter colour."""
    torch.manual_seed(0)
    policy = GaussianPolicy((3, 1, 2, 2), spread=0.3)
    config = GrpoConfig(
        group=8, steps=6, window=2, kl_weight=0.0, clip_range=0.05, rewards=(RewardConfig(name="target-nearness"),)
    )
    grpo = _grpo(config, policy, IdentityVae())
    optimizer = torch.optim.Adam(policy.net.parameters(), lr=0.02)
    draws, batch = Draws.of(0), plain_batch(4)
    rewards = []
    for _ in range(40):
        for items in grpo.prepare(batch, policy, draws, parts=1):  # type: ignore[arg-type]
            optimizer.zero_grad()
            _total(grpo, items, policy).backward()
            optimizer.step()
        rewards.append(items[0].extra.report["reward/total"])
    assert np.mean(rewards[-5:]) > np.mean(rewards[:5]) + 0.05, (rewards[:5], rewards[-5:])
    assert float(policy.net.mean.detach().mean()) == pytest.approx(0.5, abs=0.2)


def test_the_divergence_holds_the_weights_near_the_reference() -> None:
    moved = []
    for weight in (0.0, 50.0):
        policy = GaussianPolicy((3, 1, 2, 2), spread=0.3)
        config = GrpoConfig(
            group=4,
            steps=4,
            window=1,
            kl_weight=weight,
            clip_range=0.05,
            rewards=(RewardConfig(name="target-nearness"),),
        )
        grpo = _grpo(config, policy, IdentityVae())
        optimizer = torch.optim.SGD(policy.net.parameters(), lr=2.0)
        draws = Draws.of(0)
        for _ in range(15):
            (items,) = grpo.prepare(plain_batch(4), policy, draws, parts=1)  # type: ignore[arg-type]
            optimizer.zero_grad()
            _total(grpo, items, policy).backward()
            optimizer.step()
        moved.append(float(policy.net.mean.detach().abs().mean()))
    assert moved[1] < 0.6 * moved[0]


def test_rewards_are_given_the_frames_of_source_target_edit_and_each_pixels_share_of_change(parts: Parts) -> None:
    seen: list[Edits] = []

    def score(edits: Edits) -> list[float]:
        seen.append(edits)
        return [float(edits.edit_BTHWC[index].float().mean()) for index in range(len(edits))]

    needs = frozenset({"source", "target", "change", "captions"})
    rewards = RewardSet(rewards={"seen": reward_of(score, needs)}, weights={"seen": 1.0})
    policy, batch, vae = tiny_policy(parts), tiny_batch(parts), VideoVae(parts.vae)
    captions = {sample: Captions(source="ice", edit="a puddle") for sample in batch.ids}
    grpo = EditGrpo(replace(CONFIG, kl_weight=0.0), rewards=rewards, vae=vae, captions=captions)
    grpo.prepare(batch, policy, Draws.of(1), parts=1)
    assert len(seen) == 3
    edits = seen[0]
    assert batch.source_frames_BTHWC is not None and batch.change_BTHW is not None
    assert edits.source_BTHWC is not None
    assert torch.equal(edits.source_BTHWC, batch.source_frames_BTHWC)
    assert edits.target_BTHWC is not None and edits.change_BTHW is not None
    assert torch.equal(edits.target_BTHWC, signal_to_frames(vae.decode(batch.target_BCTHW)))
    assert edits.edit_BTHWC.shape == (2, 5, 32, 32, 3)
    for frame, latent in enumerate((0, 1, 1, 1, 1)):
        assert edits.change_BTHW[1, frame, 9, 31] == batch.change_BTHW[1, latent, 1, 3]
    assert edits.captions == (Captions(source="ice", edit="a puddle"),) * 2
    quick = EditGrpo(
        replace(CONFIG, group=2, steps=2, window=1, kl_weight=0.0), rewards=rewards, vae=vae, captions=captions
    )
    quick.prepare(replace(batch, source_frames_BTHWC=None), policy, Draws.of(1), parts=1)
    assert seen[-1].source_BTHWC is not None
    assert torch.equal(seen[-1].source_BTHWC, signal_to_frames(vae.decode(batch.source_BCTHW)))
    with pytest.raises(RewardError, match="regions of change"):
        grpo.prepare(replace(batch, change_BTHW=None), policy, Draws.of(1), parts=1)
    partly = EditGrpo(replace(CONFIG, kl_weight=0.0), rewards=rewards, vae=vae, captions=captions, masks=True)
    partly.prepare(replace(batch, change_BTHW=None), policy, Draws.of(1), parts=1)
    assert torch.equal(seen[-1].change_BTHW, torch.ones(2, 5, 32, 32))  # type: ignore[arg-type]
    with pytest.raises(RewardError, match="no captions"):
        grpo.prepare(replace(batch, ids=("sample-0", "other")), policy, Draws.of(1), parts=1)


def test_frozen_networks_are_named_and_get_no_gradient(parts: Parts) -> None:
    policy = tiny_policy(parts)
    judge = torch.nn.Linear(1, 1).requires_grad_(False)
    reward = reward_of(lambda edits: edits.edit_BTHWC.float().flatten(1).mean(1).tolist())
    reward.modules = {"net": judge}
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae), RewardSet(rewards={"mine": reward}, weights={"mine": 1.0}))
    assert dict(grpo.frozen()) == {"vae": parts.vae, "reward.mine.net": judge}
    (items,) = grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=1)
    grpo.loss(items[0], policy, Draws.of(1), step=0).loss.backward()
    assert all(parameter.grad is None for parameter in parts.vae.parameters())
    for name, parameter in policy.net.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"noise_level": 0.0}, "deterministic rollouts"),
        ({"kl_weight": 0.1}, "no reference weights"),
        ({"steps": 1, "window": 1}, "at least two steps"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_runs(parts: Parts, changes: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        EditGrpo(replace(CONFIG, **{"kl_weight": 0.0, **changes}), rewards=_constant(), vae=VideoVae(parts.vae))


def test_rewards_that_read_captions_are_refused_where_there_are_none(parts: Parts) -> None:
    rewards = RewardSet(
        rewards={"preference": reward_of(lambda edits: [], frozenset({"captions"}))}, weights={"preference": 1.0}
    )
    with pytest.raises(UsageError, match="preference compare"):
        EditGrpo(replace(CONFIG, kl_weight=0.0), rewards=rewards, vae=VideoVae(parts.vae))


def test_a_network_that_drops_numbers_is_refused(parts: Parts) -> None:
    policy = tiny_policy(parts)
    add_lora(policy.net.transformer, LoraConfig(rank=2, dropout=0.1))
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae), _constant())
    with pytest.raises(UsageError, match="drops numbers at random") as caught:
        grpo.prepare(tiny_batch(parts), policy, Draws.of(1), parts=1)
    assert "lora.dropout" in str(caught.value.hint)


def test_the_same_generators_prepare_the_same_parts() -> None:
    def once() -> list[torch.Tensor]:
        grpo = _grpo(CONFIG, policy := GaussianPolicy((3, 1, 2, 2)), IdentityVae())
        (items,) = grpo.prepare(plain_batch(4), policy, Draws.of(4), parts=2)  # type: ignore[arg-type]
        return [tensor for item in items for tensor in (item.extra.transition.reached_BCTHW, item.extra.advantages_B)]

    assert all(torch.equal(a, b) for a, b in zip(once(), once(), strict=True))


def test_metrics_name_every_reward(parts: Parts) -> None:
    policy = tiny_policy(parts)
    grpo = _grpo(CONFIG, policy, VideoVae(parts.vae))
    batch: Batch = tiny_batch(parts)
    (items,) = grpo.prepare(batch, policy, Draws.of(1), parts=1)
    metrics = grpo.loss(items[0], policy, Draws.of(1), step=0).metrics
    assert {"reward/total", "reward/target-nearness", "reward/source-preservation-pixels/std"} <= set(metrics)
    total = metrics["reward/target-nearness"] + 0.5 * metrics["reward/source-preservation-pixels"]
    assert metrics["reward/total"] == pytest.approx(total)
    assert all(math.isfinite(value) for value in metrics.values())


def test_a_configuration_is_built_with_the_models_own_vlm_as_a_reward(parts: Parts) -> None:
    policy = tiny_policy(parts)
    rewards = (RewardConfig(name="critic"), RewardConfig(name="target-nearness"))
    config = replace(
        training_preset("tiny-random"),
        objective="edit-grpo",
        grpo=GrpoConfig(group=2, steps=2, window=1, window_place="first", rewards=rewards),
    )
    grpo = build_objective(config, parts, policy)
    (items,) = grpo.prepare(tiny_batch(parts), policy, Draws.of(0), parts=1)
    metrics = grpo.loss(items[0], policy, Draws.of(0), step=0).metrics
    assert 0 < metrics["reward/critic"] < 1
    assert metrics["ratio"] == 1.0
    assert {name.split(".")[0] for name in grpo.frozen()} == {"vae", "reward"}
    with pytest.raises(UsageError, match="needs a CLIP"):
        build_objective(replace(config, grpo=GrpoConfig()), parts, policy)


def test_a_resumed_training_is_measured_from_the_weights_it_began_with(tmp_path: Path) -> None:
    changes = ("objective=edit-grpo", "loop.batch_size=2", "loop.steps=4", "optim.warmup_steps=0", "optim.lr=0.001")
    whole = trainer(tmp_path / "whole", *changes, objective=shade_grpo)  # type: ignore[arg-type]
    whole.run()
    trainer(tmp_path / "parts", *changes, objective=shade_grpo).run(until=2)  # type: ignore[arg-type]
    resumed = trainer(tmp_path / "parts", *changes, objective=shade_grpo)  # type: ignore[arg-type]
    assert resumed.resume() == 2
    resumed.run()
    assert equal(state_of(whole), state_of(resumed))
    once, twice = logged(tmp_path / "whole"), logged(tmp_path / "parts")
    assert [line["kl"] for line in once] == [line["kl"] for line in twice]
    assert once[0]["kl"] == 0.0 < once[1]["kl"]
    assert [line["ratio"] for line in once] == [1.0] * 4
