"""One command, run with a time limit, in a process group that does not outlive it or its worker."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["CommandOutcome", "run_command"]

_GUARD = Path(__file__).with_name("guard.py")
_KEPT_BYTES = 16_384
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutcome:
    """How a command ended."""

    code: int
    """Exit code; 128 + N after death by signal N; meaningless after a timeout."""
    timed_out: bool
    tail: str
    """The end of stdout and stderr together, without control codes; of a progress bar, its last state."""
    wall_s: float


class _Tail(threading.Thread):
    """Reads a stream to its end, so that the writer never blocks, and keeps the last bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="command-output", daemon=True)
        self._stream = stream
        self._kept = b""
        self.start()

    def run(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            while chunk := os.read(self._stream.fileno(), 65_536):
                self._kept = (self._kept + chunk)[-_KEPT_BYTES:]

    def text(self) -> str:
        """Returns what was kept, readable."""
        lines = self._kept.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        plain = (_CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]).rstrip() for line in lines)
        return "\n".join(line for line in plain if line)


def run_command(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout_s: float,
    cwd: Path | None = None,
    grace_s: float = 5.0,
) -> CommandOutcome:
    """Runs a command to its end, or to the time limit.

    Args:
        argv: the program and its arguments; no shell sees them.
        env: the whole environment.
        timeout_s: seconds until the command and all it started are stopped.
        cwd: where it runs.
        grace_s: seconds between SIGTERM and SIGKILL.

    Returns:
        The exit code and the end of the output. A process that the command left behind is stopped.

    Raises:
        OSError: the command line is too long, or the folder is not there.
        ValueError: an argument holds a NUL character.
    """
    started = time.monotonic()
    read_end, write_end = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(read_end), str(grace_s), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(env),
            pass_fds=(read_end,),
            start_new_session=True,
        )
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    assert process.stdout is not None
    tail = _Tail(process.stdout)
    timed_out = False
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        os.close(write_end)
        try:
            process.wait(grace_s + 10.0)
        except subprocess.TimeoutExpired:
            # The guard itself hangs. It is not reaped yet, so that its group id still is its own.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        tail.join(2.0)
        process.stdout.close()
    return CommandOutcome(
        code=process.returncode if process.returncode >= 0 else 128 - process.returncode,
        timed_out=timed_out,
        tail=tail.text(),
        wall_s=time.monotonic() - started,
    )
