"""Runs one command and takes everything it started down with it. Standard library only: it is run as a script.

    python -I -S guard.py PIPE GRACE_S ARGV...

The guard stands between a worker and an editor's command, in a session of its own. It stops the command when the
write end of PIPE is closed: the worker closes it on a timeout, and the kernel does when the worker dies, however it
dies. To stop means SIGTERM to the group, GRACE_S seconds, then SIGKILL to every descendant, also to those that left
the group (torchrun puts its workers in sessions of their own): on Linux the guard is a subreaper, so that orphans stay
below it and can be found. The command's exit code is the guard's; death by signal N is 128 + N.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 1.0


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(argv: list[str]) -> int:
    guard = os.getpid()
    child = os.fork()
    if child:
        return child
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        if os.getppid() == guard:
            os.execvp(argv[0], argv)  # noqa: S606 - an argv list; no shell
    except OSError as error:
        os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _descendants() -> list[int]:
    """Returns the processes below this one (Linux; elsewhere none are found)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = entry.read_text(errors="replace")
            parents[int(entry.parent.name)] = int(text.rsplit(")", 1)[1].split()[1])
    found = [os.getpid()]
    for above in found:
        found += [pid for pid, parent in parents.items() if parent == above]
    return found[1:]


def _reap() -> dict[int, int]:
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended


def _stop(child: int, grace_s: float) -> None:
    os.killpg(0, signal.SIGTERM)
    for pid in _descendants():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + grace_s
    while time.monotonic() < end and child not in _reap():
        time.sleep(0.02)


def _kill_rest() -> None:
    for _ in range(50):
        rest = _descendants()
        if not rest:
            return
        for pid in rest:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        _reap()


def main(arguments: list[str]) -> int:
    """Runs the command to its end, or to the end of the pipe."""
    pipe, grace_s, argv = int(arguments[0]), float(arguments[1]), arguments[2:]
    os.set_inheritable(pipe, False)
    parent = os.getppid()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    child = _start(argv)
    code = 128 + signal.SIGTERM
    while True:
        ready, _, _ = select.select([pipe, woken], [], [], _POLL_S)
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
        ended = _reap()
        if child in ended:
            code = ended[child] if ended[child] >= 0 else 128 - ended[child]
            break
        if pipe in ready or os.getppid() != parent:
            _stop(child, grace_s)
            break
    _kill_rest()
    return code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
