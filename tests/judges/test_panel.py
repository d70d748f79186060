"""A panel keeps every verdict, gives every judge one voice, and makes no number of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges import Judge, build_judge
from rvebench.judges.llm import LlmJudge
from rvebench.judges.panel import PanelJudge, split_judges
from rvebench.llm import FatalCallError
from rvebench.records import JudgeInfo, Usage, Verdict
from rvebench.runs.units import verdict_from_json, verdict_to_json
from rvebench.taxonomy import Criterion, Status, Subset, criteria_for
from rvebench.video import Comparison
from tests.judges.llm.world import GOOD, comparison, joint, scripted

EA, PC, GN, GR = Criterion


@dataclass
class Fixed:
    """Gives the scores of its repeats in turn; None is a failure, an exception is raised."""

    name: str
    scores: Sequence[float | Exception | None]
    repeat: int = 0
    closed: list[str] = field(default_factory=list)
    paid: bool = False

    @property
    def info(self) -> JudgeInfo:
        return JudgeInfo(name=self.name, version="1", label=f"label of {self.name}", paid=self.paid)

    def repeated(self, repeat: int) -> Fixed:
        return Fixed(self.name, self.scores, repeat, self.closed)

    async def judge(self, shown: Comparison) -> Verdict:
        score = self.scores[self.repeat % len(self.scores)]
        if isinstance(score, Exception):
            raise score
        if score is None:
            return Verdict(sample_id=shown.sample.id, status=Status.UNJUDGED, reason=f"{self.name} is ill")
        criteria = criteria_for(shown.sample.subset)
        return Verdict(
            sample_id=shown.sample.id,
            status=Status.OK,
            scores=dict.fromkeys(criteria, score),
            rationale=dict.fromkeys(criteria, "because"),
            usage=Usage(input_tokens=10, output_tokens=1, cost_usd=0.5, unpriced=1),
            raw=f"raw {score}",
        )

    async def aclose(self) -> None:
        self.closed.append(self.name)


def judged(*judges: Judge, subset: Subset = Subset.RAVE, **options: object) -> Verdict:
    panel = PanelJudge(judges, **options)  # type: ignore[arg-type]
    return asyncio.run(panel.judge(comparison(subset=subset)))


@pytest.mark.parametrize(("reducer", "expected"), [("mean", 5.0), ("median", 4.0), ("worst", 2.0)])
def test_scores_are_reduced_criterion_by_criterion(reducer: str, expected: float) -> None:
    verdict = judged(Fixed("a", [2]), Fixed("b", [4]), Fixed("c", [9]), reducer=reducer)
    assert verdict.status is Status.OK
    assert verdict.scores == dict.fromkeys(Criterion, expected)
    assert [(part.judge, part.repeat, part.scores[EA]) for part in verdict.parts] == [
        ("a", 0, 2),
        ("b", 0, 4),
        ("c", 0, 9),
    ]
    assert verdict.usage == Usage(input_tokens=30, output_tokens=3, cost_usd=1.5, unpriced=3)
    assert verdict.rationale[EA].splitlines() == ["a, 2: because", "b, 4: because", "c, 9: because"]


def test_repeats_are_verdicts_of_their_own_and_a_judge_has_one_voice() -> None:
    verdict = judged(Fixed("a", [2, 4, 6]), Fixed("b", [10, 10, 10]), repeats=3, reducer="median")
    assert verdict.scores[EA] == 7.0  # the median of 4 and 10
    assert [part.raw for part in verdict.parts] == ["raw 2", "raw 4", "raw 6", "raw 10", "raw 10", "raw 10"]
    assert verdict.measures["within_sd_EA"] == pytest.approx(2**0.5, abs=1e-6)  # squares 8 over 4 degrees
    assert verdict.measures["between_sd_EA"] == pytest.approx((18 - 2 / 3) ** 0.5, abs=1e-6)


def test_what_cannot_be_known_is_no_measure() -> None:
    assert set(judged(Fixed("a", [2]), Fixed("b", [3])).measures) == {f"between_sd_{c.value}" for c in Criterion}
    assert set(judged(Fixed("a", [2, 3]), repeats=2).measures) == {f"within_sd_{c.value}" for c in Criterion}


def test_a_following_shot_is_not_scored_on_preservation() -> None:
    verdict = judged(Fixed("a", [2]), Fixed("b", [4]), subset=Subset.ICVG)
    assert set(verdict.scores) == {EA, GN, GR} and "between_sd_PC" not in verdict.measures


def test_one_failure_leaves_the_sample_unjudged_with_every_part_shown() -> None:
    verdict = judged(Fixed("a", [2]), Fixed("b", [None]))
    assert verdict.status is Status.UNJUDGED and verdict.scores == {} and verdict.measures == {}
    assert verdict.reason == "1 of 2 judges answered, 2 must: b: b is ill"
    assert [part.status for part in verdict.parts] == [Status.OK, Status.UNJUDGED]
    assert verdict.usage.cost_usd == 0.5, "what was paid is counted"


def test_with_a_quorum_those_who_answered_are_counted_and_the_others_are_not() -> None:
    verdict = judged(Fixed("a", [2]), Fixed("b", [None]), Fixed("c", [4]), quorum=2)
    assert verdict.status is Status.OK and verdict.scores[EA] == 3
    assert "b is ill" in verdict.reason
    assert judged(Fixed("a", [2]), Fixed("b", [None]), Fixed("c", [None]), quorum=2).status is Status.UNJUDGED


def test_a_judge_with_a_failed_repeat_has_no_voice() -> None:
    verdict = judged(Fixed("a", [2, None]), Fixed("b", [6, 8]), repeats=2, quorum=1)
    assert verdict.scores[EA] == 7
    assert "a (repeat 1): a is ill" in verdict.reason


def test_of_one_judge_the_quorum_counts_repeats() -> None:
    assert judged(Fixed("a", [2, None, 6]), repeats=3, quorum=2).scores[EA] == 4
    assert judged(Fixed("a", [2, None, 6]), repeats=3).status is Status.UNJUDGED


def test_a_judge_that_raises_or_answers_nonsense_fails_alone() -> None:
    verdict = judged(Fixed("a", [RuntimeError("oops")]), Fixed("b", [11.0]), Fixed("c", [5]), quorum=1)
    assert verdict.scores[EA] == 5
    assert "RuntimeError: oops" in verdict.parts[0].reason and "11.0" in verdict.parts[1].reason
    assert verdict.parts[1].scores == {}


def test_what_stops_every_question_stops_the_panel() -> None:
    with pytest.raises(FatalCallError, match="no such key"):
        judged(Fixed("a", [2]), Fixed("b", [FatalCallError("no such key")]), quorum=1)


def test_the_panel_is_no_member_and_every_choice_is_in_its_digest() -> None:
    a, b = Fixed("a", [1]), Fixed("b", [2], paid=True)
    panels = [
        PanelJudge([a, b]),
        PanelJudge([a, b], reducer="worst"),
        PanelJudge([a, b], repeats=2),
        PanelJudge([a, b], quorum=1),
        PanelJudge([a, b]).repeated(1),
        PanelJudge([a], repeats=2),
        PanelJudge([a, Fixed("c", [1])]),
    ]
    digests = {judge.info.digest for judge in (a, b, *panels)}
    assert len(digests) == len(panels) + 2
    info = panels[0].info
    assert info.digest == PanelJudge([b, a]).info.digest, "the order of judges decides nothing"
    assert info.settings["judge a"] == a.info.digest and info.paid and info.name == "panel"
    assert "a: label of a" in info.label and "the mean of 2 judges" in info.label


def test_a_panels_repeats_are_its_judges_next_repeats() -> None:
    panel = PanelJudge([Fixed("a", [1, 2, 3, 4])], repeats=2).repeated(1)
    verdict = asyncio.run(panel.judge(comparison()))
    assert [part.scores[EA] for part in verdict.parts] == [3, 4]


def test_repeats_of_a_language_model_are_requests_of_their_own() -> None:
    judge, script = scripted(GOOD, joint(EA=1, PC=8, GN=6.5, GR=9))
    panel = PanelJudge([judge], repeats=2)
    verdict = asyncio.run(panel.judge(comparison()))
    assert len({request.digest for request in script.asked}) == 2
    assert {request.repeat for request in script.asked} == {0, 1}
    assert verdict.scores[EA] == 4 and verdict.parts[0].rationale[EA] == "about EA"
    assert {request.digest for request in panel.requests(comparison())} == {r.digest for r in script.asked}


def test_judges_of_one_name_are_told_apart_and_the_same_judge_twice_is_refused() -> None:
    one, two = scripted()[0], scripted(spec="gpt-4o?k=4")[0]
    assert [name for name in PanelJudge([one, two]).info.settings if name.startswith("judge")] == [
        f"judge gpt-4o #{judge.info.digest[:8]}" for judge in (one, two)
    ]
    with pytest.raises(UsageError, match="twice"):
        PanelJudge([one, scripted()[0]])


def test_closing_the_panel_closes_each_judge_once() -> None:
    a, b = Fixed("a", [1]), Fixed("b", [2])
    panel = PanelJudge([a, b], repeats=2)
    asyncio.run(panel.judge(comparison()))
    asyncio.run(panel.aclose())
    assert a.closed + b.closed == ["a", "b"]


def test_the_journal_keeps_every_part() -> None:
    verdict = judged(Fixed("a", [2, 3]), Fixed("b", [None]), repeats=2, quorum=1)
    assert verdict_from_json(verdict_to_json(verdict)) == verdict


def test_names_with_commas_are_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    panel = build_judge("gpt-4o?k=4&calls=separate, reference", repeats=3, reduce="worst", quorum=1)
    assert isinstance(panel, PanelJudge)
    assert [judge.info.name for judge in panel.judges] == ["gpt-4o", "reference"]
    assert (panel.info.settings["reducer"], panel.info.settings["repeats"]) == ("worst", "3")
    assert isinstance(build_judge("gpt-4o"), LlmJudge)
    assert isinstance(build_judge("gpt-4o", repeats=2), PanelJudge)
    assert split_judges("a?x=1%2C2,b") == ("a?x=1%2C2", "b")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduce": "meen"}, "did you mean mean"),
        ({"repeats": 0}, "below 1"),
        ({"quorum": 2}, "quorum of 2"),
        ({"quorum": 0, "repeats": 2}, "quorum of 0"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_judge("reference", **options)  # type: ignore[arg-type]


def test_a_comma_too_many_and_an_unknown_judge_are_named() -> None:
    with pytest.raises(UsageError, match="a judge is missing"):
        build_judge("reference,")
    with pytest.raises(UnknownNameError, match="did you mean reference"):
        build_judge("reference,referense")
