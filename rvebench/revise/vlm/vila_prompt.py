r"""The prompt that ReViSE's VLM was trained to be read at: a llama_3 conversation whose answer is one special token.

The form is VILA's (its conversation template llama_3 and its way of cutting the text at every <image>): system turn,
user turn `<image>\n<video>\n{instruction}`, answer `[GEN_VID]`, end of text. Three facts of it are kept because the
released weights were trained with them: the beginning of text stands twice (the template writes one, the tokenizer
adds one), `<video>` stays as plain letters, and only the first of the frames is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rvebench.errors import DataError
from rvebench.revise.pretrained import softened
from rvebench.revise.vlm.protocol import FramePolicy, VlmRequest

__all__ = ["DEFAULT_SYSTEM", "answer_ids", "join_embeddings", "prompt_ids", "prompt_text"]

DEFAULT_SYSTEM = (
    "You are a helpful language and vision assistant. "
    "You are able to understand the visual content that the user provides, "
    "and assist the user with a variety of tasks using natural language."
)
"""VILA's own, which the weights were trained under."""

_IMAGE = "<image>"
_ANSWERS = {
    "video": ("[GEN_VID]", "<|reserved_special_token_1|>"),  # 128003 in Llama-3's vocabulary
    "image": ("[GEN_IMG]", "<|reserved_special_token_0|>"),  # 128002
}


def answer_ids(tokenizer: Any) -> dict[str, int]:
    """Returns the token of each output, `video` and `image`.

    The released model took two reserved tokens of Llama-3 for them, 128003 and 128002; a tokenizer may name them by
    their new names or by their old.

    Raises:
        DataError: the tokenizer knows neither name.
    """
    vocabulary = tokenizer.get_vocab()
    found = {}
    for output, names in _ANSWERS.items():
        known = [name for name in names if name in vocabulary]
        if not known:
            raise DataError(f"the VLM's tokenizer has no token {names[0]}, nor {names[1]} that stands for it")
        found[output] = int(vocabulary[known[0]])
    return found


def prompt_text(request: VlmRequest, *, shown: int, frames: FramePolicy, controls: Sequence[str]) -> tuple[str, str]:
    """Returns the conversation before and after the answer's token.

    Args:
        request: the words.
        shown: pictures, those of the frames and of the reference.
        frames: with `first` the letters <video> follow the picture, as they did in training; with `all` the pictures
            have taken their place.
        controls: tokens that the user's words must not spell.
    """
    instruction = softened(request.instruction, (*controls, _IMAGE))
    system = softened(DEFAULT_SYSTEM if request.system is None else request.system, (*controls, _IMAGE))
    video = "<video>\n" if frames == "first" and len(request.frames_THWC) else ""
    before = (
        f"<|begin_of_text|>{_turn('system')}{system}<|eot_id|>"
        f"{_turn('user')}{f'{_IMAGE}{chr(10)}' * shown}{video}{instruction}<|eot_id|>"
        f"{_turn('assistant')}"
    )
    return before, "<|end_of_text|>"


def prompt_ids(tokenizer: Any, before: str, answer: int, after: str) -> list[list[int]]:
    """Returns the tokens between the pictures: one list more than there are pictures."""
    pieces = before.split(_IMAGE)
    ids = [
        list(tokenizer(piece, add_special_tokens=index == 0).input_ids) if piece else []
        for index, piece in enumerate(pieces)
    ]
    ids[-1] += [answer, *tokenizer(after, add_special_tokens=False).input_ids]
    return ids


def join_embeddings(
    words_LD: Sequence[torch.Tensor], pictures_ND: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns words and pictures taking turns, [L, D], and which rows are pictures, [L].

    Args:
        words_LD: one more than there are pictures; any may have no rows.
        pictures_ND: the tokens of each picture.
    """
    parts, marks = [words_LD[0]], [torch.zeros(len(words_LD[0]), dtype=torch.bool)]
    for picture, words in zip(pictures_ND, words_LD[1:], strict=True):
        parts += [picture, words]
        marks += [torch.ones(len(picture), dtype=torch.bool), torch.zeros(len(words), dtype=torch.bool)]
    joined = torch.cat(parts)
    return joined, torch.cat(marks).to(joined.device)


def _turn(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"
