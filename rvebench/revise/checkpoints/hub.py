"""What a model hub says of a repository: the commit behind a name, its licence, its files with sizes and sums.

Three addresses of the Hugging Face hub, or of a mirror that `$HF_ENDPOINT` names, are used: `/api/models/R/revision/V`,
`/api/models/R/tree/C` (in pages) and `/R/resolve/C/FILE`. No token is ever sent.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from rvebench.errors import DataError, UsageError
from rvebench.revise.checkpoints.manifest import safe_path
from rvebench.weights import DownloadError, Patience

__all__ = ["HubFile", "HubListing", "endpoint_of", "list_repository"]

_HUB = "https://huggingface.co"
_MOST_FILES = 10_000
_MOST_PAGES = 200
_PAUSED = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """One file of a repository at one commit."""

    path: str
    """Relative, with forward slashes; stays inside its folder."""
    size_bytes: int
    sha256: str | None
    """Of large files, which the hub keeps by their sum."""
    git_oid: str
    """40 digits: SHA-1 over git's header and the content, where there is no `sha256`."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubListing:
    """A repository at one commit."""

    repository: str
    commit: str
    licence: str | None
    """As the repository's card states it; None where it states none."""
    files: tuple[HubFile, ...]


class _Again(Exception):  # noqa: N818 - never leaves the module
    """The hub did not answer; it may next time."""


def endpoint_of(environ: Mapping[str, str]) -> str:
    """Returns the hub's address without a slash at its end.

    Raises:
        UsageError: `$HF_ENDPOINT` is no http(s) URL.
    """
    named = environ.get("HF_ENDPOINT", "").rstrip("/") or _HUB
    if urlsplit(named).scheme not in ("http", "https") or not urlsplit(named).netloc:
        raise UsageError("this is no http(s) URL", where="HF_ENDPOINT")
    return named


def list_repository(repository: str, revision: str, endpoint: str, patience: Patience | None = None) -> HubListing:
    """Returns what a repository holds at a branch, tag or commit.

    Args:
        repository: `OWNER/NAME`.
        revision: a branch, a tag or a commit.
        endpoint: the hub's address, see :func:`endpoint_of`.
        patience: how long and often is tried.

    Raises:
        UsageError: it has no such repository or revision, or wants a login.
        DownloadError: the hub does not answer.
        DataError: its answer is none, or names files outside the folder.
    """
    patience = patience or Patience()
    base = f"{endpoint}/api/models/{quote(repository)}"
    answer, _ = _get(f"{base}/revision/{quote(revision, safe='')}", repository, revision, patience)
    commit = answer.get("sha") if isinstance(answer, dict) else None
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise DataError("the hub's answer names no commit", where=base)
    card = answer.get("cardData")
    licence = card.get("license") if isinstance(card, dict) else None
    files: dict[str, HubFile] = {}
    url: str | None = f"{base}/tree/{commit}?recursive=true&expand=false"
    asked: set[str] = set()
    while url is not None:
        if url in asked or len(asked) == _MOST_PAGES:
            raise DataError("the hub's list of files has no end", where=base)
        asked.add(url)
        rows, following = _get(url, repository, revision, patience)
        if not isinstance(rows, list):
            raise DataError("the hub's list of files is none", where=base)
        for row in rows:
            file = _file(row, f"{endpoint}/{quote(repository)}/resolve/{commit}", base)
            if file is not None:
                files[file.path] = file
        if len(files) > _MOST_FILES:
            raise DataError(f"the hub lists over {_MOST_FILES} files", where=base)
        url = None if following is None else urljoin(url, following)
        if url is not None and urlsplit(url).netloc != urlsplit(endpoint).netloc:
            raise DataError("the hub's list of files goes on at another host", where=base)
    if not files:
        raise DataError("the repository holds no file", where=base)
    return HubListing(
        repository=repository,
        commit=commit,
        licence=licence if isinstance(licence, str) else None,
        files=tuple(files[name] for name in sorted(files)),
    )


def _file(row: object, resolve: str, where: str) -> HubFile | None:
    """Returns a row of the tree as a file; None for a folder."""
    if not isinstance(row, dict) or row.get("type") not in ("file", "directory"):
        raise DataError("the hub's list of files has a row that is neither file nor folder", where=where)
    if row["type"] == "directory":
        return None
    path, size, oid, large = row.get("path"), row.get("size"), row.get("oid"), row.get("lfs")
    sha256 = large.get("oid") if isinstance(large, dict) else None
    if isinstance(large, dict):
        size = large.get("size", size)
    whole = type(size) is int and size >= 0 and isinstance(path, str) and isinstance(oid, str)
    if not whole or (sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", str(sha256))):
        raise DataError("the hub's list of files has a damaged row", where=where)
    if sha256 is None and not re.fullmatch(r"[0-9a-f]{40}", str(oid)):
        raise DataError("the hub's list of files has a row without a sum", where=where)
    name = safe_path(str(path), where)
    return HubFile(
        path=name, size_bytes=int(str(size)), sha256=sha256, git_oid=str(oid), url=f"{resolve}/{quote(name)}"
    )


def _get(url: str, repository: str, revision: str, patience: Patience) -> tuple[Any, str | None]:
    """Returns a JSON answer and the address of the page after it."""
    wait = wait_exponential(multiplier=patience.backoff_s, max=patience.longest_wait_s)
    tries = Retrying(
        retry=retry_if_exception_type(_Again), stop=stop_after_attempt(patience.attempts), wait=wait, reraise=True
    )
    try:
        return tries(_get_once, url, repository, revision, patience)
    except _Again as error:
        raise DownloadError(
            f"the hub does not answer: {error}", where=url.split("?")[0], hint="try again later, or set HF_ENDPOINT"
        ) from None


def _get_once(url: str, repository: str, revision: str, patience: Patience) -> tuple[Any, str | None]:
    http: Any = importlib.import_module("httpx2")
    try:
        headers = {"User-Agent": "rvebench"}
        answer = http.get(url, timeout=patience.silence_s, follow_redirects=True, headers=headers)
    except http.HTTPError as error:
        raise _Again(f"{type(error).__name__}{f': {error}' if str(error) else ''}") from None
    code = answer.status_code
    if code in _PAUSED:
        raise _Again(f"HTTP {code}")
    if code in (401, 403, 404):
        raise UsageError(
            f"the hub has no public repository {repository} with a revision {revision} (HTTP {code})",
            hint="check the name; a repository that wants a login is fetched with its own tools",
        )
    if code != 200:
        raise DownloadError(f"the hub answers HTTP {code}", where=url.split("?")[0])
    try:
        return answer.json(), answer.links.get("next", {}).get("url")
    except ValueError:
        raise DataError("the hub's answer is not JSON", where=url.split("?")[0]) from None
