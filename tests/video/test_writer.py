from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rvebench.errors import StorageError, UsageError
from rvebench.video import fingerprint, match_size, probe_video, read_video, write_video
from tests.video.samples import number_of, numbered, psnr_db, real_clip, textured

_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from rvebench.video import fingerprint, read_video, write_video
clip = read_video(Path(sys.argv[1]), max_frames=48)
write_video(Path(sys.argv[2]), clip.frames_THWC, pts_s=clip.pts_s)
print(fingerprint(read_video(Path(sys.argv[2]))))
"""


def test_two_processes_write_the_same_bytes_and_frames(tmp_path: Path) -> None:
    source = real_clip("bikes.mp4")
    prints, files = set(), set()
    for name in ("one.mp4", "two.mp4"):
        arguments = [sys.executable, "-c", _IN_ANOTHER_PROCESS, str(source), str(tmp_path / name)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=100)
        prints.add(done.stdout)
        files.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(prints) == len(files) == 1
    assert len(next(iter(prints)).strip()) == 64


def test_what_is_written_is_what_every_player_reads(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", textured(5, 64, 48), fps=16)
    info = probe_video(tmp_path / "v.mp4")
    assert (info.codec, info.pix_fmt, info.colour_space, info.colour_range) == ("h264", "yuv420p", "bt709", "limited")
    assert (info.width, info.height, info.frames, info.fps, info.rotation) == (64, 48, 5, 16, 0)
    data = (tmp_path / "v.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_colours_come_back_nearly_the_same(tmp_path: Path) -> None:
    patches = np.zeros((3, 64, 96, 3), np.uint8)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (250, 240, 20), (128, 128, 128), (20, 200, 220)]
    for index, colour in enumerate(colours):
        patches[:, :, index * 16 : index * 16 + 16] = colour
    write_video(tmp_path / "v.mp4", patches, fps=25, crf=4)
    shown = read_video(tmp_path / "v.mp4").frames_THWC
    for index, colour in enumerate(colours):
        middle = shown[:, 8:-8, index * 16 + 4 : index * 16 + 12].reshape(-1, 3).astype(float).mean(axis=0)
        assert np.abs(middle - colour).max() < 4, (colour, middle)


def test_a_real_clip_survives_the_writer(tmp_path: Path) -> None:
    clip = read_video(real_clip("bigbuckbunny.mp4"), max_frames=12)
    write_video(tmp_path / "v.mp4", clip.frames_THWC, pts_s=clip.pts_s, crf=12)
    assert psnr_db(read_video(tmp_path / "v.mp4").frames_THWC, clip.frames_THWC) > 40


@pytest.mark.parametrize("fps", [8.33, 12, 24000 / 1001, 29.97, 60])
def test_a_constant_rate_comes_back(tmp_path: Path, fps: float) -> None:
    write_video(tmp_path / "v.mp4", numbered(6), fps=fps)
    clip = read_video(tmp_path / "v.mp4")
    assert clip.fps == pytest.approx(fps, rel=1e-6)
    assert clip.pts_s == pytest.approx(np.arange(6) / fps, abs=1e-6)


def test_varying_times_come_back(tmp_path: Path) -> None:
    times = np.array([0, 0.04, 0.0400001, 0.3, 1.5, 1.52])
    write_video(tmp_path / "v.mp4", numbered(6), pts_s=times)
    clip = read_video(tmp_path / "v.mp4")
    assert clip.pts_s == pytest.approx(times, abs=1e-4)
    assert [number_of(frame) for frame in clip.frames_THWC] == list(range(6))


def test_one_frame_can_be_written(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(1), pts_s=np.zeros(1))
    assert len(read_video(tmp_path / "v.mp4")) == 1


@pytest.mark.parametrize(("width", "height"), [(33, 32), (32, 33), (33, 35), (2, 2), (1, 1)])
def test_odd_sides_are_padded_by_one_line(tmp_path: Path, width: int, height: int) -> None:
    frames = textured(3, width, height)
    write_video(tmp_path / "v.mp4", frames, fps=10, crf=4)
    shown = read_video(tmp_path / "v.mp4").frames_THWC
    assert shown.shape == (3, height + height % 2, width + width % 2, 3)
    assert psnr_db(match_size(shown, width, height), frames) > 30


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "v.mp4"
    target.write_bytes(b"old")
    bad = [
        {"frames_THWC": np.zeros((2, 8, 8), np.uint8), "fps": 25},
        {"frames_THWC": np.zeros((0, 8, 8, 3), np.uint8), "fps": 25},
        {"frames_THWC": np.zeros((2, 8, 8, 3), np.float32), "fps": 25},
        {"frames_THWC": numbered(3), "pts_s": np.array([0, 1, 1.0])},
        {"frames_THWC": numbered(3), "pts_s": np.array([0, 1.0])},
        {"frames_THWC": numbered(3), "pts_s": np.array([0, 1, np.nan])},
        {"frames_THWC": numbered(3), "pts_s": np.array([0, 1, 2.0]), "fps": 25},
        {"frames_THWC": numbered(3), "fps": 0},
        {"frames_THWC": numbered(3), "fps": float("nan")},
        {"frames_THWC": numbered(3), "fps": 25, "crf": 99},
    ]
    for arguments in bad:
        with pytest.raises(UsageError):
            write_video(target, **arguments)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_video(tmp_path / "no" / "v.mp4", numbered(2), fps=25)


def test_the_fingerprint_is_of_frames_in_order_and_not_of_the_file(tmp_path: Path) -> None:
    frames = numbered(4)
    write_video(tmp_path / "a.mp4", frames, fps=10)
    write_video(tmp_path / "b.mp4", frames, fps=20)
    write_video(tmp_path / "c.mp4", frames[::-1], fps=10)
    write_video(tmp_path / "d.mp4", frames[:3], fps=10)
    a, b, c, d = (fingerprint(read_video(tmp_path / f"{name}.mp4")) for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3
    assert len(a) == 64
