from __future__ import annotations

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.training.batch import Draws  # noqa: E402
from rvebench.revise.training.config_parts import (  # noqa: E402
    CriticConfig,
    DropoutConfig,
    RwrConfig,
    SftConfig,
    UsoConfig,
)
from rvebench.revise.training.critic import CriticReading  # noqa: E402
from rvebench.revise.training.objectives import rwr as rwr_module  # noqa: E402
from rvebench.revise.training.objectives.build import build_objective  # noqa: E402
from rvebench.revise.training.objectives.protocol import Objective  # noqa: E402
from rvebench.revise.training.objectives.rwr import reward_weights  # noqa: E402
from rvebench.revise.training.objectives.uso import capped_scale, reason_weight  # noqa: E402
from rvebench.revise.training.objectives.verdicts import relative_logit  # noqa: E402
from tests.revise.training.small_training import small_batch, small_config, small_parts, small_policy  # noqa: E402


class Brightness:
    """A critic that likes bright edits: its log-odds are a line in their mean."""

    fingerprint = "b" * 64

    def __init__(self, slope: float = 40.0, offset: float = -20.0) -> None:
        self.slope, self.offset, self.asked = slope, offset, []
        self.modules: dict[str, torch.nn.Module] = {}

    def read(self, sources, candidates, instructions, fps):
        self.asked.append((tuple(instructions), fps, [tuple(each.shape) for each in sources]))
        means = [each.float().mean() / (255 if each.dtype == torch.uint8 else 1) for each in candidates]
        delta = self.slope * torch.stack(means) + self.offset
        return CriticReading(delta, delta.sigmoid(), torch.ones_like(delta), delta / 2, -delta / 2)


class World:
    """A small model, its policy and one objective."""

    def __init__(self, objective: str, count: int = 4, *, judge=None, name: str = "nano", **changes) -> None:
        self.config = small_config(name, objective=objective, **changes)
        self.parts = small_parts(name)
        self.policy, self.trained = small_policy(self.parts, self.config)
        self.objective = build_objective(self.config, self.parts, self.policy)
        if judge is not None:
            verdicts = replace(self.objective.verdicts, critic=judge)
            self.objective = replace(self.objective, verdicts=verdicts)
        self.batch = small_batch(self.parts, count)

    def items(self, seed: int = 0, parts: int = 1):
        (items,) = self.objective.prepare(self.batch, self.policy, Draws.of(seed), parts=parts)
        return items

    def open(self, parts: int = 1):
        """Returns the parts of a step with an open gate."""
        seed = next(seed for seed in range(99) if all(item.extra.below_B.all() for item in self.items(seed, parts=1)))
        return self.items(seed, parts)

    def loss(self, item, step: int = 0):
        return self.objective.loss(item, self.policy, Draws.of(0), step=step)

    def gradient(self, loss) -> torch.Tensor:
        parts = torch.autograd.grad(loss, [weight for _, weight in self.trained])
        return torch.cat([part.flatten().double() for part in parts])


@pytest.fixture(scope="module")
def sft():
    return World("sft")


@pytest.fixture(scope="module")
def uso():
    return World("uso", judge=Brightness())


@pytest.mark.parametrize("name", ["sft", "rwr", "uso"])
def test_each_is_an_objective_by_its_name(name):
    objective = World(name, 1).objective
    assert isinstance(objective, Objective)
    assert objective.name == name
    assert set(objective.frozen()) == (set() if name == "sft" else {"vae", "vlm"})


def test_edit_grpo_is_built_with_the_critic_that_its_rewards_ask_for():
    config = small_config(objective="edit-grpo")
    grpo = replace(config.grpo, rewards=(replace(config.grpo.rewards[0], name="critic"),))
    world = World("edit-grpo", 1, grpo=grpo)
    assert isinstance(world.objective, Objective)
    assert {"vae", "reward.critic.vlm"} <= set(world.objective.frozen())


def test_sft_is_the_mean_square_of_the_velocitys_error(sft):
    (item,) = sft.items()
    step, draw = sft.loss(item), item.extra
    expected = []
    for index in range(4):
        sigma = float(draw.sigma_B[index])
        one = sft.batch.take([index])
        noisy = (1 - sigma) * one.target_BCTHW + sigma * draw.noise_BCTHW[index]
        velocity = sft.policy.velocity(noisy, draw.sigma_B[index : index + 1], sft.policy.conditions(one))
        expected.append(float((velocity.detach() - draw.noise_BCTHW[index] + one.target_BCTHW).square().mean()))
    assert float(step.loss) == pytest.approx(sum(expected) / 4, rel=1e-5)
    assert step.metrics["flow_loss"] == pytest.approx(float(step.loss))


def test_sft_weighs_what_the_edit_changes():
    world = World("sft", 2, sft=SftConfig(mask_weight=3.0))
    (item,) = world.items()
    state = rwr_module.flow_state(world.batch, item.extra, world.policy)
    total = 0.0
    apart = (state.velocity_BCTHW - state.wanted_BCTHW).detach()
    for index in range(2):
        for channel in range(apart.shape[1]):
            changed = world.batch.change_BTHW[index]
            total += float(((1 + 3 * changed) * apart[index, channel] ** 2).sum())
    assert float(world.loss(item).loss) == pytest.approx(total / apart.numel(), rel=1e-5)
    unknown = replace(item, batch=replace(world.batch, change_BTHW=None))
    with pytest.raises(UsageError, match="mask_weight needs to know"):
        world.loss(unknown)


def test_the_flow_gradient_at_the_velocity_is_autograds(sft):
    from rvebench.revise.training.objectives import flow

    (item,) = sft.items()
    state = flow.flow_state(sft.batch, item.extra, sft.policy)
    for weights in (None, flow.element_weights(sft.batch, 2.0)):
        (expected,) = torch.autograd.grad(
            flow.flow_losses(state, weights).sum(), state.velocity_BCTHW, retain_graph=True
        )
        torch.testing.assert_close(flow.velocity_gradient(state, weights), expected)


@pytest.mark.parametrize("name", ["sft", "rwr", "uso"])
def test_splitting_a_batch_changes_neither_loss_nor_gradient(name):
    """Also with masks, dropout and a cap: each counts by sample."""
    changes = {"dropout": DropoutConfig(vlm=0.3), "sft": SftConfig(mask_weight=1.0)}
    if name != "sft":
        changes["uso"] = UsoConfig(weight=1.0, decode="full", max_norm_ratio=0.01)
    world = World(name, 3, judge=None if name == "sft" else Brightness(), **changes)
    results = []
    for parts in (1, 3):
        items = world.open(parts) if name == "uso" else world.items(1, parts)
        assert len(items) == parts
        loss = sum(world.loss(item).loss * item.weight for item in items) / 3
        results.append((float(loss), world.gradient(loss)))
    (whole, gradient), (split, other) = results
    assert split == pytest.approx(whole, rel=1e-5)
    assert float((gradient - other).norm() / gradient.norm()) < 1e-4


@pytest.mark.parametrize("name", ["sft", "rwr", "uso"])
def test_a_rank_without_samples_draws_with_the_others_and_has_no_work(name):
    world = World(name, 2, judge=None if name == "sft" else Brightness())
    with_samples, without = Draws.of(3, 0), Draws.of(3, 1)
    empty = world.batch.take([])
    assert [list(items) for items in world.objective.prepare(empty, world.policy, without, parts=2)] == [[]]
    world.objective.prepare(world.batch, world.policy, with_samples, parts=2)
    assert torch.equal(with_samples.state()["shared"], without.state()["shared"])


def test_losses_are_reported_by_noise_level(sft):
    (item,) = sft.items()
    metrics = sft.loss(item).metrics
    bins = {name: value for name, value in metrics.items() if name.startswith("flow_loss/")}
    places = {f"flow_loss/{int(s * 5) / 5:.1f}-{int(s * 5) / 5 + 0.2:.1f}" for s in item.extra.sigma_B.tolist()}
    assert set(bins) == places
    counts = dict.fromkeys(bins, 0)
    for s in item.extra.sigma_B.tolist():
        counts[f"flow_loss/{int(s * 5) / 5:.1f}-{int(s * 5) / 5 + 0.2:.1f}"] += 1
    assert sum(bins[name] * counts[name] for name in bins) / 4 == pytest.approx(metrics["flow_loss"])


def test_uso_is_flow_loss_plus_weight_times_reason_loss(uso):
    (item,) = uso.open()
    step = uso.loss(item)
    metrics = step.metrics
    assert metrics["gate"] == metrics["active"] == 1
    assert metrics["lambda"] == 0.5
    assert float(step.loss) == pytest.approx(metrics["flow_loss"] + 0.5 * metrics["reason_loss"], rel=1e-6)


def test_the_reason_loss_counts_against_the_untouched_source(uso):
    reason = uso.objective.reasons(uso.batch.target_BCTHW[:1], uso.batch, [0])[0]
    source = uso.batch.source_frames_BTHWC[0, [0, 4]].double().mean() / 255
    baseline = 40 * float(source) - 20
    assert reason.metrics["baseline"] == pytest.approx(baseline, rel=1e-5)
    relative = reason.metrics["delta"] - baseline
    assert reason.loss == pytest.approx(math.log1p(math.exp(-relative)), rel=1e-4)
    told = replace(uso.batch, baseline_B=torch.tensor([3.0, 0, 0, 0]))
    asked = len(uso.objective.verdicts.critic.asked)
    stored = uso.objective.reasons(uso.batch.target_BCTHW[:1], told, [0])[0]
    assert stored.metrics["baseline"] == 3
    assert len(uso.objective.verdicts.critic.asked) == asked + 1
    assert stored.loss == pytest.approx(math.log1p(math.exp(3 - reason.metrics["delta"])), rel=1e-4)


def test_margin_temperature_and_no_baseline_do_what_they_say():
    delta, baseline = torch.tensor(2.0), torch.tensor(-1.0)
    assert float(relative_logit(delta, baseline, CriticConfig())) == 3
    assert float(relative_logit(delta, baseline, CriticConfig(margin=1.0, temperature=4.0))) == 0.5
    world = World("uso", 1, judge=Brightness())
    alone = replace(world.objective.verdicts, config=CriticConfig(frames=2, baseline="none"))
    assert float(alone.baselines(replace(world.batch, baseline_B=torch.tensor([5.0])), [0])) == 0


def test_the_critic_sees_the_same_moments_of_source_and_edit(uso):
    uso.objective.reasons(uso.batch.target_BCTHW[:1], uso.batch, [0])[0]
    instructions, fps, shapes = uso.objective.verdicts.critic.asked[-1]
    assert instructions == (uso.batch.instructions[0],)
    assert fps == 1.0  # two of five frames of a clip of four a second
    assert shapes == [(2, 32, 32, 3)]


def test_a_closed_gate_asks_no_critic(uso):
    seed = next(seed for seed in range(99) if not uso.items(seed)[0].extra.below_B.any())
    (item,) = uso.items(seed)
    asked = len(uso.objective.verdicts.critic.asked)
    step = uso.loss(item)
    assert len(uso.objective.verdicts.critic.asked) == asked
    assert step.metrics["gate"] == step.metrics["active"] == 0
    assert "p_yes" not in step.metrics
    assert float(step.loss) == pytest.approx(step.metrics["flow_loss"])


@pytest.mark.parametrize(
    ("dropout", "judged"),
    [
        (DropoutConfig(vlm=1.0), 0),
        (DropoutConfig(vlm=0, source=1.0), 0),
        (DropoutConfig(text=1.0, vlm=0, together=False), 1),
    ],
)
def test_an_edit_is_not_blamed_for_what_the_model_was_not_told(dropout, judged):
    world = World("uso", 2, judge=Brightness(), dropout=dropout)
    (item,) = world.open()
    metrics = world.loss(item).metrics
    assert metrics["gate"] == 1
    assert metrics["active"] == judged


def test_a_gate_by_sample_judges_each_by_its_own_level():
    world = World("uso", 4, judge=Brightness(), uso=UsoConfig(gate="sample", tau=0.8, decode="full"))
    (item,) = world.items(2)
    below = item.extra.sigma_B <= 0.8
    assert 0 < int(below.sum()) < 4
    assert world.loss(item).metrics["active"] == pytest.approx(float(below.double().mean()))


@pytest.mark.parametrize(
    ("offset", "baseline", "saturated", "certain"),
    [(-2.0, -6.6, 1, 0), (-2.0, -2.5, 0, 0), (6.0, -6.6, 0, 1), (6.0, 6.0, 0, 1)],
)
def test_a_reward_that_stops_teaching_while_the_critic_says_no_is_reported(offset, baseline, saturated, certain):
    """A baseline of -6.6 saturates sigmoid(delta - baseline) at delta -2, where the critic still says no."""
    world = World("uso", 1, judge=Brightness(slope=1e-3, offset=offset))
    (item,) = world.open()
    item = replace(item, batch=replace(item.batch, baseline_B=torch.tensor([baseline])))
    metrics = world.loss(item).metrics
    assert (metrics["saturated"], metrics["saturated_certain"]) == (saturated, certain)
    assert (metrics["p_yes"] < 0.5) == (offset < 0)


def test_the_weight_of_the_reason_loss_warms_up():
    config = UsoConfig(weight=0.4, warmup_steps=4)
    assert [reason_weight(config, step) for step in range(6)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.4])
    assert reason_weight(UsoConfig(weight=0.4), 0) == 0.4
    world = World("uso", 2, judge=Brightness(), uso=UsoConfig(warmup_steps=2, decode="full"))
    (item,) = world.open()
    assert world.loss(item, step=0).metrics["lambda"] == 0
    assert world.loss(item, step=0).metrics["active"] == 0
    assert world.loss(item, step=1).metrics["lambda"] == 0.125


def test_norm_ratio_and_cosine_are_those_of_the_two_gradients_at_the_velocity(uso):
    from rvebench.revise.training.objectives import flow

    (item,) = uso.open()
    metrics = uso.loss(item).metrics
    state = flow.flow_state(uso.batch, item.extra, uso.policy)
    velocity = state.velocity_BCTHW.detach().requires_grad_()
    x0 = state.noisy_BCTHW - item.extra.sigma_B.float().view(-1, 1, 1, 1, 1) * velocity
    ratios, cosines = [], []
    for index in range(4):
        (first,) = torch.autograd.grad((velocity[index] - state.wanted_BCTHW[index]).square().mean(), velocity)
        delta = uso.objective.verdicts.of(x0[index : index + 1], uso.batch, [index]).reading.delta_B[0]
        relative = delta - uso.objective.verdicts.baselines(uso.batch, [index])[0]
        (second,) = torch.autograd.grad(-0.5 * torch.nn.functional.logsigmoid(relative), velocity, retain_graph=True)
        ratios.append(float(second.norm() / first.norm()))
        cosines.append(float(torch.nn.functional.cosine_similarity(first.flatten(), second.flatten(), dim=0)))
    assert metrics["norm_ratio"] == pytest.approx(sum(ratios) / 4, rel=1e-3)
    assert metrics["grad_cos"] == pytest.approx(sum(cosines) / 4, abs=1e-4)


def test_the_cap_shortens_the_reason_gradient_and_turns_it_not():
    flow, reason = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 20.0])
    scale, told = capped_scale(flow, reason, 0.5)
    assert scale * 20 == pytest.approx(0.5 * 5)
    assert told == {"capped": 1.0, "grad_cos": pytest.approx(0.8), "norm_ratio": pytest.approx(4.0)}
    assert capped_scale(flow, reason, 4.0)[0] == 1
    assert capped_scale(flow, reason, None)[0] == 1
    assert capped_scale(0 * flow, reason, 1.0)[0] == 0
    assert capped_scale(flow, 0 * reason, 1.0)[0] == 1


def test_a_cap_changes_the_gradient_and_not_the_loss_that_is_reported():
    free = World("uso", 1, judge=Brightness(slope=4000, offset=-2000))
    (item,) = free.open()
    item = replace(item, batch=replace(item.batch, baseline_B=torch.tensor([2000.0])))
    capped = replace(free.objective, config=replace(free.config.uso, max_norm_ratio=1e-3))
    step, bound = free.loss(item), capped.loss(item, free.policy, Draws.of(0), step=0)
    assert float(bound.loss) == pytest.approx(float(step.loss), rel=1e-6)
    assert (step.metrics["capped"], bound.metrics["capped"]) == (0, 1)
    flow = free.gradient(
        replace(free.objective, config=replace(free.config.uso, weight=0.0))
        .loss(item, free.policy, Draws.of(0), step=0)
        .loss
    )
    pulled, held = free.gradient(step.loss) - flow, free.gradient(bound.loss) - flow
    assert float(held.norm() / pulled.norm()) == pytest.approx(1e-3 / step.metrics["norm_ratio"], rel=0.05)


def test_rwr_weighs_each_sample_by_the_exponential_of_its_reward():
    world = World("rwr", 3, judge=Brightness(), rwr=RwrConfig(temperature=0.5))
    (item,) = world.items(1)
    draw, losses, rewards = item.extra.draw, [], []
    for index in range(3):
        one = world.batch.take([index])
        sigma = draw.sigma_B[index : index + 1]
        level = float(sigma)
        noisy = (1 - level) * one.target_BCTHW + level * draw.noise_BCTHW[index]
        velocity = world.policy.velocity(noisy, sigma, world.policy.conditions(one)).detach()
        losses.append(float((velocity - draw.noise_BCTHW[index] + one.target_BCTHW).square().mean()))
        estimate = noisy - level * velocity
        rewards.append(float(world.objective.verdicts.of(estimate, world.batch, [index]).reading.p_yes_B[0]))
    assert max(rewards) - min(rewards) > 0.01
    weights = [math.exp(reward / 0.5) for reward in rewards]
    mean = sum(weights) / 3
    step = world.loss(item)
    expected = sum(weight / mean * loss for weight, loss in zip(weights, losses, strict=True)) / 3
    assert float(step.loss) == pytest.approx(expected, rel=1e-4)
    assert step.metrics["reward"] == pytest.approx(sum(rewards) / 3, rel=1e-4)
    assert step.metrics["active"] == 1
    assert step.metrics["weight"] == pytest.approx(1)


def test_rwr_gives_no_gradient_to_the_reward():
    world = World("rwr", 2, judge=Brightness())
    (item,) = world.items(1)
    assert not item.extra.weight_B.requires_grad
    assert world.gradient(world.loss(item).loss).any()


def test_rwr_can_read_the_target_and_the_hard_verdict():
    world = World("rwr", 2, judge=Brightness(), rwr=RwrConfig(estimate="target", reading="hard"))
    first, second = world.items(1)[0], world.items(2)[0]
    assert torch.equal(first.extra.reward_B, second.extra.reward_B)  # whatever the noise
    for index in range(2):
        delta = world.objective.verdicts.of(
            world.batch.target_BCTHW[index : index + 1], world.batch, [index]
        ).reading.delta_B
        assert float(first.extra.reward_B[index]) == float(delta[0] > 0)


def test_rwr_leaves_estimates_at_too_much_noise_at_the_mean_weight():
    world = World("rwr", 4, judge=Brightness(), rwr=RwrConfig(tau=0.8))
    (item,) = world.items(2)
    below = item.extra.draw.sigma_B <= 0.8
    assert 0 < int(below.sum()) < 4
    assert torch.equal(~item.extra.reward_B.isnan(), below)
    assert item.extra.weight_B[~below].tolist() == pytest.approx([1.0] * int((~below).sum()))
    assert float(item.extra.weight_B[below].mean()) == pytest.approx(1)


def test_reward_weights_are_shares_of_the_mean_over_all_ranks(monkeypatch):
    ours, theirs = torch.tensor([0.2, 0.9]), torch.tensor([0.5, math.nan, 0.7])
    known = [math.exp(reward / 0.3) for reward in (0.2, 0.9, 0.5, 0.7)]

    def add_the_other_rank(totals):
        totals += torch.tensor([known[2] + known[3], 2.0], dtype=totals.dtype)

    monkeypatch.setattr(rwr_module.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(rwr_module.dist, "all_reduce", add_the_other_rank)
    weights = reward_weights(ours, RwrConfig(temperature=0.3))
    assert weights.tolist() == pytest.approx([4 * each / sum(known) for each in known[:2]])
    empty = reward_weights(torch.zeros(0), RwrConfig(temperature=0.3))
    assert empty.numel() == 0
    monkeypatch.undo()
    alone = reward_weights(theirs, RwrConfig(temperature=0.3, normalise=False))
    assert alone.tolist() == pytest.approx([known[2], (known[2] + known[3]) / 2, known[3]], rel=1e-6)
    assert reward_weights(torch.full((2,), math.nan), RwrConfig()).tolist() == [1, 1]


def test_a_batch_without_source_frames_is_refused_by_what_reads_them(uso):
    (item,) = uso.open()
    blind = replace(item, batch=replace(item.batch, source_frames_BTHWC=None))
    with pytest.raises(UsageError, match="holds no frames"):
        uso.loss(blind)


def test_rwr_passes_the_network_as_often_as_ranks_with_more_samples_do(monkeypatch):
    world = World("rwr", 2, judge=Brightness())
    passes = []
    original = world.policy.velocity
    monkeypatch.setattr(world.policy, "velocity", lambda *args: (passes.append(len(args[0])), original(*args))[1])
    monkeypatch.setattr(rwr_module.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(rwr_module.dist, "all_reduce", lambda totals: None)
    assert len(world.items(1, parts=4)) == 2
    assert passes == [1, 1, 1, 1]


@pytest.mark.parametrize("name", ["rwr", "uso"])
def test_judging_several_at_once_changes_neither_loss_nor_gradient_nor_log(name):
    results = []
    for at_once in (1, 2):
        world = World(name, 3, critic=CriticConfig(frames=2, prompt="nano-v1", at_once=at_once))
        (item,) = world.open() if name == "uso" else world.items(1)
        step = world.loss(item)
        results.append((step, world.gradient(step.loss)))
    (alone, gradient), (together, other) = results
    assert dict(together.metrics) == pytest.approx(dict(alone.metrics), rel=1e-3, abs=1e-5)
    assert float((gradient - other).norm() / gradient.norm()) < 1e-4
