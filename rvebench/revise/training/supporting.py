"""The trainings of the two supporting networks as frozen values, read and changed like a model's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.config_io import from_plain, read_plain, with_changes
from rvebench.revise.training.clips import ClipShape
from rvebench.revise.training.config_parts import CriticConfig, OptimConfig
from rvebench.revise.training.critic_examples import ExampleMix
from rvebench.revise.training.critic_losses import CriticLossSettings
from rvebench.revise.training.stage import StageSettings
from rvebench.revise.training.vae_stage import VaeLossSettings

__all__ = ["CriticTrainConfig", "VaeTrainConfig", "changed", "read_training"]

ConfigT = TypeVar("ConfigT")


def _nano_vae_stage() -> StageSettings:
    optim = OptimConfig(
        lr=2e-3, muon_lr=0.02, beta2=0.95, weight_decay=1e-4, warmup_steps=20, schedule="cosine", final_share=0.02,
        clip_norm=1.0, ema=0.998,
    )  # fmt: skip
    return StageSettings(steps=2000, batch_size=4, optim=optim, save_every=200, eval_every=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeTrainConfig:
    """Everything that decides an autoencoder but its data. The defaults are those of ReViSE-nano."""

    model: ReviseConfig = field(default_factory=lambda: preset("nano"))
    clips: ClipShape = field(default_factory=ClipShape)
    stage: StageSettings = field(default_factory=_nano_vae_stage)
    loss: VaeLossSettings = field(default_factory=VaeLossSettings)
    held_out_share: float = 0.05
    """Share of the groups that is not trained on: the last ones."""
    held_out_samples: int = 24
    """Samples of it that are measured."""


def _nano_critic_stage() -> StageSettings:
    optim = OptimConfig(
        lr=1e-3, muon_lr=0.02, beta2=0.98, weight_decay=0.02, warmup_steps=50, schedule="cosine", final_share=0.02,
        clip_norm=1.0, ema=0.998,
    )  # fmt: skip
    return StageSettings(steps=4000, batch_size=16, optim=optim, save_every=200, eval_every=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticTrainConfig:
    """Everything that decides a critic but its data. The defaults are those of ReViSE-nano."""

    model: ReviseConfig = field(default_factory=lambda: preset("nano"))
    clips: ClipShape = field(default_factory=ClipShape)
    fps: float = 4.0
    """Frames a second of the clips."""
    critic: CriticConfig = field(default_factory=lambda: CriticConfig(prompt="nano-v2", frames=4))
    stage: StageSettings = field(default_factory=_nano_critic_stage)
    loss: CriticLossSettings = field(default_factory=CriticLossSettings)
    mix: ExampleMix = field(default_factory=ExampleMix)
    held_out_share: float = 0.05
    """Share of the groups that is not trained on: the last ones."""
    held_out_samples: int = 96
    """Samples of it that are measured, each with every kind of example."""


def read_training(kind: type[ConfigT], text: str) -> ConfigT:
    """Returns the training that a command names: the preset `nano`, or a `.json` or `.toml` file with its keys.

    In a file, the table `model` may begin with a key `preset`.

    Raises:
        UsageError: no such preset or file, an unknown key, or a value that cannot be.
        DataError: the file is no valid JSON or TOML.
    """
    if text == "nano":
        return kind()
    if not Path(text).suffix:
        raise UsageError(f"no training is called {text!r}", hint="use nano, or the path of a .json or .toml file")
    plain = read_plain(Path(text))
    if isinstance(plain.get("model"), dict):
        plain["model"] = ReviseConfig.from_dict(plain["model"]).to_dict()
    try:
        return from_plain(kind, plain)
    except UsageError as error:
        raise type(error)(error.what, where=text, hint=error.hint) from None


def changed(config: ConfigT, changes: Sequence[str]) -> ConfigT:
    """Returns a training with changes of the form `a.b=value`; see :func:`rvebench.revise.config_io.with_changes`.

    Raises:
        UsageError: a change of another form, an unknown key, or a value that cannot be.
    """
    return with_changes(config, changes, example="stage.optim.lr=1e-4")
