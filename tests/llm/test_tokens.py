import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, JsonSchema, Sampling, TextPart
from rvebench.llm.tokens import Span, estimate_tokens, image_tokens, model_family, text_tokens

sides = st.integers(min_value=1, max_value=5000)
models = st.sampled_from(
    ["gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini", "o3", "Qwen/Qwen2.5-VL-7B-Instruct", "who-knows-9b"]
)


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        # The guide's worked examples (platform.openai.com/docs/guides/images-vision).
        ("gpt-4o", 1024, 1024, 765),
        ("gpt-4o", 2048, 4096, 1105),
        ("gpt-4.1-mini", 1024, 1024, math.ceil(1024 * 1.62)),
        ("gpt-4.1-mini", 1800, 2400, math.ceil(1452 * 1.62)),
        # Bills that users published (community.openai.com, threads 1262691 and 1281361).
        ("gpt-4o-2024-11-20", 128, 64, 255),
        ("gpt-4o-mini", 128, 64, 8500),
        ("gpt-4.1-mini", 128, 64, 13),
        ("gpt-4.1-nano", 128, 64, 20),
    ],
)
def test_images_count_what_the_guide_and_published_bills_say(model: str, width: int, height: int, tokens: int) -> None:
    assert image_tokens(model, width, height).likely == tokens


def test_a_bill_at_the_patch_limit_is_within_the_bound() -> None:
    # 4000 x 1474 was billed 2488 tokens, more than the guide's formula gives.
    span = image_tokens("gpt-4.1-mini", 4000, 1474)
    assert span.likely < 2488 < span.most


def test_the_bound_covers_the_guides_wording_that_small_images_are_enlarged() -> None:
    assert image_tokens("gpt-4o", 512, 288).likely == 255
    assert image_tokens("gpt-4o", 512, 288).most >= 1105


@given(models, sides, sides)
def test_an_image_counts_at_least_one_token_and_likely_is_within_the_bound(model: str, width: int, height: int) -> None:
    span = image_tokens(model, width, height)
    assert 1 <= span.likely <= span.most


@given(sides, sides)
def test_the_bound_of_an_unknown_model_covers_the_known_rules(width: int, height: int) -> None:
    unknown = image_tokens("who-knows-9b", width, height).most
    for model in ("gpt-4o", "gpt-4.1-mini", "gpt-4.1-nano", "Qwen2.5-VL-7B", "Qwen3-VL-8B"):
        assert image_tokens(model, width, height).likely <= unknown


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_a_text_never_counts_more_than_its_bytes(text: str) -> None:
    span = text_tokens(text)
    assert 0 <= span.likely <= span.most == len(text.encode(errors="replace"))


def test_plain_english_counts_about_a_token_for_four_letters() -> None:
    text = "The candle has burned down to a stub and its flame has gone out. " * 20
    assert text_tokens(text).likely == pytest.approx(len(text) / 4, abs=1)


def test_a_request_counts_text_images_schema_and_answer() -> None:
    image = ImagePart(b"x", "image/jpeg", 1024, 1024)
    plain = ChatRequest(
        provider="openai",
        model="gpt-4o",
        messages=(ChatMessage("user", (TextPart("Is it done?"), image, image)),),
        sampling=Sampling(max_output_tokens=300),
    )
    estimate = estimate_tokens(plain)
    assert estimate.image.likely == 2 * 765
    assert estimate.output_most == 300
    assert estimate.most == estimate.text.most + estimate.image.most + 300
    shaped = ChatRequest(
        provider="openai",
        model="gpt-4o",
        messages=plain.messages,
        schema=JsonSchema(name="verdict", schema={"type": "object", "properties": {"EA": {"type": "integer"}}}),
    )
    assert estimate_tokens(shaped).text.likely > estimate.text.likely
    assert (estimate + estimate).image == Span(4 * 765, 2 * estimate.image.most)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/gpt-4o-2024-11-20", "gpt-4o"),
        ("GPT-4.1-mini", "gpt-4.1-mini"),
        ("gpt-4o-audio-preview", "gpt-4o-audio-preview"),
    ],
)
def test_a_models_family_drops_vendor_and_date_only(model: str, family: str) -> None:
    assert model_family(model) == family


def test_low_detail_costs_the_base_charge_where_a_model_knows_it() -> None:
    assert image_tokens("gpt-4o", 1024, 1024, detail="low").likely == 85
    assert image_tokens("gpt-4o-mini", 1024, 1024, detail="low").likely == 2833
    assert image_tokens("gpt-4.1-mini", 1024, 1024, detail="low") == image_tokens("gpt-4.1-mini", 1024, 1024)
