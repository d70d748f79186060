"""One sample through the frozen encoders. Shards hold exactly what this gives: the same sample gives the same bits.

Samples go through the encoders one at a time: in a batch the last bits of a latent depend on its neighbours (measured
with AutoencoderKLWan on a CPU), and a shard would then depend on who came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from rvebench.errors import DataError, UsageError
from rvebench.revise.assembly import Parts
from rvebench.revise.config_io import to_plain
from rvebench.revise.model.context_plan import counts_for, plan_context
from rvebench.revise.model.vae import VideoVae, frames_to_signal
from rvebench.revise.placement import Offload, Placement
from rvebench.revise.sampling.sampler import NotFiniteError
from rvebench.revise.training.clips import TakenClip, TrainingSample, fit_clip, take_clip
from rvebench.revise.training.shards.spec import EncoderPrints, ShardSpec, differences, torch_dtype
from rvebench.revise.vlm.protocol import VlmRequest
from rvebench.video import Frames

__all__ = ["TENSORS", "EncodedSample", "ReadSample", "SampleEncoder", "pool_change"]

TENSORS = ("source", "target", "vlm", "text", "change", "frames", "vision")
"""Names of a sample's tensors: latents (C, T, H, W) of source and target, states (L, D) of VLM and text, share of
changed pixels (T, H, W), the source's frames (T, H, W, 3), vision features (S, N, D)."""

_CHANGED = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedSample:
    """What training reads of a sample."""

    id: str
    instruction: str
    group: str
    """Samples of one group share a source: they are held out together."""
    fps: float
    """Frames a second of the clip."""
    tensors: Mapping[str, torch.Tensor]
    """On the CPU, by the names of :data:`TENSORS`; what does not apply is not there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadSample:
    """A sample's pixels."""

    sample: TrainingSample
    taken: TakenClip
    """The source's frames at its own size."""
    source_THWC: Frames
    """At the model's size, as the target."""
    target_THWC: Frames
    mask_THW: Frames | None


class SampleEncoder:
    """Frozen encoders, and what is kept of what they say.

    Args:
        parts: the model; transformer and connector are not used.
        spec: what is kept; its fingerprints must be those of the parts.
        device: auto, cuda, cuda:N, mps or cpu.
        offload: `model` keeps on the device only the encoder at work.

    Raises:
        UsageError: the record is of other encoders, or torch sees no such device.
    """

    def __init__(self, parts: Parts, spec: ShardSpec, *, device: str = "cpu", offload: Offload = "none") -> None:
        if changed := list(differences(to_plain(spec.encoders), to_plain(EncoderPrints.of(parts)))):
            raise UsageError(f"these are other encoders: {'; '.join(changed)}")
        self.parts = parts
        self.spec = spec
        self.placement = Placement(device, offload)
        if offload == "none":
            for module in (parts.vae, *self._vlm_modules, *self._text_modules):
                module.to(self.placement.device)

    @property
    def _vlm_modules(self) -> tuple[Any, ...]:
        return tuple(self.parts.vlm.modules.values())

    @property
    def _text_modules(self) -> tuple[Any, ...]:
        return () if self.parts.text is None else (self.parts.text.model,)

    def read(self, sample: TrainingSample) -> ReadSample:
        """Returns a sample's pixels; needs no encoder, and may run in another thread.

        Raises:
            DataError: a video cannot be used; names the sample.
        """
        shape = self.spec.clip
        source, target = (take_clip(path, shape, where=sample.id) for path in (sample.source, sample.target))
        mask = None if sample.mask is None else take_clip(sample.mask, shape, where=sample.id)
        return ReadSample(
            sample=sample,
            taken=source,
            source_THWC=fit_clip(source.frames_THWC, shape),
            target_THWC=fit_clip(target.frames_THWC, shape),
            mask_THW=None if mask is None else fit_clip(mask.frames_THWC, shape)[..., 0],
        )

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def encode(self, read: ReadSample | TrainingSample) -> EncodedSample:
        """Returns a sample's tensors.

        Raises:
            DataError: a video cannot be used; names the sample.
            UsageError: the instruction is too long, or the sample's context does not fit the model.
            NotFiniteError: an encoder's answer is no number, or too large for the precision it is kept in.
        """
        read = self.read(read) if isinstance(read, TrainingSample) else read
        sample, kept = read.sample, self.spec.kept
        text = self._text(sample)
        self._check_context(sample, text)
        tensors = {"vlm": self._vlm(read)}
        if text is not None:
            tensors["text"] = text
        for name in tensors:
            if kept.states != "encoder":
                tensors[name] = tensors[name].to(torch_dtype(kept.states))
        latents = torch_dtype(kept.latents)
        with self.placement.at_work(self.parts.vae):
            tensors["source"] = self._latents(read.source_THWC).to(latents)
            tensors["target"] = self._latents(read.target_THWC).to(latents)
        if read.mask_THW is not None:
            tensors["change"] = self._change(read.mask_THW)
        if kept.vision:
            with self.placement.at_work(*self._vlm_modules):
                tensors["vision"] = self.parts.vlm.vision_features(torch.from_numpy(read.source_THWC))
        for name, tensor in tensors.items():
            if not bool(torch.isfinite(tensor).all()):
                raise NotFiniteError(
                    f"{name} is not finite as {str(tensor.dtype).removeprefix('torch.')}",
                    where=sample.id,
                    hint="keep it in float32, or check the weights",
                )
        if kept.source_frames:
            tensors["frames"] = torch.from_numpy(read.source_THWC)
        return EncodedSample(
            id=sample.id,
            instruction=sample.instruction,
            group=sample.group,
            fps=read.taken.fps,
            tensors={name: tensors[name].cpu().contiguous() for name in TENSORS if name in tensors},
        )

    def _latents(self, frames_THWC: Frames) -> torch.Tensor:
        signal = frames_to_signal(torch.from_numpy(frames_THWC)).to(self.placement.device)
        return VideoVae(self.parts.vae).encode(signal)[0].cpu()

    def _text(self, sample: TrainingSample) -> torch.Tensor | None:
        if self.parts.text is None:
            return None
        with self.placement.at_work(*self._text_modules):
            return self.parts.text.encode([sample.instruction]).embeddings_LD[0].cpu()

    def _vlm(self, read: ReadSample) -> torch.Tensor:
        shown = read.taken.frames_THWC if self.spec.kept.vlm_sees == "source" else read.source_THWC
        prompt = VlmRequest(
            instruction=read.sample.instruction,
            frames_THWC=torch.from_numpy(np.array(shown)),
            fps=read.taken.fps,
            output="image" if self.spec.clip.frames == 1 else "video",
        )
        with self.placement.at_work(*self._vlm_modules):
            return self.parts.vlm.encode([prompt]).of(0).cpu()

    def _check_context(self, sample: TrainingSample, text_LD: torch.Tensor | None) -> None:
        """Refuses a sample that the transformer could not be told of, before anything long is computed."""
        config = self.parts.config
        if config.conditioning.strategy == "viva":
            return  # its length is that of the VLM's prompt, which is not known yet
        counts = counts_for(
            config,
            frames=self.spec.clip.frames,
            size=self.spec.clip.size,
            text=None if text_LD is None else len(text_LD),
            vlm=1,
        )
        try:
            plan_context(counts, config)
        except UsageError as error:
            raise type(error)(error.what, where=sample.id, hint=error.hint) from None

    def _change(self, mask_THW: Frames) -> torch.Tensor:
        vae = self.parts.config.vae
        return pool_change(torch.from_numpy(mask_THW), temporal=vae.temporal_factor, spatial=vae.spatial_factor)


def pool_change(mask_THW: torch.Tensor, *, temporal: int, spatial: int) -> torch.Tensor:
    """Returns the share 0..1 of changed pixels behind each latent, fp32 (t, h, w).

    The first latent stands for the first frame alone, each other one for `temporal` frames, as the causal autoencoder
    codes them; a latent's place stands for `spatial` x `spatial` pixels.

    Args:
        mask_THW: uint8; 128 and above is changed.
        temporal: frames a latent.
        spatial: pixels a latent, along each side.

    Raises:
        DataError: the mask cannot be divided so.
    """
    frames, height, width = mask_THW.shape
    if (frames - 1) % temporal or height % spatial or width % spatial:
        raise DataError(
            f"a mask of {frames} frames of {width}x{height} is not made of {temporal} frames and {spatial} pixels"
        )
    changed = (mask_THW >= _CHANGED).float()
    places = changed.unflatten(2, (-1, spatial)).unflatten(1, (-1, spatial)).mean(dim=(2, 4))
    later = places[1:].unflatten(0, (-1, temporal)).mean(dim=1) if frames > 1 else places[:0]
    return torch.cat([places[:1], later])
