"""Every number against its definition, computed another way; and what cannot be said is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata

from rvebench.errors import CoverageError, UnknownNameError
from rvebench.scoring.agreement import krippendorff_alpha
from rvebench.study import Answers, Study
from rvebench.study.analysis import CriterionResult, StudyAnalysis, analyze_study, choose_method, facing
from rvebench.study.analysis.evidence import gather
from tests.study.analysis.population import Population, answer_study, laid_out, make_answer
from tests.study.analysis.test_raters import always_level
from tests.study.world import make_study

TASTE = Population(quality=(0.9, 0.3, 0.0, -0.4), cuts=(-1.0, -0.5, 0.0, 0.5, 1.0))
FEW = 100


@pytest.fixture(scope="module")
def study() -> Study:
    return laid_out(raters=6, samples=10)


@pytest.fixture(scope="module")
def answers(study: Study) -> Answers:
    return answer_study(study, TASTE, seed=2)


@pytest.fixture(scope="module")
def found(study: Study, answers: Answers) -> StudyAnalysis:
    return analyze_study(study, answers, resamples=FEW)


def first(found: StudyAnalysis) -> CriterionResult:
    return found.main.criteria[0]


def merits(study: Study, answers: Answers) -> np.ndarray:
    """Merits on EA by sample, rater and method, NaN where nobody was asked."""
    table = np.full((len(study.samples), len(study.raters), len(study.methods)), np.nan)
    for each in gather(study, answers, set(study.raters)):
        if each.criterion == "EA":
            for method, merit in each.merits.items():
                place = int(each.sample[1:]), study.raters.index(each.rater), int(method[1:]) - 1
                table[place] = merit
    return table


def test_win_rates_are_shares_of_comparisons_a_tie_for_half(
    study: Study, answers: Answers, found: StudyAnalysis
) -> None:
    table = merits(study, answers)
    for pair in first(found).pairs:
        one, other = (table[..., int(name[1:]) - 1] for name in (pair.first, pair.second))
        assert (pair.wins, pair.ties, pair.losses) == ((one > other).sum(), (one == other).sum(), (one < other).sum())
        assert pair.win_rate.value == pytest.approx((pair.wins + pair.ties / 2) / 60)
        assert pair.win_rate.ci95 is not None and pair.win_rate.ci95[0] < pair.win_rate.value < pair.win_rate.ci95[1]
        assert pair.p is not None and pair.p_holm is not None and pair.p <= pair.p_holm <= 1
    for method in first(found).methods:
        own = [pair.win_rate.value for pair in facing(first(found), method.method)]
        assert method.win_rate.value == pytest.approx(np.mean([value for value in own if value is not None]))


def test_agreement_is_that_of_the_plain_tables(study: Study, answers: Answers, found: StudyAnalysis) -> None:
    table = merits(study, answers)
    agreement = first(found).agreement
    ranks = rankdata(table, axis=2)
    units = np.moveaxis(ranks, 1, 2).reshape(-1, 6)
    assert agreement.alpha_scores["ordinal"].value == pytest.approx(krippendorff_alpha(units, "ordinal"))
    signs = [np.sign(table[..., i] - table[..., j]) for i, j in combinations(range(4), 2)]
    preferences = np.concatenate(signs)
    assert agreement.alpha_preferences["nominal"].value == pytest.approx(krippendorff_alpha(preferences, "nominal"))
    alike = [(preferences[:, i] == preferences[:, j]).mean() for i, j in combinations(range(6), 2)]
    assert agreement.pairwise.value == pytest.approx(np.mean(alike))
    spread = ((ranks.sum(axis=1) - ranks.sum(axis=1).mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    ties = np.array(
        [sum((row == value).sum() ** 3 - (row == value).sum() for row in each for value in set(row)) for each in ranks]
    )
    assert agreement.kendall_w.value == pytest.approx((12 * spread / (36 * 60 - 6 * ties)).mean())
    assert agreement.kendall_w_chance == pytest.approx(1 / 6)
    assert agreement.kendall_w.ci95 is not None


def test_strengths_elo_and_chances_are_one_thing_said_in_three_ways(found: StudyAnalysis) -> None:
    block = first(found)
    strengths = {method.method: method.log_strength.value or 0.0 for method in block.methods}
    assert sum(strengths.values()) == pytest.approx(0.0, abs=1e-9)
    for method in block.methods:
        assert method.elo.value == pytest.approx(1000 + 400 * strengths[method.method] / np.log(10))
        assert method.plackett_luce == pytest.approx(strengths[method.method], abs=0.35)
    for pair in block.pairs:
        gap = strengths[pair.first] - strengths[pair.second]
        assert pair.beats.value == pytest.approx(1 / (1 + np.exp(-gap)))
        assert pair.beats.ci95 is not None and pair.beats.ci95[0] < pair.beats.value < pair.beats.ci95[1]


def test_the_order_in_which_answers_came_changes_nothing_and_the_seed_only_intervals(
    study: Study, answers: Answers, found: StudyAnalysis
) -> None:
    turned = Answers(answers=tuple(reversed(answers.answers)))
    assert analyze_study(study, turned, resamples=FEW).as_json() == found.as_json()
    other = analyze_study(study, answers, resamples=FEW, seed=1)
    assert first(other).pairs[0].win_rate.value == first(found).pairs[0].win_rate.value
    assert first(other).pairs[0].win_rate.ci95 != first(found).pairs[0].win_rate.ci95


def test_davidsons_ties_have_a_strength_of_their_own(study: Study, answers: Answers, found: StudyAnalysis) -> None:
    other = analyze_study(study, answers, resamples=FEW, ties="davidson")
    assert first(other).tie_strength is not None and first(other).tie_strength > 0
    assert first(found).tie_strength is None
    assert first(other).pairs[0].win_rate == first(found).pairs[0].win_rate
    assert first(other).methods[0].log_strength.ci95 is not None


def test_everything_is_told_with_and_without_those_left_out() -> None:
    study = laid_out(raters=5, samples=12)
    answers = answer_study(study, TASTE, seed=2)
    changed = tuple(
        always_level(study, study.trial_of[each.trial], each) if each.rater == "r02" else each
        for each in answers.answers
    )
    found = analyze_study(study, replace(answers, answers=changed), resamples=FEW)
    assert found.kept is not None and found.main is found.kept and "r02" not in found.kept.raters
    assert len(found.everyone.raters) == 5 and first(found).raters == 4
    assert found.everyone.criteria[0].pairs[0].ties >= first(found).pairs[0].ties + 12
    assert any("leaves out 1 of 5 raters: r02" in note for note in found.notes)
    without = tuple(each for each in answers.answers if each.rater != "r02")
    alone = analyze_study(study, Answers(answers=without), resamples=FEW)
    assert alone.kept is alone.everyone and alone.kept.criteria == found.kept.criteria


def test_where_the_rule_leaves_nobody_the_numbers_are_everybodys_and_it_says_so() -> None:
    study = laid_out(raters=2, samples=12)
    answers = answer_study(study, TASTE)
    changed = tuple(always_level(study, study.trial_of[each.trial], each) for each in answers.answers)
    found = analyze_study(study, Answers(answers=changed), resamples=FEW)
    assert found.kept is None and found.main is found.everyone and found.as_json()["kept"] is None
    assert any("leaves out every rater" in note for note in found.notes)
    assert first(found).agreement.alpha_preferences["nominal"].reason == "all answers are the same"


def test_one_rater_gives_numbers_without_intervals_and_a_sentence(study: Study) -> None:
    found = analyze_study(study, answer_study(study, TASTE, only=["r01"]), resamples=FEW)
    rate = first(found).pairs[0].win_rate
    assert (rate.ci95, rate.reason) == (None, "no interval from one rater") and rate.value is not None
    assert first(found).methods[0].elo.ci95 is None and first(found).pairs[0].p_holm is None
    assert first(found).agreement.pairwise.value is None
    assert any(note.startswith("one rater: no interval and no agreement") for note in found.notes)
    assert any("5 of 6 invited raters have not begun" in note for note in found.notes)


def test_no_answers_yet_is_one_sentence(study: Study) -> None:
    with pytest.raises(CoverageError, match=r"nobody has answered a trial yet; run `rvebench study serve`"):
        analyze_study(study, Answers(answers=()))


def test_scores_on_screens_of_one_clip_compare_across_screens_and_one_method_has_its_mean_alone() -> None:
    study = laid_out(design="likert", raters=4, samples=6, per_rater=12, methods=2, shown=1)
    block = first(analyze_study(study, answer_study(study, Population(quality=(2.0, 1.0))), resamples=FEW))
    assert block.comparisons == 24 and block.pairs[0].win_rate.value is not None
    single = laid_out(design="likert", methods=1, raters=4, samples=6)
    (method,) = first(analyze_study(single, answer_study(single, Population(quality=(1.5,))), resamples=FEW)).methods
    assert method.score is not None and method.score.ci95 is not None
    assert method.elo.reason == "compared with nothing" and method.win_rate.value is None


def test_who_always_wins_has_a_win_rate_with_an_interval_and_no_strength_with_one() -> None:
    study = laid_out(raters=5, samples=8, methods=3)
    found = analyze_study(study, answer_study(study, Population(quality=(60.0, 0.2, 0.0))), resamples=FEW)
    block = first(found)
    pair = block.pairs[0]
    assert pair.win_rate.value == 1.0 and pair.win_rate.ci95 == pytest.approx((0.025**0.2, 1.0))
    assert pair.beats.ci95 is None and "only the prior" in pair.beats.reason
    assert block.methods[0].elo.ci95 is None and np.isfinite(block.methods[0].elo.value or np.nan)
    assert block.pairs[2].beats.ci95 is not None  # the two others took points from each other
    assert any(note.startswith("Editor m1 never lost a point") for note in block.notes)


def test_groups_that_nobody_compared_are_named_and_have_no_chance_between_them() -> None:
    study = laid_out(design="pairwise", raters=4, samples=10)
    answers = answer_study(study, TASTE)
    within = tuple(
        each for each in answers.answers if set(study.trial_of[each.trial].shown) in ({"m1", "m3"}, {"m2", "m4"})
    )
    found = analyze_study(study, Answers(answers=within), resamples=FEW)
    assert first(found).groups == (("m1", "m3"), ("m2", "m4"))
    assert any("Editor m1, Editor m3; Editor m2, Editor m4" in note for note in first(found).notes)
    assert {(pair.first, pair.second) for pair in first(found).pairs} == {("m1", "m3"), ("m2", "m4")}


def test_pairwise_answers_have_both_bad_and_no_concordance() -> None:
    study = make_study(raters=3, samples=6, attention=False)
    level = {name: {"m1": 0.0, "m2": 0.0} for name in ("EA", "VQ")}
    answers = Answers(answers=tuple(make_answer(study, trial, level, both_bad=("EA",)) for trial in study.trials))
    block = first(analyze_study(study, answers, resamples=FEW))
    (pair,) = block.pairs
    assert (pair.ties, pair.both_bad, pair.win_rate.value) == (18, 18, 0.5)
    assert block.agreement.kendall_w.reason == "no two raters ordered the same three edits"
    assert block.agreement.pairwise.value == 1.0 and block.methods[0].plackett_luce is None


def test_likert_scores_have_means_within_the_scale_and_compare_within_an_answer() -> None:
    study = laid_out(design="likert", raters=5, samples=8, methods=3)
    taste = Population(quality=(9.0, 2.0, 1.0))
    answers = answer_study(study, taste, seed=4)
    block = first(analyze_study(study, answers, resamples=FEW))
    table = merits(study, answers)
    for place, method in enumerate(block.methods):
        assert method.score is not None and method.score.value == pytest.approx(table[..., place].mean())
        assert method.score.ci95 is not None and 1 <= method.score.ci95[0] <= method.score.ci95[1] <= 5
    units = np.moveaxis(table, 1, 2).reshape(-1, 5)
    alpha = block.agreement.alpha_scores["interval"].value
    assert alpha == pytest.approx(krippendorff_alpha(units, "interval"))


def test_a_method_is_chosen_by_name_or_id_else_the_one_with_the_most_wins(found: StudyAnalysis) -> None:
    assert choose_method(found, None) == "m1"
    assert choose_method(found, "Editor m3") == choose_method(found, "m3") == "m3"
    with pytest.raises(UnknownNameError, match=r"the study has no method 'Editor m9'; it has Editor m"):
        choose_method(found, "Editor m9")
    turned = facing(first(found), "m4")
    straight = [pair for pair in first(found).pairs if pair.second == "m4"]
    for one, other in zip(turned, straight, strict=True):
        assert (one.first, one.wins, one.losses) == ("m4", other.losses, other.wins)
        assert one.win_rate.value == pytest.approx(1 - (other.win_rate.value or 0))
