"""What stands before every request: no foreign host, no foreign page, no large body, and headers that forbid much.

Plain ASGI, so that clips are streamed through and not gathered.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MAX_BODY_BYTES", "POLICY", "Guard"]

MAX_BODY_BYTES = 64 * 1024

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "media-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Wraps the application.

    Args:
        app: what is guarded.
        hosts: the values of `Host` that are answered, `name:port`; None: any. Without it, a page whose name is pointed
            at this machine could read a study on loopback.
        origin: the one origin that may post, `https://name`; None: the one that `Host` names.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None, origin: str | None) -> None:
        self._app, self._hosts, self._origin = app, hosts, origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self._app(scope, _limited(receive), send_with_headers)
        else:
            status, sentence = refusal
            await JSONResponse({"error": sentence}, status)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self._hosts is not None and host.lower() not in self._hosts:
            return 421, "This study is not served under that name."
        if method in {"GET", "HEAD"}:
            return None
        if method != "POST":
            return 405, "That cannot be done here."
        if not self._is_own(headers.get("origin", ""), host) or headers.get("sec-fetch-site", "same-origin") not in {
            "same-origin",
        }:
            return 403, "Answers are taken from the study's own page only."
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "Answers are sent as JSON."
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()):
            return 411, "The length of what is sent must be said."
        if len(length) > 9 or int(length) > MAX_BODY_BYTES:
            return 413, "That is too much text."
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        if self._origin is not None:
            return origin.lower() == self._origin
        try:
            given = urlsplit(origin)
        except ValueError:
            return False
        return given.scheme in {"http", "https"} and bool(host) and given.netloc.lower() == host.lower()


def _limited(receive: Receive) -> Receive:
    """Ends a body that is longer than it said."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > MAX_BODY_BYTES else message

    return receive_some
