"""Yes against no, read from the logits of the word that answers, with a gradient.

ReViSE reads the difference of two logits (arXiv 2512.09924, section 4.2.2). A model can spell either word in several
ways; what counts here is the mass of each word, a logsumexp over its spellings, so that no gradient is spent on
moving mass from "Yes" to " yes".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from rvebench.errors import UsageError

__all__ = ["AnswerTokens", "CriticReading", "find_answer_tokens", "read_answers"]

_SPELLINGS = ("{}", " {}")


class AnswerTokens(NamedTuple):
    """The tokens that say yes, and those that say no."""

    yes: tuple[int, ...]
    no: tuple[int, ...]


class CriticReading(NamedTuple):
    """What a critic says of some edits; each tensor of shape (B,), fp32 or fp64, with the gradient of the edits."""

    delta_B: torch.Tensor
    """yes_B - no_B: the log-odds of yes."""
    p_yes_B: torch.Tensor
    """Mass of yes over that of yes and no, 0..1."""
    mass_B: torch.Tensor
    """Share of yes and no in the whole distribution, 0..1; near 0 the model was about to say something else."""
    yes_B: torch.Tensor
    """logsumexp of the logits that spell yes."""
    no_B: torch.Tensor
    thoughts: tuple[str, ...] = ()
    """The chains of thought that the answers were read after."""


def find_answer_tokens(tokenizer: Any) -> AnswerTokens:
    """Returns the single tokens that spell yes and no, in three cases, with and without a space before them.

    Raises:
        UsageError: the vocabulary has none for one of the words.
    """
    yes, no = _spelt(tokenizer, "yes"), _spelt(tokenizer, "no")
    if not yes or not no:
        raise UsageError(
            f"the VLM's vocabulary has no token for {'no' if yes else 'yes'!r}", hint="it cannot be a critic"
        )
    return AnswerTokens(yes=yes, no=no)


def _spelt(tokenizer: Any, word: str) -> tuple[int, ...]:
    found = set()
    for cased in (word, word.capitalize(), word.upper()):
        for spelling in _SPELLINGS:
            ids = tokenizer.encode(spelling.format(cased), add_special_tokens=False)
            # Some tokenizers drop a leading space, or answer an unknown word with a token of their own.
            if len(ids) == 1 and tokenizer.decode(ids).strip() == cased:
                found.add(int(ids[0]))
    return tuple(sorted(found))


def read_answers(logits_BV: torch.Tensor, tokens: AnswerTokens, thoughts: Sequence[str] = ()) -> CriticReading:
    """Returns the readings of some answers.

    Args:
        logits_BV: over the vocabulary, at the place of each answer; computed on in fp32, or fp64 if they are.
        tokens: of the vocabulary.
        thoughts: what was said before the answers.
    """
    if logits_BV.dtype != torch.float64:
        logits_BV = logits_BV.float()
    yes_B = logits_BV[:, list(tokens.yes)].logsumexp(dim=1)
    no_B = logits_BV[:, list(tokens.no)].logsumexp(dim=1)
    delta_B = yes_B - no_B
    mass_B = torch.exp(torch.logaddexp(yes_B, no_B) - logits_BV.logsumexp(dim=1))
    return CriticReading(
        delta_B=delta_B,
        p_yes_B=torch.sigmoid(delta_B),
        mass_B=mass_B,
        yes_B=yes_B,
        no_B=no_B,
        thoughts=tuple(thoughts),
    )
