from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rvebench.errors import UsageError, VideoError
from rvebench.video import read_video, write_video
from tests.video.samples import REAL_CLIPS, encode, encode_yuv, numbered, real_clip, textured, turned

needs_decord = pytest.mark.skipif(importlib.util.find_spec("decord") is None, reason="decord is not installed")


def _same(path: Path) -> None:
    ours, theirs = read_video(path), read_video(path, backend="decord")
    assert np.array_equal(ours.frames_THWC, theirs.frames_THWC)
    assert ours.pts_s == pytest.approx(theirs.pts_s, abs=1e-9)
    assert ours.fps == pytest.approx(theirs.fps)


@needs_decord
@pytest.mark.parametrize("name", sorted(REAL_CLIPS))
def test_decord_and_pyav_give_identical_frames_of_real_clips(name: str) -> None:
    _same(real_clip(name))


@needs_decord
def test_decord_and_pyav_give_identical_frames_of_other_videos(tmp_path: Path) -> None:
    write_video(tmp_path / "tagged.mp4", textured(6, 64, 48), fps=12)
    _same(tmp_path / "tagged.mp4")
    write_video(tmp_path / "wide.mp4", textured(6, 128, 64), fps=12)
    _same(turned(tmp_path / "wide.mp4", tmp_path / "turned.mp4", (0, 1, -1, 0)))
    _same(encode(tmp_path / "v.webm", numbered(6), "libvpx-vp9", "yuv420p", ticks=[0, 40, 90, 300, 700, 740]))
    _same(encode_yuv(tmp_path / "full.mp4", (120, 90, 160), space=1, colour_range=2))


@needs_decord
def test_decord_notices_a_truncated_file_too(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    path = encode(tmp_path / "v.mkv", frames, "libx264", "yuv420p")
    (tmp_path / "cut.mkv").write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(VideoError, match="promises"):
        read_video(tmp_path / "cut.mkv", backend="decord")
    with pytest.raises(VideoError, match="not there"):
        read_video(tmp_path / "none.mp4", backend="decord")


@needs_decord
def test_decord_stops_after_the_wanted_frames(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(20), fps=20)
    assert len(read_video(tmp_path / "v.mp4", backend="decord", max_frames=7)) == 7
    with pytest.raises(VideoError, match="too large"):
        read_video(tmp_path / "v.mp4", backend="decord", max_bytes=64 * 48 * 3 * 10)


def test_a_decoder_process_that_hangs_is_stopped_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.mp4", numbered(3), fps=20)
    real_run = subprocess.run

    def hang(_argv: list[str], **options: object) -> object:
        return real_run([sys.executable, "-c", "import time; time.sleep(60)"], **options)  # type: ignore[call-overload]

    monkeypatch.setattr("rvebench.video.decord_backend.importlib.util.find_spec", lambda _name: object())
    monkeypatch.setattr("rvebench.video.decord_backend.subprocess.run", hang)
    with pytest.raises(VideoError, match=r"longer than 0\.5 s and was stopped"):
        read_video(tmp_path / "v.mp4", backend="decord", time_limit_s=0.5)


def test_without_decord_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.mp4", numbered(3), fps=20)
    monkeypatch.setattr("rvebench.video.decord_backend.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"pip install rvebench\[decord\]"):
        read_video(tmp_path / "v.mp4", backend="decord")
