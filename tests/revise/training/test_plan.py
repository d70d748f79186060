"""Plans of trainings: full sizes against the facts, small ones against steps that are really made, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.config import Size, preset  # noqa: E402
from rvebench.revise.model.dit import build_dit  # noqa: E402
from rvebench.revise.model.vae import build_vae  # noqa: E402
from rvebench.revise.training.batch import Draws  # noqa: E402
from rvebench.revise.training.config import (  # noqa: E402
    DropoutConfig,
    GrpoConfig,
    LoraConfig,
    RewardConfig,
    RwrConfig,
    TrainConfig,
    training_preset,
)
from rvebench.revise.training.critic_costs import CriticShape, critic_cost, language_flops  # noqa: E402
from rvebench.revise.training.decode import decode_frames, pick_frames  # noqa: E402
from rvebench.revise.training.lora import add_lora  # noqa: E402
from rvebench.revise.training.network_costs import decode_costs, lora_size, transformer_cost  # noqa: E402
from rvebench.revise.training.objectives.build import build_objective  # noqa: E402
from rvebench.revise.training.plan import CRITIC_PRESETS, TrainingPlan, training_plan  # noqa: E402
from rvebench.revise.training.plan_advice import memory_advice, require_training_memory  # noqa: E402
from rvebench.revise.training.plan_work import decode_work, judged_share  # noqa: E402
from rvebench.revise.training.policy import Policy  # noqa: E402
from rvebench.revise.training.sharding import prepare_net  # noqa: E402
from rvebench.revise.training.world import World  # noqa: E402
from tests.revise.live_memory import LiveTensors  # noqa: E402
from tests.revise.training.small_training import FRAMES, SIDE, small_batch, small_config, small_parts  # noqa: E402

TERA, GIB = 1e12, 2**30
WAN = preset("wan1.3b")
QWEN = CRITIC_PRESETS["qwen2.5-vl-7b"]
WIDE = Size(width=832, height=480)
PAPER = Size(width=640, height=352)


def full(objective: str, **changes: Any) -> TrainConfig:
    """One sample a step of the full-size model, source tokens averaged where they do not fit."""
    base = training_preset("wan1.3b")
    model = replace(base.model, conditioning=replace(base.model.conditioning, source_overflow="pool"))
    return replace(base, model=model, objective=objective, loop=replace(base.loop, batch_size=1), **changes)


def full_plan(config: TrainConfig, frames: int = 17, size: Size = WIDE, **named: Any) -> TrainingPlan:
    return training_plan(config, frames=frames, size=size, critic_vlm=QWEN, **named)


# Full size, against figures that were counted before this code was written.


def test_the_full_size_training_has_the_released_weights() -> None:
    parts = {part.name: (part.parameters, part.trained) for part in full_plan(full("uso")).parts}
    assert parts == {
        "transformer": (1_418_996_800, 1_418_996_800),
        "visual_context_adapter": (6_690_304, 6_690_304),
        "vision_head": (154_840_320, 0),
        "adapter": (1_902_141_440, 0),
        "VAE": (126_892_531, 0),
        "VLM critic": (8_292_166_656, 0),
    }


@pytest.mark.parametrize(
    ("frames", "size", "context", "tera"),
    [
        (17, WIDE, 2560, 35.2),
        (17, WIDE, 512, 31.6),
        (49, WIDE, 2560, 136.9),
        (81, WIDE, 2560, 296),
        (17, PAPER, 2560, 17.4),
    ],
)
def test_a_pass_of_the_transformer_costs_what_the_facts_say(frames: int, size: Size, context: int, tera: float) -> None:
    cost = transformer_cost(WAN, frames=frames, size=size, context=context, precision="bf16")
    assert cost.whole.forward / TERA == pytest.approx(tera, rel=0.003)
    assert cost.whole.backward / cost.whole.forward == pytest.approx(2, rel=0.002)
    assert cost.recomputed / cost.whole.forward == pytest.approx(1, rel=0.003)


@pytest.mark.parametrize(
    ("frames", "size", "tera"), [(17, WIDE, 58.6), (49, WIDE, 167), (81, WIDE, 275), (17, PAPER, 33)]
)
def test_decoding_a_clip_costs_what_the_facts_say(frames: int, size: Size, tera: float) -> None:
    costs = decode_costs(WAN, size)
    assert costs.forward(1 + (frames - 1) // 4) / TERA == pytest.approx(tera, rel=0.003)


def test_reading_costs_what_the_facts_say() -> None:
    assert language_flops(QWEN, 1000) / TERA == pytest.approx(13.5, rel=0.005)
    cost = critic_cost(QWEN, CriticShape(frames=4, size=WIDE, words=260), "bf16")
    assert cost.tokens == 2300
    assert cost.whole.forward / TERA == pytest.approx(45, rel=0.06)
    assert 0.9 < cost.whole.backward / cost.whole.forward < 1.2


@pytest.mark.parametrize(("decode", "tera"), [("image", 52), ("subclip", 131), ("full", 176)])
def test_an_active_step_is_two_to_three_and_a_half_times_a_plain_one(decode: Any, tera: float) -> None:
    config = full("uso", dropout=DropoutConfig(text=0, vlm=0))
    plan = full_plan(replace(config, uso=replace(config.uso, decode=decode)))
    rows = {row.name: row for row in plan.work}
    assert rows["VAE decode"].total / TERA == pytest.approx(tera, rel=0.035)
    assert rows["transformer"].total / TERA == pytest.approx(4 * 35.2, rel=0.003)
    active, mean = plan.active_flops / plan.quiet_flops, plan.mean_flops / plan.quiet_flops
    assert 1.7 < active < 3.4
    assert mean == pytest.approx(1 + (active - 1) / 4)
    assert plan.trigger_rate == 0.25


def test_samples_without_words_are_not_judged() -> None:
    assert judged_share(full("uso")) == pytest.approx(0.25 * 0.8)
    assert judged_share(full("uso", dropout=DropoutConfig(text=0.5, vlm=0.2, together=False))) == pytest.approx(0.225)
    assert judged_share(full("rwr")) == pytest.approx(0.8)
    assert judged_share(full("rwr", rwr=RwrConfig(estimate="target"))) == 1


@pytest.mark.parametrize(("mode", "gib"), [("prefix", 47.84), ("subclip", 44.32), ("image", 11.10)])
def test_the_decoders_peak_is_that_of_a_full_size_pass(mode: Any, gib: float) -> None:
    config = full("uso")
    config = replace(config, uso=replace(config.uso, decode=mode))
    # a critic that keeps nothing, so that the decoder alone decides
    plan = full_plan(replace(config, critic=replace(config.critic, max_pixels=28 * 28)))
    phases = plan.phases
    kept = plan.costs.transformer.kept(checkpointing=True) + plan.costs.connector.kept
    assert (phases["verdicts"] - kept) / GIB == pytest.approx(gib, rel=0.06)


@pytest.mark.slow
def test_that_peak_is_counted_over_the_real_code() -> None:
    vae = build_vae(WAN, "meta")
    latents = torch.empty(1, 16, 5, 60, 104, device="meta", requires_grad=True)
    from rvebench.revise.training import decode as module

    for mode, gib in (("prefix", 47.84), ("subclip", 44.32), ("image", 11.10)):
        with LiveTensors(vae) as live:
            raw = module._picked(vae, latents, pick_frames(17, 4), mode=mode, context=2)
            torch.autograd.backward(raw, torch.empty_like(raw))
        assert live.peak / GIB == pytest.approx(gib, abs=0.01)


# Small, against steps that are really made.


@pytest.fixture
def countable() -> Iterator[None]:
    """Attention and encoder layers as plain products, which FlopCounterMode sees on a CPU."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with sdpa_kernel(SDPBackend.MATH):
        yield
    torch.backends.mha.set_fastpath_enabled(before)


def small_training(objective: str, name: str = "nano", **uso: Any) -> TrainConfig:
    base = small_config(name)
    checkpointing: Any = uso.pop("checkpointing", "none")
    rewards = (RewardConfig(name="critic"),)
    return replace(
        base,
        objective=objective,
        trainable=("transformer", "vision_head", "adapter") if name == "nano" else base.trainable,
        loop=replace(base.loop, batch_size=2, activation_checkpointing=checkpointing),
        uso=replace(base.uso, tau=1.0, **uso),
        grpo=GrpoConfig(group=2, steps=4, window=2, window_place="first", rewards=rewards, guidance_scale=2.0),
    )


def made_step(config: TrainConfig) -> tuple[Any, Any]:
    """Returns what makes one step, and the number of words in the critic's prompt afterwards."""
    parts = small_parts("nano" if config.model.text is None else "tiny-random")
    policy = Policy.of(parts)
    trained = prepare_net(policy.net, config, World())
    objective = build_objective(config, parts, policy)
    batch = small_batch(parts)
    states = tuple(torch.zeros(6, config.model.vlm.dim) for _ in range(2))
    instructions = ("Melt the ice.",) * 2
    batch = replace(batch, vlm=states, instructions=instructions, baseline_B=torch.zeros(2))
    # the null branch as long as the other, so that one number of VLM states stands for both
    policy.null = replace(policy.null, vlm_LD=torch.zeros(6, config.model.vlm.dim))
    lengths: list[int] = []
    vlm: Any = parts.vlm
    language = vlm.llm.model if config.model.vlm.backend == "vila" else vlm.model.model.language_model
    language.register_forward_pre_hook(
        lambda _module, _args, named: lengths.append(named["inputs_embeds"].shape[1]), with_kwargs=True
    )

    def step() -> None:
        draws = Draws.of(0)
        # FlopCounterMode follows gradients where parameters ask for them, and stumbles over views made without
        for _, parameter in trained:
            parameter.requires_grad_(False)
        updates = objective.prepare(batch, policy, draws, parts=1)
        for _, parameter in trained:
            parameter.requires_grad_(True)
        for items in updates:
            for item in items:
                objective.loss(item, policy, draws, step=0).loss.backward()

    def words() -> int | None:
        if not lengths:
            return None
        shown = CriticShape(frames=len(pick_frames(FRAMES, 2).frames), size=Size(width=SIDE, height=SIDE), words=0)
        return lengths[0] - 2 * shown.visual_tokens(config.model.vlm)

    modules = (policy.net, parts.vae, *vlm.modules.values())
    return step, (words, modules)


def small_plan(config: TrainConfig, words: int | None) -> TrainingPlan:
    return training_plan(
        config,
        frames=FRAMES,
        size=Size(width=SIDE, height=SIDE),
        device="cpu",
        vlm_tokens=6,
        critic_words=words,
    )


@pytest.mark.usefixtures("countable")
@pytest.mark.parametrize(
    "config",
    [
        small_training("sft", checkpointing="block"),
        small_training("sft", "tiny-random"),
        small_training("rwr"),
        small_training("uso", decode="prefix_truncated", decode_context=0),
        small_training("uso", decode="image"),
        small_training("uso", decode="full"),
        small_training("uso", "tiny-random", decode="subclip"),
        small_training("edit-grpo", checkpointing="block"),
    ],
    ids=lambda config: f"{config.objective}-{config.model.name}-{config.uso.decode}",
)
def test_the_operations_of_a_plan_are_those_of_a_real_step(config: TrainConfig) -> None:
    step, (words, _) = made_step(config)
    counter = FlopCounterMode(display=False)
    with counter:
        step()
    assert small_plan(config, words()).active_flops == counter.get_total_flops()


@pytest.mark.parametrize("checkpointing", ["none", "block"])
@pytest.mark.parametrize("objective", ["sft", "uso"])
def test_the_memory_of_a_plan_is_near_that_of_a_real_step(objective: str, checkpointing: str) -> None:
    config = small_training(objective, decode="full", checkpointing=checkpointing)
    step, (words, modules) = made_step(config)
    step()  # gradients are there from now on, as in the second part of an accumulated step
    live = LiveTensors(*modules)
    for parameter in modules[0].parameters():
        if parameter.grad is not None:
            live._sizes[parameter.grad.untyped_storage()._cdata] = 0
    with live:
        step()
    plan = small_plan(config, words())
    planned = max(size for name, size in plan.phases.items() if name != "update")
    assert 0.75 * live.peak < planned < 1.5 * live.peak, (live.peak, plan.phases)


def test_loras_factors_are_those_that_peft_makes() -> None:
    model = replace(preset("nano"), dit=replace(preset("nano").dit, layers=2))
    transformer = build_dit(model)
    add_lora(transformer, LoraConfig(rank=4))
    trained = sum(parameter.numel() for parameter in transformer.parameters() if parameter.requires_grad)
    assert lora_size(model, LoraConfig(rank=4), tokens=1, context=1).parameters == trained


def test_decoding_runs_as_many_steps_as_the_real_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """81 frames, 4 of them: which steps run, and which have a graph."""
    from rvebench.revise.training import decode as module

    seen: list[list[bool]] = []
    monkeypatch.setattr(
        module,
        "_steps",
        lambda _vae, _x, graphs: seen.append(list(graphs)) or [torch.zeros(1, 3, 4, 1, 1)] * len(graphs),
    )
    config, picks = full("uso"), pick_frames(81, 4)
    costs = decode_costs(WAN, PAPER)
    vae = build_vae(WAN, "meta")
    for mode in ("full", "prefix", "prefix_truncated", "subclip", "image"):
        seen.clear()
        decode_frames_of = replace(config, uso=replace(config.uso, decode=mode))
        module._picked(vae, torch.zeros(1, 16, 21, 2, 2, device="meta"), picks, mode=mode, context=2)
        work = decode_work(decode_frames_of, costs, picks)
        forward = sum(costs.forward(len(graphs)) for graphs in seen)
        backward = sum(
            (costs.first if index == 0 else costs.later).backward
            for graphs in seen
            for index, graph in enumerate(graphs)
            if graph
        )
        assert (work.work.forward, work.work.backward) == (forward, backward), mode
    assert decode_frames.__module__ == module.__name__


# What is told.


def test_a_training_that_does_not_fit_is_refused_with_what_helps_most_first() -> None:
    config = full("sft")
    config = replace(config, loop=replace(config.loop, batch_size=8, activation_checkpointing="none"))
    plan = full_plan(config, memory_bytes=80 * GIB)
    with pytest.raises(UsageError) as refused:
        require_training_memory(plan)
    assert "training wan1.3b by sft on 17 frames of 832x480, 8 at once, needs" in refused.value.what
    assert "(at forward and backward), which has 80.0" in refused.value.what
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("loop.activation_checkpointing=block needs ")
    needs = [advice.device_bytes for advice in memory_advice(plan)]
    assert needs == sorted(needs) and needs[-1] < plan.device_bytes
    assert any(advice.change.startswith("loop.accumulate=2") for advice in memory_advice(plan))


def test_what_no_single_change_makes_fit_is_said_to_need_more_than_one() -> None:
    with pytest.raises(UsageError) as refused:
        require_training_memory(full_plan(full("uso"), frames=81), 24 * GIB)
    assert refused.value.hint is not None and refused.value.hint.startswith("no single change is enough")
    assert "uso.decode=image" in refused.value.hint


def test_what_fits_or_is_not_known_is_not_refused() -> None:
    plan = full_plan(full("sft"))
    require_training_memory(plan)
    require_training_memory(plan, plan.device_bytes)
    with pytest.raises(UsageError):
        require_training_memory(plan, plan.device_bytes - 1)


def test_ranks_share_what_is_sharded_alone() -> None:
    config = full("sft")
    config = replace(config, loop=replace(config.loop, batch_size=8))
    alone, eight = ({row.name: row.size_bytes for row in full_plan(config, world=n).held} for n in (1, 8))
    assert alone["AdamW"] == 8 * (1_418_996_800 + 6_690_304)
    assert alone["AdamW"] / 8 < eight["AdamW"] < alone["AdamW"] / 6
    assert eight["frozen transformer and connector"] == alone["frozen transformer and connector"]
    assert full_plan(config, world=8).part == 1
    with pytest.raises(UsageError, match="cannot be spread over 9 ranks"):
        full_plan(config, world=9)


def test_a_context_that_does_not_fit_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(UsageError, match="the context needs"):
        training_plan(training_preset("wan1.3b"), frames=81, size=WIDE)


def test_a_plan_is_told_as_a_table_and_as_json() -> None:
    plan = full_plan(full("uso"), memory_bytes=80 * GIB)
    told = plan.table()
    for words in (
        "uso of wan1.3b: 17 frames of 832x480, bf16",
        "the gate is open at sigma <= 0.5: 25.00 % of steps (uniform at shift 3)",
        "\nVAE decode ",
        "\nVLM critic ",
        "\nAdamW ",
        "cuda has 80.0 GiB",
    ):
        assert words in told
    plain = json.loads(json.dumps(plan.as_json(), allow_nan=False))
    assert plain["peak_bytes"] == plan.device_bytes
    assert plain["flops_mean"] == pytest.approx(plan.mean_flops)


def test_precomputing_saves_the_encoders() -> None:
    kept, online = (full_plan(full("sft"), size=PAPER, cached=cached) for cached in (True, False))
    more = {row.name for row in online.work} - {row.name for row in kept.work}
    assert more == {"VAE encode", "VLM", "text encoder"}
    assert online.held_bytes > kept.held_bytes + 20 * GIB
