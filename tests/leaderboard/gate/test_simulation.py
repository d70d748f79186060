"""The gate's promises by simulation: a small one here, 2,000 trials each in `make test-slow` (docs/results/gate.md)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rvebench.scoring import get_formula, paired_power
from rvebench.scoring.bootstrap import named_stream
from rvebench.scoring.margin import PairedTest, sources_needed
from rvebench.taxonomy import CRITERIA, Subset
from tests.leaderboard.gate.simulation import QUANTITIES, SPLITS, World, geometric, simulate, truth_of

MIXED = SPLITS["one to five a source"]


def test_the_simulated_world_has_whole_bounded_scores_with_ties_and_sources_that_matter() -> None:
    owner, values = World(sizes=MIXED).draw(3000, named_stream(0, "look"))
    assert set(values) == set(QUANTITIES)
    for which in CRITERIA:
        for run in values[which.value]:
            assert set(np.unique(run)) == set(range(11))
    differences = values["overall"][1] - values["overall"][0]
    assert 0.35 < np.mean(differences == 0.0) < 0.55
    sizes = np.bincount(owner)
    sums = np.bincount(owner, weights=differences)
    assert set(sizes) == set(MIXED)
    alone = np.var(differences)
    assert np.var(sums[sizes == 5]) > 1.2 * 5 * alone, "samples of one source are not independent"
    formula = get_formula("geometric")
    rows = np.array([[values[which.value][0][i] for which in CRITERIA] for i in range(50)])
    theirs = [formula.score(Subset.RAVE, dict(zip(CRITERIA, row.tolist(), strict=True))) for row in rows]
    assert geometric(rows) == pytest.approx(theirs)


def test_with_no_true_change_alarms_are_few() -> None:
    assert simulate(World(sizes=MIXED), 24, trials=200).regress <= 0.05


def test_power_is_about_what_was_predicted() -> None:
    still, moved = World(sizes=MIXED), World(sizes=MIXED, shift=1.0)
    truth, sources = truth_of(moved), 30
    found = simulate(moved, sources, trials=200, quantities=("overall",), worst=1.0)
    assert found.regress == pytest.approx(paired_power(truth.drop / truth.spread, sources), abs=0.08)
    ruled = simulate(still, sources, trials=200, quantities=("overall",), worst=1.0)
    assert ruled.passed == pytest.approx(paired_power(1.0 / truth_of(still).spread, sources), abs=0.08)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("test", list(PairedTest))
def test_false_alarms_stay_within_five_percent_in_two_thousand_trials(split: str, test: PairedTest) -> None:
    for sources in (12, 40):
        found = simulate(World(sizes=SPLITS[split]), sources, trials=2000, test=test, draws=1999)
        assert found.regress <= 0.05, sources


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("test", list(PairedTest))
def test_power_is_as_predicted_within_five_points(split: str, test: PairedTest) -> None:
    still, moved = World(sizes=SPLITS[split]), World(sizes=SPLITS[split], shift=0.5)
    truth, sources = truth_of(moved), 96
    worst = round(2.5 * truth_of(still).spread / math.sqrt(sources), 2)
    shown = simulate(moved, sources, trials=2000, quantities=("overall",), worst=worst, test=test)
    assert shown.regress == pytest.approx(paired_power(truth.drop / truth.spread, sources), abs=0.05)
    ruled = simulate(still, sources, trials=2000, quantities=("overall",), worst=worst, test=test)
    assert ruled.passed == pytest.approx(paired_power(worst / truth_of(still).spread, sources), abs=0.05)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("split", SPLITS)
def test_the_named_sample_size_decides_as_often_as_the_policy_asks_within_five_points(split: str) -> None:
    still, moved = World(sizes=SPLITS[split]), World(sizes=SPLITS[split], shift=0.8)
    drop = truth_of(moved).drop
    needed = sources_needed(
        truth_of(moved).spread,
        tolerated=0.0,
        worst=drop,
        alpha=0.05,
        alpha_drop=0.05,
        power=0.8,
        test=PairedTest.SIGN_FLIP,
    )
    named = simulate(still, needed, trials=2000, quantities=("overall",), worst=drop)
    assert named.passed == pytest.approx(0.8, abs=0.05)
    shown = simulate(moved, needed, trials=2000, quantities=("overall",), worst=drop)
    assert shown.regress == pytest.approx(0.8, abs=0.05)
