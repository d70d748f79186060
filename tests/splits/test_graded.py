from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rvebench.errors import DataError, UsageError
from rvebench.sim import load_family, render_pictures
from rvebench.splits.graded import GRADES, read_graded, render_graded
from rvebench.video import read_video

pytest.importorskip("skia")


def test_half_and_wrong_are_drawn_once_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = render_graded(["candle-burn-1000003"], tmp_path, size=(64, 64), frames=9, every=4, workers=1)
    edits = read_graded(path)
    assert [(edit.sample, edit.kind, edit.grade) for edit in edits] == [
        ("candle-burn-1000003", kind, grade) for kind, grade in GRADES.items()
    ]
    for edit in edits:
        clip = read_video(edit.video)
        whole = render_pictures(load_family("candle-burn"), 1000003, edit.kind, size=(64, 64), frames=9)  # type: ignore[arg-type]
        assert len(clip) == 3 and clip.fps == 4
        assert np.abs(clip.frames_THWC.astype(int) - whole[::4]).mean() < 6
    times = [edit.video.stat().st_mtime_ns for edit in edits]
    assert render_graded(["candle-burn-1000003"], tmp_path, size=(64, 64), frames=9, every=4) == path
    assert times == [edit.video.stat().st_mtime_ns for edit in edits]


def test_samples_that_were_not_rendered_have_no_known_states(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of the samples was rendered by rvebench"):
        render_graded(["mine-7"], tmp_path, size=(64, 64), frames=9, every=4)


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "graded.jsonl"
    good = {"sample": "a", "kind": "mine", "video": "a.mp4", "grade": 0.25}
    path.write_text(json.dumps(good) + "\n\n" + json.dumps({**good, "grade": 2}) + "\n")
    with pytest.raises(DataError, match=r"graded.jsonl:3: the grade 2.0 is outside"):
        read_graded(path)
    path.write_text(json.dumps(good) + "\n[]\n")
    with pytest.raises(DataError, match=r"graded.jsonl:2"):
        read_graded(path)
    path.write_text(json.dumps(good))
    assert read_graded(path)[0].video == tmp_path / "a.mp4"
