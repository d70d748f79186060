"""Training the video autoencoder from scratch: absolute error, absolute error of differences, a little divergence.

Differences between neighbours (in x, y and time) are compared as well, because small pictures live by their edges and
edits by what moves. Clips are never flipped: instructions speak of left and right, and of before and after.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.config import ReviseConfig, check_frames
from rvebench.revise.folder import write_config
from rvebench.revise.model.vae import VideoVae, build_vae, frames_to_signal, signal_to_frames
from rvebench.revise.pretrained import freeze, read_tensors
from rvebench.revise.training.clips import PreparedClips
from rvebench.video import Frames, contact_sheet
from rvebench.weights import sha256_of

__all__ = [
    "VaeLossSettings",
    "VaeTask",
    "channels_last",
    "latent_statistics",
    "load_vae_folder",
    "psnr_db",
    "reconstructions",
    "save_vae_folder",
    "sheet",
    "vae_loss",
]

_WEIGHTS = "diffusion_pytorch_model.safetensors"
_EVAL_BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeLossSettings:
    """Weights of the parts of the loss beside the absolute error, whose weight is 1, and the precision."""

    edges: float = 0.5
    """Of the absolute error of differences between neighbours in x, y and time."""
    divergence: float = 2e-4
    """Of the divergence from a standard normal, a mean over latent numbers, in nats."""
    precision: Literal["fp32", "bf16"] = "bf16"
    """Of the convolutions; master weights, losses and statistics are fp32."""
    crop_side: int | None = None
    """Side of the square that a step sees of each clip, at a place drawn anew; None for whole frames. Convolutions
    learn much the same from a part, at a fraction of the work: for the first thousands of steps."""
    crop_frames: int | None = None
    """Frames that a step sees of each clip, 4n + 1, from a drawn one on; None for all."""

    def __post_init__(self) -> None:
        for name in ("crop_side", "crop_frames"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise UsageError(f"VaeLossSettings.{name} must be at least 1, not {getattr(self, name)}")
        if self.crop_frames is not None:
            check_frames(self.crop_frames)
        for name in ("edges", "divergence"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise UsageError(f"VaeLossSettings.{name} must be 0 or more, not {getattr(self, name)}")
        if self.precision not in ("fp32", "bf16"):
            raise UsageError(f"VaeLossSettings.precision is {self.precision!r}", hint="use fp32 or bf16")


class VaeLoss(NamedTuple):
    """The loss and its parts, scalars."""

    total: torch.Tensor
    absolute: torch.Tensor
    edges: torch.Tensor
    divergence: torch.Tensor


def vae_loss(
    decoded_BCTHW: torch.Tensor,
    signal_BCTHW: torch.Tensor,
    mean_BCTHW: torch.Tensor,
    logvar_BCTHW: torch.Tensor,
    settings: VaeLossSettings,
) -> VaeLoss:
    """Returns the loss of a reconstruction.

    Args:
        decoded_BCTHW: not clamped, so that what overshoots is pulled back.
        signal_BCTHW: in -1..1.
        mean_BCTHW: of the posterior.
        logvar_BCTHW: of the posterior.
        settings: the weights.
    """
    difference = decoded_BCTHW.float() - signal_BCTHW
    absolute = difference.abs().mean()
    parts = [difference.diff(dim=dim).abs().mean() for dim in (2, 3, 4) if difference.shape[dim] > 1]
    edges = torch.stack(parts).mean() if parts else absolute.new_zeros(())
    mean, logvar = mean_BCTHW.float(), logvar_BCTHW.float()
    divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()  # Kingma and Welling 2013, appendix B
    return VaeLoss(absolute + settings.edges * edges + settings.divergence * divergence, absolute, edges, divergence)


def channels_last(model: nn.Module) -> nn.Module:
    """Lays the weights of 2D and 3D convolutions out by channel, in place: on a CPU a step takes .7 of the time."""
    for parameter in model.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.to(memory_format=torch.channels_last_3d)
        elif parameter.ndim == 4:
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    return model


def psnr_db(first: Frames, second: Frames) -> float:
    """Returns 10 log10(255^2 / MSE) over whole clips, at most 100 dB (equal clips)."""
    error = float(np.square(first.astype(np.float64) - second).mean())
    return 100.0 if error == 0 else min(100.0, 10 * math.log10(255**2 / error))


@dataclass(kw_only=True, eq=False)
class VaeTask:
    """The stage for :func:`rvebench.revise.training.stage.run_stage`; its items are sources, then targets."""

    config: ReviseConfig
    model: Any
    """An AutoencoderKLWan in fp32, its parameters asking for gradients."""
    clips: PreparedClips
    held_out: PreparedClips
    settings: VaeLossSettings
    started_from: str = ""
    """Digest of the weights it began with; empty for a seed's."""
    name: str = "train-vae"

    @classmethod
    def fresh(
        cls,
        config: ReviseConfig,
        clips: PreparedClips,
        held_out: PreparedClips,
        settings: VaeLossSettings,
        *,
        seed: int,
        start_from: Path | None = None,
    ) -> VaeTask:
        """Returns a stage that begins with random weights of a seed, or with those of a folder.

        Raises:
            UsageError: the folder holds no autoencoder.
            DataError: it holds one of other sizes, or damaged files.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = build_vae(config)
        if start_from is not None:
            _fill(model, start_from / "vae")
        channels_last(model.requires_grad_(True))
        digest = "" if start_from is None else sha256_of(start_from / "vae" / _WEIGHTS)
        return cls(config=config, model=model, clips=clips, held_out=held_out, settings=settings, started_from=digest)

    def identity(self) -> Mapping[str, Any]:
        return {
            "vae": {key: value for key, value in asdict(self.config.vae).items() if not key.startswith("latents_")},
            "loss": asdict(self.settings),
            "started_from": self.started_from,
            "shape": self.clips.shape.as_json(),
            "samples": digest_of([sample.id for sample in self.clips.samples]),
            "held_out": digest_of([sample.id for sample in self.held_out.samples]),
        }

    def __len__(self) -> int:
        return 2 * len(self.clips)

    def names(self, items: Sequence[int]) -> list[str]:
        count = len(self.clips)
        return [f"{self.clips.samples[item % count].id} ({'target' if item >= count else 'source'})" for item in items]

    def loss(self, items: Sequence[int], generator: torch.Generator) -> tuple[torch.Tensor, Mapping[str, float]]:
        signal = self._cropped(self._signal(items), generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.precision == "bf16"):
            posterior = self.model.encode(signal).latent_dist
            mean, logvar = posterior.mean, posterior.logvar
            noise = torch.randn(mean.shape, generator=generator)
            decoded = self._decoded(mean + (0.5 * logvar.float()).exp() * noise)
        parts = vae_loss(decoded, signal, mean, logvar, self.settings)
        return parts.total, {name: float(getattr(parts, name).detach()) for name in ("absolute", "edges", "divergence")}

    def _signal(self, items: Sequence[int]) -> torch.Tensor:
        count = len(self.clips)
        frames = [self.clips[item % count][1 if item >= count else 0] for item in items]
        signal = torch.cat([frames_to_signal(torch.from_numpy(clip)) for clip in frames])
        return signal.to(memory_format=torch.channels_last_3d)

    def _cropped(self, signal_BCTHW: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Returns the part of each clip that a step sees; the whole draws nothing."""
        side, frames = self.settings.crop_side, self.settings.crop_frames
        if side is None and frames is None:
            return signal_BCTHW
        sizes = [
            min(whole, wanted or whole)
            for whole, wanted in zip(signal_BCTHW.shape[2:], (frames, side, side), strict=True)
        ]
        parts = []
        for clip_CTHW in signal_BCTHW:
            starts = [
                int(torch.randint(whole - size + 1, (), generator=generator))
                for whole, size in zip(clip_CTHW.shape[1:], sizes, strict=True)
            ]
            t, y, x = (slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
            parts.append(clip_CTHW[:, t, y, x])
        return torch.stack(parts).to(memory_format=torch.channels_last_3d)

    def _decoded(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        """Returns the signal without the clamp of `decode`, under which what overshoots gets no gradient."""
        model = self.model
        model.clear_cache()
        hidden = model.post_quant_conv(latents_BCTHW)
        chunks = [
            model.decoder(hidden[:, :, at : at + 1], feat_cache=model._feat_map, feat_idx=[0], first_chunk=at == 0)
            for at in range(hidden.shape[2])
        ]
        model.clear_cache()
        return torch.cat(chunks, dim=2)

    def evaluate(self) -> dict[str, Any]:
        """Returns PSNR and absolute error of held-out clips, beside those of a source that stands for its target."""
        pairs = [(clips.source_THWC, clips.target_THWC) for clips in _all(self.held_out)]
        clips = [clip for pair in pairs for clip in pair]
        made = reconstructions(VideoVae(self.model), clips)
        return {
            "psnr_db": _mean(psnr_db(one, other) for one, other in zip(clips, made, strict=True)),
            "l1_of_255": _mean(_l1(one, other) for one, other in zip(clips, made, strict=True)),
            "copy_psnr_db": _mean(psnr_db(source, target) for source, target in pairs),
            "copy_l1_of_255": _mean(_l1(source, target) for source, target in pairs),
            "clips": len(clips),
        }


def _all(clips: PreparedClips) -> Iterator[Any]:
    return (clips[index] for index in range(len(clips)))


def _mean(values: Iterator[float]) -> float:
    return round(float(np.mean(list(values))), 4)


def _l1(first: Frames, second: Frames) -> float:
    return float(np.abs(first.astype(np.float64) - second).mean())


def reconstructions(vae: VideoVae, clips: Sequence[Frames]) -> list[Frames]:
    """Returns clips of one shape, coded and decoded without noise, in fp32."""
    made: list[Frames] = []
    with torch.no_grad():
        for first in range(0, len(clips), _EVAL_BATCH):
            part = clips[first : first + _EVAL_BATCH]
            signal = torch.cat([frames_to_signal(torch.from_numpy(clip)) for clip in part])
            made += [np.asarray(clip) for clip in signal_to_frames(vae.decode(vae.encode(signal))).numpy()]
    return made


def latent_statistics(
    model: nn.Module, clips: PreparedClips, *, most: int = 512, progress: Callable[[int, int], None] | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns mean and standard deviation of each latent channel, over sources and targets, in fp64.

    Args:
        model: the autoencoder; its own latents_mean and latents_std are not applied.
        clips: the training clips.
        most: samples that are looked at, evenly spread.
        progress: called with samples done and all.

    Raises:
        DataError: a channel is constant, so that it cannot be normalised.
    """
    count = min(most, len(clips))
    sums = squares = torch.zeros((), dtype=torch.float64)
    numbers = 0
    with torch.no_grad():
        for index in range(count):
            pair = clips[index * len(clips) // count]
            signal = torch.cat([frames_to_signal(torch.from_numpy(clip)) for clip in pair[:2]])
            latents = model.encode(signal).latent_dist.mode().double().movedim(1, 0).flatten(1)
            sums, squares = sums + latents.sum(dim=1), squares + latents.square().sum(dim=1)
            numbers += latents.shape[1]
            if progress is not None:
                progress(index + 1, count)
    mean = sums / numbers
    std = (squares / numbers - mean.square()).clamp(min=0).sqrt()
    if bool((std < 1e-4).any()):
        raise DataError("a latent channel is constant: the autoencoder has collapsed there", hint="train it longer")
    return tuple(mean.tolist()), tuple(std.tolist())


def save_vae_folder(
    folder: Path, task: VaeTask, weights: Mapping[str, torch.Tensor], told: Mapping[str, Any]
) -> ReviseConfig:
    """Writes `revise.json`, `vae/` and `report.json`, with the latents' statistics over the training clips.

    Args:
        folder: of the training.
        task: what was trained; afterwards its model holds `weights`.
        weights: the averaged ones.
        told: measurements for the report.

    Raises:
        StorageError: the folder cannot be written.
    """
    task.model.load_state_dict({name: weight.contiguous() for name, weight in weights.items()})
    model = freeze(task.model)
    mean, std = latent_statistics(model, task.clips)
    config = replace(task.config, vae=replace(task.config.vae, latents_mean=mean, latents_std=std))
    model.register_to_config(latents_mean=list(mean), latents_std=list(std))
    try:
        (folder / "vae").mkdir(parents=True, exist_ok=True)
        model.save_config(folder / "vae")
        ready = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
        save_file(ready, folder / "vae" / _WEIGHTS, metadata={"format": "pt"})
        write_config(folder, config)
        (folder / "report.json").write_text(json.dumps({**told, "identity": task.identity()}, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror or error}", where=folder) from error
    return config


def load_vae_folder(folder: Path) -> tuple[ReviseConfig, VideoVae]:
    """Returns what :func:`save_vae_folder` wrote, frozen, in fp32.

    Raises:
        UsageError: the folder is not there, or holds no autoencoder.
        DataError: its files are damaged or do not fit together.
    """
    if not (folder / "revise.json").is_file():
        raise UsageError(
            "holds no autoencoder", where=folder, hint="give the --out of a `train-vae` that ran to its end"
        )
    config = ReviseConfig.load(folder / "revise.json")
    model = build_vae(config)
    _fill(model, folder / "vae")
    return config, VideoVae(freeze(model.float()))


def _fill(model: nn.Module, folder: Path) -> None:
    try:
        model.load_state_dict(read_tensors(folder))
    except RuntimeError as error:
        told = " ".join(str(error).split())[:200]
        raise DataError(f"the tensors are not those of the configuration: {told}", where=folder) from None


def sheet(task: VaeTask, *, samples: int = 6, quality: int = 92) -> bytes:
    """Returns a WebP of held-out samples: source, its reconstruction, target, its reconstruction, row by row."""
    chosen = [task.held_out[index] for index in range(min(samples, len(task.held_out)))]
    clips = [clip for pair in chosen for clip in pair[:2]]
    made = reconstructions(VideoVae(task.model), clips)
    rows = [frames for pair in zip(clips, made, strict=True) for frames in pair]
    return contact_sheet(rows, columns=len(clips[0]), cell_width=96, quality=quality)
