"""An HTTP client that builds the same request over and over without taking its address and headers apart each time.

The SDK writes the address and a dozen headers anew for every call, and httpx2 then parses and merges them: a quarter of
what a call costs of the processor. They hardly ever change, so what came out of them is kept.
"""

from __future__ import annotations

from typing import Any

import httpx2

__all__ = ["LeanClient"]

_KEPT = 256
"""Addresses, and sets of headers, that are kept; a run has one or two of each."""


class LeanClient(httpx2.AsyncClient):
    """httpx2's client; requests that are more than an address, headers and a body are built by httpx2 itself.

    It is given no cookies and no query of its own, and takes no base URL: the SDK passes whole addresses.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._addresses: dict[str, httpx2.URL] = {}
        self._merged: dict[tuple[tuple[str, str], ...], httpx2.Headers] = {}

    def build_request(self, method: str, url: httpx2.URL | str, **parts: Any) -> httpx2.Request:
        """Returns the request; the arguments are httpx2's."""
        known = {"headers", "content", "timeout", "params", "files"}
        plain = (
            isinstance(url, str)
            and isinstance(parts.get("headers"), list)
            and isinstance(parts.get("timeout"), httpx2.Timeout)
        )
        if not plain or parts.get("params") or parts.get("files") or not known.issuperset(parts):
            return super().build_request(method, url, **parts)
        own = tuple(parts["headers"])
        if url not in self._addresses or own not in self._merged:
            request = super().build_request(method, url, **parts)
            if len(self._addresses) < _KEPT and len(self._merged) < _KEPT:
                self._addresses[str(url)] = request.url
                kept = [pair for pair in request.headers.multi_items() if pair[0].lower() not in _OF_BODY]
                self._merged[own] = httpx2.Headers(kept)
            return request
        return httpx2.Request(
            method,
            self._addresses[str(url)],
            headers=self._merged[own],
            content=parts.get("content"),
            extensions={"timeout": parts["timeout"].as_dict()},
        )


_OF_BODY = frozenset({"content-length", "transfer-encoding"})
"""Headers that httpx2 writes for each body."""
