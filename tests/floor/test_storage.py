from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import DataError, LockedError, StorageError
from rvebench.storage import (
    FSYNC_WITHIN_S,
    LineLog,
    LogLine,
    TornTail,
    atomic_write_bytes,
    exclusive_lock,
    read_line_at,
    read_lines,
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_lines = st.lists(st.dictionaries(st.text().filter(lambda name: name != "crc"), _json, max_size=4), max_size=6)


def values(path: Path) -> list[dict[str, object]]:
    return [item.value for item in read_lines(path) if isinstance(item, LogLine)]


@given(lines=_lines)
def test_what_is_appended_is_read_back(
    lines: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "j.jsonl"
    with LineLog(path) as log:
        offsets = [log.append(line) for line in lines]
    assert values(path) == lines
    assert [read_line_at(path, offset) for offset in offsets] == lines


@given(lines=_lines.filter(bool), data=st.data())
def test_any_prefix_of_a_journal_reads_as_whole_lines_and_one_torn_tail(
    lines: list[dict[str, object]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "j.jsonl"
    with LineLog(path) as log:
        ends = [*[log.append(line) for line in lines][1:], path.stat().st_size]
    cut = data.draw(st.integers(0, path.stat().st_size))
    os.truncate(path, cut)
    whole = sum(end <= cut for end in ends)
    assert values(path) == lines[:whole]
    with LineLog(path) as log:
        assert (log.torn is not None) == (cut not in {0, *ends})
        log.append({"after": True})
    assert values(path) == [*lines[:whole], {"after": True}]


def test_a_damaged_line_before_good_ones_is_corruption_and_names_its_number(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with LineLog(path) as log:
        for index in range(3):
            log.append({"index": index})
    damaged = path.read_bytes().replace(b'"index":1', b'"index":7')
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=r"j\.jsonl:2: the journal is damaged"):
        list(read_lines(path))


def test_a_damaged_last_line_is_a_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with LineLog(path) as log:
        log.append({"index": 0})
        start = log.append({"index": 1})
    path.write_bytes(path.read_bytes()[:-3] + b"\x00\x00\x00")
    assert list(read_lines(path))[-1] == TornTail(start, path.stat().st_size - start)


def test_the_disk_running_full_loses_nothing_recorded(tmp_path: Path) -> None:
    """A child under RLIMIT_FSIZE appends until it may not; every line before the error is whole and readable."""
    program = """
import resource, sys
from pathlib import Path
from rvebench.errors import StorageError
from rvebench.storage import LineLog
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
log = LineLog(Path(sys.argv[1]))
done = 0
try:
    while True:
        log.append({"index": done, "pad": "x" * 90}); done += 1
except StorageError as error:
    print(done); print(error)
"""
    path = tmp_path / "j.jsonl"
    ran = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    done, message = ran.stdout.splitlines()
    assert int(done) > 10
    assert [value["index"] for value in values(path)] == list(range(int(done)))
    assert "cannot write" in message and "free some space" in message
    assert not any(isinstance(item, TornTail) for item in read_lines(path))


def test_a_file_that_cannot_be_replaced_keeps_its_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write_bytes(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError, match="cannot write"):
            atomic_write_bytes(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_durable_line_is_flushed_before_append_returns_and_others_within_the_group_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[float] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(time.monotonic()), real(handle))[1])
    with LineLog(tmp_path / "j.jsonl") as log:
        log.append({"paid": True}, durable=True)
        assert len(flushed) == 1
        began = time.monotonic()
        for index in range(50):
            log.append({"index": index})
        assert len(flushed) == 1
        deadline = began + 10 * FSYNC_WITHIN_S
        while len(flushed) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(flushed) == 2
        assert flushed[1] - began < 10 * FSYNC_WITHIN_S


def test_a_lock_is_refused_while_another_process_holds_it_and_free_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = (
        "import sys, time; from pathlib import Path; from rvebench.storage import exclusive_lock\n"
        "with exclusive_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match="another process works in this directory"), exclusive_lock(path):
            pass
        holder.kill()
    with exclusive_lock(path):
        pass


def test_a_flush_that_fails_at_the_end_is_an_error_and_not_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LineLog(tmp_path / "j.jsonl")
    log.append({"index": 0})

    def broken(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match="Input/output error"):
        log.close()


def test_closing_just_after_the_flusher_looked_does_not_hang(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "journal.jsonl")

    class EndsJustAfter(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            ended = self.is_set()
            self.set()
            log._wake.set()
            return ended

    log._ending = EndsJustAfter()
    log.append({"a": 1})
    log._flusher.join(10)
    assert not log._flusher.is_alive()
    log.close()
