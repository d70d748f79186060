"""`rvebench judge cache`: checking, forgetting, exporting and importing as a user does."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from rvebench.llm.cache import NullCache, SqliteCache
from rvebench.llm.cache_run import RUN_REPLIES_NAME, RunReplies
from rvebench.llm.cassette import Cassette
from rvebench.llm.used import TrackedCache
from tests.cli.helpers import only_error, rvebench
from tests.llm.cache_world import a_reply, a_request
from tests.runs.world import make_split


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, with ten replies."""
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "cache"))
    with SqliteCache() as cache:
        for number in range(10):
            model = "gpt-4o" if number else "gpt-4o-mini"
            cache.put(a_request(number, model=model), a_reply(number))
        return cache.path


def spoil(path: Path, number: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE replies SET reply = '{}' WHERE digest = ?", (a_request(number).digest,))
    connection.close()


def test_a_sound_cache_is_said_to_be_so(path: Path) -> None:
    assert f"{path}: 10 of 10 replies are sound" in rvebench("judge", "cache", "verify").stdout
    found = json.loads(rvebench("judge", "cache", "verify", "--format", "json").stdout)
    assert found["replies"] == 10 and found["faults"] == [] and found["file_faults"] == []


def test_damaged_replies_are_named_with_exit_code_four_and_removed_only_when_asked(path: Path) -> None:
    spoil(path, 3)
    ran = rvebench("judge", "cache", "verify", code=4)
    assert f"damaged: {a_request(3).digest} for smoke-003" in ran.stdout and "--remove" in ran.stdout
    found = json.loads(rvebench("judge", "cache", "verify", "--format", "json", code=4).stdout)
    assert [fault["digest"] for fault in found["faults"]] == [a_request(3).digest] and found["removed"] == 0
    assert "removed 1" in rvebench("judge", "cache", "verify", "--remove").stdout
    assert "9 of 9 replies are sound" in rvebench("judge", "cache", "verify").stdout


def test_a_damaged_file_is_moved_only_when_asked(path: Path) -> None:
    data = path.read_bytes()[:9000]
    path.write_bytes(data)
    for command in (("verify",), ("gc", "--older-than", "1d"), ("export", path.parent / "x.jsonl")):
        assert "reply cache is damaged" in only_error(rvebench("judge", "cache", *command, code=4))
    assert path.read_bytes() == data
    found = json.loads(rvebench("judge", "cache", "verify", "--move-aside", "--format", "json").stdout)
    assert Path(found["moved_to"]).read_bytes() == data
    assert "replies are sound" in rvebench("judge", "cache", "verify").stdout


def test_a_sound_file_is_not_moved(path: Path) -> None:
    assert (
        json.loads(rvebench("judge", "cache", "verify", "--move-aside", "--format", "json").stdout)["moved_to"] is None
    )


def test_forgetting_can_be_tried_first(path: Path) -> None:
    assert "would remove 1 replies" in rvebench("judge", "cache", "gc", "--model", "gpt-4o-mini", "--dry-run").stdout
    assert json.loads(rvebench("judge", "cache", "gc", "--older-than", "30d", "--format", "json").stdout)["kept"] == 10
    assert "removed 1 replies" in rvebench("judge", "cache", "gc", "--model", "gpt-4o-mini").stdout
    found = json.loads(rvebench("judge", "cache", "gc", "--max-size", "0kB", "--format", "json").stdout)
    assert (found["removed"], found["kept"]) == (9, 0)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((), "nothing says what to remove"),
        (("--older-than", "soon"), "'soon' is not an age"),
        (("--max-size", "2 apples"), "'2 apples' is not a size"),
    ],
)
def test_bad_limits_are_one_sentence(path: Path, options: tuple[str, ...], what: str) -> None:
    assert what in only_error(rvebench("judge", "cache", "gc", *options, code=2))


def test_a_cassette_goes_to_another_machine_and_in_again(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl.gz"
    assert "10 replies" in rvebench("judge", "cache", "export", file).stdout
    other = tmp_path / "other.sqlite"
    assert "10 added, 0 known" in rvebench("judge", "cache", "import", file, "--cache", other).stdout
    found = json.loads(rvebench("judge", "cache", "import", file, "--cache", other, "--format", "json").stdout)
    assert (found["added"], found["known"], found["different"]) == (0, 10, [])
    again = tmp_path / "again.jsonl.gz"
    rvebench("judge", "cache", "export", again, "--cache", other)
    assert again.read_bytes() == file.read_bytes()


def test_a_damaged_cassette_adds_nothing(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    rvebench("judge", "cache", "export", file, "--model", "gpt-4o")
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 11
    file.write_text("".join([*lines[:-2], lines[-2].replace("it is", "it was"), lines[-1]]))
    other = tmp_path / "other.sqlite"
    assert "all.jsonl:10" in only_error(rvebench("judge", "cache", "import", file, "--cache", other, code=4))
    assert not other.exists()


def test_a_runs_cassette_holds_what_the_run_used(path: Path, tmp_path: Path) -> None:
    split = make_split(tmp_path / "split", n=1)
    run = tmp_path / "run"
    rvebench("evaluate", "--model", "copy", "--split", split, "--judge", "reference", "--out", run)
    file = tmp_path / "run.jsonl"
    error = only_error(rvebench("judge", "cache", "export", file, "--run", run, code=3))
    assert "no reply this run used is in the cache" in error
    with SqliteCache(path) as cache, TrackedCache(cache, run) as tracked:
        for number in (2, 5):
            assert tracked.get(a_request(number).digest) is not None
    rvebench("judge", "cache", "export", file, "--run", run)
    cassette = Cassette(file)
    assert len(cassette) == 2 and cassette.get(a_request(5).digest).text == a_reply(5).text
    with SqliteCache(path) as cache:
        cache.remove([a_request(5).digest])
    error = only_error(rvebench("judge", "cache", "export", file, "--run", run, code=3))
    assert "1 of 2 replies this run used are no longer in the cache" in error
    assert "not a run directory" in only_error(rvebench("judge", "cache", "export", file, "--run", tmp_path, code=2))


def test_a_run_that_kept_its_replies_itself_needs_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "empty"))
    run, file = tmp_path / "run", tmp_path / "run.jsonl"
    split = make_split(tmp_path / "split", n=1)
    rvebench("evaluate", "--model", "copy", "--split", split, "--judge", "reference", "--out", run)
    with RunReplies(NullCache(), run) as kept, TrackedCache(kept, run) as tracked:
        for number in (2, 5):
            tracked.put(a_request(number), a_reply(number))
    told = json.loads(rvebench("judge", "cache", "export", file, "--run", run, "--format", "json").stdout)
    assert told["replies"] == 2 and Cassette(file).get(a_request(5).digest).text == a_reply(5).text
    rvebench("judge", "cache", "export", file, "--run", run, "--model", "another")
    assert len(Cassette(file)) == 0
    lines = (run / RUN_REPLIES_NAME).read_text().splitlines(keepends=True)
    (run / RUN_REPLIES_NAME).write_text(lines[0].replace("it is", "it was") + lines[1])
    assert RUN_REPLIES_NAME in only_error(rvebench("judge", "cache", "export", file, "--run", run, code=4))


def test_without_a_cache_there_is_one_sentence_and_none_is_made(tmp_path: Path) -> None:
    for command in (("verify",), ("gc", "--older-than", "1d"), ("export", tmp_path / "x.jsonl")):
        env = {"RVEBENCH_CACHE_DIR": str(tmp_path / "empty")}
        assert "no reply cache here" in only_error(rvebench("judge", "cache", *command, code=2, env=env))
    assert not (tmp_path / "empty").exists()
