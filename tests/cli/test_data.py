from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from rvebench.cli.data import app
from rvebench.errors import RveError
from tests.splits.conftest import moving_square, row, write_rows


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def error_of(*words: object) -> RveError:
    found = run(*words).exception
    assert isinstance(found, RveError), found
    return found


@pytest.fixture
def split(tmp_path: Path) -> Path:
    moving_square(tmp_path / "s" / "a.mp4", seed=0)
    moving_square(tmp_path / "s" / "b.mp4", seed=1)
    write_rows(tmp_path / "s", row())
    return tmp_path / "s"


def test_list_shows_what_ships() -> None:
    assert "demo" in run("list").stdout
    splits = {row["name"]: row for row in json.loads(run("list", "--format", "json").stdout)["splits"]}
    for name, samples in (("demo", 12), ("smoke", 16)):
        assert (splits[name]["samples"], splits[name]["problem"]) == (samples, "")


def test_list_says_how_to_render_what_is_not_rendered_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    splits = {row["name"]: row for row in json.loads(run("list", "--format", "json").stdout)["splits"]}
    assert splits["mini"]["samples"] is None
    assert "rvebench data render mini" in splits["mini"]["problem"]


def test_verify_leaves_with_0_when_clean(split: Path) -> None:
    result = run("verify", split)
    assert result.exit_code == 0
    assert result.stdout == "s: 1 samples, 0 errors, 0 warnings: clean\n"


def test_verify_leaves_with_4_and_names_every_problem(split: Path) -> None:
    (split / "a.mp4").unlink()
    write_rows(split, row(licence=None))
    result = run("verify", split)
    assert result.exit_code == 4
    assert "error: one: no licence is stated" in result.stdout
    assert f"error: one: {split / 'a.mp4'}: source: the file is not there" in result.stdout
    report = json.loads(run("verify", split, "--format", "json").stdout)
    assert report["clean"] is False
    assert [problem["severity"] for problem in report["problems"]] == ["error", "error"]
    assert report["problems"][1]["file"] == str(split / "a.mp4")


def test_warnings_alone_leave_with_0(split: Path) -> None:
    write_rows(split, row(target=None))
    result = run("verify", split)
    assert result.exit_code == 0
    assert "0 errors, 2 warnings: clean" in result.stdout


def test_stats_count_the_split(split: Path) -> None:
    text = run("stats", split).stdout
    assert "64x48 (1)" in text
    assert "CC0-1.0 (1)" in text
    found = json.loads(run("stats", split, "--format", "json").stdout)
    assert found["with"]["target"] == 1
    assert found["sources"]["sizes"] == {"64x48": 1}


def test_import_makes_a_split_that_verifies(split: Path, tmp_path: Path) -> None:
    entry = {"video": "a.mp4", "instruction": "x", "reasoning_type": "temporal"}
    (split / "instructions.jsonl").write_text(json.dumps(entry))
    out = tmp_path / "new"
    result = run("import", split, out, "--subset", "rave", "--licence", "MIT", "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["samples"] == 1
    assert run("verify", out).exit_code == 0


def test_import_of_a_list_needs_its_layout_and_subset(split: Path, tmp_path: Path) -> None:
    path = split / "meta.json"
    path.write_text(json.dumps([{"source_video_path": "a.mp4", "instruction": "x", "type": "Causal"}]))
    out = tmp_path / "new"
    assert "--layout" in str(error_of("import", path, out))
    assert "--subset" in str(error_of("import", path, out, "--layout", "official"))
    assert "not a folder" in str(error_of("import", split, out, "--layout", "viebench"))
    assert "no meaning" in str(error_of("import", path, out, "--layout", "viebench", "--subset", "rave"))
    assert run("import", path, out, "--layout", "official", "--subset", "rave").exit_code == 0


@pytest.mark.parametrize("command", ["list", "verify", "import", "stats"])
def test_every_command_shows_an_example(command: str) -> None:
    assert "Example: rvebench data" in run(command, "--help").stdout


def rvebench(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "rvebench", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_a_bad_manifest_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_bytes(b"\xff\n{}\n")
    done = rvebench("data", "verify", tmp_path)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "samples.jsonl:1: not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_split_leaves_with_2_and_the_nearest_name() -> None:
    done = rvebench("data", "stats", "demmo")
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown split 'demmo'; did you mean demo" in done.stderr
