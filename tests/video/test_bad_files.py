from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from rvebench.errors import EXIT_CORRUPT, VideoError
from rvebench.video import probe_video, read_video, write_video
from tests.video.samples import encode, numbered, real_clip, sound, textured


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """An mp4 with its index in front, 40 frames of noise, so that half the file is half the frames."""
    frames = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    write_video(tmp_path / "whole.mp4", frames, fps=20)
    return tmp_path / "whole.mp4"


def _cut(path: Path, out: str, share: float) -> Path:
    data = path.read_bytes()
    cut = path.parent / out
    cut.write_bytes(data[: int(len(data) * share)])
    return cut


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_each_file_that_is_no_video_gets_its_own_sentence(tmp_path: Path, whole: Path) -> None:
    moov_last = whole.read_bytes()
    late = tmp_path / "late.mp4"
    encode(late, numbered(10), "libx264", "yuv420p")  # PyAV's muxer puts the index last
    bad = {
        tmp_path / "nowhere.mp4": "is not there",
        tmp_path: "a folder",
        _write(tmp_path / "empty.mp4", b""): "is empty",
        _write(tmp_path / "notes.mp4", b"remember the milk\n" * 99): "is text",
        _write(tmp_path / "list.mp4", b"#EXTM3U\n#EXTINF:9,\nwhole.mp4\n#EXT-X-ENDLIST\n"): "is text",
        _write(tmp_path / "noise.mp4", bytes((n * 7919) % 251 for n in range(9999))): "not a video",
        _cut(late, "cut.mp4", 0.5): "no index",
        sound(tmp_path / "sound.mp4"): "only sound",
        _write(tmp_path / "bytes.mp4", b"\0" * 5000): "not a video",
        _write(tmp_path / "tiny.mp4", moov_last[:20]): "no index",
    }
    for path, words in bad.items():
        for read in (read_video, probe_video):
            with pytest.raises(VideoError, match=words) as caught:
                read(path)
            assert caught.value.where == str(path)
            assert caught.value.exit_code == EXIT_CORRUPT
            assert "\n" not in str(caught.value)


def test_a_video_without_frames_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "none.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        container.start_encoding()
    with pytest.raises(VideoError, match="no frame"):
        read_video(path)
    with pytest.raises(VideoError, match="no frame"):
        read_video(path, allow_truncated=True)


def test_sound_with_a_cover_picture_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=8000)
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(textured(1, 32, 32)[0], format="rgb24").reformat(format="yuvj420p")
        container.mux(cover.encode(picture))
        container.mux(cover.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux(track.encode(silence))
        container.mux(track.encode(None))
    with pytest.raises(VideoError, match="only sound"):
        read_video(path)


def test_a_truncated_file_is_an_error_with_both_counts(whole: Path) -> None:
    cut = _cut(whole, "cut.mp4", 0.6)
    with pytest.raises(VideoError, match=r"decoded (\d+) frames, but the container promises 40") as caught:
        read_video(cut)
    decoded = int(caught.value.what.split()[1])
    assert 5 < decoded < 35
    clip = read_video(cut, allow_truncated=True)
    assert (len(clip), clip.frames_expected) == (decoded, 40)
    assert np.array_equal(clip.frames_THWC[:5], read_video(whole).frames_THWC[:5])


def test_the_last_frames_missing_is_noticed(whole: Path) -> None:
    with pytest.raises(VideoError, match="promises 40"):
        read_video(_cut(whole, "cut.mp4", 0.97))


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("v.avi", "mpeg4", "yuv420p"),
        ("v.gif", "gif", "rgb8"),
        ("v.webm", "libvpx-vp9", "yuv420p"),
        ("v.mkv", "ffv1", "bgr0"),
    ],
)
def test_truncation_is_noticed_in_other_containers(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    path = encode(tmp_path / name, frames, codec, pix_fmt)
    assert len(read_video(path)) == 40
    cut = _cut(path, f"cut-{name}", 0.55)
    with pytest.raises(VideoError, match=r"decoded \d+ frames.*(promises|there were more)"):
        read_video(cut)
    clip = read_video(cut, allow_truncated=True)
    assert clip.frames_expected is not None
    assert len(clip) < clip.frames_expected <= 41


def test_flipped_bits_are_noticed_and_can_be_allowed(whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    for at in range(middle, middle + 4000, 37):
        data[at] ^= 0x55
    damaged = _write(whole.parent / "damaged.mp4", bytes(data))
    with pytest.raises(VideoError, match="decoded"):
        read_video(damaged)
    assert read_video(damaged, allow_truncated=True).frames_expected == 40


def test_a_fragmented_mp4_is_whole_and_its_cut_is_not(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = encode(tmp_path / "f.mp4", frames, "libx264", "yuv420p", options={"g": "10"}, muxer_options=options)
    assert len(read_video(path)) == 40
    with pytest.raises(VideoError, match="promises"):
        read_video(_cut(path, "cut.mp4", 0.6))


def test_frames_hidden_by_an_edit_list_are_not_missed(tmp_path: Path) -> None:
    frames = numbered(30)
    whole = encode(tmp_path / "whole.mp4", frames, "libx264", "yuv420p", options={"g": "30", "bf": "2"})
    path = tmp_path / "edited.mp4"
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            shift = int(0.4 / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = copy
            out.mux(packet)
    with av.open(str(path)) as container:
        hidden = sum(entry.is_discard for entry in container.streams.video[0].index_entries)
    clip = read_video(path)
    assert len(clip) == 30 - hidden
    assert clip.frames_expected is None


def test_ffmpeg_says_nothing_on_stderr(whole: Path, capfd: pytest.CaptureFixture[str]) -> None:
    read_video(_cut(whole, "cut.mp4", 0.6), allow_truncated=True)
    with pytest.raises(VideoError):
        read_video(_write(whole.parent / "noise.mp4", bytes((n * 7919) % 251 for n in range(9999))))
    captured = capfd.readouterr()
    assert captured.err == captured.out == ""


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoError, match="regular file"):
        read_video(tmp_path / "pipe.mp4")


def test_a_real_clip_cut_short_is_an_error(tmp_path: Path) -> None:
    data = real_clip("bigbuckbunny.mp4").read_bytes()
    cut = _write(tmp_path / "cut.mp4", data[: len(data) * 6 // 10])
    with pytest.raises(VideoError):
        read_video(cut)
