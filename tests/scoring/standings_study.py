"""What letters and rank ranges promise, by simulation: `python -m tests.scoring.standings_study [--tables N]`.

Each table has six systems on 60 samples of 30 sources; sources are easy or hard for all alike, and better or worse for
one system. Printed for three kinds of true means: the share of tables in which any two systems that are truly alike are
told apart, and how often each system's rank range holds its true rank.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence

import numpy as np

from rvebench.scoring.all_pairs import Scoreboard
from rvebench.scoring.standings import rank_systems

MEANS = ((0.0,) * 6, (0.0, 0.0, 0.0, -1.0, -1.0, -2.0), (0.0, -0.15, -0.3, -0.45, -0.6, -0.75))
SAMPLES, PER_SOURCE = 60, 2


def board(means: Sequence[float], rng: np.random.Generator) -> Scoreboard:
    """Returns one simulated table."""
    sources = SAMPLES // PER_SOURCE
    hard = np.repeat(rng.normal(0, 1.5, sources), PER_SOURCE)[:, None]
    own = np.repeat(rng.normal(0, 1, (sources, len(means))), PER_SOURCE, axis=0)
    values = np.clip(5 + np.array(means) + hard + own + rng.normal(0, 1, (SAMPLES, len(means))), 0, 10)
    names = tuple(f"source-{index // PER_SOURCE:02d}" for index in range(SAMPLES))
    return Scoreboard(values_NM=values, judged_NM=np.ones(values.shape, dtype=np.bool_), clusters=names)


def study(means: Sequence[float], tables: int) -> tuple[float, list[float]]:
    """Returns the share of tables with a false difference, and each system's coverage."""
    rng = np.random.default_rng(0)
    truth = [1 + sum(other > mean for other in means) for mean in means]
    false, held = 0, [0] * len(means)
    for seed in range(tables):
        found = rank_systems(board(means, rng), seed=seed, resamples=400, permutations=2000)
        alike = [(a, b) for a, b in itertools.combinations(range(len(means)), 2) if means[a] == means[b]]
        false += any(not set(found[a].groups) & set(found[b].groups) for a, b in alike)
        for system, standing in enumerate(found):
            assert standing.rank95 is not None
            held[system] += standing.rank95[0] <= truth[system] <= standing.rank95[1]
    return false / tables, [count / tables for count in held]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=1000)
    given = parser.parse_args()
    for means in MEANS:
        false, held = study(means, given.tables)
        print(f"means {means}: false difference in {false:.1%} of tables; range holds the rank in {held}")


if __name__ == "__main__":
    main()
