"""What a status means, and the words that services use for the same thing."""

from __future__ import annotations

import json
import random
from datetime import datetime, timezone
from typing import Any

import pytest

from rvebench.llm.dialect import Dialect, adapt
from rvebench.llm.faults import (
    CallError,
    FatalCallError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    TransportError,
)
from rvebench.llm.limits import Limits
from rvebench.llm.retry import Tally, pause_s
from rvebench.llm.statuses import allowance_of, fault_of, read_said, retry_after_s

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=timezone.utc)


def fault(status: int, body: Any, *, answered: bool = False, **headers: str) -> CallError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return fault_of(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, raw,
        model="m", key_name="MY_KEY", where="host", answered=answered, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # vLLM
        (400, {"object": "error", "message": "m is not a multimodal model", "code": 400}, FatalCallError),
        (400, {"error": {"message": "At most 0 image(s) may be provided in one prompt."}}, FatalCallError),
        (400, {"error": {"message": "At most 4 image(s) may be provided in one prompt, exceeds"}}, RejectedError),
        (404, {"object": "error", "message": "The model `m` does not exist."}, FatalCallError),
        # llama.cpp
        (500, {"error": {"message": "image input is not supported - hint: mmproj", "code": 500}}, FatalCallError),
        (503, {"error": {"message": "Loading model"}}, TransportError),
        # Azure
        (400, {"error": {"code": "content_filter", "message": "The response was filtered"}}, RefusedError),
        (
            400,
            {"error": {"message": "filtered", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
            RefusedError,
        ),
        (
            404,
            {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist"}},
            FatalCallError,
        ),
        # OpenRouter
        (403, {"error": {"message": "Your input was flagged", "code": 403}}, RefusedError),
        (404, {"error": {"message": "No endpoints found that support image input", "code": 404}}, FatalCallError),
        (402, {"error": {"message": "Insufficient credits"}}, FatalCallError),
        # OpenAI
        (400, {"error": {"code": "invalid_prompt", "message": "flagged as violating our usage policy"}}, RefusedError),
        (400, {"error": {"code": "context_length_exceeded", "message": "too long"}}, RejectedError),
        (429, {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}, FatalCallError),
        (429, {"error": {"code": "rate_limit_exceeded", "message": "Rate limit reached"}}, RateLimitedError),
        (529, b"overloaded", TransportError),
        (413, b"<html>", RejectedError),
        (404, b"<html>not found</html>", FatalCallError),
        (422, {"detail": [{"msg": "field required"}]}, FatalCallError),
        (400, b"[1]", FatalCallError),
        (400, b"\xff\xfe", FatalCallError),
    ],
)
def test_the_words_of_each_service_are_understood(status: int, body: Any, kind: type[CallError]) -> None:
    error = fault(status, body)
    assert type(error) is kind and "\n" not in str(error) and len(str(error)) < 600


def test_a_busy_service_that_names_a_time_is_waited_for() -> None:
    error = fault(503, b"", retry_after="4")
    assert isinstance(error, RateLimitedError) and error.retry_after_s == 4


def test_an_objection_is_to_one_question_when_others_were_answered() -> None:
    assert type(fault(400, {"error": {"message": "Invalid value"}}, answered=True)) is RejectedError


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "150"}, 0.15),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_a_pause_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


def test_the_words_of_an_error_are_found_wherever_they_are() -> None:
    assert read_said(b'{"error": "plain words."}').message == "plain words"
    assert read_said(b'{"error": {"message": "two\\nlines", "param": "x"}}').message == "two lines"
    assert read_said(b'{"detail": "not here"}').message == "not here"
    assert read_said(b"<html>").message == ""


@pytest.mark.parametrize(
    ("left", "reset", "rate"),
    [("499", "120ms", 1 / 0.12), ("0", "1m0s", 500 / 60), ("490", "1.2s", 10 / 1.2), ("0", "60", 500 / 60)],
)
def test_the_rate_at_which_an_allowance_fills_is_read_from_its_headers(left: str, reset: str, rate: float) -> None:
    read = allowance_of(headers(left, reset))
    assert read is not None and (read.left, read.most) == (int(left), 500)
    assert read.rate_per_s == pytest.approx(rate)


@pytest.mark.parametrize(("left", "reset"), [("500", "0s"), ("x", "1s"), ("3", "soon"), ("3", "0ms"), ("-1", "1s")])
def test_headers_that_say_nothing_are_no_allowance(left: str, reset: str) -> None:
    assert allowance_of(headers(left, reset)) is None and allowance_of({}) is None


def headers(left: str, reset: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": left,
        "x-ratelimit-reset-requests": reset,
    }


SENT = {"model": "m", "messages": [], "max_tokens": 9, "temperature": 0, "seed": 0, "response_format": {}}


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("'response_format' of type 'json_schema' is not supported with this model", "form"),
        ("This response_format type is unavailable now, unsupported", "form"),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "length_word"),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "dropped"),
        ("extra fields not permitted: seed", "dropped"),
        ("max_tokens is too large: 5000", None),
        ("image input is not supported", None),
        ("The model `m` does not exist", None),
        ("unknown model", None),
    ],
)
def test_only_an_objection_to_a_word_changes_the_words(message: str, changed: str | None) -> None:
    dialect = Dialect(length_word="max_tokens")
    learnt = adapt(dialect, status=400, message=message, param="", sent=SENT)
    if changed is None:
        assert learnt is None
    else:
        assert learnt is not None and getattr(learnt, changed) != getattr(dialect, changed)


def test_pauses_double_up_to_their_cap_with_full_jitter() -> None:
    limits = Limits(backoff_s=1.0, backoff_most_s=10.0)
    rng = random.Random(1)
    for failures, most in ((1, 1.0), (2, 2.0), (3, 4.0), (9, 10.0), (5000, 10.0)):
        drawn = [pause_s(TransportError("x"), Tally(failures=failures), limits, rng) for _ in range(300)]
        assert 0 <= min(drawn) < 0.1 * most and 0.9 * most < max(drawn) <= most


def test_a_pause_that_is_asked_for_is_kept_and_capped() -> None:
    limits = Limits(retry_after_most_s=20.0)
    rng = random.Random(1)
    asked = RateLimitedError("x", retry_after_s=5.0)
    assert all(5.0 <= pause_s(asked, Tally(refusals=1), limits, rng) <= 5.6 for _ in range(100))
    assert pause_s(RateLimitedError("x", retry_after_s=1e9), Tally(refusals=1), limits, rng) <= 21.0
