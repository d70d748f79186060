import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvebench.errors import EXIT_COVERAGE, EXIT_USAGE, DataError, UsageError
from rvebench.llm.budget import Budget
from rvebench.llm.faults import (
    BudgetError,
    CallError,
    FatalCallError,
    LostReplyError,
    RefusedError,
    TransportError,
)
from rvebench.llm.messages import ChatMessage, ChatRequest, Sampling, TextPart, TokenUsage
from rvebench.llm.prices import load_prices
from rvebench.llm.tokens import Span, TokenEstimate, estimate_tokens

PRICES = load_prices()
CALL = ChatRequest(
    provider="openai",
    model="gpt-4o",
    messages=(ChatMessage("user", (TextPart("Is the candle out?"),)),),
    sampling=Sampling(max_output_tokens=100),
)
BOUND = estimate_tokens(CALL)


def bound_usd(model: str = "gpt-4o") -> float:
    cost = PRICES.cost_usd(model, TokenUsage(input_tokens=BOUND.input_most, output_tokens=BOUND.output_most))
    assert cost is not None
    return cost


def usage_of(tokens: int) -> TokenUsage:
    return TokenUsage(input_tokens=tokens, output_tokens=0)


def estimate(tokens: int) -> TokenEstimate:
    return TokenEstimate(text=Span(tokens, tokens))


def reserve(budget: Budget) -> None:
    asyncio.run(budget.reserve(CALL))


@given(
    workers=st.integers(1, 8),
    cap_calls=st.integers(1, 12),
    uses=st.lists(st.floats(0, 1), min_size=40, max_size=40),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=60, deadline=None)
def test_no_interleaving_of_workers_spends_more_than_the_cap(
    workers: int, cap_calls: int, uses: list[float], seed: int
) -> None:
    cap = bound_usd() * cap_calls * 1.03
    budget = Budget(max_usd=cap, prices=PRICES)
    dice = random.Random(seed)
    left = list(uses)
    charged: list[float] = []

    async def work() -> None:
        while left:
            share = left.pop()
            hold = await budget.reserve(CALL)
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
            fate = dice.random()
            if fate < 0.1:
                hold.release()
            elif fate < 0.2:
                hold.lose()
                charged.append(bound_usd())
            else:
                usage = TokenUsage(input_tokens=int(BOUND.input_most * share), output_tokens=int(100 * share))
                charged.append(hold.settle(usage) or 0.0)
            assert sum(charged) <= cap + 1e-12

    async def run() -> None:
        results = await asyncio.gather(*(work() for _ in range(workers)), return_exceptions=True)
        for result in results:
            assert result is None or isinstance(result, BudgetError), result
        if any(results):
            # It stopped because the next call could not have been paid, not earlier.
            assert sum(charged) + bound_usd() > cap - 1e-12

    asyncio.run(run())
    assert budget.spent().usd == pytest.approx(sum(charged), abs=1e-9)


@given(workers=st.integers(1, 8), excess=st.floats(1, 5))
@settings(max_examples=30, deadline=None)
def test_calls_that_use_more_than_their_bound_overrun_by_at_most_one_call_per_worker(
    workers: int, excess: float
) -> None:
    cap = 10 * BOUND.most
    tokens = int(BOUND.most * excess)
    budget = Budget(max_tokens=cap)

    async def work() -> None:
        with contextlib.suppress(BudgetError):
            while True:
                hold = await budget.reserve(CALL)
                await asyncio.sleep(0)
                hold.settle(usage_of(tokens))

    async def run() -> None:
        await asyncio.gather(*(work() for _ in range(workers)))

    asyncio.run(run())
    assert budget.spent().tokens <= cap + workers * tokens


def test_threads_with_loops_of_their_own_share_one_budget() -> None:
    budget = Budget(max_tokens=50 * BOUND.most)

    async def work() -> None:
        with contextlib.suppress(BudgetError):
            while True:
                with await budget.reserve(CALL) as hold:
                    await asyncio.sleep(0.001)
                    hold.settle(usage_of(BOUND.most // 2))

    threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    spent = budget.spent()
    assert 49 * BOUND.most < spent.tokens <= 50 * BOUND.most
    assert spent.calls == spent.tokens // (BOUND.most // 2)


def test_a_call_waits_for_calls_in_flight_instead_of_stopping_the_run() -> None:
    async def run() -> None:
        budget = Budget(max_tokens=int(BOUND.most * 1.5))
        first = await budget.reserve(CALL)
        second = asyncio.ensure_future(budget.reserve(CALL))
        await asyncio.sleep(0.01)
        assert not second.done()
        first.settle(usage_of(10))
        hold = await asyncio.wait_for(second, 1)
        third = asyncio.ensure_future(budget.reserve(CALL))
        await asyncio.sleep(0.01)
        hold.settle(usage_of(BOUND.most))
        with pytest.raises(BudgetError):
            await asyncio.wait_for(third, 1)

    asyncio.run(run())


def test_a_cancelled_waiter_takes_nothing() -> None:
    async def run() -> None:
        budget = Budget(max_tokens=BOUND.most)
        hold = await budget.reserve(CALL)
        waiter = asyncio.ensure_future(budget.reserve(CALL))
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        assert waiter.cancelled()
        hold.release()
        again = await asyncio.wait_for(budget.reserve(CALL), 1)
        assert again.bound_tokens == BOUND.most
        again.release()

    asyncio.run(run())


def test_a_block_left_by_a_failed_call_gives_the_room_back_and_any_other_end_counts() -> None:
    async def run() -> None:
        budget = Budget()
        with contextlib.suppress(TransportError), await budget.reserve(CALL):
            raise TransportError("502")
        assert budget.spent().tokens == 0
        with contextlib.suppress(asyncio.CancelledError), await budget.reserve(CALL):
            raise asyncio.CancelledError
        assert budget.spent().tokens == BOUND.most and budget.spent().unsettled_calls == 1

    asyncio.run(run())


def test_a_reservation_ends_once() -> None:
    budget = Budget()
    hold = asyncio.run(budget.reserve(CALL))
    hold.settle(usage_of(5))
    with pytest.raises(RuntimeError, match="settled, released or lost before"):
        hold.release()
    assert budget.spent().tokens == 5


def test_a_cap_in_dollars_refuses_a_model_without_a_price_and_a_cap_in_tokens_does_not() -> None:
    with pytest.raises(FatalCallError, match="the price of 'my-vlm' is not known") as caught:
        Budget(max_usd=5, prices=PRICES).check_model("my-vlm")
    assert caught.value.exit_code == EXIT_USAGE and "--max-tokens" in str(caught.value)
    with pytest.raises(FatalCallError):
        Budget(max_usd=5).check_model("gpt-4o")
    budget = Budget(max_tokens=1000, prices=PRICES)
    budget.check_model("my-vlm")
    hold = budget.try_reserve("my-vlm", estimate(10))
    assert hold is not None and hold.settle(usage_of(8)) is None
    assert budget.spent().unpriced_calls == 1 and budget.spent().usd == 0


def test_a_stop_says_what_was_spent_what_is_left_and_how_to_go_on() -> None:
    budget = Budget(max_usd=bound_usd() * 2.5, prices=PRICES)
    budget.planned_calls = 10
    for _ in range(2):
        hold = budget.try_reserve("gpt-4o", BOUND)
        assert hold is not None
        hold.settle(TokenUsage(input_tokens=BOUND.input_most, output_tokens=100))
    with pytest.raises(BudgetError) as caught:
        reserve(budget)
    text = str(caught.value)
    assert caught.value.exit_code == EXIT_COVERAGE and "\n" not in text
    assert text.startswith("--max-usd ") and "2 calls used" in text and "8 are left to do" in text
    assert "run the same command with a larger --max-usd to go on" in text


@pytest.mark.parametrize("cap", [{"max_usd": 0}, {"max_tokens": -1}, {"max_hours": float("nan")}])
def test_a_cap_that_is_no_number_above_zero_is_refused(cap: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must be a number above 0"):
        Budget(**cap)  # type: ignore[arg-type]


def test_a_second_process_goes_on_from_the_amounts_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    with Budget(spent_file=path, prices=PRICES) as first:
        hold = first.try_reserve("gpt-4o", BOUND)
        assert hold is not None
        hold.settle(usage_of(100))
        before = first.spent()
    with Budget(spent_file=path, prices=PRICES, max_tokens=100 + BOUND.most - 1) as second:
        assert second.spent().usd == before.usd and second.spent().tokens == 100
        with pytest.raises(BudgetError):
            reserve(second)
    with Budget(spent_file=path, max_tokens=100 + BOUND.most) as third:
        reserve(third)


def test_a_reservation_that_a_dead_process_left_counts_at_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    reserve(Budget(spent_file=path))
    spent = Budget(spent_file=path).spent()
    assert (spent.tokens, spent.calls, spent.unsettled_calls) == (BOUND.most, 1, 1)


def test_a_named_reservation_is_taken_up_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    Budget(spent_file=path, prices=PRICES).try_reserve("gpt-4o", estimate(1000), key="batch:a", calls=7, batch=True)
    second = Budget(spent_file=path, prices=PRICES, max_tokens=1000)
    hold = second.try_reserve("gpt-4o", estimate(1000), key="batch:a", calls=7, batch=True)
    assert hold is not None
    assert hold.settle(usage_of(900), batch=True) == pytest.approx(900 * 1.25e-6)
    third = Budget(spent_file=path, prices=PRICES)
    assert (third.spent().tokens, third.spent().calls, third.spent().unsettled_calls) == (900, 7, 0)


def test_hours_add_up_over_processes_and_stop_the_next_call(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    for _ in range(2):
        now = [1000.0]
        with Budget(spent_file=path, max_hours=1.5, clock=lambda: now[0]) as budget:  # noqa: B023
            reserve(budget)
            now[0] += 3000
    now = [5.0]
    third = Budget(spent_file=path, max_hours=1.5, clock=lambda: now[0])
    assert third.spent().hours == pytest.approx(6000 / 3600)
    with pytest.raises(BudgetError, match=r"--max-hours 1\.5 leaves no room"):
        reserve(third)


def test_a_damaged_log_stops_and_a_torn_last_line_does_not(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    with Budget(spent_file=path) as budget:
        reserve(budget)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert Budget(spent_file=path).spent().tokens == BOUND.most
    path.write_bytes(whole.replace(b'"tokens":', b'"tokenz":', 1))
    with pytest.raises(DataError):
        Budget(spent_file=path)


_SPENDER = """
import asyncio, os, random, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from tests.llm.test_budget import BOUND, CALL, usage_of
from rvebench.llm.budget import Budget
from rvebench.llm.faults import BudgetError

bill = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
budget = Budget(max_tokens=int(sys.argv[3]), spent_file=Path(sys.argv[1]))
dice = random.Random(os.getpid())

async def work():
    while True:
        hold = await budget.reserve(CALL)
        await asyncio.sleep(dice.random() * 0.01)
        tokens = dice.randrange(1, BOUND.most + 1)
        os.write(bill, b"%d\\n" % tokens)  # what the service charges
        await asyncio.sleep(dice.random() * 0.01)
        hold.settle(usage_of(tokens))

async def run():
    results = await asyncio.gather(*(work() for _ in range(8)), return_exceptions=True)
    assert all(isinstance(result, BudgetError) for result in results), results

print("ready", flush=True)
asyncio.run(run())
"""


def test_a_run_killed_again_and_again_never_spends_more_than_its_cap(tmp_path: Path) -> None:
    log, bill, cap = tmp_path / "costs.jsonl", tmp_path / "bill", 600 * BOUND.most
    script = tmp_path / "spender.py"
    script.write_text(_SPENDER.format(here=str(Path(__file__).parents[2])))
    dice = random.Random(4)
    for kill in range(6):
        child = subprocess.Popen([sys.executable, script, log, bill, str(cap)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        if kill < 5:
            time.sleep(dice.uniform(0.02, 0.15))
            os.kill(child.pid, signal.SIGKILL)
        assert child.wait(timeout=60) == (-signal.SIGKILL if kill < 5 else 0)
        child.stdout.close()
        charged = sum(int(line) for line in bill.read_text().split()) if bill.exists() else 0
        assert charged <= cap
    # Each kill can leave at most the eight calls in flight counted too high.
    assert charged > cap - (5 * 8 + 1) * BOUND.most


def test_what_a_batch_used_is_counted_once_however_often_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "costs.jsonl"
    with Budget(spent_file=path, prices=PRICES, max_tokens=1000) as budget:
        budget.try_reserve("gpt-4o", estimate(1000), key="batch:a", calls=2, batch=True)
        assert not budget.fits("gpt-4o", estimate(1), batch=True)
        for _ in range(2):
            assert budget.charge("batch:a", "gpt-4o", usage_of(400), calls=2, batch=True) == pytest.approx(0.0005)
        assert budget.fits("gpt-4o", estimate(600), batch=True)
        # Spent without a reservation, and beyond the cap: it is counted all the same.
        budget.charge("batch:b", "gpt-4o", usage_of(900), calls=1, batch=True)
    with Budget(spent_file=path, prices=PRICES) as budget:
        budget.charge("batch:a", "gpt-4o", usage_of(400), calls=2, batch=True)
        assert (budget.spent().tokens, budget.spent().calls) == (1300, 3)


def test_an_error_that_carries_usage_is_billed_and_a_lost_reply_without_counts_at_its_bound() -> None:
    budget = Budget()
    for error in (RefusedError("declined", usage=usage_of(7)), LostReplyError("no choices", usage=usage_of(5))):
        with contextlib.suppress(CallError), asyncio.run(budget.reserve(CALL)):
            raise error
    assert budget.spent().tokens == 12
    with contextlib.suppress(CallError), asyncio.run(budget.reserve(CALL)):
        raise LostReplyError("no answer within 180 s")
    assert budget.spent().tokens == 12 + BOUND.most and budget.spent().unsettled_calls == 1
