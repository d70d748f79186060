"""The parts of a training configuration: frozen records that refuse values which cannot work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from rvebench.errors import UsageError

__all__ = [
    "CriticConfig",
    "DecodeMode",
    "DropoutConfig",
    "GrpoConfig",
    "LoopConfig",
    "LoraConfig",
    "OptimConfig",
    "RewardConfig",
    "RwrConfig",
    "SftConfig",
    "TimestepConfig",
    "TrainablePart",
    "UsoConfig",
]

TrainablePart = Literal["transformer", "visual_context_adapter", "vision_head", "adapter", "refiner"]

DecodeMode = Literal["full", "prefix", "prefix_truncated", "subclip", "image"]
"""How the critic's frames come out of latents; see :mod:`rvebench.revise.training.decode`.

full and prefix are exact. prefix_truncated is exact forwards, and its gradient stops some latents back. subclip decodes
the chosen latents as if they followed each other, image each as a picture: both approximate.
"""


def _number(owner: object, name: str, low: float, high: float = math.inf, *, above: bool = False) -> None:
    """Refuses what is no number in low..high, or, with `above`, what is not above low."""
    value = getattr(owner, name)
    if not math.isfinite(value) or value < low or value > high or (above and value == low):
        bounds = f"above {low:g}" if above else f"at least {low:g}"
        limit = "" if math.isinf(high) else f" and at most {high:g}"
        raise UsageError(f"{type(owner).__name__}.{name} must be {bounds}{limit}, not {value!r}")


def _choice(owner: object, name: str, known: tuple[str, ...]) -> None:
    value = getattr(owner, name)
    if value not in known:
        raise UsageError(f"{type(owner).__name__}.{name} is {value!r}", hint=f"use one of {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestepConfig:
    """Which noise levels are trained on: sigma = shift u / (1 + (shift - 1) u), u drawn from `law`."""

    law: Literal["uniform", "logit-normal"] = "uniform"
    """The paper's trigger rates are those of a uniform u at shift 3; the released file says logit-normal, unread."""
    shift: float = 3.0
    logit_mean: float = 0.0
    """Of the logit of u; read by logit-normal alone."""
    logit_std: float = 1.0

    def __post_init__(self) -> None:
        _choice(self, "law", ("uniform", "logit-normal"))
        _number(self, "shift", 0, above=True)
        _number(self, "logit_mean", -20, 20)
        _number(self, "logit_std", 0, above=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutConfig:
    """How often a sample loses a condition, each drawn on its own, so that guidance can be used afterwards."""

    text: float = 0.2
    vlm: float = 0.2
    together: bool = True
    """Text and VLM states are dropped by one draw, with the chance `vlm`, as the released trainer does."""
    source: float = 0.0

    def __post_init__(self) -> None:
        for name in ("text", "vlm", "source"):
            _number(self, name, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimConfig:
    """AdamW, Muon for hidden matrices if asked for, one learning-rate schedule, one clip."""

    lr: float = 3e-6
    muon_lr: float | None = None
    """Rate of Muon, on the same schedule, for hidden matrices and kernels; None leaves them to AdamW."""
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-8
    weight_decay: float = 1e-4
    warmup_steps: int = 500
    """Steps over which the rate rises from 0, linearly."""
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    final_share: float = 0.1
    """The rate at the last step as a share of `lr`, for cosine and linear."""
    clip_norm: float = 0.1
    """Largest norm of the whole gradient."""
    ema: float | None = None
    """Decay of the averaged weights, which are what is saved for use; None keeps none."""

    def __post_init__(self) -> None:
        _number(self, "lr", 0, above=True)
        if self.muon_lr is not None:
            _number(self, "muon_lr", 0, above=True)
        for name in ("beta1", "beta2"):
            _number(self, name, 0, 0.999999)
        for name in ("eps", "clip_norm"):
            _number(self, name, 0, above=True)
        _number(self, "weight_decay", 0)
        _number(self, "warmup_steps", 0)
        _choice(self, "schedule", ("constant", "cosine", "linear"))
        _number(self, "final_share", 0, 1)
        if self.ema is not None:
            _number(self, "ema", 0, 0.9999999)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraConfig:
    """Low-rank factors beside the transformer's linear layers (peft)."""

    rank: int = 32
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")
    """Ends of the names of the layers that get factors."""

    def __post_init__(self) -> None:
        _number(self, "rank", 1)
        _number(self, "alpha", 0, above=True)
        _number(self, "dropout", 0, 0.99)
        if not self.targets:
            raise UsageError("LoraConfig.targets names no layer")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticConfig:
    """How the frozen VLM is asked whether an edit does what was asked."""

    prompt: str = "v1"
    """A folder of prompts/critic."""
    frames: int = 4
    """Frames of source and of edit it sees each, evenly spread."""
    baseline: Literal["source", "none"] = "source"
    """source: the logit counts relative to that of the untouched source, as in the paper. It can saturate: see
    docs/revise/training.md."""
    temperature: float = 1.0
    """Divides the relative logit."""
    margin: float = 0.0
    """Taken off the relative logit: how much better than the baseline is good enough."""
    thought: bool = False
    """Put a chain of thought, sampled once without gradient, before the verdict."""
    thought_tokens: int = 96
    """Most tokens of it."""
    max_pixels: int | None = None
    """Largest area of a frame the VLM sees; None for its own limit."""
    at_once: int = 1
    """Edits that are decoded and judged together: faster for small models, at so many times the memory."""

    def __post_init__(self) -> None:
        _number(self, "frames", 1)
        if self.frames > 1 and self.frames % 2:
            raise UsageError(
                f"CriticConfig.frames is 1 or even, not {self.frames}: the VLM reads two frames at a time",
                hint=f"use {self.frames + 1}",
            )
        _choice(self, "baseline", ("source", "none"))
        _number(self, "temperature", 0, above=True)
        _number(self, "margin", -1000, 1000)
        _number(self, "thought_tokens", 1)
        _number(self, "at_once", 1)
        if self.max_pixels is not None:
            _number(self, "max_pixels", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SftConfig:
    """Flow matching; also the flow part of rwr and uso."""

    mask_weight: float = 0.0
    """w of VIVA's weight 1 + w M, M the share of a latent's pixels that the edit changes (arXiv 2512.16906)."""

    def __post_init__(self) -> None:
        _number(self, "mask_weight", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RwrConfig:
    """Reward-weighted regression: flow matching, each sample times exp(reward / temperature)."""

    temperature: float = 1.0
    reading: Literal["soft", "hard"] = "soft"
    """The reward is P(yes), or 1 where the verdict is yes and 0 where it is no."""
    estimate: Literal["x0", "target"] = "x0"
    """What the critic reads: the one-step estimate at the drawn noise level, or the training target."""
    tau: float = 1.0
    """Estimates at more noise than this count with the mean weight of the batch, 1."""
    normalise: bool = True
    """Divide the weights by their mean over all ranks, so that the learning rate keeps its meaning."""

    def __post_init__(self) -> None:
        _number(self, "temperature", 0, above=True)
        _choice(self, "reading", ("soft", "hard"))
        _choice(self, "estimate", ("x0", "target"))
        _number(self, "tau", 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsoConfig:
    """Unified semantic optimisation: L_FM + weight * L_reason, where there is little enough noise."""

    weight: float = 0.25
    """Lambda."""
    tau: float = 0.5
    """The reason loss counts at noise levels of at most this."""
    gate: Literal["step", "sample"] = "step"
    """step: all samples of all ranks are below tau, or none, by one shared draw with the same chance; sample: each by
    its own level."""
    warmup_steps: int = 0
    """Steps over which the weight rises from 0."""
    decode: DecodeMode = "prefix_truncated"
    decode_context: int = 2
    """Latents before a chosen one that get gradient, for prefix_truncated."""
    max_norm_ratio: float | None = 1.0
    """Most that the reason gradient may weigh beside the flow gradient, by norms at the velocity; None: no cap."""

    def __post_init__(self) -> None:
        _number(self, "weight", 0)
        _number(self, "tau", 0, 1)
        _choice(self, "gate", ("step", "sample"))
        _number(self, "warmup_steps", 0)
        _choice(self, "decode", get_args(DecodeMode))
        _number(self, "decode_context", 0)
        if self.max_norm_ratio is not None:
            _number(self, "max_norm_ratio", 0, above=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardConfig:
    """One reward of edit-grpo and its weight in the sum."""

    name: str
    """A plug-in of :mod:`rvebench.revise.training.rewards`."""
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight):
            raise UsageError(f"the weight of the reward {self.name} must be a number, not {self.weight!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpoConfig:
    """Edit-GRPO: stochastic rollouts in groups, advantages within a group, clipped ratios.

    Source: arXiv 2512.16906, section 3.3, after arXiv 2505.05470.
    """

    group: int = 8
    """Edits of one sample that are compared with each other."""
    steps: int = 10
    """Steps of a rollout."""
    shift: float = 3.0
    guidance_scale: float = 1.0
    """Of the rollouts; 1 asks the conditional branch alone."""
    noise_level: float = 0.7
    """a of the injected noise, a sqrt(sigma / (1 - sigma)); 0 is the deterministic sampler."""
    window: int = 2
    """Steps that are stochastic and trained on; the others are deterministic."""
    window_place: Literal["random", "first"] = "random"
    """Where the window begins: drawn, the same for all ranks, in the first half of the steps; or at the first step."""
    same_noise: bool = True
    """All edits of a group begin at the same noise and part at the window; the steps before it are then run once."""
    updates: int = 1
    """Optimiser steps on one set of rollouts."""
    clip_range: float = 1e-3
    advantage_clip: float = 5.0
    std: Literal["group", "global"] = "group"
    """What advantages are divided by."""
    kl_weight: float = 0.04
    """Of the divergence from the weights the training began with; 0 needs no reference."""
    ratio_norm: bool = False
    """Standardise log-ratios per step before clipping (GRPO-Guard)."""
    rewards: tuple[RewardConfig, ...] = (
        RewardConfig(name="instruction-following"),
        RewardConfig(name="source-preservation"),
        RewardConfig(name="preference"),
    )

    def __post_init__(self) -> None:
        _number(self, "group", 2)
        _number(self, "steps", 1)
        _number(self, "shift", 0, above=True)
        _number(self, "guidance_scale", 0)
        _number(self, "noise_level", 0)
        _number(self, "window", 1, self.steps)
        _choice(self, "window_place", ("random", "first"))
        _number(self, "updates", 1)
        for name in ("clip_range", "advantage_clip"):
            _number(self, name, 0, above=True)
        _choice(self, "std", ("group", "global"))
        _number(self, "kl_weight", 0)
        if not self.rewards:
            raise UsageError("GrpoConfig.rewards is empty: there is nothing to learn from")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How long, how many at once, in which precision, and what is written when."""

    steps: int = 3000
    batch_size: int = 8
    """Samples a step, over all ranks and all accumulated parts."""
    accumulate: int = 1
    """Parts that a rank's share of the batch is computed in."""
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "bf16"
    """Of the computation; master weights, gradients and optimiser are fp32."""
    activation_checkpointing: Literal["none", "block"] = "block"
    compile: bool = False
    log_every: int = 10
    save_every: int = 500
    keep: int = 2
    """Newest checkpoints that are kept."""
    eval_every: int = 0
    """Steps between held-out measurements; 0 for none."""
    eval_samples: int = 16
    grid_every: int = 0
    """Steps between sample grids; 0 for none."""
    grid_samples: int = 4

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "accumulate", "log_every", "save_every", "keep"):
            _number(self, name, 1)
        for name in ("eval_every", "grid_every", "seed"):
            _number(self, name, 0)
        for name in ("eval_samples", "grid_samples"):
            _number(self, name, 1)
        _choice(self, "precision", ("fp32", "bf16"))
        _choice(self, "activation_checkpointing", ("none", "block"))
        if self.batch_size % self.accumulate:
            raise UsageError(
                f"LoopConfig.batch_size {self.batch_size} is not a multiple of accumulate {self.accumulate}"
            )
