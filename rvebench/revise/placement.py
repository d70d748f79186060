"""Where a model's weights are while it works, and whether an edit fits, said before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig, Size
from rvebench.revise.edit import EditSettings
from rvebench.revise.sampling.footprint import EditShape, Precision
from rvebench.revise.sampling.memory import RESERVE_BYTES, MemoryPlan, available_memory, plan_memory

__all__ = ["Offload", "Placement", "check_device", "edit_memory", "require_memory"]

Offload = Literal["none", "model"]
"""Where weights wait: all on the device, or on the CPU but for the part at work."""

_LARGE = Size(width=832, height=480)
"""Stands in for sources' own sizes, where no size is fixed."""


def check_device(device: str) -> torch.device:
    """Returns the device that a text names; `auto` is cuda where torch sees a GPU, else cpu.

    Raises:
        UsageError: torch sees no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
    except RuntimeError:
        raise UsageError(f"no device is called {device!r}", hint="use auto, cuda, cuda:N, mps or cpu") from None
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}.get(found.type, lambda: True)()
    if there and found.type == "cuda" and found.index is not None:
        there = found.index < torch.cuda.device_count()
    if not there:
        raise UsageError(f"torch sees no device {device} here", hint="use device=cpu, or install torch for this GPU")
    return found


class Placement:
    """A device, and how weights come to it.

    Args:
        device: auto, cuda, cuda:N, mps or cpu.
        offload: see :data:`Offload`.

    Raises:
        UsageError: torch sees no such device, or the offload is unknown.
    """

    def __init__(self, device: str, offload: Offload) -> None:
        if offload not in get_args(Offload):
            raise UsageError(f"no offload is called {offload!r}", hint=f"use one of {', '.join(get_args(Offload))}")
        self.device = check_device(device)
        self.offload = offload

    @contextmanager
    def at_work(self, *modules: Any) -> Iterator[None]:
        """Keeps modules on the device while they are at work."""
        if self.offload == "none":
            yield
            return
        for module in modules:
            module.to(self.device)
        try:
            yield
        finally:
            for module in modules:
                module.to("cpu")
            if self.device.type == "cuda":
                torch.cuda.empty_cache()


def edit_memory(
    config: ReviseConfig, settings: EditSettings, *, device: torch.device, dtype: torch.dtype, offload: Offload
) -> MemoryPlan:
    """Returns what edits with these settings need; nothing is loaded.

    Sources' own sizes are not known yet: where the settings take them, `max_pixels` or 832x480 stands in.
    """
    names: dict[object, Precision] = {torch.bfloat16: "bfloat16", torch.float16: "float16", torch.float32: "float32"}
    size = settings.sampling.size
    if size is None:
        size = _LARGE
        if settings.max_pixels is not None:
            side = max(1, round(settings.max_pixels**0.5 / 32)) * 32
            size = Size(width=side, height=side)
    shape = EditShape(
        frames=settings.sampling.frames,
        size=size,
        batch=settings.batch,
        batched_guidance=settings.batched_guidance,
        precision=names[dtype],
        vlm_frames=config.vlm.frames if config.compat.vlm_frames == "all" else 1,
    )
    reserve = RESERVE_BYTES if device.type == "cuda" else 0
    return plan_memory(config, shape, offload=offload, reserve_bytes=reserve)


def require_memory(plan: MemoryPlan, device: torch.device) -> None:
    """Returns when an edit fits into what is free.

    Raises:
        UsageError: it does not; one sentence with the numbers and what to change.
    """
    host = None if device.type == "cpu" else available_memory("cpu")
    free = available_memory(str(device))
    try:
        plan.require(str(device), free, host)
    except UsageError as error:
        if plan.fitting_offload(free, host) != "sequential":
            raise
        hint = "take fewer frames, a smaller size, batched_guidance=False, or another device"
        raise UsageError(error.what, hint=hint) from None  # block by block is not a way this pipeline has
