"""The client against a service that misbehaves over real HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from rvebench.errors import EXIT_COVERAGE
from rvebench.llm.budget import Budget
from rvebench.llm.cache import SqliteCache
from rvebench.llm.client import LlmClient
from rvebench.llm.faults import (
    BudgetError,
    CallError,
    FatalCallError,
    OutageError,
    RefusedError,
    TransportError,
)
from rvebench.llm.messages import Reply
from rvebench.llm.prices import load_prices
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer
from tests.llm.world import KEY, QUICK, SCHEMA, client, question

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.reset(Script())
    return running


def run(made: LlmClient, work: Callable[[LlmClient], Awaitable[T]]) -> T:
    async def main() -> T:
        async with made:
            return await work(made)

    return asyncio.run(main())


async def ask_all(asker: LlmClient, count: int) -> list[Reply | BaseException]:
    return await asyncio.gather(*(asker.ask(question(n)) for n in range(count)), return_exceptions=True)


def test_every_question_is_answered_through_a_storm_of_faults(server: FaultServer) -> None:
    faults = ("429", "429-after", "500", "502-html", "truncated", "empty", "reset", "drop", "no-choices", "503")
    server.use(Script(rates=dict.fromkeys(faults, 0.03), retry_after_s=0.01, seed=3))
    asker = client(server.url)
    replies = run(asker, lambda one: ask_all(one, 150))
    assert all(isinstance(reply, Reply) for reply in replies)
    texts = [reply.text for reply in replies if isinstance(reply, Reply)]
    assert len(set(texts)) > 100
    stats = asker.stats()
    assert (stats.asked, stats.answered, stats.unanswered) == (150, 150, 0)
    assert stats.calls == server.calls == stats.answered + stats.wasted
    assert stats.retried == stats.wasted > 20
    assert stats.usage.input_tokens <= server.counts["input_tokens"]


def test_a_wrong_key_stops_at_once_after_one_call(server: FaultServer) -> None:
    server.use(Script(keys=("another",)))
    asker = client(server.url)
    errors = run(asker, lambda one: ask_all(one, 50))
    assert server.calls == 1 and server.counts["answered"] == 0
    assert all(isinstance(error, FatalCallError) and "$OPENAI_API_KEY" in str(error) for error in errors)
    assert KEY not in "".join(map(str, errors))


@pytest.mark.parametrize("script", [Script(models=("gpt-4.1",)), Script(images=False)])
def test_an_unknown_or_blind_model_stops_after_one_call(server: FaultServer, script: Script) -> None:
    server.use(script)

    async def ask(asker: LlmClient) -> list[Reply | BaseException]:
        questions = (asker.ask(question(n, images=1)) for n in range(20))
        return await asyncio.gather(*questions, return_exceptions=True)

    errors = run(client(server.url), ask)
    assert server.calls == 1
    assert all(isinstance(error, FatalCallError) and "'gpt-4o'" in str(error) for error in errors)


def test_a_stop_lets_calls_under_way_end_and_sends_no_other(server: FaultServer) -> None:
    server.use(Script(latency_s=0.3, sequence=("ok", "ok", "ok", "401")))
    asker = client(server.url)
    outcomes = run(asker, lambda one: ask_all(one, 60))
    answered = sum(isinstance(outcome, Reply) for outcome in outcomes)
    assert answered == server.counts["answered"] == asker.stats().answered
    assert server.calls <= 1 + 8
    with pytest.raises(FatalCallError):
        run(asker, lambda one: one.ask(question(99)))


def test_equal_questions_at_the_same_time_are_one_call(server: FaultServer) -> None:
    server.use(Script(latency_s=0.05))

    async def ask(asker: LlmClient) -> list[Reply]:
        return await asyncio.gather(*(asker.ask(question(7)) for _ in range(10)))

    asker = client(server.url)
    replies = run(asker, ask)
    assert server.calls == 1 and len({reply.text for reply in replies}) == 1
    assert asker.stats().joined == 9
    assert sum(not reply.is_priced for reply in replies) == 1  # the call is booked once, its price being unknown


def test_one_asker_who_leaves_does_not_take_the_answer_from_the_others(server: FaultServer) -> None:
    server.use(Script(latency_s=0.2))

    async def ask(asker: LlmClient) -> Reply:
        leaving = asyncio.create_task(asker.ask(question(7)))
        staying = asyncio.create_task(asker.ask(question(7)))
        await asyncio.sleep(0.05)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    assert run(client(server.url), ask).text
    assert server.calls == 1


def test_askers_who_leave_give_their_turn_to_others(server: FaultServer) -> None:
    server.use(Script(latency_s=0.1))

    async def ask(asker: LlmClient) -> list[Reply]:
        tasks = [asyncio.create_task(asker.ask(question(n))) for n in range(30)]
        await asyncio.sleep(0.15)
        for task in tasks[:20]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return await asyncio.gather(*(asker.ask(question(100 + n)) for n in range(10)))

    asker = client(server.url, replace(QUICK, concurrency=2))
    assert len(run(asker, ask)) == 10


def test_a_refusal_is_no_answer_and_is_asked_once(server: FaultServer) -> None:
    server.use(Script(sequence=("refusal",)))
    asker = client(server.url, prices=load_prices())
    with pytest.raises(RefusedError):
        run(asker, lambda one: one.ask(question()))
    assert server.calls == 1
    assert asker.stats().declined == 1 and asker.stats().cost_usd == pytest.approx(server.usd)


def test_what_fails_for_ever_ends_as_unanswered_after_the_allowed_attempts(server: FaultServer) -> None:
    server.use(Script(for_ever="truncated"))
    asker = client(server.url, replace(QUICK, attempts=3))
    with pytest.raises(TransportError, match="broken JSON"):
        run(asker, lambda one: one.ask(question()))
    assert server.calls == 3 and asker.stats().unanswered == 1


def test_being_told_to_wait_is_no_failed_attempt(server: FaultServer) -> None:
    server.use(Script(sequence=("429-after",) * 8, retry_after_s=0.01))
    reply = run(client(server.url, replace(QUICK, attempts=2)), lambda one: one.ask(question()))
    assert reply.attempts == 9


def test_a_question_has_a_deadline_over_all_its_attempts(server: FaultServer) -> None:
    server.use(Script(for_ever="429-after", retry_after_s=0.2))
    with pytest.raises(TransportError):
        run(client(server.url, replace(QUICK, question_s=0.5)), lambda one: one.ask(question()))
    assert 2 <= server.calls <= 4


def test_a_long_retry_after_is_kept_to_its_cap(server: FaultServer) -> None:
    server.use(Script(sequence=("429-after",), retry_after_s=3600))
    reply = run(client(server.url, replace(QUICK, retry_after_most_s=0.1)), lambda one: one.ask(question()))
    assert reply.attempts == 2


def test_a_service_that_is_down_ends_the_run_with_one_sentence(server: FaultServer) -> None:
    server.use(Script(sequence=("ok",) * 3, for_ever="drop"))
    limits = replace(QUICK, breaker_after=3, breaker_open_s=0.05, outage_s=0.5, attempts=50)
    asker = client(server.url, limits)

    async def ask(one: LlmClient) -> list[Reply | BaseException]:
        await ask_all(one, 3)
        return await asyncio.gather(*(one.ask(question(10 + n)) for n in range(30)), return_exceptions=True)

    errors = run(asker, ask)
    assert all(isinstance(error, OutageError) for error in errors)
    error = errors[0]
    assert isinstance(error, OutageError) and error.exit_code == EXIT_COVERAGE
    assert "run the same command again" in str(error) and "connection broke" in str(error)
    assert server.calls < 3 + 40


def test_a_service_that_comes_back_is_used_again(server: FaultServer) -> None:
    server.use(Script(sequence=("500",) * 12))
    limits = replace(QUICK, breaker_after=3, breaker_open_s=0.02, attempts=50)
    replies = run(client(server.url, limits), lambda one: ask_all(one, 20))
    assert all(isinstance(reply, Reply) for reply in replies)


def test_an_accepted_reply_is_never_paid_for_again(server: FaultServer, tmp_path: Path) -> None:
    async def ask(asker: LlmClient) -> Reply:
        reply = await asker.ask(question(schema=SCHEMA))
        await asker.accept(question(schema=SCHEMA), reply)
        return reply

    with SqliteCache(tmp_path / "cache.sqlite") as cache:
        first = run(client(server.url, cache=cache), ask)
        asker = client(server.url, cache=cache)
        second = run(asker, ask)
    assert server.calls == 1
    assert second.text == first.text and second.from_cache and second.cost_usd == 0.0
    assert asker.stats().from_cache == 1 and asker.stats().calls == 0


def test_a_reply_that_nobody_accepted_is_asked_for_again(server: FaultServer, tmp_path: Path) -> None:
    with SqliteCache(tmp_path / "cache.sqlite") as cache:
        for _ in range(2):
            run(client(server.url, cache=cache), lambda one: one.ask(question()))
    assert server.calls == 2


def test_the_budget_holds_and_counts_what_the_service_counts(server: FaultServer, tmp_path: Path) -> None:
    server.use(Script(rates={"500": 0.1, "429": 0.1}, latency_s=0.01))
    prices = load_prices()
    budget = Budget(max_usd=0.02, prices=prices, spent_file=tmp_path / "cost.jsonl")
    with budget:
        outcomes = run(client(server.url, budget=budget), lambda one: ask_all(one, 80))
        assert budget.spent().usd == pytest.approx(server.usd, abs=1e-9)
    assert server.usd <= 0.02
    assert {type(outcome) for outcome in outcomes} == {Reply, BudgetError}
    paid = sum(outcome.cost_usd for outcome in outcomes if isinstance(outcome, Reply))
    assert paid == pytest.approx(server.usd)


@pytest.mark.parametrize("fault", ["truncated", "reset", "no-choices", "refusal"])
def test_a_lost_or_refused_answer_counts_as_spent(server: FaultServer, tmp_path: Path, fault: str) -> None:
    server.use(Script(sequence=(fault,)))
    budget = Budget(max_usd=1.0, prices=load_prices(), spent_file=tmp_path / "cost.jsonl")
    with budget:
        with pytest.raises(CallError):
            run(client(server.url, replace(QUICK, attempts=1), budget=budget), lambda one: one.ask(question()))
        assert budget.spent().usd >= server.usd > 0


def test_an_unknown_price_is_said_and_never_nothing(server: FaultServer) -> None:
    reply = run(client(server.url, prices=load_prices()), lambda one: one.ask(question(model="unheard-of")))
    assert reply.meta["cost"] == "not known"


def test_calls_a_minute_stay_under_their_cap(server: FaultServer) -> None:
    asker = client(server.url, replace(QUICK, rpm=60 * 40))
    run(asker, lambda one: ask_all(one, 40))
    # 40 calls at 40 a second, less a burst of a tenth of a second; without the cap they take a tenth of that. A busy
    # machine can delay arrivals, so that only the whole span is looked at.
    assert server.arrivals[-1] - server.arrivals[0] > 0.6


def test_tokens_a_minute_stay_under_their_cap(server: FaultServer) -> None:
    asker = client(server.url, replace(QUICK, tpm=6 * 2_000))

    async def ask(one: LlmClient) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ask_all(one, 60), 2.0)

    run(asker, ask)
    assert 5 <= server.calls < 40  # 2,000 tokens at once, then 200 a second; a question counts about 60 in the end


def test_the_key_is_in_no_log_line(server: FaultServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.use(Script(sequence=("401",)))
    with pytest.raises(FatalCallError):
        run(client(server.url), lambda one: one.ask(question()))
    assert KEY not in caplog.text and KEY not in repr(client(server.url).__dict__)


def test_the_stats_are_json_like_numbers(server: FaultServer) -> None:
    asker = client(server.url)
    run(asker, lambda one: ask_all(one, 5))
    stats = asker.stats()
    assert stats.wall_s > 0 and stats.most_at_once >= 1
    assert json.dumps([stats.calls, stats.wasted, stats.limit, stats.baseline])
