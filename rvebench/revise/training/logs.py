"""What a training writes down: one JSON line an event in `train.jsonl`, and the same to TensorBoard and wandb.

Lines are the project's journal lines (:mod:`rvebench.storage`): whole or dropped, each with its checksum. On a resume
the lines of steps that will be done again are cut off, so that the file reads as if nothing had happened.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from rvebench.errors import UsageError
from rvebench.revise.training.world import World
from rvebench.storage import LineLog, LogLine, read_lines

__all__ = ["LOG_NAME", "Meter", "TrainLog", "memory_bytes"]

LOG_NAME = "train.jsonl"


class Meter:
    """Weighted means by name, over parts, steps and ranks; a name that a part has not does not count there."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, float]] = {}

    def add(self, values: Mapping[str, float], weight: float) -> None:
        """Takes values in that are means over `weight` samples."""
        if not weight:
            return
        for name, value in values.items():
            total, weights = self._sums.get(name, (0.0, 0.0))
            self._sums[name] = (total + float(value) * weight, weights + weight)

    def take(self, world: World) -> dict[str, float]:
        """Returns the means over all ranks since the last call, and starts anew."""
        merged = Meter()
        for state in world.gather(self.state()):
            merged.merge(state)
        self._sums = {}
        return {name: total / weights for name, (total, weights) in sorted(merged._sums.items())}

    def state(self) -> dict[str, list[float]]:
        """Returns the sums as JSON values."""
        return {name: list(pair) for name, pair in self._sums.items()}

    def merge(self, state: Mapping[str, Sequence[float]]) -> None:
        """Adds the sums that :meth:`state` gave."""
        for name, (total, weights) in state.items():
            held = self._sums.get(name, (0.0, 0.0))
            self._sums[name] = (held[0] + total, held[1] + weights)


class TrainLog:
    """Writes events; on ranks but the first it writes nothing.

    Args:
        folder: where `train.jsonl` and `tensorboard/` go.
        world: the ranks.
        step: steps done; lines of later steps are cut off.
        wandb: a wandb project to report to as well.

    Raises:
        UsageError: wandb is asked for and not installed.
        DataError: the log is damaged.
        StorageError: it cannot be written.
    """

    def __init__(self, folder: Path, world: World, *, step: int = 0, wandb: str | None = None) -> None:
        self._log: LineLog | None = None
        self._board: Any = None
        self._wandb: Any = None
        if not world.first:
            return
        path = folder / LOG_NAME
        _cut(path, step)
        self._log = LineLog(path)
        self._board = _tensorboard(folder / "tensorboard", step)
        if wandb is not None:
            self._wandb = _wandb(wandb, folder)

    def write(self, event: str, step: int, values: Mapping[str, Any]) -> None:
        """Writes one line, `{"event": …, "step": …, …values}`; numbers go to the boards under `event/name`."""
        if self._log is None:
            return
        self._log.append({"event": event, "step": step, **values})
        numbers = {
            f"{event}/{name}": value
            for name, value in values.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        if self._board is not None:
            for name, value in numbers.items():
                self._board.add_scalar(name, value, step)
        if self._wandb is not None and numbers:
            self._wandb.log(numbers, step=step)

    def picture(self, name: str, step: int, path: Path) -> None:
        """Shows a PNG file on the boards."""
        if self._log is None:
            return
        self._log.append({"event": "picture", "step": step, "name": name, "path": path.name})
        if self._board is not None:
            import numpy as np
            from PIL import Image

            with Image.open(path) as image:
                self._board.add_image(name, np.asarray(image.convert("RGB")), step, dataformats="HWC")
        if self._wandb is not None:
            self._wandb.log({name: self._wandb.Image(str(path))}, step=step)

    def close(self) -> None:
        """Flushes and closes."""
        if self._log is not None:
            self._log.close()
        if self._board is not None:
            self._board.close()
        if self._wandb is not None:
            self._wandb.finish()


def memory_bytes(device: torch.device) -> int:
    """Returns the most memory held so far: of the GPU, or of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else 1024 * held


def _cut(path: Path, step: int) -> None:
    for line in read_lines(path):
        if isinstance(line, LogLine) and line.value.get("step", 0) > step:
            os.truncate(path, line.offset)
            return


def _tensorboard(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1)


def _wandb(project: str, folder: Path) -> Any:
    try:
        wandb = importlib.import_module("wandb")
    except ImportError:
        raise UsageError("wandb is not installed", hint="pip install wandb, or leave --wandb out") from None
    wandb.init(project=project, dir=str(folder), name=folder.name, resume="allow", id=folder.resolve().name)
    return wandb
