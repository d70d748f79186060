"""VIVA's rewards (arXiv 2512.16906, section 3.3): what CLIP and PickScore say of an edit.

The paper writes C(video, text) and C(video, video) without saying which frames. Here they are means over evenly spread
frames: of the cosine of frame and text, and of the cosine of the two frames of one moment.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.training.rewards.encoders import ImageTextEncoder
from rvebench.revise.training.rewards.protocol import Captions, Edits, Need, RewardError, RewardTools
from rvebench.revise.vlm.protocol import chosen_frames

__all__ = ["InstructionFollowing", "Preference", "SourcePreservation"]

PICKSCORE_UNIT = 26.0


class _Similarity:
    """A reward that asks an encoder about some frames."""

    needs: frozenset[Need] = frozenset()

    def __init__(self, encoder: ImageTextEncoder, frames: int) -> None:
        self._encoder = encoder
        self._frames = frames

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The encoder's."""
        return self._encoder.modules

    def _embedded(self, clips_BTHWC: torch.Tensor) -> torch.Tensor:
        """Returns (B, K, D)."""
        count, length = clips_BTHWC.shape[:2]
        picked = clips_BTHWC[:, list(chosen_frames(length, "all", self._frames))]
        return self._encoder.encode_images(picked.flatten(0, 1)).unflatten(0, (count, -1))

    def _fit(self, clips_BKD: torch.Tensor, texts: list[str]) -> torch.Tensor:
        """Returns C(video, text), (B,)."""
        texts_BD = self._encoder.encode_texts(texts)
        return (clips_BKD * texts_BD[:, None]).sum(-1).mean(1)


class InstructionFollowing(_Similarity):
    """R_IF = C(edit, its caption) - C(edit, the source's caption); in -2..2."""

    needs: frozenset[Need] = frozenset({"captions"})

    @classmethod
    def of(cls, tools: RewardTools) -> InstructionFollowing:
        """Returns the reward.

        Raises:
            UsageError: no CLIP was handed in.
        """
        return cls(_given(tools.clip, "instruction-following"), tools.frames)

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says."""
        captions = _captions(edits, "instruction-following")
        clips_BKD = self._embedded(edits.edit_BTHWC)
        wanted = self._fit(clips_BKD, [each.edit for each in captions])
        left = self._fit(clips_BKD, [each.source for each in captions])
        return list((wanted - left).tolist())


class SourcePreservation(_Similarity):
    """R_SP = C(source, edit); in -1..1. An edit that changes nothing has 1: it is no reward by itself."""

    needs: frozenset[Need] = frozenset({"source"})

    @classmethod
    def of(cls, tools: RewardTools) -> SourcePreservation:
        """Returns the reward.

        Raises:
            UsageError: no CLIP was handed in.
        """
        return cls(_given(tools.clip, "source-preservation"), tools.frames)

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says."""
        if edits.source_BTHWC is None:
            raise RewardError("source-preservation needs the source's frames", where=edits.ids[0])
        both = self._embedded(edits.source_BTHWC) * self._embedded(edits.edit_BTHWC)
        return list(both.sum(-1).mean(1).tolist())


class Preference(_Similarity):
    """R_PS = s C(edit, its caption) / 26, s the encoder's logit scale: PickScore (arXiv 2305.01569), in about 0..1.

    PickScore's logits lie about 20; a twenty-sixth of them is what Flow-GRPO's code takes for its reward.
    """

    needs: frozenset[Need] = frozenset({"captions"})

    @classmethod
    def of(cls, tools: RewardTools) -> Preference:
        """Returns the reward.

        Raises:
            UsageError: no preference model was handed in.
        """
        return cls(_given(tools.preference, "preference"), tools.frames)

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says."""
        captions = _captions(edits, "preference")
        fit = self._fit(self._embedded(edits.edit_BTHWC), [each.edit for each in captions])
        return list((fit * (self._encoder.logit_scale / PICKSCORE_UNIT)).tolist())


def _given(encoder: ImageTextEncoder | None, name: str) -> ImageTextEncoder:
    if encoder is None:
        what = "a preference model such as PickScore" if name == "preference" else "a CLIP"
        raise UsageError(
            f"the reward {name} needs {what}, and none was given",
            hint="name its folder, or take another reward: target-nearness and source-preservation-pixels need none",
        )
    return encoder


def _captions(edits: Edits, name: str) -> tuple[Captions, ...]:
    if edits.captions is None:
        raise RewardError(
            f"the reward {name} needs a caption of the source and one of the edit", where=", ".join(edits.ids[:1])
        )
    return edits.captions
