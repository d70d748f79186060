"""The pool by itself: what it takes for the editor's fault, and what for a stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rvebench.errors import EditorError
from rvebench.records import EditRequest
from rvebench.runs.pool import EditPool
from rvebench.taxonomy import Subset


def killed_at_its_start(tmp_path: Path, stopping: Callable[[], bool]) -> tuple[EditPool, threading.Thread]:
    (tmp_path / "logs").mkdir()
    pool = EditPool(
        "python:tests.runs.editors:SlowToBuild",
        workers=1,
        timeout_s=60,
        decode_limit_s=10,
        paid=False,
        logs=tmp_path / "logs",
        stopping=stopping,
    )

    def kill() -> None:
        while not (tmp_path / "logs" / "worker-0.log").exists():
            time.sleep(0.01)
        pid = pool._workers[0].process.pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)

    return pool, threading.Thread(target=kill)


def request(tmp_path: Path) -> EditRequest:
    return EditRequest(
        sample_id="a", source=tmp_path / "a.mp4", instruction="x", subset=Subset.RAVE, seed=1, out=tmp_path / "o.mp4"
    )


def test_a_stop_that_reaches_the_worker_before_us_is_no_fault_of_the_editor(tmp_path: Path) -> None:
    heard: list[float] = []

    def stopping() -> bool:
        """Turns true half a second after the pool first asked, which it does when the worker is dead."""
        heard.append(time.monotonic())
        return heard[-1] - heard[0] > 0.5

    pool, killer = killed_at_its_start(tmp_path, stopping)
    killer.start()
    assert list(pool.run([request(tmp_path)])) == []
    killer.join()


def test_a_worker_killed_with_no_stop_asked_for_is_an_error(tmp_path: Path) -> None:
    pool, killer = killed_at_its_start(tmp_path, lambda: False)
    killer.start()
    with pytest.raises(EditorError, match="could not be started: the worker was killed by signal 15"):
        list(pool.run([request(tmp_path)]))
    killer.join()
