from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rvebench.errors import UsageError
from rvebench.judges.local.grammar import Grammar, State, compile_schema
from rvebench.judges.local.vocabulary import Vocabulary
from rvebench.llm.structured import Parsed, Question, answer_schema, parse_scores

QUESTIONS = tuple(Question(key=key) for key in ("EA", "PC", "GN", "GR"))
JOINT = answer_schema(QUESTIONS).schema


def end_of(grammar: Grammar, text: str) -> State | None:
    state: State | None = Grammar.start
    for byte in text.encode():
        assert state is not None
        state = grammar.step(state, byte)
        if state is None:
            return None
    return state


def accepts(grammar: Grammar, text: str) -> bool:
    state = end_of(grammar, text)
    return state is not None and grammar.is_end(state)


def one(text: str, score: object) -> str:
    return f'{{"rationale": "{text}", "score": {score}}}'


@pytest.mark.parametrize("score", [f"{half / 2:g}" for half in range(21)])
def test_every_half_of_the_scale_can_be_written(score: str) -> None:
    assert accepts(compile_schema(answer_schema(QUESTIONS[:1]).schema), one("It melts.", score))


@pytest.mark.parametrize("score", ["11", "10.5", "-1", "7.2", "7.", "07", "100", '"7"', "", "NaN"])
def test_no_other_score_can_be_written(score: str) -> None:
    assert not accepts(compile_schema(answer_schema(QUESTIONS[:1]).schema), one("It melts.", score))


@pytest.mark.parametrize("text", ["a", "kept: {all} [of] it", r"a \"word\" and a \\", r"two\nlines", "été ≥ 雪", "7"])
def test_any_sentence_can_be_a_rationale(text: str) -> None:
    assert accepts(compile_schema(answer_schema(QUESTIONS[:1]).schema), one(text, 7))


@pytest.mark.parametrize("text", ["", " ", "line\nbreak", r"a \x escape", "tab\t"])
def test_no_rationale_is_empty_or_breaks_the_json(text: str) -> None:
    assert not accepts(compile_schema(answer_schema(QUESTIONS[:1]).schema), one(text, 7))


def test_the_criteria_come_in_the_schemas_order_and_none_is_left_out() -> None:
    grammar = compile_schema(JOINT)
    whole = json.dumps({question.key: {"rationale": "So.", "score": 3} for question in QUESTIONS})
    swapped = json.dumps({question.key: {"rationale": "So.", "score": 3} for question in reversed(QUESTIONS)})
    assert accepts(grammar, whole)
    assert not accepts(grammar, swapped)
    assert not accepts(grammar, whole.replace(', "GR": {"rationale": "So.", "score": 3}', ""))
    assert not accepts(grammar, whole + " ")


def test_enumerations_and_booleans_are_spelt_as_json() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["no", "none"]}, "b": {"type": "boolean"}}}
    grammar = compile_schema(schema)
    assert accepts(grammar, '{"a": "none", "b": true}')
    assert accepts(grammar, '{"a": "no", "b": false}')
    assert not accepts(grammar, '{"a": "nope", "b": true}')


def test_a_scale_that_begins_at_one_is_kept() -> None:
    grammar = compile_schema(answer_schema(QUESTIONS[:1]).schema, low=1, high=5)
    assert [score for score in range(11) if accepts(grammar, one("So.", score))] == [1, 2, 3, 4, 5]


def test_an_integer_has_no_halves() -> None:
    grammar = compile_schema({"type": "object", "properties": {"score": {"type": "integer"}}})
    assert accepts(grammar, '{"score": 7}')
    assert not accepts(grammar, '{"score": 7.5}')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "integer", "minimum": 0, "maximum": 10**9},
        {"anyOf": [{"type": "string"}]},
    ],
)
def test_a_schema_that_is_not_understood_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="cannot be constrained"):
        compile_schema(schema)


def make_vocabulary(seed: int) -> Vocabulary:
    """Every byte, and several hundred longer tokens that begin and end anywhere in a reply."""
    draw = random.Random(seed)
    whole = json.dumps({question.key: {"rationale": "It is été.", "score": 10} for question in QUESTIONS}).encode()
    longer = {whole[at : at + draw.randint(2, 9)] for at in (draw.randrange(len(whole)) for _ in range(400))}
    return Vocabulary([None, *(bytes((byte,)) for byte in range(256)), *sorted(longer)])


def test_the_walk_along_the_vocabulary_finds_what_trying_each_token_finds() -> None:
    grammar, vocabulary = compile_schema(JOINT), make_vocabulary(0)
    whole = json.dumps({question.key: {"rationale": r"a\b", "score": 10} for question in QUESTIONS})
    for cut in range(len(whole)):
        state = end_of(grammar, whole[:cut])
        assert state is not None
        tried = []
        for token in range(1, 257):
            following = grammar.step(state, vocabulary.text_of(token)[0])
            tried += [token] if following is not None else []
        allowed = vocabulary.allowed(grammar, state)
        assert [token for token in sorted(allowed) if token <= 256] == tried
        for token in allowed:
            reached: State | None = state
            for byte in vocabulary.text_of(token):
                assert reached is not None
                reached = grammar.step(reached, byte)
            assert reached is not None


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_drawn_from_the_allowed_tokens_parses(seed: int) -> None:
    grammar, vocabulary, draw = compile_schema(JOINT), make_vocabulary(seed % 5), random.Random(seed)
    state, written = Grammar.start, b""
    for _ in range(2000):
        if grammar.is_end(state):
            break
        closing = len(written) > 300 and grammar.is_text(state)
        allowed = vocabulary.allowed(grammar, grammar.closing(state) if closing else state)
        text = vocabulary.text_of(draw.choice(allowed))
        written += text
        for byte in text:
            following = grammar.step(state, byte)
            assert following is not None
            state = following
    parsed = parse_scores(written.decode("utf-8", "replace"), QUESTIONS)
    assert isinstance(parsed, Parsed)
    assert set(parsed.scores) == {"EA", "PC", "GN", "GR"}


def test_nothing_may_follow_the_end() -> None:
    grammar, vocabulary = compile_schema(JOINT), make_vocabulary(0)
    assert vocabulary.allowed(grammar, State(len(grammar.pieces))) == ()


def test_tokens_that_begin_with_the_last_byte_are_told_apart() -> None:
    vocabulary = Vocabulary([b"\xff", b"\xff\xff", b"\xff\xffa", b"\xfe", b"a"])
    grammar = compile_schema({"type": "string"})
    assert sorted(vocabulary.allowed(grammar, State(grammar.start.piece + 1))) == [0, 1, 2, 3, 4]
