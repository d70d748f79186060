"""What the training critic says of edits: finished ones, constructed ones, and one-step estimates from noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from rvebench.revise.assembly import Parts
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames
from rvebench.revise.placement import check_device
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.clips import fit_clip
from rvebench.revise.training.config import CriticConfig
from rvebench.revise.training.critic import build_critic
from rvebench.revise.training.decode import pick_frames
from rvebench.revise.training.policy import Policy
from rvebench.revise.vlm.protocol import VlmRequest
from rvebench.science.calibration import CriticRow
from rvebench.science.editing import HeldOutClips, noise_seed
from rvebench.science.findings import Shown
from rvebench.science.measures import SUCCESS_ABOVE, ea_progress
from rvebench.sim.ladder import ladder_clips, rung_frames, rung_of
from rvebench.video import Frames

__all__ = ["Candidate", "CriticReader", "constructed", "estimates_of"]

_BATCH = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One edit that a critic is asked about."""

    clips: HeldOutClips
    kind: str
    """A rung, or an arm."""
    edit_THWC: Frames
    """At the model's size."""


class CriticReader:
    """The critic of a training, asked about clips.

    Args:
        parts: the model, whose VLM it is.
        config: how it is asked.
        device: where it computes.
    """

    def __init__(self, parts: Parts, config: CriticConfig, *, device: str = "auto") -> None:
        self.parts = parts
        self.device = check_device(device)
        self._critic = build_critic(config, parts.vlm)
        self._frames = config.frames
        for module in parts.modules.values():
            module.to(self.device)

    def p_yes(self, clips: Sequence[HeldOutClips], edits: Sequence[Frames]) -> list[float]:
        """Returns P(yes) of each edit, 0..1."""
        found: list[float] = []
        with torch.no_grad():
            for first in range(0, len(edits), _BATCH):
                part = range(first, min(first + _BATCH, len(edits)))
                reading = self._critic.read(
                    [self._shown(clips[place].source_THWC) for place in part],
                    [self._shown(edits[place]) for place in part],
                    [clips[place].held.sample.instruction for place in part],
                    pick_frames(len(edits[first]), self._frames).fps(clips[first].fps),
                )
                found += [float(each) for each in reading.p_yes_B]
        return found

    def _shown(self, frames_THWC: Frames) -> torch.Tensor:
        picks = pick_frames(len(frames_THWC), self._frames)
        return torch.from_numpy(np.ascontiguousarray(frames_THWC[list(picks.frames)])).to(self.device)

    def rows(self, candidates: Sequence[Candidate]) -> list[Shown]:
        """Returns the verdicts on finished edits whose quality can be measured."""
        kept = [each for each in candidates if _quality(each, each.edit_THWC) is not None]
        chances = self.p_yes([each.clips for each in kept], [each.edit_THWC for each in kept])
        return [
            Shown(row=_row(each, chance, each.edit_THWC), tau=None) for each, chance in zip(kept, chances, strict=True)
        ]

    @cached_property
    def policy(self) -> Policy:
        """The velocity field of the same model."""
        return Policy.of(self.parts)


def _quality(candidate: Candidate, frames: Frames) -> float | None:
    clips = candidate.clips
    return ea_progress(clips.source_THWC, clips.target_THWC, frames, clips.mask_THW)


def _row(candidate: Candidate, p_yes: float, frames: Frames) -> CriticRow:
    quality = _quality(candidate, frames)
    assert quality is not None, "candidates without a quality were left out"
    return CriticRow(
        sample_id=candidate.clips.held.sample.id,
        cluster=candidate.clips.held.family,
        kind=candidate.kind,
        p_yes=p_yes,
        quality=quality,
        success=float(quality > SUCCESS_ABOVE),
    )


def constructed(clips: Sequence[HeldOutClips], rungs: Iterable[str]) -> list[Candidate]:
    """Returns constructed edits of known quality (:mod:`rvebench.sim.ladder`), every rung of every sample."""
    made = []
    for index, each in enumerate(clips):
        # At the videos' own size: another one would show another part of the scene.
        known = ladder_clips(
            each.held.sample.id,
            source=each.source.frames_THWC,
            target=each.target.frames_THWC,
            other=clips[(index + 1) % len(clips)].target.frames_THWC,
            mask=None if each.mask is None else each.mask.frames_THWC,
        )
        for name in rungs:
            frames = rung_frames(rung_of(name), each.held.sample.id, known)[:: each.shape.stride]
            small = fit_clip(np.ascontiguousarray(frames[: each.shape.frames]), each.shape)
            made.append(Candidate(clips=each, kind=name, edit_THWC=small))
    return made


def estimates_of(
    reader: CriticReader,
    candidates: Sequence[Candidate],
    taus: Sequence[float],
    *,
    between: Callable[[int, int], object] = lambda _done, _all: None,
) -> list[Shown]:
    """Returns the verdicts on one-step estimates: each edit is noised to each level and cleaned in one step.

    As in the reason loss: x0 = x - sigma v(x, sigma), decoded, and shown. The noise of an edit is one for all levels.

    Args:
        reader: critic and model.
        candidates: edits whose quality can be measured; others are left out.
        taus: noise levels.
        between: called after each batch with estimates done and all; may raise to stop.
    """
    kept = [each for each in candidates if _quality(each, each.edit_THWC) is not None]
    found: list[Shown] = []
    with torch.no_grad():
        for first in range(0, len(kept), _BATCH):
            part = kept[first : first + _BATCH]
            batch = _batch(reader, part)
            conditions = reader.policy.conditions(batch)
            noise = torch.stack([_noise(each, batch.target_BCTHW[0].shape) for each in part]).to(reader.device)
            for tau in taus:
                sigma_B = torch.full((len(part),), tau, device=reader.device)
                noisy = (1 - tau) * batch.target_BCTHW + tau * noise
                clean = noisy - tau * reader.policy.velocity(noisy, sigma_B, conditions)
                frames = _decoded(reader, clean)
                chances = reader.p_yes([each.clips for each in part], frames)
                found += [
                    Shown(row=_row(each, chance, each.edit_THWC), tau=tau, estimate_quality=_quality(each, clip))
                    for each, chance, clip in zip(part, chances, frames, strict=True)
                ]
            between(min(first + _BATCH, len(kept)), len(kept))
    return found


def _decoded(reader: CriticReader, latents_BCTHW: torch.Tensor) -> list[Frames]:
    signal = VideoVae(reader.parts.vae).decode(latents_BCTHW)
    return [np.asarray(clip) for clip in signal_to_frames(signal).cpu().numpy()]


def _noise(candidate: Candidate, shape: Any) -> torch.Tensor:
    seed = noise_seed(f"{candidate.clips.held.sample.id}/{candidate.kind}", 0)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _batch(reader: CriticReader, part: Sequence[Candidate]) -> Batch:
    parts, device = reader.parts, reader.device
    vae = VideoVae(parts.vae)

    def latents(clips: Iterable[Frames]) -> torch.Tensor:
        signals = [frames_to_signal(torch.from_numpy(clip)) for clip in clips]
        return vae.encode(torch.cat(signals).to(device))

    requests = [
        VlmRequest(
            instruction=each.clips.held.sample.instruction,
            frames_THWC=torch.from_numpy(np.array(each.clips.shown_THWC)),
            fps=each.clips.fps,
        )
        for each in part
    ]
    states = parts.vlm.encode(requests)
    text = None
    if parts.text is not None:
        text = tuple(parts.text.encode([request.instruction for request in requests]).embeddings_LD)
    return Batch(
        ids=tuple(f"{each.clips.held.sample.id}/{each.kind}" for each in part),
        instructions=tuple(request.instruction for request in requests),
        source_BCTHW=latents(each.clips.source_THWC for each in part),
        target_BCTHW=latents(each.edit_THWC for each in part),
        vlm=tuple(states.of(place) for place in range(len(part))),
        text=text,
        fps=part[0].clips.fps,
    )
