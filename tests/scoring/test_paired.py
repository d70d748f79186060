from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rvebench.errors import UsageError
from rvebench.scoring import detectable_difference, holm, paired_power, required_pairs
from rvebench.scoring.bootstrap import named_stream
from rvebench.scoring.paired import EXACT_UP_TO, cluster_standard_error, sign_flip_p

# Darwin's Zea mays heights, crossed minus self-fertilised, in eighths of an inch (Fisher, The Design of Experiments,
# 1935, section 21): of the 32,768 sign patterns 863 give a sum as large as 314 or larger, so p is 1726 / 32768.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def any_stream() -> np.random.Generator:
    return named_stream(0, "test")


def test_fishers_count_for_darwins_maize_is_exact() -> None:
    assert sum(DARWIN) == 314
    assert sign_flip_p(DARWIN, any_stream()) == 1726 / 32768


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=9))
def test_the_exact_p_value_is_that_of_scipys_permutation_test(values: list[int]) -> None:
    theirs = stats.permutation_test(
        (np.array(values, dtype=float), np.zeros(len(values))),
        lambda a, b: abs(float(np.sum(a - b))),
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
        alternative="greater",
    )
    assert sign_flip_p(values, any_stream()) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_the_random_p_value_nears_the_exact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rvebench.scoring.paired.EXACT_UP_TO", 0)
    found = sign_flip_p(DARWIN, any_stream(), permutations=200_000)
    assert found == pytest.approx(1726 / 32768, abs=0.002)


def test_a_random_p_value_is_never_zero() -> None:
    assert sign_flip_p([1.0] * 40, any_stream(), permutations=999) == 1 / 1000


def test_clusters_without_a_difference_change_nothing() -> None:
    assert sign_flip_p([*DARWIN, 0.0, 0.0, 0.0], any_stream()) == sign_flip_p(DARWIN, any_stream())
    assert sign_flip_p([0.0, 0.0], any_stream()) == 1.0
    assert sign_flip_p([3.0], any_stream()) == 1.0


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=10), st.sampled_from([0.1, 1 / 3, 1e-7, 0.7]))
def test_the_unit_of_the_scores_does_not_matter_although_floats_add_up_differently(
    values: list[int], unit: float
) -> None:
    # 0.1 + 0.2 - 0.3 is not 0 in floats: sums that tie in whole numbers must tie in tenths.
    assert sign_flip_p([unit * value for value in values], any_stream()) == sign_flip_p(values, any_stream())


def test_the_test_rejects_no_more_often_than_its_level_when_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    count = EXACT_UP_TO + 4
    p_values = [sign_flip_p(rng.standard_t(3, size=count).tolist(), rng, permutations=499) for _ in range(2000)]
    assert 0.038 <= np.mean([p <= 0.05 for p in p_values]) <= 0.062


# The four hypotheses of the encyclopedia article "Holm-Bonferroni method" (alpha 0.05: the first and the fourth are
# rejected, the others are not); the adjusted values are worked by hand: 4 * .005, 3 * .01, 2 * .03, max(.06, .04).
def test_holm_on_the_textbook_family_of_four() -> None:
    found = holm({"H1": 0.01, "H2": 0.04, "H3": 0.03, "H4": 0.005})
    assert found == pytest.approx({"H1": 0.03, "H2": 0.06, "H3": 0.06, "H4": 0.02})
    assert list(found) == ["H1", "H2", "H3", "H4"]
    assert [name for name, p in found.items() if p <= 0.05] == ["H1", "H4"]


def holm_by_rejection(p_values: list[float], alpha: float) -> list[bool]:
    """Holm's rule as he states it: step down while p(i) <= alpha / (m - i + 1)."""
    rejected = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected


@given(st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=8), st.floats(0.001, 0.5))
def test_holms_adjusted_values_reject_what_his_step_down_rule_rejects(p_values: list[float], alpha: float) -> None:
    adjusted = holm({str(i): p for i, p in enumerate(p_values)})
    for i, rejected in enumerate(holm_by_rejection(p_values, alpha)):
        if not math.isclose(adjusted[str(i)], alpha, rel_tol=1e-9):
            assert (adjusted[str(i)] <= alpha) == rejected


def test_holm_of_nothing_is_nothing() -> None:
    assert holm({}) == {}


def test_the_cluster_standard_error_is_the_usual_one_without_clusters_and_larger_with() -> None:
    values = [1.0, 4.0, 2.0, 8.0, 5.0]
    usual = float(stats.sem(values))
    assert cluster_standard_error(values, [1] * 5) == pytest.approx(usual)
    doubled = cluster_standard_error([2 * v for v in values], [2] * 5)
    assert doubled == pytest.approx(usual), "a second copy of each sample is no new information"
    assert cluster_standard_error([3.0], [4]) is None


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_required_pairs_are_those_of_gpower_for_small_medium_and_large_effects(effect: float, pairs: int) -> None:
    # Two-sided matched-pairs t test, alpha 0.05, power 0.80: the standard G*Power figures for Cohen's conventions.
    assert required_pairs(effect) == required_pairs(-effect) == pairs


def test_power_is_the_share_of_t_tests_that_reject() -> None:
    rng = np.random.default_rng(3)
    draws = rng.normal(loc=0.6, size=(20_000, 20))
    p_values = 2 * stats.t.sf(np.abs(draws.mean(axis=1) / stats.sem(draws, axis=1)), df=19)
    assert paired_power(0.6, 20) == pytest.approx(np.mean(p_values < 0.05), abs=0.01)
    assert paired_power(0.0, 20) == pytest.approx(0.05)
    assert paired_power(1.0, 1) == 0.0


def test_the_detectable_difference_is_one_that_power_calls_80_percent() -> None:
    count, spread = 60, 2.0
    difference = detectable_difference(spread / math.sqrt(count), count)
    assert paired_power(difference / spread, count) == pytest.approx(0.80, abs=0.005)


@pytest.mark.parametrize(("effect", "power", "alpha"), [(0.0, 0.8, 0.05), (math.nan, 0.8, 0.05), (0.5, 1.0, 0.05)])
def test_a_design_that_no_number_of_pairs_fits_is_refused(effect: float, power: float, alpha: float) -> None:
    with pytest.raises(UsageError):
        required_pairs(effect, power=power, alpha=alpha)
