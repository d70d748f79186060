"""The three strategies: what reaches the transformer in each branch, and how branches and samples join."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.conditions import Conditions, GuidedConditions  # noqa: E402
from rvebench.revise.config import Compat, ConditioningConfig, RefinerConfig, preset  # noqa: E402
from rvebench.revise.model.conditioning import SampleInputs, build_conditioner  # noqa: E402
from rvebench.revise.model.connector import build_connector  # noqa: E402
from rvebench.revise.model.context import ContextParts, NullContext, Tags, join_context  # noqa: E402
from rvebench.revise.model.context_plan import ContextOverflowError  # noqa: E402
from rvebench.revise.model.dit import Denoiser, build_dit  # noqa: E402
from tests.revise import naive  # noqa: E402

REVISE = preset("tiny-random")
CONCAT = dataclasses.replace(
    REVISE,
    conditioning=ConditioningConfig(strategy="channel-concat", max_context_len=128),
    visual_context_adapter=None,
)
VIVA = dataclasses.replace(
    REVISE,
    conditioning=ConditioningConfig(strategy="viva", max_context_len=64),
    visual_context_adapter=None,
    connector=None,
    text=None,
    refiner=RefinerConfig(dim=16, heads=2, layers=2, ffn_dim=32),
)
ALL = {"revise": REVISE, "channel-concat": CONCAT, "viva": VIVA}


def fixed(config, **changes):
    return dataclasses.replace(config, compat=dataclasses.replace(Compat.named("fixed"), **changes))


def conditioner_of(config, *, with_null=True):
    torch.manual_seed(0)
    connector = build_connector(config).requires_grad_(False)
    tags = Tags.random(config, torch.Generator().manual_seed(1))
    text = None if config.text is None else torch.randn(2, config.text.dim)
    null = NullContext(vlm_LD=torch.randn(4, config.vlm.dim), text_LD=text)
    return build_conditioner(config, connector, tags, null if with_null else None)


def inputs_of(config, seed=0, vlm=9, text=5, **changes):
    generator = torch.Generator().manual_seed(seed)
    values = {
        "source_latents_CTHW": torch.randn(16, 3, 8, 12, generator=generator),
        "vlm_LD": torch.randn(vlm, config.vlm.dim, generator=generator),
        "text_LD": None if config.text is None else torch.randn(text, config.text.dim, generator=generator),
    }
    return SampleInputs(**{**values, **changes})


def test_revise_context_is_that_of_the_plain_modules():
    conditioner, inputs = conditioner_of(REVISE), inputs_of(REVISE)
    conditions, plan = conditioner.condition(inputs)
    state = {name: tensor.double() for name, tensor in conditioner.connector.state_dict().items()}
    tags = {name: tensor.double() for name, tensor in conditioner.tags.tensors.items()}
    source = naive.visual_context(
        naive.under(state, "visual_context_adapter"), inputs.source_latents_CTHW.double(), (1, 4, 4)
    )
    for branch, vlm, text in (
        (conditions.conditional, inputs.vlm_LD, inputs.text_LD),
        (conditions.null, conditioner.null.vlm_LD, conditioner.null.text_LD),
    ):
        vision = naive.resampler(naive.under(state, "ar_vision_head"), "visionHeadAdapter", vlm.double(), 2, (1, 1))
        runs = [naive.resampler(naive.under(state, "adapter"), "adapter", one[None], 2, (1, 1)) for one in vision]
        expected = torch.cat(
            [
                *(tags["<img_st>"], source, tags["<img_ed>"]),
                *(tags["<ipl_st>"], *runs, tags["<ipl_ed>"]),
                *(tags["<prp_st>"], text.double(), tags["<prp_ed>"]),
            ]
        )
        got = branch.context_BLD[0].double()
        torch.testing.assert_close(got[: len(expected)], expected, rtol=1e-4, atol=1e-5)
        assert got.shape == (REVISE.conditioning.max_context_len, 32) and not got[len(expected) :].any()
        assert branch.context_mask is None and branch.concat_latents_BCTHW is None
    assert plan.rows[1].name == "source (3x2x3)"


def test_null_source_dropped_leaves_tokens_and_their_tags_out():
    config = fixed(REVISE, null_source="drop")
    kept = conditioner_of(fixed(REVISE)).condition(inputs_of(REVISE)).conditions
    dropped = conditioner_of(config).condition(inputs_of(config)).conditions
    assert torch.equal(dropped.conditional.context_BLD, kept.conditional.context_BLD)
    visual = 6 + 3 * 2 * 3 + 6
    assert torch.equal(dropped.null.context_BLD, kept.null.context_BLD[:, visual:])


@pytest.mark.parametrize("config", [CONCAT, VIVA], ids=["channel-concat", "viva"])
def test_concatenated_source_is_kept_or_zero_in_the_null_branch(config):
    inputs = inputs_of(config)
    kept = conditioner_of(config).condition(inputs).conditions
    assert torch.equal(kept.conditional.concat_latents_BCTHW[0], inputs.source_latents_CTHW)
    assert torch.equal(kept.null.concat_latents_BCTHW[0], inputs.source_latents_CTHW)
    dropped = conditioner_of(fixed(config, null_source="drop")).condition(inputs).conditions
    assert torch.equal(dropped.conditional.concat_latents_BCTHW[0], inputs.source_latents_CTHW)
    assert not dropped.null.concat_latents_BCTHW.any()


def test_viva_context_is_the_refined_states_without_tags():
    conditioner, inputs = conditioner_of(fixed(VIVA)), inputs_of(VIVA)
    conditions, plan = conditioner.condition(inputs)
    state = naive.under(conditioner.connector.state_dict(), "refiner")
    torch.testing.assert_close(
        conditions.conditional.context_BLD[0], naive.refine(state, inputs.vlm_LD, 2, 2), rtol=1e-4, atol=1e-5
    )
    assert [(row.name, row.tokens) for row in plan.rows] == [("VLM", 9)]


def test_channel_concat_context_holds_vlm_and_text_and_no_source():
    _, plan = conditioner_of(CONCAT).condition(inputs_of(CONCAT))
    assert [row.name for row in plan.rows] == ["<ipl_st>", "VLM", "<ipl_ed>", "<prp_st>", "text", "<prp_ed>"]


def test_nano_conditions_on_vlm_and_source_latents_alone():
    config = preset("nano")
    inputs = SampleInputs(
        source_latents_CTHW=torch.randn(8, 3, 8, 8), vlm_LD=torch.randn(11, config.vlm.dim), text_LD=None
    )
    conditions, plan = conditioner_of(config).condition(inputs)
    assert plan.total == 12 + 32
    assert conditions.conditional.concat_latents_BCTHW.shape == (1, 8, 3, 8, 8)


@pytest.mark.parametrize("padding", ["attend", "mask"])
@pytest.mark.parametrize("name", list(ALL))
def test_batched_branches_and_samples_denoise_as_each_alone(name, padding):
    """Two samples with texts and prompts of unequal length, both branches in one pass, against four passes."""
    config = dataclasses.replace(ALL[name], compat=Compat(padding=padding))
    conditioner = conditioner_of(config)
    samples = [
        conditioner.condition(inputs_of(config, seed, vlm=9 + seed, text=5 + seed)).conditions for seed in (0, 3)
    ]
    batch = GuidedConditions.join(samples)
    torch.manual_seed(2)
    denoiser = Denoiser(build_dit(config).requires_grad_(False))
    noise = torch.randn(2, 16, 3, 8, 12)
    t = torch.tensor([300.0, 300.0])
    both = denoiser(noise.repeat(2, 1, 1, 1, 1), t.repeat(2), batch.stack())
    alone = [
        denoiser(noise[index : index + 1], t[:1], branch)
        for which in ("conditional", "null")
        for index, branch in enumerate(getattr(sample, which) for sample in samples)
    ]
    torch.testing.assert_close(both, torch.cat(alone), rtol=1e-4, atol=1e-5)
    assert float((both[0] - both[2]).abs().max()) > 1e-4
    assert (batch.stack().context_mask is None) == (padding == "attend")


def test_a_reference_adds_its_own_tokens_in_revise_and_is_refused_elsewhere():
    reference = torch.randn(16, 1, 8, 12)
    _, plan = conditioner_of(REVISE).condition(inputs_of(REVISE, reference_latents_CTHW=reference))
    assert plan.rows[4].name == "reference (1x2x3)"
    with pytest.raises(UsageError, match="show it to the VLM alone"):
        conditioner_of(CONCAT).condition(inputs_of(CONCAT, reference_latents_CTHW=reference))


def test_text_is_there_exactly_where_the_model_has_an_encoder():
    with pytest.raises(UsageError, match="needs encoded text"):
        conditioner_of(REVISE).condition(inputs_of(REVISE, text_LD=None))
    with pytest.raises(UsageError, match="has no text encoder"):
        conditioner_of(VIVA).condition(inputs_of(VIVA, text_LD=torch.zeros(1, 32)))


def test_a_clip_too_large_raises_before_it_is_denoised():
    with pytest.raises(ContextOverflowError, match="text 400"):
        conditioner_of(REVISE).condition(inputs_of(REVISE, text=400))


def test_without_a_null_prompt_there_is_one_branch():
    conditions = conditioner_of(REVISE, with_null=False).condition(inputs_of(REVISE)).conditions
    assert conditions.null is None
    assert conditions.stack() is conditions.conditional


def test_tags_of_another_model_are_refused_when_the_conditioner_is_built():
    with pytest.raises(DataError, match="<img_st>"):
        build_conditioner(REVISE, build_connector(REVISE), Tags(tensors={}))


def test_stacking_masks_only_rows_that_were_added():
    short, long = Conditions(context_BLD=torch.ones(1, 2, 3)), Conditions(context_BLD=torch.ones(1, 4, 3))
    stacked = Conditions.stack([short, long])
    assert stacked.context_mask.tolist() == [[True, True, False, False], [True] * 4]
    assert not stacked.context_BLD[0, 2:].any()
    assert Conditions.stack([long, long]).context_mask is None
    again = Conditions.stack([stacked, Conditions(context_BLD=torch.ones(1, 5, 3))])
    assert again.context_mask.sum(dim=1).tolist() == [2, 4, 5]
    with_latents = Conditions(context_BLD=torch.ones(1, 2, 3), concat_latents_BCTHW=torch.ones(1, 1, 1, 1, 1))
    with pytest.raises(ValueError, match="all or none"):
        Conditions.stack([short, with_latents])
    with pytest.raises(ValueError, match="no conditions"):
        Conditions.stack([])


def test_conditions_of_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="three axes"):
        Conditions(context_BLD=torch.ones(2, 3))
    with pytest.raises(ValueError, match="mask is bool"):
        Conditions(context_BLD=torch.ones(1, 2, 3), context_mask=torch.ones(1, 2))
    with pytest.raises(ValueError, match="batch 1"):
        Conditions(context_BLD=torch.ones(1, 2, 3), concat_latents_BCTHW=torch.ones(2, 1, 1, 1, 1))
    one, two = (Conditions(context_BLD=torch.ones(n, 2, 3)) for n in (1, 2))
    with pytest.raises(ValueError, match="as many"):
        GuidedConditions(conditional=one, null=two)
    with pytest.raises(ValueError, match="all or none"):
        GuidedConditions.join([GuidedConditions(conditional=one), GuidedConditions(conditional=one, null=one)])


def test_casting_leaves_source_latents_in_fp32():
    both = GuidedConditions(
        conditional=Conditions(context_BLD=torch.ones(1, 2, 3), concat_latents_BCTHW=torch.ones(1, 1, 1, 1, 1))
    ).to(dtype=torch.bfloat16)
    assert both.conditional.context_BLD.dtype == torch.bfloat16
    assert both.conditional.concat_latents_BCTHW.dtype == torch.float32


def test_an_unmasked_context_is_padded_only_by_the_policy():
    parts = ContextParts(interpreted_LD=torch.ones(3, 32))
    attended, _ = join_context(parts, Tags(tensors={}), dataclasses.replace(VIVA, compat=Compat()))
    assert attended.shape == (1, 64, 32)
