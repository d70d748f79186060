from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("skia")

from rvebench.judges.ladder import LadderScore, summarise_ladder
from rvebench.sim import FAMILIES, load_family
from rvebench.sim.ladder import HELD_OUT
from rvebench.taxonomy import Criterion, Subset
from tests.judges.rendered import rendered_sample, scores_of

EA = Criterion.EA


def rows(scores: dict[str, tuple[float, float]], samples: int = 5) -> list[LadderScore]:
    return [
        LadderScore(f"s{index}", rung, EA, grade, score)
        for index in range(samples)
        for rung, (grade, score) in scores.items()
    ]


def test_a_judge_that_repeats_the_grades_agrees_in_full_and_violates_nothing() -> None:
    report = summarise_ladder(rows({"a": (0, 0), "b": (5, 5), "c": (10, 10)}), unjudged=0, seed=0)
    found = report.agreement[EA]
    assert found.spearman.value == found.kendall.value == pytest.approx(1) == found.pearson.value
    assert report.violations == () and report.pairs == 15


def test_a_judge_turned_upside_down_violates_every_clear_order() -> None:
    report = summarise_ladder(rows({"a": (0, 10), "b": (5, 5), "c": (10, 0)}), unjudged=0, seed=0)
    assert report.agreement[EA].spearman.value == pytest.approx(-1)
    assert len(report.violations) == report.pairs == 15
    worst = report.violations[0]
    assert worst.better_score < worst.worse_score


def test_coefficients_equal_scipy_on_the_pooled_rows() -> None:
    from scipy import stats

    data = {"a": (0.0, 1.0), "b": (4.0, 3.0), "c": (6.0, 2.5), "d": (10.0, 9.0)}
    report = summarise_ladder(rows(data), unjudged=0, seed=0)
    grades, scores = zip(*(list(data.values()) * 5), strict=True)
    assert report.agreement[EA].kendall.value == pytest.approx(stats.kendalltau(grades, scores).statistic)
    assert report.agreement[EA].spearman.value == pytest.approx(stats.spearmanr(grades, scores).statistic)


def test_a_judge_with_one_answer_for_all_has_no_agreement() -> None:
    report = summarise_ladder(rows({"a": (0, 5), "b": (10, 5)}), unjudged=0, seed=0)
    assert report.agreement[EA].spearman.value == 0


def test_missteps_and_movers_are_named() -> None:
    good = rows({"no-op": (0, 0), "half": (5, 4), "target": (10, 10), "tint": (10, 9.5), "flicker": (10, 7)}, samples=2)
    bad = [row._replace(sample_id="bad", score=0.0) if row.rung == "half" else row for row in good[:5]]
    report = summarise_ladder([*good, *(row._replace(sample_id="bad") for row in bad)], unjudged=0, seed=0)
    assert report.stepped == 3 and report.missteps == ("bad",)
    assert report.moved == {"flicker": (3.0, 3.0), "tint": (0.5, 0.5)}


REASONING = [entry.name for entry in FAMILIES if load_family(entry.name).subset is not Subset.LITERAL]


def test_half_of_the_families_of_each_type_are_held_out() -> None:
    assert set(REASONING) > HELD_OUT
    held, every = (Counter(load_family(name).reasoning_type for name in names) for names in (HELD_OUT, set(REASONING)))
    assert set(held.values()) == {3} and all(every[kind] >= 2 * count for kind, count in held.items())


@pytest.mark.parametrize("name", REASONING)
def test_accuracy_climbs_from_no_op_over_half_to_target_and_sees_neither_flicker_nor_tint(name: str) -> None:
    scores = scores_of(*rendered_sample(name, 7), "no-op", "half", "target", "flicker", "tint")
    accuracy = {rung: found[EA] for rung, found in scores.items()}
    assert accuracy["no-op"] < accuracy["half"] < accuracy["target"] == 10, accuracy
    assert abs(accuracy["flicker"] - 10) < 1 and abs(accuracy["tint"] - 10) < 1, accuracy
