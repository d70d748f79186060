"""What can become of a call besides an answer. None of it is ever a score.

================ ========================================== ==========================
kind             what happened                              what the client does
================ ========================================== ==========================
RateLimitedError 429, with or without Retry-After           waits, asks again, slows down
TransportError   5xx, HTML, dropped socket                  asks again
LostReplyError   truncated or empty body, time-out, no      asks again; the answer may be billed
                 choices: the answer was lost on the way
RefusedError     content filter or policy refusal           gives up on this question
RejectedError    too long, an image it cannot read          gives up on this question
FatalCallError   wrong key, unknown model, no image input,  stops the run: every other
                 a request the service does not understand  question would fail alike
OutageError      nothing answers for a long time            stops the run; a resume goes on
BudgetError      the next call could exceed the budget      stops the run; a resume goes on
================ ========================================== ==========================
"""

from __future__ import annotations

from typing import ClassVar

from rvebench.errors import EXIT_COVERAGE, EXIT_USAGE, RveError
from rvebench.llm.messages import TokenUsage

__all__ = [
    "BudgetError",
    "CallError",
    "FatalCallError",
    "LostReplyError",
    "OutageError",
    "RateLimitedError",
    "RefusedError",
    "RejectedError",
    "TransportError",
]


class CallError(RveError):
    """A call that gave no answer."""


class TransportError(CallError):
    """The service or the way to it failed; the same question may be answered later."""


class LostReplyError(TransportError):
    """The question arrived and no whole answer came back: it may be billed.

    Args:
        what: what came instead.
        where: the service.
        hint: what to do about it.
        usage: tokens, where the broken answer still counts them.
    """

    def __init__(
        self, what: str, *, where: object | None = None, hint: str | None = None, usage: TokenUsage | None = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.usage = usage


class RateLimitedError(TransportError):
    """The service asks for fewer calls.

    Args:
        what: what it said.
        where: the service.
        hint: what to do about it.
        retry_after_s: how long it asks to wait, in seconds; None when it does not say.
    """

    def __init__(
        self, what: str, *, where: object | None = None, hint: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.retry_after_s = retry_after_s


class RefusedError(CallError):
    """The service or the model declined to answer this question. Not cached, never a number.

    Args:
        what: its words.
        where: the service.
        hint: what to do about it.
        usage: tokens, where the refusal is billed.
    """

    def __init__(
        self, what: str, *, where: object | None = None, hint: str | None = None, usage: TokenUsage | None = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.usage = usage


class RejectedError(CallError):
    """The service does not take this question as it is, though it takes others: too long, an image it cannot read."""


class FatalCallError(CallError):
    """No question can be answered like this: a wrong key, an unknown model, a model that takes no images."""

    exit_code: ClassVar[int] = EXIT_USAGE


class OutageError(FatalCallError):
    """The service has not answered for so long that the run stops; what was answered is recorded."""

    exit_code: ClassVar[int] = EXIT_COVERAGE


class BudgetError(CallError):
    """The next call could cost more than is left."""

    exit_code: ClassVar[int] = EXIT_COVERAGE
