"""Fetches a file: from the first source that has it, whole or not at all, going on where an earlier try stopped.

What was fetched so far stays in `partial/` with the validator its server gave. A later try asks for the rest with
`If-Range`; a server that has another file by now, or knows no ranges, sends all of it. The name in the folder appears
only after size and sum were compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from rvebench.errors import EXIT_FAILED, DataError, RveError, UsageError
from rvebench.storage import promote
from rvebench.weights.catalogue import WeightFile
from rvebench.weights.store import MissingWeightsError, WeightPath, WeightStore, sha256_of
from rvebench.weights.transfer import Broken, Partial, Patience, Refused, Wanted, WrongContent, receive

__all__ = ["DownloadError", "OfflineError", "Patience", "RemoteFile", "fetch", "fetch_to", "is_offline", "sources"]

_HF = "https://huggingface.co"
_YES = {"1", "ON", "YES", "TRUE"}
_PROGRESS_BYTES = 2**20
"""A try that brought so much does not count as a failure in a row."""

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes that are here and the file's size, if known."""


class DownloadError(RveError):
    """No source gave the file."""

    exit_code = EXIT_FAILED


class OfflineError(UsageError):
    """A variable forbids the network."""


def is_offline(environ: Mapping[str, str]) -> str | None:
    """Returns the variable that forbids the network, or None."""
    for name in ("RVEBENCH_OFFLINE", "HF_HUB_OFFLINE"):
        if environ.get(name, "").strip().upper() in _YES:
            return name
    return None


def sources(file: WeightFile, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the URLs to try, in order.

    `$RVEBENCH_WEIGHTS_MIRROR` is the URL of a folder that holds files by their names; it comes first.
    `$HF_ENDPOINT` stands in place of https://huggingface.co.

    Raises:
        UsageError: one of the two is no http(s) URL.
    """
    mirror = environ.get("RVEBENCH_WEIGHTS_MIRROR", "").rstrip("/")
    endpoint = environ.get("HF_ENDPOINT", "").rstrip("/")
    for name, value in (("RVEBENCH_WEIGHTS_MIRROR", mirror), ("HF_ENDPOINT", endpoint)):
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise UsageError("this is no http(s) URL", where=name)
    urls = [f"{mirror}/{file.filename}"] if mirror else []
    for url in file.urls:
        urls.append(endpoint + url.removeprefix(_HF) if endpoint and url.startswith(_HF + "/") else url)
    return tuple(dict.fromkeys(urls))


def fetch(
    file: WeightFile,
    store: WeightStore,
    progress: Progress | None = None,
    *,
    notice: Callable[[str], None] | None = None,
    patience: Patience | None = None,
) -> WeightPath:
    """Returns the file, fetched when it is in no known place, or is damaged in the project's own folder.

    Processes that want one file at once wait for the first. A killed or interrupted fetch goes on where it stopped.

    Args:
        file: the record.
        store: the folder it goes to.
        progress: called as bytes come in.
        notice: called with sentences: that another process is waited for, that a source failed.
        patience: how long and often is tried.

    Raises:
        OfflineError: `$RVEBENCH_OFFLINE` or `$HF_HUB_OFFLINE` forbids the network.
        DownloadError: every source failed; the text says how each did.
        DataError: what came is not the file that is pinned, or that was first seen here.
        StorageError: the disk is full or the folder cannot be written; what came is kept for the next try.
    """
    tell = notice or (lambda _text: None)
    here = _here(file, store)
    if here is not None:
        return here
    forbids = is_offline(store.environ)
    if forbids is not None:
        raise OfflineError(
            f"{file.name} is not on this machine, and {forbids} forbids to fetch it",
            hint=f"put {file.filename} into {store.root}, or unset {forbids}",
        )
    urls = sources(file, store.environ)
    if not urls:
        raise UsageError(f"no URL is known for {file.name}", hint=f"put it at {store.path_of(file)}")
    with store.locked(file.name, lambda: tell(f"another process fetches {file.name}: waiting for it")):
        here = _here(file, store)
        if here is not None:
            return here
        sha256 = _from_any(file, store, urls, progress or (lambda _done, _total: None), tell, patience or Patience())
    return WeightPath(file.name, store.path_of(file), sha256, "store")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file behind one address, of no catalogue."""

    name: str
    """For messages: its path in a repository."""
    url: str
    sha256: str | None = None
    size_bytes: int | None = None


def fetch_to(
    file: RemoteFile, path: Path, progress: Progress | None = None, *, patience: Patience | None = None
) -> str:
    """Fetches a file to a path, whole or not at all, and returns its SHA-256.

    What came before a cut stays beside it as `NAME.part`; the next call goes on there. A file that is there already is
    replaced. The caller sees to it that no other process fetches to this path, and that the network may be used.

    Raises:
        DownloadError: the source failed; the text says how.
        DataError: what came is another file; it was not kept.
        StorageError: the disk is full or the folder cannot be written; what came is kept for the next try.
    """
    part = Partial(path)
    try:
        sha256 = _whole(file, file.url, part, progress or (lambda _done, _total: None), patience or Patience())
    except (Broken, Refused) as error:
        raise DownloadError(f"{file.name} could not be fetched: {shown(file.url)}: {error}") from None
    except DataError as error:
        raise DataError(error.what, where=shown(file.url), hint=error.hint) from None
    promote(part.path, path)
    part.remove()
    return sha256


def _here(file: WeightFile, store: WeightStore) -> WeightPath | None:
    try:
        return store.find(file.name)
    except MissingWeightsError:
        return None
    except DataError:
        if file.sha256 is None and store.path_of(file).is_file():
            raise  # nothing says which of the two contents is the right one
        return None


def _from_any(
    file: WeightFile,
    store: WeightStore,
    urls: tuple[str, ...],
    progress: Progress,
    tell: Callable[[str], None],
    patience: Patience,
) -> str:
    part = Partial(store.root / "partial" / file.filename)
    failures: list[str] = []
    wrong: DataError | None = None
    for url in urls:
        try:
            sha256 = _whole(file, url, part, progress, patience)
            store.trust(file, sha256, shown(url))
        except (Broken, Refused) as error:
            failures.append(f"{shown(url)}: {error}")
            tell(f"{failures[-1]}{'; trying the next source' if url != urls[-1] else ''}")
        except DataError as error:
            part.remove()
            wrong = DataError(error.what, where=shown(url), hint=error.hint or "it was not kept")
            tell(str(wrong))
        else:
            final = store.path_of(file)
            promote(part.path, final)
            part.remove()
            store.remember(final, sha256)
            return sha256
    if wrong is not None and not failures:
        raise wrong
    if wrong is not None:
        failures.append(str(wrong))
    raise DownloadError(
        f"{file.name} could not be fetched: {'; '.join(failures)}",
        hint=f"try again later, set HF_ENDPOINT or RVEBENCH_WEIGHTS_MIRROR, or put it at {store.path_of(file)}",
    )


def _whole(file: Wanted, url: str, part: Partial, progress: Progress, patience: Patience) -> str:
    """Returns the sum of the file, which then lies whole in `part`.

    Raises:
        Broken: the connection failed too often in a row.
        Refused: the source does not have it.
        DataError: what came is another file.
    """
    for fresh in (False, True):
        part.prepare(url, fresh=fresh)
        try:
            if not part.is_whole(file.size_bytes):
                _retried(file, url, part, progress, patience)
            sha256 = sha256_of(part.path)
            if file.sha256 is not None and sha256 != file.sha256:
                raise WrongContent(
                    f"the SHA-256 of what came for {file.name} is {sha256}, not {file.sha256}, the pinned one"
                )
        except WrongContent as error:
            pieced = part.pieced
            part.remove()
            if fresh or not pieced:
                raise DataError(str(error), hint="it was not kept") from None
        else:
            return sha256
    raise AssertionError("a fresh try returns or raises")


def _retried(file: Wanted, url: str, part: Partial, progress: Progress, patience: Patience) -> None:
    in_a_row = 0

    def attempt() -> None:
        nonlocal in_a_row
        before = part.size()
        try:
            receive(url, part, file, progress, patience)
        except Broken:
            in_a_row = 1 if part.size() - before >= _PROGRESS_BYTES else in_a_row + 1
            raise

    def wait(state: RetryCallState) -> float:
        assert state.outcome is not None
        error = state.outcome.exception()
        asked = error.wait_s if isinstance(error, Broken) else None
        return backoff(state) if asked is None else asked

    def enough(state: RetryCallState) -> bool:
        return in_a_row >= patience.attempts or wait(state) > patience.longest_wait_s

    backoff = wait_exponential(multiplier=patience.backoff_s, max=patience.longest_wait_s)
    Retrying(retry=retry_if_exception_type(Broken), stop=enough, wait=wait, reraise=True)(attempt)


def shown(url: str) -> str:
    """Returns a URL without user, password and query: what may be printed and kept."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
