"""Which tokens may come next: a tokenizer's vocabulary as bytes, walked along with a grammar."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from rvebench.errors import UsageError
from rvebench.judges.local.grammar import Grammar, Piece, State

__all__ = ["Vocabulary", "token_bytes"]


class _Range(NamedTuple):
    """The sorted tokens `low..high` that share their first `depth` bytes, and the state after those."""

    low: int
    high: int
    depth: int
    state: State


class Vocabulary:
    """Tokens by their bytes.

    Args:
        tokens: the bytes each token id stands for; None or empty for tokens that write no text.
    """

    def __init__(self, tokens: Sequence[bytes | None]) -> None:
        written = sorted((text, index) for index, text in enumerate(tokens) if text)
        self._sorted = [text for text, _ in written]
        self._ids = [index for _, index in written]
        self._tokens = tuple(tokens)
        self._found: dict[tuple[tuple[Piece, ...], State], tuple[int, ...]] = {}

    def text_of(self, token: int) -> bytes:
        """Returns what a token writes."""
        return self._tokens[token] or b""

    def allowed(self, grammar: Grammar, state: State) -> tuple[int, ...]:
        """Returns the tokens, rising, that the grammar allows whole in `state`; none at its end.

        Inside a string that takes a second or two for a vocabulary of 150,000 tokens, and is remembered: every reply
        passes through the same states.
        """
        key = (grammar.pieces, state)
        if key not in self._found:
            self._found[key] = tuple(sorted(self._walk(grammar, state)))
        return self._found[key]

    def _walk(self, grammar: Grammar, state: State) -> list[int]:
        """Tokens are sorted by their bytes, so that all that begin with a byte that is not allowed are passed over."""
        found: list[int] = []
        work = [_Range(0, len(self._sorted), 0, state)]
        while work:
            low, high, depth, reached = work.pop()
            while low < high and len(self._sorted[low]) == depth:
                found.append(self._ids[low])
                low += 1
            while low < high:
                prefix = self._sorted[low][: depth + 1]
                end = bisect_left(self._sorted, _after(prefix), low, high)
                following = grammar.step(reached, prefix[-1])
                if following is not None:
                    work.append(_Range(low, end, depth + 1, following))
                low = end
        return found


def _after(prefix: bytes) -> bytes:
    """Returns the least bytes that are greater than everything that begins with `prefix`."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else prefix + b"\xff" * 64


def token_bytes(tokenizer: Any) -> list[bytes | None]:
    """Returns the bytes of each token id; None for special and added tokens.

    Args:
        tokenizer: of transformers, on the `tokenizers` library; byte-level (Qwen, SmolVLM) or SentencePiece-like
            (`▁` for a space, `<0x41>` for a byte).

    Raises:
        UsageError: it is of another kind.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = json.loads(backend.to_str())["decoder"] if backend is not None else None
    kind = json.dumps(decoder, ensure_ascii=False)
    if '"ByteLevel"' in kind:
        read = _byte_level
    elif _SPACE_MARK in kind:
        read = _piece
    else:
        raise UsageError(
            f"replies of a {type(tokenizer).__name__} cannot be constrained", hint="add constrain=never to the judge"
        )
    added = set(tokenizer.get_added_vocab().values())
    found: list[bytes | None] = [None] * len(tokenizer)
    for token, index in tokenizer.get_vocab().items():
        if index not in added and index < len(found):
            found[index] = read(token)
    return found


def _byte_level(token: str) -> bytes | None:
    if any(letter not in _BYTES for letter in token):
        return None
    return bytes(_BYTES[letter] for letter in token)


def _piece(token: str) -> bytes:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes((int(token[3:5], 16),))
    return token.replace(_SPACE_MARK, " ").encode()


def _byte_alphabet() -> dict[str, int]:
    """Returns the byte behind each letter of byte-level BPE: printable ones stand for themselves (GPT-2)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + index): byte for index, byte in enumerate(hidden)}


_SPACE_MARK = "\u2581"
_BYTES = _byte_alphabet()
