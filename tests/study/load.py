"""Many raters at once over real HTTP, and what they remember of what the server said.

By hand, with a SIGKILL half-way: `python -m tests.study.load --raters 50 --seconds 60`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from rvebench.study import read_answers
from tests.study.world import make_study, write_folder, write_tokens

TOP = Path(__file__).resolve().parent.parent.parent


@dataclass
class Memory:
    """What raters know."""

    sent: dict[str, Any] = field(default_factory=dict)
    """Bodies by key."""
    accepted: set[str] = field(default_factory=set)
    """Keys that were answered with 200."""
    accepted_before_kill: int = 0
    repeated: int = 0
    """Posts sent again with the same key."""
    refused: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    """From a post that was accepted at once to its reply."""


def start_server(folder: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """Starts `rvebench study serve` and returns once it says that it listens."""
    command = [sys.executable, "-m", "rvebench", "study", "serve", str(folder), "--port", str(port), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TOP)}
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return process


def free_port() -> int:
    """Returns a port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def take_part(url: str, token: str, memory: Memory, seed: int, ends: asyncio.Event) -> None:
    """One rater: enters, consents, answers until told to stop, and like the page sends again what got no reply."""
    rng = np.random.default_rng(seed)
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"origin": url}
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=20)) as session:

        async def post(path: str, body: dict[str, Any], csrf: str = "") -> tuple[int, dict[str, Any]]:
            tries = 0
            while True:
                try:
                    began = time.monotonic()
                    async with session.post(url + path, json=body, headers={**headers, "x-study-csrf": csrf}) as reply:
                        value = await reply.json()
                        if reply.status < 500:
                            if tries == 0:
                                memory.waits_s.append(time.monotonic() - began)
                            return reply.status, value
                except (aiohttp.ClientError, asyncio.TimeoutError):
                    pass
                tries += 1
                memory.repeated += path == "/api/answer"
                await asyncio.sleep(0.1)

        _, state = await post("/api/enter", {"token": token})
        _, state = await post("/api/consent", {"key": f"consent-{seed:06d}"}, state["csrf"])
        number = 0
        while not ends.is_set() and not state["finished"]:
            trial = state["trial"]
            try:
                part = {**headers, "range": "bytes=0-999"}
                async with session.get(url + trial["clips"][0]["url"], headers=part) as reply:
                    await reply.read()
            except (aiohttp.ClientError, asyncio.TimeoutError):
                await asyncio.sleep(0.1)
                continue
            order = [[1, 2], [2, 1], [1, 1]][int(rng.integers(3))]
            key = f"key-{seed:06d}-{number:06d}"
            number += 1
            body = {
                "key": key,
                "trial": trial["id"],
                "ticket": trial["ticket"],
                "values": dict.fromkeys(trial["questions"], order),
                "both_bad": [],
                "watched_s": 1.0,
                "replays": 0,
            }
            memory.sent[key] = body
            status, value = await post("/api/answer", body, state["csrf"])
            if status == 200:
                memory.accepted.add(key)
                state = value
            else:
                memory.refused.append(f"{status}: {value}")
                return
            # Replies that do not come are rare; doubling them here shows that a second one changes nothing.
            if rng.random() < 0.1:
                memory.repeated += 1
                await post("/api/answer", body, state["csrf"])


async def _drive(folder: Path, tokens: dict[str, str], seconds: float, memory: Memory) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = await asyncio.to_thread(start_server, folder, port, "--tokens")
    ends = asyncio.Event()
    raters = [
        asyncio.create_task(take_part(url, token, memory, seed, ends)) for seed, token in enumerate(tokens.values())
    ]
    try:
        await asyncio.sleep(seconds / 2)
        # In the thick of it: on a slow machine, not before each has been served once.
        while len(memory.accepted) < len(tokens) and not any(task.done() for task in raters):
            await asyncio.sleep(0.05)
        memory.accepted_before_kill = len(memory.accepted)
        server.send_signal(signal.SIGKILL)
        await asyncio.to_thread(server.communicate)
        server = await asyncio.to_thread(start_server, folder, port, "--tokens")
        await asyncio.sleep(seconds / 2)
        while len(memory.accepted) < memory.accepted_before_kill + len(tokens) and not all(
            task.done() for task in raters
        ):
            await asyncio.sleep(0.05)
        ends.set()
        await asyncio.gather(*raters)
    finally:
        ends.set()
        server.send_signal(signal.SIGINT)
        _, said = await asyncio.to_thread(server.communicate)
        for task in raters:
            task.cancel()
    assert server.returncode == 130, said
    assert "Traceback" not in said, said
    assert not any(token in said for token in tokens.values())


def run_load(folder: Path, *, raters: int, seconds: float, samples: int) -> Memory:
    """Runs raters against a server that is killed half-way, and returns what they know.

    Raises:
        AssertionError: an accepted answer is lost, changed or doubled.
    """
    study = make_study(raters=raters, samples=samples)
    write_folder(folder, study)
    memory = Memory()
    asyncio.run(_drive(folder, write_tokens(folder, study), seconds, memory))
    assert memory.refused == []
    found = read_answers(folder, study=study).answers
    keys = [one.key for one in found]
    assert len(set(keys)) == len(keys), "an answer is doubled"
    assert memory.accepted <= set(keys), "an accepted answer is lost"
    assert set(keys) <= set(memory.sent), "an answer is recorded that nobody sent"
    for one in found:
        body = memory.sent[one.key]
        assert one.trial == body["trial"]
        for criterion, places in body["values"].items():
            assert one.values[criterion] == dict(zip(one.shown, places, strict=True))
    return memory


def main() -> None:
    """Prints one JSON object with the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--samples", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        memory = run_load(Path(folder) / "study", raters=given.raters, seconds=given.seconds, samples=given.samples)
    waits = np.asarray(memory.waits_s) * 1000
    print(
        json.dumps(
            {
                "raters": given.raters,
                "seconds": given.seconds,
                "accepted": len(memory.accepted),
                "before_kill": memory.accepted_before_kill,
                "sent_again": memory.repeated,
                "wait_ms": {str(q): round(float(np.percentile(waits, q)), 1) for q in (50, 95, 99)},
            }
        )
    )


if __name__ == "__main__":
    main()
