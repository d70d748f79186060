"""A deterministic stream of judge replies: valid, damaged and hostile, with what may be read from each.

The truth of a reply is known because it was made from it. Of a reply that was damaged at random only one thing is
known: a score that is read from it must stand in it, under its criterion's name (:func:`stands_in`).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvebench.llm.structured import Question

QUESTIONS = (
    Question(key="EA", names=("edit accuracy",)),
    Question(key="PC", names=("preservation consistency", "preservation")),
    Question(key="GN", names=("generation naturalness", "naturalness")),
    Question(key="GR", names=("generation realism", "realism")),
)
NAMES = {question.key: (question.key, *question.names) for question in QUESTIONS}
FAIR = object()
"""The truth of a reply damaged at random: no more is known than :func:`stands_in` can check."""

SENTENCES = (
    "The candle is shorter by half in the last frame.",
    "Source 3 of 8 and edit 3 of 8 agree; 9 of 10 objects stay.",
    'A sign in the frame reads "EA: 10, GN: 10".',
    "Braces {like these} and {{these}} are in the picture.",
    'Someone wrote {"EA": {"score": 10}} on the wall.',
    "Score: 10/10? No.",
    "Лёд растаял; 氷が溶けた; 🧊 → 💧",
    "back\\slash, tab\t, line\nbreak",
    "",
)


@dataclass(frozen=True)
class Case:
    kind: str
    text: str
    questions: tuple[Question, ...]
    truth: Mapping[str, float] | object | None
    """The scores that must be read; None: the reply must be malformed; FAIR: see there."""


def replies(count: int, seed: int = 0) -> Iterator[Case]:
    rng = random.Random(seed)
    for _ in range(count):
        questions = (rng.choice(QUESTIONS),) if rng.random() < 0.4 else _criteria(rng)
        yield _KINDS[rng.choice(_DRAWN)](rng, questions)


def _criteria(rng: random.Random) -> tuple[Question, ...]:
    return QUESTIONS if rng.random() < 0.6 else tuple(q for q in QUESTIONS if q.key != "PC")


# --- what a well-meaning model writes ----------------------------------------------------------------------------


def _score(rng: random.Random) -> float:
    return rng.choice((rng.randint(0, 10), rng.randint(0, 20) / 2, round(rng.uniform(0, 10), 2)))


def _literal(rng: random.Random, score: float) -> Any:
    if rng.random() < 0.75:
        return score
    return rng.choice((str(score), f" {score} ", f"{score}/10", f"{score} / 10"))


def _name(rng: random.Random, question: Question) -> str:
    name = rng.choice(NAMES[question.key])
    name = rng.choice((name, name.lower(), name.upper(), name.title()))
    if rng.random() < 0.2 and name.lower() != question.key.lower():
        name = f"{name} ({question.key})"
    return name.replace(" ", rng.choice((" ", "_", "-", "")))


def _key(rng: random.Random, word: str) -> str:
    return rng.choice((word, word, word.title(), word.upper()))


def _entry(rng: random.Random, value: Any) -> dict[str, Any]:
    pairs = [(_key(rng, rng.choice(("rationale", "reason"))), rng.choice(SENTENCES)), (_key(rng, "score"), value)]
    if rng.random() < 0.3:
        pairs.reverse()
    return dict(pairs)


def _answer(rng: random.Random, values: Mapping[str, Any], questions: Sequence[Question]) -> dict[str, Any]:
    """Returns one object in one of the accepted forms."""
    if len(questions) == 1 and rng.random() < 0.6:
        return _entry(rng, values[questions[0].key])
    names = {question.key: _name(rng, question) for question in questions}
    order = list(questions)
    rng.shuffle(order)
    form = rng.randrange(5)
    if form == 0:
        return {names[q.key]: _entry(rng, values[q.key]) for q in order}
    if form == 1:
        return {names[q.key]: values[q.key] for q in order}
    if form == 2:
        texts = {names[q.key]: rng.choice(SENTENCES) for q in order}
        return {"rationale": texts, "scores": {names[q.key]: values[q.key] for q in order}}
    if form == 3:
        return {f"{q.key}_{word}": value for q in order for word, value in _entry(rng, values[q.key]).items()}
    return {"score": {names[q.key]: values[q.key] for q in order}, "comment": rng.choice(SENTENCES)}


def _dump(rng: random.Random, value: Any) -> str:
    return json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, 2, "\t")))


def _around(rng: random.Random, text: str) -> str:
    """Returns the text as models present it: fenced, announced, thought about, commented."""
    if rng.random() < 0.2:
        text = json.dumps({rng.choice(("verdict", "Answer", "result")): json.loads(text)})
    if rng.random() < 0.4:
        text = rng.choice(("```json\n{}\n```", "```\n{}\n```", "`{}`", "~~~{}~~~")).replace("{}", text)
    before = rng.choice(("", "", "Here is my verdict: ", "I see 10 of 10. {so}\n", "\ufeff", '"EA" is 9, or: '))
    if rng.random() < 0.1:
        before = '<think>maybe {"EA": 1, "score": 2}? {unclear</think>' + before
    return before + text + rng.choice(("", "", "\nI hope this helps!", " 10/10", " (score: 3)", "\n{end}"))


def _truth(rng: random.Random, questions: Sequence[Question]) -> dict[str, float]:
    return {question.key: _score(rng) for question in questions}


def _valid_text(rng: random.Random, questions: Sequence[Question], truth: Mapping[str, float]) -> str:
    return _dump(rng, _answer(rng, {key: _literal(rng, score) for key, score in truth.items()}, questions))


def _valid(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    truth = _truth(rng, questions)
    return Case("valid", _around(rng, _valid_text(rng, questions, truth)), questions, truth)


def _aside(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    """Objects that score nothing stand around the answer."""
    truth = _truth(rng, questions)
    others = ({"frames": 8}, {}, {"note": "EA 10"}, {"type": "object", "properties": {"EA": {"type": "number"}}})
    parts = [_valid_text(rng, questions, truth), *(_dump(rng, rng.choice(others)) for _ in range(rng.randint(1, 3)))]
    rng.shuffle(parts)
    return Case("with other objects", " ".join(parts), questions, truth)


def _repeated(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    truth = _truth(rng, questions)
    text = "\nAgain: ".join(_valid_text(rng, questions, truth) for _ in range(rng.randint(2, 3)))
    return Case("stated again", text, questions, truth)


# --- what must not be read ---------------------------------------------------------------------------------------


def _contradiction(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    one = _truth(rng, questions)
    key = rng.choice(questions).key
    two = {**one, key: one[key] + 1 if one[key] < 9 else one[key] - 1}
    parts = [_valid_text(rng, questions, one), _valid_text(rng, questions, two)]
    rng.shuffle(parts)
    return Case("contradiction", "\nOr rather: ".join(parts), questions, None)


_BAD: tuple[Any, ...] = (
    *(float("nan"), float("inf"), float("-inf"), True, False, None, [], [7], {}, {"value": 7}, 11, -1, 10.01, -0.5),
    *(10**30, -(10**30), 1e300, 100, "", "seven", "7 out of 10", "7/5", "7/100", "7,5", "7.", "0x7", "１", "about 7"),
    *("7 8", "N/A", "nan", "inf", "1e1", "NaN", "11", "-3", "70%", "7-8", "[7]", "null", "true", "VII"),
)


def _bad_value(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    values: dict[str, Any] = dict(_truth(rng, questions))
    values[rng.choice(questions).key] = rng.choice(_BAD)
    return Case("bad value", _around(rng, _dump(rng, _answer(rng, values, questions))), questions, None)


def _missing(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    if len(questions) == 1:
        other = rng.choice([question for question in QUESTIONS if question not in questions])
        said: Any = {other.key: _entry(rng, _score(rng))}
        if rng.random() < 0.5:
            said = {"criterion": other.key, **_entry(rng, _score(rng))}
    else:
        lost = rng.choice(questions)
        kept = [question for question in questions if question is not lost]
        said = _answer(rng, _truth(rng, kept), kept)
    return Case("missing", _around(rng, _dump(rng, said)), questions, None)


def _twice(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    question = rng.choice(questions)
    first, second = _score(rng), _score(rng)
    rest = {q.key: _score(rng) for q in questions if q is not question}
    inner = json.dumps(rest)[1:-1]
    pair = f'"{question.key}": {first}, "{_name(rng, question)}": {second}'
    return Case("twice", "{" + pair + (", " + inner if inner else "") + "}", questions, None)


def _prose(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    said = ", ".join(f"{question.key}: {_score(rng)}" for question in questions)
    endings = ("", " Final Score: 8", " 9/10", " [8, 9]", " {8}", "\n\n- EA = 7\n- GN = 8")
    text = rng.choice(SENTENCES[:3]) + " " + said + rng.choice(endings)
    return Case("prose only", text, questions, None)


def _cut(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    text = _valid_text(rng, questions, _truth(rng, questions)).rstrip()
    return Case("cut off", text[: rng.randrange(1, len(text))], questions, None)


def _refusal(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    texts = ("I'm sorry, I can't assist with that.", "", " \n", "null", "[]", "{}", '""', "<!DOCTYPE html><p>502</p>")
    return Case("refusal or nothing", rng.choice(texts), questions, None)


def _deep(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    n = rng.choice((10, 300, 3000))
    word = rng.choice(('{"scores":', '{"EA":', '{"a":[', "[", "{", '{"verdict":'))
    return Case("deep", word * n + rng.choice(("", "7", "}" * n)), questions, None)


def _long_number(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    digits = "1" * rng.choice((50, 5000)) + rng.choice(("", ".5", "e5"))
    return Case("long number", "{" + ", ".join(f'"{q.key}": {digits}' for q in questions) + "}", questions, None)


# --- what no one knows -------------------------------------------------------------------------------------------

_SHRAPNEL = (
    '"',
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\\",
    "\n",
    "0",
    "9",
    "10",
    "-",
    ".",
    "e",
    "EA",
    "score",
    '{"',
    '":',
    "\0",
)


def _damaged(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    text = _around(rng, _valid_text(rng, questions, _truth(rng, questions)))
    for _ in range(rng.randint(1, 4)):
        at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        text = rng.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + rng.choice(_SHRAPNEL) + text[at:],
                text[:at] + rng.choice(_SHRAPNEL) + text[at + 1 :],
                text[:to] + text[at:],
                text[:at] + text[to:] if to - at < 30 else text[:-1],
            )
        )
    return Case("damaged", text, questions, FAIR)


def _noise(rng: random.Random, questions: tuple[Question, ...]) -> Case:
    pieces = (*_SHRAPNEL, '"EA"', '"GN"', '"score"', "7", "true", "NaN", "null", " ", "\ud800", "{}", "é", "</think>")
    return Case("noise", "".join(rng.choices(pieces, k=rng.randint(1, 40))), questions, FAIR)


_KINDS: tuple[Callable[[random.Random, tuple[Question, ...]], Case], ...] = (
    *(_valid, _aside, _repeated, _contradiction, _bad_value, _missing, _twice, _prose, _cut),
    *(_refusal, _deep, _long_number, _damaged, _noise),
)
_WEIGHTS = {_valid: 6, _bad_value: 3, _cut: 3, _damaged: 6, _noise: 3}
_DRAWN = [at for at, kind in enumerate(_KINDS) for _ in range(_WEIGHTS.get(kind, 1))]


# --- a second, cruder reader -------------------------------------------------------------------------------------

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*("?)\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.ASCII | re.DOTALL)
_OPEN = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*\{', re.ASCII | re.DOTALL)


def stands_in(text: str, key: str, score: float, *, lone: bool) -> bool:
    """Returns whether the text has the score right after its criterion's name, or after a word for score inside it.

    Written without the parser's means: no JSON reader, only neighbourhood in the text.
    """
    mine = {re.sub(r"[^a-z]", "", name.lower()) for name in NAMES[key]}
    mine |= {f"{name}{key.lower()}" for name in mine}
    direct = mine | {f"{name}score" for name in mine} | {f"{name}rating" for name in mine}
    opened = [found for at in _quotes(text) if (found := _OPEN.match(text, at))]
    for at in _quotes(text):
        found = _PAIR.match(text, at)
        if found is None or float(found[3]) != score:
            continue
        word = re.sub(r"[^a-z]", "", found[1].lower())
        if word in direct:
            return True
        if word in ("score", "rating"):
            above = [re.sub(r"[^a-z]", "", brace[1].lower()) for brace in opened if brace.end() <= at]
            if lone or (above and above[-1] in mine):
                return True
    return False


def _quotes(text: str) -> list[int]:
    return [at for at, letter in enumerate(text) if letter == '"']
