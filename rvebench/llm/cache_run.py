"""Replies kept in a run directory, for a run that keeps none elsewhere (`--cache off`).

A verdict may need several calls. One that was killed half-way has paid for some of them, and the journal knows nothing
of it yet: those replies are here, and only this run reads them.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType

from rvebench.errors import DataError
from rvebench.llm.cache import NullCache, ReplyCache
from rvebench.llm.entry import Entry, make_entry
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.redaction import Secrets
from rvebench.storage import LineLog, LogLine, read_lines

__all__ = ["RUN_REPLIES_NAME", "RunReplies", "keeps_in_run", "replies_of_run"]

RUN_REPLIES_NAME = "kept-replies.jsonl"
"""In a run directory: one :class:`~rvebench.llm.entry.Entry` a line."""
_FIELDS = {field.name for field in fields(Entry)}


def keeps_in_run(cache: ReplyCache, directory: Path) -> bool:
    """Returns whether a run must look into its own replies: it keeps them there now, or did before."""
    return isinstance(cache, NullCache) or (directory / RUN_REPLIES_NAME).exists()


def replies_of_run(directory: Path) -> dict[str, Entry]:
    """Returns the replies that a run keeps itself, by digest; of two to one question the first.

    Raises:
        DataError: a line is damaged.
    """
    path = directory / RUN_REPLIES_NAME
    found: dict[str, Entry] = {}
    for line in read_lines(path):
        if isinstance(line, LogLine):
            entry = _sound_entry(line, path)
            found.setdefault(entry.digest, entry)
    return found


def _sound_entry(line: LogLine, path: Path) -> Entry:
    entry = Entry(**line.value) if line.value.keys() == _FIELDS else None
    fault = "it is not a question and its reply" if entry is None else entry.fault()
    if entry is None or fault:
        raise DataError(
            f"a reply that was kept for this run is damaged: {fault}",
            where=f"{path}:{line.number}",
            hint="restore the file from a copy, or remove it: what no verdict holds yet is then paid for again",
        )
    return entry


class RunReplies:
    """The replies of one run, in front of a cache. A line is on the disk before :meth:`put` returns.

    Args:
        inner: asked for what the run does not have; where it keeps nothing, accepted replies are kept here, else there.
        directory: the run directory, which only this process writes to.
        secrets: what is masked before it is written; the environment's keys when None.

    Raises:
        DataError: a line is damaged.
        StorageError: the file cannot be written.
    """

    def __init__(self, inner: ReplyCache, directory: Path, *, secrets: Secrets | None = None) -> None:
        self._inner = inner
        self._keeps = isinstance(inner, NullCache)
        self._path = directory / RUN_REPLIES_NAME
        self._secrets = Secrets(os.environ) if secrets is None else secrets
        self._replies: dict[str, Reply] = {}
        self._log = LineLog(self._path, on_line=self._read)

    def _read(self, line: LogLine) -> None:
        entry = _sound_entry(line, self._path)
        self._replies.setdefault(entry.digest, entry.as_reply())

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the run's reply, else the inner cache's; see :meth:`ReplyCache.get`."""
        kept = self._replies.get(digest)
        return self._inner.get(digest, request) if kept is None else kept

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply; the first to a question stays. See :meth:`ReplyCache.put`.

        Raises:
            StorageError: it cannot be written.
        """
        if not self._keeps:
            self._inner.put(request, reply, accepted=accepted)
            return
        if not accepted or reply.from_cache or request.digest in self._replies:
            return
        entry = make_entry(request, reply, made_ms=time.time_ns() // 1_000_000, secrets=self._secrets)
        # The texts as they are: taken apart, half a letter at the end of a cut reply would not come back.
        self._log.append(asdict(entry), durable=True)
        self._replies[request.digest] = entry.as_reply()

    def close(self) -> None:
        """Closes the file, not the inner cache."""
        self._log.close()

    def __enter__(self) -> RunReplies:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
