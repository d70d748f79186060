"""How often the intervals of agreement hold the truth.

`python -m tests.scoring.agreement.coverage_study` prints the docs' table. A world: each source has one edit by each of
four editors; people's and the judge's scores share a latent quality with a part of the source, of the editor and of the
edit, and the judge has a taste of its own for each source. It answers in whole numbers 0..10, three raters in 1..5.
`weak` and `strong` differ in the judge's noise. Quantities: Spearman's coefficient of judge and people, the difference
between the judge in a rater's place and the rater, and pairwise accuracy.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from functools import cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from scipy import stats

from rvebench.scoring.agreement.ceiling import leave_one_out
from rvebench.scoring.agreement.correlation import prepare_units
from rvebench.scoring.agreement.pairwise import gather_pairs, prepare_half
from rvebench.scoring.agreement.resample import Drawn, Floats, Resampler, Statistic, mean_over_raters
from rvebench.scoring.bootstrap import expanded_levels

World = Literal["weak", "strong"]
Quantity = Literal["spearman", "gap", "pairs"]
NOISE: dict[World, float] = {"weak": 3.0, "strong": 0.7}
EDITORS = 4
METHODS = ("percentile", "expanded", "corrected", "fisher")


def draw_scores(world: World, sources: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns the judge's scores (N) and the raters' (N, 3), source by source."""
    source = np.repeat(rng.normal(scale=0.8, size=sources), EDITORS)
    editor = np.tile(np.linspace(-0.8, 0.8, EDITORS), sources)
    quality = source + editor + rng.normal(scale=0.8, size=sources * EDITORS)
    # A taste of the judge for the source, so that a source's edits are wrong together.
    taste = np.repeat(rng.normal(scale=NOISE[world] / 2, size=sources), EDITORS)
    judge = np.clip(np.round(5 + 2 * quality + taste + rng.normal(scale=NOISE[world], size=len(quality))), 0, 10)
    raters = np.clip(np.round(3 + quality[:, None] + rng.normal(scale=0.7, size=(len(quality), 3))), 1, 5)
    return judge, raters


def spearman(one: Floats, people: Floats) -> Statistic:
    return prepare_units("spearman", one, mean_over_raters(people))


def draw(quantity: Quantity, resampler: Resampler, judge: Floats, raters: Floats) -> Drawn:
    """Returns one quantity on the data and its resamples."""
    if quantity == "spearman":
        return resampler.draw(spearman(judge, raters))
    if quantity == "pairs":
        return resampler.draw(prepare_half(gather_pairs(judge, raters, np.arange(len(judge)) // EDITORS)))
    ceiling = leave_one_out(spearman, judge, raters)
    own, people = resampler.draw(ceiling.judge), resampler.draw(ceiling.people)
    return Drawn(own.value - people.value, own.draws - people.draws)


@cache
def truth_of(quantity: Quantity, world: World) -> float:
    """Returns the quantity over very many sources."""
    judge, raters = draw_scores(world, 60_000, np.random.default_rng(20260101))
    resampler = Resampler(["one"] * len(judge), seed=0, name="", resamples=1)
    return draw(quantity, resampler, judge, raters).value


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


def measure(
    world: World, sources: int, *, trials: int, resamples: int, quantity: Quantity = "spearman", seed: int = 0
) -> dict[str, tuple[float, ...]]:
    """Returns by method: coverage, share of intervals below the truth, above it, and mean width."""
    truth = truth_of(quantity, world)
    rng = np.random.default_rng([seed, sources, len(world)])
    clusters = [f"c{unit // EDITORS:04}" for unit in range(sources * EDITORS)]
    tally = {method: np.zeros(3) for method in METHODS}
    for trial in range(trials):
        judge, raters = draw_scores(world, sources, rng)
        resampler = Resampler(clusters, seed=seed, name=f"trial {trial}", resamples=resamples)
        drawn = draw(quantity, resampler, judge, raters)
        for method, (low, high) in intervals(drawn.value, drawn.draws[~np.isnan(drawn.draws)], sources).items():
            tally[method] += (high < truth, low > truth, high - low)
    return {method: (1 - (found[0] + found[1]) / trials, *(found / trials).tolist()) for method, found in tally.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--sources", type=int, nargs="+", default=[5, 10, 20, 50, 100])
    parser.add_argument("--quantities", nargs="+", default=["spearman", "gap", "pairs"])
    options = parser.parse_args()
    say = sys.stdout.write
    say("| quantity | world | truth | sources | method | coverage | truth above | truth below | mean width |\n")
    say("|---|---|---:|---:|---|---:|---:|---:|---:|\n")
    for quantity, world, sources in itertools.product(options.quantities, NOISE, options.sources):
        found = measure(world, sources, trials=options.trials, resamples=options.resamples, quantity=quantity)
        for method, (coverage, below, above, width) in found.items():
            say(
                f"| {quantity} | {world} | {truth_of(quantity, world):.2f} | {sources} | {method} "
                f"| {100 * coverage:.1f} % | {100 * below:.1f} % | {100 * above:.1f} % | {width:.3f} |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
