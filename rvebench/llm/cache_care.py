"""Looking after a reply cache: checking it, saving what can be read, forgetting what is old."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import DataError, StorageError
from rvebench.llm.cache import SqliteCache
from rvebench.llm.database import making_lock
from rvebench.llm.entry import Entry
from rvebench.llm.rows import SELECT, read_row

__all__ = ["Checked", "Fault", "Forgotten", "Rescued", "check_cache", "forget", "move_aside"]

_SMALLEST_ROW_BYTES = 400
"""Three hashes and the JSON of the shortest question and reply take more."""


class Fault(NamedTuple):
    """A row that is not sound."""

    digest: str
    tag: str
    what: str


class Checked(NamedTuple):
    """What a check found."""

    replies: int
    """Rows looked at."""
    masked: int
    """Sound rows whose digest cannot be computed again, since a secret was taken out of their question."""
    faults: tuple[Fault, ...]
    file_faults: tuple[str, ...]
    """What SQLite itself finds wrong with the file."""

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not self.faults and not self.file_faults


def check_cache(cache: SqliteCache, *, progress: Callable[[int], None] | None = None) -> Checked:
    """Recomputes every checksum and digest, and lets SQLite check its file.

    Raises:
        StorageError: the file cannot be read.
    """
    replies, masked, faults = 0, 0, []
    file_faults: list[str] = []
    try:
        found = cache.run(lambda connection: connection.execute("PRAGMA integrity_check(20)").fetchall())
        file_faults = [str(line) for (line,) in found if line != "ok"]
        for row in cache.rows():
            replies += 1
            fault = row.fault()
            if fault:
                faults.append(Fault(row.entry.digest, row.entry.tag, fault))
            elif "masked" in row.entry.question():
                masked += 1
            if progress is not None:
                progress(replies)
    except DataError as error:
        file_faults.append(error.what)
    return Checked(replies, masked, tuple(faults), tuple(file_faults))


class Forgotten(NamedTuple):
    """What was or would be removed."""

    digests: tuple[str, ...]
    size_bytes: int
    """What they take of the file."""
    kept: int
    kept_bytes: int


def forget(
    cache: SqliteCache,
    *,
    now_ms: int,
    older_than_s: float | None = None,
    max_bytes: int | None = None,
    models: Iterable[str] = (),
    dry_run: bool = False,
) -> Forgotten:
    """Removes replies: those that are too old, then the oldest until the file is small enough.

    Args:
        cache: the cache.
        now_ms: the time, in milliseconds since 1970.
        older_than_s: remove replies kept longer ago than this.
        max_bytes: remove the oldest until the file holds at most this much.
        models: only replies of these models are removed; all when empty. Without the two limits, all of theirs.
        dry_run: change nothing.
    """
    chosen = frozenset(models)

    def survey(connection: sqlite3.Connection) -> tuple[int, list[tuple[str, str, int, int]]]:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        sizes = "length(CAST(request AS BLOB)) + length(CAST(reply AS BLOB))"
        rows = connection.execute(
            f"SELECT digest, model, made_ms, {sizes} FROM replies ORDER BY made_ms, digest"  # noqa: S608 - constants
        ).fetchall()
        return (pages - free) * page_bytes, rows

    used, rows = cache.run(survey)
    # Pages hold more than the texts: each reply answers for its part of the whole.
    per_byte = used / max(1, sum(size for *_, size in rows))
    left = float(used)
    gone: list[tuple[str, float]] = []
    for digest, model, made_ms, size in rows:
        if chosen and model not in chosen:
            continue
        old = older_than_s is not None and made_ms < now_ms - older_than_s * 1000
        large = max_bytes is not None and left > max_bytes
        if old or large or (older_than_s is None and max_bytes is None and chosen):
            gone.append((digest, size * per_byte))
            left -= size * per_byte
    if not dry_run:
        cache.remove(digest for digest, _ in gone)
    size_bytes = round(sum(size for _, size in gone))
    return Forgotten(tuple(digest for digest, _ in gone), size_bytes, len(rows) - len(gone), used - size_bytes)


class Rescued(NamedTuple):
    """What became of a damaged cache."""

    moved_to: Path
    replies: int
    """Sound replies that could be read from it and are in the new file."""


def move_aside(path: Path, *, stamp: str) -> Rescued:
    """Gives a damaged cache file another name, and makes a new one with every sound reply that can still be read.

    No run may use the cache meanwhile.

    Args:
        path: the cache.
        stamp: ends the new name.

    Raises:
        StorageError: the file cannot be moved, or there is one of that name.
    """
    path = path.expanduser().absolute()
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    if not path.is_file():
        raise StorageError("there is no file to move", where=path)
    try:
        with making_lock(path):
            if aside.exists():
                raise StorageError("there is a file of this name already", where=aside, hint="try again in a second")
            # The log last: were it alone after a kill, no new file is made beside it (see `database`).
            path.rename(aside)
            for ending in ("-shm", "-wal"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise StorageError(f"the cache cannot be moved: {error.strerror or error}", where=path) from error
    with SqliteCache(path) as fresh:
        return Rescued(aside, fresh.merge(_readable(aside)).added)


def _readable(path: Path) -> Iterator[Entry]:
    """Yields the sound entries of a damaged file, row by row: those on damaged pages are passed over."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with suppress(sqlite3.Error):
            # Else a file shorter than it should be is not read at all.
            connection.execute("PRAGMA writable_schema=ON")
        for number in range(1, _rows_at_most(connection, path) + 1):
            with suppress(sqlite3.Error):
                found = connection.execute(f"{SELECT} WHERE rowid = ?", (number,)).fetchone()
                if found is not None and not read_row(found).fault():
                    yield read_row(found).entry


def _rows_at_most(connection: sqlite3.Connection, path: Path) -> int:
    """Returns a number that no row number exceeds, unless very many rows before it were removed."""
    with suppress(sqlite3.Error):
        (highest,) = connection.execute("SELECT max(rowid) FROM replies").fetchone()
        return int(highest or 0)
    last = 0
    with suppress(sqlite3.Error):
        for (number,) in connection.execute("SELECT rowid FROM replies NOT INDEXED ORDER BY rowid"):
            last = number
    return last + path.stat().st_size // _SMALLEST_ROW_BYTES
