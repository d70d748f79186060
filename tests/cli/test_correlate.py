"""`rvebench correlate` as a user runs it: files and runs in, tables or one JSON object out, bad input one sentence."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rvebench.cli.verdicts import gather_verdicts
from rvebench.runs import load_run
from rvebench.scoring.agreement import read_ratings
from tests.cli.helpers import only_error, rvebench
from tests.runs.world import make_split

EXAMPLE = Path(__file__).parent.parent / "scoring" / "agreement" / "example"
RATINGS, VERDICTS = EXAMPLE / "ratings.csv", EXAMPLE / "verdicts.csv"
EDITORS = ("blank", "copy", "target")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three judged runs on six samples, and made-up ratings of all their edits."""
    folder = tmp_path_factory.mktemp("runs")
    split = make_split(folder / "split", n=6)
    for model in EDITORS:
        rvebench("evaluate", "--model", model, "--split", split, "--judge", "reference", "--out", folder / model)
    with (folder / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file)
        write.writerow(["# scale: 1 5"])
        write.writerow(["sample_id", "editor", "rater", "criterion", "score"])
        for index in range(6):
            for editor, good in zip(EDITORS, (1, 2, 4), strict=True):
                for rater, shift in (("anna", 0), ("ben", (index + good) % 2)):
                    write.writerow([f"s{index:03}", editor, rater, "EA", good + shift])
                    write.writerow([f"s{index:03}", editor, rater, "overall", good])
    return folder


def correlate(*arguments: object, code: int = 0) -> str:
    return rvebench("correlate", *arguments, code=code).stdout


def error(*arguments: object, code: int) -> str:
    return only_error(rvebench("correlate", *arguments, code=code))


def test_files_give_the_judge_beside_the_ceiling() -> None:
    ran = rvebench("correlate", "--verdicts", VERDICTS, "--human", RATINGS, env={"COLUMNS": "120"})
    for words in (
        "36 edits of 12 samples by 3 editors, 3 raters, 6 sources",
        "Krippendorff's alpha among raters",
        "Spearman",
        "Kendall tau-b",
        "one rater, left out",
        "judge in that place",
        "two raters",
        "gpt-4o (soft) minus gpt-4o on 36 edits",
    ):
        assert words in ran.stdout, words
    assert ran.stderr == ""


@pytest.mark.parametrize("columns", ["80", "200"])
def test_a_table_fits_its_terminal_without_a_number_cut(columns: str) -> None:
    out = rvebench("correlate", "--verdicts", VERDICTS, "--human", RATINGS, env={"COLUMNS": columns}).stdout
    row = next(line for line in out.splitlines() if "judge in that place" in line)
    assert row.count("…") == (5 if columns == "200" else 3), row


def test_json_is_one_object_and_the_same_each_time() -> None:
    arguments = (
        "--verdicts",
        VERDICTS,
        "--human",
        RATINGS,
        "--format",
        "json",
        "--seed",
        3,
        "-c",
        "pc",
        "-j",
        "gpt-4o",
    )
    text = correlate(*arguments)
    assert text == correlate(*arguments)
    found = json.loads(text)
    assert list(found) == ["level", "seed", "human_scale", "criteria", "notes"]
    (block,) = found["criteria"]
    assert (found["level"], found["seed"], found["human_scale"], block["criterion"]) == ("sample", 3, [1, 5], "PC")
    assert set(block["readings"][0]["with_people"]["spearman"]) == {"value", "ci95", "n", "reason"}


def test_runs_give_editor_judge_sources_and_categories(runs: Path) -> None:
    verdicts = [item for editor in EDITORS for item in ("--verdicts", runs / editor)]
    found = json.loads(correlate(*verdicts, "--human", runs / "ratings.csv", "--by", "category", "--format", "json"))
    whole = found["criteria"][0]
    assert (whole["criterion"], whole["n_units"], whole["n_editors"], whole["n_raters"]) == ("EA", 18, 3, 2)
    assert whole["readings"][0]["judge"] == "reference"
    assert whole["readings"][0]["with_people"]["spearman"]["value"] > 0.8
    assert whole["readings"][0]["with_people"]["pairwise_accuracy"]["value"] > 0.8
    assert {block["category"] for block in found["criteria"]} >= {None, "temporal", "camera"}
    assert {block["criterion"] for block in found["criteria"]} == {"EA", "overall"}
    assert not any("no sources are known" in note for note in found["notes"])


def test_over_editors_of_runs(runs: Path) -> None:
    verdicts = [item for editor in EDITORS for item in ("--verdicts", runs / editor)]
    text = correlate(*verdicts, "--human", runs / "ratings.csv", "--level", "system")
    assert "coefficients over editors' means" in text and "hold these editors fixed" in text


def test_the_ratings_may_call_an_editor_otherwise(runs: Path, tmp_path: Path) -> None:
    text = (runs / "ratings.csv").read_text(encoding="utf-8").replace(",copy,", ",Model B,")
    renamed = tmp_path / "ratings.csv"
    renamed.write_text(text, encoding="utf-8")
    said = error("--verdicts", runs / "copy", "--human", renamed, code=2)
    assert "the ratings have no editor 'copy'" in said and "--verdicts Model B=" in said
    found = correlate("--verdicts", f"Model B={runs / 'copy'}", "--human", renamed, "--format", "json")
    assert json.loads(found)["criteria"][0]["readings"][0]["n_units"] == 6
    assert "did you mean" in error("--verdicts", f"Model C={runs / 'copy'}", "--human", renamed, code=2)


def test_a_split_tells_the_sources_of_a_csv_file(runs: Path, tmp_path: Path) -> None:
    verdicts = tmp_path / "verdicts.csv"
    rows = [f"s{i:03},{editor},j,EA,{i + len(editor)}" for i in range(6) for editor in EDITORS]
    verdicts.write_text("\n".join(["sample_id,editor,judge,criterion,score", *rows]), encoding="utf-8")
    arguments = ("--verdicts", verdicts, "--human", runs / "ratings.csv", "--by", "category")
    assert "no category is known" in error(*arguments, code=2)
    text = correlate(*arguments, "--split", runs / "split" / "samples.jsonl")
    assert "EA, physical causality" in text and "no sources are known" not in text


def test_a_run_named_twice_or_judged_otherwise_is_refused(runs: Path, tmp_path: Path) -> None:
    twice = ("--verdicts", runs / "copy", "--verdicts", f"copy={runs / 'target'}")
    assert "two sources have a hard EA of reference" in error(*twice, "--human", runs / "ratings.csv", code=2)
    other = tmp_path / "other"
    shutil.copytree(runs / "target", other)
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    manifest["scoring"]["judge"]["info"]["prompt_sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    said = error("--verdicts", runs / "copy", "--verdicts", f"target={other}", "--human", runs / "ratings.csv", code=2)
    assert "differs in its prompt sha256" in said


def test_a_local_judges_soft_reading_and_bare_answers_come_from_its_measures(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = load_run(runs / "target")
    measures = {"soft_EA": 0.9, "hard_EA": 1.0, "soft_focus": 3.0, "yes_no_mass_EA": 0.99}
    outcomes = tuple(
        replace(item, verdict=replace(item.verdict, measures=measures)) for item in view.outcomes if item.verdict
    )
    monkeypatch.setattr("rvebench.runs.load_run", lambda _path: replace(view, outcomes=outcomes))
    ratings = read_ratings(runs / "ratings.csv")
    rows = gather_verdicts([str(runs / "target")], ratings).rows
    found = {(row.reading, row.criterion, row.score) for row in rows if row.reading != "hard"}
    assert found == {("soft", "EA", 0.9), ("yes/no", "EA", 1.0)}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("s1,copy,anna,EA,9", "ratings.csv:3: score 9 is outside the declared scale of 1 to 5"),
        ("s1,copy,anna,EA,good", "ratings.csv:3: score 'good' is not a finite number"),
        ("s1,copy,anna,EA,", "ratings.csv:3: 'score' is empty"),
        ("s1,copy,anna,EA", "ratings.csv:3: the cell of 'score' is missing"),
        ("s1,copy,anna,EA,1,2", "ratings.csv:3: 6 cells, the header names 5"),
    ],
)
def test_a_bad_line_of_ratings_is_one_sentence_with_its_place(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(f"# scale: 1 5\nsample_id,editor,rater,criterion,score\n{line}\n", encoding="utf-8")
    assert words in error("--verdicts", VERDICTS, "--human", path, code=4)


def test_all_bad_lines_are_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.csv"
    path.write_text("sample_id,editor,judge,criterion,score\ns,e,j,EA,x\ns,e,j,EA,\n,e,j,EA,1\n", encoding="utf-8")
    ran = rvebench("correlate", "--verdicts", path, "--human", RATINGS, code=4)
    assert "3 faults" in ran.stderr
    assert all(f"verdicts.csv:{line}:" in ran.stderr for line in (2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--verdicts", "nowhere.csv", "--human", RATINGS), 4, "nowhere.csv: the file is not there"),
        (("--verdicts", VERDICTS, "--human", "nowhere.csv"), 4, "nowhere.csv: the file is not there"),
        (("--verdicts", EXAMPLE, "--human", RATINGS), 2, "no run directory"),
        (("--verdicts", f"x={VERDICTS}", "--human", RATINGS), 2, "names its editors itself"),
        (("--verdicts", VERDICTS, "--human", VERDICTS), 4, "'rater' is missing"),
        (("--verdicts", VERDICTS, "--human", RATINGS, "--human-scale", 0, 10), 2, "declares a scale of 1 to 5"),
        (("--verdicts", VERDICTS, "--human", RATINGS, "--human-scale", 5, 1), 2, "the lowest score comes first"),
        (("--verdicts", VERDICTS, "--human", RATINGS, "-j", "gpt4o"), 2, "did you mean gpt-4o"),
        (("--verdicts", VERDICTS, "--human", RATINGS, "-c", "GN"), 2, "no criterion 'GN'"),
        (("--verdicts", VERDICTS, "--human", RATINGS, "--split", "dmeo"), 2, "did you mean demo"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[object, ...], code: int, words: str) -> None:
    assert words in error(*arguments, code=code)


def test_tables_that_do_not_meet_leave_with_3(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.csv"
    path.write_text("sample_id,editor,judge,criterion,score\ns99,e,j,EA,1\n", encoding="utf-8")
    assert "no edit is both rated and judged" in error("--verdicts", path, "--human", RATINGS, code=3)


def test_an_unjudged_run_says_how_to_judge_it(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    rvebench("generate", "--model", "copy", "--split", runs / "split" / "samples.jsonl", "--out", out)
    said = error("--verdicts", f"copy={out}", "--human", runs / "ratings.csv", code=2)
    assert "the run is not judged" in said and "rvebench score" in said


def test_what_cannot_mean_anything_is_not_printed_but_why(tmp_path: Path) -> None:
    people, judged = tmp_path / "ratings.csv", tmp_path / "verdicts.csv"
    lines = [f"s{i},copy,anna,EA,{1 + i % 5}" for i in range(8)]
    people.write_text("\n".join(["sample_id,editor,rater,criterion,score", *lines]), encoding="utf-8")
    lines = [f"s{i},copy,j,EA,7" for i in range(8)]
    judged.write_text("\n".join(["sample_id,editor,judge,criterion,score", *lines]), encoding="utf-8")
    text = correlate("--verdicts", judged, "--human", people, "--human-scale", 1, 5)
    assert "the judge gave every edit the same score" in text
    assert "one rater: people cannot be compared with people" in text
    assert "no sample has two edits" in text
    assert "nan" not in text.lower()
    over = correlate("--verdicts", judged, "--human", people, "--human-scale", 1, 5, "--level", "system")
    assert "1 editor, and a coefficient over editors needs 3" in over
