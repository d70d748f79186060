"""Replies that a run keeps itself, when it keeps none elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.errors import DataError
from rvebench.llm.cache import NullCache, SqliteCache
from rvebench.llm.cache_run import RUN_REPLIES_NAME, RunReplies, keeps_in_run
from rvebench.llm.messages import ChatMessage, TextPart
from tests.llm.cache_world import a_reply, a_request


def test_what_was_accepted_is_there_for_the_next_process_letter_for_letter(tmp_path: Path) -> None:
    first, cut = a_request(), a_request(repeat=1)
    with RunReplies(NullCache(), tmp_path) as replies:
        replies.put(first, a_reply(1))
        replies.put(first, a_reply(2))
        replies.put(cut, a_reply(text='{"rationale": "\ud83d'))
        replies.put(a_request(repeat=2), a_reply(), accepted=False)
    with RunReplies(NullCache(), tmp_path) as replies:
        found, half = replies.get(first.digest), replies.get(cut.digest)
        assert found is not None and found.text == a_reply(1).text
        assert found.from_cache and found.cost_usd == 0, "it was paid for when it was asked"
        assert half is not None and half.text.endswith("\ud83d")
        assert replies.get(a_request(repeat=2).digest) is None


def test_a_torn_last_line_is_dropped_and_a_damaged_one_stops_the_run(tmp_path: Path) -> None:
    with RunReplies(NullCache(), tmp_path) as replies:
        for repeat in range(3):
            replies.put(a_request(repeat=repeat), a_reply(repeat))
    path = tmp_path / RUN_REPLIES_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with RunReplies(NullCache(), tmp_path) as replies:
        assert [replies.get(a_request(repeat=n).digest) is not None for n in range(3)] == [True, True, False]
    path.write_bytes(whole.replace(b"gpt-4o", b"gpt-5o", 1))
    with pytest.raises(DataError):
        RunReplies(NullCache(), tmp_path)


def test_with_a_cache_behind_it_new_replies_go_there_and_old_ones_are_found(tmp_path: Path) -> None:
    with RunReplies(NullCache(), tmp_path) as replies:
        replies.put(a_request(), a_reply(1))
    with SqliteCache(tmp_path / "cache" / "replies.sqlite") as cache:
        assert keeps_in_run(cache, tmp_path) and not keeps_in_run(cache, tmp_path / "cache")
        with RunReplies(cache, tmp_path) as replies:
            replies.put(a_request(repeat=1), a_reply(2))
            assert replies.get(a_request().digest) is not None
            assert replies.get(a_request(repeat=1).digest) == cache.get(a_request(repeat=1).digest)
            assert cache.get(a_request().digest) is None


def test_a_key_that_was_echoed_is_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-proj-AbCdEf0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    request = a_request(messages=(ChatMessage("user", (TextPart(f"my key is {key}"),)),))
    for _ in range(2):
        with RunReplies(NullCache(), tmp_path) as replies:
            replies.put(request, a_reply(text=f'{{"rationale": "Bearer {key}"}}'))
            found = replies.get(request.digest)
            assert found is not None and found.text == '{"rationale": "Bearer ***"}'
    assert key.encode() not in (tmp_path / RUN_REPLIES_NAME).read_bytes()
