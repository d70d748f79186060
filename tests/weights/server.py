"""A web server on loopback that misbehaves as real ones do."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Behaviour:
    """How one path answers; the tests change it between requests."""

    body: bytes
    etag: str | None = '"one"'
    last_modified: str | None = None
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)
    """For the next answers: close the connection after so many bytes of the body."""
    statuses: list[int] = field(default_factory=list)
    """For the next answers: this status instead."""
    retry_after: str = "0"
    content_type: str = "application/octet-stream"
    ignore_if_range: bool = False
    chunked: bool = False
    no_length: bool = False
    pause_s: float = 0.0
    """Between blocks of `block` bytes."""
    block: int = 65536
    redirect: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """More of them."""
    hold: threading.Event | None = None
    """The body's second half waits for it."""


@dataclass
class Seen:
    """One request."""

    path: str
    range: str | None
    if_range: str | None
    sent: int = 0


class Web:
    """The server's state."""

    def __init__(self) -> None:
        self.paths: dict[str, Behaviour] = {}
        self.seen: list[Seen] = []
        self.port = 0
        self.started = threading.Event()
        """A body is half sent."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        web = self.web
        seen = Seen(self.path, self.headers.get("Range"), self.headers.get("If-Range"))
        web.seen.append(seen)
        found = web.paths.get(self.path)
        if found is None:
            self._plain(404)
            return
        if found.redirect is not None:
            self.send_response(302)
            self.send_header("Location", found.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if found.statuses:
            self._plain(found.statuses.pop(0), found.retry_after)
            return
        body, start, code = found.body, 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", seen.range or "")
        fits = found.ignore_if_range or seen.if_range in (None, found.etag, found.last_modified)
        if asked and found.ranges and fits:
            start, code = int(asked[1]), 206
            if start >= len(body):
                self._plain(416)
                return
        self.send_response(code)
        self.send_header("Content-Type", found.content_type)
        if found.etag:
            self.send_header("ETag", found.etag)
        for name, value in found.headers.items():
            self.send_header(name, value)
        if found.last_modified:
            self.send_header("Last-Modified", found.last_modified)
        if code == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if found.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not found.no_length:
            self.send_header("Content-Length", str(len(body) - start))
        if found.no_length or found.cut_after:
            self.close_connection = True
        self.end_headers()
        self._send_body(found, body[start:], seen)

    def _send_body(self, found: Behaviour, body: bytes, seen: Seen) -> None:
        cut = found.cut_after.pop(0) if found.cut_after else None
        try:
            for at in range(0, len(body), found.block):
                block = body[at : at + found.block]
                if cut is not None and at + len(block) > cut:
                    self._block(found, body[at:cut], seen)
                    self.wfile.flush()
                    self.close_connection = True
                    return
                self._block(found, block, seen)
                if at + len(block) >= len(body) // 2:
                    self.web.started.set()
                    if found.hold is not None:
                        found.hold.wait(60)
                if found.pause_s:
                    time.sleep(found.pause_s)
            if found.chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _block(self, found: Behaviour, block: bytes, seen: Seen) -> None:
        if not block:
            return
        self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if found.chunked else block)
        seen.sent += len(block)

    def _plain(self, code: int, retry_after: str = "") -> None:
        text = b"<html>an error page</html>"
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving() -> Iterator[Web]:
    """Yields a running server."""
    web = Web()
    handler = type("Handler", (_Handler,), {"web": web})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        for behaviour in web.paths.values():
            if behaviour.hold is not None:
                behaviour.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def body_of(size: int, seed: str = "x") -> bytes:
    """Returns bytes that are nowhere alike, so that a piece in the wrong place changes the sum."""
    parts, total, count = [], 0, 0
    while total < size:
        part = hashlib.sha512(f"{seed}{count}".encode()).digest()
        parts.append(part)
        total += len(part)
        count += 1
    return b"".join(parts)[:size]
