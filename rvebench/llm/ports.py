"""What a judge needs of a client: answers, and a way to say that one of them was good."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from rvebench.llm.messages import ChatRequest, Reply

__all__ = ["Asker"]


@runtime_checkable
class Asker(Protocol):
    """Answers questions; :class:`rvebench.llm.LlmClient` is one."""

    async def ask(self, request: ChatRequest) -> Reply:
        """Returns the answer.

        Raises:
            TransportError: there is none, after every retry.
            RefusedError: the service or the model declines this question.
            FatalCallError: every other question would fail alike.
            BudgetError: the call could cost more than is left.
        """
        ...

    async def accept(self, request: ChatRequest, reply: Reply) -> None:
        """Keeps a reply that was parsed and found valid: only such replies are ever answered from a cache."""
        ...
