from __future__ import annotations

import numpy as np
import pytest

from rvebench.study import Answers
from rvebench.study.analysis.evidence import compare, gather, method_names
from tests.study.analysis.population import Population, answer_study, compared, laid_out, make_answer
from tests.study.world import make_study


@pytest.mark.parametrize(("design", "shown"), [("ranking", 4), ("ranking", 3), ("pairwise", 2)])
def test_answers_become_the_comparisons_that_people_made(design: str, shown: int) -> None:
    study = laid_out(design=design, shown=shown, duplicates=1, attention=1)
    population = Population(quality=(0.5, 0.2, 0.0, -0.3), cuts=(-1.0, 0.0, 1.0))
    answers = answer_study(study, population, seed=5)
    own = [each for each in gather(study, answers, set(study.raters)) if each.criterion == "EA"]
    found = compare(own, [method.id for method in study.methods])

    seen = population.look(len(study.samples), len(study.raters), np.random.default_rng(5))
    table = np.zeros_like(found.played_PKR)
    for trial in study.trials:
        if trial.kind == "main":
            for place, (i, j) in enumerate(found.pairs):
                if {f"m{i + 1}", f"m{j + 1}"} <= set(trial.shown):
                    table[place, int(trial.sample[1:]), study.raters.index(trial.rater)] += 1
    expected = compared(seen, table)
    for name in ("wins_PKR", "losses_PKR", "ties_PKR"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_duplicates_checks_and_controls_say_nothing_of_methods() -> None:
    study = laid_out(duplicates=2, attention=2)
    answers = answer_study(study, Population(quality=(0.5, 0.2, 0.0, -0.3)))
    found = gather(study, answers, set(study.raters))
    main = [trial for trial in study.trials if trial.kind == "main"]
    assert len(found) == 2 * len(main) < 2 * len(study.trials)
    assert {name for each in found for name in each.merits} == {"m1", "m2", "m3", "m4"}


def test_only_the_raters_that_are_asked_for_count() -> None:
    study = laid_out()
    answers = answer_study(study, Population(quality=(0.5, 0.2, 0.0, -0.3)))
    assert {each.rater for each in gather(study, answers, {"r02"})} == {"r02"}


def test_a_tie_that_is_bad_on_both_sides_is_a_tie_and_is_counted_apart() -> None:
    study = make_study(raters=1, samples=2)
    merits = {"EA": {"m1": 0.0, "m2": 0.0}, "VQ": {"m1": 1.0, "m2": 0.0}}
    answers = Answers(
        answers=tuple(
            make_answer(study, trial, merits, both_bad=("EA",)) for trial in study.trials if trial.kind == "main"
        )
    )
    scored = gather(study, answers, {"r01"})
    edit, look = (compare([each for each in scored if each.criterion == name], ["m1", "m2"]) for name in ("EA", "VQ"))
    assert (edit.ties_PKR.sum(), edit.both_bad_PKR.sum(), edit.points_PKR.sum()) == (2, 2, 1)
    assert (look.wins_PKR.sum(), look.ties_PKR.sum(), look.both_bad_PKR.sum()) == (2, 0, 0)


def test_samples_of_one_source_stand_in_one_row() -> None:
    study = make_study(raters=1, samples=4)
    samples = tuple(item.model_copy(update={"cluster": f"c{index // 2}"}) for index, item in enumerate(study.samples))
    study = study.model_copy(update={"samples": samples})
    answers = answer_study(study, Population(quality=(0.5, 0.0)))
    own = [each for each in gather(study, answers, {"r01"}) if each.criterion == "EA"]
    found = compare(own, ["m1", "m2"])
    assert found.clusters == ("c0", "c1") and found.played_PKR.tolist() == [[[2.0], [2.0]]]


def test_methods_of_one_name_are_told_apart() -> None:
    study = laid_out(methods=3, names=["Lucy", " Lucy ", "Wan"])
    assert method_names(study) == {"m1": "Lucy (m1)", "m2": "Lucy (m2)", "m3": "Wan"}
