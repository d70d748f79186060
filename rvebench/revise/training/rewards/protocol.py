"""What a reward is: numbers for edits, more being better, compared only within the edits of one sample.

A reward never gets a gradient and never guesses: an edit that it cannot read has None, and is left out of its group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import torch

from rvebench.errors import RveError
from rvebench.revise.training.critic.protocol import Critic
from rvebench.revise.training.rewards.encoders import ImageTextEncoder

__all__ = ["Captions", "ClipJudge", "Edits", "Need", "Reward", "RewardError", "RewardTools"]

Need = Literal["source", "target", "change", "captions"]
"""What of :class:`Edits` a reward reads beside the edits; it is not computed where nobody needs it."""


class RewardError(RveError):
    """A reward that is no number, or that has not what it needs; the sample and the reward are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """What the source shows and what the edit should show, in words."""

    source: str
    edit: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edits:
    """One edit of each of some samples. Frames are uint8 RGB (B, T, H, W, 3) of one size, on one device."""

    ids: tuple[str, ...]
    instructions: tuple[str, ...]
    edit_BTHWC: torch.Tensor
    source_BTHWC: torch.Tensor | None = None
    """The frames that the model was given, or its VAE's idea of them where they are not at hand."""
    target_BTHWC: torch.Tensor | None = None
    """What the VAE makes of the target: no edit can come nearer to the target than through the same VAE."""
    change_BTHW: torch.Tensor | None = None
    """Share 0..1 of change that each pixel stands for, fp32; all pixels of one latent have one share."""
    captions: tuple[Captions, ...] | None = None
    fps: float = 8.0

    def __len__(self) -> int:
        return len(self.ids)


@runtime_checkable
class ClipJudge(Protocol):
    """A judge of ours, as the command line hands it in."""

    def __call__(
        self, source_THWC: torch.Tensor, edit_THWC: torch.Tensor, instruction: str, sample_id: str
    ) -> float | None:
        """Returns a score, more being better, or None where there is no verdict; frames are uint8 on the CPU."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RewardTools:
    """What rewards are made of: networks and judges that only the caller can bring."""

    clip: ImageTextEncoder | None = None
    """For instruction-following and source-preservation."""
    preference: ImageTextEncoder | None = None
    """A CLIP that was trained on people's choices (PickScore)."""
    critic: Critic | None = None
    critic_reading: Literal["p-yes", "delta"] = "p-yes"
    judge: ClipJudge | None = None
    frames: int = 4
    """Frames of a clip that CLIP and critic see, evenly spread."""
    options: Mapping[str, object] = field(default_factory=dict)
    """For rewards of other packages."""


@runtime_checkable
class Reward(Protocol):
    """A number for each edit."""

    @property
    def needs(self) -> frozenset[Need]:
        """What it reads of :class:`Edits`."""

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """Its networks by name, to be kept frozen."""

    def score(self, edits: Edits) -> Sequence[float | None]:
        """Returns one number an edit; called without gradient.

        Raises:
            RewardError: something it needs is not there.
        """
