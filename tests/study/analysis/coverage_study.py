"""How often 95 % intervals hold a population's preferences: `python -m tests.study.analysis.coverage_study`.

It prints the table of docs/results/study-analysis.md. In each trial new samples and new raters are drawn from a
population whose win rates are known, and answer a study as its own design deals it out. Three ways to an interval:

* `percentile`: the 2.5 % and 97.5 % points of the pigeonhole draws.
* `expanded`: the same points moved outwards by the number of raters or samples, whichever is smaller.
* `corrected`: what the project uses (rvebench/scoring/crossed.py).

For Bradley-Terry the truth is the fit to the population's own win rates: that is what more and more answers lead to.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from rvebench.scoring.bootstrap import expanded_levels
from rvebench.scoring.bradley_terry import beats, fit_strengths
from rvebench.scoring.crossed import Pigeonhole, share_interval
from rvebench.study.analysis.strengths import fit_study
from tests.study.analysis.population import LEVELS, Population, compared, shown_to

QUALITY = (0.8, 0.3, 0.1, 0.0, -0.3)
FAR = (2.2, 0.3, 0.1, 0.0, -0.3)


class World(NamedTuple):
    title: str
    population: Population
    shown_PSR: np.ndarray


class Tally(NamedTuple):
    coverage: float
    below: float
    """Share of intervals that lie below the truth."""
    width: float
    intervals: int


WORLDS = ("paper", "ties", "far", "raters", "alike", "small", "blocks", "pairs")


def world_of(name: str) -> World:
    """One population, and the study that it takes part in."""
    usual = Population(quality=QUALITY)
    title = {
        "paper": "paper: 50 samples x 15 raters rank 5",
        "ties": "the same, one pair in six tied",
        "far": "the same, one method far ahead",
        "raters": "the same, raters differ widely",
        "alike": "the same, no effects at all",
        "small": "20 samples x 6 raters rank 5",
        "blocks": "50 samples, 30 raters rank 3 of 5 on 20 each",
        "pairs": "50 samples, 40 raters choose one of two 25 times each",
    }[name]
    population = {
        "ties": Population(quality=QUALITY, cuts=LEVELS),
        "far": Population(quality=FAR, moment_sd=0.6),
        "raters": Population(quality=QUALITY, sample_sd=0.3, rater_sd=1.0),
        "alike": Population(quality=QUALITY, sample_sd=0.0, rater_sd=0.0),
        "pairs": Population(quality=QUALITY, cuts=LEVELS),
    }.get(name, usual)
    if name == "small":
        shown = shown_to("ranking", 20, 6, 5)
    elif name == "blocks":
        shown = shown_to("ranking", 50, 30, 5, per_rater=20, shown=3)
    elif name == "pairs":
        shown = shown_to("pairwise", 50, 40, 5, per_rater=25, shown=2)
    else:
        shown = shown_to("ranking", 50, 15, 5)
    return World(title, population, shown)


def measure(
    world: World, *, trials: int, resamples: int, strengths: bool = True, seed: int = 0
) -> dict[tuple[str, str], Tally]:
    """Returns how each way did, by what is measured and the way."""
    truth = world.population.win_rates()
    model = fit_strengths(truth * 1e6 * (1 - np.eye(len(truth))), np.zeros_like(truth), prior=0.0)
    chances = beats(model)
    _, samples, raters = world.shown_PSR.shape
    rng = np.random.default_rng(seed)
    held: dict[tuple[str, str], list[tuple[bool, bool, float]]] = defaultdict(list)

    def note(what: str, way: str, ends: tuple[float, float] | None, true: float) -> None:
        assert ends is not None
        held[what, way].append((ends[0] <= true <= ends[1], ends[1] < true, ends[1] - ends[0]))

    for trial in range(trials):
        comparisons = compared(world.population.look(samples, raters, rng), world.shown_PSR)
        pigeonhole = Pigeonhole(samples, raters, seed=seed, name=f"trial {trial}", resamples=resamples)
        points, played = comparisons.points_PKR, comparisons.played_PKR
        for pair, (i, j) in enumerate(comparisons.pairs):
            note("win rate", "corrected", share_interval(points[pair], played[pair], pigeonhole).ci95, truth[i, j])
            won, of = pigeonhole.sums(points[pair]), pigeonhole.sums(played[pair])
            draws = won[of > 0] / of[of > 0]
            levels = expanded_levels(min(samples, raters))
            for way, quantiles in (("percentile", (0.025, 0.975)), ("expanded", levels)):
                low, high = np.quantile(draws, quantiles)
                note("win rate", way, (float(low), float(high)), truth[i, j])
        if strengths:
            fitted = fit_study(comparisons, pigeonhole, ties="half", no_interval="")
            for pair, (i, j) in enumerate(comparisons.pairs):
                note("P(A beats B)", "corrected", fitted.beats[pair].ci95, chances[i, j])
            for place, found in enumerate(fitted.log_strengths):
                note("log-strength", "corrected", found.ci95, float(model.log_K[place]))
    return {
        key: Tally(
            coverage=float(np.mean([each[0] for each in found])),
            below=float(np.mean([each[1] for each in found])),
            width=float(np.mean([each[2] for each in found])),
            intervals=len(found),
        )
        for key, found in held.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--win-rates", action="store_true", help="leave Bradley-Terry out: three times as fast")
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS))
    options = parser.parse_args()
    say = sys.stdout.write
    say("| population and design | number | interval | coverage | truth above | truth below | mean width |\n")
    say("|---|---|---|---:|---:|---:|---:|\n")
    for name in options.worlds:
        world = world_of(name)
        found = measure(world, trials=options.trials, resamples=options.resamples, strengths=not options.win_rates)
        for (what, way), tally in found.items():
            above = 1 - tally.coverage - tally.below
            say(
                f"| {world.title} | {what} | {way} | {100 * tally.coverage:.1f} % | {100 * tally.below:.1f} % "
                f"| {100 * above:.1f} % | {tally.width:.3f} |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
