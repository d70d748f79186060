"""Whether a training fits into its devices' memory, and if not, which changes would save most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rvebench.errors import UsageError
from rvebench.revise.config import Size
from rvebench.revise.training.config import LoraConfig, TrainConfig
from rvebench.revise.training.plan import TrainingPlan, training_plan

__all__ = ["Advice", "memory_advice", "require_training_memory"]

_GIB = 2**30
_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One change, and what the training would need with it alone."""

    change: str
    device_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    change: str
    config: TrainConfig
    frames: int | None = None
    size: Size | None = None
    world: int | None = None


def memory_advice(plan: TrainingPlan) -> tuple[Advice, ...]:
    """Returns the changes that lower the peak, the most effective first; a change that costs nothing wins a tie.

    Only what the loop can do is named: checkpointing, smaller parts, LoRA, fewer frames, what the critic sees, how its
    frames are decoded, averaged weights, more ranks.
    """
    found = [
        Advice(change=variant.change, device_bytes=needed)
        for variant in _variants(plan)
        if (needed := _again(plan, variant).device_bytes) < plan.device_bytes
    ]
    return tuple(sorted(found, key=lambda advice: advice.device_bytes))


def require_training_memory(plan: TrainingPlan, memory_bytes: int | None = None) -> None:
    """Returns when the training fits.

    Args:
        plan: the training.
        memory_bytes: of a rank's device; None for what the plan was told. Where neither is known nothing is refused.

    Raises:
        UsageError: it does not fit; one sentence with the numbers, and the changes that save most.
    """
    free = plan.memory_bytes if memory_bytes is None else memory_bytes
    if free is None or plan.device_bytes <= free:
        return
    phase, most = plan.peak
    costs = plan.costs
    what = (
        f"training {plan.config.model.name} by {plan.config.objective} on {costs.frames} frames of {costs.size}, "
        f"{plan.part} at once, needs {most / _GIB:.1f} GiB on {plan.device} (at {phase}), which has {free / _GIB:.1f}"
    )
    advice = memory_advice(plan)
    told = [f"{each.change} needs {each.device_bytes / _GIB:.1f} GiB" for each in advice[:_MOST]]
    fitting = sum(each.device_bytes <= free for each in advice)
    if not told:
        hint = "no single change lowers it: use a device with more memory"
    elif fitting:
        hint = "; ".join(told)
    else:
        hint = f"no single change is enough, so use more than one: {'; '.join(told)}"
    raise UsageError(what, hint=hint)


def _again(plan: TrainingPlan, variant: _Variant) -> TrainingPlan:
    return training_plan(
        variant.config,
        world=variant.world or plan.world,
        device=plan.device,
        memory_bytes=plan.memory_bytes,
        frames=variant.frames or plan.costs.frames,
        size=variant.size or plan.costs.size,
        cached=True if variant.change.startswith("precomput") else plan.cached,
        critic_vlm=plan.costs.critic_vlm,
        vlm_tokens=plan.costs.vlm_tokens,
    )


def _variants(plan: TrainingPlan) -> Iterator[_Variant]:
    config, frames = plan.config, plan.costs.frames
    loop = config.loop
    if not plan.cached:
        yield _Variant(change="precomputed latents and states (rvebench revise precompute)", config=config)
    if loop.activation_checkpointing == "none":
        changed = replace(loop, activation_checkpointing="block")
        yield _Variant(change="loop.activation_checkpointing=block", config=replace(config, loop=changed))
    if plan.part > 1:
        share = plan.part * loop.accumulate
        more = next(n for n in range(2 * loop.accumulate, loop.batch_size + 1) if loop.batch_size % n == 0)
        change = f"loop.accumulate={more} (of {share} samples a rank)"
        yield _Variant(change=change, config=replace(config, loop=replace(loop, accumulate=more)))
    if config.lora is None and "transformer" in config.trainable:
        yield _Variant(change="LoRA (lora.rank=32)", config=replace(config, lora=LoraConfig()))
    if frames > 5:
        fewer = max(5, (frames // 2) // 4 * 4 + 1)
        yield _Variant(change=f"{fewer} frames", config=config, frames=fewer)
    if config.optim.ema is not None:
        changed_optim = replace(config.optim, ema=None)
        yield _Variant(change="optim.ema=null", config=replace(config, optim=changed_optim))
    if loop.precision == "fp32":
        yield _Variant(change="loop.precision=bf16", config=replace(config, loop=replace(loop, precision="bf16")))
    yield from _critic_variants(plan)
    twice = 2 * plan.world
    if loop.batch_size >= twice:
        yield _Variant(change=f"{twice} ranks", config=config, world=twice)


def _critic_variants(plan: TrainingPlan) -> Iterator[_Variant]:
    """What the critic sees, and how its frames are decoded."""
    config = plan.config
    critic, uso = config.critic, config.uso
    if config.objective in ("rwr", "uso") and min(critic.at_once, plan.part) > 1:
        yield _Variant(change="critic.at_once=1", config=replace(config, critic=replace(critic, at_once=1)))
    if config.needs_critic and critic.frames > 2:
        yield _Variant(change="critic.frames=2", config=replace(config, critic=replace(critic, frames=2)))
    if config.needs_critic and plan.costs.critic_vlm.backend == "qwen2.5" and plan.costs.critic_shape is not None:
        pixels = plan.costs.size.width * plan.costs.size.height // 4
        if critic.max_pixels is None or critic.max_pixels > pixels:
            smaller = replace(config, critic=replace(critic, max_pixels=pixels))
            yield _Variant(change=f"critic.max_pixels={pixels}", config=smaller)
    if config.objective == "uso" and uso.decode != "image":
        yield _Variant(change="uso.decode=image", config=replace(config, uso=replace(uso, decode="image")))
