"""Scores out of a model's reply: a pure function that finds what was said, or says why it cannot tell.

A score is taken only from a well-formed JSON object that names what it is a score of. Prose, code fences and thoughts
around the object do not matter; neither do the order, the case or a known synonym of its keys, numbers written as text
(`"7"`, `"7/10"` where 10 is the top of the scale), nor whether scores stand flat, nested by criterion or nested under
`scores`. Nothing is guessed beyond that:

- no digit is taken from prose, no score is clamped, rounded or filled in;
- NaN, infinities, booleans, null, text, lists, numbers out of range, a key given twice and a criterion without a
  score make the reply malformed;
- a JSON object that breaks off or is damaged makes the reply malformed, even where another one is whole: what stands
  inside a damaged one is never read;
- of several objects that score the question, all must be valid and state the same scores; a model that states two
  different ones has not answered. Objects that score nothing asked for are passed over.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rvebench.llm.messages import JsonSchema

__all__ = ["Malformed", "MalformedKind", "Parsed", "Question", "answer_schema", "parse_scores"]

MalformedKind = Literal[
    "empty",
    "too long",
    "no JSON",
    "damaged JSON",
    "nothing asked for",
    "missing",
    "twice",
    "not a number",
    "out of range",
    "contradiction",
]

_MOST_CHARS = 1_000_000
_MOST_DIGITS = 40
_SCORE = ("score", "rating")
_RATIONALE = ("rationale", "reason", "reasoning", "explanation", "justification")
_SCORES = (*_SCORE, "scores", "ratings", "criteria")
_RATIONALES = (*_RATIONALE, "rationales", "reasons", "explanations", "justifications")
_WRAPPER = ("answer", "evaluation", "json", "output", "response", "result", "verdict")
_SUBJECT = "criterion"
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,9}(?:\.[0-9]{1,30})?)\s*(?:/\s*([0-9]{1,9}(?:\.0+)?)\s*)?", re.ASCII)
_THOUGHTS_END = "</think>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that a reply must score."""

    key: str
    """The key asked for, such as `EA`."""
    names: tuple[str, ...] = ()
    """Other names a model may use for it; case, spaces and punctuation do not matter."""
    low: float = 0.0
    high: float = 10.0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"no scale from {self.low} to {self.high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A whole answer."""

    scores: Mapping[str, float]
    """By key, one for every question, inside its scale."""
    rationales: Mapping[str, str] = field(default_factory=dict)
    """By key; absent where the reply gives none."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A reply that is no answer, and why."""

    kind: MalformedKind
    reason: str
    """One clause that can be shown to the model and to a person."""


class _MalformedError(Exception):
    """Carries a verdict of malformed up to :func:`parse_scores`; never leaves this module."""

    def __init__(self, kind: MalformedKind, reason: str) -> None:
        super().__init__(reason)
        self.malformed = Malformed(kind, reason)


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key given twice is seen."""


def parse_scores(text: str, questions: Sequence[Question]) -> Parsed | Malformed:
    """Returns the scores and rationales that a reply states; the same for the same text, and never an exception.

    Args:
        text: the reply as it came.
        questions: what must be scored, at least one, with keys and names that differ.
    """
    names = _names(questions)
    if not text.strip():
        return Malformed("empty", "the reply is empty")
    if len(text) > _MOST_CHARS:
        return Malformed("too long", f"the reply has {len(text)} characters")
    _, _, after = text.rpartition(_THOUGHTS_END)
    try:
        found = [
            answer for candidate in _objects(after) if (answer := _answer(candidate, questions, names)) is not None
        ]
    except _MalformedError as stop:
        return stop.malformed
    if not found:
        asked = ", ".join(question.key for question in questions)
        if "{" not in after:
            return Malformed("no JSON", "the reply holds no JSON object")
        return Malformed("nothing asked for", f"no JSON object in the reply has a score for {asked}")
    if any(answer.scores != found[0].scores for answer in found):
        return Malformed("contradiction", "the reply states different scores in different JSON objects")
    return found[-1]


def answer_schema(questions: Sequence[Question], *, name: str = "verdict") -> JsonSchema:
    """Returns the shape that is asked of a service: each rationale before its score.

    Only what every structured-output service takes is used, so no bounds: :func:`parse_scores` checks those.
    """
    one = {
        "type": "object",
        "properties": {"rationale": {"type": "string"}, "score": {"type": "number"}},
        "required": ["rationale", "score"],
        "additionalProperties": False,
    }
    if len(questions) == 1:
        return JsonSchema(name=name, schema=one)
    keys = [question.key for question in questions]
    return JsonSchema(
        name=name,
        schema={
            "type": "object",
            "properties": dict.fromkeys(keys, one),
            "required": keys,
            "additionalProperties": False,
        },
    )


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _names(questions: Sequence[Question]) -> Mapping[str, str]:
    """Returns the key for every name it may have."""
    found: dict[str, str] = {}
    for question in questions:
        for name in (question.key, *question.names, *(f"{name} ({question.key})" for name in question.names)):
            if found.setdefault(_plain(name), question.key) != question.key:
                raise ValueError(f"{name!r} names two questions")
    if not found:
        raise ValueError("there is no question")
    return found


# --- finding objects -------------------------------------------------------------------------------------------------


def _objects(text: str) -> Iterator[_Object]:
    """Yields the outermost JSON objects of a text, in order.

    Raises:
        _MalformedError: a brace opens something that is neither whole JSON nor plain words in braces.
    """
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            words_end = _end_of_words(text, at)
            if words_end is None:
                raise _MalformedError("damaged JSON", f"the JSON in the reply {_damage(error, text)}") from None
            end = words_end
        else:
            yield value
        at = text.find("{", end)


def _damage(error: Exception, text: str) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "is nested too deeply"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return "breaks off"
    return f"is damaged at character {error.pos + 1}"


def _end_of_words(text: str, at: int) -> int | None:
    """Returns where a remark in braces ends that cannot be meant as an answer: no quote, colon or brace in it."""
    for end in range(at + 1, len(text)):
        if text[end] == "}":
            return end + 1
        if text[end] in "{\"':":
            return None
    return None


def _whole(digits: str) -> int | float:
    # int() refuses thousands of digits with an exception of its own; such a number is out of any range.
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


# Not strict: models write line breaks into strings. NaN and the infinities are let through here to be named later.
_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_int=_whole, strict=False)


# --- reading one object ----------------------------------------------------------------------------------------------


def _answer(value: _Object, questions: Sequence[Question], names: Mapping[str, str]) -> Parsed | None:
    """Returns what one object states, None when it scores nothing that was asked.

    Raises:
        _MalformedError: it is meant as an answer and is not a valid one.
    """
    value = _unwrapped(value)
    collected = _Collected(names)
    if len(questions) == 1:
        collected.take_lone(value, questions[0].key)
    collected.take(value)
    if not collected.values:
        return None
    scores: dict[str, float] = {}
    for question in questions:
        stated = collected.values.get(question.key, [])
        if not stated:
            raise _MalformedError("missing", f"there is no score for {question.key}")
        if len(stated) > 1:
            raise _MalformedError("twice", f"{question.key} is scored twice in one object")
        scores[question.key] = _number(stated[0], question)
    texts = {
        question.key: collected.rationales[question.key]
        for question in questions
        if question.key in collected.rationales
    }
    return Parsed(scores=scores, rationales=texts)


def _unwrapped(value: _Object) -> _Object:
    while len(value) == 1 and _plain(value[0][0]) in _WRAPPER and isinstance(value[0][1], _Object):
        value = value[0][1]
    return value


class _Collected:
    """Everything an object says about the questions; a list per question, so that nothing overwrites anything."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self.values: dict[str, list[Any]] = {}
        self.rationales: dict[str, str] = {}

    def take(self, value: _Object, *, inner: bool = False) -> None:
        """Reads `{"EA": 7}`, `{"EA": {"score": 7}}`, `{"scores": {"EA": 7}}` and `{"EA_score": 7}`."""
        for name, item in value:
            plain = _plain(name)
            if (key := self._names.get(plain) or self._joined(plain, _SCORE)) is not None:
                self._take_one(key, item)
            elif (key := self._joined(plain, _RATIONALE)) is not None:
                self._tell(key, item)
            elif isinstance(item, _Object) and not inner:
                if plain in _SCORES:
                    self.take(item, inner=True)
                elif plain in _RATIONALES:
                    self._take_rationales(item)

    def take_lone(self, value: _Object, key: str) -> None:
        """Reads `{"rationale": "…", "score": 7}`, the answer to a single question."""
        subjects = [item for name, item in value if _plain(name) == _SUBJECT]
        if any(not isinstance(subject, str) or _plain(subject) not in self._names for subject in subjects):
            return  # it says that it scores something else
        if any(_plain(name) in _SCORE and not isinstance(item, _Object) for name, item in value):
            self._take_one(key, value)

    def _take_one(self, key: str, item: Any) -> None:
        stated = self.values.setdefault(key, [])
        if not isinstance(item, _Object):
            stated.append(item)
            return
        for name, inner in item:
            plain = _plain(name)
            if plain in _SCORE:
                stated.append(inner)
            elif plain in _RATIONALE:
                self._tell(key, inner)

    def _take_rationales(self, value: _Object) -> None:
        for name, text in value:
            if (key := self._names.get(_plain(name))) is not None:
                self._tell(key, text)

    def _joined(self, plain: str, words: Sequence[str]) -> str | None:
        """Returns the key in `EA_score` or `rationale for EA`."""
        for word in words:
            for rest in (plain.removesuffix(word), plain.removeprefix(word).removeprefix("for")):
                if rest != plain and rest in self._names:
                    return self._names[rest]
        return None

    def _tell(self, key: str, text: Any) -> None:
        if isinstance(text, str) and text.strip():
            # A lone surrogate is legal in JSON and cannot be written to a file.
            self.rationales[key] = text.strip().encode("utf-8", "replace").decode("utf-8")


def _number(value: Any, question: Question) -> float:
    """Returns a stated score.

    Raises:
        _MalformedError: it is not a number, or not one on the scale.
    """
    number: float | None = None
    if isinstance(value, str):
        matched = _NUMBER.fullmatch(value)
        if matched is not None and (matched[2] is None or float(matched[2]) == question.high):
            number = float(matched[1])
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    if number is None or math.isnan(number):
        raise _MalformedError("not a number", f"the score for {question.key} is {_shown(value)}, which is not a number")
    if not question.low <= number <= question.high:
        scale = f"{question.low:g}..{question.high:g}"
        raise _MalformedError("out of range", f"the score for {question.key} is {_shown(value)}, outside {scale}")
    return number + 0.0  # -0.0 becomes 0.0


def _shown(value: Any) -> str:
    if isinstance(value, _Object):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
