"""The autoencoder that ships, on clips it never saw, of compositions it never saw."""

from __future__ import annotations

import torch

from rvebench.assets import asset_dir
from rvebench.revise.model.vae import frames_to_signal, signal_to_frames
from rvebench.revise.training.clips import ClipShape, read_clip
from rvebench.revise.training.vae_stage import load_vae_folder, psnr_db


def test_the_shipped_autoencoder_keeps_what_an_edit_changes() -> None:
    config, vae = load_vae_folder(asset_dir("data") / "models" / "nano-vae")
    size = config.sampling.size
    assert size is not None
    shape = ClipShape(frames=config.sampling.frames, stride=4, size=size)
    videos = asset_dir("data") / "smoke" / "videos"
    for name in ("fruit-ripen-0", "dusk-lights-1"):
        source, target = (read_clip(videos / f"{name}.{role}.mp4", shape, where=name) for role in ("source", "target"))
        with torch.no_grad():
            latents = vae.encode(frames_to_signal(torch.from_numpy(target)))
            made = signal_to_frames(vae.decode(latents))[0].numpy()
        assert latents.shape == (1, *config.latent_shape(frames=shape.frames, size=size))
        assert psnr_db(made, target) > 26
        assert psnr_db(made, target) > psnr_db(source, target) + 3
