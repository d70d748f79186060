"""Everything of an edit but the sampling: encoders before it, the connector, and the decoder after it.

What is computed here is constant in the noise level, and computed once: text, VLM and latents a request, connector
a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from rvebench.revise.assembly import Parts
from rvebench.revise.detail import Detail, restore_detail
from rvebench.revise.edit import ConditionedEdit, EditPlan, EditSettings, EncodedEdit, ReviseRequest
from rvebench.revise.model.conditioning import Conditioned, SampleInputs, build_conditioner
from rvebench.revise.model.context_plan import counts_for, plan_context
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames
from rvebench.revise.placement import Placement
from rvebench.revise.sampling.sampler import NotFiniteError
from rvebench.revise.sampling.sizing import plan_size
from rvebench.revise.text import require_instruction
from rvebench.revise.vlm.protocol import VlmRequest
from rvebench.video import Frames

__all__ = ["Stages"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stages:
    """A model's stages around the sampling."""

    parts: Parts
    placement: Placement

    def encode(self, requests: Sequence[ReviseRequest], settings: EditSettings) -> list[EncodedEdit]:
        """Runs VAE, VLM and text encoder, each once a request.

        Raises:
            UsageError: an instruction is empty or too long, or a clip cannot be edited as asked.
            ContextOverflowError: a context does not fit; its text lists the parts.
        """
        for request in requests:
            require_instruction(request.instruction, where=request.where or None)
        plans = [EditPlan.of(request, settings) for request in requests]
        with torch.no_grad():
            texts = self._encode_texts(requests)
            for request, plan, text_LD in zip(requests, plans, texts, strict=True):
                self._check_context(request, plan, text_LD)
            states = self._encode_vlm(requests, plans)
            with self.placement.at_work(self.parts.vae):
                latents = [self._encode_source(*pair) for pair in zip(requests, plans, strict=True)]
                references = [self._encode_reference(*pair) for pair in zip(requests, plans, strict=True)]
        return [
            EncodedEdit(
                request=request,
                plan=plan,
                source_latents=source,
                vlm_LD=vlm_LD,
                text_LD=text_LD,
                reference_latents_CTHW=reference,
            )
            for request, plan, source, vlm_LD, text_LD, reference in zip(
                requests, plans, latents, states, texts, references, strict=True
            )
        ]

    def condition(self, encoded: Sequence[EncodedEdit], *, guided: bool = True) -> list[ConditionedEdit]:
        """Runs the connector, once a window.

        Args:
            encoded: what :meth:`encode` gave.
            guided: whether a null branch is wanted; sampling without guidance needs none.

        Raises:
            ContextOverflowError: a context does not fit; its text lists the parts.
        """
        made = []
        with torch.no_grad(), self.placement.at_work(self.parts.connector):
            for each in encoded:
                rows = [self.window(each, index, guided=guided) for index in range(len(each.source_latents))]
                made.append(
                    ConditionedEdit(encoded=each, windows=tuple(row.conditions for row in rows), context=rows[0].plan)
                )
        return made

    def window(self, encoded: EncodedEdit, index: int, *, guided: bool) -> Conditioned:
        """Returns the conditions of one window; the connector must be in place, see :meth:`condition`."""
        parts, device = self.parts, self.placement.device
        reference = encoded.reference_latents_CTHW
        inputs = SampleInputs(
            source_latents_CTHW=encoded.source_latents[index].to(device),
            vlm_LD=encoded.vlm_LD.to(device),
            text_LD=None if encoded.text_LD is None else encoded.text_LD.to(device),
            reference_latents_CTHW=None if reference is None else reference.to(device),
        )
        null = parts.null if guided else None
        if null is not None:
            text = null.text_LD
            null = replace(null, vlm_LD=null.vlm_LD.to(device), text_LD=None if text is None else text.to(device))
        return build_conditioner(self.parts.config, parts.connector, parts.tags, null).condition(inputs)

    def _encode_texts(self, requests: Sequence[ReviseRequest]) -> list[torch.Tensor | None]:
        text = self.parts.text
        if text is None:
            return [None] * len(requests)
        # one at a time: a row must not depend, in its last bits, on what it was padded with
        with self.placement.at_work(text.model):
            return [text.encode([request.instruction]).embeddings_LD[0].cpu() for request in requests]

    def _check_context(self, request: ReviseRequest, plan: EditPlan, text_LD: torch.Tensor | None) -> None:
        """Refuses a context that cannot fit before anything long is computed."""
        config = self.parts.config
        if config.conditioning.strategy == "viva":
            return  # its length is that of the VLM's prompt, which is not known yet
        counts = counts_for(
            config,
            frames=plan.clip.frames,
            size=plan.size.model,
            text=None if text_LD is None else len(text_LD),
            vlm=1,
            reference=request.reference_HWC is not None,
        )
        plan_context(counts, config)

    def _encode_vlm(self, requests: Sequence[ReviseRequest], plans: Sequence[EditPlan]) -> list[torch.Tensor]:
        vlm = self.parts.vlm
        states = []
        with self.placement.at_work(*vlm.modules.values()):
            for request, plan in zip(requests, plans, strict=True):
                window = plan.clip.window
                reference = request.reference_HWC
                prompt = VlmRequest(
                    instruction=request.instruction,
                    frames_THWC=_tensor(request.video.frames_THWC[plan.clip.source_indices[: window.count]]),
                    fps=window.fps,
                    reference_HWC=None if reference is None else _tensor(reference),
                    output="image" if plan.clip.frames == 1 else "video",
                )
                states.append(vlm.encode([prompt]).of(0).cpu())
        return states

    def _encode_source(self, request: ReviseRequest, plan: EditPlan) -> tuple[torch.Tensor, ...]:
        clip = plan.clip
        if clip.policy.blend == "latent":
            whole = self._latents(request.video.frames_THWC[clip.source_indices], plan)
            return tuple(whole[:, start : start + clip.latent_frames] for start in clip.latent_starts)
        windows = [clip.window_indices(index) for index in range(len(clip.starts))]
        return tuple(self._latents(request.video.frames_THWC[indices], plan) for indices in windows)

    def _encode_reference(self, request: ReviseRequest, plan: EditPlan) -> torch.Tensor | None:
        picture = request.reference_HWC
        if picture is None or self.parts.config.conditioning.strategy != "revise":
            return None  # elsewhere the VLM alone sees it
        size = plan_size(picture.shape[1], picture.shape[0], size=plan.size.model, fit="pad", turn=False)
        signal = frames_to_signal(_tensor(size.to_model(picture[None]))).to(self.placement.device)
        return VideoVae(self.parts.vae).encode(signal)[0].cpu()

    def _latents(self, frames_THWC: Frames, plan: EditPlan) -> torch.Tensor:
        signal = frames_to_signal(_tensor(plan.size.to_model(frames_THWC))).to(self.placement.device)
        return VideoVae(self.parts.vae).encode(signal)[0].cpu()

    def decode(
        self, ready: ConditionedEdit, latents: Sequence[torch.Tensor], *, keep_size: bool, detail: Detail = "model"
    ) -> Frames:
        """Returns the frames of an edit, put together from its windows; the VAE must be in place.

        Args:
            ready: whose latents they are.
            latents: what :meth:`rvebench.revise.denoising.Denoising.run` gave for it.
            keep_size: give them the source's size.
            detail: `source` gives back what size and autoencoder cost where the source is left as it was.

        Raises:
            NotFiniteError: the decoder answered with NaN or an infinity.
        """
        request, plan = ready.encoded.request, ready.encoded.plan
        frames = self._assembled(plan, latents)
        real = request.video.frames_THWC[plan.clip.source_indices[: plan.clip.window.count]]
        if detail == "source":
            coded = self._assembled(plan, ready.encoded.source_latents)
            return restore_detail(frames, coded, real, plan.size, keep_size=keep_size)
        return plan.size.from_model(frames, real) if keep_size else frames

    def _assembled(self, plan: EditPlan, latents: Sequence[torch.Tensor]) -> Frames:
        if plan.clip.policy.blend == "latent":
            return plan.clip.trim(self._decode(latents[0]))
        return plan.clip.assemble([self._decode(each) for each in latents])

    def _decode(self, latents_CTHW: torch.Tensor) -> Frames:
        with torch.no_grad():
            signal = VideoVae(self.parts.vae).decode(latents_CTHW.unsqueeze(0).to(self.placement.device))
        if not bool(torch.isfinite(signal).all()):
            raise NotFiniteError("the autoencoder's frames are not finite", hint="check the weights")
        frames: Frames = signal_to_frames(signal)[0].cpu().numpy()
        return frames


def _tensor(frames: Frames) -> torch.Tensor:
    return torch.from_numpy(np.array(frames))
