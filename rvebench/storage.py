"""Durable files: atomic replace, append-one-line journals, one writer at a time.

Trade-offs, so that nobody has to rediscover them:

* SIGKILL loses nothing the kernel has: a line is one `write(2)`, so that a dead process leaves whole lines and at
  most one torn last one. Power loss does: `fsync` guards against it, at once for lines marked durable (they were paid
  for), else within :data:`FSYNC_WITHIN_S` for all lines since the last one.
* Each line ends in a CRC-32 of its own text. A bad *last* line is a torn write: it is dropped, cut off before the
  next append, and reported. A bad line with good lines after it is corruption and stops the reader.
* A short write (disk full, file size limit) is rolled back to the end of the last whole line before the error is
  raised, so that what was recorded stays readable.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from rvebench.errors import DataError, LockedError, StorageError
from rvebench.records import canonical_json

__all__ = [
    "FSYNC_WITHIN_S",
    "LineLog",
    "LogLine",
    "TornTail",
    "atomic_write_bytes",
    "atomic_write_text",
    "exclusive_lock",
    "promote",
    "read_json",
    "read_line_at",
    "read_lines",
    "share_file",
]

FSYNC_WITHIN_S = 0.2


class LogLine(NamedTuple):
    """One whole line of a journal."""

    number: int
    """From 1."""
    value: dict[str, Any]
    offset: int
    """Byte position of its first character."""


class TornTail(NamedTuple):
    """What a reader dropped at the end of a journal."""

    offset: int
    """Bytes of whole lines before it."""
    size_bytes: int


def _fsync_dir(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write: {error.strerror or error}",
        where=path,
        hint="free some space or choose another folder, then run the same command again: what was recorded is kept",
    )


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Replaces `path` with `data`: readers see the old file or the new one, also after power loss.

    Raises:
        StorageError: the file cannot be written; the old one is untouched.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        _fsync_dir(path.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def atomic_write_text(path: Path, text: str) -> None:
    """Replaces `path` with `text` in UTF-8; see :func:`atomic_write_bytes`."""
    atomic_write_bytes(path, text.encode())


def promote(temporary: Path, path: Path) -> None:
    """Makes a finished file durable and moves it to its final name in the same file system.

    Raises:
        StorageError: the move or the flush failed.
    """
    try:
        handle = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
        _fsync_dir(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def share_file(source: Path, path: Path) -> None:
    """Makes `path` another name of `source`, or a copy where the file system has no hard links.

    Raises:
        StorageError: neither can be made.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and path.samefile(source):
            # To rename one name of a file over another does nothing, and would leave both.
            return
        fresh.unlink(missing_ok=True)
        try:
            os.link(source, fresh)
        except OSError:
            shutil.copyfile(source, fresh)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def read_json(path: Path) -> Any:
    """Returns the JSON value of a file.

    Raises:
        DataError: the file is not there, not UTF-8, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("the file is not there", where=path) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise DataError(f"not a JSON file: {error}", where=path) from None


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Holds an advisory lock on `path`; the kernel frees it when the process dies, however it dies.

    Raises:
        LockedError: another process holds it.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(
            "another process works in this directory",
            where=path.parent,
            hint="wait for it, stop it, or choose another --out",
        ) from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _seal(value: dict[str, Any]) -> bytes:
    # Half a surrogate pair (a cut reply, a file name that is not UTF-8) cannot be written: it becomes a question mark.
    body = canonical_json(value).encode(errors="replace").decode()
    joint = "," if value else ""
    return f'{body[:-1]}{joint}"crc":"{zlib.crc32(body.encode()):08x}"}}\n'.encode()


def _unseal(line: bytes) -> dict[str, Any] | None:
    """Returns the line's value, or None when the line is not what `_seal` wrote."""
    tail = len('"crc":"00000000"}')
    try:
        value = json.loads(line)
        if not isinstance(value, dict):
            return None
        crc = value.pop("crc", None)
        body = line[:-tail].rstrip(b",") + b"}"
    except ValueError:
        return None
    return value if crc == f"{zlib.crc32(body):08x}" else None


def read_lines(path: Path) -> Iterator[LogLine | TornTail]:
    """Yields the whole lines of a journal in order, and at the end the torn tail, if there is one.

    Memory does not grow with the file.

    Raises:
        DataError: a bad line stands before a good one: the file was damaged, not interrupted.
    """
    offset = 0
    bad: tuple[int, int] | None = None
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, start=1):
            value = _unseal(line[:-1]) if line.endswith(b"\n") else None
            if bad is not None:
                raise DataError(
                    "the journal is damaged: a line that fails its checksum stands before others",
                    where=f"{path}:{bad[0]}",
                    hint="restore the file from a copy, or delete that line to run its unit again",
                )
            if value is None:
                bad = (number, offset)
            else:
                yield LogLine(number, value, offset)
            offset += len(line)
    if bad is not None:
        yield TornTail(bad[1], offset - bad[1])


def read_line_at(path: Path, offset: int) -> dict[str, Any]:
    """Returns the journal line that starts at byte `offset`.

    Raises:
        DataError: no whole line starts there.
    """
    with path.open("rb") as file:
        file.seek(offset)
        value = _unseal(file.readline().rstrip(b"\n"))
    if value is None:
        raise DataError("the journal changed while it was open", where=f"{path} at byte {offset}")
    return value


class LineLog:
    """An append-only journal of JSON objects, one a line.

    Args:
        path: the file; made when absent. A torn tail is cut off on opening (see :attr:`torn`).
        on_line: called with each whole line the file already holds.

    Appends may come from several threads of one process; several processes must not share a log (hold
    :func:`exclusive_lock`).
    """

    def __init__(self, path: Path, *, on_line: Callable[[LogLine], None] | None = None) -> None:
        self.path = path
        self.torn: TornTail | None = None
        """What was cut off on opening."""
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._closed = False
        self._dirty = False
        self._failed: OSError | None = None
        for item in read_lines(path):
            if isinstance(item, TornTail):
                self.torn = item
            elif on_line is not None:
                on_line(item)
        try:
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
            if self.torn is not None:
                os.ftruncate(self._handle, self.torn.offset)
            self._end = os.lseek(self._handle, 0, os.SEEK_END)
        except OSError as error:
            raise _cannot_write(path, error) from error
        self._flusher = threading.Thread(target=self._flush_in_groups, name="journal-fsync", daemon=True)
        self._flusher.start()

    def append(self, value: dict[str, Any], *, durable: bool = False) -> int:
        """Appends one line and returns its offset.

        Args:
            value: a JSON object without the key `crc`.
            durable: return only after the line is on the disk.

        Raises:
            StorageError: the line could not be written whole; the file ends with the line before it.
        """
        line = _seal(value)
        with self._mutex:
            if self._failed is not None:
                raise _cannot_write(self.path, self._failed)
            try:
                written = os.pwrite(self._handle, line, self._end)
                if written != len(line):
                    written += os.pwrite(self._handle, line[written:], self._end + written)
                if written != len(line):
                    raise OSError(28, "no space left for a whole line")
                if durable:
                    os.fsync(self._handle)
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, self._end)
                raise _cannot_write(self.path, error) from error
            offset = self._end
            self._end += len(line)
            self._dirty = not durable
        if not durable:
            self._wake.set()
        return offset

    def _flush_in_groups(self) -> None:
        while True:
            self._wake.wait()
            # Cleared before the look at the end: a close right after that look wakes the next turn.
            self._wake.clear()
            if self._ending.wait(FSYNC_WITHIN_S / 2):
                return
            self.flush()

    def flush(self) -> None:
        """Puts every line so far on the disk. A failure surfaces at the next append."""
        with self._mutex:
            if not self._dirty or self._closed:
                return
            self._dirty = False
            handle = os.dup(self._handle)
        try:
            os.fsync(handle)
        except OSError as error:
            self._failed = error
        finally:
            os.close(handle)

    def close(self) -> None:
        """Flushes and closes; a second call does nothing.

        Raises:
            StorageError: the last lines may not have reached the disk.
        """
        if self._closed:
            return
        self.flush()
        with self._mutex:
            self._closed = True
            os.close(self._handle)
        self._ending.set()
        self._wake.set()
        self._flusher.join()
        if self._failed is not None:
            raise _cannot_write(self.path, self._failed)

    def __enter__(self) -> LineLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
