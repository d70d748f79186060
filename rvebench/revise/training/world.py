"""The processes of one training: who they are, and how they agree.

One process without torchrun is a world of its own and opens no connection; everything below then answers at once.
Small values travel over gloo on the CPU, gradients and weights over nccl where there are GPUs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from rvebench.errors import UsageError
from rvebench.revise.placement import check_device

__all__ = ["World", "join_world"]

_PATIENCE = timedelta(hours=1)
_CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """This process among its like."""

    rank: int = 0
    size: int = 1
    device: torch.device = _CPU
    mesh: DeviceMesh | None = None
    """One axis over all ranks; None in a world of one."""

    @property
    def first(self) -> bool:
        """Whether this is the rank that writes logs and speaks."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """Returns each value summed over all ranks, in fp64."""
        return self._reduce(values, dist.ReduceOp.SUM)

    def most(self, values: Sequence[float]) -> list[float]:
        """Returns the largest of each value over all ranks."""
        return self._reduce(values, dist.ReduceOp.MAX)

    def _reduce(self, values: Sequence[float], op: Any) -> list[float]:
        if self.size == 1:
            return [float(value) for value in values]
        tensor = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(tensor, op=op)
        reduced: list[float] = tensor.tolist()
        return reduced

    def sum_tensor(self, tensor: torch.Tensor) -> None:
        """Sums a tensor over all ranks in place, on the device it is on."""
        if self.size > 1:
            dist.all_reduce(tensor)

    def gather(self, value: Any) -> list[Any]:
        """Returns every rank's JSON value, in the order of ranks."""
        if self.size == 1:
            return [value]
        text = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(lengths, torch.tensor([len(text)], dtype=torch.int64))
        longest = max(int(length) for length in lengths)
        padded = torch.zeros(longest, dtype=torch.uint8)
        padded[: len(text)] = text
        texts = [torch.zeros(longest, dtype=torch.uint8) for _ in range(self.size)]
        dist.all_gather(texts, padded)
        return [json.loads(bytes(each[: int(length)].tolist())) for each, length in zip(texts, lengths, strict=True)]

    def agrees(self, value: Any) -> bool:
        """Returns whether all ranks hold the same JSON value."""
        answers = self.gather(value)
        return all(answer == answers[0] for answer in answers)

    def barrier(self) -> None:
        """Waits for all ranks."""
        self.sum([0.0])

    def close(self) -> None:
        """Leaves; a world of one has nothing to leave."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def join_world(device: str = "auto", *, world: int | None = None) -> World:
    """Joins the processes that torchrun started, or returns a world of one.

    Args:
        device: auto, cpu, cuda or cuda:N; under torchrun `cuda` is the GPU of the local rank.
        world: ranks expected; None for what the environment says.

    Raises:
        UsageError: torch sees no such device, or fewer GPUs than there are processes on this machine.
    """
    size = int(os.environ.get("WORLD_SIZE", "1")) if world is None else world
    place = check_device(device)
    if size == 1:
        return World(device=place)
    if place.type not in ("cpu", "cuda"):
        raise UsageError(f"several processes train on cpu or cuda, not on {place.type}")
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if place.type == "cuda":
        if local >= torch.cuda.device_count():
            raise UsageError(
                f"process {local} of this machine finds {torch.cuda.device_count()} GPUs",
                hint="start as many processes as there are GPUs (torchrun --nproc-per-node)",
            )
        place = torch.device("cuda", local)
        torch.cuda.set_device(place)
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if place.type == "cuda" else "gloo", timeout=_PATIENCE)
    return World(rank=rank, size=size, device=place, mesh=init_device_mesh(place.type, (size,)))
