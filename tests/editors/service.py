"""A small video service on the loopback that speaks submit, poll, download, and misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["KEY", "Service", "serve"]

KEY = "sk-loopback-0123456789"


@dataclass
class Service:
    """What the service does, and what it saw."""

    video: bytes
    faults: dict[str, list[str]] = field(default_factory=dict)
    """By step (submit, poll, upload, download): what goes wrong, one entry a call; the last one stays when it ends
    in `!`."""
    state: list[str] = field(default_factory=lambda: ["PENDING", "RUNNING", "SUCCEEDED"])
    """What polls answer, in order; the last one stays."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Merged into every poll's answer."""
    calls: Counter[str] = field(default_factory=Counter)
    bodies: list[Any] = field(default_factory=list)
    headers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    uploaded: list[bytes] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    _running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _polls: Counter[str] = field(default_factory=Counter)

    def fault(self, step: str) -> str:
        with self._lock:
            self.calls[step] += 1
            queue = self.faults.get(step, [])
            if not queue:
                return ""
            return queue[0].rstrip("!") if queue[0].endswith("!") else queue.pop(0)

    def next_state(self, job: str) -> str:
        with self._lock:
            state = self.state[min(self._polls[job], len(self.state) - 1)]
            self._polls[job] += 1
            self._running -= state == "SUCCEEDED"
            return state

    def started(self) -> str:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            return f"job-{self.calls['submit']}"


class _Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _answer(self, code: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _json(self, value: object, code: int = 200, **headers: str) -> None:
        self._answer(code, json.dumps(value).encode(), **headers)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = b""
            while size := int(self.rfile.readline(), 16):
                parts += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return parts
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _faulty(self, step: str) -> bool:
        fault = self.service.fault(step)
        if fault == "429":
            self._json({"error": "slow down"}, 429, Retry_After="0.05")
        elif fault == "500":
            self._answer(500, f"<html><body><h1>Oops</h1>{KEY}</body></html>".encode(), "text/html")
        elif fault == "html":
            self._answer(200, b"<html><title>Log in</title><p>please</p></html>", "text/html")
        elif fault == "401":
            self._json({"error": {"message": f"bad key {KEY}"}}, 401)
        elif fault == "422":
            self._json({"detail": [{"type": "content_policy_violation", "msg": "not allowed here"}]}, 422)
        elif fault == "403":
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        elif fault == "truncated":
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(len(self.service.video)))
            self.end_headers()
            self.wfile.write(self.service.video[:100])
            self.close_connection = True
        elif fault == "garbage":
            self._answer(200, b"no video at all", "video/mp4")
        elif fault == "drop":
            self.close_connection = True
        else:
            return False
        return True

    def do_POST(self) -> None:
        body, service = self._body(), self.service
        service.headers.append(("POST " + self.path.split("?")[0], dict(self.headers)))
        if self.path == "/v1/uploads":
            if not self._faulty("upload"):
                self._json({"put": f"{service.url}/put?signature=hush-hush", "uri": "svc://media/1"})
            return
        service.bodies.append(json.loads(body) if body.startswith(b"{") else body)
        if not self._faulty("submit"):
            job = service.started()
            self._json({"id": job, "status_url": f"{service.url}/v1/tasks/{job}"})

    def do_PUT(self) -> None:
        self.service.headers.append(("PUT", dict(self.headers)))
        self.service.uploaded.append(self._body())
        self._answer(200, b"")

    def do_GET(self) -> None:
        service = self.service
        service.headers.append(("GET " + self.path.split("?")[0], dict(self.headers)))
        if self.path.startswith("/v1/tasks/") and self.path.endswith("/content"):
            if not self._faulty("download"):
                self._answer(200, service.video, "video/mp4")
        elif self.path.startswith("/v1/tasks/"):
            if not self._faulty("poll"):
                state = service.next_state(self.path.rsplit("/", 1)[1])
                answer = {"status": state, "cost": {"credits": 25}, **service.extra}
                if state == "SUCCEEDED":
                    answer["output"] = [f"{service.url}/cdn/v.mp4?sig=hush-hush-{service.calls['poll']}"]
                self._json(answer)
        elif self.path.startswith("/cdn/"):
            if not self._faulty("download"):
                self._answer(200, service.video, "video/mp4")
        else:
            self._json({"error": "no such path"}, 404)


@contextmanager
def serve(video: bytes) -> Iterator[Service]:
    """Runs the service in threads while the body runs."""
    service = Service(video=video)
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
