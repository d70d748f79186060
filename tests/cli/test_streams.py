"""Standard streams that are closed, narrow or left by their reader: the numbers and the exit code stay the same."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import only_error, rvebench
from tests.runs.world import make_split


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    split = make_split(folder / "split", n=2)
    rvebench("evaluate", "--model", "copy", "--split", split, "--judge", "reference", "--out", folder / "run")
    return folder / "run"


def through_a_shell(tail: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = " ".join(shlex.quote(str(word)) for word in (sys.executable, "-m", "rvebench", *arguments))
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", f"{command} {tail}"], capture_output=True, text=True)
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran


@pytest.mark.parametrize("tail", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_closed_stream_changes_no_exit_code(run: Path, tail: str, format_: str) -> None:
    split = run.parent / "split" / "samples.jsonl"
    arguments = ("--model", "copy", "--split", split, "--judge", "reference", "--out", run, "--format", format_)
    before = (run / "summary.json").read_bytes()
    (run / "summary.json").unlink()
    assert through_a_shell(tail, "evaluate", *arguments).returncode == 0
    assert (run / "summary.json").read_bytes() == before


def test_a_reader_that_leaves_is_not_mistaken_for_failed_samples(run: Path) -> None:
    assert through_a_shell("| (exec <&-; sleep 5)", "runs", "show", run).returncode == 141


def test_a_narrow_terminal_alphabet_replaces_what_it_lacks_and_json_stays_json(run: Path) -> None:
    narrow = {"PYTHONIOENCODING": "ascii"}
    assert "edit ? source" in rvebench("runs", "show", run, env=narrow).stdout
    printed = json.loads(rvebench("runs", "show", run, "--format", "json", env=narrow).stdout)
    assert printed == json.loads(rvebench("runs", "show", run, "--format", "json").stdout)


def test_a_file_that_cannot_be_read_is_one_sentence(run: Path) -> None:
    broken = run.with_name("broken")
    broken.mkdir()
    for name in ("manifest.json", "samples.jsonl"):
        (broken / name).write_bytes((run / name).read_bytes())
    (broken / "journal.jsonl").mkdir()
    assert "journal.jsonl: cannot be used" in only_error(rvebench("rescore", broken, code=4))


def test_a_folder_with_the_name_of_a_package_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "decord").mkdir()
    findings = json.loads(rvebench("doctor", "--format", "json", cwd=tmp_path).stdout)["findings"]
    assert {item["what"]: item["state"] for item in findings}["decord"] in {"absent", "ok"}
