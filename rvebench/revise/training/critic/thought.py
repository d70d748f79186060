"""A chain of thought before the answer: written once, without gradient, and then read as if it had been given.

Choosing words has no gradient. The critic therefore writes its thought about the detached edit, always the likeliest
next token, and the answer is read with that thought in place: the gradient is that of the answer given the thought.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch

__all__ = ["cut_thought", "likeliest_tokens"]


def likeliest_tokens(
    first_V: torch.Tensor,
    following: Callable[[int], torch.Tensor],
    *,
    most: int,
    ends: Collection[int],
    done: Callable[[list[int]], bool],
) -> list[int]:
    """Returns the tokens that greedy decoding writes.

    Args:
        first_V: logits of the first token.
        following: takes the token just written and returns the logits of the next.
        most: longest text, in tokens.
        ends: tokens that end the text; they are not returned.
        done: whether the text so far is enough.
    """
    written: list[int] = []
    logits_V = first_V
    while True:
        token = int(logits_V.argmax())
        if token in ends:
            return written
        written.append(token)
        if len(written) >= most or done(written):
            return written
        logits_V = following(token)


def cut_thought(tokenizer: Any, tokens: list[int], verdict: str) -> str:
    """Returns the text of some tokens up to where it begins to give its verdict, without control tokens."""
    text: str = tokenizer.decode(tokens, skip_special_tokens=True)
    return text.split(verdict, 1)[0].strip() if verdict else text.strip()
