"""Careless people are found, each by a sentence of its own; careful ones are kept, whatever their taste."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rvebench.study import Answer, Answers, Study, Trial
from rvebench.study.analysis.raters import RaterReport, examine_raters
from rvebench.study.exclusion import Exclusion
from tests.study.analysis.population import Population, answer_study, laid_out, make_answer
from tests.study.world import RULES

TASTE = Population(quality=(0.8, 0.3, 0.0, -0.6), moment_sd=0.5)


@pytest.fixture(scope="module")
def study() -> Study:
    return laid_out(raters=3, samples=12, duplicates=3, attention=3)


def with_careless(study: Study, careless: Callable[[Study, Trial, Answer], Answer]) -> dict[str, RaterReport]:
    """Reports where rater r02 answers in a way of its own."""
    answers = answer_study(study, TASTE, seed=1)
    changed = tuple(
        careless(study, study.trial_of[each.trial], each) if each.rater == "r02" else each for each in answers.answers
    )
    return {report.rater: report for report in examine_raters(study, replace(answers, answers=changed))}


def first_is_best(study: Study, trial: Trial, answer: Answer) -> Answer:
    merits = {entry: -float(place) for place, entry in enumerate(trial.shown)}
    return make_answer(study, trial, dict.fromkeys(answer.values, merits))


def always_level(study: Study, trial: Trial, answer: Answer) -> Answer:
    return make_answer(study, trial, dict.fromkeys(answer.values, dict.fromkeys(trial.shown, 0.0)))


def in_a_hurry(_study: Study, _trial: Trial, answer: Answer) -> Answer:
    return answer.model_copy(update={"elapsed_s": 0.7})


def turns_round(study: Study, trial: Trial, answer: Answer) -> Answer:
    if trial.kind != "duplicate":
        return answer
    merits = {name: {entry: float(place) for entry, place in own.items()} for name, own in answer.values.items()}
    return make_answer(study, trial, merits)


def likes_noise(study: Study, trial: Trial, answer: Answer) -> Answer:
    if trial.kind != "attention":
        return answer
    return turns_round(study, trial.model_copy(update={"kind": "duplicate"}), answer)


@pytest.mark.parametrize(
    ("careless", "words"),
    [
        (first_is_best, "found the best at the left in 100% of 24 decisions"),
        (always_level, "gave one same pattern in 100% of 12 trials"),
        (in_a_hurry, "took 0.7 s at the median"),
        (turns_round, "ordered 0% of 36 repeated pairs as before"),
        (likes_noise, "failed 3 of 3 attention checks"),
    ],
)
def test_who_does_not_look_is_left_out_and_told_why(
    study: Study, careless: Callable[[Study, Trial, Answer], Answer], words: str
) -> None:
    found = with_careless(study, careless)
    assert any(words in reason for reason in found["r02"].reasons), found["r02"].reasons
    assert found["r01"].kept and found["r03"].kept


def test_careful_people_are_kept_and_their_shares_are_those_of_their_answers(study: Study) -> None:
    report = with_careless(study, lambda _study, _trial, answer: answer)["r02"]
    assert report.kept and (report.answered, report.trials, report.checks, report.checks_failed) == (12, 12, 3, 0)
    assert report.consistency == 1.0 and report.duplicate_pairs == 36 and report.median_s == 12.0
    assert report.left is not None and report.right is not None and 0 < report.left + report.right < 1
    assert report.tied == 0.0 and report.decided == 24


def test_few_answers_decide_nothing_but_failed_checks_do() -> None:
    study = laid_out(raters=1, samples=4, attention=2)
    answers = answer_study(study, TASTE)
    level = tuple(always_level(study, study.trial_of[each.trial], each) for each in answers.answers)
    (report,) = examine_raters(study, Answers(answers=level))
    assert report.same_pattern == 1.0 and report.reasons == ("failed 2 of 2 attention checks",)


def test_the_rule_is_the_studys_own() -> None:
    lenient = RULES.model_copy(update={"exclusion": Exclusion(most_failed_checks=1.0, most_same_pattern=1.0)})
    study = laid_out(raters=3, samples=12, duplicates=3, attention=3, rules=lenient)
    found = with_careless(study, always_level)
    assert found["r02"].kept and found["r02"].same_pattern == 1.0


def test_who_has_answered_nothing_is_in_no_list(study: Study) -> None:
    found = examine_raters(study, answer_study(study, TASTE, only=["r03"]))
    assert [report.rater for report in found] == ["r03"]
