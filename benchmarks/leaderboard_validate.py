"""How long a row of a leaderboard takes to be held to its evidence, and how large it is. No video, no network.

    python benchmarks/leaderboard_validate.py [--samples 1000]

Needs a checkout: rows are made by the tests' own world.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rvebench.leaderboard.lines import Evidence, SampleLine
from rvebench.leaderboard.validate import validate
from tests.leaderboard.rows_world import make_evidence, make_root, make_row

_WORDS = "The bread has browned as a minute in the toaster would brown it, and the hand that held it has not moved. "


def wordy(found: Evidence) -> Evidence:
    """Returns evidence whose judge wrote as much as a model does: 400 letters a criterion, 2 KB of raw reply."""

    def said(line: SampleLine) -> SampleLine:
        if line.verdict is None:
            return line
        rationale = dict.fromkeys(line.verdict.scores, f"{line.sample}: {_WORDS * 4}")
        raw = f"{line.sample} {_WORDS * 20}"
        return line.model_copy(update={"verdict": line.verdict.model_copy(update={"rationale": rationale, "raw": raw})})

    return replace(found, lines=tuple(said(line) for line in found.lines))


def main() -> None:
    """Prints one line for each number of samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=[100, 1000])
    print(f"{'samples':>8} {'metrics':>8} {'verdicts':>10} {'cpu s':>7} {'wall s':>7}")
    for n in parser.parse_args().samples:
        with tempfile.TemporaryDirectory() as folder:
            tracks = make_root(Path(folder) / "leaderboards", n, n_metrics=6)
            row = make_row(tracks, wordy(make_evidence(tracks)))
            size = (row / "verdicts.jsonl.zst").stat().st_size
            cpu, wall = time.process_time(), time.perf_counter()
            report = validate([row])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            assert report.findings == (), report.findings
            print(f"{n:>8} {6:>8} {size / 1024:>7.0f} KB {cpu:>7.2f} {wall:>7.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
