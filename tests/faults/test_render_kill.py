"""`rvebench data render` that is killed, stopped, or meets a full disk: what was recorded stays, the rest is redone."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from rvebench.splits import load_split, verify_split
from rvebench.storage import LogLine, exclusive_lock, read_lines

SAMPLES = 8
PROGRAM = (
    "import rvebench.sim.recipes as recipes\n"
    "every = recipes.recipes_of\n"
    f"recipes.recipes_of = lambda name, samples=None: every(name)[:{SAMPLES}]\n"
    "from rvebench.cli import main; main()"
)
"""The command line with a shorter `smoke`: one sample of each type."""


def command(out: Path) -> list[str]:
    shape = ["--size", "96x64", "--frames", "5"]
    return [sys.executable, "-c", PROGRAM, "data", "render", "smoke", *shape, "--out", str(out)]


def finish(out: Path, *, code: int = 0) -> str:
    """Renders to the end and returns what stands on stderr."""
    ran = subprocess.run(command(out), capture_output=True, text=True, timeout=120)
    assert ran.returncode == code, ran.stderr
    return ran.stderr


def start(out: Path, *, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )


def recorded(out: Path) -> list[str]:
    lines = [item for item in read_lines(out / "rendered.jsonl") if isinstance(item, LogLine)]
    return [line.value["sample"]["id"] for line in lines]


def wait_for(true: Callable[[], object], *, at_most_s: float = 60) -> None:
    deadline = time.monotonic() + at_most_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_working(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The split rendered without interruption."""
    out = tmp_path_factory.mktemp("whole")
    finish(out)
    return out


def test_a_killed_render_goes_on_where_it_stopped_and_ends_in_the_same_manifest(whole: Path, tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for(lambda: recorded(tmp_path))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = recorded(tmp_path)
    assert 0 < len(done) < SAMPLES and not (tmp_path / "samples.jsonl").exists()
    journal = (tmp_path / "rendered.jsonl").read_bytes()
    videos = tmp_path / "videos"
    stamps = {path: path.stat().st_mtime_ns for name in done for path in videos.glob(f"{name}.*.mp4")}
    assert len(stamps) >= 2 * len(done)

    # The worst that a kill can leave: half a line, half a video under its final name, and one under a passing name.
    rows = [json.loads(line) for line in (whole / "samples.jsonl").read_text().splitlines()]
    left = next(row for row in rows if row["id"] not in done)
    other = (whole / left["target"]).read_bytes()
    torn = (whole / "rendered.jsonl").read_bytes().splitlines()[-1]
    (tmp_path / "rendered.jsonl").write_bytes(journal + torn[: len(torn) // 2])
    (tmp_path / left["target"]).write_bytes(other[: len(other) // 2])
    (videos / f".{left['id']}.source.mp4.x.tmp.mp4").write_bytes(other[:100])

    finish(tmp_path)
    assert (tmp_path / "samples.jsonl").read_bytes() == (whole / "samples.jsonl").read_bytes()
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps, "a finished video was made again"
    assert (tmp_path / "rendered.jsonl").read_bytes().startswith(journal)
    assert sorted(recorded(tmp_path)) == sorted(row["id"] for row in rows)
    assert (tmp_path / left["target"]).read_bytes() == other
    assert sorted(path.name for path in videos.iterdir()) == sorted(path.name for path in (whole / "videos").iterdir())
    assert not verify_split(load_split(str(tmp_path)))


def test_a_recorded_sample_whose_video_was_deleted_is_made_again(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    row = json.loads((whole / "samples.jsonl").read_text().splitlines()[3])
    (tmp_path / "copy" / row["target"]).unlink()
    finish(tmp_path / "copy")
    assert (tmp_path / "copy" / row["target"]).read_bytes() == (whole / row["target"]).read_bytes()
    assert (tmp_path / "copy" / "samples.jsonl").read_bytes() == (whole / "samples.jsonl").read_bytes()
    assert len(recorded(tmp_path / "copy")) == SAMPLES + 1


@pytest.mark.parametrize("moment", ["while the workers start", "after the first sample"])
def test_ctrl_c_is_one_sentence_and_exit_130(moment: str, tmp_path: Path) -> None:
    process = start(tmp_path)
    if moment == "after the first sample":
        wait_for(lambda: recorded(tmp_path))
    else:
        wait_for(lambda: (tmp_path / "rendered.jsonl").exists() and len(children(process.pid)) > 1)
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == "" and err == (
        "error: stopped on request; every finished sample is recorded; run the same command again to go on\n"
    )
    wait_for(lambda: not any(is_working(worker) for worker in workers), at_most_s=10)
    assert len(recorded(tmp_path)) < SAMPLES
    assert not list((tmp_path / "videos").glob(".*")), "a half-written video was left"


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for(lambda: recorded(tmp_path))
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(is_working(worker) for worker in workers), at_most_s=10)
    process.communicate()


def test_a_killed_worker_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for(lambda: recorded(tmp_path))
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and out == ""
    assert err.startswith(f"error: {tmp_path}: a process that renders was killed") and err.count("\n") == 1
    assert "with fewer --workers: what was rendered is kept" in err
    assert 0 < len(recorded(tmp_path)) < SAMPLES


def test_a_disk_that_is_full_is_one_sentence_and_exit_4(tmp_path: Path) -> None:
    """No file may grow beyond 500 bytes, which is less than any video needs."""
    process = start(tmp_path, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert out == "" and err.count("\n") == 1 and "cannot write the video" in err and "free some space" in err
    assert not recorded(tmp_path) and not list((tmp_path / "videos").iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence_and_exit_4(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    error = finish(tmp_path / "file" / "out", code=4)
    assert error.count("\n") == 1 and "cannot be made: Not a directory; choose another folder with --out" in error


def test_a_second_render_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path / "lock"):
        error = finish(tmp_path, code=2)
    assert error.count("\n") == 1 and "another process works in this directory" in error
