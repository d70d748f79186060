"""One-step estimates of a generator, as a critic is shown them in training by self-reflection.

A critic that has only seen finished videos says nothing about x0 = z_t - sigma v at larger noise. Its second training
therefore shows it such estimates, of a generator that has learnt something already, with grades measured beside the
target. The generator keeps a VLM of its own: it is conditioned on the states that it was trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from rvebench.revise.assembly import Parts
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames
from rvebench.revise.pretrained import fingerprint_of
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.critic_examples import CriticExample
from rvebench.revise.training.policy import Policy
from rvebench.revise.vlm.protocol import VlmRequest
from rvebench.video import Frames

__all__ = ["OneStepEstimator"]


class OneStepEstimator:
    """A generator's x0 from a noisy target; see :class:`rvebench.revise.training.critic_stage.Estimator`.

    Args:
        parts: a whole model, frozen.
        most_sigma: largest noise level; levels are drawn evenly from 0 to it.
    """

    def __init__(self, parts: Parts, *, most_sigma: float = 0.75) -> None:
        self.parts = parts
        self.most_sigma = most_sigma
        self._policy = Policy.of(parts)
        self._vae = VideoVae(parts.vae)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of({"most_sigma": self.most_sigma}, self.parts.modules)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def estimate(
        self, examples: Sequence[CriticExample], fps: float, generator: torch.Generator
    ) -> list[tuple[Frames, float]]:
        """Returns of each example's edit the decoded estimate, and the noise level it was made at."""
        source, clean = (
            self._vae.encode(torch.cat([frames_to_signal(torch.from_numpy(clip)) for clip in clips]))
            for clips in ([one.source_THWC for one in examples], [one.edit_THWC for one in examples])
        )
        states = self.parts.vlm.encode(
            [
                VlmRequest(instruction=one.instruction, frames_THWC=torch.from_numpy(one.source_THWC), fps=fps)
                for one in examples
            ]
        )
        text = None
        if self.parts.text is not None:
            encoded = self.parts.text.encode([one.instruction for one in examples])
            text = tuple(encoded.embeddings_LD)
        batch = Batch(
            ids=tuple(one.sample for one in examples),
            instructions=tuple(one.instruction for one in examples),
            source_BCTHW=source,
            target_BCTHW=clean,
            vlm=tuple(states.of(place) for place in range(len(examples))),
            text=text,
            fps=fps,
        )
        sigma_B = torch.rand(len(examples), generator=generator) * self.most_sigma
        scale = sigma_B.view(-1, 1, 1, 1, 1)
        noisy = (1 - scale) * clean + scale * torch.randn(clean.shape, generator=generator)
        velocity = self._policy.velocity(noisy, sigma_B, self._policy.conditions(batch))
        frames = signal_to_frames(self._vae.decode(noisy - scale * velocity)).numpy()
        return [(np.asarray(clip), float(level)) for clip, level in zip(frames, sigma_B, strict=True)]
