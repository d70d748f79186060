"""What an HTTP status and its body mean: which kind of :class:`CallError`, in one sentence. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from rvebench.llm.faults import (
    CallError,
    FatalCallError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    TransportError,
)

__all__ = ["Allowance", "Said", "allowance_of", "fault_of", "read_said", "retry_after_s"]

_NO_IMAGES = re.compile(
    r"image input is not supported|(does not|doesn't|do not|don't|not) support(ed)? (\w+ )?(image|vision|multimodal)"
    r"|image_url is only supported|not a multimodal model|support image input|at most 0 image"
    r"|(image|vision|multimodal) (inputs?|content|messages?) (is|are) not (supported|enabled|allowed)",
    re.IGNORECASE,
)
_POLICY_CODE = re.compile(
    r"content_?filter|content_?policy|ResponsibleAIPolicyViolation|moderation|invalid_prompt|safety", re.IGNORECASE
)
_POLICY = re.compile(
    r"content (management )?policy|usage policy|flagged|content filter|safety system|moderation", re.IGNORECASE
)
_THIS_ONE = re.compile(
    r"context[_ ](length|window)|maximum context|too (long|large|many)|exceeds?\b|above_max|invalid_image"
    r"|invalid_base64|image_parse|image_too|unsupported_image|could not (process|decode|read) (the )?image",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota|billing|credits?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words of an error body, wherever the service puts them."""

    message: str = ""
    code: str = ""
    param: str = ""


class Allowance(NamedTuple):
    """How many calls a service still takes, as it says with each answer."""

    left: int
    """Calls that it would take at once."""
    most: int
    """Calls that it would take at once when none was sent for long."""
    rate_per_s: float
    """Calls a second at which the allowance fills again."""


def allowance_of(headers: Mapping[str, str]) -> Allowance | None:
    """Returns the allowance in OpenAI's headers (x-ratelimit-…-requests); None where they are absent or say nothing.

    The service tells when a full allowance is back; what is missing, over that time, is the rate at which it fills.
    """
    try:
        most = int(headers["x-ratelimit-limit-requests"])
        left = int(headers["x-ratelimit-remaining-requests"])
        reset_s = _duration_s(headers["x-ratelimit-reset-requests"])
    except (KeyError, ValueError):
        return None
    if not 0 <= left < most or not 0 < reset_s < math.inf:
        return None
    return Allowance(left, most, (most - left) / reset_s)


def _duration_s(text: str) -> float:
    """Reads `120ms`, `8.64s`, `1m30s`, `6h0m0s` or plain seconds."""
    parts = re.findall(r"([\d.]+)(ms|s|m|h|d)", text)
    if not parts:
        return float(text)
    return sum(float(number) * {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400}[unit] for number, unit in parts)


def read_said(body: bytes) -> Said:
    """Returns what an error body says; HTML and the like say nothing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(value, dict):
        return Said()
    error = value.get("error", value)
    if not isinstance(error, dict):
        return Said(message=_line(error))
    inner = error.get("innererror")
    codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    return Said(
        message=_line(error.get("message") or error.get("detail") or value.get("detail") or ""),
        code=" ".join(code for code in codes if isinstance(code, str)),
        param=_line(error.get("param") or ""),
    )


def fault_of(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    model: str,
    key_name: str,
    where: str,
    answered: bool,
    now: datetime | None = None,
) -> CallError:
    """Returns the error that a status other than 200 stands for.

    Args:
        status: HTTP status.
        headers: of the response, with names in lower case.
        body: of the response.
        model: that was asked.
        key_name: the environment variable that holds the key.
        where: the service's host.
        answered: the service has answered a question of this model before, so that an objection is to this one alone.
        now: for a Retry-After that is a date; the clock's time by default.
    """
    said = read_said(body)
    words = f"{said.code} {said.message}"
    quoted = f": {said.message}" if said.message else ""
    if _NO_IMAGES.search(said.message):
        return FatalCallError(
            f"the model {model!r} takes no images{quoted}", where=where, hint="a judge needs a model that sees"
        )
    if status in {400, 403, 422, 451} and (_POLICY_CODE.search(said.code) or _POLICY.search(said.message)):
        return RefusedError(f"the service declined{quoted or f' with status {status}'}", where=where)
    if status == 402 or (status in {403, 429} and _NO_CREDIT.search(words)):
        return FatalCallError(f"the account of the key in ${key_name} has no credit left{quoted}", where=where)
    if status in {401, 403}:
        return FatalCallError(f"the key in ${key_name} was not accepted{quoted}", where=where)
    if status == 404:
        if "model" in words.lower() or "deployment" in words.lower():
            return FatalCallError(f"there is no model {model!r}{quoted}", where=where)
        return FatalCallError(
            f"there are no chat completions at this address{quoted}", where=where, hint="check the base URL"
        )
    wait_s = retry_after_s(headers, now or datetime.now(timezone.utc))
    if status == 429 or (status in {503, 529} and wait_s is not None):
        return RateLimitedError(f"the service asks for fewer calls{quoted}", where=where, retry_after_s=wait_s)
    if status in {408, 409, 425} or status >= 500:
        return TransportError(f"the service failed with status {status}{quoted}", where=where)
    if status == 413 or answered or _THIS_ONE.search(words):
        return RejectedError(f"the service does not take this question{quoted or f', status {status}'}", where=where)
    return FatalCallError(f"the service does not understand the request, status {status}{quoted}", where=where)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Returns the pause that a response asks for, in seconds from `now`; None where it asks for none.

    Reads `retry-after-ms`, and `retry-after` in seconds or as an HTTP date.
    """
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            pause = float(value) * unit_s
        except ValueError:
            pause = math.nan
        if math.isfinite(pause):
            return max(0.0, pause)
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError):
            continue
        date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
        return max(0.0, (date - now).total_seconds())
    return None


def _line(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return " ".join(text.split())[:300].rstrip(".")
