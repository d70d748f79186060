"""What the doctor shows a judge, and what it does when nothing more can be asked."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

pytest.importorskip("skia")

from rvebench.judges import build_judge
from rvebench.judges.doctor import question_judge
from rvebench.judges.doctor.run import cases_of, stranger_to
from rvebench.judges.doctor.traps import Case
from rvebench.judges.ladder import Staged
from rvebench.judges.panel import PanelJudge
from rvebench.llm import BudgetError, ChatRequest, FatalCallError
from rvebench.taxonomy import Criterion
from tests.judges.doctor.world import SAMPLES, ByHeart, Known, Scores, honest, questioned, stage
from tests.judges.llm.world import joint, scripted
from tests.judges.rendered import rendered_sample


def _reply(_request: ChatRequest) -> str:
    return joint(EA=7, PC=8, GN=6.5, GR=9)


def test_the_stranger_is_of_another_type_and_of_the_same_subset_if_there_is_one() -> None:
    for index, sample in enumerate(SAMPLES):
        other = stranger_to(SAMPLES, index)
        assert other.reasoning_type is not sample.reasoning_type and other.subset is sample.subset
    assert stranger_to(SAMPLES[1:3], 0) is SAMPLES[2]
    assert stranger_to((SAMPLES[0], SAMPLES[4]), 0) is SAMPLES[4]


def test_a_renamed_sample_keeps_everything_but_its_names() -> None:
    staged = stage(SAMPLES[0], SAMPLES[1])
    made = {case: make() for case, make in cases_of(staged, SAMPLES[1])}
    renamed = made[Case.RENAMED_TARGET.value]
    assert renamed.sample.id == "sample-1" and renamed.sample.source.name == "sample-1.source.mp4"
    assert renamed.sample.instruction == staged.shown.sample.instruction
    assert renamed.edit is staged.shown.edit and renamed.source is staged.shown.source
    reworded = made[Case.OTHER_WORDS.value].sample
    assert reworded.instruction == SAMPLES[1].instruction and reworded.id == SAMPLES[0].id
    swapped = made[Case.SWAPPED.value]
    assert (swapped.source, swapped.edit) == (staged.shown.edit, staged.shown.source)
    assert swapped.counterfactual is staged.shown.source and swapped.target is staged.shown.target
    blank = made[Case.BLANK.value].edit
    assert len(blank) == len(staged.shown.source) and set(blank.frames_THWC.ravel().tolist()) == {128}


@pytest.mark.parametrize("error", [BudgetError("3 USD are spent"), FatalCallError("no such model")])
def test_nothing_more_is_asked_once_nothing_more_can_be(error: Exception) -> None:
    def answer(known: Known) -> Scores | Exception:
        return error if known.rung == "late" else honest(known)

    judge = ByHeart(answer)
    with pytest.raises(type(error), match=str(error)):
        questioned(judge)
    assert len(judge.asked) < 30, "two samples of eight were under way"


def test_progress_ends_at_the_number_of_verdicts() -> None:
    seen: list[tuple[int, int]] = []
    answers = asyncio.run(
        question_judge(ByHeart(), SAMPLES[:3], stage=stage, progress=lambda done, total: seen.append((done, total)))
    )
    assert seen[-1] == (len(answers), len(answers)) and len(seen) == len(answers)


def test_a_language_model_is_asked_anew_for_the_repeat_and_never_told_a_name() -> None:
    judge, script = scripted(_reply)
    answers = questioned(judge, SAMPLES[:2])
    assert len(script.asked) == len(answers) and all(answer.scores is not None for answer in answers)
    assert Counter(request.repeat for request in script.asked) == {0: len(answers) - 2, 1: 2}
    counts = Counter(request.digest for request in script.asked)
    # Names are no part of a request: the target and the copy under other names are the very same questions.
    assert sorted(counts.values(), reverse=True)[:5] == [2, 2, 2, 2, 1]


def test_the_reference_judge_sees_that_the_outcome_was_undone() -> None:
    shown, clips = rendered_sample("candle-burn", 1)
    made = dict(cases_of(Staged(shown, clips), SAMPLES[0]))[Case.SWAPPED.value]()
    verdict = asyncio.run(build_judge("reference").judge(made))
    assert verdict.scores[Criterion.EA] == 0


def test_a_panel_can_be_examined() -> None:
    judge, script = scripted(_reply)
    answers = questioned(PanelJudge([judge], repeats=2), SAMPLES[:2])
    assert all(answer.scores is not None for answer in answers)
    assert set(Counter(request.repeat for request in script.asked)) == {0, 1, 2, 3}
