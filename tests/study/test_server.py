"""The study's server: what it takes, what it refuses, and what it never tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `study` is not installed")

import httpx2

from rvebench.errors import StorageError
from rvebench.study import Study, read_answers
from rvebench.study.server.app import make_app
from rvebench.study.server.session import ticket
from rvebench.study.server.store import AnswerStore
from tests.study.world import RULES, content, make_study, write_folder, write_tokens

HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"


class Browser:
    """A rater's browser: it keeps the cookie, and sends what the page sends.

    The application runs in this thread, in a loop of the browser's own: no test waits for another thread.
    """

    def __init__(self, app: Any) -> None:
        self.loop = asyncio.new_event_loop()
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)
        self.cookies = self.client.cookies
        self.state: dict[str, Any] = {}
        self.sent = 0
        self.entered = 0

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def request(self, method: str, path: str, **parts: Any) -> Any:
        return self.loop.run_until_complete(self.client.request(method, path, **parts))

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> Any:
        own = {"origin": ORIGIN, "x-study-csrf": self.state.get("csrf", ""), "content-type": "application/json"}
        text = body if isinstance(body, str) else json.dumps(body)
        answer = self.request("POST", path, content=text, headers={**own, **headers})
        if answer.status_code == 200:
            self.state = answer.json()
        return answer

    def enter(self, token: str | None = None) -> Browser:
        if token is None:
            self.state = self.get("/api/state").json()
        else:
            assert self.post("/api/enter", {"token": token}).status_code == 200
        self.entered += 1
        assert self.post("/api/consent", {"key": f"consent-{self.entered}"}).status_code == 200
        return self

    def answer_body(self, **changes: object) -> dict[str, Any]:
        self.sent += 1
        trial = self.state["trial"]
        body = {
            "key": f"answer-key-{self.sent}",
            "trial": trial["id"],
            "ticket": trial["ticket"],
            "values": {name: list(range(1, len(trial["clips"]) + 1)) for name in trial["questions"]},
            "both_bad": [],
            "watched_s": 3.5,
            "replays": 1,
        }
        return {**body, **changes}


@contextmanager
def serving(directory: Path, study: Study, tokens: dict[str, str], **settings: Any) -> Iterator[Browser]:
    """A browser at a running server; a second one on the same folder is a restart."""
    with AnswerStore(directory, study) as store:
        app = make_app(
            directory, study, store, tokens, **{"open_to_all": False, "hosts": frozenset({HOST}), **settings}
        )
        browser = Browser(app)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "study", make_study())


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def tokens(folder: Path, study: Study) -> dict[str, str]:
    return write_tokens(folder, study)


@pytest.fixture
def browser(folder: Path, study: Study, tokens: dict[str, str]) -> Iterator[Browser]:
    with serving(folder, study, tokens) as one:
        yield one


@pytest.mark.parametrize("design", ["pairwise", "ranking", "likert"])
def test_a_whole_session_is_recorded_as_it_was_given(tmp_path: Path, design: Any) -> None:
    study = make_study(design=design, methods=("m1", "m2") if design == "pairwise" else ("m1", "m2", "m3"))
    folder = write_folder(tmp_path, study)
    tokens = write_tokens(folder, study)
    with serving(folder, study, tokens) as browser:
        browser.enter(tokens["r02"])
        seen = []
        while not browser.state["finished"]:
            seen.append(browser.state["trial"]["id"])
            assert browser.state["done"] == len(seen) - 1 and browser.state["total"] == 4
            assert browser.post("/api/answer", browser.answer_body()).status_code == 200
        assert browser.post("/api/remark", {"key": "remark-key", "text": " fine <b> "}).json()["remarked"]
    found = read_answers(folder)
    assert [one.trial for one in found.answers] == seen == [trial.id for trial in study.session_of["r02"]]
    for one in found.answers:
        trial = study.trial_of[one.trial]
        assert one.shown == trial.shown and one.rater == "r02" and one.watched_s == 3.5 and one.replays == 1
        assert all(
            given == {entry: 1 + index for index, entry in enumerate(trial.shown)} for given in one.values.values()
        )
    assert [one.text for one in found.remarks] == ["fine <b>"]


def test_a_repeated_post_is_recorded_once_and_answered_alike(browser: Browser, folder: Path, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    body = browser.answer_body()
    first = browser.post("/api/answer", body).json()
    again = browser.post("/api/answer", body)
    assert again.status_code == 200
    assert again.json()["done"] == first["done"] == 1
    assert len(read_answers(folder).answers) == 1


def test_both_bad_is_kept_and_only_for_a_tie(browser: Browser, folder: Path, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    wrong = browser.answer_body(both_bad=["EA"])
    assert browser.post("/api/answer", wrong).status_code == 422
    right = browser.answer_body(both_bad=["EA"], values={"EA": [1, 1], "VQ": [2, 1]})
    assert browser.post("/api/answer", right).status_code == 200
    assert read_answers(folder).answers[0].both_bad == ("EA",)


def test_a_trial_is_answered_once_in_order_and_by_its_own_rater(browser: Browser, study: Study, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    first = browser.answer_body()
    later, foreign = study.session_of["r01"][2].id, study.session_of["r02"][0].id
    now = 4_000_000_000_000
    for trial in (later, foreign):
        ahead = browser.answer_body(trial=trial, ticket=ticket(tokens["r01"], trial, now))
        assert browser.post("/api/answer", ahead).status_code == 409
    assert browser.post("/api/answer", first).status_code == 200
    assert browser.post("/api/answer", {**first, "key": "another-key"}).status_code == 409
    assert browser.post("/api/answer", browser.answer_body(key=first["key"])).status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"EA": [1, 2]}},
        {"values": {"EA": [1, 2], "VQ": [1]}},
        {"values": {"EA": [1, 2], "VQ": [2, 2]}},
        {"values": {"EA": [1, 2], "VQ": [1, 2], "PC": [1, 2]}},
        {"values": {"EA": [1, 2], "VQ": [1, True]}},
        {"values": {"EA": [1, 2], "VQ": [1, 2.5]}},
        {"values": {"EA": [1, 2], "VQ": [1, 99]}},
        {"watched_s": -1},
        {"watched_s": "NaN"},
        {"key": "x"},
        {"key": "../../etc/passwd"},
        {"ticket": "0.0"},
        {"ticket": "é.²"},
        {"extra": 1},
    ],
)
def test_what_is_no_whole_answer_is_refused(browser: Browser, folder: Path, tokens: Any, changes: Any) -> None:
    browser.enter(tokens["r01"])
    answer = browser.post("/api/answer", browser.answer_body(**changes))
    assert answer.status_code == 422 and answer.json()["error"].endswith(".")
    assert read_answers(folder).answers == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key":NaN}', "[" * 50_000, '"\\ud800"'])
def test_what_is_no_json_object_is_refused(browser: Browser, tokens: Any, text: str) -> None:
    browser.enter(tokens["r01"])
    assert browser.post("/api/answer", text).status_code == 422


def test_an_answer_that_comes_too_soon_is_refused(tmp_path: Path) -> None:
    study = make_study(rules=RULES.model_copy(update={"min_watch_s": 5.0}))
    folder = write_folder(tmp_path, study)
    tokens = write_tokens(folder, study)
    with serving(folder, study, tokens) as browser:
        browser.enter(tokens["r01"])
        # Neither the browser's word nor the server's clock is enough alone.
        assert browser.post("/api/answer", browser.answer_body(watched_s=60)).status_code == 422
        trial = browser.state["trial"]["id"]
        old = ticket(tokens["r01"], trial, 1_000)
        assert browser.post("/api/answer", browser.answer_body(watched_s=1, ticket=old)).status_code == 422
        assert browser.post("/api/answer", browser.answer_body(watched_s=5, ticket=old)).status_code == 200
        other = ticket(tokens["r01"], trial, 1_000)
        assert browser.post("/api/answer", browser.answer_body(watched_s=60, ticket=other)).status_code == 422


FORGED = [
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": ""}, 403),
    ({"origin": f"http://{HOST}.evil.example"}, 403),
    ({"origin": "http://127.0.0.1:9999"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"x-study-csrf": ""}, 403),
    ({"x-study-csrf": "0" * 64}, 403),
    ({"x-study-csrf": "é"}, 403),
    ({"content-type": "text/plain"}, 415),
    ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ({"host": "evil.example"}, 421),
    ({"host": "evil.example:8765", "origin": "http://evil.example:8765"}, 421),
]


@pytest.mark.parametrize(("headers", "status"), FORGED)
def test_a_forged_request_changes_nothing(
    browser: Browser, folder: Path, tokens: Any, headers: dict[str, str], status: int
) -> None:
    browser.enter(tokens["r01"])
    before = (folder / "answers.jsonl").read_bytes()
    encoded = {name.encode(): text.encode() for name, text in headers.items()}
    own = {"origin": ORIGIN, "x-study-csrf": browser.state["csrf"], "content-type": "application/json"}
    mixed = {**{name.encode(): text.encode() for name, text in own.items()}, **encoded}
    for path, body in (("/api/answer", browser.answer_body()), ("/api/remark", {"key": "remark-key", "text": "x"})):
        sent = browser.request("POST", path, content=json.dumps(body), headers=list(mixed.items()))
        assert sent.status_code == status, sent.text
    assert (folder / "answers.jsonl").read_bytes() == before


def test_another_raters_page_cannot_sign_for_this_one(browser: Browser, tokens: Any) -> None:
    browser.enter(tokens["r02"])
    theirs = browser.state["csrf"]
    browser.enter(tokens["r01"])
    assert browser.post("/api/answer", browser.answer_body(), **{"x-study-csrf": theirs}).status_code == 403


def test_a_body_that_is_too_large_is_refused(browser: Browser, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    assert browser.post("/api/answer", " " * 70_000).status_code == 413

    async def drops() -> AsyncIterator[bytes]:
        yield b" " * 10

    own = {"origin": ORIGIN, "x-study-csrf": browser.state["csrf"], "content-type": "application/json"}
    assert browser.request("POST", "/api/answer", content=drops(), headers=own).status_code == 411
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert browser.request(method, "/api/answer", headers=own).status_code == 405


def escapes(trial: str) -> list[str]:
    return [
        "/study.json",
        "/tokens.csv",
        "/answers.jsonl",
        "/media",
        "/media/",
        "/media/../tokens.csv",
        "/media/%2e%2e/tokens.csv",
        "/media/..%2ftokens.csv",
        f"/media/{trial}/../../tokens.csv",
        f"/media/{trial}/..%2f..%2ftokens.csv",
        f"/media/{trial}/%2e%2e%2f%2e%2e%2fstudy.json",
        f"/media/{trial}/..%5c..%5ctokens.csv",
        f"/media/{trial}/%00.mp4",
        f"/media/{trial}/0%00.mp4",
        f"/media/{trial}/9.mp4",
        f"/media/{trial}/-1.mp4",
        f"/media/{trial}/00.mp4",
        f"/media/{trial}/%C2%B2.mp4",
        f"/media/{trial}/source",
        f"/media/{trial}//etc/passwd.mp4",
        "//etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/pages/study.js",
        "/__init__.py",
    ]


def test_no_path_outside_the_study_is_served(browser: Browser, study: Study, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    for path in escapes(browser.state["trial"]["id"]):
        answer = browser.get(path)
        assert answer.status_code == 404, path
        assert answer.json() == {"error": "There is nothing here."}


def test_clips_are_served_in_ranges_to_their_own_rater_only(
    browser: Browser, study: Study, tokens: Any, folder: Path
) -> None:
    own, foreign = study.session_of["r01"][0], study.session_of["r02"][0]
    assert browser.get(f"/media/{own.id}/source.mp4").status_code == 404
    browser.enter(tokens["r01"])
    whole = browser.get(f"/media/{own.id}/1.mp4")
    expected = content(f"{own.sample}/{own.shown[1]}")
    assert whole.status_code == 200 and whole.content == expected
    assert whole.headers["content-type"] == "video/mp4" and whole.headers["accept-ranges"] == "bytes"
    part = browser.get(f"/media/{own.id}/1.mp4", range="bytes=10-19")
    assert (part.status_code, part.content) == (206, expected[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(expected)}"
    assert browser.get(f"/media/{own.id}/1.mp4", range="bytes=5000-").status_code == 416
    assert browser.get(f"/media/{foreign.id}/source.mp4").status_code == 404
    assert "rve_study" not in part.headers.get("set-cookie", "")


def test_a_clip_that_went_missing_is_said(
    browser: Browser, study: Study, tokens: Any, folder: Path, capsys: Any
) -> None:
    browser.enter(tokens["r01"])
    trial = study.session_of["r01"][0]
    name = study.sample_of[trial.sample].source.name
    (folder / "media" / name).unlink()
    answer = browser.get(f"/media/{trial.id}/source.mp4")
    assert answer.status_code == 404 and "missing" in answer.json()["error"]
    assert name in capsys.readouterr().err


def test_nothing_a_rater_is_told_unblinds_the_study(browser: Browser, study: Study, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    told = []
    while not browser.state["finished"]:
        told.append(json.dumps(browser.state))
        browser.post("/api/answer", browser.answer_body())
    told.append(json.dumps(browser.state))
    for secret in (
        '"m1"',
        "m2",
        "Editor",
        "noise",
        "attention",
        '"main"',
        "duplicate",
        "check",
        "seed",
        "repeats",
    ):
        assert not any(secret in text for text in told), secret
    for item in study.samples:
        for media in (item.source, *item.entries.values()):
            assert not any(media.name[:24] in text for text in told)


def test_a_wrong_token_opens_nothing(browser: Browser, tokens: Any) -> None:
    assert browser.post("/api/enter", {"token": "wrong" * 5}).status_code == 403
    state = browser.get("/api/state").json()
    assert state["entered"] is False and set(state["study"]) == {"title"}
    browser.state = state
    assert browser.post("/api/consent", {"key": "consent-key"}).status_code == 403


def test_the_cookie_is_for_this_server_alone(folder: Path, study: Study, tokens: dict[str, str]) -> None:
    for origin, secure in ((None, False), ("https://study.example", True)):
        hosts = frozenset({HOST, "study.example"})
        with serving(folder, study, tokens, origin=origin, hosts=hosts) as browser:
            answer = browser.post("/api/enter", {"token": tokens["r01"]}, origin=origin or ORIGIN)
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie and "samesite=strict" in cookie and ("secure" in cookie) is secure


def test_every_reply_forbids_what_the_page_does_not_need(browser: Browser, tokens: Any) -> None:
    browser.enter(tokens["r01"])
    for path in ("/", "/study.js", "/api/state", "/nothing", browser.state["trial"]["source"]["url"]):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert browser.get("/api/state").headers["cache-control"] == "no-store"


def test_a_restart_goes_on_where_everybody_was(folder: Path, study: Study, tokens: dict[str, str]) -> None:
    with serving(folder, study, tokens) as browser:
        browser.enter(tokens["r01"])
        body = browser.answer_body()
        browser.post("/api/answer", body)
        kept, cookies = browser.state, dict(browser.cookies)
    with (folder / "answers.jsonl").open("ab") as file:
        file.write(b'{"kind":"answer","stu')
    with serving(folder, study, tokens) as browser:
        browser.cookies.update(cookies)
        browser.state = kept
        # The same page, never loaded anew: its signature and its ticket still hold, and a repeat is still a repeat.
        assert browser.post("/api/answer", body).json()["done"] == 1
        assert browser.post("/api/answer", browser.answer_body(key="after-restart")).json()["done"] == 2
    assert [one.key for one in read_answers(folder).answers] == [body["key"], "after-restart"]


def test_an_answer_that_cannot_be_stored_is_not_taken(
    browser: Browser, folder: Path, tokens: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    browser.enter(tokens["r01"])
    body = browser.answer_body()
    with monkeypatch.context() as patch:

        def full(*_arguments: Any, **_more: Any) -> int:
            raise StorageError("no space left", where="disk")

        patch.setattr("rvebench.storage.LineLog.append", full)
        answer = browser.post("/api/answer", body)
        assert answer.status_code == 503 and "stored" in answer.json()["error"]
    assert read_answers(folder).answers == ()
    assert browser.post("/api/answer", body).json()["done"] == 1
    assert tokens["r01"] not in capsys.readouterr().err


def test_whoever_comes_to_an_open_study_becomes_the_next_rater(
    folder: Path, study: Study, tokens: dict[str, str]
) -> None:
    with serving(folder, study, tokens, open_to_all=True) as browser:
        browser.enter()
        assert browser.state["resume"] == tokens["r01"]
        browser.cookies.clear()
        browser.enter()
        assert browser.state["resume"] == tokens["r02"]
        browser.cookies.clear()
        browser.state = browser.get("/api/state").json()
        full = browser.post("/api/consent", {"key": "one-too-many"})
        assert full.status_code == 409 and "all the participants" in full.json()["error"]
        # A consent whose reply was lost is sent again: it does not use up another place.
        assert browser.post("/api/consent", {"key": "consent-1"}).json()["resume"] == tokens["r01"]
    assert [one.rater for one in read_answers(folder).consents] == ["r01", "r02"]
