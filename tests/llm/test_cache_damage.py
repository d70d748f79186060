"""Damaged, foreign, empty and unwritable caches: one sentence each, and never a silent fresh start."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rvebench.errors import DataError, RveError, StorageError, UsageError
from rvebench.llm import database
from rvebench.llm.cache import SqliteCache
from rvebench.llm.cache_care import check_cache, move_aside
from rvebench.llm.database import explain, file_system_of, is_busy
from tests.llm.cache_world import a_reply, a_request


def filled(path: Path, n: int = 200) -> Path:
    with SqliteCache(path) as cache:
        for number in range(n):
            cache.put(a_request(number), a_reply(number, text="z" * 3000))
    return path


def change(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement, values)
    connection.close()


def test_a_changed_reply_is_named_and_never_given_out(tmp_path: Path) -> None:
    path = filled(tmp_path / "replies.sqlite", 3)
    digest = a_request(1).digest
    change(path, "UPDATE replies SET reply = replace(reply, 'zzz', 'aaa') WHERE digest = ?", digest)
    with SqliteCache(path) as cache:
        with pytest.raises(DataError, match=f"{digest[:12]} for smoke-001 is damaged.*verify --remove"):
            cache.get(digest, a_request(1))
        assert cache.get(a_request(2).digest) is not None
        checked = check_cache(cache)
        assert [(fault.digest, fault.tag) for fault in checked.faults] == [(digest, "smoke-001")]
        assert "checksum" in checked.faults[0].what
        cache.remove([digest])
        assert check_cache(cache).sound and len(cache) == 2 and cache.get(digest) is None


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE replies SET model = 'gpt-5' WHERE digest = ?", "columns"),
        ("UPDATE replies SET repeat = 'many' WHERE digest = ?", "columns"),
        ("UPDATE replies SET request = replace(request, 'question', 'answer') WHERE digest = ?", "checksum"),
        ("UPDATE replies SET reply = x'00ff' WHERE digest = ?", "checksum"),
        ("UPDATE replies SET made_ms = 1 WHERE digest = ?", "checksum"),
    ],
)
def test_every_kind_of_damage_to_a_row_is_found(tmp_path: Path, statement: str, what: str) -> None:
    path = filled(tmp_path / "replies.sqlite", 3)
    change(path, statement, a_request(1).digest)
    with SqliteCache(path) as cache:
        checked = check_cache(cache)
    assert [fault.digest for fault in checked.faults] == [a_request(1).digest]
    assert what in checked.faults[0].what


def test_an_answer_moved_to_another_question_is_found_though_its_checksum_is_made_anew(tmp_path: Path) -> None:
    path = filled(tmp_path / "replies.sqlite", 3)
    with SqliteCache(path) as cache:
        row = cache.row(a_request(1).digest)
        assert row is not None
        from dataclasses import replace

        from rvebench.llm.entry import sealed

        forged = sealed(replace(row.entry, digest="f" * 64))
        assert "digest" in forged.fault()
        change_to = (forged.digest, forged.checksum, row.entry.digest)
        cache.run(lambda c: c.execute("UPDATE replies SET digest = ?, checksum = ? WHERE digest = ?", change_to))
        assert [fault.digest for fault in check_cache(cache).faults] == ["f" * 64]


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough for its header" * 100, b"{}"])
def test_a_file_that_is_no_cache_is_one_sentence_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "replies.sqlite"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"reply cache is damaged.*--move-aside") as caught:
        SqliteCache(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_shortened_file_is_one_sentence_stays_and_gives_up_what_can_be_read(tmp_path: Path) -> None:
    path = filled(tmp_path / "replies.sqlite")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"reply cache is damaged.*--move-aside"):
        SqliteCache(path)
    assert path.read_bytes() == data[: len(data) // 2]
    rescued = move_aside(path, stamp="1")
    assert 50 < rescued.replies < 150
    with SqliteCache(path) as cache:
        assert check_cache(cache).sound and len(cache) == rescued.replies


def test_moving_aside_keeps_the_damaged_file_and_saves_what_can_be_read(tmp_path: Path) -> None:
    path = filled(tmp_path / "replies.sqlite")
    data = bytearray(path.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 20_000] = b"\x5a" * 20_000
    path.write_bytes(data)
    rescued = move_aside(path, stamp="1")
    assert rescued.moved_to.read_bytes() == bytes(data)
    assert 100 < rescued.replies < 200
    with SqliteCache(path) as cache:
        assert check_cache(cache).sound and len(cache) == rescued.replies


def test_moving_garbage_aside_leaves_an_empty_cache(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    path.write_bytes(b"garbage" * 1000)
    rescued = move_aside(path, stamp="1")
    assert rescued.replies == 0 and rescued.moved_to.read_bytes() == b"garbage" * 1000
    with SqliteCache(path) as cache:
        assert len(cache) == 0


def test_nothing_is_moved_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no file"):
        move_aside(tmp_path / "replies.sqlite", stamp="1")


def test_a_log_whose_database_is_gone_is_not_replayed_into_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "replies.sqlite-wal").write_bytes(b"log" * 100)
    with pytest.raises(DataError, match="write-ahead log is still there"):
        SqliteCache(tmp_path / "replies.sqlite")
    assert not (tmp_path / "replies.sqlite").exists()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    change(path, "CREATE TABLE replies (digest TEXT)")
    with pytest.raises(UsageError, match="not a reply cache of rvebench"):
        SqliteCache(path)


def test_a_later_versions_cache_is_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path / "replies.sqlite", 1)
    change(path, "PRAGMA user_version = 9")
    with pytest.raises(UsageError, match="version 9, this rvebench knows 1"):
        SqliteCache(path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written: .*RVEBENCH_CACHE_DIR"):
        SqliteCache(tmp_path / "file" / "replies.sqlite")


def test_an_unwritable_folder_is_one_sentence() -> None:
    # Not even root makes files there.
    with pytest.raises(StorageError, match=r"cannot be written.*RVEBENCH_CACHE_DIR"):
        SqliteCache(Path("/proc/self/replies.sqlite"))


@pytest.mark.parametrize(
    ("text", "kind", "hint"),
    [
        ("database or disk is full", StorageError, "free some space"),
        ("attempt to write a readonly database", StorageError, "RVEBENCH_CACHE_DIR"),
        ("disk I/O error", StorageError, "RVEBENCH_CACHE_DIR"),
        ("database is locked", StorageError, "RVEBENCH_CACHE_DIR"),
        ("database disk image is malformed", DataError, "--move-aside"),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(text: str, kind: type[RveError], hint: str) -> None:
    error = explain(sqlite3.OperationalError(text), Path("/c/replies.sqlite"))
    assert type(error) is kind and hint in str(error) and "database is locked" not in str(error)


def test_only_another_processs_work_is_waited_for() -> None:
    assert is_busy(sqlite3.OperationalError("database is locked"))
    assert is_busy(sqlite3.OperationalError("database schema is locked"))
    assert not is_busy(sqlite3.OperationalError("disk I/O error"))
    assert not is_busy(sqlite3.DatabaseError("file is not a database"))


MOUNTS = """\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 21 0:30 / /home rw,relatime shared:5 - nfs4 server:/home rw,vers=4.2
31 30 8:2 / /home/me/fast\\040disk rw - xfs /dev/sdb1 rw
32 21 0:31 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/x", "ext4"), ("/home/me/.cache/rvebench", "nfs4"), ("/home/me/fast disk/c", "xfs"), ("/homely", "ext4")],
)
def test_the_file_system_of_a_path_is_that_of_its_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "file_system_of", lambda path: "nfs4")
    with pytest.raises(UsageError, match=r"network file system \(nfs4\).*RVEBENCH_CACHE_DIR"):
        SqliteCache(tmp_path / "replies.sqlite")
    assert not list(tmp_path.iterdir())
