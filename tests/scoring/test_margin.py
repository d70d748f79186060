from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rvebench.errors import DataError, UsageError
from rvebench.scoring import paired_power
from rvebench.scoring.bootstrap import draw_means, gather_clusters, interval95, interval_p, named_stream
from rvebench.scoring.margin import (
    BOOTSTRAP_FEWEST,
    Answer,
    DropTest,
    PairedTest,
    fewest_sources,
    measure_drop,
    read_drop,
    sources_needed,
    sources_to_decide,
)
from rvebench.scoring.paired import sign_flip_p

FLIP, BOOT = PairedTest.SIGN_FLIP, PairedTest.BOOTSTRAP


def pairs_of(differences: list[float], *, sources: list[int] | None = None) -> list[tuple[str, str, float, float]]:
    owner = sources or list(range(len(differences)))
    return [(f"s{i:03}", f"g{owner[i]:03}", 5.0, 5.0 + difference) for i, difference in enumerate(differences)]


def drop(
    differences: list[float],
    *,
    tolerated: float = 0.0,
    worst: float = 0.5,
    test: PairedTest = FLIP,
    sources: list[int] | None = None,
) -> DropTest:
    pairs = pairs_of(differences, sources=sources)
    return measure_drop("q", pairs, tolerated=tolerated, worst=worst, test=test, seed=0, draws=4999)


def test_a_drop_everywhere_is_shown_and_a_gain_everywhere_rules_one_out() -> None:
    assert read_drop(drop([-1.0] * 12), drop([-1.0] * 12).p_drop, 0.05) is Answer.SHOWN
    assert read_drop(drop([1.0] * 12), drop([1.0] * 12).p_drop, 0.05) is Answer.RULED_OUT


def test_runs_that_do_not_differ_rule_a_drop_out_once_there_are_enough_sources_to_say_so() -> None:
    assert drop([0.0] * 5).p_safe == 2 / 2**5
    assert drop([0.0] * 6).p_safe == 2 / 2**6 <= 0.05
    assert drop([0.0] * 6).p_drop == 1.0


def test_the_p_value_of_a_drop_is_the_two_sided_one_of_the_shifted_sums() -> None:
    differences = [-1.0, 0.5, -0.75, -2.0, 0.25, -1.5, -0.5, -1.0]
    found = drop(differences, tolerated=0.25, worst=2.0)
    rng = named_stream(0, "any")
    assert found.p_drop == sign_flip_p([value + 0.25 for value in differences], rng)
    assert found.p_safe == sign_flip_p([value + 2.0 for value in differences], rng)


def test_a_difference_on_the_wrong_side_of_a_margin_has_p_one() -> None:
    assert drop([0.5, 0.25, 1.0, 2.0, 0.5, 1.0]).p_drop == 1.0
    assert drop([-2.0, -1.5, -1.0, -2.5, -3.0, -2.0]).p_safe == 1.0


def test_samples_of_one_source_count_as_one_observation() -> None:
    alone = drop([-1.0] * 4)
    copied = drop([-1.0] * 40, sources=[i // 10 for i in range(40)])
    assert copied.p_drop == alone.p_drop == 2 / 2**4
    assert (copied.n, copied.sources) == (40, 4)


def test_clusters_of_other_sizes_shift_by_their_size() -> None:
    found = drop([-1.0, -1.0, -1.0, -1.0], sources=[0, 0, 0, 1], tolerated=1.0, worst=1.0)
    assert found.p_drop == found.p_safe == 1.0, "every sample lies exactly on the margin"


@pytest.mark.parametrize("test", list(PairedTest))
def test_the_order_of_the_pairs_changes_nothing(test: PairedTest) -> None:
    rng = np.random.default_rng(0)
    pairs = pairs_of(rng.normal(-0.2, 1.0, 30).round(1).tolist(), sources=[i // 2 for i in range(30)])

    def measured(order: list[int]) -> DropTest:
        chosen = [pairs[i] for i in order]
        return measure_drop("q", chosen, tolerated=0.0, worst=0.5, test=test, seed=3, draws=999)

    assert measured(list(range(30))) == measured(rng.permutation(30).tolist())


def test_the_bootstraps_p_value_is_its_interval_turned_round() -> None:
    rng = np.random.default_rng(1)
    pairs = pairs_of(rng.normal(0.3, 1.0, 25).tolist())
    clusters = gather_clusters([_point(pair) for pair in pairs])
    means = draw_means(clusters, named_stream(0, "x"), 20_000)
    for end in interval95(clusters, means):
        assert interval_p(means, 25, end) == pytest.approx(0.05, abs=0.002)
    assert interval_p(means, 25, float(np.median(means))) == pytest.approx(1.0, abs=0.02)


def _point(pair: tuple[str, str, float, float]) -> object:
    from rvebench.scoring.bootstrap import Point

    return Point(pair[0], pair[1], pair[3] - pair[2])


def test_the_bootstraps_p_value_of_normal_means_is_that_of_students_t() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0.5, 1.0, 40)
    clusters = gather_clusters([_point(pair) for pair in pairs_of(values.tolist())])
    means = draw_means(clusters, named_stream(0, "t"), 40_000)
    for errors in (-2.0, -1.0, 1.5):
        bound = float(values.mean() + errors * stats.sem(values))
        assert interval_p(means, 40, bound) == pytest.approx(float(stats.ttest_1samp(values, bound).pvalue), abs=0.012)


def test_the_bootstrap_decides_nothing_below_ten_sources_however_clear_the_data() -> None:
    assert drop([-1.0] * (BOOTSTRAP_FEWEST - 1), test=BOOT).p_drop == 1.0
    assert drop([-1.0] * BOOTSTRAP_FEWEST, test=BOOT).p_drop < 0.05


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_drop_is_never_both_shown_and_ruled_out_at_one_margin(values: list[int], margin: float, wider: float) -> None:
    found = drop([float(value) for value in values], tolerated=margin, worst=margin)
    assert not (found.p_drop <= 0.05 and found.p_safe <= 0.05)
    looser = drop([float(value) for value in values], tolerated=margin, worst=margin + wider)
    assert looser.p_safe <= found.p_safe + 1e-12 or looser.sources > 16, "a wider margin is ruled out no later"


def test_a_shown_drop_stays_shown_where_a_larger_one_is_ruled_out_too() -> None:
    found = drop([-0.1] * 20, worst=0.5)
    assert found.p_safe <= 0.05
    assert read_drop(found, found.p_drop, 0.05) is Answer.SHOWN


def test_a_spread_is_the_standard_deviation_where_each_source_has_one_sample() -> None:
    values = [0.5, -1.0, 2.0, 0.0, -0.5, 1.0]
    assert drop(values).spread == pytest.approx(float(np.std(values, ddof=1)))
    assert drop([1.0]).spread is None


def test_margins_that_do_not_fit_and_numbers_that_are_none_are_refused() -> None:
    for tolerated, worst in ((-0.1, 0.5), (0.6, 0.5), (0.0, math.inf), (math.nan, 0.5)):
        with pytest.raises(UsageError, match="margins"):
            drop([0.0], tolerated=tolerated, worst=worst)
    with pytest.raises(DataError):
        drop([math.nan])


@pytest.mark.parametrize(("alpha", "fewest"), [(0.05, 6), (0.01, 8), (0.5, 2)])
def test_the_fewest_sources_are_those_whose_smallest_p_is_small_enough(alpha: float, fewest: int) -> None:
    assert fewest_sources(FLIP, alpha) == fewest
    assert 2 / 2**fewest <= alpha < 2 / 2 ** (fewest - 1)
    assert fewest_sources(BOOT, alpha) == BOOTSTRAP_FEWEST


def needed(spread: float, **changes: float) -> int:
    values = {"tolerated": 0.0, "worst": 0.5, "alpha": 0.05, "alpha_drop": 0.05, "power": 0.8, **changes}
    return sources_needed(spread, test=FLIP, **values)


def test_the_named_sample_size_has_the_power_that_was_asked_for() -> None:
    found = needed(1.6)
    assert paired_power(0.5 / 1.6, found) >= 0.8 > paired_power(0.5 / 1.6, found - 1)


def test_more_is_needed_to_tell_a_drop_from_one_that_is_tolerated_and_for_more_rules() -> None:
    assert needed(1.6) < needed(1.6, tolerated=0.2) < needed(1.6, tolerated=0.2, alpha_drop=0.01)
    assert needed(1.6, tolerated=0.5) == needed(1.6), "then only ruling out is asked for"
    assert needed(0.0) == 6
    with pytest.raises(UsageError, match="never be ruled out"):
        needed(1.6, worst=0.0)


def test_where_the_sources_were_enough_but_the_difference_lies_between_more_are_named_all_the_same() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0.0, 1.0, 60)
    values += -0.3 - values.mean()
    found = drop(values.tolist())
    assert found.p_drop <= 0.05, "so a rule with more tests is asked"
    common = {"tolerated": 0.0, "worst": 0.5, "alpha": 0.001, "alpha_drop": 0.001, "power": 0.8, "test": FLIP}
    assert sources_to_decide(found, **common) > 60  # type: ignore[arg-type]
    still = drop([0.0] * 3)
    assert sources_to_decide(still, **{**common, "alpha": 0.05, "alpha_drop": 0.05}) == 6  # type: ignore[arg-type]
