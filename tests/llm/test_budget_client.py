"""The budget under the real client, on a service that fails in every way and counts the money."""

import asyncio
from pathlib import Path

import pytest

from rvebench.llm import BudgetError, CallError, ChatMessage, ChatRequest, Limits, LlmClient, Sampling, TextPart
from rvebench.llm.budget import Budget
from rvebench.llm.prices import load_prices
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer

PRICES = load_prices()
FAULTS = {"429": 0.05, "500": 0.05, "truncated": 0.05, "reset": 0.05, "no-choices": 0.03, "refusal": 0.05, "drop": 0.03}


def ask(number: int) -> ChatRequest:
    words = TextPart(f"Judge edit {number}. " + "It shows a candle that has burned down. " * 20)
    return ChatRequest(
        provider="openai",
        model="gpt-4o",
        messages=(ChatMessage("user", (words,)),),
        sampling=Sampling(max_output_tokens=300),
    )


def test_a_service_that_loses_answers_is_never_paid_more_than_the_cap_over_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    cap = 0.4
    stops: list[BudgetError] = []
    with FaultServer(Script(latency_s=0.005, rates=FAULTS, seed=3)) as server:

        async def run(start: int) -> None:
            limits = Limits(concurrency=12, backoff_s=0.01, backoff_most_s=0.02, read_s=2.0, breaker_after=1000)
            budget = Budget(max_usd=cap, prices=PRICES, spent_file=tmp_path / "costs.jsonl")
            async with LlmClient(base_url=server.url, budget=budget, limits=limits) as client:
                tasks = [asyncio.ensure_future(client.ask(ask(number))) for number in range(start, start + 150)]
                for task in tasks:
                    try:
                        await task
                    except BudgetError as error:
                        stops.append(error)
                    except CallError:
                        pass
            # No close: the process is gone, as far as the cost log knows.
            assert server.usd <= cap

        for start in range(0, 750, 150):
            asyncio.run(run(start))
    assert stops
    assert server.usd > cap / 4
    spent = Budget(spent_file=tmp_path / "costs.jsonl").spent()
    assert server.usd <= spent.usd <= cap
