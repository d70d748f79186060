"""Replies that were paid for and accepted, found again by what was asked.

What is guaranteed:

* A reply is found only by a request with the same digest: provider, model, prompt, messages with the hashes of their
  images, sampling, schema and repeat. Repeats never share one.
* Only accepted replies are kept: parsed and valid. Refusals, empty and invalid replies never are.
* The first reply to a question stays. A second one, of another process that asked at the same time, is not kept, so
  that every later reader gets the same answer. Asking only once is the client's work and holds within one process;
  between processes the second finds the first's answer when that was accepted before the second looked.
* Any number of processes may read and write. A write that was committed survives SIGKILL at once, and power loss
  after :data:`rvebench.storage.FSYNC_WITHIN_S`.
* Values of environment variables that hold keys are masked before anything is written, also where a server echoed them.

Each call takes well under a millisecond unless other processes write; a method may wait for them, up to
:data:`rvebench.llm.database.BUSY_S`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, TypeVar

from rvebench.assets import cache_dir
from rvebench.errors import DataError, StorageError
from rvebench.llm.database import open_database, patiently, transaction
from rvebench.llm.entry import Entry, make_entry
from rvebench.llm.flusher import LogFlusher
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.llm.rows import INSERT, SELECT, Row, columns_of, read_row, row_of
from rvebench.redaction import Secrets

__all__ = ["CACHE_NAME", "Imported", "NullCache", "ReplyCache", "SqliteCache", "default_cache_path"]

CACHE_NAME = "replies.sqlite"
_BATCH = 200
"""Rows read or written at a time, so that nobody waits long."""

T = TypeVar("T")

_LEFT_TO_PARENT: list[sqlite3.Connection] = []
"""Connections inherited by fork: to close one here would free the parent's locks."""


class ReplyCache(Protocol):
    """Where a client looks before it asks, and puts what was accepted."""

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the kept reply to the request with this digest.

        Args:
            digest: of the request.
            request: the request itself, for a message that can name it.

        Raises:
            RveError: the cache cannot be used; a miss of a cache that is all there is (:class:`Cassette`).
        """
        ...

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply; does nothing with one that was not accepted, or that came from a cache.

        Raises:
            RveError: it cannot be written.
        """
        ...


class NullCache:
    """Keeps nothing."""

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:  # noqa: ARG002
        return None

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        pass


class Imported(NamedTuple):
    """What became of entries that were merged."""

    added: int
    known: int
    """The same reply was there."""
    different: tuple[str, ...]
    """Digests with another reply here, which stays."""


def default_cache_path() -> Path:
    """Returns where the user's reply cache is or will be."""
    return cache_dir() / CACHE_NAME


class SqliteCache:
    """The cache of this machine: one SQLite file with a write-ahead log.

    Args:
        path: the file, made when there is none; :func:`default_cache_path` when None.
        secrets: what is masked before it is written; the environment's keys when None.

    Safe for threads, for processes, and after a fork.

    Raises:
        UsageError: the file is on a network file system, or of a later version.
        StorageError: the file or its folder cannot be written.
        DataError: the file is damaged; it is left as it is.
    """

    def __init__(self, path: Path | None = None, *, secrets: Secrets | None = None) -> None:
        self.path = (default_cache_path() if path is None else path).expanduser().absolute()
        self._secrets = Secrets(os.environ) if secrets is None else secrets
        self._open()

    def _open(self) -> None:
        self._mutex = threading.RLock()
        self._connection = open_database(self.path)
        self._process = os.getpid()
        self._closed = False
        self._flusher: LogFlusher | None = None

    def __repr__(self) -> str:
        return f"SqliteCache({str(self.path)!r})"

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the kept reply, or None.

        Raises:
            DataError: the row or the file is damaged; nothing is asked again in silence.
            StorageError: the file cannot be read.
        """
        row = self.row(digest)
        if row is None:
            return None
        fault = row.entry.fault()
        if fault:
            about = request.tag if request is not None and request.tag else row.entry.tag
            raise DataError(
                f"the kept reply {digest[:12]}{f' for {about}' if about else ''} is damaged: {fault}",
                where=self.path,
                hint="`rvebench judge cache verify --remove` takes such rows out, so that they are asked again",
            )
        return row.entry.as_reply()

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply unless there is one already.

        Raises:
            StorageError: it cannot be written.
            DataError: the file is damaged.
        """
        if not accepted or reply.from_cache or not reply.text.strip() or reply.finish_reason == "content_filter":
            return
        entry = make_entry(request, reply, made_ms=time.time_ns() // 1_000_000, secrets=self._secrets)
        columns = columns_of(row_of(entry))

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                connection.execute(INSERT, columns)

        self.run(write)
        self._flush_soon()

    def merge(self, entries: Iterable[Entry]) -> Imported:
        """Adds sound entries; of two replies to one question the one that is here stays."""
        added, known, different = 0, 0, []
        for batch in _batches(entries):

            def write(connection: sqlite3.Connection, batch: list[Entry] = batch) -> list[str]:
                with transaction(connection):
                    return [
                        entry.digest
                        for entry in batch
                        if connection.execute(INSERT, columns_of(row_of(entry))).rowcount
                    ]

            fresh = set(self.run(write))
            added += len(fresh)
            for entry in batch:
                if entry.digest in fresh:
                    continue
                row = self.row(entry.digest)
                if row is not None and row.entry.reply == entry.reply:
                    known += 1
                else:
                    different.append(entry.digest)
        if added:
            self._flush_soon()
        return Imported(added, known, tuple(different))

    def row(self, digest: str) -> Row | None:
        """Returns one row as it is."""
        found = self.run(lambda connection: connection.execute(f"{SELECT} WHERE digest = ?", (digest,)).fetchone())
        return None if found is None else read_row(found)

    def rows(self) -> Iterator[Row]:
        """Yields all rows in the order of their digests; others may write meanwhile."""
        last = ""
        while True:
            batch = self.run(partial(_next_rows, last))
            yield from batch
            if len(batch) < _BATCH:
                return
            last = batch[-1].entry.digest

    def remove(self, digests: Iterable[str]) -> int:
        """Removes rows and gives their space back to the file system; returns how many there were."""
        removed = 0
        for batch in _batches(digests):

            def write(connection: sqlite3.Connection, batch: list[str] = batch) -> int:
                with transaction(connection):
                    return connection.executemany(
                        "DELETE FROM replies WHERE digest = ?", [(digest,) for digest in batch]
                    ).rowcount

            removed += self.run(write)
        if removed:
            # As a script: `execute` stops after the first page, for this statement has no columns.
            self.run(lambda connection: connection.executescript("PRAGMA incremental_vacuum"))
            self.run(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        return removed

    def __len__(self) -> int:
        (count,) = self.run(lambda connection: connection.execute("SELECT count(*) FROM replies").fetchone())
        return int(count)

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Returns what `work` gives, once no other process is in its way; faults of the file become one sentence.

        Raises:
            StorageError: the cache is closed, cannot be used, or others kept it for too long.
            DataError: the file is damaged.
        """
        if os.getpid() != self._process:
            _LEFT_TO_PARENT.append(self._connection)
            self._open()
        with self._mutex:
            if self._closed:
                raise StorageError("the reply cache is closed", where=self.path)
            return patiently(lambda: work(self._connection), self.path)

    def _flush_soon(self) -> None:
        with self._mutex:
            if self._flusher is None:
                self._flusher = LogFlusher(self.path)
        self._flusher.wake()

    def close(self) -> None:
        """Puts everything on the disk; a second call does nothing."""
        if os.getpid() != self._process:
            return
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            if self._flusher is not None:
                self._flusher.close()
            self._connection.close()

    def __enter__(self) -> SqliteCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _next_rows(last: str, connection: sqlite3.Connection) -> list[Row]:
    query = f"{SELECT} WHERE digest > ? ORDER BY digest LIMIT {_BATCH}"
    return [read_row(columns) for columns in connection.execute(query, (last,)).fetchall()]


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
