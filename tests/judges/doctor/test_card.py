"""A card says the same to people and to programs, and says no more than was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skia")

from rvebench.errors import DataError, UsageError
from rvebench.judges.doctor import (
    JudgeCard,
    Limits,
    card_as_json,
    card_as_markdown,
    evaluate,
    make_card,
    read_standing,
)
from rvebench.judges.doctor.card import SplitFacts
from rvebench.records import canonical_json
from tests.judges.doctor.world import GRADES, SAMPLES, ByHeart, Known, Scores, honest, questioned

STANDARD = Limits()


def card_of(judge: ByHeart, samples: int = len(SAMPLES), limits: Limits = STANDARD) -> JudgeCard:
    answers = questioned(judge, SAMPLES[:samples])
    examination = evaluate(answers, reads=judge.info.reads, grades=GRADES, limits=limits, resamples=20)
    split = SplitFacts("tiny", "f" * 64, samples)
    return make_card("by-heart", judge.info, split, answers, examination, limits=limits, grades="constructed")


def of_program(judge: ByHeart, **changes: Any) -> dict[str, Any]:
    """Returns the card as a file holds it, with some of its parts changed."""
    value: dict[str, Any] = json.loads(json.dumps(card_as_json(card_of(judge))))
    return {**value, **changes}


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


# What a track reads


def test_a_track_reads_which_judge_it_is_and_that_it_may_be_official(tmp_path: Path) -> None:
    card = card_of(ByHeart())
    path = tmp_path / "card.json"
    path.write_text(json.dumps(card_as_json(card)))
    found = read_standing(path)
    assert found.official and found.passed and found.why == card.why
    assert found.digest == card.info.digest and found.split_sha256 == "f" * 64
    assert found.prompt_sha256 == card.info.prompt_sha256


def test_a_judge_that_fails_is_not_official_whatever_its_card_says_of_itself() -> None:
    failing = ByHeart(lambda known: honest(known._replace(right_words=True)))
    found = read_standing(of_program(failing))
    assert not found.official and not found.passed and found.why.startswith("instruction swap: not kept")
    for lie in ({"official": True}, {"passed": True}, {"official": True, "passed": True}):
        with pytest.raises(DataError, match="verdict is not that of its traps"):
            read_standing(of_program(failing, **lie))
    traps = of_program(failing)["traps"]
    without = [trap for trap in traps if trap["outcome"] != "fail"]
    with pytest.raises(DataError, match="verdict is not that of its traps"):
        read_standing(of_program(failing, traps=without, official=True, passed=True))


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"spearman_ea": 0.1}, "spearman_ea 0.1 instead of 0.7"),
        ({"copy_ea": 9.0}, "copy_ea 9 instead of 2"),
        ({"samples": 2}, "samples 2 instead of 8"),
        ({"again": float("nan")}, "again nan instead of 1"),
    ],
)
def test_lower_pass_marks_make_no_official_judge(mark: dict[str, float], words: str) -> None:
    card = card_of(ByHeart(), limits=replace(STANDARD, **mark))
    if card.passed:
        assert not card.official and card.why == f"no trap failed, but pass marks were lowered: {words}"
        assert not read_standing(card_as_json(card)).official
    assert not read_standing(of_program(ByHeart(), limits=card_as_json(card)["limits"], official=False)).official


def test_higher_pass_marks_that_are_reached_do() -> None:
    assert card_of(ByHeart(), limits=replace(STANDARD, copy_ea=1.0, spearman_ea=0.9)).official


def test_what_is_no_card_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_standing(tmp_path / "none.json")
    path = tmp_path / "card.json"
    for text in ("", "[]", '{"schema": "rve-judge-card/9"}', json.dumps({**of_program(ByHeart()), "judge": {}})):
        path.write_text(text)
        with pytest.raises(DataError, match="not a judge card") as caught:
            read_standing(path)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_calls_whose_price_is_not_known_stand_beside_the_cost() -> None:
    judge = ByHeart()
    answers = [one._replace(cost_usd=0.01, unpriced=one.case == "half") for one in questioned(judge, SAMPLES)]
    examination = evaluate(answers, reads=judge.info.reads, grades=GRADES, limits=STANDARD, resamples=20)
    split = SplitFacts("tiny", "f" * 64, len(SAMPLES))
    info = replace(judge.info, paid=True)
    card = make_card("by-heart", info, split, answers, examination, limits=STANDARD, grades="constructed")
    assert card.unpriced_calls == len(SAMPLES) and card_as_json(card)["unpriced_calls"] == len(SAMPLES)
    assert f"| cost | {0.01 * len(answers):.2f} USD, and 8 calls whose price is not known |" in card_as_markdown(card)
