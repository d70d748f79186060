"""HTTP connections for the SDK: aiohttp's, behind the interface of httpx2.

Their parser is written in C. A call costs about half of the processor time that it takes with httpx2's own connections
(`benchmarks/judge_throughput.py`), and that is what bounds a client with many short calls. The SDK has such an adapter
too; it reports a connection that broke under a question as one that was never made, which would hide a bill.

Imports the HTTP libraries; loaded by the transport when the first call is made.
"""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import AsyncIterator, Iterator

import aiohttp
import httpx2
import yarl

__all__ = ["AiohttpConnections", "goes_through_proxy"]

_PIECE_BYTES = 65_536
_IDLE_S = 4.0
"""A connection that nobody used for longer is closed; uvicorn, under most services of one's own, closes after 5 s."""


def goes_through_proxy(url: httpx2.URL) -> bool:
    """Returns whether the environment names a proxy for that address: httpx2 knows more kinds of them than aiohttp."""
    proxies = urllib.request.getproxies()
    return any(proxies.get(scheme) for scheme in (url.scheme, "all")) and not urllib.request.proxy_bypass(url.host)


@contextlib.contextmanager
def _in_words_of_httpx2(request: httpx2.Request, *, sent: bool) -> Iterator[None]:
    """Turns errors of aiohttp into those of httpx2; `sent`: the question has gone out and was answered in part."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error), request=request) from error
    except aiohttp.ServerTimeoutError as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    except aiohttp.InvalidURL as error:
        raise httpx2.UnsupportedProtocol(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        # The connection was there: whether the question arrived is not known.
        kind = httpx2.ReadError if sent else httpx2.RemoteProtocolError
        raise kind(str(error), request=request) from error


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_words_of_httpx2(self._request, sent=True):
            async for piece in self._response.content.iter_chunked(_PIECE_BYTES):
                yield piece

    async def aclose(self) -> None:
        # A connection whose answer was read to its end went back to the pool by itself; any other is of no more use.
        self._response.close()


class AiohttpConnections(httpx2.AsyncBaseTransport):
    """Sends HTTP/1.1 requests over a pool of connections; follows no redirect, keeps no cookie, decodes nothing.

    Args:
        most: connections at once.
        secure: the service is asked over TLS, with the authorities that httpx2 trusts; to read them takes a while.
    """

    def __init__(self, most: int, *, secure: bool) -> None:
        self._most = most
        self._secure = secure
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, yarl.URL] = {}

    def _open(self) -> aiohttp.ClientSession:
        # Belongs to the event loop of the first call.
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._most,
                keepalive_timeout=_IDLE_S,
                ssl=httpx2.create_ssl_context() if self._secure else True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Returns the response as soon as its head is there.

        Raises:
            httpx2.TransportError: of the kind that httpx2's own connections would raise.
        """
        limits = request.extensions.get("timeout", {})
        address = str(request.url)
        url = self._urls.get(address)
        if url is None:
            url = self._urls[address] = yarl.URL(address, encoded=True)
        with _in_words_of_httpx2(request, sent=False):
            response = await self._open().request(
                request.method,
                url,
                headers=request.headers.multi_items(),
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=limits.get("pool"),
                    sock_connect=limits.get("connect"),
                    sock_read=limits.get("read"),
                ),
            )
        return httpx2.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=_Body(response, request),
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
