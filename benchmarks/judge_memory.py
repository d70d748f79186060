"""Peak memory while many verdicts wait for a service: decoded videos must not wait with them.

The edits of 48 samples of 1280x720, 33 frames are made first (the editor `copy`). Then each row judges them all in a
process of its own over real HTTP on loopback, with a service that takes some seconds for each answer, so that all the
verdicts that may be under way wait together. Source and edit of one verdict take 174 MiB decoded.
Run: `python benchmarks/judge_memory.py [--samples 48] [--latency 4] [--at-once 1 16 32]`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, FRAMES = 1280, 720, 33


def make_split(folder: Path, n: int) -> Path:
    """Writes a split of `n` samples over four clips."""
    sys.path.insert(0, str(TOP))
    from rvebench.video import write_video
    from tests.runs.world import scene

    folder.mkdir()
    rows = []
    for index in range(n):
        if index < 4:
            drawn = scene(index, (220, 40, 40), FRAMES, (WIDTH, HEIGHT))
            write_video(folder / f"clip{index}.mp4", drawn, fps=8)
        rows.append(
            {
                "id": f"s{index:03d}",
                "subset": "rave",
                "reasoning_type": "temporal",
                "source": f"clip{index % 4}.mp4",
                "instruction": f"Imagine the disc after it has cooled ({index})",
                "licence": "CC0-1.0",
                "provenance": "rendered by the benchmark",
            }
        )
    path = folder / "samples.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def one(manifest: Path, out: Path, judge: str) -> None:
    """Works in this process: makes the edits where `judge` is empty, judges them otherwise; prints its peak memory."""
    from rvebench.runs import AskingOptions, Judging, RunOptions, build_scorers, execute, make_plan

    judging = Judging(spec=judge, asking=AskingOptions(cache="off")) if judge else None
    scorers = build_scorers(judge=judging, metrics="none", formula="geometric", exclude_unjudged=False)
    plan = make_plan(model="copy", split=str(manifest), seed=0, limit=None, shard=None, scorers=scorers)
    began = time.perf_counter()
    outcome = execute(plan, out, RunOptions(), generate=not judge, progress=lambda _tally: None)
    row = {
        "verdicts": outcome.tally.scored_done - outcome.tally.unjudged,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds": time.perf_counter() - began,
    }
    print(json.dumps(row))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=48)
    parser.add_argument("--latency", type=float, default=4.0)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 16, 32])
    parser.add_argument("--one", nargs=3, metavar=("MANIFEST", "OUT", "JUDGE"))
    arguments = parser.parse_args()
    if arguments.one:
        one(Path(arguments.one[0]), Path(arguments.one[1]), arguments.one[2])
        return
    script = json.dumps({"latency_s": arguments.latency})
    command = [sys.executable, "-m", "tests.llm.fault_server", "--script", script]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    server = subprocess.Popen(command, cwd=TOP, env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().split()[1]

    def run(*words: str) -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, __file__, "--one", *words], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return row

    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            manifest = make_split(folder / "split", arguments.samples)
            run(str(manifest), str(folder / "made"), "")
            print(f"{'at once':>8} {'verdicts':>9} {'peak MiB':>9} {'seconds':>8}")
            for many in arguments.at_once:
                out = shutil.copytree(folder / "made", folder / f"run{many}")
                row = run(str(manifest), str(out), f"openai:m?base_url={url}&key_env=none&concurrency={many}")
                print(f"{many:8d} {row['verdicts']:9.0f} {row['peak_mib']:9.0f} {row['seconds']:8.1f}", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
