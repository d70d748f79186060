"""The soft and the hard reading of a yes/no question, from the logits of the reply's first token.

ReViSE (arXiv 2512.09924, section 4.2.2 and figure 4): a decoded "Yes" or "No" keeps one bit of what the model holds;
the probability of "Yes" against "No" keeps the rest, and agrees better with people. A model may begin its answer with
any of several tokens for either word, so that the mass of each word is summed over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rvebench.errors import UsageError

__all__ = ["AnswerTokens", "YesNo", "find_answer_tokens", "read_yes_no"]

_SPELLINGS = ("{}", " {}")


class AnswerTokens(NamedTuple):
    """The tokens that say yes, and those that say no."""

    yes: tuple[int, ...]
    no: tuple[int, ...]


class YesNo(NamedTuple):
    """How a model would answer."""

    p_yes: float
    """Mass of the yes tokens over that of yes and no tokens, 0..1."""
    hard: bool
    """The likeliest of all yes and no tokens says yes."""
    mass: float
    """Share of yes and no tokens in the whole distribution: near 0, the model was about to say something else."""


def find_answer_tokens(tokenizer: Any) -> AnswerTokens:
    """Returns the single tokens that spell yes and no, in three cases, with and without a space before them.

    Raises:
        UsageError: the vocabulary has none for one of the words.
    """
    yes, no = _spelt(tokenizer, "yes"), _spelt(tokenizer, "no")
    if not yes or not no:
        absent = "no" if yes else "yes"
        raise UsageError(f"the model's vocabulary has no token for {absent!r}", hint="use reading=hard")
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


def read_yes_no(logits_V: Any, tokens: AnswerTokens) -> YesNo:
    """Returns the readings.

    Args:
        logits_V: of the reply's first token, a tensor of shape (V,).
        tokens: of the model's vocabulary.

    Raises:
        ValueError: the logits of an answer are not numbers.
    """
    import torch

    logits_V = logits_V.double()
    yes, no = (_mass(logits_V, ids) for ids in tokens)
    both = torch.logaddexp(yes, no)
    p_yes = torch.sigmoid(yes - no)
    if not torch.isfinite(p_yes):
        raise ValueError("the model's logits are not numbers")
    hard = logits_V[list(tokens.yes)].max() > logits_V[list(tokens.no)].max()
    mass = torch.exp(both - torch.logsumexp(logits_V, dim=0))
    return YesNo(p_yes=float(p_yes), hard=bool(hard), mass=float(mass))


def _mass(logits_V: Any, tokens: Sequence[int]) -> Any:
    import torch

    return torch.logsumexp(logits_V[list(tokens)], dim=0)
