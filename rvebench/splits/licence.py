"""Licences as SPDX expressions: is a text one, by its grammar.

The grammar is that of the SPDX specification, annex "SPDX license expressions": identifiers joined by `AND`, `OR` and
`WITH`, with brackets. The list of known identifiers is not checked: it grows, and a manifest must not rot with it.
"""

from __future__ import annotations

import re

from rvebench.errors import DataError

__all__ = ["NO_LICENCE", "check_licence"]

NO_LICENCE = "NOASSERTION"
"""SPDX for "nobody has said"."""

_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9][A-Za-z0-9.\-]*(?::[A-Za-z0-9.\-]+)?\+?)")
_BRACKETS = frozenset({"(", ")"})
_WORDS = frozenset({"AND", "OR", "WITH"})
_HINT = "write an SPDX expression such as CC-BY-4.0, CC0-1.0 or LicenseRef-my-terms"
_MOST_BRACKETS = 50


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise DataError(
                f"licence {text!r}: {text[at:].strip()[0]!r} cannot stand in an SPDX expression", hint=_HINT
            )
        found.append(match.group(1))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens: expression = term {(AND|OR) term}; term = (expression) | id [WITH id]."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def fail(self, why: str) -> DataError:
        return DataError(f"licence {self.text!r} is not an SPDX expression: {why}", hint=_HINT)

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def identifier(self) -> None:
        token = self.take()
        if not token or token in _WORDS or token in _BRACKETS:
            raise self.fail(f"an identifier is missing before {token!r}" if token else "it ends too early")

    def term(self) -> None:
        if self.peek() != "(":
            self.identifier()
            if self.peek() == "WITH":
                self.take()
                self.identifier()
            return
        self.take()
        self.depth += 1
        if self.depth > _MOST_BRACKETS:
            raise self.fail("too many brackets")
        self.expression()
        if self.take() != ")":
            raise self.fail("a bracket is not closed")
        self.depth -= 1

    def expression(self) -> None:
        self.term()
        while self.peek() in ("AND", "OR"):
            self.take()
            self.term()


def check_licence(text: str) -> str:
    """Returns `text` without outer spaces when it has the shape of an SPDX licence expression.

    Raises:
        DataError: it has not; the hint gives examples.
    """
    parser = _Parser(text)
    parser.expression()
    if parser.peek():
        raise parser.fail(f"{parser.peek()!r} does not follow from what stands before it")
    return text.strip()
