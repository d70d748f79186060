from __future__ import annotations

import asyncio
import json
import time
import weakref
from typing import Any

import pytest

from rvebench.judges import Judge
from rvebench.judges.panel import PanelJudge
from rvebench.judges.sound import sound_verdict
from rvebench.llm import BudgetError, FatalCallError, RefusedError, Reply, TokenUsage, TransportError
from rvebench.llm.faults import OutageError, RejectedError
from rvebench.records import Usage, Verdict, Window
from rvebench.runs.units import verdict_from_json, verdict_to_json
from rvebench.scoring import check_scores
from rvebench.taxonomy import Criterion, Status, Subset
from tests.judges.llm.world import GOOD, Script, Step, clip, comparison, joint, scripted, single, words

EA, PC, GN, GR = Criterion


def judged(*steps: Step, spec: str = "gpt-4o", **shown: Any) -> tuple[Verdict, Script]:
    judge, script = scripted(*steps, spec=spec)
    return asyncio.run(judge.judge(comparison(**shown))), script


def raw(verdict: Verdict) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(verdict.raw)
    return found


def test_it_is_a_judge_that_names_what_kind_of_evidence_it_gives() -> None:
    judge, script = scripted()
    assert isinstance(judge, Judge)
    assert judge.info.label == "a VLM's opinion (gpt-4o), not human"
    assert judge.info.paid
    assert judge.info.needs == ()
    assert len(judge.info.prompt_sha256) == len(judge.info.frame_plan_sha256) == 64
    assert not script.asked


def test_one_call_gives_four_scores() -> None:
    verdict, script = judged(GOOD)
    assert verdict.status is Status.OK
    assert verdict.scores == {EA: 7.0, PC: 8.0, GN: 6.5, GR: 9.0}
    assert verdict.rationale[GN] == "about GN"
    assert verdict.returned_model == "gpt-4o-2024-11-20"
    assert (verdict.usage.input_tokens, verdict.usage.output_tokens, verdict.usage.cost_usd) == (100, 10, 0.25)
    assert [entry["text"] for entry in raw(verdict)] == [GOOD]
    assert script.accepted == [(script.asked[0].digest, GOOD)]


def test_separate_calls_are_summed_and_kept_one_by_one() -> None:
    def by_question(request: Any) -> str:
        return single(
            next(n for n, key in enumerate(("EA", "PC", "GN", "GR")) if f"Grade {key} alone" in words(request))
        )

    verdict, script = judged(by_question, spec="gpt-4o?calls=separate")
    assert verdict.scores == {EA: 0.0, PC: 1.0, GN: 2.0, GR: 3.0}
    assert verdict.usage.input_tokens == 400
    assert verdict.usage.cost_usd == 1.0
    assert [entry["asks"] for entry in raw(verdict)] == ["EA", "PC", "GN", "GR"]
    assert len(script.accepted) == 4


def test_following_shots_are_not_asked_for_preservation() -> None:
    verdict, script = judged(joint(EA=1, GN=2, GR=3, PC=4), subset=Subset.ICVG)
    assert set(verdict.scores) == {EA, GN, GR}
    assert check_scores(Subset.ICVG, verdict.scores)
    assert "PC" not in words(script.asked[0])


def test_a_malformed_reply_is_asked_again_once_with_the_reason() -> None:
    verdict, script = judged(joint(EA=11, PC=8, GN=6, GR=9), GOOD)
    assert verdict.status is Status.OK
    assert verdict.scores[EA] == 7.0
    again = script.asked[1]
    assert [message.role for message in again.messages] == ["system", "user", "assistant", "user"]
    assert "the score for EA is 11, outside 0..10" in words(again)
    assert [entry.get("malformed", "") for entry in raw(verdict)] == ["the score for EA is 11, outside 0..10", ""]
    assert script.accepted == [(again.digest, GOOD)]
    assert verdict.usage.input_tokens == 200


@pytest.mark.parametrize("text", ["", "I'd say 7 out of 10.", '{"EA": 7', joint(EA=True, PC=1, GN=1, GR=1), "\ud800"])
def test_two_malformed_replies_leave_it_unjudged_with_the_raw_text(text: str) -> None:
    verdict, script = judged(text)
    assert verdict.status is Status.UNJUDGED
    assert not verdict.scores
    assert "cannot be read" in verdict.reason
    assert len(script.asked) == 2
    assert [entry["text"] for entry in raw(verdict)] == [text, text]
    assert not script.accepted
    assert verdict.usage.cost_usd == 0.5
    verdict.raw.encode()
    assert verdict_from_json(verdict_to_json(verdict)) == verdict


def test_an_empty_or_endless_reply_is_quoted_within_bounds() -> None:
    _, script = judged("", GOOD)
    assert "(no text)" in words(script.asked[1])
    _, script = judged("x" * 500_000, GOOD)
    assert len(words(script.asked[1])) < 30_000


def test_a_reply_cut_off_by_its_limit_says_so() -> None:
    cut = Reply(text='{"EA": {"rationale": "The', finish_reason="length", usage=TokenUsage(output_tokens=1024))
    verdict, _ = judged(cut)
    assert "cut off after 1024 tokens" in verdict.reason


@pytest.mark.parametrize("error", [TransportError("HTTP 502"), RejectedError("too long")])
def test_a_fault_that_outlives_the_retries_leaves_it_unjudged(error: Exception) -> None:
    verdict, _ = judged(error)
    assert verdict.status is Status.UNJUDGED
    assert verdict.reason == f"no answer: {error}"
    assert verdict.raw == ""


def test_a_refusal_is_unjudged_and_no_number() -> None:
    verdict, script = judged(RefusedError("content filter", usage=TokenUsage(input_tokens=90)))
    assert verdict.status is Status.UNJUDGED
    assert verdict.reason == "refused: content filter"
    assert len(script.asked) == 1
    assert verdict.usage == Usage(input_tokens=90, unpriced=1)


@pytest.mark.parametrize(("cached", "unpriced"), [(False, 1), (True, 0)])
def test_a_reply_without_a_known_price_is_counted_and_costs_no_zero(cached: bool, unpriced: int) -> None:
    used = TokenUsage(input_tokens=90, output_tokens=9)
    verdict, _ = judged(Reply(text=GOOD, usage=used, meta={"cost": "not known"}, from_cache=cached))
    assert verdict.usage == Usage(input_tokens=90, output_tokens=9, unpriced=unpriced)


def test_what_is_refused_in_plain_words_is_asked_once_in_neutral_ones_when_that_is_declared() -> None:
    verdict, script = judged(RefusedError("content filter"), GOOD, spec="gpt-4o?wording=plain+neutral")
    assert verdict.status is Status.OK
    assert "How to grade" in words(script.asked[0])
    assert "video quality assessment" in words(script.asked[1])
    assert [entry["wording"] for entry in raw(verdict)] == ["plain", "neutral"]
    refused, script = judged(RefusedError("content filter"), spec="gpt-4o?wording=plain+neutral")
    assert refused.reason == "refused: content filter"
    assert len(script.asked) == 2


@pytest.mark.parametrize("error", [FatalCallError("wrong key"), BudgetError("spent"), OutageError("down")])
@pytest.mark.parametrize("calls", ["joint", "separate"])
def test_what_would_stop_every_question_goes_up(error: Exception, calls: str) -> None:
    with pytest.raises(type(error)):
        judged(error, spec=f"gpt-4o?calls={calls}")


def test_a_budget_that_ends_between_calls_keeps_the_replies_that_were_paid_for() -> None:
    judge, script = scripted(single(5), single(5), BudgetError("spent"), single(5), spec="gpt-4o?calls=separate")
    with pytest.raises(BudgetError):
        asyncio.run(judge.judge(comparison()))
    assert len(script.accepted) == 3


def test_a_failed_first_question_spares_the_others() -> None:
    verdict, script = judged(RefusedError("no"), spec="gpt-4o?calls=separate")
    assert verdict.reason == "EA: refused: no"
    assert len(script.asked) == 1


def test_one_question_without_an_answer_leaves_the_whole_sample_unjudged() -> None:
    def only_gn_fails(request: Any) -> str:
        return "?" if "Grade GN alone" in words(request) else single(5)

    verdict, script = judged(only_gn_fails, spec="gpt-4o?calls=separate")
    assert verdict.status is Status.UNJUDGED
    assert not verdict.scores
    assert verdict.reason.startswith("GN: the reply cannot be read")
    assert len(script.accepted) == 3
    assert len(raw(verdict)) == 5


def test_viebench_answers_the_criteria_and_keeps_its_own_numbers() -> None:
    text = joint(instruction_following=3, preservation=4, quality=5)
    verdict, _ = judged(text, spec="gpt-4o?preset=viebench")
    assert verdict.scores == {EA: 3.0, PC: 4.0, GN: 5.0, GR: 5.0}
    assert verdict.measures["viebench_quality"] == 5.0
    zero, _ = judged(joint(instruction_following=0, preservation=4, quality=5), spec="gpt-4o?preset=viebench")
    assert zero.status is Status.UNJUDGED
    assert "outside 1..10" in zero.reason


def test_what_cannot_be_judged_is_unjudged_before_any_call() -> None:
    verdict, script = judged(spec="gpt-4o?preset=viebench&reference=yes")
    assert "no target video" in verdict.reason
    verdict, script = judged(spec="gpt-4o?preset=viebench", subset=Subset.ICVG)
    assert "no questions for samples of icvg" in verdict.reason
    verdict, script = judged(edit=clip(9), window=Window(start=5, stride=1, count=9, fps=8.0))
    assert "window" in verdict.reason
    assert verdict.status is Status.UNJUDGED
    assert not script.asked


def test_repeats_are_other_judges_over_the_same_client() -> None:
    judge, script = scripted()
    second = judge.repeated(1)
    assert judge.info.digest != second.info.digest
    assert judge.repeated(0).info.digest == judge.info.digest
    asyncio.run(second.judge(comparison()))
    assert script.asked[0].repeat == 1


def test_a_request_to_estimate_is_the_one_that_is_sent() -> None:
    judge, script = scripted()
    expected = judge.requests(comparison())
    asyncio.run(judge.judge(comparison()))
    assert [request.digest for request in script.asked] == [request.digest for request in expected]


@pytest.mark.parametrize("judges", [1, 2])
def test_a_verdict_that_waits_for_the_service_holds_no_decoded_frames(judges: int) -> None:
    shown = comparison()
    frames = [weakref.ref(video.frames_THWC) for video in (shown.source, shown.edit)]
    asked: list[Any] = []
    left: list[object] = []

    def look(request: Any) -> str:
        asked.append(request)
        deadline = time.monotonic() + 5  # the thread that encoded may be about to let go
        while len(asked) == judges and any(one() is not None for one in frames) and time.monotonic() < deadline:
            time.sleep(0.001)
        left[:] = [one() is not None for one in frames]
        return GOOD

    members = [scripted(look, spec=f"openai:m{number}")[0] for number in range(judges)]
    verdict = sound_verdict(members[0] if judges == 1 else PanelJudge(members), shown)
    del shown
    assert asyncio.run(verdict).status is Status.OK
    assert left == [False, False]
    assert len(asked) == judges
