import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from rvebench.llm.budget import Budget
from rvebench.llm.dialect import Dialect
from rvebench.llm.estimate import Workload, calls_per_s, estimate_requests, estimate_workloads
from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, Sampling, TextPart, TokenUsage
from rvebench.llm.prices import PriceTable, load_prices
from rvebench.llm.tokens import estimate_tokens
from rvebench.llm.wire import body_of
from rvebench.taxonomy import Subset
from tests.judges.llm.world import clip, comparison, scripted
from tests.llm.fault_answers import input_tokens

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
    # 16 frames of one tile: about a cent and a half, at least a third of that, at most six cents and a half.
    assert 100 * 0.005 < found.usd_low < 100 * 0.006
    assert found.usd_likely is not None and 100 * 0.013 < found.usd_likely < 100 * 0.016
    assert 100 * 0.04 < found.usd_high < 100 * 0.065
    assert [price.as_of for price in found.prices] == ["2025-06"]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1", "openai/gpt-4o-2024-11-20"])
@pytest.mark.parametrize(
    "options", ["calls=joint", "calls=separate", "k=2&max_side=64", "k=16&max_side=768", "schema=none"]
)
def test_whatever_the_service_answers_the_cost_is_within_the_range(model: str, options: str) -> None:
    """Input as the fault server counts it; answers from bare scores to the longest that there may be."""
    judge, _ = scripted(spec=f"openai:{model}?{options}")
    frames = clip(17, size=(640, 360))
    shown = [comparison(subset=subset, source=frames, edit=frames) for subset in (Subset.RAVE, Subset.ICVG)]
    requests = [request for one in shown for request in judge.requests(one)]
    found = estimate_requests(requests, prices=PRICES)
    assert found.usd_low is not None and found.usd_likely is not None and found.usd_high is not None
    usage = [(input_tokens(body_of(one, Dialect())), one.sampling.max_output_tokens) for one in requests]
    price = PRICES.find(model)
    assert price is not None and len(usage) == found.calls

    def cost(answer: Callable[[int], int]) -> float:
        return sum(price.cost_usd(TokenUsage(input_tokens=given, output_tokens=answer(most))) for given, most in usage)

    bare = cost(lambda _: 4 * 8 if "separate" not in options else 8)
    assert found.usd_low <= bare < found.usd_likely < cost(lambda most: most) <= found.usd_high


def test_a_model_whose_images_nobody_knows_has_a_wide_range() -> None:
    rows = {"my-vlm": replace(PRICES.find("gpt-4o"), model="my-vlm")}  # type: ignore[type-var]
    known, unknown = (
        estimate_requests([ask(1, model)], prices=PriceTable(rows={**PRICES.rows, **rows}))
        for model in ("gpt-4o", "my-vlm")
    )
    assert unknown.usd_low < 0.3 * known.usd_low and unknown.usd_high > known.usd_high  # type: ignore[operator]


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
