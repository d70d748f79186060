"""Counts of the released model at full size, on the meta device, against the facts and a formula of our own."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.revise.config import ReviseConfig, Size, preset  # noqa: E402
from rvebench.revise.model.budget import count_parts, edit_flops  # noqa: E402

FULL = ReviseConfig()


def test_parts_at_full_size_have_the_released_weights():
    parts = count_parts(FULL)
    assert {name: (count.parameters, count.tensors) for name, count in parts.items()} == {
        "wan_model": (1_418_996_800, 825),
        "visual_context_adapter": (6_690_304, 4),
        "ar_vision_head": (154_840_320, 129),
        "adapter": (1_902_141_440, 129),
        "vae": (126_892_531, 194),
    }


def test_the_small_models_stay_small():
    tiny = sum(count.parameters for count in count_parts(preset("tiny-random")).values())
    nano = count_parts(preset("nano"))
    assert tiny < 1_000_000
    assert 3.2e6 < nano["wan_model"].parameters < 3.5e6
    assert 4 * sum(count.parameters for count in nano.values()) < 28e6  # fp32 bytes; 25 MB is the aim with bf16 parts


def resampler_flops(c, input_dim, length):
    """Multiply-adds twice: perceptron, encoder over `length` rows, decoder over the queries."""
    d, q = c.dim, c.queries

    def attend(rows, over):
        return 2 * (2 * rows * d * d + 2 * over * d * d + 2 * rows * over * d)

    encoder = attend(length, length) + 4 * length * d * c.ffn_dim
    decoder = attend(q, q) + attend(q, length) + 4 * q * d * c.ffn_dim
    return 2 * length * (input_dim * d + d * d) + c.encoder_layers * encoder + c.decoder_layers * decoder


def step_flops(config, tokens, context):
    """One branch through the transformer."""
    c, d = config.dit, config.dit.dim
    patch = c.patch_size[0] * c.patch_size[1] * c.patch_size[2]
    self_attention = 8 * tokens * d * d + 4 * tokens * tokens * d
    cross_attention = 4 * tokens * d * d + 4 * context * d * d + 4 * tokens * context * d
    block = self_attention + cross_attention + 4 * tokens * d * c.ffn_dim
    ends = (
        2 * tokens * patch * d * (config.vae.z_dim + config.concat_channels) + 2 * tokens * patch * d * config.vae.z_dim
    )
    time = 2 * (c.freq_dim * d + d * d + 6 * d * d)
    text = 2 * context * (c.text_dim * d + d * d)
    return c.layers * block + ends + time + text


def test_operations_at_the_published_setting_are_those_of_the_facts():
    flops = edit_flops(FULL, frames=17, size=Size(width=640, height=352), vlm_tokens=267)
    tera = 1e12
    assert flops.denoise_step / 2 / tera == pytest.approx(17.4, abs=0.05)
    assert flops.vae_decode / tera == pytest.approx(33.0, abs=0.05)
    assert flops.denoise_step == 2 * step_flops(FULL, 5 * 22 * 40, 2560)
    connector = FULL.connector
    head = resampler_flops(connector.vision_head, 4096, 267)
    assert flops.interpret == 2 * (head + 4 * resampler_flops(connector.adapter, 1152, 1))
    adapter = FULL.visual_context_adapter
    assert flops.source_tokens == 2 * 1100 * (16 * 16 * adapter.dim + adapter.dim * 4096)
    once = flops.vae_encode + flops.source_tokens + flops.interpret + flops.vae_decode
    assert flops.total == once + 40 * flops.denoise_step
    assert flops.total_recomputed - flops.total == 39 * (flops.source_tokens + flops.interpret)
    shorter = edit_flops(FULL, frames=17, size=Size(width=640, height=352), vlm_tokens=267, context_len=512)
    assert shorter.denoise_step / 2 / tera == pytest.approx(15.1, abs=0.05)


def test_the_formula_gives_a_step_of_81_frames_as_the_facts_have_it():
    assert step_flops(FULL, 21 * 30 * 52, 2560) / 1e12 == pytest.approx(296, abs=0.5)


@pytest.mark.slow
def test_operations_at_81_frames_are_those_of_the_facts():
    flops = edit_flops(FULL, frames=81, size=Size(width=832, height=480), vlm_tokens=267)
    assert flops.denoise_step / 2e12 == pytest.approx(296, abs=0.5)
    assert flops.vae_decode / 1e12 == pytest.approx(275, abs=0.5)


def test_concatenated_latents_widen_the_first_layer_alone():
    nano = preset("nano")
    flops = edit_flops(nano, frames=9, size=Size(width=64, height=64), vlm_tokens=60, context_len=44)
    assert flops.source_tokens == 0
    assert flops.denoise_step == 2 * step_flops(nano, 192, 44)


def test_steps_count_linearly():
    tiny = preset("tiny-random")
    eight = dataclasses.replace(tiny, sampling=dataclasses.replace(tiny.sampling, steps=8))
    four, twice = (edit_flops(c, frames=5, size=Size(width=64, height=64), vlm_tokens=20) for c in (tiny, eight))
    assert twice.total - four.total == 4 * four.denoise_step
