"""Answers of batches where a client looks for cached ones, so that judging them is the same work as ever."""

from __future__ import annotations

from rvebench.llm.batch import BatchRunner
from rvebench.llm.cache import ReplyCache
from rvebench.llm.messages import ChatRequest, Reply

__all__ = ["BatchReplies"]


class BatchReplies:
    """A cache that also answers from a batch.

    What the cache has comes first. An answer of a batch is not in the cache until it was accepted: it counts as new,
    with its cost, and :meth:`put` keeps it.

    Args:
        batch: where answers were collected.
        inner: the cache.
    """

    def __init__(self, batch: BatchRunner, inner: ReplyCache) -> None:
        self._batch = batch
        self._inner = inner

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the kept reply, else the batch's."""
        reply = self._inner.get(digest, request)
        return self._batch.reply(digest) if reply is None else reply

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply in the cache."""
        self._inner.put(request, reply, accepted=accepted)
