"""Cassettes: a run's replies in one file, played where nobody may be asked."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.llm.cache import NullCache, SqliteCache
from rvebench.llm.cassette import Cassette, open_cache, read_cassette, write_cassette
from rvebench.llm.faults import FatalCallError
from rvebench.llm.messages import ChatMessage, Sampling, TextPart
from rvebench.redaction import Secrets
from tests.llm.cache_world import a_reply, a_request


@pytest.fixture
def cache(tmp_path: Path) -> SqliteCache:
    cache = SqliteCache(tmp_path / "replies.sqlite")
    for number in range(10):
        cache.put(a_request(number), a_reply(number))
    return cache


def record(cache: SqliteCache, path: Path) -> Path:
    write_cassette(path, (row.entry for row in cache.rows()))
    return path


@pytest.mark.parametrize("name", ["smoke.jsonl", "smoke.jsonl.gz"])
def test_a_cassette_plays_what_was_recorded(cache: SqliteCache, tmp_path: Path, name: str) -> None:
    cassette = Cassette(record(cache, tmp_path / name))
    assert len(cassette) == 10
    for number in range(10):
        assert cassette.get(a_request(number).digest) == cache.get(a_request(number).digest)


@pytest.mark.parametrize("name", ["smoke.jsonl", "smoke.jsonl.gz"])
def test_equal_replies_make_equal_bytes_whatever_the_order_they_came_in(
    cache: SqliteCache, tmp_path: Path, name: str
) -> None:
    other = SqliteCache(tmp_path / "other.sqlite")
    other.merge(sorted((row.entry for row in cache.rows()), key=lambda entry: entry.tag, reverse=True))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = record(cache, tmp_path / "a" / name).read_bytes()
    assert first == record(other, tmp_path / "b" / name).read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == [name]


def test_a_miss_names_the_model_the_sample_and_what_to_do(cache: SqliteCache, tmp_path: Path) -> None:
    cassette = Cassette(record(cache, tmp_path / "smoke.jsonl"))
    request = a_request(77, repeat=1)
    with pytest.raises(FatalCallError) as caught:
        cassette.get(request.digest, request)
    text = str(caught.value)
    assert "no reply of gpt-4o for smoke-077" in text and "repeat 1" in text and "\n" not in text
    assert "smoke.jsonl" in text and "rvebench judge cache export" in text and caught.value.exit_code == 2
    with pytest.raises(FatalCallError, match="no reply to the request 000000000000"):
        cassette.get("0" * 64)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": "gpt-5"}, "recorded was gpt-4o"),
        ({"prompt_sha256": "cd" * 32}, "other prompts"),
        ({"sampling": Sampling(temperature=1)}, "other frames, texts or settings"),
        ({"messages": (ChatMessage("user", (TextPart("other"),)),)}, "other frames, texts or settings"),
    ],
)
def test_a_miss_says_what_differs_where_it_can(
    cache: SqliteCache, tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    cassette = Cassette(record(cache, tmp_path / "smoke.jsonl"))
    with pytest.raises(FatalCallError, match=why):
        cassette.get(a_request(3, **changed).digest, a_request(3, **changed))


def test_a_cassette_is_read_only(cache: SqliteCache, tmp_path: Path) -> None:
    path = record(cache, tmp_path / "smoke.jsonl")
    before = path.read_bytes()
    cassette = Cassette(path)
    cassette.put(a_request(99), a_reply(99))
    assert path.read_bytes() == before and len(cassette) == 10


def test_a_key_the_server_echoed_long_ago_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-proj-AbCdEf0123456789"
    with SqliteCache(tmp_path / "old.sqlite", secrets=Secrets({})) as cache:
        request = a_request(messages=(ChatMessage("user", (TextPart(f"my key is {key}"),)),), tag=key)
        cache.put(request, a_reply(text=f'{{"rationale": "Bearer {key}", "EA": 3}}', meta={"header": key}))
        monkeypatch.setenv("OPENAI_API_KEY", key)
        data = record(cache, tmp_path / "smoke.jsonl").read_bytes()
    assert key.encode() not in data and data.count(b"***") == 4
    found = Cassette(tmp_path / "smoke.jsonl").get(request.digest)
    assert found.text == '{"rationale": "Bearer ***", "EA": 3}'


@pytest.mark.parametrize("name", ["smoke.jsonl", "smoke.jsonl.gz"])
def test_a_cassette_shortened_anywhere_is_noticed(cache: SqliteCache, tmp_path: Path, name: str) -> None:
    path = record(cache, tmp_path / name)
    data = path.read_bytes()
    for cut in [0, 1, 20, len(data) // 3, len(data) // 2, len(data) - 20, len(data) - 2]:
        path.write_bytes(data[:cut])
        with pytest.raises(DataError) as caught:
            Cassette(path)
        assert name in str(caught.value) and "export it again" in str(caught.value)


def test_a_line_taken_out_or_changed_is_named(cache: SqliteCache, tmp_path: Path) -> None:
    path = record(cache, tmp_path / "smoke.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4] + lines[5:]))
    with pytest.raises(DataError, match=r"smoke.jsonl:11: .*holds 9 replies, not 10"):
        Cassette(path)
    path.write_text("".join([*lines[:4], lines[4].replace("it is", "it was"), *lines[5:]]))
    with pytest.raises(DataError, match=r"smoke.jsonl:5: .*checksum"):
        Cassette(path)
    path.write_text("".join([*lines, lines[3]]))
    with pytest.raises(DataError, match=r"smoke.jsonl:13: .*after the end"):
        Cassette(path)


@pytest.mark.parametrize(
    "text",
    [
        "[]\n",
        '{"cassette": 7}\n',
        "plain words\n",
        '{"cassette": 1}\n{"digest": 3}\n',
        '{"cassette": 1}\n' + "[" * 9999,
    ],
)
def test_what_is_no_cassette_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(DataError, match=r"x.jsonl:\d: not a sound cassette") as caught:
        Cassette(tmp_path / "x.jsonl")
    assert "\n" not in str(caught.value)


def test_a_cassette_that_is_not_there_or_is_not_gzip_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        Cassette(tmp_path / "none.jsonl")
    (tmp_path / "x.jsonl.gz").write_text('{"cassette": 1}\n')
    with pytest.raises(DataError, match="cannot be read"):
        Cassette(tmp_path / "x.jsonl.gz")


def test_a_damaged_reply_is_not_exported_and_the_old_file_stays(cache: SqliteCache, tmp_path: Path) -> None:
    path = record(cache, tmp_path / "smoke.jsonl")
    before = path.read_bytes()
    cache.run(lambda c: c.execute("UPDATE replies SET reply = '{}' WHERE digest = ?", (a_request(4).digest,)))
    with pytest.raises(DataError, match=f"{a_request(4).digest[:12]} cannot go into it"):
        record(cache, path)
    assert path.read_bytes() == before
    assert {item.name for item in tmp_path.iterdir() if item.is_dir()} == set()


def test_a_cassette_is_not_written_where_it_cannot_be(cache: SqliteCache, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        record(cache, tmp_path / "no" / "smoke.jsonl")
    with pytest.raises(UsageError, match=r"\.jsonl or \.jsonl\.gz"):
        record(cache, tmp_path / "smoke.txt")


def test_importing_adds_what_is_new_and_keeps_ones_own_answers(cache: SqliteCache, tmp_path: Path) -> None:
    with SqliteCache(tmp_path / "mine.sqlite") as mine:
        mine.put(a_request(3), a_reply(3, text='{"EA": 9}'))
        mine.merge([row.entry for row in cache.rows()][:0])
        path = record(cache, tmp_path / "smoke.jsonl.gz")
        merged = mine.merge(read_cassette(path))
        assert (merged.added, merged.known, merged.different) == (9, 0, (a_request(3).digest,))
        assert mine.merge(read_cassette(path)) == (0, 9, (a_request(3).digest,))
        found = mine.get(a_request(3).digest)
        assert found is not None and found.text == '{"EA": 9}'


def test_a_cassette_is_readable_json(cache: SqliteCache, tmp_path: Path) -> None:
    with gzip.open(record(cache, tmp_path / "smoke.jsonl.gz"), "rt") as file:
        lines = [json.loads(line) for line in file]
    assert lines[0] == {"cassette": 1} and lines[-1] == {"replies": 10}
    assert all(line["request"]["model"] == "gpt-4o" and line["reply"]["cost_usd"] == 0.0123 for line in lines[1:-1])


def test_a_cache_is_opened_by_its_name(cache: SqliteCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "user"))
    assert isinstance(open_cache("off"), NullCache)
    assert isinstance(open_cache(str(record(cache, tmp_path / "smoke.jsonl.gz"))), Cassette)
    for where in (None, tmp_path / "mine.sqlite"):
        opened = open_cache(where)
        assert isinstance(opened, SqliteCache)
        opened.close()
