"""Operations of one training step, row by row: which network is called how often, forwards and backwards.

A row counts what all samples of a step cost together. Rows of the reason loss are paid on some steps only; their share
is the closed form of the gate's chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rvebench.revise.config_parts import VlmConfig
from rvebench.revise.model.context_plan import counts_for, plan_context
from rvebench.revise.sampling.footprint import text_parameters
from rvebench.revise.shapes import Size
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.counting import Cost
from rvebench.revise.training.critic.prompt import load_critic_prompt
from rvebench.revise.training.critic_costs import CriticCost, CriticShape, critic_cost, language_flops
from rvebench.revise.training.decode import FramePicks, pick_frames
from rvebench.revise.training.network_costs import (
    DecodeCosts,
    LoraSize,
    TransformerCost,
    connector_cost,
    decode_costs,
    encode_flops,
    lora_size,
    transformer_cost,
)
from rvebench.revise.training.timesteps import gate_rate

__all__ = ["DecodeWork", "StepCosts", "Work", "decode_work", "judged_share", "step_costs", "step_work"]

_TOKENS_A_WORD = 4 / 3
"""English prose through the tokenizers of Qwen and Llama."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One row: operations of all samples of a step."""

    name: str
    forward: int
    backward: int = 0
    recomputed: int = 0
    """Forwards a second time, because their tensors were not kept."""
    share: float = 1.0
    """Of steps (or samples) that pay for it."""

    @property
    def total(self) -> int:
        """All three, where it is paid."""
        return self.forward + self.backward + self.recomputed

    def times(self, count: float) -> Work:
        """Returns the row `count` times over."""
        return replace(
            self,
            forward=round(count * self.forward),
            backward=round(count * self.backward),
            recomputed=round(count * self.recomputed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeWork:
    """The frames of one critic's question, decoded with a gradient; bytes are float32."""

    work: Work
    steps_kept: int
    """Decoder steps whose inputs stay in memory for the backward pass."""
    first_alone: bool
    """Whether no step has more than the one frame of a clip's first latent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """What a sample costs in each network, and the shapes that this follows from."""

    frames: int
    size: Size
    tokens: int
    """Of video, in the transformer."""
    context: int
    """Rows that cross-attention reads."""
    vlm_tokens: int
    transformer: TransformerCost
    lora: LoraSize | None
    connector: Cost
    decode: DecodeCosts | None
    critic: CriticCost | None
    critic_shape: CriticShape | None
    critic_vlm: VlmConfig
    picks: FramePicks | None


def step_costs(
    config: TrainConfig,
    *,
    frames: int,
    size: Size,
    critic_vlm: VlmConfig | None = None,
    instruction_tokens: int = 64,
    vlm_tokens: int | None = None,
    critic_words: int | None = None,
) -> StepCosts:
    """Counts every network that a step of this training calls.

    Args:
        config: the training.
        frames: of a clip, 4n + 1.
        size: of its frames.
        critic_vlm: sizes of the critic, where it is not the model's own VLM.
        instruction_tokens: of an instruction, for text encoder and critic.
        vlm_tokens: states of the VLM's prompt; None for its frames and 71 words, as the released prompt has.
        critic_words: tokens of the critic's prompt that show no picture; None for an estimate from its texts.

    Raises:
        UsageError: `frames` is not 4n + 1, or the context does not fit the model.
    """
    model, precision = config.model, config.loop.precision
    if vlm_tokens is None:
        shown = model.vlm.frames if model.compat.vlm_frames == "all" else 1
        vlm_tokens = 71 + CriticShape(frames=shown, size=size, words=0).visual_tokens(model.vlm)
    counts = counts_for(model, frames=frames, size=size, text=instruction_tokens, vlm=vlm_tokens)
    context = plan_context(counts, model).total
    if model.compat.padding == "attend":
        context = model.conditioning.max_context_len
    _, time, height, width = model.latent_shape(frames=frames, size=size)
    tokens = time * height * width // (model.dit.patch_size[1] * model.dit.patch_size[2])
    trained = tuple(part for part in config.trainable if part != "transformer")
    judged = config.objective in ("rwr", "uso")
    asked = config.needs_critic
    vlm = critic_vlm or model.vlm
    picks = pick_frames(frames, config.critic.frames) if asked or judged else None
    shape = critic = None
    if picks is not None and asked:
        prompt = load_critic_prompt(config.critic.prompt, thought=config.critic.thought)
        words = sum(len(text.split()) for text in prompt.texts.values())
        if critic_words is None:
            critic_words = round(_TOKENS_A_WORD * words) + instruction_tokens
        shape = CriticShape(
            frames=len(picks.frames),
            size=size,
            words=critic_words,
            max_pixels=config.critic.max_pixels,
        )
        critic = critic_cost(vlm, shape, precision)
    return StepCosts(
        frames=frames,
        size=size,
        tokens=tokens,
        context=context,
        vlm_tokens=vlm_tokens,
        transformer=transformer_cost(
            model,
            frames=frames,
            size=size,
            context=context,
            precision=precision,
            weights="transformer" in config.trainable and config.lora is None,
            context_gradient=bool(trained),
        ),
        lora=None if config.lora is None else lora_size(model, config.lora, tokens=tokens, context=context),
        connector=connector_cost(model, frames=frames, size=size, vlm_tokens=vlm_tokens, trainable=trained),
        decode=decode_costs(model, size) if judged or config.objective == "edit-grpo" else None,
        critic=critic,
        critic_shape=shape,
        critic_vlm=vlm,
        picks=picks,
    )


def decode_work(config: TrainConfig, costs: DecodeCosts, picks: FramePicks, *, gradient: bool = True) -> DecodeWork:
    """Returns what decoding a critic's frames costs by the mode of the configuration.

    Every step that has a graph runs forwards twice: each is checkpointed.

    Args:
        config: the training; its mode and the latents that get gradient.
        costs: of the decoder.
        picks: which frames.
        gradient: False where nothing is differentiated.
    """
    used, latents = sorted(set(picks.latents)), 1 + (picks.of - 1) // 4
    mode, name = config.uso.decode if config.objective == "uso" else "prefix", "VAE decode"
    if mode == "image":
        count = len(used) if gradient else 0
        work = Work(
            name=name,
            forward=len(used) * costs.first.forward,
            backward=count * costs.first.backward,
            recomputed=count * (costs.first.forward - costs.unseen[0]),
        )
        return DecodeWork(work=work, steps_kept=0, first_alone=True)
    if mode == "subclip":
        steps, graphs = len(used), [True] * len(used)
    else:
        steps = latents if mode == "full" else used[-1] + 1
        context = config.uso.decode_context
        graphs = [
            mode != "prefix_truncated" or any(index - context <= step <= index for index in used)
            for step in range(steps)
        ]
    open_steps = [index for index, graph in enumerate(graphs) if graph and gradient]
    again = [
        costs.first.forward - costs.unseen[0] if index == 0 else costs.later.forward - costs.unseen[1]
        for index in open_steps
    ]
    backward = [costs.first.backward if index == 0 else costs.later.backward for index in open_steps]
    return DecodeWork(
        work=Work(name=name, forward=costs.forward(steps), backward=sum(backward), recomputed=sum(again)),
        steps_kept=sum(index > 0 for index in open_steps),
        first_alone=steps == 1,
    )


def step_work(config: TrainConfig, costs: StepCosts, *, samples: int, cached: bool) -> tuple[Work, ...]:
    """Returns the rows of one step.

    Args:
        config: the training.
        costs: what :func:`step_costs` counted for it.
        samples: of a step, over all ranks.
        cached: whether latents, text, VLM states and baseline logits were computed before.
    """
    rows = [] if cached else _encoders(config, costs)
    if config.objective == "edit-grpo":
        rows += _grpo(config, costs)
    else:
        rows += [_connector(costs), _transformer(config, costs, "transformer")]
    if config.objective in ("rwr", "uso"):
        rows += _verdicts(config, costs, cached=cached)
    return tuple(row.times(samples) for row in rows if row.total)


def _connector(costs: StepCosts) -> Work:
    return Work(name="connector", forward=costs.connector.forward, backward=costs.connector.backward)


def _transformer(config: TrainConfig, costs: StepCosts, name: str) -> Work:
    whole, factors = costs.transformer.whole, costs.lora.flops if costs.lora else 0
    again = 0
    if config.loop.activation_checkpointing == "block":
        again = costs.transformer.recomputed + factors
    return Work(name=name, forward=whole.forward + factors, backward=whole.backward + 2 * factors, recomputed=again)


def judged_share(config: TrainConfig) -> float:
    """Returns the share of samples that a critic is asked about: below the threshold, and with nothing dropped.

    A sample whose words or source were dropped gets no verdict, so that this is less than the gate's rate.
    """
    if config.objective == "rwr" and config.rwr.estimate == "target":
        return 1.0
    dropout = config.dropout
    lost = dropout.vlm
    if config.model.text is not None and not dropout.together:
        lost = dropout.vlm * dropout.text
    tau = config.uso.tau if config.objective == "uso" else config.rwr.tau
    return gate_rate(config.timesteps, tau) * (1 - lost) * (1 - dropout.source)


def _verdicts(config: TrainConfig, costs: StepCosts, *, cached: bool) -> list[Work]:
    assert costs.decode is not None and costs.critic is not None and costs.picks is not None
    asked, share = costs.critic.whole, judged_share(config)
    if config.objective == "rwr":
        decoded = decode_work(config, costs.decode, costs.picks, gradient=False).work
        rows = [replace(decoded, share=share), Work(name="VLM critic", forward=asked.forward, share=share)]
        if config.rwr.estimate == "x0":
            forward = replace(_transformer(config, costs, "transformer, estimate"), backward=0, recomputed=0)
            rows.insert(0, replace(forward, forward=forward.forward + costs.connector.forward))
        return rows
    rows = [
        replace(decode_work(config, costs.decode, costs.picks).work, share=share),
        Work(name="VLM critic", forward=asked.forward, backward=asked.backward, share=share),
    ]
    if config.critic.baseline == "source" and not cached:
        rows.append(Work(name="VLM critic, baseline", forward=asked.forward, share=share))
    return rows


def _encoders(config: TrainConfig, costs: StepCosts) -> list[Work]:
    model = config.model
    shown = model.vlm.frames if model.compat.vlm_frames == "all" else 1
    tower = critic_cost(model.vlm, CriticShape(frames=shown, size=costs.size, words=71), config.loop.precision).tower
    rows = [
        Work(name="VAE encode", forward=2 * encode_flops(model, frames=costs.frames, size=costs.size)),
        Work(name="VLM", forward=tower.forward // 2 + language_flops(model.vlm, costs.vlm_tokens)),
    ]
    if model.text is not None:
        layers = text_parameters(model.text) - model.text.vocab_size * model.text.dim
        rows.append(Work(name="text encoder", forward=2 * layers * model.text.max_length))
    return rows


def _grpo(config: TrainConfig, costs: StepCosts) -> list[Work]:
    grpo = config.grpo
    branches = 1 if grpo.guidance_scale == 1 else 2
    once = Work(name="transformer, rollouts", forward=costs.transformer.whole.forward).times(branches)
    if costs.lora is not None:
        once = replace(once, forward=once.forward + branches * costs.lora.flops)
    starts = min(grpo.steps - grpo.window + 1, max(1, grpo.steps // 2))
    alone = (starts - 1) / 2 if grpo.window_place == "random" else 0.0
    shared = alone if grpo.same_noise else 0.0
    trained = grpo.group * grpo.window
    assert costs.decode is not None
    clips = grpo.group + any(reward.name == "target-nearness" for reward in grpo.rewards)
    latents = 1 + (costs.frames - 1) // 4
    rows = [
        once.times(shared + grpo.group * (grpo.steps - shared)),
        Work(name="VAE decode", forward=clips * costs.decode.forward(latents)),
    ]
    if grpo.kl_weight > 0:
        rows.append(replace(once.times(trained), name="transformer, reference"))
    if costs.critic is not None:
        rows.append(Work(name="VLM critic", forward=grpo.group * costs.critic.whole.forward))
    loss = _transformer(config, costs, "transformer, updates").times(grpo.updates * trained * branches)
    said = _connector(costs).times(grpo.updates * trained * branches)
    before = costs.connector.forward * branches * (2 if grpo.kl_weight > 0 else 1)
    return [*rows, replace(said, forward=said.forward + before), loss]
