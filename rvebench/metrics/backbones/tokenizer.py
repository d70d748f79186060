"""CLIP's byte-pair encoding (Sennrich et al., ACL 2016; Radford et al., ICML 2021), id for id.

The vocabulary is OpenAI's `bpe_simple_vocab_16e6.txt.gz`: a gzipped list of merges, best first. Text is repaired by
ftfy, freed of HTML escapes, lowered and cut into words; a word's UTF-8 bytes are then merged pair by pair.
"""

from __future__ import annotations

import gzip
import html
import itertools
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ftfy
import regex

from rvebench.errors import DataError

__all__ = ["Tokenizer", "Tokens"]

_START = "<|startoftext|>"
_END = "<|endoftext|>"
_WORD_END = "</w>"
_MERGES = 49408 - 2 * 256 - 2
"""Merges that make CLIP's 49408 tokens with 256 bytes, 256 bytes at a word's end, and the start and end of a text."""
_WORDS = regex.compile(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A text as a network takes it."""

    ids: tuple[int, ...]
    """As many as the context: start, text, end, then zeros."""
    count: int
    """Tokens that the whole text has, start and end included, before anything was cut."""
    truncated: bool
    """Whether the context was too short for them: the end of the text was cut."""


class Tokenizer:
    """Turns texts into token ids.

    Args:
        vocabulary: path of `bpe_simple_vocab_16e6.txt.gz`.

    Raises:
        DataError: the file cannot be read or is no vocabulary of CLIP.
    """

    def __init__(self, vocabulary: Path) -> None:
        merges = _read_merges(vocabulary)
        letters = _byte_letters()
        self._letters = letters
        self._rank = {pair: rank for rank, pair in enumerate(merges)}
        single = sorted(letters.values())
        pieces = [*single, *(letter + _WORD_END for letter in single), *map("".join, merges), _START, _END]
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._pieces = lru_cache(maxsize=1 << 14)(self._merge)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text of any length, without start and end."""
        text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
        text = re.sub(r"\s+", " ", text).strip().lower()
        ids: list[int] = []
        for word in _WORDS.findall(text):
            if word in {_START, _END}:
                ids.append(self._ids[word])
            else:
                ids += self._pieces("".join(self._letters[byte] for byte in word.encode()))
        return ids

    def tokenize(self, text: str, context: int) -> Tokens:
        """Returns a text as `context` ids.

        Args:
            text: anything; the empty text has two tokens, start and end.
            context: ids that the network takes, 77 for CLIP and 32 for ViCLIP. A longer text loses its end, and the
                end token takes the last place.

        Raises:
            ValueError: the context has no place for start and end.
        """
        if context < 2:
            raise ValueError(f"a context of {context} has no place for the start and the end of a text")
        ids = [self._ids[_START], *self.encode(text), self._ids[_END]]
        kept = ids if len(ids) <= context else [*ids[: context - 1], ids[-1]]
        padded = (*kept, *itertools.repeat(0, context - len(kept)))
        return Tokens(ids=padded, count=len(ids), truncated=len(ids) > context)

    def _merge(self, word: str) -> tuple[int, ...]:
        """Returns the ids of one word: the pair that ranks best is merged, everywhere, until none is known."""
        pieces = [*word[:-1], word[-1] + _WORD_END]
        worst = len(self._rank)
        while len(pieces) > 1:
            best = min(itertools.pairwise(pieces), key=lambda pair: self._rank.get(pair, worst))
            if best not in self._rank:
                break
            merged: list[str] = []
            for piece in pieces:
                # A merged piece never equals the pair's first half, so that it is not merged twice in one round.
                if merged and (merged[-1], piece) == best:
                    merged[-1] += piece
                else:
                    merged.append(piece)
            pieces = merged
        return tuple(self._ids[piece] for piece in pieces)


def _byte_letters() -> dict[int, str]:
    """Returns a printable letter for each byte: itself where it is printable in Latin-1, else one from 256 on."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = itertools.count(256)
    return {byte: chr(byte if byte in printable else next(others)) for byte in range(256)}


def _read_merges(path: Path) -> list[tuple[str, str]]:
    """Returns the pairs of the vocabulary file that CLIP uses, best first."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = list(itertools.islice(file, 1, 1 + _MERGES))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"the vocabulary cannot be read ({error})", where=path) from error
    merges = [tuple(line.split()) for line in lines]
    if len(merges) != _MERGES or any(len(pair) != 2 for pair in merges):
        raise DataError("this is not the vocabulary of CLIP", where=path, hint="`rvebench weights fetch clip-bpe`")
    return [(first, second) for first, second in merges]
