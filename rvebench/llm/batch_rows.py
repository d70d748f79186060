"""Lines of the Batch API: what goes up, what comes down, and what each line means. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from rvebench.llm.dialect import Dialect
from rvebench.llm.faults import (
    CallError,
    FatalCallError,
    LostReplyError,
    RateLimitedError,
    RefusedError,
    RejectedError,
)
from rvebench.llm.messages import ChatRequest, Reply, TokenUsage
from rvebench.llm.statuses import fault_of
from rvebench.llm.wire import body_of, read_reply

__all__ = ["ENDPOINT", "RETRYABLE", "FailureKind", "Row", "problem_kind", "read_row", "request_line"]

ENDPOINT: Final = "/v1/chat/completions"

FailureKind = Literal["refused", "rejected", "fatal", "rate-limited", "transport", "expired", "cancelled", "missing"]
RETRYABLE: frozenset[FailureKind] = frozenset({"rate-limited", "transport", "expired", "cancelled", "missing"})
"""Kinds that say nothing about the question: it may be answered another time."""
_NO_TOKENS = TokenUsage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of an output or error file."""

    digest: str
    reply: Reply | None
    kind: FailureKind | None = None
    what: str = ""
    usage: TokenUsage | None = _NO_TOKENS
    """Also of answers that could not be used: they are billed. None: the model answered, and nobody counted."""


def request_line(request: ChatRequest, dialect: Dialect) -> bytes:
    """Returns the line that asks one request; its `custom_id` is the request's digest."""
    line = {"custom_id": request.digest, "method": "POST", "url": ENDPOINT, "body": body_of(request, dialect)}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=dict).encode(errors="replace") + b"\n"


def read_row(line: bytes, *, model: str, where: str) -> Row | None:
    """Returns what a line says, or None when it is not a line of a batch."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return None
    digest = value["custom_id"]
    error = value.get("error")
    if isinstance(error, dict) and error:
        code, said = str(error.get("code") or ""), str(error.get("message") or "")
        kind: FailureKind = (
            "expired" if "expired" in code else "cancelled" if "cancel" in code else problem_kind(code, "transport")
        )
        return Row(digest=digest, reply=None, kind=kind, what=" ".join(f"{code}: {said}".split())[:300])
    try:
        reply = _reply(value.get("response"), model=model, where=where)
    except CallError as fault:
        usage: TokenUsage | None = _NO_TOKENS
        if isinstance(fault, LostReplyError) or (isinstance(fault, RefusedError) and fault.usage is not None):
            usage = fault.usage
        return Row(digest=digest, reply=None, kind=_kind(fault), what=str(fault), usage=usage)
    return Row(digest=digest, reply=reply, usage=None if "usage" in reply.meta else reply.usage)


def _reply(response: Any, *, model: str, where: str) -> Reply:
    if not isinstance(response, dict) or not isinstance(response.get("status_code"), int):
        raise LostReplyError("the line has neither a response nor an error", where=where)
    body = json.dumps(response.get("body")).encode()
    if response["status_code"] != 200:
        raise fault_of(
            response["status_code"], {}, body, model=model, key_name="OPENAI_API_KEY", where=where, answered=True
        )
    return read_reply(body, where=where, request_id=str(response.get("request_id") or ""))


def problem_kind(code: str, otherwise: FailureKind) -> FailureKind:
    """Returns what an error code of the Batch API means; a full queue is the one that time cures."""
    return "rate-limited" if "limit" in code and "billing" not in code else otherwise


def _kind(error: CallError) -> FailureKind:
    if isinstance(error, RefusedError):
        return "refused"
    if isinstance(error, RejectedError):
        return "rejected"
    if isinstance(error, FatalCallError):
        return "fatal"
    return "rate-limited" if isinstance(error, RateLimitedError) else "transport"
