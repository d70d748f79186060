from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rvebench.errors import StorageError, VideoError
from rvebench.video import conform_video, conforms, fingerprint, probe_video, read_video, write_video
from tests.video.samples import REAL_CLIPS, encode, encode_yuv, numbered, psnr_db, real_clip, textured, turned


@pytest.mark.parametrize("name", sorted(set(REAL_CLIPS) - {"bigbuckbunny.mp4"}))
def test_a_video_that_conforms_keeps_its_bytes(tmp_path: Path, name: str) -> None:
    clip = conform_video(real_clip(name), tmp_path / "out.mp4", time_limit_s=60)
    assert (tmp_path / "out.mp4").read_bytes() == real_clip(name).read_bytes()
    assert len(clip) == REAL_CLIPS[name][0]


def _odd(path: Path) -> Path:
    return encode(path.with_suffix(".mkv"), textured(5, 63, 47), "ffv1", "bgr0")


def _gif(path: Path) -> Path:
    return encode(path.with_suffix(".gif"), numbered(5), "gif", "rgb8")


def _webm(path: Path) -> Path:
    return encode(path.with_suffix(".webm"), textured(5, 64, 48), "libvpx-vp9", "yuv420p", ticks=[0, 40, 400, 440, 900])


def _dense(path: Path) -> Path:
    return encode(path.with_suffix(".mp4"), textured(5, 64, 48), "libx264", "yuv444p")


def _full(path: Path) -> Path:
    return encode_yuv(path.with_suffix(".mp4"), (120, 90, 160), space=1, colour_range=2)


def _still(path: Path) -> Path:
    Image.fromarray(textured(1, 64, 48)[0]).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def _turned(path: Path) -> Path:
    write_video(path.with_suffix(".mp4"), textured(5, 64, 32), fps=10)
    return turned(path.with_suffix(".mp4"), path.with_suffix(".turned.mp4"), (0, 1, -1, 0))


@pytest.mark.parametrize("make", [_odd, _gif, _webm, _dense, _full, _still, _turned])
def test_everything_else_becomes_h264_in_mp4(tmp_path: Path, make) -> None:
    source = make(tmp_path / "source")
    before = read_video(source)
    clip = conform_video(source, tmp_path / "out.mp4", time_limit_s=60)
    info = probe_video(tmp_path / "out.mp4")
    assert conforms(info)
    assert (info.width, info.height) == clip.size
    assert fingerprint(read_video(tmp_path / "out.mp4")) == fingerprint(clip)
    assert clip.pts_s == pytest.approx(before.pts_s, abs=2e-3)
    width, height = before.size
    assert clip.size == (width + width % 2, height + height % 2)
    least_db = 24 if source.suffix == ".gif" else 30  # a GIF's dither is finer than 4:2:0 colour
    assert psnr_db(clip.frames_THWC[:, :height, :width], before.frames_THWC) > least_db


def test_conforming_twice_keeps_the_bytes(tmp_path: Path) -> None:
    conform_video(_gif(tmp_path / "source"), tmp_path / "one.mp4", time_limit_s=60)
    conform_video(tmp_path / "one.mp4", tmp_path / "two.mp4", time_limit_s=60)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_a_video_can_conform_onto_itself(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    write_video(path, numbered(5), fps=10)
    data = path.read_bytes()
    assert len(conform_video(path, path, time_limit_s=60)) == 5
    assert path.read_bytes() == data


def test_a_bad_input_leaves_no_output(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (30, 48, 64, 3), dtype=np.uint8)
    write_video(tmp_path / "whole.mp4", frames, fps=20)
    data = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.mp4").write_text("no video")
    for name, words in (("cut.mp4", "promises 30"), ("text.mp4", "text"), ("missing.mp4", "not there")):
        with pytest.raises(VideoError, match=words):
            conform_video(tmp_path / name, tmp_path / "out.mp4", time_limit_s=60)
    with pytest.raises(VideoError, match="longer than"):
        conform_video(tmp_path / "whole.mp4", tmp_path / "out.mp4", time_limit_s=1e-6)
    with pytest.raises(StorageError):
        conform_video(tmp_path / "whole.mp4", tmp_path / "no" / "out.mp4", time_limit_s=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.mp4", "text.mp4", "whole.mp4"]
