"""What building the leaderboard's site costs: submissions in one track, samples in each, seconds and megabytes.

The rows are made here, each with its own evidence, before the clock starts; reading the evidence, ranking (shared
resamples, a paired test for every pair, letters), and writing every page are timed apart. Run:

    python benchmarks/leaderboard_build.py [--submissions N] [--samples N] [--keep DIR] [--paint]

`--paint` opens the index and a submission's page in headless Chromium, when it and playwright are installed, and tells
their first contentful paint.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PAINT = """() => new Promise((done) => {
  new PerformanceObserver((list) => {
    const entry = list.getEntriesByName("first-contentful-paint")[0];
    if (entry) done(entry.startTime);
  }).observe({ type: "paint", buffered: true });
})"""


def write(root: Path, submissions: int, samples: int) -> None:
    """Writes a leaderboard of one track."""
    from rvebench.leaderboard.tracks import read_tracks
    from tests.leaderboard.site.boards import System, make_samples, write_evidence, write_track

    rng = random.Random(0)
    rules = write_track(root, "bench", make_samples(samples, per_source=2))
    listed = read_tracks(root).samples("bench")
    for index in range(submissions):
        system = System(name=f"model {index:03d}", mean=rng.uniform(2, 8), seconds=rng.uniform(3, 200))
        write_evidence(root, "bench", rules, listed, system)


def paint(page: Path, times: int = 5) -> list[float]:
    """Returns the first contentful paint of a page, in milliseconds, each in a fresh context."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for _ in range(times):
            context = browser.new_context(viewport={"width": 1360, "height": 900})
            opened = context.new_page()
            opened.goto(page.as_uri())
            found.append(float(opened.evaluate(PAINT)))
            context.close()
        browser.close()
    return found


def main() -> None:
    """Prints the figures."""
    from rvebench.leaderboard.site import load_boards, write_site

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="write leaderboard and site here instead of a temporary folder")
    parser.add_argument("--paint", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        root, out = folder / "leaderboards", folder / "site"
        if not root.is_dir():
            write(root, given.submissions, given.samples)
        walls, cpus = [time.perf_counter()], [time.process_time()]

        def lap() -> None:
            walls.append(time.perf_counter())
            cpus.append(time.process_time())

        boards = load_boards(root)
        lap()
        site = write_site(boards, (), out, root=root)
        lap()
        print(f"{site.rows} submissions, {boards[0].n_samples} samples, {boards[0].n_sources} sources")
        for name, place in (("read and rank", 0), ("write", 1)):
            print(f"{name:14} {walls[place + 1] - walls[place]:7.1f} s, {cpus[place + 1] - cpus[place]:7.1f} s of CPU")
        print(f"{'whole':14} {walls[2] - walls[0]:7.1f} s, {cpus[2] - cpus[0]:7.1f} s of CPU")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        index = site.index.stat().st_size / 1e6
        print(f"site {site.size_bytes / 1e6:.1f} MB, index {index:.2f} MB, peak memory {peak:.0f} MB")
        if given.paint:
            pages = {"index": site.index, "submission": next(out.glob("submissions/*/*.html"))}
            for name, page in pages.items():
                times = paint(page)
                print(f"first paint of {name}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms")


if __name__ == "__main__":
    main()
