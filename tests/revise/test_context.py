"""The context: its budget at the sizes of the facts, its order, and that nothing is ever cut."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from rvebench.errors import DataError  # noqa: E402
from rvebench.revise.config import Compat, ReviseConfig, Size, TagConfig, preset  # noqa: E402
from rvebench.revise.model.context import (  # noqa: E402
    ContextParts,
    NullContext,
    Tags,
    join_context,
    pool_grid,
)
from rvebench.revise.model.context_plan import (  # noqa: E402
    ContextCounts,
    ContextOverflowError,
    counts_for,
    plan_context,
)

FULL = ReviseConfig()
SMALL = Size(width=640, height=352)
LARGE = Size(width=832, height=480)


def pooling(config):
    return dataclasses.replace(config, conditioning=dataclasses.replace(config.conditioning, source_overflow="pool"))


def planned(config, frames, size, text, **more):
    return plan_context(counts_for(config, frames=frames, size=size, text=text, vlm=267, **more), config)


def test_the_published_setting_fits():
    """Facts, section 1.1: 12 + 1100 + 12 + 1024 + 14 = 2162 and the text."""
    plan = planned(FULL, 17, SMALL, 40)
    assert [(row.name, row.tokens) for row in plan.rows] == [
        ("<img_st>", 6),
        ("source (5x11x20)", 1100),
        ("<img_ed>", 6),
        ("<ipl_st>", 6),
        ("VLM", 1024),
        ("<ipl_ed>", 6),
        ("<prp_st>", 7),
        ("text", 40),
        ("<prp_ed>", 7),
    ]
    assert (plan.total, plan.limit, plan.pool) == (2202, 2560, (1, 1))
    assert plan.table.splitlines()[-1].split() == ["2202", "of", "2560"]


def test_the_longest_text_that_fits_beside_the_published_source_is_398_tokens():
    assert planned(FULL, 17, SMALL, 398).total == 2560
    with pytest.raises(ContextOverflowError, match="1 more than the 2560"):
        planned(FULL, 17, SMALL, 399)


@pytest.mark.parametrize(
    ("frames", "size", "source", "needed"),
    [(17, LARGE, "source (5x15x26) 1950", 3052), (81, LARGE, "source (21x15x26) 8190", 9292)],
)
def test_larger_clips_raise_with_the_table_where_the_release_cuts(frames, size, source, needed):
    with pytest.raises(ContextOverflowError) as caught:
        planned(FULL, frames, size, 40)
    text = str(caught.value)
    assert f"needs {needed} tokens, {needed - 2560} more than the 2560" in text
    for part in (source, "VLM 1024", "text 40", "<prp_ed> 7", "source_overflow to pool"):
        assert part in text
    assert "\n" not in text


@pytest.mark.parametrize(("frames", "grid", "pool"), [(17, (5, 8, 13), (1, 2)), (81, (11, 8, 13), (2, 2))])
def test_by_policy_source_tokens_are_pooled_and_text_never(frames, grid, pool):
    plan = planned(pooling(FULL), frames, LARGE, 40)
    assert plan.pool == pool
    tokens = {row.name.split(" ")[0]: row.tokens for row in plan.rows}
    assert tokens["source"] == grid[0] * grid[1] * grid[2]
    assert (tokens["VLM"], tokens["text"]) == (1024, 40)
    assert plan.total <= 2560


def test_pooling_is_not_done_where_everything_fits():
    assert planned(pooling(FULL), 17, SMALL, 40) == planned(FULL, 17, SMALL, 40)


def test_what_pooling_cannot_help_is_an_error_even_so():
    narrow = dataclasses.replace(FULL, conditioning=dataclasses.replace(FULL.conditioning, max_context_len=1024))
    with pytest.raises(ContextOverflowError, match="shorten the instruction, or raise"):
        planned(pooling(narrow), 17, SMALL, 40)


def test_an_image_brings_one_run_of_the_adapter():
    plan = planned(FULL, 1, SMALL, 40, reference=True)
    tokens = {row.name.split(" ")[0]: row.tokens for row in plan.rows}
    assert tokens["VLM"] == 256
    assert tokens["source"] == tokens["reference"] == 220


@settings(deadline=None)
@given(
    time=st.integers(1, 30),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    text=st.integers(0, 512),
    limit=st.integers(1100, 4000),
)
def test_a_plan_fits_and_keeps_vlm_and_text_whole(time, height, width, text, limit):
    config = pooling(
        dataclasses.replace(FULL, conditioning=dataclasses.replace(FULL.conditioning, max_context_len=limit))
    )
    counts = ContextCounts(interpreted=1024, text=text, source_grid=(time, height, width))
    if 12 + 1 + 12 + 1024 + 14 + text > limit:
        with pytest.raises(ContextOverflowError):
            plan_context(counts, config)
        return
    plan = plan_context(counts, config)
    assert plan.total <= limit
    tokens = {row.name.split(" ")[0]: row.tokens for row in plan.rows}
    assert (tokens["VLM"], tokens["text"]) == (1024, text)
    assert 1 <= tokens["source"] <= time * height * width


CONFIG = preset("tiny-random")
WIDTH = CONFIG.dit.text_dim


@pytest.fixture
def tags():
    return Tags.random(CONFIG, torch.Generator().manual_seed(0))


def parts(**changes):
    generator = torch.Generator().manual_seed(1)
    values = {
        "source_THWD": torch.randn(2, 3, 4, WIDTH, generator=generator),
        "reference_THWD": torch.randn(1, 3, 4, WIDTH, generator=generator),
        "interpreted_LD": torch.randn(32, WIDTH, generator=generator),
        "text_LD": torch.randn(5, WIDTH, generator=generator),
    }
    return ContextParts(**{**values, **changes})


def naive_context(p, tags):
    """The order of the facts, written out row by row."""
    rows = []
    for visual in (p.source_THWD, p.reference_THWD):
        if visual is not None:
            rows += list(tags.tensors["<img_st>"])
            rows += [
                visual[t, h, w]
                for t in range(len(visual))
                for h in range(visual.shape[1])
                for w in range(visual.shape[2])
            ]
            rows += list(tags.tensors["<img_ed>"])
    rows += [*tags.tensors["<ipl_st>"], *p.interpreted_LD, *tags.tensors["<ipl_ed>"]]
    rows += [*tags.tensors["<prp_st>"], *p.text_LD, *tags.tensors["<prp_ed>"]]
    return torch.stack(rows)


@pytest.mark.parametrize("reference", [False, True])
def test_parts_stand_in_the_order_of_the_release(tags, reference):
    p = parts() if reference else parts(reference_THWD=None)
    expected = naive_context(p, tags)
    context, plan = join_context(p, tags, CONFIG)
    assert context.shape == (1, CONFIG.conditioning.max_context_len, WIDTH)
    assert plan.total == len(expected)
    assert torch.equal(context[0, : plan.total], expected)
    assert not context[0, plan.total :].any()


def test_masked_padding_is_left_out(tags):
    fixed = dataclasses.replace(CONFIG, compat=Compat.named("fixed"))
    context, plan = join_context(parts(), tags, fixed)
    assert context.shape == (1, plan.total, WIDTH)
    assert torch.equal(context[0], naive_context(parts(), tags))


def test_pooling_averages_blocks_and_normalises_again():
    tokens = torch.randn(3, 3, 5, WIDTH, generator=torch.Generator().manual_seed(2))
    pooled = pool_grid(tokens, (2, 2))
    assert pooled.shape == (2, 2, 3, WIDTH)
    for t in range(2):
        for h in range(2):
            for w in range(3):
                block = tokens[2 * t : 2 * t + 2, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2].reshape(-1, WIDTH)
                mean = sum(block) / len(block)
                centred = mean - mean.mean()
                expected = centred / torch.sqrt((centred**2).mean() + 1e-6)
                torch.testing.assert_close(pooled[t, h, w], expected, rtol=1e-5, atol=1e-5)
    assert pool_grid(tokens, (1, 1)) is tokens


def test_a_pooled_context_has_the_planned_length(tags):
    tight = pooling(
        dataclasses.replace(CONFIG, conditioning=dataclasses.replace(CONFIG.conditioning, max_context_len=90))
    )
    context, plan = join_context(parts(reference_THWD=None), tags, tight)
    assert plan.pool == (1, 2)
    assert context.shape == (1, 90, WIDTH)
    assert plan.total == 12 + 2 * 2 * 2 + 12 + 32 + 14 + 5


def test_tags_of_another_length_say_what_to_set(tags):
    Tags.from_mapping({name: tensor[None] for name, tensor in tags.tensors.items()}, CONFIG)
    short = {**tags.tensors, "<ipl_st>": tags.tensors["<ipl_st>"][:4]}
    with pytest.raises(DataError, match=r"<ipl_st> has the shape \(4, 32\), not \(6, 32\).*conditioning\.tags"):
        Tags.from_mapping(short, CONFIG)
    with pytest.raises(DataError, match="lack <img_st>"):
        Tags.from_mapping({}, CONFIG)


def test_tags_of_length_zero_are_left_out(tags):
    bare = dataclasses.replace(
        CONFIG,
        conditioning=dataclasses.replace(CONFIG.conditioning, tags=TagConfig(visual=0, interpreted=0, prompt=0)),
    )
    assert Tags.shapes(bare) == {}
    context, plan = join_context(parts(), Tags(tensors={}), bare)
    assert plan.total == 24 + 12 + 32 + 5
    assert torch.equal(context[0, :24], parts().source_THWD.flatten(0, 2))


def test_a_model_without_a_text_encoder_has_no_prompt_tags():
    assert set(Tags.shapes(preset("nano"))) == {"<ipl_st>", "<ipl_ed>"}


def test_the_released_null_context_is_read_from_lists_and_batches():
    values = {
        "text_emb": [torch.ones(3, WIDTH)],
        "vlm_last_hidden_states": torch.ones(1, 9, CONFIG.vlm.dim),
        "text_emb_siglip2": torch.ones(1, 1152),
    }
    null = NullContext.from_mapping(values, CONFIG)
    assert null.vlm_LD.shape == (9, CONFIG.vlm.dim)
    assert null.text_LD.shape == (3, WIDTH)
    with pytest.raises(DataError, match="lacks a tensor text_emb"):
        NullContext.from_mapping({"vlm_last_hidden_states": values["vlm_last_hidden_states"]}, CONFIG)
    with pytest.raises(DataError, match=r"not \(length, 48\)"):
        NullContext.from_mapping({**values, "vlm_last_hidden_states": torch.ones(1, 9, 7)}, CONFIG)
