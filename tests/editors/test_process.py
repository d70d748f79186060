from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rvebench.editors.process import run_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(path: Path) -> list[int]:
    for _ in range(400):
        if path.is_file() and path.read_text().endswith("\n"):
            return [int(pid) for pid in path.read_text().split()]
        time.sleep(0.02)
    raise AssertionError(f"{path} was never written")


FAMILY = (
    "import os, subprocess, sys, time\n"
    "code = 'import time; time.sleep(60)'\n"
    "kids = [subprocess.Popen([sys.executable, '-c', code], start_new_session=new) for new in (True, False)]\n"
    "open(sys.argv[1], 'w').write(' '.join(str(p) for p in [os.getpid(), *(k.pid for k in kids)]) + '\\n')\n"
)


def test_the_command_and_its_children_die_with_a_killed_worker(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys\nfrom rvebench.editors.process import run_command\n"
            "run_command([sys.executable, '-c', sys.argv[1], sys.argv[2]], env=dict(os.environ), timeout_s=60,"
            " grace_s=0.2)\n",
            FAMILY + "time.sleep(60)\n",
            str(pids),
        ]
    )
    family = wait_for(pids)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    end = time.monotonic() + 10
    while any(alive(pid) for pid in family) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in family)


def test_children_a_command_leaves_behind_are_stopped_when_it_ends(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    outcome = run_command(
        [sys.executable, "-c", FAMILY + "print('done')\n", str(pids)], env=dict(os.environ), timeout_s=30
    )
    assert outcome.code == 0 and outcome.tail == "done"
    assert not any(alive(pid) for pid in wait_for(pids))


def test_control_codes_are_taken_out_of_the_output() -> None:
    code = "import sys; sys.stdout.buffer.write(b'\\x1b[31mred\\x1b[0m\\x00 \\xff ok\\n\\n')"
    outcome = run_command([sys.executable, "-c", code], env=dict(os.environ), timeout_s=30)
    assert outcome.tail == "red \ufffd ok"


def test_a_program_that_cannot_start_ends_with_127() -> None:
    outcome = run_command(["/no/such/program"], env=dict(os.environ), timeout_s=30)
    assert outcome.code == 127 and "cannot start /no/such/program" in outcome.tail


def test_the_command_reads_nothing_from_the_terminal() -> None:
    outcome = run_command([sys.executable, "-c", "print(repr(input()))"], env=dict(os.environ), timeout_s=30)
    assert outcome.code == 1 and "EOFError" in outcome.tail
