"""The small types that every file of a leaderboard is checked with: hashes, names, plain words, links."""

from __future__ import annotations

import datetime
import math
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "Day",
    "FolderName",
    "GitCommit",
    "Link",
    "Name",
    "Number",
    "Score",
    "Sha256",
    "Share",
    "Strict",
    "Words",
    "markup_in",
    "without_markup",
]

_MARKUP = re.compile(r"<[/!?a-z]|&#|(java|vb)script\s*:|data\s*:\s*text/|\]\(\s*data\s*:", re.IGNORECASE)
"""What a browser could take for more than text. A lone `<` before a space or a digit is a comparison."""

_INVISIBLE = "\u200b-\u200d\u2028-\u202e\u2060\u2066-\u2069\ufeff"
"""Characters that hide text or turn its direction."""
_CONTROL = "\x00-\x1f\x7f-\x9f\ud800-\udfff"
_UNSEEN = re.compile(f"[{_CONTROL}{_INVISIBLE}]")
_UNSEEN_IN_LINES = re.compile(f"(?![\\n\\t])[{_CONTROL}{_INVISIBLE}]")


class Strict(BaseModel):
    """A record without unknown keys, without conversions, that cannot be changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def markup_in(text: str, *, lines: bool = False) -> str:
    """Returns what makes a text unsafe to show, or nothing.

    Args:
        text: any text that others wrote.
        lines: whether line breaks and tabs are allowed.
    """
    found = _MARKUP.search(text)
    if found:
        return f"markup ({found.group(0).strip()!r})"
    unseen = (_UNSEEN_IN_LINES if lines else _UNSEEN).search(text)
    if unseen:
        letter = unseen.group(0)
        kind = "a control" if re.match(f"[{_CONTROL}]", letter) else "an invisible"
        return f"{kind} character (U+{ord(letter):04X})"
    return ""


def without_markup(text: str) -> str:
    """Returns a text that :func:`markup_in` finds nothing in, line breaks allowed: broken up, not left out."""
    while _MARKUP.search(text):  # a match may have hidden another; each turn breaks all it sees
        text = _MARKUP.sub(lambda found: f"{found.group(0)[0]}·{found.group(0)[1:]}", text)
    return _UNSEEN_IN_LINES.sub("\ufffd", text)


def _plain(value: str) -> str:
    found = markup_in(value)
    if found:
        raise ValueError(f"holds {found}, and only plain text is shown")
    return value


def _link(value: str) -> str:
    if value and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>\"'`\\]*)?", value):
        raise ValueError("is not an https:// address")
    return value


def _day(value: str) -> str:
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day of the calendar") from None
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    return value + 0.0


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""64 lower-case hexadecimal digits."""
GitCommit = Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?$")]
"""A whole commit id, or nothing."""
Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_plain)]
"""One line of plain text."""
Words = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
"""A sentence or two of plain text, perhaps empty."""
Link = Annotated[str, Field(max_length=300), AfterValidator(_link)]
"""An https address, or nothing."""
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]
"""A day, as 2026-11-26."""
FolderName = Annotated[str, Field(pattern=r"^\d{8}_[a-z0-9][a-z0-9.-]{0,59}$")]
"""A submission's folder: day, underscore, slug."""
Number = Annotated[float, AfterValidator(_finite)]
"""Any finite number."""
Score = Annotated[float, Field(ge=0.0, le=10.0)]
"""A criterion's or a formula's value."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A part of a whole."""
