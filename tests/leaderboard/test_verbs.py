"""The verbs as a user types them: from a run to a reproduced row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rvebench.judges import build_judge
from rvebench.leaderboard.submission import read_submission
from tests.cli.helpers import only_error, rvebench
from tests.leaderboard.runs_world import World, make_run, make_world
from tests.leaderboard.tampering import commit_all

REFERENCE = build_judge("reference").info


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), 4, judge=REFERENCE, noise_band=10.0)


def test_a_run_is_submitted_judged_again_by_the_real_judge_and_valid(world: World) -> None:
    run, root = make_run(world, judge=REFERENCE), world.tracks.root
    words = ("--method", "It edits.", "--training-data", "Others.", "--model-name", "My Model", "--closed-weights")
    submissions = root / "submissions"
    ran = rvebench("submit", run, "--track", "mine", "--out", submissions, *words, "--format", "json")
    row = Path(json.loads(ran.stdout)["folder"])
    assert read_submission(row).model.open_weights is False
    commit_all(root)
    ran = rvebench(
        *("leaderboard", "rejudge", row, "--media", run / "videos", "--seed-from", "HEAD", "--by", "A maintainer"),
        *("--split", world.split.path, "--format", "json"),
    )
    found = json.loads(ran.stdout)
    assert (found["within"], found["tier"], len(found["samples"])) == (True, "reproduced", 1)
    assert 0 <= found["samples"][0]["again"] <= 10
    ran = rvebench("leaderboard", "validate", root, "--base", "HEAD")
    assert "reproduced" in ran.stdout and "0 rejected" in ran.stdout


def test_a_half_written_run_is_refused_with_the_code_for_coverage(world: World) -> None:
    run = make_run(world, "half", judge=REFERENCE, no_edit=["s001"])
    ran = rvebench("submit", run, "--track", "mine", "--out", world.tracks.root / "submissions", code=3)
    assert "half-written: 1 of 4 samples have no edit on record (s001)" in only_error(ran)


def test_the_tracks_are_listed(world: World) -> None:
    found = json.loads(rvebench("leaderboard", "tracks", world.tracks.root, "--format", "json").stdout)["tracks"]
    assert {name: rules["status"] for name, rules in found.items()} == {"mine": "open", "later": "announced"}
