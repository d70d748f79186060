"""Where a forward pass runs, in which precision, in which portions; all torch is loaded inside these functions."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rvebench.errors import UsageError
from rvebench.metrics.options import Precision

__all__ = ["INSTALL_HINT", "Portions", "exact_arithmetic", "pick_device", "require_torch", "torch_dtype"]

T = TypeVar("T")
R = TypeVar("R")

INSTALL_HINT = 'pip install "rvebench[metrics]"'


def require_torch(metric: str) -> None:
    """Checks that the libraries of the extra `metrics` are there.

    Raises:
        UsageError: they are not; the hint is the install line.
    """
    from importlib.util import find_spec

    lacking = [name for name in ("torch", "safetensors", "ftfy", "regex") if find_spec(name) is None]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        raise UsageError(f"{metric} needs {', '.join(lacking)}, which {verb} not installed", hint=INSTALL_HINT)


def pick_device(text: str) -> str:
    """Returns `cpu` or `cuda:N` for what the user said.

    Raises:
        UsageError: a CUDA device was named that is not there.
    """
    import torch

    if text == "cpu" or (text == "auto" and not torch.cuda.is_available()):
        return "cpu"
    kind, _, number = text.partition(":")
    index = int(number) if number else 0
    if not torch.cuda.is_available() or index >= torch.cuda.device_count():
        raise UsageError(
            f"device={text}, but torch {torch.__version__} sees {torch.cuda.device_count()} CUDA devices",
            hint="use device=cpu, or install a torch with CUDA",
        )
    return f"{'cuda' if kind == 'auto' else kind}:{index}"


def torch_dtype(precision: Precision) -> Any:
    """Returns the `torch.dtype`."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


@contextlib.contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Runs its body without gradients and without TF32: a product in fp32 is one."""
    import torch

    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
        yield


class Portions:
    """Cuts work into portions that fit into memory, and finds out how large they may be.

    A portion that does not fit is tried again in halves, and later ones stay that small. The results are the same:
    items of a portion do not influence one another.

    Args:
        size: items in one portion at first.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()

    def run(self, items: Sequence[T], work: Callable[[Sequence[T]], Sequence[R]]) -> Iterator[R]:
        """Yields `work` of all items, in order.

        Raises:
            MemoryError: one item alone does not fit.
        """
        start = 0
        while start < len(items):
            portion = items[start : start + self.size]
            try:
                done = work(portion)
            except (MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
                if len(portion) == 1:
                    raise MemoryError("one frame alone does not fit into the memory that is free") from error
                done = None
            # Outside the handler: the traceback would keep the tensors that did not fit alive.
            if done is None:
                self._shrink(len(portion))
                continue
            yield from done
            start += len(portion)

    def _shrink(self, tried: int) -> None:
        with self._lock:
            self.size = min(self.size, max(1, tried // 2))
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _out_of_memory(error: Exception) -> bool:
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return "DefaultCPUAllocator" in str(error)
