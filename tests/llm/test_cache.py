"""The reply cache: what was paid for is found again, by the same question only."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.llm.cache import NullCache, SqliteCache, default_cache_path
from rvebench.llm.cache_care import check_cache, forget
from rvebench.llm.entry import make_entry
from rvebench.llm.flusher import LogFlusher
from rvebench.llm.messages import ChatMessage, ImagePart, JsonSchema, Sampling, TextPart
from rvebench.llm.used import TrackedCache, digests_of_run
from rvebench.redaction import Secrets
from tests.llm.cache_world import a_reply, a_request


@pytest.fixture
def cache(tmp_path: Path) -> SqliteCache:
    return SqliteCache(tmp_path / "replies.sqlite")


def test_a_kept_reply_comes_back_whole_and_costs_nothing_again(cache: SqliteCache) -> None:
    request, reply = a_request(), a_reply()
    assert cache.get(request.digest) is None
    cache.put(request, reply)
    assert cache.get(request.digest) == replace(reply, cost_usd=0.0, wall_s=0.0, from_cache=True)


def test_it_is_still_there_after_closing_and_opening(cache: SqliteCache) -> None:
    cache.put(a_request(), a_reply())
    cache.close()
    cache.close()
    with SqliteCache(cache.path) as again:
        found = again.get(a_request().digest)
        assert found is not None and found.text == a_reply().text


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "localhost:8000"},
        {"model": "gpt-4o-mini"},
        {"prompt_sha256": "cd" * 32},
        {"sampling": Sampling(temperature=0.7)},
        {"sampling": Sampling(seed=1)},
        {"sampling": Sampling(max_output_tokens=99)},
        {"schema": None},
        {"schema": JsonSchema(name="verdict", schema={"type": "object"})},
        {"repeat": 1},
        {"messages": (ChatMessage("user", (TextPart("question 0"),)),)},
    ],
)
def test_whatever_decides_an_answer_keeps_entries_apart(cache: SqliteCache, changed: dict[str, object]) -> None:
    cache.put(a_request(), a_reply())
    assert cache.get(a_request(**changed).digest) is None


def test_other_frames_are_another_question_and_no_picture_is_stored(cache: SqliteCache) -> None:
    def asked(data: bytes) -> object:
        image = ImagePart(data=data, media_type="image/jpeg", width=8, height=8)
        return a_request(messages=(ChatMessage("user", (image,)),))

    first, second = asked(b"PIXELS-OF-A"), asked(b"PIXELS-OF-B")
    cache.put(first, a_reply())  # type: ignore[arg-type]
    assert cache.get(second.digest) is None  # type: ignore[attr-defined]
    cache.close()
    assert b"PIXELS-OF-A" not in b"".join(path.read_bytes() for path in cache.path.parent.iterdir())


def test_the_tag_decides_nothing(cache: SqliteCache) -> None:
    cache.put(a_request(), a_reply())
    assert cache.get(a_request(tag="another name").digest) is not None
    assert a_request(tag="another name") == a_request()


@pytest.mark.parametrize(
    ("reply", "accepted"),
    [
        (a_reply(), False),
        (a_reply(text=""), True),
        (a_reply(text=" \n"), True),
        (a_reply(finish_reason="content_filter"), True),
        (a_reply(from_cache=True), True),
    ],
)
def test_what_was_not_accepted_is_never_kept(cache: SqliteCache, reply: object, accepted: bool) -> None:
    cache.put(a_request(), reply, accepted=accepted)  # type: ignore[arg-type]
    assert len(cache) == 0


def test_the_first_answer_to_a_question_stays(cache: SqliteCache) -> None:
    cache.put(a_request(), a_reply(1))
    cache.put(a_request(), a_reply(2))
    found = cache.get(a_request().digest)
    assert found is not None and found.text == a_reply(1).text and len(cache) == 1


@given(text=st.text(st.characters(), min_size=1).filter(lambda text: text.strip()))
def test_any_text_comes_back_letter_for_letter(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    cache = SqliteCache(tmp_path_factory.getbasetemp() / "any.sqlite", secrets=Secrets({}))
    with cache:
        cache.put(a_request(prompt_sha256=repr(text)), a_reply(text=text))
        found = cache.get(a_request(prompt_sha256=repr(text)).digest)
        assert found is not None and found.text == text


def test_a_reply_cut_inside_a_letter_comes_back_so(cache: SqliteCache) -> None:
    cache.put(a_request(), a_reply(text='{"rationale": "\ud83d'))
    found = cache.get(a_request().digest)
    assert found is not None and found.text.endswith("\ud83d")


def test_a_key_that_the_server_echoed_is_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-proj-AbCdEf0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with SqliteCache(tmp_path / "c" / "replies.sqlite") as cache:
        request = a_request(messages=(ChatMessage("user", (TextPart(f"my key is {key}"),)),), tag=f"x {key}")
        echo = a_reply(text=f'{{"rationale": "Bearer {key}"}}', request_id=key, meta={"header": f"Bearer {key}"})
        cache.put(request, echo)
        found = cache.get(request.digest)
        assert found is not None and found.text == '{"rationale": "Bearer ***"}'
        checked = check_cache(cache)
        assert checked.sound and checked.masked == 1
        files = [path.read_bytes() for path in cache.path.parent.iterdir()]
        assert files and not any(key.encode() in data for data in files)
    assert not any(key.encode() in path.read_bytes() for path in (tmp_path / "c").iterdir())


def test_a_url_in_a_reply_is_left_alone_lest_the_reply_no_longer_parses(cache: SqliteCache) -> None:
    text = '{"rationale": "see \\"https://example.org/a?b=c\\" there", "EA": 3}'
    cache.put(a_request(), a_reply(text=text))
    found = cache.get(a_request().digest)
    assert found is not None and found.text == text


def test_threads_share_one_cache(cache: SqliteCache) -> None:
    faults: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 40):
                cache.put(a_request(number % 50), a_reply(number % 50))
                found = cache.get(a_request(number % 50).digest)
                assert found is not None and found.text == a_reply(number % 50).text
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(7 * index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and len(cache) == 50


def test_a_forked_child_uses_the_cache_without_harming_its_parent(cache: SqliteCache) -> None:
    cache.put(a_request(1), a_reply(1))
    child = os.fork()
    if child == 0:
        try:
            cache.put(a_request(2), a_reply(2))
            found = cache.get(a_request(1).digest)
            os._exit(0 if found is not None else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    cache.put(a_request(3), a_reply(3))
    assert len(cache) == 3 and check_cache(cache).sound


def test_the_null_cache_keeps_nothing() -> None:
    cache = NullCache()
    cache.put(a_request(), a_reply())
    assert cache.get(a_request().digest) is None


def test_the_cache_lies_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "deep" / "er"))
    with SqliteCache() as cache:
        assert cache.path == default_cache_path() == tmp_path / "deep" / "er" / "replies.sqlite"
        assert cache.path.is_file()


# Forgetting


def aged(cache: SqliteCache, ages_days: dict[int, float], *, models: dict[int, str] | None = None) -> None:
    for number, days in ages_days.items():
        request = a_request(number, model=(models or {}).get(number, "gpt-4o"))
        entry = make_entry(
            request, a_reply(number, text="y" * 5000), made_ms=int(1e12 - days * 86.4e6), secrets=Secrets({})
        )
        assert cache.merge([entry]).added == 1


def left(cache: SqliteCache) -> set[str]:
    return {row.entry.tag for row in cache.rows()}


def test_old_replies_are_forgotten_and_a_dry_run_changes_nothing(cache: SqliteCache) -> None:
    aged(cache, {1: 31, 2: 29, 3: 0})
    would = forget(cache, now_ms=10**12, older_than_s=30 * 86400, dry_run=True)
    assert len(would.digests) == 1 and would.kept == 2 and len(cache) == 3
    assert forget(cache, now_ms=10**12, older_than_s=30 * 86400) == would
    assert left(cache) == {"smoke-002", "smoke-003"}


def test_the_oldest_go_until_the_file_is_small_enough(cache: SqliteCache) -> None:
    aged(cache, {number: number for number in range(100)})
    gone = forget(cache, now_ms=10**12, max_bytes=300_000)
    assert 20 < len(cache) < 60 and gone.kept == len(cache)
    assert left(cache) == {f"smoke-{number:03}" for number in range(len(cache))}
    assert cache.path.stat().st_size < 310_000
    assert check_cache(cache).sound


def test_only_the_named_models_replies_are_forgotten(cache: SqliteCache) -> None:
    aged(cache, {1: 40, 2: 40, 3: 1}, models={2: "gpt-4o-mini", 3: "gpt-4o-mini"})
    forget(cache, now_ms=10**12, older_than_s=30 * 86400, models=["gpt-4o-mini"])
    assert left(cache) == {"smoke-001", "smoke-003"}
    forget(cache, now_ms=10**12, models=["gpt-4o-mini"])
    assert left(cache) == {"smoke-001"}


# What a run used


def test_a_run_notes_each_reply_it_used_once_also_over_a_resume(cache: SqliteCache, tmp_path: Path) -> None:
    cache.put(a_request(1), a_reply(1))
    for _ in range(2):
        with TrackedCache(cache, tmp_path) as tracked:
            assert tracked.get(a_request(1).digest, a_request(1)) is not None
            assert tracked.get(a_request(2).digest) is None or len(cache) == 2
            tracked.put(a_request(2), a_reply(2))
            tracked.put(a_request(3), a_reply(3), accepted=False)
    assert (tmp_path / "replies.jsonl").read_text().count("\n") == 2
    assert digests_of_run(tmp_path).noted == {a_request(1).digest, a_request(2).digest}


def test_digests_in_a_runs_journals_are_found(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text(f'{{"calls": ["{a_request(5).digest}"], "crc": "00000000"}}\n')
    found = digests_of_run(tmp_path)
    assert not found.noted and found.named == {a_request(5).digest}


def test_a_closed_cache_says_so(cache: SqliteCache) -> None:
    cache.close()
    with pytest.raises(Exception, match="closed"):
        cache.get(a_request().digest)


def test_closing_just_after_the_flusher_looked_does_not_hang(tmp_path: Path) -> None:
    flusher = LogFlusher(tmp_path / "replies.sqlite")

    class EndsJustAfter(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            ended = self.is_set()
            self.set()
            flusher._wake.set()
            return ended

    flusher._ending = EndsJustAfter()
    flusher.wake()
    flusher._thread.join(10)
    assert not flusher._thread.is_alive()


def test_the_table_has_the_columns_a_person_looks_for(cache: SqliteCache) -> None:
    cache.put(a_request(4, repeat=2), a_reply(4))
    cache.close()
    with sqlite3.connect(cache.path) as connection:
        row = connection.execute(
            "SELECT provider, model, prompt_sha256, schema_name, repeat, tag, json_extract(reply, '$.returned_model'), "
            "json_extract(request, '$.messages[1].parts[0].text'), json_extract(reply, '$.cost_usd') FROM replies"
        ).fetchone()
    connection.close()
    assert row == (
        "openai", "gpt-4o", "ab" * 32, "verdict", 2, "smoke-004", "gpt-4o-2024-11-20", "question 4", 0.0123,
    )  # fmt: skip
