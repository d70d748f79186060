"""What both sides of `metrics_vs_vbench.py` share: commands come in as lines of JSON, costs go out. Stand-alone.

It runs under two Pythons, rvebench's and VBench's, so it uses the standard library and torch alone. A side says how it
loads a dimension's network and how it scores a video; here both are timed the same way.
"""

import json
import math
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol


class Side(Protocol):
    """One implementation of the five dimensions."""

    def load(self, dimension: str) -> None:
        """Makes a dimension's network ready; once."""

    def measure(self, dimensions: list[str], video: str, prompt: str) -> dict[str, float]:
        """Scores a video from its file; nothing may be kept of it from before."""


def serve(side: Side) -> None:
    """Answers commands until stdin ends. Whatever else the process prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        command = json.loads(line)
        with AnonymousPeak() as peak:
            wall, cpu = time.perf_counter(), time.process_time()
            found = run(side, command)
            cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        memory = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "anonymous_mb": peak.mb}
        print(json.dumps(found | cost | memory), file=answers, flush=True)


def run(side: Side, command: dict[str, Any]) -> dict[str, Any]:
    """Returns what one command found out."""
    if command["op"] == "load":
        side.load(command["dimension"])
        return {}
    if command["op"] == "peak":
        return {"flops_s": matmul_peak(command["dtype"])}
    measure = command["dimensions"], command["video"], command["prompt"]
    if command["op"] == "count":
        return {"flops": count_flops(side, measure)}
    return {"values": side.measure(*measure)}


class AnonymousPeak:
    """The most memory that the process held beside mapped files while the body ran, MiB; read 100 times a second."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "AnonymousPeak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text(encoding="ascii")
            kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))
            self.mb = max(self.mb, kb / 1024)
            if self._over.wait(0.01):
                return


def matmul_peak(dtype: str, side: int = 1024, tries: int = 40) -> float:
    """Returns the best rate of a square product on this machine, FLOP/s."""
    import torch

    a, b = (torch.randn(side, side).to(getattr(torch, dtype)) for _ in range(2))
    best = float("inf")
    for _ in range(tries):
        began = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def count_flops(side: Side, measure: tuple[list[str], str, str]) -> int:
    """Returns the floating-point operations of matrix products, convolutions and attention in scoring a video."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    def linear(x: list[int], weight: list[int], *_: Any, **__: Any) -> int:
        return 2 * math.prod(x) * weight[0]

    def attention(query: list[int], key: list[int], *_: Any, **__: Any) -> int:
        return 2 * 2 * math.prod(query) * key[-2]

    operators: dict[Any, Any] = {
        torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention,
        torch.ops.mkldnn._linear_pointwise: linear,
    }
    with FlopCounterMode(display=False, custom_mapping=operators) as counter:
        side.measure(*measure)
    return int(counter.get_total_flops())
