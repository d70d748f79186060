"""Fetching over real HTTP: whole or not at all, going on where it stopped, and a reason when it cannot be had."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.weights import DownloadError, OfflineError, WeightStore, fetch, transfer
from rvebench.weights.download import shown, sources
from rvebench.weights.transfer import Partial
from tests.weights.conftest import QUICK, record
from tests.weights.server import Behaviour, Web, body_of, serving

Make = Callable[..., WeightStore]
SIZE = 3_000_000
BODY = body_of(SIZE)


def leftovers(store: WeightStore) -> list[str]:
    return sorted(path.name for path in (store.root / "partial").glob("*"))


def test_a_file_comes_whole_and_its_sum_is_known_afterwards(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    steps: list[tuple[int, int | None]] = []
    found = fetch(file, store, lambda done, total: steps.append((done, total)), patience=QUICK)
    assert found.path.read_bytes() == BODY and found.sha256 == file.sha256 and found.origin == "store"
    assert steps[0] == (0, SIZE) and steps[-1] == (SIZE, SIZE)
    assert leftovers(store) == [] and store.look("a").state == "here"
    assert fetch(file, store, patience=QUICK) == found and len(web.seen) == 1


@pytest.mark.parametrize("pinned", [True, False])
def test_a_cut_connection_goes_on_where_it_stopped(web: Web, make_store: Make, pinned: bool) -> None:
    web.paths["/a"] = Behaviour(BODY, cut_after=[1_000_000, 500_000])
    file = record("a", web.url("/a"), body=BODY if pinned else None)
    found = fetch(file, make_store(file), patience=QUICK)
    assert found.path.read_bytes() == BODY
    assert [seen.range for seen in web.seen] == [None, "bytes=1000000-", "bytes=1500000-"]
    assert [seen.if_range for seen in web.seen] == [None, '"one"', '"one"']
    assert sum(seen.sent for seen in web.seen) == SIZE


def test_progress_starts_the_count_of_failures_again(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(body_of(9_000_000), cut_after=[1_100_000] * 7)
    file = record("a", web.url("/a"), body=web.paths["/a"].body)
    assert fetch(file, make_store(file), patience=replace(QUICK, attempts=2)).path.stat().st_size == 9_000_000


def test_a_server_that_ignores_ranges_sends_all_again_and_the_file_is_right(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, cut_after=[1_000_000], ranges=False)
    file = record("a", web.url("/a"), body=BODY)
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY
    assert [seen.sent for seen in web.seen] == [1_000_000, SIZE]


@pytest.mark.parametrize("ignore_if_range", [False, True])
@pytest.mark.parametrize("pinned", [True, False])
def test_a_file_that_changed_between_tries_is_fetched_anew(
    web: Web, make_store: Make, pinned: bool, ignore_if_range: bool
) -> None:
    other = body_of(SIZE, "other")
    web.paths["/a"] = Behaviour(other, etag='"old"', cut_after=[1_000_000, *[0] * 3])
    file = record("a", web.url("/a"), body=BODY if pinned else None)
    store = make_store(file)
    with pytest.raises(DownloadError):
        fetch(file, store, patience=QUICK)
    assert leftovers(store) == ["a.bin.part", "a.bin.part.json"]
    web.paths["/a"] = Behaviour(BODY, etag='"new"', ignore_if_range=ignore_if_range)
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY


def test_without_a_validator_an_unpinned_file_is_never_pieced_together(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, etag='W/"weak"', cut_after=[1_000_000])
    file = record("a", web.url("/a"))
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY
    assert [seen.range for seen in web.seen] == [None, None]


def test_the_time_of_last_change_is_a_validator_too(web: Web, make_store: Make) -> None:
    when = "Wed, 21 Oct 2015 07:28:00 GMT"
    web.paths["/a"] = Behaviour(BODY, etag=None, last_modified=when, cut_after=[1_000_000])
    file = record("a", web.url("/a"))
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY
    assert web.seen[1].if_range == when


def test_pieces_of_two_files_are_thrown_away_and_the_file_fetched_whole(web: Web, make_store: Make) -> None:
    """Without a validator the pinned sum alone notices it."""
    web.paths["/a"] = Behaviour(body_of(SIZE, "other"), etag=None, cut_after=[1_000_000, *[0] * 3])
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    with pytest.raises(DownloadError):
        fetch(file, store, patience=QUICK)
    web.paths["/a"] = Behaviour(BODY, etag=None)
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY
    assert [seen.range for seen in web.seen[-2:]] == ["bytes=1000000-", None]


def test_another_source_finishes_what_the_first_began(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, cut_after=[1_000_000, *[0] * 3])
    web.paths["/b"] = Behaviour(BODY, etag='"elsewhere"')
    file = record("a", web.url("/a"), web.url("/b"), body=BODY)
    told: list[str] = []
    found = fetch(file, make_store(file), notice=told.append, patience=QUICK)
    assert found.path.read_bytes() == BODY
    (other,) = web.of("/b")
    assert (other.range, other.if_range, other.sent) == ("bytes=1000000-", None, 2_000_000)
    assert any("/a" in text and "trying the next source" in text for text in told)


def test_wrong_bytes_are_refused_and_not_kept(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(body_of(SIZE, "other"))
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    with pytest.raises(DataError, match=rf"SHA-256 .* not {file.sha256}, the pinned one"):
        fetch(file, store, patience=QUICK)
    assert leftovers(store) == [] and store.look("a").state == "absent"


def test_wrong_bytes_of_one_source_do_not_stop_the_next(web: Web, make_store: Make) -> None:
    web.paths["/a"], web.paths["/b"] = Behaviour(body_of(SIZE, "other")), Behaviour(BODY)
    file = record("a", web.url("/a"), web.url("/b"), body=BODY)
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY


@pytest.mark.parametrize(("size", "words"), [(SIZE - 1, "2999999 bytes, not 3000000"), (SIZE + 1, "3000001 bytes")])
def test_a_file_of_another_size_is_refused_before_it_is_fetched(
    web: Web, make_store: Make, size: int, words: str
) -> None:
    web.paths["/a"] = Behaviour(body_of(size), hold=threading.Event())
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(DataError, match=words):
        fetch(file, make_store(file), patience=QUICK)


def test_more_bytes_than_pinned_are_cut_off_also_without_a_length(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY + b"!", chunked=True)
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(DataError, match="more than 3000000 bytes"):
        fetch(file, make_store(file), patience=QUICK)


def test_chunks_without_a_length_are_enough_but_an_open_end_is_not(web: Web, make_store: Make) -> None:
    web.paths["/chunked"] = Behaviour(BODY, chunked=True)
    web.paths["/open"] = Behaviour(BODY, no_length=True)
    first, second = record("a", web.url("/chunked")), record("b", web.url("/open"))
    third = record("c", web.url("/open"), body=BODY)
    store = make_store(first, second, third)
    assert fetch(first, store, patience=QUICK).path.read_bytes() == BODY
    with pytest.raises(DownloadError, match="does not say how long"):
        fetch(second, store, patience=QUICK)
    assert fetch(third, store, patience=QUICK).path.read_bytes() == BODY


@pytest.mark.parametrize("code", [401, 403, 404, 410, 451])
def test_a_no_is_not_asked_again(web: Web, make_store: Make, code: int) -> None:
    web.paths["/a"] = Behaviour(BODY, statuses=[code])
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(DownloadError, match=f"HTTP {code}"):
        fetch(file, make_store(file), patience=QUICK)
    assert len(web.seen) == 1


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503])
def test_a_server_that_is_busy_is_asked_again(web: Web, make_store: Make, code: int) -> None:
    web.paths["/a"] = Behaviour(BODY, statuses=[code, code])
    file = record("a", web.url("/a"), body=BODY)
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY
    assert len(web.seen) == 3


def test_a_server_that_stays_busy_or_asks_for_too_much_time_is_given_up(web: Web, make_store: Make) -> None:
    web.paths["/busy"] = Behaviour(BODY, statuses=[503] * 9)
    web.paths["/hours"] = Behaviour(BODY, statuses=[503] * 9, retry_after="7200")
    file = record("a", web.url("/busy"), web.url("/hours"), body=BODY)
    with pytest.raises(DownloadError, match=r"/busy: HTTP 503; .*/hours: HTTP 503"):
        fetch(file, make_store(file), patience=QUICK)
    assert (len(web.of("/busy")), len(web.of("/hours"))) == (QUICK.attempts, 1)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_login_page_is_not_taken_for_the_file(web: Web, make_store: Make, kind: str) -> None:
    page = b"\n <!DOCTYPE html><html>please log in</html>"
    web.paths["/a"] = Behaviour(page, content_type=kind)
    file = record("a", web.url("/a"))
    store = make_store(file)
    with pytest.raises(DownloadError, match="a web page"):
        fetch(file, store, patience=QUICK)
    assert store.look("a").state == "absent"


def test_what_is_declared_to_be_a_page_is_not_taken_whatever_it_begins_with(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(b"<!-- --><p>please log in", content_type="text/html")
    file = record("a", web.url("/a"))
    with pytest.raises(DownloadError, match=r"a web page \(text/html\)"):
        fetch(file, make_store(file), patience=QUICK)


def test_an_end_that_no_length_announced_is_a_cut_when_the_size_is_pinned(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, no_length=True, cut_after=[1_000_000])
    file = record("a", web.url("/a"), body=BODY)
    assert fetch(file, make_store(file), patience=QUICK).path.read_bytes() == BODY
    assert [seen.range for seen in web.seen] == [None, "bytes=1000000-"]


def test_a_write_that_takes_a_part_is_gone_on_with(tmp_path: Path) -> None:
    class Slow(io.FileIO):
        def write(self, data: object, /) -> int:
            return super().write(bytes(data)[:3])  # type: ignore[call-overload, no-any-return]

    with Slow(tmp_path / "a", "w") as out:
        transfer._append(out, b"0123456789", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_trickle_is_closed_and_the_next_source_asked(web: Web, make_store: Make) -> None:
    web.paths["/slow"] = Behaviour(BODY, block=10, pause_s=0.02)
    web.paths["/b"] = Behaviour(BODY)
    file = record("a", web.url("/slow"), web.url("/b"), body=BODY)
    told: list[str] = []
    patience = replace(QUICK, attempts=2, window_s=0.1, slowest_bytes_s=100_000.0)
    assert fetch(file, make_store(file), notice=told.append, patience=patience).path.read_bytes() == BODY
    assert "less than 100000 bytes a second" in told[0]


def test_silence_ends_a_try(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, hold=threading.Event())
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(DownloadError, match="ReadTimeout"):
        fetch(file, make_store(file), patience=replace(QUICK, attempts=1, silence_s=0.3))


def test_nobody_at_the_address_is_a_reason_not_a_traceback(make_store: Make) -> None:
    with serving() as gone:
        url = gone.url("/a")
    file = record("a", url, body=BODY)
    with pytest.raises(DownloadError, match="ConnectError"):
        fetch(file, make_store(file), patience=replace(QUICK, attempts=2))


def test_redirects_are_followed_but_not_without_end(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY, redirect="/there")
    web.paths["/there"] = Behaviour(BODY, cut_after=[1_000_000])
    web.paths["/round"] = Behaviour(BODY, redirect="/round")
    file, other = record("a", web.url("/a"), body=BODY), record("b", web.url("/round"), body=BODY)
    store = make_store(file, other)
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY
    assert web.of("/there")[1].if_range == '"one"'
    with pytest.raises(DownloadError, match="without end"):
        fetch(other, store, patience=QUICK)


def test_a_first_sum_is_trusted_and_another_content_is_not(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"))
    store = make_store(file)
    assert store.look("a").trust == "none yet"
    found = fetch(file, store, patience=QUICK)
    assert store.look("a").trust == "first use"
    found.path.unlink()
    web.paths["/a"] = Behaviour(body_of(SIZE, "other"), etag='"two"')
    with pytest.raises(DataError, match="first seen here"):
        fetch(file, store, patience=QUICK)
    assert not found.path.exists()


def test_a_damaged_pinned_file_is_replaced_and_an_unpinned_one_is_not(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY)
    pinned, unpinned = record("a", web.url("/a"), body=BODY), record("b", web.url("/a"))
    store = make_store(pinned, unpinned)
    for file in (pinned, unpinned):
        fetch(file, store, patience=QUICK).path.write_bytes(b"damage")
    assert fetch(pinned, store, patience=QUICK).path.read_bytes() == BODY
    with pytest.raises(DataError, match="first seen here"):
        fetch(unpinned, store, patience=QUICK)
    assert store.path_of(unpinned).read_bytes() == b"damage"


@pytest.mark.parametrize("name", ["RVEBENCH_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_refuses_before_any_connection_but_gives_what_is_here(web: Web, make_store: Make, name: str) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY)
    offline = make_store(file, environ={name: "1"})
    with pytest.raises(OfflineError, match=name):
        fetch(file, offline, patience=QUICK)
    assert web.seen == []
    fetch(file, make_store(file, environ={name: "0"}), patience=QUICK)
    assert fetch(file, offline, patience=QUICK).path.read_bytes() == BODY


def test_a_mirror_comes_first_and_an_endpoint_stands_in_for_the_hub() -> None:
    file = record("a", "https://huggingface.co/o/n/resolve/main/a.bin", "https://huggingface.company/a.bin")
    environ = {"RVEBENCH_WEIGHTS_MIRROR": "http://mirror.local/w/", "HF_ENDPOINT": "https://hf.local/"}
    assert sources(file, environ) == (
        "http://mirror.local/w/a.bin",
        "https://hf.local/o/n/resolve/main/a.bin",
        "https://huggingface.company/a.bin",
    )
    assert sources(file, {}) == file.urls
    for name in environ:
        with pytest.raises(UsageError, match=name):
            sources(file, {name: "ftp://x/y"})


def test_a_mirror_that_lacks_the_file_falls_back(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file, environ={"RVEBENCH_WEIGHTS_MIRROR": web.url("/mirror")})
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY
    assert [seen.path for seen in web.seen] == ["/mirror/a.bin", "/a"]


def test_passwords_and_signed_queries_are_not_shown(web: Web, make_store: Make) -> None:
    assert shown("https://user:secret@host.local:8/p?token=secret#x") == "https://host.local:8/p"
    file = record("a", f"http://user:secret@127.0.0.1:{web.port}/none?key=secret", body=BODY)
    with pytest.raises(DownloadError) as caught:
        fetch(file, make_store(file), patience=QUICK)
    assert "secret" not in str(caught.value) and "/none: HTTP 404" in str(caught.value)


def test_a_file_that_was_whole_before_it_was_named_is_not_fetched_again(web: Web, make_store: Make) -> None:
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    part = Partial(store.root / "partial" / "a.bin")
    part.path.parent.mkdir(parents=True)
    part.path.write_bytes(BODY)
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY
    assert web.seen == []


@pytest.mark.parametrize("pinned", [True, False])
def test_a_partial_file_longer_than_the_file_is_forgotten(web: Web, make_store: Make, pinned: bool) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY if pinned else None)
    store = make_store(file)
    part = Partial(store.root / "partial" / "a.bin")
    part.path.parent.mkdir(parents=True)
    part.path.write_bytes(BODY + b"more")
    part.note(web.url("/a"), '"one"', SIZE)
    assert fetch(file, store, patience=QUICK).path.read_bytes() == BODY


PROGRAM = """
import json, os, sys
from pathlib import Path
from rvebench.weights import Patience, WeightFile, WeightStore, fetch
given = json.loads(sys.argv[1])
limit = given.pop("limit")
file = WeightFile(**{**given["file"], "urls": tuple(given["file"]["urls"])})
store = WeightStore(Path(given["root"]), files={file.name: file}, environ={})
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from rvebench.errors import RveError
try:
    found = fetch(file, store, notice=lambda text: print(text, file=sys.stderr), patience=Patience(backoff_s=0.0))
except RveError as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(found.sha256)
"""


def start(web: Web, root: Path, body: bytes = BODY, limit: int = 0) -> subprocess.Popen[str]:
    file = {
        "name": "a",
        "filename": "a.bin",
        "urls": [web.url("/a")],
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_bytes": len(body),
        "licence": "MIT",
        "source": "a test",
    }
    top = Path(__file__).resolve().parent.parent.parent
    given = json.dumps({"file": file, "root": str(root), "limit": limit})
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(top)},
    )


def test_a_process_killed_in_the_middle_leaves_what_the_next_goes_on_with(web: Web, tmp_path: Path) -> None:
    web.paths["/a"] = Behaviour(BODY, hold=threading.Event())
    first = start(web, tmp_path)
    assert web.started.wait(60)
    part = tmp_path / "partial" / "a.bin.part"
    while not part.exists() or part.stat().st_size < SIZE // 2:
        assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate()
    came = part.stat().st_size
    assert not (tmp_path / "a.bin").exists()
    web.paths["/a"].hold.set()  # type: ignore[union-attr]
    web.paths["/a"] = Behaviour(BODY)
    second = start(web, tmp_path)
    printed, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors
    assert printed.strip() == hashlib.sha256(BODY).hexdigest() and (tmp_path / "a.bin").read_bytes() == BODY
    assert (web.seen[-1].range, web.seen[-1].sent) == (f"bytes={came}-", SIZE - came)


def test_two_processes_that_want_one_file_fetch_it_once(web: Web, tmp_path: Path) -> None:
    web.paths["/a"] = Behaviour(BODY, hold=threading.Event())
    first = start(web, tmp_path)
    assert web.started.wait(60)
    second = start(web, tmp_path)
    assert second.stderr is not None
    assert "another process fetches a" in second.stderr.readline()
    web.paths["/a"].hold.set()  # type: ignore[union-attr]
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    assert set(outputs) == {hashlib.sha256(BODY).hexdigest() + "\n"} and len(web.seen) == 1


def test_threads_that_want_one_file_fetch_it_once(web: Web, make_store: Make) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(file, store, patience=QUICK).sha256)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [file.sha256] * 4 and len(web.seen) == 1


def test_a_full_disk_is_said_and_what_came_is_kept_for_the_next_try(web: Web, tmp_path: Path) -> None:
    web.paths["/a"] = Behaviour(BODY)
    full = start(web, tmp_path, limit=1_000_000)
    _, errors = full.communicate(timeout=60)
    assert full.returncode == 1
    assert errors.startswith("StorageError: ") and "the disk is full" in errors and "kept for the next try" in errors
    assert (tmp_path / "partial" / "a.bin.part").stat().st_size == 1_000_000
    again = start(web, tmp_path)
    again.communicate(timeout=60)
    assert again.returncode == 0 and web.seen[-1].range == "bytes=1000000-"


def test_too_little_room_is_said_before_anything_is_fetched(
    web: Web, make_store: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.paths["/a"] = Behaviour(BODY)
    file = record("a", web.url("/a"), body=BODY)
    store = make_store(file)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": SIZE - 1})())
    with pytest.raises(StorageError, match="3 MB are needed, 3 MB free"):
        fetch(file, store, patience=QUICK)
    assert Partial(store.root / "partial" / "a.bin").size() == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(web: Web, make_store: Make, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(StorageError, match="RVEBENCH_WEIGHTS_DIR"):
        fetch(file, make_store(file, root=locked / "weights"), patience=QUICK)


def test_a_folder_that_is_a_file_is_one_sentence(web: Web, make_store: Make, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    file = record("a", web.url("/a"), body=BODY)
    with pytest.raises(StorageError, match="RVEBENCH_WEIGHTS_DIR"):
        fetch(file, make_store(file, root=tmp_path / "taken"), patience=QUICK)


def test_a_record_without_a_url_says_where_the_file_goes(make_store: Make) -> None:
    file = record("a")
    with pytest.raises(UsageError, match=r"no URL is known for a; put it at .*a\.bin"):
        fetch(file, make_store(file), patience=QUICK)
