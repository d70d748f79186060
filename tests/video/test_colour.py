from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.video import probe_video, read_video
from rvebench.video.colour import Yuv420ToRgb, _scaler_agrees
from tests.video.samples import encode_yuv

_WEIGHTS = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}
_BYTE = st.integers(0, 255)


def _textbook(yuv: tuple[int, int, int], space: int, *, full: bool) -> np.ndarray:
    """RGB by ITU-R BT.601-7, BT.709-6 and BT.2020-2, in floating point."""
    kr, kb = _WEIGHTS[space]
    luma = yuv[0] / 255 if full else (yuv[0] - 16) / 219
    cb, cr = ((part - 128) / (255 if full else 224) for part in yuv[1:])
    red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip(np.array([red, green, blue]) * 255, 0, 255)


@given(yuv=st.tuples(_BYTE, _BYTE, _BYTE), space=st.sampled_from(sorted(_WEIGHTS)), full=st.booleans())
def test_the_rule_is_the_standard_within_three_levels(yuv: tuple[int, int, int], space: int, full: bool) -> None:
    planes = (np.full(size, value, np.uint8) for size, value in zip([(2, 2), (1, 1), (1, 1)], yuv, strict=True))
    rgb = Yuv420ToRgb(space, full_range=full)(*planes)
    assert rgb.shape == (2, 2, 3)
    assert np.abs(rgb - _textbook(yuv, space, full=full)).max() < 3


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="FFmpeg's rule on x86")
@pytest.mark.parametrize("space", [0, 1, 2, 4, 5, 6, 7, 9])
@pytest.mark.parametrize("width", [2, 7, 34, 176, 640])
def test_the_rule_is_ffmpegs_own_bit_for_bit(space: int, width: int) -> None:
    for tagged_range in (0, 1, 2):
        assert _scaler_agrees(space, tagged_range, "yuv420p", width)
    assert _scaler_agrees(space, 2, "yuvj420p", width)


def test_the_rule_alone_reads_a_video_as_ffmpeg_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode_yuv(tmp_path / "v.mp4", (120, 90, 160), space=1, colour_range=1)
    usual = read_video(path).frames_THWC
    monkeypatch.setattr("rvebench.video.colour._scaler_agrees", lambda *_: False)
    assert np.array_equal(read_video(path).frames_THWC, usual)


@pytest.mark.parametrize("yuv", [(81, 90, 220), (145, 54, 60), (60, 200, 110), (180, 128, 128)])
@pytest.mark.parametrize(
    ("space", "colour_range", "name"),
    [(1, 1, "bt709"), (5, 1, "bt601"), (6, 1, "bt601"), (1, 2, "bt709"), (9, 1, "bt2020")],
)
def test_colour_tags_are_honoured(
    tmp_path: Path, yuv: tuple[int, int, int], space: int, colour_range: int, name: str
) -> None:
    path = encode_yuv(tmp_path / "v.mp4", yuv, space=space, colour_range=colour_range)
    info = probe_video(path)
    assert (info.colour_space, info.colour_range) == (name, {1: "limited", 2: "full"}[colour_range])
    shown = read_video(path).frames_THWC[0, 30, 30]
    expected = _textbook(yuv, 5 if space == 6 else space, full=colour_range == 2)
    assert np.abs(shown - expected).max() < 3


def test_an_untagged_video_is_bt601_whatever_its_size(tmp_path: Path) -> None:
    path = encode_yuv(tmp_path / "v.mp4", (81, 90, 220), space=2, colour_range=0)
    assert probe_video(path).colour_space == "unspecified"
    assert np.abs(read_video(path).frames_THWC[0, 0, 0] - _textbook((81, 90, 220), 5, full=False)).max() < 3


def test_tags_make_a_visible_difference(tmp_path: Path) -> None:
    shown = [
        read_video(encode_yuv(tmp_path / f"{space}.mp4", (81, 90, 220), space=space, colour_range=1)).frames_THWC[
            0, 0, 0
        ]
        for space in (1, 5)
    ]
    assert np.abs(shown[0].astype(int) - shown[1]).max() > 10
