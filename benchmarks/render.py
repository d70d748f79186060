"""Milliseconds a frame by family at 480x272, and what caching the static layers saves.

Processor time stands beside wall time: on a busy machine only the first says what a family costs. The share saved is
of processor time. Run: `python benchmarks/render.py [FAMILY …] [--format json]`. Needs the extra `sim`.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import fmean
from typing import Any, NamedTuple

from rvebench.sim import FAMILIES, SIZE, load_family
from rvebench.sim.family import Clock, Family, rng_of
from rvebench.sim.libraries import load_skia
from rvebench.sim.render import FPS
from rvebench.sim.stage import Stage

FRAMES = 9
SLOWEST = 5


class Spent(NamedTuple):
    """Milliseconds a frame."""

    cpu_ms: float
    wall_ms: float


class Row(NamedTuple):
    """What one family costs."""

    family: str
    cached: Spent
    uncached: Spent

    @property
    def saved(self) -> float:
        """The share of processor time that caching the static layers saves."""
        return 1 - self.cached.cpu_ms / self.uncached.cpu_ms


def one_clip(family: Family[Any, Any], *, cached: bool) -> Spent:
    """Draws one clip; without caching every frame starts with no layers."""
    setup = family.setup(rng_of(family.name, 1))
    state = family.states(setup).target
    layers: dict[str, Any] = {}
    cpu, wall = time.process_time(), time.perf_counter()
    for index in range(FRAMES):
        clock = Clock(index, FRAMES, index / FPS)
        stage = Stage(
            size=SIZE,
            parts=family.parts,
            camera=family.camera(setup, state, clock),
            light=family.light(setup, state, clock),
            seed=1,
            layers=layers if cached else {},
        )
        family.draw(stage, setup, state, clock)
        stage.picture(index)
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return Spent(*(seconds / FRAMES * 1e3 for seconds in spent))


def measure(name: str) -> Row:
    """Returns what one family costs, after a clip that fills the caches of physics and textures."""
    family = load_family(name)
    one_clip(family, cached=True)
    return Row(name, one_clip(family, cached=True), one_clip(family, cached=False))


def mean_of(rows: list[Row]) -> Row:
    """Returns the mean row; its share saved is of the sums."""
    spent = [
        Spent(fmean(part.cpu_ms for part in parts), fmean(part.wall_ms for part in parts))
        for parts in ([row.cached for row in rows], [row.uncached for row in rows])
    ]
    return Row("mean", *spent)


def slowest(rows: list[Row]) -> list[Row]:
    """Returns the families that cost most, the costliest first."""
    return sorted(rows, key=lambda row: -row.cached.cpu_ms)[:SLOWEST]


def as_json(row: Row) -> dict[str, object]:
    """Returns a row with rounded numbers."""
    cached, uncached = (
        {name: round(value, 2) for name, value in spent._asdict().items()} for spent in (row.cached, row.uncached)
    )
    return {"family": row.family, "cached": cached, "uncached": uncached, "saved": round(row.saved, 3)}


def line(row: Row) -> str:
    """Returns a row of the table."""
    numbers = (row.cached.cpu_ms, row.cached.wall_ms, row.uncached.cpu_ms, row.uncached.wall_ms)
    return f"{row.family:32} " + " ".join(f"{number:13.1f}" for number in numbers) + f" {row.saved:7.0%}"


def main() -> None:
    """Prints the table, or exactly one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=FAMILIES.names())
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    unknown = set(arguments.families) - set(FAMILIES.names())
    if unknown:
        parser.error(f"unknown families: {', '.join(sorted(unknown))}")
    text = arguments.format == "text"
    if text:
        print(f"{'ms a frame':32} {'cpu':>13} {'wall':>13} {'uncached cpu':>13} {'uncached wall':>13} {'saved':>7}")
    rows = []
    for name in arguments.families:
        rows.append(measure(name))
        if text:
            print(line(rows[-1]), flush=True)
    if text:
        print(line(mean_of(rows)))
        print("slowest: " + ", ".join(f"{row.family} {row.cached.cpu_ms:.0f}" for row in slowest(rows)))
        return
    found = {
        "size": SIZE,
        "frames": FRAMES,
        "unit": "milliseconds a frame",
        "skia": load_skia().__version__,
        "families": [as_json(row) for row in rows],
        "mean": as_json(mean_of(rows)),
        "slowest": [row.family for row in slowest(rows)],
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
