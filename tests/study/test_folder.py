"""Study folders: what is written is read back, and nothing else passes for a study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from rvebench.errors import DataError, UsageError
from rvebench.storage import LineLog
from rvebench.study import Answer, Consent, Remark, Study, read_answers, read_study
from rvebench.study.checks import passes_check
from tests.study.world import answer, make_study, write_folder


def write_lines(directory: Path, *lines: Answer | Consent | Remark) -> Path:
    with LineLog(directory / "answers.jsonl") as log:
        for line in lines:
            log.append(line.model_dump(mode="json"), durable=True)
    return directory / "answers.jsonl"


def test_a_study_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    study = make_study()
    write_folder(tmp_path, study)
    assert read_study(tmp_path) == study
    assert read_answers(tmp_path).answers == ()


def test_answers_are_read_back_in_order(tmp_path: Path) -> None:
    study = make_study()
    write_folder(tmp_path, study)
    sent = [answer(study, trial) for trial in study.trials]
    agreed = Consent(study=study.digest, key="c", rater="r01", at="2026-11-26T12:00:00Z")
    said = Remark(study=study.digest, key="k", rater="r01", text="<script>", at="2026-11-26T12:00:00Z")
    path = write_lines(tmp_path, agreed, *sent, said)
    with path.open("ab") as file:
        file.write(b'{"kind":"ans')
    found = read_answers(tmp_path)
    assert list(found.answers) == sent
    assert found.consents == (agreed,)
    assert found.remarks == (said,)
    assert found.torn_bytes == 12


def test_a_folder_without_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a study folder"):
        read_study(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [("seed", 8, "digest"), ("seed", "x", "seed"), ("schema_id", "rve-study/0", "schema"), ("extra", 1, "extra")],
)
def test_a_changed_study_is_refused(tmp_path: Path, field: str, value: object, text: str) -> None:
    write_folder(tmp_path, make_study())
    path = tmp_path / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(DataError, match=text):
        read_study(tmp_path)


def _flaw(study: Study, name: str) -> Answer:
    trial = study.trials[0]
    if name == "another study":
        return answer(study, trial).model_copy(update={"study": "0" * 64})
    if name == "another rater":
        return answer(study, trial, rater="r02")
    if name == "no best":
        return answer(study, trial, {"m1": 2, "m2": 2})
    if name == "a place too far":
        return answer(study, trial, {"m1": 1, "m2": 3})
    if name == "a clip too few":
        return answer(study, trial, {"m1": 1})
    if name == "bad on both sides and ordered":
        return answer(study, trial, both_bad=("EA",))
    return answer(study, trial, values={"EA": {"m1": 1, "m2": 1}})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("another study", "answers study 000000000000"),
        ("another rater", "not one of rater r02"),
        ("no best", "no best clip"),
        ("a place too far", "whole, 1 to 2"),
        ("a clip too few", "one number for each clip"),
        ("bad on both sides and ordered", "only a tie"),
        ("a criterion too few", "criteria answered must be EA, VQ"),
    ],
)
def test_an_answer_that_does_not_fit_the_study_is_refused(tmp_path: Path, name: str, text: str) -> None:
    study = make_study()
    write_folder(tmp_path, study)
    write_lines(tmp_path, _flaw(study, name))
    with pytest.raises(DataError, match=text):
        read_answers(tmp_path)


def test_a_trial_answered_twice_is_refused(tmp_path: Path) -> None:
    study = make_study()
    write_folder(tmp_path, study)
    write_lines(tmp_path, answer(study, study.trials[0]), answer(study, study.trials[0], key="other"))
    with pytest.raises(DataError, match="a second time"):
        read_answers(tmp_path)


def test_a_study_that_contradicts_itself_is_refused() -> None:
    body = make_study().model_dump(mode="json")
    body["trials"][0]["shown"] = ["m1", "m9"]
    with pytest.raises(ValidationError, match="that the study lacks"):
        Study.model_validate(body)
    body = make_study().model_dump(mode="json")
    body["trials"][0]["kind"] = "duplicate"
    with pytest.raises(ValidationError, match="not what its kind says"):
        Study.model_validate(body)


@pytest.mark.parametrize(("places", "passed"), [((1, 2), True), ((1, 1), False), ((2, 1), False)])
def test_an_attention_check_wants_noise_below(places: tuple[int, int], passed: bool) -> None:
    study = make_study()
    trial = next(trial for trial in study.trials if trial.kind == "attention")
    given = answer(study, trial, dict(zip(trial.shown, places, strict=True)))
    assert passes_check(study, trial, given) is passed


def test_a_likert_check_reads_scores_the_other_way_round() -> None:
    study = make_study(design="likert")
    trial = next(trial for trial in study.trials if trial.kind == "attention")
    assert passes_check(study, trial, answer(study, trial, {"m2": 4, "@noise": 1}))
    assert not passes_check(study, trial, answer(study, trial, {"m2": 1, "@noise": 4}))
