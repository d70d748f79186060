"""The three modules that are ReViSE's own, against plain second implementations and the released key names."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.revise.config import (  # noqa: E402
    ConditioningConfig,
    RefinerConfig,
    ResamplerConfig,
    ReviseConfig,
    VisualContextAdapterConfig,
    preset,
)
from rvebench.revise.model.connector import (  # noqa: E402
    ContextAdapter,
    VisionHead,
    VisualContextAdapter,
    build_connector,
)
from rvebench.revise.model.refiner import TokenRefiner  # noqa: E402
from tests.revise import naive  # noqa: E402

HEAD = ResamplerConfig(dim=12, queries=4, ffn_dim=20, heads=3, encoder_layers=2, decoder_layers=3)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def test_the_visual_context_adapter_is_patches_norm_projection_norm():
    module = VisualContextAdapter(
        VisualContextAdapterConfig(patch_size=(1, 4, 4), dim=10), latent_channels=3, text_dim=7
    ).double()
    latents = draw(2, 3, 2, 8, 12)
    tokens = module(latents)
    assert tokens.shape == (2, 2, 2, 3, 7)
    for index in range(2):
        plain = naive.visual_context(module.state_dict(), latents[index], (1, 4, 4))
        torch.testing.assert_close(tokens[index].flatten(0, 2), plain, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [False, True])
def test_the_vision_head_reads_all_states_into_its_queries(training):
    """In eval without gradients torch may take its fused path, in training it takes the long one."""
    module = VisionHead(HEAD, vlm_dim=9).double().train(training)
    states = draw(2, 11, 9)
    with torch.set_grad_enabled(training):
        vision = module(states)
    assert vision.shape == (2, 4, 12)
    for index in range(2):
        plain = naive.resampler(module.state_dict(), "visionHeadAdapter", states[index], 3, (2, 3))
        torch.testing.assert_close(vision[index], plain, rtol=1e-9, atol=1e-9)


def test_the_context_adapter_takes_each_vision_vector_on_its_own():
    module = ContextAdapter(dataclasses.replace(HEAD, queries=5), vision_dim=6).double().eval()
    vision = draw(2, 4, 6)
    tokens = module(vision)
    assert tokens.shape == (2, 20, 12)
    for index in range(2):
        runs = [
            naive.resampler(module.state_dict(), "adapter", vision[index, one : one + 1], 3, (2, 3)) for one in range(4)
        ]
        torch.testing.assert_close(tokens[index], torch.cat(runs), rtol=1e-9, atol=1e-9)


def test_the_refiner_is_pre_norm_attention_and_perceptron():
    module = TokenRefiner(RefinerConfig(dim=12, heads=3, layers=2, ffn_dim=20), vlm_dim=9, text_dim=7).double()
    states = draw(2, 11, 9)
    for index, refined in enumerate(module(states)):
        plain = naive.refine(module.state_dict(), states[index], 3, 2)
        torch.testing.assert_close(refined, plain, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", ["head", "refiner"])
def test_padded_states_of_a_batch_read_as_each_alone(kind, training):
    if kind == "head":
        module = VisionHead(HEAD, vlm_dim=9)
    else:
        module = TokenRefiner(RefinerConfig(dim=12, heads=3, layers=2, ffn_dim=20), vlm_dim=9, text_dim=7)
    module = module.double().train(training)
    long, short = draw(1, 11, 9), draw(1, 5, 9)
    padded = torch.cat([long, torch.nn.functional.pad(short, (0, 0, 0, 6), value=100.0)])
    mask = torch.arange(11)[None] < torch.tensor([[11], [5]])
    with torch.set_grad_enabled(training):
        together = module(padded, mask)
        torch.testing.assert_close(together[:1], module(long), rtol=1e-9, atol=1e-9)
        alone = module(short)
    torch.testing.assert_close(together[1:, : alone.shape[1]], alone, rtol=1e-9, atol=1e-9)


def test_an_image_takes_the_first_vision_vector_alone():
    config = preset("tiny-random")
    connector = build_connector(config)
    states = torch.randn(1, 9, config.vlm.dim)
    with torch.no_grad():
        video = connector.interpret(states, latent_frames=5)
        image = connector.interpret(states, latent_frames=1)
    queries = config.connector.adapter.queries
    assert video.shape == (1, 4 * queries, 32)
    torch.testing.assert_close(image, video[:, :queries])


def test_every_weight_of_the_connector_takes_part():
    config = preset("tiny-random")
    connector = build_connector(config).train()
    source = connector.source_tokens(torch.randn(1, 16, 2, 8, 8))
    said = connector.interpret(torch.randn(1, 9, config.vlm.dim), latent_frames=2)
    (source.square().sum() + (said * torch.randn_like(said)).sum()).backward()
    without = [name for name, p in connector.named_parameters() if p.grad is None or not torch.any(p.grad)]
    # A key bias shifts all scores of a query alike, and a sequence of one key has no scores to choose between; ours
    # are packed with query and value weights, so that no tensor as a whole is without gradient.
    assert without == []


def layer_keys(kind):
    attentions = {"encoder": ["self_attn"], "decoder": ["self_attn", "multihead_attn"]}[kind]
    norms = len(attentions) + 1
    names = [f"{a}.{w}" for a in attentions for w in ("in_proj_weight", "in_proj_bias")]
    names += [f"{a}.out_proj.{w}" for a in attentions for w in ("weight", "bias")]
    names += [f"linear{n}.{w}" for n in (1, 2) for w in ("weight", "bias")]
    return names + [f"norm{n + 1}.{w}" for n in range(norms) for w in ("weight", "bias")]


def test_keys_and_shapes_at_full_size_are_those_of_the_release():
    connector = build_connector(ReviseConfig(), "meta")
    shapes = {name: tuple(tensor.shape) for name, tensor in connector.state_dict().items()}
    expected = set()
    for prefix, inner in (("ar_vision_head", "visionHeadAdapter"), ("adapter", "adapter")):
        expected |= {f"{prefix}.decoder_query"} | {f"{prefix}.fc.{n}.{w}" for n in (0, 2) for w in ("weight", "bias")}
        for kind in ("encoder", "decoder"):
            base = f"{prefix}.{inner}.{kind}"
            expected |= {f"{base}.layers.{n}.{key}" for n in range(4) for key in layer_keys(kind)}
            expected |= {f"{base}.norm.{w}" for w in ("weight", "bias")}
    expected |= {
        f"visual_context_adapter.{part}.{w}" for part in ("patch_embedding", "projection") for w in ("weight", "bias")
    }
    assert set(shapes) == expected
    assert sum(name.startswith("adapter.") for name in shapes) == 129
    assert sum(name.startswith("ar_vision_head.") for name in shapes) == 129
    assert shapes["visual_context_adapter.patch_embedding.weight"] == (1536, 16, 1, 4, 4)
    assert shapes["visual_context_adapter.projection.weight"] == (4096, 1536)
    assert shapes["ar_vision_head.decoder_query"] == (1, 4, 1152)
    assert shapes["ar_vision_head.fc.0.weight"] == (1152, 4096)
    assert shapes["adapter.decoder_query"] == (1, 256, 4096)
    assert shapes["adapter.fc.0.weight"] == (4096, 1152)
    assert shapes["adapter.adapter.encoder.layers.3.self_attn.in_proj_weight"] == (3 * 4096, 4096)
    assert shapes["adapter.adapter.decoder.layers.0.linear1.weight"] == (16384, 4096)


def test_a_strategy_has_only_its_parts():
    viva = dataclasses.replace(
        preset("tiny-random"),
        conditioning=ConditioningConfig(strategy="viva"),
        visual_context_adapter=None,
        connector=None,
        text=None,
        refiner=RefinerConfig(dim=16, heads=2, layers=1, ffn_dim=32),
    )
    assert {name.split(".")[0] for name in build_connector(viva).state_dict()} == {"refiner"}
    assert {name.split(".")[0] for name in build_connector(preset("nano")).state_dict()} == {
        "ar_vision_head",
        "adapter",
    }
