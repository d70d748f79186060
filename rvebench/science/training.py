"""The trainings of a study: the same functions that `train-vae`, `train-critic`, `precompute` and `train-revise` call.

Each works in a folder and goes on from what it finds there, so that a run that was killed loses at most what came after
its last checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rvebench.errors import DataError
from rvebench.revise.assembly import Parts
from rvebench.revise.placement import check_device
from rvebench.revise.training.clips import PreparedClips, TrainingSample
from rvebench.revise.training.config import CriticConfig, TrainConfig
from rvebench.revise.training.critic import build_critic
from rvebench.revise.training.critic_examples import ExamplePool, GradedClip, read_graded_clip
from rvebench.revise.training.critic_stage import CriticTask, finished, fresh_critic
from rvebench.revise.training.dataset import ShardSource
from rvebench.revise.training.export import export_model
from rvebench.revise.training.hooks import Hooks
from rvebench.revise.training.logs import LOG_NAME
from rvebench.revise.training.loop import Trainer
from rvebench.revise.training.objectives.build import build_objective
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.shards.baselines import BaselineCritic
from rvebench.revise.training.shards.encode import SampleEncoder
from rvebench.revise.training.shards.precompute import precompute
from rvebench.revise.training.shards.spec import EncoderPrints, ShardSpec
from rvebench.revise.training.stage import run_stage
from rvebench.revise.training.supporting import CriticTrainConfig, VaeTrainConfig
from rvebench.revise.training.vae_stage import VaeTask, load_vae_folder, save_vae_folder
from rvebench.revise.training.world import World
from rvebench.splits.graded import read_graded
from rvebench.storage import LogLine, atomic_write_text, read_lines

__all__ = [
    "Trained",
    "fill_shards",
    "gate_seen",
    "model_of",
    "train_autoencoder",
    "train_critic",
    "train_model",
]

_MODEL = "model"
Stop = Callable[[], bool]
Say = Callable[[str], object]


def train_autoencoder(
    config: VaeTrainConfig, clips: PreparedClips, held_out: PreparedClips, folder: Path, *, stop: Stop
) -> Mapping[str, Any]:
    """Trains the autoencoder, as `train-vae` does, and returns its held-out measurements."""
    task = VaeTask.fresh(config.model, clips, held_out, config.loss, seed=config.stage.seed)
    end = run_stage(task, config.stage, folder, resume=True, stop=stop)
    told = {"steps": end.step, "samples": len(clips), "held_out": dict(end.measured)}
    save_vae_folder(folder, task, end.averaged, told)
    return told


def train_critic(
    config: CriticTrainConfig,
    clips: PreparedClips,
    held_out: PreparedClips,
    graded: Path,
    vae: Path,
    folder: Path,
    *,
    stop: Stop,
) -> Mapping[str, Any]:
    """Trains the critic on unspoilt targets, as `train-critic` does, and returns its held-out measurements.

    Args:
        config: how.
        clips: to train on.
        held_out: to measure on.
        graded: the list of edits that are known to be half right or wrong.
        vae: the autoencoder's folder: edits are shown through it.
        folder: of the training.
        stop: see :func:`rvebench.revise.training.stage.run_stage`.
    """
    known = _graded(graded, config, clips, held_out)
    critic = fresh_critic(
        config.model, config.critic, [sample.instruction for sample in clips.samples], seed=config.stage.seed
    )
    task = CriticTask(
        config=config.model,
        critic=critic,
        pool=ExamplePool(clips=clips, graded=known, mix=config.mix),
        held_out=ExamplePool(clips=held_out, graded=known, mix=config.mix),
        settings=config.loss,
        vae=load_vae_folder(vae)[1],
        fps=config.fps,
    )
    end = run_stage(task, config.stage, folder, resume=True, stop=stop)
    shutil.rmtree(folder / "vlm", ignore_errors=True)
    finished(task, end.averaged).save(folder / "vlm")
    told = {"steps": end.step, "samples": len(clips), "graded": len(known), "held_out": dict(end.measured)}
    atomic_write_text(folder / "report.json", json.dumps({**told, "identity": task.identity()}, indent=2) + "\n")
    return told


def _graded(path: Path, config: CriticTrainConfig, *of: PreparedClips) -> dict[str, list[GradedClip]]:
    wanted = {sample.id for clips in of for sample in clips.samples}
    found: dict[str, list[GradedClip]] = {}
    for edit in read_graded(path):
        if edit.sample in wanted:
            frames = read_graded_clip(edit.video, config.clips, where=edit.sample)
            found.setdefault(edit.sample, []).append(GradedClip(edit.kind, frames, edit.grade))
    return found


def model_of(folder: Path) -> Path:
    """Returns where :func:`train_model` leaves the model of a training."""
    return folder / _MODEL


def fill_shards(
    config: TrainConfig,
    parts: Parts,
    spec: ShardSpec,
    samples: Sequence[TrainingSample],
    folder: Path,
    *,
    progress: Callable[[int, int], None],
) -> Mapping[str, Any]:
    """Precomputes latents, states and the critic's baselines, as `rvebench revise precompute` does.

    Args:
        config: whose critic's baselines are kept.
        parts: the frozen encoders.
        spec: what is kept.
        samples: to train on.
        folder: of the shards; what it holds already is not computed again.
        progress: called with samples done and all.

    Raises:
        DataError: a sample cannot be used: in a study none is left out.
    """
    encoder = SampleEncoder(parts, spec, device="auto")
    critic = _baselines(config.critic, parts)
    report = precompute(samples, encoder, folder, critic=critic, update=True, progress=progress)
    if report.failures:
        first = report.failures[0]
        raise DataError(f"{len(report.failures)} samples cannot be used; the first: {first.reason}", where=first.id)
    return {"samples": report.samples, "baselines": report.baselines, "size_bytes": report.size_bytes}


def _baselines(config: CriticConfig, parts: Parts) -> BaselineCritic:
    device = check_device("auto")
    return BaselineCritic(critic=build_critic(config, parts.vlm), frames=config.frames, device=str(device))


class Trained(NamedTuple):
    """What a training came to."""

    model: Path
    steps: int
    gate_seen: float | None
    p_yes: float | None
    """Mean of the last tenth of the log, where the objective asks a critic."""


def train_model(
    config: TrainConfig, parts: Parts, shards: Path, folder: Path, *, say: Say = lambda _line: None
) -> Trained:
    """Trains a model, as `train-revise` does, and saves it with averaged weights; goes on where it stopped.

    Args:
        config: the training.
        parts: the model it begins with; changed in place.
        shards: what :func:`fill_shards` filled.
        folder: of the training.
        say: is told of warnings.

    Raises:
        StoppedError: Ctrl-C or SIGTERM; the step was finished and saved.
        DivergedError: a loss is no number.
    """
    path, checkpoints, log = model_of(folder), folder / "checkpoints", folder / LOG_NAME
    if path.is_dir() and not checkpoints.exists():  # all was done but the stage's own record
        return Trained(path, config.loop.steps, gate_seen(log), _last(log, "p_yes"))
    device = check_device("auto")
    for module in parts.modules.values():
        module.to(device)
    policy = Policy.of(parts)
    source = ShardSource(
        [shards],
        batch_size=config.loop.batch_size,
        seed=config.loop.seed,
        encoders=EncoderPrints.of(parts),
        critic=_baselines(config.critic, parts) if _reads_baseline(config) else None,
        frames=config.objective != "sft",
    )
    trainer = Trainer(
        config,
        policy,
        lambda ready: build_objective(config, parts, ready, masks=source.has_masks),
        source,
        out=folder,
        world=World(device=device),
        hooks=Hooks(warn=say),
    )
    trainer.resume()
    counters = trainer.run()
    export_model(trainer, parts, path)
    shutil.rmtree(checkpoints)  # some hundred megabytes a training: the model is what is read from here on
    return Trained(path, counters.step, gate_seen(log), _last(log, "p_yes"))


def _reads_baseline(config: TrainConfig) -> bool:
    return config.objective == "uso" and config.critic.baseline == "source"


def gate_seen(log: Path) -> float | None:
    """Returns the share of samples whose gate was open, over a training's log; None where it has none."""
    values = _logged(log, "gate")
    return sum(values) / len(values) if values else None


def _last(log: Path, name: str) -> float | None:
    values = _logged(log, name)
    last = values[-max(1, len(values) // 10) :]
    return sum(last) / len(last) if last else None


def _logged(log: Path, name: str) -> list[float]:
    lines = (line.value for line in read_lines(log) if isinstance(line, LogLine))
    return [float(line[name]) for line in lines if line.get("event") == "train" and name in line]
