"""How often the intervals of Spearman's coefficient hold the truth.

`python -m tests.scoring.agreement.coverage_study` prints the docs' table. A world: each source has one edit by each of
four editors; people's and the judge's scores share a latent quality with a part of the source, of the editor and of the
edit, and the judge has a taste of its own for each source. It answers in whole numbers 0..10, three raters in 1..5.
`weak` and `strong` differ in the judge's noise.
"""

from __future__ import annotations

import argparse
import sys
from statistics import NormalDist
from typing import Literal

import numpy as np
from scipy import stats

from rvebench.scoring.agreement.correlation import prepare_units
from rvebench.scoring.agreement.resample import Floats, Resampler
from rvebench.scoring.bootstrap import expanded_levels

World = Literal["weak", "strong"]
NOISE: dict[World, float] = {"weak": 3.0, "strong": 0.7}
EDITORS = 4
METHODS = ("percentile", "expanded", "corrected", "fisher")


def draw_scores(world: World, sources: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns the judge's scores and the raters' mean, source by source."""
    source = np.repeat(rng.normal(scale=0.8, size=sources), EDITORS)
    editor = np.tile(np.linspace(-0.8, 0.8, EDITORS), sources)
    quality = source + editor + rng.normal(scale=0.8, size=sources * EDITORS)
    # A taste of the judge for the source, so that a source's edits are wrong together.
    taste = np.repeat(rng.normal(scale=NOISE[world] / 2, size=sources), EDITORS)
    judge = np.clip(np.round(5 + 2 * quality + taste + rng.normal(scale=NOISE[world], size=len(quality))), 0, 10)
    raters = np.clip(np.round(3 + quality[:, None] + rng.normal(scale=0.7, size=(len(quality), 3))), 1, 5)
    return judge, raters.mean(axis=1)


def true_rho(world: World) -> float:
    judge, people = draw_scores(world, 250_000, np.random.default_rng(20260101))
    return float(stats.spearmanr(judge, people).statistic)


def intervals(value: float, draws: Floats, sources: int) -> dict[str, tuple[float, float]]:
    """Returns the candidates' intervals from one set of resamples."""
    normal = NormalDist()
    low, high = expanded_levels(sources)
    below = (np.count_nonzero(draws < value) + np.count_nonzero(draws <= value)) / (2 * len(draws))
    bias = normal.inv_cdf(float(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws))))
    corrected = [normal.cdf(2 * bias + normal.inv_cdf(level)) for level in (low, high)]
    z = np.arctanh(np.clip(draws, -0.999999, 0.999999))
    reach = float(stats.t.ppf(0.975, sources - 1)) * float(z.std(ddof=1)) * (sources / (sources - 1)) ** 0.5
    centre = np.arctanh(np.clip(value, -0.999999, 0.999999))
    return {
        "percentile": tuple(np.quantile(draws, [0.025, 0.975])),
        "expanded": tuple(np.quantile(draws, [low, high])),
        "corrected": tuple(np.quantile(draws, corrected)),
        "fisher": (float(np.tanh(centre - reach)), float(np.tanh(centre + reach))),
    }


def measure(world: World, sources: int, *, trials: int, resamples: int, seed: int = 0) -> dict[str, tuple[float, ...]]:
    """Returns by method: coverage, share of intervals below the truth, above it, and mean width."""
    truth = true_rho(world)
    rng = np.random.default_rng([seed, sources, len(world)])
    clusters = [f"c{unit // EDITORS:04}" for unit in range(sources * EDITORS)]
    tally = {method: np.zeros(3) for method in METHODS}
    for trial in range(trials):
        judge, people = draw_scores(world, sources, rng)
        resampler = Resampler(clusters, seed=seed, name=f"trial {trial}", resamples=resamples)
        drawn = resampler.draw(prepare_units("spearman", judge, people))
        for method, (low, high) in intervals(drawn.value, drawn.draws[~np.isnan(drawn.draws)], sources).items():
            tally[method] += (high < truth, low > truth, high - low)
    return {method: (1 - (found[0] + found[1]) / trials, *(found / trials).tolist()) for method, found in tally.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--sources", type=int, nargs="+", default=[5, 10, 20, 50, 100])
    options = parser.parse_args()
    say = sys.stdout.write
    say("| world | true rho | sources | method | coverage | truth above | truth below | mean width |\n")
    say("|---|---:|---:|---|---:|---:|---:|---:|\n")
    for world in NOISE:
        rho = true_rho(world)
        for sources in options.sources:
            found = measure(world, sources, trials=options.trials, resamples=options.resamples)
            for method, (coverage, below, above, width) in found.items():
                say(
                    f"| {world} | {rho:.2f} | {sources} | {method} | {100 * coverage:.1f} % | {100 * below:.1f} % "
                    f"| {100 * above:.1f} % | {width:.3f} |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
