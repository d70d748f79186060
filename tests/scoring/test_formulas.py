from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.scoring import DEFAULT_FORMULA, FORMULAS, get_formula
from rvebench.taxonomy import Criterion, Subset, criteria_for
from tests.scoring.rows import EA, GN, GR, PC, ten

RAVE_TABLE = [
    # EA PC GN GR, geometric, sc-pq, viescore, strict: worked by hand
    ((10, 10, 10, 10), 10.0, 10.0, 10.0, 10.0),
    ((0, 10, 10, 10), 0.0, 0.0, 0.0, 0.0),
    ((1, 2, 4, 8), 2.8284271247461903, 2.8284271247461903, 2.0, 0.0),
    ((4, 9, 9, 4), 6.0, 6.0, 4.0, 0.0),
    ((8, 8, 8, 8), 8.0, 8.0, 8.0, 10.0),
    ((8, 10, 9, 7.999), 8.7114821, 8.7114821, 7.9994999, 0.0),
    ((10, 2.5, 5, 5), 5.0, 5.0, 3.5355339, 0.0),
]
ICVG_TABLE = [
    # EA GN GR: PC does not apply
    ((10, 10, 10), 10.0, 10.0, 10.0, 10.0),
    ((1, 8, 8), 4.0, 2.8284271, 2.8284271, 0.0),
    ((9, 4, 4), 5.2414828, 6.0, 6.0, 0.0),
    ((8, 1, 1), 2.0, 2.8284271, 2.8284271, 0.0),
    ((9, 8, 10), 8.9628095, 8.972093, 8.4852814, 10.0),
]


@pytest.mark.parametrize(("scores", "geometric", "sc_pq", "viescore", "strict"), RAVE_TABLE)
def test_each_formula_gives_the_hand_made_number_on_rave(
    scores: tuple[float, ...], geometric: float, sc_pq: float, viescore: float, strict: float
) -> None:
    given_scores = dict(zip((EA, PC, GN, GR), scores, strict=True))
    found = [get_formula(n).score(Subset.RAVE, given_scores) for n in ("geometric", "sc-pq", "viescore", "strict")]
    assert found == pytest.approx([geometric, sc_pq, viescore, strict], abs=1e-6)


@pytest.mark.parametrize(("scores", "geometric", "sc_pq", "viescore", "strict"), ICVG_TABLE)
def test_each_formula_gives_the_hand_made_number_on_icvg_without_pc(
    scores: tuple[float, ...], geometric: float, sc_pq: float, viescore: float, strict: float
) -> None:
    given_scores = dict(zip((EA, GN, GR), scores, strict=True))
    found = [get_formula(n).score(Subset.ICVG, given_scores) for n in ("geometric", "sc-pq", "viescore", "strict")]
    assert found == pytest.approx([geometric, sc_pq, viescore, strict], abs=1e-6)


PUBLISHED = [
    # ReViSE (arXiv 2512.09924), table 1: means of EA, PC, GN, GR, and the Overall beside them
    (Subset.RAVE, (2.6309, 6.7198, 6.6062, 7.3120), 2.7195),
    (Subset.RAVE, (3.2111, 6.4432, 6.1679, 6.2481), 2.6281),
    (Subset.RAVE, (3.7815, 7.9123, 6.4580, 7.2012), 3.5387),
    (Subset.RAVE, (4.8506, 2.9716, 6.5346, 7.1519), 3.1331),
    (Subset.RAVE, (6.1605, 5.4086, 6.6185, 7.3123), 4.6689),
    (Subset.ICVG, (3.3094, 5.9545, 4.9703), 2.9942),
    (Subset.ICVG, (3.0751, 4.9825, 4.1136), 2.2915),
    (Subset.ICVG, (3.6914, 5.8966, 5.6431), 3.3816),
    (Subset.ICVG, (5.1571, 6.8123, 7.4090), 3.8395),
    (Subset.ICVG, (5.8235, 6.8476, 6.9645), 3.9576),
]


@pytest.mark.parametrize(("subset", "means", "overall"), PUBLISHED)
@pytest.mark.parametrize("name", ["geometric", "sc-pq", "viescore"])
def test_no_formula_on_the_published_means_gives_the_published_overall_but_each_bounds_it(
    name: str, subset: Subset, means: tuple[float, ...], overall: float
) -> None:
    # All three are concave, so the mean of per-sample values is at most the value at the means (Jensen).
    at_means = get_formula(name).score(subset, dict(zip(criteria_for(subset), means, strict=True)))
    assert at_means > 1.25 * overall


def test_the_default_formula_is_the_geometric_mean() -> None:
    assert get_formula(DEFAULT_FORMULA) is FORMULAS["geometric"]


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
@pytest.mark.parametrize("subset", list(Subset))
def test_full_marks_score_exactly_ten(formula, subset: Subset) -> None:
    assert formula.score(subset, dict.fromkeys(criteria_for(subset), 10)) == 10.0


@given(st.sampled_from(sorted(FORMULAS)), st.sampled_from(Subset), st.lists(ten, min_size=4, max_size=4))
def test_every_formula_stays_in_0_to_10(name: str, subset: Subset, values: list[float]) -> None:
    scores = dict(zip(criteria_for(subset), values, strict=False))
    assert 0.0 <= get_formula(name).score(subset, scores) <= 10.0


@given(
    st.sampled_from(sorted(FORMULAS)),
    st.sampled_from(Subset),
    st.lists(ten, min_size=4, max_size=4),
    st.integers(0, 3),
    ten,
)
def test_no_formula_falls_when_a_criterion_rises(
    name: str, subset: Subset, values: list[float], place: int, other: float
) -> None:
    applies = criteria_for(subset)
    which = applies[place % len(applies)]
    scores = dict(zip(applies, values, strict=False))
    low, high = sorted((scores[which], other))
    formula = get_formula(name)
    lower, higher = (formula.score(subset, {**scores, which: value}) for value in (low, high))
    assert lower <= higher + 1e-12


@given(st.lists(st.floats(0.001, 10.0), min_size=4, max_size=4))
def test_the_geometric_mean_agrees_with_logarithms_and_with_nested_roots(values: list[float]) -> None:
    scores = dict(zip((EA, PC, GN, GR), values, strict=True))
    expected = math.exp(math.fsum(map(math.log, values)) / 4)
    assert get_formula("geometric").score(Subset.RAVE, scores) == pytest.approx(expected, rel=1e-12)
    assert get_formula("sc-pq").score(Subset.RAVE, scores) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bad", [-0.001, 10.001, math.nan, math.inf, None, "7", True])
def test_a_score_that_is_not_a_number_in_range_is_an_error_with_the_sample(bad: object) -> None:
    scores = {EA: 5.0, PC: bad, GN: 5.0, GR: 5.0}
    with pytest.raises(DataError, match=r"fox-3: score .* of PC is not a number in 0\.\.10"):
        get_formula("geometric").score(Subset.RAVE, scores, where="fox-3")  # type: ignore[arg-type]


def test_a_missing_criterion_is_an_error_and_not_dropped() -> None:
    with pytest.raises(DataError, match="no score for PC, GR"):
        get_formula("geometric").score(Subset.RAVE, {EA: 5.0, GN: 5.0})


def test_pc_of_an_icvg_sample_is_an_error_and_not_ignored() -> None:
    with pytest.raises(DataError, match="a score for PC, which does not apply"):
        get_formula("geometric").score(Subset.ICVG, dict.fromkeys(Criterion, 5.0))


def test_an_unknown_formula_is_an_error_with_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError, match="unknown formula 'vie-score'; did you mean viescore"):
        get_formula("vie-score")
    with pytest.raises(UnknownNameError, match="known: geometric, sc-pq, viescore, strict"):
        get_formula("zzz")


def test_the_pass_mark_is_part_of_the_digest_and_the_words_are_not() -> None:
    strict = get_formula("strict")
    assert replace(strict, pass_mark=9.0).digest != strict.digest
    assert replace(strict, description="other words", source="elsewhere").digest == strict.digest
    assert replace(strict, pass_mark=7.0).score(Subset.RAVE, dict.fromkeys(Criterion, 7)) == 10.0


def test_digests_are_the_ones_that_old_runs_hold() -> None:
    # A change here makes recorded numbers another formula's: raise the version instead of editing this table.
    assert {name: formula.digest[:10] for name, formula in FORMULAS.items()} == {
        "geometric": "0e54c3ffea",
        "sc-pq": "84285bc136",
        "viescore": "c93aac092e",
        "strict": "25f99ca3de",
    }


def test_a_pass_mark_where_none_is_used_or_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError, match="no use for a pass mark"):
        replace(get_formula("geometric"), pass_mark=5.0)
    with pytest.raises(UsageError, match="needs a pass mark"):
        replace(get_formula("strict"), pass_mark=None)
    with pytest.raises(UsageError, match=r"not in \(0, 10\]"):
        replace(get_formula("strict"), pass_mark=0.0)
