"""Cassettes: kept replies in one JSONL file, for runs that must not ask anybody.

The first line names the format, the last one counts the replies, so that a shortened file is noticed; each line between
is one :class:`~rvebench.llm.entry.Entry`. Lines stand in the order of their digests: equal replies make equal files,
byte for byte, compressed or not.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.llm.cache import NullCache, ReplyCache, SqliteCache
from rvebench.llm.entry import Entry
from rvebench.llm.faults import FatalCallError
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.records import canonical_json
from rvebench.redaction import Secrets
from rvebench.storage import promote

__all__ = ["Cassette", "is_cassette_name", "open_cache", "read_cassette", "write_cassette"]

_FORMAT = 1
_LONGEST_LINE = 64 * 2**20
_AGAIN = "export it again, or fetch it again"


def is_cassette_name(path: Path) -> bool:
    """Returns whether a file of this name is a cassette."""
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def write_cassette(path: Path, entries: Iterable[Entry], *, secrets: Secrets | None = None) -> int:
    """Writes sound entries to a file that appears whole or not at all; returns how many.

    Args:
        path: ends in `.jsonl` or `.jsonl.gz`.
        entries: in the order of their digests.
        secrets: what is masked once more; the environment's keys when None.

    Raises:
        UsageError: the name has another ending.
        DataError: an entry is damaged; nothing is written.
        StorageError: the file cannot be written.
    """
    if not is_cassette_name(path):
        raise UsageError("a cassette's name ends in .jsonl or .jsonl.gz", where=path, hint="choose such a name")
    secrets = Secrets(os.environ) if secrets is None else secrets
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            with _writing(fresh) as file:
                count = _write(file, entries, secrets, where=path)
            promote(fresh, path)
    except OSError as error:
        raise StorageError(
            f"the cassette cannot be written: {error.strerror or error}", where=path, hint="choose another place"
        ) from error
    return count


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if not path.name.endswith(".gz"):
            yield file
            return
        # No name and no time in the header: they would make equal cassettes differ.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast("IO[bytes]", packed)


def _write(file: IO[bytes], entries: Iterable[Entry], secrets: Secrets, *, where: Path) -> int:
    def write(value: dict[str, Any]) -> None:
        file.write(f"{canonical_json(value)}\n".encode())

    count, last = 0, ""
    write({"cassette": _FORMAT})
    for entry in entries:
        fault = entry.fault()
        if fault:
            raise DataError(
                f"the reply {entry.digest[:12]} cannot go into it: {fault}",
                where=where,
                hint="`rvebench judge cache verify` names every such reply",
            )
        assert entry.digest > last, "entries come in the order of their digests"
        write(entry.masked(secrets).as_json())
        count, last = count + 1, entry.digest
    write({"replies": count})
    return count


def read_cassette(path: Path) -> Iterator[Entry]:
    """Yields the entries of a cassette, each checked; memory does not grow with the file.

    Raises:
        UsageError: there is no such file.
        DataError: it is not a cassette, a line is damaged, or its end is missing; names the line.
    """
    number, count, ended = 0, 0, False
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if ended:
                    raise ValueError("a line stands after the end")
                value = json.loads(line)
                if number == 1:
                    _check_head(value)
                elif isinstance(value, dict) and value.keys() == {"replies"}:
                    ended = True
                    if value["replies"] != count:
                        raise ValueError(f"it holds {count} replies, not {value['replies']}")
                else:
                    entry = Entry.from_json(value)
                    fault = entry.fault()
                    if fault:
                        raise ValueError(fault)
                    count += 1
                    yield entry
    except FileNotFoundError:
        raise UsageError("the cassette is not there", where=path, hint="check the path") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"the cassette cannot be read: {error}", where=path, hint=_AGAIN) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"not a sound cassette: {error}", where=f"{path}:{number}", hint=_AGAIN) from None
    if not ended:
        raise DataError("the cassette is cut short: its last line is missing", where=path, hint=_AGAIN)


def _check_head(value: Any) -> None:
    if not isinstance(value, dict) or "cassette" not in value:
        raise ValueError("its first line is not that of a cassette")
    if value["cassette"] != _FORMAT:
        raise ValueError(f"its format is {value['cassette']}, this version reads {_FORMAT}")


class Cassette:
    """A cache that only plays: a question it holds no answer to stops the run instead of costing money.

    Args:
        path: the file.

    Raises:
        UsageError: there is no such file.
        DataError: it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = {entry.digest: entry for entry in read_cassette(path)}

    def __repr__(self) -> str:
        return f"Cassette({str(self.path)!r})"

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply:
        """Returns the recorded reply.

        Raises:
            FatalCallError: there is none.
        """
        entry = self._entries.get(digest)
        if entry is None:
            raise self._miss(digest, request)
        return entry.as_reply()

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Does nothing: every reply came from here."""

    def _miss(self, digest: str, request: ChatRequest | None) -> FatalCallError:
        what = f"it holds no reply to the request {digest[:12]}"
        if request is not None:
            tag = f" for {request.tag}" if request.tag else ""
            what = f"it holds no reply of {request.model}{tag} (request {digest[:12]}, repeat {request.repeat})"
            what += self._why(request)
        return FatalCallError(
            what,
            where=self.path,
            hint="run once with the network, then `rvebench judge cache export` makes a cassette with it",
        )

    def _why(self, request: ChatRequest) -> str:
        """Returns what differs from all that was recorded, where one thing does."""
        questions = [entry.question() for entry in self._entries.values()]
        if request.model not in {question["model"] for question in questions}:
            models = ", ".join(sorted({question["model"] for question in questions})) or "nothing"
            return f"; recorded was {models}"
        if request.prompt_sha256 not in {question["prompt"] for question in questions}:
            return "; it was recorded with other prompts"
        if request.tag and request.tag in {entry.tag for entry in self._entries.values()}:
            return "; it was recorded with other frames, texts or settings"
        return ""


def open_cache(where: str | Path | None = None, *, secrets: Secrets | None = None) -> ReplyCache:
    """Returns the cache that a person names.

    Args:
        where: None for the user's cache; `off` for none; a name that ends in `.jsonl` or `.jsonl.gz` for a cassette;
            else a cache file.
        secrets: what a cache masks before it writes; the environment's keys when None.

    Raises:
        RveError: it cannot be used; see :class:`SqliteCache` and :class:`Cassette`.
    """
    if where is None:
        return SqliteCache(secrets=secrets)
    if str(where) == "off":
        return NullCache()
    path = Path(where)
    return Cassette(path) if is_cassette_name(path) else SqliteCache(path, secrets=secrets)
