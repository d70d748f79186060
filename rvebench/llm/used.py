"""Which kept replies a run used, so that its cassette can be made from the cache later."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from rvebench.llm.cache import ReplyCache
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.storage import LineLog, LogLine, read_lines

__all__ = ["USED_NAME", "RunDigests", "TrackedCache", "digests_of_run"]

USED_NAME = "replies.jsonl"
"""In a run directory: one line for each reply that was found in the cache or put there."""

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class TrackedCache:
    """A cache that notes in a run directory which replies were used.

    Args:
        inner: the cache.
        directory: the run directory, which only this process writes to.
    """

    def __init__(self, inner: ReplyCache, directory: Path) -> None:
        self._inner = inner
        self._seen: set[str] = set()
        self._log = LineLog(directory / USED_NAME, on_line=lambda line: self._seen.add(line.value["reply"]))

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the kept reply; see :meth:`ReplyCache.get`."""
        reply = self._inner.get(digest, request)
        if reply is not None:
            self._note(digest)
        return reply

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply; see :meth:`ReplyCache.put`."""
        self._inner.put(request, reply, accepted=accepted)
        if accepted:
            self._note(request.digest)

    def _note(self, digest: str) -> None:
        if digest not in self._seen:
            self._seen.add(digest)
            self._log.append({"reply": digest})

    def close(self) -> None:
        """Closes the note, not the cache."""
        self._log.close()

    def __enter__(self) -> TrackedCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RunDigests(NamedTuple):
    """Digests found in a run directory."""

    noted: AbstractSet[str]
    """Of replies the run is known to have used."""
    named: AbstractSet[str]
    """Everything that may be one: each 64-digit hash in the run's journals."""


def digests_of_run(directory: Path) -> RunDigests:
    """Returns the digests that stand in a run's journals.

    Raises:
        DataError: the note of used replies is damaged.
    """
    noted = {item.value["reply"] for item in read_lines(directory / USED_NAME) if isinstance(item, LogLine)}
    named: set[str] = set(noted)
    for path in sorted(directory.glob("*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                named.update(match.decode() for match in _DIGEST.findall(line))
    return RunDigests(noted, named)
