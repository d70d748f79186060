"""Starting and stopping the server: what is wrong is said in one sentence, before anybody is served."""

from __future__ import annotations

import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra `study` is not installed")

from rvebench.errors import DataError, LockedError, RveError, UsageError
from rvebench.storage import exclusive_lock
from rvebench.study.server import serve as server
from rvebench.study.server.serve import Serving, serve
from tests.study.load import free_port, start_server
from tests.study.world import make_study, write_folder, write_tokens


class Ran:
    """A server that stops at once, and what it said when it was ready."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[Serving] = []
        self.apps: list[Any] = []
        monkeypatch.setattr(server._Server, "run", lambda own, sockets: self.apps.append(own.config.app))

    def __call__(self, folder: Path, **changes: Any) -> Serving:
        settings: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "tokens": False, "url": None, **changes}
        serve(folder, on_ready=self.told.append, **settings)
        return self.told[-1]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Ran:
    return Ran(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = make_study()
    write_tokens(write_folder(tmp_path / "study", study), study)
    return tmp_path / "study"


def test_loopback_is_open_and_everything_else_wants_tokens(run: Ran, folder: Path) -> None:
    assert run(folder).needs_token is False
    assert run(folder, tokens=True).needs_token is True
    assert run(folder, url="https://study.example.org").needs_token is True
    assert run(folder, url="https://study.example.org/").url == "https://study.example.org"
    everywhere = run(folder, host="0.0.0.0")
    assert everywhere.needs_token is True and everywhere.total == 8


def _drop_clips(folder: Path) -> None:
    for path in sorted((folder / "media").iterdir())[:2]:
        path.unlink()


def _change_a_clip(folder: Path) -> None:
    next((folder / "media").iterdir()).write_bytes(b"another clip")


def _link_a_clip(folder: Path) -> None:
    path = next((folder / "media").iterdir())
    target = folder / "elsewhere"
    path.rename(target)
    path.symlink_to(target)


def _drop_tokens(folder: Path) -> None:
    (folder / "tokens.csv").unlink()


def _weaken_tokens(folder: Path) -> None:
    (folder / "tokens.csv").write_text("rater,token\nr01,secret\nr02,secret-secret-secret\n")


def _share_a_token(folder: Path) -> None:
    (folder / "tokens.csv").write_text("rater,token\nr01,secret-secret-secret\nr02,secret-secret-secret\n")


def _damage_answers(folder: Path) -> None:
    (folder / "answers.jsonl").write_text('{"kind":"answer","crc":"00000000"}\n{"kind":"answer","crc":"00000000"}\n')


def _damage_study(folder: Path) -> None:
    (folder / "study.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (_drop_clips, r"is not there \(2 of \d+ clips are missing or changed\)"),
        (_change_a_clip, "is not the one the study was made of"),
        (_link_a_clip, "is not there"),
        (_drop_tokens, "the raters' tokens are not there"),
        (_weaken_tokens, "see rater r01"),
        (_share_a_token, "tokens must differ"),
        (_damage_answers, "the journal is damaged"),
        (_damage_study, "not a JSON file"),
    ],
)
def test_a_damaged_study_is_not_served(run: Ran, folder: Path, harm: Callable[[Path], None], text: str) -> None:
    harm(folder)
    with pytest.raises(DataError, match=text) as caught:
        run(folder)
    assert caught.value.exit_code == 4 and "secret" not in str(caught.value)
    assert run.told == []


def test_a_port_that_is_taken_is_said(run: Ran, folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UsageError, match=r"is taken.*--port") as caught:
            run(folder, port=other.getsockname()[1])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"host": "no.such.host.invalid"}, "no address"),
        ({"url": "study.example.org"}, "not an address of a server"),
        ({"url": "https://study.example.org/path"}, "not an address of a server"),
        ({"url": "https://me@study.example.org"}, "not an address of a server"),
        ({"url": "https://study.example.org:x"}, "not an address of a server"),
    ],
)
def test_addresses_that_cannot_be_are_said(
    run: Ran, folder: Path, changes: dict[str, Any], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "host" in changes:

        def unknown(*_arguments: Any, **_more: Any) -> Any:
            raise socket.gaierror(-2, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UsageError, match=text):
        run(folder, **changes)


def test_two_servers_do_not_share_a_study(run: Ran, folder: Path) -> None:
    with exclusive_lock(folder / ".serve.lock"), pytest.raises(LockedError):
        run(folder)


def test_a_folder_that_is_no_study_is_said(run: Ran, tmp_path: Path) -> None:
    with pytest.raises(RveError, match="not a study folder"):
        run(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_cleanly(folder: Path, number: signal.Signals) -> None:
    port = free_port()
    process = start_server(folder, port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/state") as reply:
        assert reply.status == 200
    process.send_signal(number)
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == 130
    assert complaints.strip() == f"stopped; 0 answers are in {folder}"
    assert "token-of" not in said + complaints
