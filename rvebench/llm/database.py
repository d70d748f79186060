"""The file of the reply cache: how it is made, opened, and what is said when it cannot be used.

It is never made in place: a finished empty database is moved to its name, so that an empty or shortened file is damage
and not a fresh start. Nothing here removes or empties a file.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rvebench.errors import DataError, RveError, StorageError, UsageError

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = [
    "APPLICATION_ID",
    "BUSY_S",
    "SCHEMA_VERSION",
    "damaged",
    "explain",
    "file_system_of",
    "is_busy",
    "making_lock",
    "open_database",
    "patiently",
    "transaction",
]

APPLICATION_ID = 0x52564543
"""`RVEC`: what tells this file from other databases."""
SCHEMA_VERSION = 1
BUSY_S = 60.0
"""How long a process waits for another one's write; one takes well under a millisecond."""

_TABLE = """
CREATE TABLE replies (
    digest TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_sha256 TEXT NOT NULL,
    schema_name TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    tag TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    reply TEXT NOT NULL,
    checksum TEXT NOT NULL
)
"""

T = TypeVar("T")

_ELSEWHERE = "set RVEBENCH_CACHE_DIR to a folder on a local disk"
# fmt: off
_REMOTE = frozenset({
    "9p", "afs", "beegfs", "beegfs_nodev", "ceph", "cifs", "coda", "fuse.ceph-fuse", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "orangefs", "panfs",
    "pvfs2", "smb3", "smbfs", "wekafs",
})
# fmt: on


def file_system_of(path: Path, mounts: str | None = None) -> str:
    """Returns the type of the file system that `path` is or would be on; empty where the system does not say.

    Args:
        path: an absolute path.
        mounts: the text of Linux's /proc/self/mountinfo; read when None.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        columns = left.split()
        if len(columns) < 5 or not right:
            continue
        point = Path(columns[4].replace("\\040", " "))
        # A later mount on the same point hides the earlier one.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), right.split()[0]
    return kind


def is_busy(error: sqlite3.Error) -> bool:
    """Returns whether another process was at work; Python 3.10 gives no code, only SQLite's text."""
    return isinstance(error, sqlite3.OperationalError) and ("locked" in str(error) or "busy" in str(error))


def explain(error: sqlite3.Error, path: Path) -> RveError:
    """Returns one sentence for what SQLite says of the cache file."""
    text = str(error)
    if is_busy(error):
        return StorageError(
            f"other processes have been writing to the reply cache for over {BUSY_S:.0f} s",
            where=path,
            hint="wait for them, or give this run a cache of its own with RVEBENCH_CACHE_DIR",
        )
    if "not a database" in text or "malformed" in text or "no such table" in text or "no such column" in text:
        return damaged(text, path)
    if "full" in text:
        return StorageError("the reply cache cannot be written: the disk is full", where=path, hint="free some space")
    return StorageError(f"the reply cache cannot be used: {text}", where=path, hint=_ELSEWHERE)


def patiently(work: Callable[[], T], path: Path) -> T:
    """Returns what `work` gives, once no other process is in its way; what SQLite says becomes one sentence.

    Raises:
        StorageError: the file cannot be used, or others kept it for too long.
        DataError: it is damaged.
    """
    try:
        return work()
    except sqlite3.Error as error:
        if not is_busy(error):
            raise explain(error, path) from error
    # SQLite waits by itself, but not in every case: not while another process recovers the log, for one.
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

    patient = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, sqlite3.Error) and is_busy(error)),
        wait=wait_random_exponential(multiplier=0.01, max=0.5),
        stop=stop_after_delay(BUSY_S),
        reraise=True,
    )
    try:
        return patient(work)
    except sqlite3.Error as error:
        raise explain(error, path) from error


def damaged(what: str, path: Path) -> DataError:
    """Returns the sentence for a file whose content is not a cache."""
    return DataError(
        f"the reply cache is damaged: {what}",
        where=path,
        hint="`rvebench judge cache verify --move-aside` keeps the file under another name and saves what can be read",
    )


def making_lock(path: Path) -> FileLock:
    """Returns the lock under which the file appears at its name or leaves it."""
    from filelock import FileLock

    return FileLock(path.with_name(f"{path.name}.lock"), timeout=BUSY_S)


def open_database(path: Path) -> sqlite3.Connection:
    """Returns a connection to the cache at an absolute path; the file is made when there is none.

    Raises:
        UsageError: it lies on a network file system, a later version wrote it, or it is another program's.
        StorageError: the folder or file cannot be written.
        DataError: the file is empty or damaged.
    """
    kind = file_system_of(path.parent)
    if kind in _REMOTE:
        raise UsageError(
            f"the reply cache cannot be on a network file system ({kind}), whose locks SQLite cannot rely on",
            where=path,
            hint=_ELSEWHERE,
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_size == 0:
            raise damaged("it is empty", path)
        # Else a reply that was paid for would be the first to notice.
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            raise PermissionError(13, "it or its folder may not be written")
    except OSError as error:
        raise StorageError(
            f"the reply cache cannot be written: {error.strerror or error}", where=path, hint=_ELSEWHERE
        ) from error
    return patiently(lambda: _connect(path), path)


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: SQLite must not make a file of its own here.
    place = f"{path.as_uri()}?mode=rw"
    connection = sqlite3.connect(place, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _check(connection, path)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise UsageError("this database is not a reply cache of rvebench", where=path, hint="name another file")
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"the reply cache has version {version}, this rvebench knows {SCHEMA_VERSION}",
            where=path,
            hint="install the newer rvebench, or set RVEBENCH_CACHE_DIR to another folder",
        )
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        raise StorageError("the reply cache cannot keep a write-ahead log here", where=path, hint=_ELSEWHERE)
    connection.execute("SELECT digest FROM replies LIMIT 1").fetchone()


def _make(path: Path) -> None:
    from rvebench.storage import promote

    # Made before the lock is asked for: a folder that cannot be written is noticed at once.
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        with making_lock(path):
            if path.exists():
                return
            log = path.with_name(f"{path.name}-wal")
            if log.exists() and log.stat().st_size:
                # SQLite would replay it into the new file.
                raise DataError(
                    "the reply cache is gone, and its write-ahead log is still there",
                    where=log,
                    hint="put the file back beside it, or move the log away",
                )
            promote(fresh, path)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Writes all of its body or nothing; the lock is taken at once, so that no reader has to become a writer."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
