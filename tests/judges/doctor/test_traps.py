"""Every way to cheat is caught by its own trap and by no other; an honest judge passes them all."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("skia")

from rvebench.judges import build_judge
from rvebench.judges.doctor import TRAPS, Answer, Limits, evaluate, make_card, question_judge
from rvebench.judges.doctor.card import SplitFacts
from rvebench.judges.doctor.traps import LADDER, cases_for
from rvebench.judges.ladder import Staged
from rvebench.taxonomy import Criterion
from tests.judges.doctor.world import (
    GRADES,
    SAMPLES,
    ByHeart,
    Known,
    Scores,
    examined,
    failed,
    honest,
    outcomes,
    questioned,
)
from tests.judges.rendered import rendered_sample

EA, PC, GN, GR = Criterion


def with_ea(known: Known, score: float) -> Scores:
    return {**honest(known), EA: score}


def always_ten(_known: Known) -> Scores:
    return dict.fromkeys(Criterion, 10.0)


def takes_a_copy_for_an_edit(known: Known) -> Scores:
    return with_ea(known, 6) if known.rung == "no-op" else honest(known)


def likes_what_resembles_the_source(known: Known) -> Scores:
    near = {"no-op": 10.0, "late": 8.0, "half": 6.0, "wrong-law": 6.0}
    return with_ea(known, near.get(known.rung, 0.0)) if known.rung else honest(known)


def does_not_see_the_order(known: Known) -> Scores:
    return dict(GRADES["target"]) if known.swapped else honest(known)


def believes_names(known: Known) -> Scores:
    return with_ea(known, 10) if "correct" in known.name else honest(known)


def knows_samples_by_name(known: Known) -> Scores:
    return honest(known) if known.name == known.sample.id else {**honest(known), GR: 8.0}


def changes_its_mind(known: Known) -> Scores:
    return {**honest(known), GN: 7.0} if known.repeat else honest(known)


def does_not_read(known: Known) -> Scores:
    return honest(known._replace(right_words=True))


def sees_merit_in_nothing(known: Known) -> Scores:
    return honest(known) if known.rung or known.swapped else {**honest(known), GR: 9.0}


def takes_any_clean_video(known: Known) -> Scores:
    return {**honest(known), PC: 9.0, EA: 4.0} if known.rung == "wrong-sample" else honest(known)


def is_never_content_with_realism(known: Known) -> Scores:
    return {**honest(known), GR: min(6.0, honest(known)[GR])}


def is_taken_in_by_flicker(known: Known) -> Scores:
    return with_ea(known, 7) if known.rung == "flicker" else honest(known)


def is_taken_in_by_tint(known: Known) -> Scores:
    return with_ea(known, 8.5) if known.rung == "tint" else honest(known)


def knows_only_the_ends(known: Known) -> Scores:
    wrong = {
        "blurred": 0.0,
        "half": 0.0,
        "noise": 0.0,
        "frozen": 0.0,
        "over-edit": 0.0,
        "late": 10.0,
        "wrong-law": 10.0,
    }
    return with_ea(known, wrong[known.rung]) if known.rung in wrong and known.right_words else honest(known)


CHEATS = [
    (
        always_ten,
        {"untouched copy", "wrong sample", "blank", "order swap", "instruction swap", LADDER},
    ),
    (takes_a_copy_for_an_edit, {"untouched copy"}),
    (
        likes_what_resembles_the_source,
        {"untouched copy", "exact target", "order swap", "instruction swap", LADDER},
    ),
    (does_not_see_the_order, {"order swap"}),
    (believes_names, {"name swap"}),
    (knows_samples_by_name, {"name swap"}),
    (changes_its_mind, {"repeat"}),
    (does_not_read, {"instruction swap"}),
    (sees_merit_in_nothing, {"blank"}),
    (takes_any_clean_video, {"wrong sample"}),
    (is_never_content_with_realism, {"exact target"}),
    (is_taken_in_by_flicker, {"flicker and tint"}),
    (is_taken_in_by_tint, {"flicker and tint"}),
    (knows_only_the_ends, {LADDER}),
]


def test_an_honest_judge_passes_every_trap() -> None:
    examination = examined(ByHeart())
    assert set(outcomes(examination).values()) == {"pass"} and examination.passed
    assert len(examination.findings) == len(TRAPS) + 1
    assert all(finding.kept == finding.judged == finding.samples > 0 for finding in examination.findings)


@pytest.mark.parametrize(("cheat", "traps"), CHEATS, ids=[cheat.__name__ for cheat, _ in CHEATS])
def test_a_cheat_is_caught_by_its_trap(cheat: object, traps: set[str]) -> None:
    assert failed(examined(ByHeart(cheat))) == traps  # type: ignore[arg-type]


def test_every_trap_catches_some_cheat_alone() -> None:
    assert {LADDER, *(trap.name for trap in TRAPS)} == {
        name for _, traps in CHEATS if len(traps) == 1 for name in traps
    }


def test_a_judge_that_never_answers_fails_every_trap() -> None:
    examination = examined(ByHeart(lambda _known: None))
    assert set(outcomes(examination).values()) == {"fail"}
    assert {finding.why for finding in examination.findings[:-1]} == {"no sample was judged"}


def test_a_judge_that_raises_has_not_answered() -> None:
    answers = questioned(ByHeart(lambda _known: ValueError("oops")))
    assert all(answer.scores is None and "ValueError: oops" in answer.reason for answer in answers)


def test_a_judge_that_answers_half_of_the_time_fails_for_that() -> None:
    judge = ByHeart(lambda known: honest(known) if known.sample in SAMPLES[::2] else None)
    examination = examined(judge)
    assert all(finding.outcome == "fail" for finding in examination.findings)
    assert examination.findings[0].why == "only 4 of 8 samples were judged"
    assert examination.findings[0].broken == ()


def test_one_slip_in_ten_samples_is_forgiven_and_named_and_two_are_not() -> None:
    def answers(slips: int) -> list[Answer]:
        copy = [{EA: 5.0 if number < slips else 0.0, PC: 10.0, GN: 10.0, GR: 10.0} for number in range(10)]
        return [Answer(f"s{number}", "no-op", scores) for number, scores in enumerate(copy)]

    def finding(slips: int) -> object:
        found = evaluate(answers(slips), reads=("frames",), grades=GRADES, limits=Limits()).findings[0]
        assert found.broken == tuple(f"s{number}" for number in range(slips)) and found.kept == 10 - slips
        assert found.measured[0] == ("EA", 0.0 if slips < 10 else 5.0, slips / 2, 5.0)
        return found.outcome

    assert (finding(1), finding(2)) == ("pass", "fail")


def test_bounds_are_kept_at_the_bound() -> None:
    def outcome(score: float) -> str:
        scores = {EA: score, PC: 7.0, GN: 10.0, GR: 10.0}
        return evaluate([Answer("s", "no-op", scores)], reads=(), grades=GRADES, limits=Limits()).findings[0].outcome

    assert outcome(2.0) == "not applicable"  # a judge that looks at nothing

    def seen(score: float) -> str:
        scores = {EA: score, PC: 7.0, GN: 10.0, GR: 10.0}
        found = evaluate([Answer("s", "no-op", scores)], reads=("frames",), grades=GRADES, limits=Limits())
        return found.findings[0].outcome

    assert (seen(2.0), seen(2.01)) == ("pass", "fail")


def test_what_a_judge_does_not_read_is_not_asked_and_not_held_against_it() -> None:
    judge = ByHeart(does_not_read, reads=("frames", "target"))
    examination = examined(judge)
    found = outcomes(examination)
    assert {name for name, outcome in found.items() if outcome == "not applicable"} == {"instruction swap"}
    assert examination.passed
    assert all(known.right_words for known in judge.asked)
    swap = next(finding for finding in examination.findings if finding.trap == "instruction swap")
    assert swap.why == "does not read the instruction"
    assert "target for other words" not in cases_for(judge.reads)


def test_the_pass_mark_of_the_ladder_is_the_users() -> None:
    strict = examined(ByHeart(takes_a_copy_for_an_edit), limits=Limits(spearman_ea=0.99, copy_ea=9))
    assert failed(strict) == {LADDER}
    finding = strict.findings[-1]
    assert finding.bound.endswith("at least 0.99") and finding.why.startswith("the correlation is 0.")


def test_the_reference_judge_passes_on_rendered_samples() -> None:
    chosen = ("candle-burn", "litmus-flask", "cat-gaze", "rope-bucket")
    staged = {name: Staged(*rendered_sample(name, 1, stranger=chosen[index - 1])) for index, name in enumerate(chosen)}
    samples = [staged[name].shown.sample for name in chosen]
    judge = build_judge("reference")
    answers = asyncio.run(question_judge(judge, samples, stage=lambda sample, _: staged[sample.id.rpartition("-")[0]]))
    examination = evaluate(answers, reads=judge.info.reads, grades=GRADES, limits=Limits())
    assert examination.passed, [finding for finding in examination.findings if finding.outcome == "fail"]
    assert set(outcomes(examination).values()) == {"pass", "not applicable"}
    card = make_card(
        "reference", judge.info, SplitFacts("four", "0" * 64, 4), answers, examination, limits=Limits(), grades="made"
    )
    assert card.passed and not card.official and "4 samples are too few" in card.why
