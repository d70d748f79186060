"""`rvebench submit`: a finished run becomes a row, an unfinished one does not."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import CoverageError, DataError, RveError, UnknownNameError, UsageError
from rvebench.leaderboard.evidence import per_sample, read_evidence
from rvebench.leaderboard.pack import UNFILLED, Packed, Words, pack_run, slug_of
from rvebench.leaderboard.runs import tame
from rvebench.leaderboard.shapes import markup_in
from rvebench.leaderboard.validate import validate
from rvebench.records import EditorInfo, JudgeInfo
from rvebench.runs import load_run
from rvebench.taxonomy import Status
from tests.leaderboard.runs_world import World, make_run, make_world

WORDS = Words(model_name="My Model", method="It edits.", training_data="Other videos.", hardware="a laptop")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> World:
    """The same split and leaderboard, with room for other runs."""
    if (world.folder / "edits").is_dir():
        shutil.copytree(world.folder / "edits", tmp_path / "edits")
    return replace(world, folder=tmp_path)


def pack(world: World, run: Path, words: Words = WORDS, track: str = "mine", out: Path | None = None) -> Packed:
    return pack_run(run, track, words, tracks=world.tracks, out=out or world.folder / "rows")


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_finished_run_becomes_a_row_that_passes_and_has_the_runs_own_numbers(world: World) -> None:
    run = make_run(world, "sound", failed={"s001": "exit code 1"}, silent=["s002"])
    packed = pack(world, run, out=world.tracks.root / "submissions")
    assert validate([world.tracks.root]).findings == ()
    own = load_run(run).summary
    scores = packed.submission.scores
    assert (scores.overall.mean, scores.overall.ci95) == (own.overall.mean, own.overall.ci95)
    assert scores.macro.mean == own.macro.mean
    assert {which.value: found.mean for which, found in scores.criteria.items()} == {
        name: found.mean for name, found in own.criteria.items()
    }
    assert packed.submission.coverage.reasons == {"exit code 1": 1, "the judge timed out": 1}
    assert packed.left_out == ("homemade",)
    assert packed.folder.name == "20261125_my-model"
    assert not packed.unfilled


def test_per_sample_gives_what_a_page_needs(fresh: World) -> None:
    run = make_run(fresh, failed={"s001": "exit code 1"}, silent=["s002"])
    packed = pack(fresh, run)
    found = {row.id: row for row in per_sample(packed.folder, tracks=fresh.tracks)}
    assert list(found) == [sample.id for sample in fresh.split.samples]
    by_run = {item.sample.id: item for item in load_run(run).outcomes}
    assert {name: row.score for name, row in found.items()} == {name: item.overall for name, item in by_run.items()}
    assert found["s001"].status is Status.FAILED and found["s001"].score == 0.0 and found["s001"].video == ""
    assert found["s002"].status is Status.UNJUDGED and found["s002"].score is None
    assert found["s000"].metrics == {"temporal_flickering": 0.5}
    assert found["s000"].judge_usd == 0.25 and found["s000"].wall_s == 1.25
    assert found["s000"].video == "s000.mp4" and found["s000"].instruction


def test_the_same_run_gives_the_same_bytes(fresh: World) -> None:
    run = make_run(fresh)
    first = bytes_of(pack(fresh, run).folder)
    again = bytes_of(pack(fresh, run, out=fresh.folder / "elsewhere").folder)
    over = bytes_of(pack(fresh, run).folder)
    assert first == again == over


def test_media_sha256_is_what_sha256sum_checks(fresh: World) -> None:
    run = make_run(fresh)
    lines = (pack(fresh, run).folder / "media.sha256").read_text().splitlines()
    assert len(lines) == 6
    for line in lines:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((run / "videos" / name).read_bytes()).hexdigest() == digest


def test_a_readme_that_was_written_by_hand_is_kept(fresh: World) -> None:
    run = make_run(fresh)
    packed = pack(fresh, run, Words(model_name="My Model"))
    readme = packed.folder / "README.md"
    assert packed.unfilled and UNFILLED in readme.read_text()
    readme.write_text("# My words\n", encoding="utf-8")
    assert not pack(fresh, run, Words(model_name="My Model")).unfilled
    assert readme.read_text() == "# My words\n"


def test_another_rows_folder_is_not_overwritten(fresh: World) -> None:
    pack(fresh, make_run(fresh, "a"))
    with pytest.raises(UsageError, match=r"the folder holds another submission; choose another --slug"):
        pack(fresh, make_run(fresh, "b", failed={"s000": "exit code 1"}))


def test_a_control_is_a_control(fresh: World) -> None:
    info = EditorInfo(name="copy", version="1", notes=("control: the source, untouched",))
    assert pack(fresh, make_run(fresh, info=info)).submission.model.kind == "control"


def test_texts_of_others_lose_folders_and_markup(fresh: World) -> None:
    run = make_run(
        fresh,
        failed={"s001": "/home/someone/runs/x.mp4: <b>empty</b>\x1b[31m"},
        rationale="<script>alert(1)</script> javascript:x",
    )
    packed = pack(fresh, run)
    lines = read_evidence(packed.folder).by_sample
    assert lines["s001"].edit.reason == "…/x.mp4: <·b>empty<·/b>\ufffd[31m"
    verdict = lines["s000"].verdict
    assert verdict is not None and not any(markup_in(text, lines=True) for text in verdict.rationale.values())
    assert "someone" not in (packed.folder / "submission.json").read_text()


@given(
    st.lists(
        st.sampled_from(["<", "a", "b>", "&#", "java", "script", ":", "](", "data:text/", "\ud800", "\u202e", "\n"])
    )
)
def test_whatever_a_text_holds_it_can_be_shown_after(parts: list[str]) -> None:
    assert not markup_in(tame("".join(parts), 100), lines=True)


@pytest.mark.parametrize(
    ("made", "error", "says"),
    [
        ({"no_edit": ["s003"]}, CoverageError, "half-written: 1 of 6 samples have no edit on record (s003)"),
        ({"no_verdict": ["s004"]}, CoverageError, "half-written: 1 of 6 edits have no verdict on record (s004)"),
        ({"silent": ["s000", "s001"]}, CoverageError, "2 of 6 edits are not judged, and track mine allows 1"),
        (
            {"failed": dict.fromkeys(["s000", "s001", "s002", "s003"], "no")},
            CoverageError,
            "4 of 6 samples have no edit, and track mine allows 3",
        ),
        ({"judge": None}, UsageError, "the run is not judged; judge it first"),
        ({"shard": "1/2"}, UsageError, "the run is part 1/2 of a whole; merge the parts first"),
        (
            {"judge": JudgeInfo(name="lenient", version="2")},
            UsageError,
            "not one of track mine: the judge is lenient 2, and the track fixes tester 1",
        ),
        (
            {"judge": JudgeInfo(name="tester", version="1", prompt_sha256="11" * 32)},
            UsageError,
            "the prompt's hash is 111111111111…, and the track fixes none",
        ),
        (
            {"info": EditorInfo(name="made", version="1", track="rewriter")},
            UsageError,
            "the editor is conditioned rewriter, and the track fixes direct",
        ),
        ({"time": None}, UsageError, "a merged run has no day; say when it was made"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_run_that_is_no_row_is_refused_in_one_sentence(
    made: dict[str, object], error: type[RveError], says: str, fresh: World
) -> None:
    with pytest.raises(error) as caught:
        pack(fresh, make_run(fresh, **made))  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert not (fresh.folder / "rows").exists()


def test_a_video_that_is_not_the_judged_one_is_refused(fresh: World) -> None:
    run = make_run(fresh)
    shutil.copyfile(run / "videos" / "s001.mp4", run / "videos" / "s000.mp4")
    with pytest.raises(DataError, match="the edit of s000 is not the video that was judged"):
        pack(fresh, run)


def test_a_track_must_be_there_and_open(fresh: World) -> None:
    run = make_run(fresh)
    with pytest.raises(UnknownNameError, match="unknown track 'mien'; did you mean mine"):
        pack(fresh, run, track="mien")
    with pytest.raises(UsageError, match=r"the track later is announced: it takes no submission; open tracks: mine"):
        pack(fresh, run, track="later")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (Words(model_name="<b>"), "name: holds markup"),
        (Words(model_name="M", url="ftp://x"), "url: is not an https:// address"),
        (Words(model_name="M", parameters_billion=-1.0), "parameters_billion: Input should be greater than 0"),
        (Words(model_name="M", created="yesterday"), "created: String should match"),
        (Words(model_name="日本"), "give --slug with letters or digits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_that_cannot_stand_are_refused(words: Words, says: str, fresh: World) -> None:
    with pytest.raises(UsageError) as caught:
        pack(fresh, make_run(fresh), words)
    assert says in str(caught.value)


def test_a_slug_is_a_safe_part_of_a_path() -> None:
    assert slug_of("Ü/../Model v1.5 (große)") == "u-model-v1.5-groe"
