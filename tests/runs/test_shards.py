from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rvebench.runs.journal import latest_lines
from rvebench.storage import LineLog
from tests.runs.world import make_split

DERIVED = ("summary.json", "samples.csv", "report.html", "manifest.json", "samples.jsonl")


def rvebench(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-m", "rvebench", *map(str, arguments)], capture_output=True, text=True, timeout=240
    )
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    split = make_split(folder / "split", n=5)
    common = ("evaluate", "--model", "target", "--split", split, "--judge", "reference")
    rvebench(*common, "--out", folder / "whole", "--workers", 2)
    for index in (1, 2):
        rvebench(*common, "--out", folder / f"part{index}", "--shard", f"{index}/2")
    return folder


def test_merged_shards_have_the_bytes_of_the_run_that_was_never_cut(runs: Path) -> None:
    rvebench("runs", "merge", runs / "part2", runs / "part1", "--out", runs / "merged")
    for name in DERIVED:
        assert (runs / "merged" / name).read_bytes() == (runs / "whole" / name).read_bytes(), name
    videos = sorted(path.name for path in (runs / "whole" / "videos").iterdir())
    assert videos == sorted(path.name for path in (runs / "merged" / "videos").iterdir())


def test_merging_again_or_in_another_order_changes_nothing(runs: Path) -> None:
    rvebench("runs", "merge", runs / "part1", runs / "part2", "--out", runs / "again")
    before = {path.name: path.read_bytes() for path in (runs / "again").iterdir() if path.is_file()}
    rvebench("runs", "merge", runs / "part2", runs / "part1", "--out", runs / "again")
    assert {path.name: path.read_bytes() for path in (runs / "again").iterdir() if path.is_file()} == before
    for folder in ("videos", "previews"):
        assert not [path.name for path in (runs / "again" / folder).iterdir() if path.name.startswith(".")]


def test_merging_again_keeps_what_was_recorded_in_the_merged_run_since(runs: Path) -> None:
    rvebench("runs", "merge", runs / "part1", runs / "part2", "--out", runs / "since")
    with LineLog(runs / "since" / "journal.jsonl") as log:
        log.append({"unit": "verdict", "sample": "s000", "key": "ab" * 16, "status": "ok", "raw": "paid for"})
    kept = latest_lines(runs / "since")
    rvebench("runs", "merge", runs / "part1", runs / "part2", "--out", runs / "since")
    assert latest_lines(runs / "since") == kept


def test_a_merge_into_a_part_or_a_file_is_refused_and_the_part_untouched(runs: Path) -> None:
    before = (runs / "part1" / "manifest.json").read_bytes()
    ran = rvebench("runs", "merge", runs / "part1", runs / "part2", "--out", runs / "part1", code=2)
    assert "the directory holds part 1/2" in ran.stderr
    assert (runs / "part1" / "manifest.json").read_bytes() == before
    (runs / "file").write_text("")
    ran = rvebench("runs", "merge", runs / "part1", runs / "part2", "--out", runs / "file", code=4)
    assert "cannot be made" in ran.stderr


def test_an_absent_part_is_an_error_unless_said_so_and_then_counts_as_missing(runs: Path) -> None:
    ran = rvebench("runs", "merge", runs / "part1", "--out", runs / "partial", code=3)
    assert "parts 2/2 are absent" in ran.stderr
    ran = rvebench("runs", "merge", runs / "part1", "--out", runs / "partial", "--partial", "--format", "json", code=3)
    assert '"missing": 2' in ran.stdout


def test_a_part_given_twice_or_a_stranger_is_refused(runs: Path) -> None:
    ran = rvebench("runs", "merge", runs / "part1", runs / "part1", "--out", runs / "twice", code=2)
    assert "given twice" in ran.stderr
    ran = rvebench("runs", "merge", runs / "part1", runs / "whole", "--out", runs / "odd", code=2)
    assert "holds a whole run" in ran.stderr
