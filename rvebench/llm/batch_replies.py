"""Answers of batches where a client looks for cached ones, so that judging them is the same work as ever."""

from __future__ import annotations

from collections.abc import Sequence

from rvebench.llm.batch import BatchRunner
from rvebench.llm.batch_answers import Failure
from rvebench.llm.cache import ReplyCache
from rvebench.llm.faults import CallError, FatalCallError, RefusedError, RejectedError, TransportError
from rvebench.llm.messages import ChatRequest, Reply

__all__ = ["BatchReplies"]


class BatchReplies:
    """A cache that also answers from batches.

    What the cache has comes first. An answer of a batch is not in the cache until it was accepted: it counts as new,
    with its cost, and :meth:`put` keeps it. A question that failed for good in its batch fails here as it would have
    when asked directly: it is not asked once more, at twice the price.

    Args:
        batches: where answers were collected.
        inner: the cache.
    """

    def __init__(self, batches: Sequence[BatchRunner], inner: ReplyCache) -> None:
        self._batches = tuple(batches)
        self._inner = inner

    def get(self, digest: str, request: ChatRequest | None = None) -> Reply | None:
        """Returns the kept reply, else a batch's.

        Raises:
            CallError: the question failed in its batch, for good.
        """
        reply = self._found(digest, request)
        if reply is None and (failure := self.failure(digest)) is not None:
            raise _fault_of(failure)
        return reply

    def put(self, request: ChatRequest, reply: Reply, *, accepted: bool = True) -> None:
        """Keeps an accepted reply in the cache."""
        self._inner.put(request, reply, accepted=accepted)

    def failure(self, digest: str) -> Failure | None:
        """Returns why a question has no answer, if it failed for good in its batch."""
        return next((found for batch in self._batches if (found := batch.failure(digest)) is not None), None)

    def settled(self, digest: str) -> bool:
        """Returns whether nothing is left to ask: there is an answer, or a failure that is this question's own."""
        if self._found(digest, None) is not None:
            return True
        failure = self.failure(digest)
        return failure is not None and failure.kind != "fatal"

    def _found(self, digest: str, request: ChatRequest | None) -> Reply | None:
        reply = self._inner.get(digest, request)
        if reply is not None:
            return reply
        return next((found for batch in self._batches if (found := batch.reply(digest)) is not None), None)


def _fault_of(failure: Failure) -> CallError:
    if failure.kind == "refused":
        return RefusedError(failure.what, usage=failure.usage)
    if failure.kind == "rejected":
        return RejectedError(failure.what)
    if failure.kind == "fatal":
        return FatalCallError(failure.what, hint="put that right, then run the same command again")
    often = "once" if failure.attempts == 1 else f"{failure.attempts} times"
    return TransportError(
        f"asked {often} by batch: {failure.what}",
        hint="--retry-failed asks again; without --batch it does so at once, at the full price",
    )
