"""The run's one source of truth: `journal.jsonl`, one line a finished unit.

In memory it is an index from key to (status, byte offset); records are read back from the file when asked for, so
that memory stays small whatever the records hold.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from rvebench.storage import LineLog, LogLine, TornTail, read_line_at, read_lines
from rvebench.taxonomy import Status

__all__ = ["JOURNAL_NAME", "RunJournal", "latest_lines"]

JOURNAL_NAME = "journal.jsonl"


class RunJournal:
    """The journal of one run directory.

    The last line of a key counts: a retried unit is appended again, and the older line stays as history.

    Args:
        directory: the run directory.
        read_only: look without opening for appending; a torn tail is left as it is.
    """

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        self._index: dict[bytes, int] = {}
        self._statuses = tuple(Status)
        self._path = directory / JOURNAL_NAME
        self._log = None if read_only else LineLog(self._path, on_line=self._remember_line)
        for item in read_lines(self._path) if read_only else ():
            if not isinstance(item, TornTail):
                self._remember_line(item)

    @property
    def torn(self) -> TornTail | None:
        """The torn line that was dropped on opening, if there was one."""
        return self._log.torn if self._log else None

    def _remember_line(self, line: LogLine) -> None:
        if "key" in line.value:
            self._remember(line.value, line.offset)

    def _remember(self, line: dict[str, Any], offset: int) -> None:
        # One int per unit: a hundred thousand units stay under 15 MB.
        status = self._statuses.index(Status(line["status"]))
        self._index[bytes.fromhex(line["key"])] = offset << 3 | status

    def session(self, event: str, **facts: str | int | float) -> None:
        """Notes when a process began or ended its work here; such lines decide no number."""
        self._append({"unit": "session", "event": event, "time": round(time.time(), 3), "pid": os.getpid(), **facts})

    def record(self, key: str, line: dict[str, Any], *, paid: bool = False) -> None:
        """Appends one finished unit.

        Args:
            key: the unit's key, 32 hex digits.
            line: its fields; `status` is required.
            paid: the unit cost money: return only when the line is on the disk.

        Raises:
            StorageError: the line could not be written; nothing recorded before is lost.
        """
        self._remember({**line, "key": key}, self._append({**line, "key": key}, durable=paid))

    def _append(self, line: dict[str, Any], *, durable: bool = False) -> int:
        assert self._log is not None, "the journal was opened to be read"
        return self._log.append(line, durable=durable)

    def status(self, key: str) -> Status | None:
        """Returns how the unit ended, or None when it was never recorded."""
        entry = self._index.get(bytes.fromhex(key))
        return None if entry is None else self._statuses[entry & 7]

    def get(self, key: str) -> dict[str, Any] | None:
        """Returns the unit's last line, or None."""
        entry = self._index.get(bytes.fromhex(key))
        return None if entry is None else read_line_at(self._path, entry >> 3)

    def __len__(self) -> int:
        """Units with at least one record."""
        return len(self._index)

    def __enter__(self) -> RunJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Flushes and closes the file."""
        if self._log is not None:
            self._log.close()


def latest_lines(directory: Path) -> dict[str, dict[str, Any]]:
    """Returns the last line of every unit, by key, without opening the journal for writing.

    Raises:
        DataError: the journal is damaged in its middle.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in read_lines(directory / JOURNAL_NAME):
        if not isinstance(item, TornTail) and "key" in item.value:
            found[item.value["key"]] = item.value
    return found
