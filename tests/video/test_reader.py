from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rvebench.errors import UsageError, VideoError
from rvebench.video import probe_video, read_video, write_video
from tests.video.samples import REAL_CLIPS, encode, number_of, numbered, psnr_db, real_clip, textured, turned


@pytest.mark.parametrize("name", sorted(REAL_CLIPS))
def test_real_clips_are_read_to_the_last_frame(name: str) -> None:
    count, width, height, fps = REAL_CLIPS[name]
    clip = read_video(real_clip(name))
    assert clip.frames_THWC.shape == (count, height, width, 3)
    assert clip.fps == pytest.approx(fps)
    assert clip.pts_s[0] == 0
    assert np.diff(clip.pts_s) == pytest.approx(1 / fps)
    assert clip.frames_expected is None


def test_the_probe_of_a_real_clip_says_what_its_container_says() -> None:
    info = probe_video(real_clip("carphone_pristine.mp4"))
    assert (info.width, info.height, info.frames, info.codec, info.pix_fmt) == (176, 144, 120, "h264", "yuv420p")
    assert info.sample_aspect != 1
    assert info.colour_space == "unspecified"
    assert not info.has_audio
    assert probe_video(real_clip("bigbuckbunny.mp4")).has_audio


@pytest.mark.parametrize(
    ("matrix", "turn", "rotation", "mirrored"),
    [
        ((1, 0, 0, 1), lambda a: a, 0, False),
        ((0, 1, -1, 0), lambda a: np.rot90(a, -1), 90, False),
        ((-1, 0, 0, -1), lambda a: np.rot90(a, 2), 180, False),
        ((0, -1, 1, 0), lambda a: np.rot90(a, 1), 270, False),
        ((-1, 0, 0, 1), lambda a: a[:, ::-1], 0, True),
        ((0, 1, 1, 0), lambda a: a.transpose(1, 0, 2), 90, True),
    ],
)
def test_a_display_matrix_is_applied(tmp_path: Path, matrix, turn, rotation: int, mirrored: bool) -> None:
    write_video(tmp_path / "plain.mp4", textured(4, 64, 32), fps=10)
    plain = read_video(tmp_path / "plain.mp4").frames_THWC
    path = turned(tmp_path / "plain.mp4", tmp_path / "turned.mp4", matrix)
    shown = read_video(path)
    assert np.array_equal(shown.frames_THWC, np.stack([turn(frame) for frame in plain]))
    info = probe_video(path)
    assert (info.width, info.height) == shown.size
    assert (info.rotation, info.mirrored) == (rotation, mirrored)


def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    picture = textured(1, 64, 32)[0]
    Image.fromarray(picture).save(tmp_path / "photo.jpg", exif=exif, quality=95, subsampling=0)
    shown = read_video(tmp_path / "photo.jpg").frames_THWC[0]
    assert psnr_db(shown, np.rot90(picture, -1)) > 35


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"), [("v.mp4", "libx264", "yuv420p"), ("v.webm", "libvpx-vp9", "yuv420p")]
)
def test_a_varying_frame_rate_is_kept(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    ticks = [0, 40, 50, 300, 1000, 1040]
    path = encode(tmp_path / name, numbered(6), codec, pix_fmt, ticks=ticks)
    clip = read_video(path)
    assert clip.pts_s == pytest.approx(np.asarray(ticks) / 1000, abs=2e-3)
    assert clip.fps == pytest.approx(5 / 1.04, rel=0.01)
    assert [number_of(frame) for frame in clip.frames_THWC] == list(range(6))


def test_times_start_at_zero_where_the_stream_starts_later(tmp_path: Path) -> None:
    clip = read_video(encode(tmp_path / "late.mkv", numbered(4), "ffv1", "bgr0", ticks=[5000, 5100, 5250, 5300]))
    assert clip.pts_s == pytest.approx([0, 0.1, 0.25, 0.3], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "least_db"),
    [
        ("ten.mkv", "ffv1", "yuv420p10le", 40),
        ("wide.mov", "prores_ks", "yuv422p10le", 35),
        ("full.mkv", "ffv1", "yuv444p", 45),
        ("rgb.mkv", "ffv1", "bgr0", 99),
        ("grey.mkv", "ffv1", "gray", 10),
        ("odd.mkv", "ffv1", "yuv420p", 33),
        ("a.avi", "mpeg4", "yuv420p", 28),
        ("m.avi", "mjpeg", "yuvj420p", 28),
        ("v.webm", "libvpx-vp9", "yuv420p", 28),
        ("g.gif", "gif", "rgb8", 15),
        ("p.apng", "apng", "rgb24", 99),
    ],
)
def test_other_formats_are_read_whole(tmp_path: Path, name: str, codec: str, pix_fmt: str, least_db: float) -> None:
    width, height = (63, 47) if name.startswith("odd") else (64, 48)
    frames = textured(6, width, height)
    options = {"strict": "unofficial"} if codec == "mjpeg" else {}
    clip = read_video(encode(tmp_path / name, frames, codec, pix_fmt, options=options))
    assert clip.frames_THWC.shape == frames.shape
    assert psnr_db(clip.frames_THWC, frames) >= least_db
    assert clip.pts_s[0] == 0
    assert (np.diff(clip.pts_s) > 0).all()


def test_a_still_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    picture = textured(1, 33, 21)[0]
    Image.fromarray(picture).save(tmp_path / "still.png")
    clip = read_video(tmp_path / "still.png")
    assert len(clip) == 1
    assert np.array_equal(clip.frames_THWC[0], picture)
    assert clip.fps > 0


def test_transparency_lies_over_black(tmp_path: Path) -> None:
    rgba = np.full((4, 4, 4), 200, np.uint8)
    rgba[..., 3] = np.array([0, 51, 102, 255])
    Image.fromarray(rgba).save(tmp_path / "alpha.png")
    assert read_video(tmp_path / "alpha.png").frames_THWC[0, 0, :, 0].tolist() == [0, 40, 80, 200]


def test_a_name_with_a_percent_sign_or_a_protocol_is_only_a_name(tmp_path: Path) -> None:
    for name in ("frame%03d.png", "concat:x.png", "a.mp4"):
        Image.fromarray(textured(1, 16, 16)[0]).save(tmp_path / name, format="PNG")
        assert len(read_video(tmp_path / name)) == 1


def test_reading_stops_after_the_wanted_frames(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(20), fps=20)
    clip = read_video(tmp_path / "v.mp4", max_frames=7)
    assert [number_of(frame) for frame in clip.frames_THWC] == list(range(7))
    assert clip.frames_expected is None


def test_decoding_gives_up_at_the_time_limit() -> None:
    with pytest.raises(VideoError, match=r"longer than 0\.01 s: \d+ frames"):
        read_video(real_clip("bigbuckbunny.mp4"), time_limit_s=0.01)


def test_a_video_larger_than_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(20), fps=20)
    with pytest.raises(VideoError, match="too large: 20 frames of 64x48"):
        read_video(tmp_path / "v.mp4", max_bytes=20 * 64 * 48 * 3 - 1)
    assert len(read_video(tmp_path / "v.mp4", max_bytes=20 * 64 * 48 * 3)) == 20


def test_a_video_without_a_count_is_refused_when_it_grows_over_the_limit(tmp_path: Path) -> None:
    encode(tmp_path / "v.mkv", numbered(60), "ffv1", "bgr0")
    with pytest.raises(VideoError, match="too large: more than"):
        read_video(tmp_path / "v.mkv", max_bytes=50 * 64 * 48 * 3)
    assert len(read_video(tmp_path / "v.mkv", max_bytes=60 * 64 * 48 * 3)) == 60


def test_arguments_out_of_range_are_usage_errors(tmp_path: Path) -> None:
    for arguments in ({"time_limit_s": 0.0}, {"max_frames": 0}, {"backend": "cv2"}):
        with pytest.raises(UsageError):
            read_video(tmp_path / "v.mp4", **arguments)  # type: ignore[arg-type]


def test_two_reads_give_the_same_bytes() -> None:
    path = real_clip("carphone_pristine.mp4")
    assert np.array_equal(read_video(path).frames_THWC, read_video(path).frames_THWC)


def test_frames_and_times_are_read_only(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(3), fps=20)
    clip = read_video(tmp_path / "v.mp4")
    with pytest.raises(ValueError, match="read-only"):
        clip.frames_THWC[0] = 0
