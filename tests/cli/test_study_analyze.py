"""`rvebench study analyze` as a user runs it, its ratings read by `rvebench correlate`, and bad input in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rvebench.errors import CoverageError, DataError, RveError, UsageError
from rvebench.study import Answers, Study
from rvebench.study.analysis import analyze_study
from rvebench.study.folder import read_answers, read_study
from tests.cli.helpers import only_error, rvebench
from tests.study.analysis.population import Population, answer_study, laid_out, write_answers

TASTE = Population(quality=(1.2, 0.3, -0.5), cuts=(-1.0, -0.5, 0.0, 0.5, 1.0))


@pytest.fixture(scope="module")
def study() -> Study:
    return laid_out(raters=4, samples=8, methods=3, attention=1, names=("lucy", "wan", "copy"))


def test_a_study_is_analysed_and_its_ratings_say_how_a_judge_agrees(study: Study, tmp_path: Path) -> None:
    folder = write_answers(tmp_path / "study", study, answer_study(study, TASTE, seed=3))
    out = tmp_path / "analysis"
    ran = rvebench("study", "analyze", folder, "--out", out, "--method", "wan", env={"COLUMNS": "110"})
    for words in (
        "ranking, 32 of 32 trials answered by 4 raters, 4 counted",
        "Edit accuracy (EA)   96 comparisons in 32 answers, 8 samples, 4 raters",
        "wan against",
        "Kendall's W",
        "0 of 1",
        f"wrote {out / 'ratings.csv'}",
    ):
        assert words in ran.stdout, words
    assert ran.stderr == ""
    body = json.loads((out / "analysis.json").read_text(encoding="utf-8"))
    assert body["kept"]["criteria"][0]["methods"][0]["win_rate"]["value"] > 0.5
    verdicts = tmp_path / "verdicts.csv"
    rows = [
        f"s{index:03},{editor},judge,EA,{good}"
        for index in range(8)
        for editor, good in (("lucy", 8 - index % 2), ("wan", 5 + index % 3), ("copy", 1 + index % 2))
    ]
    verdicts.write_text("\n".join(["sample_id,editor,judge,criterion,score", *rows]), encoding="utf-8")
    agreed = json.loads(
        rvebench("correlate", "--verdicts", verdicts, "--human", out / "ratings.csv", "--format", "json").stdout
    )
    (block,) = (block for block in agreed["criteria"] if block["criterion"] == "EA")
    assert (block["n_units"], block["n_raters"], block["n_editors"], block["n_clusters"]) == (24, 4, 3, 8)
    assert agreed["human_scale"] == [0, 1] and block["readings"][0]["with_people"]["spearman"]["value"] > 0.3


def test_json_is_one_object_and_an_unknown_method_one_sentence(study: Study, tmp_path: Path) -> None:
    folder = write_answers(tmp_path / "study", study, answer_study(study, TASTE, seed=3))
    found = json.loads(rvebench("study", "analyze", folder, "--format", "json", "--seed", 5).stdout)
    assert (found["schema"], found["seed"], found["files"]) == ("rve-study-analysis/1", 5, [])
    assert set(found["methods"].values()) == {"lucy", "wan", "copy"}
    error = only_error(rvebench("study", "analyze", folder, "--method", "lucie", code=2))
    assert error == "error: the study has no method 'lucie'; it has lucy"


def nobody(_folder: Path, _lines: list[str]) -> list[str]:
    return []


def unknown_trial(folder: Path, _lines: list[str]) -> list[str]:
    study = read_study(folder)
    one = answer_study(study, TASTE).answers[0].model_copy(update={"trial": "t-unknown"})
    write_answers(folder, study, Answers(answers=(one,)))
    return (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[-1:]


def damaged(_folder: Path, lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace("ranking", "x").replace('"EA"', '"EB"'), *lines[2:]]


def torn(_folder: Path, lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1][:40]]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (nobody, CoverageError, "nobody has answered a trial yet; run `rvebench study serve` and invite raters"),
        (unknown_trial, DataError, "answers.jsonl:1: trial t-unknown is not one of rater r01 as the study has it"),
        (damaged, DataError, "answers.jsonl:2: the journal is damaged: a line that fails its checksum stands before"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    study: Study,
    tmp_path: Path,
    change: Callable[[Path, list[str]], list[str]],
    kind: type[RveError],
    words: str,
) -> None:
    folder = write_answers(tmp_path / "study", study, answer_study(study, TASTE, seed=3))
    file = folder / "answers.jsonl"
    file.write_text(
        "".join(change(folder, file.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8"
    )
    with pytest.raises(kind) as caught:
        analyze_study(study, read_answers(folder, study=study))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_an_answer_cut_off_by_a_dead_machine_is_passed_over_and_said(study: Study, tmp_path: Path) -> None:
    folder = write_answers(tmp_path / "study", study, answer_study(study, TASTE, seed=3))
    file = folder / "answers.jsonl"
    file.write_text("".join(torn(folder, file.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    found = analyze_study(study, read_answers(folder, study=study), resamples=50)
    assert any("the last 40 bytes of the answers are no whole line" in note for note in found.notes)


def test_a_folder_that_is_no_study_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not a study folder: it has no study\.json"):
        read_study(tmp_path)
    assert only_error(rvebench("study", "analyze", tmp_path, code=2)).startswith("error: ")
