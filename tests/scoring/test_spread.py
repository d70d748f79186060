"""Between-judge and within-judge deviations against a table worked by hand, and what a run says of its judges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rvebench.records import Verdict, VerdictPart
from rvebench.scoring import judge_spread, spread_of
from rvebench.taxonomy import Criterion, Status

EA, PC = Criterion.EA, Criterion.PC


def part(judge: str, repeat: int, **scores: float) -> VerdictPart:
    return VerdictPart(
        judge=judge,
        repeat=repeat,
        status=Status.OK if scores else Status.UNJUDGED,
        scores={Criterion(name): value for name, value in scores.items()},
    )


def verdict(sample_id: str, *parts: VerdictPart) -> Verdict:
    return Verdict(sample_id=sample_id, status=Status.OK, scores={}, parts=parts)


def test_a_balanced_table_worked_by_hand() -> None:
    """Means 5, 7, 9 about 7: MSB = 2 (4 + 0 + 4) / 2 = 8; each pair is 1 off its mean: MSW = 6 / 3 = 2; n0 = 2."""
    found = spread_of([[4, 6], [6, 8], [8, 10]])
    assert found.within_sd == pytest.approx(math.sqrt(2))
    assert found.between_sd == pytest.approx(math.sqrt((8 - 2) / 2))


def test_an_unbalanced_table_worked_by_hand() -> None:
    """Judge a: 2, 4, 6 (mean 4, squares 8); b: 8 alone. N = 4, centre 5; SSB = 3 (1) + 1 (9) = 12; MSW = 8 / 2 = 4;
    n0 = (4 - 10 / 4) / 1 = 1.5; between = (12 - 4) / 1.5."""
    found = spread_of([[2, 4, 6], [8]])
    assert found.within_sd == pytest.approx(2)
    assert found.between_sd == pytest.approx(math.sqrt(8 / 1.5))


def test_without_repeats_between_is_the_plain_deviation_and_within_is_unknown() -> None:
    found = spread_of([[3], [5], [10]])
    assert found.within_sd is None
    assert found.between_sd == pytest.approx(np.std([3, 5, 10], ddof=1))


def test_one_judge_asked_again_has_no_between() -> None:
    found = spread_of([[3, 5, 4], []])
    assert found.between_sd is None
    assert found.within_sd == pytest.approx(1)


def test_noise_alone_makes_no_difference_between_judges() -> None:
    assert spread_of([[0, 10], [0, 10]]).between_sd == 0


@given(st.lists(st.lists(st.integers(0, 10), min_size=2, max_size=4), min_size=2, max_size=5))
def test_the_mean_squares_are_those_of_scipys_analysis_of_variance(scores: list[list[int]]) -> None:
    found = spread_of(scores)
    assert found.within_sd is not None and found.between_sd is not None
    sizes = [len(group) for group in scores]
    n0 = (sum(sizes) - sum(size**2 for size in sizes) / sum(sizes)) / (len(sizes) - 1)
    if found.within_sd > 0 and found.between_sd > 0:
        f = 1 + n0 * found.between_sd**2 / found.within_sd**2
        assert f == pytest.approx(stats.f_oneway(*scores).statistic)


def test_a_run_tells_means_pooled_deviations_and_agreement() -> None:
    spread = judge_spread(
        verdict(f"s{n}", part("a", 0, EA=n), part("a", 1, EA=n + 2), part("b", 0, EA=2 * n), part("b", 1, EA=2 * n))
        for n in range(5)
    )
    a, b = spread.judges
    assert (a.asked, a.answered, a.means[EA]) == (10, 10, 3.0)
    assert a.within_sd[EA] == pytest.approx(math.sqrt(2)) and b.within_sd[EA] == 0
    assert spread.criteria[EA].within_sd == pytest.approx(1)  # half of the repeats are judge b's
    # (mean_a - mean_b)^2 / 2 - MSW / 2 with MSW = 1, over the gaps 1, 0, -1, -2, -3
    gaps = [(n + 1) - 2 * n for n in range(5)]
    assert spread.criteria[EA].between_sd == pytest.approx(math.sqrt(np.mean([gap**2 / 2 - 0.5 for gap in gaps])))
    (pair,) = spread.pairs
    assert (pair.first, pair.second, pair.samples, pair.spearman) == ("a", "b", 5, pytest.approx(1))
    assert pair.difference == pytest.approx(np.mean(gaps))


def test_a_judge_that_failed_is_counted_and_never_a_number() -> None:
    spread = judge_spread([verdict("s1", part("a", 0, EA=6), part("b", 0)), verdict("s2", part("a", 0), part("b", 0))])
    a, b = spread.judges
    assert (a.asked, a.answered, a.means) == (2, 1, {EA: 6.0})
    assert (b.asked, b.answered, b.means) == (2, 0, {})
    assert spread.criteria[EA].between_sd is None
    assert spread.pairs[0].samples == 0 and spread.pairs[0].difference is None


def test_judges_with_one_answer_or_few_samples_have_no_rank_correlation() -> None:
    flat = judge_spread(verdict(f"s{n}", part("a", 0, EA=n), part("b", 0, EA=5)) for n in range(4))
    few = judge_spread(verdict(f"s{n}", part("a", 0, EA=n), part("b", 0, EA=n)) for n in range(2))
    assert flat.pairs[0].spearman is None and few.pairs[0].spearman is None


def test_criteria_that_were_not_asked_are_left_out_and_plain_verdicts_passed_over() -> None:
    spread = judge_spread([verdict("s1", part("a", 0, EA=1), part("b", 0, EA=2)), verdict("s2")])
    assert set(spread.criteria) == {EA} and PC not in spread.criteria
    assert len(spread.pairs) == 1
    assert judge_spread([verdict("s1")]).judges == ()
