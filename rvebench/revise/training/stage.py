"""The loop of the two supporting trainings, autoencoder and critic: one device, AdamW or Muon, exact resume.

All that is random in a step is drawn from one generator whose seed is the run's seed and the step's number; a
checkpoint therefore holds weights, moments, averaged weights and the step, and a training that was stopped goes on to
the very bits that an unbroken one gives (on the same machine, with as many threads). A checkpoint is one safetensors
file, written beside its predecessor and renamed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from rvebench.errors import DataError, InterruptError, RveError, StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.training.config_parts import OptimConfig
from rvebench.revise.training.optim import Ema, Optimizers, learning_rate
from rvebench.revise.training.source import places_of_step
from rvebench.storage import LineLog, LogLine, atomic_write_bytes, exclusive_lock, read_lines

__all__ = [
    "StageEnd",
    "StageSettings",
    "StageTask",
    "run_stage",
    "step_generator",
]

LOG_NAME = "log.jsonl"
_FORMAT = "rvebench-stage/1"
_PRIME = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """How long a stage runs, on how much at once, and what it writes when."""

    steps: int
    batch_size: int
    optim: OptimConfig = field(default_factory=OptimConfig)
    seed: int = 0
    log_every: int = 20
    save_every: int = 200
    eval_every: int = 400
    """Steps between held-out measurements; the last step is always measured."""
    keep: int = 2
    """Newest checkpoints that are kept."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "log_every", "save_every", "eval_every", "keep"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.seed < 0:
            raise UsageError(f"a seed is 0 or more, not {self.seed}")


class StageTask(Protocol):
    """What a stage trains, and how it is measured."""

    @property
    def name(self) -> str:
        """Of the stage, in logs and errors."""

    @property
    def model(self) -> nn.Module:
        """Whose parameters that require a gradient are trained, in fp32."""

    def identity(self) -> Mapping[str, Any]:
        """Returns JSON values of all that decides the outcome beside the settings: model, data, weights of losses."""

    def __len__(self) -> int:
        """Items that an epoch goes through."""

    def names(self, items: Sequence[int]) -> list[str]:
        """Returns ids of the samples behind some items, for errors."""

    def loss(self, items: Sequence[int], generator: torch.Generator) -> tuple[torch.Tensor, Mapping[str, float]]:
        """Returns a scalar with gradient, and what to log beside it."""

    def evaluate(self) -> Mapping[str, Any]:
        """Returns held-out measurements of the model as it is, JSON values; draws nothing from elsewhere."""


class StageEnd(NamedTuple):
    """How a stage ended."""

    step: int
    measured: Mapping[str, Any]
    """The last held-out measurements, of the averaged weights."""
    averaged: dict[str, torch.Tensor]
    """The averaged weights, or the last ones where nothing is averaged."""


def step_generator(seed: int, step: int) -> torch.Generator:
    """Returns the generator that all draws of one step come from."""
    return torch.Generator().manual_seed((seed * _PRIME + step) * _PRIME % 2**63)


def _trained(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def run_stage(
    task: StageTask,
    settings: StageSettings,
    folder: Path,
    *,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int, Mapping[str, float]], None] | None = None,
) -> StageEnd:
    """Trains, and returns how it ended.

    Args:
        task: what is trained; its model is changed in place.
        settings: how.
        folder: of checkpoints and log; made.
        resume: go on from the newest checkpoint, if there is one.
        stop: asked after each step; True saves and leaves.
        progress: called after each step with its number, all steps, and its measurements.

    Raises:
        UsageError: the folder holds a training and `resume` was not asked for, or it is of other settings or data; the
            first differences are named.
        InterruptError: `stop` said so; all is saved.
        RveError: a loss or gradient is not a number; the state before is saved and the samples are named.
        DataError: the newest checkpoint is damaged.
        StorageError: a checkpoint cannot be written; the one before it is whole.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot be made: {error.strerror or error}", where=folder) from error
    with exclusive_lock(folder / "lock"):
        run = _Run(task, settings, folder)
        run.begin(resume)
        with LineLog(folder / LOG_NAME) as log:
            return run.go(log, stop, progress)


class _Run:
    def __init__(self, task: StageTask, settings: StageSettings, folder: Path) -> None:
        self.task, self.settings, self.folder = task, settings, folder
        self.weights = _trained(task.model)
        if not self.weights or not len(task):
            raise UsageError(f"{task.name}: nothing to train, or nothing to train on")
        optim = settings.optim
        self.optimizers = Optimizers(list(self.weights.items()), optim, decay_vectors=False)
        self.ema = Ema(list(self.weights.items()), optim.ema) if optim.ema is not None else None
        self.step = 0
        plain_settings = json.loads(json.dumps(asdict(settings)))
        # how often something is written does not change what is learnt
        for name in ("log_every", "save_every", "eval_every", "keep"):
            del plain_settings[name]
        self.identity = {
            "stage": task.name,
            "settings": plain_settings,
            "task": json.loads(json.dumps(task.identity())),
        }

    def begin(self, resume: bool) -> None:
        found = _checkpoints(self.folder)
        log = self.folder / LOG_NAME
        if found and not resume:
            raise UsageError(
                f"the folder holds a training at step {_step_of(found[-1])}",
                where=self.folder,
                hint="add --resume to go on, or choose another --out",
            )
        if found:
            self._load(found[-1])
        _cut(log, self.step)

    def go(
        self,
        log: LineLog,
        stop: Callable[[], bool],
        progress: Callable[[int, int, Mapping[str, float]], None] | None,
    ) -> StageEnd:
        settings, measured, saved = self.settings, {}, self.step
        since, began = self.step, time.monotonic()
        while self.step < settings.steps:
            told = self._advance()
            done = self.step
            if progress is not None:
                progress(done, settings.steps, told)
            if done % settings.log_every == 0 or done == settings.steps:
                pace = (time.monotonic() - began) / max(1, done - since)
                log.append({"step": done, **told, "s_per_step": round(pace, 4)})
                since, began = done, time.monotonic()
            if done % settings.eval_every == 0 and done < settings.steps:
                log.append({"step": done, "held_out": dict(self._measure())})
                began = time.monotonic()
            stopping = stop() and done < settings.steps
            if done % settings.save_every == 0 or done == settings.steps or stopping:
                self._save()
                saved = done
            if stopping:
                raise InterruptError(
                    f"stopped at step {done} of {settings.steps}; it is saved",
                    where=self.folder,
                    hint="run the same command with --resume",
                )
        measured = dict(self._measure())
        log.append({"step": self.step, "held_out": measured}, durable=True)
        if saved < self.step:
            self._save()
        weights = self.ema.tensors if self.ema is not None else self.weights
        return StageEnd(self.step, measured, {name: weight.detach().clone() for name, weight in weights.items()})

    def _advance(self) -> dict[str, float]:
        settings, optim = self.settings, self.settings.optim
        items = places_of_step(len(self.task), settings.batch_size, settings.seed, self.step)
        rate = learning_rate(optim, self.step, settings.steps)
        self.optimizers.set_rate(rate)
        self.task.model.train()
        loss, told = self.task.loss(items, step_generator(settings.seed, self.step))
        loss.backward()
        loss = loss.detach()
        norm = torch.nn.utils.clip_grad_norm_(list(self.weights.values()), optim.clip_norm)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            self._forget_gradients()
            self._save()
            raise RveError(
                f"the loss of step {self.step} is {float(loss)} and the gradient's norm {float(norm)}, on the samples "
                f"{', '.join(self.task.names(items))}; the state before that step is saved",
                where=self.folder,
                hint="look at these samples, or lower the learning rate",
            )
        self.optimizers.step()
        self._forget_gradients()
        self.step += 1
        if self.ema is not None:
            self.ema.update(self.step)
        return {"loss": float(loss), **told, "grad_norm": float(norm), "lr": rate}

    def _forget_gradients(self) -> None:
        for weight in self.weights.values():
            weight.grad = None

    def _measure(self) -> Mapping[str, Any]:
        self.task.model.eval()
        with torch.no_grad():
            if self.ema is None:
                return self.task.evaluate()
            with self.ema.in_place():
                return self.task.evaluate()

    def _save(self) -> None:
        tensors = {f"weight/{name}": weight.detach() for name, weight in self.weights.items()}
        if self.ema is not None:
            tensors |= {f"ema/{name}": weight for name, weight in self.ema.tensors.items()}
        for name, weight in self.weights.items():
            for key, value in self.optimizers.state_of(weight).items():
                tensors[f"optim.{key}/{name}"] = value
        state = {"format": _FORMAT, "step": self.step, "identity": self.identity}
        metadata = {"state": json.dumps(state, sort_keys=True), "digest": digest_of(state)}
        data = save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata=metadata)
        atomic_write_bytes(self.folder / f"step-{self.step:08d}.safetensors", data)
        for old in _checkpoints(self.folder)[: -self.settings.keep]:
            old.unlink(missing_ok=True)

    def _load(self, path: Path) -> None:
        try:
            file: Any = safe_open(path, framework="pt")
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            state = json.loads(metadata["state"])
            sound = metadata["digest"] == digest_of(state) and state["format"] == _FORMAT
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise self._damaged(path, f"{error}") from None
        if not sound:
            raise self._damaged(path, "its record is not what was written")
        if changed := list(_differences(state["identity"], self.identity)):
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            raise UsageError(
                f"the training here is another one: {'; '.join(changed[:3])}{more}",
                where=path,
                hint="give the same options, or choose another --out",
            )
        try:
            for name, weight in self.weights.items():
                weight.data.copy_(tensors[f"weight/{name}"])
                if self.ema is not None:
                    self.ema.tensors[name].copy_(tensors[f"ema/{name}"])
                ends = f"/{name}"
                held = {
                    key[len("optim.") : -len(ends)]: value.clone()
                    for key, value in tensors.items()
                    if key.startswith("optim.") and key.endswith(ends) and key.count("/") == 1
                }
                self.optimizers.restore(weight, held)
        except (KeyError, RuntimeError) as error:
            raise self._damaged(path, f"{error}") from None
        self.step = int(state["step"])

    @staticmethod
    def _damaged(path: Path, why: str) -> DataError:
        return DataError(
            f"the checkpoint is damaged: {why}", where=path, hint="delete it: the one before is taken up then"
        )


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.safetensors"))


def _step_of(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _cut(log: Path, step: int) -> None:
    """Leaves out of the log what comes after a step: it is done again."""
    lines = [item for item in read_lines(log) if isinstance(item, LogLine)]
    kept = [line.value for line in lines if line.value["step"] <= step] if step else []
    if len(kept) < len(lines):
        log.unlink()
        with LineLog(log) as fresh:
            for value in kept:
                fresh.append(value)


def _differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yields what differs between two JSON values, as `key: before, now`."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from _differences(before.get(key), now.get(key), f"{place}.{key}".lstrip("."))
    elif before != now:
        texts = [text if len(text) < 40 else f"{text[:36]}..." for text in (json.dumps(before), json.dumps(now))]
        yield f"{place} was {texts[0]} and is {texts[1]}"
