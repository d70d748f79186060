"""The Batch API on the wire: a seam of seven calls, and OpenAI's own behind it.

Calls that change nothing are repeated until they succeed or :data:`PATIENCE_S` is over. Creating a batch is sent once:
whoever gets no answer asks what became of it (:mod:`rvebench.llm.batch`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rvebench.errors import DataError, StorageError
from rvebench.llm.batch_rows import ENDPOINT
from rvebench.llm.faults import CallError, FatalCallError, LostReplyError, RateLimitedError, TransportError
from rvebench.llm.limits import Limits
from rvebench.llm.statuses import fault_of, read_said
from rvebench.llm.transport import Transport
from rvebench.storage import promote

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch
    from tenacity import RetryCallState

__all__ = ["ENDED_STATUSES", "BatchView", "BatchWire", "OpenAIBatches"]

ENDED_STATUSES = frozenset({"completed", "failed", "expired", "cancelled"})
PATIENCE_S = 600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch as the service shows it."""

    id: str
    status: str
    input_file_id: str
    created_s: int
    """Unix time."""
    output_file_id: str = ""
    error_file_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    problem_code: str = ""
    problem: str = ""
    """First error of a batch that was not taken."""


class BatchWire(Protocol):
    """What a batch needs of a service. Every method raises :class:`CallError`."""

    async def upload(self, path: Path, name: str) -> str:
        """Uploads a file of requests and returns its id."""
        ...

    async def find_upload(self, name: str, size_bytes: int) -> str | None:
        """Returns the id of a whole uploaded file by its name."""
        ...

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> BatchView:
        """Starts a batch. Sent once: an answer that is lost leaves open whether it was started."""
        ...

    async def view(self, batch_id: str) -> BatchView:
        """Returns a batch."""
        ...

    def recent(self) -> AsyncIterator[BatchView]:
        """Yields batches, newest first."""
        ...

    async def download(self, file_id: str, path: Path) -> None:
        """Writes a file's content to `path`, whole or not at all."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Stops a batch."""
        ...

    async def delete(self, file_id: str) -> None:
        """Removes a file."""
        ...


class OpenAIBatches(Transport):
    """Files and batches of OpenAI, or of a service that offers the same.

    Args:
        base_url: None: OpenAI's own.
        api_key_env: the environment variable that holds the key.
        patience_s: how long a call that changes nothing is repeated.
    """

    def __init__(
        self, *, base_url: str | None = None, api_key_env: str = "OPENAI_API_KEY", patience_s: float = PATIENCE_S
    ) -> None:
        # Files are large: an upload or download may take an hour, and its silence three minutes.
        limits = Limits(attempt_s=3600.0, read_s=180.0, body_bytes=2**33)
        super().__init__(base_url=base_url, api_key_env=api_key_env, limits=limits)
        self._patience_s = patience_s

    async def upload(self, path: Path, name: str) -> str:
        """See :meth:`BatchWire.upload`; sent again when it fails, as an unused file costs nothing."""

        async def send(client: AsyncOpenAI) -> str:
            try:
                file = path.open("rb")
            except OSError as error:
                raise DataError(f"the requests cannot be read: {error.strerror}", where=path) from None
            with file:
                uploaded = await client.files.create(file=(name, file, "application/jsonl"), purpose="batch")
            return uploaded.id

        return await self._patiently(send)

    async def find_upload(self, name: str, size_bytes: int) -> str | None:
        """See :meth:`BatchWire.find_upload`."""

        async def send(client: AsyncOpenAI) -> str | None:
            async for file in client.files.list(purpose="batch", limit=1000):
                if file.filename == name and file.bytes == size_bytes:
                    return file.id
            return None

        return await self._patiently(send)

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> BatchView:
        """See :meth:`BatchWire.create`."""

        async def send(client: AsyncOpenAI) -> BatchView:
            return _view(
                await client.batches.create(
                    input_file_id=file_id, endpoint=ENDPOINT, completion_window="24h", metadata=dict(metadata)
                )
            )

        return await self._once(send)

    async def view(self, batch_id: str) -> BatchView:
        """See :meth:`BatchWire.view`."""

        async def send(client: AsyncOpenAI) -> BatchView:
            return _view(await client.batches.retrieve(batch_id))

        return await self._patiently(send)

    async def recent(self) -> AsyncIterator[BatchView]:
        """See :meth:`BatchWire.recent`."""
        after: str | None = None
        while True:

            async def send(client: AsyncOpenAI, start: str | None = after) -> tuple[list[Batch], bool]:
                page = await (
                    client.batches.list(limit=100) if start is None else client.batches.list(limit=100, after=start)
                )
                return page.data, page.has_next_page()

            batches, more = await self._patiently(send)
            for batch in batches:
                yield _view(batch)
            if not more or not batches:
                return
            after = batches[-1].id

    async def download(self, file_id: str, path: Path) -> None:
        """See :meth:`BatchWire.download`."""

        async def send(client: AsyncOpenAI) -> None:
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            try:
                async with client.files.with_streaming_response.content(file_id) as response:
                    await response.stream_to_file(temporary)
                promote(temporary, path)
            except TimeoutError:
                raise
            except OSError as error:
                raise StorageError(
                    f"cannot write: {error.strerror or error}",
                    where=path,
                    hint="free some space, then run the same command again: the service keeps the answers",
                ) from None
            finally:
                temporary.unlink(missing_ok=True)

        await self._patiently(send)

    async def cancel(self, batch_id: str) -> None:
        """See :meth:`BatchWire.cancel`."""

        async def send(client: AsyncOpenAI) -> None:
            await client.batches.cancel(batch_id)

        await self._once(send)

    async def delete(self, file_id: str) -> None:
        """See :meth:`BatchWire.delete`."""

        async def send(client: AsyncOpenAI) -> None:
            await client.files.delete(file_id)

        await self._once(send)

    async def _patiently(self, send: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
        import tenacity

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TransportError),
            wait=_pause_s,
            stop=tenacity.stop_after_delay(self._patience_s),
            reraise=True,
        )
        return await retrying(self._once, send)

    async def _once(self, send: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
        client = self._open()
        import anyio
        import httpx2
        import openai

        fault: CallError
        self.calls += 1
        try:
            with anyio.fail_after(self._limits.attempt_s):
                return await send(client)
        except openai.APIStatusError as error:
            # The body of a download that failed is not read by the SDK.
            fault = self._objection(error.status_code, error.response.headers, await _body(error.response))
        except (TimeoutError, openai.APIConnectionError) as error:
            fault = self._cut_off(error)
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, ValueError) as error:
            fault = LostReplyError(f"the answer could not be read: {type(error).__name__}", where=self.host)
        # Raised here and not in the handlers: an SDK error holds the request and with it the key.
        raise self._masked(fault)

    def _objection(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        said = read_said(body).message
        if status == 404:
            return FatalCallError(
                f"there is no such file or batch, or no Batch API at all{f': {said}' if said else ''}",
                where=self.host,
                hint="check the base URL and the account; without --batch the same questions are asked one by one",
            )
        return fault_of(
            status, headers, body, model="of the batch", key_name=self._key_name, where=self.host, answered=False
        )


async def _body(response: Any) -> bytes:
    import httpx2

    try:
        content: bytes = await response.aread()
    except (httpx2.HTTPError, httpx2.StreamError):
        return b""
    return content


def _pause_s(state: RetryCallState) -> float:
    import tenacity

    error = state.outcome.exception() if state.outcome is not None else None
    asked_s = error.retry_after_s if isinstance(error, RateLimitedError) else None
    return max(min(asked_s or 0.0, 120.0), tenacity.wait_random_exponential(multiplier=0.5, max=30)(state))


def _view(batch: Batch) -> BatchView:
    first = batch.errors.data[0] if batch.errors is not None and batch.errors.data else None
    return BatchView(
        id=batch.id,
        status=batch.status,
        input_file_id=batch.input_file_id,
        created_s=batch.created_at,
        output_file_id=batch.output_file_id or "",
        error_file_id=batch.error_file_id or "",
        metadata=dict(batch.metadata or {}),
        problem_code=(first.code or "") if first is not None else "",
        problem=(first.message or "") if first is not None else "",
    )
