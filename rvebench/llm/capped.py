"""A bound on how much a service may send, for an HTTP client that keeps its proxies and pools.

Imports the HTTP library; loaded by the transport when the first call is made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2

__all__ = ["BodyTooLongError", "cap_bodies"]


class BodyTooLongError(Exception):
    """A response is longer than it may be; its connection is closed."""


class _CappedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most_bytes
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise BodyTooLongError
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def cap_bodies(most_bytes: int) -> Callable[[httpx2.Response], Awaitable[None]]:
    """Returns a response hook that bounds the body before any of it is read."""

    async def cap(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _CappedStream(response.stream, most_bytes)

    return cap
