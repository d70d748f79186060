from pathlib import Path

import pytest

from rvebench.errors import UsageError
from rvebench.llm.messages import TokenUsage
from rvebench.llm.prices import load_prices, user_price_file

MILLION = 1_000_000


def table(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_million_tokens_cost_the_list_price() -> None:
    prices = load_prices()
    usage = TokenUsage(input_tokens=2 * MILLION, cached_input_tokens=MILLION, output_tokens=MILLION)
    assert prices.cost_usd("gpt-4o", usage) == pytest.approx(2.50 + 1.25 + 10.00)
    assert prices.cost_usd("gpt-4o-mini", usage) == pytest.approx(0.15 + 0.075 + 0.60)
    assert prices.cost_usd("gpt-4.1", usage) == pytest.approx(2.00 + 0.50 + 8.00)
    assert prices.cost_usd("gpt-4.1-mini", usage) == pytest.approx(0.40 + 0.10 + 1.60)
    assert prices.cost_usd("gpt-4o", usage, batch=True) == pytest.approx(13.75 / 2)


def test_more_cached_tokens_than_input_are_not_paid_back() -> None:
    usage = TokenUsage(input_tokens=10, cached_input_tokens=1000)
    assert load_prices().cost_usd("gpt-4o", usage) == pytest.approx(10 * 1.25 / MILLION)


def test_an_unknown_model_has_no_cost_rather_than_none_at_all() -> None:
    assert load_prices().cost_usd("qwen2.5-vl-7b", TokenUsage(input_tokens=10)) is None
    assert load_prices().find("gpt-4o-audio-preview") is None


def test_a_snapshot_has_the_price_of_its_family_unless_it_has_one_of_its_own() -> None:
    prices = load_prices()
    latest, first = prices.find("openai/gpt-4o-2024-11-20"), prices.find("gpt-4o-2024-05-13")
    assert latest is not None and latest.input_usd == 2.50
    assert first is not None and first.input_usd == first.cached_input_usd == 5.00


def test_every_built_in_row_says_when_and_where_it_was_read() -> None:
    for price in load_prices().rows.values():
        assert price.as_of >= "2025-06"
        assert "check before relying on it" in price.source


def test_a_users_file_overrides_rows_and_adds_others(tmp_path: Path) -> None:
    path = table(
        tmp_path / "mine.yaml",
        "schema: rve-prices/1\nmodels:\n"
        "  gpt-4o: {input: 1, output: 2, as_of: 2026-01-31}\n  My-VLM: {input: 0, output: 0, as_of: 2026-01}\n",
    )
    prices = load_prices(path)
    mine = prices.find("gpt-4o")
    assert mine is not None and (mine.input_usd, mine.batch_discount, mine.as_of) == (1, 0, "2026-01-31")
    assert prices.cost_usd("my-vlm", TokenUsage(input_tokens=10)) == 0
    assert prices.find("gpt-4.1") is not None
    assert "mine.yaml" in prices.origin


def test_the_option_comes_before_the_variable() -> None:
    environment = {"RVEBENCH_PRICES": "a.yaml"}
    assert user_price_file(Path("b.yaml"), environment) == Path("b.yaml")
    assert user_price_file(None, environment) == Path("a.yaml")
    assert user_price_file(None, {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "models: {}",
        "schema: rve-prices/1\nmodels: {m: {input: -1, output: 1, as_of: x}}",
        "schema: rve-prices/1\nmodels: {m: {input: .nan, output: 1, as_of: x}}",
        "schema: rve-prices/1\nmodels: {m: {output: 1, as_of: x}}",
        "schema: rve-prices/1\nmodels: {m: {input: 1, output: 1, as_of: x, inptu: 3}}",
        "schema: rve-prices/1\nmodels: {m: {input: 1, output: 1, as_of: x, batch_discount: 50}}",
        "{",
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_prices(table(tmp_path / "bad.yaml", text))
    assert "bad.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: the price table cannot be read"):
        load_prices(tmp_path / "none.yaml")
