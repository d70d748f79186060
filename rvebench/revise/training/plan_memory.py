"""Bytes that one rank of a training holds all the time, and works with on top, phase by phase.

Weights are counted on the meta device, and so is what autograd keeps; what passes by (gradients on their way, kernels'
workspaces) is estimated from the largest tensors. Attention is taken to keep no scores, as fused kernels do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.budget import count_parts
from rvebench.revise.model.dit import build_dit
from rvebench.revise.sampling.footprint import (
    EditShape,
    decode_bytes,
    denoise_bytes,
    llm_parameters,
    text_parameters,
    tower_parameters,
    working_bytes,
)
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.plan_work import StepCosts, decode_work
from rvebench.revise.training.sharding import kept_in_fp32

__all__ = ["Held", "PartCount", "count_training_parts", "held_bytes", "phase_bytes"]

_FLOAT32 = 4
_PASSING_PLANES = 17
"""Frames of the decoder's full size and width that are alive while one of its steps goes back, beside what it keeps;
counted over full-size passes on the meta device, as the tests do again."""
_CONNECTOR = {"visual_context_adapter": "visual_context_adapter", "ar_vision_head": "vision_head"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """The weights of one part."""

    name: str
    parameters: int
    trained: int
    """Of them, or beside them with LoRA, how many numbers are trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something that stays in a rank's memory for the whole training."""

    name: str
    size_bytes: int


def count_training_parts(config: TrainConfig, costs: StepCosts, *, cached: bool) -> tuple[PartCount, ...]:
    """Returns the networks that a training has in memory.

    Args:
        config: the training.
        costs: of its step; LoRA's factors and the critic are taken from there.
        cached: whether encoders are not needed because their results were computed before.
    """
    counts = dict(_counts(config.model))
    transformer, vae = counts.pop("wan_model"), counts.pop("vae")
    trained = transformer if "transformer" in config.trainable else 0
    parts = [
        PartCount(name="transformer", parameters=transformer, trained=costs.lora.parameters if costs.lora else trained)
    ]
    for name, parameters in counts.items():
        part = _CONNECTOR.get(name, name)
        parts.append(PartCount(name=part, parameters=parameters, trained=parameters if part in config.trainable else 0))
    parts.append(PartCount(name="VAE", parameters=vae, trained=0))
    critic, own = costs.critic_vlm, config.model.vlm
    if costs.critic is not None:
        parts.append(
            PartCount(name="VLM critic", parameters=llm_parameters(critic) + tower_parameters(critic), trained=0)
        )
    if not cached:
        if costs.critic is None or critic != own:
            parts.append(PartCount(name="VLM", parameters=llm_parameters(own) + tower_parameters(own), trained=0))
        if config.model.text is not None:
            parts.append(PartCount(name="text encoder", parameters=text_parameters(config.model.text), trained=0))
    return tuple(parts)


def held_bytes(config: TrainConfig, parts: tuple[PartCount, ...], *, world: int) -> tuple[Held, ...]:
    """Returns what a rank holds.

    The transformer is sharded over ranks but for what computes in float32; the connector is not.

    Args:
        config: the training.
        parts: of :func:`count_training_parts`.
        world: ranks.
    """
    each = 2 if config.loop.precision == "bf16" else _FLOAT32
    by_name = {part.name: part for part in parts}
    transformer = by_name["transformer"]
    whole, block = _fp32_and_block(config.model)

    def share(parameters: int) -> int:
        if config.lora is not None:  # factors are matrices, all of them sharded
            return -(-parameters // world)
        return -(-(parameters - whole) // world) + whole if parameters else 0

    trained = share(transformer.trained) + sum(part.trained for part in parts if part is not transformer)
    rows = [
        Held(name="weights that are trained", size_bytes=trained * _FLOAT32),
        Held(name="gradients", size_bytes=trained * _FLOAT32),
        Held(name="AdamW", size_bytes=2 * trained * _FLOAT32),
    ]
    if config.optim.ema is not None:
        rows.append(Held(name="averaged weights", size_bytes=trained * _FLOAT32))
    if world > 1:
        # two blocks on their way or at work, the gradient of one in float32, and the layers around the blocks
        around = transformer.parameters - config.model.dit.layers * block - whole
        gathered = (2 * block + max(around, 0)) * each + block * _FLOAT32
        rows.append(Held(name="gathered blocks", size_bytes=gathered))
    elif each < _FLOAT32 and (config.lora is None or config.loop.activation_checkpointing == "none"):
        rows.append(Held(name="bf16 copies", size_bytes=transformer.parameters * each))
    # What is frozen of these two stays in the format it was loaded in, float32, and is cast where it is used.
    frozen = 0
    if config.lora is not None:
        frozen = -(-transformer.parameters // world)
    elif not transformer.trained:
        frozen = transformer.parameters
    names = {"VAE", "VLM", "VLM critic", "text encoder", "transformer"}
    frozen += sum(part.parameters for part in parts if not part.trained and part.name not in names)
    rows.append(Held(name="frozen transformer and connector", size_bytes=frozen * _FLOAT32))
    for name, size in (("VAE", _FLOAT32), ("VLM critic", each), ("VLM", each), ("text encoder", each)):
        if name in by_name:
            rows.append(Held(name=name, size_bytes=by_name[name].parameters * size))
    return tuple(row for row in rows if row.size_bytes)


def phase_bytes(
    config: TrainConfig, costs: StepCosts, *, part: int, cached: bool, trained_bytes: int
) -> dict[str, int]:
    """Returns what each phase of a step works with beside what is held, on one rank.

    Args:
        config: the training.
        costs: of its step.
        part: samples that are computed at once.
        cached: whether no encoder runs.
        trained_bytes: float32 bytes of this rank's trained weights.
    """
    model = config.model
    each = 2 if config.loop.precision == "bf16" else _FLOAT32
    branches = 2 if config.objective == "edit-grpo" and config.grpo.guidance_scale != 1 else 1
    passing = denoise_bytes(
        model.dit,
        tokens=costs.tokens,
        context=costs.context,
        batch=part * branches,
        bytes_each=each,
        latents=model.dit.patch_size[1] * model.dit.patch_size[2] * (model.vae.z_dim + model.concat_channels),
    )
    checkpointing = config.loop.activation_checkpointing == "block"
    kept = part * branches * (costs.transformer.kept(checkpointing=checkpointing) + costs.connector.kept)
    phases = {}
    if not cached:
        shape = EditShape(
            frames=costs.frames,
            size=costs.size,
            batch=1,
            precision="bfloat16" if each < _FLOAT32 else "float32",
            vlm_frames=model.vlm.frames if model.compat.vlm_frames == "all" else 1,
        )
        phases["encode"] = max(
            size for stage, size in working_bytes(model, shape).items() if stage in ("text", "vlm", "vae encode")
        )
    if config.objective == "edit-grpo":
        phases["rollouts"] = passing
        phases["decode"] = part * decode_bytes(model.vae, costs.frames, costs.size)
        if costs.critic is not None:
            phases["verdicts"] = part * (costs.critic.whole.kept // max(1, costs.critic_vlm.layers))
    if config.objective == "rwr":
        phases["verdicts"] = max(passing, _read_bytes(config, costs))
    if config.objective == "uso":
        phases["verdicts"] = kept + _reason_bytes(config, costs)
    phases["forward and backward"] = kept + passing
    phases["update"] = trained_bytes  # AdamW works on lists of tensors, with one more of their size
    return phases


def _read_bytes(config: TrainConfig, costs: StepCosts) -> int:
    """One sample decoded and read without gradient."""
    assert costs.critic is not None
    decoding = decode_bytes(config.model.vae, costs.frames, costs.size)
    return config.critic.at_once * max(decoding, costs.critic.whole.kept // max(1, costs.critic_vlm.layers))


def _reason_bytes(config: TrainConfig, costs: StepCosts) -> int:
    """The gradient through critic and decoder of the samples that are judged at once.

    The critic's graph goes first, then one decoder step's at a time, both over the inputs that all steps keep.
    """
    assert costs.decode is not None and costs.critic is not None and costs.picks is not None
    decode = decode_work(config, costs.decode, costs.picks)
    inputs = decode.steps_kept * costs.decode.cache
    again = costs.decode.first.kept if decode.first_alone else costs.decode.later.kept + 2 * costs.decode.cache
    passing = _PASSING_PLANES * costs.size.width * costs.size.height * config.model.vae.base_dim * _FLOAT32
    return config.critic.at_once * (inputs + max(costs.critic.whole.kept, again + passing))


@lru_cache(maxsize=16)
def _counts(config: ReviseConfig) -> tuple[tuple[str, int], ...]:
    return tuple((name, count.parameters) for name, count in count_parts(config).items())


@lru_cache(maxsize=16)
def _fp32_and_block(config: ReviseConfig) -> tuple[int, int]:
    """Numbers of the transformer that are in float32 on every rank, and those of one block that are not."""
    model = build_dit(config, "meta")
    whole = {id(parameter) for parameter in kept_in_fp32(model)}
    block = sum(int(p.numel()) for p in model.blocks[0].parameters() if id(p) not in whole)
    return sum(int(p.numel()) for p in model.parameters() if id(p) in whole), block
