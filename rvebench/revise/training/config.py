"""A training as one frozen value: model, objective, noise levels, optimiser, loop. Nothing here imports torch.

`training_preset("wan1.3b")` follows the paper and the released configuration where they agree (arXiv 2512.09924,
section 5.1: batch 8, reason weight 0.25, threshold 0.5; learning rate 3e-6, weight decay 1e-4, 500 steps of warm-up);
`training_preset("nano")` trains the small model from scratch on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from rvebench.errors import UnknownNameError, UsageError
from rvebench.records import digest_of
from rvebench.registry import nearest_names
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.config_io import from_plain, merged, read_plain, to_plain, with_changes
from rvebench.revise.training.config_parts import (
    CriticConfig,
    DecodeMode,
    DropoutConfig,
    GrpoConfig,
    LoopConfig,
    LoraConfig,
    OptimConfig,
    RewardConfig,
    RwrConfig,
    SftConfig,
    TimestepConfig,
    TrainablePart,
    UsoConfig,
)

__all__ = [
    "OBJECTIVES",
    "CriticConfig",
    "DecodeMode",
    "DropoutConfig",
    "GrpoConfig",
    "LoopConfig",
    "LoraConfig",
    "ObjectiveName",
    "OptimConfig",
    "RewardConfig",
    "RwrConfig",
    "SftConfig",
    "TimestepConfig",
    "TrainConfig",
    "TrainablePart",
    "UsoConfig",
    "training_preset",
    "training_preset_names",
]

ObjectiveName = Literal["sft", "rwr", "uso", "edit-grpo"]
OBJECTIVES: tuple[ObjectiveName, ...] = get_args(ObjectiveName)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Everything that decides a training but the data and the weights it starts from."""

    name: str = "wan1.3b"
    model: ReviseConfig = field(default_factory=ReviseConfig)
    objective: ObjectiveName = "uso"
    trainable: tuple[TrainablePart, ...] = ("transformer", "visual_context_adapter")
    """Parts whose weights change; all others are frozen, and checked to be."""
    lora: LoraConfig | None = None
    """Train low-rank factors of the transformer in place of its weights."""
    timesteps: TimestepConfig = field(default_factory=TimestepConfig)
    dropout: DropoutConfig = field(default_factory=DropoutConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    critic: CriticConfig = field(default_factory=CriticConfig)
    """How the VLM is asked, for rwr and uso, and by the rewards of edit-grpo that read it."""
    sft: SftConfig = field(default_factory=SftConfig)
    rwr: RwrConfig = field(default_factory=RwrConfig)
    uso: UsoConfig = field(default_factory=UsoConfig)
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise UsageError(f"no objective is called {self.objective!r}", hint=f"use one of {', '.join(OBJECTIVES)}")
        if not self.trainable:
            raise UsageError("nothing is trainable", hint="name at least one part in trainable")
        absent = [part for part in self.trainable if part != "transformer" and not self._has(part)]
        if absent:
            raise UsageError(
                f"the model has no {absent[0]} to train", hint=f"the strategy is {self.model.conditioning.strategy}"
            )
        if self.lora is not None and "transformer" not in self.trainable:
            raise UsageError("lora has no effect: the transformer is not trainable")

    def _has(self, part: str) -> bool:
        if part == "visual_context_adapter":
            return self.model.visual_context_adapter is not None
        if part == "refiner":
            return self.model.refiner is not None
        return self.model.connector is not None

    @property
    def needs_critic(self) -> bool:
        """Whether the objective asks a VLM for verdicts while it trains."""
        grpo = self.objective == "edit-grpo" and any(reward.name == "critic" for reward in self.grpo.rewards)
        return self.objective in ("rwr", "uso") or grpo

    def to_dict(self) -> dict[str, Any]:
        """Returns the configuration as JSON values, every key written out."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @property
    def digest(self) -> str:
        """sha256 of the whole configuration."""
        return digest_of(self.to_dict())

    @classmethod
    def from_dict(cls, plain: object) -> TrainConfig:
        """Builds a configuration from JSON values; a key `preset` names the one to start from.

        The table `model` may name a preset of its own.

        Raises:
            UsageError: an unknown key, a wrong type or a value out of range.
        """
        if not isinstance(plain, dict):
            raise UsageError(f"the configuration must be a table of keys, not {type(plain).__name__}")
        plain = dict(plain)
        base: dict[str, Any] = {}
        if "preset" in plain:
            name = plain.pop("preset")
            if not isinstance(name, str):
                raise UsageError(f"preset must be a name, not {name!r}")
            base = training_preset(name).to_dict()
        model = plain.get("model")
        if isinstance(model, dict) and "preset" in model:
            plain["model"] = ReviseConfig.from_dict(model).to_dict()
            base.pop("model", None)
        return from_plain(cls, merged(base, plain))

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a `.json` or `.toml` file; see :meth:`from_dict`.

        Raises:
            UsageError: as :meth:`from_dict`; the message names the file.
            DataError: the file is not valid JSON or TOML.
        """
        plain = read_plain(path)
        try:
            return cls.from_dict(plain)
        except UsageError as error:
            raise type(error)(error.what, where=path, hint=error.hint) from None

    def with_changes(self, changes: tuple[str, ...]) -> TrainConfig:
        """Returns the configuration with changes of the form `a.b=value`, as `--set` takes them.

        A value is read as JSON, and as plain text where it is none.

        Raises:
            UsageError: a change of another form, an unknown key, or a value that does not fit.
        """
        return with_changes(self, changes, example="optim.lr=1e-4")


def _wan() -> TrainConfig:
    return TrainConfig()


def _nano() -> TrainConfig:
    return TrainConfig(
        name="nano",
        model=preset("nano"),
        objective="sft",
        trainable=("transformer", "vision_head", "adapter"),
        dropout=DropoutConfig(text=0.0, vlm=0.1, source=0.0),
        optim=OptimConfig(
            lr=1e-3, muon_lr=0.02, weight_decay=0.01, warmup_steps=100, schedule="cosine", clip_norm=1.0, ema=0.999
        ),
        critic=CriticConfig(prompt="nano-v2", at_once=8),
        loop=LoopConfig(steps=2400, batch_size=16, precision="fp32", activation_checkpointing="none"),
    )


def _tiny_random() -> TrainConfig:
    base = TrainConfig(name="tiny-random", model=preset("tiny-random"))
    return replace(
        base,
        optim=OptimConfig(lr=1e-4, warmup_steps=2, ema=0.9),
        critic=CriticConfig(frames=2),
        loop=LoopConfig(steps=4, batch_size=2, precision="fp32", activation_checkpointing="none"),
    )


_PRESETS = {"nano": _nano, "tiny-random": _tiny_random, "wan1.3b": _wan}


def training_preset_names() -> tuple[str, ...]:
    """Returns the names that :func:`training_preset` knows."""
    return tuple(_PRESETS)


def training_preset(name: str) -> TrainConfig:
    """Returns the training called `name`.

    Raises:
        UnknownNameError: no training preset has that name.
    """
    if name not in _PRESETS:
        near = nearest_names(name, _PRESETS) or list(_PRESETS)
        raise UnknownNameError(f"no training preset is called {name!r}", hint=f"did you mean {', '.join(near)}?")
    return _PRESETS[name]()
