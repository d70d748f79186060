"""The texts a JSON Schema allows, as an automaton over bytes: what may follow what was written so far.

One spelling of each value is allowed: the properties in the schema's order, `json.dumps` separators, halves of a point.
That is all a judge needs, and it keeps the automaton deterministic.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from rvebench.errors import UsageError

__all__ = ["Choice", "Grammar", "Literal", "Piece", "State", "Text", "compile_schema"]

_QUOTE, _BACKSLASH, _SPACE = b'"\\ '
_ESCAPABLE = b'"\\/bfnrt'
_SOME = b"+"
_ESCAPE = b"\\"
_CLOSING = b'"'
_MOST_CHOICES = 1000
_STEP = 0.5


class Literal(NamedTuple):
    """Bytes that must stand here."""

    text: bytes


class Text(NamedTuple):
    """The inside of a JSON string and its closing quote: at least one character, the first no space."""


class Choice(NamedTuple):
    """One of several spellings."""

    options: tuple[bytes, ...]


Piece = Literal | Text | Choice


class State(NamedTuple):
    """Where in the pieces a text stands."""

    piece: int
    done: bytes = b""
    """What is written of a literal or a choice; inside a text, one of four marks."""


class Grammar:
    """A sequence of pieces.

    Args:
        pieces: in order; the text ends after the last.
    """

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        self.pieces = _merged(pieces)

    start = State(0)
    """Where every text begins."""

    def step(self, state: State, byte: int) -> State | None:
        """Returns the state after one more byte, or None where it may not stand."""
        if self.is_end(state):
            return None
        piece, done = self.pieces[state.piece], state.done
        if isinstance(piece, Text):
            return _step_text(state, byte)
        grown = done + bytes((byte,))
        if isinstance(piece, Literal):
            if not piece.text.startswith(grown):
                return None
            return State(state.piece + 1) if grown == piece.text else State(state.piece, grown)
        if any(option.startswith(grown) for option in piece.options):
            return State(state.piece, grown)
        return self.step(State(state.piece + 1), byte) if done in piece.options else None

    def is_end(self, state: State) -> bool:
        """Returns whether the text is whole and nothing may follow."""
        return state.piece == len(self.pieces)

    def is_text(self, state: State) -> bool:
        """Returns whether the state is inside a string."""
        return not self.is_end(state) and isinstance(self.pieces[state.piece], Text)

    def closing(self, state: State) -> State:
        """Returns the state from which a string must be closed next; a begun escape is finished first."""
        return State(state.piece, _CLOSING) if self.is_text(state) and state.done == _SOME else state

    def texts_from(self, piece: int) -> int:
        """Returns how many strings there are from a piece on."""
        return sum(isinstance(each, Text) for each in self.pieces[piece:])

    def fixed_bytes_from(self, piece: int) -> int:
        """Returns the most bytes of everything but the strings' insides; each token writes at least one."""
        size = 0
        for each in self.pieces[piece:]:
            if isinstance(each, Literal):
                size += len(each.text)
            elif isinstance(each, Choice):
                size += max(map(len, each.options))
            else:
                size += 1
        return size


def _step_text(state: State, byte: int) -> State | None:
    piece, done = state
    if done == _CLOSING:
        return State(piece + 1) if byte == _QUOTE else None
    if done == _ESCAPE:
        return State(piece, _SOME) if byte in _ESCAPABLE else None
    if byte == _QUOTE:
        return State(piece + 1) if done else None
    if byte == _BACKSLASH:
        return State(piece, _ESCAPE)
    if byte < _SPACE or (byte == _SPACE and not done):
        return None
    return State(piece, _SOME)


def _merged(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Literal) and found and isinstance(found[-1], Literal):
            found[-1] = Literal(found[-1].text + piece.text)
        else:
            found.append(piece)
    return tuple(found)


def compile_schema(schema: Mapping[str, Any], *, low: float = 0.0, high: float = 10.0) -> Grammar:
    """Returns the grammar of a schema of objects, strings, enumerations, booleans and numbers.

    A `number` is written in halves (`7`, `7.5`), as the judge's prompts allow; an `integer` whole.

    Args:
        schema: of the reply.
        low: least number where the schema gives none; services differ in whether they take bounds, so ours has none.
        high: greatest.

    Raises:
        UsageError: the schema says something else.
    """
    return Grammar(tuple(_pieces(schema, low, high)))


def _pieces(schema: Mapping[str, Any], low: float, high: float) -> list[Piece]:
    kind = schema.get("type")
    if "enum" in schema:
        return [Choice(tuple(_spelt(value) for value in schema["enum"]))]
    if kind == "boolean":
        return [Choice((b"true", b"false"))]
    if kind == "string":
        return [Literal(b'"'), Text()]
    if kind in ("integer", "number"):
        return [Choice(_numbers(schema, low, high))]
    if kind == "object" and schema.get("properties"):
        found: list[Piece] = []
        for name, inner in schema["properties"].items():
            found.append(Literal((b", " if found else b"{") + _spelt(name) + b": "))
            found.extend(_pieces(inner, low, high))
        return [*found, Literal(b"}")]
    raise _unknown(schema)


def _numbers(schema: Mapping[str, Any], low: float, high: float) -> tuple[bytes, ...]:
    low, high = schema.get("minimum", low), schema.get("maximum", high)
    step = 1.0 if schema["type"] == "integer" else _STEP
    first, last = math.ceil(low / step), math.floor(high / step)
    if not 0 <= last - first < _MOST_CHOICES:
        raise _unknown(schema)
    return tuple(f"{count * step:g}".encode() for count in range(first, last + 1))


def _spelt(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _unknown(schema: Mapping[str, Any]) -> UsageError:
    return UsageError(f"a reply cannot be constrained to the schema {json.dumps(dict(schema))[:200]}")
