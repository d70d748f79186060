"""SIGKILL at random instants: at most the units in flight are lost, and the end is the same to the byte."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from rvebench.runs.journal import latest_lines
from rvebench.storage import LogLine, read_lines
from tests.runs.world import make_split

SAMPLES = 12
WORKERS = 2
DERIVED = ("summary.json", "samples.csv", "report.html", "manifest.json", "samples.jsonl")
EDITOR = "python:tests.runs.editors:Good?delay_s=0.15"


def command(split: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "rvebench", "evaluate", "--model", EDITOR, "--split", str(split),
        "--judge", "reference", "--out", str(out), "--workers", str(WORKERS), "--format", "json",
    ]  # fmt: skip


def finish(split: Path, out: Path) -> str:
    ran = subprocess.run(command(split, out), capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def recorded(out: Path) -> Counter[str]:
    """Returns how often each unit stands in the journal."""
    lines = [item for item in read_lines(out / "journal.jsonl") if isinstance(item, LogLine)]
    return Counter(line.value["key"] for line in lines if "key" in line.value)


def kill_once(split: Path, out: Path, after_s: float) -> bool:
    """Starts the run and kills it after a while; returns whether it was still at work."""
    process = subprocess.Popen(
        command(split, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(timeout=after_s)
        return False
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True


def check_kills(tmp_path: Path, *, kills: int, per_run: int, seed: int) -> None:
    rng = random.Random(seed)
    split = make_split(tmp_path / "split", n=SAMPLES)
    whole = tmp_path / "whole"
    began = time.monotonic()
    printed = finish(split, whole)
    length_s = time.monotonic() - began
    finish(split, whole)
    start_s = time.monotonic() - began - length_s
    expected = {name: (whole / name).read_bytes() for name in DERIVED}
    units = recorded(whole)
    assert len(units) == 3 * SAMPLES and set(units.values()) == {1}

    done = at_work = 0
    rows = []
    while done < kills:
        out = tmp_path / f"killed{done}"
        before: Counter[str] = Counter()
        for _ in range(min(per_run, kills - done)):
            if len(before) == len(units):
                break
            left = 1 - len(before) / len(units)
            after_s = rng.uniform(0.3 * start_s, start_s + left * (length_s - start_s))
            at_work += kill_once(split, out, after_s)
            done += 1
            after = recorded(out)
            assert not before - after, "a unit that was recorded is gone"
            rows.append((done, after_s, len(before), len(after)))
            before = after
        assert finish(split, out) == printed
        for name in DERIVED:
            assert (out / name).read_bytes() == expected[name], name
        assert set(recorded(out).values()) == {1}, "a recorded unit was done again"
        assert set(latest_lines(out)) == set(units)
        assert not list((out / "videos").glob(".*")), "a half-written file was left"
    print(f"\n{kills} kills ({at_work} while at work), an uninterrupted run takes {length_s:.1f} s")
    print("kill  after s  units before  units after")
    for number, after_s, had, has in rows:
        print(f"{number:4d} {after_s:8.2f} {had:13d} {has:12d}")
    assert at_work >= kills // 2


def test_twelve_kills_lose_nothing_recorded_and_end_in_the_same_bytes(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=12, per_run=4, seed=1)


@pytest.mark.kill
@pytest.mark.timeout(3000)
def test_fifty_kills_lose_nothing_recorded_and_end_in_the_same_bytes(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=50, per_run=5, seed=2)


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    split = make_split(tmp_path / "split", n=2)
    diary = tmp_path / "diary"
    arguments = command(split, tmp_path / "run")
    arguments[arguments.index(EDITOR)] = f"python:tests.runs.editors:Hangs?diary={diary}"
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not diary.exists() or "edit" not in diary.read_text():
        time.sleep(0.05)
    worker = int(diary.read_text().split()[1])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    assert time.monotonic() < deadline, "a worker outlived its parent"


def test_ctrl_c_finishes_what_is_in_flight_and_exits_130(tmp_path: Path) -> None:
    split = make_split(tmp_path / "split", n=8)
    diary = tmp_path / "diary"
    arguments = command(split, tmp_path / "run")
    arguments[arguments.index(EDITOR)] = f"python:tests.runs.editors:Good?delay_s=0.4&diary={diary}"
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not diary.exists() or diary.read_text().count("edit") < 2:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == "" and "run the same command again" in err and "Traceback" not in err
    assert err.count("a second Ctrl-C does not wait") == 1
    edits = [line for line in latest_lines(tmp_path / "run").values() if line["unit"] == "edit"]
    started = diary.read_text().count("edit ")
    assert 0 < len(edits) == started < 8, "what was in flight is finished and recorded"
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["coverage"]["ok"] == 8
    assert diary.read_text().count("edit ") == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_the_workers_start_is_no_fault_of_the_editor(tmp_path: Path, number: signal.Signals) -> None:
    """A terminal sends Ctrl-C, and a scheduler SIGTERM, to the workers too, which are still importing then."""
    arguments = command(make_split(tmp_path / "split", n=3), tmp_path / "run")
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (tmp_path / "run" / "logs").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == "" and "run the same command again" in err and "Traceback" not in err
    assert finish(tmp_path / "split" / "samples.jsonl", tmp_path / "run")


def test_a_second_ctrl_c_does_not_wait_for_an_edit_that_hangs(tmp_path: Path) -> None:
    split = make_split(tmp_path / "split", n=2)
    diary = tmp_path / "diary"
    arguments = command(split, tmp_path / "run")
    arguments[arguments.index(EDITOR)] = f"python:tests.runs.editors:Hangs?diary={diary}"
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not diary.exists() or "edit" not in diary.read_text():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert not latest_lines(tmp_path / "run")


def test_a_disk_that_fills_while_working_stops_the_run_and_its_workers(tmp_path: Path) -> None:
    """The journal may grow to 2,000 bytes and no further: some units are recorded, then none."""
    split = make_split(tmp_path / "split", n=8)
    program = (
        "import resource, sys, rvebench.storage as storage\n"
        "real = storage.os.pwrite\n"
        "def limited(handle, data, offset):\n"
        "    if offset + len(data) > 2000: raise OSError(28, 'No space left on device')\n"
        "    return real(handle, data, offset)\n"
        "storage.os.pwrite = limited\n"
        "from rvebench.cli import main; main()"
    )
    arguments = command(split, tmp_path / "run")[3:]
    ran = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 4, ran.stderr
    assert "journal.jsonl: cannot write: No space left on device" in ran.stderr and "Traceback" not in ran.stderr
    kept = latest_lines(tmp_path / "run")
    assert 0 < len(kept) < 24
    assert finish(split, tmp_path / "run")
    assert all(latest_lines(tmp_path / "run")[key] == kept[key] for key in kept)
    assert set(recorded(tmp_path / "run").values()) == {1}


def test_a_second_run_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    split = make_split(tmp_path / "split", n=2)
    diary = tmp_path / "diary"
    arguments = command(split, tmp_path / "run")
    arguments[arguments.index(EDITOR)] = f"python:tests.runs.editors:Hangs?diary={diary}"
    first = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not diary.exists():
            time.sleep(0.05)
        second = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert "another process works in this directory" in second.stderr and second.stdout == ""
