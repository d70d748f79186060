"""A loopback server, a store of one's own, and records of files that the server has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from rvebench.weights import Patience, WeightFile, WeightStore
from tests.weights.server import Web, serving

QUICK = Patience(attempts=4, backoff_s=0.0, longest_wait_s=5.0, silence_s=20.0)
"""Without waits between tries."""


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        yield running


def record(name: str, *urls: str, body: bytes | None = None, **more: object) -> WeightFile:
    """Returns a record; pinned to `body` when it is given."""
    values: dict[str, object] = {
        "name": name,
        "filename": f"{name}.bin",
        "urls": urls,
        "sha256": hashlib.sha256(body).hexdigest() if body is not None else None,
        "size_bytes": len(body) if body is not None else None,
        "licence": "MIT",
        "source": "a test",
        **more,
    }
    return WeightFile(**values)  # type: ignore[arg-type] - a test's own values


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., WeightStore]:
    """Returns a function that makes a store which sees no folder of this machine's user."""

    def make(*files: WeightFile, environ: Mapping[str, str] | None = None, root: Path | None = None) -> WeightStore:
        seen = {"HOME": str(tmp_path / "home"), **(environ or {})}
        return WeightStore(root or tmp_path / "weights", files={file.name: file for file in files}, environ=seen)

    return make
