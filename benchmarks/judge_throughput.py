"""How much of what a service permits is used: this project's client beside what peers do.

A local server speaks the OpenAI wire protocol over real HTTP in a process of its own. Each way of asking has the same
time; what counts is answers a second and calls that were refused for their rate.

Ways: `client` is rvebench.llm.LlmClient with 32 calls at once; `sdk` is the bare SDK with 32 workers and no care for
faults at all; `loop` asks one question after the other; `pool of 10` is ten threads. The last two sleep a fixed time
after a fault and ask again, as evaluation harnesses do (lmms-eval: ten threads, ten seconds). `floor` writes one
prepared request to 32 raw sockets and reads the answers: what this machine and this server can do at most.

Services, all with the same latency:

* healthy: permits concurrency / latency answers a second.
* faults: of all calls 10 % get a 429 and 5 % a 500, at any pace. Both come back at once and so take no place among the
  32 for long: it permits as many answers as a healthy one, with 1 / 0.85 as many calls.
* rate: lets R calls a second through (token bucket, a fifth of a second deep) and answers others with 429 and
  Retry-After. Nobody is told R. It permits R.
* rate+faults: both; of the calls let through 85 % are answered, so it permits 0.85 R.
* the same, with R told to the client as its cap (rpm), and with R in the headers that OpenAI sends.

`used` is answers a second over what is permitted. `wasted` is calls refused for their rate over calls sent, as the
server counts them; faults that it would have made up at any pace are not part of it. Both stand for the whole run, the
first call included, and for its second half (`later`). `cpu` is seconds of processor for each second: of the asking
process, of the server, and of everything else on the machine.

Run: `python benchmarks/judge_throughput.py [--seconds 15] [--latency 0.05] [--rate 200] [--sleep 10]`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CONCURRENCY = 32
WORDS = "Judge how well the edit follows the instruction. " * 20
FAULTS = {"429": 0.10, "500": 0.05}


@contextlib.contextmanager
def served(script: dict[str, Any]) -> Iterator[str]:
    """Runs a server with that script; yields its base URL."""
    command = [sys.executable, "-m", "tests.llm.fault_server", "--script", json.dumps(script)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait()


def counters(url: str) -> dict[str, Any]:
    """Returns what the server counted."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/counters") as answer:
        seen: dict[str, Any] = json.load(answer)
        return seen


def client(url: str, seconds: float, rpm: float | None) -> int:
    """Asks through LlmClient; returns the answers."""
    from rvebench.llm import ChatMessage, ChatRequest, Limits, LlmClient, TextPart, TransportError, calm_collector

    async def main() -> int:
        numbers, answers = count(), 0
        end = time.monotonic() + seconds

        async def worker(asker: LlmClient) -> None:
            nonlocal answers
            while time.monotonic() < end:
                text = TextPart(f"{WORDS}{next(numbers)}")
                request = ChatRequest(provider="local", model="m", messages=(ChatMessage("user", (text,)),))
                with contextlib.suppress(TransportError):
                    await asker.ask(request)
                    answers += time.monotonic() < end

        # More questions than calls at once: a question that waits to be asked again leaves its turn to another.
        async with LlmClient(base_url=url, limits=Limits(concurrency=CONCURRENCY, rpm=rpm)) as asker:
            workers = [asyncio.create_task(worker(asker)) for _ in range(4 * CONCURRENCY)]
            await asyncio.sleep(seconds)
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return answers

    with calm_collector():  # as a run does
        return asyncio.run(main())


def sdk(url: str, seconds: float) -> int:
    """The bare SDK at the same concurrency, without retries."""
    import openai

    async def main() -> int:
        numbers, answers = count(), 0
        end = time.monotonic() + seconds
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as bare:

            async def worker() -> None:
                nonlocal answers
                while time.monotonic() < end:
                    with contextlib.suppress(openai.APIError):
                        await bare.chat.completions.create(**question(next(numbers)))
                        answers += time.monotonic() < end

            await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        return answers

    return asyncio.run(main())


def floor(url: str, seconds: float) -> int:
    """Raw sockets at the same concurrency."""
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    body = json.dumps(question(0)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    message = head.encode() + body

    async def main() -> int:
        answers = 0
        end = time.monotonic() + seconds

        async def worker() -> None:
            nonlocal answers
            reader, writer = await asyncio.open_connection(host, int(port))
            while time.monotonic() < end:
                writer.write(message)
                lines = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(lines.partition(b"content-length:")[2].split(b"\r")[0]))
                answers += time.monotonic() < end
            writer.close()

        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        return answers

    return asyncio.run(main())


def threads(url: str, seconds: float, workers: int, sleep_s: float) -> int:
    """A fixed pool of threads, each with a fixed sleep after a fault."""
    import openai

    numbers, lock = count(), threading.Lock()
    answers = 0
    end = time.monotonic() + seconds

    def work() -> None:
        nonlocal answers
        with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as bare:
            while time.monotonic() < end:
                body = question(next(numbers))
                while time.monotonic() < end:
                    try:
                        bare.chat.completions.create(**body)
                    except openai.APIError:
                        time.sleep(max(0.0, min(sleep_s, end - time.monotonic())))
                        continue
                    with lock:
                        answers += time.monotonic() < end
                    break

    pool = [threading.Thread(target=work) for _ in range(workers)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    return answers


def question(number: int) -> dict[str, Any]:
    """The body of a call."""
    return {"model": "m", "messages": [{"role": "user", "content": f"{WORDS}{number}"}], "max_tokens": 1024}


class Row(NamedTuple):
    """What one way made of one service."""

    answers: int
    calls: int
    over_rate: int
    later_answers: int
    later_calls: int
    later_over_rate: int
    cpu_s: float
    server_cpu_s: float
    others_cpu_s: float


def busy_s() -> float:
    """Returns the seconds of processor that the whole machine has spent at work; 0 where the kernel does not say."""
    try:
        user, nice, system, _, _, *rest = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    except OSError:
        return 0.0
    return (int(user) + int(nice) + int(system) + sum(map(int, rest[:3]))) / os.sysconf("SC_CLK_TCK")


def measure(script: dict[str, Any], seconds: float, way: Callable[[str], int]) -> Row:
    """Runs one way against one service."""
    with served(script) as url:
        middle: dict[str, Any] = {}
        timer = threading.Timer(seconds / 2, lambda: middle.update(counters(url)))
        before, busy, own = counters(url), busy_s(), time.process_time()
        timer.start()
        answers = way(url)
        timer.join()
        after, busy, own = counters(url), busy_s() - busy, time.process_time() - own
    server = after["cpu_s"] - before["cpu_s"]
    return Row(
        answers=answers,
        calls=after["calls"],
        over_rate=after["over_rate"],
        later_answers=after["answered"] - middle["answered"],
        later_calls=after["calls"] - middle["calls"],
        later_over_rate=after["over_rate"] - middle["over_rate"],
        cpu_s=own,
        server_cpu_s=server,
        others_cpu_s=max(0.0, busy - own - server),
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="time for each way")
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second that a service with a limit permits")
    parser.add_argument("--sleep", type=float, default=10.0, help="fixed sleep of the loop and the pool")
    parser.add_argument("--only", help="comma-separated ways")
    parser.add_argument("--services", help="comma-separated services")
    options = parser.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    sys.path.insert(0, str(ROOT))
    for name in ("openai", "httpx2", "rvebench.llm.client", "rvebench.llm.connections"):
        importlib.import_module(name)  # before time is taken
    __import__("openai").AsyncOpenAI  # noqa: B018 - it loads most when it is looked up
    for late in ("anyio", "aiohttp", "rvebench.llm.connections", "rvebench.llm.lean"):
        __import__(late)  # what the client loads with its first call
    whole = CONCURRENCY / options.latency
    rate = {"rate_per_s": options.rate, "burst": options.rate / 5}
    let_through = 1 - sum(FAULTS.values())
    services: dict[str, tuple[dict[str, Any], float, float | None]] = {
        "healthy": ({}, whole, None),
        "faults": ({"rates": FAULTS}, whole, None),
        "rate": (rate, min(whole, options.rate), None),
        "rate+faults": ({**rate, "rates": FAULTS}, min(whole, options.rate * let_through), None),
        "… told R": ({**rate, "rates": FAULTS}, min(whole, options.rate * let_through), 60 * options.rate),
        "… in headers": (
            {**rate, "rates": FAULTS, "limit_headers": True},
            min(whole, options.rate * let_through),
            None,
        ),
    }
    seconds = options.seconds
    ways: dict[str, Callable[[float | None, str], int]] = {
        "floor": lambda _, url: floor(url, seconds),
        "loop": lambda _, url: threads(url, seconds, 1, options.sleep),
        "pool of 10": lambda _, url: threads(url, seconds, 10, options.sleep),
        "sdk": lambda _, url: sdk(url, seconds),
        "client": lambda rpm, url: client(url, seconds, rpm),
    }
    only = options.only.split(",") if options.only else list(ways)
    if options.services:
        services = {name: services[name] for name in options.services.split(",")}
    head = f"{'service':14} {'permits/s':>9}  {'way':11} {'answers/s':>9} {'used':>6} {'wasted':>7}"
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"latency {options.latency * 1000:g} ms, {seconds:g} s each, {machine}")
    print(f"{head}  {'used later':>10} {'wasted later':>12}  {'cpu: own':>8} {'server':>6} {'others':>6}")
    for name, (script, permitted, rpm) in services.items():
        for way in only:
            if (name.startswith("…") and way != "client") or (way == "floor" and name != "healthy"):
                continue  # the others do not listen, and the floor is there to tell what the machine can do
            row = measure({"latency_s": options.latency, **script}, seconds, partial(ways[way], rpm))
            per_s = row.answers / seconds
            later = 2 * row.later_answers / seconds / permitted
            print(
                f"{name:14} {permitted:9.0f}  {way:11} {per_s:9.1f} {per_s / permitted:6.1%}"
                f" {row.over_rate / max(1, row.calls):7.2%}  {later:10.1%}"
                f" {row.later_over_rate / max(1, row.later_calls):12.2%}"
                f"  {row.cpu_s / seconds:8.2f} {row.server_cpu_s / seconds:6.2f} {row.others_cpu_s / seconds:6.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
