from __future__ import annotations

from collections import Counter

import pytest

from rvebench.llm.structured import Malformed, Parsed, parse_scores
from tests.llm.replies import FAIR, Case, replies, stands_in


def check(case: Case) -> str:
    """Returns what became of a reply; fails when it is not what the reply says."""
    found = parse_scores(case.text, case.questions)
    assert parse_scores(case.text, case.questions) == found
    if case.truth is None:
        assert isinstance(found, Malformed), (case, found)
    elif case.truth is not FAIR:
        assert isinstance(found, Parsed), (case, found)
        assert found.scores == case.truth, (case, found)
    if isinstance(found, Malformed):
        assert found.reason
        return found.kind
    for question in case.questions:
        score = found.scores[question.key]
        assert type(score) is float
        assert question.low <= score <= question.high
        assert stands_in(case.text, question.key, score, lone=len(case.questions) == 1), (case, found)
    "".join(found.rationales.values()).encode()
    return "scored"


def tally(count: int, seed: int) -> Counter[tuple[str, str]]:
    return Counter((case.kind, check(case)) for case in replies(count, seed))


def test_ten_thousand_replies_give_what_they_state_or_nothing() -> None:
    seen = tally(10_000, seed=1)
    assert {kind for (kind, end) in seen if end == "scored"} >= {"valid", "with other objects", "stated again"}
    assert {
        "no JSON",
        "damaged JSON",
        "missing",
        "twice",
        "not a number",
        "out of range",
        "contradiction",
        "empty",
    } <= {end for _, end in seen}


def test_the_stream_of_replies_is_the_same_every_time() -> None:
    assert list(replies(200, seed=3)) == list(replies(200, seed=3))


@pytest.mark.slow
def test_a_hundred_thousand_replies_give_what_they_state_or_nothing() -> None:
    assert sum(tally(100_000, seed=2).values()) == 100_000


@pytest.mark.parametrize(
    ("text", "score", "stands"),
    [
        ('{"EA": 7}', 7, True),
        ('{"EA": 7}', 8, False),
        ('{"GN": 7}', 7, False),
        ('{"GN": {"score": 7}}', 7, False),
        ('{"Edit accuracy": {"why": "", "score": "7"}}', 7, True),
        ("EA: 7", 7, False),
    ],
)
def test_the_second_reader_can_tell(text: str, score: float, stands: bool) -> None:
    assert stands_in(text, "EA", score, lone=False) is stands
