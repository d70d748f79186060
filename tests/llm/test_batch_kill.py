"""SIGKILL at every step of a batch, in real processes against a service that counts the money.

`python -m tests.llm.test_batch_kill URL DIRECTORY STRIDE` is the driver: it loads everything once and forks a
process for each attempt, since to start Python for each would take minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.llm import batch_state, batch_wire, batch_writer
from rvebench.llm.batch import BatchRunner
from rvebench.llm.batch_wire import OpenAIBatches
from rvebench.llm.budget import Budget
from rvebench.llm.prices import load_prices
from rvebench.storage import LineLog
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer
from tests.llm.test_batch import ask

QUESTIONS = 3
WIRE = ("upload", "find_upload", "create", "view", "download", "delete")
SENDS = frozenset({"upload", "create", "download", "delete"})


class Killer:
    """Ends this process with SIGKILL when the wanted number of points is passed."""

    def __init__(self, at: int | None, mark: Path) -> None:
        self._left = at
        self._mark = mark

    def point(self, name: str) -> None:
        if self._left is None:
            return
        if self._left == 0:
            self._mark.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def after(self, owner: Any, name: str) -> None:
        """Makes a point of the moment after each call."""
        real: Callable[..., Any] = getattr(owner, name)

        def wrapped(*args: Any, **options: Any) -> Any:
            result = real(*args, **options)
            self.point(f"after {name}")
            return result

        setattr(owner, name, wrapped)

    def around(self, owner: Any, name: str) -> None:
        """Makes points of the moments before and after each asynchronous call."""
        real: Callable[..., Any] = getattr(owner, name)

        async def wrapped(*args: Any, **options: Any) -> Any:
            if name in SENDS:
                self.point(f"before {name}")
            result = await real(*args, **options)
            self.point(f"after {name}")
            return result

        setattr(owner, name, wrapped)


async def work(url: str, directory: Path, killer: Killer) -> None:
    """One process's try at the whole batch."""
    for owner, name in (
        (batch_state, "atomic_write_text"),
        (batch_writer, "promote"),
        (batch_wire, "promote"),
        (LineLog, "append"),
    ):
        killer.after(owner, name)
    for name in WIRE:
        killer.around(OpenAIBatches, name)
    requests = [ask(number) for number in range(QUESTIONS)]
    wire = OpenAIBatches(base_url=url, patience_s=5.0)
    prices = load_prices()
    with (
        Budget(max_usd=1.0, spent_file=directory / "costs.jsonl", prices=prices) as budget,
        BatchRunner(directory / "batch", wire, budget=budget, prices=prices, most_requests=2, settle_s=0.0) as runner,
    ):
        await runner.run(lambda: requests, poll_s=0.01)
        replies = [runner.reply(request.digest) for request in requests]
        spent = budget.spent()
        found = {"replies": sum(reply is not None for reply in replies), "usd": spent.usd, "calls": spent.calls}
        (directory / "found.json").write_text(json.dumps({**found, "unsettled": spent.unsettled_calls}))


def attempt(url: str, directory: Path, at: int | None) -> int:
    """Forks a process that works until it is done, or killed at a point; returns how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(work(url, directory, Killer(at, directory / "killed")))
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def get(url: str, *, post: bool = False) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, method="POST" if post else "GET")) as answer:
        return json.load(answer)


def main(url: str, root: Path, stride: int) -> None:
    import anyio  # noqa: F401
    import httpx2  # noqa: F401
    import openai.resources.batches  # noqa: F401
    import tenacity  # noqa: F401

    host = url.removesuffix("/v1")
    for at in range(0, 10_000, stride):
        directory = root / f"{at:04d}"
        directory.mkdir()
        get(f"{host}/reset", post=True)
        ended = attempt(url, directory, at)
        done = ended == 0
        killed = directory / "killed"
        point = killed.read_text() if killed.exists() else ""
        # The resume is killed as well, mostly; the third process is left alone.
        again = 0 if done or attempt(url, directory, at * 7 % 40) == 0 else attempt(url, directory, None)
        line = {
            "at": at,
            "point": point,
            "ended": ended,
            "again": again,
            "found": json.loads((directory / "found.json").read_text()),
            "counters": get(f"{host}/counters"),
        }
        print(json.dumps(line), flush=True)
        if done:
            return


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_a_batch_resumes_and_is_paid_for_once(tmp_path: Path, stride: int) -> None:
    environment = {**os.environ, "OPENAI_API_KEY": "sk-test-0123456789abcdef"}
    with FaultServer(Script(batch_delay_s=0.0)) as server:
        driver = subprocess.run(
            [sys.executable, "-m", "tests.llm.test_batch_kill", server.url, str(tmp_path), str(stride)],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            timeout=280,
            check=True,
        )
    lines = [json.loads(line) for line in driver.stdout.splitlines()]
    assert lines[-1]["ended"] == 0 and len(lines) > 50 / stride
    for line in lines:
        assert line["ended"] == (-signal.SIGKILL if line is not lines[-1] else 0), line
        assert line["again"] == 0, line
        counters, found = line["counters"], line["found"]
        assert found == {
            "replies": QUESTIONS,
            "calls": QUESTIONS,
            "unsettled": 0,
            "usd": pytest.approx(counters["usd"] / 2),
        }, line
        assert (counters["answered"], counters["answered_again"]) == (QUESTIONS, 0), line
        assert counters["batches"] == 2, line
    if stride > 1:
        return
    points = {line["point"] for line in lines}
    for name in SENDS:
        assert {f"before {name}", f"after {name}"} <= points
    assert {"after atomic_write_text", "after append", "after promote"} <= points


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
