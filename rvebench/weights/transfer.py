"""One try to receive a file over HTTP into a partial file, with everything that can go wrong named."""

from __future__ import annotations

import contextlib
import email.utils
import errno
import importlib
import io
import json
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rvebench.errors import StorageError
from rvebench.storage import atomic_write_text

__all__ = ["Broken", "Partial", "Patience", "Refused", "Wanted", "WrongContent", "receive"]

_RETRIED = {408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often a source is tried."""

    attempts: int = 5
    """Failures in a row; a try that brought a mebibyte starts the count again."""
    backoff_s: float = 1.0
    """Before the second try; doubles each time."""
    longest_wait_s: float = 60.0
    """A server that asks for more is given up."""
    silence_s: float = 30.0
    """Without a byte, or a connection."""
    window_s: float = 60.0
    slowest_bytes_s: float = 4096.0
    """A connection that is slower over `window_s` is closed and opened again."""


class Broken(Exception):  # noqa: N818 - never leaves the room
    """The connection failed; another try may work.

    Args:
        text: how it failed.
        wait_s: what the server asked for.
    """

    def __init__(self, text: str, wait_s: float | None = None) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class Refused(Exception):  # noqa: N818 - never leaves the room
    """The source does not have the file, or not for us; no other try will work."""


class WrongContent(Exception):  # noqa: N818 - never leaves the room
    """What came is not the file."""


class Wanted(Protocol):
    """What must be known of a file to fetch it; a :class:`rvebench.weights.WeightFile` says it."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def sha256(self) -> str | None:
        """64 hexadecimal digits, where they are known."""

    @property
    def size_bytes(self) -> int | None:
        """Where it is known."""


class Partial:
    """A file that is not whole yet, and what its server said about it.

    Args:
        path: the file's name; this one is kept as `NAME.part`, with `NAME.part.json` beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".part")
        self._note = path.with_name(path.name + ".part.json")
        self.validator: str | None = None
        """A strong ETag, or the time of last change: says whether the server still has the same file."""
        self.pieced = False
        """More than one answer went into it."""
        self._total: int | None = None

    def prepare(self, url: str, *, fresh: bool) -> None:
        """Takes up what an earlier try left, or forgets it.

        Args:
            url: where the rest will come from; a validator counts for its own URL alone.
            fresh: start from nothing.

        Raises:
            StorageError: the folder cannot be written.
        """
        if fresh or not self.size():
            self.remove()
        else:
            note = self._read_note()
            same = note.get("url") == url
            validator, total = note.get("validator"), note.get("total")
            self.validator = validator if same and isinstance(validator, str) else None
            self._total = total if self.validator is not None and isinstance(total, int) else None
            self.pieced = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def is_whole(self, size_bytes: int | None) -> bool:
        """Returns whether as many bytes are here as the record, else the server, says."""
        wanted = self._total if size_bytes is None else size_bytes
        return wanted is not None and self.size() == wanted

    def _read_note(self) -> Mapping[str, object]:
        try:
            found = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, url: str, validator: str | None, total: int | None) -> None:
        """Keeps what the server of a new partial file said: the file's validator and its size.

        Raises:
            StorageError: it cannot be written.
        """
        self.validator, self._total, self.pieced = validator, total, False
        atomic_write_text(self._note, json.dumps({"url": url, "validator": validator, "total": total}))

    def size(self) -> int:
        """Returns the bytes that are here."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def remove(self) -> None:
        """Forgets what is here."""
        self.validator, self._total, self.pieced = None, None, False
        for path in (self.path, self._note):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def receive(
    url: str, part: Partial, file: Wanted, progress: Callable[[int, int | None], None], patience: Patience
) -> None:
    """Makes `part` whole, from where it ends.

    Raises:
        Broken: the connection failed, was cut, stood still, or the server asks to come again.
        Refused: the server says no, or sends a page.
        WrongContent: the file there has another size.
        StorageError: the disk is full; what came stays.
    """
    http = importlib.import_module("httpx2")
    timeout = http.Timeout(patience.silence_s)
    if part.size() and (
        (part.validator is None and file.sha256 is None) or part.size() > (file.size_bytes or math.inf)
    ):
        part.remove()  # nothing would say that the rest belongs to it
    start = part.size()
    headers = {"Accept-Encoding": "identity", "User-Agent": "rvebench"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if part.validator is not None:
            headers["If-Range"] = part.validator
    try:
        with (
            http.Client(timeout=timeout, follow_redirects=True, max_redirects=10) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            _check_redirects(url, response)
            _take(url, response, part, file, progress, patience, start)
    except http.TooManyRedirects:
        raise Refused("it sends from one address to the next without end") from None
    except http.UnsupportedProtocol:
        raise Refused("it sends to an address that is not http(s)") from None
    except http.HTTPError as error:
        text = str(error).strip()
        raise Broken(f"the connection failed ({type(error).__name__}{f': {text[:200]}' if text else ''})") from None


def _check_redirects(url: str, response: Any) -> None:
    hops = [str(step.url) for step in (*response.history, response)]
    if url.startswith("https://") and not all(hop.startswith("https://") for hop in hops):
        raise Refused("it sends to an address without encryption")


def _take(
    url: str,
    response: Any,
    part: Partial,
    file: Wanted,
    progress: Callable[[int, int | None], None],
    patience: Patience,
    start: int,
) -> None:
    code = response.status_code
    if code == 416 and start:
        raise WrongContent(f"the source has no more than the {start} bytes that are here")
    if code in _RETRIED:
        raise Broken(f"HTTP {code}", _retry_after(response.headers.get("retry-after")))
    if code not in (200, 206):
        raise Refused(f"HTTP {code}")
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in _PAGES:
        raise Refused(f"it sends a web page ({kind}) instead of the file")
    validator = _validator(response.headers)
    length = _number(response.headers.get("content-length"))
    total = length
    if code == 206:
        first, total = _content_range(response.headers.get("content-range"))
        changed = part.validator is not None and validator is not None and validator != part.validator
        if not start or first != start or changed:
            part.remove()
            raise Broken("the server sent another part of the file than was asked for", 0.0)
        part.pieced = True
    else:
        start = 0
    expected = file.size_bytes or total
    if None not in (total, file.size_bytes) and total != file.size_bytes:
        raise WrongContent(f"the file there has {total} bytes, not {file.size_bytes}")
    if expected is None and file.sha256 is None and "chunked" not in response.headers.get("transfer-encoding", ""):
        raise Refused("it does not say how long the file is, and no sum is pinned: a cut file could not be told")
    _check_space(part, expected, start)
    if code == 200:
        part.note(url, validator, total)
    _write(response, part, start, expected, progress, patience)


def _write(
    response: Any,
    part: Partial,
    start: int,
    expected: int | None,
    progress: Callable[[int, int | None], None],
    patience: Patience,
) -> None:
    done = start
    since, base = time.monotonic(), start
    with _opened(part.path, start) as out:
        progress(done, expected)
        for chunk in response.iter_raw():
            if expected is not None and done + len(chunk) > expected:
                raise WrongContent(f"more than {expected} bytes come")
            if done == 0 and re.match(rb"\s*(<!doctype html|<html)", chunk[:200], re.IGNORECASE):
                raise Refused("it sends a web page instead of the file")
            _append(out, chunk, part.path)
            done += len(chunk)
            progress(done, expected)
            now = time.monotonic()
            if now - since >= patience.window_s:
                if done - base < patience.slowest_bytes_s * (now - since):
                    raise Broken(f"it sends less than {patience.slowest_bytes_s:.0f} bytes a second")
                since, base = now, done
    if expected is not None and done < expected:
        raise Broken(f"the connection ended after {done} of {expected} bytes")


def _opened(path: Path, start: int) -> io.FileIO:
    try:
        out = io.FileIO(path, "r+" if start else "w")
        out.seek(start)
    except OSError as error:
        raise _cannot_write(path, error) from None
    return out


def _append(out: io.FileIO, chunk: bytes, path: Path) -> None:
    """Writes a chunk whole; a full disk may take a part of it first."""
    left = memoryview(chunk)
    try:
        while left:
            left = left[out.write(left) :]
    except OSError as error:
        raise _cannot_write(path, error) from None


def _check_space(part: Partial, expected: int | None, start: int) -> None:
    if expected is None:
        return
    free = shutil.disk_usage(part.path.parent).free
    if free < expected - start:
        raise StorageError(
            f"the disk is too full: {(expected - start) / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB free",
            where=part.path.parent,
            hint="free some space, or set RVEBENCH_WEIGHTS_DIR to another disk",
        )


def _cannot_write(path: Path, error: OSError) -> StorageError:
    if error.errno in _FULL:
        hint = "free some space, or set RVEBENCH_WEIGHTS_DIR to another disk; what came is kept for the next try"
        return StorageError(f"the disk is full ({os.strerror(error.errno or 0)})", where=path, hint=hint)
    return StorageError(
        f"cannot write: {error.strerror or error}", where=path, hint="set RVEBENCH_WEIGHTS_DIR to another folder"
    )


def _validator(headers: Mapping[str, str]) -> str | None:
    """Returns what `If-Range` may carry: a strong ETag, else the time of last change (RFC 9110, 13.1.5)."""
    tag = headers.get("etag", "")
    if tag.startswith('"') and tag.endswith('"') and len(tag) > 2:
        return tag
    return None if tag else headers.get("last-modified") or None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,18}", text.strip()) else None


def _content_range(text: str | None) -> tuple[int | None, int | None]:
    found = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", (text or "").strip())
    if found is None:
        return None, None
    return int(found[1]), None if found[3] == "*" else int(found[3])


def _retry_after(text: str | None) -> float | None:
    """Returns the seconds a Retry-After header asks for: a number, or a date."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text.strip()):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
