"""Brings a chunk from wherever it stands to where the service works on it, with its room reserved; see `batch`."""

from __future__ import annotations

import asyncio
import contextlib
import time

from rvebench.llm.batch_state import BatchFiles, Chunk
from rvebench.llm.batch_wire import ENDED_STATUSES, BatchView, BatchWire
from rvebench.llm.budget import Budget
from rvebench.llm.faults import BudgetError, CallError, TransportError
from rvebench.llm.tokens import Span, TokenEstimate

__all__ = ["Submitter"]

_METADATA = "rvebench_chunk"
_CLOCKS_DIFFER_S = 86_400
"""Between this machine and the service, at most."""
_BEFORE_CREATION = frozenset({"written", "uploading", "uploaded"})


class Submitter:
    """Reserves, uploads and creates.

    Args:
        files: the batch directory.
        wire: the service.
        budget: None: no cap.
        settle_s: how long the service may take until a batch that it created is in its list.
    """

    def __init__(self, files: BatchFiles, wire: BatchWire, budget: Budget | None, *, settle_s: float) -> None:
        self._files = files
        self._wire = wire
        self._budget = budget
        self._settle_s = settle_s

    async def submit(self, chunk: Chunk) -> Chunk:
        """Returns the chunk once its batch is created.

        Where the service certainly created none, the room is given back, and reserved anew the next time.

        Raises:
            BudgetError: there is no room; the chunk is dropped, nothing of it was asked.
            CallError: the service cannot be used.
        """
        if chunk.step in _BEFORE_CREATION:
            await self._reserve(chunk)
        try:
            if chunk.step in {"written", "uploading"}:
                chunk = await self._upload(chunk)
        except CallError:
            # To upload costs nothing, and without a file there is no batch.
            self._release(chunk)
            raise
        if chunk.step == "uploaded":
            chunk = self._files.move(chunk, step="creating", begun_s=int(time.time()))
            view = await self._create(chunk, first=True)
        elif chunk.step == "creating":
            view = await self._find(chunk) or await self._create(chunk, first=False)
        else:
            return chunk
        return self._files.move(chunk, step="created", batch_id=view.id, status=view.status)

    async def _upload(self, chunk: Chunk) -> Chunk:
        name, file_id = self._files.upload_name(chunk), None
        if chunk.step == "uploading":
            file_id = await self._wire.find_upload(name, chunk.size_bytes)
        else:
            chunk = self._files.move(chunk, step="uploading")
        if file_id is None:
            file_id = await self._wire.upload(self._files.requests(chunk.number), name)
        return self._files.move(chunk, step="uploaded", file_id=file_id)

    async def _reserve(self, chunk: Chunk) -> None:
        """Reserves a chunk's bound; what an earlier process reserved for it is the same room."""
        if self._budget is None:
            return
        tokens = TokenEstimate(text=Span(chunk.input_most, chunk.input_most), output_most=chunk.output_most)
        try:
            hold = self._budget.try_reserve(
                chunk.model, tokens, key=self._files.key(chunk), calls=chunk.requests, batch=True
            )
            if hold is None:
                raise BudgetError(
                    f"batches at work hold the room that the next {chunk.requests} questions need",
                    hint="collect them first: run the same command again later",
                )
        except CallError:
            self._files.drop(chunk)
            if chunk.file_id:
                with contextlib.suppress(CallError):
                    await self._wire.delete(chunk.file_id)
            raise

    def _release(self, chunk: Chunk) -> None:
        if self._budget is not None:
            self._budget.release(self._files.key(chunk), chunk.model)

    async def _create(self, chunk: Chunk, *, first: bool) -> BatchView:
        """Creates the batch; `first` where it was never sent before."""
        metadata = {_METADATA: self._files.key(chunk)}
        for attempt in range(3):
            try:
                return await self._wire.create(chunk.file_id, metadata)
            except TransportError:
                # Whether it was created is not known: ask, never send it twice unasked.
                if (view := await self._find(chunk)) is not None:
                    return view
                if attempt == 2:
                    raise
                await asyncio.sleep(min(self._settle_s, 2.0**attempt))
            except CallError:
                if first and attempt == 0:
                    self._files.move(chunk, step="uploaded")
                    self._release(chunk)
                raise
        raise AssertionError("unreachable")

    async def _find(self, chunk: Chunk) -> BatchView | None:
        """Returns the batch that was created for a chunk, if there is one."""
        for last in (False, True):
            found: list[BatchView] = []
            async for view in self._wire.recent():
                if view.created_s < chunk.begun_s - _CLOCKS_DIFFER_S:
                    break
                if view.metadata.get(_METADATA) == self._files.key(chunk) or view.input_file_id == chunk.file_id:
                    found.append(view)
            if found:
                first, *others = sorted(found, key=lambda view: (view.created_s, view.id))
                for other in others:
                    if other.status not in ENDED_STATUSES:
                        with contextlib.suppress(CallError):
                            await self._wire.cancel(other.id)
                return first
            if not last:
                await asyncio.sleep(self._settle_s)
        return None
