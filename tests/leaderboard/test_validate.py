"""The validator's outputs, its paths, and what a published leaderboard allows."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rvebench.errors import DataError, UsageError
from rvebench.leaderboard.attest import Attestation
from rvebench.leaderboard.output import github_lines, junit_text, report_json, text_lines
from rvebench.leaderboard.rejudge import attach
from rvebench.leaderboard.submission import read_submission
from rvebench.leaderboard.tracks import read_tracks
from rvebench.leaderboard.validate import open_row, validate
from tests.cli.helpers import only_error, rvebench
from tests.leaderboard.rows_world import JUDGE, edit_submission, make_evidence, make_root, make_row
from tests.leaderboard.tampering import ROW, commit_all, copied, row_of, world


@pytest.fixture
def root(tmp_path: Path) -> Path:
    world(tmp_path / "leaderboards")
    return tmp_path / "leaderboards"


@pytest.mark.parametrize("below", ["", "submissions", "submissions/tiny", f"submissions/tiny/{ROW}"])
def test_a_path_may_be_a_leaderboard_a_track_or_a_row(below: str, root: Path) -> None:
    report = validate([root / below])
    assert len(report.rows) == (1 if below.endswith(ROW) else 2)
    assert report.findings == () and report.exit_code == 0


def test_a_row_outside_a_leaderboard_is_held_to_the_shipped_tracks(root: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "packed", tmp_path / "packed" / "tiny", tmp_path / "packed" / "tiny" / ROW):
        (tmp_path / "packed" / "tiny").mkdir(parents=True, exist_ok=True)
        shutil.copytree(row_of(root), tmp_path / "packed" / "tiny" / ROW, dirs_exist_ok=True)
        (report,) = [validate([path])]
        assert [finding.code for finding in report.findings] == ["track.unknown"]
        assert report.rows[0].shown == f"tiny/{ROW}"


@pytest.mark.parametrize(
    ("below", "says"),
    [
        ("nowhere", "no such folder; give a submission's folder, or leaderboards"),
        ("splits", "the folder is no submission; submissions are in"),
        ("submissions/tiny/" + ROW + "/README.md", "no such folder"),
    ],
)
def test_a_path_without_rows_is_a_usage_error(below: str, says: str, root: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validate([root / below])
    assert says in str(caught.value)


def test_an_empty_leaderboard_is_valid_and_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    assert validate([make_root(tmp_path / "leaderboards").root]).exit_code == 0
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no submission; make one with `rvebench submit`"):
        validate([tmp_path / "empty"])


def test_two_leaderboards_at_once_are_refused(root: Path, tmp_path: Path) -> None:
    make_root(tmp_path / "second")
    with pytest.raises(UsageError, match="the paths are of different leaderboards"):
        validate([root, tmp_path / "second"])


def test_a_damaged_list_of_samples_is_not_blamed_on_a_row(root: Path) -> None:
    path = root / "splits" / "tiny.jsonl"
    path.write_text(path.read_text().replace("scene 3", "scene 4"), encoding="utf-8")
    with pytest.raises(DataError, match=r"the samples hash to .*, and track tiny pins"):
        validate([root])


def test_the_outputs_tell_the_same(root: Path) -> None:
    edit_submission(row_of(root), lambda value: value["model"].update(name="a\n::error::<script>"))
    report = validate([root])
    (finding,) = report.findings
    assert report_json(report)["valid"] is False
    assert json.loads(json.dumps(report_json(report)))["findings"][0]["code"] == "text.markup"
    text = list(text_lines(report))
    assert text[-1] == "2 rows, 1 rejected, 1 findings"
    assert any(finding.sentence in line for line in text)
    (annotation,) = github_lines(report, prefix="leaderboards/")
    assert annotation == (
        f"::error file=leaderboards/submissions/tiny/{ROW}/submission.json,title=text.markup::{finding.sentence}"
    )
    document = ET.fromstring(junit_text(report))
    failures = document.findall(".//failure")
    assert [failure.get("type") for failure in failures] == ["text.markup"]
    assert [suite.get("tests") for suite in document] == ["1", "1"]


def test_a_valid_leaderboard_is_one_notice_and_passed_cases(root: Path) -> None:
    report = validate([root])
    assert list(github_lines(report)) == ["::notice title=rvebench leaderboard::2 rows are valid"]
    assert not ET.fromstring(junit_text(report)).findall(".//failure")


def test_names_of_files_cannot_write_annotations(root: Path) -> None:
    (row_of(root) / "x\n::error::y,z:%").write_text("", encoding="utf-8")
    (annotation,) = github_lines(validate([root]))
    assert annotation.startswith("::error file=") and "\n" not in annotation
    # A command ends at the second pair of colons: none may stand in the properties before it.
    assert annotation.split("::", 2)[1].endswith(",title=layout.extra")


def test_a_row_that_supersedes_may_take_anothers_edits_and_place(root: Path) -> None:
    commit_all(root.parent)  # the leaderboard is a folder of the repository, as it is here
    tracks = read_tracks(root)
    older = row_of(root)
    make_row(tracks, make_evidence(tracks), slug="model", day="2026-11-25", supersedes=older.name)
    assert validate([root], base="HEAD").findings == ()
    shutil.rmtree(older)
    assert validate([root], base="HEAD").findings == ()


def test_without_saying_so_it_may_not(root: Path) -> None:
    tracks = read_tracks(root)
    make_row(tracks, make_evidence(tracks), slug="mine", day="2026-11-25")
    (finding,) = validate([root]).findings
    assert finding.code == "media.stolen" and "20261125_mine" in finding.where


def test_what_is_published_came_first_whatever_day_a_row_says(root: Path) -> None:
    """A thief who dates a copy before the original is still the thief."""
    tracks = read_tracks(root)
    commit_all(root)
    make_row(tracks, make_evidence(tracks), slug="mine", day="2026-01-01")
    assert {finding.where.split("/")[2] for finding in validate([root], base="HEAD").findings} == {"20260101_mine"}
    assert {finding.where.split("/")[2] for finding in validate([root]).findings} == {ROW}


def test_controls_may_copy_and_nobody_may_copy_controls_unseen(root: Path) -> None:
    tracks = read_tracks(root)
    make_row(tracks, make_evidence(tracks, seed=7), slug="copy", day="2026-11-24", kind="control")
    assert validate([root]).findings == ()
    copied(root)
    assert {finding.code for finding in validate([row_of(root)]).findings} == {"media.stolen"}


def test_a_published_row_may_be_attested_later(root: Path) -> None:
    commit_all(root)
    opened = open_row(row_of(root))
    assert opened.row.submission is not None
    attestation = Attestation(
        kind="maintainer-run",
        track="tiny",
        submission_id=ROW,
        merkle_root=opened.row.submission.evidence.merkle_root,
        by="A maintainer",
        created="2026-11-26",
        rvebench="0.1.0",
        judge_digest=JUDGE,
    )
    attach(opened.row, attestation)
    assert read_submission(row_of(root)).tier == "maintainer-run"
    assert validate([root], base="HEAD").findings == ()


def test_judged_three_times_an_edit_has_one_verdict_with_three_inside(tmp_path: Path) -> None:
    tracks = make_root(tmp_path / "leaderboards", repeats=3)
    assert validate([make_row(tracks)]).findings == ()


def test_every_unjudged_edit_within_the_budget_is_disclosed(tmp_path: Path) -> None:
    tracks = make_root(tmp_path / "leaderboards")
    row = make_row(tracks, unjudged=2)
    assert validate([row]).findings == ()
    submission = read_submission(row)
    assert (submission.coverage.unjudged, submission.scores.overall.n) == (2, 22)


def test_the_verb_leaves_with_the_projects_codes(root: Path, tmp_path: Path) -> None:
    ran = rvebench("leaderboard", "validate", root, "--format", "json")
    assert json.loads(ran.stdout)["valid"] is True
    edit_submission(row_of(root), lambda value: value["scores"]["overall"].update(mean=9.9))
    ran = rvebench("leaderboard", "validate", root, code=4)
    assert "numbers.mean" in ran.stdout and "scores.overall.mean is 9.9" in ran.stdout
    ran = rvebench("leaderboard", "validate", tmp_path / "nowhere", code=2)
    assert "no such folder" in only_error(ran)
    ran = rvebench("leaderboard", "validate", root, "--base", "nowhere", code=2)
    assert "is not in the repository" in only_error(ran)
