"""What the model asks of a vision-language model: hidden states of one prompt that shows frames and an instruction.

A backend never decides what is computed with gradients. Its weights are frozen, so that a call on plain pixels builds
no graph, and a call on pixels that require a gradient carries it through the resize, the tower and the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from rvebench.errors import UsageError

if TYPE_CHECKING:
    import torch

__all__ = ["FramePolicy", "VlmBackend", "VlmRequest", "VlmStates", "chosen_frames"]

FramePolicy = Literal["first", "all"]
"""Which frames the model is shown: only the first, as the released weights were trained, or all that are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmRequest:
    """One prompt."""

    instruction: str
    """The user's words; empty for the null prompt."""
    frames_THWC: torch.Tensor
    """RGB, uint8, or floating point in 0..1; T may be 0 for a prompt of words alone."""
    fps: float = 8.0
    """Frames a second of `frames_THWC`; read by backends that place frames in time."""
    reference_HWC: torch.Tensor | None = None
    """A reference picture, shown after the frames."""
    system: str | None = None
    """The system prompt; None for the backend's own."""
    output: Literal["video", "image"] = "video"
    """What is to be made of it; read by backends that have a token for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmStates:
    """The last hidden states of whole prompts, padded on the right to the longest."""

    hidden_BLD: torch.Tensor
    """Zero where `mask_BL` is False."""
    mask_BL: torch.Tensor
    """Bool: which places hold a token."""
    visual_BL: torch.Tensor
    """Bool: which tokens come from pixels."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Tokens of each prompt."""
        return tuple(int(length) for length in self.mask_BL.sum(dim=1))

    @property
    def n_visual(self) -> tuple[int, ...]:
        """Tokens from pixels of each prompt."""
        return tuple(int(count) for count in self.visual_BL.sum(dim=1))

    def of(self, index: int) -> torch.Tensor:
        """Returns the states of one prompt without padding, [L, D]."""
        return self.hidden_BLD[index, : self.lengths[index]]


@runtime_checkable
class VlmBackend(Protocol):
    """A loaded vision-language model."""

    @property
    def hidden_size(self) -> int:
        """Width D of the states."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights and of the states."""

    @property
    def device(self) -> torch.device:
        """Where the weights are, and the states will be."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over everything that decides the states: weights, sizes, prompt form, frame policy."""

    @property
    def modules(self) -> dict[str, Any]:
        """The networks by name, for plans of memory and offloading."""

    def encode(self, requests: Sequence[VlmRequest]) -> VlmStates:
        """Returns the states of each request, in order; the same as if each were asked for alone.

        Raises:
            UsageError: there is no request, frames of a wrong shape or range, or a prompt longer than the model reads.
        """

    def vision_features(self, frames_THWC: torch.Tensor) -> torch.Tensor:
        """Returns what the language model is given for the frames, [segments, tokens, D].

        Raises:
            UsageError: frames of a wrong shape or range.
        """

    def to(self, device: str | torch.device) -> VlmBackend:
        """Moves the networks, in place, and returns the backend."""

    def with_frames(self, frames: FramePolicy, max_frames: int) -> VlmBackend:
        """Returns the same networks under another frame policy."""

    def save(self, folder: Path) -> None:
        """Writes a folder that the backend's loader reads."""


def chosen_frames(count: int, policy: FramePolicy, most: int) -> tuple[int, ...]:
    """Returns which of `count` frames are shown.

    Args:
        count: frames at hand.
        policy: `first`, or `all` for up to `most` frames, evenly spread, first and last among them.
        most: at least 1.

    Raises:
        UsageError: the policy is unknown, or `most` below 1.
    """
    if policy not in ("first", "all"):
        raise UsageError(f"unknown frame policy {policy!r}", hint="use first or all")
    if most < 1:
        raise UsageError(f"at most {most} frames can show nothing", hint="use 1 or more")
    if policy == "first" or most == 1:
        return (0,) if count else ()
    if count <= most:
        return tuple(range(count))
    return tuple((index * (count - 1) + (most - 1) // 2) // (most - 1) for index in range(most))
