from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

WriteRows = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the user's cache out of the tests."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(folder))
    return folder


def moving_square(
    path: Path, *, seed: int = 0, count: int = 6, size: tuple[int, int] = (64, 48), fps: float = 25.0
) -> Path:
    """Writes a small real video whose frames depend on `seed`."""
    from rvebench.video import write_video

    width, height = size
    frames = np.full((count, height, width, 3), 40 + 5 * seed, np.uint8)
    for t in range(count):
        frames[t, 10:30, 4 + 3 * t : 24 + 3 * t] = (200, 30 * (seed % 8), 60)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, frames, fps=fps)
    return path


def row(**changes: object) -> dict[str, object]:
    """A valid manifest line; a change to None removes the key."""
    values: dict[str, object] = {
        "schema": "rve-sample/1",
        "id": "one",
        "subset": "rave",
        "reasoning_type": "temporal",
        "source": "a.mp4",
        "target": "b.mp4",
        "instruction": "Imagine it ten minutes after sunset.",
        "licence": "CC0-1.0",
    }
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def write_rows(folder: Path, *rows: dict[str, object] | str) -> Path:
    """Writes samples.jsonl; a row that is text is written as it is."""
    path = folder / "samples.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join((entry if isinstance(entry, str) else json.dumps(entry)) + "\n" for entry in rows), encoding="utf-8"
    )
    return path


@pytest.fixture
def good_split(tmp_path: Path) -> Path:
    """A folder with two samples that verify clean."""
    folder = tmp_path / "good"
    for number, name in enumerate(("a", "b", "c", "d")):
        moving_square(folder / f"{name}.mp4", seed=number)
    write_rows(folder, row(), row(id="two", source="c.mp4", target="d.mp4"))
    return folder
