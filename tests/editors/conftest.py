"""What the tests of editors share: one small clip, and requests on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from rvebench.records import EditRequest, Window
from rvebench.taxonomy import Subset
from rvebench.video import write_video

MakeRequest = Callable[..., EditRequest]


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of 12 frames, 64x48, at 8 frames a second."""
    path = tmp_path_factory.mktemp("source") / "source clip.mp4"
    frames = np.zeros((12, 48, 64, 3), np.uint8)
    frames[..., 1] = 90
    for index in range(12):
        frames[index, 10:30, 4 * index : 4 * index + 16] = (220, 60, 40)
    write_video(path, frames, fps=8.0)
    return path


@pytest.fixture
def make(tmp_path: Path, clip: Path) -> MakeRequest:
    """Makes requests whose outputs go to a folder of the test."""
    folder = tmp_path / "outputs"
    folder.mkdir()

    def build(
        sample_id: str = "s1",
        instruction: str = "make it grey",
        *,
        source: Path | None = None,
        seed: int = 7,
        window: Window | None = None,
        mask: Path | None = None,
        target: Path | None = None,
        other: Path | None = None,
    ) -> EditRequest:
        return EditRequest(
            sample_id=sample_id,
            source=source or clip,
            instruction=instruction,
            subset=Subset.RAVE,
            seed=seed,
            out=folder / f"{sample_id}.mp4",
            window=window,
            mask=mask,
            target=target,
            other=other,
        )

    return build


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Writes a Python script and returns the command that runs it, as text for `command:`."""

    def write(body: str) -> str:
        path = tmp_path / f"script{len(list(tmp_path.glob('script*')))}.py"
        path.write_text(body, encoding="utf-8")
        return f"{json.dumps(sys.executable)} {json.dumps(str(path))}"

    return write
