"""No alteration of a row goes unseen, and none is told in another's words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rvebench.leaderboard.findings import CODES
from rvebench.leaderboard.validate import validate
from tests.leaderboard.tampering import CASES, Case, row_of, sentence_of, table_row, validated, world

DOCS = Path(__file__).resolve().parents[2] / "docs" / "leaderboard.md"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    found = {}
    for repeats in (1, 3):
        found[repeats] = tmp_path_factory.mktemp("worlds") / str(repeats)
        world(found[repeats], repeats=repeats, git=True)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_altered_row_is_rejected_with_its_own_sentence(case: Case, worlds: dict[int, Path], tmp_path: Path) -> None:
    root = tmp_path / "leaderboards"
    shutil.copytree(worlds[case.repeats], root, symlinks=True)
    report = validated(case, root)
    sentence = sentence_of(case, report)
    assert report.exit_code == (3 if case.code == "budget.failed" else 4)
    assert all(found.sentence.endswith(".") and "\n" not in found.sentence for found in report.findings)
    assert table_row(case, sentence) in DOCS.read_text(encoding="utf-8"), (
        "print the table again: python -m tests.leaderboard.tampering"
    )


@pytest.mark.parametrize("repeats", [1, 3])
def test_untouched_rows_pass(repeats: int, worlds: dict[int, Path]) -> None:
    report = validate([worlds[repeats]], base="HEAD")
    assert report.findings == ()
    assert len(report.rows) == 2
    assert report.exit_code == 0


def test_every_code_is_reached_by_some_alteration() -> None:
    assert sorted({case.code for case in CASES}) == sorted(CODES)


def test_a_forger_who_fits_every_hash_and_number_still_needs_the_judge(worlds: dict[int, Path], tmp_path: Path) -> None:
    """What arithmetic cannot see is left to a second judgement; the tier says which rows had one."""
    root = tmp_path / "leaderboards"
    shutil.copytree(worlds[1], root)
    raised = next(case for case in CASES if case.name == "many edits failed")
    assert raised.alter(root) is None
    assert {finding.code for finding in validate([row_of(root)]).findings} == {"budget.failed"}
