"""How much of what a service permits is used: this project's client beside what peers do.

A local server speaks the OpenAI wire protocol over real HTTP in a process of its own. Each way of asking has the same
time; what counts is answers a second and calls that were refused for their rate.

Ways: `client` is rvebench.llm.LlmClient with 32 calls at once; `sdk` is the bare SDK with 32 workers and no care for
faults at all (what the machine can do); `loop` asks one question after the other; `pool of 10` is ten threads. The last
two sleep a fixed time after a fault and ask again, as evaluation harnesses do (lmms-eval: ten threads, ten seconds).

Services, all with the same latency:

* healthy: permits concurrency / latency answers a second.
* faults: of all calls 10 % get a 429 and 5 % a 500, at any pace. Faults come back at once, so it permits as much.
* rate: lets R calls a second through (token bucket) and answers others with 429. Nobody is told R. It permits R.
* rate, faults: both; of the calls let through 85 % are answered, so it permits 0.85 R.
* the same, with R told to the client as its cap (rpm), and with R in the headers that OpenAI sends.

`used` is answers a second over what is permitted. `wasted` is calls refused for their rate over calls sent, as the
server counts them; faults that it would have made up at any pace are not part of it.

Run: `python benchmarks/judge_throughput.py [--seconds 15] [--latency 0.05] [--rate 200] [--sleep 10]`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

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
        return json.load(answer)


def client(url: str, seconds: float, rpm: float | None) -> int:
    """Asks through LlmClient; returns the answers."""
    from rvebench.llm import ChatMessage, ChatRequest, Limits, LlmClient, TextPart, TransportError

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


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="time for each way")
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second that a service with a limit permits")
    parser.add_argument("--sleep", type=float, default=10.0, help="fixed sleep of the loop and the pool")
    parser.add_argument("--only", help="comma-separated ways")
    options = parser.parse_args()
    os.environ.pop("OPENAI_API_KEY", None)
    __import__("openai").AsyncOpenAI  # noqa: B018 - loaded before time is taken
    sys.path.insert(0, str(ROOT))
    whole = CONCURRENCY / options.latency
    rate = {"rate_per_s": options.rate, "burst": options.rate / 5}
    let_through = 1 - sum(FAULTS.values())
    services: dict[str, tuple[dict[str, Any], float, float | None]] = {
        "healthy": ({}, whole, None),
        "faults": ({"rates": FAULTS}, whole, None),
        "rate": (rate, min(whole, options.rate), None),
        "rate, faults": ({**rate, "rates": FAULTS}, min(whole, options.rate * let_through), None),
        "… R told": ({**rate, "rates": FAULTS}, min(whole, options.rate * let_through), 60 * options.rate),
        "… in headers": (
            {**rate, "rates": FAULTS, "limit_headers": True},
            min(whole, options.rate * let_through),
            None,
        ),
    }
    ways = {
        "sdk": lambda url, _: sdk(url, options.seconds),
        "client": lambda url, rpm: client(url, options.seconds, rpm),
        "pool of 10": lambda url, _: threads(url, options.seconds, 10, options.sleep),
        "loop": lambda url, _: threads(url, options.seconds, 1, options.sleep),
    }
    only = options.only.split(",") if options.only else list(ways)
    head = f"{'service':14} {'permits/s':>9}  {'way':11} {'answers/s':>9} {'used':>6} {'calls':>7} {'wasted':>7}"
    print(f"latency {options.latency * 1000:g} ms, {options.seconds:g} s each, load {os.getloadavg()[0]:.1f}\n{head}")
    for name, (script, permitted, rpm) in services.items():
        for way in only:
            told = name.startswith("…")
            if (told and way != "client") or (way == "sdk" and name != "healthy"):
                continue  # the others do not listen, and the bare SDK is there to tell what the machine can do
            with served({"latency_s": options.latency, **script}) as url:
                answers = ways[way](url, rpm)
                seen = counters(url)
            per_s = answers / options.seconds
            wasted = seen["over_rate"] / max(1, seen["calls"])
            row = f"{name:14} {permitted:9.0f}  {way:11} {per_s:9.1f} {per_s / permitted:6.1%}"
            print(f"{row} {seen['calls']:7d} {wasted:7.2%}", flush=True)


if __name__ == "__main__":
    main()
