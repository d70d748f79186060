"""The autoencoder's door: normalisation, causality, precision, and the shapes it refuses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.config import ReviseConfig, preset  # noqa: E402
from rvebench.revise.model.vae import (  # noqa: E402
    VideoVae,
    build_vae,
    frames_to_signal,
    signal_to_frames,
)

CONFIG = preset("tiny-random")


@pytest.fixture(scope="module")
def vae():
    torch.manual_seed(0)
    return VideoVae(build_vae(CONFIG))


@pytest.fixture(scope="module")
def signal():
    return torch.rand(1, 3, 9, 16, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_latents_are_the_posterior_mean_in_wans_units(vae, signal):
    latents = vae.encode(signal)
    assert latents.shape == (1, 16, 3, 2, 3)
    assert torch.equal(vae.encode(signal), latents)
    moments = vae.model._encode(signal)
    for channel in range(16):
        mean, deviation = CONFIG.vae.latents_mean[channel], CONFIG.vae.latents_std[channel]
        torch.testing.assert_close(latents[0, channel], (moments[0, channel] - mean) / deviation)


def test_decoding_takes_the_units_off_again(vae, signal):
    latents = vae.encode(signal)
    raw = vae.model.encode(signal).latent_dist.mean
    torch.testing.assert_close(vae.decode(latents), vae.model.decode(raw).sample, rtol=1e-4, atol=1e-5)
    assert vae.decode(latents).shape == signal.shape
    assert float(vae.decode(latents * 100).abs().max()) <= 1.0


def test_our_constants_are_those_of_diffusers():
    reference = (
        diffusers.AutoencoderKLWan.__init__.__wrapped__
        if hasattr(diffusers.AutoencoderKLWan.__init__, "__wrapped__")
        else diffusers.AutoencoderKLWan.__init__
    )
    import inspect

    defaults = inspect.signature(reference).parameters
    full = ReviseConfig().vae
    assert list(full.latents_mean) == defaults["latents_mean"].default
    assert list(full.latents_std) == defaults["latents_std"].default
    assert len(full.latents_mean) == 16


def test_a_latent_knows_nothing_of_later_frames(vae, signal):
    whole = vae.encode(signal)
    torch.testing.assert_close(vae.encode(signal[:, :, :5]), whole[:, :, :2], rtol=1e-5, atol=1e-5)
    changed = signal.clone()
    changed[:, :, 5:] = 0.0
    torch.testing.assert_close(vae.encode(changed)[:, :, :2], whole[:, :, :2], rtol=1e-5, atol=1e-5)
    assert float((vae.encode(changed)[:, :, 2] - whole[:, :, 2]).abs().max()) > 1e-3


def test_one_frame_is_one_latent(vae, signal):
    latents = vae.encode(signal[:, :, :1])
    assert latents.shape == (1, 16, 1, 2, 3)
    assert vae.decode(latents).shape == (1, 3, 1, 16, 24)


def test_autocast_around_it_changes_nothing(vae, signal):
    exact = vae.encode(signal)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        latents = vae.encode(signal)
        frames = vae.decode(latents)
    assert latents.dtype == frames.dtype == torch.float32
    assert torch.equal(latents, exact)


def test_shapes_that_do_not_code_are_refused(vae):
    with pytest.raises(UsageError, match="use 13 or 17"):
        vae.encode(torch.zeros(1, 3, 16, 32, 48))
    with pytest.raises(UsageError, match=r"50x32 \(width x height\)"):
        vae.encode(torch.zeros(1, 3, 1, 32, 50))


def test_frames_survive_the_way_to_a_signal_and_back():
    frames = torch.arange(256, dtype=torch.uint8).repeat(3).reshape(3, 16, 16).movedim(0, -1)[None]
    signal = frames_to_signal(frames)
    assert signal.shape == (1, 3, 1, 16, 16)
    assert (float(signal.min()), float(signal.max())) == (-1.0, 1.0)
    assert torch.equal(signal_to_frames(signal)[0], frames)
    assert signal_to_frames(torch.full((1, 3, 1, 1, 1), 7.0)).unique().tolist() == [255]
    with pytest.raises(TypeError, match="uint8"):
        frames_to_signal(frames.float())
