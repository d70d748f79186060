"""Flushes a write-ahead log in groups."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from rvebench.errors import StorageError
from rvebench.storage import FSYNC_WITHIN_S

__all__ = ["LogFlusher"]


class LogFlusher:
    """Flushes the write-ahead log in groups: a flush for each reply would cost milliseconds.

    Only the log is opened here: to close another handle of the database itself would free SQLite's locks on it.
    """

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._failed: OSError | None = None
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reply-cache-fsync", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Asks for a flush within :data:`FSYNC_WITHIN_S`.

        Raises:
            StorageError: an earlier one failed.
        """
        if self._failed is not None:
            raise StorageError(
                f"the reply cache may not have reached the disk: {self._failed.strerror}", where=self._log
            )
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            # Cleared before the look at the end: what is asked for from here on wakes the next turn.
            self._wake.clear()
            ending = self._ending.wait(FSYNC_WITHIN_S / 2)
            self._flush()
            if ending:
                return

    def _flush(self) -> None:
        try:
            handle = os.open(self._log, os.O_RDONLY)
        except OSError:
            return  # Checkpointed, and so flushed, by the last to close.
        try:
            os.fsync(handle)
        except OSError as error:
            self._failed = error
        finally:
            os.close(handle)

    def close(self) -> None:
        """Flushes and ends."""
        self._ending.set()
        self._wake.set()
        self._thread.join()
