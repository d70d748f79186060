"""Resident memory of a whole evaluation against the number of samples: it must not grow with it.

Each row is one process: the editor `copy`, the judge `reference` and all metrics on a split whose samples share a few
small clips. Report writing is part of it; its samples.csv and report.html are made from all samples at once, so their
share is shown apart. Run: `python benchmarks/memory.py [--most N]`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (16, 64, 256, 1024)
TOP = Path(__file__).resolve().parent.parent


def make_split(folder: Path, n: int) -> Path:
    """Writes a split of `n` samples over four clips of 96x64x9."""
    sys.path.insert(0, str(TOP))
    from tests.runs.world import make_split as render

    manifest = render(folder, n=4)
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    lines = [json.dumps({**rows[index % 4], "id": f"s{index:05d}"}) for index in range(n)]
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def one(manifest: Path, out: Path) -> None:
    """Evaluates in this process and prints peak memory before and after the report."""
    from rvebench.cli.finish import write_derived
    from rvebench.runs import RunOptions, build_scorers, execute, load_run, make_plan

    scorers = build_scorers(
        judge="reference", metrics="temporal_flickering", formula="geometric", exclude_unjudged=False
    )
    plan = make_plan(model="copy", split=str(manifest), seed=0, limit=None, shard=None, scorers=scorers)
    began = time.perf_counter()
    execute(plan, out, RunOptions(workers=1), generate=True, progress=lambda _tally: None)
    worked = time.perf_counter() - began
    work_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_derived(load_run(out))
    all_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    page_mib = (out / "report.html").stat().st_size / 2**20
    print(json.dumps({"work": work_mib, "all": all_mib, "page": page_mib, "seconds": worked}))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--one", nargs=2, metavar=("MANIFEST", "OUT"))
    arguments = parser.parse_args()
    if arguments.one:
        one(Path(arguments.one[0]), Path(arguments.one[1]))
        return
    print(f"{'samples':>8} {'RSS work MiB':>13} {'RSS with report':>16} {'report MiB':>11} {'ms/sample':>10}")
    for n in (size for size in SIZES if size <= arguments.most):
        with tempfile.TemporaryDirectory() as folder:
            manifest = make_split(Path(folder) / "split", n)
            command = [sys.executable, __file__, "--one", str(manifest), str(Path(folder) / "run")]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            row = json.loads(ran.stdout.splitlines()[-1])
        print(
            f"{n:8d} {row['work']:13.0f} {row['all']:16.0f} {row['page']:11.1f} {row['seconds'] / n * 1e3:10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
