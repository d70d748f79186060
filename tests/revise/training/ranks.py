"""Runs a job of a test in several processes that form a world over gloo."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.revise.training.toy import quiet_threads

PATIENCE_S = 240


def server(module: str) -> Any:
    """Returns the context of processes that are forked from one that has imported a module and computed nothing."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([module])
    return found


def _rank(job: Callable[..., Any], rank: int, world: int, port: int, out: Path, *arguments: Any) -> None:
    quiet_threads()
    environment = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": rank, "WORLD_SIZE": world}
    os.environ.update({name: str(value) for name, value in environment.items()})
    from rvebench.revise.training.world import join_world

    try:
        joined = join_world("cpu")
        job(out, joined, *arguments)
        joined.close()
    except BaseException:
        (out / f"failed-{rank}").write_text(traceback.format_exc())
        raise


def ranks(context: Any, job: Callable[..., Any], world: int, out: Path, *arguments: Any) -> None:
    """Runs a job in that many processes and waits for it."""
    out.mkdir(parents=True, exist_ok=True)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    started = [context.Process(target=_rank, args=(job, rank, world, port, out, *arguments)) for rank in range(world)]
    for each in started:
        each.start()
    deadline = time.monotonic() + PATIENCE_S
    while any(each.is_alive() for each in started) and not list(out.glob("failed-*")):
        if time.monotonic() > deadline:
            (out / "failed-late").write_text(f"the ranks do not end within {PATIENCE_S} s")
        time.sleep(0.02)
    for each in started:
        each.join(timeout=5)
        if each.is_alive():
            each.kill()
            each.join()
    failures = [path.read_text() for path in sorted(out.glob("failed-*"))]
    assert not failures, failures[0]
