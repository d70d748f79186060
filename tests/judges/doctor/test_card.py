"""A card says the same to people and to programs, and says no more than was measured."""

from __future__ import annotations

import pytest

pytest.importorskip("skia")

from rvebench.judges.doctor import JudgeCard, Limits, card_as_json, card_as_markdown, evaluate, make_card
from rvebench.judges.doctor.card import SplitFacts
from rvebench.records import canonical_json
from tests.judges.doctor.world import GRADES, SAMPLES, ByHeart, Known, Scores, honest, questioned


def card_of(judge: ByHeart, samples: int = len(SAMPLES)) -> JudgeCard:
    answers = questioned(judge, SAMPLES[:samples])
    limits = Limits()
    examination = evaluate(answers, reads=judge.info.reads, grades=GRADES, limits=limits, resamples=20)
    split = SplitFacts("tiny", "f" * 64, samples)
    return make_card("by-heart", judge.info, split, answers, examination, limits=limits, grades="constructed")


def silent_on_two(known: Known) -> Scores | None:
    return None if known.sample in SAMPLES[:2] and known.rung == "no-op" else honest(known)


def test_an_honest_judge_may_be_official() -> None:
    card = card_of(ByHeart())
    assert card.passed and card.official
    assert card.why == "all 10 traps that apply are passed"
    text = card_as_markdown(card)
    assert "**May be official: yes.** All 10 traps that apply are passed." in text
    assert card.info.digest in text and "f" * 64 in text and "by-heart-1" in text
    assert "Where bounds were not kept" not in text and "Why there was no verdict" not in text


def test_few_samples_make_no_official_judge() -> None:
    card = card_of(ByHeart(), samples=4)
    assert card.passed and not card.official
    assert card.why == "no trap failed, but 4 samples are too few: 8 are needed"


def test_a_failed_trap_is_named_with_the_samples_it_failed_in() -> None:
    card = card_of(ByHeart(lambda known: honest(known._replace(right_words=True))))
    assert not card.passed and not card.official
    assert card.why == "instruction swap: not kept in 8 of 8 samples"
    text = card_as_markdown(card)
    assert "**fail**: not kept in 8 of 8 samples" in text
    assert "- instruction swap: sample-0, sample-1, sample-2, sample-3, sample-4, sample-5 and 2 more" in text
    trap = next(one for one in card_as_json(card)["traps"] if one["trap"] == "instruction swap")
    assert trap["outcome"] == "fail" and trap["broken"] == [sample.id for sample in SAMPLES]
    assert trap["measured"] == [{"label": "fall of EA", "least": 0.0, "mean": 0.0, "most": 0.0}]


def test_what_was_not_judged_is_counted_with_its_reason() -> None:
    card = card_of(ByHeart(silent_on_two))
    found = card_as_json(card)
    assert found["unjudged"] == 4 and found["unjudged_reasons"] == [{"reason": "no answer", "count": 4}]
    copy = found["traps"][0]
    assert (copy["judged"], copy["unjudged"], copy["why"]) == (6, 2, "only 6 of 8 samples were judged")
    assert "- 4 times: no answer" in card_as_markdown(card)


def test_what_does_not_apply_is_said_beside_the_verdict() -> None:
    card = card_of(ByHeart(reads=("frames",)))
    assert card.official
    assert "instruction swap does not apply: the judge does not read the instruction" in card.why
    assert "not applicable: does not read the instruction" in card_as_markdown(card)


def test_the_json_card_is_json_and_names_every_pass_mark() -> None:
    found = card_as_json(card_of(ByHeart()))
    assert canonical_json(found)
    assert found["schema"] == "rve-judge-card/1" and found["official"] is True
    assert found["limits"]["spearman_ea"] == 0.7 and found["split"]["sha256"] == "f" * 64
    ladder = found["traps"][-1]
    assert ladder["trap"] == "oracle ladder" and ladder["measured"][0]["ci95"]
    assert found["ladder"]["mean_scores"]["no-op"] == {"EA": 0.0, "PC": 10.0, "GN": 10.0, "GR": 10.0}


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    def nasty(known: Known) -> Scores | Exception:
        return ValueError("a | b\nc") if known.rung == "late" else honest(known)

    widths: set[int] = set()
    for line in card_as_markdown(card_of(ByHeart(nasty))).splitlines():
        if line.startswith("|"):
            widths.add(line.replace("\\|", "").count("|"))
        else:
            assert len(widths) <= 1
            widths.clear()
