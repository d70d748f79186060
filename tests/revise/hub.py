"""A model hub on loopback: the tree of a repository in pages, and its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from tests.weights.server import Behaviour, Web

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git_oid(body: bytes) -> str:
    return hashlib.sha1(f"blob {len(body)}\0".encode() + body).hexdigest()


def row_of(path: str, body: bytes, *, large: bool) -> dict[str, object]:
    """Returns a row of the tree as the hub writes it."""
    row: dict[str, object] = {"type": "file", "oid": git_oid(body), "size": len(body), "path": path}
    if large:
        row["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
        row["oid"] = git_oid(b"the pointer")
    return row


def host(
    web: Web,
    repository: str,
    files: Mapping[str, bytes],
    *,
    revision: str = "main",
    small: tuple[str, ...] = (".json", ".md", ".txt"),
    page: int = 3,
    licence: str | None = None,
) -> None:
    """Makes the server answer for a repository; `page` rows at a time."""
    card = {"cardData": {"license": licence}} if licence else {"cardData": None}
    web.paths[f"/api/models/{repository}/revision/{revision}"] = _json({"sha": COMMIT, **card})
    rows: list[dict[str, object]] = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": "a folder"}]
    rows += [row_of(path, body, large=not path.endswith(small)) for path, body in files.items()]
    first = f"/api/models/{repository}/tree/{COMMIT}?recursive=true&expand=false"
    for start in range(0, len(rows), page):
        address = first if start == 0 else f"{first}&cursor={start}"
        answer = _json(rows[start : start + page])
        if start + page < len(rows):
            answer.headers["Link"] = f'<{web.url(first)}&cursor={start + page}>; rel="next"'
        web.paths[address] = answer
    for path, body in files.items():
        # as the hub does, through another address
        web.paths[f"/{repository}/resolve/{COMMIT}/{path}"] = Behaviour(b"", redirect=web.url(f"/cdn/{path}"))
        web.paths[f"/cdn/{path}"] = Behaviour(body, etag=f'"{hashlib.sha256(body).hexdigest()}"')


def _json(value: object) -> Behaviour:
    return Behaviour(json.dumps(value).encode(), content_type="application/json", etag=None)
