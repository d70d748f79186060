"""What recording one unit costs: this project's journal beside rewriting one results file after every item.

The second is what VLMEvalKit, HELM-style scripts and most research harnesses do: the cost of an item grows with the
number of items before it. Run: `python benchmarks/journal.py [--most N]`.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

UNITS = (1_000, 4_000, 10_000, 30_000, 100_000)
REWRITE_MOST = 4_000
PAID = 200
PAYLOAD = {"status": "ok", "sample": "sample", "raw": "r" * 1_900}


def journal(n: int, folder: Path) -> float:
    """Appends `n` units through the run journal; returns milliseconds a unit."""
    from rvebench.runs.journal import RunJournal

    with RunJournal(folder) as log:
        start = time.perf_counter()
        for index in range(n):
            log.record(f"{index:032x}", PAYLOAD)
        spent = time.perf_counter() - start
    return spent / n * 1e3


def journal_paid(n: int, folder: Path) -> float:
    """The same with every line made durable before the call returns."""
    from rvebench.runs.journal import RunJournal

    with RunJournal(folder) as log:
        start = time.perf_counter()
        for index in range(n):
            log.record(f"{index:032x}", PAYLOAD, paid=True)
        spent = time.perf_counter() - start
    return spent / n * 1e3


def rewrite_json(n: int, folder: Path) -> float:
    """One JSON file, written whole after every unit."""
    done: dict[str, object] = {}
    start = time.perf_counter()
    for index in range(n):
        done[f"{index:032x}"] = PAYLOAD
        (folder / "results.json").write_text(json.dumps(done))
    return (time.perf_counter() - start) / n * 1e3


def rewrite_pickle(n: int, folder: Path) -> float:
    """One pickle, written whole after every unit."""
    done: dict[str, object] = {}
    start = time.perf_counter()
    for index in range(n):
        # A copy of the payload each time, as real results are: pickle would store one shared object once.
        done[f"{index:032x}"] = {**PAYLOAD, "raw": f"{index:06d}" + "r" * 1_894}
        with (folder / "results.pkl").open("wb") as file:
            pickle.dump(done, file)
    return (time.perf_counter() - start) / n * 1e3


WAYS = {
    "journal": journal,
    "journal, paid": journal_paid,
    "rewrite JSON": rewrite_json,
    "rewrite pickle": rewrite_pickle,
}


def measure(way: str, n: int) -> tuple[float, float]:
    """Returns milliseconds a unit and the growth of resident memory in MiB, measured in a process of its own."""
    ran = subprocess.run([sys.executable, __file__, "--one", way, str(n)], capture_output=True, text=True, check=True)
    ms, mib = ran.stdout.split()
    return float(ms), float(mib)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=UNITS[-1])
    parser.add_argument("--one", nargs=2, metavar=("WAY", "N"))
    arguments = parser.parse_args()
    if arguments.one:
        way, n = arguments.one
        import rvebench.runs.journal  # noqa: F401 - loaded before memory is read

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with tempfile.TemporaryDirectory() as folder:
            ms = WAYS[way](int(n), Path(folder))
        print(ms, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
        return
    print(f"{'way':16} {'units':>8} {'ms/unit':>9} {'+RSS MiB':>9}")
    for way in WAYS:
        most = {"journal": arguments.most, "journal, paid": PAID}.get(way, REWRITE_MOST)
        for n in [PAID] if way == "journal, paid" else [n for n in UNITS if n <= most]:
            ms, mib = measure(way, n)
            print(f"{way:16} {n:8d} {ms:9.4f} {mib:9.1f}", flush=True)


if __name__ == "__main__":
    main()
