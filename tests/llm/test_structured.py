from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.llm.structured import Malformed, Parsed, Question, answer_schema, parse_scores

EA = Question(key="EA", names=("edit accuracy",))
GN = Question(key="GN", names=("naturalness",))
BOTH = (EA, GN)


@pytest.mark.parametrize(
    "text",
    [
        '{"EA": {"rationale": "r", "score": 7}, "GN": {"rationale": "s", "score": 2}}',
        '{"gn": 2, "ea": 7}',
        '```json\n{"EA": 7, "GN": 2}\n```',
        'Sure! {"EA": "7", "GN": "2/10"} I hope that helps, 10/10.',
        '{"scores": {"Edit accuracy": 7.0, "naturalness": 2}}',
        '{"Edit_Accuracy (EA)": {"Score": 7}, "GN": {"RATING": "2"}}',
        '{"EA_rationale": "r", "EA_score": 7, "GN_score": 2}',
        '{"verdict": {"EA": 7, "GN": 2, "PC": 11}}',
        '<think>{"EA": 1, "GN": {</think>{"EA": 7, "GN": 2}',
        '{"frames": 8} {"EA": 7, "GN": 2}',
        '{"EA": 7, "GN": 2} and once more {"GN": 2.0, "EA": "7"}',
        'Braces {so} first. {"EA": {"rationale": "line\nbreak, \\"EA\\": 9", "score": 7}, "GN": 2}',
    ],
)
def test_the_same_answer_is_read_from_every_form(text: str) -> None:
    found = parse_scores(text, BOTH)
    assert isinstance(found, Parsed), found
    assert found.scores == {"EA": 7.0, "GN": 2.0}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("EA: 7, GN: 2", "no JSON"),
        ('{"EA": 7', "damaged JSON"),
        ("{'EA': 7, 'GN': 2}", "damaged JSON"),
        ('{"EA": 7, "GN": 2,}', "damaged JSON"),
        ('{"EA": {"score": 7}, "GN": {"rationale": "a "b" c", "score": 2}} {"EA": 7, "GN": 2}', "damaged JSON"),
        ('{"answer": 7}', "nothing asked for"),
        ('[{"criterion": "EA", "score": 7}]', "nothing asked for"),
        ('{"EA": 7}', "missing"),
        ('{"EA": 7, "GN": {"rationale": "2"}}', "missing"),
        ('{"EA": 7, "EA": 7, "GN": 2}', "twice"),
        ('{"EA": 7, "edit accuracy": 7, "GN": 2}', "twice"),
        ('{"EA": {"score": 7, "rating": 7}, "GN": 2}', "twice"),
        ('{"EA": true, "GN": 2}', "not a number"),
        ('{"EA": null, "GN": 2}', "not a number"),
        ('{"EA": NaN, "GN": 2}', "not a number"),
        ('{"EA": [7], "GN": 2}', "not a number"),
        ('{"EA": "seven", "GN": 2}', "not a number"),
        ('{"EA": "7/5", "GN": 2}', "not a number"),
        ('{"EA": "7,5", "GN": 2}', "not a number"),
        ('{"EA": 11, "GN": 2}', "out of range"),
        ('{"EA": -1, "GN": 2}', "out of range"),
        ('{"EA": Infinity, "GN": 2}', "out of range"),
        ('{"EA": 1e999, "GN": 2}', "out of range"),
        ('{"EA": 7, "GN": 2} {"EA": 7, "GN": 3}', "contradiction"),
        ('{"EA": 11, "GN": 2} {"EA": 7, "GN": 2}', "out of range"),
        ('{"scores":' * 5000, "damaged JSON"),
        ("x" * 1_000_001, "too long"),
    ],
)
def test_what_is_no_answer_is_malformed_with_the_reason(text: str, kind: str) -> None:
    found = parse_scores(text, BOTH)
    assert isinstance(found, Malformed), found
    assert found.kind == kind
    assert found.reason


@pytest.mark.parametrize(
    ("text", "score"),
    [('{"rationale": "r", "score": 7}', 7.0), ('{"EA": 7}', 7.0), ('{"criterion": "EA", "score": 7}', 7.0)],
)
def test_a_single_question_may_be_answered_without_its_name(text: str, score: float) -> None:
    found = parse_scores(text, [EA])
    assert isinstance(found, Parsed)
    assert found.scores == {"EA": score}


@pytest.mark.parametrize("text", ['{"criterion": "GN", "score": 7}', '{"GN": {"score": 7}}', '{"EA": 7, "score": 7}'])
def test_the_score_of_another_question_is_not_taken(text: str) -> None:
    assert isinstance(parse_scores(text, [EA]), Malformed)


def test_a_scale_from_one_refuses_zero() -> None:
    question = Question(key="EA", low=1, high=10)
    assert isinstance(parse_scores('{"score": 0}', [question]), Malformed)
    assert parse_scores('{"score": "10/10"}', [question]) == Parsed(scores={"EA": 10.0})


def test_rationales_can_be_written_to_a_file() -> None:
    found = parse_scores('{"rationale": "a \\ud800 b", "score": 7}', [EA])
    assert isinstance(found, Parsed)
    assert found.rationales["EA"].encode() == b"a ? b"


def test_names_that_mean_two_questions_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="two questions"):
        parse_scores("{}", [EA, Question(key="E.A.")])


def test_the_schema_asks_for_each_rationale_before_its_score() -> None:
    joint = answer_schema(BOTH).schema
    assert list(joint["properties"]) == ["EA", "GN"]
    assert list(joint["properties"]["EA"]["properties"]) == ["rationale", "score"]
    assert list(answer_schema([EA]).schema["properties"]) == ["rationale", "score"]


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert parse_scores(text, BOTH) == parse_scores(text, BOTH)


def test_the_result_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from rvebench.llm.structured import *;"
        'print(parse_scores(\'{"EA_reasoning": "a", "EA score": 3}\', [Question(key=\'EA\')]))'
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert "3.0" in seen.pop()
