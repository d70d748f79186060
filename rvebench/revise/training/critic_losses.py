"""What a critic in training is taught beside its answer.

One yes or no an example is little to learn from, and nothing of it before the model has found out that two pictures are
to be compared. Two more questions have their answers in the example itself: which words ask for a right edit, and
where the edit differs from the source. Both are read off the states that the answer is read off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from rvebench.errors import UsageError
from rvebench.revise.training.critic import QwenCritic
from rvebench.revise.training.critic.qwen import PromptStates
from rvebench.revise.training.critic_examples import changed_pixels
from rvebench.revise.vlm.preprocess import smart_size
from rvebench.video import Frames

__all__ = [
    "ANSWERS",
    "Asked",
    "CriticLossSettings",
    "answer_ids",
    "change_share",
    "changes_loss",
    "place_of",
    "words_loss",
]

ANSWERS = ("Yes", "No")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticLossSettings:
    """What an example goes through before it is asked about, and what counts beside the answer."""

    words: float = 0.1
    """Weight of predicting the request's words on right edits."""
    changes: float = 0.5
    """Weight of saying, at each token of the edit's pictures, how much of what it covers differs from the source: what
    has to be seen before anything can be judged, at 64 places an example in place of one."""
    vae_share: float = 0.5
    """Share of edits that are coded and decoded first, where there is an autoencoder: as critics are shown them."""
    latent_noise: float = 0.2
    """Largest noise level that is then laid upon their latents."""
    estimate_share: float = 0.25
    """Share of examples whose edit is a generator's one-step estimate, where there is a generator."""

    def __post_init__(self) -> None:
        for name in ("words", "changes"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise UsageError(f"CriticLossSettings.{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("vae_share", "latent_noise", "estimate_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"CriticLossSettings.{name} must be within 0..1, not {getattr(self, name)}")


class Asked(NamedTuple):
    """What came back of some questions."""

    logits_BV: torch.Tensor
    """At the place of each answer."""
    states: PromptStates


def answer_ids(critic: QwenCritic) -> tuple[int, int]:
    """Returns the tokens of Yes and No."""
    yes, no = (critic.vlm.tokenizer.encode(word, add_special_tokens=False)[0] for word in ANSWERS)
    return int(yes), int(no)


def place_of(critic: QwenCritic, instruction: str, ids: Sequence[int]) -> range | None:
    """Returns where a request's words stand in a question, or None where they are run together with others."""
    for spelling in (instruction, f" {instruction}"):
        words = tuple(critic.vlm.tokenizer(spelling, add_special_tokens=False).input_ids)
        for start in range(len(ids) - len(words), 0, -1):
            if tuple(ids[start : start + len(words)]) == words:
                return range(start, start + len(words))
    return None


def words_loss(
    critic: QwenCritic, states: PromptStates, instructions: Sequence[str], right: Sequence[bool]
) -> torch.Tensor | None:
    """Returns the cross-entropy of the requests' words on right edits; None where there is none.

    Args:
        critic: in training.
        states: of each question.
        instructions: what was asked.
        right: whether the edit is what was asked for.
    """
    rows: list[torch.Tensor] = []
    labels: list[int] = []
    for row, (instruction, counts) in enumerate(zip(instructions, right, strict=True)):
        found = place_of(critic, instruction, states.ids[row]) if counts else None
        if found is not None:
            rows.append(states.states_BLD[row, found.start - 1 : found.stop - 1])
            labels += states.ids[row][found.start : found.stop]
    if not rows:
        return None
    return F.cross_entropy(critic.vlm.model.lm_head(torch.cat(rows)).float(), torch.tensor(labels))


def changes_loss(
    critic: QwenCritic, states: PromptStates, pairs: Sequence[tuple[Frames, Frames]], counted: Sequence[bool]
) -> torch.Tensor | None:
    """Returns the binary cross-entropy of the change at each of the edits' visual tokens, read as Yes against No.

    Args:
        critic: in training.
        states: of each question.
        pairs: the frames (K, H, W, 3) of source and edit, before a decoder had a share in what differs.
        counted: which examples count; None comes back where none does.
    """
    model = critic.vlm.model
    yes, no = answer_ids(critic)
    weight_VD = model.lm_head.weight
    logits: list[torch.Tensor] = []
    labels: list[torch.Tensor] = []
    for row, ((source, edit), counts) in enumerate(zip(pairs, counted, strict=True)):
        if not counts:
            continue
        ids_L = torch.tensor(states.ids[row])
        visual = ((ids_L == model.config.video_token_id) | (ids_L == model.config.image_token_id)).nonzero()[:, 0]
        share_N = change_share(critic, source, edit)
        # the source's own tokens come first where they are apart, and cannot know of the edit
        logits.append(states.states_BLD[row, visual[-len(share_N) :]] @ (weight_VD[yes] - weight_VD[no]))
        labels.append(share_N)
    if not logits:
        return None
    return F.binary_cross_entropy_with_logits(torch.cat(logits).float(), torch.cat(labels))


def change_share(critic: QwenCritic, source_KHWC: Frames, edit_KHWC: Frames) -> torch.Tensor:
    """Returns the share 0..1 of changed pixels that each visual token of the edit covers, in their order, (N,)."""
    maps_KHW = torch.from_numpy(changed_pixels(source_KHWC, edit_KHWC).astype(np.float32))
    spec = critic.pixels
    height, width = smart_size(maps_KHW.shape[1], maps_KHW.shape[2], spec)
    side = spec.patch * spec.merge
    cells_KHW = F.adaptive_avg_pool2d(maps_KHW[:, None], (height // side, width // side))[:, 0]
    if not critic.prompt.paired and len(cells_KHW) > 1:
        cells_KHW = cells_KHW.unflatten(0, (-1, spec.temporal_patch)).mean(1)
    return cells_KHW.flatten()
