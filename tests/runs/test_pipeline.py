from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.errors import DataError, EditorError, UsageError
from rvebench.runs import RunOptions, RunView, build_scorers, execute, left_to_do, load_run, make_plan
from rvebench.runs.journal import latest_lines
from rvebench.taxonomy import Status
from tests.runs.world import make_split


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split(tmp_path_factory.mktemp("split"))


def evaluate(
    split: Path, out: Path, model: str = "copy", *, workers: int = 1, timeout_s: float = 60.0, retry: bool = False
) -> RunView:
    scorers = build_scorers(
        judge="reference", metrics="temporal_flickering", formula="geometric", exclude_unjudged=False
    )
    plan = make_plan(model=model, split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
    options = RunOptions(workers=workers, timeout_s=timeout_s, retry_failed=retry)
    execute(plan, out, options, generate=True, progress=lambda _tally: None)
    return load_run(out)


def statuses(view: RunView) -> dict[str, Status]:
    return {item.sample.id: item.status for item in view.outcomes}


def bad(model: str, **options: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"python:tests.runs.editors:{model}" + (f"?{query}" if query else "")


def test_the_target_scores_ten_and_the_copy_nothing_on_edit_accuracy(split: Path, tmp_path: Path) -> None:
    target = evaluate(split, tmp_path / "target", "target").summary
    copy = evaluate(split, tmp_path / "copy", "copy").summary
    assert target.overall.mean is not None and target.overall.mean > 9
    assert copy.criteria["EA"].mean == pytest.approx(0, abs=0.2)
    assert copy.criteria["PC"].mean == pytest.approx(10, abs=0.2)
    assert copy.overall.mean == pytest.approx(0, abs=0.2)
    assert set(copy.metrics) == {"temporal_flickering"}


def test_one_poison_sample_fails_alone_with_what_the_worker_printed(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("Dies", on="s002"), workers=2)
    assert statuses(view) == {f"s{i:03d}": Status.FAILED if i == 2 else Status.OK for i in range(6)}
    reason = view.outcomes[2].reason
    assert "exit code 7" in reason and "the driver says goodbye" in reason and "quarantined after 2 attempts" in reason
    assert view.outcomes[2].overall == 0


def test_a_batch_that_dies_is_taken_apart_and_only_the_poison_item_fails(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("BatchOfFour", on="s001"))
    assert statuses(view) == {f"s{i:03d}": Status.FAILED if i == 1 else Status.OK for i in range(6)}


def test_an_edit_that_hangs_is_a_timeout_and_the_rest_goes_on(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("Hangs", on="s000"), timeout_s=2)
    assert statuses(view)["s000"] is Status.TIMEOUT
    assert list(statuses(view).values()).count(Status.OK) == 5
    assert view.summary.coverage.failed == 1
    assert "no result within 2 s" in view.outcomes[0].reason


@pytest.mark.parametrize(
    ("model", "status", "words"),
    [
        ("Raises", Status.FAILED, "ValueError: bad weights"),
        ("WritesNothing", Status.FAILED, "the editor's output cannot be used"),
        ("WritesGarbage", Status.FAILED, "the editor's output cannot be used"),
        ("Refuses", Status.REFUSED, "content policy"),
        ("MakesAFolder", Status.FAILED, "the editor's output cannot be used"),
        ("MakesAFolderAndRaises", Status.FAILED, "ValueError: bad weights"),
        ("CostsNaN", Status.FAILED, "the editor's result cannot be recorded"),
        ("SaysItsStatusInText", Status.FAILED, "the status 'ok', which is none of ok, failed"),
        ("CallsItselfUnjudged", Status.FAILED, "Status.UNJUDGED"),
        ("RaisesHalfACharacter", Status.FAILED, "cannot read ?.bin xxx"),
        ("NamesItsVideoInText", Status.FAILED, "with a str, not a Path"),
        ("YieldsNone", Status.FAILED, "the editor yielded NoneType, not EditResult"),
    ],
)
def test_a_bad_edit_is_recorded_with_its_reason_and_counts_zero(
    split: Path, tmp_path: Path, model: str, status: Status, words: str
) -> None:
    view = evaluate(split, tmp_path / "run", bad(model, on="s001"))
    outcome = view.outcomes[1]
    assert outcome.status is status and words in outcome.reason and outcome.overall == 0
    assert len(outcome.reason) <= 2000
    assert list(statuses(view).values()).count(Status.OK) == 5


def test_numbers_of_numpy_are_numbers(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("CountsInNumpy"))
    assert set(statuses(view).values()) == {Status.OK}
    window = view.outcomes[0].window
    assert window is not None and (window.count, window.fps) == (9, 8.0)


def test_an_editor_that_changes_its_folder_writes_where_it_was_told(
    split: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    view = evaluate(split, Path("run"), bad("ChangesItsFolder"))
    assert set(statuses(view).values()) == {Status.OK}


def test_a_worker_that_dies_and_leaves_a_child_is_noticed_before_the_time_limit(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("LeavesAChildAndDies", on="s001"), timeout_s=50)
    assert statuses(view)["s001"] is Status.FAILED and "exit code 7" in view.outcomes[1].reason


def test_no_sample_id_meets_the_working_files_of_another(tmp_path: Path) -> None:
    """`a.conformed` is a legal id, and was the name of the file that `a` was normalised to."""
    path = make_split(tmp_path / "split", n=2)
    path.write_text(path.read_text().replace('"s000"', '"a.conformed"').replace('"s001"', '"a"'))
    view = evaluate(path, tmp_path / "run", bad("WaitsForItsNeighbour", on="a.conformed"), workers=2)
    frames = {item.sample.id: item.sample.frames_sha256["source"] for item in view.outcomes}
    made = {line["sample"]: line for line in latest_lines(tmp_path / "run").values() if line["unit"] == "edit"}
    assert {line["status"] for line in made.values()} == {"ok"}, made
    assert frames["a"] != frames["a.conformed"]
    assert made["a"]["frames_sha256"] != made["a.conformed"]["frames_sha256"]


def test_an_editor_that_prints_megabytes_reaches_neither_stdout_nor_the_journal(
    split: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluate(split, tmp_path / "run", bad("Loud"))
    assert "xxx" not in capfd.readouterr().out
    assert (tmp_path / "run" / "journal.jsonl").stat().st_size < 100_000


def test_an_editor_that_cannot_load_stops_the_run_and_records_nothing(split: Path, tmp_path: Path) -> None:
    with pytest.raises(EditorError, match=r"could not be started.*no weights here"):
        evaluate(split, tmp_path / "run", bad("CannotLoad"))
    assert not latest_lines(tmp_path / "run")


def test_a_paid_edit_is_never_repeated_on_our_own_account(split: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    view = evaluate(split, tmp_path / "run", bad("Paid", on="s001", diary=str(diary)))
    assert statuses(view)["s001"] is Status.FAILED
    assert diary.read_text().count("edit s001") == 1


def test_a_model_is_loaded_once_in_each_worker(split: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    evaluate(split, tmp_path / "run", bad("Good", diary=str(diary)), workers=2)
    loads = [line for line in diary.read_text().splitlines() if line.startswith("load")]
    assert len(loads) <= 2


def test_a_resume_repeats_nothing_that_was_recorded(split: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    model = bad("Refuses", on="s003", diary=str(diary))
    first = evaluate(split, tmp_path / "run", model)
    journal = latest_lines(tmp_path / "run")
    second = evaluate(split, tmp_path / "run", model)
    assert latest_lines(tmp_path / "run") == journal
    assert diary.read_text().count("edit") == 6
    assert first == second


def test_retry_failed_does_the_failed_again_and_nothing_else(split: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    model = bad("Raises", on="s003", diary=str(diary))
    evaluate(split, tmp_path / "run", model)
    diary.write_text("")
    evaluate(split, tmp_path / "run", model, retry=True)
    assert [line for line in diary.read_text().splitlines() if line.startswith("edit")] == ["edit s003"]


def test_a_directory_that_holds_another_run_is_refused_with_what_differs(split: Path, tmp_path: Path) -> None:
    evaluate(split, tmp_path / "run", "copy")
    with pytest.raises(UsageError, match=r"holds another run: .*copy.*blank"):
        evaluate(split, tmp_path / "run", "blank")


def test_a_recorded_edit_that_was_tampered_with_stops_scoring(split: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    scorers = build_scorers(judge=None, metrics="none", formula="geometric", exclude_unjudged=False)
    plan = make_plan(model="copy", split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
    execute(plan, run, RunOptions(), generate=True, progress=lambda _tally: None)
    (run / "videos" / "s000.mp4").write_bytes((run / "videos" / "s001.mp4").read_bytes())
    with pytest.raises(DataError, match="recorded edit of s000 is not the video that was hashed"):
        evaluate(split, run, "copy")


def test_a_source_that_was_damaged_is_not_blamed_on_the_editor(tmp_path: Path) -> None:
    manifest = make_split(tmp_path / "split", n=3)
    scorers = build_scorers(judge="reference", metrics="none", formula="geometric", exclude_unjudged=False)
    plan = make_plan(model="copy", split=str(manifest), seed=0, limit=None, shard=None, scorers=scorers)
    (tmp_path / "split" / "s001.source.mp4").write_bytes(b"damaged")
    with pytest.raises(DataError, match="source of sample s001 cannot be decoded"):
        execute(plan, tmp_path / "run", RunOptions(), generate=True, progress=lambda _tally: None)


def test_the_note_of_a_paid_job_outlives_the_run_and_nothing_else_in_scratch_does(split: Path, tmp_path: Path) -> None:
    evaluate(split, tmp_path / "run", bad("LeavesNotes", on="s001"))
    assert [path.name for path in (tmp_path / "run" / "scratch").iterdir()] == ["s001.mp4.job.json"]
    evaluate(split, tmp_path / "run", bad("LeavesNotes", on="s001"), retry=True)
    assert [path.name for path in (tmp_path / "run" / "scratch").iterdir()] == ["s001.mp4.job.json"]


def test_a_window_past_the_end_of_the_source_fails_the_edit_that_claims_it(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", bad("ClaimsTooMuch", on="s001"))
    assert view.outcomes[1].status is Status.FAILED
    assert "used source frame 99; the source has 9" in view.outcomes[1].reason


def test_the_pipeline_waits_longer_than_an_editor_gives_itself(split: Path) -> None:
    scorers = build_scorers(judge=None, metrics="none", formula="geometric", exclude_unjudged=False)
    plan = make_plan(model=bad("Patient"), split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
    assert plan.edit_limit_s(RunOptions()) == 7260
    assert plan.edit_limit_s(RunOptions(timeout_s=5)) == 5


def test_what_is_left_to_do_tells_verdicts_from_previews(split: Path, tmp_path: Path) -> None:
    scorers = build_scorers(judge="reference", metrics="none", formula="geometric", exclude_unjudged=False)
    plan = make_plan(model="copy", split=str(split), seed=0, limit=2, shard=None, scorers=scorers)
    assert left_to_do(plan, tmp_path / "run", RunOptions(), generate=True).verdicts == 2
    execute(plan, tmp_path / "run", RunOptions(), generate=True, progress=lambda _tally: None)
    for preview in (tmp_path / "run" / "previews").iterdir():
        preview.unlink()
    left = left_to_do(plan, tmp_path / "run", RunOptions(), generate=True)
    assert (len(left.scores), left.verdicts) == (2, 0)
