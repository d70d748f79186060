from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rvebench.editors import build_editor
from rvebench.taxonomy import Status
from rvebench.video import fingerprint, read_video
from tests.editors.conftest import MakeRequest


def test_copy_gives_back_the_bytes_of_a_real_clip(make: MakeRequest, real_clips: dict[str, Path]) -> None:
    source = real_clips["carphone_pristine"]
    (result,) = build_editor("copy").edit([make(source=source)])
    assert result.status is Status.OK and result.video is not None
    assert result.video.read_bytes() == source.read_bytes()
    assert result.window is None


def test_blank_has_the_size_length_and_times_of_the_source_and_no_content(
    make: MakeRequest, real_clips: dict[str, Path]
) -> None:
    source = real_clips["carphone_pristine"]
    (result,) = build_editor("blank").edit([make(source=source)])
    assert result.video is not None
    blank, clip = read_video(result.video), read_video(source)
    assert blank.frames_THWC.shape == clip.frames_THWC.shape
    assert np.allclose(blank.pts_s, clip.pts_s, atol=2e-3)
    assert np.ptp(blank.frames_THWC) <= 1 and abs(int(blank.frames_THWC[0, 0, 0, 0]) - 128) <= 2


def test_target_and_wrong_sample_give_back_what_the_request_holds(
    make: MakeRequest, clip: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.webm"
    stranger.write_bytes(clip.read_bytes())
    (target,) = build_editor("target").edit([make(target=clip)])
    (wrong,) = build_editor("wrong-sample").edit([make(other=stranger)])
    assert target.video is not None and wrong.video is not None
    assert fingerprint(read_video(target.video)) == fingerprint(read_video(clip))
    assert wrong.video.suffix == ".webm"


@pytest.mark.parametrize(("name", "word"), [("target", "no target video"), ("wrong-sample", "no other sample")])
def test_a_control_without_its_video_fails_with_a_reason(name: str, word: str, make: MakeRequest) -> None:
    (result,) = build_editor(name).edit([make()])
    assert result.status is Status.FAILED and result.video is None
    assert word in result.reason


@pytest.mark.parametrize("name", ["copy", "blank"])
def test_a_source_that_is_not_there_fails_its_request_and_not_the_next(name: str, make: MakeRequest) -> None:
    gone = Path("/nowhere/clip.mp4")
    first, second = build_editor(name).edit([make("a", source=gone), make("b")])
    assert (first.status, second.status) == (Status.FAILED, Status.OK)
    assert "/nowhere/clip.mp4" in first.reason


@pytest.mark.parametrize("name", ["copy", "target", "wrong-sample", "blank"])
def test_controls_say_that_they_are_deterministic_and_take_no_seed(name: str) -> None:
    info = build_editor(name).info
    assert info.deterministic and not info.seeded and not info.paid
    assert info.name == name and any("control" in note for note in info.notes)
