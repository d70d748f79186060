"""The transformer: against a plain second implementation, and its mask against leaving the rows out."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from rvebench.revise.conditions import Conditions, GuidedConditions  # noqa: E402
from rvebench.revise.config import ReviseConfig, preset  # noqa: E402
from rvebench.revise.model.dit import (  # noqa: E402
    Denoiser,
    build_dit,
    cast_dit,
    restore_buffers,
    widen_patch_embedding,
)
from tests.revise import naive  # noqa: E402

CONFIG = preset("tiny-random")


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture
def model():
    return build_dit(CONFIG)


def context(length, batch=1):
    return torch.randn(batch, length, CONFIG.dit.text_dim)


def latents(batch=1):
    return torch.randn(batch, 16, 2, 4, 6)


def run(model, x, t, conditions):
    with torch.no_grad():
        return Denoiser(model)(x, torch.full((x.shape[0],), float(t)), conditions)


def test_velocity_is_that_of_the_plain_implementation_with_naive_attention(model):
    x, c = latents(2), context(7, 2)
    velocity = run(model, x, 625.0, Conditions(context_BLD=c))
    state = {name: tensor.double() for name, tensor in model.state_dict().items()}
    for index in range(2):
        plain = naive.wan(state, x[index].double(), 625.0, c[index].double(), CONFIG.dit)
        assert float(plain.std()) > 0.1
        torch.testing.assert_close(velocity[index].double(), plain, rtol=1e-4, atol=1e-5)


def test_without_a_mask_it_is_diffusers_model_to_the_bit(model):
    plain = diffusers.WanTransformer3DModel(**{k: v for k, v in model.config.items() if not k.startswith("_")}).eval()
    plain.load_state_dict(model.state_dict())
    x, c = latents(), context(9)
    with torch.no_grad():
        expected = plain(x, torch.tensor([250.0]), c).sample
    assert torch.equal(run(model, x, 250.0, Conditions(context_BLD=c)), expected)


def test_masking_rows_is_the_same_as_leaving_them_out(model):
    x, c = latents(2), context(9, 2)
    mask = torch.arange(9)[None] < torch.tensor([[9], [4]])
    together = run(model, x, 250.0, Conditions(context_BLD=c, context_mask=mask))
    for index, length in enumerate((9, 4)):
        alone = run(model, x[index : index + 1], 250.0, Conditions(context_BLD=c[index : index + 1, :length]))
        torch.testing.assert_close(together[index : index + 1], alone, rtol=1e-4, atol=1e-5)
    attended = run(model, x, 250.0, Conditions(context_BLD=c))
    assert float((attended[1] - together[1]).abs().max()) > 1e-3


def test_what_stands_in_masked_rows_does_not_matter(model):
    x, c = latents(), context(9)
    mask = torch.arange(9)[None] < 4
    first = run(model, x, 250.0, Conditions(context_BLD=c, context_mask=mask))
    c[:, 4:] = 50.0
    assert torch.equal(run(model, x, 250.0, Conditions(context_BLD=c, context_mask=mask)), first)


def test_zero_padding_that_is_attended_to_changes_the_velocity(model):
    x, c = latents(), context(4)
    padded = torch.nn.functional.pad(c, (0, 0, 0, 28))
    short, long = (run(model, x, 250.0, Conditions(context_BLD=one)) for one in (c, padded))
    assert float((short - long).abs().max()) > 1e-3


def test_branches_of_unequal_length_batch_as_each_alone(model):
    x = latents(1)
    branches = GuidedConditions(conditional=Conditions(context_BLD=context(9)), null=Conditions(context_BLD=context(5)))
    both = run(model, x.repeat(2, 1, 1, 1, 1), 400.0, branches.stack())
    for index, branch in enumerate((branches.conditional, branches.null)):
        torch.testing.assert_close(both[index : index + 1], run(model, x, 400.0, branch), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_checkpointed_gradients_with_two_masks_in_flight_are_the_plain_ones(model, masked):
    """A mask kept outside the graph would be the second pass's when the first is recomputed."""
    x = latents(1)
    masks = [(torch.arange(9)[None] < n) if masked else None for n in (3, 7)]
    contexts = [context(9), context(9)]

    def gradients(checkpointing):
        model.train()
        (model.enable_gradient_checkpointing if checkpointing else model.disable_gradient_checkpointing)()
        model.zero_grad()
        denoiser = Denoiser(model)
        total = sum(
            denoiser(x, torch.tensor([300.0]), Conditions(context_BLD=c, context_mask=m)).square().sum()
            for c, m in zip(contexts, masks, strict=True)
        )
        total.backward()
        return {name: p.grad.clone() for name, p in model.named_parameters()}

    plain, recomputed = gradients(False), gradients(True)
    for name, gradient in plain.items():
        torch.testing.assert_close(recomputed[name], gradient, rtol=1e-5, atol=1e-5)


def test_widening_for_source_latents_begins_with_the_same_velocity(model):
    wide_config = dataclasses.replace(
        CONFIG,
        conditioning=dataclasses.replace(CONFIG.conditioning, strategy="channel-concat"),
        visual_context_adapter=None,
    )
    wide = build_dit(wide_config)
    state = model.state_dict()
    state["patch_embedding.weight"] = widen_patch_embedding(state["patch_embedding.weight"], 32)
    wide.load_state_dict(state)
    x, c = latents(), context(5)
    concat = Conditions(context_BLD=c, concat_latents_BCTHW=torch.randn_like(x))
    torch.testing.assert_close(run(wide, x, 100.0, concat), run(model, x, 100.0, Conditions(context_BLD=c)))
    with pytest.raises(ValueError, match="more than 8"):
        widen_patch_embedding(state["patch_embedding.weight"], 8)


def test_concatenated_latents_follow_the_noise():
    wide = build_dit(
        dataclasses.replace(
            CONFIG,
            conditioning=dataclasses.replace(CONFIG.conditioning, strategy="channel-concat"),
            visual_context_adapter=None,
        )
    )
    x, source, c = latents(), latents(), context(5)
    with torch.no_grad():
        expected = wide(torch.cat([x, source], dim=1), torch.tensor([100.0]), c).sample
    assert torch.equal(run(wide, x, 100.0, Conditions(context_BLD=c, concat_latents_BCTHW=source)), expected)


def test_a_model_from_meta_needs_only_weights_and_rotary_tables(model):
    other = build_dit(CONFIG, "meta")
    other.load_state_dict(model.state_dict(), assign=True)
    restore_buffers(other)
    x, c = latents(), context(5)
    assert torch.equal(*(run(m, x, 100.0, Conditions(context_BLD=c)) for m in (model, other)))


def test_bf16_keeps_norms_and_modulations_in_fp32(model):
    x, c = latents(), context(5)
    exact = run(model, x, 100.0, Conditions(context_BLD=c))
    cast_dit(model, torch.bfloat16)
    kept = {name for name, p in model.named_parameters() if p.dtype == torch.float32}
    assert "blocks.0.norm2.weight" in kept and "blocks.1.scale_shift_table" in kept and "scale_shift_table" in kept
    assert "condition_embedder.time_embedder.linear_1.weight" in kept
    assert not any(".to_q." in name or ".ffn." in name for name in kept)
    mask = torch.ones(1, 5, dtype=torch.bool)
    for conditions in (Conditions(context_BLD=c), Conditions(context_BLD=c, context_mask=mask)):
        coarse = run(model, x, 100.0, conditions)
        assert coarse.dtype == torch.float32
        assert float((coarse - exact).abs().max()) < 0.05 * float(exact.abs().max())


def test_a_batch_without_as_many_contexts_is_refused(model):
    with pytest.raises(ValueError, match="2 latents cannot be conditioned on 1 contexts"):
        run(model, latents(2), 100.0, Conditions(context_BLD=context(5)))


def test_at_full_size_the_transformer_has_wans_shapes():
    state = build_dit(ReviseConfig(), "meta").state_dict()
    assert len(state) == 825
    assert state["patch_embedding.weight"].shape == (1536, 16, 1, 2, 2)
    assert state["blocks.29.ffn.net.0.proj.weight"].shape == (8960, 1536)
    assert state["condition_embedder.text_embedder.linear_1.weight"].shape == (1536, 4096)
    assert state["proj_out.weight"].shape == (64, 1536)


def test_it_compiles_as_one_graph_with_a_mask(model):
    x, c = latents(2), context(9, 2)
    conditions = Conditions(context_BLD=c, context_mask=torch.arange(9)[None] < torch.tensor([[9], [4]]))
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.equal(run(compiled, x, 250.0, conditions), run(model, x, 250.0, conditions))
