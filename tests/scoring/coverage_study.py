"""How often the 95 % intervals hold the truth: `python -m tests.scoring.coverage_study` prints the docs' table.

Two worlds, both with sources that share an effect (intra-source correlation about 0.5) and one to five samples each:

* `normal`: source effect plus noise, both normal.
* `scores`: what a judge's overall looks like: each source is failed outright with chance 0.25 (every sample 0), else
  its samples scatter around a level of its own between 2 and 9, held in 0..10.
"""

from __future__ import annotations

import argparse
import sys
from typing import Literal, NamedTuple

import numpy as np

from rvebench.scoring.bootstrap import Clusters, IntervalMethod, draw_means, interval95, named_stream

World = Literal["normal", "scores"]
METHODS: tuple[IntervalMethod, ...] = ("percentile", "expanded", "bca")


class Tally(NamedTuple):
    coverage: float
    below: float
    """Share of intervals that lie below the truth."""
    above: float
    width: float


def draw_clusters(world: World, count: int, rng: np.random.Generator) -> Clusters:
    sizes = rng.integers(1, 6, size=count)
    owner = np.repeat(np.arange(count), sizes)
    if world == "normal":
        values = rng.normal(size=count)[owner] + rng.normal(size=len(owner))
    else:
        level = rng.uniform(2.0, 9.0, size=count)
        failed = rng.random(count) < 0.25
        values = np.clip(level[owner] + rng.normal(scale=2.0, size=len(owner)), 0.0, 10.0)
        values[failed[owner]] = 0.0
    sums = np.bincount(owner, weights=values, minlength=count)
    return Clusters(
        sums_KS=sums[:, None], sizes_KS=sizes[:, None].astype(float), mean=float(values.mean()), n=len(values)
    )


def true_mean(world: World) -> float:
    if world == "normal":
        return 0.0
    rng = np.random.default_rng(20260101)
    level = rng.uniform(2.0, 9.0, size=4_000_000)
    return float(0.75 * np.clip(level + rng.normal(scale=2.0, size=level.size), 0.0, 10.0).mean())


def measure(
    world: World,
    count: int,
    *,
    trials: int,
    resamples: int,
    methods: tuple[IntervalMethod, ...] = METHODS,
    seed: int = 0,
) -> dict[IntervalMethod, Tally]:
    truth = true_mean(world)
    rng = named_stream(seed, f"{world}/{count}")
    low = dict.fromkeys(methods, 0)
    high = dict.fromkeys(methods, 0)
    width = dict.fromkeys(methods, 0.0)
    for trial in range(trials):
        clusters = draw_clusters(world, count, rng)
        means = draw_means(clusters, named_stream(seed, f"trial {trial}"), resamples)
        for method in methods:
            ends = interval95(clusters, means, method)
            low[method] += ends[1] < truth
            high[method] += ends[0] > truth
            width[method] += ends[1] - ends[0]
    return {
        method: Tally(
            coverage=1.0 - (low[method] + high[method]) / trials,
            below=low[method] / trials,
            above=high[method] / trials,
            width=width[method] / trials,
        )
        for method in methods
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--clusters", type=int, nargs="+", default=[5, 10, 20, 30, 100, 300])
    options = parser.parse_args()
    say = sys.stdout.write
    say("| world | sources | method | coverage | truth above | truth below | mean width |\n")
    say("|---|---:|---|---:|---:|---:|---:|\n")
    for world in ("normal", "scores"):
        for count in options.clusters:
            for method, tally in measure(world, count, trials=options.trials, resamples=options.resamples).items():
                say(
                    f"| {world} | {count} | {method} | {100 * tally.coverage:.1f} % | {100 * tally.below:.1f} % "
                    f"| {100 * tally.above:.1f} % | {tally.width:.3f} |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
