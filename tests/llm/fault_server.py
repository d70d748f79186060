"""A language model service that misbehaves on request: OpenAI's wire protocol over real HTTP on loopback.

In a test: `with FaultServer(Script(latency_s=0.05, rates={"429": 0.1})) as server: ... server.url`.
For a show: `python -m tests.llm.fault_server --port 8123 --script '{"latency_s": 0.05}'`, then `GET /counters`,
`POST /script` (a new script) and `POST /reset` (counters to zero) on the same port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import selectors
import threading
import time
from collections import Counter
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from tests.llm import fault_answers
from tests.llm.fault_batches import Batches, fault
from tests.llm.fault_script import Bucket, Dice, Script

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
REFUSING = {
    "500": (500, fault("The server had an error while processing your request.", None)),
    "503": (503, fault("The engine is currently overloaded, please try again later.", None)),
    "quota": (429, fault("You exceeded your current quota, please check your plan.", None, "insufficient_quota")),
    "401": (401, fault("Incorrect API key provided.", None, "invalid_api_key")),
    "403": (403, fault("You are not allowed to do this.", None)),
    "404-model": (404, fault("The model does not exist or you do not have access to it.", None, "model_not_found")),
    "no-images": (400, fault("image input is not supported - hint: you may need to provide the mmproj", None)),
    "no-images-500": (500, fault("image input is not supported - hint: you may need to provide the mmproj", None)),
    "content-filter-400": (
        400,
        fault("The response was filtered due to the prompt triggering the policy.", "prompt", "content_filter"),
    ),
    "policy-400": (
        400,
        fault("Your input image may contain content that is not allowed.", None, "content_policy_violation"),
    ),
    "too-long-400": (
        400,
        fault("This model's maximum context length is 8192 tokens.", "messages", "context_length_exceeded"),
    ),
    "strange-400": (400, fault("Invalid value: 'robot'. Supported values are: 'system'.", "messages[0].role")),
}


class DroppedError(Exception):
    """The connection is to be closed without another byte."""


class FaultServer:
    """The server in a thread of its own. Counters may be read at any time; `script` may be replaced at any time."""

    def __init__(self, script: Script | None = None, *, port: int = 0) -> None:
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.reset(script or Script())

    def reset(self, script: Script | None = None) -> None:
        """Starts over: counters to zero, no files, no batches."""
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        """How often each question was answered with a 200 and billed, by hash of the question."""
        self.bodies: list[dict[str, Any]] = []
        """The last thousand chat requests, without their images."""
        self.arrivals: list[float] = []
        self.in_flight = self.most_in_flight = 0
        self.batches = Batches(self._bill_line)
        self.use(script or self.script)

    def use(self, script: Script) -> None:
        """Behaves differently from now on."""
        script.check()
        self.script = script
        self._dice = Dice(script)
        self._bucket = None if script.rate_per_s is None else Bucket(script.rate_per_s, script.burst)
        self._batch_faults = list(reversed(script.batch_faults))

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def usd(self) -> float:
        """What the answers cost."""
        script = self.script
        spent = self.counts["input_tokens"] * script.usd_per_million_input
        return (spent + self.counts["output_tokens"] * script.usd_per_million_output) / 1e6

    @property
    def calls(self) -> int:
        """Chat completions that were asked for."""
        return self.counts["calls"]

    def counters(self) -> dict[str, Any]:
        """Returns everything that was counted, as JSON."""
        return {
            **{name: self.counts[name] for name in ("calls", "answered", "over_rate", "input_tokens", "output_tokens")},
            "usd": self.usd,
            "faults": dict(self.faults),
            "distinct_answered": len(self.answers),
            "answered_again": sum(times - 1 for times in self.answers.values()),
            "most_in_flight": self.most_in_flight,
            "cpu_s": time.process_time(),
            "files": self.batches.uploaded,
            "batches": self.batches.created,
        }

    def __enter__(self) -> FaultServer:
        self._thread = threading.Thread(target=self._run, name="fault server", daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the fault server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        # epoll rounds every wait up to a millisecond, a fiftieth of the latency that is scripted; select does not.
        with contextlib.closing(asyncio.SelectorEventLoop(selectors.SelectSelector())) as loop:
            try:
                loop.run_until_complete(self.serve())
            finally:
                open_ends = asyncio.all_tasks(loop)
                for task in open_ends:
                    task.cancel()
                if open_ends:
                    loop.run_until_complete(asyncio.wait(open_ends))

    async def serve(self) -> None:
        """Serves until told to stop."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self._port, limit=2**20, backlog=1024)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, DroppedError):
            pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(RuntimeError, OSError):
                writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; returns whether the connection stays open."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        path, _, query = target.partition("?")
        if path.endswith("/chat/completions"):
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                await self._chat(headers, body, writer)
            finally:
                self.in_flight -= 1
        elif path.startswith(("/v1/files", "/v1/batches")):
            await self._batch(method, path, dict(parse_qsl(query)), headers, body, writer)
        else:
            await self._admin(method, path, body, writer)
        return headers.get("connection", "").lower() != "close"

    async def _admin(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if path == "/counters":
            return await self._send(writer, 200, self.counters())
        if path == "/v1/models":
            data = [{"id": name, "object": "model"} for name in self.script.models]
            return await self._send(writer, 200, {"object": "list", "data": data})
        if method == "POST" and path == "/script":
            self.use(Script.of_json(json.loads(body)))
            return await self._send(writer, 200, self.script.as_json())
        if method == "POST" and path == "/reset":
            self.reset()
            return await self._send(writer, 200, self.counters())
        return await self._send(writer, 404, fault(f"Unknown request URL: {method} {path}", None, "unknown_url"))

    async def _batch(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
        writer: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        trouble = self._batch_faults.pop() if self._batch_faults and (method, path) == ("POST", "/v1/batches") else "ok"
        if trouble == "drop":
            raise DroppedError
        if trouble == "500":
            return await self._send(writer, *REFUSING["500"])
        if not self._key_is_good(headers):
            return await self._send(writer, *REFUSING["401"])
        kind = headers.get("content-type", "")
        status, value = self.batches.answer(self.script, method, path, query, body, kind)
        if trouble == "drop-after":
            raise DroppedError
        return await self._send(writer, status, value)

    def _bill_line(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = fault_answers.completion(body, "ok", self.counts["answered"])
        self._bill(answer)
        return answer.whole

    def _bill(self, answer: fault_answers.Completion) -> None:
        self.counts["answered"] += 1
        self.counts["input_tokens"] += answer.tokens_in
        self.counts["output_tokens"] += answer.tokens_out
        self.answers[answer.sha256] += 1

    def _key_is_good(self, headers: Mapping[str, str]) -> bool:
        sent = headers.get("authorization", "").removeprefix("Bearer ")
        return not self.script.keys or sent in self.script.keys

    async def _chat(self, headers: Mapping[str, str], raw: bytes, writer: asyncio.StreamWriter) -> None:
        now = time.monotonic()
        due_s = now + self._dice.latency_s()
        self.counts["calls"] += 1
        self.arrivals.append(now)
        script, number = self.script, self.counts["calls"]
        if self._bucket is not None and not self._bucket.take(now):
            self.counts["over_rate"] += 1
            return await self._limited(writer, "429-after", self._bucket.wait_s)
        name = self._dice.fault()
        self.faults[name] += 1
        if name == "drop":
            raise DroppedError
        if name == "hang":
            await asyncio.sleep(3600)
        if name.startswith("429"):
            return await self._limited(writer, name, script.retry_after_s)
        if name == "echo-key":
            return await self._send(writer, 400, fault(f"Bad header {headers.get('authorization')!r}", None))
        if name == "502-html":
            return await self._send(writer, 502, HTML)
        if name in REFUSING:
            return await self._send(writer, *REFUSING[name])
        body = json.loads(raw)
        self._remember(body)
        if (wrong := self._objection(headers, body)) is not None:
            self.faults["ok"] -= name == "ok"
            self.faults["objected"] += 1
            return await self._send(writer, *wrong)
        # Made while it "thinks", so that the latency is what was asked for and not that plus the making.
        answer = fault_answers.completion(body, name, number)
        data = json.dumps(answer.whole).encode()
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        self._bill(answer)
        return await self._deliver(writer, name, data)

    def _remember(self, body: Mapping[str, Any]) -> None:
        if len(self.bodies) < 1000:
            self.bodies.append({key: value for key, value in body.items() if key != "messages"})

    def _objection(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> tuple[int, Any] | None:
        script = self.script
        if not self._key_is_good(headers):
            return REFUSING["401"]
        if script.models and body.get("model") not in script.models:
            return 404, fault(f"The model `{body.get('model')}` does not exist.", None, "model_not_found")
        if not script.images and any(fault_answers.images(body)):
            return REFUSING["no-images"]
        form = (body.get("response_format") or {}).get("type")
        if form is not None and form not in script.formats:
            words = f"Invalid parameter: 'response_format' of type '{form}' is not supported with this model."
            return 400, fault(words, "response_format")
        for name in script.unsupported:
            if name in body:
                words = f"Unsupported parameter: '{name}' is not supported with this model."
                if name == "max_tokens":
                    words += " Use 'max_completion_tokens' instead."
                return 400, fault(words, name, "unsupported_parameter")
        return None

    async def _limited(self, writer: asyncio.StreamWriter, name: str, wait_s: float) -> None:
        headers = self._limit_headers()
        if name == "429-after":
            headers["Retry-After"] = f"{wait_s:.3f}"
        elif name == "429-date":
            headers["Retry-After"] = formatdate(time.time() + wait_s, usegmt=True)
        value = fault("Rate limit reached for requests.", None, "rate_limit_exceeded")
        await self._send(writer, 429, value, headers)

    async def _deliver(self, writer: asyncio.StreamWriter, name: str, data: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
        if name == "truncated":
            return await self._send(writer, 200, data[: len(data) // 2], kind="application/json")
        if name == "empty":
            return await self._send(writer, 200, b"", kind="application/json")
        if name == "html-200":
            return await self._send(writer, 200, HTML)
        if name == "array":
            return await self._send(writer, 200, b"[%b]" % data, kind="application/json")
        if name == "error-200":
            return await self._send(writer, 200, {"error": {"message": "Provider returned error", "code": 502}})
        if name == "reset":
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(data) + data[: len(data) // 2])
            await writer.drain()
            raise DroppedError
        if name in {"endless", "dribble"}:
            writer.write(chunked)
            piece = data[:1] if name == "dribble" else b" " * 65_536
            while True:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(0.05 if name == "dribble" else 0)
        return await self._send(writer, 200, data, kind="application/json", headers=self._limit_headers())

    def _limit_headers(self) -> dict[str, str]:
        if not self.script.limit_headers or self._bucket is None:
            return {}
        return {
            "x-ratelimit-limit-requests": str(int(self._bucket.burst)),
            "x-ratelimit-remaining-requests": str(int(self._bucket.tokens)),
            "x-ratelimit-reset-requests": f"{self._bucket.full_in_s * 1000:.0f}ms",
        }

    async def _send(
        self, writer: asyncio.StreamWriter, status: int, value: Any, headers: Mapping[str, str] | None = None,
        kind: str = "",
    ) -> None:  # fmt: skip
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        kind = kind or ("text/html" if data.startswith(b"<") else "application/json")
        lines = [
            f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(data)}",
            f"x-request-id: req_{self.counts['calls']}",
            *(f"{name}: {item}" for name, item in (headers or {}).items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        await writer.drain()


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", default="{}", help="JSON, or a file that holds it")
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    script = Script.read(arguments.script)
    if arguments.seed is not None:
        script = Script.of_json({**script.as_json(), "seed": arguments.seed})
    server = FaultServer(script, port=arguments.port)
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"serving {server.url}", flush=True)
        threading.Event().wait()
    print(json.dumps(server.counters()))


if __name__ == "__main__":
    main()
