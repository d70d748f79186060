"""A second judgement: seeded by a commit that has the row, held to the track's noise band."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rvebench.errors import CoverageError, DataError, UsageError
from rvebench.leaderboard.attest import draw, judged_samples
from rvebench.leaderboard.pack import Words, pack_run
from rvebench.leaderboard.rejudge import Rejudgement, attach, pixels_of, rejudge
from rvebench.leaderboard.submission import read_submission
from rvebench.leaderboard.validate import open_row, validate
from rvebench.records import JudgeInfo, Verdict
from rvebench.taxonomy import Status
from rvebench.video import Comparison
from tests.leaderboard.runs_world import JUDGE, World, given_scores, make_run, make_world
from tests.leaderboard.tampering import commit_all


class Again:
    """Gives the recorded scores, moved by `off`; or does not answer."""

    def __init__(self, world: World, *, off: float = 0.0, silent: bool = False, info: JudgeInfo = JUDGE) -> None:
        self.order = {sample.id: index for index, sample in enumerate(world.split.samples)}
        self.off, self.silent, self._info = off, silent, info
        self.asked: list[str] = []

    @property
    def info(self) -> JudgeInfo:
        return self._info

    async def judge(self, comparison: Comparison) -> Verdict:
        sample = comparison.sample
        self.asked.append(sample.id)
        if self.silent:
            return Verdict(sample_id=sample.id, status=Status.UNJUDGED, reason="out of credit")
        scores = {
            which: min(10.0, score + self.off) for which, score in given_scores(sample, self.order[sample.id]).items()
        }
        return Verdict(sample_id=sample.id, status=Status.OK, scores=scores)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path, Path]:
    """A world, its run, and its one row in a repository with one commit."""
    world = make_world(tmp_path_factory.mktemp("world"))
    run = make_run(world)
    words = Words(model_name="M", method="It edits.", training_data="Others.")
    out = world.tracks.root / "submissions"
    row = pack_run(run, "mine", words, tracks=world.tracks, out=out).folder
    commit_all(world.tracks.root)
    return world, run, row


@pytest.fixture
def place(packed: tuple[World, Path, Path], tmp_path: Path) -> tuple[World, Path, Path]:
    """The same with a leaderboard of its own."""
    world, run, row = packed
    root = tmp_path / "leaderboards"
    shutil.copytree(world.tracks.root, root)
    return world, run, root / row.relative_to(world.tracks.root)


def judged_again(place: tuple[World, Path, Path], judge: Again, *, media: Path | None = None) -> Rejudgement:
    world, run, row = place
    opened = open_row(row)
    assert opened.row.rules is not None and not opened.row.findings
    work = rejudge(
        opened.row,
        judge,
        split=pixels_of(world.split, opened.row.rules),
        media=media or run / "videos",
        root=opened.root,
        seed_from="HEAD",
        by="A maintainer",
        day="2026-11-26",
    )
    return asyncio.run(work)


def test_verdicts_that_agree_make_a_row_reproduced(place: tuple[World, Path, Path]) -> None:
    judge = Again(place[0], off=0.1)
    found = judged_again(place, judge)
    assert found.within and len(judge.asked) == 1
    assert found.attestation.mean_abs_difference == pytest.approx(0.1, abs=0.05)
    attach(open_row(place[2]).row, found.attestation)
    assert read_submission(place[2]).tier == "reproduced"
    assert validate([open_row(place[2]).root], base="HEAD").findings == ()


def test_verdicts_that_differ_are_outside_the_band(place: tuple[World, Path, Path]) -> None:
    found = judged_again(place, Again(place[0], off=3.0))
    assert not found.within
    attach(open_row(place[2]).row, found.attestation)
    assert {finding.code for finding in validate([place[2]]).findings} == {"tier.band", "tier.unattested"}


def test_a_tenth_is_drawn_and_another_commit_draws_others(place: tuple[World, Path, Path]) -> None:
    row = open_row(place[2]).row
    assert row.submission is not None
    names = [f"s{index}" for index in range(200)]
    drawn = {seed: draw(seed, row.submission, names) for seed in ("a" * 40, "b" * 40)}
    assert [len(found) for found in drawn.values()] == [20, 20]
    assert len(set(drawn["a" * 40]) & set(drawn["b" * 40])) < 12
    assert draw("a" * 40, row.submission, judged_samples(row)) == draw("a" * 40, row.submission, judged_samples(row))


def test_a_commit_without_the_row_draws_nothing(place: tuple[World, Path, Path]) -> None:
    shutil.rmtree(open_row(place[2]).root / ".git")
    kept = place[2].with_name(f"{place[2].name}-aside")
    place[2].rename(kept)
    commit_all(place[2].parents[2])
    kept.rename(place[2])
    with pytest.raises(UsageError, match="does not have this row, so its samples could have been chosen for it"):
        judged_again(place, Again(place[0]))


def test_another_judge_is_no_second_judgement(place: tuple[World, Path, Path]) -> None:
    with pytest.raises(UsageError, match=r"the judge here is tester 2 with digest .* and the track fixes"):
        judged_again(place, Again(place[0], info=replace(JUDGE, version="2")))


def test_a_judge_that_does_not_answer_attests_nothing(place: tuple[World, Path, Path]) -> None:
    with pytest.raises(CoverageError, match="the judge answered for none of 1 samples: out of credit"):
        judged_again(place, Again(place[0], silent=True))


def test_the_videos_must_be_those_of_the_row(place: tuple[World, Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the edit is not there; give the folder of videos"):
        judged_again(place, Again(place[0]), media=tmp_path)
    for sample in place[0].split.samples:
        shutil.copyfile(sample.source, tmp_path / f"{sample.id}.mp4")
    with pytest.raises(DataError, match="the video has other frames than the one that was judged"):
        judged_again(place, Again(place[0]), media=tmp_path)


def test_a_revision_that_is_not_there_is_named(place: tuple[World, Path, Path]) -> None:
    with pytest.raises(UsageError, match="the revision 'main-too' is not in the repository; fetch it first"):
        validate([place[2]], base="main-too")
    assert subprocess.run(["git", "-C", str(place[2]), "status", "--porcelain"], capture_output=True).stdout == b""
