"""From latents to the few frames a critic sees, with a gradient, in memory that does not grow with the clip.

diffusers' `AutoencoderKLWan.decode` keeps what its convolutions remember in the model, so that it can neither be
checkpointed (the second pass would begin from the end of the first; diffusers issue 11071) nor stopped early. Here that
memory is a list of tensors that goes into one step of the decoder and comes out of it. Each step is checkpointed: what
stays in memory for the backward pass is what the steps hand on. Values are bit for bit those of `decode`.

The decoder is causal and remembers far: a window of latents without all that came before is an approximation, whatever
its length. The modes (:data:`rvebench.revise.training.config_parts.DecodeMode`) say what is saved and what it costs:

* `full` decodes every latent.
* `prefix` stops after the last latent that a frame is taken from. Exact.
* `prefix_truncated` runs the same steps, without a graph except for the latents of the frames and a few before each.
  Values are exact, and the gradient is that of a memory of `context` latents.
* `subclip` decodes the frames' latents as if they followed each other.
* `image` decodes each of them alone. Both are approximations: :func:`approximation_error` measures them.

Tiling is never used: diffusers blends tiles in place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from rvebench.errors import UsageError
from rvebench.revise.training.config_parts import DecodeMode
from rvebench.revise.vlm.protocol import chosen_frames

__all__ = [
    "DecodeError",
    "DecodedFrames",
    "FramePicks",
    "approximation_error",
    "decode_frames",
    "pick_frames",
]


class FramePicks(NamedTuple):
    """Which frames of a clip are looked at."""

    frames: tuple[int, ...]
    """In order."""
    latents: tuple[int, ...]
    """The latent that each frame is coded in; several frames may share one."""
    offsets: tuple[int, ...]
    """Which of its latent's frames each is."""
    of: int
    """Frames of the clip."""

    def fps(self, fps: float) -> float:
        """Returns the mean frames a second of the picked frames, for a clip of `fps`."""
        spread = self.frames[-1] - self.frames[0]
        return fps * (len(self.frames) - 1) / spread if spread else fps


class DecodedFrames(NamedTuple):
    """Frames as a critic takes them."""

    frames_BKHWC: torch.Tensor
    """RGB in 0..1, with the gradient of the latents."""
    clamped_B: torch.Tensor
    """Of each clip, the share of values beyond black or white, which get no gradient, 0..1."""


class DecodeError(NamedTuple):
    """How far a mode is from `full`, over the picked frames of a clip, in units of 0..1."""

    mean: float
    """Mean absolute difference of the values."""
    largest: float
    """Largest absolute difference."""
    relative: float
    """Norm of the difference over the norm of the frames less their mean."""
    gradient_cosine: float
    """Cosine between the two gradients at the latents of one random linear function of the frames."""


def pick_frames(count: int, most: int, *, temporal_factor: int = 4) -> FramePicks:
    """Returns up to `most` frames of a clip, evenly spread, the first and the last among them.

    A VLM reads frames two by two: of several frames an even number is picked.

    Args:
        count: frames of the clip, 1 + n temporal_factor.
        most: frames wanted, at least 1; 1 is the last.
        temporal_factor: frames of every latent but the first.

    Raises:
        UsageError: a number is out of range.
    """
    if count < 1 or (count - 1) % temporal_factor:
        raise UsageError(f"a clip has 1 + n x {temporal_factor} frames, not {count}")
    wanted = min(most, count)
    wanted -= wanted % 2 if wanted > 1 else 0
    frames = chosen_frames(count, "all", wanted) if wanted != 1 else (count - 1,)
    latents = tuple(-(-frame // temporal_factor) for frame in frames)
    offsets = tuple((frame - 1) % temporal_factor if frame else 0 for frame in frames)
    return FramePicks(frames=frames, latents=latents, offsets=offsets, of=count)


def decode_frames(
    vae: nn.Module,
    latents_BCTHW: torch.Tensor,
    picks: FramePicks,
    *,
    mode: DecodeMode = "full",
    context: int = 2,
) -> DecodedFrames:
    """Decodes the same picked frames of some clips.

    Args:
        vae: an `AutoencoderKLWan`, frozen; what it computes in is its own dtype, autocast is off.
        latents_BCTHW: normalised latents of the clips.
        picks: which frames, of a clip that has as many latents.
        mode: see above.
        context: latents before a frame's own that get gradient, for `prefix_truncated`.

    Raises:
        UsageError: the mode is unknown, the picks are of another clip, or the VAE is of another kind.
    """
    raw_BCKHW = _picked(vae, latents_BCTHW, picks, mode=mode, context=context)
    clamped_B = (raw_BCKHW.detach().abs() > 1).flatten(1).double().mean(dim=1)
    frames_BKHWC = (raw_BCKHW.clamp(-1.0, 1.0).permute(0, 2, 3, 4, 1) + 1) / 2
    return DecodedFrames(frames_BKHWC=frames_BKHWC, clamped_B=clamped_B)


def approximation_error(
    vae: nn.Module,
    latents_CTHW: torch.Tensor,
    picks: FramePicks,
    *,
    mode: DecodeMode,
    context: int = 2,
    seed: int = 0,
) -> DecodeError:
    """Measures a mode against `full` on one clip: in the frames, and in the gradient of a random function of them.

    Args:
        vae: as for :func:`decode_frames`.
        latents_CTHW: the clip.
        picks: which frames.
        mode: the mode to measure.
        context: as for :func:`decode_frames`.
        seed: of the random function.
    """
    frames, gradients = [], []
    for each in ("full", mode):
        latents = latents_CTHW.detach().clone().requires_grad_()
        with torch.enable_grad():
            shown = decode_frames(vae, latents[None], picks, mode=each, context=context).frames_BKHWC
            generator = torch.Generator().manual_seed(seed)
            direction = torch.randn(shown.shape, generator=generator, dtype=torch.float64).to(shown)
            (gradient,) = torch.autograd.grad((shown * direction).sum(), latents)
        frames.append(shown.detach().double())
        gradients.append(gradient.double().flatten())
    exact, other = frames
    apart = (other - exact).abs()
    spread = (exact - exact.mean()).norm()
    return DecodeError(
        mean=float(apart.mean()),
        largest=float(apart.max()),
        relative=float((other - exact).norm() / spread) if spread > 0 else 0.0,
        gradient_cosine=float(torch.nn.functional.cosine_similarity(gradients[0], gradients[1], dim=0)),
    )


def _picked(
    vae: nn.Module, latents_BCTHW: torch.Tensor, picks: FramePicks, *, mode: DecodeMode, context: int
) -> torch.Tensor:
    """Returns the picked frames (B, 3, K, H, W) before the clamp."""
    if mode not in get_args(DecodeMode):
        raise UsageError(f"unknown decode mode {mode!r}", hint=f"use one of {', '.join(get_args(DecodeMode))}")
    factor = _temporal_factor(vae)
    count = latents_BCTHW.shape[2]
    if picks.of != 1 + factor * (count - 1):
        raise UsageError(f"{count} latents are {1 + factor * (count - 1)} frames, and the picks are of {picks.of}")
    used = sorted(set(picks.latents))
    with _plain(latents_BCTHW):
        x_BCTHW = _unnormalised(vae, latents_BCTHW)
        if mode == "image":
            alone = {index: _steps(vae, x_BCTHW[:, :, index : index + 1], [True])[0] for index in used}
            return torch.cat([alone[index][:, :, 0:1] for index in picks.latents], dim=2)
        if mode == "subclip":
            steps = _steps(vae, x_BCTHW[:, :, used], [True] * len(used))
            places = {index: place for place, index in enumerate(used)}
        else:
            last = count if mode == "full" else used[-1] + 1
            graphs = [True] * last
            if mode == "prefix_truncated":
                graphs = [any(index - context <= step <= index for index in used) for step in range(last)]
            steps = _steps(vae, x_BCTHW[:, :, :last], graphs)
            places = {index: index for index in used}
        chosen = []
        for index, offset in zip(picks.latents, picks.offsets, strict=True):
            step = steps[places[index]]
            within = min(offset, step.shape[2] - 1)  # a subclip's first step has one frame
            chosen.append(step[:, :, within : within + 1])
        return torch.cat(chosen, dim=2)


def _steps(vae: Any, x_BCTHW: torch.Tensor, graphs: Sequence[bool]) -> list[torch.Tensor]:
    """Returns what the decoder makes of each latent, in order from a fresh start; no graph where `graphs` says so."""
    cache: list[Any] = [None] * _memory_slots(vae)
    outputs: list[torch.Tensor] = []
    for index, graph in enumerate(graphs):
        x = x_BCTHW[:, :, index : index + 1]
        with torch.set_grad_enabled(graph and torch.is_grad_enabled()):
            if not graph:
                cache = [slot.detach() if isinstance(slot, torch.Tensor) else slot for slot in cache]
            if torch.is_grad_enabled():
                output, *cache = checkpoint(
                    _step, vae.decoder, x, index == 0, *cache, use_reentrant=False, preserve_rng_state=False
                )
            else:
                output, *cache = _step(vae.decoder, x, index == 0, *cache)
        outputs.append(output)
    return outputs


def _step(decoder: nn.Module, x: torch.Tensor, first: bool, *cache: Any) -> tuple[Any, ...]:
    memory = list(cache)
    output = decoder(x, feat_cache=memory, feat_idx=[0], first_chunk=first)
    return (output, *memory)


def _memory_slots(vae: Any) -> int:
    return sum(type(module).__name__ == "WanCausalConv3d" for module in vae.decoder.modules())


def _temporal_factor(vae: Any) -> int:
    if getattr(vae.config, "patch_size", None) is not None:
        raise UsageError("a VAE that cuts patches (Wan2.2) cannot be decoded here", hint="use one like Wan2.1's")
    return int(2 ** sum(map(bool, vae.config.temperal_downsample)))


def _unnormalised(vae: Any, latents_BCTHW: torch.Tensor) -> torch.Tensor:
    # In the order of VideoVae.decode: scale and centre in fp32 (or fp64), then the VAE's own dtype.
    wide = latents_BCTHW if latents_BCTHW.dtype == torch.float64 else latents_BCTHW.float()
    center, scale = (
        torch.tensor(values, dtype=wide.dtype, device=wide.device).view(1, -1, 1, 1, 1)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    x: torch.Tensor = vae.post_quant_conv((wide * scale + center).to(next(vae.parameters()).dtype))
    return x


def _plain(like: torch.Tensor) -> contextlib.AbstractContextManager[Any]:
    kind = like.device.type
    return contextlib.nullcontext() if kind == "meta" else torch.autocast(kind, enabled=False)
