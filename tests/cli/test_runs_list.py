"""`rvebench runs list`: several runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import rvebench
from tests.runs.world import make_split


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("runs")
    split = make_split(top / "split", n=3)
    for model in ("copy", "target"):
        arguments = ("--model", model, "--split", split, "--judge", "reference", "--out", top / "few" / model)
        rvebench("evaluate", *arguments)
    return top / "few"


def test_the_runs_of_a_folder_are_one_line_each_under_its_name(runs: Path) -> None:
    ran = rvebench("runs", "list", "few", cwd=runs.parent, env={"COLUMNS": "80"})
    title, copy, target = (line.split() for line in ran.stdout.splitlines())
    assert title == ["few/", "model", "split", "judge", "ok/n", "overall", "EA", "PC", "GN", "GR"]
    assert copy == ["copy", "copy", "split", "reference", "3/3", "0.00", "0.00", "10.00", "10.00", "10.00"]
    assert target == ["target", "target", "split", "reference", "3/3", "10.00", "10.00", "10.00", "10.00", "10.00"]


def test_runs_can_be_named_one_by_one_and_are_listed_once_in_that_order(runs: Path) -> None:
    named = (runs / "target", runs, runs / "split", runs / "nothing")
    ran = rvebench("runs", "list", *named, "--format", "json")
    rows = json.loads(ran.stdout)["runs"]
    assert [row["directory"] for row in rows] == [str(runs / "target"), str(runs / "copy")]
    assert rows[1]["mean"] == 0 and rows[1]["criteria"] == {"EA": 0, "PC": 10, "GN": 10, "GR": 10}
    text = rvebench("runs", "list", "target", cwd=runs).stdout
    assert text.split()[0] == "directory" and "target" in text.splitlines()[1]


def test_a_folder_without_runs_says_so_and_a_damaged_run_hides_no_other(runs: Path, tmp_path: Path) -> None:
    assert rvebench("runs", "list", tmp_path).stdout == f"no runs in {tmp_path}\n"
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "manifest.json").write_text("{")
    lines = rvebench("runs", "list", tmp_path / "bad", runs / "copy", env={"COLUMNS": "200"}).stdout.splitlines()
    assert lines[1].split()[-1] == "damaged"
    assert "0.00" in lines[2]
    assert lines[3].startswith("damaged: ") and "manifest.json" in lines[3]
