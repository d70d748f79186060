"""How often the gate is wrong, and how often it decides: `python -m tests.leaderboard.gate.simulation`.

A world like that of a judged run: whole-number scores of 0 to 10 on four criteria, sources with an effect of their own
on every score and on the difference between the runs, edits that are the same in both runs (their difference is 0), and
edits that failed in one run only (they count 0). Nothing about it is normal, and the gate knows nothing of it.

What the gate does in a trial is done by the functions that it uses itself: one drop test a rule, Holm over them, the
reading of each.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring import holm, paired_power
from rvebench.scoring.bootstrap import named_stream
from rvebench.scoring.margin import Answer, PairedTest, measure_drop, read_drop, sources_needed
from rvebench.scoring.paired import cluster_standard_error
from rvebench.taxonomy import CRITERIA

Floats = NDArray[np.float64]

Splits = Mapping[str, tuple[int, ...]]

SPLITS: Splits = {"one a source": (1,), "three a source": (3,), "one to five a source": (1, 2, 3, 4, 5)}
"""Samples a source: the splits `mini` and `smoke`; `demo`; a split cut from films."""
QUANTITIES = ("overall", *(which.value for which in CRITERIA))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two runs of one split."""

    sizes: tuple[int, ...]
    """Samples a source may have, each as likely."""
    shift: float = 0.0
    """How far the candidate's quality lies below the baseline's, before rounding and bounds."""
    same: float = 0.4
    """Share of edits that are the same in both runs."""
    failed: float = 0.03
    """Share of edits that fail, in each run."""

    def draw(self, sources: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], dict[str, tuple[Floats, Floats]]]:
        """Returns the source of each sample, and by quantity the baseline's and the candidate's values."""
        owner = np.repeat(np.arange(sources), rng.choice(np.array(self.sizes), size=sources))
        count, criteria = len(owner), len(CRITERIA)
        level = 5.0 + rng.normal(scale=2.0, size=(sources, 1))[owner] + rng.normal(scale=1.5, size=(count, criteria))
        runs = []
        for shift in (0.0, self.shift):
            own = rng.normal(scale=0.6, size=(sources, 1))[owner]  # a source suits one run more than the other
            noise = rng.normal(scale=1.2, size=(count, criteria))
            runs.append(np.clip(np.round(level - shift + own + noise), 0.0, 10.0))
        same = rng.random(count) < self.same
        runs[1][same] = runs[0][same]
        for run in runs:
            run[rng.random(count) < self.failed] = 0.0
        values = {which.value: (runs[0][:, i], runs[1][:, i]) for i, which in enumerate(CRITERIA)}
        values["overall"] = (geometric(runs[0]), geometric(runs[1]))
        return owner, values


def geometric(scores: Floats) -> Floats:
    """Returns the formula `geometric` of each row, all at once."""
    mean: Floats = np.prod(scores, axis=1) ** (1.0 / scores.shape[1])
    return mean


class Truth(NamedTuple):
    """What a world is like, from a very large draw of it."""

    drop: float
    """Mean of baseline minus candidate."""
    spread: float
    """As `DropTest.spread`."""
    ties: float
    """Share of samples without a difference."""


@cache
def truth_of(world: World, quantity: str = "overall", *, sources: int = 400_000) -> Truth:
    owner, values = world.draw(sources, named_stream(0, f"truth/{world}"))
    differences = values[quantity][1] - values[quantity][0]
    sums = np.bincount(owner, weights=differences, minlength=sources)
    error = cluster_standard_error(sums.tolist(), np.bincount(owner, minlength=sources).tolist())
    assert error is not None
    return Truth(-float(differences.mean()), error * math.sqrt(sources), float(np.mean(differences == 0.0)))


class Tally(NamedTuple):
    """Shares of the trials."""

    regress: float
    passed: float
    open: float


def simulate(
    world: World,
    sources: int,
    *,
    trials: int,
    quantities: Sequence[str] = QUANTITIES,
    worst: float = 0.5,
    tolerated: float = 0.0,
    test: PairedTest = PairedTest.SIGN_FLIP,
    alpha: float = 0.05,
    draws: int = 999,
    seed: int = 0,
) -> Tally:
    """Returns how often a gate with a rule for each quantity says regress, pass, or neither."""
    regress = passed = 0
    for trial in range(trials):
        owner, values = world.draw(sources, named_stream(seed, f"{world}/{sources}/{trial}"))
        names = [(f"s{index:05}", f"g{source:05}") for index, source in enumerate(owner)]
        found = {
            quantity: measure_drop(
                quantity,
                [
                    (*name, float(before), float(after))
                    for name, before, after in zip(names, *values[quantity], strict=True)
                ],
                tolerated=tolerated,
                worst=worst,
                test=test,
                seed=trial,
                draws=draws,
                resamples=99,
            )
            for quantity in quantities
        }
        adjusted = holm({name: drop.p_drop for name, drop in found.items()})
        answers = [read_drop(drop, adjusted[name], alpha) for name, drop in found.items()]
        if Answer.SHOWN in answers:
            regress += 1
        elif all(answer is Answer.RULED_OUT for answer in answers):
            passed += 1
    return Tally(regress / trials, passed / trials, 1.0 - (regress + passed) / trials)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--part", choices=("alarms", "power", "sizes"), action="append")
    parser.add_argument("--split", choices=tuple(SPLITS), action="append")
    options = parser.parse_args()
    splits = {name: SPLITS[name] for name in options.split or SPLITS}
    for name, measure in (("alarms", false_alarms), ("power", power), ("sizes", sample_sizes)):
        if options.part is None or name in options.part:
            measure(splits, options.trials)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def false_alarms(splits: Splits, trials: int) -> None:
    say("| samples | sources | test | rules | ties | false alarms |\n|---|---:|---|---:|---:|---:|")
    for name, sizes in splits.items():
        world = World(sizes=sizes)
        ties = 100 * truth_of(world).ties
        for sources in (12, 40):
            for test, quantities in (
                (PairedTest.SIGN_FLIP, QUANTITIES[:1]),
                (PairedTest.SIGN_FLIP, QUANTITIES),
                (PairedTest.BOOTSTRAP, QUANTITIES),
            ):
                draws = 999 if test is PairedTest.SIGN_FLIP else 1999
                tally = simulate(world, sources, trials=trials, quantities=quantities, test=test, draws=draws)
                alarms = f"{100 * tally.regress:.2f} %"
                say(f"| {name} | {sources} | {test.value} | {len(quantities)} | {ties:.0f} % | {alarms} |")


def power(splits: Splits, trials: int) -> None:
    say("| samples | sources | test | true drop | regress: predicted | found | pass at no change: predicted | found |")
    say("|---|---:|---|---:|---:|---:|---:|---:|")
    for name, sizes in splits.items():
        still = World(sizes=sizes)
        spread = truth_of(still).spread
        for sources, shift, test in (
            (40, 0.8, PairedTest.SIGN_FLIP),
            (96, 0.5, PairedTest.SIGN_FLIP),
            (96, 0.5, PairedTest.BOOTSTRAP),
        ):
            moved = World(sizes=sizes, shift=shift)
            truth = truth_of(moved)
            worst = round(2.5 * spread / math.sqrt(sources), 2)

            def run(world: World, count: int = sources, worst: float = worst, test: PairedTest = test) -> Tally:
                return simulate(world, count, trials=trials, quantities=("overall",), worst=worst, test=test)

            shown = 100 * paired_power(truth.drop / truth.spread, sources)
            ruled = 100 * paired_power(worst / spread, sources)
            say(
                f"| {name} | {sources} | {test.value} | {truth.drop:.2f} | {shown:.1f} % "
                f"| {100 * run(moved).regress:.1f} % | {ruled:.1f} % | {100 * run(still).passed:.1f} % |"
            )


def sample_sizes(splits: Splits, trials: int) -> None:
    say("| samples | largest drop | sources named | pass at no change | regress at that drop |")
    say("|---|---:|---:|---:|---:|")
    for name, sizes in splits.items():
        still, moved = World(sizes=sizes), World(sizes=sizes, shift=1.0)
        truth = truth_of(moved)
        needed = sources_needed(
            truth_of(still).spread,
            tolerated=0.0,
            worst=truth.drop,
            alpha=0.05,
            alpha_drop=0.05,
            power=0.8,
            test=PairedTest.SIGN_FLIP,
        )
        ruled = simulate(still, needed, trials=trials, quantities=("overall",), worst=truth.drop)
        shown = simulate(moved, needed, trials=trials, quantities=("overall",), worst=truth.drop)
        say(f"| {name} | {truth.drop:.2f} | {needed} | {100 * ruled.passed:.1f} % | {100 * shown.regress:.1f} % |")


if __name__ == "__main__":
    main()
