from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from rvebench.llm.lean import LeanClient

URL = "http://127.0.0.1:1/v1/chat/completions"
HEADERS = [("Accept", "application/json"), ("Content-Type", "application/json"), ("Authorization", "Bearer k")]
TIMEOUT = httpx2.Timeout(5.0, connect=1.0)


def built(client: httpx2.AsyncClient, body: bytes, **parts: Any) -> httpx2.Request:
    return client.build_request("POST", URL, headers=list(HEADERS), content=body, timeout=TIMEOUT, **parts)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_request_is_the_one_that_httpx2_builds_however_often_it_was_built_before(times: int) -> None:
    lean, plain = LeanClient(), httpx2.AsyncClient()
    for number in range(times):
        body = json.dumps({"n": "x" * number * 100}).encode()
        ours, theirs = built(lean, body), built(plain, body)
        assert (ours.method, ours.url, ours.content) == (theirs.method, theirs.url, theirs.content)
        assert sorted(ours.headers.multi_items()) == sorted(theirs.headers.multi_items())
        assert ours.extensions == theirs.extensions


def test_a_request_does_not_change_a_later_one() -> None:
    lean = LeanClient()
    built(lean, b"1")
    built(lean, b"22").headers["Authorization"] = "Bearer other"
    again = built(lean, b"333")
    assert again.headers["Authorization"] == "Bearer k"
    assert again.headers["Content-Length"] == "3"


def test_another_header_or_address_is_not_taken_for_a_known_one() -> None:
    lean = LeanClient()
    built(lean, b"1")
    other = lean.build_request("POST", URL + "?a=1", headers=[("X", "2")], content=b"1", timeout=TIMEOUT)
    assert str(other.url).endswith("?a=1")
    assert "Authorization" not in other.headers


def test_what_is_more_than_a_body_is_left_to_httpx2() -> None:
    request = LeanClient().build_request("GET", URL, params={"a": "1"}, headers=list(HEADERS), timeout=TIMEOUT)
    assert request.url.params["a"] == "1"
