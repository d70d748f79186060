"""What must hold at every step: frozen networks stay as they are, losses and gradients are numbers, a stop is heard."""

from __future__ import annotations

import hashlib
import math
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from types import FrameType

import torch
from torch import nn

from rvebench.errors import InterruptError, RveError
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.sharding import local

__all__ = [
    "DivergedError",
    "FrozenChangedError",
    "FrozenGuard",
    "StopSignal",
    "StoppedError",
    "not_finite_inputs",
    "tensors_digest",
]

_SAMPLED = 256


class DivergedError(RveError):
    """A loss or a gradient is no number; the samples are named, and the state before the step is saved."""


class FrozenChangedError(RveError):
    """A network that must stay as it is has changed or got a gradient: the objective is wrong."""


class StoppedError(InterruptError):
    """A signal asked the training to stop; it finished its step and saved."""


def tensors_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """Returns 64 hexadecimal digits over names, shapes, dtypes and up to 256 evenly spread values of each tensor."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        flat = local(tensor.detach()).reshape(-1)
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(flat[:: max(1, len(flat) // _SAMPLED)].cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


class FrozenGuard:
    """Watches the parameters of networks that are not trained.

    Args:
        modules: networks by name; those of their parameters that ask for a gradient are not watched.

    Raises:
        FrozenChangedError: an objective's network asks for gradients.
    """

    def __init__(self, modules: Mapping[str, nn.Module], *, wholly: Sequence[str] = ()) -> None:
        self._tensors = {}
        for module_name, module in modules.items():
            for name, parameter in module.named_parameters():
                if not parameter.requires_grad:
                    self._tensors[f"{module_name}.{name}"] = parameter
                elif module_name in wholly:
                    raise FrozenChangedError(f"{module_name}.{name} is to stay frozen and asks for a gradient")
        self._versions = {name: _version(tensor) for name, tensor in self._tensors.items()}
        self.digest = tensors_digest(self._tensors)
        """Of what is watched, as it was at the start."""

    def check(self) -> None:
        """Returns when no watched tensor has a gradient or was written to. Cheap: no value is read.

        Raises:
            FrozenChangedError: one has; the text names it.
        """
        for name, tensor in self._tensors.items():
            if tensor.grad is not None or tensor.requires_grad:
                raise FrozenChangedError(f"{name} is frozen and got a gradient")
            if _version(tensor) != self._versions[name]:
                raise FrozenChangedError(f"{name} is frozen and was written to")

    def check_values(self) -> None:
        """As :meth:`check`, and compares up to 256 values of each tensor with those of the start.

        Raises:
            FrozenChangedError: one is another.
        """
        self.check()
        if tensors_digest(self._tensors) != self.digest:
            raise FrozenChangedError("frozen weights are not what they were at the start")


def _version(tensor: torch.Tensor) -> int:
    return -1 if tensor.is_inference() else int(tensor._version)


def not_finite_inputs(batch: Batch) -> dict[str, str]:
    """Returns samples of a batch that hold NaN or infinities, with the field that does."""
    found: dict[str, str] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        rows = value if isinstance(value, torch.Tensor | tuple) else ()
        for index, row in enumerate(rows):
            if isinstance(row, torch.Tensor) and row.is_floating_point() and not bool(torch.isfinite(row).all()):
                found.setdefault(batch.ids[index], field.name)
        if isinstance(value, float) and not math.isfinite(value):
            found.update({each: field.name for each in batch.ids if each not in found})
    return found


class StopSignal:
    """Remembers that Ctrl-C or SIGTERM came, so that the step in progress is finished first.

    Use as `with stop.listening():`. A second Ctrl-C does not wait. Off the main thread no signal is heard.
    """

    def __init__(self) -> None:
        self.number = 0
        """The signal that came; 0 for none."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hears signals while its body runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number
