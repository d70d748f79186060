"""Every fault of the wire becomes the error of its kind, in one sentence, without the key."""

from __future__ import annotations

import asyncio
import json
import pickle
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rvebench.errors import UsageError
from rvebench.llm.faults import (
    CallError,
    FatalCallError,
    LostReplyError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    TransportError,
)
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.llm.transport import Transport, check_base_url
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer
from tests.llm.world import KEY, QUICK, SCHEMA, question

SHORT = replace(QUICK, read_s=0.5, attempt_s=1.0, body_bytes=300_000)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


async def send(server: FaultServer, request: ChatRequest, *, times: int = 1, form: str = "auto") -> list[Reply]:
    transport = Transport(base_url=server.url, limits=SHORT, form=form)
    try:
        return [await transport.send(request) for _ in range(times)]
    finally:
        await transport.aclose()


def failing(server: FaultServer, fault: str, request: ChatRequest | None = None) -> CallError:
    server.use(Script(sequence=(fault,)))
    with pytest.raises(CallError) as caught:
        asyncio.run(send(server, request or question()))
    return caught.value


def test_a_good_answer_carries_everything_the_service_said(server: FaultServer) -> None:
    server.use(Script())
    (reply,) = asyncio.run(send(server, question(schema=SCHEMA, images=2)))
    assert set(json.loads(reply.text)) == {"rationale", "score"}
    assert reply.returned_model == "gpt-4o-2024-11-20"
    assert (reply.finish_reason, reply.fingerprint) == ("stop", "fp_fault")
    assert reply.usage.input_tokens > 2 * 255 and reply.usage.output_tokens > 0
    assert reply.request_id.startswith("req_") and reply.wall_s > 0
    assert reply.meta == {"format": "json_schema"}


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("429", RateLimitedError, "asks for fewer calls"),
        ("429-after", RateLimitedError, "asks for fewer calls"),
        ("500", TransportError, "status 500"),
        ("503", TransportError, "status 503"),
        ("502-html", TransportError, "status 502"),
        ("truncated", LostReplyError, "broken JSON"),
        ("empty", LostReplyError, "empty body"),
        ("html-200", LostReplyError, "HTML"),
        ("reset", LostReplyError, "connection broke"),
        ("drop", LostReplyError, "connection broke"),
        ("endless", LostReplyError, "more than 300000 bytes"),
        ("dribble", LostReplyError, "no answer within 1 s"),
        ("hang", LostReplyError, "no answer within 0.5 s"),
        ("no-choices", LostReplyError, "no choices"),
        ("no-content", LostReplyError, "no text"),
        ("array", LostReplyError, "no chat completion"),
        ("error-200", LostReplyError, "Provider returned error"),
        ("refusal", RefusedError, "I'm sorry"),
        ("content-filter", RefusedError, "content filter"),
        ("content-filter-400", RefusedError, "triggering the policy"),
        ("policy-400", RefusedError, "not allowed"),
        ("401", FatalCallError, "the key in $OPENAI_API_KEY was not accepted"),
        ("403", FatalCallError, "the key in $OPENAI_API_KEY was not accepted"),
        ("quota", FatalCallError, "no credit left"),
        ("404-model", FatalCallError, "no model 'gpt-4o'"),
        ("no-images", FatalCallError, "takes no images"),
        ("no-images-500", FatalCallError, "takes no images"),
        ("too-long-400", RejectedError, "maximum context length"),
        ("strange-400", FatalCallError, "Invalid value: 'robot'"),
        ("echo-key", FatalCallError, "***"),
    ],
)
def test_each_fault_is_an_error_of_its_kind(server: FaultServer, fault: str, kind: type[CallError], words: str) -> None:
    error = failing(server, fault)
    assert type(error) is kind
    assert words in str(error)
    assert "\n" not in str(error) and KEY not in str(error)
    assert type(pickle.loads(pickle.dumps(error))) is kind


@pytest.mark.parametrize("fault", ["401", "echo-key", "drop", "truncated", "500"])
def test_neither_a_traceback_nor_what_hangs_on_it_shows_the_key(server: FaultServer, fault: str) -> None:
    error = failing(server, fault)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert KEY not in shown and KEY not in repr(error)
    assert error.__cause__ is None and error.__context__ is None


def test_the_service_says_how_long_to_wait_in_seconds_or_by_date(server: FaultServer) -> None:
    server.use(Script(sequence=("429-after", "429-date", "429"), retry_after_s=7.0))

    async def errors() -> list[float | None]:
        transport = Transport(base_url=server.url, limits=SHORT)
        waits = []
        for _ in range(3):
            with pytest.raises(RateLimitedError) as caught:
                await transport.send(question())
            waits.append(caught.value.retry_after_s)
        await transport.aclose()
        return waits

    seconds, date, nothing = asyncio.run(errors())
    assert seconds == 7.0
    assert date is not None and 4.0 < date <= 7.0
    assert nothing is None


def test_an_answer_cut_short_is_an_answer_that_says_so(server: FaultServer) -> None:
    server.use(Script(sequence=("length",)))
    (reply,) = asyncio.run(send(server, question(schema=SCHEMA)))
    assert reply.finish_reason == "length" and reply.text.startswith("{")


def test_a_broken_answer_that_was_counted_says_what_it_cost(server: FaultServer) -> None:
    error = failing(server, "no-choices")
    assert isinstance(error, LostReplyError) and error.usage is not None and error.usage.input_tokens > 0


@pytest.mark.parametrize(
    ("formats", "form"), [(("json_object",), "json_object"), ((), "none"), (("json_schema",), "json_schema")]
)
def test_the_shape_is_asked_for_in_what_the_service_understands_and_remembered(
    server: FaultServer, formats: tuple[str, ...], form: str
) -> None:
    server.reset(Script(formats=formats))
    replies = asyncio.run(send(server, question(schema=SCHEMA), times=3))
    assert [reply.meta["format"] for reply in replies] == [form] * 3
    assert server.calls == 3 + ["json_schema", "json_object", "none"].index(form)


def test_settings_that_a_model_does_not_take_are_dropped_once_and_noted(server: FaultServer) -> None:
    server.reset(Script(unsupported=("temperature", "seed", "max_tokens")))
    replies = asyncio.run(send(server, question(), times=2))
    assert [reply.meta["dropped"] for reply in replies] == ["temperature,seed"] * 2
    assert server.calls == 3 + 2
    assert set(server.bodies[-1]) == {"model", "max_completion_tokens"}


def test_the_old_word_for_the_longest_answer_is_found_too(server: FaultServer) -> None:
    server.reset(Script(unsupported=("max_completion_tokens",)))
    asyncio.run(send(server, question()))
    assert server.bodies[-1]["max_tokens"] == 200


def test_an_objection_after_an_answer_is_to_that_question_alone(server: FaultServer) -> None:
    server.use(Script(sequence=("ok", "strange-400")))
    with pytest.raises(RejectedError):
        asyncio.run(send(server, question(), times=2))


def test_without_a_key_openai_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(FatalCallError, match=r"there is no key in \$OPENAI_API_KEY"):
        asyncio.run(Transport().send(question()))


def test_a_service_of_ones_own_needs_no_key(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    server.use(Script())
    assert asyncio.run(send(server, question()))[0].text


def test_no_connection_is_a_transport_fault_that_cost_nothing() -> None:
    async def ask() -> None:
        transport = Transport(base_url="http://127.0.0.1:9/v1", limits=SHORT)
        try:
            await transport.send(question())
        finally:
            await transport.aclose()

    with pytest.raises(TransportError, match="no connection") as caught:
        asyncio.run(ask())
    assert not isinstance(caught.value, LostReplyError)


def test_a_proxy_of_the_environment_is_asked_and_not_the_service(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server.use(Script())
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(TransportError, match="no connection"):
        asyncio.run(send(server, question()))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert asyncio.run(send(server, question()))[0].text


def test_a_call_that_is_cancelled_leaves_no_connection_behind(server: FaultServer) -> None:
    server.use(Script(for_ever="hang"))

    async def cancel_all() -> Reply:
        transport = Transport(base_url=server.url, limits=replace(SHORT, concurrency=1, read_s=30.0, attempt_s=30.0))
        try:
            for _ in range(12):  # more than the pool has places
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(transport.send(question()), 0.03)
            server.use(Script())
            return await transport.send(question())
        finally:
            await transport.aclose()

    assert asyncio.run(cancel_all()).text


def test_a_service_that_answers_no_tls_handshake_is_no_connection(server: FaultServer) -> None:
    server.reset(Script())

    async def ask() -> None:
        transport = Transport(base_url=server.url.replace("http:", "https:"), limits=replace(SHORT, connect_s=0.3))
        try:
            await transport.send(question())
        finally:
            await transport.aclose()

    with pytest.raises(TransportError, match="no connection") as caught:
        asyncio.run(ask())
    assert not isinstance(caught.value, LostReplyError) and server.calls == 0


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x/v1", "http://", "http://me:secret@host/v1"])
def test_what_is_no_base_url_is_said_before_any_call(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_base_url(url)
    assert "secret" not in str(caught.value)
