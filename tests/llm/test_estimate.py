import asyncio

import pytest

from rvebench.llm.budget import Budget
from rvebench.llm.estimate import Workload, calls_per_s, estimate_requests, estimate_workloads
from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, Sampling, TextPart, TokenUsage
from rvebench.llm.prices import load_prices
from rvebench.llm.tokens import estimate_tokens

PRICES = load_prices()


def ask(number: int, model: str = "gpt-4o", repeat: int = 0) -> ChatRequest:
    frames = tuple(ImagePart(f"{number} {k}".encode(), "image/jpeg", 512, 288) for k in range(16))
    return ChatRequest(
        provider="openai",
        model=model,
        messages=(ChatMessage("user", (TextPart("Judge the edit. " * 100), *frames)),),
        sampling=Sampling(max_output_tokens=800),
        repeat=repeat,
    )


def test_a_dry_run_gives_calls_tokens_price_range_and_time() -> None:
    found = estimate_requests((ask(number) for number in range(100)), prices=PRICES, rate_per_s=5)
    assert (found.calls, found.answered_calls, found.seconds) == (100, 0, 20)
    assert found.tokens.image.likely == 100 * 16 * 255
    assert found.tokens.output_most == 100 * 800
    assert found.usd_low is not None and found.usd_high is not None
    # 16 frames of one tile and a short answer: about a cent and a half; at most six cents and a half.
    assert 100 * 0.01 < found.usd_low < 100 * 0.015
    assert 100 * 0.04 < found.usd_high < 100 * 0.065
    assert [price.as_of for price in found.prices] == ["2025-06"]


def test_a_batch_costs_half_and_promises_no_time() -> None:
    live = estimate_requests([ask(1)], prices=PRICES, rate_per_s=5)
    batch = estimate_requests([ask(1)], prices=PRICES, batch=True, rate_per_s=5)
    assert live.usd_high is not None and batch.usd_high == pytest.approx(live.usd_high / 2)
    assert batch.seconds is None


def test_equal_requests_and_answered_ones_are_not_asked_again_and_repeats_are() -> None:
    known = ask(1).digest
    requests = [ask(1), ask(2), ask(2), ask(2, repeat=1)]
    found = estimate_requests(requests, prices=PRICES, answered=lambda digest: digest == known)
    assert (found.calls, found.answered_calls) == (2, 1)


def test_one_model_without_a_price_makes_the_whole_price_unknown() -> None:
    found = estimate_requests([ask(1), ask(1, "my-vlm")], prices=PRICES)
    assert found.usd_low is None and found.usd_high is None
    assert found.unpriced_models == ("my-vlm",) and found.calls == 2


def test_counts_give_the_same_numbers_as_requests() -> None:
    load = Workload(model="gpt-4o", calls=3, each=estimate_tokens(ask(1)))
    assert estimate_workloads([load], prices=PRICES) == estimate_requests((ask(n) for n in range(3)), prices=PRICES)


def test_nothing_to_ask_costs_nothing() -> None:
    found = estimate_requests([], prices=PRICES, rate_per_s=1)
    assert (found.calls, found.usd_low, found.usd_high, found.seconds) == (0, 0, 0, 0)


def test_a_cap_at_the_high_price_never_stops_the_run() -> None:
    requests = [ask(number) for number in range(20)]
    high = estimate_requests(requests, prices=PRICES).usd_high
    budget = Budget(max_usd=high, prices=PRICES)

    async def run() -> None:
        for request in requests:
            bound = estimate_tokens(request)
            hold = await budget.reserve(request)
            hold.settle(TokenUsage(input_tokens=bound.input_most, output_tokens=bound.output_most))

    asyncio.run(run())
    assert budget.spent().usd == pytest.approx(high)


@pytest.mark.parametrize(
    ("caps", "rate"),
    [
        ({}, 16),
        ({"requests_per_minute": 300}, 5),
        ({"tokens_per_minute": 60_000, "tokens_each": 5000}, 0.2),
    ],
)
def test_the_rate_is_that_of_the_tightest_limit(caps: dict[str, int], rate: float) -> None:
    assert calls_per_s(concurrency=32, latency_s=2, **caps) == pytest.approx(rate)
