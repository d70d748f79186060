"""Where the shipped files and the user's cache are."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.assets import asset_dir, cache_dir
from rvebench.splits.hashing import FrameHashCache
from rvebench.splits.rendered import rendered_folder


def test_the_shipped_folders_are_found() -> None:
    assert (asset_dir("prompts")).is_dir() and (asset_dir("data")).is_dir()


def test_one_variable_moves_everything_that_is_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    assert cache_dir() == tmp_path
    assert FrameHashCache().path.parent == tmp_path
    assert rendered_folder("mini", (64, 64), 5).is_relative_to(tmp_path)


@pytest.mark.parametrize("value", ["", None])
def test_without_it_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("RVEBENCH_CACHE_DIR")
    else:
        monkeypatch.setenv("RVEBENCH_CACHE_DIR", value)
    assert cache_dir().is_absolute() and cache_dir().name == "rvebench"
