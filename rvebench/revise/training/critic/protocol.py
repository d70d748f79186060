"""What an objective asks of a critic: how likely it is to say that an edit does what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch

from rvebench.errors import UsageError
from rvebench.revise.training.critic.answers import CriticReading

__all__ = ["Critic", "baseline_logits", "check_pairs"]


@runtime_checkable
class Critic(Protocol):
    """A vision-language model with a question.

    It never decides what is computed with gradients: a frozen model builds no graph for plain pixels and carries one
    for pixels that require it, and a model under training gets its own gradients.
    """

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over weights, prompt, and how frames are shown: what a stored logit belongs to."""

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """The networks by name, to be kept frozen."""

    def read(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
    ) -> CriticReading:
        """Returns the verdict on each edit, the same as if each were asked for alone.

        Args:
            sources: frames of each source, RGB (K, H, W, 3), uint8, or floating point in 0..1.
            candidates: frames of each edit, as many and at the same moments; a gradient comes back to them.
            instructions: what was asked.
            fps: frames a second of the frames given, not of the clips they are picked from.

        Raises:
            UsageError: the lists differ in length, frames are of a wrong shape or range, or a prompt is too long.
        """


def baseline_logits(
    critic: Critic, sources: Sequence[torch.Tensor], instructions: Sequence[str], fps: float
) -> torch.Tensor:
    """Returns the critic's log-odds (B,) for the sources as their own edits, without gradient.

    Source: arXiv 2512.09924, section 4.2.3; it depends on source, instruction and critic alone, and can be kept.
    """
    with torch.no_grad():
        return critic.read(sources, sources, instructions, fps).delta_B


def check_pairs(
    sources: Sequence[torch.Tensor], candidates: Sequence[torch.Tensor], instructions: Sequence[str], fps: float
) -> None:
    """Refuses what is not one source, one edit with as many frames, and one instruction each.

    Raises:
        UsageError: it is not; says which.
    """
    if not len(sources) == len(candidates) == len(instructions) or not sources:
        raise UsageError(
            f"a critic is asked about pairs: {len(sources)} sources, {len(candidates)} edits and "
            f"{len(instructions)} instructions are none"
        )
    if not fps > 0:
        raise UsageError(f"frames a second are above 0, not {fps}")
    for index, (source, candidate) in enumerate(zip(sources, candidates, strict=True)):
        if len(source) != len(candidate):
            raise UsageError(f"pair {index} has {len(source)} frames of the source and {len(candidate)} of the edit")
