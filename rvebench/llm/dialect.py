"""What one model behind one service understands, learnt from what it objects to: each objection once.

Services that call themselves compatible differ in a few words. The client asks in the richest form, and when a 400
says that a word is not supported, asks again without it, remembers, and notes it in the reply's `meta`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

__all__ = ["Dialect", "Form", "adapt"]

Form = Literal["json_schema", "json_object", "none"]

_NEXT: Mapping[Form, Form] = {"json_schema": "json_object", "json_object": "none"}
_OBJECTS = re.compile(
    r"unsupported|not support|n't support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|not available"
    r"|not implemented|extra (inputs|fields)|no endpoints found|invalid (parameter|schema|value)",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"response[ _]format|json[ _]?(schema|object|mode)|structured[ _]outputs?|guided|grammar", re.IGNORECASE
)
_DROPPABLE = ("temperature", "seed", "top_p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The words that are used."""

    form: Form = "json_schema"
    """How the shape of the answer is asked for, when the request has one."""
    length_word: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    dropped: tuple[str, ...] = ()
    """Sampling settings that the model does not take."""

    def notes(self, *, shaped: bool) -> dict[str, str]:
        """Returns what belongs in a reply's `meta`.

        Args:
            shaped: the request asks for a shape.
        """
        notes: dict[str, str] = {"format": self.form} if shaped else {}
        if self.dropped:
            notes["dropped"] = ",".join(self.dropped)
        return notes


def adapt(dialect: Dialect, *, status: int, message: str, param: str, sent: Mapping[str, Any]) -> Dialect | None:
    """Returns the dialect to ask in next, or None when the objection is about something else.

    Args:
        dialect: the one that was used.
        status: HTTP status.
        message: the service's sentence.
        param: the parameter it names, or an empty text.
        sent: the body that it objects to.
    """
    if status not in {400, 404, 415, 422, 501} or not _OBJECTS.search(message):
        return None
    if "response_format" in sent and (_FORM.search(message) or param.startswith("response_format")):
        return replace(dialect, form=_NEXT[dialect.form])
    named = {name for name in sent if name == param or re.search(rf"\b{re.escape(name)}\b", message)}
    # "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." names both.
    if dialect.length_word in named:
        other: Literal["max_tokens", "max_completion_tokens"] = (
            "max_completion_tokens" if dialect.length_word == "max_tokens" else "max_tokens"
        )
        return replace(dialect, length_word=other)
    for name in _DROPPABLE:
        if name in named:
            return replace(dialect, dropped=(*dialect.dropped, name))
    return None
