from __future__ import annotations

import json
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import RveError, UsageError
from rvebench.metrics.parity import vbench_side
from rvebench.metrics.parity.near import DIMENSIONS, VBENCH_VERSION, VBenchJob, VBenchVideo, run_vbench


@pytest.fixture
def job(tmp_path: Path) -> VBenchJob:
    (tmp_path / "a.mp4").write_bytes(b"no video, and nobody opens it")
    videos = (VBenchVideo(path=tmp_path / "a.mp4", prompt="a"),)
    return VBenchJob(videos=videos, dimensions=("temporal_flickering",), cache_dir=tmp_path)


def stand_in(folder: Path, script: str) -> Path:
    """A command in the place of the parity environment's Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\ncat > {folder}/job.json\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def answering(folder: Path, answer: dict[str, Any], code: int = 0) -> Path:
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    return stand_in(folder, f"cat {folder}/answer.json; exit {code}")


def test_a_python_that_is_not_there_is_a_usage_error(job: VBenchJob, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: cannot be started \(No such file.*requirements/parity\.txt"):
        run_vbench(tmp_path / "nowhere", job, timeout_s=60)


def test_an_environment_without_vbench_says_so(job: VBenchJob) -> None:
    with pytest.raises(UsageError, match=r"vbench is not installed in .*requirements/parity\.txt"):
        run_vbench(Path(sys.executable), job, timeout_s=60)


def test_what_kills_vbench_is_told_by_its_last_line(job: VBenchJob, tmp_path: Path) -> None:
    python = stand_in(tmp_path, "echo noise >&2; echo 'MemoryError: out of memory' >&2; exit 3")
    with pytest.raises(RveError, match="ended with exit code 3 and gave no answer: MemoryError: out of memory"):
        run_vbench(python, job, timeout_s=60)


def test_a_signal_is_named_as_one(job: VBenchJob, tmp_path: Path) -> None:
    with pytest.raises(RveError, match="was ended by signal 9 and gave no answer: it said nothing"):
        run_vbench(stand_in(tmp_path, "kill -9 $$"), job, timeout_s=60)


@pytest.mark.parametrize("answer", [{"values": {"temporal_flickering": {"a": "high"}}}, {"errors": 3}])
def test_an_answer_of_another_form_is_refused(job: VBenchJob, tmp_path: Path, answer: dict[str, Any]) -> None:
    with pytest.raises(RveError, match="its answer has another form"):
        run_vbench(answering(tmp_path, answer), job, timeout_s=60)


def test_json_that_is_no_object_is_refused(job: VBenchJob, tmp_path: Path) -> None:
    with pytest.raises(RveError, match="gave no answer"):
        run_vbench(stand_in(tmp_path, "echo '[1]'"), job, timeout_s=60)


def test_too_slow_a_vbench_is_killed_with_its_children(job: VBenchJob, tmp_path: Path) -> None:
    python = stand_in(tmp_path, f"echo $TMPDIR > {tmp_path}/scratch; sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(RveError, match="did not finish within 3 s"):
        run_vbench(python, job, timeout_s=3)
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.05)
    assert not alive(child)
    assert not Path((tmp_path / "scratch").read_text(encoding="utf-8").strip()).exists()


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_what_vbench_left_out_is_listed(job: VBenchJob, tmp_path: Path) -> None:
    """Temporal flickering passes over files it cannot read without a word."""
    (tmp_path / "b.mp4").touch()
    both = replace(job, videos=(*job.videos, VBenchVideo(path=tmp_path / "b.mp4", prompt="b")))
    python = answering(tmp_path, {"values": {"temporal_flickering": {str(tmp_path / "a.mp4"): 0.5}}})
    answer = run_vbench(python, both, timeout_s=60)
    assert answer.missing(both) == [("temporal_flickering", str(tmp_path / "b.mp4"))]


def test_the_job_reaches_the_other_side_with_absolute_paths(
    job: VBenchJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = VBenchJob(
        videos=(VBenchVideo(path=Path("a.mp4"), prompt="日本 😀"),), dimensions=job.dimensions, cache_dir=Path()
    )
    run_vbench(answering(tmp_path, {}), relative, timeout_s=60)
    received = json.loads((tmp_path / "job.json").read_text(encoding="utf-8"))
    assert received["videos"] == [{"path": str(tmp_path / "a.mp4"), "prompt": "日本 😀"}]
    assert Path(received["cache_dir"]).is_absolute()


def test_an_unknown_dimension_and_a_repeated_video_are_refused_before_anything_starts(job: VBenchJob) -> None:
    with pytest.raises(UsageError, match="'aesthetic_quality'; choose from subject_consistency"):
        run_vbench(Path("never"), replace(job, dimensions=("aesthetic_quality",)), timeout_s=1)
    with pytest.raises(UsageError, match="each only once"):
        run_vbench(Path("never"), replace(job, videos=job.videos * 2), timeout_s=1)
    with pytest.raises(UsageError, match="at least one video"):
        run_vbench(Path("never"), replace(job, videos=()), timeout_s=1)


def test_both_sides_know_the_same_dimensions_and_version() -> None:
    assert tuple(vbench_side.FILES) == DIMENSIONS
    assert vbench_side.VBENCH_VERSION == VBENCH_VERSION


@pytest.mark.parametrize(
    ("version", "dimension", "video", "says"),
    [
        (None, "temporal_flickering", "a.mp4", "vbench is not installed"),
        ("0.1.4", "temporal_flickering", "a.mp4", "vbench 0.1.4 is installed, the comparison is with 0.1.5"),
        ("0.1.5", "dynamic_degree", "a.mp4", "unknown dimension 'dynamic_degree'"),
        ("0.1.5", "motion_smoothness", "a.mp4", "amt-s.pth is missing"),
        ("0.1.5", "temporal_flickering", "b.mp4", "b.mp4 is missing"),
        ("0.1.5", "temporal_flickering", "c.MP4", "VBench reads only files that end in .mp4"),
    ],
)
def test_the_far_side_refuses_what_vbench_would_answer_with_a_download_or_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, dimension: str, video: str, says: str
) -> None:
    for name in ("a.mp4", "c.MP4", vbench_side.VOCABULARY):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(vbench_side, "versions", lambda: {} if version is None else {"vbench": version})
    job = {"dimensions": [dimension], "cache_dir": str(tmp_path), "videos": [{"path": str(tmp_path / video)}]}
    with pytest.raises(vbench_side.JobError, match=says):
        vbench_side.check(job)
