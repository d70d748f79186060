"""Will it fit? Said before anything is loaded, part by part, with what to do if not.

Three ways to hold the model: `none` keeps every part on the device; `model` keeps them in main memory and brings one at
a time; `sequential` brings one block at a time, which is slow and needs least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig
from rvebench.revise.sampling.footprint import STAGES, EditShape, Part, Stage, parts_of, working_bytes

__all__ = ["OFFLOADS", "RESERVE_BYTES", "MemoryPlan", "Offload", "available_memory", "most_frames", "plan_memory"]

Offload = Literal["none", "model", "sequential"]

OFFLOADS: tuple[Offload, ...] = get_args(Offload)
"""From fast to slow."""

RESERVE_BYTES = 2**30
"""Set aside on an accelerator for its runtime, kernels' workspaces and gaps between blocks of memory."""

_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What an edit needs, by part and by stage."""

    parts: tuple[Part, ...]
    working: Mapping[Stage, int]
    """Bytes that each stage works with, beside weights."""
    offload: Offload
    shape: EditShape
    reserve_bytes: int = RESERVE_BYTES

    def __post_init__(self) -> None:
        if self.offload not in OFFLOADS:
            raise UsageError(f"no offload is called {self.offload!r}", hint="use none, model or sequential")

    def without(self, *names: str) -> MemoryPlan:
        """Returns the plan when parts are not loaded, because what they compute was computed before.

        Raises:
            UsageError: no part has such a name.
        """
        known = {part.name for part in self.parts}
        if unknown := sorted(set(names) - known):
            raise UsageError(f"no part is called {unknown[0]!r}", hint=f"parts are {', '.join(sorted(known))}")
        parts = tuple(part for part in self.parts if part.name not in names)
        left = {stage for part in parts for stage in part.stages}
        working = {stage: size if stage in left else 0 for stage, size in self.working.items()}
        return replace(self, parts=parts, working=working)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights."""
        return sum(part.weight_bytes for part in self.parts)

    def resident_bytes(self, stage: Stage) -> int:
        """Returns the bytes of weights on the device during a stage."""
        if self.offload == "none":
            return self.weight_bytes
        used = [part for part in self.parts if stage in part.stages]
        if self.offload == "model":
            return sum(part.weight_bytes for part in used)
        return max((part.block_bytes for part in used), default=0)

    @property
    def peak(self) -> tuple[Stage, int]:
        """The stage that needs most on the device, and how many bytes, the reserve included."""
        return max(
            ((stage, self.resident_bytes(stage) + self.working[stage] + self.reserve_bytes) for stage in STAGES),
            key=lambda pair: pair[1],
        )

    @property
    def device_bytes(self) -> int:
        """The most bytes the device must have free."""
        return self.peak[1]

    @property
    def host_bytes(self) -> int:
        """Bytes of main memory that weights take while they wait for their turn; 0 where all are on the device."""
        return 0 if self.offload == "none" else self.weight_bytes

    def fits(self, device_free: int, host_free: int | None = None) -> bool:
        """Tells whether the edit fits into so many free bytes; main memory is not looked at where it is None."""
        return self.device_bytes <= device_free and (host_free is None or self.host_bytes <= host_free)

    def fitting_offload(
        self, device_free: int, host_free: int | None = None, offers: Sequence[Offload] = OFFLOADS
    ) -> Offload | None:
        """Returns the fastest of the offered ways to hold the model that fits, or None; `offers` from fast to slow."""
        return next((mode for mode in offers if replace(self, offload=mode).fits(device_free, host_free)), None)

    def require(
        self, device: str, device_free: int, host_free: int | None = None, offers: Sequence[Offload] = OFFLOADS
    ) -> None:
        """Returns when the edit fits. On a CPU weights that wait lie in the same memory: no offload helps there.

        Args:
            device: its name, for the message.
            device_free: bytes free there.
            host_free: bytes of main memory free; None does not look.
            offers: ways to hold the model that the caller can follow; the message names no other.

        Raises:
            UsageError: it does not, with the numbers and what to change, in one sentence.
        """
        if torch.device(device).type == "cpu":
            offers = ()
            if self.offload != "none":
                replace(self, offload="none").require(device, device_free)
                return
        if self.fits(device_free, host_free):
            return
        if self.device_bytes > device_free:
            lack = f"{_gib(self.device_bytes)} on {device}, where {_gib(device_free)} are free"
        else:
            lack = f"{_gib(self.host_bytes)} of main memory, of which {_gib(host_free or 0)} are free"
        other = self.fitting_offload(device_free, host_free, offers)
        if other is not None:
            hint = f"offload {other} needs {_gib(replace(self, offload=other).device_bytes)} on {device}"
        else:
            hint = "take fewer frames, a smaller size, two passes for guidance, or another device"
            hint = f"no offload fits: {hint}" if offers else hint
        raise UsageError(f"{self._what} with offload {self.offload} needs {lack}", hint=hint)

    def table(self) -> str:
        """Returns the plan as text for a terminal."""
        stage, most = self.peak
        rows = [f"memory for {self._what}, {self.shape.precision}, offload {self.offload}", ""]
        rows.append(f"{'part':<16}{'parameters':>14}{'weights':>12}")
        rows += [
            f"{part.name:<16}{part.parameters / 1e6:>12,.1f} M{_gib(part.weight_bytes):>12}" for part in self.parts
        ]
        rows += [f"{'all':<16}{sum(p.parameters for p in self.parts) / 1e6:>12,.1f} M{_gib(self.weight_bytes):>12}", ""]
        rows.append(f"{'stage':<16}{'on device':>14}{'working':>12}")
        rows += [f"{s:<16}{_gib(self.resident_bytes(s)):>14}{_gib(self.working[s]):>12}" for s in STAGES]
        rows += ["", f"needs {_gib(most)} on the device (at {stage}, {_gib(self.reserve_bytes)} of it set aside)"]
        if self.host_bytes:
            rows.append(f"needs {_gib(self.host_bytes)} of main memory")
        return "\n".join(rows)

    def as_json(self) -> dict[str, Any]:
        """Returns the plan's numbers, in bytes, for a run's records."""
        return {
            "offload": self.offload,
            "precision": self.shape.precision,
            "weights": {part.name: part.weight_bytes for part in self.parts},
            "working": dict(self.working),
            "device": self.device_bytes,
            "host": self.host_bytes,
        }

    @property
    def _what(self) -> str:
        shape = self.shape
        batch = f" in batches of {shape.batch}" if shape.batch > 1 else ""
        return f"editing {shape.frames} frames of {shape.size}{batch}"


def plan_memory(
    config: ReviseConfig, shape: EditShape, *, offload: Offload = "none", reserve_bytes: int = RESERVE_BYTES
) -> MemoryPlan:
    """Returns what an edit of that shape needs.

    Args:
        config: the model; nothing of it is loaded.
        shape: what is edited at once.
        offload: where weights wait for their turn.
        reserve_bytes: see :data:`RESERVE_BYTES`; 0 on a CPU.

    Raises:
        UsageError: an unknown offload, or frames that are not 4n + 1.
    """
    return MemoryPlan(
        parts=parts_of(config, shape.precision),
        working=working_bytes(config, shape),
        offload=offload,
        shape=shape,
        reserve_bytes=reserve_bytes,
    )


def most_frames(
    config: ReviseConfig, shape: EditShape, device_free: int, *, offload: Offload = "none", limit: int = 1025
) -> int | None:
    """Returns the longest window (4n + 1 frames, at most `limit`) that fits, or None when a single frame does not.

    Memory only: whether the context has room for so many source tokens is the context builder's to say.
    """
    fitting = None
    for frames in range(1, limit + 1, 4):
        if not plan_memory(config, replace(shape, frames=frames), offload=offload).fits(device_free):
            break
        fitting = frames
    return fitting


def available_memory(device: str, *, proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Returns the bytes that can still be taken on a device.

    Args:
        device: `cpu`, `cuda`, `cuda:1`, `mps`.
        proc: where Linux tells of main memory.
        cgroup: where it tells of this container's limit.

    Raises:
        UsageError: there is no such device, or the system does not say.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise UsageError(f"there is no CUDA device for {device}", hint="use the device cpu")
        index = torch.device(device).index or 0
        if index >= torch.cuda.device_count():
            raise UsageError(f"there is no {device}: this machine has {torch.cuda.device_count()} CUDA devices")
        return int(torch.cuda.mem_get_info(index)[0])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    if kind != "cpu":
        raise UsageError(f"nothing is known of the memory of {device}", hint="use cpu, cuda or mps")
    free = _meminfo(proc / "meminfo")
    left = _cgroup_left(cgroup)
    return free if left is None else min(free, left)


def _meminfo(path: Path) -> int:
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise UsageError("the system does not say how much main memory is free", where=path) from error


def _cgroup_left(folder: Path) -> int | None:
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except OSError:
        return None  # no container, or one that sets no limit here
    if limit == "max":
        return None
    # Cached files count as used and are given up when memory is needed.
    return max(0, int(limit) - int(used) + int(stat.get("inactive_file", 0)))


def _gib(count: int) -> str:
    return f"{count / _GIB:.2f} GiB"
